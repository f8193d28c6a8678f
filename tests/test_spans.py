"""A span of months and the month it ends with: the same words, and the same rows, behind every door."""

import json
from datetime import date

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest
from csmetrics_addin.cli.app import app
from csmetrics_panels import DASHBOARDS, dashboard, panel
from frames import plain
from typer.testing import CliRunner

import csmetrics_core.accessor  # noqa: F401 - df.csm
from csmetrics_core import nps, tables
from csmetrics_core.errors import MetricError
from csmetrics_core.intake.spans import chosen_span, end_month, span_text

ANSWERS = pd.DataFrame(
    {
        "answered": pd.to_datetime(
            ["2026-05-03", "2026-06-03", "2026-07-03", "2026-08-03", "2026-08-13", "2026-09-03", "2026-09-13", None]
        ),
        "Score": [10, 9, 0, 9, 7, 10, 2, 10],
        "Segment": list("ABABBAAB"),
    }
)
#: (span, end) -> the scores that count.
CASES = {
    ("month", "2026-08"): [9, 7],
    ("month", None): [10, 2],
    ("quarter", "2026-08"): [9, 0, 9, 7],
    ("quarter", "2026 Q2"): [10, 9],
    ("quarter", None): [0, 9, 7, 10, 2],
    ("trailing 12", "2026-08"): [10, 9, 0, 9, 7],
    ("all", None): [10, 9, 0, 9, 7, 10, 2, 10],
}


def by_command(tmp_path, span, end):
    path = tmp_path / "answers.csv"
    ANSWERS.to_csv(path, index=False)
    words = ["compute", "nps", str(path), "--scores", "Score", "--date", "answered", "--json", "--span", span]
    done = CliRunner().invoke(app, [*words, *(["--end", end] if end else [])])
    assert done.exit_code == 0, done.output
    return json.loads(done.output)["value"]


@pytest.mark.parametrize(("span", "end"), CASES)
def test_every_door_takes_the_same_words_and_the_same_rows(tmp_path, span, end):
    wanted = nps(CASES[span, end])
    for frame in (ANSWERS, pl.from_pandas(ANSWERS), duckdb.from_df(ANSWERS)):
        found = tables.nps(frame, "Score", span=span, end=end, date="answered")
        assert plain(found)["value"] == [pytest.approx(wanted)]
    assert ANSWERS.csm["Score"].nps(span=span, end=end)["value"][0] == pytest.approx(wanted)
    assert tables.survey(ANSWERS, "nps", score="Score", span=span, end=end)["value"][0] == pytest.approx(wanted)
    shown = panel("nps", data=ANSWERS, scores="Score", dated_by="answered", span=span, end=end)
    assert shown.value == pytest.approx(wanted)
    assert by_command(tmp_path, span, end) == pytest.approx(wanted)


@pytest.mark.parametrize(
    "end", ["2026-08", "2026-08-31", "Aug 2026", date(2026, 8, 2), np.datetime64("2026-08"), pd.Period("2026-08"),
            pd.Timestamp("2026-08-31 23:00"), "12 months to 2026-08"],
)  # fmt: skip
def test_a_month_is_read_in_every_way_people_write_it(end):
    assert end_month(end) == (2026 - 1970) * 12 + 7


@pytest.mark.parametrize("end", [True, 8, 2026.0, "August", "2026-13", "2026 Q5", object()])
def test_what_names_no_month_is_refused(end):
    with pytest.raises(MetricError, match=r"^end is .*; expected a month, such as '2026-09'"):
        end_month(end)


def test_a_span_says_what_it_takes():
    with pytest.raises(MetricError, match="one of all, month, quarter, trailing 12"):
        chosen_span("week", None)
    with pytest.raises(MetricError, match="no span that ends with it"):
        tables.nps(ANSWERS, "Score", end="2026-08")
    with pytest.raises(MetricError, match=r"there are no rows of 12 months to 2020-01"):
        ANSWERS.csm.nps("Score", span="trailing 12", end="2020-01")


def test_the_rows_taken_and_an_unfinished_span_are_told():
    notes: list[str] = []
    tables.nps(ANSWERS, "Score", span="quarter", notes=notes)
    assert notes[0] == "rows of 2026 Q3 by 'answered': 5 of 8"
    early = ANSWERS[ANSWERS["answered"] < "2026-08-04"]
    tables.nps(early, "Score", span="quarter", notes=notes)
    assert "2026 Q3 is unfinished: the last day of the data is 2026-08-03" in notes


@pytest.mark.parametrize("name", DASHBOARDS)
def test_dashboards_and_panels_take_what_they_say(name):
    board = dashboard(name, span="quarter", end="2026 Q2")
    assert board.choices()["end"] == "2026-06"
    shown = panel("nps", data=ANSWERS, scores="Score", dated_by="answered", span="quarter", end="2026-08")
    assert shown.outcome.request.words() == span_text("quarter", end_month("2026-08")) == "3 months to 2026-08"
    with pytest.raises(MetricError, match="end is '2031-01'; expected one of"):
        shown.choose(end="2031-01")


def test_a_span_goes_before_what_is_grouped():
    found = tables.nps(ANSWERS, "Score", by=["Segment", "month"], span="trailing 12", end="2026-08", date="answered")
    assert found["value"].tolist() == [100, -100, 100, 50]
    assert found["month"].astype(str).tolist() == ["2026-05-01", "2026-07-01", "2026-06-01", "2026-08-01"]

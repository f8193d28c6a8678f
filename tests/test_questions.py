"""Did it move, and why, over tables of any engine and from the command line: the same answers as in a cell."""

import json

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest
from csmetrics_addin.cli.app import app
from typer.testing import CliRunner

import csmetrics_core as csm
from csmetrics_core import tables
from csmetrics_core.errors import WrongShape


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(1)
    days = pd.to_datetime(rng.choice(["2026-08-03", "2026-08-20", "2026-09-02", "2026-09-30"], 400))
    return pd.DataFrame(
        {
            "Date": days,
            "Segment": rng.choice(["A", "B"], 400),
            "Plan": rng.choice(["x", "y"], 400),
            "NPS": rng.integers(0, 11, 400),
            "Customer": rng.choice([f"c{k}" for k in range(150)], 400),
        }
    )


@pytest.mark.parametrize("engine", [pd.DataFrame, pl.from_pandas, lambda f: pl.from_pandas(f).lazy(), duckdb.from_df])
def test_tables_of_any_engine_answer_as_cells_do(frame, engine):
    table, notes = engine(frame), []
    given = {"before": "2026-08", "after": "2026-09", "customers": "Customer"}
    answers = (
        (tables.change(table, "nps", notes=notes, **given), csm.csm_change),
        (tables.why(table, "nps", groups="Segment", **given), csm.csm_why),
    )
    for answer, function in answers:
        groups = {"groups": frame["Segment"]} if function is csm.csm_why else {}
        cells = function("nps", frame["Date"], before="2026-08", after="2026-09", customers=frame["Customer"],
                         scores=frame["NPS"], **groups)  # fmt: skip
        found = answer.df() if hasattr(answer, "df") else answer
        found = found.to_pandas() if isinstance(found, pl.DataFrame) else found
        for column in cells:
            mine, theirs = found[column].tolist(), cells[column].tolist()
            if cells[column].dtype.kind == "f":
                assert [np.nan if v is None else v for v in mine] == pytest.approx(theirs, nan_ok=True)
            else:
                assert mine == theirs
    assert notes[0].startswith("NPS went from")


def test_groups_and_weights_over_a_table(frame):
    by = tables.by(frame, "nps", groups="Segment", hide_below=3)
    assert by["value"].tolist() == csm.csm_by("nps", frame["Segment"], frame["NPS"])["value"].tolist()
    weighted = tables.weighted(frame, "nps", groups="Segment", population=[["A", 0.3], ["B", 0.7]])
    cells = csm.csm_weighted("nps", frame["Segment"], [["A", 0.3], ["B", 0.7]], frame["NPS"])
    assert weighted.equals(cells)
    nested = tables.why(frame, "nps", groups=["Segment", "Plan"])
    assert "inner mix" in set(nested["part"])


def test_a_column_that_is_not_there_is_named(frame):
    with pytest.raises(WrongShape, match=r"no column 'Sgment'.*The columns are Date, Segment"):
        tables.why(frame, "nps", groups="Sgment")
    with pytest.raises(WrongShape, match="no column 'scores'"):
        tables.change(frame.drop(columns="NPS"), "nps")


def test_the_command_answers_in_the_same_words(frame, tmp_path):
    path = tmp_path / "answers of customers.csv"
    frame.to_csv(path, index=False)
    call = ["why", str(path), "--metric", "nps", "--by", "Segment", "--from", "2026-08", "--to", "2026-09"]
    words = csm.csm_why("nps", frame["Date"], frame["Segment"], "2026-08", "2026-09", scores=frame["NPS"])["note"][0]
    shown = CliRunner().invoke(app, call)
    assert shown.exit_code == 0
    assert words in shown.stdout
    answer = json.loads(CliRunner().invoke(app, [*call, "--json"]).stdout)
    assert answer["answer"] == words
    assert {row["step"] for row in answer["rows"]} == {"change", "total", "segment", "waterfall"}
    told = CliRunner().invoke(app, ["change", str(path), "--metric", "nps", "--set", "scores=NPS", "--json"])
    assert json.loads(told.stdout)["rows"][0]["verdict"] == "no clear change"
    odd = CliRunner().invoke(app, ["change", str(path), "--metric", "nps", "--set", "score=NPS"])
    assert (odd.exit_code, "names no argument of nps" in odd.output) == (2, True)

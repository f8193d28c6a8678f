"""A panel for every metric: the form comes from the declaration, the number from the core, the code runs."""

import datetime
import doctest
import importlib
import math
import sys
from html import unescape

import numpy as np
import pandas as pd
import polars as pl
import pytest
from csmetrics_panels import dashboard, panel
from csmetrics_panels.metric.form import ChoiceField, RangeField, ValueField

from csmetrics_core import CATALOG, MetricError, nps
from csmetrics_core.declaration.catalog import Metric
from csmetrics_core.declaration.spec import Role
from csmetrics_core.samples import sample_company

METRICS = [m for m in CATALOG.values() if not m.roles.raw]


@pytest.fixture(scope="module")
def responses() -> pd.DataFrame:
    return sample_company().responses


def example_data(metric: Metric) -> tuple[pd.DataFrame, dict[str, object]]:
    """An example's ranges as columns of one frame, and what to choose on the form."""
    columns: dict[str, list[object]] = {}
    choices: dict[str, object] = {}
    for name, value in metric.examples[0].arguments.items():
        argument = metric.argument(name)
        if argument.role in (Role.REDUCED, Role.ALIGNED) or (argument.role is Role.EACH and isinstance(value, list)):
            columns[name] = list(value)
            choices[name] = name
        elif argument.role is Role.BLOCK:
            rows = value if isinstance(value[0], list) else [value]
            columns |= {f"input {i + 1}": [row[i] for row in rows] for i in range(len(rows[0]))}
            choices[name] = tuple(f"input {i + 1}" for i in range(len(rows[0])))
        else:
            choices[name] = value
    longest = max(map(len, columns.values()), default=0)
    padded = {name: [*values, *[None] * (longest - len(values))] for name, values in columns.items()}
    return pd.DataFrame(padded), choices


def close(got: object, wanted: object) -> bool:
    if isinstance(wanted, str) or wanted is None:
        return got == wanted or (wanted is None and got != got)
    if isinstance(wanted, list | tuple):
        return len(got) == len(wanted) and all(close(g, w) for g, w in zip(got, wanted, strict=True))
    return math.isclose(got, wanted, rel_tol=1e-5, abs_tol=1e-6) or (got != got and wanted != wanted)


@pytest.mark.parametrize("metric", METRICS, ids=lambda m: m.name)
def test_every_metric_has_a_panel_that_gives_its_example(metric: Metric) -> None:
    frame, choices = example_data(metric)
    shown = panel(metric.name, data=frame if len(frame.columns) else None, **choices)
    wanted, got = metric.examples[0].result, shown.value
    if metric.gives == "table":
        for name, column in wanted.items():
            cells = got[name].astype(str) if metric_is_dated(metric, name) else got[name]
            assert close([c.item() if isinstance(c, np.generic) else c for c in cells], column), name
    else:
        assert close(np.ravel(got).tolist() if isinstance(wanted, list) else got, wanted)
    assert "wrong" not in shown._card.value.split("</style>")[1]
    assert metric.excel_name in shown.formula


def metric_is_dated(metric: Metric, column: str) -> bool:
    return next((c.unit.name.startswith("date") for c in metric.columns if c.name == column), False)


@pytest.mark.parametrize("metric", METRICS, ids=lambda m: m.name)
def test_every_argument_has_a_field_with_its_help_and_a_label(metric: Metric) -> None:
    shown = panel(metric.name)
    assert [field.argument.name for field in shown._fields] == list(metric.names)
    for field in shown._fields:
        widget = field.typed if isinstance(field, ValueField) else field.widget
        assert widget.description == field.argument.name.replace("_", " ")
        assert field.argument.help in widget.tooltip
        if isinstance(field, ChoiceField):
            assert list(widget.options) == list(field.argument.choices)


def test_the_value_the_code_and_the_rows_come_back(responses: pd.DataFrame) -> None:
    shown = panel("nps", data=responses)
    assert shown.value == pytest.approx(nps(responses["nps"]))
    assert len(shown.data) == len(responses)
    names: dict[str, object] = {"df": responses}
    exec(shown.code.rsplit("\n", 1)[0] + "\nresult = " + shown.code.rsplit("\n", 1)[1], names)
    assert names["result"] == shown.value


@pytest.mark.parametrize("span", ["month", "quarter", "trailing 12"])
@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_code_of_a_segment_and_a_period_gives_the_value_shown(responses: pd.DataFrame, library: str, span: str) -> None:
    numeric = pd.to_numeric(responses["nps"], errors="coerce")
    frame = responses[["date", "segment"]].assign(nps=numeric)
    frame = pl.from_pandas(frame) if library == "polars" else frame
    shown = panel("nps", data=frame, segment_by="segment", segment="SMB", dated_by="date", span=span)
    *lines, call = shown.code.split("\n")
    names: dict[str, object] = {"df": frame}
    exec("\n".join([*lines, f"result = {call}"]), names)
    assert names["result"] == shown.value
    assert type(shown.data) is type(frame)
    assert len(shown.data) == len(names["rows"])


def test_trend_and_segments_pool_rows_and_agree_with_pandas(responses: pd.DataFrame) -> None:
    shown = panel("nps", data=responses, segment_by="segment", dated_by="date", span="quarter")
    months = responses["date"].dt.to_period("Q").astype(str)
    wanted = {f"{q[:4]} {q[4:]}": nps(part) for q, part in responses["nps"].groupby(months)}
    assert {p.label: pytest.approx(p.value) for p in shown.outcome.trend} == wanted
    last = responses[months == months.max()]
    assert {p.label: p.value for p in shown.outcome.groups} == {
        name: pytest.approx(nps(part["nps"])) for name, part in last.groupby("segment")
    }
    assert shown.value == pytest.approx(nps(last["nps"]))


def test_trailing_twelve_begins_when_there_are_twelve_months(responses: pd.DataFrame) -> None:
    shown = panel("nps", data=responses, dated_by="date", span="trailing 12", end="12 months to 2025-09")
    assert next(p.label for p in shown.outcome.trend) == "12 months to 2025-09"
    year = responses[(responses["date"] >= "2024-10-01") & (responses["date"] < "2025-10-01")]
    assert shown.value == pytest.approx(nps(year["nps"]))


def test_columns_are_offered_by_kind(responses: pd.DataFrame) -> None:
    shown = panel("nps", data=responses)
    scores, weights, accounts = (dict(field.widget.options) for field in shown._fields)
    assert "nps" in scores
    assert "comment" not in scores
    assert "date" not in scores
    assert "arr" not in scores
    assert "arr" in weights
    assert "segment" not in weights
    assert "customer" in accounts
    assert "arr" not in accounts
    assert "segment" in dict(shown._rows.segment_by.options)
    assert "customer" not in dict(shown._rows.segment_by.options)


def test_wrong_input_shows_the_errors_own_words_and_nothing_else_breaks() -> None:
    shown = panel("nps", data={"score": [10, 9, 11, 0]})
    with pytest.raises(MetricError) as refused:
        nps([10, 9, 11, 0])
    assert str(refused.value) in unescape(shown._card.value)
    assert "row 3" in shown._card.value
    assert "#NUM!" in shown._card.value
    assert shown.value is None
    assert "nps" in shown.code
    rate = panel("churn_rate")
    rate.choose(lost="abc", opening=10)
    assert "lost is 'abc'" in unescape(rate._card.value)
    rate.choose(lost=3)
    assert rate.value == pytest.approx(0.3)
    rate.choose(opening=0)
    assert "#DIV/0!" in rate._card.value


def test_nothing_chosen_says_what_to_choose() -> None:
    shown = panel("churn_rate")
    assert shown.value is None
    assert shown.outcome is None
    assert "Choose lost, opening." in shown._card.value
    assert shown._python.text == ""


def test_data_that_give_nothing_to_choose_from_say_so() -> None:
    def said(data: object, metric: str = "nps") -> str:
        return unescape(panel(metric, data)._card.value.split("</style>")[1])

    assert "Choose the data, or upload a file." in said(None)
    assert "df has no rows." in said(pd.DataFrame({"score": []}))
    assert "df has no rows." in said(pd.DataFrame())
    nothing = said(pd.DataFrame({"score": [None, None], "<b>": ["x", "y"]}))
    assert "scores: no column holds a whole number from 0 to 10. The columns are score, <b>." in nothing
    assert "Choose scores." in said(pd.DataFrame({"a": [1, 2], "b": [3, 4]}))
    empty = panel("nps", pd.DataFrame({"score": []}))
    assert dict(empty._fields[0].widget.options) == {"no column fits": ""}
    assert len(empty.data) == 0


def test_dates_held_as_text_are_said_to_be_text() -> None:
    frame = pd.DataFrame({"score": [10, 9, 0], "when": ["2026-01-31", "2026-02-01 10:00", None]})
    shown = panel("nps", frame)
    assert "when: dates held as text. Make them dates, as pd.to_datetime does" in shown._rows.hint.value
    assert shown._rows.hint.layout.display == ""
    dated = panel("nps", frame.assign(when=pd.to_datetime(frame["when"], format="ISO8601")))
    assert dated._rows.hint.layout.display == "none"
    assert dict(dated._rows.dated_by.options) == {"none": "", "when": "when"}


def test_a_notebook_read_without_a_kernel_shows_the_number() -> None:
    kept = panel("nps", {"score": [10, 9, 8, 6]})._repr_mimebundle_()["text/plain"]
    assert kept == "Panel of Net Promoter Score: 25.0 points (run the cell to use it)"
    assert repr(panel("nps")) == "Panel of Net Promoter Score (run the cell to use it)"
    board = dashboard("usage", span="quarter", end="2026-09")
    assert repr(board) == "Dashboard Product usage: span quarter, end 2026-09 (run the cell to use it)"


def test_what_has_to_be_chosen_is_said_in_the_list_itself() -> None:
    shown = panel("nps")
    assert shown._source.label == "choose the data"


def test_user_text_is_shown_as_text() -> None:
    evil = "<img src=x onerror=alert(1)>"
    frame = pd.DataFrame({evil: [10, 9, 0, 10], "who": ["<script>alert(2)</script>", "b", "b", "b"]})
    shown = panel("nps", data=frame, scores=evil, segment_by="who")
    shown.choose(segment="<script>alert(2)</script>")
    assert shown.value == 100
    for part in (shown._card.value, shown._head.value, shown._refused.value):
        assert "<img" not in part
        assert "<script" not in part
    shown.choose(segment="")
    labels = shown._figure.figure.data[0].y
    assert not any("<" in str(label) for label in labels)
    table = panel("feedback_themes" if "feedback_themes" in CATALOG else "sentiment", data={"comments": [evil] * 12})
    assert "<img" not in table._card.value
    refused = panel("nps", data=pd.DataFrame({"score": [1, 2], "b": ["<i>x</i>", "y"]}))
    assert "&lt;i&gt;" not in refused._card.value


def test_a_single_value_can_come_from_a_column_and_gives_one_result_a_row() -> None:
    months = [datetime.datetime(2026, m, 1) for m in (1, 2, 3)]
    frame = pd.DataFrame({"month": months, "lost": [1, 2, 3], "opening": [10, 0, 30]})
    shown = panel("churn_rate", data=frame, lost="lost", opening="opening", dated_by="month")
    assert shown.value[0] == pytest.approx(0.1)
    assert math.isnan(shown.value[1])
    assert "row 2 has no value" in shown._card.value
    assert shown.chart.series[0].x == ["2026-01-01", "2026-02-01", "2026-03-01"]
    assert isinstance(shown._fields[0], ValueField)


def test_an_unknown_choice_is_refused_by_name(responses: pd.DataFrame) -> None:
    shown = panel("nps", data=responses)
    with pytest.raises(MetricError, match="there is no choice called 'score'"):
        shown.choose(score="nps")
    with pytest.raises(MetricError, match="one of the columns that fit"):
        shown.choose(scores="comment")
    with pytest.raises(MetricError, match="segment is 'Nobody'"):
        shown.choose(segment_by="segment", segment="Nobody")
    with pytest.raises(MetricError, match="no metric called 'npps'"):
        panel("npps")
    assert isinstance(shown._fields[0], RangeField)


def test_formulas_keep_blanks_blank_and_mark_odd_column_names() -> None:
    frame = pd.DataFrame({"score [0-10]": [10, 9, 0, None], "group": ['a"b', "c", "c", "c"]})
    shown = panel("nps", data=frame, scores="score [0-10]", segment_by="group", segment='a"b')
    column = "df[[score '[0-10']]]"
    assert shown.formula == f'=NPS(IF((df[group]="a""b")*({column}<>""),{column},""))'
    assert shown._plain.text.startswith("=IF(")


def test_long_work_can_be_cancelled_and_the_newest_choice_wins(responses: pd.DataFrame) -> None:
    shown = panel("nps", data=responses)
    before = shown.value
    live = type(shown)("nps", responses, background=True)
    assert live.value == before
    for segment in ("SMB", "Enterprise", "Mid-market"):
        live.choose(segment_by="segment", segment=segment)
    assert live.value == pytest.approx(nps(responses[responses["segment"] == "Mid-market"]["nps"]))
    assert live.outcome.request.segment == "Mid-market"


def test_the_result_goes_out_as_csv_and_pictures(responses: pd.DataFrame) -> None:
    shown = panel("nps", data=responses, dated_by="date", span="quarter")
    made = dict(files(shown))
    table, png, svg = made["CSV of the result"], made["Chart as PNG"], made["Chart as SVG"]
    name, kind, content = table()
    assert (name, kind) == ("nps.csv", "text/csv")
    assert content.decode("utf-8-sig").splitlines()[0] == "period,value,n,low,high"
    assert png()[2].startswith(b"\x89PNG")
    assert b"<svg" in svg()[2]


def files(shown: object) -> list:
    from csmetrics_panels.export import panel_files

    return panel_files(shown)


@pytest.mark.parametrize("name", ["csmetrics_panels", "csmetrics_panels.metric.panel"])
def test_the_examples_of_the_docstrings_run(name: str) -> None:
    module = importlib.import_module(name)
    module = sys.modules[name] if not hasattr(module, "__path__") else module
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize("library", ["pandas", "polars"])
@pytest.mark.parametrize("who", [["a", "b", "a", "c"], ["a", None, "a", "c"], [1, 2, 1, 3]])
def test_things_told_apart_by_number_count_as_by_name(library: str, who: list) -> None:
    frame = pd.DataFrame({"score": [10, 0, 9, 3], "who": who, "group": ["x", "x", "y", "y"]})
    given = pl.from_pandas(frame) if library == "polars" else frame
    shown = panel("nps", data=given, accounts="who")
    assert shown.value == pytest.approx(nps(frame["score"], accounts=frame["who"]))
    shown.choose(segment_by="group", segment="y")
    y = frame[frame["group"] == "y"]
    assert shown.value == pytest.approx(nps(y["score"], accounts=y["who"]))


def test_identifiers_are_never_guessed():
    chosen = lambda shown: {f.argument.name: f.columns() for f in shown._fields}  # noqa: E731
    amounts = pd.DataFrame(
        {"mrr": [100.0, 120, 50], "when": pd.to_datetime(["2026-01-01", "2026-02-01", "2026-01-01"])}
    )
    assert chosen(panel("mrr_movements", amounts)) == {"customers": (), "months": (), "mrr": ("mrr",)}
    named = amounts.assign(Account=["A", "A", "B"]).rename(columns={"when": "Billing month"})
    wanted = {"customers": ("Account",), "months": ("Billing month",), "mrr": ("mrr",)}
    assert chosen(panel("mrr_movements", named)) == wanted
    ids = pd.DataFrame({"id": [1, 2, 3], "points": [9, 10, 0]})
    assert chosen(panel("nps", ids))["scores"] == ()
    assert chosen(panel("nps", ids.rename(columns={"points": "How likely?", "id": "Score"})))["scores"] == ("Score",)

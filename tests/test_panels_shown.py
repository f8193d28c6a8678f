"""What a panel hands back is what it shows: the table, the code, the title and the row numbers."""

import math

import numpy as np
import pandas as pd
import polars as pl
import pytest
from csmetrics_panels import panel
from csmetrics_panels.metric.compute import splits
from test_panels_code import CELLS, DATES, SCORES, in_both
from test_panels_panel import METRICS, example_data

from csmetrics_core.samples import sample_company

SPLIT = [metric for metric in METRICS if splits(metric) and not metric.roles.block]


def made(code: str, **names: object) -> dict:
    """What the code leaves in a notebook that holds these names."""
    exec(code, names)
    return names


def rows_of(found: object) -> list[tuple]:
    """Label, value, n, low and high of a series as the code makes it; months by their first day."""
    if isinstance(found, dict):
        told = [(label, one.value, one.n, *(one.interval or (None, None))) for label, one in found.items()]
    else:
        table = found.to_pandas() if isinstance(found, pl.DataFrame) else found
        key = table.columns[0]
        told = [(one[key], one["value"], one["n"], one["low"], one["high"]) for one in table.to_dict("records")]
    return [(str(label), *map(number, rest)) for label, *rest in told]


def number(value: object) -> float:
    return math.nan if value is None else float(value)


def shown_rows(table: pd.DataFrame, label: str) -> list[tuple]:
    rows = table[table[label].notna()].to_dict("records")
    return [(str(row[label]), *(number(row[name]) for name in ("value", "n", "low", "high"))) for row in rows]


def same(code: list[tuple], shown: list[tuple], *, labelled: bool = True) -> bool:
    code, shown = (sorted(rows) for rows in (code, shown)) if labelled else (code, shown)
    start = 0 if labelled else 1
    return bool(shown) and repr([row[start:] for row in code]) == repr([row[start:] for row in shown])


@pytest.mark.parametrize("metric", SPLIT, ids=lambda m: m.name)
def test_the_segments_drawn_are_those_the_code_gives(metric) -> None:
    frame, choices = example_data(metric)
    frame = pd.concat([frame, frame], ignore_index=True).assign(plan=["a", "b"] * len(frame))
    shown = panel(metric.name, frame, segment_by="plan", **choices)
    assert same(rows_of(made(shown.code, df=frame)["by_segment"]), shown_rows(shown.table, "plan"))


@pytest.mark.parametrize(("library", "kind"), in_both(CELLS, but=["numbers and text"]))
def test_every_kind_of_segment_column_gives_the_segments_drawn(library: str, kind: str) -> None:
    frame = pd.DataFrame({"score": [10, 9, 0, 3], "by": CELLS[kind]})
    frame = pd.concat([frame] * 20, ignore_index=True)
    frame = pl.from_pandas(frame) if library == "polars" else frame
    shown = panel("nps", frame, segment_by="by")
    assert same(rows_of(made(shown.code, df=frame)["by_segment"]), shown_rows(shown.table, "by"))


@pytest.mark.parametrize(("library", "kind"), in_both(DATES, but=[k for k in DATES if "text" in k or "objects" in k]))
@pytest.mark.parametrize("span", ["month", "quarter", "trailing 12"])
def test_every_kind_of_date_column_gives_the_periods_drawn(library: str, kind: str, span: str) -> None:
    frame = pd.DataFrame({"score": SCORES, "when": DATES[kind]})
    frame = pl.from_pandas(frame) if library == "polars" else frame
    shown = panel("nps", frame, dated_by="when", span=span)
    assert same(rows_of(made(shown.code, df=frame)["by_period"]), shown_rows(shown.table, "period"), labelled=False)


def test_periods_and_segments_stand_in_one_table_and_months_without_a_row_are_gaps() -> None:
    days = pd.to_datetime(["2026-01-05", "2026-01-31", "2026-03-01", "2026-03-31", None, "2026-03-02"])
    frame = pd.DataFrame({"score": [10, 0, 9, 3, 10, None], "day": days, "plan": ["a", "a", "b", "a", "b", "b"]})
    shown = panel("nps", frame, segment_by="plan", dated_by="day", span="month")
    told = shown.table.fillna({"plan": "-"})[["period", "plan", "value", "n"]].to_numpy().tolist()
    assert told == [["2026-01", "-", 0, 2], ["2026-03", "-", 0, 2], ["2026-03", "a", -100, 1], ["2026-03", "b", 100, 1]]
    names = made(shown.code, df=frame)
    assert names["by_period"]["value"].tolist() == [0, 0]
    assert names["by_segment"]["value"].tolist() == [-100, 100]
    assert [str(x) for x in shown.chart.series[0].x] == ["2026-01", "2026-02", "2026-03"]
    assert np.isnan(shown.chart.series[0].y[1])
    assert "<caption>By plan</caption>" in shown._card.value


def test_a_segment_of_the_sample_keeps_to_it_in_every_period() -> None:
    company = sample_company()
    frame = company.responses
    for span in ("quarter", "trailing 12"):
        shown = panel(
            "nps", frame, segment_by="segment", segment="SMB", dated_by="date", span=span, accounts="customer"
        )
        names = made(shown.code, df=frame)
        assert same(rows_of(names["by_period"]), shown_rows(shown.table, "period"), labelled=span != "quarter")


def test_data_called_like_our_functions_keep_their_name() -> None:
    frame = pd.DataFrame({"score": SCORES, "by": ["a", "b"] * 40})
    shown = panel("nps", {"tables": frame}, segment_by="by")
    assert same(rows_of(made(shown.code, tables=frame)["by_segment"]), shown_rows(shown.table, "by"))


def test_tables_and_single_numbers_are_given_as_shown() -> None:
    shown = panel("nps_counts", {"score": [10, 9, 8, 6]})
    assert shown.table.equals(shown.value)
    told = panel("nps", {"score": [10, 9, 8, 6]}).table.set_index("item")["value"]
    assert (told["value"], told["n"]) == (25, 4)
    assert panel("nps").table is None


def test_titles_say_which_rows_when_and_how_many() -> None:
    frame = sample_company().responses
    shown = panel("nps", frame, segment_by="segment", segment="SMB", dated_by="date", span="quarter", end="2026 Q2")
    counted = shown.table["n"]
    wanted = f"segment: SMB, 2024 Q4 to 2026 Q3, n = {counted.min()} to {counted.max()} each"
    assert shown.chart.note == wanted
    assert shown._figure.figure.layout.title.subtitle.text == wanted
    shown.choose(span="all")
    assert shown.chart.title == "Net Promoter Score: answers"
    assert shown.chart.note == "segment: SMB, n = 421"
    assert panel("nps", {"<b>": [10, 9]}).chart.note == "all rows, n = 2"
    evil = panel("nps", {"score": [10, 9], "who": ["<b>", "<b>"]}, segment_by="who", segment="<b>")
    assert evil._figure.figure.layout.title.subtitle.text == "who: &lt;b&gt;, n = 2"


def test_a_mark_says_value_unit_interval_and_n() -> None:
    frame = {"score": [10, 9, 8, 6], "plan": ["a", "a", "a", "a"]}
    (dots,) = panel("nps", frame, segment_by="plan")._figure.figure.data
    assert dots.customdata[0] == "25.0 points<br>interval −44.2 to 72.7<br>n = 4"


def test_an_unfinished_period_is_marked() -> None:
    days = pd.date_range("2026-07-01", "2026-09-12")
    shown = panel("nps", {"score": [10] * len(days), "day": days}, dated_by="day", span="month")
    assert shown.chart.series[0].x == ["2026-07", "2026-08", "2026-09 (unfinished)"]
    assert shown.table["unfinished"].tolist() == [False, False, True]
    assert list(shown._figure.figure.data[0].marker.symbol) == ["circle", "circle", "circle-open"]
    assert "2026-09 is unfinished: the last day of the data is 2026-09-12" in shown._card.value
    assert shown.chart.note.endswith("2026-09 is unfinished: the last day of the data is 2026-09-12")
    assert shown.choose(end="2026-08").chart.note == "all rows, 2026-07 to 2026-09, n = 12 to 31 each"
    assert shown.choose(span="quarter").table["unfinished"].tolist() == [True]


def test_a_survey_that_rests_a_few_days_and_rows_by_month_are_not_unfinished() -> None:
    rare = pd.to_datetime(["2026-07-03", "2026-07-20", "2026-08-05", "2026-08-29"])
    shown = panel("nps", {"score": [10, 9, 0, 3], "day": rare}, dated_by="day", span="month")
    assert "unfinished" not in shown.table
    monthly = pd.to_datetime(["2026-07-01", "2026-08-01"])
    months = panel("nps", {"score": [10, 9], "month": monthly}, dated_by="month", span="month")
    assert "unfinished" not in months.table
    assert months.choose(span="quarter").table["unfinished"].tolist() == [True]


def test_rows_are_numbered_as_in_the_data_given() -> None:
    frame = pd.DataFrame({"score": [10, 9, None, 11, 3], "plan": ["a", "b", "b", "b", "b"]}, index=[7, 8, 9, 10, 11])
    shown = panel("nps", frame, segment_by="plan", segment="b")
    assert "nps: scores[3] is 11" in shown._card.value
    assert "(row 4)" in shown._card.value
    frame = frame.assign(score=[10, 9, None, 10, 3])
    assert "1 blank (row 3)" in panel("nps", frame, segment_by="plan", segment="b")._card.value


def test_rows_of_a_broadcast_and_of_a_block_are_numbered_as_in_the_data_given() -> None:
    frame = pd.DataFrame({"lost": [1, 2, 3, 5], "opening": [10, 20, 0, 50], "plan": ["a", "b", "b", "b"]})
    shown = panel("churn_rate", frame, lost="lost", opening="opening", segment_by="plan", segment="b")
    assert "row 3 has no value" in shown._card.value
    assert shown.table["row"].tolist() == [2, 3, 4]
    assert shown.chart.series[0].x == ["2", "3", "4"]
    health = pd.DataFrame({"use": [1, 2, 3, 4], "pay": [1, 2, "x", 4], "plan": ["a", "b", "b", "b"]})
    scored = panel("health_score", health, values=("use", "pay"), best="5", segment_by="plan", segment="b")
    assert "1 text (row 3)" in scored._card.value


def proposed(shown: object) -> dict[str, str]:
    return {field.argument.name: field.columns()[0] for field in shown._fields if field.columns()}


def said(shown: object) -> str:
    return shown._read_as.value.partition("</style>")[2]


def test_columns_are_proposed_by_the_dictionary_and_it_is_said() -> None:
    months = pd.to_datetime(["2026-01-01", "2026-02-01", "2026-01-01"])
    frame = pd.DataFrame({"Konto": ["a", "a", "b"], "Monat": months, "MRR (EUR)": [1.0, 2, 3]})
    shown = panel("mrr_movements", frame)
    assert proposed(shown) == {"customers": "Konto", "months": "Monat", "mrr": "MRR (EUR)"}
    assert "Read Konto as customer, Monat as month, MRR (EUR) as mrr." in said(shown)
    plain = panel("mrr_movements", frame.set_axis(["customer", "months", "mrr"], axis=1))
    assert said(plain) == ""
    other = panel("nps", pd.DataFrame({"<b>": [1, 2], "Q1 NPS": [10, 9]}))
    assert "<b>" not in said(other)


def test_what_was_read_is_said_only_while_it_is_chosen() -> None:
    shown = panel("nps", pd.DataFrame({"Weiterempfehlung": [10, 9], "mine": [0, 0]}))
    assert "Read Weiterempfehlung as score." in said(shown)
    shown.choose(scores="mine")
    assert said(shown) == ""


@pytest.mark.parametrize("heading", ["id", "customer", "Kundennummer", "MRR", "amount", "month"])
@pytest.mark.parametrize("metric", ["nps", "csat", "mean_lifetime", "fcr_from_contacts"])
def test_the_only_column_is_not_taken_for_what_its_name_denies(metric: str, heading: str) -> None:
    assert proposed(panel(metric, pd.DataFrame({heading: [1, 2, 3, 4]}))) == {}


def test_one_column_is_never_proposed_where_several_are_asked_for() -> None:
    for metric in ("mrr_movements", "dau", "cohort_retention", "customer_movements", "retention_by_customer"):
        assert proposed(panel(metric, pd.DataFrame({"x": [1, 2, 3, 4]}))) == {}
    assert proposed(panel("nps", pd.DataFrame({"x": [1, 2, 3, 4]}))) == {"scores": "x"}


def test_a_column_of_names_is_no_count_of_them() -> None:
    frame = pd.DataFrame({"customer": [1, 2, 3], "retention costs": [5.0, 6, 7]})
    assert "customers" not in proposed(panel("crc", frame))


@pytest.mark.parametrize("metric", METRICS, ids=lambda m: m.name)
def test_no_column_is_proposed_for_two_arguments(metric) -> None:
    rows = 3
    frame = pd.DataFrame(
        {
            **dict.fromkeys(["id", "Customer", "Account", "user", "score", "amount", "contacts"], range(1, rows + 1)),
            "month": pd.date_range("2026-01-01", periods=rows),
            "date": pd.date_range("2026-02-01", periods=rows),
        }
    )
    columns = [column for field in panel(metric.name, frame)._fields for column in field.columns()]
    assert len(columns) == len(set(columns))


def test_periods_are_given_though_the_one_chosen_has_no_value() -> None:
    days = pd.to_datetime(["2026-07-03", "2026-08-05"])
    shown = panel("nps", {"score": [10, None], "day": days}, dated_by="day", span="month")
    assert shown.value is None
    assert shown.table["period"].tolist() == ["2026-07", "2026-08"]
    assert shown.table["value"].fillna(-1).tolist() == [100, -1]

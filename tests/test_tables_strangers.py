"""Tables as strangers bring them: odd types, odd names, odd arguments. A right result or a clear error."""

import uuid
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from frames import ENGINES, duckdb_connection, on_engine, plain

from csmetrics_core import MetricError, nps, tables

AS_OF = None  # today: the tables end where the data do
LOCAL = [name for name in ENGINES if name not in ("PySpark", "pandas by DuckDB")]
MONTHS = [date(2025, 1, 1), date(2025, 1, 1), date(2025, 2, 1)]


def arrow(**changed: pa.Array) -> pa.Table:
    columns = {"customer": pa.array(["A", "B", "A"]), "month": pa.array(MONTHS, pa.date32()), "mrr": [10.0, 20.0, 15.0]}
    return pa.table(columns | changed)


def frames(table: pa.Table) -> dict[str, Any]:
    found = {engine: on_engine(engine, table) for engine in LOCAL}
    view = duckdb_connection()
    view.register("given", table)
    view.execute("CREATE TABLE kept AS FROM given")
    view.execute("CREATE VIEW seen AS FROM kept")
    return found | {"DuckDB view": view.table("seen"), "pandas of Arrow": table.to_pandas(types_mapper=pd.ArrowDtype)}


NEW_YORK = timezone(timedelta(hours=-5))
RIGHT = {
    "plain": arrow(),
    "categories": arrow(customer=pa.array(["A", "B", "A"]).dictionary_encode()),
    "huge numbers as ids": arrow(customer=pa.array([2**62 + 5, 2**62 + 6, 2**62 + 5])),
    "unsigned ids": arrow(customer=pa.array([2**63 + 5, 2**63 + 6, 2**63 + 5], pa.uint64())),
    "decimal ids": arrow(customer=pa.array([Decimal(10**20), Decimal(2), Decimal(10**20)], pa.decimal128(38, 0))),
    "decimal money": arrow(mrr=pa.array([Decimal("10.00"), Decimal("20.00"), Decimal("15.00")], pa.decimal128(18, 2))),
    "short numbers": arrow(mrr=pa.array([10, 20, 15], pa.uint8())),
    "moments with a zone": arrow(
        month=pa.array([datetime(m.year, m.month, 2, tzinfo=timezone.utc) for m in MONTHS], pa.timestamp("us", "UTC"))
    ),
}


@pytest.mark.parametrize("what", RIGHT)
def test_columns_of_any_fitting_type_give_the_same_numbers(what: str) -> None:
    for engine, frame in frames(RIGHT[what]).items():
        bridge = plain(tables.mrr_movements(frame, as_of=AS_OF))
        assert (bridge["closing"], bridge["expansion"], bridge["churned"]) == ([30, 15], [0, 5], [0, 20]), engine
        cohorts = plain(tables.cohort_retention(frame, dates="month", as_of=AS_OF))
        assert (cohorts["size"], cohorts["age_1"]) == ([2], [0.5]), engine


WRONG = {
    "no rows": (arrow().slice(0, 0), "the table is empty"),
    "no rows, all as text": (arrow(month=pa.array(["x"] * 3), mrr=pa.array(["x"] * 3)).slice(0, 0), "table is empty"),
    "ids all blank": (arrow(customer=pa.nulls(3, pa.string())), "holds no row with customer, month and mrr"),
    "ids of no type": (arrow(customer=pa.nulls(3)), "holds no row with customer, month and mrr"),
    "months all blank": (arrow(month=pa.nulls(3)), "holds no row with customer, month and mrr"),
    "money all blank": (arrow(mrr=pa.nulls(3)), "holds no row with customer, month and mrr"),
    "words as dates": (arrow(month=pa.array(["soon"] * 3)), "month.*; expected (dates|a date such as)"),
    "money as text": (arrow(mrr=pa.array(["10", "20", "x"])), "read as mrr, holds .*; expected numbers"),
    "flags as ids": (arrow(customer=pa.array([True, False, True])), "holds Boolean; expected names or numbers"),
    "lists as ids": (arrow(customer=pa.array([[1], [2], [1]])), r"holds List.*; expected names or numbers"),
}


@pytest.mark.parametrize("what", WRONG)
def test_columns_that_cannot_be_read_are_refused_alike_on_every_engine(what: str) -> None:
    table, words = WRONG[what]
    for engine, frame in frames(table).items():
        with pytest.raises(MetricError, match="holds Int32; expected dates" if old_duckdb(what, engine) else words):
            tables.mrr_movements(frame, as_of=AS_OF)


@pytest.mark.parametrize("kind", ["object", "str"])
def test_an_empty_pandas_frame_says_that_it_is_empty(kind: str) -> None:
    names = ["customer", "month", "mrr", "user", "timestamp", "start", "end", "account", "contacts", "resolved", "nps"]
    frame = pd.DataFrame(columns=names, dtype=kind)
    for function in (
        tables.mrr_movements, tables.retention_by_month, tables.cohort_retention, tables.customer_movements,
        tables.active_users, tables.usage_by_account, tables.fcr_from_contacts, lambda f: tables.survey(f, "nps"),
    ):  # fmt: skip
        with pytest.raises(MetricError, match="the table is empty"):
            function(frame)


def test_objects_that_are_no_dates_or_numbers_are_never_made_into_some() -> None:
    rows = {"customer": ["A", "A", "B"], "month": MONTHS, "mrr": [1.0, 2.0, 3.0]}
    for stranger in ("01/02/2025", "2025-02-01", 45658):
        frame = pd.DataFrame(rows | {"month": [*MONTHS[:2], stranger]})
        with pytest.raises(MetricError, match=f"read as month, holds dates beside '?{stranger}'?; expected dates"):
            tables.mrr_movements(frame, as_of=AS_OF)
    zones = [datetime(2025, 1, 1), datetime(2025, 1, 1, tzinfo=NEW_YORK), datetime(2025, 1, 1)]
    with pytest.raises(MetricError, match="holds dates of several kinds; expected dates"):
        tables.mrr_movements(pd.DataFrame(rows | {"month": zones}).astype({"month": object}), as_of=AS_OF)
    with pytest.raises(MetricError, match=r"read as mrr, holds .*; expected numbers"):
        tables.mrr_movements(pd.DataFrame(rows | {"mrr": [Decimal(1), "2", Decimal(3)]}), as_of=AS_OF)
    unused = pd.DataFrame(rows | {"note": [MONTHS[0], "x", None], "price": [Decimal(1), "x", None]})
    assert plain(tables.mrr_movements(unused, as_of=AS_OF))["closing"] == [3, 3]


@pytest.mark.parametrize("times", [1, 20_000])  # the many are read by DuckDB
def test_a_column_of_numbers_and_words_gives_what_the_array_function_gives(times: int) -> None:
    frame = pd.DataFrame({"nps": [10, "nine", "n/a", 3, None, Decimal(9), True] * times}, dtype=object)
    result = tables.survey(frame, "nps")
    assert result["value"].tolist() == [nps(frame["nps"])]
    assert (result["n"].tolist(), result["dropped"].tolist()) == ([3 * times], [4 * times])
    for count in (tables.survey, lambda frame, name: nps(frame[name])):
        with pytest.raises(MetricError, match=r"\[1\] is '9', stored as text"):
            count(pd.DataFrame({"nps": [10, "9", 3] * times}, dtype=object), "nps")
    with pytest.raises(MetricError, match=r"nps\[1\] holds the error #N/A"):
        tables.survey(pd.DataFrame({"nps": [10, "#N/A"]}, dtype=object), "nps")


def test_an_error_cell_among_answers_is_passed_on() -> None:
    for frame in frames(pa.table({"nps": ["10", "#DIV/0!", "x", "9"]})).values():
        with pytest.raises(MetricError, match="scores holds the error #DIV/0!") as caught:
            tables.survey(frame, "nps")
        assert caught.value.code == "#DIV/0!"


def test_a_zone_of_its_own_is_read_on_the_wanted_clock() -> None:
    late = [datetime(2025, 1, 31, 20, tzinfo=NEW_YORK)]
    stored = pa.table({"user": ["A"], "timestamp": pa.array(late, pa.timestamp("us", "America/New_York"))})
    for frame in (stored.to_pandas(), stored.to_pandas(types_mapper=pd.ArrowDtype), pl.from_arrow(stored), stored):
        assert plain(tables.active_users(frame, as_of=AS_OF))["date"] == ["2025-02-01"]


#: DuckDB before 2 takes no name with a quotation mark in it, and PyArrow tables are read by it.
_BY_DUCKDB = {"months all blank": ("DuckDB", "DuckDB view"), 'a"b': ("DuckDB", "DuckDB view", "PyArrow")}


def old_duckdb(what: str, engine: str) -> bool:
    """Whether a DuckDB before 2 stands in the way, which also gives a column of nothing but blanks as numbers."""
    return engine in _BY_DUCKDB.get(what, ()) and duckdb.__version__.startswith("1.")


@pytest.mark.parametrize("name", ["select", "group", 'a"b', "a'b", "two words", "Kündigung", "%s", "{x}", "x;drop"])
def test_any_column_name_can_be_given(name: str) -> None:
    for engine, frame in frames(arrow().rename_columns([name, "month", "mrr"])).items():
        if old_duckdb(name, engine):
            with pytest.raises(MetricError, match="Rename the column"):
                tables.mrr_movements(frame, customers=name, as_of=AS_OF)
            continue
        assert plain(tables.mrr_movements(frame, customers=name, as_of=AS_OF))["closing"] == [30, 15], engine
        assert plain(tables.cohort_retention(frame, customers=name, dates="month", as_of=AS_OF))["size"] == [2], engine


def test_columns_called_like_ours_or_like_each_other_do_not_matter() -> None:
    more = arrow().append_column("cents", [[1, 2, 3]]).append_column("place", [[1, 2, 3]])
    crossed = pa.table({"mrr": ["A"], "customer": pa.array(MONTHS[:1], pa.date32()), "month": [7.0]})
    for frame in frames(more).values():
        assert plain(tables.mrr_movements(frame, as_of=AS_OF))["closing"] == [30, 15]
    for frame in frames(crossed).values():
        named = tables.mrr_movements(frame, customers="mrr", months="customer", mrr="month", as_of=AS_OF)
        assert plain(named)["closing"] == [7]


def test_pandas_frames_as_they_come() -> None:
    rows = {"customer": ["A", "A"], "month": pd.to_datetime(["2025-01-01", "2025-02-01"]), "mrr": [3, 4]}
    doubled = pd.DataFrame(rows, index=["x", "x"])
    decimals = pd.DataFrame(rows | {"mrr": [Decimal("3"), Decimal("4")]}, index=[5, 5])
    unique = pd.DataFrame(rows | {"customer": [uuid.UUID(int=7)] * 2})
    two_levels = pd.DataFrame(rows).set_axis(
        pd.MultiIndex.from_tuples([("customer", ""), ("month", ""), ("mrr", "")]), axis=1
    )
    across = pd.DataFrame({"customer": ["A"], pd.Timestamp("2025-01-01"): [3.0], pd.Timestamp("2025-02-01"): [4.0]})
    for frame in (doubled, decimals, unique, two_levels, across):
        assert plain(tables.mrr_movements(frame, as_of=AS_OF))["closing"] == [3, 4]
    open_ended = pd.DataFrame({"customer": ["A"], "start": [date(2025, 1, 1)], "end": [None]})
    assert tables.customer_movements(open_ended)["new"].tolist() == [1]
    ids = duckdb.sql("SELECT uuid() AS customer, DATE '2025-01-01' AS month, 5 AS mrr")
    assert plain(tables.mrr_movements(ids, as_of=AS_OF))["closing"] == [5]


def test_days_without_a_time_are_moments_too() -> None:
    for frame in frames(pa.table({"user": ["A"], "timestamp": pa.array(MONTHS[:1], pa.date32())})).values():
        assert plain(tables.sessions(frame))["start"] == ["2025-01-01"]


ACCOUNTS = pl.DataFrame({"account": ["A", "B"], "x": [1.0, 4.0]})
ANSWERS = pl.DataFrame({"s": ["a", "b"], "nps": [9, 3]})
EVENTS = pl.DataFrame({"user": ["a"], "step": ["x"], "feature": ["x"], "timestamp": [datetime(2025, 1, 1)]})
CONTRACTS = {"customer": [2], "start": [date(2025, 11, 1)], "amount": [1.0]}


def test_one_input_is_a_health_score_and_one_name_is_a_grouping() -> None:
    assert tables.health_score(ACCOUNTS, {"x": (0, 4)})["score"].to_list() == [25, 100]
    assert tables.survey(ANSWERS, "nps", "s")["value"].to_list() == [100, -100]


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "list": (lambda: tables.mrr_movements([1, 2]), "list is no table"),
    "series": (lambda: tables.mrr_movements(pl.Series([1])), "Series is no table"),
    "path": (lambda: tables.mrr_movements("file.parquet"), "str is no table"),
    "twins": (lambda: tables.mrr_movements(pd.DataFrame([[1, 2]], columns=["mrr", "mrr"])), "two columns have"),
    "zone": (lambda: tables.active_users(EVENTS, time_zone="Mars'; x"), "time_zone is \"Mars'; x\"; expected the name"),
    "period": (lambda: tables.cohort_retention(arrow(), "fortnight", dates="month"), "period is 'fortnight'"),
    "value": (lambda: tables.cohort_retention(arrow(), value="money", dates="month"), "value is 'money'"),
    "day": (lambda: tables.mrr_movements(arrow(), as_of="2025"), "as_of is '2025'; expected a date"),
    "windows": (lambda: tables.active_users(EVENTS, []), "windows is .*; expected a list of days"),
    "window": (lambda: tables.active_users(EVENTS, 7), "windows is 7; expected a list of days"),
    "timeout": (lambda: tables.sessions(EVENTS, "x"), "timeout_minutes is 'x'; expected a number"),
    "by": (lambda: tables.survey(ANSWERS.rename({"s": "n"}), "nps", ["n"]), "by names 'n', which is a column of the"),
    "by lists": (lambda: tables.survey(pl.DataFrame({"s": [[1]], "nps": [9]}), "nps", ["s"]), "expected one value"),
    "dates": (lambda: tables.survey(pl.DataFrame({"nps": MONTHS}), "nps"), "holds Date; expected numbers or words"),
    "flags": (lambda: tables.survey(pl.DataFrame({"nps": [True]}), "nps"), "holds Boolean; expected numbers or words"),
    "level": (lambda: tables.survey(ANSWERS, "nps", confidence=95), "confidence is 95; expected a number above 0"),
    "steps": (lambda: tables.funnel(EVENTS, [1]), r"steps\[0\] is 1; expected text, as in the column"),
    "step": (lambda: tables.funnel(EVENTS, "x"), "steps is no list"),
    "eligible": (lambda: tables.feature_adoption(EVENTS, eligible=[1]), r"eligible\[0\] is 1; expected text"),
    "eligible text": (lambda: tables.feature_adoption(EVENTS, eligible="ab"), "eligible is one text"),
    "inputs": (lambda: tables.health_score(ACCOUNTS, {}), "values is .?empty.?; expected the columns"),
    "input": (lambda: tables.health_score(ACCOUNTS, {"x": 5}), r"values is 'x: 5'; expected \(worst, best\)"),
    "interval": (
        lambda: tables.contract_months(pl.DataFrame(CONTRACTS | {"interval": [float("inf")]}), as_of=AS_OF),
        "interval is endless",
    ),
    "interval date": (
        lambda: tables.contract_months(pl.DataFrame(CONTRACTS | {"interval": MONTHS[:1]}), interval="interval"),
        "read as interval, holds Date; expected numbers or words",
    ),
    "month twice": (
        lambda: tables.mrr_movements(pl.DataFrame({"customer": ["A"], "2025-01": [1.0], "Jan 2025": [2.0]})),
        "two columns are the month 2025-01: 'Jan 2025'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_arguments_that_make_no_sense_are_refused(what: str) -> None:
    call, words = REFUSED[what]
    with pytest.raises(MetricError, match=words):
        call()


def test_blank_amounts_are_left_out_wherever_they_stand() -> None:
    table = arrow(mrr=pa.array([10.0, None, np.nan], from_pandas=False))
    for engine, frame in frames(table).items():
        notes: list[str] = []
        assert plain(tables.mrr_movements(frame, as_of=AS_OF, notes=notes))["closing"] == [10], engine
        assert "rows left out because of a blank month or mrr: 2" in notes, engine

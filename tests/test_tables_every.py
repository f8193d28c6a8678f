"""Every metric over every engine's table: the same result as the array function, by group as a loop would give it."""

import math
import os
from datetime import date

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from frames import ENGINES, on_engine, plain, small_frames_go
from hypothesis import given, settings
from hypothesis import strategies as st

import csmetrics_core as csm
from csmetrics_core import tables
from csmetrics_core.declaration.catalog import CATALOG
from csmetrics_core.declaration.spec import Role
from csmetrics_core.errors import MetricError, WrongCall, WrongKind, WrongShape
from csmetrics_core.evaluate import evaluate
from csmetrics_core.explain import explain
from csmetrics_core.tables import rows as in_rows
from csmetrics_core.tables.declared import table_function, why_not

FROM_DECLARATION = [m for m in CATALOG.values() if not why_not(m)]
#: Spark takes more than a second a plan: it is asked once for each kind of plan; with CSMETRICS_SOAK set, for all.
ON_SPARK = ("cac", "churn_rate", "clv", "dau", "health_contributions", "mrr_movements", "nps", "sentiment", "sessions")
QUICK = tuple(e for e in ENGINES if e not in ("PySpark", "Ibis"))


def example_as_table(declared):
    """The example as a table and the call that names its columns."""
    given = declared.examples[0].arguments
    single = [a.name for a in declared.arguments if a.role is Role.EACH and a.name in given]
    block = declared.roles.block
    columns, call = {}, {}
    for name, value in given.items():
        role = declared.argument(name).role
        if block and name == block[0].name:
            cells = value if isinstance(value[0], list) else [value]
            columns |= {f"input {i}": [row[i] for row in cells] for i in range(len(cells[0]))}
            call[name] = [f"input {i}" for i in range(len(cells[0]))]
        elif role in (Role.CHOICE, Role.PER_COLUMN) or (
            name in single and len(given) > len(single) - 1 and _ranges(given, declared)
        ):
            call[name] = value
        else:
            columns[f"the {name}"] = value if isinstance(value, list) else [value]
            call[name] = f"the {name}"
    longest = max(map(len, columns.values()))
    return pa.table({n: [*v, *[None] * (longest - len(v))] for n, v in columns.items()}), call


def _ranges(given, declared):
    return any(declared.argument(n).is_range and isinstance(v, list) for n, v in given.items())


def expected(declared):
    """What the array function gives, as columns."""
    done = evaluate(declared, (), declared.examples[0].arguments)
    if declared.gives == "table":
        return plain(pd.DataFrame(done.value))
    if declared.gives == "pair":
        return {"low": [done.value[0]], "high": [done.value[1]]}
    value = done.value
    return {"value": [value.item() if isinstance(value, np.generic) else value]}


def same(found, wanted):
    for name, values in wanted.items():
        if all(isinstance(v, float | None) for v in values):
            numbers = [[np.nan if v is None else v for v in column] for column in (found[name], values)]
            assert numbers[0] == pytest.approx(numbers[1], rel=1e-12, nan_ok=True), name
        else:
            assert found[name] == values, name


@pytest.mark.parametrize("engine", [*QUICK, *(pytest.param(e, marks=pytest.mark.slow) for e in ("Ibis", "PySpark"))])
@pytest.mark.parametrize("declared", FROM_DECLARATION, ids=lambda m: m.name)
def test_the_example_gives_the_same_over_a_table(declared, engine):
    if engine == "PySpark" and declared.name not in ON_SPARK and not os.environ.get("CSMETRICS_SOAK"):
        pytest.skip("a plan of a kind that is asked elsewhere; CSMETRICS_SOAK asks all")
    table, call = example_as_table(declared)
    with small_frames_go(engine):
        frame = on_engine(engine, table)
        if declared.ordered and engine in ("DuckDB", "Ibis", "PySpark", "Polars lazy"):
            with pytest.raises(WrongShape, match=r"are in order, and a table of .* has none"):
                table_function(declared.name)(frame, **call)
            return
        same(plain(table_function(declared.name)(frame, **call)), expected(declared))


def survey_frame(size=300, seed=3):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "Score": [None if i % 13 == 0 else float(v) for i, v in enumerate(rng.integers(0, 11, size))],
            "Segment": [["SMB", "Enterprise", None][i] for i in rng.integers(0, 3, size)],
            "weight": rng.integers(1, 6, size).astype(float),
            "answered": pd.to_datetime("2026-01-01") + pd.to_timedelta(rng.integers(0, 80, size), unit="D"),
            "lost": rng.integers(0, 3, size),
            "opening": rng.integers(3, 90, size),
            "mrr": np.round(rng.gamma(2, 60, size), 2) + rng.integers(0, 2, size) / 3,
        }
    )


def as_loop(metric, frame, columns):
    """The metric of each group by hand: groups in order, the rows without one last."""
    rows = []
    for group, part in frame.groupby("Segment", dropna=False, sort=True):
        told = explain(metric, **{name: part[column].to_numpy() for name, column in columns.items()})
        rows.append((None if group != group else group, told.value, told.n, *(told.interval or (None, None))))
    return rows


@pytest.mark.parametrize("engine", ["pandas", "Polars", "PyArrow", "DuckDB"])
@pytest.mark.parametrize("columns", [{"scores": "Score"}, {"scores": "Score", "weights": "weight"}])
@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_by_is_a_loop(engine, columns, seed):
    frame = survey_frame(60, seed)
    table = on_engine(engine, pa.Table.from_pandas(frame))
    found = plain(tables.nps(table, by=["Segment"], **columns))
    wanted = as_loop("nps", frame, columns)
    assert list(found) == ["Segment", "value", "n", "low", "high", "dropped"]
    for name, values in zip(list(found)[:-1], zip(*wanted, strict=True), strict=True):
        assert found[name] == (list(values) if name == "Segment" else pytest.approx(values, rel=1e-12)), name
    assert sum(found["dropped"]) == frame.Score.isna().sum()


@pytest.mark.parametrize("metric", ["churn_rate", "arpa"])
def test_sums_are_the_same_to_the_last_bit_on_every_engine(metric):
    columns = {"churn_rate": ("lost", "opening"), "arpa": ("mrr", "opening")}[metric]
    frame = survey_frame(2000)
    found = []
    for engine in QUICK:
        shuffled = pa.Table.from_pandas(frame.sample(frac=1, random_state=len(engine)), preserve_index=False)
        found.append(plain(getattr(tables, metric)(on_engine(engine, shuffled), *columns, by="Segment")))
    assert all(result == found[0] for result in found)
    by_hand = [
        CATALOG[metric].function(*(math.fsum(part[c]) for c in columns))
        for _, part in frame.groupby("Segment", dropna=False)
    ]
    assert found[0]["value"] == by_hand


def test_periods_are_groups_too():
    frame = survey_frame()
    found = plain(tables.nps(frame, "Score", by=["Segment"], each="month"))
    assert list(found)[:3] == ["Segment", "month", "value"]
    named = plain(tables.nps(frame, "Score", by=["month", "Segment"]))
    assert list(named)[:3] == ["month", "Segment", "value"]
    assert sorted(map(str, zip(found["month"], found["value"], strict=True))) == sorted(
        map(str, zip(named["month"], named["value"], strict=True))
    )
    january = frame[(frame.answered < "2026-02-01") & (frame.Segment == "SMB")]["Score"]
    place = list(zip(found["Segment"], found["month"], strict=True)).index(("SMB", "2026-01-01"))
    assert found["value"][place] == pytest.approx(csm.nps(january))


@pytest.mark.parametrize("engine", ["pandas", "Polars", "DuckDB"])
def test_functions_written_for_tables_group_as_a_loop_does(engine):
    months = pd.to_datetime(["2026-01-01", "2026-02-01"] * 2 + ["2026-02-01"])
    rows = pd.DataFrame({"Konto": list("AABBC"), "month": months, "mrr": [100.0, 120, 50, 0, 7]})
    rows["Plan"] = [*"xxyy", None]
    table = on_engine(engine, pa.Table.from_pandas(rows))
    found = pd.DataFrame(plain(tables.mrr_movements(table, customers="Konto", by=["Plan"], as_of=date(2026, 3, 1))))
    for plan, part in rows.groupby("Plan", dropna=False):
        one = pd.DataFrame(plain(tables.mrr_movements(part, customers="Konto", as_of=date(2026, 3, 1))))
        chosen = found[found.Plan.isna() if plan != plan else found.Plan == plan].drop(columns="Plan")
        assert chosen.reset_index(drop=True).equals(one)
    dates = pd.to_datetime(["2026-01-05", "2026-02-01"])
    usage = pd.DataFrame({"user": ["u", "v"], "feature": ["f", "f"], "date": dates})
    table = on_engine(engine, pa.Table.from_pandas(usage))
    assert plain(tables.feature_adoption(table, each="month"))["month"] == ["2026-01-01", "2026-02-01"]


FRAME = survey_frame()
REFUSED = {
    "a list": (lambda: tables.nps(FRAME, "Score", weights=[1]), WrongKind, "weights is a list; expected the name"),
    "a column": (lambda: tables.nps(FRAME, FRAME["Score"]), WrongKind, "scores is a Series; expected the name"),
    "accounts": (lambda: tables.nps(FRAME, "Score", accounts=["a"]), WrongKind, "accounts is a list; expected the"),
    "a question's list": (
        lambda: tables.change(FRAME, "nps", periods="answered", scores=[1]), WrongKind, "scores is a list; expected",
    ),
    "a question's column": (
        lambda: tables.by(FRAME, "nps", groups="Segment", customers=FRAME["Score"]),
        WrongKind, "customers is a Series; expected the name",
    ),
    "groups": (lambda: tables.by(FRAME, "nps", groups=FRAME["Segment"]), WrongKind, "groups is a Series; expected"),
    "a list for a written one": (
        lambda: tables.mrr_movements(FRAME, customers=["a"]), WrongKind, "customers is a list; expected the name of",
    ),
    "a column for a written one": (
        lambda: tables.mrr_movements(FRAME, months=FRAME["Score"]), WrongKind, "months is a Series; expected the name",
    ),
    "a list among further columns": (
        lambda: tables.arr_balances(FRAME, products=["a"]), WrongKind, "products is a list; expected the name",
    ),
    "a keyword": (lambda: tables.nps(FRAME, wieghts="x"), WrongCall, r"wieghts is no argument. Call it as tab"),
    "of a written one": (lambda: tables.sessions(FRAME, kunde="x"), WrongCall, "kunde is no argument. Call it as tab"),
    "no such column": (lambda: tables.nps(FRAME, "Scor"), WrongShape, r"no column 'Scor'\. Name it: scores='\.\.\.'"),
    "no such group": (lambda: tables.nps(FRAME, "Score", by="Segmnt"), WrongShape, "by names 'Segmnt', and the table"),
    "a result column": (lambda: tables.nps(FRAME.assign(n=1), "Score", by="n"), WrongCall, "by names 'n', which is"),
    "a period twice": (lambda: tables.mrr_movements(FRAME, each="month"), WrongCall, "a row a period already"),
    "no period": (lambda: tables.nps(FRAME, "Score", each="fortnight"), WrongKind, "each is 'fortnight'"),
    "no date": (lambda: tables.nps(FRAME[["Score"]], "Score", each="month"), WrongShape, "no column says which month"),
    "no sum": (lambda: tables.clv(FRAME, "mrr", 0.8, 0.02, by="Segment"), WrongShape, "cannot be added up over the"),
    "no table": (lambda: tables.nps([1, 2]), WrongCall, "list is no table"),
    "off scale": (lambda: tables.csat(FRAME, "Score", by="Segment"), MetricError, "in the group of Segment Enterprise"),
    "a sum off scale": (
        lambda: tables.churn_rate(FRAME.assign(lost=-1), "lost", "opening"), MetricError, "lost is -1; expected",
    ),
    "more lost": (lambda: tables.churn_rate(FRAME, "opening", "lost", by="Segment"), MetricError, "in the group of S"),
    "half a person": (lambda: tables.churn_rate(FRAME, "mrr", "opening"), MetricError, "lost is .*expected a whole"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_asked_is_refused_in_a_sentence(what):
    call, kind, words = REFUSED[what]
    with pytest.raises(kind, match=words):
        call()


def test_too_many_rows_for_memory_are_refused(monkeypatch):
    monkeypatch.setattr(in_rows, "IN_MEMORY", 12)
    with pytest.raises(WrongShape, match="more than 12 rows that differ, and nps is computed in memory"):
        tables.nps(FRAME, "Score", weights="weight")
    assert tables.nps(FRAME, "Score")["n"].tolist() == [FRAME.Score.notna().sum()]


def test_names_of_before_are_taken_with_a_warning():
    frame = pd.DataFrame({"customer": ["A"], "2026-01": [1], "2026-02": [1]})
    with pytest.warns(DeprecationWarning, match=r"retention is now called tables\.retention_by_month"):
        assert tables.retention is tables.retention_by_month
    with pytest.warns(DeprecationWarning, match="customer= is now called customers="):
        tables.mrr_movements(frame, customer="customer", as_of=date(2026, 3, 1))
    with pytest.warns(DeprecationWarning, match="horizon_months= is now called horizon="):
        tables.retention_by_month(frame, horizon_months=1, as_of=date(2026, 3, 1))
    with pytest.warns(DeprecationWarning, match=r"tables\.fcr is now called tables\.fcr_from_contacts"):
        tables.fcr(pd.DataFrame({"contacts": [1, 2]}))
    assert tables.fcr(pd.DataFrame({"a": [5], "b": [10]}), "a", "b")["value"].tolist() == [0.5]


def test_the_functions_are_all_there_and_nothing_else_is_offered():
    assert set(dir(tables)) >= {m.name for m in FROM_DECLARATION}
    for name in dir(tables):
        function = getattr(tables, name)
        assert (function.__name__, ">>>" in function.__doc__) == (name, True)


def test_each_row_of_what_does_not_add_up_has_its_result():
    frame = pd.DataFrame({"arpa": [100.0, None], "churn": [0.02, 0.05]}, index=["x", "y"])
    found = tables.clv(frame, "arpa", 0.8, "churn")
    assert found.index.tolist() == ["x", "y"]
    assert found["value"].tolist()[0] == 4000
    assert found["dropped"].tolist() == [0, 1]
    assert plain(tables.health_band(pl.DataFrame({"s": [10, 90]}), "s"))["value"] == ["red", "green"]


def test_columns_may_have_any_names():
    relation = duckdb.sql('SELECT 9 AS "how likely?", \'a "b"\' AS "the by" UNION ALL SELECT 0, NULL')
    found = plain(tables.nps(relation, "how likely?", by="the by"))
    assert (found["the by"], found["value"]) == (['a "b"', None], [100, -100])


def test_blank_columns_no_groups_and_dates_of_any_function():
    blank = pd.DataFrame({"s": [None, None], "d": pd.to_datetime(["2026-01-01", "2026-02-01"])})
    assert plain(tables.nps(blank, "s", by=None)) == {
        "value": [None], "n": [0], "low": [None], "high": [None], "dropped": [2],
    }  # fmt: skip
    with pytest.raises(WrongKind, match="by is 5; expected names of columns"):
        tables.nps(FRAME, "Score", by=5)
    each = plain(tables.survey(FRAME, "nps", score="Score", each="month", date="answered"))
    assert each == plain(tables.nps(FRAME, "Score", each="month"))

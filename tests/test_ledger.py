"""The revenue ledger over tables: every worked example on every engine."""

import warnings
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest
from frames import ENGINES, on_engine, plain, small_frames_go
from ledger_cases import CASES, balances, day, rates_table, rows_of, with_detail

from csmetrics_core import tables
from csmetrics_core.errors import MetricError

# Spark takes seconds for each plan: the three that use most of it stand for the rest.
_ON_SPARK = ("06-escalator-and-seats", "15-currency", "23-merge-dated")
_LEDGERS = [name for name, case in CASES.items() if "ledger" in case["out"]]
_AXIS = [
    pytest.param(engine, name, marks=[pytest.mark.host, pytest.mark.slow] if engine == "PySpark" else ())
    for engine in ENGINES
    for name in _LEDGERS
    if engine != "PySpark" or name in _ON_SPARK
]
_ENGINES = [pytest.param(e, marks=[pytest.mark.host, pytest.mark.slow] if e == "PySpark" else ()) for e in ENGINES]


@pytest.fixture(autouse=True)
def quiet(request: pytest.FixtureRequest) -> Iterator[None]:
    engine = request.node.callspec.params.get("engine", "") if hasattr(request.node, "callspec") else ""
    with small_frames_go(engine), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PySpark warns of pandas 3
        yield


@pytest.mark.parametrize(("engine", "name"), _AXIS)
def test_worked_examples(engine: str, name: str) -> None:
    case = CASES[name]
    options, out = case.get("options", {}), case["out"]
    agrees(engine, case, options, out)
    if "with_instead" in out:
        agrees(engine, case, {**options, **out["with_instead"]["options"]}, out["with_instead"])


def agrees(engine: str, case: dict, options: dict, out: dict) -> None:
    notes: list[str] = []
    frame, beside = balances(engine, case, options, notes)
    bridge = {row["month"]: with_detail(row) for row in rows_of(tables.arr_bridge(frame, detail=True, **beside))}
    shown = [row["month"] for row in out["bridge"]]
    assert [{name: bridge[row["month"]][name] for name in row} for row in out["bridge"]] == out["bridge"]
    if "ledger" in out:
        ledger = [row for row in rows_of(tables.arr_ledger(frame, **beside)) if row["month"] in shown]
        assert ledger == out["ledger"]
    if "follow_on" in out:
        seen = out["follow_on"]
        assert any(f"{seen['day_after']} follow-on contracts start the day after" in note for note in notes)
        assert any(f", {seen['same_day']} on it" in note for note in notes)
    rates = on_engine(engine, rates_table(case["rates"])) if "rates" in case else None
    for key, valued in (("retention", "constant"), ("retention_as_reported", "as_reported")):
        for wanted in out.get(key, ()):
            retained(frame, wanted, rates=rates, valued=valued, **beside)


def retained(frame: Any, wanted: dict, **beside: Any) -> None:
    rows = rows_of(tables.arr_retention(frame, wanted["horizon"], **beside))
    row = next(row for row in rows if row["month"] == wanted["month"])
    wanted = {name: value for name, value in wanted.items() if name not in ("horizon", "month")}
    assert {name: row[name] for name in wanted} == pytest.approx(wanted, abs=1e-6)


def segments() -> pa.Table:
    case = CASES["26-segments"]
    return pa.table(
        {
            "customer": [row[0] for row in case["rows"]],
            "month": pa.array([day(row[1]) for row in case["rows"]], pa.date32()),
            "arr": [float(row[2]) for row in case["rows"]],
            "segment": [case["segments"][row[0]][row[1]] for row in case["rows"]],
        }
    )


@pytest.mark.parametrize("engine", _ENGINES)
def test_slices_by_start_by_end_and_month_by_month(engine: str) -> None:
    frame, out = on_engine(engine, segments()), CASES["26-segments"]["out"]
    for slice_, wanted in out["slice"].items():
        rows = rows_of(tables.arr_retention(frame, 1, ["segment"], slice=slice_, as_of=day("2026-03-01")))
        got = {row["segment"]: row for row in rows if row["month"] == "2026-02"}
        for segment, values in wanted.items():
            assert {name: got[segment][name] for name in values} == pytest.approx(values)
    total = rows_of(tables.arr_retention(frame, 1, as_of=day("2026-03-01")))[1]
    assert {name: total[name] for name in out["total"]} == pytest.approx(out["total"])
    bridge = rows_of(tables.arr_bridge(frame, ["segment"], as_of=day("2026-03-01")))
    for row in (row for row in bridge if row["month"] == "2026-02"):
        wanted = out["bridge_by_month"][row["segment"]]
        assert {name: row[name] for name in wanted} == wanted


@pytest.mark.parametrize("engine", _ENGINES)
def test_intervals_of_ten_customers(engine: str) -> None:
    case = CASES["27-interval"]
    wide = {"customer": [f"C{i}" for i in range(10)], "2026-01": case["then"], "2026-02": case["now"]}
    row = rows_of(tables.arr_retention(on_engine(engine, pa.table(wide)), 1, as_of=day("2026-03-01")))[1]
    wanted = {name: case["out"][name] for name in ("n", "ndr", "ndr_low", "ndr_high", "grr", "grr_low", "grr_high")}
    assert {name: row[name] for name in wanted} == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize("engine", _ENGINES)
def test_cohorts_in_constant_currency(engine: str) -> None:
    case = CASES["15-currency"]
    frame, _ = balances(engine, case, {})
    rates = on_engine(engine, rates_table(case["rates"]))
    for valued, kept in (("constant", 230 / 280), ("as_reported", 230 / 250)):
        table = tables.arr_cohorts(frame, rates=rates, valued=valued, as_of=day("2026-03-01"))
        assert rows_of_cohorts(table) == [{"size": 250.0, "age_0": 1.0, "age_1": pytest.approx(kept)}]


def rows_of_cohorts(frame: Any) -> list[dict]:
    columns = plain(frame)
    del columns["cohort"]
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def test_what_is_wrong_is_named() -> None:
    frame = segments().append_column("family", pa.array(["x", "y", "x", "x", "x", "x"]))
    doubled = pa.concat_tables([frame, frame.slice(0, 1).set_column(3, "segment", pa.array(["ENT"]))])
    for call, words in (
        (lambda: tables.arr_bridge(doubled, ["segment"]), r"'A' has two values of segment in 2026-01: 'ENT' and 'SMB'"),
        (lambda: tables.arr_bridge(frame.rename_columns({"family": "left"}), ["left"]), "a column of the result too"),
        (lambda: tables.arr_retention(frame, 0), "horizon_months"),
        (lambda: tables.arr_retention(frame, 1, slice="middle"), "slice"),
        (lambda: tables.arr_bridge(frame, merge={"A": ("B", "soon")}), "merge is 'soon'"),
        (lambda: tables.arr_bridge(frame, merge={"A": "B", "B": "A"}), "back to itself"),
    ):
        with pytest.raises(MetricError, match=words):
            call()


def test_a_blank_text_is_a_slice_beside_others() -> None:
    frame = segments().set_column(3, "segment", pa.array(["", "SMB", "", "SMB", "SMB", ""]))
    assert {row["segment"] for row in rows_of(tables.arr_bridge(frame, ["segment"]))} == {"", "SMB"}
    answers = pa.table({"segment": ["", "SMB"], "nps": [10, 0]})
    assert plain(tables.survey(answers, "nps", by=["segment"]))["segment"] == ["", "SMB"]

"""The revenue ledger in cells: the worked examples whose inputs the arguments hold, and the tables' own results."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from ledger_cases import CASES, day, lines_table, months_table, rows_of, with_detail

import csmetrics_core as core
from csmetrics_core import tables
from csmetrics_core.errors import MetricError

#: What an example has that cells have no argument for.
BEYOND_CELLS = {
    "06-escalator-and-seats": "an agreed step", "07-discount-ends": "a discount", "15-currency": "currencies",
    "16-contracted-and-live": "signing dates", "17-amendment-total": "an amendment by id",
    "18-early-renewal-overlap": "a renewal by id", "19-free-months": "free months", "21-one-off-credit": "a correction",
    "22-merge-history": "a merge", "23-merge-dated": "a merge", "25-trial": "kinds of lines",
    "13-lapsed-at-grace": "open renewals in a bridge", "14-lapsed-backdated": "lapses dated back",
    "29-compare": "quantities, kinds, dates and rates of two files",
}  # fmt: skip
_MONTHS = [name for name, case in CASES.items() if "months" in case and name not in BEYOND_CELLS]
_LINES = [name for name, case in CASES.items() if "contracts" in case and name not in BEYOND_CELLS]


def column(table: pa.Table, name: str) -> list | None:
    return table[name].to_pylist() if name in table.column_names else None


@pytest.mark.parametrize("name", _MONTHS)
def test_bridges_and_retention_of_the_examples(name: str) -> None:
    case = CASES[name]
    table = months_table(case)
    given = [column(table, key) for key in ("customer", "month", "arr")]
    finer = {"products": column(table, "product"), "quantities": column(table, "quantity")}
    bridge = [with_detail(row) for row in rows_of(core.arr_bridge(*given, **finer, detail="yes"))]
    assert [{key: got[key] for key in row} for got, row in zip(bridge, case["out"]["bridge"], strict=True)] == case[
        "out"
    ]["bridge"]
    for wanted in case["out"]["retention"]:
        rows = {row["month"]: row for row in rows_of(core.arr_retention(*given, wanted["horizon"]))}
        row = {**rows[wanted["month"]], "horizon": wanted["horizon"]}
        month = wanted["month"]
        numbers = {key: value for key, value in wanted.items() if key != "month"}
        assert (row["month"], {key: row[key] for key in numbers}) == (month, pytest.approx(numbers, abs=1e-6))


@pytest.mark.parametrize("name", _LINES)
def test_ledgers_of_the_examples(name: str) -> None:
    case = CASES[name]
    table, options = lines_table(case["contracts"]), {"unit": "month", **case.get("options", {})}
    arguments = {
        f"{key}s" if key != "quantity" else "quantities": column(table, key)
        for key in ("customer", "start", "end", "amount", "interval", "product", "quantity")
    }
    ledger = rows_of(core.arr_ledger(**arguments, **options, as_of=day(case["as_of"])))
    shown = {row["month"] for row in case["out"]["bridge"]}
    assert [row for row in ledger if row["month"] in shown] == case["out"]["ledger"]


def test_segments_intervals_and_usage() -> None:
    rows = CASES["26-segments"]["rows"]
    segments = [CASES["26-segments"]["segments"][row[0]][row[1]] for row in rows]
    given = [row[0] for row in rows], [day(row[1]) for row in rows], [row[2] for row in rows]
    for slice_, wanted in CASES["26-segments"]["out"]["slice"].items():
        got = core.arr_retention(*given, 1, segments, slice_)
        for segment, values in wanted.items():
            row = got[(got.segment == segment) & (got.month == "2026-02-01")].iloc[0]
            assert {key: row[key] for key in values} == pytest.approx(values)
    case = CASES["27-interval"]
    who = [f"C{i}" for i in range(10)] * 2
    months = [day("2026-01")] * 10 + [day("2026-02")] * 10
    row = core.arr_retention(who, months, case["then"] + case["now"], 1).iloc[1]
    keys = ("ndr", "ndr_low", "ndr_high", "grr", "grr_low", "grr_high")
    assert {key: row[key] for key in keys} == pytest.approx({key: case["out"][key] for key in keys}, abs=1e-6)
    usage = CASES["28-usage"]
    months = [day(f"2025-{month:02}") for month in range(1, 13)]
    assert core.usage_arr(usage["monthly_usage"], months).iloc[0].to_dict() == usage["out"]


def test_usage_of_few_months_is_not_stretched() -> None:
    row = core.usage_arr([10, 20], [day("2026-01"), day("2026-02")]).iloc[0]
    assert row["last_month_x12"] == 240
    assert np.isnan([row["last_quarter_x4"], row["trailing_year"]]).all()


def test_cells_and_tables_tell_the_same() -> None:
    """Rows in no order with repeats, zeros and unknown quantities; every class, to the cent."""
    rng = np.random.default_rng(5)
    size = 600
    table: dict[str, Any] = {
        "customer": [f"C{i}" for i in rng.integers(0, 25, size)],
        "month": [day(f"{2024 + m // 12}-{m % 12 + 1:02}") for m in rng.integers(0, 14, size)],
        "arr": np.round(rng.gamma(2, 60, size) * (rng.random(size) > 0.1), 2).tolist(),
        "product": [["P", "Q", "R"][i] for i in rng.integers(0, 3, size)],
        "quantity": [None if i == 0 else float(i) for i in rng.integers(0, 9, size)],
    }
    frame = pa.table(table)
    for detail in (False, True):
        cells = rows_of(core.arr_bridge(*table.values(), detail="yes" if detail else "no"))
        assert cells == rows_of(tables.arr_bridge(frame, detail=detail))
    cells = rows_of(core.arr_retention(*list(table.values())[:3], 2).drop(columns="segment"))
    for got, wanted in zip(cells, rows_of(tables.arr_retention(frame, 2)), strict=True):
        assert list(got) == list(wanted)
        assert [v or 0 for v in list(got.values())[1:]] == pytest.approx([v or 0 for v in list(wanted.values())[1:]])


def test_as_of_left_out_is_the_latest_date_and_said() -> None:
    explained = core.explain("arr_ledger", ["A"], [day("2025-01-01")], [day("2025-03-15")], [12], ["year"])
    assert explained.value["movement"] == ["opening"]
    assert any("as of 2025-03-15" in note for note in explained.notes)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"intervals": ["fortnight"]}, "interval is 'fortnight'"),
        ({"ends": [day("2025-01-01")]}, "before its start"),
        ({"intervals": None, "ends": [None]}, "neither an interval nor an end"),
        ({"as_of": day("2025-02-10")}, "no line pays in a month that is over by 2025-02-10"),
        ({"grace_days": 1.5}, "grace_days"),
    ],
)
def test_what_is_wrong_is_named(arguments: dict, words: str) -> None:
    good = {
        "customers": ["A"], "starts": [day("2025-02-01")], "ends": [day("2026-02-01")], "amounts": [10],
        "intervals": ["year"], "end_is": "first_unpaid", "as_of": day("2026-01-01"),
    }  # fmt: skip
    with pytest.raises(MetricError, match=words):
        core.arr_ledger(**{**good, **arguments})

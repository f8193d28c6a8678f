"""Laws of the revenue ledger on any balances and contracts, and its bridge against SQL written for it alone."""

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from frames import on_engine
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_cases import rows_of

import csmetrics_core as core
from csmetrics_core import tables

_COLUMNS = ("opening", "new", "expansion", "contraction", "churned", "reactivation", "closing")
_CENTS = st.integers(0, 3_000_000).map(lambda cents: cents / 100)
_MONTHS = st.integers(0, 5).map(lambda month: date(2025, month + 1, 1))
_ROWS = st.lists(
    st.tuples(st.sampled_from("ABC"), _MONTHS, _CENTS, st.sampled_from("PQ"), st.integers(1, 9)),
    min_size=1,
    max_size=14,
).filter(lambda rows: any(row[2] for row in rows))
AS_OF = date(2026, 7, 1)


def cents(rows: list[dict], *names: str) -> list[tuple[int, ...]]:
    return [tuple(round(row[name] * 100) for name in names) for row in rows]


@settings(deadline=None, max_examples=25)
@given(_ROWS, st.randoms())
def test_a_bridge_adds_up_and_finer_data_never_change_it(rows: list[tuple], random: Any) -> None:
    customers, months, arr, products, quantities = (list(column) for column in zip(*rows, strict=True))
    plain = rows_of(core.arr_bridge(customers, months, arr))
    for before, after in pairwise(plain):
        assert round(before["closing"] * 100) == round(after["opening"] * 100)
    for opening, new, up, down, churned, back, closing in cents(plain, *_COLUMNS):
        assert opening + new + up - down - churned + back == closing
    fine = rows_of(core.arr_bridge(customers, months, arr, products, quantities, "yes"))
    assert cents(fine, *_COLUMNS) == cents(plain, *_COLUMNS)
    changes = [name for name in fine[0] if name.startswith("change_")]
    for row, (opening, *_, closing) in zip(fine, cents(fine, *_COLUMNS), strict=True):
        assert opening + sum(round(row[name] * 100) for name in changes) == closing
    random.shuffle(rows)
    assert rows_of(core.arr_bridge(*(list(column) for column in zip(*rows, strict=True)), "yes")) == fine


@settings(deadline=None, max_examples=25)
@given(_ROWS, st.integers(1, 3))
def test_gross_retention_is_at_most_net_and_one_and_the_ledger_chains(rows: list[tuple], horizon: int) -> None:
    customers, months, arr, products, quantities = (list(column) for column in zip(*rows, strict=True))
    for row in rows_of(core.arr_retention(customers, months, arr, horizon)):
        if row["n"]:
            assert row["grr"] <= min(1, row["ndr"]) + 1e-12
    frame = pa.table({"customer": customers, "month": months, "arr": arr, "product": products, "quantity": quantities})
    running: dict[tuple, float] = {}
    for row in rows_of(tables.arr_ledger(frame)):
        key = row["customer"], row["product"]
        assert round(running.get(key, 0.0) * 100) == round(row["opening"] * 100)
        assert round((row["opening"] + row["amount"]) * 100) == round(row["closing"] * 100)
        running[key] = row["closing"]
    whole = rows_of(tables.arr_bridge(frame))
    parts = rows_of(tables.arr_bridge(frame, by=["product"]))
    for row in whole:
        mine = [part for part in parts if part["month"] == row["month"]]
        for name in _COLUMNS:
            assert sum(round(part[name] * 100) for part in mine) == round(row[name] * 100)


@settings(deadline=None, max_examples=10)
@given(_ROWS, st.sampled_from(["pandas", "Polars", "DuckDB"]))
def test_a_bridge_of_customers_is_the_one_that_has_the_classes_too(rows: list[tuple], engine: str) -> None:
    """The one takes churned from who was kept, the other from who is gone; months of nothing are in both."""
    customers, months, arr, _, _ = (list(column) for column in zip(*rows, strict=True))
    given = {"customer": customers, "month": months, "arr": arr}
    free = [float(not amount and day.month % 2) for amount, day in zip(arr, months, strict=True)]
    later = [round(amount * 1.25, 2) for amount in arr]
    for more in ({}, {"free_month": free}, {"arr_at_next_rates": later}):
        frame = on_engine(engine, pa.table(given | more))
        whole = rows_of(tables.arr_bridge(frame, as_of=date(2025, 8, 1)))
        detailed = rows_of(tables.arr_bridge(frame, detail=True, as_of=date(2025, 8, 1)))
        assert whole == [{name: row[name] for name in whole[0]} for row in detailed]


def contracts(rng: np.random.Generator, size: int) -> dict[str, list]:
    """Lines that follow on each other late or not at all, with discounts, steps of rates and declared ends."""
    starts = [date(2025, 1, 1) + timedelta(int(day)) for day in rng.integers(0, 400, size)]
    terms, reduced = rng.integers(20, 480, size).tolist(), rng.integers(0, 400, size).tolist()
    ends = [None if days > 420 else start + timedelta(days) for start, days in zip(starts, terms, strict=True)]
    amounts = [int(a) / 100 for a in rng.integers(5_000, 900_000, size)]
    return {
        "contract": list(range(size)), "customer": [f"C{i}" for i in rng.integers(0, size // 4, size)], "start": starts,
        "end": ends, "amount": amounts, "interval": [int(m) for m in rng.choice([1, 3, 12], size)],
        "discount": [round(a * d, 2) for a, d in zip(amounts, rng.choice([0, 0, 0.1, 0.25], size), strict=True)],
        "discount_end": [None if d > 250 else s + timedelta(d) for s, d in zip(starts, reduced, strict=True)],
        "terminated": [bool(t) for t in rng.random(size) < 0.2],
        "currency": [["EUR", "USD"][i] for i in rng.integers(0, 2, size)],
    }  # fmt: skip


_BY_HAND = """
WITH months AS (SELECT unnest(generate_series(DATE '2025-01-01', DATE '2026-06-01', INTERVAL 1 MONTH))::DATE AS m),
next_line AS (SELECT l.*, (SELECT min(k.start) FROM lines k WHERE k.customer = l.customer AND k.contract <> l.contract
        AND k.start BETWEEN l."end" AND l."end" + 30) AS renewed FROM lines l),
stopped AS (SELECT *, CASE WHEN "end" IS NULL THEN DATE '9999-01-01' WHEN terminated THEN "end"
        WHEN renewed IS NOT NULL THEN renewed WHEN DATE '2026-07-01' < "end" + 30 THEN DATE '9999-01-01'
        ELSE "end" + 30 END AS stop FROM next_line),
cells AS (SELECT customer, m, currency, (amount
        - CASE WHEN discount_end IS NULL OR date_trunc('month', discount_end) > m THEN discount ELSE 0 END)
        * 12 / "interval" AS a FROM stopped, months
        WHERE start <= last_day(m) AND stop > last_day(m)),
held AS (SELECT customer, m, sum(floor(a * r.rate * 100 + 0.5000001)) AS now,
        sum(floor(a * coalesce(n.rate, r.rate) * 100 + 0.5000001)) AS later FROM cells c
        JOIN rates r ON r.currency = c.currency AND r.month = c.m
        LEFT JOIN rates n ON n.currency = c.currency AND n.month = c.m + INTERVAL 1 MONTH GROUP BY ALL),
moves AS (SELECT coalesce(h.m, (b.m + INTERVAL 1 MONTH)::DATE) AS m, coalesce(h.now, 0) AS now,
        coalesce(b.now, 0) AS was,
        coalesce(b.later, 0) AS later, h.customer IS NOT NULL AS there, b.customer IS NOT NULL AS before,
        EXISTS (SELECT 1 FROM held e WHERE e.customer = h.customer AND e.m < h.m) AS seen
        FROM held h FULL JOIN held b ON h.customer = b.customer AND h.m = b.m + INTERVAL 1 MONTH)
SELECT m, sum(now), sum(CASE WHEN NOT before AND NOT seen THEN now ELSE 0 END),
    sum(CASE WHEN before AND there AND now > later THEN now - later ELSE 0 END),
    sum(CASE WHEN before AND there AND now < later THEN later - now ELSE 0 END),
    sum(CASE WHEN before AND NOT there THEN was ELSE 0 END), sum(CASE WHEN NOT before AND seen THEN now ELSE 0 END),
    sum(CASE WHEN before AND there THEN later - was ELSE 0 END)
FROM moves WHERE m <= DATE '2026-06-01' GROUP BY m ORDER BY m"""


def test_the_bridge_of_contracts_is_what_sql_by_hand_gives() -> None:
    """Ends, grace, lapses, late renewals, declared ends, discounts that end, intervals and two currencies at once."""
    for seed in range(4):
        rng = np.random.default_rng(seed)
        lines = pa.table(contracts(rng, 120))
        span = [date(2025 + m // 12, m % 12 + 1, 1) for m in range(18)]
        rates = pa.table(
            {
                "currency": ["EUR"] * 18 + ["USD"] * 18, "month": span * 2,
                "rate": [*np.round(rng.uniform(0.9, 1.2, 18), 3).tolist(), *[1.0] * 18],
            }
        )  # fmt: skip
        held = tables.arr_balances(lines, rates=rates, end_is="first_unpaid", grace_days=30, as_of=AS_OF)
        ours = rows_of(tables.arr_bridge(held, as_of=AS_OF))
        names = ("closing", "new", "expansion", "contraction", "churned", "reactivation", "fx")
        connection = duckdb.connect()
        connection.register("lines", lines)
        connection.register("rates", rates)
        theirs = [tuple(round(v) for v in row[1:]) for row in connection.execute(_BY_HAND).fetchall()]
        first = len(theirs) - len(ours)
        assert cents(ours, *names)[1:] == theirs[first + 1 :]
        assert cents(ours, "closing")[0] == theirs[first][:1]


def test_a_last_day_is_the_first_unpaid_day_before_and_backdating_never_adds() -> None:
    lines = pa.table(contracts(np.random.default_rng(9), 80)).drop_columns(["currency"])
    given = {"as_of": AS_OF, "grace_days": 45}
    shorter = [None if end is None else end - timedelta(1) for end in lines["end"].to_pylist()]
    inclusive = lines.set_column(lines.column_names.index("end"), "end", pa.array(shorter, pa.date32()))
    at_grace = tables.arr_balances(lines, end_is="first_unpaid", **given)
    assert plain_rows(tables.arr_balances(inclusive, end_is="last_day", **given)) == plain_rows(at_grace)
    back = tables.arr_balances(lines, end_is="first_unpaid", lapse_churn="backdated", **given)
    ends = [[row["closing"] for row in rows_of(tables.arr_bridge(f, as_of=AS_OF))] for f in (at_grace, back)]
    assert all(one >= other - 1e-9 for one, other in zip(*ends, strict=True))


def plain_rows(frame: Any) -> list[dict]:
    return [{name: value for name, value in row.items() if value == value} for row in rows_of(frame)]

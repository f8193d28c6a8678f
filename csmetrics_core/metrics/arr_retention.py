"""Retention of recurring revenue in cells, with intervals, from balances."""

import datetime
from dataclasses import replace
from typing import Annotated, Any, Literal

import numpy as np

from csmetrics_core.declaration.catalog import metric
from csmetrics_core.declaration.kinds import Amount, Day, Id, Number
from csmetrics_core.declaration.spec import COUNT, DATE, FRACTION, MONEY, TEXT, Aligned, Category, Column, Each, Example
from csmetrics_core.errors import WrongShape
from csmetrics_core.intake.prepared import Coded
from csmetrics_core.maths.periods import index_of
from csmetrics_core.reductions.ledger_arrays import (
    at_balances,
    by_customer,
    retained_table,
)
from csmetrics_core.reductions.ledger_cells import balances_of, named, ranks
from csmetrics_core.reductions.money import to_cents
from csmetrics_core.results import Table

_JANUARY, _FEBRUARY = (datetime.date(2026, month, 1) for month in (1, 2))
_NAN = float("nan")


@metric(
    title="ARR retention",
    category=Category.REVENUE,
    columns=(
        Column("month", DATE, "first day of the month"),
        Column("segment", TEXT, "which, where segments are given"),
        Column("n", COUNT, "customers who paid then"),
        Column("opening", MONEY, "what they paid then"),
        Column("now", MONEY, "what they pay now"),
        Column("expansion", MONEY, "what some of them pay more"),
        Column("contraction", MONEY, "what some who stayed pay less, as a positive amount"),
        Column("churned", MONEY, "what those who left had paid, as a positive amount"),
        Column("ndr", FRACTION, "net: expansion counts"),
        Column("ndr_low", FRACTION, "its lower bound"),
        Column("ndr_high", FRACTION, "its upper bound"),
        Column("grr", FRACTION, "gross: expansion does not count"),
        Column("grr_low", FRACTION, "its lower bound"),
        Column("grr_high", FRACTION, "its upper bound"),
        Column("logo_retention", FRACTION, "share of the customers who still pay"),
        Column("logo_low", FRACTION, "its lower bound"),
        Column("logo_high", FRACTION, "its upper bound"),
        Column("open_renewal", MONEY, "the part of now whose term is over; 0 for balances in cells"),
        Column("ndr_without_open", FRACTION, "ndr without it"),
        Column("grr_without_open", FRACTION, "grr without it"),
    ),
    formula="ndr = Σ now ÷ Σ then; grr = Σ min(now, then) ÷ Σ then; over the customers of `horizon` months ago",
    convention=(
        "95 % intervals by customer: Student's t for ndr, Wilson's for grr with the effective number of customers and "
        "for logos. Blank below 10 customers, and for ndr where fewer than 5 changed."
    ),
    no_native="it gives a table with intervals",
    source="SaaS Metrics Standards Board (gross retention); Wilson (1927); Kish (1965), effective number",
    example=Example(
        customers=["A", "B", "C", "A", "B"],
        months=[_JANUARY, _JANUARY, _JANUARY, _FEBRUARY, _FEBRUARY],
        arr=[100, 50, 50, 120, 40],
        horizon=1,
        result={
            "month": ["2026-01-01", "2026-02-01"],
            "segment": ["", ""],
            "n": [_NAN, 3.0],
            "opening": [_NAN, 200.0],
            "now": [_NAN, 160.0],
            "expansion": [_NAN, 20.0],
            "contraction": [_NAN, 10.0],
            "churned": [_NAN, 50.0],
            "ndr": [_NAN, 0.8],
            "ndr_low": [_NAN, _NAN],
            "ndr_high": [_NAN, _NAN],
            "grr": [_NAN, 0.7],
            "grr_low": [_NAN, _NAN],
            "grr_high": [_NAN, _NAN],
            "logo_retention": [_NAN, 0.666667],
            "logo_low": [_NAN, _NAN],
            "logo_high": [_NAN, _NAN],
            "open_renewal": [_NAN, 0.0],
            "ndr_without_open": [_NAN, 0.8],
            "grr_without_open": [_NAN, 0.7],
        },
    ),
)
def arr_retention(
    customers: Annotated[Aligned, Id()],
    months: Annotated[Aligned, Day()],
    arr: Annotated[Aligned, Amount(signed=True)],
    horizon: Annotated[Each, Number(1, 1200, whole=True, hint="Give a number of months, such as 12.")] = 12,
    segments: Annotated[Aligned, Id(blanks=True)] = None,
    slice: Literal["start", "end"] = "start",
    revalued: Annotated[Aligned, Number(0.0, blanks=True)] = None,
) -> Table:
    """Net and gross revenue retention and logo retention, month by month, with intervals.

    Args:
        customers: Who pays, one a row.
        months: Any day of the month the row is for.
        arr: What is paid a year, or a month.
        horizon: How many months back the cohort is taken.
        segments: The segment of each customer in that month.
        slice: Whether a customer is in the segment of then or of now; the latter selects on the outcome.
        revalued: With exchange rates, what each amount is worth at the rates of `horizon` months later: retention is
            then in constant currency. Blank in months too late to be looked back at; left out, amounts are as they are.
    """
    rows = by_customer(balances_of(customers, months, arr, None, None))
    if revalued is not None:
        later = to_cents(revalued, "revalued")
        rows = replace(rows, revalued=at_balances(rows, customers.codes, index_of(months, "month"), later))
    segment = np.zeros(rows.month.size, np.int64)
    names: list[Any] = [""]
    if segments is not None:
        segment, names = _segments(customers, index_of(months, "month"), segments, rows)
    return Table(retained_table(rows, int(horizon), segment, names, slice, 0.95))


def _segments(customers: Coded, months: np.ndarray, segments: Coded, rows: Any) -> tuple[np.ndarray, list[Any]]:
    """The segment of each balance, and the names in order."""
    codes, labels = named(segments, months.size)
    first, span = int(months.min()), int(months.max() - months.min()) + 1
    key = customers.codes * span + months - first
    order = np.lexsort((codes, key))
    differs = (key[order][1:] == key[order][:-1]) & (codes[order][1:] != codes[order][:-1])
    if differs.any():
        row = int(order[1:][differs][0])
        who, month = customers.labels[customers.codes[row]], np.datetime64(int(months[row]), "M")
        problem = f"customer {who!r} is in two segments in {month}"
        raise WrongShape(problem, "Give one segment a customer and month.", argument="segments")
    places = ranks(labels)
    used = sorted(set(codes.tolist()), key=lambda code: places[code])
    names, number = [labels[code] for code in used], {code: place for place, code in enumerate(used)}
    of_key = dict(zip(key.tolist(), codes.tolist(), strict=True))
    wanted = (rows.customer * span + rows.month - first).tolist()
    return np.array([number[of_key[k]] for k in wanted], np.int64), names

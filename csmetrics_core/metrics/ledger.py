"""The revenue ledger in cells: what became of each customer's recurring revenue, told by class."""

import datetime
from dataclasses import replace
from typing import Annotated, Any, Literal

import numpy as np

from csmetrics_core.declaration.catalog import metric
from csmetrics_core.declaration.kinds import Amount, Day, Id, Number
from csmetrics_core.declaration.spec import COUNT, DATE, FRACTION, MONEY, TEXT, Aligned, Category, Column, Each, Example
from csmetrics_core.errors import NoData, OutOfScale, WrongShape
from csmetrics_core.intake.cells import OPEN_ENDED
from csmetrics_core.intake.prepared import Coded
from csmetrics_core.maths.periods import day_text, index_of, today
from csmetrics_core.reductions.contract_lines import Lines, Terms, line_cells
from csmetrics_core.reductions.ledger_arrays import (
    at_balances,
    bridge_table,
    by_customer,
    held,
    ledger_table,
    retained_table,
)
from csmetrics_core.reductions.money import from_cents, to_cents
from csmetrics_core.reductions.terms import first_unpaid_days, months_of
from csmetrics_core.results import Table

_JANUARY, _FEBRUARY, _MARCH = (datetime.date(2026, month, 1) for month in (1, 2, 3))
_NAN = float("nan")
_TABLES_ONLY = (
    "Agreed steps, discounts, free months, currencies, signing dates, corrections, merges, and amendments and renewals "
    "by id are for Python: tables.arr_balances."
)
_SOURCE = "ChartMogul help centre, MRR Movements; renewals open as in ClientSuccess and Gainsight"


@metric(
    title="ARR ledger",
    category=Category.REVENUE,
    columns=(
        Column("month", DATE, "first day of the month"),
        Column("customer", TEXT, "who"),
        Column("product", TEXT, "what for"),
        Column("opening", MONEY, "what was paid before this change"),
        Column("movement", TEXT, "the class of the change"),
        Column("column", TEXT, "the column of the bridge it belongs to: the customer's net decides"),
        Column("amount", MONEY, "the change, signed"),
        Column("closing", MONEY, "what is paid after it"),
    ),
    formula="closing = opening + amount; a balance is the sum of its rows so far",
    convention=(
        "A line counts at a month's end if it has begun and its first unpaid day is later. Seats at the old price, "
        f"price at the new number of seats; plain expansion or contraction where seats are not known. {_TABLES_ONLY}"
    ),
    no_native="it gives a table of as many rows as there are changes",
    source=_SOURCE,
    example=Example(
        customers=["A", "A", "B"],
        starts=[_JANUARY, _MARCH, _JANUARY],
        ends=[_MARCH, None, datetime.date(2026, 2, 10)],
        amounts=[100, 132, 50],
        intervals=["month", "month", "month"],
        quantities=[10, 12, 1],
        end_is="first_unpaid",
        unit="month",
        as_of=datetime.date(2026, 4, 1),
        result={
            "month": ["2026-01-01", "2026-01-01", "2026-02-01", "2026-03-01", "2026-03-01"],
            "customer": ["A", "B", "B", "A", "A"],
            "product": ["", "", "", "", ""],
            "opening": [0.0, 0.0, 50.0, 100.0, 120.0],
            "movement": ["opening", "opening", "churn", "upsell", "price_increase"],
            "column": ["opening", "opening", "churned", "expansion", "expansion"],
            "amount": [100.0, 50.0, -50.0, 20.0, 12.0],
            "closing": [100.0, 50.0, 0.0, 120.0, 132.0],
        },
    ),
)
def arr_ledger(
    customers: Annotated[Aligned, Id()],
    starts: Annotated[Aligned, Day()],
    ends: Annotated[Aligned, Day(open_ended=True)],
    amounts: Annotated[Aligned, Amount()],
    intervals: Annotated[Aligned, Id(blanks=True)] = None,
    products: Annotated[Aligned, Id(blanks=True)] = None,
    quantities: Annotated[Aligned, Number(0.0, blanks=True)] = None,
    grace_days: Annotated[Each, Number(0, 3660, whole=True, hint="Give days, such as 30.")] = 0,
    end_is: Literal["auto", "first_unpaid", "last_day"] = "auto",
    unit: Literal["year", "month"] = "year",
    as_of: Annotated[Each, Day()] = None,
) -> Table:
    """Every change of recurring revenue with its class, from contract lines.

    Args:
        customers: Who pays, one contract line a row.
        starts: The first day of the line.
        ends: Its end; blank while it runs.
        amounts: What is paid for one interval.
        intervals: Months in an interval, or a word such as "annual"; left out, the time from start to end.
        products: What is paid for.
        quantities: How many, such as seats.
        grace_days: How long a term that is over counts as an open renewal.
        end_is: Whether the end is still paid for; "auto" finds out from lines that follow on each other.
        unit: Amounts a year or a month.
        as_of: The day the data were taken; left out, the latest date in them up to today.
    """
    day, notes = _as_of(as_of, starts, ends)
    codes, names = _named(products, customers.codes.size)
    who = [customers.labels[code] for code in customers.codes.tolist()]
    ends, note = first_unpaid_days(who, [names[code] for code in codes.tolist()], starts, ends, end_is)
    notes += (note,) if note else ()
    lines = _lines(customers, codes, starts, ends, amounts, _intervals(intervals, who, starts, ends), quantities)
    cells = line_cells(lines, Terms(grace_days=int(grace_days), unit=unit), day)
    if not cells.line.size:
        raise NoData(f"no line pays in a month that is over by {day_text(day)}", "Give as_of, a later day.")
    last = int(index_of(np.array([day]), "month")[0]) - 1
    rows = held(
        customers.codes[cells.line], codes[cells.line], cells.month, cells.cents,
        quantity=None if quantities is None else cells.quantity, lapses=cells.lapses if grace_days else None,
        last=last, who=customers.labels,
    )  # fmt: skip
    return Table(_sorted_ledger(rows, customers.labels, names), notes)


def _sorted_ledger(rows: Any, customers: list[Any], products: list[Any]) -> dict[str, Any]:
    """The ledger with customers and products numbered in the order of their names."""
    ranks = [_ranks(customers), _ranks(products)]
    again = held(
        ranks[0][rows.customer], ranks[1][rows.product], rows.month, rows.cents, quantity=rows.quantity,
        lapses=rows.lapses, last=rows.last,
    )  # fmt: skip
    named = [[labels[i] for i in np.argsort(rank)] for labels, rank in zip((customers, products), ranks, strict=True)]
    return ledger_table(again, *named)


def _ranks(labels: list[Any]) -> np.ndarray:
    order = sorted(range(len(labels)), key=lambda i: (isinstance(labels[i], str), labels[i]))
    ranks = np.empty(len(labels), np.int64)
    ranks[order] = np.arange(len(labels))
    return ranks


def _as_of(as_of: Any, starts: np.ndarray, ends: np.ndarray) -> tuple[int, tuple[str, ...]]:
    """The day the data were taken; not given, the latest date in them up to today."""
    if as_of is not None:
        return int(as_of), ()
    seen = np.concatenate([starts, ends[ends < OPEN_ENDED]])
    seen = seen[seen <= today()]
    if not seen.size:
        raise NoData("no date is before today", "Give as_of, a later day.", argument="as_of")
    return int(seen.max()), (f"as of {day_text(int(seen.max()))}, the latest date up to today",)


def _named(cells: Coded | None, size: int) -> tuple[np.ndarray, list[Any]]:
    """Numbers and names of the products; what is blank is called nothing."""
    if cells is None:
        return np.zeros(size, np.int64), [""]
    return np.where(cells.codes < 0, len(cells.labels), cells.codes), [*cells.labels, ""]


def _intervals(cells: Coded | None, who: list[Any], starts: np.ndarray, ends: np.ndarray) -> Any:
    given = [None] * starts.size
    if cells is not None:
        given = [None if code < 0 else cells.labels[code] for code in cells.codes.tolist()]
    return months_of(given, who, starts, ends)


def _lines(
    customers: Coded,
    products: np.ndarray,
    starts: np.ndarray,
    ends: np.ndarray,
    amounts: np.ndarray,
    months: Any,
    quantities: np.ndarray | None,
) -> Lines:
    size = starts.size
    if (backwards := np.flatnonzero(ends < starts)).size:
        row = int(backwards[0])
        problem = f"ends[{customers.position(row)}] is before its start, {day_text(int(starts[row]))}"
        raise OutOfScale(problem, "Swap the two dates.", argument="ends", position=customers.position(row))
    never, nothing = np.full(size, OPEN_ENDED), [None] * size
    return Lines(
        ids=nothing, customers=customers.codes, products=products, starts=starts, ends=ends, amounts=amounts,
        months=months, quantities=np.full(size, np.nan) if quantities is None else quantities,
        discounts=np.zeros(size), discount_ends=never, signed=starts, notices=never,
        terminated=np.zeros(size, bool), renews=nothing, amends=nothing,
    )  # fmt: skip


def _balances(
    customers: Coded, months: np.ndarray, arr: np.ndarray, products: Coded | None, quantities: np.ndarray | None
) -> Any:
    codes, _ = _named(products, customers.codes.size)
    cents = to_cents(arr, "arr")
    return held(
        customers.codes, codes, index_of(months, "month"), cents, quantity=quantities, who=customers.labels
    )  # fmt: skip


@metric(
    title="ARR bridge",
    category=Category.REVENUE,
    columns=(
        Column("month", DATE, "first day of the month"),
        Column("opening", MONEY, "the month before's closing; in the first month its own"),
        Column("new", MONEY, "customers never seen before"),
        Column("expansion", MONEY, "customers whose changes add up to more"),
        Column("contraction", MONEY, "customers whose changes add up to less, as a positive amount"),
        Column("churned", MONEY, "customers who are gone, as a positive amount"),
        Column("reactivation", MONEY, "customers who are back"),
        Column("fx", MONEY, "what exchange rates did; in cells there is one currency, so 0"),
        Column("transfer", MONEY, "between customers that were merged; 0 in cells and in total"),
        Column("closing", MONEY, "all customers"),
        Column("open_renewal", MONEY, "the part of closing whose term is over; 0 for balances in cells"),
        Column("change_{n}", MONEY, "with detail: each class of the ledger, signed"),
    ),
    formula="closing = opening + new + expansion + reactivation + fx + transfer − contraction − churned",
    convention=(
        "By customer: swapping one product for another is no contraction. The first month is the opening balance. "
        "Products and quantities give finer classes and never change the columns."
    ),
    no_native="it gives a table; mrr_movements has a form in dynamic arrays",
    source=_SOURCE,
    example=Example(
        customers=["A", "B", "A"],
        months=[_JANUARY, _JANUARY, _FEBRUARY],
        arr=[100, 50, 120],
        result={
            "month": ["2026-01-01", "2026-02-01"],
            "opening": [150.0, 150.0],
            "new": [0.0, 0.0],
            "expansion": [0.0, 20.0],
            "contraction": [0.0, 0.0],
            "churned": [0.0, 50.0],
            "reactivation": [0.0, 0.0],
            "fx": [0.0, 0.0],
            "transfer": [0.0, 0.0],
            "closing": [150.0, 120.0],
            "open_renewal": [0.0, 0.0],
        },
    ),
)
def arr_bridge(
    customers: Annotated[Aligned, Id()],
    months: Annotated[Aligned, Day()],
    arr: Annotated[Aligned, Amount(signed=True)],
    products: Annotated[Aligned, Id(blanks=True)] = None,
    quantities: Annotated[Aligned, Number(0.0, blanks=True)] = None,
    detail: Literal["no", "yes"] = "no",
) -> Table:
    """How recurring revenue went from one month to the next, to the cent.

    Args:
        customers: Who pays, one a row.
        months: Any day of the month the row is for.
        arr: What is paid a year (or a month: the bridge is in the same unit).
        products: What is paid for.
        quantities: How many, such as seats.
        detail: Whether the classes of the ledger are shown too.
    """
    return Table(bridge_table(_balances(customers, months, arr, products, quantities), detail=detail == "yes"))


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
    rows = by_customer(_balances(customers, months, arr, None, None))
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
    codes, labels = _named(segments, months.size)
    first, span = int(months.min()), int(months.max() - months.min()) + 1
    key = customers.codes * span + months - first
    order = np.lexsort((codes, key))
    differs = (key[order][1:] == key[order][:-1]) & (codes[order][1:] != codes[order][:-1])
    if differs.any():
        row = int(order[1:][differs][0])
        who, month = customers.labels[customers.codes[row]], np.datetime64(int(months[row]), "M")
        problem = f"customer {who!r} is in two segments in {month}"
        raise WrongShape(problem, "Give one segment a customer and month.", argument="segments")
    ranks = _ranks(labels)
    used = sorted(set(codes.tolist()), key=lambda code: ranks[code])
    names, number = [labels[code] for code in used], {code: place for place, code in enumerate(used)}
    of_key = dict(zip(key.tolist(), codes.tolist(), strict=True))
    wanted = (rows.customer * span + rows.month - first).tolist()
    return np.array([number[of_key[k]] for k in wanted], np.int64), names


@metric(
    title="Usage as ARR",
    category=Category.REVENUE,
    columns=(
        Column("last_month_x12", MONEY, "the last month × 12"),
        Column("last_quarter_x4", MONEY, "the last three months × 4"),
        Column("trailing_year", MONEY, "the last twelve months"),
    ),
    formula="last month × 12; last three months × 4; last twelve months",
    convention="Beside ARR, never in it: usage above a committed minimum does not recur. Months without a row are 0.",
    no_native="it gives a table; each of the three is a sum of months",
    dynamic="""
        LET(places,YEAR(months)*12+MONTH(months), age,MAX(places)-places, reach,MAX(age)+1,
            cents,INT(amounts*100+0.5),
            latest,LAMBDA(many,times,IF(reach<many,"",times*SUM(cents*(age<many))/100)),
            table(HSTACK(latest(1,12),latest(3,4),latest(12,1))))
    """,
    source="Ordway, usage-based ARR",
    example=Example(
        amounts=[80, 90, 100, 100, 110, 120, 120, 130, 140, 150, 180, 210],
        months=[datetime.date(2025, month, 1) for month in range(1, 13)],
        result={"last_month_x12": [2520.0], "last_quarter_x4": [2160.0], "trailing_year": [1530.0]},
    ),
)
def usage_arr(amounts: Annotated[Aligned, Amount(signed=True)], months: Annotated[Aligned, Day()]) -> Table:
    """What usage would be worth a year, by three customs side by side.

    Args:
        amounts: Usage billed, one a row.
        months: Any day of the month it is for.
    """
    month, cents = index_of(months, "month"), to_cents(amounts, "amounts")
    age = int(month.max()) - month
    reach = int(age.max()) + 1

    def of_last(count: int, times: int) -> np.ndarray:
        known = reach >= count
        return from_cents(np.array([times * cents[age < count].sum()])) if known else np.array([_NAN])

    columns = {"last_month_x12": of_last(1, 12), "last_quarter_x4": of_last(3, 4), "trailing_year": of_last(12, 1)}
    return Table(columns)

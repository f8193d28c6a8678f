"""The revenue ledger in cells: what became of each customer's recurring revenue, told by class."""

import datetime
from typing import Annotated, Any, Literal

import numpy as np

from csmetrics_core.declaration.catalog import metric
from csmetrics_core.declaration.kinds import Amount, Day, Id, Number
from csmetrics_core.declaration.spec import DATE, MONEY, TEXT, Aligned, Category, Column, Each, Example
from csmetrics_core.errors import NoData, OutOfScale
from csmetrics_core.intake.cells import OPEN_ENDED
from csmetrics_core.intake.prepared import Coded
from csmetrics_core.maths.periods import day_text, index_of, today
from csmetrics_core.reductions.contract_lines import Lines, Terms, line_cells
from csmetrics_core.reductions.ledger_arrays import held, ledger_table
from csmetrics_core.reductions.ledger_cells import named, ranks
from csmetrics_core.reductions.terms import first_unpaid_days, months_of
from csmetrics_core.results import Table

_JANUARY, _FEBRUARY, _MARCH = (datetime.date(2026, month, 1) for month in (1, 2, 3))
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
    codes, names = named(products, customers.codes.size)
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
    places = [ranks(customers), ranks(products)]
    again = held(
        places[0][rows.customer], places[1][rows.product], rows.month, rows.cents, quantity=rows.quantity,
        lapses=rows.lapses, last=rows.last,
    )  # fmt: skip
    sorted_ = [
        [labels[i] for i in np.argsort(rank)] for labels, rank in zip((customers, products), places, strict=True)
    ]
    return ledger_table(again, *sorted_)


def _as_of(as_of: Any, starts: np.ndarray, ends: np.ndarray) -> tuple[int, tuple[str, ...]]:
    """The day the data were taken; not given, the latest date in them up to today."""
    if as_of is not None:
        return int(as_of), ()
    seen = np.concatenate([starts, ends[ends < OPEN_ENDED]])
    seen = seen[seen <= today()]
    if not seen.size:
        raise NoData("no date is before today", "Give as_of, a later day.", argument="as_of")
    return int(seen.max()), (f"as of {day_text(int(seen.max()))}, the latest date up to today",)


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

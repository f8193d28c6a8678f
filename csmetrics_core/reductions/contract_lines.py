"""Contract lines -> what each of them is worth at the end of each month, decided once for every door.

A line counts at the end of a month if it has started by then and its first unpaid day is later. What it is worth is
rounded to the cent once, exactly: 175.26 a year is 14.61 a month.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from csmetrics_core.errors import OutOfScale, off_scale
from csmetrics_core.intake.cells import OPEN_ENDED
from csmetrics_core.maths.periods import first_day, index_of
from csmetrics_core.reductions.money import to_cents

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
#: More line-months than this are not held in memory.
MOST_LINE_MONTHS = 50_000_000
_NEAR_HALF = 1e-6
_LATE = 3_000_000  # a day after all others, as far as calendars go


@dataclass(frozen=True)
class Lines:
    """Recurring lines, one value each; days are counted from 1970-01-01.

    Args:
        ids: what `renews` and `amends` refer to; None where a line has no name.
        customers, products: numbers of the customer and the product.
        starts: first day.
        ends: first day no longer paid, OPEN_ENDED while it runs.
        amounts: for one interval, before discount.
        months: months in an interval, as fractions.
        quantities: NaN where not known.
        discounts: off the amount, until `discount_ends`.
        signed: the day from which it is contracted.
        notices: the day notice was given, OPEN_ENDED where none was.
        terminated: whether its end was declared for good.
        renews, amends: ids of other lines.
        steps: line -> agreed steps, each a day, the new amount and the new quantity (None: unchanged), by day.
        free: line -> months, as numbers, in which nothing is paid.
        currencies: names; None where there is one currency.
    """

    ids: Sequence[Any]
    customers: Ints
    products: Ints
    starts: Ints
    ends: Ints
    amounts: Floats
    months: Sequence[Fraction]
    quantities: Floats
    discounts: Floats
    discount_ends: Ints
    signed: Ints
    notices: Ints
    terminated: Bools
    renews: Sequence[Any]
    amends: Sequence[Any]
    steps: Mapping[int, Sequence[tuple[int, float, float | None]]] = field(default_factory=dict)
    free: Mapping[int, Sequence[int]] = field(default_factory=dict)
    currencies: Sequence[str] | None = None


@dataclass(frozen=True)
class Terms:
    """How lines are counted.

    Args:
        grace_days: how long a term that is over stays open before it has lapsed.
        lapse_churn: whether a lapse is dated at the end of the grace or back at the end of the term.
        basis: "live" from the start, "contracted" from the signature.
        amendments: whether an amending line states the difference or the new total.
        overlap: whether a renewing line cuts the one it renews, or adds up.
        discounts: as billed, or spread over the term.
        unit: amounts a year, or a month.
    """

    grace_days: int = 0
    lapse_churn: Literal["at_grace", "backdated"] = "at_grace"
    basis: Literal["live", "contracted"] = "live"
    amendments: Literal["difference", "total"] = "difference"
    overlap: Literal["replace", "sum"] = "replace"
    discounts: Literal["as_billed", "spread"] = "as_billed"
    unit: Literal["year", "month"] = "year"

    def __post_init__(self) -> None:
        if isinstance(self.grace_days, bool) or self.grace_days != int(self.grace_days) or self.grace_days < 0:
            raise off_scale(
                "grace_days", None, self.grace_days, "a whole number of 0 or more", "Give days, such as 30."
            )
        for name in ("lapse_churn", "basis", "amendments", "overlap", "discounts", "unit"):
            words = get_args(type(self).__annotations__[name])
            if getattr(self, name) not in words:
                raise off_scale(name, None, getattr(self, name), f"one of {', '.join(words)}", "Choose one of them.")


@dataclass(frozen=True)
class Cells:
    """What lines are worth in months, sorted by line and month.

    Args:
        line: number of the line.
        month: number of the month.
        cents: at the month's rates.
        next: the same amount at the next month's rates.
        local: in the line's own currency, not rounded.
        quantity: NaN where not known.
        open: whether the term is over and not renewed yet.
        lapses: whether the line ends by lapsing.
        step: what the line's own terms changed since the month before, at this month's rates.
        step_quantity: the same of its quantity.
    """

    line: Ints
    month: Ints
    cents: Floats
    next: Floats
    local: Floats
    quantity: Floats
    open: Bools
    lapses: Bools
    step: Floats
    step_quantity: Floats


Rate = Callable[[str, int], float]


def line_cells(lines: Lines, terms: Terms, as_of: int, rate: Rate | None = None) -> Cells:
    """Value every line at the end of every month over by a day.

    Args:
        lines: what was read.
        terms: how it is counted.
        as_of: the day the data were taken.
        rate: what 1 of a currency is worth in a month; only asked for months that are over.

    Raises:
        OutOfScale: there are too many lines and months to hold.
    """
    last = int(index_of(np.array([as_of]), "month")[0]) - 1
    lines = _cut(lines, terms)
    stops, lapses = _stops(lines, terms, as_of)
    begins, until = _counted(lines, terms, stops, last)
    runs = np.maximum(until - begins, 0)
    if int(runs.sum()) > MOST_LINE_MONTHS:
        problem = f"{len(lines.ids):,} lines over {int(runs.sum()):,} months in all are too many to hold"
        raise OutOfScale(problem, "Give fewer lines, or a table of balances a month.")
    line = np.repeat(np.arange(runs.size), runs)
    month = begins[line] + np.arange(line.size) - np.repeat(np.cumsum(runs) - runs, runs)
    kept = _not_replaced(lines, terms, line, month)
    line, month = line[kept], month[kept]
    amount, quantity, exact = _in_force(lines, terms, line, month)
    paid = _once_paid(line, amount)
    line, month, amount, quantity = line[paid], month[paid], amount[paid], quantity[paid]
    exact_at = np.flatnonzero(paid)
    return _valued(lines, terms, (line, month, amount, quantity, lapses), lambda i: exact(int(exact_at[i])), rate, last)


def _cut(lines: Lines, terms: Terms) -> Lines:
    """Lines that are replaced by another end where that one starts."""
    references = [lines.amends] if terms.amendments == "total" else []
    references += [lines.renews] if terms.overlap == "replace" else []
    ends = lines.ends.copy()
    at: dict[Any, list[int]] = {}
    for row, name in enumerate(lines.ids):
        if name is not None:
            at.setdefault(name, []).append(row)
    for named in references:
        for row, name in enumerate(named):
            for other in at.get(name, ()) if name is not None else ():
                if other != row:
                    ends[other] = min(int(ends[other]), max(int(lines.starts[row]), int(lines.starts[other])))
    # What is replaced is neither open nor lapsed.
    return replace(lines, ends=ends, terminated=lines.terminated | (ends < lines.ends) | (ends <= lines.starts))


def _stops(lines: Lines, terms: Terms, as_of: int) -> tuple[Ints, Bools]:
    """The first day each line no longer counts, and whether it has lapsed by then."""
    grace, ends = int(terms.grace_days), lines.ends
    stops, lapsed = ends.copy(), np.zeros(ends.size, bool)
    closed = lines.terminated | (lines.notices <= as_of)
    waiting = np.flatnonzero((ends < OPEN_ENDED) & ~closed) if grace else np.zeros(0, np.int64)
    starts: dict[int, list[tuple[int, int]]] = {}
    for row, customer in enumerate(lines.customers.tolist()) if waiting.size else ():
        starts.setdefault(customer, []).append((int(lines.starts[row]), row))
    for row in waiting.tolist():
        end = int(ends[row])
        later = [s for s, other in starts[int(lines.customers[row])] if other != row and end <= s <= end + grace]
        if later:
            stops[row] = min(later)
        elif as_of < end + grace:
            stops[row] = OPEN_ENDED
        else:
            stops[row] = end if terms.lapse_churn == "backdated" else end + grace
            lapsed[row] = True
    return stops, lapsed


def _counted(lines: Lines, terms: Terms, stops: Ints, last: int) -> tuple[Ints, Ints]:
    """The months at whose ends each line counts: from the first up to but not including the second."""
    since = lines.signed if terms.basis == "contracted" else lines.starts
    if terms.basis == "contracted":
        stops = np.minimum(stops, lines.notices)
    until = np.where(stops >= OPEN_ENDED, last + 1, index_of(np.minimum(stops, _LATE), "month"))
    return index_of(since, "month"), np.minimum(until, last + 1)


def _not_replaced(lines: Lines, terms: Terms, line: Ints, month: Ints) -> Bools:
    """Contracted: a line is off once another one that follows on it has been signed."""
    kept = np.ones(line.size, bool)
    if terms.basis != "contracted":
        return kept
    groups: dict[tuple[int, int], list[int]] = {}
    for row, key in enumerate(zip(lines.customers.tolist(), lines.products.tolist(), strict=True)):
        groups.setdefault(key, []).append(row)
    from_month = np.full(len(lines.ids), np.iinfo(np.int64).max)
    for rows in groups.values():
        for row in rows:
            end = int(lines.ends[row])
            follows = [
                int(lines.signed[k]) for k in rows
                if k != row and end < OPEN_ENDED and end <= lines.starts[k] <= end + terms.grace_days
            ]  # fmt: skip
            if follows:
                from_month[row] = int(index_of(np.array([min(follows)]), "month")[0])
    return np.asarray(month < from_month[line])


def _in_force(lines: Lines, terms: Terms, line: Ints, month: Ints) -> tuple[Floats, Floats, Callable[[int], Fraction]]:
    """Amount for one interval and quantity of each line and month, and the amount as an exact fraction."""
    month = np.maximum(month, index_of(lines.starts, "month")[line])  # before its start a line is worth what it will be
    gross, quantity = lines.amounts[line].copy(), lines.quantities[line].copy()
    month_end = first_day(month + 1, "month") - 1
    for row, steps in lines.steps.items():
        here = np.flatnonzero(line == row)
        for day, amount, count in steps:
            later = here[month_end[here] >= day]
            gross[later] = amount
            quantity[later] = quantity[later] if count is None else count
    until = np.where(
        lines.discount_ends >= OPEN_ENDED, OPEN_ENDED, index_of(np.minimum(lines.discount_ends, _LATE), "month")
    )
    off = np.where(month < until[line], lines.discounts[line], 0.0)
    free = np.zeros(line.size, bool)
    for row, months in lines.free.items():
        free |= (line == row) & np.isin(month, np.asarray(months))
    if terms.discounts == "spread":
        off, free = _spread(lines, line, gross, off, free), np.zeros(line.size, bool)

    def exact(i: int) -> Fraction:
        return Fraction(0) if free[i] else Fraction(repr(float(gross[i]))) - Fraction(repr(float(off[i])))

    return np.where(free, 0.0, gross - off), quantity, exact


def _spread(lines: Lines, line: Ints, gross: Floats, off: Floats, free: Bools) -> Floats:
    """What the discounts and free months of a term take off on average, for lines whose term has an end."""
    reduced = np.where(free, gross, off)
    starts, ends = index_of(lines.starts, "month"), index_of(np.minimum(lines.ends, _LATE), "month")
    found = reduced.copy()
    for row in np.unique(line[reduced > 0]).tolist():
        months = int(ends[row] - starts[row])
        if lines.ends[row] >= OPEN_ENDED or months < 1:
            continue
        until = int(index_of(np.array([min(int(lines.discount_ends[row]), _LATE)]), "month")[0])
        discounted = max(0, min(months, until - int(starts[row])))
        given = [m for m in lines.free.get(row, ()) if starts[row] <= m < ends[row]]
        here = line == row
        also = sum(1 for m in given if m < until)  # a free month has no discount besides
        found[here] = (lines.discounts[row] * (discounted - also) + lines.amounts[row] * len(given)) / months
    return found


def _once_paid(line: Ints, amount: Floats) -> Bools:
    """Free months at the start do not count: a line is there from the month it first pays."""
    paid = np.cumsum(amount > 0)
    before = np.concatenate([[0], paid[:-1]]) if paid.size else paid
    begins = np.concatenate([[True], line[1:] != line[:-1]]) if line.size else np.zeros(0, bool)
    base = np.maximum.accumulate(np.where(begins, before, 0)) if line.size else before
    return np.asarray(paid > base)


def _valued(
    lines: Lines,
    terms: Terms,
    counted: tuple[Ints, Ints, Floats, Floats, Bools],
    exact: Callable[[int], Fraction],
    rate: Rate | None,
    last: int,
) -> Cells:
    """Cents of each line and month, and what of the change since the month before was agreed."""
    line, month, amount, quantity, lapses = counted
    factors = [Fraction(12 if terms.unit == "year" else 1) / months for months in lines.months]
    local = amount * np.array([float(f) for f in factors])[line]
    rates = _rates(lines, line, month, rate)
    after = _rates(lines, line, np.minimum(month + 1, last), rate)

    def cents(at: Floats | None, amounts: Floats, of: Callable[[int], Fraction]) -> Floats:
        worth = amounts if at is None else amounts * at

        def precisely(i: int) -> Fraction:
            return of(i) * factors[int(line[i])] * (1 if at is None else Fraction(repr(float(at[i]))))

        return exact_cents(worth, precisely)

    now = cents(rates, local, exact)
    follows = np.zeros(line.size, bool)
    follows[1:] = (line[1:] == line[:-1]) & (month[1:] == month[:-1] + 1)
    before = np.maximum(np.arange(line.size) - 1, 0)
    was = cents(rates, local[before], lambda i: exact(max(i - 1, 0))) if line.size else now
    month_end = first_day(month + 1, "month") - 1
    return Cells(
        line=line, month=month, cents=now, local=local, quantity=quantity,
        next=now if rate is None else cents(after, local, exact),
        open=lines.ends[line] <= month_end, lapses=lapses[line],
        step=np.where(follows, now - was, 0.0),
        step_quantity=np.where(follows, np.nan_to_num(quantity - quantity[before]), 0.0),
    )  # fmt: skip


def _rates(lines: Lines, line: Ints, month: Ints, rate: Rate | None) -> Floats | None:
    """What the currency of each line is worth in each month."""
    if rate is None or lines.currencies is None:
        return None
    found, known = np.ones(line.size), {}
    for place, (row, number) in enumerate(zip(line.tolist(), month.tolist(), strict=True)):
        key = lines.currencies[row], number
        if key not in known:
            known[key] = rate(*key)
        found[place] = known[key]
    return found


def exact_cents(worth: Floats, precisely: Callable[[int], Fraction]) -> Floats:
    """Whole cents, half a cent upwards; where a float cannot tell, from the exact fraction.

    Args:
        worth: amounts, as near as floats come.
        precisely: the exact amount at a place.
    """
    cents = to_cents(worth, "amount")
    apart = worth * 100 + 0.5
    doubtful = np.abs(apart - np.rint(apart)) < _NEAR_HALF * np.maximum(1.0, np.abs(apart) * 1e-6)
    for place in np.flatnonzero(doubtful & (worth != 0)).tolist():
        cents[place] = (precisely(place) * 100 + Fraction(1, 2)).__floor__()
    return cents

"""Rows of customers and months added up to balances, in whole cents; what became of them is the ledger's to say."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from csmetrics_core.errors import OutOfScale
from csmetrics_core.intake.prepared import Coded
from csmetrics_core.maths.periods import as_dates, first_day
from csmetrics_core.reductions.money import refuse_inexact_total

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Balances:
    """What each customer pays in each month, sorted by customer and month; nobody pays 0.

    Args:
        key: customer × `span` + months since `first`.
        cents: whole cents above 0.
        first, last: numbers of the first and the last month seen.
        span: months a customer takes up in `key`, with room for the look ahead.
        repeats: rows beyond the first of their customer and month.
        revalued: the same at the rates of a later month; None where there is one currency, NaN where not known.
    """

    key: Ints
    cents: Floats
    first: int
    last: int
    span: int
    repeats: int
    revalued: Floats | None = None

    @property
    def month(self) -> Ints:
        """Months since `first`."""
        return self.key % self.span

    @property
    def notes(self) -> tuple[str, ...]:
        """What the reader must know."""
        return repeats_note(self.repeats)


def repeats_note(repeats: int, what: str = "customer and month") -> tuple[str, ...]:
    """Say how many rows were added to another one of the same customer and month."""
    rows = "row repeats" if repeats == 1 else "rows repeat"
    return (f"{repeats} {rows} a {what} already there; the amounts were added up",) if repeats else ()


def balances(
    customers: Coded, months: Ints, cents: Floats, look_ahead: int = 1, revalued: Floats | None = None
) -> Balances:
    """Add up the rows of each customer and month.

    Args:
        customers: who pays, one a row.
        months: the number of the month, one a row.
        cents: whole cents, one a row.
        look_ahead: how many months later a customer is looked up again.
        revalued: what each row is worth at later rates, in whole cents.

    Raises:
        OutOfScale: a customer's month is below 0, or a month is too large to be exact.
    """
    first, last = int(months.min()), int(months.max())
    span = last - first + 1 + look_ahead
    refuse_inexact_total(float(np.bincount(months - first, np.abs(cents)).max()), "mrr")
    row = customers.codes * span + (months - first)
    key, total, distinct = _sums(row, cents, len(customers.labels) * span)
    if total.size and total.min() < 0:
        place = int(total.argmin())
        month = as_dates(first_day(np.array([key[place] % span + first]), "month"))[0]
        who = f"{customers.labels[int(key[place]) // span]!r} in {str(month)[:7]}"
        raise below_zero("mrr", who, float(total[place]))
    later = None if revalued is None else _at(key, row, revalued)
    return Balances(key, total, first, last, span, cents.size - distinct, later)


def _at(keys: Ints, row: Ints, values: Floats) -> Floats:
    """Values added up by key, for the keys there are."""
    found = np.minimum(np.searchsorted(keys, row), keys.size - 1)
    there = keys[found] == row if keys.size else np.zeros(row.size, bool)
    return np.asarray(np.bincount(found[there], values[there], keys.size), float)


def below_zero(argument: str, who: str, cents: float) -> OutOfScale:
    """The error for a customer who pays less than nothing."""
    return OutOfScale(
        f"{argument} of customer {who} adds up to {cents / 100:,.2f}; expected 0 or more",
        "A credit belongs to the subscription it reduces; leave one-time refunds out.",
        argument=argument,
    )


def _sums(key: Ints, cents: Floats, size: int) -> tuple[Ints, Floats, int]:
    """Sorted keys whose cents do not cancel out, their sums, and how many distinct keys there are."""
    if size <= 4 * key.size + 1_000_000:
        total = np.bincount(key, cents, size)
        distinct = int(np.count_nonzero(np.bincount(key, minlength=size)))
        keys = np.flatnonzero(total)
        return np.asarray(keys, np.int64), np.asarray(total[keys]), distinct
    order = np.argsort(key, kind="stable")
    ordered = key[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    total = np.add.reduceat(cents[order], starts)
    kept = total != 0
    return ordered[starts][kept], total[kept], starts.size


def month_column(first: int, months: int) -> NDArray[np.datetime64]:
    """The first days of consecutive months."""
    return as_dates(first_day(np.arange(first, first + months), "month"))


def divide(numerator: NDArray, denominator: NDArray) -> Floats:
    """A ratio that is blank where there is nothing to divide by."""
    blank = np.full(np.shape(denominator), np.nan)
    np.divide(np.asarray(numerator, float), denominator, out=blank, where=np.asarray(denominator) != 0)
    return blank

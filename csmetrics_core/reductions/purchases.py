"""Transactions -> what each customer bought and when, and whether that looks like somebody deciding each time."""

from dataclasses import dataclass, field
from math import inf, sqrt

import numpy as np
from numpy.typing import NDArray

from csmetrics_core.maths.periods import day_text
from csmetrics_core.models import Floats
from csmetrics_core.reductions.money import from_cents, to_cents

Ints = NDArray[np.int64]

# For purchases at random a pair's split is uniform on 0..1: mean and deviation of its squared distance from 1/2.
_RANDOM_SPREAD, _RANDOM_DEVIATION = 1 / 12, 1 / sqrt(180)
# Parts of a day at which a purchase may have happened, to average over.
_WITHIN_DAY = (np.arange(4) + 0.5) / 4
#: From here on, and beyond what chance would do once in a hundred times, intervals count as near-regular.
REGULAR = 3.0
_BEYOND_CHANCE = -2.33


@dataclass(frozen=True, eq=False)
class Histories:
    """What each customer bought; one element a customer with at least one purchase.

    Args:
        customer: number of the customer, ascending.
        purchases: days on which the customer bought.
        first, last: first and last of these days, days since 1970.
        repeat_spend: mean value of the purchases after the first; 0 where there is none.
        pairs: two neighbouring intervals in days a row, each interval in at most one row.
        notes: what was left out or set off, for the reader.
    """

    customer: Ints
    purchases: Ints
    first: Ints
    last: Ints
    repeat_spend: Floats
    pairs: Floats
    notes: tuple[str, ...] = field(default=())


def histories(customers: Ints, days: Ints, amounts: Floats, as_of: int) -> Histories:
    """Sum up transactions by customer and day; a day with a positive sum is one purchase.

    A day with a negative sum is a refund: it is taken off the customer's purchases before it, the latest
    first, and a purchase it uses up entirely no longer counts. A day that sums to nothing is no purchase.

    Args:
        customers: number of the customer of each transaction.
        days: its day, days since 1970.
        amounts: its value; negative for a refund.
        as_of: last day that counts.

    Example:
        >>> found = histories(np.array([0, 0, 0]), np.array([1, 8, 9]), np.array([50.0, 30.0, -10.0]), 10)
        >>> found.purchases.tolist(), found.repeat_spend.tolist()
        ([2], [20.0])
    """
    cents = to_cents(amounts, "amounts")
    known = days <= as_of
    customer, day, total = _by_day(customers[known], days[known], cents[known])
    bought = int(np.count_nonzero(total > 0))
    refunds, unmatched = _take_refunds(customer, total)
    kept = total > 0
    notes = []
    if (late := int(np.count_nonzero(~known))) > 0:
        notes.append(f"{late} rows after {day_text(as_of)} were left out.")
    if refunds:
        used_up = bought - int(np.count_nonzero(kept))
        before = f"; {unmatched} had no purchase left to set off" if unmatched else ""
        notes.append(f"{refunds} refunds were taken off earlier purchases, {used_up} of which no longer count{before}.")
    without = np.unique(customers).size - np.unique(customer[kept]).size
    if without:
        notes.append(f"{without} customers without a purchase are not listed.")
    return _summed_up(customer[kept], day[kept], from_cents(total[kept]), tuple(notes))


def _by_day(customers: Ints, days: Ints, cents: Floats) -> tuple[Ints, Ints, Floats]:
    """Sum of each customer and day, sorted by both."""
    order = np.lexsort((days, customers))
    customer, day = customers[order], days[order]
    new = np.ones(order.size, dtype=bool)
    new[1:] = (customer[1:] != customer[:-1]) | (day[1:] != day[:-1])
    starts = np.flatnonzero(new)
    total = np.add.reduceat(cents[order], starts) if starts.size else cents
    return customer[starts], day[starts], total


def _take_refunds(customer: Ints, total: Floats) -> tuple[int, int]:
    """Set refunds off against earlier purchases, in place; how many there were, and how many found none."""
    refunds = unmatched = 0
    open_purchases: list[int] = []
    for row in np.flatnonzero(np.isin(customer, customer[total < 0])).tolist():
        if open_purchases and customer[open_purchases[0]] != customer[row]:
            open_purchases = []
        if total[row] > 0:
            open_purchases.append(row)
        elif total[row] < 0:
            refunds += 1
            debt = -total[row]
            while debt > 0 and open_purchases:
                latest = open_purchases[-1]
                taken = min(debt, total[latest])
                total[latest] -= taken
                debt -= taken
                if total[latest] == 0:
                    open_purchases.pop()
            unmatched += debt > 0
    return refunds, unmatched


def _summed_up(customer: Ints, day: Ints, spend: Floats, notes: tuple[str, ...]) -> Histories:
    who, starts, purchases = np.unique(customer, return_index=True, return_counts=True)
    repeats = purchases - 1
    first = day[starts]
    sums = np.add.reduceat(spend, starts) if starts.size else spend
    repeat_spend = np.divide(sums - spend[starts], repeats, out=np.zeros(who.size), where=repeats > 0)
    # Place of each purchase among its customer's: pairs of intervals begin at every other one.
    place = np.arange(day.size) - np.repeat(starts, purchases)
    begins = np.flatnonzero((place % 2 == 0) & (place + 2 < np.repeat(purchases, purchases)))
    pairs = np.stack((day[begins + 1] - day[begins], day[begins + 2] - day[begins + 1]), axis=1).astype(float)
    return Histories(who, purchases, first, day[starts + repeats], repeat_spend, pairs, notes)


def regularity(pairs: Floats) -> tuple[float, bool]:
    """How regular the intervals between purchases are, and whether that is near-regular beyond chance.

    Purchases at random have a regularity of 1, every interval the same length an infinite one; invoices once
    a month reach hundreds. If every customer's intervals follow a gamma of shape k, whatever the rate, the
    share of the first in the sum of two has variance 1 ÷ (4 × (2k + 1)), which gives k. Days are taken as
    whole days within which a purchase may be at any hour, or frequent purchases would look regular.

    Args:
        pairs: two neighbouring intervals a row, in whole days, at least 1.

    Example:
        >>> k, regular = regularity(np.array([[30.0, 31.0], [31.0, 30.0], [28.0, 31.0]] * 3))
        >>> round(k), regular
        (413, True)

    Source: Wheat and Morrison (1990), Estimating purchase regularity with two interpurchase times, Journal
    of Marketing Research 27(1).
    """
    if not pairs.size:
        return 1.0, False
    squares = np.zeros(len(pairs))
    for early in _WITHIN_DAY:
        for late in _WITHIN_DAY:
            first, second = pairs[:, 0] - early, pairs[:, 1] - late
            squares += (first / (first + second) - 0.5) ** 2
    spread = float(squares.mean()) / _WITHIN_DAY.size**2
    k = (1 - 4 * spread) / (8 * spread) if spread > 0 else inf
    distance = (spread - _RANDOM_SPREAD) / (_RANDOM_DEVIATION / sqrt(len(pairs)))
    return k, k >= REGULAR and distance < _BEYOND_CHANCE

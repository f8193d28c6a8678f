"""Stays of customers -> customers gained and lost a period, read at the ends of the periods."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from csmetrics_core.errors import NoData, OutOfScale, off_scale
from csmetrics_core.intake.cells import OPEN_ENDED
from csmetrics_core.intake.prepared import Coded
from csmetrics_core.maths.periods import Period, as_dates, day_text, first_day, index_of
from csmetrics_core.reductions.flows import divide

Ints = NDArray[np.int64]
#: Customers who come and go: `came` for the first time, `returned`, and `left`, by the period it shows in.
TURNS = ("came", "returned", "left")


@dataclass(frozen=True)
class Turns:
    """Stage 1 of customer movements: TURNS a period.

    Args:
        first: number of the first period.
        counts: TURNS, one value a period from the first to the last seen.
        unfinished: the last period is not over yet.
        inside: stays that began and ended between two ends of periods.
    """

    first: int
    counts: Mapping[str, Ints]
    unfinished: bool
    inside: int


def merged(customers: Ints, starts: Ints, ends: Ints) -> tuple[Ints, Ints, Ints]:
    """Join overlapping and touching stays of one customer; sorted by customer and start."""
    order = np.lexsort((starts, customers))
    customers, starts = customers[order], starts[order]
    lift = customers * (2 * OPEN_ENDED)  # keeps the running maximum inside one customer
    latest = np.maximum.accumulate(ends[order] + lift) - lift
    gap = (customers[1:] != customers[:-1]) | (starts[1:] > latest[:-1])
    edge = np.ones(min(customers.size, 1), dtype=bool)
    begins = np.concatenate([edge, gap])
    return customers[begins], starts[begins], latest[np.concatenate([gap, edge])]


def turns(customers: Coded, starts: Ints, ends: Ints, period: Period, cut: int = OPEN_ENDED) -> Turns:
    """Stage 1 of customer movements.

    Args:
        customers: who, one a row.
        starts, ends: first day and first day no longer, half-open; OPEN_ENDED where there is no end.
        period: the length of a period.
        cut: a day; what begins then or later is left out, and what ends then is still open.

    Raises:
        OutOfScale: an end is before its start.
        NoData: nothing begins before that day.
    """
    if (backwards := np.flatnonzero(ends < starts)).size:
        row = int(backwards[0])
        raise ends_before_start(int(ends[row]), int(starts[row]), customers.position(row))
    begun = starts < cut
    if not begun.any():
        raise NoData(f"all starts are after {day_text(cut - 1)}", "Give customers who have begun.", argument="starts")
    customers = Coded(customers.codes[begun], customers.labels)
    starts, ends = starts[begun], np.where(ends[begun] >= cut, OPEN_ENDED, ends[begun])
    real = ends > starts
    seen = np.concatenate([starts, ends[ends < OPEN_ENDED]])
    first, last = (int(index_of(np.array([day]), period)[0]) for day in (starts.min(), seen.max()))
    who, since, until = merged(customers.codes[real], starts[real], ends[real])
    begins, stops = period_index(since, period), period_index(until, period)
    inside = int(np.count_nonzero(begins == stops))
    known_since = np.full(int(who.max(initial=-1)) + 1, last + 1)
    np.minimum.at(known_since, who, begins)
    lasting = begins < stops
    who, begins, stops = who[lasting], begins[lasting], stops[lasting]
    who, begins, stops = merged(who, begins, stops)
    fresh = begins == known_since[who]
    size = last - first + 1
    places = {"came": begins[fresh], "returned": begins[~fresh], "left": stops[stops <= last]}
    counts = {name: np.bincount(place - first, minlength=size) for name, place in places.items()}
    unfinished = int(first_day(np.array([last + 1]), period)[0]) - 1 > int(seen.max())
    return Turns(first, counts, unfinished, inside)


def period_index(days: Ints, period: Period) -> Ints:
    """The number of the period each day falls in; an open end stays open."""
    is_open = days >= OPEN_ENDED
    return np.where(is_open, OPEN_ENDED, index_of(np.where(is_open, 0, days), period))


def ends_before_start(end: int, start: int, position: int | None) -> OutOfScale:
    """The error for a stay that ends before it starts."""
    expected = f"a day on or after its start, {day_text(start)}"
    return off_scale("ends", position, day_text(end), expected, "Swap the two dates, or correct the end.")


def movements(seen: Turns, period: Period) -> tuple[dict[str, NDArray], tuple[str, ...]]:
    """Stage 2 of customer movements: columns a period, and notes."""
    came, returned, left = (seen.counts[name] for name in TURNS)
    closing = np.cumsum(came + returned - left)
    opening = closing - came - returned + left
    known = np.ones(closing.size, dtype=bool)
    known[-1] = not seen.unfinished
    churn = divide(left, opening)
    columns = {
        "period": as_dates(first_day(np.arange(seen.first, seen.first + closing.size), period)),
        "opening": opening,
        "new": came,
        "reactivation": returned,
        "churned": np.where(known, left, np.nan),
        "closing": np.where(known, closing, np.nan),
        "churn": np.where(known, churn, np.nan),
        "retention": np.where(known, 1 - churn, np.nan),
    }
    notes = []
    if seen.inside:
        stays = "stay" if seen.inside == 1 else "stays"
        notes.append(f"{seen.inside} {stays} began and ended inside one {period}: neither new nor churned")
    if seen.unfinished:
        notes.append(f"the last {period} is not over on the latest date seen: what churned in it is not known yet")
    return columns, tuple(notes)

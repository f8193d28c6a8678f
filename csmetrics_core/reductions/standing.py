"""Recurring revenue a customer and month -> who was there when, who came up for renewal, and who left."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from csmetrics_core.intake.prepared import Coded
from csmetrics_core.reductions.flows import balances

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
#: In place of a month or a segment that is not known.
UNKNOWN = -(10**6)


@dataclass(frozen=True)
class Terms:
    """What the contract of each customer says, one element a customer, or a row of months each.

    Args:
        months: how long it runs.
        began: the month the stay began; UNKNOWN where the customer was there from the first month on.
        renews: the month of the next renewal, as typed; UNKNOWN where it was not.
    """

    months: Ints
    began: Ints
    renews: Ints

    @property
    def dated(self) -> NDArray[np.bool_]:
        """Whether it is known in which months renewals fall."""
        known: NDArray[np.bool_] = (self.renews != UNKNOWN) | (self.began != UNKNOWN) | (self.months == 1)
        return known

    @property
    def anchor(self) -> Ints:
        """A month in which a renewal fell or falls, where that is known."""
        return np.where(self.renews != UNKNOWN, self.renews, np.where(self.began != UNKNOWN, self.began, 0))

    def number(self, month: Ints) -> Ints:
        """Which renewal of the stay falls in a month; negative where it is only known that it is this one or later."""
        unknown = self.began == UNKNOWN
        made: Ints = np.maximum(-((np.where(unknown, 0, self.began) - month) // self.months), 1)
        numbered: Ints = np.where(unknown, -made, made)
        return numbered


@dataclass(frozen=True)
class Standing:
    """What each customer pays in each month: a row a customer, a column a month.

    Args:
        paid: whole cents.
        segment: codes that do not depend on the order of rows; UNKNOWN where there is none.
        term: months a contract runs.
        renews: months since `first` of the next renewal; UNKNOWN where not given.
        first: number of the first month.
        notes: what the reader must know.
    """

    paid: Floats
    segment: Ints
    term: Ints
    renews: Ints
    first: int
    notes: tuple[str, ...] = ()

    @property
    def months(self) -> int:
        """How many months there are."""
        return int(self.paid.shape[1])

    @cached_property
    def began(self) -> Ints:
        """The month in which the stay of each cell began; UNKNOWN for those who were there from the first on."""
        there = self.paid > 0
        fresh = there.copy()
        fresh[:, 1:] &= ~there[:, :-1]
        began = np.maximum.accumulate(np.where(fresh, np.arange(self.months), 0), axis=1)
        return np.where(there & (began > 0), began, UNKNOWN)

    def terms(self, column: int | slice) -> Terms:
        """The contracts as they were in a month, or in several."""
        return Terms(self.term[:, column], self.began[:, column], self.renews[:, column])

    @property
    def monthly(self) -> Floats:
        """What all pay, by month."""
        total: Floats = self.paid.sum(axis=0)
        return total


@dataclass(frozen=True)
class Seen:
    """What happened from each month to the next; the first element belongs to the second month.

    Args:
        due, lost: customers who came up for renewal, and those of them who left: months × segments × renewals. The
            last segment is no segment. Renewals are counted from the front, and those of customers who were there
            from the first month on, counted from that month, from the back. Where it is not known in which month of a
            term a renewal falls, each month counts its part.
        off, off_lost: customers between renewals, and those of them who left.
        before, now: what those who stayed paid before and now, in cents.
    """

    due: Floats
    lost: Floats
    off: Floats
    off_lost: Floats
    before: Floats
    now: Floats

    def within(self, first: int, last: int) -> "Seen":
        """Some of the steps from month to month: the first and the one after the last."""
        return Seen(*(getattr(self, name)[first:last] for name in self.__dataclass_fields__))

    @property
    def all_lost(self) -> Floats:
        """Customers who left, by month."""
        total: Floats = self.lost.sum(axis=(1, 2)) + self.off_lost
        return total


def standing(
    customers: Coded,
    months: Ints,
    cents: Floats,
    segments: Coded | None,
    terms: NDArray | None,
    renews: Ints | None,
) -> Standing:
    """The months of each customer from rows.

    Args:
        customers, months, cents: who pays, the number of the month, whole cents; one a row.
        segments: the customer's segment then.
        terms: months the contract runs; None for 1.
        renews: the number of the month of the next renewal as it was known then.

    Raises:
        OutOfScale: a customer's month is below 0, or too large to be exact.
    """
    paid = balances(customers, months, cents, look_ahead=0)
    shape = (len(customers.labels), paid.span)
    flat = np.zeros(shape[0] * shape[1])
    flat[paid.key] = paid.cents
    key = customers.codes * paid.span + (months - paid.first)

    def latest(values: NDArray) -> Ints:
        return _carried(key, cents, values.astype(np.int64), shape)

    unknown = np.broadcast_to(np.int64(UNKNOWN), shape)
    return Standing(
        paid=flat.reshape(shape),
        segment=unknown if segments is None else latest(_ranked(segments, months, cents)),
        term=np.broadcast_to(np.int64(1), shape) if terms is None else np.maximum(latest(terms), 1),
        renews=unknown if renews is None else latest(renews - paid.first),
        first=paid.first,
        notes=paid.notes,
    )


def _ranked(segments: Coded, months: Ints, cents: Floats) -> Ints:
    """Segments numbered by when they came and what they paid then: by neither names, nor order of rows, nor later."""
    named = segments.codes >= 0
    code, month = segments.codes[named], months[named]
    came = np.full(len(segments.labels), np.iinfo(np.int64).max)
    np.minimum.at(came, code, month)
    paid = np.bincount(code, np.where(month == came[code], cents[named], 0.0), came.size)
    place = np.empty(came.size, np.int64)
    names = np.array([str(label) for label in segments.labels], dtype=np.str_)
    place[np.lexsort((names, paid, came))] = np.arange(came.size)
    ranked = np.full(segments.codes.size, UNKNOWN)
    ranked[named] = place[code]
    return ranked


def _carried(key: Ints, cents: Floats, values: Ints, shape: tuple[int, int]) -> Ints:
    """The value of each customer and month, that of the largest row, carried on until there is another."""
    known = values != UNKNOWN
    order = np.lexsort((values[known], cents[known], key[known]))
    flat = np.full(shape[0] * shape[1], UNKNOWN)
    flat[key[known][order]] = values[known][order]
    table = flat.reshape(shape)
    last = np.maximum.accumulate(np.where(table != UNKNOWN, np.arange(shape[1]), 0), axis=1)
    return np.take_along_axis(table, last, axis=1)


def seen(history: Standing, segments: int) -> Seen:
    """Count renewals and losses from month to month.

    Args:
        history: what each customer pays in each month.
        segments: how many segments there are.
    """
    paid, months = history.paid, history.months
    earlier, there = paid[:, :-1], paid[:, :-1] > 0
    left = there & (paid[:, 1:] == 0)
    terms = history.terms(slice(0, -1))
    month = np.broadcast_to(np.arange(1, months), there.shape)
    due = (month - terms.anchor) % terms.months == 0
    weight = np.where(terms.dated, due, 1 / terms.months) * there
    off = there & (weight == 0)
    number = terms.number(month)
    group = np.where(history.segment[:, :-1] == UNKNOWN, segments, history.segment[:, :-1])
    counted = weight > 0
    numbers = 2 * (months + 1)
    cell = (((month - 1) * (segments + 1) + group) * numbers + number % numbers)[counted]
    shape = (months - 1, segments + 1, numbers)

    def count(values: NDArray) -> Floats:
        total: Floats = np.bincount(cell, values[counted], shape[0] * shape[1] * shape[2]).astype(float)
        return total.reshape(shape)

    stayed = there & (paid[:, 1:] > 0)
    return Seen(
        due=count(weight),
        lost=count(left.astype(float)),
        off=off.sum(axis=0).astype(float),
        off_lost=(off & left).sum(axis=0).astype(float),
        before=(earlier * stayed).sum(axis=0),
        now=(paid[:, 1:] * stayed).sum(axis=0),
    )

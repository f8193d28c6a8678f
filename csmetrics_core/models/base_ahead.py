"""What today's customers will pay: the expected path, and the band within which it is likely to run."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from csmetrics_core.models import Floats
from csmetrics_core.models.renewal_hazards import Hazards
from csmetrics_core.reductions.standing import UNKNOWN, Terms

Ints = NDArray[np.int64]
_CLASSES = 500  # kinds of contract carried through the months at once
_GAMMA_LEAST = 1e-6


@dataclass(frozen=True)
class Contracts:
    """Today's customers, one element each.

    Args:
        amount: what each pays.
        segment: its segment, the last one for none.
        every: months between its renewals.
        first: months until the next one; 0 where it is not known in which month renewals fall.
        number: which renewal that will be; negative where it is this one or later.
    """

    amount: Floats
    segment: Ints
    every: Ints
    first: Ints
    number: Ints

    def only(self, chosen: NDArray | slice) -> "Contracts":
        """Some of them."""
        return Contracts(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))

    def contracted(self, horizon: int) -> Floats:
        """What is not yet due, now and after each month."""
        now = self.amount.sum()
        return np.array([now, *(self.amount[self.first > month].sum() for month in range(1, horizon + 1))])


def contracts(amount: Floats, segment: Ints, segments: int, terms: Terms, today: int) -> Contracts:
    """The contracts of those who pay something today."""
    ahead = terms.renews > today
    passed = terms.months - (today - terms.anchor) % terms.months
    first = np.where(terms.dated, np.where(ahead, terms.renews - today, passed), 0)
    pays = amount > 0
    known = np.where(segment == UNKNOWN, segments, segment)
    return Contracts(amount, known, terms.months, first, terms.number(today + np.maximum(first, 1))).only(pays)


@dataclass(frozen=True)
class Draws:
    """What is drawn once for all customers: paths × ...

    Args:
        chance: chances to leave: of each kind of renewal × paths.
        factor: by which losses of a month differ: months × paths.
        growth: what those who stay pay by then ÷ what they pay today: months × paths.
    """

    chance: Floats
    factor: Floats
    growth: Floats


def expected(today: Contracts, hazards: Hazards, horizon: int) -> Floats:
    """What today's customers are expected to pay, now and after each month."""
    kinds, _, amounts, _ = _kinds(today)
    left = np.ones(amounts.size)
    path = [float(amounts.sum())]
    for month in range(1, horizon + 1):
        left = left * (1 - _leaving(kinds, hazards, hazards.chance, month))
        path.append(float(amounts @ left) * hazards.mean_growth**month)
    return np.array(path)


def band(
    today: Contracts, hazards: Hazards, horizon: int, confidence: float, *, seed: int, paths: int, one_by_one: int
) -> tuple[Floats, Floats]:
    """The bounds between which the payments lie with that probability, now and after each month.

    Uncertain are the chances themselves, how months differ, who of the customers leaves, and what the others pay.

    Args:
        today, hazards, horizon, confidence: as they are called.
        seed: same seed, same band.
        paths: how many futures are drawn.
        one_by_one: of so many customers, the largest, each is drawn; of the others together mean and variance are
            enough.
    """
    random = np.random.default_rng(seed)
    draws = _draws(random, hazards, horizon, paths)
    order = np.lexsort((today.number, today.first, today.every, today.segment, -today.amount))
    large, small = today.only(order[:one_by_one]), today.only(order[one_by_one:])
    totals = _each(random, large, hazards, draws, horizon) + _together(random, small, hazards, draws, horizon)
    totals *= draws.growth
    low, high = np.quantile(totals, [(1 - confidence) / 2, (1 + confidence) / 2], axis=1)
    now = today.amount.sum()
    return np.concatenate(([now], low)), np.concatenate(([now], high))


def _kinds(today: Contracts) -> tuple[Contracts, Ints, Floats, Floats]:
    """Contracts that will be due alike: one of each kind, the kind of each, sums of amounts and of their squares."""
    columns = np.stack((today.segment, today.every, today.first, today.number))
    columns = columns - columns.min(axis=1, initial=0)[:, None]
    sizes = columns.max(axis=1, initial=0) + 1
    packed = np.ravel_multi_index(tuple(columns), tuple(sizes))
    _, first, kind = np.unique(packed, return_index=True, return_inverse=True)
    amount = today.amount
    sums, squares = (np.bincount(kind, part).astype(float) for part in (amount, amount * amount))
    return today.only(first), kind.astype(np.int64), sums, squares


def _leaving(kinds: Contracts, hazards: Hazards, chance: Floats, month: int) -> Floats:
    """The chance of each kind to leave in a month; of chances with paths, kinds × paths."""
    since = month - kinds.first
    dated = kinds.first > 0
    due = ~dated | ((since >= 0) & (since % kinds.every == 0))
    number = np.abs(kinds.number) + np.maximum(since, 0) // kinds.every
    number = np.sign(kinds.number) * np.minimum(number, hazards.source.shape[1] // 2 - 1)
    source = np.where(due, hazards.source[kinds.segment, number], hazards.off)
    scale = np.where(due, hazards.scale[kinds.segment, number], 1.0)
    part = np.where(dated, 1.0, 1.0 / kinds.every)
    found = chance[source]
    wide = (slice(None), *[None] * (found.ndim - 1))
    found = np.minimum(found * scale[wide], 1.0)
    return found if (part == 1).all() else 1 - (1 - found) ** part[wide]


def _draws(random: np.random.Generator, hazards: Hazards, horizon: int, paths: int) -> Draws:
    lost, kept = (_behind(part)[:, None] for part in (hazards.lost, hazards.due - hazards.lost))
    chance = random.beta(lost, kept, (hazards.lost.size, paths))
    chance[hazards.due == 0] = 0.0
    factor = _months_differ(random, hazards, horizon, paths)
    growth = np.ones((horizon, paths))
    if hazards.growth.size:
        mean = random.choice(hazards.growth, (hazards.growth.size, paths)).mean(axis=0)
        odd = random.choice(hazards.growth, (horizon, paths)) - hazards.mean_growth
        growth = np.cumprod(np.maximum(mean + odd, 0.0), axis=0)
    return Draws(chance, factor, growth)


def _months_differ(random: np.random.Generator, hazards: Hazards, horizon: int, paths: int) -> Floats:
    """By which losses of a month differ from the usual: months × paths."""
    spread = np.full(paths, hazards.spread) if hazards.months is None else hazards.months.spreads(random, paths)
    shape = 1 / np.maximum(spread, _GAMMA_LEAST)
    learnt = shape * max(hazards.growth.size, 1)  # the months learnt from differed too: their mean is off
    found: Floats = random.gamma(shape, 1 / shape, (horizon, paths)) * random.gamma(learnt, 1 / learnt, paths)
    return found


def _behind(counted: Floats) -> Floats:
    """What stands behind a chance: what was counted, half an observation where there was none.

    Then the chances drawn have the mean of those seen. With half a loss added to each step of some five losses they
    were a tenth too high, and the band lay too low.
    """
    return np.where(counted > 0, counted, 0.5)


def _each(random: np.random.Generator, some: Contracts, hazards: Hazards, draws: Draws, horizon: int) -> Floats:
    """What some customers pay, each of them drawn: months × paths."""
    paths = draws.chance.shape[1]
    totals = np.zeros((horizon, paths))
    if not some.amount.size:
        return totals
    kinds, kind, _, _ = _kinds(some)
    patience = random.random((some.amount.size, paths), dtype=np.float32)
    for here in _chunks(kinds.amount.size):
        members = np.flatnonzero((kind >= here.start) & (kind < here.stop))
        place, waits, amount = kind[members] - here.start, patience[members], some.amount[members]
        for month, left in _survival(kinds.only(here), hazards, draws, horizon):
            totals[month] += amount @ (waits < left.astype(np.float32)[place])
    return totals


def _together(random: np.random.Generator, some: Contracts, hazards: Hazards, draws: Draws, horizon: int) -> Floats:
    """What many small customers pay by mean and variance given the chances: months × paths."""
    paths = draws.chance.shape[1]
    mean, variance = np.zeros((horizon, paths)), np.zeros((horizon, paths))
    if not some.amount.size:
        return mean
    kinds, _, amounts, squares = _kinds(some)
    for here in _chunks(kinds.amount.size):
        for month, left in _survival(kinds.only(here), hazards, draws, horizon):
            mean[month] += amounts[here] @ left
            variance[month] += squares[here] @ (left * (1 - left))
    return np.maximum(mean + np.sqrt(variance) * random.standard_normal(paths), 0.0)


def _survival(kinds: Contracts, hazards: Hazards, draws: Draws, horizon: int) -> Iterator[tuple[int, Floats]]:
    """Month by month from 0, the share of each kind that is still there, on each path."""
    left = np.ones((kinds.amount.size, draws.chance.shape[1]))
    for month in range(horizon):
        leaving = _leaving(kinds, hazards, draws.chance, month + 1) * draws.factor[month]
        left = left * (1 - np.minimum(leaving, 1.0))
        yield month, left


def _chunks(size: int) -> list[slice]:
    return [slice(first, min(first + _CLASSES, size)) for first in range(0, size, _CLASSES)]

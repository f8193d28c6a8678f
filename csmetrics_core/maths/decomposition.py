"""A change of a ratio over segments, split into their mix and their rates, with what chance leaves open.

Source: Kitagawa (1955), Components of a difference between two rates, J. Amer. Stat. Assoc. 50, midpoint form.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from csmetrics_core.maths.inference import Floats, Spread, Tested, by_customer, cell_variance


@dataclass(frozen=True)
class Split:
    """The account of one change, an element a segment.

    Args:
        n0, n1: what the ratio is divided by in each segment, before and after.
        w0, w1: its share of all of them.
        r0, r1: the ratio of each segment; of one that is new or gone the other period's.
        total0, total1: the ratio of all.
        mix, rate: what each segment's share and its own ratio add; together they are total1 − total0.
    """

    n0: Floats
    n1: Floats
    w0: Floats
    w1: Floats
    r0: Floats
    r1: Floats
    total0: float
    total1: float
    mix: Floats
    rate: Floats

    @property
    def both(self) -> NDArray[np.bool_]:
        """Which segments are there before and after."""
        return np.asarray((self.n0 > 0) & (self.n1 > 0))

    @property
    def moved(self) -> Floats:
        """How far the ratio of each segment moved; 0 of one that is new or gone."""
        return self.r1 - self.r0

    @property
    def is_paradox(self) -> bool:
        """Whether every segment moved one way and the total the other (Simpson)."""
        moved, total = self.moved[self.both], self.total1 - self.total0
        if not moved.size or not total:
            return False
        return bool((moved * total < 0).all())

    def rate_influence(self) -> "Influence":
        """How the sum of rate effects reacts."""
        bar = np.where(self.both, (self.w0 + self.w1) / 2, 0.0)
        half = self.moved / 2
        return (half, -_over(bar, self.w0)), (half, _over(bar, self.w1))

    def mix_influence(self) -> "Influence":
        """How the sum of mix effects reacts."""
        shift, ratio = (self.w1 - self.w0) * np.where(self.both, 0.5, 1.0), (self.r0 + self.r1) / 2
        return (-ratio, _over(shift, self.w0)), (ratio, _over(shift, self.w1))


#: How an effect reacts before and after: to a segment's share (a), and to its ratio, a row of it (b).
Influence = tuple[tuple[Floats, Floats], tuple[Floats, Floats]]


def summed(codes: NDArray[np.int64], values: Floats, size: int) -> Floats:
    """Values added up by code."""
    return np.bincount(codes, values, size).astype(float, copy=False)


def _over(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.zeros(part.shape), where=whole > 0)


def split(n0: Floats, s0: Floats, n1: Floats, s1: Floats) -> Split:
    """Account for the change of Σs ÷ Σn over segments.

    Args:
        n0, s0, n1, s1: denominators and numerators of each segment, before and after; each period has some.
    """
    w0, w1 = n0 / n0.sum(), n1 / n1.sum()
    r0, r1 = _over(s0, n0), _over(s1, n1)
    r0, r1 = np.where(n0 > 0, r0, r1), np.where(n1 > 0, r1, r0)
    total0, total1 = float(s0.sum() / n0.sum()), float(s1.sum() / n1.sum())
    mix = (w1 - w0) * ((r0 + r1) / 2 - (total0 + total1) / 2)
    return Split(n0, n1, w0, w1, r0, r1, total0, total1, mix, (w0 + w1) / 2 * (r1 - r0))


@dataclass(frozen=True)
class Errors:
    """Standard errors of the two sums, and of each segment's rate effect."""

    mix: float
    rate: float
    rates: Floats


def errors(
    found: Split, sums: tuple[tuple[Floats, Floats], tuple[Floats, Floats]], spread: Spread, counted: bool
) -> Errors:
    """Standard errors where rows are independent.

    Args:
        sums: Σy and Σy² of each segment, before and after.
        spread: what the values are.
        counted: everybody is counted, so that how many are in a segment is no chance.
    """
    sizes, shares = (found.n0, found.n1), (found.w0, found.w1)
    variances = [cell_variance(n, s, q, spread) for n, (s, q) in zip(sizes, sums, strict=True)]

    def error(influence: Influence) -> float:
        total = 0.0
        for n, w, v, (share, b) in zip(sizes, shares, variances, influence, strict=True):
            a = np.zeros(share.shape) if counted else share
            total += float((w @ (a * a) - (w @ a) ** 2 + w @ (b * b * v)) / n.sum())
        return float(np.sqrt(total))

    bar = np.where(found.both, (found.w0 + found.w1) / 2, 0.0)
    own = sum(bar**2 * _over(v, n) for n, v in zip(sizes, variances, strict=True))
    size = 0.0 if counted else sum(w * (1 - w) / n.sum() for n, w in zip(sizes, shares, strict=True))
    rates = np.sqrt(own + found.moved**2 / 4 * size)
    return Errors(error(found.mix_influence()), error(found.rate_influence()), np.where(found.both, rates, np.nan))


@dataclass(frozen=True)
class Sums:
    """The rows behind a split.

    Args:
        x, y: what each adds to the numerator and the denominator.
        codes: its segment.
        second: whether it is of the later period.
        who: its customer, numbered from 0.
    """

    x: Floats
    y: Floats
    codes: NDArray[np.int64]
    second: NDArray[np.bool_]
    who: NDArray[np.int64]

    def by_customer(self, values: Floats) -> Floats:
        """Values of rows added up for each customer."""
        return summed(self.who, values, int(self.who.max()) + 1)

    def changed(self) -> NDArray[np.bool_]:
        """Which customers' own figure changed, came or went."""
        figures, there = [], []
        for side in (~self.second, self.second):
            x, y, rows = (self.by_customer(part * side) for part in (self.x, self.y, np.ones(self.x.size)))
            figures.append(np.divide(x, y, out=np.zeros(x.size), where=y != 0))
            there.append(rows > 0)
        return np.asarray((there[0] != there[1]) | ~np.isclose(figures[0], figures[1], rtol=1e-12, atol=0.0))


def tested_by_customer(found: Split, rows: Sums) -> tuple[Tested, Tested, list[Tested]]:
    """The sum of mix effects, that of rate effects, and each segment's rate effect, by what each customer adds."""
    after, code = rows.second, rows.codes
    base = np.where(after, found.n1.sum(), found.n0.sum())
    share = rows.y / base
    apart = (rows.x - np.where(after, found.r1[code], found.r0[code]) * rows.y) / base
    changed = rows.changed()

    def added(influence: Influence) -> Floats:
        (a0, b0), (a1, b1) = influence
        a = np.where(after, a1[code] - found.w1 @ a1, a0[code] - found.w0 @ a0)
        return rows.by_customer(a * share + np.where(after, b1[code], b0[code]) * apart)

    def tested(influence: Influence, effects: Floats) -> Tested:
        return by_customer(added(influence), float(effects.sum()), int(changed.sum())).first()

    (_, b0), (_, b1) = found.rate_influence()
    weighed = np.where(after, b1[code], b0[code]) * apart + found.moved[code] / 2 * share
    shares = [rows.by_customer(share * side) for side in (~after, after)]
    ends = np.cumsum(np.bincount(code, minlength=found.n0.size))
    segments = []
    for k, mine in enumerate(np.split(np.argsort(code, kind="stable"), ends[:-1])):
        own = summed(rows.who[mine], weighed[mine], changed.size)
        own -= found.moved[k] / 2 * (found.w0[k] * shares[0] + found.w1[k] * shares[1])
        count = int(changed[np.unique(rows.who[mine])].sum()) if found.both[k] else 0
        segments.append(by_customer(own, float(found.rate[k]), count).first())
    return tested(found.mix_influence(), found.mix), tested(found.rate_influence(), found.rate), segments

"""Whether two samples differ by more than chance: the tests behind every verdict, and the adjustment for making many.

Everything takes arrays and judges element by element, so that thirty thousand groups cost little more than one.
"""

from dataclasses import dataclass, fields
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from csmetrics_core.maths.intervals import FEWEST_CHANGED, critical_value, spread_by_customer, wilson_at

Floats = NDArray[np.float64]
Spread = Literal["share", "votes", "mean"]

#: A verdict needs a p-value of at most this, and 0 outside the interval of 1 − this.
ALPHA = 0.05
#: Below so many expected in a cell the normal approximation behind a score interval no longer decides.
FEW_EXPECTED = 5
_FURTHEST = 40.0  # standard errors; the normal tail beyond is below the smallest number
_HALVINGS = 60  # of those 40: the place is then exact to the last digit


@dataclass(frozen=True)
class Tested:
    """Differences between two samples, one an element.

    Args:
        change: the second less the first.
        low, high: its interval; NaN where the data do not allow one.
        p: the chance of so large a difference where there is none.
        df: degrees of freedom; infinite where the normal distribution is used.
        method: in words, for a person.
    """

    change: Any
    low: Any
    high: Any
    p: Any
    df: Any
    method: Any

    @property
    def outside(self) -> Any:
        """Whether the interval leaves 0 out and the p-value is small enough, before any adjustment."""
        return self.clear(self.p)

    def clear(self, p: Any) -> Any:
        """Whether the interval leaves 0 out and this p-value, adjusted or not, is small enough."""
        with np.errstate(invalid="ignore"):
            return (np.asarray(p) <= ALPHA) & ((np.asarray(self.low) > 0) | (np.asarray(self.high) < 0))

    def scaled(self, scale: float) -> "Tested":
        """The same in another unit."""
        return Tested(self.change * scale, self.low * scale, self.high * scale, self.p, self.df, self.method)

    def first(self) -> "Tested":
        """The only element, as plain numbers."""
        return Tested(*(np.asarray(getattr(self, field.name)).ravel()[0].item() for field in fields(self)))


def t_quantile(df: ArrayLike, confidence: float) -> Floats:
    """Two-sided critical value of Student's t; of the normal distribution where df is infinite."""
    from scipy.special import stdtrit

    df = np.asarray(df, dtype=float)
    finite = np.isfinite(df)
    return np.where(finite, stdtrit(np.where(finite, df, 1.0), 0.5 + confidence / 2), critical_value(confidence))


def t_p_value(t: ArrayLike, df: ArrayLike) -> Floats:
    """Probability of a Student's t at least this far from 0, on either side."""
    from scipy.special import ndtr, stdtr

    df, t = np.asarray(df, dtype=float), -np.abs(np.asarray(t, dtype=float))
    finite = np.isfinite(df)
    return np.asarray(2 * np.where(finite, stdtr(np.where(finite, df, 1.0), t), ndtr(t)))


def by_error(change: ArrayLike, centre: ArrayLike, error: ArrayLike, df: ArrayLike, method: str) -> Tested:
    """An estimate with its standard error, judged by Student's t."""
    with np.errstate(divide="ignore", invalid="ignore"):
        change, centre, error = (np.asarray(a, dtype=float) for a in (change, centre, error))
        distance = np.where(error > 0, np.abs(centre) / error, np.where(centre == 0, 0.0, np.inf))
        reach = t_quantile(df, 1 - ALPHA) * error
        p = np.where(np.isnan(error), np.nan, t_p_value(distance, df))
    return Tested(change, centre - reach, centre + reach, p, np.asarray(df, dtype=float), np.full(p.shape, method))


def _newcombe(x0: Floats, n0: Floats, x1: Floats, n1: Floats, z: Any) -> tuple[Floats, Floats]:
    (low0, high0), (low1, high1) = wilson_at(x0, n0, z), wilson_at(x1, n1, z)
    first, second = x0 / n0, x1 / n1
    low = second - first - np.sqrt((second - low1) ** 2 + (high0 - first) ** 2)
    return low, second - first + np.sqrt((high1 - second) ** 2 + (first - low0) ** 2)


def shares(x0: ArrayLike, n0: ArrayLike, x1: ArrayLike, n1: ArrayLike) -> Tested:
    """A share of n1 less a share of n0, independent samples.

    The interval is Newcombe's; the p-value is the level at which it reaches 0, so that the two never disagree.
    Where fewer than 5 are expected in a cell, Fisher's exact test decides.

    Source: Newcombe (1998), Statistics in Medicine 17, method 10; Fisher's exact test, two-sided.
    """
    x0, n0, x1, n1 = np.broadcast_arrays(*(np.asarray(a, dtype=float) for a in (x0, n0, x1, n1)))
    low, high = _newcombe(x0, n0, x1, n1, critical_value(1 - ALPHA))
    change, some = x1 / n1 - x0 / n0, x0 + x1
    expected = np.minimum(some, n0 + n1 - some) * np.minimum(n0, n1) / (n0 + n1)
    p, few = np.array(_newcombe_p(x0, n0, x1, n1)), expected < FEW_EXPECTED
    for place in map(tuple, np.argwhere(few)):
        p[place] = fisher(x0[place], n0[place], x1[place], n1[place])
    method = np.where(few, "Newcombe interval, Fisher exact p", "Newcombe interval and p")
    return Tested(change, low, high, p, np.full(change.shape, np.inf), method)


def _newcombe_p(x0: Floats, n0: Floats, x1: Floats, n1: Floats) -> Floats:
    """The level at which the interval reaches 0, found by halving."""
    from scipy.special import ndtr

    rises = x1 / n1 > x0 / n0
    near, far = np.zeros(x0.shape), np.full(x0.shape, _FURTHEST)
    for _ in range(_HALVINGS):
        middle = (near + far) / 2
        low, high = _newcombe(x0, n0, x1, n1, middle)
        outside = np.where(rises, low > 0, high < 0)
        near, far = np.where(outside, middle, near), np.where(outside, far, middle)
    return np.where(x1 * n0 == x0 * n1, 1.0, 2 * ndtr(-near))


def fisher(x0: float, n0: float, x1: float, n1: float) -> float:
    """Two-sided p-value of Fisher's exact test: all tables no likelier than the one seen.

    SciPy's own loads all of its statistics, most of a second, for the few lines that are needed here.
    """
    from scipy.special import gammaln

    some, everybody = x0 + x1, n0 + n1
    seen = np.arange(max(0.0, some - n0), min(some, n1) + 1)
    log = -(gammaln(seen + 1) + gammaln(n1 - seen + 1) + gammaln(some - seen + 1) + gammaln(n0 - some + seen + 1))
    chance = np.exp(log - log.max())
    chance /= chance.sum()
    likely = chance[int(x1 - seen[0])] if everybody else 1.0
    return float(min(1.0, chance[chance <= likely * (1 + 1e-7)].sum()))


def cell_variance(n: ArrayLike, total: ArrayLike, squares: ArrayLike, spread: Spread) -> Floats:
    """Variance of one value in each cell, never 0 among shares and votes: unanimous answers leave doubt.

    Args:
        n, total, squares: how many values, their sum and the sum of their squares.
        spread: shares add one success and one failure; votes ¾ each way and 1½ passives; a mean of
            a single value borrows the variance of the others.
    """
    n, total, squares = (np.asarray(a, dtype=float) for a in (n, total, squares))
    with np.errstate(divide="ignore", invalid="ignore"):
        if spread == "share":
            share = (total + 1) / (n + 2)
            variance = share * (1 - share)
        elif spread == "votes":
            variance = (squares + 1.5) / (n + 3) - (total / (n + 3)) ** 2
        else:
            own = np.maximum(squares - total * total / n, 0.0)
            pooled = np.sum(own, where=n > 1) / max(1.0, float(np.sum(np.maximum(n - 1, 0))))
            variance = np.where(n > 1, own / (n - 1), pooled)
    return np.where(n > 0, variance, 0.0)


def votes(n0: ArrayLike, s0: ArrayLike, q0: ArrayLike, n1: ArrayLike, s1: ArrayLike, q1: ArrayLike) -> Tested:
    """A mean of +1, 0, −1 votes less another: Welch's t on the adjusted samples.

    Args:
        n0, s0, q0, n1, s1, q1: votes, their sum and the sum of their squares, of the first and the second sample.

    Source: adjusted Wald, MeasuringU (Lewis and Sauro); Welch (1947), with n + 2 degrees of freedom a sample.
    """
    n0, s0, q0, n1, s1, q1 = (np.asarray(a, dtype=float) for a in (n0, s0, q0, n1, s1, q1))
    first, second = (cell_variance(n, s, q, "votes") / (n + 3) for n, s, q in ((n0, s0, q0), (n1, s1, q1)))
    change, centre = s1 / n1 - s0 / n0, s1 / (n1 + 3) - s0 / (n0 + 3)
    df = (first + second) ** 2 / (first**2 / (n0 + 2) + second**2 / (n1 + 2))
    tested = by_error(change, centre, np.sqrt(first + second), df, "adjusted votes, Welch t")
    # The adjusted samples lie nearer the middle: of a handful, all promoters, the interval would miss what was seen.
    low, high = np.maximum(np.minimum(tested.low, change), -2.0), np.minimum(np.maximum(tested.high, change), 2.0)
    return Tested(change, low, high, tested.p, df, tested.method)


def means(n0: ArrayLike, s0: ArrayLike, q0: ArrayLike, n1: ArrayLike, s1: ArrayLike, q1: ArrayLike) -> Tested:
    """A mean less another, by Welch's t; needs two values in each sample.

    Args:
        n0, s0, q0, n1, s1, q1: values, their sum and the sum of their squares, of the first and the second sample.

    Source: Welch (1947), The generalization of Student's problem, Biometrika 34.
    """
    n0, s0, q0, n1, s1, q1 = (np.asarray(a, dtype=float) for a in (n0, s0, q0, n1, s1, q1))
    with np.errstate(divide="ignore", invalid="ignore"):
        first, second = (
            np.where(n > 1, np.maximum(q - s * s / n, 0.0) / (n - 1) / n, np.nan)
            for n, s, q in ((n0, s0, q0), (n1, s1, q1))
        )
        change, both = s1 / n1 - s0 / n0, first + second
        df = np.where(both > 0, both**2 / (first**2 / (n0 - 1) + second**2 / (n1 - 1)), np.fmin(n0, n1) - 1)
    return by_error(change, change, np.sqrt(both), df, "Welch t")


def by_customer(added: ArrayLike, change: float, changed: int, what: str = "changed") -> Tested:
    """A figure or its change as a sum of what each customer adds, judged by the spread between customers.

    Args:
        added: what each customer adds, one an element; of a ratio, its linear part.
        change: the estimate itself.
        changed: customers whose own figure changed, came or went.
        what: they did, for the words.

    Source: see `intervals.spread_by_customer`.
    """
    if changed < FEWEST_CHANGED:
        customers = "1 customer" if changed == 1 else f"{changed} customers"
        nothing, method = np.float64(np.nan), f"only {customers} {what}; {FEWEST_CHANGED} are needed"
        return Tested(np.float64(change), nothing, nothing, nothing, nothing, method)
    return by_error(change, change, *spread_by_customer(np.asarray(added, dtype=float)), "by customer, t")


def ratio_added(x: ArrayLike, y: ArrayLike) -> tuple[Floats, float]:
    """What each customer adds to Σx ÷ Σy, linearised, and the ratio itself."""
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    base = float(y.sum())
    ratio = float(x.sum()) / base
    return (x - ratio * y) / base, ratio


def holm(p: ArrayLike) -> Floats:
    """P-values adjusted for how many tests were made; those that are NaN were not made.

    Source: Holm (1979), A simple sequentially rejective multiple test procedure.
    """
    p = np.asarray(p, dtype=float)
    order = np.argsort(p, kind="stable")[: np.count_nonzero(~np.isnan(p))]
    adjusted = np.full(p.shape, np.nan)
    steps = np.arange(order.size, 0, -1)
    adjusted[order] = np.maximum.accumulate(np.minimum(1.0, steps * p[order])) if order.size else p[order]
    return adjusted


def benjamini_hochberg(p: ArrayLike) -> Floats:
    """P-values adjusted so that of the findings a twentieth at most is expected to be chance.

    Source: Benjamini and Hochberg (1995), Controlling the false discovery rate.
    """
    p = np.asarray(p, dtype=float)
    order = np.argsort(p, kind="stable")[: np.count_nonzero(~np.isnan(p))]
    adjusted = np.full(p.shape, np.nan)
    ranked = p[order] * order.size / np.arange(1, order.size + 1)
    adjusted[order] = np.minimum(1.0, np.minimum.accumulate(ranked[::-1])[::-1]) if order.size else p[order]
    return adjusted


def shrunk(value: ArrayLike, overall: float, variance: ArrayLike) -> tuple[Floats, float]:
    """Values drawn towards the overall one by how little each is known, and the variance between them.

    Source: DerSimonian and Laird (1986), Meta-analysis in clinical trials.
    """
    value, variance = np.asarray(value, dtype=float), np.asarray(variance, dtype=float)
    known = np.isfinite(value) & np.isfinite(variance) & (variance > 0)
    if np.count_nonzero(known) < 2:
        return np.where(known, overall, value), 0.0
    weight = 1 / variance[known]
    centre = (weight * value[known]).sum() / weight.sum()
    surplus = (weight * (value[known] - centre) ** 2).sum() - (np.count_nonzero(known) - 1)
    between = float(max(0.0, surplus / (weight.sum() - (weight**2).sum() / weight.sum())))
    with np.errstate(divide="ignore", invalid="ignore"):
        pulled = overall + (value - overall) * between / (between + variance)
    return np.where(known, pulled, value), between

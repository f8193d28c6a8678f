"""Confidence intervals, one door each. Critical values are exact (1.95996..., not 1.96)."""

from collections.abc import Mapping
from functools import lru_cache
from math import sqrt
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from csmetrics_core.declaration.kinds import Level
from csmetrics_core.errors import off_scale

if TYPE_CHECKING:
    from statistics import NormalDist


@lru_cache
def _normal() -> "NormalDist":
    from statistics import NormalDist  # with the decimals and fractions behind it, a tenth of the package's import

    return NormalDist()


def confidence_level(level: Any) -> float:
    """A confidence level somebody gave.

    Raises:
        OutOfScale: it is no number above 0 and below 1.
    """
    kind = Level()
    known = isinstance(level, Real) and not isinstance(level, bool)
    if not known or not kind.accepts(np.array([level], dtype=float)):
        raise off_scale("confidence", None, level, kind.expected, kind.fix)
    return float(level)


def critical_value(confidence: float) -> float:
    """Two-sided critical value of the standard normal distribution."""
    return _normal().inv_cdf(0.5 + confidence / 2)


def two_sided_p(z: float) -> float:
    """Probability of a standard normal at least this far from zero, on either side."""
    return 2 * _normal().cdf(-abs(z))


def wilson(successes: ArrayLike, trials: ArrayLike, confidence: float) -> tuple[np.ndarray, np.ndarray]:
    """Wilson score interval of a proportion; arrays broadcast.

    Source: Wilson (1927); Brown, Cai and DasGupta (2001), Statistical Science 16(2).
    """
    return wilson_at(successes, trials, critical_value(confidence))


def wilson_at(successes: ArrayLike, trials: ArrayLike, z: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Wilson score interval that reaches z standard errors."""
    z, n = np.asarray(z, dtype=float), np.asarray(trials, dtype=float)
    share = np.asarray(successes, dtype=float) / n
    shrink = 1 + z * z / n
    centre = (share + z * z / (2 * n)) / shrink
    half = z / shrink * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    # At 0 and n the bound is exactly the end of the scale; rounding must not push it past.
    low = np.where(share == 0, 0.0, np.maximum(centre - half, 0.0))
    high = np.where(share == 1, 1.0, np.minimum(centre + half, 1.0))
    return low, high


#: Wilson's interval in functions of Excel 365: TIMES × the bounds of PART out of WHOLE.
_WILSON = """
            LET(size,WHOLE, p,PART/size, z,NORM.S.INV(0.5+confidence/2), shrink,1+z*z/size,
                centre,(p+z*z/(2*size))/shrink, half,z/shrink*SQRT(p*(1-p)/size+z*z/(4*size*size)),
                HSTACK(TIMES*IF(p=0,0,MAX(centre-half,0)),TIMES*IF(p=1,1,MIN(centre+half,1))))"""


def wilson_form(part: str, whole: str, times: int = 1) -> str:
    """Wilson's interval of two expressions, as Excel 365 computes it."""
    return _WILSON.replace("WHOLE", whole).replace("PART", part).replace("TIMES", str(times))


def newcombe(successes: tuple[float, float], trials: tuple[float, float], confidence: float) -> tuple[float, float]:
    """Hybrid score interval of the second proportion minus the first, independent samples.

    Source: Newcombe (1998), Statistics in Medicine 17, pp. 873-890, method 10.
    """
    (low_1, low_2), (high_1, high_2) = wilson(successes, trials, confidence)
    first, second = (s / n for s, n in zip(successes, trials, strict=True))
    low = second - first - sqrt((second - low_2) ** 2 + (high_1 - first) ** 2)
    high = second - first + sqrt((high_2 - second) ** 2 + (first - low_1) ** 2)
    return float(low), float(high)


def adjusted_votes(mean: float, mean_square: float, n: float) -> tuple[float, float]:
    """Estimate and standard error of a mean of +1, 0, -1 votes, three neutral-on-balance votes added.

    The three are ¾ promoter, ¾ detractor and 1½ passive: they leave the sum alone and keep the
    width above zero when everybody agrees. For fractional or weighted votes `n` is the effective number.

    Source: adjusted Wald for the Net Promoter Score, MeasuringU (Lewis and Sauro); compare Rocks (2016).
    """
    estimate = mean * n / (n + 3)
    spread = (mean_square * n + 1.5) / (n + 3) - estimate**2
    return estimate, sqrt(spread / (n + 3))


def nps_bounds(mean: float, mean_square: float, n: float, confidence: float) -> tuple[float, float]:
    """Adjusted Wald interval of a Net Promoter Score in points, clipped to ±100; it holds the score."""
    estimate, error = adjusted_votes(mean, mean_square, n)
    reach, seen = critical_value(confidence) * error, 100 * mean
    low, high = max(-100.0, 100 * (estimate - reach)), min(100.0, 100 * (estimate + reach))
    return min(low, seen), max(high, seen)


def mean_interval(values: np.ndarray, confidence: float) -> tuple[float, float]:
    """Student's t interval of a mean; needs two values.

    Source: Student (1908); the quantile is SciPy's.
    """
    if values.size < 2:
        return float("nan"), float("nan")
    centre = float(values.mean())
    reach = _student(values.size - 1, confidence) * float(values.std(ddof=1)) / sqrt(values.size)
    return centre - reach, centre + reach


#: So many customers must have changed, come or gone before a spread by customer says anything.
FEWEST_CHANGED = 5
#: A cohort of fewer customers has no interval.
FEWEST_CUSTOMERS = 10


def spread_by_customer(adds: np.ndarray) -> tuple[float, float]:
    """Standard error of a sum over customers, and the degrees of freedom of its Student's t.

    Args:
        adds: what each customer adds to the sum, over all its rows; two customers at least. For a ratio X/Y it is
            (x − R·y)/Y, for a change that after less before.

    The degrees come from the kurtosis, so that a few large customers widen the interval as they should.

    Source: Satterthwaite (1946) with the variance of a sample variance; simulated on skewed revenue of 10 to 1,000
    customers it covers 93-97 %, a percentile bootstrap by customer 71-95 %.
    """
    apart = adds - adds.mean()
    return _spread(adds.size, float((apart**2).sum()), float((apart**4).sum()))


def _spread(n: int, squares: float, fourths: float) -> tuple[float, float]:
    """Standard error of a sum of n, and its degrees of freedom, from sums of powers of what each adds."""
    if not (squares**2):
        return 0.0, float(n - 1)
    return sqrt(n / (n - 1) * squares), float(fitted_degrees(n, 1.0, fourths / squares**2))


def fitted_degrees(n: ArrayLike, squares: ArrayLike, fourths: ArrayLike) -> np.ndarray:
    """Degrees of freedom by how evenly customers share a spread, from 1 to n − 1; arrays broadcast.

    Args:
        n: how many customers.
        squares, fourths: sums of the second and the fourth powers of what each adds, less the mean.
    """
    n = np.asarray(n, dtype=float)
    inverse = np.asarray(fourths, dtype=float) / np.square(np.asarray(squares, dtype=float)) - 1 / n
    return np.asarray(np.maximum(1.0, 2 / np.maximum(inverse, 2 / (n - 1))))


def _student(degrees: float, confidence: float) -> float:
    """Two-sided critical value of Student's t; the degrees may be a fraction."""
    from scipy.special import stdtrit

    return float(stdtrit(degrees, 0.5 + confidence / 2))


def by_customer(estimate: float, adds: np.ndarray, changed: int, confidence: float) -> tuple[float, float]:
    """Student's t interval of a figure summed over customers; missing below `FEWEST_CHANGED` who changed.

    Args:
        estimate: the figure.
        adds: what each customer adds to it, see `spread_by_customer`.
        changed: how many customers' own figure changed, came or went.
        confidence: confidence level.
    """
    if changed < FEWEST_CHANGED or adds.size < 2:
        return float("nan"), float("nan")
    error, degrees = spread_by_customer(adds)
    reach = _student(degrees, confidence) * error
    return estimate - reach, estimate + reach


#: Sums of products of then (x) and the change since (d) that the spread of net retention is made of.
MOMENTS = {
    "xx": (0, 2), "dx": (1, 1), "dd": (2, 0), "xxxx": (0, 4), "dxxx": (1, 3), "ddxx": (2, 2), "dddx": (3, 1),
    "dddd": (4, 0),
}  # fmt: skip


def net_retention_interval(then: np.ndarray, now: np.ndarray, confidence: float) -> tuple[float, float]:
    """Interval of Σ now ÷ Σ then over the customers of a cohort; missing below 10 of them or where few changed."""
    change = now - then
    moments = {name: float((change**d * then**x).sum()) for name, (d, x) in MOMENTS.items()}
    sums = {"n": then.size, "x": float(then.sum()), "d": float(change.sum()), "changed": np.count_nonzero(change)}
    return net_retention_from_sums({**sums, **moments}, confidence)


def net_retention_from_sums(sums: Mapping[str, Any], confidence: float) -> tuple[float, float]:
    """The same from sums over the customers, as one pass over a table gives them.

    Args:
        sums: n, x (Σ then), d (Σ now − then), changed (customers whose own figure did), and MOMENTS.
        confidence: confidence level.
    """
    n, base = int(sums["n"]), float(sums["x"])
    if n < FEWEST_CUSTOMERS or base <= 0 or sums["changed"] < FEWEST_CHANGED:
        return float("nan"), float("nan")
    kept = float(sums["d"]) / base
    # A customer adds u = (d − kept·x) ÷ Σx, and these add up to 0.
    squares = sums["dd"] - 2 * kept * sums["dx"] + kept**2 * sums["xx"]
    fourths = sums["dddd"] - 4 * kept * sums["dddx"] + 6 * kept**2 * sums["ddxx"]
    fourths += kept**4 * sums["xxxx"] - 4 * kept**3 * sums["dxxx"]
    error, degrees = _spread(n, max(float(squares), 0.0), max(float(fourths), 0.0))
    reach = _student(degrees, confidence) * error / base
    return max(0.0, 1 + kept - reach), 1 + kept + reach


def gross_retention_interval(then: np.ndarray, now: np.ndarray, confidence: float) -> tuple[float, float]:
    """Wilson's interval of Σ min(then, now) ÷ Σ then with the effective number of customers; missing where few.

    Source: Kish (1965), Survey Sampling: as many equal customers would vary as these do, (Σx)² ÷ Σx².
    """
    base, kept = float(then.sum()), float(np.minimum(then, now).sum())
    return gross_retention_from_sums(then.size, base, kept, float((then**2).sum()), confidence)


def gross_retention_from_sums(
    n: int, base: float, kept: float, squares: float, confidence: float
) -> tuple[float, float]:
    """The same from the number of customers, Σ then, Σ min(then, now) and Σ then²."""
    if n < FEWEST_CUSTOMERS or base <= 0 or (effective := base**2 / squares) < 2:
        return float("nan"), float("nan")
    low, high = wilson(kept / base * effective, effective, confidence)
    return float(low), float(high)

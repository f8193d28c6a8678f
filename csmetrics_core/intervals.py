"""Confidence intervals, one door each. Critical values are exact (1.95996..., not 1.96)."""

from functools import lru_cache
from math import sqrt
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from csmetrics_core.errors import off_scale
from csmetrics_core.kinds import Level

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
    """Adjusted Wald interval of a Net Promoter Score in points, clipped to ±100."""
    estimate, error = adjusted_votes(mean, mean_square, n)
    reach = critical_value(confidence) * error
    return max(-100.0, 100 * (estimate - reach)), min(100.0, 100 * (estimate + reach))


def mean_interval(values: np.ndarray, confidence: float) -> tuple[float, float]:
    """Student's t interval of a mean; needs two values.

    Source: Student (1908); the quantile is SciPy's.
    """
    from scipy.special import stdtrit

    if values.size < 2:
        return float("nan"), float("nan")
    centre = float(values.mean())
    reach = float(stdtrit(values.size - 1, 0.5 + confidence / 2)) * float(values.std(ddof=1)) / sqrt(values.size)
    return centre - reach, centre + reach


#: So many customers must have changed, come or gone before a spread by customer says anything.
FEWEST_CHANGED = 5


def spread_by_customer(adds: np.ndarray) -> tuple[float, float]:
    """Standard error of a sum over customers, and the degrees of freedom of its Student's t.

    Args:
        adds: what each customer adds to the sum, over all its rows; two customers at least. For a ratio X/Y it is
            (x − R·y)/Y, for a change that after less before.

    The degrees come from the kurtosis, so that a few large customers widen the interval as they should.

    Source: Satterthwaite (1946) with the variance of a sample variance; simulated on skewed revenue of 10 to 1,000
    customers it covers 93-97 %, a percentile bootstrap by customer 71-95 %.
    """
    n = adds.size
    apart = adds - adds.mean()
    squares = float((apart**2).sum())
    if not squares:
        return 0.0, float(n - 1)
    fourths = float(((apart**2 / squares) ** 2).sum())
    return sqrt(n / (n - 1) * squares), float(fitted_degrees(n, 1.0, fourths))


def fitted_degrees(n: ArrayLike, squares: ArrayLike, fourths: ArrayLike) -> np.ndarray:
    """Degrees of freedom by how evenly customers share a spread, from 1 to n − 1; arrays broadcast.

    Args:
        n: how many customers.
        squares, fourths: sums of the second and the fourth powers of what each adds, less the mean.
    """
    n = np.asarray(n, dtype=float)
    inverse = np.asarray(fourths, dtype=float) / np.square(np.asarray(squares, dtype=float)) - 1 / n
    return np.asarray(np.maximum(1.0, 2 / np.maximum(inverse, 2 / (n - 1))))


def by_customer(estimate: float, adds: np.ndarray, changed: int, confidence: float) -> tuple[float, float]:
    """Student's t interval of a figure summed over customers; missing below `FEWEST_CHANGED` who changed.

    Args:
        estimate: the figure.
        adds: what each customer adds to it, see `spread_by_customer`.
        changed: how many customers' own figure changed, came or went.
        confidence: confidence level.
    """
    from scipy.special import stdtrit

    if changed < FEWEST_CHANGED or adds.size < 2:
        return float("nan"), float("nan")
    error, degrees = spread_by_customer(adds)
    reach = float(stdtrit(degrees, 0.5 + confidence / 2)) * error
    return estimate - reach, estimate + reach


def net_retention_interval(then: np.ndarray, now: np.ndarray, confidence: float) -> tuple[float, float]:
    """Interval of Σ now ÷ Σ then over the customers of a cohort; missing below 10 of them or where few changed."""
    base = float(then.sum())
    if then.size < 10 or not base:
        return float("nan"), float("nan")
    # Summed from the changes, so that customers who changed alike leave no crumbs of rounding.
    net = (now - then) / base
    kept = float((now - then).sum()) / base
    low, high = by_customer(1 + kept, net - kept * (then / base), int(np.count_nonzero(now != then)), confidence)
    return max(0.0, low) if low == low else low, high


def effective_number(weights: np.ndarray) -> float:
    """How many equal customers would vary as these do: (Σx)² ÷ Σx².

    Source: Kish (1965), Survey Sampling.
    """
    return float(weights.sum()) ** 2 / float((weights**2).sum())


def gross_retention_interval(then: np.ndarray, now: np.ndarray, confidence: float) -> tuple[float, float]:
    """Wilson's interval of Σ min(then, now) ÷ Σ then with the effective number of customers; missing where few."""
    if then.size < 10 or (n := effective_number(then)) < 2:
        return float("nan"), float("nan")
    kept = float(np.minimum(then, now).sum()) / float(then.sum())
    low, high = wilson(kept * n, n, confidence)
    return float(low), float(high)

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
    z = critical_value(confidence)
    n = np.asarray(trials, dtype=float)
    share = np.asarray(successes, dtype=float) / n
    shrink = 1 + z * z / n
    centre = (share + z * z / (2 * n)) / shrink
    half = z / shrink * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    # At 0 and n the bound is exactly the end of the scale; rounding must not push it past.
    low = np.where(share == 0, 0.0, np.maximum(centre - half, 0.0))
    high = np.where(share == 1, 1.0, np.minimum(centre + half, 1.0))
    return low, high


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

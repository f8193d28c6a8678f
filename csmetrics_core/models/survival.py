"""How long customers stay when many have not left yet: the Kaplan-Meier estimate and what follows from it.

SciPy's censored `ecdf` gives the same curve and the same interval (the tests hold the two together), but
neither the numbers at risk nor customers who came under observation late, so the product is taken here.
"""

from dataclasses import dataclass
from math import exp, log, sqrt

import numpy as np
from numpy.typing import ArrayLike

from csmetrics_core.maths.intervals import critical_value
from csmetrics_core.models import Floats

# Products of fractions such as 3/4 · 2/3 may end a rounding error above one half.
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class SurvivalCurve:
    """A Kaplan-Meier estimate: one element for each distinct time at which somebody left.

    Args:
        time: durations at which customers left, ascending.
        at_risk: customers under observation just before each time.
        lost: customers who left at each time.
        survival: share who stay longer than each time.
        variance: Greenwood's variance of that share; NaN once nobody is left.
        last_time: the longest duration observed; beyond it the curve is unknown unless it has reached 0.
        broke_off: everybody at risk left while others were still to be observed, which can only happen with
            late entries; from there on the curve is 0 whatever those others do and means nothing.
    """

    time: Floats
    at_risk: Floats
    lost: Floats
    survival: Floats
    variance: Floats
    last_time: float
    broke_off: bool


@dataclass(frozen=True, slots=True)
class RestrictedMean:
    """Mean lifetime within a horizon, its variance, the horizon, and how many left within it."""

    mean: float
    variance: float
    horizon: float
    lost: int

    def interval(self, confidence: float) -> tuple[float, float]:
        """Interval of the mean, between 0 and the horizon; NaN where fewer than two left.

        Taken on the log-odds of mean ÷ horizon, with the variance times m ÷ (m - 1) for m customers lost: at
        95 % it covered 95-97 % of the time in simulations of 15 to 100 customers, where mean ± 1.96 standard
        errors fell to 90 %.

        Source of the factor: Kaplan and Meier (1958), JASA 53, section 6.
        """
        if self.lost < 2 or not self.variance > 0:
            return float("nan"), float("nan")
        share = self.mean / self.horizon
        error = sqrt(self.variance * self.lost / (self.lost - 1)) / self.horizon
        reach = critical_value(confidence) * error / (share * (1 - share))
        odds = log(share / (1 - share))
        return self.horizon / (1 + exp(reach - odds)), self.horizon / (1 + exp(-reach - odds))


def kaplan_meier(durations: Floats, churned: ArrayLike, entered: Floats | None = None) -> SurvivalCurve:
    """Estimate the share of customers who stay longer than each duration.

    A customer still there after `durations` (censored) counts as at risk for somebody who leaves at that
    same duration. With `entered`, a customer counts from that age on: those who had left before the records
    begin are not in the data, so the others must not count as survivors of ages nobody was watching.

    Args:
        durations: age at churn, or age today for those still there; zero or more.
        churned: whether each left (true) or is still there (false).
        entered: age at which each came under observation; 0 when seen from the start.

    Example:
        >>> curve = kaplan_meier(np.array([2.0, 5.0, 5.0, 9.0]), [True, True, False, False])
        >>> curve.time.tolist(), curve.survival.tolist()
        ([2.0, 5.0], [0.75, 0.5])

    Source: Kaplan and Meier (1958), JASA 53; variance: Greenwood (1926); late entry: Cole and Hudgens
    (2010), AIDS 24(16).
    """
    left = np.asarray(churned, dtype=bool)
    if durations.size == 0 or left.shape != durations.shape:
        raise ValueError("durations and churned need the same length, at least 1")
    if entered is not None and (entered.shape != durations.shape or (entered > durations).any()):
        raise ValueError("entered needs one age a customer, none above the duration")
    time, lost = np.unique(durations[left], return_counts=True)
    at_risk = durations.size - np.searchsorted(np.sort(durations), time, side="left")
    if entered is not None:
        # Seen from the start means at risk at age 0 too; a late entrant is at risk only after the entry.
        late = np.sort(entered[entered > 0])
        at_risk = at_risk - (late.size - np.searchsorted(late, time, side="left"))
    survival = np.cumprod((at_risk - lost) / at_risk).astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = survival**2 * np.cumsum(lost / (at_risk * (at_risk - lost)))
    last_time = float(durations.max())
    gone = np.flatnonzero(survival == 0)
    broke_off = bool(gone.size) and float(time[gone[0]]) < last_time
    return SurvivalCurve(time, at_risk.astype(float), lost.astype(float), survival, variance, last_time, broke_off)


def survival_interval(curve: SurvivalCurve, confidence: float) -> tuple[Floats, Floats]:
    """Pointwise interval of the survival share, on the log(-log) scale; NaN once nobody is left.

    It stays inside 0 and 1. At 95 % it covered 92-99 % of the time in simulations of 15 to 100 customers
    with up to 43 % censored, where the plain interval fell to 83 % and the log interval to 85 %.

    Example:
        >>> curve = kaplan_meier(np.array([2.0, 5.0, 5.0, 9.0]), [True, True, False, False])
        >>> low, high = survival_interval(curve, 0.95)
        >>> low.round(2).tolist(), high.round(2).tolist()
        ([0.13, 0.06], [0.96, 0.84])

    Source: Kalbfleisch and Prentice (1980); simulations: Borgan and Liestøl (1990), Scand. J. Statist. 17.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        log_survival = np.log(curve.survival)
        reach = critical_value(confidence) * np.sqrt(curve.variance) / (curve.survival * -log_survival)
        return curve.survival ** np.exp(reach), curve.survival ** np.exp(-reach)


def survival_at(curve: SurvivalCurve, times: Floats) -> Floats:
    """Share who stay longer than each of `times`; NaN beyond the last observation of a curve above 0."""
    steps = np.concatenate(([1.0], curve.survival))
    found = steps[np.searchsorted(curve.time, times, side="right")]
    return np.where((times > curve.last_time) & (found > 0), np.nan, found)


def median_lifetime(curve: SurvivalCurve) -> float:
    """Shortest duration at which no more than half are left; NaN when the curve stays above one half."""
    return time_until(curve, 0.5)


def time_until(curve: SurvivalCurve, left: float) -> float:
    """Shortest duration at which no more than this share is left; NaN when the curve stays above it."""
    return _first_time_at(curve, curve.survival, left)


def median_interval(curve: SurvivalCurve, confidence: float) -> tuple[float, float]:
    """Interval of the median: where the bounds of the curve cross one half; NaN for a bound that does not.

    Source: Brookmeyer and Crowley (1982), Biometrics 38.
    """
    low, high = survival_interval(curve, confidence)
    return _first_time_at(curve, low, 0.5), _first_time_at(curve, high, 0.5)


def restricted_mean(curve: SurvivalCurve, horizon: float | None = None) -> RestrictedMean:
    """Mean lifetime counted up to a horizon: the area under the curve.

    Args:
        curve: the Kaplan-Meier estimate.
        horizon: age at which counting stops; by default the longest duration observed. Beyond that duration
            the mean is NaN unless the curve has reached 0, because nothing is known there.

    Example:
        >>> curve = kaplan_meier(np.array([2.0, 5.0, 5.0, 9.0]), [True, True, False, False])
        >>> restricted_mean(curve, 6.0).mean
        4.75

    Source: Irwin (1949); variance: Klein and Moeschberger (2003), Survival Analysis, section 4.5.
    """
    reach = curve.last_time if horizon is None else horizon
    if np.isnan(survival_at(curve, np.array([reach]))[0]):
        return RestrictedMean(np.nan, np.nan, reach, 0)
    inside = curve.time <= reach
    edges = np.concatenate(([0.0], curve.time[inside], [reach]))
    areas = np.diff(edges) * np.concatenate(([1.0], curve.survival[inside]))
    still_to_come = areas[:0:-1].cumsum()[::-1]
    at_risk, lost = curve.at_risk[inside], curve.lost[inside]
    stayed = at_risk - lost
    # Where nobody stays the area still to come is 0, and so is the term.
    spread = np.divide(lost, at_risk * stayed, out=np.zeros_like(stayed), where=stayed > 0)
    variance = float((still_to_come**2 * spread).sum())
    return RestrictedMean(float(areas.sum()), variance, reach, int(lost.sum()))


def _first_time_at(curve: SurvivalCurve, heights: Floats, level: float) -> float:
    below = np.flatnonzero(heights <= level + _ROUNDING)
    return float(curve.time[below[0]]) if below.size else float("nan")

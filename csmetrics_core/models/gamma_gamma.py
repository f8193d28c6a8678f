"""Gamma-Gamma: what a customer's purchases are worth on average, given the few seen so far.

Purchases vary around each customer's own mean (a gamma), the means vary between customers (another gamma). The
mean of one or two purchases is therefore drawn towards the mean of all customers. It assumes that how much
somebody spends says nothing about how often: look at `frequency_spend_correlation` first.

Source: Fader and Hardie (2013), The Gamma-Gamma Model of Monetary Value, brucehardie.com/notes/025.
"""

from dataclasses import dataclass
from math import log

import numpy as np

from csmetrics_core.models import Floats
from csmetrics_core.models.likelihood import maximise

# Log-scale bounds of the parameters once money is measured in units of the mean spend. A fit that ends on one
# means that purchases of one customer, or means of different customers, hardly differ.
_BOUND = 9.0


@dataclass(frozen=True, slots=True)
class GammaGamma:
    """A fitted Gamma-Gamma model.

    Args:
        p: shape of one customer's purchases.
        q, v: shape and scale (in money) of what differs between customers.
        log_likelihood: at the maximum.
        converged: the search ended at an interior maximum.
    """

    p: float
    q: float
    v: float
    log_likelihood: float = float("nan")
    converged: bool = True

    @property
    def population_mean(self) -> float:
        """Mean spend a purchase over all customers; NaN when q is 1 or less, where it does not exist."""
        return self.p * self.v / (self.q - 1) if self.q > 1 else float("nan")


def fit(frequency: Floats, spend: Floats) -> GammaGamma:
    """Fit to customers with at least one repeat purchase, by maximum likelihood with the analytic gradient.

    Args:
        frequency: purchases behind each customer's mean, at least 1.
        spend: mean value of those purchases, above 0.
    """
    if frequency.shape != spend.shape or frequency.size == 0:
        raise ValueError("frequency and spend need the same length, at least 1")
    if (frequency < 1).any() or not (spend > 0).all():
        raise ValueError("keep customers with at least one repeat purchase and a spend above 0")
    unit = float(spend.mean())
    scaled = spend / unit

    def mean(parameters: Floats) -> tuple[float, Floats]:
        terms, slopes = _log_likelihood(parameters, frequency, scaled)
        return float(terms.mean()), slopes.mean(axis=1)

    (p, q, v), height, converged = maximise(mean, [2.0, 3.0, 1.0], _BOUND)
    return GammaGamma(p, q, v * unit, spend.size * (height - log(unit)), converged)


def expected_spend(model: GammaGamma, frequency: Floats, spend: Floats) -> Floats:
    """Expected mean spend a purchase of each customer; the population's mean without a repeat purchase.

    Args:
        model: the fitted model.
        frequency: purchases behind each customer's mean; 0 for none.
        spend: mean value of those purchases; ignored where the frequency is 0.

    Example:
        >>> model = GammaGamma(p=6.25, q=3.74, v=15.44)
        >>> expected_spend(model, np.array([0.0, 2.0]), np.array([0.0, 22.35])).round(2).tolist()
        [35.22, 24.66]
    """
    if frequency.shape != spend.shape:
        raise ValueError("frequency and spend need the same length")
    purchases = model.p * frequency + model.q - 1
    seen = np.where(frequency > 0, frequency * spend, 0.0)
    exists = purchases > 0
    expected: Floats = model.p * (model.v + seen) / np.where(exists, purchases, np.nan)
    return expected


def frequency_spend_correlation(frequency: Floats, spend: Floats) -> float:
    """Pearson correlation of purchases and mean spend among repeat customers; NaN where either is constant.

    The model wants it near 0.
    """
    repeat = frequency > 0
    x, z = frequency[repeat], spend[repeat]
    if x.size < 2 or np.ptp(x) == 0 or np.ptp(z) == 0:
        return float("nan")
    return float(np.corrcoef(x, z)[0, 1])


def _log_likelihood(parameters: Floats, frequency: Floats, spend: Floats) -> tuple[Floats, Floats]:
    """Log-likelihood of each customer and its slopes (3 × customers) in the logarithms of p, q, v."""
    from scipy.special import digamma, gammaln

    p, q, v = parameters
    shape = p * frequency
    log_total = np.log(v + frequency * spend)
    log_seen = np.log(frequency * spend)
    terms = (
        gammaln(shape + q) - gammaln(shape) - gammaln(q)
        + q * np.log(v) + shape * log_seen - np.log(spend) - (shape + q) * log_total
    )  # fmt: skip
    in_both = digamma(shape + q)
    slopes = np.stack(
        (
            shape * (in_both - digamma(shape) + log_seen - log_total),
            q * (in_both - digamma(q) + np.log(v) - log_total),
            q - v * (shape + q) / (v + frequency * spend),
        )
    )
    return terms, slopes

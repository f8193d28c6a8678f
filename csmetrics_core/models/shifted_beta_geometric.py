"""Shifted beta-geometric: how long customers under contract keep renewing.

At each renewal a customer leaves with a chance of their own; the chances vary as a beta, so those who remain
renew ever more often. For contractual customers; BG/NBD serves where nobody says that they leave.

Source: Fader and Hardie (2007), How to Project Customer Retention, Journal of Interactive Marketing 21(1).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from csmetrics_core.models import Floats
from csmetrics_core.models.likelihood import maximise

# Log-scale bounds of the parameters. A fit that ends on one means that customers hardly differ: both grow
# together while alpha ÷ (alpha + beta) stays the common churn rate.
_BOUND = 9.0


@dataclass(frozen=True, slots=True)
class ShiftedBetaGeometric:
    """A fitted shifted beta-geometric model.

    Args:
        alpha, beta: parameters of the beta of churn chances; its mean alpha ÷ (alpha + beta) is the churn at
            the first renewal.
        log_likelihood: at the maximum, for as many customers as were given.
        converged: the search ended at an interior maximum. When false customers hardly differ; projections
            hold, alpha and beta on their own mean nothing.
    """

    alpha: float
    beta: float
    log_likelihood: float = float("nan")
    converged: bool = True


def fit_survival(shares: Floats) -> ShiftedBetaGeometric:
    """Fit to the shares of one cohort left after the first, second, ... renewal, each at most the one before.

    The likelihood counts as one customer.

    Example:
        >>> model = fit_survival(np.array([0.869, 0.743, 0.653, 0.593, 0.551, 0.517, 0.491]))
        >>> round(model.alpha, 3), round(model.beta, 3)
        (0.668, 3.806)
    """
    return fit_cohorts([np.concatenate(([1.0], shares))])


def fit_cohorts(cohorts: Sequence[Floats]) -> ShiftedBetaGeometric:
    """Fit to cohorts of different age.

    Args:
        cohorts: for each cohort its customers at the start and after each renewal seen so far; counts or
            shares that never rise.

    Source: Fader and Hardie (2010), Customer-Base Valuation in a Contractual Setting, Marketing Science 29(1).
    """
    return fit_renewals(*_pool(cohorts))


def fit_renewals(at_risk: Floats, lost: Floats) -> ShiftedBetaGeometric:
    """Fit to how many were due at the first, second, ... renewal, and how many of them were lost."""
    if not lost.any():
        raise ValueError("the model needs at least one customer lost")
    customers = float(at_risk.sum())

    def mean(parameters: Floats) -> tuple[float, Floats]:
        value, slopes = _log_likelihood(parameters, at_risk, lost)
        return value / customers, slopes / customers

    (alpha, beta), height, converged = maximise(mean, [1.0, 1.0], _BOUND)
    return ShiftedBetaGeometric(alpha, beta, height * customers, converged)


def log_likelihood(model: ShiftedBetaGeometric, cohorts: Sequence[Floats]) -> float:
    """Log-likelihood of cohorts as `fit_cohorts` takes them."""
    return _log_likelihood(np.array([model.alpha, model.beta]), *_pool(cohorts))[0]


def survival(model: ShiftedBetaGeometric, renewals: ArrayLike) -> Floats:
    """Share of a cohort still there after so many renewals; 1 at 0."""
    from scipy.special import betaln

    made = np.asarray(renewals, dtype=float)
    share: Floats = np.exp(betaln(model.alpha, model.beta + made) - betaln(model.alpha, model.beta))
    return share


def retention(model: ShiftedBetaGeometric, renewals: ArrayLike) -> Floats:
    """Share of those who made so many renewals who make the next one too."""
    made = np.asarray(renewals, dtype=float)
    kept: Floats = (model.beta + made) / (model.alpha + model.beta + made)
    return kept


def discounted_residual_lifetime(model: ShiftedBetaGeometric, renewals: ArrayLike, discount: float) -> Floats:
    """Discounted expected residual lifetime (DERL), in periods, just before the next renewal falls due.

    A customer who made n renewals is expected to make the next with chance S(n+1)/S(n), which counts in full,
    the one after with chance S(n+2)/S(n), which counts 1/(1 + discount), and so on. The published formula
    numbers the customer's payments, one more than the renewals here. NaN where the sum has no limit: without
    a discount when alpha is 1 or less.

    Args:
        model: the fitted model.
        renewals: renewals already made; 0 for a new customer.
        discount: rate a period, 0 or more; 0.1 for 10 %.

    Example:
        >>> model = ShiftedBetaGeometric(alpha=0.668, beta=3.806)
        >>> round(float(discounted_residual_lifetime(model, 7, 0.1)), 2)
        7.53

    Source: Fader and Hardie (2010), Customer-Base Valuation in a Contractual Setting, Marketing Science 29(1).
    """
    from scipy.special import hyp2f1

    if discount < 0:
        raise ValueError("discount is zero or more")
    made = np.asarray(renewals, dtype=float)
    alpha, beta = model.alpha, model.beta
    if discount == 0:
        return (beta + made) / (alpha - 1) if alpha > 1 else np.full(made.shape, np.nan)
    series: Floats = hyp2f1(1.0, beta + made + 1, alpha + beta + made + 1, 1 / (1 + discount))
    return retention(model, made) * series


def _pool(cohorts: Sequence[Floats]) -> tuple[Floats, Floats]:
    """Customers due for, and lost at, the first, second, ... renewal over all cohorts."""
    ages = max((cohort.size for cohort in cohorts), default=0) - 1
    if ages < 1:
        raise ValueError("a cohort needs its size at the start and after at least one renewal")
    at_risk, lost = np.zeros(ages), np.zeros(ages)
    for cohort in cohorts:
        if (np.diff(cohort) > 0).any() or (cohort < 0).any():
            raise ValueError("a cohort never grows")
        at_risk[: cohort.size - 1] += cohort[:-1]
        lost[: cohort.size - 1] -= np.diff(cohort)
    return at_risk, lost


def _log_likelihood(parameters: Floats, at_risk: Floats, lost: Floats) -> tuple[float, Floats]:
    """Log-likelihood and its slopes in the logarithms of alpha and beta.

    Renewal by renewal the churn chance is alpha ÷ (alpha + beta + t), so that each is a binomial of its own.
    """
    alpha, beta = parameters
    made = np.arange(at_risk.size)
    kept = at_risk - lost
    both = alpha + beta + made
    value = float(lost.sum() * np.log(alpha) + kept @ np.log(beta + made) - at_risk @ np.log(both))
    common = at_risk @ (1 / both)
    return value, np.array([lost.sum() - alpha * common, beta * (kept @ (1 / (beta + made)) - common)])

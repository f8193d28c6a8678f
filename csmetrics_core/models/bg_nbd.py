"""BG/NBD: how many purchases to expect from customers who may have left without saying so.

While alive a customer buys at random with a rate of their own (rates vary as a gamma), and after any repeat
purchase leaves with a chance of their own (chances vary as a beta). For customers with no contract only.

Source: Fader, Hardie and Lee (2005), "Counting Your Customers" the Easy Way, Marketing Science 24(2).
"""

from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import ArrayLike

from csmetrics_core.models import Floats
from csmetrics_core.models.likelihood import maximise

# Log-scale bounds of the parameters once time is measured in units of one purchase at the average rate. A fit
# that ends on one means that customers hardly differ (r, alpha or a, b grow together) or never leave (a goes
# to 0); beyond 1,100 the forecasts would not move any more, but the hypergeometric function would overflow.
_BOUND = 7.0
# Half-width of the step around the two removable singularities of the expectation.
_STEP = 1e-4


@dataclass(frozen=True, slots=True)
class BgNbd:
    """A fitted BG/NBD model.

    Args:
        r, alpha: shape and scale (in the unit of time of the data) of the purchase rates.
        a, b: parameters of the chance to leave after a purchase.
        log_likelihood: at the maximum.
        converged: the search ended at an interior maximum. When false the forecasts still hold for the data
            at hand, but the single parameters mean nothing.
    """

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float = float("nan")
    converged: bool = True


def fit(frequency: Floats, recency: Floats, age: Floats) -> BgNbd:
    """Fit by maximum likelihood with the analytic gradient.

    Args:
        frequency: repeat purchases of each customer: occasions after the first.
        recency: time from the first purchase to the last; 0 without a repeat purchase.
        age: time from the first purchase to the end of observation, at least the recency.

    Example:
        >>> frequency, recency = np.array([0.0, 2.0, 1.0, 4.0]), np.array([0.0, 30.0, 8.0, 37.0])
        >>> model = fit(frequency, recency, np.array([39.0, 38.0, 39.0, 39.0]))
        >>> round(model.log_likelihood, 2)
        -28.61
    """
    _check(frequency, recency, age)
    if not age.any() or not frequency.any():
        raise ValueError("the model needs time since the first purchase and at least one repeat purchase")
    unit = float(age.sum() / frequency.sum())
    rows, weights = _distinct(frequency, recency / unit, age / unit)
    share = weights / weights.sum()

    def mean(parameters: Floats) -> tuple[float, Floats]:
        terms, slopes = _log_likelihood(parameters, *rows)
        return float(share @ terms), slopes @ share

    (r, alpha, a, b), height, converged = maximise(mean, [1.0, 1.0, 1.0, 3.0], _BOUND)
    # Time in another unit multiplies the density of each purchase moment.
    total = height * float(weights.sum()) - float(frequency.sum()) * log(unit)
    return BgNbd(r, alpha * unit, a, b, total, converged)


def log_likelihood(model: BgNbd, frequency: Floats, recency: Floats, age: Floats) -> Floats:
    """Log-likelihood of each customer."""
    _check(frequency, recency, age)
    return _log_likelihood(np.array([model.r, model.alpha, model.a, model.b]), frequency, recency, age)[0]


def probability_alive(model: BgNbd, frequency: Floats, recency: Floats, age: Floats) -> Floats:
    """Probability that each customer has not left; 1 without a repeat purchase, by the model's assumption."""
    from scipy.special import expit

    _check(frequency, recency, age)
    repeats = np.maximum(frequency, 1.0)
    log_odds_gone = (
        np.log(model.a / (model.b + repeats - 1))
        + (model.r + frequency) * np.log((model.alpha + age) / (model.alpha + recency))
    )  # fmt: skip
    return np.where(frequency > 0, expit(-log_odds_gone), 1.0)


def expected_purchases(model: BgNbd, periods: ArrayLike, frequency: Floats, recency: Floats, age: Floats) -> Floats:
    """Expected purchases of each customer in the next `periods`, given what they did so far.

    Args:
        model: the fitted model.
        periods: length of the forecast, in the data's unit of time; broadcasts against the customers.
        frequency, recency, age: as in `fit`.

    Example:
        >>> model = BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426)
        >>> expected_purchases(model, 39, np.array([2.0]), np.array([30.43]), np.array([38.86])).round(3).tolist()
        [1.226]
    """
    alive = probability_alive(model, frequency, recency, age)
    return alive * _purchases_if_alive(model, np.asarray(periods, dtype=float), frequency, age)


def expected_purchases_of_new(model: BgNbd, periods: ArrayLike) -> Floats:
    """Expected repeat purchases of a customer in the first `periods` after the first purchase."""
    return _purchases_if_alive(model, np.asarray(periods, dtype=float), np.zeros(1), np.zeros(1))


def purchase_probability(model: BgNbd, purchases: ArrayLike, periods: ArrayLike) -> Floats:
    """Probability that a new customer makes exactly this many repeat purchases in the first `periods`.

    The sum over smaller counts in the published formula is a negative binomial distribution function, taken
    from the incomplete beta function instead.
    """
    from scipy.special import betainc, betaln, gammaln, xlogy

    n, t = np.asarray(purchases, dtype=float), np.asarray(periods, dtype=float)
    r, alpha, a, b = model.r, model.alpha, model.a, model.b
    bought = t / (alpha + t)
    counts = gammaln(r + n) - gammaln(r) - gammaln(n + 1) + r * np.log1p(-bought) + xlogy(n, bought)
    stayed = np.exp(betaln(a, b + n) - betaln(a, b) + counts)
    repeats = np.maximum(n, 1.0)
    left = np.exp(betaln(a + 1, b + repeats - 1) - betaln(a, b)) * betainc(repeats, r, bought)
    probability: Floats = np.where(n > 0, stayed + left, stayed)
    return probability


def _check(frequency: Floats, recency: Floats, age: Floats) -> None:
    if not frequency.shape == recency.shape == age.shape or frequency.size == 0:
        raise ValueError("frequency, recency and age need the same length, at least 1")
    if (frequency < 0).any() or (recency < 0).any() or (recency > age).any():
        raise ValueError("frequency and recency are zero or more, and no recency exceeds its age")


def _distinct(*columns: Floats) -> tuple[list[Floats], Floats]:
    """Distinct rows and how often each occurs: customers who did the same are one term."""
    order = np.lexsort(columns)
    ordered = [column[order] for column in columns]
    new = np.concatenate(([True], np.any([column[1:] != column[:-1] for column in ordered], axis=0)))
    starts = np.flatnonzero(new)
    counts = np.diff(np.append(starts, order.size)).astype(float)
    return [column[starts] for column in ordered], counts


def _log_likelihood(parameters: Floats, frequency: Floats, recency: Floats, age: Floats) -> tuple[Floats, Floats]:
    """Log-likelihood of each row and its slopes (4 × rows) in the logarithms of r, alpha, a, b."""
    from scipy.special import digamma, gammaln

    r, alpha, a, b = parameters
    # Gamma functions are the cost and depend on the frequency alone, of which there are few distinct values.
    x, back = np.unique(frequency, return_inverse=True)
    repeats = np.maximum(x, 1.0)
    constant = (
        gammaln(r + x) - gammaln(r) + r * np.log(alpha)
        + gammaln(a + b) - gammaln(a + b + x) + gammaln(b + x) - gammaln(b)
    )  # fmt: skip
    log_leaving = np.log(a / (b + repeats - 1))
    in_all = digamma(a + b) - digamma(a + b + x)
    in_rate = digamma(r + x) - digamma(r) + np.log(alpha)
    in_b = in_all + digamma(b + x) - digamma(b)

    count = r + frequency
    log_age, log_recency = np.log(alpha + age), np.log(alpha + recency)
    alive = -count * log_age
    gone = np.where(frequency > 0, log_leaving[back] - count * log_recency, -np.inf)
    either = np.logaddexp(alive, gone)
    share_gone = np.exp(gone - either)
    share_alive = 1 - share_gone

    mean_log = share_alive * log_age + share_gone * log_recency
    mean_inverse = share_alive / (alpha + age) + share_gone / (alpha + recency)
    slopes = np.stack(
        (
            r * (in_rate[back] - mean_log),
            r - alpha * count * mean_inverse,
            a * in_all[back] + share_gone,
            b * (in_b[back] - share_gone / (b + repeats[back] - 1)),
        )
    )
    return constant[back] + either, slopes


def _purchases_if_alive(model: BgNbd, periods: Floats, frequency: Floats, age: Floats) -> Floats:
    """Expected purchases in the next `periods` of customers known to be alive."""
    near_one = abs(model.a - 1) < _STEP
    near_zero = abs(model.a + model.b - 1) < _STEP
    if not (near_one or near_zero):
        return _expectation(model, model.a, periods, frequency, age)
    # The formula is 0/0 at a = 1, and infinite times zero at a + b = 1 without repeats, while the
    # expectation is smooth there: the mean of both sides is right to the square of the step.
    sides = [_expectation(model, model.a + step, periods, frequency, age) for step in (-2 * _STEP, 2 * _STEP)]
    return (sides[0] + sides[1]) / 2


def _expectation(model: BgNbd, a: float, periods: Floats, frequency: Floats, age: Floats) -> Floats:
    """The published conditional expectation, in whichever of two equal forms neither overflows nor cancels.

    Euler's transformation trades the powers r + x and a - 1 of the hypergeometric function. The form with the
    smaller power keeps the series bounded: many purchases, or a large a, would overflow in the other one.
    """
    from scipy.special import hyp2f1

    total = a + model.b + frequency - 1
    ahead = periods / (model.alpha + age + periods)
    count = model.r + frequency
    swap = count >= a - 1
    power = np.where(swap, a - 1, count)
    first = np.where(swap, a + model.b - 1 - model.r, count)
    second = np.where(swap, a - 1, model.b + frequency)
    expected: Floats = total / (a - 1) * (1 - (1 - ahead) ** power * hyp2f1(first, second, total, ahead))
    return expected

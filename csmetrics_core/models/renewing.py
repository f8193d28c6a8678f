"""What of the renewals that fall due is renewed: the distribution of the amount, not only its mean."""

import numpy as np

from csmetrics_core.models import Floats

#: Up to so many renewals every way in which they may turn out is looked at.
EXACT = 15
_DRAWS = 4000
_CELLS = 4_000_000  # draws held in memory at once
_SEED = 1
_HAIR = 1e-12  # sums of probabilities carry rounding errors


def amount_renewed(due: Floats, chance: Floats, confidence: float) -> tuple[float, float]:
    """The two bounds between which the renewed amount lies with that probability.

    Args:
        due: amounts that fall due, in whole cents.
        chance: that each is renewed, independently.
        confidence: such as 0.8 for the 10 % and 90 % points.

    Example:
        >>> amount_renewed(np.array([1200.0, 2400, 600]), np.array([0.8, 0.92, 0.8]), 0.8)
        (2400.0, 4200.0)
    """
    order = np.lexsort((chance, due))  # the order of rows changes nothing
    due, chance = due[order], chance[order]
    amounts, weights = _all_ways(due, chance) if due.size <= EXACT else _drawn(due, chance)
    order = np.argsort(amounts, kind="stable")
    reached = np.cumsum(weights[order]) + _HAIR
    tails = ((1 - confidence) / 2, (1 + confidence) / 2)
    low, high = (float(amounts[order][np.searchsorted(reached, tail * reached[-1])]) for tail in tails)
    return low, high


def _all_ways(due: Floats, chance: Floats) -> tuple[Floats, Floats]:
    """Every sum there may be, with its probability."""
    amounts, weights = np.zeros(1), np.ones(1)
    for amount, p in zip(due.tolist(), chance.tolist(), strict=True):
        amounts = np.concatenate((amounts, amounts + amount))
        weights = np.concatenate((weights * (1 - p), weights * p))
    return amounts, weights


def _drawn(due: Floats, chance: Floats) -> tuple[Floats, Floats]:
    draws = np.random.default_rng(_SEED)
    amounts = np.zeros(_DRAWS)
    several = max(1, _CELLS // due.size)
    for first in range(0, _DRAWS, several):
        some = amounts[first : first + several]
        some[:] = (draws.random((some.size, due.size)) < chance) @ due
    return amounts, np.full(_DRAWS, 1 / _DRAWS)

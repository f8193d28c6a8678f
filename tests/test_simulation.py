"""Intervals keep their promise: simulated coverage stays within three points of the nominal rate."""

import numpy as np
import pytest

from csmetrics_core.maths.intervals import adjusted_votes, critical_value, wilson

ROUNDS = 20_000
MIXES = [(0.5, 0.3, 0.2), (0.33, 0.34, 0.33), (0.3, 0.5, 0.2), (0.6, 0.2, 0.2), (0.2, 0.3, 0.5)]


def simulated(mix, n, seed):
    """Mean and mean square of the votes of many surveys, vectorised through the same adjustment as nps_interval."""
    counts = np.random.default_rng(seed).multinomial(n, mix, ROUNDS)
    mean, square = (counts[:, 0] - counts[:, 2]) / n, (counts[:, 0] + counts[:, 2]) / n
    estimate = mean * n / (n + 3)
    error = np.sqrt(((square * n + 1.5) / (n + 3) - estimate**2) / (n + 3))
    first = adjusted_votes(mean[0], square[0], n)
    assert (estimate[0], error[0]) == pytest.approx(first)
    return estimate, error


@pytest.mark.parametrize("confidence", [0.90, 0.95, 0.99])
@pytest.mark.parametrize("n", [10, 25, 100])
def test_nps_interval_covers(n, confidence):
    """Averaged over the mixes, as the discrete counts of any one mix jump about."""
    z, held = critical_value(confidence), []
    for seed, mix in enumerate(MIXES):
        estimate, error = simulated(mix, n, seed)
        held.append(float((np.abs(estimate - (mix[0] - mix[2])) <= z * error).mean()))
    assert np.mean(held) == pytest.approx(confidence, abs=0.03)
    assert min(held) > confidence - 0.03


@pytest.mark.parametrize("confidence", [0.90, 0.95, 0.99])
@pytest.mark.parametrize("sizes", [(10, 10), (10, 40), (60, 60)])
def test_nps_change_covers(sizes, confidence):
    z, held = critical_value(confidence), []
    for seed, (before, after) in enumerate(zip(MIXES, MIXES[1:] + MIXES[:1], strict=True)):
        was, now = simulated(before, sizes[0], seed), simulated(after, sizes[1], seed + 100)
        change = now[0] - was[0] - ((after[0] - after[2]) - (before[0] - before[2]))
        held.append(float((np.abs(change) <= z * np.hypot(was[1], now[1])).mean()))
    assert np.mean(held) == pytest.approx(confidence, abs=0.03)
    assert min(held) > confidence - 0.03


@pytest.mark.parametrize("confidence", [0.90, 0.95, 0.99])
@pytest.mark.parametrize("n", [5, 10, 50, 400])
def test_wilson_covers_on_average_over_the_shares(n, confidence):
    """Exact coverage, every count weighed by its probability; Wilson is nominal on average, not for each share."""
    from scipy.stats import binom

    shares = np.linspace(0.02, 0.98, 97)
    counts = np.arange(n + 1)
    low, high = wilson(counts, n, confidence)
    inside = (low[None, :] <= shares[:, None]) & (shares[:, None] <= high[None, :])
    coverage = (binom.pmf(counts[None, :], n, shares[:, None]) * inside).sum(axis=1)
    assert coverage.mean() == pytest.approx(confidence, abs=0.03)

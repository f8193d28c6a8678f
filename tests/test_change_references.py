"""Whether it moved, held against statsmodels and against a bootstrap by hand, through the doors people use."""

import numpy as np
import pytest
from scipy.stats import norm, t
from statsmodels.api import WLS
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportions_ztest

import csmetrics_core as csm

FLOWS = ("opening", "expansion", "contraction", "churned")


PAIRS = [((120, 400), (155, 410)), ((30, 90), (28, 60)), ((400, 900), (350, 880))]


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_a_share_of_answers_by_newcombe_and_beside_the_two_proportion_test(before, after):
    (x0, n0), (x1, n1) = before, after
    scores = [5] * x0 + [1] * (n0 - x0) + [5] * x1 + [1] * (n1 - x1)
    found = csm.csm_change("csat", [1] * n0 + [2] * n1, 1, 2, None, scores).iloc[0]
    bounds = confint_proportions_2indep(x1, n1, x0, n0, method="newcomb")
    assert (found["low"], found["high"]) == pytest.approx([100 * bound for bound in bounds], abs=1e-9)
    # The p-value is that of the interval, so that the two never disagree; the score test is near at such sizes.
    assert found["p_value"] == pytest.approx(proportions_ztest([x1, x0], [n1, n0])[1], abs=0.015)
    assert (found["p_value"] <= 0.05) == (not found["low"] < 0 < found["high"])


def test_segments_are_adjusted_as_statsmodels_does():
    rng = np.random.default_rng(3)
    groups = rng.choice([*"ABCDEF"], 900)
    scores = np.where(rng.random(900) < np.where(groups == "B", 0.4, 0.6), 5, 1)
    table = csm.csm_by("csat", groups, scores).iloc[:-1]
    alone = []
    for name in table["group"]:
        inside = groups == name
        alone.append(csm.csm_change("csat", inside.astype(int), 0, 1, None, scores)["p_value"][0])
    assert table["p_holm"].tolist() == pytest.approx(multipletests(alone, method="holm")[1], rel=1e-9)


def flows(rng, size, growth):
    """Opening, expansion, contraction and churn of customers, a row each."""
    opening = rng.lognormal(4, 0.7, size)
    kept = opening * np.where(rng.random(size) < 0.08, 0.0, rng.choice([1, 1, 1.25, 0.9], size) * growth)
    lost = kept == 0
    change = np.where(lost, 0, kept - opening)
    return np.column_stack([opening, np.maximum(change, 0), np.maximum(-change, 0), np.where(lost, opening, 0)])


def retention(rows):
    return (rows[:, 0] + rows[:, 1] - rows[:, 2] - rows[:, 3]).sum() / rows[:, 0].sum()


def test_a_ratio_of_sums_by_weighted_least_squares_with_robust_errors():
    """Σx ÷ Σy is the slope of x on y weighed by 1 ÷ y; its linearised variance is White's, times n ÷ (n - 1)."""
    rng = np.random.default_rng(5)
    before, after = flows(rng, 140, 1.0), flows(rng, 160, 1.05)
    both = np.vstack([before, after])
    second = np.repeat([0, 1], [140, 160])
    found = csm.csm_change("ndr", second, 0, 1, np.arange(300), *both.T).iloc[0]
    base, kept = both[:, 0], both[:, 0] + both[:, 1] - both[:, 2] - both[:, 3]
    model = WLS(kept, np.column_stack([base * (second == 0), base * (second == 1)]), weights=1 / base)
    fitted = model.fit(cov_type="HC0")
    assert found["change"] == pytest.approx(fitted.params[1] - fitted.params[0])
    error = np.sqrt(fitted.cov_params().trace() * 300 / 299)
    added = (kept - model.exog @ fitted.params) / np.where(second, base[second == 1].sum(), base[second == 0].sum())
    kurtosis = (added**2).sum() ** 2 / (added**4).sum()
    reach = t.ppf(0.975, 2 / (1 / kurtosis - 1 / 300)) * error
    assert (found["high"] - found["low"]) / 2 == pytest.approx(reach, rel=1e-9)


DRAWS = 4000


def spread(draw):
    return np.std([draw() for _ in range(DRAWS)])


def test_retention_of_customers_seen_twice_by_a_bootstrap_over_customers():
    """Both periods of a customer are drawn together; the standard error is that of 4,000 redrawn companies."""
    rng = np.random.default_rng(8)
    before = flows(rng, 300, 1.0)
    after = flows(rng, 300, 1.04)
    after[:, :] *= (before[:, 0] / after[:, 0])[:, None]  # the same customers, of the same size
    rows = np.vstack([before, after])
    found = csm.csm_change("ndr", [1] * 300 + [2] * 300, 1, 2, [*range(300)] * 2, *rows.T).iloc[0]

    def redrawn():
        chosen = rng.integers(0, 300, 300)
        return retention(after[chosen]) - retention(before[chosen])

    reach = (found["high"] - found["low"]) / 2
    assert reach / norm.ppf(0.975) == pytest.approx(spread(redrawn), rel=0.08)


@pytest.mark.parametrize("metric", ["nps", "csat"])
def test_answers_by_a_bootstrap_over_answers(metric):
    rng = np.random.default_rng(13)
    top = 10 if metric == "nps" else 5
    before, after = rng.integers(1, top + 1, 350), np.minimum(rng.integers(1, top + 2, 420), top)
    value = {
        "nps": lambda s: 100 * ((s >= 9).mean() - (s <= 6).mean()),
        "csat": lambda s: 100 * (s >= 4).mean(),
    }[metric]
    found = csm.csm_change(metric, [1] * 350 + [2] * 420, 1, 2, None, [*before, *after]).iloc[0]
    assert found["change"] == pytest.approx(value(after) - value(before))
    redrawn = spread(lambda: value(rng.choice(after, 420)) - value(rng.choice(before, 350)))
    assert (found["high"] - found["low"]) / 2 / norm.ppf(0.975) == pytest.approx(redrawn, rel=0.04)

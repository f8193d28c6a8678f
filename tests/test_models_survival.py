import numpy as np
import pytest
from models_data import DATA, PUBLISHED, agrees
from scipy import stats

from csmetrics_core.models.survival import (
    kaplan_meier,
    median_interval,
    median_lifetime,
    restricted_mean,
    survival_at,
    survival_interval,
)

# Weeks in remission under 6-mercaptopurine, Freireich et al. (1963), Blood 21: the textbook example, with a
# patient censored in the very week in which three others relapse.
RELAPSED = np.array([6, 6, 6, 7, 10, 13, 16, 22, 23], dtype=float)
CENSORED = np.array([6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35], dtype=float)
REMISSION = np.concatenate((RELAPSED, CENSORED))
RELAPSE = np.concatenate((np.ones(9), np.zeros(12)))


def test_textbook_example():
    curve = kaplan_meier(REMISSION, RELAPSE)
    assert curve.time.tolist() == [6, 7, 10, 13, 16, 22, 23]
    # All 21 are at risk in week 6, the patient censored in that week among them.
    assert curve.at_risk.tolist() == [21, 17, 15, 12, 11, 7, 6]
    assert curve.survival == pytest.approx([0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448], abs=5e-4)
    errors = np.sqrt(curve.variance)
    assert errors == pytest.approx([0.0764, 0.0869, 0.0963, 0.1068, 0.1141, 0.1282, 0.1346], abs=5e-5)
    assert median_lifetime(curve) == 23
    low, high = median_interval(curve, 0.95)
    assert low == 13
    assert np.isnan(high)  # the upper bound of the curve never comes down to one half
    whole = restricted_mean(curve)
    assert whole.horizon == 35
    assert (whole.mean, np.sqrt(whole.variance)) == pytest.approx((23.29, 2.83), abs=5e-3)  # R's survfit


@pytest.mark.parametrize("rounded", [False, True], ids=["continuous", "ties"])
def test_agrees_with_scipy(rounded):
    rng = np.random.default_rng(5)
    lifetimes, observed = rng.exponential(10, 300), rng.uniform(0, 15, 300)
    durations, churned = np.minimum(lifetimes, observed), lifetimes <= observed
    if rounded:
        durations = np.ceil(durations)
    curve = kaplan_meier(durations, churned)
    sample = stats.CensoredData.right_censored(durations, ~churned)
    theirs = stats.ecdf(sample).sf
    assert curve.survival == pytest.approx(theirs.evaluate(curve.time), abs=1e-12)
    bounds = theirs.confidence_interval(0.9, method="log-log")
    low, high = survival_interval(curve, 0.9)
    assert low == pytest.approx(bounds.low.evaluate(curve.time), abs=1e-12)
    assert high == pytest.approx(bounds.high.evaluate(curve.time), abs=1e-12)


def test_late_entry_published():
    table = np.genfromtxt(DATA / "multicenter_aids_cohort.tsv", names=True)
    curve = kaplan_meier(table["T"], table["D"], table["W"])
    assert agrees("ex120", survival_at(curve, np.array([PUBLISHED["ex120"]["inputs"]["at"]])))
    assert median_lifetime(curve) == pytest.approx(3, abs=0.1)
    # Without the entries the men who died before the study began are taken for survivors.
    assert (survival_at(kaplan_meier(table["T"], table["D"]), curve.time) > curve.survival).all()


def test_late_entry_by_hand():
    # At 2 two of three are watched (the third enters at 2, so after it); at 5 the two others are.
    curve = kaplan_meier(np.array([2.0, 5.0, 6.0]), [True, True, False], entered=np.array([0.0, 0.0, 2.0]))
    assert curve.at_risk.tolist() == [2, 2]
    assert curve.survival.tolist() == [0.5, 0.25]
    # Seen from the start is at risk at age 0 as well.
    at_start = kaplan_meier(np.array([0.0, 3.0]), [True, False], entered=np.zeros(2))
    assert at_start.survival.tolist() == [0.5]


def test_late_entry_that_breaks_the_curve_off():
    # The only customer watched at age 1 leaves; nine others enter at 5: the product is 0 before they count.
    durations = np.array([1.0] + [10.0] * 9)
    entered = np.array([0.0] + [5.0] * 9)
    curve = kaplan_meier(durations, durations == 1, entered)
    assert curve.broke_off
    assert not kaplan_meier(durations, durations == 1).broke_off
    assert not kaplan_meier(durations, np.ones(10)).broke_off


def test_restricted_means_published():
    example = PUBLISHED["ex198"]["inputs"]
    curve = kaplan_meier(np.array(example["T"], dtype=float), example["E"])
    assert agrees("ex198", restricted_mean(curve, example["t"]).mean)
    # Everybody seen to leave: the plain mean, whatever lies beyond.
    assert restricted_mean(curve).mean == restricted_mean(curve, 99).mean == np.mean(example["T"])


def test_unknown_is_not_a_number():
    staying = kaplan_meier(np.array([1.0, 2.0, 3.0, 4.0]), [True, False, False, False])
    assert np.isnan(median_lifetime(staying))
    assert np.isnan(survival_at(staying, np.array([5.0]))[0])
    assert np.isnan(restricted_mean(staying, 5.0).mean)
    assert np.isnan(restricted_mean(staying).interval(0.95)).all()  # one loss tells nothing of the spread
    nobody_left = kaplan_meier(np.array([3.0, 8.0]), [False, False])
    assert nobody_left.time.size == 0
    assert survival_at(nobody_left, np.array([0.0, 8.0])).tolist() == [1.0, 1.0]
    assert restricted_mean(nobody_left).mean == 8
    everybody = kaplan_meier(np.array([1.0, 2.0]), [True, True])
    assert survival_at(everybody, np.array([9.0])) == 0
    assert np.isnan(survival_interval(everybody, 0.95)[0][-1])


def test_one_half_is_reached_in_spite_of_rounding():
    # 1/2 as a product of fractions comes out a last bit above one half for some of these.
    for customers in range(2, 400, 2):
        curve = kaplan_meier(np.arange(1.0, customers + 1), np.ones(customers))
        assert median_lifetime(curve) == customers / 2


def test_refuses_ranges_that_do_not_match():
    with pytest.raises(ValueError, match="same length"):
        kaplan_meier(np.ones(2), [True])
    with pytest.raises(ValueError, match="none above the duration"):
        kaplan_meier(np.ones(2), [True, True], entered=np.array([0.0, 2.0]))


def _simulated(rng, customers):
    lifetimes, observed = rng.exponential(1, customers), rng.uniform(0, 2, customers)
    return np.minimum(lifetimes, observed), lifetimes <= observed


@pytest.mark.parametrize("customers", [25, 60])
@pytest.mark.parametrize("survival", [0.8, 0.5])
def test_curve_interval_covers(customers, survival):
    rng = np.random.default_rng(customers)
    at = -np.log(survival)
    covered, told = 0, 0
    for _ in range(1500):
        curve = kaplan_meier(*_simulated(rng, customers))
        step = np.searchsorted(curve.time, at, side="right") - 1
        if step < 0 or curve.survival[step] == 0 or curve.last_time < at:
            continue
        low, high = survival_interval(curve, 0.95)
        told += 1
        covered += low[step] <= survival <= high[step]
    assert told > 1400
    assert 0.92 <= covered / told <= 0.98


@pytest.mark.parametrize("customers", [15, 60])
def test_mean_and_median_intervals_cover(customers):
    rng = np.random.default_rng(customers + 1)
    mean_covered, mean_told, median_covered = 0, 0, 0
    for _ in range(1500):
        curve = kaplan_meier(*_simulated(rng, customers))
        low, high = restricted_mean(curve, 0.8).interval(0.95)
        if not np.isnan(low):
            mean_told += 1
            mean_covered += low <= 1 - np.exp(-0.8) <= high
        low, high = median_interval(curve, 0.95)
        median_covered += not low > np.log(2) and not high < np.log(2)
    assert mean_told > 1400
    assert 0.93 <= mean_covered / mean_told <= 0.98
    assert 0.93 <= median_covered / 1500 <= 0.99

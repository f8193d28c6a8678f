import numpy as np
import pytest
from scipy import stats

from csmetrics_core.maths.intervals import wilson
from csmetrics_core.models.ranking import area_under_curve, churn_by_band


def _outcomes(gone, kept):
    return np.concatenate((gone, kept)), np.concatenate((np.ones(gone.size), np.zeros(kept.size)))


def test_area_and_variance_of_the_classic_ratings():
    # 109 computed tomography images rated 1-5, Hanley and McNeil (1982), Radiology 143, table I: area 0.893.
    # Stata's roctab prints 0.8932, DeLong standard error 0.0307, normal interval 0.83295 to 0.95339.
    ratings = np.arange(1.0, 6.0)
    normal, abnormal = np.repeat(ratings, [33, 6, 6, 11, 2]), np.repeat(ratings, [3, 2, 2, 11, 33])
    auc = area_under_curve(*_outcomes(-abnormal, -normal))
    error = np.sqrt(auc.variance)
    assert (auc.value, error) == pytest.approx((0.8932, 0.0307), abs=5e-5)
    assert auc.value + 1.959964 * error * np.array([-1, 1]) == pytest.approx([0.83295, 0.95339], abs=5e-6)
    low, high = auc.interval(0.95)
    assert low < 0.83295  # a score interval reaches further towards one half and not beyond 1
    assert 0.9 < high < 0.95339


def test_agrees_with_the_definitions():
    rng = np.random.default_rng(6)
    gone, kept = rng.integers(0, 8, 23).astype(float), rng.integers(2, 12, 61).astype(float)
    auc = area_under_curve(*_outcomes(gone, kept))
    wins = (gone[:, None] < kept) + 0.5 * (gone[:, None] == kept)
    assert auc.value == pytest.approx(wins.mean())
    assert auc.value == pytest.approx(1 - stats.mannwhitneyu(gone, kept).statistic / (23 * 61))
    by_definition = wins.mean(axis=1).var(ddof=1) / 23 + wins.mean(axis=0).var(ddof=1) / 61
    assert auc.variance == pytest.approx(by_definition)


def test_laws():
    rng = np.random.default_rng(7)
    scores = rng.uniform(0, 100, 80)
    churned = rng.random(80) < 0.2
    auc = area_under_curve(scores, churned)
    assert area_under_curve(-scores, churned).value == pytest.approx(1 - auc.value)
    stretched = area_under_curve(np.exp(scores / 20), churned)
    assert (stretched.value, stretched.variance) == pytest.approx((auc.value, auc.variance))
    low, high = auc.interval(0.95)
    mirrored = area_under_curve(-scores, churned).interval(0.95)
    assert mirrored == pytest.approx((1 - high, 1 - low))
    narrow = auc.interval(0.5)
    assert low < narrow[0] < auc.value < narrow[1] < high


def test_ends_of_the_scale():
    scores = np.array([10.0, 20.0, 60.0, 70.0, 80.0, 90.0])
    perfect = area_under_curve(scores, scores < 50)
    low, high = perfect.interval(0.95)
    assert (perfect.value, high) == (1, 1)
    assert 0.3 < low < 0.7  # two churned customers prove little, however neatly they were ranked
    useless = area_under_curve(np.full(6, 50.0), scores < 50)
    assert useless.value == 0.5
    assert useless.interval(0.95)[0] < 0.5 < useless.interval(0.95)[1]
    alone = area_under_curve(scores, scores < 15)
    assert np.isnan(alone.variance)
    assert alone.interval(0.95)[0] < 0.7
    for churned in (np.zeros(6), np.ones(6)):
        undefined = area_under_curve(scores, churned)
        assert np.isnan([undefined.value, *undefined.interval(0.95)]).all()


@pytest.mark.parametrize(
    ("gone", "kept", "area", "spread"),
    [(8, 40, 0.7, 1), (8, 190, 0.8, 1), (10, 40, 0.95, 1), (25, 75, 0.85, 2), (40, 400, 0.75, 0.5), (60, 60, 0.5, 1)],
)
def test_area_interval_covers(gone, kept, area, spread):
    rng = np.random.default_rng(gone + kept)
    shift = stats.norm.ppf(area) * np.hypot(1, spread)
    covered = 0
    for _ in range(1000):
        low, high = area_under_curve(*_outcomes(rng.normal(0, 1, gone), rng.normal(shift, spread, kept))).interval(0.95)
        covered += low <= area <= high
    assert 0.92 <= covered / 1000 <= 0.985


def test_bands_by_hand():
    scores = np.array([10, 30, 49.9, 50, 60, 74.9, 75, 80, 90, 100], dtype=float)
    churned = np.array([1, 1, 0, 1, 0, 0, 0, 0, 0, 0])
    bands = churn_by_band(scores, churned, (50, 75), 0.95)
    assert bands.customers.tolist() == [3, 3, 4]  # an edge belongs to the band above
    assert bands.churned.tolist() == [2, 1, 0]
    assert bands.rate == pytest.approx([2 / 3, 1 / 3, 0])
    assert bands.lift == pytest.approx([20 / 9, 10 / 9, 0])
    low, high = wilson(np.array([2, 1, 0]), np.array([3, 3, 4]), 0.95)
    assert bands.rate_low == pytest.approx(low)
    assert bands.rate_high == pytest.approx(high)
    assert (bands.lift_low <= bands.lift).all()
    assert (bands.lift <= bands.lift_high).all()
    assert bands.lift_low[2] == 0
    # All losses in the band, which may be smaller a share of the customers than it was here.
    assert (bands.lift_high <= 10 / bands.customers * 2).all()


def test_bands_without_customers_or_losses():
    scores = np.array([10.0, 20.0, 80.0])
    bands = churn_by_band(scores, [True, False, False], (50, 75), 0.95)
    assert np.isnan([bands.rate[1], bands.rate_low[1], bands.lift[1], bands.lift_low[1]]).all()
    nobody = churn_by_band(scores, np.zeros(3), (50, 75), 0.95)
    assert np.isnan(nobody.lift).all()
    assert np.isnan(nobody.lift_high).all()
    assert nobody.rate[0] == 0
    single = churn_by_band(scores, [True, False, False], (90,), 0.95)
    assert (single.lift[0], single.lift_low[0], single.lift_high[0]) == (1, 1, 1)
    everybody = churn_by_band(scores, np.ones(3), (50,), 0.95)
    assert everybody.lift.tolist() == [1, 1]


@pytest.mark.parametrize("drawn", [False, True], ids=["sizes given", "sizes drawn"])
@pytest.mark.parametrize(
    ("band", "rest", "band_rate", "rest_rate"),
    [(10, 90, 0.3, 0.08), (30, 170, 0.25, 0.05), (60, 140, 0.02, 0.1), (50, 100, 0.65, 0.1)],
)
def test_lift_interval_covers(band, rest, band_rate, rest_rate, drawn):
    rng = np.random.default_rng(band)
    scores = np.concatenate((np.zeros(band), np.ones(rest)))
    lift = band_rate / ((band * band_rate + rest * rest_rate) / (band + rest))
    covered, told = 0, 0
    for _ in range(2000):
        if drawn:
            scores = (rng.random(band + rest) >= band / (band + rest)).astype(float)
        chances = np.where(scores == 0, band_rate, rest_rate)
        bands = churn_by_band(scores, rng.random(band + rest) < chances, (1,), 0.95)
        if np.isnan(bands.lift[0]):
            continue
        told += 1
        covered += bands.lift_low[0] <= lift <= bands.lift_high[0]
    assert told > 1900
    assert 0.93 <= covered / told <= (0.98 if drawn else 0.995)


def test_refuses_ranges_that_do_not_match():
    with pytest.raises(ValueError, match="same length"):
        area_under_curve(np.ones(2), [True])
    with pytest.raises(ValueError, match="same length"):
        churn_by_band(np.ones(2), [True], (50,), 0.95)
    with pytest.raises(ValueError, match="ascend"):
        churn_by_band(np.ones(2), [True, False], (75, 50), 0.95)

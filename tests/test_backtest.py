"""Back-tests and changes of rates: constructed answers, published intervals, and coverage by simulation."""

import numpy as np
import pytest

import csmetrics_core as csm
from csmetrics_core.errors import NoData, OutOfScale, ZeroDenominator


def area(table):
    row = table.iloc[-1]
    return row["auc"], row["auc_low"], row["auc_high"]


def test_auc_and_lift_by_hand():
    # Two left at 20 and 60, three stayed at 50, 60 and 90: 3 + (1 + ½) of 6 pairs rank right.
    table = csm.health_backtest([20, 60, 50, 60, 90], [True, True, False, False, False])
    assert area(table)[0] == pytest.approx(4.5 / 6)
    assert table["band"].tolist() == ["red", "amber", "green", "all"]
    assert table["customers"].tolist() == [1, 3, 1, 5]
    assert table["churned"].tolist() == [1, 1, 0, 2]
    assert table["churn_rate"].tolist() == pytest.approx([1, 1 / 3, 0, 0.4])
    assert table["lift"].tolist() == pytest.approx([2.5, 5 / 6, 0, 1])
    assert table["auc"][:3].isna().all()


def test_a_score_on_a_line_is_in_the_better_band():
    table = csm.health_backtest([50, 49.999, 75, 74.999], [True, True, False, False])
    assert table["customers"].tolist() == [1, 2, 1, 4]
    moved = csm.health_backtest([50, 49.999, 75, 74.999], [True, True, False, False], 40, 45)
    assert moved["customers"].tolist() == [0, 0, 4, 4]
    assert moved["churn_rate"][:2].isna().all()  # an empty band has no rate, not a rate of 0


def test_published_area():
    # 109 images rated 1-5, Hanley and McNeil (1982), Radiology 143, table I: area 0.893.
    normal, abnormal = np.repeat([1, 2, 3, 4, 5], [33, 6, 6, 11, 2]), np.repeat([1, 2, 3, 4, 5], [3, 2, 2, 11, 33])
    scores = 20 * (5 - np.concatenate((abnormal, normal)))
    auc, low, high = area(csm.health_backtest(scores, [True] * 51 + [False] * 58))
    assert auc == pytest.approx(0.8932, abs=5e-5)
    assert low < 0.83295 < 0.8932 < high < 0.95339


def test_interval_widens_with_confidence_and_fewer_customers():
    scores, churned = [20, 35, 60, 70, 80, 90] * 5, [True, True, False, True, False, False] * 5
    _, low, high = area(csm.health_backtest(scores, churned))
    _, lower, higher = area(csm.health_backtest(scores, churned, confidence=0.99))
    _, fewer_low, fewer_high = area(csm.health_backtest(scores[:6], churned[:6]))
    assert fewer_low < lower < low < high < higher
    assert fewer_high > high


@pytest.mark.parametrize("left", [True, False])
def test_without_both_outcomes_there_is_no_area(left):
    told = csm.explain("health_backtest", [20, 80], [left, left])
    assert np.isnan(told.value["auc"][-1])
    assert told.notes == ("An AUC needs both: customers who left and customers who stayed.",)
    assert told.value["churn_rate"].tolist()[-1] == float(left)


def test_notes_on_a_score_that_does_not_work():
    scores = np.arange(0, 100, 2)
    told = csm.explain("health_backtest", scores, scores > 60)
    assert told.notes == ("High scores left more often than low ones: does the score run the other way?",)
    told = csm.explain("health_backtest", scores, scores % 4 == 0)
    assert told.notes == ("The AUC's interval holds 0.5: the score may tell nothing.",)
    assert csm.explain("health_backtest", scores, scores < 40).notes == ()


def test_refusals():
    with pytest.raises(OutOfScale, match="amber is 80; expected at most green"):
        csm.health_backtest([1, 2], [True, False], 80, 75)
    with pytest.raises(OutOfScale, match=r"scores\[1\] is 101"):
        csm.health_backtest([1, 101], [True, False])
    with pytest.raises(NoData):
        csm.health_backtest([None, None], [True, False])


def test_calibration_keeps_equal_scores_together_and_adds_up():
    rng = np.random.default_rng(1)
    scores = rng.integers(0, 12, 300) * 8
    churned = rng.random(300) < 0.4 - scores / 300
    table = csm.health_calibration(scores, churned)
    assert (table["customers"].sum(), table["churned"].sum()) == (300, churned.sum())
    assert (table["from_score"][1:].to_numpy() > table["to_score"][:-1].to_numpy()).all()
    assert (table["from_score"] <= table["mean_score"]).all()
    assert (table["low"] <= table["churn_rate"]).all()
    inside = (scores >= table["from_score"][2]) & (scores <= table["to_score"][2])
    assert table["churn_rate"][2] == pytest.approx(churned[inside].mean())
    even = csm.health_calibration(np.arange(100), np.arange(100) < 30, 5)
    assert even["customers"].tolist() == [20] * 5
    assert even["churned"].tolist() == [20, 10, 0, 0, 0]
    assert len(csm.health_calibration([50] * 9, [True] * 9)) == 1


def test_intervals_cover():
    rng = np.random.default_rng(2)
    truth = np.clip(rng.normal(60, 22, 400_000), 0, 100)
    chance = 1 / (1 + np.exp((truth - 30) / 16))
    left = rng.random(truth.size) < chance
    bands = csm.health_backtest(truth, left)
    auc = bands["auc"].iloc[-1]
    hits, lifts, bounded = 0, np.zeros(3), np.zeros(3)
    runs = 300
    for _ in range(runs):
        some = rng.integers(0, truth.size, 150)
        table = csm.health_backtest(truth[some], left[some])
        row = table.iloc[-1]
        hits += row["auc_low"] <= auc <= row["auc_high"]
        known = table["lift"][:3].notna().to_numpy()
        inside = (table["lift_low"] <= bands["lift"]) & (bands["lift"] <= table["lift_high"])
        lifts += inside[:3].to_numpy() & known
        bounded += known
    # 95 % of 300 with a standard error of 1.3 %
    assert 0.91 <= hits / runs <= 0.99
    assert ((lifts / bounded >= 0.91) & (bounded == runs)).all(), lifts / bounded


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [
        # Newcombe (1998), Statistics in Medicine 17, pp. 873-890, table II, method 10
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0),
        ((10, 10), (0, 10), 0.6075, 1.0),
    ],
)
def test_rate_change_published(first, second, low, high):
    table = csm.rate_change(*second, *first)
    assert (table["low"][0], table["high"][0]) == pytest.approx((low, high), abs=5e-5)
    assert table["change"][0] == pytest.approx(first[0] / first[1] - second[0] / second[1])
    back = csm.rate_change(*first, *second)
    assert (back["low"][0], back["high"][0]) == pytest.approx((-high, -low), abs=5e-5)
    assert back["p_value"][0] == pytest.approx(table["p_value"][0])


def test_rate_change_p_value():
    # The pooled z test is the chi-square test of the table without correction: 7.0202 for 56/70 and 48/80.
    from scipy.stats import chi2_contingency

    expected = chi2_contingency([[48, 32], [56, 14]], correction=False).pvalue
    assert csm.rate_change(48, 80, 56, 70)["p_value"][0] == pytest.approx(expected)
    assert csm.rate_change(0, 5, 0, 9)["p_value"][0] == 1


def test_rate_change_refusals():
    with pytest.raises(ZeroDenominator, match="before_base is 0"):
        csm.rate_change(0, 0, 1, 2)
    with pytest.raises(OutOfScale, match="after is 3; expected at most after_base"):
        csm.rate_change(0, 2, 3, 2)

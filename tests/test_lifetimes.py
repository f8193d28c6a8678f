"""Lifetimes: textbook and published results through the public functions, coverage, and what has no answer."""

import numpy as np
import pytest
from models_data import DATA, PUBLISHED, agrees

import csmetrics_core as csm
from csmetrics_core.errors import NoData, OutOfScale, WrongKind

# Weeks in remission under 6-mercaptopurine, Freireich et al. (1963), Blood 21; a plus in print is a False here.
WEEKS = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
RELAPSED = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]


def test_textbook_curve():
    table = csm.survival_curve(WEEKS, RELAPSED)
    assert table["time"].tolist() == [0, 6, 7, 10, 13, 16, 22, 23, 35]
    assert table["at_risk"].tolist() == [21, 21, 17, 15, 12, 11, 7, 6, 1]
    printed = [1, 0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448, 0.448]
    assert table["survival"].tolist() == pytest.approx(printed, abs=5e-4)
    # R's survfit(conf.type = "log-log")
    assert table["low"][1:4].tolist() == pytest.approx([0.620, 0.563, 0.503], abs=5e-4)
    assert table["high"][1:4].tolist() == pytest.approx([0.952, 0.923, 0.889], abs=5e-4)


def test_textbook_median_and_mean():
    median = csm.explain("median_lifetime", WEEKS, RELAPSED)
    assert (median.value, median.n, median.interval[0]) == (23, 21, 13)
    assert dict(median.rows())["high (95%)"] == "not known"
    mean = csm.explain("mean_lifetime", WEEKS, RELAPSED)
    assert mean.value == pytest.approx(23.29, abs=5e-3)
    assert mean.interval[0] < 23.29 < mean.interval[1] < 35
    assert mean.notes == ("Counted up to 35; 9 of 21 left by then.",)


def test_published_late_entry():
    table = np.genfromtxt(DATA / "multicenter_aids_cohort.tsv", names=True)
    curve = csm.survival_curve(table["T"], table["D"], table["W"])
    at = PUBLISHED["ex120"]["inputs"]["at"]
    assert agrees("ex120", curve["survival"][np.searchsorted(curve["time"], at, side="right") - 1])
    late = csm.median_lifetime(table["T"], table["D"], table["W"])
    assert late == pytest.approx(3.062, abs=1e-3)
    # As if all had been watched from the start, those who left before would count as survivors.
    with pytest.raises(NoData, match="52% are still there at 7"):
        csm.median_lifetime(table["T"], table["D"])


def test_published_restricted_mean_and_onboarding():
    given = PUBLISHED["ex198"]["inputs"]
    assert agrees("ex198", csm.mean_lifetime(given["T"], given["E"], given["t"]))
    for example in ("ex160", "ex162"):
        given = PUBLISHED[example]["inputs"]
        assert agrees(example, csm.onboarding_rate(given["completed"], given["started"]))


def test_time_to_value_counts_those_still_waiting():
    assert agrees("ex220", csm.time_to_value([11], [True]))
    assert csm.time_to_value([0, 0, 0, 30], ["yes", "yes", "no", "no"]) == 0
    # The mean of those who got there would be 2; half of the eight have it only after 9 days.
    days, reached = [1, 2, 3, 9, 30, 30, 30, 30], [1, 1, 1, 1, 0, 0, 0, 0]
    told = csm.explain("time_to_value", days, reached)
    assert told.value == 9
    assert told.beside == {}
    nine = csm.explain("time_to_value", list(range(1, 11)), [True] * 10)
    assert nine.beside == {"nine in ten have it by": 9.0}


def test_what_is_not_known_yet_is_refused_with_the_remedy():
    with pytest.raises(NoData, match="67% are still there at 6, the longest observed") as caught:
        csm.median_lifetime([4, 5, 6], [True, False, False])
    assert "mean_lifetime" in caught.value.fix
    assert caught.value.code == "#N/A"
    with pytest.raises(NoData, match="still waiting") as caught:
        csm.time_to_value([4, 5, 6], [False, False, False])
    assert "onboarding_rate" in caught.value.fix
    with pytest.raises(NoData, match="horizon is 7, and nothing is known"):
        csm.mean_lifetime([4, 5, 6], [True, False, False], 7)
    # Beyond the last duration a curve at 0 stays there.
    assert csm.mean_lifetime([4, 5, 6], [True, True, True], 100) == 5


def test_nobody_left_and_everybody_left():
    curve = csm.survival_curve([3, 8], [False, False])
    assert curve[["time", "survival", "at_risk"]].to_numpy().tolist() == [[0, 1, 2], [8, 1, 1]]
    assert np.isnan(curve["low"][1])  # nobody has left, so nothing says how sure that is
    assert csm.mean_lifetime([3, 8], [False, False]) == 8
    gone = csm.survival_curve([0, 2], [True, True])
    assert gone["time"].tolist() == [0, 2]  # one left at once: the curve starts below 1
    assert gone["survival"].tolist() == [0.5, 0]


def test_bad_rows_drop_out_whole_and_bad_values_are_refused():
    told = csm.explain("median_lifetime", [2, None, 5, "x", 9], [1, 1, 1, 0, None])
    assert told.n == 2
    assert {name for name, *_ in told.dropped} == {"durations", "churned"}
    with pytest.raises(OutOfScale, match=r"durations\[1\] is -1"):
        csm.survival_curve([2, -1], [True, True])
    with pytest.raises(OutOfScale, match=r"churned\[1\] is 3"):
        csm.survival_curve([2, 1], [True, 3])
    with pytest.raises(OutOfScale, match=r"entered\[1\] is 4; expected at most the duration"):
        csm.survival_curve([2, 3], [True, False], [0, 4])
    with pytest.raises(OutOfScale, match="everybody under observation had left at 2"):
        csm.survival_curve([2, 9, 8], [True, False, True], [0, 5, 6])
    with pytest.raises(OutOfScale):
        csm.onboarding_rate(5, 4)
    with pytest.raises(WrongKind):
        csm.mean_lifetime([2, 3], [1, 0], "soon")


def test_by_group():
    table = csm.csm_by("median_lifetime", ["A"] * 3 + ["B"] * 3, [1, 2, 3, 4, 5, 6], [1, 1, 1, 1, 1, 0])
    assert table["value"].tolist() == [2, 5, 3]


def test_tenures_mislead_where_the_curve_does_not():
    lifetimes, watched = np.random.default_rng(1).exponential(20, 4000), np.random.default_rng(2).uniform(0, 60, 4000)
    durations, churned = np.minimum(lifetimes, watched), lifetimes <= watched
    true = 20 * (1 - np.exp(-50 / 20))
    assert csm.mean_lifetime(durations, churned, 50) == pytest.approx(true, rel=0.03)
    assert csm.median_lifetime(durations, churned) == pytest.approx(20 * np.log(2), rel=0.05)
    assert durations[churned].mean() < 0.8 * true
    assert durations.mean() < 0.9 * true


def test_intervals_cover():
    rng = np.random.default_rng(3)
    hits = dict.fromkeys(("curve", "median", "mean"), 0)
    runs = 400
    for _ in range(runs):
        lifetimes, watched = rng.exponential(10, 60), rng.uniform(4, 30, 60)
        durations, churned = np.minimum(lifetimes, watched), lifetimes <= watched
        curve = csm.survival_curve(durations, churned)
        row = curve.iloc[np.searchsorted(curve["time"], 8, side="right") - 1]
        hits["curve"] += row["low"] <= np.exp(-0.8) <= row["high"]
        low, high = csm.explain("median_lifetime", durations, churned).interval
        hits["median"] += low <= 10 * np.log(2) <= (np.inf if np.isnan(high) else high)
        low, high = csm.explain("mean_lifetime", durations, churned, 15).interval
        hits["mean"] += low <= 10 * (1 - np.exp(-1.5)) <= high
    # 95 % of 400 with a standard error of 1.1 %
    assert all(0.92 <= hit / runs <= 0.985 for hit in hits.values()), hits

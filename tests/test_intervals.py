"""Intervals of figures made of money: by customer, and by the effective number of customers."""

import numpy as np
import pytest
from scipy import stats

import csmetrics_core as csm
from csmetrics_core.maths.intervals import (
    by_customer,
    gross_retention_interval,
    net_retention_interval,
    spread_by_customer,
)

THEN = np.array([100, 120, 80, 200, 150, 90, 110, 60, 300, 90.0])
NOW = np.array([110, 120, 0, 240, 150, 60, 110, 66, 330, 90.0])


def test_ten_customers_by_hand() -> None:
    ratio = NOW.sum() / THEN.sum()
    adds = (NOW - ratio * THEN) / THEN.sum()
    error, degrees = spread_by_customer(adds)
    assert (error, degrees) == (pytest.approx(0.082496, abs=1e-6), pytest.approx(6.452803, abs=1e-6))
    assert net_retention_interval(THEN, NOW, 0.95) == pytest.approx((0.783063, 1.180014), abs=1e-6)
    assert gross_retention_interval(THEN, NOW, 0.95) == pytest.approx((0.569034, 0.988844), abs=1e-6)


def test_equal_steps_have_the_degrees_of_a_plain_t() -> None:
    """Two-point values have the smallest kurtosis there is: the degrees are held to n − 1."""
    adds = np.tile([-1.0, 1.0], 10)
    error, degrees = spread_by_customer(adds)
    assert degrees == 19
    assert error == pytest.approx(np.sqrt(20) * adds.std(ddof=1))


def test_one_giant_leaves_a_single_degree() -> None:
    adds = np.zeros(200)
    adds[0] = 1.0
    low, high = by_customer(1.0, adds, 5, 0.95)
    _, degrees = spread_by_customer(adds)
    assert 1 <= degrees < 2.1
    assert high - low == pytest.approx(2 * stats.t.ppf(0.975, degrees) * np.sqrt(200 / 199 * adds.var() * 200))


@pytest.mark.parametrize("customers", [9, 10])
def test_few_customers_have_no_interval(customers: int) -> None:
    low, high = net_retention_interval(THEN[:customers], NOW[:customers], 0.95)
    assert (low == low) is (high == high) is (customers == 10)


def test_fewer_than_five_changes_say_nothing() -> None:
    now = THEN.copy()
    now[:4] *= 0.5
    assert np.isnan(net_retention_interval(THEN, now, 0.95)).all()
    assert not np.isnan(gross_retention_interval(THEN, now, 0.95)).any()


def test_bounds_stay_on_the_scale() -> None:
    lost = THEN * np.array([0, 0, 0, 0, 0, 0, 1, 0, 0, 0])
    assert net_retention_interval(THEN, lost, 0.95)[0] == 0.0
    assert gross_retention_interval(THEN, THEN, 0.95)[1] == 1.0


@pytest.mark.parametrize("answer", [10, 8, 0])
def test_the_interval_of_one_answer_holds_it(answer: int) -> None:
    low, high = csm.nps_interval([answer])
    assert low <= csm.nps([answer]) <= high

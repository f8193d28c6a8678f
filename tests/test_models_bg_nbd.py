from dataclasses import replace

import numpy as np
import pytest
from models_data import PUBLISHED, agrees, cdnow

from csmetrics_core.models import bg_nbd
from csmetrics_core.models.bg_nbd import BgNbd

PRINTED = BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426)


@pytest.fixture(scope="module")
def customers():
    return cdnow()[:3]


@pytest.fixture(scope="module")
def fitted(customers):
    return bg_nbd.fit(*customers)


def test_fit_published(fitted):
    expected = PUBLISHED["ex030"]["expected"]
    found = [fitted.r, fitted.alpha, fitted.a, fitted.b]
    assert found == pytest.approx([expected[name] for name in ("r", "alpha", "a", "b")], abs=1e-3)
    assert fitted.converged
    # R's BTYD prints -9582.429; parameters from another search differ in the last digits.
    assert fitted.log_likelihood == pytest.approx(-9582.429, abs=0.01)


def test_likelihood_is_at_its_top(fitted, customers):
    assert bg_nbd.log_likelihood(fitted, *customers).sum() == pytest.approx(fitted.log_likelihood, abs=1e-6)
    for name in ("r", "alpha", "a", "b"):
        for factor in (0.999, 1.001):
            beside = replace(fitted, **{name: getattr(fitted, name) * factor})
            assert bg_nbd.log_likelihood(beside, *customers).sum() < fitted.log_likelihood


def test_fit_does_not_hang_on_the_unit_of_time(fitted, customers):
    frequency, recency, age = customers
    in_days = bg_nbd.fit(frequency, recency * 7, age * 7)
    assert [in_days.r, in_days.alpha / 7, in_days.a, in_days.b] == pytest.approx(
        [fitted.r, fitted.alpha, fitted.a, fitted.b], rel=1e-4
    )
    # Each purchase moment has a density a day instead of one a week.
    assert in_days.log_likelihood == pytest.approx(fitted.log_likelihood - frequency.sum() * np.log(7), abs=1e-4)


def test_forecasts_published(fitted):
    example = PUBLISHED["ex025"]["inputs"]
    one = [np.array([float(example[name])]) for name in ("x", "t_x", "T")]
    assert agrees("ex025", bg_nbd.expected_purchases(PRINTED, example["t"], *one)[0])

    example = PUBLISHED["ex027"]["inputs"]
    model = BgNbd(*(example[name] for name in ("r", "alpha", "a", "b")))
    x = np.array(example["x"], dtype=float)
    recency, age = np.full(4, float(example["t_x"])), np.full(4, float(example["T"]))
    assert agrees("ex027", bg_nbd.expected_purchases(model, example["t"], x, recency, age))

    assert agrees("ex028", bg_nbd.expected_purchases_of_new(fitted, PUBLISHED["ex028"]["inputs"]["times"]))
    assert agrees("ex032", bg_nbd.purchase_probability(PRINTED, 0, 39))


def test_purchase_probabilities_published():
    # R's BTYD manual, bgnbd.pmf
    assert bg_nbd.purchase_probability(PRINTED, 10, 2) == pytest.approx(1.07869e-07, rel=1e-5)
    printed = [0.0019995214, 0.0015170236, 0.0011633150, 0.0009003148, 0.0007023638]
    assert bg_nbd.purchase_probability(PRINTED, np.arange(11, 16), 30) == pytest.approx(printed, rel=1e-6)


def test_purchase_probabilities_are_a_distribution():
    counts = np.arange(0, 3000)
    chances = bg_nbd.purchase_probability(PRINTED, counts, 39)
    assert chances.sum() == pytest.approx(1, abs=1e-12)
    assert chances @ counts == pytest.approx(bg_nbd.expected_purchases_of_new(PRINTED, 39)[0], rel=1e-9)
    assert bg_nbd.purchase_probability(PRINTED, [0, 1], 0).tolist() == [1, 0]


def test_alive():
    frequency = np.array([0.0, 2.0, 10.0, 400.0])
    chances = bg_nbd.probability_alive(PRINTED, frequency, np.array([0, 30.43, 20, 1]), np.array([39, 38.86, 39, 900]))
    assert chances[0] == 1  # the model lets nobody leave before a repeat purchase
    by_hand = 1 / (1 + PRINTED.a / (PRINTED.b + 1) * ((4.414 + 38.86) / (4.414 + 30.43)) ** 2.243)
    assert chances[1] == pytest.approx(by_hand, rel=1e-12)
    assert 0 < chances[2] < 0.2
    assert chances[3] == 0  # 400 purchases, then silence: neither an overflow nor NaN
    just_bought = bg_nbd.probability_alive(PRINTED, np.array([400.0]), np.array([900.0]), np.array([900.0]))
    assert 0.99 < just_bought[0] < 1


@pytest.mark.parametrize(
    ("model", "periods", "frequency", "age", "exact"),
    [
        # The published formula with 60 digits (mpmath): many purchases; where it is 0/0; large parameters.
        (BgNbd(0.243, 4.414, 0.793, 2.426), 39, 1000, 52, 555.48655032186842),
        (BgNbd(0.243, 4.414, 1.0, 2.426), 39, 3, 52, 1.8515702793376114),
        (BgNbd(0.243, 4.414, 1.00005, 2.426), 39, 3, 52, 1.8515556321174502),
        (BgNbd(0.5, 2.0, 0.4, 0.6), 30, 0, 10, 0.83388464066577282),
        (BgNbd(1000.0, 5000.0, 2.0, 5.0), 52, 4, 52, 5.2110326864768138),
        (BgNbd(0.5, 3.0, 900.0, 300.0), 100, 1, 20, 1.1828102059725846),
    ],
)
def test_expectation_where_the_formula_is_delicate(model, periods, frequency, age, exact):
    history = [np.array([float(value)]) for value in (frequency, age if frequency else 0, age)]
    living = bg_nbd.expected_purchases(model, periods, *history) / bg_nbd.probability_alive(model, *history)
    assert living[0] == pytest.approx(exact, rel=1e-7)


def _simulate(rng, r, alpha, a, b, age, ahead):
    """Customers as the model has them: what is seen up to their age, and purchases in the time after."""
    size = age.size
    rate, leaving = rng.gamma(r, 1 / alpha, size), rng.beta(a, b, size)
    frequency, recency, future, clock = np.zeros(size), np.zeros(size), np.zeros(size), np.zeros(size)
    alive = np.ones(size, dtype=bool)
    while alive.any():
        clock = clock + rng.exponential(1 / rate)
        alive &= clock <= age + ahead
        seen = alive & (clock <= age)
        frequency[seen] += 1
        recency[seen] = clock[seen]
        future[alive & ~seen] += 1
        alive &= rng.random(size) >= leaving
    return frequency, recency, future


@pytest.mark.parametrize("true", [(0.5, 4, 0.8, 2.5), (2, 10, 0.4, 4), (1, 6, 1.0, 3)])
def test_forecasts_are_calibrated(true):
    rng = np.random.default_rng(11)
    age = rng.uniform(20, 52, 6000)
    frequency, recency, future = _simulate(rng, *true, age, 26)
    model = bg_nbd.fit(frequency, recency, age)
    assert model.converged
    expected = bg_nbd.expected_purchases(model, 26, frequency, recency, age)
    assert expected.sum() == pytest.approx(future.sum(), rel=0.04)
    for group in np.array_split(np.argsort(expected), 6):
        error = future[group].std() / np.sqrt(group.size)
        assert abs(expected[group].mean() - future[group].mean()) < 4 * error
    alive = bg_nbd.probability_alive(model, frequency, recency, age)
    assert not future[alive < 0.005].any()


@pytest.mark.parametrize("true", [(500, 2500, 1, 3), (0.5, 2, 0.0005, 2), (1, 4, 400, 800)])
def test_customers_who_hardly_differ_still_get_forecasts(true):
    # The likelihood has no top inside: the search must end, own up, and forecast all the same.
    rng = np.random.default_rng(12)
    age = rng.uniform(20, 52, 3000)
    frequency, recency, future = _simulate(rng, *true, age, 26)
    model = bg_nbd.fit(frequency, recency, age)
    expected = bg_nbd.expected_purchases(model, 26, frequency, recency, age)
    assert abs(expected.sum() - future.sum()) < 3 * future.std() * np.sqrt(age.size)


def test_refuses_what_no_history_can_be():
    one = np.ones(1)
    with pytest.raises(ValueError, match="no recency exceeds"):
        bg_nbd.fit(one, one * 2, one)
    with pytest.raises(ValueError, match="same length"):
        bg_nbd.fit(one, one, np.ones(2))
    with pytest.raises(ValueError, match="at least one repeat purchase"):
        bg_nbd.fit(np.zeros(3), np.zeros(3), np.ones(3))

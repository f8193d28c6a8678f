from dataclasses import replace

import numpy as np
import pytest
from models_data import PUBLISHED, cdnow

from csmetrics_core.models import gamma_gamma
from csmetrics_core.models.gamma_gamma import GammaGamma


@pytest.fixture(scope="module")
def repeat_customers():
    frequency, _, _, spend = cdnow()
    return frequency[frequency > 0], spend[frequency > 0]


def test_fit_published(repeat_customers):
    model = gamma_gamma.fit(*repeat_customers)
    assert repeat_customers[0].size == PUBLISHED["ex105"]["inputs"]["rows"]
    expected, tolerance = PUBLISHED["ex105"]["expected"], PUBLISHED["ex105"]["tolerance"]
    found = [model.p, model.q, model.v]
    assert found == pytest.approx([expected[name] for name in "pqv"], abs=tolerance)
    assert model.converged
    for name in "pqv":
        for factor in (0.999, 1.001):
            beside = replace(model, **{name: getattr(model, name) * factor})
            parameters = np.array([beside.p, beside.q, beside.v])
            assert gamma_gamma._log_likelihood(parameters, *repeat_customers)[0].sum() < model.log_likelihood


def test_fit_does_not_hang_on_the_currency(repeat_customers):
    frequency, spend = repeat_customers
    dollars, cents = gamma_gamma.fit(frequency, spend), gamma_gamma.fit(frequency, spend * 100)
    assert [cents.p, cents.q, cents.v / 100] == pytest.approx([dollars.p, dollars.q, dollars.v], rel=1e-4)


def test_expected_spend_published():
    # First ten customers with the printed parameters, from the spreadsheet to note 025; it shows two decimals
    # and was made with unrounded parameters, so the printed ones are off by up to 0.06.
    frequency, _, _, spend = cdnow()
    model = GammaGamma(6.25, 3.74, 15.44)
    printed = [24.65, 18.91, 35.17, 35.17, 35.17, 71.46, 18.91, 35.17, 27.28, 35.17]
    assert gamma_gamma.expected_spend(model, frequency[:10], spend[:10]) == pytest.approx(printed, abs=0.06)


def test_expected_spend_lies_between_the_customer_and_all():
    model = GammaGamma(6.25, 3.74, 15.44)
    frequency = np.array([0.0, 1.0, 5.0, 1e6])
    expected = gamma_gamma.expected_spend(model, frequency, np.array([np.nan, 100.0, 100.0, 100.0]))
    assert expected[0] == pytest.approx(model.population_mean)
    assert (np.diff(expected) > 0).all()
    assert expected[-1] == pytest.approx(100, rel=1e-4)


def test_a_mean_that_does_not_exist():
    model = GammaGamma(2.0, 0.9, 10.0)
    assert np.isnan(model.population_mean)
    expected = gamma_gamma.expected_spend(model, np.array([0.0, 1.0]), np.array([0.0, 20.0]))
    assert np.isnan(expected[0])
    assert expected[1] == pytest.approx(2 * 30 / 1.9)


def test_spend_is_calibrated():
    rng = np.random.default_rng(3)
    p, q, v = 4.0, 5.0, 60.0
    scale = rng.gamma(q, 1 / v, 20000)
    frequency = rng.integers(1, 6, 20000).astype(float)
    seen = rng.gamma(p * frequency, 1 / (scale * frequency))
    later = rng.gamma(p, 1 / scale)
    model = gamma_gamma.fit(frequency, seen)
    assert [model.p, model.q, model.v] == pytest.approx([p, q, v], rel=0.1)
    expected = gamma_gamma.expected_spend(model, frequency, seen)
    for group in np.array_split(np.argsort(expected), 8):
        error = later[group].std() / np.sqrt(group.size)
        assert abs(expected[group].mean() - later[group].mean()) < 4 * error


def test_customers_who_all_spend_the_same():
    model = gamma_gamma.fit(np.array([1.0, 2.0, 3.0]), np.full(3, 20.0))
    assert not model.converged
    assert gamma_gamma.expected_spend(model, np.array([2.0]), np.array([20.0]))[0] == pytest.approx(20, rel=1e-3)


def test_correlation():
    frequency, _, _, spend = cdnow()
    repeat = frequency > 0
    expected = np.corrcoef(frequency[repeat], spend[repeat])[0, 1]
    assert gamma_gamma.frequency_spend_correlation(frequency, spend) == pytest.approx(expected)
    assert expected == pytest.approx(0.1139, abs=1e-4)
    assert np.isnan(gamma_gamma.frequency_spend_correlation(np.array([0.0, 2.0, 2.0]), np.array([0.0, 5.0, 9.0])))


def test_refuses_what_the_model_has_no_place_for():
    with pytest.raises(ValueError, match="repeat purchase"):
        gamma_gamma.fit(np.array([0.0, 1.0]), np.array([5.0, 5.0]))
    with pytest.raises(ValueError, match="above 0"):
        gamma_gamma.fit(np.array([1.0, 1.0]), np.array([0.0, 5.0]))
    with pytest.raises(ValueError, match="same length"):
        gamma_gamma.fit(np.ones(2), np.ones(3))

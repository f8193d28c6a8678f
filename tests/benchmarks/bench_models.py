"""The models: fits and forecasts, survival and back-test against SciPy's estimates, themes of ten thousand comments."""

import warnings

import numpy as np
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

import csmetrics_core as csm
from csmetrics_core.models import bg_nbd, gamma_gamma
from csmetrics_core.samples import sample_company
from tests.benchmarks.timing import best
from tests.models_data import cdnow

Row = tuple[str, float, float | None, str]


def rows() -> list[Row]:
    """Name, ours, theirs in seconds or None, and the goal."""
    return [*_fits(), *_against_scipy(), _themes()]


def _fits() -> list[Row]:
    frequency, recency, age, spend = cdnow()
    again = frequency > 0
    rng = np.random.default_rng(1)
    orders = 100_000
    who, day = rng.integers(0, 20_000, orders), np.datetime64("2025-01-01") + rng.integers(0, 500, orders)
    amounts = np.round(rng.gamma(3, 20, orders), 2)
    (fit,) = best(lambda: bg_nbd.fit(frequency, recency, age), number=5)
    (spent,) = best(lambda: gamma_gamma.fit(frequency[again], spend[again]), number=5)
    (forecast,) = best(lambda: csm.clv_forecast(who, day, amounts, 0.8))
    return [
        ("BG/NBD fit, CDNOW's 2,357 customers", fit, None, "20 ms"),
        ("Gamma-Gamma fit, CDNOW's 946 who came back", spent, None, "20 ms"),
        ("clv_forecast, 100k orders of 20k customers", forecast, None, "1 s"),
    ]


def _against_scipy() -> list[Row]:
    from scipy import stats

    rng = np.random.default_rng(2)
    durations, churned = rng.exponential(20, 100_000).round(1), rng.random(100_000) < 0.4
    scores = rng.uniform(0, 100, 100_000)

    def curve() -> object:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            estimate = stats.ecdf(stats.CensoredData.right_censored(durations, ~churned))
            return estimate.sf.confidence_interval(method="log-log")

    def area() -> float:
        return float(stats.mannwhitneyu(scores[~churned], scores[churned]).statistic)

    ours, theirs = best(lambda: csm.survival_curve(durations, churned), curve)
    backtest, area_alone = best(lambda: csm.health_backtest(scores, churned), area)
    return [
        ("survival_curve with its interval, 100k customers", ours, theirs, "0.1 s"),
        ("health_backtest, 100k customers; theirs the area alone", backtest, area_alone, "0.1 s"),
    ]


def _themes() -> Row:
    written = [c for c in sample_company().responses["comment"] if isinstance(c, str) and c.strip()]
    rng = np.random.default_rng(3)
    comments = [f"{written[a]} {written[b]}" for a, b in rng.integers(0, len(written), (10_000, 2))]
    scores = rng.integers(0, 11, 10_000)

    vader = SentimentIntensityAnalyzer()

    def moods() -> list[float]:
        return [vader.polarity_scores(comment)["compound"] for comment in comments]

    ours, theirs = best(lambda: csm.feedback_themes(comments, scores), moods, rounds=3)
    return "feedback_themes, 10k comments; theirs the VADER scores alone", ours, theirs, "5 s"

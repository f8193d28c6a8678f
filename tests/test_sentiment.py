"""What the words of a comment say, however they were typed."""

import csv
from pathlib import Path

import numpy as np
import pytest
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

import csmetrics_core as csm


@pytest.mark.parametrize("apostrophe", ["’", "‘", "ʼ", "＇", "´", "`"])
def test_typographic_apostrophes_are_read_as_straight_ones(apostrophe: str) -> None:
    """VADER knows isn't and can't only with a straight one, and took "isn’t good" for praise."""
    for words in ("This isn't good", "I can't recommend it"):
        assert csm.sentiment(words.replace("'", apostrophe)) == csm.sentiment(words) < 0


@pytest.mark.parametrize(
    ("comment", "score"),
    [
        ("Support", 0.0),  # plain VADER: 0.4
        ("I asked for help three times", 0.0),  # 0.4
        ("Customer care never replied", 0.0),  # 0.49
        ("Great support", 0.6249),  # of "great" alone
        ("It is very helpful", 0.4754),  # as before
        ("That is not supported", -0.2411),  # as before
    ],
)
def test_a_department_is_no_praise(comment: str, score: float) -> None:
    assert csm.sentiment(comment) == score


def test_no_help_is_a_complaint() -> None:
    assert csm.sentiment("There was no help") < 0


def judged(scores: np.ndarray, ratings: np.ndarray) -> tuple[float, float]:
    """Correlation with what people said, and the share of comments taken as they were: good, bad or neither."""
    ours, theirs = np.digitize(scores, (-0.05, 0.05)), np.digitize(ratings, (-0.5, 0.5))
    return float(np.corrcoef(scores, ratings)[0, 1]), float((ours == theirs).mean())


def test_rated_comments_are_read_better_than_before() -> None:
    """Every sentence of 300 product reviews that holds one of the words; the other 3,651 are rated as before."""
    with (Path(__file__).parent / "data/rated_comments.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    ratings = np.array([float(row["rating"]) for row in rows])
    plain = SentimentIntensityAnalyzer()
    before = np.array([plain.polarity_scores(row["comment"])["compound"] for row in rows])
    after = csm.sentiment([row["comment"] for row in rows])
    assert ratings.mean() == pytest.approx(-1.1, abs=0.05)  # what VADER rates as praise stands in complaints
    assert judged(before, ratings) == pytest.approx((0.341, 0.333), abs=0.001)
    assert judged(after, ratings) == pytest.approx((0.500, 0.439), abs=0.001)
    odd = np.array([int(row["review"]) % 2 == 1 for row in rows])
    for half in (odd, ~odd):
        assert all(np.greater_equal(judged(after[half], ratings[half]), judged(before[half], ratings[half])))

"""Qualitative feedback: what the words say."""

from functools import lru_cache
from typing import Annotated, Any

import numpy as np

from csmetrics_core.catalog import metric
from csmetrics_core.kinds import Text
from csmetrics_core.results import Ratio
from csmetrics_core.spec import COMPOUND, Better, Category, Each, Example


@lru_cache(maxsize=1)
def _analyzer() -> Any:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    return SentimentIntensityAnalyzer()


def compound(comment: str | None) -> float:
    """VADER's compound score of one comment; missing where there is none."""
    return float("nan") if comment is None else float(_analyzer().polarity_scores(comment)["compound"])


@metric(
    title="Comment sentiment",
    category=Category.FEEDBACK,
    unit=COMPOUND,
    bounds=(-1, 1),
    better=Better.HIGHER,
    formula="VADER compound score: summed word valences, squeezed into -1 to 1",
    convention="0.05 and above is positive, -0.05 and below negative. English only; irony escapes it.",
    no_native="it needs a dictionary of some 7,500 rated words",
    source="Hutto and Gilbert (2014), VADER; vaderSentiment 3.3.2",
    example=Example(comments="The book was only kind of good.", result=0.3832),
    headline=11,
)
def sentiment(comments: Annotated[Each, Text()]) -> Ratio:
    """How positive or negative each comment is, from -1 to 1.

    Args:
        comments: One comment, or a range of them to get one result each.
    """
    if isinstance(comments, np.ndarray):
        return Ratio(np.array([compound(c) for c in comments.ravel()]).reshape(comments.shape))
    return Ratio(compound(comments))

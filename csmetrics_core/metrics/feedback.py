"""Qualitative feedback: what the words say."""

from collections.abc import Callable
from functools import lru_cache
from typing import Annotated, Any

import numpy as np

from csmetrics_core.declaration.catalog import metric
from csmetrics_core.declaration.kinds import Text
from csmetrics_core.declaration.spec import COMPOUND, Better, Category, Each, Example, Sample
from csmetrics_core.results import Ratio

#: What VADER rates as praise and is the name of a department, or asked for, in comments on a product or service.
NEUTRAL = ("support", "help", "care")
_APOSTROPHES = str.maketrans(dict.fromkeys("‘’ʼ＇´`", "'"))


@lru_cache(maxsize=1)
def _analyzer() -> Any:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    analyzer = SentimentIntensityAnalyzer()
    for word in NEUTRAL:
        del analyzer.lexicon[word]
    for check in ("_negation_check", "_special_idioms_check"):
        setattr(analyzer, check, _near(getattr(analyzer, check)))
    return analyzer


def _near(check: Callable[..., float]) -> Callable[..., float]:
    """A check of VADER's on the words it looks at: it lowers all words of a comment anew for each that says something.

    Three before a word and two after it decide; a long comment took the square of its length.
    """

    def on_neighbours(valence: float, words: list[str], *place: int) -> float:
        *step, word = place
        first = max(0, word - 3)
        return check(valence, words[first : word + 3], *step, word - first)

    return on_neighbours


def compound(comment: str | None) -> float:
    """VADER's compound score of one comment; missing where there is none.

    Its contractions, such as isn't, are spelt with a straight apostrophe; phones and word processors type others.
    """
    if comment is None:
        return float("nan")
    return float(_analyzer().polarity_scores(comment.translate(_APOSTROPHES))["compound"])


@metric(
    title="Comment sentiment",
    category=Category.FEEDBACK,
    unit=COMPOUND,
    bounds=(-1, 1),
    better=Better.HIGHER,
    formula="VADER compound score: summed word valences, squeezed into -1 to 1",
    convention=(
        "0.05 and above is positive, -0.05 and below negative. English only; irony escapes it. Support, help and care, "
        "which are no praise in comments on a product, are not rated."
    ),
    no_native="it needs a dictionary of some 7,500 rated words",
    source="Hutto and Gilbert (2014), VADER; vaderSentiment 3.3.2, and its rated product reviews for words left out",
    example=Example(comments="The book was only kind of good.", result=0.3832),
    headline=11,
    sample=Sample.MEAN,
)
def sentiment(comments: Annotated[Each, Text()]) -> Ratio:
    """How positive or negative each comment is, from -1 to 1.

    Args:
        comments: One comment, or a range of them to get one result each.
    """
    if isinstance(comments, np.ndarray):
        scores = {comment: compound(comment) for comment in set(comments.ravel())}
        return Ratio(np.array([scores[comment] for comment in comments.ravel()]).reshape(comments.shape))
    return Ratio(compound(comments))

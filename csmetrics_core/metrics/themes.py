"""Themes of comments: what they are about, and how those who raise a theme feel."""

from itertools import islice
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from numpy.typing import NDArray

from csmetrics_core.declaration.catalog import metric
from csmetrics_core.declaration.kinds import Number, Text
from csmetrics_core.declaration.spec import (
    COMPOUND,
    COUNT,
    FRACTION,
    POINTS,
    TEXT,
    Aligned,
    Category,
    Column,
    Each,
    Example,
)
from csmetrics_core.errors import MetricError, NoData, wrong_kind
from csmetrics_core.metrics.feedback import compound
from csmetrics_core.metrics.nps import votes
from csmetrics_core.results import Table

if TYPE_CHECKING:
    from csmetrics_core.models.topics import Topics

#: Below this many a mean or a score is not shown.
SMALLEST_GROUP = 5
_OTHER = "(other)"
_SCORE = Number(0, 10, whole=True, hint="Remove it or rescale the answers.", blanks=True)
_QUOTE = 200  # characters
_CANDIDATES = 50  # for the two quotes of a theme
_BEST_LENGTH = (25, 160)
_ALIKE = 0.6  # from this overlap on two quotes say much the same
_BANDS: dict[str, tuple[int, int]] = {"promoters": (9, 10), "passives": (7, 8), "detractors": (0, 6)}


@metric(
    title="Feedback themes",
    category=Category.FEEDBACK,
    columns=(
        Column("theme", TEXT, "its strongest words; (other) for comments that raise none"),
        Column("comments", COUNT, "how many raise it"),
        Column("share", FRACTION, "of all comments; one may raise several themes"),
        Column("sentiment", COMPOUND, f"mean of these comments; blank below {SMALLEST_GROUP}"),
        Column("nps", POINTS, f"of those who raise it; blank below {SMALLEST_GROUP} scores"),
        Column("scored", COUNT, "how many of them gave a score"),
        Column("quote_1", TEXT, "a comment about little else, personal data masked"),
        Column("quote_2", TEXT, "another one"),
    ),
    formula="non-negative factorisation of comments × words and word pairs; share = comments that raise it ÷ comments",
    convention=(
        "A comment raises every theme that makes up a quarter of it or more. Words that only say how good something is "
        "make no theme. Mail addresses, phone numbers and long numbers are masked. For English; nothing leaves the "
        f"computer. Means and scores of fewer than {SMALLEST_GROUP} are not shown."
    ),
    no_native="it finds the themes by an iterative method",
    source="Lee and Seung (1999), Nature 401; scikit-learn, NMF; sentiment: Hutto and Gilbert (2014), VADER",
    example=Example(
        comments=[
            "The price is too high",
            "Support is quick and friendly",
            "Great support",
            "A fair price",
            "Support solved it within a day",
            "Our support tickets stay open for weeks",
            "Friendly support team",
            "Nothing to add",
        ],
        scores=[5, 10, 10, 9, 9, 3, None, 8],
        themes=2,
        result={
            "theme": ["support", "price", "(other)"],
            "comments": [5, 2, 1],
            "share": [0.625, 0.25, 0.125],
            "sentiment": [0.37718, float("nan"), float("nan")],
            "nps": [float("nan"), float("nan"), float("nan")],
            "scored": [4, 2, 1],
            "quote_1": ["Our support tickets stay open for weeks", "A fair price", "Nothing to add"],
            "quote_2": ["Support is quick and friendly", "The price is too high", ""],
        },
    ),
)
def feedback_themes(
    comments: Annotated[Aligned, Text()],
    scores: Annotated[Aligned, _SCORE] = None,
    themes: Annotated[Each, Number(1, 50, whole=True, hint="Give a whole number of themes, such as 8.")] = 8,
    band: Literal["all", "promoters", "passives", "detractors"] = "all",
) -> Table:
    """What comments are about: themes with their share, sentiment, the NPS of those who raise them, and two quotes.

    Args:
        comments: What people wrote, one comment a row.
        scores: The 0-10 score given with each comment; blank where none was.
        themes: How many themes to look for at most; fewer where fewer words recur.
        band: Only comments given with these scores: detractors tells why scores are low.
    """
    from csmetrics_core.models.topics import plain_text

    given = np.full(len(comments), np.nan) if scores is None else scores.astype(float)
    if band != "all":
        if scores is None:
            expected = f'a score a comment, as band "{band}" needs it'
            raise wrong_kind("scores", None, "missing", expected, "Give the scores, or take all bands.")
        low, high = _BANDS[band]
        chosen = np.flatnonzero((given >= low) & (given <= high))
        comments, given = [comments[i] for i in chosen], given[chosen]
        if not comments:
            raise NoData(f"no comment came with a score of {low} to {high}", "Take another band.", argument="band")
    texts = [plain_text(comment) for comment in comments]
    found = _topics(texts, int(themes))
    mood = {text: compound(text) for text in set(texts)}
    moods = np.array([mood[text] for text in texts])
    rows = [
        _row(name, found.raised[:, t], found.strength[:, t], comments, moods, given)
        for t, name in enumerate(found.names)
    ]
    others: NDArray[np.bool_] = np.asarray(~found.raised.any(axis=1))
    if others.any():
        rows.append(_row(_OTHER, others, others.astype(float), comments, moods, given))
    names = ("theme", "comments", "share", "sentiment", "nps", "scored", "quote_1", "quote_2")
    columns = {name: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}
    return Table(columns, _notes(found, int(themes), len(comments)))


def _topics(texts: list[str], most: int) -> "Topics":
    from csmetrics_core.models.topics import find_topics

    try:
        return find_topics(texts, most)
    except ImportError as missing:
        problem = f"it needs scikit-learn, which is not installed ({missing})"
        raise MetricError(problem, 'Install it with: pip install "csmetrics[feedback]"') from missing


def _row(
    name: str,
    raised: NDArray[np.bool_],
    strength: np.ndarray,
    comments: list[str],
    moods: np.ndarray,
    given: np.ndarray,
) -> tuple[object, ...]:
    """One theme: how many raise it, how they feel, and what they say."""
    members = np.flatnonzero(raised)
    scored = given[members][~np.isnan(given[members])]
    few, few_scored = members.size < SMALLEST_GROUP, scored.size < SMALLEST_GROUP
    return (
        name,
        members.size,
        members.size / len(comments),
        float("nan") if few else float(moods[members].mean()),
        float("nan") if few_scored else 100 * float(votes(scored).mean()),
        scored.size,
        *_quotes([comments[i] for i in members], strength[members]),
    )


def _quotes(comments: list[str], strength: np.ndarray) -> tuple[str, str]:
    """Two comments of a good length that are about little else, the second in other words than the first."""
    from csmetrics_core.privacy import mask

    shortest, longest = _BEST_LENGTH

    def rank(i: int) -> tuple[bool, float, str]:
        return not shortest <= len(comments[i]) <= longest, -round(float(strength[i]), 1), comments[i]

    ranked = dict.fromkeys(comments[i] for i in sorted(range(len(comments)), key=rank))
    masked = (" ".join(mask(comment).split()) for comment in islice(ranked, _CANDIDATES))
    first, *others = dict.fromkeys(masked)
    words = set(first.lower().split())
    unlike = (quote for quote in others if _overlap(words, set(quote.lower().split())) < _ALIKE)
    return _cut(first), _cut(next(unlike, others[0] if others else ""))


def _overlap(some: set[str], others: set[str]) -> float:
    """Share of the words of the shorter quote that the other one has too."""
    return len(some & others) / max(1, min(len(some), len(others)))


def _cut(quote: str) -> str:
    return quote if len(quote) <= _QUOTE else quote[: _QUOTE - 4].rsplit(" ", 1)[0] + " ..."


def _notes(found: "Topics", most: int, comments: int) -> tuple[str, ...]:
    if not found.names:
        return ("No word that carries meaning occurs in two comments, so there are no themes.",)
    fewer = len(found.names) < most
    return (f"{len(found.names)} themes found in {comments} comments, {most} were asked for.",) if fewer else ()

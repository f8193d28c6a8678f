"""What comments are about: words that come up together, found without a dictionary and without a network.

Each comment becomes the set of its words and word pairs; a non-negative factorisation finds groups of them
that occur in the same comments. A comment may raise several themes or none.

Source: Lee and Seung (1999), Learning the parts of objects by non-negative matrix factorization, Nature 401.
"""

import re
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import unescape
from math import ceil

import numpy as np
from numpy.typing import NDArray

from csmetrics_core.models import Floats
from csmetrics_core.privacy import MAIL, NUMBER, mask

# Words that say how good something is, or little at all: a theme is what it is about.
_VERDICTS = frozenset(
    """amazing awesome awful bad best better bit brilliant came can't cannot come comes couldn't day days didn't
    disappointed disappointing doesn't don't enough especially excellent fantastic far feel fine gets getting
    give gives glad goes going good got great half happy hard hate helped horrible hour hours i'd i'll i'm i've
    impressed impressive isn't it's just keep know let let's like liked likes little long lot lots love loved
    loves made make makes mean minute minutes month months mostly need needed needs new nice nope okay old
    outstanding people perfect perfectly please pleased poor really recommend satisfied say sure take takes team
    teams terrible thank thanks that's there's thing things think time times today tried try trying unhappy used
    useful uses using want wants wasn't way we'd we'll we're we've week weeks went wish won't wonderful work
    worked working works worse worst wouldn't year years yes you're""".split()
)
# Usual lists of stop words hold these, which customers do write about.
_MEANT = frozenset(["bill", "computer", "detail", "empty", "find", "full", "interest", "system"])
_TAG = re.compile(r"</?[a-zA-Z!][^<>]{0,500}>")
_LINK = re.compile(r"\b(?:https?://|www\.)\S+", re.IGNORECASE)
_CLAUSE = re.compile(r"[.!?;:,()\[\]\n\r\"“”]+")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_FILLERS = 2  # words that mean little which may stand inside a pair: "easy to use"

# A comment raises a theme that makes up at least this share of what was found in it, and is more than a trace.
_SHARE, _TRACE = 0.25, 0.1
# A theme is named by words at least this strong beside its strongest, at most so many.
_STRONG, _NAMED = 0.5, 3
_MOST_TERMS = 4000

Terms = dict[str, str]


@dataclass(frozen=True, eq=False)
class Topics:
    """Themes of comments.

    Args:
        names: of each theme, its strongest words as people write them.
        raised: comments × themes, whether each comment raises each.
        strength: comments × themes, how much of the comment is about the theme, 0 to 1.
    """

    names: list[str]
    raised: NDArray[np.bool_]
    strength: Floats


def plain_text(comment: str) -> str:
    """A comment without markup, links and personal data."""
    words = _LINK.sub(" ", _TAG.sub(" ", unescape(comment)))
    return mask(words).replace(MAIL, " ").replace(NUMBER, " ")


@lru_cache(maxsize=1)
def _stop_words() -> frozenset[str]:
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    return frozenset(ENGLISH_STOP_WORDS - _MEANT | _VERDICTS)


def terms(text: str) -> Terms:
    """Words and word pairs of a text: common form -> as written.

    Example:
        >>> terms("It is easy to use")
        {'easy': 'easy', 'use': 'use', 'easy use': 'easy to use'}
    """
    found: Terms = {}
    for clause in _CLAUSE.split(text):
        before, between, started = "", _FILLERS + 1, 0
        words = _as_written(_WORD.findall(clause))
        for place, word in enumerate(words):
            plain = word.lower().replace("’", "'")
            if len(plain) < 2 or plain in _stop_words():
                between += 1
                continue
            common = _singular(plain)
            found.setdefault(common, word)
            if between <= _FILLERS and common != before:
                found.setdefault(f"{before} {common}", " ".join(words[started : place + 1]))
            before, started, between = common, place, 0
    return found


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


def _as_written(words: list[str]) -> list[str]:
    """The words of a clause as they are, but for the capital at its start, unless it is an abbreviation as CRM is."""
    if words and not (words[0].isupper() and len(words[0]) < 6):
        words[0] = words[0].lower()
    return words


def find_topics(texts: Sequence[str], most: int) -> Topics:
    """Find up to so many themes; fewer where fewer words recur, none where no word does.

    Args:
        texts: plain text of each comment.
        most: how many themes at most.

    Raises:
        ImportError: scikit-learn is not installed.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    found = [terms(text) for text in texts]
    comments_of = Counter(term for one in found for term in one)
    rare = max(2, ceil(0.002 * len(texts)))
    vocabulary = [term for term, comments in comments_of.most_common(_MOST_TERMS) if comments >= rare]
    if not vocabulary:
        return Topics([], np.zeros((len(texts), 0), dtype=bool), np.zeros((len(texts), 0)))
    # Without weights for rarity: what many write about is what is looked for.
    vectorizer = TfidfVectorizer(analyzer=list, vocabulary=sorted(vocabulary), binary=True, use_idf=False)
    counted = vectorizer.fit_transform(found)
    weights, themes = _factorise(counted, min(most, max(1, len(texts) // 2), *counted.shape))
    total = weights.sum(axis=1, keepdims=True)
    strength = np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)
    raised = (strength >= _SHARE) & (weights >= _TRACE)
    kept = np.flatnonzero(raised.sum(axis=0) >= 2)
    order = kept[np.argsort(-raised[:, kept].sum(axis=0), kind="stable")]
    written = _common_spelling(found)
    names: list[str] = []
    for theme in order.tolist():
        members = Counter(term for row in np.flatnonzero(raised[:, theme]) for term in found[row])
        names.append(_name(dict(zip(sorted(vocabulary), themes[theme].tolist(), strict=True)), members, written, names))
    return Topics(names, raised[:, order], strength[:, order])


def _factorise(counted: NDArray, themes: int) -> tuple[Floats, Floats]:
    """Comments × themes and themes × terms, each theme of length 1; the same on every run."""
    from sklearn.decomposition import NMF
    from sklearn.exceptions import ConvergenceWarning

    model = NMF(themes, init="nndsvda", random_state=0, max_iter=500)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a little less sharp is no worse
        weights = model.fit_transform(counted)
    length = np.sqrt((model.components_**2).sum(axis=1))
    return weights * length, model.components_ / np.where(length > 0, length, 1.0)[:, None]


def _common_spelling(found: Sequence[Terms]) -> Terms:
    """How each term is most often written; the first in the alphabet where two are as common."""
    spellings: dict[str, Counter[str]] = {}
    for one in found:
        for term, written in one.items():
            spellings.setdefault(term, Counter())[written] += 1
    return {term: min(forms, key=lambda form: (-forms[form], form)) for term, forms in spellings.items()}


def _name(strengths: dict[str, float], members: Counter[str], written: Terms, taken: Sequence[str]) -> str:
    """The strongest words of a theme; a word that mostly stands in one pair brings the pair: "easy to use"."""
    pairs = [term for term in strengths if " " in term]
    ranked = sorted((t for t in strengths if " " not in t), key=lambda t: (-strengths[t], t))
    picked: list[str] = []
    used: set[str] = set()
    for word in ranked:
        strong = strengths[word] >= _STRONG * strengths[ranked[0]]
        name = ", ".join(picked)
        if picked and name not in taken and (not strong or len(picked) == _NAMED):
            return name
        if word in used:
            continue
        around = [p for p in pairs if word in p.split() and 2 * members[p] >= members[word] > 0]
        best = max(around, key=lambda p: (members[p], p), default=word)
        picked.append(written[best])
        used.update(best.split())
    return ", ".join(picked)

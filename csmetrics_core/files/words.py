"""Answers, flags, states and intervals as people write them."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from csmetrics_core.files.answer_words import NPS_GROUPS, scale_of_words
from csmetrics_core.files.distinct import Distinct, Outcome, State, is_error, is_nothing, is_number, trimmed
from csmetrics_core.files.languages import LANGUAGES, folded
from csmetrics_core.reductions.terms import INTERVALS


def _in_every_language(kind: str) -> frozenset[str]:
    return frozenset(folded(word) for language in LANGUAGES for word in getattr(language, kind).split())


_YES = _in_every_language("yes") | frozenset("1x✓✔☑✅")
_NO = _in_every_language("no") | frozenset("0✗✘☐❌")
_TICKS = frozenset("x ✓ ✔ ☑ ✅ checked".split())
_DONE, _UNDONE = _in_every_language("done"), _in_every_language("undone")
#: Months of a billing interval, by its words without accents.
INTERVAL_WORDS: dict[str, float] = {
    folded(word): months for language in LANGUAGES for word, months in language.intervals.items()
} | INTERVALS
_DASH = r"\s*(?:[-–—:=|.,]\s|[-–—:=|])\s*"
_ENDS = (
    re.compile(rf"(?P<number>-?\d+(?:[.,]\d+)?){_DASH}(?P<label>[^\d]+)"),  # 10 - Very likely
    re.compile(r"(?P<number>-?\d+(?:[.,]\d+)?)\s*(?P<label>\([^\d]+\)|(?:[^\W\d_]|[★☆*⭐])[^\d]*)"),  # 10 (very likely)
    re.compile(rf"(?P<label>[^\d]+?)(?:{_DASH}|\s*\()(?P<number>\d+(?:[.,]\d+)?)\)?"),  # Very likely (10)
)
_STARS = re.compile("[★⭐][\ufe0f★⭐☆]*")
_OUT_OF = re.compile(r"(?P<number>\d+(?:[.,]\d+)?)\s*(?:/|out of|of|von|sur)\s*(?P<top>\d+)", re.IGNORECASE)
_NOT_ANSWERED = frozenset(("offered", "unoffered", "not offered", "not rated", "unrated", "no answer", "no response"))
_NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d+)?")


def read_scores(column: Distinct) -> Outcome:
    """Read answers: numbers, and numbers with the label of their answer; a word is no answer."""
    values, states = np.full(len(column), np.nan), np.full(len(column), State.WORD, np.int8)
    outcome = Outcome(values, states, "an answer")
    tops: set[str] = set()
    labelled = np.zeros(len(column), dtype=bool)
    for at, cell in enumerate(column.cells):
        if is_number(cell) and np.isfinite(float(cell)):
            values[at], states[at] = float(cell), State.READ
        elif isinstance(cell, str):
            text = trimmed(cell)
            if is_error(text):
                states[at] = State.UNREAD
            elif is_nothing(text):
                states[at] = State.BLANK
            elif (number := _answer(text, tops)) is not None:
                values[at], states[at] = number, State.READ
                labelled[at] = _NUMBER.fullmatch(text) is None
    if len(tops) > 1:
        states[labelled], values[labelled] = State.WORD, np.nan
    elif labelled.any() and (labelled & (states == State.READ)).any():
        outcome.notes.append(column.note("of labelled answers the number was read", labelled))
    if (words := states == State.WORD).any() and not _groups_of_nps(column, outcome):
        outcome.notes.append(column.note("answers that are words are missing answers", words))
    return outcome


def _groups_of_nps(column: Distinct, outcome: Outcome) -> bool:
    """Whether all answers are the groups of NPS, which are read as an answer of each."""
    words = {at: folded(trimmed(column.cells[at])) for at in np.flatnonzero(outcome.states == State.WORD)
             if isinstance(column.cells[at], str)}  # fmt: skip
    known = [at for at, word in words.items() if word in NPS_GROUPS]
    if (
        len(known) < len(words)
        or (outcome.states == State.READ).any()
        or not {10, 0} & {NPS_GROUPS[words[at]] for at in known}
    ):
        return False
    for at in known:
        outcome.values[at], outcome.states[at] = NPS_GROUPS[words[at]], State.READ
    outcome.notes.append(column.note("Promoter, Passive and Detractor were read as answers 10, 8 and 0"))
    return True


def read_ratings(column: Distinct) -> Outcome:
    """Read answers; where all of them are words of one scale, such as Satisfied and Very satisfied, its numbers."""
    outcome = read_scores(column)
    at = np.flatnonzero((outcome.states == State.WORD) | (outcome.states == State.READ))
    texts = {int(i): trimmed(column.cells[i]) for i in at if isinstance(column.cells[i], str)}
    unasked = [i for i, text in texts.items() if folded(text) in _NOT_ANSWERED]
    words = {i: text for i, text in texts.items() if i not in unasked}
    scale = scale_of_words(words.values()) if len(texts) == len(at) else None
    if scale is None:
        return outcome
    outcome.states[unasked] = State.BLANK
    for i, text in words.items():
        outcome.values[i], outcome.states[i] = scale.numbers[folded(text)], State.READ
    outcome.notes.clear()  # that words are missing answers
    outcome.shows["top"] = str(scale.top)
    numbers = sorted({(scale.numbers[folded(text)], text) for text in words.values()}, reverse=True)
    told = ", ".join(f"{text!r} {number}" for number, text in numbers)
    outcome.notes.append(column.note(f"answers in words were read as numbers of a scale to {scale.top}: {told}"))
    return outcome


def _answer(text: str, tops: set[str]) -> float | None:
    """The number of an answer; the top of a scale that it names is kept."""
    if _NUMBER.fullmatch(text):
        return float(text.replace(",", "."))
    if _STARS.fullmatch(text):
        return float(len(re.findall("[★⭐]", text)))
    if found := _OUT_OF.fullmatch(text):
        tops.add(found["top"])
        return float(found["number"].replace(",", "."))
    for form in _ENDS:
        if (found := form.fullmatch(text)) and not found["label"].strip("%.,-–— "):
            return None
        if found:
            return float(found["number"].replace(",", "."))
    return None


def read_flags(column: Distinct) -> Outcome:
    """Read yes and no; in a column of ticks alone, a cell without one is no."""
    outcome = _words(column, _YES, _NO, "yes or no, true or false")
    seen = {trimmed(cell).casefold() for cell in column.cells if isinstance(cell, str)}
    if seen & _TICKS and seen <= _TICKS | {""}:
        outcome.shows["blank"] = "no"
        outcome.notes.append(column.note("a cell without a mark was read as no"))
    return outcome


def read_states(column: Distinct) -> Outcome:
    """Read whether a ticket is resolved from the word for its state."""
    return _words(column, _DONE | _YES, _UNDONE | _NO, "a state such as open, pending, solved or closed")


def _words(column: Distinct, yes: frozenset[str], no: frozenset[str], expected: str) -> Outcome:
    values, states = np.full(len(column), None, dtype=object), np.full(len(column), State.UNREAD, np.int8)
    for at, cell in enumerate(column.cells):
        word = _word(cell)
        if word in yes or word in no:
            values[at], states[at] = word in yes, State.READ
        elif isinstance(cell, str) and is_nothing(trimmed(cell)):
            states[at] = State.BLANK
    return Outcome(values, states, expected)


def _word(cell: Any) -> str:
    if isinstance(cell, (bool, np.bool_)):
        return str(bool(cell)).lower()
    if is_number(cell):
        return f"{float(cell):g}"
    return re.sub(r"[\s_-]+", "", folded(trimmed(str(cell)))).removesuffix(".0")


def read_intervals(column: Distinct) -> Outcome:
    """Read billing intervals as months: a number of them, "month", "3 months", "yearly", "P1Y"."""
    values, states = np.full(len(column), np.nan), np.full(len(column), State.UNREAD, np.int8)
    for at, cell in enumerate(column.cells):
        if is_number(cell):
            months = float(cell)
        elif not isinstance(cell, str) or is_error(cell):
            continue
        elif is_nothing(trimmed(cell)):
            states[at] = State.BLANK
            continue
        else:
            months = months_in(trimmed(cell)) or np.nan
        if 0 < months < np.inf:
            values[at], states[at] = months, State.READ
    return Outcome(values, states, "a billing interval: a number of months, or day, week, month, quarter or year")


def months_in(word: str) -> float | None:
    """The months of an interval in words.

    Example:
        >>> [months_in(word) for word in ("monthly", "3 months", "every 2 years", "12", "soon")]
        [1, 3, 24, 12, None]
    """
    found = re.fullmatch(r"(?:every\s+|per\s+|billed\s+)?(?:(\d+)\s*[-x]?\s*)?(.*?)", folded(word.strip()))
    if found is None:
        return None
    if not found[2]:
        return int(found[1]) if found[1] else None
    words = (found[2], found[2].removesuffix("s"), f"{found[2]}ly")
    months = next((INTERVAL_WORDS[word] for word in words if word in INTERVAL_WORDS), None)
    return int(found[1] or 1) * months if months else None

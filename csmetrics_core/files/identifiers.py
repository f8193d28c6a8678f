"""Names and identifiers: always text as typed, and spellings that differ in case or accents alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from csmetrics_core.errors import CELL_ERRORS
from csmetrics_core.files.distinct import Distinct, Outcome, State, as_written, is_nothing
from csmetrics_core.files.languages import folded

_EXACT = 10**15  # a spreadsheet keeps 15 digits of a number and makes the others 0


def read_text(column: Distinct, nothing_is_text: bool) -> Outcome:
    """Read text as typed, without blanks at its ends.

    Args:
        column: the distinct cells.
        nothing_is_text: whether "NA" or "none" are text like any other, as among names and segments.
    """
    texts = list(map(as_written, column.cells))
    values, states = np.empty(len(texts), dtype=object), np.zeros(len(texts), np.int8)
    values[:] = texts
    blank = [not text or (not nothing_is_text and is_nothing(text)) for text in texts]
    if any(blank):
        states[blank] = State.BLANK
    if not CELL_ERRORS.isdisjoint(texts):
        states[[text in CELL_ERRORS for text in texts]] = State.UNREAD if nothing_is_text else State.BLANK
    values[states != State.READ] = None
    return Outcome(values, states, "text")


def read_identifiers(column: Distinct) -> Outcome:
    """Read identifiers as typed: 007 is not 7, 1e3 not 1000; the whole number 7.0 of a spreadsheet is 7."""
    outcome = read_text(column, nothing_is_text=True)
    outcome.expected = "a name or number"
    cut = np.array([isinstance(cell, float) and abs(cell) >= _EXACT for cell in column.cells], dtype=bool)
    if cut.any():
        text = "numbers of more than 15 digits, of which a spreadsheet keeps 15; customers may have become one"
        outcome.notes.append(column.note(text, cut))
    return outcome


@dataclass(frozen=True)
class Spellings:
    """Names that differ in case, accents or blanks alone.

    Args:
        groups: the spellings of each such name, in the order of their letters.
        same: spelling -> the one that stands for it where they are the same; names without a twin are not in it.
    """

    groups: tuple[tuple[str, ...], ...]
    same: dict[str, str]


def spellings(names: Iterable[str]) -> Spellings:
    """Find names that differ in case, accents or blanks alone, among all names of all tables.

    Example:
        >>> spellings(["Acme", "Beta", "ACME"]).groups
        (('ACME', 'Acme'),)
    """
    alike: dict[str, list[str]] = {}
    for name in sorted(set(names)):
        alike.setdefault(" ".join(folded(name).split()), []).append(name)
    groups = tuple(tuple(group) for group in alike.values() if len(group) > 1)
    return Spellings(groups, {name: group[0] for group in groups for name in group})

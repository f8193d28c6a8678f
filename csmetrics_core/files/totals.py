"""Rows that sum up others: totals and averages are no customers, where their name and their arithmetic agree."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from csmetrics_core.files.columnar import Coded, Mask
from csmetrics_core.files.columns import Column
from csmetrics_core.files.grids import is_filled
from csmetrics_core.files.languages import LANGUAGES
from csmetrics_core.files.saying import Cell, Place, Question, Remedy

_CALLED = "|".join(pattern for language in LANGUAGES for pattern in language.totals)
_NAMES = re.compile(
    rf"(?:grand\s*|sub\s*-?\s*|overall\s*)?(?:{_CALLED})"
    r"(?:\s*[:=]|\s+(?:mrr|arr|revenue|amount|customers|score|of .*|for .*|\d{4}.*)|\s*\(.*\))?",
    re.IGNORECASE,
)
_LAST_NAME = re.compile(r"\S+(?:\s\S+)?\s+(?:sub\s*-?\s*)?total", re.IGNORECASE)  # North total
_STARTS = frozenset(("gr", "su", "ov", *(pattern[:2] for language in LANGUAGES for pattern in language.totals)))
_CLOSE = 0.005  # money rounds to the cent
_ENOUGH = 4  # rows above one that may be their sum by chance alone


class Summed(NamedTuple):
    """What was found of rows that sum up others.

    Args:
        rows: those that are no data.
        question: where only one sign says so.
    """

    rows: Mask
    question: Question | None = None


def is_total_name(cell: Any) -> bool:
    """Whether a cell is called as sums and averages are."""
    if not isinstance(cell, str):
        return False
    text = cell.strip()
    if text[:2].casefold() in _STARTS and _NAMES.fullmatch(text):  # most cells are told by their first letters
        return True
    return text[-5:].casefold() == "total" and _LAST_NAME.fullmatch(text) is not None


def summed_rows(
    names: Mapping[str, Coded],
    labels: Sequence[Coded],
    identifiers: Sequence[str],
    numbers: Mapping[str, Column],
    groups: Mapping[str, Column],
    place: Place,
    said: str | None,
) -> Summed:
    """Find the rows of a table that sum up others.

    Args:
        names: the columns in which such a row may be named, as they came; the first column of the table among them.
        labels: the columns of segments, plans and the like: "SMB total" stands there where nobody is named beside it.
        identifiers: those of the names that name the customers, users or tickets.
        numbers: the columns of amounts and scores.
        groups: the columns of dates and months, which sums are taken within.
        place: of the table.
        said: whether the user said to "keep" or to "drop" them.
    """
    count = len(next(iter([*names.values(), *labels])).codes)
    called = np.zeros(count, dtype=bool)
    elsewhere = np.zeros(count, dtype=bool)
    for name, cells in names.items():
        here = cells.where(is_total_name)
        called |= here
        elsewhere |= here & (name not in identifiers)
    blank = np.ones(count, dtype=bool)
    for name in identifiers:
        blank &= ~names[name].where(is_filled)
    for cells in labels:
        here = cells.where(is_total_name) & blank
        called |= here
        elsewhere |= here & bool(identifiers)
    sure = called & (elsewhere & blank if identifiers else elsewhere)
    agree = _agreeing(numbers, groups, called)
    unnamed = blank & _agreeing(numbers, groups, blank, named=False) if identifiers else np.zeros(count, dtype=bool)
    rows = sure | (called & agree) | (unnamed & agree_last(unnamed))
    unclear = (called & ~rows) | (_by_chance(numbers, groups, count) & ~rows)
    if said == "keep":
        return Summed(np.zeros(count, dtype=bool))
    if any(column.questions for column in numbers.values()):
        return Summed(rows | called)  # its numbers can be judged once they are read; until then all of it waits
    if said == "drop" or not unclear.any():
        return Summed(rows | unclear if said == "drop" else rows)
    return Summed(rows, _question([*names.values(), *labels], unclear, called, place))


def agree_last(rows: Mask) -> Mask:
    """Rows without a name count as sums only at the end of a table."""
    last = np.zeros(rows.size, dtype=bool)
    last[-3:] = True
    return last


def _agreeing(
    numbers: Mapping[str, Column], groups: Mapping[str, Column], candidates: Mask, *, named: bool = True
) -> Mask:
    """Candidates whose numbers are all sums or means of the other rows, or of those of their month.

    Those that no name tells are sums of several rows, and where they have a month, of that one's.
    """
    if not candidates.any() or not numbers:
        return np.zeros(candidates.size, dtype=bool)
    agree, seen = candidates.copy(), np.zeros(candidates.size, dtype=bool)
    for column in numbers.values():
        values = column.values.to_numpy(dtype=float)
        for row in np.flatnonzero(candidates & ~np.isnan(values)):
            seen[row] = True
            agree[row] &= any(
                _is_sum(values[row], values[others & ~candidates], named)
                for others in _others(groups, candidates, int(row), named)
            )
    return agree & seen


def _others(groups: Mapping[str, Column], candidates: Mask, row: int, named: bool) -> list[Mask]:
    """The rows that one may sum up: all, those above it since the last such row, and those of its own month."""
    above = np.zeros(candidates.size, dtype=bool)
    before = np.flatnonzero(candidates[:row])
    above[(before[-1] + 1 if before.size else 0) : row] = True
    ways = [np.ones(candidates.size, dtype=bool), above]
    columns = [column.values.to_numpy() for column in groups.values()]
    of_its_own = [keys == keys[row] for keys in columns if not pd.isna(keys[row])]
    return of_its_own if of_its_own and not named else [*ways, *of_its_own]


def _is_sum(value: float, others: NDArray[np.float64], named: bool) -> bool:
    known = others[~np.isnan(others)]
    if known.size < (1 if named else 2):
        return False
    close = _CLOSE * max(known.size, 1) + 1e-9 * abs(value)
    if abs(known.sum() - value) <= close:
        return True
    ways = (known.mean(), np.median(known), float(known.size), known.min(), known.max())
    return named and any(abs(way - value) <= 0.051 for way in ways)


def _by_chance(numbers: Mapping[str, Column], groups: Mapping[str, Column], count: int) -> Mask:
    """A last row that is the sum of several above it in every column, though nothing in its name says so."""
    found = np.zeros(count, dtype=bool)
    if count <= _ENOUGH or not numbers or groups:
        return found
    last = found.copy()
    last[-1] = True
    amounts = {name: column for name, column in numbers.items() if column.kind == "amount"}
    nonzero = [column.values.iloc[-1] for column in amounts.values()]
    if len(amounts) > 1 and sum(bool(value) and value == value for value in nonzero) > 1:
        found = _agreeing(amounts, {}, last, named=False)
    return found


def _question(names: Sequence[Coded], unclear: Mask, called: Mask, place: Place) -> Question:
    row = int(np.flatnonzero(unclear)[0])
    cell = next((cell for cells in names if is_total_name(cell := cells.at(row))), names[0].at(row))
    why = (
        "is called as a sum, and its numbers are none" if called[row] else "is the sum of the rows above by its numbers"
    )
    remedies = (Remedy("totals", "drop", "such rows are no data"), Remedy("totals", "keep", "they are"))
    return Question(place, f"a row {why}", (Cell(int(place.rows[row]), cell),), remedies)

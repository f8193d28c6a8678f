"""The distinct cells of a column: each is looked at once, and what it says holds for all like it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import IntEnum
from math import isfinite
from numbers import Number
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from csmetrics_core.errors import CELL_ERRORS
from csmetrics_core.files.columnar import Coded, Mask
from csmetrics_core.files.languages import LANGUAGES
from csmetrics_core.files.saying import Cell, Note, Place, Question, Said

#: Words for "nothing here" among numbers, dates, answers and comments. In names, segments and plans they are text.
NOTHING = frozenset("-|--|---|–|—|−|.|..|...|\\n".split("|")).union(*(language.nothing for language in LANGUAGES))
_MANY = 20_000
_NUMBERS = {bool, int, float}  # of which True, 1 and 1.0 are equal
_APART = _NUMBERS | {str, datetime, date, time, timedelta, type(None)}
# Marks that take no place on a screen: zero-width blanks, joiners, direction marks, soft hyphens, byte order marks.
_UNSEEN = re.compile("[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")


class State(IntEnum):
    """What became of a cell."""

    READ = 0
    BLANK = 1
    UNREAD = 2
    WORD = 3


@dataclass
class Outcome:
    """What a reader made of distinct cells.

    Args:
        values: one a distinct cell.
        states: one a distinct cell.
        expected: what an unread cell was to be.
        notes, questions: what must be said; with a question no cell that waits for it is read.
        shows: what the cells decided.
        units: the currency each cell says, if any does.
    """

    values: Any
    states: NDArray[np.int8]
    expected: str = ""
    notes: list[Note] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    shows: dict[str, str] = field(default_factory=dict)
    units: list[str | None] | None = None


@dataclass(frozen=True)
class Distinct:
    """The distinct cells of a column.

    Args:
        cells: as they came, in the order they first stand in.
        codes: which of them each row holds; -1 where it holds nothing.
        place: where the column stands.
        said: what the user said.
    """

    cells: list[Any]
    codes: NDArray[np.integer]
    place: Place
    said: Said

    def __len__(self) -> int:
        return len(self.cells)

    def about(self, option: str) -> str | None:
        """What the user said about this column."""
        return self.said.about(option, self.place)

    def count(self, chosen: Mask) -> int:
        """How many rows hold one of some cells."""
        return int(chosen[self.codes[self.codes >= 0]].sum())

    def quote(self, chosen: Mask | Sequence[int], most: int = 1) -> tuple[Cell, ...]:
        """The first of some cells, with their rows."""
        wanted = np.zeros(len(self.cells) + 1, dtype=bool)
        wanted[:-1][chosen] = True
        rows = np.flatnonzero(wanted[self.codes])[:most]
        return tuple(Cell(int(self.place.rows[int(row)]), self.cells[self.codes[row]]) for row in rows)

    def note(self, text: str, chosen: Mask | None = None) -> Note:
        """A note about some cells, or about the whole column."""
        if chosen is None:
            return Note(self.place, text)
        return Note(self.place, text, self.quote(chosen), self.count(chosen))


def distinct(cells: Any, place: Place, said: Said) -> Distinct:
    """The distinct cells of a column, numbered already or not."""
    found = cells if isinstance(cells, Coded) else coded(cells)
    return Distinct(found.cells, found.codes, place, said)


def coded(cells: Any) -> Coded:
    """Number the distinct cells of a column."""
    series = cells if isinstance(cells, pd.Series) else pd.Series(_listed(cells), dtype=object)
    if isinstance(series.dtype, pd.CategoricalDtype):
        series = series.astype(object)
    kinds = set(map(type, series)) if series.dtype == object else set()
    if kinds <= _APART and len(kinds & _NUMBERS) < 2 and kinds:
        codes, found = _each_cell(series.tolist())
    elif kinds:
        codes, found = _each_kind(series.tolist())
    elif _mostly_distinct(series):
        found = series.astype(object).tolist()
        codes = np.where(series.isna(), -1, np.arange(len(series)))
    else:
        codes, uniques = pd.factorize(series)
        found = list(pd.Series(uniques, dtype=object)) if str(series.dtype).startswith("datetime") else uniques.tolist()
    return Coded(found, codes.astype(np.int64, copy=False))


def _mostly_distinct(series: pd.Series) -> bool:
    """Whether looking for equal cells would take longer than looking at them all, as far as the first ones tell."""
    return len(series) > _MANY and str(series.dtype) == "str" and series.head(_MANY).nunique() > 0.9 * _MANY


def _listed(cells: Any) -> list[Any]:
    return list(cells.tolist() if hasattr(cells, "tolist") else cells)


def _each_cell(cells: list[Any]) -> tuple[NDArray[np.int64], list[Any]]:
    """Codes of cells none of which equals one of another kind."""
    known = dict.fromkeys(cells, -1)
    found = [cell for cell in known if cell is not None and cell == cell]
    known.update(zip(found, range(len(found)), strict=True))
    return np.fromiter(map(known.__getitem__, cells), np.int64, len(cells)), found


def _each_kind(cells: list[Any]) -> tuple[NDArray[np.int64], list[Any]]:
    """Codes that keep True, 1 and 1.0 apart, and take lists and the like as what they print as."""
    index: dict[Any, int] = {}
    found: list[Any] = []
    codes = np.full(len(cells), -1, dtype=np.int64)
    for row, cell in enumerate(cells):
        if cell is None or cell is pd.NaT or cell is pd.NA or cell != cell:
            continue
        known = cell if isinstance(cell, Hashable) else str(cell)
        codes[row] = index.setdefault((type(known), known), len(found))
        if codes[row] == len(found):
            found.append(known)
    return codes, found


def trimmed(text: str) -> str:
    """Text without blanks at its ends, of whatever kind, and without marks that nobody sees."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", _UNSEEN.sub("", text))
    text = text.strip().strip("\x00")
    if text.startswith('="') and text.endswith('"') and text.count('"') == 2:
        return text[2:-1].strip()  # how programs keep a spreadsheet from reading 007 as 7
    return text


def is_number(cell: Any) -> bool:
    """Whether a cell is a number of any library, and no truth value."""
    return isinstance(cell, (Number, np.number)) and not isinstance(cell, (bool, np.bool_, complex))


def is_day(cell: Any) -> bool:
    """Whether a cell is a date of any library."""
    return isinstance(cell, (datetime, date, np.datetime64))


def is_error(cell: Any) -> bool:
    """Whether a cell failed in its spreadsheet."""
    return isinstance(cell, str) and cell in CELL_ERRORS


def is_nothing(text: str) -> bool:
    """Whether trimmed text is a word for nothing, or no text."""
    return not text or text.casefold() in NOTHING


def as_written(cell: Any) -> str:
    """A cell as text, as its user would see it: a whole number of a spreadsheet has no point."""
    if type(cell) is str:
        return trimmed(cell)
    if isinstance(cell, (bool, np.bool_)):
        return str(bool(cell)).upper()
    if is_number(cell) and isfinite(cell) and cell == (whole := int(cell)):
        return str(whole)
    if isinstance(cell, datetime) and cell.timetz() == time():
        return cell.date().isoformat()
    return trimmed(cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell))

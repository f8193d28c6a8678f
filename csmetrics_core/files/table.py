"""A table as it was found in a sheet: headings, and cells that are taken by column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from csmetrics_core.errors import show
from csmetrics_core.files.columnar import Coded, Columns
from csmetrics_core.files.distinct import coded
from csmetrics_core.files.grids import is_filled
from csmetrics_core.files.saying import Place


class LeftOut(NamedTuple):
    """Rows that are not data: why, the number of the first as the file counts, its beginning, and how many."""

    why: str
    row: int
    text: str
    many: int = 1

    def __str__(self) -> str:
        more = f" and {self.many - 1:,} more" if self.many > 1 else ""
        return f"{self.why}: row {self.row:,} ({self.text}){more}"


@dataclass
class Table:
    """One table as it stands in a file.

    Args:
        file, sheet: where it stands; sheet is empty for text.
        headings: what its columns are called, as text; empty where a column has no heading.
        rows: its cells, a list a row.
        numbers: the number of each row as the file, or a spreadsheet that opens it, shows it.
        raw: its headings as they stand, with the types of a workbook.
        wordings: what further rows of headings say about each column.
        name: what a person calls it: the sheet, the Excel table, or the file without its ending.
        typed: whether cells have types of their own.
        left_out: rows of the sheet that are no data.
        notes: what opening it showed.
        columns: where its columns stand in the sheet, counted from 0.
        titles: the texts above its headings.
    """

    file: str
    sheet: str
    headings: tuple[str, ...]
    rows: Sequence[Sequence[Any]]
    numbers: NDArray[np.int64]
    raw: tuple[Any, ...] = ()
    wordings: tuple[str, ...] = ()
    name: str = ""
    typed: bool = True
    left_out: list[LeftOut] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    columns: tuple[int, ...] = ()
    titles: tuple[str, ...] = ()
    _taken: dict[int, pd.Series] = field(default_factory=dict, init=False, repr=False, compare=False)
    _coded: dict[int, Coded] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def place(self) -> str:
        """The file, and the sheet where there is one."""
        return self.at("").table

    def at(self, heading: str) -> Place:
        """Where a column stands."""
        sheet = self.sheet if self.file or self.sheet else self.name
        return Place(self.file, sheet, heading, self.numbers)  # type: ignore[arg-type]

    def column(self, place: int) -> pd.Series:
        """The cells of one column, which nobody may write into."""
        if place not in self._taken:
            if isinstance(self.rows, Columns):
                self._taken[place] = self.rows.columns[place].series()
            else:
                self._taken[place] = pd.Series(self._standing[place], dtype=object)
        return self._taken[place]

    @cached_property
    def _standing(self) -> Sequence[Sequence[Any]]:
        """The cells of rows by column; a short row ends in blank ones."""
        if len(set(map(len, self.rows))) == 1:
            return [*zip(*self.rows, strict=True)][: len(self.headings)]
        places = range(len(self.headings))
        return [[row[place] if place < len(row) else None for row in self.rows] for place in places]

    def coded(self, place: int) -> Coded:
        """The distinct cells of one column, each of which is looked at once, and the rows that hold them."""
        if place not in self._coded:
            held = self.rows.columns[place] if isinstance(self.rows, Columns) else None
            self._coded[place] = held or coded(self.column(place))
        return self._coded[place]

    def asks(self, place: int) -> str:
        """A heading with what stands below it in further rows of headings."""
        wording = self.wordings[place] if place < len(self.wordings) else ""
        return f"{self.headings[place]} {wording}".strip()

    def without(self, rows: NDArray[np.bool_], why: str) -> Table:
        """The table without some rows, which are remembered."""
        first = int(np.flatnonzero(rows)[0])
        left = LeftOut(why, int(self.numbers[first]), _beginning(self.rows[first]), int(rows.sum()))
        kept = np.flatnonzero(~rows)
        cells = self.rows.take(kept) if isinstance(self.rows, Columns) else [self.rows[at] for at in kept.tolist()]
        return Table(
            self.file, self.sheet, self.headings, cells, self.numbers[kept], self.raw,
            self.wordings, self.name, self.typed, [*self.left_out, left], self.notes,
            self.columns,
        )  # fmt: skip


def _beginning(row: Sequence[Any]) -> str:
    return ", ".join(show(cell) for cell in [cell for cell in row if is_filled(cell)][:3])

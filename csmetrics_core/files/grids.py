"""Cells as they stand in the sheets of files, before anybody asks what they mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from csmetrics_core.errors import MetricError
from csmetrics_core.files.saying import Remedy


class UnreadableFile(MetricError):
    """A file, or a table of it, that cannot be read without guessing.

    Args:
        problem, fix: what is wrong, and how the file is mended.
        remedies: what a user can say instead.
    """

    def __init__(self, problem: str, fix: str = "", remedies: Sequence[Remedy] = ()) -> None:
        super().__init__(problem, fix)
        self.remedies = tuple(remedies)


class ExcelTable(NamedTuple):
    """An Excel table: its name, its headings, and where its first row of data stands, counted from 0."""

    name: str
    headings: tuple[str, ...]
    row: int
    column: int
    end: int


@dataclass
class Grid:
    """The cells of one sheet, or of one text file or frame.

    Args:
        file, sheet: where it stands; sheet is empty for text, both are for a frame that has a name only.
        rows: lists of cells, which may differ in length; an empty cell is None or blank text.
        top, left: place of the first cell, counted from 0 as in the sheet.
        typed: whether cells have types of their own, as in workbooks and frames; in text all are text.
        tables: Excel tables inside.
        pending: places of formulas that were never calculated and look blank, counted from 0 in the sheet.
        headed: whether the first row is known to hold the headings, as in a frame.
        notes: what opening it showed.
    """

    file: str
    sheet: str = ""
    rows: Sequence[Sequence[Any]] = ()
    top: int = 0
    left: int = 0
    typed: bool = True
    tables: tuple[ExcelTable, ...] = ()
    pending: tuple[tuple[int, int], ...] = ()
    headed: bool = False
    notes: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """What a person calls it: the sheet, or the file without its ending."""
        return self.sheet or self.file.rsplit(".", 1)[0]

    @property
    def place(self) -> str:
        """The file, and the sheet where there is one."""
        return f"{self.file}, sheet {self.sheet}" if self.sheet and self.file else self.sheet or self.file

    def from_the_first_cell(self) -> list[list[Any]]:
        """The rows from A1 on, in which an empty cell is None."""
        before = [None] * self.left
        above: list[list[Any]] = [[] for _ in range(self.top)]
        return above + [[*before, *(None if cell == "" else cell for cell in row)] for row in self.rows]


def is_filled(cell: Any) -> bool:
    """Whether a cell holds anything."""
    if isinstance(cell, str):
        return bool(cell.strip())
    return cell is not None and cell == cell

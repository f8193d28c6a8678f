"""Files opened as sheets of raw cells: workbooks with their Excel tables, and delimited text."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from csmetrics_addin.terminal import BAD_DATA, Problem

if TYPE_CHECKING:
    from csmetrics_core.readers.sheets import Used

Rows = list[list[Any]]
_NUMBER = re.compile(r"[+-]?(0|[1-9]\d*)?(\.\d+)?([eE][+-]?\d+)?")
_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?)?")
_HEADER_SEARCH = 20  # rows a title and remarks may take above the headings


@dataclass(frozen=True)
class Block:
    """A table inside a sheet: its headings and the place of its first row, counted from 0."""

    sheet: str
    headings: tuple[str, ...]
    row: int
    column: int
    end: int

    def cells(self, rows: Rows, heading: str) -> list[Any]:
        """The cells under a heading."""
        place = self.column + self.headings.index(heading)
        return [row[place] if place < len(row) else None for row in rows[self.row : self.end]]


class Opened(NamedTuple):
    """The sheets of a file, its Excel tables, and where formulas stand that were never calculated, counted from 0."""

    sheets: dict[str, Rows]
    tables: dict[str, Block]
    pending: dict[str, tuple[tuple[int, int], ...]]


def open_file(path: Path) -> Opened:
    """What a file holds, as raw cells.

    Args:
        path: text with delimiters, or a workbook.

    Raises:
        Problem: it is not readable, or another kind of file.
    """
    from csmetrics_core.readers import UnreadableFile
    from csmetrics_core.readers.sheets import is_text

    try:
        return _text(path) if is_text(path) else _workbook(path)
    except UnreadableFile as error:
        raise Problem(error.problem, _without_how(error.fix), code=BAD_DATA) from error


def _without_how(fix: str) -> str:
    """What mends a file, less what a reader could be told but not every command."""
    ways = [way for way in re.split(r",? or (?=say|save)", fix) if "How(" not in way]
    text = " or ".join(ways) or "Save it as an .xlsx workbook, or as CSV UTF-8"
    return f"{text[0].upper()}{text[1:].rstrip('.')}."


def found_table(sheet: str, rows: Rows) -> Block | None:
    """The table of a sheet that has no Excel table: its headings are the first of the rows with most words."""
    words = [sum(isinstance(cell, str) and bool(cell.strip()) for cell in row) for row in rows[:_HEADER_SEARCH]]
    if not any(words):
        return None
    top = words.index(max(words))
    if top + 1 >= len(rows):
        return None  # a remark, not a table
    return Block(sheet, _headings(rows[top]), top + 1, 0, len(rows))


def _headings(cells: Sequence[Any]) -> tuple[str, ...]:
    return tuple("" if cell is None else str(cell).strip() for cell in cells)


def _workbook(path: Path) -> Opened:
    from csmetrics_core.readers.sheets import open_workbook

    used, tables = open_workbook(path)
    rows = {name: _from_the_first_cell(sheet) for name, sheet in used.items()}
    pending = {name: sheet.pending for name, sheet in used.items() if sheet.pending}
    return Opened(rows, {name: Block(*table) for name, table in tables.items()}, pending)


def _from_the_first_cell(used: "Used") -> Rows:
    """The rows of a sheet from A1 on, in which an empty cell is None; the reader gives empty text."""
    (above, before), cells, _ = used
    return [[] for _ in range(above)] + [
        [*[None] * before, *(None if cell == "" else cell for cell in row)] for row in cells
    ]


def _text(path: Path) -> Opened:
    """A text file as one sheet; numbers and ISO dates are read as such, everything else stays text."""
    from csmetrics_core.readers import How
    from csmetrics_core.readers.text_files import open_text

    text = open_text(path, How())
    comma = text.delimiter == ";"  # where the semicolon separates, the comma is the decimal sign
    sheet: Rows = []
    for place, row in enumerate(text.lines()):
        sheet.append([_typed(cell, comma) for cell in row] if place else list(row))
    return Opened({path.stem: sheet}, {path.stem: Block(path.stem, _headings(text.headings), 1, 0, len(sheet))}, {})


def _typed(cell: str, decimal_comma: bool = False) -> Any:
    """One cell of a text file: a number, a date, text, or None. A leading zero or a blank keeps it text."""
    if not cell.strip():
        return None
    number = cell.replace(",", ".") if decimal_comma and "." not in cell else cell
    if _NUMBER.fullmatch(number) and any(sign.isdigit() for sign in number):
        return float(number)
    return _date(cell)


def _date(cell: str) -> Any:
    """A date or a date with time where the text is one, as 2026-09-30; else the text."""
    if not _ISO_DATE.fullmatch(cell):
        return cell
    try:
        return date.fromisoformat(cell) if len(cell) == 10 else datetime.fromisoformat(cell)
    except ValueError:
        return cell


def typed_value(text: str) -> Any:
    """What was typed as a value: a number, a date, a word, or None for nothing."""
    return _typed(text.strip())

"""Files opened as sheets: a heading row and columns that are loaded when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import pandas as pd
from openpyxl import load_workbook
from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from csmetrics_core.readers.report import How, UnreadableFile
from csmetrics_core.readers.text_files import open_text

#: Endings of the files that are read.
TEXT_ENDINGS = frozenset((".csv", ".tsv", ".txt"))
WORKBOOK_ENDINGS = frozenset((".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"))


@dataclass
class Sheet:
    """One table as it stands in a file.

    Args:
        file, name: where it stands; name is the sheet's, or the file's without its ending.
        headings: the first row.
        rows: how many follow.
        load: gives some of the columns, by position, as they came.
        first_row: the row number of the first row of data, as a spreadsheet counts.
        in_workbook: whether cells have types of their own.
        notes: what opening it showed.
    """

    file: str
    name: str
    headings: tuple[str, ...]
    rows: int
    load: Callable[[Sequence[int]], pd.DataFrame]
    first_row: int = 2
    in_workbook: bool = False
    notes: list[str] = field(default_factory=list)


def open_sheets(path: Path, how: How) -> list[Sheet]:
    """Open a text file or the sheets of a workbook that hold anything.

    Raises:
        UnreadableFile: the file is empty, cut, locked or of another kind.
    """
    ending = path.suffix.lower()
    if not path.is_file():
        raise UnreadableFile(f"there is no file {path.name}", "Check the path.")
    if not path.stat().st_size:
        raise UnreadableFile(f"{path.name} is empty", "Export it again.")
    if ending in TEXT_ENDINGS:
        text = open_text(path, how)
        headings = tuple(cell.strip() for cell in text.headings)
        return [Sheet(path.name, path.stem, headings, text.rows, text.load, text.first_row, False, text.notes)]
    if ending in WORKBOOK_ENDINGS:
        return _workbook(path, how)
    kinds = ", ".join(sorted(TEXT_ENDINGS | WORKBOOK_ENDINGS))
    raise UnreadableFile(f"{path.name} is not a table this package reads", f"Save it as one of {kinds}.")


def _workbook(path: Path, how: How) -> list[Sheet]:
    try:
        with CalamineWorkbook.from_path(str(path)) as book:
            names = [how.sheet] if how.sheet else book.sheet_names
            if how.sheet and how.sheet not in book.sheet_names:
                found = ", ".join(book.sheet_names)
                raise UnreadableFile(f"{path.name} has no sheet {how.sheet!r}", f"It has: {found}.")
            sheets = {name: book.get_sheet_by_name(name) for name in names}
            rows = {name: (sheet.start, sheet.to_python()) for name, sheet in sheets.items()}
        if _holds_errors(path):
            rows = _with_errors(path, names)
    except PasswordError:
        raise UnreadableFile(f"{path.name} is protected by a password", "Save it without one.") from None
    except (CalamineError, BadZipFile, OSError, ValueError) as error:
        if isinstance(error, UnreadableFile):
            raise
        fix = "It was cut short or is no workbook: download or save it again."
        raise UnreadableFile(f"{path.name} cannot be opened ({str(error)[:120]})", fix) from None
    return [_sheet(path.name, name, start, cells) for name, (start, cells) in rows.items() if len(cells) > 1]


def _holds_errors(path: Path) -> bool:
    """Whether an .xlsx holds error cells, which the quick reader would give as blank."""
    if path.suffix.lower() not in (".xlsx", ".xlsm"):
        return False
    with ZipFile(path) as parts:
        return any(b't="e"' in parts.read(name) for name in parts.namelist() if name.startswith("xl/worksheets/sheet"))


def _with_errors(path: Path, names: list[str]) -> dict[str, tuple[tuple[int, int] | None, list[list[Any]]]]:
    book = load_workbook(path, read_only=True, data_only=True)
    try:
        return {name: ((0, 0), [list(row) for row in book[name].iter_rows(values_only=True)]) for name in names}
    finally:
        book.close()


def _sheet(file: str, name: str, start: tuple[int, int] | None, cells: list[list[Any]]) -> Sheet:
    """A sheet from its used cells: titles above the headings are skipped, and so are rows blank throughout."""
    is_heading = [sum(_is_filled(cell) for cell in row) > 1 for row in cells]
    above = is_heading.index(True) if True in is_heading else 0
    header, *body = cells[above:]
    filled = [(index, row) for index, row in enumerate(body) if any(_is_filled(cell) for cell in row)]
    index = [position for position, _ in filled]

    def load(columns: Sequence[int]) -> pd.DataFrame:
        return pd.DataFrame(
            {column: pd.Series([row[column] for _, row in filled], index=index, dtype=object) for column in columns},
            index=index,
        )

    headings = tuple("" if cell is None else str(cell).strip() for cell in header)
    return Sheet(file, name, headings, len(filled), load, (start[0] if start else 0) + above + 2, True)


def _is_filled(cell: Any) -> bool:
    return cell is not None and not (isinstance(cell, str) and not cell.strip())

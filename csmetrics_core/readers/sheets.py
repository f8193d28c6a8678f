"""Files opened as sheets: a heading row and columns that are loaded when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import BadZipFile

import openpyxl
import pandas as pd
from python_calamine import CalamineError, PasswordError, SheetTypeEnum, ZipError, load_workbook

from csmetrics_core.readers.formulas import MEND, Place, look_into, pending_words
from csmetrics_core.readers.report import How, UnreadableFile
from csmetrics_core.readers.text_files import open_text

#: Endings of the files that are read.
TEXT_ENDINGS = frozenset((".csv", ".tsv", ".txt"))
WORKBOOK_ENDINGS = frozenset((".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"))
_XLSX = (".xlsx", ".xlsm")
#: How the file begins that an .xlsx becomes when it is given a password.
_COMPOUND = bytes.fromhex("D0CF11E0")


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


class Used(NamedTuple):
    """The part of a worksheet that is used, and the row and column it begins in, counted from 0.

    Args:
        start: the row and column of its first cell.
        cells: its rows.
        pending: places in the worksheet of formulas that were never calculated, whose cells look blank.
    """

    start: tuple[int, int]
    cells: list[list[Any]]
    pending: tuple[Place, ...] = ()


class ExcelTable(NamedTuple):
    """An Excel table: its sheet, its headings, and where its first row of data stands, counted from 0."""

    sheet: str
    headings: tuple[str, ...]
    row: int
    column: int
    end: int


def open_sheets(path: Path, how: How) -> list[Sheet]:
    """Open a text file or the sheets of a workbook that hold anything.

    Raises:
        UnreadableFile: the file is empty, cut, locked or of another kind.
    """
    if is_text(path):
        text = open_text(path, how)
        headings = tuple(cell.strip() for cell in text.headings)
        return [Sheet(path.name, path.stem, headings, text.rows, text.load, text.first_row, False, text.notes)]
    found, _ = open_workbook(path, how.sheet)
    return [_sheet(path.name, name, used) for name, used in found.items() if len(used.cells) > 1]


def is_text(path: Path) -> bool:
    """Whether a file is text with delimiters; else it is a workbook.

    Raises:
        UnreadableFile: it is not there, empty, or of another kind.
    """
    ending = path.suffix.lower()
    if not path.is_file():
        raise UnreadableFile(f"there is no file {path.name}", "Check the path.")
    if ending not in TEXT_ENDINGS | WORKBOOK_ENDINGS:
        kinds = ", ".join(sorted(TEXT_ENDINGS | WORKBOOK_ENDINGS))
        raise UnreadableFile(f"{path.name} is not a table this package reads", f"Save it as one of {kinds}.")
    if not path.stat().st_size:
        raise UnreadableFile(f"{path.name} is empty", "Export it again.")
    return ending in TEXT_ENDINGS


def open_workbook(path: Path, only: str | None = None) -> tuple[dict[str, Used], dict[str, ExcelTable]]:
    """The worksheets of a workbook, and its Excel tables.

    Args:
        path: the workbook.
        only: one sheet by name.

    Raises:
        UnreadableFile: it is cut, locked or no workbook, or has no such sheet.
    """
    try:
        with load_workbook(str(path), load_tables=path.suffix.lower() in _XLSX) as book:
            worksheets = [sheet.name for sheet in book.sheets_metadata if sheet.typ is SheetTypeEnum.WorkSheet]
            if only and only not in worksheets:
                raise UnreadableFile(f"{path.name} has no sheet {only!r}", f"It has: {', '.join(worksheets)}.")
            sheets = {name: book.get_sheet_by_name(name) for name in ([only] if only else worksheets)}
            found = {name: Used(sheet.start or (0, 0), sheet.to_python()) for name, sheet in sheets.items()}
            tables = {name: _table(book.get_table_by_name(name)) for name in _table_names(path, book)}
        if path.suffix.lower() in _XLSX:
            unsaid = look_into(path)
            found = _with_errors(path, list(found)) if unsaid.errors else found
            found = {name: used._replace(pending=unsaid.pending.get(name, ())) for name, used in found.items()}
    except PasswordError:
        raise _locked(path) from None
    except (CalamineError, ZipError, BadZipFile, OSError, ValueError) as error:
        if isinstance(error, UnreadableFile):
            raise
        if path.suffix.lower() in _XLSX and path.read_bytes()[:4] == _COMPOUND:
            raise _locked(path) from None
        fix = "It was cut short or is no workbook: download or save it again."
        raise UnreadableFile(f"{path.name} cannot be opened ({str(error)[:120]})", fix) from None
    return found, tables


def _locked(path: Path) -> UnreadableFile:
    return UnreadableFile(f"{path.name} is protected by a password", "Save a copy without one.")


def _table_names(path: Path, book: Any) -> list[str]:
    return list(book.table_names or ()) if path.suffix.lower() in _XLSX else []


def _table(table: Any) -> ExcelTable:
    (row, column), end = table.start or (0, 0), table.end
    headings = tuple(str(heading).strip() for heading in table.columns or ())
    return ExcelTable(table.sheet, headings, row, column, end[0] + 1 if end else row)


def _with_errors(path: Path, names: list[str]) -> dict[str, Used]:
    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    try:
        return {name: Used((0, 0), [list(row) for row in book[name].iter_rows(values_only=True)]) for name in names}
    finally:
        book.close()


def _sheet(file: str, name: str, used: Used) -> Sheet:
    """A sheet from its used cells: titles above the headings are skipped, and so are rows blank throughout."""
    start, cells, pending = used
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
    notes = [f"{pending_words(name, pending)}. {MEND}"] if pending else []
    return Sheet(file, name, headings, len(filled), load, start[0] + above + 2, True, notes)


def _is_filled(cell: Any) -> bool:
    return cell is not None and not (isinstance(cell, str) and not cell.strip())

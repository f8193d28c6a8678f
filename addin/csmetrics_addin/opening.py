"""Files opened as sheets of raw cells: workbooks with their Excel tables, and delimited text."""

import csv
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from csmetrics_addin.terminal import BAD_DATA, Problem, plain

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


def open_file(path: Path) -> tuple[dict[str, Rows], dict[str, Block]]:
    """The sheets of a file, and its Excel tables.

    Raises:
        Problem: it is not readable, or another kind of file.
    """
    readers = {".xlsx": _workbook, ".xlsm": _workbook, ".csv": _csv, ".tsv": _csv, ".txt": _csv}
    if path.suffix.lower() not in readers:
        raise Problem(f"{path.name} is not a file this command reads", "Save it as .xlsx or .csv.", code=BAD_DATA)
    return readers[path.suffix.lower()](path)


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


def _workbook(path: Path) -> tuple[dict[str, Rows], dict[str, Block]]:
    """Sheets and Excel tables of a workbook.

    python-calamine reads eight times as fast as openpyxl, but gives an error cell as an empty one, which would
    turn #N/A into "no answer": a workbook that holds an error cell is read with openpyxl.
    """
    from python_calamine import CalamineError, PasswordError, SheetTypeEnum, ZipError, load_workbook

    try:
        book = load_workbook(path, load_tables=True)
        names = [sheet.name for sheet in book.sheets_metadata if sheet.typ is SheetTypeEnum.WorkSheet]
        sheets = {name: _rows(book.get_sheet_by_name(name).to_python(skip_empty_area=False)) for name in names}
        tables = {}
        for name in book.table_names or ():
            table = book.get_table_by_name(name)
            (row, column), end = table.start or (0, 0), table.end
            tables[name] = Block(table.sheet, _headings(table.columns or ()), row, column, end[0] + 1 if end else row)
        return (_with_errors(path) if _holds_errors(path) else sheets), tables
    except PasswordError:
        raise Problem(f"{path.name} is protected by a password", "Save a copy without it.", code=BAD_DATA) from None
    except (CalamineError, ZipError, zipfile.BadZipFile, OSError) as error:
        fix = "Open it in a spreadsheet program and save it as .xlsx again."
        raise Problem(f"{path.name} cannot be read as a workbook ({plain(error)})", fix, code=BAD_DATA) from error


def _rows(cells: Rows) -> Rows:
    """Rows in which an empty cell is None; the reader gives empty text."""
    return [[None if cell == "" else cell for cell in row] for row in cells]


def _holds_errors(path: Path) -> bool:
    with zipfile.ZipFile(path) as parts:
        return any(b't="e"' in parts.read(name) for name in parts.namelist() if name.startswith("xl/worksheets/sheet"))


def _with_errors(path: Path) -> dict[str, Rows]:
    from openpyxl import load_workbook

    book = load_workbook(path, read_only=True, data_only=True)
    try:
        return {sheet.title: [list(row) for row in sheet.iter_rows(values_only=True)] for sheet in book.worksheets}
    finally:
        book.close()


def _csv(path: Path) -> tuple[dict[str, Rows], dict[str, Block]]:
    """A text file as one sheet; numbers and ISO dates are read as such, everything else stays text."""
    text = _decoded(path)
    try:
        separator = csv.Sniffer().sniff(text[:20_000].split("\n\n")[0], ",;\t|").delimiter
    except csv.Error:
        separator = "\t" if path.suffix.lower() == ".tsv" else ","
    rows = list(csv.reader(text.splitlines(keepends=True), delimiter=separator))
    if not rows:
        raise Problem(f"{path.name} is empty", code=BAD_DATA)
    comma = separator == ";"  # where the semicolon separates, the comma is the decimal sign
    header, *rest = rows
    sheet: Rows = [list(header), *([_typed(cell, comma) for cell in row] for row in rest)]
    return {path.stem: sheet}, {path.stem: Block(path.stem, _headings(header), 1, 0, len(sheet))}


def _decoded(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise Problem(f"{path} cannot be opened ({error.strerror})", code=BAD_DATA) from error
    for encoding in ("utf-16",) if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "cp1252"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Problem(f"{path.name} is not a text file", "Save it as CSV UTF-8.", code=BAD_DATA)


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

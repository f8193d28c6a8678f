"""Workbooks and CSV files as tables of raw cells, and the ways people point at a column in one."""

import csv
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from csmetrics_addin.terminal import BAD_DATA, Problem, nearest, plain

Rows = list[list[Any]]
_NUMBER = re.compile(r"[+-]?(0|[1-9]\d*)?(\.\d+)?([eE][+-]?\d+)?")
_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?)?")
_CELLS = re.compile(r"\$?([A-Z]{1,3})\$?(\d*)(?::\$?([A-Z]{1,3})\$?(\d*))?", re.IGNORECASE)
_HEADER_SEARCH = 20  # rows a title and remarks may take above the headings


@dataclass(frozen=True)
class Cells:
    """Cells somebody pointed at: one value, a column, or rows of a block.

    Args:
        values: a single value for a single cell, else a list, of lists where it is a block.
        where: the sheet or table.
        first_row: the row of the sheet the first cell is in, counted from 1.
    """

    values: Any
    where: str = ""
    first_row: int = 1


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


class Book:
    """A file with tables; sheets are read when they are needed.

    Args:
        path: .xlsx, .xlsm, .csv, .tsv or .txt.

    Raises:
        Problem: it is not there, not readable, or another kind of file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.is_file():
            raise Problem(f"there is no file {path}", nearest(path.name, _beside(path), " "))
        readers = {".xlsx": _workbook, ".xlsm": _workbook, ".csv": _csv, ".tsv": _csv, ".txt": _csv}
        if path.suffix.lower() not in readers:
            raise Problem(f"{path.name} is not a file this command reads", "Save it as .xlsx or .csv.", code=BAD_DATA)
        self.sheets, self._tables = readers[path.suffix.lower()](path)

    @cached_property
    def blocks(self) -> dict[str, Block]:
        """Every table by name: a sheet's own name, or the names of its Excel tables where it holds several."""
        blocks: dict[str, Block] = {}
        for sheet, rows in self.sheets.items():
            inside = {name: block for name, block in self._tables.items() if block.sheet == sheet}
            if len(inside) > 1:
                blocks |= inside
            elif inside:
                blocks[sheet] = next(iter(inside.values()))
            elif block := _found(sheet, rows):
                blocks[sheet] = block
        return blocks

    def tables(self) -> dict[str, Mapping[str, list[Any]]]:
        """Every table as heading -> cells."""
        return {
            name: {heading: block.cells(self.sheets[block.sheet], heading) for heading in block.headings if heading}
            for name, block in self.blocks.items()
        }

    def cells(self, reference: str) -> Cells:
        """The cells a person points at: `Sheet!Heading`, `Table[Heading]`, `Sheet!B2:B100` or a heading alone.

        Raises:
            Problem: there is no such sheet, table or heading.
        """
        reference = reference.strip()
        if match := re.fullmatch(r"(.+?)\[(.+)\]", reference):
            return self._under(match[1], match[2])
        if "!" in reference:
            name, rest = reference.rsplit("!", 1)
            return self._under(name.strip().strip("'"), rest.strip())
        holding = [name for name, block in self.blocks.items() if _same(reference, block.headings)]
        if len(holding) == 1:
            return self._under(holding[0], reference)
        if holding:
            problem = f"{plain(reference)} is a heading in {len(holding)} tables"
            raise Problem(problem, f'Say which: "{holding[0]}!{plain(reference)}".')
        headings = [heading for block in self.blocks.values() for heading in block.headings if heading]
        raise Problem(f"{self.path.name} has no column {plain(reference)}", nearest(reference, headings))

    def _under(self, name: str, rest: str) -> Cells:
        blocks = {**self.blocks, **self._tables}
        known = list(dict.fromkeys([*blocks, *self.sheets]))
        found = _same(name, known)
        if found is None:
            raise Problem(f"{self.path.name} has no sheet or table {plain(name)}", nearest(name, known))
        block = blocks.get(found)
        if block and (heading := _same(rest, block.headings)):
            return Cells(block.cells(self.sheets[block.sheet], heading), found, block.row + 1)
        place = _CELLS.fullmatch(rest)
        if place and found in self.sheets and (place[2] or place[3]):
            return _range(found, self.sheets[found], place)
        headings = [heading for heading in block.headings if heading] if block else []
        raise Problem(f"{plain(found)} has no column {plain(rest)}", nearest(rest, headings))


def _same(name: str, known: Sequence[str]) -> str | None:
    """The known name that was meant; case does not matter unless it decides."""
    if name in known:
        return name
    return next((other for other in known if other.strip().lower() == name.strip().lower()), None)


def _beside(path: Path) -> list[str]:
    return [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []


def _found(sheet: str, rows: Rows) -> Block | None:
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


def _range(sheet: str, rows: Rows, place: re.Match[str]) -> Cells:
    left, right = _column_number(place[1]), _column_number(place[3] or place[1])
    top = int(place[2] or 1) - 1
    bottom = int(place[4] or len(rows)) if place[3] else top + 1
    block = [[row[c] if c < len(row) else None for c in range(left, right + 1)] for row in rows[top:bottom]]
    if left == right:
        column = [row[0] for row in block]
        return Cells(column[0] if not place[3] and column else column, sheet, top + 1)
    return Cells(block, sheet, top + 1)


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number - 1


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

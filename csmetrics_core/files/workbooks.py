"""Workbooks as grids of cells, with their Excel tables, their error cells and the formulas nobody calculated."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
from python_calamine import PasswordError

from csmetrics_core.files.apart import Cells, cells, cells_apart
from csmetrics_core.files.budget import check_bytes, check_cells, check_columns
from csmetrics_core.files.formulas import Unsaid, look_into
from csmetrics_core.files.grids import ExcelTable, Grid, UnreadableFile, is_filled

XLSX = (".xlsx", ".xlsm")
# How the file begins that an .xlsx becomes when it is given a password.
_COMPOUND = bytes.fromhex("D0CF11E0")
_MARKUP = (b"<htm", b"<!do", b"<tab", b"<?xm", b"<met", b"<div")


def read_workbook(name: str, file: Path | bytes, only: str | None = None) -> list[Grid]:
    """The worksheets of a workbook.

    Args:
        name: of the file, which tells its kind.
        file: where it is, or what is in it.
        only: one sheet by name.

    Raises:
        UnreadableFile: it is cut, locked, no workbook or too large, or has no such sheet.
    """
    content = file if isinstance(file, Path) else io.BytesIO(file)
    check_bytes(name, file.stat().st_size if isinstance(file, Path) else len(file))
    is_xlsx = Path(name).suffix.lower() in XLSX
    try:
        unsaid = look_into(content, name) if is_xlsx else None
        grids = _grids(name, content, only, unsaid)
    except PasswordError:
        raise _locked(name) from None
    except UnreadableFile:
        raise
    except Exception as error:  # a broken file may make its readers raise anything
        raise _no_workbook(name, file, error) from None
    for grid in grids:
        grid.pending = unsaid.pending.get(grid.sheet, ()) if unsaid else ()
        check_columns(grid.place, len(grid.rows[0]) if grid.rows else 0)
        check_cells(grid.place, len(grid.rows) * len(grid.rows[0]) if grid.rows else 0)
    if unsaid and unsaid.errors:
        _put_errors(content, grids)
    for grid in grids:
        _fill_merged(grid, unsaid.merged.get(grid.sheet, ()) if unsaid else ())
    return grids


def _grids(name: str, content: Any, only: str | None, unsaid: Unsaid | None) -> list[Grid]:
    if unsaid and unsaid.plain:
        found = _cells(content, only)
    else:
        if not isinstance(content, Path):
            content.seek(0)
        found = cells_apart(content, only, with_tables=unsaid is not None)
    if only and only not in found.names:
        raise UnreadableFile(f"{name} has no sheet {only!r}", f"It has: {', '.join(found.names)}.")
    tables: dict[str, list[ExcelTable]] = {}
    for title, sheet, columns, start, end in found.tables:
        tables.setdefault(sheet, []).append(_table(title, columns, start, end))
    return [
        Grid(name, sheet, rows, top, left, tables=tuple(tables.get(sheet, ())))
        for sheet, rows, top, left in found.sheets
    ]


def _cells(content: Any, only: str | None) -> Cells:
    """Those of an .xlsx file, which was looked into before and is the kind nearly everybody has."""
    if not isinstance(content, Path):
        content.seek(0)
    try:
        return cells(str(content) if isinstance(content, Path) else content, only, with_tables=True)
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # it is no Exception, and cannot be imported
            raise
        raise ValueError("its parts contradict each other") from None


def _table(name: str, columns: list[str], start: tuple[int, int] | None, end: tuple[int, int] | None) -> ExcelTable:
    row, column = start or (0, 0)
    headings = tuple(str(heading).strip() for heading in columns)
    return ExcelTable(name, headings, row, column, end[0] + 1 if end else row)


def _put_errors(content: Any, grids: list[Grid]) -> None:
    """Cells again by the slower reader, which tells error cells from blank ones."""
    if not isinstance(content, Path):
        content.seek(0)
    book = openpyxl.load_workbook(content, read_only=True, data_only=True)
    try:
        for grid in grids:
            grid.rows = [list(row) for row in book[grid.sheet].iter_rows(values_only=True)]
            grid.top = grid.left = 0
    finally:
        book.close()


def _fill_merged(grid: Grid, merged: Sequence[tuple[int, int, int]]) -> None:
    """Let a name or day in merged cells stand in each of its rows, as a person reads it; an amount is there once."""
    rows, filled = [list(row) for row in grid.rows] if merged else [], 0
    for top, bottom, column in merged:
        first, place = top - grid.top, column - grid.left
        if not (0 <= first < len(rows) and 0 <= place < len(rows[first])):
            continue
        value = rows[first][place]
        if is_filled(value) and isinstance(value, str | date):
            filled += 1
            for row in rows[first + 1 : bottom - grid.top + 1]:
                row[place] = value
    if filled:
        grid.rows = rows
        grid.notes.append(f"What stands in merged cells counts for each of their rows ({filled:,} names or days).")


def _locked(name: str) -> UnreadableFile:
    return UnreadableFile(f"{name} is protected by a password", "Save a copy without one.")


def _no_workbook(name: str, file: Path | bytes, error: Exception) -> UnreadableFile:
    head = file.read_bytes()[:256] if isinstance(file, Path) else file[:256]
    if Path(name).suffix.lower() in XLSX and head[:4] == _COMPOUND:
        return _locked(name)
    if head.lstrip()[:4].lower().startswith(_MARKUP):
        fix = "Open it in a spreadsheet and save it as .xlsx, or export it as CSV."
        return UnreadableFile(f"{name} is a web page called a workbook", fix)
    fix = "It was cut short or is no workbook: download or save it again."
    return UnreadableFile(f"{name} cannot be opened ({str(error)[:120]})", fix)

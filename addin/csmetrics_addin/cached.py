"""A workbook's formulas beside the values it holds for them. The file is only read."""

import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile

import numpy as np
from openpyxl import Workbook, load_workbook
from openpyxl.utils import get_column_letter, range_boundaries

from csmetrics_addin.calculation import as_cell, recompute
from csmetrics_addin.syntax import NotRecomputed
from csmetrics_core.readers import UnreadableFile
from csmetrics_core.readers.sheets import is_text, open_workbook

_STRUCTURED = re.compile(r"(\w+)\[(.*)\]", re.DOTALL)
_PART = re.compile(r"\[([^\[\]]*)\]")
_ENDINGS = (".xlsx", ".xlsm", ".xltx", ".xltm")
_MOST_CELLS = 20_000_000


class CachedWorkbook:
    """The cells references stand for, as they were when the file was last calculated and saved.

    Args:
        path: .xlsx or .xlsm.

    Raises:
        UnreadableFile: it is another kind of file, locked or broken.
    """

    def __init__(self, path: Path) -> None:
        self.formulas, self.values = _load(path, formulas=True), _load(path, formulas=False)
        self.pages = {page.title.lower(): page for page in self.values.worksheets}
        self.tables = {t.name.lower(): (s.title, t) for s in self.formulas.worksheets for t in s.tables.values()}
        self._sizes = {title: (page.max_row, page.max_column) for title, page in self.pages.items()}
        self._kept: dict[tuple[str, str], Any] = {}
        self._open: set[str] = set()
        titles = [page.title for page in self.formulas.worksheets]
        self.is_calculated = any(self._holds_value(title, at) for title in titles for at in self.formula_cells(title))

    def formula_cells(self, sheet: str) -> "Mapping[tuple[int, int], Any]":
        """The cells of a sheet that hold a formula, by row and column."""
        return {at: cell for at, cell in sorted(_there(self.formulas[sheet]).items()) if cell.data_type == "f"}

    def shown(self, sheet: str, row: int, column: int) -> Any:
        """What one cell shows."""
        cell = _there(self.pages[sheet.lower()]).get((row, column))
        return as_cell(cell.value) if cell is not None else None

    def _holds_value(self, sheet: str, at: tuple[int, int]) -> bool:
        """Whether a formula was calculated. A text may be empty; some programs write it as they write no value."""
        cell = _there(self.values[sheet]).get(at)
        return cell is not None and (cell.value is not None or cell.data_type != "n")

    def resolve(self, text: str, sheet: str, row: int) -> Any:
        """The cells a reference, a table column or a name stands for.

        Raises:
            NotRecomputed: there are none, or they were never calculated.
        """
        if text.lower() == "addin_on":
            return True  # what our functions would say is what is asked
        if found := _STRUCTURED.fullmatch(text):
            return self._column(found[1], found[2], row)
        if "!" in text:
            name, _, reference = text.rpartition("!")
            return self._cells(name.removeprefix("'").removesuffix("'").replace("''", "'"), reference)
        if (named := self._named(text, sheet)) is not None:
            return self._by_name(text, named, sheet, row)
        return self._cells(sheet, text)

    def _named(self, text: str, sheet: str) -> str | None:
        """What a name of the sheet, or else of the workbook, stands for."""
        for names in (self.formulas[sheet].defined_names, self.formulas.defined_names):
            for name, defined in names.items():
                if name.lower() == text.lower():
                    return str(defined.attr_text)
        return None

    def _by_name(self, text: str, stands_for: str, sheet: str, row: int) -> Any:
        if text.lower() in self._open:
            raise NotRecomputed(f"the name {text} stands for itself")
        self._open.add(text.lower())
        try:
            return recompute(f"={stands_for}", lambda inner: self.resolve(inner, sheet, row))
        finally:
            self._open.discard(text.lower())

    def _cells(self, sheet: str, reference: str) -> Any:
        """The cells of a reference: one value, or rows of them."""
        key = (sheet.lower(), reference)
        if key not in self._kept:
            block = self._block(sheet, reference)
            self._kept[key] = block if ":" in reference else block[0, 0]
        return self._kept[key]

    def _block(self, sheet: str, reference: str) -> np.ndarray:
        if "[" in sheet:
            raise NotRecomputed("it reads another workbook")
        if sheet.lower() not in self.pages:
            raise NotRecomputed(f"there is no sheet {sheet}")
        try:
            left, top, right, bottom = range_boundaries(reference.replace("$", ""))
        except ValueError:
            raise NotRecomputed(f"{reference} is not a reference") from None
        height, width = self._sizes[sheet.lower()]
        # A whole column is as deep as the deepest sheet, so that whole columns of several sheets stay as long.
        left, top, right = left or 1, top or 1, right or width
        bottom = bottom or max(rows for rows, _ in self._sizes.values())
        if (bottom - top + 1) * (right - left + 1) > _MOST_CELLS:
            raise NotRecomputed(f"{reference} is too large")
        block = np.full((bottom - top + 1, right - left + 1), None, dtype=object)
        held = _there(self.pages[sheet.lower()])
        for row in range(top, min(bottom, height) + 1):
            for column in range(left, min(right, width) + 1):
                if (cell := held.get((row, column))) is not None:
                    block[row - top, column - left] = as_cell(cell.value)
        return block

    def _column(self, name: str, inside: str, row: int) -> Any:
        if name.lower() not in self.tables:
            raise NotRecomputed(f"there is no table {name}")
        sheet, table = self.tables[name.lower()]
        left, top, right, bottom = range_boundaries(table.ref)
        headers = [c.name.lower() for c in table.tableColumns]
        parts = _PART.findall(inside) or [inside]
        wanted = [p.lower() for p in parts if not p.startswith("#")]
        if any(w not in headers and w for w in wanted):
            raise NotRecomputed(f"{name} has no column {', '.join(wanted)}")
        places = [left + headers.index(w) for w in wanted if w] or [left, right]
        first, last = (row, row) if "#This Row" in parts else (top, top) if "#Headers" in parts else (top + 1, bottom)
        a, b = get_column_letter(min(places)), get_column_letter(max(places))
        return self._cells(sheet, f"{a}{first}" if a == b and first == last else f"{a}{first}:{b}{last}")


def _load(path: Path, *, formulas: bool) -> Workbook:
    if path.suffix.lower() not in _ENDINGS:
        raise UnreadableFile(f"{path.name} is no .xlsx workbook", "Save it as .xlsx in a spreadsheet program.")
    try:
        # Opened here, as openpyxl leaves a file open that it cannot read.
        with path.open("rb") as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # sparklines and the like are left alone
            return load_workbook(file, data_only=not formulas)
    except (AttributeError, BadZipFile, LookupError, ParseError, TypeError, ValueError) as error:
        if not is_text(path):
            open_workbook(path)  # which can tell a password from a broken file
        fix = "Open it in a spreadsheet program and save it again."
        raise UnreadableFile(f"{path.name} cannot be read as a workbook", fix) from error


def _there(page: Any) -> Mapping[tuple[int, int], Any]:
    """The cells a sheet holds, by row and column; asking openpyxl for rows would make all cells between them."""
    return page._cells  # type: ignore[no-any-return]

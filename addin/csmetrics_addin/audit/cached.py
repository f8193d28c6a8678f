"""A workbook's formulas beside the values it holds for them. The file is only read."""

import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from xml.etree.ElementTree import Element
from zipfile import ZipFile

import numpy as np
from openpyxl import Workbook
from openpyxl.packaging.relationship import RelationshipList, get_dependents, get_rels_path
from openpyxl.reader.excel import ExcelReader
from openpyxl.utils import get_column_letter, range_boundaries
from openpyxl.utils.datetime import CALENDAR_MAC_1904, from_ISO8601
from openpyxl.worksheet._reader import VALUE_TAG, WorkSheetParser, WorksheetReader
from openpyxl.worksheet.table import Table
from openpyxl.xml.functions import fromstring

from csmetrics_addin.audit.calculation import as_cell, recompute
from csmetrics_addin.audit.syntax import NotRecomputed
from csmetrics_addin.cells import DAYS_1904
from csmetrics_core.errors import MetricError
from csmetrics_core.files.budget import check_unpacked
from csmetrics_core.files.grids import UnreadableFile

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
        self.formulas, self._shown = _load(path)
        self.pages = {page.title.lower(): page for page in self.formulas.worksheets}
        self.tables = {t.name.lower(): (s.title, t) for s in self.formulas.worksheets for t in s.tables.values()}
        self._sizes = {title: (page.max_row, page.max_column) for title, page in self.pages.items()}
        self._kept: dict[tuple[str, str], Any] = {}
        self._open: set[str] = set()
        self.is_calculated = any(shown.holds_values for shown in self._shown.values())

    def formula_cells(self, sheet: str) -> "Mapping[tuple[int, int], Any]":
        """The cells of a sheet that hold a formula, by row and column."""
        return {at: cell for at, cell in sorted(_there(self.formulas[sheet]).items()) if cell.data_type == "f"}

    def shown(self, sheet: str, row: int, column: int) -> Any:
        """What one cell shows."""
        cell = _there(self.pages[sheet.lower()]).get((row, column))
        if cell is not None and cell.data_type == "f":
            return self._shown[sheet.lower()].values.get((row, column))
        return as_cell(cell.value) if cell is not None else None

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
        held, shown = _there(self.pages[sheet.lower()]), self._shown[sheet.lower()].values
        for row in range(top, min(bottom, height) + 1):
            for column in range(left, min(right, width) + 1):
                if (cell := held.get((row, column))) is not None:
                    value = shown.get((row, column)) if cell.data_type == "f" else as_cell(cell.value)
                    block[row - top, column - left] = value
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


@dataclass
class Shown:
    """What the formulas of a sheet showed when the file was last saved, by row and column."""

    values: dict[tuple[int, int], Any] = field(default_factory=dict)
    #: Whether any was calculated. A text may be empty; some programs write it as they write no value.
    holds_values: bool = False


def _load(path: Path) -> tuple[Workbook, dict[str, Shown]]:
    """The workbook with its formulas, and by the name of each sheet in small letters what those showed."""
    if path.suffix.lower() not in _ENDINGS:
        raise UnreadableFile(f"{path.name} is no .xlsx workbook", "Save it as .xlsx in a spreadsheet program.")
    # Opened here, as openpyxl leaves a file open that it cannot read.
    with path.open("rb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # sparklines and the like are left alone
        try:
            _check_unpacked(path, file)
            reader = _Reader(file)
            reader.read()
            return reader.wb, reader.shown
        except MetricError:
            raise
        except Exception as error:  # a broken file may make its reader raise anything
            from csmetrics_core.files import Said
            from csmetrics_core.files.opening import open_file

            open_file(path.name, path, Said())  # which can tell a password from a broken file
            fix = "Open it in a spreadsheet program and save it again."
            raise UnreadableFile(f"{path.name} cannot be read as a workbook", fix) from error


def _check_unpacked(path: Path, file: IO[bytes]) -> None:
    """Refuse a workbook that unpacks to more than is read at once."""
    with ZipFile(file) as parts:
        check_unpacked(path.name, parts)


class _Reader(ExcelReader):  # type: ignore[misc]  # openpyxl has no types
    """The cells and tables of a workbook, and what its formulas showed.

    openpyxl gives formulas or values, so that every sheet would be read twice, and charts, which nobody asks for here.
    """

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(file)
        self.shown: dict[str, Shown] = {}

    def read_worksheets(self) -> None:
        for sheet, relation in self.parser.find_sheets():
            if relation.target not in self.valid_files or "chartsheet" in relation.Type:
                continue
            page = self.wb.create_sheet(sheet.name)
            beside = get_rels_path(relation.target)
            page._rels = get_dependents(self.archive, beside) if beside in self.valid_files else RelationshipList()
            with self.archive.open(relation.target) as xml:
                cells = WorksheetReader(page, xml, self.shared_strings, False, False)
                cells.parser = _Parser(xml, self)
                cells.bind_cells()
                cells.bind_tables()
            for part in cells.tables:
                page.add_table(Table.from_tree(fromstring(self.archive.read(part))))
            self.shown[sheet.name.lower()] = cells.parser.shown


class _Parser(WorkSheetParser):  # type: ignore[misc]  # openpyxl has no types
    """A sheet's cells, with what stands beside each formula."""

    def __init__(self, xml: IO[bytes], reader: _Reader) -> None:
        book = reader.wb
        dates, lengths = book._date_formats, book._timedelta_formats
        super().__init__(xml, reader.shared_strings, epoch=book.epoch, date_formats=dates, timedelta_formats=lengths)
        self.shown, self._reader = Shown(), reader

    def parse_cell(self, element: Element) -> dict[str, Any]:
        cell: dict[str, Any] = super().parse_cell(element)
        if cell["data_type"] == "f":
            kind, text = element.get("t", "n"), element.findtext(VALUE_TAG) or None
            self.shown.holds_values = self.shown.holds_values or text is not None or kind != "n"
            value = _saved_value(kind, text, cell["style_id"], self._reader)
            self.shown.values[cell["row"], cell["column"]] = value
        return cell


def _saved_value(kind: str, text: str | None, style: int, reader: ExcelReader) -> Any:
    """A value as it stands in the file, as a spreadsheet calculates with it."""
    if text is None or kind == "str":
        return as_cell(text)
    if kind == "n":
        number = float(text)
        # Serial numbers are counted from where Excel usually does.
        is_date = style in reader.wb._date_formats and style not in reader.wb._timedelta_formats
        return number + DAYS_1904 if is_date and reader.wb.epoch == CALENDAR_MAC_1904 else number
    if kind == "s":
        return as_cell(reader.shared_strings[int(text)])
    return bool(int(text)) if kind == "b" else as_cell(from_ISO8601(text) if kind == "d" else text)


def _there(page: Any) -> Mapping[tuple[int, int], Any]:
    """The cells a sheet holds, by row and column; asking openpyxl for rows would make all cells between them."""
    return page._cells  # type: ignore[no-any-return]

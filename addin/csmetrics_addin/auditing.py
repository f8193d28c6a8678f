"""Every cell of a workbook that calls us, recomputed from the cached cells it rests on. The file is only read."""

import math
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from openpyxl import load_workbook
from openpyxl.utils import range_boundaries

from csmetrics_addin.calculation import CellError, NotRecomputed, as_cell, recompute
from csmetrics_addin.spelling import functions_in

_STRUCTURED = re.compile(r"(\w+)\[(.*)\]", re.DOTALL)
_PART = re.compile(r"\[([^\[\]]*)\]")
#: What templates show where only the add-in can compute; it is no figure, and so no wrong one.
_NEEDS_ADDIN = "needs the add-in"


@dataclass(frozen=True)
class Audited:
    """One cell.

    Args:
        place: sheet and cell.
        functions: ours that its formula calls.
        shown: what the workbook holds.
        computed: what the core makes of the same inputs.
        verdict: agrees, differs, or not checked.
        why: in words, where it is not checked.
    """

    place: str
    functions: str
    shown: Any
    computed: Any
    verdict: str
    why: str = ""


class _Workbook:
    """A workbook's formulas beside its cached values."""

    def __init__(self, path: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # sparklines and the like are left alone
            self.formulas = load_workbook(path)
            self.values = load_workbook(path, data_only=True)
        self.tables = {t.name.lower(): (s.title, t) for s in self.formulas.worksheets for t in s.tables.values()}
        self.names = {name.lower(): defined.attr_text for name, defined in self.formulas.defined_names.items()}
        self._kept: dict[tuple[str, str], Any] = {}

    def cells(self, sheet: str, reference: str) -> Any:
        """The cached cells of a reference: one value, or rows of them."""
        key = (sheet, reference)
        if key not in self._kept:
            if sheet not in self.values.sheetnames:
                raise NotRecomputed(f"there is no sheet {sheet}")
            page = self.values[sheet]
            left, top, right, bottom = range_boundaries(reference.replace("$", ""))
            top, bottom = top or 1, bottom or page.max_row
            rows = page.iter_rows(top, bottom, left or 1, right or page.max_column, values_only=True)
            block = np.array([[as_cell(v) for v in row] for row in rows], dtype=object)
            self._kept[key] = block[0, 0] if ":" not in reference else block
        return self._kept[key]

    def resolve(self, text: str, sheet: str, row: int) -> Any:
        """The cells a reference, a table column or a name stands for."""
        if text.lower() == "addin_on":
            return True  # what our functions would say is what is asked
        if found := _STRUCTURED.fullmatch(text):
            return self._column(found[1], found[2], row)
        if "!" in text:
            name, _, reference = text.rpartition("!")
            return self.cells(name.strip("'").replace("''", "'"), reference)
        if text.lower() in self.names:
            return self.resolve(self.names[text.lower()], sheet, row)
        try:
            return self.cells(sheet, text)
        except ValueError:
            raise NotRecomputed(f"{text} is not a reference") from None

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
        from openpyxl.utils import get_column_letter

        a, b = get_column_letter(min(places)), get_column_letter(max(places))
        return self.cells(sheet, f"{a}{first}" if a == b and first == last else f"{a}{first}:{b}{last}")


def audit(path: Path) -> list[Audited]:
    """Every cell that calls us, with what the core makes of its inputs.

    Args:
        path: an .xlsx file; it is never written.
    """
    book = _Workbook(path)
    found = []
    for page in book.formulas.worksheets:
        for row in page.iter_rows():
            for cell in row:
                formula = getattr(cell.value, "text", cell.value)
                if isinstance(formula, str) and formula.startswith("=") and (called := functions_in(formula)):
                    span = getattr(cell.value, "ref", cell.coordinate)
                    found.append(_audited(book, page.title, cell, formula, ", ".join(called), span))
    return found


def _audited(book: _Workbook, sheet: str, cell: Any, formula: str, called: str, span: str) -> Audited:
    place, shown = f"{sheet}!{cell.coordinate}", as_cell(book.values[sheet][cell.coordinate].value)
    if called == "CSM_VERSION":
        return Audited(place, called, shown, None, "not checked", "asks for the add-in")
    try:
        computed = recompute(formula, lambda text: book.resolve(text, sheet, cell.row))
    except NotRecomputed as why:
        return Audited(place, called, shown, None, "not checked", str(why))
    if isinstance(computed, np.ndarray):
        return _spilled(book, sheet, place, called, span, computed)
    if shown == _NEEDS_ADDIN:
        return Audited(place, called, shown, computed, "not checked", "computed by the add-in only")
    return Audited(place, called, shown, computed, "agrees" if _same(shown, computed) else "differs")


def _spilled(book: _Workbook, sheet: str, place: str, called: str, span: str, computed: np.ndarray) -> Audited:
    shown = book.cells(sheet, span)
    shown = shown if isinstance(shown, np.ndarray) else np.array([[shown]], dtype=object)
    rows, columns = (min(a, b) for a, b in zip(shown.shape, computed.shape, strict=True))
    for r in range(rows):
        for c in range(columns):
            if not _same(shown[r, c], computed[r, c]):
                return Audited(place, called, shown[r, c], computed[r, c], "differs", f"row {r + 1}, column {c + 1}")
    return Audited(place, called, shown[0, 0], computed[0, 0], "agrees")


def _same(shown: Any, computed: Any) -> bool:
    shown, computed = ("" if v is None else v for v in (shown, computed))
    if isinstance(shown, float) and isinstance(computed, float):
        return math.isclose(shown, computed, rel_tol=1e-9, abs_tol=1e-9)
    if isinstance(shown, CellError) or isinstance(computed, CellError):
        return str(shown) == str(computed)
    return bool(shown == computed)

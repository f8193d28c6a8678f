"""Every cell of a workbook that calls us, or holds our plain form, recomputed from the cells it rests on."""

import gc
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from csmetrics_addin.audit.cached import CachedWorkbook
from csmetrics_addin.audit.calculation import recompute
from csmetrics_addin.audit.native_forms import recognised
from csmetrics_addin.audit.syntax import CellError, Node, NotRecomputed
from csmetrics_addin.spelling import functions_in

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


def audit(path: Path) -> list[Audited]:
    """Every cell that calls us or holds the plain form of a metric, with what the core makes of its inputs.

    Args:
        path: an .xlsx file; it is never written.
    """
    with _all_kept():
        book = CachedWorkbook(path)
        found = [
            _audited(book, page.title, at, cell)
            for page in book.formulas.worksheets
            for at, cell in book.formula_cells(page.title).items()
        ]
    return [one for one in found if one is not None]


@contextmanager
def _all_kept() -> Iterator[None]:
    """Without Python's search for garbage: a workbook is a million objects, all in use, and a quarter of the time."""
    searched = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if searched:
            gc.enable()


def _audited(book: CachedWorkbook, sheet: str, at: tuple[int, int], cell: Any) -> Audited | None:
    """One cell; None where its formula is none of ours, or a what-if table."""
    formula = getattr(cell.value, "text", cell.value)
    if not isinstance(formula, str) or (ours := _ours(formula)) is None:
        return None
    called, tree = ours
    place, shown = f"{sheet}!{cell.coordinate}", book.shown(sheet, *at)
    if called == "CSM_VERSION":
        return Audited(place, called, shown, None, "not checked", "asks for the add-in")
    try:
        if not book.is_calculated:
            raise NotRecomputed("never calculated: open the file in a spreadsheet program, save it, and audit that")
        computed = recompute(tree, lambda text: book.resolve(text, sheet, cell.row))
        if isinstance(computed, np.ndarray):
            shown = book.resolve(getattr(cell.value, "ref", cell.coordinate), sheet, cell.row)
    except NotRecomputed as why:
        return Audited(place, called, shown, None, "not checked", str(why))
    return _judged(place, called, shown, computed)


@lru_cache(maxsize=1024)  # the cells of a computed column hold one formula
def _ours(formula: str) -> tuple[str, str | Node] | None:
    """The metrics a formula calls, or whose plain form it holds, and the formula that asks them."""
    if called := functions_in(formula):
        return ", ".join(called), formula
    if found := recognised(formula):
        tree, names = found
        return f"{', '.join(names)}, plain form", tree
    return None


def _judged(place: str, called: str, shown: Any, computed: Any) -> Audited:
    """What is shown beside what was computed: one value, or every cell of a range."""
    if not isinstance(computed, np.ndarray):
        if shown == _NEEDS_ADDIN:
            return Audited(place, called, shown, computed, "not checked", "computed by the add-in only")
        return Audited(place, called, shown, computed, "agrees" if _same(shown, computed) else "differs")
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

"""Reads workbooks for tests: what a file says, what it holds, what IronCalc makes of it."""

import math
import warnings

import ironcalc
import openpyxl

NEEDS_ADDIN = "needs the add-in"


def _cells(path, *, values):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl does not know sparklines
        book = openpyxl.load_workbook(path, data_only=values)
    return (
        (sheet.title, cell) for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None
    )


def read(path, *, values):
    """(sheet, cell) -> cached value, or formula text."""
    return {(sheet, c.coordinate): getattr(c.value, "text", c.value) for sheet, c in _cells(path, values=values)}


def formulas(path):
    """(sheet, cell) -> formula; text that only looks like one is none."""
    return {
        (sheet, c.coordinate): getattr(c.value, "text", c.value)
        for sheet, c in _cells(path, values=False)
        if c.data_type == "f"
    }


def by_ironcalc(path, places):
    """(sheet, cell) -> what IronCalc computes."""
    from openpyxl.utils.cell import coordinate_to_tuple

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sheets = openpyxl.load_workbook(path, read_only=True).sheetnames
    model = ironcalc.load_from_xlsx(str(path), "en", "UTC")
    model.evaluate()
    found = {}
    for sheet, cell in places:
        row, column = coordinate_to_tuple(cell)
        found[sheet, cell] = model.get_cell_value(sheets.index(sheet), row, column)
    return found


def differences(path, computed):
    """Formula cells whose cached value, the core's, is not what a program computed."""
    cached, differing = read(path, values=True), []
    needing = {at for at, value in computed.items() if value == NEEDS_ADDIN}
    for at, formula in formulas(path).items():
        mine, theirs = cached.get(at), computed.get(at)
        rests_on_addin = any(f"'{sheet}'!${_split(cell)}" in formula for sheet, cell in needing)
        if at in needing or rests_on_addin or same(mine, theirs):
            continue
        differing.append((at, mine, theirs, formula[:160]))
    return differing


def _split(cell):
    letters = cell.rstrip("0123456789")
    return f"{letters}${cell[len(letters) :]}"


def same(mine, theirs):
    mine, theirs = ("" if v is None else v for v in (mine, theirs))
    if hasattr(mine, "year") or hasattr(theirs, "year"):
        return True  # a date: the number behind it is compared by the cells that use it
    if isinstance(mine, bool) or isinstance(theirs, bool):
        return mine == theirs
    if isinstance(mine, int | float) and isinstance(theirs, int | float):
        return math.isclose(mine, theirs, rel_tol=1e-7, abs_tol=1e-7)
    return mine == theirs


def errors(cells):
    """Cells that hold an error."""
    return {at: v for at, v in cells.items() if isinstance(v, str) and v.startswith("#") and v.rstrip("!?").isupper()}

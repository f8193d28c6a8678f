"""Reads workbooks for tests: what a file says, what it holds, what IronCalc makes of it."""

import html
import io
import math
import re
import warnings
import zipfile
from contextlib import closing
from datetime import date
from functools import lru_cache
from pathlib import Path

import formulon
import ironcalc
import openpyxl
from csmetrics_workbooks.kit.gaps import COLUMN
from openpyxl.utils import get_column_letter, range_boundaries
from openpyxl.utils.cell import coordinate_to_tuple
from openpyxl.utils.datetime import to_excel

NEEDS_ADDIN = "needs the add-in"


def _cells(path, *, values, sheets=None):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl does not know sparklines
        book = openpyxl.load_workbook(path, data_only=values, read_only=sheets is not None)  # so the rest stays unread
    with closing(book):
        for sheet in book:
            for row in sheet.iter_rows() if sheets is None or sheet.title in sheets else ():
                yield from ((sheet.title, cell) for cell in row if cell.value is not None)


def read(path, *, values, sheets=None):
    """(sheet, cell) -> cached value, or formula text; of some sheets only, where a workbook is large."""
    return dict(_held(*_as_it_is(path), values, sheets)[0])


def formulas(path, sheets=None):
    """(sheet, cell) -> formula; text that only looks like one is none."""
    return dict(_held(*_as_it_is(path), False, sheets)[1])


def _as_it_is(path):
    stat = Path(path).stat()
    return path, stat.st_mtime_ns, stat.st_size


@lru_cache(maxsize=16)  # tests ask for the same ones over and over, and the largest takes seconds
def _held(path, changed, size, values, sheets):
    cells, texts = {}, {}
    for sheet, cell in _cells(path, values=values, sheets=sheets):
        cells[sheet, cell.coordinate] = getattr(cell.value, "text", cell.value)
        if cell.data_type == "f":
            texts[sheet, cell.coordinate] = cells[sheet, cell.coordinate]
    return cells, texts


def by_ironcalc(path, places):
    """(sheet, cell) -> what IronCalc computes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with closing(openpyxl.load_workbook(path, read_only=True)) as book:
            sheets = book.sheetnames
    model = ironcalc.load_from_xlsx(str(path), "en", "UTC")
    model.evaluate()
    found = {}
    for sheet, cell in places:
        row, column = coordinate_to_tuple(cell)
        found[sheet, cell] = model.get_cell_value(sheets.index(sheet), row, column)
    return found


def by_formulon(path, places):
    """(sheet, cell) -> what formulon computes, whose grammar is Excel's; what it lacks is spelled for it."""
    model = formulon.Workbook.load(respelled(path))
    model.recalc()
    sheets = {model.sheet_name(place): place for place in range(model.sheet_count())}
    found = {}
    for sheet, cell in places:
        row, column = coordinate_to_tuple(cell)
        value = model.get_value(sheets[sheet], row - 1, column - 1)
        error = value.error_code
        found[sheet, cell] = formulon.error_display_name(error) if error is not None else value.to_python()
    return found


#: What formulon cannot compute as it stands, and how it is put to it. A test lets this list only shrink.
GAPS = {r"\b(ROW|COLUMN)\(([A-Za-z_]\w*(?:\[.*?\]+)?)\)": "ROW and COLUMN of a table's cells or of a name: as cells"}


def _opened(path):
    warnings.simplefilter("ignore")  # openpyxl does not know sparklines
    return openpyxl.load_workbook(path)


def respelled(path):
    """The file with those calls spelled as formulon knows them."""
    with warnings.catch_warnings(), closing(_opened(path)) as book:
        areas = {t.displayName: (s.title, t) for s in book for t in s.tables.values()}
        names = {name: defined.attr_text for name, defined in book.defined_names.items()}

    def spelled(found):
        called, text = found[1], html.unescape(found[2])
        table, _, inner = text.partition("[")
        if not inner:
            return f"{called}({html.escape(names[text])})" if text in names else found[0]
        return f"{called}({html.escape(_cells_of(*areas[table], inner[:-1]), quote=False)})"

    held = io.BytesIO()
    [gap] = GAPS
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(held, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name.startswith("xl/worksheets/sheet"):
                text = re.sub(
                    r"(<f[^>]*>)([^<]*)(</f>)", lambda f: f[1] + re.sub(gap, spelled, f[2]) + f[3], content.decode()
                )
                content = text.encode()
            new.writestr(name, content)
    return held.getvalue()


def _cells_of(sheet, table, inner):
    """A table's columns as cells; of this row ROW() and COLUMN() need the columns only."""
    left, top, _, bottom = range_boundaries(table.ref)
    parts = re.findall(r"\[([^\[\]]*)\]", inner) or [inner]
    heads = [column.name for column in table.tableColumns]
    columns = [left + heads.index(part) for part in parts if not part.startswith("#")]
    first, last = (top, top) if "#Headers" in parts else (top + 1, bottom)
    ends = (f"${get_column_letter(c)}${r}" for c, r in ((columns[0], first), (columns[-1], last)))
    return f"'{sheet}'!{':'.join(ends)}"


def differences(path, computed, sheets=None):
    """Formula cells that are not what the core cached in them, in the eyes of a program without the add-in.

    Two kinds cannot be compared by value there, because nothing computes them: a cell whose metric has no plain form
    must then say so, and a cell that rests on such a one must show nothing rather than a number. A program that has
    the add-in says neither, so for it every cell is compared by value. Dates are compared as the numbers they are.
    """
    cached = read(path, values=True, sheets=sheets)
    needing = {at for at, value in computed.items() if value == NEEDS_ADDIN}
    differing = []
    texts = formulas(path, sheets)
    for at in texts:
        formula, mine, theirs = whole(texts, at), cached.get(at), computed.get(at)
        if at in needing:
            agree = f'"{NEEDS_ADDIN}"' in formula
        elif any(f"'{sheet}'!${_split(cell)}" in formula for sheet, cell in needing):
            agree = theirs in (None, "")
        else:
            agree = same(mine, theirs)
        if not agree:
            differing.append((at, mine, theirs, formula[:160]))
    return differing


def whole(texts, at):
    """What a cell computes; of one that only shows another, as with the page Steps, what that one does."""
    seen = {at}
    while (shown := _SHOWS.fullmatch(texts.get(at, ""))) and (shown[1], shown[2] + shown[3]) in texts:
        at = (shown[1], shown[2] + shown[3])
        assert at not in seen
        seen.add(at)
    return texts.get(at, "")


_SHOWS = re.compile(r"='([^']+)'!\$([A-Z]+)\$(\d+)")


def _split(cell):
    letters = cell.rstrip("0123456789")
    return f"{letters}${cell[len(letters) :]}"


def same(mine, theirs):
    mine, theirs = ("" if v is None else to_excel(v) if isinstance(v, date) else v for v in (mine, theirs))
    if isinstance(mine, bool) or isinstance(theirs, bool):
        return type(mine) is type(theirs) and mine == theirs
    if isinstance(mine, int | float) and isinstance(theirs, int | float):
        return math.isclose(mine, theirs, rel_tol=1e-7, abs_tol=1e-7)
    return mine == theirs


def errors(cells):
    """Cells that hold an error; a month without a figure is #N/A where a line is drawn from, and nowhere else."""
    found = {at: v for at, v in cells.items() if isinstance(v, str) and v.startswith("#") and v.rstrip("!?").isupper()}
    return {at: v for at, v in found.items() if not (at[0] == "Workings" and v == "#N/A" and _is_drawn(at[1]))}


def _is_drawn(cell):
    return coordinate_to_tuple(cell)[1] > COLUMN

"""Calls of the LAMBDA forms: written into a workbook whose names are the functions, and read back from two engines."""

import io
import math
import re
import zipfile

import formulon
import ironcalc
import xlsxwriter
from hosts.examples import typed

from csmetrics_core.declaration.catalog import CATALOG
from csmetrics_core.declaration.dynamic import lambda_form, stored
from csmetrics_core.declaration.spec import DATE, MOMENT, Metric, Role
from csmetrics_core.errors import MetricError
from csmetrics_core.evaluate import evaluate

LAMBDAS = sorted(name for name, metric in CATALOG.items() if lambda_form(metric))


def wanted(metric: Metric, call: dict) -> list[list]:
    """What the cells must show: the value Python gives, or the code of its refusal."""
    try:
        value = evaluate(metric, (), call).value
    except MetricError as error:
        return [[error.code]]
    if metric.gives == "pair":
        return [list(value)]
    if metric.gives != "table":
        several = value.tolist() if hasattr(value, "tolist") else value
        return [[one] for one in several] if isinstance(several, list) else [[several]]
    dated = {column.name for column in metric.columns if column.unit in (DATE, MOMENT)}
    columns = [[shown(cell, name in dated) for cell in cells] for name, cells in value.items()]
    return [list(value), *map(list, zip(*columns, strict=True))]


def shown(cell, is_date):
    if cell is None or cell != cell:
        return ""
    if is_date:
        return typed(cell.astype("datetime64[us]").item())
    return cell.item() if hasattr(cell, "item") else cell


def write_calls(path, calls: list[tuple[Metric, dict]], names=LAMBDAS) -> list[int]:
    """A workbook with functions as names and each call on a line of its own; give the lines."""
    book = xlsxwriter.Workbook(path)
    sheet, data = book.add_worksheet("Calls"), book.add_worksheet("Data")
    for name in names:
        book.define_name(CATALOG[name].excel_name, f"={stored(lambda_form(CATALOG[name]))}")
    line, lines, top = 0, [], 0
    for metric, call in calls:
        words, column, height = [], 0, 1
        for argument in metric.arguments:
            if argument.name not in call:
                words.append("")
                continue
            rows = grid(call[argument.name])
            for r, row in enumerate(rows):
                for c, cell in enumerate(row):
                    write(data, top + r, column + c, cell)
            area = xlsxwriter.utility.xl_range_abs(top, column, top + len(rows) - 1, column + len(rows[0]) - 1)
            words.append(f"Data!{area}")
            column, height = column + len(rows[0]) + 1, max(height, len(rows))
        while words and not words[-1]:
            words.pop()
        top += height + 1
        sheet.write_dynamic_array_formula(line, 0, line, 0, f"={metric.excel_name}({','.join(words)})")
        lines.append(line)
        line += len(wanted(metric, call)) + 40
    book.close()
    return lines


def grid(value):
    if isinstance(value, list):
        return [row if isinstance(row, list) else [row] for row in value] or [[None]]
    return [[value]]


def write(sheet, row, column, cell):
    if isinstance(cell, str) and cell.startswith("#"):
        sheet.write_formula(row, column, {"#N/A": "=NA()", "#DIV/0!": "=1/0"}[cell], None, cell)
    elif isinstance(cell, bool):
        sheet.write_boolean(row, column, cell)
    elif cell is not None:
        sheet.write(row, column, typed(cell))


def in_ironcalc(path):
    model = ironcalc.load_from_xlsx(str(path), "en", "UTC")
    model.evaluate()
    return lambda row, column: model.get_cell_value(0, row + 1, column + 1)


def in_formulon(path, sheet=0):
    book = formulon.Workbook.load(_bracketed(path))
    book.recalc()

    def cell(row, column):
        value = book.get_value(sheet, row, column)
        if value.error_code is not None:
            return formulon.error_display_name(value.error_code)
        return "" if value.kind.name == "BLANK" else value.to_python()

    return cell


def _bracketed(path) -> bytes:
    """The workbook with optional parameters as they are typed: formulon does not know the mark files give them."""
    made = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            if name == "xl/workbook.xml":
                part = re.sub(rb"_xlop\.(\w+)", rb"[_xlpm.\1]", part)
            new.writestr(name, part)
    return made.getvalue()


def agrees(cell, rows: list[list], line: int) -> bool:
    seen = [[cell(line + r, c) for c in range(len(row))] for r, row in enumerate(rows)]
    return all(same(a, b) for mine, theirs in zip(rows, seen, strict=True) for a, b in zip(mine, theirs, strict=True))


def same(mine, theirs) -> bool:
    if isinstance(mine, str) or isinstance(theirs, str) or theirs is None or mine is None:
        return (mine or "") == (theirs or "")
    return math.isclose(mine, theirs, rel_tol=1e-9, abs_tol=2e-8)


def example_calls(names=LAMBDAS) -> list[tuple[Metric, dict]]:
    """The catalogue's examples."""
    return [(CATALOG[name], dict(example.arguments)) for name in names for example in CATALOG[name].examples]


def spoiled_calls(metric: Metric) -> list[tuple[Metric, dict]]:
    """Every argument of the first example spoiled in every way a sheet can be; dates stay after February 1900."""
    base, calls = dict(metric.examples[0].arguments), []
    for name, value in base.items():
        argument = metric.argument(name)
        spoilers = _SPOILERS.get(argument.kind.reading, [None, "text", True, "#N/A", "#DIV/0!", 0, -1, 7.5, 11])
        for cell in spoilers:
            if argument.role is Role.CHOICE and not isinstance(cell, str):
                continue
            if not argument.is_range:
                calls.append((metric, {**base, name: cell}))
            elif isinstance(value, list) and len(value) > 1:
                calls += [(metric, {**base, name: [*value[:-1], cell]}), (metric, {**base, name: [cell] * len(value)})]
    return calls


_SPOILERS = {
    "id": [None, "#N/A"],
    "text": [None, "#N/A"],
    "day": [None, "text", True, "#N/A", -1, 45000.25],
    "month": [None, "text", True, "#N/A", -1, 45000.25],
    "moment": [None, "text", True, "#N/A", -1, 45000.25],
}

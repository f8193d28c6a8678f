"""Calls of the native formulas on good, random and spoiled data, and how they are laid out in a sheet."""

import math
import random

import xlsxwriter

from csmetrics_core.declaration.catalog import CATALOG
from csmetrics_core.declaration.kinds import Number
from csmetrics_core.declaration.native import Where, spell
from csmetrics_core.declaration.spec import Metric, Role
from csmetrics_core.errors import MetricError
from csmetrics_core.evaluate import evaluate

NATIVE = sorted(name for name, m in CATALOG.items() if m.native)


def grid(value):
    """An argument as rows of cells."""
    if isinstance(value, list):
        return [row if isinstance(row, list) else [row] for row in value]
    return [[value]]


def lay_out(sheet, top: int, metric: Metric, call: dict, where: list | None = None, write_out=spell) -> int:
    """Write a call's data from a row down, its native formula in the first cell; give the first free row."""
    references, column, height = {}, 3, len(where or [])
    for name, value in call.items():
        rows = grid(value)
        for r, row in enumerate(rows):
            for c, cell in enumerate(row):
                write(sheet, top + r, column + c, cell)
        corners = (top, column), (top + len(rows) - 1, column + len(rows[0]) - 1)
        first, last = (xlsxwriter.utility.xl_rowcol_to_cell(*corner, True, True) for corner in corners)
        references[name] = first if first == last else f"{first}:{last}"
        column += len(rows[0]) + 1
        height = max(height, len(rows))
    scope = None
    if where is not None:
        for r, cell in enumerate(where):
            sheet.write(top + r, 1, cell)
        scope = Where(f"$B${top + 1}:$B${top + len(where)}", "1")
    sheet.write_array_formula(top, 0, top, 0, "{=" + write_out(metric, references, scope) + "}")
    return top + height + 1


def write(sheet, row, column, cell):
    if isinstance(cell, str) and cell.startswith("#"):
        sheet.write_formula(row, column, {"#N/A": "=NA()", "#DIV/0!": "=1/0"}[cell], None, cell)
    elif cell is not None:
        sheet.write(row, column, cell)


def python(metric: Metric, arguments: dict):
    try:
        return evaluate(metric, (), arguments).value
    except MetricError as error:
        return error.code


def agree(mine, theirs) -> bool:
    if isinstance(mine, str) or isinstance(theirs, str):
        return mine == theirs
    return math.isclose(mine, theirs, rel_tol=1e-9, abs_tol=1e-9)


def good_calls(metric: Metric) -> list[dict]:
    """The examples that the native form covers, each argument as a sheet holds it."""
    calls = [dict(e.arguments) for e in metric.examples]
    covered = [c for c in calls if spell(metric, dict.fromkeys(c, "A1:A9")) is not None]
    return [{n: [None] if v == [] else v for n, v in c.items()} for c in covered]


def larger_calls(metric: Metric, rng: random.Random) -> list[dict]:
    """Random calls around the example: ranges of up to 60 rows with blanks, scalars jiggled within their kind."""
    base = good_calls(metric)[0]
    calls = []
    for _ in range(12):
        size, call = rng.randrange(2, 60), {}
        for name, value in base.items():
            argument = metric.argument(name)
            if argument.role is Role.BLOCK or argument.role is Role.PER_COLUMN:
                call[name] = [jiggle(argument.kind, v, rng, base) for v in value] if isinstance(value, list) else value
            elif argument.is_range:
                call[name] = [
                    None if rng.random() < 0.1 else jiggle(argument.kind, rng.choice(value), rng, base)
                    for _ in range(size)
                ]
            elif isinstance(value, str) or name in HIGHS:
                call[name] = value
            else:
                call[name] = jiggle(argument.kind, value, rng, base)
        calls.append(call)
    return calls


HIGHS = {"scale_max", "satisfied_from", "easy_from"}


def jiggle(kind, value, rng, base):
    if not isinstance(kind, Number):
        return value
    high = base.get(kind.high, 5) if isinstance(kind.high, str) else kind.high
    moved = rng.randint(int(kind.low), int(high)) if kind.whole and high < 1000 else value * rng.uniform(0.5, 1.5)
    moved = round(moved) if kind.whole else moved
    return min(max(moved, kind.low + (0.001 if kind.above else 0)), high)


def bad_calls(metric: Metric) -> list[dict]:
    """Every argument of the first example spoiled in every way a sheet can be."""
    base, calls = good_calls(metric)[0], []
    for name, value in base.items():
        argument = metric.argument(name)
        spoilers = [None, "text", True, "#N/A", "#DIV/0!", 0, -1, 7.5, 11, "1,050", "10", "($5.5)", "10 - Very likely"]
        spoilers += [] if argument.kind.bad == math.inf else [argument.kind.bad]  # no sheet holds infinity
        for cell in spoilers:
            if argument.role is Role.CHOICE and cell is not None and not isinstance(cell, str):
                continue
            if not argument.is_range:
                calls.append({**base, name: cell})
            elif isinstance(value, list) and len(value) > 1:
                calls.append({**base, name: [*value[:-1], cell]})
                if argument.role is Role.REDUCED:
                    calls.append({**base, name: [cell, cell]})
    return calls

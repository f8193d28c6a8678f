"""Native formulas against Python: the same value on good data, the same error on bad data, in a real engine."""

import math
import random

import ironcalc
import pytest
import xlsxwriter

from csmetrics_core.catalog import CATALOG
from csmetrics_core.errors import MetricError
from csmetrics_core.evaluate import evaluate
from csmetrics_core.kinds import Number
from csmetrics_core.native import Where, spell
from csmetrics_core.spec import Metric, Role

NATIVE = sorted(name for name, m in CATALOG.items() if m.native)


def grid(value):
    """An argument as rows of cells."""
    if isinstance(value, list):
        return [row if isinstance(row, list) else [row] for row in value]
    return [[value]]


def compute(metric: Metric, calls: list[dict], where: list | None, folder) -> list:
    """Write each call into a sheet of its own and let IronCalc compute the native form."""
    path = folder / f"{metric.name}.xlsx"
    book = xlsxwriter.Workbook(path)
    for number, arguments in enumerate(calls):
        sheet = book.add_worksheet(f"s{number}")
        references, column = {}, 3
        for name, value in arguments.items():
            rows = grid(value)
            for r, row in enumerate(rows):
                for c, cell in enumerate(row):
                    write(sheet, r, column + c, cell)
            last = xlsxwriter.utility.xl_rowcol_to_cell(len(rows) - 1, column + len(rows[0]) - 1, True, True)
            first = xlsxwriter.utility.xl_rowcol_to_cell(0, column, True, True)
            references[name] = first if (len(rows), len(rows[0])) == (1, 1) else f"{first}:{last}"
            column += len(rows[0]) + 1
        scope = None
        if where is not None:
            for r, cell in enumerate(where):
                sheet.write(r, 1, cell)
            scope = Where(f"$B$1:$B${len(where)}", "1")
        sheet.write_array_formula(0, 0, 0, 0, "{=" + spell(metric, references, scope) + "}")
    book.close()
    model = ironcalc.load_from_xlsx(str(path), "en", "UTC")
    model.evaluate()
    return [model.get_cell_value(number, 1, 1) for number in range(len(calls))]


def write(sheet, row, column, cell):
    if isinstance(cell, str) and cell.startswith("#"):
        sheet.write_formula(row, column, {"#N/A": "=NA()", "#DIV/0!": "=1/0"}[cell])
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
        spoilers = [None, "text", True, "#N/A", "#DIV/0!", 0, -1, 7.5, 11]
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


@pytest.mark.parametrize("name", NATIVE)
def test_native_equals_python(name, tmp_path):
    metric = CATALOG[name]
    rng = random.Random(name)
    calls = good_calls(metric) + larger_calls(metric, rng) + bad_calls(metric)
    assert calls
    differing = [
        (call, "python", mine, "native", theirs)
        for call, theirs in zip(calls, compute(metric, calls, None, tmp_path), strict=True)
        if not agree(mine := python(metric, call), theirs)
    ]
    assert not differing, differing[:5]


RESTRICTED = sorted(
    name for name in NATIVE if any(a.role in (Role.REDUCED, Role.ALIGNED) for a in CATALOG[name].arguments)
)


@pytest.mark.parametrize("name", RESTRICTED)
def test_native_restricted_to_rows_equals_python_on_those_rows(name, tmp_path):
    metric, rng = CATALOG[name], random.Random(name)
    where = [rng.choice([1, 0]) for _ in range(40)]
    call = dict(good_calls(metric)[0])
    for argument in metric.arguments:
        if argument.is_range and argument.name in call:
            pool = [*call[argument.name], None]
            call[argument.name] = [rng.choice(pool) for _ in range(40)]
    inside = {
        n: [cell for cell, keep in zip(v, where, strict=True) if keep] if isinstance(v, list) else v
        for n, v in call.items()
    }
    [theirs] = compute(metric, [call], where, tmp_path)
    assert agree(python(metric, inside), theirs)


def test_every_metric_has_a_native_form_or_says_why():
    assert all(bool(m.native) != bool(m.no_native) for m in CATALOG.values())

"""The catalogue's examples as a spreadsheet holds them: what is typed into cells, and what must come out."""

from datetime import date, datetime

import pytest

from csmetrics_core import CATALOG, MetricError
from csmetrics_core.declaration.spec import DATE, MOMENT, Argument, Example, Metric
from csmetrics_core.evaluate import evaluate

CASES = [
    pytest.param(metric, example, id=f"{metric.name}-{number}")
    for metric in CATALOG.values()
    for number, example in enumerate(metric.examples)
]
_FIRST_DAY = datetime(1899, 12, 30)


def serial(value):
    """A date as a spreadsheet's serial number."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    return (value - _FIRST_DAY).total_seconds() / 86_400


def typed(value):
    """One value as it is typed into a cell."""
    return serial(value) if isinstance(value, date) else value


def given(metric: Metric, example: Example) -> list:
    """The arguments in order: a single value, or the rows of a range; None where one is left out."""
    values = []
    for argument in metric.arguments:
        if argument.variadic:
            values += list(example.arguments.get(argument.name, ()))
        else:
            values.append(example.arguments.get(argument.name))
    while values and values[-1] is None:
        values.pop()
    return [_rows(value) if isinstance(value, list | tuple) else typed(value) for value in values]


def _rows(values):
    if values and isinstance(values[0], list | tuple):
        return [[typed(cell) for cell in row] for row in values]
    return [[typed(value)] for value in values]


def with_bad_value(metric: Metric, argument: Argument) -> list:
    """The first example's arguments, one of them with a value its kind refuses."""
    values = given(metric, metric.examples[0])
    values += [None] * (len(metric.arguments) - len(values))
    at = metric.names.index(argument.name)
    rows = values[at] if isinstance(values[at], list) else None
    values[at] = [[argument.kind.bad], *rows[1:]] if rows and len(rows[0]) == 1 else argument.kind.bad
    return values


def code_of(metric: Metric, values: list) -> str:
    """The error the metric itself has for a call; nothing where it has a value."""
    try:
        evaluate(metric, values)
    except MetricError as refused:
        return refused.code
    return ""


def expected(metric: Metric, example: Example) -> list[list]:
    """What the cells must show, by the result the metric itself declares."""
    result = example.result
    if metric.gives == "pair":
        return [list(result)]
    if metric.gives != "table":
        return [[value] for value in result] if isinstance(result, list) else [[result]]
    dated = {column.name for column in metric.columns if column.unit in (DATE, MOMENT)}
    columns = [[_shown(v, name in dated) for v in values] for name, values in result.items()]
    return [list(result), *map(list, zip(*columns, strict=True))]


def _shown(value, is_date):
    if value is None or value != value:
        return ""
    return serial(value) if is_date and isinstance(value, str | date) else value


def assert_cells(seen: list[list], wanted: list[list]) -> None:
    """Cells are as wanted; a spreadsheet knows no whole numbers and no booleans of Python's."""
    near = [[pytest.approx(w, abs=1e-6, rel=1e-6) if isinstance(w, int | float) else w for w in row] for row in wanted]
    assert seen == near

"""The catalogue's examples and refusals as a sheet holds them: data in cells, a call, and what it must show."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
from csmetrics_addin.cells_out import put
from xlsxwriter.utility import xl_range_abs
from xlsxwriter.worksheet import Worksheet

from csmetrics_core.declaration.catalog import CATALOG
from csmetrics_core.declaration.spec import DATE, MOMENT, Metric, Role
from csmetrics_core.errors import MetricError
from csmetrics_core.evaluate import evaluate

_EPOCH = datetime(1899, 12, 30)
_UNSTABLE = frozenset(("csm_version",))  # what it shows differs by version


@dataclass(frozen=True)
class ExampleCall:
    """One call.

    Args:
        metric: what is called.
        arguments: by name, as Python takes them.
        shows: what the cells must show, row by row; a refusal is one error such as #NUM!.
        about: what it proves, for a person.
    """

    metric: Metric
    arguments: dict[str, Any]
    shows: Sequence[Sequence[Any]]
    about: str

    @property
    def refused(self) -> bool:
        """Whether the call must be refused."""
        return self.about.startswith("refuses")


def example_calls(metric: Metric) -> Iterator[ExampleCall]:
    """The examples of a metric, by the results it declares itself."""
    if metric.name in _UNSTABLE:
        return
    for example in metric.examples:
        yield ExampleCall(metric, dict(example.arguments), _declared(metric, example.result), "example")


def refused_calls(metric: Metric) -> Iterator[ExampleCall]:
    """The first example with one value its kind refuses, for each argument that has one."""
    base = dict(metric.examples[0].arguments)
    for argument in metric.arguments:
        value, bad = base.get(argument.name), argument.kind.bad
        if argument.variadic or argument.role is Role.RAW or value is None or not _can_stand_in_a_cell(bad):
            continue
        spoiled = [bad, *value[1:]] if isinstance(value, list) and not isinstance(value[0], list) else bad
        if isinstance(value, list) and spoiled is bad:
            continue
        arguments = {**base, argument.name: spoiled}
        try:
            evaluate(metric, (), arguments)
        except MetricError as refused:
            yield ExampleCall(metric, arguments, [[refused.code]], f"refuses {argument.name} = {bad}")


def _can_stand_in_a_cell(bad: Any) -> bool:
    return isinstance(bad, str) or (isinstance(bad, int | float) and abs(bad) < 1e300)


def computed_rows(call: ExampleCall) -> list[list[Any]]:
    """What the core computes for a call, as cells; the declared result is rounded."""
    value = evaluate(call.metric, (), call.arguments).value
    if isinstance(value, Mapping):
        value = {name: list(cells) for name, cells in value.items()}
    return _declared(call.metric, value.tolist() if isinstance(value, np.ndarray) else value)


def _declared(metric: Metric, result: Any) -> list[list[Any]]:
    if metric.gives == "pair":
        return [list(result)]
    if metric.gives != "table":
        return [[value] for value in result] if isinstance(result, list) else [[result]]
    dated = {column.name for column in metric.columns if column.unit in (DATE, MOMENT)}
    columns = [[_shown(cell, name in dated) for cell in cells] for name, cells in result.items()]
    return [list(result), *map(list, zip(*columns, strict=True))]


def _shown(cell: Any, is_date: bool) -> Any:
    if cell is None or cell != cell:
        return ""
    return in_cell(datetime.fromisoformat(cell) if is_date and isinstance(cell, str) else cell)


def in_cell(value: Any) -> Any:
    """One value as a cell holds it: dates as serial numbers."""
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    if isinstance(value, datetime):
        return (value - _EPOCH).total_seconds() / 86_400
    return value


def lay_out(sheet: Worksheet, top: int, call: ExampleCall) -> tuple[str, int]:
    """Write the data of a call from a row down.

    Returns:
        The call as a formula without its equals sign, and the first free row.
    """
    words: list[str] = []
    column, height = 0, 1
    for argument in call.metric.arguments:
        values = _values(argument.variadic, call.arguments, argument.name)
        if not values:
            words.append("")
        for value in values:
            rows = _rows(value)
            for r, row in enumerate(rows):
                for c, cell in enumerate(row):
                    put(sheet, top + r, column + c, in_cell(cell))
            width = max(map(len, rows))
            area = xl_range_abs(top, column, top + len(rows) - 1, column + width - 1)
            words.append(f"{sheet.get_name()}!{area}" if isinstance(value, list) else _literal(value))
            column, height = column + width + 1, max(height, len(rows))
    while words and not words[-1]:
        words.pop()
    return f"{call.metric.excel_name}({','.join(words)})", top + height + 1


def _values(variadic: bool, arguments: dict[str, Any], name: str) -> list[Any]:
    if arguments.get(name) is None:
        return []
    return list(arguments[name]) if variadic else [arguments[name]]


def _rows(value: Any) -> list[list[Any]]:
    if isinstance(value, list):
        return [list(row) if isinstance(row, list | tuple) else [row] for row in value] or [[None]]
    return [[value]]


def _literal(value: Any) -> str:
    """A single value as it is typed into a call."""
    value = in_cell(value)
    if isinstance(value, str):
        return '"' + value.replace('"', '""') + '"'
    return str(value).upper() if isinstance(value, bool) else repr(value)


def all_calls(names: Sequence[str] | None = None) -> list[ExampleCall]:
    """Examples, then refusals, of some functions or of all."""
    metrics = [CATALOG[name] for name in names] if names is not None else list(CATALOG.values())
    return [call for make in (example_calls, refused_calls) for metric in metrics for call in make(metric)]

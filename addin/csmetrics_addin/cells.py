"""Spreadsheet values <-> Python values: the one place that knows what each runtime sends and accepts."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import Enum
from itertools import chain
from math import isinf
from typing import Any

import numpy as np

from csmetrics_core import CATALOG
from csmetrics_core.declaration.spec import Argument, Metric, Role
from csmetrics_core.errors import CELL_ERRORS, MetricError
from csmetrics_core.evaluate import Evaluation, evaluate
from csmetrics_core.results import Table

#: The errors every spreadsheet can show; any other is passed on as the last of them.
SHOWN_ERRORS = ("#N/A", "#DIV/0!", "#NUM!", "#REF!", "#NAME?", "#NULL!", "#VALUE!")
#: How many days a workbook with the 1904 date system is behind.
DAYS_1904 = 1462
_LONGEST_TEXT = 32_767  # characters a cell holds
_WHOLE_COLUMN = 1_000_000  # rows: nobody selects so many but by the column's letter

Grid = list[list[Any]]


class Runtime(Enum):
    """Who is calling."""

    OFFICE_JS = "Excel through Office.js: xlwings Lite and xlwings Server, and plain Python"
    COM = "Excel for Windows through VBA and COM"
    CALC = "LibreOffice Calc"


_COM_ERROR = -2146826288  # CVErr(2000) as COM hands it over
_COM_ERRORS = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}
_COM_OMITTED = -2147352572


def _from_com(value: int) -> Any:
    """Numbers come as floats over COM; a whole number is an error cell or an omitted argument."""
    if value == _COM_OMITTED:
        return None
    number = value - _COM_ERROR
    return _COM_ERRORS.get(number, "#VALUE!") if 0 <= number < 100 else value


def _from_office_js(value: Any) -> Any:
    """Errors, formatted numbers and linked data come as objects; null comes as one under newer Pyodide."""
    if not isinstance(value, dict):
        return None
    basic = value.get("basicValue")
    if value.get("type") == "Error":
        return basic if basic in CELL_ERRORS else "#VALUE!"
    return basic


_FOREIGN: Mapping[Runtime, Callable[[Any], Any]] = {Runtime.COM: _from_com, Runtime.OFFICE_JS: _from_office_js}


def _is_foreign(kind: type, runtime: Runtime) -> bool:
    if runtime is Runtime.COM:
        return kind is int
    return runtime is Runtime.OFFICE_JS and (kind is dict or kind.__name__ == "JsNull")


def answer(metric: Metric, given: Sequence[Any], runtime: Runtime, behind: int = 0) -> Grid:
    """Compute a metric for a cell.

    Args:
        metric: which one.
        given: the arguments as the runtime sent them; an omitted one is None.
        runtime: who sent them.
        behind: by how many days the workbook's serial dates are behind Excel's usual ones.

    Returns:
        Rows of numbers, texts, dates, None for an empty cell, and error values as text.
    """
    try:
        return grid(evaluate(metric, arguments(metric, given, runtime, behind)))
    except MetricError as error:
        return [[shown_error(error.code)]]


def shown_error(code: str) -> str:
    """The error itself if every spreadsheet can show it, else #VALUE!."""
    return code if code in SHOWN_ERRORS else "#VALUE!"


def arguments(metric: Metric, given: Sequence[Any], runtime: Runtime, behind: int = 0) -> list[Any]:
    """What the core reads, from what a runtime sent."""
    plain = [_plain_argument(value, runtime) for value in given]
    declared: Sequence[Argument | None] = metric.arguments
    if metric.arguments and metric.arguments[-1].variadic:
        plain = _without_omitted_tail(plain)
        declared = _declared_for(metric, plain)
    if runtime is Runtime.CALC:
        plain = [_blank_if_meant(value, argument) for value, argument in zip(plain, declared, strict=False)]
    read = [
        _as_read(value, argument, behind) if argument else value
        for value, argument in zip(plain, declared, strict=False)
    ]
    return _without_unused_rows(read, declared)


def _without_omitted_tail(values: list[Any]) -> list[Any]:
    while values and values[-1] is None:
        values = values[:-1]
    return values


def _declared_for(metric: Metric, given: Sequence[Any]) -> list[Argument | None]:
    """A function about another metric takes that one's arguments after its own."""
    own = metric.arguments[:-1]
    asked = CATALOG.get(str(given[0]).strip().lower()) if given else None
    rest: Sequence[Argument | None] = asked.arguments if asked else ()
    return [*own, *rest, *[None] * len(given)]


def _plain_argument(value: Any, runtime: Runtime) -> Any:
    """One cell -> a single value, one row -> a flat list, more -> rows; foreign cells -> plain ones."""
    while isinstance(value, list | tuple) and len(value) == 1:
        value = value[0]
    if not isinstance(value, list | tuple):
        return _FOREIGN[runtime](value) if _is_foreign(type(value), runtime) else value
    nested = bool(value) and isinstance(value[0], list | tuple)
    kinds = set(map(type, chain.from_iterable(value) if nested else value))
    if not any(_is_foreign(kind, runtime) for kind in kinds):
        return value
    return _each_cell(value, lambda cell: _FOREIGN[runtime](cell) if _is_foreign(type(cell), runtime) else cell)


def _each_cell(value: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, list | tuple):
        return [_each_cell(cell, change) for cell in value]
    return change(value)


def _blank_if_meant(value: Any, argument: Argument | None) -> Any:
    """Calc hands a single blank cell over as 0, which among words, comments and days can mean nothing else."""
    can_be_zero = not argument or not (argument.kind.is_date or argument.kind.reading in ("choice", "text"))
    return value if can_be_zero or value != 0.0 else None


def _as_read(value: Any, argument: Argument, behind: int) -> Any:
    """A row of single values stays a row, so that its results do; serial dates count from where Excel's do."""
    if behind and argument.kind.is_date:
        value = _each_cell(value, lambda cell: cell + behind if type(cell) in (int, float) else cell)
    is_row = argument.role is Role.EACH and isinstance(value, list | tuple) and not isinstance(value[0], list | tuple)
    return [value] if is_row else value


def _without_unused_rows(values: list[Any], declared: Sequence[Argument | None]) -> list[Any]:
    """Whole columns of single values end at the last row any of them uses, not after a million blank results."""
    places = [
        place
        for place, (value, argument) in enumerate(zip(values, declared, strict=False))
        if argument and argument.role is Role.EACH and isinstance(value, list | tuple) and len(value) > _WHOLE_COLUMN
    ]
    end = max((_last_used_row(values[place]) for place in places), default=0)
    return [value[: max(end, 1)] if place in places else value for place, value in enumerate(values)]


def _last_used_row(rows: Sequence[Sequence[Any]]) -> int:
    for row in range(len(rows), 0, -1):
        if any(cell is not None and cell != "" for cell in rows[row - 1]):
            return row
    return 0


def grid(evaluation: Evaluation) -> Grid:
    """The value of a call as rows of cells."""
    value = evaluation.value
    if isinstance(value, dict):
        return _table(value, evaluation.parts.empty if isinstance(evaluation.parts, Table) else "")
    if isinstance(value, tuple):
        return [[_cell(bound) for bound in value]]
    if not isinstance(value, np.ndarray):
        return [[_cell(value)]]
    cells = [_cell(element, missing="#N/A") for element in value.ravel().tolist()]
    for position, failure in evaluation.failures.items():
        cells[position] = shown_error(failure.code)
    width = value.shape[1] if value.ndim > 1 else 1
    return [cells[start : start + width] for start in range(0, len(cells), width)]


def _table(columns: Mapping[str, Any], reason: str) -> Grid:
    """A header and its rows; where there is none, why, and errors, because an empty column would sum to 0."""
    rows = [list(row) for row in zip(*map(_column, columns.values()), strict=True)]
    return [list(columns), *(rows or [[reason, *["#N/A"] * (len(columns) - 1)]])]


def _column(values: Any) -> list[Any]:
    if isinstance(values, np.ndarray) and values.dtype.kind == "M":
        is_day = np.datetime_data(values.dtype)[0] == "D"
        return list(values.tolist() if is_day else values.astype("datetime64[ms]").tolist())
    return [_cell(value) for value in (values.tolist() if isinstance(values, np.ndarray) else values)]


def _cell(value: Any, missing: Any = None) -> Any:
    """One value as a spreadsheet takes it; what is not there is `missing`."""
    if isinstance(value, np.generic):
        value = value.astype("datetime64[ms]").item() if isinstance(value, np.datetime64) else value.item()
    if value is None or value != value:
        return missing
    if isinstance(value, str):
        return value[:_LONGEST_TEXT]
    return "#NUM!" if isinstance(value, float) and isinf(value) else value


def for_excel(rows: Grid) -> Any:
    """Rows as xlwings takes them: a single value, or a list of rows; it makes an empty cell of None."""
    return rows[0][0] if len(rows) == 1 and len(rows[0]) == 1 else rows


def for_calc(rows: Grid, null_date: date, errors: Mapping[str, float]) -> tuple[tuple[Any, ...], ...]:
    """Rows as Calc takes them: numbers and texts only, errors as the numbers that stand for them."""
    return tuple(tuple(_calc_cell(value, null_date, errors) for value in row) for row in rows)


def _calc_cell(value: Any, null_date: date, errors: Mapping[str, float]) -> Any:
    if value is None:
        return ""
    if isinstance(value, str):
        return errors.get(value, value)
    if isinstance(value, datetime):
        return (value - datetime.combine(null_date, datetime.min.time())) / timedelta(days=1)
    return float((value - null_date).days) if isinstance(value, date) else float(value)

"""Recomputes a formula from a workbook's cached cells: spreadsheet functions here, ours by the core."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

import numpy as np

from csmetrics_addin.audit.naming import called, expanded
from csmetrics_addin.audit.sheet_functions import KNOWN, as_cells, elementwise, kinds_of
from csmetrics_addin.audit.syntax import CellError, Node, NotRecomputed, Part, parse
from csmetrics_addin.cells import grid
from csmetrics_core import CATALOG
from csmetrics_core.errors import CELL_ERRORS, MetricError
from csmetrics_core.evaluate import evaluate

Resolve = Callable[[str], Any]
_EPOCH = datetime(1899, 12, 30)


def as_cell(value: Any) -> Any:
    """A value as a spreadsheet calculates with it: dates as serial numbers, errors as errors."""
    if isinstance(value, datetime):
        return (value - _EPOCH).total_seconds() / 86400
    if isinstance(value, date):
        return float((value - _EPOCH.date()).days)
    if isinstance(value, time):
        return (datetime.combine(_EPOCH, value) - _EPOCH).total_seconds() / 86400
    if isinstance(value, timedelta):
        return value.total_seconds() / 86400
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return CellError(value) if isinstance(value, str) and value in CELL_ERRORS else value


def recompute(formula: "str | Node", resolve: Resolve) -> Any:
    """What a formula comes to; a range is a two-dimensional array.

    Args:
        formula: with its equals sign, or as a tree.
        resolve: gives the cells of a reference or name.

    Raises:
        NotRecomputed: it uses a function or reference that is not known here.
    """
    tree = parse(formula) if isinstance(formula, str) else formula
    try:
        return _value(expanded(tree), resolve)
    except (ArithmeticError, LookupError, TypeError, ValueError, RecursionError) as error:
        raise NotRecomputed(f"this calculation is not known here ({type(error).__name__})") from error


def _value(node: Node, resolve: Resolve) -> Any:
    """What a piece of a formula comes to."""
    if node.part is Part.REFERENCE:
        return resolve(node.value)
    if node.part is Part.CALL and node.value in _LAZY:
        return _LAZY[node.value](node.inside, resolve)
    if node.part is Part.ANY_OF:
        # They are written alike: the value of the one whose arguments these can be.
        values = [_value(one, resolve) for one in node.inside]
        return next((value for value in values if not isinstance(value, CellError)), values[0])
    inside = [_value(one, resolve) for one in node.inside]
    if node.part is Part.OPERATOR:
        return _operate(node.value, inside)
    if node.part is Part.CALL:
        return _call(node.value, inside)
    return node.value


def _operate(sign: str, inside: list[Any]) -> Any:
    if len(inside) == 2:
        return elementwise(sign, *inside)
    return elementwise("/", inside[0], 100.0) if sign == "%" else elementwise("-", 0.0, inside[0])


def _call(name: str, arguments: list[Any]) -> Any:
    if name.lower() in CATALOG:
        return _ours(name.lower(), arguments)
    if name not in KNOWN:
        raise NotRecomputed(f"uses {name}")
    return KNOWN[name](*arguments)


def _if(inside: tuple[Node, ...], resolve: Resolve) -> Any:
    """The branch that is taken; the other may hold what is not known here."""
    test = _value(inside[0], resolve)
    branches = [*inside[1:], Node(Part.LOGICAL, False)]
    if not isinstance(test, np.ndarray):
        return test if isinstance(test, CellError) else _value(branches[0 if test else 1], resolve)
    yes, no = (_value(branch, resolve) for branch in branches[:2])
    if CellError not in (kinds := kinds_of(test)) and str not in kinds:
        return np.where(test.astype(bool), as_cells(yes), as_cells(no))
    return np.frompyfunc(lambda t, a, b: t if isinstance(t, CellError) else a if t else b, 3, 1)(
        test, as_cells(yes), as_cells(no)
    )


def _iferror(inside: tuple[Node, ...], resolve: Resolve) -> Any:
    value = _value(inside[0], resolve)
    if not isinstance(value, np.ndarray):
        return _value(inside[1], resolve) if isinstance(value, CellError) else value
    otherwise = _value(inside[1], resolve)
    return np.frompyfunc(lambda v, o: o if isinstance(v, CellError) else v, 2, 1)(value, as_cells(otherwise))


def _ifna(inside: tuple[Node, ...], resolve: Resolve) -> Any:
    value = _value(inside[0], resolve)
    if isinstance(value, np.ndarray):
        raise NotRecomputed("uses IFNA of several cells")
    return _value(inside[1], resolve) if isinstance(value, CellError) and value == "#N/A" else value


def _map(inside: tuple[Node, ...], resolve: Resolve) -> Any:
    """A LAMBDA of each cell, or of the cells of several ranges that stand in the same place."""
    several = [as_cells(_value(one, resolve)) for one in inside[:-1]]
    rows = zip(*(cells.tolist() for cells in several), strict=True)
    return _cells_of([[_with(inside[-1], resolve, *cells) for cells in zip(*row, strict=True)] for row in rows])


def _by_row(inside: tuple[Node, ...], resolve: Resolve) -> Any:
    cells = as_cells(_value(inside[0], resolve))
    return _cells_of([[_with(inside[1], resolve, cells[row : row + 1])] for row in range(len(cells))])


def _by_column(inside: tuple[Node, ...], resolve: Resolve) -> Any:
    cells = as_cells(_value(inside[0], resolve))
    return _cells_of([[_with(inside[1], resolve, cells[:, place : place + 1]) for place in range(cells.shape[1])]])


def _with(function: Node, resolve: Resolve, *values: Any) -> Any:
    return _value(called(function, [Node(Part.VALUE, value) for value in values]), resolve)


def _cells_of(rows: list[list[Any]]) -> np.ndarray:
    table = np.empty((len(rows), len(rows[0])), dtype=object)
    table[:] = rows
    return table


_LAZY: Mapping[str, Callable[[tuple[Node, ...], Resolve], Any]] = {
    "IF": _if,
    "IFERROR": _iferror,
    "IFNA": _ifna,
    "MAP": _map,
    "BYROW": _by_row,
    "BYCOL": _by_column,
}


def _ours(name: str, arguments: list[Any]) -> Any:
    try:
        rows = grid(evaluate(CATALOG[name], [_given(a) for a in arguments]))
    except MetricError as error:
        return CellError(error.code)
    if len(rows) == 1 and len(rows[0]) == 1:
        return as_cell(rows[0][0])
    table = np.empty((len(rows), len(rows[0])), dtype=object)
    table[:] = [[as_cell("" if cell is None else cell) for cell in row] for row in rows]
    return table


def _given(value: Any) -> Any:
    if not isinstance(value, np.ndarray):
        return value
    rows = value.tolist()
    return [row[0] for row in rows] if value.shape[1] == 1 else rows

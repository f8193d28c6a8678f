"""Spreadsheet functions and signs on cached cells: those that templates and the plain forms of metrics use."""

import math
import operator
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from statistics import NormalDist
from types import NoneType
from typing import Any

import numpy as np

from csmetrics_addin.audit.syntax import CellError


def _number(value: Any) -> Any:
    if value is None:
        return 0.0
    if isinstance(value, CellError):
        return value
    try:
        return float(value)  # a text that is a number counts as one between signs
    except ValueError:
        return CellError("#VALUE!")


def _rank(value: Any) -> tuple[int, Any]:
    """Numbers before texts before booleans, as spreadsheets sort them."""
    if isinstance(value, bool):
        return (2, value)
    return (1, value.lower()) if isinstance(value, str) else (0, 0.0 if value is None else float(value))


def _compare(test: Callable[[Any, Any], bool], a: Any, b: Any) -> Any:
    if isinstance(a, CellError) or isinstance(b, CellError):
        return a if isinstance(a, CellError) else b
    a, b = ("" if a is None and isinstance(b, str) else a), ("" if b is None and isinstance(a, str) else b)
    return test(_rank(a), _rank(b))


def _calculate(function: Callable[[Any, Any], Any], a: Any, b: Any) -> Any:
    a, b = _number(a), _number(b)
    if isinstance(a, CellError) or isinstance(b, CellError):
        return a if isinstance(a, CellError) else b
    try:
        result = function(a, b)
        # A root of a negative number, and what is too large, are no numbers.
        return CellError("#NUM!") if isinstance(result, complex) or math.isinf(result) else result
    except ZeroDivisionError:
        return CellError("#DIV/0!")
    except OverflowError:
        return CellError("#NUM!")


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).upper()
    return "" if value is None else f"{value:.15g}" if isinstance(value, float) else str(value)


_COMPARE = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
_CALCULATE = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "^": operator.pow}


def elementwise(sign: str, left: Any, right: Any) -> Any:
    """Two values with a sign between them, cell by cell where one is a range."""

    def one(a: Any, b: Any) -> Any:
        if sign in _COMPARE:
            return _compare(_COMPARE[sign], a, b)
        return _text(a) + _text(b) if sign == "&" else _calculate(_CALCULATE[sign], a, b)

    if not (isinstance(left, np.ndarray) or isinstance(right, np.ndarray)):
        return one(left, right)
    if (at_once := _at_once(sign, left, right)) is not None:
        return at_once
    with np.errstate(all="ignore"):  # each cell has its own error value
        return np.frompyfunc(one, 2, 1)(as_cells(left), as_cells(right))


def as_cells(value: Any) -> np.ndarray:
    """A value as cells; NumPy by itself would make a common text of an error value."""
    return np.array(value, dtype=object)


_NUMBERS, _NUMBERS_AND_FLAGS, _TEXTS = ({float, NoneType}, {float, NoneType, bool}, {str, NoneType})


def _at_once(sign: str, left: Any, right: Any) -> np.ndarray | None:
    """The same for whole columns, where all their cells are of one kind; None where each must be looked at."""
    kinds = kinds_of(left) | kinds_of(right)
    if sign in _COMPARE and kinds <= _NUMBERS:
        return np.asarray(_COMPARE[sign](_floats(left), _floats(right))).astype(object)
    if sign in _COMPARE and kinds <= _TEXTS:
        return np.asarray(_COMPARE[sign](_lower(left), _lower(right))).astype(object)
    if sign in _COMPARE and isinstance(left, np.ndarray) and isinstance(right, str) and kinds <= {*_TEXTS, float, bool}:
        compare, wanted = _COMPARE[sign], right.lower()
        others = {kind: compare(_rank(kind()), _rank(right)) for kind in (float, bool)}  # whatever their values
        told = [
            others[type(cell)] if type(cell) in others else compare((cell or "").lower(), wanted)
            for cell in left.ravel().tolist()
        ]
        return np.array(told, dtype=object).reshape(left.shape)
    if sign in "+-*/" and kinds <= _NUMBERS_AND_FLAGS:
        try:
            with np.errstate(divide="raise", invalid="raise", over="raise"):
                return np.asarray(_CALCULATE[sign](_floats(left), _floats(right))).astype(object)
        except FloatingPointError:  # some cell becomes an error value
            return None
    return None


def kinds_of(value: Any) -> set[type]:
    """The kinds of a value's cells."""
    return set(map(type, value.ravel().tolist())) if isinstance(value, np.ndarray) else {type(value)}


def _floats(value: Any) -> Any:
    if not isinstance(value, np.ndarray):
        return float(value or 0.0)
    return np.array([value or 0.0 for value in value.ravel().tolist()], dtype=float).reshape(value.shape)


def _lower(value: Any) -> Any:
    """Texts as they are compared: capitals say nothing, and a blank is an empty text."""
    lower = np.array([(text or "").lower() for text in np.ravel(np.array(value, dtype=object)).tolist()], dtype=object)
    return lower.reshape(np.shape(value))


def _index(table: Any, row: Any, column: Any = None) -> Any:
    cells = table if isinstance(table, np.ndarray) else np.array([[table]], dtype=object)
    if column is None:
        row, column = (row, 1) if cells.shape[1] == 1 else (1, row)
    if not row:
        return cells[:, int(column) - 1 : int(column)]
    if row > cells.shape[0] or column > cells.shape[1]:
        return CellError("#REF!")
    return cells[int(row) - 1, int(column) - 1]


def _match(wanted: Any, cells: Any, _: Any = 0) -> Any:
    for place, value in enumerate(np.ravel(cells).tolist(), 1):
        if _compare(operator.eq, value, wanted) is True:
            return float(place)
    return CellError("#N/A")


def _numbers(values: tuple[Any, ...]) -> list[float]:
    flat = [v for value in values for v in np.ravel(np.array(value, dtype=object)).tolist()]
    return [v for v in flat if isinstance(v, float) and not isinstance(v, bool)]


def _meeting_one(cells: Any, criterion: Any) -> list[bool]:
    """Which cells meet a criterion of COUNTIFS: a value, or a text such as >=9."""
    sign, wanted = "=", criterion
    if isinstance(criterion, str) and (found := re.match(r"(<=|>=|<>|<|>|=)(.*)", criterion, re.DOTALL)):
        sign, wanted = found[1], found[2]
        with suppress(ValueError):
            wanted = float(wanted)
    compare, kind, found_unlike = _COMPARE[sign], type(wanted), sign == "<>"
    flat = np.ravel(cells).tolist()
    if wanted is None:
        return [found_unlike] * len(flat)
    if isinstance(wanted, str):
        wanted = wanted.lower()
        return [compare(cell.lower(), wanted) if type(cell) is kind else found_unlike for cell in flat]
    return [compare(cell, wanted) if type(cell) is kind else found_unlike for cell in flat]


def _meeting(criteria: tuple[Any, ...]) -> np.ndarray:
    return np.asarray(np.all(list(map(_meeting_one, criteria[::2], criteria[1::2])), axis=0))


def _sumifs(summed: Any, *criteria: Any) -> float:
    kept = np.ravel(summed)[_meeting(criteria)].tolist()
    return float(sum(v for v in kept if isinstance(v, float)))


def _error(values: tuple[Any, ...]) -> CellError | None:
    """The first error among values, which a sum of them is."""
    flat = (v for value in values for v in np.ravel(np.array(value, dtype=object)).tolist())
    return next((v for v in flat if isinstance(v, CellError)), None)


def _of_numbers(function: Callable[[list[float]], Any]) -> Callable[..., Any]:
    """A function of all numbers of some ranges; an error cell is passed on."""
    return lambda *values: _error(values) or function(_numbers(values))


def _of_one(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of single numbers, taken cell by cell where one is a range."""

    def one(*values: Any) -> Any:
        numbers = [_number(value) for value in values]
        return next((n for n in numbers if isinstance(n, CellError)), None) or function(*numbers)

    def each(*values: Any) -> Any:
        if any(isinstance(value, np.ndarray) for value in values):
            return np.frompyfunc(one, len(values), 1)(*map(as_cells, values))
        return one(*values)

    return each


def _of_texts(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of single texts, taken cell by cell where one is a range; a number of it comes as a number."""

    def one(*values: Any) -> Any:
        error = next((value for value in values if isinstance(value, CellError)), None)
        return error or function(_text(values[0]), *values[1:])

    def each(*values: Any) -> Any:
        if any(isinstance(value, np.ndarray) for value in values):
            return np.frompyfunc(one, len(values), 1)(*map(as_cells, values))
        return one(*values)

    return each


def _filled(values: tuple[Any, ...]) -> float:
    return float(sum(v is not None for value in values for v in np.ravel(np.array(value, dtype=object)).tolist()))


def _rounded(to: Callable[[float], float]) -> Callable[..., float]:
    """Rounds to decimals; a double such as 2.675 is taken for the decimal number it is shown as."""

    def rounded(value: float, decimals: float = 0.0) -> float:
        scale = 10.0 ** int(decimals)
        return math.copysign(to(float(f"{abs(value) * scale:.15g}")), value) / scale

    return rounded


def _all_hold(values: tuple[Any, ...], test: Callable[[list[bool]], bool]) -> Any:
    """AND and OR; texts and blanks of a range say nothing."""
    flat = [v for value in values for v in np.ravel(np.array(value, dtype=object)).tolist()]
    return _error(values) or test([bool(v) for v in flat if isinstance(v, bool | float)])


#: The functions that are known, all arguments computed.
def _filter(cells: np.ndarray, kept: Any, otherwise: Any = None) -> Any:
    """The rows of a range for which a column says so, or its columns for which a row does."""
    told = as_cells(kept)
    if error := next((one for one in told.ravel().tolist() if isinstance(one, CellError)), None):
        return error
    chosen = told.ravel().astype(bool)
    if not chosen.any():
        return CellError("#CALC!") if otherwise is None else otherwise
    return cells[chosen] if told.shape[1] == 1 else cells[:, chosen]


def _part(keep: bool) -> Callable[..., Any]:
    """TAKE and DROP: the first rows and columns, or with a number below 0 the last."""

    def span(length: int, count: Any) -> slice:
        if count is None:
            return slice(None)
        number = int(count)
        cut = min(abs(number), length)
        if keep:
            return slice(0, cut) if number > 0 else slice(length - cut, length)
        return slice(cut, length) if number > 0 else slice(0, length - cut)

    def part(cells: Any, rows: Any, columns: Any = None) -> Any:
        table = as_cells(cells)
        found = table[span(table.shape[0], rows), span(table.shape[1], columns)]
        return found if found.size else CellError("#CALC!")

    return part


KNOWN: Mapping[str, Callable[..., Any]] = {
    "FILTER": _filter,
    "TAKE": _part(keep=True),
    "DROP": _part(keep=False),
    "VSTACK": lambda *parts: np.concatenate([np.atleast_2d(as_cells(part)) for part in parts]),
    "COUNTIF": lambda *criteria: float(_meeting(criteria).sum()),
    "COUNTIFS": lambda *criteria: float(_meeting(criteria).sum()),
    "SUMIFS": _sumifs,
    "INDEX": _index,
    "MATCH": _match,
    "ROWS": lambda cells: float(len(cells)) if isinstance(cells, np.ndarray) else 1.0,
    "ISNUMBER": lambda value: isinstance(value, float),
    "AND": lambda *values: _all_hold(values, all),
    "OR": lambda *values: _all_hold(values, any),
    "TRUE": lambda: True,
    "FALSE": lambda: False,
    "NA": lambda: CellError("#N/A"),
    "ISERROR": lambda value: isinstance(value, CellError),
    "NOT": lambda value: value if isinstance(value, CellError) else not value,
    "N": lambda value: value if isinstance(value, float) else float(value is True),
    "SUM": _of_numbers(math.fsum),
    "AVERAGE": _of_numbers(lambda numbers: math.fsum(numbers) / len(numbers) if numbers else CellError("#DIV/0!")),
    "MAX": _of_numbers(lambda numbers: max(numbers, default=0.0)),
    "MIN": _of_numbers(lambda numbers: min(numbers, default=0.0)),
    "COUNT": lambda *values: float(len(_numbers(values))),
    "ABS": _of_one(abs),
    "INT": _of_one(lambda number: float(math.floor(number))),
    "ROUND": _of_one(_rounded(lambda number: math.floor(number + 0.5))),
    "ROUNDUP": _of_one(_rounded(math.ceil)),
    "ROUNDDOWN": _of_one(_rounded(math.floor)),
    "COUNTA": lambda *values: _filled(values),
    "EXACT": _of_texts(lambda text, other: text == _text(other)),
    "LOWER": _of_texts(str.lower),
    "UPPER": _of_texts(str.upper),
    "MID": _of_texts(lambda text, start, length: text[int(start) - 1 : int(start) - 1 + int(length)]),
    "SUBSTITUTE": _of_texts(lambda text, old, new: text.replace(_text(old), _text(new))),
    "NORMSINV": _of_one(NormalDist().inv_cdf),
}

"""Recomputes a formula from a workbook's cached cells: the few functions templates use, and ours by the core."""

import operator
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import date, datetime
from typing import Any

import numpy as np
from openpyxl.formula import Tokenizer
from openpyxl.formula.tokenizer import Token

from csmetrics_addin.cells import grid
from csmetrics_addin.spelling import as_typed
from csmetrics_core import CATALOG
from csmetrics_core.errors import CELL_ERRORS, MetricError
from csmetrics_core.evaluate import evaluate

Resolve = Callable[[str], Any]
_PRECEDENCE = {"=": 1, "<>": 1, "<": 1, ">": 1, "<=": 1, ">=": 1, "&": 2, "+": 3, "-": 3, "*": 4, "/": 4, "^": 5}
_EPOCH = datetime(1899, 12, 30)


class NotRecomputed(Exception):
    """The formula uses what this calculation does not know."""


class CellError(str):
    """An error value."""


def as_cell(value: Any) -> Any:
    """A value as a spreadsheet calculates with it: dates as serial numbers, errors as errors."""
    if isinstance(value, datetime):
        return (value - _EPOCH).total_seconds() / 86400
    if isinstance(value, date):
        return float((value - _EPOCH.date()).days)
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return CellError(value) if isinstance(value, str) and value in CELL_ERRORS else value


def recompute(formula: str, resolve: Resolve) -> Any:
    """What a formula comes to; a range is a two-dimensional array.

    Args:
        formula: with its equals sign.
        resolve: gives the cells of a reference or name.

    Raises:
        NotRecomputed: it uses a function or reference that is not known here.
    """
    tokens = [t for t in Tokenizer(as_typed(formula)).items if t.type != Token.WSPACE]
    reader = _Reader(tokens, resolve)
    value = reader.expression(0)
    if reader.place < len(tokens):
        raise NotRecomputed(f"{tokens[reader.place].value} is not understood")
    return value


class _Reader:
    """Reads tokens from left to right; a branch that is not taken is read over, not computed."""

    def __init__(self, tokens: list[Token], resolve: Resolve) -> None:
        self.tokens, self.resolve, self.place = tokens, resolve, 0

    def expression(self, above: int) -> Any:
        left = self.operand()
        while self.place < len(self.tokens) and self.tokens[self.place].type == Token.OP_IN:
            sign = self.tokens[self.place].value
            if _PRECEDENCE.get(sign, 0) <= above:
                break
            self.place += 1
            left = _elementwise(sign, left, self.expression(_PRECEDENCE[sign]))
        return left

    def operand(self) -> Any:
        token = self.tokens[self.place]
        self.place += 1
        if token.type == Token.OP_PRE:
            value = self.expression(5)
            return _elementwise("-", 0.0, value) if token.value == "-" else value
        if token.type == Token.PAREN:
            value = self.expression(0)
            self.place += 1
            return value
        if token.type == Token.FUNC:
            return self.function(token.value[:-1].upper())
        if token.type == Token.OPERAND:
            return self.literal(token)
        raise NotRecomputed(f"{token.value} is not understood")

    def literal(self, token: Token) -> Any:
        kinds: Mapping[str, Callable[[str], Any]] = {
            Token.NUMBER: float, Token.TEXT: lambda text: text[1:-1].replace('""', '"'),
            Token.LOGICAL: lambda text: text.upper() == "TRUE", Token.ERROR: CellError,
        }  # fmt: skip
        return kinds.get(token.subtype, self.resolve)(token.value)

    def spans(self) -> list[tuple[int, int]]:
        """Where each argument of the function just opened begins and ends."""
        depth, cuts, at = 0, [self.place], self.place
        while True:
            token = self.tokens[at]
            if token.type in (Token.FUNC, Token.PAREN, Token.ARRAY):
                depth += 1 if token.subtype == Token.OPEN else -1
                if depth < 0:
                    break
            elif token.type == Token.SEP and depth == 0:
                cuts += [at, at + 1]
            at += 1
        cuts.append(at)
        self.place = at + 1
        return [] if cuts == [at, at] else list(zip(cuts[::2], cuts[1::2], strict=True))

    def argument(self, span: tuple[int, int]) -> Any:
        begin, end = span
        return None if begin == end else _Reader(self.tokens[begin:end], self.resolve).expression(0)

    def function(self, name: str) -> Any:
        spans = self.spans()
        if name == "IF":
            return self.choice(spans)
        arguments = [self.argument(span) for span in spans]
        if name.lower() in CATALOG:
            return _ours(name.lower(), arguments)
        if name not in _KNOWN:
            raise NotRecomputed(f"uses {name}")
        return _KNOWN[name](*arguments)

    def choice(self, spans: list[tuple[int, int]]) -> Any:
        test = self.argument(spans[0])
        if not isinstance(test, np.ndarray):
            if isinstance(test, CellError):
                return test
            return self.argument(spans[1]) if test else self.argument(spans[2]) if len(spans) > 2 else False
        yes, no = self.argument(spans[1]), self.argument(spans[2]) if len(spans) > 2 else False
        return np.frompyfunc(lambda t, a, b: t if isinstance(t, CellError) else a if t else b, 3, 1)(test, yes, no)


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


def _number(value: Any) -> Any:
    if value is None:
        return 0.0
    if isinstance(value, CellError):
        return value
    return float(value) if isinstance(value, int | float) else CellError("#VALUE!")


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
        return function(a, b)
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


def _elementwise(sign: str, left: Any, right: Any) -> Any:
    def one(a: Any, b: Any) -> Any:
        if sign in _COMPARE:
            return _compare(_COMPARE[sign], a, b)
        return _text(a) + _text(b) if sign == "&" else _calculate(_CALCULATE[sign], a, b)

    if isinstance(left, np.ndarray) or isinstance(right, np.ndarray):
        return np.frompyfunc(one, 2, 1)(left, right)
    return one(left, right)


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


def _meets(criterion: Any) -> Callable[[Any], bool]:
    """A criterion of COUNTIFS as a test: a value, or a text such as >=9."""
    sign, wanted = "=", criterion
    if isinstance(criterion, str) and (found := re.match(r"(<=|>=|<>|<|>|=)(.*)", criterion, re.DOTALL)):
        sign, wanted = found[1], found[2]
        with suppress(ValueError):
            wanted = float(wanted)
    if sign in ("=", "<>"):
        return lambda cell: (
            (cell is not None and type(cell) is type(wanted) and _rank(cell) == _rank(wanted)) == (sign == "=")
        )
    return lambda cell: type(cell) is type(wanted) and _COMPARE[sign](_rank(cell), _rank(wanted))


def _meeting(criteria: tuple[Any, ...]) -> np.ndarray:
    tests = zip(criteria[::2], map(_meets, criteria[1::2]), strict=True)
    return np.all([[test(cell) for cell in np.ravel(cells).tolist()] for cells, test in tests], axis=0)


def _sumifs(summed: Any, *criteria: Any) -> float:
    kept = np.ravel(summed)[_meeting(criteria)].tolist()
    return float(sum(v for v in kept if isinstance(v, float)))


_KNOWN: Mapping[str, Callable[..., Any]] = {
    "COUNTIF": lambda *criteria: float(_meeting(criteria).sum()),
    "COUNTIFS": lambda *criteria: float(_meeting(criteria).sum()),
    "SUMIFS": _sumifs,
    "INDEX": _index,
    "MATCH": _match,
    "ROWS": lambda cells: float(len(cells)) if isinstance(cells, np.ndarray) else 1.0,
    "ISNUMBER": lambda value: isinstance(value, float),
    "AND": lambda *values: all(bool(v) for v in values),
    "OR": lambda *values: any(bool(v) for v in values),
    "NOT": lambda value: not value,
    "N": lambda value: value if isinstance(value, float) else float(value is True),
    "SUM": lambda *values: sum(_numbers(values)),
    "COUNT": lambda *values: float(len(_numbers(values))),
    "MAX": lambda *values: max(_numbers(values), default=0.0),
    "MIN": lambda *values: min(_numbers(values), default=0.0),
    "ABS": abs,
}

"""How a host spells a metric: with the add-in, and in plain spreadsheet functions where there is none."""

from collections.abc import Mapping
from enum import Enum
from typing import Any

import numpy as np

from csmetrics_core import CATALOG
from csmetrics_core.declaration.native import Where, refuse_texts, spell
from csmetrics_core.declaration.spec import Metric
from csmetrics_core.errors import MetricError
from csmetrics_core.evaluate import evaluate
from csmetrics_workbooks.kit.terms import CellError, Term, term

#: What a cell shows where a metric has no plain-spreadsheet form and the add-in is not there.
NEEDS_ADDIN = "needs the add-in"
NO_DATA = "no data"


class Host(Enum):
    """Who will open the workbook; one for Lite is respelled once it is whole, one for LAMBDA brings names."""

    EXCEL = "excel"
    LITE = "lite"
    LAMBDA = "lambda"


class Scope:
    """The rows of a table where its helper column holds a number.

    Args:
        column: the helper column.
        number: what it must hold.
    """

    def __init__(self, column: Term, number: Term | int) -> None:
        self.column = column
        self.number = term(number)

    @property
    def where(self) -> Where:
        """For native formulas."""
        return Where(self.column.text, self.number.text)

    @property
    def rows(self) -> np.ndarray:
        """Which rows, as truth values."""
        return np.asarray(self.column.numbers == self.number.value)

    def take(self, column: Term) -> Term:
        """The column as an argument of its own: blank outside the scope."""
        return Term(self.shown(column), np.where(self.rows, column.value, None), True)

    def shown(self, column: Term) -> str:
        """The column inside the scope and blank outside; a blank cell would become 0 in an array."""
        return f'IF(({self.column.text}={self.number.text})*({column.text}<>""),{column.text},"")'


def call(
    name: str,
    arguments: Mapping[str, Any],
    scope: Scope | None = None,
    plainly: Term | None = None,
    known: Any = None,
) -> Term:
    """A metric's value: `IF(addin_on, FUNCTION(..), <native>)`, with what the core computes.

    Args:
        name: the metric.
        arguments: a term or literal for each argument given.
        scope: which rows of the ranges to take.
        plainly: a plain form for a way of calling that the catalogue has none for.
        known: the value, where a table of the core gave it for many cells at once.

    Example:
        >>> call("mrr_growth_rate", {"opening": 100, "closing": 104}).value
        0.04
    """
    metric = CATALOG[name]
    terms = _terms(metric, arguments)
    written, where = {n: t.text for n, t in terms.items()}, scope.where if scope else None
    native = spell(metric, written, where) or (plainly and refuse_texts(metric, written, where, plainly.text))
    words = [_spelled(metric, n, terms[n], scope) if n in terms else "" for n in metric.names]
    while words and not words[-1]:
        words.pop()
    text = f"IF(addin_on,{metric.excel_name}({','.join(words)}),{native or term(NEEDS_ADDIN).text})"
    return Term(text, computed(metric, terms, scope) if known is None else known, array=True)


def table_cell(
    name: str,
    arguments: Mapping[str, Any],
    scope: Scope | None,
    row: int,
    column: str,
    plainly: Term | None = None,
    memo: dict[str, Any] | None = None,
) -> Term:
    """One cell of a metric that gives a table or a pair; the catalogue has no native form for it.

    Args:
        row: of the table's data, from 0.
        column: name of the column; `low` or `high` of a pair.
        plainly: a plain form of this cell, if there is one.
        memo: tables already computed for the same workbook, by their formula.
    """
    metric = CATALOG[name]
    terms = _terms(metric, arguments)
    words = [_spelled(metric, n, terms[n], scope) if n in terms else "" for n in metric.names]
    while words and not words[-1]:
        words.pop()
    columns = ["low", "high"] if metric.gives == "pair" else [c.name for c in metric.columns]
    place = f"1,{columns.index(column) + 1}" if metric.gives == "pair" else f"{row + 2},{columns.index(column) + 1}"
    function = f"{metric.excel_name}({','.join(words)})"
    height = f"ROWS({function})>{row + 1}" if metric.gives == "table" else "TRUE"
    shown = f'IF({height},INDEX({function},{place}),"")'
    kept = {} if memo is None else memo
    if function not in kept:
        kept[function] = computed(metric, terms, scope)
    value = kept[function]
    if isinstance(value, tuple):
        value = value[columns.index(column)]
    elif isinstance(value, Mapping):
        cells = list(value[column]) if column in value else []
        value = plain(cells[row]) if row < len(cells) else ""
    return Term(f"IF(addin_on,{shown},{(plainly or term(NEEDS_ADDIN)).text})", value, array=True)


def _terms(metric: Metric, arguments: Mapping[str, Any]) -> dict[str, Term]:
    """Arguments as terms; one cell given for a range is written as a range, which every program takes for one."""
    terms = {name: term(value) for name, value in arguments.items()}
    for name, value in terms.items():
        if metric.argument(name).is_range and not value.array and value.text.endswith(tuple("0123456789")):
            terms[name] = Term(f"{value.text}:{value.text.rpartition('!')[2]}", np.array([value.value], dtype=object))
    return terms


def _spelled(metric: Metric, name: str, value: Term, scope: Scope | None) -> str:
    return scope.shown(value) if scope and metric.argument(name).is_range and value.array else value.text


def computed(metric: Metric, terms: Mapping[str, Term], scope: Scope | None) -> Any:
    """What the core makes of the same cells; an error is the error the cell shows."""
    given = {n: _cells(t, scope) if metric.argument(n).is_range else _single(t) for n, t in terms.items()}
    bad = next((v for v in given.values() if isinstance(v, CellError)), None)
    if bad:
        return bad
    try:
        return plain(evaluate(metric, (), given).value)
    except MetricError as error:
        return CellError(error.code)


def _cells(value: Term, scope: Scope | None) -> Any:
    if not isinstance(value.value, np.ndarray):
        return value.value
    cells = value.value[scope.rows] if scope else value.value
    return cells.tolist()


def _single(value: Term) -> Any:
    return value.value


def plain(value: Any) -> Any:
    """A value as a cell keeps it: what is not there is an empty text."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or (isinstance(value, float) and value != value):
        return ""
    return value

"""Ratios by group: a survey metric, first contact resolution."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import time, timedelta
from typing import Any

import narwhals as nw
import numpy as np

from csmetrics_core.declaration.catalog import lookup
from csmetrics_core.declaration.spec import Category, Metric
from csmetrics_core.errors import CELL_ERRORS, ErrorInCell, UndefinedMetric, WrongCall, WrongKind
from csmetrics_core.evaluate import evaluate
from csmetrics_core.maths.intervals import confidence_level
from csmetrics_core.results import Ratio
from csmetrics_core.tables.engine import Source, collected, like, open_table
from csmetrics_core.tables.frames import names_of, no_rows
from csmetrics_core.tables.schema import Role

#: What engines hand over for a cell of several parts, or of a kind that neither groups nor answers.
_NO_CELL = (list, dict, set, tuple, bytes, time, timedelta, np.ndarray)
_FLAGS = ("resolved", "reopened", "transferred", "abandoned")
_NOTHING = float("nan")


def survey(
    frame: Any,
    metric: str,
    by: Sequence[str] = (),
    *,
    score: str | None = None,
    confidence: float = 0.95,
    notes: list[str] | None = None,
    **options: Any,
) -> Any:
    """A survey metric by any grouping, with the number of answers and the interval of each group.

    Args:
        frame: one row a response.
        metric: the name of a survey metric that is computed from answers, such as "nps" or "csat".
        by: columns to group by; none gives one row for all answers.
        score: the column that holds the answers; looked for where not given.
        confidence: confidence level of the intervals.
        notes: a list that takes what the reader must know.
        options: the metric's other arguments, such as scale_max.

    Returns:
        A frame of the caller's own kind: the grouping columns, value, n, low, high, dropped.

    Raises:
        MetricError: a column is missing, or an answer is off the scale.

    Examples:
        >>> import pandas
        >>> frame = pandas.DataFrame({"segment": ["A", "A", "B"], "nps": [10, 6, 9]})
        >>> survey(frame, "nps", by=["segment"])["value"].tolist()
        [0.0, 100.0]

    Source: the metric's own; see `csm_metrics`.
    """
    by, confidence = _grouped_by(by), confidence_level(confidence)
    declared = lookup(metric)
    first = declared.arguments[0]
    if declared.category is not Category.SURVEY or declared.gives != "number" or not first.is_range:
        raise WrongCall(f"{declared.name} is not computed from answers", "Give a survey metric, such as nps or csat.")
    role = declared.name.split("_")[0]
    source = open_table(frame, (Role(role, "score"), *_grouping(by)), {role: score, **_as_named(by)}, notes=notes)
    groups = _cells(source, by, (role,))
    rows = []
    for group, (cells, counts) in groups.items():
        scores = [(as_number(cell, first.name), count) for (cell,), count in zip(cells, counts, strict=True)]
        given = [(value, count) for value, count in scores if value is not None]
        answers = np.repeat([value for value, _ in given], [count for _, count in given])
        row = _row(declared, {first.name: answers, **options}, confidence)
        rows.append((*group, *row, sum(count for value, count in scores if value is None)))
    return like(source.native, _columns((*by, "value", "n", "low", "high", "dropped"), rows))


def fcr(
    frame: Any,
    contacts: str | None = None,
    resolved: str | None = None,
    reopened: str | None = None,
    transferred: str | None = None,
    abandoned: str | None = None,
    *,
    by: Sequence[str] = (),
    confidence: float = 0.95,
    notes: list[str] | None = None,
) -> Any:
    """First contact resolution from tickets, by any grouping.

    Args:
        frame: one row a ticket.
        contacts, resolved, reopened, transferred, abandoned: names of the columns; looked for where not
            given, and only contacts is needed.
        by: columns to group by; none gives one row for all tickets.
        confidence: confidence level of the intervals.
        notes: a list that takes what the reader must know.

    Returns:
        A frame of the caller's own kind: the grouping columns, value, n, low, high, dropped.

    Raises:
        MetricError: a column is missing or of another type.

    Examples:
        >>> import pandas
        >>> frame = pandas.DataFrame({"contacts": [1, 2, 1, 1], "resolved": [True, True, True, False]})
        >>> fcr(frame)["value"].round(3).tolist()
        [0.667]

    Source: HDI, MetricNet and Freshservice, first contact resolution.
    """
    by, confidence = _grouped_by(by), confidence_level(confidence)
    flags = {"resolved": resolved, "reopened": reopened, "transferred": transferred, "abandoned": abandoned}
    roles = (Role("contacts", "number"), *(Role(name, "flag", needed=False) for name in _FLAGS), *_grouping(by))
    source = open_table(frame, roles, {"contacts": contacts, **flags, **_as_named(by)}, notes=notes)
    names = ("contacts", *(name for name in _FLAGS if name in source.roles))
    rows = []
    for group, (cells, counts) in _cells(source, by, names).items():
        whole = [(cell, count) for cell, count in zip(cells, counts, strict=True) if None not in cell]
        repeats = [count for _, count in whole]
        ranges = {name: np.repeat([cell[i] for cell, _ in whole], repeats) for i, name in enumerate(names)}
        row = _row(lookup("fcr_from_contacts"), ranges, confidence)
        rows.append((*group, *row, sum(counts) - sum(repeats)))
    return like(source.native, _columns((*by, "value", "n", "low", "high", "dropped"), rows))


def _grouped_by(by: Any) -> tuple[str, ...]:
    """The columns to group by; none may be called like a column of the result."""
    names = names_of("by", by)
    if taken := sorted({"value", "n", "low", "high", "dropped"}.intersection(names)):
        raise WrongCall(f"by names {taken[0]!r}, which is a column of the result too", "Rename that column first.")
    return names


def _grouping(by: Iterable[str]) -> tuple[Role, ...]:
    return tuple(Role(column, "any") for column in by)


def _as_named(columns: Iterable[str]) -> dict[str, str | None]:
    return {column: column for column in columns}


def _cells(source: Source, by: Sequence[str], names: Sequence[str]) -> dict[tuple[Any, ...], tuple[list, list[int]]]:
    """Stage 1: how often each combination of cells occurs, by group, in sorted order."""
    keys = list(dict.fromkeys([*by, *names]))
    found = collected(source.rows.group_by(*keys).agg(nw.len().alias("rows")))
    groups: dict[tuple[Any, ...], tuple[list, list[int]]] = {}
    columns = [list(found[name]) for name in names]
    for row, count in enumerate(found["rows"]):
        group = tuple(_cell(found[name][row]) for name in by)
        cells, counts = groups.setdefault(group, ([], []))
        cells.append(tuple(_cell(column[row]) for column in columns))
        counts.append(int(count))
    if not groups:
        raise no_rows()
    return dict(sorted(groups.items(), key=lambda item: list(map(_place, item[0]))))


def _place(name: Any) -> tuple[bool, bool, Any]:
    """Where a group stands: numbers and days, then words, among them the empty one, then what has no name."""
    return name is None, isinstance(name, str), 0 if name is None else name


def _cell(value: Any) -> Any:
    """One value of a result as plain Python; what is missing is None."""
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, _NO_CELL):
        problem = f"a cell holds a {type(value).__name__}; expected a word, number or date"
        raise WrongKind(problem, "Convert the column, or name another.")
    return None if value is None or value != value else value


def as_number(cell: Any, argument: str) -> float | None:
    """An answer as a number, also where the column holds text; None where it is none.

    Raises:
        ErrorInCell: it is a spreadsheet's error, which is passed on.
    """
    if isinstance(cell, str):
        if cell in CELL_ERRORS:
            raise ErrorInCell(cell, argument, None)
        try:
            return float(cell) if cell == cell.strip() else None
        except ValueError:
            return None
    return None if cell is None or isinstance(cell, bool) else float(cell)


def _row(declared: Metric, arguments: Mapping[str, Any], confidence: float) -> tuple[float, int, float, float]:
    """Value, n, low and high of one group; missing where the group has no value."""
    try:
        done = evaluate(declared, (), arguments)
    except UndefinedMetric:
        return _NOTHING, 0, _NOTHING, _NOTHING
    parts = done.parts
    if not isinstance(parts, Ratio):
        raise TypeError(f"{declared.name} gives no ratio")
    low, high = parts.interval(confidence) if parts.interval else (_NOTHING, _NOTHING)
    n = parts.n if parts.n is not None else done.prepared.used
    return float(done.value), int(n or 0), low, high


def _columns(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> dict[str, Any]:
    columns: dict[str, Any] = {name: list(values) for name, values in zip(names, zip(*rows, strict=True), strict=True)}
    for name in ("value", "low", "high"):
        columns[name] = np.array(columns[name], dtype=float)
    return columns

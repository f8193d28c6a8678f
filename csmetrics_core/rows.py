"""What each row of a call adds to a metric: its share of the numerator and of the denominator.

The body of a metric reduces to parts; of one row alone, the parts are what this row adds. So the body is the only
place that knows the metric, and groups, changes and accounts of a change need nothing more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from csmetrics_core.declaration.kinds import Number
from csmetrics_core.declaration.spec import Argument, Metric, Role, Sample
from csmetrics_core.errors import MetricError, NoData, WrongKind, WrongShape
from csmetrics_core.evaluate import evaluate
from csmetrics_core.intake.arguments import bind, prepare
from csmetrics_core.intake.cells import read
from csmetrics_core.intake.flattening import every_row, shape_of
from csmetrics_core.intake.prepared import Coded, Prepared
from csmetrics_core.maths.sums import exact_sum
from csmetrics_core.results import Ratio

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Rows:
    """The rows of a call that count, and what each adds.

    Args:
        metric: which one.
        given: the call's arguments by name, cleaned as far as they are columns.
        kept: where each row that counts stood.
        columns: arguments that hold one value a row, those that are summed first.
        x, y: what each row adds to the numerator and the denominator.
        scale: of the ratio.
    """

    metric: Metric
    given: Mapping[str, Any]
    kept: NDArray[np.int64]
    columns: Mapping[str, Any]
    x: Floats
    y: Floats
    scale: float

    @property
    def summed(self) -> bool:
        """Whether the rows are sums themselves, such as lost and opening of a segment, and no single answers."""
        return bool(self.columns)

    def only(self, chosen: NDArray[np.bool_]) -> tuple["Rows", NDArray[np.bool_]]:
        """Some of the rows, and which those were."""
        columns = {name: column[chosen] for name, column in self.columns.items()}
        return replace(self, kept=self.kept[chosen], columns=columns, x=self.x[chosen], y=self.y[chosen]), chosen

    def value(self, chosen: NDArray[np.bool_], where: str = "") -> float:
        """The metric of some of the rows, exactly as its own function gives it.

        Raises:
            MetricError: they have no value.
        """
        if not chosen.any():
            raise NoData(f"{where or 'this'} has no usable rows", "Choose another group or period.")
        if self.summed:
            sums = {name: exact_sum(column[chosen]) for name, column in self.columns.items()}
            return float(evaluate(self.metric, (), {**self.given, **sums}).value)
        base = exact_sum(self.y[chosen])
        if self.metric.sample is Sample.TOTAL:
            base = 1.0
        if not base:
            raise NoData(f"no row of {where or 'this'} counts", "Choose another group or period.")
        return self.scale * exact_sum(self.x[chosen]) / base


@np.errstate(all="ignore")  # what is not finite is found and named
def rows_of(metric: Metric, arguments: Sequence[Any] | Mapping[str, Any], length: int) -> Rows:
    """Read a call once and say what each of its rows adds.

    Args:
        metric: one whose sample is declared.
        arguments: of the call, in order or by name; ranges of `length` cells have one a row, all else holds for all.
        length: how many rows there are.

    Raises:
        MetricError: the call is refused, or its rows do not add up to it.
    """
    given = bind(metric, (), arguments) if isinstance(arguments, Mapping) else bind(metric, arguments, {})
    by_row = {a.name: a for a in metric.arguments if _has_rows(given[a.name], length)}
    if not by_row:
        problem = f"no range of {metric.name} has {length} rows"
        raise WrongShape(problem, "Select the same rows in each.", argument=metric.names[0])
    for each in metric.roles.each:
        if each.name not in by_row and (shape := shape_of(given[each.name])) is not None:
            problem = f"{each.name} has {prod(shape)} cells for {length} rows"
            raise WrongShape(problem, "Give one value for all rows, or one a row.", argument=each.name)
    if all(a.role is Role.EACH for a in by_row.values()):
        if metric.sample is Sample.MEAN:
            return _one_value_a_row(metric, given, length)
        return _sums_by_row(metric, given, by_row, length)
    if metric.roles.block:
        return _one_value_a_row(metric, given, length)
    return _answers(metric, given, by_row, length)


def _has_rows(value: Any, length: int) -> bool:
    shape = shape_of(value)
    return shape is not None and (shape[0] == length or prod(shape) == length)


def _one_value_a_row(metric: Metric, given: Mapping[str, Any], length: int) -> Rows:
    """A metric that gives a value of its own for every row, such as an account's health."""
    values = np.asarray(evaluate(metric, (), given).value, dtype=float).ravel()
    kept = np.flatnonzero(~np.isnan(values[:length]))
    return Rows(metric, given, kept, {}, values[kept], np.ones(kept.size), 1.0)


def _sums_by_row(metric: Metric, given: dict[str, Any], by_row: Mapping[str, Argument], length: int) -> Rows:
    """Columns of amounts and counts: they are added up before they are divided."""
    for name, argument in by_row.items():
        if not isinstance(argument.kind, Number) or argument.kind.top <= 1:
            problem = f"{name} is a column, and {argument.kind.expected} cannot be added up"
            raise WrongKind(problem, "Give the amounts or counts behind it.", argument=name)
        given[name] = every_row(given[name], name)
    ready = prepare(metric, dict(given))
    bad = _blank_rows(ready)
    columns = {name: np.asarray(ready.values[name], dtype=float).ravel() for name in by_row}
    for name, argument in by_row.items():
        if not argument.required and np.isnan(columns[name]).all():
            del columns[name]
    for column in columns.values():
        bad |= set(np.flatnonzero(np.isnan(column)).tolist())
    kept = np.delete(np.arange(length), sorted(bad))
    columns = {name: column[kept] for name, column in columns.items()}
    single = {name: value for name, value in given.items() if name not in by_row}
    if not kept.size:
        raise NoData(f"no row has a value in each of {', '.join(by_row)}", "Fill in the gaps.")
    parts = _ratio(metric, evaluate(metric, (), {**single, **columns}).parts)
    x, y = (np.array(np.broadcast_to(part, kept.size), dtype=float) for part in (parts.numerator, parts.denominator))
    return Rows(metric, single, kept, columns, x, y, parts.scale)


def _ratio(metric: Metric, parts: Any) -> Ratio:
    if not isinstance(parts, Ratio):
        raise TypeError(f"{metric.name} gives no ratio")
    return parts


def _blank_rows(ready: Prepared) -> set[int]:
    """Rows to leave out because a cell is blank; any other bad cell is refused."""
    for failure in ready.failures.values():
        if not isinstance(failure, NoData):
            raise failure
    return set(ready.failures)


def _answers(metric: Metric, given: dict[str, Any], by_row: Mapping[str, Argument], length: int) -> Rows:
    """Ranges that a metric reduces: its body is asked once about each distinct row."""
    varying = {name: _number_column(metric, given, a) for name, a in by_row.items() if a.role is Role.EACH}
    for name, column in list(varying.items()):
        known = column[~np.isnan(column)]
        given[name] = known[0] if known.size else None
        if (known == given[name]).all():
            del varying[name]
    ready = prepare(metric, dict(given))
    if named := [name for name in by_row if isinstance(ready.values[name], Coded)]:
        problem = f"with {named[0]} {metric.name} is no sum over its rows"
        raise WrongKind(problem, "Name whose rows they are with customers instead.", argument=named[0])
    # One value for all rows has become one a row, and belongs to each.
    ranges = {a.name: np.asarray(v) for a in metric.arguments if a.is_range and (v := ready.values[a.name]) is not None}
    size = len(next(iter(ranges.values())))
    dropped = {at for name in by_row if name in ready.drops for at in ready.drops[name].where}
    kept = np.delete(np.arange(length), sorted(dropped))[:size] if dropped else np.arange(size)
    ranges |= {name: column[kept] for name, column in varying.items()}
    if metric.sample is Sample.MEAN:
        values = next(iter(ranges.values())).astype(float)
        return Rows(metric, given, kept, {}, values, np.ones(size), 1.0)
    place, distinct = _distinct(ranges)
    x, y, scale = np.empty(len(distinct)), np.empty(len(distinct)), 1.0
    for position, row in enumerate(distinct):
        one = {
            name: value if name in varying else np.array([value], dtype=column.dtype)
            for (name, column), value in zip(ranges.items(), row, strict=True)
        }
        parts = _ratio(metric, metric.run({**ready.values, **one}))
        x[position], y[position], scale = parts.numerator, parts.denominator, parts.scale
    rows = Rows(metric, given, kept, {}, x[place], y[place], scale)
    if not varying:
        _refuse_more_than_sums(rows, ready)
    return rows


def _number_column(metric: Metric, given: Mapping[str, Any], argument: Argument) -> Floats:
    """A single value that was given for every row; what ranges are checked against must be one for all."""
    values: Floats = read(every_row(given[argument.name], argument.name), argument.name, "number").values
    checked = any(getattr(a.kind, "high", None) == argument.name for a in metric.arguments)
    if checked and np.unique(values).size > 1:
        problem = f"{argument.name} differs from row to row"
        raise WrongKind(problem, "Give one value for all rows.", argument=argument.name)
    return values


def _distinct(ranges: Mapping[str, NDArray[Any]]) -> tuple[NDArray[np.int64], list[tuple[Any, ...]]]:
    """The distinct rows of some columns, and which of them each row is."""
    columns = list(ranges.values())
    if len(columns) == 1 and columns[0].dtype.kind in "iu" and columns[0].dtype.itemsize == 1:
        found = np.flatnonzero(np.bincount(columns[0].astype(np.int16) + 128, minlength=256))
        number = np.zeros(256, dtype=np.int64)
        number[found] = np.arange(found.size)
        return number[columns[0].astype(np.int16) + 128], [(value - 128,) for value in found.tolist()]
    if len(columns) == 1:
        values, place = np.unique(columns[0], return_inverse=True)
        return place, [(value,) for value in values.tolist()]
    values, place = np.unique(np.column_stack([c.astype(float) for c in columns]), axis=0, return_inverse=True)
    return place.ravel(), [tuple(row) for row in values.tolist()]


def _refuse_more_than_sums(rows: Rows, ready: Prepared) -> None:
    """Refuse arguments that make a metric more than a sum over its rows, such as one vote an account."""
    parts = rows.metric.run(ready.values)
    whole = np.array([parts.numerator, parts.denominator], dtype=float)
    summed = np.array([exact_sum(rows.x), exact_sum(rows.y)])
    if rows.metric.sample is Sample.TOTAL:
        whole, summed = whole[:1], summed[:1]
    ratio_kept = whole.size == 2 and np.isclose(whole[0] * summed[1], whole[1] * summed[0])
    if not (ratio_kept or np.allclose(whole, summed)):
        problem = f"with these arguments {rows.metric.name} is no sum over its rows"
        raise WrongKind(problem, "Leave its optional ranges out; name whose rows they are with customers.")


def value_or_reason(rows: Rows, chosen: NDArray[np.bool_]) -> tuple[float, str]:
    """The metric of some of the rows; or NaN and why there is none."""
    try:
        return rows.value(chosen), ""
    except MetricError as error:
        return float("nan"), f"{error.code} {error.problem}"

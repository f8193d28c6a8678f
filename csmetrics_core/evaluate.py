"""The wrapper's half of a metric: prepare the arguments, run the body, divide, and say why where there is no number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, prod
from typing import Any

import numpy as np

from csmetrics_core.declaration.spec import Metric
from csmetrics_core.errors import (
    MetricError,
    NoData,
    OutOfScale,
    WrongShape,
    ZeroDenominator,
    off_scale,
    place,
    wrong_kind,
)
from csmetrics_core.intake.arguments import bind, prepare
from csmetrics_core.intake.flattening import flatten, shape_of
from csmetrics_core.intake.labels import PLAIN, Host, by_label
from csmetrics_core.intake.prepared import Prepared
from csmetrics_core.results import Pair, Ratio, Refusal, Table, Words


@dataclass(slots=True)
class Evaluation:
    """One call of a metric: its value and everything that explains it.

    Args:
        value: a float, an array with NaN where an element has no value, a word, a pair, or a dict of columns.
        failures: element -> why it has no value, in a broadcast.
        prepared: the cleaned arguments and what was dropped.
        parts: numerator, denominator and the rest, as the body gave them.
        host: what the caller gave, where a result has labels or a kind to keep.
    """

    metric: Metric
    value: Any
    prepared: Prepared
    parts: Ratio | Pair | Table | Words
    failures: dict[int, MetricError]
    host: Host | None = None


@np.errstate(all="ignore")  # what is not finite is found and named; as a decorator it costs half
def evaluate(metric: Metric, args: Sequence[Any], kwargs: Mapping[str, Any] | None = None) -> Evaluation:
    """Compute a metric, keeping the parts.

    Raises:
        MetricError: with the metric's name, if there is no number at all.
    """
    try:
        given = bind(metric, args, kwargs or {})
        if not PLAIN.issuperset(map(type, given.values())) or metric.rest:
            host = by_label(metric, given)
            done = _computed(metric, given)
            done.host = host
            return done
        return _computed(metric, given)
    except MetricError as error:
        error.metric = error.metric or metric.name
        raise
    except OverflowError:
        too_large = _too_large()
        too_large.metric = metric.name
        raise too_large from None


def _computed(metric: Metric, given: dict[str, Any]) -> Evaluation:
    if metric.roles.each and not metric.elementwise and (several := _given_as_ranges(metric, given)):
        return _each_in_turn(metric, given, several)
    prepared = prepare(metric, given)
    return _finish(metric, prepared, metric.run(prepared.values))


def _given_as_ranges(metric: Metric, given: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    """Single values that were given as ranges, with their shapes."""
    shapes = {a.name: shape_of(given[a.name]) for a in metric.roles.each}
    return {name: shape for name, shape in shapes.items() if shape is not None}


def _finish(metric: Metric, prepared: Prepared, parts: Any) -> Evaluation:
    if isinstance(parts, Ratio):
        if prepared.shape is None:
            return Evaluation(metric, _divide(parts), prepared, parts, {})
        return _divide_each(metric, prepared, parts)
    if isinstance(parts, Words):
        return _words(metric, prepared, parts)
    value = parts.columns if isinstance(parts, Table) else (float(parts[0]), float(parts[1]))
    cells = value.values() if isinstance(value, dict) else value
    if any(np.asarray(c).dtype.kind == "f" and np.isinf(c).any() for c in cells):
        raise _too_large()
    return Evaluation(metric, value, prepared, parts, {})


def _too_large() -> OutOfScale:
    return OutOfScale("the result is too large for a number", "Check for a slipped decimal point.")


def _no_base(parts: Ratio) -> ZeroDenominator:
    return ZeroDenominator(
        f"{parts.base} is 0, so there is nothing to divide by", "Undefined is not 0: leave it blank."
    )


def _impossible(refusal: Refusal, got: Any, position: int | None) -> MetricError:
    argument, expected, fix = refusal.argument, refusal.expected, refusal.fix
    if refusal.undefined:
        problem = f"{place(argument, position)} {got}; expected {expected}"
        return NoData(problem, fix, argument=argument, position=position)
    return off_scale(argument, position, got, expected, fix)


def _divide(parts: Ratio) -> float:
    if parts.denominator == 0:
        raise _no_base(parts)
    for refusal in parts.refusals:
        if refusal.when:
            raise _impossible(refusal, refusal.got, None)
    value = float(parts.scale * parts.numerator / parts.denominator)
    if not isfinite(value):
        raise _too_large()
    return value


def _divide_each(metric: Metric, prepared: Prepared, parts: Ratio) -> Evaluation:
    shape = prepared.shape or ()
    numerator, denominator = np.broadcast_to(parts.numerator, shape), np.broadcast_to(parts.denominator, shape)
    value = np.array(parts.scale * numerator / denominator, dtype=float)
    failures = prepared.failures
    for position in np.flatnonzero(denominator == 0).tolist():
        failures.setdefault(position, _no_base(parts))
    for refusal in parts.refusals:
        got = np.broadcast_to(refusal.got, shape).ravel()
        for position in np.flatnonzero(np.broadcast_to(refusal.when, shape)).tolist():
            failures.setdefault(position, _impossible(refusal, got[position], position))
    for position in np.flatnonzero(~np.isfinite(value)).tolist():
        failures.setdefault(position, _too_large())
    return _blank_failures(metric, prepared, value, parts)


def _words(metric: Metric, prepared: Prepared, parts: Words) -> Evaluation:
    if prepared.shape is None:
        for refusal in parts.refusals:
            if refusal.when:
                raise _impossible(refusal, refusal.got, None)
        return Evaluation(metric, str(parts.values), prepared, parts, {})
    for refusal in parts.refusals:
        got = np.broadcast_to(refusal.got, prepared.shape).ravel()
        for position in np.flatnonzero(np.broadcast_to(refusal.when, prepared.shape)).tolist():
            prepared.failures.setdefault(position, _impossible(refusal, got[position], position))
    return _blank_failures(metric, prepared, np.array(parts.values, dtype=object), parts)


def _blank_failures(metric: Metric, prepared: Prepared, value: np.ndarray, parts: Any) -> Evaluation:
    """Elements that failed become missing; the others stand."""
    for position, failure in prepared.failures.items():
        value.flat[position] = None if value.dtype == object else np.nan
        failure.metric = metric.name
    return Evaluation(metric, value, prepared, parts, prepared.failures)


def _each_in_turn(metric: Metric, given: Mapping[str, Any], several: Mapping[str, tuple[int, ...]]) -> Evaluation:
    """A range beside a broadcast value is reduced once for every element."""
    name, shape = next(iter(several.items()))
    if metric.gives != "number":
        raise WrongShape(f"{name} is a range, and {metric.name} gives a {metric.gives}", "Give it a single value.")
    if len(set(several.values())) > 1:
        raise WrongShape(f"{', '.join(several)} have different shapes", "Give ranges of one shape, or single values.")
    elements = {name: _single_cells(metric, name, given[name]) for name in several}
    value = np.full(prod(shape), np.nan)
    last = Prepared({}, shape=shape)
    parts: Any = None
    for position in range(value.size):
        single = {n: e[position] if position < len(e) else None for n, e in elements.items()}
        try:
            done = evaluate(metric, (), {**given, **single})
            value[position], parts, last = done.value, done.parts, done.prepared
        except MetricError as failure:
            last.failures[position] = failure
    return Evaluation(metric, value.reshape(shape), last, parts, last.failures)


def _single_cells(metric: Metric, name: str, raw: Any) -> Any:
    """The cells of a broadcast range, none of which may be a range again."""
    cells = flatten(raw, name)
    for position, cell in enumerate(cells):
        if shape_of(cell) is not None:
            expected, fix = metric.argument(name).kind.expected, "Give one list of values, or one list of rows."
            raise wrong_kind(name, position, cell, expected, fix)
    return cells

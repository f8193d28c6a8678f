"""Every metric of the catalogue over tables of any engine, from its declaration alone.

What adds up is added up on the engine; of other metrics the engine counts the rows that are alike, and each group is
computed in memory by the metric itself.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from csmetrics_core.declaration.catalog import lookup
from csmetrics_core.declaration.documentation import table_docstring
from csmetrics_core.declaration.spec import Category, Metric, Role
from csmetrics_core.errors import MetricError, UndefinedMetric, WrongShape
from csmetrics_core.evaluate import evaluate
from csmetrics_core.explain import explained
from csmetrics_core.tables.asking import OPTIONS, Asked, Key, asked_of, refuse_taken
from csmetrics_core.tables.engine import like
from csmetrics_core.tables.rows import Group, counted, each_row, summed
from csmetrics_core.tables.spans import within

_NOTHING = float("nan")
_MEASURED = ("value", "n", "low", "high", "dropped")
#: The columns of a result beside those it is grouped by; a table has its own.
RESULT = {"number": _MEASURED, "words": _MEASURED, "pair": ("low", "high", "n", "dropped")}


@cache
def table_function(name: str) -> Callable[..., Any]:
    """The function over tables of a metric."""
    metric = lookup(name)

    def function(frame: Any, *args: Any, **kwargs: Any) -> Any:
        return measured(metric, frame, args, kwargs)

    function.__name__ = function.__qualname__ = metric.name
    function.__module__ = "csmetrics_core.tables"
    function.__doc__ = table_docstring(metric)
    function.__signature__ = _signature(metric)  # type: ignore[attr-defined]
    return function


def why_not(metric: Metric) -> str:
    """Why a metric has no function over tables; nothing where it has one."""
    if metric.category is not Category.ABOUT:
        return ""
    raw = any(argument.role is Role.RAW for argument in metric.arguments)
    return "what it takes is more than columns of one table" if raw else "it is about the catalogue, not about rows"


def _signature(metric: Metric) -> inspect.Signature:
    own = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [inspect.Parameter("frame", own, annotation="table")]
    for a in metric.arguments:
        default = inspect.Parameter.empty if a.required else a.default
        parameters.append(inspect.Parameter(a.name, own, annotation=_takes(a.role, a.kind.expected), default=default))
    options = [n for n in OPTIONS if n not in metric.names]
    parameters += [inspect.Parameter(n, inspect.Parameter.KEYWORD_ONLY, default=OPTIONS[n]) for n in options]
    return inspect.Signature(parameters, return_annotation="table")


def _takes(role: Role, expected: str) -> str:
    """What an argument takes over a table, in words."""
    if role in (Role.CHOICE, Role.PER_COLUMN):
        return expected
    return {Role.BLOCK: "columns", Role.EACH: f"column, or {expected}"}.get(role, "column")


def measured(metric: Metric, frame: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """A metric over a table.

    Raises:
        MetricError: naming the argument and the remedy.
    """
    try:
        asked = asked_of(metric, frame, args, kwargs)
        own = RESULT.get(metric.gives) or tuple(c.name for c in metric.columns)
        refuse_taken(asked.keys, own)
        if asked.within:
            frame = within(frame, asked.within, asked.time_zone, asked.notes)
        single = not any(a.is_range for a in metric.arguments)
        adding = any(a.adds and a.name in asked.columns for a in metric.arguments)
        if single and not adding:
            return _each_row(asked, frame)
        groups = summed(asked, frame) if single else counted(asked, frame)
        found = [(group.keys, _result(asked, group)) for group in groups]
        if not any(result for _, result in found):
            raise WrongShape("no group has a result", "; ".join(asked.notes[-3:]))
        return like(frame, joined(asked.keys, found))
    except MetricError as error:
        error.metric = error.metric or metric.name
        raise


def _result(asked: Asked, group: Group) -> dict[str, Any]:
    """The result of one group: one row for a number, as many as it has for a table."""
    metric = asked.metric
    arguments = {**asked.fixed, **group.arguments}
    try:
        done = evaluate(metric, (), arguments)
        told = explained(done, asked.confidence)
    except UndefinedMetric as nothing:
        if metric.gives == "table":
            asked.notes.append(f"no result{_of(asked, group)}: {nothing.problem}")
            return {}
        missing = {"value": _NOTHING, "n": 0, "low": _NOTHING, "high": _NOTHING, "dropped": group.rows}
        return {name: [missing[name]] for name in RESULT[metric.gives]}
    except MetricError as error:
        error.problem += _of(asked, group)
        raise
    if metric.gives == "table":
        return dict(done.value)
    used = group.used if group.used is not None else done.prepared.used
    low, high = told.interval or (done.value if metric.gives == "pair" else (_NOTHING, _NOTHING))
    n = told.n if told.n is not None else used
    found = {"value": done.value, "n": n, "low": low, "high": high, "dropped": group.rows - int(used or 0)}
    return {name: [found[name]] for name in RESULT[metric.gives]}


def _of(asked: Asked, group: Group) -> str:
    """Which group it is, for a message; nothing where there is one only."""
    words = (f"{key.name} {value}" for key, value in zip(asked.keys, group.keys, strict=True))
    return f" in the group of {', '.join(words)}" if asked.keys else ""


def joined(keys: Sequence[Key], found: Sequence[tuple[Sequence[Any], Mapping[str, Any]]]) -> dict[str, Any]:
    """The results of all groups below one another, what they are grouped by before them."""
    sizes = [len(next(iter(result.values()), ())) for _, result in found]
    columns: dict[str, Any] = {}
    for place, key in enumerate(keys):
        columns[key.name] = [labels[place] for (labels, _), size in zip(found, sizes, strict=True) for _ in range(size)]
    for name in dict.fromkeys(name for _, result in found for name in result):
        columns[name] = _below([r.get(name, [None] * size) for (_, r), size in zip(found, sizes, strict=True)])
    return columns


def _below(parts: Sequence[Any]) -> Any:
    """One column from its parts; numbers stay numbers where some are missing."""
    if all(isinstance(part, np.ndarray) and part.dtype.kind in "fiuM" for part in parts):
        return np.concatenate(parts)
    values = [v for part in parts for v in (part.tolist() if isinstance(part, np.ndarray) else part)]
    if any(isinstance(v, float) for v in values) and all(v is None or isinstance(v, int | float) for v in values):
        return np.array([_NOTHING if v is None else v for v in values], dtype=float)
    return values


def _each_row(asked: Asked, frame: Any) -> Any:
    """A metric of single values that do not add up: one result a row, in the order of the rows."""
    metric = asked.metric
    if asked.keys:
        inputs = ", ".join(a.name for a in metric.arguments if a.name in asked.columns)
        problem = f"{inputs} cannot be added up over the rows of a group, as a sum or a count can"
        fix = "Leave out by and each: every row gets its own result."
        raise WrongShape(problem, fix, argument="by")
    if metric.gives not in ("number", "words"):
        raise WrongShape(f"{metric.name} gives a {metric.gives}, not one value a row", "Give it single values.")
    arguments = each_row(asked, frame)
    done = evaluate(metric, (), {**asked.fixed, **arguments})
    value = np.asarray(done.value)
    known = [int(v is not None and v == v) for v in value.tolist()]
    nothing = np.full(value.size, _NOTHING)
    columns = {"value": value, "n": known, "low": nothing, "high": nothing, "dropped": [1 - k for k in known]}
    result = like(frame, columns)
    return result.set_axis(frame.index) if hasattr(result, "set_axis") and hasattr(frame, "index") else result

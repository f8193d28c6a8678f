"""Single values and choices; a single value given as a range makes a call give one result an element."""

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np

from csmetrics_core.declaration.kinds import LARGEST, Kind
from csmetrics_core.declaration.spec import Argument
from csmetrics_core.errors import (
    CELL_ERRORS,
    ErrorInCell,
    MetricError,
    NoData,
    WrongShape,
    off_scale,
    place,
    too_long,
    wrong_kind,
)
from csmetrics_core.intake.cells import read
from csmetrics_core.intake.column import Read
from csmetrics_core.intake.flattening import shape_of
from csmetrics_core.intake.prepared import Prepared


def choose(argument: Argument, raw: Any) -> str:
    while isinstance(raw, list | tuple) and len(raw) == 1:
        raw = raw[0]
    if isinstance(raw, str) and raw.strip() in CELL_ERRORS:
        raise ErrorInCell(raw.strip(), argument.name, None)
    word = raw.strip().lower() if isinstance(raw, str) else None
    if word not in argument.choices:
        raise wrong_kind(argument.name, None, raw, argument.kind.expected, "Type one of these words.")
    return word


def prepare_each(argument: Argument, ready: Prepared) -> None:
    """A single value; given as a range it makes the whole call give one result an element."""
    raw = ready.values[argument.name]
    shape = shape_of(raw)
    if shape is None:
        value, failure = single(argument, raw, ready.values)
        if failure is not None:
            raise failure
        ready.values[argument.name] = value
        return
    if ready.shape is not None and ready.shape != shape:
        words = " and ".join("×".join(map(str, s)) for s in (ready.shape, shape))
        raise WrongShape(f"the ranges have different shapes: {words}", "Give ranges of one shape, or single values.")
    ready.shape = shape
    ready.values[argument.name] = _elements(argument, raw, shape, ready)


def single(argument: Argument, raw: Any, given: Mapping[str, Any]) -> tuple[Any, MetricError | None]:
    """Clean one value; the error, if it has one, is returned so that a broadcast can go on."""
    if type(raw) is float or type(raw) is int:
        kind = argument.kind.resolved(dict(given))
        if kind.reading == "number":
            return _checked(argument, kind, raw)
    column = read([raw], argument.name, argument.kind.reading)
    if not len(column.values) or column.drops.where:
        reason = column.drops.why[0] if column.drops.why else "blank"
        return None, _missing(argument, raw, reason, None)
    value = column.values[0]
    if argument.kind.reading == "id":
        return column.labels[value], None
    if argument.kind.reading == "text":
        return value, None
    if argument.kind.resolved(dict(given)).refused(column.values)[0]:
        return None, off_scale(argument.name, None, raw, argument.kind.expected, argument.kind.fix)
    return _plain(argument, value), None


def _checked(argument: Argument, kind: Kind, raw: float) -> tuple[float | None, MetricError | None]:
    """A plain number, the common case."""
    if type(raw) is int and abs(raw) > LARGEST:
        return None, too_long(argument.name, None, raw)
    if kind.accepts(np.array([raw], dtype=float)):
        return float(raw), None
    return None, off_scale(argument.name, None, raw, kind.expected, kind.fix)


def _plain(argument: Argument, value: float) -> Any:
    if argument.kind.is_date:
        return int(value)
    return bool(value) if argument.kind.reading == "flag" else float(value)


def _missing(argument: Argument, raw: Any, reason: str, position: int | None) -> MetricError:
    if reason in CELL_ERRORS:
        return ErrorInCell(reason, argument.name, position)
    if reason == "blank":
        fix = f"Fill it in with {argument.kind.expected}."
        return NoData(f"{place(argument.name, position)} is blank", fix, argument=argument.name, position=position)
    return wrong_kind(argument.name, position, raw, argument.kind.expected, argument.kind.fix)


def _elements(argument: Argument, raw: Any, shape: tuple[int, ...], ready: Prepared) -> Any:
    """One cleaned value an element; a bad element is noted and stands as missing, the others stand."""
    column = read(raw, argument.name, argument.kind.reading)
    pad(column, prod(shape))
    column.values = column.values.copy()  # it may be the caller's own array
    for position, reason in zip(column.drops.where, column.drops.why, strict=True):
        if reason == "blank" and not argument.required:
            if not isinstance(column.values, list):
                column.values[position] = np.nan if argument.default is None else argument.default
            continue
        cell = column.labels[position] if reason != "blank" and argument.kind.reading != "id" else None
        ready.failures.setdefault(position, _missing(argument, cell, reason, position))
    if isinstance(column.values, list):
        return np.array(column.values, dtype=object).reshape(shape)
    kind = argument.kind.resolved(ready.values)
    bad = kind.refused(column.values) & ~np.isnan(column.values)
    for position in np.flatnonzero(bad).tolist():
        cell = as_typed(column, position)
        failure = off_scale(argument.name, position, cell, kind.expected, kind.fix)
        ready.failures.setdefault(position, failure)
        column.values[position] = np.nan
    return column.values.reshape(shape)


def as_typed(column: Read, position: int) -> Any:
    """The raw cell at a position, to quote in an error."""
    return column.labels[position] if column.labels is not None else column.values[position]


def pad(column: Read, rows: int) -> None:
    """Fill up a column whose trailing blank cells were cut, noting them as blanks."""
    short = rows - len(column.values)
    if not short:
        return
    for position in range(len(column.values), rows):
        column.drops.add(position, "blank")
    if isinstance(column.values, list):
        column.values = [*column.values, *[None] * short]
    else:
        missing = -1 if column.values.dtype.kind == "i" else np.nan
        column.values = np.concatenate([column.values, np.full(short, missing, column.values.dtype)])

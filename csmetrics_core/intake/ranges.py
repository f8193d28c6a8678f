"""Ranges: reduced on their own, aligned row by row, or kept as a block."""

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np

from csmetrics_core.declaration.spec import Argument, Metric
from csmetrics_core.errors import NoData, WrongShape, off_scale, wrong_kind
from csmetrics_core.intake.cells import OPEN_ENDED, flat_cells, read, read_flat, refuse_cells, short_scale
from csmetrics_core.intake.column import Read
from csmetrics_core.intake.elements import as_typed, pad, single
from csmetrics_core.intake.flattening import shape_of
from csmetrics_core.intake.prepared import Coded, Prepared, nothing_in, refuse_empty


def reduce_range(metric: Metric, argument: Argument, ready: Prepared) -> None:
    """A range whose blanks drop out."""
    name, raw = argument.name, ready.values[argument.name]
    kind, reading = argument.kind.resolved(ready.values), argument.kind.reading
    flat = flat_cells(raw, name, reading)
    values: Any = short_scale(flat, kind) if reading == "number" else None
    if values is None:
        shape = shape_of(raw)
        column = read_flat(flat, len(flat) if shape is None else prod(shape), name, reading)
        refuse_cells(name, column, reading)
        ready.drops[name] = column.drops
        values = _kept(column, _present(column, argument))
        _refuse_off_scale(argument, kind, values, column)
        refuse_empty(metric, argument, len(values.codes if isinstance(values, Coded) else values), ready)
        values = _body_form(argument, values)
    ready.values[name] = values
    if ready.used is None:
        ready.used = len(values.codes if isinstance(values, Coded) else values)


def _present(column: Read, argument: Argument) -> np.ndarray:
    """Which rows of a column hold something usable; a blank that is meant is usable."""
    kind = argument.kind
    if kind.reading == "text":
        return np.array([text is not None for text in column.values], dtype=bool)
    present: np.ndarray = column.values >= 0 if kind.reading == "id" else ~np.isnan(column.values)
    if kind.keeps_blanks:
        blanks = [p for p, why in zip(column.drops.where, column.drops.why, strict=True) if why == "blank"]
        present[blanks] = True
    return present


def _kept(column: Read, keep: np.ndarray) -> Any:
    """The usable rows in the form the body takes: numbers, day numbers, codes with labels, or texts."""
    if isinstance(column.values, list):
        return [text for text, good in zip(column.values, keep, strict=True) if good]
    if column.values.dtype.kind == "i":
        if keep.all():
            return Coded(column.values, column.labels)
        return Coded(column.values[keep], column.labels, np.flatnonzero(keep))
    return column.values if keep.all() else column.values[keep]


def _refuse_off_scale(argument: Argument, kind: Any, values: Any, column: Read) -> None:
    if not isinstance(values, np.ndarray):
        return
    known = values[~np.isnan(values)] if kind.keeps_blanks else values
    if kind.accepts(known):
        return
    everything = column.values
    bad = kind.refused(everything) & ~np.isnan(everything)
    position = int(np.flatnonzero(bad)[0])
    raise off_scale(argument.name, position, as_typed(column, position), kind.expected, kind.fix)


def _body_form(argument: Argument, values: Any) -> Any:
    """Days and moments become whole numbers once nothing is missing; an open end is later than every day."""
    if argument.kind.is_date and isinstance(values, np.ndarray):
        return np.where(np.isnan(values), OPEN_ENDED, values).astype(np.int64)
    if argument.kind.reading == "flag":
        return values == 1
    return values


def align_groups(metric: Metric, ready: Prepared) -> None:
    """Sets of ranges that belong together; one range on its own is simply reduced."""
    given = [a for a in metric.roles.aligned if ready.values[a.name] is not None or a.required]
    if len(given) == 1:
        reduce_range(metric, given[0], ready)
        return
    groups: dict[str, list[Argument]] = {}
    for argument in given:
        groups.setdefault(argument.group, []).append(argument)
    for arguments in groups.values():
        if len(arguments) == 1:
            reduce_range(metric, arguments[0], ready)
        else:
            _aligned(metric, arguments, ready)


def _aligned(metric: Metric, arguments: list[Argument], ready: Prepared) -> None:
    """Ranges that belong row by row: a row that is bad in one of them drops out of all."""
    given = ready.values
    columns: dict[str, Read] = {}
    for argument in arguments:
        raw = given[argument.name]
        if shape_of(raw) is None and argument.kind.reading == "number" and columns:
            continue  # one value for all rows
        columns[argument.name] = read(raw, argument.name, argument.kind.reading)
        refuse_cells(argument.name, columns[argument.name], argument.kind.reading)
    _refuse_other_lengths(columns)
    rows = max(len(c.values) for c in columns.values())
    keep = np.ones(rows, dtype=bool)
    unusable: list[Argument] = []
    for argument in arguments:
        if argument.name in columns:
            pad(columns[argument.name], rows)
            present = _present(columns[argument.name], argument)
            keep &= present
            unusable += [] if present.any() else [argument]
    rows_left = int(keep.sum())
    if not rows_left:
        _refuse_no_row(metric, columns, unusable)
    for argument in arguments:
        column = columns.get(argument.name)
        if column is None:
            values: Any = _one_for_all(argument, given[argument.name], rows_left)
        else:
            values = _kept(column, keep)
            _refuse_off_scale(argument, argument.kind.resolved(given), values, column)
            ready.drops[argument.name] = column.drops
        given[argument.name] = _body_form(argument, values)
    ready.used = rows_left if ready.used is None else ready.used


def _refuse_no_row(metric: Metric, columns: Mapping[str, Read], unusable: list[Argument]) -> None:
    """Refuse ranges that have no row in common, naming the one that is to blame; nothing typed at all may be 0."""
    dropped = {name: column.drops.counts() for name, column in columns.items()}
    odd = [argument for argument in unusable if dropped[argument.name].keys() - {"blank"}]
    if metric.empty_is_zero and len(unusable) == len(columns) and not odd:
        return
    if unusable:
        culprit = (odd or unusable)[0]
        raise nothing_in(culprit, dropped[culprit.name])
    words = (f"{name} {n} {why}" for name, counts in dropped.items() for why, n in counts.items())
    problem = f"no row has a value in each of {', '.join(columns)} (dropped: {', '.join(words)})"
    raise NoData(problem, "Fill in the gaps, and select the same rows in each.")


def _one_for_all(argument: Argument, raw: Any, rows: int) -> np.ndarray:
    value, failure = single(argument, raw, {})
    if failure is not None:
        raise failure
    return np.full(rows, value)


def _refuse_other_lengths(columns: Mapping[str, Read]) -> None:
    lengths = {name: column.length for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        words = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        raise WrongShape(f"the ranges have different numbers of rows: {words}", "Select the same rows in each.")


def prepare_block(metric: Metric, ready: Prepared) -> None:
    """A block keeps its positions: one score a row; a single row or column is one score."""
    argument = metric.roles.block[0]
    raw = ready.values[argument.name]
    column = read(raw, argument.name, argument.kind.reading)
    refuse_cells(argument.name, column, argument.kind.reading)
    shape = shape_of(raw) or (1,)
    pad(column, prod(shape))
    _refuse_off_scale(argument, argument.kind, column.values[~np.isnan(column.values)], column)
    line = len(shape) == 1 or 1 in shape
    block = column.values.reshape((1, -1) if line else shape)
    ready.drops[argument.name] = column.drops
    ready.values[argument.name], ready.used = block, int((~np.isnan(block)).sum())
    ready.shape = None if line else (shape[0],)
    refuse_empty(metric, argument, ready.used, ready)
    for along in metric.roles.per_column:
        if ready.values[along.name] is not None:
            ready.values[along.name] = _per_column(along, ready.values[along.name], block.shape[1])


def _per_column(argument: Argument, raw: Any, width: int) -> Any:
    """One value for all columns of the block, or one each; a blank takes the default."""
    column = read(raw, argument.name, argument.kind.reading)
    refuse_cells(argument.name, column, argument.kind.reading)
    shape = shape_of(raw)
    pad(column, 1 if shape is None else prod(shape))
    size = len(column.values)
    if size != width and not (shape is None and argument.kind.reading == "number"):
        problem = f"{argument.name} has {size} values for {width} inputs"
        raise WrongShape(problem, "Give one a column of the block, or a single number for all.", argument=argument.name)
    if argument.kind.reading == "text":
        return [text or f"input {i + 1}" for i, text in enumerate(column.values)]
    column.values = column.values.copy()  # it may be the caller's own array
    for position, reason in zip(column.drops.where, column.drops.why, strict=True):
        if reason != "blank":
            cell, kind = as_typed(column, position), argument.kind
            raise wrong_kind(argument.name, position, cell, kind.expected, kind.fix)
        column.values[position] = argument.default
    _refuse_off_scale(argument, argument.kind, column.values, column)
    return np.full(width, column.values[0]) if shape is None else column.values

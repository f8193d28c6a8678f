"""Stage 1 of any metric over a table: sums, or how often each combination of cells occurs, by group."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from math import fsum
from operator import and_, or_
from typing import Any

import narwhals as nw
import numpy as np

from csmetrics_core.declaration.kinds import LARGEST, Number
from csmetrics_core.declaration.spec import Argument, Metric
from csmetrics_core.declaration.spec import Role as Part
from csmetrics_core.errors import WrongShape, off_scale
from csmetrics_core.maths.periods import as_dates, first_day
from csmetrics_core.tables.asking import Asked
from csmetrics_core.tables.engine import (
    UNKNOWN,
    Source,
    collected,
    day_of,
    millisecond_of,
    one_if,
    open_table,
    period_of,
)
from csmetrics_core.tables.frames import no_rows, wrapped
from csmetrics_core.tables.groups import as_number
from csmetrics_core.tables.schema import Role

#: So many rows that differ are taken into memory for what cannot be computed on the engine; more are refused.
IN_MEMORY = 5_000_000
_EXACT = 2.0**53  # whole numbers below it are exact in a float
_HALF = 2.0**26
#: The column that numbers the rows of a table whose rows are in order.
ORDER = "number of the row"
_HOLDS = {
    "number": "number",
    "day": "date",
    "month": "date",
    "moment": "moment",
    "id": "id",
    "text": "any",
    "flag": "flag",
}


@dataclass
class Group:
    """The rows of one group.

    Args:
        keys: what the group is called, one value a key.
        arguments: the columns as the metric takes them.
        rows: how many rows the group has.
        used: how many of them were added up; None where the metric itself tells.
    """

    keys: tuple[Any, ...]
    arguments: dict[str, Any]
    rows: int
    used: int | None = None


def argument_of(asked: Asked, name: str) -> Argument:
    """The argument a column is for; several may belong to one block."""
    return asked.metric.argument(name.partition("[")[0])


def _opened(asked: Asked, frame: Any, in_order: bool = False) -> tuple[Source, list[str]]:
    """The table with one column an argument and one a key."""
    roles = [Role("order", "number")] if in_order else []
    given: dict[str, str | None] = {**asked.columns, "order": ORDER}
    for name in asked.columns:
        argument = argument_of(asked, name)
        is_answer = argument.is_range and argument.kind.reading == "number" and bool(argument.kind.members)
        roles.append(Role(name, "score" if is_answer else "total" if argument.adds else _HOLDS[argument.kind.reading]))
    names = [f"key {place}" for place, _ in enumerate(asked.keys)]
    for key, name in zip(asked.keys, names, strict=True):
        role = Role("date", "date") if key.period else Role(name, "any")
        given[role.name] = key.column
        roles += [] if role in roles else [role]
    source = open_table(frame, roles, given, time_zone=asked.time_zone, notes=asked.notes)
    periods = {n: period_of("date", k.period) for n, k in zip(names, asked.keys, strict=True) if k.period}
    source.rows = source.rows.with_columns(**periods) if periods else source.rows
    return source, names


def _keys(asked: Asked, found: dict[str, Any], names: Sequence[str]) -> list[list[Any]]:
    """The key columns as plain values: a period as its first day, None where nothing is."""
    columns = []
    for key, name in zip(asked.keys, names, strict=True):
        values = found[name]
        if key.period:
            days = as_dates(first_day(np.asarray(values, dtype=np.int64), key.period)).tolist()
            columns.append([None if n == UNKNOWN else day for n, day in zip(values, days, strict=True)])
        else:
            plain = values.tolist() if isinstance(values, np.ndarray) else values
            columns.append([None if value is None or value != value else value for value in plain])
    return columns


def summed(asked: Asked, frame: Any) -> Iterator[Group]:
    """Groups whose columns are added up on the engine; a row in which one of them is blank is left out whole."""
    source, names = _opened(asked, frame)
    kinds = source.rows.collect_schema()
    by = names or ["everybody"]
    rows = source.rows if names else source.rows.with_columns(everybody=nw.lit(1))
    whole = all(kinds[name].is_integer() and argument_of(asked, name).adds for name in asked.columns)
    found = _whole_sums(asked, rows, by) if whole else None
    found = found or _exact_sums(asked, rows, by)
    if not len(found["rows"]):
        raise no_rows()
    columns = {name: _totals(asked, place, name, found) for place, name in enumerate(asked.columns)}
    labels = list(zip(*_keys(asked, found, names), strict=True)) or [()] * len(found["rows"])
    for place, (keys, rows_of, used) in enumerate(zip(labels, found["rows"], found["used"], strict=True)):
        arguments = {name: values[place] for name, values in columns.items()}
        yield Group(keys, arguments, int(rows_of), int(used))


def _whole_sums(asked: Asked, rows: nw.LazyFrame, by: Sequence[str]) -> dict[str, Any] | None:
    """Sums of columns of whole numbers, in the plainest way; None where one holds a blank or what it must not."""
    reduced = [nw.len().alias("rows"), nw.col("wrong").sum()]
    wrong: list[nw.Expr] = []
    for place, name in enumerate(asked.columns):
        value, kind = nw.col(name), argument_of(asked, name).kind
        reduced += [value.count().alias(f"known {place}"), value.sum().alias(f"sum {place} whole")]
        if isinstance(kind, Number):
            wrong += [value < kind.low] if kind.low > -LARGEST else []
            wrong += [value > kind.top] if kind.top < LARGEST else []
    # One sum of all that is wrong: the ends of each column would take as long as all else.
    rows = rows.with_columns(wrong=one_if(reduce(or_, wrong)) if wrong else nw.lit(0))
    found = collected(rows.group_by(*by).agg(*reduced).sort(*by, nulls_last=True))
    blank = any(list(found[f"known {place}"]) != list(found["rows"]) for place, _ in enumerate(asked.columns))
    return None if blank or any(found["wrong"]) else {**found, "used": found["rows"]}


def _exact_sums(asked: Asked, rows: nw.LazyFrame, by: Sequence[str]) -> dict[str, Any]:
    """Sums of the rows in which nothing is blank, of any numbers, exact in any order of the rows."""
    good = reduce(and_, (~nw.col(name).is_null() for name in asked.columns))
    parts: dict[str, nw.Expr] = {}
    for place, name in enumerate(asked.columns):
        parts |= _parts(place, argument_of(asked, name), nw.when(good).then(nw.col(name)))
    reduced = [nw.len().alias("rows"), nw.col("used").sum()]
    for part in parts:
        if part.startswith("end"):
            reduced += [nw.col(part).min().alias(f"low {part}"), nw.col(part).max().alias(f"high {part}")]
        else:
            reduced.append(nw.col(part).sum())
    plan = rows.with_columns(used=one_if(good), **parts).group_by(*by).agg(*reduced)
    return collected(plan.sort(*by, nulls_last=True))


def _parts(place: int, argument: Argument, value: nw.Expr) -> dict[str, nw.Expr]:
    """What is reduced of a column: its ends, and its digits as whole numbers, whose sums are exact."""
    parts = {f"end {place}": value}
    if argument.adds:
        value = value.cast(nw.Float64)
        rest = (value - value.floor()) * _HALF
        parts[f"sum {place} whole"] = value.floor()
        parts[f"sum {place} high"] = rest.floor()
        parts[f"sum {place} low"] = ((rest - rest.floor()) * _HALF).floor()
    return parts


def _totals(asked: Asked, place: int, name: str, found: dict[str, Any]) -> list[float | None]:
    """A column added up by group, after a look at its ends; one that does not add up must be the same in a group."""
    argument, kind = argument_of(asked, name), argument_of(asked, name).kind
    ends = [[None if v is None else float(v) for v in found.get(f"{end} end {place}", ())] for end in ("low", "high")]
    for end in (*ends[0], *ends[1]):
        if end is not None and not kind.accepts(np.array([end])) and isinstance(kind, Number):
            raise off_scale(name, None, end, kind.expected, kind.fix)
    if not argument.adds:
        if differing := next(((a, b) for a, b in zip(*ends, strict=True) if a != b), None):
            raise _differs(name, *differing)
        return ends[0]
    whole = found[f"sum {place} whole"]
    fine = [found.get(f"sum {place} {part}") for part in ("high", "low")]
    totals: list[float | None] = []
    for at, total in enumerate(whole):
        if total is not None and abs(total) >= _EXACT:
            raise off_scale(name, None, float(total), "a total below 9e15, which is exact", "Add it up in thousands.")
        high_part, low_part = (0.0 if part is None or part[at] is None else float(part[at]) for part in fine)
        if kind.reading == "number" and getattr(kind, "whole", False) and (high_part or low_part):
            raise off_scale(name, None, float(total) + high_part / _HALF, kind.expected, kind.fix)
        totals.append(
            None if found["used"][at] == 0 else fsum((float(total), high_part / _HALF, low_part / _HALF / _HALF))
        )
    return totals


def _differs(name: str, one: Any, other: Any) -> WrongShape:
    problem = (
        f"{name} differs within a group: {one:g} and {other:g}" if one is not None else f"{name} differs in a group"
    )
    return WrongShape(problem, "It does not add up: give one value, or group by it too.", argument=name)


def counted(asked: Asked, frame: Any) -> Iterator[Group]:
    """Groups whose rows are taken into memory: each combination of cells once, with how often it occurs."""
    in_order = asked.metric.ordered
    source, names = _opened(asked, _numbered(asked.metric, frame) if in_order else frame, in_order)
    columns = [*(["order"] if in_order else []), *asked.columns]
    days = {name: number for name in asked.columns if (number := _as_number(asked, name, source.rows)) is not None}
    rows = source.rows.with_columns(**days) if days else source.rows
    plan = rows.group_by(*dict.fromkeys([*names, *columns])).agg(nw.len().alias("rows"))
    found = collected(plan.sort(*names, *columns, nulls_last=True).head(IN_MEMORY + 1))
    size = len(found["rows"])
    if not size:
        raise no_rows()
    if size > IN_MEMORY:
        raise too_many(asked.metric)
    labels = _keys(asked, found, names)
    starts = _starts(labels, size)
    cells = {name: _cells(asked, name, found[name]) for name in asked.columns}
    for start, end in zip(starts, [*starts[1:], size], strict=True):
        part = slice(start, end)
        counts = np.asarray(found["rows"][part], dtype=np.int64)
        arguments = _repeated(asked, {name: values[part] for name, values in cells.items()}, counts)
        yield Group(tuple(column[start] for column in labels), arguments, int(counts.sum()))


def too_many(metric: Metric) -> WrongShape:
    """The refusal of more rows than are taken into memory."""
    problem = f"the table gives more than {IN_MEMORY:,} rows that differ, and {metric.name} is computed in memory"
    return WrongShape(problem, "Filter the table first, or round what it is computed from.")


def _numbered(metric: Metric, frame: Any) -> Any:
    """A table with the number of each row, for a metric whose rows are in order."""
    table = wrapped(frame)
    if isinstance(table, nw.LazyFrame):
        problem = f"the rows of {metric.name} are in order, and a table of {table.implementation.value} has none"
        raise WrongShape(problem, "Sort it and bring it to memory, as a pandas, Polars or PyArrow table.")
    return table.with_row_index(ORDER).to_native()


def _as_number(asked: Asked, name: str, rows: nw.LazyFrame) -> nw.Expr | None:
    """Days and moments as whole numbers, which every engine gives back alike."""
    reading = argument_of(asked, name).kind.reading
    if reading in ("day", "month"):
        return day_of(name)
    return millisecond_of(name, rows) if reading == "moment" else None


def _starts(labels: Sequence[Sequence[Any]], size: int) -> list[int]:
    """Where each group begins, in rows sorted by group."""
    changes = [0]
    if labels:
        pairs = list(zip(*labels, strict=True))
        changes += [place for place in range(1, size) if pairs[place] != pairs[place - 1]]
    return changes


def _cells(asked: Asked, name: str, values: Any) -> Any:
    """A column's distinct cells in the form the metric reads."""
    kind = argument_of(asked, name).kind
    if kind.is_date:
        ticks = "ms" if kind.reading == "moment" else "D"
        numbers = np.asarray(values, dtype=np.int64)
        return np.where(numbers == UNKNOWN, np.datetime64("NaT"), numbers.astype(f"datetime64[{ticks}]"))
    if kind.reading == "number" and not isinstance(values, np.ndarray):
        return [as_number(cell, name) for cell in values]
    return values


def _repeated(asked: Asked, cells: dict[str, Any], counts: np.ndarray) -> dict[str, Any]:
    """Cells as often as they occur; of a single range of numbers the blank ones are left out at once."""
    (first, values), *others = cells.items()
    argument = argument_of(asked, first)
    if not others and argument.is_range and argument.kind.reading == "number":
        known = [place for place, value in enumerate(values) if value is not None and value == value]
        short = argument.kind.compact(np.array([float(values[place]) for place in known]))
        numbers = short if short is not None else np.array([values[place] for place in known], dtype=float)
        return {first: np.repeat(numbers, counts[known])}
    if counts.sum() > IN_MEMORY:
        raise too_many(asked.metric)
    if (counts == 1).all():
        repeated: dict[str, Any] = dict(cells)
    else:
        places = np.repeat(np.arange(len(counts)), counts)
        repeated = {n: v[places] if isinstance(v, np.ndarray) else [v[p] for p in places] for n, v in cells.items()}
    return {
        name: _one(asked, name, v) if _is_single(asked, name) else v for name, v in _blocks(asked, repeated).items()
    }


def _is_single(asked: Asked, name: str) -> bool:
    return argument_of(asked, name).role is Part.EACH


def _one(asked: Asked, name: str, values: Any) -> Any:
    """The one value of a group: a total where the argument adds up, else the value all rows have."""
    known = [value for value in values if value is not None and value == value]
    if not known:
        return None
    if argument_of(asked, name).adds:
        return fsum(known)
    if differing := next((value for value in known if value != known[0]), None):
        raise _differs(name, known[0], differing)
    return known[0]


def _blocks(asked: Asked, columns: dict[str, Any]) -> dict[str, Any]:
    """The columns of a block as one argument."""
    if not asked.block:
        return columns
    name = asked.block[0].partition("[")[0]
    block = [[np.nan if v is None else v for v in row] for row in zip(*(columns[n] for n in asked.block), strict=True)]
    return {name: block} | {n: values for n, values in columns.items() if n not in asked.block}


def each_row(asked: Asked, frame: Any) -> dict[str, Any]:
    """The columns as they are, row by row."""
    source, _ = _opened(asked, frame)
    days = {name: number for name in asked.columns if (number := _as_number(asked, name, source.rows)) is not None}
    rows = source.rows.with_columns(**days) if days else source.rows
    found = collected(rows.select(*asked.columns).head(IN_MEMORY + 1))
    size = len(found[next(iter(asked.columns))])
    if not size:
        raise no_rows()
    if size > IN_MEMORY:
        raise too_many(asked.metric)
    return {name: _cells(asked, name, found[name]) for name in asked.columns}

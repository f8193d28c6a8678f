"""Questions about a metric over a table: did it move, why, by which groups, and weighted to the customers.

Columns are named as in the array functions; those that are needed and not named are looked for by their name.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import narwhals as nw

from csmetrics_core.declaration.catalog import in_order, lookup
from csmetrics_core.declaration.spec import Argument, Metric, Role
from csmetrics_core.errors import WrongShape
from csmetrics_core.evaluate import evaluate
from csmetrics_core.files.headings import find_heading
from csmetrics_core.tables.asking import is_column, no_name
from csmetrics_core.tables.engine import like
from csmetrics_core.tables.frames import schema_of, wrapped
from csmetrics_core.tables.schema import exactly

#: What a table may call the column of an argument, besides the argument itself.
_CALLED = {"periods": ("period", "month", "date"), "groups": ("group", "segment"), "customers": ("customer",)}


def _question(name: str, asking: str) -> Callable[..., Any]:
    """The function over tables of a function about metrics."""
    outer = lookup(asking)

    def function(frame: Any, metric: Any, *, notes: list[str] | None = None, **named: Any) -> Any:
        found, told = answered(outer, frame, metric, named)
        if notes is not None:
            notes.extend(told)
        return like(frame, found)

    function.__name__ = function.__qualname__ = name
    function.__module__ = "csmetrics_core.tables"
    function.__doc__ = _documented(outer, name)
    return function


def _documented(outer: Metric, name: str) -> str:
    own = [a for a in (*outer.arguments[1:], *outer.keyword_only) if not a.variadic]
    lines = [f"    {a.name}: {a.help}{'' if a.required else ' Optional.'}" for a in own]
    columns = ", ".join(f'{a.name}="{a.name}"' for a in own if a.required)
    return (
        f"{outer.summary}\n\nArgs:\n    frame: a table of any engine.\n"
        '    metric: The name of the metric, such as "nps".\n'
        + "\n".join(lines)
        + "\n    notes: a list that takes the answer in words and what the reader must know.\n"
        "    named: the metric's own arguments by name: a column, or a value for all rows.\n\n"
        f"Returns:\n    A frame of the caller's own kind, as of {outer.excel_name}.\n\n"
        "Raises:\n    MetricError: naming the argument and the remedy.\n\n"
        f'Example:\n    >>> tables.{name}(frame, "nps", {columns}, scores="score")\n\nSource: {outer.source}.\n'
    )


def answered(
    outer: Metric, frame: Any, metric: Any, named: Mapping[str, Any]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The answer as columns, and what is to be said beside it.

    Raises:
        MetricError: a column is not there, or the call is refused.
    """
    asked, table = lookup(metric), wrapped(frame)
    names = list(schema_of(table))
    columns = {a.name: column for a, column in columns_of(outer, asked, named, names)}
    wanted = list(dict.fromkeys(one for column in columns.values() for one in _each(column)))
    rows = nw.from_native(table.lazy().select(*wanted).collect().to_native(), eager_only=True)
    series = {one: rows[one].to_native() for one in wanted}
    given = {
        name: [list(series[one]) for one in column] if isinstance(column, list) else series[column]
        for name, column in columns.items()
    }
    others = {name: value for name, value in named.items() if name not in columns}
    done = evaluate(outer, *in_order(outer, (asked.name,), {**others, **given}))
    return dict(done.value), tuple(getattr(done.parts, "notes", ()))


def columns_of(
    outer: Metric, asked: Metric, named: Mapping[str, Any], names: Sequence[str]
) -> list[tuple[Argument, str | list[str]]]:
    """The arguments that are columns of a table, each with its heading or headings.

    Raises:
        MetricError: a column is not there.
    """
    found = ((one, _column(one, asked, named.get(one.name), names)) for one in _columns_of(outer, asked))
    return [(one, column) for one, column in found if column is not None]


def _columns_of(outer: Metric, asked: Metric) -> list[Argument]:
    """The arguments that may be columns: those of the question that name things, and the metric's own."""
    own = [a for a in (*outer.arguments, *outer.keyword_only) if a.role is Role.RAW and a.kind.reading == "id"]
    return [*own, *(a for a in asked.arguments if a.is_range or a.role is Role.EACH)]


def _each(column: str | list[str]) -> Sequence[str]:
    return column if isinstance(column, list) else [column]


def _column(argument: Argument, asked: Metric, value: Any, names: Sequence[str]) -> str | list[str] | None:
    """The column of an argument; None where it is a value for all rows, or not given and not needed."""
    several = argument.role is Role.BLOCK or argument.name == "groups"  # columns side by side, or one inside the other
    if several and isinstance(value, list | tuple) and value and all(isinstance(one, str) for one in value):
        return [_named(argument, one, names) for one in value]
    if argument.role is not Role.PER_COLUMN and is_column(value):
        raise no_name(argument.name, value)
    if value is None:
        if not argument.required or argument.variadic:
            return None
        called = (argument.name, *_CALLED.get(argument.name, ()), *((asked.name,) if argument.is_range else ()))
        found = next((f for name in called if (f := find_heading(name, names)) is not None), None)
        return found if found is not None else _named(argument, argument.name, names)
    if not isinstance(value, str):
        return None
    return _named(argument, value, names)


def _named(argument: Argument, name: str, names: Sequence[str]) -> str:
    column = exactly(name, dict.fromkeys(names))
    if column is None:
        problem = f"the table has no column {name!r}"
        raise WrongShape(
            problem, f"Name it: {argument.name}='...'. The columns are {', '.join(names)}.", argument=argument.name
        )
    return column


change, why, by, weighted = (
    _question(name, asking)
    for name, asking in (("change", "csm_change"), ("why", "csm_why"), ("by", "csm_by"), ("weighted", "csm_weighted"))
)

"""Docstrings: read the author's part of one, and write the whole from the declaration."""

from collections.abc import Callable
from typing import Any

from docstring_parser import DocstringStyle, parse

from csmetrics_core.declaration.spec import DATE, MOMENT, Example, Metric, Role

_RETURNS = {
    "number": "{unit}{bounds}; an array of them when single values are given as ranges.",
    "pair": "Low and high, in {unit}.",
    "table": "A table with the columns {columns}.",
    "words": "A word; an array of them when given ranges.",
}


def argument_help(body: Callable[..., Any]) -> tuple[str, dict[str, str]]:
    """The summary, and the help of each argument, from a body's docstring."""
    parsed = parse(body.__doc__ or "", DocstringStyle.GOOGLE)
    helps = {}
    for parameter in parsed.params:
        for name in parameter.arg_name.replace("*", "").split(","):
            helps[name.strip()] = " ".join((parameter.description or "").split())
    return parsed.short_description or "", helps


def docstring(metric: Metric) -> str:
    """The docstring a caller sees, every part of it read from the declaration."""
    parts = [metric.summary]
    parts += [" ".join(text.split()) for text in (metric.formula + ".", metric.convention) if text]
    if metric.arguments:
        # Wrapping the lines would take a fifth of the package's import; whatever shows them wraps.
        lines = [f"    {a.name}: {a.help}{'' if a.required else ' Optional.'}" for a in metric.arguments]
        lines += [f"    {a.name}: {a.help} Optional, by name only." for a in metric.keyword_only]
        parts.append("Args:\n" + "\n".join(lines))
    parts.append(f"Returns:\n    {_returns(metric)}")
    raises = "MetricError: naming the argument, the position and the remedy, where the input gives no number."
    parts.append(f"Raises:\n    {raises}")
    parts.append("Example:\n" + "\n".join(_call(metric, example) for example in metric.examples))
    parts.append(f"Source: {metric.source}.")
    return "\n\n".join(parts) + "\n"


def table_docstring(metric: Metric) -> str:
    """The docstring of the same metric over a table, with a call that can be run."""
    parts = [metric.summary, *(" ".join(text.split()) for text in (metric.formula + ".", metric.convention) if text)]
    lines = ["    frame: a pandas, Polars, PyArrow, DuckDB, PySpark or Ibis table."]
    lines += [f"    {a.name}: The column of: {a.help}{'' if a.required else ' Optional.'}" for a in metric.arguments]
    lines += [
        "    by: Columns to group by; a word such as month stands for that period of the rows' date.",
        "    each: day, week (from Monday), sunday week, month, quarter or year: one result a period.",
        '    span: "month", "quarter" or "trailing 12": only the rows of these months.',
        '    end: The last month of the span, such as "2026-09"; by default the last that has rows.',
        "    date: The column that says when, for periods; looked for where not given.",
        "    confidence: Level of the interval.",
        "    time_zone: The zone whose days count, for dates with a zone.",
        "    notes: A list that takes what the reader must know.",
    ]
    parts.append("Args:\n" + "\n".join(lines))
    own = "value, n, low, high, dropped" if metric.gives != "table" else ", ".join(c.name for c in metric.columns)
    parts.append(f"Returns:\n    A frame of the caller's own kind: what it is grouped by, then {own}.")
    parts.append("Raises:\n    MetricError: naming the argument and the remedy.")
    parts.append(f"Example:\n{_table_call(metric)}")
    return "\n\n".join([*parts, f"Source: {metric.source}."]) + "\n"


def _table_call(metric: Metric) -> str:
    given = metric.examples[0].arguments
    ranges = {n: v for n, v in given.items() if isinstance(v, list) and metric.argument(n).role is not Role.PER_COLUMN}
    single = [n for n in given if n not in ranges and metric.argument(n).role is Role.EACH]
    if not ranges:
        ranges = {n: [given[n]] for n in single}
    words = (f"{n}={n!r}" if n in ranges else f"{n}={v!r}" for n, v in given.items())
    rows = max((len(v) for v in ranges.values()), default=0)
    filled = {n: v if len(v) == rows else [*v, *[None] * (rows - len(v))] for n, v in ranges.items()}
    call = f"tables.{metric.name}(pandas.DataFrame({filled!r}), {', '.join(words)})"
    return f"    >>> import datetime, pandas\n    >>> from csmetrics_core import tables\n    >>> frame = {call}"


def _returns(metric: Metric) -> str:
    low, high = metric.bounds if isinstance(metric.bounds, tuple) else (float("-inf"), float("inf"))
    bounds = f", from {low:g} to {high:g}" if low > float("-inf") and high < float("inf") else ""
    columns = ", ".join(c.name for c in metric.columns)
    text = _RETURNS[metric.gives].format(unit=metric.unit.name, bounds=bounds, columns=columns)
    return text[0].upper() + text[1:]


def call_text(metric: Metric, example: Example) -> str:
    """An example as Python source; rest arguments are written out."""
    words = []
    for name, value in example.arguments.items():
        if name == metric.rest:
            words += [repr(v) for v in value]
        else:
            words.append(repr(value) if metric.rest else f"{name}={value!r}")
    return f"{metric.name}({', '.join(words)})"


def _call(metric: Metric, example: Example) -> str:
    call = call_text(metric, example)
    dates = ", ".join(f'"{column.name}": str' for column in metric.columns if column.unit in (DATE, MOMENT))
    as_text = f".astype({{{dates}}})" if dates else ""
    shown = {"table": f'{call}{as_text}.round(6).to_dict("list")', "pair": f"tuple(round(x, 6) for x in {call})"}.get(
        metric.gives, f"round({call}, 6)" if isinstance(example.result, float) else call
    )
    result = tuple(round(x, 6) for x in example.result) if metric.gives == "pair" else example.result
    result = round(result, 6) if isinstance(result, float) else result
    source = f"    >>> {shown}\n    {result!r}"
    if "datetime." not in source:
        return source
    return "    >>> from datetime import date, datetime\n" + source.replace("datetime.date", "date")

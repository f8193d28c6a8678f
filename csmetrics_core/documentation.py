"""Docstrings: read the author's part of one, and write the whole from the declaration."""

from collections.abc import Callable
from typing import Any

from docstring_parser import DocstringStyle, parse

from csmetrics_core.spec import DATE, MOMENT, Example, Metric

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

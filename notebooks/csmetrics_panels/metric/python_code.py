"""A request, and the series a panel shows, as Python that can be pasted."""

import re
from dataclasses import replace

import narwhals as nw

from csmetrics_core.declaration.spec import Role
from csmetrics_core.intake.spans import LENGTHS
from csmetrics_panels.data.frames import BLANK, Frame
from csmetrics_panels.metric.compute import Outcome
from csmetrics_panels.metric.python_words import call_words, conditions, moment, rows_where
from csmetrics_panels.metric.request import Picked, Request


def python_code(request: Request, frame: Frame | None, reported: str = "", outcome: Outcome | None = None) -> str:
    """The call as Python that can be pasted into a cell.

    Args:
        request: the call.
        frame: the data.
        reported: a figure reported for it: the code is its reconciliation.
        outcome: what is shown: the code then makes the series drawn too.
    """
    name = request.metric.name
    called, first = ("reconcile", [repr(name), repr(reported)]) if reported else (name, [])
    lines, rows = [], frame.name if frame else ""
    held = re.split(r"\W", rows)[0] in (called, *_ALSO)  # the data have the name of one of our functions
    ours = "csmetrics_core." if held else ""
    if frame and request.picks and (found := conditions(request, frame)):
        taken = rows_where(frame, found)
        rows = "chosen" if rows == "rows" else "rows"
        lines.append(f"{rows} = {taken}")
    if outcome is not None:
        lines += series_lines(outcome, rows, ours)
    lines.append(f"{ours}{called}({', '.join([*first, *call_words(request, frame, rows)])})")
    text = "\n".join(lines)
    names = [called, *(word for word in _ALSO if re.search(rf"(= |: ){word}[.(]", text))]
    imports = [line for word, line in _IMPORTS if re.search(word, text)]
    imports.append("import csmetrics_core" if held else f"from csmetrics_core import {', '.join(sorted(names))}")
    return "\n".join([*imports, "", *([frame.origin] if frame and frame.origin else []), *lines])


#: What the code of a series calls besides the metric.
_ALSO = ("explain", "tables")
_IMPORTS = (
    (r"\bdate\(", "from datetime import date"),
    (r"\bdatetime\(", "from datetime import datetime"),
    (r"\bpd\.", "import pandas as pd"),
    (r"\bpl\.", "import polars as pl"),
)


#: Columns of a result: a column of the data called so could not stand beside them.
_RESULT = {"value", "n", "low", "high", "dropped", "month", "quarter"}
_DAY = "first_of = lambda month: datetime(1970 + month // 12, month % 12 + 1, 1)"
_LABELS = {
    "month": "{first_of(m):%Y-%m}",
    "quarter": "{first_of(m):%Y} Q{m % 12 // 3 + 1}",
    "trailing 12": "12 months to {first_of(m):%Y-%m}",
}


def series_lines(outcome: Outcome, rows: str, ours: str) -> list[str]:
    """Lines that make what is drawn: `by_period`, `by_segment`, both or neither.

    Args:
        outcome: what is shown.
        rows: what the code calls the rows that count.
        ours: what stands before the names of our functions.
    """
    frame, lines = outcome.frame, []
    if frame is not None and any(point.rows for point in outcome.trend):
        lines += _by_period(outcome, frame, ours)
    if frame is not None and outcome.groups:
        lines.append(_by_segment(outcome.request, frame, rows, ours))
    return lines


def _by_period(outcome: Outcome, frame: Frame, ours: str) -> list[str]:
    request = outcome.request
    whole, by = replace(request, span="all"), request.dated_by
    dated = frame.series(by).dtype in (nw.Date, nw.Datetime)
    if dated and request.span in ("month", "quarter") and _over_a_table(request, frame, [by]):
        first = moment(int(outcome.trend[0].end or 0) - LENGTHS[request.span] + 1)  # rows without a date fall out too
        call = _table_call(request, frame, rows_where(frame, conditions(whole, frame, (first, ""))))
        return [f"by_period = {ours}{call}, each={request.span!r}, date={by!r})"]
    ends = [point.end for point in outcome.trend if point.rows and point.end is not None]
    months = f"range({ends[0]}, {ends[-1] + 1})" if ends == [*range(ends[0], ends[-1] + 1)] else repr(ends)
    asked = conditions(whole, frame, (f"first_of(m - {LENGTHS[request.span] - 1})", "first_of(m + 1)"))
    told = _explained(request, frame, rows_where(frame, asked))
    label = f'    f"{_LABELS[request.span]}": {ours}{told}'
    return [_DAY, "by_period = {", label, f"    for m in {months}", "}"]


def _by_segment(request: Request, frame: Frame, rows: str, ours: str) -> str:
    by = request.segment_by
    if _over_a_table(request, frame, [by]) and _are_names(frame, by):
        return f"by_segment = {ours}{_table_call(request, frame, rows)}, by=[{by!r}])"
    lines = ["by_segment = {"]
    for name in frame.values(by):
        asked = conditions(replace(request, segment=name, span="all"), frame, of=rows)
        lines.append(f"    {name!r}: {ours}{_explained(request, frame, rows_where(frame, asked, rows))},")
    return "\n".join([*lines, "}"])


def _over_a_table(request: Request, frame: Frame, by: list[str]) -> bool:
    """Whether `tables` takes the call as it stands: columns called by text, and no text in place of a value."""
    columns = [*request.picks, *by]
    named = all(type(frame.labels[name]) is str and frame.labels[name] == name for name in columns)
    told = [a for a in request.metric.arguments if a.role is not Role.CHOICE and a.name in request.arguments]
    return named and not _RESULT & set(by) and not any(isinstance(request.arguments[a.name], str) for a in told)


def _are_names(frame: Frame, by: str) -> bool:
    """Whether each group is one text or whole number and none is blank, so that any grouping finds the same."""
    kind, groups = frame.series(by).dtype, frame.values(by)
    plain = kind in (nw.String, nw.Categorical) or kind.is_integer()
    return plain and BLANK not in groups and all(len(frame.cells(by, name)) == 1 for name in groups)


def _table_call(request: Request, frame: Frame, rows: str) -> str:
    """The call over a table, left open for what it is grouped by."""
    words = (
        f"{name}={value.columns[0]!r}" if isinstance(value, Picked) else word
        for (name, value), word in zip(request.arguments.items(), call_words(request, frame, rows), strict=True)
    )
    return f"tables.{request.metric.name}({', '.join([rows, *words])}"


def _explained(request: Request, frame: Frame, rows: str) -> str:
    return f"explain({', '.join([repr(request.metric.name), *call_words(request, frame, rows)])})"

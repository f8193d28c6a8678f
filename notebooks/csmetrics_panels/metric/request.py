"""What a panel is asked: a metric, where its arguments come from, which rows. A plain value that spells itself."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from csmetrics_core.declaration import native
from csmetrics_core.declaration.spec import Metric, Role
from csmetrics_core.intake.spans import LENGTHS, Span, span_text
from csmetrics_core.maths.periods import day_text, first_day
from csmetrics_panels.data.frames import BLANK, Frame

if TYPE_CHECKING:
    from csmetrics_panels.metric.compute import Outcome


@dataclass(frozen=True)
class Picked:
    """One or more columns of the data, chosen for an argument."""

    columns: tuple[str, ...]
    together: bool = False  # a block of columns, even if there is one


@dataclass(frozen=True)
class Request:
    """A call of a metric on some rows of a frame.

    Args:
        arguments: name -> Picked columns, or a value; omitted ones are not there.
        segment_by, segment: the column that groups rows, and the group wanted; no group means all of them.
        dated_by: the column that says when.
        span: how many months count together.
        end: the last month of the span, counted from January 1970.
    """

    metric: Metric
    arguments: Mapping[str, Any] = field(default_factory=dict)
    segment_by: str = ""
    segment: str = ""
    dated_by: str = ""
    span: Span = "all"
    end: int | None = None

    @property
    def picks(self) -> list[str]:
        """The columns it uses as ranges."""
        return [c for value in self.arguments.values() if isinstance(value, Picked) for c in value.columns]

    @property
    def days(self) -> tuple[str, str] | None:
        """The first day of the span and the first after it, where a span is chosen."""
        if self.span == "all" or self.end is None or not self.dated_by:
            return None
        edges = first_day(np.array([self.end + 1 - LENGTHS[self.span], self.end + 1]), "month")
        return day_text(edges[0]), day_text(edges[1])

    def words(self) -> str:
        """Which rows, for a person."""
        parts = [f"{self.segment_by} = {self.segment}"] if self.segment else []
        if self.days:
            parts.append(span_text(self.span, self.end or 0))
        return ", ".join(parts) or "all rows"


def python_code(request: Request, frame: Frame | None, reported: str = "", outcome: "Outcome | None" = None) -> str:
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
        from csmetrics_panels.metric.series_code import series_lines

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


def rows_where(frame: Frame, found: list[str], rows: str = "") -> str:
    """The rows that meet conditions, as Python."""
    rows, wanted = rows or frame.name, " & ".join(found)
    return (f"{rows}.filter({wanted})" if frame.kind == "polars" else f"{rows}[{wanted}]") if found else rows


def call_words(request: Request, frame: Frame | None, rows: str) -> list[str]:
    """The arguments of a call, as Python."""
    return [f"{name}={_python(value, rows, frame)}" for name, value in request.arguments.items()]


def moment(month: int) -> str:
    """The beginning of a month, as Python."""
    return f"datetime({1970 + month // 12}, {month % 12 + 1}, 1)"


def conditions(request: Request, frame: Frame, between: tuple[str, str] = ("", ""), of: str = "") -> list[str]:
    """What the rows of a request have in common, as Python.

    Args:
        request: which segment and span.
        frame: the data.
        between: in place of the request's span, from when and up to when.
        of: what the code calls the rows; by default the frame's name.
    """
    polars = frame.kind == "polars"

    def column(name: str) -> str:
        return f"pl.col({name!r})" if polars else _column(of or frame.name, frame, name)

    found = []
    if request.segment:
        found.append(_in_group(column(request.segment_by), request, frame, polars))
    if request.days and request.end is not None:
        between = moment(request.end + 1 - LENGTHS[request.span]), moment(request.end + 1)  # type: ignore[index]
    if any(between):
        by = _naive(column(request.dated_by), frame.series(request.dated_by).dtype, polars)
        found += [f"({by} {sign} {edge})" for sign, edge in zip((">=", "<"), between, strict=True) if edge]
    return found


def _in_group(by: str, request: Request, frame: Frame, polars: bool) -> str:
    """Whether a row belongs to the segment, which can be written in several ways."""
    cells = frame.cells(request.segment_by, request.segment)
    if not all(isinstance(cell, str | int | float | bytes) for cell in cells):  # such as decimals: by their text
        cells, by = list(map(str, cells)), f"{by}.cast(pl.String)" if polars else f"{by}.astype(str)"
    among = f"{by}.{'is_in' if polars else 'isin'}({cells!r})"
    if request.segment != BLANK:
        return f"({by} == {cells[0]!r})" if len(cells) == 1 else among
    missing = [f"{by}.is_null()" if polars else f"{by}.isna()"]
    missing += [f"{by}.is_nan()"] if polars and frame.series(request.segment_by).dtype.is_float() else []
    return f"({' | '.join([*missing, *([among] if cells else [])])})"


def _naive(by: str, kind: Any, polars: bool) -> str:
    """A column of dates as metrics read it: those of a time zone in UTC, anything but dates as missing."""
    if getattr(kind, "time_zone", None):
        return f"{by}.dt.convert_time_zone('UTC').dt.replace_time_zone(None)" if polars else f"{by}.dt.tz_convert(None)"
    if kind.is_temporal():
        return by
    dates = f"{by}.map(lambda cell: cell if hasattr(cell, 'year') else None)"
    return f"pd.to_datetime({dates}, utc=True).dt.tz_convert(None)"


def _python(value: Any, rows: str, frame: Frame | None) -> str:
    if not isinstance(value, Picked) or frame is None:
        return repr(value).removeprefix("datetime.")
    if not value.together:
        return _column(rows, frame, value.columns[0])
    labels = [frame.labels[column] for column in value.columns]
    if all(map(_spells_itself, labels)):
        return f"{rows}[{labels!r}]"
    return f"{rows}.iloc[:, {[frame.place(column) for column in value.columns]}]"


def _column(rows: str, frame: Frame, name: str) -> str:
    label = frame.labels[name]
    return f"{rows}[{label!r}]" if _spells_itself(label) else f"{rows}.iloc[:, {frame.place(name)}]"


def _spells_itself(label: Any) -> bool:
    """Whether a heading, typed as Python, is that heading: a date, as pivoting makes them, is not."""
    return type(label) in (str, int) or (type(label) is tuple and all(map(_spells_itself, label)))


def excel_formula(request: Request, frame: Frame | None, reported: str = "") -> str:
    """The call as a formula on a table of the data's name, with the add-in; or its reconciliation with a figure."""
    words = _excel_words(request, frame, _excel_conditions(request, frame))
    if reported:
        return f"=CSM_RECONCILE({','.join([_literal(request.metric.excel_name), _literal(reported), *words])})"
    return f"={request.metric.excel_name}({','.join(words)})"


def plain_formula(request: Request, frame: Frame | None) -> str:
    """The same without the add-in, or nothing where plain functions cannot say it or only some rows are wanted."""
    cells = frame.cells(request.segment_by, request.segment) if frame and request.segment else []
    if request.days or request.segment == BLANK or len(cells) > 1:
        return ""
    table = _table_name(frame)
    named = {k: _excel_value(v, table, []) for k, v in request.arguments.items()}
    where = None
    if cells:
        where = native.Where(_reference(table, request.segment_by), _literal(cells[0]))
    formula = native.spell(request.metric, named, where)
    return f"={formula}" if formula else ""


def _excel_conditions(request: Request, frame: Frame | None) -> list[str]:
    table, found = _table_name(frame), []
    if request.segment and frame:
        cells = frame.cells(request.segment_by, request.segment)
        wanted = ["", *(cell for cell in cells if cell != "")] if request.segment == BLANK else cells
        equal = [f"({_reference(table, request.segment_by)}={_literal(cell)})" for cell in wanted]
        found.append(equal[0] if len(equal) == 1 else f"({'+'.join(equal)})")
    if request.days:
        by = _reference(table, request.dated_by)
        first, after = (f"DATE({int(d[:4])},{int(d[5:7])},1)" for d in request.days)
        found += [f"({by}>={first})", f"({by}<{after})"]
    return found


def _excel_words(request: Request, frame: Frame | None, conditions: list[str]) -> list[str]:
    """One word an argument in order; an argument left out in the middle stays empty."""
    table = _table_name(frame)
    given = [a.name for a in request.metric.arguments if a.name in request.arguments]
    last = request.metric.names.index(given[-1]) if given else -1
    words = []
    for argument in request.metric.arguments[: last + 1]:
        value = request.arguments.get(argument.name)
        split = conditions if argument.role is not Role.CHOICE else []
        words.append("" if value is None else _excel_value(value, table, split))
    return words


def _excel_value(value: Any, table: str, conditions: list[str]) -> str:
    if not isinstance(value, Picked):
        return _literal(value)
    references = [_reference(table, column) for column in value.columns]
    if conditions:  # not FILTER, which makes a blank cell 0
        shown = "*".join(conditions)
        references = [f'IF({shown}*({r}<>""),{r},"")' for r in references]
    if len(references) == 1:
        return references[0]
    places = ",".join(str(i + 1) for i in range(len(references)))
    return f"CHOOSE({{{places}}},{','.join(references)})"


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float):
        return f"{value:.15g}"
    if isinstance(value, list | tuple):
        return "{" + ",".join(map(_literal, value)) + "}"
    if hasattr(value, "toordinal"):
        return f"DATE({value.year},{value.month},{value.day})"
    return '"' + str(value).replace('"', '""') + '"'


def _table_name(frame: Frame | None) -> str:
    name = re.sub(r"\W+", "_", frame.name if frame else "Data", flags=re.ASCII).strip("_")
    return name if name[:1].isalpha() else f"Data_{name}".rstrip("_")


def _reference(table: str, column: str) -> str:
    """A table's column; signs that mean something in a reference are marked."""
    marked = re.sub(r"(['\[\]#@])", r"'\1", column)
    return f"{table}[{marked}]" if re.fullmatch(r"[\w ]+", column) else f"{table}[[{marked}]]"

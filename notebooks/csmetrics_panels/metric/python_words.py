"""Rows, values and calls as Python that can be pasted."""

from typing import Any

from csmetrics_core.intake.spans import LENGTHS
from csmetrics_panels.data.frames import BLANK, Frame
from csmetrics_panels.metric.request import Picked, Request


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
        between = moment(request.end + 1 - LENGTHS[request.span]), moment(request.end + 1)
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

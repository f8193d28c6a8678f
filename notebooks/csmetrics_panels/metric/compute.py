"""From a request to its outcome: the number explained, the same by period and by segment. Knows no widget."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from csmetrics_core.declaration.spec import Metric, Role
from csmetrics_core.errors import MetricError, NoData, OutOfScale, place
from csmetrics_core.evaluate import evaluate
from csmetrics_core.explain import Explained, explained
from csmetrics_core.intake.spans import LENGTHS, last_end, span_text, unfinished_text
from csmetrics_panels.data.frames import NO_MONTH, Frame, Rows
from csmetrics_panels.metric.request import Picked, Request
from csmetrics_panels.screen.work import Job

_MOST_POINTS = 60


@dataclass(frozen=True)
class Point:
    """One value of a series, with what stands behind it.

    Args:
        end: the last month of its span, where it is one.
        rows: how many rows it is of, where that is told.
        unfinished: its span goes on after the last day of the data.
    """

    label: str
    value: float
    n: int | None = None
    low: float = float("nan")
    high: float = float("nan")
    end: int | None = None
    rows: int | None = None
    unfinished: bool = False


@dataclass(frozen=True)
class Outcome:
    """What a panel shows.

    Args:
        told: the value explained; None where there is none, and then `error` says why.
        trend: the value of each span, oldest first.
        groups: the value of each segment.
        answers: how often each answer of a short scale was given.
        labels: what to call the elements of a value that is many.
        rows: which rows of the data counted; None is all of them.
        frame: the data.
    """

    request: Request
    told: Explained | None = None
    error: MetricError | None = None
    trend: tuple[Point, ...] = ()
    groups: tuple[Point, ...] = ()
    answers: tuple[tuple[int, int], ...] = ()
    labels: tuple[str, ...] = ()
    rows: Rows = None
    frame: Frame | None = None

    def __repr__(self) -> str:
        """The number in a line, or why there is none."""
        return f"<Outcome {repr(self.told) if self.error is None else self.error}>"

    @property
    def row_numbers(self) -> list[int]:
        """The place of each row that counts in the data, counted from 1."""
        if self.rows is None or isinstance(self.rows, slice):
            return list(range(1, np.size(self.told.value if self.told else ()) + 1))
        numbers: list[int] = (self.rows + 1).tolist()
        return numbers

    @property
    def unfinished(self) -> str:
        """That the period chosen goes on after the data, where it does."""
        request = self.request
        frame, by, end = self.frame, request.dated_by, request.end
        if frame is None or not request.days or end is None or frame.is_over(by, end):
            return ""
        return unfinished_text(request.span, end, frame.last_day(by))

    @property
    def value(self) -> Any:
        """What the metric gives, as a Python caller gets it."""
        if self.told is None:
            return None
        if self.told.metric.gives == "table":
            from pandas import DataFrame

            return DataFrame(self.told.value)
        return self.told.value


def spans(frame: Frame, request: Request) -> list[int]:
    """The months a span may end with: those in the data, as far as a whole span lies before them."""
    months = frame.months(request.dated_by)
    known = months[months > NO_MONTH]
    if not known.size or request.span == "all":
        return []
    first, last = int(known.min()), int(known.max())
    if request.span == "month":
        there: list[int] = np.unique(known).tolist()
        return there[-_MOST_POINTS:]
    if request.span == "quarter":
        return list(range(last_end("quarter", first), last_end("quarter", last) + 1, 3))[-_MOST_POINTS:]
    return list(range(min(first + 11, last), last + 1))[-_MOST_POINTS:]


def compute(request: Request, frame: Frame | None, job: Job) -> Outcome:
    """Work out everything a panel shows.

    Raises:
        Cancelled: the job was stopped.
    """
    rows: Rows = None
    try:
        rows = _chosen(request, frame) if frame else None
        given = _arguments(request, frame, rows)
        job.step(0.1)
        told = _numbered_as(request, rows, explained(evaluate(request.metric, (), given)))
    except MetricError as error:
        _place_in_frame(request, rows, error)
        return Outcome(request, error=error, trend=tuple(_by_span(request, frame, job)), frame=frame)
    job.step(0.4)
    return Outcome(
        request,
        told,
        trend=tuple(_by_span(request, frame, job)),
        groups=tuple(_by_segment(request, frame, job)),
        answers=_answers(request.metric, given),
        labels=_labels(request, frame, rows),
        rows=rows,
        frame=frame,
    )


def _mask(request: Request, frame: Frame, *, of_span: bool = True) -> NDArray[np.bool_] | None:
    mask = frame.in_segment(request.segment_by, request.segment) if request.segment else None
    if of_span and request.days and request.end is not None:
        months = frame.months(request.dated_by)
        inside = (months > request.end - LENGTHS[request.span]) & (months <= request.end)
        mask = inside if mask is None else mask & inside
    return mask


def _chosen(request: Request, frame: Frame) -> Rows:
    """The rows asked for; None where that is all of them.

    Raises:
        NoData: there are none.
    """
    mask = _mask(request, frame)
    rows = None if mask is None or mask.all() else np.flatnonzero(mask)
    if request.picks and (not len(frame) or (rows is not None and not rows.size)):
        raise NoData(f"there are no rows of {request.words()}", "Choose another segment or period.")
    return rows


def _arguments(request: Request, frame: Frame | None, rows: Rows) -> dict[str, Any]:
    given = {}
    for name, value in request.arguments.items():
        if isinstance(value, Picked) and frame is not None:
            _check_scale(request, frame, name, value.columns[0])
        if not isinstance(value, Picked) or frame is None:
            given[name] = value
        elif value.together:
            given[name] = frame.block(value.columns, rows)
        else:
            given[name] = _numbered(request, frame, name, rows)
    return given


def _check_scale(request: Request, frame: Frame, name: str, column: str) -> None:
    """Refuse answers that were words of another scale than the metric counts on.

    Raises:
        OutOfScale: they were.
    """
    from csmetrics_core.files.answer_words import IN_WORDS

    top = getattr(frame.native, "attrs", {}).get(IN_WORDS, {}).get(column)
    high = getattr(request.metric.argument(name).kind, "high", None)
    if top is None or not isinstance(high, str):
        return
    scale = request.arguments.get(high, request.metric.argument(high).default)
    if scale != top:
        problem = f"the answers under {column} are words of a scale to {top}, and {high} is {scale:g}"
        raise OutOfScale(problem, f"Set {high} to {top}.", argument=high)


def _row_in_frame(request: Request, rows: Rows, argument: str | None, position: int) -> int:
    """The row of the whole data that a place of an argument is in, both counted from 0; a block counts by cells."""
    picked = request.arguments.get(argument or "")
    row = position // len(picked.columns) if isinstance(picked, Picked) and picked.together else position
    return int(rows[row]) if isinstance(rows, np.ndarray) and isinstance(picked, Picked) else row


def _place_in_frame(request: Request, rows: Rows, error: MetricError) -> None:
    """Let an error about some rows name the row of the data they were taken from."""
    if error.position is None or error.argument is None:
        return
    row = _row_in_frame(request, rows, error.argument, error.position)
    error.problem = error.problem.replace(place(error.argument, error.position), place(error.argument, row), 1)
    error.position = row


def _numbered_as(request: Request, rows: Rows, told: Explained) -> Explained:
    """An explanation of some rows with their places in the data."""
    for error in told.failures.values():
        _place_in_frame(request, rows, error)
    dropped = tuple(
        (name, reason, count, tuple(dict.fromkeys(_row_in_frame(request, rows, name, p) for p in first)))
        for name, reason, count, first in told.dropped
    )
    failures = {int(rows[p]) if isinstance(rows, np.ndarray) else p: error for p, error in told.failures.items()}
    return replace(told, dropped=dropped, failures=failures)


def _numbered(request: Request, frame: Frame, name: str, rows: Rows) -> Any:
    """An argument's column; where only one number comes of it, things as numbers, which are told apart faster."""
    column = request.arguments[name].columns[0]
    is_id = request.metric.argument(name).kind.reading == "id" and request.metric.gives == "number"
    numbers = frame.numbered(column) if is_id else None
    return frame.column(column, rows) if numbers is None else numbers[slice(None) if rows is None else rows]


def arguments_of(outcome: Outcome) -> dict[str, Any]:
    """The arguments a result was made of, as a Python caller would give them."""
    return _arguments(outcome.request, outcome.frame, outcome.rows)


def splits(metric: Metric) -> bool:
    """Whether the rows of a metric can be split into groups that each have one number."""
    return metric.gives == "number" and bool(metric.roles.reduced or metric.roles.aligned)


def _can_split(request: Request) -> bool:
    names = {a.name for a in (*request.metric.roles.each, *request.metric.roles.block)}
    spread = any(isinstance(request.arguments.get(name), Picked) for name in names)
    return splits(request.metric) and bool(request.picks) and not spread


def _by_span(request: Request, frame: Frame | None, job: Job) -> Iterator[Point]:
    if frame is None or request.span == "all" or not request.dated_by or not _can_split(request):
        return
    mask = _mask(request, frame, of_span=False)
    order, months = frame.by_month(request.dated_by)
    if mask is not None:
        kept = mask[order]
        order, months = order[kept], months[kept]
    columns, ends = _columns(request, frame, order), _drawn(spans(frame, request), request)
    for position, end in enumerate(ends):
        job.step(0.4 + 0.4 * position / len(ends))
        inside = slice(*np.searchsorted(months, [end - LENGTHS[request.span] + 1, end + 1]).tolist())
        point = _measure(request, columns, inside, span_text(request.span, end))
        yield replace(
            point, end=end, rows=inside.stop - inside.start, unfinished=not frame.is_over(request.dated_by, end)
        )


def _drawn(ends: list[int], request: Request) -> list[int]:
    """The spans drawn: months without a row have their gap, as quarters do."""
    return [*range(ends[0], ends[-1] + 1)][-_MOST_POINTS:] if ends and request.span == "month" else ends


def _by_segment(request: Request, frame: Frame | None, job: Job) -> Iterator[Point]:
    if frame is None or not request.segment_by or request.segment or not _can_split(request):
        return
    mask = _mask(request, frame)
    names = frame.values(request.segment_by)
    open_ended = bool(request.days) and request.end is not None and not frame.is_over(request.dated_by, request.end)
    for position, name in enumerate(names):
        job.step(0.8 + 0.2 * position / len(names))
        inside = frame.in_segment(request.segment_by, name)
        rows = np.flatnonzero(inside if mask is None else inside & mask)
        columns = _columns(request, frame, rows)
        yield replace(_measure(request, columns, slice(None), name), rows=rows.size, unfinished=open_ended)


def _columns(request: Request, frame: Frame, rows: Rows) -> dict[str, Any]:
    """Some rows of each argument's column; things as numbers, which are told apart faster."""
    found = {}
    for argument in request.metric.arguments:
        value = request.arguments.get(argument.name)
        if isinstance(value, Picked):
            numbered = frame.numbered(value.columns[0]) if argument.kind.reading == "id" else None
            series = frame.series(value.columns[0], rows) if numbered is None else numbered[rows]
            found[argument.name] = series
    return found


def _measure(request: Request, columns: dict[str, Any], rows: slice, label: str) -> Point:
    given = {
        name: _part(columns[name], rows) if isinstance(value, Picked) else value
        for name, value in request.arguments.items()
    }
    try:
        told = explained(evaluate(request.metric, (), given))
    except MetricError:
        return Point(label, float("nan"))
    low, high = told.interval or (float("nan"), float("nan"))
    return Point(label, float(told.value), told.n, low, high)


def _part(column: Any, rows: slice) -> Any:
    part = column[rows]
    return part.to_native() if hasattr(part, "to_native") else part


def _answers(metric: Metric, given: dict[str, Any]) -> tuple[tuple[int, int], ...]:
    """How often each answer was given, where a metric reduces a range of whole numbers on a short scale."""
    ranges = [a for a in metric.arguments if a.is_range and a.name in given and a.kind.reading == "number"]
    if not ranges:
        return ()
    top = {a.name: given.get(a.name, a.default) for a in metric.arguments if a.role is Role.EACH}
    try:
        members = ranges[0].kind.resolved(top).members
    except (TypeError, ValueError, KeyError):
        return ()
    if not members:
        return ()
    from csmetrics_core.intake.cells import read

    numbers = read(given[ranges[0].name], ranges[0].name, "number").values
    counts = np.bincount(numbers[~np.isnan(numbers)].astype(np.int64), minlength=max(members) + 1)
    return tuple((answer, int(counts[answer])) for answer in sorted(members))


def _labels(request: Request, frame: Frame | None, rows: Rows) -> tuple[str, ...]:
    """What to call the elements, where single values were given as columns: their date, if one is chosen."""
    if frame is None or not request.dated_by or _can_split(request) or request.metric.gives == "table":
        return ()
    cells = frame.column(request.dated_by, rows)
    return tuple(str(cell)[:10] for cell in (cells.to_list() if hasattr(cells, "to_list") else cells))

"""What one page of a dashboard works from: the chosen rows, and metrics computed on them with words for what is not."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from csmetrics_core.catalog import CATALOG, lookup
from csmetrics_core.company import Company, Missing, select
from csmetrics_core.errors import MetricError
from csmetrics_core.evaluate import evaluate
from csmetrics_core.explain import Explained, explained
from csmetrics_core.headings import find_heading
from csmetrics_core.headline import Assumptions
from csmetrics_core.spec import FRACTION, Better, Metric, Unit
from csmetrics_panels.compute import Point
from csmetrics_panels.frames import Frame
from csmetrics_panels.request import Span, span_text
from csmetrics_panels.work import Job

#: Gives a call's arguments for the span so many spans back.
Arguments = Callable[[int], dict[str, Any]]


@dataclass(frozen=True)
class Told:
    """A metric on the chosen rows, with the same one span earlier; or why there is none."""

    metric: Metric
    told: Explained | None
    before: float | None = None
    missing: str = ""

    @property
    def value(self) -> float | None:
        """The number; None where there is none."""
        return None if self.told is None else float(self.told.value)

    @property
    def change_text(self) -> str:
        """The change since the span before; of fractions in percentage points."""
        if self.value is None or self.before is None:
            return ""
        change, unit = self.value - self.before, self.metric.unit
        if unit is FRACTION:
            return f"{100 * change:+.1f} pp".replace("-", "−")
        return f"{'+' if change >= 0 else '−'}{unit.text(abs(change)).lstrip('+')}"

    @property
    def tone(self) -> str:
        """Whether the change is good news, bad news or inside the margin."""
        if self.value is None or self.before is None or self.told is None or self.metric.better is Better.NEITHER:
            return ""
        if self.value == self.before:
            return ""
        interval = self.told.interval
        if interval and interval[0] <= self.before <= interval[1]:
            return "inside the margin"
        return "better" if (self.value > self.before) == (self.metric.better is Better.HIGHER) else "worse"


@dataclass(frozen=True)
class View:
    """The company, or one segment of it, in a span of months.

    Args:
        given: what the tables cannot say, such as the scale of a question.
        end: the last month, counted from January 1970; None where no table has dates.
        length: how many months.
    """

    frames: dict[str, Frame]
    company: Company
    given: Assumptions
    segment: str
    span: Span
    length: int
    end: int | None
    job: Job

    def words(self) -> str:
        """Which rows, for a person."""
        when = "all rows" if self.end is None else span_text(self.span, self.end)
        return f"{self.segment}, {when}" if self.segment else when

    def rows(self, part: str, back: int = 0) -> NDArray[np.bool_]:
        """Which rows of a part belong to the span, or to the one so many spans back.

        Raises:
            Missing: there is no such table, or no such rows.
        """
        fit, months = self.company.table(part), self.company.months(part)
        if months is None or self.end is None:
            return np.ones(len(self.company.cells(part, next(iter(fit.columns)))), dtype=bool)
        end = self.end - back * self.length
        chosen = (months > end - self.length) & (months <= end)
        if not chosen.any():
            raise Missing(f"{fit.table} has no rows of {span_text(self.span, end)}")
        return np.asarray(chosen)

    def take(self, part: str, column: str, back: int = 0) -> Any:
        """The cells of a column in the span.

        Raises:
            Missing: there are none.
        """
        return select(self.company.cells(part, column), self.rows(part, back))

    def more(self, part: str, column: str, back: int = 0) -> Any:
        """The cells in the span of a column that a scorecard does not need, such as the account's ARR.

        Raises:
            Missing: there is none.
        """
        frame = self.frames[self.company.table(part).table]
        heading = find_heading(column, frame)
        if heading is None:
            raise Missing(f"needs a column {column} in {frame.name}")
        return frame.series(heading, np.flatnonzero(self.rows(part, back))).to_list()

    def tell(self, metric: str, arguments: Arguments, *, compare: bool = True) -> Told:
        """A metric on the span and on the one before."""
        if metric not in CATALOG:
            raise Missing(f"needs {metric}, which is not installed")
        declared = lookup(metric)
        self.job.step()
        try:
            told = explained(evaluate(declared, (), arguments(0)))
        except (Missing, MetricError) as error:
            return Told(declared, None, missing=_words(error))
        return Told(declared, told, self._before(declared, arguments) if compare and self.end is not None else None)

    def table(self, metric: str, **arguments: Any) -> dict[str, Any]:
        """A table metric.

        Raises:
            MetricError: there is no result.
        """
        return dict(self.result(metric, **arguments))

    def result(self, metric: str, **arguments: Any) -> Any:
        """What a metric gives.

        Raises:
            MetricError: there is no result.
        """
        self.job.step()
        return evaluate(lookup(metric), (), arguments).value

    def trend(self, metric: str, arguments: Arguments, most: int = 24) -> list[Point]:
        """A metric span by span, the latest last."""
        points = []
        for back in reversed(range(most if self.end is not None else 0)):
            self.job.step()
            try:
                told = explained(evaluate(lookup(metric), (), arguments(back)))
            except (Missing, MetricError):
                continue
            low, high = told.interval or (float("nan"), float("nan"))
            label = span_text(self.span, (self.end or 0) - back * self.length)
            points.append(Point(label, float(told.value), told.n, low, high))
        return points

    def _before(self, declared: Metric, arguments: Arguments) -> float | None:
        try:
            return float(evaluate(declared, (), arguments(1)).value)
        except (Missing, MetricError):
            return None


def _words(error: Exception) -> str:
    if isinstance(error, MetricError):
        error.metric = ""
    return str(error)


def unit_text(unit: Unit, value: float | None) -> str:
    """A number as its unit prints it; none is a dash."""
    return "–" if value is None or value != value else unit.text(value)

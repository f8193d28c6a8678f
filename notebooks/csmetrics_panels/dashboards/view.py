"""What one page of a dashboard works from: the chosen rows, and metrics computed on them with words for what is not."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from csmetrics_core.company.company import Company, Missing, select
from csmetrics_core.company.headline import Assumptions
from csmetrics_core.company.headline.given import owners_of
from csmetrics_core.company.judging import Sampled, judged
from csmetrics_core.declaration.catalog import CATALOG, lookup
from csmetrics_core.declaration.spec import Metric, Unit
from csmetrics_core.errors import MetricError
from csmetrics_core.evaluate import evaluate
from csmetrics_core.explain import Explained, explained
from csmetrics_core.files.headings import find_heading
from csmetrics_core.intake.spans import Span, span_text
from csmetrics_core.maths.inference import Tested
from csmetrics_core.maths.verdicts import sentence, shown, verdict
from csmetrics_panels.data.frames import Frame
from csmetrics_panels.metric.compute import Point
from csmetrics_panels.screen.work import Job

#: Gives a call's arguments for the span so many spans back.
Arguments = Callable[[int], dict[str, Any]]
#: Tells who is behind a call of that span, as `judging.Sampled` takes it: owners of rows, or the figure by customer.
Behind = Callable[[int], dict[str, Any]]


@dataclass(frozen=True)
class Told:
    """A metric on the chosen rows, and its change since the span before; or why there is none."""

    metric: Metric
    told: Explained | None
    tested: Tested | None = None
    missing: str = ""

    @property
    def value(self) -> float | None:
        """The number; None where there is none."""
        return None if self.told is None else float(self.told.value)

    @property
    def change_text(self) -> str:
        """The change since the span before; of fractions in percentage points."""
        return "" if self.tested is None else self.metric.unit.change(self.tested.change)

    @property
    def verdict(self) -> str:
        """Better, worse, no clear change or not judged, by two samples; judged alone."""
        return "" if self.tested is None else verdict(self.metric.better, self.tested)

    @property
    def verdict_words(self) -> str:
        """The verdict beside the change; of money counted in full its direction."""
        return "" if self.tested is None else shown(self.metric, self.tested, self.verdict)

    @property
    def sentence(self) -> str:
        """The verdict in words."""
        if self.tested is None or self.value is None:
            return ""
        return sentence(self.metric, self.value - self.tested.change, self.value, self.tested, self.verdict)


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

    def tell(self, metric: str, arguments: Arguments, *, compare: bool = True, behind: Behind | None = None) -> Told:
        """A metric on the span and on the one before, whose rows may be of the same customers again."""
        if metric not in CATALOG:
            raise Missing(f"needs {metric}, which is not installed")
        declared = lookup(metric)
        self.job.step()
        try:
            told = explained(evaluate(declared, (), arguments(0)))
        except (Missing, MetricError) as error:
            return Told(declared, None, missing=_words(error))
        compares = compare and self.end is not None
        return Told(declared, told, self._tested(declared, arguments, told, behind) if compares else None)

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

    def owners(self, part: str) -> Behind:
        """Tells the customer of each row of a part, where the table says."""
        return lambda back: {"owners": owners_of(self.company, part, self.rows(part, back))}

    def _tested(self, declared: Metric, arguments: Arguments, told: Explained, behind: Behind | None) -> Tested | None:
        try:
            call = arguments(1)
            before = float(evaluate(declared, (), call).value)
        except (Missing, MetricError):
            return None
        who = ({}, {}) if behind is None else (behind(1), behind(0))
        now = Sampled(float(told.value), arguments(0), **who[1])
        return judged(declared, Sampled(before, call, **who[0]), now)


def _words(error: Exception) -> str:
    if isinstance(error, MetricError):
        error.metric = ""
    return str(error)


def unit_text(unit: Unit, value: float | None) -> str:
    """A number as its unit prints it; none is a dash."""
    return "–" if value is None or value != value else unit.text(value)

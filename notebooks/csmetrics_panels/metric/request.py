"""What a panel is asked: a metric, where its arguments come from, which rows. A plain value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from csmetrics_core.declaration.spec import Metric
from csmetrics_core.intake.spans import LENGTHS, Span, span_text
from csmetrics_core.maths.periods import day_text, first_day


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

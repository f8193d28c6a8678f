"""Which rows count: one segment picker, and a month, quarter or trailing-twelve switch where the data have dates."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import ipywidgets as widgets
import numpy as np

from csmetrics_core.declaration.spec import Metric
from csmetrics_core.errors import wrong_kind
from csmetrics_core.intake.spans import LENGTHS, end_month, span_text
from csmetrics_panels.data.frames import Frame, short
from csmetrics_panels.metric.compute import spans, splits
from csmetrics_panels.metric.form import dropdown
from csmetrics_panels.metric.request import Request
from csmetrics_panels.screen import card

_HINT = "{}: dates held as text. Make them dates, as pd.to_datetime does, to choose a month or a quarter."
CHOICES = ("segment_by", "segment", "dated_by", "span", "end")


def display(widget: Any, visible: bool) -> None:
    """Show a widget, or leave it out."""
    widget.layout.display = "" if visible else "none"


class RowPicker(widgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """Five lists, each shown where there is something to choose.

    Args:
        metric: what will be computed on the rows.
        changed: called after a person chose something.
    """

    def __init__(self, metric: Metric, changed: Callable[[], None]) -> None:
        self.metric = metric
        self.frame: Frame | None = None
        self._changed = changed
        self._quiet = False
        self.segment_by = dropdown("segment by", [("none", "")])
        self.segment = dropdown("segment", [("all", "")])
        self.dated_by = dropdown("date", [("none", "")], "The column that says when")
        self.span = dropdown("period", [(name, name) for name in ("all", *LENGTHS)], "How many months count together")
        self.end = dropdown("ending", [("", None)], "The last month of the period")
        self.hint = widgets.HTML()
        super().__init__([self.segment_by, self.segment, self.dated_by, self.span, self.end, self.hint])
        self.segment_by.observe(lambda _: self._offer_segments(), "value")
        self.dated_by.observe(lambda _: self._offer_ends(), "value")
        self.span.observe(lambda _: self._offer_ends(), "value")
        for widget in (self.segment, self.end):
            widget.observe(lambda _: self._tell(), "value")

    def offer(self, frame: Frame | None) -> None:
        """Offer the columns of other data."""
        self.frame = frame
        groups, dates = (frame.segments(), frame.dates()) if frame else ([], [])
        text = frame.dates_as_text() if frame and not dates and splits(self.metric) else []
        self.hint.value = card.note(_HINT.format(", ".join(text))) if text else ""
        display(self.hint, bool(text))
        with self.together():
            self.segment_by.options = [("none", ""), *((short(name), name) for name in groups)]
            self.dated_by.options = [("none", ""), *((short(name), name) for name in dates)]
            self.segment_by.value = self.dated_by.value = ""
            self.span.value = "all"
            self._offer_segments()
            self._offer_ends()

    def choose(self, choices: dict[str, Any]) -> None:
        """Choose by name, in the order one choice leads to the next.

        Raises:
            WrongKind: it is not among the choices.
        """
        for name in (name for name in CHOICES if name in choices):
            widget, value = getattr(self, name), choices[name]
            if name == "end":  # nothing is the last one, as behind every other door
                value = widget.options[0][0] if value is None else self._end_of(value)
            options = dict(widget.options)
            found = options.get(value, value) if value is not None else options.get("")
            if found not in options.values():
                raise wrong_kind(name, None, value, "one of " + ", ".join(map(str, options)))
            widget.value = found

    def _end_of(self, value: Any) -> int:
        """A month the data have, which is then listed too where no whole span of the calendar ends with it.

        Raises:
            WrongKind: it names no month, or the data have no such one.
        """
        listed = {month: text for text, month in self.end.options if month is not None}
        month = value if type(value) is int and value in listed else end_month(value)
        if month not in listed:
            known = self.frame.months(self.dated_by.value) if self.frame and self.dated_by.value else np.array([])
            if self.span.value == "all" or month not in known:
                raise wrong_kind(
                    "end", None, value, f"one of {', '.join(listed.values()) or 'none: choose a span too'}"
                )
            months = sorted({*listed, month}, reverse=True)
            with self.together():
                self.end.options = [(span_text(self.span.value, one), one) for one in months]
        return month

    def read(self) -> dict[str, Any]:
        """What is chosen, by name."""
        return {name: getattr(self, name).value for name in CHOICES}

    @contextmanager
    def together(self) -> Iterator[None]:
        """Several changes, told once by whoever makes them."""
        before, self._quiet = self._quiet, True
        try:
            yield
        finally:
            self._quiet = before

    def _tell(self) -> None:
        if not self._quiet:
            self._changed()

    def _offer_segments(self) -> None:
        by = self.segment_by.value
        with self.together():
            names = self.frame.values(by) if self.frame and by else []
            self.segment.options = [("all", ""), *((short(name), name) for name in names)]
            self.segment.value = ""
        display(self.segment_by, len(self.segment_by.options) > 1)
        display(self.segment, bool(by))
        self._tell()

    def _offer_ends(self) -> None:
        by, span = self.dated_by.value, self.span.value
        with self.together():
            ends = spans(self.frame, Request(self.metric, dated_by=by, span=span)) if self.frame and by else []
            self.end.options = [(span_text(span, end), end) for end in reversed(ends)] or [("", None)]
            self.end.value = self.end.options[0][1]
        display(self.dated_by, len(self.dated_by.options) > 1)
        display(self.span, bool(by) and (splits(self.metric) or self.metric.gives != "number"))
        display(self.end, bool(ends))
        self._tell()

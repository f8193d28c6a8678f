"""MetricPanel: one metric of the catalogue as a live instrument, with the code behind it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import numpy as np

from csmetrics_core.declaration.catalog import lookup
from csmetrics_core.declaration.documentation import call_text
from csmetrics_core.errors import WrongCall, WrongKind
from csmetrics_panels import export
from csmetrics_panels.data import sources
from csmetrics_panels.data.frames import Frame
from csmetrics_panels.data.reading import said_of
from csmetrics_panels.data.upload import Upload
from csmetrics_panels.metric.compute import Outcome, compute
from csmetrics_panels.metric.excel_code import excel_formula, plain_formula
from csmetrics_panels.metric.form import OMITTED, dropdown, fields
from csmetrics_panels.metric.python_code import python_code
from csmetrics_panels.metric.request import Request
from csmetrics_panels.metric.rows import CHOICES, RowPicker, display
from csmetrics_panels.screen import card
from csmetrics_panels.screen.browser import Code, Download, Fitter
from csmetrics_panels.screen.charts import Chart, Heat, chart_for
from csmetrics_panels.screen.closing import Closing
from csmetrics_panels.screen.draw import ChartView
from csmetrics_panels.screen.images import image
from csmetrics_panels.screen.notebook import in_notebook
from csmetrics_panels.screen.still import Part, Still, heading
from csmetrics_panels.screen.work import Job, Worker

_CARD = 'Open that metric, such as panel("nps"): its card tells the value, n, what was dropped, formula and source.'
_INSTEAD = {"csm_by": 'Open that metric and choose "segment by", such as panel("nps", data=df, segment_by="segment").'}


class MetricPanel(Closing, Still, widgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """A form, a result, a chart and the code of one metric. See `panel`."""

    def __init__(self, name: Any, data: Any = None, *, background: bool | None = None, **choices: Any) -> None:
        self.metric = lookup(name)
        if any(argument.kind.reading == "raw" for argument in self.metric.arguments):
            problem = f"{self.metric.name} tells about another metric"
            raise WrongKind(problem, _INSTEAD.get(self.metric.name, _CARD), argument="metric")
        self.when_shown: Callable[[], None] = lambda: None  # told that a result, or its lack, is on the screen
        self.frame: Frame | None = None
        self._outcome: Outcome | None = None
        self._chart: Chart | Heat | None = None
        self._quiet = False
        live = in_notebook() if background is None else background
        self._worker = Worker(False)  # at first: what a cell shows is there when the cell is done
        is_file = isinstance(data, str | Path)
        arguments = {argument.name for argument in self.metric.arguments}
        self._given = sources.given(data, said_of(choices, but=arguments) if is_file else None)
        self._uploaded: list[sources.Source] = []
        self._build()
        columns = widgets.HBox([self._left, self._right], layout={"align_items": "flex-start", "flex_flow": "row wrap"})
        super().__init__([self._head, columns, Fitter()])
        self.add_class("csm-panel")
        self._waits = bool(choices)
        self._list_sources()
        self._waits = False
        if choices:
            self.choose(**choices)
        self._worker = Worker(live, self._show_busy, self._show_progress)

    def __repr__(self) -> str:
        """What a notebook keeps for readers without a kernel: the metric and its number."""
        told = self._outcome.told if self._outcome else None
        single = told is not None and self.metric.gives == "number" and not np.ndim(told.value)
        value = f": {unescape(card.unit_text(self.metric, told.value))}" if told is not None and single else ""
        return f"Panel of {self.metric.title}{value} (run the cell to use it)"

    def parts(self) -> list[Part]:
        """What is shown: the choice of rows, the number with what stands behind it, the chart."""
        outcome = self.outcome
        head = heading(self.metric.title, self.metric.summary, outcome.request.words() if outcome else "")
        told = outcome.told if outcome else None
        shown = told._repr_html_() if told else self._card.value
        return [head + shown, *([] if self.chart is None else [image(self.chart, dots=100)])]

    # What a person takes back to code.

    @property
    def outcome(self) -> Outcome | None:
        """Everything shown, once it is worked out; None while something is still to be chosen."""
        self._worker.wait()
        return self._outcome

    @property
    def value(self) -> Any:
        """What the metric gives; None where it has no value, and then the card says why."""
        outcome = self.outcome
        return outcome.value if outcome else None

    @property
    def code(self) -> str:
        """The same as Python: the number in the last line, above it what is drawn, `by_period` and `by_segment`."""
        request, outcome = self.request, self.outcome
        return python_code(request, self.frame, outcome=outcome if outcome and outcome.request == request else None)

    @property
    def table(self) -> Any:
        """What is shown as a pandas frame: periods and segments, a table metric's rows, or the number explained.

        None where nothing is shown.
        """
        from pandas import DataFrame

        outcome = self.outcome
        return DataFrame(export.result_table(outcome)) if outcome and (outcome.told or outcome.trend) else None

    @property
    def formula(self) -> str:
        """The same call as a spreadsheet formula."""
        return excel_formula(self.request, self.frame)

    @property
    def data(self) -> Any:
        """The rows that count, as a frame of the kind that was given."""
        outcome = self.outcome
        frame = outcome.frame if outcome else self.frame
        return frame.rows(outcome.rows if outcome else None) if frame else None

    @property
    def chart(self) -> Chart | Heat | None:
        """The chart shown."""
        self._worker.wait()
        return self._chart

    @property
    def request(self) -> Request:
        """What is asked, as a plain value."""
        chosen = {field.argument.name: field.read() for field in self._fields}
        arguments = {name: value for name, value in chosen.items() if value is not OMITTED}
        return Request(self.metric, arguments, **self._rows.read())

    def choose(self, **choices: Any) -> "MetricPanel":
        """Choose as on the form: arguments by name, and segment_by, segment, dated_by, span, end.

        Raises:
            MetricError: it cannot be chosen.
        """
        by_name = {field.argument.name: field for field in self._fields}
        with self._together():
            for name, value in choices.items():
                if name in by_name:
                    by_name[name].write(value)
                elif name not in CHOICES:
                    raise WrongCall(
                        f"there is no choice called {name!r}", f"There are {', '.join([*by_name, *CHOICES])}."
                    )
            self._rows.choose(choices)
        self._compute(0.0)
        return self

    # What is on the screen.

    def _build(self) -> None:
        self._head = widgets.HTML(card.heading(self.metric))
        self._source = dropdown("data", [])
        self._upload = Upload("Upload a file", self._take_upload, self._refuse)
        self._refused, self._about = widgets.HTML(), ""  # what is said now, and what is to say about the data
        self._fields = fields(self.metric, self._compute)
        self._read_as = widgets.HTML()
        self._rows = RowPicker(self.metric, lambda: self._compute(0.0))
        self._card, self._figure = widgets.HTML(), ChartView()
        self._python, self._excel = Code(label="Python"), Code(label="Excel, with the add-in")
        self._plain = Code(label="Excel, plain functions")
        self._progress = widgets.FloatProgress(min=0, max=1, description="working", layout={"width": "220px"})
        self._cancel = widgets.Button(description="Cancel", tooltip="Stop, and keep what is shown")
        self._busy = widgets.HBox([self._progress, self._cancel], layout={"visibility": "hidden"})
        files = [Download(text, make) for text, make in export.panel_files(self)]
        self._files = widgets.HBox(files, layout={"flex_flow": "row wrap"})
        form = [field.widget for field in self._fields]
        data = [self._source, self._upload, self._refused]
        self._left = widgets.VBox([*data, *form, self._read_as, self._rows, self._busy], layout={"flex": "0 0 360px"})
        self._right = widgets.VBox(
            [self._card, self._figure, self._python, self._excel, self._plain, self._files],
            layout={"flex": "1 1 440px", "min_width": "0"},
        )
        self._listen()

    def _listen(self) -> None:
        self._source.observe(lambda _: self._load(), "value")
        self._cancel.on_click(lambda _: self._stop())

    @contextmanager
    def _together(self) -> Iterator[None]:
        """Several changes, one computation."""
        before, self._quiet = self._quiet, True
        try:
            with self._rows.together():
                yield
        finally:
            self._quiet = before

    def _list_sources(self) -> None:
        """Everything that could be chosen: what was given, uploaded, the notebook's, Excel's, the sample's."""
        found = [*self._given, *self._uploaded]
        if not self._given:
            found += [*sources.notebook_frames(), *sources.excel_selection(), *sources.samples()]
        choose = [("choose the data", "")] if not self._given else []
        needed = any(a.is_range for a in self.metric.arguments)
        self._source.layout.display = "none" if len(found) == 1 and not choose else ""
        with self._together():
            self._source.options = [*choose, *((source.label, source) for source in found)]
            first = self._uploaded[0] if self._uploaded else self._given[0] if self._given else ""
            self._source.value = first
        if not needed and not first:
            self._source.layout.display = self._upload.layout.display = "none"
        self._load()

    def _take_upload(self, files: Mapping[str, bytes]) -> None:
        interrupted = self._worker.cancel()

        def refuse(error: Exception) -> None:
            if interrupted:
                self._compute(0.0)
            self._refuse(error)

        self._refused.value = card.note(f"Reading {', '.join(files)}…")
        ((name, content),) = files.items()
        self._worker.submit(lambda _: sources.of_file(name, content), self._add, refuse)

    def _add(self, found: list[sources.Source]) -> None:
        self._uploaded = found + self._uploaded
        self._list_sources()

    def _refuse(self, error: Exception) -> None:
        self._refused.value = card.refusal(error)

    def _load(self) -> None:
        """Take the data chosen, and offer their columns."""
        if self._quiet:
            return
        source = self._source.value
        self._about = card.reading(source.reading) if source and source.reading else ""
        try:
            self.frame = source.load() if source else None
        except Exception as error:  # Excel and frames fail in their own ways; the panel lives on
            self.frame = None
            self._about = card.refusal(error)
        with self._together():
            taken: list[str] = []
            for field in self._fields:
                field.taken = frozenset(taken)
                field.offer(self.frame)
                taken += field.columns()
            self._rows.offer(self.frame)
        self._compute(0.0)

    # The work.

    def _compute(self, wait: float) -> None:
        if self._quiet or self._waits:
            return
        self._worker.cancel()
        self._refused.value = self._about
        self._say_read_as()
        request, frame = self.request, self.frame
        missing = [a.name for a in self.metric.arguments if a.required and a.name not in request.arguments]
        if missing:
            self._outcome = None
            self._card.value = card.missing_card(self._wanted(missing), call_text(self.metric, self.metric.examples[0]))
            self._show_chart(None)
            self._show_code(None)
            self._show_busy(False)
            self.when_shown()
            return
        self._worker.submit(lambda job: self._work(request, frame, job), self._show, self._fail, wait)

    def _say_read_as(self) -> None:
        told = [words for field in self._fields if (words := field.read_as())]
        self._read_as.value = card.note(f"Read {', '.join(told)}.") if told else ""

    def _wanted(self, missing: Sequence[str]) -> str:
        """What a person has to do before there is a result."""
        ranges = [a for a in self.metric.arguments if a.name in missing and a.is_range]
        if not ranges:
            return f"Choose {', '.join(missing)}."
        if self.frame is None:
            return "Choose the data, or upload a file."
        if not len(self.frame):
            return f"{self.frame.name} has no rows."
        lacking = next((a for a in ranges if not self.frame.fitting(a.kind)), None)
        if lacking is None:
            return f"Choose {', '.join(missing)}."
        return f"{lacking.name}: no column holds {lacking.kind.expected}. The columns are {', '.join(self.frame)}."

    def _work(self, request: Request, frame: Frame | None, job: Job) -> tuple[Outcome, Chart | Heat | None]:
        outcome = compute(request, frame, job)
        return outcome, chart_for(outcome)

    def _show(self, done: tuple[Outcome, Chart | Heat | None]) -> None:
        self._outcome, chart = done
        self._card.value = card.result_card(self._outcome)
        self._show_chart(chart)
        self._show_code(self._outcome.request)
        self.when_shown()

    def _show_chart(self, chart: Chart | Heat | None) -> None:
        self._chart = chart
        self._figure.show(chart)

    def _show_code(self, request: Request | None) -> None:
        self._python.text = python_code(request, self.frame, outcome=self._outcome) if request else ""
        self._excel.text = excel_formula(request, self.frame) if request else ""
        self._plain.text = plain_formula(request, self.frame) if request else ""
        display(self._files, request is not None)

    def _fail(self, error: Exception) -> None:
        self._outcome = None
        self._card.value = card.broken_card(error)
        self._show_chart(None)
        self.when_shown()

    def _stop(self) -> None:
        self._worker.cancel()
        self._show_busy(False)
        self._refused.value = card.note("Cancelled; the result shown is of the choices before.")

    def _show_busy(self, busy: bool) -> None:
        self._progress.value = 0.05
        self._busy.layout.visibility = "visible" if busy else "hidden"

    def _show_progress(self, done: float) -> None:
        self._progress.value = done

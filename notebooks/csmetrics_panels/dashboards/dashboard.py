"""Dashboard: pages over a company's tables with shared filters. The subjects are in files of their own."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import ipywidgets as widgets

from csmetrics_core.company import Missing, month_text
from csmetrics_core.errors import MetricError, wrong_kind
from csmetrics_core.samples import SAMPLE_NOTE
from csmetrics_panels import card, export
from csmetrics_panels.browser import Code, Download, Fitter
from csmetrics_panels.dashboards.blocks import Block, Screen, Words
from csmetrics_panels.dashboards.data import Data
from csmetrics_panels.dashboards.view import View
from csmetrics_panels.form import dropdown
from csmetrics_panels.notebook import in_notebook
from csmetrics_panels.reading import ENDINGS, LARGEST_UPLOAD, Files, check_upload, read_upload
from csmetrics_panels.request import LENGTHS
from csmetrics_panels.upload import Upload
from csmetrics_panels.work import Job, Worker

Build = Callable[[View], Sequence[Block]]


@dataclass(frozen=True)
class Page:
    """One tab: its title, what it shows, and what can be changed on it."""

    title: str
    build: Build
    controls: Sequence[Any] = field(default=())


class Dashboard(widgets.VBox):
    """Pages with shared filters: one segment, a month, quarter or trailing twelve months, and the month it ends with.

    Args:
        tables: pandas or Polars frames by name, a sample company, a file or a folder; by default the sample company.
        background: compute on a thread; by default where a notebook runs.
        choices: `segment`, `span` and `end` to start with.
    """

    name = ""
    title = ""
    question = ""

    def __init__(self, tables: Any = None, *, background: bool | None = None, **choices: Any) -> None:
        self.data = Data(tables)
        self.when_used: Callable[[Any], None] = lambda _: None  # told of tables that come later
        self._quiet = True
        self._blocks: dict[int, Sequence[Block]] = {}
        live = in_notebook() if background is None else background
        self._worker = Worker(False)  # at first: what a cell shows is there when the cell is done
        self._head = widgets.HTML(card.wrap(f"<h2>{self.title}</h2><div class='quiet'>{self.question}</div>"))
        self._said = widgets.HTML()
        takes = f"CSV, XLSX or Parquet, up to {LARGEST_UPLOAD >> 20} MB each; tables are recognised by their headings"
        self._upload = Upload(
            "Use your own tables", takes, ENDINGS, LARGEST_UPLOAD, self._take_upload, self._refuse_sizes, multiple=True
        )
        self._segment = dropdown("segment", [("all", "")], "One segment, or all")
        self._span = dropdown("period", [(name, name) for name in LENGTHS], "How many months count together")
        self._end = dropdown("ending", [("", None)], "The last month of the period")
        self._progress = widgets.FloatProgress(min=0, max=1, description="working", layout={"width": "220px"})
        self._cancel = widgets.Button(description="Cancel", tooltip="Stop, and keep what is shown")
        self._busy = widgets.HBox([self._progress, self._cancel], layout={"visibility": "hidden"})
        filters = [self._segment, self._span, self._end, self._upload]
        for widget in filters[:3]:
            widget.style.description_width = "60px"
            widget.layout.width = "250px"
        self._pages = list(self.pages())
        self._screens = [Screen(layout={"width": "100%"}) for _ in self._pages]
        boxes = [
            widgets.VBox([*page.controls, screen]) for page, screen in zip(self._pages, self._screens, strict=True)
        ]
        self._tabs = widgets.Tab(boxes, titles=[page.title for page in self._pages], selected_index=0)
        self._python = Code(label="Python")
        files = [Download(text, make) for text, make in export.dashboard_files(self)]
        # Beside the title the progress has its place at all times: nothing moves when it comes or goes.
        top = widgets.HBox([self._head, self._busy], layout={"justify_content": "space-between"})
        bottom = widgets.HBox(files, layout={"flex_flow": "row wrap"})
        choices_row = widgets.HBox(filters, layout={"flex_flow": "row wrap"})
        super().__init__([top, self._said, choices_row, self._tabs, self._python, bottom, Fitter()])
        self.add_class("csm-board")
        self._listen()
        self._offer()
        self._quiet = False
        self.choose(**choices) if choices else self.refresh()
        self._worker = Worker(live, self._show_busy, self._show_progress)

    def pages(self) -> Sequence[Page]:
        """The tabs."""
        raise NotImplementedError

    @property
    def view(self) -> View:
        """The rows chosen."""
        return self._view(Job(lambda _: None))

    @property
    def whole_view(self) -> View:
        """The same months, of all segments."""
        frames, company = self.data.split("")
        return replace(self.view, frames=frames, company=company, segment="")

    @property
    def typed(self) -> dict[str, Any]:
        """What was typed on the screen, under the names of the template's cells to type into."""
        return {}

    @property
    def blocks(self) -> Sequence[Block]:
        """What the page in front shows."""
        self._worker.wait()
        return self._blocks.get(self._tabs.selected_index or 0, ())

    @property
    def code(self) -> str:
        """The same dashboard as Python."""
        tables = "" if self.data.is_sample else ", tables"
        words = [f"{name}={value!r}" for name, value in self.choices().items()]
        return f"from csmetrics_panels import dashboard\n\ndashboard({', '.join([repr(self.name) + tables, *words])})"

    def choices(self) -> dict[str, Any]:
        """What is chosen, as `choose` takes it."""
        chosen = {"segment": self._segment.value, "span": self._span.value}
        end = self._end.value
        return {k: v for k, v in chosen.items() if v} | ({"end": month_text(end)} if end is not None else {})

    def choose(self, **choices: Any) -> "Dashboard":
        """Choose the segment, the span, the month it ends with (such as "2026-09"), and the page by its title.

        Raises:
            MetricError: there is no such choice.
        """
        with self._together():
            for name, value in choices.items():
                if name == "page":
                    self._tabs.selected_index = [page.title for page in self._pages].index(value)
                    continue
                widget = {"segment": self._segment, "span": self._span, "end": self._end}.get(name)
                options = dict(widget.options) if widget is not None else {}
                if value not in options and value not in options.values():
                    known = ", ".join(map(str, options)) or "segment, span, end, page"
                    raise wrong_kind(name, None, value, f"one of {known}")
                widget.value = options.get(value, value)
        self.refresh()
        return self

    def tell(self, words: str) -> None:
        """Say something above the filters."""
        self._said.value = card.note(words) if words else self._said.value

    def use(self, tables: Any) -> None:
        """Take other tables.

        Raises:
            MetricError: they are no tables.
        """
        self._use(Data(tables))

    def _use(self, data: Data) -> None:
        self.data = data
        with self._together():
            self._offer()
        self.when_used(Files(self.data.frames, self.data.folder))
        self.refresh()

    def refresh(self, wait: float = 0.0) -> None:
        """Work the page in front out again; the others when they are opened."""
        if self._quiet:
            return
        self._blocks.clear()
        self._open(wait)

    def _open(self, wait: float = 0.0) -> None:
        if self._quiet:
            return
        self._python.text = self.code
        front = self._tabs.selected_index or 0
        if front in self._blocks:
            return
        self._worker.submit(
            lambda job: self._build(front, job), lambda b: self._show(front, b), lambda e: self._fail(front, e), wait
        )

    def _build(self, front: int, job: Job) -> Sequence[Block]:
        try:
            return self._pages[front].build(self._view(job))
        except Missing as lacking:
            return [Words(f"Nothing to show yet: {lacking}.", empty=True)]
        except MetricError as error:
            return [Words(str(error), empty=True)]

    def _view(self, job: Job) -> View:
        frames, company = self.data.split(self._segment.value)
        span = self._span.value
        return View(frames, company, self.data.given, self._segment.value, span, LENGTHS[span], self._end.value, job)

    def _show(self, front: int, blocks: Sequence[Block]) -> None:
        self._blocks[front] = blocks
        self._screens[front].show(blocks)

    def _fail(self, front: int, error: Exception) -> None:
        self._screens[front].show([Words(f"{type(error).__name__}: {error}", empty=True)])

    def _offer(self) -> None:
        """Offer the segments and months of the tables."""
        self._segment.options = [("all", ""), *((name, name) for name in self.data.segments)]
        months = self.data.months()
        self._end.options = [(month_text(month), month) for month in months] or [("no dates", None)]
        self._end.value = self._end.options[0][1]
        note = SAMPLE_NOTE if self.data.is_sample else f"Your tables: {', '.join(self.data.frames)}."
        unsplit = ", ".join(self.data.unsplit()) if self.data.segments else ""
        said = card.note(f"{note} Not split by segment: {unsplit}." if unsplit else note)
        self._said.value = said + (card.reading(self.data.folder) if self.data.folder else "")

    def _listen(self) -> None:
        for widget in (self._segment, self._span, self._end):
            widget.observe(lambda _: self.refresh(), "value")
        self._tabs.observe(lambda _: self._open(), "selected_index")
        self._cancel.on_click(lambda _: self._stop())

    def _take_upload(self, files: Mapping[str, bytes]) -> None:
        before = {} if self.data.is_sample else self.data.frames
        interrupted = self._worker.cancel()

        def read(_: Job) -> Data:
            found = read_upload(files)
            return Data(Files({**before, **found.tables}, found.folder or self.data.folder))

        def refuse(error: Exception) -> None:
            self._said.value = card.refusal(error)
            if interrupted:
                self.refresh()

        self._said.value = card.note(f"Reading {', '.join(files)}…")
        self._worker.submit(read, self._use, refuse)

    def _refuse_sizes(self, sizes: Mapping[str, int]) -> None:
        try:
            check_upload(sizes)
        except MetricError as error:
            self._said.value = card.refusal(error)

    @contextmanager
    def _together(self) -> Iterator[None]:
        before, self._quiet = self._quiet, True
        try:
            yield
        finally:
            self._quiet = before

    def _stop(self) -> None:
        self._worker.cancel()
        self._show_busy(False)
        self._said.value = card.note("Cancelled; what is shown is of the choices before.")

    def _show_busy(self, busy: bool) -> None:
        self._busy.layout.visibility = "visible" if busy else "hidden"

    def _show_progress(self, done: float) -> None:
        self._progress.value = done

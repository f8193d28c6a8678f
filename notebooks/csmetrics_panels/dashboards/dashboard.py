"""Dashboard: pages over a company's tables with shared filters. The subjects are in files of their own."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import ipywidgets as widgets

from csmetrics_core.company.company import Missing, month_text
from csmetrics_core.errors import MetricError, WrongCall, wrong_kind
from csmetrics_core.intake.spans import LENGTHS, end_month
from csmetrics_core.samples import SAMPLE_NOTE
from csmetrics_panels import export
from csmetrics_panels.dashboards.blocks import Block, Screen, Words, still_parts
from csmetrics_panels.dashboards.data import Data
from csmetrics_panels.dashboards.view import View
from csmetrics_panels.data.reading import Files, add_upload, read_given, said_of, spelt, words_of
from csmetrics_panels.data.sources import called
from csmetrics_panels.data.upload import Upload
from csmetrics_panels.metric.form import dropdown
from csmetrics_panels.screen import card
from csmetrics_panels.screen.browser import Code, Download, Fitter, Slider
from csmetrics_panels.screen.closing import Closing
from csmetrics_panels.screen.notebook import in_notebook
from csmetrics_panels.screen.questions import Questions
from csmetrics_panels.screen.still import Part, Still, heading
from csmetrics_panels.screen.work import Job, Worker

Build = Callable[[View], Sequence[Block]]


@dataclass(frozen=True)
class Page:
    """One tab: its title, what it shows, and what can be changed on it."""

    title: str
    build: Build
    controls: Sequence[Any] = field(default=())


class Dashboard(Closing, Still, widgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """Pages with shared filters: one segment, a month, quarter or trailing twelve months, and the month it ends with.

    Args:
        tables: pandas or Polars frames by name, a sample company, a file or a folder; by default the sample company.
        background: compute on a thread; by default where a notebook runs.
        choices: `segment`, `span`, `end` and `page` to start with, and the page's own, such as `churn` or `band`;
            and what files cannot say about themselves, such as `columns={"end": "Gone"}` or `dates="dmy"`.
    """

    name = ""
    title = ""
    question = ""

    def __init__(self, tables: Any = None, *, background: bool | None = None, **choices: Any) -> None:
        self._words = dict(choices)
        self._about = said_of(choices)
        self._words = {name: value for name, value in self._words.items() if name not in choices}
        self.data = Data(tables, self._about)
        self._given = tables
        self.when_used: Callable[[Any], None] = lambda _: None  # told of tables that come later
        self._quiet = True
        self._blocks: dict[int, Sequence[Block]] = {}
        live = in_notebook() if background is None else background
        self._worker = Worker(False)  # at first: what a cell shows is there when the cell is done
        self._head = widgets.HTML(card.wrap(f"<h2>{self.title}</h2><div class='quiet'>{self.question}</div>"))
        self._said = widgets.HTML()
        self._questions = Questions(self._answer)
        remark = "; tables are recognised by their headings"
        self._upload = Upload("Use your own tables", self._take_upload, self._refuse, remark, multiple=True)
        self._segment = dropdown("segment", [("all", "")], "One segment, or all")
        self._span = dropdown("period", [(name, name) for name in LENGTHS], "How many months count together")
        self._end = dropdown("ending", [("no dates", "")], "The last month of the period")
        self._progress = widgets.FloatProgress(min=0, max=1, description="working", layout={"width": "220px"})
        self._cancel = widgets.Button(description="Cancel", tooltip="Stop, and keep what is shown")
        self._busy = widgets.HBox([self._progress, self._cancel], layout={"visibility": "hidden"})
        filters = [self._segment, self._span, self._end, self._upload]
        for widget in filters[:3]:
            widget.style.description_width = "60px"
            widget.layout.width = "250px"
        self._back = widgets.Button(description="Reset", tooltip="Put back what was changed on this page")
        self._pages = list(self.pages())
        self._start = {name: knob.value for name, knob in self.knobs.items()}
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
        super().__init__([top, self._said, self._questions, choices_row, self._tabs, self._python, bottom, Fitter()])
        self.add_class("csm-board")
        self._listen()
        self._offer()
        self._quiet = False
        self.choose(**choices) if choices else self.refresh()
        self._worker = Worker(live, self._show_busy, self._show_progress)

    def __repr__(self) -> str:
        """What a notebook keeps for readers without a kernel."""
        chosen = ", ".join(f"{name} {value}" for name, value in self.choices().items())
        return f"Dashboard {self.title}: {chosen} (run the cell to use it)"

    def parts(self) -> list[Part]:
        """What the page in front shows, below its name and what is chosen."""
        chosen = ", ".join(f"{name} {value}" for name, value in self.choices().items() if name != "page")
        page = self._pages[self._tabs.selected_index or 0].title
        source = SAMPLE_NOTE if self.data.is_sample else ""
        return [heading(f"{self.title}: {page}", self.question, chosen, source), *still_parts(self.blocks)]

    def pages(self) -> Sequence[Page]:
        """The tabs."""
        raise NotImplementedError

    @property
    def end(self) -> int | None:
        """The last month chosen, counted from January 1970; None where no table has dates."""
        return None if self._end.value == "" else self._end.value

    @property
    def knobs(self) -> Mapping[str, Any]:
        """What can be changed on the pages, beside the filters they share, by the name `choose` takes."""
        return {}

    def turned(self) -> dict[str, Any]:
        """Those that stand elsewhere than where they began."""
        return {name: knob.value for name, knob in self.knobs.items() if knob.value != self._start[name]}

    def reset(self) -> None:
        """Put them back where they began."""
        with self._together():
            for name, value in self._start.items():
                self.knobs[name].value = value
        self.refresh()

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
        tables, said = self._spelled()
        words = [f"{name}={value!r}" for name, value in (self._words | self.choices()).items()]
        call = f"dashboard({', '.join([repr(self.name), *tables, *words])})"
        return "\n".join(["from csmetrics_panels import dashboard", "", *said, call])

    def _spelled(self) -> tuple[list[str], list[str]]:
        """The tables as the code names them, and what there is to say about that."""
        if self._given is None:
            return [], []
        if isinstance(self._given, str | Path):
            return [repr(str(self._given))], []
        name, said = called(self._given, "tables")
        return [name], [said] if said else []

    def choices(self) -> dict[str, Any]:
        """What is chosen, as `choose` takes it."""
        chosen = {"segment": self._segment.value, "span": self._span.value}
        end = self.end
        found = {k: v for k, v in chosen.items() if v} | ({"end": month_text(end)} if end is not None else {})
        front = self._tabs.selected_index or 0
        return found | ({"page": self._pages[front].title} if front else {}) | self.turned()

    def choose(self, **choices: Any) -> "Dashboard":
        """Choose the segment, the span, the month it ends with (such as "2026-09"), the page by its title, and knobs.

        Raises:
            MetricError: there is no such choice.
        """
        with self._together():
            for name in sorted(choices, key=lambda name: name in self.knobs):  # a page starts from the rows chosen
                self._choose(name, choices[name])
        self.refresh()
        return self

    def _choose(self, name: str, value: Any) -> None:
        lists = {"segment": self._segment, "span": self._span, "end": self._end}
        knob = {**lists, **self.knobs}.get(name)
        if name == "page":
            titles = {page.title: place for place, page in enumerate(self._pages)}
            if value not in titles:
                raise wrong_kind(name, None, value, f"one of {', '.join(titles)}")
            self._tabs.selected_index = titles[value]
        elif knob is None:
            known = ", ".join([*lists, "page", *self.knobs])
            raise WrongCall(f"there is no choice called {name!r}", f"There are {known}.")
        elif isinstance(knob, Slider):
            self.turn(name, knob, value)
        elif not hasattr(knob, "options"):
            self._type(name, knob, value)
        else:
            options = dict(knob.options)
            if name == "end" and value not in options.values():
                value = next(iter(options)) if value is None else end_month(value)
            if value not in options and value not in options.values():
                raise wrong_kind(name, None, value, f"one of {', '.join(map(str, options))}")
            knob.value = options.get(value, value)

    @staticmethod
    def _type(name: str, box: Any, value: Any) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float) or not box.min <= value <= box.max:
            raise wrong_kind(name, None, value, f"a number from {box.min:g} to {box.max:g}")
        box.value = float(value)

    def turn(self, name: str, slider: Slider, value: Any) -> None:
        """Move a slider; one that ends too early is made longer.

        Raises:
            WrongKind: it is no number, or below where the slider begins.
        """
        if isinstance(value, bool) or not isinstance(value, int | float) or not slider.low <= value < float("inf"):
            raise wrong_kind(name, None, value, f"a number from {slider.low:g}")
        slider.high = max(slider.high, float(value))
        slider.value = float(value)

    def tell(self, words: str) -> None:
        """Say something above the filters."""
        self._said.value = card.note(words) if words else self._said.value

    def use(self, tables: Any) -> None:
        """Take other tables.

        Raises:
            MetricError: they are no tables.
        """
        self.data = Data(tables, self._about)
        self._given = tables
        with self._together():
            self._offer()
        self.when_used(self.data.files)
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
            text = " ".join(
                filter(None, (f"Nothing to show yet: {str(lacking).rstrip('.')}.", spelt(lacking.remedies)))
            )
            return [Words(text, empty=True)]
        except MetricError as error:
            return [Words(str(error), empty=True)]

    def _view(self, job: Job) -> View:
        frames, company = self.data.split(self._segment.value)
        span = self._span.value
        return View(frames, company, self.data.given, self._segment.value, span, LENGTHS[span], self.end, job)

    def _show(self, front: int, blocks: Sequence[Block]) -> None:
        self._blocks[front] = blocks
        self._screens[front].show(blocks)

    def _fail(self, front: int, error: Exception) -> None:
        self._screens[front].show([Words(f"{type(error).__name__}: {error}", empty=True)])

    def _offer(self) -> None:
        """Offer the segments and months of the tables."""
        self._segment.options = [("all", ""), *((name, name) for name in self.data.segments)]
        months = self.data.months()
        self._end.options = [(month_text(month), month) for month in months] or [("no dates", "")]
        self._end.value = self._end.options[0][1]
        yours = f"Your tables: {', '.join(self.data.frames)}." if self.data.frames else "No table is read yet."
        note = SAMPLE_NOTE if self.data.is_sample else yours
        unsplit = ", ".join(self.data.unsplit()) if self.data.segments else ""
        said = card.note(f"{note} Not split by segment: {unsplit}." if unsplit else note)
        self._said.value = said + (card.reading(self.data.read, with_form=True) if self.data.read else "")
        self._questions.ask(self.data.read, self._about)

    def _listen(self) -> None:
        for widget in (self._segment, self._span, self._end):
            widget.observe(lambda _: self.refresh(), "value")
        self._tabs.observe(lambda _: self._open(), "selected_index")
        self._cancel.on_click(lambda _: self._stop())
        self._back.on_click(lambda _: self.reset())

    def _take_upload(self, files: Mapping[str, bytes]) -> None:
        before = None if self.data.is_sample else self.data.files
        interrupted = self._worker.cancel()

        def read(_: Job) -> Files:
            return add_upload(before, files, self._about)

        def refuse(error: Exception) -> None:
            self._refuse(error)
            if interrupted:
                self.refresh()

        self._said.value = card.note(f"Reading {', '.join(files)}…")
        self._worker.submit(read, self.use, refuse)

    def _answer(self, said: Any) -> None:
        """One answer more: the files are read again, and the code says it too."""
        given, named = self.data.files.given, self._given

        def use(files: Files) -> None:
            self._about, self._words = said, words_of(said)
            self.use(files)
            self._given = named
            self._python.text = self.code

        self._said.value = card.note("Reading again…")
        self._worker.submit(lambda _: read_given(given, said), use, self._refuse)

    def _refuse(self, error: Exception) -> None:
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

"""Two files about the same revenue, such as billing and CRM: what explains each customer's difference."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Literal

import ipywidgets as widgets

from csmetrics_core.declaration.spec import MONEY, TEXT
from csmetrics_core.errors import MetricError, NoData, WrongKind, wrong_kind
from csmetrics_core.tables import arr_compare
from csmetrics_panels import export
from csmetrics_panels.dashboards.blocks import Block, Figure, Figures, Grid, Picture, Screen, Words, still_parts
from csmetrics_panels.data.reading import check_upload, said_of
from csmetrics_panels.data.sources import called
from csmetrics_panels.data.upload import Upload
from csmetrics_panels.metric.form import dropdown
from csmetrics_panels.screen import card
from csmetrics_panels.screen.browser import Code, Download, Fitter
from csmetrics_panels.screen.charts import waterfall
from csmetrics_panels.screen.closing import Closing
from csmetrics_panels.screen.notebook import in_notebook
from csmetrics_panels.screen.still import Part, Still, heading
from csmetrics_panels.screen.work import Worker

_ALL = ("all who differ: click a bar, or choose one", "")
_ENDS = [
    ("as lines that follow tell", "auto"),
    ("the last day paid", "last_day"),
    ("the first day unpaid", "first_unpaid"),
]
_UNEXPLAINED = "unexplained"
_TITLE, _QUESTION = "Two files compared", "Why do billing and CRM disagree, customer by customer?"
_SIDES = {"left": "Left file, such as billing", "right": "Right file, such as CRM"}


class ComparePanel(Closing, Still, widgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """Two files valued on one day, customer by customer. See `compare`."""

    def __init__(
        self, left: Any = None, right: Any = None, as_of: Any = "", *, ends: str = "auto", rates: Any = None,
        background: bool | None = None, **said: Any,
    ) -> None:  # fmt: skip
        self._given = {"left": left, "right": right}
        self._rates, self._about = rates, said_of(said)
        if said:
            raise wrong_kind(next(iter(said)), None, next(iter(said.values())), "something a file cannot say of itself")
        self._steps: Any = None
        self._customers: Any = None
        self._notes: list[str] = []
        self._uploads = [Upload(text, self._taker(side), self._refuse) for side, text in _SIDES.items()]
        self._day = widgets.Text(
            description="as of", value=str(as_of or ""), placeholder="such as 2026-09-30", continuous_update=False,
            tooltip="The day at whose end both are valued", layout={"width": "260px"},
        )  # fmt: skip
        self._ends = dropdown("ends are", _ENDS, "Whether the end of a contract line is still paid for")
        if ends not in dict(_ENDS).values():
            raise wrong_kind("ends", None, ends, f"one of {', '.join(dict(_ENDS).values())}")
        self._ends.value = ends
        self._step = dropdown("customers", [_ALL], "Whose lines below the chart are shown")
        self._step.layout.width = "460px"
        self._screen, self._code = Screen(layout={"width": "100%"}), Code(label="Python")
        head = f"<h2>{_TITLE}</h2><div class='quiet'>{_QUESTION}</div>"
        row = widgets.HBox([*self._uploads, self._day, self._ends], layout={"flex_flow": "row wrap"})
        files = [Download("CSV of the customers", self._csv), Download(*export.page_file("compare", self))]
        bottom = widgets.HBox(files, layout={"flex_flow": "row wrap"})
        super().__init__([widgets.HTML(card.wrap(head)), row, self._step, self._screen, self._code, bottom, Fitter()])
        self.add_class("csm-board")
        self._worker = Worker(False)
        self.refresh()
        self._worker = Worker(in_notebook() if background is None else background)
        for control in (self._day, self._ends):
            control.observe(lambda _: self.refresh(), "value")
        self._step.observe(lambda _: self._show(), "value")

    def __repr__(self) -> str:
        """What a notebook keeps for readers without a kernel."""
        return f"Two files compared as of {self._day.value or 'a day still to be said'} (run the cell to use it)"

    @property
    def value(self) -> Any:
        """The customers, as `tables.arr_compare` gives them; None while something is still to be given."""
        self._worker.wait()
        return self._customers

    @property
    def steps(self) -> Any:
        """The waterfall from the left total to the right one; None while something is still to be given."""
        self._worker.wait()
        return self._steps

    def parts(self) -> list[Part]:
        """What is compared, and the outcome as tables and a picture."""
        blocks = () if self.value is None else self._blocks()
        return [heading(_TITLE, _QUESTION, f"as of {self._day.value}" if blocks else ""), *still_parts(blocks)]

    @property
    def code(self) -> str:
        """The same comparison as Python."""
        names, remarks = [], []
        for side, given in self._given.items():
            file = _file_name(given)
            name, remark = (repr(str(file)), "") if file else called(given, side)
            names.append(name)
            remarks += [remark] if remark else []
        words = [f"as_of={self._day.value!r}"] + [f"ends={self._ends.value!r}"] * (self._ends.value != "auto")
        call = f"compare({', '.join([*names, *words])})"
        return "\n".join(["from csmetrics_panels import compare", "", *remarks, call])

    def refresh(self) -> None:
        """Compare again."""
        self._customers = self._steps = None
        lacking = [text for side, text in _SIDES.items() if self._given[side] is None]
        if lacking or not self._day.value.strip():
            needed = " and ".join([*lacking, *(["the day to value both at"] if not self._day.value.strip() else [])])
            self._screen.show([Words(f"Nothing to compare yet: give {needed}.", empty=True)])
            self._code.text = ""
            return
        self._worker.submit(lambda _: self._compared(), self._take, self._refuse)

    def _compared(self) -> tuple[Any, Any, list[str]]:
        day, notes = _day(self._day.value), list[str]()
        left, right = (_lines(side, given, self._about, notes) for side, given in self._given.items())
        how: dict[str, Any] = {"end_is": self._ends.value, "rates": self._rates}
        steps = arr_compare(left, right, day, steps=True, **how)
        return steps, arr_compare(left, right, day, notes=notes, **how), list(dict.fromkeys(notes))

    def _take(self, found: tuple[Any, Any, list[str]]) -> None:
        self._steps, self._customers, self._notes = found
        names = list(dict.fromkeys(name for rules in self._customers["rules"] for name in _names(rules)))
        rest = [_UNEXPLAINED] if any(self._customers["unexplained"]) else []
        self._step.options = [_ALL, *((name, name) for name in [*names, *rest])]
        self._step.value = ""
        self._code.text = self.code
        self._show()

    def _show(self) -> None:
        if self._customers is not None:
            self._screen.show(self._blocks())

    def _blocks(self) -> Sequence[Block]:
        names = [Path(_file_name(self._given[side])).name for side in _SIDES]
        return _blocks(self._steps, self._customers, self._notes, names, self._step.value, self._clicked)

    def _clicked(self, bar: str) -> None:
        known = dict(self._step.options).values()
        self._step.value = bar if bar in known else ""

    def _taker(self, side: str) -> Callable[[Mapping[str, bytes]], None]:
        def take(files: Mapping[str, bytes]) -> None:
            try:
                check_upload({name: len(content) for name, content in files.items()})
            except MetricError as error:
                self._refuse(error)
                return
            self._given[side] = dict(files)
            self.refresh()

        return take

    def _refuse(self, error: Exception) -> None:
        self._screen.show([Words(str(error) if isinstance(error, MetricError) else repr(error), empty=True)])

    def _csv(self) -> export.File:
        if self.value is None:
            raise NoData("there is no result yet", "Give two files and a day.")
        return "compare.csv", "text/csv", export.csv_bytes(_columns(self.value))


def _file_name(given: Any) -> str | Path:
    """The path of a file, or the name of an upload; nothing of a frame."""
    return given if isinstance(given, str | Path) else next(iter(given)) if isinstance(given, Mapping) else ""


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise wrong_kind("as_of", None, text, "a day such as 2026-09-30") from None


def _lines(side: str, given: Any, said: Any, notes: list[str]) -> Any:
    """Contract lines as a frame: one that is given, or the one table of a file, read by the entrance."""
    if not isinstance(given, str | Path | Mapping):
        return given
    from csmetrics_core.files.typed import typed_tables
    from csmetrics_core.tables.frames import readable

    if not isinstance(given, Mapping) and not Path(given).exists():
        raise WrongKind(f"there is no {given}", "Check the path.", argument=side)
    source = given if isinstance(given, Mapping) else Path(given)
    tables = typed_tables(source if isinstance(given, Mapping) else [source], said)
    if len(tables) > 1:
        names = ", ".join(table.name for table in tables)
        raise WrongKind(f"the {side} file holds several tables: {names}", "Give a file with one.", argument=side)
    (table,) = tables
    for wait in table.waits:
        raise WrongKind(wait.problem, wait.fix, argument=side)
    notes += [f"{side}: {note}" for note in table.notes]
    return readable(table.frame.replace({"": None}).infer_objects())


def _names(rules: str) -> list[str]:
    """The rules that explain a customer's difference."""
    return [one.rpartition(": ")[0] for one in rules.split("; ") if one]


def _columns(customers: Any) -> dict[str, list[Any]]:
    return {str(name): list(customers[name]) for name in customers.columns}


def _blocks(
    steps: Any, customers: Any, notes: Sequence[str], names: Sequence[str], chosen: str, clicked: Callable[[str], None]
) -> Sequence[Block]:
    """The totals, the waterfall between them, and the customers of a step, or all who differ."""
    amounts = dict(zip(map(str, steps["step"]), map(float, steps["amount"]), strict=True))
    columns = _columns(customers)
    rows = [k for k, amount in enumerate(columns["difference"]) if amount]
    if chosen == _UNEXPLAINED:
        rows = [k for k, amount in enumerate(columns["unexplained"]) if amount]
    elif chosen:
        rows = [k for k, rules in enumerate(columns["rules"]) if chosen in _names(rules)]
    rest = sum(1 for amount in columns["unexplained"] if amount)
    figures = [
        Figure("Left ARR", MONEY.text(amounts["left total"]), names[0]),
        Figure("Right ARR", MONEY.text(amounts["right total"]), names[1]),
        Figure("Difference", MONEY.text(amounts["right total"] - amounts["left total"]), f"{_counted(columns)} differ"),
        Figure("Unexplained", MONEY.text(amounts[_UNEXPLAINED]), f"{rest} customer{'s' * (rest != 1)}"),
    ]
    ways: list[tuple[str, float, Literal["total", "up", "down"]]] = []
    for name, amount in amounts.items():
        if name.endswith(" total"):
            ways.append((name, amount, "total"))
        elif amount:
            ways.append((name, abs(amount), "up" if amount > 0 else "down"))
    units = [MONEY if name in ("left", "right", "difference", "unexplained") else TEXT for name in columns]
    shown = {name: [cells[k] for k in rows] for name, cells in columns.items()}
    caption = f"Customers of: {chosen}" if chosen else "Customers who differ, the largest first"
    grid = Grid(shown, units, caption) if rows else Words("No customer differs.", empty=not chosen)
    return [Figures(figures), Picture(waterfall("From left to right", ways, MONEY), clicked), grid, *map(Words, notes)]


def _counted(columns: Mapping[str, Sequence[Any]]) -> str:
    count = sum(1 for amount in columns["difference"] if amount)
    return f"{count:,} of {len(columns['difference']):,} customers"

"""A workbook being built: its pages, its data tables, its three choices, and what goes on the common pages."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from typing import IO, Any

import numpy as np
from xlsxwriter import Workbook

from csmetrics_core import CATALOG
from csmetrics_core.declaration.dynamic import lambda_names
from csmetrics_core.declaration.spec import COUNT, Unit
from csmetrics_workbooks.kit.bulk import DataPackager, DataWorksheet
from csmetrics_workbooks.kit.formulas import NEEDS_ADDIN, Host, Scope, call, table_cell
from csmetrics_workbooks.kit.letterhead import PAPERS, Letterhead, text_of
from csmetrics_workbooks.kit.sheet import Page
from csmetrics_workbooks.kit.style import Looks
from csmetrics_workbooks.kit.tables import Table, as_numbers
from csmetrics_workbooks.kit.terms import Term, month_number, serial

ALL = "All"
PERIODS = {"month": 1, "quarter": 3, "trailing 12": 12}
#: Rows the lists leave for segments typed later.
SEGMENT_ROOM = 12
_CREATED = datetime(2026, 1, 1)
#: Hears what is being done, with which page, and how much of how much is done; 0 of 0 where that cannot be told.
Heard = Callable[[str, str, int, int], None]


def unheard(what: str, page: str, done: int, of: int) -> None:
    """Nobody listens."""


class Pages(dict[str, Page]):
    """Pages by name, which say when one is begun."""

    def __init__(self, heard: Heard) -> None:
        super().__init__()
        self._heard = heard
        self._begun: set[str] = set()

    def __getitem__(self, name: str) -> Page:
        if name not in self._begun:
            self._heard("Building", name, len(self._begun), len(self))
            self._begun.add(name)
        return super().__getitem__(name)


@dataclass(frozen=True)
class Choices:
    """What the dashboard shows first.

    Args:
        as_of: any day of the last month shown.
        segment: one segment, or All.
        period: month, quarter or trailing 12.
        typed: what is in cells to type into, by the recipe's name for it, where it is not the template's own.
    """

    as_of: date
    segment: str = ALL
    period: str = "quarter"
    typed: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Check:
    """A line of the checks page.

    Args:
        what: must hold.
        found: how many places break it, or an amount that should be 0.
        mend: what to do then.
        unit: of what was found.
        where: the first row at fault, if that can be told.
    """

    what: str
    found: Term
    mend: str
    unit: Unit = COUNT
    where: Term | None = None


class _DataWorkbook(Workbook):  # type: ignore[misc]  # XlsxWriter has no types
    def _get_packager(self) -> DataPackager:
        return DataPackager()


@dataclass
class Book:
    """What a recipe writes into."""

    target: str | IO[bytes]
    title: str
    host: Host
    choices: Choices
    note: str
    segments: Sequence[str]
    months: Sequence[date]
    closed: Sequence[Sequence[Any]] = ()
    heard: Heard = unheard
    letterhead: Letterhead = field(default_factory=Letterhead)
    sample: bool = False
    checks: list[Check] = field(default_factory=list)
    used: dict[str, str] = field(default_factory=dict)
    bare: set[str] = field(default_factory=set)
    closable: list[tuple[str, Unit, Term]] = field(default_factory=list)
    tables: dict[str, Table] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.pages = Pages(self.heard)
        options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
        self._book = _DataWorkbook(self.target, {**options, "in_memory": True})
        about = {"title": self.title, "author": "csmetrics", "created": _CREATED, "comments": self.note}
        self._book.set_properties(about)
        self._book.set_calc_mode("auto")
        self._book.set_size(2400, 1400)
        self.looks = Looks(self._book)
        self._memo: dict[str, Any] = {}

    def add_page(self, name: str, colour: str | None = None) -> Page:
        """Add a worksheet at the end."""
        worksheet = self._book.add_worksheet(name, worksheet_class=DataWorksheet)
        if colour:
            worksheet.set_tab_color(colour)
        worksheet.set_paper(PAPERS[self.letterhead.paper])
        page = Page(worksheet, name, self.looks)
        self.pages[name] = page
        return page

    def chart(self, kind: str, **traits: Any) -> Any:
        """A chart to place on a page."""
        return _with_gaps(self._book.add_chart({"type": kind, **traits}))

    def name_cell(self, name: str, cell: Term) -> Term:
        """Give a cell a name, and return the name as a term."""
        self._book.define_name(name, f"={cell.text}")
        return Term(name, cell.value)

    def call(
        self,
        name: str,
        arguments: Mapping[str, Any],
        scope: Scope | None = None,
        plainly: Term | None = None,
        known: Any = None,
    ) -> Term:
        """A metric in a cell; the method page will explain it."""
        return self._noted(name, call(name, arguments, scope, plainly, known))

    def table_cell(
        self,
        name: str,
        arguments: Mapping[str, Any],
        row: int,
        column: str,
        *,
        scope: Scope | None = None,
        plainly: Term | None = None,
    ) -> Term:
        """One cell of a metric that gives a table."""
        return self._noted(name, table_cell(name, arguments, scope, row, column, plainly, self._memo))

    def _noted(self, name: str, cell: Term) -> Term:
        self.explain(name)
        if f'"{NEEDS_ADDIN}"' in cell.text:
            self.bare.add(name)
        return cell

    def explain(self, *names: str, remark: str = "") -> None:
        """Put metrics on the method page, with what is particular about them in this workbook."""
        for name in names:
            self.used[name] = remark or self.used.get(name, "")

    def sample_target(self, value: float) -> float | None:
        """A target to type over; the sample's judge nobody else's company."""
        return value if self.sample else None

    @property
    def printed_for(self) -> Term:
        """Whose figures these are, of when and in what."""
        return Term("printed_for", text_of(self))

    @property
    def segment(self) -> Term:
        """The segment chosen."""
        return Term("segment_choice", self.choices.segment)

    @property
    def last_month(self) -> Term:
        """Year × 12 + month of the last month shown."""
        return Term("last_month", self.choices.as_of.year * 12 + self.choices.as_of.month)

    @property
    def period_months(self) -> Term:
        """Length of the period chosen."""
        return Term("period_months", PERIODS[self.choices.period])

    @property
    def addin_on(self) -> Term:
        """Whether the add-in is there; a fresh file says no until a program recalculates it."""
        return Term("addin_on", False)

    def in_segment(self, table: Table, header: str = "Segment") -> tuple[str, np.ndarray]:
        """Formula and truth: does a row belong to the segment chosen?"""
        if header not in table.cells:
            return "TRUE", np.ones(table.rows, dtype=bool)
        chosen = self.choices.segment.lower()
        inside = [chosen == ALL.lower() or (isinstance(v, str) and v.lower() == chosen) for v in table.cells[header]]
        formula = f'OR(segment_choice="{ALL}",{table.here(header)}=segment_choice)'
        return formula, np.array(inside, dtype=bool)

    def add_in_segment(self, table: Table) -> Term:
        """Helper column `In segment`: 1 or 0."""
        formula, inside = self.in_segment(table)
        return table.add("In segment", f"IF({formula},1,0)", inside.astype(float), COUNT)

    def add_periods(self, table: Table, dates: str, *, segment: bool = True, **lengths: Term | int) -> None:
        """Helper columns that number periods back from the last month shown: 1 is the latest, 0 none."""
        formula, inside = self.in_segment(table) if segment else ("TRUE", np.ones(table.rows, dtype=bool))
        serials = as_numbers(table.cells[dates])
        months = np.asarray(month_number(serials))
        cell = table.here(dates)
        for header, length in lengths.items():
            size = length.value if isinstance(length, Term) else length
            text = length.text if isinstance(length, Term) else str(length)
            number = np.floor((self.last_month.value - months) / size) + 1
            values = np.where(inside & np.isfinite(number), np.nan_to_num(number), 0.0)
            place = f"INT((last_month-YEAR({cell})*12-MONTH({cell}))/{text})+1"
            valid = f"(N({cell})>=61)*(N({cell})<2958466)"
            name = header.replace("_", " ").capitalize()
            wanted = "" if formula == "TRUE" else f"IF({formula},"
            table.add(name, f"{wanted}IF({valid},{place},0){',0)' if wanted else ''}", values, COUNT)

    def segment_cells(self) -> list[Term]:
        """The cells of the list of segments."""
        known = [*self.segments, *[None] * (SEGMENT_ROOM - len(self.segments))]
        return [Term(f"Lists!$A${6 + row}", value) for row, value in enumerate(known)]

    def add_segment_number(self, table: Table, period: str, header: str = "Segment now", number: int = 1) -> Term:
        """Helper column: the segment's place in the list, for rows of the period with that number, of any segment."""
        place = {s.lower(): i + 1 for i, s in enumerate(self.segments)}
        now = as_numbers(table.column(period).value) == number
        numbers = [
            place.get(s.lower(), 0) if n and isinstance(s, str) else 0
            for s, n in zip(table.cells["Segment"], now, strict=True)
        ]
        cell = table.here("Segment")
        # COUNTIF would take a segment called >250 for a comparison.
        place_ = f"SUMPRODUCT((segment_list={cell})*(ROW(segment_list)-5))"
        formula = f'IF({table.here(period)}={number},IF({cell}="",0,{place_}),0)'
        return table.add(header, formula, np.array(numbers, dtype=float), COUNT)

    def close_value(self, label: str, unit: Unit, value: Term) -> None:
        """Offer a figure to the history page."""
        self.closable.append((label, unit, value))

    def check(self, what: str, found: Term, mend: str, unit: Unit = COUNT, where: Term | None = None) -> None:
        """Add a line to the checks page."""
        self.checks.append(Check(what, found, mend, unit, where))

    def define_functions(self) -> None:
        """Bring the functions as LAMBDA names of Excel 365, for cells a person adds."""
        for name, formula in lambda_names().items():
            self._book.define_name(name, f"={formula}")

    def close(self) -> None:
        """Write the file."""
        total, done = sum(page.worksheet.last_row for page in self.pages.values()), 0
        for name, page in self.pages.items():
            page.worksheet.heard = partial(self._saving, name, done, total)
            done += page.worksheet.last_row
        self._book.close()

    def _saving(self, name: str, before: int, total: int, row: int) -> None:
        if before + row < total:
            self.heard("Saving", name, before + row, total)
        else:
            self.heard("Compressing", "", 0, 0)


def _with_gaps(chart: Any) -> Any:
    """A chart whose line goes from figure to figure; the library writes 0 for a cell that holds none.

    LibreOffice draws 0 where the file says that a line has a gap, and Excel goes on from #N/A to the next figure.
    """
    cached = chart._write_num_cache
    chart._write_num_cache = lambda data: cached([one if _is_figure(one) else None for one in data])
    chart.show_blanks_as("span")
    return chart


def _is_figure(cached: Any) -> bool:
    try:
        float(cached)
    except (TypeError, ValueError):
        return False
    return True


def month_label(day: date) -> float:
    """A month as the lists keep it: its first day's serial number."""
    return serial(day.replace(day=1))


def metric_unit(name: str) -> Unit:
    """The unit of a metric's result."""
    return CATALOG[name].unit

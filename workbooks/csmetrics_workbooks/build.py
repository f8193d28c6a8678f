"""Builds a template workbook from its recipe, with the sample company or with somebody's own data."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta, timezone
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from csmetrics_core.samples import SAMPLE_NOTE
from csmetrics_workbooks.kit.book import SEGMENT_ROOM, Book, Choices, Heard, month_label, unheard
from csmetrics_workbooks.kit.formulas import Host
from csmetrics_workbooks.kit.letterhead import SAMPLE_COMPANY, Letterhead
from csmetrics_workbooks.kit.steps import PAGE as STEPS
from csmetrics_workbooks.kit.steps import Steps
from csmetrics_workbooks.kit.tables import Table, as_numbers, month_key
from csmetrics_workbooks.kit.terms import month_number
from csmetrics_workbooks.pages.checking import alone, banner, checks, mixed, outside, undated
from csmetrics_workbooks.pages.common import data_pages, lists, method, start
from csmetrics_workbooks.pages.history import PAGE, history
from csmetrics_workbooks.recipes.recipe import Recipe

if TYPE_CHECKING:
    import pandas as pd

TEMPLATES = ("scorecard", "revenue_retention", "voice_of_customer", "health_score", "usage", "unit_economics")
REMOVE_NOTE = (
    f"{SAMPLE_NOTE} To remove it, paste your rows over it from the first one on, and delete the rows that are left; "
    "keep two, as LibreOffice loses a table without rows."
)
#: Rows of every sample table that come after the sample's last period was closed.
LATE_ROWS = 2
_LAST = (
    ("Checks", "what the data must pass before the figures are shown"),
    (PAGE, "closed periods as values, and later restatements"),
    (STEPS, "formulas that are too long to read in the cells of their figures"),
    ("Method", "formula, convention and source of every figure"),
    ("Lists", "segments and months"),
)
_CLOSED_NOTE = (
    f"{SAMPLE_NOTE} Its last period was closed before the last {LATE_ROWS} rows of every data page came in, which "
    "restate it. To begin your own history, delete the rows of the table Closed."
)
#: Pages that may take several sheets of paper.
_LONG = ("Method", "Checks")
#: Pages nobody hands over, beside those of data.
_UNPRINTED = ("Start", "Workings", STEPS, "Lists")
#: Days of thirty with something on them that make a busy page, and days its month may lack at its end.
_BUSY, _SLACK = 12, 4
_NO_DATES = 2026 * 12 + 9  # shown for a snapshot
_COLOURS = {"data": "#C9A227", "own": "#1F4E79", "common": "#7B8794"}


def recipe(name: str) -> Recipe:
    """One template by name."""
    return import_module(f"csmetrics_workbooks.recipes.{name}").RECIPE  # type: ignore[no-any-return]


def build(
    template: str,
    out: "str | Path | BytesIO",
    *,
    host: Host = Host.EXCEL,
    data: "Mapping[str, pd.DataFrame] | None" = None,
    note: str = REMOVE_NOTE,
    choices: Choices | None = None,
    closed: Sequence[Sequence[Any]] | None = None,
    heard: Heard = unheard,
    letterhead: Letterhead | None = None,
) -> Book:
    """Build a workbook; the same arguments give the same bytes.

    Args:
        template: one of TEMPLATES.
        out: where to write it.
        host: who will open it. Of the one for xlwings Lite this is the plain file: the command puts the functions in.
        data: frames by data sheet, with the sheets' headers; the sample company where it is None.
        note: what the data sheets say about their data.
        choices: what the dashboard shows first; the last month with data, all segments, quarter.
        closed: rows of the history page; for the sample two periods are closed, the later before its last rows came.
        heard: is told how far it is.
        letterhead: whose figures they are, their currency, and the paper they are printed on.

    Returns:
        The book, with every table and check.
    """
    plan = recipe(template)
    book = _figured(out, plan, host, data, note, choices, closed, heard, letterhead)
    dashboard = book.pages[plan.dashboard]
    for table in book.tables.values():
        undated(book, table)
        mixed(book, table)
        alone(book, table)
        outside(book, table)
    open_checks = checks(book)
    banner(book, dashboard, 1, 0, open_checks, plan.banner_width)
    data_pages(book)
    history(book, _CLOSED_NOTE if data is None and book.closed else "")
    method(book)
    lists(book)
    assert dashboard.steps is not None  # as every page has that people read
    dashboard.steps.finish(book)
    start(book, plan.answers, plan.steps, (*plan.pages, *_LAST))
    if host is Host.LAMBDA:
        book.define_functions()
    dashboard.worksheet.set_first_sheet()
    book.pages["Start"].worksheet.activate()
    book.close()
    return book


def _figured(
    out: "str | Path | BytesIO",
    plan: Recipe,
    host: Host,
    data: "Mapping[str, pd.DataFrame] | None",
    note: str,
    choices: Choices | None,
    closed: Sequence[Sequence[Any]] | None,
    heard: Heard = unheard,
    letterhead: Letterhead | None = None,
) -> Book:
    """The book with the figures of its own pages; the pages all templates have are not written yet."""
    frames = {s.name: data[s.name] if data is not None else make() for s, make in plan.sheets.items()}
    tables = {s.name: Table.of(s, frames[s.name]) for s in plan.sheets}
    chosen = choices or Choices(_last_month(tables))
    if closed is None:
        closed = _closed(plan, frames, chosen) if data is None and choices is None else []
    target = str(out) if isinstance(out, str | Path) else out
    book = Book(target, plan.title, host, chosen, note, _segments(tables), _months(tables, chosen.as_of), closed, heard)
    book.letterhead = letterhead or (Letterhead(SAMPLE_COMPANY) if data is None else Letterhead())
    book.sample = data is None
    book.tables.update(tables)
    for name, _ in (("Start", ""), *plan.pages, *_LAST):
        kind = "data" if name in tables else "own" if name in dict(plan.pages) else "common"
        page = book.add_page(name, _COLOURS[kind])
        if name in tables or name in _UNPRINTED:
            page.off_paper()
            continue
        if name in _LONG:
            page.worksheet.repeat_rows(0)
        else:
            page.on_one_sheet()
        page.printed_for = book.printed_for
    steps = Steps(book.pages[STEPS])
    for name in (*dict(plan.pages), "Checks"):
        if name not in tables and name != "Workings":
            book.pages[name].steps = steps
    plan.build(book)
    return book


def _closed(plan: Recipe, frames: "Mapping[str, pd.DataFrame]", now: Choices) -> list[list[Any]]:
    """The sample's history: the period before as it still is, and the one shown before some rows came late."""
    day = now.as_of.replace(day=1)
    for _ in range(3):
        day = (day - timedelta(days=1)).replace(day=1)
    then = {name: _before_late_rows(frame, now.as_of.strftime("%Y-%m")) for name, frame in frames.items()}
    rows = []
    for month, data in ((day, frames), (now.as_of, then)):
        choices = Choices(month, now.segment, now.period)
        book = _figured(BytesIO(), plan, Host.EXCEL, data, REMOVE_NOTE, choices, [])
        rows += [
            [month_label(month), now.period, now.segment, label, value.value]
            for label, _, value in book.closable
            if isinstance(value.value, int | float)
        ]
    return rows


def _before_late_rows(frame: "pd.DataFrame", month: str) -> "pd.DataFrame":
    """A data page as it was: without its last rows, or where months stand across without its last payments."""
    if month not in frame.columns:
        return frame.iloc[:-LATE_ROWS]
    frame = frame.copy()
    frame.loc[frame.index[frame[month].notna()][-LATE_ROWS:], month] = None
    return frame


def _last_month(tables: Mapping[str, Table]) -> date:
    """The last month that is over in the data; a page where little happens does not hold the others back."""
    reached = [_reached(table) for table in tables.values() if not table.sheet.ahead]
    whole = max((month for month, _ in reached if month), default=0)
    days = np.unique(np.concatenate([days for _, days in reached])) if reached else np.empty(0)
    last = whole
    if days.size:
        at = int(month_number(days[-1]))
        # Where something happens on most days, a month that stops early is not over yet.
        busy = (days > days[-1] - 30).sum() >= _BUSY
        over = at - 1 if busy and int(month_number(days[-1] + _SLACK)) == at else at
        last = over if whole == at else max(whole, over)
    year, month = divmod((last or _NO_DATES) - 1, 12)
    return date(year, month + 1, 1)


def _reached(table: Table) -> tuple[int | None, np.ndarray]:
    """The last month a page has as a whole, and the days it has."""
    held = [key for h in table.headers if (key := month_key(h)) and np.isfinite(as_numbers(table.cells[h])).any()]
    whole, days = _not_ahead(np.array(held, dtype=float))[-1:].astype(int).tolist(), [np.empty(0)]
    for field in table.sheet.fields:
        if field.is_date and field.header in table.cells and field.required:
            numbers = as_numbers(table.cells[field.header])
            good = numbers[(numbers >= 61) & (numbers < 2_958_466)]
            good = good[_not_ahead(month_number(good), mask=True)]
            if good.size and field.header == "Month":
                whole.append(int(month_number(good.max())))
            else:
                days.append(np.floor(good))
    return max(whole, default=None), np.concatenate(days)


def _not_ahead(months: np.ndarray, *, mask: bool = False) -> np.ndarray:
    """Months up to this one, or which of them are; later ones are plans, where there are others."""
    today = datetime.now(timezone.utc)
    past = months <= today.year * 12 + today.month
    past = past if past.any() else ~past
    return past if mask else months[past]


def _segments(tables: Mapping[str, Table]) -> list[str]:
    """The segments of all tables, the most frequent first, as many as the list holds."""
    counted: dict[str, int] = {}
    spelled: dict[str, str] = {}  # a spreadsheet takes North and NORTH for one
    for table in tables.values():
        for value in table.cells.get("Segment", ()):
            if isinstance(value, str) and value.strip():
                name = spelled.setdefault(value.lower(), value)
                counted[name] = counted.get(name, 0) + 1
    return sorted(sorted(counted), key=lambda s: -counted[s])[:SEGMENT_ROOM]


def _months(tables: Mapping[str, Table], last: date, count: int = 36) -> list[date]:
    """The months to choose from, the latest first."""
    index = last.year * 12 + last.month - 1
    del tables
    return [date((index - i) // 12, (index - i) % 12 + 1, 1) for i in range(count)]

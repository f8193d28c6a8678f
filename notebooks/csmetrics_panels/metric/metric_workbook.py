"""A panel's number as a small workbook: the rows that count, the metric as a live formula, what stands behind it."""

from datetime import date
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from csmetrics_core.declaration.spec import DATE, MOMENT, TEXT, Argument, Unit
from csmetrics_core.errors import NoData, OutOfScale, WrongShape
from csmetrics_core.explain import Explained
from csmetrics_panels.data.frames import Frame
from csmetrics_panels.metric.compute import Outcome
from csmetrics_panels.metric.request import Picked, Request

if TYPE_CHECKING:
    from csmetrics_workbooks.kit.book import Book
    from csmetrics_workbooks.kit.sheet import Page
    from csmetrics_workbooks.kit.tables import Table
    from csmetrics_workbooks.kit.terms import Term

#: Above it a workbook takes longer than a person waits, and opens slowly.
MOST_ROWS = 200_000
_UNITS = {"day": DATE, "moment": MOMENT, "text": TEXT, "id": TEXT, "flag": TEXT}
_AS_IT_IS = Unit("as it is", "General", "{}")
_ROW = "row"


def workbook(outcome: Outcome | None) -> bytes:
    """The workbook of a result.

    Raises:
        NoData: there is no result.
        WrongShape: the metric gives no single number.
        OutOfScale: there are too many rows.
    """
    from csmetrics_workbooks.kit.book import Book, Choices
    from csmetrics_workbooks.kit.formulas import Host
    from csmetrics_workbooks.pages.common import data_pages, method

    told = _single(outcome)
    request, held = outcome.request, BytesIO()  # type: ignore[union-attr]
    note = f"As the panel held it: {request.words()}."
    book = Book(held, told.metric.title, Host.EXCEL, Choices(date(2026, 1, 1)), note, (), ())
    table = _table(outcome)  # type: ignore[arg-type]
    pages = ["Result", *([table.name] if table else []), "Method"]
    for name in pages:
        book.add_page(name)
    if table:
        book.tables[table.name] = table
    _result(book, book.pages["Result"], told, request, table)
    data_pages(book)
    method(book)
    book.pages["Result"].worksheet.activate()
    book.close()
    return held.getvalue()


def _single(outcome: Outcome | None) -> Explained:
    if outcome is None or outcome.told is None:
        raise NoData("there is no result yet", "Choose what the card asks for.")
    metric = outcome.told.metric
    if metric.gives != "number":
        what = {"table": "a table", "pair": "two bounds", "words": "words"}[metric.gives]
        fix = "Take the CSV of the result, or the formula of the panel."
        raise WrongShape(f"{metric.title} gives {what}, and this workbook holds one number", fix)
    if metric.roles.block:
        fix = "Take the CSV of the result, or the formula of the panel."
        raise WrongShape(f"{metric.title} takes columns side by side, and this workbook gives each its own name", fix)
    if np.ndim(outcome.told.value):
        fix = "Take the CSV of the result, or type values in place of columns."
        raise WrongShape("there is one result a row, and this workbook holds one number", fix)
    return outcome.told


def _table(outcome: Outcome) -> "Table | None":
    """The rows that count: a column an argument, then the columns that chose them."""
    import pandas as pd
    from csmetrics_workbooks.kit.tables import Field, Sheet, Table

    request, frame = outcome.request, outcome.frame
    picked = {name: value.columns[0] for name, value in request.arguments.items() if isinstance(value, Picked)}
    if frame is None or not picked:
        return None
    rows = np.arange(len(frame))[slice(None) if outcome.rows is None else outcome.rows]
    if rows.size > MOST_ROWS:
        fix = "Choose a segment or a period."
        raise OutOfScale(f"{rows.size:,} rows count, and the workbook takes {MOST_ROWS:,}", fix, argument="data")
    fields = [Field(_ROW, _AS_IT_IS, "row of the data", width=8)]
    fields += [_field(request.metric.argument(name), heading) for name, heading in picked.items()]
    chosen_by = {"by segment": request.segment_by, "by date": request.dated_by}
    chosen_by = {header: heading for header, heading in chosen_by.items() if heading}
    fields += [_other(header, heading, frame) for header, heading in chosen_by.items()]
    columns: dict[str, np.ndarray | pd.Series] = {_ROW: rows + 1}
    for header, heading in {**picked, **chosen_by}.items():
        columns[header] = pd.Series(frame.series(heading, outcome.rows).to_list())
    return Table.of(Sheet("Data", "The rows that count, one column an argument.", tuple(fields)), pd.DataFrame(columns))


def _field(argument: Argument, heading: str) -> Any:
    from csmetrics_workbooks.kit.tables import Field

    return Field(argument.name, _UNITS.get(argument.kind.reading, _AS_IT_IS), f"from {heading}", width=16)


def _other(header: str, heading: str, frame: Frame) -> Any:
    from csmetrics_workbooks.kit.tables import Field

    return Field(header, DATE if heading in frame.dates() else TEXT, f"from {heading}", width=16)


def _result(book: "Book", page: "Page", told: Explained, request: Request, table: "Table | None") -> None:
    """The number, what was typed for it, and what the panel told."""
    metric, looks = told.metric, book.looks
    page.widths(30, 20, 60)
    page.title(metric.title, metric.summary, 3)
    page.headers(3, ["", "Value", ""], right=(1,), height=18)
    given, row = _inputs(page, request, table)
    page.put(4, 0, metric.title, looks.words(bold=True))
    value = book.call(metric.name, given, known=float(told.value))
    page.put(4, 1, value, looks.number(metric.unit, bold=True, font_size=14))
    page.put(4, 2, "live: with the add-in its function, without it plain formulas", looks.note())
    page.worksheet.set_row(4, 24)
    page.put(row, 0, "Add-in active", looks.words())
    from csmetrics_workbooks.kit.terms import Term

    book.name_cell("addin_on", page.put(row, 1, Term("NOT(ISERROR(CSM_VERSION()))", False), looks.number("General")))
    _told(page, row + 2, told, request)


def _inputs(page: "Page", request: Request, table: "Table | None") -> tuple[dict[str, "Term"], int]:
    """Each argument as a term: a column of the data, or a cell to type over."""
    from csmetrics_workbooks.kit.terms import serial

    given: dict[str, Term] = {}
    row = 5
    for name, value in request.arguments.items():
        if isinstance(value, Picked) and table is not None:
            given[name] = table.column(name)
            continue
        typed = serial(value) if isinstance(value, date) else value
        shown = "yyyy-mm-dd" if isinstance(value, date) else "General"
        page.put(row, 0, name.replace("_", " "), page.looks.words())
        given[name] = page.put(row, 1, typed, page.looks.input(shown))
        row += 1
    return given, row


def _told(page: "Page", row: int, told: Explained, request: Request) -> None:
    """What the panel said beside the number, as text: it does not follow the cells."""
    metric, looks = told.metric, page.looks
    page.heading(row, "What the panel said when this file was written", 3)
    lines = [("value", metric.unit.text(told.value)), ("rows", request.words())]
    if told.interval is not None:
        low, high = (metric.unit.text(bound) for bound in told.interval)
        lines.append((f"{told.confidence:.0%} interval", f"{low} to {high}"))
    lines += [("n used", f"{told.n:,}")] if told.n is not None else []
    lines += [(f"dropped from {name}", f"{count:,} {reason}") for name, reason, count, _ in told.dropped]
    lines += [("note", note) for note in told.notes]
    lines += [("formula", metric.formula), ("convention", metric.convention), ("source", metric.source)]
    for offset, (item, text) in enumerate([line for line in lines if line[1]], 1):
        page.put(row + offset, 0, item, looks.words(valign="top"))
        page.worksheet.merge_range(row + offset, 1, row + offset, 2, "", looks.words())
        page.put(row + offset, 1, text, looks.words())
        page.worksheet.set_row(row + offset, 14 * (1 + len(text) // 85) + 3)

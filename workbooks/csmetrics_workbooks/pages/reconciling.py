"""A figure somebody else reported, beside every documented convention: which one gives it."""

from collections.abc import Mapping
from typing import Any

from csmetrics_core import CATALOG
from csmetrics_core.conventions import CONVENTIONS
from csmetrics_core.conventions.reconcile import reconcile
from csmetrics_core.declaration.spec import FRACTION, MONEY
from csmetrics_core.errors import MetricError
from csmetrics_core.palette import MUTED
from csmetrics_workbooks.kit.book import Book
from csmetrics_workbooks.kit.flows import fate
from csmetrics_workbooks.kit.formulas import NEEDS_ADDIN
from csmetrics_workbooks.kit.judging import guarded
from csmetrics_workbooks.kit.sheet import Page
from csmetrics_workbooks.kit.terms import Term, term, when

_COLUMNS = ("convention", "formula", "used_by", "value", "gap", "verdict")
_BESIDE = 2  # our own call stands first, and again as a percentage at the end
_HEADS = ("Convention", "Formula", "Used by", "Value", "Gap", "")


def page(book: Book, months: Any, by_date: Mapping[str, Term]) -> None:
    """The page Reconcile: churn and net retention as others report them."""
    sheet = book.pages["Reconcile"]
    sheet.widths(30, 46, 44, 17, 11, 44)
    sheet.title(
        "Reconcile a reported figure",
        "Type the figure of a dashboard or a report: the convention that gives it within its rounding is named. "
        "Zeros at the end of a number are not seen: where 5.00% was reported, type '5.00% as text.",
        6,
    )
    churn = {"lost": by_date["churned"], "opening": by_date["opening"], "new_customers": by_date["new"]}
    row = _block(book, sheet, 4, "churn_rate", churn)
    parts = fate(months, book.last_month - 12, book.last_month)
    flows = {name: getattr(parts, name) for name in ("opening", "expansion", "contraction", "churned")}
    _block(book, sheet, row + 1, "ndr", _shown(sheet, row + 5 + _count("ndr"), flows))


def _shown(sheet: Page, row: int, flows: Mapping[str, Term]) -> dict[str, Term]:
    """The flows in cells of their own, so that the formulas above stay short."""
    sheet.heading(row, "Flows of the customers of twelve months ago", 6)
    cells = {}
    for offset, (name, value) in enumerate(flows.items(), 1):
        sheet.put(row + offset, 0, name.capitalize(), sheet.looks.words())
        cells[name] = sheet.put(row + offset, 3, value, sheet.looks.number(MONEY))
    return cells


def _block(book: Book, sheet: Page, row: int, name: str, arguments: Mapping[str, Term]) -> int:
    """One metric: the reported figure to type, and a line a convention; returns the first free row."""
    metric = CATALOG[name]
    sheet.heading(row, metric.title, 6)
    sheet.put(row + 1, 0, "Reported figure", sheet.looks.words(bold=True))
    own = book.call(name, {n: t for n, t in arguments.items() if n in metric.names and n != "new_customers"}).value
    sample = round(own, 3) if isinstance(own, float) else 0.02
    reported = sheet.put(row + 1, 3, sample, sheet.looks.input("0.0##%"))
    sheet.headers(row + 2, list(_HEADS), right=(3, 4), height=18)
    lines = _lines(name, sample, arguments)
    words = ",".join(t.text for t in (reported, *arguments.values()))
    call = f'{CATALOG["csm_reconcile"].excel_name}("{metric.excel_name}",{words})'
    for place in range(_count(name)):
        line = {h: lines[h][place] if place < len(lines[h]) else "" for h in _COLUMNS}
        for column, header in enumerate(_COLUMNS[:3]):
            sheet.put(row + 3 + place, column, line[header], sheet.looks.words(font_color=MUTED))
        # Gap and verdict look at the value's cell, so that without the add-in one cell a line says what is missing.
        value = sheet.put(
            row + 3 + place, 3, _cell(call, place, 3, line["value"], "addin_on", f'"{NEEDS_ADDIN}"'), _share(sheet)
        )
        there = f'{value.text}<>"{NEEDS_ADDIN}"'
        sheet.put(row + 3 + place, 4, _cell(call, place, 4, line["gap"], there, '""'), _share(sheet))
        sheet.put(row + 3 + place, 5, _cell(call, place, 5, line["verdict"], there, '""'), sheet.looks.words(bold=True))
    return row + 3 + _count(name)


def _cell(call: str, place: int, column: int, value: Any, there: str, otherwise: str) -> Term:
    """One cell of the add-in's table; a value that does not exist is blank."""
    found = f'IF(ROWS({call})>{place + 1},INDEX({call},{place + 2},{column + 1}),"")'
    return Term(f"IF({there},{found},{otherwise})", "" if value != value else value, True)


def _share(sheet: Page) -> Any:
    return sheet.looks.number(FRACTION)


def _count(name: str) -> int:
    return len(CONVENTIONS[name]) + _BESIDE


def _lines(name: str, reported: float, arguments: Mapping[str, Term]) -> dict[str, list[Any]]:
    try:
        return reconcile(name, reported, *(float(t.value) for t in arguments.values())).columns()
    except (MetricError, TypeError, ValueError):
        return {header: [] for header in _COLUMNS}


def ending(by_date: Mapping[str, Term], value: Term) -> Term:
    """The value, unless not one customer has an end: that may be a column nobody filled."""
    return when(by_date["end dates"].eq(0), "no end dates", value)


def conventions(book: Book, page: Page, row: int, by_date: Mapping[str, Term]) -> None:
    """The churn rate of the period under each documented convention."""
    page.headers(row, ["Churn conventions", "Churn", "Divided by", "", "Used by", "", "", ""], right=(1,), height=18)
    from csmetrics_core.metrics.retention import CONVENTIONS

    for offset, (basis, (divides, who)) in enumerate(CONVENTIONS.items(), 1):
        given = {
            "lost": by_date["churned"],
            "opening": by_date["opening"],
            "new_customers": by_date["new"],
            "basis": term(basis),
        }
        page.put(row + offset, 0, basis.replace("_", " "), page.looks.words())
        value = ending(by_date, guarded(by_date["opening"], book.call("churn_rate", given)))
        page.put(row + offset, 1, value, page.looks.number(FRACTION))
        for column in range(2, 8):
            page.put(
                row + offset,
                column,
                {2: divides, 4: who}.get(column),
                page.looks.words(font_color=MUTED, text_wrap=False),
            )

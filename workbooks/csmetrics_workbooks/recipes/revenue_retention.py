"""Revenue retention: MRR bridge, rolling net and gross retention, churn conventions, cohorts, renewal forecast."""

from collections.abc import Mapping

import numpy as np

from csmetrics_core import CATALOG
from csmetrics_core.declaration.spec import COUNT, MONEY
from csmetrics_core.palette import MUTED
from csmetrics_workbooks.data import sheets, sources
from csmetrics_workbooks.kit import tiles
from csmetrics_workbooks.kit.book import Book
from csmetrics_workbooks.kit.flows import Months, fate
from csmetrics_workbooks.kit.judging import guarded, status
from csmetrics_workbooks.kit.sheet import Page
from csmetrics_workbooks.kit.style import change_format
from csmetrics_workbooks.kit.tables import as_numbers
from csmetrics_workbooks.kit.terms import Term, change, total, when
from csmetrics_workbooks.kit.tiles import write_tiles
from csmetrics_workbooks.pages import arr_ahead, money_moved, reconciling, renewals, what_moved
from csmetrics_workbooks.pages import bridge as monthly
from csmetrics_workbooks.pages import revenue_glance as glance
from csmetrics_workbooks.pages.checking import billing, mrr_amounts, repeated, unlisted
from csmetrics_workbooks.pages.common import choices
from csmetrics_workbooks.pages.logos import logos
from csmetrics_workbooks.pages.reconciling import conventions, ending
from csmetrics_workbooks.pages.waterfall import waterfall
from csmetrics_workbooks.recipes.recipe import Recipe

TARGETS = {"ndr": (1.05, 0.05), "grr": (0.9, 0.03), "churn_rate": (0.03, 0.01), "mrr_churn_rate": (0.03, 0.01)}


#: Where each part of the page begins.
_TILES_AT = 5
_CHARTS_AT = _TILES_AT + tiles.ROWS
_TABLE_AT = _CHARTS_AT + 14
_NOTE = (
    "Net and gross retention compare the customers of twelve months ago with what they pay now, whatever the period. "
    "Churn rates are of the period chosen: customers by their dates, revenue of the customers there at its start. "
    "Changes of shares are in percentage points. Type targets of churn for the period chosen: a month's is lower than "
    "a quarter's."
)


def dashboard(book: Book, work: Page, months: Months, bridge: monthly.Bridge, by_date: Mapping[str, Term]) -> Term:
    """The page Retention; returns closing MRR."""
    page = book.pages["Retention"]
    page.worksheet.set_portrait()
    page.widths(34, 14, 14, 12, 12, 13, 13, 13)
    page.title("Revenue retention")
    choices(book, page, (0, 2, 5))
    heads = ["Measure", "Value", "Prior period", "Change", "Target", "Near within", "Status"]
    page.headers(_TABLE_AT, heads, right=range(1, 6), height=18)
    measures = _measures(book, work, months, by_date)
    rows = {measure[0]: _row(book, page, _TABLE_AT + at, *measure) for at, measure in enumerate(measures, 1)}
    end = _TABLE_AT + len(rows)
    page.mark_status(_TABLE_AT + 1, 6, end)
    conventions(book, page, end + 2, by_date)
    waterfall(book, page, work, end + 8, bridge)
    monthly.retention_chart(book, page, end + 21, (912, 260))
    page.note(end + 35, 0, _NOTE, 8, 28)
    write_tiles(page, _TILES_AT, glance.SPANS, glance.tiles_of(work, rows, by_date))
    glance.charts(book, page, work, _CHARTS_AT, bridge)
    return rows["mrr"][0]


def _row(book: Book, page: Page, row: int, name: str, label: str, now: Term, before: Term) -> tuple[Term, Term, Term]:
    """One measure; returns the cells of its value, of the prior period and of its change."""
    metric = CATALOG[name]
    page.put(row, 0, label, page.looks.words(bold=True))
    value = page.put(row, 1, now, page.looks.number(metric.unit, bold=True))
    prior = page.put(row, 2, before, page.looks.number(metric.unit))
    moved = page.put(row, 3, change(value, prior, metric.unit), page.looks.number(change_format(metric.unit)))
    if name in TARGETS:
        target, near = (
            page.put(row, 4 + at, book.sample_target(one), page.looks.input(metric.unit))
            for at, one in enumerate(TARGETS[name])
        )
        page.put(row, 6, status(value, target, near, metric.better), page.looks.words(align="center", indent=0))
    else:
        for column in (4, 5, 6):
            page.put(row, column, None, page.looks.words())
    page.worksheet.set_row(row, 19)
    book.close_value(label, metric.unit, value)
    return value, prior, moved


def _measures(book: Book, work: Page, months: Months, by_date: Mapping[str, Term]) -> list[tuple[str, str, Term, Term]]:
    last, size = book.last_month, book.period_months
    ends = (last, last - size)
    year = [
        _fates(work, 16 + 7 * i, f"Twelve months, {w}", fate(months, e - 12, e))
        for i, (w, e) in enumerate(zip(("now", "before"), ends, strict=True))
    ]
    span = [
        _fates(work, 30 + 7 * i, f"Period, {w}", fate(months, e - size, e))
        for i, (w, e) in enumerate(zip(("now", "before"), ends, strict=True))
    ]
    closing = [work.put(45 + i, 1, months.customers(e), work.looks.number(COUNT)) for i, e in enumerate(ends)]
    for i, words in enumerate(("Paying customers at end", "before")):
        work.put(45 + i, 0, words, work.looks.words())
    inside = book.tables["Revenue"].column("In segment")
    from csmetrics_workbooks.kit.formulas import Scope

    mrr = [
        guarded(c, book.call("mrr", {"amounts": months.cells(e)}, Scope(inside, 1)))
        for c, e in zip(closing, ends, strict=True)
    ]
    losses = ("opening", "contraction", "churned")

    def rate(name: str, parts: dict[str, Term], *given: str) -> Term:
        return guarded(parts["opening"], book.call(name, {g: parts[g] for g in given}))

    dated = [
        ending(by_date, guarded(by_date[o], book.call("churn_rate", {"lost": by_date[lost], "opening": by_date[o]})))
        for o, lost in (("opening", "churned"), ("opening before", "churned before"))
    ]
    figures: list[tuple[str, str, list[Term]]] = [
        ("mrr", "Monthly recurring revenue at end", mrr),
        ("ndr", "Net dollar retention, 12 months", [rate("ndr", y, *losses, "expansion") for y in year]),
        ("grr", "Gross revenue retention, 12 months", [rate("grr", y, *losses) for y in year]),
        ("churn_rate", "Customer churn of the period, by dates", dated),
        ("mrr_churn_rate", "Gross MRR churn of the period", [rate("mrr_churn_rate", s, *losses) for s in span]),
        (
            "net_mrr_churn_rate",
            "Net MRR churn of the period",
            [rate("net_mrr_churn_rate", s, *losses, "expansion") for s in span],
        ),
        ("arpa", "MRR a customer", [_arpa(book, months, e, c) for e, c in zip(ends, closing, strict=True)]),
    ]
    return [(name, label, now, before) for name, label, (now, before) in figures]


def _arpa(book: Book, months: Months, end: Term, customers: Term) -> Term:
    return guarded(customers, book.call("arpa", {"mrr": months.sum(end), "customers": customers}))


def _fates(work: Page, row: int, heading: str, parts: object) -> dict[str, Term]:
    work.put(row, 0, heading, work.looks.words(bold=True))
    names = ("opening", "expansion", "contraction", "churned", "customers", "lost")
    cells = {}
    for offset, name in enumerate(names):
        if offset:
            work.put(row + offset, 0, name, work.looks.words(indent=2))
        cells[name] = work.put(row + offset, 1, getattr(parts, name), work.looks.number(MONEY))
    work.put(row, 2, "opening", work.looks(font_color=MUTED))
    return cells


def checks(book: Book, months: Months, bridge: monthly.Bridge, closing: Term, by_date: Mapping[str, Term]) -> None:
    """What must hold before the figures leave the house."""
    c = bridge.columns
    names = ("new", "expansion", "reactivation")
    gains = "+".join(c[n].text for n in names)
    value = sum(as_numbers(c[n].value) for n in ("opening", *names)) - as_numbers(c["contraction"].value)
    gap = np.abs(value - as_numbers(c["churned"].value) - as_numbers(c["closing"].value))
    text = f"ABS({c['opening'].text}+{gains}-{c['contraction'].text}-{c['churned'].text}-{c['closing'].text})"
    book.check(
        "Bridge: movements add up to closing, all months",
        Term(f"SUM({text})", float(np.round(gap.sum(), 2)), True),
        "A month is missing among the columns of Revenue.",
        MONEY,
    )
    opening, before = as_numbers(c["opening"].value)[1:], as_numbers(c["closing"].value)[:-1]
    rows = f"'Bridge'!$B$6:$B${4 + monthly.MONTHS}", f"'Bridge'!$H$5:$H${3 + monthly.MONTHS}"
    book.check(
        "Bridge: opening equals the prior closing, all months",
        Term(f"SUM(ABS({rows[0]}-{rows[1]}))", float(np.round(np.abs(opening - before).sum(), 2)), True),
        "A month is missing among the columns of Revenue.",
        MONEY,
    )
    book.check(
        "Segments add up to the MRR of all",
        _segment_gap(book, months),
        "Rows without a listed segment count under All only.",
        MONEY,
    )
    revenue = book.tables["Revenue"]
    repeated(book, revenue, "Customer", "Add the rows of one customer together: each row counts as a customer.")
    mrr_amounts(book, months)
    for name in ("Revenue", "Customers", "Renewals"):
        unlisted(book, book.tables[name])
    paying = months.customers(book.last_month) - by_date["closing"]
    book.check(
        "Customers who pay less customers by their dates, at end",
        paying,
        "Trials, late invoices or missing end dates: compare the two pages.",
    )
    billing(book, closing)


def _segment_gap(book: Book, months: Months) -> Term:
    column = book.tables["Revenue"].column("Segment")
    paid = months.paid(book.last_month)
    known = {s.lower() for s in book.segments}
    listed = float(paid.value[[isinstance(v, str) and v.lower() in known for v in column.value]].sum())
    parts = "+".join(f'({column.text}={cell.text})*({cell.text}<>"")' for cell in book.segment_cells())
    summed = Term(f"SUM(({parts})*{paid.text})", round(listed, 9), True)
    return when(months.holds(book.last_month), total(paid) - summed, 0)


def build(book: Book) -> None:
    """Write the pages of this template."""
    work = book.pages["Workings"]
    work.widths(44, 14, 14, 14, 14)
    work.title("Workings", "The counts and sums behind the figures and charts. Nothing to type here.", 5)
    months = Months(book.tables["Revenue"])
    book.add_in_segment(book.tables["Revenue"])
    first = monthly.add_first_month(book, months)
    by_date = logos(book, work)
    renewals.helpers(book, book.pages["Forecast"])
    bridge = monthly.pages(book, months, first)
    monthly.retention_chart(book, book.pages["Twelve months"], 5 + monthly.MONTHS, (860, 260))
    monthly.cohorts(book, months, first)
    renewals.forecast(book, book.pages["Forecast"])
    closing = dashboard(book, work, months, bridge, by_date)
    moved = money_moved.account(book, months, first)
    what_moved.write(book, moved)
    arr_ahead.write(book, bridge, closing)
    book.explain("mrr_movements", "retention_by_month", "cohort_retention", "csm_reconcile")
    reconciling.page(book, months, by_date)
    checks(book, months, bridge, closing, by_date)
    book.check(
        "What moved: movements add up to the change, to the cent",
        moved.unexplained,
        "A customer has a negative amount in both months.",
        MONEY,
    )


RECIPE = Recipe(
    name="revenue_retention",
    title="Revenue retention",
    about="MRR bridge, rolling NDR and GRR, churn conventions, cohorts, and a renewal forecast with ARR at risk",
    answers=(
        "How did recurring revenue get from where it was to where it is: won, expanded, shrunk, lost, come back?",
        "How much of the revenue of twelve months ago is still here, with and without expansion?",
        "Which renewals are coming, what will they bring, and which ten need somebody this week?",
    ),
    steps=(
        "Paste your rows over the sample on the pages Revenue, Customers and Renewals, headers unchanged, "
        "and delete the "
        "rows that are left. From a long billing export: csmetrics workbook new revenue_retention --data FILE.",
        "Choose segment, period and last month on the page Retention; type targets there and shares on "
        "the page Forecast.",
        "Read the page Checks, type your billing total there, mend what it names, and close the month on the "
        "page Closed months.",
    ),
    pages=(
        ("Retention", "the dashboard: retention, churn, conventions, bridge"),
        ("What moved", "why MRR moved: movements, customers, segments, price and volume"),
        ("Bridge", "MRR month by month, 24 months"),
        ("Twelve months", "net, gross and logo retention, rolling"),
        ("Cohorts", "who still pays, by the quarter they came"),
        ("Forecast", "renewals due, forecast retention, ten largest risks"),
        ("ARR ahead", "renewals by month with ARR at risk by call, ARR on your assumptions, what a goal takes"),
        ("Reconcile", "a figure reported elsewhere, beside every documented convention"),
        ("Revenue", "data: recurring revenue, a customer a row"),
        ("Customers", "data: start and end of each customer"),
        ("Renewals", "data: contracts to renew"),
        ("Workings", "counts and sums behind the figures"),
    ),
    dashboard="Retention",
    sheets={
        sheets.REVENUE: sources.sample_revenue,
        sheets.CUSTOMERS: sources.sample_customers,
        sheets.RENEWALS: sources.sample_renewals,
    },
    build=build,
    banner_width=8,
)

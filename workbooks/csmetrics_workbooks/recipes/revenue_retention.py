"""Revenue retention: MRR bridge, rolling net and gross retention, churn conventions, cohorts, renewal forecast."""

from collections.abc import Mapping

import numpy as np

from csmetrics_core import CATALOG
from csmetrics_core.palette import ACCENT, MUTED, SERIES
from csmetrics_core.spec import COUNT, FRACTION, MONEY, Better
from csmetrics_workbooks import bridge as monthly
from csmetrics_workbooks import reconciling, renewals, sources
from csmetrics_workbooks.book import Book
from csmetrics_workbooks.checking import billing, repeated, unlisted
from csmetrics_workbooks.common import choices
from csmetrics_workbooks.dates import month_end
from csmetrics_workbooks.flows import Months, fate
from csmetrics_workbooks.judging import guarded, status
from csmetrics_workbooks.recipes.recipe import Recipe
from csmetrics_workbooks.sheet import Page, axis, legend
from csmetrics_workbooks.style import change_format
from csmetrics_workbooks.tables import Table, as_numbers, sumifs
from csmetrics_workbooks.terms import Term, change, term, total

TARGETS = {"ndr": (1.05, 0.05), "grr": (0.9, 0.03), "churn_rate": (0.03, 0.01), "mrr_churn_rate": (0.03, 0.01)}


def logos(book: Book, work: Page) -> dict[str, Term]:
    """Customers gained and lost by their dates, for the period chosen and the one before."""
    table = book.tables["Customers"]
    formula, inside = book.in_segment(table)
    start, end = as_numbers(table.cells["Start"]), as_numbers(table.cells["End"])
    days = []
    for row, (label, back) in enumerate(
        (("Day before the prior period", 2), ("Day before the period", 1), ("Last day", 0)), 4
    ):
        work.put(row, 0, label, work.looks.words())
        days.append(
            work.put(row, 1, month_end(book.last_month - book.period_months * back), work.looks.number("yyyy-mm-dd"))
        )
    at = []
    for place, day in enumerate(days):
        with np.errstate(invalid="ignore"):
            there = inside & (start <= day.value) & (np.isnan(end) | (end > day.value))
        here, gone = table.here("Start"), table.here("End")
        test = f"AND({formula},ISNUMBER({here}),{here}<={day.text},OR(NOT(ISNUMBER({gone})),{gone}>{day.text}))"
        table.add(f"At {place}", f"IF({test},1,0)", there.astype(float), COUNT)
        at.append(there)
    keys = [v.lower() if isinstance(v, str) else v for v in table.cells["Customer"]]
    left = [_moved(table, f"Left {n}", keys, at[n - 1], at[n], f"At {n - 1}", f"At {n}") for n in (1, 2)]
    came = _moved(table, "Came", keys, at[2], at[1], "At 2", "At 1")
    opening = [_sum(table, f"At {n}") for n in (0, 1)]
    labels = (
        ("opening", opening[1]),
        ("lost", left[1]),
        ("new", came),
        ("opening before", opening[0]),
        ("lost before", left[0]),
        ("closing", _sum(table, "At 2")),
    )
    cells = {}
    for row, (name, value) in enumerate(labels, 8):
        work.put(row, 0, f"Customers by their dates: {name}", work.looks.words())
        cells[name] = work.put(row, 1, value, work.looks.number(COUNT))
    return cells


def _sum(table: Table, header: str) -> Term:
    column = table.column(header)
    return sumifs(column, (column, "=", 1))


def _moved(
    table: Table, header: str, keys: list[object], there: np.ndarray, gone: np.ndarray, was: str, is_: str
) -> Term:
    """Helper column: customers there at one day and, in none of their rows, at the other."""
    present = {key for key, g in zip(keys, gone, strict=True) if g}
    values = [float(t and key not in present) for key, t in zip(keys, there, strict=True)]
    found = f"COUNTIFS({table.name}[Customer],{table.here('Customer')},{table.name}[{is_}],1)"
    table.add(header, f"IF({table.here(was)}=1,IF({found}=0,1,0),0)", values, COUNT)
    return _sum(table, header)


def dashboard(book: Book, work: Page, months: Months, bridge: monthly.Bridge, by_date: Mapping[str, Term]) -> Term:
    """The page Retention; returns closing MRR."""
    page = book.pages["Retention"]
    page.widths(34, 14, 14, 12, 12, 13, 13, 13)
    page.title("Revenue retention")
    choices(book, page, (0, 2, 5))
    page.headers(
        5,
        ["Measure", "Value", "Prior period", "Change", "Target", "Near within", "Status"],
        right=range(1, 6),
        height=18,
    )
    rows = _measures(book, work, months, by_date)
    cells = {}
    for row, (name, label, now, before) in enumerate(rows, 6):
        metric = CATALOG[name]
        page.put(row, 0, label, page.looks.words(bold=True))
        cells[name] = page.put(row, 1, now, page.looks.number(metric.unit, bold=True))
        prior = page.put(row, 2, before, page.looks.number(metric.unit))
        page.put(row, 3, change(cells[name], prior), page.looks.number(change_format(metric.unit)))
        page.mark_variance(row, 3, row, metric.better is Better.HIGHER)
        if name in TARGETS:
            target, near = (page.put(row, 4 + i, v, page.looks.input(metric.unit)) for i, v in enumerate(TARGETS[name]))
            page.put(
                row, 6, status(cells[name], target, near, metric.better), page.looks.words(align="center", indent=0)
            )
        else:
            for column in (4, 5, 6):
                page.put(row, column, None, page.looks.words())
        page.worksheet.set_row(row, 19)
        book.close_value(label, metric.unit, cells[name])
    page.mark_status(6, 6, 6 + len(rows))
    conventions(book, page, 16, by_date)
    waterfall(book, page, work, 22, bridge)
    page.note(
        39,
        0,
        "Net and gross retention compare the customers of twelve months ago with what they pay now, "
        "whatever the period. "
        "Churn rates are of the period chosen: customers by their dates, revenue of the customers there at its start. "
        "Changes of shares are in percentage points.",
        8,
        28,
    )
    return cells["mrr"]


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
    from csmetrics_workbooks.formulas import Scope

    mrr = [
        guarded(c, book.call("mrr", {"amounts": months.cells(e)}, Scope(inside, 1)))
        for c, e in zip(closing, ends, strict=True)
    ]
    losses = ("opening", "contraction", "churned")

    def rate(name: str, parts: dict[str, Term], *given: str) -> Term:
        return guarded(parts["opening"], book.call(name, {g: parts[g] for g in given}))

    dated = [
        guarded(by_date[o], book.call("churn_rate", {"lost": by_date[lost], "opening": by_date[o]}))
        for o, lost in (("opening", "lost"), ("opening before", "lost before"))
    ]
    return [
        ("mrr", "Monthly recurring revenue at end", *mrr),
        ("ndr", "Net dollar retention, 12 months", *(rate("ndr", y, *losses, "expansion") for y in year)),
        ("grr", "Gross revenue retention, 12 months", *(rate("grr", y, *losses) for y in year)),
        ("churn_rate", "Customer churn of the period, by dates", *dated),
        ("mrr_churn_rate", "Gross MRR churn of the period", *(rate("mrr_churn_rate", s, *losses) for s in span)),
        (
            "net_mrr_churn_rate",
            "Net MRR churn of the period",
            *(rate("net_mrr_churn_rate", s, *losses, "expansion") for s in span),
        ),
        ("arpa", "MRR a customer", *(_arpa(book, months, e, c) for e, c in zip(ends, closing, strict=True))),
    ]


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


def conventions(book: Book, page: Page, row: int, by_date: Mapping[str, Term]) -> None:
    """The churn rate of the period under each documented convention."""
    page.headers(row, ["Churn conventions", "Churn", "Divided by", "", "Used by", "", "", ""], right=(1,), height=18)
    from csmetrics_core.metrics.retention import CONVENTIONS

    for offset, (basis, (divides, who)) in enumerate(CONVENTIONS.items(), 1):
        given = {
            "lost": by_date["lost"],
            "opening": by_date["opening"],
            "new_customers": by_date["new"],
            "basis": term(basis),
        }
        page.put(row + offset, 0, basis.replace("_", " "), page.looks.words())
        value = guarded(by_date["opening"], book.call("churn_rate", given))
        page.put(row + offset, 1, value, page.looks.number(FRACTION))
        for column in range(2, 8):
            page.put(
                row + offset,
                column,
                {2: divides, 4: who}.get(column),
                page.looks.words(font_color=MUTED, text_wrap=False),
            )


def waterfall(book: Book, page: Page, work: Page, row: int, bridge: monthly.Bridge) -> None:
    """The period's MRR bridge as a table and a waterfall, and twelve-month retention over time."""
    page.headers(row, ["MRR bridge of the period", "Amount"], right=(1,), height=18)
    low, high = book.last_month - book.period_months, book.last_month
    window = ((bridge.numbers, ">", low), (bridge.numbers, "<=", high))
    first = (bridge.numbers, "=", low + 1)
    parts = {"opening": sumifs(bridge.columns["opening"], first)}
    parts |= {
        n: sumifs(bridge.columns[n], *window) for n in ("new", "expansion", "reactivation", "contraction", "churned")
    }
    parts["closing"] = sumifs(bridge.columns["closing"], (bridge.numbers, "=", high))
    running: Term = term(0)
    for offset, (name, value) in enumerate(parts.items(), 1):
        ends, loss = name in ("opening", "closing"), name in ("contraction", "churned")
        page.put(row + offset, 0, name.capitalize(), page.looks.words(bold=ends))
        cell = page.put(row + offset, 1, (term(0) - value) if loss else value, page.looks.number(MONEY, bold=ends))
        place = 49 + offset
        work.put(place, 0, name.capitalize(), work.looks.words())
        bottom = term(0) if ends else running + cell if loss else running
        shown = [
            bottom,
            cell if ends else term(0),
            cell if not ends and not loss else term(0),
            (term(0) - cell) if loss else term(0),
        ]
        for column, one in enumerate(shown, 1):
            work.put(place, column, one, work.looks.number(MONEY))
        running = cell if name == "opening" else running + cell
    work.headers(49, ["Waterfall", "Base", "Balance", "Gain", "Loss"], right=range(1, 5), height=18)
    chart = book.chart("column", subtype="stacked")
    for column, colour in ((1, None), (2, SERIES[0]), (3, SERIES[2]), (4, SERIES[1])):
        fill = {"color": colour} if colour else {"none": True}
        chart.add_series(
            {
                "name": ["Workings", 49, column],
                "categories": ["Workings", 50, 0, 56, 0],
                "values": ["Workings", 50, column, 56, column],
                "fill": fill,
                "border": {"none": True},
                "gap": 40,
            }
        )
    chart.set_legend({**legend(), "delete_series": [0]})
    chart.set_x_axis(axis())
    chart.set_y_axis(axis("#,##0", lines=True))
    page.chart(
        row,
        2,
        chart,
        "MRR bridge of the period",
        "Waterfall: opening MRR, new, expansion, reactivation, contraction, churned, closing",
        (560, 300),
    )
    line = book.chart("line")
    for column, name, colour, dash in (
        (5, "Net", ACCENT, "solid"),
        (6, "Gross", SERIES[1], "dash"),
        (7, "Logo", SERIES[2], "round_dot"),
    ):
        line.add_series(
            {
                "name": f"{name} retention",
                "categories": ["Twelve months", 4, 0, 3 + monthly.MONTHS, 0],
                "values": ["Twelve months", 4, column, 3 + monthly.MONTHS, column],
                "line": {"color": colour, "width": 2.25, "dash_type": dash},
            }
        )
    line.set_legend(legend())
    line.set_x_axis({**axis("mmm yy"), "text_axis": True, "interval_unit": 3, "label_position": "low"})
    line.set_y_axis({**axis("0%", lines=True)})
    trend = book.pages["Twelve months"]
    trend.chart(
        5 + monthly.MONTHS,
        0,
        line,
        "Retention over twelve months",
        "Line chart: net, gross and logo retention over twelve months, by month",
        (860, 260),
    )


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
    negative = Term(f'COUNTIF({months.block},"<0")', int((np.nan_to_num(months._numbers) < 0).sum()))
    book.check("Revenue: negative amounts", negative, "A credit belongs to the month it reduces.")
    words = sum(isinstance(v, str | bool) and v != "" for h in months.headers for v in revenue.cells[h])
    text = f'SUM(IF({months.block}<>"",IF({months.block}<9E307,0,1),0))'
    book.check("Revenue: amounts that are not numbers", Term(text, words, True), "They are left out. Type the number.")
    unlisted(book, revenue)
    unlisted(book, book.tables["Renewals"])
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
    return total(paid) - summed


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
    monthly.cohorts(book, months, first)
    renewals.forecast(book, book.pages["Forecast"])
    closing = dashboard(book, work, months, bridge, by_date)
    reconciling.page(book, months, by_date)
    checks(book, months, bridge, closing, by_date)


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
        "Read the page Checks, type your billing total there, mend what it names, and close the month on History.",
    ),
    pages=(
        ("Retention", "the dashboard: retention, churn, conventions, bridge"),
        ("Bridge", "MRR month by month, 24 months"),
        ("Twelve months", "net, gross and logo retention, rolling"),
        ("Cohorts", "who still pays, by the quarter they came"),
        ("Forecast", "renewals due, forecast retention, ten largest risks"),
        ("Reconcile", "a figure reported elsewhere, beside every documented convention"),
        ("Revenue", "data: recurring revenue, a customer a row"),
        ("Customers", "data: start and end of each customer"),
        ("Renewals", "data: contracts to renew"),
        ("Workings", "counts and sums behind the figures"),
    ),
    dashboard="Retention",
    sheets={
        sources.REVENUE: sources.sample_revenue,
        sources.CUSTOMERS: sources.sample_customers,
        sources.RENEWALS: sources.sample_renewals,
    },
    build=build,
    banner_width=8,
)

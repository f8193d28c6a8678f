"""Recurring revenue month by month: the bridge from opening to closing, retention over twelve months, cohorts."""

from dataclasses import dataclass

import numpy as np
from xlsxwriter.utility import xl_col_to_name

from csmetrics_core.declaration.spec import COUNT, FRACTION, MONEY, RATIO
from csmetrics_core.palette import HEAT, MUTED
from csmetrics_workbooks.kit.book import Book
from csmetrics_workbooks.kit.dates import month_start
from csmetrics_workbooks.kit.flows import Months, fate, first_months
from csmetrics_workbooks.kit.gaps import gap_cells, write_gaps
from csmetrics_workbooks.kit.judging import guarded
from csmetrics_workbooks.kit.lines import Line, line_chart
from csmetrics_workbooks.kit.sheet import Page
from csmetrics_workbooks.kit.tables import countifs
from csmetrics_workbooks.kit.terms import Term, total, when

MONTHS = 24
COHORTS = 12
MOVEMENTS = ("opening", "new", "expansion", "contraction", "churned", "reactivation", "closing")


@dataclass
class Bridge:
    """The columns of the monthly pages as ranges."""

    numbers: Term
    columns: dict[str, Term]
    retention: dict[str, Term]


def add_first_month(book: Book, months: Months) -> Term:
    """Helper column: place of the first month each customer paid."""
    formula, values = first_months(months)
    months.table.add("First month", formula, values, COUNT)
    column = months.table.column("First month")
    return Term(column.text, values, True)


def movements(book: Book, months: Months, first: Term, month: Term) -> dict[str, Term]:
    """One month of the bridge, except its opening and closing."""
    was, now, inside = months.paid(month - 1), months.paid(month), months.inside
    place = month - (months.first - 1)
    stayed, arrived = was.gt(0) * now.gt(0), was.eq(0) * now.gt(0)

    def known(of: Term) -> Term:
        return when(months.holds(month - 1) * months.holds(month), total(of), 0)

    return {
        "opening": when(months.holds(month - 1), total(inside * was), 0),
        "new": known(inside * arrived * first.eq(place) * now),
        "expansion": known(inside * stayed * now.gt(was) * (now - was)),
        "contraction": known(inside * stayed * now.lt(was) * (was - now)),
        "churned": known(inside * was.gt(0) * now.eq(0) * was),
        "reactivation": known(inside * arrived * first.lt(place) * now),
        "closing": months.sum(month),
    }


#: Measure, and its name.
_LINES = (("ndr", "Net"), ("grr", "Gross"), ("logo", "Logo"))


def pages(book: Book, months: Months, first: Term) -> Bridge:
    """Write the pages Bridge and Twelve months."""
    bridge, year = book.pages["Bridge"], book.pages["Twelve months"]
    bridge.widths(11, *[13] * 7, 12, 12, 12)
    bridge.title(
        "MRR bridge",
        "Closing = opening + new + expansion + reactivation − contraction − churned, in currency a month.",
        11,
    )
    bridge.headers(
        3,
        ["Month", *(m.capitalize() for m in MOVEMENTS), "Growth", "Quick ratio", "Month no"],
        right=range(11),
        height=18,
    )
    year.widths(11, *[14] * 8)
    year.title("Twelve months", "The customers of twelve months ago, and what they pay now; newcomers are left out.", 9)
    heads = [
        "Month",
        "Opening",
        "Expansion",
        "Contraction",
        "Churned",
        "Net retention",
        "Gross retention",
        "Logo retention",
        "Customers then",
    ]
    year.headers(3, heads, right=range(9), height=18)
    kept: dict[str, list[float]] = {name: [] for name in ("number", *MOVEMENTS, "ndr", "grr", "logo")}
    for offset in range(MONTHS):
        month = book.last_month - (MONTHS - 1 - offset)
        for name, value in _bridge_row(book, bridge, 4 + offset, month, movements(book, months, first, month)).items():
            kept[name].append(value)
        for name, value in _year_row(book, year, 4 + offset, month, months).items():
            kept[name].append(value)
    names = ("ndr", "grr", "logo")
    for number, (name, words) in enumerate(_LINES):
        cells = [Term(f"{year.prefix}${'FGH'[number]}${5 + at}", value) for at, value in enumerate(kept[name])]
        write_gaps(book, number, f"{words} retention", cells)
    return Bridge(
        _range(bridge, 10, kept["number"]),
        {name: _range(bridge, 1 + i, kept[name]) for i, name in enumerate(MOVEMENTS)},
        {name: _range(year, 5 + i, kept[name]) for i, name in enumerate(names)},
    )


def _range(page: Page, column: int, values: list[float]) -> Term:
    letter = xl_col_to_name(column)
    return Term(f"{page.prefix}${letter}$5:${letter}${4 + MONTHS}", np.array(values, dtype=object), True)


def _bridge_row(book: Book, page: Page, row: int, month: Term, parts: dict[str, Term]) -> dict[str, float]:
    number = page.put(row, 10, month, page.looks.number("0", font_color=MUTED))
    page.put(row, 0, month_start(number), page.looks.number("mmm yyyy"))
    cells = {name: page.put(row, 1 + i, parts[name], page.looks.number(MONEY)) for i, name in enumerate(MOVEMENTS)}
    growth = guarded(cells["opening"], book.call("mrr_growth_rate", {n: cells[n] for n in ("opening", "closing")}))
    page.put(row, 8, growth, page.looks.number(FRACTION))
    given = {"new_mrr": cells["new"]} | {n: cells[n] for n in ("expansion", "contraction", "churned", "reactivation")}
    losses = cells["contraction"] + cells["churned"]
    page.put(row, 9, when(losses.eq(0), "no losses", book.call("saas_quick_ratio", given)), page.looks.number(RATIO))
    return {"number": number.value, **{name: cell.value for name, cell in cells.items()}}


def _year_row(book: Book, page: Page, row: int, month: Term, months: Months) -> dict[str, float]:
    then = fate(months, month - 12, month)
    page.put(row, 0, month_start(month), page.looks.number("mmm yyyy"))
    names = ("opening", "expansion", "contraction", "churned")
    cells = {n: page.put(row, 1 + i, getattr(then, n), page.looks.number(MONEY)) for i, n in enumerate(names)}
    customers = page.put(row, 8, then.customers, page.looks.number(COUNT, font_color=MUTED))
    losses = {n: cells[n] for n in ("opening", "contraction", "churned")}
    values = {
        "ndr": guarded(cells["opening"], book.call("ndr", cells)),
        "grr": guarded(cells["opening"], book.call("grr", losses)),
        "logo": guarded(customers, book.call("retention_rate", {"lost": then.lost, "opening": customers})),
    }
    for column, (_, value) in enumerate(values.items(), 5):
        page.put(row, column, value, page.looks.number(FRACTION, bold=True))
    return {name: value.value for name, value in values.items()}


def retention_chart(book: Book, page: Page, row: int, size: tuple[int, int]) -> None:
    """Net, gross and logo retention over time, as the page Twelve months has them."""
    months = ["Twelve months", 4, 0, 3 + MONTHS, 0]
    lines = [Line(f"{name} retention", months, gap_cells(number, MONTHS)) for number, (_, name) in enumerate(_LINES)]
    line = line_chart(book, lines, "mmm yy", "0%", across={"interval_unit": 3, "label_position": "low"})
    words = "Line chart: net, gross and logo retention over twelve months, by month"
    page.chart(row, 0, line, "Retention over twelve months", words, size)


def cohorts(book: Book, months: Months, first: Term) -> None:
    """The page Cohorts: how many of each quarter's newcomers still pay, quarter by quarter."""
    page = book.pages["Cohorts"]
    page.widths(13, 9, *[8.5] * COHORTS)
    page.title(
        "Cohorts",
        "Customers by the quarter they first paid in, and the share of them who paid n quarters later; "
        "what is still to "
        "come is blank. Quarters end with the month shown.",
        2 + COHORTS,
    )
    heads = ["First paid in quarter to", "Customers", *(str(n) for n in range(COHORTS))]
    page.headers(4, heads, right=range(1, 2 + COHORTS), height=30)
    for back in range(COHORTS, 0, -1):
        row = 5 + COHORTS - back
        end = book.last_month - 3 * (back - 1)
        page.put(row, 0, month_start(end), page.looks.number("mmm yyyy", align="left", indent=1))
        low, high = end - (months.first + 1), end - (months.first - 1)
        inside = (months.table.column("In segment"), "=", 1)
        found = countifs(
            (months.table.column("First month"), ">=", low), (months.table.column("First month"), "<=", high), inside
        )
        size = page.put(row, 1, when(low.gt(1), found, 0), page.looks.number("0;-0;–", font_color=MUTED))
        for age in range(back):
            page.put(row, 2 + age, _kept(months, first, low, high, end + 3 * age, size), page.looks.number("0%"))
    page.worksheet.conditional_format(
        5,
        2,
        4 + COHORTS,
        1 + COHORTS,
        {
            "type": "2_color_scale",
            "min_color": HEAT[0],
            "max_color": HEAT[1],
            "min_type": "num",
            "max_type": "num",
            "min_value": 0,
            "max_value": 1,
        },
    )
    page.note(
        6 + COHORTS,
        0,
        "A customer counts for a quarter if any month of it was paid. A dash: nobody new, or the table begins "
        "too late to tell.",
        2 + COHORTS,
    )


def _kept(months: Months, first: Term, low: Term, high: Term, end: Term, size: Term) -> Term:
    paid = months.paid(end - 2) + months.paid(end - 1) + months.paid(end)
    member = first.ge(low) * first.lt(high + 1)
    return when(size.eq(0), "", when(months.holds(end), total(months.inside * member * paid.gt(0)) / size, ""))

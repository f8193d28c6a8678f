"""Unit economics: what a customer brings, what winning and keeping one costs, what-if, and the churn a "
"target allows."""

from collections.abc import Mapping
from typing import Any

from xlsxwriter.utility import xl_col_to_name

from csmetrics_core import CATALOG
from csmetrics_core.declaration.spec import COUNT, FRACTION, MONEY
from csmetrics_core.palette import ACCENT, MUTED, SERIES
from csmetrics_workbooks.data import sheets, sources
from csmetrics_workbooks.kit import tiles
from csmetrics_workbooks.kit.book import Book
from csmetrics_workbooks.kit.dates import month_start
from csmetrics_workbooks.kit.flows import Months, fate, first_months
from csmetrics_workbooks.kit.formulas import NO_DATA
from csmetrics_workbooks.kit.judging import NOT_JUDGED
from csmetrics_workbooks.kit.sheet import Page, axis, legend
from csmetrics_workbooks.kit.style import change_format
from csmetrics_workbooks.kit.tables import countifs
from csmetrics_workbooks.kit.terms import Term, change, is_number, term, when
from csmetrics_workbooks.kit.tiles import Tile, write_tiles
from csmetrics_workbooks.pages.checking import billing, mrr_amounts, not_numbers, repeated, unlisted
from csmetrics_workbooks.pages.common import choices
from csmetrics_workbooks.pages.economics import (
    MEASURES,
    MONTHLY,
    NOT_SPLIT,
    Economics,
    add_purposes,
    resting,
    totals,
    unit_of,
)
from csmetrics_workbooks.recipes.recipe import Recipe

QUARTERS = 8
#: What a person may type, as it stands in the template; no margin means the one the costs give.
ASSUMED = {"margin": None, "discount": 0.008, "horizon": 60.0, "target": 1.05}
CHURN_STEPS, ARPA_STEPS = (0.5, 0.75, 1.0, 1.25, 1.5), (-0.2, -0.1, 0.0, 0.1, 0.2)


#: Where the parts of the page begin; a tile of each of these measures stands over the columns beside it.
_TILES_AT = 5
_CHARTS_AT = _TILES_AT + tiles.ROWS
_TABLE_AT = _CHARTS_AT + 14
_TILES = {
    "clv": ("Lifetime value", (0, 0)),
    "cac": ("Acquisition cost", (1, 3)),
    "ltv_cac": ("LTV to CAC", (4, 6)),
    "cac_payback": ("Months to pay back", (7, 7)),
}


def assumptions(book: Book, page: Page) -> dict[str, Term]:
    """What a person may type."""
    page.headers(_TABLE_AT + 13, ["Assumption", "Typed", "", ""], right=(1,), height=18)
    lines = (
        ("margin", "Gross margin", FRACTION, "blank: revenue less the cost of delivery ÷ revenue"),
        ("discount", "Discount a month", MONTHLY, "0.80% a month is about 10% a year"),
        ("horizon", "Horizon, months", COUNT, "how much of the lifetime counts; blank: all of it"),
        ("target", "Target for net retention", FRACTION, "for the churn it allows"),
    )
    cells, given = {}, {**ASSUMED, **book.choices.typed}
    for row, (key, words, unit, why) in enumerate(lines, _TABLE_AT + 14):
        page.put(row, 0, words, page.looks.words())
        cells[key] = page.put(row, 1, given[key], page.looks.input(unit))
        page.put(row, 2, why, page.looks(font_color=MUTED, indent=1))
    return cells


def dashboard(book: Book, page: Page, now: Economics, before: Economics) -> None:
    """The measures of the period and of the one before."""
    heads = ["Measure", "Value", "Prior period", "Change", "Unit", "Formula", "", ""]
    page.headers(_TABLE_AT, heads, right=(1, 2, 3), height=18)
    before.write(page, _TABLE_AT + 1, 2)
    now.write(page, _TABLE_AT + 1, 1, bold=True)
    shown = {}
    for row, (name, label) in enumerate(MEASURES, _TABLE_AT + 1):
        metric = CATALOG[name]
        page.put(row, 0, label, page.looks.words(bold=True))
        moved = change(now.made[name], before.made[name], unit_of(name))
        change_cell = page.put(row, 3, moved, page.looks.number(change_format(unit_of(name))))
        if name in _TILES:
            shown[name] = Tile(
                _TILES[name][0], unit_of(name), now.made[name], change_cell, term(NOT_JUDGED), "", _quarters_of(name)
            )
        page.put(
            row,
            4,
            {"money": "currency", "fraction": "share", "share a month": "share"}.get(
                unit_of(name).name, unit_of(name).name
            ),
            page.looks.words(font_color=MUTED),
        )
        for column in range(5, 8):
            page.put(
                row,
                column,
                metric.formula if column == 5 else None,
                page.looks.words(font_color=MUTED, text_wrap=False),
            )
        page.worksheet.set_row(row, 19)
        book.close_value(label, unit_of(name), now.made[name])

    write_tiles(page, _TILES_AT, [span for _, span in _TILES.values()], [shown[name] for name in _TILES])


def _quarters_of(name: str) -> str:
    """A measure's row on the page Quarters."""
    row = 5 + [measure for measure, _ in MEASURES].index(name)
    return f"Quarters!$B${row}:${xl_col_to_name(QUARTERS)}${row}"


def charts(book: Book, page: Page) -> None:
    """What a customer brings beside what winning one costs, and their ratio, by quarter."""
    months = f"=Quarters!$B$4:${xl_col_to_name(QUARTERS)}$4"
    worth = book.chart("column")
    for name, words, colour in (("clv", "Lifetime value", ACCENT), ("cac", "Acquisition cost", SERIES[1])):
        values = f"={_quarters_of(name)}"
        worth.add_series({"name": words, "categories": months, "values": values, "fill": {"color": colour}, "gap": 60})
    worth.set_legend(legend())
    worth.set_x_axis({**axis("mmm yy"), "text_axis": True})
    worth.set_y_axis({**axis("#,##0", lines=True), "min": 0})
    said = "Column chart: customer lifetime value beside acquisition cost, eight quarters"
    page.chart(_CHARTS_AT, 0, worth, "What a customer brings, and costs to win", said, (560, 268))
    page.chart(_CHARTS_AT, 4, _ratio(book), "LTV:CAC by quarter", _RATIO_SAID, (632, 268))


_RATIO_SAID = "Line chart: lifetime value ÷ acquisition cost, eight quarters"


def what_if(book: Book, page: Page, row: int, now: Economics, assumed: Mapping[str, Term]) -> None:
    """LTV:CAC if churn and revenue a customer were other than they are."""
    page.heading(row, "What if: LTV:CAC at another churn (across) and MRR a customer (down)", 8)
    churn, arpa, cac = now.made["monthly_churn"], now.made["arpa"], now.made["cac"]
    page.put(row + 1, 0, "MRR a customer", page.looks.column())
    page.put(row + 1, 1, "", page.looks.column())
    head = page.looks(bold=True, bg_color=ACCENT, font_color="#FFFFFF", num_format=MONTHLY.number_format, align="right")
    rates = [
        page.put(row + 1, 2 + i, when(is_number(churn), churn * step, NO_DATA), head)
        for i, step in enumerate(CHURN_STEPS)
    ]
    for offset, step in enumerate(ARPA_STEPS, 2):
        page.put(row + offset, 0, step, page.looks.number('+0%;-0%;"as it is"', align="left", indent=1))
        paid = page.put(row + offset, 1, when(is_number(arpa), arpa * (1 + step), NO_DATA), page.looks.number(MONEY))
        for place, rate in enumerate(rates, 2):
            given = {
                "arpa": paid,
                "gross_margin": now.margin,
                "churn": rate,
                "discount_per_period": assumed["discount"],
                "horizon": assumed["horizon"],
            }
            ratio = when(rate.eq(0), "no churn", book.call("clv", given) / cac)
            value = resting(ratio, paid, rate, cac, now.margin)
            here = step == 0 and CHURN_STEPS[place - 2] == 1
            page.put(row + offset, place, value, page.looks.number("0.0", bold=here, **({"border": 1} if here else {})))


def allowed(book: Book, page: Page, row: int, months: Months, assumed: Mapping[str, Term]) -> None:
    """How much MRR may churn while the target for net retention is still met."""
    year = fate(months, book.last_month - 12, book.last_month)
    page.headers(row, ["The churn a target allows", "Amount", "", ""], right=(1,), height=18)
    lines = {
        "MRR 12 months ago": year.opening,
        "Expansion since": year.expansion,
        "Contraction since": year.contraction,
        "Churned since": year.churned,
    }
    cells = {}
    for offset, (words, value) in enumerate(lines.items(), 1):
        page.put(row + offset, 0, words, page.looks.words())
        cells[words] = page.put(row + offset, 1, value, page.looks.number(MONEY))
    opening, expansion, contraction, churned = cells.values()
    given = {"opening": opening, "expansion": expansion, "contraction": contraction, "target_ndr": assumed["target"]}
    reach = opening * (term(1) - assumed["target"]) + expansion - contraction
    value = when(opening.eq(0), NO_DATA, when(reach.lt(0), "out of reach", book.call("allowed_churn", given)))
    page.put(row + 5, 0, "Allowed by the target", page.looks.words(bold=True))
    room = page.put(row + 5, 1, value, page.looks.number(MONEY, bold=True))
    page.put(row + 6, 0, "Room left (negative: too much has churned)", page.looks.words())
    page.put(row + 6, 1, change(room, churned, MONEY), page.looks.number(MONEY))


def quarters(book: Book, months: Months, first: Term, assumed: Mapping[str, Term], ranges: tuple[Term, Term]) -> None:
    """The page Quarters: eight of them, and LTV:CAC as a line."""
    page = book.pages["Quarters"]
    page.widths(38, *[14] * QUARTERS)
    page.title("Quarters", "Three months each, the last ending with the month shown.", 1 + QUARTERS)
    page.put(3, 0, "Measure", page.looks.column())
    for place in range(QUARTERS):
        number = QUARTERS - place
        one = Economics(book, months, first, assumed, 3 + place)
        one.totals = ranges
        one.rests(book.last_month - 3 * (number - 1), 3, number, "Quarter")
        head = page.looks(bold=True, bg_color=ACCENT, font_color="#FFFFFF", num_format="mmm yyyy", align="right")
        page.put(3, 1 + place, month_start(one.end), head)
        one.write(page, 4, 1 + place, bold=number == 1)
    for row, (_, label) in enumerate(MEASURES, 4):
        page.put(row, 0, label, page.looks.words())
    page.chart(15, 0, _ratio(book), "LTV:CAC by quarter", _RATIO_SAID, (900, 260))


def _ratio(book: Book) -> Any:
    """LTV:CAC by quarter as a line."""
    line = book.chart("line")
    line.add_series(
        {
            "name": "LTV:CAC",
            "categories": f"=Quarters!$B$4:${xl_col_to_name(QUARTERS)}$4",
            "values": f"={_quarters_of('ltv_cac')}",
            "line": {"color": ACCENT, "width": 2.25},
            "marker": {"type": "circle", "size": 5, "fill": {"color": ACCENT}, "border": {"color": ACCENT}},
            "data_labels": {
                "value": True,
                "position": "above",
                "num_format": "0.0",
                "font": {"size": 8, "color": MUTED},
            },
        }
    )
    line.set_legend({"none": True})
    line.set_x_axis({**axis("mmm yy"), "text_axis": True})
    line.set_y_axis({**axis("0.0", lines=True), "min": 0})
    return line


def build(book: Book) -> None:
    """Write the pages of this template."""
    revenue, work, page = book.tables["Revenue"], book.pages["Workings"], book.pages["Economics"]
    work.widths(36, *[12] * (2 + QUARTERS))
    work.title("Workings", "The counts and sums behind each figure. Nothing to type here.", 8)
    work.headers(
        3,
        [
            "",
            "This period",
            "Prior period",
            *[f"Quarter {i - QUARTERS}" if i < QUARTERS else "Quarter" for i in range(1, QUARTERS + 1)],
        ],
        right=range(1, 3 + QUARTERS),
        height=18,
    )
    months = Months(revenue)
    book.add_in_segment(revenue)
    formula, values = first_months(months)
    column = revenue.add("First month", formula, values, COUNT)
    first = Term(column.text, values, True)
    add_purposes(book)
    page.widths(38, 14, 14, 14, 14, 14, 14, 48)
    page.title("Unit economics")
    choices(book, page, (0, 2, 4))
    assumed = assumptions(book, page)
    ranges = totals(book, months)
    now, before = (Economics(book, months, first, assumed, c) for c in (1, 2))
    for one, number in ((now, 1), (before, 2)):
        one.totals = ranges
        one.rests(book.last_month - book.period_months * (number - 1), book.period_months, number, "Period")
    dashboard(book, page, now, before)
    charts(book, page)
    page.note(
        _TABLE_AT + 10,
        0,
        f"{NOT_SPLIT.capitalize()}: a segment is chosen, and costs of the period are not split by segment. Name the "
        "segment of every cost on the page Costs, or choose All. Churn a month is the constant rate that gives the "
        "churn of the last twelve months.",
        8,
        28,
    )
    what_if(book, page, _TABLE_AT + 20, now, assumed)
    allowed(book, page, _TABLE_AT + 29, months, assumed)
    quarters(book, months, first, assumed, ranges)
    repeated(book, revenue, "Customer", "Add the rows of one customer together: each row counts as a customer.")
    mrr_amounts(book, months)
    unlisted(book, revenue)
    not_numbers(book, book.tables["Costs"], "Amount")
    costs = book.tables["Costs"]
    negative = countifs((costs.column("Amount"), "<", 0))
    book.check("Costs: negative amounts", negative, "A refund belongs to the line it reduces.")
    known = ("acquisition", "retention", "delivery", "development", "overhead")
    counted = sum(isinstance(v, str) and v.lower() in known for v in costs.cells["Purpose"])
    filled = sum(v is not None for v in costs.cells["Purpose"])
    words = "-".join(f'COUNTIF(Costs[Purpose],"{k}")' for k in known)
    book.check(
        "Costs: purposes nobody counts",
        Term(f"COUNTA(Costs[Purpose])-{words}", filled - counted),
        "Use acquisition, retention, delivery, development or overhead.",
    )
    billing(book, now.mrr)


RECIPE = Recipe(
    name="unit_economics",
    title="Unit economics",
    about="ARPU, CLV, CAC, LTV:CAC, payback, retention cost, a what-if table and the churn a target allows",
    answers=(
        "What does a customer bring over its lifetime, and what does winning and keeping one cost?",
        "After how many months is the cost of winning a customer earned back?",
        "What if churn or revenue a customer were other than they are, and how much churn does the target allow?",
    ),
    steps=(
        "Paste your rows over the sample on the pages Revenue and Costs, headers unchanged, and delete "
        "the rows that are left.",
        "Choose segment, period and last month on the page Economics, and type the assumptions below the measures.",
        "Read the page Checks, mend what it names, and close the month on the page Closed months.",
    ),
    pages=(
        ("Economics", "the dashboard: measures, what-if, allowed churn"),
        ("Quarters", "the same measures, eight quarters"),
        ("Revenue", "data: recurring revenue, a customer a row"),
        ("Costs", "data: costs by month and purpose"),
        ("Workings", "counts and sums behind the figures"),
    ),
    dashboard="Economics",
    sheets={sheets.REVENUE: sources.sample_revenue, sheets.COSTS: sources.sample_costs},
    build=build,
    banner_width=8,
)

"""Scorecard: the sixteen metrics with interval, target, status and trend, and a board page of nine quarters."""

from collections.abc import Mapping

from csmetrics_core import CATALOG
from csmetrics_core.declaration.spec import COUNT
from csmetrics_core.palette import MUTED
from csmetrics_workbooks.data import sheets, sources
from csmetrics_workbooks.kit import tiles
from csmetrics_workbooks.kit.book import Book
from csmetrics_workbooks.kit.judging import status
from csmetrics_workbooks.kit.style import change_format
from csmetrics_workbooks.kit.terms import Term, change, when
from csmetrics_workbooks.kit.tiles import write_tiles
from csmetrics_workbooks.pages.board import board, board_range
from csmetrics_workbooks.pages.checking import billing, mrr_amounts, not_numbers, off_scale, repeated, unlisted
from csmetrics_workbooks.pages.common import choices
from csmetrics_workbooks.pages.headline import METRICS, Metrics, plan_page, planned, shown_unit, title_of, unit_words
from csmetrics_workbooks.pages.scorecard_glance import Cells, Headline
from csmetrics_workbooks.pages.workings import Workings
from csmetrics_workbooks.recipes.recipe import Recipe

#: Metrics that grow with the period, whose targets are for a quarter.
QUARTERLY = ("churn_rate", "arpu", "crc")


#: The columns each headline tile stands over.
_SPANS = ((0, 0), (1, 3), (4, 6), (7, 9), (10, 10))
_TILES_AT, _CHART_ROWS = 5, 12
_HEADS = "Metric,Unit,Value,Low,High,Rests on,Target,Status,Prior period,Change,Nine quarters".split(",")
_NOTE = (
    "Value, interval and prior period follow the choices above; charts and bars show the nine quarters of the page "
    "Board. Low and high: the interval at the confidence on the page Plan. Rests on: customers, answers, tickets or "
    "sessions behind the figure. Net retention looks back twelve months whatever the period. Licence use and "
    "stickiness are of the last month. Opportunities and costs are known for the whole company only: for one segment "
    "they say no data. Changes of shares are in percentage points. Quarterly: the target is for a quarter, and the "
    "period chosen is another."
)


def dashboard(book: Book, metrics: Metrics, plan: Mapping[str, Term]) -> None:
    """The scorecard page: what matters most at a glance, two charts, and the sixteen metrics."""
    page = book.pages["Scorecard"]
    page.widths(28, 9, 11, 9, 9, 9, 11, 9, 11.5, 11, 20)
    page.title("Scorecard")
    choices(book, page, (0, 3, 6))
    charts_at = _TILES_AT + tiles.ROWS
    table_at = charts_at + _CHART_ROWS
    rows = {name: _table_row(book, metrics, plan, name, table_at + 1 + at) for at, name in enumerate(METRICS)}
    page.headers(table_at, _HEADS, right=range(2, 10), height=18)
    page.mark_status(table_at + 1, 7, table_at + len(METRICS))
    page.note(table_at + len(METRICS) + 2, 0, _NOTE, 11, 54)
    headline = Headline(book, metrics, rows)
    write_tiles(page, _TILES_AT, _SPANS, headline.tiles())
    headline.charts(page, charts_at)


def _table_row(book: Book, metrics: Metrics, plan: Mapping[str, Term], name: str, row: int) -> Cells:
    """One metric; returns the cells of its value, of the prior period and of its change."""
    page, (now, before) = book.pages["Scorecard"], metrics.workings.views[:2]
    metric, unit, title = CATALOG[name], shown_unit(name), title_of(name)
    page.worksheet.set_row(row, 21 if len(title) < 30 else 28)
    page.put(row, 0, title, page.looks.words(bold=True, text_wrap=True))
    page.put(row, 1, unit_words(name), page.looks.words(font_color=MUTED))
    value = page.put(row, 2, metrics.value(name, now), page.looks.number(unit, bold=True))
    for column, bound in enumerate(metrics.interval(name, now) or ("", ""), 3):
        page.put(row, column, bound, page.looks.number(unit, font_color=MUTED))
    page.put(row, 5, metrics.base(name, now), page.looks.number(COUNT, font_color=MUTED))
    target = page.put(row, 6, planned(plan, name), page.looks.number(unit))
    judged = status(value, target, plan[f"near {name}"], metric.better)
    if name in QUARTERLY:
        judged = when(book.period_months.eq(3), judged, "quarterly")
    page.put(row, 7, judged, page.looks.words(align="center", indent=0))
    prior = page.put(row, 8, metrics.value(name, before), page.looks.number(unit))
    moved = page.put(row, 9, change(value, prior, unit), page.looks.number(change_format(unit)))
    page.put(row, 10, None, page.looks.words())
    page.bars(row, 10, board_range(name), unit)
    if name in ("churn_rate", "mrr", "ndr", "nps", "csat", "fcr"):
        book.close_value(metric.title, unit, value)
    return value, prior, moved


def checks(book: Book, workings: Workings) -> None:
    """What must hold before the figures are shown to anybody."""
    responses, revenue = book.tables["Responses"], book.tables["Revenue"]
    for header, low, high in (("NPS", 0, 10), ("CSAT", 1, 5), ("CES", 1, 7)):
        off_scale(book, responses, header, low, high)
    for header in ("NPS", "CSAT", "CES"):
        not_numbers(book, responses, header)
    repeated(book, revenue, "Customer", "Add the rows of one customer together: each row counts as a customer.")
    mrr_amounts(book, workings.months)
    for name in ("Revenue", "Responses", "Operations", "Sessions"):
        unlisted(book, book.tables[name])
    billing(book, workings.get("MRR at end", workings.views[0]))


def build(book: Book) -> None:
    """Write the pages of this template."""
    tables = book.tables
    book.add_in_segment(tables["Revenue"])
    book.add_periods(tables["Responses"], "Date", period=book.period_months, quarter=3)
    book.add_periods(tables["Operations"], "Month", period=book.period_months, quarter=3, month_no=1)
    book.add_periods(tables["Sessions"], "Date", period=book.period_months, quarter=3)
    plan = plan_page(book)
    workings = Workings(book, plan)
    metrics = Metrics(book, workings, plan)
    dashboard(book, metrics, plan)
    board(book, metrics, plan)
    checks(book, workings)
    book.explain("grr", "nps_interval", "csat_interval", "ces_interval")
    book.explain("conversion_interval", remark="Likewise of churn and of first contact resolution.")


RECIPE = Recipe(
    name="scorecard",
    title="Customer success scorecard",
    about="all sixteen metrics with interval, target, status and trend, and a board page of nine quarters",
    answers=(
        "Where do we stand on each of the sixteen customer success metrics, and how sure is that?",
        "Which targets are met, which are near, which are missed, and what moved since the prior period?",
        "What does the board see: nine quarters, actual against plan, prior quarter and year ago?",
    ),
    steps=(
        "Paste your rows over the sample on the data pages (Responses, Revenue, Operations, Sessions), "
        "headers unchanged, and delete the rows that are left.",
        "Choose segment, period and last month on the Scorecard, and type your targets on the page Plan.",
        "Read the page Checks, mend what it names, and close the month on the page Closed months.",
    ),
    pages=(
        ("Scorecard", "sixteen metrics for the period chosen"),
        ("Board", "nine quarters for the board, one page"),
        ("Plan", "targets and assumptions to type"),
        ("Responses", "data: survey answers"),
        ("Revenue", "data: recurring revenue, a customer a row"),
        ("Operations", "data: support, usage, sales and cost by month"),
        ("Sessions", "data: product sessions"),
        ("Workings", "counts and sums behind the figures"),
    ),
    dashboard="Scorecard",
    sheets={
        sheets.RESPONSES: sources.sample_responses,
        sheets.REVENUE: sources.sample_revenue,
        sheets.OPERATIONS: sources.sample_operations,
        sheets.SESSIONS: sources.sample_sessions,
    },
    build=build,
    banner_width=11,
)

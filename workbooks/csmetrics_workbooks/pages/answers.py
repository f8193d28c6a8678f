"""Answers by score, and NPS by quarter, as charts."""

from csmetrics_core.declaration.spec import POINTS
from csmetrics_core.palette import ACCENT, MUTED, SERIES
from csmetrics_workbooks.kit.book import Book
from csmetrics_workbooks.kit.dates import month_start
from csmetrics_workbooks.kit.formulas import Scope
from csmetrics_workbooks.kit.gaps import gap_cells, write_gaps
from csmetrics_workbooks.kit.judging import guarded
from csmetrics_workbooks.kit.sheet import Page, axis, legend
from csmetrics_workbooks.kit.tables import Table, countifs
from csmetrics_workbooks.kit.terms import Term
from csmetrics_workbooks.pages.comments import BANDS

QUARTERS = 9
_SCORES_AT, _TREND_AT = 18, 32
#: The cells of NPS by quarter, the latest last.
TREND = f"Workings!$C${_TREND_AT + 1}:$C${_TREND_AT + QUARTERS}"
_LOST, _KEPT, _WON = SERIES[1], SERIES[3], SERIES[0]


def charts(book: Book, page: Page, row: int) -> None:
    """Answers by score, and NPS by quarter."""
    work, table = book.pages["Workings"], book.tables["Responses"]
    first = _SCORES_AT
    work.headers(first - 1, ["Score", "Band", "Answers"], right=(0, 2), height=18)
    inside = (table.column("Period"), "=", 1)
    points = []
    for score in range(11):
        band = next(number for number, (_, low, high) in enumerate(BANDS) if low <= score <= high)
        work.put(first + score, 0, float(score), work.looks.number("0"))
        work.put(first + score, 1, BANDS[band][0], work.looks.words())
        work.put(first + score, 2, countifs((table.column("NPS"), "=", score), inside), work.looks.number("0"))
        points.append({"fill": {"color": (_LOST, _KEPT, _WON)[band]}})
    bars = book.chart("column")
    bars.add_series(
        {
            "name": "Answers",
            "categories": ["Workings", first, 0, first + 10, 0],
            "values": ["Workings", first, 2, first + 10, 2],
            "points": points,
            "gap": 40,
            "data_labels": {"value": True, "font": {"size": 8, "color": MUTED}},
        }
    )
    bars.set_legend({"none": True})
    bars.set_x_axis(
        {
            **axis("0"),
            "name": "score: 0-6 detractors, 7-8 passives, 9-10 promoters",
            "name_font": {"size": 9, "bold": False, "color": MUTED},
        }
    )
    bars.set_y_axis({**axis("0", lines=True), "visible": True})
    page.chart(
        row, 0, bars, "Answers by score", "Column chart: number of answers for each NPS score from 0 to 10", (374, 268)
    )
    trend(book, page, row, table)


def trend(book: Book, page: Page, row: int, table: Table) -> None:
    """NPS of nine quarters as a line, and the answers behind it."""
    work, first = book.pages["Workings"], _TREND_AT
    work.headers(
        first - 1, ["Quarter to", "Answers", "NPS", *(name for name, _, _ in BANDS)], right=range(6), height=18
    )
    scores_of: list[Term] = []
    for place in range(QUARTERS):
        number = QUARTERS - place
        end = book.last_month - 3 * (number - 1)
        work.put(first + place, 0, month_start(end), work.looks.number("mmm yyyy"))
        n = countifs((table.column("NPS"), ">=", 0), (table.column("Quarter"), "=", number))
        base = work.put(first + place, 1, n, work.looks.number("0"))
        value = guarded(base, book.call("nps", {"scores": table.column("NPS")}, Scope(table.column("Quarter"), number)))
        scores_of.append(work.put(first + place, 2, value, work.looks.number(POINTS)))
        for column, (_, low, high) in enumerate(BANDS, 3):
            inside = (table.column("Quarter"), "=", number)
            scores = table.column("NPS")
            work.put(
                first + place,
                column,
                countifs((scores, ">=", low), (scores, "<=", high), inside),
                work.looks.number("0"),
            )
    write_gaps(book, 0, "NPS", scores_of)
    line = book.chart("line")
    line.add_series(
        {
            "name": "NPS",
            "categories": ["Workings", first, 0, first + QUARTERS - 1, 0],
            "values": gap_cells(0, QUARTERS),
            "line": {"color": ACCENT, "width": 2.25},
            "marker": {"type": "circle", "size": 5, "fill": {"color": ACCENT}, "border": {"color": ACCENT}},
            "data_labels": {"value": True, "position": "above", "num_format": "0", "font": {"size": 8, "color": MUTED}},
        }
    )
    line.set_legend({"none": True})
    line.set_x_axis({**axis("mmm yy"), "text_axis": True, "label_position": "low"})
    line.set_y_axis(axis("0", lines=True))
    page.chart(row, 3, line, "NPS by quarter", "Line chart: Net Promoter Score of the nine latest quarters", (358, 268))
    page.chart(row, 7, _bands(book), "Who answered how", _BANDS_SAID, (452, 268))


_BANDS_SAID = "Stacked columns: shares of detractors, passives and promoters in the nine latest quarters"


def _bands(book: Book) -> object:
    """Promoters, passives and detractors of each quarter, as shares."""
    chart, first = book.chart("column", subtype="percent_stacked"), _TREND_AT
    for column, ((name, _, _), colour) in enumerate(zip(BANDS, (_LOST, _KEPT, _WON), strict=True), 3):
        chart.add_series(
            {
                "name": name,
                "categories": ["Workings", first, 0, first + QUARTERS - 1, 0],
                "values": ["Workings", first, column, first + QUARTERS - 1, column],
                "fill": {"color": colour},
                "border": {"none": True},
                "gap": 50,
            }
        )
    chart.set_legend(legend())
    chart.set_x_axis({**axis("mmm yy"), "text_axis": True})
    chart.set_y_axis(axis("0%", lines=True))
    return chart

"""Answers by score, and NPS by quarter, as charts."""

from csmetrics_core.palette import ACCENT, MUTED, SERIES
from csmetrics_core.spec import POINTS
from csmetrics_workbooks.book import Book
from csmetrics_workbooks.comments import BANDS
from csmetrics_workbooks.dates import month_start
from csmetrics_workbooks.formulas import Scope
from csmetrics_workbooks.judging import guarded
from csmetrics_workbooks.sheet import Page, axis
from csmetrics_workbooks.tables import Table, countifs

QUARTERS = 9
_LOST, _KEPT, _WON = SERIES[1], SERIES[3], SERIES[0]


def charts(book: Book, page: Page, row: int) -> None:
    """Answers by score, and NPS by quarter."""
    work, table = book.pages["Workings"], book.tables["Responses"]
    first = 18
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
        row, 0, bars, "Answers by score", "Column chart: number of answers for each NPS score from 0 to 10", (470, 250)
    )
    trend(book, page, row, table, first + 14)


def trend(book: Book, page: Page, row: int, table: Table, first: int) -> None:
    """NPS of nine quarters as a line."""
    work = book.pages["Workings"]
    work.headers(first - 1, ["Quarter to", "Answers", "NPS"], right=(0, 1, 2), height=18)
    for place in range(QUARTERS):
        number = QUARTERS - place
        end = book.last_month - 3 * (number - 1)
        work.put(first + place, 0, month_start(end), work.looks.number("mmm yyyy"))
        n = countifs((table.column("NPS"), ">=", 0), (table.column("Quarter"), "=", number))
        base = work.put(first + place, 1, n, work.looks.number("0"))
        value = guarded(base, book.call("nps", {"scores": table.column("NPS")}, Scope(table.column("Quarter"), number)))
        work.put(first + place, 2, value, work.looks.number(POINTS))
    line = book.chart("line")
    line.add_series(
        {
            "name": "NPS",
            "categories": ["Workings", first, 0, first + QUARTERS - 1, 0],
            "values": ["Workings", first, 2, first + QUARTERS - 1, 2],
            "line": {"color": ACCENT, "width": 2.25},
            "marker": {"type": "circle", "size": 5, "fill": {"color": ACCENT}, "border": {"color": ACCENT}},
            "data_labels": {"value": True, "position": "above", "num_format": "0", "font": {"size": 8, "color": MUTED}},
        }
    )
    line.set_legend({"none": True})
    line.set_x_axis({**axis("mmm yy"), "text_axis": True, "label_position": "low"})
    line.set_y_axis(axis("0", lines=True))
    page.chart(row, 5, line, "NPS by quarter", "Line chart: Net Promoter Score of the nine latest quarters", (470, 250))

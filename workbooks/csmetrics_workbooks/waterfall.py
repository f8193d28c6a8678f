"""The period's MRR bridge as a waterfall, and retention over twelve months as lines."""

from csmetrics_core.palette import ACCENT, SERIES
from csmetrics_core.spec import MONEY
from csmetrics_workbooks import bridge as monthly
from csmetrics_workbooks.book import Book
from csmetrics_workbooks.sheet import Page, axis, legend
from csmetrics_workbooks.tables import sumifs
from csmetrics_workbooks.terms import Term, term


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

"""What lies ahead of ARR: renewals month by month, what assumptions come to, and what a goal takes."""

from dataclasses import dataclass

import numpy as np
from xlsxwriter.utility import xl_col_to_name

from csmetrics_core.declaration.spec import COUNT, MONEY
from csmetrics_core.palette import ACCENT, LINE, SERIES
from csmetrics_workbooks.kit.book import Book
from csmetrics_workbooks.kit.dates import month_start
from csmetrics_workbooks.kit.sheet import Page, axis, legend
from csmetrics_workbooks.kit.tables import Table, as_numbers, countifs, months_of, numbers_of, sumifs
from csmetrics_workbooks.kit.terms import Term, is_number, total, when
from csmetrics_workbooks.pages.bridge import MONTHS, MOVEMENTS, Bridge

PAGE = "ARR ahead"
AHEAD = 12
DUE = "Months to due"
_INPUTS_AT, _CHARTS_AT, _TABLE_AT = 3, 12, 27
_HEADS = (
    "Month", "Contracts due", "ARR due", "Expected by call", "At risk by call", "Red", "Contracted, due later",
    "ARR on your assumptions",
)  # fmt: skip
_NOTE = (
    "Expected by call: the owner's figure, or the share of its call on the page Forecast, at most what the contract "
    "pays now; at risk by call is the rest of it. Contracted: ARR of contracts that come up later. ARR on your "
    "assumptions is arithmetic, no forecast: each month's ARR × (1 − lost + added) + new. A forecast that learns from "
    "the past who leaves at each renewal, with its band and its past errors beside naive rivals, needs the add-in: "
    "ARR_FORECAST, or csmetrics forecast FILE."
)


@dataclass(frozen=True)
class Assumed:
    """What a person assumes: ARR now, shares lost and added a month, and new ARR a month."""

    arr: Term
    lost: Term
    added: Term
    new: Term

    @property
    def net(self) -> Term:
        """Growth a month of customers there."""
        return self.added - self.lost

    def after(self, arr: Term) -> Term:
        """ARR a month later."""
        return arr * (self.net + 1) + self.new


def payments(rate: Term, months: Term) -> Term:
    """What 1 a month grows to."""
    small = Term(f"ABS({rate.text})<0.00000001", abs(rate.value) < 1e-8)
    return when(small, months, ((rate + 1) ** months - 1) / rate)


def write(book: Book, bridge: Bridge, closing: Term) -> None:
    """Write the page.

    Args:
        book: with the renewals, whose forecast stands already.
        bridge: the months behind the assumptions.
        closing: MRR at the end.
    """
    page, table = book.pages[PAGE], book.tables["Renewals"]
    page.widths(32, 14, 15, 18, 15, 15, 19, 19)
    page.title(PAGE, "What comes up for renewal in the twelve months after the one shown, and what ARR may come to.", 8)
    _due_column(book, table)
    assumed = _inputs(book, page, bridge, closing)
    _goal(book, page, assumed)
    _calendar(book, page, table, assumed)
    _charts(book, page)
    page.note(_TABLE_AT + AHEAD + 4, 0, _NOTE, 8, 42)
    book.explain("renewal_calendar", "arr_goal", "arr_forecast")


def _due_column(book: Book, table: Table) -> None:
    """Months from the one shown until a contract is due: 0 if overdue, -1 of another segment or without a date."""
    formula, inside = book.in_segment(table)
    months = months_of(table, "Due") - book.last_month.value
    values = np.where(inside & np.isfinite(months), np.maximum(np.nan_to_num(months), 0), -1.0)
    due = table.here("Due")
    valid = f"(N({due})>=61)*(N({due})<2958466)"
    table.add(DUE, f"IF(({formula})*{valid},MAX(0,YEAR({due})*12+MONTH({due})-last_month),-1)", values, COUNT)


def _inputs(book: Book, page: Page, bridge: Bridge, closing: Term) -> Assumed:
    page.headers(_INPUTS_AT, ["Assumptions", "A month"], right=(1,), height=18)
    opening = _past(bridge, "opening")
    lost = _past(bridge, "contraction") + _past(bridge, "churned")
    added = _past(bridge, "expansion") + _past(bridge, "reactivation")
    arr = when(is_number(closing), closing * 12, 0)
    lines = (
        ("ARR now", arr, page.looks.number(MONEY)),
        ("Share lost, churn and contraction", when(opening.gt(0), lost / opening, 0), page.looks.input("0.0%")),
        ("Share added by customers there", when(opening.gt(0), added / opening, 0), page.looks.input("0.0%")),
        ("New ARR", book.sample_target(5000.0), page.looks.input(MONEY)),
    )
    cells = []
    for row, (words, value, look) in enumerate(lines, _INPUTS_AT + 1):
        page.put(row, 0, words, page.looks.words())
        cells.append(page.put(row, 1, value, look))
    page.put(_INPUTS_AT + 5, 0, "Shares: means of the last 12 months; type over them.", page.looks.note())
    new = Term(f"N({cells[3].text})", cells[3].value or 0.0)
    return Assumed(cells[0], cells[1], cells[2], new)


def _past(bridge: Bridge, name: str) -> Term:
    """A movement summed over the last twelve months."""
    letter = xl_col_to_name(1 + MOVEMENTS.index(name))
    value = float(np.nansum(as_numbers(bridge.columns[name].value[-12:])))
    return Term(f"SUM('Bridge'!${letter}${5 + MONTHS - 12}:${letter}${4 + MONTHS})", round(value, 9))


def _goal(book: Book, page: Page, assumed: Assumed) -> None:
    """What new business, or what churn, reaches a goal."""
    for column, words in ((3, "Goal"), (4, None), (5, None), (6, "Figure")):
        page.put(_INPUTS_AT, column, words, page.looks.column(right=column == 6))
    growth = _line(page, 1, "Growth of ARR to reach", 0.15, page.looks.input("0%"))
    months = _line(page, 2, "Months until then", 12, page.looks.input("0"))
    target = _line(page, 3, "That is an ARR of", assumed.arr * (growth + 1), page.looks.number(MONEY))
    without = assumed.arr * (assumed.net + 1) ** months
    needed = (target - without) / payments(assumed.net, months)
    some = assumed.arr.gt(0)
    text = when(needed.gt(0), needed, "reached without any")
    _line(page, 4, "New ARR a month it takes", when(some, text, ""), page.looks.number(MONEY, bold=True))
    best = assumed.arr * (assumed.added + 1) ** months + assumed.new * payments(assumed.added, months)
    given = {"arr": assumed.arr, "target": target, "months": months, "expansion": assumed.added,
             "new_arr_a_month": assumed.new}  # fmt: skip
    solved = book.call("arr_goal", given)
    least = assumed.arr * assumed.added**months + assumed.new * payments(assumed.added - 1, months)
    held = when(target.gt(best), "not even without any", when(least.gt(target), "any", solved))
    _line(page, 5, "Share lost a month it allows", when(some, held, ""), page.looks.number("0.0%", bold=True))


def _line(page: Page, offset: int, words: str, value: object, look: object) -> Term:
    row = _INPUTS_AT + offset
    for column in (3, 4, 5):
        page.put(row, column, words if column == 3 else None, page.looks.words(text_wrap=False))
    return page.put(row, 6, value, look)


def _calendar(book: Book, page: Page, table: Table, assumed: Assumed) -> None:
    page.headers(_TABLE_AT, _HEADS, right=range(1, len(_HEADS)), height=30)
    column, arr = numbers_of(table, DUE), table.numbers("ARR")
    forecast = numbers_of(table, "Forecast ARR")
    kept = when(forecast.lt(arr), forecast, arr)
    money = page.looks.number(MONEY)
    shown: list[list[Term]] = [[] for _ in range(5)]
    running = assumed.arr
    for k in range(AHEAD + 1):
        row, here = _TABLE_AT + 1 + k, (column, "=", k)
        name = month_start(book.last_month + k) if k else "by now"
        page.put(row, 0, name, page.looks.number("mmm yyyy", align="left", indent=1))
        due = sumifs(table.column("ARR"), here)
        expected = total(column.eq(k) * kept)
        red = sumifs(table.column("ARR"), here, (table.column("Health band"), "=", "red"))
        for place, value in enumerate((countifs(here), due, expected, due - expected, red)):
            look = page.looks.number(COUNT) if place == 0 else money
            shown[place].append(page.put(row, 1 + place, value, look))
        page.put(row, 6, sumifs(table.column("ARR"), (column, ">", k)), money)
        running = page.put(row, 7, assumed.after(running) if k else assumed.arr, money)
    bottom = _TABLE_AT + 2 + AHEAD
    page.put(bottom, 0, "All", page.looks.words(bold=True))
    for place, cells in enumerate(shown, 1):
        area = f"{cells[0].text}:{cells[-1].text.rpartition('!')[2]}"
        look = page.looks.number(COUNT if place == 1 else MONEY, bold=True)
        page.put(bottom, place, Term(f"SUM({area})", sum(cell.value for cell in cells)), look)
    for place in (6, 7):
        page.put(bottom, place, None, page.looks.words())


def _charts(book: Book, page: Page) -> None:
    first, last = _TABLE_AT + 1, _TABLE_AT + 1 + AHEAD
    due = book.chart("column", subtype="stacked")
    for column, colour in ((3, ACCENT), (4, SERIES[1])):
        due.add_series(_series(column, first, last, colour))
    _shape(due)
    words = "Stacked columns: ARR that comes up for renewal by month, expected to renew and at risk by call"
    page.chart(_CHARTS_AT, 0, due, "Renewals due", words, (590, 290))
    ahead = book.chart("column")
    ahead.add_series(_series(6, first, last, LINE))
    line = book.chart("line")
    line.add_series({**_series(7, first, last, ACCENT), "line": {"color": ACCENT, "width": 2.25}})
    ahead.combine(line)
    _shape(ahead)
    words = "Columns: ARR of contracts that come up later than each month; line: ARR on the assumptions above"
    page.chart(_CHARTS_AT, 4, ahead, "ARR ahead on your assumptions, contracted ARR apart", words, (498, 290))


def _series(column: int, first: int, last: int, colour: str) -> dict[str, object]:
    return {
        "name": [PAGE, _TABLE_AT, column],
        "categories": [PAGE, first, 0, last, 0],
        "values": [PAGE, first, column, last, column],
        "fill": {"color": colour},
        "gap": 40,
    }


def _shape(chart: object) -> None:
    chart.set_legend(legend())  # type: ignore[attr-defined]
    chart.set_x_axis({**axis("mmm yy"), "text_axis": True})  # type: ignore[attr-defined]
    chart.set_y_axis({**axis("#,##0", lines=True), "min": 0})  # type: ignore[attr-defined]

"""Revenue retention at a glance: four tiles, recurring revenue over two years, and what moved it month by month."""

from collections.abc import Mapping

from xlsxwriter.utility import xl_col_to_name

from csmetrics_core import CATALOG
from csmetrics_core.declaration.spec import FRACTION, MONEY
from csmetrics_core.palette import ACCENT, SERIES
from csmetrics_workbooks.kit.book import Book
from csmetrics_workbooks.kit.estimates import wilson, z_of
from csmetrics_workbooks.kit.judging import Measured, moved_words
from csmetrics_workbooks.kit.sheet import Page, axis, legend
from csmetrics_workbooks.kit.terms import Term, term
from csmetrics_workbooks.kit.tiles import Tile, interval_words
from csmetrics_workbooks.pages.bridge import MONTHS, MOVEMENTS, Bridge

#: The columns each tile stands over.
SPANS = ((0, 0), (1, 2), (3, 4), (5, 7))
#: Rows of the page Workings.
_CHURN_AT, _MOVES_AT = 60, 72
_TITLES = {
    "mrr": "Recurring revenue a month",
    "ndr": "Net retention",
    "grr": "Gross retention",
    "churn_rate": "Customer churn",
}
_LAST = 4 + MONTHS
_TRENDS = {
    "mrr": f"Bridge!$H$5:$H${_LAST}",
    "ndr": f"'Twelve months'!$F$5:$F${_LAST}",
    "grr": f"'Twelve months'!$G$5:$G${_LAST}",
}
_MOVES = {"new": 1, "expansion": 1, "reactivation": 1, "contraction": -1, "churned": -1}
_COLOURS = (SERIES[0], SERIES[2], SERIES[3], SERIES[4], SERIES[1])
_COLUMNS = {name: xl_col_to_name(1 + MOVEMENTS.index(name)) for name in _MOVES}

#: Value, prior period and change of a measure.
Cells = tuple[Term, Term, Term]


def tiles_of(work: Page, rows: Mapping[str, Cells], by_date: Mapping[str, Term]) -> list[Tile]:
    """The tiles, from the cells of value, prior period and change of each measure."""
    work.put(_CHURN_AT, 0, "Confidence", work.looks.words())
    z = z_of(work.put(_CHURN_AT, 1, 0.95, work.looks.input(FRACTION)))
    ends = {
        "": wilson(by_date["churned"], by_date["opening"], z),
        " before": wilson(by_date["churned before"], by_date["opening before"], z),
    }
    intervals = {
        when: _interval(work, _CHURN_AT + 1 + 2 * at, f"Customer churn{when}", *pair)
        for at, (when, pair) in enumerate(ends.items())
    }
    return [_tile(work, at, name, rows[name], by_date, intervals, z) for at, name in enumerate(_TITLES)]


def _tile(
    work: Page,
    at: int,
    name: str,
    row: Cells,
    by_date: Mapping[str, Term],
    intervals: Mapping[str, tuple[Term, Term]],
    z: Term,
) -> Tile:
    value, prior, moved = row
    churn = name == "churn_rate"
    now, before = (
        Measured(cell, by_date[f"opening{when}"], intervals[when] if churn else None)
        for cell, when in ((value, ""), (prior, " before"))
    )
    verdict = _note(work, _CHURN_AT + 5 + at, f"{_TITLES[name]}: moved", moved_words(CATALOG[name], now, before, z))
    beside = interval_words(*intervals[""], FRACTION) if churn else "at the end" if name == "mrr" else "over 12 months"
    return Tile(_TITLES[name], CATALOG[name].unit, value, moved, verdict, beside, _TRENDS.get(name, ""))


def _interval(work: Page, row: int, words: str, low: Term, high: Term) -> tuple[Term, Term]:
    return _note(work, row, f"{words}, low", low), _note(work, row + 1, f"{words}, high", high)


def _note(work: Page, row: int, words: str, value: Term) -> Term:
    work.put(row, 0, words, work.looks.words())
    return work.put(row, 1, value, work.looks.number(FRACTION))


def charts(book: Book, page: Page, work: Page, row: int, bridge: Bridge) -> None:
    """Recurring revenue over two years beside the movements of each month."""
    revenue = book.chart("column")
    months = f"=Bridge!$A$5:$A${_LAST}"
    fill = {"color": ACCENT}
    revenue.add_series({"name": "MRR", "categories": months, "values": f"={_TRENDS['mrr']}", "fill": fill, "gap": 40})
    revenue.set_legend({"none": True})
    revenue.set_x_axis({**axis("mmm yy"), "text_axis": True, "interval_unit": 4})
    revenue.set_y_axis({**axis("#,##0", lines=True), "min": 0})
    page.chart(row, 0, revenue, "Recurring revenue, 24 months", "Column chart: MRR at the end of 24 months", (446, 268))
    _write_moves(work, bridge)
    moves = book.chart("column", subtype="stacked")
    for column, colour in enumerate(_COLOURS, 1):
        moves.add_series(
            {
                "name": ["Workings", _MOVES_AT, column],
                "categories": months,
                "values": ["Workings", _MOVES_AT + 1, column, _MOVES_AT + MONTHS, column],
                "fill": {"color": colour},
                "border": {"none": True},
                "gap": 40,
            }
        )
    moves.set_legend(legend())
    moves.set_x_axis({**axis("mmm yy"), "text_axis": True, "interval_unit": 4, "label_position": "low"})
    moves.set_y_axis(axis("#,##0", lines=True))
    words = "Stacked columns: new, expansion and reactivation above the line, contraction and churn below it, by month"
    page.chart(row, 3, moves, "What moved it", words, (463, 268))


def _write_moves(work: Page, bridge: Bridge) -> None:
    """The movements with their signs, as a chart stacks them."""
    work.headers(_MOVES_AT, ["Movements", *(name.capitalize() for name in _MOVES)], right=range(1, 6), height=18)
    for at in range(MONTHS):
        work.put(
            _MOVES_AT + 1 + at, 0, f"Month {at - MONTHS + 1}" if at < MONTHS - 1 else "Last month", work.looks.words()
        )
        for column, (name, sign) in enumerate(_MOVES.items(), 1):
            cell = Term(f"Bridge!${_COLUMNS[name]}${5 + at}", bridge.columns[name].value[at])
            work.put(_MOVES_AT + 1 + at, column, cell if sign > 0 else term(0) - cell, work.looks.number(MONEY))

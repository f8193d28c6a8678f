"""The period's MRR bridge as a table, and as a waterfall that stands on a cut."""

from csmetrics_core.palette import SERIES
from csmetrics_core.spec import MONEY
from csmetrics_workbooks.book import Book
from csmetrics_workbooks.bridge import Bridge
from csmetrics_workbooks.sheet import Page, axis, legend
from csmetrics_workbooks.tables import sumifs
from csmetrics_workbooks.terms import Term, largest, smallest, term, when

#: Rows of the page Workings the waterfall stands in, its heads first.
_AT = 49
_STEPS = ("opening", "new", "expansion", "reactivation", "contraction", "churned", "closing")
_LOSSES, _ENDS = ("contraction", "churned"), ("opening", "closing")
_HEADS = ("Waterfall", "Base", "Balance", "Gain", "Loss", "Level after")


def waterfall(book: Book, page: Page, work: Page, row: int, bridge: Bridge) -> None:
    """The period's MRR bridge as a table and a waterfall."""
    page.headers(row, ["MRR bridge of the period", "Amount"], right=(1,), height=18)
    cells = {}
    for offset, (name, value) in enumerate(_parts(book, bridge).items(), 1):
        ends = name in _ENDS
        page.put(row + offset, 0, name.capitalize(), page.looks.words(bold=ends))
        signed = term(0) - value if name in _LOSSES else value
        cells[name] = page.put(row + offset, 1, signed, page.looks.number(MONEY, bold=ends))
    cut = _bars(work, cells)
    page.note(row + 8, 0, when(cut.gt(0), term("The bars stand on a cut at ").joined(cut, term(".")), ""), 2, 15)
    page.chart(
        row,
        2,
        _chart(book),
        "MRR bridge of the period",
        "Waterfall on a cut axis: opening MRR, new, expansion, reactivation, contraction, churned, closing",
        (566, 240),
    )


def _parts(book: Book, bridge: Bridge) -> dict[str, Term]:
    low, high = book.last_month - book.period_months, book.last_month
    window = ((bridge.numbers, ">", low), (bridge.numbers, "<=", high))
    ends = {"opening": ((bridge.numbers, "=", low + 1),), "closing": ((bridge.numbers, "=", high),)}
    return {name: sumifs(bridge.columns[name], *ends.get(name, window)) for name in _STEPS}


def _bars(work: Page, cells: dict[str, Term]) -> Term:
    """Write the bars less a cut, as an axis cannot begin where the data say; returns the cut.

    The cut lies as far below the lowest level as the levels lie apart, so that the steps take half of the height.
    """
    work.headers(_AT, _HEADS, right=range(1, len(_HEADS)), height=18)
    money = work.looks.number(MONEY)
    levels, running = [], term(0)
    for place, name in enumerate(_STEPS, _AT + 1):
        work.put(place, 0, _label(name, cells[name]), work.looks.words(text_wrap=False))
        running = cells[name] if name in _ENDS else running + cells[name]
        running = work.put(place, 5, running, money)
        levels.append(running)
    lowest, highest = smallest(*levels), largest(*levels)
    work.put(_AT + 8, 0, "Cut below the bars", work.looks.words())
    # In whole thousands: nobody reads a scale that begins at 38,412.17.
    cut = work.put(_AT + 8, 1, largest(0, _thousands(lowest * 2 - highest)), money)
    for place, name in enumerate(_STEPS):
        bottom = term(0) if name in _ENDS else smallest(levels[place - 1], levels[place]) - cut
        size = cells[name] - cut if name in _ENDS else largest(cells[name], term(0) - cells[name])
        shown = {2: name in _ENDS, 3: name not in (*_ENDS, *_LOSSES), 4: name in _LOSSES}
        work.put(_AT + 1 + place, 1, bottom, money)
        for column, here in shown.items():
            work.put(_AT + 1 + place, column, size if here else term(0), money)
    return cut


def _label(name: str, amount: Term) -> Term:
    """A step and its amount, as a bar less a cut cannot say it; FIXED groups digits as the reader's country does."""
    spelt = f"{int(abs(amount.value) + 0.5) * (1 if amount.value >= 0 else -1):,}"
    return Term(f'"{name.capitalize()}"&CHAR(10)&FIXED({amount.text},0)', f"{name.capitalize()}\n{spelt}")


def _thousands(of: Term) -> Term:
    return Term(f"INT({of.text}/1000)*1000", of.value // 1000 * 1000)


def _chart(book: Book) -> object:
    first, last = _AT + 1, _AT + len(_STEPS)
    chart = book.chart("column", subtype="stacked")
    for column, colour in ((1, None), (2, SERIES[0]), (3, SERIES[2]), (4, SERIES[1])):
        series = {
            "name": ["Workings", _AT, column],
            "categories": ["Workings", first, 0, last, 0],
            "values": ["Workings", first, column, last, column],
            "fill": {"color": colour} if colour else {"none": True},
            "border": {"none": True},
            "gap": 40,
        }
        chart.add_series(series)
    chart.set_legend({**legend(), "delete_series": [0]})
    chart.set_x_axis(axis())
    chart.set_y_axis({"visible": False, "major_gridlines": {"visible": False}, "min": 0})
    return chart

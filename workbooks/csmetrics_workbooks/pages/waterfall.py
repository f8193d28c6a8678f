"""A waterfall that stands on a cut, as an axis cannot begin where the data say; and the period's MRR bridge as one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from csmetrics_core.declaration.spec import MONEY, Unit, with_minus
from csmetrics_core.palette import SERIES
from csmetrics_workbooks.kit.book import Book
from csmetrics_workbooks.kit.sheet import Page, axis, legend
from csmetrics_workbooks.kit.tables import sumifs
from csmetrics_workbooks.kit.terms import Term, largest, smallest, term, when
from csmetrics_workbooks.kit.wording import rounded
from csmetrics_workbooks.pages.bridge import Bridge

#: Rows of the page Workings the period's bridge stands in, its heads first.
_AT = 49
_STEPS = ("opening", "new", "expansion", "reactivation", "contraction", "churned", "closing")
_LOSSES, _ENDS = ("contraction", "churned"), ("opening", "closing")
_HEADS = ("Base", "Balance", "Gain", "Loss", "Level after")


@dataclass(frozen=True)
class Bar:
    """A step of a waterfall.

    Args:
        label: what its axis says.
        amount: what it adds, signed; where it is an end, the balance itself.
        end: whether it stands on the axis.
    """

    label: Term
    amount: Term
    end: bool = False


def waterfall(book: Book, page: Page, work: Page, row: int, bridge: Bridge) -> None:
    """The period's MRR bridge as a table and a waterfall."""
    page.headers(row, ["MRR bridge of the period", "Amount"], right=(1,), height=18)
    steps = []
    for offset, (name, value) in enumerate(_parts(book, bridge).items(), 1):
        ends = name in _ENDS
        page.put(row + offset, 0, name.capitalize(), page.looks.words(bold=ends))
        signed = term(0) - value if name in _LOSSES else value
        cell = page.put(row + offset, 1, signed, page.looks.number(MONEY, bold=ends))
        steps.append(Bar(labelled(term(name.capitalize()), cell), cell, ends))
    cut = bars(work, _AT, "Waterfall", steps)
    page.note(row + 8, 0, cut_words(cut), 2, 15)
    page.chart(
        row,
        2,
        drawn(book, _AT, len(steps)),
        "MRR bridge of the period",
        "Waterfall on a cut axis: opening MRR, new, expansion, reactivation, contraction, churned, closing",
        (566, 240),
    )


def _parts(book: Book, bridge: Bridge) -> dict[str, Term]:
    low, high = book.last_month - book.period_months, book.last_month
    window = ((bridge.numbers, ">", low), (bridge.numbers, "<=", high))
    ends = {"opening": ((bridge.numbers, "=", low + 1),), "closing": ((bridge.numbers, "=", high),)}
    return {name: sumifs(bridge.columns[name], *ends.get(name, window)) for name in _STEPS}


def bars(
    work: Page, at: int, heading: str, steps: Sequence[Bar], unit: Unit = MONEY, whole: int = 1000, least: float = 0
) -> Term:
    """Write the bars less a cut into so many rows below a head, and the cut below them; returns the cut.

    The cut lies as far below the lowest level as the levels lie apart, so that the steps take half of the height.

    Args:
        work: the page Workings.
        at: the row of the heads.
        heading: of the first column.
        steps: the bars.
        unit: of the amounts.
        whole: the cut is a multiple of it: nobody reads a scale that begins at 38,412.17.
        least: the lowest cut.
    """
    work.headers(at, (heading, *_HEADS), right=range(1, 1 + len(_HEADS)), height=18)
    money = work.looks.number(unit)
    levels, running = [], term(0)
    for place, step in enumerate(steps, at + 1):
        work.put(place, 0, step.label, work.looks.words(text_wrap=False))
        running = work.put(place, 5, step.amount if step.end else running + step.amount, money)
        levels.append(running)
    lowest, highest = smallest(*levels), largest(*levels)
    below = at + 1 + len(steps)
    work.put(below, 0, "Cut below the bars", work.looks.words())
    cut = work.put(below, 1, largest(least, _multiple(lowest * 2 - highest, whole)), money)
    for place, step in enumerate(steps):
        bottom = term(0) if step.end else smallest(levels[place - 1], levels[place]) - cut
        sides = (term(0), largest(0, step.amount), largest(0, term(0) - step.amount))
        sides = (step.amount - cut, term(0), term(0)) if step.end else sides
        for column, side in enumerate((bottom, *sides), 1):
            work.put(at + 1 + place, column, side, money)
    return cut


def cut_words(cut: Term) -> Term:
    """Where the bars begin, if not at 0."""
    spelt = Term(f"FIXED({cut.text},0)", f"{cut.value:,.0f}")
    return when(cut.eq(0), "", term("The bars stand on a cut at ").joined(spelt, term(".")))


def labelled(name: Term, amount: Term, places: int = 0) -> Term:
    """A step and its amount, as a bar less a cut cannot say it; FIXED groups digits as the reader's country does."""
    cents = rounded(amount)  # half a unit is a matter of the last bit otherwise
    spelt = with_minus(f"{rounded(cents, places).value:,.{places}f}")
    return Term(f'{name.text}&CHAR(10)&SUBSTITUTE(FIXED({cents.text},{places}),"-","−")', f"{name.value}\n{spelt}")


def _multiple(of: Term, whole: int) -> Term:
    return Term(f"INT({of.text}/{whole})*{whole}", of.value // whole * whole)


def drawn(book: Book, at: int, count: int) -> Any:
    """The chart of bars written with their heads in that row."""
    chart = book.chart("column", subtype="stacked")
    for column, colour in ((1, None), (2, SERIES[0]), (3, SERIES[2]), (4, SERIES[1])):
        series = {
            "name": ["Workings", at, column],
            "categories": ["Workings", at + 1, 0, at + count, 0],
            "values": ["Workings", at + 1, column, at + count, column],
            "fill": {"color": colour} if colour else {"none": True},
            "border": {"none": True},
            "gap": 40,
        }
        chart.add_series(series)
    chart.set_legend({**legend(), "delete_series": [0]})
    chart.set_x_axis(axis())
    chart.set_y_axis({"visible": False, "major_gridlines": {"visible": False}, "min": 0})
    return chart

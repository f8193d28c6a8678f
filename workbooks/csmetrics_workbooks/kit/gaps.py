"""What lines are drawn from: a text such as "no data" would be drawn as 0, so what has no figure is #N/A there."""

from collections.abc import Sequence

from csmetrics_core.palette import MUTED
from csmetrics_workbooks.kit.book import Book
from csmetrics_workbooks.kit.terms import Term, is_number

#: The first of these columns on the page Workings, beyond what else stands there.
COLUMN = 40
_TOP = 4


def gap_cells(number: int, count: int) -> list[str | int]:
    """Where the cells of a line are, as charts take them.

    Args:
        number: which line of the workbook, from 0.
        count: how many points it has.
    """
    return ["Workings", _TOP, COLUMN + number, _TOP + count - 1, COLUMN + number]


def write_gaps(book: Book, number: int, words: str, cells: Sequence[Term]) -> None:
    """Write the cells of a line: the figures, and #N/A where there is none.

    Args:
        book: the workbook.
        number: which line, from 0.
        words: what it shows.
        cells: the figures' cells, the first point first.
    """
    page = book.pages["Workings"]
    page.put(_TOP - 1, COLUMN + number, f"{words}: line of a chart", page.looks.words(font_color=MUTED))
    for row, cell in enumerate(cells, _TOP):
        known = Term(f"IF(ISNUMBER({cell.text}),{cell.text},NA())", cell.value if is_number(cell).value else "#N/A")
        page.put(row, COLUMN + number, known, page.looks.number("0.000", font_color=MUTED))

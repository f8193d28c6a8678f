"""Formulas too long to read in a page's cell: they stand on a page of their own, under the names of row and column."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from xlsxwriter.utility import xl_rowcol_to_cell

from csmetrics_workbooks.kit.terms import Term

if TYPE_CHECKING:
    from csmetrics_workbooks.kit.book import Book
    from csmetrics_workbooks.kit.sheet import Page

PAGE = "Steps"
#: What a person still takes in at once, in the formula bar.
LONGEST = 400
_FIRST = 4


class Step(NamedTuple):
    """A formula that was moved: the page it belongs to, and its place there."""

    page: Page
    row: int
    column: int


class Steps:
    """The page of steps; each page that people read sends its long formulas here."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._taken: list[Step] = []

    def take(self, page: Page, row: int, column: int, formula: Term) -> Term:
        """Write a formula here, and return the cell that holds it."""
        self._taken.append(Step(page, row, column))
        return self.page.put(_FIRST + len(self._taken) - 1, 4, formula, self.page.looks(num_format="General"))

    def finish(self, book: Book) -> None:
        """Name every step by its row and column, as they stand on its page."""
        self.page.widths(20, 10, 38, 30, 20)
        self.page.title(PAGE, "Formulas that are too long to read where their figures stand. Nothing to type here.", 5)
        self.page.headers(_FIRST - 1, ("Page", "Cell", "Row", "Column", "Figure"), right=[4])
        for place, step in enumerate(self._taken, _FIRST):
            self.page.put(place, 0, step.page.name)
            link = f"internal:'{step.page.name}'!{xl_rowcol_to_cell(step.row, step.column)}"
            self.page.worksheet.write_url(place, 1, link, book.looks(), xl_rowcol_to_cell(step.row, step.column))
            self.page.put(place, 2, *step.page.beside(step.row, step.column))
            self.page.put(place, 3, *step.page.above(step.row, step.column))
        self.page.worksheet.freeze_panes(_FIRST, 0)


def is_long(thing: object) -> bool:
    """Whether something is a formula nobody reads in one cell."""
    return isinstance(thing, Term) and len(thing.text) > LONGEST - 1  # and the sign before it

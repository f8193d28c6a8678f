"""What stands at the top of every page that is handed over: company, period, segment and currency."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from csmetrics_core.palette import ACCENT, MUTED
from csmetrics_workbooks.kit.terms import Term

if TYPE_CHECKING:
    from csmetrics_workbooks.kit.book import Book
    from csmetrics_workbooks.kit.sheet import Page

#: The papers a workbook is laid out for, by the number Excel knows them by.
PAPERS = {"a4": 9, "letter": 1}
_MOST_LINES = 40
SAMPLE_COMPANY = "Sample company"
_MONTHS = tuple("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split())


@dataclass(frozen=True)
class Letterhead:
    """Whose figures they are, in what, and on which paper they are printed.

    Args:
        company: its name; empty where nobody said it.
        currency: what amounts are in, such as EUR; empty where nothing says it.
        paper: a4 or letter.
        read: what files were read as, a sentence each, for the page Start.
    """

    company: str = ""
    currency: str = ""
    paper: str = "a4"
    read: tuple[str, ...] = ()


def write(book: "Book", page: "Page", row: int) -> int:
    """The cells for company and currency, and the line they make; returns the row after them."""
    head = book.letterhead
    page.heading(row, "At the top of every page", 3)
    for offset, (label, name, value) in enumerate(
        (("Company", "company_name", head.company), ("Currency of amounts", "currency_name", head.currency)), 1
    ):
        page.put(row + offset, 1, label, book.looks(bold=True))
        book.name_cell(name, page.put(row + offset, 2, value or None, book.looks.input("@", align="left")))
    page.put(row + 3, 1, "It reads", book.looks(bold=True))
    book.name_cell("printed_for", page.put(row + 3, 2, _line(book), book.looks(font_color=MUTED)))
    return _what_was_read(book, page, row + 4) if head.read else row + 4


def _what_was_read(book: "Book", page: "Page", row: int) -> int:
    """What the terminal told when the workbook was made: taken for what, left out, guessed; returns the row after."""
    lines = list(book.letterhead.read)
    if len(lines) > _MOST_LINES:
        more = f"And {len(lines) - _MOST_LINES:,} more, which csmetrics scorecard tells of these files."
        lines = [*lines[:_MOST_LINES], more]
    page.heading(row + 1, "What was read", 3)
    wide = book.looks(text_wrap=True)
    for at, words in enumerate(lines, row + 2):
        page.put(at, 0, "•", book.looks(align="center", font_color=ACCENT, bold=True))
        page.worksheet.merge_range(at, 1, at, 2, "", wide)
        page.put(at, 1, words, wide)
        page.worksheet.set_row(at, 16 * (1 + len(words) // 115))
    return row + 2 + len(lines)


def text_of(book: "Book") -> str:
    """The line as it reads now."""
    given, head = book.choices, book.letterhead
    month = f"{_MONTHS[given.as_of.month - 1]} {given.as_of.year}"
    segment = "all segments" if given.segment == "All" else f"segment {given.segment}"
    parts = (head.company, f"{given.period} to {month}", segment, f"amounts in {head.currency}" * bool(head.currency))
    return " · ".join(filter(None, parts))


def _line(book: "Book") -> Term:
    # Months by CHOOSE: TEXT(as_of,"mmm yyyy") asks for other letters in other languages' Excel.
    names = ",".join(f'"{month}"' for month in _MONTHS)
    text = (
        'IF(company_name="","",company_name&" · ")'
        f'&period_choice&" to "&CHOOSE(MONTH(as_of),{names})&" "&YEAR(as_of)'
        '&IF(segment_choice="All"," · all segments"," · segment "&segment_choice)'
        '&IF(currency_name="",""," · amounts in "&currency_name)'
    )
    return Term(text, text_of(book))

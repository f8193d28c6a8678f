"""Verbatims by score band and themes of the comments, for the voice of the customer."""

import numpy as np

from csmetrics_core import CATALOG
from csmetrics_core.palette import MUTED
from csmetrics_core.spec import DATE, TEXT
from csmetrics_workbooks.book import Book
from csmetrics_workbooks.formulas import NEEDS_ADDIN, NO_DATA, Scope
from csmetrics_workbooks.sheet import Page
from csmetrics_workbooks.sheets import WHOLE
from csmetrics_workbooks.style import number_format
from csmetrics_workbooks.tables import Table, as_numbers
from csmetrics_workbooks.terms import Term, when

BANDS = (("Detractors", 0, 6), ("Passives", 7, 8), ("Promoters", 9, 10))
VERBATIMS = 6


def verbatims(book: Book, page: Page, row: int) -> int:
    """The latest comments of each band in the period chosen; returns the next free row."""
    table = book.tables["Responses"]
    for name, low, high in BANDS:
        page.heading(row, f"{name} ({low}-{high}): latest comments", 6)
        page.headers(row + 1, ["Date", "Account", "Segment", "NPS", "Comment", "Row"], right=(0, 3, 5), height=18)
        count, rows = _rows(table, low, high)
        for place in range(VERBATIMS):
            _verbatim(page, table, row + 2 + place, place, count, rows)
        row += VERBATIMS + 3
    return row


def _rows(table: Table, low: int, high: int) -> tuple[Term, Term]:
    """How many comments a band has, and the row numbers of the table they stand in."""
    scores, period, comment = table.column("NPS"), table.column("Period"), table.column("Comment")
    numbers = as_numbers(scores.value)
    with np.errstate(invalid="ignore"):
        inside = (numbers >= low) & (numbers <= high) & np.array([v == 1 for v in period.value])
    inside &= np.array([v not in (None, "") for v in comment.value])
    s = scores.text
    test = f'({period.text}=1)*({s}<9E307)*({s}<>"")*({s}>={low})*({s}<={high})*({comment.text}<>"")'
    row = f"ROW({s})-ROW({table.called}[[#Headers],[NPS]])"
    return (
        Term(f"SUM(IF({test},1,0))", int(inside.sum()), True),
        Term(f"IF({test},{row})", np.flatnonzero(inside) + 1, True),
    )


def _verbatim(page: Page, table: Table, row: int, place: int, count: Term, rows: Term) -> None:
    known = place < count.value
    number = int(rows.value[-1 - place]) if known else ""
    found = Term(f'IF({count.text}<{place + 1},"",LARGE({rows.text},{place + 1}))', number, True)
    cell = page.put(row, 5, found, page.looks.number("0", font_color=MUTED))
    for column, header in enumerate(("Date", "Account", "Segment", "NPS", "Comment")):
        source = table.column(header)
        value = source.value[number - 1] if known else ""
        inner = Term(f"INDEX({source.text},{cell.text})", value)
        if header in ("Account", "Segment"):
            inner = Term(f'{inner.text}&""', "" if value is None else str(value))
        shown = when(cell.eq(""), "", inner)
        is_number = header in ("Date", "NPS")
        look = (
            page.looks.number(number_format(DATE if header == "Date" else WHOLE)) if is_number else page.looks.words()
        )
        page.put(row, column, shown, look)
    page.worksheet.set_row(row, 26)


THEMES = 8


def comments(book: Book) -> None:
    """The page Comments: themes, and what people wrote."""
    page, table = book.pages["Comments"], book.tables["Responses"]
    page.widths(12, 13, 13, 9, 92, 8)
    page.title(
        "Comments", "What the answers of the period chosen say; text from customers is shown as it was written.", 6
    )
    row = verbatims(book, page, 3)
    themes(book, page, row, table)


def themes(book: Book, page: Page, row: int, table: Table) -> None:
    """What comments are about."""
    page.heading(row, "Themes", 6)
    metric = CATALOG["feedback_themes"]
    shown = [c for c in metric.columns if c.name in ("theme", "comments", "share", "sentiment", "nps")]
    scope = Scope(table.column("Period"), 1)
    arguments = {"comments": table.column("Comment"), "scores": table.column("NPS"), "themes": THEMES}
    order = [4, 0, 1, 2, 3]
    page.put(row + 1, 5, None, page.looks.column())
    for column, one in zip(order, shown, strict=False):
        head = "NPS" if one.name == "nps" else one.name.capitalize()
        page.put(row + 1, column, head, page.looks.column(right=one.unit is not TEXT))
    period, comment = table.column("Period"), table.column("Comment")
    given = sum(p == 1 and c not in (None, "") for p, c in zip(period.value, comment.value, strict=True))
    any_ = Term(f'SUM(IF(({period.text}=1)*({comment.text}<>""),1,0))', given, True)
    for place in range(row + 2, row + 2 + THEMES):
        theme = None
        for column, one in zip(order, shown, strict=False):
            cell = book.table_cell("feedback_themes", arguments, place - row - 2, one.name, scope=scope)
            if theme is None:  # one cell a line says that the add-in is missing, the others stay blank
                none = NO_DATA if place == row + 2 else ""
                theme = page.put(place, column, when(any_.eq(0), none, cell), page.looks.words())
            else:
                words = f'OR({any_.text}=0,{theme.text}="{NEEDS_ADDIN}")'
                there = Term(f'IF({words},"",{cell.text})', cell.value if given else "", True)
                page.put(place, column, there, page.looks.number(one.unit))
        page.put(place, 5, None, page.looks.words())
    page.note(row + 3 + THEMES, 0, "Themes are found by the add-in; without it these cells say so.", 6)

"""Verbatims by score band and themes of the comments, for the voice of the customer."""

import numpy as np

from csmetrics_core import CATALOG
from csmetrics_core.declaration.spec import DATE, MONEY, TEXT
from csmetrics_core.palette import MUTED
from csmetrics_workbooks.data.sheets import WHOLE
from csmetrics_workbooks.kit.book import Book
from csmetrics_workbooks.kit.formulas import NEEDS_ADDIN, NO_DATA, Scope
from csmetrics_workbooks.kit.sheet import Page
from csmetrics_workbooks.kit.style import number_format
from csmetrics_workbooks.kit.tables import Table, as_numbers
from csmetrics_workbooks.kit.terms import Term, when

BANDS = (("Detractors", 0, 6), ("Passives", 7, 8), ("Promoters", 9, 10))
VERBATIMS = 6


_COLUMNS = ("Date", "Account", "Segment", "ARR", "NPS", "Comment")
_LOOKS = {"Date": DATE, "ARR": MONEY, "NPS": WHOLE}


def verbatims(book: Book, page: Page, row: int) -> int:
    """Answers of each band in the period chosen; returns the next free row.

    Detractors stand in the order to call them back, with or without a comment; the others' comments, the latest first.
    """
    table = book.tables["Responses"]
    for name, low, high in BANDS:
        callers = name == "Detractors"
        words = "to call back first, by ARR" if callers else "latest comments"
        page.heading(row, f"{name} ({low}-{high}): {words}", 7)
        page.headers(row + 1, [*_COLUMNS, "Row"], right=(0, 3, 4, 6), height=18)
        count, keys, places = _ranked(table, low, high, by_arr=callers)
        for place in range(VERBATIMS):
            number = places[place] if place < len(places) else ""
            nth = f"LARGE({keys},{place + 1})"
            at = f"MATCH({nth},{keys},0)" if callers else nth
            found = Term(f'IF({count}<{place + 1},"",{at})', number, True)
            _verbatim(page, table, row + 2 + place, found)
        row += VERBATIMS + 3
    return row


def _ranked(table: Table, low: int, high: int, *, by_arr: bool) -> tuple[str, str, list[int]]:
    """How many answers a band has and the key of each row, as formulas; and the rows in their order."""
    scores, period, comment = table.column("NPS"), table.column("Period"), table.column("Comment")
    numbers = as_numbers(scores.value)
    with np.errstate(invalid="ignore"):
        inside = (numbers >= low) & (numbers <= high) & np.array([v == 1 for v in period.value])
    s, places = scores.text, np.arange(1, table.rows + 1)
    test = f'({period.text}=1)*({s}<9E307)*({s}<>"")*({s}>={low})*({s}<={high})'
    row = f"(ROW({s})-ROW({table.called}[[#Headers],[NPS]]))"
    if by_arr:
        arr = table.numbers("ARR")
        # The row settles ties, the later first: a millionth of a unit of money no ARR is told apart by.
        keys = np.where(inside, np.nan_to_num(as_numbers(arr.value)) + places / 1e6, -1)
        key = f"IF({test},{arr.text}+{row}/1000000,-1)"
    else:
        inside &= np.array([v not in (None, "") for v in comment.value])
        test += f'*({comment.text}<>"")'
        keys, key = np.where(inside, places, -1), f"IF({test},{row})"
    order = [int(at) + 1 for at in np.argsort(-keys, kind="stable")[: int(inside.sum())]]
    return f"SUM(IF({test},1,0))", key, order


def _verbatim(page: Page, table: Table, row: int, found: Term) -> None:
    cell = page.put(row, len(_COLUMNS), found, page.looks.number("0", font_color=MUTED))
    for column, header in enumerate(_COLUMNS):
        source = table.column(header)
        value = source.value[found.value - 1] if found.value != "" else ""
        inner = Term(f"INDEX({source.text},{cell.text})", value)
        if header not in ("Date", "NPS"):
            blank = Term(f'IF({inner.text}="","",{inner.text})', "" if value is None else value)
            inner = blank if header == "ARR" else Term(f'{inner.text}&""', "" if value is None else str(value))
        look = page.looks.number(number_format(_LOOKS[header])) if header in _LOOKS else page.looks.words()
        page.put(row, column, when(cell.eq(""), "", inner), look)
    page.worksheet.set_row(row, 26)


THEMES = 8


def comments(book: Book) -> None:
    """The page Comments: themes, and what people wrote."""
    page, table = book.pages["Comments"], book.tables["Responses"]
    page.widths(12, 13, 13, 11, 9, 86, 8)
    page.title(
        "Comments", "What the answers of the period chosen say; text from customers is shown as it was written.", 7
    )
    row = verbatims(book, page, 3)
    themes(book, page, row, table)


def themes(book: Book, page: Page, row: int, table: Table) -> None:
    """What comments are about."""
    page.heading(row, "Themes", 7)
    metric = CATALOG["feedback_themes"]
    shown = [c for c in metric.columns if c.name in ("theme", "comments", "share", "sentiment", "nps")]
    scope = Scope(table.column("Period"), 1)
    arguments = {"comments": table.column("Comment"), "scores": table.column("NPS"), "themes": THEMES}
    order = [5, 0, 1, 2, 3]
    for column in (4, 6):
        page.put(row + 1, column, None, page.looks.column())
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
                words = f'OR({any_.text}=0,{theme.text}="{NEEDS_ADDIN}",NOT({book.addin_on.text}))'
                known = given and cell.value is not None
                there = Term(f'IF({words},"",{cell.text})', cell.value if known else "", True)
                page.put(place, column, there, page.looks.number(one.unit))
        for column in (4, 6):
            page.put(place, column, None, page.looks.words())
    page.note(row + 3 + THEMES, 0, "Themes are found by the add-in; without it these cells say so.", 7)

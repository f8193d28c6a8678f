"""The page of closed months: their figures as values, beside what the data say now."""

from csmetrics_core.palette import STATUS
from csmetrics_workbooks.kit.book import Book, month_label
from csmetrics_workbooks.kit.style import MONTH_FORMAT, change_format, number_format
from csmetrics_workbooks.kit.terms import Term, change

#: Excel keeps the name History for itself.
PAGE = "Closed months"


def history(book: Book, note: str) -> None:
    """Figures of closed periods as values, beside what the data say now; the note says whose they are."""
    page = book.pages[PAGE]
    page.widths(12, 14, 16, 34, 16, 16, 18)
    page.title(
        PAGE,
        "To close a period: copy the five columns under Now, and paste them as values below the last row of the table "
        "Closed. When late data change a closed period, the difference shows here.",
        7,
    )
    count = len(book.closable)
    page.headers(
        3, ["Up to", "Period", "Segment", "Now", "Value", "Closed at", "Restated by"], right=(4, 5, 6), height=18
    )
    start = 4 + count + 3
    rows = max(len(book.closed), 2)  # one row would be taken for a single cell
    names = ("Up to", "Period", "Segment", "Figure", "Value")
    for offset, (label, unit, value) in enumerate(book.closable):
        row = 4 + offset
        given = book.choices
        page.put(
            row, 0, Term("as_of", month_label(given.as_of)), book.looks.number(MONTH_FORMAT, align="left", indent=1)
        )
        page.put(row, 1, Term("period_choice", given.period), book.looks.words())
        page.put(row, 2, Term("segment_choice", given.segment), book.looks.words())
        page.put(row, 3, label, book.looks.words())
        now = page.put(row, 4, value, book.looks.number(unit))
        keys = (month_label(given.as_of), given.period, given.segment, label)
        was = [r[4] for r in book.closed if tuple(r[:4]) == keys]
        # Compared, not counted by criteria: a segment may be called TRUE or >a.
        same = "*".join(f"(Closed[{n}]=$%s{row + 1})" % letter for n, letter in zip(names, "ABCD", strict=False))
        frozen = Term(
            f'IF(SUM(IF({same},1,0))=1,SUM(IF({same},Closed[Value],0)),"not closed")',
            was[0] if len(was) == 1 and not isinstance(was[0], str) else (0.0 if len(was) == 1 else "not closed"),
            array=True,
        )
        closed = page.put(row, 5, frozen, book.looks.number(unit))
        page.put(row, 6, change(now, closed, unit), book.looks.number(change_format(unit)))
    ink, fill = STATUS["near"]
    page.worksheet.conditional_format(
        4,
        6,
        3 + max(count, 1),
        6,
        {
            "type": "formula",
            "criteria": "=AND(ISNUMBER($G5),ABS(N($G5))>1E-9)",
            "format": book.looks.only(font_color=ink, bg_color=fill, bold=True),
        },
    )
    if note:
        page.worksheet.merge_range(2, 0, 2, 6, "", book.looks.sample())
        page.put(2, 0, note, book.looks.sample())
        page.worksheet.set_row(2, 30)
    page.heading(start - 2, "Closed periods", 7)
    settings = [{"header": name, "header_format": book.looks.column(right=name == "Value")} for name in names]
    page.worksheet.add_table(
        start - 1, 0, start - 1 + rows, 4, {"name": "Closed", "columns": settings, "style": "Table Style Light 1"}
    )
    formats = {label: number_format(unit) for label, unit, _ in book.closable}
    for offset, line in enumerate(book.closed):
        for column, value in enumerate(line):
            shown = MONTH_FORMAT if column == 0 else formats.get(str(line[3]), "0.00") if column == 4 else "General"
            look = book.looks(
                num_format=shown, **({"align": "right"} if column == 4 else {"align": "left", "indent": 1})
            )
            page.put(start + offset, column, value, look)

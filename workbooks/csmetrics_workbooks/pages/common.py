"""The pages every template has: start, choices on the dashboard, data, method, lists."""

from collections.abc import Sequence

from csmetrics_core import CATALOG
from csmetrics_core.declaration.spec import MONEY, TEXT
from csmetrics_core.palette import ACCENT, MUTED
from csmetrics_workbooks.kit import letterhead
from csmetrics_workbooks.kit.book import ALL, PERIODS, SEGMENT_ROOM, Book, month_label
from csmetrics_workbooks.kit.bulk import ArrayColumn, BulkColumn
from csmetrics_workbooks.kit.formulas import NEEDS_ADDIN, Host
from csmetrics_workbooks.kit.sheet import Page
from csmetrics_workbooks.kit.style import MONTH_FORMAT, number_format
from csmetrics_workbooks.kit.tables import Table
from csmetrics_workbooks.kit.terms import Term, when

CHOICE_ROW = 3
_PLAIN = "Not active, and not needed: the dashboard works in plain Excel. To turn it on: "
_CALC = (
    "A table does not grow when rows are pasted below it. Insert rows above its last row, paste there, and fill the "
    "computed columns down; the page Checks names rows left out."
)
_NO_ADDIN = {
    Host.EXCEL: f"{_PLAIN}csmetrics addin install.",
    Host.LITE: (
        f"{_PLAIN}Home > Add-ins > xlwings Lite, trust this workbook where it asks, then run Refresh formulas in its "
        "pane."
    ),
    Host.LAMBDA: f"{_PLAIN}In Excel 365 and 2024 the functions are names in this workbook: type =NPS( in a cell.",
}


def start(book: Book, answers: Sequence[str], steps: Sequence[str], guide: Sequence[tuple[str, str]]) -> None:
    """What the workbook answers, three steps, whether the add-in is there, and what is on which page."""
    page = book.pages["Start"]
    page.widths(4, 26, 90)
    page.title(book.title, book.note, 3)
    page.worksheet.set_row(1, 30)
    row = _numbered(page, 3, "What it answers", answers, marks=False)
    row = _numbered(page, row + 1, "Three steps", steps, marks=True)
    row = letterhead.write(book, page, row + 1)
    page.heading(row + 1, "The csmetrics functions", 3)
    shown = book.looks(text_wrap=True)
    page.put(row + 2, 1, "Add-in", book.looks(bold=True))
    active = "Active: cells call the csmetrics functions. Figures stay the same, and those that need the add-in appear."
    page.put(row + 2, 2, when(book.addin_on, active, _NO_ADDIN[book.host]), shown)
    page.put(row + 3, 1, "Without it", book.looks(bold=True))
    page.put(
        row + 3,
        2,
        f"Every figure has a plain-Excel form that refuses the same bad input. The few without one say "
        f'"{NEEDS_ADDIN}".',
        shown,
    )
    page.worksheet.set_row(row + 2, 28)
    page.put(row + 4, 1, "In LibreOffice", book.looks(bold=True))
    page.put(row + 4, 2, _CALC, shown)
    page.worksheet.set_row(row + 4, 28)
    row += 1
    page.heading(row + 5, "Pages", 3)
    link = book.looks(font_color=ACCENT, underline=1)
    for offset, (name, words) in enumerate(guide):
        page.worksheet.write_url(row + 6 + offset, 1, f"internal:'{name}'!A1", link, name)
        page.put(row + 6 + offset, 2, words, shown)
    legend = row + 7 + len(guide)
    page.put(legend, 1, "blue on yellow", book.looks.input(align="left"))
    page.put(legend, 2, "a cell to type in; everything else is computed", book.looks(indent=1))


def _numbered(page: Page, row: int, heading: str, lines: Sequence[str], *, marks: bool) -> int:
    page.heading(row, heading, 3)
    wide = page.looks(text_wrap=True)
    for number, words in enumerate(lines, 1):
        page.put(
            row + number, 0, float(number) if marks else "•", page.looks(align="center", font_color=ACCENT, bold=True)
        )
        page.worksheet.merge_range(row + number, 1, row + number, 2, "", wide)
        page.put(row + number, 1, words, wide)
        page.worksheet.set_row(row + number, 28 if len(words) > 115 else 16)
    return row + len(lines) + 1


def choices(book: Book, page: Page, labels: Sequence[int] = (0, 2, 4)) -> None:
    """The three choices on the dashboard, and the names under which formulas read them."""
    given = book.choices
    values = (given.segment, given.period, month_label(given.as_of))
    names = ("segment_choice", "period_choice", "as_of")
    sources = ("=segment_options", list(PERIODS), "=month_list")
    helps = (
        "One segment, or All; others are added on the page Lists.",
        "Length of the period shown.",
        "The last month shown; a later one is typed on the page Lists.",
    )
    for column, words, value, name, source, message in zip(
        labels, ("Segment", "Period", "Up to"), values, names, sources, helps, strict=True
    ):
        page.put(CHOICE_ROW, column, words, book.looks(bold=True, align="right"))
        # As text: a segment called 1/2 or TRUE stays that when it is chosen.
        look = book.looks.input(MONTH_FORMAT if name == "as_of" else "@", align="center", bold=True)
        book.name_cell(name, page.put(CHOICE_ROW, column + 1, value, look))
        page.choices(CHOICE_ROW, column + 1, source, message)


def lists(book: Book) -> None:
    """Segments, months and the numbers the other pages share."""
    page = book.pages["Lists"]
    page.widths(20, 14, 4, 34, 16)
    page.title(
        "Lists",
        "Add segments below the last one, spelled as in the data. Months count back from the first: type a later one "
        "when its data are in.",
        5,
    )
    page.headers(3, ["Segment", "Month"], height=18)
    page.put(4, 0, ALL, book.looks.words())
    for row in range(SEGMENT_ROOM):
        page.put(
            5 + row, 0, book.segments[row] if row < len(book.segments) else None, book.looks.input("@", align="left")
        )
    page.put(4, 1, month_label(book.months[0]), book.looks.input(MONTH_FORMAT))
    for row, month in enumerate(book.months[1:], 5):
        earlier = Term(f"DATE(YEAR(B{row}),MONTH(B{row})-1,1)", month_label(month))
        page.put(row, 1, earlier, book.looks.number(MONTH_FORMAT))
    options = f"Lists!$A$5:$A${5 + SEGMENT_ROOM}"
    book._book.define_name("segment_options", f"=Lists!$A$5:INDEX({options},COUNTA({options}))")
    book._book.define_name("segment_list", f"=Lists!$A$6:$A${5 + SEGMENT_ROOM}")
    book._book.define_name("month_list", f"=Lists!$B$5:$B${4 + len(book.months)}")
    page.put(3, 3, "Shared number", book.looks.column())
    page.put(3, 4, "Value", book.looks.column(right=True))
    shared = (
        ("Add-in active", "addin_on", Term("NOT(ISERROR(CSM_VERSION()))", False)),
        ("Last month, as year × 12 + month", "last_month", Term("YEAR(as_of)*12+MONTH(as_of)", book.last_month.value)),
        (
            "Months in the period",
            "period_months",
            Term('IF(period_choice="month",1,IF(period_choice="quarter",3,12))', book.period_months.value),
        ),
    )
    for row, (words, name, value) in enumerate(shared):
        page.put(4 + row, 3, words, book.looks.words())
        book.name_cell(name, page.put(4 + row, 4, value, book.looks.number("General")))


def data_pages(book: Book) -> None:
    """Write every data table onto a page of its own."""
    for name in book.tables:
        _data_page(book, book.pages[name], name)


def _data_page(book: Book, page: Page, name: str) -> None:
    table = book.tables[name]
    fields = {f.header: f for f in table.sheet.fields}
    columns = [*table.headers, *(h.header for h in table.helpers)]
    page.title(name, table.sheet.about, min(len(columns), 8))
    sample = book.looks.sample()
    page.worksheet.merge_range(2, 0, 2, min(len(columns), 8) - 1, "", sample)
    page.put(2, 0, book.note, sample)
    page.worksheet.set_row(2, 30)
    head = 4
    page.worksheet.set_row(head - 1, 40)
    page.worksheet.set_row(head, 30)
    small = book.looks.note(font_size=8)
    settings = []
    for number, header in enumerate(columns):
        field = fields.get(header)
        right = field is None or field.unit is not TEXT
        page.worksheet.set_column(number, number, field.width if field else 10, book.looks())
        page.put(head - 1, number, field.help if field else "computed" if number >= len(table.headers) else None, small)
        settings.append({"header": header, "header_format": book.looks.column(right=right)})
    last = head + table.rows
    page.worksheet.add_long_table(
        head,
        0,
        last,
        len(columns) - 1,
        {"name": table.called, "columns": settings, "style": "Table Style Light 1", "autofilter": True},
    )
    written = page.worksheet.tables[-1]["columns"]
    for number, helper in enumerate(table.helpers, len(table.headers)):
        # Handed to add_table the formula would be written cell by cell as well.
        written[number]["formula"] = ArrayColumn(helper.formula) if helper.array else helper.formula
    page.worksheet.write_columns(head + 1, _bulk_columns(book, page, table))
    _validate(page, table, head + 1)
    page.worksheet.freeze_panes(head + 1, 1)


def _bulk_columns(book: Book, page: Page, table: Table) -> list[BulkColumn]:
    fields = {f.header: f for f in table.sheet.fields}
    columns = []
    for header in table.headers:
        field = fields.get(header)
        unit = field.unit if field else MONEY
        words = {"align": "left", "indent": 1} if unit is TEXT else {"align": "right"}
        look = book.looks(num_format="General" if unit is TEXT else number_format(unit), **words)
        columns.append(BulkColumn(table.cells[header].tolist(), look))
        page.worksheet.set_column(len(columns) - 1, len(columns) - 1, field.width if field else 10, look)
    for helper in table.helpers:
        look = book.looks(font_color=MUTED, num_format=number_format(helper.unit), align="right")
        columns.append(BulkColumn(helper.values.tolist(), look, helper.formula, helper.array))
    return columns


def _validate(page: Page, table: Table, first: int) -> None:
    """Warn of what is off the scale, in rows to come as well."""
    for column, header in enumerate(table.headers):
        field = next((f for f in table.sheet.fields if f.header == header), None)
        if field is None or field.low is None or field.high is None:
            continue
        page.worksheet.data_validation(
            first,
            column,
            first + max(table.rows, 2000),
            column,
            {
                "validate": "decimal",
                "criteria": "between",
                "minimum": field.low,
                "maximum": field.high,
                "error_type": "warning",
                "error_title": "Off the scale",
                "error_message": f"{header}: expected {field.low:g} to {field.high:g}.",
            },
        )


def method(book: Book) -> None:
    """How each figure is computed, by which convention, and who says so."""
    page = book.pages["Method"]
    page.widths(26, 20, 44, 56, 44)
    page.title("Method", "The formula, the convention chosen and the source of every figure in this workbook.", 5)
    page.headers(3, ["Figure", "Function", "Formula", "Convention", "Source"], height=18)
    wrapped = book.looks.words(valign="top")
    for row, name in enumerate(sorted(book.used, key=lambda n: (CATALOG[n].headline or 99, n)), 4):
        metric = CATALOG[name]
        convention = f"{metric.convention} {book.used[name]}".strip()
        if name in book.bare and metric.no_native:
            convention += f" No plain form: {metric.no_native}; without the add-in its cells say so."
        texts = (metric.title, metric.excel_name, metric.formula, convention.strip(), metric.source)
        for column, words in enumerate(texts):
            page.put(row, column, words, wrapped)
        lines = max(len(texts[2]) // 48, len(texts[3]) // 66, len(texts[4]) // 48) + 1
        page.worksheet.set_row(row, 13.5 * lines + 3)
    page.worksheet.repeat_rows(0, 3)
    page.note(
        5 + len(book.used),
        0,
        "Blank cells are missing, never zero. Text where a number belongs is left out and counted on the page Checks. "
        "A score off its scale is refused: the figure shows #NUM! until the row is mended. "
        "A figure with nothing to compute from says no data.",
        5,
        30,
    )

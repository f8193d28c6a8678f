"""Checks several templates share, and the page that lists them."""

from collections.abc import Iterable

import numpy as np

from csmetrics_core.declaration.spec import COUNT, MONEY, TEXT
from csmetrics_core.palette import MUTED, STATUS
from csmetrics_workbooks.kit.book import Book
from csmetrics_workbooks.kit.flows import Months
from csmetrics_workbooks.kit.names import place, places
from csmetrics_workbooks.kit.sheet import Page
from csmetrics_workbooks.kit.tables import Table, sumifs
from csmetrics_workbooks.kit.terms import Term, when

#: Row of the first line of every data table.
_FIRST = 6
#: Units of what adds up; in a column of fewer cells one may well be a quarter.
_AMOUNTS = {"money", "count", "minutes", "users"}
_MANY = 12


def off_scale(book: Book, table: Table, header: str, low: float, high: float) -> None:
    """How many answers are off their scale, and the first row."""
    column = table.column(header)
    numbers = np.array([v if type(v) in (float, int) else np.nan for v in column.value])
    with np.errstate(invalid="ignore"):
        bad = (numbers < low) | (numbers > high) | (numbers != np.floor(numbers)) & ~np.isnan(numbers)
    c = column.text
    wrong = f'({c}<9E307)*({c}<>"")*((({c}<{low:g})+({c}>{high:g})+({c}<>INT(IF(({c}<9E307)*({c}<>""),{c},0))))>0)'
    place = f"ROW({c})*{wrong}+(1-{wrong})*9E9"
    first = int(np.flatnonzero(bad)[0]) + _FIRST if bad.any() else ""
    found = Term(f"SUM(IF({wrong},1,0))", int(bad.sum()), True)
    where = Term(f'IF(SUM(IF({wrong},1,0))=0,"",MIN({place}))', first, True)
    mend = f"Expected whole numbers from {low:g} to {high:g}. Until the row is mended the figure shows #NUM!."
    book.check(f"{table.name}: {header} answers off the scale", found, mend, where=where)


def repeated(book: Book, table: Table, header: str, mend: str) -> None:
    """How many rows repeat the key of an earlier one."""
    numbers = places(table.cells[header])
    again = (numbers > 0) & (numbers < np.arange(1, table.rows + 1))
    cell, head = table.here(header), f"{table.called}[[#Headers],[{header}]]"
    first = place(cell, f"{table.called}[{header}]", head)
    formula = f'IF({cell}="",0,IF({first}<ROW()-ROW({head}),1,0))'
    repeats = table.add("Repeats", formula, again.astype(float), COUNT)
    book.check(f"{table.name}: {header} appears twice, whatever its capitals", sumifs(repeats, (repeats, "=", 1)), mend)


def unlisted(book: Book, table: Table) -> None:
    """Rows whose segment is not on the list."""
    known = {s.lower() for s in book.segments}
    key, column = table.column(table.headers[0]), table.column("Segment")
    listed = np.array([isinstance(v, str) and v.lower() in known for v in column.value])
    filled = np.array([v is not None for v in key.value])
    # COUNTIF would take a segment called >250 for a comparison.
    same = "+".join(f'({column.text}={cell.text})*({cell.text}<>"")' for cell in book.segment_cells())
    _flagged(
        book,
        f"{table.name}: segment blank or not on the list",
        f'({key.text}<>"")*(1-(({same})>0))',
        filled & ~listed,
        key.text,
        "These rows count under All only. Correct the spelling, or add the segment to the page Lists.",
    )

    respelled(book, table, "Segment", book.segment_cells(), "on the page Lists")


def respelled(book: Book, table: Table, header: str, listed: Iterable[Term], where: str) -> None:
    """Rows whose name is one of those listed but for its capitals: a spreadsheet counts both as one."""
    listed, column = list(listed), table.column(header)
    names = [cell.value for cell in listed if isinstance(cell.value, str) and cell.value]
    lower = {name.lower() for name in names}
    other = np.array([isinstance(v, str) and v.lower() in lower and v not in names for v in column.value], dtype=bool)
    same = "+".join(f'({column.text}={cell.text})*({cell.text}<>"")' for cell in listed)
    exact = "+".join(f"EXACT({column.text},{cell.text})" for cell in listed)
    _flagged(
        book,
        f"{table.name}: {header} in other capitals than {where}",
        f"(({same})>0)*(({exact}+0)=0)",
        other,
        column.text,
        "A spreadsheet takes North and NORTH for one. Give two that are meant names that differ in more.",
    )


def alone(book: Book, table: Table) -> None:
    """Cells that make a quarter of their column alone: a typing error does, and one in many moves a mean."""
    headers = [f.header for f in table.sheet.fields if f.unit.name in _AMOUNTS and f.header in table.headers]
    if not headers:
        return
    columns = [table.column(header) for header in headers]
    bad = np.array([_alone_in(np.nan_to_num(c.numbers), np.isfinite(c.numbers).sum()) for c in columns])
    large = [
        f'IF((COUNT({c})>={_MANY})*(SUM({c})>0)*({c}<9E307)*({c}<>""),IF({c}*4>SUM({c}),1,0),0)'
        for c in (column.text for column in columns)
    ]
    count = "+".join(f"SUM({test})" for test in large)
    rows = ",".join(f"MIN(IF({test}=1,ROW({c.text}),9E9))" for test, c in zip(large, columns, strict=True))
    first = int(np.flatnonzero(bad.any(axis=0))[0]) + _FIRST if bad.any() else ""
    book.check(
        f"{table.name}: cells that make a quarter of their column alone",
        Term(count, int(bad.sum()), True),
        "One cell decides the figures that rest on it. Right if it is so large; otherwise a digit too many.",
        where=Term(f'IF({count}=0,"",MIN({rows}))', first, True),
    )


def _alone_in(numbers: np.ndarray, known: int) -> np.ndarray:
    whole = numbers.sum()
    return np.asarray(numbers * 4 > whole) & bool(known >= _MANY and whole > 0)


def _flagged(book: Book, what: str, test: str, bad: np.ndarray, rows: str, mend: str) -> None:
    """A check that counts the rows of a test and names the first."""
    first = int(np.flatnonzero(bad)[0]) + _FIRST if bad.any() else ""
    where = Term(f'IF(SUM(IF({test},1,0))=0,"",MIN(IF({test},ROW({rows}),9E9)))', first, True)
    book.check(what, Term(f"SUM(IF({test},1,0))", int(bad.sum()), True), mend, where=where)


def undated(book: Book, table: Table) -> None:
    """Rows whose date is none: they are in no period."""
    for field in table.sheet.fields:
        if not field.is_date:
            continue
        column = table.column(field.header)
        with np.errstate(invalid="ignore"):
            dated = (column.numbers >= 61) & (column.numbers < 2_958_466)
        counted = table.headers if field.required else [field.header]
        cells = [table.cells[h] for h in counted]
        filled = np.array([any(v not in (None, "") for v in row) for row in zip(*cells, strict=True)])
        known = "+".join(f'({table.column(h).text}<>"")' for h in counted)
        c = column.text
        _flagged(
            book,
            f"{table.name}: {'rows without a date in' if field.required else 'text for a date in'} {field.header}",
            f"(1-({c}>=61)*({c}<2958466))*((0+{known})>0)",
            ~dated & filled,
            c,
            "No period holds them: text is no date. Type the day as a date."
            if field.required
            else "Taken for a blank cell: text is no date. Type the day as a date.",
        )


def mixed(book: Book, table: Table) -> None:
    """Cells that are no numbers, in the number columns that have no line of their own."""
    seen = {check.what for check in book.checks}
    fields = {f.header: f for f in table.sheet.fields}
    headers = [
        h
        for h in table.headers
        if (f := fields.get(h))
        and not (f.is_date or f.unit is TEXT or f.unit.name == "flag")
        and _not_numbers(table, h) not in seen
    ]
    if headers:
        which = " and ".join(headers) if len(headers) < 3 else "number columns"
        _words(book, table, f"{table.name}: text in {which}", [f"{table.called}[{h}]" for h in headers], headers)


def mrr_amounts(book: Book, months: Months) -> None:
    """Amounts that are negative, and amounts that are none."""
    table = months.table
    negative = Term(f'COUNTIF({months.block},"<0")', int((np.nan_to_num(months._numbers) < 0).sum()))
    book.check(f"{table.name}: negative amounts", negative, "A credit belongs to the month it reduces.")
    _words(book, table, f"{table.name}: amounts that are not numbers", [months.block], months.headers)
    _headings(book, months)
    _alone(book, months)


def _headings(book: Book, months: Months) -> None:
    """Months are found by their place: a heading pasted over another would move every figure by a month."""
    heads = f"{months.table.called}[[#Headers],[{months.headers[0]}]:[{months.headers[-1]}]]"
    in_order = ",".join(f'"{header}"' for header in months.headers)
    book.check(
        f"{months.table.name}: month headings out of their place",
        Term(f"SUM(IF({heads}={{{in_order}}},0,1))", 0, True),
        f"Columns are months in order from {months.headers[0]}, whatever stands above them. Paste amounts only.",
    )


def _alone(book: Book, months: Months) -> None:
    """Customers whose change since the month before moves the total by a quarter: a typing error does."""
    is_, was = months.paid(book.last_month), months.paid(book.last_month - 1)
    known = months.holds(book.last_month) * months.holds(book.last_month - 1)
    before = float(was.value.sum()) if known.value else 0.0
    bad = (np.abs(is_.value - was.value) * 4 > before) & (before > 0)
    table = months.table
    test = f"(ABS({is_.text}-{was.text})*4>SUM({was.text}))*(SUM({was.text})>0)"
    book.check(
        f"{table.name}: customers who move the total by a quarter or more since the month before",
        when(known, Term(f"SUM(IF({test},1,0))", int(bad.sum()), True), 0),
        "One amount decides the headline figures. Right if the contract is so large; otherwise a digit too many.",
    )


def _words(book: Book, table: Table, what: str, columns: list[str], headers: list[str]) -> None:
    """A check that counts text in number columns and names the first row."""
    bad = np.array([[v not in (None, "") and type(v) not in (float, int) for v in table.cells[h]] for h in headers])
    first = int(np.flatnonzero(bad.any(axis=0))[0]) + _FIRST if bad.any() else ""
    found = "+".join(f"COUNTA({c})-COUNT({c})" for c in columns)
    rows = ",".join(f'IF(({c}<>"")*(1-({c}<9E307)),ROW({c}),9E9)' for c in columns)
    where = Term(f'IF({found}=0,"",MIN({rows}))', first, True)
    book.check(what, Term(found, int(bad.sum())), "They are left out. Type the number, or clear the cell.", where=where)


def billing(book: Book, closing: Term) -> None:
    """Closing MRR against what the billing system says; typed by a person, blank until then."""
    page = book.pages["Checks"]
    page.put(2, 2, "Billing total", page.looks(bold=True, align="right"))
    typed = page.put(2, 3, None, page.looks.input("#,##0.00"))
    page.put(
        2,
        4,
        "Type the MRR your billing system shows for the same month and segment.",
        page.looks(font_color=MUTED, indent=1),
    )
    gap = when(Term(f'{typed.text}=""', True), 0, closing - typed)
    book.check("MRR at end less the billing total typed above", gap, "Find the customers who differ.", MONEY)


def not_numbers(book: Book, table: Table, header: str) -> None:
    """How many cells of a number column hold something else, and the first row."""
    _words(book, table, _not_numbers(table, header), [f"{table.called}[{header}]"], [header])


def _not_numbers(table: Table, header: str) -> str:
    return f"{table.name}: {header} cells that are not numbers"


def outside(book: Book, table: Table) -> None:
    """How many rows no figure sees: below the table, or in it without its computed columns."""
    room = 100_000
    keys = f"{table.name}!$A${_FIRST}:$A${_FIRST - 1 + table.rows + room}"
    missed = [f"COUNTA({keys})-COUNTA({table.called}[{table.headers[0]}])"]
    for helper in table.helpers[-1:]:
        column = f"{table.called}[{helper.header}]"  # of the bare table some programs count the header too
        missed.append(f"ROWS({column})-COUNTA({column})")
    book.check(
        f"{table.name}: rows below the table, or without its computed columns",
        Term("+".join(missed), 0),
        "No figure sees them. Drag the table's corner down over them; in LibreOffice insert rows inside the table, "
        "paste there, and fill the computed columns down.",
    )


def checks(book: Book) -> Term:
    """What was found in the data; how many lines need a look."""
    page = book.pages["Checks"]
    page.widths(54, 10, 14, 18, 62)
    page.title("Checks", "Every line should say ok before the figures leave the house.", 5)
    page.headers(4, ["Check", "Result", "Found", "First row", "What to do"], right=(2, 3), height=18)
    bad = 0
    for row, one in enumerate(book.checks, 5):
        page.put(row, 0, one.what, book.looks.words())
        found = one.found
        cell = page.put(row, 2, found, book.looks.number(one.unit if one.unit is not MONEY else "#,##0.00"))
        clean = Term(f"IF(ISNUMBER({cell.text}),ABS({cell.text})<0.005,FALSE)", _clean(cell.value))
        result = when(clean, "ok", "look")
        bad += result.value == "look"
        page.put(row, 1, result, book.looks.words(bold=True))
        page.put(row, 3, one.where if one.where is not None else "", book.looks.number("General"))
        page.put(row, 4, one.mend, book.looks.words(font_color="#52606D"))
        page.worksheet.set_row(row, 28 if len(one.mend) > 62 or len(one.what) > 54 else 16)
    last = 5 + len(book.checks)
    for word, status in (("ok", "met"), ("look", "near")):
        ink, fill = STATUS[status]
        page.worksheet.conditional_format(
            5,
            1,
            last,
            1,
            {
                "type": "cell",
                "criteria": "==",
                "value": f'"{word}"',
                "format": book.looks.only(font_color=ink, bg_color=fill),
            },
        )
    page.put(2, 0, "Lines to look at", book.looks(bold=True))
    return page.put(2, 1, Term(f'COUNTIF({page.prefix}$B$6:$B${last},"look")', bad), book.looks.number("0", bold=True))


def _clean(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 0.005


def banner(book: Book, page: Page, row: int, column: int, open_checks: Term, width: int) -> None:
    """One line on the dashboard: did the data pass the checks?"""
    words = when(
        open_checks.eq(0),
        "Checks: all ok.",
        Term('"Checks: "', "Checks: ").joined(open_checks, " to look at, see the page Checks."),
    )
    page.note(row, column, words, width)

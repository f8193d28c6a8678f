"""Checks several templates share: what is off its scale, repeated, not on a list, or at odds with billing."""

import numpy as np

from csmetrics_core.palette import MUTED
from csmetrics_core.spec import MONEY
from csmetrics_workbooks.book import Book
from csmetrics_workbooks.tables import Table, sumifs
from csmetrics_workbooks.terms import Term, when


def off_scale(book: Book, table: Table, header: str, low: float, high: float) -> None:
    """How many answers are off their scale, and the first row."""
    column = table.column(header)
    numbers = np.array([v if type(v) in (float, int) else np.nan for v in column.value])
    with np.errstate(invalid="ignore"):
        bad = (numbers < low) | (numbers > high) | (numbers != np.floor(numbers)) & ~np.isnan(numbers)
    c = column.text
    wrong = f'({c}<9E307)*({c}<>"")*((({c}<{low:g})+({c}>{high:g})+({c}<>INT(IF(({c}<9E307)*({c}<>""),{c},0))))>0)'
    place = f"ROW({c})*{wrong}+(1-{wrong})*9E9"
    first = int(np.flatnonzero(bad)[0]) + 6 if bad.any() else ""
    found = Term(f"SUM(IF({wrong},1,0))", int(bad.sum()), True)
    where = Term(f'IF(SUM(IF({wrong},1,0))=0,"",MIN({place}))', first, True)
    mend = f"Expected whole numbers from {low:g} to {high:g}. Until the row is mended the figure shows #NUM!."
    book.check(f"{table.name}: {header} answers off the scale", found, mend, where=where)


def repeated(book: Book, table: Table, header: str, mend: str) -> None:
    """How many rows repeat the key of an earlier one."""
    repeats = book.add_repeats(table, header)
    book.check(f"{table.name}: {header} appears twice", sumifs(repeats, (repeats, "=", 1)), mend)


def unlisted(book: Book, table: Table) -> None:
    """Rows whose segment is not on the list."""
    known = {s.lower() for s in book.segments}
    listed = sum(1 for v in table.cells["Segment"] if isinstance(v, str) and v.lower() in known)
    key = table.headers[0]
    keyed = sum(1 for v in table.cells[key] if v is not None)
    column = table.column("Segment").text
    counts = "-".join(f"COUNTIF({column},{cell.text})" for cell in book.segment_cells())
    book.check(
        f"{table.name}: segment blank or not on the list",
        Term(f"COUNTA({table.name}[{key}])-{counts}", keyed - listed),
        "These rows count under All only. Correct the spelling, or add the segment to the page Lists.",
    )


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
    """How many cells of a number column hold something else."""
    cells = [v for v in table.cells[header] if v is not None and v != ""]
    numbers = sum(type(v) in (float, int) for v in cells)
    column = f"{table.name}[{header}]"
    book.check(
        f"{table.name}: {header} cells that are not numbers",
        Term(f"COUNTA({column})-COUNT({column})", len(cells) - numbers),
        "They are left out. Type the number, or clear the cell.",
    )


def outside(book: Book, table: Table) -> None:
    """How many rows no figure sees: below the table, or in it without its computed columns."""
    first, room = 6, 100_000
    keys = f"{table.name}!$A${first}:$A${first - 1 + table.rows + room}"
    missed = [f"COUNTA({keys})-COUNTA({table.name}[{table.headers[0]}])"]
    for helper in table.helpers[-1:]:
        column = f"{table.name}[{helper.header}]"  # of the bare table some programs count the header too
        missed.append(f"ROWS({column})-COUNTA({column})")
    book.check(
        f"{table.name}: rows below the table, or without its computed columns",
        Term("+".join(missed), 0),
        "No figure sees them. Drag the table's corner down over them; in LibreOffice insert rows inside the table, "
        "paste there, and fill the computed columns down.",
    )

"""Names of customers, users and segments: a number for each, matched once, on which everything else is counted.

Criteria and MATCH take `Acme*` for a pattern, and criteria `>a` for a comparison and `1/2` for a date as well. So each
row gets the number of the first row that holds the same name, and figures count numbers. What a spreadsheet cannot
keep apart, Acme and ACME, is one name here too.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np

from csmetrics_core.declaration.spec import COUNT
from csmetrics_workbooks.kit.book import Book
from csmetrics_workbooks.kit.tables import Table, sumifs
from csmetrics_workbooks.kit.terms import Term

#: A name may be twice as long with its patterns undone, and MATCH takes 255 characters.
_LONG = 120


def folded(value: Any) -> tuple[str, Any]:
    """A cell as a spreadsheet compares it: text without regard to capitals, and never equal to a number."""
    return ("text", value.lower()) if isinstance(value, str) else ((type(value) is bool and "truth") or "number", value)


def places(cells: Iterable[Any]) -> np.ndarray:
    """For each cell the first one that holds the same, from 1; 0 for a blank."""
    seen: dict[object, int] = {}
    found = (0.0 if v in (None, "") else seen.setdefault(folded(v), i) for i, v in enumerate(cells, 1))
    return np.fromiter(found, dtype=float)


def place(cell: str, column: str, head: str) -> str:
    """Formula of the row, from 1, in which the name of a cell first stands in its own column."""
    undone = f'SUBSTITUTE(SUBSTITUTE(SUBSTITUTE({cell},"~","~~"),"*","~*"),"?","~?")'
    back = f"ROWS({column})+1"
    long = f"{back}-SUMPRODUCT(MAX(({column}={cell})*({back}-ROW({column})+ROW({head}))))"
    return f"IF(LEN({cell})>{_LONG},{long},MATCH(IF(ISTEXT({cell}),{undone},{cell}),{column},0))"


def number(table: Table, header: str) -> str:
    """Formula of a helper: the number of the name in the same row, 0 for a blank."""
    cell, column = table.here(header), f"{table.called}[{header}]"
    return f'IF({cell}="",0,{place(cell, column, f"{table.called}[[#Headers],[{header}]]")})'


def add_numbers(book: Book, table: Table, header: str) -> Term:
    """Helper column: the number of each name, and a check that tells names that differ in capitals alone."""
    names = places(table.cells[header])
    numbers = table.add(f"{header} no", number(table, header), names, COUNT)
    cell, mine = table.here(header), table.here(f"{header} no")
    first = [table.cells[header][int(n) - 1] if n else None for n in names]
    other = [float(bool(n) and str(a) != str(b)) for n, a, b in zip(names, table.cells[header], first, strict=True)]
    formula = f"IF({mine}=0,0,IF(EXACT({cell},INDEX({table.called}[{header}],{mine})),0,1))"
    spelled = table.add("Other capitals", formula, other, COUNT)
    book.check(
        f"{table.name}: {header} in other capitals than before",
        sumifs(spelled, (spelled, "=", 1)),
        "A spreadsheet takes Acme and ACME for one. Give two who are meant names that differ in more.",
    )
    return numbers

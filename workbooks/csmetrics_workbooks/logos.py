"""Customers gained and lost by the dates of their contracts."""

import numpy as np

from csmetrics_core.spec import COUNT
from csmetrics_workbooks.book import Book
from csmetrics_workbooks.dates import month_end
from csmetrics_workbooks.sheet import Page
from csmetrics_workbooks.tables import Table, as_numbers, sumifs
from csmetrics_workbooks.terms import Term


def logos(book: Book, work: Page) -> dict[str, Term]:
    """Customers gained and lost by their dates, for the period chosen and the one before."""
    table = book.tables["Customers"]
    formula, inside = book.in_segment(table)
    start, end = as_numbers(table.cells["Start"]), as_numbers(table.cells["End"])
    days = []
    for row, (label, back) in enumerate(
        (("Day before the prior period", 2), ("Day before the period", 1), ("Last day", 0)), 4
    ):
        work.put(row, 0, label, work.looks.words())
        days.append(
            work.put(row, 1, month_end(book.last_month - book.period_months * back), work.looks.number("yyyy-mm-dd"))
        )
    at = []
    for place, day in enumerate(days):
        with np.errstate(invalid="ignore"):
            there = inside & (start <= day.value) & (np.isnan(end) | (end > day.value))
        here, gone = table.here("Start"), table.here("End")
        test = f"AND({formula},ISNUMBER({here}),{here}<={day.text},OR(NOT(ISNUMBER({gone})),{gone}>{day.text}))"
        table.add(f"At {place}", f"IF({test},1,0)", there.astype(float), COUNT)
        at.append(there)
    keys = [v.lower() if isinstance(v, str) else v for v in table.cells["Customer"]]
    left = [_moved(table, f"Left {n}", keys, at[n - 1], at[n], f"At {n - 1}", f"At {n}") for n in (1, 2)]
    came = _moved(table, "Came", keys, at[2], at[1], "At 2", "At 1")
    opening = [_sum(table, f"At {n}") for n in (0, 1)]
    labels = (
        ("opening", opening[1]),
        ("lost", left[1]),
        ("new", came),
        ("opening before", opening[0]),
        ("lost before", left[0]),
        ("closing", _sum(table, "At 2")),
    )
    cells = {}
    for row, (name, value) in enumerate(labels, 8):
        work.put(row, 0, f"Customers by their dates: {name}", work.looks.words())
        cells[name] = work.put(row, 1, value, work.looks.number(COUNT))
    return cells


def _sum(table: Table, header: str) -> Term:
    column = table.column(header)
    return sumifs(column, (column, "=", 1))


def _moved(
    table: Table, header: str, keys: list[object], there: np.ndarray, gone: np.ndarray, was: str, is_: str
) -> Term:
    """Helper column: customers there at one day and, in none of their rows, at the other."""
    present = {key for key, g in zip(keys, gone, strict=True) if g}
    values = [float(t and key not in present) for key, t in zip(keys, there, strict=True)]
    found = f"COUNTIFS({table.called}[Customer],{table.here('Customer')},{table.called}[{is_}],1)"
    table.add(header, f"IF({table.here(was)}=1,IF({found}=0,1,0),0)", values, COUNT)
    return _sum(table, header)

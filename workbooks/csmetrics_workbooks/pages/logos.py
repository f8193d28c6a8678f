"""Customers gained and lost by the dates of their contracts."""

import numpy as np

from csmetrics_core.declaration.spec import COUNT
from csmetrics_workbooks.kit.book import Book
from csmetrics_workbooks.kit.dates import month_end
from csmetrics_workbooks.kit.names import add_numbers
from csmetrics_workbooks.kit.sheet import Page
from csmetrics_workbooks.kit.tables import Table, as_numbers, countifs
from csmetrics_workbooks.kit.terms import Term


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
    numbers, name = as_numbers(add_numbers(book, table, "Customer").value), table.here("Customer no")
    for place, day in enumerate(days):
        with np.errstate(invalid="ignore"):
            there = inside & (start <= day.value) & (np.isnan(end) | (end > day.value))
        here, gone = table.here("Start"), table.here("End")
        test = f"AND({formula},ISNUMBER({here}),{here}<={day.text},OR(NOT(ISNUMBER({gone})),{gone}>{day.text}))"
        table.add(f"At {place}", f"IF({test},{name},0)", np.where(there, numbers, 0), COUNT)
    left = [_moved(table, f"Left {n}", f"At {n - 1}", f"At {n}") for n in (1, 2)]
    came = _moved(table, "Came", "At 2", "At 1")
    opening = [_sum(table, f"At {n}") for n in (0, 1)]
    labels: tuple[tuple[str, Term], ...] = (
        ("opening", opening[1]),
        ("churned", left[1]),
        ("new", came),
        ("opening before", opening[0]),
        ("churned before", left[0]),
        ("closing", _sum(table, "At 2")),
    )
    dated, named = table.column("Start"), table.column("Customer no")
    book.check(
        "Customers: rows with a start and no name",
        countifs((dated, ">", 0)) - countifs((dated, ">", 0), (named, ">", 0)),
        "They count nowhere. Give the customer, or delete the row.",
    )
    ended = Term("COUNT(Customers[End])", int(np.isfinite(end).sum()))
    # Nobody ever left, or nobody told: that is no churn of 0 %.
    labels = (*labels, ("end dates", ended))
    cells = {}
    for row, (name, value) in enumerate(labels, 8):
        work.put(row, 0, f"Customers by their dates: {name}", work.looks.words())
        cells[name] = work.put(row, 1, value, work.looks.number(COUNT))
    return cells


def _sum(table: Table, header: str) -> Term:
    return countifs((table.column(header), ">", 0))


def _moved(table: Table, header: str, was: str, is_: str) -> Term:
    """Helper column: customers there at one day and, in none of their rows, at the other."""
    present, there = set(table.column(is_).value), table.column(was).value
    values = [float(n > 0 and n not in present) for n in there]
    here = table.here(was)
    table.add(header, f"IF({here}>0,IF(ISNUMBER(MATCH({here},{table.called}[{is_}],0)),0,1),0)", values, COUNT)
    return _sum(table, header)

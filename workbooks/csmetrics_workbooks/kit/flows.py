"""Recurring revenue in plain formulas: a customer a row, months across, two months compared."""

from dataclasses import dataclass

import numpy as np

from csmetrics_workbooks.kit.tables import Table, amounts, as_numbers, month_key
from csmetrics_workbooks.kit.terms import Term, total, when


class Months:
    """The month columns of a revenue table.

    Args:
        table: with headers such as 2026-09 for the months, consecutive, and the helper column In segment.
    """

    def __init__(self, table: Table) -> None:
        self.table = table
        self.headers = [h for h in table.headers if month_key(h)]
        self.first = month_key(self.headers[0]) or 0
        self.block = f"{table.called}[[{self.headers[0]}]:[{self.headers[-1]}]]"
        self._numbers = np.array([as_numbers(table.cells[h]) for h in self.headers])

    def cells(self, month: Term) -> Term:
        """The column of a month, given as year × 12 + month; what is outside the table has no value."""
        place = month - (self.first - 1)
        inside = 1 <= place.value <= len(self.headers)
        values = self.table.cells[self.headers[int(place.value) - 1]] if inside else self._blank()
        return Term(f"INDEX({self.block},0,{place.text})", values, True)

    def _blank(self) -> np.ndarray:
        return np.full(self.table.rows, None, dtype=object)

    def paid(self, month: Term) -> Term:
        """What each customer paid in a month, as numbers."""
        return amounts(self.cells(month))

    def holds(self, month: Term) -> Term:
        """Whether the table has a column for that month."""
        return month.gt(self.first - 1) * month.lt(self.first + len(self.headers))

    def amounts(self, month: Term) -> Term:
        """How many amounts stand in a month, whosever they are: where there are none, nobody knows who paid then."""
        cells = self.cells(month)
        count = float(np.isfinite(cells.numbers).sum())
        return when(self.holds(month), Term(f"COUNT({cells.text})", count), 0)

    @property
    def inside(self) -> Term:
        """1 for customers of the segment chosen, else 0."""
        column = self.table.column("In segment")
        return Term(column.text, column.value.astype(float), True)

    def sum(self, month: Term) -> Term:
        """Revenue of a month."""
        return when(self.holds(month), total(self.inside * self.paid(month)), 0)

    def customers(self, month: Term) -> Term:
        """Paying customers of a month."""
        return when(self.holds(month), total(self.inside * self.paid(month).gt(0)), 0)


@dataclass(frozen=True)
class Fate:
    """What became of the customers of an earlier month, all in the segment chosen."""

    opening: Term
    expansion: Term
    contraction: Term
    churned: Term
    customers: Term
    lost: Term


def fate(months: Months, then: Term, now: Term) -> Fate:
    """Compare two months; 0 throughout where the table lacks one of them."""
    was, is_, inside = months.paid(then), months.paid(now), months.inside
    stayed = was.gt(0) * is_.gt(0)

    def known(of: Term) -> Term:
        return when(months.holds(then) * months.holds(now), total(of), 0)

    return Fate(
        opening=known(inside * was),
        expansion=known(inside * stayed * is_.gt(was) * (is_ - was)),
        contraction=known(inside * stayed * is_.lt(was) * (was - is_)),
        churned=known(inside * was.gt(0) * is_.eq(0) * was),
        customers=known(inside * was.gt(0)),
        lost=known(inside * was.gt(0) * is_.eq(0)),
    )


def first_months(months: Months) -> tuple[str, np.ndarray]:
    """Helper formula and values: place of each customer's first paid month, 0 for none; for new and cohorts."""
    here = f"{months.table.called}[[#This Row],[{months.headers[0]}]:[{months.headers[-1]}]]"
    span = len(months.headers) + 1
    start = f"{months.table.called}[[#This Row],[{months.headers[0]}]]"
    best = f"SUMPRODUCT(MAX(({here}<9E307)*({here}>0)*({span}-COLUMN({here})+COLUMN({start})-1)))"
    paid = np.nan_to_num(months._numbers) > 0
    values = np.where(paid.any(axis=0), paid.argmax(axis=0) + 1, 0).astype(float)
    return f"IF({best}=0,0,{span}-{best})", values

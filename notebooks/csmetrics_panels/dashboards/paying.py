"""Who pays how much in which month: what unit economics counts, as its template workbook does."""

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from csmetrics_core.company.company import Company, Missing
from csmetrics_panels.dashboards.view import View
from csmetrics_panels.data.frames import NO_MONTH


def paying(view: View, whole: Company) -> "Paying":
    """Who pays in the rows chosen, the months counted from the first of the whole company.

    Raises:
        Missing: there are no dated subscriptions.
    """
    months = whole.months("subscriptions")
    if months is None or not (months > NO_MONTH).any():
        raise Missing("needs subscriptions with customer, month and mrr")
    return Paying(view.company, int(months[months > NO_MONTH].min()))


class Paying:
    """Recurring revenue as a row a customer and a column a month.

    Args:
        company: the company, or a segment of it.
        first: the first month of all its subscriptions, counted from January 1970.
    """

    def __init__(self, company: Company, first: int) -> None:
        self.company = company
        self.first = first

    @cached_property
    def _amounts(self) -> NDArray[np.float64]:
        who = self.company.column("subscriptions", "customer", "id")
        months, paid = self.company.months("subscriptions"), np.nan_to_num(self.company.paid())
        if months is None:
            raise Missing("needs dates in the subscriptions")
        rows = (months >= self.first) & (who.values >= 0)
        size = int(months[rows].max(initial=self.first)) - self.first + 1
        amounts = np.zeros((len(who.labels), size))
        np.add.at(amounts, (who.values[rows], months[rows] - self.first), paid[rows])
        return amounts

    def paid(self, month: int) -> NDArray[np.float64]:
        """What each customer paid in a month; 0 throughout where the table does not hold it."""
        place = month - self.first
        inside = 0 <= place < self._amounts.shape[1]
        return self._amounts[:, place] if inside else np.zeros(self._amounts.shape[0])

    def sum(self, month: int) -> float:
        """Revenue of a month."""
        return float(self.paid(month).sum())

    def customers(self, month: int) -> int:
        """How many paid in a month."""
        return int((self.paid(month) > 0).sum())

    def fate(self, then: int, now: int) -> dict[str, float]:
        """What became of the revenue of an earlier month: opening, expansion, contraction, churned."""
        was, is_ = self.paid(then), self.paid(now)
        moved = np.where((was > 0) & (is_ > 0), is_ - was, 0.0)
        return {
            "opening": float(was.sum()),
            "expansion": float(moved[moved > 0].sum()),
            "contraction": float(-moved[moved < 0].sum()),
            "churned": float(was[(was > 0) & (is_ == 0)].sum()),
        }

    def lost(self, then: int, now: int) -> int:
        """How many who paid then do not any more."""
        return int(((self.paid(then) > 0) & (self.paid(now) == 0)).sum())

    def new(self, then: int, now: int) -> int:
        """How many pay now and never had paid up to then; none are known where the table does not go back so far."""
        if then < self.first:
            return 0
        before = (self._amounts[:, : then - self.first + 1] > 0).any(axis=1)
        return int(((self.paid(now) > 0) & ~before).sum())

"""Cells as the ledger reads them: names as numbers in order, and rows as balances."""

from typing import Any

import numpy as np

from csmetrics_core.intake.prepared import Coded
from csmetrics_core.maths.periods import index_of
from csmetrics_core.reductions.ledger_arrays import Held, held
from csmetrics_core.reductions.money import to_cents


def named(cells: Coded | None, size: int) -> tuple[np.ndarray, list[Any]]:
    """Numbers and names of the products; what is blank is called nothing."""
    if cells is None:
        return np.zeros(size, np.int64), [""]
    return np.where(cells.codes < 0, len(cells.labels), cells.codes), [*cells.labels, ""]


def ranks(labels: list[Any]) -> np.ndarray:
    """The place of each label among all, numbers before texts."""
    order = sorted(range(len(labels)), key=lambda i: (isinstance(labels[i], str), labels[i]))
    found = np.empty(len(labels), np.int64)
    found[order] = np.arange(len(labels))
    return found


def balances_of(
    customers: Coded, months: np.ndarray, arr: np.ndarray, products: Coded | None, quantities: np.ndarray | None
) -> Held:
    """The balances of cells: who pays how much for what in each month."""
    codes, _ = named(products, customers.codes.size)
    cents = to_cents(arr, "arr")
    return held(
        customers.codes, codes, index_of(months, "month"), cents, quantity=quantities, who=customers.labels
    )  # fmt: skip

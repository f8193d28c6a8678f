"""What became of the revenue of the customers of some months ago: rates with their intervals, from sums.

The sums are over the customers of a cohort: x is what one paid then, y what it pays now, d = y − x.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from csmetrics_core.maths.intervals import (
    FEWEST_CUSTOMERS,
    MOMENTS,
    gross_retention_from_sums,
    net_retention_from_sums,
    wilson,
)
from csmetrics_core.reductions.flows import divide
from csmetrics_core.reductions.ledger import Algebra

#: What is summed over the customers of a cohort; money in cents.
SUMS = ("n", "x", "y", "gained", "contracted", "churned", "kept", "changed", "open", "gross_without_open", *MOMENTS)
_BLANK = float("nan")


def fate(then: Any, now: Any, stays: Any, open_now: Any, over: Algebra) -> dict[str, Any]:
    """What one customer adds to SUMS.

    Args:
        then: what it paid, in cents.
        now: what it pays, 0 where it left.
        stays: whether it is still a customer, though perhaps in a free month.
        open_now: the part of `now` that is an open renewal; None where there is none.
        over: arrays, or a plan.
    """
    pick = over.pick
    counts = then > 0  # a customer in a free month has no base
    change = now - then
    lost = pick(change < 0, -change, 0.0)
    parts = {
        "n": 1.0, "x": then, "y": now, "gained": pick(change > 0, change, 0.0), "contracted": pick(stays, lost, 0.0),
        "churned": pick(stays, 0.0, lost), "kept": pick(stays, 1.0, 0.0),
        "changed": pick(change < 0, 1.0, pick(change > 0, 1.0, 0.0)),
    }  # fmt: skip
    if open_now is not None:
        closed = now - open_now
        parts |= {"open": open_now, "gross_without_open": pick(closed < then, closed, then)}
    moved, paid = change * 1.0, then * 1.0  # fourth powers of whole cents pass what whole numbers of an engine hold
    powers = {0: 1.0, 1: moved, 2: moved * moved}
    base = {0: 1.0, 1: paid, 2: paid * paid}
    for name, (d, x) in MOMENTS.items():
        value = 1.0
        for factor in (powers[min(d, 2)], powers[max(d - 2, 0)], base[min(x, 2)], base[max(x - 2, 0)]):
            value = factor if isinstance(value, float) else value if isinstance(factor, float) else value * factor
        parts[name] = value
    return {name: pick(counts, value, 0.0) for name, value in parts.items()}


def retention_table(sums: Mapping[str, NDArray], confidence: float) -> dict[str, NDArray]:
    """Money and rates of retention with their intervals, one row a cohort; blank where there is no cohort."""
    n, base = np.asarray(sums["n"], float), np.asarray(sums["x"], float)
    money = {name: np.asarray(sums[part], float) / 100 for name, part in (
        ("opening", "x"), ("now", "y"), ("expansion", "gained"), ("contraction", "contracted"), ("churned", "churned"),
    )}  # fmt: skip
    lost = np.asarray(sums["contracted"], float) + sums["churned"]
    opened = np.asarray(sums.get("open", np.zeros(n.size)), float)
    gross_closed = np.asarray(sums.get("gross_without_open", base - lost), float)
    intervals = np.array([_intervals({k: v[i] for k, v in sums.items()}, confidence) for i in range(n.size)])
    low_high = intervals.reshape(n.size, 6).T
    columns = {
        "n": n, **money,
        "ndr": divide(sums["y"], base), "ndr_low": low_high[0], "ndr_high": low_high[1],
        "grr": divide(base - lost, base), "grr_low": low_high[2], "grr_high": low_high[3],
        "logo_retention": divide(sums["kept"], n), "logo_low": low_high[4], "logo_high": low_high[5],
        "open_renewal": opened / 100,
        "ndr_without_open": divide(np.asarray(sums["y"], float) - opened, base),
        "grr_without_open": divide(gross_closed, base),
    }  # fmt: skip
    nobody = n == 0
    return {name: np.where(nobody, _BLANK, values) for name, values in columns.items()}


def _intervals(sums: Mapping[str, float], confidence: float) -> tuple[float, ...]:
    """Low and high of NDR, GRR and logo retention."""
    n, base = int(sums["n"]), float(sums["x"])
    if n < FEWEST_CUSTOMERS:
        return (_BLANK,) * 6
    net = net_retention_from_sums({**sums, "d": sums["y"] - base}, confidence)
    kept = base - sums["contracted"] - sums["churned"]
    gross = gross_retention_from_sums(n, base, kept, sums["xx"], confidence)
    logo = wilson(sums["kept"], n, confidence)
    return (*net, *gross, float(logo[0]), float(logo[1]))

"""What became of the revenue of the customers of some months ago: rates with their intervals, from sums.

The sums are over the customers of a cohort: x is what one paid then, y what it pays now, d = y − x.
"""

from collections.abc import Collection, Mapping
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
from csmetrics_core.reductions.flows import divide, month_column
from csmetrics_core.reductions.ledger import Algebra
from csmetrics_core.reductions.money import from_cents

#: What is summed over the customers of a cohort; money in cents.
SUMS = ("n", "x", "y", "gained", "contracted", "churned", "kept", "changed", "open", "gross_without_open", *MOMENTS)
#: Those that rates without intervals need.
FATES = ("n", "x", "gained", "contracted", "churned", "kept")
_BLANK = float("nan")


def fate(
    then: Any, now: Any, stays: Any, open_now: Any, over: Algebra, names: Collection[str] = SUMS
) -> dict[str, Any]:
    """What one customer adds to SUMS.

    Args:
        then: what it paid, in cents.
        now: what it pays, 0 where it left.
        stays: whether it is still a customer, though perhaps in a free month.
        open_now: the part of `now` that is an open renewal; None where there is none.
        over: arrays, or a plan.
        names: which of SUMS are wanted.
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
    parts |= _moments(change, then) if any(name in MOMENTS for name in names) else {}
    return {name: pick(counts, value, 0.0) for name, value in parts.items() if name in names}


def _moments(change: Any, then: Any) -> dict[str, Any]:
    """What intervals need: products of powers of what changed and of what was paid."""
    moved, paid = change * 1.0, then * 1.0  # fourth powers of whole cents pass what whole numbers of an engine hold
    powers = {0: 1.0, 1: moved, 2: moved * moved}
    base = {0: 1.0, 1: paid, 2: paid * paid}
    found = {}
    for name, (d, x) in MOMENTS.items():
        value = 1.0
        for factor in (powers[min(d, 2)], powers[max(d - 2, 0)], base[min(x, 2)], base[max(x - 2, 0)]):
            value = factor if isinstance(value, float) else value if isinstance(factor, float) else value * factor
        found[name] = value
    return found


def rates(sums: Mapping[str, NDArray]) -> dict[str, NDArray]:
    """Money and rates of retention from FATES, without intervals; the rates are blank where the base is 0."""
    base, gained, contracted, churned = (np.asarray(sums[name], float) for name in FATES[1:5])
    now = base + gained - contracted - churned
    cents = {"opening": base, "now": now, "expansion": gained, "contraction": contracted, "churned": churned}
    return {name: from_cents(values) for name, values in cents.items()} | {
        "ndr": divide(now, base),
        "grr": divide(base - contracted - churned, base),
        "logo_retention": divide(sums["kept"], sums["n"]),
    }


def looking_back(first: int, sums: Mapping[str, NDArray], horizon: int) -> dict[str, NDArray]:
    """Retention month by month, each against `horizon` months ago; blank where that is not possible.

    Args:
        first: number of the first month.
        sums: FATES by the month they are counted from, one value a month without gaps.
        horizon: how many months back the cohort is taken.
    """
    months = np.asarray(sums["x"]).size
    reached = max(months - horizon, 0)
    blank = np.full(months - reached, _BLANK)
    found = rates({name: np.asarray(sums[name])[:reached] for name in FATES})
    del found["now"]
    return {"month": month_column(first, months), **{n: np.concatenate([blank, v]) for n, v in found.items()}}


def retention_table(sums: Mapping[str, NDArray], confidence: float) -> dict[str, NDArray]:
    """Money and rates of retention with their intervals, one row a cohort; blank where there is no cohort."""
    n, base = np.asarray(sums["n"], float), np.asarray(sums["x"], float)
    plain = rates(sums)
    ndr, grr, logos = (plain.pop(name) for name in ("ndr", "grr", "logo_retention"))
    opened = np.asarray(sums.get("open", np.zeros(n.size)), float)
    gross_closed = np.asarray(
        sums.get("gross_without_open", base - np.asarray(sums["contracted"], float) - sums["churned"]), float
    )
    intervals = np.array([_intervals({k: v[i] for k, v in sums.items()}, confidence) for i in range(n.size)])
    low_high = intervals.reshape(n.size, 6).T
    columns = {
        "n": n, **plain,
        "ndr": ndr, "ndr_low": low_high[0], "ndr_high": low_high[1],
        "grr": grr, "grr_low": low_high[2], "grr_high": low_high[3],
        "logo_retention": logos, "logo_low": low_high[4], "logo_high": low_high[5],
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

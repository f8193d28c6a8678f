"""Monthly recurring revenue a customer -> flows between months: first a reduction, then the shape of a table.

The reductions here are for arrays; `csmetrics_core.tables` makes the same small results on other engines
and shares what follows. All amounts are whole cents until the last step.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from csmetrics_core.errors import OutOfScale
from csmetrics_core.intake.prepared import Coded
from csmetrics_core.maths.periods import as_dates, first_day
from csmetrics_core.reductions.money import from_cents, refuse_inexact_total

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
#: What a month's customers do, in cents; `kept` is what those who were there the month before paid then.
FLOWS = ("mrr", "new", "expansion", "contraction", "reactivation", "kept")
#: What became of a month's customers some months later, in cents and customers.
FATES = ("base", "expansion", "contraction", "churned", "customers", "kept")


@dataclass(frozen=True)
class Balances:
    """What each customer pays in each month, sorted by customer and month; nobody pays 0.

    Args:
        key: customer × `span` + months since `first`.
        cents: whole cents above 0.
        first, last: numbers of the first and the last month seen.
        span: months a customer takes up in `key`, with room for the look ahead.
        repeats: rows beyond the first of their customer and month.
    """

    key: Ints
    cents: Floats
    first: int
    last: int
    span: int
    repeats: int

    @property
    def month(self) -> Ints:
        """Months since `first`."""
        return self.key % self.span

    @property
    def notes(self) -> tuple[str, ...]:
        """What the reader must know."""
        return repeats_note(self.repeats)


def repeats_note(repeats: int, what: str = "customer and month") -> tuple[str, ...]:
    """Say how many rows were added to another one of the same customer and month."""
    rows = "row repeats" if repeats == 1 else "rows repeat"
    return (f"{repeats} {rows} a {what} already there; the amounts were added up",) if repeats else ()


def balances(customers: Coded, months: Ints, cents: Floats, look_ahead: int = 1) -> Balances:
    """Add up the rows of each customer and month.

    Args:
        customers: who pays, one a row.
        months: the number of the month, one a row.
        cents: whole cents, one a row.
        look_ahead: how many months later a customer is looked up again.

    Raises:
        OutOfScale: a customer's month is below 0, or a month is too large to be exact.
    """
    first, last = int(months.min()), int(months.max())
    span = last - first + 1 + look_ahead
    refuse_inexact_total(float(np.bincount(months - first, np.abs(cents)).max()), "mrr")
    key, total, distinct = _sums(customers.codes * span + (months - first), cents, len(customers.labels) * span)
    if total.size and total.min() < 0:
        place = int(total.argmin())
        month = as_dates(first_day(np.array([key[place] % span + first]), "month"))[0]
        who = f"{customers.labels[int(key[place]) // span]!r} in {str(month)[:7]}"
        raise below_zero("mrr", who, float(total[place]))
    return Balances(key, total, first, last, span, cents.size - distinct)


def below_zero(argument: str, who: str, cents: float) -> OutOfScale:
    """The error for a customer who pays less than nothing."""
    return OutOfScale(
        f"{argument} of customer {who} adds up to {cents / 100:,.2f}; expected 0 or more",
        "A credit belongs to the subscription it reduces; leave one-time refunds out.",
        argument=argument,
    )


def _sums(key: Ints, cents: Floats, size: int) -> tuple[Ints, Floats, int]:
    """Sorted keys whose cents do not cancel out, their sums, and how many distinct keys there are."""
    if size <= 4 * key.size + 1_000_000:
        total = np.bincount(key, cents, size)
        distinct = int(np.count_nonzero(np.bincount(key, minlength=size)))
        keys = np.flatnonzero(total)
        return np.asarray(keys, np.int64), np.asarray(total[keys]), distinct
    order = np.argsort(key, kind="stable")
    ordered = key[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    total = np.add.reduceat(cents[order], starts)
    kept = total != 0
    return ordered[starts][kept], total[kept], starts.size


def monthly_flows(paid: Balances) -> dict[str, Ints]:
    """Stage 1 of the MRR bridge: FLOWS by month, one value a month from the first to the last."""
    month = paid.month
    follows = np.concatenate([[False], paid.key[1:] == paid.key[:-1] + 1]) if month.size else np.zeros(0, bool)
    customer = paid.key // paid.span
    known = np.concatenate([[False], customer[1:] == customer[:-1]]) if month.size else follows
    before = np.concatenate([[0.0], paid.cents[:-1]]) if month.size else paid.cents
    change = np.where(follows, paid.cents - before, 0.0)
    parts = {
        "mrr": paid.cents,
        "new": np.where(known, 0.0, paid.cents),
        "expansion": np.maximum(change, 0.0),
        "contraction": np.maximum(-change, 0.0),
        "reactivation": np.where(known & ~follows, paid.cents, 0.0),
        "kept": np.where(follows, before, 0.0),
    }
    months = paid.last - paid.first + 1
    return {name: np.bincount(month, part, months).astype(np.int64) for name, part in parts.items()}


def bridge(first: int, flows: Mapping[str, Ints], fx: Ints | None = None) -> dict[str, NDArray]:
    """Stage 2 of the MRR bridge: every month from opening to closing.

    Args:
        first: number of the first month.
        flows: FLOWS in cents, one value a month without gaps.
        fx: what exchange rates did to the customers who stayed, in cents; a line of its own.
    """
    closing = flows["mrr"]
    opening = np.concatenate([closing[:1], closing[:-1]])
    churned = np.concatenate([[0], (closing[:-1] - flows["kept"][1:])])
    moved = {name: np.concatenate([[0], flows[name][1:]]) for name in ("new", "expansion", "contraction")}
    reactivation = flows["reactivation"]
    rates = {} if fx is None else {"fx": fx}
    gains = opening + moved["new"] + moved["expansion"] + reactivation + sum(rates.values())
    if (gains - moved["contraction"] - churned - closing).any():
        raise ArithmeticError("the movements do not add up to the closing balance")
    cents = {"opening": opening, **moved, "churned": churned, "reactivation": reactivation, **rates, "closing": closing}
    return {"month": month_column(first, closing.size), **{n: from_cents(values) for n, values in cents.items()}}


def month_column(first: int, months: int) -> NDArray[np.datetime64]:
    """The first days of consecutive months."""
    return as_dates(first_day(np.arange(first, first + months), "month"))


def monthly_fates(paid: Balances, horizon: int) -> dict[str, Ints]:
    """Stage 1 of retention: FATES after `horizon` months, by the month they are counted from."""
    place = np.searchsorted(paid.key, paid.key + horizon)
    found = np.minimum(place, paid.key.size - 1)
    now = np.where(paid.key[found] == paid.key + horizon, paid.cents[found], 0.0) if place.size else paid.cents
    months = paid.last - paid.first + 1
    month = paid.month
    return {name: np.bincount(month, p, months).astype(np.int64) for name, p in fates(paid.cents, now).items()}


def fates(then: Floats, now: Floats) -> dict[str, Floats]:
    """FATES of each customer who paid something then."""
    return {
        "base": then,
        "expansion": np.maximum(now - then, 0.0),
        "contraction": np.where(now > 0, np.maximum(then - now, 0.0), 0.0),
        "churned": np.where(now > 0, 0.0, then),
        "customers": np.ones(then.size),
        "kept": (now > 0).astype(np.float64),
    }


def retention(first: int, counted: Mapping[str, Ints], horizon: int) -> dict[str, NDArray]:
    """Stage 2 of retention: each month looks back `horizon` months; blank where that is not possible.

    Args:
        first: number of the first month.
        counted: FATES by the month they are counted from, one value a month without gaps.
        horizon: how many months back the opening cohort is taken.
    """
    months = counted["base"].size
    reached = max(months - horizon, 0)
    blank = np.full(months - reached, np.nan)
    rows = retention_rows({name: part[:reached] for name, part in counted.items()})
    del rows["closing"]
    columns = {name: np.concatenate([blank, values]) for name, values in rows.items()}
    return {"month": month_column(first, months), **columns}


def retention_rows(counted: Mapping[str, NDArray]) -> dict[str, Floats]:
    """Money and rates of retention from FATES; the rates are blank where the base is 0."""
    base, churned = counted["base"], counted["churned"]
    expansion, contraction = counted["expansion"], counted["contraction"]
    cents = {"opening": base, "expansion": expansion, "contraction": contraction, "churned": churned}
    columns = {name: from_cents(values) for name, values in cents.items()}
    columns["closing"] = from_cents(base + expansion - contraction - churned)
    return columns | {
        "ndr": divide(base + expansion - contraction - churned, base),
        "grr": divide(base - contraction - churned, base),
        "logo_retention": divide(counted["kept"], counted["customers"]),
    }


def divide(numerator: NDArray, denominator: NDArray) -> Floats:
    """A ratio that is blank where there is nothing to divide by."""
    blank = np.full(np.shape(denominator), np.nan)
    np.divide(np.asarray(numerator, float), denominator, out=blank, where=np.asarray(denominator) != 0)
    return blank

"""The revenue ledger of arrays: rows of a customer, product and month beside their neighbours, and what they tell."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from csmetrics_core.errors import NoData
from csmetrics_core.maths.periods import as_dates, first_day
from csmetrics_core.reductions.flows import Balances, below_zero, month_column
from csmetrics_core.reductions.ledger import (
    ARRAYS,
    CLASSES,
    arrivals,
    bridge,
    bridge_columns,
    column_of,
    departures,
    grid,
    opened,
    totals,
)
from csmetrics_core.reductions.money import from_cents
from csmetrics_core.reductions.retained import FATES, SUMS, fate, looking_back, retention_table

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
_NAMES = ("opening", *CLASSES)


@dataclass(frozen=True)
class Held:
    """What is paid: one value a customer, product and month, sorted by them; nobody pays 0.

    Args:
        customer, product, month: numbers.
        cents: above 0.
        quantity: NaN where not known; None where it is nowhere.
        open, lapses: the part that is an open renewal, and whether all lines end by lapsing; None where there are none.
        first, last: the months the table runs from and to.
        revalued: the cents at the rates of some months later; None where there is one currency.
    """

    customer: Ints
    product: Ints
    month: Ints
    cents: Floats
    quantity: Floats | None
    open: Floats | None
    lapses: NDArray[np.bool_] | None
    first: int
    last: int
    revalued: Floats | None = None


def held(
    customer: Ints,
    product: Ints,
    month: Ints,
    cents: Floats,
    *,
    quantity: Floats | None = None,
    open_: Floats | None = None,
    lapses: NDArray[np.bool_] | None = None,
    last: int | None = None,
    who: Sequence[Any] = (),
) -> Held:
    """Add up the rows of each customer, product and month.

    Raises:
        OutOfScale: a balance is below 0.
        NoData: nobody pays anything.
    """
    order = np.lexsort((month, product, customer))
    keys = [values[order] for values in (customer, product, month)]
    fresh = np.ones(order.size, bool)
    fresh[1:] = np.any([key[1:] != key[:-1] for key in keys], axis=0)
    group, starts = np.cumsum(fresh) - 1, np.flatnonzero(fresh)

    def total(values: NDArray) -> Floats:
        return np.asarray(np.bincount(group, np.asarray(values, float)[order], starts.size), float)

    sums = total(cents)
    if sums.size and sums.min() < 0:
        place = int(starts[sums.argmin()])
        day = as_dates(first_day(keys[2][place : place + 1], "month"))[0]
        raise below_zero("arr", f"{who[int(keys[0][place])]!r} in {str(day)[:7]}", float(sums.min()))
    kept = sums > 0
    if not kept.any():
        raise NoData("nobody pays anything", "Give an amount above 0 in at least one row.")
    counted = None
    if quantity is not None:
        counted = np.where(total(np.isnan(quantity)) > 0, np.nan, total(np.nan_to_num(quantity)))[kept]
    who_, what, when = (key[starts][kept] for key in keys)
    return Held(
        who_, what, when, sums[kept], counted,
        None if open_ is None else total(open_)[kept],
        None if lapses is None else (total(~lapses) == 0)[kept],
        int(month.min()), int(month.max()) if last is None else last,
    )  # fmt: skip


def of_customers(paid: Balances) -> Held:
    """What customers pay for all products together, from their balances."""
    customer = paid.key // paid.span
    return Held(customer, np.zeros_like(customer), paid.month + paid.first, paid.cents, None, None, None,
                paid.first, paid.last, paid.revalued)  # fmt: skip


def by_customer(rows: Held) -> Held:
    """The same with the products of each customer added up."""
    if not rows.product.size or rows.product.min() == rows.product.max():
        return rows
    added = held(
        rows.customer, np.zeros_like(rows.product), rows.month, rows.cents, open_=rows.open, lapses=rows.lapses,
        last=rows.last,
    )  # fmt: skip
    return replace(added, first=rows.first)


def _arrived(rows: Held) -> tuple[dict[str, NDArray], NDArray, Floats]:
    """The classes of each row in its own month, whether its customer's net is 0 or more, and what it paid before."""
    before, held_before = _beside(rows, -1)
    customers = by_customer(rows)
    own, (was_at, was) = None, (before, held_before)
    if customers is not rows:
        own = _place(customers, rows.customer, rows.month)[0]
        was_at, was = _place(customers, rows.customer, rows.month - 1)
    born = np.full(int(rows.customer.max(initial=-1)) + 1, np.iinfo(np.int64).max)
    np.minimum.at(born, rows.customer, rows.month)
    then = np.where(held_before, rows.cents[before], 0.0)
    row: dict[str, Any] = {"now": rows.cents, "then": then, "then_next": then, "held": held_before, "was": was}
    row["seen"] = born[rows.customer] < rows.month
    if rows.quantity is not None:
        row |= {"quantity": rows.quantity, "quantity_then": rows.quantity[before]}
    now = rows.cents if own is None else customers.cents[own]
    rises = now >= np.where(was, customers.cents[was_at], 0.0)
    with np.errstate(invalid="ignore"):
        row |= opened(row, ARRAYS)
        return arrivals(row, ARRAYS), rises, then


def _departed(rows: Held) -> tuple[dict[str, NDArray], NDArray]:
    """The classes of each row in the month after, and whether its customer's net is 0 or more then."""
    after, held_after = _beside(rows, 1)
    customers = by_customer(rows)
    own, (stays_at, stays) = np.arange(rows.month.size), (after, held_after)
    if customers is not rows:
        own = _place(customers, rows.customer, rows.month)[0]
        stays_at, stays = _place(customers, rows.customer, rows.month + 1)
    later: dict[str, Any] = {"now": rows.cents, "next": rows.cents, "gone": ~held_after, "stays": stays}
    if customers.lapses is not None:
        later["lapses"] = customers.lapses[own]
    rises = np.where(stays, customers.cents[stays_at], 0.0) >= customers.cents[own]
    return departures(later, ARRAYS), rises


def _beside(rows: Held, by: int) -> tuple[Ints, NDArray[np.bool_]]:
    """Where the row of the same customer and product a month off stands, and whether there is one."""
    place = np.clip(np.arange(rows.month.size) + by, 0, rows.month.size - 1)
    same = (rows.customer[place] == rows.customer) & (rows.product[place] == rows.product)
    return place, same & (rows.month[place] == rows.month + by)


def _place(rows: Held, customer: Ints, month: Ints) -> tuple[Ints, NDArray[np.bool_]]:
    """Where customers stand in given months, and whether they do; rows are one a customer and month."""
    first = int(rows.month.min(initial=rows.first)) - 1
    span = int(rows.month.max(initial=rows.last)) - first + 2
    key, wanted = rows.customer * span + rows.month - first, customer * span + month - first
    place = np.minimum(np.searchsorted(key, wanted), key.size - 1)
    return place, key[place] == wanted


def at_balances(rows: Held, customer: Ints, month: Ints, values: Floats) -> Floats:
    """Values a row of the input added up by the balance they belong to; rows are one a customer and month."""
    place, paid = _place(rows, customer, month)
    return np.asarray(np.bincount(place[paid], values[paid], rows.month.size), float)


def bridge_table(rows: Held, *, detail: bool = False) -> dict[str, Any]:
    """The bridge of the whole company, a row a month."""
    counted = rows if detail else by_customer(rows)
    there, rises, then = _arrived(counted)
    parts: dict[str, Any] = {"closing": counted.cents} | totals(there, rises, ARRAYS)
    if counted.open is not None:
        parts["open"] = counted.open
    if detail:
        later, rises_after = _departed(counted)
        parts |= {f"after_{name}": value for name, value in totals(later, rises_after, ARRAYS).items()}
        parts |= {f"class_{name}": value for name, value in there.items()}
        parts |= {f"after_class_{name}": value for name, value in later.items()}
    else:  # of customers, whoever is not kept has churned
        parts["kept"] = then
    months = rows.last - rows.first + 1
    sums = grid(counted.month - rows.first, parts, np.zeros(counted.month.size, np.int64), 1, months)
    return bridge_columns(rows.first, {}, bridge(sums, detail=detail))


def ledger_table(rows: Held, customers: Sequence[Any], products: Sequence[Any]) -> dict[str, Any]:
    """Every change of a balance with its class, in the order of months, customers, products and classes."""
    (there, rises, _), (later, rises_after) = _arrived(rows), _departed(rows)
    first = rows.month == rows.first
    there = {name: np.where(first, 0.0, amount) for name, amount in there.items()}
    there["opening"] = np.where(first, rows.cents, 0.0)
    found = [
        (np.flatnonzero(amount), name, shift, amount, up)
        for classes, shift, up in ((there, 0, rises), (later, 1, rises_after))
        for name, amount in classes.items()
    ]
    row = np.concatenate([at for at, *_ in found])
    order = np.concatenate([np.full(at.size, _NAMES.index(name)) for at, name, *_ in found])
    month = rows.month[row] + np.concatenate([np.full(at.size, shift) for at, _, shift, *_ in found])
    amount = np.concatenate([values[at] for at, _, _, values, _ in found])
    up = np.concatenate([flags[at] for at, *_, flags in found])
    inside = month <= rows.last
    chained = np.lexsort((order, month, rows.product[row], rows.customer[row]))
    chained = chained[inside[chained]]
    row, order, month, amount, up = (values[chained] for values in (row, order, month, amount, up))
    closing = _running(rows.customer[row], rows.product[row], amount)
    shown = np.lexsort((order, rows.product[row], rows.customer[row], month))
    words = [_NAMES[place] for place in order[shown].tolist()]
    return {
        "month": as_dates(first_day(month[shown], "month")),
        "customer": [customers[code] for code in rows.customer[row][shown].tolist()],
        "product": [products[code] for code in rows.product[row][shown].tolist()],
        "opening": from_cents((closing - amount)[shown]),
        "movement": words,
        "column": [
            "opening" if word == "opening" else column_of(word, rises=bool(rise))
            for word, rise in zip(words, up[shown].tolist(), strict=True)
        ],
        "amount": from_cents(amount[shown]),
        "closing": from_cents(closing[shown]),
    }


def _running(customer: Ints, product: Ints, amount: Floats) -> Floats:
    """The sum so far within each customer and product; rows are sorted by them."""
    total = np.cumsum(amount)
    fresh = np.ones(customer.size, bool)
    fresh[1:] = (customer[1:] != customer[:-1]) | (product[1:] != product[:-1])
    base = (total - amount)[fresh]
    return np.asarray(total - base[np.cumsum(fresh) - 1])


def retained_table(
    rows: Held, horizon: int, segment: Ints, segments: Sequence[Any], slice_: str, confidence: float
) -> dict[str, Any]:
    """NDR, GRR and logos by month and segment, with intervals.

    Args:
        rows: one a customer and month.
        horizon: how many months back the cohort is taken.
        segment: the number of each row's segment.
        segments: their names; one without a name where there are none.
        slice_: whether a customer is where it was at the "start" or at the "end".
        confidence: confidence level of the intervals.
    """
    at, stays, then, now = _ends(rows, horizon)
    group = np.where(stays, segment[at], segment) if slice_ == "end" else segment
    parts = fate(then, now, stays, None, ARRAYS)
    months, groups = rows.last - rows.first + 1, len(segments)
    blocks = grid(rows.month - rows.first + horizon, {n: np.broadcast_to(v, now.shape) for n, v in parts.items()},
                  group, groups, months)  # fmt: skip
    columns = retention_table({n: blocks[n].ravel() for n in SUMS if n in blocks}, confidence)
    month = np.repeat(month_column(rows.first, months), groups)
    return {"month": month, "segment": list(segments) * months, **columns}


def retention_columns(rows: Held, horizon: int) -> dict[str, NDArray]:
    """Retention of the whole company by month, without intervals; rows are one a customer and month."""
    _, stays, then, now = _ends(rows, horizon)
    parts = fate(then, now, stays, None, ARRAYS, FATES)
    months = rows.last - rows.first + 1
    blocks = grid(rows.month - rows.first, parts, np.zeros(rows.month.size, np.int64), 1, months)
    return looking_back(rows.first, {name: block.ravel() for name, block in blocks.items()}, horizon)


def _ends(rows: Held, horizon: int) -> tuple[Ints, NDArray[np.bool_], Floats, Floats]:
    """Where each customer stands some months later, whether it is there, what it paid then and what it pays later.

    Raises:
        NoData: what a customer paid is not known at the later month's rates.
    """
    last = int(rows.month.max(initial=rows.last))
    at, stays = _place(rows, rows.customer, np.minimum(rows.month + horizon, last + 1))
    looked_at = rows.month + horizon <= last
    then = rows.cents if rows.revalued is None else rows.revalued
    if (unknown := np.isnan(then) & looked_at).any():
        day = as_dates(first_day(rows.month[unknown][:1], "month"))[0]
        problem = f"revalued is blank for a customer of {str(day)[:7]}, which is looked back at {horizon} months later"
        raise NoData(problem, "Give what its amount is worth at the rates of that later month.", argument="revalued")
    stays &= looked_at
    return at, stays, np.where(looked_at, then, rows.cents), np.where(stays, rows.cents[at], 0.0)

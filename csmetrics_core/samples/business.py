"""The sample company's customers, contracts, subscriptions by month, payments and orders."""

from __future__ import annotations

import numpy as np

from csmetrics_core.samples.columns import (
    Array,
    Table,
    money,
    pick,
    repeat,
    sort_rows,
    span,
    stream,
    text,
    together,
    whole,
)
from csmetrics_core.samples.lives import PLANS, SEGMENTS, Lives, runs

ADD_ON = "Analytics add-on"
SET_UP_FEE = np.array([0, 600, 2500])  # a segment


def business_tables(lives: Lives, seed: int) -> dict[str, Table]:
    """Return customers, contracts, subscriptions, payments and orders."""
    return {
        "customers": _customers(lives),
        "contracts": _contracts(lives),
        "subscriptions": _subscriptions(lives),
        "payments": _payments(lives, stream(seed, "payments")),
        "orders": _orders(lives, stream(seed, "orders")),
    }


def _customers(lives: Lives) -> Table:
    customer, first, stop = runs(lives.active, lives.first_month < 0)
    refunded = np.flatnonzero(lives.refunded)
    last = np.concatenate([np.maximum(stop - 1, 0), lives.first_month[refunded]])
    start = np.concatenate([lives.start(customer, first), lives.start(refunded)])
    end = np.concatenate([lives.end(customer, stop), lives.refund_day(refunded)])
    customer = np.concatenate([customer, refunded])
    cents = lives.net_cents[customer, last] + lives.add_on_cents[customer] * lives.add_on[customer, last]
    table = {
        "customer": lives.ids[customer],
        "name": text(*(f"Account {number[2:]}" for number in lives.ids))[customer],
        "segment": SEGMENTS[lives.segment[customer]],
        "region": lives.region[customer],
        "plan": PLANS[lives.tier[customer, last]],
        "owner": lives.owner[customer],
        "start": start,
        "end": end,
        "arr": money(12 * cents),
    }
    return sort_rows(table, "customer", "start")


def _contracts(lives: Lives) -> Table:
    return sort_rows(
        together(_main_contracts(lives), _add_on_contracts(lives), _trials(lives), _set_up_fees(lives)),
        "subscription",
        "start",
    )


def _contract_rows(
    lives: Lives,
    customer: Array,
    *,
    kind: str,
    plan: Array,
    start: Array,
    end: Array,
    interval: Array,
    cents: Array,
    discount_cents: Array | int = 0,
    number: int = 1,
) -> Table:
    return {
        "customer": lives.ids[customer],
        "subscription": lives.ids[customer] + f"-{number}",
        "kind": repeat(kind, customer),
        "plan": plan,
        "start": start,
        "end": end,
        "interval_months": interval,
        "amount": money(cents * interval),
        "discount": money(discount_cents * interval),
        "currency": repeat("USD", customer),
    }


def _main_contracts(lives: Lives) -> Table:
    customer, first, stop = runs(lives.active, lives.first_month < 0, key=lives.price_key)
    refunded = np.flatnonzero(lives.refunded)
    start = np.concatenate([lives.start(customer, first), lives.start(refunded)])
    end = np.concatenate([lives.end(customer, stop), lives.refund_day(refunded)])
    month = np.concatenate([np.maximum(first, 0), lives.first_month[refunded]])
    customer = np.concatenate([customer, refunded])
    cents = lives.list_cents[customer, month]
    return _contract_rows(
        lives,
        customer,
        kind="recurring",
        plan=PLANS[lives.tier[customer, month]],
        start=start,
        end=end,
        interval=lives.interval[customer],
        cents=cents,
        discount_cents=cents - lives.net_cents[customer, month],
    )


def _add_on_contracts(lives: Lives) -> Table:
    customer, first, stop = runs(lives.add_on, lives.add_on[:, 0] & (lives.first_month < 0))
    return _contract_rows(
        lives,
        customer,
        kind="recurring",
        plan=repeat(ADD_ON, customer),
        start=lives.start(customer, first),
        end=lives.end(customer, stop),
        interval=np.ones_like(customer),
        cents=lives.add_on_cents[customer],
        number=2,
    )


def _trials(lives: Lives) -> Table:
    """Return the two free weeks before the start of every other small newcomer."""
    customer = np.flatnonzero((lives.first_month >= 0) & (lives.segment == 0) & (lives.day % 2 == 0))
    month = lives.first_month[customer]
    start = lives.start(customer)
    return _contract_rows(
        lives,
        customer,
        kind="trial",
        plan=PLANS[lives.tier[customer, month]],
        start=start - span(14),
        end=start,
        interval=np.ones_like(customer),
        cents=lives.list_cents[customer, month],
    )


def _set_up_fees(lives: Lives) -> Table:
    customer, start, cents = _set_ups(lives)
    return _contract_rows(
        lives,
        customer,
        kind="one-time",
        plan=repeat("Set-up", customer),
        start=start,
        end=start + span(1),
        interval=np.ones_like(customer),
        cents=cents,
    )


def _set_ups(lives: Lives) -> tuple[Array, Array, Array]:
    """Return customer, day and cents of the fees that larger newcomers pay once."""
    customer = np.flatnonzero((lives.first_month >= 0) & (lives.segment > 0))
    return customer, lives.start(customer), 100 * SET_UP_FEE[lives.segment[customer]]


def _subscriptions(lives: Lives) -> Table:
    parts = []
    for number, active in ((1, lives.active), (2, lives.add_on)):
        customer, month = np.nonzero(active)
        main = number == 1
        cents = lives.net_cents[customer, month] if main else lives.add_on_cents[customer]
        interval = lives.interval[customer] if main else np.ones_like(customer)
        plan = PLANS[lives.tier[customer, month]] if main else repeat(ADD_ON, customer)
        parts.append(
            {
                "customer": lives.ids[customer],
                "subscription": lives.ids[customer] + f"-{number}",
                "month": lives.months[month].astype("datetime64[D]"),
                "plan": plan,
                "interval_months": interval,
                "amount": money(cents * interval),
                "mrr": money(cents),
                "segment": SEGMENTS[lives.segment[customer]],
            }
        )
    return sort_rows(together(*parts), "month", "subscription")


def _payments(lives: Lives, rng: np.random.RandomState) -> Table:
    """Return invoices, set-up fees and refunds: all the money of some newcomers, part of a few invoices."""
    who, day, cents = _invoices(lives)
    chosen = np.flatnonzero(rng.random_sample(who.size) < 0.012)
    given_back = np.minimum(cents[chosen], whole(cents[chosen] * (0.2 + 0.6 * rng.random_sample(chosen.size))))
    later = day[chosen] + span(3 + rng.randint(0, 18, chosen.size))
    refunded = np.flatnonzero(lives.refunded)
    price = lives.net_cents[refunded, lives.first_month[refunded]]

    def rows(kind: str, who: Array, day: Array, cents: Array) -> Table:
        return {"customer": lives.ids[who], "date": day, "amount": money(cents), "kind": repeat(kind, who)}

    table = together(
        rows("invoice", who, day, cents),
        rows("set-up fee", *_set_ups(lives)),
        rows("refund", who[chosen], later, -given_back),
        rows("invoice", refunded, lives.start(refunded), price),
        rows("refund", refunded, lives.refund_day(refunded), -price),
    )
    return sort_rows(pick(table["date"] <= lives.last_day, table), "date", "customer", "kind")


def _invoices(lives: Lives) -> tuple[Array, Array, Array]:
    """Return customer, day and cents of every regular invoice, by the month or by the year."""
    main, month = np.nonzero(lives.active & (~lives.annual[:, None] | lives.anniversary))
    added, added_month = np.nonzero(lives.add_on)
    return (
        np.concatenate([main, added]),
        np.concatenate([lives.date(main, month), lives.date(added, added_month)]),
        np.concatenate([lives.net_cents[main, month] * lives.interval[main], lives.add_on_cents[added]]),
    )


def _orders(lives: Lives, rng: np.random.RandomState) -> Table:
    """Return irregular purchases: each buyer at a pace of their own, until they lose interest or leave."""
    customer, first, stop = runs(lives.active, lives.first_month < 0)
    buys = rng.random_sample(customer.size) < 0.45
    customer, first, stop = customer[buys], np.maximum(first[buys], 0), stop[buys]
    size = (customer.size, 40)
    pace = 20 + 25 * rng.gamma(2.5, 1.0, customer.size)  # days between two orders
    gaps = np.ceil(pace[:, None] * rng.standard_exponential(size))
    offset = np.cumsum(np.maximum(gaps, 1), axis=1).astype(int)
    still_buys = np.arange(40) < rng.geometric(0.10, customer.size)[:, None]
    day = lives.date(customer, first)[:, None] + span(offset)
    left = np.minimum(lives.date(customer, stop), lives.last_day + span(1))
    row, order = np.nonzero(still_buys & (day < left[:, None]))
    typical = 180 * np.array([1, 2.5, 6])[lives.segment[customer]] * np.exp(0.4 * rng.standard_normal(customer.size))
    cents = whole(100 * typical[row] * rng.gamma(6, 1 / 6, row.size))
    table = {
        "customer": lives.ids[customer[row]],
        "date": day[row, order],
        "amount": money(np.maximum(cents, 1000)),
        "item": text("Credits", "Training day", "Data migration")[
            np.searchsorted([0.6, 0.85], rng.random_sample(row.size))
        ],
    }
    return sort_rows(table, "date", "customer")

"""The sample company's costs, sales funnel and renewals."""

from __future__ import annotations

import numpy as np

from csmetrics_core.samples.columns import (
    Array,
    Table,
    money,
    or_blank,
    sort_rows,
    span,
    stream,
    text,
    whole,
)
from csmetrics_core.samples.lives import SEGMENTS, Lives

# category -> (what the money is for, share of a month's recurring revenue)
COSTS = {
    "customer success": ("retention", 0.060), "support": ("retention", 0.065),
    "loyalty programme": ("retention", 0.008), "retention marketing": ("retention", 0.012),
    "sales": ("acquisition", 0.160), "marketing": ("acquisition", 0.120),
    "hosting": ("delivery", 0.110), "product": ("development", 0.240), "administration": ("overhead", 0.110),
}  # fmt: skip
REASONS = text(
    "Budget cut",
    "Low usage",
    "Missing integration",
    "Merged with another company",
    "Moved to a competitor",
    "Sponsor left",
)
# What the owner expects; the place -1 stands for "no call yet".
CALLS = np.array(["churn", "at risk", "renew", None], dtype=object)
CHURN, AT_RISK, RENEW, NO_CALL = 0, 1, 2, -1
NEXT_STEPS = text("Executive review", "Training for new users", "Success plan", "Price proposal")


def sales_tables(lives: Lives, seed: int) -> dict[str, Table]:
    """Return costs, funnel and renewals."""
    return {
        "costs": _costs(lives, stream(seed, "costs")),
        "funnel": _funnel(lives, stream(seed, "funnel")),
        "renewals": _renewals(lives, stream(seed, "renewals")),
    }


def _costs(lives: Lives, rng: np.random.RandomState) -> Table:
    revenue = lives.mrr_cents.sum(axis=0)
    share = np.array([share for _, share in COSTS.values()])
    cents = whole(revenue[:, None] * share * (0.94 + 0.12 * rng.random_sample((revenue.size, share.size))))
    return {
        "month": np.repeat(lives.months.astype("datetime64[D]"), share.size),
        "category": np.tile(text(*COSTS), revenue.size),
        "purpose": np.tile(text(*(purpose for purpose, _ in COSTS.values())), revenue.size),
        "amount": money(cents.ravel()),
    }


def _funnel(lives: Lives, rng: np.random.RandomState) -> Table:
    months = lives.months.size
    won = np.bincount(lives.first_month[lives.first_month >= 0], minlength=months)
    expected = (won + won.mean()) / 2 + 0.2
    converted = rng.binomial(won, 0.6)
    ended = converted + rng.poisson(2.8 * expected)
    # A trial lasts two weeks: half of those that end in a month began in the month before.
    started = (ended + np.append(ended[1:], ended[-1]) + 1) // 2
    opportunities = won + rng.poisson(3.0 * expected)
    leads = opportunities + started + rng.poisson(14 * expected)
    return {
        "month": lives.months.astype("datetime64[D]"),
        "visitors": leads + rng.poisson(26.0 * leads),
        "leads": leads,
        "opportunities": opportunities,
        "conversions": won,
        "trials_started": started,
        "trials_ended": ended,
        "converted": converted,
        "free_users": rng.poisson(0.4 * lives.active.sum(axis=0) + 2),
        "paid": rng.binomial(won - converted, 0.5),
    }


def _renewals(lives: Lives, rng: np.random.RandomState) -> Table:
    """Return annual contracts that came due in the last twelve months and those due in the next twelve."""
    customer, month = _due(lives)
    due = lives.date(customer, month)
    last = lives.months.size - 1
    past = month <= last
    # What the owner could know, price included, is from the month before.
    known = np.where(past, month - 1, last)
    cents = 12 * lives.net_cents[customer, known]
    score = 64 + 15 * lives.health[customer, known] + 9 * rng.standard_normal(customer.size)
    call = _calls(score, month - last > 6, rng)
    growth = 0.25 * np.maximum(0, rng.random_sample(customer.size) - 0.6)
    stays = np.where(call == RENEW, 1 + growth, np.where(call == AT_RISK, 0.85, 0.0))

    renewed = lives.active[customer, np.minimum(month, last)]
    late = renewed & (lives.last_day - due < span(12)) & (rng.random_sample(customer.size) < 0.4)
    decided = past & ~late
    renewed_cents = 12 * lives.net_cents[customer, np.minimum(month, last)] * renewed
    worried = (call == AT_RISK) | (call == CHURN) | (decided & ~renewed)
    table = {
        "customer": lives.ids[customer],
        "owner": lives.owner[customer],
        "segment": SEGMENTS[lives.segment[customer]],
        "arr": money(cents),
        "due": due,
        "health_band": text("red", "amber", "green")[np.searchsorted([50, 75], score, side="right")],
        "call": CALLS[call],
        "expected_arr": money(np.where(call == NO_CALL, np.nan, np.round(cents * stays))),
        "renewed": or_blank(decided, renewed),
        "renewed_arr": np.where(decided, money(renewed_cents), np.nan),
        "reason": or_blank(worried, REASONS[rng.randint(0, REASONS.size, customer.size)]),
        "next_step": or_blank(worried & ~decided, NEXT_STEPS[rng.randint(0, NEXT_STEPS.size, customer.size)]),
    }
    return sort_rows(table, "due", "customer")


def _due(lives: Lives) -> tuple[Array, Array]:
    """Return customer and month index of the renewals of the year behind and the year ahead."""
    months = np.arange(lives.months.size)
    came_due = lives.before & lives.annual[:, None] & lives.anniversary & (months > max(0, months.size - 13))
    customer, month = np.nonzero(came_due)
    current = np.flatnonzero(lives.annual & lives.active[:, -1])
    ahead = 12 - (months[-1] - lives.first_month[current]) % 12
    return np.append(customer, current), np.append(month, months[-1] + ahead)


def _calls(score: Array, far_off: Array, rng: np.random.RandomState) -> Array:
    """Return the owner's call, mostly in line with health; about far-off renewals few have made one."""
    doubt = score + 10 * rng.standard_normal(score.size)
    call = np.searchsorted([32, 52], doubt)
    return np.where(far_off & (rng.random_sample(score.size) < 0.7), NO_CALL, call)

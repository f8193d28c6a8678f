"""The sample company's usage tables: events, licences, features and onboarding."""

from __future__ import annotations

import numpy as np

from csmetrics_core.samples.columns import Array, Table, sort_rows, span, stream, text
from csmetrics_core.samples.lives import SEGMENTS, Lives

# feature -> whether a healthy account should use it; the most used first
FEATURES = {
    "Dashboard": True, "Search": False, "Reports": True, "Alerts": True,
    "Export": False, "Integrations": True, "Automation": True, "Mobile app": False,
}  # fmt: skip
WEEK = np.array([1.0, 1.1, 1.1, 1.05, 0.85, 0.14, 0.11])  # from Monday to Sunday
HOUR = 3600


def usage_tables(lives: Lives, seed: int, event_days: int) -> dict[str, Table]:
    """Return events of the last days, licences of the accounts that paid then, features and onboarding."""
    first = max(lives.last_day - span(event_days - 1), lives.months[0].astype("datetime64[D]"))
    days = first + span(np.arange((lives.last_day - first).astype(int) + 1))
    everyone = np.arange(lives.segment.size)
    paying = lives.pays(everyone[:, None], days)
    account = np.flatnonzero(paying.any(axis=1))
    licensed = lives.seats[account, -1]
    assigned = _assigned(licensed, stream(seed, "licences"))
    return {
        "events": _events(lives, days, np.repeat(account, assigned), paying, stream(seed, "events")),
        "licences": {"customer": lives.ids[account], "licensed": licensed, "assigned": assigned},
        "features": {"feature": text(*FEATURES), "key": np.array(list(FEATURES.values()))},
        "onboarding": _onboarding(lives, stream(seed, "onboarding")),
    }


def _assigned(licensed: Array, rng: np.random.RandomState) -> Array:
    """Return seats given to a person: mostly below those bought, in one account of twenty above."""
    over = rng.random_sample(licensed.size) < 0.05
    usual = np.maximum(1, rng.binomial(licensed, 0.67))
    return np.where(over, licensed + 1 + rng.randint(0, 2, licensed.size), usual)


def _events(lives: Lives, days: Array, customer: Array, paying: Array, rng: np.random.RandomState) -> Table:
    """Return events of one user a row of ``customer``: active days, one or two sessions in each, some uses."""
    seat = np.arange(customer.size) - np.searchsorted(customer, customer) + 1
    user_ids = text(*(f"{number}-U{place}" for number, place in zip(lives.ids[customer], seat, strict=True)))
    taste = rng.standard_normal(customer.size)
    likely = _likely_active(lives.health[customer][:, lives.month_of(days)] + taste[:, None], days)
    user, day = np.nonzero(paying[customer] & (rng.random_sample(likely.shape) < likely))
    sessions = 1 + (rng.random_sample(user.size) < 0.12)
    user, day = np.repeat(user, sessions), np.repeat(day, sessions)
    second = np.arange(user.size) > np.repeat(np.cumsum(sessions) - sessions, sessions)
    start = days[day].astype("datetime64[s]") + span(_time_of_day(second, rng), "s")
    uses = rng.geometric(0.5, user.size)
    stamp = np.repeat(start, uses) + span(_since_session_start(uses, rng), "s")
    user = np.repeat(user, uses)
    width = np.clip(np.round(4.2 + 1.2 * lives.health[customer].mean(axis=1) + taste), 2, len(FEATURES))
    feature = (width[user] * rng.random_sample(user.size) ** 1.6).astype(int)
    kept = np.lexsort((user, stamp))
    kept = kept[stamp[kept] < lives.last_day + span(1)]
    return {
        "user": user_ids[user[kept]],
        "customer": lives.ids[customer[user[kept]]],
        "timestamp": stamp[kept],
        "feature": text(*FEATURES)[feature[kept]],
    }


def _likely_active(keenness: Array, days: Array) -> Array:
    """Return each user's chance of using the product on each day."""
    weekday = (days.astype(int) + 3) % 7  # day 0, 1 January 1970, was a Thursday
    return np.asarray(WEEK[weekday] / (1 + np.exp(2.0 - 0.85 * keenness)))


def _time_of_day(second: Array, rng: np.random.RandomState) -> Array:
    """Return seconds since midnight: morning, afternoon for a second session, a few shortly before midnight."""
    hour = np.where(second | (rng.random_sample(second.size) < 0.45), 14.7, 10.2)
    usual = HOUR * (hour + 1.5 * rng.standard_normal(second.size))
    late = rng.random_sample(second.size) < 0.01
    last_minutes = 24 * HOUR - 600 * rng.random_sample(second.size)
    return np.asarray(np.where(late, last_minutes, np.clip(usual, 5 * HOUR, 22 * HOUR)).astype(int))


def _since_session_start(uses: Array, rng: np.random.RandomState) -> Array:
    """Return seconds from a session's first use to each of its uses."""
    pause = 1 + (240 * rng.standard_exponential(uses.sum())).astype(int)
    clock = np.cumsum(pause)
    first = np.cumsum(uses) - uses
    return np.asarray(clock - np.repeat(clock[first], uses))


def _onboarding(lives: Lives, rng: np.random.RandomState) -> Table:
    """Return newcomers with first value and completion, where these came before the end of the data."""
    customer = np.flatnonzero(lives.first_month >= 0)
    health = lives.health[customer, lives.first_month[customer]]
    started = lives.start(customer)
    days = np.exp(2.3 - 0.35 * health + 0.7 * rng.standard_normal(customer.size)).astype(int)
    more = 5 + rng.poisson(12 + 8 * lives.segment[customer])
    gone = _first_end(lives)[customer]
    reached = started + span(days) < np.minimum(gone, lives.last_day + span(1))
    stays_on = started + span(days + more) < np.minimum(gone, lives.last_day + span(1))
    completed = reached & stays_on & (rng.random_sample(customer.size) < 0.9)
    blank = np.datetime64("NaT", "D")
    table = {
        "customer": lives.ids[customer],
        "segment": SEGMENTS[lives.segment[customer]],
        "started": started,
        "first_value": np.where(reached, started + span(days), blank),
        "completed": np.where(completed, started + span(days + more), blank),
    }
    return sort_rows(table, "started", "customer")


def _first_end(lives: Lives) -> Array:
    """Return each customer's first unpaid day, or a day beyond the data."""
    ended = lives.before & ~lives.active
    month = np.where(ended.any(axis=1), ended.argmax(axis=1), lives.months.size)
    day = lives.date(np.arange(month.size), month)
    refunded = np.flatnonzero(lives.refunded)
    day[refunded] = lives.refund_day(refunded)
    return day

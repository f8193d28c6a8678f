"""What the sample company's customers say: support tickets, surveys and responses."""

from __future__ import annotations

import numpy as np

from csmetrics_core.samples.columns import Array, Table, money, or_blank, pick, sort_rows, span, stream, text, together
from csmetrics_core.samples.comments import BAD, GOOD, MIXED, comments
from csmetrics_core.samples.lives import SEGMENTS, Lives

SURVEYS = text("relationship", "support")
CHANNELS = text("e-mail", "web form", "chat", "phone")
CONTACTS = np.array([1, 2, 4])  # people asked in an account, a segment
ANSWERS = np.array([0.34, 0.30, 0.27])  # share of those asked who answer, a segment
TICKETS = np.array([0.42, 0.85, 1.90])  # a customer and month, a segment
WAVE_DAY = 9  # days after the first of the month on which the relationship survey goes out
SUPPORT_ASKED, SUPPORT_ANSWERS = 0.75, 0.30


def voice_tables(lives: Lives, seed: int) -> dict[str, Table]:
    """Return surveys, responses and tickets."""
    tickets, customer, day = _tickets(lives, stream(seed, "tickets"))
    waves = _waves(lives)
    asked, support = _support_responses(lives, tickets, customer, day, stream(seed, "support survey"))
    relationship = _relationship_responses(lives, waves, stream(seed, "relationship survey"))
    return {
        "surveys": _surveys(lives, waves, asked),
        "responses": _responses(lives, relationship, support, stream(seed, "comments")),
        "tickets": tickets,
    }


def _outage(lives: Lives) -> Array:
    """Return how bad service was, by month: one outage half a year before the end, and its aftermath."""
    bad = np.zeros(lives.months.size)
    bad[-7:-5] = (1.0, 0.4)[: bad[-7:-5].size]
    return bad


def _tickets(lives: Lives, rng: np.random.RandomState) -> tuple[Table, Array, Array]:
    """Return the tickets, and beside them customer number and day."""
    customer, opened = _opened(lives, rng)
    day = opened.astype("datetime64[D]")
    luck = rng.random_sample((6, customer.size))
    channel = np.searchsorted([0.40, 0.62, 0.85], luck[0])
    transferred = luck[1] < 0.07
    unresolvable = luck[2] < 0.06
    abandoned = (channel >= 2) & (luck[3] < 0.08)
    again = np.exp(-0.15 * lives.health[customer, lives.month_of(day)])
    contacts = 1 + rng.poisson(0.16 * again + 0.8 * transferred + 0.9 * unresolvable) * ~abandoned
    still_open = luck[4] < np.where(lives.last_day - day < span(5), 0.5, 0.02)
    resolved = ~abandoned & ~still_open
    table = {
        "ticket": text(*(f"T-{number + 1:06d}" for number in range(customer.size))),
        "customer": lives.ids[customer],
        "opened": opened,
        "channel": CHANNELS[channel],
        "contacts": contacts,
        "resolved": resolved,
        "reopened": resolved & (luck[5] < 0.05 * again),
        "transferred": transferred & ~abandoned,
        "abandoned": abandoned,
        "unresolvable": unresolvable & ~abandoned,
    }
    return table, customer, day


def _opened(lives: Lives, rng: np.random.RandomState) -> tuple[Array, Array]:
    """Return customer and time of every ticket: the less happy, the more of them; in an outage twice as many."""
    rate = TICKETS[lives.segment][:, None] * np.exp(-0.2 * lives.health) * (1 + 0.9 * _outage(lives))
    count = rng.poisson(rate)
    customer, month = np.nonzero(count)
    customer, month = (np.repeat(index, count[customer, month]) for index in (customer, month))
    first = lives.months.astype("datetime64[D]")
    length = ((lives.months + span(1, "M")).astype("datetime64[D]") - first).astype(int)
    day = first[month] + span(rng.randint(0, length[month]))
    opened = day.astype("datetime64[m]") + span(8 * 60 + rng.randint(0, 10 * 60, customer.size), "m")
    order = np.argsort(opened, kind="stable")
    day = day[order]
    working = np.is_busday(day) | (rng.random_sample(day.size) < 0.25)
    kept = order[working & (day <= lives.last_day) & lives.pays(customer[order], np.minimum(day, lives.last_day))]
    return customer[kept], opened[kept]


def _waves(lives: Lives) -> tuple[Array, Array]:
    """Return customer and month of every relationship survey: each customer once a quarter."""
    days = lives.months.astype("datetime64[D]") + span(WAVE_DAY)
    customer = np.arange(lives.segment.size)[:, None]
    turn = (customer + np.arange(days.size)) % 3 == 0
    customer, month = np.nonzero(turn & lives.pays(customer, days) & (days <= lives.last_day))
    return customer, month


def _relationship_responses(lives: Lives, waves: tuple[Array, Array], rng: np.random.RandomState) -> Table:
    customer, month = waves
    answering = np.clip(ANSWERS[lives.segment[customer]] * (1 + 0.06 * lives.health[customer, month]), 0, 1)
    answers = rng.binomial(CONTACTS[lives.segment[customer]], answering)
    customer, month = np.repeat(customer, answers), np.repeat(month, answers)
    day = lives.months[month].astype("datetime64[D]") + span(WAVE_DAY + rng.randint(0, 10, customer.size))
    feeling = 8.6 + 1.0 * lives.health[customer, month] - 1.2 * _outage(lives)[month]
    furious = 4.5 * (rng.random_sample(customer.size) < 0.06)
    nps = np.clip(np.round(feeling - furious + 1.5 * rng.standard_normal(customer.size)), 0, 10)
    blank = np.full(customer.size, np.nan)
    return {
        "customer": customer,
        "day": np.minimum(day, lives.last_day),
        "survey": np.zeros_like(customer),
        "nps": nps,
        "csat": blank,
        "ces": blank,
        "mood": np.select([nps >= 9, nps >= 7], [GOOD, MIXED], BAD),
    }


def _support_responses(
    lives: Lives, tickets: Table, customer: Array, day: Array, rng: np.random.RandomState
) -> tuple[Table, Table]:
    """Return whom the support survey asked and when, and the answers."""
    luck, leave_out = rng.random_sample((2, customer.size))
    noise = rng.standard_normal((2, customer.size))
    asked_on = day + rng.randint(1, 5, customer.size)
    asked = tickets["resolved"] & (luck < SUPPORT_ASKED) & (asked_on <= lives.last_day)
    answered = asked & (luck < SUPPORT_ASKED * SUPPORT_ANSWERS)
    health = lives.health[customer, lives.month_of(day)]
    trouble = (tickets["contacts"] - 1) + tickets["reopened"] + _outage(lives)[lives.month_of(day)]
    csat = np.clip(np.round(4.55 + 0.3 * health - 0.6 * trouble + 0.85 * noise[0]), 1, 5)
    ces = np.clip(np.round(5.8 + 0.3 * health - 0.9 * trouble + 1.1 * noise[1]), 1, 7)
    table = {
        "customer": customer,
        "day": asked_on,
        "survey": np.ones_like(customer),
        "nps": np.full(customer.size, np.nan),
        "csat": csat,
        "ces": np.where(leave_out < 0.12, np.nan, ces),
        "mood": np.select([csat >= 4, csat == 3], [GOOD, MIXED], BAD),
    }
    return {"customer": customer[asked], "day": asked_on[asked]}, pick(answered, table)


def _responses(lives: Lives, relationship: Table, support: Table, rng: np.random.RandomState) -> Table:
    both = sort_rows(together(relationship, support), "day", "customer")
    customer, month = both["customer"], lives.month_of(both["day"])
    writes = rng.random_sample(customer.size) < np.where(both["mood"] == MIXED, 0.40, 0.58)
    written = comments(rng, both["mood"], _outage(lives)[month] > 0)
    # Someone who answers in the month of leaving is weighed with what they paid until then.
    mrr = np.maximum(lives.mrr_cents[customer, month], lives.mrr_cents[customer, np.maximum(month - 1, 0)])
    return {
        "customer": lives.ids[customer],
        "date": both["day"],
        "segment": SEGMENTS[lives.segment[customer]],
        "survey": SURVEYS[both["survey"]],
        "arr": money(12 * mrr),
        "nps": both["nps"],
        "csat": both["csat"],
        "ces": both["ces"],
        "comment": or_blank(writes, written),
    }


def _surveys(lives: Lives, waves: tuple[Array, Array], asked: Table) -> Table:
    months = lives.months.size
    invited = np.zeros((months, SURVEYS.size, SEGMENTS.size), np.int64)
    customer, month = waves
    segment = lives.segment[customer]
    np.add.at(invited[:, 0], (month, segment), CONTACTS[segment])
    np.add.at(invited[:, 1], (lives.month_of(asked["day"]), lives.segment[asked["customer"]]), 1)
    month, survey, segment = (index.ravel() for index in np.indices(invited.shape))
    return {
        "month": lives.months[month].astype("datetime64[D]"),
        "survey": SURVEYS[survey],
        "segment": SEGMENTS[segment],
        "invited": invited.ravel(),
    }

"""Lives of the sample company's customers: who pays how much in which month, and how they feel."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from csmetrics_core.samples.columns import Array, span, stream, text

SEGMENTS = text("SMB", "Mid-market", "Enterprise")
REGIONS = text("North America", "Europe", "Asia-Pacific")
PLANS = text("Basic", "Team", "Business")
SEAT_PRICE = np.array([[49, 85, 129], [42, 72, 108]])  # a seat and month; second row when paid by the year

# One value a segment
SEGMENT_SHARE = np.array([0.62, 0.27, 0.11])
ANNUAL_SHARE = np.array([0.30, 0.60, 0.85])
MONTHLY_HAZARD = np.array([0.020, 0.014, 0.010])
SEATS_LOW = np.array([1, 4, 8])
SEATS_HIGH = np.array([4, 8, 15])
ADD_ON_SHARE = np.array([0.03, 0.15, 0.30])


@dataclass(frozen=True)
class Lives:
    """Everything the tables are drawn from; the arrays by customer and month have shape (customers, months).

    ``active`` is the state at the end of a month. All of a customer's changes (start, end, upgrade) happen
    on one day of the month, never the first, so that a month's closing state is beyond dispute.
    """

    months: Array
    last_day: np.datetime64
    segment: Array
    region: Array
    owner: Array
    annual: Array
    day: Array
    first_month: Array
    refunded: Array
    active: Array
    add_on: Array
    health: Array
    seats: Array
    tier: Array
    discount: Array
    list_cents: Array
    add_on_cents: Array

    @cached_property
    def ids(self) -> Array:
        """Customer numbers, wide enough for all of them."""
        width = max(4, len(str(self.segment.size)))
        return text(*(f"C-{number + 1:0{width}d}" for number in range(self.segment.size)))

    @cached_property
    def before(self) -> Array:
        """State at the end of the month before each month."""
        opening = (self.first_month < 0)[:, None]
        return np.hstack([opening, self.active[:, :-1]])

    @cached_property
    def net_cents(self) -> Array:
        """Monthly recurring price of the main subscription, discount taken off, whether paid for or not."""
        return np.asarray(self.list_cents - np.round(self.list_cents * self.discount).astype(np.int64))

    @cached_property
    def mrr_cents(self) -> Array:
        """Monthly recurring revenue a customer at the end of a month."""
        return np.asarray(self.net_cents * self.active + self.add_on_cents[:, None] * self.add_on)

    @cached_property
    def anniversary(self) -> Array:
        """Whether a month starts another year since the customer's first."""
        age = np.arange(self.months.size) - self.first_month[:, None]
        return np.asarray((age % 12 == 0) & (age >= 0))

    @cached_property
    def interval(self) -> Array:
        """Months in the main subscription's billing interval."""
        return np.where(self.annual, 12, 1)

    @cached_property
    def price_key(self) -> Array:
        """A number that changes whenever a customer's price or discount does."""
        return np.asarray(self.list_cents * 100 + np.round(100 * self.discount).astype(np.int64))

    def date(self, customer: Array, month: Array) -> Array:
        """Return the day in the given months on which things change for these customers."""
        first = (self.months[0] + span(month, "M")).astype("datetime64[D]")
        return np.asarray(first + span(self.day[customer] - 1))

    def start(self, customer: Array, first: Array | int = -1) -> Array:
        """Return the day these customers started, or began the run whose first month is given."""
        return self.date(customer, np.where(first < 0, self.first_month[customer], first))

    def end(self, customer: Array, stop: Array) -> Array:
        """Return the first unpaid day of runs that stop at these months, not-a-time for those that go on."""
        return np.where(stop < self.months.size, self.date(customer, stop), np.datetime64("NaT", "D"))

    def refund_day(self, customer: Array) -> Array:
        """Return the day on which newcomers who wanted their money back got it: 3 to 9 days after the start."""
        return np.asarray(self.start(customer) + span(3 + self.day[customer] % 7))

    def month_of(self, days: Array) -> Array:
        """Return the month index of each day."""
        return np.asarray((days.astype("datetime64[M]") - self.months[0]).astype(int))

    def pays(self, customer: Array, days: Array) -> Array:
        """Return whether these customers pay on these days."""
        month = self.month_of(days)
        day_of_month = (days - days.astype("datetime64[M]")).astype(int) + 1
        changed = day_of_month >= self.day[customer]
        return np.where(changed, self.active[customer, month], self.before[customer, month])


def runs(active: Array, before: Array, key: Array | None = None) -> tuple[Array, Array, Array]:
    """Return customer, first month and month after the last of every unbroken run.

    A run that was under way before the first month starts at -1; one that goes on stops at the number of
    months. With a key, a run breaks where the key changes.
    """
    edge = np.zeros((len(active), 1), bool)
    state = np.hstack([edge, before[:, None], active, edge])
    same = np.ones((len(active), state.shape[1] - 1), bool)
    if key is not None:
        same[:, 2:-1] = key[:, 1:] == key[:, :-1]
    customer, start = np.nonzero(state[:, 1:] & ~(state[:, :-1] & same))
    _, stop = np.nonzero(state[:, :-1] & ~(state[:, 1:] & same))
    return customer, start - 1, stop - 1


def live(customers: int, months: int, seed: int, last_day: np.datetime64) -> Lives:
    """Let the customers start, grow, shrink, pause, return and leave."""
    rng = stream(seed, "lives")
    segment = np.searchsorted(np.cumsum(SEGMENT_SHARE)[:2], rng.random_sample(customers))
    annual = rng.random_sample(customers) < ANNUAL_SHARE[segment]
    newcomer = rng.random_sample(customers) < 1 - np.exp(-0.025 * months)
    growing = (months * rng.random_sample(customers) ** 0.85).astype(int)
    first_month = np.where(newcomer, growing, -rng.randint(1, 37, customers))
    last_of_month = int((last_day - last_day.astype("datetime64[M]")).astype(int)) + 1
    day = rng.randint(min(2, last_of_month), min(28, last_of_month) + 1, customers)
    # Bought and refunded within the month: seen by some churn conventions, unseen by an opening cohort.
    early = day <= min(18, last_of_month - 9)
    refunded = newcomer & ~annual & early & (rng.random_sample(customers) < 0.04)

    engagement = _engagement(rng, customers, months)
    active = _survive(rng, engagement, segment=segment, annual=annual, first_month=first_month, refunded=refunded)
    seats, tier = _grow(rng, engagement, active, segment=segment, annual=annual, first_month=first_month)
    list_cents = 100 * seats * SEAT_PRICE[annual.astype(int)[:, None], tier]
    add_on_cents = 100 * np.maximum(15, np.round(list_cents[:, 0] / 500)).astype(np.int64)
    region, owner = _accounts(stream(seed, "accounts"), customers)
    return Lives(
        months=last_day.astype("datetime64[M]") - span(np.arange(months)[::-1], "M"),
        last_day=last_day,
        segment=segment,
        region=region,
        owner=owner,
        annual=annual,
        day=day,
        first_month=first_month,
        refunded=refunded,
        active=active,
        add_on=active & _add_on_months(rng, segment, months),
        health=engagement - _decline(rng, active, first_month),
        seats=seats,
        tier=tier,
        discount=_discounts(rng, annual, first_month, months),
        list_cents=list_cents,
        add_on_cents=add_on_cents,
    )


def _accounts(rng: np.random.RandomState, customers: int) -> tuple[Array, Array]:
    region = REGIONS[np.searchsorted([0.5, 0.85], rng.random_sample(customers))]
    managers = max(2, min(12, customers // 60))
    owner = text(*(f"CSM {number + 1}" for number in range(managers)))
    return region, owner[rng.randint(0, managers, customers)]


def _engagement(rng: np.random.RandomState, customers: int, months: int) -> Array:
    """Return how well things go, by customer and month: a lasting level each, and ups and downs around it."""
    level = rng.standard_normal(customers)
    swing = np.zeros(customers)
    months_apart = []
    for _ in range(months):
        swing = 0.8 * swing + 0.45 * rng.standard_normal(customers)
        months_apart.append(level + swing)
    return np.stack(months_apart, axis=1)


def _survive(
    rng: np.random.RandomState,
    engagement: Array,
    *,
    segment: Array,
    annual: Array,
    first_month: Array,
    refunded: Array,
) -> Array:
    """Return who pays at the end of each month; some who leave come back after two to six months."""
    customers, months = engagement.shape
    now = first_month < 0
    returns = np.full(customers, -1)
    active = np.zeros((customers, months), bool)
    for month in range(months):
        renewal = (month - first_month) % 12 == 0
        chances = np.where(annual, np.where(renewal, 8.0, 0.0), 1.0)
        hazard = MONTHLY_HAZARD[segment] * chances * np.exp(-0.6 * engagement[:, month])
        leaves = now & (rng.random_sample(customers) < np.minimum(hazard, 0.7))
        comes_back = leaves & ~annual & (rng.random_sample(customers) < 0.18)
        returns = np.where(comes_back, month + rng.randint(2, 7, customers), returns)
        now = (now & ~leaves) | ((first_month == month) & ~refunded) | (returns == month)
        active[:, month] = now
    return active


def _grow(
    rng: np.random.RandomState,
    engagement: Array,
    active: Array,
    *,
    segment: Array,
    annual: Array,
    first_month: Array,
) -> tuple[Array, Array]:
    """Return seats and plan tier; those who pay by the year change at their renewal only."""
    customers, months = engagement.shape
    seats = rng.randint(SEATS_LOW[segment], SEATS_HIGH[segment] + 1)
    tier = np.clip(segment + rng.randint(-1, 2, customers), 0, 2)
    seats_by_month, tier_by_month = [], []
    for month in range(months):
        renewal = active[:, month] & (month > first_month) & ((month - first_month) % 12 == 0)
        chances = np.where(annual, 9.0 * renewal, 1.0 * active[:, month] * (month > first_month))
        mood = np.exp(0.35 * engagement[:, month])
        up, down, upgrade = rng.random_sample((3, customers))
        size = 0.10 + 0.32 * rng.random_sample(customers)
        grows = up < np.minimum(0.053 * chances * mood, 0.8)
        shrinks = ~grows & (down < np.minimum(0.011 * chances / mood, 0.4))
        seats = seats + np.ceil(seats * size).astype(int) * grows
        seats = np.maximum(1, seats - np.ceil(seats * size).astype(int) * shrinks)
        tier = np.minimum(2, tier + (upgrade < 0.006 * chances * mood))
        seats_by_month.append(seats)
        tier_by_month.append(tier)
    return np.stack(seats_by_month, axis=1), np.stack(tier_by_month, axis=1)


def _add_on_months(rng: np.random.RandomState, segment: Array, months: int) -> Array:
    """Return when a second subscription runs: from some month on, for one in three not to the end."""
    has_one = rng.random_sample(segment.size) < ADD_ON_SHARE[segment]
    start = rng.randint(-months, months, segment.size)
    length = np.where(rng.random_sample(segment.size) < 0.33, rng.randint(4, 16, segment.size), 10**6)
    month = np.arange(months)
    since_start = month - np.maximum(start, 0)[:, None]
    return has_one[:, None] & (since_start >= 0) & (since_start < length[:, None])


def _discounts(rng: np.random.RandomState, annual: Array, first_month: Array, months: int) -> Array:
    """Return the share taken off: 10 % for good for some, half price for the first three months for others."""
    luck = rng.random_sample(annual.size)
    lasting = np.where(luck < 0.12, 0.10, 0.0)[:, None]
    age = np.arange(months) - first_month[:, None]
    opening_offer = ((luck > 0.95) & ~annual)[:, None] & (age < 3)
    return np.where(opening_offer, 0.5, lasting)


def _decline(rng: np.random.RandomState, active: Array, first_month: Array) -> Array:
    """Return how far health falls in the months before a departure; one in three leaves without a sign."""
    customers, months = active.shape
    customer, _, stop = runs(active, first_month < 0)
    shows = rng.random_sample(customer.size) < 0.67
    depth = shows * (0.6 + 1.4 * rng.random_sample(customer.size)) * (stop < months)
    decline = np.zeros((customers, months))
    for lead, share in enumerate((1.0, 1.0, 0.8, 0.55, 0.3)):
        month = stop - lead
        inside = (month >= 0) & (month < months)
        np.maximum.at(decline, (customer[inside], month[inside]), share * depth[inside])
    return decline

"""Recurring revenue: MRR, ARR, revenue a user, and its growth."""

from typing import Annotated, Any

import numpy as np

from csmetrics_core.declaration.catalog import metric
from csmetrics_core.declaration.kinds import Amount, Count, Number
from csmetrics_core.declaration.spec import (
    FRACTION,
    MONEY,
    Aligned,
    Better,
    Category,
    Each,
    Example,
    Sample,
    Total,
)
from csmetrics_core.maths.sums import exact_sum
from csmetrics_core.reductions.outliers import guard
from csmetrics_core.results import Ratio

Money = Annotated[Total, Amount()]
Billed = Annotated[Aligned, Amount(hint="Take a discount off its subscription's amount; leave refunds out.")]
Months = Annotated[Aligned, Number(0, above=True, hint="Give the billing interval in months: 1, 3, 12.")]
SignedRate = Annotated[Each, Number(hint="Type 40 % as 0.4.")]


def _monthly(amounts: np.ndarray, intervals: Any) -> float:
    """Recurring amounts brought to one month and summed exactly, so that the order of rows does not matter."""
    return exact_sum(amounts / intervals)


def _one(place: int) -> str:
    """What to call an amount nothing is known of."""
    return "One amount"


_MRR_NATIVE = "SUM(IF({amounts?}*{intervals?}{if},{amounts}/{intervals},0))"


@metric(
    title="Monthly recurring revenue",
    category=Category.REVENUE,
    unit=MONEY,
    bounds=(0, float("inf")),
    better=Better.HIGHER,
    formula="sum of (recurring amount ÷ months in its billing interval)",
    convention="Amounts net of recurring discounts, before tax; one-time and usage charges and trials left out.",
    native=_MRR_NATIVE,
    source="ChartMogul, monthly recurring revenue; Stripe Billing, analytics glossary",
    example=(Example(amounts=[100, 600], intervals=[1, 12], result=150.0), Example(amounts=[], result=0.0)),
    headline=2,
    empty_is_zero=True,
    sample=Sample.TOTAL,
)
def mrr(amounts: Billed, intervals: Months = 1) -> Ratio:
    """Recurring revenue a month, each amount divided by its billing interval.

    Args:
        amounts: Recurring amount of each subscription, as billed.
        intervals: Months each amount pays for; 1 for monthly, 12 for annual.
    """
    notes = guard(amounts / intervals, None, _one, "MRR")
    return Ratio(_monthly(amounts, intervals), n=amounts.size, notes=notes)


@metric(
    title="Annual recurring revenue",
    category=Category.REVENUE,
    unit=MONEY,
    bounds=(0, float("inf")),
    better=Better.HIGHER,
    formula="12 × MRR",
    convention="The run rate of today's subscriptions: neither revenue of a year nor bookings.",
    native=f"12*{_MRR_NATIVE}",
    source="SaaS Metrics Standards Board, annual recurring revenue",
    example=Example(amounts=[100, 600], intervals=[1, 12], result=1800.0),
    empty_is_zero=True,
    sample=Sample.TOTAL,
)
def arr(amounts: Billed, intervals: Months) -> Ratio:
    """Recurring revenue a year at today's rate.

    Args:
        amounts: Recurring amount of each subscription, as billed.
        intervals: Months each amount pays for; 1 for monthly, 12 for annual.
    """
    notes = guard(12 * amounts / intervals, None, _one, "ARR")
    return Ratio(12 * _monthly(amounts, intervals), n=amounts.size, notes=notes)


@metric(
    title="MRR from ARPU",
    category=Category.REVENUE,
    unit=MONEY,
    bounds=(0, float("inf")),
    better=Better.HIGHER,
    formula="ARPU × users",
    convention="An identity, for use when the two factors come from elsewhere: ARPU is itself revenue ÷ users.",
    native="{arpu}*{users}",
    source="the common textbook identity, as in Chatbots Life, Customer success metrics (2021)",
    example=Example(arpu=25, users=400, result=10000.0),
)
def mrr_from_arpu(arpu: Annotated[Each, Amount()], users: Annotated[Each, Count()]) -> Ratio:
    """Monthly recurring revenue from revenue a user and the number of users.

    Args:
        arpu: Average revenue a user a month.
        users: Number of paying users.
    """
    return Ratio(arpu * users)


@metric(
    title="Average revenue per user",
    category=Category.REVENUE,
    unit=MONEY,
    bounds=(0, float("inf")),
    better=Better.HIGHER,
    formula="revenue ÷ ((opening users + closing users) ÷ 2)",
    convention="For the period the revenue is of: label it month, quarter or year. Without closing users, ÷ opening.",
    native='IF({closing_users}="",{revenue}/{opening_users},{revenue}/(({opening_users}+{closing_users})/2))',
    source="UserGuiding, 16 customer success metrics (2021); telecommunications practice",
    example=Example(revenue=10500, opening_users=100, closing_users=110, result=100.0),
    headline=3,
    sample=Sample.CUSTOMERS,
)
def arpu(
    revenue: Money, opening_users: Annotated[Total, Count()], closing_users: Annotated[Total, Count()] = None
) -> Ratio:
    """Revenue of a period per average user.

    Args:
        revenue: Revenue of the period.
        opening_users: Users at its start.
        closing_users: Users at its end.
    """
    closing = (
        opening_users if closing_users is None else np.where(np.isnan(closing_users), opening_users, closing_users)
    )
    return Ratio(revenue, (opening_users + closing) / 2, base="the average number of users")


@metric(
    title="Average revenue per account",
    category=Category.REVENUE,
    unit=MONEY,
    bounds=(0, float("inf")),
    better=Better.HIGHER,
    formula="MRR ÷ paying customers",
    convention="A customer with several subscriptions counts once; free users do not count.",
    native="{mrr}/{customers}",
    source="ChartMogul, ARPA, help article 203359301",
    example=Example(mrr=12000, customers=240, result=50.0),
    sample=Sample.CUSTOMERS,
)
def arpa(mrr: Money, customers: Annotated[Total, Count()]) -> Ratio:
    """Monthly recurring revenue per paying customer.

    Args:
        mrr: Monthly recurring revenue.
        customers: Number of paying customers.
    """
    return Ratio(mrr, customers, base="customers")


@metric(
    title="MRR growth rate",
    category=Category.REVENUE,
    unit=FRACTION,
    bounds=(-1, float("inf")),
    better=Better.HIGHER,
    formula="(closing − opening) ÷ opening",
    native="({closing}-{opening})/{opening}",
    source="Stripe Billing, analytics glossary, MRR growth rate",
    example=Example(opening=100000, closing=104000, result=0.04),
)
def mrr_growth_rate(opening: Money, closing: Money) -> Ratio:
    """Growth of recurring revenue over a period, a fraction.

    Args:
        opening: Recurring revenue at the start.
        closing: Recurring revenue at the end.
    """
    return Ratio(closing - opening, opening, base="opening")


@metric(
    title="Rule of 40",
    category=Category.REVENUE,
    unit=FRACTION,
    bounds=(float("-inf"), float("inf")),
    better=Better.HIGHER,
    formula="growth + margin",
    convention="Growth year on year; EBITDA or free cash flow margin of the same year. 0.4 meets the rule.",
    native="{growth}+{margin}",
    source="Brad Feld, The rule of 40 % for a healthy SaaS company (2015)",
    example=Example(growth=0.55, margin=-0.1, result=0.45),
)
def rule_of_40(growth: SignedRate, margin: SignedRate) -> Ratio:
    """Growth and profit margin added up, a fraction.

    Args:
        growth: Revenue growth on the year before, such as 0.3 for 30 %.
        margin: Profit margin of the same year, such as 0.1 for 10 %.
    """
    return Ratio(growth + margin)

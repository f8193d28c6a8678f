"""Recurring revenue: MRR, ARR, revenue a user, and retention of money from one period to the next."""

from math import fsum
from typing import Annotated, Any

import numpy as np

from csmetrics_core.catalog import metric
from csmetrics_core.kinds import Amount, Count, Number
from csmetrics_core.results import Ratio, Refusal
from csmetrics_core.spec import FRACTION, MONEY, RATIO, Aligned, Better, Category, Each, Example

Money = Annotated[Each, Amount()]
Months = Annotated[Aligned, Number(0, above=True, hint="Give the billing interval in months: 1, 3, 12.")]
SignedRate = Annotated[Each, Number(hint="Type 40 % as 0.4.")]

_COHORT = (
    "Valid for flows of the customers who were there at the start, and for them only: "
    "rows of mrr_movements, which hold later customers too, must not be summed into it."
)
_METRICS_BOARD = "SaaS Metrics Standards Board"


def _losses(opening: Any, contraction: Any, churned: Any) -> Refusal:
    """More lost than there was; a hair is allowed, as sums of money in floating point leave crumbs."""
    fix = "Value losses at what these customers paid at the start, and leave later customers out."
    return Refusal(
        contraction + churned > opening * (1 + 1e-12),
        "contraction + churned",
        contraction + churned,
        "at most opening",
        fix,
    )


def ndr_ratio(opening: Any, expansion: Any, contraction: Any, churned: Any) -> Ratio:
    """Net retention of the opening amount; gross retention where expansion is 0."""
    kept = np.maximum(opening + expansion - contraction - churned, 0)
    return Ratio(kept, opening, base="opening", refusals=(_losses(opening, contraction, churned),))


_GUARD = "IF({opening}=0,{DIV0},IF({contraction}+{churned}>{opening}*1.000000000001,{NUM},%s))"


def _monthly(amounts: np.ndarray, intervals: Any) -> float:
    """Recurring amounts brought to one month and summed exactly, so that the order of rows does not matter."""
    return fsum((amounts / intervals).tolist())


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
)
def mrr(amounts: Annotated[Aligned, Amount()], intervals: Months = 1) -> Ratio:
    """Recurring revenue a month, each amount divided by its billing interval.

    Args:
        amounts: Recurring amount of each subscription, as billed.
        intervals: Months each amount pays for; 1 for monthly, 12 for annual.
    """
    return Ratio(_monthly(amounts, intervals), n=amounts.size)


@metric(
    title="Annual recurring revenue",
    category=Category.REVENUE,
    unit=MONEY,
    bounds=(0, float("inf")),
    better=Better.HIGHER,
    formula="12 × MRR",
    convention="The run rate of today's subscriptions: neither revenue of a year nor bookings.",
    native=f"12*{_MRR_NATIVE}",
    source=f"{_METRICS_BOARD}, annual recurring revenue",
    example=Example(amounts=[100, 600], intervals=[1, 12], result=1800.0),
    empty_is_zero=True,
)
def arr(amounts: Annotated[Aligned, Amount()], intervals: Months) -> Ratio:
    """Recurring revenue a year at today's rate.

    Args:
        amounts: Recurring amount of each subscription, as billed.
        intervals: Months each amount pays for; 1 for monthly, 12 for annual.
    """
    return Ratio(12 * _monthly(amounts, intervals), n=amounts.size)


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
def mrr_from_arpu(arpu: Money, users: Annotated[Each, Count()]) -> Ratio:
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
)
def arpu(
    revenue: Money, opening_users: Annotated[Each, Count()], closing_users: Annotated[Each, Count()] = None
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
)
def arpa(mrr: Money, customers: Annotated[Each, Count()]) -> Ratio:
    """Monthly recurring revenue per paying customer.

    Args:
        mrr: Monthly recurring revenue.
        customers: Number of paying customers.
    """
    return Ratio(mrr, customers, base="customers")


_NDR_NATIVE = _GUARD % "MAX(0,{opening}+{expansion}-{contraction}-{churned})/{opening}"
_NDR_EXAMPLE = {"opening": 100000, "expansion": 12000, "contraction": 3000, "churned": 4000}


@metric(
    title="Net dollar retention",
    category=Category.REVENUE,
    unit=FRACTION,
    bounds=(0, float("inf")),
    better=Better.HIGHER,
    formula="(opening + expansion − contraction − churned) ÷ opening",
    convention=_COHORT,
    native=_NDR_NATIVE,
    source=f"{_METRICS_BOARD}; 10-K filings, ARR now of the customers of twelve months ago ÷ their ARR then",
    example=Example(**_NDR_EXAMPLE, result=1.05),
    headline=4,
)
def ndr(opening: Money, expansion: Money, contraction: Money, churned: Money) -> Ratio:
    """What the opening customers' recurring revenue became, as a fraction of what it was.

    Args:
        opening: Recurring revenue of the cohort at the start.
        expansion: What the same customers added.
        contraction: What those who stayed took away, as a positive amount.
        churned: What those who left had paid at the start, as a positive amount.
    """
    return ndr_ratio(opening, expansion, contraction, churned)


@metric(
    title="Net revenue retention",
    category=Category.REVENUE,
    unit=FRACTION,
    bounds=(0, float("inf")),
    better=Better.HIGHER,
    formula="(opening + expansion − contraction − churned) ÷ opening",
    convention=f"Another name for net dollar retention. {_COHORT}",
    native=_NDR_NATIVE,
    source=f"{_METRICS_BOARD}; the same ratio as net dollar retention",
    example=Example(**_NDR_EXAMPLE, result=1.05),
)
def nrr(opening: Money, expansion: Money, contraction: Money, churned: Money) -> Ratio:
    """Net dollar retention under its other name.

    Args:
        opening: Recurring revenue of the cohort at the start.
        expansion: What the same customers added.
        contraction: What those who stayed took away, as a positive amount.
        churned: What those who left had paid at the start, as a positive amount.
    """
    return ndr_ratio(opening, expansion, contraction, churned)


@metric(
    title="Gross revenue retention",
    category=Category.REVENUE,
    unit=FRACTION,
    bounds=(0, 1),
    better=Better.HIGHER,
    formula="(opening − contraction − churned) ÷ opening",
    convention=_COHORT,
    native=_GUARD % "MAX(0,{opening}-{contraction}-{churned})/{opening}",
    source=f"{_METRICS_BOARD}, gross revenue retention",
    example=Example(opening=100000, contraction=3000, churned=4000, result=0.93),
)
def grr(opening: Money, contraction: Money, churned: Money) -> Ratio:
    """What was kept of the opening customers' recurring revenue, expansion left out.

    Args:
        opening: Recurring revenue of the cohort at the start.
        contraction: What those who stayed took away, as a positive amount.
        churned: What those who left had paid at the start, as a positive amount.
    """
    return ndr_ratio(opening, 0, contraction, churned)


@metric(
    title="Gross MRR churn rate",
    category=Category.REVENUE,
    unit=FRACTION,
    bounds=(0, 1),
    better=Better.LOWER,
    formula="(contraction + churned) ÷ opening",
    native=_GUARD % "MIN({opening},{contraction}+{churned})/{opening}",
    source="ChartMogul, gross MRR churn rate, help article 203359341",
    example=Example(opening=100000, contraction=3000, churned=4000, result=0.07),
)
def mrr_churn_rate(opening: Money, contraction: Money, churned: Money) -> Ratio:
    """Share of the opening recurring revenue that was lost.

    Args:
        opening: Recurring revenue at the start.
        contraction: What those who stayed took away, as a positive amount.
        churned: What those who left had paid at the start, as a positive amount.
    """
    refusals = (_losses(opening, contraction, churned),)
    return Ratio(np.minimum(contraction + churned, opening), opening, base="opening", refusals=refusals)


@metric(
    title="Net MRR churn rate",
    category=Category.REVENUE,
    unit=FRACTION,
    bounds=(float("-inf"), 1),
    better=Better.LOWER,
    formula="(contraction + churned − expansion − reactivation) ÷ opening",
    convention="Negative when expansion outweighs losses. ChartMogul nets reactivation; Chargebee does not.",
    native=_GUARD % "({contraction}+{churned}-{expansion}-{reactivation})/{opening}",
    source="ChartMogul, net MRR churn rate, help article 4414075567250",
    example=Example(opening=100000, expansion=3000, contraction=0, churned=7000, result=0.04),
)
def net_mrr_churn_rate(
    opening: Money, expansion: Money, contraction: Money, churned: Money, reactivation: Money = 0
) -> Ratio:
    """Share of the opening recurring revenue lost after expansion made up for some of it.

    Args:
        opening: Recurring revenue at the start.
        expansion: What existing customers added.
        contraction: What those who stayed took away, as a positive amount.
        churned: What those who left had paid at the start, as a positive amount.
        reactivation: What returning customers brought back.
    """
    lost = contraction + churned - expansion - reactivation
    return Ratio(lost, opening, base="opening", refusals=(_losses(opening, contraction, churned),))


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


@metric(
    title="SaaS quick ratio",
    category=Category.REVENUE,
    unit=RATIO,
    bounds=(0, float("inf")),
    better=Better.HIGHER,
    formula="(new + expansion + reactivation) ÷ (contraction + churned)",
    convention="Undefined without losses. Reactivation counts where it is given; Stripe and Baremetrics leave it out.",
    native="({new_mrr}+{expansion}+{reactivation})/({contraction}+{churned})",
    source="Mamoon Hamid's quick ratio, as in Stripe's guide to SaaS metrics",
    example=Example(new_mrr=20000, expansion=8000, contraction=3000, churned=5000, result=3.5),
)
def saas_quick_ratio(
    new_mrr: Money, expansion: Money, contraction: Money, churned: Money, reactivation: Money = 0
) -> Ratio:
    """How many times over recurring revenue gained makes up for what was lost.

    Args:
        new_mrr: Recurring revenue of new customers.
        expansion: What existing customers added.
        contraction: What those who stayed took away, as a positive amount.
        churned: What those who left had paid, as a positive amount.
        reactivation: What returning customers brought back.
    """
    return Ratio(new_mrr + expansion + reactivation, contraction + churned, base="the sum of losses")


@metric(
    title="Allowed churn",
    category=Category.REVENUE,
    unit=MONEY,
    bounds=(0, float("inf")),
    formula="opening + expansion − contraction − target × opening, at most opening − contraction",
    convention="The inverse of net dollar retention; a target out of reach has no answer.",
    native=(
        "IF(OR({contraction}>{opening},{opening}*(1-{target_ndr})+{expansion}-{contraction}<-0.000000001*{opening}),{NUM},"
        "MAX(0,MIN({opening}-{contraction},{opening}*(1-{target_ndr})+{expansion}-{contraction})))"
    ),
    source="net dollar retention solved for the churned amount",
    example=Example(opening=100000, expansion=12000, contraction=3000, target_ndr=1.05, result=4000.0),
)
def allowed_churn(
    opening: Money,
    expansion: Money,
    contraction: Money,
    target_ndr: Annotated[Each, Number(0, hint="Type 105 % as 1.05.")],
) -> Ratio:
    """The recurring revenue that may be lost while the target for net dollar retention is still met.

    Args:
        opening: Recurring revenue of the cohort at the start.
        expansion: What the same customers are expected to add.
        contraction: What those who stay are expected to take away, as a positive amount.
        target_ndr: The net dollar retention to meet, such as 1.05.
    """
    allowed = opening * (1 - target_ndr) + expansion - contraction
    fix = "Without any churn the target is missed already: more expansion is needed."
    # Differences of large numbers leave crumbs: what is zero on paper must not be refused.
    refusals = (
        Refusal(contraction > opening, "contraction", contraction, "at most opening", "Correct one of the two."),
        Refusal(allowed < -1e-9 * opening, "target_ndr", target_ndr, "a target that can be reached", fix),
    )
    return Ratio(np.maximum(0, np.minimum(opening - contraction, allowed)), refusals=refusals)

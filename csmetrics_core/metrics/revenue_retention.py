"""What becomes of recurring revenue: kept, lost, gained, and what may be lost."""

from typing import Annotated, Any

import numpy as np

from csmetrics_core.declaration.catalog import alias, metric
from csmetrics_core.declaration.kinds import Amount, Number
from csmetrics_core.declaration.spec import (
    FRACTION,
    MONEY,
    RATIO,
    Better,
    Category,
    Each,
    Example,
    Sample,
    Total,
)
from csmetrics_core.results import Ratio, Refusal

Money = Annotated[Total, Amount()]
Loss = Annotated[Total, Amount(hint="Type a loss as a positive amount.")]

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


@metric(
    title="Net dollar retention",
    category=Category.REVENUE,
    unit=FRACTION,
    bounds=(0, float("inf")),
    better=Better.HIGHER,
    formula="(opening + expansion − contraction − churned) ÷ opening",
    convention=_COHORT,
    native=_GUARD % "MAX(0,{opening}+{expansion}-{contraction}-{churned})/{opening}",
    source=f"{_METRICS_BOARD}; 10-K filings, ARR now of the customers of twelve months ago ÷ their ARR then",
    example=Example(opening=100000, expansion=12000, contraction=3000, churned=4000, result=1.05),
    headline=4,
    sample=Sample.CUSTOMERS,
)
def ndr(opening: Money, expansion: Money, contraction: Loss, churned: Loss) -> Ratio:
    """What the opening customers' recurring revenue became, as a fraction of what it was.

    Args:
        opening: Recurring revenue of the cohort at the start.
        expansion: What the same customers added.
        contraction: What those who stayed took away, as a positive amount.
        churned: What those who left had paid at the start, as a positive amount.
    """
    return ndr_ratio(opening, expansion, contraction, churned)


nrr = alias(
    ndr,
    "nrr",
    title="Net revenue retention",
    summary="Net dollar retention under its other name.",
    convention=f"Another name for net dollar retention. {_COHORT}",
)


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
    sample=Sample.CUSTOMERS,
)
def grr(opening: Money, contraction: Loss, churned: Loss) -> Ratio:
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
    sample=Sample.CUSTOMERS,
)
def mrr_churn_rate(opening: Money, contraction: Loss, churned: Loss) -> Ratio:
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
    sample=Sample.CUSTOMERS,
)
def net_mrr_churn_rate(
    opening: Money, expansion: Money, contraction: Loss, churned: Loss, reactivation: Money = 0
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
    new_mrr: Money, expansion: Money, contraction: Loss, churned: Loss, reactivation: Money = 0
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
    contraction: Loss,
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

"""What a customer is worth, and what winning and keeping one costs."""

import math
from typing import Annotated

import numpy as np

from csmetrics_core.declaration.catalog import metric
from csmetrics_core.declaration.kinds import Amount, Count, Number, Share
from csmetrics_core.declaration.spec import (
    MONEY,
    MONTHS,
    RATIO,
    Better,
    Category,
    Each,
    Example,
    Sample,
    Total,
    Values,
)
from csmetrics_core.maths.sums import exact_sum
from csmetrics_core.results import Ratio

Money = Annotated[Each, Amount()]
Margin = Annotated[Each, Share()]
Costs = Annotated[Values, Amount(hint="Type costs as positive amounts.")]
# NumPy's own differ in the last digit from one processor to another, and so would a workbook built on it.
_log1p = np.vectorize(lambda value: math.log1p(value) if value != -1 else -math.inf, otypes=[float])
_expm1 = np.vectorize(math.expm1, otypes=[float])


@metric(
    title="Customer lifetime value",
    category=Category.VALUE,
    unit=MONEY,
    bounds=(0, float("inf")),
    better=Better.HIGHER,
    formula="ARPA × gross margin × (1 + d) ÷ (churn + d), × (1 − ((1 − churn) ÷ (1 + d))^horizon) with a horizon",
    convention=(
        "ARPA, churn, discount and horizon are all of the same period. Margin must be typed, if only as 1. "
        "The first margin is received at once. Zero churn has a value only with a horizon."
    ),
    native=(
        'IF({churn}+({horizon}<>"")=0,{DIV0},'
        'IF(AND({churn}+{discount_per_period}=0,{horizon}<>""),{arpa}*{gross_margin}*{horizon},'
        "{arpa}*{gross_margin}*(1+{discount_per_period})/({churn}+{discount_per_period})"
        '*IF({horizon}="",1,1-((1-{churn})/(1+{discount_per_period}))^{horizon})))'
    ),
    source="Gupta and Lehmann (2003), Customers as assets; Recurly, discounted lifetime value",
    example=(
        Example(arpa=100, gross_margin=0.8, churn=0.05, result=1600.0),
        Example(arpa=100, gross_margin=0.8, churn=0.05, discount_per_period=0.01, horizon=36, result=1198.161883),
    ),
    headline=9,
    sample=Sample.CUSTOMERS,
)
def clv(
    arpa: Money,
    gross_margin: Margin,
    churn: Annotated[Each, Share()],
    discount_per_period: Annotated[Each, Share(high=10)] = 0,
    horizon: Annotated[Each, Number(0, above=True, hint="Give a number of periods, or leave it out.")] = None,
) -> Ratio:
    """Margin a customer is expected to bring over its lifetime.

    Args:
        arpa: Average revenue an account a period.
        gross_margin: Gross margin, such as 0.8; type 1 to leave cost out.
        churn: Churn a period.
        discount_per_period: Discount rate a period.
        horizon: Number of periods to count; blank for the whole lifetime.
    """
    hazard = churn + discount_per_period
    annuity = arpa * gross_margin * (1 + discount_per_period)
    if horizon is None:
        return Ratio(annuity, hazard * (churn != 0), base="churn")  # nobody lost yet is not nobody ever
    limit = np.asarray(horizon, dtype=float)
    lapse = _log1p(-churn) - _log1p(discount_per_period)  # as logarithms, or a tiny churn would round to none
    within = np.where(np.isnan(limit), 1.0, -_expm1(limit * lapse))
    endless = hazard == 0  # nobody leaves and nothing is discounted: the horizon is the lifetime
    numerator = np.where(endless, arpa * gross_margin * np.where(np.isnan(limit), 1, limit), annuity * within)
    base = np.where(np.isnan(limit), hazard * (churn != 0), np.where(endless, 1.0, hazard))
    return Ratio(numerator, base, base="churn")


@metric(
    title="Lifetime value from lifespan",
    category=Category.VALUE,
    unit=MONEY,
    bounds=(0, float("inf")),
    better=Better.HIGHER,
    formula="customer value × average customer lifespan",
    convention="Value a period times the number of periods; revenue or margin, as the value is.",
    native="{customer_value}*{lifespan}",
    source="UserGuiding, 16 customer success metrics (2021)",
    example=Example(customer_value=1263.6, lifespan=20, result=25272.0),
)
def clv_from_lifespan(customer_value: Money, lifespan: Annotated[Each, Amount()]) -> Ratio:
    """Lifetime value when the value a period and the lifespan are known.

    Args:
        customer_value: Average value of a customer a period.
        lifespan: Average number of such periods a customer stays.
    """
    return Ratio(customer_value * lifespan)


@metric(
    title="Customer retention cost",
    category=Category.VALUE,
    unit=MONEY,
    bounds=(0, float("inf")),
    better=Better.LOWER,
    formula="retention costs ÷ customers retained",
    convention="Customers of the start still there at the end; dividing by all customers is another usage.",
    native='SUMIFS({retention_costs},{retention_costs},">=0"{where})/{customers}',
    dynamic="IF(customers=0,{DIV0},SUM(retention_costs)/customers)",
    source="Operately and DiGGrowth, customer retention cost; UserGuiding (2021) divides by all customers",
    example=Example(retention_costs=[6000, 4000], customers=500, result=20.0),
    headline=10,
)
def crc(
    retention_costs: Costs,
    customers: Annotated[Total, Count()],
    all_customers: Annotated[Total, Count()] = None,
) -> Ratio:
    """Spend on keeping customers, per customer kept.

    Args:
        retention_costs: Costs of customer success, support, loyalty and retention marketing in the period.
        customers: Customers retained in the period.
        all_customers: All customers; explain then shows the other usage, costs over all of them, beside it.
    """
    costs = exact_sum(retention_costs)
    beside = {"costs ÷ all customers": costs / all_customers} if all_customers else None
    return Ratio(costs, customers, base="customers", n=retention_costs.size, beside=beside)


@metric(
    title="Customer acquisition cost",
    category=Category.VALUE,
    unit=MONEY,
    bounds=(0, float("inf")),
    better=Better.LOWER,
    formula="sales and marketing spend ÷ new customers",
    convention="Fully loaded spend of the same period the customers were won in.",
    native='SUMIFS({spend},{spend},">=0"{where})/{new_customers}',
    dynamic="IF(new_customers=0,{DIV0},SUM(spend)/new_customers)",
    source="David Skok, SaaS metrics 2.0",
    example=Example(spend=[12000, 8000], new_customers=100, result=200.0),
)
def cac(spend: Costs, new_customers: Annotated[Total, Count()]) -> Ratio:
    """Sales and marketing spend per customer won.

    Args:
        spend: Sales and marketing costs of the period, salaries included.
        new_customers: Customers won in the period.
    """
    return Ratio(exact_sum(spend), new_customers, base="new_customers", n=spend.size)


@metric(
    title="LTV:CAC ratio",
    category=Category.VALUE,
    unit=RATIO,
    bounds=(0, float("inf")),
    better=Better.HIGHER,
    formula="CLV ÷ CAC",
    convention="With CLV on margin, not on revenue.",
    native="{clv}/{cac}",
    source="David Skok, SaaS metrics 2.0",
    example=Example(clv=1600, cac=400, result=4.0),
)
def ltv_cac(clv: Money, cac: Money) -> Ratio:
    """How many times over a customer's lifetime value pays for winning it.

    Args:
        clv: Customer lifetime value on margin.
        cac: Customer acquisition cost.
    """
    return Ratio(clv, cac, base="cac")


@metric(
    title="CAC payback",
    category=Category.VALUE,
    unit=MONTHS,
    bounds=(0, float("inf")),
    better=Better.LOWER,
    formula="CAC ÷ (monthly ARPA × gross margin)",
    convention="Without margin it is never paid back, which has no number.",
    native="{cac}/({arpa}*{gross_margin})",
    source="David Skok, SaaS metrics 2.0",
    example=Example(cac=1200, arpa=200, gross_margin=0.8, result=7.5),
)
def cac_payback(cac: Money, arpa: Money, gross_margin: Margin) -> Ratio:
    """Months until a customer's margin has paid for winning it.

    Args:
        cac: Customer acquisition cost.
        arpa: Average revenue an account a month.
        gross_margin: Gross margin, such as 0.8.
    """
    return Ratio(cac, arpa * gross_margin, base="the monthly margin")

"""What customers are expected to buy, and how many of a cohort are expected to stay."""

import datetime
from math import ceil
from typing import TYPE_CHECKING, Annotated

import numpy as np

from csmetrics_core.declaration.catalog import metric
from csmetrics_core.declaration.kinds import Amount, Day, Id, Number, Share
from csmetrics_core.declaration.spec import (
    COUNT,
    DATE,
    FRACTION,
    MONEY,
    PERIODS,
    PROBABILITY,
    RATIO,
    TEXT,
    Aligned,
    Category,
    Column,
    Each,
    Example,
    Values,
)
from csmetrics_core.errors import NoData, OutOfScale, ZeroDenominator, off_scale
from csmetrics_core.maths.periods import as_dates, day_text
from csmetrics_core.models import Floats
from csmetrics_core.results import Table

if TYPE_CHECKING:
    from csmetrics_core.models.bg_nbd import BgNbd
    from csmetrics_core.reductions.purchases import Histories

_MONTH = 365.25 / 12  # days
#: Fewer customers who bought again than this make a rough forecast.
_FEW = 30
#: From here on how much customers spend goes with how often they buy, which the model takes to be unrelated.
_CORRELATED = 0.3
#: From here on intervals are regular enough to say so.
_SOMEWHAT_REGULAR = 1.5

_HORIZON = Annotated[Each, Number(0, 1200, above=True, hint="Give a number of months, such as 12.")]
_CONTRACTS = (
    "This forecast is for customers who decide on every purchase. For contracts take survival_curve, "
    "mean_lifetime or retention_forecast."
)


def _day(month: int, day: int) -> datetime.date:
    return datetime.date(2026, month, day)


@metric(
    title="Customer lifetime value forecast",
    category=Category.VALUE,
    columns=(
        Column("customer", TEXT, "who bought"),
        Column("purchases", COUNT, "days with a purchase so far"),
        Column("last_purchase", DATE, "the latest of them"),
        Column("alive_probability", PROBABILITY, "that the customer has not left; 1 after a single purchase"),
        Column("expected_purchases", RATIO, "within the horizon"),
        Column("expected_spend", MONEY, "a purchase, before costs"),
        Column("clv", MONEY, "expected margin within the horizon, discounted"),
    ),
    formula="gross margin × expected spend a purchase × Σ of expected purchases a month, discounted from its middle",
    convention=(
        "For customers without a contract. All that a customer buys on a day is one purchase. Refunds are taken off "
        "the purchases before them, the latest first; one used up entirely no longer counts, nor does a "
        "day that adds up to 0. Spend is learnt from customers who bought again, first purchases left out. "
        "Near-regular intervals are refused: those are contracts."
    ),
    no_native="it fits a model",
    source=(
        "BG/NBD: Fader, Hardie and Lee (2005), Marketing Science 24(2); Gamma-Gamma: Fader and Hardie (2013), "
        "note 025; regularity: Wheat and Morrison (1990), Journal of Marketing Research 27(1)"
    ),
    example=Example(
        customers=["A", "A", "A", "B", "B", "C"],
        dates=[_day(1, 5), _day(1, 12), _day(5, 2), _day(1, 20), _day(2, 3), _day(3, 1)],
        amounts=[100, 80, 120, 60, 40, 90],
        gross_margin=0.8,
        as_of=_day(6, 30),
        result={
            "customer": ["A", "B", "C"],
            "purchases": [3, 2, 1],
            "last_purchase": ["2026-05-02", "2026-02-03", "2026-03-01"],
            "alive_probability": [0.39428, 0.215798, 1.0],
            "expected_purchases": [0.688559, 0.376636, 1.744423],
            "expected_spend": [80.01673, 79.975556, 79.996145],
            "clv": [44.077018, 24.09736, 111.637694],
        },
    ),
)
def clv_forecast(
    customers: Annotated[Aligned, Id()],
    dates: Annotated[Aligned, Day()],
    amounts: Annotated[Aligned, Amount(signed=True)],
    gross_margin: Annotated[Each, Share()],
    horizon_months: _HORIZON = 12,
    annual_discount: Annotated[Each, Share(high=10)] = 0,
    as_of: Annotated[Each, Day()] = None,
) -> Table:
    """What each customer is expected to buy and to be worth, from the purchases made so far.

    Args:
        customers: Who bought, one transaction a row.
        dates: The day of the transaction.
        amounts: Its value; negative for a refund.
        gross_margin: Gross margin, such as 0.8; type 1 to leave cost out.
        horizon_months: Months ahead to count.
        annual_discount: Discount rate a year.
        as_of: The day the records reach; later rows are left out. Left out, the latest day there is.
    """
    from csmetrics_core.models import bg_nbd
    from csmetrics_core.reductions.purchases import histories

    today = int(dates.max()) if as_of is None else as_of
    bought = histories(customers.codes, dates, amounts, today)
    notes = [*bought.notes, f"As of {day_text(today)}."]
    _refuse(bought, today, notes)
    frequency = (bought.purchases - 1).astype(float)
    seen = (frequency, (bought.last - bought.first).astype(float), (today - bought.first).astype(float))
    model = bg_nbd.fit(*seen)
    spend = _spend(frequency, bought.repeat_spend, notes)
    expected, discounted = _ahead(model, seen, horizon_months, annual_discount)
    return Table(
        {
            "customer": [customers.labels[code] for code in bought.customer],
            "purchases": bought.purchases,
            "last_purchase": as_dates(bought.last),
            "alive_probability": bg_nbd.probability_alive(model, *seen),
            "expected_purchases": expected,
            "expected_spend": spend,
            "clv": gross_margin * spend * discounted,
        },
        tuple(notes),
    )


def _refuse(bought: "Histories", today: int, notes: list[str]) -> None:
    """Refuse histories no forecast can be made from; note what makes it rough."""
    from csmetrics_core.reductions.purchases import regularity

    if not bought.customer.size:
        raise NoData(f"there is no purchase up to {day_text(today)}", "Give purchases as positive amounts.")
    again = int(np.count_nonzero(bought.purchases > 1))
    if not again:
        problem = f"none of the {bought.customer.size} customers bought on a second day, so no rate can be learnt"
        raise NoData(problem, "Give a longer history, with the customers who came back.", argument="customers")
    k, regular = regularity(bought.pairs)
    if regular:
        problem = f"the purchases come at near-regular intervals (regularity {k:.3g}, where chance gives 1)"
        raise OutOfScale(problem, _CONTRACTS, argument="dates")
    if k > _SOMEWHAT_REGULAR and len(bought.pairs) >= _FEW:
        notes.append(f"Intervals are more regular than the model takes them to be ({k:.1f}, chance gives 1).")
    if again < _FEW:
        notes.append(f"Only {again} customers bought again: take the forecast as rough.")


def _spend(frequency: Floats, repeat_spend: Floats, notes: list[str]) -> Floats:
    """Expected value of a purchase of each customer."""
    from csmetrics_core.models import gamma_gamma

    correlation = gamma_gamma.frequency_spend_correlation(frequency, repeat_spend)
    if abs(correlation) > _CORRELATED:
        direction = "more" if correlation > 0 else "less"
        notes.append(
            f"Customers who buy often spend {direction} a purchase (correlation {correlation:+.2f}); "
            "the model takes the two to be unrelated, so values of frequent buyers may be off."
        )
    again = frequency > 0
    model = gamma_gamma.fit(frequency[again], repeat_spend[again])
    return gamma_gamma.expected_spend(model, frequency, repeat_spend)


def _ahead(
    model: "BgNbd", seen: tuple[Floats, Floats, Floats], months: float, annual_discount: float
) -> tuple[Floats, Floats]:
    """Expected purchases within the horizon, and the same with each month discounted from its middle."""
    from csmetrics_core.models import bg_nbd

    if not annual_discount:
        whole = bg_nbd.expected_purchases(model, months * _MONTH, *seen)
        return whole, whole
    ends = np.minimum(np.arange(1, ceil(months) + 1), months)
    so_far = discounted = np.zeros(seen[0].size)
    begin = 0.0
    for end in ends.tolist():
        by_then = bg_nbd.expected_purchases(model, end * _MONTH, *seen)
        discounted = discounted + (by_then - so_far) / (1 + annual_discount) ** ((begin + end) / 24)
        so_far, begin = by_then, end
    return so_far, discounted


@metric(
    title="Retention forecast",
    ordered=True,
    category=Category.RETENTION,
    columns=(
        Column("renewal", COUNT, "how many renewals have been made"),
        Column("observed", FRACTION, "share of the cohort still there"),
        Column("survival", FRACTION, "the same by the model, on into the future"),
        Column("retention", FRACTION, "by the model: of those still there, the share who make the next renewal"),
        Column("periods_left", PERIODS, "by the model: further renewals expected of a customer, discounted"),
    ),
    formula="survival after t renewals = B(α, β + t) ÷ B(α, β)",
    convention=(
        "For contracts that come up for renewal: each customer has a chance of their own to leave, so those who remain "
        "renew ever more often; 1 ÷ churn takes the chance to be the same for all. The next renewal counts in full, "
        "the one after it is discounted once; without a discount periods_left may have no limit."
    ),
    no_native="it fits a model",
    source=(
        "Fader and Hardie (2007), How to Project Customer Retention, Journal of Interactive Marketing 21(1); "
        "periods left: Fader and Hardie (2010), Marketing Science 29(1)"
    ),
    example=Example(
        remaining=[1000, 869, 743, 653],
        periods=2,
        discount_per_period=0.1,
        result={
            "renewal": [0, 1, 2, 3, 4, 5],
            "observed": [1.0, 0.869, 0.743, 0.653, float("nan"), float("nan")],
            "survival": [1.0, 0.86371, 0.74935, 0.652883, 0.571101, 0.501442],
            "retention": [0.86371, 0.867595, 0.871265, 0.874737, 0.878027, 0.881149],
            "periods_left": [4.32734, 4.411197, 4.492835, 4.572346, 4.649816, 4.725329],
        },
    ),
)
def retention_forecast(
    remaining: Annotated[Values, Amount()],
    periods: Annotated[Each, Number(0, 1200, whole=True, hint="Give a number of renewals, such as 12.")] = 12,
    discount_per_period: Annotated[Each, Share(high=10)] = 0,
) -> Table:
    """How a cohort under contract is expected to shrink, renewal after renewal.

    Args:
        remaining: Customers of one cohort, or their share: at the start, after the first renewal, the second, ...
        periods: Renewals ahead to forecast.
        discount_per_period: Discount rate a period, for periods_left.
    """
    from csmetrics_core.models import shifted_beta_geometric

    cohort = remaining.astype(float)
    _refuse_cohort(cohort)
    model = shifted_beta_geometric.fit_cohorts([cohort])
    made = np.arange(cohort.size + int(periods))
    observed = np.concatenate((cohort / cohort[0], np.full(int(periods), np.nan)))
    alike = () if model.converged else ("Customers hardly differ in their chance to leave, or too little is known.",)
    return Table(
        {
            "renewal": made,
            "observed": observed,
            "survival": shifted_beta_geometric.survival(model, made),
            "retention": shifted_beta_geometric.retention(model, made),
            "periods_left": shifted_beta_geometric.discounted_residual_lifetime(model, made, discount_per_period),
        },
        alike,
    )


def _refuse_cohort(cohort: Floats) -> None:
    """Refuse a cohort that grows, is empty, or tells too little."""
    rises = np.flatnonzero(np.diff(cohort) > 0)
    if rises.size:
        position = int(rises[0]) + 1
        fix = "Count the customers of one cohort only; those who come later belong to another."
        raise off_scale("remaining", position, cohort[position], "at most the value before", fix)
    if cohort.size < 3:
        problem = f"remaining has {cohort.size} values; a forecast needs the start and two renewals"
        raise NoData(problem, "Wait for the second renewal.", argument="remaining")
    if not cohort[0]:
        raise ZeroDenominator("remaining[0] is 0, so there is no cohort", "Begin with the customers at the start.")
    if cohort[0] == cohort[-1]:
        raise NoData("nobody in remaining has left, so there is nothing to learn from", "Wait until somebody has.")

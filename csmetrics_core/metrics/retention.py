"""Customers kept and lost: churn, retention, lifetime and renewal."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

import numpy as np

from csmetrics_core.declaration.catalog import metric
from csmetrics_core.declaration.kinds import Amount, Count, Share
from csmetrics_core.declaration.spec import (
    FRACTION,
    PERIODS,
    TEXT,
    Better,
    Category,
    Column,
    Each,
    Example,
    Sample,
    Total,
)
from csmetrics_core.errors import wrong_kind
from csmetrics_core.maths.ratios import proportion
from csmetrics_core.results import Ratio, Refusal, Table

Customers = Annotated[Total, Count()]

_STRIPE = "Stripe Billing, analytics glossary, subscriber churn rate"
#: basis -> (what it divides by, who uses it)
CONVENTIONS: dict[str, tuple[str, str]] = {
    "opening": ("opening", "ChartMogul (standard), Recurly, Baremetrics, finance"),
    "opening_plus_new": ("opening + new", "Stripe Billing"),
    "average": ("(opening + closing) ÷ 2", "telecommunications, older texts"),
}


def _listed(words: Iterable[str]) -> str:
    """Texts as a formula lists them."""
    return ",".join(f'"{word}"' for word in words)


def churn_base(lost: Any, opening: Any, new_customers: Any, basis: str) -> Any:
    """What churn is divided by under a convention."""
    if basis == "opening":
        return opening
    if basis == "opening_plus_new":
        return opening + new_customers
    return opening + (new_customers - lost) / 2


def _churn(lost: Any, opening: Any, new_customers: Any, basis: str) -> Ratio:
    base = churn_base(lost, opening, new_customers, basis)
    ceiling = {"opening": opening, "opening_plus_new": base, "average": 2 * base}[basis]
    words = {"opening": "at most opening", "opening_plus_new": "at most opening + new customers"}
    fix = "Count only customers who could be lost on this basis."
    too_many = Refusal(lost > ceiling, "lost", lost, words.get(basis, "at most twice the average base"), fix)
    return Ratio(lost, base, base=CONVENTIONS[basis][0], refusals=(too_many,))


@metric(
    title="Customer churn rate",
    category=Category.RETENTION,
    unit=FRACTION,
    bounds={"opening": (0, 1), "opening_plus_new": (0, 1), "average": (0, 2)},
    better=Better.LOWER,
    formula="lost ÷ opening customers",
    convention="Divided by the customers at the start of the period, unless basis names another convention.",
    native=(
        'IF({basis}="opening",IF({opening}=0,{DIV0},IF({lost}>{opening},{NUM},{lost}/{opening})),'
        'IF({new_customers}="",{VALUE},IF({basis}="opening_plus_new",'
        "IF({opening}+{new_customers}=0,{DIV0},IF({lost}>{opening}+{new_customers},{NUM},{lost}/({opening}+{new_customers}))),"
        "IF({opening}+({new_customers}-{lost})/2=0,{DIV0},IF({lost}>2*{opening}+{new_customers}-{lost},{NUM},"
        "{lost}/({opening}+({new_customers}-{lost})/2))))))"
    ),
    source="ChartMogul, customer churn rate, help article 207340419; Stripe Billing, analytics glossary",
    example=(
        Example(lost=25, opening=1000, result=0.025),
        Example(lost=18, opening=1126, new_customers=85, basis="opening_plus_new", result=0.014864),
    ),
    headline=1,
    sample=Sample.LOST,
)
def churn_rate(
    lost: Customers,
    opening: Customers,
    new_customers: Customers = None,
    basis: Literal["opening", "opening_plus_new", "average"] = "opening",
) -> Ratio:
    """Share of customers lost in a period, a fraction.

    Args:
        lost: Customers lost in the period.
        opening: Customers at its start.
        new_customers: Customers won in the period; required unless the basis is opening.
        basis: What to divide by.
    """
    if basis == "opening":
        parts = proportion(lost, opening, base="opening") if np.ndim(lost) == np.ndim(opening) == 0 else None
        churn = _churn(lost, opening, 0, basis)
        churn.interval = parts.interval if parts else None
        return churn
    if new_customers is None:
        fix = "Give the customers won in the period, or divide by opening."
        raise wrong_kind("new_customers", None, "missing", f'a count, as basis "{basis}" needs it', fix)
    return _churn(lost, opening, new_customers, basis)


@metric(
    title="Customer retention rate",
    category=Category.RETENTION,
    unit=FRACTION,
    bounds=(0, 1),
    better=Better.HIGHER,
    formula="1 − lost ÷ opening customers",
    native="IF({opening}=0,{DIV0},IF({lost}>{opening},{NUM},({opening}-{lost})/{opening}))",
    source="ChartMogul, customer churn rate, help article 207340419: the complement of churn on the opening base",
    example=Example(lost=25, opening=1000, result=0.975),
    sample=Sample.LOST,
)
def retention_rate(lost: Customers, opening: Customers) -> Ratio:
    """Share of the opening customers still there at the end, a fraction.

    Args:
        lost: Customers lost in the period.
        opening: Customers at its start.
    """
    churn = _churn(lost, opening, 0, "opening")
    churn.numerator = opening - lost
    return churn


@metric(
    title="Annual churn",
    category=Category.RETENTION,
    unit=FRACTION,
    bounds=(0, 1),
    better=Better.LOWER,
    formula="1 − (1 − monthly churn)¹²",
    convention="Compounded: twelve times the monthly rate would pass 100 %.",
    native="1-(1-{monthly_churn})^12",
    source="Churnkey, convert annual to monthly churn",
    example=Example(monthly_churn=0.05, result=0.45964),
)
def annual_churn(monthly_churn: Annotated[Each, Share()]) -> Ratio:
    """Yearly churn that a constant monthly churn amounts to, a fraction.

    Args:
        monthly_churn: Churn a month, such as 0.02.
    """
    return Ratio(1 - (1 - monthly_churn) ** 12)


@metric(
    title="Monthly churn",
    category=Category.RETENTION,
    unit=FRACTION,
    bounds=(0, 1),
    better=Better.LOWER,
    formula="1 − (1 − annual churn)^(1/12)",
    native="1-(1-{annual_churn})^(1/12)",
    source="Churnkey, convert annual to monthly churn",
    example=Example(annual_churn=0.7176, result=0.100008),
)
def monthly_churn(annual_churn: Annotated[Each, Share()]) -> Ratio:
    """Constant monthly churn that amounts to a yearly churn, a fraction.

    Args:
        annual_churn: Churn a year, such as 0.2.
    """
    return Ratio(1 - (1 - annual_churn) ** (1 / 12))


@metric(
    title="Customer lifetime",
    category=Category.RETENTION,
    unit=PERIODS,
    bounds=(1, float("inf")),
    better=Better.HIGHER,
    formula="1 ÷ churn",
    convention="Assumes the same churn for every customer at every age; the survival functions do not.",
    native="1/{churn}",
    source="mean of the geometric distribution; Baremetrics, customer lifetime",
    example=Example(churn=0.04, result=25.0),
)
def customer_lifetime(churn: Annotated[Each, Share()]) -> Ratio:
    """Expected lifetime of a customer, in periods of the churn rate.

    Args:
        churn: Churn a period, such as 0.02 a month.
    """
    return Ratio(1, churn, base="churn")


@metric(
    title="Renewal rate",
    category=Category.RETENTION,
    unit=FRACTION,
    bounds=(0, float("inf")),
    better=Better.HIGHER,
    formula="renewed ÷ due for renewal in the period",
    convention="Divided by what was due, never by all customers; counts or amounts. Above 1 is upsell, not an error.",
    native="{renewed}/{due}",
    source="Planhat and BigDelta, renewal rate",
    example=Example(renewed=8, due=10, result=0.8),
    sample=Sample.CUSTOMERS,
)
def renewal_rate(renewed: Annotated[Total, Amount()], due: Annotated[Total, Amount()]) -> Ratio:
    """Share of contracts due in the period that were renewed, a fraction.

    Args:
        renewed: Contracts or amount renewed.
        due: Contracts or amount due for renewal in the same period.
    """
    upsell = bool(np.any(renewed > due))
    notes = ("Above 1: upsell at renewal is counted in it.",) if upsell else ()
    return Ratio(renewed, due, base="due", notes=notes)


@metric(
    title="Churn conventions",
    category=Category.RETENTION,
    columns=(
        Column("convention", TEXT, "the value of basis"),
        Column("divides_by", TEXT, "the denominator"),
        Column("churn", FRACTION, "the rate under this convention"),
        Column("used_by", TEXT, "who publishes it this way"),
    ),
    formula="lost ÷ each documented base",
    no_native="it gives a table",
    dynamic=f"""
        LET(won,IF(new_customers="",0,new_customers), known,new_customers<>"",
            share,LAMBDA(among,most,told,IF(told,IF((among<=0)+(lost>most),"",lost/among),"")),
            middle,opening+(won-lost)/2,
            table(HSTACK(VSTACK({_listed(CONVENTIONS)}),
                VSTACK({_listed(words for words, _ in CONVENTIONS.values())}),
                VSTACK(share(opening,opening,TRUE),share(opening+won,opening+won,known),share(middle,2*middle,known)),
                VSTACK({_listed(who for _, who in CONVENTIONS.values())}))))
    """,
    source=f"ChartMogul, help article 207340419; {_STRIPE}",
    example=Example(
        lost=10,
        opening=200,
        new_customers=50,
        result={
            "convention": list(CONVENTIONS),
            "divides_by": [words for words, _ in CONVENTIONS.values()],
            "churn": [0.05, 0.04, 0.045455],
            "used_by": [who for _, who in CONVENTIONS.values()],
        },
    ),
)
def churn_conventions(lost: Customers, opening: Customers, new_customers: Customers = None) -> Table:
    """The churn rate under every documented convention, side by side.

    Args:
        lost: Customers lost in the period.
        opening: Customers at its start.
        new_customers: Customers won in the period; without it only the opening convention has a value.
    """
    rates = []
    for basis in CONVENTIONS:
        known = basis == "opening" or new_customers is not None
        parts = _churn(lost, opening, new_customers, basis) if known else None
        possible = parts is not None and parts.denominator > 0 and not parts.refusals[0].when
        rates.append(float(parts.numerator / parts.denominator) if parts and possible else float("nan"))
    words, who = zip(*CONVENTIONS.values(), strict=True)
    return Table({"convention": list(CONVENTIONS), "divides_by": list(words), "churn": rates, "used_by": list(who)})

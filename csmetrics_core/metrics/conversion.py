"""Conversion: of those who could, how many did."""

from typing import Annotated, Literal

import numpy as np

from csmetrics_core.declaration.catalog import metric
from csmetrics_core.declaration.kinds import Amount, Count, Level, Text
from csmetrics_core.declaration.spec import (
    COUNT,
    FRACTION,
    TEXT,
    Aligned,
    Better,
    Category,
    Column,
    Each,
    Example,
    Sample,
    Total,
)
from csmetrics_core.errors import ZeroDenominator, off_scale
from csmetrics_core.maths.intervals import wilson, wilson_form
from csmetrics_core.maths.ratios import part_of
from csmetrics_core.results import Pair, Ratio, Table

Number = Annotated[Total, Count()]


_ONCE = 'Count each one once, or say count="every".'


def _native(part: str, whole: str) -> str:
    return f"IF({{{whole}}}=0,{{DIV0}},IF({{{part}}}>{{{whole}}},{{NUM}},{{{part}}}/{{{whole}}}))"


@metric(
    title="Conversion rate",
    category=Category.CONVERSION,
    unit=FRACTION,
    bounds={"one": (0, 1), "every": (0, float("inf"))},
    better=Better.HIGHER,
    formula="conversions ÷ opportunities",
    convention='Everyone converts once; with count="every" repeated conversions count and it may pass 1.',
    native='IF({opportunities}=0,{DIV0},IF(AND({count}="one",{conversions}>{opportunities}),{NUM},{conversions}/{opportunities}))',
    source="Google Ads help, conversion rate: conversions ÷ interactions, counting one or every",
    example=(
        Example(conversions=10, opportunities=500, result=0.02),
        Example(conversions=600, opportunities=500, count="every", result=1.2),
    ),
    headline=7,
    sample=Sample.COUNTED,
)
def conversion_rate(
    conversions: Annotated[Total, Amount()],
    opportunities: Annotated[Total, Amount()],
    count: Literal["one", "every"] = "one",
) -> Ratio:
    """Share of opportunities that converted, a fraction.

    Args:
        conversions: How many converted.
        opportunities: How many could have: visitors, leads, interactions. Name which.
        count: Whether someone may count more than once.
    """
    if count == "every":
        return Ratio(conversions, opportunities, base="opportunities")
    return part_of(conversions, opportunities, "conversions", "opportunities", _ONCE)


@metric(
    title="Conversion confidence interval",
    category=Category.CONVERSION,
    unit=FRACTION,
    bounds=(0, 1),
    formula="Wilson score interval of conversions ÷ opportunities",
    no_native="it gives a pair; each bound takes several steps",
    dynamic=(
        "IF(opportunities=0,{DIV0},IF(conversions>opportunities,{NUM},"
        + wilson_form("conversions", "opportunities")
        + "))"
    ),
    source="Wilson (1927) score interval; Brown, Cai and DasGupta (2001)",
    example=Example(conversions=18, opportunities=20, result=(0.698966, 0.972134)),
)
def conversion_interval(
    conversions: Number, opportunities: Number, confidence: Annotated[Each, Level()] = 0.95
) -> Pair:
    """Low and high of a conversion rate's confidence interval, fractions.

    Args:
        conversions: How many converted.
        opportunities: How many could have.
        confidence: Confidence level, such as 0.95.
    """
    if opportunities == 0:
        raise ZeroDenominator("opportunities is 0, so there is nothing to divide by", "Leave the interval blank.")
    if conversions > opportunities:
        raise off_scale("conversions", None, conversions, "at most opportunities", "Count each one once.")
    low, high = wilson(conversions, opportunities, confidence)
    return Pair(float(low), float(high))


@metric(
    title="Trial conversion rate",
    category=Category.CONVERSION,
    unit=FRACTION,
    bounds=(0, 1),
    better=Better.HIGHER,
    formula="converted trials ÷ trials that ended in the period",
    convention="Trials that ended, so that running ones do not drag it down.",
    native=_native("converted", "trials_ended"),
    source="Stripe Billing, analytics glossary, trial conversion rate",
    example=Example(converted=60, trials_ended=100, result=0.6),
    sample=Sample.COUNTED,
)
def trial_conversion(converted: Number, trials_ended: Number) -> Ratio:
    """Share of ended trials that became paying customers, a fraction.

    Args:
        converted: Trials among them that converted.
        trials_ended: Trials that ended in the period.
    """
    return part_of(converted, trials_ended, "converted", "trials_ended", "Count trials that ended in the period.")


@metric(
    title="Free-to-paid conversion rate",
    category=Category.CONVERSION,
    unit=FRACTION,
    bounds=(0, 1),
    better=Better.HIGHER,
    formula="paid ÷ free users",
    convention="State whether free users are all sign-ups or the active ones: the two differ several times over.",
    native=_native("paid", "free_users"),
    source="UserGuiding, 16 customer success metrics (2021); freemium practice",
    example=Example(paid=150, free_users=2000, result=0.075),
    sample=Sample.COUNTED,
)
def free_to_paid(paid: Number, free_users: Number) -> Ratio:
    """Share of free users who became paying ones, a fraction.

    Args:
        paid: Free users who began to pay.
        free_users: Free users who could have.
    """
    return part_of(paid, free_users, "paid", "free_users", "Count only people who came from the free plan.")


@metric(
    title="Funnel",
    ordered=True,
    category=Category.CONVERSION,
    columns=(
        Column("step", TEXT, "the label"),
        Column("count", COUNT, "how many reached it"),
        Column("of_previous", FRACTION, "share of the step before"),
        Column("of_first", FRACTION, "share of the first step"),
    ),
    formula="count ÷ count of the previous step; count ÷ count of the first",
    no_native="it gives a table",
    dynamic="""
        LET(size,ROWS(counts), steps,IF(ISOMITTED(labels),"step "&SEQUENCE(size),labels),
            before,INDEX(counts,IF(SEQUENCE(size)=1,1,SEQUENCE(size)-1)),
            table(HSTACK(steps,counts,IF(before=0,"",counts/before),IF(INDEX(counts,1)*SEQUENCE(size,1,1,0)=0,"",counts/INDEX(counts,1)))))
    """,
    source="definition of a step conversion rate",
    example=Example(
        counts=[300, 280, 140, 100],
        labels=["sign-up", "start", "half way", "done"],
        result={
            "step": ["sign-up", "start", "half way", "done"],
            "count": [300, 280, 140, 100],
            "of_previous": [1.0, 0.933333, 0.5, 0.714286],
            "of_first": [1.0, 0.933333, 0.466667, 0.333333],
        },
    ),
)
def funnel(counts: Annotated[Aligned, Count()], labels: Annotated[Aligned, Text()] = None) -> Table:
    """How many reach each step of a funnel, and what share that is.

    Args:
        counts: How many reached each step, in order; never more than the step before.
        labels: The names of the steps.
    """
    steps = counts.astype(float)
    rises = np.flatnonzero(np.diff(steps) > 0)
    if rises.size:
        fix = "Put the steps in order, and count the same people in each."
        raise off_scale("counts", int(rises[0]) + 1, steps[rises[0] + 1], "at most the step before", fix)
    before = np.concatenate([steps[:1], steps[:-1]])
    return Table(
        {
            "step": labels or [f"step {i + 1}" for i in range(steps.size)],
            "count": steps.astype(np.int64),
            "of_previous": np.divide(steps, before, out=np.full(steps.size, np.nan), where=before > 0),
            "of_first": np.divide(steps, steps[0], out=np.full(steps.size, np.nan), where=steps[0] > 0),
        }
    )

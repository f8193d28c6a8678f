"""Did a rate really change from one period to the next?"""

from math import sqrt
from typing import Annotated

from csmetrics_core.declaration.catalog import metric
from csmetrics_core.declaration.kinds import Count, Level
from csmetrics_core.declaration.spec import (
    FRACTION,
    PROBABILITY,
    Category,
    Column,
    Each,
    Example,
    Total,
)
from csmetrics_core.errors import ZeroDenominator, off_scale
from csmetrics_core.maths.intervals import newcombe, two_sided_p
from csmetrics_core.results import Table

Number = Annotated[Total, Count()]


@metric(
    title="Change in a rate",
    category=Category.CONVERSION,
    columns=(
        Column("before", FRACTION, "rate of the earlier period"),
        Column("after", FRACTION, "rate of the later period"),
        Column("change", FRACTION, "after minus before"),
        Column("low", FRACTION, "lower bound of the change"),
        Column("high", FRACTION, "upper bound of the change"),
        Column("p_value", PROBABILITY, "chance of so large a difference where nothing changed"),
    ),
    formula="D = after ÷ its base − before ÷ its base, with the hybrid score interval; p from the pooled z test",
    convention=(
        "For any share of a count: churn, conversion, CSAT, first contact resolution. The two samples are taken to be "
        "independent, so the periods must not hold the same people twice."
    ),
    no_native="it gives a table",
    dynamic="""
        IF((before_base=0)+(after_base=0),{DIV0},IF((before>before_base)+(after>after_base),{NUM},
            LET(was,before/before_base, current,after/after_base, z,NORM.S.INV(0.5+confidence/2),
                centre,LAMBDA(p,size,(p+z*z/(2*size))/(1+z*z/size)),
                half,LAMBDA(p,size,z/(1+z*z/size)*SQRT(p*(1-p)/size+z*z/(4*size*size))),
                low,LAMBDA(p,size,IF(p=0,0,MAX(centre(p,size)-half(p,size),0))),
                high,LAMBDA(p,size,IF(p=1,1,MIN(centre(p,size)+half(p,size),1))),
                pooled,(before+after)/(before_base+after_base),
                wobble,SQRT(pooled*(1-pooled)*(1/before_base+1/after_base)),
                table(HSTACK(was,current,current-was,
                    current-was-SQRT((current-low(current,after_base))^2+(high(was,before_base)-was)^2),
                    current-was+SQRT((high(current,after_base)-current)^2+(was-low(was,before_base))^2),
                    IF(wobble=0,1,2*NORM.S.DIST(-ABS((current-was)/wobble),TRUE)))))))
    """,
    source="Newcombe (1998), Statistics in Medicine 17, pp. 873-890, method 10; two-proportion z test",
    example=Example(
        before=48,
        before_base=80,
        after=56,
        after_base=70,
        result={
            "before": [0.6],
            "after": [0.8],
            "change": [0.2],
            "low": [0.052431],
            "high": [0.333873],
            "p_value": [0.008045],
        },
    ),
)
def rate_change(
    before: Number,
    before_base: Number,
    after: Number,
    after_base: Number,
    confidence: Annotated[Each, Level()] = 0.95,
) -> Table:
    """Whether a churn, conversion or other rate really moved between two periods, with an interval.

    Args:
        before: How many in the earlier period: lost, converted, satisfied.
        before_base: Of how many.
        after: How many in the later period.
        after_base: Of how many.
        confidence: Confidence level, such as 0.95.
    """
    for name, part, whole in (("before", before, before_base), ("after", after, after_base)):
        if whole == 0:
            raise ZeroDenominator(f"{name}_base is 0, so there is no rate", "Give periods that had somebody in them.")
        if part > whole:
            raise off_scale(name, None, part, f"at most {name}_base", "Count each one once.")
    was, now, pooled = before / before_base, after / after_base, (before + after) / (before_base + after_base)
    error = sqrt(pooled * (1 - pooled) * (1 / before_base + 1 / after_base))
    low, high = newcombe((before, after), (before_base, after_base), confidence)
    p_value = two_sided_p((now - was) / error) if error else 1.0
    columns = {"before": was, "after": now, "change": now - was, "low": low, "high": high, "p_value": p_value}
    return Table({name: [value] for name, value in columns.items()})

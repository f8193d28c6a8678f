"""Usage: licences used, time spent, and how often people come back."""

from typing import Annotated

import numpy as np

from csmetrics_core.declaration.catalog import metric
from csmetrics_core.declaration.kinds import Amount, Count
from csmetrics_core.declaration.spec import (
    DURATION,
    FRACTION,
    Better,
    Category,
    Each,
    Example,
    Sample,
    Total,
    Values,
)
from csmetrics_core.maths.intervals import mean_interval
from csmetrics_core.maths.sums import exact_sum
from csmetrics_core.results import Ratio, Refusal

Durations = Annotated[Values, Amount(hint="Look at its start and end: nothing ends before it starts.")]


@metric(
    title="Product usage rate",
    category=Category.USAGE,
    unit=FRACTION,
    bounds=(0, float("inf")),
    better=Better.HIGHER,
    formula="active users ÷ licensed users",
    convention="Licences bought, not assigned. Above 1 is overage, which is reported, not cut off.",
    native="{active}/{licensed}",
    source="Petavue and RevOS, licence utilisation",
    example=Example(active=62, licensed=100, result=0.62),
    headline=14,
    sample=Sample.COUNTED,
)
def product_usage_rate(active: Annotated[Total, Count()], licensed: Annotated[Total, Count()]) -> Ratio:
    """Share of licensed users who are active, a fraction.

    Args:
        active: Users active in the period.
        licensed: Users or seats licensed.
    """
    overage = bool(np.any(active > licensed))
    return Ratio(active, licensed, base="licensed", notes=("Above 1: more active than licensed.",) if overage else ())


@metric(
    title="Average session duration",
    category=Category.USAGE,
    unit=DURATION,
    bounds=(0, float("inf")),
    better=Better.HIGHER,
    formula="sum of durations ÷ sessions",
    convention="In the durations' own unit. Sessions of zero length count.",
    native='SUMIFS({durations},{durations},">=0"{where})/COUNTIFS({durations},">=0"{where})',
    dynamic="SUM(durations)/ROWS(durations)",
    source="UserGuiding, 16 customer success metrics (2021); Google Universal Analytics kept zero-length sessions",
    example=Example(durations=[0, 300, 600], result=300.0),
    headline=15,
    sample=Sample.MEAN,
)
def avg_session_duration(durations: Durations) -> Ratio:
    """Mean length of a session, in the unit the durations are in.

    Args:
        durations: Length of each session; seconds, minutes or spreadsheet times, one unit throughout.
    """
    zero = int(np.count_nonzero(durations == 0))
    notes = (f"The median is {np.median(durations):,.2f}; {zero:,} of {durations.size:,} sessions have no length.",)
    return Ratio(
        exact_sum(durations), durations.size, n=durations.size,
        interval=lambda confidence: mean_interval(durations, confidence), notes=notes,
    )  # fmt: skip


@metric(
    title="Stickiness",
    category=Category.USAGE,
    unit=FRACTION,
    bounds=(0, 1),
    better=Better.HIGHER,
    formula="mean daily active users ÷ monthly active users",
    convention="Mean over the days of the month's window, so that weekends count in their due share.",
    native=(
        'IF({mau}=0,{DIV0},IF(SUMIFS({dau},{dau},">=0"{where})/COUNTIFS({dau},">=0"{where})>{mau},{NUM},'
        'SUMIFS({dau},{dau},">=0"{where})/COUNTIFS({dau},">=0"{where})/{mau}))'
    ),
    dynamic="""
        IF(mau=0,{DIV0},IF(SUM(dau)/ROWS(dau)>mau,{NUM},SUM(dau)/ROWS(dau)/mau))
    """,
    source="UserGuiding, 16 customer success metrics (2021), with the mean of the daily figures",
    example=Example(dau=[30, 34, 20], mau=140, result=0.2),
    headline=16,
    sample=Sample.CUSTOMERS,
)
def stickiness(dau: Annotated[Values, Amount()], mau: Annotated[Each, Amount()]) -> Ratio:
    """Share of a month's active users who come on an average day, a fraction.

    Args:
        dau: Active users of each day in the window.
        mau: Active users of the whole window.
    """
    mean = exact_sum(dau) / dau.size
    too_many = Refusal(mean > mau, "dau", mean, "a mean of at most mau", "Take both from the same users and window.")
    return Ratio(mean, mau, base="mau", n=dau.size, refusals=(too_many,))

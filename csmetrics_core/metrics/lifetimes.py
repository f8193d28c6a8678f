"""How long customers stay and how long newcomers wait, with those still there or still waiting counted in."""

from typing import TYPE_CHECKING, Annotated

import numpy as np

from csmetrics_core.declaration.catalog import metric
from csmetrics_core.declaration.kinds import Amount, Count, Flag, Level, Number
from csmetrics_core.declaration.spec import (
    COUNT,
    DURATION,
    FRACTION,
    Aligned,
    Better,
    Category,
    Column,
    Each,
    Example,
    Total,
)
from csmetrics_core.errors import NoData, OutOfScale, off_scale
from csmetrics_core.maths.ratios import count, part_of
from csmetrics_core.results import Ratio, Table

if TYPE_CHECKING:
    from csmetrics_core.models.survival import SurvivalCurve

Durations = Annotated[Aligned, Amount(hint="Look at the two dates: nothing ends before it starts.")]
Flags = Annotated[Aligned, Flag()]

_SOURCE = "Kaplan and Meier (1958), JASA 53"
_CENSORED = (
    "A customer still there counts up to the age reached; leaving such customers out, or taking their age for "
    "a lifetime, would make lifetimes too short."
)
_FEW_LEFT = "it follows everybody through time row by row"


def _curve(durations: np.ndarray, churned: np.ndarray, entered: np.ndarray | None) -> "SurvivalCurve":
    """The Kaplan-Meier estimate, for customers who came under observation no later than they left it."""
    from csmetrics_core.models import survival

    if entered is not None and (late := np.flatnonzero(entered > durations)).size:
        position = int(late[0])
        fix = "Give the age at which records of the customer begin; 0 if they begin at the start."
        raise off_scale("entered", position, entered[position], "at most the duration", fix)
    curve = survival.kaplan_meier(durations, churned, entered)
    if curve.broke_off:
        gone = float(curve.time[np.flatnonzero(curve.survival == 0)[0]])
        raise OutOfScale(
            f"everybody under observation had left at {gone:g} while others came under observation later",
            "Leave out the earliest ages, at which too few were watched: give durations and entered from a later age.",
            argument="entered",
        )
    return curve


@metric(
    title="Survival curve",
    category=Category.RETENTION,
    columns=(
        Column("time", DURATION, "age, in the unit of the durations"),
        Column("survival", FRACTION, "share who stay longer than that"),
        Column("low", FRACTION, "lower bound"),
        Column("high", FRACTION, "upper bound"),
        Column("at_risk", COUNT, "customers under observation at that age"),
    ),
    formula="product of (1 − lost at each age ÷ at risk at that age)",
    convention=(
        f"{_CENSORED} A row for the start, for each age at which somebody left, and for the longest age seen. "
        "The interval is taken on the log(−log) scale and stays within 0 and 1."
    ),
    no_native=_FEW_LEFT,
    dynamic="""
        IF(ISOMITTED(entered),LET(gone,churned*1, age,IF(SUM(--gone)=0,0,SORT(UNIQUE(FILTER(durations,gone)))),
            risk,MAP(age,LAMBDA(u,SUM(--(durations>=u)))), lost,MAP(age,LAMBDA(u,SUM((durations=u)*gone))),
            staying,SCAN(1,1-lost/risk,LAMBDA(x,y,x*y)),
            last,MAX(durations), z,NORM.S.INV(0.5+confidence/2), size,ROWS(age),
            spread,SCAN(0,IF(risk=lost,9E300,lost/(risk*(risk-lost+(risk=lost)))),LAMBDA(x,y,x+y)),
            wide,IF((staying>0)*(staying<1),z*SQRT(spread)/-LN(IF((staying>0)*(staying<1),staying,0.5)),""),
            low,IF(wide="","",staying^EXP(wide)), high,IF(wide="","",staying^EXP(-wide)),
            curve,HSTACK(age,staying,low,high,risk), nobody,SUM(gone)=0,
            start,IF(nobody,HSTACK(0,1,1,1,ROWS(durations)),IF(INDEX(age,1)>0,VSTACK(HSTACK(0,1,1,1,ROWS(durations)),curve),curve)),
            table(IF(last>IF(nobody,0,INDEX(age,size)),VSTACK(start,HSTACK(last,INDEX(staying,size),
                IF(nobody,"",INDEX(low,size)),IF(nobody,"",INDEX(high,size)),SUM(--(durations=last)))),start))),{VALUE})
    """,
    source=f"{_SOURCE}; variance: Greenwood (1926); interval: Kalbfleisch and Prentice (1980)",
    example=Example(
        durations=[2, 5, 5, 9],
        churned=[True, True, False, False],
        result={
            "time": [0.0, 2.0, 5.0, 9.0],
            "survival": [1.0, 0.75, 0.5, 0.5],
            "low": [1.0, 0.127947, 0.057847, 0.057847],
            "high": [1.0, 0.960549, 0.844861, 0.844861],
            "at_risk": [4, 4, 3, 1],
        },
    ),
)
def survival_curve(
    durations: Durations,
    churned: Flags,
    entered: Annotated[Aligned, Amount()] = None,
    confidence: Annotated[Each, Level()] = 0.95,
) -> Table:
    """Share of customers still there at each age, those who have not left yet counted in.

    Args:
        durations: Age at churn, or age today for customers still there; any unit.
        churned: Whether each has left.
        entered: Age at which records of each begin, where that is later than the start; 0 otherwise.
        confidence: Confidence level, such as 0.95.
    """
    from csmetrics_core.models import survival

    curve = _curve(durations, churned, entered)
    low, high = survival.survival_interval(curve, confidence)
    rows = [curve.time, curve.survival, low, high, curve.at_risk]
    if not curve.time.size or curve.time[0] > 0:
        watched = durations.size if entered is None else count(entered == 0)
        rows = [np.concatenate(([first], column)) for first, column in zip((0, 1, 1, 1, watched), rows, strict=True)]
    if rows[0][-1] < curve.last_time:
        bounds = (low[-1], high[-1]) if low.size else (np.nan, np.nan)
        last = (curve.last_time, rows[1][-1], *bounds, count(durations == curve.last_time))
        rows = [np.concatenate((column, [end])) for column, end in zip(rows, last, strict=True)]
    names = ("time", "survival", "low", "high", "at_risk")
    columns = dict(zip(names, rows, strict=True))
    columns["at_risk"] = columns["at_risk"].astype(np.int64)
    return Table(columns, _share_left(curve))


def _share_left(curve: "SurvivalCurve") -> tuple[str, ...]:
    left = float(curve.survival[-1]) if curve.survival.size else 1.0
    return (f"{left:.1%} stay longer than {curve.last_time:g}, the longest observed.",) if left > 0 else ()


@metric(
    title="Median customer lifetime",
    category=Category.RETENTION,
    unit=DURATION,
    bounds=(0, float("inf")),
    better=Better.HIGHER,
    formula="shortest age at which no more than half are left on the Kaplan-Meier curve",
    convention=f"{_CENSORED} Undefined while more than half are left at the longest age seen.",
    no_native=_FEW_LEFT,
    dynamic="""
        IF(ISOMITTED(entered),LET(gone,churned*1, age,IF(SUM(--gone)=0,0,SORT(UNIQUE(FILTER(durations,gone)))),
            risk,MAP(age,LAMBDA(u,SUM(--(durations>=u)))), lost,MAP(age,LAMBDA(u,SUM((durations=u)*gone))),
            staying,SCAN(1,1-lost/risk,LAMBDA(x,y,x*y)),
            low,(staying<=0.500000001)*(SUM(gone)>0), IF(SUM(low)=0,{NA},MIN(IF(low,age,9E300)))),{VALUE})
    """,
    source=f"{_SOURCE}; interval: Brookmeyer and Crowley (1982), Biometrics 38",
    example=Example(durations=[2, 5, 5, 9], churned=[True, True, False, False], result=5.0),
)
def median_lifetime(durations: Durations, churned: Flags, entered: Annotated[Aligned, Amount()] = None) -> Ratio:
    """Age by which half of the customers have left, in the unit of the durations.

    Args:
        durations: Age at churn, or age today for customers still there; any unit.
        churned: Whether each has left.
        entered: Age at which records of each begin, where that is later than the start; 0 otherwise.
    """
    fix = "Take mean_lifetime up to that age, or wait until more have left."
    return _median(_curve(durations, churned, entered), durations.size, "are still there", fix)


def _median(curve: "SurvivalCurve", n: int, what: str, fix: str) -> Ratio:
    from csmetrics_core.models import survival

    median = survival.median_lifetime(curve)
    if np.isnan(median):
        left = float(curve.survival[-1]) if curve.survival.size else 1.0
        problem = f"{left:.0%} {what} at {curve.last_time:g}, the longest observed, so the median is not known yet"
        raise NoData(problem, fix, argument="durations")
    return Ratio(median, n=n, interval=lambda confidence: survival.median_interval(curve, confidence))


@metric(
    title="Mean customer lifetime",
    category=Category.RETENTION,
    unit=DURATION,
    bounds=(0, float("inf")),
    better=Better.HIGHER,
    formula="area under the Kaplan-Meier curve up to the horizon",
    convention=(
        f"{_CENSORED} A mean within the horizon, by default the longest age seen: what comes after is not counted, "
        "so name the horizon beside the figure."
    ),
    no_native=_FEW_LEFT,
    dynamic="""
        IF(ISOMITTED(entered),LET(gone,churned*1, age,IF(SUM(--gone)=0,0,SORT(UNIQUE(FILTER(durations,gone)))),
            risk,MAP(age,LAMBDA(u,SUM(--(durations>=u)))), lost,MAP(age,LAMBDA(u,SUM((durations=u)*gone))),
            staying,SCAN(1,1-lost/risk,LAMBDA(x,y,x*y)),
            last,MAX(durations), reach,IF(horizon="",last,horizon), size,ROWS(age),
            following,IF(SEQUENCE(size)=size,9E300,INDEX(age,IF(SEQUENCE(size)=size,size,SEQUENCE(size)+1))),
            IF((reach>last)*(INDEX(staying,size)>0),{NA},
                MIN(INDEX(age,1),reach)+SUM(IF(age<reach,staying*(IF(following<reach,following,reach)-age),0)))),{VALUE})
    """,
    source="Irwin (1949), restricted mean; variance: Klein and Moeschberger (2003), Survival Analysis, section 4.5",
    example=(
        Example(durations=[1, 2, 3, 4, 10], churned=[1, 1, 1, 1, 1], horizon=4.1, result=2.82),
        Example(durations=[2, 5, 5, 9], churned=[True, True, False, False], result=6.25),
    ),
)
def mean_lifetime(
    durations: Durations,
    churned: Flags,
    horizon: Annotated[Each, Number(0, above=True, hint="Give an age, or leave it out.")] = None,
    entered: Annotated[Aligned, Amount()] = None,
) -> Ratio:
    """Mean time customers stay within a horizon, in the unit of the durations.

    Args:
        durations: Age at churn, or age today for customers still there; any unit.
        churned: Whether each has left.
        horizon: Age up to which time counts; left out, the longest age seen.
        entered: Age at which records of each begin, where that is later than the start; 0 otherwise.
    """
    from csmetrics_core.models import survival

    curve = _curve(durations, churned, entered)
    mean = survival.restricted_mean(curve, horizon)
    if np.isnan(mean.mean):
        left = float(curve.survival[-1]) if curve.survival.size else 1.0
        problem = f"horizon is {horizon:g}, and nothing is known of the {left:.0%} left at {curve.last_time:g}"
        raise NoData(problem, f"Give a horizon of at most {curve.last_time:g}.", argument="horizon")
    within = f"Counted up to {mean.horizon:g}; {mean.lost} of {durations.size} left by then."
    return Ratio(mean.mean, n=durations.size, interval=mean.interval, notes=(within,))


@metric(
    title="Time to value",
    category=Category.RETENTION,
    unit=DURATION,
    bounds=(0, float("inf")),
    better=Better.LOWER,
    formula="shortest time by which at least half have reached first value on the Kaplan-Meier curve",
    convention=(
        "The median, those still waiting counted in: the mean of those who got there leaves out the slow ones. "
        "Same day is 0; leave out who reached it before the start."
    ),
    no_native=_FEW_LEFT,
    dynamic="""
        LET(gone,reached*1, age,IF(SUM(--gone)=0,0,SORT(UNIQUE(FILTER(durations,gone)))),
            risk,MAP(age,LAMBDA(u,SUM(--(durations>=u)))), lost,MAP(age,LAMBDA(u,SUM((durations=u)*gone))),
            staying,SCAN(1,1-lost/risk,LAMBDA(x,y,x*y)),
            low,(staying<=0.500000001)*(SUM(gone)>0), IF(SUM(low)=0,{NA},MIN(IF(low,age,9E300))))
    """,
    source=f"{_SOURCE}; GitLab handbook, time to engage: same day is 0, events before the start are left out",
    example=Example(durations=[1, 3, 4, 10, 12], reached=[True, True, True, False, False], result=4.0),
)
def time_to_value(durations: Durations, reached: Flags) -> Ratio:
    """Median time from the start to first value, newcomers still waiting counted in.

    Args:
        durations: Time from the start to first value, or until today for those still waiting; any unit.
        reached: Whether each has reached it.
    """
    from csmetrics_core.models import survival

    curve = survival.kaplan_meier(durations, reached)
    fix = "Wait until more have had the time, or take the share who got there: onboarding_rate."
    ratio = _median(curve, durations.size, "are still waiting", fix)
    nine_in_ten = survival.time_until(curve, 0.1)
    ratio.beside = {} if np.isnan(nine_in_ten) else {"nine in ten have it by": nine_in_ten}
    return ratio


@metric(
    title="Onboarding completion rate",
    category=Category.RETENTION,
    unit=FRACTION,
    bounds=(0, 1),
    better=Better.HIGHER,
    formula="completed ÷ started",
    convention="Both of the same newcomers, all of whom have had the time allowed.",
    native="IF({started}=0,{DIV0},IF({completed}>{started},{NUM},{completed}/{started}))",
    source="MetricKit and FromScratch, onboarding completion rate",
    example=Example(completed=260, started=400, result=0.65),
)
def onboarding_rate(completed: Annotated[Total, Count()], started: Annotated[Total, Count()]) -> Ratio:
    """Share of newcomers who completed onboarding, a fraction.

    Args:
        completed: Those of them who completed it.
        started: Newcomers who started.
    """
    return part_of(completed, started, "completed", "started", "Count only newcomers who started.")

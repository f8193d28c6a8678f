"""Tables of customers: gained and lost a period, and retention of cohorts."""

import datetime
from typing import Annotated

from csmetrics_core.declaration.catalog import metric
from csmetrics_core.declaration.kinds import Day, Id
from csmetrics_core.declaration.spec import COUNT, DATE, FRACTION, Aligned, Category, Column, Example
from csmetrics_core.maths.periods import Period, index_of, today
from csmetrics_core.reductions.spells import movements, turns
from csmetrics_core.reductions.triangles import cohort_counts, triangle
from csmetrics_core.results import Table

_NAN = float("nan")


def _day(month: int, day: int) -> datetime.date:
    return datetime.date(2026, month, day)


@metric(
    title="Customer movements",
    category=Category.RETENTION,
    columns=(
        Column("period", DATE, "first day of the period"),
        Column("opening", COUNT, "customers on the last day of the period before"),
        Column("new", COUNT, "customers on the last day who had never been one before the period"),
        Column("reactivation", COUNT, "customers on the last day who had left earlier"),
        Column("churned", COUNT, "of the opening customers, those no longer there on the last day"),
        Column("closing", COUNT, "customers on the last day"),
        Column("churn", FRACTION, "churned ÷ opening"),
        Column("retention", FRACTION, "1 − churn"),
    ),
    formula="closing = opening + new + reactivation − churned; churn = churned ÷ opening",
    convention=(
        "A customer is counted on the last day of each period, so whoever comes and goes between two such days is in "
        "neither column. Stays of one customer that overlap or touch are one. The last period is blank until the "
        "latest date in the data is its last day; dates after today have not happened yet."
    ),
    no_native="it gives a table",
    source="customers lost ÷ customers at the start: ChartMogul help centre, article 207340419 (standard churn)",
    example=Example(
        customers=["A", "B", "B", "C"],
        starts=[_day(1, 1), _day(1, 10), _day(3, 5), _day(2, 1)],
        ends=[None, _day(2, 10), None, _day(3, 31)],
        result={
            "period": ["2026-01-01", "2026-02-01", "2026-03-01"],
            "opening": [0, 2, 2],
            "new": [2, 1, 0],
            "reactivation": [0, 0, 1],
            "churned": [0.0, 1.0, 1.0],
            "closing": [2.0, 2.0, 2.0],
            "churn": [_NAN, 0.5, 0.5],
            "retention": [_NAN, 0.5, 0.5],
        },
    ),
)
def customer_movements(
    customers: Annotated[Aligned, Id()],
    starts: Annotated[Aligned, Day()],
    ends: Annotated[Aligned, Day(open_ended=True)],
    period: Period = "month",
) -> Table:
    """How the number of customers went from one period to the next.

    Args:
        customers: Who is a customer, one stay a row.
        starts: The first day of the stay.
        ends: The first day no longer a customer.
        period: The length of a period; a week starts on Monday, a sunday week on Sunday.
    """
    columns, notes = movements(turns(customers, starts, ends, period, today() + 1), period)
    return Table(dict(columns), notes)


@metric(
    title="Cohort retention",
    category=Category.RETENTION,
    columns=(
        Column("cohort", DATE, "first day of the period its customers were first seen in"),
        Column("size", COUNT, "customers first seen in that period"),
        Column("age_{n}", FRACTION, "share of them seen again n periods later"),
    ),
    formula="customers of the cohort seen n periods after their first ÷ customers of the cohort",
    convention="Seen in the period itself, not in or after it; ages not reached yet are blank, not 0.",
    no_native="it gives a table",
    dynamic="""
        LET(counted_as,LAMBDA(d,IF(period="day",INT(d),IF(RIGHT(period,4)="week",INT((d-IF(period="week",2,1))/7),
                INT((12*YEAR(d)+MONTH(d)-1)/IF(period="quarter",3,IF(period="year",12,1)))))),
            begins,LAMBDA(k,IF(period="day",k,IF(RIGHT(period,4)="week",7*k+IF(period="week",2,1),
                LET(m,k*IF(period="quarter",3,IF(period="year",12,1)), DATE(INT(m/12),m-12*INT(m/12)+1,1))))),
            who,UNIQUE(customers), owner,XMATCH(customers,who), when,counted_as(dates), last,MAX(when),
            since,MAP(SEQUENCE(ROWS(who)),LAMBDA(i,MIN(IF(owner=i,when,2^40)))),
            pairs,UNIQUE(HSTACK(owner,when)), born,INDEX(since,INDEX(pairs,,1)), seen,INDEX(pairs,,2),
            cohorts,SORT(UNIQUE(since)), ages,SEQUENCE(1,last-MIN(cohorts)+1,0),
            size,MAP(cohorts,LAMBDA(one,SUM(--(since=one)))),
            share,MAKEARRAY(ROWS(cohorts),COLUMNS(ages),LAMBDA(i,j,
                IF(INDEX(cohorts,i)+j-1>last,"",SUM((born=INDEX(cohorts,i))*(seen=INDEX(cohorts,i)+j-1))/INDEX(size,i)))),
            VSTACK(HSTACK("cohort","size","age_"&ages),HSTACK(begins(cohorts),size,share)))
    """,
    source="cohort analysis by period, as in Amplitude's and PostHog's retention (on-period)",
    example=Example(
        customers=["A", "B", "A", "C", "A"],
        dates=[_day(1, 5), _day(1, 9), _day(2, 3), _day(2, 8), _day(3, 1)],
        result={
            "cohort": ["2026-01-01", "2026-02-01"],
            "size": [2, 1],
            "age_0": [1.0, 1.0],
            "age_1": [0.5, 0.0],
            "age_2": [0.5, _NAN],
        },
    ),
)
def cohort_retention(
    customers: Annotated[Aligned, Id()], dates: Annotated[Aligned, Day()], period: Period = "month"
) -> Table:
    """Share of each cohort that is still active, period by period.

    Args:
        customers: Who was active, one activity a row.
        dates: The day of the activity.
        period: The length of a period; a week starts on Monday, a sunday week on Sunday.
    """
    return Table(dict(triangle(cohort_counts(customers.codes, index_of(dates, period)), period)))

"""Active users: a day's, in trailing windows, and how often they come back."""

import datetime
from typing import Annotated

import numpy as np

from csmetrics_core.declaration.catalog import metric
from csmetrics_core.declaration.kinds import Day, Id, Number
from csmetrics_core.declaration.spec import COUNT, DATE, FRACTION, Aligned, Better, Category, Column, Each, Example
from csmetrics_core.errors import NoData
from csmetrics_core.intake.prepared import Coded
from csmetrics_core.maths.periods import as_dates, day_text
from csmetrics_core.reductions.windows import blank_start, day_gaps, span_of, stickiness, users_in_window
from csmetrics_core.results import Ratio, Table

Users = Annotated[Aligned, Id()]
Dates = Annotated[Aligned, Day()]
OneDay = Annotated[Each, Day()]

_NO_NATIVE = "distinct users under a condition have no plain spreadsheet function before UNIQUE and FILTER"
_SOURCE = "users with at least one event in the trailing window, the day included: Cube, Mapp; PostHog for the ratio"
_JANUARY = [datetime.date(2026, 1, day) for day in (1, 1, 2, 4)]


def in_window(users: Coded, dates: np.ndarray, day: int, window: int) -> Ratio:
    """Distinct users in the window that ends on a day.

    Raises:
        NoData: the whole window lies outside the dates.
    """
    first, last = int(dates.min()), int(dates.max())
    if day < first or day - window >= last:
        problem = f"day is {day_text(day)}, but the dates run from {day_text(first)} to {day_text(last)}"
        raise NoData(problem, "Give a day inside them.", argument="day")
    notes = []
    if day - window + 1 < first:
        notes.append(f"the window of {window} days begins before the first date, {day_text(first)}")
    if day > last:
        notes.append(f"the window ends after the last date, {day_text(last)}")
    inside = (dates > day - window) & (dates <= day)
    return Ratio(int(np.unique(users.codes[inside]).size), n=int(np.count_nonzero(inside)), notes=tuple(notes))


@metric(
    title="Active users",
    category=Category.USAGE,
    columns=(
        Column("date", DATE, "every day from the first to the last"),
        Column("active", COUNT, "distinct users in the window that ends on that day"),
    ),
    formula="distinct users with at least one event in the last `window` days, the day itself included",
    convention="Blank until the window is full; the sum of the daily users is not the users of the month.",
    no_native="it gives a table",
    dynamic="""
        LET(moments,INT(dates), first,MIN(moments), span,SEQUENCE(MAX(moments)-first+1,1,first),
            seen,MAP(span,LAMBDA(d,IF(d-first<window-1,"",
                LET(inside,(moments>d-window)*(moments<=d), IF(SUM(inside)=0,0,ROWS(UNIQUE(FILTER(users,inside)))))))),
            table(HSTACK(span,seen)))
    """,
    source=_SOURCE,
    example=Example(
        users=["A", "B", "A", "C"],
        dates=_JANUARY,
        window=2,
        result={
            "date": ["2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04"],
            "active": [float("nan"), 2.0, 1.0, 1.0],
        },
    ),
)
def active_users(
    users: Users,
    dates: Dates,
    window: Annotated[Each, Number(1, 3660, whole=True, hint="Give a number of days, such as 30.")] = 1,
) -> Table:
    """Distinct users in a trailing window, day by day.

    Args:
        users: Who did something, one event a row.
        dates: The day of the event.
        window: Days in the window, the day itself being the last.
    """
    length = int(window)
    counts = day_gaps(users.codes, dates, length)
    active = users_in_window(counts, length)
    first, days = span_of(counts)
    return Table(
        {
            "date": as_dates(np.arange(first, first + days)),
            "active": blank_start(active, length - 1) if length > 1 else active,
        }
    )


@metric(
    title="Daily active users",
    category=Category.USAGE,
    unit=COUNT,
    bounds=(0, float("inf")),
    better=Better.HIGHER,
    formula="distinct users with at least one event on the day",
    no_native=_NO_NATIVE,
    dynamic="""
        LET(moments,INT(dates), last,INT(day), IF((last<MIN(moments))+(last-1>=MAX(moments)),{NA},
            LET(inside,(moments>last-1)*(moments<=last), IF(SUM(inside)=0,0,ROWS(UNIQUE(FILTER(users,inside)))))))
    """,
    source=_SOURCE,
    example=Example(users=["A", "B", "A", "C"], dates=_JANUARY, day=datetime.date(2026, 1, 1), result=2.0),
)
def dau(users: Users, dates: Dates, day: OneDay) -> Ratio:
    """Distinct users active on a day.

    Args:
        users: Who did something, one event a row.
        dates: The day of the event.
        day: The day wanted.
    """
    return in_window(users, dates, day, 1)


@metric(
    title="Weekly active users",
    category=Category.USAGE,
    unit=COUNT,
    bounds=(0, float("inf")),
    better=Better.HIGHER,
    formula="distinct users with at least one event in the 7 days that end on the day",
    no_native=_NO_NATIVE,
    dynamic="""
        LET(moments,INT(dates), last,INT(day), IF((last<MIN(moments))+(last-7>=MAX(moments)),{NA},
            LET(inside,(moments>last-7)*(moments<=last), IF(SUM(inside)=0,0,ROWS(UNIQUE(FILTER(users,inside)))))))
    """,
    source=_SOURCE,
    example=Example(users=["A", "B", "A", "C"], dates=_JANUARY, day=datetime.date(2026, 1, 4), result=3.0),
)
def wau(users: Users, dates: Dates, day: OneDay) -> Ratio:
    """Distinct users active in the 7 days that end on a day.

    Args:
        users: Who did something, one event a row.
        dates: The day of the event.
        day: The last day of the window.
    """
    return in_window(users, dates, day, 7)


@metric(
    title="Monthly active users",
    category=Category.USAGE,
    unit=COUNT,
    bounds=(0, float("inf")),
    better=Better.HIGHER,
    formula="distinct users with at least one event in the 30 days that end on the day",
    convention="30 trailing days, not the calendar month and not 28 days.",
    no_native=_NO_NATIVE,
    dynamic="""
        LET(moments,INT(dates), last,INT(day), IF((last<MIN(moments))+(last-30>=MAX(moments)),{NA},
            LET(inside,(moments>last-30)*(moments<=last), IF(SUM(inside)=0,0,ROWS(UNIQUE(FILTER(users,inside)))))))
    """,
    source=_SOURCE,
    example=Example(users=["A", "B", "A", "C"], dates=_JANUARY, day=datetime.date(2026, 1, 30), result=3.0),
)
def mau(users: Users, dates: Dates, day: OneDay) -> Ratio:
    """Distinct users active in the 30 days that end on a day.

    Args:
        users: Who did something, one event a row.
        dates: The day of the event.
        day: The last day of the window.
    """
    return in_window(users, dates, day, 30)


@metric(
    title="Stickiness by day",
    category=Category.USAGE,
    columns=(
        Column("date", DATE, "every day from the first to the last"),
        Column("dau", COUNT, "distinct users of the day"),
        Column("wau", COUNT, "distinct users of the 7 days that end on it"),
        Column("mau", COUNT, "distinct users of the 30 days that end on it"),
        Column("stickiness", FRACTION, "mean daily users of those 30 days ÷ mau"),
    ),
    formula="stickiness = mean(dau of the trailing 30 days) ÷ mau",
    convention="The mean over all 30 days, so weekends do not make it jump; blank until the window is full.",
    no_native="it gives a table",
    dynamic="""
        LET(moments,INT(dates), first,MIN(moments), span,SEQUENCE(MAX(moments)-first+1,1,first),
            seen,LAMBDA(d,w,IF(d-first<w-1,"",
                LET(inside,(moments>d-w)*(moments<=d), IF(SUM(inside)=0,0,ROWS(UNIQUE(FILTER(users,inside))))))),
            daily,MAP(span,LAMBDA(d,seen(d,1))), weekly,MAP(span,LAMBDA(d,seen(d,7))),
            monthly,MAP(span,LAMBDA(d,seen(d,30))),
            mean,MAP(span,LAMBDA(d,IF(d-first<29,"",SUM((span>d-30)*(span<=d)*daily)/30))),
            table(HSTACK(span,daily,weekly,monthly,IF(monthly="","",IF(monthly=0,0,mean/monthly)))))
    """,
    source=_SOURCE,
    example=Example(
        users=["A", "B", "A", "C"],
        dates=_JANUARY,
        result={
            "date": ["2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04"],
            "dau": [2, 1, 0, 1],
            "wau": [float("nan")] * 4,
            "mau": [float("nan")] * 4,
            "stickiness": [float("nan")] * 4,
        },
    ),
)
def stickiness_by_day(users: Users, dates: Dates) -> Table:
    """Daily, weekly and monthly users with their ratio, day by day.

    Args:
        users: Who did something, one event a row.
        dates: The day of the event.
    """
    counts = day_gaps(users.codes, dates, 30)
    first, days = span_of(counts)
    return Table(
        {
            "date": as_dates(np.arange(first, first + days)),
            "dau": users_in_window(counts, 1),
            "wau": blank_start(users_in_window(counts, 7), 6),
            "mau": blank_start(users_in_window(counts, 30), 29),
            "stickiness": stickiness(counts),
        }
    )

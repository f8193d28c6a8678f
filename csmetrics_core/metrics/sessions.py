"""Sessions: events of a user that follow each other without a long break."""

import datetime
from typing import Annotated

import numpy as np

from csmetrics_core.declaration.catalog import metric
from csmetrics_core.declaration.kinds import Id, Moment, Number
from csmetrics_core.declaration.spec import COUNT, MOMENT, SECONDS, TEXT, Aligned, Category, Column, Each, Example
from csmetrics_core.intake.prepared import Coded
from csmetrics_core.results import Table

_MINUTE = 60_000  # milliseconds


@metric(
    title="Sessions",
    category=Category.USAGE,
    columns=(
        Column("user", TEXT, "whose session"),
        Column("start", MOMENT, "its first event"),
        Column("end", MOMENT, "its last event"),
        Column("seconds", SECONDS, "from the first event to the last; 0 for a single event"),
        Column("events", COUNT, "events in it"),
    ),
    formula="a session ends where their next event comes after more than the timeout; seconds = last − first event",
    convention=(
        "A break of exactly the timeout is still the same session. Midnight does not split a session; "
        "sessions of one event last 0 seconds and are kept."
    ),
    no_native="it gives a table",
    dynamic="""
        LET(who,UNIQUE(users), owner,XMATCH(users,who), holder,SORTBY(owner,owner,1,timestamps,1),
            when,SORTBY(timestamps,owner,1,timestamps,1), size,ROWS(when),
            line,SEQUENCE(size), before,IF(line=1,1,line-1),
            fresh,IF(line=1,1,(holder<>INDEX(holder,before))+(ROUND(86400000*(when-INDEX(when,before)),0)>ROUND(60000*timeout_minutes,0))>0)*1,
            begins,FILTER(line,fresh=1), many,ROWS(begins),
            stops,IF(SEQUENCE(many)=many,size,INDEX(begins,IF(SEQUENCE(many)=many,many,SEQUENCE(many)+1))-1),
            table(HSTACK(INDEX(who,INDEX(holder,begins)),INDEX(when,begins),INDEX(when,stops),
                ROUND(86400000*(INDEX(when,stops)-INDEX(when,begins)),0)/1000,stops-begins+1)))
    """,
    source="30 minutes of inactivity: Google Analytics, PostHog; last hit − first hit: Universal Analytics",
    example=Example(
        users=["A", "A", "B", "A"],
        timestamps=[datetime.datetime(2026, 1, 1, hour, minute) for hour, minute in ((9, 0), (9, 30), (9, 5), (10, 1))],
        result={
            "user": ["A", "A", "B"],
            "start": ["2026-01-01 09:00:00", "2026-01-01 10:01:00", "2026-01-01 09:05:00"],
            "end": ["2026-01-01 09:30:00", "2026-01-01 10:01:00", "2026-01-01 09:05:00"],
            "seconds": [1800.0, 0.0, 0.0],
            "events": [2, 1, 1],
        },
    ),
)
def sessions(
    users: Annotated[Aligned, Id()],
    timestamps: Annotated[Aligned, Moment()],
    timeout_minutes: Annotated[Each, Number(0, 525_600, above=True, hint="Give minutes, such as 30.")] = 30,
) -> Table:
    """Sessions of each user with their length, sorted by user and start.

    Args:
        users: Who did something, one event a row.
        timestamps: When.
        timeout_minutes: The longest break within one session.
    """
    return Table(_sessions(users, timestamps, round(timeout_minutes * _MINUTE)))


def _sessions(users: Coded, moments: np.ndarray, timeout: int) -> dict[str, object]:
    order = np.lexsort((moments, users.codes))
    who, when = users.codes[order], moments[order]
    begins = np.flatnonzero(np.concatenate([[True], (who[1:] != who[:-1]) | (np.diff(when) > timeout)]))
    stops = np.append(begins[1:], who.size) - 1
    return {
        "user": [users.labels[code] for code in who[begins].tolist()],
        "start": when[begins].astype("datetime64[ms]"),
        "end": when[stops].astype("datetime64[ms]"),
        "seconds": (when[stops] - when[begins]) / 1000,
        "events": stops - begins + 1,
    }

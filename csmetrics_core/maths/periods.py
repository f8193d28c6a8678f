"""Calendar arithmetic on day numbers: int64 days since 1970-01-01, half-open periods."""

import re
from datetime import datetime, timezone
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Period = Literal["day", "week", "sunday week", "month", "quarter", "year"]
Days = NDArray[np.int64]

_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ISO = re.compile(r"(\d{4})[-/](\d{1,2})(?:[-/]\d{1,2})?(?:[ T]00:00:00.*)?")
_NAMED = re.compile(r"([A-Za-z]{3})[a-z]*[ -](\d{4})")
_MANY = 10_000
#: Days of the week before 1970-01-01, a Thursday: a week starts on Monday, as in ISO 8601, or on Sunday.
WEEKS = {"week": 3, "sunday week": 4}


def index_of(days: Days, period: Period) -> Days:
    """Number of the period each day falls in, counted from the one that holds 1970-01-01."""
    if period == "day":
        return days
    if period in WEEKS:
        return (days + WEEKS[period]) // 7
    if days.size > _MANY and (lowest := int(days.min())) + days.size > (highest := int(days.max())):
        return index_of(np.arange(lowest, highest + 1), period)[days - lowest]  # far fewer days than rows
    months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return months // _MONTHS[period]


def first_day(index: Days, period: Period) -> Days:
    """First day of each numbered period; `first_day(index + 1)` is the first day after it."""
    if period == "day":
        return index
    if period in WEEKS:
        return index * 7 - WEEKS[period]
    return (index * _MONTHS[period]).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)


def as_dates(days: Days) -> NDArray[np.datetime64]:
    """Day numbers as dates."""
    return days.astype("datetime64[D]")


def month_number(text: str) -> int | None:
    """Number of the month that text names, counted from January 1970: `2026-01`, `2026-01-31`, `Jan 2026`."""
    text = text.strip()
    if iso := _ISO.fullmatch(text):
        year, month = int(iso[1]), int(iso[2])
    elif (named := _NAMED.fullmatch(text)) and named[1].lower() in _MONTH_NAMES:
        year, month = int(named[2]), _MONTH_NAMES.index(named[1].lower()) + 1
    else:
        return None
    return (year - 1970) * 12 + month - 1 if 1 <= month <= 12 and year else None


def day_text(day: int) -> str:
    """One day number as 2026-01-31."""
    return str(np.datetime64(int(day), "D"))


def today() -> int:
    """Number of the day it is, in UTC."""
    return int(np.datetime64(datetime.now(timezone.utc).date(), "D").astype(np.int64))

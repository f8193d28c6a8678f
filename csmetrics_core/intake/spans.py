"""Which months count together: a span and the month it ends with, in the same words behind every door."""

import re
from typing import Any, Literal, get_args

import numpy as np

from csmetrics_core.errors import WrongCall, wrong_kind
from csmetrics_core.intake.conversions import CONVERT, DAY_MS, serial_to_milliseconds
from csmetrics_core.maths.periods import Days, day_text, first_day, index_of, month_number, today

Span = Literal["all", "month", "quarter", "trailing 12"]
#: Months in each span.
LENGTHS: dict[Span, int] = {"month": 1, "quarter": 3, "trailing 12": 12}
_QUARTER = re.compile(r"(\d{4})[ -]?Q([1-4])", re.IGNORECASE)


def span_text(span: Span, end: int) -> str:
    """A span that ends with a month: 2026-09, 2026 Q3, 12 months to 2026-09."""
    month = str(np.datetime64(end, "M"))
    if span == "quarter":
        return f"{month[:4]} Q{end % 12 // 3 + 1}" if end % 3 == 2 else f"3 months to {month}"
    return f"12 months to {month}" if span == "trailing 12" else month


def chosen_span(span: Any, end: Any) -> tuple[Span, int | None]:
    """A span as its word and the number of the month it ends with; None where the data are to tell that month.

    Raises:
        WrongCall: a month without a span.
        WrongKind: no such span, or no month.
    """
    words = get_args(Span)
    if span is not None and span not in words:
        raise wrong_kind("span", None, span, f"one of {', '.join(words)}")
    if span in (None, "all") and end is not None:
        lengths = ", ".join(map(repr, LENGTHS))
        raise WrongCall("end is given, and no span that ends with it", f"Give a span too: {lengths}.", argument="end")
    return span or "all", None if end is None else end_month(end)


def end_month(value: Any) -> int:
    """The last month of a span, counted from January 1970: 2026-09, a day of it, a Period, or what a list calls it.

    Raises:
        WrongKind: it names no month.
    """
    if isinstance(value, str):
        if quarter := _QUARTER.fullmatch(value.strip()):
            return (int(quarter[1]) - 1970) * 12 + int(quarter[2]) * 3 - 1
        number = month_number(value.rpartition(" to ")[2])
    elif isinstance(value, bool | int | float | np.number):
        number = None
    else:
        serial = CONVERT["month"](value)
        days = None if isinstance(serial, str) else serial_to_milliseconds(np.array([serial])) // DAY_MS
        number = None if days is None else int(index_of(days.astype(np.int64), "month")[0])
    if number is None:
        raise wrong_kind("end", None, value, "a month, such as '2026-09'")
    return number


def last_end(span: Span, last: int) -> int:
    """The month the latest span ends with, whose months the data reach: a quarter is one of the calendar."""
    return last + (2 - last) % 3 if span == "quarter" else last


def reach(days: Days) -> tuple[int, int]:
    """How far the days of some rows, each once and in order, reach: the last one, and how many may lie between two.

    Rows by month reach to its end. Other rows reach to a day if no more days lie between it and the last of them
    than lie between any two: a survey seldom ends on the last of the month.
    """
    if (days == first_day(index_of(days, "month"), "month")).all():
        return int(first_day(index_of(days[-1:], "month") + 1, "month")[0]) - 1, 0
    return int(days[-1]), int(np.diff(days).max(initial=0))


def is_over(reached: tuple[int, int], end: int) -> bool:
    """Whether rows reach to the last day of a month, and that day has come."""
    last, gap = reached
    day = int(first_day(np.array([end + 1]), "month")[0]) - 1
    return day <= last + gap and day <= today()


def unfinished_text(span: Span, end: int, last: int) -> str:
    """That a span goes on after the last day of the data."""
    return f"{span_text(span, end)} is unfinished: the last day of the data is {day_text(last)}"

"""The terms of contracts: how many months they run, and what the dates on which they end mean."""

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from csmetrics_core.errors import Named, OutOfScale, WrongKind, WrongShape, off_scale, show
from csmetrics_core.intake.cells import OPEN_ENDED
from csmetrics_core.maths.periods import first_day, index_of

Ints = NDArray[np.int64]
EndIs = Literal["auto", "first_unpaid", "last_day"]
#: Months in a billing interval, by the words people use.
INTERVALS = {
    "day": 12 / 365, "daily": 12 / 365, "week": 12 / 52, "weekly": 12 / 52, "month": 1, "monthly": 1,
    "quarter": 3, "quarterly": 3, "half-year": 6, "half-yearly": 6, "half year": 6, "half yearly": 6, "semi-annual": 6,
    "semi-annually": 6, "semiannual": 6, "semiannually": 6, "year": 12, "yearly": 12, "annual": 12, "annually": 12,
    "biennial": 24, "biennially": 24,
}  # fmt: skip
_EXACT = {word: Fraction(months).limit_denominator(365) for word, months in INTERVALS.items()}
_LATE = 3_000_000  # a day after all others, as far as calendars go
_ENOUGH = 3  # follow-on contracts that settle what an end means
_CLEAR = 0.8  # share of them that must agree


class EndReading(NamedTuple):
    """What the ends of contracts were read as, and why.

    Args:
        reading: "last_day": the last day paid for; "first_unpaid": the day after it; "mixed": ask.
        day_after, same_day: contracts of a customer and product that start the day after another one's end, and on it.
        whole_with, whole_without: terms that are whole months counting the day of the end, and not counting it; 0 where
            the follow-on contracts were enough.
    """

    reading: Literal["last_day", "first_unpaid", "mixed"]
    day_after: int
    same_day: int
    whole_with: int = 0
    whole_without: int = 0

    @property
    def note(self) -> str:
        """What the reader must know."""
        words = {"last_day": "the last day paid for", "first_unpaid": "the first day no longer paid"}
        read = f"ends are read as {words[self.reading]}" if self.reading in words else "ends could be read either way"
        seen = f"{read}: {self.day_after} follow-on contracts start the day after an end, {self.same_day} on it"
        if not (self.whole_with or self.whole_without):
            return seen
        return f"{seen}; {self.whole_with} terms are whole months with the day of the end, {self.whole_without} without"


def how_ends_are_meant(customers: Sequence[Any], products: Sequence[Any], starts: Ints, ends: Ints) -> EndReading:
    """Whether the ends of contracts are their last days or the first days no longer paid.

    Args:
        customers, products: whose contract each row is, and for what; the product may be None throughout.
        starts: days since 1970-01-01.
        ends: the same; OPEN_ENDED where there is none.

    Examples:
        >>> days = np.array(["2024-01-01", "2025-01-01", "2026-01-01"], "datetime64[D]").astype(int)
        >>> how_ends_are_meant(["A"] * 3, ["P"] * 3, days, np.append(days[1:], 20818) - 1).reading
        'last_day'

    Source: Salesforce's EndDate is the last day of a contract (help 000384288); billing periods end at an instant.
    """
    keys = list(zip(customers, products, starts.tolist(), strict=True))
    begun = Counter(keys)
    ended = [(c, p, end) for (c, p, _), end in zip(keys, ends.tolist(), strict=True) if end < OPEN_ENDED]
    day_after = sum(begun[c, p, end + 1] for c, p, end in ended)
    empty = int(np.count_nonzero(starts == ends))  # a contract does not follow itself
    same_day = sum(begun[who] for who in ended) - empty
    whole_with = whole_without = 0
    if day_after + same_day < _ENOUGH:
        there = (ends < OPEN_ENDED) & (ends > starts)
        begins, stops = starts[there], ends[there]
        whole_with = int(is_whole_months(begins, stops + 1).sum())
        whole_without = int(is_whole_months(begins, stops).sum())
    after, on = day_after + whole_with, same_day + whole_without
    share = after / (after + on) if after + on else 0.0
    reading: Any = "last_day" if share >= _CLEAR else "first_unpaid" if share <= 1 - _CLEAR + 1e-12 else "mixed"
    return EndReading(reading, day_after, same_day, whole_with, whole_without)


def first_unpaid_days(
    customers: Sequence[Any], products: Sequence[Any], starts: Ints, ends: Ints, end_is: EndIs
) -> tuple[Ints, str]:
    """The first day no longer paid of each contract, and what to tell the reader about how ends were read.

    Raises:
        OutOfScale: `end_is` is no known word.
        WrongShape: the ends could be meant either way.
    """
    if end_is not in get_args(EndIs):
        raise off_scale("end_is", None, end_is, f"one of {', '.join(get_args(EndIs))}", "Say what the ends mean.")
    note = ""
    if end_is == "auto":
        found = how_ends_are_meant(customers, products, starts, ends)
        if found.reading == "mixed":
            fix = 'Say end_is="last_day" if the end is still paid for, or end_is="first_unpaid" if it is not.'
            raise WrongShape(found.note, fix, argument="end_is").saying(
                Named('end_is="last_day"', "ends", "last-day"), Named('end_is="first_unpaid"', "ends", "first-unpaid")
            )
        end_is, note = found.reading, found.note if (ends < OPEN_ENDED).any() else ""
    return np.where(ends < OPEN_ENDED, ends + (end_is == "last_day"), ends), note


def is_whole_months(starts: Ints, ends: Ints) -> NDArray[np.bool_]:
    """Whether terms run for whole months, up to but not including their ends.

    They do if the end is the anniversary, held to the length of its month, or if both days are last days of a month.

    Source: Stripe, billing cycle: an anchor on the 31st bills on the last day of shorter months.
    """
    clamped = np.minimum(_in_month(starts), _length(ends) - 1) == _in_month(ends)
    both_last = (_in_month(starts) == _length(starts) - 1) & (_in_month(ends) == _length(ends) - 1)
    return np.asarray((clamped | both_last) & (ends > starts))


def months_between(starts: Ints, ends: Ints) -> NDArray[np.float64]:
    """How many months terms run: whole ones where they are, else days × 12/365."""
    whole = index_of(ends, "month") - index_of(starts, "month")
    return np.where(is_whole_months(starts, ends), whole, (ends - starts) * 12 / 365)


def _in_month(days: Ints) -> Ints:
    """How many days of its month are over before each day."""
    return days - first_day(index_of(days, "month"), "month")


def _length(days: Ints) -> Ints:
    """Days in the month of each day."""
    month = index_of(days, "month")
    return first_day(month + 1, "month") - first_day(month, "month")


def months_of(intervals: Sequence[Any], customers: Sequence[Any], starts: Ints, ends: Ints) -> list[Fraction]:
    """Months in each line's interval, exactly: a word, a number, or the term where the cell is blank.

    Args:
        intervals: what the cells say; None where they are blank.
        customers: whose line it is, for messages.
        starts, ends: the term, up to but not including its end.
    """
    whole = is_whole_months(starts, np.minimum(ends, _LATE))
    months = []
    for row, given in enumerate(intervals):
        text = "" if given is None else str(given).strip()
        if not text:
            months.append(_term(customers[row], int(starts[row]), int(ends[row]), bool(whole[row])))
        elif isinstance(given, str) and not text.replace(".", "", 1).isdigit():
            if text.lower() not in INTERVALS:
                problem = f"interval is {show(given)}; expected months or one of {', '.join(INTERVALS)}"
                raise WrongKind(problem, "Give the number of months.", argument="interval")
            months.append(_EXACT[text.lower()])
        else:
            months.append(_number_of_months(float(text)))
    return months


def _number_of_months(value: float) -> Fraction:
    if value <= 0:
        raise OutOfScale("interval is 0 or negative", "Give months, such as 12 for a year.", argument="interval")
    if not np.isfinite(value):
        raise OutOfScale("interval is endless", "Give months, such as 12 for a year.", argument="interval")
    return Fraction(repr(value))


def _term(customer: Any, start: int, end: int, whole: bool) -> Fraction:
    """How long a line runs that names no interval."""
    if end >= OPEN_ENDED:
        problem = f"a contract of customer {customer!r} has neither an interval nor an end"
        raise WrongShape(problem, "Give the interval, such as 12 for a year.", argument="interval")
    if end <= start:
        raise OutOfScale("interval is 0 or negative", "Give months, such as 12 for a year.", argument="interval")
    first, after = (int(m) for m in index_of(np.array([start, end]), "month"))
    return Fraction(after - first) if whole else Fraction((end - start) * 12, 365)

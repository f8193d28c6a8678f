"""One date or month as written -> its parts, without deciding what only the whole column can."""

from __future__ import annotations

import re
from typing import NamedTuple

from csmetrics_core.files.calendar_words import WEEKDAYS, month_number
from csmetrics_core.files.languages import folded

_NAME = r"(?P<name>[^\W\d_]{3,12})\.?"
_YEAR = r"(?P<year>\d{4})"
_SHORT = r"(?P<year>\d{4}|\d{2})"
_DAY = r"(?P<day>\d{1,2})"
_MONTH = r"(?P<month>\d{1,2})"
_TH = r"(?:st|nd|rd|th|er|º|\.)?"
_OF = r"(?:[-\s/.,]|of\b|de\b|del\b)*"
_DAYS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        rf"{_YEAR}\s?[-/._年\s]\s?{_MONTH}\s?[-/._月\s]\s?{_DAY}日?",
        r"(?P<a>\d{1,2})(?P<sign>\.\s|[-/.\s])(?P<b>\d{1,2})(?:\.\s|[-/.\s])(?P<year>\d{4}|\d{2})",
        rf"{_DAY}{_TH}{_OF}{_NAME}{_OF}'?{_SHORT}",
        rf"{_NAME}[-\s]*{_DAY}{_TH}(?:,\s*'?{_SHORT}|[-\s/]+(?P<full>\d{{4}}))",
        rf"{_YEAR}[-\s/.,]*{_NAME}[-\s/.]*{_DAY}",
        r"(?P<year>(?:19|20|21)\d\d)(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12]\d|3[01])",
    )
)
_ONLY_MONTHS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        rf"{_YEAR}\s?[-/._年\s]\s?{_MONTH}月?",
        rf"{_MONTH}\s?[-/._\s]\s?{_YEAR}",
        rf"{_YEAR}[-\s]?M{_MONTH}",
        rf"M{_MONTH}[-\s/]{_YEAR}",
        rf"{_NAME}[-\s/.,']*{_SHORT}",
        rf"{_YEAR}[-\s/.,]*{_NAME}",
        r"(?P<year>(?:19|20|21)\d\d)(?P<month>0[1-9]|1[0-2])",
    )
)
_TWO_NUMBERS = re.compile(r"(?P<a>\d{1,2})[-/.'](?P<b>\d{2})")
_CLOCK = re.compile(
    r"(?P<date>.*?\d.*?)(?:[T,]\s*|\s+(?:at\s+|um\s+)?)(?P<hour>\d{1,2})[:.h](?P<minute>\d{2})"
    r"(?:[:.](?P<second>\d{2})(?:[.,]\d+)?)?\s*(?P<half>[AaPp]\.?\s?[Mm]\.?|午前|午後)?\s*(?:Uhr)?"
    r"\s*(?P<zone>Z|[+-]\d{1,2}(?::?\d{2})?|(?:GMT|UTC)\s?[+-]\d{1,2}(?::?\d{2})?|[A-Za-z]{1,5})?"
)
# Unix and Java write the year after the time: Mar 03 10:00:00 UTC 2025.
_YEAR_LAST = re.compile(r"([^\W\d_]{3,9} \d{1,2}) (\d{1,2}:\d{2}:\d{2}(?: [A-Z]{3,5}| [+-]\d{4})?) (\d{4})")
_AFTER = re.compile(r"\s*(?:\([^)]*\)|\[[^\]]*\])$")
_BEFORE = re.compile(r"([^\W\d_]{2,12})(\.?,\s*|\.?\s+)(?=\S*\d|[^\W\d_]{3,12}\.?\s*\d)")
_OFFSET = re.compile(r"(?:GMT|UTC)?\s?([+-])(\d{1,2}):?(\d{2})?", re.IGNORECASE)


class Written(NamedTuple):
    """A date as it is written.

    Args:
        year: 0 where three numbers wait for an order.
        month, day: day is 0 in a month alone.
        numbers: three numbers that wait for an order, or the two of a month such as 01/25.
        sign: what stands between them.
        short: whether the year has two digits.
        seconds: since midnight; None where no time is written.
        zone: minutes ahead of UTC; None where no zone is written.
        letters: a zone by letters that stand for hours that differ by country.
    """

    year: int
    month: int
    day: int
    numbers: tuple[int, ...] = ()
    sign: str = ""
    short: bool = False
    seconds: int | None = None
    zone: int | None = None
    letters: str = ""


def written_date(text: str) -> Written | None:
    """The parts of a date, or of a month, as far as one cell tells; None where it is neither.

    Example:
        >>> written_date("3rd March 2025")
        Written(year=2025, month=3, day=3, numbers=(), sign='', short=False, seconds=None, zone=None, letters='')
    """
    text = _AFTER.sub("", text)
    before = _BEFORE.match(text)
    if before and (folded(before[1]) in WEEKDAYS or ("," in before[2] and month_number(before[1]) is None)):
        text = text[before.end() :]
    if year_last := _YEAR_LAST.fullmatch(text):
        day, clock_and_zone, year = year_last.groups()
        text = f"{day} {year} {clock_and_zone}"
    if (found := _day_or_month(text)) is not None:
        return found
    clock = _CLOCK.fullmatch(text)
    if clock is None or (day := _day(clock["date"].strip())) is None:
        return None
    return _timed(day, clock)


def _day_or_month(text: str) -> Written | None:
    if (found := _day(text)) is not None:
        return found
    for form in _ONLY_MONTHS:
        if match := form.fullmatch(text):
            return _named(match, 0)
    if match := _TWO_NUMBERS.fullmatch(text):
        return Written(0, 0, 0, (int(match["a"]), int(match["b"])), "/", short=True)
    return None


def _day(text: str) -> Written | None:
    for form in _DAYS:
        if not (match := form.fullmatch(text)):
            continue
        parts = match.groupdict()
        if "a" in parts:
            numbers = (int(parts["a"]), int(parts["b"]), int(parts["year"]))
            return Written(0, 0, 0, numbers, parts["sign"].strip() or " ", len(parts["year"]) == 2)
        return _named(match, int(parts["day"]))
    return None


def _named(match: re.Match[str], day: int) -> Written | None:
    parts = match.groupdict()
    month = month_number(parts["name"]) if "name" in parts else int(parts["month"])
    year = parts.get("full") or parts["year"]
    if month is None:
        return None
    return Written(full_year(int(year)) if len(year) == 2 else int(year), month, day, short=len(year) == 2)


def full_year(year: int) -> int:
    """A year of two digits in full, as POSIX has it: 69 is 2069, 70 is 1970."""
    return year + (2000 if year < 70 else 1900)


def _timed(day: Written, clock: re.Match[str]) -> Written | None:
    hour, minute, second = int(clock["hour"]), int(clock["minute"]), int(clock["second"] or 0)
    if half := clock["half"]:
        if not 1 <= hour <= 12 and not (half[0] in "午" and hour <= 12):
            return None
        hour = hour % 12 + (12 if half[0] in "pP" or half == "午後" else 0)
    if hour > 23 or minute > 59 or second > 60:
        return None
    zone, letters = _zone(clock["zone"] or "")
    return day._replace(seconds=hour * 3600 + minute * 60 + second, zone=zone, letters=letters)


def _zone(text: str) -> tuple[int | None, str]:
    """Minutes ahead of UTC, or the letters of a zone that does not say them."""
    if not text:
        return None, ""
    if text.upper() in ("Z", "UTC", "GMT"):
        return 0, ""
    if offset := _OFFSET.fullmatch(text):
        minutes = int(offset[2]) * 60 + int(offset[3] or 0)
        return (-minutes if offset[1] == "-" else minutes), ""
    return None, text.upper()

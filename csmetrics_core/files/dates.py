"""Dates as people write them: the order of day and month is decided by the whole column, or asked for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta, timezone
from typing import Any, Literal

import numpy as np
import pandas as pd

from csmetrics_core.files.columnar import Mask
from csmetrics_core.files.date_runs import FORMS, at_once
from csmetrics_core.files.distinct import (
    Distinct,
    Outcome,
    State,
    is_day,
    is_error,
    is_nothing,
    is_number,
    trimmed,
)
from csmetrics_core.files.languages import LANGUAGES, folded
from csmetrics_core.files.saying import Question, Remedy
from csmetrics_core.files.written import Written, full_year, written_date

Numbers = tuple[int, ...]
_EPOCH = datetime(1970, 1, 1)
_EXCEL_EPOCH = datetime(1899, 12, 30)
_SERIAL = (20_000, 80_000)  # 1954 to 2119, as spreadsheets count days
_SINCE_1970 = (10**8, 10**10)  # 1973 to 2286, in seconds; a thousand times as much in milliseconds
_COMES = (1901, 2069)  # systems write 9999-12-31, 2099-12-31, 0001-01-01 or 1900-01-00 for a day that is none
_NEAR = 15  # years that one column of a company's dates spans
_OPEN = frozenset(folded(word) for language in LANGUAGES for word in language.still)
_MEANS = {"dmy": "day first", "mdy": "month first", "ymd": "year first"}
Unit = Literal["moment", "day", "month", "epoch"]


def read_dates(column: Distinct, unit: Unit) -> Outcome:
    """Read the distinct cells of a column of moments, days or months, without a zone, those with an offset in UTC."""
    outcome = at_once(column)
    if outcome is None:
        outcome = Outcome(
            np.full(len(column), "NaT", "datetime64[us]"), np.full(len(column), State.UNREAD, np.int8), FORMS
        )
        _Reading(column, outcome, unit).read()
    if unit in ("day", "month"):
        outcome.values = outcome.values.astype(f"datetime64[{'D' if unit == 'day' else 'M'}]").astype("datetime64[us]")
    _leave_out_never(column, outcome)
    return outcome


class _Reading:
    """Cells of one column of dates on their way from text to moments."""

    def __init__(self, column: Distinct, outcome: Outcome, unit: Unit) -> None:
        self.column, self.outcome, self.unit = column, outcome, unit
        self.written: dict[int, Written] = {}
        self.typed: list[int] = []
        self.serials: list[int] = []
        self.counted: list[int] = []

    def read(self) -> None:
        for at, cell in enumerate(self.column.cells):
            self._sort(at, cell)
        self._since_1970()
        self._note_serials()
        if self.written:
            self._whole_months()
            self._in_order()
            self._zones()
            for at, parts in self.written.items():
                self._put(at, _moment(parts))

    def _sort(self, at: int, cell: Any) -> None:
        """One cell: a typed date at once, a number by its size, text by its form."""
        if is_day(cell):
            self.typed.append(at)
            self._put(at, _typed(cell, in_utc=self.unit in ("moment", "epoch")))
        elif is_number(cell) and float(cell).is_integer() and abs(float(cell)) < 1e15:
            self._digits(at, str(int(cell)))
        elif is_number(cell):
            self._serial(at, float(cell))
        elif isinstance(cell, str):
            text = trimmed(cell)
            if is_error(text):
                return
            if is_nothing(text) or folded(text) in _OPEN or not text.strip("0-/: ."):
                self.outcome.states[at] = State.BLANK
            elif text.replace(".", "", 1).isdecimal() and text.isascii() and text.count(".") < 2:
                self._digits(at, text)
            elif (parts := written_date(text)) is not None:
                self.written[at] = parts

    def _digits(self, at: int, digits: str) -> None:
        """Digits alone: 202501 a month, 20250131 a day, five of them a spreadsheet's serial, more since 1970."""
        number = float(digits)
        if "." not in digits and len(digits) in (6, 8) and (parts := written_date(digits)) is not None:
            self.written[at] = parts
        elif _SINCE_1970[0] <= number < _SINCE_1970[1] or _SINCE_1970[0] <= number / 1000 < _SINCE_1970[1]:
            self.counted.append(at)
        elif (parts := written_date(digits)) is not None and "." in digits and not _SERIAL[0] <= number <= _SERIAL[1]:
            self.written[at] = parts
        else:
            self._serial(at, number)

    def _serial(self, at: int, number: float) -> None:
        if _SERIAL[0] <= number <= _SERIAL[1]:
            self.serials.append(at)
            self._put(at, _EXCEL_EPOCH + timedelta(seconds=round(number * 86_400)))

    def _put(self, at: int, moment: datetime | None) -> None:
        if moment is not None:
            self.outcome.values[at], self.outcome.states[at] = np.datetime64(moment, "us"), State.READ

    def _note_serials(self) -> None:
        if self.serials:
            note = self.column.note("plain numbers were read as spreadsheet dates", self._mask(self.serials))
            self.outcome.notes.append(note)

    def _since_1970(self) -> None:
        """Seconds or milliseconds since 1970, where a product documents them or the user says so."""
        if not self.counted:
            return
        if self.unit != "epoch" and self.column.about("dates") != "epoch":
            ways = (Remedy("dates", "epoch", "seconds or milliseconds since 1970"),)
            cells = self.column.quote(self.counted)
            self._ask("numbers stand where dates are expected", cells, ways)
            return
        for at in self.counted:
            number = float(self.column.cells[at])
            self._put(at, _EPOCH + timedelta(seconds=number if number < _SINCE_1970[1] else number / 1000))

    def _whole_months(self) -> None:
        """Months alone, in a column of days: fine where all are, else they are no days."""
        months = [at for at, parts in self.written.items() if not parts.day and len(parts.numbers) != 3]
        if not months or self.unit == "month":
            return
        if len(months) == len(self.written) and not self.typed and not self.serials:
            self.outcome.notes.append(self.column.note("months were read as their first day", self._mask(months)))
            return
        for at in months:
            del self.written[at]

    def _in_order(self) -> None:
        """Three numbers, or the two of a month, into year, month and day."""
        groups: dict[int, dict[int, Numbers]] = {3: {}, 2: {}}
        for at, parts in list(self.written.items()):
            if len(parts.numbers) == 3 and not any(_fits(order, parts.numbers) for order in _MEANS):
                del self.written[at]  # a day that no calendar has
            elif parts.numbers:
                groups[len(parts.numbers)][at] = parts.numbers
        for size, decide in ((3, self._order), (2, self._order_of_two)):
            order = decide(groups[size]) if groups[size] else None
            for at, numbers in groups[size].items():
                if order is None:
                    del self.written[at]
                else:
                    year, month, day = _placed(order, numbers)
                    self.written[at] = self.written[at]._replace(year=year, month=month, day=day)

    def _order(self, group: dict[int, Numbers]) -> str | None:
        """The order every cell agrees with; what the user said counts only where they show none or contradict."""
        said = self.column.about("dates")
        said = said if said in _MEANS else None
        orders = [order for order in self._candidates(group) if all(_fits(order, n) for n in group.values())]
        if len(orders) == 1:
            self.outcome.shows["dates"] = orders[0]
            return None if said is None and self._turned(group, orders[0]) else orders[0]
        if said is None and not orders:
            self._contradict(group)
        elif said is None:
            return self._undecided(group, orders)
        return said

    def _undecided(self, group: dict[int, Numbers], orders: list[str]) -> str | None:
        """No day of the column tells: the order does not matter, or the months tell, or it is asked about."""
        unlike = [at for at, numbers in group.items() if len({_placed(order, numbers) for order in orders}) > 1]
        if not unlike:
            return orders[0]
        if self.unit == "month" and (order := _by_ends(group, orders)) is not None:
            text = f"dates were read {_MEANS[order]}: so each is the first or last day of its month"
            self.outcome.notes.append(self.column.note(text))
            return order
        ways = tuple(Remedy("dates", order, _MEANS[order]) for order in orders)
        self._ask("dates can be read in two ways", self.column.quote(unlike), ways)
        return None

    def _candidates(self, group: dict[int, Numbers]) -> list[str]:
        """Orders that people use with such signs and years.

        No locale writes month.day.year with points, and few put a year of two digits first but with hyphens.
        """
        signs = {self.written[at].sign for at in group}
        orders = ["dmy"] if signs == {"."} else ["dmy", "mdy"]
        if not all(self.written[at].short for at in group):
            return orders
        if signs == {"-"}:
            return _near_years([*orders, "ymd"], list(group.values()))
        fit = any(all(_fits(order, numbers) for numbers in group.values()) for order in orders)
        return orders if fit else [*orders, "ymd"]

    def _turned(self, group: dict[int, Numbers], order: str) -> bool:
        """A spreadsheet of another country takes 03/04 for a date, turned round, and leaves 25/04 as text."""
        typed = [self.outcome.values[at].astype(object).day for at in self.typed]
        if not typed or max(typed) > 12 or min(_placed(order, numbers)[2] for numbers in group.values()) <= 12:
            return False
        cells = self.column.quote(self.typed) + self.column.quote(list(group))
        problem = "every real date has a day up to 12 and every date typed as text a later one, as if a spreadsheet "
        ways = (Remedy("dates", order, "the real dates are right as they stand"),)
        mend = "Import the original again with this column as text, or say that the dates are right."
        self._ask(problem + "had turned day and month round", cells, ways, mend)
        self.outcome.states[self.typed] = State.UNREAD
        self.outcome.values[self.typed] = np.datetime64("NaT")
        return True

    def _contradict(self, group: dict[int, Numbers]) -> None:
        """Both cells are named: one that only fits day first, and one that only fits month first."""
        day_first = [at for at, numbers in group.items() if not _fits("mdy", numbers)]
        month_first = [at for at, numbers in group.items() if not _fits("dmy", numbers)]
        cells = self.column.quote(day_first) + self.column.quote(month_first)
        self._ask("dates are written in two orders", cells, (), "Bring the column into one order.")

    def _order_of_two(self, group: dict[int, Numbers]) -> str | None:
        """01/25 is January 2025, 25/01 as well, 01/02 is asked about."""
        if self.unit != "month":
            return None
        fits = [order for order, at in (("my", 0), ("ym", 1)) if all(1 <= n[at] <= 12 for n in group.values())]
        if len(fits) == 1:
            return fits[0]
        said = self.column.about("dates")
        if fits and said in _MEANS:
            return "ym" if said == "ymd" else "my"
        cells = self.column.quote(list(group))
        ways = (Remedy("dates", "dmy", "month before year"), Remedy("dates", "ymd", "year before month"))
        self._ask("months can be read in two ways", cells, ways if fits else ())
        return None

    def _zones(self) -> None:
        """Moments with an offset go to UTC, days stay as written; times without an offset, among such, are none."""
        timed = {at: parts for at, parts in self.written.items() if parts.seconds is not None}
        if self.unit in ("day", "month"):
            self.written |= {at: parts._replace(zone=None) for at, parts in timed.items()}
            return
        zoned = [at for at, parts in timed.items() if parts.zone is not None]
        letters = [at for at, parts in timed.items() if parts.letters]
        if zoned and len(zoned) < len(timed):
            self.outcome.expected = "a date with a zone, like the others of the column"
            for at in set(timed) - set(zoned):
                del self.written[at]
        elif letters:
            text = "times stay in the zone they name"
            self.outcome.notes.append(self.column.note(text, self._mask(letters)))
        if away := [at for at in zoned if timed[at].zone]:
            self.outcome.notes.append(self.column.note("times were taken to UTC", self._mask(away)))

    def _mask(self, chosen: Sequence[int]) -> Mask:
        mask = np.zeros(len(self.column), dtype=bool)
        mask[list(chosen)] = True
        return mask

    def _ask(self, problem: str, cells: Any, ways: tuple[Remedy, ...], mend: str = "") -> None:
        self.outcome.questions.append(Question(self.column.place, problem, cells, ways, mend))


def _placed(order: str, numbers: Numbers) -> tuple[int, int, int]:
    """Year, month and day of numbers in this order; day 0 where there are two."""
    named = dict(zip(order, numbers, strict=True))
    year = named["y"]
    return year if year > 99 else full_year(year), named["m"], named.get("d", 0)


def _fits(order: str, numbers: Numbers) -> bool:
    """Whether numbers are a day in this order."""
    return _moment(Written(*_placed(order, numbers))) is not None


def _near_years(orders: list[str], numbers: list[Numbers]) -> list[str]:
    """Orders without those by which years of two digits would reach over decades, where others stay near."""
    spans = {order: [_placed(order, each)[0] for each in numbers] for order in orders}
    near = [order for order in orders if max(spans[order]) - min(spans[order]) <= _NEAR]
    return near or orders


def _by_ends(group: dict[int, Numbers], orders: list[str]) -> str | None:
    """Of a column of months, the order by which every date is the first or the last day of its month."""

    def is_end(order: str, numbers: Numbers) -> bool:
        moment = _moment(Written(*_placed(order, numbers)))
        return moment is not None and 1 in (moment.day, (moment + timedelta(days=1)).day)

    if len(set(group.values())) < 2:
        return None
    fits = [order for order in orders if all(is_end(order, numbers) for numbers in group.values())]
    return fits[0] if len(fits) == 1 else None


def _typed(cell: Any, in_utc: bool) -> datetime | None:
    """A date of any library as a moment without a zone: in UTC, or the day as its zone has it."""
    if isinstance(cell, np.datetime64):
        cell = cell.astype("datetime64[us]").astype(object)
    if isinstance(cell, pd.Timestamp):
        try:
            cell = cell.to_pydatetime(warn=False)
        except ValueError:  # a year calendars do not reach
            return None
    if isinstance(cell, datetime):
        return (cell.astimezone(timezone.utc) if in_utc and cell.tzinfo else cell).replace(tzinfo=None)
    return datetime(cell.year, cell.month, cell.day) if isinstance(cell, date) else None


def _moment(parts: Written) -> datetime | None:
    try:
        day = datetime(parts.year, parts.month, parts.day or 1)
        return day + timedelta(seconds=parts.seconds or 0, minutes=-(parts.zone or 0))
    except (ValueError, OverflowError):
        return None


def _leave_out_never(column: Distinct, outcome: Outcome) -> None:
    """Days that are none: 9999-12-31, 2099-12-31, 0001-01-01."""
    years = outcome.values.astype("datetime64[Y]").astype(np.int64) + 1970
    never = (outcome.states == State.READ) & ((years < _COMES[0]) | (years > _COMES[1]))
    if never.any():
        outcome.states[never], outcome.values[never] = State.BLANK, np.datetime64("NaT")
        outcome.notes.append(column.note("days that never come were read as none", never))

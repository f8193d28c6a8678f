"""Columns that say which group or period a row belongs to -> codes with their names, once for all rows."""

import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import date
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from csmetrics_core.errors import CELL_ERRORS, ErrorInCell, NoData, WrongKind
from csmetrics_core.intake.conversions import not_a_number, number_text
from csmetrics_core.intake.flattening import every_row
from csmetrics_core.intake.identifiers import factorized, factorizes_itself
from csmetrics_core.maths.periods import month_number

BLANK = "(blank)"
_QUARTER = re.compile(r"(?P<year>\d{4})\W*Q(?P<quarter>[1-4])|Q(?P<first>[1-4])\W*(?P<of>\d{4})")


@dataclass(frozen=True)
class Labels:
    """A column of names, numbered in the order of the names.

    Args:
        codes: the number of each row's name.
        names: what each number stands for, blank cells as "(blank)".
        cells: one cell of each name, as it came.
    """

    codes: NDArray[np.int64]
    names: list[str]
    cells: list[Any]

    @property
    def blank(self) -> NDArray[np.bool_]:
        """Which rows have no name."""
        return np.asarray(self.codes == (self.names.index(BLANK) if BLANK in self.names else -1))


def labels_of(raw: Any, argument: str) -> Labels:
    """Number the distinct names of a column, numbers first and by size, then words.

    Raises:
        ErrorInCell: a cell holds a spreadsheet error.
    """
    flat = raw if factorizes_itself(raw) else every_row(raw, argument)
    if isinstance(flat, np.ndarray) and flat.dtype.kind == "M":
        flat = flat.astype("datetime64[us]")  # to days and times as Python has them
    try:
        codes, found = factorized(flat)
    except TypeError:
        codes, found = factorized([value if isinstance(value, Hashable) else str(value) for value in flat])
    found = [*found, None]  # where a factorizer says -1
    names = [label(value, argument, codes, code) for code, value in enumerate(found)]
    seen = np.bincount(np.where(codes < 0, len(found) - 1, codes), minlength=len(found)) > 0
    order = sorted({name for name, there in zip(names, seen.tolist(), strict=True) if there}, key=place_of)
    number = {name: position for position, name in enumerate(order)}
    cells: list[Any] = [None] * len(order)
    for name, value in zip(reversed(names), reversed(found), strict=True):
        if name in number:
            cells[number[name]] = value
    return Labels(np.array([number.get(name, -1) for name in names], dtype=np.int64)[codes], order, cells)


def is_blank(value: Any) -> bool:
    """Whether a cell holds nothing."""
    reason = not_a_number(value)
    return reason == "blank" or (reason is None and value != value)


def label(value: Any, argument: str, codes: NDArray[np.int64], code: int) -> str:
    """What a group is called; a day without its midnight."""
    if (reason := not_a_number(value)) in CELL_ERRORS:
        raise ErrorInCell(str(reason), argument, int(np.flatnonzero(codes == code)[0]))
    if is_blank(value):
        return BLANK
    return number_text(value) if isinstance(value, Real) else str(value).removesuffix(" 00:00:00")


def place_of(name: str) -> tuple[bool, float, str]:
    """Numbers first and by size, then words."""
    number = float(name) if name.removeprefix("-").replace(".", "", 1).isdecimal() else float("nan")
    return (False, number, name) if number == number else (True, 0.0, name)


def used_rows(columns: Sequence[Any]) -> int:
    """How many rows there are up to the last that holds something: a whole column ends in blank ones."""
    rows = range(len(columns[0]), 0, -1)
    return next((row for row in rows if not all(is_blank(column[row - 1]) for column in columns)), 0)


def two_periods(periods: Labels, before: Any, after: Any) -> tuple[NDArray[np.int8], tuple[str, str]]:
    """Which rows belong to the earlier period (0), the later (1) or neither (-1), and what the two are called.

    Args:
        periods: the period of each row.
        before, after: the two to compare; a month such as 2026-08 takes all days in it. Both left out, there must be
            exactly two numbers, days, months or quarters, and the smaller is before.

    Raises:
        WrongKind: they are not two, or words without `before` and `after`.
        NoData: one that is named has no rows.
    """
    if is_blank(before) != is_blank(after):
        name = "before" if is_blank(before) else "after"
        raise WrongKind(f"{name} is missing", "Name both periods, or neither.", argument=name)
    if is_blank(before):
        keys, chosen = _the_only_two(periods)
    else:
        keys, chosen = periods.names, (_name(before), _name(after))
        if not set(chosen) <= set(keys):
            keys = [month_of(cell) or name for cell, name in zip(periods.cells, periods.names, strict=True)]
            chosen = tuple(month_of(value) or _name(value) for value in (before, after))  # type: ignore[assignment]
        if chosen[0] == chosen[1]:
            raise WrongKind(f"before and after are both {chosen[0]}", "Name two periods.", argument="after")
        for argument, name in zip(("before", "after"), chosen, strict=True):
            if name not in keys:
                raise NoData(f"periods has no rows of {name}", f"There are {_listed(keys)}.", argument=argument)
    side = np.array([chosen.index(key) if key in chosen else -1 for key in keys], dtype=np.int8)
    return side[periods.codes], chosen


def _the_only_two(periods: Labels) -> tuple[list[str], tuple[str, str]]:
    """The two days, numbers, months or quarters a column holds."""
    known = [(cell, name) for cell, name in zip(periods.cells, periods.names, strict=True) if name != BLANK]
    months = [month_of(cell) for cell, _ in known]
    keys = [name for _, name in known]
    quarters = {name: _quarter(name) for name in keys}
    are_numbers = all(isinstance(cell, Real) and not isinstance(cell, bool) for cell, _ in known)
    ordered = all(months) or are_numbers or all(quarters.values())
    if all(months) and len(set(keys)) != 2:
        keys = [month or "" for month in months]
    two = [key for _, key in sorted(set(zip(months, keys, strict=True)))] if all(months) else list(dict.fromkeys(keys))
    if all(quarters.values()) and not are_numbers:
        two.sort(key=lambda name: quarters[name])
    if len(two) != 2 or not ordered:
        problem = f"periods holds {_listed(two)}; expected exactly two dates, months, quarters or numbers"
        raise WrongKind(problem, "Say which to compare with before and after.", argument="periods")
    by_row = iter(keys)
    return [BLANK if name == BLANK else next(by_row) for name in periods.names], (two[0], two[1])


def month_of(cell: Any) -> str:
    """The month of a day, or of text that names one, as 2026-08; nothing for anything else."""
    if isinstance(cell, date):
        return f"{cell:%Y-%m}"
    is_text = isinstance(cell, str) or type(cell).__name__ == "Period"  # of pandas
    number = month_number(str(cell)) if is_text else None
    return "" if number is None else str(np.datetime64(number, "M"))


def _quarter(name: str) -> str:
    """The year and quarter text names, as 20263; nothing for anything else."""
    found = _QUARTER.fullmatch(name.strip().upper())
    return "" if found is None else f"{found['year'] or found['of']}{found['quarter'] or found['first']}"


def _name(value: Any) -> str:
    """A period as its rows are called."""
    while isinstance(value, list | tuple | np.ndarray) and len(value) == 1:
        value = value[0]
    if isinstance(value, np.datetime64):
        value = value.astype("datetime64[us]").item()
    return label(value, "period", np.zeros(1, dtype=np.int64), 0)


def _listed(names: Sequence[str], most: int = 6) -> str:
    few = list(dict.fromkeys(names))
    more = f" and {len(few) - most} more" if len(few) > most else ""
    return (", ".join(few[:most]) + more) or "nothing"

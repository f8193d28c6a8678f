"""Months whose year stands elsewhere: in a row above, in the name of the sheet or file, in a column beside them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import Any

from csmetrics_core.files.calendar_words import month_number
from csmetrics_core.files.grids import Grid, is_filled
from csmetrics_core.files.headings import plain
from csmetrics_core.files.table import Table

_YEAR = re.compile(r"(?<!\d)(19[5-9]\d|20\d\d)(?!\d)")
_LOOK = 20  # rows a title may take above the headings
_YEARS = frozenset(map(plain, ("year", "calendar year", "Jahr", "année", "año")))
_MONTHS = frozenset(map(plain, ("month", "month number", "month no", "Monat", "mois", "mes")))
_FEWEST = 2  # months, or a name such as May could be a person's


def with_years(grid: Grid) -> Grid:
    """A sheet whose headings Jan, Feb... are Jan 2026, Feb 2026, where something says which year they are of.

    Example:
        >>> rows = [[None, 2026, None], ["Customer", "Jan", "Feb"], ["A", 10, 12]]
        >>> with_years(Grid("mrr.csv", rows=rows)).rows[1]
        ['Customer', 'Jan 2026', 'Feb 2026']
    """
    for at, row in enumerate(grid.rows[:_LOOK]):
        months = {place: number for place, cell in enumerate(row) if (number := _month(cell))}
        if len(months) < _FEWEST:
            continue
        above = _years_above(grid.rows[at - 1], months) if at else {}
        years, note = (above, "") if len(above) == len(months) else _by_name(grid, list(months.values()), months)
        if len(years) != len(months):
            return grid
        told = [f"{cell} {years[place]}" if place in years else cell for place, cell in enumerate(row)]
        rows = [*grid.rows[:at], told, *grid.rows[at + 1 :]]
        if above and not note:
            beside = [None if place in above else cell for place, cell in enumerate(rows[at - 1])]
            told[:] = [cell if is_filled(cell) else up for cell, up in zip_longest(told, beside[: len(told)])]
            rows[at - 1] = [None if up in told else up for up in beside]  # the others' headings stand beside the years
        return replace(grid, rows=rows, notes=[*grid.notes, *filter(None, [note])])
    return grid


def _month(cell: Any) -> int | None:
    """The number of a month that stands alone, as Jan or September."""
    return month_number(cell.strip()) if isinstance(cell, str) and cell.strip().isalpha() else None


def _years_above(row: Sequence[Any], months: dict[int, int]) -> dict[int, int]:
    """The year above each month; one stands above the first of its months, or above all of them."""
    found: dict[int, int] = {}
    year = None
    for place in range(min(months), max(months) + 1):
        cell = row[place] if place < len(row) else None
        if is_filled(cell):
            said = _YEAR.findall(str(cell))
            year = int(said[0]) if len(set(said)) == 1 else None
        if place in months and year is not None:
            found[place] = year
    return found


def _by_name(grid: Grid, numbers: list[int], places: dict[int, int]) -> tuple[dict[int, int], str]:
    """The one year in the name of the sheet, else of the file, for months that follow each other within it."""
    for name in (grid.sheet, grid.file):
        said = set(_YEAR.findall(name))
        if len(said) == 1 and numbers == list(range(numbers[0], numbers[0] + len(numbers))):
            year = int(said.pop())
            return dict.fromkeys(places, year), f"The months are of {year}, which is in the name {name!r}."
    return {}, ""


def with_year_column(table: Table) -> Table:
    """A table with a column Year and a column Month of numbers or names, its months with their years.

    Example:
        >>> table = Table("mrr.csv", "", ("Year", "Month"), [[2026, 1], ["2026", "Feb"]], np.array([2, 3]))
        >>> [row[1] for row in with_year_column(table).rows]
        ['2026-01', '2026-02']
    """
    spelt = [plain(heading) for heading in table.headings]
    if sum(name in _YEARS for name in spelt) != 1 or sum(name in _MONTHS for name in spelt) != 1:
        return table
    year = next(at for at, name in enumerate(spelt) if name in _YEARS)
    month = next(at for at, name in enumerate(spelt) if name in _MONTHS)
    told = [_year_month(row, year, month) for row in table.rows]
    if not any(told) or any(one is None for one in told):
        return table
    rows = [[*row[:month], text or row[month], *row[month + 1 :]] for row, text in zip(table.rows, told, strict=True)]
    note = f"Months are of the columns {table.headings[year]!r} and {table.headings[month]!r}."
    return replace(table, rows=rows, notes=[*table.notes, note])


def _year_month(row: Sequence[Any], year: int, month: int) -> str | None:
    """A month as 2026-01; empty where both cells are, None where they are no month of a year."""
    cells = [str(row[at]).strip() if at < len(row) and is_filled(row[at]) else "" for at in (year, month)]
    if not any(cells):
        return ""
    told = [cell.removesuffix(".0") for cell in cells]
    number = int(told[1]) if told[1].isdecimal() and len(told[1]) < 3 else month_number(told[1]) or 0
    return f"{told[0]}-{number:02d}" if _YEAR.fullmatch(told[0]) and 1 <= number <= 12 else None

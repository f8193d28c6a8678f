"""Months across whose year stands elsewhere: in a row above them, or in the name of the sheet or file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from csmetrics_core.files.calendar_words import month_number
from csmetrics_core.files.grids import Grid, is_filled

_YEAR = re.compile(r"(?<!\d)(19[5-9]\d|20\d\d)(?!\d)")
_LOOK = 20  # rows a title may take above the headings
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
            rows[at - 1] = [None if place in above else cell for place, cell in enumerate(rows[at - 1])]
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

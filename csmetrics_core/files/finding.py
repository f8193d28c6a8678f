"""Tables found in sheets: titles above, several rows of headings, blank columns, remarks below, two tables in one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from csmetrics_core.files.bodies import (
    Places,
    Row,
    cells_of,
    filled_cells,
    filled_rows,
    heading_text,
    used_columns,
    without_remarks,
)
from csmetrics_core.files.budget import check_columns
from csmetrics_core.files.columnar import Mask
from csmetrics_core.files.distinct import is_nothing
from csmetrics_core.files.grids import Grid, is_filled
from csmetrics_core.files.table import Table
from csmetrics_core.files.years import with_years

#: How many of some headings are known: two a heading that is, one for a question or for months.
Knows = Callable[[Sequence[Any]], int]

_TITLE_ROWS = 20  # a title and remarks may take so many above the headings
_MORE_HEADINGS = 3  # below the first row of headings
_LOOK = 20  # rows that show what a column holds
_NUMBER = re.compile(r"[-+(]?\W{0,2}\d[\d.,:/\s'%-]*\D{0,3}")
_LABELLED = re.compile(r"\d{1,2}\s*[-–—=:.)]\s*\w")  # an answer before its label: 5 - Very satisfied
# What survey tools write below their headings instead of an answer.
_BELOW_HEADINGS = frozenset(("response", "open-ended response", "open-ended comment"))


def find_tables(grid: Grid, knows: Knows) -> list[Table]:
    """The tables of a sheet, text file or frame.

    Args:
        grid: its cells.
        knows: tells how many of some headings are known.

    Raises:
        UnreadableFile: a row of a text file does not have the cells of its headings.
    """
    if grid.tables:
        return [_excel(grid, at) for at in range(len(grid.tables))]
    grid = with_years(grid)
    filled = filled_rows(grid.rows)
    if grid.headed:
        below = _more_headings(grid, filled, 0, len(grid.rows))
        return _tables(grid, filled, 0, len(grid.rows), knows) if below else [_headed(grid)]
    found: list[Table] = []
    start, above = 0, 0
    while (top := _heading_row(grid, filled, start, knows)) is not None:
        end = _end_of_table(grid, filled, top, knows)
        titles = tuple(cell for row in grid.rows[above:top] for cell in row if isinstance(cell, str) and cell.strip())
        tables = _tables(grid, filled, top, end, knows)
        found += [replace(table, titles=titles) for table in tables]
        start = end
        above = end if any(len(table.rows) for table in tables) else above  # a table without rows is a title too
    return [table for table in found if table.headings]


def _headed(grid: Grid) -> Table:
    headings = tuple(map(heading_text, grid.rows[0]))
    rows = grid.rows[1:]
    numbers = np.arange(2, len(rows) + 2)
    raw, columns = tuple(grid.rows[0]), tuple(range(len(headings)))
    return Table(grid.file, grid.sheet, headings, rows, numbers, raw, name=grid.name, columns=columns)


def _excel(grid: Grid, at: int) -> Table:
    """An Excel table, which says itself where it stands."""
    inside = grid.tables[at]
    name = grid.name if len(grid.tables) == 1 else inside.name
    left, width = inside.column - grid.left, len(inside.headings)
    span = range(max(inside.row - grid.top, 0), min(inside.end - grid.top, len(grid.rows)))
    within, columns = np.array(span, dtype=np.int64), list(range(left, left + width))
    if span and columns == list(range(len(grid.rows[0]))):
        rows, numbers = cells_of(grid.rows, None, within[filled_rows(grid.rows[span.start : span.stop])])
    else:
        rows, numbers = cells_of(grid.rows, columns, within)
    table = Table(grid.file, grid.sheet, inside.headings, rows, numbers + grid.top + 1, inside.headings, name=name)
    table.notes += grid.notes
    table.columns = tuple(range(inside.column, inside.column + width))
    return table


def _heading_row(grid: Grid, filled: Mask, start: int, knows: Knows) -> int | None:
    """The row that holds headings: the one with most known words, else the first with most words at all."""
    rows = (start + np.flatnonzero(filled[start:])[:_TITLE_ROWS]).tolist()
    wide = max((filled_cells(grid.rows[at]) for at in rows), default=0)
    rows = [at for at in rows if filled_cells(grid.rows[at]) > 1 or wide == 1]
    if not rows:
        return None
    told = _without_answers(grid, rows)
    known = {at: knows(told[at]) if _may_be_headings(told[at]) else 0 for at in rows}
    words = {
        at: sum(isinstance(cell, str) and not _is_value(cell) for cell in told[at] if is_filled(cell)) for at in rows
    }
    best = max(rows, key=lambda at: (known[at], words[at], -at))
    return best if known[best] or words[best] or not start else None


def _without_answers(grid: Grid, rows: Sequence[int]) -> dict[int, Row]:
    """The rows without cells such as "5 - Very satisfied": where they stand below each other they are answers."""

    def is_answer(cell: Any) -> bool:
        return isinstance(cell, str) and bool(_LABELLED.match(cell.strip()))

    times = Counter(place for at in rows for place, cell in enumerate(grid.rows[at]) if is_answer(cell))
    return {
        at: [None if times[place] > 1 and is_answer(cell) else cell for place, cell in enumerate(grid.rows[at])]
        for at in rows
    }


def _is_value(cell: Any) -> bool:
    """Whether a cell holds a number or a date, as itself or written as text."""
    if isinstance(cell, str):
        return bool(_NUMBER.fullmatch(cell.strip()))
    return cell is not None and not isinstance(cell, bool)


def _is_word(cell: Any) -> bool:
    return isinstance(cell, str) and bool(cell.strip()) and not _is_value(cell)


def _may_be_headings(row: Row) -> bool:
    """Whether a row has words in it; months across are dates, and stand beside a word for the customer."""
    values = [cell for cell in row if is_filled(cell)]
    return any(map(_is_word, values)) and not any(isinstance(cell, bool) for cell in values)


def _end_of_table(grid: Grid, filled: Mask, top: int, knows: Knows) -> int:
    """Where another table begins: below a blank row, with headings of its own."""
    for at in (top + 2 + np.flatnonzero(filled[top + 2 :] & ~filled[top + 1 : -1])).tolist():
        if _begins_table(grid, filled, at, knows):
            return at
    return len(grid.rows)


def _begins_table(grid: Grid, filled: Mask, at: int, knows: Knows) -> bool:
    """Whether a row is a title with headings below it, or a row of headings."""
    for below in range(at, min(at + 4, len(grid.rows))):
        row = grid.rows[below]
        cells = [cell for cell in row if is_filled(cell)]
        if len(cells) > 1:
            is_words = not any(map(_is_value, cells)) or knows(row) >= 3
            follows = below + 1 < len(grid.rows) and bool(filled[below + 1])
            return is_words and knows(row) >= max(3, len(cells)) and follows
    return False


def _tables(grid: Grid, filled: Mask, top: int, end: int, knows: Knows) -> list[Table]:
    """The table below a row of headings, or several that stand side by side."""
    width = len(grid.rows[top])
    check_columns(grid.place, width)
    more = _more_headings(grid, filled, top, end)
    body = top + 1 + more + np.flatnonzero(filled[top + 1 + more : end])
    body, left_out = without_remarks(grid, filled, top, body)
    used = used_columns(grid, top, body, width)
    found = []
    for columns in _segments(grid.rows[top], used, knows):
        table = _table(grid, top, more, columns, body)
        table.left_out, table.notes = list(left_out), list(grid.notes)
        found.append(table)
    return found


def _more_headings(grid: Grid, filled: Mask, top: int, end: int) -> int:
    """How many rows of headings follow the first: what Qualtrics and SurveyMonkey put there, or units and questions."""
    below = [at for at in range(top + 1, min(top + 1 + _MORE_HEADINGS, end)) if filled[at]]
    for at in below:
        if any(isinstance(cell, str) and cell.lstrip().startswith('{"ImportId"') for cell in grid.rows[at]):
            return at - top
    more = 0
    for at in below:
        if at != top + 1 + more or not _is_heading_below(grid, at, end):
            break
        more += 1
    return more


def _is_heading_below(grid: Grid, at: int, end: int) -> bool:
    """Whether a row has words where all rows below it have numbers or dates."""
    row = grid.rows[at]
    cells = [cell for cell in row if is_filled(cell)]
    if any(map(_is_value, cells)) or any(isinstance(cell, str) and is_nothing(cell.strip()) for cell in cells):
        return False
    if any(isinstance(cell, str) and cell.strip().lower() in _BELOW_HEADINGS for cell in cells):
        return True
    below = grid.rows[at + 1 : min(at + 1 + _LOOK, end)]
    holds_values = [
        column
        for column in range(len(row))
        if (known := [cells[column] for cells in below if column < len(cells) and is_filled(cells[column])])
        and all(map(_is_value, known))
    ]
    return len(holds_values) > 1 and all(is_filled(row[column]) for column in holds_values)


def _segments(headings: Row, used: list[int], knows: Knows) -> list[list[int]]:
    """Columns of tables that stand side by side with a blank column between them, if each is known by itself."""
    parts: list[list[int]] = []
    for column in used:
        if parts and column == parts[-1][-1] + 1:
            parts[-1].append(column)
        else:
            parts.append([column])
    if len(parts) > 1 and all(knows([headings[column] for column in part]) >= 3 for part in parts):
        return parts
    return [used]


def _table(grid: Grid, top: int, more: int, columns: list[int], body: Places) -> Table:
    rows, at = cells_of(grid.rows, columns if columns != list(range(len(grid.rows[top]))) else None, body)
    raw = tuple(grid.rows[top][column] for column in columns)
    wordings = tuple(
        " ".join(heading_text(row[column]) for row in grid.rows[top + 1 : top + 1 + more] if column < len(row))
        for column in columns
    )
    return Table(
        grid.file, grid.sheet, tuple(map(heading_text, raw)), rows, at + grid.top + 1, raw, wordings,
        grid.name, grid.typed, columns=tuple(grid.left + column for column in columns),
    )  # fmt: skip

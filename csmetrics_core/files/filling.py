"""Names that stand once for the rows below them, as pivot tables and people write them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from csmetrics_core.files.columnar import Coded
from csmetrics_core.files.columns import Kind
from csmetrics_core.files.grids import is_filled
from csmetrics_core.files.table import Table

_DATES = ("day", "moment", "month")
_FEWEST = 2  # blanks: a single one may be a name that was forgotten


def filled_down(table: Table, found: Mapping[str, int], kinds: Mapping[str, Kind]) -> Table:
    """A table whose blank names are those above them, where each row of a name has a day or month of its own.

    Where two rows of a name would tell the same day one may be a sum, or of somebody forgotten: blanks stay, and are
    asked about.

    Args:
        table: as it was found.
        found: field -> its column.
        kinds: field -> what it holds.
    """
    who = found.get("customer")
    dates = [place for name, place in found.items() if kinds.get(name) in _DATES and name != "end"]
    if who is None or len(dates) != 1:
        return table
    named = _filled(table.coded(who))
    if named.all() or not named[0]:
        return table
    days = table.coded(dates[0])
    dated = _filled(days)
    below = ~named & dated
    runs = np.cumsum(named)
    rows = np.column_stack([runs, days.codes])[dated]
    many = np.bincount(rows[:, 0], minlength=runs[-1] + 1)
    if (
        below.sum() < _FEWEST
        or len(np.unique(rows, axis=0)) < len(rows)
        or 2 * (many > 1).sum() <= (named & dated).sum()
    ):
        return table
    names = table.column(who)
    cells = names.where(named).ffill().where(named | below, names)
    filled = [[*row[:who], cells[at], *row[who + 1 :]] for at, row in enumerate(table.rows)]
    text = f"{table.headings[who]!r}: a name that stands once is that of the rows below it ({int(below.sum()):,})."
    return replace(table, rows=filled, notes=[*table.notes, text])


def _filled(cells: Coded) -> NDArray[np.bool_]:
    """Which rows of a column hold anything."""
    known = np.array([*map(is_filled, cells.cells), False], dtype=bool)
    return np.asarray(known[cells.codes])

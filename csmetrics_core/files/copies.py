"""Rows told twice: the same export given twice counts once, other cells under one id are asked about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from csmetrics_core.files.columnar import Columns, Mask
from csmetrics_core.files.grids import UnreadableFile
from csmetrics_core.files.headings import plain
from csmetrics_core.files.report import ReadTable, TableReport, Wait
from csmetrics_core.files.saying import Cell, Place, Question, Remedy, Said
from csmetrics_core.files.table import Table

#: Standard table -> what tells its rows apart; the first must be there.
_KEYS = {
    "responses": ("response",),
    "tickets": ("ticket",),
    "contracts": ("subscription", "start", "kind"),
    "subscriptions": ("customer", "subscription", "month"),
    "customers": ("customer", "start"),
}
#: Of these a key stands for one row also within a file.
_ONE_ROW = ("responses", "tickets")
#: Tables in which equal rows are suspicious.
_NAMED = ("customers", "subscriptions", "responses", "contracts")
_ALIKE = 0.5  # share of other cells that are equal, below which one id means two things


@dataclass
class Settled:
    """Parts of one standard table of which no row counts twice.

    Args:
        parts: frames, with the rows that count.
        kept: of each part, which rows those are.
        notes: what the reader must know.
        waits: what must be answered first.
        refused: parts that contradict an earlier one.
    """

    parts: list[pd.DataFrame] = field(default_factory=list)
    kept: list[Mask] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    waits: list[Wait] = field(default_factory=list)
    refused: list[tuple[TableReport, UnreadableFile]] = field(default_factory=list)


class _Part:
    """One table with its rows as they are compared: all original cells, and the key if there is one."""

    def __init__(self, read: ReadTable) -> None:
        self.read = read
        self.place = read.report.place
        self._table: Table | None = read.raw if read.frame.index.is_unique else None
        self._names: list[str] = []
        if self._table is not None:
            headings = enumerate(self._table.headings)
            self._names = [plain(heading) or f"column {place}" for place, heading in headings]

    @cached_property
    def cells(self) -> pd.DataFrame:
        """All original cells as text; of a table made of others, the cells made."""
        return pd.DataFrame({name: self._column(name) for name in dict.fromkeys(self._known)})

    @cached_property
    def keys(self) -> list[tuple[str, ...]] | None:
        """What tells each row from the others, if anything does."""
        mapped = {column: plain(heading) for column, heading in self.read.report.mapped.items()}
        known = self._known
        spelt = [mapped.get(name, "") if self._names else name for name in _KEYS.get(self.read.table, ())]
        if not spelt or spelt[0] not in known:
            return None
        return list(zip(*(self._column(name) for name in spelt if name in known), strict=True))

    @cached_property
    def repeated(self) -> Mask:
        """Rows that repeat an earlier one in every original cell."""
        if self._table is None:
            return np.asarray(self.read.frame.duplicated())
        if isinstance(self._table.rows, Columns):
            kept = self.read.frame.index.to_numpy()
            return (self._table.rows if len(kept) == len(self._table.rows) else self._table.rows.take(kept)).repeated()
        seen: set[tuple[Any, ...]] = set()
        rows = [tuple(self._table.rows[at]) for at in self.read.frame.index.tolist()]
        repeated: Mask = np.zeros(len(rows), dtype=np.bool_)
        if len(set(rows)) == len(rows):
            return repeated
        for at, row in enumerate(rows):
            repeated[at] = row in seen
            seen.add(row)
        return repeated

    @property
    def _known(self) -> list[str]:
        return self._names or list(map(str, self.read.frame))

    def _column(self, name: str) -> pd.Series:
        if self._table is None:
            return self.read.frame[name].map(_as_text)
        cells = self._table.column(self._names.index(name))
        return cells.loc[self.read.frame.index].map(_as_text)


def settle_copies(parts: Sequence[ReadTable], said: Said) -> Settled:
    """Put several tables of one kind together so that no row counts twice."""
    settled = Settled()
    earlier: list[_Part] = []
    for read in parts:
        part = _Part(read)
        kept: Mask | None = _within(part, settled, said)
        for other in earlier:
            assert kept is not None
            if part.keys is not None and other.keys is not None:
                kept = _by_key(part, other, kept, settled, said)
            else:
                kept = _by_cells(part, other, kept, settled, said)
            if kept is None:
                break
        if kept is not None:
            earlier.append(part)
            settled.kept.append(kept)
            frame = _told_apart(part, settled)
            settled.parts.append(frame if kept.all() else frame[kept])
    return settled


def _as_text(cell: Any) -> str:
    return "" if cell is None or cell != cell else str(cell).strip()


def _within(part: _Part, settled: Settled, said: Said) -> Mask:
    """Rows of one table that count: one id stands for one answer or ticket."""
    count = len(part.read.frame)
    kept: Mask = np.ones(count, dtype=bool)
    if part.read.table not in _ONE_ROW or part.keys is None:
        _note_copies(part, settled)
        return kept
    named = np.array([any(key) for key in part.keys], dtype=bool)
    keys = pd.Series(part.keys)
    again = keys.duplicated().to_numpy() & named
    if not again.any():
        return kept
    same = part.repeated & again
    if same.any():
        settled.notes.append(f"{part.place}: {_rows(same)} told twice with the same id and cells; counted once.")
    other = again & ~same
    if other.any():
        _ask(part, other, f"{_rows(other)} told twice, under one id with other cells", settled, said)
    counted: Mask = kept & ~same & ~_dropped(other, said)
    return counted


def _note_copies(part: _Part, settled: Settled) -> None:
    """Rows whose every original cell is equal, where rows name somebody: they count."""
    if (
        part.read.table not in ("customers", "subscriptions", "responses", "contracts")
        or "customer" not in part.read.frame
    ):
        return
    if (again := part.repeated).any():
        words = "row is an exact copy of another" if again.sum() == 1 else "rows are exact copies of others"
        what = "it counts" if again.sum() == 1 else "they count"
        settled.notes.append(f"{part.place}: {int(again.sum()):,} {words}; {what}. Were they imported twice?")


def _by_key(part: _Part, other: _Part, kept: Mask, settled: Settled, said: Said) -> Mask | None:
    """Rows of a part that count beside those of an earlier one, where both have ids."""
    before = {key: row for row, key in enumerate(other.keys or ()) if any(key)}
    pairs = [(row, before[key]) for row, key in enumerate(part.keys or ()) if key in before]
    if not pairs:
        return kept
    rows, others = (np.array(side) for side in zip(*pairs, strict=True))
    columns = [column for column in part.cells if column in other.cells]
    mine, theirs = part.cells[columns].to_numpy()[rows], other.cells[columns].to_numpy()[others]
    equal = mine == theirs
    same, differs = np.zeros(len(kept), dtype=bool), np.zeros(len(kept), dtype=bool)
    same[rows[equal.all(axis=1)]] = True
    differs[rows[~equal.all(axis=1)]] = True
    if differs.any() and not same.any() and _restarts(part, equal):
        settled.notes.append(f"{part.place} and {other.place} number their rows alike; they are told apart by source.")
        return kept
    if differs.any() and part.read.report.product and said.copies is None:
        what = part.read.table
        problem = f"{part.place} tells about {int(differs.sum()):,} {what} otherwise than {other.place} does"
        settled.refused.append((part.read.report, UnreadableFile(problem, "Leave the older of the two exports out.")))
        return None
    if same.any():
        settled.notes.append(f"{part.place}: {int(same.sum()):,} rows are in {other.place} too; counted once.")
    if differs.any():
        _ask(part, differs, f"{_rows(differs)} in {other.place} too, with other cells", settled, said)
    return kept & ~same & ~_dropped(differs, said)


def _restarts(part: _Part, equal: Mask) -> bool:
    """Whether ids begin anew in each source: they are numbers, and what stands beside them differs."""
    keys = [key[0] for key in part.keys or ()]
    numbered = all(any(sign.isdigit() for sign in key) for key in keys if key)
    own = 1 if part.read.table in _ONE_ROW else len(_KEYS[part.read.table])
    free = max(equal.shape[1] - own, 1)
    alike = (equal.sum(axis=1) - own).clip(min=0) / free
    return numbered and float(alike.mean()) < _ALIKE


def _told_apart(part: _Part, settled: Settled) -> pd.DataFrame:
    """The frame of a part; customers that are numbered anew in each source get its name before theirs."""
    frame = part.read.frame
    restarted = any(note.startswith(f"{part.place} and ") and "told apart" in note for note in settled.notes)
    if not restarted or part.read.table in _ONE_ROW or "customer" not in frame:
        return frame
    names = frame["customer"].map(
        lambda name: name if name is None or name != name else f"{part.read.report.name} {name}"
    )
    return frame.assign(customer=names)


def _by_cells(part: _Part, other: _Part, kept: Mask, settled: Settled, said: Said) -> Mask:
    """Without ids, a table given twice counts once; one that shares some rows with another is asked about."""
    columns = [column for column in part.cells if column in other.cells]
    if len(columns) != part.cells.shape[1] or len(columns) != other.cells.shape[1]:
        return kept
    mine = list(part.cells[columns].itertuples(index=False, name=None))
    theirs = Counter(other.cells[columns].itertuples(index=False, name=None))
    if Counter(mine) == theirs:
        settled.notes.append(f"{part.place} holds the same rows as {other.place}; counted once.")
        return np.zeros(len(kept), dtype=bool)
    shared = np.zeros(len(kept), dtype=bool)
    for row, cells in enumerate(mine):
        if theirs.get(cells, 0):
            theirs[cells] -= 1
            shared[row] = True
    if shared.any():
        _ask(
            part,
            shared,
            f"{_rows(shared)} in {other.place} too, and nothing tells whether they are the same",
            settled,
            said,
        )
    return kept & ~_dropped(shared, said)


def _ask(part: _Part, rows: Mask, problem: str, settled: Settled, said: Said) -> None:
    """Ask whether rows count twice, unless the user said so."""
    if said.copies is not None:
        return
    table: Table | None = part.read.raw
    place = table.at("") if table is not None else Place(part.place)
    at = int(part.read.frame.index[int(rows.argmax())])
    cells: tuple[Cell, ...] = ()
    if table is not None:
        shown = ", ".join(cell for cell in part.cells.iloc[int(rows.argmax())].tolist() if cell)[:80]
        cells = (Cell(int(table.numbers[at]), shown),)
    remedies = (Remedy("copies", "drop", "they are the same and count once"), Remedy("copies", "keep", "each counts"))
    settled.waits.append(Wait.of_question("", Question(place, problem, cells, remedies)))


def _dropped(rows: Mask, said: Said) -> Mask:
    """Those of some rows that do not count, as the user said."""
    return rows if said.copies == "drop" else np.zeros_like(rows)


def _rows(rows: Mask) -> str:
    return "1 row is" if rows.sum() == 1 else f"{int(rows.sum()):,} rows are"

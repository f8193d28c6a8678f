"""Cells by column: each distinct cell is held once, and a row is made when somebody looks at it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from csmetrics_core.files.grids import is_filled

Mask = NDArray[np.bool_]
_FEW = 4  # rows above a table, whose cells are looked for one by one
_LARGEST = 2**62  # of a number that stands for a whole row


class Coded(NamedTuple):
    """A column by its distinct cells.

    Args:
        cells: as they came, in the order in which they first stand in the file.
        codes: which of them each row holds; -1 where it holds nothing.
    """

    cells: list[Any]
    codes: NDArray[np.integer]

    def where(self, test: Callable[[Any], bool]) -> Mask:
        """The rows whose cell passes a test, which no blank one does."""
        passed = np.array([*map(test, self.cells), False], dtype=bool)
        found: Mask = passed[self.codes] if passed.any() else np.zeros(len(self.codes), dtype=bool)
        return found

    def at(self, row: int) -> Any:
        """The cell of one row."""
        code = int(self.codes[row])
        return self.cells[code] if code >= 0 else None

    def take(self, rows: slice | NDArray[np.int64]) -> Coded:
        """Some rows, with the cells that stand in them."""
        codes = self.codes[rows]
        if isinstance(rows, slice) and rows.start and rows.stop == len(self.codes) and rows.start <= _FEW:
            gone = sorted(code for code in set(self.codes[: rows.start].tolist()) if not (codes == code).any())
            if gone == list(range(len(gone))):  # headings, which stand above and nowhere else
                return Coded(self.cells[len(gone) :], codes - len(gone) if gone else codes)
        used = np.zeros(len(self.cells) + 1, dtype=bool)
        used[codes] = True
        if used[:-1].all():
            return Coded(self.cells, codes)
        renumbered = np.append(np.cumsum(used[:-1]) - 1, -1).astype(codes.dtype)
        return Coded([self.cells[at] for at in np.flatnonzero(used[:-1]).tolist()], renumbered[codes])

    def series(self, make: Callable[[Any], Any] = lambda cell: cell, index: Any = None) -> pd.Series:
        """The cells of all rows, or what is made of each; None where a row holds nothing."""
        spread = np.empty(len(self.cells) + 1, dtype=object)
        spread[:-1] = [make(cell) for cell in self.cells]
        return pd.Series(spread[self.codes], index=index, dtype=object)

    def share(self, test: Callable[[Any], bool]) -> float:
        """Of the rows that hold anything, the share whose cell passes a test; 0 where none does."""
        filled = int(self.where(is_filled).sum())
        return int(self.where(lambda cell: is_filled(cell) and test(cell)).sum()) / filled if filled else 0.0


class Columns(Sequence[list[Any]]):
    """Rows of one width, held by column."""

    def __init__(self, columns: Sequence[Coded], count: int) -> None:
        self.columns, self._count = columns, count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, slice):
            return [self[row] for row in range(*at.indices(self._count))]
        if not -self._count <= at < self._count:
            raise IndexError(at)
        return [column.at(at) for column in self.columns]

    def take(self, rows: slice | NDArray[np.int64], columns: Sequence[int] | None = None) -> Columns:
        """Some rows of some columns."""
        chosen = self.columns if columns is None else [self.columns[place] for place in columns]
        taken = [column.take(rows) for column in chosen]
        return Columns(taken, len(taken[0].codes) if taken else 0)

    def filled(self) -> Mask:
        """The rows in which anything stands."""
        found = np.zeros(self._count, dtype=bool)
        for column in self.columns:
            if found.all():
                break
            found |= column.where(is_filled)
        return found

    def repeated(self) -> Mask:
        """The rows that repeat an earlier one in every cell."""
        key, size = np.zeros(self._count, dtype=np.int64), 1
        for column in self.columns:
            ways = len(column.cells) + 1
            if size * ways >= _LARGEST:
                key, known = pd.factorize(key)
                size = len(known)
            key = key * ways + column.codes + 1
            size *= ways
        ordered = np.sort(key)  # which costs less than looking for the rows, which most files do not have
        if not (ordered[1:] == ordered[:-1]).any():
            return np.zeros(self._count, dtype=bool)
        return pd.Series(key).duplicated().to_numpy()

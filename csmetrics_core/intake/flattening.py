"""The shapes hosts hand cells over in -> one flat list or array."""

from collections.abc import Iterable, Sequence
from itertools import chain
from math import prod
from typing import Any

import numpy as np

from csmetrics_core.errors import WrongKind

LONG = 1000  # cells; beyond it a look ahead at all of them no longer pays, and copying a column begins to cost
ROWS = (list, tuple)  # what hosts hand rows over in; naming it spares building the union on every call


def shape_of(raw: Any) -> tuple[int, ...] | None:
    """The shape a host's value has: None for a single value."""
    if isinstance(raw, str | bytes) or raw is None:
        return None
    if isinstance(raw, ROWS):
        if raw and isinstance(raw[0], ROWS):
            return len(raw), len(raw[0])
        return (len(raw),)
    if hasattr(raw, "shape"):
        return tuple(raw.shape) or None
    return (len(raw),) if hasattr(raw, "__len__") and not isinstance(raw, dict) else None


class OneColumn:
    """Rows of one cell each, as hosts hand a column over; reading them as they are spares a copy of a long one."""

    __slots__ = ("rows",)

    def __init__(self, rows: Sequence[Sequence[Any]]) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, position: int) -> Any:
        return self.rows[position][0]


def cells_of(raw: Any, argument: str) -> Any:
    """As `flatten`, but a long column stays in its rows; a later row may turn out to be of another length."""
    if isinstance(raw, ROWS) and len(raw) > LONG and isinstance(raw[0], ROWS) and len(raw[0]) == 1:
        rows = _without_blank_tail(raw)
        return OneColumn(rows) if len(rows) > LONG else flatten(rows, argument)
    return flatten(raw, argument)


def flatten(raw: Any, argument: str) -> Any:
    """Rows, a flat list, an array, a Series or one value -> a flat list, or a flat NumPy array of numbers or dates."""
    if isinstance(raw, ROWS):
        return _flat_list(raw, argument)
    if hasattr(raw, "to_numpy"):
        raw = _series_array(raw)
    if isinstance(raw, np.ndarray):
        flat = raw.ravel()
        return flat if flat.dtype.kind in "fiuMb" else flat.tolist()
    if isinstance(raw, dict | set):
        problem = f"{argument} is a {type(raw).__name__}, whose order is not its rows"
        raise WrongKind(problem, "Give a list, an array or a column.", argument=argument)
    if isinstance(raw, str | bytes) or not isinstance(raw, Iterable):
        return [raw]
    return list(raw)


def every_row(raw: Any, argument: str) -> Any:
    """Flat cells with the trailing blank ones put back, where positions must meet those of another range."""
    flat = flatten(raw, argument)
    short = prod(shape_of(raw) or (len(flat),)) - len(flat)
    return [*flat, *[None] * short] if short else flat


def _series_array(series: Any) -> np.ndarray:
    """A pandas or Polars column as an array; nullable numbers become floats with NaN."""
    dtype = getattr(series, "dtype", None)
    if getattr(dtype, "kind", "") in ("i", "u", "f") and hasattr(series, "isna"):
        return np.asarray(series.to_numpy(dtype=float, na_value=np.nan))
    if getattr(dtype, "tz", None) is not None:
        return np.asarray(series.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy())
    if type(series).__module__.startswith("pyarrow"):
        return np.asarray(series.to_pandas().to_numpy())
    if dtype is not None and hasattr(dtype, "is_nested") and dtype.is_nested():
        # Polars would spread the parts of a cell over columns.
        cells = np.empty(len(series), object)
        for place, cell in enumerate(series.to_list()):
            cells[place] = cell
        return cells
    return np.asarray(series.to_numpy())


def _flat_list(raw: Sequence[Any], argument: str) -> Sequence[Any]:
    raw = _without_blank_tail(raw)
    if not raw or not isinstance(raw[0], ROWS):
        return raw
    if len(raw[0]) == 1:
        try:
            return [value for (value,) in raw]
        except (TypeError, ValueError):
            pass
    if not all(isinstance(row, ROWS) for row in raw):
        problem = f"{argument} mixes rows and single values"
        raise WrongKind(problem, "Give one list of values, or one list of rows.", argument=argument)
    return list(chain.from_iterable(raw))


def _is_blank_row(row: Any) -> bool:
    """Whether a row, or a single cell, holds nothing."""
    if type(row) is list or type(row) is tuple:
        return all(map(_is_blank_row, row))
    return row is None or (type(row) is str and not row)


def _without_blank_tail(rows: Sequence[Any]) -> Sequence[Any]:
    """Cut trailing blank rows, comparing ever larger stretches at once: a whole column costs little."""
    end, step = len(rows), 1
    while end:
        tail = rows[end - 1]
        if not _is_blank_row(tail):
            break
        stretch = min(step, end)
        if list(rows[end - stretch : end]) == [tail] * stretch:
            end, step = end - stretch, step * 2
        else:
            step = 1 if stretch == 1 else stretch // 2
    return rows if end == len(rows) else rows[:end]

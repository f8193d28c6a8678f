"""Small tools for building tables column by column, and one random stream a subject."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Table = dict[str, Array]


def stream(seed: int, subject: str) -> np.random.RandomState:
    """Return the random stream of one subject, so that a change to one table leaves the others alone.

    RandomState, not Generator: only its stream is frozen across NumPy versions, and the workbooks
    built from this data are compared byte for byte.
    """
    return np.random.RandomState([seed, zlib.crc32(subject.encode())])


def span(count: Array | int, unit: str = "D") -> Array:
    """Return so many days, or months, as what dates are moved by: NumPy adds no bare integers to them."""
    return np.asarray(count).astype(f"timedelta64[{unit}]")


def text(*words: str | None) -> Array:
    """Return words as an array that other arrays can index."""
    return np.array(words, dtype=object)


def repeat(value: str, like: Array) -> Array:
    """Return one word in as many rows as another column has."""
    return np.full(like.size, value, dtype=object)


def or_blank(known: Array, column: Array) -> Array:
    """Return the values where they are known, and None elsewhere."""
    return np.where(known, column, np.array(None, dtype=object))


def money(cents: Array) -> Array:
    """Return cents as currency."""
    return np.asarray(cents / 100)


def whole(cents: Array) -> Array:
    """Return cents rounded to whole currency."""
    return np.asarray(np.round(cents / 100) * 100).astype(np.int64)


def pick(rows: Array, table: Table) -> Table:
    """Return the given rows of every column."""
    return {name: column[rows] for name, column in table.items()}


def sort_rows(table: Table, *by: str) -> Table:
    """Return the table in the order of these columns, the first counting most."""
    return pick(np.lexsort([table[name] for name in reversed(by)]), table)


def together(*parts: Table) -> Table:
    """Return the rows of tables that have the same columns as one table."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

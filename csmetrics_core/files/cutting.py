"""Large text files cut into columns at once, where a look at the bytes says that any program cuts them alike."""

from __future__ import annotations

import csv
import io
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pandas as pd

from csmetrics_core.files.budget import LONGEST_CELL, MOST_CELLS
from csmetrics_core.files.columnar import Coded, Columns
from csmetrics_core.files.csv_text import as_written

#: Smaller files are cut cell by cell before the programs below have started.
FEWEST_BYTES = 2**18
_DELIMITERS = ",;\t|"
_QUOTE = ord('"')
_FIRST = 2**16  # bytes in which the first row ends


def cut_at_once(text: str, delimiter: str) -> Columns | None:
    """The cells of a text by column; None where it is small, or must be looked at row by row.

    That is what has rows of several lengths, quotation marks within cells, line ends of old Macs or too much of
    anything; a strict reader says what is wrong with it, or that nothing is.

    Example:
        >>> cut_at_once("Score;Date\\n9;2026-08-31\\n" * 20_000, ";")[1]
        ['9', '2026-08-31']
    """
    if len(text) < FEWEST_BYTES or delimiter not in _DELIMITERS:
        return None
    data = text.encode()
    if data.endswith((b"\n\n", b"\n\r\n")):
        data = data.rstrip(b"\r\n")  # blank rows at the end are none
    if b"\r" in data and data.count(b"\r") != data.count(b"\r\n"):
        return None
    if b'"' in data and not _quotes_whole_cells(data, delimiter):
        return None
    columns = _with_arrow(data, delimiter)
    if columns is None or any(max(map(len, column.cells), default=0) > LONGEST_CELL for column in columns):
        return None
    count = len(columns[0].codes)
    if count * len(columns) > MOST_CELLS:
        return None
    return Columns([_unmarked(column) for column in columns] if "'" in text else columns, count)


def _quotes_whole_cells(data: bytes, delimiter: str) -> bool:
    """Whether every quotation mark opens or closes a cell, or is one of two within such a cell."""
    signs = np.frombuffer(data, np.uint8)
    quotes = np.flatnonzero(signs == _QUOTE)
    if len(quotes) % 2:
        return False
    beside = np.zeros(256, dtype=bool)
    beside[[ord(delimiter), ord("\n"), ord("\r"), _QUOTE]] = True
    before, after = quotes[::2] - 1, quotes[1::2] + 1
    return bool(beside[signs[before[before >= 0]]].all() and beside[signs[after[after < len(signs)]]].all())


def _width(data: bytes, delimiter: str) -> int:
    head = io.StringIO(data[:_FIRST].decode("utf-8", "ignore"), newline="")
    return len(next(csv.reader(head, delimiter=delimiter), []))


def _with_arrow(data: bytes, delimiter: str) -> list[Coded] | None:
    """The columns by PyArrow, where it is installed, else by pandas, which takes twice the time."""
    try:
        import pyarrow as pa
        from pyarrow import csv as arrow
    except ImportError:
        return _with_pandas(data, delimiter)
    kinds = {f"f{place}": pa.string() for place in range(_width(data, delimiter))}
    try:
        table = arrow.read_csv(
            pa.BufferReader(data),
            arrow.ReadOptions(autogenerate_column_names=True),
            arrow.ParseOptions(delimiter=delimiter, newlines_in_values=b'"' in data, ignore_empty_lines=False),
            arrow.ConvertOptions(column_types=kinds),
        )
    except pa.ArrowInvalid:  # rows of several lengths
        return None
    if set(table.column_names) != set(kinds):
        return None
    with ThreadPoolExecutor() as pool:
        return list(pool.map(_encoded, table.columns))


def _encoded(cells: Any) -> Coded:
    column = cells.combine_chunks().dictionary_encode()
    return Coded(column.dictionary.to_numpy(zero_copy_only=False).tolist(), column.indices.to_numpy())


def _with_pandas(data: bytes, delimiter: str) -> list[Coded] | None:
    """The columns by pandas; it fills short rows up, so the delimiters are counted."""
    width = _width(data, delimiter)
    words = delimiter.join("x" * width).encode() + b"\n"  # pandas makes numbers of categories that all look so
    try:
        frame = pd.read_csv(
            io.BytesIO(words + data), sep=delimiter, header=None, dtype="category", low_memory=False,
            na_filter=False, keep_default_na=False, skip_blank_lines=False, encoding="utf-8",
        )  # fmt: skip
    except pd.errors.ParserError:  # a row is longer than the first
        return None
    if frame.shape[1] != width or _delimiters(data, delimiter) != (len(frame) - 1) * (width - 1):
        return None
    return [_in_order(frame[place].array).take(slice(1, None)) for place in frame]


def _delimiters(data: bytes, delimiter: str) -> int:
    """How many delimiters stand outside quotation marks."""
    signs = np.frombuffer(data, np.uint8)
    found = signs == ord(delimiter)
    if b'"' in data:
        found &= ~np.logical_xor.accumulate(signs == _QUOTE)
    return int(np.count_nonzero(found))


def _in_order(column: Any) -> Coded:
    """Cells in the order they first stand in, not that of their letters."""
    codes = np.asarray(column.codes).astype(np.int32)
    first = np.empty(len(column.categories), dtype=np.int64)
    first[codes[::-1]] = np.arange(len(codes))[::-1]
    order = np.argsort(first)
    place = np.empty(len(order), dtype=np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    return Coded(column.categories.to_numpy(dtype=object)[order].tolist(), place[codes])


def _unmarked(column: Coded) -> Coded:
    """Cells without the sign before what looks like a formula; two that are the same without it become one."""
    known: dict[str, int] = {}
    codes = np.array([known.setdefault(as_written(cell), len(known)) for cell in column.cells], dtype=np.int32)
    return Coded(list(known), codes[column.codes]) if len(known) < len(codes) or list(known) != column.cells else column

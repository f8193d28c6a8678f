"""Frames and mappings of cells as grids: their columns keep the types they have."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import narwhals as nw
import pandas as pd

from csmetrics_core.errors import WrongShape
from csmetrics_core.files.grids import Grid, UnreadableFile


def is_frame(one: Any) -> bool:
    """Whether it is a frame, or a mapping of headings to cells."""
    if isinstance(one, Mapping):
        return bool(one) and all(_is_cells(cells) for cells in one.values())
    return nw.from_native(one, pass_through=True) is not one


def _is_cells(cells: Any) -> bool:
    return not isinstance(cells, str | bytes | Path | Mapping) and hasattr(cells, "__len__") and not _has_columns(cells)


def _has_columns(one: Any) -> bool:
    return hasattr(one, "columns")


def frame_grid(one: Any, file: str = "", sheet: str = "") -> Grid:
    """A frame as a grid, its headings the first row.

    Raises:
        WrongShape: the columns of a mapping differ in length.
    """
    frame = pandas_of(one, file or sheet)
    columns = [frame.iloc[:, place].astype(object).tolist() for place in range(frame.shape[1])]
    rows = [list(map(str, frame.columns)), *map(list, zip(*columns, strict=True))]
    return Grid(file, sheet, rows, headed=True)


def pandas_of(one: Any, name: str) -> pd.DataFrame:
    """Any frame, or mapping of cells, as pandas."""
    if isinstance(one, Mapping):
        lengths = {heading: len(cells) for heading, cells in one.items()}
        if len(set(lengths.values())) > 1:
            found = ", ".join(f"{heading} has {count:,}" for heading, count in list(lengths.items())[:4])
            raise WrongShape(f"the columns of {name} differ in length: {found}", "Give columns of one length.")
        return pd.DataFrame({heading: pd.Series(list(cells), dtype=object) for heading, cells in one.items()})
    frame = nw.from_native(one)
    if isinstance(frame, nw.LazyFrame):
        frame = frame.collect()
    native: pd.DataFrame = frame.to_pandas()
    return native


def read_parquet(name: str, content: Path | bytes) -> pd.DataFrame:
    """A Parquet file as a frame.

    Raises:
        UnreadableFile: it is none, or nothing here reads such files.
    """
    try:
        return pd.read_parquet(content if isinstance(content, Path) else io.BytesIO(content))
    except ImportError:
        fix = 'Install one with pip install "csmetrics[engines]", or save the table as CSV.'
        raise UnreadableFile(f"{name} needs a reader of Parquet files", fix) from None
    except Exception as error:  # a broken file may make its readers raise anything
        said = " ".join(str(error).split())[:120]
        raise UnreadableFile(f"{name} cannot be read as a Parquet file ({said})", "Write it again.") from None

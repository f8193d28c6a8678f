"""Any table of a file as a frame under its own headings, each column read as what most of its cells are."""

from __future__ import annotations

import re
from collections.abc import Container
from typing import Any

import pandas as pd

from csmetrics_core.errors import NoData
from csmetrics_core.files.answer_words import IN_WORDS
from csmetrics_core.files.columns import Column, Kind, read_column
from csmetrics_core.files.finding import find_tables
from csmetrics_core.files.formulas import MEND, pending_words
from csmetrics_core.files.grids import UnreadableFile, is_filled
from csmetrics_core.files.headings import find_heading
from csmetrics_core.files.opening import open_sources
from csmetrics_core.files.question_words import WORDINGS
from csmetrics_core.files.recognising import known_headings
from csmetrics_core.files.saying import Place, Said
from csmetrics_core.files.table import Table

_CODE = re.compile(r"0\d+|\d{16,}")  # 007 and long numbers name things


def plain_tables(source: Any, said: Said | None = None, but: Container[str] = ()) -> dict[str, pd.DataFrame]:
    """The tables of files, by sheet or file, without asking what they are of.

    Args:
        source: as `read_company` takes it.
        said: what the files cannot say about themselves.
        but: places, of a file or of a sheet in it, that are not wanted.

    Returns:
        Frames. A column most of whose cells are numbers or dates holds them as such, and the others as they stand; one
        that can be read in two ways stays as it stands.

    Raises:
        MetricError: a file cannot be read, or none holds a row.

    Example:
        >>> plain_tables({"answers.csv": b"Score;Who\\n9,5;007\\n8,0;7\\n"})["answers"]["Score"].tolist()
        [9.5, 8.0]
    """
    said = said or Said()
    opened = open_sources(source, said)
    for error in opened.refused.values():
        raise error
    tables: dict[str, pd.DataFrame] = {}
    for grid in opened.grids:
        if grid.place in but and len(grid.tables) < 2:
            continue
        if grid.pending:
            raise UnreadableFile(pending_words(grid.sheet, grid.pending), MEND)
        for table in find_tables(grid, known_headings):
            if table.rows:
                name = table.name if table.name not in tables else f"{table.file} {table.name}".strip()
                tables[name] = _frame(table, said)
    if not tables and not but:
        names = ", ".join(dict.fromkeys(grid.place for grid in opened.grids)) or "that"
        raise NoData(f"{names} holds no rows", "Choose a file with headings and rows.", argument="file")
    return tables


def _frame(table: Table, said: Said) -> pd.DataFrame:
    columns: dict[str, pd.Series] = {}
    in_words: dict[str, int] = {}
    for place, heading in enumerate(table.headings):
        name = heading or f"Column{place + 1}"
        while name in columns:
            name = f"{name}_{place + 1}"
        cells, at = table.column(place), table.at(heading)
        rated = _rating(cells, table.asks(place), at, said)
        columns[name] = plain_column(cells, at, said) if rated is None else rated.values
        if rated is not None:
            in_words[name] = int(rated.shows["top"])
    frame = pd.DataFrame(columns)
    if in_words:
        frame.attrs[IN_WORDS] = in_words
    return frame


def _rating(cells: pd.Series, asks: str, place: Place, said: Said) -> Column | None:
    """Answers in words under a heading that asks for a rating, as their numbers; None for any other column."""
    ratings = ("csat", "ces")
    if not any(find_heading(one, [place.heading]) or re.search(WORDINGS[one], asks, re.IGNORECASE) for one in ratings):
        return None
    read = read_column(cells, "rating", place, said)
    return read if "top" in read.shows and not read.words.any() else None


def plain_column(cells: pd.Series, place: Place, said: Said) -> pd.Series:
    """A column as what most of its cells are: numbers, moments, or as it stands."""
    filled = cells.map(is_filled)
    texts = [cell.strip() for cell in cells[filled] if isinstance(cell, str)]
    if not filled.any() or any(map(_CODE.fullmatch, texts)):
        return cells.where(filled)
    kinds: tuple[Kind, ...] = ("number", "moment")
    for kind in kinds:
        read = read_column(cells, kind, place, said)
        if read.questions:
            return cells.where(filled)
        if 2 * read.values.notna().sum() > filled.sum():
            return _with_others(read, cells.where(filled))
    return cells.where(filled)


def _with_others(read: Column, cells: pd.Series) -> pd.Series:
    """What was read; the cells that were not, as they stand."""
    if (read.values.isna() & cells.notna()).any():
        return read.values.astype(object).where(read.values.notna(), cells)
    return read.values

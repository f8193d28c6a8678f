"""Tables of files as frames, for whoever asks by column: what is known typed as what it is, the rest by its cells."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import pandas as pd

from csmetrics_core.files.across import OWN, STRIPE
from csmetrics_core.files.columns import Column
from csmetrics_core.files.exports import Export, draft
from csmetrics_core.files.grids import UnreadableFile
from csmetrics_core.files.headings import plain
from csmetrics_core.files.opening import open_sources
from csmetrics_core.files.plain import plain_column
from csmetrics_core.files.reading import find_all
from csmetrics_core.files.recognising import recognise
from csmetrics_core.files.report import Report, Wait
from csmetrics_core.files.saying import Said
from csmetrics_core.files.table import Table

_ZONED = re.compile(r"\d\d:\d\d(:\d\d(\.\d+)?)?\s*(Z|UTC|[+-]\d\d:?\d\d)$")


class TypedTable(NamedTuple):
    """A table as a frame.

    Args:
        name: what a person calls it.
        frame: columns we know under our names, the others under their headings.
        waits: what keeps a column, or with an empty name the whole table, from being used.
        notes: what else the reader must know.
    """

    name: str
    frame: pd.DataFrame
    waits: tuple[Wait, ...] = ()
    notes: tuple[str, ...] = ()


def typed_tables(source: Any, said: Said | None = None) -> list[TypedTable]:
    """The tables of files; those with the same headings are put together, with what is known of each column.

    Args:
        source: as `read_company` takes it.
        said: what the files cannot say about themselves.

    Raises:
        MetricError: a file cannot be opened, or holds no table.

    Example:
        >>> typed_tables({"a.csv": b"Konto;MRR;Month\\n007;1.050,50;Jan-25\\n"})[0].frame["mrr"].tolist()
        [1050.5]
    """
    said = said or Said()
    opened = open_sources(source, said)
    for error in opened.refused.values():
        raise error
    report = Report()
    tables = find_all(opened.grids, report)
    if not tables:
        raise next(iter(report.refused.values()), UnreadableFile("that holds no table", "Give one with rows."))
    filled = [table for table in tables if len(table.rows)]
    if not filled:
        problem = f"{tables[0].place} has a heading row and nothing below it"
        raise UnreadableFile(problem, " ".join(tables[0].notes) or "Export it again.")
    return [_stacked(alike, said) for alike in _alike(filled)]


def _alike(tables: Sequence[Table]) -> Iterator[list[Table]]:
    """Tables by their headings, in the order they came."""
    groups: dict[tuple[str, ...], list[Table]] = {}
    for table in tables:
        groups.setdefault(tuple(plain(heading) for heading in table.headings), []).append(table)
    yield from groups.values()


def _stacked(tables: Sequence[Table], said: Said) -> TypedTable:
    parts = [_typed(table, said) for table in tables]
    if len(parts) == 1:
        return parts[0]
    notes = [f"Put together from {', '.join(table.place for table in tables)}."]
    frames = pd.concat([part.frame for part in parts], ignore_index=True)
    waits = tuple(wait for part in parts for wait in part.waits)
    return TypedTable(parts[0].name, frames, waits, (*notes, *(note for part in parts for note in part.notes)))


def _typed(table: Table, said: Said) -> TypedTable:
    """One table by the rules of what it is; one that is not recognised by what its cells are."""
    columns: dict[str, pd.Series] = {}
    waits: list[Wait] = []
    notes = list(table.notes)
    headings: set[str] = set()
    rows: pd.Index = pd.RangeIndex(len(table.rows))
    for export in _kinds(table, said):
        pending = draft(export, table, said)
        frame = export.shape(pending)
        if said.rates and pending.has("currency"):  # what stood in the file is no longer so
            frame = frame.assign(currency=pending.report.currency)
        table, rows = pending.table, frame.index if not columns else rows
        for name in map(str, frame):
            read = pending.columns.get(name)
            raw = table.column(table.headings.index(pending.report.mapped[name])) if read else None
            columns.setdefault(name, _as_written(frame[name], read, raw).reindex(rows))
        headings |= set(pending.report.mapped.values())
        waits += [*pending.asked, *pending.report.waits]
        notes += [text for _, text in pending.report.remarks() if text not in notes]
        if export.makes_rows or export in (STRIPE, OWN):
            return TypedTable(table.name, frame.reset_index(drop=True), tuple(waits), tuple(notes))
    known = {plain(name) for name in columns}
    for place, heading in enumerate(table.headings):
        if heading and plain(heading) not in known:  # a column keeps its own name too, to be grouped by
            cells = table.column(place)
            cells = cells if heading in headings else plain_column(cells, table.at(heading), said)
            columns.setdefault(heading, cells.reindex(rows))
    return TypedTable(table.name, pd.DataFrame(columns, index=rows).reset_index(drop=True), tuple(waits), tuple(notes))


def _as_written(values: pd.Series, read: Column | None, cells: pd.Series | None) -> pd.Series:
    """What was read; words among answers as they stand, to be counted as dropped, and moments with their zone."""
    if read is None or cells is None:
        return values
    if read.words.any():
        return values.astype(object).where(~read.words[values.index], cells)
    if read.kind == "moment" and any(isinstance(cell, str) and _ZONED.search(cell) for cell in cells[:1000]):
        zoned: pd.Series = values.dt.tz_localize("UTC")
        return zoned
    return values


def _kinds(table: Table, said: Said) -> list[Export]:
    """What a table is; nothing where that cannot be told, as whoever asks by column need not know it."""
    try:
        return recognise(table, said)
    except UnreadableFile:
        return []

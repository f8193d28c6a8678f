"""The one entrance: whatever a person has becomes a company's tables, with one report of what was read as what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pandas as pd

from csmetrics_core.errors import MetricError
from csmetrics_core.files.answer_words import IN_WORDS
from csmetrics_core.files.combining import (
    Tables,
    combine,
    derive_tables,
    note_strangers,
    settle_ends,
    spelt_alike,
    with_one_spelling,
)
from csmetrics_core.files.dated import date_by_names, snapshot_report
from csmetrics_core.files.deriving import stays_of_snapshots
from csmetrics_core.files.exports import Export, Field, draft
from csmetrics_core.files.finding import find_tables
from csmetrics_core.files.formulas import MEND, pending_words
from csmetrics_core.files.grids import Grid, UnreadableFile
from csmetrics_core.files.headings import plain
from csmetrics_core.files.opening import open_sources
from csmetrics_core.files.products.deals import join_deals
from csmetrics_core.files.recognising import known_headings, not_understood, recognise
from csmetrics_core.files.report import ReadTable, Report, TableReport, Wait
from csmetrics_core.files.saying import Said
from csmetrics_core.files.standard import fields_of
from csmetrics_core.files.table import Table
from csmetrics_core.files.years import with_year_column


@dataclass
class Reading:
    """A company's tables, and what became of what was given.

    Args:
        tables: standard table -> its rows, under the column names of the sample company.
        report: what was recognised, guessed, left out and asked.
        spellings: names that differ in case or accents alone -> the first spelling, where nobody said whether they
            are the same.
        as_of: the day the files were said to reach to.
    """

    tables: Tables = field(default_factory=dict)
    report: Report = field(default_factory=Report)
    spellings: dict[str, str] = field(default_factory=dict)
    as_of: date | None = None

    def __repr__(self) -> str:
        """Tables and rows in a line, and whether something waits; its report tells the rest."""
        tables = ", ".join(f"{name} {len(table):,}" for name, table in self.tables.items()) or "nothing"
        waits = f"; waiting: {', '.join(self.report.waits)}" if self.report.waits else ""
        return f"<Reading of {tables}{waits}>"

    @property
    def currency(self) -> str:
        """What amounts are in, where the files name one currency; else empty."""
        found = {table.currency for table in self.report.read if table.currency}
        return found.pop() if len(found) == 1 else ""

    @property
    def with_names_alike(self) -> Tables | None:
        """The tables where names that are spelt alike are the same; None where there are none such."""
        return with_one_spelling(self.tables, self.spellings) if self.spellings else None


def read_company(source: Any, said: Said | None = None) -> Reading:
    """Read whatever a person has into a company's tables.

    Args:
        source: a path of a file or folder; a frame; several of these; or a mapping of names to paths, to the bytes of
            files, or to frames.
        said: what the files cannot say about themselves; each is asked for where it is needed.

    Returns:
        The tables that were recognised and what could be computed from them, and the report.

    Raises:
        UnreadableFile: there is nothing to read, or the user named a column that no table has.

    Example:
        >>> reading = read_company({"answers.csv": b"Timestamp,Would you recommend us?\\n2026-08-31 10:00:00,9\\n"})
        >>> reading.tables["responses"]["nps"].tolist(), reading.report.read[0].guessed
        ([9.0], ["'Would you recommend us?' was taken for nps by its wording."])
    """
    said = said or Said()
    opened = open_sources(source, said)
    reading = Reading(as_of=said.as_of)
    reading.report.refused |= opened.refused
    found = find_all(opened.grids, reading.report)
    check_columns_said(found, said)
    dated = date_by_names(found, said)
    reading.report.notes += dated.notes
    parts = [part for table in dated.tables for part in read_table(table, said, reading.report)]
    reading.tables = combine(join_deals(parts, reading.report, said), reading.report, said)
    if dated.snapshots:
        _put_snapshots(reading, dated.snapshots, said)
    settle_ends(reading.tables, reading.report, said)
    derive_tables(reading.tables, reading.report, said)
    note_strangers(reading.tables, reading.report)
    _settle_scales(reading)
    _settle_names(reading, said)
    return reading


def find_all(grids: Sequence[Grid], report: Report) -> list[Table]:
    tables: list[Table] = []
    for grid in grids:
        try:
            found = find_tables(grid, known_headings)
        except UnreadableFile as error:
            report.refused[grid.place] = error
            continue
        if not found and any(grid.rows):
            problem = f"{grid.place} holds no table"
            report.refused[grid.place] = UnreadableFile(problem, "A table needs a row of headings and rows below it.")
        for table in found:
            if grid.pending:
                table.notes.append(f"{pending_words(grid.sheet, grid.pending)}. {MEND}")
        tables += map(with_year_column, found)
    return tables


def check_columns_said(tables: Sequence[Table], said: Said) -> None:
    """Refuse a heading the user named that no table has.

    Raises:
        UnreadableFile: there is one.
    """
    known = {plain(heading) for table in tables for heading in table.headings}
    for heading in said.columns.values():
        if plain(heading) not in known and plain(heading.rpartition("!")[2]) not in known:
            files = list(dict.fromkeys(table.file for table in tables))
            problem = f"{files[0]} has no column {heading!r}" if len(files) == 1 else f"there is no column {heading!r}"
            names = list(dict.fromkeys(name for table in tables for name in table.headings if name))
            raise UnreadableFile(problem, f"There are: {', '.join(names)[:400]}.")


def read_table(table: Table, said: Said, report: Report) -> list[ReadTable]:
    """The standard tables one table holds; what it refuses or does not understand goes to the report."""
    try:
        exports = recognise(table, said)
    except UnreadableFile as error:
        report.refused[table.place] = error
        _wait_for(error, report)
        return []
    if not exports:
        report.not_understood.append(not_understood(table))
    read = []
    for export in exports:
        try:
            read.append(_read(export, table, said))
        except MetricError as error:
            report.refused[table.place] = error
            waits = report.waits.setdefault(export.table, [])
            waits.append(Wait("", error.problem, error.fix, getattr(error, "remedies", ())))
    return read


def _wait_for(error: UnreadableFile, report: Report) -> None:
    """A table that may be one of several keeps each of them from being whole."""
    for remedy in error.remedies:
        if remedy.option == "table":
            report.waits.setdefault(remedy.value, []).append(Wait("", error.problem, error.fix, error.remedies))


def _read(export: Export, table: Table, said: Said) -> ReadTable:
    """One standard table.

    Raises:
        UnreadableFile: it cannot be read without guessing, or nothing is left of it.
    """
    pending = draft(export, table, said)
    frame = export.shape(pending)
    report = pending.report
    report.kept = len(frame)
    if frame.empty:
        why = "; ".join(f"{count:,} {reason}" for reason, count in report.left_out.items()) or "no row holds anything"
        raise UnreadableFile(f"{report.place}: nothing is left of it ({why})", "Export the rows that count.")
    at = frame.index.to_numpy()
    for wait in pending.asked:
        rows = None if wait.rows is None or len(wait.rows) != len(pending.table.rows) else wait.rows[at]
        if rows is None or rows.any():
            report.waits.append(wait._replace(rows=rows))
    return ReadTable(export.table, frame, report, None if export.makes_rows else pending.table)


def _put_snapshots(reading: Reading, snapshots: Sequence[tuple[pd.Timestamp, Table]], said: Said) -> None:
    """Stays from customer lists of several months, unless a list says who left when."""
    if "customers" in reading.tables:
        reading.report.notes.append("Customer lists of several months are not used: another table tells who left when.")
        return
    lists = []
    for month, table in snapshots:
        fields = tuple(one for one in fields_of("customers", table) if one.name in ("customer", "start"))
        pending = draft(_list_of(fields), table, said)
        report: TableReport = snapshot_report(table)
        report.rows, report.kept, report.mapped = len(table.rows), len(pending.data), pending.report.mapped
        report.notes, report.rows_left_out = pending.report.notes, pending.report.rows_left_out
        report.waits = pending.asked
        reading.report.read.append(report)
        for wait in pending.asked:
            reading.report.waits.setdefault("customers", []).append(wait._replace(column="", rows=None))
        lists.append((month, pending.data))
    reading.tables["customers"] = stays_of_snapshots(lists)
    first, last = lists[0][0], lists[-1][0]
    reading.report.derived["customers"] = f"customer lists of {len(lists)} months, {first:%Y-%m} to {last:%Y-%m}"


def _list_of(fields: tuple[Field, ...]) -> Export:
    return Export("", "customer list of one month", "customers", (), fields, lambda made: made.data, "")


def _settle_scales(reading: Reading) -> None:
    """Files that tell different scales of one question keep it waiting; which answers were words stays with them."""
    told: dict[str, dict[int, str]] = {}
    for one in reading.report.read:
        for question, top in one.scales.items():
            told.setdefault(question, {}).setdefault(top, one.place)
    for question, places in told.items():
        if len(places) > 1:
            shown = " and ".join(f"to {top} in {place}" for top, place in places.items())
            fix = "Give files of one scale at a time, or bring the answers to one."
            wait = Wait(question, f"answers under {question} are on different scales: {shown}", fix)
            reading.report.waits.setdefault("responses", []).append(wait)
    in_words = {question: top for one in reading.report.read for question, top in one.in_words.items()}
    if "responses" in reading.tables and in_words:
        reading.tables["responses"].attrs[IN_WORDS] = in_words


def _settle_names(reading: Reading, said: Said) -> None:
    """Names that differ in case or accents alone: the same, apart, or both readings are kept."""
    alike = spelt_alike(reading.tables)
    if not alike:
        return
    shown = ", ".join(f"{name!r} and {first!r}" for name, first in list(alike.items())[:3])
    many = f" and {len(alike) - 3:,} more" if len(alike) > 3 else ""
    if said.names == "same":
        reading.tables = with_one_spelling(reading.tables, alike)
        reading.report.notes.append(f"Names spelt alike are the same: {shown}{many}.")
    elif said.names == "apart":
        reading.report.notes.append(f"Names spelt alike are kept apart: {shown}{many}.")
    else:
        reading.spellings = alike
        reading.report.notes.append(f"Names differ in case or accents alone: {shown}{many}.")

"""What became of files: one report with fields, which every door spells in its own way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from csmetrics_core.errors import MetricError
from csmetrics_core.files.columns import Column
from csmetrics_core.files.saying import Question, Remedy
from csmetrics_core.files.table import LeftOut


class Wait(NamedTuple):
    """Why figures wait: cells that could not be read, or something the files do not tell.

    Args:
        column: of the standard table; empty where all of it waits.
        problem: what is not known, with file, sheet, row and cell.
        fix: how the file is mended, where it must be.
        remedies: the answers a user can give.
        rows: the rows that wait, as long as the table; None for all.
    """

    column: str
    problem: str
    fix: str = ""
    remedies: tuple[Remedy, ...] = ()
    rows: NDArray[np.bool_] | None = None

    @classmethod
    def of_question(cls, column: str, question: Question, rows: NDArray[np.bool_] | None = None) -> Wait:
        """What waits for an answer."""
        return cls(column, str(question), question.mend, question.remedies, rows)


@dataclass
class TableReport:
    """What was recognised in one table of a file, and what became of it.

    Args:
        file, sheet, name: where it stands; sheet is empty for a text file, name is what a person calls it.
        product, what: whose export it is, and of what; product is empty for a table that no product made.
        table: the standard table it became.
        source: the page, or the public code, that shows the headings and units.
        rows, kept: rows in the file, and rows in the table made of it.
        mapped: column of the table -> heading in the file.
        guessed: what rests on wording or convention rather than on the file's documentation.
        missing: column -> why it is not there, or what its absence means.
        left_out: reason -> how many rows or cells.
        rows_left_out: rows that are no data, the first as the file numbers it.
        unused: heading -> why it is not used although it looks as if it could be.
        ignored: headings that were not read.
        personal: those of them that hold personal data.
        scales: question -> highest answer, where the product documents it or the heading says it.
        in_words: question -> highest answer of the scale whose words were read.
        until: the last day the file tells about.
        currency: what its amounts are in, where the file says it.
        ends_known: whether ends are first days no longer paid, for sure.
        notes: what else the reader must know.
        waits: what keeps figures from being computed.
    """

    file: str
    sheet: str = ""
    name: str = ""
    product: str = ""
    what: str = ""
    table: str = ""
    source: str = ""
    rows: int = 0
    kept: int = 0
    currency: str = ""
    mapped: dict[str, str] = field(default_factory=dict)
    guessed: list[str] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    rows_left_out: list[LeftOut] = field(default_factory=list)
    unused: dict[str, str] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    personal: tuple[str, ...] = ()
    scales: dict[str, int] = field(default_factory=dict)
    in_words: dict[str, int] = field(default_factory=dict)
    until: date | None = None
    ends_known: bool = False
    notes: list[str] = field(default_factory=list)
    waits: list[Wait] = field(default_factory=list)

    @property
    def place(self) -> str:
        """The file, and the sheet where there is one."""
        return ", sheet ".join(filter(None, (self.file, self.sheet))) or self.name

    @property
    def recognised(self) -> str:
        """Whose export it is, and of what."""
        return f"{self.product} {self.what}".strip()

    def leave_out(self, reason: str, count: int) -> None:
        """Note rows or cells that do not count."""
        if count:
            self.left_out[reason] = self.left_out.get(reason, 0) + int(count)

    def hear(self, name: str, column: Column, times: int = 1) -> None:
        """Take over what reading a column showed."""
        self.notes += [str(replace(note, place=replace(note.place, file="", sheet=""))) for note in column.notes]
        if times > 1:
            self.notes.append(f"{times} columns are called {column.place.heading!r}, of which the first was read.")
        for question in column.questions:
            self.waits.append(Wait.of_question(name, question, column.unread))
        for unread in column.refused:
            self.waits.append(Wait(name, str(unread), "Correct the cell.", (), column.unread))

    def remarks(self) -> Iterator[tuple[str, str]]:
        """What a reader must know before using the table: item and text."""
        yield from (("left out", str(left)) for left in self.rows_left_out)
        yield from (("left out", f"{reason} ({count:,})") for reason, count in self.left_out.items())
        yield from (("guessed", text) for text in self.guessed)
        yield from (("note", text) for text in self.notes)

    def lines(self) -> Iterator[tuple[str, str]]:
        """Everything, item and text, in the order a reader asks."""
        yield "recognised", f"{self.recognised} -> {self.table}"
        yield "rows", f"{self.kept:,} made of {self.rows:,} in the file"
        yield "mapped", ", ".join(f"{column} <- {heading}" for column, heading in self.mapped.items())
        yield from self.remarks()
        yield from (("waits", f"{wait.problem}. {wait.fix}".strip()) for wait in self.waits)
        yield from (("missing", f"{column}: {why}") for column, why in self.missing.items())
        yield from (("not used", f"{heading}: {why}") for heading, why in self.unused.items())
        if self.ignored:
            personal = f", {len(self.personal)} of them personal data" if self.personal else ""
            yield "not read", f"{len(self.ignored)} columns{personal}: {', '.join(self.ignored)}"
        if self.source:
            yield "known from", self.source

    def __str__(self) -> str:
        return "\n".join([self.place, *(f"  {item}: {text}" for item, text in self.lines() if text)])


class ReadTable(NamedTuple):
    """A standard table, as read from one table of a file; its rows keep their places in `raw`."""

    table: str
    frame: pd.DataFrame
    report: TableReport
    raw: Any = None


class NotUnderstood(NamedTuple):
    """A table that is none we know: where it stands, what heads its columns, and what is lacking."""

    place: str
    headings: tuple[str, ...]
    lacks: str

    def __str__(self) -> str:
        shown = ", ".join(heading for heading in self.headings if heading)[:200]
        return f"{self.place}: the headings are not recognised ({shown}). {self.lacks}"


@dataclass
class Report:
    """What became of everything a person gave.

    Args:
        read: one a table that was recognised.
        refused: file or table -> why it was not read.
        not_understood: tables that are none we know.
        derived: table -> what it was computed from.
        notes: what else the reader must know.
        waits: standard table -> what keeps figures that need it from being computed.
    """

    read: list[TableReport] = field(default_factory=list)
    refused: dict[str, MetricError] = field(default_factory=dict)
    not_understood: list[NotUnderstood] = field(default_factory=list)
    derived: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    waits: dict[str, list[Wait]] = field(default_factory=dict)

    def refuse(self, table: TableReport, error: MetricError) -> None:
        """Note that a table is not used, and that what it would hold waits."""
        self.refused[table.place] = error
        waits = self.waits.setdefault(table.table, [])
        waits.append(Wait("", error.problem, error.fix, getattr(error, "remedies", ())))

    @property
    def scales(self) -> Mapping[str, int]:
        """Question -> highest answer, where a product documents it or a heading says it."""
        return {name: top for report in self.read for name, top in report.scales.items()}

    def __repr__(self) -> str:
        """How many tables were read, refused and not understood; print it for all."""
        return (
            f"<Report: {len(self.read)} read, {len(self.refused)} refused, {len(self.not_understood)} not understood>"
        )

    def __str__(self) -> str:
        parts = [str(report) for report in self.read]
        parts += [f"{place}\n  refused: {error}" for place, error in self.refused.items()]
        parts += [str(one) for one in self.not_understood]
        parts += [f"{table}\n  derived: {how}" for table, how in self.derived.items()]
        return "\n".join([*parts, *(f"note: {note}" for note in self.notes)])

"""What a reader is told, what it tells, and how it refuses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, NamedTuple

import pandas as pd

from csmetrics_core.errors import MetricError

DateOrder = Literal["dmy", "mdy", "ymd"]


class UnreadableFile(MetricError):
    """A file, or a column of it, that cannot be read without guessing."""


@dataclass(frozen=True)
class How:
    """What a file cannot say about itself; each is needed only where a refusal asks for it.

    Args:
        table: the table the file holds, such as "payments".
        sheet: which sheet of a workbook.
        columns: standard column -> the heading it stands under, such as {"nps": "Question 3"}.
        dates: the order of day, month and year in dates that can be read in two ways.
        decimal: the decimal sign of numbers that can be read in two ways.
        encoding: of a text file, such as "utf-8" or "cp1250".
        delimiter: of a text file, such as ";".
        rates: currency -> what one unit of it is worth in the currency whose rate is 1.
        amounts: whether amounts with a quantity are "each", to be multiplied, or for "all".
        as_of: the day the export was made, where the file does not tell how far it reaches.

    Example:
        >>> How(dates="dmy", decimal=",").dates
        'dmy'
    """

    table: str | None = None
    sheet: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    dates: DateOrder | None = None
    decimal: Literal[".", ","] | None = None
    encoding: str | None = None
    delimiter: str | None = None
    rates: Mapping[str, float] | None = None
    amounts: Literal["each", "all"] | None = None
    as_of: date | None = None


@dataclass
class Report:
    """What was recognised in a file, and what became of it.

    Args:
        file, sheet: where it was read; sheet is empty for a text file.
        product, what: whose export it is, and of what; product is empty for a table with our own column names.
        table: the standard table it became.
        source: the page, or the public code, that shows the headings and units.
        rows, kept: rows in the file, and rows in the table made of it.
        mapped: column of the table -> heading in the file.
        guessed: what rests on wording or convention rather than on the file's documentation.
        missing: column -> why it is not there, or what its absence means.
        left_out: reason -> how many rows or cells.
        unused: heading -> why it is not used although it looks as if it could be.
        ignored: headings that were not read.
        personal: those of them that hold personal data.
        scales: question -> highest answer, where the product documents it.
        until: the last day the file tells about.
        notes: what else the reader must know.
    """

    file: str
    sheet: str = ""
    product: str = ""
    what: str = ""
    table: str = ""
    source: str = ""
    rows: int = 0
    kept: int = 0
    mapped: dict[str, str] = field(default_factory=dict)
    guessed: list[str] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    unused: dict[str, str] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    personal: tuple[str, ...] = ()
    scales: dict[str, int] = field(default_factory=dict)
    until: date | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def place(self) -> str:
        """The file, and the sheet where there is one."""
        return f"{self.file}, sheet {self.sheet}" if self.sheet else self.file

    def leave_out(self, reason: str, count: int) -> None:
        """Note rows or cells that do not count."""
        if count:
            self.left_out[reason] = self.left_out.get(reason, 0) + int(count)

    @property
    def recognised(self) -> str:
        """Whose export it is, and of what."""
        return f"{self.product} {self.what}".strip()

    def remarks(self) -> Iterator[tuple[str, str]]:
        """What a reader must know before using the table: item and text."""
        yield from (("left out", f"{reason} ({count:,})") for reason, count in self.left_out.items())
        yield from (("guessed", text) for text in self.guessed)
        yield from (("note", text) for text in self.notes)

    def lines(self) -> Iterator[tuple[str, str]]:
        """Everything, item and text, in the order a reader asks."""
        yield "recognised", f"{self.recognised} -> {self.table}"
        yield "rows", f"{self.kept:,} made of {self.rows:,} in the file"
        yield "mapped", ", ".join(f"{column} <- {heading}" for column, heading in self.mapped.items())
        yield from self.remarks()
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
    """A standard table, as read from one file or sheet."""

    table: str
    frame: pd.DataFrame
    report: Report

"""How an export file is declared: its headings, what they hold, and the table made of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from csmetrics_core.headings import plain
from csmetrics_core.readers.cells import Holds, read_cells
from csmetrics_core.readers.place import Place
from csmetrics_core.readers.report import How, Report, UnreadableFile
from csmetrics_core.readers.sheets import Sheet

_NEVER = pd.Timestamp("2200-01-01")  # systems write 9999-12-31 for a day that has not come
_PERSONAL = re.compile(
    r"e-?mail|phone|mobile|first ?name|last ?name|full ?name|address|\bip\b|street|postal|zip|requester|submitter|"
    r"twitter|person|contact|birth|card|network id|tracker|username",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Field:
    """One column of an export.

    Args:
        name: what the reader calls it; where the table has a column of that name, it becomes that column.
        headings: what the product calls it, the best first.
        holds: how its cells are read.
    """

    name: str
    headings: tuple[str, ...]
    holds: Holds = "text"


@dataclass
class Draft:
    """An export's columns, read and waiting to be shaped into a table.

    Args:
        data: one column a field found.
        report: of the file.
        how: what the user said.
        sheet: where it came from, for readers that look at headings no declaration knows.
    """

    data: pd.DataFrame
    report: Report
    how: How
    sheet: Sheet

    def has(self, *names: str) -> bool:
        """Whether all these fields were found."""
        return set(names) <= set(self.data.columns)

    def keep(self, rows: pd.Series, reason: str) -> None:
        """Keep some rows and count the others."""
        chosen = rows.fillna(False).astype(bool)
        self.report.leave_out(reason, int((~chosen).sum()))
        self.data = self.data[chosen]

    def refusal(self, problem: str, fix: str) -> UnreadableFile:
        """The error for the file."""
        return UnreadableFile(f"{self.report.place}: {problem}", fix)


@dataclass(frozen=True, eq=False)
class Export:
    """One kind of file a product exports.

    Args:
        product, what: whose it is, and of what.
        table: the standard table made of it.
        signature: groups of headings; of each group one must be there for the file to be recognised.
        fields: the columns that are read.
        shape: makes the table of a draft.
        source: the page, or the public code, that shows its headings and units.
        left_out: heading -> why it is not used although it looks as if it could be.
        clock: fields whose latest date says how far the file reaches; not those that can lie in the future.
    """

    product: str
    what: str
    table: str
    signature: tuple[tuple[str, ...], ...]
    fields: tuple[Field, ...]
    shape: Callable[[Draft], pd.DataFrame]
    source: str
    left_out: Mapping[str, str] = field(default_factory=dict)
    clock: tuple[str, ...] = ()

    def lacks(self, headings: frozenset[str]) -> list[tuple[str, ...]]:
        """The groups of the signature of which a file has none; headings come without case and signs."""
        return [group for group in self.signature if not any(plain(name) in headings for name in group)]

    def fits(self, headings: frozenset[str]) -> bool:
        """Whether a file has the headings of the export."""
        return not self.lacks(headings)


def draft(export: Export, sheet: Sheet, how: How) -> Draft:
    """Read the declared columns of a sheet, and say which were left alone."""
    report = Report(sheet.file, sheet.name if sheet.in_workbook else "", export.product, export.what, export.table)
    report.source, report.rows, report.notes = export.source, sheet.rows, list(sheet.notes)
    found = positions(export.fields, sheet, how)
    if not sheet.rows:
        raise UnreadableFile(f"{report.place} has a heading row and nothing below it", "Export it again.")
    raw = sheet.load(sorted(set(found.values())))
    data = pd.DataFrame(index=raw.index)
    for column in export.fields:
        if column.name in found:
            heading = sheet.headings[found[column.name]]
            data[column.name] = read_cells(raw[found[column.name]], column.holds, place(sheet, report, heading), how)
            report.mapped[column.name] = heading
            if (count := sheet.headings.count(heading)) > 1:
                report.notes.append(f"{count} columns are called {heading!r}, of which the first was read.")
    clock = [data[name][data[name] < _NEVER].max() for name in export.clock if name in data]
    known = [moment for moment in clock if moment is not pd.NaT]
    report.until = max(known).date() if known else None
    ignore_others(report, sheet, set(found.values()), export.left_out)
    return Draft(data, report, how, sheet)


def positions(fields: Sequence[Field], sheet: Sheet, how: How) -> dict[str, int]:
    """Which column of a sheet holds each field; what the user said goes first."""
    at: dict[str, int] = {}
    for index, heading in enumerate(sheet.headings):
        at.setdefault(plain(heading), index)
    absent = [heading for heading in how.columns.values() if plain(heading) not in at]
    if absent:
        raise UnreadableFile(f"{sheet.file} has no column {absent[0]!r}", f"It has: {', '.join(sheet.headings)}.")
    found = {name: at[plain(heading)] for name, heading in how.columns.items()}
    for column in fields:
        headings = (plain(heading) for heading in column.headings)
        match = next((at[heading] for heading in headings if heading in at), None)
        if match is not None:
            found.setdefault(column.name, match)
    return found


def place(sheet: Sheet, report: Report, heading: str) -> Place:
    """Where a column stands."""
    return Place(report, heading, sheet.first_row, sheet.in_workbook)


def ignore_others(report: Report, sheet: Sheet, used: set[int], left_out: Mapping[str, str]) -> None:
    """Name the headings that were not read; those that look useful with the reason."""
    others = [heading for index, heading in enumerate(sheet.headings) if heading and index not in used]
    reasons = {plain(heading): why for heading, why in left_out.items()}
    report.unused = {heading: reasons[plain(heading)] for heading in others if plain(heading) in reasons}
    report.ignored = tuple(others)
    report.personal = tuple(heading for heading in others if is_personal(heading))


def is_personal(heading: str) -> bool:
    """Whether a heading announces personal data; a whole question that has such a word in it does not."""
    return len(heading.split()) <= 5 and _PERSONAL.search(heading) is not None

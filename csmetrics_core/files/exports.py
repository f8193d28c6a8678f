"""How an export file is declared: its headings, what they hold, and the table made of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from csmetrics_core.files.columnar import Coded
from csmetrics_core.files.columns import Asked, Column, Kind, read_columns
from csmetrics_core.files.filling import filled_down
from csmetrics_core.files.grids import UnreadableFile
from csmetrics_core.files.headings import bare, plain
from csmetrics_core.files.report import TableReport, Wait
from csmetrics_core.files.saying import Said
from csmetrics_core.files.table import Table
from csmetrics_core.files.totals import summed_rows

_NEVER = pd.Timestamp("2200-01-01")  # systems write 9999-12-31 for a day that has not come
_PERSONAL = re.compile(
    r"e-?mail|phone|mobile|first ?name|last ?name|full ?name|address|\bip\b|street|postal|zip|requester|submitter|"
    r"twitter|person|contact|birth|card|network id|tracker|username",
    re.IGNORECASE,
)
_NUMBERS = ("amount", "cents", "number", "score", "rating")
_DATES = ("day", "moment", "epoch", "month")


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
    holds: Kind = "label"


@dataclass
class Draft:
    """An export's columns, read and waiting to be shaped into a table.

    Args:
        data: one column a field found, with the places of rows in `table` as its index.
        report: of the table.
        said: what the user said.
        table: where it came from, for readers that look at headings no declaration knows.
        columns: the columns as they were read.
        asked: what keeps figures from being computed, its rows those of `table`.
    """

    data: pd.DataFrame
    report: TableReport
    said: Said
    table: Table
    columns: dict[str, Column] = field(default_factory=dict)
    asked: list[Wait] = field(default_factory=list)

    def has(self, *names: str) -> bool:
        """Whether all these fields were found."""
        return set(names) <= set(self.data.columns)

    def cells(self, place: int) -> Coded:
        """The cells of a column of the table, in the rows that were kept."""
        whole = self.table.coded(place)
        return whole if len(self.data) == len(whole.codes) else whole.take(self.data.index.to_numpy())

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
        shape: makes the table of a draft; rows it keeps keep their index.
        source: the page, or the public code, that shows its headings and units.
        left_out: heading -> why it is not used although it looks as if it could be.
        clock: fields whose latest date says how far the file reaches; not those that can lie in the future.
        makes_rows: whether the rows of the table are not those of the file.
        ends_known: whether the product documents what its ends mean, or the reader turns them into first unpaid days.
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
    makes_rows: bool = False
    ends_known: bool = True

    def lacks(self, headings: frozenset[str]) -> list[tuple[str, ...]]:
        """The groups of the signature of which a file has none; headings come without case and signs."""
        return [group for group in self.signature if not any(plain(name) in headings for name in group)]

    def fits(self, headings: frozenset[str]) -> bool:
        """Whether a file has the headings of the export."""
        return not self.lacks(headings)


def draft(export: Export, table: Table, said: Said) -> Draft:
    """Read the declared columns of a table, and say which were left alone.

    Raises:
        UnreadableFile: there are no rows; or a product's column cannot be read, as what it holds is documented.
    """
    if not len(table.rows):
        problem = f"{table.place} has a heading row and nothing below it"
        raise UnreadableFile(problem, " ".join(table.notes) or "Export it again.")
    found = positions(export.fields, table, said)
    kinds = {one.name: one.holds for one in export.fields}
    table = table if export.product else filled_down(table, found, kinds)
    table, columns, waits = typed(
        table, {name: (place, kinds.get(name, "label")) for name, place in found.items()}, said
    )
    report = TableReport(table.file, table.sheet, table.name, export.product, export.what, export.table)
    report.source, report.rows, report.notes = export.source, len(table.rows), list(table.notes)
    report.ends_known = bool(export.product) and export.ends_known
    report.rows_left_out = list(table.left_out)
    report.mapped = {name: table.headings[place] for name, place in found.items()}
    for name, column in columns.items():
        report.hear(name, column, table.headings.count(report.mapped[name]))
    asked, report.waits = [*waits, *report.waits], []
    if export.product and asked:
        raise UnreadableFile(asked[0].problem, asked[0].fix, asked[0].remedies)
    data = pd.DataFrame({name: column.values for name, column in columns.items()}, index=range(len(table.rows)))
    clock = [data[name][data[name] < _NEVER].max() for name in export.clock if name in data]
    known = [moment for moment in clock if moment is not pd.NaT]
    report.until = max(known).date() if known else None
    ignore_others(report, table, set(found.values()), export.left_out)
    return Draft(data, report, said, table, columns, asked)


def typed(
    table: Table, wanted: Mapping[str, tuple[int, Kind]], said: Said
) -> tuple[Table, dict[str, Column], list[Wait]]:
    """Columns of a table read as what they hold, without rows that only sum up others.

    Args:
        table: where they stand.
        wanted: name -> its place and what it holds.
        said: what the user said.

    Returns:
        The table without such rows, its columns, and what must be answered about them first.
    """
    columns = _read(table, wanted, said)
    names = {name: table.coded(place) for name, (place, kind) in wanted.items() if kind in ("identifier", *_DATES)}
    if 0 not in {place for place, _ in wanted.values()}:
        names[""] = table.coded(0)
    labels = [table.coded(place) for place, kind in wanted.values() if kind == "label"]
    if not names and not labels:
        return table, columns, []
    summed = summed_rows(
        names,
        labels,
        [name for name, (_, kind) in wanted.items() if kind == "identifier"],
        {name: column for name, column in columns.items() if column.kind in _NUMBERS},
        {name: column for name, column in columns.items() if column.kind in _DATES},
        table.at(""),
        said.about("totals", table.at("")),
    )
    if summed.rows.any():
        table = table.without(summed.rows, "sums and averages of other rows")
        columns = _read(table, wanted, said)
    return table, columns, [Wait.of_question("", summed.question)] if summed.question else []


def _read(table: Table, wanted: Mapping[str, tuple[int, Kind]], said: Said) -> dict[str, Column]:
    asked = {
        name: Asked(table.coded(place), kind, table.at(table.headings[place])) for name, (place, kind) in wanted.items()
    }
    return read_columns(asked, said)


def positions(fields: Sequence[Field], table: Table, said: Said) -> dict[str, int]:
    """Which column of a table holds each field; what the user said goes first."""
    at: dict[str, int] = {}
    for spell in (plain, bare):
        for index, heading in enumerate(table.headings):
            if heading:
                at.setdefault(spell(heading), index)
    told = {name: said_place(heading, table) for name, heading in said.columns.items()}
    found = {name: index for name, index in told.items() if index is not None}
    for one in fields:
        headings = (plain(heading) for heading in one.headings)
        match = next((at[heading] for heading in headings if heading in at), None)
        if match is not None:
            found.setdefault(one.name, match)
    return found


def said_place(heading: str, table: Table) -> int | None:
    """Which column of a table the user meant by `Heading` or `Sheet!Heading`; None where it is of another table."""
    whole = next((at for at, known in enumerate(table.headings) if known and plain(known) == plain(heading)), None)
    if whole is not None or "!" not in heading:
        return whole
    where, _, rest = heading.rpartition("!")
    stem = table.file.rsplit(".", 1)[0]
    if plain(where.strip("'")) not in {plain(name) for name in (table.name, table.sheet, table.file, stem) if name}:
        return None
    return next((at for at, known in enumerate(table.headings) if known and plain(known) == plain(rest)), None)


def ignore_others(report: TableReport, table: Table, used: set[int], left_out: Mapping[str, str]) -> None:
    """Name the headings that were not read; those that look useful with the reason."""
    others = [heading for index, heading in enumerate(table.headings) if heading and index not in used]
    reasons = {plain(heading): why for heading, why in left_out.items()}
    report.unused = {heading: reasons[plain(heading)] for heading in others if plain(heading) in reasons}
    report.ignored = tuple(others)
    report.personal = tuple(heading for heading in others if is_personal(heading))


def is_personal(heading: str) -> bool:
    """Whether a heading announces personal data; a whole question that has such a word in it does not."""
    return len(heading.split()) <= 5 and _PERSONAL.search(heading) is not None

"""The ways people point at cells of a file: `Sheet!Heading`, `Table[Heading]`, `Sheet!B2:B100`, a heading alone."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from csmetrics_addin.cli.entrance import must_be_file, spelt
from csmetrics_addin.cli.terminal import BAD_DATA, Problem, nearest, plain

if TYPE_CHECKING:
    from csmetrics_core.files import Grid, Remedy, Said
    from csmetrics_core.files.table import Table

_ROW = r"\$?([1-9]\d*|)"
_CELLS = re.compile(rf"\$?([A-Z]{{1,3}}){_ROW}(?::\$?([A-Z]{{1,3}}){_ROW})?", re.IGNORECASE)


@dataclass(frozen=True)
class Under:
    """The column under a heading of a table."""

    table: "Table"
    column: int
    where: str


@dataclass(frozen=True)
class Range:
    """The cells of a reference such as B2, B2:B9 or B:B; columns of cells, and the row of the first."""

    grid: "Grid"
    columns: list[list[Any]] = field(repr=False)
    first_row: int
    is_one: bool
    text: str


class Places:
    """A file opened as every other door opens it, and the places in it that people point at.

    Args:
        path: the file.
        said: what it cannot say about itself.
        dates: the option that tells the order of dates.

    `notes` takes what the reader must know about the cells that were asked for.

    Raises:
        Problem: it is not there, not readable, or another kind of file.
    """

    def __init__(self, path: Path, said: "Said | None" = None, dates: str = "--dates") -> None:
        from csmetrics_core.files import Said, UnreadableFile, open_sources
        from csmetrics_core.files.finding import find_tables
        from csmetrics_core.files.recognising import known_headings

        must_be_file(path)
        self.path, self.said, self.dates = path, said or Said(), dates
        self.notes: list[str] = []
        try:
            opened = open_sources(path, self.said)
            for error in opened.refused.values():
                raise error
            self.grids = {grid.name: grid for grid in opened.grids}
            found = {name: find_tables(grid, known_headings) for name, grid in self.grids.items()}
        except UnreadableFile as error:
            raise self.question(error.problem, error.fix, error.remedies) from error
        # In a sheet, words with nothing below them are a remark and no table.
        self.found = {
            name: [table for table in tables if table.rows or not table.typed] for name, tables in found.items()
        }
        self.tables = self._named()

    def _named(self) -> "dict[str, list[Table]]":
        """The tables by what they can be called: their sheet, and the names of Excel tables."""
        named: dict[str, list[Table]] = defaultdict(list)
        for sheet, tables in self.found.items():
            named[sheet] += tables
            for inside, table in zip(self.grids[sheet].tables, tables, strict=False):
                if inside.name != sheet:
                    named[inside.name].append(table)
        return dict(named)

    def pointed(self, reference: str) -> Under | Range:
        """The place a person means: `Sheet!Heading`, `Table[Heading]`, `Sheet!B2:B100` or a heading alone.

        Raises:
            Problem: there is no such sheet, table or heading.
        """
        if match := re.fullmatch(r"(.+?)\[(.+)\]", reference):
            return self._under(match[1], match[2])
        if "!" in reference:
            name, rest = reference.rsplit("!", 1)
            return self._under(_unquoted(name.strip()), rest.strip())
        if not any(self.tables.values()) and not _is_place(reference):
            raise self.without_table()
        holding = [
            self._named_as(table) for tables in self.found.values() for table in tables if self._at(reference, table)
        ]
        if len(holding) == 1:
            return self._under(holding[0], reference)
        if holding:
            problem = f"{plain(reference)} is a heading in {len(holding)} tables"
            raise Problem(problem, f'Say which: "{plain(holding[0])}!{plain(reference)}".')
        if len(self.grids) == 1 and _is_place(reference):
            return self._under(next(iter(self.grids)), reference)
        headings = [name for tables in self.found.values() for table in tables for name in table.headings if name]
        fix = f'Say which sheet: "{plain(next(iter(self.grids)))}!{plain(reference)}".'
        fix = fix if _is_place(reference) else nearest(reference, headings)
        raise Problem(f"{plain(self.path.name)} has no column {plain(reference)}", fix)

    def _at(self, heading: str, table: "Table") -> list[int]:
        """The columns of a table that are called so, in the row of its headings or in one above further headings.

        Raises:
            Problem: it stands above what was taken for the headings, which may be cells.
        """
        if known := _same(heading, [name for name in table.headings if name]):
            return [at for at, name in enumerate(table.headings) if name == known]
        sheet = next(sheet for sheet, tables in self.found.items() if any(table is one for one in tables))
        for number, row in self._rows_above(sheet, table):
            if known := _same(heading, [cell for cell in row if isinstance(cell, str) and cell]):
                left = self.grids[sheet].left
                places = [at for at, column in enumerate(table.columns) if row[column - left] == known]
                if places and not any(table.wordings):
                    raise self._two_headings(sheet, table, known, number, places[0])
                return places
        return []

    def _rows_above(self, sheet: str, table: "Table") -> Iterator[tuple[int, Sequence[Any]]]:
        """The rows between a table and the one above it, with their numbers."""
        if len(table.rows):
            grid, first = self.grids[sheet], int(table.numbers[0])
            ends = [int(one.numbers[-1]) for one in self.found[sheet] if len(one.rows)]
            start = max((end for end in ends if end < first), default=grid.top)
            yield from enumerate(grid.rows[start - grid.top : first - 1 - grid.top], start + 1)

    def _two_headings(self, sheet: str, table: "Table", heading: str, row: int, at: int) -> Problem:
        from openpyxl.utils import get_column_letter

        letter = get_column_letter(table.columns[at] + 1)
        cells = f"{plain(sheet)}!{letter}{row + 1}:{letter}{int(table.numbers[-1])}"
        problem = f"{plain(table.place)}: {plain(heading)} is in row {row}, above {plain(table.headings[at])}"
        return Problem(f"{problem}, which was taken for the heading", f'Point at the cells: "{cells}".', code=BAD_DATA)

    def _named_as(self, table: "Table") -> str:
        """The name that tells a table from the others of its sheet, where one does."""
        names = [name for name, tables in self.tables.items() if any(table is one for one in tables)]
        return min(names, key=lambda name: len(self.tables[name]))

    def without_table(self) -> Problem:
        """The problem of a file in which no table was found."""
        for sheet, grid in self.grids.items():
            if grid.pending:
                self._note_pending(sheet, grid.pending)  # they may be why
        fix = " ".join(self.notes) or "A table needs a row of headings and at least one row below it."
        return Problem(f"{plain(self.path.name)} holds no table", fix, code=BAD_DATA)

    def _under(self, name: str, rest: str) -> Under | Range:
        known = list(self.tables)
        found = _same(name, known)
        if found is None:
            raise Problem(f"{self.path.name} has no sheet or table {plain(name)}", nearest(name, known))
        holding = [(table, at) for table in self.tables[found] for at in self._at(rest, table)]
        if len(holding) == 1:
            return Under(*holding[0], found)
        if holding:
            raise self._several(found, rest, holding)
        if found in self.grids and (place := _is_place(rest)):
            return self._range(found, place, rest)
        headings = [heading for table in self.tables[found] for heading in table.headings if heading]
        raise Problem(f"{plain(found)} has no column {plain(rest)}", nearest(rest, headings))

    def _several(self, name: str, heading: str, holding: "list[tuple[Table, int]]") -> Problem:
        from openpyxl.utils import get_column_letter

        table, at = holding[0]
        letter = get_column_letter(table.columns[at] + 1)
        rows = table.numbers.tolist() or [1]
        column = f"{plain(table.sheet or name)}!{letter}{rows[0]}:{letter}{rows[-1]}"
        fix = f'Rename one, or point at the cells of one: "{column}".'
        return Problem(f"{plain(name)} has {len(holding)} columns called {plain(heading)}", fix)

    def _range(self, sheet: str, place: re.Match[str], text: str) -> Range:
        grid = self.grids[sheet]
        rows = grid.from_the_first_cell()[0 if grid.typed else grid.top :]  # no spreadsheet shows a line such as sep=;
        left, right = sorted((_column_number(place[1]), _column_number(place[3] or place[1])))
        first, last = sorted((int(place[2] or 1), int(place[4] or len(rows)))) if place[3] else (int(place[2]),) * 2
        if not place[2] and self.found[sheet]:  # a whole column begins below its heading
            first = min((int(table.numbers[0]) for table in self.found[sheet] if table.numbers.size), default=first)
        block = rows[first - 1 : last]
        columns = [[row[at] if at < len(row) else None for row in block] for at in range(left, right + 1)]
        is_blank = all(cell is None for column in columns for cell in column)
        self.tell_pending(sheet, range(first - 1, last), range(left, right + 1), is_blank)
        return Range(grid, columns, first, not place[3] and left == right, text)

    def tell_pending(self, sheet: str, rows: Collection[int], columns: Collection[int], is_blank: bool) -> None:
        """A word on formulas among some cells that have no value.

        Raises:
            Problem: there is nothing else among them.
        """
        grid = self.grids.get(sheet)
        places = [at for at in grid.pending if at[0] in rows and at[1] in columns] if grid else []
        if places:
            self._note_pending(sheet, places)
            if is_blank:
                raise Problem(f"there is nothing to compute from: {self.notes.pop()}", code=BAD_DATA)

    def _note_pending(self, sheet: str, places: Sequence[tuple[int, int]]) -> None:
        from csmetrics_core.files.formulas import MEND, pending_words

        self.note(f"{plain(self.path.name)}: {pending_words(plain(sheet), places)}. {MEND}")

    def note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    def rows_of(self, table: "Table") -> Collection[int]:
        """The rows a table may reach to, counted from 0; one without any value is in no table."""
        if len(self.found.get(table.sheet, ())) == 1:
            return range(2**62)
        return set((table.numbers - 1).tolist())

    def question(self, problem: str, mend: str, remedies: "Sequence[Remedy]") -> Problem:
        """What the file does not tell, and the options that settle it."""
        return Problem(problem, " ".join(filter(None, (mend, spelt(remedies, self.dates)))), code=BAD_DATA)


def _is_place(text: str) -> re.Match[str] | None:
    """Whether cells are meant, as in B2, B2:B9 or B:B; a column's letter alone would be taken for a heading."""
    place = _CELLS.fullmatch(text)
    return place if place and (place[2] or place[3]) else None


def _unquoted(name: str) -> str:
    """The name of a sheet, which formulas write in quotes, with those inside it doubled."""
    quoted = re.fullmatch("'(.*)'", name)
    return quoted[1].replace("''", "'") if quoted else name


def _same(name: str, known: Sequence[str]) -> str | None:
    """The known name that was meant; case does not matter unless it decides."""
    if name in known:
        return name
    return next((other for other in known if other.strip().lower() == name.strip().lower()), None)


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number - 1

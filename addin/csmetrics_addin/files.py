"""The ways people point at cells of a file: `Sheet!Heading`, `Table[Heading]`, `Sheet!B2:B100`, a heading alone."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from csmetrics_addin.opening import Block, Heard, found_table, open_file, unheard
from csmetrics_addin.terminal import BAD_DATA, Problem, nearest, plain

if TYPE_CHECKING:
    from csmetrics_core.readers import How

_ROW = r"\$?([1-9]\d*|)"
_CELLS = re.compile(rf"\$?([A-Z]{{1,3}}){_ROW}(?::\$?([A-Z]{{1,3}}){_ROW})?", re.IGNORECASE)


@dataclass(frozen=True)
class Cells:
    """Cells somebody pointed at: one value, a column, or rows of a block.

    Args:
        values: a single value for a single cell, else a list, of lists where it is a block.
        where: the sheet or table.
        first_row: the row of the sheet the first cell is in, counted from 1.
    """

    values: Any
    where: str = ""
    first_row: int = 1

    @property
    def is_column(self) -> bool:
        """Whether it is one column, so that a position is a row."""
        return isinstance(self.values, list) and not (self.values and isinstance(self.values[0], list))


class Book:
    """A file with tables; sheets are read when they are needed.

    Args:
        path: a workbook, or text with delimiters.
        heard: is told how far reading is.
        how: what the file cannot say about itself: its encoding and delimiter.

    `notes` takes what the reader must know about the cells that were asked for.

    Raises:
        Problem: it is not there, not readable, or another kind of file.
    """

    def __init__(self, path: Path, heard: Heard = unheard, how: "How | None" = None) -> None:
        self.path = path
        must_be_file(path)
        self.sheets, self._tables, self._pending = open_file(path, heard, how)
        self.notes: list[str] = []

    @cached_property
    def blocks(self) -> dict[str, Block]:
        """Every table by name: a sheet's own name, or the names of its Excel tables where it holds several."""
        blocks: dict[str, Block] = {}
        for sheet, rows in self.sheets.items():
            inside = {name: block for name, block in self._tables.items() if block.sheet == sheet}
            if len(inside) > 1:
                blocks |= inside
            elif inside:
                blocks[sheet] = next(iter(inside.values()))
            elif block := found_table(sheet, rows):
                blocks[sheet] = block
        return blocks

    def tables(self) -> dict[str, Mapping[str, list[Any]]]:
        """Every table as heading -> cells; of several columns with one heading the first."""
        for sheet, places in self._pending.items():
            self._note_pending(sheet, places)
        for name, block in self.blocks.items():
            for heading, count in Counter(filter(None, block.headings)).items():
                if count > 1:
                    self._note(f"{name} has {count} columns called {heading}, of which the first counts.")
        return {
            name: {heading: block.cells(self.sheets[block.sheet], heading) for heading in block.headings if heading}
            for name, block in self.blocks.items()
        }

    def cells(self, reference: str) -> Cells:
        """The cells a person points at: `Sheet!Heading`, `Table[Heading]`, `Sheet!B2:B100` or a heading alone.

        Raises:
            Problem: there is no such sheet, table or heading.
        """
        reference = reference.strip()
        if match := re.fullmatch(r"(.+?)\[(.+)\]", reference):
            return self._under(match[1], match[2])
        if "!" in reference:
            name, rest = reference.rsplit("!", 1)
            return self._under(_unquoted(name.strip()), rest.strip())
        if not self.blocks and not _is_place(reference):
            raise self.without_table()
        holding = [name for name, block in self.blocks.items() if _same(reference, block.headings)]
        if len(holding) == 1:
            return self._under(holding[0], reference)
        if holding:
            problem = f"{plain(reference)} is a heading in {len(holding)} tables"
            raise Problem(problem, f'Say which: "{holding[0]}!{plain(reference)}".')
        if len(self.sheets) == 1 and _is_place(reference):
            return self._under(next(iter(self.sheets)), reference)
        headings = [heading for block in self.blocks.values() for heading in block.headings if heading]
        fix = f'Say which sheet: "{plain(next(iter(self.sheets)))}!{plain(reference)}".'
        fix = fix if _is_place(reference) else nearest(reference, headings)
        raise Problem(f"{plain(self.path.name)} has no column {plain(reference)}", fix)

    def without_table(self) -> Problem:
        """The problem of a file in which no table was found."""
        for sheet, places in self._pending.items():
            self._note_pending(sheet, places)  # they may be why
        fix = " ".join(self.notes) or "A table needs a row of headings and at least one row below it."
        return Problem(f"{plain(self.path.name)} holds no table", fix, code=BAD_DATA)

    def _under(self, name: str, rest: str) -> Cells:
        blocks = {**self.blocks, **self._tables}
        known = list(dict.fromkeys([*blocks, *self.sheets]))
        found = _same(name, known)
        if found is None:
            raise Problem(f"{self.path.name} has no sheet or table {plain(name)}", nearest(name, known))
        block = blocks.get(found)
        if block and (heading := _same(rest, block.headings)):
            return self._headed(block, heading, found)
        if found in self.sheets and (place := _is_place(rest)):
            return self._range(found, place)
        headings = [heading for heading in block.headings if heading] if block else []
        raise Problem(f"{plain(found)} has no column {plain(rest)}", nearest(rest, headings))

    def _headed(self, block: Block, heading: str, name: str) -> Cells:
        """The cells under a heading."""
        places = [place for place, other in enumerate(block.headings, block.column) if other == heading]
        if len(places) > 1:
            from openpyxl.utils import get_column_letter

            letter = get_column_letter(places[0] + 1)
            column = f"{plain(block.sheet)}!{letter}{block.row + 1}:{letter}{block.end}"
            fix = f'Rename one, or point at the cells of one: "{column}".'
            raise Problem(f"{plain(name)} has {len(places)} columns called {plain(heading)}", fix)
        cells = Cells(block.cells(self.sheets[block.sheet], heading), name, block.row + 1)
        return self._told(cells, block.sheet, range(block.row, block.end), range(places[0], places[0] + 1))

    def _range(self, sheet: str, place: re.Match[str]) -> Cells:
        """The cells of a reference such as B2, B2:B9 or B:B."""
        rows = self.sheets[sheet]
        left, right = sorted((_column_number(place[1]), _column_number(place[3] or place[1])))
        first, last = sorted((int(place[2] or 1), int(place[4] or len(rows)))) if place[3] else (int(place[2]),) * 2
        top, bottom = first - 1, last
        block = [[row[c] if c < len(row) else None for c in range(left, right + 1)] for row in rows[top:bottom]]
        values: Any = block
        if left == right:
            column = [row[0] for row in block]
            values = column[0] if not place[3] and column else column
        return self._told(Cells(values, sheet, top + 1), sheet, range(top, bottom), range(left, right + 1))

    def _told(self, cells: Cells, sheet: str, rows: range, columns: range) -> Cells:
        """Cells, after a word on formulas among them that have no value.

        Raises:
            Problem: there is nothing else among them.
        """
        places = [at for at in self._pending.get(sheet, ()) if at[0] in rows and at[1] in columns]
        if places:
            self._note_pending(sheet, places)
            if not _holds_value(cells.values):
                raise Problem(f"there is nothing to compute from: {self.notes.pop()}", code=BAD_DATA)
        return cells

    def _note_pending(self, sheet: str, places: Sequence[tuple[int, int]]) -> None:
        from csmetrics_core.readers.formulas import MEND, pending_words

        self._note(f"{plain(self.path.name)}: {pending_words(plain(sheet), places)}. {MEND}")

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)


def _holds_value(values: Any) -> bool:
    return any(map(_holds_value, values)) if isinstance(values, list) else values is not None


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


def must_be_file(path: Path) -> None:
    """Refuse a path where no file is.

    Raises:
        Problem: it is a folder, or nothing.
    """
    if path.is_dir():
        raise Problem(f"{plain(path)} is a folder", "Name a file in it.")
    if not path.is_file():
        raise Problem(f"there is no file {plain(path)}", nearest(path.name, _beside(path), "Check the path."))


def _beside(path: Path) -> list[str]:
    return [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number - 1

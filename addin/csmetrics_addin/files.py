"""The tables of a file with their cells as they stand."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from csmetrics_addin.opening import Block, found_table, open_file
from csmetrics_addin.terminal import BAD_DATA, Problem, nearest, plain


class Tables:
    """A file with tables; sheets are read when they are needed.

    Args:
        path: a workbook, or text with delimiters.

    `notes` takes what the reader must know about the cells that were asked for.

    Raises:
        Problem: it is not there, not readable, or another kind of file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        must_be_file(path)
        self.sheets, self._tables, self._pending = open_file(path)
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

    def without_table(self) -> Problem:
        """The problem of a file in which no table was found."""
        for sheet, places in self._pending.items():
            self._note_pending(sheet, places)  # they may be why
        fix = " ".join(self.notes) or "A table needs a row of headings and at least one row below it."
        return Problem(f"{plain(self.path.name)} holds no table", fix, code=BAD_DATA)

    def _note_pending(self, sheet: str, places: Sequence[tuple[int, int]]) -> None:
        from csmetrics_core.readers.formulas import MEND, pending_words

        self._note(f"{plain(self.path.name)}: {pending_words(plain(sheet), places)}. {MEND}")

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)


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

"""How much of a file is read at most: enough for what people have, so that no file stops the machine."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from zipfile import ZipFile

from csmetrics_core.files.grids import UnreadableFile

#: Cells of one sheet, counted as the rectangle from its first to its last cell.
MOST_CELLS = 20_000_000
MOST_COLUMNS = 16_384
#: Bytes of a text file, and of all parts of a workbook when they are unpacked.
MOST_BYTES = 512 * 2**20
#: Characters of one cell of text; a spreadsheet holds 32,767.
LONGEST_CELL = 2**20

_ROWS = re.compile(rb'<(?:\w+:)?row\b[^>]*?\sr="(\d{1,9})"')
_CELLS = re.compile(rb'\sr="([A-Z]{1,3})(\d{1,9})"')
_WIDER = ((26, re.compile(rb'\sr="[A-Z]{2,3}\d')), (702, re.compile(rb'\sr="[A-Z]{3}\d')))
_AROUND = "Delete what lies outside the table, copy the table into a new workbook, or save it as CSV."
_SMALLER = "Keep the sheets, rows and columns that are needed, or save the table as CSV."
_LARGER = "Keep the rows and columns that are needed, or read it with `csmetrics report`, which takes larger files."


def check_bytes(name: str, size: int) -> None:
    """Refuse a file that is larger than what is read at once.

    Raises:
        UnreadableFile: it is.
    """
    if size > MOST_BYTES:
        raise UnreadableFile(
            f"{name} has {size / 2**20:,.0f} MB, and {MOST_BYTES // 2**20} MB are read at once", _LARGER
        )


def check_columns(place: str, count: int) -> None:
    """Refuse a table with more columns than a spreadsheet has.

    Raises:
        UnreadableFile: it has.
    """
    if count > MOST_COLUMNS:
        fix = "Keep the columns that are needed."
        raise UnreadableFile(f"{place} has {count:,} columns, and {MOST_COLUMNS:,} are read at most", fix)


def check_cells(place: str, count: int) -> None:
    """Refuse more cells than are read at once.

    Raises:
        UnreadableFile: there are.
    """
    if count > MOST_CELLS:
        raise UnreadableFile(
            f"{place} holds more than {MOST_CELLS:,} cells, which is all that is read at once", _LARGER
        )


def check_unpacked(name: str, parts: ZipFile) -> None:
    """Refuse a workbook that unpacks to more than is read at once.

    Raises:
        UnreadableFile: it does.
    """
    size = sum(part.file_size for part in parts.infolist())
    if size > MOST_BYTES:
        problem = f"{name} unpacks to {size / 2**20:,.0f} MB, and {MOST_BYTES // 2**20} MB are read at once"
        raise UnreadableFile(problem, _SMALLER)


def parts_of(file: Path | IO[bytes], name: str) -> Iterator[tuple[str, bytes]]:
    """The sheets of an .xlsx file as they are packed, after a look at how much they unpack to.

    Raises:
        UnreadableFile: to more than is read at once.
    """
    with ZipFile(file) as parts:
        check_unpacked(name, parts)
        for part in parts.namelist():
            if re.fullmatch(r"xl/worksheets/[^/]+\.xml", part, re.IGNORECASE):
                yield part, parts.read(part)


def check_rectangle(place: str, text: bytes) -> None:
    """Refuse a worksheet whose cells lie so far apart that the rectangle around them is too large.

    Raises:
        UnreadableFile: it is; one cell at the far end of a sheet makes 17 billion of them.
    """
    rows = [int(row) for row in _ROWS.findall(text)]
    height = max(rows) - min(rows) + 1 if rows else MOST_CELLS
    if height * MOST_COLUMNS <= MOST_CELLS:
        return
    if any(height * width <= MOST_CELLS and not wider.search(text) for width, wider in _WIDER):
        return
    cells = {(letters, row) for letters, row in _CELLS.findall(text)}
    if not cells:
        return
    columns = [_number(letters) for letters in {letters for letters, _ in cells}]
    lines = [int(row) for row in {row for _, row in cells}]
    area = (max(columns) - min(columns) + 1) * (max(lines) - min(lines) + 1)
    if area > MOST_CELLS:
        letters, row = max(cells, key=lambda cell: _number(cell[0]) * int(cell[1]))
        problem = f"{place} has a cell as far as {letters.decode()}{row.decode()}: {area:,} cells"
        raise UnreadableFile(f"{problem}, and {MOST_CELLS:,} are read at once", _AROUND)


def _number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number

"""How much of a file is read at most: enough for what people have, so that no file stops the machine."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from zipfile import ZipFile

from csmetrics_core.files.grids import UnreadableFile

#: Cells of one sheet, counted as the rectangle from its first to its last cell; apart.py, which imports nothing, too.
MOST_CELLS = 20_000_000
MOST_COLUMNS = 16_384
#: Bytes of a text file, and of all parts of a workbook when they are unpacked.
MOST_BYTES = 512 * 2**20
#: Characters of one cell of text; a spreadsheet holds 32,767.
LONGEST_CELL = 2**20

_ROWS = re.compile(rb'<row r="(\d{1,7})"')
_CELLS = re.compile(rb'<c r="([A-Z]{1,3})(\d{1,7})"')
_WIDER = ((26, re.compile(rb'<c r="[A-Z]{2,3}\d')), (702, re.compile(rb'<c r="[A-Z]{3}\d')))
# A cell whose address is not written as spreadsheet programs write it: <c r="A1".
_ODD = re.compile(rb'<c[^ a-zA-Z]|<c (?!r="[A-Z]{1,3}\d{1,7}")|<\w{1,40}:c[\s/>]')
_TEXTS = re.compile(rb'\buniqueCount\s*=\s*["\']\s*(\d+)')
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
        _check_texts(parts)
        for part in parts.namelist():
            if _holds_cells(parts, part):
                yield part, parts.read(part).removeprefix(codecs.BOM_UTF8)


def _holds_cells(parts: ZipFile, part: str) -> bool:
    """Whether a part is a worksheet, which may be called anything."""
    if re.fullmatch(r"xl/worksheets/[^/]+\.xml", part, re.IGNORECASE):
        return True
    with parts.open(part) as text:
        return b"worksheet" in text.read(1024).replace(b"\0", b"").partition(b"xmlns")[0]


def _check_texts(parts: ZipFile) -> None:
    """Refuse a list of texts that says it holds more than it has bytes: its reader makes room for as many.

    Raises:
        ValueError: there is one.
    """
    for part in parts.infolist():
        if part.filename.lower().endswith("sharedstrings.xml"):
            with parts.open(part) as text:
                said = _TEXTS.search(text.read(4096))
            if said and int(said[1]) > part.file_size:
                raise ValueError("its parts contradict each other")


def is_plain(text: bytes) -> bool:
    """Whether all cells of a worksheet say where they stand as programs write it, so that a look tells how far."""
    return text[:1] == b"<" and b"\0" not in text[:64] and _ODD.search(text) is None


def check_rectangle(place: str, text: bytes) -> None:
    """Refuse a worksheet whose cells lie so far apart that the rectangle around them is too large.

    Raises:
        UnreadableFile: it is; one cell at the far end of a sheet makes 17 billion of them.
    """
    height = _height(text)
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


def _height(text: bytes) -> int:
    """No fewer than the rows from the first to the last, told by the rows where no cell says that it lies beyond."""
    rows = [int(row) for row in _ROWS.findall(text)]
    if not rows:
        return MOST_CELLS
    digits = str(max(rows))
    first, others = int(digits[0]), len(digits) - 1
    higher = rf'[{first + 1}-9]\d{{{others}}}"|' if first < 9 else ""
    if re.search(rf'<c r="[A-Z]+(?:{higher}\d{{{others + 2},}})'.encode(), text):
        return MOST_CELLS
    most: int = (first + 1) * 10**others
    return most - min(rows) + 1


def _number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number

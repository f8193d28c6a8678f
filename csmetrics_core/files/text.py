"""Delimited text as rows of cells: encoding and delimiter are found out, and a file that was cut short is refused."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress

from csmetrics_core.files.budget import LONGEST_CELL, check_cells, check_columns
from csmetrics_core.files.csv_text import as_written
from csmetrics_core.files.cutting import cut_at_once
from csmetrics_core.files.grids import Grid, UnreadableFile, is_filled
from csmetrics_core.files.headings import is_known
from csmetrics_core.files.saying import Place, Remedy, Said

#: What mends a file that ends too early.
CUT = "The file looks cut short: export or download it again."
_DELIMITERS = (",", ";", "\t", "|")
_SAMPLE = 64
_HEAD = 4096
# What older programs write, the most frequent first: Windows in western and central Europe, Mac, DOS.
_OLDER = ("cp1252", "cp1250", "mac_roman", "cp850")
_NAMES = {"cp1252": "Windows-1252", "cp1250": "Windows-1250", "mac_roman": "Mac Roman", "cp850": "DOS (850)"}
_SHARE = 0.4  # of zero bytes at every second place, in text of two bytes a letter


def read_text(name: str, data: bytes, said: Said) -> Grid:
    """A text file as rows of cells.

    Raises:
        UnreadableFile: cut short, a broken quote, an encoding or delimiter that cannot be told.
    """
    if not data:
        raise UnreadableFile(f"{name} is empty", "Export it again.")
    place = Place(name)
    text, notes = decoded(name, data, said.about("encoding", place))
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        text = text.replace("\0", "")
        notes.append(f"Zero bytes, which are no letters, are left out; the first is in line {line:,}.")
    if not text or text.isspace():
        raise UnreadableFile(f"{name} holds nothing that can be read", "Export it again.")
    csv.field_size_limit(LONGEST_CELL)
    skip, delimiter = _start(name, text, said.about("delimiter", place))
    columns = None if skip else cut_at_once(text, delimiter)
    rows = list(_rows(name, text, delimiter))[skip:] if columns is None else columns
    if not text.endswith(("\n", "\r")):
        notes.append("The last row has no line end: if the export was cut there, its last cell may be incomplete.")
    return Grid(name, "", rows, top=skip, typed=False, notes=notes)


def delimiter_of(name: str, head: bytes, said: Said) -> str:
    """The delimiter of a text file, by its beginning.

    Raises:
        UnreadableFile: it can be split in several ways.
    """
    text = head.decode("utf-8", "replace")
    return _start(name, text[: text.rfind("\n") + 1] or text, said.about("delimiter", Place(name)))[1]


def decoded(name: str, data: bytes, said: str | None = None) -> tuple[str, list[str]]:
    """The text of a file, and what to know about its encoding.

    Raises:
        UnreadableFile: it cannot be told, or the file ends within a character.
    """
    encoding = said or _encoding(data)
    try:
        return data.decode(encoding), []
    except LookupError:
        raise UnreadableFile(f"there is no encoding {encoding!r}", 'Common ones: "utf-8", "cp1252".') from None
    except UnicodeDecodeError as error:
        if "end of data" in error.reason or "truncated" in error.reason:
            raise UnreadableFile(f"{name} ends within a character", CUT) from None
        if said or encoding != "utf-8":
            raise _no_encoding(name, encoding) from None
    return _by_lines(name, data)


def _encoding(data: bytes) -> str:
    """By a byte order mark, then by zero bytes at every second place, else UTF-8."""
    if data.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig"
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    head = data[:_HEAD]
    even, odd = (part.count(0) / max(len(part), 1) for part in (head[::2], head[1::2]))
    if max(even, odd) > _SHARE and min(even, odd) < _SHARE / 4:
        return "utf-16-be" if even > odd else "utf-16-le"
    return "utf-8"


def _by_lines(name: str, data: bytes) -> tuple[str, list[str]]:
    """Text that is not UTF-8 throughout: in an older encoding, all of it or the lines that are no UTF-8."""
    lines = data.split(b"\n")
    read = [_utf_8(line) for line in lines]
    wrong = [at for at, text in enumerate(read) if text is None]
    is_mixed = any(text is not None and not text.isascii() for text in read)
    older = "cp1252" if is_mixed else _older(data)
    try:
        if not is_mixed:
            return data.decode(older), [f'Not UTF-8: read as {_NAMES[older]}. If letters look wrong, say "encoding".']
        mended = [lines[at].decode(older) if text is None else text for at, text in enumerate(read)]
    except UnicodeDecodeError:
        raise _no_encoding(name, f"utf-8 or {older}") from None
    first = mended[wrong[0]].strip()[:60]
    what = "1 line is" if len(wrong) == 1 else f"{len(wrong):,} lines are"
    note = f"{what} in another encoding than the rest (UTF-8) and read as Windows-1252; line {wrong[0] + 1:,}: {first}"
    return "\n".join(mended), [note]


def _older(data: bytes) -> str:
    """The older encoding in which most words of the first lines are headings people use."""
    head = b"\n".join(data[: 4 * _HEAD].split(b"\n")[:_SAMPLE])

    def known(encoding: str) -> int:
        return sum(is_known(word) for word in re.split(r"[,;\t|\n]", head.decode(encoding, "replace")))

    return max(_OLDER, key=known)


def _utf_8(line: bytes) -> str | None:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _no_encoding(name: str, tried: str) -> UnreadableFile:
    return UnreadableFile(
        f"{name} is not written in {tried}", 'Say which encoding it is, such as "cp1250", or save it as UTF-8.'
    )


def _start(name: str, text: str, said: str | None) -> tuple[int, str]:
    """How many lines say how the file is written, and the delimiter."""
    start = text[:40].split("\n", 1)[0].strip()
    is_said = start.lower().startswith("sep=")
    sample = text[: 64 * _HEAD].splitlines(keepends=True)[is_said : _SAMPLE + is_said]
    return int(is_said), said or (start[4:5] if is_said else "") or _delimiter(name, sample)


def _delimiter(name: str, lines: list[str]) -> str:
    """The delimiter that splits most rows alike; the one with most columns where several do."""
    found = {}
    for delimiter in _DELIMITERS:
        widths = Counter(len(row) for row in _sample(lines, delimiter) if any(map(is_filled, row)))
        width, count = max(widths.items(), key=lambda one: (one[1], one[0]), default=(1, 0))
        if width > 1:
            found[delimiter] = (count / widths.total(), width)
    if not found:
        return ","
    best = max(found, key=lambda delimiter: found[delimiter])
    if sum(value == found[best] for value in found.values()) > 1:
        remedies = [Remedy("delimiter", way, f"the cells are split by {way!r}") for way in found]
        raise UnreadableFile(f"{name} can be split in several ways", "", remedies)
    return best


def _sample(lines: list[str], delimiter: str) -> list[list[str]]:
    """The first rows, as far as they can be split; a quote that is open at the end of the sample is no fault."""
    rows: list[list[str]] = []
    with suppress(csv.Error):  # reading the whole file says what is wrong
        rows.extend(csv.reader(lines, delimiter=delimiter))
    return rows


def _rows(name: str, text: str, delimiter: str) -> Iterator[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    cells, marked = 0, "'" in text
    try:
        for row in reader:
            cells += len(row)
            if len(row) > 1000:
                check_columns(name, len(row))
            check_cells(name, cells)
            yield list(map(as_written, row)) if marked else row
    except csv.Error as error:
        raise _broken(name, str(error), reader.line_num) from None


def _broken(name: str, said: str, line: int) -> UnreadableFile:
    if "field larger" in said:
        problem = f"{name}, line {line:,}: a cell has more than {LONGEST_CELL:,} characters"
        return UnreadableFile(problem, "Correct the quotation marks, or leave that column out.")
    if "unexpected end" in said:
        return UnreadableFile(f"{name}: a quotation mark is never closed", CUT)
    return UnreadableFile(f"{name}: line {line:,}: {said}", "Correct the quotation marks.")

"""Values written into a workbook as what they are: text from data never becomes a formula, a link or an error."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import numpy as np
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from csmetrics_addin.cli.terminal import Problem, plain
from csmetrics_addin.writing import whole_file
from csmetrics_core.samples import SAMPLE_NOTE

_LONGEST_TEXT = 32_767  # signs a cell holds
_CREATED = datetime(2026, 1, 1)  # fixed, so that the same data give the same file
_OPTIONS = {
    "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
    "in_memory": True,  # its temporary files would stay where it is broken off
}  # fmt: skip


@contextmanager
def new_workbook(path: Path) -> Iterator[Workbook]:
    """A workbook that replaces the file at `path` once it is complete, if that is one of ours.

    Raises:
        Problem: the file there is somebody else's.
        NotWritten: it cannot be written.
    """
    refuse_others(path)
    with whole_file(path) as part:
        packed = BytesIO()
        with Workbook(packed, _OPTIONS) as book:
            about = {"title": path.stem.replace("-", " "), "author": "csmetrics", "created": _CREATED}
            book.set_properties({**about, "comments": SAMPLE_NOTE})
            yield book
        part.write_bytes(packed.getbuffer())


def refuse_others(*paths: Path) -> None:
    """Stop before any work is done where a file would be replaced that is not ours.

    Raises:
        Problem: naming the file.
    """
    for path in paths:
        if path.exists() and not _is_ours(path):
            fix = "Move it away, or name another folder with --out."
            raise Problem(f"{plain(path)} is there already and was not written by this command", fix)


def _is_ours(path: Path) -> bool:
    """Whether a file says of itself that its data are the sample's; nothing of anybody's is lost with it."""
    try:
        with ZipFile(path) as parts:
            return SAMPLE_NOTE.encode() in parts.read("docProps/core.xml")
    except (BadZipFile, KeyError, OSError):
        return False


def put(sheet: Worksheet, row: int, column: int, value: Any, style: Format | None = None) -> None:
    """Write one value; what is missing stays an empty cell."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value == "" or value != value:
        return
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value, style)
    elif isinstance(value, int | float):
        sheet.write_number(row, column, value, style)
    elif isinstance(value, date):
        sheet.write_datetime(row, column, value, style)
    else:
        sheet.write_string(row, column, str(value)[:_LONGEST_TEXT], style)


def put_column(sheet: Worksheet, row: int, column: int, values: Sequence[Any], style: Format | None = None) -> None:
    """Write values below each other."""
    for place, value in enumerate(values):
        put(sheet, row + place, column, value, style)

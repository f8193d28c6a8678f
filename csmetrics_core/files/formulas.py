"""What the quick reader of .xlsx files passes over: error cells, and formulas that were never calculated."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, NamedTuple
from zipfile import ZipFile

from openpyxl.packaging.relationship import get_dependents
from openpyxl.utils.cell import coordinate_to_tuple, get_column_letter
from openpyxl.xml.functions import fromstring

from csmetrics_core.files.budget import check_rectangle, is_plain, parts_of

_WORKBOOK, _LINKS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
_LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
# A cell with a formula: its attributes, the element of its value, and the value. What was matched is never given back
# (*+), or a formula padded with blanks would take minutes.
_FORMULA = re.compile(
    rb"<(?:\w+:)?c\b([^>/]*+)>\s*+<(?:\w+:)?f\b(?:[^>]*+(?<=/)>|[^>]*+>[^<]*+</(?:\w+:)?f>)\s*+"
    rb"(<(?:\w+:)?v\b[^>]*+(?<=/)>|<(?:\w+:)?v\b[^>]*+>([^<]*+)</(?:\w+:)?v>)?\s*+</(?:\w+:)?c>"
)
_MERGED = re.compile(rb'<mergeCell ref="([A-Z]{1,3}\d{1,7}):([A-Z]{1,3}\d{1,7})"')
_ADDRESS = re.compile(rb'\br="([A-Z]+\d+)"')

#: How formulas get their values.
MEND = "Open the file in Excel or LibreOffice, save it there, and read it again."
#: Row and column of a cell, counted from 0.
Place = tuple[int, int]


class Unsaid(NamedTuple):
    """What the quick reader does not say about the sheets of a workbook.

    Args:
        errors: whether any sheet holds error cells.
        plain: whether all cells say where they stand as spreadsheet programs write it.
        pending: sheet -> its formulas that were never calculated, whose cells look blank.
        merged: sheet -> cells of one column that are merged: the first row, the last, and the column.
    """

    errors: bool
    plain: bool
    pending: Mapping[str, tuple[Place, ...]]
    merged: Mapping[str, tuple[tuple[int, int, int], ...]]


def look_into(file: Path | IO[bytes], name: str = "the workbook") -> Unsaid:
    """Look through the sheets of an .xlsx file for what its quick reader gives as blank, and for cells too far away.

    An empty value can be an empty text that was calculated: it counts as never calculated only where no formula of
    the workbook has a value.
    """
    errors, calculated, plain = False, False, True
    bare: dict[str, list[Place]] = {}
    empty: dict[str, list[Place]] = {}
    merged: dict[str, tuple[tuple[int, int, int], ...]] = {}
    for part, text in parts_of(file, name):
        plain = plain and is_plain(text)
        check_rectangle(name, text)
        errors = errors or b't="e"' in text
        if b"<mergeCell " in text and (found := tuple(_merged(text))):
            merged[part] = found
        holds_formulas = b"<f" in text or b":f" in text  # which most sheets of data do not
        for attributes, element, value in _FORMULA.findall(text) if holds_formulas else ():
            if value.strip() or b't="str"' in attributes:
                calculated = True
            elif address := _ADDRESS.search(attributes):
                (empty if element else bare).setdefault(part, []).append(_place(address[1]))
    names: dict[str, str] = {}
    if bare or empty or merged:
        with ZipFile(file) as parts:
            names = _sheet_names(parts)
    pending = {
        sheet: tuple(sorted(bare.get(part, []) + ([] if calculated else empty.get(part, []))))
        for part, sheet in names.items()
    }
    return Unsaid(
        errors,
        plain,
        {sheet: places for sheet, places in pending.items() if places},
        {sheet: merged[part] for part, sheet in names.items() if part in merged},
    )


def _merged(text: bytes) -> Iterator[tuple[int, int, int]]:
    for first, last in _MERGED.findall(text):
        (top, left), (bottom, right) = _place(first), _place(last)
        if left == right and bottom > top:
            yield top, bottom, left


def _place(address: bytes) -> Place:
    row, column = coordinate_to_tuple(address.decode())
    return row - 1, column - 1


def _sheet_names(parts: ZipFile) -> dict[str, str]:
    """Part of the file -> the name of the sheet it holds."""
    links = get_dependents(parts, _LINKS).to_dict()
    sheets = [node for node in fromstring(parts.read(_WORKBOOK)).iter() if node.tag.endswith("}sheet")]
    return {links[sheet.get(_LINK)].target: sheet.get("name") for sheet in sheets if sheet.get(_LINK) in links}


def pending_words(sheet: str, places: Sequence[Place]) -> str:
    """Say how many formulas were never calculated, and which is the first; MEND says what to do."""
    row, column = min(places)
    first = f"{sheet}!{get_column_letter(column + 1)}{row + 1}"
    if len(places) == 1:
        return f"the formula in {first} was never calculated and counts as blank"
    return f"{len(places):,} formulas were never calculated and count as blank; the first is {first}"

"""Excel's limits, from Microsoft's "Excel specifications and limits" and the Open XML standard."""

import re

ROWS, COLUMNS = 1_048_576, 16_384
CELL_TEXT = 32_767
FORMULA = 8_192
TEXT_IN_FORMULA = 255
NESTING = 64
ARGUMENTS = 255
LARGEST, SMALLEST = 9.99999999999999e307, 2.2250738585072e-308
SHEET_NAME = 31
NAME = 255
VALIDATION = 255
TITLE, MESSAGE = 32, 255
HEADER = 255
COLUMN_WIDTH, ROW_HEIGHT = 255, 409.5
STYLES = 65_490
ERRORS = {"#N/A", "#DIV/0!", "#NUM!", "#VALUE!", "#REF!", "#NAME?", "#NULL!", "#GETTING_DATA", "#SPILL!", "#CALC!"}

CELL = re.compile(r"\$?([A-Za-z]{1,3})\$?([1-9][0-9]*)")
_NAME = re.compile(r"[^\W\d][\w.?\\]*|\\[\w.?\\]*")
_LIKE_R1C1 = re.compile(r"[Rr]\d*([Cc]\d*)?|[Cc]\d*")


def column_number(letters: str) -> int:
    """A -> 1."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number


def is_cell(text: str) -> bool:
    """Whether a text is a reference to a cell that there is."""
    found = CELL.fullmatch(text)
    return bool(found) and column_number(found[1]) <= COLUMNS and int(found[2]) <= ROWS


def box(reference: str) -> tuple[int, int, int, int] | None:
    """First column, first row, last column, last row of a range; None where it is none."""
    ends = [CELL.fullmatch(end) for end in reference.split(":")]
    if len(ends) > 2 or not all(ends):
        return None
    (left, top), (right, bottom) = ((column_number(e[1]), int(e[2])) for e in (ends[0], ends[-1]))
    inside = 1 <= left <= right <= COLUMNS and 1 <= top <= bottom <= ROWS
    return (left, top, right, bottom) if inside else None


def overlap(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> bool:
    """Whether two ranges share a cell."""
    return not (one[2] < other[0] or other[2] < one[0] or one[3] < other[1] or other[3] < one[1])


def bad_name(name: str) -> str:
    """Why Excel would not take a name for a cell, a formula or a table; empty where it would."""
    if not name or len(name) > NAME:
        return f"{len(name)} characters"
    if not _NAME.fullmatch(name):
        return "not a letter or underscore and then letters, digits, dots and underscores"
    if is_cell(name) or _LIKE_R1C1.fullmatch(name):
        return "reads as a cell"
    return "reads as a truth" if name.upper() in ("TRUE", "FALSE") else ""


def bad_sheet_name(name: str) -> str:
    """Why Excel would not take a sheet's name."""
    if not name or len(name) > SHEET_NAME:
        return f"{len(name)} characters"
    if re.search(r"[\[\]:*?/\\\x00-\x1f]", name) or name[0] == "'" or name[-1] == "'":
        return "a sign no sheet name may have"
    return "reserved by Excel" if name.lower() == "history" else ""

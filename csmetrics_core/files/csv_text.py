"""Text in CSV files: what a spreadsheet would take for a formula gets a sign before it, which our reader takes off."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

_SIGN = "'"
_STARTS = frozenset("=+-@")
_LINE_STARTS = ("\t", "\r", "\n")
_NUMBER = re.compile(r"[+-]?(\d[\d.,]*|[.,]\d+)([eE][+-]?\d+)?%?")


def harmless(text: str) -> str:
    """A text as a CSV file may hold it: one that a spreadsheet would compute, or run, starts with an apostrophe.

    Numbers stay as they are. A text that already looks so gets one more, so that reading gives back what was written.

    Example:
        >>> harmless("=1+1"), harmless("-5"), harmless("Acme")
        ("'=1+1", '-5', 'Acme')
    """
    return _SIGN + text if _is_dangerous(text) else text


def as_written(cell: str) -> str:
    """A cell of a CSV file without the apostrophe that `harmless` put before it.

    Example:
        >>> as_written("'=1+1"), as_written("'tis")
        ('=1+1', "'tis")
    """
    return cell[1:] if cell.startswith(_SIGN) and _is_dangerous(cell[1:]) else cell


def column_as_written(cells: pd.Series) -> pd.Series:
    """The same for a column of text."""
    marked = cells.str.startswith(_SIGN)
    return cells.where(~marked, cells[marked].map(as_written)) if marked.any() else cells


def _is_dangerous(text: str) -> bool:
    """Whether a spreadsheet could take a text for a formula; signs that show nothing may stand before it."""
    bare = text.lstrip(_SIGN)
    if bare.startswith(_LINE_STARTS):
        return True
    if bare.isascii():
        first = bare.lstrip()[:1]
    else:
        first = next((sign for sign in bare if not sign.isspace() and unicodedata.category(sign) != "Cf"), "")
        first = unicodedata.normalize("NFKC", first)  # full-width and small forms, which some take for the plain ones
    return first in _STARTS and first != "" and not _NUMBER.fullmatch(bare)

"""Cells of an export's column, read as what they hold."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Literal

import pandas as pd

from csmetrics_core.errors import CELL_ERRORS
from csmetrics_core.readers.dates import read_days, read_epochs, read_moments
from csmetrics_core.readers.numbers import read_numbers
from csmetrics_core.readers.place import Place
from csmetrics_core.readers.report import How

Holds = Literal["text", "id", "number", "cents", "day", "moment", "epoch", "flag", "score"]

_YES = {"true": True, "yes": True, "y": True, "1": True, "x": True, "1.0": True}
_NO = {"false": False, "no": False, "n": False, "0": False, "0.0": False}
_ENDPOINT = r"^(\d{1,2})\s*[-–—]\s*\D.*$"  # "10 - Extremely likely": how a labelled end of a scale is written


def read_cells(cells: pd.Series, holds: Holds, where: Place, how: How) -> pd.Series:
    """Cells of one column, read as what they hold; an error cell is passed on as the error it is."""
    failed = cells.isin(CELL_ERRORS)
    if failed.any():
        raise where.refusal_at(cells[failed], "a value", "Mend that cell, or clear it if there is no value.")
    if holds in ("number", "cents"):
        numbers = read_numbers(cells, where, how.decimal)
        return numbers / 100 if holds == "cents" else numbers
    if holds in ("day", "moment", "epoch"):
        return {"day": read_days, "moment": read_moments, "epoch": read_epochs}[holds](cells, where, how.dates)
    if holds == "flag":
        return _flags(cells, where)
    return _scores(cells, where) if holds == "score" else _each(cells, _text, where)


def _each(cells: pd.Series, convert: Callable[[Any], Any], where: Place) -> pd.Series:
    """Convert every cell; where all are text, each distinct one once."""
    if where.in_workbook:
        return cells.map(convert)
    return cells.map({cell: convert(cell) for cell in cells.unique()})


def _text(cell: Any) -> str | None:
    if cell is None or cell != cell:
        return None
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip() or None


def _scores(cells: pd.Series, where: Place) -> pd.Series:
    """Answers; in a workbook, where numbers have their own type, it is worth saying which were typed as text."""
    scores = _each(cells, _score, where)
    if not where.in_workbook:
        return scores
    typed = cells.map(lambda cell: isinstance(cell, str)) & scores.map(lambda score: isinstance(score, (int, float)))
    if 0 < typed.sum() < scores.notna().sum():
        where.report.notes.append(f"{where.heading}: {int(typed.sum()):,} answers typed as text were read as numbers.")
    return scores


def _score(cell: Any) -> Any:
    """An answer as a number where it is one, else as it stands: metrics drop words and count them."""
    text = _text(cell)
    if text is None or not isinstance(cell, str):
        return None if text is None else cell
    end = re.match(_ENDPOINT, text)
    number = end.group(1) if end else text.replace(",", ".")
    try:
        value = float(number)
    except ValueError:
        return text
    return int(value) if value.is_integer() else value


def _flags(cells: pd.Series, where: Place) -> pd.Series:
    words = _each(cells, lambda cell: (_text(cell) or "").lower() or None, where)
    wrong = words.notna() & ~words.isin(_YES | _NO)
    if wrong.any():
        raise where.refusal_at(cells[wrong], "yes or no, true or false")
    return words.map(_YES | _NO).astype(object).where(words.notna(), None)

"""Long columns of dates that a program wrote, all in one form: read at once."""

from __future__ import annotations

import re
from datetime import date, datetime

import numpy as np
import pandas as pd

from csmetrics_core.files.columnar import Mask
from csmetrics_core.files.distinct import Distinct, Outcome, State

FORMS = "a date such as 2026-03-31, 31/03/2026, 03/31/2026, 31.03.2026 or 31 Mar 2026"
_FEW = 1_000  # so many distinct dates of another form than ISO are looked at one by one
_ISO = re.compile(r"\d{4}-\d\d-\d\d(?:(?P<t>[T ])\d\d:\d\d(?P<second>:\d\d)?(?P<part>\.\d{1,6})?(?P<zone>Z?))?")
_ORDERED = re.compile(
    r"\d{1,2}(?P<sign>[-/.])\d{1,2}[-/.]\d{4}(?P<clock>,? \d{1,2}:\d\d(?P<second>:\d\d)?(?P<half> [AaPp][Mm])?)?"
)


def at_once(column: Distinct) -> Outcome | None:
    """Dates all of a workbook's own kind, or written in the form of the first.

    None where they are not, or where their order is not clear.
    """
    kinds = set(map(type, column.cells))
    if kinds and kinds <= {datetime, date} and all(getattr(cell, "tzinfo", None) is None for cell in column.cells):
        return Outcome(np.array(column.cells, "datetime64[us]"), np.zeros(len(column), np.int8), FORMS)
    return _written_at_once(column) if kinds == {str} else None


def _written_at_once(column: Distinct) -> Outcome | None:
    filled = np.array([cell != "" for cell in column.cells], dtype=bool)
    texts = pd.Series([cell for cell in column.cells if cell], dtype=object)
    if texts.empty:
        return None
    if _ISO.fullmatch(texts[0]):
        return _outcome(_parsed(texts, _iso_form(texts[0])), filled)
    if len(texts) < _FEW or not (found := _ORDERED.fullmatch(texts[0])):
        return None
    orders = ("%d{0}%m{0}%Y",) if found["sign"] == "." else ("%d{0}%m{0}%Y", "%m{0}%d{0}%Y")
    read = [_parsed(texts, order.format(found["sign"]) + _clock(found)) for order in orders]
    known = [values for values in read if values is not None]
    if len(known) != 1:
        return None
    outcome = _outcome(known[0], filled)
    if outcome is not None:
        outcome.shows["dates"] = "dmy" if read[0] is not None else "mdy"
    return outcome


def _iso_form(text: str) -> str:
    found = _ISO.fullmatch(text)
    if found is None or not found["t"]:
        return "%Y-%m-%d"
    rest = (":%S" if found["second"] else "") + (".%f" if found["part"] else "")
    return f"%Y-%m-%d{found['t']}%H:%M{rest}{found['zone']}"


def _clock(found: re.Match[str]) -> str:
    if not found["clock"]:
        return ""
    comma = "," if found["clock"].startswith(",") else ""
    hours, half = ("%I", " %p") if found["half"] else ("%H", "")
    return f"{comma} {hours}:%M{':%S' if found['second'] else ''}{half}"


def _parsed(texts: pd.Series, form: str) -> pd.Series | None:
    try:
        return pd.to_datetime(texts, format=form, exact=True)
    except (ValueError, TypeError):
        return None


def _outcome(found: pd.Series | None, filled: Mask) -> Outcome | None:
    if found is None or found.isna().any():
        return None
    values = np.full(len(filled), "NaT", "datetime64[us]")
    values[filled] = found.to_numpy().astype("datetime64[us]")
    return Outcome(values, np.where(filled, State.READ, State.BLANK).astype(np.int8), FORMS)

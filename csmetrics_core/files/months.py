"""Months across: the headings of a sheet that are months, decided together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from csmetrics_core.files.dates import read_dates
from csmetrics_core.files.distinct import State, distinct, is_day, is_number, trimmed
from csmetrics_core.files.saying import Place, Question, Said
from csmetrics_core.files.written import written_date

#: What recurring revenue is called beside its month; another measure's months are not those of revenue.
_MEASURE = re.compile(
    r"^\s*(?:mrr|(?:monthly |recurring )*revenue)[\s:_–—-]+|[\s:_–—-]+(?:mrr|(?:monthly |recurring )*revenue)\s*$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class MonthHeadings:
    """Headings that are months.

    Args:
        months: position of a heading -> the first day of its month.
        questions: what must be answered first.
    """

    months: dict[int, date]
    questions: tuple[Question, ...] = ()


def month_headings(headings: Sequence[Any], place: Place, said: Said) -> MonthHeadings:
    """The headings that are months: Nov-23, 2025-01, Jan 2025, 01/2025, 202501, 2025M01, 31/01/2025, a date of Excel.

    Example:
        >>> month_headings(["Customer", "Nov-23", "MRR Dec-23", "Users Dec-23"], Place(), Said()).months
        {1: datetime.date(2023, 11, 1), 2: datetime.date(2023, 12, 1)}
    """
    bare = [_MEASURE.sub("", heading) if isinstance(heading, str) else heading for heading in headings]
    at = [index for index, heading in enumerate(bare) if _may_be_month(heading)]
    if not at:
        return MonthHeadings({})
    above = int(place.rows[0]) - 1 if len(place.rows) else 1  # all of them stand in the row above the first
    column = distinct([bare[index] for index in at], replace(place, rows=[above] * len(at)), said)
    outcome = read_dates(column, "month")
    months: dict[int, date] = {}
    for index, code in zip(at, column.codes.tolist(), strict=True):
        if code >= 0 and outcome.states[code] == State.READ:
            months[index] = outcome.values[code].astype("datetime64[D]").astype(object)
    return MonthHeadings(months, tuple(outcome.questions))


def _may_be_month(heading: Any) -> bool:
    """Whether a heading is a month, or its first or last day; a number is one as 202501, or it would be a year."""
    if is_day(heading):
        return _is_end(pd.Timestamp(heading).day)
    if is_number(heading):
        heading = str(int(heading)) if np.isfinite(float(heading)) else ""
    text = trimmed(str(heading)) if heading is not None else ""
    found = written_date(text) if any(sign.isdigit() for sign in text) else None
    if found is None:
        return False
    days = found.numbers[:2] if len(found.numbers) == 3 else (found.day,) if found.day else ()
    return not days or any(map(_is_end, days))


def _is_end(day: int) -> bool:
    return day == 1 or day >= 28

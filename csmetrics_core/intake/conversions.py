"""One cell -> a number, a serial date or a flag; or, in a word, why it is none."""

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta, timezone
from numbers import Real
from typing import Any

import numpy as np

from csmetrics_core.errors import CELL_ERRORS
from csmetrics_core.maths.periods import month_number

DAY_MS = 86_400_000
_EPOCH = date(1970, 1, 1).toordinal()
_SERIAL_OF_EPOCH = 25569.0
#: Why a text is no number that a person takes for one: the commonest fault of a pasted column.
NUMBER_AS_TEXT = "stored as text, not as a number"
_LOOKS_LIKE_ONE = re.compile(
    r"[-+−(]*\s*[$€£¥]?\s*[-+−(]?\s*(\d{1,3}([.,'\s]\d{2,3})*[.,'\s]\d{3}|\d+)([.,]\d+)?\s*[%$€£¥]?\)?"
)
_YES = {"true": 1.0, "yes": 1.0, "y": 1.0, "false": 0.0, "no": 0.0, "n": 0.0}


def milliseconds(dates: np.ndarray) -> np.ndarray:
    stamps = dates.astype("datetime64[ms]")
    return np.where(np.isnat(stamps), np.nan, stamps.astype(np.int64).astype(float))


def serial_to_milliseconds(serial: np.ndarray) -> np.ndarray:
    """Spreadsheet serial days to milliseconds since 1970; below 61 they count a 29 February 1900 that never was."""
    with np.errstate(over="ignore"):
        return np.rint((serial - _SERIAL_OF_EPOCH + (serial < 61)) * DAY_MS)


def number_text(value: Real) -> str:
    """A number as text with all its digits, so that two numbers never read alike; 5.0 reads 5."""
    return str(value).removesuffix(".0")


def not_a_number(value: Any) -> str | None:
    """Why a cell is no number and no date: its kind in a word, or the error it holds."""
    if isinstance(value, str):
        text = value.strip()
        return (text if text in CELL_ERRORS else "text") if text else "blank"
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return "blank"
    if isinstance(value, bool | np.bool_):
        return "boolean"
    return None


def _number(value: Any) -> float | str:
    if (reason := not_a_number(value)) is not None:
        return NUMBER_AS_TEXT if reason == "text" and _LOOKS_LIKE_ONE.fullmatch(value.strip()) else reason
    if isinstance(value, date | np.datetime64):
        return "date"
    if isinstance(value, timedelta | time | np.timedelta64):
        return "time span"
    try:
        number = float(value)
    except (TypeError, ValueError):
        return "object"
    return "blank" if number != number else number


def _serial(value: Any) -> float | str:
    """A date as a spreadsheet serial; what is already a number is one."""
    if isinstance(value, np.datetime64):
        value = value.astype("datetime64[ms]").item()
    if type(value).__name__ == "Period":  # of pandas
        value = value.to_timestamp()
    if type(value).__name__ == "NaTType" or not isinstance(value, date):
        return _number(value)
    if not isinstance(value, datetime):
        serial = float(value.toordinal() - _EPOCH) + _SERIAL_OF_EPOCH
    else:
        if value.tzinfo is not None:
            value = value.astimezone(timezone.utc).replace(tzinfo=None)
        serial = (value - datetime(1970, 1, 1)) / timedelta(days=1) + _SERIAL_OF_EPOCH
    return serial - 1 if serial < 61 else serial


def _month(value: Any) -> float | str:
    """A month as the serial date of its first day, also where it is text; a date is any day of it."""
    if isinstance(value, str) and (number := month_number(value)) is not None:
        return _serial(date(1970 + number // 12, number % 12 + 1, 1))
    return _serial(value)


def _flag(value: Any) -> float | str:
    if isinstance(value, bool | np.bool_):
        return float(value)
    if isinstance(value, str) and (word := value.strip().lower()) in _YES:
        return _YES[word]
    return _number(value)


CONVERT: dict[str, Callable[[Any], float | str]] = {
    "number": _number,
    "day": _serial,
    "month": _month,
    "moment": _serial,
    "flag": _flag,
}

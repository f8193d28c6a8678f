"""How long something took, as people and programs write it, in minutes."""

from __future__ import annotations

import re
from datetime import time, timedelta
from typing import Any

import numpy as np

from csmetrics_core.files.distinct import Distinct, Outcome, State, is_error, is_nothing, is_number, trimmed
from csmetrics_core.files.languages import folded
from csmetrics_core.files.saying import Question

#: Unit -> its minutes, by its words and abbreviations.
_UNITS = {
    word: minutes
    for minutes, words in (
        (1 / 60_000, "ms millis milliseconds millisecond millisekunden"),
        (1 / 60, "s sec secs second seconds sek sekunde sekunden seconde secondes segundo segundos secondi seconden"),
        (1, "m min mins minute minutes minuten minuto minutos minuti"),
        (60, "h hr hrs hour hours std stunde stunden heure heures hora horas ora ore uur uren"),
        (1440, "d day days tag tage jour jours dia dias"),
    )
    for word in words.split()
}
_PART = r"(\d+(?:[.,]\d+)?)\s*([^\W\d_]+)\.?"
_IN_PARTS = re.compile(rf"{_PART}(?:[\s,]*(?:and\s+)?{_PART})*")
_CLOCK = re.compile(r"(?:(\d+)\s*(?:d|days?)[,\s]+)?(\d+):(\d\d)(?::(\d\d(?:[.,]\d+)?))?")
_ISO = re.compile(r"P(?:(\d+)D)?T?(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?", re.IGNORECASE)
_MEND = 'Write the unit into the heading, as in "Duration (min)" or "Duration (seconds)".'


def read_durations(column: Distinct) -> Outcome:
    """Read durations as minutes: 00:12:30, 12m 30s, 750 s, PT12M30S; a bare number has the unit of the heading."""
    values, states = np.full(len(column), np.nan), np.full(len(column), State.UNREAD, np.int8)
    outcome = Outcome(values, states, "a duration such as 00:12:30, 12m 30s or 750 s")
    bare: dict[int, float] = {}
    short: dict[int, tuple[int, int]] = {}
    for at, cell in enumerate(column.cells):
        if isinstance(cell, str) and is_nothing(trimmed(cell)) and not is_error(cell):
            states[at] = State.BLANK
        elif (number := _number(cell)) is not None:
            bare[at] = number
        elif isinstance(cell, str) and (found := _CLOCK.fullmatch(trimmed(cell))) and not (found[1] or found[4]):
            short[at] = int(found[2]), int(found[3])
        elif (minutes := minutes_in(cell)) is not None:
            values[at], states[at] = minutes, State.READ
    _bare(column, outcome, bare)
    _short(column, outcome, short)
    return outcome


def minutes_in(cell: Any) -> float | None:
    """The minutes of a duration that says its unit.

    Example:
        >>> [minutes_in(cell) for cell in ("00:12:30", "12m 30s", "750 s", "1h 5m", "PT12M30S", "soon")]
        [12.5, 12.5, 12.5, 65.0, 12.5, None]
    """
    if isinstance(cell, timedelta | np.timedelta64):
        return float(np.timedelta64(cell) / np.timedelta64(1, "s")) / 60
    if isinstance(cell, time):
        return cell.hour * 60 + cell.minute + (cell.second + cell.microsecond / 1e6) / 60
    text = folded(trimmed(str(cell)))
    found = _CLOCK.fullmatch(text) or _ISO.fullmatch(text)
    if found and any(found.groups()):
        days, hours, minutes, seconds = (float((part or "0").replace(",", ".")) for part in found.groups())
        return days * 1440 + hours * 60 + minutes + seconds / 60
    pairs = re.findall(_PART, text) if _IN_PARTS.fullmatch(text) else []
    if not pairs or any(unit not in _UNITS for _, unit in pairs):
        return None
    return sum(round(float(number.replace(",", ".")) * _UNITS[unit], 9) for number, unit in pairs)


def _number(cell: Any) -> float | None:
    if is_number(cell):
        return float(cell)
    text = trimmed(cell) if isinstance(cell, str) else ""
    return float(text.replace(",", ".")) if re.fullmatch(r"\d+([.,]\d+)?", text) else None


def _bare(column: Distinct, outcome: Outcome, bare: dict[int, float]) -> None:
    """Numbers alone, in the unit that the heading says; without one they wait."""
    if not bare:
        return
    words = re.split(r"[\W_]+", folded(column.place.heading))
    unit = next((_UNITS[word] for word in reversed(words) if word in _UNITS), None)
    if unit is None:
        cells = column.quote(list(bare))
        outcome.questions.append(Question(column.place, "does not say in which unit durations are", cells, (), _MEND))
        return
    for at, number in bare.items():
        outcome.values[at], outcome.states[at] = number * unit, State.READ


def _short(column: Distinct, outcome: Outcome, short: dict[int, tuple[int, int]]) -> None:
    """12:30 is minutes and seconds where the heading or a cell beyond 23 says so, hours where the heading does."""
    if not short:
        return
    heading = folded(column.place.heading)
    in_hours = "hh:mm" in heading or "h:mm" in heading
    in_minutes = not in_hours and ("mm:ss" in heading or any(first > 23 for first, _ in short.values()))
    if not (in_hours or in_minutes):
        cells = column.quote(list(short))
        mend = "Write hours too, as in 00:12:30, or mm:ss into the heading."
        problem = "may be minutes and seconds, or hours and minutes"
        outcome.questions.append(Question(column.place, problem, cells, (), mend))
    for at, (first, second) in short.items() if in_hours or in_minutes else ():
        outcome.values[at] = first * 60 + second if in_hours else first + second / 60
        outcome.states[at] = State.READ

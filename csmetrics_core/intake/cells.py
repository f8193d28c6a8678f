"""Raw cells of any host -> one array an argument, in one pass, noting what was dropped and why."""

from collections.abc import Callable, Sequence
from math import prod
from numbers import Real
from struct import error, pack
from typing import Any

import numpy as np

from csmetrics_core.declaration.kinds import DATED, LARGEST, Kind, Reading
from csmetrics_core.errors import CELL_ERRORS, ErrorInCell, MetricError, stored_as_text, too_long
from csmetrics_core.intake.column import Drops, Read
from csmetrics_core.intake.conversions import (
    CONVERT,
    DAY_MS,
    NUMBER_AS_TEXT,
    milliseconds,
    not_a_number,
    number_text,
    serial_to_milliseconds,
)
from csmetrics_core.intake.flattening import LONG, OneColumn, cells_of, flatten, shape_of
from csmetrics_core.intake.identifiers import codes_of, factorizes_itself

#: Stands for a day that has not come yet, later than every real one.
OPEN_ENDED = 2**31
_PLAIN = frozenset((float, int))
_NAN = float("nan")


def short_scale(flat: Any, kind: Kind) -> np.ndarray | None:
    """Answers on a short scale, ready for counting, if every cell is a good one; the common case, made fast."""
    if isinstance(flat, np.ndarray):
        return kind.compact(flat) if flat.dtype.kind in "fiu" else None
    size = len(flat)
    if not 0 < size <= LONG or not kind.members:
        return None
    floats = [*map(type, flat)].count(float)  # cheaper than a set, and what spreadsheets send
    if floats < size and not set(map(type, flat)) <= _PLAIN:
        return None
    try:
        return kind.compact(np.frombuffer(pack(f"{size}d", *flat)))  # half the time of np.fromiter
    except error:  # a number no float can hold
        return None


def flat_cells(raw: Any, argument: str, reading: Reading) -> Any:
    """A flat list or array; a long column of numbers or dates stays in its rows, as reading it needs no copy."""
    if reading in DATED and str(getattr(raw, "dtype", "")).startswith("period"):  # of pandas: their first day
        raw = getattr(raw, "dt", raw).to_timestamp()
    return cells_of(raw, argument) if reading in CONVERT else flatten(raw, argument)


def read(raw: Any, argument: str, reading: Reading) -> Read:
    """Read one argument the way its kind asks for."""
    if reading == "id" and factorizes_itself(raw):
        return codes_of(raw, len(raw))
    flat = flat_cells(raw, argument, reading)
    shape = shape_of(raw)
    return read_flat(flat, len(flat) if shape is None else prod(shape), argument, reading)


def read_flat(flat: Any, length: int, argument: str, reading: Reading) -> Read:
    """Read a flat list or array."""
    if reading == "id":
        return codes_of(flat, length)
    if reading == "text":
        return _texts(flat, length)
    is_date = reading in DATED
    if isinstance(flat, np.ndarray):
        dated, wrong = flat.dtype.kind == "M", _wrong_array(flat, reading)
        if wrong:
            return Read(np.full(flat.size, np.nan), length, Drops(list(range(flat.size)), [wrong] * flat.size), flat)
        why: list[str] = []
        values = milliseconds(flat) if dated else flat.astype(float, copy=False)
    else:
        dated = False
        values, why = _numbers(flat, argument, CONVERT[reading])
    if is_date:
        values = values if dated else serial_to_milliseconds(values)
        values = values if reading == "moment" else np.floor(values / DAY_MS)
    return Read(values, length, _located(values, why, flat), flat)


def _wrong_array(flat: np.ndarray, reading: Reading) -> str:
    """What an array holds that an argument cannot use, in a word; nothing where it can."""
    if flat.dtype.kind == "M":
        return "" if reading in DATED else "date"
    return "boolean" if flat.dtype.kind == "b" and reading != "flag" else ""


def _numbers(flat: Any, argument: str, convert: Callable[[Any], float | str]) -> tuple[np.ndarray, list[str]]:
    try:
        return _from_list(flat, argument, convert)
    except MetricError:
        raise
    except (TypeError, ValueError):  # a row that is none, or of another length
        return _from_list(flatten(flat.rows, argument), argument, convert)


def _from_list(
    flat: Sequence[Any] | OneColumn, argument: str, convert: Callable[[Any], float | str]
) -> tuple[np.ndarray, list[str]]:
    """One pass over cells: plain numbers pass untouched, anything else goes through `convert`."""
    why: list[str] = []
    words: dict[str, float | str] = {}  # the same few texts come again and again

    def other(value: Any) -> float:
        if value is None:
            why.append("blank")
            return _NAN
        if type(value) is not str:
            converted = convert(value)
        elif (converted := words.get(value, "")) == "":
            converted = words[value] = convert(value)
        if isinstance(converted, str):
            why.append(converted)
            return _NAN
        return converted

    try:
        if isinstance(flat, OneColumn):
            kept = [v if (t := type(v)) is float or t is int else other(v) for (v,) in flat.rows]
        else:
            kept = [v if (t := type(v)) is float or t is int else other(v) for v in flat]
        return np.fromiter(kept, float, len(kept)), why
    except OverflowError:
        position = next(i for i in range(len(flat)) if type(flat[i]) is int and abs(flat[i]) > LARGEST)
        raise too_long(argument, position, flat[position]) from None


def _located(values: np.ndarray, why: list[str], flat: Any) -> Drops:
    """Pair the reasons with their positions; a NaN among the numbers is a blank."""
    if not why and (not values.size or not np.isnan(values.min())):
        return Drops()
    where = np.flatnonzero(np.isnan(values)).tolist()
    if len(where) == len(why):
        return Drops(where, why)
    reasons = iter(why)
    is_number = () if isinstance(flat, np.ndarray) else (float, int)
    return Drops(where, ["blank" if not is_number or type(flat[i]) in is_number else next(reasons) for i in where])


def _texts(flat: Any, length: int) -> Read:
    drops = Drops()
    texts: list[str | None] = []
    for position, value in enumerate(flat.tolist() if isinstance(flat, np.ndarray) else flat):
        reason = not_a_number(value)
        if reason == "text":
            texts.append(value)
        elif reason is None and value == value:
            texts.append(number_text(value) if isinstance(value, Real) else str(value))
        else:
            texts.append(None)
            drops.add(position, reason or "blank")
    return Read(texts, length, drops, texts)


def refuse_cells(argument: str, column: Read, reading: Reading) -> None:
    """Pass an error cell on as the error it is, as SUM does; refuse a number stored as text, which SUM would skip."""
    drops = column.drops
    if not CELL_ERRORS.isdisjoint(drops.why):
        position, code = next(each for each in zip(drops.where, drops.why, strict=True) if each[1] in CELL_ERRORS)
        raise ErrorInCell(code, argument, position)
    if reading == "number" and NUMBER_AS_TEXT in drops.why:
        [position] = drops.first(NUMBER_AS_TEXT, most=1)
        count = drops.why.count(NUMBER_AS_TEXT)
        raise stored_as_text(argument, position, column.labels[position], count)

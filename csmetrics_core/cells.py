"""Raw cells of any host -> one array an argument, in one pass, noting what was dropped and why."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from itertools import chain
from math import prod
from numbers import Real
from typing import Any

import numpy as np

from csmetrics_core.errors import CELL_ERRORS, ErrorInCell, WrongKind, off_scale
from csmetrics_core.kinds import Kind, Reading

#: Stands for a day that has not come yet, later than every real one.
OPEN_ENDED = 2**31
_FEW = 1000  # up to here listing the distinct cells is cheaper than checking an array
_PLAIN = frozenset((float, int))
_EPOCH = date(1970, 1, 1).toordinal()
_SERIAL_OF_EPOCH = 25569.0
_DAY_MS = 86_400_000
_YES = {"true": 1.0, "yes": 1.0, "y": 1.0, "false": 0.0, "no": 0.0, "n": 0.0}


@dataclass(slots=True)
class Drops:
    """What a range held that is no value: where and why. Trailing blank rows do not count."""

    where: list[int] = field(default_factory=list)
    why: list[str] = field(default_factory=list)

    def add(self, position: int, reason: str) -> None:
        """Note one dropped cell."""
        self.where.append(position)
        self.why.append(reason)

    def counts(self) -> dict[str, int]:
        """How many cells were dropped for each reason."""
        return {reason: self.why.count(reason) for reason in dict.fromkeys(self.why)}

    def first(self, reason: str, most: int = 5) -> list[int]:
        """The first raw positions dropped for a reason."""
        return [p for p, w in zip(self.where, self.why, strict=True) if w == reason][:most]


@dataclass(slots=True)
class Read:
    """One argument as an array: numbers with NaN, codes with -1, or texts with None where nothing is."""

    values: Any
    length: int  # rows as given, trailing blanks included
    drops: Drops
    labels: Any  # what the codes stand for; for numbers the raw cells, to quote in an error


def shape_of(raw: Any) -> tuple[int, ...] | None:
    """The shape a host's value has: None for a single value."""
    if isinstance(raw, str | bytes) or raw is None:
        return None
    if isinstance(raw, list | tuple):
        if raw and isinstance(raw[0], list | tuple):
            return len(raw), len(raw[0])
        return (len(raw),)
    if hasattr(raw, "shape"):
        return tuple(raw.shape) or None
    return (len(raw),) if hasattr(raw, "__len__") and not isinstance(raw, dict) else None


def flatten(raw: Any, argument: str) -> Any:
    """Rows, a flat list, an array, a Series or one value -> a flat list, or a flat NumPy array of numbers or dates."""
    if isinstance(raw, list | tuple):
        return _flat_list(raw, argument)
    if hasattr(raw, "to_numpy"):
        raw = _series_array(raw)
    if isinstance(raw, np.ndarray):
        flat = raw.ravel()
        return flat if flat.dtype.kind in "fiuM" else flat.tolist()
    if isinstance(raw, dict | set):
        problem = f"{argument} is a {type(raw).__name__}, whose order is not its rows"
        raise WrongKind(problem, "Give a list, an array or a column.", argument=argument)
    if isinstance(raw, str | bytes) or not isinstance(raw, Iterable):
        return [raw]
    return list(raw)


def every_row(raw: Any, argument: str) -> Any:
    """Flat cells with the trailing blank ones put back, where positions must meet those of another range."""
    flat = flatten(raw, argument)
    short = prod(shape_of(raw) or (len(flat),)) - len(flat)
    return [*flat, *[None] * short] if short else flat


def _series_array(series: Any) -> np.ndarray:
    """A pandas or Polars column as an array; nullable numbers become floats with NaN."""
    if getattr(getattr(series, "dtype", None), "kind", "") in ("i", "u", "f") and hasattr(series, "isna"):
        return np.asarray(series.to_numpy(dtype=float, na_value=np.nan))
    if getattr(getattr(series, "dtype", None), "tz", None) is not None:
        return np.asarray(series.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy())
    return np.asarray(series.to_numpy())


def _flat_list(raw: Sequence[Any], argument: str) -> Sequence[Any]:
    raw = _without_blank_tail(raw)
    if not raw or not isinstance(raw[0], list | tuple):
        return raw
    if len(raw[0]) == 1:
        try:
            return [value for (value,) in raw]
        except (TypeError, ValueError):
            pass
    if not all(isinstance(row, list | tuple) for row in raw):
        problem = f"{argument} mixes rows and single values"
        raise WrongKind(problem, "Give one list of values, or one list of rows.", argument=argument)
    return list(chain.from_iterable(raw))


def _without_blank_tail(rows: Sequence[Any]) -> Sequence[Any]:
    """Cut trailing blank rows, comparing ever larger stretches at once: a whole column costs little."""
    end, step = len(rows), 1
    while end:
        tail = rows[end - 1]
        cells = tail if isinstance(tail, list | tuple) else (tail,)
        if any(not (cell is None or (type(cell) is str and not cell)) for cell in cells):
            break
        stretch = min(step, end)
        if list(rows[end - stretch : end]) == [tail] * stretch:
            end, step = end - stretch, step * 2
        else:
            step = 1 if stretch == 1 else stretch // 2
    return rows if end == len(rows) else rows[:end]


def short_scale(flat: Any, kind: Kind) -> np.ndarray | None:
    """Answers on a short scale, ready for counting, if every cell is a good one; the common case, made fast."""
    if isinstance(flat, np.ndarray):
        return kind.compact(flat) if flat.dtype.kind in "fiu" else None
    if len(flat) > _FEW or not flat or not set(map(type, flat)) <= _PLAIN or not set(flat) <= kind.members:
        return None
    return np.fromiter(flat, float, len(flat))


def read(raw: Any, argument: str, reading: Reading) -> Read:
    """Read one argument the way its kind asks for."""
    if reading == "id" and _factorizes_itself(raw):
        return _codes(raw, len(raw))
    flat = flatten(raw, argument)
    shape = shape_of(raw)
    return read_flat(flat, len(flat) if shape is None else prod(shape), argument, reading)


def read_flat(flat: Any, length: int, argument: str, reading: Reading) -> Read:
    """Read a flat list or array."""
    if reading == "id":
        return _codes(flat, length)
    if reading == "text":
        return _texts(flat, length)
    is_date = reading in ("day", "moment")
    if isinstance(flat, np.ndarray):
        dated = flat.dtype.kind == "M"
        if dated and not is_date:
            return Read(np.full(flat.size, np.nan), length, Drops(list(range(flat.size)), ["date"] * flat.size), flat)
        why: list[str] = []
        values = _milliseconds(flat) if dated else flat.astype(float, copy=False)
    else:
        dated = False
        values, why = _from_list(flat, argument, _CONVERT[reading])
    if is_date:
        values = values if dated else _serial_to_milliseconds(values)
        values = np.floor(values / _DAY_MS) if reading == "day" else values
    return Read(values, length, _located(values, why, flat), flat)


def _from_list(
    flat: Sequence[Any], argument: str, convert: Callable[[Any], float | str]
) -> tuple[np.ndarray, list[str]]:
    """One pass over a list: plain numbers pass untouched, anything else goes through `convert`."""
    why: list[str] = []

    def other(value: Any) -> float:
        converted = "blank" if value is None else convert(value)
        if isinstance(converted, str):
            why.append(converted)
            return np.nan
        return converted

    try:
        kept = [v if (t := type(v)) is float or t is int else other(v) for v in flat]
        return np.fromiter(kept, float, len(kept)), why
    except OverflowError:
        position = next(i for i, v in enumerate(flat) if type(v) is int and abs(v) > 2**1023)
        expected = "a number a spreadsheet can hold"
        raise off_scale(
            argument, position, f"1e{len(str(flat[position])) - 1}", expected, "Correct the cell."
        ) from None


def _located(values: np.ndarray, why: list[str], flat: Any) -> Drops:
    """Pair the reasons with their positions; a NaN among the numbers is a blank."""
    if not why and (not values.size or not np.isnan(values.min())):
        return Drops()
    where = np.flatnonzero(np.isnan(values)).tolist()
    if len(where) == len(why):
        return Drops(where, why)
    reasons = iter(why)
    is_number = (float, int) if isinstance(flat, list | tuple) else ()
    return Drops(where, ["blank" if not is_number or type(flat[i]) in is_number else next(reasons) for i in where])


def _milliseconds(dates: np.ndarray) -> np.ndarray:
    stamps = dates.astype("datetime64[ms]")
    return np.where(np.isnat(stamps), np.nan, stamps.astype(np.int64).astype(float))


def _serial_to_milliseconds(serial: np.ndarray) -> np.ndarray:
    """Spreadsheet serial days to milliseconds since 1970; below 61 they count a 29 February 1900 that never was."""
    with np.errstate(over="ignore"):
        return np.rint((serial - _SERIAL_OF_EPOCH + (serial < 61)) * _DAY_MS)


def _not_a_number(value: Any) -> str | None:
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
    if (reason := _not_a_number(value)) is not None:
        return reason
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
    if type(value).__name__ == "NaTType" or not isinstance(value, date):
        return _number(value)
    if not isinstance(value, datetime):
        serial = float(value.toordinal() - _EPOCH) + _SERIAL_OF_EPOCH
    else:
        if value.tzinfo is not None:
            value = value.astimezone(timezone.utc).replace(tzinfo=None)
        serial = (value - datetime(1970, 1, 1)) / timedelta(days=1) + _SERIAL_OF_EPOCH
    return serial - 1 if serial < 61 else serial


def _flag(value: Any) -> float | str:
    if isinstance(value, bool | np.bool_):
        return float(value)
    if isinstance(value, str) and (word := value.strip().lower()) in _YES:
        return _YES[word]
    return _number(value)


_CONVERT: dict[str, Callable[[Any], float | str]] = {
    "number": _number,
    "day": _serial,
    "moment": _serial,
    "flag": _flag,
}


def _texts(flat: Any, length: int) -> Read:
    drops = Drops()
    texts: list[str | None] = []
    for position, value in enumerate(flat.tolist() if isinstance(flat, np.ndarray) else flat):
        reason = _not_a_number(value)
        if reason == "text":
            texts.append(value)
        elif reason is None and value == value:
            texts.append(f"{value:g}" if isinstance(value, Real) else str(value))
        else:
            texts.append(None)
            drops.add(position, reason or "blank")
    return Read(texts, length, drops, texts)


def _factorizes_itself(raw: Any) -> bool:
    """Whether a column of one kind of thing numbers its distinct values faster than its cells can be looked at."""
    return hasattr(raw, "factorize") and str(getattr(raw, "dtype", "")) in ("str", "string", "int64", "int32")


def _codes(flat: Any, length: int) -> Read:
    """Number the distinct things of a column, in sorted order so that the order of rows does not matter."""
    codes, found = _factorize(flat)
    drops = Drops()
    good = {}
    for code, value in enumerate(found):
        reason = None if type(value) is int else _not_a_number(value)
        if reason in (None, "text") and value == value:
            plain = type(value) is int or not isinstance(value, Real) or not float(value).is_integer()
            good[code] = value if plain else int(float(value))
        else:
            for position in np.flatnonzero(codes == code).tolist():
                drops.add(position, reason or "blank")
    for position in np.flatnonzero(codes < 0).tolist():
        drops.add(position, "blank")
    order = _sorted_codes(good)
    renumber = np.full(len(found) + 1, -1, dtype=np.int64)
    renumber[order] = np.arange(len(order))
    return Read(renumber[codes], length, drops, [good[code] for code in order])


def _sorted_codes(labels: dict[int, Any]) -> list[int]:
    """Codes in the order of their labels: numbers, then texts."""
    if set(map(type, labels.values())) in ({int}, {str}):
        return sorted(labels, key=labels.__getitem__)
    return sorted(
        labels,
        key=lambda code: (
            isinstance(labels[code], str),
            labels[code] if isinstance(labels[code], Real | str) else str(labels[code]),
        ),
    )


def _factorize(flat: Any) -> tuple[np.ndarray, list[Any]]:
    """Codes and distinct values; booleans and numbers are kept apart, which hashing alone would not do."""
    if _factorizes_itself(flat):
        codes, found = flat.factorize()
        return np.asarray(codes, dtype=np.int64), list(found.tolist())
    if isinstance(flat, np.ndarray) or len(flat) > 50_000:
        from pandas import factorize

        if isinstance(flat, np.ndarray) or not set(map(type, flat)) & {bool, np.bool_}:
            array = flat if isinstance(flat, np.ndarray) else np.fromiter(flat, object, len(flat))
            codes, found = factorize(array)
            return codes.astype(np.int64, copy=False), list(found.tolist())
    index: dict[Any, int] = {}
    keys = [("", v) if isinstance(v, bool | np.bool_) else v for v in flat]
    codes = np.fromiter((index.setdefault(key, len(index)) for key in keys), np.int64, len(keys))
    return codes, [key[1] if isinstance(key, tuple) else key for key in index]


def refuse_errors(argument: str, drops: Drops) -> None:
    """Pass an error cell on as the error it is, as SUM does."""
    for position, reason in zip(drops.where, drops.why, strict=True):
        if reason in CELL_ERRORS:
            raise ErrorInCell(reason, argument, position)

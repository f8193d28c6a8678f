"""Columns of things -> numbered codes, in sorted order so that the order of rows does not matter."""

from collections.abc import Hashable
from numbers import Real
from typing import Any

import numpy as np

from csmetrics_core.intake.column import Drops, Read
from csmetrics_core.intake.conversions import not_a_number

_LIST = object()  # stands for a list or another thing that cannot be looked up, so names nothing


def factorizes_itself(raw: Any) -> bool:
    """Whether a column of one kind of thing numbers its distinct values faster than its cells can be looked at."""
    return hasattr(raw, "factorize") and str(getattr(raw, "dtype", "")) in ("str", "string", "int64", "int32")


def codes_of(flat: Any, length: int) -> Read:
    """Number the distinct things of a column, in sorted order so that the order of rows does not matter."""
    try:
        codes, found = factorized(flat)
    except TypeError:
        codes, found = factorized([value if isinstance(value, Hashable) else _LIST for value in flat])
    drops = Drops()
    good = {}
    for code, value in enumerate(found):
        reason = None if type(value) is int else not_a_number(value)
        if reason in (None, "text") and value == value and value is not _LIST:
            plain = type(value) is int or not isinstance(value, Real) or not float(value).is_integer()
            good[code] = value if plain else int(float(value))
        else:
            for position in np.flatnonzero(codes == code).tolist():
                drops.add(position, reason or ("object" if value is _LIST else "blank"))
    for position in np.flatnonzero(codes < 0).tolist():
        drops.add(position, "blank")
    order = _sorted_codes(good)
    renumber = np.full(len(found) + 1, -1, dtype=np.int64)
    renumber[order] = np.arange(len(order))
    return Read(renumber[codes], length, drops, [good[code] for code in order])


def _sorted_codes(labels: dict[int, Any]) -> list[int]:
    """Codes in the order of their labels: numbers, then texts, and the days among them as texts."""
    if set(map(type, labels.values())) in ({int}, {str}):
        return sorted(labels, key=labels.__getitem__)
    return sorted(labels, key=lambda code: _place(labels[code]))


def _place(label: Any) -> tuple[bool, Any]:
    return (False, label) if isinstance(label, Real) else (True, str(label))


def factorized(flat: Any) -> tuple[np.ndarray, list[Any]]:
    """Codes and distinct values; booleans and numbers are kept apart, which hashing alone would not do."""
    if factorizes_itself(flat):
        codes, found = flat.factorize()
        return np.asarray(codes, dtype=np.int64), list(found.tolist())
    if isinstance(flat, np.ndarray) or len(flat) > 50_000:
        from pandas import factorize

        if isinstance(flat, np.ndarray) or not set(map(type, flat)) & {bool, np.bool_}:
            array = flat if isinstance(flat, np.ndarray) else np.fromiter(flat, object, len(flat))
            codes, found = factorize(array)
            return codes.astype(np.int64, copy=False), list(found.tolist())
    # A flag equals 1 or 0, so it is looked up beside a mark.
    flags = bool(set(map(type, flat)) & {bool, np.bool_})
    keys = [("", v) if isinstance(v, bool | np.bool_) else v for v in flat] if flags else flat
    index = {key: code for code, key in enumerate(dict.fromkeys(keys))}
    codes = np.fromiter(map(index.__getitem__, keys), np.int64, len(keys))
    return codes, [key[1] if isinstance(key, tuple) else key for key in index] if flags else list(index)

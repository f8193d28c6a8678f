"""Distinct users in trailing windows, exactly and without a loop over days.

A user active on day d is inside the window of days d .. d + window − 1, but counts only until the user's next
active day, which opens a window of its own. So each active day adds one user on day d and takes it away again
min(window, days to the next active day) later: counts by day and capped gap give every window by running sums.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def day_gaps(users: Ints, days: Ints, longest: int) -> dict[str, Ints]:
    """Stage 1: how many users are active on a day and next so many days later.

    Args:
        users: numbers of the users, one use a row.
        days: day numbers, one use a row.
        longest: the longest window wanted; greater gaps are cut to it.

    Returns:
        day, gap and value, one row for each pair that occurs.
    """
    first, last = int(days.min()), int(days.max())
    span = last - first + 1 + longest
    key = distinct(users * span + (days - first), (int(users.max()) + 1) * span)
    gap = np.minimum(np.diff(key, append=key[-1] + longest), longest)
    pair = (key % span) * (longest + 1) + gap
    counts = np.bincount(pair)
    found = np.flatnonzero(counts)
    return {"day": found // (longest + 1) + first, "gap": found % (longest + 1), "value": counts[found]}


def distinct(key: Ints, size: int) -> Ints:
    """Sorted distinct keys below `size`."""
    if size <= 8 * key.size + 1_000_000:
        seen = np.zeros(size, dtype=bool)
        seen[key] = True
        return np.flatnonzero(seen)
    return np.unique(key)


def users_in_window(counts: Mapping[str, NDArray], window: int) -> Ints:
    """Stage 2: distinct users in the window that ends on each day, from the first day seen to the last.

    Args:
        counts: day, gap and value, as `day_gaps` gives them for this window or a longer one.
        window: days in the window, the day itself being the last.
    """
    first, days = span_of(counts)
    begins = counts["day"] - first
    ends = np.minimum(begins + np.minimum(counts["gap"], window), days)
    change = np.bincount(begins, counts["value"], days + 1) - np.bincount(ends, counts["value"], days + 1)
    return np.asarray(np.cumsum(change)[:-1].astype(np.int64))


def span_of(counts: Mapping[str, NDArray]) -> tuple[int, int]:
    """The first day seen, and how many days there are up to the last one."""
    first = int(counts["day"].min())
    return first, int(counts["day"].max()) - first + 1


def blank_start(values: NDArray, rows: int) -> Floats:
    """The values with the first rows blank: their windows begin before the data."""
    blanked = np.array(values, dtype=np.float64)
    blanked[:rows] = np.nan
    return blanked


def stickiness(counts: Mapping[str, NDArray], window: int = 30) -> Floats:
    """Stage 2: mean daily users of the trailing window ÷ users in it; blank until the window is full."""
    daily = np.cumsum(users_in_window(counts, 1))
    trailing = daily - np.concatenate([np.zeros(min(window, daily.size), daily.dtype), daily[:-window]])
    return blank_start(trailing / window / np.maximum(users_in_window(counts, window), 1), window - 1)

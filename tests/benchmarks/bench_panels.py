"""A panel over a million rows: the first picture, and what a change costs after it."""

from collections.abc import Callable
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from csmetrics_panels import panel

_ROWS = 1_000_000
_CHANGES: tuple[tuple[str, dict[str, Any], dict[str, Any]], ...] = (
    ("another segment", {"segment": "SMB"}, {"segment": "Mid-market"}),
    ("another column", {"scores": "other"}, {"scores": "score"}),
    ("votes weighted by a column, summed exactly", {"weights": "arr"}, {"weights": ""}),
    ("one vote each of 50,000 accounts", {"accounts": "customer"}, {"accounts": ""}),
    ("a month in place of a quarter", {"span": "month"}, {"span": "quarter"}),
    ("all segments beside each other", {"segment": ""}, {"segment": "Enterprise"}),
)


def frame() -> pd.DataFrame:
    """Survey responses of two years."""
    rng = np.random.default_rng(0)
    days = np.datetime64("2024-01-01") + rng.integers(0, 730, _ROWS).astype("timedelta64[D]")
    return pd.DataFrame(
        {
            "score": rng.integers(0, 11, _ROWS),
            "other": rng.integers(0, 11, _ROWS),
            "segment": np.array(["SMB", "Mid-market", "Enterprise"])[rng.integers(0, 3, _ROWS)],
            "customer": np.array([f"C-{i:05d}" for i in range(50_000)])[rng.integers(0, 50_000, _ROWS)],
            "date": days.astype("datetime64[us]"),
            "arr": np.round(rng.gamma(2, 1000, _ROWS), 2),
        }
    )


def seconds(work: Callable[[], object]) -> float:
    """How long it takes once."""
    start = perf_counter()
    work()
    return perf_counter() - start


def rows() -> list[tuple[str, float, float, str]]:
    """Name, ours, theirs in seconds, and the goal."""
    panel("nps", {"score": [10]})  # the libraries are loaded once in a notebook, by its first cell
    data = frame()
    found = []
    for library, given in (("pandas", data), ("Polars", pl.from_pandas(data))):
        first = min(seconds(lambda given=given: panel("nps", given)) for _ in range(3))
        found.append((f"first render, {library}", first, 0.0, "2 s"))
        shown = panel("nps", given, segment_by="segment", dated_by="date", span="quarter")
        for words, change, back in _CHANGES:
            shown.choose(**back)
            times = []
            for _ in range(5):
                times.append(seconds(lambda shown=shown, change=change: shown.choose(**change)))
                shown.choose(**back)
            found.append((f"{words}, {library}", min(times), 0.0, "0.3 s"))
    return found

"""MRR movements of a million array rows, against pandas by hand."""

import numpy as np
import pandas as pd

import csmetrics_core as csm
from tests.benchmarks.timing import best


def by_hand(frame: pd.DataFrame) -> pd.DataFrame:
    """What one would write: a column a month, and its differences."""
    wide = frame.groupby(["customer", "month"])["mrr"].sum().unstack(fill_value=0.0)
    before, change = wide.shift(axis=1, fill_value=0.0), wide.diff(axis=1)
    ever = (wide > 0).cumsum(axis=1).shift(axis=1, fill_value=0) > 0
    back = (before == 0) & (wide > 0)
    return pd.DataFrame(
        {
            "new": wide.where(back & ~ever, 0.0).sum(),
            "expansion": change.where((before > 0) & (change > 0), 0.0).sum(),
            "contraction": -change.where((wide > 0) & (change < 0), 0.0).sum(),
            "churned": before.where(wide == 0, 0.0).sum(),
            "reactivation": wide.where(back & ever, 0.0).sum(),
            "closing": wide.sum(),
        }
    )


def rows() -> list[tuple[str, float, float, str]]:
    """Name, ours, theirs in seconds, and the goal."""
    rng = np.random.default_rng(0)
    size = 1_000_000
    months = (np.datetime64("2024-01") + rng.integers(0, 24, size)).astype("datetime64[s]")
    mrr = np.round(rng.gamma(2, 100, size), 2)
    found = []
    for kind, ids in (("text", [f"C{i:06d}" for i in range(40_000)]), ("number", np.arange(40_000))):
        customer = np.asarray(ids)[rng.integers(0, 40_000, size)]
        frame = pd.DataFrame({"customer": customer, "month": months, "mrr": mrr})

        def ours(frame: pd.DataFrame = frame) -> pd.DataFrame:
            return csm.mrr_movements(frame["customer"], frame["month"], frame["mrr"])

        def theirs(frame: pd.DataFrame = frame) -> pd.DataFrame:
            return by_hand(frame)

        assert np.allclose(ours()["churned"][1:], theirs()["churned"][1:])
        assert np.allclose(ours()["new"][1:], theirs()["new"][1:])
        found.append((f"1M rows, ids are {kind}s", *best(ours, theirs), "ratio 0.6"))
    return found

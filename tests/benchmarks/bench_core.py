"""Scores from cells and arrays, against pandas by hand."""

import os
import random
import subprocess
import sys

import numpy as np
import pandas as pd

import csmetrics_core as csm
from tests.benchmarks.timing import best


def by_hand(cells: list[list[object]]) -> float:
    """What one would write for cells that may hold anything."""
    scores = pd.to_numeric(pd.DataFrame(cells)[0], errors="coerce").dropna()
    return float(100 * ((scores >= 9).mean() - (scores <= 6).mean()))


def importing(module: str) -> float:
    """Shortest time of a fresh interpreter's import, in seconds; compiled files are kept, as for any user."""
    code = f"from time import perf_counter as t; s = t(); import {module}; print(t() - s)"
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-c", code]
    return min(float(subprocess.run(command, capture_output=True, check=True, env=kept).stdout) for _ in range(12))


def rows() -> list[tuple[str, float, float, str]]:
    """Name, ours, theirs in seconds, and the goal."""
    rng = random.Random(1)
    small = [[float(rng.randint(0, 10))] for _ in range(100)]
    dirt = {0: None, 1: None, 2: "n/a"}
    large = [[dirt.get(rng.randrange(100), float(rng.randint(0, 10)))] for _ in range(1_000_000)]
    array = np.random.default_rng(1).integers(0, 11, 1_000_000).astype(float)
    series = pd.Series(array, copy=False)  # both ways read the same memory

    def masks() -> float:
        return float(100 * ((series >= 9).mean() - (series <= 6).mean()))

    picks = np.random.default_rng(2)
    frame = pd.DataFrame({"month": picks.choice(["2026-08", "2026-09"], 1_000_000), "score": array})
    frame["segment"] = picks.choice([f"segment {k}" for k in range(50)], 1_000_000)
    frame["vote"] = (frame.score >= 9).astype(float) - (frame.score <= 6)

    def two_groupbys() -> None:
        frame.groupby(["month", "segment"])["vote"].agg(["sum", "count"])
        frame.groupby(["month", "segment"])["vote"].mean()

    def why() -> object:
        return csm.csm_why("nps", frame.month, frame.segment, scores=frame.score)

    assert abs(csm.nps(small) - by_hand(small)) < 1e-9
    assert abs(csm.nps(large) - by_hand(large)) < 1e-9
    return [
        ("100 raw cells", *best(lambda: csm.nps(small), lambda: by_hand(small), number=500), "15 µs, ratio 0.125"),
        ("1M raw cells, 3 % dirt", *best(lambda: csm.nps(large), lambda: by_hand(large)), "75 ms"),
        ("import, beside NumPy's", importing("csmetrics_core"), importing("numpy"), "NumPy + 60 ms"),
        ("why NPS moved, 1M rows, 50 segments", *best(why, two_groupbys, rounds=5), "ratio 1.5"),
        ("1M floats, all checks", *best(lambda: csm.nps(array), masks, rounds=30), "ratio 0.8"),
    ]

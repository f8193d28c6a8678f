"""`csmetrics workbook new` on 100,000 rows, as a person runs it: a whole process, reading, matching, writing."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd

ROWS = 100_000


def _responses() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "Date": pd.date_range("2024-01-01", "2026-09-30", periods=ROWS).strftime("%Y-%m-%d"),
            "Account": [f"C-{i % 5000:04d}" for i in range(ROWS)],
            "Segment": rng.choice(["SMB", "Mid-market", "Enterprise"], ROWS),
            "NPS": rng.integers(0, 11, ROWS),
            "CSAT": rng.integers(1, 6, ROWS),
            "CES": rng.integers(1, 8, ROWS),
        }
    )


def _revenue() -> pd.DataFrame:
    months = pd.date_range("2024-10-01", "2026-09-01", freq="MS").strftime("%Y-%m-%d")
    rows = [
        (f"C-{i:04d}", month, "SMB" if i % 2 else "Enterprise", 50 + i % 70) for i in range(4167) for month in months
    ]
    return pd.DataFrame(rows[:ROWS], columns=["customer", "month", "segment", "MRR"])


def rows() -> Iterator[tuple[str, float, float, str]]:
    """The time of a run for each shape of data."""
    with tempfile.TemporaryDirectory() as folder:
        for template, frame in (("voice_of_customer", _responses()), ("revenue_retention", _revenue())):
            source, target = Path(folder) / "rows.csv", Path(folder) / f"{template}.xlsx"
            frame.to_csv(source, index=False)
            words = ["workbook", "new", template, "--data", str(source), "--out", str(target)]
            began = perf_counter()
            subprocess.run([sys.executable, "-m", "csmetrics_addin", *words], check=True, capture_output=True)
            yield f"workbook new {template}, {len(frame):,} rows", perf_counter() - began, 0.0, "6 s"

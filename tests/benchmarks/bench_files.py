"""Files read, typed and recognised, against pandas by hand; each run in a process of its own, for its memory.

Processor seconds, in turns, the median of each, as what else the machine does disturbs them least. The files are made
once and kept in the temporary folder. "By hand" is what reads one known file: pandas.read_csv with to_datetime, or
pandas.read_excel by calamine; it finds no table, asks nothing and knows no total.
"""

import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import process_time

import numpy as np
import pandas as pd
from csmetrics_addin.cli.commands.demo import write_company

from csmetrics_core.files import read_company
from csmetrics_core.scorecard import scorecard_of

_FOLDER = Path(tempfile.gettempdir()) / "csmetrics-bench"
_MILLION = 1_000_000


def revenue(rows: int) -> pd.DataFrame:
    """Recurring revenue of 40,000 customers by month, in text as it is exported."""
    rng = np.random.default_rng(1)
    months = (np.datetime64("2024-01") + np.sort(rng.integers(0, 24, rows))).astype("datetime64[D]")
    return pd.DataFrame(
        {
            "Customer": np.char.add("C-", rng.integers(0, 40_000, rows).astype(str)),
            "Month": months.astype(str),
            "Plan": rng.choice(["Basic", "Pro", "Team"], rows),
            "Segment": rng.choice(["SMB", "Mid", "Enterprise"], rows),
            "Region": rng.choice(["DE", "US", "FR", "NA"], rows),
            "MRR": np.round(rng.gamma(2, 100, rows), 2),
        }
    )


def answers(rows: int) -> pd.DataFrame:
    """Answers of 40,000 customers to a survey, a third of them with a comment that has a comma in it."""
    rng = np.random.default_rng(2)
    moments = np.datetime64("2024-01-01T08") + rng.integers(0, 900 * 24, rows).astype("timedelta64[h]")
    return pd.DataFrame(
        {
            "Customer": np.char.add("C-", rng.integers(0, 40_000, rows).astype(str)),
            "Date": np.char.replace(moments.astype(str), "T", " "),
            "Segment": rng.choice(["SMB", "Mid", "Enterprise"], rows),
            "NPS": rng.integers(0, 11, rows),
            "CSAT": rng.integers(1, 6, rows),
            "Comment": np.where(rng.random(rows) < 0.3, "Great tool, but slow", ""),
        }
    )


def _with_days(frame: pd.DataFrame) -> pd.DataFrame:
    day = next(name for name in ("Month", "Date") if name in frame)
    return frame.assign(**{day: pd.to_datetime(frame[day])})


WAYS: dict[str, Callable[[str], object]] = {
    "ours": read_company,
    "ours, scorecard": lambda path: scorecard_of(read_company(path)),
    "by hand, csv": lambda path: _with_days(pd.read_csv(path)),
    "by hand, xlsx": lambda path: pd.read_excel(path, engine="calamine"),
    "by hand, all sheets twice": lambda path: [
        pd.read_excel(path, engine="calamine", sheet_name=None) for _ in range(2)
    ],
}


def rows() -> list[tuple[str, float, float, str]]:
    """Name, ours, theirs in processor seconds, and the goal with what was measured beside it."""
    found = []
    for kind, frame in (("revenue", revenue), ("answers", answers)):
        path = made(f"{kind}_{_MILLION}.csv", lambda path, frame=frame: frame(_MILLION).to_csv(path, index=False))
        label = f"1M rows of {kind}, 6 columns, CSV"
        found.append(compared(label, path, "ours", "by hand, csv", "1.5, twice the memory"))
    for kind, frame in (("revenue", revenue), ("answers", answers)):
        path = made(
            f"{kind}_30000.xlsx", lambda path, frame=frame: _with_days(frame(30_000)).to_excel(path, index=False)
        )
        found.append(compared(f"30,000 rows of {kind}, xlsx", path, "ours", "by hand, xlsx", "2"))
    path = made("sample-company.xlsx", lambda path: write_company(path, len))
    label = "scorecard of the sample company; theirs its sheets opened twice"
    found.append(compared(label, path, "ours, scorecard", "by hand, all sheets twice", ""))
    return found


def made(name: str, make: Callable[[Path], object]) -> Path:
    """A file, made where it is not there yet."""
    path = _FOLDER / name
    if not path.exists():
        _FOLDER.mkdir(exist_ok=True)
        unfinished = path.with_name(f"part-{name}")
        make(unfinished)
        unfinished.rename(path)
    return path


def compared(label: str, path: Path, ours: str, theirs: str, goal: str) -> tuple[str, float, float, str]:
    """Two ways in turns, the median of each."""
    runs: list[list[dict[str, float]]] = [[], []]
    for _ in range(3):
        for way, taken in zip((ours, theirs), runs, strict=True):
            command = [sys.executable, "-m", "tests.benchmarks.bench_files", way, str(path)]
            taken.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
    mine, hand = (sorted(taken, key=lambda run: run["seconds"])[1] for taken in runs)
    memory = f"{mine['gigabytes']:.2f} GB, by hand {hand['gigabytes']:.2f} GB"
    return f"{label} ({memory})", mine["seconds"], hand["seconds"], goal


def once(way: str, path: str) -> dict[str, float]:
    """One run, in a process of its own."""
    read_company({"first.csv": b"Score;Date\n9;2026-08-31\n"})  # whatever is imported on first use
    start = process_time()
    WAYS[way](path)
    seconds = process_time() - start
    return {"seconds": seconds, "gigabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6}


if __name__ == "__main__":
    print(json.dumps(once(*sys.argv[1:3])))

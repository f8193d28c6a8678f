"""Metrics by group over ten million rows, against SQL by hand; a metric for each of very many groups."""

from collections.abc import Callable
from pathlib import Path
from tempfile import gettempdir
from time import process_time
from typing import Any

import duckdb
import numpy as np

import csmetrics_core as csm
from csmetrics_core import tables

_ROWS = 10_000_000
_FILE = Path(gettempdir()) / "csmetrics-bench" / f"answers_{_ROWS}.parquet"
_ANSWERS = """SELECT (random() * 10)::INT AS score, ['SMB', 'Mid', 'Enterprise'][1 + (random() * 2)::INT] AS segment,
    ['DE', 'US', 'FR', 'UK', 'JP'][1 + (random() * 4)::INT] AS country,
    (random() * 2)::INT AS lost, 10 + (random() * 90)::INT AS opening FROM range({rows})"""
_NPS = """SELECT segment, country, 100.0 * (sum(CASE WHEN score >= 9 THEN 1 ELSE 0 END)
    - sum(CASE WHEN score <= 6 THEN 1 ELSE 0 END)) / count(score), count(score)
    FROM answers GROUP BY ALL ORDER BY ALL"""
_CHURN = "SELECT segment, sum(lost) / sum(opening) FROM answers GROUP BY ALL ORDER BY ALL"


def in_turns(ours: Callable[[Any], Any], sql: str, rounds: int = 5) -> tuple[float, float]:
    """The shortest processor seconds of our way and of SQL by hand, in turns."""
    ways: list[Callable[[Any], Any]] = [
        lambda data: ours(data).fetchall(),
        lambda data: data.query("answers", sql).fetchall(),
    ]
    taken: list[list[float]] = [[], []]
    for _ in range(rounds):
        for way, seconds in zip(ways, taken, strict=True):
            start = process_time()
            way(duckdb.connect().read_parquet(str(_FILE)))
            seconds.append(process_time() - start)
    return min(taken[0]), min(taken[1])


def rows() -> list[tuple[str, float, float, str]]:
    """Name, ours, theirs in seconds, and the goal."""
    if not _FILE.exists():
        _FILE.parent.mkdir(exist_ok=True)
        unfinished = _FILE.with_suffix(".part")
        duckdb.execute(f"COPY ({_ANSWERS.format(rows=_ROWS)}) TO '{unfinished}' (FORMAT parquet)")
        unfinished.rename(_FILE)
    rng = np.random.default_rng(1)
    groups, scores = [f"g{g}" for g in rng.integers(0, 30_000, 200_000)], rng.integers(0, 11, 200_000).tolist()
    start = process_time()
    csm.csm_by("nps", groups, scores)
    many = process_time() - start
    by_two = in_turns(lambda data: tables.nps(data, "score", by=["segment", "country"]), _NPS)
    by_segment = in_turns(lambda data: tables.churn_rate(data, lost="lost", opening="opening", by="segment"), _CHURN)
    return [
        ("NPS by two columns, 10M rows", *by_two, "1.2"),
        ("churn rate by segment, 10M rows", *by_segment, "1.2"),
        ("CSM_BY, 30,000 groups of 200,000 rows", many, 0.0, "2 s"),
    ]

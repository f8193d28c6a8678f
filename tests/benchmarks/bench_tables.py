"""Tables against SQL by hand, each in a process of its own, so that memory is measured too.

Processor seconds, in turns, the median of each: what else the machine does disturbs them least. `--large` goes to
100 million rows under a memory limit. The rows are made once and kept in the temporary folder.
"""

import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from time import process_time
from typing import Any

import duckdb

from csmetrics_core import tables

AS_OF = date(2026, 1, 1)
_FOLDER = Path(tempfile.gettempdir()) / "csmetrics-bench"
_MILLION = 1_000_000
# Four subscriptions a customer, who pause and return, at prices that move, month after month.
_MRR = """SELECT s // 4 AS customer, s % 4 AS product, DATE '2023-01-01' + INTERVAL (m) MONTH AS month,
    (hash(s) % 50000 + (hash(s * 31 + m // 4) % 3) * 500 + 100) / 100.0::DOUBLE AS mrr
    FROM (SELECT i % {people} AS s, i // {people} AS m FROM range({people} * 36) t(i))
    WHERE hash(s // 4 * 7 + m // 6) % 5 > 0"""
_EVENTS = """SELECT hash(i) % {people} AS user, TIMESTAMP '2025-01-01' + INTERVAL (hash(i * 3 + 1) % 31536000) SECOND
    AS timestamp FROM range({rows}) t(i)"""
_MONTHS = """SELECT customer, (year(month) * 12 + month(month))::BIGINT AS m, sum(floor(mrr * 100 + 0.5)) AS cents
    FROM data WHERE customer IS NOT NULL AND month IS NOT NULL AND mrr IS NOT NULL GROUP BY ALL"""
# What somebody who knows DuckDB writes for the same numbers on data known to be good: rows with a blank are left out,
# money is rounded to the cent row by row. What ours does beside: it counts what it leaves out and what is repeated, and
# refuses NaN, customers whose month is below 0 and amounts too large to be exact.
BY_HAND = {
    "MRR movements": f"""WITH s AS ({_MONTHS}), w AS (SELECT m, cents, lag(m) OVER c AS pm, lag(cents) OVER c AS pc,
        lead(m) OVER c AS nm FROM s WHERE cents > 0 WINDOW c AS (PARTITION BY customer ORDER BY m))
        SELECT m, sum(cents), sum(CASE WHEN pm IS NULL THEN cents END),
        sum(CASE WHEN pm = m - 1 AND cents > pc THEN cents - pc END),
        sum(CASE WHEN pm = m - 1 AND cents < pc THEN pc - cents END), sum(CASE WHEN pm < m - 1 THEN cents END),
        sum(CASE WHEN nm IS NULL OR nm > m + 1 THEN cents END) FROM w GROUP BY m ORDER BY m""",
    # Each product beside its own months and its customer's: the net of a customer and month says where a change counts.
    "ARR bridge by product": """WITH
        p AS (SELECT customer, product, (year(month) * 12 + month(month))::BIGINT AS m,
            sum(floor(mrr * 100 + 0.5)) AS cents FROM data
            WHERE customer IS NOT NULL AND month IS NOT NULL AND mrr IS NOT NULL GROUP BY ALL HAVING cents > 0),
        c AS (SELECT customer, m, sum(cents) AS paid FROM p GROUP BY ALL),
        a AS (SELECT *, lag(m) OVER o AS cm, lag(paid) OVER o AS cp, lead(m) OVER o AS cn, lead(paid) OVER o AS cnp
            FROM c WINDOW o AS (PARTITION BY customer ORDER BY m)),
        w AS (SELECT *, lag(m) OVER o AS pm, lag(cents) OVER o AS pc, lead(m) OVER o AS nm
            FROM p WINDOW o AS (PARTITION BY customer, product ORDER BY m)),
        f AS (SELECT *, cm = m - 1 AS was, cn IS NOT DISTINCT FROM m + 1 AS stays, nm IS DISTINCT FROM m + 1 AS gone,
            CASE WHEN pm = m - 1 THEN cents - pc ELSE cents END AS change FROM w JOIN a USING (customer, m))
        SELECT m, product, sum(cents), sum(CASE WHEN cm IS NULL THEN cents END), sum(CASE WHEN NOT was THEN cents END),
        sum(CASE WHEN was AND paid >= cp THEN change END), sum(CASE WHEN was AND paid < cp THEN change END),
        sum(CASE WHEN gone AND NOT stays THEN cents END), sum(CASE WHEN gone AND stays AND cnp >= paid THEN cents END),
        sum(CASE WHEN gone AND stays AND cnp < paid THEN cents END) FROM f GROUP BY ALL ORDER BY ALL""",
    # The fastest form tried: a window over the pairs takes a quarter longer, count(DISTINCT) half as long again.
    "cohort retention": """WITH
        s AS MATERIALIZED (SELECT DISTINCT customer, (year(month) * 12 + month(month))::BIGINT AS m FROM data
            WHERE customer IS NOT NULL AND month IS NOT NULL),
        f AS (SELECT customer, min(m) AS first FROM s GROUP BY customer)
        SELECT first, m - first, count(*) FROM s JOIN f USING (customer) GROUP BY ALL ORDER BY ALL""",
    "active users": """WITH s AS (SELECT DISTINCT user, timestamp::DATE AS d FROM data
            WHERE user IS NOT NULL AND timestamp IS NOT NULL),
        g AS (SELECT d, least(30, coalesce(lead(d) OVER (PARTITION BY user ORDER BY d) - d, 30)) AS gap FROM s)
        SELECT d, gap, count(*) FROM g GROUP BY ALL ORDER BY ALL""",
}
OURS: dict[str, Callable[[Any], Any]] = {
    "MRR movements": lambda data: tables.mrr_movements(data, as_of=AS_OF),
    "ARR bridge by product": lambda data: tables.arr_bridge(data, ["product"], arr="mrr", as_of=AS_OF),
    "cohort retention": lambda data: tables.cohort_retention(data, dates="month", as_of=AS_OF),
    "active users": lambda data: tables.active_users(data, as_of=AS_OF),
}


def rows(*, large: bool = False) -> list[tuple[str, float, float, str]]:
    """Name, ours, theirs in processor seconds, and the goal with what was measured beside it."""
    found = []
    for name, ratio in (("MRR movements", "1.1, 0.6 GB"), ("cohort retention", "1.3"), ("active users", "1.5")):
        ours, theirs = compared(name, 10 * _MILLION)
        memory = f"{ours['gigabytes']:.2f} GB, by hand {theirs['gigabytes']:.2f} GB"
        found.append((f"{name}, 10M rows ({memory})", ours["seconds"], theirs["seconds"], ratio))
    # Every row is a customer, product and month of its own here, which is the dearest form there is.
    ours, theirs = compared("ARR bridge by product", 2 * _MILLION)
    memory = f"{ours['gigabytes']:.2f} GB, by hand {theirs['gigabytes']:.2f} GB"
    found.append((f"ARR bridge by product, 2M rows ({memory})", ours["seconds"], theirs["seconds"], "1.3"))
    if large:
        small, _ = compared("MRR movements", _MILLION)
        most, theirs = compared("MRR movements", 100 * _MILLION, "2GB", rounds=3)
        growth = most["seconds"] / small["seconds"] / 100
        label = f"MRR movements, 100M rows ({most['gigabytes']:.2f} GB; {growth:.2f} × the cost a row of 1M)"
        found.append((label, most["seconds"], theirs["seconds"], "3 GB; 1.3 × the cost a row"))
    return found


def compared(name: str, size: int, memory: str = "", rounds: int = 5) -> list[dict[str, float]]:
    """Our way and SQL by hand in turns, the median of each."""
    path = made(name, size)
    runs: list[list[dict[str, float]]] = [[], []]
    for _ in range(rounds):
        for way, taken in zip(("ours", "by hand"), runs, strict=True):
            command = [sys.executable, "-m", "tests.benchmarks.bench_tables", name, way, str(path), memory]
            taken.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
    return [sorted(taken, key=lambda run: run["seconds"])[rounds // 2] for taken in runs]


def made(name: str, size: int) -> Path:
    """The rows as a Parquet file, made where it is not there yet."""
    events = name == "active users"
    path = _FOLDER / f"{'events' if events else 'subscriptions'}_{size}.parquet"
    if not path.exists():
        _FOLDER.mkdir(exist_ok=True)
        people = size // 200 if events else round(size / 36 / 0.8)
        unfinished = path.with_suffix(".part")
        sql = (_EVENTS if events else _MRR).format(people=people, rows=size)
        duckdb.execute(f"COPY ({sql}) TO '{unfinished}' (FORMAT parquet)")
        unfinished.rename(path)
    return path


def once(name: str, way: str, path: str, memory: str) -> dict[str, float]:
    """One run, in a process of its own."""
    connection = duckdb.connect()
    if memory:
        connection.execute(f"SET memory_limit = '{memory}'")
        connection.execute("SET preserve_insertion_order = false")
    connection.execute(f"SET temp_directory = '{_FOLDER}'")
    data = connection.read_parquet(path)
    OURS[name](data.limit(1000))  # whatever is imported on first use
    start = process_time()
    if way == "ours":
        OURS[name](data)
    else:
        data.query("data", BY_HAND[name]).fetchall()
    seconds = process_time() - start
    return {"seconds": seconds, "gigabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6}


if __name__ == "__main__":
    print(json.dumps(once(*sys.argv[1:5])))

"""Load that lasts: many threads, calls, dashboards, clicks and kills; a small share of each in every run of the tests.

`make soak` asks for all of it, and writes what it counted to tests/SOAK.md.
"""

import gc
import random
import resource
import sys
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from csmetrics_panels import DASHBOARDS, dashboard, panel
from csmetrics_panels.metric.rows import CHOICES
from csmetrics_workbooks.build import build, recipe
from ipywidgets.widgets.widget import _instances
from test_writing import WRITERS, killed_at_random

from csmetrics_core import CATALOG
from csmetrics_core.evaluate import evaluate
from csmetrics_core.samples import sample_company

sys.path.insert(0, str(Path(__file__).parents[1]))
from workbook_cells import by_formulon, by_ironcalc, differences, formulas

KIND = "Load that lasts: threads, calls, dashboards, clicks, kills"
EXAMPLES = [(metric, example) for metric in CATALOG.values() for example in metric.examples]


def computed(metric, example):
    """A metric's value, as text that tells every bit of it."""
    given = []
    for argument in metric.arguments:
        value = example.arguments.get(argument.name)
        given += list(value or ()) if argument.variadic else [value]
    value = evaluate(metric, given).value
    return repr(value if not isinstance(value, dict) else {k: np.asarray(v).tolist() for k, v in value.items()})


def test_every_example_in_eight_threads_at_once(soak, tries):
    rounds = 50 if soak else 2
    alone = [computed(*case) for case in EXAMPLES]

    def work(seed: int) -> int:
        order = random.Random(seed).sample(range(len(EXAMPLES)), len(EXAMPLES))
        return sum(computed(*EXAMPLES[n]) == alone[n] for _ in range(rounds) for n in order)

    with ThreadPoolExecutor(8) as pool:
        right = list(pool.map(work, range(8)))
    assert right == [rounds * len(EXAMPLES)] * 8
    tries(sum(right))


def test_calls_leave_nothing_behind(soak, tries):
    calls = 10_000 if soak else 500
    for case in EXAMPLES:  # what is kept on purpose is kept now
        computed(*case)
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for number in range(calls):
            computed(*EXAMPLES[number % len(EXAMPLES)])
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < 200_000, f"{grown:,} bytes after {calls:,} calls"
    tries(calls)


def test_dashboards_close_whole(soak, tries):
    times, company, names = (1_000 if soak else 6), sample_company(), list(DASHBOARDS)
    for name in names:
        dashboard(name, company).close()
    gc.collect()
    widgets, memory = len(_instances), resident()
    for number in range(times):
        dashboard(names[number % len(names)], company).close()
    gc.collect()
    assert len(_instances) == widgets
    assert resident() - memory < 100 * 2**20
    tries(times)


def resident() -> int:
    """Bytes of memory this process holds now; where that cannot be asked, the most it ever held."""
    held = Path("/proc/self/statm")
    if held.exists():
        return int(held.read_text().split()[1]) * resource.getpagesize()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def test_a_day_of_clicks(soak, tries):
    """Whatever was clicked before, a choice gives what a fresh panel gives for it."""
    chance, clicks, compared = random.Random(23), (5_000 if soak else 60), (100 if soak else 20)
    frame, memory = sample_company().responses, 0
    shown = panel("nps", frame, scores="nps")
    for number in range(1, clicks + 1):
        chosen = getattr(shown._rows, chance.choice(CHOICES))
        chosen.value = chance.choice([value for _, value in chosen.options])
        if number % compared == 0:
            fresh = panel("nps", frame, scores="nps", **shown._rows.read())
            assert (repr(shown.value), shown.code) == (repr(fresh.value), fresh.code)
            fresh.close()
        if number == clicks // 5:  # what is kept on purpose is kept now
            gc.collect()
            memory = resident()
    shown.close()
    gc.collect()
    assert resident() - memory < 100 * 2**20
    tries(clicks)


@pytest.mark.parametrize("engine", [by_ironcalc, by_formulon])
def test_a_template_of_a_hundred_thousand_rows_in_other_engines(engine, soak, tmp_path, tries):
    if not soak:
        pytest.skip("minutes: make soak asks for it, and LibreOffice is asked in every run")
    rows, path = 100_000, tmp_path / "large.xlsx"
    days = pd.Timestamp("2026-06-01") + pd.to_timedelta([n % 120 for n in range(rows)], unit="D")
    users = {"Account": [f"A{n % 3000}*" for n in range(rows)], "Segment": ["SMB", "=zz"] * (rows // 2)}
    frame = pd.DataFrame({"Date": days, **users, "Minutes": [n % 50 + 0.5 for n in range(rows)]})
    build("usage", path, data={s.name: make() for s, make in recipe("usage").sheets.items()} | {"Sessions": frame})
    cells = formulas(path)
    assert differences(path, engine(path, cells)) == []
    tries(len(cells))


@pytest.mark.slow
@pytest.mark.parametrize("name", WRITERS)
def test_kills_leave_every_file_whole(name, soak, tmp_path, tries):
    times = 40 if soak else 1
    assert killed_at_random(name, tmp_path, times, seed=40) == times
    tries(times)

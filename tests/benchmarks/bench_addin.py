"""The spreadsheet doors: our wrapper alone, xlwings' Office.js engine, and LibreOffice against its own formulas."""

import tempfile
from pathlib import Path

from calc_office import Calc, available, profile_with_addin
from csmetrics_addin import functions
from officejs_excel import OfficeJs

from csmetrics_core import lookup
from csmetrics_core.evaluate import evaluate
from tests.benchmarks.timing import best

_NATIVE = '=100*(COUNTIF({0};">=9")-COUNTIF({0};"<=6"))/COUNT({0})'


def rows() -> list[tuple[str, float, float, str]]:
    """Name, ours, theirs in seconds, and the goal."""
    metric = lookup("churn_rate")
    through, core = best(
        lambda: functions.churn_rate(5, 100), lambda: evaluate(metric, (5, 100)), rounds=15, number=500
    )
    measured = [
        ("what our wrapper adds to a scalar call", through - core, 0.0, "50 µs"),
        ("Office.js engine, 1 call on 1M cells", office_js(), 0.0, "0.3 s"),
    ]
    if available():
        ours, native = calc("=NPS({0})"), calc(_NATIVE)
        measured += [
            ("LibreOffice, 1 call on 1M cells", ours["large"], native["large"], "1 s"),
            ("LibreOffice, 1,000 calls on 100 cells", ours["many"], native["many"], "0.15 s"),
        ]
    return measured


def office_js() -> float:
    """Seconds of one call on a million cells through xlwings' engine."""
    excel = OfficeJs()
    try:
        return min(excel.timed(cells=1_000_000) for _ in range(5))
    finally:
        excel.stop()


def calc(formula: str) -> dict[str, float]:
    """Seconds of a formula on a million cells, and of a thousand of it on a hundred, in LibreOffice."""
    with tempfile.TemporaryDirectory() as folder:
        program = Calc(profile_with_addin(Path(folder)))
        try:
            times = []
            for _ in range(4):
                program.open()
                times.append(program.timed(formula=formula, calls=1000, cells=1_000_000))
        finally:
            program.stop()
    return {what: min(time[what] for time in times) for what in times[0]}

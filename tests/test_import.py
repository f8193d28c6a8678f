"""Importing the core is cheap: no pandas, no SciPy, no screen, no file, and little beside NumPy itself."""

import re
import subprocess
import sys


def imported(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_importing_the_core_pulls_in_no_heavy_library():
    heavy = "('pandas', 'scipy', 'narwhals', 'openpyxl', 'xlsxwriter', 'xlwings', 'rich', 'typer', 'vaderSentiment')"
    found = imported(f"import csmetrics_core, sys; print([m for m in {heavy} if m in sys.modules])")
    assert found.strip() == "[]"


def test_a_call_on_cells_needs_no_pandas_either():
    code = "import csmetrics_core as c, sys; c.nps([[9.0], [None], [3]]); c.churn_rate([1], [10]); print('pandas' in sys.modules)"
    assert imported(code).strip() == "False"


def test_importing_runs_silently():
    done = subprocess.run([sys.executable, "-W", "error", "-c", "import csmetrics_core"], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_our_own_modules_cost_less_than_numpy_and_a_little():
    """A ratio against NumPy's own import in the same run, not a time: ours, docstring parser included, at most 1.5 of it."""
    ratios = []
    for _ in range(5):
        done = subprocess.run(
            [sys.executable, "-X", "importtime", "-c", "import csmetrics_core"], capture_output=True, text=True
        )
        total = {m[2]: int(m[1]) for m in re.finditer(r"\|\s+(\d+) \|\s*(\S+)", done.stderr)}
        ratios.append((total["csmetrics_core"] - total["numpy"]) / total["numpy"])
    assert min(ratios) < 1.5

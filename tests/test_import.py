"""Importing the core is cheap: no pandas, no SciPy, no screen, no file; `make bench` says what it takes."""

import subprocess
import sys


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=True)


def imported(code: str) -> str:
    return python("-c", code).stdout


def test_importing_the_core_pulls_in_no_heavy_library():
    heavy = "('pandas', 'scipy', 'narwhals', 'openpyxl', 'xlsxwriter', 'xlwings', 'rich', 'typer', 'vaderSentiment')"
    found = imported(f"import csmetrics_core, sys; print([m for m in {heavy} if m in sys.modules])")
    assert found.strip() == "[]"


def test_a_call_on_cells_needs_no_pandas_either():
    calls = "import csmetrics_core as c; c.nps([[9.0], [None], [3]]); c.churn_rate([1], [10])"
    assert imported(f"{calls}; import sys; print('pandas' in sys.modules)").strip() == "False"


def test_importing_runs_silently():
    done = python("-W", "error", "-c", "import csmetrics_core")
    assert (done.stdout, done.stderr) == ("", "")

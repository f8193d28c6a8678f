"""Importing the core is cheap: no pandas, no SciPy, no screen, no file; `make bench` says what it takes."""

import inspect
import re
import socket
import subprocess
import sys
import tomllib
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest
from csmetrics_addin.cli.app import COMMANDS, summary
from typer.main import get_command

ROOT = Path(__file__).resolve().parent.parent


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


def test_the_panels_start_without_what_checks_notebooks():
    found = imported("import csmetrics_panels, sys; print('rfc3987_syntax' in sys.modules, 'nbformat' in sys.modules)")
    assert found.strip() == "False False"
    version = "import csmetrics_panels, plotly.io._renderers as r, nbformat; print(r.nbformat.__version__ == "
    assert imported(f"{version}nbformat.__version__)").strip() == "True"


def test_a_panel_needs_no_dashboard():
    found = imported(
        "import csmetrics_panels, sys; print([m for m in sys.modules if m.startswith('csmetrics_workbooks')], "
        "len(csmetrics_panels.DASHBOARDS), 'scipy' in sys.modules)"
    )
    assert found.strip() == "[] 6 False"


def test_the_page_starts_without_the_grammar_of_addresses(tmp_path):
    """A page refused its port has been imported, and is not left waiting."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        words = ["csmetrics", "panel", "--no-browser", "--port", str(held.getsockname()[1])]
        seen = "print([m in sys.modules for m in ('voila', 'lark')], file=sys.stderr)"
        code = f"import sys, atexit; sys.argv = {words}; atexit.register(lambda: {seen}); "
        run = f"{code}from csmetrics_addin.__main__ import main; main()"
        done = subprocess.run([sys.executable, "-c", run], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == "[True, False]"


def test_the_list_of_commands_is_read_and_not_imported():
    seen = "print([m for m in ('csmetrics_core', 'numpy', 'xlsxwriter') if m in sys.modules], file=sys.stderr)"
    code = f"import sys, atexit; sys.argv = ['csmetrics', '--help']; atexit.register(lambda: {seen}); "
    done = python("-c", f"{code}from csmetrics_addin.__main__ import main; main()")
    assert done.stderr.strip() == "[]"


def test_each_command_is_listed_with_its_own_words():
    for name, module in COMMANDS.items():
        found = get_command(import_module(f"csmetrics_addin.cli.commands.{module}").app)
        command = getattr(found, "commands", {}).get(name, found)
        assert summary(name) == inspect.cleandoc(command.help)


@pytest.mark.parametrize("file", [".pre-commit-config.yaml", "Makefile"])
def test_every_module_a_habit_runs_is_there(file):
    named = re.findall(r"-m ((?:csmetrics_|tests)[\w.]+)", (ROOT / file).read_text())
    assert named
    assert [module for module in named if find_spec(module) is None] == []


def test_types_are_checked_in_every_package_there_is():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]
    there = {init.parent.name for place in ("", "*/") for init in ROOT.glob(f"{place}csmetrics_*/__init__.py")}
    assert settings["strict"]
    assert there == set(settings["packages"])

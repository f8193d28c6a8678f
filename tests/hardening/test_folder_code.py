"""Files of a downloads folder are data: no command runs code, programs or settings that lie in it."""

import os
import shutil
import sys
from pathlib import Path

import pytest
from attacks import csmetrics, page

KIND = "Code, programs and settings lying in the current folder, or beside the data"

#: Modules that our commands or their child processes import, and files that programs we start read as settings.
MODULES = (
    "tornado", "voila", "textwrap", "inspect", "datetime", "json", "sitecustomize", "usercustomize", "docstring_parser",
    "numpy", "pandas", "rich", "typer", "traitlets", "zmq", "nbformat", "ipykernel", "ipykernel_launcher", "IPython",
    "plotly", "duckdb", "uno", "pip", "encodings", "csmetrics_core", "csmetrics_addin", "csmetrics_panels",
    "voila_config", "jupyter_config", "jupyter_server_config", "jupyter_voila_config", "ipython_config",
    "ipython_kernel_config", "ipython_startup",
)  # fmt: skip
PROGRAMS = ("unopkg", "python3", "python", "soffice", "xdg-open", "java", "git")


def plant(folder: Path, mark: Path) -> None:
    """A trap of every sort; whichever is sprung leaves its name."""
    code = f"open({str(mark)!r}, 'a').write(__name__ + ' ')\n"
    for number, name in enumerate(MODULES):
        if number % 2 and not name.endswith(("config", "startup")):
            (folder / name).mkdir()
            (folder / name / "__init__.py").write_text(code)
        else:
            (folder / f"{name}.py").write_text(code)
    for name in PROGRAMS:
        (folder / name).write_text(f"#!/bin/sh\necho {name} >> '{mark}'\n")
        (folder / name).chmod(0o755)
    (folder / "voila.json").write_text('{"Voila": {"ip": "0.0.0.0", "base_url": "/stolen/"}}')
    (folder / "jupyter_config.json").write_text('{"IdentityProvider": {"token": ""}}')
    (folder / "kernels" / "python3").mkdir(parents=True)
    (folder / "kernels" / "python3" / "kernel.json").write_text('{"argv": ["./python3"], "language": "python"}')
    template = folder / "voila" / "templates" / "csmetrics"
    template.mkdir(parents=True, exist_ok=True)
    (template / "index.html.j2").write_text("stolen")
    for settings in (".ipython/profile_default/startup", "profile_default/startup"):
        (folder / settings).mkdir(parents=True)
        (folder / settings / "00.py").write_text(code)


@pytest.fixture
def trapped(tmp_path):
    """A folder of traps with a table in it, and the place where a sprung one would leave its mark."""
    folder = tmp_path / "downloads"
    folder.mkdir()
    plant(folder, tmp_path / "sprung")
    (folder / "data.csv").write_text("date,nps,segment\n2026-09-01,10,A\n2026-09-02,9,A\n2026-09-03,0,B\n")
    return folder, tmp_path / "sprung"


def sprung(mark: Path) -> str:
    return mark.read_text() if mark.exists() else ""


COMMANDS = {
    "list": "list", "explain": "explain NPS", "compute": "compute NPS data.csv --scores nps --by segment",
    "scorecard": "scorecard data.csv", "a folder": "scorecard .", "report": "report data.csv",
    "reconcile": "reconcile churn_rate 2.6% lost=8 opening=302", "doctor": "addin doctor",
    "install": "addin install --host libreoffice --dry-run", "build": "addin build --host libreoffice",
    "workbook": "workbook new voice_of_customer --data data.csv",
}  # fmt: skip


@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_runs_what_lies_in_the_folder(name, trapped):
    folder, mark = trapped
    done = csmetrics(*COMMANDS[name].split(), cwd=folder)
    assert (sprung(mark), b"Traceback" in done.stderr, done.returncode in (0, 1)) == ("", False, True), done.stderr


def _own_modules(folder: Path) -> None:
    """Leave the traps Python itself would step into before a line of ours runs, and those in our own name."""
    for name in ("sitecustomize", "usercustomize", "encodings", "inspect", "datetime", "json", "csmetrics_addin"):
        shutil.rmtree(folder / name, ignore_errors=True)
        (folder / f"{name}.py").unlink(missing_ok=True)


@pytest.mark.parametrize("name", ["compute", "doctor", "report", "install"])
@pytest.mark.parametrize("path", [":", ".", ""])
def test_search_paths_that_mean_the_current_folder(name, path, trapped):
    folder, mark = trapped
    _own_modules(folder)
    settings = {"PATH": f".:{path}:{os.environ['PATH']}", "PYTHONPATH": path, "JUPYTER_PATH": path}
    done = csmetrics(*COMMANDS[name].split(), cwd=folder, **settings)
    assert (sprung(mark), b"Traceback" in done.stderr) == ("", False), done.stderr


@pytest.mark.parametrize("name", ["compute", "doctor", "install"])
def test_started_with_m_the_folder_is_left_first_of_all(name, trapped):
    import subprocess

    folder, mark = trapped
    _own_modules(folder)
    words = [sys.executable, "-m", "csmetrics_addin", *COMMANDS[name].split()]
    done = subprocess.run(words, cwd=folder, capture_output=True, check=False)
    assert (sprung(mark), b"Traceback" in done.stderr) == ("", False), done.stderr


PANEL = {
    "as it is": {},
    "search paths": {"PATH": f".::{os.environ['PATH']}", "JUPYTER_PATH": ".", "JUPYTER_CONFIG_PATH": "."},
    "settings": {"JUPYTER_CONFIG_DIR": ".", "IPYTHONDIR": ".", "JUPYTER_DATA_DIR": ".", "PYTHONSTARTUP": "voila.py"},
}


@pytest.mark.slow
@pytest.mark.parametrize("settings", PANEL)
def test_the_page_and_its_kernel_run_nothing_of_the_folder(settings, trapped):
    folder, mark = trapped
    with page(folder, "data.csv", **PANEL[settings]) as opened:
        shown = opened.read()
    assert "stolen" not in opened.log.read_text() + shown
    assert "jupyter-widgets" in shown
    assert sprung(mark) == ""


@pytest.mark.slow
def test_the_folder_of_the_data_is_no_place_to_import_from(trapped, tmp_path):
    folder, mark = trapped
    with page(tmp_path, folder / "data.csv") as opened:
        assert "jupyter-widgets" in opened.read()
    assert sprung(mark) == ""

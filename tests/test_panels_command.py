"""`csmetrics panel`: a page for this machine alone, whose notebook holds the file's name as data."""

import ast
from datetime import date
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from csmetrics_addin.cli.app import app
from csmetrics_addin.cli.commands import panel as command
from csmetrics_panels import dashboards
from typer.testing import CliRunner

from csmetrics_core.files import Said


def test_the_notebook_opens_the_file_and_runs_nothing_else(tmp_path: Path) -> None:
    name = 'a"); import os; os.system("x"); ("b.csv'
    (tmp_path / name).write_text("score\n10\n")
    made = nbformat.read(command.write_notebook(tmp_path, (tmp_path / name).resolve()), as_version=4)
    (cell,) = made.cells
    imported, call = ast.parse(cell.source).body
    assert isinstance(imported, ast.ImportFrom)
    assert ast.literal_eval(call.value.args[0]) == str((tmp_path / name).resolve())


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["panel", str(tmp_path / "nowhere.csv")])
    assert done.exit_code == 2
    assert "there is no" in done.output


def test_all_dashboards_share_the_tables(tmp_path: Path) -> None:
    frame = pd.DataFrame({"date": pd.to_datetime(["2026-09-01"] * 2), "nps": [10, 10]})
    frame.to_csv(tmp_path / "responses.csv", index=False)
    page = dashboards(tmp_path)
    assert page.dashboard.name == "scorecard"
    page._choice.value = "voice_of_customer"
    assert page.dashboard.blocks[0].items[0].value == "100.0"
    page.dashboard.use({"responses": frame.assign(nps=[0, 0])})
    page._choice.value = "scorecard"
    assert "−100.0" in [
        item.value for block in page.dashboard.blocks if hasattr(block, "items") for item in block.items
    ]


def test_tables_that_cannot_be_read_are_said_on_the_page(tmp_path: Path) -> None:
    (tmp_path / "bad.xlsx").write_text("no workbook")
    assert "cannot be opened" in dashboards(tmp_path)._place.children[0].value


@pytest.mark.parametrize("needed", command._NEEDS)
def test_what_the_panels_need_is_named(needed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "find_spec", lambda name: None if name == needed else object())
    done = CliRunner().invoke(app, ["panel"])
    assert done.exit_code == 2
    assert f"need {needed}" in done.output


def test_what_is_said_of_the_file_reaches_the_dashboards(tmp_path: Path) -> None:
    about = Said(dates={"": "mdy", "a.csv": "dmy"}, columns={"end": "Gone"}, as_of=date(2026, 1, 31))
    made = nbformat.read(command.write_notebook(tmp_path, tmp_path / "a.csv", about), as_version=4)
    [cell] = made.cells
    taken: dict = {}
    source = cell.source.replace(
        "from csmetrics_panels import dashboards", "dashboards = lambda *t, **s: taken.update(s)"
    )
    exec(source, {"taken": taken})
    assert taken == {"dates": about.dates, "columns": about.columns, "as_of": about.as_of}

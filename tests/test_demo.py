"""The first run: the sample company on disk, its scorecard, and the scorecard template that shows the same figures."""

import re
import warnings
import zipfile

import openpyxl
import pytest
from csmetrics_addin.cli.app import app
from typer.testing import CliRunner

from csmetrics_core.declaration.catalog import headline_metrics
from csmetrics_core.files.plain import plain_tables
from csmetrics_core.samples import sample_company
from csmetrics_core.scorecard import scorecard


def run(folder):
    return CliRunner(env={"COLUMNS": "80", "NO_COLOR": "1"}).invoke(app, ["demo", "--out", str(folder)])


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "a new folder"
    result = run(folder)
    assert result.exit_code == 0, result.output
    return folder, result.stdout


@pytest.fixture(scope="module")
def card():
    return scorecard(sample_company().tables)


def test_the_screen_shows_all_sixteen_and_what_to_do_next(made):
    _, shown = made
    for metric in headline_metrics():
        assert re.search(rf"^{metric.title}(,[^\n]*)? +[+-]?[\d,]+", shown, re.MULTILINE), metric.title
    assert "csmetrics scorecard YOUR.xlsx" in shown
    assert "exact copies of others" in shown
    assert "Missing" not in shown


def test_the_company_on_disk_is_the_sample_company(made):
    folder, _ = made
    tables = plain_tables(folder / "sample-company.xlsx")
    for name, frame in sample_company().tables.items():
        assert list(tables[name]) == list(frame.columns)
        assert len(tables[name][frame.columns[0]]) == len(frame)
    comments = [text for text in sample_company().responses["comment"].dropna() if text.strip()]
    assert tables["responses"]["comment"].dropna().tolist() == comments


def test_text_from_data_is_no_formula_and_no_link(made):
    folder, _ = made
    comments = sample_company().responses["comment"].dropna()
    assert comments.str.startswith(("=", "+", "@")).any()  # the sample tries
    with zipfile.ZipFile(folder / "sample-company.xlsx") as parts:
        sheets = [parts.read(name) for name in parts.namelist() if name.startswith("xl/worksheets/sheet")]
    assert not any(b"<f>" in sheet or b"<hyperlink" in sheet for sheet in sheets)


def test_the_workbook_shows_the_figures_of_the_terminal(made, card):
    """Health, lifetime value and stickiness are composed otherwise there, and called so."""
    folder, _ = made
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl does not know sparklines
        page = openpyxl.load_workbook(folder / "scorecard.xlsx", data_only=True)["Scorecard"]
    values = {row[0].value: row[2].value for row in page.iter_rows(min_row=10) if row[1].value}
    same = {line.title: line.value for line in card.lines if line.title in values}
    assert len(same) >= 13
    assert {title: values[title] for title in same} == pytest.approx(same, rel=1e-12)


def test_a_second_run_writes_the_same_files(made):
    folder, _ = made
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert run(folder).exit_code == 0
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_file_of_somebody_else_is_left_alone(tmp_path):
    mine = tmp_path / "scorecard.xlsx"
    book = openpyxl.Workbook()
    book.active["A1"] = "mine"
    book.save(mine)
    before = mine.read_bytes()
    result = run(tmp_path)
    assert result.exit_code == 2
    assert "was not written by this command" in " ".join(result.stderr.split())
    assert mine.read_bytes() == before
    assert not list(tmp_path.glob(".*"))  # nothing half done is left behind

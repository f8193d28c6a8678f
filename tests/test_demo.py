"""The first run: the sample company on disk, its scorecard, and a dashboard whose formulas hold what was computed."""

import re
import warnings
import zipfile

import ironcalc
import openpyxl
import pytest
from csmetrics_addin.cli.app import app
from csmetrics_addin.cli.commands.demo import TARGETS
from typer.testing import CliRunner

from csmetrics_core import lookup
from csmetrics_core.declaration.catalog import headline_metrics
from csmetrics_core.files.plain import plain_tables
from csmetrics_core.metrics.health import health_score
from csmetrics_core.samples import sample_company
from csmetrics_core.scorecard import scorecard

FIRST, LAST = 6, 21  # rows of the sixteen metrics


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
    return scorecard(sample_company().tables, months=12)


def opened(path, **how):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl does not know sparklines
        return openpyxl.load_workbook(path, **how)


def text(cell):
    """The formula of a cell, array formula or not."""
    return getattr(cell.value, "text", cell.value)


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
    with zipfile.ZipFile(folder / "dashboard.xlsx") as parts:
        assert not any(b"<hyperlink" in parts.read(n) for n in parts.namelist() if n.startswith("xl/worksheets/sheet"))


def test_cached_values_are_what_the_core_computes(made, card):
    folder, _ = made
    sheet = opened(folder / "dashboard.xlsx", data_only=True)["Scorecard"]
    for row, line in enumerate(card.lines, FIRST):
        assert sheet.cell(row, 1).value == line.title
        assert sheet.cell(row, 2).value == pytest.approx(line.value, rel=1e-12)
        assert sheet.cell(row, 3).value == TARGETS[line.metric.name]
        assert sheet.cell(row, 5).value == pytest.approx(line.previous)
        assert sheet.cell(row, 8).value == line.n
    states = {sheet.cell(row, 4).value for row in range(FIRST, LAST + 1)}
    assert states == {"on target", "off target"}


def test_every_metric_switches_between_add_in_and_plain_formula(made, card):
    folder, _ = made
    book = opened(folder / "dashboard.xlsx")
    assert book.defined_names["addin_on"].attr_text == "Inputs!$C$3"
    assert book["Inputs"]["C3"].value == "=NOT(ISERROR(CSM_VERSION()))"
    for row, line in enumerate(card.lines, FIRST):
        formula = text(book["Scorecard"].cell(row, 2))
        if line.averaged:
            assert formula == f"=AVERAGE({line.metric.name}_values)"
            cells = [text(c) for r in book["Rows"].iter_rows(min_row=7) for c in r if c.value is not None]
            assert any(str(c).startswith(f"=IF(addin_on,{line.metric.excel_name}(") for c in cells)
        else:
            assert formula.startswith(f"=IF(addin_on,{line.metric.excel_name}({line.metric.name}_")
            assert "IFERROR" not in formula
    names = {name.upper() for name in book.defined_names}
    assert not names & {metric.excel_name for metric in headline_metrics()}  # such a name would hide the function


def test_the_inputs_hold_the_cells_behind_each_value(made, card):
    folder, _ = made
    book = opened(folder / "dashboard.xlsx", data_only=True)
    place = book.defined_names["nps_scores"].attr_text
    sheet, area = place.split("!")
    cells = [cell.value for row in book[sheet][area.replace("$", "")] for cell in row]
    assert lookup("nps").function(cells) == card["nps"].value
    accounts = opened(folder / "dashboard.xlsx", data_only=True)["Rows"]
    worst, best = ([accounts.cell(row, column).value for column in range(2, 6)] for row in (4, 5))
    values = [accounts.cell(7, column).value for column in range(2, 6)]
    assert accounts.cell(7, 6).value == pytest.approx(health_score(values, 1, worst, best))


def test_plain_formulas_agree_in_a_second_engine(made, card, tmp_path):
    """In IronCalc, which knows no function of ours; the cached values are wiped first."""
    folder, _ = made
    model = ironcalc.load_from_xlsx(str(wiped(folder / "dashboard.xlsx", tmp_path / "wiped.xlsx")), "en", "UTC")
    model.evaluate()
    for row, line in enumerate(card.lines, FIRST):
        assert model.get_cell_value(0, row, 2) == pytest.approx(line.value, rel=1e-9), line.metric.name


def wiped(path, to):
    """A copy whose formulas all have the cached value 0; addin_on is spelled out, as IronCalc knows no such name."""
    with zipfile.ZipFile(path) as parts, zipfile.ZipFile(to, "w") as copy:
        for name in parts.namelist():
            content = parts.read(name)
            if name.startswith("xl/worksheets/sheet"):
                content = re.sub(rb' t="str"(><f[^>]*>[^<]*</f>)<v>[^<]*</v>', rb"\1<v>0</v>", content)
                content = content.replace(b"IF(addin_on,", b"IF(FALSE,")
                content = re.sub(rb"(</f>)<v>[^<]*</v>", rb"\1<v>0</v>", content)
            copy.writestr(name, content)
    return to


def test_a_second_run_writes_the_same_files(made):
    folder, _ = made
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert run(folder).exit_code == 0
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_file_of_somebody_else_is_left_alone(tmp_path):
    mine = tmp_path / "dashboard.xlsx"
    book = openpyxl.Workbook()
    book.active["A1"] = "mine"
    book.save(mine)
    before = mine.read_bytes()
    result = run(tmp_path)
    assert result.exit_code == 2
    assert "was not written by this command" in " ".join(result.stderr.split())
    assert mine.read_bytes() == before
    assert not list(tmp_path.glob(".*"))  # nothing half done is left behind

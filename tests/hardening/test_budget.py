"""Files made to take all memory or time: each command that reads files says in a sentence what is too much."""

import io
import subprocess
import sys
import zipfile

import openpyxl
import pytest
from csmetrics_addin.cli.app import app
from csmetrics_panels import dashboard, dashboards, read_table
from typer.testing import CliRunner

from csmetrics_core import MetricError

KIND = "Files made to take all memory or time"

COMMANDS = {
    "scorecard": ("scorecard", "FILE"),
    "compute": ("compute", "mrr", "FILE", "--amounts", "mrr"),
    "reconcile": ("reconcile", "arpu", "10", "mrr", "mrr", "--file", "FILE"),
    "change": (
        "change",
        "FILE",
        "--metric",
        "mrr",
        "--set",
        "amounts=mrr",
        "--period",
        "month",
        "--from",
        "2026-01",
        "--to",
        "2026-02",
    ),
    "why": (
        "why",
        "FILE",
        "--metric",
        "mrr",
        "--set",
        "amounts=mrr",
        "--by",
        "customer",
        "--period",
        "month",
        "--from",
        "2026-01",
        "--to",
        "2026-02",
    ),
    "forecast": ("forecast", "FILE"),
    "compare": ("compare", "FILE", "FILE", "--as-of", "2026-01-31"),
    "report": ("report", "FILE"),
    "audit": ("audit", "FILE"),
    "workbook": ("workbook", "new", "scorecard", "--data", "FILE", "--out", "new.xlsx"),
}


def sheet(cells: bytes) -> bytes:
    """A workbook of one table, and further rows as they would stand in its XML."""
    book, held, made = openpyxl.Workbook(), io.BytesIO(), io.BytesIO()
    for row in (["customer", "month", "mrr"], ["A", "2026-01-01", 10]):
        book.active.append(row)
    book.save(held)
    with zipfile.ZipFile(held) as parts, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as changed:
        for name in parts.namelist():
            text = parts.read(name)
            if name == "xl/worksheets/sheet1.xml":
                text = text.replace(b"</sheetData>", cells + b"</sheetData>")
            changed.writestr(name, text)
    return made.getvalue()


def far(place: bytes) -> bytes:
    row = place.lstrip(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    return sheet(b'<row r="%s"><c r="%s"><v>1</v></c></row>' % (row, place))


def bomb() -> bytes:
    """Half a megabyte that unpacks to 600."""
    row = b'<row r="%d"><c r="A%d" t="inlineStr"><is><t>' + b"x" * 30_000 + b"</t></is></c></row>"
    return sheet(b"".join(row % (number, number) for number in range(5, 20_005)))


ATTACKS = {
    "the last cell of a sheet": ("far.xlsx", lambda: far(b"XFD1048576"), "XFD1048576"),
    "the last row of column Z": ("far.xlsx", lambda: far(b"Z1048576"), "Z1048576"),
    "a zip of 600 MB": ("bomb.xlsx", bomb, "are read at once"),
    "a megabyte of NULs": ("nul.csv", lambda: bytes(1_000_000), "nothing that can be read"),
    "100,000 columns": ("wide.csv", lambda: (",".join(map(str, range(100_000))) + "\n").encode() * 2, "16,384"),
}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("attacks")
    for name, make, _ in ATTACKS.values():
        (folder / str(len(list(folder.iterdir())))).mkdir()
        (folder / str(len(list(folder.iterdir())) - 1) / name).write_bytes(make())
    return dict(zip(ATTACKS, sorted(folder.iterdir()), strict=True))


def run(command, path, cwd):
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(cwd)
        return CliRunner(env={"COLUMNS": "200"}).invoke(
            app, [str(path) if word == "FILE" else word for word in COMMANDS[command]]
        )


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("command", COMMANDS)
def test_it_is_refused_in_a_sentence_that_names_the_limit(command, attack, files, tmp_path):
    name, _, said = ATTACKS[attack]
    if command == "audit" and not name.startswith("bomb"):
        pytest.skip("an audit reads cells where they are, and workbooks only")
    result = run(command, files[attack] / name, tmp_path)
    assert result.exit_code in (1, 3), result.output
    assert isinstance(result.exception, SystemExit), result.exception
    assert said in " ".join(result.output.split())


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("opened", [lambda path: dashboard("scorecard", path), dashboards, read_table])
def test_a_notebook_refuses_it_in_the_same_sentence(opened, attack, files):
    name, _, said = ATTACKS[attack]
    try:
        shown = opened(files[attack] / name)
    except MetricError as refused:
        text = str(refused)
    else:
        text = shown._place.children[0].value  # the page of all dashboards says it where one would stand
    assert said in " ".join(text.split())


@pytest.mark.parametrize("command", [name for name in COMMANDS if name not in ("change", "why", "forecast", "compare")])
def test_a_formula_padded_with_blanks_takes_no_longer(command, tmp_path):
    """It took minutes when what was matched was given back; a test that hangs fails by its time limit."""
    padded = b'<row r="5"><c r="A5"><f>NPS(' + b" " * 200_000 + b"C2)</f><v>1</v></c></row>"
    (tmp_path / "padded.xlsx").write_bytes(sheet(padded))
    result = run(command, tmp_path / "padded.xlsx", tmp_path)
    assert result.exception is None or isinstance(result.exception, SystemExit)


def test_a_report_takes_the_name_of_a_file_for_a_name(tmp_path, monkeypatch):
    """DuckDB takes [1] for a pattern, and read another file."""
    monkeypatch.setattr("csmetrics_addin.cli.frames._SMALL_TEXT", 0)
    (tmp_path / "data[1].csv").write_text("nps\n10\n")
    (tmp_path / "data1.csv").write_text("nps\n0\n")
    result = run("report", tmp_path / "data[1].csv", tmp_path)
    assert "100" in result.output
    assert "-100" not in result.output


def test_a_report_by_an_engine_takes_off_the_sign_that_exports_put_before_formulas(tmp_path, monkeypatch):
    monkeypatch.setattr("csmetrics_addin.cli.frames._SMALL_TEXT", 0)
    (tmp_path / "answers.csv").write_text("nps,segment\n10,'=1+1\n0,'tis\n")
    result = CliRunner().invoke(app, ["report", str(tmp_path / "answers.csv"), "--by", "segment", "--json"])
    assert '"=1+1"' in result.output
    assert '"\'tis"' in result.output


def test_a_report_spills_into_a_fresh_folder_of_its_own_and_leaves_none(tmp_path, monkeypatch):
    """A folder of a fixed name in the shared one could be somebody else's link."""
    monkeypatch.setattr("csmetrics_addin.cli.frames._SMALL_TEXT", 0)
    (tmp_path / "answers.csv").write_text("nps\n10\n")
    spill = tmp_path / "spill"
    spill.mkdir()
    result = CliRunner().invoke(app, ["report", str(tmp_path / "answers.csv"), "--spill", str(spill)])
    assert result.exit_code == 0, result.output
    assert not list(spill.iterdir())


FAR = b'<row r="5"><c r="A5"><v>1</v></c></row>'
ODDLY_WRITTEN = {
    "single quotes": (b'r="A5"', b"r='XFD1048576'"),
    "blanks around the equals sign": (b'r="A5"', b'r = "XFD1048576"'),
    "small letters": (b'r="A5"', b'r="xfd1048576"'),
    "a line end before the address": (b'<c r="A5"', b'<c\nr="XFD1048576"'),
    "another attribute first": (b'<c r="A5"', b'<c s="0" r="XFD1048576"'),
    "a cell far below the row it stands in": (b'r="A5"', b'r="A99999999"'),
    "a number no row has": (b'r="A5"', b'r="A99999999999999999999"'),
    "a prefix before every element": (b'<c r="A5"><v>1</v></c>', b'<x:c r="XFD1048576"><x:v>1</x:v></x:c>'),
}
_READ_ALL = """
import sys
from pathlib import Path
from csmetrics_core.files import read_company
for path in map(Path, sys.argv[1:]):
    print(path.name, *read_company(path).report.refused.values(), sep=": ")
"""


def test_a_far_cell_is_refused_however_it_is_written(tmp_path):
    """The look at how far cells reach took none of these for far, and reading them ended Python."""
    paths = [tmp_path / f"{number}.xlsx" for number in range(len(ODDLY_WRITTEN))]
    for path, change in zip(paths, ODDLY_WRITTEN.values(), strict=True):
        path.write_bytes(sheet(FAR.replace(*change)))
    done = subprocess.run([sys.executable, "-c", _READ_ALL, *paths], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    said = done.stdout.splitlines()
    assert len(said) == len(paths)
    for name, line in zip(ODDLY_WRITTEN, said, strict=True):
        is_read = "prefix" in name  # that one is no cell of the sheet's own namespace
        assert is_read or "cannot be opened" in line or "a cell as far as" in line, (name, line)

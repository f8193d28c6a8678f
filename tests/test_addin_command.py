"""`csmetrics addin`: builds on any system, says what it does, and finds what is wrong."""

import sys
import zipfile
from io import BytesIO

import pytest
import xlsxwriter
from csmetrics_addin.cli.app import app
from csmetrics_addin.cli.commands import addin
from csmetrics_addin.hosts import classic, doctor, libreoffice, programs, ribbon, wheel
from csmetrics_addin.hosts.doctor import Check
from csmetrics_workbooks.build import TEMPLATES
from typer.testing import CliRunner

from csmetrics_core import CATALOG
from csmetrics_core.version import __version__


@pytest.fixture
def run():
    runner = CliRunner(env={"COLUMNS": "80", "NO_COLOR": "1", "TERM": "dumb"})

    def call(*words):
        return runner.invoke(app, ["addin", *map(str, words)])

    return call


@pytest.fixture
def on_windows(monkeypatch, tmp_path):
    monkeypatch.setattr(addin.sys, "platform", "win32")
    monkeypatch.setenv("APPDATA", str(tmp_path / "Roaming"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "me"))
    return classic.Places.of_this_user()


def test_build_writes_the_excel_add_in_on_this_system(run, tmp_path):
    said = run("build", "--out", tmp_path)
    assert said.exit_code == 0
    assert zipfile.is_zipfile(tmp_path / "csmetrics.xlam")
    assert "csmetrics.xlam (" in said.stdout


def test_build_writes_the_extension_for_libreoffice(run, tmp_path):
    assert run("build", "--host", "libreoffice", "--out", tmp_path).exit_code == 0
    with zipfile.ZipFile(tmp_path / "csmetrics.oxt") as extension:
        assert wheel.file_name() in extension.namelist()
        assert b'"packages": []' in extension.read("functions.json"), (
            "a copy for anybody names no folder of this computer"
        )


def test_build_makes_a_workbook_carry_its_functions(run, tmp_path):
    with xlsxwriter.Workbook(tmp_path / "mine.xlsx") as book:
        book.add_worksheet().write_formula("A1", "=NPS(B1:B4)")
    assert (
        run("build", "--host", "lite", "--workbook", tmp_path / "mine.xlsx", "--out", tmp_path / "out").exit_code == 0
    )
    with zipfile.ZipFile(tmp_path / "out" / "mine.xlsx") as made:
        assert b"_xldudf_NPS(B1:B4)" in made.read("xl/worksheets/sheet1.xml")
    assert (
        "replace itself"
        in run("build", "--host", "lite", "--workbook", tmp_path / "mine.xlsx", "--out", tmp_path).stderr
    )
    missing = run("build", "--host", "lite", "--out", tmp_path)
    assert (missing.exit_code, "--workbook" in missing.stderr) == (2, True)


def test_build_says_why_a_workbook_cannot_carry_the_functions(run, tmp_path):
    (tmp_path / "words.xlsx").write_text("no workbook")
    refused = run("build", "--host", "lite", "--workbook", tmp_path / "words.xlsx", "--out", tmp_path / "out")
    assert (refused.exit_code, "words.xlsx is not an .xlsx workbook" in refused.stderr) == (3, True)
    xlsxwriter.Workbook(tmp_path / "plain.xlsx").close()
    assert run("build", "--host", "lite", "--workbook", tmp_path / "plain.xlsx", "--out", tmp_path / "a").exit_code == 0
    again = run("build", "--host", "lite", "--workbook", tmp_path / "a" / "plain.xlsx", "--out", tmp_path / "b")
    assert (again.exit_code, "carries an Office add-in already" in again.stderr) == (3, True)
    assert not (tmp_path / "b").exists(), "two engines in one workbook would be a file Excel repairs"


def test_install_on_windows_is_repeatable_and_can_be_tried_and_undone(run, on_windows):
    tried = run("install", "--dry-run")
    assert tried.stdout.count("Would write") == 2
    assert not on_windows.addin.exists()
    assert run("install").stdout.count("Wrote") == 2
    assert on_windows.addin.parent.name == "XLSTART"
    assert run("install").stdout.count("is up to date") == 2
    on_windows.addin.write_bytes(b"older")
    assert "Replaced" in run("install").stdout
    assert run("uninstall", "--dry-run").stdout.count("Would remove") == 2
    assert run("uninstall").stdout.count("Removed") == 2
    assert run("uninstall").stdout.count("is not there") == 2


@pytest.mark.skipif(sys.platform == "win32", reason="the other systems")
def test_elsewhere_install_says_which_way_serves(run):
    said = run("install", "--host", "excel")
    assert said.exit_code == 2
    assert "xlwings Lite" in said.stderr
    assert "LibreOffice" in said.stderr
    assert "from the store" in " ".join(run("install", "--host", "lite").stdout.split())


def test_without_libreoffice_install_says_so(run, monkeypatch):
    monkeypatch.setattr(libreoffice.Office, "found", classmethod(lambda cls: None))
    said = run("install", "--host", "libreoffice")
    assert said.exit_code == 3
    assert "LibreOffice is not on this computer" in said.stderr


@pytest.fixture
def broken_office(monkeypatch):
    """A LibreOffice whose Python answers and whose unopkg fails."""
    failing = (sys.executable, "-c", "import sys; sys.exit('no folder could be created')")
    office = libreoffice.Office(failing, (sys.executable,))
    monkeypatch.setattr(libreoffice.Office, "found", classmethod(lambda cls: office))
    monkeypatch.setattr(libreoffice.Office, "ask_python", lambda self, code: "3.11 at python")


def test_a_libreoffice_that_refuses_is_said_in_its_own_words(run, broken_office):
    refused = run("install", "--host", "libreoffice")
    assert refused.exit_code == 3
    assert refused.stderr.startswith("LibreOffice refused: no folder could be created.")


def test_the_doctor_goes_on_where_libreoffice_refuses(run, broken_office):
    said = run("doctor")
    assert said.exit_code == 1
    assert "wrong extension     LibreOffice refused: no folder could be created" in said.stdout
    assert said.stdout.rstrip().endswith("1 to mend.")


def test_a_program_that_never_answers_is_given_up(monkeypatch):
    monkeypatch.setattr(programs, "_LONGEST_WAIT", 0.2)
    with pytest.raises(TimeoutError, match="did not answer"):
        programs.run([sys.executable, "-c", "import time; time.sleep(60)"])


def test_the_doctor_offers_nothing_for_what_is_well(run, monkeypatch):
    monkeypatch.setattr(doctor, "checks", lambda: [Check("Excel", "xlwings", True, "0.37.8", "pip install xlwings")])
    assert "pip install" not in run("doctor").output


def test_the_doctor_prints_the_command_that_mends_what_is_wrong(run, monkeypatch):
    found = [
        Check("csmetrics", "version", True, __version__),
        Check("LibreOffice Calc", "packages", False, "its Python cannot import numpy", "pip install numpy"),
        Check("LibreOffice Calc", "extension", None, "not installed", "csmetrics addin install"),
    ]
    monkeypatch.setattr(doctor, "checks", lambda: iter(found))
    said = run("doctor")
    assert said.exit_code == 1
    lines = [line.strip() for line in said.stdout.splitlines() if line.strip()]
    assert lines == [
        "csmetrics",
        f"ok    version       {__version__}",
        "LibreOffice Calc",
        "wrong packages      its Python cannot import numpy",
        "to mend it, run: pip install numpy",
        "-     extension     not installed",
        "to have it, run: csmetrics addin install",
        "1 to mend.",
    ]
    monkeypatch.setattr(doctor, "checks", lambda: iter(found[:1]))
    assert (run("doctor").exit_code, "All is well." in run("doctor").stdout) == (0, True)


def test_the_doctor_looks_at_every_host(monkeypatch):
    monkeypatch.setattr(libreoffice.Office, "found", classmethod(lambda cls: None))
    assert list(dict.fromkeys(check.host for check in doctor.checks())) == ["csmetrics", *doctor.HOSTS.values()]


def test_the_about_box_names_what_is_wrong(monkeypatch):
    wrong = Check("Excel for Windows", "add-in", False, "not there", "csmetrics addin install")
    monkeypatch.setattr(doctor, "checks", lambda: iter([wrong]))
    text = ribbon.about()
    assert f"csmetrics {__version__}, {len(CATALOG)} functions" in text
    assert "Excel for Windows: not there. To mend it, run: csmetrics addin install" in text


def test_the_box_that_asks_for_a_template_names_them_all():
    asked = ribbon.templates()
    assert len(asked) < 900, "the box shows a thousand signs"
    assert [line.partition(":")[0] for line in asked.splitlines()] == list(TEMPLATES)


def test_a_new_workbook_takes_a_name_that_is_free(monkeypatch, tmp_path):
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    (tmp_path / "Documents").mkdir()
    (tmp_path / "Documents" / "nps.xlsx").touch()
    asked = []
    monkeypatch.setattr(ribbon, "_command", lambda *words: asked.append(words))
    path = ribbon.new_workbook("nps")
    assert path == str(tmp_path / "Documents" / "nps 2.xlsx")
    assert asked == [("workbook", "new", "nps", "--out", path)]


def test_a_refusal_of_the_command_becomes_the_message():
    with pytest.raises(OSError, match="there is no"):
        ribbon._command("addin", "build", "--host", "lite")


def test_the_wheel_follows_the_standard():
    with zipfile.ZipFile(BytesIO(wheel.build())) as made:
        names = made.namelist()
        info = f"csmetrics-{__version__}.dist-info"
        assert {f"{info}/METADATA", f"{info}/WHEEL", f"{info}/RECORD"} <= set(names)
        record = [line.split(",") for line in made.read(f"{info}/RECORD").decode().splitlines()]
        assert sorted(row[0] for row in record) == sorted(names)
        assert all(int(size) == made.getinfo(name).file_size for name, _, size in record if size)
        assert not [name for name in names if name.startswith(("csmetrics_core/tables", "csmetrics_addin/hosts"))]

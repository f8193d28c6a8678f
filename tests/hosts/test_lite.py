"""A workbook that carries its own engine: its parts, its formulas, and its code in an interpreter without ours."""

import asyncio
import json
import os
import re
import subprocess
import sys
import zipfile
from datetime import datetime
from importlib.metadata import distribution
from pathlib import Path
from uuid import UUID
from xml.etree import ElementTree

import openpyxl
import pytest
import xlsxwriter
from csmetrics_addin import lite_scripts
from csmetrics_addin.hosts import lite
from csmetrics_workbooks.build import build
from csmetrics_workbooks.kit.formulas import Host
from examples import CASES, assert_cells, expected, given
from officejs_excel import OfficeJs, shown

from csmetrics_core import CATALOG

_WEB = "{http://schemas.microsoft.com/office/webextensions/webextension/2010/11}"
_RELATION = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"


@pytest.fixture(scope="module")
def workbook(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lite")
    with xlsxwriter.Workbook(folder / "plain.xlsx") as book:
        sheet = book.add_worksheet("Call NPS(x)")
        sheet.write_column("A1", [10, 9, 8, 6])
        book.define_name("addin_on", "=NOT(ISERROR(CSM_VERSION()))")
        sheet.write_formula("C1", "=IF(addin_on,nps('Call NPS(x)'!A1:A4),\"NPS(native) & <so>\")", None, 25)
        sheet.write_formula("C2", "=SUM(A1:A4)+MY_NPS(1)", None, 33)
        sheet.write_array_formula("C4:C4", "{=IF(addin_on,NPS(A1:A4),SUM((A1:A4>=9)+0))}", None, 25)
        sheet.write_formula("C3", "=IF(addin_on,_xldudf_NPS(A1:A4),0)", None, 25)
        sheet.write_dynamic_array_formula("E1:H2", "=NPS_COUNTS(A1:A4)")
    return lite.carry(folder / "plain.xlsx", folder / "made" / "own.xlsx")


@pytest.fixture(scope="module")
def parts(workbook):
    with zipfile.ZipFile(workbook) as book:
        return {name: book.read(name) for name in book.namelist()}


def properties(parts) -> dict[str, str]:
    extension = ElementTree.fromstring(parts["xl/webextensions/webextension1.xml"])
    return {p.get("name"): json.loads(p.get("value")) for p in extension.iter(f"{_WEB}property")}


def test_every_part_is_well_formed_declared_and_found(parts):
    for name, data in parts.items():
        ElementTree.fromstring(data)
        if name.endswith(".rels"):
            folder = Path(name).parent.parent
            for relation in ElementTree.fromstring(data).iter(_RELATION):
                assert os.path.normpath(folder / relation.get("Target")) in parts
    types = ElementTree.fromstring(parts["[Content_Types].xml"])
    declared = {t.get("PartName", "").lstrip("/"): t.get("ContentType") for t in types}
    assert declared["xl/webextensions/taskpanes.xml"] == "application/vnd.ms-office.webextensiontaskpanes+xml"
    assert declared["xl/webextensions/webextension1.xml"] == "application/vnd.ms-office.webextension+xml"
    assert set(declared) - {""} <= set(parts)


def test_it_asks_for_the_add_in_from_the_store_and_names_the_functions_it_uses(parts):
    extension = ElementTree.fromstring(parts["xl/webextensions/webextension1.xml"])
    references = [(r.get("id"), r.get("storeType")) for r in extension.iter(f"{_WEB}reference")]
    assert references == [("wa200008175", "OMEX")] * 2
    used = [i.text for i in extension.iter(f"{_WEB}customFunctionIds")]
    assert used == ["_xldudf_CSM_VERSION", "_xldudf_NPS", "_xldudf_NPS_COUNTS"]
    said = properties(parts)
    assert set(said) == {"main.py", "requirements.txt", "pyodideVersion", "addinVersion", "xlwingsWorkbookId",
                         "xlwingsSettingsWorkbook"}  # fmt: skip
    assert said["xlwingsSettingsWorkbook"] == {"startupBehavior": "taskpane"}


def test_every_workbook_has_an_identity_of_its_own_to_be_trusted_by(tmp_path):
    def identity(name, value):
        path = tmp_path / f"{name}.xlsx"
        with xlsxwriter.Workbook(path) as book:
            book.set_properties({"created": datetime(2026, 1, 1)})
            book.add_worksheet().write(0, 0, value)
        with zipfile.ZipFile(lite.carry(path, tmp_path / "made" / path.name)) as made:
            said = properties({n: made.read(n) for n in made.namelist()})
        return str(UUID(said["xlwingsWorkbookId"]))

    assert identity("a", 1) == identity("b", 1)
    assert identity("a", 1) != identity("c", 2)


def test_the_start_page_says_to_trust_the_workbook_before_formulas_are_refreshed(tmp_path):
    build("unit_economics", tmp_path / "x.xlsx", host=Host.LITE)
    page = openpyxl.load_workbook(tmp_path / "x.xlsx")["Start"]
    texts = [getattr(cell.value, "text", cell.value) for row in page for cell in row]
    [said] = [text for text in texts if isinstance(text, str) and "xlwings Lite" in text]
    assert 0 < said.index("trust this workbook") < said.index("Refresh formulas")
    assert max(map(len, re.findall(r'"([^"]*)"', said))) <= 255, "Excel takes no longer text in a formula"


def test_formulas_are_spelled_as_excel_stores_them(parts, workbook):
    sheet = parts["xl/worksheets/sheet1.xml"].decode()
    assert (
        '<c r="C1" cm="1"><f t="array" ref="C1">'
        "IF(addin_on,_xldudf_NPS('Call NPS(x)'!A1:A4),\"NPS(native) &amp; &lt;so&gt;\")</f><v>25</v>" in sheet
    )
    assert '<c r="C3" cm="1"><f t="array" ref="C3">IF(addin_on,_xldudf_NPS(A1:A4),0)</f>' in sheet
    assert '<c r="C4" cm="1"><f t="array" ref="C4">IF(addin_on,_xldudf_NPS(A1:A4),SUM((A1:A4&gt;=9)+0))</f>' in sheet
    assert '<c r="C2"><f>SUM(A1:A4)+MY_NPS(1)</f><v>33</v>' in sheet
    assert '<f t="array" ref="E1:H2">_xldudf_NPS_COUNTS(A1:A4)</f>' in sheet
    assert ">NOT(ISERROR(_xldudf_CSM_VERSION()))<" in parts["xl/workbook.xml"].decode()
    assert openpyxl.load_workbook(workbook, data_only=True).active["C1"].value == 25


def only_these(requirements: str, folder: Path) -> Path:
    """A folder with only the packages named and what they need in turn; Lite's own tools are not ours to test."""
    wanted = [re.match(r"[\w-]+", line)[0] for line in requirements.splitlines() if "# required" not in line]
    done, wanted = set(), [*wanted, "xlwings"]
    while wanted:
        name = wanted.pop()
        if name.lower() in done:
            continue
        done.add(name.lower())
        package = distribution(name)
        needs = [need for need in package.requires or [] if "extra ==" not in need and "platform" not in need]
        wanted += [re.match(r"[\w.-]+", need)[0] for need in needs]
        for top in {Path(str(file)).parts[0] for file in package.files or []} - {"..", "__pycache__"}:
            if not (folder / top).exists():
                (folder / top).symlink_to(package.locate_file(top))
    return folder


@pytest.fixture(scope="module")
def excel(parts, tmp_path_factory):
    folder, temporary = tmp_path_factory.mktemp("packages"), tmp_path_factory.mktemp("tmp")
    carried = properties(parts)
    only_these(carried["requirements.txt"], folder)
    (folder / "main.py").write_text(carried["main.py"])
    excel = OfficeJs("main", (sys.executable, "-S"), PYTHONPATH=str(folder), TMPDIR=str(temporary))
    yield excel
    excel.stop()


def test_the_code_taken_out_of_the_file_registers_every_function(excel):
    told = sorted(function["name"] for function in excel.meta()["functions"])
    assert told == sorted(metric.excel_name for metric in CATALOG.values())
    assert [script["name"] for script in excel.scripts()] == ["Refresh formulas"]
    assert ".whl" in excel.where(), "the package comes from the workbook, not from this checkout"


@pytest.mark.parametrize(("metric", "example"), CASES)
def test_every_example_in_the_carried_code(excel, metric, example):
    assert_cells(shown(excel.call(metric.name, *given(metric, example))), expected(metric, example))


#: What Pyodide 0.27.5 has.
IN_PYODIDE = ("numpy==2.0.2", "pandas==2.2.3", "scipy==1.14.1", "scikit-learn==1.6.1")


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get("CSMETRICS_PYODIDE"), reason="CSMETRICS_PYODIDE=1 installs 100 MB for it")
def test_every_example_in_the_carried_code_on_the_versions_pyodide_has(parts, tmp_path):
    carried, packages = properties(parts), tmp_path / "packages"
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", "--target", packages, "--only-binary=:all:", *IN_PYODIDE,
         f"xlwings=={distribution('xlwings').version}", "docstring-parser", "vaderSentiment"], check=True,
    )  # fmt: skip
    (packages / "main.py").write_text(carried["main.py"])
    excel = OfficeJs("main", (sys.executable, "-S"), PYTHONPATH=str(packages), TMPDIR=str(tmp_path))
    try:
        for case in CASES:
            metric, example = case.values
            assert_cells(shown(excel.call(metric.name, *given(metric, example))), expected(metric, example))
    finally:
        excel.stop()


class Cells:
    """A range as xlwings Lite gives it, as far as the script asks."""

    def __init__(self, formulas):
        self.formulas, self.entered = formulas, {}

    def options(self, ndim):
        assert ndim == 2
        return self

    async def get_formula(self):
        return self.formulas

    def __getitem__(self, place):
        return Cell(self.entered, place)


class Cell:
    def __init__(self, entered, place):
        self.__dict__.update(entered=entered, place=place)

    def __setattr__(self, name, value):
        assert name == "formula"
        self.entered[self.place] = value


class Sheet:
    def __init__(self, used):
        self.used = used

    async def get_used_range(self):
        return self.used


class Book:
    def __init__(self, *used):
        self.sheets = [Sheet(cells) for cells in used]


def test_refresh_formulas_enters_our_formulas_again_and_no_others():
    cells = Cells([["=_xldudf_NPS(A1:A4)", 5, "NPS(A1)"], ["=SUM(A1)", '="NPS("&A1', "=IF(addin_on,csat(B1:B9),0)"]])
    asyncio.run(lite_scripts.refresh_formulas(Book(None, cells)))
    assert cells.entered == {(0, 0): "=NPS(A1:A4)", (1, 2): "=IF(addin_on,CSAT(B1:B9),0)"}

"""The add-in workbook for Excel on Windows: its parts, its Visual Basic run by an interpreter, and its place."""

import hashlib
import json
import re
import subprocess
import sys
import warnings
import zipfile
from importlib.metadata import version
from pathlib import Path
from xml.etree import ElementTree

import pytest
from antlr4 import CommonTokenStream, InputStream
from antlr4.error.ErrorListener import ErrorListener
from antlr4_vba.vbaLexer import vbaLexer
from antlr4_vba.vbaParser import vbaParser
from csmetrics_addin.hosts import classic, doctor, vba
from csmetrics_addin.slots import LONGEST_HELP, slots
from pyopenvba.apps.excel import ExcelApplication

from csmetrics_core import CATALOG

NPS = """Public Function NPS(ByVal scores As Variant, Optional ByVal weights As Variant, _
        Optional ByVal accounts As Variant) As Variant
    Dim part1 As Variant
    On Error GoTo failed
    part1 = Together(scores, weights, accounts)
    NPS = Ask("nps", Array(part1(0), part1(1), part1(2), UsesDate1904()))
    Exit Function
failed:
    NPS = CVErr(xlErrValue)
End Function
"""
CSAT = """    part1 = Together(ratings)
    CSAT = Ask("csat", Array(part1(0), Whole(scale_max), Whole(satisfied_from), UsesDate1904()))
"""


@pytest.fixture(scope="module")
def addin(tmp_path_factory):
    return classic.build(tmp_path_factory.mktemp("classic") / "made" / "csmetrics.xlam")


@pytest.fixture(scope="module")
def modules(addin):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # oletools uses old names of pyparsing
        from oletools.olevba import VBA_Parser
    parser = VBA_Parser(str(addin))
    found = {name.rpartition(".")[0]: code for _, _, name, code in parser.extract_macros()}
    parser.close()
    return found


def test_oletools_reads_the_text_we_wrote(modules):
    for name, text in vba.modules().items():
        assert modules[name].replace("\r\n", "\n").strip() == text.replace("\r\n", "\n").strip()
    functions = modules["csmetrics_functions"].replace("\r\n", "\n")
    assert NPS in functions
    assert CSAT in functions
    assert "Application.OnTime" in modules["ThisWorkbook"]
    assert "RibbonMyAddin" not in modules


def test_the_project_is_ours_and_a_workbook_cannot_choose_the_python(modules, addin):
    shipped = modules["xlwings"]
    assert 'PROJECT_NAME As String = "csmetrics"' in shipped
    assert "Option Private Module" in shipped
    assert 'If source = "sheet" Then' in shipped
    assert 'If source = "directory" Then' in shipped
    assert 'source = "" Or source = "user"' in shipped
    assert doctor.dll_names(addin) == [f"xlwings{bits}-{version('xlwings')}.dll" for bits in (32, 64)]
    with zipfile.ZipFile(addin) as parts:
        everything = b"".join(parts.read(name) for name in parts.namelist() if name.endswith(".xml"))
    assert b"_csmetrics.conf" in everything
    assert b"myaddin" not in everything.lower()
    assert b"Users" not in everything


def test_every_button_calls_a_procedure_that_is_there(modules, addin):
    with zipfile.ZipFile(addin) as parts:
        ribbon = ElementTree.fromstring(parts.read("customUI/customUI.xml"))
    calls = [element.get("onAction") for element in ribbon.iter() if element.get("onAction")]
    assert len(calls) == 5
    for call in calls:
        module, _, procedure = call.partition(".")
        assert f"Public Sub {procedure}(control As IRibbonControl)" in modules[module]


def test_python_is_started_by_itself_and_reads_nothing_of_a_workbook(modules):
    started = re.search(r"Function XLPyCommand\(\).*?End Function", modules["xlwings"], re.DOTALL)[0]
    app = ExcelApplication()
    app.add_workbook()
    settings = 'Function GetConfig(ByVal key As String) As String\n GetConfig = "C:\\my py\\" & key\nEnd Function\n'
    app.add_module(f"Public python_restarts As Long\n{settings}{started}", name="xlwings")
    assert app.run("XLPyCommand") == classic.command("C:\\my py\\INTERPRETER_WIN")
    assert classic.command("p.exe").startswith('"p.exe" -B -P -c "')
    assert "ActiveWorkbook" not in started
    assert "cmd" not in started


def test_only_the_functions_can_be_seen_in_a_sheet(modules):
    private = {name for name, text in modules.items() if "Option Private Module" in text}
    assert {*vba.modules(), "xlwings"} - private == {"csmetrics_functions"}


def test_the_same_build_is_the_same_file(addin, tmp_path):
    again = classic.build(tmp_path / "csmetrics.xlam")
    assert hashlib.sha256(again.read_bytes()).digest() == hashlib.sha256(addin.read_bytes()).digest()


def test_every_text_fits_windows_and_the_function_wizard():
    for text in vba.modules().values():
        assert text.encode("cp1252"), "a sign Windows lacks would become a question mark"
        lines = text.split("\r\n")
        assert max(map(len, lines)) < 1000
        assert not re.search(r"(?: _\r\n[^\r]*){24}", text), "Visual Basic continues a line 24 times at most"
    for metric in CATALOG.values():
        assert all(len(slot.shown_help) <= LONGEST_HELP for slot in slots(metric))
        assert metric.name not in [slot.name for slot in slots(metric)], "Visual Basic would not compile that"


def faults(text):
    """What Visual Basic's published grammar has against a module, with its line."""

    class Heard(ErrorListener):
        def syntaxError(self, recognizer, symbol, line, column, message, error):
            found.append((line, message))

    found = []
    head = "" if text.startswith("Attribute") else 'Attribute VB_Name = "piece"\n'
    lexer = vbaLexer(InputStream(f"{head}{text.strip()}\n"))
    parser = vbaParser(CommonTokenStream(lexer))
    for reader in (lexer, parser):
        reader.removeErrorListeners()
        reader.addErrorListener(Heard())
    parser.startRule()
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", [*vba.modules(), "ThisWorkbook", "XLPyCommand"])
def test_every_module_keeps_to_the_grammar(name, modules):
    if name == "ThisWorkbook":
        text = vba.on_open()
    elif name == "XLPyCommand":
        text = re.search(r"Function XLPyCommand\(\).*?End Function", modules["xlwings"], re.DOTALL)[0]
    else:
        text = vba.modules()[name]
    assert faults(text) == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("If IsAlive() Then", "If IsAlive() Them"),
        ("End Sub", "End Function"),
        ("ByRef answer As Variant)", "ByRef answer As)"),
        ('Description:="', 'Description:"'),
        ("ReDim values(0 To UBound(given))", "ReDim values(0 To UBound(given)"),
    ],
)
def test_the_grammar_hears_a_slip(right, wrong):
    whole = vba.modules()["csmetrics_calls"].replace("\r\n", "\n")
    procedures = re.split(r"(?<=\nEnd Function\n)|(?<=\nEnd Sub\n)", whole)
    one = next(procedure for procedure in procedures if right in procedure)
    assert faults(one) == []
    assert faults(one.replace(right, wrong))


@pytest.fixture(scope="module")
def basic():
    """Our Visual Basic in an interpreter; Python is stood in for by an echo of the first value sent."""
    app = ExcelApplication()
    app.add_workbook()
    echo = "Public Function CallUDF(m, n, ByVal values As Variant) As Variant\n CallUDF = values(0)\nEnd Function"
    app.add_module(echo, name="Echo", kind="class")
    app.add_module("Public Function XLPy() As Object\n Set XLPy = New Echo\nEnd Function", name="xlwings")
    for name, text in vba.modules().items():
        # The interpreter knows no date systems.
        known = re.sub(r"(Function UsesDate1904\(\) As Boolean).*?(End Function)", r"\1\n\2", text, flags=re.DOTALL)
        app.add_module(known, name=name)
    app.add_module(PROBES, name="probes")
    return app


PROBES = """
Public Function Ends() As Variant
    Dim sent As Variant
    Range("A3").Value = 10: Range("A4").Value = 6: Range("B9").Value = 1
    sent = Together(Range("A:A"), Range("B1:B1048576"), 5)
    Ends = Array(UBound(sent(0), 1), UBound(sent(1), 1), UBound(sent(1), 2), sent(2))
End Function
Public Function Alone() As Variant
    Alone = NPS(Range("A3:A1048576"))
End Function
Public Function Areas() As Variant
    Areas = Array(IsError(NPS(Range("A3:A4,B9"))), IsError(CHURN_RATE(Range("A3,A4"), 5)))
End Function
Public Function Errors() As Variant
    Dim one As Variant, many As Variant
    Dim grid(0 To 1, 0 To 1) As Variant
    one = WithRealErrors("#DIV/0!")
    grid(0, 0) = "month": grid(0, 1) = 2: grid(1, 0) = "#N/A": grid(1, 1) = "#hash"
    many = WithRealErrors(grid)
    Errors = Array(IsError(one), CLng(one), many(0, 0), many(0, 1), IsError(many(1, 0)), many(1, 1))
End Function
Public Function Row() As Variant
    Dim answer As Variant
    answer = WithRealErrors(Array(0.05, "#DIV/0!", "x"))
    Row = Array(answer(0), CLng(answer(1)), answer(2))
End Function
Public Function Refreshed() As Variant
    Dim entered As Long, refused As Long
    Range("D1").Formula = "=_xldudf_NPS(A3:A4)"
    Range("D2").Formula = "=SUM(A3:A4)"
    RefreshWorkbook ActiveWorkbook, entered, refused
    Refreshed = Array(entered, refused, Range("D1").Formula, Range("D2").Formula)
End Function
"""


def test_ranges_that_belong_together_are_cut_at_one_end(basic):
    # The sheet is used down to row 9, by the second column only.
    assert basic.run("Ends") == [9, 9, 1, 5]


def test_a_range_alone_is_cut_to_the_cells_in_use(basic):
    assert basic.run("Alone") == [[10.0], [6.0], *[[None]] * 5]


def test_several_areas_are_refused_not_read_in_part(basic):
    assert basic.run("Areas") == [True, True]


def test_error_signs_become_errors_and_other_texts_stay(basic):
    assert basic.run("Errors") == [True, 2007, "month", 2, True, "#hash"]


def test_a_single_row_which_xlwings_hands_over_as_a_list(basic):
    assert basic.run("Row") == [0.05, 2007, "x"]


def test_refresh_enters_our_formulas_again_and_no_others(basic):
    assert basic.run("Refreshed") == [1, 0, "=NPS(A3:A4)", "=SUM(A3:A4)"]
    spelled = basic.evaluate("Spelled(\"='C:\\my files\\csmetrics.xlam'!NPS(A1)+csmetrics.xlam!CSAT(A1)+'x y'!A1\")")
    assert spelled == "=NPS(A1)+CSAT(A1)+'x y'!A1"


def test_refresh_knows_every_function(basic):
    assert list(basic.run("FunctionNames")) == sorted(metric.excel_name for metric in CATALOG.values())


PYTHON = """
Public Function CallUDF(m, n, ByVal values As Variant) As Variant
 calls = calls + 1
 now_is = now_is + values(1)
 If calls <= values(0) Then
  is_alive = values(2)
  Err.Raise 462
 End If
 CallUDF = "answer " & calls & " of Python " & python_restarts
End Function
Public Function Bool(ByVal value As Boolean) As Boolean
 If Not is_alive Then Err.Raise 462
 Bool = True
End Function
"""
XLWINGS = """
Public calls As Long
Public now_is As Double
Public is_alive As Boolean
Public Function XLPy() As Object
 Set XLPy = New Python
End Function
Public Sub KillPy()
 If Not is_alive Then Err.Raise 1000
End Sub
"""
ASKED = """
Public Function Asked(ByVal failures As Long, ByVal seconds As Double, ByVal alive As Boolean) As Variant
    On Error GoTo failed
    Asked = Ask("nps", Array(failures, seconds, alive))
    Exit Function
failed:
    Asked = "Python " & python_restarts & ": " & Err.Description
End Function
"""


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        ("0, 1, True", "answer 1 of Python 0"),
        ("1, 1, False", "answer 2 of Python 1"),  # lost: started anew and asked again
        ("2, 1, False", "Python 1: "),  # does not start either
        ("1, 1, True", "Python 0: the call failed in Python"),  # it lives, so it is left alone
        ("1, 30, False", "Python 1: Python took too long"),  # the next call finds a new one
    ],
)
def test_a_python_that_was_lost_is_started_anew_and_asked_once_more(call, answer):
    app = ExcelApplication()
    app.add_workbook()
    app.add_module(PYTHON, name="Python", kind="class")
    app.add_module(XLWINGS, name="xlwings")
    app.add_module(re.sub(r"\bTimer\b", "now_is", vba.modules()["csmetrics_calls"]), name="csmetrics_calls")
    app.add_module(ASKED, name="probes")
    said = app.evaluate(f"Asked({call})")
    assert said.startswith(answer)


@pytest.fixture(scope="module")
def com():
    driver = Path(__file__).with_name("com_functions.py")
    process = subprocess.Popen([sys.executable, str(driver)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(**job):
        process.stdin.write(json.dumps(job) + "\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline())

    yield ask
    process.stdin.close()
    process.wait(30)
    process.stdout.close()


@pytest.mark.parametrize(
    ("name", "given", "answer"),
    [
        ("nps", [[[10.0], [9.0], [None], [6.0]]], 100 / 3),
        ("nps", [[[10.0], [9.0], [None], [6.0]], -2147352572, -2147352572, False], 100 / 3),
        ("nps", [[[10.0, 9.0, 8.0, 6.0]]], 25.0),
        ("nps", [[[10.0], [-2146826246]]], "#N/A"),
        ("nps", [-2146826265], "#REF!"),
        ("nps", [[[10.0], [-2146826238]]], "#VALUE!"),
        ("nps", [[[None], [None]]], "#N/A"),
        ("nps", [[[10.0], [11.0]]], "#NUM!"),
        ("churn_rate", [[[5.0, 1.0]], [[100.0, 0.0]]], [[0.05, "#DIV/0!"]]),
        ("csm_version", [], f"csmetrics {version('csmetrics')}"),
    ],
)
def test_what_excel_hands_over_by_com(com, name, given, answer):
    assert com(name=name, given=given) == (pytest.approx(answer) if isinstance(answer, float) else answer)


def test_dates_of_a_workbook_that_counts_from_1904(com):
    customers, months, amounts = [["a"], ["a"]], [[46023.0 - 1462], [46054.0 - 1462]], [[10.0], [12.0]]
    rows = com(name="mrr_movements", given=[customers, months, amounts, True])
    assert [row[0] for row in rows] == ["month", "2026-01-01", "2026-02-01"]
    rows = com(name="csm_explain", given=["mrr_movements", customers, months, amounts, *[None] * 9, True])
    assert ["n", 2] in rows


def test_the_reason_reaches_the_cell(com):
    told = dict(com(name="csm_explain", given=["NPS", [[10.0], [9.0], [11.0]]]))
    assert told["value"] == "none; its cell shows #NUM!"
    assert told["why"].startswith("scores, row 3, is 11; expected a whole number from 0 to 10.")
    assert dict(com(name="csm_explain", given=["NPS"]))["argument scores"].startswith("Answers to")
    assert "stored as text" in dict(com(name="csm_explain", given=["NPS", [["10"], ["9"]]]))["why"]
    assert "#REF!" in dict(com(name="csm_explain", given=["NPS", [[10.0], [-2146826265]]]))["why"]
    _, row = com(name="csm_benchmarks", given=["NPS"])
    assert ("recorded for NPS" in row[0], row[1:]) == (True, ["#N/A"] * 3)


def test_xlwings_own_import_would_pass_the_date_system_too(com):
    told = com(describe="nps")
    assert [(a["name"], a["vba"]) for a in told["args"]][-1] == ("date1904", "ActiveWorkbook.Date1904")
    assert told["category"] == "csmetrics Survey"


def test_install_says_what_it_did_and_does_it_once(tmp_path):
    places = classic.Places(tmp_path / "XLSTART" / "csmetrics.xlam", tmp_path / ".csmetrics" / "csmetrics.conf")
    assert [said.split()[0] for said in classic.install(places, dry_run=True)] == ["Would", "Would"]
    assert list(tmp_path.iterdir()) == []
    assert [said.split()[0] for said in classic.install(places)] == ["Wrote", "Wrote", "Restart"]
    assert [said.endswith("is up to date.") for said in classic.install(places)[:2]] == [True, True]
    assert f'"INTERPRETER_WIN","{sys.executable}"\r\n' in places.configuration.read_bytes().decode()
    assert '"ADD_WORKBOOK_TO_PYTHONPATH","False"' in places.configuration.read_text()
    assert [said.split()[0] for said in classic.uninstall(places)] == ["Removed", "Removed"]
    assert [said.endswith("is not there.") for said in classic.uninstall(places)] == [True, True]


def test_the_doctor_finds_what_is_missing_and_what_does_not_fit(tmp_path):
    places = classic.Places(tmp_path / "csmetrics.xlam", tmp_path / "csmetrics.conf")
    (nothing,) = doctor.installed_addin(places, tmp_path)
    assert (nothing.good, nothing.mend) == (False, "csmetrics addin install")
    classic.install(places)
    library = {check.what: check for check in doctor.installed_addin(places, tmp_path)}
    assert (library["library"].good, library["configuration"].good) == (False, True)
    assert library["library"].mend == "pip install --force-reinstall xlwings"
    (tmp_path / f"xlwings64-{version('xlwings')}.dll").touch()
    assert all(check.good for check in doctor.installed_addin(places, tmp_path))
    places.configuration.write_text('"INTERPRETER_WIN","C:\\gone\\python.exe"\r\n')
    gone = {check.what: check for check in doctor.installed_addin(places, tmp_path)}["configuration"]
    assert gone.good is False
    assert "C:\\gone\\python.exe" in gone.found


@pytest.mark.parametrize(("value", "good", "said"), [(None, True, "no policy"), ("0", True, "no policy"),
    ("1", False, "take a workbook that needs no Python"), ("2", True, "lets it"), ("6", True, "asks")])  # fmt: skip
def test_the_doctor_knows_defenders_rule_against_child_processes(value, good, said):
    check = doctor.may_start_python({} if value is None else {doctor.CHILD_PROCESSES: value, "other": "1"})
    assert (check.good, said in check.found) == (good, True)
    assert bool(check.mend) is not good

"""Every workbook we write keeps Excel's own rules; planted faults show that the gate sees them."""

import re
import zipfile
from datetime import datetime
from io import BytesIO

import formulon
import pandas as pd
import pytest
import xlsxwriter
from csmetrics_addin.hosts import classic
from csmetrics_panels import panel
from csmetrics_panels.metric.metric_workbook import workbook as metric_workbook
from csmetrics_workbooks.build import TEMPLATES, build, recipe
from excel.everything import EVERYTHING
from excel.formulas import Grammar
from excel.planted import PLANTED
from excel.rules import faults
from test_panels_panel import METRICS, example_data
from workbook_cells import GAPS, by_formulon

from csmetrics_core import MetricError


@pytest.fixture(scope="module")
def sound():
    """A workbook with a little of everything, and nothing wrong."""
    held = BytesIO()
    with xlsxwriter.Workbook(held, {"in_memory": True}) as book:
        book.set_properties({"created": datetime(2026, 1, 1)})
        front, rows = book.add_worksheet("Front"), book.add_worksheet("The rows")
        look = book.add_format({"num_format": "0.00%", "bold": True})
        rows.write_column("A2", ["a", "b", "c"])
        rows.add_table("A1:C4", {"name": "Ledger", "columns": [{"header": h} for h in ("Name", "Paid", "Twice")]})
        rows.write_formula("C2", "=Ledger[[#This Row],[Paid]]*2", look, 0)
        rows.write_column("E2", ["x", "y"])
        rows.add_table("E1:F3", {"name": "Others", "columns": [{"header": "Key"}, {"header": "Amount"}]})
        book.define_name("chosen", "=Front!$B$2")
        front.write_string("A1", "Figures")
        front.merge_range("A6:C6", "a note")
        front.merge_range("A8:C8", "another")
        front.write_formula("B3", "=IF(chosen>0,SUM(Ledger[Paid]),NPS(Ledger[Paid]))", look, 0)
        front.write_formula("B4", '=COUNTIF(Ledger[Name],"a")&"text"', None, "1text")
        front.write_array_formula("B5:B5", "{=SUM((Ledger[Paid]>1)*1)}", None, 0)
        front.write_boolean("C3", True)
        front.write_number("C4", 12.5)
        front.data_validation("B2", {"validate": "list", "source": ["month", "quarter"], "input_message": "choose"})
        front.conditional_format("B3", {"type": "formula", "criteria": "=$B$3>5", "format": look})
        front.write_url("A9", "internal:'The rows'!A1", None, "rows")
        chart = book.add_chart({"type": "line"})
        chart.add_series({"values": "='The rows'!$B$2:$B$4"})
        front.insert_chart("E2", chart)
        front.set_column(0, 0, 20)
        front.set_header("&LFigures")
        front.add_sparkline("D2", {"range": "'The rows'!B2:B4"})
    return held.getvalue()


def test_a_sound_workbook_has_no_fault(sound):
    assert faults(sound) == []


def planted(content: bytes, part: str, what: str, by: str) -> bytes:
    held = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as old, zipfile.ZipFile(held, "w") as new:
        for name in old.namelist():
            text = old.read(name).decode()
            if re.match(part, name):
                text, count = re.subn(what, by if "\\" in by else by.replace("\\", "\\\\"), text, flags=re.DOTALL)
                assert count, f"{what} is not in {name}"
            new.writestr(name, text)
    return held.getvalue()


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_is_caught(sound, fault):
    rule, *change = PLANTED[fault]
    found = faults(planted(sound, *change))
    assert rule in {one.rule for one in found}, found


def test_a_part_that_stands_twice_or_that_nothing_names_is_caught(sound):
    held = BytesIO(sound)
    with zipfile.ZipFile(held, "a") as archive:
        archive.writestr("xl/worksheets/SHEET1.xml", archive.read("xl/worksheets/sheet1.xml"))
    rules = {one.rule for one in faults(held.getvalue())}
    assert {"two parts of one name", "a part nothing refers to"} <= rules


@pytest.mark.parametrize(
    "formula",
    [
        "9E307*10", "9.99999999999999E+307", "T[[#This Row],[y z]]*2", "SUM(T[[x]:[y z]])", "INDEX(A1:A3,1):A4",
        "_xlfn._xlws.FILTER(A1:A2,A1:A2>0)", "_xlfn.LET(_xlpm.x,1,_xlpm.x+1)", "'a ''b'!$A$1:$B$2", "SUM(A:A,1:1)",
        '"#REF! @ [x]"', "NPS(T[x])", "_xldudf_NPS(T[x])", "NA()", "{1,2;3,4}", "ROWS(T[#Headers])",
        "T[[#Headers],[x]]", "-A1%^2", '"say ""hi"""', 'IF(A1="","",1)', "NETWORKDAYS.INTL(1,2)",
    ],
)  # fmt: skip
def test_what_excel_takes_is_no_fault(formula):
    grammar = Grammar({"a 'b"}, set(), {"T": ["x", "y z"]})
    assert grammar.faults(formula) == []


#: Built and checked in a few seconds; the others are slow.
QUICK = (
    *TEMPLATES,
    "health_score lite",
    "scorecard lambda",
    "functions",
    "check excel",
    "check lambda",
    "demo company",
)


@pytest.mark.parametrize("name", [pytest.param(n, marks=[] if n in QUICK else pytest.mark.slow) for n in EVERYTHING])
def test_every_workbook_keeps_excels_rules(name):
    assert faults(EVERYTHING[name]()) == []


def test_exports_of_panels_keep_excels_rules():
    made = 0
    for metric in METRICS:
        frame, choices = example_data(metric)
        try:
            content = metric_workbook(panel(metric.name, frame, **choices).outcome)
        except MetricError:
            continue  # it says that it gives no single number
        assert faults(content) == [], metric.name
        made += 1
    assert made > 40


def test_the_classic_add_in_keeps_excels_rules(tmp_path):
    assert faults(classic.build(tmp_path / "csmetrics.xlam")) == []


@pytest.mark.slow
def test_a_hundred_thousand_rows_keep_excels_rules(tmp_path):
    rows = 100_000
    frame = pd.DataFrame(
        {
            "Date": pd.Timestamp("2026-06-01") + pd.to_timedelta([n % 120 for n in range(rows)], unit="D"),
            "Account": [f"A{n}*" for n in range(rows)],
            "Segment": ["SMB", "=zz"] * (rows // 2),
            "Minutes": [n % 50 + 0.5 for n in range(rows)],
        }
    )
    data = {s.name: make() for s, make in recipe("usage").sheets.items()} | {"Sessions": frame}
    build("usage", tmp_path / "large.xlsx", data=data, note="large")
    assert faults(tmp_path / "large.xlsx") == []


def test_what_an_engine_lacks_it_still_lacks(tmp_path):
    """A call is put to formulon in other words only as long as it needs them: the list of these can only shrink."""
    path, wanted = tmp_path / "gaps.xlsx", {("Rows", "C1"): 5, ("Rows", "C2"): 5, ("Rows", "C3"): 1}
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Rows")
        sheet.write_column("A2", [8, 9])
        sheet.add_table("A1:A3", {"name": "Ledger", "columns": [{"header": "Paid"}]})
        book.define_name("paid", "=Rows!$A$2:$A$3")
        for at, text in zip(wanted, ("SUM(ROW(Ledger[Paid]))", "SUM(ROW(paid))", "COLUMN(Ledger[Paid])"), strict=True):
            sheet.write_array_formula(f"{at[1]}:{at[1]}", f"{{={text}}}")
    model = formulon.Workbook.load(path.read_bytes())
    model.recalc()
    as_it_stands = [model.get_value(0, row, 2).to_python() for row in range(3)]
    assert as_it_stands[:2] != [5, 5]
    assert by_formulon(path, wanted) == wanted
    assert len(GAPS) == 1

"""The extension in a real LibreOffice: every example typed into a sheet, errors, edits, files and help."""

import os
import tempfile
from pathlib import Path

import pytest
import xlsxwriter
from calc_office import Calc, address, available, office_for, profile_with_addin
from csmetrics_addin.hosts import extension, libreoffice, lite
from csmetrics_addin.slots import description, slots
from csmetrics_workbooks.checkbook import write_checkbook
from examples import CASES, assert_cells, code_of, expected, given, serial, with_bad_value

from csmetrics_core import CATALOG
from csmetrics_core.version import __version__

pytestmark = [pytest.mark.host, pytest.mark.skipif(not available(), reason="needs LibreOffice and its Python")]


@pytest.fixture(scope="module")
def home():
    # Not pytest's own folder, which every session closes to other users again.
    with tempfile.TemporaryDirectory(prefix="csmetrics-office-") as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def calc(home):
    profile = profile_with_addin(home)
    assert libreoffice.is_installed(office_for(home), profile)
    calc = Calc(profile)
    calc.open()
    yield calc
    calc.stop()


def test_it_can_be_taken_out_again(home):
    office, profile = office_for(home), home / "short"
    profile.mkdir()
    profile.chmod(0o777)
    assert libreoffice.uninstall(office, profile) == ["csmetrics.oxt is not installed."]
    assert "Would add csmetrics.oxt" in libreoffice.install(office, profile, dry_run=True)[-1]
    assert not libreoffice.is_installed(office, profile)
    assert libreoffice.install(office, profile)[-1] == f"Added csmetrics.oxt {__version__}. Restart LibreOffice."
    assert libreoffice.uninstall(office, profile, dry_run=True) == ["Would remove csmetrics.oxt."]
    assert libreoffice.uninstall(office, profile) == ["Removed csmetrics.oxt. Restart LibreOffice."]
    assert not libreoffice.is_installed(office, profile)


@pytest.mark.skipif(os.geteuid() != 0, reason="only an administrator can install for all users")
def test_what_is_installed_for_all_users_is_not_seen_here(tmp_path):
    office, profile = libreoffice.Office.found(), tmp_path / "profile"
    with pytest.MonkeyPatch.context() as elsewhere:
        elsewhere.setenv("UNO_SHARED_PACKAGES_CACHE", (tmp_path / "all users").as_uri())
        libreoffice.add(office, extension.build(tmp_path / "csmetrics.oxt", ()), profile)
        assert libreoffice.is_installed(office, profile)
    assert not libreoffice.is_installed(office, profile)


def type_in(calc, arguments) -> str:
    """Put arguments into columns and give the references to type."""
    written, column = [], 0
    for value in arguments:
        if value is None:
            written.append("")
        elif value == []:
            written.append("$Y$40:$Y$42")
        elif isinstance(value, list):
            calc.put(column=column, row=0, rows=[[*row] for row in value])
            last = address(column + len(value[0]) - 1, len(value) - 1)
            written.append(f"{address(column, 0)}:{last}")
            column += len(value[0])
        elif isinstance(value, str):
            written.append('"' + value.replace('"', '""') + '"')
        else:
            calc.put(column=column, row=0, rows=[[value]])
            written.append(address(column, 0))
            column += 1
    return ";".join(written)


@pytest.mark.parametrize(("metric", "example"), CASES)
def test_every_example_typed_into_a_sheet(calc, metric, example):
    calc.open()
    formula = f"={metric.excel_name}({type_in(calc, given(metric, example))})"
    wanted = expected(metric, example)
    if len(wanted) == 1 and len(wanted[0]) == 1:
        assert_cells([[calc.formula(cell="Z40", text=formula)]], wanted)
        return
    beyond = 1 if len(wanted) > 1 else 0  # Calc repeats a single row
    shown = calc.array(column=30, row=0, width=len(wanted[0]), height=len(wanted) + beyond, text=formula)
    assert_cells(shown[: len(wanted)], wanted)
    assert not beyond or set(shown[-1]) == {"#N/A"}, "the table ends where it should"


@pytest.mark.parametrize(
    ("formula", "code"),
    [
        ("=NPS(H1:H9)", "#N/A"),
        ('=NPS({"n/a";"x"})', "#N/A"),
        ("=CHURN_RATE(5;0)", "#DIV/0!"),
        ("=NPS({10;11})", "#NUM!"),
        ("=NPS({10;7.5})", "#NUM!"),
        ("=CHURN_RATE(5;3)", "#NUM!"),
        ("=CSAT({1;2};3)", "#NUM!"),
        ('=CHURN_RATE("x";3)', "#VALUE!"),
        ('=CES({1;2};7;"easy")', "#VALUE!"),
        ("=NPS({10;9};{1;2;3})", "#VALUE!"),
        ('=CSM_EXPLAIN("NSP";{1;2})', "#NAME?"),
        ("=NPS(1/0)", "#DIV/0!"),
        ("=NPS(NA())", "#N/A"),
    ],
)
def test_undefined_and_refused_input_give_their_own_errors(calc, formula, code):
    calc.open()
    assert calc.formula(cell="A1", text=formula) == code


def test_the_reason_reaches_the_cell(calc):
    calc.open()
    calc.put(column=0, row=0, rows=[[10], [9], [11]])

    def told(call):
        rows = calc.array(column=10, row=0, width=2, height=12, text=f"=CSM_EXPLAIN({call})")
        return {item: value for item, value in rows if item != "#N/A"}

    assert told('"NPS";A1:A3')["value"] == "none; its cell shows #NUM!"
    assert told('"NPS";A1:A3')["why"].startswith("scores, row 3, is 11; expected a whole number from 0 to 10.")
    assert told('"NPS"')["argument scores"].startswith("Answers to")
    calc.put(column=0, row=0, rows=[["10"], ["9"], [None]])
    assert "stored as text" in told('"NPS";A1:A3')["why"]
    row = calc.array(column=10, row=0, width=4, height=2, text='=CSM_BENCHMARKS("NPS")')[1]
    assert ("recorded for NPS" in row[0], row[1:]) == (True, ["#N/A"] * 3)


def test_in_a_broadcast_each_bad_element_has_its_own_error(calc):
    calc.open()
    calc.put(column=0, row=0, rows=[[5, 100], [1, 0], [3, 2], ["x", 10]])
    shown = calc.array(column=3, row=0, width=1, height=4, text="=CHURN_RATE(A1:A4;B1:B4)")
    assert shown == [[pytest.approx(0.05)], ["#DIV/0!"], ["#NUM!"], ["#VALUE!"]]
    calc.put(column=0, row=5, rows=[[5, 1], [100, 0]])
    shown = calc.array(column=3, row=5, width=2, height=1, text="=CHURN_RATE(A6:B6;A7:B7)")
    assert shown == [[pytest.approx(0.05), "#DIV/0!"]], "a row of values gives a row of results"


def bad_calls():
    """Every argument of every metric with a value its kind refuses, as far as Calc can hand such a value over."""
    for metric in CATALOG.values():
        for argument in metric.arguments:
            bad = argument.kind.bad
            if isinstance(bad, bool) or bad in (None, float("inf")) or argument.variadic:
                continue
            yield pytest.param(metric, argument, id=f"{metric.name}-{argument.name}")


@pytest.mark.parametrize(("metric", "argument"), list(bad_calls()))
def test_a_bad_value_gives_the_error_the_metric_has_for_it(calc, metric, argument):
    values = with_bad_value(metric, argument)
    calc.open()
    formula = f"={metric.excel_name}({type_in(calc, values)})"
    assert calc.formula(cell="Z40", text=formula) == code_of(metric, values)


def test_what_calc_itself_hides(calc):
    calc.open()
    calc.formula(cell="A1", text="=1/0")
    assert calc.formula(cell="B1", text="=NPS(A1:A3)") == "Err:504", "an error cell in a range stops before Python"
    calc.formula(cell="A1", text="=TRUE()")
    assert calc.formula(cell="B1", text="=NPS(A1:A3)") == -100, "TRUE arrives as 1"
    assert calc.formula(cell="B1", text="=NPS(A9)") == -100, "one blank cell alone arrives as 0"
    assert calc.formula(cell="B1", text="=SENTIMENT(A9)") == "#N/A", "which is no comment"


def test_an_edit_recalculates(calc):
    calc.open()
    calc.put(column=0, row=0, rows=[[10], [9], [8], [6]])
    assert calc.formula(cell="C1", text="=NPS(A1:A4)") == 25
    calc.put(column=0, row=3, rows=[[10]])
    assert calc.cell(cell="C1") == 75


def test_a_whole_column(calc):
    calc.open()
    calc.put(column=0, row=0, rows=[[10], [None], [9], [6]])
    assert calc.formula(cell="C1", text="=NPS(A:A)") == pytest.approx(100 / 3)


def test_dates_in_a_document_that_counts_from_1904(calc):
    metric = CATALOG["customer_movements"]
    customers, starts, ends = given(metric, metric.examples[0])
    calc.open()
    calc.null_date(year=1904, month=1, day=1)
    late = [[[None if day is None else day - 1462 for day in row] for row in column] for column in (starts, ends)]
    formula = f"=CUSTOMER_MOVEMENTS({type_in(calc, [customers, *late])})"
    shown = calc.array(column=30, row=0, width=2, height=2, text=formula)
    assert shown[1][0] == serial("2026-01-01") - 1462
    calc.null_date(year=1899, month=12, day=30)


def test_a_workbook_takes_the_functions_values_when_it_is_opened(calc, home):
    path = home / "switch.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_column("A1", [10, 9, 8, 6])
        sheet.write_column("B1", [11, 9])
        book.define_name("addin_on", "=NOT(ISERROR(CSM_VERSION()))")
        sheet.write_formula("D1", '=IF(addin_on,NPS(A1:A4),"native")', None, 0)
        sheet.write_formula("D2", '=IF(addin_on,NPS(B1:B2),"native")', None, 0)
        sheet.write_formula("D3", '=IF(addin_on,CHURN_RATE(5,0),"native")', None, 0)
        sheet.write_formula("D4", '=IF(addin_on,NPS(C1:C9),"native")', None, 0)
    path.chmod(0o644)
    calc.open(url=path.as_uri())
    assert [calc.cell(cell=f"D{row}") for row in range(1, 5)] == [25, "#NUM!", "#DIV/0!", "#N/A"]


def test_a_workbook_that_carries_its_engine_shows_its_plain_formulas_here(calc, home):
    with xlsxwriter.Workbook(home / "plain.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.write_column("A1", [10, 9, 8, 6])
        book.define_name("addin_on", "=NOT(ISERROR(CSM_VERSION()))")
        sheet.write_formula("D1", "=IF(addin_on,NPS(A1:A4),SUM(A1:A4))", None, 0)
    carrying = lite.carry(home / "plain.xlsx", home / "carrying.xlsx")
    carrying.chmod(0o644)
    calc.open(url=carrying.as_uri())
    assert calc.cell(cell="D1") == 33


def test_the_wizard_tells_every_function_and_argument(calc):
    described = calc.functions()
    for metric in CATALOG.values():
        seen = described[metric.excel_name]
        assert seen["help"] == description(metric)
        assert seen["arguments"] == [[s.name, s.shown_help, not s.required] for s in slots(metric)]


def test_without_its_packages_it_says_so_and_cells_fall_back(home, calc):
    bare = libreoffice.Office.found()
    if not bare.missing(()):
        pytest.skip("LibreOffice's own Python has every package")
    profile = home / "bare"
    profile.mkdir()
    profile.chmod(0o777)
    office = office_for(home)
    libreoffice.add(office, extension.build(home / "bare.oxt"), profile)
    other = Calc(profile)
    try:
        other.open()
        assert other.formula(cell="A1", text="=CSM_VERSION()") == "#NAME?"
        assert other.formula(cell="A2", text="=NPS({10;9})") == "#NAME?"
        assert "run csmetrics addin doctor" in other.functions()["NPS"]["help"]
    finally:
        other.stop()


def test_the_same_extension_is_the_same_file(tmp_path: Path):
    one, two = (extension.build(tmp_path / name).read_bytes() for name in ("one.oxt", "two.oxt"))
    assert one == two


def test_the_workbook_that_proves_itself_finds_everything_right(calc, home):
    path = home / "check.xlsx"
    write_checkbook(str(path), "libreoffice")
    path.chmod(0o644)
    calc.open(url=path.as_uri())
    calc.recalculate()
    said = [calc.cell(cell=f"A{row}") for row in (3, *range(14, 24))]
    hidden = "SENTIMENT, refuses comments = True"  # Calc hands TRUE over as 1, which is no comment but no truth either
    assert said == [f"{len(CASES) - 1} of {len(CASES) - 1} examples right", hidden, *[""] * 9]

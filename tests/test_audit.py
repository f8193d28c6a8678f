"""`csmetrics audit`: what is found in a workbook, what is recomputed, and what is left alone."""

import zipfile
from datetime import datetime, time, timedelta

import ironcalc
import numpy as np
import openpyxl
import pytest
import xlsxwriter
from csmetrics_addin.audit.auditing import audit
from csmetrics_addin.audit.native_forms import recognised
from csmetrics_addin.audit.sheet_functions import elementwise
from csmetrics_addin.audit.syntax import CellError, Part, parse
from csmetrics_addin.cli.app import app
from csmetrics_workbooks.build import TEMPLATES, build
from native_cases import NATIVE, good_calls, lay_out
from typer.testing import CliRunner

from csmetrics_core import CATALOG
from csmetrics_core.declaration.native import spell, spell_value


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def calculated(folder, metric, calls, where=None, write_out=spell):
    """A workbook with plain forms, calculated and saved by another program."""
    folder.mkdir(exist_ok=True)
    drawn, saved = folder / "drawn.xlsx", folder / "saved.xlsx"
    with xlsxwriter.Workbook(drawn) as book:
        sheet, top = book.add_worksheet("calls"), 0
        for call in calls:
            top = lay_out(sheet, top, metric, call, where, write_out)
    model = ironcalc.load_from_xlsx(str(drawn), "en", "UTC")
    model.evaluate()
    model.save_to_xlsx(str(saved))
    return saved


@pytest.mark.parametrize("name", NATIVE)
def test_the_plain_form_of_every_metric_is_found_recomputed_and_agrees(name, tmp_path):
    metric = CATALOG[name]
    calls = good_calls(metric)
    found = audit(calculated(tmp_path, metric, calls))
    assert [one.verdict for one in found] == ["agrees"] * len(calls)
    assert all(metric.excel_name in one.functions for one in found)
    assert all("plain form" in one.functions for one in found)


#: Without its guards a form is known by its constants; these are arithmetic that could be anybody's.
ANYBODYS = {
    "annual_churn", "monthly_churn", "customer_lifetime", "renewal_rate", "nps_from_counts", "mrr_from_arpu", "arpu",
    "arpa", "mrr_growth_rate", "rule_of_40", "saas_quick_ratio", "csat_mean", "ces_mean", "product_usage_rate",
    "avg_session_duration", "clv_from_lifespan", "crc", "cac", "ltv_cac", "cac_payback",
}  # fmt: skip


@pytest.mark.parametrize("name", NATIVE)
def test_a_plain_form_without_guards_is_found_where_it_can_be_nothing_else(name, tmp_path):
    metric = CATALOG[name]
    found = audit(calculated(tmp_path, metric, good_calls(metric)[:1], write_out=spell_value))
    assert [one.verdict for one in found] == ([] if name in ANYBODYS else ["agrees"])
    assert all(metric.excel_name in one.functions for one in found)


@pytest.mark.parametrize("name", ["nps", "csat", "mrr", "stickiness", "avg_session_duration", "cac"])
def test_a_plain_form_restricted_to_rows_is_recomputed_from_those_rows(name, tmp_path):
    metric = CATALOG[name]
    call = dict(good_calls(metric)[0])
    height = max(len(v) for v in call.values() if isinstance(v, list))
    where = [1] * (height - 1) + [0]
    [one] = audit(calculated(tmp_path, metric, [call], where))
    assert (one.verdict, metric.excel_name in one.functions) == ("agrees", True)
    assert audit(calculated(tmp_path / "whole", metric, [call]))[0].computed != one.computed


def typed(path, formulas, cells=(10, 9, 8, 6, 3)):
    """Column A holds cells, column C formulas and what they show."""
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Answers")
        for row, cell in enumerate(cells):
            sheet.write(row, 0, cell)
        for row, (formula, shown) in enumerate(formulas):
            sheet.write_array_formula(row, 2, row, 2, formula, None, shown)


NPS = '100*(COUNTIFS({0},">=9")-COUNTIFS({0},"<=6"))/COUNTIFS({0},">=0")'


def test_plain_forms_are_found_however_they_are_typed_and_wherever_they_stand(tmp_path):
    spelled = [
        (f"=IFERROR({NPS.format('A1:A5')},0)", 0),
        (f"=ROUND({NPS.format('$A$1:$A$4')}, 1)", 25),
        (f"={NPS.format('a1:A4').lower()}", 25),
        ('=100 * (COUNTIF(A1:A4,">=9") - COUNTIF($A1:A$4,"<=6")) / COUNTIF(A1:A4,">=0")', 25),
        (f"={NPS.format('A1:A4')}-{NPS.format('A2:A4')}", 25),
        (f'=IF(A1>5,{NPS.format("Answers!A1:A4")},"too few")', 25),
        ("=" + spell(CATALOG["nps"], {"scores": "A1:A4"}).replace("COUNTIFS", "_xlfn.COUNTIFS"), 25),
    ]
    typed(tmp_path / "x.xlsx", spelled)
    found = audit(tmp_path / "x.xlsx")
    assert [(one.functions, one.verdict) for one in found] == [("NPS, plain form", "agrees")] * len(spelled)


@pytest.mark.parametrize(
    ("formula", "shown", "verdict"),
    [  # of 10, 9, 8, 8, 3: two promoters, one detractor, five answers, under a heading
        ('=(COUNTIF(A2:A6,">=9")-COUNTIF(A2:A6,"<=6"))/COUNT(A2:A6)*100', 20, "agrees"),
        ('=(COUNTIF($A$2:$A$6,">8")/COUNTA(A2:A6))-(COUNTIF(A2:A6,"<7")/COUNTA(A2:A6))', 0.2, "agrees"),
        ('=ROUND(((COUNTIF(A:A,9)+COUNTIF(A:A,10))-COUNTIF(A:A,"<=6"))/COUNT(A:A),2)', 0.2, "agrees"),
        ('=(COUNTIF(A2:A6,">=8")-COUNTIF(A2:A6,"<=6"))/COUNT(A2:A6)*100', 60, "differs"),  # passives as promoters
        ('=(COUNTIF(A:A,">=9")-COUNTIF(A:A,"<=6"))/COUNTA(A:A)*100', 100 / 6, "differs"),  # the heading counted
        ('=(COUNTIF(A2:A6,">=9")-COUNTIF(A2:A6,"<=6"))/COUNTA(A1:A6)*100', 100 / 6, "differs"),
        ('=100*(COUNTIFS(A2:A6,">=9",A2:A6,"<=10")-COUNTIFS(A2:A6,">=0",A2:A6,"<=6"))/COUNT(A2:A6)', 20, "agrees"),
        ('=LET(p,COUNTIF(A2:A6,">=9"),d,COUNTIF(A2:A6,"<=6"),(p-d)/COUNT(A2:A6)*100)', 20, "agrees"),
        ("=SUMPRODUCT((A2:A6>=9)-(A2:A6<=6))/COUNT(A2:A6)*100", 20, "agrees"),
    ],
)
def test_nps_as_tutorials_write_it_is_told_right_or_wrong(tmp_path, formula, shown, verdict):
    typed(tmp_path / "x.xlsx", [(formula, shown)], ("Score", 10, 9, 8, 8, 3))
    [one] = audit(tmp_path / "x.xlsx")
    assert (one.functions, one.verdict) == ("NPS, plain form", verdict)
    assert one.computed == pytest.approx(20 if shown > 1 else 0.2)


@pytest.mark.parametrize(
    ("formula", "shown", "verdict"),
    [
        ("=LET(r,A2:A6,NPS(r))", 20, "agrees"),
        ("=_xlfn.LET(_xlpm.r,A2:A6,_xlpm.n,NPS(_xlpm.r),ROUND(_xlpm.n,0))", 20, "agrees"),
        ("=LET(r,A2:A6,s,r,NPS(s))", 25, "differs"),
        ("=LAMBDA(r,NPS(r))(A2:A6)", 20, "agrees"),
        ("=LET(f,LAMBDA(r,k,NPS(r)*k),f(A2:A6,2))", 40, "agrees"),
        ("=BYCOL(A2:A6,LAMBDA(c,NPS(c)))", 20, "agrees"),
        ("=SUM(MAP(A2:A6,LAMBDA(c,NPS(c))))", 100, "agrees"),  # 100 + 100 + 0 + 0 - 100
        ("=NPS(FILTER(A2:A6,A2:A6>3))", 50, "agrees"),
        ("=NPS(TAKE(A2:A6,-2))", -50, "agrees"),
        ('=IFNA(NPS(A2:A6),"none")', 20, "agrees"),
    ],
)
def test_our_functions_inside_let_and_lambda_are_recomputed(tmp_path, formula, shown, verdict):
    typed(tmp_path / "x.xlsx", [(formula, shown)], ("Score", 10, 9, 8, 8, 3))
    [one] = audit(tmp_path / "x.xlsx")
    assert (one.functions, one.verdict) == ("NPS", verdict)


_DOUBLED = f"=LET(a0,NPS(A2:A6),{''.join(f'a{n + 1},a{n}+a{n},' for n in range(20))}a20)"


@pytest.mark.parametrize(
    ("formula", "why"),
    [
        ("=LET(r,A2:A6,NPS(r),1)", "a LET has a name without a value"),
        ("=LAMBDA(r,NPS(r))(A2:A6,1)", "a LAMBDA of 1 arguments is given 2"),
        (_DOUBLED, "pieces is not followed"),
    ],
)  # fmt: skip
def test_a_let_that_cannot_be_followed_says_why(tmp_path, formula, why):
    typed(tmp_path / "x.xlsx", [(formula, 20)], ("Score", 10, 9, 8, 8, 3))
    [one] = audit(tmp_path / "x.xlsx")
    assert (one.verdict, why in one.why) == ("not checked", True), one


def test_a_plain_form_whose_range_was_edited_follows_the_edit(tmp_path):
    form = spell(CATALOG["nps"], {"scores": "A1:A4"})
    half_edited = form.replace("COUNTIFS(A1:A4", "COUNTIFS(A1:A5")
    typed(tmp_path / "x.xlsx", [("=" + form.replace("A4", "A5"), 0), ("=" + form.replace("A4", "A5"), 25),
                                ("=" + half_edited, 0), ("=" + half_edited, 25)])  # fmt: skip
    assert [one.verdict for one in audit(tmp_path / "x.xlsx")] == ["agrees", "differs", "agrees", "differs"]


def test_a_plain_form_shows_what_the_function_refuses(tmp_path):
    """The bare form makes 33.3 of an answer of 11; the function says #NUM!."""
    typed(tmp_path / "x.xlsx", [(f"={NPS.format('A1:A3')}", 100 / 3)], (11, 9, 5))
    [one] = audit(tmp_path / "x.xlsx")
    assert (one.verdict, one.computed) == ("differs", "#NUM!")


def test_one_tampered_value_is_exit_code_3_and_named(tmp_path):
    form = "=" + spell(CATALOG["ndr"], {"opening": "A1", "expansion": "A2", "contraction": "A3", "churned": "A4"})
    for shown, code in ((1.05, 0), (1.06, 3)):
        typed(tmp_path / "x.xlsx", [(form, shown)], (100000, 12000, 3000, 4000))
        result = run("audit", tmp_path / "x.xlsx")
        assert result.exit_code == code
    assert "Answers!C1" in result.output
    assert "NDR" in result.output
    assert "plain form" in " ".join(result.output.split())


@pytest.mark.parametrize(
    "formula",
    [
        "=B2/C2",
        "=(B2-C2)/C2",
        "=B2-C2",
        "=1-(1-B2)^12",
        "=SUM(A2:A50)",
        "=COUNT(A2:A50)",
        '=COUNTIF(A2:A50,">=9")',
        '=COUNTIF(A2:A50,">=9")-COUNTIF(A2:A50,"<=6")',
        '=100*(COUNTIF(A2:A50,">=9")-COUNTIF(B2:B50,"<=6"))/COUNTIF(A2:A50,">=0")',
        '=SUMIF(A2:A50,">=0")/COUNTIF(A2:A50,">=0")',
        "=AVERAGE(A2:A50)",
        "=IF(B2=0,0,C2/B2)",
        '=IF(C2="",A2/B2,A2/((B2+C2)/2))',
        "=IFERROR(B2/C2,0)",
        "=SUMPRODUCT(A2:A50,B2:B50)/SUM(B2:B50)",
        '=IF(B2>=75,"green",IF(B2>=50,"amber","red"))',
        '="100*(COUNTIFS(A2:A9)) is how to write it"',
        "=SUM(A1:B5 B2:C9)",
        "={1,2,3}",
        "=SUM(",
    ],
)
def test_ordinary_formulas_are_not_claimed(formula):
    assert recognised(formula) is None


@pytest.mark.parametrize("name", NATIVE)
def test_the_call_read_back_is_the_call_that_was_spelled(name):
    metric = CATALOG[name]
    for count in range(len(metric.arguments) + 1):
        given = metric.arguments[:count]
        words = {a.name: f"{x}2:{x}9" if a.is_range else f"{x}2" for a, x in zip(given, "ABCDEF", strict=False)}
        form = spell(metric, words) if all(a.name in words for a in metric.arguments if a.required) else None
        if form is not None:
            tree, _names = recognised(f"={form}")
            calls = tree.inside if tree.part is Part.ANY_OF else (tree,)
            assert parse(f"={metric.excel_name}({','.join(words.values())})") in calls


@pytest.mark.slow
@pytest.mark.parametrize("name", TEMPLATES)
def test_audit_agrees_with_every_template(tmp_path, name):
    build(name, tmp_path / "book.xlsx")
    found = audit(tmp_path / "book.xlsx")
    assert len(found) > 20
    assert [one for one in found if one.verdict == "differs"] == []
    assert {one.functions for one in found if one.verdict == "not checked"} == {"CSM_VERSION"}


def test_audit_finds_a_number_typed_over_its_inputs(tmp_path):
    path, changed = tmp_path / "book.xlsx", tmp_path / "changed.xlsx"
    build("unit_economics", path)
    before = path.read_bytes()
    with zipfile.ZipFile(path) as parts, zipfile.ZipFile(changed, "w") as copy:
        for name in parts.namelist():
            data = parts.read(name)
            if b"CAC_PAYBACK(" in data and name.startswith("xl/worksheets"):
                start = data.index(b"</f><v>", data.index(b"CAC_PAYBACK(")) + len(b"</f><v>")
                data = data[:start] + b"1" + data[start:]
            copy.writestr(name, data)
    assert run("audit", path).exit_code == 0
    result = run("audit", changed)
    assert result.exit_code == 3
    assert "CAC_PAYBACK" in result.output
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "content", "code", "said"),
    [
        ("none.xlsx", None, 2, "there is no file"),
        ("words.xlsx", b"no", 3, "cut short or is no workbook"),
        ("empty.xlsx", b"", 3, "is empty"),
        ("old.xls", bytes.fromhex("D0CF11E0A1B11AE1") + bytes(600), 3, "Save it as .xlsx"),
        ("locked.xlsx", bytes.fromhex("D0CF11E0A1B11AE1") + bytes(600), 3, "protected by a password"),
        ("table.csv", b"a,b", 3, "Save it as .xlsx"),
    ],
)
def test_files_that_are_no_workbook_are_refused_in_words(tmp_path, name, content, code, said):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    result = run("audit", tmp_path / name)
    assert (result.exit_code, said in " ".join(result.stderr.split())) == (code, True), result.output


@pytest.mark.parametrize("place", ["[Content_Types].xml", "xl/workbook.xml", "xl/worksheets/sheet1.xml", "cut"])
def test_a_broken_workbook_is_refused_in_words(tmp_path, place):
    typed(tmp_path / "whole.xlsx", [("=NPS(A1:A5)", 0)])
    with zipfile.ZipFile(tmp_path / "whole.xlsx") as parts, zipfile.ZipFile(tmp_path / "x.xlsx", "w") as copy:
        for name in parts.namelist():
            data = parts.read(name)
            copy.writestr(name, data[: len(data) // 2] if name == place else data)
    if place == "cut":
        whole = (tmp_path / "whole.xlsx").read_bytes()
        (tmp_path / "x.xlsx").write_bytes(whole[: len(whole) // 2])
    result = run("audit", tmp_path / "x.xlsx")
    assert (result.exit_code, "save it again" in " ".join(result.stderr.split())) == (3, True), result.output


def audited(path):
    return [(one.verdict, one.why) for one in audit(path)]


def test_a_file_that_was_never_calculated_says_what_to_do(tmp_path):
    book = openpyxl.Workbook()
    book.active["A1"], book.active["B1"] = 10, "=NPS(A1:A1)"
    book.save(tmp_path / "x.xlsx")
    [(verdict, why)] = audited(tmp_path / "x.xlsx")
    assert (verdict, "save it" in why) == ("not checked", True)


def test_what_cannot_be_recomputed_is_said_and_not_called_wrong(tmp_path):
    reasons = {
        "=NPS([1]Sheet1!A2:A5)": "another workbook",
        "=NPS(Nowhere!A2:A5)": "there is no sheet Nowhere",
        "=NPS(A1:XFD1048576)": "too large",
        "=NPS(round)": "stands for itself",
        "=NPS(OFFSET(A1,0,0,5,1))": "uses OFFSET",
        "=NPS(A1:A3 A2:A5)": "not understood",
        "=NPS((A1:A3,A4:A5))": "not understood",
        "=NPS({10,9})": "not understood",
        "=NPS(Sales[Score])": "there is no table Sales",
        "=NPS(unheard_of)": "is not a reference",
    }
    with xlsxwriter.Workbook(tmp_path / "x.xlsx") as book:
        sheet = book.add_worksheet("Bob's")
        sheet.write_column("A1", [10, 9, 8, 6, 3])
        for row, formula in enumerate(reasons):
            sheet.write_formula(row, 2, formula, None, 25)
        book.define_name("round", "=about")
        book.define_name("about", "=round")
    found = audited(tmp_path / "x.xlsx")
    assert [verdict for verdict, _ in found] == ["not checked"] * len(reasons)
    for (_, why), reason in zip(found, reasons.values(), strict=True):
        assert reason in why


def test_every_way_of_pointing_at_cells_is_followed(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "x.xlsx") as book:
        sheet, hidden = book.add_worksheet('Bob\'s "data"'), book.add_worksheet("Hidden")
        hidden.hide()
        sheet.write_column("A1", ["Score", 10, 9, 8, 6])
        sheet.merge_range("E1:F3", "merged")
        sheet.write_string("E5", "=NPS(A2:A5)")  # text that only looks like a formula
        book.define_name("scores", "='Bob''s \"data\"'!$A$2:$A$5")
        book.define_name("half", "=0.5")
        quoted = "'Bob''s \"data\"'!"
        good = ["=NPS(A:A)", "=NPS(A1:A1048576)", f"=NPS({quoted}A2:A5)", "=NPS(scores)", "=NPS(SCORES,)",
                "=NPS($A$2:$A$5)%*100", "=NPS(A2:A5)*half*2", '=IF(AND(A2:A5>5),NPS(A2:A5),"")']  # fmt: skip
        for row, formula in enumerate(good):
            sheet.write_formula(row, 2, formula, None, 25)
        sheet.write_formula("D1", "=NPS(E1:F3)", None, "#N/A")
        sheet.write_formula("D2", "=(5-NPS(A2:A5))^0.5", None, "#NUM!")
        hidden.write_formula("A1", f"=NPS({quoted}A2:A5)", None, 26)
    found = {one.place: one.verdict for one in audit(tmp_path / "x.xlsx")}
    assert found.pop("Hidden!A1") == "differs"
    assert len(found) == len(good) + 2
    assert set(found.values()) == {"agrees"}


def test_durations_are_parts_of_a_day_as_the_sheet_calculates_with_them(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "x.xlsx") as book:
        sheet, look = book.add_worksheet(), book.add_format({"num_format": "[h]:mm"})
        sheet.write_datetime("A1", timedelta(hours=30), look)
        sheet.write_datetime("A2", time(6, 0), book.add_format({"num_format": "hh:mm"}))
        sheet.write_formula("B1", "=AVG_SESSION_DURATION(A1:A2)", look, 0.75)
    assert audited(tmp_path / "x.xlsx") == [("agrees", "")]


def test_audit_recomputes_a_plain_sheet_of_a_person(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "own.xlsx") as book:
        sheet = book.add_worksheet("Answers")
        for row, score in enumerate((10, 9, 8, 6, "x")):
            sheet.write(row, 0, score)
        sheet.write_formula("C1", "=NPS(A1:A5)", None, 25)
        sheet.write_formula("C2", "=NPS($A$1:$A$5)*2", None, 51)
        sheet.write_formula("C3", "=LOG(NPS(A1:A5))", None, 1)
    assert [one.verdict for one in audit(tmp_path / "own.xlsx")] == ["agrees", "differs", "not checked"]


CELLS = (3.0, 0.0, -1.5, 1e308, "a", "B", "", "10", True, False, None, CellError("#N/A"))
KINDS = [CELLS, CELLS[:4], CELLS[4:8], (*CELLS[:4], None), (*CELLS[4:8], None), (*CELLS[:4], *CELLS[8:11]), CELLS[:-1]]


@pytest.mark.parametrize("sign", ["=", "<>", "<", ">", "<=", ">=", "+", "-", "*", "/", "&"])
def test_whole_columns_are_calculated_as_their_cells_are(sign):
    for cells in KINDS:
        column = np.array([[cell] for cell in cells], dtype=object)
        for other in (*CELLS, column[::-1]):
            others = other.ravel().tolist() if isinstance(other, np.ndarray) else [other] * len(cells)
            seen = elementwise(sign, column, other).ravel().tolist()
            wanted = [elementwise(sign, a, b) for a, b in zip(cells, others, strict=True)]
            assert [(type(v), v) for v in seen] == [(type(v), v) for v in wanted]


@pytest.mark.parametrize("is_1904", [False, True])
def test_days_a_formula_shows_are_counted_from_where_the_inputs_are(tmp_path, is_1904):
    day = datetime(2026, 1, 5)
    with xlsxwriter.Workbook(tmp_path / "x.xlsx", {"date_1904": is_1904}) as book:
        sheet, look = book.add_worksheet(), book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_datetime("A1", day, look)
        shown = (day - (datetime(1904, 1, 1) if is_1904 else datetime(1899, 12, 30))).days
        sheet.write_formula("B1", "=IF(CHURN_RATE(1,2)=0.5,A1,0)", look, shown)
    assert audited(tmp_path / "x.xlsx") == [("agrees", "")]

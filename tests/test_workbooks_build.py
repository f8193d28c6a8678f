"""Templates as files: deterministic, right in a second spreadsheet engine, safe with hostile text, legible."""

import re
import zipfile
from datetime import date
from io import BytesIO
from pathlib import Path

import pandas as pd
import pytest
from csmetrics_workbooks import sheets, sources
from csmetrics_workbooks.book import Choices
from csmetrics_workbooks.build import TEMPLATES, build, recipe
from csmetrics_workbooks.formulas import Host
from openpyxl.utils import column_index_from_string
from workbook_cells import by_ironcalc, differences, errors, formulas, read

import csmetrics_core as core
from csmetrics_core.palette import STATUS

COMMITTED = Path(__file__).parents[1] / "workbooks"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("templates")
    for name in TEMPLATES:
        build(name, folder / f"{name}.xlsx")
    return folder


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_committed_workbook_equals_a_fresh_build(built, name):
    with zipfile.ZipFile(COMMITTED / f"{name}.xlsx") as old, zipfile.ZipFile(built / f"{name}.xlsx") as new:
        assert old.namelist() == new.namelist()
        differing = [part for part in new.namelist() if old.read(part) != new.read(part)]
    assert differing == []


def test_a_build_is_deterministic():
    first, second = BytesIO(), BytesIO()
    for target in (first, second):
        build("unit_economics", target)
    assert first.getvalue() == second.getvalue()


@pytest.mark.slow
@pytest.mark.parametrize("host", Host)
@pytest.mark.parametrize("name", TEMPLATES)
def test_ironcalc_computes_what_the_core_cached(built, tmp_path, name, host):
    path = built / f"{name}.xlsx"
    if host is Host.LITE:
        path = tmp_path / "lite.xlsx"
        build(name, path, host=host)
    computed = by_ironcalc(path, formulas(path))
    assert differences(path, computed) == []
    assert errors(computed) == {}


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_template_has_the_common_pages_and_a_switch(built, name):
    plan = recipe(name)
    cells, texts = read(built / f"{name}.xlsx", values=True), formulas(built / f"{name}.xlsx")
    pages = {sheet for sheet, _ in cells}
    assert {"Start", plan.dashboard, "Checks", "History", "Method", "Lists", *(s.name for s in plan.sheets)} <= pages
    calls = [text for (sheet, _), text in texts.items() if sheet == plan.dashboard and "IF(addin_on," in text]
    assert calls or name == "health_score"
    assert not any("IFERROR" in text for text in texts.values())
    assert errors(cells) == {}


@pytest.mark.parametrize("name", TEMPLATES)
def test_charts_have_alternative_text_and_pages_are_one_page_wide(built, name):
    with zipfile.ZipFile(built / f"{name}.xlsx") as parts:
        drawings = [parts.read(p).decode() for p in parts.namelist() if p.startswith("xl/drawings/drawing")]
        sheets = [parts.read(p).decode() for p in parts.namelist() if p.startswith("xl/worksheets/sheet")]
    for drawing in drawings:
        assert len(re.findall(r"<xdr:cNvPr ", drawing)) == len(re.findall(r'descr="[^"]{20,}"', drawing))
    assert all("fitToPage" in sheet for sheet in sheets)


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_sample_history_shows_a_restatement_of_its_last_closed_period(built, name):
    cells = read(built / f"{name}.xlsx", values=True)
    assert "Sample data" in cells["History", "A3"]
    lines = [[cells.get(("History", f"{column}{row}")) for column in "EFG"] for row in range(5, 5 + 9)]
    closed = [line for line in lines if isinstance(line[2], int | float)]
    assert all(now - then == pytest.approx(restated) for now, then, restated in closed)
    assert any(abs(restated) > 1e-6 for _, _, restated in closed)


@pytest.mark.parametrize("name", [name for name in TEMPLATES if sheets.REVENUE in recipe(name).sheets])
def test_revenue_prints_so_many_months_as_can_be_read(built, name):
    with zipfile.ZipFile(built / f"{name}.xlsx") as parts:
        names = parts.read("xl/workbook.xml").decode()
    [(first, last)] = re.findall(r"Print_Area[^>]*>Revenue!\$([A-Z]+)\$\d+:\$([A-Z]+)", names)
    assert column_index_from_string(last) - column_index_from_string(first) == 12
    assert re.search(r"Print_Titles[^>]*>Revenue!\$A:\$B", names)
    assert read(built / f"{name}.xlsx", values=True)["Revenue", f"{last}5"] == "2026-09"


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("word", STATUS)
def test_status_colours_have_the_contrast_of_body_text(word):
    ink, fill = map(luminance, STATUS[word])
    assert (fill + 0.05) / (ink + 0.05) >= 4.5


def value_beside(cells, sheet, label, column):
    [row] = [cell[1:] for (page, cell), v in cells.items() if page == sheet and cell.startswith("A") and v == label]
    return cells[sheet, f"{column}{row}"]


def test_retention_on_the_dashboard_is_retention_by_month(built):
    cells = read(built / "revenue_retention.xlsx", values=True)
    rows = sources.sample().subscriptions
    table = core.retention_by_month(rows["customer"], rows["month"], rows["mrr"]).iloc[-1]
    assert value_beside(cells, "Retention", "Net dollar retention, 12 months", "B") == pytest.approx(table["ndr"])
    assert value_beside(cells, "Retention", "Gross revenue retention, 12 months", "B") == pytest.approx(table["grr"])


def test_the_bridge_is_mrr_movements(built):
    cells = read(built / "revenue_retention.xlsx", values=True)
    rows = sources.sample().subscriptions
    table = core.mrr_movements(rows["customer"], rows["month"], rows["mrr"]).tail(24).reset_index(drop=True)
    names = ("opening", "new", "expansion", "contraction", "churned", "reactivation", "closing")
    for offset, row in table.iterrows():
        for letter, name in zip("BCDEFGH", names, strict=True):
            assert cells.get(("Bridge", f"{letter}{5 + offset}"), 0) == pytest.approx(row[name], abs=0.005), (
                offset,
                name,
            )


def test_customer_churn_is_customer_movements(built):
    cells = read(built / "revenue_retention.xlsx", values=True)
    rows = sources.sample().customers
    table = core.customer_movements(rows["customer"], rows["start"], rows["end"], "quarter")
    last = table[pd.to_datetime(table["period"]) == "2026-07-01"].iloc[0]
    assert value_beside(cells, "Workings", "Customers by their dates: opening", "B") == last["opening"]
    churn = value_beside(cells, "Workings", "Customers by their dates: lost", "B") / last["opening"]
    assert value_beside(cells, "Retention", "Customer churn of the period, by dates", "B") == pytest.approx(churn)


def test_cohorts_are_cohort_retention(built):
    cells = read(built / "revenue_retention.xlsx", values=True)
    rows = sources.sample().subscriptions
    table = core.cohort_retention(rows["customer"], rows["month"], "quarter")
    for row in range(6, 18):
        month = cells["Cohorts", f"A{row}"]
        quarter = pd.Timestamp(month.year, month.month, 1) - pd.DateOffset(months=2)
        core_row = table[pd.to_datetime(table["cohort"]) == quarter]
        assert len(core_row) == 1
        size = cells["Cohorts", f"B{row}"]
        assert size == core_row["size"].iloc[0]
        assert cells.get(("Cohorts", f"D{row}"), float("nan")) == pytest.approx(core_row["age_1"].iloc[0], nan_ok=True)


def test_first_contact_resolution_is_that_of_the_tickets(built):
    cells = read(built / "voice_of_customer.xlsx", values=True)
    tickets = sources.sample().tickets
    tickets = tickets[(tickets["opened"] >= "2026-07-01") & (tickets["opened"] < "2026-10-01")]
    expected = core.fcr_from_contacts(
        *(tickets[c] for c in ("contacts", "resolved", "reopened", "transferred", "abandoned"))
    )
    assert value_beside(cells, "Voice", "First contact resolution", "C") == pytest.approx(expected)


HOSTILE = [
    '=HYPERLINK("http://example.invalid","x")',
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2",
    "@SUM(A1)",
    "<b>&amp;</b>",
    "_x0041_",
]


def responses(**columns):
    frame = pd.DataFrame({f.header: pd.Series([None] * 8, dtype=object) for f in sheets.RESPONSES.fields})
    frame["Date"] = pd.Timestamp("2026-09-10")
    frame["NPS"] = [10.0, 9.0, 8.0, 6.0, 0.0, 10.0, 7.0, 9.0]
    return frame.assign(**columns)


def voice_data(frame):
    empty = {
        s.name: pd.DataFrame({f.header: [] for f in s.fields}, dtype=object) for s in recipe("voice_of_customer").sheets
    }
    return {**empty, "Responses": frame}


def test_text_that_looks_like_a_formula_stays_text(tmp_path):
    path = tmp_path / "hostile.xlsx"
    frame = responses(Comment=[*HOSTILE, None], Account=[*HOSTILE, None], Segment=[*HOSTILE, None])
    build("voice_of_customer", path, data=voice_data(frame), note="yours")
    written, texts = read(path, values=False), formulas(path)
    for row, text in enumerate(HOSTILE, 6):
        for column in "BCH":
            assert written["Responses", f"{column}{row}"].replace("_x005F", "") == text
            assert ("Responses", f"{column}{row}") not in texts
    with zipfile.ZipFile(path) as parts:
        relations = b"".join(parts.read(p) for p in parts.namelist() if p.endswith(".rels"))
        links = [p for p in parts.namelist() if "externalLink" in p]
    assert links == []
    assert b"example.invalid" not in relations
    assert not any("HYPERLINK" in text or "cmd|" in text for text in texts.values())


@pytest.mark.parametrize(
    ("score", "seen"),
    [(11, "#NUM!"), (7.5, "#NUM!"), (-1, "#NUM!"), ("ten", None), (True, None), (None, None)],
)
def test_dirty_scores_are_refused_or_left_out_alike(tmp_path, score, seen):
    path = tmp_path / "dirty.xlsx"
    scores = [10.0, 9.0, 8.0, 6.0, 0.0, score, 7.0, 9.0]
    build("voice_of_customer", path, data=voice_data(responses(NPS=pd.Series(scores, dtype=object))), note="yours")
    cached, computed = read(path, values=True), by_ironcalc(path, formulas(path))
    assert differences(path, computed) == []
    shown = value_beside(cached, "Voice", "Net Promoter Score", "C")
    assert shown == (seen or pytest.approx(core.nps(scores)))
    if seen:
        assert value_beside(cached, "Checks", "Responses: NPS answers off the scale", "D") == 11  # the row at fault


def test_an_empty_table_says_no_data(tmp_path):
    path = tmp_path / "empty.xlsx"
    build("voice_of_customer", path, data=voice_data(responses().head(0)), note="yours")
    computed = by_ironcalc(path, formulas(path))
    assert value_beside(read(path, values=True), "Voice", "Net Promoter Score", "C") == "no data"
    assert differences(path, computed) == []
    assert errors(computed) == {}


def test_the_change_of_a_handful_of_answers_lies_in_its_interval(tmp_path):
    path = tmp_path / "few.xlsx"
    dates, scores = [pd.Timestamp("2026-05-10")] * 4 + [pd.Timestamp("2026-09-10")] * 4, [0.0] * 4 + [10.0] * 4
    data = voice_data(responses(Date=dates, NPS=scores))
    build("voice_of_customer", path, data=data, note="yours", choices=Choices(date(2026, 9, 1)))
    assert differences(path, by_ironcalc(path, formulas(path))) == []
    cells = read(path, values=True)
    change, low, high = (value_beside(cells, "Voice", "against the prior period", column) for column in "CDE")
    assert (change, high) == (200, 200)
    assert low < 150


ON_COSTS = ("Customer acquisition cost", "LTV:CAC", "CAC payback, months", "Customer retention cost in the period")


def economics(path, costs, segment):
    data = {"Revenue": sources.sample_revenue(), "Costs": costs}
    build("unit_economics", path, data=data, note="yours", choices=Choices(date(2026, 9, 1), segment))
    assert differences(path, by_ironcalc(path, formulas(path))) == []
    cells = read(path, values=True)
    return {label: value_beside(cells, "Economics", label, "B") for label in ON_COSTS}


def test_costs_of_the_whole_company_are_not_divided_by_the_customers_of_a_segment(tmp_path):
    costs = sources.sample_costs()
    assert set(economics(tmp_path / "smb.xlsx", costs, "SMB").values()) == {"costs not split"}
    assert all(isinstance(value, float | int) for value in economics(tmp_path / "all.xlsx", costs, "All").values())


def test_costs_split_by_segment_are_those_of_the_segment(tmp_path):
    whole, shares = sources.sample_costs(), {"SMB": 0.5, "Mid-market": 0.3, "Enterprise": 0.2}
    split = pd.concat([whole.assign(Segment=name, Amount=whole["Amount"] * part) for name, part in shares.items()])
    revenue = sources.sample_revenue()
    months = revenue.loc[revenue["Segment"] == "SMB"].set_index("Customer").iloc[:, 1:]
    paid = months.gt(0).loc[:, :"2026-09"]
    came = (paid.loc[:, "2026-09"] & ~paid.loc[:, :"2026-06"].any(axis=1)).sum()
    spent = whole[(whole["Purpose"] == "acquisition") & (whole["Month"] >= "2026-07-01")]["Amount"].sum() * 0.5
    shown = economics(tmp_path / "split.xlsx", split, "SMB")
    assert shown["Customer acquisition cost"] == pytest.approx(core.cac(spent, int(came)))
    partly = split.assign(Segment=split["Segment"].where(split["Purpose"] != "acquisition", None))
    shown = economics(tmp_path / "partly.xlsx", partly, "SMB")
    assert [label for label in ON_COSTS if shown[label] == "costs not split"] == list(ON_COSTS[:3])


@pytest.mark.slow
@pytest.mark.parametrize("name", TEMPLATES)
def test_other_choices_are_computed_as_the_core_does(tmp_path, name):
    path = tmp_path / "chosen.xlsx"
    build(name, path, choices=Choices(date(2026, 6, 1), "SMB", "trailing 12"))
    assert differences(path, by_ironcalc(path, formulas(path))) == []


def test_a_lite_workbook_carries_its_functions(tmp_path):
    build("health_score", tmp_path / "lite.xlsx", host=Host.LITE)
    with zipfile.ZipFile(tmp_path / "lite.xlsx") as parts:
        assert any(name.startswith("xl/webextensions/") for name in parts.namelist())
    texts = formulas(tmp_path / "lite.xlsx")
    assert any("_xldudf_HEALTH_SCORE(" in text for text in texts.values())
    assert any("xlwings Lite" in str(text) for (page, _), text in texts.items() if page == "Start")
    assert not any("addin install" in text for text in texts.values())

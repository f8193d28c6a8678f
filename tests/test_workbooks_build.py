"""Templates as files: deterministic, right in a second spreadsheet engine, safe with hostile text, legible."""

import re
import zipfile
from datetime import date, datetime
from io import BytesIO
from pathlib import Path

import pandas as pd
import pytest
from csmetrics_addin.hosts.lite import carrying
from csmetrics_workbooks.build import TEMPLATES, build, recipe
from csmetrics_workbooks.data import sheets, sources
from csmetrics_workbooks.kit.book import Choices
from csmetrics_workbooks.kit.formulas import Host
from workbook_cells import by_formulon, by_ironcalc, differences, errors, formulas, read

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
@pytest.mark.parametrize("engine", [by_ironcalc, by_formulon])
@pytest.mark.parametrize("name", TEMPLATES)
def test_every_engine_computes_what_the_core_cached(built, name, engine):
    path = built / f"{name}.xlsx"
    computed = engine(path, formulas(path))
    assert differences(path, computed) == []
    assert errors(computed) == {}


@pytest.mark.slow
@pytest.mark.parametrize("host", [Host.LITE, Host.LAMBDA])
@pytest.mark.parametrize("name", TEMPLATES)
def test_every_host_gets_the_same_cells(built, tmp_path, name, host):
    """Save for the page that tells how to turn the functions on; what one engine computes holds for all."""
    path = tmp_path / "other.xlsx"
    build(name, path, host=host)
    if host is Host.LITE:
        path.write_bytes(carrying(path))
    for values in (False, True):
        one, other = (read(file, values=values) for file in (built / f"{name}.xlsx", path))
        spelt = {at: str(cell).replace("_xldudf_", "") for at, cell in other.items()}  # as Lite calls a function
        differ = {at for at in one.keys() | spelt.keys() if str(one.get(at)) != spelt.get(at)}
        assert {sheet for sheet, _ in differ} <= {"Start"}


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_template_has_the_common_pages_and_a_switch(built, name):
    plan = recipe(name)
    cells, texts = read(built / f"{name}.xlsx", values=True), formulas(built / f"{name}.xlsx")
    pages = {sheet for sheet, _ in cells}
    common = {"Start", plan.dashboard, "Checks", "Closed months", "Method", "Lists"}
    assert common | {s.name for s in plan.sheets} <= pages
    calls = [
        text for (sheet, _), text in texts.items() if sheet in (plan.dashboard, "Steps") and "IF(addin_on," in text
    ]
    assert calls or name == "health_score"
    assert not any("IFERROR" in text for text in texts.values())
    assert errors(cells) == {}


@pytest.mark.parametrize("name", TEMPLATES)
def test_formulas_on_pages_people_read_can_be_read(built, name):
    """Longer ones stand on the page of steps, under the names of their row and column."""
    plan = recipe(name)
    behind = {"Workings", "Steps", *(s.name for s in plan.sheets)}
    texts = formulas(built / f"{name}.xlsx")
    assert [at for at, text in texts.items() if at[0] not in behind and len(text) > 400] == []
    steps = {row for (sheet, cell), text in texts.items() if sheet == "Steps" and (row := cell[1:]) and cell[0] == "E"}
    cells = read(built / f"{name}.xlsx", values=True)
    pages, places = ({row: cells["Steps", column + row] for row in steps} for column in "AB")
    assert {texts[pages[row], places[row]] for row in steps} == {f"='Steps'!$E${row}" for row in steps}
    named = [row for row in steps if cells.get(("Steps", f"C{row}")) or cells.get(("Steps", f"D{row}"))]
    assert len(named) == len(steps) > 0


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
    assert "Sample data" in cells["Closed months", "A3"]
    lines = [[cells.get(("Closed months", f"{column}{row}")) for column in "EFG"] for row in range(5, 5 + 9)]
    closed = [line for line in lines if isinstance(line[2], int | float)]
    # Shares by percentage points.
    assert all(restated in [pytest.approx(by * (now - then)) for by in (1, 100)] for now, then, restated in closed)
    assert any(abs(restated) > 1e-6 for _, _, restated in closed)


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
    churn = value_beside(cells, "Workings", "Customers by their dates: churned", "B") / last["opening"]
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
    build("health_score", tmp_path / "plain.xlsx", host=Host.LITE)
    (tmp_path / "lite.xlsx").write_bytes(carrying(tmp_path / "plain.xlsx"))
    with zipfile.ZipFile(tmp_path / "lite.xlsx") as parts:
        assert any(name.startswith("xl/webextensions/") for name in parts.namelist())
    texts = formulas(tmp_path / "lite.xlsx")
    assert any("_xldudf_HEALTH_SCORE(" in text for text in texts.values())
    assert any("xlwings Lite" in str(text) for (page, _), text in texts.items() if page == "Start")
    assert not any("addin install" in text for text in texts.values())


def checked(cells, label):
    """Result, count and first row of a line of the checks; none where there is no such row."""
    [row] = [cell[1:] for (page, cell), v in cells.items() if page == "Checks" and v == label]
    return tuple(cells.get(("Checks", f"{column}{row}")) for column in "BCD")


def test_rows_without_a_date_and_text_for_numbers_are_counted_and_named(tmp_path):
    dates = [pd.Timestamp("2026-09-10")] * 8
    dates[2], dates[4], dates[5] = "2026-09-11", None, 5.0
    arr = pd.Series([None, 10.0, 12.0, "1,200", True, None, 3.0, 4.0], dtype=object)
    path = tmp_path / "undated.xlsx"
    build("voice_of_customer", path, data=voice_data(responses(Date=pd.Series(dates, dtype=object), ARR=arr)), note="x")
    cells = read(path, values=True)
    assert checked(cells, "Responses: rows without a date in Date") == ("look", 3, 8)
    assert checked(cells, "Responses: text in ARR and Sentiment") == ("look", 2, 9)
    assert checked(cells, "Responses: segment blank or not on the list") == ("look", 7, 6)  # one row has nothing in it
    assert differences(path, by_ironcalc(path, formulas(path))) == []


def test_revenue_that_is_text_is_counted_wherever_revenue_is_pasted(tmp_path):
    revenue = sources.sample_revenue().astype(object)
    revenue.loc[3, "2026-05"], revenue.loc[9, "2026-06"] = "1,200", -5.0
    for name in ("scorecard", "revenue_retention", "unit_economics"):
        data = {s.name: make() for s, make in recipe(name).sheets.items()} | {"Revenue": revenue}
        build(name, tmp_path / "text.xlsx", data=data, note="yours")
        cells = read(tmp_path / "text.xlsx", values=True)
        assert checked(cells, "Revenue: amounts that are not numbers") == ("look", 1, 9)
        assert checked(cells, "Revenue: negative amounts")[:2] == ("look", 1)


def test_segments_named_like_comparisons_or_in_two_cases_are_segments(tmp_path):
    frame = responses(Segment=[">250", "<50", ">250", "North", "NORTH", "north", "50*", "<50"])
    path = tmp_path / "sizes.xlsx"
    build("voice_of_customer", path, data=voice_data(frame), note="yours")
    cells = read(path, values=True)
    assert {cells.get(("Lists", f"A{row}")) for row in range(6, 18)} - {None} == {">250", "<50", "North", "50*"}
    assert checked(cells, "Responses: segment blank or not on the list")[:2] == ("ok", 0)
    assert checked(cells, "Segments add up to all answers, this period")[:2] == ("ok", 0)
    assert value_beside(cells, "Voice", ">250", "C") == pytest.approx(core.nps([10, 8]))
    assert value_beside(cells, "Voice", "North", "D") == 3
    assert differences(path, by_ironcalc(path, formulas(path))) == []


@pytest.mark.parametrize("name", TEMPLATES)
def test_months_count_back_from_one_that_a_person_types(built, name):
    texts, cells = formulas(built / f"{name}.xlsx"), read(built / f"{name}.xlsx", values=True)
    assert ("Lists", "B5") not in texts
    assert cells["Lists", "B5"] == datetime(2026, 9, 1)
    assert all(texts["Lists", f"B{row}"] == f"=DATE(YEAR(B{row - 1}),MONTH(B{row - 1})-1,1)" for row in range(6, 41))


@pytest.mark.parametrize("name", [name for name in TEMPLATES if sheets.REVENUE in recipe(name).sheets])
def test_a_month_the_revenue_table_has_no_column_for_has_no_data(tmp_path, name):
    path = tmp_path / "beyond.xlsx"
    build(name, path, choices=Choices(date(2028, 3, 1)))
    computed = by_ironcalc(path, formulas(path))
    assert errors(computed) == {}
    assert differences(path, computed) == []
    shown = {v for (sheet, _), v in computed.items() if sheet == recipe(name).dashboard}
    assert "no data" in shown


def test_a_target_for_a_quarter_judges_no_other_period(tmp_path):
    for period, judged in (("quarter", {"near", "met"}), ("month", {"quarterly"}), ("trailing 12", {"quarterly"})):
        build("scorecard", tmp_path / "period.xlsx", choices=Choices(date(2026, 9, 1), period=period))
        cells = read(tmp_path / "period.xlsx", values=True)
        titles = ("Customer churn rate", "Average revenue per user", "Customer retention cost")
        assert {value_beside(cells, "Scorecard", title, "H") for title in titles} == judged
        assert value_beside(cells, "Scorecard", "Net Promoter Score", "H") == "met"


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_method_says_that_cells_need_the_add_in_where_they_do(built, name):
    cells, texts = read(built / f"{name}.xlsx", values=True), formulas(built / f"{name}.xlsx")
    needing = [text for text in texts.values() if '"needs the add-in"' in text]
    for (page, cell), text in cells.items():
        if page == "Method" and "its cells say so" in str(text):
            assert any(f"{cells[page, 'B' + cell[1:]]}(" in one for one in needing), text


def test_a_health_input_that_is_missing_costs_no_points(built):
    cells = read(built / "health_score.xlsx", values=True)
    heads = {
        cells["Accounts", f"{letter}5"]: letter for letter in "ABCDEFGHIJKLMNOPQ" if ("Accounts", f"{letter}5") in cells
    }
    missing = 0
    for row in range(6, 85):
        for name in ("Frequency", "Breadth", "Depth", "Growth"):
            lost = cells.get(("Accounts", f"{heads[f'Lost by {name.lower()}']}{row}"))
            if ("Accounts", f"{heads[name]}{row}") not in cells:
                assert lost in (None, "")
                missing += 1
    assert missing > 3


def test_a_day_without_events_has_no_share_of_the_month(built):
    cells = read(built / "usage.xlsx", values=True)
    silent = [row for row in range(5, 47) if cells["Daily", f"B{row}"] == "no data"]
    assert silent
    assert {cells["Daily", f"E{row}"] for row in silent} == {"no data"}


def test_rows_pasted_below_take_array_formulas_where_the_rows_above_have_them(built):
    """A program that fills a column down would otherwise look at one cell of each range."""
    with zipfile.ZipFile(built / "health_score.xlsx") as parts:
        tables = [parts.read(name).decode() for name in parts.namelist() if name.startswith("xl/tables/")]
    columns = re.findall(r'name="(\w+)"><calculatedColumnFormula array="1">', "".join(tables))
    assert columns == ["Score", "Score", "Wins"]

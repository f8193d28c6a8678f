"""A person at work in a template: what it opens at, whom it judges, what it notices."""

import shutil
import subprocess
import warnings
import zipfile
from datetime import date
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from csmetrics_workbooks.build import TEMPLATES, build, recipe
from csmetrics_workbooks.data import sources
from csmetrics_workbooks.kit.letterhead import Letterhead
from workbook_cells import by_ironcalc, differences, formulas, read

COMMITTED = Path(__file__).parents[1] / "workbooks"


def sample(name, **changed):
    return {sheet.name: make() for sheet, make in recipe(name).sheets.items()} | changed


def value_beside(cells, sheet, label, column):
    [row] = [cell[1:] for (page, cell), v in cells.items() if page == sheet and cell.startswith("A") and v == label]
    return cells.get((sheet, f"{column}{row}"))


def opened(path, name, data):
    """The last month a workbook of these data shows."""
    return build(name, path, data=data, note="own").choices.as_of


def test_a_quiet_month_for_new_customers_holds_nothing_back(tmp_path):
    customers = sources.sample_customers()
    early = customers[customers["Start"] < "2026-07-01"]
    data = sample("revenue_retention", Customers=early)
    assert opened(tmp_path / "quiet.xlsx", "revenue_retention", data) == date(2026, 9, 1)


@pytest.mark.parametrize(
    ("last", "shown"),
    [("2026-10-12", date(2026, 9, 1)), ("2026-10-30", date(2026, 10, 1)), ("2026-09-30", date(2026, 9, 1))],
)
def test_a_month_that_is_not_over_is_not_shown_first(tmp_path, last, shown):
    days = pd.date_range("2026-06-01", last)
    events = pd.DataFrame({"Date": days, "User": "u", "Account": "a", "Segment": "SMB", "Feature": "f"})
    data = {s.name: make().head(0) for s, make in recipe("usage").sheets.items()} | {"Events": events}
    assert opened(tmp_path / "usage.xlsx", "usage", data) == shown


def test_renewals_lie_ahead_and_show_no_month_to_come(tmp_path):
    data = sample("revenue_retention")
    data["Renewals"]["Due"] = pd.Timestamp("2027-12-31")
    assert opened(tmp_path / "ahead.xlsx", "revenue_retention", data) == date(2026, 9, 1)


@pytest.mark.parametrize("name", [n for n in TEMPLATES if n in ("scorecard", "revenue_retention", "usage")])
def test_targets_of_the_sample_judge_nobody_elses_company(tmp_path, name):
    verdicts = {"met", "near", "missed", "quarterly"}
    page = recipe(name).dashboard
    build(name, tmp_path / "sample.xlsx")
    build(name, tmp_path / "own.xlsx", data=sample(name), note="own")
    shown = {at for at, v in read(tmp_path / "sample.xlsx", values=True).items() if at[0] == page and v in verdicts}
    own = {at: v for at, v in read(tmp_path / "own.xlsx", values=True).items() if at[0] == page}
    assert len(shown) >= 3
    assert not [at for at in shown if own.get(at) in verdicts - {"quarterly"}]
    if name == "revenue_retention":  # the formulas of a blank target are the same everywhere, and this one is small
        path = tmp_path / "own.xlsx"
        assert differences(path, by_ironcalc(path, formulas(path))) == []


def test_without_end_dates_there_is_no_churn_to_be_met(tmp_path):
    data = sample("revenue_retention", Customers=sources.sample_customers().assign(End=pd.NaT))
    path = tmp_path / "open.xlsx"
    build("revenue_retention", path, data=data, note="own")
    cells = read(path, values=True)
    assert value_beside(cells, "Retention", "Customer churn of the period, by dates", "B") == "no end dates"
    assert value_beside(cells, "Retention", "Customer churn of the period, by dates", "G") in (None, "")
    assert differences(path, by_ironcalc(path, formulas(path))) == []


def test_one_amount_with_digits_too_many_is_named(tmp_path):
    revenue = sources.sample_revenue()
    row = revenue["2026-09"].first_valid_index()
    revenue.loc[row, "2026-09"] *= 1000
    path = tmp_path / "outlier.xlsx"
    build("revenue_retention", path, data=sample("revenue_retention", Revenue=revenue), note="own")
    cells = read(path, values=True)
    named = "Revenue: customers who move the total by a quarter or more since the month before"
    assert (value_beside(cells, "Checks", named, "B"), value_beside(cells, "Checks", named, "C")) == ("look", 1)
    assert differences(path, by_ironcalc(path, formulas(path))) == []


def test_what_health_rests_on_is_counted(tmp_path):
    operations = sources.sample_operations()
    data = sample("scorecard", Operations=operations.assign(Licensed=None))
    path = tmp_path / "health.xlsx"
    build("scorecard", path, data=data, note="own")
    assert value_beside(read(path, values=True), "Scorecard", "Customer health score, from monthly figures", "F") in (
        0,
        2,
        3,
    )


def test_a_heading_pasted_over_a_month_is_named(tmp_path):
    path, pasted = tmp_path / "own.xlsx", tmp_path / "pasted.xlsx"
    build("revenue_retention", path)
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(pasted, "w") as new:
        for part in old.namelist():
            content = old.read(part)
            if part == "xl/sharedStrings.xml":
                content = content.replace(b">2024-08<", b">2024-10x<").replace(b">2025-02<", b">2025-03x<")
            new.writestr(part, content)
    [at] = [
        at
        for at, v in read(pasted, values=True).items()
        if v == "Revenue: month headings out of their place" and at[0] == "Checks"
    ]
    found = ("Checks", at[1].replace("A", "C"))
    assert by_ironcalc(pasted, [found])[found] == 2


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_change_of_a_share_is_in_percentage_points(name):
    """From 4.0 % to 5.0 % is +1.0 pp: shown as +1.0 % it reads like a hundredth more."""
    with warnings.catch_warnings(action="ignore"):  # openpyxl knows no sparklines
        book = openpyxl.load_workbook(COMMITTED / f"{name}.xlsx", data_only=True)
    signed = [c for sheet in book for row in sheet.iter_rows() for c in row if c.number_format.startswith("+")]
    what_if = '+0%;-0%;"as it is"'
    assert not [c for c in signed if "%" in c.number_format and c.number_format != what_if]
    if name == "scorecard":
        [ndr] = [row for row in book["Scorecard"].iter_rows(min_row=6) if row[0].value == "Net dollar retention"]
        assert ndr[9].number_format == '+0.0" pp";-0.0" pp";0.0" pp"'
        assert ndr[9].value == pytest.approx(100 * (ndr[2].value - ndr[8].value))


def handed_over(path, folder):
    """The pages a spreadsheet program prints of a workbook, as text."""
    office = ["soffice", f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless"]
    subprocess.run([*office, "--convert-to", "pdf", "--outdir", folder, path], check=True, capture_output=True)
    pdf = path.with_suffix(".pdf").name
    text = subprocess.run(["pdftotext", "-layout", folder / pdf, "-"], check=True, capture_output=True, text=True)
    return text.stdout.rstrip("\f").split("\f")


@pytest.mark.skipif(not (shutil.which("soffice") and shutil.which("pdftotext")), reason="needs LibreOffice and poppler")
def test_only_pages_to_hand_over_are_printed_and_each_says_whose_they_are(tmp_path):
    """The scorecard template printed 195 pages, of which 189 were data."""
    path = tmp_path / "scorecard.xlsx"
    build("scorecard", path, letterhead=Letterhead("Ångström & Söhne", "SEK", "letter"))
    printed = handed_over(path, tmp_path)
    names = [page.strip().split("  ")[0] for page in printed]
    assert names == ["Scorecard", "Board", "Plan", "Checks", "Checks", "Closed months", "Method"]
    head = "Ångström & Söhne · quarter to Sep 2026 · all segments · amounts in SEK"
    assert [page.strip().splitlines()[0].endswith(head) for page in printed] == [True] * 7


def test_a_page_is_printed_unless_it_is_data_or_work():
    unprinted = {"Start", "Workings", "Steps", "Lists"}
    for name in TEMPLATES:
        with warnings.catch_warnings(action="ignore"):  # openpyxl knows no sparklines
            book = openpyxl.load_workbook(COMMITTED / f"{name}.xlsx")
        data = {sheet.name for sheet in recipe(name).sheets}
        off = {sheet.title for sheet in book if sheet.print_area.endswith("$XFD$1048576")}
        assert off == unprinted & set(book.sheetnames) | data
        assert {sheet.page_setup.paperSize for sheet in book} == {9}


def test_one_cell_with_digits_too_many_is_named_with_its_row(tmp_path):
    """147 typed as 147,000 among the costs or the minutes of sessions decides a mean alone."""
    sessions, operations = sources.sample_sessions(), sources.sample_operations()
    sessions.loc[40, "Minutes"] = 900_000
    operations.loc[operations["Retention cost"].first_valid_index(), "Retention cost"] *= 1000
    path = tmp_path / "scorecard.xlsx"
    build("scorecard", path, data=sample("scorecard", Sessions=sessions, Operations=operations), note="own")
    cells = read(path, values=True)
    for page, row in (("Sessions", 46), ("Operations", 6 + int(operations["Retention cost"].first_valid_index()))):
        named = f"{page}: cells that make a quarter of their column alone"
        assert [value_beside(cells, "Checks", named, column) for column in "BCD"] == ["look", 1, row]
    checks = [at for at in formulas(path) if at[0] == "Checks"]
    assert differences(path, by_ironcalc(path, checks), sheets=("Checks",)) == []


def test_names_in_other_capitals_than_listed_are_told(tmp_path):
    events = sources.sample_events().tail(300).reset_index(drop=True).astype({"Segment": object, "Feature": object})
    last = len(events) - 1
    events.loc[last, ["Segment", "Feature"]] = ["smb", events.loc[last, "Feature"].upper()]
    path = tmp_path / "usage.xlsx"
    build("usage", path, data=sample("usage", Events=events), note="own")
    cells = read(path, values=True)
    for named in (
        "Feature in other capitals than on the page Usage",
        "Segment in other capitals than on the page Lists",
    ):
        assert [value_beside(cells, "Checks", f"Events: {named}", column) for column in "BCD"] == ["look", 1, 6 + last]
    checks = [at for at in formulas(path) if at[0] in ("Checks", "Steps")]
    assert differences(path, by_ironcalc(path, checks), sheets=("Checks",)) == []

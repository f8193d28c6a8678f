"""Months whose year stands elsewhere, terms of invoice lines, and lists of customers alone."""

from datetime import date

import openpyxl
import pytest

from csmetrics_core.files import Said, read_company
from csmetrics_core.scorecard import scorecard_of


def workbook(path, **sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name.replace("_", " "))
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


ACROSS = [
    ["Customer", "Nov", "Dec", "Jan", "Feb"],
    ["A", 100, 100, 110, 110],
    ["B", 50, 50, 0, 0],
    ["C", None, None, 80, 80],
]


def revenue(path):
    table = read_company(path).tables["subscriptions"]
    return {f"{month:%Y-%m}": float(mrr) for month, mrr in table.groupby("month")["mrr"].sum().items()}


@pytest.mark.parametrize(
    "years",
    [
        [None, 2025, 2025, 2026, 2026],
        [None, 2025, None, 2026, None],  # as merged cells are read
        ["MRR by month", "FY 2025", None, "2026", None],
    ],
)
def test_years_in_a_row_above_the_months(years, tmp_path):
    expected = {"2025-11": 150.0, "2025-12": 150.0, "2026-01": 190.0, "2026-02": 190.0}
    assert revenue(workbook(tmp_path / "mrr.xlsx", MRR=[years, *ACROSS])) == expected


def test_a_year_in_the_name_of_the_sheet_is_said(tmp_path):
    rows = [["Customer", "January", "February"], ["A", 10, 12], ["B", 5, 5]]
    path = workbook(tmp_path / "mrr.xlsx", Revenue_2026=rows)
    assert revenue(path) == {"2026-01": 15.0, "2026-02": 17.0}
    (read,) = read_company(path).report.read
    assert "The months are of 2026, which is in the name 'Revenue 2026'." in read.notes


def test_months_of_no_year_are_not_guessed(tmp_path):
    reading = read_company(workbook(tmp_path / "mrr.xlsx", MRR=ACROSS))
    assert "subscriptions" not in reading.tables


def test_a_column_called_may_is_no_month(tmp_path):
    rows = [[2026, None], ["May", "Score"], ["x", 9]]
    assert not read_company(workbook(tmp_path / "answers.xlsx", A=rows)).tables.get("subscriptions")


def test_invoice_lines_tell_the_period_they_are_for():
    rows = ["Invoice,Customer,Period start,Period end,Amount (EUR)", "1,A,01/01/2026,31/01/2026,100"]
    rows += ["2,B,01/01/2026,31/01/2026,50", "3,A,01/02/2026,28/02/2026,100", "4,B,01/02/2026,28/02/2026,60"]
    text = "\n".join([*rows, "5,A,01/03/2026,31/03/2026,100", ""])
    table = read_company({"lines.csv": text.encode()}).tables["subscriptions"]
    assert table.groupby("month")["mrr"].sum().tolist() == [150.0, 160.0]


def test_a_half_yearly_price_is_for_six_months():
    text = b"Customer,Start date,End date,Price,Billing\nA,2025-01-01,,600,half-yearly\nB,2025-06-01,,50,monthly\n"
    table = read_company({"contracts.csv": text}).tables["contracts"]
    assert table["interval_months"].tolist() == [6.0, 1.0]


def test_a_list_of_customers_alone_gives_churn_of_the_last_month_that_is_over():
    text = "Client ID,Signed up,Cancelled on\n001,01.02.2025,\n002,15.03.2025,28.02.2026\n"
    text += "003,20.06.2025,\n004,01.07.2025,15.01.2026\n"
    card = scorecard_of(read_company({"clients.csv": text.encode()}))
    assert (card.month, card["churn_rate"].value) == ("2026-02", pytest.approx(1 / 3))
    assert "The last day on which a customer came or left is 2026-02-28: 2026-02 is looked at." in card.notes
    earlier = scorecard_of(read_company({"clients.csv": text.replace("28.02.2026", "27.02.2026").encode()}))
    assert (earlier.month, earlier["churn_rate"].value) == ("2026-01", 0.25)


@pytest.mark.parametrize("months", [(1, 1, 2, 2), ("Jan", "Jan", "Feb", "Feb"), ("01", "01", "02", "02")])
def test_a_year_beside_a_month(months):
    rows = ["Customer,Year,Month,MRR"]
    rows += [f"{who},2026,{month},{mrr}" for who, month, mrr in zip("ABAB", months, (100, 50, 110, 55), strict=True)]
    table = read_company({"mrr.csv": "\n".join([*rows, ""]).encode()}).tables["subscriptions"]
    assert [f"{month:%Y-%m}" for month in table["month"]] == ["2026-01", "2026-01", "2026-02", "2026-02"]


def test_a_fiscal_year_is_no_year_of_a_calendar():
    rows = b"Customer,Fiscal year,Month,MRR\nA,2026,1,100\nA,2026,2,110\n"
    assert read_company({"mrr.csv": rows}).tables["subscriptions"]["month"].isna().all()


def test_a_list_of_customers_with_mrr_and_terms_is_both():
    rows = ["Client,MRR,Contract start,Contract end,Segment", "A,1200.50,01.01.2025,31.12.2025,NA"]
    rows += ["A,1300,01.01.2026,31.12.2026,NA", "B,500,15.03.2025,14.03.2026,EU", "C,250,01.05.2025,30.04.2026,EU", ""]
    tables = read_company({"list.csv": "\n".join(rows).encode()}, Said(as_of=date(2026, 2, 1))).tables
    months = tables["subscriptions"].set_index(["customer", "month"])["mrr"]
    assert (months["A", "2025-12-01"], months["A", "2026-01-01"]) == (1200.5, 1300.0)
    assert set(tables["customers"]["segment"]) == {"NA", "EU"}


def test_days_in_a_row_of_data_are_no_months_across():
    found = read_company({"file.csv": b"Who;Since when;Gone\nA;01/02/2024;\nB;02/03/2024;04/03/2025\n"})
    assert found.report.not_understood[0].headings == ("Who", "Since when", "Gone")

"""Months whose year stands elsewhere, terms of invoice lines, and lists of customers alone."""

import openpyxl
import pytest

from csmetrics_core.files import read_company
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
    text = "Invoice,Customer,Period start,Period end,Amount (EUR)\n"
    text += "1,A,01/01/2026,31/01/2026,100\n2,B,01/01/2026,31/01/2026,50\n3,A,01/02/2026,28/02/2026,100\n4,B,01/02/2026,28/02/2026,60\n5,A,01/03/2026,31/03/2026,100\n"
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

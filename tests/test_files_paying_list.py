"""A customer list that says what each pays, whatever its file is called: MRR and churn from it alone."""

from datetime import date

import openpyxl
import pytest
from csmetrics_addin.cli.app import app
from csmetrics_workbooks.build import recipe
from csmetrics_workbooks.data.userdata import map_company
from typer.testing import CliRunner

from csmetrics_core.files import Said, read_company
from csmetrics_core.scorecard import scorecard_of

ROWS = "A;2024-01-10;;1200;SMB\nB;2024-02-01;2025-03-10;2400;SMB\nC;2024-03-01;;3600;Enterprise\n"


def card_of(text, name="customers.csv", **said):
    return scorecard_of(read_company({name: text.encode()}, Said(**said)))


@pytest.mark.parametrize("name", ["customers.csv", "Kunden.csv", "export (3).csv"])
@pytest.mark.parametrize(("heading", "mrr"), [("MRR", 4800), ("ARR", 400), ("ARR (k)", 400_000)])
def test_what_each_pays_is_revenue_from_its_start(name, heading, mrr):
    card = card_of(f"Customer;Start;End;{heading};Segment\n{ROWS}", name, as_of=None)
    assert card.month == "2025-02"  # on 10 March the last one left: March is not over
    assert card["mrr"].value == mrr + {"MRR": 2400, "ARR": 200, "ARR (k)": 200_000}[heading]
    card = card_of(f"Customer;Start;End;{heading};Segment\n{ROWS}", name, as_of=date(2025, 3, 31))
    assert (card.month, card["mrr"].value) == ("2025-03", mrr)
    assert card["churn_rate"].value == pytest.approx(1 / 3)


def test_a_price_that_cannot_be_read_makes_revenue_wait_and_churn_stand():
    card = card_of(f"Customer;Start;End;MRR;Segment\n{ROWS}D;2024-05-01;;1.0x0;SMB\n")
    assert card["mrr"].value is None
    assert "'1.0x0'" in card["mrr"].missing
    assert card["churn_rate"].value == 0


def test_revenue_by_month_in_another_file_is_what_counts():
    months = "Customer;Month;MRR\nA;2025-01;50\nA;2025-02;60\n"
    sources = {"customers.csv": f"Customer;Start;End;MRR;Segment\n{ROWS}".encode(), "subs.csv": months.encode()}
    assert scorecard_of(read_company(sources))["mrr"].value == 60


def test_without_ends_the_workbook_shows_revenue_and_no_churn(tmp_path):
    """It was refused whole; and months in which nobody is ever seen to leave would show a churn of 0 %."""
    text = "Customer,Start,MRR\nA,2024-01-10,100\nB,2024-02-01,200\n"
    (tmp_path / "customers.csv").write_text(text)
    out = tmp_path / "own.xlsx"
    words = ["workbook", "new", "scorecard", "--data", str(tmp_path / "customers.csv"), "--out", str(out)]
    told = CliRunner().invoke(app, [*words, "--as-of", "2025-03-31"])
    assert told.exit_code == 0, told.output
    assert "churn needs an end date" in told.output
    sheet = openpyxl.load_workbook(out, data_only=True)["Scorecard"]
    shown = {row[0].value: (row[2].value, row[7].value) for row in sheet.iter_rows(min_row=20) if row[0].value}
    assert shown["Monthly recurring revenue"][0] == 300
    assert shown["Customer churn rate"] == ("no data", None)
    assert shown["Net dollar retention"] == ("no data", None)


def test_a_customer_list_is_no_list_of_answers():
    mapped, _ = map_company(recipe("voice_of_customer"), {"x.csv": f"Customer;Start;End;Plan;Segment\n{ROWS}".encode()})
    assert mapped.frames["Responses"].empty

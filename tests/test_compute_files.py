"""`csmetrics compute` reads a column as the scorecard does: the same figure, or the question that settles it."""

import json
from pathlib import Path

import pandas as pd
import pytest
import xlsxwriter
from csmetrics_addin.cli.app import app
from csmetrics_addin.cli.pointing import Book
from csmetrics_addin.cli.terminal import Problem
from typer.testing import CliRunner

CASES = Path(__file__).parent / "data" / "cases"
LISTED = {case["files"][0]: case for case in json.loads((CASES / "cases.json").read_text(encoding="utf-8"))}
LONG = "thousands dollars total_rows_long months_ym months_monthY months_us months_yslash leading_zeros semicolons"
MRR = ("--customers", "customer", "--months", "month", "--mrr", "mrr")


def compute(metric, path, *words):
    """The value in JSON, and what was said where there is none."""
    shown = CliRunner().invoke(app, ["compute", metric, str(path), *words, "--json"])
    assert shown.exit_code in (0, 3), shown.output
    return (json.loads(shown.stdout) if shown.exit_code == 0 else None), " ".join(shown.stderr.split())


@pytest.fixture
def text(tmp_path):
    def write(content, name="list.csv", encoding="utf-8"):
        (tmp_path / name).write_bytes(content.encode(encoding))
        return tmp_path / name

    return write


@pytest.mark.parametrize("name", [f"{name}.csv" for name in LONG.split()])
def test_mrr_by_column_is_that_of_the_scorecard(name):
    case = LISTED[name]
    told, asked = compute("mrr_movements", CASES / name, *MRR)
    if told is None:
        assert (case["may_ask_instead"], "--decimal" in asked) == (True, True), asked
        return
    assert told["value"][-1]["closing"] == pytest.approx(case["right"]["mrr"])


@pytest.mark.parametrize(
    ("name", "heading"),
    [
        ("labelled.csv", "Score"),
        ("average_below.xlsx", "Responses!NPS"),
        ("three_headings.csv", "NPS_score"),
        ("placeholders.xlsx", "NPS"),
        ("latin_row.csv", "nps"),
    ],
)
def test_nps_by_column_is_that_of_the_scorecard(name, heading):
    told, asked = compute("nps", CASES / name, "--scores", heading)
    assert told, asked
    assert told["value"] == pytest.approx(LISTED[name]["right"]["nps"])


def test_amounts_and_days_as_people_type_them_and_the_order_that_is_asked(text):
    path = text("Kunde;Monat;MRR\nA;01/02/2025;1.234,50 EUR\nB;01/02/2025;200,00 EUR\n")
    words = ("--customers", "Kunde", "--months", "Monat", "--mrr", "MRR")
    told, asked = compute("mrr_movements", path, *words)
    assert told is None
    assert "list.csv, column 'Monat': dates can be read in two ways: row 2 is '01/02/2025'. Say --dates dmy" in asked
    for order, month in (("dmy", "2025-02-01"), ("Monat=mdy", "2025-01-01")):
        rows = compute("mrr_movements", path, *words, "--dates", order)[0]["value"]
        assert [(row["month"], row["closing"]) for row in rows] == [(month, 1434.5)]


def test_a_metric_that_has_dates_itself_asks_for_their_order_under_another_name(text):
    path = text("user,date\nU1,01/02/2025\nU2,02/02/2025\n")
    words = ("--users", "user", "--dates", "date", "--day", "2025-02-01")
    assert "Say --date-order dmy if day first" in compute("dau", path, *words)[1]
    assert compute("dau", path, *words, "--date-order", "dmy")[0]["value"] == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            "Kunde;Monat;MRR\nA;13/02/2025;1,50\nB;01/02/2025;lots\n",
            "list.csv, column 'MRR': row 3 is 'lots'; expected",
        ),
        ("Kunde;Monat;MRR\nA;soon;1,50\n", "list.csv, column 'Monat': row 2 is 'soon'; expected a date"),
        ("Kunde;Monat;MRR\nA;13/02/2025;€ 1,50\nB;01/02/2025;£ 2,50\n", "amounts are in several currencies: EUR (1"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_row(text, content, said):
    words = ("--customers", "Kunde", "--months", "Monat", "--mrr", "MRR")
    told, refused = compute("mrr_movements", text(content), *words)
    assert told is None
    assert said in refused


def test_a_file_in_another_encoding_or_with_another_delimiter_is_told_so(text):
    path = text("Segment|Score\nŁódź|9\nŁódź|10\nBrno|3\n", encoding="cp1250")
    words = ("--scores", "Score", "--by", "Segment", "--encoding", "cp1250", "--delimiter", "|")
    groups = {row["group"]: row["value"] for row in compute("nps", path, *words)[0]["groups"]}
    assert groups == {"Łódź": 100, "Brno": -100, "All": pytest.approx(100 / 3)}


def test_a_row_that_may_be_a_sum_is_asked_about(text):
    path = text("customer,month,mrr\nTotal,2025-01-31,120\nB,2025-01-31,200\nC,2025-01-31,70\n")
    assert "--totals keep" in compute("mrr_movements", path, *MRR)[1]
    for word, closing in (("keep", 390), ("drop", 270)):
        assert compute("mrr_movements", path, *MRR, "--totals", word)[0]["value"][-1]["closing"] == closing


def test_a_whole_column_and_cells_are_read_as_the_column_under_the_heading(tmp_path):
    path = tmp_path / "list.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Plans")
        sheet.write_column("B1", ["Prices of 2026", None, "Plan", "Small", "Large"])
        sheet.write_column("C3", ["Amount", "1.234,50 EUR", "200,25 EUR"])
    book = Book(path)
    for reference in ("Amount", "Plans!Amount", "C:C", "Plans!C4:C5"):
        assert book.cells(reference, "amount").values == [1234.5, 200.25]
    assert list(book.cells("Amount", "amount").rows) == [4, 5]
    assert book.cells("C5", "amount").values == 200.25
    assert book.cells("B4:C5", "label").values == [["Small", "1.234,50 EUR"], ["Large", "200,25 EUR"]]
    with pytest.raises(Problem, match="row 3 is 'Amount'; expected a number"):
        book.cells("C3:C5", "amount")


def test_a_parquet_file_is_pointed_into_as_the_others_are(tmp_path):
    pd.DataFrame({"Score": [10, 9, 3], "Segment": ["A", "B", "A"]}).to_parquet(tmp_path / "x.parquet")
    for reference in ("Score", "x!Score", "A2:A4"):
        assert compute("nps", tmp_path / "x.parquet", "--scores", reference)[0]["value"] == pytest.approx(100 / 3)


def test_reconcile_reads_columns_the_same_way(text):
    path = text("Score\n5 - Very satisfied\n4 - Satisfied\n2 - Not satisfied\n1\n")
    words = ["reconcile", "csat", "50%", "ratings=Score", "--file", str(path), "--json"]
    shown = CliRunner().invoke(app, words)
    assert shown.exit_code == 0, shown.output
    assert json.loads(shown.stdout)["conventions"][0]["value"] == pytest.approx(50)


def test_a_first_answer_that_looks_like_a_heading_is_an_answer(text):
    path = text("Note\n5 - Very satisfied\n4 - Satisfied\n2 - Not satisfied\n1 - Not satisfied\n")
    assert compute("csat", path, "--ratings", "Note")[0]["value"] == 50
    assert compute("csat", path, "--ratings", "list!A2:A5")[0]["value"] == 50


def test_change_and_why_read_a_file_the_same_way(text):
    rows = [f"{day}/0{month}/2025;{note};{who}" for month, day in ((8, "01"), (9, "02")) for note, who in
            (("10 - Very likely", "A"), ("2 - Not likely", "B"), (f"{month} - So so", "A"))]  # fmt: skip
    path = text("Datum;NPS;Gruppe\n" + "\n".join(rows) + "\n")
    words = [str(path), "--metric", "nps", "--period", "Datum", "--set", "scores=NPS"]
    asked = CliRunner().invoke(app, ["change", *words])
    assert (asked.exit_code, "Say --dates dmy if day first" in " ".join(asked.stderr.split())) == (3, True)
    for more in (["change"], ["why", "--by", "Gruppe"]):
        call = [more[0], *words, *more[1:], "--from", "2025-08", "--to", "2025-09", "--dates", "dmy", "--json"]
        told = CliRunner().invoke(app, call)
        assert told.exit_code == 0, told.output
        row = json.loads(told.stdout)["rows"][0]
        assert (row["before"], row["after"]) == (0, pytest.approx(100 / 3))


def test_answers_in_words_are_those_of_the_scorecard(text):
    words = "Sehr zufrieden;Zufrieden;Neutral;Unzufrieden".split(";")
    path = text(
        "Datum;Wie zufrieden sind Sie?\n" + "".join(f"0{day}.08.2026;{one}\n" for day, one in enumerate(words, 1))
    )
    told, asked = compute("csat", path, "--ratings", "Wie zufrieden sind Sie?")
    assert told, asked
    assert (told["value"], told["n"]) == (50, 4)
    told, asked = compute("csat", path, "--ratings", "Wie zufrieden sind Sie?", "--scale-max", "7")
    assert told is None
    assert "words of a scale to 5, and scale_max is 7" in asked


def test_groups_of_nps_are_those_of_the_scorecard(text):
    path = text("NPS category\nPromoter\nPassive\nDetractor\nPromoter\n")
    told, asked = compute("nps", path, "--scores", "NPS category")
    assert told, asked
    assert told["value"] == 25

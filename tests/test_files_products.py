"""Exports of products: each against a faithful sample, reordered, with a column more, in another locale, cut short."""

import csv
import io
import json
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from csmetrics_addin.cli.app import app
from pandas.testing import assert_frame_equal
from typer.testing import CliRunner

import csmetrics_core as cs
from csmetrics_core.files import Report, Said, UnreadableFile, open_sources, read_company
from csmetrics_core.files.headings import PARTS
from csmetrics_core.files.reading import check_columns_said, find_all, read_table
from csmetrics_core.files.recognising import PRODUCTS
from csmetrics_core.files.standard import STANDARD
from csmetrics_core.samples import sample_company
from csmetrics_core.scorecard import scorecard, scorecard_of


def read_file(path, said=None):
    """The one table of a file, or the refusal."""
    said, report = said or Said(), Report()
    opened = open_sources(path, said)
    tables = find_all(opened.grids, report)
    check_columns_said(tables, said)
    parts = [part for table in tables for part in read_table(table, said, report)]
    for error in (*opened.refused.values(), *report.refused.values()):
        raise error
    if not parts:
        raise UnreadableFile(str(report.not_understood[0]))
    return parts[0]._replace(frame=parts[0].frame.reset_index(drop=True))


EXPORTS = Path(__file__).parent / "data" / "exports"
# file -> product, what, table, rows
SAMPLES = {
    "stripe_subscriptions": ("Stripe", "subscriptions", "contracts", 10),
    "stripe_customers": ("Stripe", "customers", "customers", 4),
    "stripe_invoices": ("Stripe", "invoices", "payments", 4),
    "stripe_mrr_per_subscriber": ("Stripe", "MRR per subscriber per month", "subscriptions", 16),
    "chartmogul_mrr_movements": ("ChartMogul", "MRR movements", "subscriptions", 14),
    "chartmogul_customers": ("ChartMogul", "customers", "customers", 3),
    "chartmogul_mrr_intervals": ("ChartMogul", "MRR intervals", "contracts", 6),
    "chartmogul_subscriptions": ("ChartMogul", "subscriptions", "contracts", 4),
    "delighted_responses": ("Delighted", "survey responses", "responses", 8),
    "surveymonkey_responses": ("SurveyMonkey", "individual responses", "responses", 5),
    "typeform_responses": ("Typeform", "responses", "responses", 4),
    "google_forms_responses": ("Google Forms", "responses", "responses", 4),
    "zendesk_tickets": ("Zendesk", "tickets", "tickets", 6),
    "freshdesk_tickets": ("Freshdesk", "tickets", "tickets", 4),
    "hubspot_companies": ("HubSpot", "companies", "customers", 3),
    "salesforce_accounts": ("Salesforce", "accounts", "customers", 3),
    "chargebee_subscriptions": ("Chargebee", "subscriptions", "contracts", 6),
    "recurly_subscriptions": ("Recurly", "subscriptions", "contracts", 6),
    "paddle_transaction_line_items": ("Paddle", "transaction line items", "contracts", 5),
    "hubspot_deals": ("HubSpot", "deals", "contracts", 3),
}
every_sample = pytest.mark.parametrize("name", SAMPLES)


def sample(name):
    return EXPORTS / f"{name}.csv"


def rows_of(name):
    """The rows of a sample without the lines a report ends with."""
    with sample(name).open(encoding="utf-8", newline="") as handle:
        rows = [row for row in csv.reader(handle) if row]
    return [row for row in rows if len(row) == len(rows[0])]


def write(path, rows, *, delimiter=",", encoding="utf-8"):
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def text_file(folder, text, name="file.csv", encoding="utf-8"):
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def refusal(path, said=None):
    with pytest.raises(UnreadableFile) as caught:
        read_file(path, said)
    return " ".join([str(caught.value), *(f"{way.option}={way.value}" for way in caught.value.remedies)])


# -- every sample, in five ways ----------------------------------------------------------------------------------


@every_sample
def test_a_sample_is_recognised(name):
    product, what, table, rows = SAMPLES[name]
    read = read_file(sample(name))
    assert (read.report.product, read.report.what, read.table, len(read.frame)) == (product, what, table, rows)
    assert read.report.kept == rows
    assert read.report.source
    standard = set(STANDARD[table].columns.split()) | {"satisfied"}
    assert set(read.frame.columns) <= standard
    assert str(read.report).startswith(sample(name).name)


@every_sample
def test_the_order_of_columns_does_not_matter(name, tmp_path):
    rows = [row[::-1] for row in rows_of(name)]
    read = read_file(write(tmp_path / sample(name).name, rows))
    assert_frame_equal(read.frame, read_file(sample(name)).frame)


@every_sample
def test_a_column_more_changes_nothing_and_is_named(name, tmp_path):
    header, *body = rows_of(name)
    rows = [[*header[:2], "Region of the moon", *header[2:]], *([*row[:2], "Mare", *row[2:]] for row in body)]
    read = read_file(write(tmp_path / sample(name).name, rows))
    assert_frame_equal(read.frame, read_file(sample(name)).frame)
    assert "Region of the moon" in read.report.ignored


def _elsewhere(cell):
    """A cell as a spreadsheet elsewhere writes it: decimal comma, day first."""
    if re.fullmatch(r"-?\d+\.\d+", cell):
        return cell.replace(".", ",")
    return re.sub(r"^(\d{4})[-/](\d{2})[-/](\d{2})[T ]?(?=\d|$)", r"\3/\2/\1 ", cell).strip()


def _day_first(cell):
    found = re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})(.*)", cell)
    return f"{found[2]}/{found[1]}/{found[3]}{found[4]}" if found else _elsewhere(cell)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
@every_sample
def test_another_locale_gives_the_same_table(name, encoding, tmp_path):
    header, *body = rows_of(name)
    rows = [[*header, "Größe"], *([*map(_day_first, row), "groß"] for row in body)]
    read = read_file(write(tmp_path / sample(name).name, rows, delimiter=";", encoding=encoding))
    assert_frame_equal(read.frame, read_file(sample(name)).frame)
    assert any("Windows-1252" in note for note in read.report.notes) == (encoding == "cp1252")


@every_sample
def test_a_file_cut_within_its_last_row_is_refused(name, tmp_path):
    *rows, last = rows_of(name)
    path = write(tmp_path / sample(name).name, [*rows, last[: len(last) // 2]])
    assert "The file looks cut short" in refusal(path)


@every_sample
def test_a_workbook_gives_what_the_text_file_gives(name, tmp_path):
    rows = rows_of(name)
    path = tmp_path / "export.xlsx"
    pd.DataFrame(rows).to_excel(path, header=False, index=False, sheet_name="Sheet1")
    assert_frame_equal(read_file(path).frame, read_file(sample(name)).frame)


@every_sample
def test_no_personal_data_is_kept(name):
    read = read_file(sample(name))
    kept = read.frame.to_csv()
    assert not [word for word in ("@example.com", "Person ", "192.0.2.", "555-01", "Street") if word in kept]
    if "@example.com" in sample(name).read_text(encoding="utf-8"):
        assert read.report.personal


# -- right numbers -----------------------------------------------------------------------------------------------


def test_stripe_subscriptions_give_the_mrr_worked_out_by_hand():
    months = read_company(sample("stripe_subscriptions")).tables["subscriptions"]
    # 49 + 1200/12 + 199 + 20 + 600/12 + 270/3; a month earlier also the 99 of who left on 10 August
    by_month = {f"{month:%Y-%m}": cs.mrr(rows["mrr"]) for month, rows in months.groupby("month")}
    assert by_month["2026-09"] == by_month["2026-08"] == 508
    assert by_month["2026-07"] == 607
    assert by_month["2026-06"] == 607 - 90
    assert by_month["2025-06"] == 100
    assert max(by_month) == "2026-09"  # the last date is 2 October: that month is not over


def test_stripe_trials_and_what_never_started_pay_nothing():
    contracts = read_file(sample("stripe_subscriptions")).frame.set_index("subscription")
    assert list(contracts.loc[["sub_04", "sub_09"], "kind"]) == ["trial", "trial"]
    assert not {"sub_08", "sub_10"} & set(contracts.index)
    trial, paid = (row for _, row in contracts.loc["sub_07"].iterrows())
    assert (trial["kind"], trial["end"]) == ("trial", pd.Timestamp("2026-02-15"))
    assert (paid["kind"], paid["start"]) == ("recurring", pd.Timestamp("2026-02-15"))


def _months():
    return {"subscriptions": read_company(sample("stripe_subscriptions")).tables["subscriptions"]}


def test_stripe_churn_comes_from_the_days_subscriptions_ended():
    customers = read_company(sample("stripe_subscriptions")).tables["customers"]
    assert customers.set_index("customer")["end"].dropna().to_dict() == {"cus_03": pd.Timestamp("2026-08-10")}
    assert customers["start"].le("2026-07-31").sum() == 6
    assert cs.churn_rate(1, 6) == scorecard({"customers": customers, **_months()}, month="2026-08")["churn_rate"].value
    assert customers.set_index("customer").loc["cus_01", "arr"] == 12 * (49 + 20)


def test_stripe_invoices_are_what_was_billed_before_tax():
    payments = read_file(sample("stripe_invoices"))
    assert payments.frame["amount"].tolist() == [99.0, 49.0, 49.0, 199.0]
    assert payments.report.left_out == {"invoices that are drafts, void or deleted": 2}


def test_stripe_mrr_report_gives_movements():
    months = read_file(sample("stripe_mrr_per_subscriber")).frame
    moves = cs.mrr_movements(months["customer"], months["month"], months["mrr"]).set_index("month")
    september = moves.loc["2026-09-01"]
    assert (september["expansion"], september["contraction"], september["closing"]) == (20.5, 50.0, 428.5)
    assert moves.loc["2026-08-01", ["new", "churned"]].tolist() == [90.0, 99.0]


def test_chartmogul_amounts_are_cents_and_movements_add_up():
    months = read_file(sample("chartmogul_mrr_movements")).frame
    moves = cs.mrr_movements(months["customer"], months["month"], months["mrr"]).set_index("month")
    assert moves.loc["2026-04-01", "contraction"] == 10.0
    assert moves.loc["2026-05-01", "churned"] == 40.0  # cancelled on the last day: not there at the month's end
    assert moves.loc["2026-07-01", "reactivation"] == 50.0  # two movements of one moment, in the order of RANK
    assert moves.loc["2026-08-01", ["new", "closing"]].tolist() == [199.99, 369.99]


def test_chartmogul_intervals_and_movements_agree():
    intervals = read_company(sample("chartmogul_mrr_intervals"), Said(as_of=date(2026, 8, 31))).tables["subscriptions"]
    movements = read_file(sample("chartmogul_mrr_movements")).frame
    totals = [frame[frame["month"] == "2026-06-01"]["mrr"].sum() for frame in (intervals, movements)]
    assert totals == [120.0, 120.0]
    assert "cus_a6" not in set(intervals["customer"])


def test_chartmogul_customers_claim_no_end():
    read = read_file(sample("chartmogul_customers"))
    assert "end" not in read.frame
    assert read.report.missing["end"]
    assert read.frame["arr"].sum() == 1440 + 600 + 2399.88


@pytest.mark.parametrize(
    ("name", "nps", "csat"),
    [
        ("delighted_responses", 40.0, 50.0),
        ("surveymonkey_responses", 25.0, 60.0),
        ("typeform_responses", 50.0, 75.0),
        ("google_forms_responses", 25.0, 75.0),
    ],
)
def test_survey_scores(name, nps, csat):
    frame = read_file(sample(name)).frame
    assert cs.nps(frame["nps"]) == nps
    assert cs.csat(frame["csat"]) == csat
    assert frame["comment"].notna().sum() in (2, 3, 4)


def test_delighted_says_the_scale_and_leaves_other_surveys_out():
    report = read_file(sample("delighted_responses")).report
    assert report.scales == {"nps": 10, "csat": 5, "ces": 7}
    assert report.left_out == {"answers to surveys of another type (thumbs)": 1}
    assert report.until == date(2026, 9, 24)


def test_surveymonkey_second_heading_row_is_no_answer():
    read = read_file(sample("surveymonkey_responses"))
    assert (read.report.rows, cs.ces(read.frame["ces"], 7)) == (5, 50.0)
    assert read.frame["date"].iloc[0] == pd.Timestamp("2026-09-14")
    assert len(read.report.guessed) == 4


@pytest.mark.parametrize(("name", "share"), [("zendesk_tickets", 1 / 2), ("freshdesk_tickets", 2 / 3)])
def test_help_desks_give_one_touch_resolution_and_say_so(name, share):
    read = read_file(sample(name))
    flags = {flag: read.frame[flag] for flag in ("resolved", "reopened", "transferred") if flag in read.frame}
    assert cs.fcr_from_contacts(read.frame["contacts"], **flags) == pytest.approx(share)
    assert any("one-touch" in guess for guess in read.report.guessed)


def test_zendesk_ratings_stay_good_or_bad():
    satisfied = read_file(sample("zendesk_tickets")).frame["satisfied"].dropna()
    assert cs.csat(satisfied.map({True: 2, False: 1}).to_list(), 2, 2) == pytest.approx(200 / 3)


@pytest.mark.parametrize("name", ["hubspot_companies", "salesforce_accounts"])
def test_account_lists_keep_customers_and_never_take_turnover_for_arr(name):
    read = read_file(sample(name))
    moves = cs.customer_movements(read.frame["customer"], read.frame["start"], read.frame["end"]).set_index("period")
    assert moves.loc["2026-02-01", ["opening", "churned"]].tolist() == [3, 1]
    assert read.frame["arr"].max() < 100_000
    assert "turnover" in read.report.unused["Annual Revenue"]


def test_the_close_date_of_a_hubspot_company_is_when_it_became_a_customer(tmp_path):
    rows = rows_of("hubspot_companies")
    rows[0][rows[0].index("Became a Customer Date")] = "Close Date"
    read = read_file(write(tmp_path / "companies.csv", rows))
    assert read.report.mapped["start"] == "Close Date"
    assert_frame_equal(read.frame, read_file(sample("hubspot_companies")).frame)


def test_a_form_in_another_language_is_a_form(tmp_path):
    form = "Marca temporal,¿Qué tan probable es que nos recomiende?\n2026/02/23 7:18:51 p. m. GMT-5,9\n"
    read = read_file(text_file(tmp_path, form))
    assert (read.report.product, read.frame["nps"].tolist()) == ("Google Forms", [9])
    assert read.frame["date"].tolist() == [pd.Timestamp("2026-02-23")]
    both = "Timestamp,Would you recommend us for being easy?,¿Qué tan fácil fue?\n2026-02-23 19:18:51,9,6\n"
    read = read_file(text_file(tmp_path, both))
    assert read.frame[["nps", "ces"]].to_numpy().tolist() == [[9, 6]]
    polish = "Sygnatura czasowa,Czy poleciłbyś nas?\n2026-02-23 19:18:51,9\n"
    assert read_file(text_file(tmp_path, polish)).report.product == "Google Forms"


def test_an_account_list_without_a_churn_date_claims_no_end(tmp_path):
    rows = rows_of("hubspot_companies")
    place = rows[0].index("Churn Date")
    read = read_file(write(tmp_path / "companies.csv", [row[:place] for row in rows]))
    assert "end" not in read.frame
    assert len(read.frame) == 2  # a former customer is no customer, and nobody says since when
    with pytest.raises(KeyError):
        read.frame["end"]


def _stripe(tmp_path, change):
    header, *body = rows_of("stripe_subscriptions")
    records = [dict(zip(header, row, strict=True)) for row in body]
    change(records)
    return write(tmp_path / "subscriptions.csv", [list(records[0]), *(list(r.values()) for r in records)])


def test_mixed_currencies_need_rates(tmp_path):
    path = _stripe(tmp_path, lambda records: records[1].update(Currency="eur"))
    assert "amounts are in several currencies: EUR (1 row), USD (8 rows)" in refusal(path)
    assert "a rate for EUR" in refusal(path, Said(rates={"USD": 1}))
    assert "one currency whose rate is 1" in refusal(path, Said(rates={"USD": 1.1, "EUR": 2}))
    frame = read_file(path, Said(rates={"USD": 1, "EUR": 1.25})).frame
    assert frame.set_index("subscription").loc["sub_02", "amount"] == 1500
    assert set(frame["currency"]) == {"USD"}


def test_a_quantity_above_one_needs_a_word_on_amounts(tmp_path):
    path = _stripe(tmp_path, lambda records: records[0].update(Quantity="3"))
    assert "amounts=each" in refusal(path)
    amounts = {word: read_file(path, Said(amounts=word)).frame["amount"].iloc[0] for word in ("each", "all")}
    assert amounts == {"each": 147.0, "all": 49.0}


def test_cancelled_subscriptions_without_an_end_are_refused(tmp_path):
    def drop(records):
        for record in records:
            del record["Ended At (UTC)"]

    assert "Export the column Ended At (UTC) too" in refusal(_stripe(tmp_path, drop))


def _without(tmp_path, name, *headings):
    rows = rows_of(name)
    kept = [place for place, heading in enumerate(rows[0]) if heading not in headings]
    return write(tmp_path / f"{name}.csv", [[row[place] for place in kept] for row in rows])


@pytest.mark.parametrize(
    ("name", "headings", "words"),
    [
        ("stripe_subscriptions", ["Start Date (UTC)", "Created (UTC)"], "does not say when subscriptions began"),
        ("stripe_subscriptions", ["Trial End (UTC)"], "Export the column Trial End (UTC) too"),
        ("chartmogul_subscriptions", ["END_DATE"], "does not say when every cancelled subscription ended"),
    ],
)
def test_a_column_that_is_missed_is_asked_for(name, headings, words, tmp_path):
    assert words in refusal(_without(tmp_path, name, *headings))


@pytest.mark.parametrize(
    ("name", "headings", "missing", "guess"),
    [
        ("stripe_invoices", ["Tax"], [], "may contain tax"),
        ("hubspot_companies", ["Lifecycle Stage", "Annual recurring revenue (ARR)"], ["arr"], "taken for a customer"),
        ("salesforce_accounts", ["Type", "Customer Since", "Churn Date"], ["start", "end"], "taken for a customer"),
        ("zendesk_tickets", ["Reopens", "Group stations", "Organization"], ["reopened", "transferred", "customer"], ""),
        ("freshdesk_tickets", ["Agent interactions"], ["contacts"], ""),
        ("typeform_responses", ["company"], ["customer"], "wording"),
    ],
)
def test_a_column_that_can_be_done_without_is_reported(name, headings, missing, guess, tmp_path):
    read = read_file(_without(tmp_path, name, *headings))
    assert set(missing) <= read.report.missing.keys()
    assert not set(missing) & set(read.frame.columns)
    assert guess in " ".join(read.report.guessed)


def test_stripe_start_can_be_the_day_of_creation_and_coupons_are_named(tmp_path):
    path = _without(tmp_path, "stripe_subscriptions", "Start Date (UTC)")
    assert_frame_equal(read_file(path).frame, read_file(sample("stripe_subscriptions")).frame)
    path = _stripe(tmp_path, lambda records: (records[0].update(Coupon="SPRING"), records[1].update(Amount="")))
    report = read_file(path).report
    assert "1 subscriptions have a coupon of unknown amount: MRR is before it." in report.notes
    assert report.left_out["subscriptions without an amount (tiered or metered prices)"] == 1


def test_delighted_scales_are_not_mixed(tmp_path):
    rows = rows_of("delighted_responses")
    rows[7][2] = "ces"
    read = read_file(write(tmp_path / "delighted.csv", rows))
    assert "different scales" in read.report.missing["ces"]
    assert "ces" not in read.frame


def test_an_unknown_interval_is_refused(tmp_path):
    assert "Interval is 'fortnight'" in refusal(_stripe(tmp_path, lambda r: r[0].update(Interval="fortnight")))


def test_movements_that_begin_in_the_middle_are_refused(tmp_path):
    header, *body = rows_of("chartmogul_mrr_movements")
    assert "lost more MRR than the file shows" in refusal(write(tmp_path / "a.csv", [header, *body[2:]]))
    assert "do not add up" in refusal(write(tmp_path / "b.csv", [header, body[2]]))


def test_two_questions_that_could_be_it_are_left_to_the_user(tmp_path):
    rows = [
        ["Timestamp", "Would you recommend the product?", "Would you recommend the team?", "How satisfied are you?"],
        ["2026-09-01 10:00:00", "9", "3", "4"],
        ["2026-09-02 10:00:00", "10", "2", "5"],
    ]
    path = write(tmp_path / "form.csv", rows)
    read = read_file(path)
    assert "nps" not in read.frame
    assert "could be it" in read.report.missing["nps"]
    told = read_file(path, Said(columns={"nps": "Would you recommend the product?"}))
    assert cs.nps(told.frame["nps"]) == 100
    assert "no column 'Q9'" in refusal(path, Said(columns={"nps": "Q9"}))


def test_answers_in_words_of_no_scale_are_no_scores(tmp_path):
    rows = [["Timestamp", "How satisfied are you?"], ["2026-09-01 10:00:00", "It was fine"]]
    assert "holds words; export numerical values" in refusal(write(tmp_path / "form.csv", rows))


def test_ends_of_a_scale_with_words_are_numbers(tmp_path):
    rows = [
        ["Timestamp", "How likely are you to recommend us?"],
        ["2026-09-01 10:00:00", "10 - Extremely likely"],
        ["2026-09-02 10:00:00", "0 – Not at all likely"],
        ["2026-09-03 10:00:00", "9"],
        ["2026-09-03 10:00:00", "prefer not to say"],
    ]
    scores = read_file(write(tmp_path / "form.csv", rows)).frame["nps"]
    assert scores[:3].tolist() == [10, 0, 9]
    assert scores.isna().tolist() == [False, False, False, True]  # words are no answer
    assert cs.nps(scores) == pytest.approx(100 / 3)


def test_a_ticket_exported_twice_is_refused(tmp_path):
    rows = rows_of("zendesk_tickets")
    assert "stand in more than one row" in refusal(write(tmp_path / "tickets.csv", [*rows, rows[1]]))


def test_a_nearly_recognised_file_says_what_it_lacks(tmp_path):
    rows = rows_of("zendesk_tickets")
    status = rows[0].index("Status")
    path = write(tmp_path / "export.csv", [row[:status] + row[status + 1 :] for row in rows])
    assert "looks like Zendesk tickets, but lacks Status" in refusal(path)
    assert "not recognised" in refusal(write(tmp_path / "other.csv", [["Planet", "Moons"], ["Mars", "2"]]))


# -- files that are broken ---------------------------------------------------------------------------------------


def test_broken_text_files_are_refused(tmp_path):
    text = sample("delighted_responses").read_text(encoding="utf-8")
    cut = text[: text.index("clicks")]
    assert "quotation mark is never closed" in refusal(text_file(tmp_path, cut, "quote.csv"))
    assert "is empty" in refusal(text_file(tmp_path, "", "empty.csv"))
    assert "nothing below it" in refusal(text_file(tmp_path, text.splitlines()[0] + "\n", "heading.csv"))
    assert "row 3 has 3 cells, the heading row 2" in refusal(text_file(tmp_path, "a,b\n1,2\n1,2,3\n1,2\n", "long.csv"))
    assert "there is no file" in refusal(tmp_path / "absent.csv")
    assert "line 2: ',' expected after" in refusal(text_file(tmp_path, 'a,b\n"x"y,2\n', "quotes.csv"))
    assert "can be split in several ways" in refusal(text_file(tmp_path, "a,b;c\n1,2;3\n", "both.csv"))
    assert "not a table" in refusal(text_file(tmp_path, "x", "notes.pdf"))


def test_a_file_cut_within_a_character_is_refused(tmp_path):
    path = tmp_path / "cut.csv"
    path.write_bytes("customer,date,amount\nA,2026-09-14,5\nÄ".encode()[:-1])
    assert "ends within a character" in refusal(path)
    path.write_bytes("customer,date,amount\r\nA,2026-09-14,5".encode("utf-16")[:-1])
    assert "ends within a character" in refusal(path)


def test_the_encoding_can_be_said(tmp_path):
    path = text_file(tmp_path, "customer,date,amount,kind\nŁódź,2026-09-14,5,invoice\n", encoding="cp1250")
    assert read_file(path, Said(encoding="cp1250")).frame["customer"].tolist() == ["Łódź"]
    assert "there is no encoding" in refusal(path, Said(encoding="latin-99"))
    assert "is not written in utf-8" in refusal(path, Said(encoding="utf-8"))


def test_a_missing_line_end_is_noted(tmp_path):
    path = text_file(tmp_path, "customer,date,amount,kind\nA,2026-09-14,5,invoice")
    assert "no line end" in read_file(path).report.notes[0]


def test_a_workbook_that_was_cut_is_refused(tmp_path):
    path = tmp_path / "cut.xlsx"
    pd.DataFrame({"customer": ["A"] * 50, "month": "2026-09-01", "mrr": 5.0}).to_excel(path, index=False)
    path.write_bytes(path.read_bytes()[:-400])
    assert "cannot be opened" in refusal(path)
    path.write_bytes(b"no workbook at all")
    assert "cannot be opened" in refusal(path)


def test_an_error_cell_is_passed_on_where_it_is_used(tmp_path):
    path = tmp_path / "mrr.xlsx"
    with pd.ExcelWriter(path, engine="xlsxwriter") as writer:
        pd.DataFrame({"customer": ["A", "B"], "month": "2026-09-01", "mrr": [5.0, 6.0], "note": ""}).to_excel(
            writer, sheet_name="mrr", index=False
        )
        writer.sheets["mrr"].write_formula("D3", "=NA()", None, "#N/A")
    assert cs.mrr(read_file(path).frame["mrr"]) == 11
    with pd.ExcelWriter(path, engine="xlsxwriter") as writer:
        pd.DataFrame({"customer": ["A", "B"], "month": "2026-09-01", "mrr": [5.0, 6.0]}).to_excel(
            writer, sheet_name="mrr", index=False
        )
        writer.sheets["mrr"].write_formula("C3", "=1/0", None, "#DIV/0!")
    line = scorecard_of(read_company(path))["mrr"]
    assert (line.value, "column 'mrr': row 3 is '#DIV/0!'" in line.missing) == (None, True)


def test_sep_line_blank_rows_and_a_report_footer_are_no_data(tmp_path):
    text = 'sep=;\ncustomer;month;mrr\n"A;B";2026-09-01;5,5\n;;\n\nC;2026-09-01;7\n'
    read = read_file(text_file(tmp_path, text, "mrr.csv"))
    assert read.frame["customer"].tolist() == ["A;B", "C"]
    assert (read.report.rows, cs.mrr(read.frame["mrr"])) == (2, 12.5)


# -- our own column names ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def company():
    return sample_company(40, 6)


def test_the_standard_tables_are_those_of_the_sample_company(company):
    assert set(STANDARD) == {*company.tables, "sessions"}  # sessions are its events told otherwise
    for name, table in company.tables.items():
        assert STANDARD[name].columns.split() == list(table.columns)
    assert set(PARTS) <= set(STANDARD)


def test_the_sample_company_comes_back_from_a_workbook_and_from_text_files(company, tmp_path):
    book, folder = tmp_path / "company.xlsx", tmp_path / "files"
    folder.mkdir()
    with pd.ExcelWriter(book, engine="xlsxwriter") as writer:
        for name, table in company.tables.items():
            table.to_excel(writer, sheet_name=name, index=False)
            table.to_csv(folder / f"{name}.csv", index=False)
    for source in (book, folder):
        read = read_company(source)
        assert not read.report.refused
        assert not read.report.derived
        once = company.tickets.drop_duplicates("ticket", ignore_index=True)  # some are told twice, with the same cells
        for name, table in (company.tables | {"tickets": once}).items():
            found = read.tables[name]
            assert list(found.columns) == list(table.columns)
            texts = [name for name in found if pd.api.types.is_string_dtype(found[name]) or found[name].dtype == object]
            exact = [column for column in table if column not in (*texts, "nps", "csat", "ces")]
            assert_frame_equal(found[exact], table[exact], check_dtype=False)


def test_the_scorecard_of_a_folder_is_that_of_the_frames(company, tmp_path):
    for name, table in company.tables.items():
        table.to_csv(tmp_path / f"{name}.csv", index=False, sep=";", decimal=",", date_format="%d.%m.%Y %H:%M:%S")
    tables = dict(company.tables)
    tables["responses"] = tables["responses"].assign(
        **{q: pd.to_numeric(tables["responses"][q], errors="coerce") for q in ("nps", "csat", "ces")}
    )
    ours, theirs = scorecard(read_company(tmp_path).tables), scorecard(tables)
    assert ours.month == theirs.month
    for ours_line, line in zip(ours.lines, theirs.lines, strict=True):
        if line.metric.name not in ("nps", "csat", "ces"):  # words among the scores differ in what is a number
            assert ours_line.value == pytest.approx(line.value), line.metric.name


def test_headings_match_without_case_and_signs_and_by_synonym(tmp_path):
    text = "Account-ID,Billing Month,Monthly recurring revenue,Colour\nA,2026-09-01,100,red\nB,2026-09-01,50.5,blue\n"
    read = read_file(text_file(tmp_path, text, "export.csv"))
    assert read.table == "subscriptions"
    assert read.report.mapped == {
        "customer": "Account-ID",
        "month": "Billing Month",
        "mrr": "Monthly recurring revenue",
    }
    assert (cs.mrr(read.frame["mrr"]), read.report.ignored) == (150.5, ("Colour",))


def test_months_across_are_recognised(tmp_path):
    text = "Account;Jan 2026;2026-02;2026-03-01\nA;100;100;\nB;;50,5;60\n"
    frame = read_file(text_file(tmp_path, text)).frame
    assert frame.groupby("month")["mrr"].sum().tolist() == [100, 150.5, 60]


def test_tables_that_look_alike_are_told_by_name_or_asked_for(tmp_path):
    text = "customer,date,amount\nA,2026-09-14,5\n"
    assert read_file(text_file(tmp_path, text, "orders.csv")).table == "orders"
    unnamed = text_file(tmp_path, text, "export.csv")
    assert "table=payments" in refusal(unnamed)
    assert read_file(unnamed, Said(table="payments")).table == "payments"
    assert "there is no table 'gold'" in refusal(unnamed, Said(table="gold"))


def test_a_sheet_of_a_workbook_with_several_tables_can_be_asked_for(company, tmp_path):
    path = tmp_path / "company.xlsx"
    with pd.ExcelWriter(path, engine="xlsxwriter") as writer:
        for name in ("customers", "costs"):
            company.tables[name].to_excel(writer, sheet_name=name, index=False, startrow=2)
            writer.sheets[name].write(0, 0, "As of September")
        pd.DataFrame({"Notes": ["none"]}).to_excel(writer, sheet_name="Notes", index=False)
    read = read_file(path, Said(sheet="costs"))
    assert (read.table, read.report.sheet, len(read.frame)) == ("costs", "costs", len(company.costs))
    assert "has no sheet 'x'" in refusal(path, Said(sheet="x"))
    folder = read_company(path)
    assert set(folder.tables) == {"customers", "costs", "subscriptions"}  # the list says what each pays
    assert [one.place for one in folder.report.not_understood] == ["company.xlsx, sheet Notes"]


# -- folders -----------------------------------------------------------------------------------------------------


def _folder(tmp_path, *names):
    tmp_path.mkdir(exist_ok=True)
    for name in names:
        (tmp_path / f"{name}.csv").write_bytes(sample(name).read_bytes())
    return tmp_path


def test_a_folder_of_exports_gives_a_scorecard(tmp_path):
    names = ("stripe_subscriptions", "stripe_invoices", "stripe_customers", "typeform_responses", "zendesk_tickets")
    folder = read_company(_folder(tmp_path, *names))
    assert not folder.report.refused
    assert set(folder.report.derived) == {"subscriptions", "customers"}
    card = scorecard(folder.tables)
    values = {line.metric.name: line.value for line in card.lines}
    assert (card.month, values["mrr"], values["nps"], values["csat"], values["fcr"]) == ("2026-09", 508, 50, 75, 0.5)
    assert (values["churn_rate"], values["arpu"]) == (0, 508 / 5)
    assert scorecard(folder.tables, month="2026-08")["churn_rate"].value == 1 / 6
    assert "describes 4 of 6 stays" in str(folder.report)


def test_two_products_are_not_added_up(tmp_path):
    folder = read_company(_folder(tmp_path, "stripe_subscriptions", "chartmogul_subscriptions"))
    assert list(folder.report.refused) == ["stripe_subscriptions.csv"]
    assert "would count twice" in str(folder.report.refused["stripe_subscriptions.csv"])
    assert set(folder.tables["contracts"]["customer"]) == {"cus_a1", "cus_a2", "cus_a3", "cus_a5"}


def test_the_revenue_of_one_product_is_not_mixed_with_the_customers_of_another(tmp_path):
    folder = read_company(_folder(tmp_path, "stripe_subscriptions", "chartmogul_mrr_movements"))
    assert list(folder.report.refused) == ["stripe_subscriptions.csv"]
    both = _folder(tmp_path / "both", "chartmogul_mrr_movements", "chartmogul_mrr_intervals")
    assert set(read_company(both).tables) == {"contracts", "subscriptions", "customers"}


def test_exports_that_overlap_count_once(tmp_path):
    rows = rows_of("zendesk_tickets")
    write(tmp_path / "a.csv", rows[:5])
    write(tmp_path / "b.csv", [rows[0], *rows[3:]])
    folder = read_company(tmp_path)
    assert len(folder.tables["tickets"]) == 6
    assert "2 rows are in a.csv too; counted once" in folder.report.notes[0]


def test_exports_that_contradict_each_other_are_refused(tmp_path):
    rows = rows_of("zendesk_tickets")
    changed = [list(row) for row in rows]
    changed[1][rows[0].index("Replies")] = "7"
    write(tmp_path / "a.csv", rows)
    write(tmp_path / "b.csv", changed)
    folder = read_company(tmp_path)
    assert "tells about 1 tickets otherwise than a.csv does" in str(folder.report.refused["b.csv"])
    assert len(folder.tables["tickets"]) == 6


def test_one_bad_file_does_not_spoil_the_folder(tmp_path):
    _folder(tmp_path, "typeform_responses")
    text_file(tmp_path, "customer,date,amount,kind\nA,03/04/2026,5,invoice\n", "payments.csv")
    text_file(tmp_path, "x", "readme.md")
    folder = read_company(tmp_path)
    assert "row 2 is '03/04/2026'" in folder.report.waits["payments"][0].problem
    assert folder.tables["responses"]["nps"].notna().any()
    told = read_company(tmp_path, Said(dates={"payments.csv": "mdy"}))
    assert told.tables["payments"]["date"].tolist() == [pd.Timestamp("2026-03-04")]


def test_a_folder_without_tables_is_refused(tmp_path):
    text_file(tmp_path, "x", "readme.md")
    with pytest.raises(UnreadableFile, match="holds no file that can be read"):
        read_company(tmp_path)


def test_customers_named_otherwise_are_pointed_out(tmp_path):
    folder = read_company(_folder(tmp_path, "stripe_subscriptions", "hubspot_companies", "typeform_responses"))
    assert "responses: 3 of 3 customers are not among customers." in folder.report.notes


def test_several_paths_are_one_company(tmp_path):
    folder = read_company([sample("stripe_subscriptions"), _folder(tmp_path, "typeform_responses")])
    assert set(folder.tables) == {"contracts", "subscriptions", "customers", "responses"}


def test_contracts_nobody_can_expand_are_refused_with_the_reason(tmp_path):
    text = "customer,subscription,kind,start,end,interval_months,amount\nA,A-1,barter,2026-01-14,,1,5\n"
    folder = read_company(text_file(tmp_path, text, "contracts.csv"))
    assert "kind is 'barter'" in str(folder.report.refused["contracts"])
    assert set(folder.tables) == {"contracts"}


@pytest.mark.parametrize("end", ["2031-05-20", "9999-12-31", ""])
def test_an_end_that_has_not_come_says_nothing_of_how_far_the_file_reaches(end, tmp_path):
    text = f"customer,subscription,kind,start,end,interval_months,amount\nA,A-1,recurring,2026-01-14,{end},12,1200\n"
    text += "B,B-1,recurring,2026-03-31,,1,50\n"
    folder = read_company(text_file(tmp_path, text, "contracts.csv"))
    assert folder.tables["subscriptions"].groupby("month")["mrr"].sum().tolist() == [100, 100, 150]
    assert scorecard(folder.tables)["arpu"].value == 150 / 1.5


def test_no_cut_goes_unnoticed(tmp_path):
    whole = sample("stripe_invoices").read_bytes()
    for size in range(1, len(whole), 17):
        path = tmp_path / "invoices.csv"
        path.write_bytes(whole[:size])
        try:
            notes = read_file(path).report.notes
        except UnreadableFile:
            continue
        assert whole[:size].endswith(b"\n") or any("no line end" in note for note in notes)


def test_own_contracts_become_months_net_of_discount(company, tmp_path):
    company.contracts.to_csv(tmp_path / "contracts.csv", index=False)
    months = read_company(tmp_path, Said(as_of=date(2026, 9, 30))).tables["subscriptions"]
    ours = months[months["month"] == "2026-09-01"]["mrr"].sum()
    table = company.subscriptions.drop_duplicates(["subscription", "month"])
    assert ours == pytest.approx(table[table["month"] == "2026-09-01"]["mrr"].sum())


def test_a_later_day_of_export_closes_the_month():
    frames = {
        day: read_company(sample("stripe_subscriptions"), Said(as_of=day)).tables["subscriptions"]
        for day in (date(2026, 8, 31), date(2026, 10, 31))
    }
    assert [f"{frame['month'].max():%Y-%m}" for frame in frames.values()] == ["2026-08", "2026-10"]


# -- the command -------------------------------------------------------------------------------------------------


def _run(*words):
    return CliRunner(env={"COLUMNS": "120", "NO_COLOR": "1", "TERM": "dumb"}).invoke(app, [str(word) for word in words])


def test_the_command_takes_a_folder(tmp_path):
    folder = _folder(tmp_path, "stripe_subscriptions", "typeform_responses", "zendesk_tickets")
    shown = _run("scorecard", folder)
    assert shown.exit_code == 0, shown.output
    assert re.search(r"Monthly recurring revenue\s+508\.00", shown.stdout)
    assert "stripe_subscriptions.csv: Stripe subscriptions, 11 rows" in shown.stdout
    data = json.loads(_run("scorecard", folder, "--json").stdout)
    assert {metric["metric"]: metric["value"] for metric in data["metrics"]}["nps"] == 50
    assert {report["product"] for report in data["files"]["read"]} == {"Stripe", "Typeform", "Zendesk"}


def test_the_command_says_which_option_settles_a_refusal(tmp_path):
    _folder(tmp_path, "typeform_responses")
    text_file(tmp_path, "customer,month,mrr\nA,01/02/2026,5\n", "mrr.csv")
    shown = _run("scorecard", tmp_path)
    assert "Say --dates dmy if" in " ".join(shown.stdout.split())
    told = _run("scorecard", tmp_path, "--dates", "mdy", "--json")
    assert not json.loads(told.stdout)["files"]["refused"]
    assert _run("scorecard", tmp_path, "--dates", "day first").exit_code == 2
    assert _run("scorecard", tmp_path, "--rate", "EUR").exit_code == 2


def test_the_command_refuses_a_cut_export_and_keeps_reading_other_files(tmp_path):
    *rows, last = rows_of("zendesk_tickets")
    cut = write(tmp_path / "tickets.csv", [*rows, last[:10]])
    shown = _run("scorecard", cut)
    assert shown.exit_code == 3
    assert "The file looks cut short" in " ".join(shown.output.split())
    own = text_file(tmp_path, "Score,Date\n10,2026-09-14\n9,2026-09-15\n0,2026-09-30\n", "answers.csv")
    assert _run("scorecard", own).exit_code == 0


def test_a_product_s_scale_is_used_unless_one_is_given(tmp_path):
    header, *body = rows_of("delighted_responses")
    kind, score = header.index("survey_type"), header.index("score")
    rows = [[*row[:kind], "ces", *row[kind + 1 : score], "4", *row[score + 1 :]] for row in body]
    folder = write(tmp_path / "delighted.csv", [header, *rows]).parent
    values = [
        {
            metric["metric"]: metric["value"]
            for metric in json.loads(_run("scorecard", folder, "--json", *more).stdout)["metrics"]
        }
        for more in ((), ("--ces-scale", "7"))
    ]
    assert [value["ces"] for value in values] == [100, 0]


# -- the package -------------------------------------------------------------------------------------------------


def test_importing_the_core_loads_neither_pandas_nor_files():
    code = "import sys, csmetrics_core; print([m for m in ('pandas', 'csmetrics_core.files') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_every_product_names_its_source_and_has_a_sample():
    named = {(product, what) for product, what, _, _ in SAMPLES.values()}
    joined = {
        ("Salesforce", what) for what in ("opportunities", "opportunity products", "contracts")
    }  # their own tests
    for export in PRODUCTS:
        assert export.source
        assert (export.product, export.what) in named | joined


def test_the_page_tells_of_every_product():
    page = (Path(cs.__file__).parent / "files" / "README.md").read_text(encoding="utf-8")
    for product in {product for product, *_ in SAMPLES.values()}:
        assert f"| {product} |" in page


def test_formulas_of_an_export_that_were_never_calculated_are_noted(tmp_path):
    book = openpyxl.Workbook()
    book.active.title = "subscriptions"
    for row in (["customer", "month", "mrr"], ["A", date(2026, 1, 1), 5], ["A", date(2026, 2, 1), "=C2+1"]):
        book.active.append(row)
    book.save(tmp_path / "mrr.xlsx")
    read = read_file(tmp_path / "mrr.xlsx")
    words = "the formula in subscriptions!C3 was never calculated and counts as blank. Open the file in Excel"
    assert any(note.startswith(words) for note in read.report.notes)
    assert read.frame["mrr"].isna().tolist() == [False, True]


def test_a_heading_that_stands_twice_is_noted(tmp_path):
    (tmp_path / "mrr.csv").write_text("customer,month,mrr,mrr,other,other\nA,2026-01-01,5,6,1,1\n")
    read = read_file(tmp_path / "mrr.csv")
    assert read.frame["mrr"].tolist() == [5]
    assert "2 columns are called 'mrr', of which the first was read." in read.report.notes
    assert not any("other" in note for note in read.report.notes)

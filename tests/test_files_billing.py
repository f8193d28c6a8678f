"""What billing systems and CRMs export -> contracts, and the revenue of each month."""

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from csmetrics_core.files import Said, read_company
from tests.test_files_products import EXPORTS

DAY = date(2026, 10, 1)


def read(*names, said=None, **changed):
    """A company of samples, some of them with other text, at the end of September 2026."""
    files = {f"{name}.csv": (EXPORTS / f"{name}.csv").read_bytes() for name in names}
    for name, (old, new) in changed.items():
        assert old.encode() in files[f"{name}.csv"]
        files[f"{name}.csv"] = files[f"{name}.csv"].replace(old.encode(), new.encode())
    return read_company(files, replace(said or Said(), as_of=DAY))


def mrr(reading, customer, month):
    table = reading.tables["subscriptions"]
    rows = table[(table["customer"] == customer) & (table["month"] == pd.Timestamp(month))]
    return float(rows["mrr"].sum())


def asks(reading):
    return {way.option: way.value for waits in reading.report.waits.values() for one in waits for way in one.remedies}


def why(reading):
    return " ".join(map(str, reading.report.refused.values()))


# -- billing systems ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("customer", "month", "expected"),
    [
        ("acc-1", "2026-08", 490.0),
        ("acc-2", "2026-08", 1000.0),  # does not renew, and pays until March 2027
        ("acc-3", "2025-04", 98.0),  # on trial until the 24th
        ("acc-3", "2026-07", 0.0),  # cancelled on the 24th
        ("acc-5", "2026-02", 0.0),  # cancelled in the trial
        ("acc-7", "2026-08", 0.0),  # paused
    ],
)
def test_chargebee(customer, month, expected):
    assert mrr(read("chargebee_subscriptions"), customer, month) == expected


def test_chargebee_without_mrr_takes_price_times_quantity_of_a_billing_period():
    other = {"chargebee_subscriptions": ("Currency,MRR", "Currency,Plan Unit Price")}
    reading = read("chargebee_subscriptions", **other)
    assert mrr(reading, "acc-3", "2025-06") == pytest.approx(98 * 2 / 3, abs=0.005)
    assert mrr(reading, "acc-2", "2025-06") == pytest.approx(1000 / 12, abs=0.005)


def test_a_cancelled_subscription_without_its_end_is_refused():
    reading = read("chargebee_subscriptions", chargebee_subscriptions=("24-Jul-2026 12:00", ""))
    assert "1 subscriptions are cancelled, and the file does not say when they ended" in why(reading)


@pytest.mark.parametrize(
    ("customer", "month", "expected"),
    [
        ("acc-1", "2026-08", 490.0),  # anchored on the 31st: a month is whole up to the last of the next
        ("acc-2", "2026-08", 1100.0),
        ("acc-3", "2026-08", 98.0),  # cancelled in August, lives to October
        ("acc-5", "2026-01", 147.0),
        ("acc-5", "2026-02", 0.0),  # expired on the 15th
        ("acc-4", "2026-08", 0.0),
    ],
)
def test_recurly(customer, month, expected):
    assert mrr(read("recurly_subscriptions"), customer, month) == expected


def test_a_recurly_trial_pays_by_its_plan_once_it_is_over():
    contracts = read("recurly_subscriptions").tables["contracts"]
    of_four = contracts[contracts["customer"] == "acc-4"]
    assert of_four["kind"].tolist() == ["trial", "recurring"]
    assert of_four["start"].tolist() == [pd.Timestamp("2026-09-20"), pd.Timestamp("2026-10-04")]
    assert of_four["interval_months"].tolist() == [1.0, 1.0]


def test_a_recurly_period_that_is_no_whole_month_makes_revenue_wait():
    other = {"recurly_subscriptions": ("2026-07-10 12:00:00 UTC,2026-10-10", "2026-07-10 12:00:00 UTC,2026-10-07")}
    reading = read("recurly_subscriptions", **other)
    (wait,) = [one for one in reading.report.waits["contracts"] if "billing interval" in one.problem]
    assert "row 4" in wait.problem


@pytest.mark.parametrize(
    ("customer", "month", "expected"),
    [
        ("ctm_1", "2026-08", 490.0),
        ("ctm_2", "2026-08", 900.0),  # 12,000 a year less 1,200; the set-up fee does not recur
        ("ctm_3", "2026-08", 0.0),  # past due
    ],
)
def test_paddle(customer, month, expected):
    assert mrr(read("paddle_transaction_line_items"), customer, month) == expected


def test_whole_numbers_of_paddle_may_be_cents_and_are_asked_about():
    other = {"paddle_transaction_line_items": ("USD,500.50,500.50", "USD,500.00,500.00")}
    reading = read("paddle_transaction_line_items", **other)
    assert asks(reading)["amounts"] == "currency"
    assert "subscriptions" not in reading.tables
    cents = read("paddle_transaction_line_items", said=Said(amounts="cents"), **other)
    assert mrr(cents, "ctm_1", "2026-08") == 4.9


# -- deals -------------------------------------------------------------------------------------------------------

DEALS = "salesforce_opportunities"
OTHER_HEADINGS = ("Contract Start Date", "Term begins"), ("Contract End Date", "Term ends")


def test_what_a_deals_amount_is_for_is_asked():
    reading = read(DEALS)
    assert "amounts may be for a month, for a year or for the whole term" in why(reading)
    assert asks(reading)["billed"] == "term"


@pytest.mark.parametrize(("billed", "expected"), [("month", 15_000), ("year", 1250), ("term", 1250), ("quarter", 5000)])
def test_won_deals_are_contracts_up_to_the_last_day_of_their_term(billed, expected):
    reading = read(DEALS, said=Said(billed=billed))
    assert mrr(reading, "001A1", "2026-01") == expected
    assert reading.tables["contracts"]["end"].max() == pd.Timestamp("2027-03-01")
    assert set(reading.tables["contracts"]["customer"]) == {"001A1", "001A2"}


def test_terms_in_fields_of_a_companys_own_are_named_by_the_user():
    text = (EXPORTS / f"{DEALS}.csv").read_text()
    for old, new in OTHER_HEADINGS:
        text = text.replace(old, new)
    files = {"deals.csv": text.encode()}
    asked = read_company(files, Said(billed="year"))
    assert asks(asked)["columns"] == "start=Close Date"
    told = read_company(files, Said(as_of=DAY, billed="year", columns={"start": "Term begins", "end": "Term ends"}))
    assert mrr(told, "001A2", "2026-01") == 2000.0


def test_a_deal_without_an_end_would_go_on_beside_the_one_that_renews_it():
    text = (EXPORTS / f"{DEALS}.csv").read_text().replace("Contract End Date", "Term ends")
    reading = read_company({"deals.csv": text.encode()}, Said(billed="year"))
    assert "001A1 has several deals without an end" in why(reading)


def test_products_split_the_deals_they_belong_to():
    reading = read(DEALS, "salesforce_opportunity_products", said=Said(billed="year"))
    lines = reading.tables["contracts"]
    of_one = lines[lines["subscription"] == "006A1"]
    assert sorted(zip(of_one["plan"], of_one["amount"], strict=True)) == [("Analytics", 2000.0), ("Core", 10_000.0)]
    assert mrr(reading, "001A1", "2025-06") == pytest.approx(10_000 / 12, abs=0.005)  # Analytics serves from July
    assert mrr(reading, "001A2", "2025-06") == 2000.0  # a deal without products keeps its amount


def test_products_alone_are_not_sold_to_anybody():
    assert "Give the opportunities too" in why(read("salesforce_opportunity_products"))


def test_contracts_give_deals_their_terms():
    text = (EXPORTS / f"{DEALS}.csv").read_text()
    for old, new in (*OTHER_HEADINGS, ('"006A1"', '"006A1"')):
        text = text.replace(old, new)
    rows = [line.split(",") for line in text.splitlines()]
    for row, contract in zip(rows[1:5], ("800A1", "800A2", "800A3", "800A9"), strict=True):
        row[rows[0].index('"Contract ID"')] = f'"{contract}"'
    deals = "\n".join(",".join(row) for row in rows).encode()
    contracts = (EXPORTS / "salesforce_contracts.csv").read_bytes().replace(b"ARR__c", b"Discount")
    reading = read_company({"deals.csv": deals, "contracts.csv": contracts}, Said(as_of=DAY, billed="year"))
    assert mrr(reading, "001A1", "2025-12") == 1000.0
    assert mrr(reading, "001A2", "2026-05") == 2000.0  # terminated: up to its last day, 31 May
    assert mrr(reading, "001A2", "2026-06") == 0.0
    assert any("3 of 4 deals have the term of their contract" in note for note in reading.report.read[-1].notes)


def test_contracts_that_state_revenue_need_no_deals():
    reading = read("salesforce_contracts")
    assert [mrr(reading, "001A2", month) for month in ("2026-05", "2026-06")] == [2000.0, 0.0]
    assert "001A3" not in set(reading.tables["contracts"]["customer"])  # a draft


def test_contracts_without_amounts_say_where_they_are():
    assert "Give the opportunities too" in why(
        read("salesforce_contracts", salesforce_contracts=("ARR__c", "Discount"))
    )


def test_hubspots_annual_recurring_revenue_does_not_look_at_amount():
    reading = read("hubspot_deals")
    assert [mrr(reading, "9001", month) for month in ("2025-12", "2026-01")] == [1000.0, 1100.0]


def test_a_hubspot_deal_without_dates_of_its_own_begins_when_it_closed():
    text = (
        (EXPORTS / "hubspot_deals.csv").read_text().replace("Start Date", "Signature").replace("Contract End", "Last")
    )
    rows = "\n".join(line for line in text.splitlines() if not line.startswith("702"))
    reading = read_company({"deals.csv": rows.encode()}, Said(as_of=DAY))
    assert mrr(reading, "9002", "2025-06") == 2000.0
    assert any("begin on its close date" in text for text in reading.report.read[0].guessed)
    assert any("churn needs an end date" in wait.problem for wait in reading.report.waits["customers"])


def test_stages_that_do_not_say_what_is_won_are_named():
    text = (EXPORTS / "hubspot_deals.csv").read_text().replace("Closed Won", "Signed")
    assert "no stage is Closed Won; there are Signed (Sales Pipeline)" in why(
        read_company({"deals.csv": text.encode()})
    )

"""Amounts in thousands, and the currency a file names: in a heading, above the table, in its cells."""

import pytest

from csmetrics_core.files import read_company


def revenue(text):
    reading = read_company({"revenue.csv": text.encode()})
    [report] = reading.report.read
    return reading.tables["subscriptions"].iloc[:, -1].tolist(), reading.currency, report.notes


@pytest.mark.parametrize(
    ("heading", "worth", "currency"),
    [
        ("MRR (k€)", 1000, "EUR"),
        ("MRR (k)", 1000, ""),
        ("MRR (000s)", 1000, ""),
        ("MRR (m)", 1, ""),
        ("MRR in TEUR", 1000, "EUR"),
        ("MRR k€", 1000, "EUR"),
        ("mrr_kusd", 1000, "USD"),
        ("MRR (USD thousands)", 1000, "USD"),
        ("MRR ('000)", 1000, ""),
        ("ARR ($m)", 1_000_000 / 12, "$"),
        ("MRR (EUR)", 1, "EUR"),
        ("MRR in USD", 1, "USD"),
        ("mrr_eur", 1, "EUR"),
        ("MRR €", 1, "EUR"),
        ("MRR", 1, ""),
    ],
)
def test_a_heading_says_in_what_its_amounts_are(heading, worth, currency):
    amounts, named, notes = revenue(f"Customer;Month;{heading}\nA;2026-08;1,2\nA;2026-09;2,3\n")
    assert amounts == pytest.approx([1.2 * worth, 2.3 * worth])
    assert named == currency
    assert bool(notes) == (worth > 1) or "ARR" in heading


def test_a_text_above_the_table_says_it_too():
    amounts, named, [note] = revenue("Revenue by customer\nAmounts in k€\n\nCustomer;2026-08;2026-09\nA;1,5;2\nB;3;4\n")
    assert amounts == [1500, 3000, 2000, 4000]
    assert named == "EUR"
    assert note == "'Amounts in k€' says thousands: amounts were multiplied by 1,000."


@pytest.mark.parametrize(
    "title",
    [
        "Customers who pay more than a thousand euros a month",
        "Top 20 customers, of 1.2 million users",
        "Over 2 million EUR in all",
        "Growth in thousands of accounts",
        "The $1m ARR club",
    ],
)
def test_prose_that_names_a_number_is_no_unit(title):
    """Each of the first two multiplied the figures beside it."""
    amounts, _, notes = revenue(f"{title}\n\nCustomer;Month;MRR\nA;2026-08;1500\nA;2026-09;2500\n")
    assert (amounts, notes) == ([1500, 2500], [])


@pytest.mark.parametrize("title", ["$ in thousands (unaudited)", "Revenue ($000)", "All figures in thousands of euros"])
def test_a_title_says_thousands_in_many_ways(title):
    text = f"{title}\nPeriod;Aug 2026;Sep 2026\n\nCustomer;2026-08;2026-09\nA;1,5;2\nB;3;4\n"
    assert revenue(text)[0] == [1500, 3000, 2000, 4000]


def test_words_that_only_look_like_a_unit_are_none():
    text = "Market ALL, top customers\n\nCustomer;Month;MRR\nA;2026-08;1,5\nA;2026-09;2,5\n"
    assert revenue(text) == ([1.5, 2.5], "", [])


def test_cells_of_one_currency_name_it_and_of_several_are_asked_about():
    assert revenue("Customer;2026-08;2026-09\nA;1,50 €;2,00 €\n")[:2] == ([1.5, 2.0], "EUR")
    reading = read_company({"revenue.csv": "Customer;2026-08;2026-09\nA;1,50 €;2,00 €\nB;$3;4 €\n".encode()})
    [wait] = reading.report.waits["subscriptions"]
    assert wait.problem == "revenue.csv: amounts are in several currencies: $ (1 row), EUR (3 rows)"

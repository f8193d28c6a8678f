"""Amounts in several currencies: rates of each month in a report and a comparison, one rate for all in a figure."""

import json

import duckdb
import pytest
from csmetrics_addin.cli.app import app
from typer.testing import CliRunner

# A pays EUR and stays; B pays 200 then 250 USD, worth 0.9 then 0.8 EUR: 180, then 200, of which the old 200 are 160.
MONTHS = "customer,month,mrr,currency\nA,2026-01,100,EUR\nA,2026-02,100,EUR\nB,2026-01,200,USD\nB,2026-02,250,USD\n"
ACROSS = "customer,currency,2026-01,2026-02\nA,EUR,100,100\nB,USD,200,250\n"
SIGNED = "customer,2026-01,2026-02\nA,100 EUR,100 EUR\nB,200 USD,250 USD\n"
CONTRACTS = "customer,start,end,amount,interval,currency\nA,2026-01-01,,1200,year,EUR\nB,2026-01-01,,200,month,USD\n"
RATES = "currency,month,rate\nEUR,2026-01,1\nEUR,2026-02,1\nUSD,2026-01,0.9\nUSD,2026-02,0.8\n"


@pytest.fixture
def write(tmp_path):
    def written(text, name="x.csv"):
        (tmp_path / name).write_text(text)
        return str(tmp_path / name)

    return written


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def sections(path, *words, as_of="2026-03-01"):
    shown = run("report", path, "--as-of", as_of, "--json", *words)
    assert shown.exit_code == 0, shown.output
    return {part["title"]: part for part in json.loads(shown.stdout)}


@pytest.mark.parametrize("text", [MONTHS, ACROSS, SIGNED])
def test_a_report_tells_what_rates_did_apart(write, text):
    found = sections(write(text), "--rates", write(RATES, "rates.csv"))
    row = found["MRR movements"]["rows"][1]
    assert {name: row[name] for name in ("opening", "expansion", "contraction", "fx", "closing")} == {
        "opening": 280, "expansion": 40, "contraction": 0, "fx": -20, "closing": 300,
    }  # fmt: skip
    assert found["Retention of cohorts, by money"]["rows"][0]["age_1"] == pytest.approx(300 / 260)


def test_a_year_of_retention_is_in_constant_currency(write):
    """Both pay the same in their currency, and B's halves its worth: nobody shrank, so NDR is 1, not 0.75."""
    days = [f"{2025 + k // 12}-{k % 12 + 1:02}" for k in range(13)]
    rows = [f"{who},{day},100,{code}" for day in days for who, code in (("A", "EUR"), ("B", "USD"))]
    rates = [f"{code},{day},{rate}" for day in days for code, rate in (("EUR", 1), ("USD", 0.5 if day > "2026" else 1))]
    path = write("customer,month,mrr,currency\n" + "\n".join(rows) + "\n")
    found = sections(
        path, "--rates", write("currency,month,rate\n" + "\n".join(rates) + "\n", "rates.csv"), as_of="2026-02-01"
    )
    assert found["Retention over 12 months"]["rows"][-1]["ndr"] == pytest.approx(1)
    assert sum(row["fx"] for row in found["MRR movements"]["rows"]) == pytest.approx(-50)


def test_contracts_are_valued_at_each_months_rates(write):
    found = sections(write(CONTRACTS), "--rates", write(RATES, "rates.csv"))
    assert [row["closing"] for row in found["MRR movements from contracts"]["rows"]] == [280, 260]
    assert found["MRR movements from contracts"]["rows"][1]["fx"] == -20


def test_a_larger_file_is_not_added_up_over_currencies(write, tmp_path):
    path = tmp_path / "months.parquet"
    duckdb.sql(f"COPY (SELECT * REPLACE ((month || '-01')::DATE AS month) FROM '{write(MONTHS)}') TO '{path}'")
    shown = run("report", path, "--json")
    assert shown.exit_code == 3
    assert "different currencies: EUR, USD. Give --rates FILE" in json.loads(shown.stdout)[0]["problem"]
    row = sections(path, "--rates", write(RATES, "rates.csv"))["MRR movements"]["rows"][1]
    assert (row["expansion"], row["fx"], row["closing"]) == (40, -20, 300)
    assert "--rate is for smaller files" in run("report", path, "--rate", "EUR=1").output


@pytest.mark.parametrize("text", [MONTHS, SIGNED])
def test_one_rate_for_all_months_moves_nothing_by_itself(write, text):
    found = sections(write(text), "--rate", "EUR=1", "--rate", "USD=0.8")
    assert [row["closing"] for row in found["MRR movements"]["rows"]] == [260, 300]
    assert found["Retention of cohorts, by money"]["rows"][0]["age_1"] == pytest.approx(300 / 260)


def test_what_rates_lack_is_named(write):
    path, rates = write(MONTHS), write(RATES.replace("USD,2026-02,0.8\n", ""), "rates.csv")
    problem = json.loads(run("report", path, "--rates", rates, "--json").stdout)[0]["problem"]
    assert "rates has none for USD in 2026-02" in problem
    assert "both given" in run("report", path, "--rates", rates, "--rate", "EUR=1").output
    single = sections(write(MONTHS.replace(",currency", ",x")), "--rates", rates)["MRR movements"]
    assert "No column tells currencies: the rates were not used." in single["notes"]


def test_a_file_in_several_currencies_is_compared(write):
    path, rates = write(CONTRACTS), write(RATES, "rates.csv")
    shown = run("compare", path, path, "--as-of", "2026-02-28", "--rates", rates, "--json")
    steps = {row["step"]: row["amount"] for row in json.loads(shown.stdout)["steps"]}
    assert steps == {"left total": 3120, "unexplained": 0, "right total": 3120}  # 1200 + 12 × 200 × 0.8


def test_a_figure_is_computed_in_one_currency(write):
    path = write("id,amount\nA,100 EUR\nB,200 USD\n")
    words = ("compute", "mrr", path, "--amounts", "amount")
    found = json.loads(run(*words, "--rate", "USD=0.9", "--rate", "EUR=1", "--json").stdout)
    assert found["value"] == pytest.approx(280)
    assert "converted to EUR" in " ".join(found["notes"])
    assert "Give a --rate for each" in run(*words).output
    assert "the rates given lack a rate for EUR" in run(*words, "--rate", "USD=1").output
    bare = run("compute", "mrr", write("id,amount\nA,100 EUR\nB,200\n"), "--amounts", "amount", "--rate", "EUR=1")
    assert "1 amounts have no currency beside them" in bare.output
    assert (
        "--rate finds no currency" in run("compute", "mrr", write(MONTHS), "--amounts", "mrr", "--rate", "EUR=1").output
    )

"""`csmetrics forecast` on files as people have them."""

import csv
import json

import pytest
from csmetrics_addin.cli.app import app
from test_arr_ahead import grown
from typer.testing import CliRunner

import csmetrics_core as csm


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """Subscriptions as an export has them, with other headings and a segment."""
    path = tmp_path_factory.mktemp("forecast") / "Abo export.csv"
    paid = grown(1)
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["Client", "Month", "MRR (EUR)", "Segment"])
        for customer, month in zip(*paid.nonzero(), strict=True):
            when = f"{2023 + month // 12}-{month % 12 + 1:02}-01"
            rows.writerow([f"Client {customer}", when, f"{paid[customer, month]:.2f}", "SM"[customer % 2]])
    return path


def test_the_command_gives_the_numbers_of_the_function(table):
    answer = json.loads(run("forecast", table, "--horizon", 6, "--new", 1000, "--json").stdout)
    with table.open() as file:
        customers, months, mrr, segments = zip(*list(csv.reader(file))[1:], strict=True)
    expected = csm.arr_forecast(customers, months, list(map(float, mrr)), segments, None, None, 6, 1000)
    for name in ("contracted", "base", "new", "arr", "low", "high"):
        assert answer[name] == pytest.approx(expected[name].tolist())
    assert answer["month"][0] == "2025-12-01"
    assert answer["mape"][0] is None
    assert any("origins" in note for note in answer["notes"])


def test_the_screen_says_what_the_forecast_was_worth(table):
    shown = " ".join(run("forecast", table, "--horizon", 3, "--terms", 12).stdout.split())
    assert "the 80 % band held in" in shown
    assert "expected to be" in shown


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--horizon", "20"], 3, "half of the 36 months"),
        (["--horizon", "40"], 2, "--horizon"),
        (["--confidence", "80"], 3, "Type 95 % as 0.95"),
    ],
)
def test_wrong_options_are_named(table, words, code, said):
    result = run("forecast", table, *words)
    assert result.exit_code == code
    assert said in " ".join(result.output.split())


def test_a_file_without_subscriptions_says_what_is_needed(tmp_path):
    (tmp_path / "votes.csv").write_text("Date,NPS\n2026-01-01,9\n2026-01-02,10\n")
    result = run("forecast", tmp_path / "votes.csv")
    assert result.exit_code == 3
    assert "a forecast needs" in result.output


def test_several_currencies_are_asked_about_and_never_added_up(tmp_path, table):
    with table.open() as file:
        rows = list(csv.reader(file))[1:]
    lines = [f"{who},{month},{mrr},{'EUR' if segment == 'S' else 'USD'}" for who, month, mrr, segment in rows]
    (tmp_path / "mixed.csv").write_text("\n".join(["Customer,Month,MRR,Currency", *lines]) + "\n")
    refused = run("forecast", tmp_path / "mixed.csv")
    assert refused.exit_code == 3
    assert "--rate EUR=RATE" in refused.output
    told = run("forecast", tmp_path / "mixed.csv", "--rate", "EUR=1.1", "--rate", "USD=1", "--horizon", 1, "--json")
    last = {name: sum(float(mrr) for _, month, mrr, s in rows if month == "2025-12-01" and s == name) for name in "SM"}
    assert json.loads(told.stdout)["arr"][0] == pytest.approx(12 * (1.1 * last["S"] + last["M"]), abs=1)


def test_contracts_run_as_long_as_is_paid_for_unless_said(table, tmp_path):
    paid = tmp_path / "paid.csv"
    with table.open() as file, paid.open("w", newline="") as written:
        head, *rows = list(csv.reader(file))
        csv.writer(written).writerows([[*head, "Interval months"], *([*row, "12"] for row in rows)])
    asked = json.loads(run("forecast", table, "--horizon", 6, "--terms", 12, "--json").stdout)
    read = json.loads(run("forecast", paid, "--horizon", 6, "--json").stdout)
    assert read["contracted"] == asked["contracted"]
    assert read["contracted"][1] > 0
    monthly = json.loads(run("forecast", paid, "--horizon", 6, "--terms", 1, "--json").stdout)
    assert monthly["contracted"][1] == 0

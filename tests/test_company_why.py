"""Why each headline of a company moved, and that no door tells another change."""

import datetime
import json
import math

import numpy as np
import pytest
from csmetrics_addin.cli.app import app
from typer.testing import CliRunner

import csmetrics_core as csm
from csmetrics_core.company.company import Company, Missing, month_number
from csmetrics_core.company.headline.why import Side, why_of, why_rows
from csmetrics_core.declaration.catalog import headline_metrics, lookup
from csmetrics_core.samples import sample_company
from csmetrics_core.scorecard import scorecard

_COMPOSED = ("clv", "crc", "stickiness")


@pytest.fixture(scope="module")
def tables():
    return sample_company().tables


@pytest.mark.parametrize("metric", [m.name for m in headline_metrics() if m.name not in _COMPOSED])
def test_account_tells_the_change_and_the_verdict_of_the_scorecard(tables, metric):
    if metric == "conversion_rate":
        tables = {**tables, "funnel": tables["funnel"].assign(Segment="All")}
    company = Company(tables)
    line = scorecard(tables)[metric]
    table = why_of(company, metric, company.current).table
    assert table["before"][0] == pytest.approx(line.previous, rel=1e-12)
    assert table["after"][0] == pytest.approx(line.value, rel=1e-12)
    tested = line.tested
    for told, known in zip(("low", "high", "p_holm"), (tested.low, tested.high, tested.p), strict=True):
        assert table[told][0] == pytest.approx(known, rel=1e-9, nan_ok=True), told
    rows = zip(table["step"], table["part"], table["effect"], strict=True)
    again = {"mrr": ("volume", "mix", "price"), "ndr": ("mix", "rate")}  # a second account of the same change
    parts = [effect for step, part, effect in rows if step == "total" and part not in again.get(metric, ())]
    assert math.fsum(parts) == pytest.approx(table["effect"][0], abs=1e-9)


def test_segments_are_taken_from_the_customers_where_rows_have_none(tables):
    company = Company({**tables, "responses": tables["responses"].drop(columns=["segment"], errors="ignore")})
    own = why_of(Company(tables), "nps", company.current)
    joined = why_of(company, "nps", company.current)
    assert joined.by == "segment"
    assert joined.table["before"][0] == own.table["before"][0]


def test_what_is_composed_says_where_to_look():
    company = Company(sample_company().tables)
    with pytest.raises(Missing, match="see why ARPU and churn moved"):
        why_of(company, "clv", company.current)


def test_without_segments_the_account_says_what_it_needs():
    days = [datetime.date(2026, 1, 5), datetime.date(2026, 2, 5)]
    company = Company({"responses": {"Date": days * 2, "Score": [10, 9, 3, 10]}})
    with pytest.raises(Missing, match="needs a column segment"):
        why_of(company, "nps", month_number("2026-02"))


def test_months_that_know_other_inputs_are_not_put_together():
    sides = [
        Side({"values": np.ones((2, width)), "worst": [0] * width, "best": [1] * width}, ["A", "B"]) for width in (2, 3)
    ]
    with pytest.raises(Missing, match="the same inputs in both months"):
        why_rows(lookup("health_score"), *sides, ("2026-01", "2026-02"))


def test_users_that_are_numbers_have_the_segment_of_their_events():
    days = [datetime.datetime(2026, month, day, 9, minute) for month in (1, 2) for day in (1, 28) for minute in (0, 5)]
    events = {"User": [7, 7, 8, 8] * 2, "Time": days, "Segment": ["SMB", "SMB", "ENT", "ENT"] * 2}
    table = why_of(Company({"events": events}), "avg_session_duration", month_number("2026-02")).table
    assert {group for step, group in zip(table["step"], table["group"], strict=True) if step == "segment"} == {
        "ENT",
        "SMB",
    }


def test_plans_stand_for_segments_where_there_are_none():
    days = [datetime.date(2026, 1, 5), datetime.date(2026, 2, 5)] * 2
    answers = {"Date": days, "Score": [10, 9, 3, 10], "Plan": ["Pro", "Basic", "Pro", "Pro"]}
    table = why_of(Company({"responses": answers}), "nps", month_number("2026-02")).table
    found = {group for step, group in zip(table["step"], table["group"], strict=True) if step == "segment"}
    assert found == {"Basic", "Pro"}


@pytest.fixture
def subscriptions(tmp_path):
    path = tmp_path / "abo.csv"
    path.write_text("Kunde;Monat;MRR\nA;2026-08;100,50\nB;2026-08;200\nA;2026-09;120,50\nB;2026-09;200\n")
    return path


def _run(*words):
    return CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)


def test_command_tells_why_a_headline_moved(subscriptions):
    answer = json.loads(_run("why", subscriptions, "--metric", "mrr", "--json").stdout)
    assert answer["answer"].startswith("MRR rose by 20, from 300.5 to 320.5: expansion 20. Largest: A +20.")
    assert [row["effect"] for row in answer["rows"] if row["step"] == "customer"] == [20.0]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--metric", "mrr", "--from", "May"), "May is no month"),
        (("--metric", "ndr"), "needs subscriptions of 2025-09"),
        (("--metric", "mrr", "--set", "amounts=MRR"), "--set belongs to --by"),
        (("--metric", "gini"), "gini"),
        (("--metric", "grr"), "no headline of a scorecard"),
        (("--metric", "mrr", "--from", "2026-09", "--to", "2026-08"), "not before the later one"),
    ],
)
def test_command_refuses_in_a_sentence(subscriptions, words, said):
    done = CliRunner().invoke(app, ["why", str(subscriptions), *words])
    assert done.exit_code
    told = " ".join((done.output + str(done.exception)).split())
    assert said in told
    assert "Traceback" not in told


def test_small_segments_of_a_headline_are_told_together(tables):
    """The change stays; its segments are told by whoever has enough answers, and the account by customer refuses."""
    company = Company(tables)
    whole = why_of(company, "nps", company.current)
    few = why_of(company, "nps", company.current, hide_below=40)
    assert few.table["effect"][0] == whole.table["effect"][0]
    shown = set(few.rows("segment", "group")["group"])
    assert any(name.endswith("segments together") for name in shown)
    assert len(shown) < len(set(whole.rows("segment", "group")["group"]))
    assert "Segments below 40 observations are told together." in few.notes
    with pytest.raises(Missing, match="by customer"):
        why_of(company, "mrr", company.current, hide_below=40)


def test_what_is_left_is_named_by_how_many_it_is():
    """Six customers move: five are named, and the sixth is the other customer, not the rest of one."""
    who = [*"ABCDEF"] * 2
    months = [datetime.date(2026, 8, 1)] * 6 + [datetime.date(2026, 9, 1)] * 6
    paid = [*[100.0] * 6, 110, 120, 130, 140, 150, 101]
    table = csm.mrr_why(who, months, paid, months[0], months[-1])
    assert "the other customer" in table["group"].tolist()
    assert "; the other customer +1." in table["note"][0]

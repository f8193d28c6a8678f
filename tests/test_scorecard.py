"""The scorecard against direct computation from the sample company's frames, and against tables people have."""

from datetime import date, datetime

import numpy as np
import pandas as pd
import pytest

import csmetrics_core as csm
from csmetrics_core import customer_movements, retention_by_month
from csmetrics_core.company.headline import CALLS, Assumptions
from csmetrics_core.declaration.catalog import headline_metrics
from csmetrics_core.errors import OutOfScale
from csmetrics_core.files.headings import find_heading, match_tables
from csmetrics_core.maths.inference import holm
from csmetrics_core.samples import sample_company
from csmetrics_core.scorecard import scorecard

MONTH = pd.Period("2026-09")


@pytest.fixture(scope="module")
def company():
    return sample_company(customers=150, months=18)


@pytest.fixture(scope="module")
def card(company):
    return scorecard(company.tables, months=13)


def of_month(frame: pd.DataFrame, column: str, month: pd.Period = MONTH) -> pd.DataFrame:
    return frame[frame[column].dt.to_period("M") == month]


def numbers(column: pd.Series) -> pd.Series:
    """Numbers only: text such as "9 " is not one."""
    return column[[isinstance(v, int | float) and v == v for v in column]].astype(float)


def paying(company, month: pd.Period) -> set:
    day = month.to_timestamp(how="end").normalize()
    stays = company.customers
    return set(stays.customer[(stays.start <= day) & (stays.end.isna() | (stays.end > day))])


def test_every_headline_metric_has_a_value(card):
    assert card.month == "2026-09"
    assert [line.metric for line in card.lines] == list(headline_metrics())
    assert {line.metric.name: line.missing for line in card.lines if line.missing} == {}
    assert set(CALLS) == {metric.name for metric in headline_metrics()}


def test_customers_and_money(company, card):
    before, now = paying(company, MONTH - 1), paying(company, MONTH)
    lost = len(before - now)
    assert card["churn_rate"].value == pytest.approx(lost / len(before))
    assert card["churn_rate"].n == len(before)
    mrr = of_month(company.subscriptions, "month").mrr.sum()
    assert card["mrr"].value == pytest.approx(mrr)
    assert card["arpu"].value == pytest.approx(mrr / ((len(before) + len(now)) / 2))
    costs = of_month(company.costs, "month")
    kept = len(before) - lost
    assert card["crc"].value == pytest.approx(costs.amount[costs.purpose == "retention"].sum() / kept)
    spans = [(paying(company, MONTH - back - 1), paying(company, MONTH - back)) for back in range(6)]
    churn = sum(len(a - b) for a, b in spans) / sum(len(a) for a, _ in spans)
    margin = 1 - costs.amount[costs.purpose == "delivery"].sum() / mrr
    assert card["clv"].value == pytest.approx(mrr / len(now) * margin / churn)


def test_net_retention_is_that_of_the_customers_of_a_year_ago(company, card):
    then = of_month(company.subscriptions, "month", MONTH - 12).groupby("customer").mrr.sum()
    now = of_month(company.subscriptions, "month").groupby("customer").mrr.sum()
    assert card["ndr"].value == pytest.approx(now.reindex(then.index).fillna(0).sum() / then.sum())
    assert card["ndr"].n == then.size
    table = retention_by_month(company.subscriptions.customer, company.subscriptions.month, company.subscriptions.mrr)
    assert card["ndr"].value == pytest.approx(table.ndr.iloc[-1])


def test_churn_is_that_of_customer_movements(company, card):
    stays = company.customers
    table = customer_movements(stays.customer, stays.start, stays.end).set_index("period").churn
    for month, value in card["churn_rate"].history[:-1]:
        assert value == pytest.approx(table[pd.Timestamp(month)])


def test_answers_of_the_month(company, card):
    answers = of_month(company.responses, "date")
    nps, csat, ces = (numbers(answers[name]) for name in ("nps", "csat", "ces"))
    assert card["nps"].value == pytest.approx(100 * ((nps >= 9).mean() - (nps <= 6).mean()))
    assert card["nps"].n == nps.size
    low, high = card["nps"].interval
    assert low < card["nps"].value < high
    assert card["csat"].value == pytest.approx(100 * (csat >= 4).mean())
    assert card["ces"].value == pytest.approx(100 * (ces >= 5).mean())
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    vader = SentimentIntensityAnalyzer()
    for department in ("support", "help", "care"):
        del vader.lexicon[department]
    comments = [c for c in answers.comment.dropna() if c.strip()]
    assert card["sentiment"].value == pytest.approx(np.mean([vader.polarity_scores(c)["compound"] for c in comments]))
    assert card["sentiment"].n == len(comments)


def test_tickets_and_funnel(company, card):
    tickets = of_month(company.tickets, "opened")
    counted = tickets[tickets.resolved & ~tickets.abandoned & tickets.contacts.notna()]
    first = counted[(counted.contacts == 1) & ~counted.reopened & ~counted.transferred]
    assert card["fcr"].value == pytest.approx(len(first) / len(counted))
    row = of_month(company.funnel, "month").iloc[0]
    assert card["conversion_rate"].value == pytest.approx(row.conversions / row.opportunities)


def test_usage(company, card):
    events = company.events.dropna(subset=["user"])
    now = paying(company, MONTH)
    month = of_month(events[events.customer.isin(now)], "timestamp")
    seats = company.licences.licensed[company.licences.customer.isin(now)].sum()
    assert card["product_usage_rate"].value == pytest.approx(month.user.nunique() / seats)
    days = events.timestamp.dt.normalize()
    window = events[days > days.max() - pd.Timedelta(days=30)]
    daily = window.groupby(window.timestamp.dt.normalize()).user.nunique()
    assert card["stickiness"].value == pytest.approx(daily.sum() / 30 / window.user.nunique())
    ordered = events.sort_values(["user", "timestamp"])
    gap = ordered.groupby("user").timestamp.diff()
    number = (gap.isna() | (gap > pd.Timedelta(minutes=30))).cumsum()
    spans = ordered.groupby(number).timestamp.agg(["min", "max"])
    spans = spans[spans["min"].dt.to_period("M") == MONTH]
    assert card["avg_session_duration"].value == pytest.approx(
        (spans["max"] - spans["min"]).dt.total_seconds().mean() / 60
    )


def test_health_is_the_mean_of_paying_accounts(company, card):
    line = card["health_score"]
    frame = pd.DataFrame(line.arguments["values"], columns=line.columns)
    worst, best = np.array([0, 0, 0, -0.5]), np.array([20, 1, 1, 0.5])
    share = ((frame - worst) / (best - worst)).clip(0, 1)
    enough = share.notna().sum(axis=1) >= 2
    assert line.value == pytest.approx(100 * share[enough].mean(axis=1).mean())
    assert set(line.labels) <= paying(company, MONTH)
    assert line.n == enough.sum()


def test_history_ends_in_the_value_and_gives_the_change(company, card):
    for line in card.lines:
        assert len(line.history) == 13
        assert line.history[-1] == ("2026-09", line.value)
    august = scorecard(company.tables, month="2026-08")
    assert august["mrr"].value == pytest.approx(card["mrr"].previous)
    assert card["mrr"].change == pytest.approx(card["mrr"].value - august["mrr"].value)
    assert card["ndr"].history[0][1] is None  # no subscriptions a year before


def test_a_rise_in_churn_is_no_improvement():
    stays = {"customer": list("ABCD"), "start": [date(2025, 1, 1)] * 4, "end": [None, None, None, date(2026, 2, 5)]}
    months = [date(2026, 1, 1), date(2026, 2, 1)]
    paid = {"customer": ["A"] * 2, "month": months, "mrr": [1, 2]}
    line = scorecard({"customers": stays, "subscriptions": paid})["churn_rate"]
    assert (line.previous, line.value) == (0.0, 0.25)
    assert (line.change_text, line.verdict) == ("+25.0 pp", "no clear change")


def test_rows_from_a_file_give_what_frames_give(company, card):
    def cells(frame):
        return {name: [None if v is pd.NaT or v != v else v for v in frame[name].tolist()] for name in frame.columns}

    again = scorecard({name: cells(frame) for name, frame in company.tables.items()}, months=13)
    assert [line.value for line in again.lines] == [line.value for line in card.lines]


def test_headings_match_whatever_their_case_and_by_synonym():
    tables = {"Export 3": {"Company ": ["A", "B"], "NPS-Score": [10, 0], "Response Date": [date(2026, 5, 31)] * 2}}
    card = scorecard(tables)
    assert card["nps"].value == 0
    assert card.matched["responses"].columns == {"nps": "NPS-Score", "date": "Response Date"}
    assert "csat" in card.matched["responses"].missing
    assert find_heading("customer", ["Name", "ACCOUNT_ID"]) == "ACCOUNT_ID"


def test_a_table_called_so_wins_over_one_that_only_looks_like_it(company):
    headings = {name: list(frame.columns) for name, frame in company.tables.items()}
    matched = match_tables(headings)
    assert {part: fit.table for part, fit in matched.items()} == {part: part for part in matched}
    payments = {name: headings[name] for name in ("payments", "orders")}
    assert match_tables(payments) == {}  # invoices are not recurring revenue, nor retention costs


def test_what_is_missing_is_named():
    card = scorecard({"responses": {"Score": [10, 9, 8, 6]}})
    assert card["mrr"].missing == "needs a table of subscriptions with customer, month, mrr or amount"
    assert card["csat"].missing == "needs a column csat in responses"
    assert card["nps"].previous is None
    assert card["nps"].change_text == ""
    assert "No table has dates" in card.notes[0]


def test_an_answer_off_the_scale_is_refused_not_averaged(company):
    card = scorecard(sample_company(customers=60, months=3, off_scale=True).tables, months=3)
    values = dict(card["nps"].history)
    assert None in values.values() or "expected a whole number from 0 to 10" in card["nps"].missing
    assert scorecard({"r": {"nps": [11, 10]}})["nps"].missing.startswith("scores[0] is 11; expected")


def test_a_month_that_is_not_over_is_left_out():
    days = [datetime(2026, 8, 31, 9), datetime(2026, 9, 10, 9)]
    card = scorecard({"responses": {"nps": [10, 0], "date": days}})
    assert (card.month, card["nps"].value) == ("2026-08", 100)
    assert card.notes == ("2026-09 is not over on the last date seen and is left out.",)
    asked = scorecard({"responses": {"nps": [10, 0], "date": days}}, month="2026-09")
    assert (asked["nps"].value, asked.notes) == (-100, ())


def test_no_month_by_that_name():
    with pytest.raises(OutOfScale, match="expected a month as 2026-09"):
        scorecard({"responses": {"nps": [10]}}, month="September")


def test_churn_from_subscriptions_where_there_is_no_list_of_customers():
    january, february = date(2026, 1, 1), date(2026, 2, 1)
    tables = {
        "mrr": {"Account": ["A", "B", "C", "A", "C"], "Month": [january] * 3 + [february] * 2, "MRR": [5, 5, 5, 5, 0]}
    }
    line = scorecard(tables)["churn_rate"]
    assert (line.arguments, line.value) == ({"lost": 2, "opening": 3}, 2 / 3)


def test_assumptions_decide_what_tables_cannot_say(company):
    given = Assumptions(csat_scale=7, ces_scale=5, ces_easy="low", gross_margin=0.5, churn_months=1)
    answers = {"csat": [5, 6, 7], "ces": [1, 2, 5]}
    card = scorecard({"responses": answers}, assumptions=given)
    assert card["csat"].value == pytest.approx(200 / 3)
    assert card["ces"].value == pytest.approx(200 / 3)
    assert "scale 1-7" in card["csat"].basis
    assert scorecard(company.tables, assumptions=given)["clv"].arguments["gross_margin"] == 0.5
    without = {name: table for name, table in company.tables.items() if name != "costs"}
    assert "gross margin" in scorecard(without)["clv"].missing


def test_rows_imported_twice_are_reported_and_count():
    rows = {"customer": ["A", "A"], "subscription": ["1", "1"], "month": [date(2026, 1, 1)] * 2, "mrr": [10, 10]}
    card = scorecard({"subscriptions": rows})
    assert card["mrr"].value == 20
    assert card.notes == ("subscriptions: 1 row is an exact copy of another; they count. Were they imported twice?",)


def test_nothing_is_an_empty_scorecard():
    card = scorecard({})
    assert all(line.value is None and line.missing for line in card.lines)
    assert scorecard({"responses": {"nps": [], "date": []}})["nps"].value is None


def used_by(accounts: str, days: int) -> dict[str, list]:
    """An event a day of each account from 1 June 2026 on, each by its one user."""
    times = [datetime(2026, 6, 1 + day, 9) for day in range(days)]
    rows = [(account, f"user of {account}", time) for time in times for account in accounts]
    return {
        name: list(cells)
        for name, cells in zip(("customer", "user", "timestamp"), zip(*rows, strict=True), strict=True)
    }


@pytest.mark.parametrize(("accounts", "n"), [("A", 1), ("ABC", 3)])
def test_health_of_one_account_or_by_one_input_is_a_score_too(accounts, n):
    """All but frequency are unknown: 30 active days of a user are past 20, the best."""
    line = scorecard({"events": used_by(accounts, 30)})["health_score"]
    assert (line.value, line.n, line.missing) == (100, n, "")
    assert line.basis == "mean over accounts; frequency of 30 days"


def test_without_dates_nothing_is_said_of_a_month():
    tables = {"responses": {"Score": [10, 9, 0], "Comment": ["good", "", "bad"]}, "tickets": {"Contacts": [1, 2]}}
    card = scorecard(tables)
    assert [card[name].basis for name in ("nps", "sentiment", "fcr")] == ["responses", "comments", "resolved tickets"]
    assert scorecard({"responses": {"Comment": [" "]}})["sentiment"].missing == "there are no comments"


def test_health_says_when_no_paying_account_used_the_product():
    nobody = {"customer": ["Z"], "start": [date(2026, 1, 1)], "end": [None]}
    line = scorecard({"events": used_by("AB", 30), "customers": nobody})["health_score"]
    assert line.missing.startswith("needs usage in the last 30 days")


def test_delivery_costs_above_the_revenue_leave_no_margin():
    months = [date(2026, month, 1) for month in range(1, 10)]
    stays = {"customer": ["A", "B"], "start": [date(2025, 12, 1)] * 2, "end": [None, date(2026, 5, 10)]}
    tables = {
        "customers": stays,
        "subscriptions": {"customer": ["A"] * 9, "month": months, "mrr": [10] * 9},
        "costs": {"month": months, "purpose": ["delivery"] * 9, "amount": [50] * 9},
    }
    line = scorecard(tables, month="2026-09")["clv"]
    assert line.value == 0
    assert line.basis.startswith("gross margin 0%, as delivery costs exceed the revenue")


def churned(before: tuple[int, int], after: tuple[int, int]) -> dict:
    """Customers of whom so many of so many left in January, and in February."""
    (lost, opening), (lost_then, opening_then) = before, after
    ends = [date(2026, 1, 9)] * lost + [date(2026, 2, 9)] * lost_then + [None] * (opening - lost - lost_then)
    rows = [(f"a{i}", date(2025, 1, 1), end) for i, end in enumerate(ends)]
    rows += [(f"n{i}", date(2026, 1, 15), None) for i in range(opening_then - opening + lost)]
    names = ("customer", "start", "end")
    stays = {name: list(cells) for name, cells in zip(names, zip(*rows, strict=True), strict=True)}
    return {"customers": stays, "subscriptions": {"customer": ["a0"], "month": [date(2026, 2, 1)], "mrr": [1]}}


def test_four_of_301_and_eight_of_302_is_no_clear_change_behind_every_door():
    """One interval alone would have called it worse; cell, scorecard, terminal and dashboard say the same."""
    tables = churned((4, 301), (8, 302))
    line = scorecard(tables)["churn_rate"]
    assert (line.previous, line.value) == pytest.approx((4 / 301, 8 / 302))
    alone = csm.csm_change("churn_rate", [1, 2], lost=[4, 8], opening=[301, 302]).iloc[0]
    assert line.verdict == alone["verdict"] == "no clear change"
    assert (line.tested.low, line.tested.high) == pytest.approx((alone["low"], alone["high"]))
    assert scorecard(churned((4, 301), (40, 302)))["churn_rate"].verdict == "worse"


def test_the_scorecard_judges_as_the_cells_do(company, card):
    """Each line alone equals csm_change on the same rows; together they are held to Holm."""
    r = company.responses
    month = pd.to_datetime(r["date"]).dt.strftime("%Y-%m").to_numpy()
    for metric, column, more in (("nps", "nps", {}), ("csat", "csat", {}), ("ces", "ces", {"scale_max": 7})):
        name = csm.lookup(metric).names[0]
        given = {name: r[column].to_numpy(), "customers": r["customer"].to_numpy(), **more}
        alone = csm.csm_change(metric, month, "2026-08", "2026-09", **given).iloc[0]
        assert card[metric].tested.p == pytest.approx(alone["p_value"])
        assert card[metric].change == pytest.approx(alone["change"])
    p = [line.tested.p for line in card.lines if line.tested and line.tested.p == line.tested.p]
    assert [line.p_adjusted for line in card.lines if line.p_adjusted is not None] == pytest.approx(holm(p))
    assert all(line.among == len(p) for line in card.lines)
    assert card["crc"].verdict == "not judged"


def test_clear_alone_is_not_clear_among_many():
    """NPS falls far enough to be seen alone; beside unchanged metrics Holm asks for more."""
    scores = [10] * 60 + [8] * 20 + [0] * 20 + [10] * 45 + [8] * 25 + [0] * 30
    when = [date(2026, 1, 31)] * 100 + [date(2026, 2, 28)] * 100
    alone = scorecard({"responses": {"nps": scores, "date": when}})["nps"]
    same = ([5, 1] * 50) * 2
    among = scorecard({"responses": {"nps": scores, "csat": same, "ces": same, "date": when}})["nps"]
    assert alone.tested.p == among.tested.p
    assert (alone.verdict, alone.verdict_note) == ("worse", "")
    assert (among.verdict, among.verdict_note) == ("no clear change", "clear alone, not among 3")
    again = scorecard(
        {"responses": {"nps": scores, "csat": same, "ces": same, "date": when}}, adjust="benjamini_hochberg"
    )
    assert again["nps"].p_adjusted == pytest.approx(3 * alone.tested.p)


def test_money_counted_in_full_moves_as_a_fact():
    months = [date(2026, 1, 1)] * 12 + [date(2026, 2, 1)] * 12
    paid = [100.0] * 12 + [100.0] * 11 + [600.0]
    line = scorecard({"subscriptions": {"customer": list("ABCDEFGHIJKL") * 2, "month": months, "mrr": paid}})["mrr"]
    assert (line.change, line.verdict, line.verdict_words) == (500.0, "no clear change", "rose")
    assert (
        line.sentence
        == "MRR rose by 500. The rise is real, but it rests on 1 customer; it says little about the next month."
    )

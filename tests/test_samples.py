"""The sample company: reproducible, plausible, whole, and messy in the ways it promises."""

import dataclasses
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from csmetrics_core.errors import OutOfScale
from csmetrics_core.samples import SAMPLE_NOTE, SampleCompany, sample_company

COLUMNS = {
    "customers": "customer name segment region plan owner start end arr",
    "contracts": "customer subscription kind plan start end interval_months amount discount currency",
    "subscriptions": "customer subscription month plan interval_months amount mrr segment",
    "payments": "customer date amount kind",
    "orders": "customer date amount item",
    "surveys": "month survey segment invited",
    "responses": "customer date segment survey arr nps csat ces comment",
    "tickets": "ticket customer opened channel contacts resolved reopened transferred abandoned unresolvable",
    "events": "user customer timestamp feature",
    "licences": "customer licensed assigned",
    "features": "feature key",
    "onboarding": "customer segment started first_value completed",
    "costs": "month category purpose amount",
    "funnel": "month visitors leads opportunities conversions trials_started trials_ended converted free_users paid",
    "renewals": "customer owner segment arr due health_band call expected_arr renewed renewed_arr reason next_step",
}
PINNED = {"mrr": 2_653_848.3, "events": 57909, "responses": 1941}
END = pd.Timestamp("2026-09-30")


@pytest.fixture(scope="module")
def messy() -> SampleCompany:
    return sample_company()


@pytest.fixture(scope="module")
def clean() -> SampleCompany:
    return sample_company(messy=False)


@pytest.fixture(scope="module")
def large() -> SampleCompany:
    return sample_company(customers=3000, messy=False)


def monthly(company: SampleCompany) -> pd.DataFrame:
    """MRR, one row a customer and one column a month, 0 where nothing is paid."""
    return company.subscriptions.pivot_table(
        index="customer", columns="month", values="mrr", aggfunc="sum", fill_value=0.0
    )


def nps(scores: pd.Series) -> float:
    return 100 * ((scores >= 9).mean() - (scores <= 6).mean())


def is_text(column: pd.Series) -> pd.Series:
    return column.map(lambda value: isinstance(value, str)).astype(bool)


# Shape and reproducibility


def test_tables_and_columns_are_those_documented(messy):
    assert {name: " ".join(table.columns) for name, table in messy.tables.items()} == COLUMNS
    assert all(name in SampleCompany.__doc__ for name in COLUMNS)
    assert "made up" in SAMPLE_NOTE


def test_same_arguments_give_the_same_tables(messy):
    again = sample_company(400, 24, 1, end="2026-09-30", messy=True)
    for name, table in again.tables.items():
        assert_frame_equal(table, messy.tables[name], check_exact=True, obj=name)


def test_tables_are_the_same_in_another_process(clean):
    code = (
        "import pandas as pd; from csmetrics_core.samples import sample_company;"
        "print(sum(int(pd.util.hash_pandas_object(table).sum()) for table in"
        " sample_company(messy=False).tables.values()))"
    )
    there = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    here = sum(int(pd.util.hash_pandas_object(table).sum()) for table in clean.tables.values())
    assert int(there) == here


def test_a_few_values_are_pinned(clean):
    """The stream of random numbers is a frozen one: these hold on every version of NumPy and pandas."""
    first = clean.customers.iloc[0]
    assert (first["customer"], first["name"], first["segment"]) == ("C-0001", "Account 0001", "SMB")
    assert clean.subscriptions["mrr"].sum() == pytest.approx(PINNED["mrr"], abs=0.005)
    assert len(clean.events) == PINNED["events"]
    assert len(clean.responses) == PINNED["responses"]


def test_another_seed_is_another_company(clean):
    other = sample_company(seed=2, messy=False)
    assert not other.customers.equals(clean.customers)
    assert list(other.tables) == list(clean.tables)


def test_mess_does_not_move_the_rest(messy, clean):
    for name in ("contracts", "orders", "surveys", "licences", "onboarding", "costs", "funnel"):
        assert_frame_equal(messy.tables[name], clean.tables[name])
    unspoiled = messy.subscriptions.drop_duplicates().reset_index(drop=True)
    assert_frame_equal(unspoiled, clean.subscriptions)


def test_importing_the_module_does_not_import_pandas():
    code = "import sys; import csmetrics_core.samples; print('pandas' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


@pytest.mark.parametrize(("customers", "months"), [(1, 1), (7, 3), (120, 36)])
def test_size_is_what_was_asked_for(customers, months):
    company = sample_company(customers=customers, months=months)
    assert company.customers["customer"].nunique() == customers
    assert len(company.costs["month"].unique()) == months
    assert company.costs["month"].max() == pd.Timestamp("2026-09-01")
    assert list(company.tables) == list(COLUMNS)


def test_usage_can_be_made_longer_and_shorter(clean):
    short = sample_company(messy=False, event_days=10).events["timestamp"]
    assert (short.min().normalize(), short.max().normalize()) == (pd.Timestamp("2026-09-21"), END)
    assert 0 < len(short) < len(clean.events) / 8


@pytest.mark.parametrize("end", ["2024-02-29", "2026-09-15", "2026-01-01", "2025-12-31"])
def test_nothing_but_renewals_and_trial_dates_lies_outside_the_window(end):
    company = sample_company(customers=150, end=end, messy=False)
    last = pd.Timestamp(end)
    for name, column in (
        ("customers", "start"), ("customers", "end"), ("payments", "date"), ("orders", "date"), ("responses", "date"),
        ("tickets", "opened"), ("events", "timestamp"), ("onboarding", "completed"), ("subscriptions", "month"),
    ):  # fmt: skip
        assert company.tables[name][column].max() < last + pd.Timedelta(days=1), (name, column)


@pytest.mark.parametrize("argument", ["customers", "months", "event_days"])
@pytest.mark.parametrize("value", [0, -1, 2.5, "x", None, True])
def test_sizes_below_one_are_refused_by_name(argument, value):
    with pytest.raises(OutOfScale, match=f"^sample_company: {argument} is .*; expected a whole number of 1 or more"):
        sample_company(**{argument: value})


@pytest.mark.parametrize("seed", [-1, 2**32, 0.5, None])
def test_a_seed_out_of_its_bounds_is_refused(seed):
    with pytest.raises(OutOfScale, match=r"seed is .*; expected a whole number from 0 to 4294967295"):
        sample_company(seed=seed)


@pytest.mark.parametrize("end", ["2026-13-45", "30.09.2026", "", None])
def test_an_end_that_is_no_date_is_refused(end):
    with pytest.raises(ValueError, match="expected a date as YYYY-MM-DD"):
        sample_company(end=end)


def test_it_prints_as_one_line_not_as_fifteen_tables(clean):
    assert repr(clean).startswith("SampleCompany, rows: customers 412, contracts ")
    assert SAMPLE_NOTE in repr(clean)


def test_the_company_cannot_be_changed_by_accident(clean):
    with pytest.raises(dataclasses.FrozenInstanceError):
        clean.customers = clean.customers.head()


# The tables hang together


def test_customers_pay_in_the_months_their_dates_say(clean):
    for month, rows in clean.subscriptions.groupby("month"):
        close = month + pd.offsets.MonthBegin(1)
        dated = clean.customers
        paying = dated.loc[(dated["start"] < close) & ~(dated["end"] < close), "customer"]
        assert set(rows["customer"]) == set(paying)


def test_contracts_give_the_subscriptions_of_every_month(clean):
    recurring = clean.contracts[clean.contracts["kind"] == "recurring"]
    for month, rows in clean.subscriptions.groupby("month"):
        close = month + pd.offsets.MonthBegin(1)
        running = recurring[(recurring["start"] < close) & ~(recurring["end"] < close)]
        net = (running["amount"] - running["discount"]) / running["interval_months"]
        expected = rows.set_index("subscription")["mrr"].sort_index()
        actual = pd.Series(net.to_numpy(), running["subscription"].to_numpy()).sort_index()
        assert list(actual.index) == list(expected.index)
        np.testing.assert_allclose(actual, expected, atol=1e-9)


def test_amount_divided_by_interval_is_mrr(clean):
    rows = clean.subscriptions
    np.testing.assert_allclose(rows["amount"] / rows["interval_months"], rows["mrr"], rtol=1e-12)
    assert set(rows["interval_months"]) == {1, 12}
    assert (rows["mrr"] > 0).all()
    cents = rows["mrr"] * 100
    np.testing.assert_allclose(cents, cents.round(), atol=1e-6)


def test_latest_arr_is_twelve_times_the_last_mrr(clean):
    now = clean.customers[clean.customers["end"].isna()].set_index("customer")["arr"]
    mrr = monthly(clean).iloc[:, -1]
    assert now.sum() == pytest.approx(12 * mrr.sum())
    assert now.to_dict() == pytest.approx((12 * mrr[mrr > 0]).to_dict())


def test_everybody_named_is_a_customer(clean):
    known = set(clean.customers["customer"])
    for name, table in clean.tables.items():
        if "customer" in table:
            assert set(table["customer"]) <= known, name


def test_use_and_answers_come_from_paying_customers_only(clean):
    periods = clean.customers[["customer", "start", "end"]]
    for name, column in (("events", "timestamp"), ("tickets", "opened")):
        rows = clean.tables[name][["customer", column]].reset_index().merge(periods, on="customer")
        day = rows[column].dt.normalize()
        # A session that starts before midnight of the last paid day may run on past it.
        inside = (day >= rows["start"]) & ~(day - pd.Timedelta(days=1) >= rows["end"])
        assert inside.groupby(rows["index"]).any().all(), name


def test_nobody_answers_who_was_not_asked(clean):
    answers = clean.responses.assign(month=clean.responses["date"].dt.to_period("M").dt.start_time)
    keys = ["month", "survey", "segment"]
    both = clean.surveys.set_index(keys)["invited"].to_frame()
    both["answers"] = answers.groupby(keys).size()
    assert (both["answers"].fillna(0) <= both["invited"]).all()
    assert both["answers"].sum() == len(answers)


def test_funnel_narrows_and_matches_the_newcomers(clean):
    funnel = clean.funnel
    for wide, narrow in (
        ("visitors", "leads"), ("leads", "opportunities"), ("opportunities", "conversions"),
        ("trials_ended", "converted"), ("free_users", "paid"),
    ):  # fmt: skip
        assert (funnel[wide] >= funnel[narrow]).all(), (wide, narrow)
    first = clean.customers.groupby("customer")["start"].min().dt.to_period("M").dt.start_time
    newcomers = first.value_counts().reindex(funnel["month"], fill_value=0)
    assert list(newcomers) == list(funnel["conversions"])
    assert len(clean.onboarding) == funnel["conversions"].sum()


def test_renewals_agree_with_who_is_still_a_customer(clean):
    renewals = clean.renewals
    assert renewals["due"].between(END - pd.DateOffset(months=12), END + pd.DateOffset(months=12)).all()
    assert renewals.loc[renewals["due"] > END, "renewed"].isna().all()
    lost = renewals[renewals["renewed"].eq(False)]
    ended = set(zip(clean.customers["customer"], clean.customers["end"], strict=True))
    assert len(lost) > 3
    assert all(pair in ended for pair in zip(lost["customer"], lost["due"], strict=True))
    assert (lost["renewed_arr"] == 0).all()
    assert lost["reason"].notna().all()
    late = renewals[(renewals["due"] <= END) & renewals["renewed"].isna()]
    assert len(late) >= 1  # past due and still open: a renewal rate needs a cut-off


def test_first_value_comes_before_the_end_of_onboarding(clean):
    onboarding = clean.onboarding
    assert (onboarding["first_value"].dropna() >= onboarding.loc[onboarding["first_value"].notna(), "started"]).all()
    done = onboarding[onboarding["completed"].notna()]
    assert (done["completed"] > done["first_value"]).all()
    assert onboarding["first_value"].isna().any()


# Traps that belong to the business


def test_every_trap_of_the_revenue_metrics_is_there(clean):
    periods = clean.customers.groupby("customer").size()
    assert (periods > 1).sum() >= 3  # paused and returned
    assert (clean.subscriptions.groupby(["customer", "month"]).size() > 1).any()  # two subscriptions
    mixed = clean.subscriptions.groupby("customer")["interval_months"].nunique()
    assert (mixed > 1).any()  # a year and a month at one customer
    changes = np.sign(monthly(clean).diff(axis=1).to_numpy())
    assert (changes > 0).any()
    assert (changes < 0).any()
    within = clean.customers["end"].dt.to_period("M") == clean.customers["start"].dt.to_period("M")
    assert within.sum() >= 1  # came and went within a month
    assert set(clean.contracts["kind"]) == {"recurring", "trial", "one-time"}
    assert (clean.contracts["discount"] > 0).any()
    kinds = clean.payments.groupby("kind")["amount"]
    assert set(kinds.groups) == {"invoice", "set-up fee", "refund"}
    assert (kinds.get_group("refund") < 0).all()


def test_losing_one_of_two_subscriptions_is_not_losing_the_customer(clean):
    rows = clean.subscriptions
    ended = rows[rows["subscription"].str.endswith("-2")].groupby("customer")["month"].max()
    still = rows.groupby("customer")["month"].max()
    assert (still[ended.index] > ended).any()


def test_traps_of_usage_and_support(clean):
    events = clean.events
    assert (events["timestamp"].dt.hour == 23).any()
    assert (events["timestamp"].dt.hour == 0).any()  # sessions past midnight
    used = events.groupby("customer")["user"].nunique()
    licensed = clean.licences.set_index("customer")["licensed"]
    assert (used > licensed.reindex(used.index)).any()  # overage
    tickets = clean.tickets
    for flag in ("resolved", "reopened", "transferred", "abandoned", "unresolvable"):
        assert tickets[flag].dtype == bool
        assert 0 < tickets[flag].mean() < 1
    assert not (tickets["resolved"] & tickets["abandoned"]).any()
    assert not (~tickets["resolved"] & tickets["reopened"]).any()


def test_orders_are_too_irregular_for_a_contract(clean):
    gaps = clean.orders.groupby("customer")["date"].diff().dt.days.dropna()
    assert 0.7 < gaps.std() / gaps.mean() < 1.6  # a Poisson process has 1
    assert clean.orders.groupby("customer").size().gt(1).mean() > 0.5


# Plausibility, computed here with pandas alone


def test_revenue_looks_like_a_company(clean):
    table = monthly(clean)
    then, now = table.iloc[:, -13], table.iloc[:, -1]
    ndr = now[then > 0].sum() / then.sum()
    grr = np.minimum(then, now).sum() / then.sum()
    assert 1.02 <= ndr <= 1.12
    assert 0.75 <= grr <= 0.95
    assert 0.10 <= now.sum() / then.sum() - 1 <= 0.70
    before, after = table.iloc[:, :-1].to_numpy() > 0, table.iloc[:, 1:].to_numpy() > 0
    churn = (before & ~after).sum(axis=0) / before.sum(axis=0)
    assert 0.01 <= churn.mean() <= 0.03
    assert churn.max() < 0.06


def test_scores_look_like_answers(clean):
    responses = clean.responses
    assert 20 <= nps(responses["nps"].dropna()) <= 45
    assert 70 <= 100 * (responses["csat"].dropna() >= 4).mean() <= 88
    assert 65 <= 100 * (responses["ces"].dropna() >= 5).mean() <= 88
    assert 0.45 <= responses["comment"].notna().mean() <= 0.65
    answers = responses.groupby("survey").size() / clean.surveys.groupby("survey")["invited"].sum()
    assert answers.between(0.2, 0.4).all()


def test_support_and_usage_look_like_a_product(clean):
    solved = clean.tickets[clean.tickets["resolved"]]
    first = (solved["contacts"] == 1) & ~solved["reopened"] & ~solved["transferred"]
    assert 0.65 <= first.mean() <= 0.80
    assert len(clean.events) < 60_000
    days = clean.events.assign(day=clean.events["timestamp"].dt.normalize()).drop_duplicates(["user", "day"])
    recent = days[days["day"] > END - pd.Timedelta(days=30)]
    dau, mau = recent.groupby("day").size(), recent["user"].nunique()
    assert 0.12 <= dau.mean() / mau <= 0.30
    weekend = dau.index.day_of_week >= 5
    assert dau[weekend].mean() < 0.3 * dau[~weekend].mean()
    assert 0.4 <= mau / clean.licences["licensed"].sum() <= 0.8


def test_costs_leave_sound_unit_economics(clean):
    year = clean.costs["month"] > END - pd.DateOffset(months=12)
    purpose = clean.costs[year].groupby("purpose")["amount"].sum()
    new = clean.funnel.loc[clean.funnel["month"] > END - pd.DateOffset(months=12), "conversions"].sum()
    last = monthly(clean).iloc[:, -1]
    arpa = last.sum() / (last > 0).sum()
    assert 4 <= purpose["acquisition"] / new / (0.8 * arpa) <= 24  # months to pay back
    revenue = clean.subscriptions.loc[clean.subscriptions["month"] > END - pd.DateOffset(months=12), "mrr"].sum()
    assert 0 < 1 - purpose.sum() / revenue < 0.25


def test_falling_use_and_low_scores_foretell_churn_but_not_surely(large):
    cut = END - pd.Timedelta(days=90)
    paying = large.customers[(large.customers["start"] <= cut) & ~(large.customers["end"] <= cut)]
    paying = paying.drop_duplicates("customer").set_index("customer")
    churned = (paying["end"] <= END).to_numpy()
    days = large.events.assign(day=large.events["timestamp"].dt.normalize()).drop_duplicates(["user", "day"])
    window = days[(days["day"] < cut) & (days["day"] >= cut - pd.Timedelta(days=30))]
    licensed = large.licences.set_index("customer")["licensed"]
    active = window.groupby("customer").size().reindex(paying.index, fill_value=0) / licensed.reindex(paying.index)
    ranks = active.rank().to_numpy()
    kept, lost = (~churned).sum(), churned.sum()
    auc = (ranks[~churned].sum() - kept * (kept + 1) / 2) / (kept * lost)
    assert 0.68 <= auc <= 0.87

    answers = large.responses.dropna(subset=["nps"]).merge(
        large.customers[["customer", "end"]].dropna().drop_duplicates("customer"), on="customer", how="left"
    )
    to_go = (answers["end"] - answers["date"]).dt.days
    leaving, staying = answers[to_go.between(0, 90)], answers[answers["end"].isna()]
    assert nps(leaving["nps"]) < nps(staying["nps"]) - 25


def test_plausible_for_other_seeds():
    churn, satisfied, kept = [], [], []
    for seed in range(2, 8):
        company = sample_company(seed=seed, messy=False, event_days=1)
        table = monthly(company).to_numpy() > 0
        churn.append((table[:, :-1] & ~table[:, 1:]).sum() / table[:, :-1].sum())
        satisfied.append(nps(company.responses["nps"].dropna()))
        money = monthly(company)
        kept.append(money.loc[money.iloc[:, -13] > 0].iloc[:, -1].sum() / money.iloc[:, -13].sum())
    assert 0.01 <= min(churn) <= max(churn) <= 0.03
    assert 20 <= min(satisfied) <= max(satisfied) <= 45
    assert 1.02 <= np.mean(kept) <= 1.12


def test_an_outage_can_be_seen_in_scores_tickets_and_comments(large):
    month = large.responses["date"].dt.to_period("M")
    scores = large.responses.groupby(month)["nps"].agg(lambda column: nps(column.dropna()))
    assert scores.idxmin() == pd.Period("2026-03")
    per_month = large.tickets.groupby(large.tickets["opened"].dt.to_period("M")).size()
    assert per_month.idxmax() == pd.Period("2026-03")
    bad = large.responses[(large.responses["nps"] <= 6) & large.responses["comment"].notna()]
    about = bad["comment"].str.contains("outage|[Dd]own again|unreliable")
    during = bad["date"].dt.to_period("M") == pd.Period("2026-03")
    assert about[during].mean() > 2 * about[~during].mean()


def test_comments_fit_their_scores(large):
    said = large.responses.dropna(subset=["nps", "comment"])
    unhappy = said["comment"].str.contains("expensive|Overpriced|not renew|Too many|terrible")
    assert unhappy[said["nps"] <= 6].mean() > 0.2
    assert unhappy[said["nps"] >= 9].mean() == 0


# Mess


def test_messy_scores_hold_blanks_and_words(messy, clean):
    responses = messy.responses
    for question in ("nps", "csat", "ces"):
        assert is_text(responses[question]).sum() >= 2
    assert {"n/a", "nine", "ten"} <= set(responses.loc[is_text(responses["nps"]), "nps"])
    asked = responses[responses["survey"] == "relationship"]
    assert asked["nps"].isna().any()
    numbers = responses["nps"][responses["nps"].notna() & ~is_text(responses["nps"])]
    assert numbers.map(lambda score: type(score) is int and 0 <= score <= 10).all()
    stray = responses[responses["nps"] == "nine"].iloc[0]
    same = clean.responses[
        (clean.responses["customer"] == stray["customer"]) & (clean.responses["date"] == stray["date"])
    ]
    assert 9 in set(same["nps"])  # the word stands for the score that was given


def test_messy_comments_hold_personal_data_markup_and_formula_like_text(messy):
    said = messy.responses["comment"].dropna()
    for pattern in (r"\S+@example\.(com|org)", r"\+1 555", r"<script>", r"<b>", r"^=", r"^\+", r"^-", r"^@", r"^ +$"):
        assert said.str.contains(pattern.replace("(", "(?:")).any(), pattern


def test_messy_rows_come_twice(messy, clean):
    for name in ("subscriptions", "payments", "responses", "tickets", "events"):
        extra = len(messy.tables[name]) - len(clean.tables[name])
        assert extra >= 2, name
        assert messy.tables[name].duplicated().sum() >= extra, name


def test_messy_blanks(messy):
    for name, column in (
        ("customers", "owner"), ("customers", "region"), ("tickets", "contacts"), ("events", "user"),
        ("events", "feature"), ("renewals", "owner"),
    ):  # fmt: skip
        assert messy.tables[name][column].isna().any(), (name, column)


def test_clean_is_clean(clean):
    responses = clean.responses
    for question, top in (("nps", 10), ("csat", 5), ("ces", 7)):
        scores = responses[question].dropna()
        assert scores.dtype == "float64"
        assert scores.between(0 if question == "nps" else 1, top).all()
        assert (scores == scores.round()).all()
    assert responses.loc[responses["survey"] == "relationship", "nps"].notna().all()
    assert not responses["comment"].dropna().str.contains("@|<|555|^[=+-]").any()
    keys = {"customers": ["customer", "start"], "subscriptions": ["subscription", "month"], "tickets": ["ticket"]}
    for name, key in keys.items():
        assert not clean.tables[name].duplicated(key).any(), name
    for name in ("subscriptions", "payments", "orders", "surveys", "tickets", "events", "licences", "costs", "funnel"):
        assert not clean.tables[name].isna().any(axis=None), name


@pytest.mark.parametrize("untidy", [True, False])
def test_off_scale_puts_in_one_eleven(untidy):
    company = sample_company(customers=60, messy=untidy, off_scale=True)
    plain = sample_company(customers=60, messy=untidy)
    assert (company.responses["nps"] == 11).sum() == 1
    assert not (plain.responses["nps"] == 11).any()

"""Forecasts: published fits through the public functions, calibration on simulated customers, rules and refusals."""

from datetime import date

import numpy as np
import pytest
from models_data import PUBLISHED, agrees, cdnow

import csmetrics_core as csm
from csmetrics_core.errors import NoData, OutOfScale
from csmetrics_core.models import bg_nbd, gamma_gamma
from csmetrics_core.reductions.purchases import histories, regularity

END = np.datetime64("1997-09-30")


def ledger(frequency, recency, age, spend, rng):
    """Transactions with these sums: first and last purchase where they were, the others on days between."""
    rows = []
    for customer, (x, t, total) in enumerate(zip(frequency, recency, age, strict=True)):
        between = 1 + rng.choice(int(t) - 1, int(x) - 1, replace=False) if x > 1 else []
        days = [0, *between, *([t] if x else [])]
        rows += [
            (customer, END + np.timedelta64(int(day) - int(total), "D"), spend[customer] if day else 25.0)
            for day in days
        ]
    return [list(column) for column in zip(*rows, strict=True)]


@pytest.fixture(scope="module")
def cdnow_forecast():
    """The CDNOW customers, forecast over the 39 weeks after their records end."""
    frequency, recency, age, spend = cdnow()
    recency, age = np.rint(recency * 7), np.rint(age * 7)
    customers, dates, amounts = ledger(frequency, recency, age, spend, np.random.default_rng(1))
    months = 39 * 7 / (365.25 / 12)
    return csm.clv_forecast(customers, dates, amounts, 0.6, months, as_of=END)


def test_cdnow_published(cdnow_forecast):
    frequency, recency, age, spend = cdnow()
    table = cdnow_forecast
    assert len(table) == 2357
    assert (table["purchases"] - 1).tolist() == frequency.tolist()
    # Fader, Hardie and Lee (2005): two repeats, the last in week 30.43 of 38.86, 1.226 expected in 39 weeks.
    given = PUBLISHED["ex025"]["inputs"]
    row = np.flatnonzero((frequency == given["x"]) & (recency == given["t_x"]) & (age == given["T"]))
    assert agrees("ex025", table["expected_purchases"][row[0]])
    printed = bg_nbd.BgNbd(0.243, 4.414, 0.793, 2.426)
    assert table["expected_purchases"].sum() == pytest.approx(
        bg_nbd.expected_purchases(printed, 39, frequency, recency, age).sum(), rel=2e-3
    )
    spent = gamma_gamma.expected_spend(gamma_gamma.GammaGamma(p=6.25, q=3.74, v=15.44), frequency, spend)
    assert table["expected_spend"].to_numpy() == pytest.approx(spent, rel=2e-3)
    value = 0.6 * table["expected_purchases"] * table["expected_spend"]
    assert table["clv"].to_numpy() == pytest.approx(value.to_numpy())
    assert (table["alive_probability"][frequency == 0] == 1).all()


def simulate(rng, size, days, ahead):
    """Customers as the model has them; purchases of one day merge only when they are counted."""
    rate, leaving = rng.gamma(0.8, 1 / 20, size), rng.beta(0.9, 4, size)
    mean = 6.25 * 15.44 / rng.gamma(3.74, 1, size)
    rows, future = [], np.zeros(size)
    for customer in range(size):
        clock, here = rng.uniform(0, days / 2), True
        rows.append((customer, int(clock), 50.0))
        while here:
            clock += rng.exponential(1 / rate[customer])
            if clock >= days + ahead:
                break
            if clock < days:
                rows.append((customer, int(clock), max(0.01, round(rng.gamma(6.25, mean[customer] / 6.25), 2))))
            else:
                future[customer] += 1
            here = rng.random() >= leaving[customer]
    customers, day, amounts = (np.array(column) for column in zip(*rows, strict=True))
    return customers, np.datetime64("2025-01-01") + day, amounts, future, mean


def test_forecasts_are_calibrated():
    rng = np.random.default_rng(4)
    customers, dates, amounts, future, mean = simulate(rng, 3000, 500, 365)
    table = csm.clv_forecast(customers, dates, amounts, 1, 365 / (365.25 / 12), as_of=np.datetime64("2026-05-16"))
    expected = table["expected_purchases"].to_numpy()
    assert expected.sum() == pytest.approx(future.sum(), rel=0.06)
    for group in np.array_split(np.argsort(expected), 5):
        error = future[group].std() / np.sqrt(group.size)
        assert abs(expected[group].mean() - future[group].mean()) < 4 * error + 0.05
    assert table["clv"].sum() == pytest.approx((future * mean).sum(), rel=0.1)


def day(month, of_month):
    return date(2026, month, of_month)


SMALL = {
    "customers": ["A", "A", "A", "B", "B", "C"],
    "dates": [day(1, 5), day(1, 12), day(5, 2), day(1, 20), day(2, 3), day(3, 1)],
    "amounts": [100, 80, 120, 60, 40, 90],
}


def small(**changed):
    return csm.clv_forecast(**{**SMALL, "gross_margin": 0.8, "as_of": day(6, 30), **changed})


def with_rows(*rows):
    columns = list(zip(*rows, strict=True))
    return {name: [*SMALL[name], *extra] for name, extra in zip(SMALL, columns, strict=True)}


def test_a_day_is_one_purchase_and_order_does_not_matter():
    split = with_rows(("A", day(1, 12), 0.0), ("B", day(2, 3), 5), ("B", day(2, 3), -5))
    assert small(**split).equals(small())
    backwards = {name: column[::-1] for name, column in SMALL.items()}
    assert small(**backwards).equals(small())


def test_refunds_are_taken_off_the_latest_purchase_before_them():
    one = histories(np.zeros(4, int), np.array([1, 10, 20, 25]), np.array([50, 30, 40, -15.0]), 30)
    assert (one.purchases.tolist(), one.repeat_spend.tolist()) == ([3], [27.5])
    used_up = histories(np.zeros(4, int), np.array([1, 10, 20, 25]), np.array([50, 30, 40, -60.0]), 30)
    assert (used_up.purchases.tolist(), used_up.last.tolist(), used_up.repeat_spend.tolist()) == ([2], [10], [10])
    assert used_up.notes == ("1 refunds were taken off earlier purchases, 1 of which no longer count.",)
    first = histories(np.array([0, 0, 1, 1]), np.array([1, 10, 5, 6]), np.array([-5, 30, 20, -20.0]), 30)
    assert (first.customer.tolist(), first.purchases.tolist()) == ([0], [1])
    assert "1 had no purchase left to set off" in first.notes[0]
    assert first.notes[1] == "1 customers without a purchase are not listed."


def test_later_rows_wait_for_their_turn():
    later = small(**with_rows(("A", day(8, 1), 500), ("D", day(7, 9), 70)))
    assert later.equals(small())
    told = csm.explain("clv_forecast", **with_rows(("A", day(8, 1), 500)), gross_margin=1, as_of=day(6, 30))
    assert told.notes[:2] == ("1 rows after 2026-06-30 were left out.", "As of 2026-06-30.")
    assert small(as_of=None).equals(small(as_of=day(5, 2)))


def test_margin_horizon_and_discount():
    table, year = small(), small(annual_discount=0.1)
    assert (small(gross_margin=0.4)["clv"] * 2).to_numpy() == pytest.approx(table["clv"].to_numpy())
    assert year["expected_purchases"].to_numpy() == pytest.approx(table["expected_purchases"].to_numpy())
    # By hand: each month's purchases, discounted from its middle.
    months = [small(horizon_months=m)["expected_purchases"].to_numpy() for m in range(1, 13)]
    steps = np.diff([np.zeros(3), *months], axis=0)
    worth = sum(step / 1.1 ** ((m + 0.5) / 12) for m, step in enumerate(steps))
    assert year["clv"].to_numpy() == pytest.approx(0.8 * worth * year["expected_spend"].to_numpy())
    half = small(horizon_months=2.5, annual_discount=0.1)["clv"]
    assert (half < small(horizon_months=2.5)["clv"]).all()


def test_no_repeat_purchase_is_refused():
    with pytest.raises(NoData, match="none of the 3 customers bought on a second day"):
        csm.clv_forecast(["A", "A", "B", "C"], [day(1, 1), day(1, 1), day(2, 1), day(3, 1)], [5, 6, 7, 8], 0.8)
    with pytest.raises(NoData, match="there is no purchase up to 2025-12-31"):
        small(as_of=date(2025, 12, 31))
    with pytest.raises(NoData, match="there is no purchase"):
        csm.clv_forecast(["A", "A"], [day(1, 1), day(2, 1)], [-5, -6], 0.8)


def invoices(step, spread, customers=12, each=8):
    rng = np.random.default_rng(5)
    rows = []
    for customer in range(customers):
        start = rng.integers(0, 30)
        rows += [(customer, day(1, 1), 50.0, start + round(i * step + rng.normal(0, spread))) for i in range(each)]
    return (
        [r[0] for r in rows],
        [np.datetime64("2024-01-01") + np.timedelta64(r[3], "D") for r in rows],
        [r[2] for r in rows],
    )


@pytest.mark.parametrize(("step", "spread"), [(30.4, 1), (91, 4), (365, 20), (14, 2)])
def test_near_regular_invoices_are_refused(step, spread):
    with pytest.raises(OutOfScale, match="near-regular intervals") as caught:
        csm.clv_forecast(*invoices(step, spread), 0.8)
    assert "survival_curve" in caught.value.fix
    assert caught.value.argument == "dates"


@pytest.mark.parametrize("shape", [1, 2, 4, 50])
@pytest.mark.parametrize("mean", [15, 60])
def test_regularity_is_the_shape_of_the_intervals(shape, mean):
    # Wheat and Morrison (1990): each customer's rate differs, the shape is found all the same.
    rng = np.random.default_rng(6)
    rate = rng.uniform(0.5, 2, 4000)[:, None]
    clock = np.cumsum(rng.gamma(shape, mean / shape, (4000, 3)) / rate, axis=1)
    whole = np.floor(clock + rng.random((4000, 1)))
    pairs = np.diff(whole, axis=1)
    k, regular = regularity(pairs[(pairs > 0).all(axis=1)])
    assert k == pytest.approx(shape, rel=0.15 if shape < 50 else 0.5)
    assert regular == (shape > 3)


def test_customers_who_decide_each_time_are_seldom_refused():
    rng = np.random.default_rng(7)
    refused = 0
    for _ in range(300):
        days = np.floor(np.cumsum(rng.exponential(25, (int(rng.integers(3, 40)), 3)), axis=1))
        pairs = np.maximum(np.diff(days, axis=1), 1)
        refused += regularity(pairs)[1]
    assert refused <= 3


def test_notes_say_what_makes_it_rough():
    told = csm.explain("clv_forecast", **SMALL, gross_margin=1, as_of=day(6, 30))
    assert "Only 2 customers bought again: take the forecast as rough." in told.notes
    rng = np.random.default_rng(8)
    rows = []
    for customer in range(60):
        count = int(rng.integers(2, 12))
        days = np.sort(rng.choice(300, count, replace=False))
        rows += [(customer, np.datetime64("2026-01-01") + np.timedelta64(d, "D"), 10.0 * count) for d in days]
    columns = [list(c) for c in zip(*rows, strict=True)]
    told = csm.explain("clv_forecast", *columns, 1)
    assert any("spend more a purchase (correlation +1.00)" in note for note in told.notes)


def test_the_samples_orders_are_forecast_and_its_contracts_refused(company):
    orders, invoices_ = company.orders, company.payments
    table = csm.clv_forecast(orders["customer"], orders["date"], orders["amount"], 0.7)
    assert len(table) == orders["customer"].nunique()
    with pytest.raises(OutOfScale, match="near-regular"):
        csm.clv_forecast(invoices_["customer"], invoices_["date"], invoices_["amount"], 0.7)


@pytest.fixture(scope="module")
def company():
    from csmetrics_core.samples import sample_company

    return sample_company()


HIGH_END = [1, 0.869, 0.743, 0.653, 0.593, 0.551, 0.517, 0.491]


def test_retention_forecast_published():
    table = csm.retention_forecast(HIGH_END, 5, 0.1)
    assert agrees("ex210", table["survival"][8:].tolist())
    # Fader and Hardie (2010), DERL of a customer who has made seven renewals.
    assert agrees("ex205", table["periods_left"][7])
    assert table["observed"][:8].tolist() == HIGH_END
    assert table["observed"][8:].isna().all()
    counts = csm.retention_forecast([round(1000 * share) for share in HIGH_END], 5, 0.1)
    assert counts["survival"].tolist() == pytest.approx(table["survival"].tolist())
    regular = csm.retention_forecast([1, *PUBLISHED["ex208"]["inputs"]["survival"]])
    computed = PUBLISHED["ex208"]["computed"]
    assert regular["retention"][0] == pytest.approx(computed["beta"] / (computed["alpha"] + computed["beta"]), abs=1e-4)
    assert (np.diff(regular["retention"]) > 0).all()
    assert regular["periods_left"].isna().all()  # alpha is below 1: without a discount there is no limit


def test_constant_churn_is_learnt_as_such():
    table = csm.retention_forecast([1000, 900, 810, 729, 656.1], 3)
    assert table["survival"].tolist() == pytest.approx([0.9**t for t in range(8)], abs=1e-3)
    told = csm.explain("retention_forecast", [1000, 900, 700, 400])  # the model knows no rising churn
    assert "hardly differ" in told.notes[0]


def test_cohorts_that_tell_nothing_are_refused():
    with pytest.raises(OutOfScale, match=r"remaining\[2\] is 95; expected at most the value before"):
        csm.retention_forecast([100, 90, 95])
    with pytest.raises(NoData, match="needs the start and two renewals"):
        csm.retention_forecast([100, 90])
    with pytest.raises(NoData, match="nobody in remaining has left"):
        csm.retention_forecast([100, 100, 100])

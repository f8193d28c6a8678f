"""Recurring revenue between months and over a horizon, against loops that could not be plainer."""

from collections import defaultdict
from datetime import date
from math import floor, isnan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csmetrics_core import MetricError, mrr_movements, retention_by_customer, retention_by_month
from csmetrics_core.declaration.catalog import lookup
from csmetrics_core.evaluate import evaluate

MOVES = ("opening", "new", "expansion", "contraction", "churned", "reactivation", "closing")


def month_day(month: int) -> date:
    return date(2025 + month // 12, month % 12 + 1, 1 + month % 28)


rows = st.lists(
    st.tuples(
        st.sampled_from(["A", "B", "C", "ü", 7]),
        st.integers(0, 14),
        st.integers(0, 40_000).map(lambda cents: cents / 100) | st.just(0.0),
    ),
    min_size=1,
    max_size=60,
)


def balances_by_loop(table: list) -> tuple[dict, int, int]:
    paid: dict = defaultdict(int)
    for customer, month, amount in table:
        paid[customer, month] += floor(amount * 100 + 0.5)
    months = [month for _, month, _ in table]
    return paid, min(months), max(months)


def movements_by_loop(table: list) -> list[dict]:
    paid, first, last = balances_by_loop(table)
    customers = {customer for customer, _, _ in table}
    result = []
    for month in range(first, last + 1):
        row = dict.fromkeys(MOVES, 0)
        for customer in customers:
            now, then = paid.get((customer, month), 0), paid.get((customer, month - 1), 0)
            row["closing"] += now
            row["opening"] += now if month == first else then
            if month == first:
                continue
            if then == 0 and now > 0:
                seen = any(paid.get((customer, earlier), 0) for earlier in range(first, month))
                row["reactivation" if seen else "new"] += now
            elif now == 0:
                row["churned"] += then
            else:
                row["expansion"] += max(now - then, 0)
                row["contraction"] += max(then - now, 0)
        result.append(row)
    return result


def columns_of(table: list) -> tuple[list, list, list]:
    return [r[0] for r in table], [month_day(r[1]) for r in table], [r[2] for r in table]


@given(rows)
@settings(max_examples=150)
def test_movements_equal_a_plain_loop_and_add_up_to_the_cent(table: list) -> None:
    result = mrr_movements(*columns_of(table))
    expected = movements_by_loop(table)
    assert len(result) == len(expected)
    cents = {name: np.round(result[name] * 100).astype(int) for name in MOVES}
    for name in MOVES:
        assert (result[name] == cents[name] / 100).all()
        assert cents[name].tolist() == [row[name] for row in expected]
    gains = cents["opening"] + cents["new"] + cents["expansion"] + cents["reactivation"]
    assert (gains - cents["contraction"] - cents["churned"] == cents["closing"]).all()
    assert result["month"].dt.day.eq(1).all()
    assert result["month"].is_monotonic_increasing


@given(rows, st.randoms())
def test_the_order_of_rows_does_not_matter(table: list, random: object) -> None:
    shuffled = list(table)
    random.shuffle(shuffled)
    assert mrr_movements(*columns_of(table)).equals(mrr_movements(*columns_of(shuffled)))
    assert retention_by_month(*columns_of(table), 3).equals(retention_by_month(*columns_of(shuffled), 3))


@given(rows, st.integers(1, 13))
@settings(max_examples=150)
def test_retention_compares_each_customer_with_the_month_the_horizon_goes_back(table: list, horizon: int) -> None:
    paid, first, last = balances_by_loop(table)
    result = retention_by_month(*columns_of(table), horizon)
    for place, month in enumerate(range(first, last + 1)):
        row = result.iloc[place]
        if month - first < horizon:
            assert row.drop("month").isna().all()
            continue
        then = {c: cents for (c, m), cents in paid.items() if m == month - horizon and cents}
        now = {c: paid.get((c, month), 0) for c in then}
        opening = sum(then.values())
        assert round(row["opening"] * 100) == opening
        assert round(row["expansion"] * 100) == sum(max(now[c] - then[c], 0) for c in then)
        assert round(row["churned"] * 100) == sum(then[c] for c in then if not now[c])
        assert round(row["contraction"] * 100) == sum(max(then[c] - now[c], 0) for c in then if now[c])
        if not opening:
            assert isnan(row["ndr"])
            assert isnan(row["grr"])
            assert isnan(row["logo_retention"])
            continue
        assert row["ndr"] == pytest.approx(sum(now.values()) / opening, rel=1e-12)
        assert row["grr"] == pytest.approx(sum(min(now[c], then[c]) for c in then) / opening, rel=1e-12)
        assert row["logo_retention"] == sum(1 for c in then if now[c]) / len(then)


def test_paused_and_back_is_reactivation_but_retained_over_the_year() -> None:
    months = [date(2025, 1, 1), date(2025, 3, 1)]
    bridge = mrr_movements(["A", "A"], months, [100, 130])
    assert bridge["churned"].tolist() == [0, 100, 0]
    assert bridge["reactivation"].tolist() == [0, 0, 130]
    assert bridge["new"].tolist() == [0, 0, 0]
    kept = retention_by_month(["A", "A"], months, [100, 130], horizon=2).iloc[-1]
    assert (kept["ndr"], kept["grr"], kept["logo_retention"]) == (1.3, 1.0, 1.0)
    # Summing the bridge would say that everything was lost.
    assert (bridge["opening"][0] + bridge["expansion"].sum() - bridge["churned"].sum()) / bridge["opening"][0] == 0


def test_the_first_month_is_a_base_and_zero_is_no_customer() -> None:
    result = mrr_movements(["A", "B", "B"], [date(2025, 1, 31), date(2025, 1, 2), date(2025, 2, 2)], [0, 10, 0])
    assert result["opening"].tolist() == [10, 10]
    assert result["closing"].tolist() == [10, 0]
    assert result["new"].sum() == 0
    assert result["churned"].tolist() == [0, 10]


def test_rows_of_one_customer_and_month_are_added_up_and_said_so() -> None:
    january = [date(2025, 1, 1), date(2025, 1, 15), date(2025, 1, 31)]
    done = evaluate(lookup("mrr_movements"), (["A", "A", "A"], january, [100, 50, -20]))
    assert done.value["closing"].tolist() == [130]
    assert "2 rows repeat a customer and month" in done.parts.notes[0]


def test_cents_add_up_where_floats_do_not() -> None:
    many = 10_000
    result = mrr_movements(np.arange(many), [date(2025, 1, 1)] * many, np.full(many, 0.1))
    assert result["closing"].tolist() == [1000.0]
    assert np.cumsum(np.full(many, 0.1))[-1] != 1000.0


@pytest.mark.parametrize("function", [mrr_movements, retention_by_month])
def test_a_customer_below_zero_is_refused_by_name_and_month(function) -> None:
    with pytest.raises(MetricError, match=r"mrr of customer 'Bo' in 2025-02 adds up to -5\.00") as refused:
        function(["A", "Bo", "Bo"], [date(2025, 1, 1), date(2025, 2, 3), date(2025, 2, 4)], [1, 10, -15])
    assert refused.value.code == "#NUM!"


def test_amounts_too_large_for_exact_cents_are_refused() -> None:
    with pytest.raises(MetricError, match="90 trillion"):
        mrr_movements(["A"], [date(2025, 1, 1)], [1e14])
    with pytest.raises(MetricError, match="90 trillion in one month"):
        mrr_movements(["A", "B"], [date(2025, 1, 1)] * 2, [6e13, 6e13])


def test_blank_rows_drop_out_whole_and_a_gap_of_months_is_a_row() -> None:
    days = [date(2025, 1, 1), date(2025, 4, 1), None, date(2025, 2, 1)]
    result = mrr_movements(["A", "A", "A", None], days, [10, 10, 99, 99])
    assert result["closing"].tolist() == [10, 0, 0, 10]


def test_many_customers_in_a_few_rows_take_the_other_road_to_the_same_sums() -> None:
    rng = np.random.default_rng(5)
    customers, months = rng.integers(0, 3_000, 4_000), rng.integers(0, 1_000, 4_000)
    days = [date(1925 + m // 12, m % 12 + 1, 1) for m in months.tolist()]
    amounts = rng.integers(1, 10_000, 4_000) / 100
    wide = mrr_movements(customers, days, amounts)
    expected = np.zeros(1_000)
    np.add.at(expected, months, amounts)
    assert wide["closing"].to_numpy() == pytest.approx(expected[months.min() : months.max() + 1])
    gains = wide[["opening", "new", "expansion", "reactivation"]].sum(axis=1)
    assert gains.to_numpy() == pytest.approx((wide["contraction"] + wide["churned"] + wide["closing"]).to_numpy())


@given(
    st.lists(st.tuples(st.integers(1, 8), st.integers(0, 9_999)), min_size=1, max_size=20),
    st.lists(st.tuples(st.integers(1, 8), st.integers(0, 9_999)), min_size=1, max_size=20),
)
def test_two_lists_give_the_retention_of_the_first(then_rows: list, now_rows: list) -> None:
    then, now = defaultdict(int), defaultdict(int)
    for customer, cents in then_rows:
        then[customer] += cents
    for customer, cents in now_rows:
        now[customer] += cents
    then = {c: cents for c, cents in then.items() if cents}
    lists = [list(column) for column in zip(*then_rows, strict=True)], [list(c) for c in zip(*now_rows, strict=True)]
    (who, was), (who_now, is_now) = lists
    row = retention_by_customer(who, np.array(was) / 100, who_now, np.array(is_now) / 100).iloc[0]
    assert round(row["opening"] * 100) == sum(then.values())
    assert round(row["closing"] * 100) == sum(now.get(c, 0) for c in then)
    if then:
        kept = sum(min(then[c], now.get(c, 0)) for c in then)
        assert row["grr"] == pytest.approx(kept / sum(then.values()))
        assert row["logo_retention"] == sum(1 for c in then if now.get(c, 0)) / len(then)
    else:
        assert isnan(row["ndr"])


def test_newcomers_are_left_out_of_the_two_lists_and_counted() -> None:
    done = evaluate(lookup("retention_by_customer"), (["A", "A"], [50, 50], ["A", "B"], [90, 400]))
    assert done.value["ndr"].tolist() == [0.9]
    assert "1 row repeats a customer" in done.parts.notes[0]
    assert done.parts.notes[1] == "customers left out because they pay now but did not then: 1"

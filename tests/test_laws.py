"""Laws that hold for any data: bounds, order, doubling, scale, broadcasting, reconciliation."""

import random
from math import fsum

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import csmetrics_core as csm
from csmetrics_core.declaration.catalog import CATALOG
from csmetrics_core.declaration.kinds import Number
from csmetrics_core.declaration.spec import Role
from csmetrics_core.errors import MetricError
from csmetrics_core.evaluate import evaluate
from csmetrics_core.maths.sums import exact_sum

scores = st.lists(st.integers(0, 10), min_size=1, max_size=60)
money = st.floats(0, 1e7, allow_nan=False).map(lambda x: round(x, 2))
months = st.integers(0, 9)
ledger = st.lists(st.tuples(st.sampled_from("ABCDEF"), months, money), min_size=1, max_size=60)

SCALARS = sorted(n for n, m in CATALOG.items() if m.elementwise and m.gives == "number" and m.arguments)


def value_of(kind):
    if not isinstance(kind, Number):
        return st.text(min_size=1, max_size=20)
    low, high = max(kind.low, -1e6), min(kind.top, 1e6)
    return st.integers(int(low), int(high)) if kind.whole else st.floats(low, high, allow_nan=False)


@st.composite
def calls(draw, size):
    """A metric of single values, with `size` values for each number argument and its choices drawn."""
    declared = CATALOG[draw(st.sampled_from(SCALARS))]
    call = {}
    for argument in declared.arguments:
        if argument.role is Role.CHOICE:
            call[argument.name] = draw(st.sampled_from(argument.choices))
        else:
            call[argument.name] = draw(st.lists(value_of(argument.kind), min_size=size, max_size=size))
    return declared, call


def outcome(declared, call):
    try:
        return evaluate(declared, (), call).value
    except MetricError as error:
        return error.code


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=40), st.integers(0, 2**31))
def test_a_long_sum_is_exact_in_any_order(drawn, seed):
    rng = np.random.default_rng(seed)
    values = rng.permutation([*drawn, *rng.lognormal(0, 30, 1200), *-rng.lognormal(0, 30, 1200)])
    try:
        expected = fsum(values.tolist())
    except OverflowError:
        with pytest.raises(OverflowError):
            exact_sum(values)
        return
    assert exact_sum(values) == expected


def test_a_long_sum_of_nothing_but_zeros_and_of_tiny_numbers():
    assert exact_sum(np.zeros(5000)) == 0
    assert exact_sum(np.full(5000, 5e-324)) == 5000 * 5e-324
    assert exact_sum(np.concatenate([np.full(5000, 1e300), np.full(5000, -1e300), [1e-300]])) == 1e-300
    assert exact_sum(np.array([float("inf"), *[1.0] * 5000])) == float("inf")


@given(calls(5))
def test_broadcasting_equals_a_loop(drawn):
    declared, call = drawn
    together = evaluate(declared, (), call)
    for i in range(5):
        alone = outcome(declared, {n: v if isinstance(v, str) else v[i] for n, v in call.items()})
        if isinstance(alone, str):
            assert together.failures[i].code == alone
            assert np.isnan(together.value[i])
        else:
            assert together.value[i] == pytest.approx(alone, rel=1e-12)


@given(calls(1))
def test_a_number_keeps_its_bounds(drawn):
    declared, call = drawn
    value = outcome(declared, {n: v if isinstance(v, str) else v[0] for n, v in call.items()})
    if not isinstance(value, str):
        low, high = declared.limits(call)
        assert low - 1e-9 <= value <= high + 1e-9


@given(scores, st.randoms(use_true_random=False))
def test_order_and_doubling_do_not_matter(answers, rng):
    shuffled = rng.sample(answers, len(answers))
    assert csm.nps(shuffled) == csm.nps(answers) == csm.nps(answers * 2)
    assert csm.csat_mean(np.clip(shuffled, 1, 5)) == pytest.approx(csm.csat_mean(np.clip(answers, 1, 5)))


@given(scores)
def test_nps_by_hand_and_its_interval_holds_it(answers):
    promoters = sum(s >= 9 for s in answers)
    detractors = sum(s <= 6 for s in answers)
    assert csm.nps(answers) == pytest.approx(100 * (promoters - detractors) / len(answers))
    low, high = csm.nps_interval(answers)
    assert -100 <= low < high <= 100
    wide = csm.nps_interval(answers, 0.99)
    assert wide[0] <= low
    assert high <= wide[1]


@given(scores, st.floats(0.01, 1000))
def test_equal_weights_and_one_answer_an_account_change_nothing(answers, weight):
    plain = csm.nps(answers)
    assert csm.nps(answers, [weight] * len(answers)) == pytest.approx(plain, abs=1e-9)
    assert csm.nps(answers, accounts=list(range(len(answers)))) == pytest.approx(plain, abs=1e-9)


@given(scores, scores)
def test_change_turns_round_with_its_samples(before, after):
    there, back = csm.nps_change(before, after).iloc[0], csm.nps_change(after, before).iloc[0]
    assert there["change"] == pytest.approx(-back["change"])
    assert there["low"] == pytest.approx(-back["high"])
    assert -200 <= there["low"] <= there["change"] <= there["high"] <= 200
    assert there["p_value"] == pytest.approx(back["p_value"])
    assert 0 <= there["p_value"] <= 1


@given(st.lists(st.tuples(money, st.sampled_from([1, 3, 12])), min_size=1, max_size=40), st.randoms())
def test_mrr_is_summed_exactly_and_scales(lines, rng):
    amounts, intervals = map(list, zip(*lines, strict=True))
    shuffled = rng.sample(lines, len(lines))
    assert csm.mrr(amounts, intervals) == csm.mrr(*map(list, zip(*shuffled, strict=True)))
    assert csm.mrr([2 * a for a in amounts], intervals) == 2 * csm.mrr(amounts, intervals)
    assert csm.arr(amounts, intervals) == pytest.approx(12 * csm.mrr(amounts, intervals))


@given(st.floats(0, 1))
def test_annual_and_monthly_churn_undo_each_other(rate):
    assert csm.annual_churn(csm.monthly_churn(rate)) == pytest.approx(rate, abs=1e-9)


@given(st.floats(1, 1e6), st.floats(0, 1e6), st.floats(0, 1), st.floats(0.5, 1.5))
def test_allowed_churn_meets_the_target(opening, expansion, contraction, target):
    contraction *= opening
    allowed = outcome(
        CATALOG["allowed_churn"],
        dict(
            zip(
                ("opening", "expansion", "contraction", "target_ndr"),
                (opening, expansion, contraction, target),
                strict=True,
            )
        ),
    )
    if isinstance(allowed, str):
        assert allowed == "#NUM!"
        assert expansion - contraction < (target - 1) * opening
    else:
        assert csm.ndr(opening, expansion, contraction, min(allowed, opening - contraction)) >= target - 1e-6


@given(ledger)
def test_the_bridge_reconciles_to_the_cent_and_ignores_row_order(rows):
    shuffled = random.Random(1).sample(rows, len(rows))
    table, again = (bridge(r) for r in (rows, shuffled))
    assert table.equals(again)
    cents = {c: (table[c] * 100).round().astype(int) for c in table.columns if c != "month"}
    moved = cents["new"] + cents["expansion"] + cents["reactivation"] - cents["contraction"] - cents["churned"]
    assert (cents["opening"] + moved == cents["closing"]).all()
    assert (cents["closing"].to_numpy()[:-1] == cents["opening"].to_numpy()[1:]).all()


def bridge(rows):
    return csm.mrr_movements([c for c, _, _ in rows], [day(m) for _, m, _ in rows], [v for *_, v in rows])


def day(month):
    return np.datetime64("2025-01") + np.timedelta64(month, "M")


@given(st.lists(st.tuples(st.sampled_from("ABCDEFGH"), months), min_size=1, max_size=60))
def test_cohorts_start_whole_and_never_pass_it(rows):
    table = csm.cohort_retention([c for c, _ in rows], [day(m) for _, m in rows])
    ages = table[[c for c in table if c.startswith("age_")]].to_numpy()
    assert (ages[:, 0] == 1).all()
    assert np.nanmax(ages) <= 1
    assert np.nanmin(ages) >= 0
    assert table["size"].sum() == len({c for c, _ in rows})


def test_monthly_retention_is_not_the_summed_bridge_where_customers_pause():
    """A paused and came back: the bridge calls it churn and reactivation, the twelve-month cohort sees it there."""
    rows = [("A", m, 100.0) for m in range(13) if m not in (5, 6)] + [("B", m, 50.0) for m in range(13)]
    customers, when, paid = zip(*rows, strict=True)
    rolling = csm.retention_by_month(customers, [day(m) for m in when], paid, 12).iloc[-1]
    summed = csm.mrr_movements(customers, [day(m) for m in when], paid).iloc[1:]
    assert rolling["ndr"] == rolling["grr"] == 1.0
    assert csm.ndr(150, summed["expansion"].sum(), summed["contraction"].sum(), summed["churned"].sum()) < 0.5


@given(st.lists(st.one_of(st.none(), st.floats(0, 100)), min_size=1, max_size=8))
def test_contributions_add_up_to_the_score(values):
    try:
        score = csm.health_score(values)
    except MetricError:
        with pytest.raises(MetricError):
            csm.health_contributions(values)
    else:
        assert csm.health_contributions(values)["points"].sum() == pytest.approx(score)


@given(st.lists(st.tuples(st.sampled_from(["a", "b", None]), st.integers(0, 10)), min_size=1, max_size=40))
def test_groups_pool_to_the_total(rows):
    groups, answers = map(list, zip(*rows, strict=True))
    table = csm.csm_by("nps", groups, answers)
    parts, total = table.iloc[:-1], table.iloc[-1]
    assert parts["n"].sum() == total["n"] == len(rows)
    assert (parts["value"] * parts["n"]).sum() / len(rows) == pytest.approx(total["value"])
    assert total["value"] == csm.nps(answers)


def test_lifetime_value_is_the_sum_of_its_periods():
    """Nobody lost has a value only up to a horizon, whatever the discount."""
    rates = {"churn": [0, 0, 0.05, 0.05, 0], "discount_per_period": [0, 0.01, 0.01, 0, 0.01]}
    found = csm.clv(100, 0.8, **rates, horizon=[12, 12, 36, None, None])
    by_sum = [
        sum(80 * ((1 - c) / (1 + d)) ** t for t in range(n))
        for c, d, n in ((0, 0, 12), (0, 0.01, 12), (0.05, 0.01, 36))
    ]
    assert found[:4] == pytest.approx([*by_sum, 1600])
    assert np.isnan(found[4])
    assert csm.clv(100, 0.8, 1e-17, 0, 12) == pytest.approx(960)
    assert csm.clv(100, 0.8, 1, 0, 12) == 80

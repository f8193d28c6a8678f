"""Did it move: two samples and one rule, against the examples, statsmodels and SciPy."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import fisher_exact, ttest_ind
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep

import csmetrics_core as csm
from csmetrics_core.declaration.catalog import CATALOG
from csmetrics_core.declaration.spec import Sample
from csmetrics_core.errors import MetricError, NoData, WrongCall, WrongKind, WrongShape
from csmetrics_core.maths import inference

EXAMPLES = {e["id"]: e for e in json.loads((Path(__file__).parent / "data/why_examples.json").read_text())["examples"]}


def rated(satisfied, answers):
    return [5] * satisfied + [1] * (answers - satisfied)


def scored(promoters, passives, detractors):
    return [10] * int(promoters) + [8] * int(passives) + [0] * int(detractors)


def change(metric, before, after, **named):
    """The only row of a change between two columns of answers."""
    periods = [1] * len(before) + [2] * len(after)
    first = CATALOG[metric].names[0]
    return csm.csm_change(metric, periods, **{first: [*before, *after]}, **named).iloc[0]


def agrees(found, expect, scale=1.0):
    for name, column in (("change", "change"), ("low", "low"), ("high", "high"), ("p", "p_value")):
        if name in expect:
            value = expect[name] * (scale if name != "p" else 1) if expect[name] is not None else np.nan
            assert found[column] == pytest.approx(value, abs=1e-5 * scale, nan_ok=True), name
    assert found["verdict"] == expect["verdict"]


def test_a_share_of_answers():
    example = EXAMPLES["did-1"]
    found = change("csat", rated(*example["given"]["before"]), rated(*example["given"]["after"]))
    agrees(found, example["expect"], scale=100)
    low, high = confint_proportions_2indep(56, 70, 48, 80, method="newcomb")
    assert (found["low"], found["high"]) == pytest.approx((100 * low, 100 * high))


def test_a_rare_share_is_left_to_fisher():
    example = EXAMPLES["did-2"]
    (lost, opening), (lost_then, opening_then) = example["given"]["before"], example["given"]["after"]
    found = csm.csm_change("churn_rate", [1, 2], None, [lost, lost_then], [opening, opening_then]).iloc[0]
    agrees(found, example["expect"])
    assert found["low"] > 0  # the interval alone would have called it
    assert found["p_value"] == pytest.approx(fisher_exact([[2, 58], [6, 34]])[1])


def test_net_promoter_score():
    example = EXAMPLES["did-3"]
    agrees(change("nps", scored(*example["given"]["before"]), scored(*example["given"]["after"])), example["expect"])


@pytest.mark.parametrize("name", ["did-4", "did-6"])
def test_money_by_customer(name):
    example = EXAMPLES[name]
    then, now = example["given"]["then"], example["given"]["now"]
    who = list(range(10)) * 2
    found = change("mrr", then, now, customers=who)
    agrees(found, example["expect"])
    if name == "did-6":
        assert found["method"] == example["expect"]["reason"]
        said = csm.explain("csm_change", "mrr", [1] * 10 + [2] * 10, None, None, who, [*then, *now]).notes
        assert said == (example["sentence"],)


def test_an_interval_of_retention():
    example = EXAMPLES["did-5"]
    added, ratio = inference.ratio_added(example["given"]["now"], example["given"]["then"])
    found = inference.by_customer(added, ratio, 8).first()
    expect = example["expect"]
    assert [ratio, found.df, found.low, found.high] == pytest.approx(
        [expect[k] for k in ("ndr", "df", "low", "high")], abs=1e-6
    )


def test_customers_asked_twice_are_pairs():
    example = EXAMPLES["did-8"]
    answer = {1.0: 10, 0.0: 8, -1.0: 0}
    before, after = ([answer[v] for v in example["given"][k]] for k in ("votes_before", "votes_after"))
    agrees(change("nps", before, after, customers=[*"abcdefghijkl"] * 2), example["expect"])
    alone = ttest_ind(example["given"]["votes_after"], example["given"]["votes_before"], equal_var=False).pvalue
    assert alone == pytest.approx(example["expect"]["p_if_taken_as_independent"], abs=1e-6)


def test_holm():
    example = EXAMPLES["did-7"]
    p = example["given"]["p"]
    assert inference.holm(p) == pytest.approx(example["expect"]["holm"])
    assert inference.holm(p) == pytest.approx(multipletests(p, method="holm")[1])
    assert inference.benjamini_hochberg(p) == pytest.approx(multipletests(p, method="fdr_bh")[1])
    assert np.count_nonzero(inference.benjamini_hochberg(p) <= 0.05) == example["expect"]["clear_by_bh"]
    with_gaps = inference.holm([np.nan, 0.01, np.nan, 0.04])
    assert np.isnan(with_gaps[[0, 2]]).all()
    assert with_gaps[[1, 3]] == pytest.approx([0.02, 0.04])


counts = st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(counts, counts)
def test_shares_agree_with_statsmodels_and_scipy(first, second):
    (x0, n0), (x1, n1) = first, second
    found = inference.shares(x0, n0, x1, n1).first()
    low, high = confint_proportions_2indep(x1, n1, x0, n0, method="newcomb")
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-9)
    assert inference.fisher(x0, n0, x1, n1) == pytest.approx(fisher_exact([[x0, n0 - x0], [x1, n1 - x1]])[1], abs=1e-9)
    if "Fisher" not in found.method:  # then the two never disagree
        assert (found.p <= 0.05) == (found.low >= 0 or found.high <= 0) or found.p == pytest.approx(0.05, abs=1e-9)
    back = inference.shares(x1, n1, x0, n0).first()
    assert (back.change, back.low, back.high, back.p) == pytest.approx(
        (-found.change, -found.high, -found.low, found.p)
    )


@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=30), st.lists(st.floats(0, 1e6), min_size=2, max_size=30))
def test_means_agree_with_scipy(first, second):
    found = change("avg_session_duration", first, second)
    if (
        min(np.ptp(first), np.ptp(second)) > 1
        and np.ptp(first) > 1e-3 * max(first)
        and np.ptp(second) > 1e-3 * max(second)
    ):
        assert found["p_value"] == pytest.approx(ttest_ind(second, first, equal_var=False).pvalue, abs=1e-6)


def test_four_of_301_against_eight_of_302_is_no_clear_change():
    found = csm.csm_change("churn_rate", [1, 2], lost=[4, 8], opening=[301, 302]).iloc[0]
    assert found["verdict"] == "no clear change"
    assert found["p_value"] == pytest.approx(0.25, abs=0.01)


def test_the_order_of_rows_names_and_ways_to_call_change_nothing():
    rng = np.random.default_rng(3)
    scores, when, who = rng.integers(0, 11, 60), rng.choice(["2026-08", "2026-09"], 60), rng.integers(0, 25, 60)
    first = csm.csm_change("nps", when, None, None, who, scores).iloc[0].tolist()
    order = rng.permutation(60)
    days = [f"{m}-{d:02d}" for m, d in zip(when, rng.integers(1, 29, 60), strict=True)]
    for again in (
        csm.csm_change("nps", when[order], who[order], scores[order]),
        csm.csm_change("NPS", days, "2026-08", "2026-09", [f"c{w}" for w in who], scores=list(scores)),
        csm.csm_change("nps", [[w] for w in when], customers=who, scores=[[s] for s in scores]),
    ):
        assert again.iloc[0].tolist()[:6] == pytest.approx(first[:6])
        assert again.iloc[0].tolist()[6:] == first[6:]


def test_rows_without_a_value_or_of_another_period_are_left_out():
    scores = [10, None, 0, 9, "n/a", 0, 7]
    found = csm.csm_change("nps", ["a", "a", "a", "b", "b", "b", "c"], "a", "b", None, scores).iloc[0]
    assert (found["before"], found["after"]) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (("nps", ["a", "b"], None, [1, 2]), WrongKind, "before and after"),
        (("nps", [1, 2, 3], None, [1, 2, 3]), WrongKind, "exactly two"),
        (("nps", [1, 2], 1, None, None, [1, 2]), WrongKind, "after is missing"),
        (("nps", [1, 2], 1, 3, None, [1, 2]), NoData, "no rows of 3"),
        (("nps", [1, 2], 1, 1, None, [1, 2]), WrongKind, "both 1"),
        (("nps", [1, 1, 2], None, [1, 2]), WrongShape, "no range of nps has 3 rows"),
        (("nps_change", [1, 2], None, [1, 2], [3, 4]), WrongKind, "gives a table"),
        (("csm_by", [1, 2], None, [1, 2]), WrongKind, "cannot be asked"),
        (("clv", [1, 2], None, [1, 2], [0.8, 0.8], [0.1, 0.1]), WrongKind, "gross_margin is a column"),
        (
            ("nps", [1, 1, 2, 2], None, None, None, [10, 10, 0, 0], None, ["a", "a", "b", "b"]),
            WrongKind,
            "customers instead",
        ),
        (("csat", [1, 2], None, None, None, [1, 2], [5, 7]), WrongKind, "differs from row to row"),
        (("nps", [1, 2], ["a"] * 3, [1, 2]), WrongShape, "customers has 3 rows"),
    ],
)
def test_what_cannot_be_compared_is_refused_by_name(call, error, words):
    with pytest.raises(error, match=words):
        csm.csm_change(*call)


def test_a_name_nobody_knows_is_refused():
    with pytest.raises(WrongCall, match="score is no argument"):
        csm.csm_change("nps", [1, 2], score=[1, 2])
    with pytest.raises(MetricError, match=r"lost\[1\]|opening"):
        csm.csm_change("churn_rate", [1, 2], lost=[4, "#N/A"], opening=[301, 302])


def test_money_without_customers_is_not_judged():
    found = change("mrr", [1, 2], [3, 4])
    assert (found["change"], found["verdict"]) == (4.0, "not judged")


def test_every_number_says_what_sample_it_is_or_is_not_judged():
    """Headline metrics that stay unjudged are the typed costs alone."""
    unjudged = [m.name for m in CATALOG.values() if m.headline and m.sample is Sample.NONE]
    assert unjudged == ["crc"]


def test_a_change_is_explained_in_a_cell():
    rows = csm.csm_explain("CSM_CHANGE", "csat", [1] * 80 + [2] * 70, None, None, None, rated(48, 80) + rated(56, 70))
    notes = rows.loc[rows["item"] == "note", "value"].tolist()
    assert notes == [EXAMPLES["did-1"]["sentence"]]


@pytest.mark.parametrize(
    ("earlier", "later"), [("2026Q2", "2026Q3"), ("Q4 2025", "Q1 2026"), ("2025-Q4", "2026-Q1"), ("q3/2025", "Q2/2026")]
)
def test_two_quarters_need_not_be_named(earlier, later):
    told = csm.csm_change("nps", [later, later, earlier, earlier], None, None, None, [10, 9, 0, 9])
    assert list(told["before"]) == [0]
    assert list(told["after"]) == [100]

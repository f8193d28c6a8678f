"""A metric by group: values, intervals, each group against all others, ranking, and hiding small ones."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import csmetrics_core as csm
from csmetrics_core.errors import OutOfScale, WrongCall
from csmetrics_core.maths.inference import by_customer, ratio_added

EXAMPLES = {e["id"]: e for e in json.loads((Path(__file__).parent / "data/why_examples.json").read_text())["examples"]}


def test_churn_of_groups_against_the_rest():
    g, expect = EXAMPLES["by-1"]["given"], EXAMPLES["by-1"]["expect"]
    table = csm.csm_by("churn_rate", g["groups"], lost=g["lost"], opening=g["opening"])
    groups, total = table.iloc[:-1], table.iloc[-1]
    assert (total["group"], total["value"], total["n"]) == ("All", pytest.approx(expect["total"], abs=1e-6), 208)
    pairs = {
        "value": "value",
        "against_rest": "against_rest",
        "rest_low": "low",
        "rest_high": "high",
        "p_holm": "p_holm",
    }
    for column, name in {**pairs, "shrunk": "shrunk"}.items():
        wanted = [np.nan if v is None else v for v in expect[name]]
        assert groups[column].tolist() == pytest.approx(wanted, abs=1e-6, nan_ok=True), column
    assert groups["verdict"].tolist() == expect["verdict"]


rows = st.lists(
    st.tuples(st.sampled_from("abcde"), st.integers(1, 200), st.floats(0, 1), st.floats(0.5, 1.6)),
    min_size=2,
    max_size=40,
)


@given(rows)
def test_money_is_added_up_before_it_is_divided(rows):
    groups, opening, kept, growth = (np.array(column) for column in zip(*rows, strict=True))
    lost = np.where(kept < 0.2, opening, 0.0)
    more = np.where(kept >= 0.2, np.maximum(opening * growth - opening, 0), 0.0)
    less = np.where(kept >= 0.2, np.maximum(opening - opening * growth, 0), 0.0)
    table = csm.csm_by("ndr", groups, opening=opening, expansion=more, contraction=less, churned=lost)
    for _, row in table.iterrows():
        mine = groups == row["group"] if row["group"] != "All" else np.ones(len(groups), dtype=bool)
        sums = [float(part[mine].sum()) for part in (opening, more, less, lost)]
        assert row["value"] == pytest.approx(csm.ndr(*sums))


def test_money_is_judged_by_customer_as_by_hand():
    rng = np.random.default_rng(4)
    groups, opening = rng.choice(["a", "b", "c"], 200), rng.lognormal(5, 1, 200)
    now = opening * rng.choice([0, 1, 1, 1.3, 0.8], 200)
    table = csm.csm_by(
        "ndr", groups, opening=opening, expansion=np.maximum(now - opening, 0),
        contraction=np.where(now > 0, np.maximum(opening - now, 0), 0), churned=np.where(now > 0, 0, opening),
    ).set_index("group")  # fmt: skip
    for name in "abc":
        mine = groups == name
        (own, value), (others, rest) = ratio_added(now[mine], opening[mine]), ratio_added(now[~mine], opening[~mine])
        alone = by_customer(own, value, 200).first()
        assert table.loc[name, ["low", "high"]].tolist() == pytest.approx([max(alone.low, 0), alone.high])
        apart = by_customer(np.r_[own, -others], value - rest, 200).first()
        assert table.loc[name, ["against_rest", "rest_low", "rest_high"]].tolist() == pytest.approx(
            [apart.change, apart.low, apart.high]
        )


@pytest.mark.parametrize("metric", ["nps", "avg_session_duration", "csat"])
def test_a_group_is_what_its_metric_says_of_its_rows(metric):
    rng = np.random.default_rng(8)
    groups, answers = rng.choice(list("abc"), 90), rng.integers(1, 6, 90)
    table = csm.csm_by(metric, groups, answers.tolist()).set_index("group")
    for name in "abc":
        told = csm.explain(metric, answers[groups == name])
        assert table.loc[name, "value"] == told.value
        assert table.loc[name, ["low", "high"]].tolist() == pytest.approx(told.interval)
    assert table.loc["All", "value"] == csm.explain(metric, answers).value
    shuffled = rng.permutation(90)
    assert csm.csm_by(metric, groups[shuffled], answers[shuffled]).set_index("group")[
        "p_holm"
    ].tolist() == pytest.approx(table["p_holm"].tolist(), nan_ok=True)


def test_answers_of_the_same_customers_are_no_new_evidence():
    scores, groups = [10] * 30 + [0] * 30 + [10, 0] * 30, ["a"] * 60 + ["b"] * 60
    who = [k // 5 for k in range(120)]
    alone, together = (csm.csm_by("nps", groups, scores, customers=ids).iloc[0] for ids in (None, who))
    assert together["n"] == 12
    assert together["rest_high"] - together["rest_low"] > alone["rest_high"] - alone["rest_low"]


def test_small_groups_are_hidden_and_a_second_with_the_first():
    groups = ["a"] * 20 + ["b"] * 4 + ["c"] * 12
    table = csm.csm_by("nps", groups, [10] * 36, hide_below=5).set_index("group")
    assert table["flag"].tolist() == ["", "hidden", "hidden", ""]
    assert table.loc[["b", "c"], ["value", "n", "shrunk"]].isna().all(axis=None)
    assert csm.csm_by("nps", groups, [10] * 36)["value"].notna().all()
    with pytest.raises(OutOfScale, match="hide_below"):
        csm.csm_by("nps", groups, [10] * 36, hide_below=-1)
    with pytest.raises(WrongCall, match="hide_under is no argument"):
        csm.csm_by("nps", groups, [10] * 36, hide_under=5)


def test_a_refused_row_leaves_the_other_groups_alone():
    table = csm.csm_by("nps", ["a", "a", "b", "b"], [10, 9, 11, 0]).set_index("group")
    assert table.loc["a", "value"] == 100
    assert "#NUM!" in table.loc["b", "flag"]


def test_one_group_or_few_rows_are_not_tested():
    alone = csm.csm_by("nps", ["a"] * 30, [10, 0] * 15).iloc[0]
    assert (alone["verdict"], np.isnan(alone["p_holm"])) == ("", True)
    few = csm.csm_by("nps", ["a"] * 9 + ["b"] * 30, [10] * 9 + [0] * 30)
    assert few["verdict"].tolist() == ["too few", "lower", ""]


@pytest.mark.slow
def test_among_equal_groups_hardly_ever_one_is_called_different():
    rng = np.random.default_rng(3)
    found = 0
    for _ in range(300):
        groups = rng.integers(0, 8, 400)
        verdicts = csm.csm_by("csat", groups, np.where(rng.random(400) < 0.8, 5, 1))["verdict"]
        found += verdicts.isin(["higher", "lower"]).any()
    assert found / 300 <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 300)

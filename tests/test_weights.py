"""Weights: survey results as the customers would give them, and what cannot be weighted."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import csmetrics_core as csm
from csmetrics_core.errors import NoData, OutOfScale, WrongKind, WrongShape

EXAMPLES = {e["id"]: e for e in json.loads((Path(__file__).parent / "data/why_examples.json").read_text())["examples"]}


def test_one_margin():
    example = EXAMPLES["wt-1"]
    g, expect = example["given"], example["expect"]
    groups, scores = [], []
    for k, name in enumerate(g["segments"]):
        counts = [int(g[kind][k]) for kind in ("promoters", "passives", "detractors")]
        groups += [name] * sum(counts)
        scores += np.repeat([10, 8, 0], counts).tolist()
    population = [list(pair) for pair in zip(g["segments"], g["population"], strict=True)]
    row = csm.csm_weighted("nps", groups, population, scores).iloc[0]
    for name in ("value", "low", "high", "unweighted", "design_effect", "effective_n"):
        assert row[name] == pytest.approx(expect[name], abs=1e-6)
    weights = csm.response_weights(groups, population)["weight"]
    assert dict(zip(groups, weights, strict=True)) == pytest.approx(
        dict(zip(g["segments"], expect["weights"], strict=True))
    )
    assert csm.explain("csm_weighted", "nps", groups, population, scores).notes[0] == example["sentence"]
    counts = pd.DataFrame({"name": g["segments"], "customers": [200, 500, 300]})
    for given_ in (counts, dict(population), np.array(population, dtype=object)):
        assert csm.csm_weighted("nps", groups, given_, scores).iloc[0].tolist() == pytest.approx(row.tolist())


def test_two_margins_are_raked():
    g, expect = EXAMPLES["wt-2"]["given"], EXAMPLES["wt-2"]["expect"]
    cells = [(f"r{i}", f"c{j}") for i in (0, 1) for j in (0, 1) for _ in range(int(g["answers"][i][j]))]
    population = [["row", f"r{i}", s] for i, s in enumerate(g["row_shares"])]
    population += [["column", f"c{j}", s] for j, s in enumerate(g["column_shares"])]
    weights = csm.response_weights(cells, population)["weight"].to_numpy()
    found = [[weights[cells.index((f"r{i}", f"c{j}"))] for j in (0, 1)] for i in (0, 1)]
    assert np.allclose(found, expect["weights"], atol=1e-6)
    row = csm.csm_weighted("csat", cells, population, [5, 1] * 50).iloc[0]
    assert (row["design_effect"], row["effective_n"]) == pytest.approx((expect["design_effect"], expect["effective_n"]))


def test_a_group_nobody_answered_for_is_refused():
    example = EXAMPLES["wt-3"]
    g = example["given"]
    groups = [name for name, n in zip(g["segments"], g["answers"], strict=True) for _ in range(n)]
    with pytest.raises(NoData) as refused:
        csm.csm_weighted("nps", groups, g["population"], [10] * len(groups))
    assert (refused.value.code, refused.value.problem) == (example["expect"]["error"], example["expect"]["problem"])


@pytest.mark.parametrize(
    ("population", "error", "words"),
    [
        ([["a", 0.5], ["c", 0.5]], WrongKind, "'b', which population does not list"),
        ([["a", 0.5], ["b", -0.5]], OutOfScale, "a share or a count"),
        ([["a", 0.5], ["b", "half"]], OutOfScale, "a share or a count"),
        ([["a", 0], ["b", 0]], OutOfScale, "at least one group"),
        ([0.5, 0.5], WrongShape, "name, share"),
        ([["m", "a", 0.5], ["m", "b", 0.5]], WrongShape, "name, share"),
    ],
)
def test_a_population_that_does_not_fit_is_refused(population, error, words):
    with pytest.raises(error, match=words):
        csm.csm_weighted("nps", ["a", "b", "b"], population, [10, 9, 0])


def test_raking_that_does_not_settle_is_refused():
    with pytest.raises(OutOfScale, match="does not settle"):
        csm.response_weights(
            [["a", "x"], ["b", "y"]], [["1", "a", 0.3], ["1", "b", 0.7], ["2", "x", 0.6], ["2", "y", 0.4]]
        )


def test_what_is_no_survey_result_is_not_weighted():
    with pytest.raises(WrongKind, match="no share or score"):
        csm.csm_weighted("mrr", ["a"], [["a", 1]], [10])


def test_shaky_weights_are_flagged():
    notes = csm.explain("csm_weighted", "nps", ["a"] * 40 + ["b"] * 2, [["a", 0.5], ["b", 0.5]], [10] * 42).notes
    assert notes[1:] == ("fewer than 5 answers: b", "the largest weight is 10.5", "the design effect is 5.51")


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xy")), min_size=12, max_size=60))
def test_weighted_margins_are_those_of_the_population(cells):
    cells = [*[(a, b) for a in "abc" for b in "xy"], *cells]
    shares = {"a": 0.2, "b": 0.5, "c": 0.3}, {"x": 0.6, "y": 0.4}
    population = [
        [name, group, share] for name, margin in zip("12", shares, strict=True) for group, share in margin.items()
    ]
    weights = csm.response_weights(cells, population)["weight"].to_numpy()
    for place, margin in enumerate(shares):
        for group, share in margin.items():
            assert weights[[cell[place] == group for cell in cells]].sum() / len(cells) == pytest.approx(
                share, abs=1e-8
            )

"""Why it moved: the parts add up, chance is told apart from cause, and a planted cause is named first."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import csmetrics_core as csm
from csmetrics_core.errors import NoData, WrongKind, WrongShape

EXAMPLES = {e["id"]: e for e in json.loads((Path(__file__).parent / "data/why_examples.json").read_text())["examples"]}


def answered(cells, marks=(10, 8, 0)):
    """One row an answer: segment and answer, from counts of each answer in each segment."""
    return [
        (name, mark) for name, counts in cells.items() for mark, n in zip(marks, counts, strict=True) for _ in range(n)
    ]


def why(metric, before, after, **named):
    rows = [*before, *after]
    periods = [1] * len(before) + [2] * len(after)
    first = csm.lookup(metric).names[0]
    return csm.csm_why(metric, periods, [r[0] for r in rows], **{first: [r[1] for r in rows]}, **named)


def effects(table, part, step="segment"):
    return table[(table["step"] == step) & (table["part"] == part)].set_index("group")["effect"]


def row(table, step, part):
    return table[(table["step"] == step) & (table["part"] == part)].iloc[0]


def test_both_segments_rise_and_the_total_falls():
    example = EXAMPLES["why-1"]
    given_, expect = example["given"], example["expect"]
    sides = [
        answered(
            {n: [side[m][k] for m in ("promoters", "passives", "detractors")] for k, n in enumerate(given_["segments"])}
        )
        for side in (given_["before"], given_["after"])
    ]
    table = why("nps", *sides)
    change = row(table, "change", "change")
    assert [change[c] for c in ("before", "after", "effect")] == [expect[c] for c in ("before", "after", "change")]
    assert [change["low"], change["high"]] == pytest.approx(expect["change_interval"], abs=1e-6)
    for part in ("mix", "rate"):
        assert effects(table, part).tolist() == pytest.approx(expect[part])
        total = row(table, "total", part)
        assert total["effect"] == pytest.approx(expect[f"{part}_total"])
        assert [total["low"], total["high"]] == pytest.approx(expect[f"{part}_interval"], abs=1e-6)
    rates = table[(table["step"] == "segment") & (table["part"] == "rate")]
    assert rates["p_holm"].tolist() == pytest.approx(expect["segment_rate_p_holm"], abs=1e-6)
    assert change["note"] == example["sentence"]


def test_a_segment_that_is_new_or_gone_is_mix():
    given_, expect = EXAMPLES["why-2"]["given"], EXAMPLES["why-2"]["expect"]
    sides = []
    for when in ("before", "after"):
        cells = zip(given_["segments"], given_[f"n_{when}"], given_[f"share_{when}"], strict=True)
        good = {name: (n, round(n * (share or 0))) for name, n, share in cells}
        sides.append(answered({name: (x, n - x) for name, (n, x) in good.items()}, (5, 1)))
    table = why("csat", *sides)
    for part in ("mix", "rate"):
        assert effects(table, part).tolist() == pytest.approx([100 * e for e in expect[part]])
    note = row(table, "change", "change")["note"]
    assert "Mix gave 11.5 points" in note
    assert "C is gone and D is new. Within the segments that stayed it rose 3.5 points" in note
    assert table[table["group"] == "C"]["note"].tolist()[:2] == ["gone", "gone"]


def test_where_everybody_is_counted_mix_is_known():
    example = EXAMPLES["why-3"]
    g, expect = example["given"], example["expect"]
    table = csm.csm_why(
        "churn_rate", ["2026-08", "2026-08", "2026-09", "2026-09"], g["segments"] * 2,
        lost=[*g["lost_before"], *g["lost_after"]], opening=[*g["opening_before"], *g["opening_after"]],
    )  # fmt: skip
    for part in ("mix", "rate"):
        total = row(table, "total", part)
        assert effects(table, part).tolist() == pytest.approx(expect[part], abs=1e-6)
        assert [total["low"], total["high"]] == pytest.approx(expect[f"{part}_interval"], abs=1e-6)
    change = row(table, "change", "change")
    assert [change["low"], change["high"]] == pytest.approx(expect["change_verdict_interval"], abs=1e-6)
    assert change["note"] == example["sentence"].replace("Churn", "Customer churn rate")


def test_a_second_column_is_split_inside_the_first():
    g, expect = EXAMPLES["why-4"]["given"], EXAMPLES["why-4"]["expect"]
    segments = [["North", "web"], ["North", "phone"], ["South", "web"], ["South", "phone"]]
    flat = {name: np.ravel(g[name]).tolist() for name in g}
    calls = (segments * 2, pd.DataFrame(segments * 2), [list(column) for column in zip(*segments * 2, strict=True)])
    for groups in calls:
        table = csm.csm_why(
            "conversion_rate", [1] * 4 + [2] * 4, groups, None, None, None,
            flat["converted_before"] + flat["converted_after"], flat["n_before"] + flat["n_after"],
        )  # fmt: skip
        totals = [row(table, "total", part)["effect"] for part in ("mix", "inner mix", "rate")]
        assert totals == pytest.approx(expect["totals"], abs=1e-6)
        names = ["North / web", "North / phone", "South / web", "South / phone"]
        assert effects(table, "inner mix")[names].tolist() == pytest.approx(np.ravel(expect["inner_mix"]), abs=1e-6)
        assert effects(table, "rate")[names].tolist() == pytest.approx(np.ravel(expect["rate"]), abs=1e-6)


answers = st.lists(st.tuples(st.sampled_from("ABCDEFG"), st.integers(0, 10)), min_size=1, max_size=60)


@given(answers, answers)
def test_laws(before, after):
    """Parts sum, bars join, swapping turns every sign, names and the order of rows change nothing."""
    table = why("nps", before, after)
    change = row(table, "change", "change")
    parts = table[table["step"] == "segment"]["effect"]
    assert parts.sum() == pytest.approx(change["effect"], abs=1e-9)
    bars = table[table["step"] == "waterfall"]
    assert bars["from"].tolist()[2:-1] == bars["to"].tolist()[1:-2]
    assert bars["to"].iloc[-2] == bars["to"].iloc[-1] or len(bars) == 2
    back = why("nps", after, before)
    for part in ("mix", "rate"):
        assert effects(back, part).tolist() == pytest.approx((-effects(table, part)).tolist(), abs=1e-9)
    named = why(
        "nps",
        [(f"z{'GFEDCBA'.index(g)}", a) for g, a in before[::-1]],
        [(f"z{'GFEDCBA'.index(g)}", a) for g, a in after[::-1]],
    )
    assert sorted(effects(named, "mix")) == pytest.approx(sorted(effects(table, "mix")))
    alone = why("nps", [("A", a) for _, a in before], [("A", a) for _, a in after])
    assert row(alone, "total", "mix")["effect"] == pytest.approx(0, abs=1e-9)


def test_merging_segments_of_equal_rates_keeps_both_totals():
    before = answered({"A": (3, 2, 5), "B": (6, 4, 10), "C": (8, 1, 1)})
    after = answered({"A": (4, 4, 2), "B": (8, 8, 4), "C": (5, 5, 0)})
    merged = [[("AB" if g in "AB" else g, a) for g, a in side] for side in (before, after)]
    for part in ("mix", "rate"):
        totals = [row(why("nps", *sides), "total", part)["effect"] for sides in ((before, after), merged)]
        assert totals[0] == pytest.approx(totals[1])


def test_money_of_customers_is_judged_by_customer_and_scales():
    rng = np.random.default_rng(5)
    opening = rng.lognormal(5, 0.8, 80)
    kept = [opening * np.where(rng.random(80) < 0.1, 0, rng.choice([1, 1, 1.2, 0.9], 80)) for _ in range(2)]
    given_ = {
        "opening": np.r_[opening, opening],
        "expansion": np.maximum(np.r_[kept[0], kept[1]] - np.r_[opening, opening], 0),
    }
    lost = np.r_[opening, opening] - np.minimum(np.r_[kept[0], kept[1]], np.r_[opening, opening])
    given_ |= {"contraction": np.zeros(160), "churned": lost}
    call = {"customers": [*range(80)] * 2, "groups": ["A", "B"] * 80, "periods": [1] * 80 + [2] * 80}
    table = csm.csm_why("ndr", **call, **given_)
    assert row(table, "change", "change")["effect"] == pytest.approx(
        kept[1].sum() / opening.sum() - kept[0].sum() / opening.sum()
    )
    assert (
        row(table, "total", "rate")["low"] < row(table, "total", "rate")["effect"] < row(table, "total", "rate")["high"]
    )
    cents = csm.csm_why("ndr", **call, **{name: 100 * column for name, column in given_.items()})
    for column in ("effect", "low", "high", "p_holm"):
        assert cents[column].tolist() == pytest.approx(table[column].tolist(), nan_ok=True)


def test_the_cause_planted_is_named_first():
    """A rate that falls in one segment, and a shift of the mix, each behind noise, in 95 of 100 draws."""
    rng = np.random.default_rng(11)
    named = {"rate": 0, "mix": 0}
    for draw in range(200):
        cause = "rate" if draw % 2 else "mix"
        shares = np.array([0.25, 0.25, 0.3, 0.2])
        later = shares if cause == "rate" else np.array([0.15, 0.15, 0.2, 0.5])
        rates = np.array([0.8, 0.8, 0.8, 0.3])
        then = np.where(np.arange(4) == 2, 0.5, rates) if cause == "rate" else rates
        sides = []
        for share, rate in ((shares, rates), (later, then)):
            segment = rng.choice(4, 1200, p=share)
            sides.append(
                list(zip(segment.tolist(), np.where(rng.random(1200) < rate[segment], 5, 1).tolist(), strict=True))
            )
        table = why("csat", *sides)
        first = table[table["step"] == "waterfall"].iloc[1]
        named[cause] += (first["part"], first["group"]) == ((cause, "2") if cause == "rate" else (cause, "3"))
    assert min(named.values()) >= 95


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (("mrr", [1, 2], ["a", "a"], None, None, None, [1, 2]), WrongKind, "mrr_why"),
        (("crc", [1, 2], ["a", "a"], None, None, None, [1, 2], [1, 2]), WrongKind, "no rates"),
        (("nps", [1, 1], ["a", "a"], None, None, None, [1, 2]), WrongKind, "exactly two"),
        (("nps", [1, 2], ["a", "a"], None, None, None, [1, None]), NoData, "2 has no usable rows"),
        (("nps", [1, 2], ["a"] * 3, None, None, None, [1, 2]), WrongShape, "groups has 3"),
    ],
)
def test_what_has_no_account_is_refused(call, error, words):
    with pytest.raises(error, match=words):
        csm.csm_why(*call)


def test_blank_segments_have_a_name():
    table = why("nps", [("A", 9), (None, 9)], [("A", 9), ("", 0)])
    assert set(table["group"]) >= {"(blank)", "A"}


@pytest.mark.slow
def test_intervals_cover():
    """Rate and mix of NPS over three segments, 200 answers a period: within 3 points of 95 %."""
    rng = np.random.default_rng(2)
    shares, chances = np.array([0.5, 0.3, 0.2]), np.array([[0.5, 0.3, 0.2], [0.3, 0.3, 0.4], [0.6, 0.2, 0.2]])
    later, others = np.array([0.4, 0.3, 0.3]), np.array([[0.45, 0.3, 0.25], [0.3, 0.4, 0.3], [0.5, 0.3, 0.2]])
    rate = [100 * (c[:, 0] - c[:, 2]) for c in (chances, others)]
    mix = ((later - shares) * (rate[0] + rate[1]) / 2).sum()
    true = {"mix": mix, "rate": ((shares + later) / 2 * (rate[1] - rate[0])).sum()}
    held = {"mix": 0, "rate": 0}
    draws = 400
    for _ in range(draws):
        sides = [
            answered(
                {n: rng.multinomial(k, c) for n, k, c in zip("ABC", rng.multinomial(200, share), chance, strict=True)}
            )
            for share, chance in ((shares, chances), (later, others))
        ]
        table = why("nps", *sides)
        for part in held:
            total = row(table, "total", part)
            held[part] += total["low"] <= true[part] <= total["high"]
    assert 0.92 <= held["rate"] / draws <= 0.98
    assert held["mix"] / draws >= 0.92

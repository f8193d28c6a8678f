"""Why money moved: exact to the cent, by movement, customer, price and volume."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import csmetrics_core as csm
from csmetrics_core.errors import NoData, OutOfScale, WrongKind, ZeroDenominator

EXAMPLES = {e["id"]: e for e in json.loads((Path(__file__).parent / "data/why_examples.json").read_text())["examples"]}
MONTHS = ("2026-01", "2026-02", "2026-03")


def effects(table, step):
    return {(row["part"], row["group"]): row["effect"] for _, row in table[table["step"] == step].iterrows()}


def test_mrr_by_movement_and_customer():
    g, expect = EXAMPLES["why-5"]["given"], EXAMPLES["why-5"]["expect"]
    rows = [(who, "2025-12", 10) for who in g["paid_earlier"]]
    rows += [
        (who, month, mrr) for month, side in ((MONTHS[0], "then"), (MONTHS[1], "now")) for who, mrr in g[side].items()
    ]
    table = csm.mrr_why(*zip(*rows, strict=True), before=MONTHS[0], after=MONTHS[1], top=3)
    classes = {part: abs(effect) for (part, _), effect in effects(table, "total").items()}
    assert classes == expect["classes"]
    named = [[group, effect] for (part, group), effect in effects(table, "customer").items() if part != "rest"]
    assert named == expect["top"]
    assert effects(table, "customer")["rest", "the rest of 2 customers"] == expect["rest"]
    bars = table[table["step"] == "waterfall"][["group", "part", "from", "to"]].values.tolist()
    assert bars == expect["waterfall"]
    assert table["note"][0] == EXAMPLES["why-5"]["sentence"]


def test_ndr_by_movement_and_customer():
    g, expect = EXAMPLES["why-6"]["given"], EXAMPLES["why-6"]["expect"]
    rows = [(who, MONTHS[i], paid[i]) for who, paid in g["mrr"].items() for i in range(3)]
    table = csm.ndr_why(*zip(*rows, strict=True), MONTHS[1], MONTHS[2], horizon=1)
    assert table[["before", "after"]].iloc[0].tolist() == pytest.approx([expect["before"], expect["after"]], abs=1e-6)
    assert {p: e for (p, _), e in effects(table, "total").items()} == pytest.approx(expect["by_class"], abs=1e-6)
    assert {who: e for (_, who), e in effects(table, "customer").items()} == pytest.approx(
        expect["by_customer"], abs=1e-6
    )


def ndr_by_segment(rows, top=100):
    customers, months, mrr, groups = zip(*rows, strict=True)
    return csm.ndr_why(customers, months, mrr, MONTHS[1], MONTHS[2], 1, top, groups)


TWO_SEGMENTS = [
    ("A", MONTHS[0], 100, "S"), ("A", MONTHS[1], 120, "S"), ("A", MONTHS[2], 120, "S"),
    ("B", MONTHS[0], 100, "E"), ("B", MONTHS[1], 100, "E"), ("B", MONTHS[2], 50, "E"),
]  # fmt: skip


def test_ndr_by_segment_and_customer_within():
    """By hand: S keeps 1.2 then 1, E 1 then 0.5; S is 100 of 200, then 120 of 220."""
    table = ndr_by_segment(TWO_SEGMENTS)
    share, total = (0.5 + 120 / 220) / 2, (1.1 + 170 / 220) / 2
    found = effects(table, "segment")
    assert found == pytest.approx(
        {
            ("rate", "S"): share * (1 - 1.2),
            ("rate", "E"): (1 - share) * (0.5 - 1),
            ("mix", "S"): (120 / 220 - 0.5) * (1.1 - total),
            ("mix", "E"): (100 / 220 - 0.5) * (0.75 - total),
        }
    )
    assert effects(table, "within") == pytest.approx(
        {("contraction", "E / B"): found["rate", "E"], ("expansion", "S / A"): found["rate", "S"]}
    )
    first = table[(table["step"] == "segment") & (table["group"] == "S")].iloc[0]
    assert first[["share_before", "share_after", "before", "after"]].tolist() == pytest.approx([0.5, 120 / 220, 1.2, 1])
    assert "By segment, in points: rates within -34.3, mix 1.6." in table["note"][0]


def test_ndr_by_segment_is_csm_why_of_each_customer():
    rng, rows, sums = np.random.default_rng(4), [], []
    for k in range(60):
        paid, plan = rng.lognormal(4, 0.4, 3).round(2), "SME"[k % 3]
        rows += [(f"c{k}", month, mrr, plan) for month, mrr in zip(MONTHS, paid, strict=True)]
        for period, (then, now) in enumerate(pairwise(paid)):
            sums.append((period, plan, f"c{k}", then, max(now - then, 0), max(then - now, 0), 0))
    periods, plans, who, *parts = zip(*sums, strict=True)
    by_rows = csm.csm_why("ndr", periods, plans, 0, 1, who, *parts)
    table = ndr_by_segment(rows)
    for step in ("total", "segment"):
        for _, row in by_rows[by_rows["step"] == step].iterrows():
            same = (table["step"] == step) & (table["part"] == row["part"]) & (table["group"] == row["group"])
            for name in ("effect", "low", "high", "p_holm"):
                assert table[same][name].item() == pytest.approx(row[name], rel=1e-9, nan_ok=True), name


def test_a_customer_counts_in_the_segment_it_opened_in():
    """A moves from S to E in February: it expanded S in February and shrank E in March; E alone is there twice."""
    rows = [("A", MONTHS[0], 100, "S"), ("A", MONTHS[1], 120, "E"), ("A", MONTHS[2], 60, "E")]
    table = ndr_by_segment([*rows, ("B", MONTHS[0], 100, "E"), ("B", MONTHS[1], 100, "E"), ("B", MONTHS[2], 100, "E")])
    notes = table[(table["step"] == "segment") & (table["part"] == "mix")].set_index("group")["note"]
    assert notes.to_dict() == {"S": "gone", "E": ""}
    assert effects(table, "within") == pytest.approx({("contraction", "E / A"): 0.75 * (-60 / 220)})
    both = [(*rows[0][:2], 49, "E"), (*rows[0][:2], 51, "S"), *rows[1:], ("B", MONTHS[0], 100, "E")]
    assert (
        effects(ndr_by_segment([*both, ("B", MONTHS[1], 9, "E")]), "segment").keys() == effects(table, "segment").keys()
    )


def test_a_customer_who_pays_less_than_nothing_is_refused_as_in_the_movements():
    """Its change is of no kind, so that the kinds would not add up to the change."""
    rows = [*TWO_SEGMENTS, ("C", MONTHS[0], -20, "X"), ("C", MONTHS[1], 5, "X")]
    words = r"mrr of customer 'C' in 2026-01 adds up to -20\.00; expected 0 or more"
    with pytest.raises(OutOfScale, match=words):
        ndr_by_segment(rows)
    who, months, paid = ([row[place] for row in rows] for place in range(3))
    for account in (csm.mrr_movements, lambda *given: csm.mrr_why(*given, MONTHS[0], MONTHS[1])):
        with pytest.raises(OutOfScale, match=words):
            account(who, months, paid)


planned = st.lists(
    st.tuples(
        st.sampled_from("ABCDEFGH"), st.sampled_from(MONTHS), st.integers(1, 10**7), st.sampled_from(["S", "E", None])
    ),
    min_size=1,
)


@given(planned, st.sampled_from([2, 100]))
def test_segments_and_the_customers_within_add_up_to_the_change(drawn, top):
    rows = [("Z", month, 7.5, "S") for month in MONTHS] + [(who, m, cents / 100, plan) for who, m, cents, plan in drawn]
    table, plain = ndr_by_segment(rows, top), csm.ndr_why(*[*zip(*rows, strict=True)][:3], MONTHS[1], MONTHS[2], 1, top)
    change, segments = table["effect"][0], effects(table, "segment")
    assert sum(segments.values()) == pytest.approx(change, abs=1e-9)
    mix = sum(effect for (part, _), effect in segments.items() if part == "mix")
    assert mix + sum(effects(table, "within").values()) == pytest.approx(change, abs=1e-9)
    for step in ("customer", "waterfall"):
        assert effects(table, step) == effects(plain, step)
    assert effects(ndr_by_segment(rows[::-1], top), "segment") == pytest.approx(segments, abs=1e-9)


@pytest.mark.parametrize("base", ["opening", "midpoint"])
def test_price_and_volume(base):
    g, expect = EXAMPLES["why-7"]["given"], EXAMPLES["why-7"]["expect"]
    rows = []
    for month, when in ((MONTHS[0], "before"), (MONTHS[1], "after")):
        sold = zip(g[f"price_{when}"], g[f"seats_{when}"], strict=True)
        rows += [("X", month, price * seats, f"p{k}", seats) for k, (price, seats) in enumerate(sold) if seats]
    customers, months, mrr, products, quantities = zip(*rows, strict=True)
    table = csm.mrr_why(customers, months, mrr, MONTHS[0], MONTHS[1], None, products, quantities, base)
    found = {part: effect for (part, _), effect in effects(table, "total").items()}
    assert {"price": found["price"], "volume": found["volume"]} == pytest.approx(expect[base])
    assert (found["new products"], -found["products given up"]) == (expect["new"], expect["lost"])
    assert "new products 600, products given up -200" in table["note"][0]


def test_price_and_volume_without_quantities():
    g, expect = EXAMPLES["why-8"]["given"], EXAMPLES["why-8"]["expect"]
    rows = []
    for month, when in ((MONTHS[0], "before"), (MONTHS[1], "after")):
        for plan, count, paid in zip(g["plan"], g[f"customers_{when}"], g[f"mrr_{when}"], strict=True):
            rows += [(f"{plan} {k}", month, paid / count, plan) for k in range(int(count))]
    customers, months, mrr, plans = zip(*rows, strict=True)
    table = csm.mrr_why(customers, months, mrr, MONTHS[0], MONTHS[1], plans)
    found = effects(table, "total")
    assert [found[part, ""] for part in ("volume", "mix", "price")] == pytest.approx(
        [expect["volume"], expect["mix"], expect["price_total"]], abs=1e-6
    )
    assert [effects(table, "segment")["price", plan] for plan in g["plan"]] == pytest.approx(expect["price"], abs=1e-6)
    assert "Upgrades hide in price." in table["note"][0]


paid = st.dictionaries(st.sampled_from("ABCDEFGHIJ"), st.integers(0, 10**7).map(lambda cents: cents / 100), min_size=1)


@given(paid, paid, paid)
def test_customers_and_movements_add_up_to_the_cent(earlier, then, now):
    sides = [{who: mrr for who, mrr in side.items() if mrr} or {"A": 1.0} for side in (earlier, then, now)]
    rows = [(who, month, mrr) for month, side in zip(MONTHS, sides, strict=True) for who, mrr in side.items()]
    table = csm.mrr_why(*zip(*rows, strict=True), MONTHS[1], MONTHS[2], top=3)
    change = round(100 * sum(sides[2].values())) - round(100 * sum(sides[1].values()))
    for step in ("total", "customer"):
        assert round(100 * sum(effects(table, step).values())) == change
    bars = table[table["step"] == "waterfall"]
    assert bars["from"].tolist()[2:-1] == bars["to"].tolist()[1:-2]
    movements = csm.mrr_movements(*zip(*rows, strict=True)).iloc[2]
    for (name, _), effect in effects(table, "total").items():
        assert abs(effect) == pytest.approx(movements[name], abs=1e-9)


def test_one_large_loss_is_named_first():
    rng = np.random.default_rng(9)
    named = 0
    for _ in range(100):
        then = rng.lognormal(4, 0.5, 150)
        now = then * rng.choice([1, 1, 1, 1.05, 0.97], 150)
        loser = int(rng.integers(150))
        then[loser] = now[loser] = then.sum() * 0.1
        now[loser] = 0
        who = [f"c{k}" for k in range(150)]
        kept = now > 0
        rows = [*zip(who, [MONTHS[0]] * 150, then, strict=True)]
        rows += [(w, MONTHS[1], m) for w, m, k in zip(who, now, kept, strict=True) if k]
        table = csm.mrr_why(*zip(*rows, strict=True), MONTHS[0], MONTHS[1])
        first = table[table["step"] == "waterfall"].iloc[1]
        named += (first["part"], first["group"]) == ("churned", f"c{loser}")
    assert named >= 95


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        ((csm.mrr_why, "2026-01", "2026-01"), WrongKind, "both 2026-01"),
        ((csm.mrr_why, "2026-01", "2026-09"), NoData, "no rows of 2026-09"),
        ((csm.ndr_why, "2026-01", "2026-02"), NoData, "no rows of 2025-01"),
    ],
)
def test_months_that_are_not_there_are_named(call, error, words):
    function, *months = call
    with pytest.raises(error, match=words):
        function(["A", "B"], ["2026-01", "2026-02"], [10, 20], *months)
    with pytest.raises((NoData, ZeroDenominator)):
        csm.ndr_why(["A", "A", "A"], MONTHS, [0, 0, 5], "2026-02", "2026-03", 1)

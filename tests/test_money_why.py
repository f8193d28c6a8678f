"""Why money moved: exact to the cent, by movement, customer, price and volume."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import csmetrics_core as csm
from csmetrics_core.errors import NoData, WrongKind, ZeroDenominator

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

"""Amounts that look like slips, and those a total rests on, are named beside the total and never dropped."""

import json
from pathlib import Path

import numpy as np
import pytest

import csmetrics_core as csm
from csmetrics_core.explain import explain
from csmetrics_core.reductions.outliers import guard

EXAMPLES = {e["id"]: e for e in json.loads((Path(__file__).parent / "data/why_examples.json").read_text())["examples"]}


def row(place):
    return f"Row {place + 1}"


@pytest.mark.parametrize("name", ["out-1", "out-2"])
def test_the_worked_examples(name):
    example = EXAMPLES[name]
    now, before = (np.array(example["given"][when]) for when in ("now", "before"))
    assert guard(now, before, row, "MRR") == (example["sentence"],)


def months(now, before):
    """Two months as rows of customers."""
    who = [f"customer {i}" for i in range(len(now))]
    return who * 2, ["2026-08"] * len(now) + ["2026-09"] * len(now), [*before, *now]


def test_a_slip_is_named_beside_the_movements_and_stays_in_them():
    given = EXAMPLES["out-1"]["given"]
    told = explain("mrr_movements", *months(given["now"], given["before"]))
    assert told.notes[-1].startswith("customer 10 in 2026-09: 147,000 is 1,000 times its last month (three zeros too")
    assert told.value["closing"][-1] == 148491
    assert told.notes[-1] in explain("retention_by_month", *months(given["now"], given["before"]), 1).notes


def test_a_month_that_lost_its_zeros_is_named_too():
    before = [1000.0] * 11
    told = explain("mrr_movements", *months([*before[:-1], 10], before)).notes
    assert told == (
        "customer 10 in 2026-09: 10 is one 100th of its last month (two zeros too few?). "
        "With it MRR is 10,010, without it 10,000.",
    )


def test_without_a_month_before_the_others_tell():
    told = explain("mrr", [*[150, 140, 160, 155, 145] * 3, 150_000], 1).notes
    assert told == (
        "One amount: 150,000 is far from the others (usual: 150). With it MRR is 152,250, without it 2,250.",
    )
    assert csm.mrr([*[150, 140, 160, 155, 145] * 3, 150_000], 1) == 152_250


def test_few_or_unremarkable_amounts_are_passed_over():
    assert explain("mrr", [1, 1, 1, 1000], 1).notes == ()  # fewer than ten have no usual size
    draws = np.random.default_rng(4)
    flagged = [bool(explain("mrr", draws.lognormal(5, 1, 200).round(2), 1).notes) for _ in range(200)]
    assert sum(flagged) <= 4


def test_neither_scale_nor_order_matters():
    given = EXAMPLES["out-1"]["given"]
    now, before = np.array(given["now"]), np.array(given["before"])
    order = np.random.default_rng(0).permutation(now.size)
    assert len(guard(now[order], before[order], row, "MRR")) == 1
    assert "1,000 times its last month" in guard(7 * now, 7 * before, row, "MRR")[0]

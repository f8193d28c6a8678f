"""A template's plain formulas judge a change as CSM_CHANGE does, or say that they cannot."""

import numpy as np
import pytest
from csmetrics_workbooks.kit.estimates import nps_bounds, wilson
from csmetrics_workbooks.kit.judging import NOT_JUDGED, Measured, moved_words
from csmetrics_workbooks.kit.terms import Term

from csmetrics_core.declaration.catalog import CATALOG
from csmetrics_core.maths import inference
from csmetrics_core.maths.intervals import critical_value
from csmetrics_core.maths.verdicts import verdict

Z = Term("z", critical_value(0.95))


def number(value):
    return Term("n", float(value))


def share_of(hits, n, scale):
    return Measured(number(scale * hits / n), number(n), wilson(number(hits), number(n), Z, scale))


def votes_of(promoters, passives, detractors):
    n = promoters + passives + detractors
    score, bounds = 100 * (promoters - detractors) / n, nps_bounds(number(promoters), number(detractors), number(n), Z)
    return Measured(number(score), number(n), bounds)


@pytest.mark.parametrize("name", ["csat", "churn_rate", "fcr"])
def test_shares(name):
    metric, rng = CATALOG[name], np.random.default_rng(1)
    scale = 100 if name == "csat" else 1
    seen = set()
    for _ in range(300):
        n0, n1 = rng.integers(20, 600, 2)
        x0, x1 = rng.binomial(n0, 0.3), rng.binomial(n1, rng.choice([0.3, 0.35, 0.45]))
        sides = [
            Measured(number(scale * x / n), number(n), wilson(number(x), number(n), Z, scale))
            for x, n in ((x1, n1), (x0, n0))
        ]
        said = moved_words(metric, *sides, Z).value
        seen.add(said)
        tested = inference.shares(x0, n0, x1, n1).first()
        assert said == (NOT_JUDGED if "Fisher" in tested.method else verdict(metric.better, tested))
    assert {"better", "worse", "no clear change"} <= seen


def test_votes():
    """The expansion of Student's t stands in for the quantile itself."""
    metric, rng = CATALOG["nps"], np.random.default_rng(2)
    seen = set()
    for _ in range(400):
        counts = [rng.multinomial(rng.integers(8, 300), p) for p in ([0.5, 0.3, 0.2], rng.dirichlet([4, 2, 3]))]
        sides = [votes_of(*three) for three in reversed(counts)]
        said = moved_words(metric, *sides, Z).value
        sums = [part for p, m, d in counts for part in (p + m + d, p - d, p + d)]
        if said != NOT_JUDGED:
            assert said == verdict(metric.better, inference.votes(*sums).first())
        seen.add(said)
    assert {"better", "worse", "no clear change"} <= seen


def test_what_plain_formulas_cannot_judge():
    then, now = (Measured(number(value), number(50), None) for value in (100, 140))
    assert moved_words(CATALOG["mrr"], now, then, Z).value == "rose"
    assert moved_words(CATALOG["arpu"], now, then, Z).value == NOT_JUDGED
    blank = Measured(Term("b", "no data"), number(0), None)
    assert moved_words(CATALOG["arpu"], now, blank, Z).value == ""

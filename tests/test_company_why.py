"""Why each headline of a company moved, and that no door tells another change."""

import datetime
import math

import pytest

from csmetrics_core.catalog import headline_metrics
from csmetrics_core.company import Company, Missing, month_number
from csmetrics_core.headline.why import why_of
from csmetrics_core.samples import sample_company
from csmetrics_core.scorecard import scorecard

_COMPOSED = ("clv", "crc", "stickiness")


@pytest.fixture(scope="module")
def tables():
    return sample_company().tables


@pytest.mark.parametrize("metric", [m.name for m in headline_metrics() if m.name not in _COMPOSED])
def test_account_tells_the_change_and_the_verdict_of_the_scorecard(tables, metric):
    if metric == "conversion_rate":
        tables = {**tables, "funnel": tables["funnel"].assign(Segment="All")}
    company = Company(tables)
    line = scorecard(tables)[metric]
    table = why_of(company, metric, company.current).table
    assert table["before"][0] == pytest.approx(line.previous, rel=1e-12)
    assert table["after"][0] == pytest.approx(line.value, rel=1e-12)
    tested = line.tested
    for told, known in zip(("low", "high", "p_holm"), (tested.low, tested.high, tested.p), strict=True):
        assert table[told][0] == pytest.approx(known, rel=1e-9, nan_ok=True), told
    rows = zip(table["step"], table["part"], table["effect"], strict=True)
    priced = ("volume", "mix", "price") if metric == "mrr" else ()  # a second account of the same change
    parts = [effect for step, part, effect in rows if step == "total" and part not in priced]
    assert math.fsum(parts) == pytest.approx(table["effect"][0], abs=1e-9)


def test_segments_are_taken_from_the_customers_where_rows_have_none(tables):
    company = Company({**tables, "responses": tables["responses"].drop(columns=["segment"], errors="ignore")})
    own = why_of(Company(tables), "nps", company.current)
    joined = why_of(company, "nps", company.current)
    assert joined.by == "segment"
    assert joined.table["before"][0] == own.table["before"][0]


def test_what_is_composed_says_where_to_look():
    company = Company(sample_company().tables)
    with pytest.raises(Missing, match="see why ARPU and churn moved"):
        why_of(company, "clv", company.current)


def test_without_segments_the_account_says_what_it_needs():
    days = [datetime.date(2026, 1, 5), datetime.date(2026, 2, 5)]
    company = Company({"responses": {"Date": days * 2, "Score": [10, 9, 3, 10]}})
    with pytest.raises(Missing, match="needs a column segment"):
        why_of(company, "nps", month_number("2026-02"))

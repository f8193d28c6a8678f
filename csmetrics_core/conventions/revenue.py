"""Retention and churn of revenue as others compute them.

Source: the help pages named with each, as read in November 2026.
"""

from csmetrics_core.conventions.convention import Convention

_DAILY = "opening, closing and new MRR of every day"


def _gross(opening: float, contraction: float, churned: float) -> float:
    return (contraction + churned) / opening


def _gross_capped(opening: float, contraction: float, churned: float) -> float:
    return min(1.0, (contraction + churned) / opening)


def _churned_alone(opening: float, churned: float) -> float:
    return churned / opening


def _gross_compounded(opening: float, contraction: float, churned: float) -> float | None:
    rate = _gross(opening, contraction, churned)
    return 1 - (1 - rate) ** 12 if rate <= 1 else None


def _gross_twelvefold(opening: float, contraction: float, churned: float) -> float:
    return 12 * _gross(opening, contraction, churned)


_MRR_CHURN = (
    Convention("gross", "(contraction + churned) ÷ opening", "ChartMogul, help article 203359341", _gross),
    Convention("churned alone", "churned ÷ opening", "PitchKit, FutureProof: lost MRR ÷ start", _churned_alone),
    Convention(
        "at most 100 %", "(contraction + churned at their opening MRR) ÷ opening, capped", "Baremetrics", _gross_capped
    ),
    Convention("a year, compounded", "1 − (1 − gross)^12", "Churnkey", _gross_compounded),
    Convention("a year, times twelve", "12 × gross", "productanalyst.ai", _gross_twelvefold),
    Convention(
        "net of expansion", "(contraction + churned − expansion) ÷ opening", "Chargebee, Baremetrics, ChartMogul net",
        needs="the expansion: ask about net_mrr_churn_rate",
    ),
)  # fmt: skip


def _net_with_reactivation(
    opening: float, expansion: float, contraction: float, churned: float, reactivation: float
) -> float:
    return (contraction + churned - expansion - reactivation) / opening


def _net(opening: float, expansion: float, contraction: float, churned: float) -> float:
    return (contraction + churned - expansion) / opening


def _churned_less_expansion(opening: float, expansion: float, churned: float) -> float:
    return (churned - expansion) / opening


_NET_MRR_CHURN = (
    Convention(
        "net, reactivation too", "(contraction + churned − expansion − reactivation) ÷ opening",
        "ChartMogul, help article 4414075567250", _net_with_reactivation,
    ),
    Convention(
        "net, without reactivation", "(contraction + churned − expansion) ÷ opening", "Chargebee, Baremetrics", _net
    ),
    Convention("downgrades left out", "(churned − expansion) ÷ opening", "freeonlinecal", _churned_less_expansion),
    Convention("gross", "(contraction + churned) ÷ opening", "ChartMogul, help article 203359341", _gross),
    Convention(
        "sum of daily rates", "Σ of each day's 1 − (closing − new) ÷ opening", "ChartMogul, Shopify (B2C) setting",
        needs=_DAILY,
    ),
)  # fmt: skip


def _additive(opening: float, expansion: float, contraction: float, churned: float) -> float:
    return (opening + expansion - contraction - churned) / opening


def _multiplied(opening: float, expansion: float, contraction: float, churned: float) -> float:
    return (opening - contraction - churned) / opening * (1 + expansion / opening)


def _kept(opening: float, contraction: float, churned: float) -> float:
    return (opening - contraction - churned) / opening


def _chained(opening: float, expansion: float, contraction: float, churned: float) -> float | None:
    month = _additive(opening, expansion, contraction, churned)
    return month**12 if month >= 0 else None


_NDR = (
    Convention(
        "cohort bridge", "(opening + expansion − contraction − churned) ÷ opening",
        "SaaS Metrics Standards Board, 10-K filings (Confluent, GitLab)", _additive,
    ),
    Convention("multiplied", "gross retention × (1 + expansion ÷ opening)", "ryanconsulting, as printed", _multiplied),
    Convention("gross", "(opening − contraction − churned) ÷ opening", "gross retention under the other name", _kept),
    Convention(
        "twelve months chained", "cohort bridge of a month, to the power of 12",
        "calculators that multiply months; later customers get in", _chained,
    ),
    Convention("net churn", "1 − cohort bridge", "Chargebee, Baremetrics, net MRR churn", _net),
    Convention("churn under another name", "churned ÷ opening", 'UserIQ, "revenue retention rate"', _churned_alone),
    Convention(
        "with reactivation", "(opening + expansion + reactivation − contraction − churned) ÷ opening",
        "1 − net MRR churn of ChartMogul", needs="the reactivation: ask about net_mrr_churn_rate",
    ),
    Convention(
        "trailing 30 days", "the bridge of the customers of 30 days ago", "Baremetrics", needs="the flows of 30 days"
    ),
    Convention(
        "net renewal rate", "(renewed + expansion) ÷ contracts due", "Vitally", needs="the amount due for renewal"
    ),
)  # fmt: skip


REVENUE = {"mrr_churn_rate": _MRR_CHURN, "net_mrr_churn_rate": _NET_MRR_CHURN, "ndr": _NDR, "nrr": _NDR}

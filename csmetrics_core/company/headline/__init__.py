"""The arguments of each headline metric for one month, taken from a company's tables."""

from collections.abc import Callable

from csmetrics_core.company.company import Company
from csmetrics_core.company.headline.given import Assumptions, Call
from csmetrics_core.company.headline.money import arpu, churn_rate, clv, crc, mrr, ndr
from csmetrics_core.company.headline.usage import avg_session_duration, health_score, product_usage_rate, stickiness
from csmetrics_core.company.headline.voice import ces, conversion_rate, csat, fcr, nps, sentiment

__all__ = ["CALLS", "Assumptions", "Call"]

#: Headline metric -> how its arguments are found.
CALLS: dict[str, Callable[[Company, int | None, Assumptions], Call]] = {
    call.__name__: call
    for call in (
        churn_rate, mrr, arpu, ndr, nps, csat, conversion_rate, health_score, clv, crc, sentiment, fcr, ces,
        product_usage_rate, avg_session_duration, stickiness,
    )
}  # fmt: skip

"""Customer success metrics, each declared once and computed the same way behind every door."""

from csmetrics_core.catalog import CATALOG, lookup
from csmetrics_core.errors import MetricError, UndefinedMetric
from csmetrics_core.metrics.survey import (
    ces,
    ces_interval,
    ces_mean,
    csat,
    csat_interval,
    csat_mean,
    nps,
    nps_change,
    nps_counts,
    nps_from_counts,
    nps_interval,
    nps_responses_needed,
    response_rate,
)

__all__ = [
    "CATALOG",
    "MetricError",
    "UndefinedMetric",
    "ces",
    "ces_interval",
    "ces_mean",
    "csat",
    "csat_interval",
    "csat_mean",
    "lookup",
    "nps",
    "nps_change",
    "nps_counts",
    "nps_from_counts",
    "nps_interval",
    "nps_responses_needed",
    "response_rate",
]

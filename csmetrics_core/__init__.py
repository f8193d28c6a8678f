"""Customer success metrics, each declared once and computed the same way behind every door."""

import numpy  # noqa: F401 - first, as it takes a quarter longer to load from deep inside other imports

from csmetrics_core.catalog import CATALOG, lookup
from csmetrics_core.errors import MetricError, UndefinedMetric
from csmetrics_core.explain import Explained, explain
from csmetrics_core.metrics.about import (
    csm_by,
    csm_explain,
    csm_metrics,
    csm_version,
)
from csmetrics_core.metrics.activity import (
    active_users,
    dau,
    mau,
    stickiness_by_day,
    wau,
)
from csmetrics_core.metrics.adoption import (
    feature_adoption,
    usage_by_account,
)
from csmetrics_core.metrics.backtest import (
    health_backtest,
    health_calibration,
)
from csmetrics_core.metrics.changes import (
    rate_change,
)
from csmetrics_core.metrics.cohorts import (
    cohort_retention,
    customer_movements,
)
from csmetrics_core.metrics.comparison import (
    csm_benchmarks,
    csm_reconcile,
)
from csmetrics_core.metrics.conversion import (
    conversion_interval,
    conversion_rate,
    free_to_paid,
    funnel,
    trial_conversion,
)
from csmetrics_core.metrics.feedback import (
    sentiment,
)
from csmetrics_core.metrics.forecast import (
    clv_forecast,
    retention_forecast,
)
from csmetrics_core.metrics.health import (
    health_band,
    health_contributions,
    health_score,
)
from csmetrics_core.metrics.lifetimes import (
    mean_lifetime,
    median_lifetime,
    onboarding_rate,
    survival_curve,
    time_to_value,
)
from csmetrics_core.metrics.moved import (
    csm_change,
)
from csmetrics_core.metrics.movements import (
    mrr_movements,
    retention_by_customer,
    retention_by_month,
)
from csmetrics_core.metrics.nps import (
    nps,
    nps_change,
    nps_counts,
    nps_from_counts,
    nps_interval,
    nps_responses_needed,
)
from csmetrics_core.metrics.retention import (
    annual_churn,
    churn_conventions,
    churn_rate,
    customer_lifetime,
    monthly_churn,
    renewal_rate,
    retention_rate,
)
from csmetrics_core.metrics.revenue import (
    arpa,
    arpu,
    arr,
    mrr,
    mrr_from_arpu,
    mrr_growth_rate,
    rule_of_40,
)
from csmetrics_core.metrics.revenue_retention import (
    allowed_churn,
    grr,
    mrr_churn_rate,
    ndr,
    net_mrr_churn_rate,
    nrr,
    saas_quick_ratio,
)
from csmetrics_core.metrics.sessions import (
    sessions,
)
from csmetrics_core.metrics.support import (
    fcr,
    fcr_from_contacts,
)
from csmetrics_core.metrics.survey import (
    ces,
    ces_interval,
    ces_mean,
    csat,
    csat_interval,
    csat_mean,
    response_rate,
)
from csmetrics_core.metrics.themes import (
    feedback_themes,
)
from csmetrics_core.metrics.usage import (
    avg_session_duration,
    product_usage_rate,
    stickiness,
)
from csmetrics_core.metrics.value import (
    cac,
    cac_payback,
    clv,
    clv_from_lifespan,
    crc,
    ltv_cac,
)
from csmetrics_core.reconcile import Reconciliation, reconcile
from csmetrics_core.version import __version__

__all__ = [
    "CATALOG",
    "Explained",
    "MetricError",
    "Reconciliation",
    "UndefinedMetric",
    "__version__",
    "active_users",
    "allowed_churn",
    "annual_churn",
    "arpa",
    "arpu",
    "arr",
    "avg_session_duration",
    "cac",
    "cac_payback",
    "ces",
    "ces_interval",
    "ces_mean",
    "churn_conventions",
    "churn_rate",
    "clv",
    "clv_forecast",
    "clv_from_lifespan",
    "cohort_retention",
    "conversion_interval",
    "conversion_rate",
    "crc",
    "csat",
    "csat_interval",
    "csat_mean",
    "csm_benchmarks",
    "csm_by",
    "csm_change",
    "csm_explain",
    "csm_metrics",
    "csm_reconcile",
    "csm_version",
    "customer_lifetime",
    "customer_movements",
    "dau",
    "explain",
    "fcr",
    "fcr_from_contacts",
    "feature_adoption",
    "feedback_themes",
    "free_to_paid",
    "funnel",
    "grr",
    "health_backtest",
    "health_band",
    "health_calibration",
    "health_contributions",
    "health_score",
    "lookup",
    "ltv_cac",
    "mau",
    "mean_lifetime",
    "median_lifetime",
    "monthly_churn",
    "mrr",
    "mrr_churn_rate",
    "mrr_from_arpu",
    "mrr_growth_rate",
    "mrr_movements",
    "ndr",
    "net_mrr_churn_rate",
    "nps",
    "nps_change",
    "nps_counts",
    "nps_from_counts",
    "nps_interval",
    "nps_responses_needed",
    "nrr",
    "onboarding_rate",
    "product_usage_rate",
    "rate_change",
    "reconcile",
    "renewal_rate",
    "response_rate",
    "retention_by_customer",
    "retention_by_month",
    "retention_forecast",
    "retention_rate",
    "rule_of_40",
    "saas_quick_ratio",
    "sentiment",
    "sessions",
    "stickiness",
    "stickiness_by_day",
    "survival_curve",
    "time_to_value",
    "trial_conversion",
    "usage_by_account",
    "wau",
]

"""The metrics over tables of any engine: pandas, Polars, PyArrow, DuckDB, PySpark, Ibis.

One definition with the array functions: each table is reduced on its own engine to a small result, and what
follows is the same code. Columns are looked for by name and can be named; `notes` takes what the reader must know.
"""

from csmetrics_core.tables.accounts import health, usage_by_account
from csmetrics_core.tables.activity import active_users, feature_adoption, sessions
from csmetrics_core.tables.contracts import contract_months
from csmetrics_core.tables.conversion import funnel
from csmetrics_core.tables.customers import cohort_retention, customer_movements
from csmetrics_core.tables.groups import fcr, survey
from csmetrics_core.tables.revenue import mrr_movements, retention

__all__ = [
    "active_users",
    "cohort_retention",
    "contract_months",
    "customer_movements",
    "fcr",
    "feature_adoption",
    "funnel",
    "health",
    "mrr_movements",
    "retention",
    "sessions",
    "survey",
    "usage_by_account",
]

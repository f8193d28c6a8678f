"""Every metric over tables of any engine: pandas, Polars, PyArrow, DuckDB, PySpark, Ibis.

`tables.nps(frame, scores="Score", by=["Segment"], each="month")`. The functions named here are written for tables: each
reduces one on its own engine to a small result. All others of the catalogue come from their declaration.
Columns are looked for by name and can be named; `notes` takes what the reader must know.
"""

import warnings
from collections.abc import Callable
from typing import Any

from csmetrics_core.declaration.catalog import CATALOG
from csmetrics_core.tables import (
    accounts,
    activity,
    balances,
    compare,
    contracts,
    conversion,
    customers,
    groups,
    ledger,
    questions,
    revenue,
)
from csmetrics_core.tables import (
    arr_retention as retained,
)
from csmetrics_core.tables.declared import measured, table_function, why_not
from csmetrics_core.tables.doors import door

active_users = door(activity.active_users, timed=True)
arr_balances = door(balances.arr_balances, timed=True)
arr_bridge = door(ledger.arr_bridge, timed=True)
arr_cohorts = door(retained.arr_cohorts, timed=True)
arr_compare = compare.arr_compare
arr_ledger = door(ledger.arr_ledger, timed=True)
arr_retention = door(retained.arr_retention, timed=True, horizon="horizon_months")
cohort_retention = door(customers.cohort_retention, timed=True)
contract_months = door(contracts.contract_months, timed=True)
customer_movements = door(customers.customer_movements, timed=True)
fcr_from_contacts = door(groups.fcr, name="fcr_from_contacts")
feature_adoption = door(activity.feature_adoption)
health_score = door(accounts.health, name="health_score", values="inputs")
mrr_movements = door(revenue.mrr_movements, timed=True)
retention_by_month = door(revenue.retention, name="retention_by_month", timed=True, horizon="horizon_months")
sessions = door(activity.sessions)
survey = door(groups.survey)
usage_by_account = door(accounts.usage_by_account)
by, change, weighted, why = questions.by, questions.change, questions.weighted, questions.why
_funnel_of_events = door(conversion.funnel, name="funnel")

#: Names of before -> the names of now; they go with the next release.
_FORMERLY = {"health": "health_score", "retention": "retention_by_month"}


def funnel(frame: Any, *args: Any, **kwargs: Any) -> Any:
    if "counts" in kwargs or "labels" in kwargs:  # the steps are counted already
        return measured(CATALOG["funnel"], frame, args, kwargs)
    return _funnel_of_events(frame, *args, **kwargs)


def fcr(frame: Any, *args: Any, **kwargs: Any) -> Any:
    if args or "first_contact" in kwargs:
        return measured(CATALOG["fcr"], frame, args, kwargs)
    warnings.warn(_renamed("fcr", "fcr_from_contacts"), DeprecationWarning, stacklevel=2)
    return fcr_from_contacts(frame, **kwargs)


for _function, _like in ((funnel, _funnel_of_events), (fcr, table_function("fcr"))):
    _function.__doc__ = _like.__doc__
    _function.__signature__ = _like.__signature__  # type: ignore[attr-defined]
    _function.__module__ = __name__

_WRITTEN = (
    "active_users", "arr_balances", "arr_bridge", "arr_cohorts", "arr_compare", "arr_ledger", "arr_retention",
    "by", "change", "weighted", "why", "cohort_retention", "contract_months", "customer_movements", "fcr",
    "fcr_from_contacts", "feature_adoption", "funnel", "health_score", "mrr_movements", "retention_by_month",
    "sessions", "survey", "usage_by_account",
)  # fmt: skip
__all__ = sorted({*_WRITTEN, *(name for name, metric in CATALOG.items() if not why_not(metric))})  # noqa: PLE0605


def _renamed(old: str, new: str) -> str:
    return f"tables.{old} is now called tables.{new}; the old name goes with the next release"


def __getattr__(name: str) -> Callable[..., Any]:
    if name in _FORMERLY:
        warnings.warn(_renamed(name, _FORMERLY[name]), DeprecationWarning, stacklevel=2)
        found: Callable[..., Any] = globals()[_FORMERLY[name]]
        return found
    if name in CATALOG and not why_not(CATALOG[name]):
        return table_function(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """The functions, and nothing else."""
    return list(__all__)

"""What a company's tables say of its recurring revenue in the months to come."""

from dataclasses import replace
from typing import Any

import numpy as np

from csmetrics_core.company.company import Company, Mask, Missing, month_text, select
from csmetrics_core.declaration.catalog import lookup
from csmetrics_core.evaluate import evaluate
from csmetrics_core.explain import Explained, explained
from csmetrics_core.models.arr_ahead import LEAST_MONTHS
from csmetrics_core.models.contest import LEAST_ORIGINS
from csmetrics_core.reductions.standing import UNKNOWN


def forecast_of(company: Company, month: int | None = None, *, terms: int | None = None, **options: Any) -> Explained:
    """The ARR forecast of a company's subscriptions, by segment where they tell it.

    Args:
        company: its tables.
        month: the last month to learn from, counted from January 1970; left out, the last one that is over.
        terms: months its contracts run; left out, those each row is paid for, or 1.
        options: `horizon`, `new_arr_a_month`, `confidence` and `seed` of `arr_forecast`.

    Raises:
        Missing: the tables do not tell who paid what in which month.
        MetricError: too little is known for a forecast.
    """
    months = company.months("subscriptions")
    if months is None:
        raise Missing("needs subscriptions with a month")
    paid = company.paid()
    last = company.current if month is None else month
    rows = months <= (months.max() if last is None else last)
    segments = company.named_cells("subscriptions", "segment")
    arguments = {
        "customers": company.take("subscriptions", "customer", rows),
        "months": company.take("subscriptions", "month", rows),
        "mrr": paid[rows],
        "segments": None if segments is None else select(segments, rows),
        "terms": _terms(company, rows) if terms is None else np.full(int(rows.sum()), terms),
    }
    told = explained(evaluate(lookup("arr_forecast"), (), {**arguments, **options}), options.get("confidence", 0.8))
    if rows.all():
        return told
    chosen = month is not None and month != company.current
    note = f"Rows after {month_text(last or 0)}{'' if chosen else ', the last month that is over,'} are left out."
    return replace(told, notes=(*told.notes, note))


def tried_of(company: Company, month: int | None = None, **options: Any) -> Explained | None:
    """The forecast as far ahead as the history lets it be tried often enough; nothing where it is too short for that.

    Args:
        company, month, options: as of `forecast_of`, but for the horizon.

    Raises:
        Missing: the tables do not tell who paid what in which month.
        MetricError: too little is known for a forecast.
    """
    months = company.months("subscriptions")
    last = company.current if month is None else month
    if months is None or last is None:
        return None
    here = months[(months > UNKNOWN) & (months <= last)]
    known = int(here.max() - here.min()) + 1 if here.size else 0
    horizon = known - LEAST_MONTHS + 1 - LEAST_ORIGINS
    return forecast_of(company, month, horizon=horizon, **options) if horizon > 0 else None


def _terms(company: Company, rows: Mask) -> Any:
    """The months each row is paid for; a contract runs that long at least."""
    if not company.has("subscriptions", "interval_months"):
        return np.ones(int(rows.sum()))
    company.check("subscriptions", "interval_months", rows)
    months = company.column("subscriptions", "interval_months", "number").values[rows]
    return np.where(months >= 1, np.round(months), 1)

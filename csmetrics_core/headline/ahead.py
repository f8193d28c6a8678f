"""What a company's tables say of its recurring revenue in the months to come."""

from dataclasses import replace
from typing import Any

import numpy as np

from csmetrics_core.catalog import lookup
from csmetrics_core.company import Company, Missing, month_text, select
from csmetrics_core.evaluate import evaluate
from csmetrics_core.explain import Explained, explained


def forecast_of(company: Company, *, terms: int = 1, **options: Any) -> Explained:
    """The ARR forecast of a company's subscriptions, by segment where they tell it.

    Args:
        company: its tables.
        terms: months its contracts run.
        options: `horizon`, `new_arr_a_month`, `confidence` and `seed` of `arr_forecast`.

    Raises:
        Missing: the tables do not tell who paid what in which month.
        MetricError: too little is known for a forecast.
    """
    months = company.months("subscriptions")
    if months is None:
        raise Missing("needs subscriptions with a month")
    paid = company.paid()
    rows = months <= (months.max() if company.current is None else company.current)
    segments = company.named_cells("subscriptions", "segment")
    arguments = {
        "customers": company.take("subscriptions", "customer", rows),
        "months": company.take("subscriptions", "month", rows),
        "mrr": paid[rows],
        "segments": None if segments is None else select(segments, rows),
        "terms": np.full(int(rows.sum()), terms),
    }
    told = explained(evaluate(lookup("arr_forecast"), (), {**arguments, **options}), options.get("confidence", 0.8))
    if rows.all():
        return told
    note = f"Rows after {month_text(company.current or 0)}, the last month that is over, are left out."
    return replace(told, notes=(*told.notes, note))

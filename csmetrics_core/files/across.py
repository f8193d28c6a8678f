"""Revenue with months across: Stripe's report "MRR per subscriber per month", and sheets people keep that way."""

from __future__ import annotations

import re

import pandas as pd

from csmetrics_core.headings import SYNONYMS, plain
from csmetrics_core.readers.exports import Draft, Export, Field, place
from csmetrics_core.readers.money import one_currency
from csmetrics_core.readers.numbers import read_numbers
from csmetrics_core.readers.sheets import Sheet

_MONTH = re.compile(r"(\d{4})[-/.](\d{1,2})(?:[-/.]\d{1,2})?(?:[ T]0{1,2}:00(?::00)?)?")
_NAMED = re.compile(r"([A-Za-z]{3,9})\.?[\s-](\d{4})")
_NAMES = "jan feb mar apr may jun jul aug sep oct nov dec".split()


def month_of(heading: str) -> pd.Timestamp | None:
    """The month a heading names, if it names one: 2026-03, 2026-03-01 or Mar 2026."""
    if found := _MONTH.fullmatch(heading):
        year, month = int(found[1]), int(found[2])
    elif (found := _NAMED.fullmatch(heading)) and found[1][:3].lower() in _NAMES:
        year, month = int(found[2]), _NAMES.index(found[1][:3].lower()) + 1
    else:
        return None
    return pd.Timestamp(year, month, 1) if 1 <= month <= 12 else None


def month_columns(sheet: Sheet) -> dict[int, pd.Timestamp]:
    """Which columns of a sheet are months."""
    months = ((index, month_of(heading)) for index, heading in enumerate(sheet.headings))
    return {index: month for index, month in months if month is not None}


def is_wide(sheet: Sheet) -> bool:
    """Whether a sheet names customers and has months across."""
    names = {plain(name) for name in ("customer", *SYNONYMS["customer"])}
    return bool(month_columns(sheet)) and any(plain(heading) in names for heading in sheet.headings)


def _subscriptions(draft: Draft) -> pd.DataFrame:
    """One row a customer and month with any MRR."""
    months = month_columns(draft.sheet)
    raw = draft.sheet.load(sorted(months))
    parts = []
    for index, month in months.items():
        where = place(draft.sheet, draft.report, draft.sheet.headings[index])
        mrr = read_numbers(raw[index], where, draft.how.decimal)
        parts.append(draft.data.assign(month=month, mrr=mrr))
    draft.data = pd.concat(parts, ignore_index=True)
    one_currency(draft, "mrr")
    draft.data = draft.data[draft.data["mrr"].notna() & draft.data["mrr"].ne(0)]
    first, last = min(months.values()), max(months.values())
    draft.report.mapped["month"] = draft.report.mapped["mrr"] = f"{first:%Y-%m} to {last:%Y-%m}, {len(months)} columns"
    draft.report.until = last.to_period("M").end_time.date()
    draft.report.ignored = tuple(name for name in draft.report.ignored if month_of(name) is None)
    table = draft.data[["customer", "month", "mrr"]].astype({"month": "datetime64[us]"})
    return table.sort_values(["month", "customer"], kind="stable")


_FIELDS = (
    Field("customer", ("Customer ID", "customer", *SYNONYMS["customer"]), "id"),
    Field("currency", ("Currency",)),
)
STRIPE = Export(
    "Stripe",
    "MRR per subscriber per month",
    "subscriptions",
    (("Customer ID",), ("Customer",), ("Currency",)),
    _FIELDS,
    _subscriptions,
    "docs.stripe.com/billing/subscriptions/analytics, Downloadable reports; headings: public code that reads it",
)
OWN = Export(
    "",
    "revenue with months across",
    "subscriptions",
    (),
    _FIELDS,
    _subscriptions,
    "",
)

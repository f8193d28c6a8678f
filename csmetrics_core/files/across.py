"""Revenue with months across: Stripe's report "MRR per subscriber per month", and sheets people keep that way."""

from __future__ import annotations

import pandas as pd

from csmetrics_core.files.columns import Column
from csmetrics_core.files.exports import Draft, Export, Field, typed
from csmetrics_core.files.headings import SYNONYMS, bare, plain
from csmetrics_core.files.money import one_currency
from csmetrics_core.files.months import MonthHeadings, month_headings
from csmetrics_core.files.report import Wait
from csmetrics_core.files.saying import Said
from csmetrics_core.files.table import Table

#: What the column of customers is called.
CUSTOMERS = frozenset(map(plain, ("customer", *SYNONYMS["customer"], *SYNONYMS["name"])))


def months_of(table: Table, said: Said) -> MonthHeadings:
    """Which columns of a table are months."""
    return month_headings(table.raw or table.headings, table.at("months across"), said)


def is_across(table: Table, said: Said) -> bool:
    """Whether a table names customers and has months across."""
    found = months_of(table, said)
    several = len(found.months) > 1 or bool(found.questions)
    named = any(bare(heading) in CUSTOMERS for heading in table.headings) or "customer" in said.columns
    return named and (several or len(found.months) == 1 == len(table.headings) - 1)


def _subscriptions(draft: Draft) -> pd.DataFrame:
    """One row a customer and month with any MRR."""
    found = months_of(draft.table, draft.said)
    draft.report.waits += [Wait.of_question("", question) for question in found.questions]
    table, columns = _amounts(draft, found)
    parts = []
    waits: dict[str, Wait] = {}
    for place, month in found.months.items():
        column = columns[str(place)]
        part = draft.data.assign(month=pd.Timestamp(month), mrr=column.values.to_numpy(), unread=column.unread)
        parts.append(part if column.currency is None or "currency" in part else part.assign(currency=column.currency))
        for question in column.questions:
            waits.setdefault(question.problem, Wait.of_question("mrr", question))
        for unread in column.refused:
            waits.setdefault(str(unread), Wait("mrr", str(unread), "Correct the cell."))
    if not parts:
        return pd.DataFrame({"customer": [], "month": [], "mrr": []})
    draft.data = pd.concat(parts)
    one_currency(draft, "mrr")
    draft.data = draft.data[(draft.data["mrr"].notna() & draft.data["mrr"].ne(0)) | draft.data["unread"]]
    months = list(found.months.values())
    first, last = min(months), max(months)
    span = f"{first:%Y-%m} to {last:%Y-%m}, {len(months)} columns"
    draft.report.mapped["month"] = draft.report.mapped["mrr"] = span
    draft.report.until = pd.Timestamp(last).to_period("M").end_time.date()
    used = {table.headings[place] for place in found.months}
    draft.report.ignored = tuple(name for name in draft.report.ignored if name not in used)
    ordered = draft.data.sort_values(["month", "customer"], kind="stable")
    rows = ordered["unread"].to_numpy(dtype=bool)
    draft.report.waits += [wait._replace(rows=rows) for wait in waits.values()]
    own = ("currency",) if draft.said.own_currencies else ()
    held = [column for column in ("customer", "segment", "plan", "month", "mrr", *own) if column in ordered]
    return ordered[held].astype({"month": "datetime64[us]"})


def _amounts(draft: Draft, found: MonthHeadings) -> tuple[Table, dict[str, Column]]:
    """The columns of months, without rows that sum up others; those leave the draft too."""
    customer = next(
        place for place, heading in enumerate(draft.table.headings) if heading == draft.report.mapped["customer"]
    )
    wanted = {str(place): (place, "amount") for place in found.months}
    before = draft.table
    table, columns, waits = typed(before, {"customer": (customer, "identifier"), **wanted}, draft.said)  # type: ignore[dict-item]
    draft.asked = [wait for wait in draft.asked if wait.column]
    draft.report.waits += waits
    if len(table.rows) != len(before.rows):
        kept = pd.Index(before.numbers).isin(table.numbers)
        draft.data = draft.data[kept].reset_index(drop=True)
        draft.asked = [wait._replace(rows=None if wait.rows is None else wait.rows[kept]) for wait in draft.asked]
        draft.report.rows_left_out = table.left_out
    for column in columns.values():
        draft.report.notes += [str(note) for note in column.notes if column.kind == "amount"][:1]
    draft.table = table
    return table, columns


_FIELDS = (
    Field("customer", ("Customer ID", "customer", *SYNONYMS["customer"]), "identifier"),
    Field("currency", ("Currency",)),
)
_LABELS = tuple(Field(name, (name, *SYNONYMS[name])) for name in ("segment", "plan"))
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
    (*_FIELDS, *_LABELS),
    _subscriptions,
    "",
)

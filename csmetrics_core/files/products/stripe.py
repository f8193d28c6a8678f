"""Stripe: subscriptions, customers and invoices from the Dashboard's lists, and Billing's MRR per subscriber.

The Dashboard lets its user choose the columns, and no page lists them all; the headings are those which public code
that reads such files expects. Amounts in Dashboard exports are in currency, not in cents ("19.00").
"""

from __future__ import annotations

import pandas as pd

from csmetrics_core.files.exports import Draft, Export, Field
from csmetrics_core.files.grids import UnreadableFile
from csmetrics_core.files.money import interval_months, one_currency
from csmetrics_core.files.saying import Remedy

_GLOSSARY = "docs.stripe.com/billing/subscriptions/analytics"
_NEVER_STARTED = {"incomplete", "incomplete_expired"}
_STOPPED = {"unpaid", "paused"}
_NOT_BILLED = {"draft", "void", "deleted"}


def _contracts(draft: Draft) -> pd.DataFrame:
    """One row a paid run of a subscription, and one for its trial."""
    status = draft.data["status"].str.lower()
    draft.keep(~status.isin(_NEVER_STARTED), "subscriptions that were never started")
    stopped = draft.data["status"].str.lower().isin(_STOPPED)
    draft.keep(
        ~stopped, "unpaid or paused subscriptions: no MRR now, and since when is not said, so none before either"
    )
    draft.keep(draft.data["amount"].notna(), "subscriptions without an amount (tiered or metered prices)")
    _ended(draft)
    draft.data["start"] = _start(draft)
    draft.data["amount"] = _amount(draft)
    one_currency(draft, "amount")
    draft.data["interval_months"] = interval_months(draft)
    if draft.has("coupon") and draft.data["coupon"].notna().any():
        count = int(draft.data["coupon"].notna().sum())
        draft.report.notes.append(f"{count:,} subscriptions have a coupon of unknown amount: MRR is before it.")
    draft.report.notes.append("The file holds each subscription's price of today: earlier prices are not in it.")
    columns = ["customer", "subscription", "plan", "interval_months", "amount", "currency"]
    known = draft.data[[name for name in columns if draft.has(name)]]
    parts = [known.assign(kind=kind, start=start, end=end) for kind, start, end in _runs(draft)]
    runs = pd.concat([part[part["start"].notna()] for part in parts])
    return runs.sort_values(["subscription", "start"], kind="stable")


def _ended(draft: Draft) -> None:
    """Refuse a file that hides when cancelled subscriptions ended: blank would mean that they still run."""
    cancelled = draft.data["status"].str.lower().eq("canceled")
    ended = draft.data["end"] if draft.has("end") else pd.Series(pd.NaT, index=draft.data.index)
    draft.data["end"] = ended
    unknown = cancelled & ended.isna()
    if unknown.any():
        problem = f"{int(unknown.sum()):,} subscriptions are canceled, and the file does not say when they ended"
        raise draft.refusal(problem, "Export the column Ended At (UTC) too.")


def _start(draft: Draft) -> pd.Series:
    if draft.has("start_date"):
        return draft.data["start_date"]
    if draft.has("created"):
        draft.report.mapped["start"] = draft.report.mapped["created"]
        return draft.data["created"]
    problem = "the file does not say when subscriptions began"
    raise draft.refusal(problem, "Export the column Start Date (UTC) or Created (UTC) too.")


def _amount(draft: Draft) -> pd.Series:
    """What one interval costs: Stripe does not document whether Amount is for one unit or for all."""
    amount: pd.Series = draft.data["amount"]
    many = draft.data["quantity"].gt(1) if draft.has("quantity") else pd.Series(False, index=amount.index)
    if many.any() and draft.said.amounts is None:
        problem = f"{int(many.sum()):,} subscriptions have a quantity above 1, and Amount may be for one or for all"
        remedies = (Remedy("amounts", "each", "they are for one"), Remedy("amounts", "all", "they are for all"))
        raise UnreadableFile(f"{draft.report.place}: {problem}", "Compare one with Stripe.", remedies)
    return amount * draft.data["quantity"].fillna(1) if many.any() and draft.said.amounts == "each" else amount


def _runs(draft: Draft) -> list[tuple[str, pd.Series, pd.Series]]:
    """Kind, first day and first day after of the trial and of the paid run."""
    data = draft.data
    start, end = data["start"], data["end"]
    if not draft.has("trial_end"):
        if data["status"].str.lower().eq("trialing").any():
            raise draft.refusal("some subscriptions are on trial", "Export the column Trial End (UTC) too.")
        return [("recurring", start, end)]
    over = data["trial_end"].where(data["trial_end"] > start)
    trial_ends = over.where(end.isna() | (over < end), end).where(over.notna())
    paid_from = over.where(over.notna(), start)
    pays = (end.isna() | (end > paid_from)) & data["status"].str.lower().ne("trialing")
    return [("trial", start.where(over.notna()), trial_ends), ("recurring", paid_from.where(pays), end)]


def _customers(draft: Draft) -> pd.DataFrame:
    missing = draft.report.missing
    missing["start"] = "Created is when the record was made, not when the customer began to pay; read subscriptions too"
    missing["end"] = "not in this file; read the subscriptions too"
    return draft.data[[name for name in ("customer", "plan") if draft.has(name)]]


def _payments(draft: Draft) -> pd.DataFrame:
    """What was billed, before tax: finalised invoices."""
    status = draft.data["status"].str.lower() if draft.has("status") else pd.Series("", index=draft.data.index)
    draft.keep(~status.isin(_NOT_BILLED), "invoices that are drafts, void or deleted")
    if draft.has("tax"):
        blank = draft.data["tax"].isna()
        draft.data["amount"] = draft.data["amount"] - draft.data["tax"].mask(blank, 0)
        draft.report.notes.append("Amounts are the total less tax.")
        if blank.any():
            draft.report.guessed.append(f"{int(blank.sum()):,} invoices leave Tax blank: read as free of tax.")
    else:
        draft.report.guessed.append("Amounts are the total; without the column Tax they may contain tax.")
    one_currency(draft, "amount")
    return draft.data[["customer", "date", "amount"]].assign(kind="invoice").sort_values("date", kind="stable")


_SUBSCRIPTION = Field("subscription", ("id", "Subscription ID"), "identifier")
_CUSTOMER = Field("customer", ("Customer ID", "Customer"), "identifier")
_CODE = "public code of many hands that reads this export; amounts in currency"

EXPORTS = (
    Export(
        "Stripe",
        "subscriptions",
        "contracts",
        (
            ("Customer ID",),
            ("Status",),
            ("Interval",),
            ("Amount",),
            ("Current Period Start (UTC)", "Canceled At (UTC)", "Ended At (UTC)", "Start Date (UTC)", "Start (UTC)"),
        ),
        (
            _CUSTOMER,
            _SUBSCRIPTION,
            Field("plan", ("Product", "Plan Name", "Plan")),
            Field("status", ("Status",)),
            Field("quantity", ("Quantity",), "number"),
            Field("currency", ("Currency",)),
            Field("interval", ("Interval",)),
            Field("interval_count", ("Interval Count",), "number"),
            Field("amount", ("Amount",), "number"),
            Field("coupon", ("Coupon", "Discount")),
            Field("start_date", ("Start Date (UTC)",), "day"),
            Field("created", ("Created (UTC)",), "day"),
            Field("period", ("Current Period Start (UTC)",), "day"),
            Field("trial_end", ("Trial End (UTC)",), "day"),
            Field("cancelled", ("Canceled At (UTC)",), "day"),
            Field("end", ("Ended At (UTC)",), "day"),
        ),
        _contracts,
        f"{_GLOSSARY} (which statuses count); headings: {_CODE}",
        {"Start (UTC)": "it is the last change of the subscription, not its start"},
        clock=("start_date", "created", "period", "cancelled", "end"),
    ),
    Export(
        "Stripe",
        "invoices",
        "payments",
        (("Number",), ("Date (UTC)", "Created (UTC)"), ("Amount Due", "Total"), ("Customer", "Customer ID")),
        (
            Field("customer", ("Customer", "Customer ID"), "identifier"),
            Field("date", ("Finalized At (UTC)", "Date (UTC)", "Created (UTC)"), "day"),
            Field("amount", ("Total", "Amount Due"), "number"),
            Field("tax", ("Tax",), "number"),
            Field("currency", ("Currency",)),
            Field("status", ("Status",)),
        ),
        _payments,
        f"headings: {_CODE}",
        {"Amount Paid": "a payment can come late or in parts; what was billed is the total"},
        clock=("date",),
    ),
    Export(
        "Stripe",
        "customers",
        "customers",
        (("id",), ("Delinquent",), ("Created (UTC)",), ("Total Spend", "Payment Count", "Account Balance")),
        (Field("customer", ("id", "Customer ID"), "identifier"), Field("plan", ("Plan",))),
        _customers,
        f"headings: {_CODE}",
        {"Total Spend": "a lifetime total belongs to no month"},
    ),
)

"""Subscription billing besides Stripe: Chargebee and Recurly subscriptions, Paddle's transaction line items."""

from __future__ import annotations

import numpy as np
import pandas as pd

from csmetrics_core.files.exports import Draft, Export, Field
from csmetrics_core.files.grids import UnreadableFile
from csmetrics_core.files.money import interval_months, one_currency
from csmetrics_core.files.report import Wait
from csmetrics_core.files.saying import Remedy
from csmetrics_core.reductions.terms import is_whole_months, months_between

_COLUMNS = ("customer", "subscription", "plan", "interval_months", "amount", "currency")
_NOT_STARTED = "subscriptions that have not begun, or never did"
_PAUSED = "paused subscriptions: no MRR now, and since when is not said, so none before either"


def _chargebee(draft: Draft) -> pd.DataFrame:
    """One row a paid run of a subscription, from its activation on, and one for its trial."""
    _keep_states(draft, ("future", "transferred"))
    _refuse_hidden_ends(draft, "cancelled", "Canceled On")
    if draft.has("mrr"):
        draft.data["amount"], draft.data["interval_months"] = draft.data["mrr"], 1.0
        draft.report.mapped["amount"] = draft.report.mapped["mrr"]
        draft.report.notes.append("Amounts are the MRR the file states; earlier ones are not in it.")
    elif draft.has("price", "interval"):
        many = draft.data["quantity"].fillna(1) if draft.has("quantity") else 1
        draft.data["amount"] = draft.data["price"] * many
        draft.data["interval_months"] = interval_months(draft)
        draft.report.notes.append(
            "Amounts are the plan's price times its quantity: add-ons and discounts are not in it."
        )
    else:
        raise draft.refusal("no column holds what a subscription pays", "Export MRR too, or Plan Unit Price.")
    draft.keep(draft.data["amount"].notna() | _in_state(draft, "in_trial"), "subscriptions without an amount")
    one_currency(draft, "amount")
    return _runs(draft, draft.data["start"])


def _recurly(draft: Draft) -> pd.DataFrame:
    """One row a paid run of a subscription, and one for its trial; the current period tells the billing interval."""
    _keep_states(draft, ("future", "failed"))
    _refuse_hidden_ends(draft, "expired", "expires_at")
    draft.data["interval_months"] = _intervals(draft)
    one_currency(draft, "amount")
    draft.report.notes.append("The file holds each subscription's price of today: earlier prices are not in it.")
    trial = draft.data["trial_end"] if draft.has("trial_end") else pd.Series(pd.NaT, index=draft.data.index)
    return _runs(draft, draft.data["start"].where(trial.isna() | (trial <= draft.data["start"]), trial))


def _intervals(draft: Draft) -> pd.Series:
    """Months in the current period of each row; a period that is no whole month takes that of others of its plan."""
    data = draft.data
    known = data["period_start"].notna() & data["period_end"].notna()
    paid = known & ~data["trial_end"].ge(data["period_end"]) if draft.has("trial_end") else known
    begins, ends = (data.loc[paid, name].to_numpy().astype("datetime64[D]").astype(np.int64) for name in _PERIOD)
    found = pd.Series(np.nan, index=data.index)
    found[paid] = np.where(is_whole_months(begins, ends), months_between(begins, ends), np.nan)
    plan = data["plan"].fillna("") if draft.has("plan") else pd.Series("", index=data.index)
    usual = found.groupby(plan).transform(lambda months: months.mode().iloc[0] if months.notna().any() else np.nan)
    guessed = found.isna() & usual.notna()
    if guessed.any():
        what = "subscriptions in a trial or a broken period take the billing interval of others of their plan"
        draft.report.guessed.append(f"{int(guessed.sum()):,} {what}.")
    found = found.fillna(usual)
    if found.isna().any():
        rows = np.zeros(len(draft.table.rows), dtype=bool)
        rows[found.index[found.isna()].to_numpy()] = True
        row = int(draft.table.numbers[int(rows.argmax())])
        problem = f"{draft.report.place}: row {row:,} does not tell its billing interval by its current period"
        draft.asked.append(Wait("amount", problem, "Leave the row out, or state a whole period.", (), rows))
    return found


_PERIOD = ("period_start", "period_end")


def _paddle(draft: Draft) -> pd.DataFrame:
    """One row a billed period of a subscription's line, and one for each charge that does not recur."""
    counted = draft.data["status"].str.lower().isin(("billed", "completed"))
    draft.keep(counted, "line items of transactions that are neither billed nor completed")
    if draft.has("discount"):
        draft.data["amount"] = draft.data["amount"] - draft.data["discount"].fillna(0)
    _cents(draft)
    one_currency(draft, "amount")
    recurs = draft.data["interval"].notna()
    months = pd.Series(np.nan, index=draft.data.index)
    months[recurs] = interval_months(draft)[recurs]
    start = _first(draft, "period_start", "date")
    end = draft.data["period_end"] if draft.has("period_end") else pd.Series(pd.NaT, index=draft.data.index)
    draft.data["interval_months"] = _of_period(start, end, months)
    draft.data["start"] = start
    draft.data["end"] = end.where(end.notna() | ~recurs, _after(start, months))
    draft.data["kind"] = np.where(recurs, "recurring", "one-time")
    return draft.data[[name for name in (*_COLUMNS, "kind", "start", "end") if name in draft.data]]


def _cents(draft: Draft) -> None:
    """Whole numbers throughout may be cents, as in Paddle's API; its page on reports does not say."""
    said = draft.said.amounts
    if said in ("cents", "currency") or (draft.data["amount"] % 1).any():
        draft.data["amount"] = draft.data["amount"] / (100 if said == "cents" else 1)
        return
    remedies = (Remedy("amounts", "cents", "1000 is 10.00"), Remedy("amounts", "currency", "1000 is 1000.00"))
    problem = f"{draft.report.place}: all amounts are whole numbers, and may be cents"
    raise UnreadableFile(problem, "Compare one with an invoice.", remedies)


def _of_period(start: pd.Series, end: pd.Series, months: pd.Series) -> pd.Series:
    """The months an amount is for: those of the period it was billed for, which a change of plan cuts short."""
    known = start.notna() & end.notna() & months.notna()
    begins, ends = (one[known].to_numpy().astype("datetime64[D]").astype(np.int64) for one in (start, end))
    found = months.copy()
    found[known] = months_between(begins, ends)
    return found.where(found > 0, months)


def _after(start: pd.Series, months: pd.Series) -> pd.Series:
    """The first day after an interval; days and weeks are counted as days."""
    whole = months.notna() & (months % 1 == 0)
    later = [
        day + pd.DateOffset(months=int(many)) if whole_one else day + pd.Timedelta(days=round(many * 365 / 12))
        for day, many, whole_one in zip(start, months.fillna(0), whole, strict=True)
    ]
    return pd.Series(later, index=start.index, dtype="datetime64[us]")


def _first(draft: Draft, *names: str) -> pd.Series:
    """The first of some columns that holds something in each row."""
    found = pd.Series(pd.NaT, index=draft.data.index, dtype="datetime64[us]")
    for name in names:
        if draft.has(name):
            found = found.fillna(draft.data[name])
    return found


def _state(draft: Draft) -> pd.Series:
    words: pd.Series = draft.data["status"].str.strip().str.lower().str.replace(r"[\s-]+", "_", regex=True)
    return words.replace({"canceled": "cancelled", "trial": "in_trial", "trialing": "in_trial"})


def _in_state(draft: Draft, *states: str) -> pd.Series:
    return _state(draft).isin(states)


def _keep_states(draft: Draft, never: tuple[str, ...]) -> None:
    draft.keep(~_in_state(draft, *never), _NOT_STARTED)
    draft.keep(~_in_state(draft, "paused"), _PAUSED)


def _refuse_hidden_ends(draft: Draft, state: str, heading: str) -> None:
    """Refuse a file that hides when subscriptions ended: blank would mean that they still run."""
    if not draft.has("end"):
        draft.data["end"] = pd.Series(pd.NaT, index=draft.data.index, dtype="datetime64[us]")
    unknown = int((_in_state(draft, state) & draft.data["end"].isna()).sum())
    if unknown:
        problem = f"{unknown:,} subscriptions are {state}, and the file does not say when they ended"
        raise draft.refusal(problem, f"Export the column {heading} too.")


def _runs(draft: Draft, paid_from: pd.Series) -> pd.DataFrame:
    """The paid run of each subscription, up to its end, and its trial, where the file tells of one."""
    data = draft.data
    known = data[[name for name in _COLUMNS if draft.has(name)]]
    pays = paid_from.notna() & (data["end"].isna() | (data["end"] > paid_from)) & ~_in_state(draft, "in_trial")
    parts = [known.assign(kind="recurring", start=paid_from, end=data["end"])[pays]]
    if draft.has("trial_end"):
        begun = _first(draft, "trial_start", "created", "start")
        over = data["trial_end"].where(data["end"].isna() | (data["trial_end"] < data["end"]), data["end"])
        tried = data["trial_end"].notna() & begun.notna() & (over > begun)
        parts.append(known.assign(kind="trial", start=begun, end=over)[tried])
    return pd.concat([part for part in parts if len(part)] or parts[:1]).sort_values("start", kind="stable")


EXPORTS = (
    Export(
        "Chargebee",
        "subscriptions",
        "contracts",
        (
            ("Activated On", "subscription[activated_at]"),
            ("Canceled On", "Cancelled On", "subscription[cancelled_at]"),
            ("Current Plan", "subscription[plan_id]", "Plan Quantity", "Subscription Billing Period"),
            ("Customer ID", "Customer", "Company", "customer[id]", "Customer Company"),
            ("Status", "Subscription Status", "subscription[status]"),
        ),
        (
            Field("customer", ("Customer ID", "customer[id]", "Customer", "Customer Company", "Company"), "identifier"),
            Field("subscription", ("Subscription ID", "subscription[id]"), "identifier"),
            Field("plan", ("Current Plan", "subscription[plan_id]")),
            Field("status", ("Status", "Subscription Status", "subscription[status]")),
            Field("quantity", ("Plan Quantity", "subscription[plan_quantity]"), "number"),
            Field("interval", ("Subscription Billing Period", "Billing Period")),
            Field("currency", ("Currency", "subscription[currency_code]")),
            Field("mrr", ("MRR", "Monthly Recurring Revenue", "Subscription MRR", "subscription[mrr]"), "amount"),
            Field("price", ("Plan Unit Price", "Plan Price", "subscription[plan_unit_price]"), "amount"),
            Field("created", ("Started On", "subscription[started_at]", "Created On"), "day"),
            Field("start", ("Activated On", "subscription[activated_at]"), "day"),
            Field("trial_end", ("Trial End", "subscription[trial_end]"), "day"),
            Field("end", ("Canceled On", "Cancelled On", "subscription[cancelled_at]"), "day"),
            Field("term", ("Current Billing Term Start Date",), "day"),
        ),
        _chargebee,
        "chargebee.com/docs, RevenueStory data sources, Subscriptions (Canceled On: when it was or will be cancelled)",
        {"Recurring Discount MRR": "MRR is after it"},
        clock=("start", "created", "term"),
    ),
    Export(
        "Recurly",
        "subscriptions",
        "contracts",
        (
            ("account_code",),
            ("plan_code", "plan_name"),
            ("state",),
            ("total_recurring_amount",),
            ("activated_at",),
            ("current_period_started_at",),
            ("current_period_ends_at", "current_period_ended_at"),
        ),
        (
            Field("customer", ("account_code",), "identifier"),
            Field("subscription", ("uuid", "subscription_id"), "identifier"),
            Field("plan", ("plan_name", "plan_code")),
            Field("status", ("state",)),
            Field("currency", ("currency",)),
            Field("amount", ("total_recurring_amount",), "amount"),
            Field("start", ("activated_at",), "day"),
            Field("end", ("expires_at",), "day"),
            Field("trial_start", ("trial_started_at",), "day"),
            Field("trial_end", ("trial_ends_at",), "day"),
            Field("period_start", ("current_period_started_at",), "day"),
            Field("period_end", ("current_period_ends_at", "current_period_ended_at"), "day"),
        ),
        _recurly,
        "docs.recurly.com, Subscriptions export (total_recurring_amount: unit amount times quantity, and add-ons)",
        {"canceled_at": "it is the day somebody cancelled; the subscription lives to expires_at"},
        clock=("start", "period_start"),
    ),
    Export(
        "Paddle",
        "transaction line items",
        "contracts",
        (
            ("transaction_id",),
            ("transaction_status", "status"),
            ("customer_id",),
            ("subscription_id",),
            ("product_name", "product_id"),
            ("subtotal", "totals_subtotal"),
            ("price_billing_cycle_interval", "billing_cycle_interval"),
            ("billed_at", "transaction_billed_at", "billing_period_starts_at"),
        ),
        (
            Field("customer", ("customer_id",), "identifier"),
            Field("subscription", ("subscription_id",), "identifier"),
            Field("plan", ("product_name", "product_id")),
            Field("status", ("transaction_status", "status")),
            Field("currency", ("currency_code", "currency")),
            Field("interval", ("price_billing_cycle_interval", "billing_cycle_interval")),
            Field("interval_count", ("price_billing_cycle_frequency", "billing_cycle_frequency"), "number"),
            Field("amount", ("subtotal", "totals_subtotal"), "amount"),
            Field("discount", ("discount", "totals_discount"), "amount"),
            Field("date", ("billed_at", "transaction_billed_at"), "day"),
            Field("period_start", ("billing_period_starts_at", "transaction_billing_period_starts_at"), "day"),
            Field("period_end", ("billing_period_ends_at", "transaction_billing_period_ends_at"), "day"),
        ),
        _paddle,
        "developer.paddle.com, Transaction line item reports: headings mirror the API's fields",
        {"total": "it holds tax", "earnings": "it is after Paddle's fee"},
        clock=("date", "period_start"),
    ),
)

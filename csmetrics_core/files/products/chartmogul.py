"""ChartMogul: customers, subscriptions, MRR intervals and MRR movements ("activities").

Headings are those of the calculated datasets it exports, or of its API, which differ in signs and case alone; both
document amounts as cents of the account's currency.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from csmetrics_core.files.deriving import last_month
from csmetrics_core.files.exports import Draft, Export, Field
from csmetrics_core.files.money import one_currency
from csmetrics_core.maths.periods import as_dates, first_day, index_of
from csmetrics_core.reductions.money import from_cents, to_cents

_DATASETS = "dev.chartmogul.com/docs/destinations/calculated-data"
_NO_END = "a cancelled customer's last day is not in this file; read the MRR movements too"


def _customers(draft: Draft) -> pd.DataFrame:
    """Who pays now; without the days on which the others left no churn can be computed, so no end is claimed."""
    paying = draft.data["status"].str.lower().isin(("active", "past due", "past_due"))
    draft.keep(paying, "customers who are leads or cancelled")
    one_currency(draft, "arr")
    draft.report.missing["end"] = _NO_END
    columns = ("customer", "name", "segment", "region", "plan", "owner", "start", "arr")
    return draft.data[[name for name in columns if draft.has(name)]]


def _subscriptions(draft: Draft) -> pd.DataFrame:
    """The last price of each subscription, a month."""
    one_currency(draft, "amount")
    status = draft.data["status"].str.lower() if draft.has("status") else pd.Series("", index=draft.data.index)
    cancelled = status.isin(("cancelled", "canceled", "inactive"))
    if not draft.has("end") or (cancelled & draft.data["end"].isna()).any():
        problem = "the file does not say when every cancelled subscription ended"
        raise draft.refusal(problem, "Export the end date too, or read the MRR movements.")
    draft.report.notes.append("The file holds each subscription's last price: earlier prices are not in it.")
    columns = ("customer", "subscription", "plan", "start", "end", "amount", "currency")
    return draft.data[[name for name in columns if draft.has(name)]].assign(kind="recurring", interval_months=1.0)


def _intervals(draft: Draft) -> pd.DataFrame:
    """Each stretch of one MRR."""
    trial = pd.Series(False, index=draft.data.index)
    for flag in ("trial", "free"):
        if draft.has(flag):
            trial |= draft.data[flag].eq(True)
    columns = ("customer", "subscription", "plan", "start", "end", "amount")
    known = draft.data[[name for name in columns if draft.has(name)]]
    return known.assign(kind=np.where(trial, "trial", "recurring"), interval_months=1.0)


def _movements(draft: Draft) -> pd.DataFrame:
    """What each customer pays at each month's end: the movements up to it, added up."""
    one_currency(draft)
    order = ["customer", "date", "rank"] if draft.has("rank") else ["customer", "date"]
    data = draft.data.sort_values(order, kind="stable")
    cents = pd.Series(to_cents(data["movement"].to_numpy(), "mrr movement"), index=data.index)
    balance = cents.groupby(data["customer"]).cumsum()
    _check(draft, data.assign(balance=balance))
    data = data.assign(balance=balance, month=index_of(_days(data["date"]), "month"))
    ends = data.groupby(["customer", "month"], sort=True)["balance"].last().unstack("month")
    months = np.arange(
        int(data["month"].min()),
        _last_month(draft) + 1,
    )
    standing = ends.reindex(columns=months).ffill(axis=1).reset_index().melt("customer", months, "month", "cents")
    standing = standing[standing["cents"] > 0]
    month = as_dates(first_day(standing["month"].to_numpy(np.int64), "month")).astype("datetime64[us]")
    mrr = from_cents(standing["cents"].to_numpy())
    draft.report.mapped["mrr"] = draft.report.mapped["movement"]
    table = pd.DataFrame({"customer": standing["customer"].to_numpy(), "month": month, "mrr": mrr})
    return table.sort_values(["month", "customer"], kind="stable")


def _last_month(draft: Draft) -> int:
    return last_month(draft.report.until, draft.report.place, draft.said.as_of, draft.report.notes)


def _days(moments: pd.Series) -> np.ndarray:
    return moments.to_numpy().astype("datetime64[D]").astype(np.int64)


def _check(draft: Draft, data: pd.DataFrame) -> None:
    """Refuse movements that do not begin with the customer's first: what was paid before would be missing."""
    fix = "Export the movements of all customers from the very first day, without a filter."
    if (data["balance"] < 0).any():
        raise draft.refusal("a customer lost more MRR than the file shows before", fix)
    if not draft.has("mrr"):
        return
    reported = to_cents(data["mrr"].fillna(0).to_numpy(), "mrr")
    final = data.assign(reported=reported).groupby("customer").last()
    differ = (final["reported"] - final["balance"]).abs() > 1
    if differ.any():
        problem = f"the movements of {int(differ.sum()):,} customers do not add up to the MRR beside the last of them"
        raise draft.refusal(problem, fix)


_CUSTOMER = Field("customer", ("CUSTOMER_UUID", "UUID", "CUSTOMER_EXTERNAL_ID", "EXTERNAL_ID"), "identifier")

EXPORTS = (
    Export(
        "ChartMogul",
        "MRR movements",
        "subscriptions",
        (
            ("CUSTOMER_UUID", "CUSTOMER_EXTERNAL_ID"),
            ("MRR_MOVEMENT", "activity-mrr-movement"),
            ("MOVEMENT_TYPE", "type", "activity-type"),
            ("DATE",),
        ),
        (
            Field("customer", ("CUSTOMER_UUID", "CUSTOMER_EXTERNAL_ID"), "identifier"),
            Field("date", ("DATE",), "moment"),
            Field("rank", ("RANK",), "number"),
            Field("movement", ("MRR_MOVEMENT", "activity-mrr-movement"), "cents"),
            Field("mrr", ("MRR", "activity-mrr"), "cents"),
        ),
        _movements,
        f"{_DATASETS}/mrr-movements; dev.chartmogul.com/reference/activities/list",
        {"CURRENCY_CODE": "it is the invoice's; MRR is in the account's currency"},
        clock=("date",),
        makes_rows=True,
    ),
    Export(
        "ChartMogul",
        "MRR intervals",
        "contracts",
        (("CUSTOMER_UUID",), ("MRR",), ("START_DATE",), ("END_DATE",), ("SUBSCRIPTION_SET_UUID", "IS_TRIAL")),
        (
            Field("customer", ("CUSTOMER_UUID",), "identifier"),
            Field("subscription", ("SUBSCRIPTION_UUID",), "identifier"),
            Field("plan", ("PLAN_UUID",)),
            Field("start", ("START_DATE",), "day"),
            Field("end", ("END_DATE",), "day"),
            Field("amount", ("MRR",), "cents"),
            Field("trial", ("IS_TRIAL",), "flag"),
            Field("free", ("IS_FREE",), "flag"),
        ),
        _intervals,
        f"{_DATASETS}/mrr-intervals",
        clock=("start",),
    ),
    Export(
        "ChartMogul",
        "subscriptions",
        "contracts",
        (("CUSTOMER_UUID", "CUSTOMER_EXTERNAL_IDS"), ("MRR",), ("ARR",), ("CUSTOMER_SUBSCRIPTION_ID", "INTERVAL_UNIT")),
        (
            Field("customer", ("CUSTOMER_UUID", "CUSTOMER_EXTERNAL_IDS"), "identifier"),
            Field("subscription", ("CUSTOMER_SUBSCRIPTION_ID", "SUBSCRIPTION_UUID", "UUID"), "identifier"),
            Field("plan", ("PLAN_NAME", "plan")),
            Field("status", ("STATUS",)),
            Field("currency", ("CURRENCY",)),
            Field("amount", ("MRR",), "cents"),
            Field("start", ("START_DATE",), "day"),
            Field("end", ("END_DATE",), "day"),
        ),
        _subscriptions,
        f"{_DATASETS}/subscriptions",
        clock=("start",),
    ),
    Export(
        "ChartMogul",
        "customers",
        "customers",
        (("UUID", "CUSTOMER_UUID"), ("MRR",), ("STATUS",), ("SUBSCRIBER_SINCE", "customer-since")),
        (
            _CUSTOMER,
            Field("region", ("COUNTRY",)),
            Field("plan", ("PLAN_NAME", "plan")),
            Field("owner", ("OWNER",)),
            Field("status", ("STATUS",)),
            Field("currency", ("CURRENCY",)),
            Field("start", ("SUBSCRIBER_SINCE", "customer-since"), "day"),
            Field("arr", ("ARR",), "cents"),
        ),
        _customers,
        f"{_DATASETS}/customers",
        {"NET_PAYMENTS": "a lifetime total belongs to no month"},
        clock=("start",),
    ),
)

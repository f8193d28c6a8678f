"""CRM account lists: HubSpot companies and Salesforce accounts -> customers.

A list says who is a customer today. It says when they left only if the account keeps such a column; without one no end
is claimed, because a blank end means "still a customer" and churn would come out as nothing.
"""

from __future__ import annotations

import pandas as pd

from csmetrics_core.files.exports import Draft, Export, Field
from csmetrics_core.files.headings import SYNONYMS

_NOT_ARR = "it is the account's own turnover, not what it pays you"
_COLUMNS = ("customer", "name", "segment", "region", "plan", "owner", "start", "end", "arr")
_ARR = ("ARR", "Annual Recurring Revenue", "Annual recurring revenue (ARR)", "Contract ARR", "ARR__c")
_START = ("Customer Since", "Customer Start Date", "Contract Start Date", "Customer_Since__c")
_END = ("Churn Date", "Churned On", "Cancellation Date", "Customer End Date", "Churn_Date__c", *SYNONYMS["end"])


def _hubspot(draft: Draft) -> pd.DataFrame:
    if draft.has("stage"):
        ended = draft.data["end"].notna() if draft.has("end") else False
        customers = draft.data["stage"].str.lower().isin(("customer", "evangelist"))
        draft.keep(customers | ended, "companies whose lifecycle stage is not customer")
    else:
        draft.report.guessed.append("Every company was taken for a customer: the file has no Lifecycle Stage.")
    return _customers(draft)


def _salesforce(draft: Draft) -> pd.DataFrame:
    if draft.has("type"):
        ended = draft.data["end"].notna() if draft.has("end") else False
        kind = draft.data["type"].str.lower()
        draft.keep(kind.str.startswith("customer") | ended, "accounts whose type is not customer")
    else:
        draft.report.guessed.append("Every account was taken for a customer: the file has no Type.")
    return _customers(draft)


def _customers(draft: Draft) -> pd.DataFrame:
    missing = draft.report.missing
    if not draft.has("start"):
        missing["start"] = "the date a record was created is not the day the account began to pay"
    if not draft.has("end"):
        missing["end"] = "the list does not say who left when, so it gives no churn"
    if not draft.has("arr"):
        missing["arr"] = "no column holds what the account pays a year"
    repeated = int(draft.data["customer"].duplicated().sum())
    if repeated:
        draft.report.notes.append(f"{repeated:,} accounts stand in more than one row.")
    return draft.data[[name for name in _COLUMNS if draft.has(name)]]


_SHARED = (
    Field("segment", ("Segment", "Customer Segment", "Customer Tier", "Tier", "Segment__c")),
    Field("plan", ("Plan", "Subscription Plan", "Plan__c")),
    Field("end", _END, "day"),
    Field("arr", _ARR, "number"),
)

EXPORTS = (
    Export(
        "HubSpot",
        "companies",
        "customers",
        (("Record ID", "Record ID - Company"), ("Company name",)),
        (
            Field("customer", ("Record ID - Company", "Record ID"), "identifier"),
            Field("name", ("Company name",)),
            Field("region", ("Country/Region", "Country")),
            Field("owner", ("Company owner",)),
            Field("stage", ("Lifecycle Stage",)),
            Field("start", ("Became a Customer Date", "Close Date", *_START), "day"),
            *_SHARED,
        ),
        _hubspot,
        "knowledge.hubspot.com, HubSpot's default company properties (Close date: when a company became a customer); "
        "that the export heads columns with them: public code that reads it",
        {"Annual Revenue": _NOT_ARR, "Create Date": "it is when the record was made"},
        clock=("start",),
    ),
    Export(
        "Salesforce",
        "accounts",
        "customers",
        (
            ("Account Name", "Name"),
            ("Account ID", "Id"),
            ("Account Owner", "OwnerId", "Billing Country", "BillingCountry"),
        ),
        (
            Field("customer", ("Account ID", "Id"), "identifier"),
            Field("name", ("Account Name", "Name")),
            Field("region", ("Billing Country", "Billing Country/Region", "BillingCountry", "Region")),
            Field("owner", ("Account Owner", "Owner Full Name")),
            Field("type", ("Type",)),
            Field("start", _START, "day"),
            *_SHARED,
        ),
        _salesforce,
        "developer.salesforce.com, Object Reference, Account (AnnualRevenue: estimated annual revenue of the account)",
        {
            "Annual Revenue": _NOT_ARR,
            "AnnualRevenue": _NOT_ARR,
            "Created Date": "it is when the record was made",
            "CreatedDate": "it is when the record was made",
        },
        clock=("start",),
    ),
)

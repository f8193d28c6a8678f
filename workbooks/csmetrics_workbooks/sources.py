"""The data sheets the templates share, and how they are filled from the sample company."""

from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from csmetrics_core import lookup
from csmetrics_core.samples import SampleCompany, sample_company
from csmetrics_workbooks.sheets import (
    COSTS,
    CUSTOMERS,
    EVENTS,
    LICENCES,
    OPERATIONS,
    RENEWALS,
    RESPONSES,
    TICKETS,
)

if TYPE_CHECKING:
    import pandas as pd


#: History of the sample company in months: nine quarters and the twelve months each looks back.
SAMPLE_MONTHS = 40
#: Months the revenue table leaves blank for what is to come.
COMING_MONTHS = 6
#: The same in the templates, whose owner may have nothing to build a longer one with: to the end of the next year.
_TEMPLATE_MONTHS = 15


@lru_cache(maxsize=2)
def sample() -> SampleCompany:
    """The sample company of the workbooks: small enough to read, long enough for nine quarters."""
    return sample_company(customers=120, months=SAMPLE_MONTHS, event_days=30 * 29)


def month_headers(months: "pd.DatetimeIndex", coming: int = COMING_MONTHS) -> list[str]:
    """Consecutive months as the revenue table heads them, with room for those to come."""
    import pandas as pd

    last = months.max() + pd.DateOffset(months=coming)
    return [m.strftime("%Y-%m") for m in pd.date_range(months.min(), last, freq="MS")]


def revenue_across(long: "pd.DataFrame", coming: int = COMING_MONTHS) -> "pd.DataFrame":
    """One row a customer, months across, from columns Customer, Segment, Month and MRR; rows of one month add up."""
    import pandas as pd

    month = pd.to_datetime(long["Month"]).dt.to_period("M").dt.to_timestamp()
    whole = long.assign(Month=month, cents=(pd.to_numeric(long["MRR"], errors="coerce") * 100).round())
    wide = whole.pivot_table(index="Customer", columns="Month", values="cents", aggfunc="sum") / 100
    wide = wide.where(wide != 0)
    headers = month_headers(pd.DatetimeIndex(month.dropna()), coming)
    wide.columns = [m.strftime("%Y-%m") for m in wide.columns]
    wide = wide.reindex(columns=headers)
    last = whole.dropna(subset=["Segment"]).drop_duplicates("Customer", keep="last").set_index("Customer")["Segment"]
    wide.insert(0, "Segment", last.reindex(wide.index))
    return wide.reset_index()


def sample_revenue() -> "pd.DataFrame":
    """Recurring revenue of the sample company, one row a customer."""
    table = sample().subscriptions
    return revenue_across(
        table.rename(columns={"customer": "Customer", "segment": "Segment", "month": "Month", "mrr": "MRR"}),
        _TEMPLATE_MONTHS,
    )


def sample_responses() -> "pd.DataFrame":
    """Survey responses of the sample company, the comments rated by the core."""
    table = sample().responses
    renamed = table.rename(columns={"date": "Date", "customer": "Account", "segment": "Segment", "arr": "ARR"})
    renamed = renamed.rename(columns={"nps": "NPS", "csat": "CSAT", "ces": "CES", "comment": "Comment"})
    return with_sentiment(renamed)[[f.header for f in RESPONSES.fields]]


def with_sentiment(responses: "pd.DataFrame") -> "pd.DataFrame":
    """Responses with each comment's sentiment, blank where there is no comment."""
    comments = [c if isinstance(c, str) and c.strip() else None for c in responses["Comment"]]
    rated: Any = lookup("sentiment").function(comments) if any(comments) else np.full(len(comments), np.nan)
    return responses.assign(Sentiment=np.round(np.asarray(rated, dtype=float).reshape(-1), 4))


def sample_tickets() -> "pd.DataFrame":
    """Support tickets of the sample company."""
    table = sample().tickets
    frame = table.assign(Opened=table["opened"].dt.normalize(), Segment=table["customer"].map(_segments()))
    frame = frame.rename(
        columns={
            "customer": "Account",
            "contacts": "Contacts",
            "resolved": "Resolved",
            "reopened": "Reopened",
            "transferred": "Transferred",
            "abandoned": "Abandoned",
        }
    )
    return frame[[f.header for f in TICKETS.fields]]


def sample_invited() -> "pd.DataFrame":
    """Surveys sent by the sample company."""
    asked = sample().surveys.groupby(["month", "segment"], as_index=False)["invited"].sum()
    return asked.rename(columns={"month": "Month", "segment": "Segment", "invited": "Invited"})


def sample_customers() -> "pd.DataFrame":
    """Paid stretches of the sample company's customers."""
    frame = sample().customers.rename(
        columns={"customer": "Customer", "segment": "Segment", "start": "Start", "end": "End"}
    )
    return frame[[f.header for f in CUSTOMERS.fields]]


def sample_renewals() -> "pd.DataFrame":
    """Contracts of the sample company that are still to be renewed."""
    table = sample().renewals
    names = {
        "customer": "Account",
        "owner": "Owner",
        "segment": "Segment",
        "arr": "ARR",
        "due": "Due",
        "health_band": "Health band",
        "call": "Call",
        "expected_arr": "Expected ARR",
        "reason": "Reason",
        "next_step": "Next step",
    }
    return table[table["renewed"].isna()].rename(columns=names)[[f.header for f in RENEWALS.fields]]


def sample_costs() -> "pd.DataFrame":
    """Costs of the sample company."""
    names = {"month": "Month", "category": "Category", "purpose": "Purpose", "amount": "Amount"}
    frame = sample().costs.rename(columns=names).assign(Segment=None)
    return frame[[f.header for f in COSTS.fields]]


def sample_events(days: int = 125) -> "pd.DataFrame":
    """The last days of events of one account in eight."""
    events = sample().events
    chosen = sorted(events["customer"].unique())[::8]
    since = events["timestamp"].max().normalize() - np.timedelta64(days - 1, "D")
    events = events[events["customer"].isin(chosen) & (events["timestamp"] >= since)]
    frame = events.assign(Segment=events["customer"].map(_segments()))
    names = {"timestamp": "Date", "user": "User", "customer": "Account", "feature": "Feature"}
    return frame.rename(columns=names)[[f.header for f in EVENTS.fields]]


def sample_licences() -> "pd.DataFrame":
    """Seats bought by the accounts whose events are in the sample."""
    table, events = sample().licences, sample().events
    chosen = sorted(events["customer"].unique())[::8]
    table = table[table["customer"].isin(chosen)].assign(Segment=table["customer"].map(_segments()))
    names = {"customer": "Account", "licensed": "Licensed", "assigned": "Assigned"}
    return table.rename(columns=names)[[f.header for f in LICENCES.fields]]


def _health_inputs(end: "pd.Timestamp") -> "pd.DataFrame":
    """The four inputs of every account, from the events up to a day."""
    company = sample()
    events = company.events[company.events["timestamp"] < end].dropna(subset=["user"])
    events = events[events["timestamp"] >= end - np.timedelta64(60, "D")]
    seats = events["customer"].map(company.licences.set_index("customer")["licensed"])
    key = company.features.loc[company.features["key"], "feature"]
    found: Any = lookup("usage_by_account").function(
        events["customer"], events["user"], events["timestamp"], events["feature"], seats, key
    )
    frame = found.rename(
        columns={
            "account": "Account",
            "frequency": "Frequency",
            "breadth": "Breadth",
            "depth": "Depth",
            "growth": "Growth",
        }
    )
    return frame.round({"Frequency": 2, "Breadth": 3, "Depth": 3, "Growth": 3})


def _customers_on(day: "pd.Timestamp") -> "pd.DataFrame":
    table = sample().customers
    there = (table["start"] <= day) & (table["end"].isna() | (table["end"] > day))
    return table[there].drop_duplicates("customer", keep="last")


def sample_accounts() -> "pd.DataFrame":
    """Accounts of the sample company on its last day."""
    import pandas as pd

    end = pd.Timestamp("2026-10-01")
    names = {"customer": "Account", "segment": "Segment", "owner": "Owner", "arr": "ARR"}
    frame = _customers_on(end - np.timedelta64(1, "D")).rename(columns=names)[list(names.values())]
    return frame.merge(_health_inputs(end), on="Account", how="left").reset_index(drop=True)


def sample_past(months: int = 6) -> "pd.DataFrame":
    """Accounts six months before, and whether they have left since."""
    import pandas as pd

    now = pd.Timestamp("2026-10-01")
    then = now - pd.DateOffset(months=months)
    before = _customers_on(then - np.timedelta64(1, "D"))
    staying = set(_customers_on(now - np.timedelta64(1, "D"))["customer"])
    frame = before.rename(columns={"customer": "Account"})[["Account"]]
    frame = frame.merge(_health_inputs(then), on="Account", how="left")
    return frame.assign(Left=[account not in staying for account in frame["Account"]])


def _segments() -> "pd.Series":
    return sample().customers.drop_duplicates("customer", keep="last").set_index("customer")["segment"]


@lru_cache(maxsize=1)
def sample_sessions() -> "pd.DataFrame":
    """Sessions of one account in sixteen, computed from its events."""
    import pandas as pd

    events = sample().events.dropna(subset=["user"])
    chosen = sorted(events["customer"].unique())[::16]
    events = events[events["customer"].isin(chosen)]
    found: Any = lookup("sessions").function(events["user"], events["timestamp"])
    start = pd.to_datetime(found["start"])
    account = found["user"].map(events.drop_duplicates("user").set_index("user")["customer"])
    frame = pd.DataFrame(
        {
            "Date": start.dt.normalize(),
            "Account": account,
            "Segment": account.map(_segments()),
            "Minutes": (found["seconds"].astype(float) / 60).round(1),
        }
    )
    return frame.sort_values(["Date", "Account", "Minutes"], kind="stable").reset_index(drop=True)


def _seats(months: "Iterable[pd.Timestamp]") -> "pd.DataFrame":
    """Seats of the accounts that pay at the end of each month, by segment."""
    import pandas as pd

    licences = sample().licences
    found = []
    for month in months:
        paying = _customers_on(month + pd.offsets.MonthEnd(0))[["customer", "segment"]]
        seats = paying.merge(licences, on="customer").groupby("segment")["licensed"].sum()
        found.append(seats.rename("Licensed").rename_axis("Segment").reset_index().assign(Month=month))
    return pd.concat(found, ignore_index=True)


@lru_cache(maxsize=1)
def sample_operations() -> "pd.DataFrame":
    """Support, usage, sales and cost figures of the sample company by month and segment."""
    import pandas as pd

    company, segments = sample(), _segments()
    tickets = company.tickets.assign(Month=company.tickets["opened"].dt.to_period("M").dt.to_timestamp())
    tickets = tickets.assign(Segment=tickets["customer"].map(segments))
    done = tickets[tickets["resolved"] & tickets["contacts"].notna() & ~tickets["abandoned"]]
    first = (done["contacts"] == 1) & ~done["reopened"] & ~done["transferred"]
    done = done.assign(first=first)
    support = done.groupby(["Month", "Segment"]).agg(Resolved=("ticket", "size"), first=("first", "sum"))
    events = company.events.dropna(subset=["user"])
    day = events["timestamp"].dt.normalize()
    used = pd.DataFrame({"user": events["user"], "day": day, "Segment": events["customer"].map(segments)})
    used = used.drop_duplicates()
    used["Month"] = used["day"].dt.to_period("M").dt.to_timestamp()
    by = used.groupby(["Month", "Segment"])
    active = by["user"].nunique()
    daily = (by.size() / [m.days_in_month for m in by.size().index.get_level_values("Month")]).round(2)
    rows = pd.concat(
        [
            support.rename(columns={"first": "First contact"}),
            active.rename("Active users"),
            daily.rename("Daily users"),
        ],
        axis=1,
    ).reset_index()
    rows = rows.merge(
        _seats(rows.loc[rows["Active users"].notna(), "Month"].unique()), on=["Month", "Segment"], how="left"
    )
    funnel = company.funnel.rename(
        columns={"month": "Month", "opportunities": "Opportunities", "conversions": "Conversions"}
    )[["Month", "Opportunities", "Conversions"]]
    costs = company.costs[company.costs["purpose"] == "retention"].groupby("month")["amount"].sum()
    funnel = funnel.assign(Segment="Company", **{"Retention cost": funnel["Month"].map(costs)})
    both = pd.concat([rows, funnel], ignore_index=True).sort_values(["Month", "Segment"], kind="stable")
    return both[[f.header for f in OPERATIONS.fields]].reset_index(drop=True)

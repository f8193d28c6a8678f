"""The data sheets the templates share, and how they are filled from the sample company."""

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from csmetrics_core import lookup
from csmetrics_core.samples import SampleCompany, sample_company
from csmetrics_core.spec import COUNT, DATE, FRACTION, MONEY, POINTS, TEXT, Unit
from csmetrics_workbooks.tables import Field, Sheet

if TYPE_CHECKING:
    import pandas as pd

MINUTES = Unit("minutes", "0.0", "{:.1f}")
FLAG = Unit("flag", "General", "{}")
WHOLE = Unit("score", "0", "{:.0f}")

ACCOUNT = Field("Account", TEXT, "who answered", ("customer",), width=14)
SEGMENT = Field("Segment", TEXT, "as on the page Lists", ("segment",), width=13)

RESPONSES = Sheet(
    "Responses",
    "One row a survey response. Leave a question that was not asked or answered blank: blank is not zero.",
    (
        Field("Date", DATE, "day of the answer", ("date",), required=True),
        ACCOUNT,
        SEGMENT,
        Field("ARR", MONEY, "what the account pays a year", ("arr",), low=0, high=1e12),
        Field("NPS", WHOLE, "0 to 10", ("nps",), low=0, high=10, width=8),
        Field("CSAT", WHOLE, "1 to 5", ("csat",), low=1, high=5, width=8),
        Field("CES", WHOLE, "1 to 7, 7 is easy", ("ces",), low=1, high=7, width=8),
        Field("Comment", TEXT, "in the customer's words", ("comment",), width=60),
        Field("Sentiment", POINTS, "-1 to 1, see Method", ("sentiment",), low=-1, high=1, width=10),
    ),
)
REVENUE = Sheet(
    "Revenue",
    "One row a customer, months across: monthly recurring revenue at the end of each month. Blank is not a customer. "
    "Type coming months into the blank columns on the right.",
    (
        Field("Customer", TEXT, "one row each", ("customer",), required=True, width=14),
        SEGMENT,
    ),
    months_across=True,
)
OPERATIONS = Sheet(
    "Operations",
    "One row a month and segment. What is known only for the whole company goes under the segment Company.",
    (
        Field("Month", DATE, "any day of the month", ("month",), required=True),
        SEGMENT,
        Field("Resolved", COUNT, "tickets resolved", ("resolved tickets",)),
        Field("First contact", COUNT, "of these, at first contact", ("first contact resolutions",)),
        Field("Licensed", COUNT, "seats at month end", ("licensed",)),
        Field("Active users", COUNT, "distinct in the month", ("mau", "monthly active users")),
        Field("Daily users", Unit("users", "0.0", "{:.1f}"), "mean of the days", ("dau", "mean dau")),
        Field("Opportunities", COUNT, "decided", ("opportunities",)),
        Field("Conversions", COUNT, "won", ("conversions",)),
        Field("Retention cost", MONEY, "spent on keeping customers", ("retention costs",)),
    ),
)
TICKETS = Sheet(
    "Tickets",
    "One row a support ticket. Flags are TRUE or FALSE; yes, no, 1 and 0 serve as well.",
    (
        Field("Opened", DATE, "day", ("opened",), required=True),
        ACCOUNT,
        SEGMENT,
        Field("Contacts", COUNT, "messages or calls it took", ("contacts",), required=True, low=0, high=1e4),
        Field("Resolved", FLAG, "solved in the end", ("resolved",)),
        Field("Reopened", FLAG, "came back", ("reopened",)),
        Field("Transferred", FLAG, "handed on", ("transferred",)),
        Field("Abandoned", FLAG, "customer gave up", ("abandoned",)),
    ),
)
CUSTOMERS = Sheet(
    "Customers",
    "One row a paid stretch: who came back has two rows. End is the first unpaid day; blank while active.",
    (
        Field("Customer", TEXT, "as on Revenue", ("customer",), required=True, width=14),
        SEGMENT,
        Field("Start", DATE, "first paid day", ("start",), required=True),
        Field("End", DATE, "first unpaid day", ("end",)),
    ),
)
RENEWALS = Sheet(
    "Renewals",
    "One row a contract due. Leave the expected ARR blank to take the share of its call from the page Forecast.",
    (
        Field("Account", TEXT, "who renews", ("customer",), required=True, width=14),
        Field("Owner", TEXT, "who looks after it", ("owner",)),
        SEGMENT,
        Field("ARR", MONEY, "now, a year", ("arr",), required=True, low=0, high=1e12),
        Field("Due", DATE, "end of the term", ("due", "renewal date"), required=True),
        Field("Health band", TEXT, "red, amber, green", ("health_band",)),
        Field("Call", TEXT, "renew, at risk, churn", ("call", "forecast category")),
        Field("Expected ARR", MONEY, "the owner's forecast", ("expected_arr",), low=0, high=1e12),
        Field("Reason", TEXT, "why at risk", ("reason",), width=26),
        Field("Next step", TEXT, "who does what", ("next_step",), width=34),
    ),
)
INVITED = Sheet(
    "Invited",
    "How many people were asked, one row a month and segment: for the response rate.",
    (
        Field("Month", DATE, "any day of the month", ("month",), required=True),
        SEGMENT,
        Field("Invited", COUNT, "surveys sent", ("invited",), low=0, high=1e9),
    ),
)
SESSIONS = Sheet(
    "Sessions",
    "One row a session: what your product analytics tool exports, or the sessions computed from your events.",
    (
        Field("Date", DATE, "day it began", ("start", "date"), required=True),
        ACCOUNT,
        SEGMENT,
        Field("Minutes", MINUTES, "length; 0 counts", ("duration", "minutes"), required=True, low=0, high=1e6),
    ),
)

#: History of the sample company in months: nine quarters and the twelve months each looks back.
SAMPLE_MONTHS = 40
#: Months the revenue table leaves blank for what is to come.
COMING_MONTHS = 6


@lru_cache(maxsize=2)
def sample() -> SampleCompany:
    """The sample company of the workbooks: small enough to read, long enough for nine quarters."""
    return sample_company(customers=120, months=SAMPLE_MONTHS, event_days=30 * 29)


def month_headers(months: "pd.DatetimeIndex", coming: int = COMING_MONTHS) -> list[str]:
    """Consecutive months as the revenue table heads them, with room for those to come."""
    import pandas as pd

    last = months.max() + pd.DateOffset(months=coming)
    return [m.strftime("%Y-%m") for m in pd.date_range(months.min(), last, freq="MS")]


def revenue_across(long: "pd.DataFrame") -> "pd.DataFrame":
    """One row a customer, months across, from columns Customer, Segment, Month and MRR; rows of one month add up."""
    import pandas as pd

    month = pd.to_datetime(long["Month"]).dt.to_period("M").dt.to_timestamp()
    whole = long.assign(Month=month, cents=(pd.to_numeric(long["MRR"], errors="coerce") * 100).round())
    wide = whole.pivot_table(index="Customer", columns="Month", values="cents", aggfunc="sum") / 100
    wide = wide.where(wide != 0)
    headers = month_headers(pd.DatetimeIndex(month.dropna()))
    wide.columns = [m.strftime("%Y-%m") for m in wide.columns]
    wide = wide.reindex(columns=headers)
    last = whole.dropna(subset=["Segment"]).drop_duplicates("Customer", keep="last").set_index("Customer")["Segment"]
    wide.insert(0, "Segment", last.reindex(wide.index))
    return wide.reset_index()


def sample_revenue() -> "pd.DataFrame":
    """Recurring revenue of the sample company, one row a customer."""
    table = sample().subscriptions
    return revenue_across(
        table.rename(columns={"customer": "Customer", "segment": "Segment", "month": "Month", "mrr": "MRR"})
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
    frame = frame.rename(columns={"customer": "Account", "contacts": "Contacts", "resolved": "Resolved",
                                  "reopened": "Reopened", "transferred": "Transferred",
                                  "abandoned": "Abandoned"})  # fmt: skip
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
    names = {"customer": "Account", "owner": "Owner", "segment": "Segment", "arr": "ARR", "due": "Due",
             "health_band": "Health band", "call": "Call", "expected_arr": "Expected ARR", "reason": "Reason",
             "next_step": "Next step"}  # fmt: skip
    return table[table["renewed"].isna()].rename(columns=names)[[f.header for f in RENEWALS.fields]]


def _segments() -> "pd.Series":
    return sample().customers.drop_duplicates("customer", keep="last").set_index("customer")["segment"]


@lru_cache(maxsize=1)
def sample_sessions() -> "pd.DataFrame":
    """Sessions of every tenth account, computed from its events."""
    import pandas as pd

    events = sample().events.dropna(subset=["user"])
    chosen = sorted(events["customer"].unique())[::10]
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
    licences = company.licences.assign(Segment=company.licences["customer"].map(segments))
    licensed = licences.groupby("Segment")["licensed"].sum()
    rows = pd.concat([support.rename(columns={"first": "First contact"}), active.rename("Active users"),
                      daily.rename("Daily users")], axis=1).reset_index()  # fmt: skip
    rows["Licensed"] = np.where(rows["Active users"].notna(), rows["Segment"].map(licensed), np.nan)
    funnel = company.funnel.rename(
        columns={"month": "Month", "opportunities": "Opportunities", "conversions": "Conversions"}
    )[["Month", "Opportunities", "Conversions"]]
    costs = company.costs[company.costs["purpose"] == "retention"].groupby("month")["amount"].sum()
    funnel = funnel.assign(Segment="Company", **{"Retention cost": funnel["Month"].map(costs)})
    both = pd.concat([rows, funnel], ignore_index=True).sort_values(["Month", "Segment"], kind="stable")
    return both[[f.header for f in OPERATIONS.fields]].reset_index(drop=True)


__all__ = ["FRACTION", "OPERATIONS", "RESPONSES", "REVENUE", "SESSIONS"]

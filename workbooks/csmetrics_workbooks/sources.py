"""The data sheets the templates share, and how they are filled from the sample company."""

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from csmetrics_core import lookup
from csmetrics_core.samples import SampleCompany, sample_company
from csmetrics_core.spec import COUNT, DATE, FRACTION, MOMENT, MONEY, PER_USER, POINTS, TEXT, Unit
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
COSTS = Sheet(
    "Costs",
    "One row a month and cost line. Purpose decides where it counts: acquisition, retention, delivery; "
    "others are left out. Figures of one segment need every cost of their purpose to name its segment.",
    (
        Field("Month", DATE, "any day of the month", ("month",), required=True),
        Field("Category", TEXT, "your own name for it", ("category",), width=22),
        Field("Purpose", TEXT, "acquisition, retention, delivery", ("purpose",), required=True, width=16),
        Field("Segment", TEXT, "whose customers it is for; blank: all", ("segment",), width=13),
        Field("Amount", MONEY, "of the month", ("amount",), required=True, low=0, high=1e12),
    ),
)
EVENTS = Sheet(
    "Events",
    "One row a use of the product. Days are taken in UTC, or as your export gives them.",
    (
        Field("Date", MOMENT, "day, with or without time", ("timestamp",), required=True, width=18),
        Field("User", TEXT, "who did it", ("user",), required=True, width=14),
        Field("Account", TEXT, "whose user", ("customer",), width=14),
        SEGMENT,
        Field("Feature", TEXT, "what was used", ("feature",), width=16),
    ),
)
LICENCES = Sheet(
    "Licences",
    "One row an account: what it bought.",
    (
        Field("Account", TEXT, "one row each", ("customer",), required=True, width=14),
        SEGMENT,
        Field("Licensed", COUNT, "seats bought", ("licensed",), required=True, low=0, high=1e9),
        Field("Assigned", COUNT, "seats given to a person", ("assigned",), low=0, high=1e9),
    ),
)
_INPUTS = (
    Field("Frequency", PER_USER, "active days a user, 30 days", ("frequency",), low=0, high=31),
    Field("Breadth", FRACTION, "active ÷ licensed users", ("breadth",), low=0, high=10),
    Field("Depth", FRACTION, "key features used ÷ all", ("depth",), low=0, high=1),
    Field("Growth", FRACTION, "users on the 30 days before", ("growth",), low=-1, high=100),
)
ACCOUNTS = Sheet(
    "Accounts",
    "One row an account, with the four inputs of its health now: USAGE_BY_ACCOUNT computes them from events.",
    (
        Field("Account", TEXT, "one row each", ("customer",), required=True, width=14),
        SEGMENT,
        Field("Owner", TEXT, "who looks after it", ("owner",)),
        Field("ARR", MONEY, "a year", ("arr",), low=0, high=1e12),
        *_INPUTS,
    ),
)
PAST = Sheet(
    "Past",
    "The same inputs as they were six months before, and who has left since: the back-test.",
    (
        Field("Account", TEXT, "one row each", ("customer",), required=True, width=14),
        *_INPUTS,
        Field("Left", FLAG, "TRUE if it left since", ("left", "churned"), required=True),
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
    rows = pd.concat(
        [
            support.rename(columns={"first": "First contact"}),
            active.rename("Active users"),
            daily.rename("Daily users"),
        ],
        axis=1,
    ).reset_index()
    rows["Licensed"] = np.where(rows["Active users"].notna(), rows["Segment"].map(licensed), np.nan)
    funnel = company.funnel.rename(
        columns={"month": "Month", "opportunities": "Opportunities", "conversions": "Conversions"}
    )[["Month", "Opportunities", "Conversions"]]
    costs = company.costs[company.costs["purpose"] == "retention"].groupby("month")["amount"].sum()
    funnel = funnel.assign(Segment="Company", **{"Retention cost": funnel["Month"].map(costs)})
    both = pd.concat([rows, funnel], ignore_index=True).sort_values(["Month", "Segment"], kind="stable")
    return both[[f.header for f in OPERATIONS.fields]].reset_index(drop=True)

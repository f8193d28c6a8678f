"""The data sheets the templates share, and how they are filled from the sample company."""

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from csmetrics_core.samples import SampleCompany, sample_company
from csmetrics_workbooks.data.companydata import revenue_of, sheet_of, with_sentiment

if TYPE_CHECKING:
    import pandas as pd


#: History of the sample company in months: nine quarters and the twelve months each looks back.
SAMPLE_MONTHS = 40
#: Months the revenue table of a template leaves blank, whose owner may have nothing to build a longer one with.
_TEMPLATE_MONTHS = 15


@lru_cache(maxsize=2)
def sample() -> SampleCompany:
    """The sample company of the workbooks: small enough to read, long enough for nine quarters."""
    return sample_company(customers=120, months=SAMPLE_MONTHS, event_days=30 * 29)


def _sheet(name: str, **other: Any) -> "pd.DataFrame":
    """A data sheet of the sample company as anybody's is made, some of its tables exchanged."""
    frame = sheet_of(name, {**sample().tables, **other})
    assert frame is not None
    return frame


def sample_revenue() -> "pd.DataFrame":
    """Recurring revenue of the sample company, one row a customer."""
    frame = revenue_of(sample().tables, _TEMPLATE_MONTHS)
    assert frame is not None
    return frame


def sample_responses() -> "pd.DataFrame":
    """Survey responses of the sample company, the comments rated by the core."""
    return with_sentiment(_sheet("Responses"))


def sample_tickets() -> "pd.DataFrame":
    """Support tickets of the sample company."""
    return _sheet("Tickets")


def sample_invited() -> "pd.DataFrame":
    """Surveys sent by the sample company."""
    return _sheet("Invited")


def sample_customers() -> "pd.DataFrame":
    """Paid stretches of the sample company's customers."""
    return _sheet("Customers")


def sample_renewals() -> "pd.DataFrame":
    """Contracts of the sample company that are still to be renewed."""
    return _sheet("Renewals")


def sample_costs() -> "pd.DataFrame":
    """Costs of the sample company."""
    return _sheet("Costs")


def _events_of(every: int) -> "pd.DataFrame":
    """The events of one account in so many."""
    events = sample().events
    return events[events["customer"].isin(sorted(events["customer"].unique())[::every])]


def sample_events(days: int = 125) -> "pd.DataFrame":
    """The last days of events of one account in eight."""
    events = _events_of(8)
    since = sample().events["timestamp"].max().normalize() - np.timedelta64(days - 1, "D")
    return _sheet("Events", events=events[events["timestamp"] >= since])


def sample_licences() -> "pd.DataFrame":
    """Seats bought by the accounts whose events are in the sample."""
    table = sample().licences
    return _sheet("Licences", licences=table[table["customer"].isin(_events_of(8)["customer"].unique())])


@lru_cache(maxsize=1)
def sample_sessions() -> "pd.DataFrame":
    """Sessions of one account in sixteen, computed from its events."""
    return _sheet("Sessions", events=_events_of(16))


@lru_cache(maxsize=1)
def sample_operations() -> "pd.DataFrame":
    """Support, usage, sales and cost figures of the sample company by month and segment."""
    return _sheet("Operations")


def _customers_on(day: "pd.Timestamp") -> "pd.DataFrame":
    table = sample().customers
    there = (table["start"] <= day) & (table["end"].isna() | (table["end"] > day))
    return table[there].drop_duplicates("customer", keep="last")


def _inputs_of(customers: "pd.DataFrame", end: "pd.Timestamp") -> "pd.DataFrame":
    """The inputs of these accounts as they were on the day before one."""
    events = sample().events
    events = events[(events["timestamp"] < end) & (events["timestamp"] >= end - np.timedelta64(60, "D"))]
    made = _sheet("Accounts", events=events)
    names = {"customer": "Account", "segment": "Segment", "owner": "Owner", "arr": "ARR"}
    frame = customers.rename(columns=names)[list(names.values())]
    inputs = made[["Account", "Frequency", "Breadth", "Depth", "Growth"]]
    return frame.merge(inputs, on="Account", how="left").reset_index(drop=True)


def sample_accounts() -> "pd.DataFrame":
    """Accounts of the sample company on its last day."""
    import pandas as pd

    end = pd.Timestamp("2026-10-01")
    return _inputs_of(_customers_on(end - np.timedelta64(1, "D")), end)


def sample_past(months: int = 6) -> "pd.DataFrame":
    """Accounts six months before, and whether they have left since."""
    import pandas as pd

    now = pd.Timestamp("2026-10-01")
    then = now - pd.DateOffset(months=months)
    frame = _inputs_of(_customers_on(then - np.timedelta64(1, "D")), then).drop(columns=["Segment", "Owner", "ARR"])
    staying = set(_customers_on(now - np.timedelta64(1, "D"))["customer"])
    return frame.assign(Left=[account not in staying for account in frame["Account"]])

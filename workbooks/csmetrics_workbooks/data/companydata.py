"""A company's tables, as the entrance read them -> the data sheets of a template."""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from csmetrics_core import lookup
from csmetrics_workbooks.data import sheets
from csmetrics_workbooks.data.months_across import COMING_MONTHS, revenue_across

if TYPE_CHECKING:
    import pandas as pd

    from csmetrics_core.files.report import Wait

#: Data sheet -> the tables it is made of, any of which will do; the names its columns have there.
MADE_OF: dict[str, tuple[str, ...]] = {
    "Revenue": ("subscriptions",),
    "Responses": ("responses",),
    "Customers": ("customers",),
    "Tickets": ("tickets",),
    "Invited": ("surveys",),
    "Renewals": ("renewals",),
    "Costs": ("costs",),
    "Events": ("events",),
    "Licences": ("licences",),
    "Sessions": ("events",),
    "Operations": ("tickets", "events", "funnel", "costs"),
    "Accounts": ("events",),
}
_NAMES = {
    "Responses": {"date": "Date", "customer": "Account", "segment": "Segment", "arr": "ARR", "nps": "NPS",
                  "csat": "CSAT", "ces": "CES", "comment": "Comment"},
    "Customers": {"customer": "Customer", "segment": "Segment", "start": "Start", "end": "End"},
    "Tickets": {"opened": "Opened", "customer": "Account", "contacts": "Contacts", "resolved": "Resolved",
                "reopened": "Reopened", "transferred": "Transferred", "abandoned": "Abandoned"},
    "Renewals": {"customer": "Account", "owner": "Owner", "segment": "Segment", "arr": "ARR", "due": "Due",
                 "health_band": "Health band", "call": "Call", "expected_arr": "Expected ARR", "reason": "Reason",
                 "next_step": "Next step"},
    "Costs": {"month": "Month", "category": "Category", "purpose": "Purpose", "segment": "Segment", "amount": "Amount"},
    "Events": {"timestamp": "Date", "user": "User", "customer": "Account", "feature": "Feature"},
    "Licences": {"customer": "Account", "licensed": "Licensed", "assigned": "Assigned"},
}  # fmt: skip
_COMPANY = "Company"
Tables = Mapping[str, Any]


def sheet_of(name: str, tables: Tables) -> "pd.DataFrame | None":
    """A data sheet made of a company's tables; None where they do not hold what it needs.

    Args:
        name: of the data sheet.
        tables: standard table -> its rows.
    """
    if not any(table in tables for table in MADE_OF.get(name, ())):
        return None
    made: pd.DataFrame | None = _MAKERS[name](tables) if name in _MAKERS else _renamed(name, tables)
    return None if made is None or made.empty else made


def without_unknown_past(tables: Tables, waits: "Mapping[str, Iterable[Wait]]") -> dict[str, Any]:
    """A company's tables; of months that cannot tell who left, the last alone, which shows no churn of 0 %."""
    known, months = dict(tables), tables.get("subscriptions")
    if months is not None and any(map(is_without_ends, waits.get("subscriptions", ()))):
        known["subscriptions"] = months[months["month"] == months["month"].max()]
    return known


def is_without_ends(wait: "Wait") -> bool:
    """Whether all that is not known is who left: a template says so itself."""
    return wait.column == "end" and wait.rows is None and not wait.remedies


def segments_of(tables: Tables) -> "pd.Series":
    """Customer -> segment, from the first table that has both."""
    import pandas as pd

    for table in ("customers", "subscriptions", "responses"):
        frame = tables.get(table)
        if frame is not None and {"customer", "segment"} <= set(frame):
            known = frame.dropna(subset=["customer"]).drop_duplicates("customer", keep="last")
            found: pd.Series = known.set_index("customer")["segment"]
            return found
    return pd.Series(dtype=object)


def _renamed(name: str, tables: Tables) -> "pd.DataFrame":
    """One table under the headings of its sheet, its customers' segments beside them."""
    import pandas as pd

    fields = next(sheet.fields for sheet in vars(sheets).values() if getattr(sheet, "name", None) == name)
    table = tables[MADE_OF[name][0]]
    if name == "Renewals" and "renewed" in table:
        table = table[table["renewed"].isna()]
    frame = table.rename(columns=_NAMES[name])
    blank = pd.Series([None] * len(frame), index=frame.index, dtype=object)
    made = pd.DataFrame({one.header: frame.get(one.header, blank) for one in fields})
    if "Segment" in made and name != "Costs" and "customer" in table and made["Segment"].isna().all():
        made["Segment"] = table["customer"].map(segments_of(tables))
    if name == "Tickets":
        made["Opened"] = pd.to_datetime(made["Opened"]).dt.normalize()
    return made.reset_index(drop=True)


def revenue_of(tables: Tables, coming: int = COMING_MONTHS) -> "pd.DataFrame | None":
    """Recurring revenue, one row a customer and months across; None where no amounts are known."""
    table = tables["subscriptions"]
    if "mrr" in table:
        mrr = table["mrr"]
    elif "amount" in table:
        mrr = table["amount"] / table.get("interval_months", 1)
    else:
        return None
    segment = table["customer"].map(segments_of(tables)) if "segment" not in table else table["segment"]
    long = table.assign(Customer=table["customer"], Segment=segment, Month=table["month"], MRR=mrr)
    long = long.dropna(subset=["Customer", "Month", "MRR"])
    return revenue_across(long, coming) if len(long) else None


def with_sentiment(responses: "pd.DataFrame") -> "pd.DataFrame":
    """Responses with each comment's sentiment; blank without a comment, and where none holds a word that is rated."""
    comments = [c if isinstance(c, str) and c.strip() else None for c in responses["Comment"]]
    rated: Any = lookup("sentiment").function(comments) if any(comments) else np.full(len(comments), np.nan)
    moods = np.round(np.asarray(rated, dtype=float).reshape(-1), 4)
    return responses.assign(Sentiment=moods if np.nansum(np.abs(moods)) else np.full(len(moods), np.nan))


def _invited(tables: Tables) -> "pd.DataFrame":
    table = tables["surveys"]
    by = [column for column in ("month", "segment") if column in table]
    asked = table.groupby(by, as_index=False, dropna=False)["invited"].sum() if by else table[["invited"]]
    names = {"month": "Month", "segment": "Segment", "invited": "Invited"}
    invited: pd.DataFrame = asked.rename(columns=names).reindex(columns=list(names.values()))
    return invited


def _sessions(tables: Tables) -> "pd.DataFrame | None":
    import pandas as pd

    if "sessions" in tables:
        return _held_sessions(tables)
    events = tables["events"].dropna(subset=["user"])
    found: Any = lookup("sessions").function(events["user"], events["timestamp"])
    known = found["seconds"].astype(float)
    if not (known > 0).any():
        return None  # days without times: no length is known
    start = pd.to_datetime(found["start"])
    account = _owner(found["user"], events)
    made = {"Date": start.dt.normalize(), "Account": account, "Segment": account.map(segments_of(tables)),
            "Minutes": known / 60}  # fmt: skip
    return pd.DataFrame(made).sort_values(["Date", "Account", "Minutes"], kind="stable").reset_index(drop=True)


def _held_sessions(tables: Tables) -> "pd.DataFrame":
    """Sessions that a table holds, with the length it says."""
    held = tables["sessions"].dropna(subset=["session_start"])
    account = held["customer"] if "customer" in held else held["user"].map(lambda _: None)
    made = held.assign(Date=held["session_start"].dt.normalize(), Account=account,
                       Segment=account.map(segments_of(tables)), Minutes=held["session_minutes"])  # fmt: skip
    shown: pd.DataFrame = made[["Date", "Account", "Segment", "Minutes"]]
    return shown.sort_values(["Date"], kind="stable").reset_index(drop=True)


def _owner(users: "pd.Series", events: "pd.DataFrame") -> "pd.Series":
    import pandas as pd

    if "customer" not in events:
        return pd.Series([None] * len(users), index=users.index, dtype=object)
    return users.map(events.drop_duplicates("user").set_index("user")["customer"])


def _operations(tables: Tables) -> "pd.DataFrame | None":
    """Support, usage, sales and cost figures by month and segment."""
    import pandas as pd

    parts = [make(tables) for make in (_support, _active) if make(tables) is not None]
    rows = pd.concat(parts, axis=1).reset_index() if parts else pd.DataFrame({"Month": [], "Segment": []})
    if len(rows) and (seats := _seats(tables, rows["Month"].unique())) is not None:
        rows = rows.merge(seats, on=["Month", "Segment"], how="left")
    whole = _whole_company(tables)
    both = pd.concat([part for part in (rows, whole) if part is not None and len(part)], ignore_index=True)
    if both.empty:
        return None
    both = both.sort_values(["Month", "Segment"], kind="stable")
    return both.reindex(columns=[one.header for one in sheets.OPERATIONS.fields]).reset_index(drop=True)


def _by_segment(frame: "pd.DataFrame", days: "pd.Series", tables: Tables) -> "pd.DataFrame":
    known = frame["customer"].map(segments_of(tables)) if "customer" in frame else None
    segment = _COMPANY if known is None else known.astype(object).where(known.notna(), _COMPANY)
    return frame.assign(Month=days.dt.to_period("M").dt.to_timestamp(), Segment=segment)


def _flag(frame: "pd.DataFrame", name: str, absent: bool) -> "pd.Series":
    import pandas as pd

    cells = frame[name] if name in frame else pd.Series(absent, index=frame.index)
    return cells.map(lambda cell: cell is True or cell == 1).astype(bool)


def _support(tables: Tables) -> "pd.DataFrame | None":
    tickets = tables.get("tickets")
    if tickets is None or not {"opened", "contacts"} <= set(tickets):
        return None
    tickets = tickets.dropna(subset=["opened"])
    tickets = _by_segment(tickets, tickets["opened"], tables)
    done = tickets[_flag(tickets, "resolved", True) & tickets["contacts"].notna() & ~_flag(tickets, "abandoned", False)]
    alone = ~_flag(done, "reopened", False) & ~_flag(done, "transferred", False)
    done = done.assign(first=(done["contacts"] == 1) & alone)
    support = done.groupby(["Month", "Segment"]).agg(Resolved=("contacts", "size"), first=("first", "sum"))
    return support.rename(columns={"first": "First contact"})


def _active(tables: Tables) -> "pd.DataFrame | None":
    import pandas as pd

    events = tables.get("events")
    if events is None:
        return None
    events = events.dropna(subset=["user", "timestamp"])
    day = events["timestamp"].dt.normalize()
    used = _by_segment(events, day, tables).assign(day=day)[["user", "day", "Month", "Segment"]].drop_duplicates()
    by = used.groupby(["Month", "Segment"])
    days = [month.days_in_month for month in by.size().index.get_level_values("Month")]
    columns = [by["user"].nunique().rename("Active users"), (by.size() / days).rename("Daily users")]
    return pd.concat(columns, axis=1)


def _seats(tables: Tables, months: Any) -> "pd.DataFrame | None":
    """Seats of the accounts that pay at the end of each month, by segment, and how many users of the month had one."""
    import pandas as pd

    licences, customers = tables.get("licences"), tables.get("customers")
    if licences is None or customers is None or not {"start", "end"} <= set(customers) or "customer" not in licences:
        return None
    events = tables["events"].dropna(subset=["user", "timestamp"])
    used_in = events["timestamp"].dt.to_period("M").dt.to_timestamp()
    found = []
    for month in months:
        last = pd.Timestamp(month) + pd.offsets.MonthEnd(0)
        there = customers[(customers["start"] <= last) & (customers["end"].isna() | (customers["end"] > last))]
        paying = _by_segment(there.drop_duplicates("customer", keep="last"), there["start"], tables)
        paying = paying[["customer", "Segment"]]
        by = {"Licensed": paying.merge(licences, on="customer").groupby("Segment")["licensed"].sum()}
        if "customer" in events:
            used = events.loc[used_in == month, ["customer", "user"]].merge(paying, on="customer")
            by["Seats used"] = used.groupby("Segment")["user"].nunique()
        found.append(pd.DataFrame(by).rename_axis("Segment").reset_index().assign(Month=month))
    return pd.concat(found, ignore_index=True)


def _whole_company(tables: Tables) -> "pd.DataFrame | None":
    import pandas as pd

    funnel, costs = tables.get("funnel"), tables.get("costs")
    columns: dict[str, pd.Series] = {}
    if funnel is not None and "month" in funnel:
        sold = funnel.groupby("month")[["opportunities", "conversions"]].sum()
        columns |= {"Opportunities": sold["opportunities"], "Conversions": sold["conversions"]}
    if costs is not None and {"month", "purpose"} <= set(costs):
        spent = costs[costs["purpose"].astype(str).str.casefold() == "retention"]
        columns["Retention cost"] = spent.groupby("month")["amount"].sum()
    if not columns:
        return None
    return pd.DataFrame(columns).rename_axis("Month").reset_index().assign(Segment=_COMPANY)


def _accounts(tables: Tables) -> "pd.DataFrame | None":
    """The four inputs of every account, from its events up to the last day there is one."""
    events = tables["events"]
    if not {"customer", "user", "timestamp"} <= set(events) or "licences" not in tables:
        return None
    events = events.dropna(subset=["user", "customer"])
    seats = events["customer"].map(tables["licences"].drop_duplicates("customer").set_index("customer")["licensed"])
    given: list[Any] = [events["customer"], events["user"], events["timestamp"]]
    if "feature" in events:
        features = tables.get("features")
        key = None if features is None else features.loc[_flag(features, "key", False), "feature"]
        given += [events["feature"], seats, key] if key is not None and len(key) else [events["feature"], seats]
    found: pd.DataFrame = lookup("usage_by_account").function(*given)
    names = {"account": "Account", "frequency": "Frequency", "breadth": "Breadth", "depth": "Depth", "growth": "Growth"}
    inputs = found.rename(columns=names)
    inputs["Segment"] = inputs["Account"].map(segments_of(tables))
    if (customers := tables.get("customers")) is not None:
        last = customers.drop_duplicates("customer", keep="last").set_index("customer")
        for column, header in (("owner", "Owner"), ("arr", "ARR")):
            if column in last:
                inputs[header] = inputs["Account"].map(last[column])
    return inputs.reindex(columns=[one.header for one in sheets.ACCOUNTS.fields])


_MAKERS: "dict[str, Callable[[Tables], pd.DataFrame | None]]" = {
    "Revenue": revenue_of,
    "Invited": _invited,
    "Sessions": _sessions,
    "Operations": _operations,
    "Accounts": _accounts,
}

"""What is known of each account: its usage, whether it stayed, its owner, ARR and renewal."""

from typing import Any

import numpy as np

from csmetrics_core.company.company import Missing, last_day
from csmetrics_core.files.headings import find_heading
from csmetrics_panels.dashboards.data import find_part
from csmetrics_panels.dashboards.view import View

#: Days of usage that make a score, and days the back-test looks back.
DAYS = 30


def usage_before(view: View, back_days: int) -> dict[str, Any]:
    """Usage by account in the 30 days up to the end of the span, or to so many days before it."""
    company = view.company
    days = company.column("events", "timestamp", "day").values
    end = (int(np.nanmax(days)) if view.end is None else min(last_day(view.end), int(np.nanmax(days)))) - back_days
    window = (days > end - 2 * DAYS) & (days <= end)
    if not window.any():
        raise Missing(f"there are no events of {view.words()}")
    given = {
        name: company.take("events", c, window)
        for name, c in (("accounts", "customer"), ("users", "user"), ("dates", "timestamp"))
    }
    if company.has("events", "feature"):
        given["features"] = company.take("events", "feature", window)
        if company.has("features", "key"):
            key = company.column("features", "key", "flag").values == 1
            given["key_features"] = company.take("features", "feature", key)
    if company.has("licences", "customer"):
        seats = dict(zip(company.cells("licences", "customer"), company.cells("licences", "licensed"), strict=True))
        given["licensed"] = [seats.get(account) for account in given["accounts"]]
    table = view.table("usage_by_account", **given, days=DAYS)
    if "customers" not in company.matched:
        return table
    month = int(np.datetime64(end, "D").astype("datetime64[M]").astype(np.int64))
    here = _paying(company, end) if back_days else company.customers_on(month)
    keep = [i for i, account in enumerate(table["account"]) if account in here]
    if not keep:
        raise Missing("no account with usage pays at that time")
    return {name: [values[i] for i in keep] for name, values in table.items()}


def _stays(view_company: Any) -> tuple[list[Any], Any, Any]:
    starts = view_company.column("customers", "start", "day").values
    ends = view_company.column("customers", "end", "day").values
    return list(view_company.cells("customers", "customer")), starts, np.where(np.isnan(ends), np.inf, ends)


def _paying(company: Any, day: int) -> set[Any]:
    """Who pays on a day."""
    who, starts, ends = _stays(company)
    return {w for w, s, e in zip(who, starts, ends, strict=True) if s <= day < e}


def who_left(view: View, accounts: list[Any]) -> list[bool]:
    """Whether each account no longer pays at the end of the span."""
    if "customers" not in view.company.matched:
        raise Missing("needs a table of customers with customer, start, end")
    end = (
        last_day(view.end)
        if view.end is not None
        else int(np.nanmax(view.company.column("events", "timestamp", "day").values))
    )
    still = _paying(view.company, end)
    return [account not in still for account in accounts]


def account_facts(view: View, accounts: list[Any]) -> dict[str, list[Any]]:
    """Name, owner, ARR and renewal date of each account, where the tables tell."""
    names: dict[Any, Any] = {}
    owners: dict[Any, Any] = {}
    money: dict[Any, Any] = {}
    due: dict[Any, Any] = {}
    if "customers" in view.company.matched:
        frame = view.frames[view.company.table("customers").table]
        who = frame.series(view.company.table("customers").columns["customer"]).to_list()
        for target, column in ((names, "name"), (owners, "owner"), (money, "arr")):
            if heading := find_heading(column, frame):
                target.update(zip(who, frame.series(heading).to_list(), strict=True))
    if found := find_part(view.frames, "renewals"):
        frame, headings = found
        after = "" if view.end is None else str(np.datetime64(last_day(view.end), "D"))
        pairs = zip(frame.series(headings["customer"]).to_list(), frame.series(headings["due"]).to_list(), strict=True)
        for customer, day in sorted(
            ((c, str(d)[:10]) for c, d in pairs if d == d and d is not None), key=lambda p: p[1]
        ):
            if day > after:
                due.setdefault(customer, day)
    arr = [None if (v := money.get(a)) is None or v != v else float(v) for a in accounts]
    words = {name: [known.get(a) for a in accounts] for name, known in (("name", names), ("owner", owners))}
    return {**words, "arr": arr, "renewal": [due.get(a) for a in accounts]}

"""What customers do in the product: seats used, sessions, stickiness and the health made of it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from csmetrics_core.company.company import Company, Mask, Missing, last_day, select
from csmetrics_core.company.headline.given import Assumptions, Call, dated, of_month
from csmetrics_core.company.judging import ByCustomer, ratio_by_customer
from csmetrics_core.declaration.catalog import lookup
from csmetrics_core.declaration.spec import MINUTES
from csmetrics_core.evaluate import evaluate
from csmetrics_core.maths.inference import Floats


def product_usage_rate(company: Company, month: int | None, given: Assumptions) -> Call:
    """Users active in the month over the seats of the accounts that pay."""
    rows = company.rows("events", month)
    users = company.column("events", "user", "id").values
    seats = company.column("licences", "licensed", "number").values
    basis, by_customer = "active users of the month ÷ seats", None
    can_tell = company.knows_customers and company.has("licences", "customer") and company.has("events", "customer")
    if can_tell and month is not None:
        owners = company.column("licences", "customer", "id")
        paying = company.customers_on(month)
        seats = seats[_among(owners, paying)]
        rows = rows & of_payers(company, paying)
        basis += " of accounts that pay"
        by_customer = ratio_by_customer(*seats_used(company, rows, paying))
    active = np.unique(users[rows & (users >= 0)]).size
    counts = {"active": int(active), "licensed": float(np.nansum(seats))}
    return Call(counts, basis, int(np.nansum(seats)), by_customer=by_customer)


def seats_used(company: Company, rows: Mask, paying: frozenset[Any]) -> tuple[list[Any], Floats, Floats]:
    """Active users and seats of each account that pays; who uses two accounts counts half in each."""
    users, owner = (company.column("events", name, "id") for name in ("user", "customer"))
    pairs = np.unique(np.column_stack([users.values, owner.values])[rows & (users.values >= 0)], axis=0)
    share = 1 / np.bincount(pairs[:, 0])[pairs[:, 0]] if pairs.size else np.zeros(0)
    active = np.bincount(pairs[:, 1], share, len(owner.labels))
    used = {owner.labels[code]: float(active[code]) for code in np.flatnonzero(active).tolist()}
    column, licensed = company.column("licences", "customer", "id"), company.column("licences", "licensed", "number")
    known = (column.values >= 0) & ~np.isnan(licensed.values)
    seats = np.bincount(column.values[known], licensed.values[known], len(column.labels))
    bought = {label: float(seats[code]) for code, label in enumerate(column.labels) if label in paying}
    who = sorted({*bought, *used}, key=str)
    x, y = (np.array([one.get(name, 0.0) for name in who]) for one in (used, bought))
    return who, x, y


def of_payers(company: Company, paying: frozenset[Any]) -> NDArray[np.bool_]:
    """Which events are of customers that pay."""
    return _among(company.column("events", "customer", "id"), paying)


def _among(column: Any, labels: frozenset[Any]) -> NDArray[np.bool_]:
    """Which rows of an identifier column name one of the labels."""
    known = np.fromiter((label in labels for label in [*column.labels, None]), bool, len(column.labels) + 1)
    return np.asarray(known[column.values])


def avg_session_duration(company: Company, month: int | None, given: Assumptions) -> Call:
    """The sessions that began in the month, in minutes: those of a table, or runs of events."""
    if "sessions" in company.matched:
        rows = company.rows("sessions", month)
        durations = company.take("sessions", "session_minutes", rows)
        basis = of_month("sessions", month)
        return Call({"durations": durations}, basis, unit=MINUTES, owners=company.take("sessions", "user", rows))
    company.rows("events", month)
    table = company.evaluated(
        "sessions",
        users=company.cells("events", "user"),
        timestamps=company.cells("events", "timestamp"),
        timeout_minutes=given.timeout_minutes,
    )
    if not table["seconds"].any():
        whole_days = (table["start"] == table["start"].astype("datetime64[D]")).all()
        why = "needs times: the events hold days alone" if whole_days else "each session holds one event"
        raise Missing(f"{why}, so no length of a session is known")
    began = table["start"].astype("datetime64[M]").astype(np.int64) == month
    basis = f"sessions of the month; {given.timeout_minutes:g} idle minutes end one"
    return Call({"durations": table["seconds"][began] / 60}, basis, unit=MINUTES, owners=select(table["user"], began))


def stickiness(company: Company, month: int | None, given: Assumptions) -> Call:
    """Daily users of the last 30 days of the month, and the users of all of them."""
    day = dated(company, month, "events")
    company.rows("events", month)
    table = company.evaluated(
        "stickiness_by_day",
        users=company.cells("events", "user"),
        dates=company.cells("events", "timestamp"),
    )
    days = table["date"].astype(np.int64)
    end = min(last_day(day), int(days[-1]))
    window = (days > end - 30) & (days <= end)
    monthly = table["mau"][days == end]
    if np.isnan(monthly[0]):
        raise Missing("needs 30 days of events")
    arguments = {"dau": table["dau"][window].astype(float), "mau": float(monthly[0])}
    by_customer = _days_active(company, end, int(window.sum()))
    return Call(arguments, "events of the last 30 days of the month", int(window.sum()), by_customer=by_customer)


def _days_active(company: Company, end: int, days: int) -> ByCustomer:
    """The share of the window's days each of its users was active on."""
    users, day = company.column("events", "user", "id"), company.column("events", "timestamp", "day").values
    inside = (users.values >= 0) & (day > end - 30) & (day <= end)
    pairs = np.unique(np.column_stack([users.values[inside], day[inside].astype(np.int64)]), axis=0)
    who, active = np.unique(pairs[:, 0], return_counts=True)
    return ratio_by_customer([users.labels[code] for code in who.tolist()], active / days, np.ones(who.size))


def health_score(company: Company, month: int | None, given: Assumptions) -> Call:
    """Each account's usage in the last 30 days of the month."""
    day = dated(company, month, "events")
    company.rows("events", month)
    table = evaluate(lookup("usage_by_account"), (), _usage(company, last_day(day))).value
    paying = company.customers_on(day) if company.knows_customers else table["account"]
    keep = np.fromiter((account in paying for account in table["account"]), bool, len(table["account"]))
    blank = {name: bool(np.isnan(np.asarray(table[name], dtype=float)[keep]).all()) for name in given.health_range}
    known = [name for name, missing in blank.items() if not missing]
    if not known:
        raise Missing("needs usage in the last 30 days of the month by an account that pays")
    # One column would be read as the inputs of one account; a blank one beside it changes no score.
    inputs = known if len(known) > 1 else [*known, next(name for name, missing in blank.items() if missing)]
    worst, best = ([given.health_range[name][end] for name in inputs] for end in (0, 1))
    return Call(
        {
            "values": np.column_stack([np.asarray(table[name], dtype=float)[keep] for name in inputs]),
            "worst": worst,
            "best": best,
        },
        f"mean over accounts; {', '.join(known)} of 30 days",
        averaged=True,
        labels=tuple(map(str, select(table["account"], keep))),
        columns=tuple(inputs),
        owners=[str(account) for account in select(table["account"], keep)],
    )


def _usage(company: Company, end: int) -> dict[str, Any]:
    """The arguments of usage_by_account for the 60 days up to one: 30 looked at and 30 to compare with."""
    days = company.column("events", "timestamp", "day").values
    window = (days > end - 60) & (days <= end)
    names = {"accounts": "customer", "users": "user", "dates": "timestamp", "features": "feature"}
    wanted = {name: column for name, column in names.items() if name != "features" or company.has("events", column)}
    arguments = {name: company.take("events", column, window) for name, column in wanted.items()}
    if "features" in arguments and company.has("features", "key"):
        key = company.column("features", "key", "flag").values == 1
        arguments["key_features"] = company.take("features", "feature", key)
    if company.has("licences", "customer"):
        seats = dict(zip(company.cells("licences", "customer"), company.cells("licences", "licensed"), strict=True))
        arguments["licensed"] = [seats.get(account) for account in arguments["accounts"]]
    return arguments

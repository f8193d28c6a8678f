"""The arguments of each headline metric for one month, taken from a company's tables."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from csmetrics_core.catalog import lookup
from csmetrics_core.company import Company, Missing, last_day, month_text, select
from csmetrics_core.evaluate import evaluate
from csmetrics_core.headings import plain
from csmetrics_core.spec import Unit

MINUTES = Unit("minutes", "0.0", "{:,.1f}")
#: Cost of serving customers, by the words a costs table has for it.
_SERVING = frozenset(("delivery", "costofsales", "costofrevenue", "cogs"))


@dataclass(frozen=True)
class Assumptions:
    """What the tables cannot say; every one of them is shown beside the numbers it makes.

    Args:
        csat_scale, ces_scale: the highest answer each question allows.
        ces_easy: which end of the effort scale means easy, "high" or "low".
        gross_margin: of recurring revenue; without it, 1 − delivery costs ÷ MRR where costs have a purpose.
        churn_months: months whose churn is pooled for the lifetime value.
        retention_months: how far back net retention looks.
        timeout_minutes: the break that ends a session.
        health_range: input of the health score -> the values that score 0 and 100.
    """

    csat_scale: int = 5
    ces_scale: int = 7
    ces_easy: str = "high"
    gross_margin: float | None = None
    churn_months: int = 6
    retention_months: int = 12
    timeout_minutes: float = 30
    health_range: Mapping[str, tuple[float, float]] = field(
        default_factory=lambda: MappingProxyType(
            {"frequency": (0, 20), "breadth": (0, 1), "depth": (0, 1), "growth": (-0.5, 0.5)}
        )
    )


@dataclass(frozen=True)
class Call:
    """One call of a headline metric.

    Args:
        arguments: by name, cells as they came where they are a range.
        basis: what they were taken from, for a person.
        n: observations, where the metric itself cannot know.
        averaged: the metric gives one value a row, and the headline is their mean.
        unit: where the arguments fix the unit.
        labels, columns: the names of the rows and columns of a block.
    """

    arguments: Mapping[str, Any]
    basis: str
    n: int | None = None
    averaged: bool = False
    unit: Unit | None = None
    labels: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()


def _customers(company: Company, month: int) -> tuple[frozenset[Any], frozenset[Any]]:
    """Who paid at the end of the month before, and who of them left."""
    opening = company.customers_on(month - 1)
    return opening, opening - company.customers_on(month)


def _dated(company: Company, month: int | None, part: str) -> int:
    """The month, for a metric that has no meaning without one."""
    if part != "customers" or not company.has("subscriptions"):
        company.table(part)
    if month is None:
        raise Missing("needs dates: no table has any")
    return month


def churn_rate(company: Company, month: int | None, given: Assumptions) -> Call:
    """Customers lost in the month ÷ customers at its start."""
    opening, lost = _customers(company, _dated(company, month, "customers"))
    return Call({"lost": len(lost), "opening": len(opening)}, "customers at the start of the month", len(opening))


def mrr(company: Company, month: int | None, given: Assumptions) -> Call:
    """The month's subscriptions."""
    rows = company.rows("subscriptions", month)
    if company.has("subscriptions", "amount", "interval_months"):
        names = {"amounts": "amount", "intervals": "interval_months"}
        arguments = {name: company.take("subscriptions", column, rows) for name, column in names.items()}
    else:
        column = "mrr" if company.has("subscriptions", "mrr") else "amount"
        arguments = {"amounts": company.take("subscriptions", column, rows)}
    return Call(arguments, "subscriptions of the month")


def _mrr(company: Company, month: int | None, given: Assumptions) -> float:
    return float(evaluate(lookup("mrr"), (), mrr(company, month, given).arguments).value)


def arpu(company: Company, month: int | None, given: Assumptions) -> Call:
    """The month's recurring revenue over its average number of paying customers."""
    day = _dated(company, month, "subscriptions")
    opening, closing = len(company.customers_on(day - 1)), len(company.customers_on(day))
    arguments = {"revenue": _mrr(company, month, given), "opening_users": opening, "closing_users": closing}
    return Call(arguments, "MRR; a user is a paying customer", closing)


def ndr(company: Company, month: int | None, given: Assumptions) -> Call:
    """What the customers of a year ago pay now."""
    day, back = _dated(company, month, "subscriptions"), given.retention_months
    table = company.evaluated(
        "retention_by_month",
        customers=company.cells("subscriptions", "customer"),
        months=company.cells("subscriptions", "month"),
        mrr=company.paid(),
        horizon=back,
    )
    row = np.flatnonzero(table["month"].astype("datetime64[M]").astype(np.int64) == day)
    if not row.size or np.isnan(table["opening"][row[0]]):
        raise Missing(f"needs subscriptions of {month_text(day - back)}, {back} months before")
    flows = ("opening", "expansion", "contraction", "churned")
    base = company.rows("subscriptions", day - back) & (company.paid() > 0)
    cohort = np.unique(company.column("subscriptions", "customer", "id").values[base]).size
    return Call({name: float(table[name][row[0]]) for name in flows}, f"customers of {month_text(day - back)}", cohort)


def _answers(company: Company, month: int | None, question: str) -> Any:
    return company.take("responses", question, company.rows("responses", month))


def nps(company: Company, month: int | None, given: Assumptions) -> Call:
    """The month's answers."""
    return Call({"scores": _answers(company, month, "nps")}, "responses of the month")


def csat(company: Company, month: int | None, given: Assumptions) -> Call:
    """The month's answers."""
    arguments = {"ratings": _answers(company, month, "csat"), "scale_max": given.csat_scale}
    return Call(arguments, f"responses of the month, scale 1-{given.csat_scale}")


def ces(company: Company, month: int | None, given: Assumptions) -> Call:
    """The month's answers."""
    arguments = {
        "ratings": _answers(company, month, "ces"),
        "scale_max": given.ces_scale,
        "easy": given.ces_easy,
    }
    return Call(arguments, f"responses of the month, scale 1-{given.ces_scale}, {given.ces_easy} is easy")


def sentiment(company: Company, month: int | None, given: Assumptions) -> Call:
    """The month's comments, those left blank aside."""
    comments = [c for c in _answers(company, month, "comment") if isinstance(c, str) and c.strip()]
    if not comments:
        raise Missing("there are no comments in the month")
    return Call({"comments": comments}, "comments of the month", averaged=True)


def conversion_rate(company: Company, month: int | None, given: Assumptions) -> Call:
    """The month's conversions over its opportunities."""
    rows = company.rows("funnel", month)
    sums = {}
    for name in ("conversions", "opportunities"):
        values = company.column("funnel", name, "number").values[rows]
        if np.isnan(values).any():
            raise Missing(f"{company.table('funnel').columns[name]} is not a number in every row of the month")
        sums[name] = float(values.sum())
    return Call(sums, f"divided by {company.table('funnel').columns['opportunities']}")


def clv(company: Company, month: int | None, given: Assumptions) -> Call:
    """Revenue an account, margin and pooled churn, all a month."""
    day = _dated(company, month, "subscriptions")
    revenue, payers = _mrr(company, month, given), len(company.customers_on(day))
    if not payers:
        raise Missing("nobody pays at the end of the month")
    spans = [_customers(company, day - back) for back in range(given.churn_months)]
    base = sum(len(opening) for opening, _ in spans)
    churn = sum(len(lost) for _, lost in spans) / base if base else 0.0
    margin, words = _margin(company, month, given, revenue)
    basis = f"{words}; churn pooled over {given.churn_months} months"
    return Call({"arpa": revenue / payers, "gross_margin": margin, "churn": churn}, basis, payers)


def _margin(company: Company, month: int | None, given: Assumptions, revenue: float) -> tuple[float, str]:
    if given.gross_margin is not None:
        return given.gross_margin, f"gross margin {given.gross_margin:.0%} as given"
    if not company.has("costs", "purpose"):
        raise Missing("needs the gross margin, or costs with a purpose (delivery)")
    costs = _costs(company, month, _SERVING)
    if not len(costs) or not revenue:
        raise Missing("needs the gross margin, or costs with the purpose delivery")
    spent = float(evaluate(lookup("crc"), (costs, 1)).value)
    return max(0.0, 1 - spent / revenue), f"gross margin {1 - spent / revenue:.0%} from delivery costs"


def _costs(company: Company, month: int | None, purposes: frozenset[str]) -> Any:
    rows = company.rows("costs", month)
    words = company.cells("costs", "purpose")
    chosen = np.fromiter((plain(word) in purposes for word in words), bool, len(words))
    return company.take("costs", "amount", rows & chosen)


def crc(company: Company, month: int | None, given: Assumptions) -> Call:
    """The month's retention costs over the customers kept."""
    day = _dated(company, month, "costs")
    if company.has("costs", "purpose"):
        costs = _costs(company, month, frozenset(("retention",)))
    elif plain(company.table("costs").table) == "retentioncosts":
        costs = company.take("costs", "amount", company.rows("costs", month))
    else:
        raise Missing(f"needs a column purpose in {company.table('costs').table} that says which costs are retention")
    if not len(costs):
        raise Missing("needs costs with the purpose retention")
    opening, lost = _customers(company, day)
    kept = len(opening) - len(lost)
    arguments = {"retention_costs": costs, "customers": kept, "all_customers": len(company.customers_on(day))}
    return Call(arguments, "costs of the month; customers kept", kept)


def fcr(company: Company, month: int | None, given: Assumptions) -> Call:
    """The month's resolved tickets."""
    rows = company.rows("tickets", month)
    flags = [n for n in ("resolved", "reopened", "transferred", "abandoned") if company.has("tickets", n)]
    arguments = {name: company.take("tickets", name, rows) for name in ("contacts", *flags)}
    parts: Any = evaluate(lookup("fcr_from_contacts"), (), arguments).parts
    said = f"; flags: {', '.join(flags)}" if flags else ""
    counts = {"first_contact": int(parts.numerator), "contacts": int(parts.denominator)}
    return Call(counts, f"resolved tickets of the month{said}")


def product_usage_rate(company: Company, month: int | None, given: Assumptions) -> Call:
    """Users active in the month over the seats of the accounts that pay."""
    rows = company.rows("events", month)
    users = company.column("events", "user", "id").values
    seats = company.column("licences", "licensed", "number").values
    basis = "active users of the month ÷ seats"
    can_tell = company.knows_customers and company.has("licences", "customer") and company.has("events", "customer")
    if can_tell and month is not None:
        owners = company.column("licences", "customer", "id")
        paying = company.customers_on(month)
        seats = seats[_among(owners, paying)]
        rows = rows & _among(company.column("events", "customer", "id"), paying)
        basis += " of accounts that pay"
    active = np.unique(users[rows & (users >= 0)]).size
    return Call({"active": int(active), "licensed": float(np.nansum(seats))}, basis, int(np.nansum(seats)))


def _among(column: Any, labels: frozenset[Any]) -> NDArray[np.bool_]:
    """Which rows of an identifier column name one of the labels."""
    known = np.fromiter((label in labels for label in [*column.labels, None]), bool, len(column.labels) + 1)
    return np.asarray(known[column.values])


def avg_session_duration(company: Company, month: int | None, given: Assumptions) -> Call:
    """The sessions that began in the month, in minutes."""
    company.rows("events", month)
    table = company.evaluated(
        "sessions",
        users=company.cells("events", "user"),
        timestamps=company.cells("events", "timestamp"),
        timeout_minutes=given.timeout_minutes,
    )
    began = table["start"].astype("datetime64[M]").astype(np.int64) == month
    basis = f"sessions of the month; {given.timeout_minutes:g} idle minutes end one"
    return Call({"durations": table["seconds"][began] / 60}, basis, unit=MINUTES)


def stickiness(company: Company, month: int | None, given: Assumptions) -> Call:
    """Daily users of the last 30 days of the month, and the users of all of them."""
    day = _dated(company, month, "events")
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
    return Call(arguments, "events of the last 30 days of the month", int(window.sum()))


def health_score(company: Company, month: int | None, given: Assumptions) -> Call:
    """Each account's usage in the last 30 days of the month."""
    day = _dated(company, month, "events")
    end = last_day(day)
    company.rows("events", month)
    days = company.column("events", "timestamp", "day").values
    window = (days > end - 60) & (days <= end)
    accounts = company.take("events", "customer", window)
    arguments = {
        "accounts": accounts,
        "users": company.take("events", "user", window),
        "dates": company.take("events", "timestamp", window),
    }
    if company.has("events", "feature"):
        arguments["features"] = company.take("events", "feature", window)
        if company.has("features", "key"):
            key = company.column("features", "key", "flag").values == 1
            arguments["key_features"] = company.take("features", "feature", key)
    if company.has("licences", "customer"):
        seats = dict(zip(company.cells("licences", "customer"), company.cells("licences", "licensed"), strict=True))
        arguments["licensed"] = [seats.get(account) for account in accounts]
    table = evaluate(lookup("usage_by_account"), (), arguments).value
    inputs = [name for name in given.health_range if not np.isnan(np.asarray(table[name], dtype=float)).all()]
    paying = company.customers_on(day) if company.knows_customers else None
    keep = np.fromiter((paying is None or a in paying for a in table["account"]), bool, len(table["account"]))
    worst, best = ([given.health_range[name][end] for name in inputs] for end in (0, 1))
    block = np.column_stack([np.asarray(table[name], dtype=float)[keep] for name in inputs])
    labels = tuple(map(str, select(table["account"], keep)))
    return Call(
        {"values": block, "worst": worst, "best": best},
        f"mean over accounts; {', '.join(inputs)} of 30 days",
        averaged=True,
        labels=labels,
        columns=tuple(inputs),
    )


#: Headline metric -> how its arguments are found.
CALLS: dict[str, Callable[[Company, int | None, Assumptions], Call]] = {
    call.__name__: call
    for call in (
        churn_rate, mrr, arpu, ndr, nps, csat, conversion_rate, health_score, clv, crc, sentiment, fcr, ces,
        product_usage_rate, avg_session_duration, stickiness,
    )
}  # fmt: skip

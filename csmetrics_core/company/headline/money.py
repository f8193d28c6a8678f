"""Customers and their money: churn, recurring revenue, retention, lifetime value and the cost of keeping them."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from csmetrics_core.company.company import Company, Missing, month_text
from csmetrics_core.company.headline.given import Assumptions, Call, dated, of_month
from csmetrics_core.company.judging import ByCustomer, ratio_by_customer
from csmetrics_core.declaration.catalog import lookup
from csmetrics_core.evaluate import evaluate
from csmetrics_core.files.headings import plain

#: Cost of serving customers, by the words a costs table has for it.
_SERVING = frozenset(("delivery", "costofsales", "costofrevenue", "cogs"))


def _customers(company: Company, month: int) -> tuple[frozenset[Any], frozenset[Any]]:
    """Who paid at the end of the month before, and who of them left."""
    opening = company.customers_on(month - 1)
    return opening, opening - company.customers_on(month)


def churn_rate(company: Company, month: int | None, given: Assumptions) -> Call:
    """Customers lost in the month ÷ customers at its start."""
    opening, lost = _customers(company, dated(company, month, "customers"))
    return Call({"lost": len(lost), "opening": len(opening)}, "customers at the start of the month", len(opening))


def lost_by_customer(company: Company, day: int) -> tuple[list[Any], NDArray[np.float64]]:
    """Who paid at the start of a month, and whether they left in it."""
    opening, lost = _customers(company, day)
    who = sorted(opening, key=str)
    return who, _columns(who, lost)[0]


def mrr(company: Company, month: int | None, given: Assumptions) -> Call:
    """The month's subscriptions."""
    rows = company.rows("subscriptions", month)
    if company.has("subscriptions", "amount", "interval_months"):
        names = {"amounts": "amount", "intervals": "interval_months"}
        arguments = {name: company.take("subscriptions", column, rows) for name, column in names.items()}
    else:
        column = "mrr" if company.has("subscriptions", "mrr") else "amount"
        arguments = {"amounts": company.take("subscriptions", column, rows)}
    owners = company.take("subscriptions", "customer", rows)
    return Call(arguments, of_month("subscriptions", month), owners=owners)


def _mrr(company: Company, month: int | None, given: Assumptions) -> float:
    return float(evaluate(lookup("mrr"), (), mrr(company, month, given).arguments).value)


def paid_by(company: Company, month: int) -> dict[Any, float]:
    """What each customer pays in a month, where it is more than nothing."""
    rows = company.rows("subscriptions", month)
    who = company.column("subscriptions", "customer", "id")
    known = rows & (who.values >= 0) & (company.paid() > 0)
    paid = np.bincount(who.values[known], company.paid()[known], len(who.labels))
    return {who.labels[code]: float(paid[code]) for code in np.flatnonzero(paid).tolist()}


def _columns(who: Iterable[Any], *counted: Mapping[Any, float] | frozenset[Any]) -> list[NDArray[np.float64]]:
    """One number a customer: what they pay, or whether they are among some."""
    names = list(who)
    return [
        np.array([float(name in one) if isinstance(one, frozenset) else one.get(name, 0.0) for name in names])
        for one in counted
    ]


def arpu(company: Company, month: int | None, given: Assumptions) -> Call:
    """The month's recurring revenue over its average number of paying customers."""
    day = dated(company, month, "subscriptions")
    opening, closing = company.customers_on(day - 1), company.customers_on(day)
    arguments = {
        "revenue": _mrr(company, month, given), "opening_users": len(opening), "closing_users": len(closing),
    }  # fmt: skip
    who, (revenue, at_start, at_end) = revenue_by_customer(company, day)
    by_customer = ratio_by_customer(who, revenue, (at_start + at_end) / 2) if opening or closing else None
    return Call(arguments, "MRR; a user is a paying customer", len(closing), by_customer=by_customer)


def revenue_by_customer(company: Company, day: int) -> tuple[list[Any], list[NDArray[np.float64]]]:
    """Customers of a month, what each pays in it, and whether they pay at its start and at its end."""
    opening, closing = company.customers_on(day - 1), company.customers_on(day)
    paid = paid_by(company, day)
    who = sorted({*paid, *opening, *closing}, key=str)
    return who, _columns(who, paid, opening, closing)


def ndr(company: Company, month: int | None, given: Assumptions) -> Call:
    """What the customers of a year ago pay now."""
    company.check("subscriptions", "end")
    day, back = dated(company, month, "subscriptions"), given.retention_months
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
    then = paid_by(company, day - back)
    paid, kept = _columns(then, then, paid_by(company, day))
    by_customer = ratio_by_customer(list(then), kept, paid) if then else None
    arguments = {name: float(table[name][row[0]]) for name in flows}
    return Call(arguments, f"customers of {month_text(day - back)}", cohort, by_customer=by_customer)


def clv(company: Company, month: int | None, given: Assumptions) -> Call:
    """Revenue an account, margin and pooled churn, all a month."""
    day = dated(company, month, "subscriptions")
    revenue, payers = _mrr(company, month, given), len(company.customers_on(day))
    if not payers:
        raise Missing("nobody pays at the end of the month")
    spans = [_customers(company, day - back) for back in range(given.churn_months)]
    base = sum(len(opening) for opening, _ in spans)
    churn = sum(len(lost) for _, lost in spans) / base if base else 0.0
    margin, words = _margin(company, month, given, revenue)
    basis = f"{words}; churn pooled over {given.churn_months} months"
    worth = _worth(company, day, revenue, margin, spans)
    return Call({"arpa": revenue / payers, "gross_margin": margin, "churn": churn}, basis, payers, by_customer=worth)


def _worth(company: Company, day: int, revenue: float, margin: float, spans: Any) -> ByCustomer | None:
    """Margin × revenue × customers at risk ÷ (payers × customers lost), by customer: the chain rule of a product."""
    paid, payers = paid_by(company, day), company.customers_on(day)
    lost, base = (sum(len(span[part]) for span in spans) for part in (1, 0))
    if not lost or not revenue:
        return None
    who = sorted(set(paid).union(payers, *(opening for opening, _ in spans)), key=str)
    pays, there = _columns(who, paid, payers)
    at_risk, left = (np.sum([_columns(who, span[part])[0] for span in spans], axis=0) for part in (0, 1))
    value = margin * revenue * base / (len(payers) * lost)
    added = value * (pays / revenue - there / len(payers) + at_risk / base - left / lost)
    return ByCustomer(who, added, pays)


def _margin(company: Company, month: int | None, given: Assumptions, revenue: float) -> tuple[float, str]:
    if given.gross_margin is not None:
        return given.gross_margin, f"gross margin {given.gross_margin:.0%} as given"
    if not company.has("costs", "purpose"):
        raise Missing("needs the gross margin, or costs with a purpose (delivery)")
    costs = _costs(company, month, _SERVING)
    if not len(costs) or not revenue:
        raise Missing("needs the gross margin, or costs with the purpose delivery")
    spent = float(evaluate(lookup("crc"), (costs, 1)).value)
    if spent > revenue:
        return 0.0, "gross margin 0%, as delivery costs exceed the revenue"
    return 1 - spent / revenue, f"gross margin {1 - spent / revenue:.0%} from delivery costs"


def _costs(company: Company, month: int | None, purposes: frozenset[str]) -> Any:
    rows = company.rows("costs", month)
    words = company.cells("costs", "purpose")
    chosen = np.fromiter((plain(word) in purposes for word in words), bool, len(words))
    return company.take("costs", "amount", rows & chosen)


def crc(company: Company, month: int | None, given: Assumptions) -> Call:
    """The month's retention costs over the customers kept."""
    day = dated(company, month, "costs")
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

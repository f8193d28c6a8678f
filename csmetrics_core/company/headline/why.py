"""Why each headline of a company moved: its rows of two months by segment, or its revenue by customer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from csmetrics_core.company.company import Company, Missing, last_day, month_text, select
from csmetrics_core.company.headline import CALLS, Assumptions
from csmetrics_core.company.headline.behind import Behind, customers_behind, group_name, rows_behind
from csmetrics_core.company.headline.given import owners_of
from csmetrics_core.company.headline.money import lost_by_customer, revenue_by_customer
from csmetrics_core.company.headline.usage import of_payers, seats_used
from csmetrics_core.declaration.catalog import lookup
from csmetrics_core.declaration.spec import Metric, Role
from csmetrics_core.evaluate import evaluate
from csmetrics_core.intake.flattening import shape_of

_NO_SEGMENTS = "needs a column segment beside its rows, or in a table of customers: the account is by segment"
#: Headlines that are made of other figures, and which of them have an account of their own.
_COMPOSED = {
    "clv": "It is made of ARPU, margin and churn: see why ARPU and churn moved.",
    "crc": "It is made of costs and customers, and no segment is known of a cost.",
    "stickiness": "It is made of users by day, of which no segment is known.",
}


@dataclass(frozen=True)
class Why:
    """The account of a change.

    Args:
        metric: what moved.
        table: the columns of `csm_why`, or of `mrr_why` and `ndr_why` for money.
        by: what the change is split by, "segment" or "customer".
        rows_behind: gives the customers or rows of some groups: which to keep, and of which of the two periods.
        notes: what else the reader must know.
    """

    metric: Metric
    table: Mapping[str, Any]
    by: str
    rows_behind: Behind | None = None
    notes: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The account in words."""
        return str(self.table["note"][0])

    def rows(self, step: str, *names: str) -> dict[str, list[Any]]:
        """Some columns of the rows of a step: "total", "segment", "customer", "within" or "waterfall"."""
        chosen = [k for k, one in enumerate(self.table["step"]) if one == step]
        return {name: [self.table[name][k] for k in chosen] for name in names or self.table}

    def bars(self) -> list[str]:
        """What each step from the first value to the last is called."""
        rows = self.rows("waterfall", "part", "group")
        alone = ("start", "end", "rest")
        return [g if p in alone else f"{g}, {p}" for p, g in zip(rows["part"], rows["group"], strict=True)]

    def behind(self, bar: str) -> dict[str, list[Any]]:
        """The customers behind a step, or the rows of its segment in both periods; of the ends those of their period.

        Args:
            bar: one of `bars`.
        """
        place, rows = self.bars().index(bar), self.rows("waterfall", "part", "group")
        part, group = rows["part"][place], rows["group"][place]
        if self.rows_behind is None:
            return {}
        if part in ("start", "end"):
            return self.rows_behind(lambda _: True, ("start", "end").index(part))
        if part == "rest":
            named = set(zip(rows["part"], rows["group"], strict=True))
            told = self.rows("segment", "part", "group")
            others = {g for p, g in zip(told["part"], told["group"], strict=True) if (p, g) not in named}
            shown = {g for p, g in named if p not in ("start", "end", "rest")}
            return self.rows_behind(
                (lambda one: one in others) if self.by == "segment" else lambda one: one not in shown, None
            )
        return self.rows_behind(lambda one: one == group, None)


@dataclass(frozen=True)
class Side:
    """One of the two periods that are compared.

    Args:
        arguments: of the metric; those that are a range hold one value a row.
        segments: the segment of each row.
        owners: the customer of each row, where the same may come again.
    """

    arguments: Mapping[str, Any]
    segments: Sequence[Any] | None
    owners: Any = None


def why_of(
    company: Company,
    metric: str,
    month: int | None,
    *,
    against: int = 1,
    assumptions: Assumptions | None = None,
    hide_below: float | None = None,
) -> Why:
    """Why a headline of a company moved since an earlier month.

    Args:
        company: its tables.
        metric: one of the sixteen, such as "nps".
        month: the month looked at, counted from January 1970.
        against: how many months back lies the month compared with.
        assumptions: what the tables cannot say.
        hide_below: segments with fewer observations in a period are told together.

    Raises:
        Missing: the tables do not hold what the account needs, or the headline is made of other figures, or its account
            is by customer, which hides nobody.
        MetricError: one of the months has no value.
    """
    if metric in _COMPOSED:
        raise Missing(_COMPOSED[metric])
    if month is None:
        raise Missing("needs dates: no table has any")
    given = assumptions or Assumptions()
    if hide_below is not None and metric in ("mrr", "ndr"):
        raise Missing("its account is by customer, so that no segment can be hidden: leave --hide-below out")
    if metric == "mrr":
        return why_money(company, metric, month - against, month)
    if metric == "ndr":
        CALLS["ndr"](company, month, given)  # its own checks hold here too
        return why_money(company, metric, month - against, month, horizon=given.retention_months)
    before, after = (_SIDES[metric](company, metric, one, given) for one in (month - against, month))
    rows = lookup("fcr_from_contacts" if metric == "fcr" else metric)
    return why_rows(rows, before, after, (month_text(month - against), month_text(month)), hide_below)


def why_money(company: Company, metric: str, before: int, after: int, **options: Any) -> Why:
    """Why MRR or NDR moved between two months, counted from January 1970: to the cent, by customer."""
    horizon = options.get("horizon", 12)
    months = company.months("subscriptions")
    if metric == "ndr" and months is not None and not (months == before - horizon).any():
        then = month_text(before - horizon)
        raise Missing(f"needs subscriptions of {then}, {horizon} months before {month_text(before)}")
    segments = company.segments("subscriptions")
    arguments = {
        "customers": company.cells("subscriptions", "customer"),
        "months": company.cells("subscriptions", "month"),
        "mrr": company.paid(),
        "before": np.datetime64(last_day(before), "D").item(),
        "after": np.datetime64(last_day(after), "D").item(),
        **({"groups": segments} if segments is not None else {}),
        **options,
    }
    table = dict(evaluate(lookup(f"{metric}_why"), (), arguments).value)
    asked = (before, after) if metric == "mrr" else (before - horizon, before, after - horizon, after)
    return Why(lookup(metric), table, "customer", partial(customers_behind, company, asked))


def why_rows(metric: Metric, before: Side, after: Side, names: tuple[str, str], hide_below: float | None = None) -> Why:
    """Why a metric of rows moved between two periods, by segment.

    Raises:
        Missing: the segments are not known.
    """
    if before.segments is None or after.segments is None:
        raise Missing(_NO_SEGMENTS)
    sides = (before, after)
    by_row = [a.name for a in metric.arguments if a.role not in (Role.PER_COLUMN, Role.CHOICE)]
    ranges = [name for name in by_row if shape_of(after.arguments.get(name)) is not None]
    counts = [len(side.segments or ()) for side in sides]
    owners = None
    if before.owners is not None and after.owners is not None:
        owners = [*before.owners, *after.owners]
    given = {name: _both(before.arguments[name], after.arguments[name]) for name in ranges}
    values = [given.get(name, after.arguments.get(name)) for name in metric.names]
    while values and values[-1] is None:
        values.pop()
    periods = np.repeat([1, 2], counts)
    groups = [group_name(one) for side in sides for one in side.segments or ()]
    how = {} if hide_below is None else {"hide_below": hide_below}
    done = evaluate(lookup("csm_why"), (metric.name, periods, groups, 1, 2, owners, *values), how)
    table = dict(done.value)
    size = len(table["step"])
    table |= {"period_before": [names[0]] * size, "period_after": [names[1]] * size}
    return Why(
        metric, table, "segment", partial(rows_behind, sides, names, ranges), getattr(done.parts, "notes", ())[1:]
    )


def _answers(company: Company, metric: str, month: int, given: Assumptions) -> Side:
    """The month's answers to a question."""
    rows = company.rows("responses", month)
    if metric == "sentiment":
        arguments: Mapping[str, Any] = {"comments": company.take("responses", "comment", rows)}
    else:
        arguments = CALLS[metric](company, month, given).arguments
    return Side(arguments, _segments(company, "responses", rows), owners_of(company, "responses", rows))


def _tickets(company: Company, metric: str, month: int, given: Assumptions) -> Side:
    call = CALLS[metric](company, month, given)
    assert call.rows is not None
    return Side(call.rows[1], _segments(company, "tickets", company.rows("tickets", month)), call.owners)


def _funnel(company: Company, metric: str, month: int, given: Assumptions) -> Side:
    CALLS[metric](company, month, given)  # refuses what is not a number
    rows = company.rows("funnel", month)
    names = ("conversions", "opportunities")
    return Side(
        {name: company.column("funnel", name, "number").values[rows] for name in names},
        _segments(company, "funnel", rows),
    )


def _customers(company: Company, metric: str, month: int, given: Assumptions) -> Side:
    who, lost = lost_by_customer(company, month)
    return Side({"lost": lost, "opening": np.ones(lost.size)}, _of(company, who), who)


def _revenue(company: Company, metric: str, month: int, given: Assumptions) -> Side:
    who, (revenue, opening, closing) = revenue_by_customer(company, month)
    arguments = {"revenue": revenue, "opening_users": opening, "closing_users": closing}
    return Side(arguments, _of(company, who), who)


def _seats(company: Company, metric: str, month: int, given: Assumptions) -> Side:
    if CALLS[metric](company, month, given).by_customer is None:
        raise Missing("needs the customer of each event and of each licence")
    paying = company.customers_on(month)
    who, active, seats = seats_used(company, company.rows("events", month) & of_payers(company, paying), paying)
    return Side({"active": active, "licensed": seats}, _of(company, who), who)


def _sessions(company: Company, metric: str, month: int, given: Assumptions) -> Side:
    call = CALLS[metric](company, month, given)
    part = "sessions" if "sessions" in company.matched else "events"
    segments = company.segments(part)
    if segments is None:
        return Side(call.arguments, None)
    users = map(str, reversed(company.cells(part, "user")))
    first = dict(zip(users, reversed(segments), strict=True))
    return Side(call.arguments, [first.get(str(user)) for user in call.owners], call.owners)


def _accounts(company: Company, metric: str, month: int, given: Assumptions) -> Side:
    call = CALLS[metric](company, month, given)
    return Side(call.arguments, _of(company, call.labels), call.owners)


_SIDES: dict[str, Callable[[Company, str, int, Assumptions], Side]] = {
    **dict.fromkeys(("nps", "csat", "ces", "sentiment"), _answers),
    "fcr": _tickets, "conversion_rate": _funnel, "churn_rate": _customers, "arpu": _revenue,
    "product_usage_rate": _seats, "avg_session_duration": _sessions, "health_score": _accounts,
}  # fmt: skip


def _segments(company: Company, part: str, rows: Any) -> Any:
    segments = company.segments(part)
    return None if segments is None else select(segments, rows)


def _of(company: Company, who: Sequence[Any]) -> list[Any] | None:
    """The segment of each of some customers."""
    by_name = {str(name): segment for name, segment in company.segment_of.items()}
    return [by_name.get(str(one)) for one in who] if by_name else None


def _both(before: Any, after: Any) -> Any:
    if isinstance(before, np.ndarray) and isinstance(after, np.ndarray):
        if before.shape[1:] != after.shape[1:]:
            raise Missing("needs the same inputs in both months: one of them is known in one month alone")
        return np.concatenate([before, after])
    return [*before, *after]

"""From contracts or invoices to monthly recurring revenue."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from csmetrics_core.cells import OPEN_ENDED
from csmetrics_core.errors import OutOfScale, WrongKind, WrongShape, show
from csmetrics_core.periods import as_dates, day_text, first_day, index_of
from csmetrics_core.reductions.money import from_cents, to_cents
from csmetrics_core.tables.engine import UNKNOWN, Source, collected, day_of, last_complete, like, month_of, open_table
from csmetrics_core.tables.schema import Role

_ROLES = (
    Role("customer", "id"),
    Role("start", "date"),
    Role("end", "date", needed=False),
    Role("amount", "number"),
    Role("interval", "answer", needed=False),
    Role("currency", "id", needed=False),
    Role("discount", "number", needed=False),
    Role("discount_end", "date", needed=False),
    Role("kind", "id", needed=False),
)
#: Months in a billing interval, by the words people use.
INTERVALS = {
    "day": 12 / 365, "daily": 12 / 365, "week": 12 / 52, "weekly": 12 / 52, "month": 1, "monthly": 1,
    "quarter": 3, "quarterly": 3, "half-year": 6, "semi-annual": 6, "year": 12, "yearly": 12, "annual": 12,
    "annually": 12,
}  # fmt: skip
_RECURRING = ("recurring", "subscription", "paid", "")
_NOT_RECURRING = ("trial", "free", "one-time", "one time", "setup", "set-up", "fee", "usage", "metered", "refund")


@dataclass(frozen=True)
class Contracts:
    """Usable contracts, one value each: `begins` up to but not `stops` are the months at whose end it runs."""

    customer: NDArray
    begins: NDArray
    stops: NDArray
    local: NDArray  # a month, in its own currency, while the discount runs
    undiscounted: NDArray  # a month, after that
    discount_stops: NDArray
    currency: NDArray


def contract_months(
    frame: Any,
    *,
    customer: str | None = None,
    start: str | None = None,
    end: str | None = None,
    amount: str | None = None,
    interval: str | None = None,
    currency: str | None = None,
    discount: str | None = None,
    discount_end: str | None = None,
    kind: str | None = None,
    rates: Any = None,
    as_of: date | None = None,
    time_zone: str = "UTC",
    notes: list[str] | None = None,
) -> Any:
    """Monthly recurring revenue of contracts, subscriptions or invoice lines, as they stand at each month's end.

    A contract counts from its start up to the end of its paid period. Its amount, less its discount, is
    divided by the months in its interval: 12 for a year, 12/52 for a week, 12/365 for a day. Trials, one-time
    and usage lines are left out, and said so.

    Args:
        frame: one row a contract, subscription or invoice line.
        customer, start, end, amount, interval, currency, discount, discount_end, kind: names of the columns;
            looked for where not given. `end` is the first day no longer paid, blank while it runs; `amount`
            is for one interval, before tax; `interval` is months or a word such as "annual", and where there
            is no such column the time from start to end; `kind` says "recurring", "trial", "one-time".
        rates: a frame with currency, month and rate, what 1 of the currency is worth; needed where
            currencies are mixed. The change that rates alone bring is a column of its own, fx.
        as_of: the day the data were taken; months not over by then are left out. Today, where not given.
        time_zone: the zone whose days count, for dates with a zone.
        notes: a list that takes what the reader must know.

    Returns:
        A frame of the caller's own kind: customer, month, mrr; with rates also fx. It is what
        `mrr_movements` and `retention` take.

    Raises:
        MetricError: a column is missing, an amount is negative, a word is not known, currencies are mixed
            without rates, or a rate is missing.

    Examples:
        >>> import pandas
        >>> rows = {"customer": ["A"], "start": ["2025-11-20"], "end": ["2026-02-03"], "amount": [1200]}
        >>> frame = pandas.DataFrame(rows | {"interval": ["annual"]})
        >>> frame = frame.astype({"start": "datetime64[s]", "end": "datetime64[s]"})
        >>> contract_months(frame, as_of=date(2026, 3, 1))["mrr"].tolist()
        [100.0, 100.0, 100.0]

    Source: net of discounts, divided by the months of the interval, trials and one-time fees excluded: the common
    ground of ChartMogul's, Stripe's and Recurly's definitions of MRR.
    """
    given = {
        "customer": customer, "start": start, "end": end, "amount": amount, "interval": interval,
        "currency": currency, "discount": discount, "discount_end": discount_end, "kind": kind,
    }  # fmt: skip
    source = open_table(frame, _ROLES, given, time_zone=time_zone, notes=notes)
    last = last_complete(as_of, "month") - 1
    contracts = _read(source, last)
    table = None if rates is None else _rates(rates, time_zone)
    if table is None:
        _refuse_mixed(contracts.currency)
    return like(source.native, _months(contracts, table, last))


def _read(source: Source, last: int) -> Contracts:
    """The contracts that count, one a row, in a fixed order."""
    found = {name: _cells(values) for name, values in collected(_plan(source)).items()}
    found = _recurring(source, found)
    usable = (found["customer"] != None) & (found["start"] != UNKNOWN) & (found["amount"] != None)  # noqa: E711
    usable &= np.array([not (isinstance(c, str) and not c.strip()) for c in found["customer"]], dtype=bool)
    source.dropped(int((~usable).sum()), "a blank customer, start or amount")
    found = {name: values[usable] for name, values in found.items()}
    start, end = found["start"].astype(np.int64), found["end"].astype(np.int64)
    if (backwards := np.flatnonzero(end < start)).size:
        row = backwards[0]
        problem = f"a contract of customer {found['customer'][row]!r} ends on {day_text(end[row])}"
        raise OutOfScale(
            f"{problem}, before its start on {day_text(start[row])}", "Swap the two dates.", argument="end"
        )
    months = _interval_months(found, start, end)
    amount = found["amount"].astype(float)
    discount = np.array([0.0 if d is None else d for d in found["discount"]], dtype=float)
    for name, values in (("amount", amount), ("discount", discount), ("amount less discount", amount - discount)):
        if (values < 0).any():
            who = found["customer"][np.flatnonzero(values < 0)[0]]
            problem = f"{name} of customer {who!r} is {show(values.min())}; expected 0 or more"
            raise OutOfScale(problem, "Enter a credit as the discount of its contract.", argument=name.split()[0])
    stops = np.where(end >= OPEN_ENDED, last + 1, index_of(np.minimum(end, 3_000_000), "month"))
    discount_end = found["discount_end"].astype(np.int64)
    return Contracts(
        customer=found["customer"],
        begins=index_of(start, "month"),
        stops=np.minimum(stops, last + 1),
        local=(amount - discount) / months,
        undiscounted=amount / months,
        discount_stops=np.where(
            discount_end >= OPEN_ENDED, OPEN_ENDED, index_of(np.minimum(discount_end, 3_000_000), "month")
        ),
        currency=found["currency"],
    )


def _cells(values: Any) -> NDArray:
    """A column as plain Python values, None where there is none."""
    cells = values.tolist() if isinstance(values, np.ndarray) else values
    return np.array([None if cell != cell else cell for cell in cells], dtype=object)


def _plan(source: Source) -> nw.LazyFrame:
    def open_end(name: str) -> nw.Expr:
        if name not in source.roles:
            return nw.lit(OPEN_ENDED)
        return nw.when(nw.col(name).is_null()).then(nw.lit(OPEN_ENDED)).otherwise(day_of(name))

    kept = [name for name in ("customer", "amount", "interval", "currency", "discount", "kind") if name in source.roles]
    blank = {name: nw.lit(None, dtype=nw.String) for name in ("interval", "currency", "kind") if name not in kept}
    if "discount" not in kept:
        blank["discount"] = nw.lit(0.0)
    return source.rows.select(
        *kept, start=day_of("start"), end=open_end("end"), discount_end=open_end("discount_end"), **blank
    )


def _recurring(source: Source, found: dict[str, NDArray]) -> dict[str, NDArray]:
    """Without trials, one-time and usage lines; how many there were is said."""
    words = np.array([str(word or "").strip().lower() for word in found["kind"]], dtype=object)
    unknown = sorted(set(words) - set(_RECURRING) - set(_NOT_RECURRING))
    if unknown:
        known = ", ".join((*_RECURRING[:-1], *_NOT_RECURRING))
        raise WrongKind(f"kind is {show(unknown[0])}; expected one of {known}", "Rename it.", argument="kind")
    left_out = np.isin(words, _NOT_RECURRING)
    for word in sorted(set(words[left_out])):
        source.dropped(int((words == word).sum()), f"kind {word!r}, which is not recurring")
    return {name: values[~left_out] for name, values in found.items()}


def _interval_months(found: Mapping[str, NDArray], start: NDArray, end: NDArray) -> NDArray:
    """Months in each contract's interval."""
    months = np.ones(start.size)
    for row, given in enumerate(found["interval"]):
        if isinstance(given, str) and given.strip() and not given.strip().replace(".", "", 1).isdigit():
            word = given.strip().lower()
            if word not in INTERVALS:
                problem = f"interval is {show(given)}; expected months or one of {', '.join(INTERVALS)}"
                raise WrongKind(problem, "Give the number of months.", argument="interval")
            months[row] = INTERVALS[word]
        elif given is None or given != given or not str(given).strip():
            months[row] = _months_between(found["customer"][row], int(start[row]), int(end[row]))
        else:
            months[row] = float(given)
    if (months <= 0).any():
        raise OutOfScale("interval is 0 or negative", "Give months, such as 12 for a year.", argument="interval")
    if not np.isfinite(months).all():
        raise OutOfScale("interval is endless", "Give months, such as 12 for a year.", argument="interval")
    return months


def _months_between(customer: Any, start: int, end: int) -> float:
    """How long an invoice line runs: whole months where the day of the month is the same, days × 12/365 otherwise."""
    if end >= OPEN_ENDED:
        problem = f"a contract of customer {customer!r} has neither an interval nor an end"
        raise WrongShape(problem, "Give the interval, such as 12 for a year.", argument="interval")
    first, after = (as_dates(np.array([day]))[0].item() for day in (start, end))
    if first.day == after.day:
        return float((after.year - first.year) * 12 + after.month - first.month)
    return (end - start) * 12 / 365


def _refuse_mixed(currency: NDArray) -> None:
    found = sorted({"blank" if c is None or not str(c).strip() else str(c).strip() for c in currency})
    if len(found) > 1:
        problem = f"the amounts are in different currencies: {', '.join(found)}"
        raise WrongKind(problem, "Give rates, a table with currency, month and rate.", argument="currency")


def _rates(rates: Any, time_zone: str) -> dict[tuple[str, int], float]:
    roles = (Role("currency", "id"), Role("month", "date"), Role("rate", "number"))
    source = open_table(rates, roles, {}, time_zone=time_zone)
    found = collected(source.rows.with_columns(month=month_of("month")))
    table: dict[tuple[str, int], float] = {}
    for currency, month, rate in zip(found["currency"], found["month"], found["rate"], strict=True):
        if currency is None or rate is None or not rate > 0:
            raise OutOfScale(f"the rate of {show(currency)} is {show(rate)}", "Give rates above 0.", argument="rates")
        if table.setdefault((str(currency).strip(), int(month)), float(rate)) != rate:
            problem = f"rates has two rates for {currency} in {_month_text(int(month))}"
            raise OutOfScale(problem, "Keep one rate a currency and month.", argument="rates")
    return table


def _month_text(month: int) -> str:
    return str(as_dates(first_day(np.array([month]), "month"))[0])[:7]


def _months(contracts: Contracts, rates: Mapping[tuple[str, int], float] | None, last: int) -> dict[str, Any]:
    """Long rows of customer, month and mrr; with rates one more row after the end, for what rates did to it."""
    runs = np.maximum(contracts.stops - contracts.begins, 0)
    tail = 0 if rates is None else (runs > 0) & (contracts.stops <= last)
    row = np.repeat(np.arange(runs.size), runs + tail)
    month = contracts.begins[row] + np.arange(row.size) - np.repeat(np.cumsum(runs + tail) - (runs + tail), runs + tail)
    runs_now = month < contracts.stops[row]
    local = np.where(runs_now, _local(contracts, row, month), 0.0)
    columns: dict[str, Any] = {}
    if rates is None:
        cents = to_cents(local, "amount")
    else:
        now = _rate(contracts, rates, row, month)
        was_there = month > contracts.begins[row]
        before = np.where(was_there, _local(contracts, row, month - 1), 0.0)
        earlier = np.where(was_there, _rate(contracts, rates, row, np.maximum(month - 1, contracts.begins[row])), 0.0)
        cents = to_cents(local * now, "amount")
        columns["fx"] = to_cents(before * now, "amount") - to_cents(before * earlier, "amount")
    kept = (cents > 0) | (columns["fx"] != 0 if "fx" in columns else False)
    names = contracts.customer[row][kept]
    order = np.lexsort((month[kept], np.array([str(name) for name in names], dtype=str)))
    result = {
        "customer": names[order].tolist(),
        "month": as_dates(first_day(month[kept][order], "month")),
        "mrr": from_cents(cents[kept][order]),
    }
    return result | {name: from_cents(values[kept][order]) for name, values in columns.items()}


def _local(contracts: Contracts, row: NDArray, month: NDArray) -> NDArray:
    discounted = month < contracts.discount_stops[row]
    return np.asarray(np.where(discounted, contracts.local[row], contracts.undiscounted[row]))


def _rate(contracts: Contracts, rates: Mapping[tuple[str, int], float], row: NDArray, month: NDArray) -> NDArray:
    names = [str(name or "").strip() for name in contracts.currency]
    found = np.ones(row.size)
    for place, (contract, number) in enumerate(zip(row.tolist(), month.tolist(), strict=True)):
        rate = rates.get((names[contract], number))
        if rate is None:
            problem = f"rates has none for {names[contract] or 'a blank currency'} in {_month_text(number)}"
            raise WrongShape(problem, "Add it; the reporting currency has the rate 1.", argument="rates")
        found[place] = rate
    return found

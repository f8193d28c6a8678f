"""From contracts or invoices to monthly recurring revenue."""

from datetime import date, datetime, timezone
from typing import Any

import numpy as np
from numpy.typing import NDArray

from csmetrics_core.maths.periods import as_dates, first_day
from csmetrics_core.reductions.contract_lines import Cells, Terms, line_cells
from csmetrics_core.reductions.money import from_cents
from csmetrics_core.reductions.terms import EndIs
from csmetrics_core.tables.balances import rate_of, refuse_mixed
from csmetrics_core.tables.engine import last_complete, like, open_table
from csmetrics_core.tables.lines import ROLES, ReadLines, read_lines
from csmetrics_core.tables.rates import open_rates

_ROLES = tuple(role for role in ROLES if role.name in (
    "customer", "start", "end", "amount", "interval", "currency", "discount", "discount_end", "kind",
))  # fmt: skip


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
    end_is: EndIs = "first_unpaid",
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
        end_is: what `end` means: "first_unpaid", "last_day" (still paid for), or "auto" to find out.
        rates: a frame with currency, month and rate, what 1 of the currency is worth; needed where
            currencies are mixed. The change that rates alone bring is a column of its own, fx.
        as_of: the day the data were taken; months not over by then are left out. Today, where not given.
        time_zone: the zone whose days count, for dates with a zone.
        notes: a list that takes what the reader must know.

    Returns:
        A frame of the caller's own kind: customer, month, mrr; with rates also fx. Where nobody pays in the last
        month over, a row of 0 says so. It is what `mrr_movements` and `retention` take; `arr_balances` says more.

    Raises:
        MetricError: a column is missing, an amount is negative, a word is not known, currencies are mixed
            without rates, or a rate is missing.

    Examples:
        >>> import pandas
        >>> rows = {"customer": ["A"], "start": ["2025-11-20"], "end": ["2026-02-03"], "amount": [1200]}
        >>> frame = pandas.DataFrame(rows | {"interval": ["annual"]})
        >>> frame = frame.astype({"start": "datetime64[s]", "end": "datetime64[s]"})
        >>> contract_months(frame, as_of=date(2026, 3, 1))["mrr"].tolist()
        [100.0, 100.0, 100.0, 0.0]

    Source: net of discounts, divided by the months of the interval, trials and one-time fees excluded: the common
    ground of ChartMogul's, Stripe's and Recurly's definitions of MRR.
    """
    given = {
        "customer": customer, "start": start, "end": end, "amount": amount, "interval": interval,
        "currency": currency, "discount": discount, "discount_end": discount_end, "kind": kind,
    }  # fmt: skip
    source = open_table(frame, _ROLES, given, time_zone=time_zone, notes=notes)
    read = read_lines(source, end_is)
    table = None if rates is None else open_rates(rates, time_zone)
    if table is None:
        refuse_mixed(read.lines.currencies or ())
    day = np.datetime64(as_of or datetime.now(timezone.utc).date(), "D").astype(np.int64)
    cells = line_cells(read.lines, Terms(unit="month"), int(day), None if table is None else rate_of(table))
    return like(source.native, _months(read, cells, last_complete(as_of, "month") - 1, rated=table is not None))


def _months(read: ReadLines, cells: Cells, last: int, *, rated: bool) -> dict[str, Any]:
    """Long rows of customer, month and mrr; with rates one more row after the end, for what rates did to it."""
    follows = np.zeros(cells.line.size, bool)
    follows[1:] = (cells.line[1:] == cells.line[:-1]) & (cells.month[1:] == cells.month[:-1] + 1)
    moved = cells.next - cells.cents
    ended = ~np.append(follows[1:], False)[: follows.size] & (moved != 0) & (cells.month < last)
    paid = np.flatnonzero((cells.cents > 0) | (follows & (np.roll(moved, 1) != 0)))
    line = np.concatenate([cells.line[paid], cells.line[ended]])
    month = np.concatenate([cells.month[paid], cells.month[ended] + 1])
    cents = np.concatenate([cells.cents[paid], np.zeros(int(ended.sum()))])
    fx = np.concatenate([np.where(follows, np.roll(moved, 1), 0.0)[paid], moved[ended]])
    names = [read.customers[code] for code in read.lines.customers[line]]
    if cells.month.size and cells.month.max() < last:  # the last customer is gone
        names.append(read.customers[read.lines.customers[cells.line[cells.month.argmax()]]])
        month, cents, fx = (np.append(values, value) for values, value in ((month, last), (cents, 0.0), (fx, 0.0)))
    return _in_order(names, month, cents, fx if rated else None)


def _in_order(names: list[Any], month: NDArray, cents: NDArray, fx: NDArray | None) -> dict[str, Any]:
    order = np.lexsort((month, np.array([str(name) for name in names], dtype=str)))
    columns: dict[str, Any] = {
        "customer": [names[row] for row in order.tolist()],
        "month": as_dates(first_day(month[order].astype(np.int64), "month")),
        "mrr": from_cents(cents[order]),
    }
    return columns if fx is None else columns | {"fx": from_cents(fx[order])}

"""Customers over tables: gained and lost a period, and cohorts by customers or by money."""

import datetime
from typing import Any, Literal

import narwhals as nw
import numpy as np

from csmetrics_core.errors import WrongCall
from csmetrics_core.intake.cells import OPEN_ENDED
from csmetrics_core.maths.periods import Period, as_dates, first_day, index_of
from csmetrics_core.reductions.flows import below_zero
from csmetrics_core.reductions.money import LARGEST_CENTS, refuse_inexact_total
from csmetrics_core.reductions.spells import Turns, ends_before_start, movements
from csmetrics_core.reductions.triangles import triangle
from csmetrics_core.tables.arr_retention import arr_cohorts
from csmetrics_core.tables.balances import months_of_revenue
from csmetrics_core.tables.engine import (
    NEVER,
    UNKNOWN,
    Source,
    collected,
    day_of,
    last_complete,
    like,
    one_if,
    open_table,
    period_of,
)
from csmetrics_core.tables.frames import one_of
from csmetrics_core.tables.schema import Role

_CUSTOMER = Role("customer", "id")
_STAYS = (_CUSTOMER, Role("start", "date"), Role("end", "date"))


def customer_movements(
    frame: Any,
    period: Period = "month",
    *,
    customer: str | None = None,
    start: str | None = None,
    end: str | None = None,
    as_of: datetime.date | None = None,
    time_zone: str = "UTC",
    notes: list[str] | None = None,
) -> Any:
    """How the number of customers went from one period to the next.

    Args:
        frame: one row a stay, contract or subscription.
        period: "day", "week" (from Monday), "sunday week", "month", "quarter" or "year".
        customer, start, end: names of the columns; looked for where not given. A blank end is still open.
        as_of: the day the data were taken: what begins or ends on that day or later has not happened yet, and the table
            runs up to the day before. Where not given, up to the latest date seen up to today.
        time_zone: the zone whose days count, for dates with a zone.
        notes: a list that takes what the reader must know.

    Returns:
        A frame of the caller's own kind: period, opening, new, reactivation, churned, closing, churn,
        retention; the last period is missing until the latest date seen is its last day.

    Raises:
        MetricError: a column is missing or of another type, or a stay ends before it starts.

    Examples:
        >>> import pandas
        >>> rows = {"customer": ["A", "B"], "start": ["2026-01-05", "2026-01-09"], "end": [None, "2026-02-28"]}
        >>> frame = pandas.DataFrame(rows).astype({"start": "datetime64[s]", "end": "datetime64[s]"})
        >>> customer_movements(frame)["churned"].tolist()
        [0.0, 1.0]

    Source: customers lost ÷ customers at the start, ChartMogul help centre, article 207340419.
    """
    given = {"customer": customer, "start": start, "end": end}
    source = open_table(frame, _STAYS, given, time_zone=time_zone, notes=notes)
    until = last_complete(as_of, "day") + (as_of is None)
    counted = collected(_stays(source, period, until))
    columns, more = movements(_turns(source, counted, period, None if as_of is None else until - 1), period)
    source.notes.extend(more)
    return like(source.native, columns)


def _stays(source: Source, period: Period, until: int) -> nw.LazyFrame:
    """Stage 1: stays joined where they touch, first by days and then by periods; how many there are of each kind.

    What begins on the day `until` or later is left out; what ends then is still open.
    """
    ended, opened = day_of("end"), day_of("start")
    is_open = nw.col("end").is_null() | ((ended >= until) & (ended >= opened))
    rows = source.rows.filter(nw.col("start").is_null() | (opened < until)).with_columns(
        begins=period_of("start", period),
        stops=nw.when(is_open).then(nw.lit(OPEN_ENDED)).otherwise(period_of("end", period)),
        start=opened,
        end=nw.when(is_open).then(nw.lit(OPEN_ENDED)).otherwise(ended),
    )
    rows = rows.group_by("customer", "start", "end", "begins", "stops").agg(nw.len().alias("rows"))
    # What cannot be used stands apart from the customer's stays: 1 is a blank, 2 runs backwards, 3 is empty.
    start, end = nw.col("start"), nw.col("end")
    state = nw.when(end == start).then(nw.lit(3)).otherwise(nw.lit(0))
    state = nw.when(end < start).then(nw.lit(2)).otherwise(state)
    unusable = (start == UNKNOWN) | (nw.col("blank") == 0)
    rows = rows.with_columns(blank=source.known("customer"))
    rows = rows.with_columns(state=nw.when(unusable).then(nw.lit(1)).otherwise(state))
    rows = rows.with_columns(last=nw.when(end < OPEN_ENDED).then(end).otherwise(start))
    rows = rows.with_columns(last=nw.when(nw.col("last") > start).then(nw.col("last")).otherwise(start), first=start)
    keys = ("customer", "state")
    rows = rows.with_columns(latest=end.cum_max().over(*keys, order_by=("start", "end")))
    rows = rows.with_columns(reach=nw.col("latest").shift(1).over(*keys, order_by=("start", "end")))
    rows = rows.with_columns(fresh=one_if(nw.col("reach").is_null() | (start > nw.col("reach"))))
    rows = rows.with_columns(stay=nw.col("fresh").cum_sum().over(*keys, order_by=("start", "end")))
    stays = rows.group_by(*keys, "stay").agg(
        nw.col("begins").min(),
        nw.col("stops").max(),
        nw.col("first").min(),
        nw.col("last").max(),
        nw.col("rows").sum(),
    )
    begins, stops = nw.col("begins"), nw.col("stops")
    stays = stays.with_columns(since=begins.min().over(*keys), lasting=one_if(begins < stops))
    lasting = (*keys, "lasting")
    stays = stays.with_columns(
        reach=stops.shift(1).over(*lasting, order_by="begins"), then=begins.shift(-1).over(*lasting, order_by="begins")
    )
    stays = stays.with_columns(
        opens=one_if(nw.col("reach").is_null() | (begins > nw.col("reach"))),
        closes=one_if(nw.col("then").is_null() | (nw.col("then") > stops)),
        fresh=one_if(begins == nw.col("since")),
    )
    groups = stays.group_by("begins", "stops", "state", "lasting", "opens", "closes", "fresh")
    return groups.agg(nw.len().alias("stays"), nw.col("rows").sum(), nw.col("first").min(), nw.col("last").max())


def _turns(source: Source, counted: dict[str, Any], period: Period, known_to: int | None) -> Turns:
    """The result of stage 1 in the form the array function has it; `known_to`: the last day the data speak of."""
    state, stays = counted["state"], counted["stays"]
    source.dropped(int(counted["rows"][state == 1].sum()), "a blank customer or start")
    if (state == 2).any():
        _refuse_backwards(source)
    known = state != 1
    if not known.any():
        raise source.nothing("the table holds no row with customer and start")
    begins, stops = counted["begins"], counted["stops"]
    latest = int(counted["last"][known].max()) if known_to is None else known_to
    ends = np.array([int(counted["first"][known].min()), latest])
    first, last = (int(p) for p in index_of(ends, period))
    lasting = (state == 0) & (counted["lasting"] == 1)
    opens, closes = lasting & (counted["opens"] == 1), lasting & (counted["closes"] == 1) & (stops <= last)
    fresh = counted["fresh"] == 1
    size = last - first + 1
    counts = {
        name: np.bincount(place[rows] - first, stays[rows], size).astype(np.int64)
        for name, place, rows in (
            ("came", begins, opens & fresh),
            ("returned", begins, opens & ~fresh),
            ("left", stops, closes),
        )
    }
    unfinished = int(first_day(np.array([last + 1]), period)[0]) - 1 > latest
    inside = int(stays[(state == 0) & (counted["lasting"] == 0)].sum())
    return Turns(first, counts, unfinished, inside)


def _refuse_backwards(source: Source) -> None:
    rows = source.rows.with_columns(start=day_of("start"), end=day_of("end"))
    rows = rows.filter(nw.col("end") < nw.col("start"), nw.col("end") != UNKNOWN, nw.col("start") != UNKNOWN)
    found = collected(rows.select("start", "end").sort("start", "end").head(1))
    raise ends_before_start(int(found["end"][0]), int(found["start"][0]), None)


def cohort_retention(
    frame: Any,
    period: Period = "month",
    value: Literal["customers", "mrr"] = "customers",
    *,
    customer: str | None = None,
    date: str | None = None,
    mrr: str | None = None,
    currency: str | None = None,
    rates: Any = None,
    as_of: datetime.date | None = None,
    time_zone: str = "UTC",
    notes: list[str] | None = None,
) -> Any:
    """Share of each cohort that is still active, by customers or by money.

    Args:
        frame: one row an activity, invoice or month.
        period: "day", "week" (from Monday), "sunday week", "month", "quarter" or "year".
        value: "customers" counts them; "mrr" adds up what they pay, against what they paid at age 0.
        customer, date, mrr, currency: names of the columns; looked for where not given.
        rates: a table of currency, month and rate, for months of money in several currencies: each age is compared
            with the first month's amounts at that age's rates, so that exchange moves nothing.
        as_of: the day the data were taken: ages run up to the last period over by then. Where not given, up to the
            last period seen that is over today.
        time_zone: the zone whose days count, for dates with a zone.
        notes: a list that takes what the reader must know.

    Returns:
        A frame of the caller's own kind: cohort, size (customers, or money at age 0), age_0, age_1 and so
        on; missing where an age is not reached yet.

    Raises:
        MetricError: a column is missing or of another type, a customer's period is below 0, there are several
            currencies and no rates, or a rate is missing.

    Examples:
        >>> import pandas
        >>> rows = {"customer": ["A", "B", "A"], "date": ["2026-01-05", "2026-01-09", "2026-02-03"]}
        >>> frame = pandas.DataFrame(rows).astype({"date": "datetime64[s]"})
        >>> cohort_retention(frame)["age_1"].tolist()
        [0.5]

    Source: cohort analysis by period, as in Amplitude's and PostHog's retention (on-period).
    """
    one_of("value", value, ("customers", "mrr"))
    by_money = value == "mrr"
    if rates is not None and (period != "month" or not by_money):
        problem = "rates are by month, and of money: they go with period='month' and value='mrr'"
        raise WrongCall(problem, "Say both, or leave the rates out.", argument="rates")
    named = {"customer": customer, "month": date, "mrr": mrr, "currency": currency}
    balances = months_of_revenue(frame, named, rates, time_zone, notes) if by_money else None
    if balances is not None:
        return arr_cohorts(balances, rates=rates, as_of=as_of, time_zone=time_zone, notes=notes)
    roles = (_CUSTOMER, Role("date", "date"), *((Role("mrr", "number"),) if by_money else ()))
    given = {"customer": customer, "date": date, "mrr": mrr}
    source = open_table(frame, roles, given, time_zone=time_zone, notes=notes)
    counted = collected(_cohorts(source, period, by_money))
    counts = _usable(source, counted, last_complete(as_of, period), period, by_money)
    columns = triangle(counts, period, None if as_of is None else last_complete(as_of, period) - 1)
    if by_money:
        columns["size"] = columns["size"] / 100
    return like(source.native, columns)


def _cohorts(source: Source, period: Period, by_money: bool) -> nw.LazyFrame:
    """Stage 1: how many customers, or cents, of each cohort there are in each period."""
    number = nw.when(nw.col("date").is_null()).then(nw.lit(3 * NEVER)).otherwise(period_of("date", period))
    rows = source.rows.with_columns(period=number)
    if by_money:
        mrr = nw.col("mrr")
        exact = nw.when(mrr.abs() <= LARGEST_CENTS / 100).then(mrr).otherwise(nw.lit(2.0 * LARGEST_CENTS))
        rows = rows.with_columns(
            cents=(nw.when(mrr.is_null()).then(nw.lit(0.0)).otherwise(exact) * 100 + 0.5).floor(),
            period=nw.when(mrr.is_null()).then(nw.lit(3 * NEVER)).otherwise(number),
        )
    money = [nw.col("cents").sum()] if by_money else []
    keys = ["customer", "period"]
    # Without money nothing is added up, so that only keys travel through the window.
    pairs = (
        rows.group_by(keys).agg(*(money or [nw.len().alias("rows")])).select(*keys, *(["cents"] if by_money else []))
    )
    when = nw.col("period")
    seen = when
    if by_money:
        paid = nw.when(nw.col("cents") > 0).then(when).otherwise(nw.lit(NEVER))
        below = nw.when(nw.col("cents") < 0).then(nw.lit(2 * NEVER)).otherwise(paid)
        seen = nw.when(when == 3 * NEVER).then(when).otherwise(below)
    pairs = _with_cohort(pairs.select("customer", *(["cents"] if by_money else []), seen=seen))
    known = nw.when(source.known("customer") == 0).then(nw.lit(4 * NEVER)).otherwise(nw.col("seen"))
    pairs = pairs.with_columns(seen=known)
    counted = pairs.group_by("cohort", "seen").agg(nw.len().alias("customers"), *money)
    return counted.with_columns(nw.col("cohort").fill_null(4 * NEVER))


def _with_cohort(pairs: nw.LazyFrame) -> nw.LazyFrame:
    """The first period of each customer beside every one."""
    if pairs.implementation is not nw.Implementation.DUCKDB:
        return pairs.with_columns(cohort=nw.col("seen").min().over("customer"))
    # DuckDB turns that window into a join for which it reads and groups the table twice, unless told to keep it.
    sql = """WITH kept AS MATERIALIZED (FROM pairs),
        firsts AS (SELECT customer, min(seen) AS cohort FROM kept GROUP BY customer)
        SELECT kept.*, cohort FROM kept LEFT JOIN firsts USING (customer)"""
    plan: nw.LazyFrame = nw.from_native(pairs.to_native().query("pairs", sql))
    return plan


def _usable(source: Source, counted: dict[str, Any], end: int, period: Period, by_money: bool) -> dict[str, np.ndarray]:
    """What stage 2 takes: cohort, period and value, after refusing and noting what is wrong with the rows."""
    seen, blank_customer = counted["seen"], source.known("customer") == 0
    if by_money and (seen == 2 * NEVER).any():
        where = "a customer's " + period
        raise below_zero("mrr", f"({where})", float(np.asarray(counted["cents"], float)[seen == 2 * NEVER].min()))
    if (seen == 4 * NEVER).any():
        source.dropped(source.count(blank_customer), "a blank customer")
    if (seen == 3 * NEVER).any():
        blank = nw.col("date").is_null()
        blank = blank | nw.col("mrr").is_null() if by_money else blank
        source.dropped(source.count(~blank_customer, blank), "a blank date or mrr" if by_money else "a blank date")
    good = seen < NEVER
    late = good & (seen >= end)
    if late.any():
        source.note(f"{period}s left out because they are not over: {int(seen[late].max()) - end + 1}")
    kept = good & ~late
    if not kept.any():
        day = as_dates(first_day(np.array([end]), period))[0]
        problem = f"the table holds no customer with a date in a {period} that is over by {day}"
        raise source.nothing(problem, "Give as_of, the day the data were taken.")
    value = np.asarray(counted["cents" if by_money else "customers"], dtype=float)
    refuse_inexact_total(float(value[kept].max()), "mrr")
    return {"cohort": counted["cohort"][kept], "period": seen[kept], "value": value[kept].astype(np.int64)}

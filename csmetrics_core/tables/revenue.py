"""Recurring revenue over tables: MRR movements and retention."""

from datetime import date
from typing import Any

import narwhals as nw
import numpy as np

from csmetrics_core.errors import WrongShape, off_scale
from csmetrics_core.periods import as_dates, first_day
from csmetrics_core.reductions.flows import FATES, FLOWS, below_zero, bridge, repeats_note
from csmetrics_core.reductions.flows import retention as retention_columns
from csmetrics_core.reductions.money import LARGEST_CENTS, refuse_inexact_total
from csmetrics_core.tables.engine import (
    NEVER,
    UNKNOWN,
    Source,
    collected,
    last_complete,
    like,
    one_if,
    value_if,
)
from csmetrics_core.tables.monthly import open_months

# Places after all months, see _customer_months.
_ZERO = NEVER // 2
_BELOW_ZERO, _BLANK_VALUE, _BLANK_CUSTOMER = 2 * NEVER, 3 * NEVER, 4 * NEVER


def mrr_movements(
    frame: Any,
    *,
    customer: str | None = None,
    month: str | None = None,
    mrr: str | None = None,
    fx: str | None = None,
    as_of: date | None = None,
    time_zone: str = "UTC",
    notes: list[str] | None = None,
) -> Any:
    """How recurring revenue went from one month to the next, to the cent.

    Args:
        frame: one row a customer and month, or one row a customer with the months across.
        customer, month, mrr: names of the columns; looked for where not given.
        fx: the part of `mrr` that only came from a change of exchange rates, as `contract_months` gives it.
        as_of: the day the data were taken; a month not over by then is left out. Today, where not given.
        time_zone: the zone whose months count, for dates with a zone.
        notes: a list that takes what the reader must know.

    Returns:
        A frame of the caller's own kind: month, opening, new, expansion, contraction, churned,
        reactivation, closing; with fx before closing where that is given.

    Raises:
        MetricError: a column is missing or of another type, or a customer's month is below 0.

    Examples:
        >>> import pandas
        >>> from datetime import date
        >>> rows = {"customer": ["A", "A"], "month": [date(2026, 1, 1), date(2026, 2, 1)], "mrr": [100.0, 120.0]}
        >>> frame = pandas.DataFrame(rows).astype({"month": "datetime64[s]"})
        >>> mrr_movements(frame, as_of=date(2026, 3, 1))["expansion"].tolist()
        [0.0, 20.0]

    Source: the five movements of ChartMogul's help centre, MRR movements.
    """
    given = {"customer": customer, "month": month, "mrr": mrr, "fx": fx}
    source = open_months(frame, given, time_zone, notes)
    counted = collected(_flows(source))
    first, size = _span(source, counted, as_of)
    flows = {name: _by_month(counted, name, first, size) for name in FLOWS}
    columns = bridge(first, flows, _by_month(counted, "fx", first, size) if "fx" in source.roles else None)
    return like(source.native, columns)


def retention(
    frame: Any,
    horizon_months: int = 12,
    *,
    customer: str | None = None,
    month: str | None = None,
    mrr: str | None = None,
    as_of: date | None = None,
    time_zone: str = "UTC",
    notes: list[str] | None = None,
) -> Any:
    """Net and gross revenue retention and logo retention, month by month.

    Args:
        frame: one row a customer and month, or one row a customer with the months across.
        horizon_months: how many months back the opening cohort is taken.
        customer, month, mrr: names of the columns; looked for where not given.
        as_of: the day the data were taken; a month not over by then is left out. Today, where not given.
        time_zone: the zone whose months count, for dates with a zone.
        notes: a list that takes what the reader must know.

    Returns:
        A frame of the caller's own kind: month, opening, expansion, contraction, churned, ndr, grr,
        logo_retention; missing for the first months.

    Raises:
        MetricError: a column is missing or of another type, or a customer's month is below 0.

    Examples:
        >>> import pandas
        >>> frame = pandas.DataFrame({"customer": ["A", "B"], "2026-01": [100, 50], "2026-02": [120, None]})
        >>> retention(frame, 1, as_of=date(2026, 3, 1))["ndr"].round(3).tolist()
        [nan, 0.8]

    Source: SaaS Metrics Standards Board (gross retention).
    """
    if not (isinstance(horizon_months, int) and 1 <= horizon_months <= 1200):
        raise off_scale("horizon_months", None, horizon_months, "a whole number from 1 to 1200", "Give months.")
    source = open_months(frame, {"customer": customer, "month": month, "mrr": mrr}, time_zone, notes)
    counted = collected(_fates(source, horizon_months))
    first, size = _span(source, counted, as_of)
    fates = {name: _by_month(counted, name, first, size) for name in FATES}
    return like(source.native, retention_columns(first, fates, horizon_months))


def _customer_months(source: Source) -> nw.LazyFrame:
    """One row a customer and month, in cents, with its place in the customer's order.

    The place is the month where something was paid. Everything else comes after all months, so that a look at
    the row before or after needs no filter: 0 at NEVER + month, what cannot be used at one of the places above.
    """
    mrr = nw.col("mrr")
    exact = nw.when(mrr.abs() > LARGEST_CENTS / 100).then(nw.lit(2.0 * LARGEST_CENTS)).otherwise(mrr)
    rows = source.rows.with_columns(
        (exact * 100 + 0.5).floor().alias("cents"),
        nw.when(mrr.is_null()).then(nw.lit(UNKNOWN)).otherwise(nw.col("month")).alias("month"),
    )
    fx = "fx" in source.roles
    if fx:
        rows = rows.with_columns((nw.col("fx").fill_null(0.0) * 100 + 0.5).floor().alias("fx"))
    sums = [nw.col("cents").sum(), nw.len().alias("rows"), *([nw.col("fx").sum()] if fx else [])]
    months = rows.group_by("customer", "month").agg(*sums)
    cents, month = nw.col("cents"), nw.col("month")
    place = nw.when(cents > 0).then(month).otherwise(month + NEVER)
    for number, bad in enumerate((cents < 0, month == UNKNOWN, source.known("customer") == 0), 2):
        place = nw.when(bad).then(nw.lit(number * NEVER)).otherwise(place)
    # DuckDB adds up floats faster than whole numbers, and these are exact; it sorts short numbers faster.
    return months.with_columns(nw.col("rows").cast(nw.Float64), place=place.cast(nw.Int32))


def _neighbours(months: nw.LazyFrame, keys: tuple[str, ...], **wanted: tuple[str, int]) -> nw.LazyFrame:
    """Values of the customer's row so many places before (or after, if negative)."""
    return months.with_columns(
        **{name: nw.col(column).shift(by).over(*keys, order_by="place") for name, (column, by) in wanted.items()}
    )


def _flows(source: Source) -> nw.LazyFrame:
    """Stage 1 of the MRR bridge: FLOWS by month."""
    months = _customer_months(source)
    months = _neighbours(months, ("customer",), before=("place", 1), was=("cents", 1))
    cents, month, before = nw.col("cents"), nw.col("place"), nw.col("before")
    follows = before == month - 1
    was, fx = nw.col("was"), "fx" in source.roles
    months = months.with_columns(
        change=value_if(follows, cents - was - nw.col("fx") if fx else cents - was), kept=value_if(follows, was)
    )
    if fx:
        months = months.with_columns(fx=value_if(follows, nw.col("fx")))
    change = nw.col("change")
    months = months.with_columns(
        mrr=cents,
        new=value_if(before.is_null(), cents),
        expansion=value_if(change > 0, change),
        contraction=value_if(change < 0, change * -1),
        reactivation=value_if(before < month - 1, cents),
    )
    return _by_place(months, (*FLOWS, *(("fx",) if fx else ())))


def _fates(source: Source, horizon: int) -> nw.LazyFrame:
    """Stage 1 of retention: FATES by the month they are counted from.

    The month `horizon` later is the next one of the same remainder, so no table is joined with itself.
    """
    months = _customer_months(source).with_columns(remainder=nw.col("place") % horizon)
    months = _neighbours(months, ("customer", "remainder"), then=("place", -1), pays=("cents", -1))
    cents = nw.col("cents")
    stays = nw.col("then") == nw.col("place") + horizon
    months = months.with_columns(change=value_if(stays, nw.col("pays") - cents))
    change = nw.col("change")
    months = months.with_columns(
        base=cents,
        expansion=value_if(change > 0, change),
        contraction=value_if(change < 0, change * -1),
        churned=nw.when(stays).then(nw.lit(0.0)).otherwise(cents),
        customers=nw.lit(1),
        kept=one_if(stays),
    )
    return _by_place(months, FATES)


def _by_place(months: nw.LazyFrame, parts: tuple[str, ...]) -> nw.LazyFrame:
    sums = (nw.col(part).sum() for part in (*parts, "rows"))
    return months.group_by("place").agg(*sums, nw.len().alias("pairs"))


def _span(source: Source, counted: dict[str, Any], as_of: date | None) -> tuple[int, int]:
    """The first month and how many there are, after refusing and noting what is wrong with the rows."""
    place, rows = np.asarray(counted["place"]), np.asarray(counted["rows"])
    if (place == _BELOW_ZERO).any():
        _refuse_below_zero(source)
    source.dropped(int(rows[place == _BLANK_CUSTOMER].sum()), "a blank customer")
    source.dropped(int(rows[place == _BLANK_VALUE].sum()), "a blank month or mrr")
    good = place < _BELOW_ZERO - NEVER // 2
    if not good.any():
        raise source.nothing("the table holds no row with customer, month and mrr")
    amounts = np.asarray(counted.get("mrr", counted.get("base")), dtype=float)
    refuse_inexact_total(float(amounts[good].max()), "mrr")
    source.notes.extend(repeats_note(int((rows - np.asarray(counted["pairs"]))[good].sum())))
    month = place[good] - np.where(place[good] >= _ZERO, NEVER, 0)
    first, last, end = int(month.min()), int(month.max()), last_complete(as_of, "month")
    if first >= end:
        day = as_dates(first_day(np.array([end]), "month"))[0]
        raise WrongShape(f"no month of the table is over by {day}", "Give as_of, the day the data were taken.")
    if last >= end:
        source.note(f"months left out because they are not over: {last - end + 1}")
    return first, min(last, end - 1) - first + 1


def _by_month(counted: dict[str, Any], name: str, first: int, size: int) -> np.ndarray:
    """One value a month, 0 where no row falls in it."""
    month = np.asarray(counted["place"]) - first
    real = (month >= 0) & (month < size)
    values = np.zeros(size, dtype=np.int64)
    values[month[real]] = np.asarray(counted[name])[real]
    return values


def _refuse_below_zero(source: Source) -> None:
    """Name a customer and month that is below 0; the same one on every engine."""
    months = source.rows.with_columns(((nw.col("mrr") * 100) + 0.5).floor().alias("cents"))
    months = months.group_by("customer", "month").agg(nw.col("cents").sum()).filter(nw.col("cents") < 0)
    months = months.filter(nw.col("month") != UNKNOWN, ~nw.col("customer").is_null())
    found = collected(months.sort("month", "customer").head(1))
    month = as_dates(first_day(np.array([int(found["month"][0])]), "month"))[0]
    raise below_zero("mrr", f"{found['customer'][0]!r} in {str(month)[:7]}", float(found["cents"][0]))

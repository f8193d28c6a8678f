"""Retention of recurring revenue over tables, with intervals: net, gross, by logos, and by cohort."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any, Literal

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from csmetrics_core.errors import WrongCall, WrongShape, off_scale
from csmetrics_core.maths.intervals import confidence_level
from csmetrics_core.reductions.flows import month_column
from csmetrics_core.reductions.retained import SUMS, fate, retention_table
from csmetrics_core.reductions.triangles import triangle
from csmetrics_core.tables.balance_rows import Rows, balance_rows, open_balances, real_months
from csmetrics_core.tables.engine import collected, like
from csmetrics_core.tables.frames import names_of, one_of
from csmetrics_core.tables.ledger import PLAN, grouped, refuse_taken, slice_order
from csmetrics_core.tables.rates import Rates, month_text, no_rate, open_rates, with_rate

Valued = Literal["constant", "as_reported"]
_OPEN = ("open", "gross_without_open")


def arr_retention(
    frame: Any,
    horizon_months: int = 12,
    by: Sequence[str] = (),
    *,
    slice: Literal["start", "end"] = "start",
    rates: Any = None,
    valued: Valued = "constant",
    confidence: float = 0.95,
    customer: str | None = None,
    month: str | None = None,
    arr: str | None = None,
    product: str | None = None,
    merge: Mapping[Any, Any] | None = None,
    as_of: date | None = None,
    time_zone: str = "UTC",
    notes: list[str] | None = None,
) -> Any:
    """Net and gross revenue retention and logo retention, month by month and by any grouping, with intervals.

    Args:
        frame: balances, as for `arr_bridge`.
        horizon_months: how many months back the cohort is taken.
        by: columns to slice by. By product each product is followed by itself: a customer who swaps leaves one.
        slice: "start" puts a customer where it was then, "end" where it is now, which selects on the outcome.
        rates: currency, month and rate, for balances in several currencies: both ends are valued at the later
            month's rates. `arr_balances` must have been given the same.
        valued: "constant", or "as_reported", each end at its own rates.
        confidence: confidence level of the intervals.
        customer, month, arr, product: names of the columns; looked for where not given.
        merge: {old: new} for two records of one customer; {old: (new, month)} where one took the other over.
        as_of: the day the data were taken: the table runs up to the last month over by then. Where not given, up to
            the last month seen that is over today.
        time_zone: the zone whose months count, for dates with a zone.
        notes: a list that takes what the reader must know.

    Returns:
        A frame of the caller's own kind: month, the columns of `by`, n, opening, now, expansion, contraction, churned,
        then ndr, grr and logo_retention, each with its bounds, open_renewal, ndr_without_open and grr_without_open.
        Missing where there is no cohort; bounds also below 10 customers, the bounds of ndr where fewer than 5 changed.

    Raises:
        MetricError: a column is missing or of another type, a balance is below 0, or a rate is missing.

    Examples:
        >>> import pandas
        >>> frame = pandas.DataFrame({"customer": ["A", "B"], "2026-01": [100, 50], "2026-02": [120, None]})
        >>> arr_retention(frame, 1, as_of=date(2026, 3, 1))["ndr"].round(3).tolist()
        [nan, 0.8]

    Source: SaaS Metrics Standards Board; intervals by customer, Student's t with degrees from the kurtosis.
    """
    if not (isinstance(horizon_months, int) and 1 <= horizon_months <= 1200):
        raise off_scale("horizon_months", None, horizon_months, "a whole number from 1 to 1200", "Give months.")
    one_of("slice", slice, ("start", "end"))
    one_of("valued", valued, ("constant", "as_reported"))
    by, confidence = names_of("by", by), confidence_level(confidence)
    refuse_taken(by, SUMS)
    given = {"customer": customer, "month": month, "arr": arr, "product": product}
    source = open_balances(frame, given, by, time_zone, notes, merge)
    constant = _constant(source.roles, rates, valued)
    if constant:
        source.rows = with_rate(source, open_rates(rates, time_zone), horizon_months)
        source.roles |= {"later"}
    rows = balance_rows(source, by, finer="product" in by)
    counted = collected(fates_plan(rows, horizon_months, slice))
    first, months = real_months(rows, counted, as_of)
    if constant:
        _refuse_unrated(counted, first + months - horizon_months)
    return like(source.native, _table(rows, counted, (first, months, horizon_months), confidence))


def _constant(roles: frozenset[str], rates: Any, valued: str) -> bool:
    """Whether the earlier end has to be valued anew."""
    if valued == "as_reported":
        return False
    if rates is None:
        if "local_arr" in roles:
            fix = 'Give the rates that `arr_balances` was given, or say valued="as_reported".'
            raise WrongCall("the balances are in several currencies, and no rates are given", fix, argument="rates")
        return False
    if not {"local_arr", "currency"} <= roles:
        fix = "Make the balances with `arr_balances`, which keeps both."
        raise WrongShape("rates are given, but the table has no columns local_arr and currency", fix, argument="rates")
    return True


def _refuse_unrated(counted: Mapping[str, Any], end: int) -> None:
    place, missing = np.asarray(counted["place"]), np.asarray(counted["unrated"], float)
    if (found := np.flatnonzero((place < end) & (missing > 0))).size:
        problem = (
            f"rates lacks one for a currency of the customers of {month_text(int(place[found].min()))}, months later"
        )
        raise WrongShape(problem, "Add it; the reporting currency has the rate 1.", argument="rates")


def fates_plan(rows: Rows, horizon: int, slice: str = "start", names: Sequence[str] = SUMS) -> nw.LazyFrame:
    """Stage 1: SUMS by the month they are counted from.

    The month `horizon` later is the next one of the same remainder, so no table is joined with itself.
    """
    plan = rows.plan.with_columns(remainder=nw.col("place") % horizon)
    wanted = {"then_place": "place", "pays": "cents"}
    wanted |= {"open_later": "open_renewal"} if rows.has("open_renewal") else {}
    wanted |= {f"{name}_later": name for name in rows.traits} if slice == "end" else {}
    keys = (*rows.keys, "remainder")
    plan = plan.with_columns(
        **{name: nw.col(column).shift(-1).over(*keys, order_by="place") for name, column in wanted.items()}
    )
    stays = nw.col("then_place") == nw.col("place") + horizon
    then = nw.col("later") if rows.has("later") else nw.col("cents")
    now = PLAN.pick(stays, nw.col("pays"), 0.0)
    still_open = PLAN.pick(stays, nw.col("open_later"), 0.0) if rows.has("open_renewal") else None
    plan = plan.with_columns(**{f"sum_{n}": v for n, v in fate(then, now, stays, still_open, PLAN, names).items()})
    if slice == "end":
        plan = plan.with_columns(
            **{name: nw.when(stays).then(nw.col(f"{name}_later")).otherwise(nw.col(name)) for name in rows.traits}
        )
    sums = [nw.col(f"sum_{n}").sum().alias(n) for n in names if still_open is not None or n not in _OPEN]
    sums += [nw.col("unrated").sum()] if rows.has("unrated") else []
    return plan.group_by("place", *rows.by).agg(*sums, nw.col("cents").sum().alias("closing"), *rows.checks)


def _table(rows: Rows, counted: Mapping[str, Any], span: tuple[int, int, int], confidence: float) -> dict[str, Any]:
    """Stage 2: each month looks back; blank where that is not possible."""
    first, months, horizon = span
    names = [name for name in SUMS if name in counted]
    blocks, labels, groups = grouped(rows, counted, names, first, months)
    back = max(months - horizon, 0)
    shifted = {
        name: np.concatenate([np.zeros((months - back, groups)), block[:back]]) for name, block in blocks.items()
    }
    columns = retention_table({name: block.ravel() for name, block in shifted.items()}, confidence)
    beside = {name: list(values) * months for name, values in labels.items()}
    return {"month": np.repeat(month_column(first, months), groups), **beside, **columns}


def arr_cohorts(
    frame: Any,
    by: Sequence[str] = (),
    *,
    rates: Any = None,
    valued: Valued = "constant",
    customer: str | None = None,
    month: str | None = None,
    arr: str | None = None,
    merge: Mapping[Any, Any] | None = None,
    as_of: date | None = None,
    time_zone: str = "UTC",
    notes: list[str] | None = None,
) -> Any:
    """Share of the recurring revenue of each cohort that is there at each age, in constant currency.

    Args:
        frame: balances, as for `arr_bridge`.
        by: columns to slice by: a customer is in the slice of its first month.
        rates: as for `arr_retention`: each age is compared with the first month's balances at that age's rates.
        valued: "constant", or "as_reported".
        customer, month, arr: names of the columns; looked for where not given.
        merge: {old: new} for two records of one customer.
        as_of: the day the data were taken: the table runs up to the last month over by then.
        time_zone: the zone whose months count, for dates with a zone.
        notes: a list that takes what the reader must know.

    Returns:
        A frame of the caller's own kind: the columns of `by`, cohort (the first month paid), size (what was paid
        then), age_0, age_1 and so on; missing where an age is not reached yet.

    Raises:
        MetricError: a column is missing or of another type, a balance is below 0, or a rate is missing.

    Examples:
        >>> import pandas
        >>> frame = pandas.DataFrame({"customer": ["A", "B"], "2026-01": [100, 50], "2026-02": [120, None]})
        >>> arr_cohorts(frame, as_of=date(2026, 3, 1))["age_1"].round(3).tolist()
        [0.8]

    Source: cohort analysis of recurring revenue, ChartMogul help centre; SaaS Metrics Standards Board.
    """
    one_of("valued", valued, ("constant", "as_reported"))
    by = names_of("by", by)
    refuse_taken(by, ("cohort", "size"))
    source = open_balances(frame, {"customer": customer, "month": month, "arr": arr}, by, time_zone, notes, merge)
    constant = _constant(source.roles, rates, valued)
    rows = balance_rows(source, by, apart=("currency",) if constant else ())
    counted = collected(_cohort_sums(rows))
    first, months = real_months(rows, counted, as_of)
    table = open_rates(rates, time_zone) if constant else None
    return like(source.native, _triangles(rows, counted, first + months, table))


def _cohort_sums(rows: Rows) -> nw.LazyFrame:
    """Stage 1: cents of each cohort in each month; with currencies apart also the amounts in their own."""
    place = nw.col("place")
    plan = rows.plan.with_columns(cohort=place.min().over("customer"))
    starts = place == nw.col("cohort")
    if rows.traits:
        plan = plan.with_columns(**{name: nw.when(starts).then(nw.col(name)) for name in rows.traits})
        plan = plan.with_columns(**{name: nw.col(name).max().over("customer") for name in rows.traits})
    currencies = [name for name in rows.keys if name == "currency"]
    sums = [nw.col("cents").sum().alias("closing"), *(nw.col("local_arr").sum() for _ in currencies)]
    return plan.group_by("cohort", "place", *rows.by, *currencies).agg(*sums, *rows.checks)


def _triangles(rows: Rows, counted: Mapping[str, Any], end: int, rates: Rates | None) -> dict[str, Any]:
    """Stage 2: one triangle a slice, under one another."""
    place, cohort = np.asarray(counted["place"]), np.asarray(counted["cohort"])
    inside = np.flatnonzero((place < end) & (cohort < end))
    slices: dict[tuple[Any, ...], list[int]] = {}
    for row in inside.tolist():
        slices.setdefault(tuple(counted[name][row] for name in rows.by), []).append(row)
    parts = []
    for key in sorted(slices, key=slice_order):
        at = np.array(slices[key])
        counts = {"cohort": cohort[at], "period": place[at], "value": np.asarray(counted["closing"], float)[at]}
        bases = None if rates is None else partial(_revalued, counted, at, rates)
        columns = triangle(counts, "month", end - 1, bases)
        columns["size"] = columns["size"] / 100
        parts.append({**{name: [key[i]] * columns["size"].size for i, name in enumerate(rows.by)}, **columns})
    return _stacked(parts)


def _revalued(counted: Mapping[str, Any], at: NDArray, rates: Rates, cohorts: NDArray, ages: int) -> NDArray:
    """What each cohort paid in its first month, at the rates of each later one."""
    base = np.zeros((cohorts.size, ages))
    end = int(cohorts[0]) + ages
    number = {int(cohort): row for row, cohort in enumerate(cohorts)}
    for row in at[np.asarray(counted["place"])[at] == np.asarray(counted["cohort"])[at]].tolist():
        cohort, currency = int(counted["cohort"][row]), str(counted["currency"][row]).strip()
        for month in range(cohort, end):
            rate = rates.get((currency, month))
            if rate is None:
                raise no_rate(currency, month)
            base[number[cohort], month - cohort] += np.floor(counted["local_arr"][row] * rate * 100 + 0.5)
    return base


def _stacked(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Tables under one another; a column that one lacks is missing there."""
    longest = max(parts, key=len)
    columns: dict[str, Any] = {}
    for name in longest:
        pieces = [part.get(name, np.full(len(part["size"]), np.nan)) for part in parts]
        kept = isinstance(pieces[0], np.ndarray)
        columns[name] = np.concatenate(pieces) if kept else [value for piece in pieces for value in piece]
    return columns

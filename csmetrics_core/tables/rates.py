"""Exchange rates by currency and month: read once, and put beside the rows of a plan on its own engine."""

from collections.abc import Mapping
from typing import Any

import narwhals as nw
import numpy as np

from csmetrics_core.errors import OutOfScale, WrongShape, show
from csmetrics_core.maths.periods import as_dates, first_day
from csmetrics_core.tables.engine import Source, collected, like, month_of, one_if, open_table
from csmetrics_core.tables.schema import Role

#: (currency, number of the month) -> what 1 of it is worth.
Rates = Mapping[tuple[str, int], float]


def open_rates(rates: Any, time_zone: str) -> Rates:
    """Read a table of currency, month and rate.

    Raises:
        OutOfScale: a rate is 0 or below or blank, or there are two for one currency and month.
    """
    roles = (Role("currency", "id"), Role("month", "date"), Role("rate", "number"))
    source = open_table(rates, roles, {}, time_zone=time_zone)
    found = collected(source.rows.with_columns(month=month_of("month")))
    table: dict[tuple[str, int], float] = {}
    for currency, month, rate in zip(found["currency"], found["month"], found["rate"], strict=True):
        if currency is None or rate is None or not rate > 0:
            raise OutOfScale(f"the rate of {show(currency)} is {show(rate)}", "Give rates above 0.", argument="rates")
        if table.setdefault((str(currency).strip(), int(month)), float(rate)) != rate:
            problem = f"rates has two rates for {currency} in {month_text(int(month))}"
            raise OutOfScale(problem, "Keep one rate a currency and month.", argument="rates")
    return table


def no_rate(currency: str, month: int) -> WrongShape:
    """The error for a rate that is missing."""
    problem = f"rates has none for {currency or 'a blank currency'} in {month_text(month)}"
    return WrongShape(problem, "Add it; the reporting currency has the rate 1.", argument="rates")


def month_text(month: int) -> str:
    """A numbered month as 2026-01."""
    return str(as_dates(first_day(np.array([month]), "month"))[0])[:7]


def with_rate(source: Source, rates: Rates, ahead: int) -> nw.LazyFrame:
    """The rows of a table with `later`, what local_arr is worth so many months later, and `unrated` where none is."""
    columns = {
        "rate_currency": [currency for currency, _ in rates],
        "rate_month": np.array([month - ahead for _, month in rates], np.int64),
        "rate": np.array(list(rates.values()), float),
    }
    rows = source.rows.with_columns(
        currency=nw.col("currency").cast(nw.String).str.strip_chars(), month=nw.col("month").cast(nw.Int64)
    )
    beside = rows.join(
        _on_engine(rows, columns), left_on=["currency", "month"], right_on=["rate_currency", "rate_month"], how="left"
    )
    rated = ~nw.col("rate").is_null()
    value = nw.when(rated).then(nw.col("local_arr") * nw.col("rate")).otherwise(nw.lit(0.0))
    unrated = one_if((one_if(rated) == 0) & (nw.col("local_arr") > 0))
    return beside.with_columns(later=value, unrated=unrated)


def _on_engine(rows: nw.LazyFrame, columns: dict[str, Any]) -> nw.LazyFrame:
    """A small table where a plan runs."""
    native = rows.to_native()
    if rows.implementation is nw.Implementation.DUCKDB:  # on the connection of the plan itself
        cells = zip(*columns.values(), strict=True)
        values = ", ".join(f"({_quoted(c)}, {int(m)}::BIGINT, {float(r)!r}::DOUBLE)" for c, m, r in cells)
        sql = f"SELECT * FROM (VALUES {values}) AS rates({', '.join(columns)})"
        plan: nw.LazyFrame = nw.from_native(native.query("rows", sql))
        return plan
    small: nw.LazyFrame = nw.from_native(like(native, columns)).lazy()
    return small


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"

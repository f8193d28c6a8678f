"""Monthly revenue as it comes: one row a customer and month, or one row a customer with the months across."""

from collections.abc import Mapping
from typing import Any

import narwhals as nw

from csmetrics_core.errors import WrongShape
from csmetrics_core.periods import month_number
from csmetrics_core.tables.engine import UNKNOWN, Source, month_of, open_table
from csmetrics_core.tables.frames import schema_of, wrapped
from csmetrics_core.tables.schema import Role

_CUSTOMER, _MONTH, _MRR = Role("customer", "id"), Role("month", "date"), Role("mrr", "number")
_FX = Role("fx", "number", needed=False)


def open_months(frame: Any, given: Mapping[str, str | None], time_zone: str, notes: list[str] | None) -> Source:
    """Long rows of customer, month number and mrr, whichever form the table has."""
    roles = (_CUSTOMER, _MONTH, _MRR, *((_FX,) if given.get("fx") else ()))
    across = _months_across(frame) if not (given["month"] or given["mrr"]) else {}
    try:
        source = open_table(frame, roles, given, time_zone=time_zone, notes=notes)
    except WrongShape:
        if len(across) < 2:
            raise
        source = _wide(frame, given, across, time_zone, notes)
    else:
        source.rows = source.rows.with_columns(month=month_of("month"))
    return source


def _months_across(frame: Any) -> dict[str, int]:
    """Columns whose names are months, with the number of the month."""
    found: dict[str, int] = {}
    for column in schema_of(wrapped(frame)):
        number = month_number(column)
        if number is None:
            continue
        if number in found.values():
            month = f"{1970 + number // 12}-{number % 12 + 1:02}"
            problem = f"two columns are the month {month}: {column!r} is the second"
            raise WrongShape(problem, "Keep one column a month.")
        found[column] = number
    return found


def _wide(
    frame: Any, given: Mapping[str, str | None], across: Mapping[str, int], time_zone: str, notes: list[str] | None
) -> Source:
    named = [Role(column, "number") for column in across]
    source = open_table(frame, (_CUSTOMER, *named), {"customer": given["customer"]}, time_zone=time_zone, notes=notes)
    number = nw.lit(UNKNOWN)
    for column, month in across.items():
        number = nw.when(nw.col("month") == column).then(nw.lit(month)).otherwise(number)
    long = _unpivoted(source.rows, list(across))
    # A blank under a month says that there was no customer, as 0 does.
    source.rows = long.with_columns(number.alias("month"), nw.col("mrr").fill_null(0.0))
    source.note(f"one row a customer, {len(across)} months across: a blank there is 0")
    return source


def _unpivoted(rows: nw.LazyFrame, months: list[str]) -> nw.LazyFrame:
    """Rows of customer, month and mrr from one column a month."""
    if rows.implementation is not nw.Implementation.DUCKDB:
        return rows.unpivot(months, index="customer", variable_name="month", value_name="mrr")
    # Narwhals looks for the relation on DuckDB's default connection, which need not be the relation's own.
    quoted = ", ".join('"' + month.replace('"', '""') + '"' for month in months)
    sql = f"FROM wide UNPIVOT INCLUDE NULLS (mrr FOR month IN ({quoted}))"
    plan: nw.LazyFrame = nw.from_native(rows.to_native().query("wide", sql))
    return plan

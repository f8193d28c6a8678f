"""Monthly revenue as it comes: one row a customer and month, or one row a customer with the months across."""

from collections.abc import Mapping, Sequence
from typing import Any

import narwhals as nw

from csmetrics_core.errors import WrongShape
from csmetrics_core.maths.periods import month_number
from csmetrics_core.tables.engine import UNKNOWN, Source, month_of, open_table
from csmetrics_core.tables.frames import schema_of, wrapped
from csmetrics_core.tables.schema import Role

_CUSTOMER, _MONTH = Role("customer", "id"), Role("month", "date")


def open_months(
    frame: Any,
    given: Mapping[str, str | None],
    time_zone: str,
    notes: list[str] | None,
    value: str = "mrr",
    more: Sequence[Role] = (),
) -> Source:
    """Long rows of customer, month number and an amount, whichever form the table has.

    Args:
        frame: one row a customer and month, or one row a customer with the months across.
        given: role -> the column named by the caller.
        time_zone: the zone whose months count.
        notes: a list that takes what the reader must know.
        value: the role of the amounts.
        more: further roles.
    """
    roles = (_CUSTOMER, _MONTH, Role(value, "number"), *more)
    across = _months_across(frame) if not (given.get("month") or given.get(value)) else {}
    try:
        source = open_table(frame, roles, given, time_zone=time_zone, notes=notes)
    except WrongShape:
        if len(across) < 2:
            raise
        beside = [role for role in more if role.holds != "number"]
        source = _wide(frame, given, across, time_zone, notes, value, beside)
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
    frame: Any,
    given: Mapping[str, str | None],
    across: Mapping[str, int],
    time_zone: str,
    notes: list[str] | None,
    value: str,
    beside: Sequence[Role],
) -> Source:
    named = [Role(column, "number") for column in across]
    source = open_table(frame, (_CUSTOMER, *beside, *named), given, time_zone=time_zone, notes=notes)
    number = nw.lit(UNKNOWN)
    for column, month in across.items():
        number = nw.when(nw.col("month") == column).then(nw.lit(month)).otherwise(number)
    index = ["customer", *(role.name for role in beside if role.name in source.roles)]
    long = unpivoted(source.rows, list(across), index, "month", value)
    # A blank under a month says that there was no customer, as 0 does.
    source.rows = long.with_columns(number.alias("month"), nw.col(value).fill_null(0.0))
    source.roles = (source.roles - across.keys()) | {"month", value}
    source.note(f"one row a customer, {len(across)} months across: a blank there is 0")
    return source


def unpivoted(rows: nw.LazyFrame, columns: list[str], index: Sequence[str], name: str, value: str) -> nw.LazyFrame:
    """One row for each of the columns, with its name and its value."""
    if rows.implementation is not nw.Implementation.DUCKDB:
        return rows.unpivot(columns, index=list(index), variable_name=name, value_name=value)
    # Narwhals looks for the relation on DuckDB's default connection, which need not be the relation's own.
    quoted = ", ".join('"' + column.replace('"', '""') + '"' for column in columns)
    sql = f"FROM wide UNPIVOT INCLUDE NULLS ({value} FOR {name} IN ({quoted}))"
    plan: nw.LazyFrame = nw.from_native(rows.to_native().query("wide", sql))
    return plan

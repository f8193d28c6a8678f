"""Frames of any engine: in as one lazy plan, out as a small result of the caller's own kind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from importlib.util import find_spec
from typing import Any, get_args

import narwhals as nw
import numpy as np

from csmetrics_core.errors import WrongKind, WrongShape, wrong_kind
from csmetrics_core.intake.labels import small_frame
from csmetrics_core.maths.periods import WEEKS, Period, index_of
from csmetrics_core.tables.frames import (
    engine_heard,
    is_empty,
    known_time_zone,
    no_rows,
    numbers_only,
    one_of,
    schema_of,
    wrapped,
)
from csmetrics_core.tables.handover import in_duckdb, in_spark, result_in_duckdb
from csmetrics_core.tables.schema import Role, mapping_note, resolve
from csmetrics_core.tables.texts import with_dates

#: pandas frames beyond this many rows are read by DuckDB, which is faster and needs less memory.
SMALL = 50_000
#: Stands for a period or day that is not known; earlier than every real one.
UNKNOWN = -1_000_000
#: The same, but later than every real one.
NEVER = 10_000_000
_LEAP_DAYS_TO_1970 = 477
_ALIKE = (nw.Implementation.PANDAS, nw.Implementation.PYARROW)


@dataclass
class Source:
    """A table made ready: `rows` is a lazy frame with one column a role.

    Args:
        rows: the plan so far.
        roles: the roles found.
        texts: the roles that hold text.
        native: the caller's frame.
        notes: what the reader must know.
    """

    rows: nw.LazyFrame
    roles: frozenset[str]
    texts: frozenset[str]
    native: Any
    notes: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        """Add something the reader must know."""
        self.notes.append(text)

    def dropped(self, rows: int, why: str) -> None:
        """Say how many rows were left out."""
        if rows:
            self.note(f"rows left out because of {why}: {rows}")

    def nothing(self, problem: str, fix: str = "Give at least one.") -> WrongShape:
        """The error for a table of which no row can be used; one without rows says just that."""
        return no_rows() if is_empty(wrapped(self.native)) else WrongShape(problem, fix)

    def count(self, *conditions: nw.Expr) -> int:
        """How many rows of the table meet conditions; a pass of its own, for what is seldom asked."""
        return int(collected(self.rows.filter(*conditions).select(rows=nw.len()))["rows"][0])

    def known(self, role: str) -> nw.Expr:
        """1 where an id is there, 0 where it is missing or blank; for use after rows have been grouped."""
        name = nw.col(role)
        known = nw.lit(1)
        if role in self.texts:
            # Whatever is all blanks sorts before "!", so few names have to be stripped to know.
            all_blank = nw.when(name.str.strip_chars() == "").then(nw.lit(0)).otherwise(nw.lit(1))
            known = nw.when(name < "!").then(all_blank).otherwise(nw.lit(1))
        return nw.when(name.is_null()).then(nw.lit(0)).otherwise(known)


def open_table(
    frame: Any,
    roles: Sequence[Role],
    given: Mapping[str, str | None],
    *,
    time_zone: str = "UTC",
    notes: list[str] | None = None,
) -> Source:
    """Read a frame of any engine.

    Args:
        frame: pandas, Polars (eager or lazy), PyArrow, DuckDB, PySpark or Ibis.
        roles: what is read from it.
        given: role -> column named by the caller.
        time_zone: the zone whose days count, for columns with a zone.
        notes: a list that takes what the reader must know.

    Raises:
        WrongCall: no frame that Narwhals reads.
        WrongShape, WrongKind: a column is missing or holds something else.
    """
    known_time_zone(time_zone)
    table = with_dates(wrapped(frame), roles, given)
    kinds = schema_of(table)
    try:
        found = resolve(kinds, roles, given)
    except WrongKind:
        if is_empty(table):  # whose columns may have any type
            raise no_rows() from None
        raise
    for column in (found[role.name] for role in roles if role.holds == "score" and role.name in found):
        if kinds[column] == nw.Object:  # of pandas, with cells of several kinds
            table = nw.from_native(numbers_only(table.to_native(), column))
            kinds[column] = nw.Float64()
    with engine_heard():
        rows = _lazy(table, list(dict.fromkeys(found.values())), time_zone)
    blank = {column: kind for column, kind in kinds.items() if kind == nw.Unknown}
    schema = {**rows.collect_schema(), **blank}
    picked = {r.name: clean(r, found[r.name], schema[found[r.name]], rows, time_zone) for r in roles if r.name in found}
    texts = frozenset(r.name for r in roles if r.name in found and _is_text(r, schema[found[r.name]]))
    with engine_heard():
        read = rows.select(**picked)
    source = Source(read, frozenset(found), texts, frame, [] if notes is None else notes)
    if any(role != column for role, column in found.items()):
        source.note(mapping_note(found))
    return source


def _lazy(wrapped: nw.DataFrame | nw.LazyFrame, columns: list[str], time_zone: str) -> nw.LazyFrame:
    """The columns as a plan on the engine that serves best."""
    if isinstance(wrapped, nw.LazyFrame):
        return wrapped.select(*columns)
    eager = wrapped.select(*columns)
    in_pandas = eager.implementation is nw.Implementation.PANDAS
    if eager.implementation not in _ALIKE:
        return eager.lazy()
    by_duckdb = find_spec("duckdb") and not (in_pandas and len(eager) <= SMALL)
    native = in_duckdb(eager.to_native(), in_pandas, time_zone) if by_duckdb else _in_pandas(eager.to_pandas())
    plan: nw.LazyFrame = nw.from_native(native).lazy()
    return plan


def _in_pandas(frame: Any) -> Any:
    """With types that know blanks; a column of nothing else is text, or pandas before 3 would take it for numbers."""
    typed = frame.convert_dtypes()
    blank = [name for name in typed if typed[name].dtype == object and typed[name].isna().all()]
    return typed.astype(dict.fromkeys(blank, "string"))


def clean(role: Role, column: str, kind: nw.dtypes.DType, rows: nw.LazyFrame, time_zone: str) -> nw.Expr:
    """One column in the form every plan reads: NaN as null, days without a zone, flags as 0 and 1."""
    values = nw.col(column)
    if role.holds in ("number", "total") or (role.holds == "id" and kind.is_float()):
        is_whole = role.holds == "total" and kind.is_integer()
        values = values.cast(nw.Int64 if is_whole else nw.Float64)
        return values if is_whole else nw.when(~values.is_nan()).then(values)
    if role.holds == "flag":
        return values.cast(nw.Int64)
    dated = role.holds in ("date", "moment")
    if dated and kind == nw.Unknown:
        return values.cast(nw.Datetime)
    if dated and isinstance(kind, nw.Datetime) and kind.time_zone is not None:
        return _in_zone(values, role, kind.time_zone, rows, time_zone)
    if role.holds == "moment" and kind == nw.Date:
        return values.cast(nw.Datetime)
    return values.cast(nw.String) if kind != nw.String and _is_text(role, kind) else values


def _is_text(role: Role, kind: nw.dtypes.DType) -> bool:
    """Whether a column is read as text; an id of a kind of its own, such as a UUID, is too."""
    return kind in (nw.String, nw.Categorical, nw.Enum) or (role.holds == "id" and kind == nw.Unknown)


def _in_zone(values: nw.Expr, role: Role, stored: str, rows: nw.LazyFrame, wanted: str) -> nw.Expr:
    """Moments with a zone, as the wanted zone's clock shows them."""
    if rows.implementation in (nw.Implementation.PANDAS, nw.Implementation.POLARS):
        return values.dt.convert_time_zone(wanted).dt.replace_time_zone(None)
    if stored != wanted:
        problem = f"{role.name} is read in the session's time zone, {stored}, but {wanted} is wanted"
        fix = f"Set the session's time zone, or say time_zone='{stored}'."
        raise WrongKind(problem, fix, argument=role.name)
    return values.dt.replace_time_zone(None)


def month_of(column: str) -> nw.Expr:
    """Number of the month a date falls in, counted from January 1970; UNKNOWN where there is no date."""
    # What is blank gets the year and month that UNKNOWN would be, which spares each row a condition.
    year, month = divmod(UNKNOWN + 1970 * 12, 12)
    years = nw.col(column).dt.year().fill_null(year).cast(nw.Int64)
    months = nw.col(column).dt.month().fill_null(month + 1).cast(nw.Int64)
    return years * 12 + months - (1970 * 12 + 1)


def month_date(number: nw.Expr, plan: nw.LazyFrame) -> nw.Expr:
    """The first day of a numbered month, in the plan that holds the numbers."""
    year, month = number // 12 + 1970, number % 12 + 101
    text = nw.concat_str(year.cast(nw.String), nw.lit("-"), month.cast(nw.String).str.slice(1, 2), nw.lit("-01"))
    if plan.implementation is nw.Implementation.PANDAS:  # which has no column of dates alone
        return text.str.to_datetime(format="%Y-%m-%d")
    return text.str.to_date(format="%Y-%m-%d")


def day_of(column: str) -> nw.Expr:
    """Number of the day, counted from 1 January 1970; UNKNOWN where there is no date."""
    year = nw.col(column).dt.year().fill_null(1970).cast(nw.Int64)
    in_year = nw.col(column).dt.ordinal_day().fill_null(1).cast(nw.Int64)
    leaps = (year - 1) // 4 - (year - 1) // 100 + (year - 1) // 400 - _LEAP_DAYS_TO_1970
    number = (year - 1970) * 365 + leaps + in_year - 1
    return nw.when(nw.col(column).is_null()).then(nw.lit(UNKNOWN)).otherwise(number)


def period_of(column: str, period: Period) -> nw.Expr:
    """Number of the period a date falls in, as `periods.index_of` counts; UNKNOWN where there is no date."""
    one_of("period", period, get_args(Period))
    if period == "day" or period in WEEKS:
        number = day_of(column)
        number = number if period == "day" else _divided(number + WEEKS[period], 7)
    else:
        number = _divided(month_of(column), {"month": 1, "quarter": 3, "year": 12}[period])
    return nw.when(nw.col(column).is_null()).then(nw.lit(UNKNOWN)).otherwise(number)


def _divided(number: nw.Expr, by: int) -> nw.Expr:
    """Whole division that rounds down on every engine: some cut negative results towards 0."""
    return number if by == 1 else (number + 100_000 * by) // by - 100_000


def millisecond_of(column: str, rows: nw.LazyFrame) -> nw.Expr:
    """Milliseconds since 1 January 1970, in the plan that holds the moments; UNKNOWN where there is none."""
    clock, fraction = nw.col(column).dt, nw.col(column)
    if rows.implementation is nw.Implementation.PYSPARK:  # before 4 it takes a fraction of moments with a zone only
        zone = rows.to_native().sparkSession.conf.get("spark.sql.session.timeZone")
        fraction = fraction.cast(nw.Datetime(time_zone=zone))
    parts = ((clock.hour(), 3_600_000), (clock.minute(), 60_000), (clock.second(), 1000),
             (fraction.dt.millisecond(), 1))  # fmt: skip
    number = day_of(column) * 86_400_000
    for part, weight in parts:
        number = number + part.fill_null(0).cast(nw.Int64) * weight
    return nw.when(nw.col(column).is_null()).then(nw.lit(UNKNOWN)).otherwise(number)


def one_if(condition: nw.Expr) -> nw.Expr:
    """1 where a condition holds, 0 where it does not or is not known: some engines cannot add up truth values."""
    return nw.when(condition).then(nw.lit(1)).otherwise(nw.lit(0))


def value_if(condition: nw.Expr, value: nw.Expr) -> nw.Expr:
    """A whole number where a condition holds, 0 elsewhere."""
    return nw.when(condition).then(value).otherwise(nw.lit(0))


def collected(plan: nw.LazyFrame) -> dict[str, Any]:
    """Run a plan that ends in a small reduction: whole numbers as arrays, everything else as lists."""
    with engine_heard():
        result = plan.collect().to_dict(as_series=False)
    return {name: _plain(values) for name, values in result.items()}


#: What engines hand over that is no number; whether it is a value at all is the reader's question.
_NO_NUMBER = (str, bytes, date, time, timedelta, list, dict, tuple)


def _plain(values: list[Any]) -> Any:
    if any(value is None or isinstance(value, _NO_NUMBER) for value in values):
        return [int(v) if isinstance(v, float) and v.is_integer() else None if v != v else v for v in values]
    if any(isinstance(value, float) for value in values):
        numbers = np.array(values, dtype=float)
        whole = (np.rint(numbers) == numbers).all() and np.abs(numbers).max() < 2**63
        return numbers.astype(np.int64) if whole else numbers
    return np.array([int(value) for value in values], dtype=np.int64)


def last_complete(as_of: date | None, period: Period) -> int:
    """Number of the first period that is not over on a day; without a day it is today, in UTC."""
    if as_of is not None and not isinstance(as_of, date):
        raise wrong_kind("as_of", None, as_of, "a date", "Give datetime.date(2026, 1, 31).")
    day = as_of or datetime.now(timezone.utc).date()
    return int(index_of(np.array([np.datetime64(day, "D").astype(np.int64)]), period)[0])


def like(native: Any, columns: Mapping[str, Any]) -> Any:
    """A small frame of the caller's own kind; a value that does not exist is missing in it."""
    implementation = nw.from_native(native).implementation
    if implementation in (nw.Implementation.PANDAS, nw.Implementation.POLARS):
        return small_frame(implementation.value, columns)
    table = small_frame("pyarrow", columns)
    if implementation is nw.Implementation.DUCKDB:
        return result_in_duckdb(table)
    if implementation is nw.Implementation.PYSPARK:
        return in_spark(native.sparkSession, table)
    if implementation is nw.Implementation.IBIS:
        import ibis

        return ibis.memtable(table)
    return table


def plan_like(native: Any, plan: nw.LazyFrame) -> Any:
    """A result that may be as long as the input: a plan of the caller's engine, or a frame of its kind."""
    given = nw.from_native(native)
    if isinstance(given, nw.LazyFrame):
        return plan.to_native()
    done = plan.collect()
    if given.implementation is nw.Implementation.PANDAS:
        return done.to_pandas().reset_index(drop=True)
    return done.to_polars() if given.implementation is nw.Implementation.POLARS else done.to_arrow()

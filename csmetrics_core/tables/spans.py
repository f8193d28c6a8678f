"""The rows of a span of months, of a table of any engine."""

from typing import Any

import narwhals as nw
import numpy as np

from csmetrics_core.errors import NoData
from csmetrics_core.intake.spans import LENGTHS, is_over, last_end, reach, span_text, unfinished_text
from csmetrics_core.maths.periods import index_of
from csmetrics_core.tables.asking import Within
from csmetrics_core.tables.engine import UNKNOWN, clean, collected, day_of, period_of
from csmetrics_core.tables.frames import no_rows, schema_of, wrapped
from csmetrics_core.tables.schema import Role

_DAY, _MONTH = "day of the row", "month of the row"


def numbered(table: Any, column: str, period: Any, name: str, time_zone: str) -> Any:
    """A table with the number of the period each row's date falls in, beside the cleaned date itself."""
    day = clean(Role("date", "date"), column, schema_of(table)[column], table.lazy(), time_zone)
    dated = table.with_columns(day.alias(f"{name} as a date"))
    return dated.with_columns(period_of(f"{name} as a date", period).alias(name))


def undated(table: Any, *names: str) -> Any:
    """The table without what `numbered` put beside its columns."""
    return table.drop(*(f"{name}{more}" for name in names for more in ("", " as a date")))


def within(frame: Any, asked: Within, time_zone: str, notes: list[str]) -> Any:
    """The rows of the months that a span holds, as a table of the caller's own kind.

    Args:
        frame: a table of any engine.
        asked: which months, and its column of dates.
        time_zone: the zone whose days count.
        notes: takes which rows were taken.

    Raises:
        NoData: there are none.
    """
    span, end, column = asked
    table = numbered(wrapped(frame), column, "month", _MONTH, time_zone)
    plan = table.lazy().with_columns(day_of(f"{_MONTH} as a date").alias(_DAY))
    found = collected(plan.group_by(_DAY).agg(nw.len().alias("rows")).sort(_DAY))
    days, rows = np.asarray(found[_DAY], dtype=np.int64), np.asarray(found["rows"], dtype=np.int64)
    if not days.size:
        raise no_rows()
    known = days != UNKNOWN
    months = index_of(days[known], "month")
    last = end if end is not None else last_end(span, int(months[-1]) if months.size else 0)
    count = int(rows[known][(months > last - LENGTHS[span]) & (months <= last)].sum())
    if not count:
        raise NoData(f"there are no rows of {span_text(span, last)}", "Choose another period.")
    notes.append(f"rows of {span_text(span, last)} by {column!r}: {count:,} of {int(rows.sum()):,}")
    if not is_over(reach(days[known]), last):
        notes.append(unfinished_text(span, last, int(days[-1])))
    inside = (nw.col(_MONTH) > last - LENGTHS[span]) & (nw.col(_MONTH) <= last)
    return undated(table.filter(inside), _MONTH).to_native()

"""The rows of a span of months, of cells somebody pointed at."""

from dataclasses import replace

import numpy as np

from csmetrics_addin.cli.pointing import Cells
from csmetrics_addin.cli.results import Given
from csmetrics_addin.cli.terminal import BAD_DATA, Problem
from csmetrics_core.declaration.spec import Metric
from csmetrics_core.intake.cells import read
from csmetrics_core.intake.spans import LENGTHS, Span, is_over, last_end, reach, span_text, unfinished_text
from csmetrics_core.maths.periods import index_of

_DATE = "--date"


def within(metric: Metric, given: Given, span: Span, end: int | None, notes: list[str]) -> Given:
    """The cells of the months that a span holds; single values as they are.

    Args:
        metric: what is computed; its own dates say when, where --date is not given.
        given: the cells by argument, those of --date under it.
        span: how many months count together.
        end: the last of them, counted from January 1970; None for the last that has rows.
        notes: takes which rows were taken.

    Raises:
        Problem: nothing says when a row was, or there are no rows of these months.
    """
    own = (a.name for a in metric.arguments if a.is_range and a.kind.is_date and a.name in given)
    dated = given.get(_DATE) or given.get(next(own, ""))
    if dated is None:
        raise Problem("--span needs to know when a row was", f'Name its heading: {_DATE} "Sheet!Heading".')
    days = read(dated.values, _DATE, "day").values  # without the blanks at the end
    known, size = ~np.isnan(days), len(dated.values)
    months = np.full(size, np.iinfo(np.int64).min)
    months[: days.size][known] = index_of(days[known].astype(np.int64), "month")
    last = end if end is not None else last_end(span, int(months.max(initial=0)))
    inside = (months > last - LENGTHS[span]) & (months <= last)
    words = span_text(span, last)
    if not inside.any():
        raise Problem(f"there are no rows of {words}", "Choose another period.", code=BAD_DATA)
    notes.append(f"rows of {words}: {int(inside.sum()):,} of {size:,}")
    if not is_over(reach(np.unique(days[known].astype(np.int64))), last):
        notes.append(unfinished_text(span, last, int(np.nanmax(days))))
    places = np.flatnonzero(inside).tolist()
    return {name: _rows(name, cells, places, size) for name, cells in given.items()}


def _rows(name: str, cells: Cells, places: list[int], size: int) -> Cells:
    """Some rows of a column or a block."""
    if not isinstance(cells.values, list) or not cells.where:
        return cells
    if len(cells.values) != size:
        problem = f"{name} has {len(cells.values):,} rows, and {_DATE} has {size:,}"
        raise Problem(problem, "Name columns of one table.", code=BAD_DATA)
    rows = [cells.rows[place] for place in places]
    return replace(cells, values=[cells.values[place] for place in places], rows=rows)

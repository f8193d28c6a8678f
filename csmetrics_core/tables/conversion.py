"""Conversion over tables: how many users reach each step of a funnel."""

from collections.abc import Sequence
from typing import Any

import narwhals as nw

from csmetrics_core.declaration.catalog import lookup
from csmetrics_core.errors import WrongShape, off_scale
from csmetrics_core.evaluate import evaluate
from csmetrics_core.intake.conversions import DAY_MS
from csmetrics_core.tables.engine import UNKNOWN, Source, collected, like, millisecond_of, one_if, open_table
from csmetrics_core.tables.frames import values_like
from csmetrics_core.tables.schema import Role

_NEVER = -(2**62)  # earlier than every moment, and not to be in time for any
_LONGEST = 36_525  # days; a hundred years


def funnel(
    frame: Any,
    steps: Sequence[str],
    *,
    user: str | None = None,
    step: str | None = None,
    timestamp: str | None = None,
    within_days: float | None = None,
    notes: list[str] | None = None,
) -> Any:
    """How many users reach each step of a funnel, in order, and what share that is.

    Args:
        frame: one row an event.
        steps: the names of the steps, in order.
        user, step, timestamp: names of the columns; looked for where not given. With a timestamp a step
            counts only at or after the step before it; without one the order of events is not looked at.
        within_days: the conversion window: so many days after its first step a user's steps still count; without
            it there is no limit. Whoever begins again is counted from where most steps fit.
        notes: a list that takes what the reader must know.

    Returns:
        A frame of the caller's own kind: step, count, of_previous, of_first.

    Raises:
        MetricError: a column is missing or of another type.

    Examples:
        >>> import pandas
        >>> frame = pandas.DataFrame({"user": ["A", "A", "B"], "step": ["visit", "trial", "visit"]})
        >>> funnel(frame, ["visit", "trial"])["of_previous"].tolist()
        [1.0, 0.5]

    Source: definition of a step conversion rate.
    """
    if isinstance(steps, str) or not steps or len(set(steps)) < len(steps):
        raise WrongShape(
            "steps is no list, is empty or names a step twice", "Name each step once, in order.", argument="steps"
        )
    roles = (Role("user", "id"), Role("step", "id"), Role("timestamp", "moment", needed=False))
    source = open_table(frame, roles, {"user": user, "step": step, "timestamp": timestamp}, notes=notes)
    values_like("steps", steps, "step" in source.texts)
    source.note(_taken("timestamp" in source.roles, within_days))
    reached = _reached(source, steps) if within_days is None else _within(source, steps, within_days)
    done = evaluate(lookup("funnel"), (reached, list(steps)))
    return like(source.native, done.value)


def _taken(dated: bool, within_days: float | None) -> str:
    """Which steps count.

    Raises:
        WrongShape: a window, and nothing says when the events were.
        OutOfScale: it is no number of days above 0.
    """
    if within_days is None:
        return "with the order of events, in any time" if dated else "without a timestamp: in any order and time"
    if isinstance(within_days, bool) or not isinstance(within_days, int | float) or not 0 < within_days < _LONGEST:
        raise off_scale("within_days", None, within_days, "days above 0", "Give a number, such as within_days=30.")
    if not dated:
        problem = "within_days is given, and no column says when an event was"
        raise WrongShape(problem, "Name it: timestamps='...'.", argument="within_days")
    return f"with the order of events, within {within_days:g} days of the first step"


def _within(source: Source, steps: Sequence[str], days: float) -> list[int]:
    """Stage 1 with a window: of each moment the latest first step from which every step so far was in time."""
    rows = source.rows.with_columns(moment=millisecond_of("timestamp", source.rows))
    rows = rows.filter(nw.col("step").is_in(list(steps)), source.known("user") == 1, nw.col("moment") != UNKNOWN)
    taken = {f"step_{k}": one_if(nw.col("step") == step) for k, step in enumerate(steps)}
    rows = rows.with_columns(**taken).group_by("user", "moment").agg(*(nw.col(name).max() for name in taken))
    begun = nw.col("moment")
    for name in taken:
        # Later moments only: where the step is not reached in time, it counts as begun before all of them.
        in_time = (nw.col(name) == 1) & (nw.col("moment") - begun <= nw.lit(round(days * DAY_MS)))
        rows = rows.with_columns(nw.when(in_time).then(begun).otherwise(nw.lit(_NEVER)).alias(name))
        rows = rows.with_columns(nw.col(name).cum_max().over("user", order_by="moment").alias(f"{name} so far"))
        begun = nw.col(f"{name} so far")
    users = rows.group_by("user").agg(*(nw.col(name).max() for name in taken))
    flags = {name: one_if(nw.col(name) > _NEVER) for name in taken}
    everybody = users.with_columns(everybody=nw.lit(1), **flags).group_by("everybody")
    found = collected(everybody.agg(*(nw.col(name).sum() for name in taken)))
    return [int(found[name][0]) if len(found[name]) else 0 for name in taken]


def _reached(source: Source, steps: Sequence[str]) -> list[int]:
    """Stage 1: how many users reach each step, each at or after the one before."""
    moment = millisecond_of("timestamp", source.rows) if "timestamp" in source.roles else nw.lit(0)
    rows = source.rows.with_columns(moment=moment).filter(nw.col("step").is_in(list(steps)))
    rows = rows.filter(source.known("user") == 1, nw.col("moment") != UNKNOWN)
    names = [f"step_{number}" for number in range(len(steps))]
    earlier = None
    for name, step in zip(names, steps, strict=True):
        counts = nw.col("step") == step
        counts = counts if earlier is None else counts & (nw.col("moment") >= nw.col(earlier))
        # Later than every moment where the step is not reached: nothing comes after it.
        rows = rows.with_columns(at=nw.when(counts).then(nw.col("moment")).otherwise(nw.lit(2**62)))
        rows = rows.with_columns(nw.col("at").min().over("user").alias(name))
        earlier = name
    users = rows.group_by("user").agg(*(nw.col(name).min() for name in names))
    flags = {name: nw.when(nw.col(name) < 2**62).then(nw.lit(1)).otherwise(nw.lit(0)) for name in names}
    everybody = users.with_columns(everybody=nw.lit(1), **flags).group_by("everybody")
    found = collected(everybody.agg(*(nw.col(name).sum() for name in names)))
    return [int(found[name][0]) if len(found[name]) else 0 for name in names]

"""Conversion over tables: how many users reach each step of a funnel."""

from collections.abc import Sequence
from typing import Any

import narwhals as nw

from csmetrics_core.declaration.catalog import lookup
from csmetrics_core.errors import WrongShape
from csmetrics_core.evaluate import evaluate
from csmetrics_core.tables.engine import UNKNOWN, Source, collected, like, millisecond_of, open_table
from csmetrics_core.tables.frames import values_like
from csmetrics_core.tables.schema import Role


def funnel(
    frame: Any,
    steps: Sequence[str],
    *,
    user: str | None = None,
    step: str | None = None,
    timestamp: str | None = None,
    notes: list[str] | None = None,
) -> Any:
    """How many users reach each step of a funnel, in order, and what share that is.

    Args:
        frame: one row an event.
        steps: the names of the steps, in order.
        user, step, timestamp: names of the columns; looked for where not given. With a timestamp a step
            counts only at or after the step before it; without one the order of events is not looked at.
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
    reached = _reached(source, steps)
    source.note("with the order of events" if "timestamp" in source.roles else "without a timestamp: in any order")
    done = evaluate(lookup("funnel"), (reached, list(steps)))
    return like(source.native, done.value)


def _reached(source: Source, steps: Sequence[str]) -> list[int]:
    """Stage 1: how many users reach each step, each at or after the one before."""
    moment = millisecond_of("timestamp") if "timestamp" in source.roles else nw.lit(0)
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

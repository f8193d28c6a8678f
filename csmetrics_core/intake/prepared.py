"""A call made ready for a metric's body."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from csmetrics_core.declaration.spec import Argument, Metric
from csmetrics_core.errors import MetricError, NoData
from csmetrics_core.intake.column import Drops


@dataclass(slots=True)
class Coded:
    """A column of things, numbered: `labels[code]` is the thing."""

    codes: np.ndarray
    labels: list[Any]
    kept: np.ndarray | None = None  # where the rows stood, if some were dropped

    def position(self, row: int) -> int:
        """Where a row stood in the range as it was given."""
        return row if self.kept is None else int(self.kept[row])


@dataclass(slots=True)
class Prepared:
    """A call made ready: the body's values, and what happened on the way."""

    values: dict[str, Any]
    drops: dict[str, Drops] = field(default_factory=dict)
    used: int | None = None
    shape: tuple[int, ...] | None = None  # of the result, where single values were given as ranges
    failures: dict[int, MetricError] = field(default_factory=dict)  # element -> why it has no value


def refuse_empty(metric: Metric, argument: Argument, size: int, ready: Prepared) -> None:
    """Refuse a range with nothing left to compute from."""
    drops = ready.drops.get(argument.name)
    counts = drops.counts() if drops and not size else {}
    if not size and not (metric.empty_is_zero and counts.keys() <= {"blank"}):
        raise nothing_in(argument, counts)


def nothing_in(argument: Argument, dropped: Mapping[str, int]) -> NoData:
    """The error for a range without a usable cell: say what was dropped."""
    seen = ", ".join(f"{n} {why}" for why, n in dropped.items())
    found = f"{argument.name} holds nothing to use ({seen} dropped)" if seen else f"{argument.name} is empty"
    wanted = f"{argument.kind.expected}, not text," if "text" in dropped else argument.kind.expected
    fix = f"Give {wanted} in at least one row."
    return NoData(found, fix, argument=argument.name)

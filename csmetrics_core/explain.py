"""Why this number: its parts, what was dropped, the convention, the interval and the source."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from csmetrics_core.catalog import lookup
from csmetrics_core.errors import MetricError
from csmetrics_core.evaluate import Evaluation, evaluate
from csmetrics_core.results import Ratio
from csmetrics_core.spec import Metric


@dataclass(frozen=True)
class Explained:
    """A value with everything that stands behind it.

    Args:
        value: what the metric gives.
        n: observations used, where the metric reduces a range.
        dropped: argument, reason, how many, and the first positions, counted from 0.
        numerator, denominator, scale: the parts of the ratio, where it is one.
        interval: low and high at `confidence`, where the metric is an estimate.
        failures: element -> why it has no value, in a broadcast.
        beside: the same metric under other conventions.
    """

    metric: Metric
    value: Any
    n: int | None
    dropped: tuple[tuple[str, str, int, tuple[int, ...]], ...]
    numerator: Any
    denominator: Any
    scale: float
    interval: tuple[float, float] | None
    confidence: float
    notes: tuple[str, ...]
    beside: dict[str, float]
    failures: dict[int, MetricError]

    @property
    def working(self) -> str:
        """The formula with the numbers put in."""
        if self.numerator is None or (hasattr(self.numerator, "shape") and self.numerator.shape):
            return ""
        scale = f"{self.scale:g} × " if self.scale != 1 else ""
        return f"{scale}{float(self.numerator):,.10g} ÷ {float(self.denominator):,.10g} = {self.value:,.10g}"

    def rows(self) -> list[tuple[str, Any]]:
        """Item and value, in the order a reader asks."""
        unit, metric = self.metric.unit, self.metric
        rows: list[tuple[str, Any]] = [("metric", metric.title), ("value", self.value), ("unit", unit.name)]
        if self.interval is not None:
            rows += [
                (f"low ({self.confidence:.0%})", self.interval[0]),
                (f"high ({self.confidence:.0%})", self.interval[1]),
            ]
        if self.n is not None:
            rows.append(("n", self.n))
        for argument, reason, count, first in self.dropped:
            more = ", ..." if count > len(first) else ""
            rows.append(
                (f"dropped from {argument}", f"{count} {reason} (row {', '.join(str(p + 1) for p in first)}{more})")
            )
        if self.working:
            rows += [("numerator", self.numerator), ("denominator", self.denominator), ("working", self.working)]
        rows += [(name, value) for name, value in self.beside.items()]
        rows += [("note", note) for note in self.notes]
        rows += [(f"element {p + 1} has no value", str(e)) for p, e in sorted(self.failures.items())[:10]]
        rows += [("formula", metric.formula), ("convention", metric.convention), ("source", metric.source)]
        return [(item, value) for item, value in rows if not (isinstance(value, str) and not value)]

    def __str__(self) -> str:
        lines = (f"{item}: {self._text(item, value)}" for item, value in self.rows())
        return "\n".join(lines)

    def _text(self, item: str, value: Any) -> str:
        is_result = item == "value" or item.startswith(("low (", "high ("))
        return self.metric.unit.text(value) if is_result and isinstance(value, float) else str(value)


def explain(metric: object, *args: Any, confidence: float = 0.95, **kwargs: Any) -> Explained:
    """Compute a metric and keep everything that explains it.

    Args:
        metric: the metric, or its name.
        args, kwargs: its arguments.
        confidence: level of the interval.

    Returns:
        The explanation; print it, or take `.value`, `.n`, `.interval`, `.dropped`.

    Raises:
        MetricError: if there is no number.

    Example:
        >>> explain("nps", [10, 9, 8, 6, None]).dropped
        (('scores', 'blank', 1, (4,)),)
    """
    declared = lookup(metric)
    if "confidence" in declared.names:
        kwargs["confidence"] = confidence
    return explained(evaluate(declared, args, kwargs), confidence)


def explained(done: Evaluation, confidence: float = 0.95) -> Explained:
    """The explanation of a call already made."""
    parts = done.parts
    ratio = parts if isinstance(parts, Ratio) else None
    n = ratio.n if ratio is not None and ratio.n is not None else done.prepared.used
    dropped = tuple(
        (argument, reason, count, tuple(drops.first(reason)))
        for argument, drops in done.prepared.drops.items()
        for reason, count in drops.counts().items()
    )
    known = ratio is not None and ratio.interval is not None and np.ndim(done.value) == 0
    interval = ratio.interval(confidence) if known and ratio and ratio.interval else None
    return Explained(
        metric=done.metric,
        value=done.value,
        n=n,
        dropped=dropped,
        numerator=ratio.numerator if ratio else None,
        denominator=ratio.denominator if ratio else None,
        scale=ratio.scale if ratio else 1.0,
        interval=None if interval is None or interval[0] != interval[0] else (float(interval[0]), float(interval[1])),
        confidence=confidence,
        notes=tuple(getattr(parts, "notes", ())),
        beside=dict(ratio.beside or {}) if ratio else {},
        failures=done.failures,
    )

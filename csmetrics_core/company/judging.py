"""Whether a figure of a company moved: two calls of one metric, with whoever stands behind their rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from csmetrics_core.declaration.spec import Metric, Role, Sample
from csmetrics_core.errors import MetricError
from csmetrics_core.intake.flattening import shape_of
from csmetrics_core.intake.grouping import labels_of
from csmetrics_core.maths import inference
from csmetrics_core.maths.inference import Floats, Tested
from csmetrics_core.maths.verdicts import compare, unjudged
from csmetrics_core.rows import Rows, rows_of


@dataclass(frozen=True)
class ByCustomer:
    """A figure as a sum over customers.

    Args:
        who: the customers, each once.
        added: what each adds to the figure, linearised, in the metric's unit.
        own: each customer's own figure, to see whose changed.
    """

    who: Sequence[Any]
    added: Floats
    own: Floats


def ratio_by_customer(who: Sequence[Any], x: Floats, y: Floats, scale: float = 1.0) -> ByCustomer:
    """Σx ÷ Σy as a sum over customers, each of whom comes once."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return ByCustomer(who, scale * inference.ratio_added(x, y)[0], np.nan_to_num(np.asarray(x / y, dtype=float)))


@dataclass(frozen=True)
class Sampled:
    """A metric's call in one period, and who is behind it.

    Args:
        value: the figure.
        arguments: of the call.
        owners: the customer of each row of its ranges, where that is known.
        by_customer: the figure as a sum over customers, where its rows do not tell.
        row_metric: the metric whose rows make up the figure, with its arguments, where it is another.
    """

    value: float
    arguments: Mapping[str, Any]
    owners: Any = None
    by_customer: ByCustomer | None = None
    row_metric: Metric | None = None
    row_arguments: Mapping[str, Any] | None = None


_ONLY_TOTALS = "made of totals, whose spread nothing tells"


def judged(metric: Metric, before: Sampled, now: Sampled) -> Tested:
    """The change between two periods, in the metric's unit, by the rule of the metric's kind of sample."""
    change = now.value - before.value
    if metric.sample is Sample.NONE:
        return unjudged(change, _ONLY_TOTALS)
    if before.by_customer and now.by_customer:
        return _by_customer(change, before.by_customer, now.by_customer)
    if metric.sample in (Sample.CUSTOMERS, Sample.TOTAL, Sample.MEAN) and not _ranges(metric, now.arguments):
        return unjudged(change, _ONLY_TOTALS)
    try:
        (first, whose), (second, who) = _rows(metric, before), _rows(metric, now)
    except MetricError as error:
        return unjudged(change, error.problem)
    x, y = (np.concatenate([getattr(rows, part) for rows in (first, second)]) for part in ("x", "y"))
    later = np.arange(x.size) >= first.x.size
    tested = compare(first.metric.sample, x, y, later, _codes(whose, who)).scaled(first.scale)
    return Tested(change, tested.low, tested.high, tested.p, tested.df, tested.method)


def _rows(metric: Metric, sampled: Sampled) -> tuple[Rows, Any]:
    """What each row of a call adds, and whose rows they are."""
    declared = sampled.row_metric or metric
    given = dict(sampled.row_arguments or sampled.arguments)
    lengths = _ranges(declared, given)
    if not lengths:  # single counts are one row of counts
        given |= {a.name: [given[a.name]] for a in declared.roles.each if _is_number(given.get(a.name))}
        lengths = [len(v) for a in declared.roles.each if (v := given.get(a.name)) is not None]
    rows = rows_of(declared, given, lengths[0])
    owners = None if sampled.owners is None or len(sampled.owners) != lengths[0] else sampled.owners
    return rows, None if owners is None else [owners[row] for row in rows.kept.tolist()]


def _ranges(metric: Metric, given: Mapping[str, Any]) -> list[int]:
    """The lengths of the ranges of a call."""
    shapes = (shape_of(given.get(a.name)) for a in metric.arguments if a.is_range or a.role is Role.EACH)
    return [shape[0] for shape in shapes if shape]


def _is_number(value: Any) -> bool:
    return value is not None and not isinstance(value, str) and np.ndim(value) == 0


def _codes(first: Any, second: Any) -> NDArray[np.int64] | None:
    return None if first is None or second is None else labels_of([*first, *second], "customers").codes


def _by_customer(change: float, before: ByCustomer, now: ByCustomer) -> Tested:
    labels = labels_of([*before.who, *now.who], "customers")
    sides = labels.codes[: len(before.who)], labels.codes[len(before.who) :]
    size = len(labels.names)
    added, own, there = ([np.zeros(size), np.zeros(size)] for _ in range(3))
    for side, (codes, figure) in enumerate(zip(sides, (before, now), strict=True)):
        added[side][codes], own[side][codes], there[side][codes] = figure.added, figure.own, 1.0
    changed = (there[0] != there[1]) | ~np.isclose(own[0], own[1], rtol=1e-12, atol=0.0)
    return inference.by_customer(added[1] - added[0], change, int(changed.sum())).first()

"""Whether a metric moved from one period to the next, by one rule for every kind of metric."""

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from csmetrics_core.declaration.catalog import metric
from csmetrics_core.declaration.kinds import Id
from csmetrics_core.declaration.spec import PROBABILITY, RATIO, TEXT, Category, Column, Example, Metric, Raw, Sample
from csmetrics_core.errors import WrongKind, WrongShape
from csmetrics_core.intake.flattening import shape_of
from csmetrics_core.intake.grouping import labels_of, two_periods
from csmetrics_core.maths.inference import Tested
from csmetrics_core.maths.verdicts import compare, sentence, unjudged, verdict
from csmetrics_core.metrics.about import MetricName, asked_about, trimmed
from csmetrics_core.results import Table
from csmetrics_core.rows import Rows, rows_of

Period = Annotated[Raw, Id()]


@dataclass(frozen=True)
class Compared:
    """Two periods of a metric.

    Args:
        rows: what each row of either adds.
        second: which of these rows belong to the later one.
        names: what the periods are called.
        who: the customer of each row, as codes, where they are known.
        before, after: the metric in each.
        tested: its change, in the metric's unit.
        length: how many rows the call had.
    """

    rows: Rows
    second: NDArray[np.bool_]
    names: tuple[str, str]
    who: NDArray[np.int64] | None
    before: float
    after: float
    tested: Tested
    length: int

    @property
    def verdict(self) -> str:
        """Judged alone."""
        return verdict(self.rows.metric.better, self.tested)

    @property
    def sentence(self) -> str:
        """In words."""
        return sentence(self.rows.metric, self.before, self.after, self.tested, self.verdict)


def compared(
    declared: Metric,
    periods: Any,
    before: Any,
    after: Any,
    customers: Any,
    arguments: tuple[Any, ...],
) -> Compared:
    """Read two periods of a metric and compare them.

    Raises:
        MetricError: the call is refused, or a period has no value.
    """
    if declared.gives != "number":
        problem = f"{declared.name} gives a {declared.gives}"
        raise WrongKind(problem, "Name a metric that gives a number.", argument="metric")
    labels = labels_of(periods, "periods")
    side, names = two_periods(labels, before, after)
    rows = rows_of(declared, tuple(trimmed(arguments)), side.size)
    who = None if customers is None else customers_of(customers, side.size)[rows.kept]
    rows, chosen = rows.only(side[rows.kept] >= 0)
    second = side[rows.kept] == 1
    values = rows.value(~second, names[0]), rows.value(second, names[1])
    known = None if who is None else who[chosen]
    return Compared(rows, second, names, known, *values, _tested(rows, second, known, values[1] - values[0]), side.size)


def _tested(rows: Rows, second: NDArray[np.bool_], who: NDArray[np.int64] | None, change: float) -> Tested:
    if rows.metric.sample is Sample.NONE:
        return unjudged(change, "nothing tells what of it is chance")
    tested = compare(rows.metric.sample, rows.x, rows.y, second, who).scaled(rows.scale)
    return Tested(change, tested.low, tested.high, tested.p, tested.df, tested.method)


def customers_of(customers: Any, length: int) -> NDArray[np.int64]:
    """The customer of each row as codes; blank cells are customers of their own."""
    labels = labels_of(customers, "customers")
    if labels.codes.size != length:
        problem = f"customers has {labels.codes.size} rows and periods has {length}"
        raise WrongShape(problem, "Select the same rows in each.", argument="customers")
    codes = labels.codes.copy()
    blank = labels.blank
    codes[blank] = len(labels.names) + np.arange(np.count_nonzero(blank))
    return codes


def _in_short(before: Any, after: Any) -> bool:
    """Whether `before` and `after` were left out, not left blank: a range stands where one of them would."""
    return any(np.size(value) > 1 for value in (before, after) if shape_of(value) is not None)


@metric(
    title="Change",
    category=Category.ABOUT,
    columns=(
        Column("before", RATIO, "in the metric's unit"),
        Column("after", RATIO, "in the metric's unit"),
        Column("change", RATIO, "after minus before"),
        Column("low", RATIO, "lower bound of the change at 95 %"),
        Column("high", RATIO, "upper bound of the change at 95 %"),
        Column("p_value", PROBABILITY, "chance of so large a difference where nothing changed"),
        Column("verdict", TEXT, "better, worse, no clear change or not judged"),
        Column("method", TEXT, "how it was judged"),
    ),
    formula="after − before; better or worse where p ≤ 0.05 and the interval leaves 0 out, else no clear change",
    convention=(
        "Two samples are compared, never one with the other's value. Shares: Newcombe, and Fisher's test below 5 "
        "expected; votes and means: Welch's t; money, and customers seen twice: by customer. Judged alone."
    ),
    no_native="it gives a table",
    source="Newcombe (1998), method 10; Fisher; Welch (1947); linearised variance by customer",
    example=Example(
        metric="csat",
        periods=[1] * 8 + [2] * 8,
        before=None,
        after=None,
        customers=None,
        arguments=([5, 4, 2, 1, 3, 2, 2, 1, 5, 5, 4, 5, 5, 4, 4, 5],),
        result={
            "before": [25.0],
            "after": [100.0],
            "change": [75.0],
            "low": [27.953906],
            "high": [92.852079],
            "p_value": [0.006993],
            "verdict": ["better"],
            "method": ["Newcombe interval, Fisher exact p"],
        },
    ),
)
def csm_change(
    metric: MetricName,
    periods: Period,
    before: Raw = None,
    after: Raw = None,
    customers: Period = None,
    *arguments: Raw,
) -> Table:
    """Whether a metric really moved between two periods: change, interval, p-value and verdict.

    Args:
        metric: The name of the metric, such as "NPS".
        periods: The period of each row: a date, a month such as 2026-08, a number or a word.
        before: The earlier period; blank where periods holds exactly two dates, months, quarters or numbers.
        after: The later period; blank like before. Both may also be left out altogether.
        customers: Whose row it is, where the same customers come more than once.
        arguments: The metric's arguments; ranges as long as periods hold one row each.
    """
    if _in_short(before, after):
        first = () if after is None else (after, customers)
        before, after, customers, arguments = None, None, before, (*first, *arguments)
    found = compared(asked_about(metric), periods, before, after, customers, arguments)
    tested = found.tested
    row = (found.before, found.after, tested.change, tested.low, tested.high, tested.p, found.verdict, tested.method)
    names = ("before", "after", "change", "low", "high", "p_value", "verdict", "method")
    return Table({name: [value] for name, value in zip(names, row, strict=True)}, (found.sentence,))

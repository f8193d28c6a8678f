"""Why this number: its parts, what was dropped, the convention, the interval and the source."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from csmetrics_core.conventions.benchmarks import published_figures
from csmetrics_core.declaration.catalog import in_order, lookup
from csmetrics_core.declaration.spec import DATE, MOMENT, TEXT, Metric, Role, with_minus
from csmetrics_core.errors import MetricError
from csmetrics_core.evaluate import Evaluation, evaluate
from csmetrics_core.markup import html_table
from csmetrics_core.maths.intervals import confidence_level
from csmetrics_core.maths.periods import day_text
from csmetrics_core.results import Ratio, Table

_SIGNS = ("+", "−")
_SHOWN = 10  # values of a broadcast that are written out
_MOST_ROWS = 50  # of a table in a notebook

#: In place of a level of confidence: the metric's own.
_OWN = float("nan")


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
        given: the single values it was computed with, choices and what was left out included.
        terms: what the numerator is the sum of, where it is told.
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
    given: dict[str, Any]
    terms: tuple[float, ...] = ()

    @property
    def working(self) -> str:
        """The formula with the numbers put in; nothing where the value is no single number."""
        if self.numerator is None or np.ndim(self.value):
            return ""
        given = ", ".join(f"{name} = {_plain(value)}" for name, value in self.given.items())
        if (self.denominator, self.scale) == (1.0, 1.0):
            return f"{given}: {_plain(self.value)}" if given else ""
        scale = f"{self.scale:g} × " if self.scale != 1 else ""
        above = _plain(self.numerator)
        if self.terms:
            first, *others = self.terms
            above = f"({_plain(first)}{''.join(f' {_SIGNS[term < 0]} {_plain(abs(term))}' for term in others)})"
        divided = f"{scale}{above} ÷ {_plain(self.denominator)} = {_plain(self.value)}"
        return f"{given}: {divided}" if given else divided

    def rows(self) -> list[tuple[str, Any]]:
        """Item and value, in the order a reader asks."""
        metric = self.metric
        rows: list[tuple[str, Any]] = [("metric", metric.title), ("value", _one_cell(self.value))]
        if metric.gives != "table":
            rows.append(("unit", metric.unit.name))
        if self.interval is not None:
            bounds = ("not known" if bound != bound else bound for bound in self.interval)
            ends = (f"{end} ({100 * self.confidence:g}%)" for end in ("low", "high"))
            rows += list(zip(ends, bounds, strict=True))
        if self.n is not None:
            rows.append(("n", self.n))
        for argument, reason, count, first in self.dropped:
            more = ", ..." if count > len(first) else ""
            places = ", ".join(str(p + 1) for p in first)
            each = "cell" if metric.argument(argument).role is Role.BLOCK else "row"
            rows.append((f"dropped from {argument}", f"{count} {reason} ({each}{'s' * (count > 1)} {places}{more})"))
        if self.working and (self.denominator, self.scale) != (1.0, 1.0):
            rows += [("numerator", self.numerator), ("denominator", self.denominator)]
        rows.append(("working", self.working))
        rows += [(name, value) for name, value in self.beside.items()]
        rows += [("note", note) for note in self.notes]
        rows += [(f"element {p + 1} has no value", e.sentence()) for p, e in sorted(self.failures.items())[:_SHOWN]]
        return _filled(rows + _declared(metric))

    def __repr__(self) -> str:
        """Value, interval and n in a line; print it for the rest."""
        told = dict(self.texts())
        low, high = (told.get(f"{end} ({100 * self.confidence:g}%)") for end in ("low", "high"))
        interval = f" ({low} to {high})" if low and high else ""
        n = "" if self.n is None else f", n {self.n:,}"
        return f"<{self.metric.excel_name} {told['value']}{interval}{n}>"

    def __str__(self) -> str:
        return "\n".join(f"{item}: {text}" for item, text in self.texts())

    def _repr_html_(self) -> str:
        """A card in a notebook, with the first rows of a table; every text is escaped."""
        return html_table(self.texts()) + (self._table() if isinstance(self.value, dict) else "")

    def _table(self) -> str:
        """The rows of a table metric, each cell in its column's unit."""
        units = {column.name: column.unit for column in self.metric.columns}
        spread = next((column.unit for column in self.metric.columns if "{n}" in column.name), TEXT)
        columns = {name: (units.get(name, spread), values) for name, values in self.value.items()}
        texts = ([unit.of(values).text(one) for one in _first(values)] for unit, values in columns.values())
        rows = zip(*texts, strict=True)
        length = len(next(iter(self.value.values()), ()))
        more = f" (the first {_MOST_ROWS} of {length:,} rows)" if length > _MOST_ROWS else ""
        right = (place for place, (unit, _) in enumerate(columns.values()) if unit not in (TEXT, DATE, MOMENT))
        return html_table(rows, [name.replace("_", " ") for name in columns], self.metric.title + more, right)

    def texts(self) -> list[tuple[str, str]]:
        """Item and value as a person reads them."""
        return [(item, self._text(item, value)) for item, value in self.rows()]

    def _text(self, item: str, value: Any) -> str:
        is_result = item == "value" or item.startswith(("low (", "high (")) or item in self.beside
        if isinstance(value, tuple):
            return " to ".join(self.metric.unit.text(bound) for bound in value)
        if np.ndim(value):
            shown = [self.metric.unit.text(one) or "none" for one in value.ravel()[:_SHOWN].tolist()]
            return ", ".join(shown) + (f", ... ({value.size:,} values)" if value.size > _SHOWN else "")
        return self.metric.unit.text(value) if is_result and isinstance(value, float) else _plain(value)


def _first(values: Any) -> list[Any]:
    shown = values[:_MOST_ROWS]
    return [one.item() if isinstance(one, np.number) else one for one in shown]


def card(metric: Metric) -> list[tuple[str, str]]:
    """What a metric is and takes: item and text, in the order a reader asks."""
    arguments = (
        (f"{'' if a.required else 'optional '}argument {a.name}", a.help)  # its kind has put scale and choices into it
        for a in metric.arguments
    )
    gives = f"a table: {', '.join(column.name for column in metric.columns)}" if metric.columns else metric.unit.name
    return _filled([("metric", metric.title), ("what it is", metric.summary), ("gives", gives), *arguments,
                    *_declared(metric)])  # fmt: skip


def refused(metric: Metric, refusal: MetricError) -> list[tuple[str, str]]:
    """Why a call has no value: item and text, in the order a reader asks."""
    place = "cell" if refusal.argument and metric.argument(refusal.argument).role is Role.BLOCK else "row"
    rows = [("metric", metric.title), ("value", f"none; its cell shows {refusal.code}")]
    return _filled([*rows, ("why", refusal.sentence(place)), *_declared(metric)])


def _declared(metric: Metric) -> list[tuple[str, Any]]:
    """What a metric says of itself under every figure."""
    rows = [("formula", metric.formula), ("convention", metric.convention), ("source", metric.source)]
    return rows + [("published figure", str(figure)) for figure in published_figures(metric.name)]


def _filled(rows: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    return [(item, value) for item, value in rows if not (isinstance(value, str) and not value)]


def _plain(value: Any) -> str:
    """A part of the working: a number with its thousands marked, anything else as it is."""
    one = value.item() if isinstance(value, np.generic | np.ndarray) else value
    return with_minus(f"{one:,.10g}") if isinstance(one, int | float) and not isinstance(one, bool) else str(one)


def _one_cell(value: Any) -> Any:
    """A result as one line of the explanation: a table is named, not written out."""
    if not isinstance(value, dict):
        return value
    rows = len(next(iter(value.values()), []))
    return "a table of 1 row" if rows == 1 else f"a table of {rows} rows"


def explain(metric: object, /, *args: Any, confidence: float = _OWN, **kwargs: Any) -> Explained:
    """Compute a metric and keep everything that explains it.

    Args:
        metric: the metric, or its name.
        args, kwargs: its arguments.
        confidence: level of the interval, a fraction; left out, the metric's own, else 0.95.

    Returns:
        The explanation; print it, or take `.value`, `.n`, `.interval`, `.dropped`.

    Raises:
        MetricError: if there is no number.

    Example:
        >>> explain("nps", [10, 9, 8, 6, None]).dropped
        (('scores', 'blank', 1, (4,)),)
    """
    declared = lookup(metric)
    own = "confidence" in declared.names[len(args) :]
    if own and confidence is not _OWN:
        kwargs["confidence"] = confidence
    level = 0.95 if confidence is _OWN else confidence if own else confidence_level(confidence)
    return explained(evaluate(declared, *in_order(declared, args, kwargs)), level)


def explained(done: Evaluation, confidence: float = 0.95) -> Explained:
    """The explanation of a call already made."""
    # Computed element by element, a call keeps the parts of the last one only: they are not told of all.
    in_turn = np.ndim(done.value) > 0 and not (done.metric.elementwise or done.metric.roles.block)
    parts = None if in_turn else done.parts
    ratio = parts if isinstance(parts, Ratio) else None
    used = None if in_turn else done.prepared.used
    n = used if ratio is None or ratio.n is None else ratio.n
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
        interval=None if interval is None or interval[0] != interval[0] else _within(done, interval),
        confidence=confidence,
        notes=tuple(getattr(parts, "notes", ())) + _why_empty(parts),
        beside=dict(ratio.beside or {}) if ratio else {},
        failures=done.failures,
        given=_given(done),
        terms=ratio.terms if ratio else (),
    )


def _why_empty(parts: Any) -> tuple[str, ...]:
    """Why a table has no row, where it has none."""
    has_none = isinstance(parts, Table) and not len(next(iter(parts.columns.values()), ()))
    return (parts.empty,) if has_none else ()


def _given(done: Evaluation) -> dict[str, Any]:
    """The numbers, days and choices of a call; text is left out, as it may hold personal data."""
    given = {}
    for argument in done.metric.arguments:
        value = done.prepared.values.get(argument.name)
        if argument.role is Role.CHOICE:
            given[argument.name] = value
        elif not argument.is_range and isinstance(value, int | float | np.number):
            given[argument.name] = day_text(int(value)) if argument.kind.reading == "day" else value
    return given


def _within(done: Evaluation, interval: tuple[float, float]) -> tuple[float, float]:
    """An interval that does not pass what the metric can be: no mean duration is below 0."""
    least, most = done.metric.limits(done.prepared.values)
    low, high = interval
    return max(float(low), float(least)), high if high != high else min(float(high), float(most))

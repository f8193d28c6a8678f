"""Charts as plain values, and which chart a metric's traits ask for. Drawing is done elsewhere, twice."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Literal

import numpy as np

from csmetrics_core.declaration.spec import COUNT, DATE, FRACTION, MOMENT, POINTS, TEXT, Better, Column, Metric, Unit
from csmetrics_core.intake.spans import span_text
from csmetrics_core.palette import ACCENT, BAD, CAUTION, GOOD, MUTED, SERIES, SERIES_MORE
from csmetrics_panels.data.frames import short
from csmetrics_panels.metric.compute import Outcome, Point

_MOST_BARS = 40
_LONGEST_NAME = 36
BAND_COLOURS = {"red": BAD, "amber": CAUTION, "green": GOOD}


@dataclass(frozen=True)
class Series:
    """One row of marks.

    Args:
        kind: of the marks; a band is the area between `low` and `high`.
        low, high: the interval of each value.
        base: where each bar starts; 0 if not said.
        colours: one a bar; by default all have the series' colour.
        n: how many observations stand behind each value.
        hollow: which marks are drawn hollow, as what they are of is not over.
    """

    name: str
    x: Sequence[Any]
    y: Sequence[Any]
    kind: Literal["line", "bar", "dots", "band"] = "line"
    colour: str = ACCENT
    low: Sequence[float] | None = None
    high: Sequence[float] | None = None
    base: Sequence[float] | None = None
    colours: Sequence[str] | None = None
    n: Sequence[int | None] | None = None
    hollow: Sequence[bool] | None = None


@dataclass(frozen=True)
class Chart:
    """A chart, told what to show and not how.

    Args:
        unit: of the values.
        bounds: what the values can reach, if they are to be seen against it.
        lines: reference lines, with what they are.
        across: the bars lie on their side, labels on the left.
        note: which rows, how many and of when, under the title.
    """

    title: str
    series: tuple[Series, ...]
    unit: Unit
    bounds: tuple[float, float] | None = None
    lines: tuple[tuple[float, str], ...] = ()
    across: bool = False
    stacked: bool = False
    note: str = ""


@dataclass(frozen=True)
class Heat:
    """A table of values as colours; NaN is nothing yet.

    Args:
        n: of how many each row is, where the table says.
    """

    title: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    values: Any
    unit: Unit
    note: str = ""
    n: tuple[float, ...] = ()


def chart_for(outcome: Outcome) -> Chart | Heat | None:
    """The chart a metric's own traits ask for; None where a picture would say no more than the number."""
    chart = _drawn(outcome)
    return None if chart is None else replace(chart, note=_which(outcome))


def _which(outcome: Outcome) -> str:
    """Which rows a chart is of: the filter, the period, how many observations, and what is not over yet."""
    request, told, trend = outcome.request, outcome.told, outcome.trend
    if outcome.frame is None:
        return "" if told is None or told.n is None else f"n = {told.n:,}"
    parts = [f"{request.segment_by}: {request.segment}" if request.segment else "all rows"]
    if trend:
        parts.append(f"{trend[0].label} to {trend[-1].label}")
    elif request.days:
        parts.append(span_text(request.span, request.end or 0))
    known = [point.n for point in trend if point.n is not None] if trend else []
    if known:
        parts.append(
            f"n = {min(known):,} to {max(known):,} each" if min(known) < max(known) else f"n = {known[0]:,} each"
        )
    elif told is not None and told.n is not None:
        parts.append(f"n = {told.n:,}")
    if outcome.unfinished:
        parts.append(outcome.unfinished)
    return ", ".join(parts)


def _drawn(outcome: Outcome) -> Chart | Heat | None:
    metric, told = outcome.request.metric, outcome.told
    if outcome.trend:
        return trend_chart(metric, outcome.trend)
    if outcome.groups:
        return groups_chart(metric, outcome.groups)
    if told is None:
        return None
    if metric.gives == "number":
        return _number_chart(metric, outcome)
    charts: dict[str, Callable[[Metric, Any], Chart | Heat | None]]
    charts = {"table": table_chart, "pair": _pair_chart, "words": _words_chart}
    return charts[metric.gives](metric, told.value)


def _number_chart(metric: Metric, outcome: Outcome) -> Chart | None:
    told = outcome.told
    if told is None:
        return None
    if np.ndim(told.value):
        return _elements_chart(metric, np.asarray(told.value, dtype=float).ravel(), outcome)
    if any(count for _, count in outcome.answers):
        return answers_chart(metric, outcome.answers)
    return _interval_chart(metric, told.value, told.interval, told.n) if told.interval or _finite(metric) else None


def trend_chart(metric: Metric, points: Sequence[Point], title: str = "") -> Chart:
    """A metric through time, with its interval."""
    labels = [f"{p.label} (unfinished)" if p.unfinished else p.label for p in points]
    low, high = _whiskers(points)
    n, hollow = [p.n for p in points], [p.unfinished for p in points]
    values = [p.value for p in points]
    series = Series(metric.title, labels, values, "line", ACCENT, low, high, n=n, hollow=hollow)
    return Chart(title or f"{metric.title} over time", (series,), metric.unit)


def groups_chart(metric: Metric, points: Sequence[Point], title: str = "") -> Chart:
    """A metric by segment, each with its interval; the best at the top."""
    sign = -1 if metric.better is Better.LOWER else 1
    order = sorted(points, key=lambda p: (p.value != p.value, sign * -p.value if p.value == p.value else 0))
    labels = [p.label if p.n is None else f"{p.label} (n = {p.n:,})" for p in order][:_MOST_BARS]
    low, high = _whiskers(order[:_MOST_BARS])
    values, n = [p.value for p in order[:_MOST_BARS]], [p.n for p in order[:_MOST_BARS]]
    series = Series(metric.title, labels, values, "dots", ACCENT, low, high, n=n)
    return Chart(title or f"{metric.title} by segment", (series,), metric.unit, across=True)


def answers_chart(metric: Metric, answers: Sequence[tuple[int, int]]) -> Chart:
    """How often each answer was given."""
    series = Series("answers", [str(a) for a, _ in answers], [count for _, count in answers], "bar")
    return Chart(f"{metric.title}: answers", (series,), COUNT)


def table_chart(metric: Metric, table: dict[str, Any], title: str = "") -> Chart | Heat | None:
    """A table as its columns ask: heat where there are as many as the data need, lines over dates, bars over names."""
    if not len(next(iter(table.values()), ())):
        return None
    declared = {c.name for c in metric.columns}
    numbers = [c for c in metric.columns if c.unit not in (TEXT, DATE, MOMENT) and c.name in table]
    first = metric.columns[0]
    if {"opening", "closing"} <= {c.name for c in numbers} and first.unit is DATE:
        return flows_chart(metric, table, title)
    if set(table) - declared:
        return _heat_chart(metric, table, title)
    if first in numbers and len(numbers) > 2 and len(table[first.name]) == 1:
        return _single_row(metric, table, title)
    measured = [c for c in numbers if c is not first]
    return _columns_chart(metric, table, measured, title) if measured else None


def _heat_chart(metric: Metric, table: dict[str, Any], title: str) -> Heat:
    first, declared = metric.columns[0], {c.name for c in metric.columns}
    spread = [name for name in table if name not in declared]
    unit = next(c.unit for c in metric.columns if "{n}" in c.name)
    values = np.array([np.asarray(table[name], dtype=float) for name in spread]).T
    ages = tuple(name.rsplit("_", 1)[-1] for name in spread)
    sizes = next((table[c.name] for c in metric.columns[1:] if c.unit is COUNT and c.name in table), ())
    n = tuple(_floats(sizes))
    return Heat(title or metric.title, tuple(_texts(first.unit, table[first.name])), ages, values, unit, n=n)


def _columns_chart(metric: Metric, table: dict[str, Any], numbers: list[Column], title: str) -> Chart:
    """Lines where the first column counts on, bars where it names things."""
    first, bound = metric.columns[0], next((c for c in numbers if c.name == "low"), None)
    unit = bound.unit if bound else next((c.unit for c in numbers if c.unit in (FRACTION, POINTS)), numbers[0].unit)
    alike = [c for c in numbers if c.unit is unit]
    if first.unit is not TEXT:
        labels = _texts(first.unit, table[first.name])
        if bound and len(labels) <= _MOST_BARS:
            low, high = _floats(table["low"]), _floats(table["high"])
            line = Series(_words(alike[0].name), labels, _floats(table[alike[0].name]), "line", ACCENT, low, high)
            return Chart(title or f"{metric.title}: {line.name} by {_words(first.name)}", (line,), unit)
        series = tuple(
            Series(_words(c.name), labels, _floats(table[c.name]), "line", colour)
            for c, colour in zip(alike, _colours(len(alike)), strict=True)
        )
        return Chart(title or metric.title, series, unit)
    names = [short(name, _LONGEST_NAME) for name in _texts(first.unit, table[first.name])[:_MOST_BARS]]
    colours = [BAND_COLOURS.get(name, MUTED) for name in names] if set(BAND_COLOURS) & set(names) else None
    values = _floats(table[alike[0].name])[:_MOST_BARS]
    bars = Series(_words(alike[0].name), names, values, "bar", colours=colours)
    return Chart(title or f"{metric.title}: {_words(alike[0].name)}", (bars,), unit, across=True)


def flows_chart(metric: Metric, table: dict[str, Any], title: str = "") -> Chart:
    """What came in and went out between opening and closing; the formula says which is which."""
    unit = next(c.unit for c in metric.columns if c.name == "opening")
    named = re.findall(r"\w+", metric.formula)
    flows = [c.name for c in metric.columns if c.name in named and c.unit is unit and c.name in table]
    signed = {
        name: [-v if f"− {name}" in metric.formula else v for v in _floats(table[name])]
        for name in flows
        if name not in ("opening", "closing")
    }
    return stacked_chart(
        title or metric.title, _texts(metric.columns[0].unit, table[metric.columns[0].name]), signed, unit
    )


def stacked_chart(title: str, labels: Sequence[str], signed: Mapping[str, Sequence[float]], unit: Unit) -> Chart:
    """Bars on top of each other, gains upwards and losses downwards; what never moves is left out."""
    moving = {name: values for name, values in signed.items() if any(values)} or dict(signed)
    bars = zip(moving.items(), _colours(len(moving)), strict=True)
    series = tuple(Series(_words(name), labels, list(values), "bar", colour) for (name, values), colour in bars)
    return Chart(title, series, unit, stacked=True)


def _single_row(metric: Metric, table: dict[str, Any], title: str) -> Chart:
    """A table of one row: one bar a column of the first column's unit."""
    unit = metric.columns[0].unit
    alike = [c for c in metric.columns if c.unit is unit]
    series = Series(metric.title, [_words(c.name) for c in alike], [float(table[c.name][0]) for c in alike], "bar")
    return Chart(title or metric.title, (series,), unit)


def waterfall(title: str, steps: Sequence[tuple[str, float, Literal["total", "up", "down"]]], unit: Unit) -> Chart:
    """From one total to another through what came in and went out."""
    bases, level = [], 0.0
    for _, amount, way in steps:
        level = amount if way == "total" else level + (amount if way == "up" else 0)
        bases.append(0.0 if way == "total" else level - amount)
        level -= amount if way == "down" else 0
    colours = [{"total": ACCENT, "up": GOOD, "down": BAD}[way] for *_, way in steps]
    heights = [amount for _, amount, _ in steps]
    series = Series(title, [label for label, *_ in steps], heights, "bar", base=bases, colours=colours)
    levels = [edge for base, height in zip(bases, heights, strict=True) for edge in ({base, base + height} - {0.0})]
    low, high = min(levels, default=0.0), max(levels, default=1.0)
    # Totals dwarf what came in and went out: the axis starts below them, and the title says where.
    start = low - (high - low) if low - (high - low) > 0.2 * high else 0.0
    title = f"{title} (axis from {unit.text(start)})" if start else title
    return Chart(title, (series,), unit, (start, high + 0.12 * (high - start)))


def _pair_chart(metric: Metric, value: tuple[float, float]) -> Chart:
    return _interval_chart(metric, None, value)


def _interval_chart(
    metric: Metric, value: float | None, interval: tuple[float, float] | None, n: int | None = None
) -> Chart:
    low, high = interval or (float("nan"), float("nan"))
    centre = (low + high) / 2 if value is None else value
    series = Series(metric.title, [""], [centre], "dots", ACCENT, [low], [high], n=[n])
    bounds = metric.bounds if isinstance(metric.bounds, tuple) and _finite(metric) else None
    return Chart(
        f"{metric.title} and its interval" if interval else metric.title, (series,), metric.unit, bounds, across=True
    )


def _elements_chart(metric: Metric, values: Any, outcome: Outcome) -> Chart:
    """One result a row: a line where rows have dates, else a histogram where there are many, else bars."""
    if labels := outcome.labels:
        return Chart(
            f"{metric.title}, row by row", (Series(metric.title, _distinct(labels), values.tolist()),), metric.unit
        )
    known = values[~np.isnan(values)]
    if values.size <= _MOST_BARS:
        names = list(map(str, outcome.row_numbers))
        return Chart(f"{metric.title}, row by row", (Series(metric.title, names, values.tolist(), "bar"),), metric.unit)
    counts, edges = np.histogram(known, bins=20)
    names = _distinct([metric.unit.text((a + b) / 2) for a, b in pairwise(edges)])
    return Chart(
        f"{metric.title}: how many rows have which value", (Series("rows", names, counts.tolist(), "bar"),), COUNT
    )


def _distinct(labels: Sequence[str]) -> list[str]:
    """Labels that stay apart on an axis of names: the second of a kind says that it is."""
    seen: Counter[str] = Counter()
    named = []
    for label in labels:
        seen[label] += 1
        named.append(label if seen[label] == 1 else f"{label} ({seen[label]})")
    return named


def _words_chart(metric: Metric, value: Any) -> Chart | None:
    if not np.ndim(value):
        return None
    words, counts = np.unique([w for w in np.ravel(value) if w is not None], return_counts=True)
    colours = [BAND_COLOURS.get(word, MUTED) for word in words]
    return Chart(metric.title, (Series("rows", words.tolist(), counts.tolist(), "bar", colours=colours),), COUNT)


def _finite(metric: Metric) -> bool:
    return isinstance(metric.bounds, tuple) and bool(np.isfinite(metric.bounds).all())


def _whiskers(points: Sequence[Point]) -> tuple[list[float] | None, list[float] | None]:
    if all(p.low != p.low for p in points):
        return None, None
    return [p.low for p in points], [p.high for p in points]


def _colours(count: int) -> list[str]:
    colours = (*SERIES, *SERIES_MORE)
    return [colours[i % len(colours)] for i in range(count)]


def _texts(unit: Unit, values: Any) -> list[str]:
    shown = unit.of(values)
    return [shown.text(v.item() if isinstance(v, np.number) else v) for v in values]


def _floats(values: Any) -> list[float]:
    floats: list[float] = np.asarray(values, dtype=float).tolist()
    return floats


def _words(name: str) -> str:
    return name.replace("_", " ")

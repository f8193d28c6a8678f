"""The sixteen headline metrics of a company, with what stands behind each and what is missing for the others."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from html import escape
from math import isnan
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from csmetrics_core.company.company import Company, Missing, month_number, month_text
from csmetrics_core.company.headline import CALLS, Assumptions, Call
from csmetrics_core.company.headline.labels import scorecard_title
from csmetrics_core.company.judging import Sampled, judged
from csmetrics_core.declaration.catalog import headline_metrics, lookup
from csmetrics_core.declaration.spec import Metric, Sample, Unit
from csmetrics_core.errors import MetricError, off_scale
from csmetrics_core.evaluate import evaluate
from csmetrics_core.explain import explained
from csmetrics_core.files.headings import PARTS, Matched
from csmetrics_core.markup import html_table
from csmetrics_core.maths.inference import Tested, benjamini_hochberg, holm
from csmetrics_core.maths.intervals import mean_interval
from csmetrics_core.maths.verdicts import NO_CLEAR_CHANGE, sentence, shown, verdict

if TYPE_CHECKING:
    from csmetrics_core.files.reading import Reading
    from csmetrics_core.files.report import Wait
    from csmetrics_core.files.saying import Remedy


_HEADINGS = ("metric", "value", "change", "verdict", "95 % interval", "n")


@dataclass(frozen=True)
class Line:
    """One metric of a scorecard.

    Args:
        value: in `unit`; None where there is none, and then `missing` says why.
        n: observations behind it.
        interval: low and high at 95 %, where it is an estimate.
        history: month and value, oldest first, the scorecard's month last; None where a month has none.
        basis: what it was computed from, for a person.
        arguments: of the call that gave the value; where that gives one a row, the value is their mean.
        labels, columns: the names of the rows and columns, where an argument is a block.
        notes: what the reader must know beside the number.
        tested: its change against the month compared with, as two samples.
        p_adjusted: the p-value adjusted for how many metrics are judged together.
        among: how many those are.
        remedies: where there is no value, what a user can say so that there is one.
        title: what the figure is called; a metric composed in several ways says in which.
    """

    metric: Metric
    unit: Unit
    value: float | None = None
    n: int | None = None
    interval: tuple[float, float] | None = None
    history: tuple[tuple[str, float | None], ...] = ()
    basis: str = ""
    missing: str = ""
    arguments: Mapping[str, Any] | None = None
    labels: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    tested: Tested | None = None
    p_adjusted: float | None = None
    among: int = 0
    remedies: "tuple[Remedy, ...]" = ()
    title: str = ""

    def __repr__(self) -> str:
        """Value, interval, n and change in a line, or what it lacks."""
        title, value, change, verdict, interval, n = self.cells()
        known = (f" ({interval})" if interval else "") + (f", n {n}" if n else "") + (f", {change}" if change else "")
        return f"<{title}: {value}{known}{f' {verdict}' if verdict else ''}>"

    def _repr_html_(self) -> str:
        """A card in a notebook; every text is escaped."""
        rows = [
            *zip(_HEADINGS, self.cells(), strict=True),
            ("from", self.basis),
            *(("note", one) for one in self.notes),
        ]
        return html_table(row for row in rows if row[1])

    def cells(self) -> tuple[str, str, str, str, str, str]:
        """Title, value or what it lacks, change, verdict, interval and n, as a person reads them."""
        interval = "" if self.interval is None else self.unit.between(*self.interval)
        n = "" if self.n is None else f"{self.n:,}"
        title, value = self.title or self.metric.title, self.unit.text(self.value) or self.missing
        return title, value, self.change_text, self.verdict_words, interval, n

    @property
    def previous(self) -> float | None:
        """The value of the month before."""
        return self.history[-2][1] if len(self.history) > 1 else None

    @property
    def change(self) -> float | None:
        """The value less that of the month before."""
        return None if self.value is None or self.previous is None else self.value - self.previous

    @property
    def verdict(self) -> str:
        """Better, worse, no clear change or not judged, among all metrics judged; nothing without a change."""
        return "" if self.tested is None else verdict(self.metric.better, self.tested, self.p_adjusted)

    @property
    def verdict_words(self) -> str:
        """The verdict beside the change; of money counted in full its direction, which is a fact."""
        if self.tested is None:
            return ""
        return shown(self.metric, self.tested, self.verdict)

    @property
    def verdict_note(self) -> str:
        """What the verdict leaves open, in a few words."""
        if self.tested is None:
            return ""
        if self.verdict == NO_CLEAR_CHANGE and verdict(self.metric.better, self.tested) != NO_CLEAR_CHANGE:
            return f"clear alone, not among {self.among}"
        if self.metric.sample is Sample.TOTAL and self.verdict == NO_CLEAR_CHANGE and self.tested.change:
            few = isnan(self.tested.p)
            return f"real, but {'rests on few customers' if few else 'within what customers usually vary by'}"
        return self.tested.method.partition(": ")[2] or (self.tested.method if isnan(self.tested.p) else "")

    @property
    def sentence(self) -> str:
        """The verdict on the change in words."""
        if self.tested is None or self.value is None:
            return ""
        return sentence(self.metric, self.value - self.tested.change, self.value, self.tested, self.verdict)

    @property
    def change_text(self) -> str:
        """The change with its sign; of fractions in percentage points."""
        return "" if self.change is None else self.unit.change(self.change)


@dataclass(frozen=True)
class Scorecard:
    """The headline metrics of one month.

    Args:
        month: as 2026-09; empty where no table has dates.
        lines: one a headline metric, in their order.
        matched: part of a company -> the table and headings recognised as it.
        unused: tables that were not needed.
        notes: what the reader must know about the tables.
    """

    month: str
    lines: tuple[Line, ...]
    matched: Mapping[str, Matched]
    unused: tuple[str, ...]
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        """How many lines have a value, in a line; print it for all."""
        known = sum(line.value is not None for line in self.lines)
        return f"<Scorecard {self.month or 'without dates'}: {known} of {len(self.lines)} metrics>"

    def __str__(self) -> str:
        return "\n".join(": ".join(filter(None, line.cells()[:3])) for line in self.lines)

    def _repr_html_(self) -> str:
        """A table in a notebook; every text is escaped."""
        known = (line.cells() for line in self.lines if line.value is not None)
        lacking: dict[str, list[str]] = {}
        for line in self.lines:
            if line.value is None:
                lacking.setdefault(line.missing, []).append(line.title or line.metric.title)
        said = [*(f"{', '.join(titles)}: {why}" for why, titles in lacking.items()), *self.notes]
        caption = f"Scorecard {self.month}".rstrip()
        paragraphs = "".join(f"<p>{escape(one)}</p>" for one in said)
        return html_table(known, _HEADINGS, caption, (1, 2, 5)) + paragraphs

    def __getitem__(self, metric: str) -> Line:
        return next(line for line in self.lines if line.metric.name == metric)


def scorecard(
    tables: Mapping[str, Any],
    *,
    month: str | None = None,
    months: int = 2,
    against: int = 1,
    adjust: Literal["holm", "benjamini_hochberg"] = "holm",
    assumptions: Assumptions | None = None,
    progress: Callable[[str], None] | None = None,
    waits: "Mapping[str, Sequence[Wait]] | None" = None,
    as_of: date | None = None,
) -> Scorecard:
    """Compute the headline metrics from a company's tables.

    Args:
        tables: name -> pandas frame, or mapping of heading -> cells; see `headings.PARTS` for what is recognised.
        month: the month to look at, as 2026-09; by default the last one that is over.
        months: how many months each line's history has, 2 or more to see a change.
        against: how many months back lies the month that changes are judged against.
        adjust: how p-values are adjusted for the number of metrics judged: that not one of them is chance (Holm), or
            that few are (Benjamini and Hochberg).
        assumptions: what the tables cannot say, such as scales and the gross margin.
        progress: called with a metric's title before it is computed.
        waits: part -> what keeps figures from being computed, where the tables were read from files.
        as_of: the day the tables reach to, where they do not tell.

    Returns:
        The scorecard. A metric that cannot be computed has no value and says what it needs.

    Raises:
        OutOfScale: month is no month.

    Example:
        >>> card = scorecard({"responses": {"Score": [10, 9, 8, 6]}})
        >>> card["nps"].value, card["nps"].n, card["mrr"].missing
        (25.0, 4, 'needs a table of subscriptions with customer, month, mrr or amount')
    """
    company = Company(tables, waits, as_of)
    notes = (company.note if month is None else "", *company.not_dates(), *company.copies())
    if month is not None:
        company.current, company.asked = _month(month), True
    lines = []
    for metric in headline_metrics():
        if progress:
            progress(metric.title)
        given = assumptions or Assumptions()
        line = _line(company, metric, months, against, given)
        lines.append(replace(line, title=scorecard_title(metric.name, given.churn_months)))
    used = {fit.table for fit in company.matched.values()}
    return Scorecard(
        "" if company.current is None else month_text(company.current),
        _among(lines, benjamini_hochberg if adjust == "benjamini_hochberg" else holm),
        company.matched,
        tuple(name for name in tables if name not in used),
        tuple(filter(None, notes)),
    )


def scorecard_of(reading: "Reading", *, assumptions: Assumptions | None = None, **options: Any) -> Scorecard:
    """The scorecard of what was read from files.

    Args:
        reading: the tables, and what is not known about them.
        assumptions: what the tables cannot say; scales that a file tells are taken where it is not given.
        options: `month`, `months` and `progress` of `scorecard`.

    Returns:
        The scorecard. Where names differ in case or accents alone, figures that depend on whether they are the same
        have no value, and both are told.

    Raises:
        OutOfScale: month is no month.
    """
    scales = reading.report.scales
    given = assumptions or Assumptions(csat_scale=scales.get("csat", 5), ces_scale=scales.get("ces", 7))
    options |= {"waits": reading.report.waits, "as_of": reading.as_of}
    card = scorecard(_parts(reading.tables), assumptions=given, **options)
    card = replace(card, matched={part: _as_called(fit, reading) for part, fit in card.matched.items()})
    if (alike := reading.with_names_alike) is None:
        return card
    other = scorecard(_parts(alike), assumptions=given, **options)
    name, first = next(iter(reading.spellings.items()))
    lines = [_either(line, same, name, first) for line, same in zip(card.lines, other.lines, strict=True)]
    return replace(card, lines=tuple(lines))


def _as_called(fit: Matched, reading: "Reading") -> Matched:
    """A part under the headings of the files it was read from."""
    headings: dict[str, str] = {}
    places = []
    for report in reading.report.read:
        if report.table == fit.table:
            headings = report.mapped | headings
            places.append(report.place)
    columns = {column: headings.get(column, column) for column in fit.columns}
    return replace(fit, table=", ".join(places) or fit.table, columns=columns)


def _parts(tables: Mapping[str, Any]) -> dict[str, Any]:
    return {name: table for name, table in tables.items() if name in PARTS}


def _either(apart: Line, same: Line, name: str, first: str) -> Line:
    """A line that holds whether names spelt alike are the same or not; else both values and the question."""
    if apart.value is None or same.value is None or np.isclose(apart.value, same.value, rtol=1e-12, atol=0):
        return apart
    from csmetrics_core.files.saying import Remedy

    both = [f"{line.unit.text(line.value)}" for line in (apart, same)]
    text = f"is {both[0]} if {name!r} and {first!r} are two, {both[1]} if they are the same"
    remedies = (Remedy("names", "apart", "they are two"), Remedy("names", "same", "they are the same"))
    return Line(apart.metric, apart.unit, missing=text, remedies=remedies, title=apart.title)


def _month(month: str) -> int:
    try:
        return month_number(month)
    except ValueError:
        raise off_scale("month", None, month, "a month as 2026-09", "Give the year and the month.") from None


def _among(lines: Sequence[Line], adjust: Callable[[Any], Any]) -> tuple[Line, ...]:
    """The lines with p-values adjusted for all that are judged together."""
    adjusted = adjust([float("nan") if line.tested is None else line.tested.p for line in lines])
    among = int(np.count_nonzero(~np.isnan(adjusted)))
    return tuple(
        replace(line, p_adjusted=None if p != p else p, among=among)
        for line, p in zip(lines, adjusted.tolist(), strict=True)
    )


def _line(company: Company, metric: Metric, months: int, against: int, assumptions: Assumptions) -> Line:
    """The metric in the current month, its change, and its value in the months before."""
    try:
        call = CALLS[metric.name](company, company.current, assumptions)
        now = _measure(metric, call)
    except Missing as lacking:
        return Line(metric, metric.unit, missing=str(lacking), remedies=lacking.remedies)
    except MetricError as error:
        error.metric = ""
        return Line(metric, metric.unit, missing=str(error))
    if company.current is None:
        return now
    history = [
        (month_text(month), _value(company, metric, month, assumptions))
        for month in range(company.current - months + 1, company.current)
    ]
    tested = _tested(company, metric, company.current - against, assumptions, _sampled(call, now.value))
    return replace(now, history=(*history, (month_text(company.current), now.value)), tested=tested)


def _sampled(call: Call, value: float | None) -> Sampled:
    metric, arguments = call.rows or ("", None)
    rows = lookup(metric) if call.rows else None
    return Sampled(float(value or 0), call.arguments, call.owners, call.by_customer, rows, arguments)


def _tested(company: Company, metric: Metric, month: int, assumptions: Assumptions, now: Sampled) -> Tested | None:
    """The change since a month, as two samples; nothing where that month has no value."""
    try:
        call = CALLS[metric.name](company, month, assumptions)
        before = _sampled(call, _measure(metric, call).value)
    except (Missing, MetricError):
        return None
    return judged(metric, before, now)


def _value(company: Company, metric: Metric, month: int, assumptions: Assumptions) -> float | None:
    try:
        return _measure(metric, CALLS[metric.name](company, month, assumptions)).value
    except (Missing, MetricError):
        return None


def _measure(metric: Metric, call: Call) -> Line:
    done = explained(evaluate(metric, (), call.arguments))
    value, n, interval = done.value, done.n, done.interval
    dropped = tuple(f"{count} {reason} left out" for _, reason, count, _ in done.dropped if reason != "blank")
    if call.averaged:
        several = np.atleast_1d(value)  # a block of one row gives a plain number
        known = several[~np.isnan(several)]
        if not known.size:
            raise Missing("none of the rows holds enough to give a value")
        if call.unrated and not known.any():
            raise Missing(f"all {known.size} comments {call.unrated}")
        if call.unrated and (unrated := int((known == 0).sum())) > known.size / 2:
            dropped += (f"{unrated:,} of {known.size:,} comments {call.unrated}; they count as neutral",)
        value, n, interval = float(known.mean()), known.size, mean_interval(known, done.confidence)
        interval = None if np.isnan(interval[0]) else interval
    return Line(
        metric,
        call.unit or metric.unit,
        float(value),
        n if call.n is None else call.n,
        interval,
        basis=call.basis,
        arguments=call.arguments,
        labels=call.labels,
        columns=call.columns,
        notes=(*dropped, *done.notes),
    )

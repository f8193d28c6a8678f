"""Why theirs differs: a reported figure against every documented convention of the metric."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from inspect import signature
from math import isfinite, isnan, nan
from numbers import Real
from typing import Any

from csmetrics_core.conventions import CONVENTIONS, Convention
from csmetrics_core.declaration.catalog import lookup
from csmetrics_core.declaration.kinds import LARGEST
from csmetrics_core.declaration.spec import FRACTION, POINTS, Metric, with_minus
from csmetrics_core.errors import MetricError, WrongKind, WrongShape, wrong_kind
from csmetrics_core.evaluate import evaluate
from csmetrics_core.intake.arguments import bind, prepare
from csmetrics_core.markup import html_table

REPRODUCES, CLOSEST = "reproduces it", "closest"
# A rate is taken to be given to the whole percent at least: 1.1 typed for 110 % has lost its last 0.
_WHOLE_PERCENT = 0.005
_OURS = "csmetrics"
_TIE = "The figure alone does not tell them apart: more of its digits, or another month, would."
_EXACT = 1e-9  # relative; two roads to the same number end a rounding error apart
_NUMBER = re.compile(r"[+\-−]?(?:(?:[1-9]\d{0,2}(?:,\d{3})+|\d+)(?:\.\d*)?|\.\d+)")
_DECIMAL_COMMA = re.compile(r"[+\-−]?\d+,\d+")
_EITHER_COMMA = re.compile(r"[+\-−]?[1-9]\d{0,2},\d{3}")  # 2,500 % is two and a half, or two thousand five hundred


@dataclass(frozen=True)
class Reported:
    """A figure as somebody gave it.

    Args:
        value: as a number; of "2.5%", 0.025.
        half_unit: how far the unrounded figure may lie from it: half a unit of its last digit.
        is_percentage: it was written with a percent sign.
    """

    value: float
    half_unit: float
    is_percentage: bool = False

    def __repr__(self) -> str:
        return f"<reported {self}>"

    def __str__(self) -> str:
        return f"{100 * self.value:.10g}%" if self.is_percentage else f"{self.value:.10g}"


@dataclass(frozen=True)
class Line:
    """One convention beside the reported figure.

    Args:
        convention, formula, used_by: as documented.
        value: what it gives; NaN where it gives nothing.
        gap: value minus the reported figure.
        verdict: "reproduces it", "closest", what it needs beyond the arguments, or nothing.
    """

    convention: str
    formula: str
    used_by: str
    value: float
    gap: float
    verdict: str

    def __repr__(self) -> str:
        value = "no value" if isnan(self.value) else f"{self.value:.6g}"
        return f"<{self.convention}: {value}{self.verdict and f', {self.verdict}'}>"


@dataclass(frozen=True)
class Reconciliation:
    """A reported figure beside every documented convention.

    Args:
        metric: the metric.
        reported: the figure, and how exactly it was given.
        lines: our own convention first, then the others.
    """

    metric: Metric
    reported: Reported
    lines: tuple[Line, ...]

    @property
    def reproduced_by(self) -> tuple[str, ...]:
        """The conventions that give the reported figure within its rounding."""
        return tuple(line.convention for line in self.lines if line.verdict == REPRODUCES)

    @property
    def summary(self) -> str:
        """The answer in a sentence."""
        found = [line for line in self.lines if line.verdict == REPRODUCES]
        if found and found[0].convention == _OURS:
            also = f", as do: {'; '.join(line.convention for line in found[1:])}" if found[1:] else ""
            return f"csmetrics gives the same figure{also}."
        if found:
            told = "; ".join(f"{line.convention} gives it ({line.used_by})" for line in found)
            return f"{told}. {_TIE}" if len({line.value for line in found}) > 1 else f"{told}."
        near = next((line for line in self.lines if line.verdict == CLOSEST), None)
        if near is None:
            return "No documented convention has a value for these arguments."
        return f"No documented convention gives it; {near.convention} comes closest, {self.shown_gap(near.gap)} away."

    def columns(self) -> dict[str, list[Any]]:
        """The lines as columns."""
        names = ("convention", "formula", "used_by", "value", "gap", "verdict")
        return {name: [getattr(line, name) for line in self.lines] for name in names}

    def shown(self, value: float) -> str:
        """A value in the way the figure was reported."""
        if isnan(value):
            return ""
        in_percent = self.reported.is_percentage and self.metric.unit == FRACTION
        return with_minus(f"{100 * value:.5g}%" if in_percent else f"{value:.6g}")

    def shown_gap(self, gap: float) -> str:
        """A gap in the way the figure was reported: two percentages lie percentage points apart."""
        if isnan(gap):
            return ""
        in_points = self.reported.is_percentage and self.metric.unit == FRACTION
        return f"{with_minus(f'{100 * gap:+.3g}')} percentage points" if in_points else with_minus(f"{gap:+.4g}")

    def __repr__(self) -> str:
        """The answer in a line; print it for every convention."""
        return f"<{self.metric.excel_name} reported {self.reported}: {self.summary}>"

    def __str__(self) -> str:
        rows = (f"{line.convention}: {self.shown(line.value)} {line.verdict}".rstrip() for line in self.lines)
        return "\n".join((f"{self.metric.title}, reported {self.reported}", *rows, self.summary))

    def _repr_html_(self) -> str:
        """The answer above every convention in a notebook; every text is escaped."""
        cells = (
            (
                line.convention,
                line.formula,
                line.used_by,
                self.shown(line.value),
                self.shown_gap(line.gap),
                line.verdict,
            )
            for line in self.lines
        )
        headings = ("convention", "formula", "used by", "value", "gap", "verdict")
        caption = f"{self.metric.title}, reported {self.reported}"
        return f"<p>{escape(self.summary)}</p>{html_table(cells, headings, caption, (3, 4))}"


def reconcile(metric: object, reported: float | str, *args: Any, **kwargs: Any) -> Reconciliation:
    """Find the convention that gives a figure somebody reported.

    Args:
        metric: the metric, or its name.
        reported: the figure as reported; its digits tell how it was rounded: 0.025 and "2.5%" mean 2.45 % to 2.55 %.
            A number forgets the zeros at its end, so 0.05 means 4.5 % to 5.5 %; text keeps them: "5.00%" means
            4.995 % to 5.005 %.
        args, kwargs: the arguments of the metric.

    Returns:
        Every documented convention with its value and gap, and which one gives the figure within its rounding.

    Raises:
        MetricError: the metric has no recorded conventions, or the arguments are no good for it.

    Example:
        >>> print(reconcile("churn_rate", "1.5%", lost=18, opening=1126, new_customers=85).summary)
        over opening + new gives it (Stripe Billing).
    """
    declared = lookup(metric)
    if declared.name not in CONVENTIONS:
        fix = f"Conventions are recorded for {', '.join(sorted(CONVENTIONS))}."
        raise WrongKind(f"no conventions are recorded for {declared.name}", fix, argument="metric")
    figure = read_figure(reported)
    try:
        given = bind(declared, args, kwargs)
        prepared = prepare(declared, dict(given))
        if prepared.shape is not None:
            raise WrongShape("several values were given where one is meant", "Reconcile one figure at a time.")
    except MetricError as error:
        error.metric = error.metric or declared.name
        raise
    lines = [_own(declared, figure, given)]
    lines += [_line(declared, figure, one, prepared.values) for one in CONVENTIONS[declared.name]]
    lines += _confusions(declared, figure, lines)
    return Reconciliation(declared, figure, tuple(_with_closest(lines)))


def read_figure(reported: Any) -> Reported:
    """A reported figure with its rounding, from a number or text such as "2.5%".

    Raises:
        WrongKind: it is neither.

    Example:
        >>> read_figure("1,600").half_unit, round(read_figure(0.025).half_unit, 6)
        (0.5, 0.0005)
    """
    text = reported.strip() if isinstance(reported, str) else ""
    percent = text.endswith("%")
    digits = text.removesuffix("%").strip()
    if isinstance(reported, str):
        if percent and _EITHER_COMMA.fullmatch(digits):
            fix = "Write a decimal point, or leave the comma out."
            raise wrong_kind("reported", None, reported, "a comma that can be read in one way only", fix)
        known = bool(_NUMBER.fullmatch(digits) or _DECIMAL_COMMA.fullmatch(digits))
        pointed = digits if _NUMBER.fullmatch(digits) else digits.replace(",", ".")
        digits = pointed.replace(",", "").replace("−", "-")
    else:
        size: Any = abs(reported) if isinstance(reported, Real) and not isinstance(reported, bool) else nan
        known = size <= LARGEST
        whole = known and float(reported).is_integer()
        digits = str(int(reported)) if whole else repr(float(reported)) if known else ""
    if not known or not isfinite(float(digits)):
        raise wrong_kind("reported", None, reported, "a number, or text such as 2.5%", "Give the figure as reported.")
    mantissa, _, power = digits.partition("e")
    places = len(mantissa.partition(".")[2]) - int(power or 0)
    scale = 100 if percent else 1
    return Reported(float(digits) / scale, 0.5 * 10.0**-places / scale, percent)


def _own(declared: Metric, figure: Reported, given: Mapping[str, Any]) -> Line:
    """Our own convention, computed by the metric itself."""
    try:
        value, verdict = float(evaluate(declared, (), dict(given)).value), ""
    except MetricError as error:
        value, verdict = nan, f"{error.code} {error.problem}"
    return _judged(declared, figure, Line(_OURS, declared.formula, "as called", value, nan, verdict))


def _line(declared: Metric, figure: Reported, one: Convention, values: Mapping[str, Any]) -> Line:
    value, verdict = _value(one, values)
    line = Line(one.name, one.formula, one.used_by, value, nan, verdict)
    return _judged(declared, figure, line, one.is_share)


def _value(one: Convention, values: Mapping[str, Any]) -> tuple[float, str]:
    """What a convention gives, or why it gives nothing."""
    if one.value is None:
        return nan, f"needs {one.needs}"
    names = list(signature(one.value).parameters)
    if absent := [name for name in names if values[name] is None]:
        return nan, f"needs {', '.join(absent)}"
    try:
        value = one.value(**{name: values[name] for name in names})
    except ZeroDivisionError:
        return nan, "divides by 0"
    return (nan, "does not apply to these arguments") if value is None else (float(value), "")


def _judged(declared: Metric, figure: Reported, line: Line, is_share: bool = True) -> Line:
    """The line with its gap, and whether it gives the figure."""
    if isnan(line.value):
        return line
    reported, half_unit = figure.value, figure.half_unit
    if figure.is_percentage and declared.unit == POINTS:
        reported, half_unit = 100 * reported, 100 * half_unit
    elif declared.unit == FRACTION and is_share:
        half_unit = min(half_unit, _WHOLE_PERCENT)
    gap = line.value - reported
    within = abs(gap) <= half_unit + _EXACT * max(1.0, abs(line.value), abs(reported))
    return Line(line.convention, line.formula, line.used_by, line.value, gap, REPRODUCES if within else "")


def _confusions(declared: Metric, figure: Reported, lines: list[Line]) -> Iterator[Line]:
    """Each share with the percent sign mistaken: all that then give the figure, and our own in any case."""
    if figure.is_percentage or declared.unit not in (FRACTION, POINTS):
        return
    factor, words = (100, "typed as a percentage") if declared.unit == FRACTION else (0.01, "typed as a fraction")
    half_unit = figure.half_unit if factor > 1 else min(figure.half_unit, _WHOLE_PERCENT)
    shares = {_OURS} | {one.name for one in CONVENTIONS[declared.name] if one.is_share}
    for line in lines:
        if line.convention not in shares or isnan(line.value):
            continue
        value = factor * line.value
        gap = value - figure.value
        within = abs(gap) <= half_unit + _EXACT * max(1.0, abs(value))
        if within or line.convention == _OURS:
            verdict = REPRODUCES if within else ""
            yield Line(f"{line.convention}, {words}", line.formula, line.used_by, value, gap, verdict)


def _with_closest(lines: list[Line]) -> list[Line]:
    """Where nothing gives the figure, mark the convention that comes closest."""
    valued = [line for line in lines if not isnan(line.gap)]
    if not valued or any(line.verdict == REPRODUCES for line in lines):
        return lines
    nearest = min(valued, key=lambda line: abs(line.gap))
    marked = Line(nearest.convention, nearest.formula, nearest.used_by, nearest.value, nearest.gap, CLOSEST)
    return [marked if line is nearest else line for line in lines]

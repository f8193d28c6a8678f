"""Why a metric moved, in a few short sentences: points and money, never per cent of a change."""

from typing import TYPE_CHECKING

import numpy as np

from csmetrics_core.declaration.spec import FRACTION, POINTS, Metric
from csmetrics_core.maths.inference import ALPHA, Tested
from csmetrics_core.maths.verdicts import NO_CLEAR_CHANGE, NOT_JUDGED, in_words, is_percentage, spoken_name

if TYPE_CHECKING:
    from csmetrics_core.metrics.why import Account

_AROUND_WHOLE = 10  # bounds from here on are told without decimals


def why_sentence(made: "Account") -> str:
    """The verdict, the larger part, the other part, and a warning where the total misleads."""
    found, metric = made.found, made.found.rows.metric
    words = [_head(made)]
    parts = {"mix": made.totals["mix"], "rate": made.totals["rate"]}
    if made.found.verdict in (NO_CLEAR_CHANGE, NOT_JUDGED):
        told = f"rates within the segments {_effect(metric, parts['rate'])}, mix {_effect(metric, parts['mix'])}"
        doubt = "That may be chance, and so may its parts: " if found.verdict == NO_CLEAR_CHANGE else "Its parts: "
        words.append(f"{doubt}{told}.")
    else:
        said = {"mix": _mix(made), "rate": _rate(made)}
        words += [said[part] for part in sorted(parts, key=lambda part: -abs(parts[part].change))]
    words += _paradox(made)
    if made.inner:
        words.append("The second column is split inside the first: their order matters.")
    return " ".join(words)


def _paradox(made: "Account") -> list[str]:
    if not made.outer.is_paradox:
        return []
    rose = made.outer.moved[made.outer.both].max() > 0
    each, total = ("rose", "fell") if rose else ("fell", "rose")
    return [f"Every segment {each} while the total {total}: read the segments, not the total."]


def segments_sentence(made: "Account") -> str:
    """What mix and rates gave, beside a sentence that told the change."""
    metric = made.found.rows.metric
    rates, mix = (_effect(metric, made.totals[part]) for part in ("rate", "mix"))
    words = [f"By segment, in points: rates within {rates}{_most(made)}, mix {mix}."]
    return " ".join([*words, *_paradox(made)])


def _head(made: "Account") -> str:
    found, metric, tested = made.found, made.found.rows.metric, made.found.tested
    ends = f"from {in_words(metric, found.before)} to {in_words(metric, found.after)}"
    change = in_words(metric, tested.change, signed=True) + (" points" if is_percentage(metric) else "")
    if found.verdict == NO_CLEAR_CHANGE:
        reach = f": {bounds(metric, tested)}" if tested.low == tested.low else ""
        return f"{spoken_name(metric)} went {ends} ({change}, no clear change{reach})."
    moved = "rose" if tested.change > 0 else "fell"
    said = "not judged" if found.verdict == NOT_JUDGED else f"clear, {bounds(metric, tested)}"
    return f"{spoken_name(metric)} {moved} {ends} ({change}; {said})."


def bounds(metric: Metric, tested: Tested) -> str:
    """Low to high, with as many decimals as help."""
    hundred = 100 if metric.unit is FRACTION else 1
    if metric.unit not in (FRACTION, POINTS):
        return f"{in_words(metric, tested.low)} to {in_words(metric, tested.high)}"
    return " to ".join(_bound(hundred * bound) for bound in (tested.low, tested.high))


def _bound(value: float) -> str:
    text = f"{value:.0f}" if abs(value) >= _AROUND_WHOLE else f"{value:.1f}".removesuffix(".0")
    return "0" if text in ("-0", "-0.0") else text


def _effect(metric: Metric, tested: Tested) -> str:
    """An effect with its bounds."""
    return f"{_plain(metric, tested.change)}{_reach(metric, tested)}"


def _reach(metric: Metric, tested: Tested) -> str:
    if tested.low != tested.low:
        return ""
    noise = "" if tested.low > 0 or tested.high < 0 else ", within noise"
    return f" ({bounds(metric, tested)}{noise})"


def _plain(metric: Metric, value: float) -> str:
    return in_words(metric, value, signed=True).removeprefix("+")


def _size(metric: Metric, value: float) -> str:
    points = " points" if metric.unit in (FRACTION, POINTS) else ""
    return _plain(metric, abs(value)) + points


def _outside(metric: Metric, tested: Tested) -> str:
    """The bounds after an effect; what is within noise is said behind them."""
    if tested.low != tested.low:
        return ""
    noise = "" if tested.low > 0 or tested.high < 0 else ", within noise"
    return f" ({bounds(metric, tested)}){noise}"


def _mix(made: "Account") -> str:
    metric, total, outer = made.found.rows.metric, made.totals["mix"], made.outer
    if not total.change:
        return "Mix changed nothing."
    verb = "gave" if total.change > 0 else "took"
    start = f"Mix {verb} {_size(metric, total.change)}{_outside(metric, total)}"
    absent = [("gone", outer.n1 == 0), ("new", outer.n0 == 0)]
    came = [f"{made.names[k]} is {word}" for word, which in absent for k in np.flatnonzero(which)[:3].tolist()]
    if came:
        return f"{start}: {' and '.join(came)}."
    k = int(np.argmax(np.abs(outer.mix)))
    of = "answers" if made.found.rows.metric.category.value == "Survey" else "base"
    return f"{start}: {made.names[k]} went from {100 * outer.w0[k]:.0f} % to {100 * outer.w1[k]:.0f} % of the {of}."


def _rate(made: "Account") -> str:
    metric, total = made.found.rows.metric, made.totals["rate"]
    if not total.change:
        return "Within the segments nothing moved."
    which = "Within the segments" if made.outer.both.all() else "Within the segments that stayed"
    verb = "rose" if total.change > 0 else "fell"
    start = f"{which} it {verb} {_size(metric, total.change)}{_outside(metric, total)}"
    return f"{start}{_most(made)}."


def _most(made: "Account") -> str:
    """The segment whose own ratio did most, where that is clear."""
    k = int(np.argmax(np.abs(made.outer.rate)))
    if not made.p_holm[k] <= ALPHA:
        return ""
    effect = in_words(made.found.rows.metric, made.scale * made.outer.rate[k], signed=True)
    return f", most in {made.names[k]} ({effect})"

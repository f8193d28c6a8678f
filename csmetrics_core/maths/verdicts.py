"""One rule for "did it move", behind every door: two samples compared, one verdict, one sentence."""

from collections.abc import Sequence
from math import isnan

import numpy as np
from numpy.typing import NDArray

from csmetrics_core.declaration.spec import COUNT, FRACTION, MONEY, POINTS, Better, Metric, Sample
from csmetrics_core.maths import inference
from csmetrics_core.maths.inference import Floats, Tested

BETTER, WORSE, HIGHER, LOWER = "better", "worse", "higher", "lower"
NO_CLEAR_CHANGE, NOT_JUDGED = "no clear change", "not judged"
_SHARES = (Sample.SHARE, Sample.COUNTED, Sample.LOST)


def compare(
    sample: Sample, x: Floats, y: Floats, second: NDArray[np.bool_], who: NDArray[np.int64] | None = None
) -> Tested:
    """The rows of the second sample against those of the first.

    Args:
        sample: what chance there is in the metric.
        x, y: what each row adds to the numerator and the denominator.
        second: which rows are the second sample; all others are the first.
        who: the customer of each row, as codes.
    """
    repeats = who is not None and np.unique(who).size < who.size and sample is not Sample.LOST
    whole = bool(((y == 0) | (y == 1)).all())
    if sample in _SHARES and not repeats:
        return _shares(x, y, second)
    if sample in (Sample.VOTES, Sample.MEAN) and whole and not repeats:
        first, later = _by_side(second, y, x, x * x)
        return (inference.votes if sample is Sample.VOTES else inference.means)(*first, *later).first()
    if sample is Sample.TOTAL and who is None:
        return unjudged(float(x[second].sum() - x[~second].sum()), "needs customers")
    return _by_customer(sample, x, y, second, np.arange(x.size) if who is None else who)


def _by_side(second: NDArray[np.bool_], *parts: Floats) -> list[list[float]]:
    """The sum of each part in the first sample, and in the second."""
    side = second.astype(np.intp)
    return np.array([np.bincount(side, part, 2) for part in parts]).T.tolist()  # type: ignore[no-any-return]


def unjudged(change: float, reason: str) -> Tested:
    """A change nothing is said about."""
    nothing = float("nan")
    return Tested(change, nothing, nothing, nothing, nothing, f"{NOT_JUDGED}: {reason}")


def _shares(x: Floats, y: Floats, second: NDArray[np.bool_]) -> Tested:
    (x0, n0), (x1, n1) = _by_side(second, x, y)
    change = x1 / n1 - x0 / n0
    if any(count != round(count) for count in (x0, n0, x1, n1)):
        return unjudged(change, "these are no counts")
    if x0 > n0 or x1 > n1:
        return unjudged(change, "more than all")
    return inference.shares(x0, n0, x1, n1).first()


def _by_customer(sample: Sample, x: Floats, y: Floats, second: NDArray[np.bool_], who: NDArray[np.int64]) -> Tested:
    customers, code = np.unique(who, return_inverse=True)
    sums: list[list[Floats]] = [
        [np.bincount(code[side], part[side], customers.size).astype(float) for part in (x, y)]
        for side in (~second, second)
    ]
    there = [np.bincount(code[side], minlength=customers.size) > 0 for side in (~second, second)]
    return between_customers(sums[0], sums[1], there, total=sample is Sample.TOTAL)


def between_customers(
    before: Sequence[Floats], after: Sequence[Floats], there: Sequence[NDArray[np.bool_]], *, total: bool
) -> Tested:
    """A change judged by customer.

    Args:
        before, after: what each customer adds to the numerator and the denominator, customers in one order.
        there: who is there before and after.
        total: the figure is the sum of the numerators.
    """
    if total:
        added, change = after[0] - before[0], float(after[0].sum() - before[0].sum())
        figures = [before[0], after[0]]
    else:
        (last, now), (first, then) = inference.ratio_added(*after), inference.ratio_added(*before)
        added, change = last - first, now - then
        with np.errstate(divide="ignore", invalid="ignore"):
            figures = [np.nan_to_num(x / y) for x, y in (before, after)]
    changed = (there[0] != there[1]) | ~np.isclose(figures[0], figures[1], rtol=1e-12, atol=0.0)
    return inference.by_customer(added, change, int(changed.sum())).first()


def verdict(better: Better, tested: Tested, p: float | None = None) -> str:
    """Better, worse, no clear change or not judged.

    Args:
        better: which direction is good news; where neither is, the words are higher and lower.
        tested: the comparison.
        p: the p-value adjusted for how many are judged together; its own where they are not.
    """
    if tested.method.startswith(NOT_JUDGED):
        return NOT_JUDGED
    if not tested.clear(tested.p if p is None else p):
        return NO_CLEAR_CHANGE
    rose = tested.change > 0
    if better is Better.NEITHER:
        return HIGHER if rose else LOWER
    return BETTER if rose == (better is Better.HIGHER) else WORSE


def shown(metric: Metric, tested: Tested, said: str) -> str:
    """The verdict beside a change; of money counted in full the direction, which is a fact whatever chance does."""
    if metric.sample is Sample.TOTAL and said in (NO_CLEAR_CHANGE, NOT_JUDGED) and tested.change:
        return "rose" if tested.change > 0 else "fell"
    return said


def spoken_name(metric: Metric) -> str:
    """What people call a metric in a sentence: its letters where it has some, else its title."""
    return metric.excel_name if len(metric.name) <= 4 and "_" not in metric.name else metric.title


def number(value: float, signed: bool = False) -> str:
    """A number for a sentence: one decimal, two where these say it exactly, none where there is none."""
    places = 2 if abs(value - round(value, 2)) < 1e-9 else 1
    text = f"{value:{'+' if signed else ''},.{places}f}"
    text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "+0") else text


def is_percentage(metric: Metric) -> bool:
    """Whether people say per cent of it: a fraction, or a share given as points of a hundred."""
    return metric.unit is FRACTION or (metric.unit is POINTS and metric.sample is Sample.SHARE)


def in_words(metric: Metric, value: float, signed: bool = False) -> str:
    """A value as a sentence says it, in the unit people use."""
    if metric.unit not in (FRACTION, POINTS, MONEY, COUNT):
        return f"{'+' if signed and value > 0 else ''}{metric.unit.text(value).removeprefix('+')}"
    hundred = 100 if metric.unit is FRACTION else 1
    return number(hundred * value, signed) + (" %" if is_percentage(metric) and not signed else "")


def sentence(metric: Metric, before: float, after: float, tested: Tested, said: str) -> str:
    """The verdict in words: points and money, never per cent of a change."""
    name, change = spoken_name(metric), tested.change
    moved = "rose" if change > 0 else "fell" if change < 0 else "stayed"
    if metric.sample is Sample.TOTAL:
        return _fact(metric, name, moved, before, after, tested, said)
    ends = f"from {in_words(metric, before)} to {in_words(metric, after)}"
    if said == NOT_JUDGED:
        return f"{name} went {ends} ({tested.method})."
    unit = " points" if metric.unit in (FRACTION, POINTS) else ""
    reach = f"({in_words(metric, tested.low, True)} to {in_words(metric, tested.high, True)}{unit})"
    if said != NO_CLEAR_CHANGE:
        return f"{name} {moved} {ends}: {said} {reach}."
    doubt = f"; {tested.method}" if isnan(tested.p) else f" {reach}"
    if "Fisher" in tested.method:
        doubt = f"; too few to tell (p {tested.p:.2g})"
    return f"{name} went {ends}: {said}{doubt}."


def _fact(metric: Metric, name: str, moved: str, before: float, after: float, tested: Tested, said: str) -> str:
    """Money counted in full: direction and amount are known, only what they say of the next month is not."""
    if moved == "stayed":
        return f"{name} stayed at {in_words(metric, after)}."
    by = f"{name} {moved} by {in_words(metric, abs(tested.change))}"
    noun = "rise" if moved == "rose" else "fall"
    if isnan(tested.low):
        few = tested.method.removeprefix("only ").partition(" changed")[0]
        if said == NOT_JUDGED:
            return f"{by}, from {in_words(metric, before)} to {in_words(metric, after)}."
        return f"{by}. The {noun} is real, but it rests on {few}; it says little about the next month."
    reach = f"{in_words(metric, tested.low, True)} to {in_words(metric, tested.high, True)}"
    if said == NO_CLEAR_CHANGE:
        return f"{by}. The {noun} is real, but within the customers' usual spread ({reach})."
    return f"{by}: {said}, beyond the customers' usual spread ({reach})."

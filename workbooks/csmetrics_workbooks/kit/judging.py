"""Words for figures: no data, met, near or missed."""

from dataclasses import dataclass

from csmetrics_core.declaration.spec import POINTS, Better, Metric, Sample
from csmetrics_core.maths.inference import FEW_EXPECTED
from csmetrics_workbooks.kit.formulas import NO_DATA
from csmetrics_workbooks.kit.terms import Term, apply, both, either, is_number, largest, smallest, term, when


def guarded(base: Term, value: Term) -> Term:
    """The value, or the words for none where there is nothing to compute it from."""
    return when(base.eq(0), NO_DATA, value)


_HAIR = 1e-9


def status(value: Term, target: Term, near: Term, better: Better) -> Term:
    """met, near or missed; nothing where there is no number, or no target. A hair of rounding is forgiven."""
    if better is Better.LOWER:
        met, close = (target + _HAIR).ge(value), (target + near + _HAIR).ge(value)
    else:
        met, close = value.ge(target - _HAIR), value.ge(target - near - _HAIR)
    judged = when(met, "met", when(close, "near", "missed"))
    known = both(is_number(value), is_number(target))
    return Term(f'IF({known.text},{judged.text},"")', judged.value if known.value else "", judged.array)


#: What plain formulas cannot judge: money by customer, means, and shares too rare for a score interval.
NOT_JUDGED = "not judged"


@dataclass(frozen=True)
class Measured:
    """A figure in one period.

    Args:
        value: in its unit.
        base: how many answers or customers are behind it.
        interval: its own low and high, where it is an estimate.
    """

    value: Term
    base: Term
    interval: tuple[Term, Term] | None


def moved_words(metric: Metric, now: Measured, before: Measured, z: Term) -> Term:
    """The verdict of two samples, as CSM_CHANGE gives it: better, worse, no clear change, or not judged.

    Shares by Newcombe's interval, votes by Welch's t; of money counted in full the direction, which is a fact.
    """
    moved = now.value - before.value
    known = both(is_number(now.value), is_number(before.value))
    if metric.sample is Sample.TOTAL:
        judged = when(moved.gt(0), "rose", when(moved.lt(0), "fell", "stayed"))
    elif now.interval and before.interval:
        good, bad = ("better", "worse") if metric.better is Better.HIGHER else ("worse", "better")
        clear, sure = (_votes if metric.sample is Sample.VOTES else _shares)(metric, now, before, z)
        judged = when(sure, when(clear, when(moved.gt(0), good, bad), "no clear change"), NOT_JUDGED)
    else:
        judged = term(NOT_JUDGED)
    return Term(f'IF({known.text},{judged.text},"")', judged.value if known.value else "", judged.array)


def _root(of: Term) -> Term:
    return apply("SQRT", lambda value: value**0.5, of)


def _square(of: Term) -> Term:
    return of * of


def _shares(metric: Metric, now: Measured, before: Measured, z: Term) -> tuple[Term, Term]:
    """Whether Newcombe's interval leaves 0 out, and whether enough are expected for it to decide."""
    (low, high), (low_before, high_before) = now.interval, before.interval  # type: ignore[misc]
    moved, scale = now.value - before.value, 100 if metric.unit is POINTS else 1
    down = _root(_square(now.value - low) + _square(high_before - before.value))
    up = _root(_square(high - now.value) + _square(before.value - low_before))
    hits, all_ = (now.value * now.base + before.value * before.base) / scale, now.base + before.base
    expected = smallest(hits, all_ - hits) * smallest(now.base, before.base) / all_
    return either((moved - down).gt(0), (moved + up).lt(0)), expected.ge(FEW_EXPECTED)


def _votes(metric: Metric, now: Measured, before: Measured, z: Term) -> tuple[Term, Term]:
    """Whether Welch's t finds the adjusted scores apart, and whether neither interval is cut off at its scale."""
    (low, high), (low_before, high_before) = now.interval, before.interval  # type: ignore[misc]
    apart = (low + high - low_before - high_before) / 2
    half, half_before = _square((high - low) / 2), _square((high_before - low_before) / 2)
    both_halves = half + half_before
    df = _square(both_halves) / (_square(half) / (now.base + 2) + _square(half_before) / (before.base + 2))
    clear = (apply("ABS", abs, apart) * z).gt(_t(z, df) * _root(both_halves))
    whole = both(smallest(low, low_before).gt(-100), term(100).gt(largest(high, high_before)))
    return clear, whole


def _t(z: Term, df: Term) -> Term:
    """Student's t for a normal quantile: the expansion of Cornish and Fisher, as Excel's own truncates the degrees."""
    cube, fifth, seventh = z * z * z, z * z * z * z * z, z * z * z * z * z * z * z
    first = (cube + z) / (df * 4)
    second = (fifth * 5 + cube * 16 + z * 3) / (df * df * 96)
    third = (seventh * 3 + fifth * 19 + cube * 17 - z * 15) / (df * df * df * 384)
    return z + first + second + third

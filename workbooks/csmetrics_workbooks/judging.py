"""Words for figures: no data, met, near or missed."""

from csmetrics_core.spec import Better
from csmetrics_workbooks.formulas import NO_DATA
from csmetrics_workbooks.terms import Term, apply, both, is_number, when


def guarded(base: Term, value: Term) -> Term:
    """The value, or the words for none where there is nothing to compute it from."""
    return when(base.eq(0), NO_DATA, value)


_HAIR = 1e-9


def status(value: Term, target: Term, near: Term, better: Better) -> Term:
    """met, near or missed; nothing where there is no number. A hair of rounding is forgiven."""
    if better is Better.LOWER:
        met, close = (target + _HAIR).ge(value), (target + near + _HAIR).ge(value)
    else:
        met, close = value.ge(target - _HAIR), value.ge(target - near - _HAIR)
    judged = when(met, "met", when(close, "near", "missed"))
    known = is_number(value)
    return Term(f'IF({known.text},{judged.text},"")', judged.value if known.value else "", judged.array)


Interval = tuple[Term, Term]


def moved_words(moved: Term, now: Interval | None, before: Interval | None, better: Better) -> Term:
    """better, worse or unchanged; no real change where a move lies inside the margin of two intervals."""
    good, bad = ("better", "worse") if better is Better.HIGHER else ("worse", "better")
    judged = when(moved.gt(0), good, when(moved.lt(0), bad, "unchanged"))
    if now and before:
        halves = [(high - low) / 2 for low, high in (now, before)]
        margin = apply("SQRT", lambda value: value**0.5, halves[0] * halves[0] + halves[1] * halves[1])
        inside = margin.ge(apply("ABS", abs, moved))
        known = both(is_number(now[0]), is_number(before[0]))
        judged = when(known, when(inside, "no real change", judged), "")
    known = is_number(moved)
    return Term(f'IF({known.text},{judged.text},"")', judged.value if known.value else "", judged.array)

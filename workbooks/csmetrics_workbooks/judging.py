"""Words for figures: no data, met, near or missed."""

from csmetrics_core.spec import Better
from csmetrics_workbooks.formulas import NO_DATA
from csmetrics_workbooks.terms import Term, is_number, when


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

"""Words for figures: no data, met, near or missed."""

from csmetrics_core.spec import Better
from csmetrics_workbooks.formulas import NO_DATA
from csmetrics_workbooks.terms import Term, either, is_number, when


def guarded(base: Term, value: Term) -> Term:
    """The value, or the words for none where there is nothing to compute it from."""
    return when(base.eq(0), NO_DATA, value)


def status(value: Term, target: Term, near: Term, better: Better) -> Term:
    """met, near or missed; nothing where there is no number."""
    if better is Better.LOWER:
        met, close = (
            either(value.lt(target), value.eq(target)),
            either(value.lt(target + near), value.eq(target + near)),
        )
    else:
        met, close = value.ge(target), value.ge(target - near)
    judged = when(met, "met", when(close, "near", "missed"))
    known = is_number(value)
    return Term(f'IF({known.text},{judged.text},"")', judged.value if known.value else "", judged.array)

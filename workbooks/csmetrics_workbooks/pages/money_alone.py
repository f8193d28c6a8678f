"""The customer behind more than half of all movement, and the verdict without it, by the spread between customers."""

import numpy as np

from csmetrics_core.declaration.catalog import CATALOG
from csmetrics_core.declaration.spec import Better
from csmetrics_core.maths.inference import ALPHA, t_p_value
from csmetrics_core.maths.intervals import FEWEST_CHANGED
from csmetrics_core.maths.verdicts import BETTER, NO_CLEAR_CHANGE, WORSE
from csmetrics_workbooks.kit.sheet import Page
from csmetrics_workbooks.kit.tables import Table, numbers_of
from csmetrics_workbooks.kit.terms import Term, apply, both, largest, term, total, when
from csmetrics_workbooks.kit.wording import rounded

#: Rows of the page Workings.
_AT = 148


def alone(work: Page, table: Table, columns: tuple[str, str, str, str], name: Term, own: Term) -> Term:
    """The sentence about the largest, or nothing.

    Args:
        work: the page Workings.
        table: of revenue.
        columns: its computed columns of what each customer pays before and now, of what it moved, and of its place
            among those that moved most.
        name, own: who moved most, and by how much.
    """
    work.headers(_AT, ["Without the largest", "Figure"], right=(1,), height=18)

    def note(offset: int, words: str, value: Term) -> Term:
        work.put(_AT + offset, 0, words, work.looks.words())
        return work.put(_AT + offset, 1, value, work.looks.number("0.0000"))

    before, now, moved, place = (numbers_of(table, header) for header in columns)
    # Left out of the sums, not taken from them: the fourth power of a slip of the keyboard would drown the others.
    others = Term(f"({place.text}<>1)", place.value != 1, True)
    there = (_not_zero(before) + _not_zero(now)).gt(0) * others
    movement = note(1, "Movement of all customers, whatever its direction", total(sizes(moved)))
    changed = note(2, "Other customers that moved", total(_not_zero(moved)) - 1)
    count = note(3, "Other customers there", total(there))
    enough = both(changed.ge(FEWEST_CHANGED), count.gt(1))
    change = note(4, "Their change", rounded(total(moved) - own))
    mean = note(5, "Their change, a customer", when(enough, change / count, 0))
    apart = moved - mean
    squares = note(6, "Squares about it", total(there * apart**2))
    fourths = note(7, "Fourth powers about it", total(there * apart**4))
    spread = both(enough, squares.gt(0))
    inverse = largest(fourths / (squares * squares) - term(1) / count, term(2) / (count - 1))
    degrees = note(8, "Degrees of freedom", when(spread, largest(1, term(2) / inverse), 1))
    error = note(9, "Standard error", when(spread, _root(count / (count - 1) * squares), 1))
    chance = note(10, "Chance of so large a change", when(spread, _t_chance(change / error, degrees), 1))
    up, down = (BETTER, WORSE) if CATALOG["mrr"].better is Better.HIGHER else (WORSE, BETTER)
    verdict = when(chance.gt(ALPHA), NO_CLEAR_CHANGE, when(change.gt(0), up, down))
    words = name.joined(term(" alone is more than half of all movement; without it: "), verdict, term(". "))
    return note(11, "In words", when(both((apply("ABS", abs, own) * 2).gt(movement), changed.gt(0)), words, ""))


def sizes(column: Term) -> Term:
    """ABS of every number of a column."""
    return Term(f"ABS({column.text})", np.abs(column.value), True)


def _not_zero(column: Term) -> Term:
    return Term(f"(({column.text}<>0)*1)", (column.value != 0).astype(float), True)


def _t_chance(t: Term, degrees: Term) -> Term:
    """Two-sided; by the beta distribution, as Excel's own of Student's t truncates the degrees."""
    at = degrees / (degrees + t * t)
    text = f"BETADIST({at.text},{degrees.text}/2,0.5)"
    return Term(text, float(t_p_value(t.value, degrees.value)), at.array)


def _root(of: Term) -> Term:
    return apply("SQRT", lambda value: value**0.5, of)

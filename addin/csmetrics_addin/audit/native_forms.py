"""Metrics written in plain spreadsheet functions, told from the tree of a formula: `spell` read backwards."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from itertools import combinations
from typing import NamedTuple

from csmetrics_addin.audit.naming import expanded
from csmetrics_addin.audit.syntax import Node, NotRecomputed, Part, parse
from csmetrics_addin.audit.tutorial_forms import nps_formulas
from csmetrics_core import CATALOG
from csmetrics_core.declaration.native import Where, spell, spell_value
from csmetrics_core.declaration.spec import Metric

#: Stands before the name of an argument where a plain form is spelled to be looked for.
_SLOT = "\ue000"
_ROWS, _EQUALS = "where_rows", "where_equals"
#: Fewer different constants and a formula is anybody's: B2/C2, (B2-C2)/C2, SUMIFS(A:A,A:A,">=0")/B1.
_FEWEST_CONSTANTS = 3
_CONSTANTS = (Part.NUMBER, Part.TEXT, Part.LOGICAL, Part.ERROR)
_NUMBER = r"(?<![\w.$])(?:\d+\.?\d*|\.\d+)(?:E[+-]?\d+)?(?![\w(])"
_MARKS = re.compile(rf'"[^"]*"|{_NUMBER}|[A-Z][A-Z0-9.]*(?=\()', re.IGNORECASE)


@dataclass(frozen=True)
class Form:
    """One way a metric is written without the add-in.

    Args:
        metric: which.
        tree: the formula, its arguments as slots.
        given: the arguments it takes.
        marks: functions and constants it cannot be without.
        fixed: how many of its pieces are no arguments.
        divisor: 100 where the formula gives a fraction of what the metric gives in points.
    """

    metric: Metric
    tree: Node
    given: tuple[str, ...]
    marks: frozenset[str]
    fixed: int
    divisor: float = 1.0


class _Spelled(NamedTuple):
    """A form as it is written, before it is read: most workbooks need few of them.

    Args:
        metric, given, marks, divisor: as in Form.
        formula: with its equals sign.
        is_bare: it stands without its guards, and must say enough to be known by.
    """

    metric: Metric
    formula: str
    given: tuple[str, ...]
    marks: frozenset[str]
    is_bare: bool = False
    divisor: float = 1.0


@lru_cache(maxsize=1)
def _spelled() -> tuple[_Spelled, ...]:
    """Every form of every metric that has one."""
    found = [form for metric in CATALOG.values() if metric.native for form in _forms(metric)]
    return (*found, *_tutorials())


def _forms(metric: Metric) -> Iterator[_Spelled]:
    """With the guards, and without them."""
    optional = [a.name for a in metric.arguments if not a.required]
    for count in range(len(optional) + 1):
        for left_out in combinations(optional, len(optional) - count):
            given = tuple(name for name in metric.names if name not in left_out)
            words = {name: _SLOT + name for name in given}
            for where in (None, Where(_SLOT + _ROWS, _SLOT + _EQUALS)):
                guarded, bare = spell(metric, words, where), spell_value(metric, words, where)
                if guarded is None or bare is None or (where and _SLOT + _ROWS not in guarded):
                    continue
                yield _Spelled(metric, f"={guarded}", given, _marks(guarded))
                yield _Spelled(metric, f"={bare}", given, _marks(bare), is_bare=True)


def _tutorials() -> Iterator[_Spelled]:
    """NPS as people copy it from tutorials, right or wrong."""
    metric = next(one for one in CATALOG.values() if one.excel_name == "NPS")
    (scores,) = [a.name for a in metric.arguments if a.required]
    for formula, in_points in nps_formulas(_SLOT + scores, _SLOT + "others"):
        yield _Spelled(metric, formula, (scores,), _marks(formula), divisor=1.0 if in_points else 100.0)


@cache
def _read(place: int) -> Form | None:
    """The form at a place of all as a tree; None where it has too few constants to be known by."""
    form = _spelled()[place]
    tree = _plain(expanded(parse(form.formula)))
    pieces = [piece for piece in _pieces(tree) if not _is_slot(piece)]
    constants = {(piece.part, piece.value) for piece in pieces if piece.part in _CONSTANTS}
    if form.is_bare and len(constants) < _FEWEST_CONSTANTS:
        return None
    return Form(form.metric, tree, form.given, form.marks, len(pieces), form.divisor)


def _marks(formula: str) -> frozenset[str]:
    """The functions and constants in a formula, as far as they can be seen without reading it."""
    return frozenset(_mark(found) for found in _MARKS.findall(formula))


def _mark(word: str) -> str:
    word = word.upper()
    if word[0].isdigit() or word[0] == ".":
        return repr(float(word))
    word = word.removeprefix("XLFN.").removeprefix("XLWS.")  # what Excel writes before newer functions
    return _PLURAL.get(word, word)


#: Functions that say the same with one criterion.
_PLURAL = {"COUNTIF": "COUNTIFS", "SUMIF": "SUMIFS"}


def _plain(node: Node) -> Node:
    """COUNTIF and SUMIF as the functions that take several criteria."""
    inside = tuple(_plain(one) for one in node.inside)
    if node.part is Part.CALL and node.value in _PLURAL:
        if node.value == "SUMIF":  # the cells summed stand last here and first there
            inside = (inside[2] if len(inside) > 2 else inside[0], *inside[:2])
        return Node(Part.CALL, _PLURAL[node.value], inside)
    return replace(node, inside=inside)


def _pieces(node: Node) -> Iterator[Node]:
    """A tree's pieces."""
    yield node
    for one in node.inside:
        yield from _pieces(one)


def _is_slot(node: Node) -> bool:
    return node.part is Part.REFERENCE and node.value.startswith(_SLOT)


def recognised(formula: str) -> tuple[Node, tuple[str, ...]] | None:
    """A formula with each plain form in it replaced by the call it stands for, and whose forms they are.

    Args:
        formula: with its equals sign.

    Returns:
        The tree and the names of the metrics, several joined by "or" where they are written alike; None where the
        formula holds no plain form.

    Example:
        >>> recognised('=ROUND(100*(COUNTIF(A2:A9,">=9")-COUNTIF(A2:A9,"<=6"))/COUNTIF(A2:A9,">=0"),1)')[1]
        ('NPS',)
        >>> recognised("=B2/C2") is None
        True
    """
    possible = _possible(_marks(formula))
    if not possible:
        return None
    try:
        tree = _plain(expanded(parse(formula)))
    except NotRecomputed:
        return None
    names: dict[str, None] = {}
    tree = _replaced(tree, possible, names)
    return (tree, tuple(names)) if names else None


@lru_cache(maxsize=1024)
def _possible(marks: frozenset[str]) -> tuple[Form, ...]:
    """The forms a formula with these marks may hold; those that say most first."""
    places = [place for place, one in enumerate(_spelled()) if one.marks <= marks]
    found = [form for form in map(_read, places) if form is not None]
    return tuple(sorted(found, key=lambda form: -form.fixed))


def _replaced(node: Node, possible: tuple[Form, ...], names: dict[str, None]) -> Node:
    """The largest pieces that are a plain form, replaced."""
    calls: dict[str, Node] = {}
    said = 0
    for form in possible:
        bound: dict[str, Node] = {}
        if form.fixed >= said and form.metric.excel_name not in calls and _fits(form.tree, node, bound):
            calls[form.metric.excel_name] = _call(form, bound)
            said = form.fixed  # a form that says less is another's with an argument where this one has a formula
    if calls:
        names.setdefault(" or ".join(calls))
        alternatives = tuple(calls.values())
        return alternatives[0] if len(alternatives) == 1 else Node(Part.ANY_OF, None, alternatives)
    return replace(node, inside=tuple(_replaced(one, possible, names) for one in node.inside))


def _fits(form: Node, node: Node, bound: dict[str, Node]) -> bool:
    """Whether a piece of a formula is a form; every slot holds the same wherever it stands."""
    if _is_slot(form):
        return _alike(bound.setdefault(form.value[len(_SLOT) :], node), node)
    if form.part is not node.part or form.value != node.value or len(form.inside) != len(node.inside):
        return False
    return all(_fits(a, b, bound) for a, b in zip(form.inside, node.inside, strict=True))


def _alike(one: Node, other: Node) -> bool:
    """Whether two pieces say the same; $ signs and case say nothing."""
    if one is other:
        return True
    if one.part is not other.part or len(one.inside) != len(other.inside):
        return False
    if one.part is Part.REFERENCE:
        return _reference(one) == _reference(other)
    return one.value == other.value and all(map(_alike, one.inside, other.inside))


def _reference(node: Node) -> str:
    return str(node.value).replace("$", "").upper()


def _call(form: Form, bound: dict[str, Node]) -> Node:
    """The call of ours a form stands for."""
    words = []
    for argument in form.metric.arguments:
        word = bound[argument.name] if argument.name in form.given else Node(Part.OMITTED, None)
        if _ROWS in bound and argument.is_range and argument.name in form.given:
            word = _inside(word, bound[_ROWS], bound[_EQUALS])
        words.append(word)
    while words and words[-1].part is Part.OMITTED:
        words.pop()
    call = Node(Part.CALL, form.metric.excel_name, tuple(words))
    return call if form.divisor == 1 else Node(Part.OPERATOR, "/", (call, Node(Part.NUMBER, form.divisor)))


def _inside(cells: Node, rows: Node, equals: Node) -> Node:
    """The cells of the rows taken; blank elsewhere, and where they are blank."""
    nothing = Node(Part.TEXT, "")
    taken = Node(Part.OPERATOR, "=", (rows, equals))
    filled = Node(Part.OPERATOR, "<>", (cells, nothing))
    return Node(Part.CALL, "IF", (Node(Part.OPERATOR, "*", (taken, filled)), cells, nothing))

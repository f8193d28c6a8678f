"""Why NPS moved by segment, in plain formulas and in the words of CSM_WHY: shares, rates, and what chance leaves open.

Each answer stands on its own, as in the readings of the page Voice.
"""

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

from csmetrics_core.declaration.spec import COUNT, POINTS, PROBABILITY
from csmetrics_core.maths.inference import ALPHA, t_p_value
from csmetrics_core.maths.intervals import critical_value
from csmetrics_core.metrics.about import SMALL_N
from csmetrics_workbooks.kit.book import SEGMENT_ROOM, Book
from csmetrics_workbooks.kit.sheet import Page
from csmetrics_workbooks.kit.tables import countifs
from csmetrics_workbooks.kit.terms import Term, apply, both, either, largest, smallest, term, when

#: Rows of the page Workings: a segment a row, those of no listed one after them, then all.
_AT = 60
_ROWS = SEGMENT_ROOM + 1
_ALL = _AT + 1 + _ROWS
_HEADS = (
    "NPS by segment", "Answers before", "Promoters before", "Detractors before", "Answers now", "Promoters now",
    "Detractors now", "Share before", "Share now", "NPS before / 100", "NPS now / 100", "Variance before",
    "Variance now", "Mix", "Rate", "Standard error", "p", "Tested", "Place", "p by its place", "p, Holm",
)  # fmt: skip
_Z = critical_value(1 - ALPHA)


@dataclass(frozen=True)
class _Effects:
    """What a segment adds, in hundredths of points.

    Args:
        shares, scores, variances: before and now.
        mix, rate, error: what it adds, and the standard error of the latter.
        p, tested: of its rate.
    """

    shares: tuple[Term, Term]
    scores: tuple[Term, Term]
    variances: tuple[Term, Term]
    mix: Term
    rate: Term
    error: Term
    p: Term
    tested: Term


@dataclass(frozen=True)
class Row(_Effects):
    """A segment.

    Args:
        name: empty where there are fewer.
        answers: before and now.
        adjusted: p after Holm.
    """

    name: Term
    answers: tuple[Term, Term]
    adjusted: Term


@dataclass(frozen=True)
class Effect:
    """A sum of effects with its interval."""

    change: Term
    low: Term
    high: Term


@dataclass(frozen=True)
class Votes:
    """The account: the segments, all answers, the two sums and the change as a test."""

    rows: list[Row]
    answers: tuple[Term, Term]
    scores: tuple[Term, Term]
    mix: Effect
    rate: Effect
    total: Effect
    p: Term


def votes(book: Book) -> Votes:
    """Write the account of the change of NPS against the prior period, for the segment chosen."""
    work = book.pages["Workings"]
    work.headers(_AT, _HEADS, right=range(1, len(_HEADS)), height=44)
    counts = _counts(book, work)
    (n0, p0, d0, n1, p1, d1) = counts[-1]
    some = (n0 * n1).gt(0)
    look = work.looks.number("0.0000")
    before, now = (
        work.put(_ALL, 9 + k, when(some, (p - d) / n, 0), look)
        for k, (n, p, d) in enumerate(((n0, p0, d0), (n1, p1, d1)))
    )
    scores = before, now
    started = [_effects(work, _AT + 1 + k, row, (n0, n1), scores, some) for k, row in enumerate(counts[:-1])]
    names = [work.cell(_AT + 1 + k, 0, name) for k, name in enumerate(_names(book, work, counts[:-1]))]
    adjusted = _holm(work, [one.p for one in started], [one.tested for one in started])
    rows = [
        Row(**vars(one), name=name, answers=(row[0], row[3]), adjusted=after)
        for name, row, one, after in zip(names, counts[:-1], started, adjusted, strict=True)
    ]
    mix, rate = _sums(work, rows, (n0, n1), some)
    total, p = _tested(work, counts[-1], scores, some)
    return Votes(rows, (n0, n1), scores, mix, rate, total, p)


def _counts(book: Book, work: Page) -> list[tuple[Term, ...]]:
    """Answers, promoters and detractors of each segment, before and now; the last row is of all."""
    table = book.tables["Responses"]
    nps, look = table.column("NPS"), work.looks.number(COUNT)
    bands = ((0, 10), (9, 10), (0, 6))

    def counted(column: Term, number: int) -> list[Term]:
        return [countifs((nps, ">=", low), (nps, "<=", high), (column, "=", number)) for low, high in bands]

    whole = [
        work.put(_ALL, 1 + k, one, look)
        for k, one in enumerate(counted(table.column("Period"), 2) + counted(table.column("Period"), 1))
    ]
    rows = []
    for place, cell in enumerate(book.segment_cells(), 1):
        wanted = either(book.segment.eq("All"), book.segment.eq(Term(f'{cell.text}&""', cell.value or "")))
        found = counted(table.column("Segment before"), place) + counted(table.column("Segment now"), place)
        rows.append(tuple(work.put(_AT + place, 1 + k, when(wanted, one, 0), look) for k, one in enumerate(found)))
    rest = []
    for k, one in enumerate(whole):
        cells = [row[k] for row in rows]
        area = f"{cells[0].text}:{cells[-1].text.rpartition('!')[2]}"
        rest.append(work.put(_ALL - 1, 1 + k, one - Term(f"SUM({area})", sum(c.value for c in cells)), look))
    work.put(_ALL, 0, "All", work.looks.words())
    return [*rows, tuple(rest), tuple(whole)]


def _names(book: Book, work: Page, counts: list[tuple[Term, ...]]) -> list[str]:
    """Write the segments that have answers; returns what stands there."""
    found = []
    for k, (cell, row) in enumerate(zip([*book.segment_cells(), term("(blank)")], counts, strict=True)):
        label = Term(f'{cell.text}&""', cell.value or "")
        shown = work.put(_AT + 1 + k, 0, when((row[0] + row[3]).gt(0), label, ""), work.looks.words())
        found.append(shown.value)
    return found


def _effects(
    work: Page, at: int, row: tuple[Term, ...], alls: tuple[Term, Term], totals: tuple[Term, ...], some: Term
) -> _Effects:
    look = work.looks.number("0.0000")
    sides = (row[:3], row[3:])
    shares = [
        work.put(at, 7 + k, when(some, side[0] / n, 0), look)
        for k, (side, n) in enumerate(zip(sides, alls, strict=True))
    ]
    own = [when(n.gt(0), (p - d) / n, 0) for n, p, d in sides]
    scores = [work.put(at, 9 + k, when(sides[k][0].gt(0), own[k], own[1 - k]), look) for k in range(2)]
    variances = [
        work.put(at, 11 + k, when(n.gt(0), (p + d + 1.5) / (n + 3) - ((p - d) / (n + 3)) ** 2, 0), look)
        for k, (n, p, d) in enumerate(sides)
    ]
    there = (row[0] * row[3]).gt(0)
    mean, moved = (shares[0] + shares[1]) / 2, scores[1] - scores[0]
    mix = (shares[1] - shares[0]) * ((scores[0] + scores[1]) / 2 - (totals[0] + totals[1]) / 2)
    mix = work.put(at, 13, mix, look)
    rate = work.put(at, 14, mean * moved, look)
    chance = mean**2 * (variances[0] / row[0] + variances[1] / row[3])
    sizes = shares[0] * (term(1) - shares[0]) / alls[0] + shares[1] * (term(1) - shares[1]) / alls[1]
    error = work.put(at, 15, when(there, _root(chance + moved**2 / 4 * sizes), 0), look)
    far = apply("ABS", abs, rate / error)
    p = work.put(at, 16, when(error.gt(0), _two_sided(far), 1), work.looks.number(PROBABILITY))
    enough = both(smallest(row[0], row[3]).ge(SMALL_N), there)
    tested = work.put(at, 17, when(enough, 1, 0), work.looks.number(COUNT))
    return _Effects(
        (shares[0], shares[1]), (scores[0], scores[1]), (variances[0], variances[1]), mix, rate, error, p, tested
    )


def _two_sided(far: Term) -> Term:
    value = far.value if isinstance(far.value, str) else 2 * NormalDist().cdf(-far.value)
    return Term(f"2*NORMSDIST(-{far.text})", value)


def _holm(work: Page, p: list[Term], tested: list[Term]) -> list[Term]:
    """Adjusted for how many segments are tested; 1 where one is not."""

    ps, ts, places = (_span(letter, work.prefix) for letter in "QRT")
    made = sum(one.value for one in tested)
    stepped, out = [], []
    for k, (one, here) in enumerate(zip(p, tested, strict=True)):
        before = sum(t.value for q, t in zip(p, tested, strict=True) if q.value < one.value)
        place = work.put(_AT + 1 + k, 18, Term(f"SUM(({ps}<{one.text})*{ts})", before, True), work.looks.number(COUNT))
        left = Term(f"SUM({ts})", made) - place
        stepped.append(
            work.put(_AT + 1 + k, 19, when(here.eq(1), smallest(1, left * one), 0), work.looks.number(PROBABILITY))
        )
    for k, (one, here) in enumerate(zip(p, tested, strict=True)):
        found = max((s.value for s, q in zip(stepped, p, strict=True) if q.value <= one.value), default=0)
        most = Term(f"MAX(({ps}<={one.text})*{places})", found, True)
        out.append(work.put(_AT + 1 + k, 20, when(here.eq(1), most, 1), work.looks.number(PROBABILITY)))
    return out


def _sums(work: Page, rows: list[Row], alls: tuple[Term, Term], some: Term) -> tuple[Effect, Effect]:
    """Mix and rates over all segments, with intervals: what a segment's share and its own score leave to chance."""
    squares = {"mix": [term(0), term(0)], "rate": [term(0), term(0)]}
    look, at = work.looks.number("0.000000"), _ALL + 2
    work.headers(
        at, ["Sums over segments", "Mix before", "Mix now", "Rate before", "Rate now"], right=range(1, 5), height=18
    )
    lines = ("Mean of squared reactions to its share", "Mean reaction to its share", "Variance of its score, weighed")
    for k, words in enumerate(lines, 1):
        work.put(at + k, 0, words, work.looks.words())
    for place, kind in enumerate(("mix", "rate")):
        for side in range(2):
            first, second, third = _moments(rows, kind, side)
            cells = [
                work.put(at + k, 1 + 2 * place + side, one, look) for k, one in enumerate((first, second, third), 1)
            ]
            squares[kind][side] = (cells[0] - cells[1] * cells[1] + cells[2]) / alls[side]
    out = []
    for k, kind in enumerate(("mix", "rate")):
        parts = [getattr(row, kind) for row in rows]
        area = f"{parts[0].text}:{parts[-1].text.rpartition('!')[2]}"
        change = Term(f"SUM({area})", sum(part.value for part in parts)) * 100
        change = Term(f"ROUND({change.text},10)", round(change.value, 10))
        reach = when(some, _root(squares[kind][0] + squares[kind][1]) * (100 * _Z), 0)
        out.append(_effect(work, at + 5 + k, kind.capitalize(), change, reach))
    return out[0], out[1]


def _effect(work: Page, row: int, words: str, change: Term, reach: Term) -> Effect:
    look = work.looks.number(POINTS)
    work.put(row, 0, f"{words}: points, low, high", work.looks.words())
    change = work.put(row, 1, change, look)
    return Effect(change, work.put(row, 2, change - reach, look), work.put(row, 3, change + reach, look))


def _span(letter: str, sheet: str = "") -> str:
    """A column of the segments."""
    return f"{sheet}${letter}${_AT + 2}:${letter}${_ALL}"


def _moments(rows: list[Row], kind: str, side: int) -> tuple[Term, Term, Term]:
    """Σwa², Σwa and Σwb²v of one side, summed over the segments' cells."""
    w, v, other = "HI"[side], "LM"[side], "HI"
    there = f"({_span('B')}*{_span('E')}>0)"
    mean_score, moved = f"(({_span('J')}+{_span('K')})/2)", f"({_span('K')}-{_span('J')})"
    shift, bar = f"({_span(other[1])}-{_span(other[0])})", f"(({_span('H')}+{_span('I')})/2)"
    reaction = mean_score if kind == "mix" else f"({moved}/2)"
    own = f"({shift}*IF({there},0.5,1))" if kind == "mix" else f"({bar}*{there})"
    divided = f"IF({_span(w)}>0,{own}^2*{_span(v)}/IF({_span(w)}>0,{_span(w)},1),0)"
    values = []
    for row in rows:
        share, both_there = row.shares[side].value, row.answers[0].value * row.answers[1].value > 0
        (s0, s1), (w0, w1) = (one.value for one in row.scores), (one.value for one in row.shares)
        a = (s0 + s1) / 2 if kind == "mix" else (s1 - s0) / 2
        b = (w1 - w0) * (0.5 if both_there else 1.0) if kind == "mix" else (w0 + w1) / 2 * both_there
        values.append((share * a * a, share * a, b * b * row.variances[side].value / share if share > 0 else 0.0))
    texts = (f"SUM({_span(w)}*{reaction}^2)", f"SUM({_span(w)}*{reaction})", f"SUM({divided})")
    return tuple(  # type: ignore[return-value]
        Term(text, sum(value[k] for value in values), True) for k, text in enumerate(texts)
    )


def _tested(work: Page, whole: tuple[Term, ...], scores: tuple[Term, ...], some: Term) -> tuple[Effect, Term]:
    """The change of NPS: Welch's t on the adjusted votes, with n + 2 degrees of freedom a sample."""
    from scipy.special import betaincinv

    at = _ALL + 10
    work.headers(at, ["NPS against the prior period", "Figure"], right=(1,), height=18)

    def note(offset: int, words: str, value: Term) -> Term:
        work.put(at + offset, 0, words, work.looks.words())
        return work.put(at + offset, 1, when(some, value, 0), work.looks.number("0.000000"))

    centres, errors = [], []
    for k, (n, p, d) in enumerate((whole[:3], whole[3:])):
        centre = (p - d) / (n + 3)
        centres.append(centre)
        errors.append(
            note(
                1 + k,
                ("Squared error before", "Squared error now")[k],
                ((p + d + 1.5) / (n + 3) - centre * centre) / (n + 3),
            )
        )
    apart = note(3, "Adjusted scores apart", centres[1] - centres[0])
    degrees = note(
        4,
        "Degrees of freedom",
        (errors[0] + errors[1]) ** 2 / (errors[0] ** 2 / (whole[0] + 2) + errors[1] ** 2 / (whole[3] + 2)),
    )
    error = note(5, "Standard error", _root(errors[0] + errors[1]))
    inner = degrees / (degrees + (apart / error) ** 2)
    chance = t_p_value(apart.value / error.value, degrees.value) if some.value else 1.0
    p = note(6, "p", Term(f"BETADIST({inner.text},{degrees.text}/2,0.5)", float(chance)))
    share = float(betaincinv(degrees.value / 2, 0.5, ALPHA)) if some.value else 1.0
    quantile = Term(f"BETAINV({ALPHA},{degrees.text}/2,0.5)", share)
    reach = note(7, "Half of the interval", _root(degrees * (term(1) / quantile - 1)) * error)
    change = scores[1] - scores[0]
    low, high = largest(-2, smallest(apart - reach, change)) * 100, smallest(2, largest(apart + reach, change)) * 100
    look = work.looks.number(POINTS)
    work.put(at + 8, 0, "Change: points, low, high", work.looks.words())
    cells = [
        work.put(at + 8, 1 + k, one, look)
        for k, one in enumerate((Term(f"ROUND(100*({change.text}),10)", round(100 * change.value, 10)), low, high))
    ]
    return Effect(*cells), p


def _root(of: Term) -> Term:
    return apply("SQRT", sqrt, of)

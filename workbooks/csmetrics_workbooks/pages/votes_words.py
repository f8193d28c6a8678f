"""The account of NPS in words, as CSM_WHY says it: the verdict, the larger part, the other part, and a warning."""

from collections.abc import Callable

import numpy as np

from csmetrics_core.declaration.catalog import CATALOG
from csmetrics_core.maths.inference import ALPHA, Tested
from csmetrics_core.metrics.why_words import bounds
from csmetrics_workbooks.kit.sheet import Page
from csmetrics_workbooks.kit.terms import Term, apply, both, either, term, when
from csmetrics_workbooks.kit.wording import as_said, spelt
from csmetrics_workbooks.pages.votes_moved import Effect, Row, Votes

#: Rows of the page Workings.
_AT = 96
_NPS = CATALOG["nps"]


def sentence(work: Page, found: Votes) -> Term:
    """The sentence, or why there is none; its parts stand on the page Workings."""
    work.headers(_AT, ["Why NPS moved, in words", "Rounded", "Words"], right=(1,), height=18)
    rows = iter(range(_AT + 1, _AT + 30))

    def note(words: str, value: Term) -> Term:
        row = next(rows)
        work.put(row, 0, words, work.looks.words())
        return work.put(row, 2, value, work.looks.words(text_wrap=False))

    def number(words: str, value: Term, *, signed: bool = False) -> Term:
        row = next(rows)
        work.put(row, 0, words, work.looks.words())
        cell = work.put(row, 1, as_said(value), work.looks.number("0.00"))
        return work.put(row, 2, spelt(cell, signed=signed), work.looks.words())

    total = found.total
    clear = both(Term(f"{found.p.text}<={ALPHA}", found.p.value <= ALPHA), either(total.low.gt(0), total.high.lt(0)))
    ends = number("NPS before", found.scores[0] * 100).joined(
        term(" to "), number("NPS now", found.scores[1] * 100), term(" (")
    )
    change = number("Change", total.change, signed=True)
    moved = when(total.change.gt(0), "NPS rose from ", "NPS fell from ")
    reach = {name: note(f"Interval of {name}", _bounds(one)) for name, one in _effects(found).items()}
    rose = moved.joined(ends, change, term("; clear, "), reach["the change"], term("). "))
    went = term("NPS went from ").joined(ends, change, term(", no clear change: "), reach["the change"], term("). "))
    sizes = {
        name: number(f"Size of {name}", one.change) for name, one in _effects(found).items() if name != "the change"
    }
    noise = {
        name: when(either(one.low.gt(0), one.high.lt(0)), "", ", within noise") for name, one in _effects(found).items()
    }
    told = {name: sizes[name].joined(term(" ("), reach[name], noise[name], term(")")) for name in sizes}
    unclear = went.joined(
        term("That may be chance, and so may its parts: rates within the segments "), told["rates"],
        term(", mix "), told["mix"], term("."),
    )  # fmt: skip
    mix = note("Mix", _mix(note, number, found, reach["mix"], noise["mix"]))
    rates = note("Rates", _rates(note, number, found, reach["rates"], noise["rates"]))
    ordered = when(
        _size(found.mix.change).ge(_size(found.rate.change)), mix.joined(term(" "), rates), rates.joined(term(" "), mix)
    )
    clearly = rose.joined(ordered)
    said = note("All", when(clear, clearly, unclear).joined(_paradox(found)))
    known = (found.answers[0] * found.answers[1]).gt(0)
    return note("Sentence", when(known, said, _NOBODY))


_NOBODY = "No account: nobody answered in this period, or in the one before."


def _effects(found: Votes) -> dict[str, Effect]:
    return {"the change": found.total, "rates": found.rate, "mix": found.mix}


def _bounds(one: Effect) -> Term:
    """Low to high, with as many decimals as help; +0 as a rounded -0.04 is not to read -0."""
    ends = [
        f"IF(ABS({end.text})>=10,FIXED({end.text},0),"
        f"FIXED(ROUND({end.text},1)+0,IF(ROUND({end.text},1)=ROUND({end.text},0),0,1)))"
        for end in (one.low, one.high)
    ]
    nan = float("nan")
    value = bounds(_NPS, Tested(0, one.low.value, one.high.value, nan, nan, ""))
    return Term(f'{ends[0]}&" to "&{ends[1]}', value)


def _size(of: Term) -> Term:
    return apply("ABS", abs, of)


def _percent(share: Term) -> Term:
    return Term(f'FIXED(100*{share.text},0)&" %"', f"{100 * share.value:.0f} %")


def _place(effects: list[Term]) -> Term:
    """Which of the segments did most."""
    area = f"{effects[0].text}:{effects[-1].text.rpartition('!')[2]}"
    at = int(np.argmax([abs(one.value) for one in effects])) + 1
    return Term(f"MATCH(MAX(ABS({area})),ABS({area}),0)", at, True)


def _at(cells: list[Term], place: Term) -> Term:
    area = f"{cells[0].text}:{cells[-1].text.rpartition('!')[2]}"
    return Term(f"INDEX({area},{place.text})", cells[place.value - 1].value)


def _absent(rows: list[Row]) -> Term:
    """Segments that are gone, and those that are new."""
    told = [
        when(both(row.answers[gone].gt(0), row.answers[1 - gone].eq(0)), term(" and ").joined(row.name, term(word)), "")
        for gone, word in ((0, " is gone"), (1, " is new"))
        for row in rows
    ]
    joined = told[0].joined(*told[1:])
    return Term(f"MID({joined.text},6,999)", joined.value[5:])


def _mix(note: Callable[..., Term], number: Callable[..., Term], found: Votes, reach: Term, noise: Term) -> Term:
    place = note("The segment whose share did most", _place([row.mix for row in found.rows]))
    name, before, now = (
        _at(cells, place)
        for cells in (
            [row.name for row in found.rows],
            [row.shares[0] for row in found.rows],
            [row.shares[1] for row in found.rows],
        )
    )
    absent = note("Segments gone or new", _absent(found.rows))
    size = number("Size of mix, unsigned", _size(found.mix.change))
    went = name.joined(term(" went from "), _percent(before), term(" to "), _percent(now), term(" of the answers"))
    start = when(found.mix.change.gt(0), "Mix gave ", "Mix took ").joined(
        size, term(" points ("), reach, term(")"), noise
    )
    told = start.joined(term(": "), when(absent.eq(""), went, absent), term("."))
    return when(found.mix.change.eq(0), "Mix changed nothing.", told)


def _rates(note: Callable[..., Term], number: Callable[..., Term], found: Votes, reach: Term, noise: Term) -> Term:
    place = note("The segment whose rate did most", _place([row.rate for row in found.rows]))
    name, effect, p = (
        _at(cells, place)
        for cells in (
            [row.name for row in found.rows],
            [row.rate for row in found.rows],
            [row.adjusted for row in found.rows],
        )
    )
    own = number("What it added", effect * 100, signed=True)
    most = when(p.gt(ALPHA), "", term(", most in ").joined(name, term(" ("), own, term(")")))
    size = number("Size of rates, unsigned", _size(found.rate.change))
    changed = [when((row.answers[0] * row.answers[1]).eq(0), row.answers[0] + row.answers[1], 0) for row in found.rows]
    some = changed[0]
    for one in changed[1:]:
        some = some + one
    stayed = note("Which segments", when(some.gt(0), "Within the segments that stayed", "Within the segments"))
    verb = when(found.rate.change.gt(0), " it rose ", " it fell ")
    told = stayed.joined(verb, size, term(" points ("), reach, term(")"), noise, most, term("."))
    return when(found.rate.change.eq(0), "Within the segments nothing moved.", told)


def _paradox(found: Votes) -> Term:
    """Every segment moved one way and the total the other."""
    there = [when((row.answers[0] * row.answers[1]).gt(0), 1, 0) for row in found.rows]
    against = [
        here * when(((row.scores[1] - row.scores[0]) * found.total.change).lt(0), 1, 0)
        for row, here in zip(found.rows, there, strict=True)
    ]
    counts = []
    for one in (there, against):
        so_far = one[0]
        for more in one[1:]:
            so_far = so_far + more
        counts.append(so_far)
    total_fell = found.total.change.lt(0)
    words = when(total_fell, "Every segment rose while the total fell", "Every segment fell while the total rose")
    all_of_them = both(counts[0].gt(0), counts[0].eq(counts[1]))
    return when(all_of_them, term(" ").joined(words, term(": read the segments, not the total.")), "")

"""The change of MRR by segment, and how much of it is volume, mix and price, in plain formulas as MRR_WHY has it."""

from dataclasses import dataclass

from csmetrics_core.declaration.spec import COUNT, MONEY
from csmetrics_workbooks.kit.book import SEGMENT_ROOM, Book
from csmetrics_workbooks.kit.sheet import Page
from csmetrics_workbooks.kit.tables import Table, numbers_of
from csmetrics_workbooks.kit.terms import Term, either, term, total, when
from csmetrics_workbooks.kit.wording import Said, as_said, rounded, spelt

#: Rows of the page Workings.
_SEGMENTS_AT, _PRICED_AT = 126, 142
_ROWS = SEGMENT_ROOM + 1  # and one for those of no listed segment
_HEADS = ("Segment", "Customers before", "Customers now", "MRR before", "MRR now", "Mix", "Price")


@dataclass(frozen=True)
class Side:
    """Customers and MRR of a segment, or of all, before and now."""

    name: Term
    customers: tuple[Term, Term]
    mrr: tuple[Term, Term]


def by_segment(book: Book, work: Page, paid: tuple[str, str]) -> tuple[list[Side], dict[str, Said]]:
    """Write the segments, and volume, mix and price.

    Args:
        book: with the revenue table.
        work: the page Workings.
        paid: the computed columns of what each customer pays before and now.

    Returns:
        The segments, empty where there are fewer; and the three parts, their words empty where nobody paid before
        or nobody pays now.
    """
    table = book.tables["Revenue"]
    work.headers(_SEGMENTS_AT, _HEADS, right=range(1, len(_HEADS)), height=30)
    columns = tuple(numbers_of(table, header) for header in paid)
    alls = _side(work, _SEGMENTS_AT + 1 + _ROWS, term("All"), _sums(columns))
    sides: list[Side] = []
    follows = term(True)  # whether the row above is a listed segment
    for cell in [*book.segment_cells(), term("")]:
        known = Term(f'({cell.text}<>"")', cell.value not in (None, ""))
        own = _sums(columns, _rows_of(table, cell))
        others = _others(work, len(sides), alls, sides)
        values = [when(known, mine, when(follows, other, 0)) for mine, other in zip(own, others, strict=True)]
        label = when(known, cell, when(follows, "(blank)", ""))
        sides.append(_side(work, _SEGMENTS_AT + 1 + len(sides), label, values))
        follows = known
    return sides, _priced(work, sides, alls)


def _rows_of(table: Table, cell: Term) -> Term:
    equal = table.column("Segment").eq(cell)
    return Term(equal.text, equal.value.astype(float), True)


def _sums(paid: tuple[Term, ...], rows: Term | None = None) -> list[Term]:
    """Customers before and now, and what they pay."""
    pays = [one.gt(0) * 1 for one in paid]
    counted = [total(one if rows is None else rows * one) for one in pays]
    return counted + [rounded(total(one if rows is None else rows * one)) for one in paid]


def _others(work: Page, above: int, alls: Side, sides: list[Side]) -> list[Term]:
    """What is left for those of no listed segment."""
    wholes = (*alls.customers, *alls.mrr)
    if not above:
        return list(wholes)
    first, last = _SEGMENTS_AT + 2, _SEGMENTS_AT + 1 + above
    sums = [sum((*side.customers, *side.mrr)[column].value for side in sides) for column in range(4)]
    cells = [
        Term(f"SUM({work.prefix}${letter}${first}:${letter}${last})", value)
        for letter, value in zip("BCDE", sums, strict=True)
    ]
    return [rounded(whole - cell) for whole, cell in zip(wholes, cells, strict=True)]


def _side(work: Page, row: int, label: Term, values: list[Term]) -> Side:
    looks = (work.looks.number(COUNT),) * 2 + (work.looks.number(MONEY),) * 2
    cells = [work.put(row, 1 + k, value, look) for k, (value, look) in enumerate(zip(values, looks, strict=True))]
    some = either(*(Term(f"{cell.text}<>0", cell.value != 0) for cell in cells))
    name = work.put(row, 0, when(some, label, ""), work.looks.words())
    return Side(name, (cells[0], cells[1]), (cells[2], cells[3]))


def _priced(work: Page, sides: list[Side], alls: Side) -> dict[str, Said]:
    """Volume: how many customers; mix: of which segments; price: what one pays in its segment."""
    then, now = alls.customers
    known = (then * now).gt(0)
    work.headers(_PRICED_AT, ["Volume, mix and price", "Amount", "In words", "Rounded"], right=(1, 2, 3), height=18)
    work.put(_PRICED_AT + 4, 0, "MRR a customer, before and now", work.looks.words())
    means = [
        work.put(_PRICED_AT + 4, 1 + k, when(known, money / count, 0), work.looks.number("0.00"))
        for k, (money, count) in enumerate(zip(alls.mrr, alls.customers, strict=True))
    ]
    effects: list[list[Term]] = [[], []]
    for row, side in enumerate(sides, _SEGMENTS_AT + 1):
        for kind, effect in enumerate(_effects(side, alls, means)):
            effects[kind].append(work.put(row, 5 + kind, when(known, effect, 0), work.looks.number(MONEY)))
    amounts = {"volume": (now - then) * (means[0] + means[1]) / 2}
    for name, cells in zip(("mix", "price"), effects, strict=True):
        area = f"{cells[0].text}:{cells[-1].text.rpartition('!')[2]}"
        amounts[name] = (then + now) / 2 * Term(f"SUM({area})", sum(cell.value for cell in cells))
    return {
        name: _part(work, row, name, when(known, amount, 0), known)
        for row, (name, amount) in enumerate(amounts.items(), _PRICED_AT + 1)
    }


def _part(work: Page, row: int, name: str, amount: Term, known: Term) -> Said:
    work.put(row, 0, name, work.looks.words())
    cell = work.put(row, 1, amount, work.looks.number(MONEY))
    short = work.put(row, 3, as_said(cell), work.looks.number("0.00"))
    return Said(cell, work.put(row, 2, when(known, spelt(short), ""), work.looks.words(align="right")))


def _effects(side: Side, alls: Side, means: list[Term]) -> tuple[Term, Term]:
    """A segment's mix and price, to be multiplied by customers; of one that is new or gone all is mix."""
    then, now = side.customers
    shares = [own / whole for own, whole in zip(side.customers, alls.customers, strict=True)]
    paid = [when(count.gt(0), money / count, 0) for count, money in zip(side.customers, side.mrr, strict=True)]
    before, after = when(then.gt(0), paid[0], paid[1]), when(now.gt(0), paid[1], paid[0])
    mix = (shares[1] - shares[0]) * ((before + after) / 2 - (means[0] + means[1]) / 2)
    return mix, (shares[0] + shares[1]) / 2 * (after - before)

"""Why MRR moved, in plain formulas and in the words of MRR_WHY: computed columns of the revenue table, and sums."""

from dataclasses import dataclass

import numpy as np

from csmetrics_core.declaration.spec import COUNT, MONEY, TEXT
from csmetrics_core.metrics.why_money import CLASSES
from csmetrics_workbooks.kit.book import Book
from csmetrics_workbooks.kit.flows import Months
from csmetrics_workbooks.kit.sheet import Page
from csmetrics_workbooks.kit.tables import Table, numbers_of, sumifs
from csmetrics_workbooks.kit.terms import Term, apply, both, largest, term, total, when
from csmetrics_workbooks.kit.wording import Said, listed, month_words, rounded, said
from csmetrics_workbooks.pages.money_alone import alone
from csmetrics_workbooks.pages.money_mix import Side, by_segment

#: Customers that are named.
TOP = 5
#: Rows of the page Workings.
_AT, _TOTALS_AT, _CUSTOMERS_AT = 100, 105, 117
BEFORE, NOW, MOVED, MOVEMENT, PLACE = "MRR before", "MRR now", "MRR moved", "Movement", "Place among moved"


@dataclass
class Named:
    """A customer that moved; its cells are empty where there are fewer."""

    name: Term
    movement: Term
    before: Term
    now: Term
    moved: Said


@dataclass
class Account:
    """The account of the change of MRR.

    Args:
        months: the two months compared, as 2026-09.
        before, now, change: of all.
        movements: by kind.
        customers: the largest five, and what the others did together, with how many they are.
        segments: customers and MRR of each.
        priced: volume, mix and price.
        sentence: all of it in words, or why there is nothing to account for.
    """

    months: tuple[Term, Term]
    before: Said
    now: Said
    change: Said
    movements: dict[str, Said]
    customers: list[Named]
    others: Term
    rest: Named
    segments: list[Side]
    priced: dict[str, Said]
    sentence: Term

    @property
    def unexplained(self) -> Term:
        """What the movements leave of the change."""
        parts = [one.amount for one in self.movements.values()]
        return rounded(self.change.amount - sum(parts[1:], parts[0]))


def account(book: Book, months: Months, first: Term) -> Account:
    """Write the account of the change over the period chosen.

    Args:
        book: with the revenue table, which gets computed columns.
        months: its months.
        first: the place of the first month each customer paid.
    """
    work, table = book.pages["Workings"], book.tables["Revenue"]
    names, places = _months(book, work, months)
    _columns(work, months, first, places)
    sums = [
        said(work, _TOTALS_AT + k, header, rounded(total(numbers_of(table, header))))
        for k, header in enumerate((BEFORE, NOW))
    ]
    before, now = sums
    change = said(work, _TOTALS_AT + 2, "Change", rounded(now.amount - before.amount))
    movements = {name: said(work, _TOTALS_AT + 3 + k, name, _of_kind(table, name)) for k, name in enumerate(CLASSES)}
    by = said(work, _TOTALS_AT + 8, "Change, whatever its direction", apply("ABS", abs, change.amount))
    customers, others, rest = _customers(work, table, (before, now, change))
    segments, priced = by_segment(book, work, (BEFORE, NOW))
    above_all = alone(work, table, (BEFORE, NOW, MOVED, PLACE), customers[0].name, customers[0].moved.amount)
    words = above_all.joined(
        _start(before, now, change, by), _kinds(movements), _largest(customers, others, rest), _why(priced)
    )
    lacking = _lacking(names, places, before, now)
    work.put(_AT + 4, 0, "In words", work.looks.words())
    sentence = work.put(_AT + 4, 1, when(lacking.eq(""), words, lacking), work.looks.words(text_wrap=False))
    book.explain("mrr_why")
    return Account(names, before, now, change, movements, customers, others, rest, segments, priced, sentence)


def _months(book: Book, work: Page, months: Months) -> tuple[tuple[Term, Term], list[Term]]:
    """The names of the two months compared, and their places among the columns; 0 for both where one is missing."""
    work.headers(_AT, ["What moved", "Before", "Now"], right=(1, 2), height=18)
    lines = ("Month, as year × 12 + month", "Month, as sentences name it", "Its place among the columns of Revenue")
    for offset, words in enumerate(lines, 1):
        work.put(_AT + offset, 0, words, work.looks.words())
    ends = (book.last_month - book.period_months, book.last_month)
    look = work.looks.number("0")
    numbers = [work.put(_AT + 1, 1 + k, end, look) for k, end in enumerate(ends)]
    before, now = (work.put(_AT + 2, 1 + k, month_words(one), look) for k, one in enumerate(numbers))
    held = months.holds(numbers[0]) * months.holds(numbers[1])
    places = [work.put(_AT + 3, 1 + k, when(held, one - (months.first - 1), 0), look) for k, one in enumerate(numbers)]
    return (before, now), places


def _of_kind(table: Table, kind: str) -> Term:
    return rounded(sumifs(table.column(MOVED), (table.column(MOVEMENT), "=", kind)))


def _columns(work: Page, months: Months, first: Term, places: list[Term]) -> None:
    """What each customer pays in either month, what it did, and its place among the five that moved most."""
    table = months.table
    row = f"{table.called}[[#This Row],[{months.headers[0]}]:[{months.headers[-1]}]]"
    inside, paid = table.column("In segment").value.astype(float), []
    for header, place in zip((BEFORE, NOW), places, strict=True):
        at = int(place.value)
        cents = np.floor(np.nan_to_num(months._numbers[at - 1]) * 100 + 0.5) if at else np.zeros(table.rows)
        paid.append(np.where(inside == 1, cents / 100, 0.0))
        known = f"({place.text}>0)*({table.here('In segment')}=1)"
        table.add(header, f"IF({known},ROUND(N(INDEX({row},{place.text})),2),0)", paid[-1], MONEY)
    before, now = paid
    moved = np.round(now - before, 2)
    table.add(MOVED, f"ROUND({table.here(NOW)}-{table.here(BEFORE)},2)", moved, MONEY)
    seen = first.value < places[0].value
    came, stayed = np.where(seen, "reactivation", "new"), np.where(moved > 0, "expansion", "contraction")
    kind = np.where(before > 0, np.where(now > 0, stayed, "churned"), np.where(now > 0, came, ""))
    table.add(MOVEMENT, _kind_formula(table, places[0]), np.where(moved == 0, "", kind), TEXT)
    _place_column(work, table, moved)


def _kind_formula(table: Table, place: Term) -> str:
    here = table.here
    came = f'IF({here("First month")}<{place.text},"reactivation","new")'
    stayed = f'IF({here(MOVED)}>0,"expansion","contraction")'
    return (
        f'IF({here(MOVED)}=0,"",IF({here(BEFORE)}>0,IF({here(NOW)}>0,{stayed},"churned"),IF({here(NOW)}>0,{came},"")))'
    )


def _place_column(work: Page, table: Table, moved: np.ndarray) -> None:
    """Place by size, ties by name; who moved less than the fifth has none, so that few rows compare names."""
    column, size = table.column(MOVED), np.abs(moved)
    least = float(np.sort(size)[-TOP]) if size.size >= TOP else 0.0
    text = f"IF(ROWS({column.text})<{TOP},0,LARGE(ABS({column.text}),{TOP}))"
    work.put(_CUSTOMERS_AT - 1, 0, "The fifth largest move", work.looks.words())
    cut = work.put(_CUSTOMERS_AT - 1, 1, Term(text, least, True), work.looks.number(MONEY))
    names = [str(v or "").lower() for v in table.cells["Customer"]]
    order = sorted(np.flatnonzero((size > 0) & (size >= least)), key=lambda k: (-size[k], names[k]))
    places = np.zeros(table.rows)
    places[order] = np.arange(1, len(order) + 1)
    here, name = table.here(MOVED), table.column("Customer").text
    own = f"ABS({here})"
    larger = f'COUNTIF({column.text},">"&{own})+COUNTIF({column.text},"<"&-{own})'
    same = f'((({column.text}={here})+({column.text}=-{here}))>0)*({name}&""<{table.here("Customer")}&"")'
    formula = f"IF(OR({here}=0,{own}<{cut.text}),0,1+{larger}+SUMPRODUCT({same}))"
    table.add(PLACE, formula, places, COUNT)


def _customers(work: Page, table: Table, sums: tuple[Said, Said, Said]) -> tuple[list[Named], Term, Named]:
    """The five that moved most, how many others there are, and what those did together."""
    heads = ["Customer", "Moved", "In words", "Row", "Movement", "Before", "Now"]
    work.headers(_CUSTOMERS_AT, heads, right=(1, 2, 3, 5, 6), height=18)
    named = [_named(work, table, _CUSTOMERS_AT + 1 + k, k + 1) for k in range(TOP)]
    moved, row = numbers_of(table, MOVED), _CUSTOMERS_AT + 1 + TOP
    count = Term(f'COUNTIF({moved.text},">0")+COUNTIF({moved.text},"<0")', int(np.count_nonzero(moved.value)))
    others = work.put(row, 3, largest(0, count - TOP), work.looks.number(COUNT))
    parts = ([one.before for one in named], [one.now for one in named], [one.moved.amount for one in named])
    left = []
    for whole, cells in zip(sums, parts, strict=True):
        area = f"{cells[0].text}:{cells[-1].text.rpartition('!')[2]}"
        left.append(when(others.gt(0), rounded(whole.amount - Term(f"SUM({area})", sum(c.value for c in cells))), 0))
    several = when(others.eq(1), "the other customer", term("the rest of ").joined(others, term(" customers")))
    label = when(others.gt(0), several, "")
    rest = said(work, row, label, left[2], signed=True)
    before, now = (work.put(row, 5 + k, side, work.looks.number(MONEY)) for k, side in enumerate(left[:2]))
    return named, others, Named(work.cell(row, 0, label.value), term(""), before, now, rest)


def _named(work: Page, table: Table, row: int, place: int) -> Named:
    places = numbers_of(table, PLACE)
    found = np.flatnonzero(places.value == place)
    where = f"IF(COUNTIF({places.text},{place})=0,0,MATCH({place},{places.text},0))"
    at = work.put(row, 3, Term(where, int(found[0]) + 1 if found.size else 0), work.looks.number("0"))

    def of(header: str, nothing: object) -> Term:
        source = table.column(header)
        value = source.value[at.value - 1] if at.value else nothing
        words = isinstance(nothing, str)
        cell = Term(f"INDEX({source.text},{at.text})" + '&""' * words, str(value or "") if words else value)
        return when(at.eq(0), nothing, cell)

    name = of("Customer", "")
    moved = said(work, row, name, of(MOVED, 0), signed=True)
    movement = work.put(row, 4, of(MOVEMENT, ""), work.looks.words())
    before, now = (work.put(row, 5 + k, of(h, 0), work.looks.number(MONEY)) for k, h in enumerate((BEFORE, NOW)))
    return Named(work.cell(row, 0, name.value), movement, before, now, moved)


def _lacking(names: tuple[Term, Term], places: list[Term], before: Said, now: Said) -> Term:
    """Why there is nothing to account for."""
    missing = term("No account: Revenue has no column for ").joined(names[0], term(" or for "), names[1], term("."))
    nobody = term("No account: nobody pays in ").joined(names[0], term(" or in "), names[1], term("."))
    none = both(before.amount.eq(0), now.amount.eq(0))
    return when(places[0].eq(0), missing, when(none, nobody, ""))


def _start(before: Said, now: Said, change: Said, by: Said) -> Term:
    moved = when(change.amount.gt(0), "MRR rose by ", "MRR fell by ").joined(
        by.words, term(", from "), before.words, term(" to "), now.words
    )
    return when(change.amount.eq(0), term("MRR stayed at ").joined(now.words), moved)


def _kinds(movements: dict[str, Said]) -> Term:
    told = listed([when(one.amount.eq(0), "", term(f", {name} ").joined(one.words)) for name, one in movements.items()])
    return when(told.eq(""), ".", term(": ").joined(told, term(".")))


def _largest(named: list[Named], others: Term, rest: Named) -> Term:
    who = listed(
        [when(one.moved.amount.eq(0), "", term(", ").joined(one.name, term(" "), one.moved.words)) for one in named]
    )
    who_else = when(others.eq(1), "customer ", others.joined(term(" customers ")))
    more = when(others.gt(0), term("; the other ").joined(who_else, rest.moved.words), "")
    return when(who.eq(""), "", term(" Largest: ").joined(who, more, term(".")))


def _why(priced: dict[str, Said]) -> Term:
    spoken = listed([term(f", {name} ").joined(one.words) for name, one in priced.items()])
    words = term(" By price and volume: ").joined(spoken, term(". Upgrades hide in price."))
    return when(priced["volume"].words.eq(""), "", words)

"""The page What moved of the revenue template: the sentence, waterfalls, and which customers and segments it was."""

from collections.abc import Sequence

from csmetrics_core.declaration.spec import MONEY
from csmetrics_workbooks.kit.book import Book
from csmetrics_workbooks.kit.sheet import Page
from csmetrics_workbooks.kit.style import change_format, number_format
from csmetrics_workbooks.kit.terms import Term, term, when
from csmetrics_workbooks.pages.money_moved import Account
from csmetrics_workbooks.pages.waterfall import Bar, bars, cut_words, drawn, labelled

PAGE = "What moved"
#: Rows of the page Workings the waterfalls stand in.
_KINDS_BARS_AT, _BARS_AT = 164, 175
_SENTENCE_AT, _KINDS_AT, _CHART_AT, _TABLES_AT = 3, 5, 20, 35
_SIZE = (874, 256)
_NAME = 16  # letters of a customer a bar has room for
_NOTE = (
    "Each customer is counted once, by what it pays in the two months, whatever happened between; the bridge on the "
    "page Retention adds up month by month. Segment, period and month are chosen on the page Retention. Volume: more "
    "customers or fewer. Mix: more of one segment than before. Price: what a customer pays in its segment."
)


def write(book: Book, account: Account) -> None:
    """Write the page."""
    page, work = book.pages[PAGE], book.pages["Workings"]
    page.worksheet.set_portrait()
    page.widths(30, 14, 14, 14, 14, 2, 17, 14)
    before, now = account.months
    page.title(PAGE, term("Why MRR moved from ").joined(before, term(" to "), now, term(", to the cent.")), 8)
    look = page.looks(text_wrap=True, valign="top", font_size=11)
    page.across(_SENTENCE_AT, 0, 7, account.sentence, look)
    page.worksheet.set_row(_SENTENCE_AT, 76)
    _by_movement(book, page, work, account)
    _by_customer(book, page, work, account)
    _customers(page, account)
    _movements(page, account)
    _segments(page, account)
    _priced(page, account)
    page.note(_TABLES_AT + 24, 0, _NOTE, 8, 40)


def _by_movement(book: Book, page: Page, work: Page, account: Account) -> None:
    steps = [
        _end("Before", account.before.amount),
        *(Bar(labelled(term(name.capitalize()), one.amount), one.amount) for name, one in account.movements.items()),
        _end("After", account.now.amount),
    ]
    words = "Waterfall on a cut axis: MRR before, new, expansion, reactivation, contraction, churned, MRR after"
    _draw(book, page, work, (_KINDS_AT, _KINDS_BARS_AT), ("by movement", words), steps)


def _by_customer(book: Book, page: Page, work: Page, account: Account) -> None:
    others = when(account.others.gt(0), term("the other ").joined(account.others), "")
    steps = [
        _end("Before", account.before.amount),
        *(Bar(_shown(_short(one.name), one.moved.amount), one.moved.amount) for one in account.customers),
        Bar(_shown(others, account.rest.moved.amount), account.rest.moved.amount),
        _end("After", account.now.amount),
    ]
    words = "Waterfall on a cut axis: MRR before, the five customers that moved most, all others, MRR after"
    _draw(book, page, work, (_CHART_AT, _BARS_AT), ("by customer", words), steps)


def _draw(
    book: Book, page: Page, work: Page, at: tuple[int, int], words: tuple[str, str], steps: Sequence[Bar]
) -> None:
    cut = bars(work, at[1], f"Waterfall {words[0]}", steps)
    page.chart(at[0], 0, drawn(book, at[1], len(steps)), f"MRR {words[0]}", words[1], _SIZE)
    page.note(at[0] + 13, 0, cut_words(cut), 8, 15)


def _end(name: str, amount: Term) -> Bar:
    return Bar(labelled(term(name), amount), amount, True)


def _short(name: Term) -> Term:
    cut = name.value if len(name.value) <= _NAME else name.value[: _NAME - 1] + "…"
    return Term(f'IF(LEN({name.text})>{_NAME},LEFT({name.text},{_NAME - 1})&"…",{name.text})', cut)


def _shown(name: Term, amount: Term) -> Term:
    """A label, or none where there is no such step."""
    return when(name.eq(""), "", labelled(name, amount))


def _customers(page: Page, account: Account) -> None:
    before, now = account.months
    heads = ["Customer", "What it did", before, now, "Adds"]
    _heads(page, _TABLES_AT, 0, heads, words=2)
    for row, one in enumerate([*account.customers, account.rest], _TABLES_AT + 1):
        there = one.name.eq("")
        page.put(row, 0, one.name, page.looks.words(text_wrap=False))
        page.put(row, 1, one.movement, page.looks.words())
        for column, cell in ((2, one.before), (3, one.now)):
            page.put(row, column, when(there, "", cell), page.looks.number(MONEY))
        page.put(row, 4, when(there, "", one.moved.amount), page.looks.number(change_format(MONEY)))
    bottom = _TABLES_AT + 1 + len(account.customers) + 1
    page.put(bottom, 0, "All", page.looks.words(bold=True))
    page.put(bottom, 1, None, page.looks.words())
    for column, said in ((2, account.before), (3, account.now)):
        page.put(bottom, column, said.amount, page.looks.number(MONEY, bold=True))
    page.put(bottom, 4, account.change.amount, page.looks.number(change_format(MONEY), bold=True))


def _heads(page: Page, row: int, column: int, names: Sequence[object], words: int = 1) -> None:
    """Column heads, some of them months; the first few stand above words."""
    page.worksheet.set_row(row, 18)
    for place, name in enumerate(names):
        page.put(row, column + place, name, page.looks.column(right=place >= words))


def _movements(page: Page, account: Account) -> None:
    _heads(page, _TABLES_AT, 6, ["By movement", "Adds"])
    signed = page.looks.number(change_format(MONEY))
    for row, (name, one) in enumerate(account.movements.items(), _TABLES_AT + 1):
        page.put(row, 6, name.capitalize(), page.looks.words())
        page.put(row, 7, one.amount, signed)
    bottom = _TABLES_AT + 1 + len(account.movements)
    page.put(bottom, 6, "Change", page.looks.words(bold=True))
    page.put(bottom, 7, account.change.amount, page.looks.number(change_format(MONEY), bold=True))


def _segments(page: Page, account: Account) -> None:
    before, now = account.months
    top = _TABLES_AT + 9
    _heads(page, top, 0, ["Segment", "Customers", before, now, "Adds"])
    # No lines: of the rows there is room for, a company fills a few.
    words, counted, money, signed = (
        page.looks(indent=1),
        page.looks(align="right"),
        page.looks(align="right", num_format=number_format(MONEY)),
        page.looks(align="right", num_format=change_format(MONEY)),
    )
    for row, side in enumerate(account.segments, top + 1):
        empty = side.name.eq("")
        counts = side.customers[0].joined(term(" to "), side.customers[1])
        page.put(row, 0, side.name, words)
        page.put(row, 1, when(empty, "", counts), counted)
        page.put(row, 2, when(empty, "", side.mrr[0]), money)
        page.put(row, 3, when(empty, "", side.mrr[1]), money)
        page.put(row, 4, when(empty, "", side.mrr[1] - side.mrr[0]), signed)


def _priced(page: Page, account: Account) -> None:
    top = _TABLES_AT + 9
    _heads(page, top, 6, ["Price and volume", "Adds"])
    for row, (name, one) in enumerate(account.priced.items(), top + 1):
        page.put(row, 6, name.capitalize(), page.looks.words())
        page.put(row, 7, when(one.words.eq(""), "", one.amount), page.looks.number(change_format(MONEY)))

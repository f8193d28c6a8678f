"""The page What moved of the voice template: the sentence, a waterfall of its parts, and the segments."""

import numpy as np

from csmetrics_core.declaration.spec import POINTS
from csmetrics_core.maths.inference import ALPHA
from csmetrics_core.maths.intervals import critical_value
from csmetrics_workbooks.kit.book import Book
from csmetrics_workbooks.kit.sheet import Page
from csmetrics_workbooks.kit.style import change_format, number_format
from csmetrics_workbooks.kit.terms import Term, either, term, when
from csmetrics_workbooks.pages.votes_moved import Row, Votes, votes
from csmetrics_workbooks.pages.votes_words import sentence
from csmetrics_workbooks.pages.waterfall import Bar, bars, cut_words, drawn, labelled

PAGE = "What moved"
_MOST = 5
#: Rows of the page Workings.
_PARTS_AT, _BARS_AT = 128, 158
_CHART_AT, _TABLE_AT = 5, 21
_NOTE = (
    "Mix: what the segments' shares of the answers moved. Rate: what each segment's own NPS moved. Together they are "
    "the change. Low and high: of the rate, at 95 %, each answer on its own; where accounts answer more than once, "
    "CSM_WHY takes their names. Few: fewer than ten answers in one of the periods."
)
_Z = critical_value(1 - ALPHA)


def write(book: Book) -> None:
    """Write the account and its page."""
    page, work, found = book.pages[PAGE], book.pages["Workings"], votes(book)
    page.widths(24, 13, 10, 10, 10, 10, 10, 10, 10, 10, 14)
    page.title(PAGE, "Why NPS moved against the prior period, by segment, for the choices on the page Voice.", 11)
    page.across(3, 0, 10, sentence(work, found), page.looks(text_wrap=True, valign="top", font_size=11))
    page.worksheet.set_row(3, 62)
    steps = _parts(work, found)
    cut = bars(work, _BARS_AT, "Waterfall of NPS", steps, POINTS, 10, -1000)
    words = "Waterfall on a cut axis: NPS before, the five parts that did most, all others, NPS now"
    page.chart(_CHART_AT, 0, drawn(book, _BARS_AT, len(steps)), "NPS by part", words, (992, 280))
    page.note(_TABLE_AT - 1, 0, cut_words(cut), 11, 15)
    _segments(page, found)
    page.note(_TABLE_AT + 17, 0, _NOTE, 11, 40)
    book.explain("csm_why")


def _parts(work: Page, found: Votes) -> list[Bar]:
    """Before, the largest of all mix and rate effects, the others, now."""
    work.headers(_PARTS_AT, ["Part", "Points", "Size, the upper of two alike first"], right=(1, 2), height=30)
    look, keys, amounts, labels = work.looks.number("0.000000"), [], [], []
    told = [(row, kind) for kind in ("mix", "rate") for row in found.rows]
    for at, (row, kind) in enumerate(told, _PARTS_AT + 1):
        label = when(row.name.eq(""), "", row.name.joined(term(f", {kind}")))
        labels.append(work.put(at, 0, label, work.looks.words()))
        amounts.append(work.put(at, 1, getattr(row, kind) * 100, look))
        keys.append(work.put(at, 2, _key(amounts[-1], at - _PARTS_AT), look))

    def column(cells: list[Term]) -> str:
        return f"{cells[0].text}:{cells[-1].text.rpartition('!')[2]}"

    order = np.argsort([-key.value for key in keys], kind="stable")
    count = sum(key.value > 0 for key in keys)
    start, end = (found.scores[k] * 100 for k in (0, 1))
    steps, so_far = [Bar(labelled(term("Before"), start, 1), start, True)], start
    for place in range(1, _MOST + 1):
        at = int(order[place - 1])
        here = f"MATCH(LARGE({column(keys)},{place}),{column(keys)},0)"
        some = Term(f'COUNTIF({column(keys)},">0")>={place}', count >= place)
        amount = when(some, Term(f"INDEX({column(amounts)},{here})", amounts[at].value), 0)
        name = Term(f"INDEX({column(labels)},{here})", labels[at].value)
        steps.append(Bar(when(some, labelled(name, amount, 1), ""), amount))
        so_far = so_far + amount
    left = Term(f'COUNTIF({column(keys)},">0")-{_MOST}', count - _MOST)
    rest = when(left.gt(0), end - so_far, 0)
    steps.append(Bar(when(left.gt(0), labelled(term("the other ").joined(left), rest, 1), ""), rest))
    return [*steps, Bar(labelled(term("Now"), end, 1), end, True)]


def _key(amount: Term, place: int) -> Term:
    """Its size, less a hair for those further down, so that no two are alike."""
    size = f"ABS({amount.text})"
    value = 0.0 if abs(amount.value) < 1e-10 else abs(amount.value) - place * 1e-12
    return Term(f"IF({size}<0.0000000001,0,{size}-{place}*0.000000000001)", value)


def _segments(page: Page, found: Votes) -> None:
    heads = [
        "Segment",
        "Answers",
        "Share before",
        "Share now",
        "NPS before",
        "NPS now",
        "Mix",
        "Rate",
        "Low",
        "High",
        "Reading",
    ]
    page.headers(_TABLE_AT, heads, right=range(1, 10), height=30)
    share = page.looks(num_format="0%", align="right")
    points, signed = (
        page.looks(num_format=shown, align="right") for shown in (number_format(POINTS), change_format(POINTS))
    )
    for at, row in enumerate(found.rows, _TABLE_AT + 1):
        empty = row.name.eq("")
        page.put(at, 0, row.name, page.looks(indent=1))
        counts = row.answers[0].joined(term(" to "), row.answers[1])
        page.put(at, 1, when(empty, "", counts), page.looks(align="right"))
        for column, (cell, n) in enumerate(zip(row.shares, row.answers, strict=True), 2):
            page.put(at, column, when(empty, "", cell), share)
            score = when(n.eq(0), "", row.scores[column - 2] * 100)
            page.put(at, column + 2, when(empty, "", score), points)
        page.put(at, 6, when(empty, "", row.mix * 100), signed)
        page.put(at, 7, when(empty, "", row.rate * 100), signed)
        for column, sign in ((8, -_Z), (9, _Z)):
            bound = when(row.error.gt(0), (row.rate + row.error * sign) * 100, "")
            page.put(at, column, when(empty, "", bound), points)
        page.put(at, 10, when(empty, "", _reading(row)), page.looks(indent=1))


def _reading(row: Row) -> Term:
    before, now = row.answers
    absent = when(before.eq(0), "new", when(now.eq(0), "gone", "few"))
    ends = ((row.rate - row.error * _Z).gt(0), (row.rate + row.error * _Z).lt(0))
    clear = when(either(*ends), when(row.adjusted.gt(ALPHA), "within noise", ""), "within noise")
    return when(row.tested.eq(1), clear, absent)

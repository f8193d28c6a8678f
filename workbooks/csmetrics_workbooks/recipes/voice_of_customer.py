"""Voice of the customer: NPS three ways, CSAT, CES, first contact resolution, segments, themes and verbatims."""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from csmetrics_core import CATALOG
from csmetrics_core.palette import ACCENT, MUTED, SERIES
from csmetrics_core.spec import COUNT, FRACTION, POINTS, PROBABILITY, TEXT, Better
from csmetrics_workbooks import sources
from csmetrics_workbooks.book import Book
from csmetrics_workbooks.checking import not_numbers, off_scale, unlisted
from csmetrics_workbooks.comments import BANDS, verbatims
from csmetrics_workbooks.common import choices
from csmetrics_workbooks.dates import month_start
from csmetrics_workbooks.estimates import adjusted, nps_bounds, wilson, z_of
from csmetrics_workbooks.formulas import NO_DATA, Scope
from csmetrics_workbooks.judging import guarded, moved_words
from csmetrics_workbooks.recipes.recipe import Recipe
from csmetrics_workbooks.sheet import Page, axis
from csmetrics_workbooks.style import change_format
from csmetrics_workbooks.tables import Table, countifs, sumifs
from csmetrics_workbooks.terms import Term, apply, change, largest, smallest, term, when

CONFIDENCE = 0.95
SMALL = 10
QUARTERS = 9
THEMES = 8
_LOST, _KEPT, _WON = SERIES[1], SERIES[3], SERIES[0]


@dataclass
class Counts:
    """Answers of one period."""

    nps: Term
    promoters: Term
    detractors: Term
    csat: Term
    satisfied: Term
    ces: Term
    easy: Term
    tickets: Term
    first: Term
    answered: Term
    invited: Term


def helpers(book: Book) -> None:
    """Computed columns of the data tables."""
    for name, dates in (("Responses", "Date"), ("Tickets", "Opened"), ("Invited", "Month")):
        book.add_periods(book.tables[name], dates, period=book.period_months)
    responses, tickets = book.tables["Responses"], book.tables["Tickets"]
    book.add_periods(responses, "Date", quarter=3)
    book.add_periods(responses, "Date", segment=False, any_segment=book.period_months)
    book.add_segment_number(responses, "Any segment")
    given = [any(v not in (None, "") for v in row) for row in zip(*(responses.cells[h] for h in _ASKED), strict=True)]
    blank = ",".join(f'{responses.here(h)}<>""' for h in _ASKED)
    responses.add("Answered", f"IF(OR({blank}),1,0)", np.array(given, dtype=float), COUNT)
    done = [_flag(v) for v in tickets.cells["Resolved"]]
    tickets.add(
        "Done",
        f"IF({_yes(tickets, 'Resolved')},IF(N({tickets.here('Contacts')})>0,1,0),0)",
        [float(d and _positive(c)) for d, c in zip(done, tickets.cells["Contacts"], strict=True)],
        COUNT,
    )
    spoiled = [
        _flag(a) or _flag(b) for a, b in zip(tickets.cells["Reopened"], tickets.cells["Transferred"], strict=True)
    ]
    first = [float(d and c == 1 and not s) for d, c, s in zip(done, tickets.cells["Contacts"], spoiled, strict=True)]
    tickets.add(
        "First contact",
        f"IF(AND({_yes(tickets, 'Resolved')},{tickets.here('Contacts')}=1,NOT({_yes(tickets, 'Reopened')}),"
        f"NOT({_yes(tickets, 'Transferred')})),1,0)",
        first,
        COUNT,
    )


_ASKED = ("NPS", "CSAT", "CES", "Comment")


def _yes(table: Table, header: str) -> str:
    cell = table.here(header)
    return f'OR({cell}=TRUE,{cell}=1,{cell}="yes")'


def _flag(value: object) -> bool:
    return value is True or value == 1 or (isinstance(value, str) and value.lower() == "yes")


def _positive(value: object) -> bool:
    return type(value) in (int, float) and value > 0  # type: ignore[operator]


def count(book: Book, number: int, page: Page, column: int) -> Counts:
    """The counts of one period, on the page Workings."""
    responses, tickets, invited = (book.tables[t] for t in ("Responses", "Tickets", "Invited"))
    inside = (responses.column("Period"), "=", number)
    nps, csat, ces = (responses.column(h) for h in ("NPS", "CSAT", "CES"))
    in_tickets = (tickets.column("Period"), "=", number)
    values = {
        "nps": countifs((nps, ">=", 0), inside),
        "promoters": countifs((nps, ">=", 9), inside),
        "detractors": countifs((nps, "<=", 6), inside),
        "csat": countifs((csat, ">=", 1), inside),
        "satisfied": countifs((csat, ">=", 4), inside),
        "ces": countifs((ces, ">=", 1), inside),
        "easy": countifs((ces, ">=", 5), inside),
        "tickets": sumifs(tickets.column("Done"), in_tickets),
        "first": sumifs(tickets.column("First contact"), in_tickets),
        "answered": sumifs(responses.column("Answered"), inside),
        "invited": sumifs(invited.column("Invited"), (invited.column("Period"), "=", number)),
    }
    cells = {}
    for row, (name, value) in enumerate(values.items(), 4):
        page.put(row, 0, _LABELS[name], page.looks.words())
        cells[name] = page.put(row, column, value, page.looks.number(COUNT))
    return Counts(**cells)


_LABELS = {
    "nps": "NPS answers",
    "promoters": "of these, promoters (9-10)",
    "detractors": "detractors (0-6)",
    "csat": "CSAT answers",
    "satisfied": "of these, satisfied (4-5)",
    "ces": "CES answers",
    "easy": "of these, easy (5-7)",
    "tickets": "Tickets resolved",
    "first": "of these, at first contact",
    "answered": "Responses with any answer",
    "invited": "Surveys sent",
}


def measures(
    book: Book, number: int, c: Counts, z: Term
) -> list[tuple[str, str, Term, Term, tuple[Term, Term] | None]]:
    """Label, unit name, what it rests on, value and interval of each measure in a period."""
    table = book.tables["Responses"]
    scope = Scope(table.column("Period"), number)
    nps, arr = table.column("NPS"), table.column("ARR")
    inside = (scope.column, "=", number)
    up, down, all_ = (sumifs(arr, (nps, sign, line), inside) for sign, line in ((">=", 9), ("<=", 6), (">=", 0)))
    plain = guarded(c.nps, book.call("nps", {"scores": nps}, scope))
    weighed = when(
        all_.eq(0), NO_DATA, book.call("nps", {"scores": nps, "weights": arr}, scope, (up - down) * 100 / all_)
    )
    voted = guarded(c.nps, book.call("nps", {"scores": nps, "accounts": table.column("Account")}, scope))
    return [
        ("Net Promoter Score", "nps", c.nps, plain, nps_bounds(c.promoters, c.detractors, c.nps, z)),
        ("one vote an account", "nps", c.nps, voted, None),
        ("weighted by ARR", "nps", c.nps, weighed, None),
        (
            "Customer satisfaction",
            "csat",
            c.csat,
            guarded(c.csat, book.call("csat", {"ratings": table.column("CSAT")}, scope)),
            wilson(c.satisfied, c.csat, z, 100),
        ),
        (
            "Customer effort",
            "ces",
            c.ces,
            guarded(c.ces, book.call("ces", {"ratings": table.column("CES"), "scale_max": 7}, scope)),
            wilson(c.easy, c.ces, z, 100),
        ),
        (
            "First contact resolution",
            "fcr",
            c.tickets,
            guarded(c.tickets, book.call("fcr", {"first_contact": c.first, "contacts": c.tickets})),
            wilson(c.first, c.tickets, z),
        ),
        (
            "Response rate",
            "response_rate",
            c.invited,
            guarded(c.invited, book.call("response_rate", {"responses": c.answered, "invited": c.invited})),
            None,
        ),
    ]


def dashboard(book: Book, now: Counts, before: Counts, z: Term) -> None:
    """The page Voice."""
    page = book.pages["Voice"]
    page.widths(27, 9, 16, 11, 11, 11, 16, 11, 18)
    page.title("Voice of the customer")
    choices(book, page, (0, 3, 6))
    page.headers(
        5,
        ["Measure", "Unit", "Value", "Low", "High", "Rests on", "Prior period", "Change", "Reading"],
        right=range(2, 8),
        height=18,
    )
    pairs = zip(measures(book, 1, now, z), measures(book, 2, before, z), strict=True)
    for row, ((label, name, base, now_value, bounds), (_, _, _, then_value, bounds_before)) in enumerate(pairs, 6):
        unit = CATALOG[name].unit
        nested = label[0].islower()
        page.put(row, 0, label, page.looks.words(bold=not nested, indent=2 if nested else 1))
        page.put(row, 1, "points" if unit is POINTS else "share", page.looks.words(font_color=MUTED))
        value = page.put(row, 2, now_value, page.looks.number(unit, bold=True))
        low, high = (
            page.put(row, 3 + i, b, page.looks.number(unit, font_color=MUTED)) for i, b in enumerate(bounds or ("", ""))
        )
        page.put(row, 5, base, page.looks.number(COUNT, font_color=MUTED))
        prior = page.put(row, 6, then_value, page.looks.number(unit))
        moved = page.put(row, 7, change(value, prior), page.looks.number(change_format(unit)))
        words = moved_words(moved, (low, high), bounds_before, Better.HIGHER) if bounds and bounds_before else term("")
        page.put(row, 8, words if bounds else "", page.looks.words(font_color=MUTED))
        page.mark_variance(row, 7, row, True)
        page.worksheet.set_row(row, 19)
        if bounds:
            book.close_value(label, unit, value)
    change_test(book, page, 14, now, before, z)
    segments(book, page, 19)
    charts(book, page, 22 + _segment_rows(book))
    page.note(
        36 + _segment_rows(book),
        0,
        "Low and high: 95 % interval, adjusted Wald for NPS and Wilson for shares. Reading: a move inside "
        "the margin of "
        "error is no real change. One vote an account needs the add-in. CSAT: 4-5 of 5; CES: 5-7 of 7, 7 is easy.",
        9,
        28,
    )


def change_test(book: Book, page: Page, row: int, now: Counts, before: Counts, z: Term) -> None:
    """Whether NPS really moved: with the add-in, and step by step without."""
    table = book.tables["Responses"]
    column, nps = table.column("Period"), table.column("NPS")
    arguments = {"before": Scope(column, 2).take(nps), "after": Scope(column, 1).take(nps)}
    (is_, error), (was, error_before) = (adjusted(c.promoters, c.detractors, c.nps) for c in (now, before))
    moved, spread = is_ - was, apply("SQRT", lambda v: v**0.5, error * error + error_before * error_before)
    observed = (now.promoters - now.detractors) / now.nps - (before.promoters - before.detractors) / before.nps
    tail = apply("NORMSDIST", NormalDist().cdf, term(0) - apply("ABS", abs, moved / spread))
    plain = {
        "change": observed * 100,
        "low": largest(-200, (moved - z * spread) * 100),
        "high": smallest(200, (moved + z * spread) * 100),
        "p_value": tail * 2,
    }
    page.headers(row, ["Did NPS really move?", "", "Change", "Low", "High", "p-value"], right=range(2, 6), height=18)
    page.put(row + 1, 0, "against the prior period", page.looks.words())
    page.put(row + 1, 1, "points", page.looks.words(font_color=MUTED))
    empty = now.nps * before.nps
    for place, (name, native) in enumerate(plain.items(), 2):
        cell = book.table_cell("nps_change", arguments, 0, name, plainly=native)
        unit = PROBABILITY if name == "p_value" else POINTS
        page.put(
            row + 1, place, guarded(empty, cell), page.looks.number(unit if name != "change" else change_format(unit))
        )
    page.note(
        row + 2,
        0,
        "p-value: the chance of so large a difference where nothing changed; below 0.05 is taken for real.",
        9,
    )


def _segment_rows(book: Book) -> int:
    return min(max(len(book.segments) + 1, 4), 12)


def segments(book: Book, page: Page, row: int) -> None:
    """Each segment beside the others, whatever segment is chosen."""
    table = book.tables["Responses"]
    page.headers(
        row,
        ["Segment", "", "NPS", "Answers", "CSAT", "Answers", "CES", "Answers", "Note"],
        right=range(2, 8),
        height=18,
    )
    number = table.column("Segment now")
    for place, cell in enumerate(book.segment_cells()[: _segment_rows(book)], 1):
        name = page.put(row + place, 0, Term(f'{cell.text}&""', cell.value or ""), page.looks.words())
        page.put(row + place, 1, None, page.looks.words())
        scope = Scope(number, place)
        bases = []
        for offset, (metric, header, lowest) in enumerate((("nps", "NPS", 0), ("csat", "CSAT", 1), ("ces", "CES", 1))):
            column = table.column(header)
            n = countifs((column, ">=", lowest), (number, "=", place))
            base = page.put(row + place, 3 + 2 * offset, n, page.looks.number("0;-0;", font_color=MUTED))
            bases.append(base)
            arguments = {"scores": column} if metric == "nps" else {"ratings": column}
            arguments |= {"scale_max": term(7)} if metric == "ces" else {}
            shown = when(name.eq(""), "", guarded(base, book.call(metric, arguments, scope)))
            page.put(row + place, 2 + 2 * offset, shown, page.looks.number(POINTS))
        few = when(name.eq(""), "", when(bases[0].lt(SMALL), f"NPS of fewer than {SMALL} answers", ""))
        page.put(row + place, 8, few, page.looks.words(font_color=MUTED))


def charts(book: Book, page: Page, row: int) -> None:
    """Answers by score, and NPS by quarter."""
    work, table = book.pages["Workings"], book.tables["Responses"]
    first = 18
    work.headers(first - 1, ["Score", "Band", "Answers"], right=(0, 2), height=18)
    inside = (table.column("Period"), "=", 1)
    points = []
    for score in range(11):
        band = next(number for number, (_, low, high) in enumerate(BANDS) if low <= score <= high)
        work.put(first + score, 0, float(score), work.looks.number("0"))
        work.put(first + score, 1, BANDS[band][0], work.looks.words())
        work.put(first + score, 2, countifs((table.column("NPS"), "=", score), inside), work.looks.number("0"))
        points.append({"fill": {"color": (_LOST, _KEPT, _WON)[band]}})
    bars = book.chart("column")
    bars.add_series(
        {
            "name": "Answers",
            "categories": ["Workings", first, 0, first + 10, 0],
            "values": ["Workings", first, 2, first + 10, 2],
            "points": points,
            "gap": 40,
            "data_labels": {"value": True, "font": {"size": 8, "color": MUTED}},
        }
    )
    bars.set_legend({"none": True})
    bars.set_x_axis(
        {
            **axis("0"),
            "name": "score: 0-6 detractors, 7-8 passives, 9-10 promoters",
            "name_font": {"size": 9, "bold": False, "color": MUTED},
        }
    )
    bars.set_y_axis({**axis("0", lines=True), "visible": True})
    page.chart(
        row, 0, bars, "Answers by score", "Column chart: number of answers for each NPS score from 0 to 10", (470, 250)
    )
    trend(book, page, row, table, first + 14)


def trend(book: Book, page: Page, row: int, table: Table, first: int) -> None:
    """NPS of nine quarters as a line."""
    work = book.pages["Workings"]
    work.headers(first - 1, ["Quarter to", "Answers", "NPS"], right=(0, 1, 2), height=18)
    for place in range(QUARTERS):
        number = QUARTERS - place
        end = book.last_month - 3 * (number - 1)
        work.put(first + place, 0, month_start(end), work.looks.number("mmm yyyy"))
        n = countifs((table.column("NPS"), ">=", 0), (table.column("Quarter"), "=", number))
        base = work.put(first + place, 1, n, work.looks.number("0"))
        value = guarded(base, book.call("nps", {"scores": table.column("NPS")}, Scope(table.column("Quarter"), number)))
        work.put(first + place, 2, value, work.looks.number(POINTS))
    line = book.chart("line")
    line.add_series(
        {
            "name": "NPS",
            "categories": ["Workings", first, 0, first + QUARTERS - 1, 0],
            "values": ["Workings", first, 2, first + QUARTERS - 1, 2],
            "line": {"color": ACCENT, "width": 2.25},
            "marker": {"type": "circle", "size": 5, "fill": {"color": ACCENT}, "border": {"color": ACCENT}},
            "data_labels": {"value": True, "position": "above", "num_format": "0", "font": {"size": 8, "color": MUTED}},
        }
    )
    line.set_legend({"none": True})
    line.set_x_axis({**axis("mmm yy"), "text_axis": True, "label_position": "low"})
    line.set_y_axis(axis("0", lines=True))
    page.chart(row, 5, line, "NPS by quarter", "Line chart: Net Promoter Score of the nine latest quarters", (470, 250))


def comments(book: Book) -> None:
    """The page Comments: themes, and what people wrote."""
    page, table = book.pages["Comments"], book.tables["Responses"]
    page.widths(12, 13, 13, 9, 92, 8)
    page.title(
        "Comments", "What the answers of the period chosen say; text from customers is shown as it was written.", 6
    )
    row = verbatims(book, page, 3)
    themes(book, page, row, table)


def themes(book: Book, page: Page, row: int, table: Table) -> None:
    """What comments are about."""
    page.heading(row, "Themes", 6)
    metric = CATALOG["feedback_themes"]
    shown = [c for c in metric.columns if c.name in ("theme", "comments", "share", "sentiment", "nps")]
    scope = Scope(table.column("Period"), 1)
    arguments = {"comments": table.column("Comment"), "scores": table.column("NPS"), "themes": THEMES}
    order = [4, 0, 1, 2, 3]
    page.put(row + 1, 5, None, page.looks.column())
    for column, one in zip(order, shown, strict=False):
        page.put(row + 1, column, one.name.replace("_", " "), page.looks.column(right=one.unit is not TEXT))
    for place in range(THEMES):
        for column, one in zip(order, shown, strict=False):
            cell = book.table_cell("feedback_themes", arguments, place, one.name, scope=scope)
            look = page.looks.words() if one.unit is TEXT else page.looks.number(one.unit)
            page.put(row + 2 + place, column, cell, look)
    page.note(row + 3 + THEMES, 0, "Themes are found by the add-in; without it these cells say so.", 6)


def build(book: Book) -> None:
    """Write the pages of this template."""
    helpers(book)
    work = book.pages["Workings"]
    work.widths(34, 14, 14, 14)
    work.title("Workings", "The counts behind the figures and charts. Nothing to type here but the confidence.", 4)
    work.headers(3, ["", "This period", "Prior period"], right=(1, 2), height=18)
    work.put(15, 0, "Confidence of every interval", work.looks.words())
    confidence = work.put(15, 1, CONFIDENCE, work.looks.input(FRACTION))
    z = work.put(15, 2, z_of(confidence), work.looks.number("0.0000", font_color=MUTED))
    now, before = count(book, 1, work, 1), count(book, 2, work, 2)
    dashboard(book, now, before, z)
    comments(book)
    responses, tickets = book.tables["Responses"], book.tables["Tickets"]
    for header, low, high in (("NPS", 0, 10), ("CSAT", 1, 5), ("CES", 1, 7)):
        off_scale(book, responses, header, low, high)
        not_numbers(book, responses, header)
    not_numbers(book, tickets, "Contacts")
    unlisted(book, responses)
    unlisted(book, tickets)
    more = now.answered - now.invited
    book.check("Responses beyond the surveys sent, this period", largest(0, more), "Complete the page Invited.")
    book.check(
        "Segments add up to all answers, this period",
        segment_gap(book),
        "Answers without a listed segment are in the total only.",
    )


def segment_gap(book: Book) -> Term:
    """NPS answers of the period over all segments, less those of the listed ones."""
    table = book.tables["Responses"]
    nps = (table.column("NPS"), ">=", 0)
    all_ = countifs(nps, (table.column("Any segment"), "=", 1))
    listed = countifs(nps, (table.column("Segment now"), ">=", 1))
    return all_ - listed


RECIPE = Recipe(
    name="voice_of_customer",
    title="Voice of the customer",
    about="NPS three ways with interval and change test, CSAT, CES, FCR, segments, themes and verbatims",
    answers=(
        "Would customers recommend us, how sure is that figure, and did it really move?",
        "Does the picture change when each account has one vote, or when votes weigh what the account pays?",
        "Which segments and which words stand behind the low scores?",
    ),
    steps=(
        "Paste your rows over the sample on the pages Responses, Tickets and Invited, headers unchanged, and delete "
        "the rows that are left.",
        "Choose segment, period and last month on the page Voice.",
        "Read the page Checks, mend what it names, and close the month on the page History.",
    ),
    pages=(
        ("Voice", "scores, intervals, change test, segments, charts"),
        ("Comments", "what people wrote, by score band, and themes"),
        ("Responses", "data: survey answers"),
        ("Tickets", "data: support tickets"),
        ("Invited", "data: surveys sent"),
        ("Workings", "counts behind the figures"),
    ),
    dashboard="Voice",
    sheets={
        sources.RESPONSES: sources.sample_responses,
        sources.TICKETS: sources.sample_tickets,
        sources.INVITED: sources.sample_invited,
    },
    build=build,
    banner_width=9,
)

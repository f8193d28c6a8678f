"""Voice of the customer: NPS three ways, CSAT, CES, first contact resolution, segments, themes and verbatims."""

from statistics import NormalDist

from csmetrics_core import CATALOG
from csmetrics_core.declaration.spec import COUNT, FRACTION, POINTS, PROBABILITY
from csmetrics_core.palette import LINE, MUTED
from csmetrics_workbooks.data import sheets, sources
from csmetrics_workbooks.kit import tiles
from csmetrics_workbooks.kit.book import Book
from csmetrics_workbooks.kit.estimates import adjusted, z_of
from csmetrics_workbooks.kit.formulas import Scope
from csmetrics_workbooks.kit.judging import Measured, guarded, moved_words
from csmetrics_workbooks.kit.sheet import Page
from csmetrics_workbooks.kit.style import change_format, number_format
from csmetrics_workbooks.kit.tables import countifs
from csmetrics_workbooks.kit.terms import Term, apply, change, largest, smallest, term, when
from csmetrics_workbooks.kit.tiles import Tile, interval_words, write_tiles
from csmetrics_workbooks.pages import votes_page
from csmetrics_workbooks.pages.answers import TREND, charts
from csmetrics_workbooks.pages.checking import not_numbers, off_scale, unlisted
from csmetrics_workbooks.pages.comments import comments
from csmetrics_workbooks.pages.common import choices
from csmetrics_workbooks.pages.survey import Counts, count, helpers, measures
from csmetrics_workbooks.recipes.recipe import Recipe

CONFIDENCE = 0.95
SMALL = 10


#: Where the parts of the page begin; a tile of each of these measures stands over the columns beside it.
_TILES_AT = 5
_CHARTS_AT = _TILES_AT + tiles.ROWS
_TABLE_AT = _CHARTS_AT + 14
_TILES = {
    "Net Promoter Score": ("NPS", (0, 0)),
    "Customer satisfaction": ("CSAT", (1, 2)),
    "Customer effort": ("CES", (3, 5)),
    "First contact resolution": ("Solved at first contact", (6, 7)),
    "Response rate": ("Answers to surveys sent", (8, 11)),
}
_PRIOR = ("Prior low", "Prior high", "Prior rests on")


def dashboard(book: Book, now: Counts, before: Counts, z: Term) -> None:
    """The page Voice."""
    page = book.pages["Voice"]
    shown = {}
    page.widths(27, 9, 16, 11, 11, 11, 16, 11, 18, 11, 11, 11)
    page.title("Voice of the customer")
    choices(book, page, (0, 3, 6))
    page.headers(
        _TABLE_AT,
        ["Measure", "Unit", "Value", "Low", "High", "Rests on", "Prior period", "Change", "Reading", *_PRIOR],
        right=(*range(2, 8), 9, 10, 11),
        height=30,
    )
    pairs = zip(measures(book, 1, now, z), measures(book, 2, before, z), strict=True)
    for row, ((label, name, base, now_value, bounds), (_, _, base_before, then_value, bounds_before)) in enumerate(
        pairs, _TABLE_AT + 1
    ):
        unit = CATALOG[name].unit
        nested = label[0].islower()
        page.put(row, 0, label, page.looks.words(bold=not nested, indent=2 if nested else 1))
        page.put(row, 1, "points" if unit is POINTS else "share", page.looks.words(font_color=MUTED))
        value = page.put(row, 2, now_value, page.looks.number(unit, bold=True))
        low, high = (
            page.put(row, 3 + i, b, page.looks.number(unit, font_color=MUTED)) for i, b in enumerate(bounds or ("", ""))
        )
        counted = page.put(row, 5, base, page.looks.number(COUNT, font_color=MUTED))
        prior = page.put(row, 6, then_value, page.looks.number(unit))
        moved = page.put(row, 7, change(value, prior, unit), page.looks.number(change_format(unit)))
        muted = page.looks.number(unit, font_color=MUTED)
        low_before, high_before = (page.put(row, 9 + i, b, muted) for i, b in enumerate(bounds_before or ("", "")))
        counted_before = page.put(row, 11, base_before, page.looks.number(COUNT, font_color=MUTED))
        measured = (
            Measured(value, counted, (low, high) if bounds else None),
            Measured(prior, counted_before, (low_before, high_before) if bounds_before else None),
        )
        reading = page.put(row, 8, moved_words(CATALOG[name], *measured, z), page.looks.words(font_color=MUTED))
        page.mark_verdict(row, 7, 8)
        page.worksheet.set_row(row, 19)
        if label in _TILES:
            beside = interval_words(low, high, unit) if bounds else term("of ").joined(counted)
            trend = TREND if name == "nps" else ""
            shown[label] = Tile(_TILES[label][0], unit, value, moved, reading, beside, trend)
        if bounds:
            book.close_value(label, unit, value)
    write_tiles(page, _TILES_AT, [span for _, span in _TILES.values()], [shown[label] for label in _TILES])
    charts(book, page, _CHARTS_AT)
    change_test(book, page, _TABLE_AT + 9, now, before, z)
    segments(book, page, _TABLE_AT + 16)
    page.note(
        _TABLE_AT + 13,
        0,
        "Low and high: the interval at the confidence on the page Workings, adjusted Wald for NPS and Wilson for "
        "shares. Reading: the two periods as two samples, each answer on its own; the rest: CSM_CHANGE. "
        "CSAT: 4-5 of 5; CES: 5-7 of 7, 7 is easy.",
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
        "low": largest(-200, smallest(observed * 100, (moved - z * spread) * 100)),
        "high": smallest(200, largest(observed * 100, (moved + z * spread) * 100)),
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
    for place, cell in enumerate(book.segment_cells(), 1):
        name = page.put(row + place, 0, Term(f'{cell.text}&""', cell.value or ""), page.looks(indent=1))
        scope = Scope(number, place)
        bases = []
        for offset, (metric, header, lowest) in enumerate((("nps", "NPS", 0), ("csat", "CSAT", 1), ("ces", "CES", 1))):
            column = table.column(header)
            n = countifs((column, ">=", lowest), (number, "=", place))
            base = page.put(
                row + place, 3 + 2 * offset, n, page.looks(num_format="0;-0;", align="right", font_color=MUTED)
            )
            bases.append(base)
            arguments = {"scores": column} if metric == "nps" else {"ratings": column}
            arguments |= {"scale_max": term(7)} if metric == "ces" else {}
            shown = when(name.eq(""), "", guarded(base, book.call(metric, arguments, scope)))
            page.put(row + place, 2 + 2 * offset, shown, page.looks(num_format=number_format(POINTS), align="right"))
        few = when(name.eq(""), "", when(bases[0].lt(SMALL), f"NPS of fewer than {SMALL} answers", ""))
        page.put(row + place, 8, few, page.looks(indent=1, font_color=MUTED))
    page.worksheet.conditional_format(
        row + 1,
        0,
        row + len(book.segment_cells()),
        8,
        {
            "type": "formula",
            "criteria": f'=$A{row + 2}<>""',
            "format": page.looks.only(bottom=1, bottom_color=LINE),
        },
    )


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
    votes_page.write(book)
    comments(book)
    responses, tickets = book.tables["Responses"], book.tables["Tickets"]
    for header, low, high in (("NPS", 0, 10), ("CSAT", 1, 5), ("CES", 1, 7)):
        off_scale(book, responses, header, low, high)
        not_numbers(book, responses, header)
    book.explain("nps_interval", "csat_interval", "ces_interval")
    book.explain("conversion_interval", remark="Here of first contact resolution.")
    not_numbers(book, tickets, "Contacts")
    for name in ("Responses", "Tickets", "Invited"):
        unlisted(book, book.tables[name])
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
        "Read the page Checks, mend what it names, and close the month on the page Closed months.",
    ),
    pages=(
        ("Voice", "scores, intervals, change test, segments, charts"),
        ("What moved", "why NPS moved: the segments' shares and their own scores"),
        ("Comments", "what people wrote, by score band, and themes"),
        ("Responses", "data: survey answers"),
        ("Tickets", "data: support tickets"),
        ("Invited", "data: surveys sent"),
        ("Workings", "counts behind the figures"),
    ),
    dashboard="Voice",
    sheets={
        sheets.RESPONSES: sources.sample_responses,
        sheets.TICKETS: sources.sample_tickets,
        sheets.INVITED: sources.sample_invited,
    },
    build=build,
    banner_width=9,
)

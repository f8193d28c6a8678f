"""Usage: daily, weekly and monthly active users, stickiness, adoption, session length and licence use."""

from collections.abc import Callable, Sequence

from csmetrics_core import CATALOG
from csmetrics_core.declaration.spec import COUNT, MINUTES, Better, Unit
from csmetrics_workbooks.data import sheets, sources
from csmetrics_workbooks.kit import tiles
from csmetrics_workbooks.kit.book import Book
from csmetrics_workbooks.kit.dates import month_end
from csmetrics_workbooks.kit.formulas import Scope
from csmetrics_workbooks.kit.judging import NOT_JUDGED, guarded, status
from csmetrics_workbooks.kit.sheet import Page
from csmetrics_workbooks.kit.style import change_format
from csmetrics_workbooks.kit.tables import countifs, sumifs
from csmetrics_workbooks.kit.terms import Term, change, is_number, term, total, when
from csmetrics_workbooks.kit.tiles import Tile, write_tiles
from csmetrics_workbooks.pages.active import TRENDS, ActiveUsers, active_chart, daily, helpers
from csmetrics_workbooks.pages.adoption import adoption, adoption_chart
from csmetrics_workbooks.pages.checking import unlisted
from csmetrics_workbooks.pages.common import choices
from csmetrics_workbooks.recipes.recipe import Recipe

TARGETS = {"product_usage_rate": (0.55, 0.05), "stickiness": (0.2, 0.03), "avg_session_duration": (4.0, 0.5)}


def last_days(book: Book, work: Page) -> tuple[Term, Term]:
    """The last day shown, and the one a period before."""
    cells = []
    for row, (words, back) in enumerate((("Last day shown", 0), ("The same a period before", 1)), 4):
        work.put(row, 0, words, work.looks.words())
        day = month_end(book.last_month - book.period_months * back)
        cells.append(work.put(row, 1, day, work.looks.number("yyyy-mm-dd")))
    return cells[0], cells[1]


def figures(
    book: Book, work: Page, users: ActiveUsers, days: tuple[Term, Term]
) -> list[tuple[str, str, Unit, Term, Term, Term]]:
    """Metric, label, unit, what it rests on, now and before."""
    sessions, licences = book.tables["Sessions"], book.tables["Licences"]
    events = book.tables["Events"]
    made: dict[str, list[Term]] = {n: [] for n in ("dau", "wau", "mau", "mean", "seats", "sessions")}
    labels = {
        "dau": "Daily active users",
        "wau": "Weekly active users",
        "mau": "Monthly active users",
        "mean": "Mean daily users of 30 days",
        "seats": "Seats licensed",
        "sessions": "Sessions in the period",
    }
    for column, day in enumerate(days, 1):
        for row, name in enumerate(("dau", "wau", "mau"), 8):
            work.put(row, 0, labels[name], work.looks.words())
            made[name].append(work.put(row, column, users.value(name, day), work.looks.number(COUNT)))
        day_column = events.column("Day")
        firsts = countifs(
            (day_column, ">", day - 30), (day_column, "<", day + 1), (events.column("First today"), "=", 1)
        )
        values = {
            "mean": firsts / 30,
            "seats": sumifs(licences.column("Licensed"), (licences.column("In segment"), "=", 1)),
            "sessions": countifs((sessions.column("Minutes"), ">=", 0), (sessions.column("Period"), "=", column)),
        }
        for row, (name, value) in enumerate(values.items(), 11):
            work.put(row, 0, labels[name], work.looks.words())
            made[name].append(work.put(row, column, value, work.looks.number("0.00" if name == "mean" else COUNT)))
    call = book.call

    def pair(one: Callable[[int], Term]) -> tuple[Term, Term]:
        return one(0), one(1)

    usage = pair(
        lambda i: when(
            is_number(made["mau"][i]),
            guarded(
                made["seats"][i], call("product_usage_rate", {"active": made["mau"][i], "licensed": made["seats"][i]})
            ),
            "no data",
        )
    )
    sticky = pair(
        lambda i: when(
            is_number(made["mau"][i]), call("stickiness", {"dau": made["mean"][i], "mau": made["mau"][i]}), "no data"
        )
    )
    length = pair(
        lambda i: guarded(
            made["sessions"][i],
            call(
                "avg_session_duration",
                {"durations": sessions.column("Minutes")},
                Scope(sessions.column("Period"), i + 1),
            ),
        )
    )
    rests = (made["mau"][0], made["mau"][0], made["mau"][0], made["seats"][0], made["mau"][0], made["sessions"][0])
    rows: dict[str, Sequence[Term]] = {
        "dau": made["dau"],
        "wau": made["wau"],
        "mau": made["mau"],
        "product_usage_rate": usage,
        "stickiness": sticky,
        "avg_session_duration": length,
    }
    names = {
        "product_usage_rate": "Licence use: active ÷ licensed",
        "stickiness": "Stickiness: mean daily ÷ monthly",
        "avg_session_duration": "Session length, minutes",
    }
    return [
        (
            n,
            names.get(n, labels.get(n, n)),
            MINUTES if n == "avg_session_duration" else CATALOG[n].unit,
            base,
            now,
            before,
        )
        for (n, (now, before)), base in zip(rows.items(), rests, strict=True)
    ]


#: Where the parts of the page begin; a tile of each of these measures stands over the columns beside it.
_TILES_AT = 5
_CHARTS_AT = _TILES_AT + tiles.ROWS
_TABLE_AT = _CHARTS_AT + 14
_TILES = {
    "mau": ("People active in 30 days", (0, 0)),
    "product_usage_rate": ("Licence use", (1, 2)),
    "stickiness": ("Stickiness", (3, 4)),
    "avg_session_duration": ("Minutes a session", (5, 6)),
}


def dashboard(book: Book, rows: list[tuple[str, str, Unit, Term, Term, Term]]) -> None:
    """The page Usage."""
    page, shown = book.pages["Usage"], []
    page.widths(34, 12, 14, 12, 12, 13, 12)
    page.title("Usage")
    choices(book, page, (0, 2, 4))
    page.headers(
        _TABLE_AT,
        ["Measure", "Value", "A period before", "Change", "Target", "Near within", "Status"],
        right=range(1, 6),
        height=18,
    )
    for row, (name, label, unit, base, now, before) in enumerate(rows, _TABLE_AT + 1):
        page.put(row, 0, label, page.looks.words(bold=True))
        value = page.put(row, 1, now, page.looks.number(unit, bold=True))
        prior = page.put(row, 2, before, page.looks.number(unit))
        moved = page.put(row, 3, change(value, prior, unit), page.looks.number(change_format(unit)))
        if name in _TILES:
            rests = term("rests on ").joined(base)
            shown.append(Tile(_TILES[name][0], unit, value, moved, term(NOT_JUDGED), rests, TRENDS.get(name, "")))
        if name in TARGETS:
            target, near = (
                page.put(row, 4 + i, book.sample_target(v), page.looks.input(unit)) for i, v in enumerate(TARGETS[name])
            )
            page.put(row, 6, status(value, target, near, Better.HIGHER), page.looks.words(align="center", indent=0))
        else:
            for column in (4, 5, 6):
                page.put(row, column, None, page.looks.words())
        page.worksheet.set_row(row, 19)
        book.close_value(label, unit, value)
    write_tiles(page, _TILES_AT, [span for _, span in _TILES.values()], shown)
    page.mark_status(_TABLE_AT + 1, 6, _TABLE_AT + len(rows))
    page.note(
        _TABLE_AT + 1 + len(rows),
        0,
        "Active users are counted on the last day of the month shown and in the 7 and 30 days that end on "
        "it. The period chosen decides what they are compared with, which sessions count and which events the adoption "
        "below is of.",
        7,
        30,
    )


def build(book: Book) -> None:
    """Write the pages of this template."""
    work, page = book.pages["Workings"], book.pages["Usage"]
    work.widths(40, 14, 14)
    work.title("Workings", "The counts behind the figures. Nothing to type here.", 3)
    work.headers(3, ["", "Day", ""], right=(1,), height=18)
    work.headers(7, ["", "Now", "A period before"], right=(1, 2), height=18)
    helpers(book)
    book.add_periods(book.tables["Events"], "Date", period=book.period_months)
    book.add_periods(book.tables["Sessions"], "Date", period=book.period_months)
    book.add_in_segment(book.tables["Licences"])
    users = ActiveUsers(book)
    days = last_days(book, work)
    ranges = daily(book, users, days[0])
    rows = figures(book, work, users, days)
    dashboard(book, rows)
    at = _TABLE_AT + len(rows) + 3
    adoption(book, page, at)
    active_chart(book, page, _CHARTS_AT, 0, (430, 268))
    adoption_chart(book, page, (_CHARTS_AT, 3), at, (360, 268))
    checks(book, ranges)


def checks(book: Book, ranges: dict[str, Term]) -> None:
    """What must hold before the figures are shown."""
    events, sessions, licences = (book.tables[n] for n in ("Events", "Sessions", "Licences"))
    blank = sum(v is None for v, d in zip(events.cells["User"], events.cells["Date"], strict=True) if d is not None)
    book.check(
        "Events without a user",
        Term('COUNT(Events[Date])-COUNTIFS(Events[Date],">0",Events[User no],">0")', blank),
        "They count nowhere. Give the user, or delete the row.",
    )
    book.check(
        "Sessions of negative length",
        countifs((sessions.column("Minutes"), "<", 0)),
        "A clock was wrong: mend or delete the row.",
    )
    for table in (events, sessions, licences):
        unlisted(book, table)
    seats = total(licences.numbers("Assigned") - licences.numbers("Licensed"))
    over = when(seats.gt(0), seats, 0)
    book.check("Seats assigned beyond those bought", over, "Overage: compare with the contract.")
    days, dau = ranges["day"], ranges["dau"]
    silent = sum(isinstance(v, str) for v in dau.value)
    book.check(
        "Days of the last six weeks without any event",
        Term(f"COUNT({days.text})-COUNT({dau.text})", silent),
        "An export may be missing; a quiet Sunday is fine.",
    )


RECIPE = Recipe(
    name="usage",
    title="Product usage",
    about="DAU, WAU, MAU, stickiness, feature adoption, session length and licence use",
    answers=(
        "How many people use the product on a day, in a week, in a month, and how often do they come back?",
        "Which features do they use, and how deep?",
        "How much of what was sold is used?",
    ),
    steps=(
        "Paste your rows over the sample on the pages Events, Sessions and Licences, headers unchanged, "
        "and delete the rows "
        "that are left.",
        "Choose segment, period and last month on the page Usage; type targets there, and the features you care about.",
        "Read the page Checks, mend what it names, and close the month on the page Closed months.",
    ),
    pages=(
        ("Usage", "the dashboard: active users, licence use, sessions, adoption"),
        ("Daily", "active users of six weeks"),
        ("Events", "data: uses of the product"),
        ("Sessions", "data: product sessions"),
        ("Licences", "data: seats bought"),
        ("Workings", "counts behind the figures"),
    ),
    dashboard="Usage",
    sheets={
        sheets.EVENTS: sources.sample_events,
        sheets.SESSIONS: sources.sample_sessions,
        sheets.LICENCES: sources.sample_licences,
    },
    build=build,
    banner_width=7,
)

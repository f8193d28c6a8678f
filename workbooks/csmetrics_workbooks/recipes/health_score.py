"""Health score: frequency, breadth, depth and growth weighed into one score, bands, drivers and a back-test."""

import numpy as np

from csmetrics_core.declaration.spec import COUNT, FRACTION, MONEY, POINTS, PROBABILITY
from csmetrics_core.palette import MUTED, SERIES, STATUS
from csmetrics_workbooks.data import sheets, sources
from csmetrics_workbooks.kit import tiles
from csmetrics_workbooks.kit.book import Book
from csmetrics_workbooks.kit.judging import guarded
from csmetrics_workbooks.kit.sheet import Page, axis
from csmetrics_workbooks.kit.tables import countifs, sumifs
from csmetrics_workbooks.kit.terms import Term, is_number, term, when
from csmetrics_workbooks.kit.tiles import Tile, write_tiles
from csmetrics_workbooks.pages.backtest import back_test, past_helpers
from csmetrics_workbooks.pages.checking import not_numbers, repeated, unlisted
from csmetrics_workbooks.pages.common import choices
from csmetrics_workbooks.pages.scoring import AMBER, BANDS, GREEN, INPUTS, SCALE, STATUS_OF, drivers, score
from csmetrics_workbooks.recipes.recipe import Recipe

LISTED = 15
#: Where the parts of the page begin, and the columns each tile stands over.
_TILES_AT = 5
_TABLE_AT = _TILES_AT + tiles.ROWS
_SPANS = ((0, 1), (2, 3), (4, 5), (6, 7), (8, 10))


def weights(book: Book) -> dict[str, Term]:
    """The page Weights: what each input weighs, and where the bands begin."""
    page, given = book.pages["Weights"], {**SCALE, "amber": AMBER, "green": GREEN, **book.choices.typed}
    page.widths(26, 13, 13, 13, 13, 44)
    page.title("Weights", "How the four inputs make one score: type your own, and watch the back-test.", 6)
    page.headers(3, ["", *INPUTS, ""], right=range(1, 5), height=18)
    cells: dict[str, Term] = {}
    helps = (
        "relative: only their proportions count",
        "this value and worse count 0",
        "this value and better count 100",
    )
    for row, (name, words) in enumerate(zip(SCALE, helps, strict=True), 4):
        values = given[name]
        page.put(row, 0, name, page.looks.words(bold=True))
        for column, value in enumerate(values, 1):
            page.put(row, column, value, page.looks.input("0.00"))
        page.put(row, 5, words, page.looks(font_color=MUTED, indent=1))
        cells[name] = Term(f"{page.prefix}$B${row + 1}:$E${row + 1}", np.array(values, dtype=object), True)
    page.headers(9, ["Bands", "From"], right=(1,), height=18)
    for row, name in enumerate(("amber", "green"), 10):
        page.put(row, 0, name, page.looks.words())
        cells[name] = page.put(row, 1, given[name], page.looks.input("0"))
    page.put(10, 2, "below it: red", page.looks(font_color=MUTED, indent=1))
    lines = (
        "Frequency: active days a user in 30 days. Breadth: active users ÷ licensed users.",
        "Depth: key features used ÷ key features there are. Growth: active users on the 30 days before.",
        "Missing inputs drop out and the others make up for them, as long as half of the weight is there; a score on a "
        "line belongs to the better band.",
    )
    for row, words in enumerate(lines, 13):
        page.note(row, 0, words, 6, 14 if len(words) < 110 else 28)
    return cells


def bands(book: Book, page: Page, row: int) -> list[Tile]:
    """Accounts and ARR a band; returns their tiles."""
    table = book.tables["Accounts"]
    inside = (table.column("In segment"), "=", 1)
    page.headers(row, ["Band", "Accounts", "Share", "ARR", "Share of ARR", "Mean score"], right=range(1, 6), height=18)
    score_, arr = table.column("Score"), table.column("ARR")
    everyone, money = countifs((score_, ">=", 0), inside), sumifs(arr, (score_, ">=", 0), inside)
    last = row + 4
    all_ = page.put(last, 1, everyone, page.looks.number(COUNT, bold=True))
    worth = page.put(last, 3, money, page.looks.number(MONEY, bold=True))
    page.put(last, 0, "all", page.looks.words(bold=True))
    page.put(last, 2, None, page.looks.words())
    page.put(last, 4, None, page.looks.words())
    mean = page.put(
        last, 5, guarded(all_, sumifs(score_, (score_, ">=", 0), inside) / all_), page.looks.number(POINTS, bold=True)
    )
    shown = [Tile("Mean score", POINTS, mean, "of 0 to 100", term("accounts: ").joined(all_), "")]
    for offset, name in enumerate(BANDS, 1):
        where = ((table.column("Band"), "=", name), inside)
        ink, fill = STATUS[STATUS_OF[name]]
        page.put(row + offset, 0, name, page.looks.words(bold=True, font_color=ink, bg_color=fill))
        count = page.put(row + offset, 1, countifs(*where), page.looks.number(COUNT))
        page.put(row + offset, 2, guarded(all_, count / all_), page.looks.number(FRACTION))
        paid = page.put(row + offset, 3, sumifs(arr, *where), page.looks.number(MONEY))
        share = page.put(row + offset, 4, guarded(worth, paid / worth), page.looks.number(FRACTION))
        page.put(row + offset, 5, guarded(count, sumifs(score_, *where) / count), page.looks.number(POINTS))
        shown.append(Tile(f"ARR in {name}", MONEY, paid, _percent(share), term("accounts: ").joined(count), ""))
        book.close_value(f"Accounts in the {name} band", COUNT, count)
        book.close_value(f"ARR in the {name} band", MONEY, paid)
    book.close_value("Mean health score", POINTS, mean)
    chart = book.chart("column")
    chart.add_series(
        {
            "name": "Share of accounts",
            "categories": ["Health", row + 1, 0, row + 3, 0],
            "values": ["Health", row + 1, 2, row + 3, 2],
            "fill": {"color": SERIES[0]},
            "gap": 60,
            "data_labels": {"value": True, "num_format": "0%", "font": {"size": 8}},
        }
    )
    chart.add_series(
        {
            "name": "Share of ARR",
            "categories": ["Health", row + 1, 0, row + 3, 0],
            "values": ["Health", row + 1, 4, row + 3, 4],
            "fill": {"color": SERIES[2]},
            "data_labels": {"value": True, "num_format": "0%", "font": {"size": 8}},
        }
    )
    chart.set_legend({"position": "bottom", "font": {"size": 9}})
    chart.set_x_axis(axis())
    chart.set_y_axis({**axis("0%", lines=True), "min": 0})
    page.chart(
        row,
        7,
        chart,
        "Accounts and ARR by band",
        "Column chart: share of accounts and of ARR in the red, amber and green band",
        (418, 230),
    )
    return shown


def _percent(share: Term) -> Term:
    """A share in words; rounded, not formatted, so that every country's Excel spells it."""
    words = f"{round(100 * share.value, 1):g}% of ARR" if is_number(share).value else ""
    return Term(f'IF(ISNUMBER({share.text}),ROUND(100*{share.text},1)&"% of ARR","")', words)


def listing(book: Book, page: Page, row: int) -> None:
    """The red and amber accounts with most ARR, and what drives their score."""
    table = book.tables["Accounts"]
    page.heading(row, "Who to call first: accounts not in the green band, by ARR", 12)
    heads = ["Account", "Segment", "Owner", "ARR", "Score", "Band", "Weakest", *(f"Lost: {h.lower()}" for h in INPUTS)]
    page.headers(row + 1, heads, right=(3, 4, 7, 8, 9, 10), height=18)
    headers = (
        "Account",
        "Segment",
        "Owner",
        "ARR",
        "Score",
        "Band",
        "Weakest",
        *(f"Lost by {h.lower()}" for h in INPUTS),
    )
    band, arr, inside = (table.column(h) for h in ("Band", "ARR", "In segment"))
    risky = np.isin(band.value.astype(str), ("red", "amber")) & (inside.numbers == 1)
    key = np.where(risky, np.nan_to_num(arr.numbers) + np.arange(1, table.rows + 1) / 1e6, 0)
    order = np.argsort(-key, kind="stable")
    place = f"ROW({band.text})-ROW({table.called}[[#Headers],[Band]])"
    keys = (
        f""
        f'((({band.text}="red")+({band.text}="amber"))*({inside.text}=1)*({table.numbers("ARR").text}+({place})/1000000))'
    )
    count = f'SUM((({band.text}="red")+({band.text}="amber"))*({inside.text}=1))'
    for number in range(1, LISTED + 1):
        at = int(order[number - 1]) + 1 if number <= int(risky.sum()) else ""
        found = Term(f'IF({count}<{number},"",MATCH(LARGE({keys},{number}),{keys},0))', at, True)
        cell = page.put(row + 1 + number, 11, found, page.looks(font_color="#FFFFFF", font_size=8))
        for column, header in enumerate(headers):
            source = table.column(header)
            value = source.value[order[number - 1]] if at else ""
            words = header in ("Account", "Segment", "Owner", "Band", "Weakest")
            inner = Term(
                f"INDEX({source.text},{cell.text})" + ('&""' if words else ""),
                ("" if value is None else str(value)) if words else value,
            )
            look = page.looks.words() if words else page.looks.number(MONEY if header == "ARR" else POINTS)
            page.put(row + 1 + number, column, when(cell.eq(""), "", inner), look)


def build(book: Book) -> None:
    """Write the pages of this template."""
    accounts, past, page = book.tables["Accounts"], book.tables["Past"], book.pages["Health"]
    cells = weights(book)
    book.add_in_segment(accounts)
    for table in (accounts, past):
        score(book, table, cells)
    drivers(accounts, cells)
    book.explain("health_contributions", remark="Shown here: the points an input falls short of its full weight.")
    past_helpers(past)
    page.widths(14, 13, 12, 12, 13, 12, 12, 13, 12, 12, 12, 4)
    page.title("Account health")
    choices(book, page, (0, 2, 4))
    shown = bands(book, page, _TABLE_AT)
    auc, verdict = back_test(book, cells)
    asked = "Does the score tell who leaves?"
    shown.append(Tile(asked, PROBABILITY, auc, verdict, "AUC of the back-test", "0.5 is chance, 1 is perfect"))
    write_tiles(page, _TILES_AT, _SPANS, shown)
    page.note(
        _TABLE_AT + 6,
        0,
        "A snapshot of the accounts as they are on the page Accounts; the period and month only label "
        "what is closed on "
        "the page Closed months.",
        6,
        26,
    )
    listing(book, page, _TABLE_AT + 13)
    for header in INPUTS:
        not_numbers(book, accounts, header)
    repeated(book, accounts, "Account", "Keep one row an account.")
    unlisted(book, accounts)
    filled = sum(v is not None for v in accounts.cells["Account"])
    unscored = filled - int(np.isfinite(accounts.column("Score").numbers).sum())
    book.check(
        "Accounts without a score",
        Term("COUNTA(Accounts[Account])-COUNT(Accounts[Score])", unscored),
        "Fill in inputs that carry at least half of the weight.",
    )
    rates = sum(v is None for v in past.cells["Left"]) - sum(v is None for v in past.cells["Account"])
    book.check(
        "Past: accounts of which it is not known whether they left",
        Term("COUNTA(Past[Account])-COUNTA(Past[Left])", rates),
        "Type TRUE or FALSE.",
    )
    crossed = when(cells["amber"].gt(cells["green"]), 1, 0)
    book.check(
        "Weights: the amber line lies above the green one", crossed, "Correct one of the two on the page Weights."
    )


RECIPE = Recipe(
    name="health_score",
    title="Customer health",
    about="scores from frequency, breadth, depth and growth, with editable weights, bands, drivers and a back-test",
    answers=(
        "How healthy is each account, and what drives its score?",
        "How many accounts, and how much ARR, are in the red, amber and green band, and whom do we call first?",
        "Did past scores see churn coming?",
    ),
    steps=(
        "Paste your rows over the sample on the pages Accounts and Past, headers unchanged, and delete "
        "the rows that are left. "
        "USAGE_BY_ACCOUNT computes the four inputs from events.",
        "Choose a segment on the page Health, and type weights and bands on the page Weights.",
        "Read the pages Back-test and Checks, and close the month on the page Closed months.",
    ),
    pages=(
        ("Health", "the dashboard: bands, and whom to call first"),
        ("Back-test", "past scores against who left"),
        ("Weights", "weights, ends of the scales, bands"),
        ("Accounts", "data: accounts with their inputs"),
        ("Past", "data: the same earlier, and who has left since"),
    ),
    dashboard="Health",
    sheets={sheets.ACCOUNTS: sources.sample_accounts, sheets.PAST: sources.sample_past},
    build=build,
    banner_width=6,
)

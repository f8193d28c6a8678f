"""Health score: frequency, breadth, depth and growth weighed into one score, bands, drivers and a back-test."""

from collections.abc import Sequence

import numpy as np

from csmetrics_core import CATALOG
from csmetrics_core.errors import MetricError
from csmetrics_core.evaluate import evaluate
from csmetrics_core.native import spell
from csmetrics_core.palette import MUTED, SERIES, STATUS
from csmetrics_core.spec import COUNT, FRACTION, MONEY, POINTS, PROBABILITY, RATIO
from csmetrics_workbooks import sources
from csmetrics_workbooks.book import Book
from csmetrics_workbooks.checking import not_numbers, repeated, unlisted
from csmetrics_workbooks.common import choices
from csmetrics_workbooks.judging import guarded
from csmetrics_workbooks.recipes.recipe import Recipe
from csmetrics_workbooks.sheet import Page, axis
from csmetrics_workbooks.tables import Table, as_numbers, countifs, sumifs
from csmetrics_workbooks.terms import Term, total, when

INPUTS = ("Frequency", "Breadth", "Depth", "Growth")
#: Weight, worst and best of each input, as typed into the sample.
SCALE = {"Weight": (3.0, 3.0, 2.0, 2.0), "Scores 0 at": (0.0, 0.0, 0.0, -0.5), "Scores 100 at": (12.0, 0.8, 0.8, 0.5)}
AMBER, GREEN = 50.0, 75.0
BANDS = ("red", "amber", "green")
LISTED = 15
_STATUS_OF = {"red": "missed", "amber": "near", "green": "met"}


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


def score(book: Book, table: Table, cells: dict[str, Term]) -> None:
    """Helper columns: the score, its band, and the input that costs most points."""
    here = f"{table.name}[[#This Row],[{INPUTS[0]}]:[{INPUTS[-1]}]]"
    block = np.array([as_numbers(table.cells[h]) for h in INPUTS]).T
    given = {
        "values": here,
        "weights": cells["Weight"].text,
        "worst": cells["Scores 0 at"].text,
        "best": cells["Scores 100 at"].text,
    }
    metric = CATALOG["health_score"]
    native = spell(metric, given)
    book.used.setdefault("health_score")
    call = f"IF(addin_on,{metric.excel_name}({','.join(given.values())}),{native})"
    weight = cells["Weight"].text
    covered = f'SUM(IF(({here}<9E307)*({here}<>""),{weight},0))<0.5*SUM({weight})'
    values = [_score(row, cells) for row in block.tolist()]
    table.add("Score", f'IF({covered},"",{call})', np.array(values, dtype=object), POINTS, array=True)
    band = CATALOG["health_band"]
    book.used.setdefault("health_band")
    mark = table.here("Score")
    words = {"score": mark, "amber": cells["amber"].text, "green": cells["green"].text}
    # Calc's COUNTIFS knows a text from a function only once it has been joined to another.
    form = f'IF(addin_on,{band.excel_name}({",".join(words.values())})&"",{spell(band, words)})'
    amber, green = cells["amber"].value, cells["green"].value
    names = ["" if v == "" else "green" if v >= green else "amber" if v >= amber else "red" for v in values]
    table.add("Band", f'IF(ISNUMBER({mark}),{form},"")', np.array(names, dtype=object), COUNT)


def _score(row: Sequence[float], cells: dict[str, Term]) -> float | str:
    known = [None if v != v else v for v in row]
    weight, worst, best = (cells[name].value.tolist() for name in SCALE)
    given = {"values": [known], "weights": weight, "worst": worst, "best": best}
    try:
        return float(np.asarray(evaluate(CATALOG["health_score"], (), given).value).ravel()[0])
    except MetricError:
        return ""


def drivers(table: Table, cells: dict[str, Term]) -> None:
    """Helper columns: the points each input costs, and the one that costs most."""
    block = np.array([as_numbers(table.cells[h]) for h in INPUTS]).T
    given, worst, best = (cells[n].value.astype(float) for n in SCALE)
    share = np.clip((block - worst) / (best - worst), 0, 1)
    covered = np.where(np.isnan(block), 0, given).sum(axis=1, keepdims=True)
    lost = np.where(
        np.isnan(block) | (covered == 0), 0, 100 * given * (1 - np.nan_to_num(share)) / np.where(covered, covered, 1)
    )
    known = np.array([v != "" for v in table.column("Score").value])
    lost = np.where(known[:, None], np.round(lost, 6), 0)
    names = [n.text.rpartition("!") for n in (cells["Weight"], cells["Scores 0 at"], cells["Scores 100 at"])]
    rows = [int(n[2].split("$")[2].rstrip(":")) for n in names]
    for place, header in enumerate(INPUTS):
        letter = "BCDE"[place]
        w, low, high = (f"{cells['amber'].text.rpartition('!')[0]}!${letter}${row}" for row in rows)
        x = table.here(header)
        part = f"({x}-{low})/({high}-{low})"
        weight = "+".join(
            f"IF(ISNUMBER({table.here(h)}),{cells['amber'].text.rpartition('!')[0]}!${c}${rows[0]},0)"
            for h, c in zip(INPUTS, "BCDE", strict=True)
        )
        both = f"AND(ISNUMBER({x}),ISNUMBER({table.here('Score')}))"
        table.add(
            f"Lost by {header.lower()}",
            f"IF({both},ROUND(100*{w}*(1-MAX(0,MIN(1,{part})))/({weight}),6),0)",
            lost[:, place],
            POINTS,
        )
    first, last = (f"Lost by {h.lower()}" for h in (INPUTS[0], INPUTS[-1]))
    span = f"{table.name}[[#This Row],[{first}]:[{last}]]"
    heads = f"{table.name}[[#Headers],[{INPUTS[0]}]:[{INPUTS[-1]}]]"
    weakest = [INPUTS[int(row.argmax())] if row.max() > 0 else "" for row in lost]
    table.add(
        "Weakest",
        f'IF(MAX({span})>0,INDEX({heads},MATCH(MAX({span}),{span},0)),"")',
        np.array(weakest, dtype=object),
        COUNT,
    )


def bands(book: Book, page: Page, row: int) -> None:
    """Accounts and ARR a band."""
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
    for offset, name in enumerate(BANDS, 1):
        where = ((table.column("Band"), "=", name), inside)
        ink, fill = STATUS[_STATUS_OF[name]]
        page.put(row + offset, 0, name, page.looks.words(bold=True, font_color=ink, bg_color=fill))
        count = page.put(row + offset, 1, countifs(*where), page.looks.number(COUNT))
        page.put(row + offset, 2, guarded(all_, count / all_), page.looks.number(FRACTION))
        paid = page.put(row + offset, 3, sumifs(arr, *where), page.looks.number(MONEY))
        page.put(row + offset, 4, guarded(worth, paid / worth), page.looks.number(FRACTION))
        page.put(row + offset, 5, guarded(count, sumifs(score_, *where) / count), page.looks.number(POINTS))
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
        (430, 270),
    )


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
    place = f"ROW({band.text})-ROW({table.name}[[#Headers],[Band]])"
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
            value = source.value[at - 1] if at else ""
            words = header in ("Account", "Segment", "Owner", "Band", "Weakest")
            inner = Term(
                f"INDEX({source.text},{cell.text})" + ('&""' if words else ""),
                ("" if value is None else str(value)) if words else value,
            )
            look = page.looks.words() if words else page.looks.number(MONEY if header == "ARR" else POINTS)
            page.put(row + 1 + number, column, when(cell.eq(""), "", inner), look)


def back_test(book: Book, cells: dict[str, Term]) -> None:
    """The page Back-test: did the score see it coming?"""
    page, table = book.pages["Back-test"], book.tables["Past"]
    page.widths(14, 13, 13, 13, 13, 13)
    page.title("Back-test", "The score as it was six months before, against who has left since.", 6)
    heads = ["Band", "Accounts", "Left since", "Churn rate", "Lift"]
    page.headers(3, heads, right=range(1, 5), height=18)
    score_, band, left = (table.column(h) for h in ("Score", "Band", "Left since"))
    given = {"scores": score_, "churned": table.column("Left")}
    given |= {n: Term(f"Weights!$B${row}", cells[n].value) for n, row in (("amber", 11), ("green", 12))}
    scored = (score_, ">=", 0)
    everyone, gone = countifs(scored), countifs(scored, (left, "=", 1))
    rate_all = gone / everyone
    for row, name in enumerate((*BANDS, "all"), 4):
        where = (scored,) if name == "all" else (scored, (band, "=", name))
        page.put(row, 0, name, page.looks.words(bold=True))
        plain = {"customers": countifs(*where), "churned": countifs(*where, (left, "=", 1))}
        n, lost = (
            page.put(row, 1 + i, when(everyone.eq(0), 0, _tested(book, given, row - 4, k, v)), page.looks.number(COUNT))
            for i, (k, v) in enumerate(plain.items())
        )
        rate = _tested(book, given, row - 4, "churn_rate", lost / n)
        page.put(row, 3, guarded(n, rate), page.looks.number(FRACTION))
        lift = _tested(book, given, row - 4, "lift", lost / n / rate_all)
        page.put(row, 4, when(n.eq(0), "no data", when(lost.eq(0), 0, lift)), page.looks.number(RATIO))
    wins = total(table.numbers("Wins"))
    auc = _tested(book, given, 3, "auc", wins / (gone * (everyone - gone)))
    page.put(9, 0, "AUC", page.looks.words(bold=True))
    page.put(9, 1, guarded(gone * (everyone - gone), auc), page.looks.number(PROBABILITY, bold=True))
    page.note(
        10,
        0,
        "AUC: the chance that an account that left had a lower score than one that stayed; 0.5 tells nothing, 1 ranks "
        "all right. Lift: churn rate of the band ÷ churn rate of all. The scores date from before the six "
        "months in which "
        "churn is counted. Do not read a score as a probability.",
        6,
        44,
    )


def _tested(book: Book, given: dict[str, Term], row: int, column: str, plain: Term) -> Term:
    return book.table_cell("health_backtest", given, row, column, plainly=plain)


def past_helpers(table: Table) -> None:
    """Helper columns of the back-test: who left as 1, and how many who stayed had a higher score."""
    left = np.array([v is True or v == 1 or (isinstance(v, str) and v.lower() == "yes") for v in table.cells["Left"]])
    known = np.array([v not in (None, "") for v in table.cells["Left"]])
    cell = table.here("Left")
    table.add(
        "Left since",
        f'IF({cell}="","",IF(OR({cell}=TRUE,{cell}=1,{cell}="yes"),1,0))',
        np.where(known, left.astype(float), "").astype(object) if not known.all() else left.astype(float),
        COUNT,
    )
    scores = table.column("Score").numbers
    stayed = scores[~left & known & ~np.isnan(scores)]
    wins = [
        float((stayed > s).sum() + 0.5 * (stayed == s).sum()) if gone and s == s else 0.0
        for s, gone in zip(scores, left, strict=True)
    ]
    mark, column, since = table.here("Score"), f"{table.name}[Score]", f"{table.name}[Left since]"
    others = f'({column}<9E307)*({since}=0)*({since}<>"")'
    higher = f"SUM({others}*(({column}>{mark})+0.5*({column}={mark})))"
    formula = f"IF(AND(ISNUMBER({mark}),{table.here('Left since')}=1),{higher},0)"
    table.add("Wins", formula, np.array(wins), COUNT, array=True)


def build(book: Book) -> None:
    """Write the pages of this template."""
    accounts, past, page = book.tables["Accounts"], book.tables["Past"], book.pages["Health"]
    cells = weights(book)
    book.add_in_segment(accounts)
    for table in (accounts, past):
        score(book, table, cells)
    drivers(accounts, cells)
    past_helpers(past)
    page.widths(14, 13, 12, 12, 13, 12, 12, 13, 12, 12, 12, 4)
    page.title("Account health")
    choices(book, page, (0, 2, 4))
    bands(book, page, 5)
    page.note(
        11,
        0,
        "A snapshot of the accounts as they are on the page Accounts; the period and month only label "
        "what is closed on "
        "the page History.",
        6,
        26,
    )
    listing(book, page, 21)
    back_test(book, cells)
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
        "Read the pages Back-test and Checks, and close the month on the page History.",
    ),
    pages=(
        ("Health", "the dashboard: bands, and whom to call first"),
        ("Back-test", "past scores against who left"),
        ("Weights", "weights, ends of the scales, bands"),
        ("Accounts", "data: accounts with their inputs"),
        ("Past", "data: the same six months before, and who left"),
    ),
    dashboard="Health",
    sheets={sources.ACCOUNTS: sources.sample_accounts, sources.PAST: sources.sample_past},
    build=build,
    banner_width=6,
)

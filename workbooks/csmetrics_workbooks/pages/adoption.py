"""Which features are used, by how many, how deep."""

from collections import Counter

import numpy as np

from csmetrics_core import CATALOG, lookup
from csmetrics_core.declaration.spec import COUNT, FRACTION
from csmetrics_core.palette import ACCENT
from csmetrics_workbooks.kit.book import Book
from csmetrics_workbooks.kit.formulas import Scope
from csmetrics_workbooks.kit.names import places
from csmetrics_workbooks.kit.sheet import Page, axis
from csmetrics_workbooks.kit.terms import Term, is_number, when
from csmetrics_workbooks.pages.active import distinct
from csmetrics_workbooks.pages.checking import respelled

FEATURES = 10


def adoption(book: Book, page: Page, row: int) -> None:
    """Features: how many users, how deep; the names may be typed over."""
    events = book.tables["Events"]
    scope = Scope(events.column("Period"), 1)
    number, feature = events.column("User no"), events.column("Feature")
    base = f"({scope.column.text}=1)*({number.text}>0)"
    rows = scope.rows & np.array([v > 0 for v in number.value])
    fits = np.array([v not in (None, "") for v in feature.value]) & rows
    # By their numbers, in the first spelling: a spreadsheet tells no capitals apart.
    users, features = number.value[fits].tolist(), places(feature.value)[fits].tolist()
    uses = Counter(features)
    found = lookup("feature_adoption").function(users, features) if users else None
    table = (
        {}
        if found is None
        else {
            feature.value[int(f) - 1]: (float(u), float(b), float(n), uses[f])
            for f, u, b, n in found.itertuples(index=False)
        }
    )
    page.headers(row, ["Feature", "Users", "Share of users", "Uses", "Uses a user"], right=range(1, 5), height=18)
    everybody = Term(distinct(f'{base}*({feature.text}<>"")', number.text), len(set(users)), True)
    work = book.pages["Workings"]
    work.put(16, 0, "Users of any feature in the period", work.looks.words())
    of_all = work.put(16, 1, everybody, work.looks.number(COUNT))
    names = sorted(table, key=lambda f: (-table[f][0], str(f)))[:FEATURES]
    listed = []
    for place in range(FEATURES):
        name = names[place] if place < len(names) else None
        cell = page.put(row + 1 + place, 0, name, page.looks.input("@", align="left", indent=1))
        listed.append(cell)
        known = table.get(name, (0.0, 0.0, 0.0, 0))
        test = f"{base}*({feature.text}={cell.text})"
        seen = Term(distinct(test, number.text), known[0], True)
        shown = Term(f'IF({cell.text}="","",{seen.text})', "" if name is None else known[0], True)
        count = page.put(row + 1 + place, 1, shown, page.looks.number(COUNT))
        times = Term(f"SUM(IF({test},1,0))", known[3], True)
        used = page.put(row + 1 + place, 3, when(is_number(count), times, ""), page.looks.number(COUNT))
        given = {"users": scope.take(events.column("User")), "features": scope.take(feature)}
        for column, (field, plain) in {2: ("breadth", count / of_all), 4: ("uses_per_user", used / count)}.items():
            page.put(
                row + 1 + place,
                column,
                _adopted(book, given, cell, count, field, plain),
                page.looks.number(FRACTION if column == 2 else "0.0"),
            )
    respelled(book, book.tables["Events"], "Feature", listed, "on the page Usage")
    book.explain("feature_adoption")


def adoption_chart(book: Book, page: Page, place: tuple[int, int], row: int, size: tuple[int, int]) -> None:
    """The share of users of each feature of the table at a row, the most used on top."""
    chart = book.chart("bar")
    chart.add_series(
        {
            "name": "Share of users",
            "categories": [page.name, row + 1, 0, row + FEATURES, 0],
            "values": [page.name, row + 1, 2, row + FEATURES, 2],
            "fill": {"color": ACCENT},
            "gap": 40,
        }
    )
    chart.set_legend({"none": True})
    chart.set_y_axis({**axis(), "reverse": True})
    chart.set_x_axis({**axis("0%", lines=True), "min": 0, "max": 1})
    page.chart(*place, chart, "Who uses what", "Bar chart: share of the period's users by feature", size)


def _adopted(book: Book, given: dict[str, Term], name: Term, count: Term, field: str, plain: Term) -> Term:
    """A feature's line of FEATURE_ADOPTION, found by its name; in plain formulas the same ratio."""
    metric = CATALOG["feature_adoption"]
    column = [c.name for c in metric.columns].index(field) + 1
    function = f"{metric.excel_name}({given['users'].text},{given['features'].text})"
    # EXACT, as LibreOffice finds text of an array equal to nothing.
    same = f"EXACT(UPPER(INDEX({function},0,1)),UPPER({name.text}))"
    found = f"INDEX({function},MATCH(TRUE,{same},0),{column})"
    inner = f"IF(addin_on,{found},{plain.text})"
    positive = is_number(count).value and count.value > 0
    return Term(f'IF(N({count.text})=0,"",{inner})', plain.value if positive else "", True)

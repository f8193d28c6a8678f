"""Which features are used, by how many, how deep."""

import numpy as np

from csmetrics_core import CATALOG, lookup
from csmetrics_core.spec import COUNT, FRACTION
from csmetrics_workbooks.active import distinct
from csmetrics_workbooks.book import Book
from csmetrics_workbooks.formulas import Scope
from csmetrics_workbooks.sheet import Page
from csmetrics_workbooks.tables import countifs
from csmetrics_workbooks.terms import Term, is_number, when

FEATURES = 10


def adoption(book: Book, page: Page, row: int) -> None:
    """Features: how many users, how deep; the names may be typed over."""
    events = book.tables["Events"]
    scope = Scope(events.column("Period"), 1)
    number, feature = events.column("User no"), events.column("Feature")
    base = f"({scope.column.text}=1)*({number.text}>0)"
    rows = scope.rows & np.array([v > 0 for v in number.value])
    fits = np.array([v not in (None, "") for v in feature.value]) & rows
    users, features = events.cells["User"][fits].tolist(), feature.value[fits].tolist()
    found = lookup("feature_adoption").function(users, features) if users else None
    table = (
        {}
        if found is None
        else {str(f): (float(u), float(b), float(n)) for f, u, b, n in found.itertuples(index=False)}
    )
    page.headers(row, ["Feature", "Users", "Share of users", "Uses", "Uses a user"], right=range(1, 5), height=18)
    everybody = Term(distinct(f'{base}*({feature.text}<>"")', number.text), len({u.lower() for u in users}), True)
    work = book.pages["Workings"]
    work.put(16, 0, "Users of any feature in the period", work.looks.words())
    of_all = work.put(16, 1, everybody, work.looks.number(COUNT))
    names = sorted(table, key=lambda f: (-table[f][0], f))[:FEATURES]
    for place in range(FEATURES):
        name = names[place] if place < len(names) else None
        cell = page.put(row + 1 + place, 0, name, page.looks.input(align="left", indent=1))
        known = table.get(name or "", (0.0, 0.0, 0.0))
        test = f"{base}*({feature.text}={cell.text})"
        seen = Term(distinct(test, number.text), known[0], True)
        shown = Term(f'IF({cell.text}="","",{seen.text})', known[0] if name else "", True)
        count = page.put(row + 1 + place, 1, shown, page.looks.number(COUNT))
        uses = (
            countifs((feature, "=", cell), (scope.column, "=", 1), (number, ">", 0))
            if name
            else Term(f'COUNTIFS({feature.text},{cell.text},{scope.column.text},1,{number.text},">0")', 0)
        )
        used = page.put(row + 1 + place, 3, when(is_number(count), uses, ""), page.looks.number(COUNT))
        given = {"users": scope.take(events.column("User")), "features": scope.take(feature)}
        for column, (field, plain) in {2: ("breadth", count / of_all), 4: ("uses_per_user", used / count)}.items():
            page.put(
                row + 1 + place,
                column,
                _adopted(book, given, cell, count, field, plain),
                page.looks.number(FRACTION if column == 2 else "0.0"),
            )
    book.explain("feature_adoption")


def _adopted(book: Book, given: dict[str, Term], name: Term, count: Term, field: str, plain: Term) -> Term:
    """A feature's line of FEATURE_ADOPTION, found by its name; in plain formulas the same ratio."""
    metric = CATALOG["feature_adoption"]
    column = [c.name for c in metric.columns].index(field) + 1
    function = f"{metric.excel_name}({given['users'].text},{given['features'].text})"
    inner = f"IF(addin_on,INDEX({function},MATCH({name.text},INDEX({function},0,1),0),{column}),{plain.text})"
    positive = is_number(count).value and count.value > 0
    return Term(f'IF(N({count.text})=0,"",{inner})', plain.value if positive else "", True)

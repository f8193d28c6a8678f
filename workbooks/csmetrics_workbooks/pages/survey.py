"""Survey answers and tickets of one period: counts, and the measures that rest on them."""

from dataclasses import dataclass

import numpy as np

from csmetrics_core.declaration.spec import COUNT
from csmetrics_workbooks.kit.book import Book
from csmetrics_workbooks.kit.estimates import nps_bounds, wilson
from csmetrics_workbooks.kit.formulas import NO_DATA, Scope
from csmetrics_workbooks.kit.judging import guarded
from csmetrics_workbooks.kit.sheet import Page
from csmetrics_workbooks.kit.tables import Table, countifs, sumifs
from csmetrics_workbooks.kit.terms import Term, when


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
    book.add_segment_number(responses, "Any segment", "Segment before", 2)
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

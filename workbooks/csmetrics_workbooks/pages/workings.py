"""The scorecard's workings: the counts and sums behind each metric, one column a period."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from xlsxwriter.utility import xl_col_to_name

from csmetrics_core.declaration.spec import COUNT, FRACTION, MONEY, POINTS, Unit
from csmetrics_core.palette import MUTED
from csmetrics_workbooks.kit.book import Book
from csmetrics_workbooks.kit.estimates import nps_bounds, wilson
from csmetrics_workbooks.kit.flows import Months, fate
from csmetrics_workbooks.kit.formulas import NO_DATA, Scope
from csmetrics_workbooks.kit.judging import guarded
from csmetrics_workbooks.kit.tables import Table, countifs, sumifs
from csmetrics_workbooks.kit.terms import Term, is_number, term, when

QUARTERS = 9
#: Inputs of the book's health score -> weight, worst, best.
HEALTH = {"Licence use": (1, 0, 1), "Stickiness": (1, 0, 0.4), "CSAT": (1, 50, 100), "Gross retention": (1, 0.7, 1)}


@dataclass
class View:
    """One period looked at: a column of the page Workings."""

    label: str
    column: int
    end: Term
    length: Term | int
    number: int
    helper: str

    def scope(self, table: Table) -> Scope:
        """The rows of a dated table in this period."""
        return Scope(table.column(self.helper), self.number)


class Workings:
    """Numbers behind the metrics, one row each, one column a period."""

    def __init__(self, book: Book, plan: Mapping[str, Term]) -> None:
        self.book, self.page, self.plan = book, book.pages["Workings"], plan
        self.months = Months(book.tables["Revenue"])
        self.rows: dict[str, int] = {}
        self.cells: dict[tuple[str, int], Term] = {}
        self.page.widths(40, *[13] * (QUARTERS + 2))
        self.page.title("Workings", "The counts and sums behind each figure. Nothing to type here.", 8)
        self.views = self._views()
        for view in self.views:
            self._fill(view)

    def _views(self) -> list[View]:
        last, length = self.book.last_month, self.book.period_months
        page, views = self.page, []
        page.headers(
            3,
            ["", "This period", "Prior period", *[f"Quarter {-i}" if i else "Quarter" for i in range(QUARTERS)]],
            right=range(1, QUARTERS + 3),
            height=18,
        )
        for column in range(1, QUARTERS + 3):
            back = length * (column - 1) if column < 3 else term(3 * (column - 3))
            look = self.page.looks.number("0", font_color=MUTED)
            end = page.put(4, column, last - back, look)
            size: Term | int = length if column < 3 else 3
            number = column if column < 3 else column - 2
            views.append(View("", column, end, size, number, "Period" if column < 3 else "Quarter"))
        page.put(4, 0, "Last month, as year × 12 + month", page.looks.words())
        self.rows["end"] = 4
        return views

    def set(self, name: str, view: View, value: Term, unit: Unit | str = COUNT) -> Term:
        """Write one number of one period."""
        if name not in self.rows:
            self.rows[name] = 5 + len(self.rows) - 1
            self.page.put(self.rows[name], 0, name, self.page.looks.words())
        cell = self.page.put(self.rows[name], view.column, value, self.page.looks.number(unit))
        self.cells[name, view.column] = cell
        return cell

    def get(self, name: str, view: View) -> Term:
        """A number written before."""
        return self.cells[name, view.column]

    def _fill(self, view: View) -> None:
        self._revenue(view)
        self._survey(view)
        self._operations(view)
        self._derived(view)

    def _revenue(self, view: View) -> None:
        months = self.months
        before, year = view.end - view.length, view.end - 12
        period, annual = fate(months, before, view.end), fate(months, year, view.end)
        self.set("Amounts of the month before", view, months.amounts(before))
        self.set("Customers at start", view, period.customers)
        self.set("of these, lost", view, period.lost)
        self.set("Customers at end", view, months.customers(view.end))
        self.set("MRR at end", view, months.sum(view.end), MONEY)
        block = Term(months.block, None)
        column = f"(COLUMN({block.text})-MIN(COLUMN({block.text}))+{months.first})"
        length = term(view.length)
        inside = f"({column}>{view.end.text}-{length.text})*({column}<={view.end.text})"
        numbers = f'({block.text}<9E307)*({block.text}<>"")'
        beyond = months.first + len(months.headers)
        held = view.end.value - length.value >= months.first - 1 and view.end.value < beyond
        places = [view.end.value - i - months.first for i in range(int(length.value))]
        value = float(sum((months.inside.value * np.nan_to_num(months._numbers[int(p)])).sum() for p in places if held))
        summed = f"SUM(IF({inside}*{numbers}*({months.inside.text}=1),{block.text},0))"
        known = f"AND({view.end.text}-{length.text}>={months.first - 1},{view.end.text}<{beyond})"
        self.set(
            "Revenue of the period", view, Term(f"IF({known},{summed},0)", round(value, 6) if held else 0, True), MONEY
        )
        self.set("MRR 12 months ago", view, annual.opening, MONEY)
        self.set("of the same customers: expansion", view, annual.expansion, MONEY)
        self.set("contraction", view, annual.contraction, MONEY)
        self.set("churned", view, annual.churned, MONEY)
        self.set("Customers 12 months ago", view, annual.customers)
        self.set("of these, left since", view, annual.lost)

    def _survey(self, view: View) -> None:
        table = self.book.tables["Responses"]
        inside = (table.column(view.helper), "=", view.number)
        z = self.plan["z"]
        counts = {
            "nps": ("NPS answers", "Promoters", 0, 9),
            "csat": ("CSAT answers", "Satisfied (4-5)", 1, 4),
            "ces": ("CES answers", "Easy (5-7)", 1, 5),
        }
        for name, (answers, good, lowest, line) in counts.items():
            column = table.column(name.upper())
            n = self.set(answers, view, countifs((column, ">=", lowest), inside))
            hits = self.set(good, view, countifs((column, ">=", line), inside))
            if name == "nps":
                bad = self.set("Detractors", view, countifs((column, "<=", 6), inside))
                low, high = nps_bounds(hits, bad, n, z)
            else:
                low, high = wilson(hits, n, z, 100)
            self.set(f"{name.upper()} low", view, low, POINTS)
            self.set(f"{name.upper()} high", view, high, POINTS)
        rated = table.column("Sentiment")
        self.set("Comments rated", view, countifs((rated, ">=", -1), inside))
        self.set("Sum of sentiment", view, sumifs(rated, inside), "0.00")

    def _operations(self, view: View) -> None:
        table = self.book.tables["Operations"]
        inside = (table.column(view.helper), "=", view.number)
        sums = (("Opportunities", COUNT), ("Conversions", COUNT), ("Resolved", COUNT), ("First contact", COUNT))
        for header, unit in sums:
            self.set(header, view, sumifs(table.column(header), inside), unit)
        for name, n, hits in (("Conversion", "Opportunities", "Conversions"), ("FCR", "Resolved", "First contact")):
            low, high = wilson(self.get(hits, view), self.get(n, view), self.plan["z"])
            self.set(f"{name} low", view, low, FRACTION)
            self.set(f"{name} high", view, high, FRACTION)
        low, high = wilson(self.get("of these, lost", view), self.get("Customers at start", view), self.plan["z"])
        self.set("Churn low", view, low, FRACTION)
        self.set("Churn high", view, high, FRACTION)
        last = (table.column("Month no"), "=", self.book.last_month - view.end + 1)
        for header in ("Licensed", "Active users", "Daily users"):
            self.set(header, view, sumifs(table.column(header), last), "#,##0.0" if header == "Daily users" else COUNT)
        used = self.set("Seats used", view, sumifs(table.column("Seats used"), last), COUNT)
        # Who does not know whose seats users have gives active users alone.
        told = countifs((table.column("Seats used"), ">=", 0))
        self.set("Users of these seats", view, when(told.eq(0), self.get("Active users", view), used), COUNT)
        self.set("Retention costs known", view, countifs((table.column("Retention cost"), ">=", 0), inside))
        sessions = self.book.tables["Sessions"]
        self.set(
            "Sessions",
            view,
            countifs((sessions.column("Minutes"), ">=", 0), (sessions.column(view.helper), "=", view.number)),
        )

    def _derived(self, view: View) -> None:
        def get(name: str) -> Term:
            return self.get(name, view)

        arpa = guarded(
            get("Customers at end"),
            self.book.call("arpa", {"mrr": get("MRR at end"), "customers": get("Customers at end")}),
        )
        self.set("ARPA a month", view, arpa, MONEY)
        left = get("of these, left since") / get("Customers 12 months ago")
        annual = self.set(
            "Logo churn over 12 months", view, when(get("Customers 12 months ago").eq(0), NO_DATA, left), FRACTION
        )
        monthly = when(is_number(annual), self.book.call("monthly_churn", {"annual_churn": annual}), NO_DATA)
        self.set("the same a month", view, monthly, "0.00%")
        usage = guarded(get("Licensed"), get("Users of these seats") / get("Licensed"))
        self.set("Licence use", view, usage, FRACTION)
        self.set("Stickiness", view, guarded(get("Active users"), get("Daily users") / get("Active users")), FRACTION)
        self.set("CSAT", view, guarded(get("CSAT answers"), get("Satisfied (4-5)") / get("CSAT answers") * 100), POINTS)
        kept = (get("MRR 12 months ago") - get("contraction") - get("churned")) / get("MRR 12 months ago")
        self.set("Gross retention", view, guarded(get("MRR 12 months ago"), kept), FRACTION)
        inputs = [self.get(name, view) for name in HEALTH]
        known = [when(is_number(one), self.plan[f"weight {name}"], 0) for name, one in zip(HEALTH, inputs, strict=True)]
        covered = known[0] + known[1] + known[2] + known[3]
        self.set("Weight of the health inputs known", view, covered, "0.0")

    def health_inputs(self, view: View) -> Term:
        """The four inputs of the book's health score as a range."""
        letter = xl_col_to_name(view.column)
        first = self.rows["Licence use"] + 1
        cells = np.array([self.get(name, view).value for name in HEALTH], dtype=object)
        return Term(f"{self.page.prefix}${letter}${first}:${letter}${first + 3}", cells, True)

"""What a customer brings and costs in one period, and what those figures rest on."""

from collections.abc import Mapping

import numpy as np

from csmetrics_core import CATALOG
from csmetrics_core.company.headline.labels import label
from csmetrics_core.declaration.spec import COUNT, FRACTION, MONEY, MONTHS, Unit
from csmetrics_workbooks.kit.book import ALL, Book
from csmetrics_workbooks.kit.flows import Months, fate
from csmetrics_workbooks.kit.formulas import NO_DATA, Scope
from csmetrics_workbooks.kit.judging import guarded
from csmetrics_workbooks.kit.names import place
from csmetrics_workbooks.kit.sheet import Page
from csmetrics_workbooks.kit.tables import countifs, sumifs
from csmetrics_workbooks.kit.terms import Term, both, is_number, term, total, when

PURPOSES = ("acquisition", "retention", "delivery")
MONTHLY = Unit("share a month", "0.00%", "{:.2%}")
MEASURES: tuple[tuple[str, str], ...] = (
    ("arpu", "Revenue a customer in the period"),
    ("arpa", "MRR a customer"),
    ("monthly_churn", "Customer churn a month"),
    ("customer_lifetime", "Customer lifetime, months"),
    ("clv", label("clv", "discounted")),
    ("cac", "Customer acquisition cost"),
    ("ltv_cac", "LTV:CAC"),
    ("cac_payback", "CAC payback, months"),
    ("crc", "Customer retention cost in the period"),
)
#: What a figure of one segment says where costs it rests on are of the whole company.
NOT_SPLIT = "costs not split"


def unit_of(name: str) -> Unit:
    """The unit shown; monthly churn needs two decimals, and its periods are months here."""
    return {"monthly_churn": MONTHLY, "customer_lifetime": MONTHS}.get(name) or CATALOG[name].unit


def add_purposes(book: Book) -> None:
    """Helper columns: whose costs they are, and the period number of the rows of one purpose in the segment chosen."""
    costs = book.tables["Costs"]
    book.add_periods(costs, "Month", segment=False, period=book.period_months, quarter=3)
    inside = book.add_in_segment(costs).value == 1
    segments = {v.lower() for v in book.tables["Revenue"].cells["Segment"] if isinstance(v, str)}
    named = [float(isinstance(v, str) and v.lower() in segments) for v in costs.cells["Segment"]]
    cell = costs.here("Segment")
    found = place(cell, "Revenue[Segment]", "Revenue[[#Headers],[Segment]]")
    known = f"IF(ISNUMBER({found}),IF({found}>ROWS(Revenue[Segment]),0,1),0)"
    costs.add("Split", f'IF({cell}="",0,{known})', named, COUNT)
    for purpose in PURPOSES:
        same = inside & np.array([isinstance(v, str) and v.lower() == purpose for v in costs.cells["Purpose"]])
        for period in ("Period", "Quarter"):
            values = np.where(same, costs.column(period).value, 0).astype(float)
            formula = f'IF({costs.here("Purpose")}="{purpose}",{costs.here("In segment")}*{costs.here(period)},0)'
            costs.add(f"{purpose.capitalize()} {period.lower()}", formula, values, COUNT)


class Economics:
    """The figures of one period, with what they rest on in a column of the page Workings."""

    def __init__(self, book: Book, months: Months, first: Term, assumed: Mapping[str, Term], column: int) -> None:
        self.book, self.months, self.first, self.assumed, self.column = book, months, first, assumed, column
        self.row = 3
        self.made: dict[str, Term] = {}
        self.unsplit: dict[str, Term] = {}

    def keep(self, label: str, value: Term, unit: Unit) -> Term:
        """Write one number onto the page Workings."""
        page = self.book.pages["Workings"]
        self.row += 1
        page.put(self.row, 0, label, page.looks.words())
        return page.put(self.row, self.column, value, page.looks.number(unit))

    def rests(self, end: Term, length: Term | int, number: int, period: str) -> None:
        """Counts and sums of the period."""
        size, months, costs = term(length), self.months, self.book.tables["Costs"]
        span, year = fate(months, end - size, end), fate(months, end - 12, end)
        now = months.paid(end)
        self.end = self.keep("Last month, as year × 12 + month", end, Unit("", "0", "{}"))
        self.before = self.keep("Amounts of the month before", months.amounts(end - size), COUNT)
        self.opening = self.keep("Customers at start", span.customers, COUNT)
        self.kept = self.keep("of these, kept", span.customers - span.lost, COUNT)
        self.closing = self.keep("Customers at end", months.customers(end), COUNT)
        came = total(months.inside * now.gt(0) * self.first.gt(end - size - (months.first - 1)))
        self.new = self.keep(
            "Customers never seen before", when(months.holds(end - size) * months.holds(end), came, 0), COUNT
        )
        self.mrr = self.keep("MRR at end", months.sum(end), MONEY)
        window = ((self.totals[0], ">", end - size), (self.totals[0], "<=", end))
        whole = months.holds(end - size)
        self.revenue = self.keep("Revenue of the period", when(whole, sumifs(self.totals[1], *window), 0), MONEY)
        self.customers_then = self.keep("Customers 12 months ago", year.customers, COUNT)
        self.left_since = self.keep("of these, left since", year.lost, COUNT)
        self.scopes = {p: Scope(costs.column(f"{p.capitalize()} {period.lower()}"), number) for p in PURPOSES}
        amount = costs.column("Amount")
        self.spent = {
            p: self.keep(f"Cost of {p}", sumifs(amount, (s.column, "=", number)), MONEY) for p, s in self.scopes.items()
        }
        dated = costs.column(period)
        for p in PURPOSES:
            whole_company = countifs(
                (costs.column("Purpose"), "=", p), (dated, "=", number), (costs.column("Split"), "=", 0)
            )
            lines = when(self.book.segment.eq(ALL), 0, whole_company)
            self.unsplit[p] = self.keep(f"Lines of {p} in the way of one segment", lines, COUNT)
        share = self._split("delivery", (self.revenue - self.spent["delivery"]) / self.revenue)
        typed = self.assumed["margin"]
        margin = when(is_number(typed), typed, when(self.revenue.eq(0), NO_DATA, share))
        self.margin = self.keep("Gross margin", margin, FRACTION)
        annual = when(self.customers_then.eq(0), NO_DATA, self.left_since / self.customers_then)
        self.annual = self.keep("Customer churn over 12 months", annual, FRACTION)

    totals: tuple[Term, Term]

    def value(self, name: str) -> Term:
        """A figure as a call, or no data."""
        return {
            "arpu": self._arpu,
            "arpa": self._arpa,
            "monthly_churn": self._monthly_churn,
            "customer_lifetime": self._lifetime,
            "clv": self._clv,
            "cac": self._cac,
            "ltv_cac": self._ltv_cac,
            "cac_payback": self._payback,
            "crc": self._crc,
        }[name]()

    def _arpu(self) -> Term:
        given = {"revenue": self.revenue, "opening_users": self.opening, "closing_users": self.closing}
        base = when(self.before.eq(0), 0, self.opening + self.closing)
        return guarded(base, self.book.call("arpu", given))

    def _arpa(self) -> Term:
        return guarded(self.closing, self.book.call("arpa", {"mrr": self.mrr, "customers": self.closing}))

    def _monthly_churn(self) -> Term:
        value = self.book.call("monthly_churn", {"annual_churn": self.annual})
        return when(is_number(self.annual), value, NO_DATA)

    def _lifetime(self) -> Term:
        churn = self.made["monthly_churn"]
        return self._unless_zero(churn, self.book.call("customer_lifetime", {"churn": churn}))

    def _clv(self) -> Term:
        made = self.made
        given = {
            "arpa": made["arpa"],
            "gross_margin": self.margin,
            "churn": made["monthly_churn"],
            "discount_per_period": self.assumed["discount"],
            "horizon": self.assumed["horizon"],
        }
        return resting(
            self._unless_zero(made["monthly_churn"], self.book.call("clv", given)), made["arpa"], self.margin
        )

    def _cac(self) -> Term:
        given = {"spend": self.book.tables["Costs"].column("Amount"), "new_customers": self.new}
        base = when(self.spent["acquisition"].eq(0), 0, self.new)
        value = guarded(base, self.book.call("cac", given, self.scopes["acquisition"]))
        return self._split("acquisition", value)

    def _ltv_cac(self) -> Term:
        given = {"clv": self.made["clv"], "cac": self.made["cac"]}
        return resting(self.book.call("ltv_cac", given), *given.values())

    def _payback(self) -> Term:
        given = {"cac": self.made["cac"], "arpa": self.made["arpa"], "gross_margin": self.margin}
        return resting(self.book.call("cac_payback", given), *given.values())

    def _crc(self) -> Term:
        given = {"retention_costs": self.book.tables["Costs"].column("Amount"), "customers": self.kept}
        base = when(self.spent["retention"].eq(0), 0, self.kept)
        return self._split("retention", guarded(base, self.book.call("crc", given, self.scopes["retention"])))

    def _split(self, purpose: str, value: Term) -> Term:
        """The value, unless costs of the whole company would be divided by one segment's customers."""
        return when(self.unsplit[purpose].gt(0), NOT_SPLIT, value)

    @staticmethod
    def _unless_zero(churn: Term, value: Term) -> Term:
        return when(is_number(churn), when(churn.eq(0), "no churn", value), NO_DATA)

    def write(self, page: Page, row: int, column: int, *, bold: bool = False) -> None:
        """All figures down one column of a page."""
        for offset, (name, _) in enumerate(MEASURES):
            look = page.looks.number(unit_of(name), bold=bold)
            self.made[name] = page.put(row + offset, column, self.value(name), look)


def resting(value: Term, *inputs: Term) -> Term:
    """The value where every input is a number; otherwise what the inputs say."""
    words = term(NO_DATA)
    for one in inputs:
        words = when(one.eq(NOT_SPLIT), NOT_SPLIT, words)
    return when(both(*map(is_number, inputs)), value, words)


def totals(book: Book, months: Months) -> tuple[Term, Term]:
    """Revenue of each month on the page Workings, as two ranges: month number and amount."""
    page, count = book.pages["Workings"], len(months.headers)
    numbers, amounts = [], []
    page.headers(29, ["Month, as year × 12 + month", "MRR"], right=(1,), height=18)
    for offset in range(count):
        number = page.put(30 + offset, 0, float(months.first + offset), page.looks.number("0"))
        numbers.append(number.value)
        amounts.append(page.put(30 + offset, 1, months.sum(number), page.looks.number(MONEY)).value)
    ranges = (f"{page.prefix}${letter}$31:${letter}${30 + count}" for letter in "AB")
    first, second = (
        Term(text, np.array(v, dtype=object), True) for text, v in zip(ranges, (numbers, amounts), strict=True)
    )
    return first, second

"""The sixteen metrics as cells: what each rests on, its call and its interval; and the page of targets."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from xlsxwriter.utility import xl_col_to_name

from csmetrics_core import CATALOG
from csmetrics_core.company.headline.labels import label
from csmetrics_core.declaration.spec import FRACTION, MINUTES, Unit
from csmetrics_core.palette import MUTED
from csmetrics_workbooks.kit.book import Book
from csmetrics_workbooks.kit.estimates import z_of
from csmetrics_workbooks.kit.formulas import Scope
from csmetrics_workbooks.kit.judging import guarded
from csmetrics_workbooks.kit.sheet import Page
from csmetrics_workbooks.kit.terms import Term, both, either, is_number, total, when
from csmetrics_workbooks.pages.workings import HEALTH, View, Workings

METRICS = tuple(sorted((n for n, m in CATALOG.items() if m.headline), key=lambda n: CATALOG[n].headline or 0))
#: Metric -> (target, how near still counts as near), as typed into the sample; a person types their own.
TARGETS: Mapping[str, tuple[float, float]] = {
    "churn_rate": (0.035, 0.01),
    "mrr": (43000, 1500),
    "arpu": (1600, 60),
    "ndr": (1.05, 0.05),
    "nps": (30, 5),
    "csat": (80, 4),
    "conversion_rate": (0.28, 0.04),
    "health_score": (55, 6),
    "clv": (25000, 2000),
    "crc": (250, 15),
    "sentiment": (0.3, 0.1),
    "fcr": (0.7, 0.04),
    "ces": (70, 5),
    "product_usage_rate": (0.55, 0.05),
    "avg_session_duration": (4, 0.5),
    "stickiness": (0.2, 0.03),
}
MARGIN = 0.8
#: How the template composes the metrics that can be composed in several ways.
_VARIANTS = {"clv": "period", "health_score": "monthly", "stickiness": "monthly"}


def title_of(name: str) -> str:
    """What the template calls a metric."""
    return label(name, _VARIANTS[name]) if name in _VARIANTS else CATALOG[name].title


class Metrics:
    """Each of the sixteen metrics in a period: what it rests on, the call, and its interval."""

    def __init__(self, book: Book, workings: Workings, plan: Mapping[str, Term]) -> None:
        self.book, self.workings, self.plan = book, workings, plan

    def base(self, name: str, view: View) -> Term:
        """How much stands behind the figure; 0 means no data."""
        get: Callable[[str], Term] = lambda key: self.workings.get(key, view)  # noqa: E731
        return {
            "churn_rate": lambda: get("Customers at start"),
            "mrr": lambda: get("Customers at end"),
            "arpu": lambda: when(
                either(get("Revenue of the period").eq(0), get("Amounts of the month before").eq(0)),
                0,
                get("Customers at end"),
            ),
            "ndr": lambda: get("Customers 12 months ago"),
            "nps": lambda: get("NPS answers"),
            "csat": lambda: get("CSAT answers"),
            "ces": lambda: get("CES answers"),
            "conversion_rate": lambda: get("Opportunities"),
            "health_score": lambda: when(
                get("Weight of the health inputs known").ge(self.plan["half"]),
                _counted(self.workings.health_inputs(view)),
                0,
            ),
            "clv": lambda: when(
                both(is_number(get("the same a month")), is_number(get("ARPA a month"))), get("of these, left since"), 0
            ),
            "crc": lambda: when(
                get("Retention costs known").eq(0), 0, get("Customers at start") - get("of these, lost")
            ),
            "sentiment": lambda: get("Comments rated"),
            "fcr": lambda: get("Resolved"),
            "product_usage_rate": lambda: get("Licensed"),
            "avg_session_duration": lambda: get("Sessions"),
            "stickiness": lambda: get("Active users"),
        }[name]()

    def value(self, name: str, view: View) -> Term:
        """The metric, or no data."""
        base = self.base(name, view)
        if name == "sentiment":
            self.book.explain(
                name, remark="Here: the mean of the column Sentiment, which SENTIMENT fills from the comments."
            )
            return guarded(base, self.workings.get("Sum of sentiment", view) / base)
        arguments, scope = self._arguments(name, view)
        return guarded(base, self.book.call(name, arguments, scope))

    def _arguments(self, name: str, view: View) -> tuple[dict[str, Any], Scope | None]:
        get: Callable[[str], Term] = lambda key: self.workings.get(key, view)  # noqa: E731
        tables, plan, months = self.book.tables, self.plan, self.workings.months
        responses, operations, sessions = (tables[t] for t in ("Responses", "Operations", "Sessions"))
        given: dict[str, Callable[[], tuple[dict[str, Any], Scope | None]]] = {
            "churn_rate": lambda: ({"lost": get("of these, lost"), "opening": get("Customers at start")}, None),
            "mrr": lambda: ({"amounts": months.cells(view.end)}, Scope(tables["Revenue"].column("In segment"), 1)),
            "arpu": lambda: (
                {
                    "revenue": get("Revenue of the period"),
                    "opening_users": get("Customers at start"),
                    "closing_users": get("Customers at end"),
                },
                None,
            ),
            "ndr": lambda: (
                {
                    "opening": get("MRR 12 months ago"),
                    "expansion": get("of the same customers: expansion"),
                    "contraction": get("contraction"),
                    "churned": get("churned"),
                },
                None,
            ),
            "nps": lambda: ({"scores": responses.column("NPS")}, view.scope(responses)),
            "csat": lambda: ({"ratings": responses.column("CSAT")}, view.scope(responses)),
            "ces": lambda: ({"ratings": responses.column("CES"), "scale_max": 7}, view.scope(responses)),
            "conversion_rate": lambda: (
                {"conversions": get("Conversions"), "opportunities": get("Opportunities")},
                None,
            ),
            "health_score": lambda: (
                {
                    "values": self.workings.health_inputs(view),
                    "weights": plan["weights"],
                    "worst": plan["worst"],
                    "best": plan["best"],
                },
                None,
            ),
            "clv": lambda: (
                {"arpa": get("ARPA a month"), "gross_margin": plan["margin"], "churn": get("the same a month")},
                None,
            ),
            "crc": lambda: (
                {
                    "retention_costs": operations.column("Retention cost"),
                    "customers": get("Customers at start") - get("of these, lost"),
                },
                view.scope(operations),
            ),
            "fcr": lambda: ({"first_contact": get("First contact"), "contacts": get("Resolved")}, None),
            "product_usage_rate": lambda: ({"active": get("Users of these seats"), "licensed": get("Licensed")}, None),
            "avg_session_duration": lambda: ({"durations": sessions.column("Minutes")}, view.scope(sessions)),
            "stickiness": lambda: ({"dau": get("Daily users"), "mau": get("Active users")}, None),
        }
        return given[name]()

    def interval(self, name: str, view: View) -> tuple[Term, Term] | None:
        """Low and high at the confidence on the page Plan, where the metric is an estimate."""
        prefix = {
            "nps": "NPS",
            "csat": "CSAT",
            "ces": "CES",
            "conversion_rate": "Conversion",
            "fcr": "FCR",
            "churn_rate": "Churn",
        }.get(name)
        return None if prefix is None else tuple(self.workings.get(f"{prefix} {end}", view) for end in ("low", "high"))  # type: ignore[return-value]


def _counted(cells: Term) -> Term:
    known = sum(isinstance(v, int | float) for v in cells.value)
    return Term(f"COUNT({cells.text})", known)


def plan_page(book: Book) -> dict[str, Term]:
    """Targets and assumptions, all to be typed over."""
    page = book.pages["Plan"]
    page.widths(34, 14, 16, 88)
    page.title(
        "Plan",
        "Targets and assumptions: type your own; without a target there is no verdict. Targets are for one quarter "
        "where a metric adds up over time.",
        4,
    )
    page.headers(3, ["Metric", "Target", "Still near within", "Unit and convention"], right=(1, 2), height=18)
    plan: dict[str, Term] = {}
    for row, name in enumerate(METRICS, 4):
        metric, unit = CATALOG[name], shown_unit(name)
        page.put(row, 0, title_of(name), page.looks.words())
        target, near = TARGETS[name]
        plan[f"target {name}"] = page.put(row, 1, book.sample_target(target), page.looks.input(unit))
        plan[f"near {name}"] = page.put(row, 2, book.sample_target(near), page.looks.input(unit))
        page.put(
            row,
            3,
            f"{unit_words(name)}; {metric.better.value} is better. {metric.convention}",
            page.looks.words(font_color=MUTED),
        )
        page.worksheet.set_row(row, 13.5 * (1 + (len(metric.convention) + 28) // 92) + 6)
    row = 6 + len(METRICS)
    page.heading(row, "Assumptions", 4)
    plan["margin"] = _assume(page, row + 1, "Gross margin", MARGIN, FRACTION, "for the lifetime value")
    plan["confidence"] = _assume(page, row + 2, "Confidence", 0.95, FRACTION, "of every interval")
    page.put(row + 3, 0, "Critical value", page.looks.words())
    plan["z"] = page.put(row + 3, 1, z_of(plan["confidence"]), page.looks.number("0.0000"))
    page.heading(row + 5, "Health of the whole book: inputs", 4)
    page.headers(row + 6, ["Input", "Weight", "Scores 0 at", "Scores 100 at"], right=(1, 2, 3), height=18)
    for offset, (name, (weight, worst, best)) in enumerate(HEALTH.items()):
        place = row + 7 + offset
        page.put(place, 0, name, page.looks.words())
        plan[f"weight {name}"] = page.put(place, 1, float(weight), page.looks.input("0.0"))
        page.put(place, 2, float(worst), page.looks.input("0.00"))
        page.put(place, 3, float(best), page.looks.input("0.00"))
    for number, (key, _) in enumerate((("weights", 0), ("worst", 1), ("best", 2)), 1):
        letter = xl_col_to_name(number)
        cells = np.array([float(HEALTH[n][number - 1]) for n in HEALTH], dtype=object)
        plan[key] = Term(f"{page.prefix}${letter}${row + 8}:${letter}${row + 11}", cells, True)
    plan["half"] = page.put(row + 11, 1, total(plan["weights"]) * 0.5, page.looks.number("0.0", font_color=MUTED))
    page.put(row + 11, 0, "Half of the weight: must be known", page.looks.words(font_color=MUTED))
    return plan


def _assume(page: Page, row: int, words: str, value: float, unit: Unit, why: str) -> Term:
    page.put(row, 0, words, page.looks.words())
    cell = page.put(row, 1, value, page.looks.input(unit))
    page.put(row, 3, why, page.looks.words(font_color=MUTED))
    return cell


def planned(plan: Mapping[str, Term], name: str) -> Term:
    """The target of a metric for another page; a reference to a blank cell would be a target of 0."""
    cell = plan[f"target {name}"]
    return Term(f'IF({cell.text}="","",{cell.text})', "" if cell.value is None else cell.value)


def shown_unit(name: str) -> Unit:
    """The unit of a headline metric; sessions come in minutes here."""
    return MINUTES if name == "avg_session_duration" else CATALOG[name].unit


def unit_words(name: str) -> str:
    """The unit in words."""
    words = {"fraction": "share", "money": "currency", "compound, -1 to 1": "-1 to 1"}
    return words.get(shown_unit(name).name, shown_unit(name).name)

"""What customers say and ask: survey answers, comments, tickets and the sales funnel."""

from typing import Any

import numpy as np

from csmetrics_core.catalog import lookup
from csmetrics_core.company import Company, Missing
from csmetrics_core.evaluate import evaluate
from csmetrics_core.headline.given import Assumptions, Call, of_month


def _answers(company: Company, month: int | None, question: str) -> Any:
    return company.take("responses", question, company.rows("responses", month))


def nps(company: Company, month: int | None, given: Assumptions) -> Call:
    """The month's answers."""
    return Call({"scores": _answers(company, month, "nps")}, of_month("responses", month))


def csat(company: Company, month: int | None, given: Assumptions) -> Call:
    """The month's answers."""
    arguments = {"ratings": _answers(company, month, "csat"), "scale_max": given.csat_scale}
    return Call(arguments, f"{of_month('responses', month)}, scale 1-{given.csat_scale}")


def ces(company: Company, month: int | None, given: Assumptions) -> Call:
    """The month's answers."""
    arguments = {
        "ratings": _answers(company, month, "ces"),
        "scale_max": given.ces_scale,
        "easy": given.ces_easy,
    }
    return Call(arguments, f"{of_month('responses', month)}, scale 1-{given.ces_scale}, {given.ces_easy} is easy")


def sentiment(company: Company, month: int | None, given: Assumptions) -> Call:
    """The month's comments, those left blank aside."""
    comments = [c for c in _answers(company, month, "comment") if isinstance(c, str) and c.strip()]
    if not comments:
        raise Missing(f"there are no {of_month('comments', month)}")
    return Call({"comments": comments}, of_month("comments", month), averaged=True)


def conversion_rate(company: Company, month: int | None, given: Assumptions) -> Call:
    """The month's conversions over its opportunities."""
    rows = company.rows("funnel", month)
    sums = {}
    for name in ("conversions", "opportunities"):
        values = company.column("funnel", name, "number").values[rows]
        if np.isnan(values).any():
            raise Missing(f"{company.table('funnel').columns[name]} is not a number in every row of the month")
        sums[name] = float(values.sum())
    return Call(sums, f"divided by {company.table('funnel').columns['opportunities']}")


def fcr(company: Company, month: int | None, given: Assumptions) -> Call:
    """The month's resolved tickets."""
    rows = company.rows("tickets", month)
    flags = [n for n in ("resolved", "reopened", "transferred", "abandoned") if company.has("tickets", n)]
    arguments = {name: company.take("tickets", name, rows) for name in ("contacts", *flags)}
    parts: Any = evaluate(lookup("fcr_from_contacts"), (), arguments).parts
    said = f"; flags: {', '.join(flags)}" if flags else ""
    counts = {"first_contact": int(parts.numerator), "contacts": int(parts.denominator)}
    return Call(counts, f"{of_month('resolved tickets', month)}{said}")

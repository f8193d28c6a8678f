"""What customers say and ask: survey answers, comments, tickets and the sales funnel."""

from itertools import compress
from numbers import Real
from typing import Any

import numpy as np

from csmetrics_core.company.company import Company, Missing
from csmetrics_core.company.headline.given import Assumptions, Call, of_month, owners_of
from csmetrics_core.declaration.catalog import lookup
from csmetrics_core.evaluate import evaluate


def _answers(company: Company, month: int | None, question: str) -> Any:
    return company.take("responses", question, company.rows("responses", month))


def _owners(company: Company, month: int | None) -> Any:
    return owners_of(company, "responses", company.rows("responses", month))


def nps(company: Company, month: int | None, given: Assumptions) -> Call:
    """The month's answers."""
    owners = _owners(company, month)
    return Call({"scores": _answers(company, month, "nps")}, of_month("responses", month), owners=owners)


def _ratings(company: Company, month: int | None, question: str, highest: int) -> Any:
    """The month's answers on a scale from 1.

    Raises:
        Missing: one is off the scale, which may be another.
    """
    answers = _answers(company, month, question)
    top = company.scale_of_words("responses", question)
    if top not in (None, highest):
        fix = f"Say {top}, or leave the scale out."
        raise Missing(f"the answers under {question} are words of a scale to {top}, and {highest} was said. {fix}")
    known = np.array([one for one in answers if isinstance(one, Real) and not isinstance(one, bool)], dtype=float)
    off = known[np.isfinite(known) & ((known < 1) | (known > highest) | (known != np.floor(known)))]
    if off.size:
        fix = f'Correct it, or write the scale into the heading, as in "{question} (1-{10 if highest < 10 else 100})"'
        raise Missing(f"an answer under {question} is {off[0]:g}, and its scale is taken for 1 to {highest}. {fix}")
    return answers


def csat(company: Company, month: int | None, given: Assumptions) -> Call:
    """The month's answers."""
    arguments = {"ratings": _ratings(company, month, "csat", given.csat_scale), "scale_max": given.csat_scale}
    basis = f"{of_month('responses', month)}, scale 1-{given.csat_scale}"
    return Call(arguments, basis, owners=_owners(company, month))


def ces(company: Company, month: int | None, given: Assumptions) -> Call:
    """The month's answers."""
    arguments = {
        "ratings": _ratings(company, month, "ces", given.ces_scale),
        "scale_max": given.ces_scale,
        "easy": given.ces_easy,
    }
    basis = f"{of_month('responses', month)}, scale 1-{given.ces_scale}, {given.ces_easy} is easy"
    return Call(arguments, basis, owners=_owners(company, month))


def sentiment(company: Company, month: int | None, given: Assumptions) -> Call:
    """The month's comments, those left blank aside."""
    answers = list(_answers(company, month, "comment"))
    said = [isinstance(c, str) and bool(c.strip()) for c in answers]
    comments = list(compress(answers, said))
    owners = _owners(company, month)
    if not comments:
        raise Missing(f"there are no {of_month('comments', month)}")
    owners = None if owners is None else list(compress(owners, said))
    unrated = "hold no word of the English list, by which comments are rated"
    return Call({"comments": comments}, of_month("comments", month), averaged=True, unrated=unrated, owners=owners)


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
    owners = owners_of(company, "tickets", rows)
    basis = f"{of_month('resolved tickets', month)}{said}"
    return Call(counts, basis, owners=owners, rows=("fcr_from_contacts", arguments))

"""Which tables one is, by its headings alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from csmetrics_core.declaration.catalog import CATALOG
from csmetrics_core.files import across
from csmetrics_core.files.exports import Export
from csmetrics_core.files.grids import UnreadableFile, is_filled
from csmetrics_core.files.headings import SYNONYMS, bare, find_heading, is_known, plain
from csmetrics_core.files.months import month_headings
from csmetrics_core.files.products import billing, chartmogul, crm, deals, helpdesks, stripe, surveys
from csmetrics_core.files.question_words import WORDINGS
from csmetrics_core.files.report import NotUnderstood
from csmetrics_core.files.saying import Place, Remedy, Said
from csmetrics_core.files.shaping import standard_export
from csmetrics_core.files.standard import (
    FIRST,
    STANDARD,
    choose_table,
    columns_found,
    is_called,
    standard_tables,
)
from csmetrics_core.files.table import Table
from csmetrics_core.files.totals import is_total_name

#: Every product export that is recognised; where two fit, the first is the more particular one.
PRODUCTS: tuple[Export, ...] = (
    *stripe.EXPORTS,
    *billing.EXPORTS,
    *deals.EXPORTS,
    *chartmogul.EXPORTS,
    *helpdesks.EXPORTS,
    *(export for export in surveys.EXPORTS if export.product != "Google Forms"),
    *crm.EXPORTS,
)
_GOOGLE_FORMS = next(export for export in surveys.EXPORTS if export.product == "Google Forms")
_KNOWN = frozenset(
    plain(word)
    for column in {column for standard in STANDARD.values() for column in standard.columns.split()} | set(SYNONYMS)
    for word in (column, *SYNONYMS.get(column, ()))
) | frozenset(
    plain(heading) for export in (*PRODUCTS, _GOOGLE_FORMS) for one in export.fields for heading in one.headings
)
_SCORES = ("nps", "csat", "ces")
#: Columns that tables of every kind have, and that tell none.
_SHARED = frozenset(("customer", "user", "date", "month", "timestamp", "opened", "start", "end", "name", "segment"))
_WHOLE_TERM = frozenset(("tcv", "totalcontractvalue"))  # what an amount so called is for
_FIGURES = frozenset("dau wau mau mrr arr nps csat ces churn new churned active users customers total tools".split())
_QUARTER = re.compile(r"\b(?:Q[1-4]|[1-4]Q|quarter [1-4])\b", re.IGNORECASE)
_QUARTERS = frozenset(map(plain, ("quarter", "Quartal", "trimestre", "kwartaal", "kvartal", "kwartał")))


def known_headings(cells: Sequence[Any]) -> int:
    """How many of some cells are known as headings: two each, one for a question or for months."""
    words = [str(cell) for cell in cells if is_filled(cell)]
    known = sum(2 for word in words if bare(word) in _KNOWN or plain(word) in _KNOWN)
    asks = sum(1 for word in words if any(re.search(form, word, re.IGNORECASE) for form in WORDINGS.values()))
    months = len(month_headings(cells, Place(), Said(dates="dmy")).months) > 1
    return known + asks + 2 * months


def recognise(table: Table, said: Said) -> list[Export]:
    """The exports a table is: a product's, or one or several of our own, as a customer list with answers.

    Raises:
        UnreadableFile: it could be two of our own tables, or it is a product's export that lacks a column.
    """
    headings = frozenset(plain(heading) for heading in table.headings if heading)
    if said.about("table", table.at("")) is not None:
        return [standard_export(name, table) for name in standard_tables(table, said)]
    found = next((export for export in PRODUCTS if export.fits(headings)), None)
    if found is not None:
        is_rated = found.table == "tickets" and surveys.asks_something(table, said)
        return [found, surveys.answers_export(table)] if is_rated else [found]
    if across.is_across(table, said):
        wide = across.STRIPE if across.STRIPE.fits(headings) else across.OWN
        return [wide, *_beside("subscriptions", table, said)]
    if _GOOGLE_FORMS.fits(headings) and surveys.asks_something(table, said):
        return [_GOOGLE_FORMS]
    names = standard_tables(table, said)
    near = next((export for export in PRODUCTS if _is_near(export, headings)), None)
    if near is not None and names and "responses" in (near.table, *names):
        near = None  # an answer is one whatever product asked for it
    if near is not None and names and _holds_what_lacks(near, headings, columns_found(names[0], table, said)):
        near = None
    if near is not None and not (names and any(is_called(name, table) for name in names)):
        remedies = (Remedy("table", names[0] if names else near.table, "the file is something else"),)
        raise UnreadableFile(f"{table.place} {_looks_like(near, headings)}", "Export it too.", remedies)
    if "responses" in names or not names:
        asks = surveys.asks_something(table, said)
        is_asked = asks or "responses" in names or surveys.asks_for_words(table)
        return [surveys.answers_export(table)] if is_asked else []
    is_priced = "mrr" in columns_found("contracts", table, said) or headings & _WHOLE_TERM
    if set(names) == {"customers", "contracts"} and is_priced:
        names = ["contracts"]  # of which customers are made; the list besides says what else is known of them
    if names == ["customers"] and not columns_found("customers", table, said) & {"mrr", "arr"}:
        priced = {"start", "amount"} <= columns_found("contracts", table, said)
        names = ["contracts"] if priced else names  # what each pays decides, not what the file is called
    if len(names) > 1:
        raise choose_table(names, table)
    beside = [] if names == ["subscriptions"] else _beside(names[0], table, said)  # of which each customer has many
    return [standard_export(names[0], table), *beside]


def _beside(name: str, table: Table, said: Said) -> list[Export]:
    """What a table is besides: a list of customers, answers of a survey, seats."""
    more = []
    if name in ("subscriptions", "contracts") and {"start"} <= columns_found("customers", table, said):
        has_terms = columns_found("contracts", table, said) & {"interval_months", "kind", "subscription", "discount"}
        if name == "subscriptions" or not has_terms:
            more.append(standard_export("customers", table))
    if name in FIRST and (
        columns_found("responses", table, said) & set(_SCORES) or surveys.asks_something(table, said)
    ):
        more.append(surveys.answers_export(table))
    if _each_once(name, table) and "licensed" in columns_found("licences", table, said):
        more.append(standard_export("licences", table))
    return more


def _each_once(name: str, table: Table) -> bool:
    """Whether a row is a customer, as its seats would count again with each of its terms."""
    place = next((at for at, heading in enumerate(table.headings) if bare(heading) in across.CUSTOMERS), None)
    return name == "customers" or (name == "contracts" and place is not None and table.column(place).is_unique)


def _is_near(export: Export, headings: frozenset[str]) -> bool:
    return len(export.signature) > 3 and len(export.lacks(headings)) == 1


def _holds_what_lacks(export: Export, headings: frozenset[str], found: set[str]) -> bool:
    """Whether a table has under another heading what an export's own heading would hold."""
    lacking = {heading for group in export.lacks(headings) for heading in group}
    return any(lacking & set(one.headings) and one.name in found for one in export.fields)


def not_understood(table: Table) -> NotUnderstood:
    """Why a table is none we know: which one comes closest, and what it lacks."""
    headings = frozenset(plain(heading) for heading in table.headings if heading)
    best = min(PRODUCTS, key=lambda export: len(export.lacks(headings)) / len(export.signature))
    if len(best.lacks(headings)) <= len(best.signature) / 2:
        return NotUnderstood(table.place, table.headings, f"It {_looks_like(best, headings)}.")
    lacks = f"Say which column is which, or name them as in one of our tables: {', '.join(STANDARD)}."
    return NotUnderstood(table.place, table.headings, _figures(table) or _shape(table) or _nearest(table) or lacks)


def _figures(table: Table) -> str:
    """What is computed of a table of figures that were counted already, such as promoters and detractors by month."""
    headings = [h for h in table.headings if h and not any(find_heading(name, [h]) for name in _SHARED)]
    best: tuple[int, str, list[str]] = (1, "", [])
    for metric in CATALOG.values():
        needs = [argument.name for argument in metric.arguments if argument.required]
        found = [next((h for h in headings if _is_called(h, name)), "") for name in needs]
        if all(found) and len(set(found)) == len(found) > best[0]:
            best = (len(found), metric.name, found)
    return f"It holds what {best[1]} is computed of ({', '.join(best[2])}): compute that metric." if best[1] else ""


def _is_called(heading: str, argument: str) -> bool:
    """Whether a word of a heading is an argument's name, or begins as it does: churn and churned."""
    word = argument.partition("_")[0]
    stem = word[: max(5, len(word) - 2)]
    return any(one == word or (len(stem) > 4 and one.startswith(stem)) for one in re.split(r"[\W_]+", heading.lower()))


def _shape(table: Table) -> str:
    """How revenue stands in a table that is neither a row nor a column a month, and what to do about it."""
    headings = [heading for heading in table.headings if heading]
    if len(months := across.months_of(table, Said()).months) > 1:
        others = [heading for place, heading in enumerate(table.headings) if heading and place not in months]
        if others and not is_total_name(others[0]):
            return f"Its columns are months: say which one names the customer, such as customer={others[0]}."
        return "Its columns are months, and the column of names has no heading: write Customer above it."
    if sum(bool(_QUARTER.search(heading)) for heading in headings) > 1 or any(plain(h) in _QUARTERS for h in headings):
        return "Quarters are no months: export recurring revenue by month."
    if find_heading("month", headings[:1]) or find_heading("date", headings[:1]):
        others = [heading for heading in headings[1:] if not is_known(heading)]
        if len(others) > 1 and len(others) == len(headings) - 1 and _FIGURES.isdisjoint(map(plain, others)):
            shown = f"{', '.join(others[:3])}{'...' if len(others) > 3 else ''}"
            return f"If its columns ({shown}) are customers, turn the table round: a row a customer, months across."
    return ""


def _nearest(table: Table) -> str:
    """The standard table of which a table has most, and what it lacks."""
    known = []
    for name, standard in STANDARD.items():
        found = columns_found(name, table, Said())
        if found <= _SHARED:
            continue
        needs = standard.needs.split()
        absent = [need for need in needs if not found & set(need.split("|"))]
        if needs and len(absent) < len(needs):
            known.append((len(absent), -len(found), name, absent))
    if not known:
        return ""
    _, _, name, absent = min(known)
    words = ", ".join(need.replace("|", " or ") for need in absent)
    return f"As a table of {name} it lacks {words}: say which heading it stands under."


def _looks_like(export: Export, headings: frozenset[str]) -> str:
    names = ", ".join(" or ".join(group) for group in export.lacks(headings))
    return f"looks like {export.product} {export.what}, but lacks {names}"

"""Tables under our own column names, or the words people use for them -> the same tables, typed."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from csmetrics_core.headings import SYNONYMS, TABLE_NAMES, plain
from csmetrics_core.readers.cells import Holds
from csmetrics_core.readers.exports import Draft, Export, Field
from csmetrics_core.readers.money import interval_months, one_currency
from csmetrics_core.readers.report import How, UnreadableFile
from csmetrics_core.readers.sheets import Sheet


@dataclass(frozen=True)
class Standard:
    """One standard table.

    Args:
        columns: all its columns.
        needs: without these it is not that table.
        tells: columns that tell it from a table with the same needs.
        told: one of these, or the table's name, must be there.
    """

    columns: str
    needs: str
    tells: str = ""
    told: bool = False


#: The tables of the sample company, by name.
STANDARD: dict[str, Standard] = {
    "customers": Standard("customer name segment region plan owner start end arr", "customer start end"),
    "contracts": Standard(
        "customer subscription kind plan start end interval_months amount discount currency",
        "customer start end interval_months amount",
        "kind",
    ),
    "subscriptions": Standard(
        "customer subscription month plan interval_months amount mrr segment", "customer month", "mrr subscription"
    ),
    "payments": Standard("customer date amount kind", "customer date amount", "kind"),
    "orders": Standard("customer date amount item", "customer date amount", "item"),
    "surveys": Standard("month survey segment invited", "invited"),
    "responses": Standard("customer date segment survey arr nps csat ces comment", "", "nps csat ces comment", True),
    "tickets": Standard(
        "ticket customer opened channel contacts resolved reopened transferred abandoned unresolvable", "contacts"
    ),
    "events": Standard("user customer timestamp feature", "user timestamp"),
    "licences": Standard("customer licensed assigned", "licensed"),
    "features": Standard("feature key", "feature key"),
    "onboarding": Standard("customer segment started first_value completed", "customer started completed"),
    "costs": Standard("month category purpose amount", "month amount", "purpose", True),
    "funnel": Standard(
        "month visitors leads opportunities conversions trials_started trials_ended converted free_users paid",
        "conversions opportunities",
    ),
    "renewals": Standard(
        "customer owner segment arr due health_band call expected_arr renewed renewed_arr reason next_step",
        "customer due",
    ),
}
_HOLDS: dict[Holds, str] = {
    "id": "customer subscription ticket user",
    "day": "start end date month due started first_value completed",
    "moment": "opened timestamp",
    "number": "arr amount discount mrr invited contacts licensed assigned visitors leads opportunities conversions "
    "trials_started trials_ended converted free_users paid expected_arr renewed_arr",
    "flag": "resolved reopened transferred abandoned unresolvable key renewed",
    "score": "nps csat ces",
}
_AHEAD = ("end", "due")  # days that are often known before they come
HOLDS: dict[str, Holds] = {column: holds for holds, columns in _HOLDS.items() for column in columns.split()}


def own_export(sheet: Sheet, how: How) -> Export | None:
    """The standard table a sheet holds, if it holds one.

    Raises:
        UnreadableFile: several fit equally well.
    """
    if how.table is not None:
        if how.table not in STANDARD:
            raise UnreadableFile(f"there is no table {how.table!r}", f"Known: {', '.join(STANDARD)}.")
        return _export(how.table, sheet, how)
    fits = {name: score for name in STANDARD if (score := _score(name, sheet, how))}
    if not fits:
        return None
    best = max(fits.values())
    names = [name for name, score in fits.items() if score == best]
    if len(names) > 1:
        fix = f'Say which, such as How(table="{names[0]}"), or name the sheet or file so.'
        raise UnreadableFile(f"{sheet.file}: the columns fit {' and '.join(names)}", fix)
    return _export(names[0], sheet, how)


def _score(name: str, sheet: Sheet, how: How) -> tuple[bool, int, int] | None:
    """How well a table fits: called so, columns that tell it apart, columns at all."""
    table, found = STANDARD[name], _found(name, sheet, how)
    called = plain(sheet.name) in {plain(word) for word in (name, *TABLE_NAMES.get(name, ()))}
    tells = len(found & set(table.tells.split()))
    if not set(table.needs.split()) <= found or (table.told and not (called or tells)):
        return None
    if name == "subscriptions" and not found & {"mrr", "amount"}:
        return None
    return called, tells, len(found)


def _found(name: str, sheet: Sheet, how: How) -> set[str]:
    headings = {plain(heading) for heading in sheet.headings if heading}
    said = set(how.columns)
    return said | {column for column in STANDARD[name].columns.split() if headings & set(map(plain, _words(column)))}


def _words(column: str) -> tuple[str, ...]:
    return (column, *SYNONYMS.get(column, ()))


def _export(name: str, sheet: Sheet, how: How) -> Export:
    taken: set[str] = set()
    fields = []
    for column in STANDARD[name].columns.split():
        own = [heading for heading in sheet.headings if plain(heading) == plain(column)]
        words = tuple(own) or tuple(word for word in _words(column) if plain(word) not in taken)
        match = next((plain(word) for word in words if plain(word) in {plain(h) for h in sheet.headings}), None)
        taken |= {match} if match else set()
        fields.append(Field(column, words, _holds(column)))
    if name in ("payments", "orders", "subscriptions"):
        fields.append(Field("currency", ("currency",)))
    clock = tuple(field.name for field in fields if field.holds in ("day", "moment") and field.name not in _AHEAD)
    return Export("", f"table of {name}", name, (), tuple(fields), _shape, "", clock=clock)


def _holds(column: str) -> Holds:
    return HOLDS.get(column, "text")


def _shape(draft: Draft) -> pd.DataFrame:
    """The columns that were found, in the standard order."""
    name = draft.report.table
    money = [column for column in ("amount", "discount", "mrr", "arr") if draft.has(column)]
    one_currency(draft, *money)
    if draft.has("interval_months"):
        draft.data["interval_months"] = _intervals(draft)
    columns = STANDARD[name].columns.split()
    draft.report.missing |= {column: "no such column" for column in columns if not draft.has(column)}
    return draft.data[[column for column in columns if draft.has(column)]]


def _intervals(draft: Draft) -> pd.Series:
    """Months, as a number or in words such as month and year."""
    words = draft.data["interval_months"]
    numbers = pd.to_numeric(words, errors="coerce")
    if numbers.notna().eq(words.notna()).all():
        return numbers
    return interval_months(draft, "interval_months")

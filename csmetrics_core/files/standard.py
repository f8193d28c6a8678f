"""Tables under our own column names, or the words people use for them -> the same tables, typed."""

from __future__ import annotations

from dataclasses import dataclass

from csmetrics_core.files.columns import Kind
from csmetrics_core.files.exports import Field, said_place
from csmetrics_core.files.grids import UnreadableFile
from csmetrics_core.files.headings import SYNONYMS, TABLE_NAMES, bare, plain
from csmetrics_core.files.languages import LANGUAGES
from csmetrics_core.files.saying import Remedy, Said
from csmetrics_core.files.table import Table


@dataclass(frozen=True)
class Standard:
    """One standard table.

    Args:
        columns: all its columns.
        needs: without these it is not that table; of a|b one is enough.
        tells: columns that tell it from a table with the same needs.
        told: one of these, or the table's name, must be there.
    """

    columns: str
    needs: str
    tells: str = ""
    told: bool = False


#: The tables of the sample company, by name.
STANDARD: dict[str, Standard] = {
    "customers": Standard("customer name segment region plan owner start end arr", "customer start", "end"),
    "contracts": Standard(
        "customer subscription kind plan start end interval_months amount discount currency",
        "customer start amount|mrr",
        "kind interval_months amount mrr",
    ),
    "subscriptions": Standard(
        "customer subscription month plan interval_months amount mrr segment",
        "customer month mrr|amount|arr",
        "mrr subscription",
    ),
    "payments": Standard("customer date amount kind", "customer date amount", "kind"),
    "orders": Standard("customer date amount item", "customer date amount", "item"),
    "surveys": Standard("month survey segment invited", "invited"),
    "responses": Standard("customer date segment survey arr nps csat ces comment", "", "nps csat ces comment", True),
    "tickets": Standard(
        "ticket customer opened channel contacts resolved reopened transferred abandoned unresolvable",
        "contacts|first_contact",
    ),
    "events": Standard("user customer timestamp feature", "user timestamp", "feature"),
    "sessions": Standard(
        "user customer session_start session_minutes",
        "user session_start session_minutes|session_end",
        "session_minutes session_end",
    ),
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
_HOLDS: dict[Kind, str] = {
    "identifier": "customer subscription ticket user response",
    "day": "start end date due closed started first_value completed signed notice",
    "month": "month",
    "moment": "opened timestamp session_start session_end",
    "duration": "session_minutes",
    "amount": "arr amount discount mrr expected_arr renewed_arr seat_price",
    "number": "invited contacts licensed assigned visitors leads opportunities conversions trials_started trials_ended "
    "converted free_users paid",
    "interval": "interval_months",
    "flag": "first_contact resolved reopened transferred abandoned unresolvable key renewed",
    "status": "status",
    "score": "nps",
    "rating": "csat ces",
    "comment": "comment",
}
HOLDS: dict[str, Kind] = {column: holds for holds, columns in _HOLDS.items() for column in columns.split()}
#: Columns a table may have beside its standard ones, and what they serve for.
_MORE = {
    "customers": "mrr currency",
    "contracts": "mrr currency signed notice seat_price licensed",
    "subscriptions": "arr currency seat_price licensed",
    "payments": "currency",
    "orders": "currency",
    "tickets": "status closed first_contact",
    "responses": "response",
    "sessions": "session_end",
}
# A day that is a month where recurring revenue or costs stand beside it.
_DAY_OF_MONTH = ("date", "day", *(
    word for language in LANGUAGES[1:] for word in language.headings.get("date", ()) if " " not in word
))  # fmt: skip
# What else seats are called beside the price of one.
_SEATS = ("users", "number of users", "user count", "quantity", "qty")
# Where a session has a length, this is when it began.
_BEGINS = (*(word for column in ("timestamp", "start") for word in (column, *SYNONYMS[column])),)
# Tables in which a user is the customer where nobody else is named.
_BY_USER = ("customers", "contracts", "subscriptions", "payments", "orders")
#: Tables that may hold answers of a survey besides.
FIRST = ("customers", "contracts", "tickets")


def standard_tables(table: Table, said: Said) -> list[str]:
    """The standard tables that fit a table best; several where nothing tells them apart.

    Raises:
        UnreadableFile: the table the user named is not known.
    """
    named = said.about("table", table.at(""))
    if named is not None:
        if named not in STANDARD:
            raise UnreadableFile(f"there is no table {named!r}", f"Known: {', '.join(STANDARD)}.")
        return [named]
    fits = {name: score for name in STANDARD if (score := _score(name, table, said))}
    if "subscriptions" in fits and plain("month") in map(plain, filter(None, table.headings)):
        for name in ("contracts", "customers"):  # a row is of a month, whatever start stands beside
            fits.pop(name, None)
    if "ticket" in columns_found("tickets", table, said):  # a row is a ticket, whoever opened it
        for name in ("contracts", "customers"):
            fits.pop(name, None)
    if "sessions" in fits and len(fits) > 1:  # a row is a session, unless it is what somebody did in one
        is_event = "feature" in columns_found("events", table, said) and not is_called("sessions", table)
        fits = {name: score for name, score in fits.items() if (name == "sessions") != is_event}
    if fits.keys() & set(FIRST):  # answers beside them are read besides
        fits.pop("responses", None)
    best = max(fits.values(), default=None)
    return [name for name, score in fits.items() if score == best]


def choose_table(names: list[str], table: Table) -> UnreadableFile:
    """The question which of several standard tables one is."""
    remedies = tuple(Remedy("table", name, f"it holds {name}") for name in names)
    problem = f"{table.place}: the columns fit {' and '.join(names)}"
    return UnreadableFile(problem, "Name the sheet or file so.", remedies)


def is_called(name: str, table: Table) -> bool:
    """Whether a table, its sheet or its file is called as a standard table is."""
    words = {plain(word) for word in (name, *TABLE_NAMES.get(name, ()))}
    return bool({plain(table.name), plain(table.file.rsplit(".", 1)[0])} & words)


def _score(name: str, table: Table, said: Said) -> tuple[bool, int, int] | None:
    """How well a table fits: called so, columns that tell it apart, columns at all."""
    standard, found = STANDARD[name], columns_found(name, table, said)
    called = is_called(name, table)
    tells = len(found & set(standard.tells.split()))
    if not all(found & set(need.split("|")) for need in standard.needs.split()):
        return None
    if standard.told and not (called or tells):
        return None
    return called, tells, len(found)


def columns_found(name: str, table: Table, said: Said) -> set[str]:
    """The columns of a standard table that a table has."""
    columns = STANDARD[name].columns.split() + _MORE.get(name, "").split()
    headings = {spell(heading) for heading in table.headings if heading for spell in (plain, bare)}
    told = {column for column, heading in said.columns.items() if said_place(heading, table) is not None}
    found = {column for column in columns if headings & set(map(plain, _words(column)))} | (told & set(columns))
    if name in _BY_USER and headings & set(map(plain, _words("user"))):
        found.add("customer")
    if "seat_price" in found and ("licensed" in found or headings & set(map(plain, _SEATS))):
        found |= {"amount", "licensed"}
    if name == "sessions" and "session_minutes" in found and headings & set(map(plain, _BEGINS)):
        found.add("session_start")
    is_monthly = name == "costs" or (name == "subscriptions" and "mrr" in found)
    if is_monthly and headings & set(map(plain, _DAY_OF_MONTH)):
        found.add("month")
    if name == "tickets" and "status" in found:
        found.add("resolved")
    if name == "tickets" and "ticket" not in found:
        found.discard("first_contact")  # of months it is a count or a share
    if name == "customers" and {"name", "start"} <= found:
        found.add("customer")
    return found


def _words(column: str) -> tuple[str, ...]:
    return (column, column.replace("_", " "), *SYNONYMS.get(column, ()))


def fields_of(name: str, table: Table) -> tuple[Field, ...]:
    """The columns of a standard table as fields, each under the closest heading that no other one has."""
    columns = [*STANDARD[name].columns.split(), *_MORE.get(name, "").split()]
    headings = [(plain(heading), bare(heading)) for heading in table.headings if heading]
    there = {spelt for pair in headings for spelt in pair}
    taken: set[str] = {plain(column) for column in columns if plain(column) in there}
    fields = []
    for column in columns:
        words = (column,) if plain(column) in there else tuple(w for w in _words(column) if plain(w) not in taken)
        if column == "month" and name in ("subscriptions", "costs"):
            words += _DAY_OF_MONTH
        if column == "licensed" and name != "licences":
            words += _SEATS
        if column == "session_start":
            words += _BEGINS
        if column == "customer" and name in _BY_USER:
            words += _words("user")
        if column == "customer" and name == "customers":
            words += ("name",)
        match = next((plain(word) for word in words if plain(word) in there), None)
        if match:
            taken |= {spelt for pair in headings if match in pair for spelt in pair}
        fields.append(Field(column, words, HOLDS.get(column, "label")))
    if name == "costs" and not any(_in(one, there) for one in fields if one.name == "purpose"):
        category = next(one for one in fields if one.name == "category")
        fields = [one for one in fields if one.name != "purpose"] + [Field("purpose", category.headings)]
    return tuple(fields)


def _in(one: Field, headings: set[str]) -> bool:
    return any(plain(word) in headings for word in one.headings)

"""Tables under our own column names, or the words people use for them -> the same tables, typed."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pandas as pd

from csmetrics_core.files.columns import Kind
from csmetrics_core.files.exports import Draft, Export, Field, said_place
from csmetrics_core.files.grids import UnreadableFile
from csmetrics_core.files.money import one_currency
from csmetrics_core.files.report import Wait
from csmetrics_core.files.saying import Question, Remedy, Said
from csmetrics_core.files.table import Table
from csmetrics_core.files.words import months_in
from csmetrics_core.headings import SYNONYMS, TABLE_NAMES, bare, plain


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
    "day": "start end date due closed started first_value completed",
    "month": "month",
    "moment": "opened timestamp",
    "amount": "arr amount discount mrr expected_arr renewed_arr",
    "number": "invited contacts licensed assigned visitors leads opportunities conversions trials_started trials_ended "
    "converted free_users paid",
    "interval": "interval_months",
    "flag": "first_contact resolved reopened transferred abandoned unresolvable key renewed",
    "status": "status",
    "score": "nps csat ces",
    "comment": "comment",
}
_AHEAD = ("end", "due", "closed")  # days that are often known before they come
HOLDS: dict[str, Kind] = {column: holds for holds, columns in _HOLDS.items() for column in columns.split()}
#: Columns a table may have beside its standard ones, and what they serve for.
_MORE = {
    "customers": "mrr currency",
    "contracts": "mrr currency",
    "subscriptions": "arr currency",
    "payments": "currency",
    "orders": "currency",
    "tickets": "status closed first_contact",
    "responses": "response",
}
# A day that is a month where recurring revenue stands beside it.
_DAY_OF_MONTH = ("date", "day", "Datum", "Fecha")
# Tables in which a user is the customer where nobody else is named.
_BY_USER = ("customers", "contracts", "subscriptions", "payments", "orders")
#: Tables that may hold answers of a survey besides.
FIRST = ("customers", "contracts", "tickets")
_OVER = frozenset(
    "cancelled canceled churned inactive terminated ended expired lost closed deactivated former churn".split()
)
#: Columns that may say so, and with which words.
_ENDED = {
    **{
        plain(f"{whose} {what}".strip()): _OVER
        for whose in ("", "customer", "account", "client", "subscription", "contract", "lifecycle")
        for what in ("status", "state", "stage")
    },
    **{plain(heading): frozenset(("no", "n", "false", "0")) for heading in ("active", "is active", "active customer")},
}
_BILLING = re.compile(r"bill|interval|frequen|cycle|abrechn|zahlungsweise|charged|term", re.IGNORECASE)


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
    if name == "subscriptions" and "mrr" in found and headings & set(map(plain, _DAY_OF_MONTH)):
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
        if column == "month" and name == "subscriptions":
            words += _DAY_OF_MONTH
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


def standard_export(name: str, table: Table) -> Export:
    """The declaration by which a table is read as a standard one."""
    fields = fields_of(name, table)
    clock = tuple(one.name for one in fields if one.holds in ("day", "moment") and one.name not in _AHEAD)
    return Export("", f"table of {name}", name, (), fields, _shape, "", clock=clock)


def _shape(draft: Draft) -> pd.DataFrame:
    """The columns that were found, in the standard order."""
    name = draft.report.table
    money = [column for column in ("amount", "discount", "mrr", "arr") if draft.has(column)]
    one_currency(draft, *money)
    if name == "tickets" and draft.has("status") and not draft.has("resolved"):
        _rename(draft, "status", "resolved")
    if name in ("contracts", "subscriptions"):
        _billed(draft)
    if name == "subscriptions":
        _months_of_revenue(draft)
    if name in ("contracts", "subscriptions"):
        _nobodys(draft)
    if name in ("contracts", "customers"):
        _ended_some_day(draft)
    if name == "tickets":
        _solved_by_its_day(draft)
        _solved_at_once(draft)
    columns = STANDARD[name].columns.split()
    if name == "customers" and draft.has("mrr"):  # what each pays, where no other table tells
        columns.append("mrr")
    draft.report.missing |= {column: "no such column" for column in columns if not draft.has(column)}
    return draft.data[[column for column in columns if draft.has(column)]]


def _nobodys(draft: Draft) -> None:
    """Amounts beside which nobody is named: added up they would be revenue of no customer."""
    name = next((column for column in ("mrr", "amount") if draft.has(column)), None)
    if name is None:
        return
    rows = (draft.data["customer"].isna() & draft.data[name].fillna(0).ne(0)).to_numpy()
    if rows.any():
        row = int(draft.table.numbers[draft.data.index[int(rows.argmax())]])
        many = "" if rows.sum() == 1 else f" (and {int(rows.sum()) - 1:,} more)"
        problem = f"{draft.table.at(draft.report.mapped[name])}: row {row:,} has an amount and no customer{many}"
        draft.asked.append(Wait("", problem, "Name the customer, or delete the row if it sums up others.", (), rows))


def _ended_some_day(draft: Draft) -> None:
    """Rows whose status says that they ended, beside no day on which: neither customers nor lost in a month."""
    for place, heading in enumerate(draft.table.headings):
        words = _ENDED.get(plain(heading or ""))
        if words is None:
            continue
        cells = draft.table.column(place).loc[draft.data.index].map(lambda cell: str(cell).strip().lower())
        rows = cells.isin(words).to_numpy()
        if draft.has("end"):
            rows = rows & draft.data["end"].isna().to_numpy()
        if rows.any():
            at = draft.data.index[int(rows.argmax())]
            many = "" if rows.sum() == 1 else f" (and {int(rows.sum()) - 1:,} more)"
            said = (
                f"row {int(draft.table.numbers[at]):,} is {str(draft.table.column(place)[at])!r} and has no end{many}"
            )
            fix = "Fill in the day on which it ended, or delete the row."
            column = "end" if draft.has("end") else "start"
            draft.asked.append(Wait(column, f"{draft.table.at(heading)}: {said}", fix, (), rows))


def _solved_by_its_day(draft: Draft) -> None:
    """Whether tickets are solved, where only the day on which they were tells."""
    if draft.has("closed") and not draft.has("resolved"):
        draft.data["resolved"] = draft.data["closed"].notna()
        draft.report.mapped["resolved"] = draft.report.mapped["closed"]
        draft.asked = [wait._replace(column="resolved") if wait.column == "closed" else wait for wait in draft.asked]
        draft.report.notes.append(f"A ticket without a day under {draft.report.mapped['closed']!r} is open.")


def _solved_at_once(draft: Draft) -> None:
    """Contacts of tickets that say only whether the first one solved them."""
    if draft.has("first_contact") and not draft.has("contacts"):
        flags = draft.data["first_contact"]
        draft.data["contacts"] = flags.map({True: 1.0, False: 2.0}).where(flags.notna())
        draft.report.mapped["contacts"] = draft.report.mapped["first_contact"]
        draft.report.notes.append("A ticket that was not solved at first contact counts as one of two contacts.")


def _rename(draft: Draft, old: str, new: str) -> None:
    draft.data = draft.data.rename(columns={old: new})
    draft.report.mapped[new] = draft.report.mapped.pop(old)
    draft.asked = [wait._replace(column=new) if wait.column == old else wait for wait in draft.asked]


def _billed(draft: Draft) -> None:
    """Contracts billed by the month, and prices beside a billing interval that no heading announces."""
    if draft.report.table == "contracts" and draft.has("mrr"):
        draft.data = draft.data.assign(amount=draft.data["mrr"], interval_months=1.0).drop(columns="mrr")
        draft.report.mapped["amount"] = draft.report.mapped.pop("mrr")
        draft.asked = [wait._replace(column="amount") if wait.column == "mrr" else wait for wait in draft.asked]
        draft.report.notes.append("MRR beside a start is read as a contract billed by the month.")
        return
    if draft.has("interval_months") or draft.has("mrr") or not draft.has("amount"):
        return
    said = draft.said.about("billed", draft.table.at(draft.report.mapped["amount"]))
    if said is not None:
        months = months_in(said)
        if months is None:
            raise draft.refusal(f"{said!r} is no billing interval", "Say month, quarter or year.")
        draft.data["interval_months"] = float(months)
        return
    for place, heading in enumerate(draft.table.headings):
        if heading and heading not in draft.report.mapped.values():
            _interval_beside(draft, place, heading)
    if draft.report.table == "contracts" and not draft.has("interval_months"):
        _open_without_interval(draft)


def _interval_beside(draft: Draft, place: int, heading: str) -> None:
    """A column that holds billing intervals under another heading is used; one that only seems to is asked about."""
    cells = draft.table.column(place)
    words = {str(cell).strip() for cell in cells if cell is not None and str(cell).strip()}
    if words and len(words) <= 12 and all(months_in(word) and not word.isdigit() for word in words):
        draft.data["interval_months"] = cells.map(lambda cell: months_in(str(cell)) if cell else None).astype(float)
        draft.report.mapped["interval_months"] = heading
        draft.report.guessed.append(f"{heading!r} was taken for the billing interval by what it holds.")
    elif words and _BILLING.search(heading) and not draft.has("interval_months"):
        _ask_interval(draft, heading, "may say what interval the amounts are for")


def _open_without_interval(draft: Draft) -> None:
    """Ask for what time an amount is, where no end says so either, or in a list of customers, whose end is none."""
    ends = draft.data["end"] if draft.has("end") else pd.Series(pd.NaT, index=draft.data.index)
    asked = any(wait.column == "amount" for wait in draft.report.waits)
    if not asked and (is_called("customers", draft.table) or ends.isna()[draft.data["amount"].notna()].any()):
        _ask_interval(draft, draft.report.mapped["amount"], "does not say for how long an amount is")


def _ask_interval(draft: Draft, heading: str, why: str) -> None:
    ways = (("month", "they are monthly"), ("quarter", "quarterly"), ("year", "annual"))
    remedies = tuple(Remedy("billed", value, means) for value, means in ways)
    question = Question(draft.table.at(heading), why, (), remedies)
    draft.report.waits.append(Wait.of_question("amount", question))


def _months_of_revenue(draft: Draft) -> None:
    """MRR of a year's revenue where nothing else is there; a row without an amount is unknown, not nothing."""
    if draft.has("arr") and not draft.has("mrr") and not draft.has("amount"):
        draft.data["mrr"] = draft.data["arr"] / 12
        draft.report.mapped["mrr"] = draft.report.mapped["arr"]
        draft.asked = [wait._replace(column="mrr") if wait.column == "arr" else wait for wait in draft.asked]
        draft.report.notes.append("MRR is a twelfth of the annual amount.")
    name = next((column for column in ("mrr", "amount") if draft.has(column)), None)
    if name is None:
        return
    blank = (draft.data[name].isna() & draft.data["customer"].notna()).to_numpy()
    for wait in draft.asked:
        if wait.column == name and wait.rows is not None:
            blank = blank & ~wait.rows
    if blank.any():
        row = int(blank.argmax())
        number = int(draft.table.numbers[draft.data.index[row]])
        many = "" if blank.sum() == 1 else f" (and {int(blank.sum()) - 1:,} more)"
        place = draft.table.at(draft.report.mapped[name])
        problem = f"{place}: row {number:,} has no amount{many}, so what that customer paid is unknown"
        draft.asked.append(Wait(name, problem, "Fill it in: 0 if nothing was paid.", (), blank))

"""Tables under our own column names, typed -> the same in the standard columns, with what they leave open asked."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from csmetrics_core.files.columns import read_column
from csmetrics_core.files.exports import Draft, Export
from csmetrics_core.files.headings import plain
from csmetrics_core.files.money import one_currency
from csmetrics_core.files.report import Wait
from csmetrics_core.files.saying import Question, Remedy
from csmetrics_core.files.standard import STANDARD, fields_of, is_called
from csmetrics_core.files.table import Table
from csmetrics_core.files.words import months_in

_AHEAD = ("end", "due", "closed", "notice")  # days that are often known before they come
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
_TRIALS = frozenset(("trial", "trialing", "trialling", "intrial", "freetrial", "ontrial", "evaluation"))
_SHARE = re.compile(r"%|percent|\bpct\b|\bshare\b|prozent|pourcent", re.IGNORECASE)
_MONEY = re.compile(r"amount|value|betrag|montant|importe", re.IGNORECASE)
#: What the day is called since which a status holds.
_CHANGED = {plain(f"status {word}") for word in ("date", "changed", "changed on", "changed at", "since", "updated")}
_BILLING = re.compile(r"bill|interval|frequen|cycle|abrechn|zahlungsweise|charged|term", re.IGNORECASE)


def standard_export(name: str, table: Table) -> Export:
    """The declaration by which a table is read as a standard one."""
    fields = fields_of(name, table)
    clock = tuple(one.name for one in fields if one.holds in ("day", "moment") and one.name not in _AHEAD)
    return Export("", f"table of {name}", name, (), fields, _shape, "", clock=clock)


def _shape(draft: Draft) -> pd.DataFrame:
    """The columns that were found, in the standard order."""
    name = draft.report.table
    if name == "sessions":
        return _lengths(draft)
    _no_trials(draft)
    _by_seat(draft)
    _discount_shares(draft)
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
    if name == "subscriptions":
        _below_nothing(draft)
    if name in ("contracts", "customers"):
        _ended_some_day(draft)
        _ended_before_it_began(draft)
        _ended_at_nothing(draft)
    if name == "tickets":
        _solved_by_its_day(draft)
        _solved_at_once(draft)
    columns = STANDARD[name].columns.split()
    if name == "customers" and draft.has("mrr"):  # what each pays, where no other table tells
        columns.append("mrr")
    if name == "contracts":  # what is contracted before it is live
        columns += [column for column in ("signed", "notice") if draft.has(column)]
    draft.report.missing |= {column: "no such column" for column in columns if not draft.has(column)}
    return draft.data[[column for column in columns if draft.has(column)]]


def ask(draft: Draft, column: str, heading: str, rows: NDArray[np.bool_], what: str, fix: str) -> None:
    """Let a column, or with an empty name the whole table, wait for what some rows lack; the first is named."""
    if rows.any():
        waiting = np.zeros(len(draft.table.rows), dtype=bool)
        waiting[draft.data.index[rows]] = True
        at = draft.data.index[int(rows.argmax())]
        cell = str(draft.table.column(draft.table.headings.index(heading))[at])
        many = "" if rows.sum() == 1 else f" (and {int(rows.sum()) - 1:,} more)"
        said = f"row {int(draft.table.numbers[at]):,} {what.format(cell=cell, more=many)}"
        draft.asked.append(Wait(column, f"{draft.table.at(heading)}: {said}", fix, (), waiting))


def _lengths(draft: Draft) -> pd.DataFrame:
    """Sessions with their minutes: as the table says, or from their start to their end."""
    if not draft.has("session_minutes"):
        length = (draft.data["session_end"] - draft.data["session_start"]).dt.total_seconds() / 60
        heading = draft.report.mapped["session_end"]
        fix = "Correct one of the two, or delete the row."
        ask(draft, "session_minutes", heading, (length < 0).to_numpy(), "is {cell}, before its start{more}", fix)
        draft.data["session_minutes"] = length.mask(length < 0)
        draft.report.mapped["session_minutes"] = f"{draft.report.mapped['session_start']} to {heading}"
        draft.asked = [w._replace(column="session_minutes") if w.column == "session_end" else w for w in draft.asked]
    columns = [name for name in STANDARD["sessions"].columns.split() if draft.has(name)]
    return draft.data[columns]


def _by_seat(draft: Draft) -> None:
    """Seats times the price of one, where no column says what that comes to."""
    if not draft.has("seat_price", "licensed") or any(map(draft.has, ("amount", "mrr", "arr"))):
        return
    price, seats = (draft.report.mapped.pop(name) for name in ("seat_price", "licensed"))
    draft.data = draft.data.assign(amount=draft.data["seat_price"] * draft.data["licensed"])
    draft.report.mapped["amount"] = price
    draft.columns["amount"] = draft.columns["seat_price"]
    draft.asked = [w._replace(column="amount") if w.column in ("seat_price", "licensed") else w for w in draft.asked]
    draft.report.notes.append(f"Amounts are {seats!r} times {price!r}.")
    months = next(
        (months for word in re.split(r"[\W_]+", price) if (months := months_in(word)) and word.isalpha()), None
    )
    if months is not None:
        draft.data["interval_months"] = float(months)
        draft.report.notes.append(f"{price!r} says for what time the price is.")
    elif not draft.has("interval_months") and draft.said.about("billed", draft.table.at(price)) is None:
        _ask_interval(draft, price, "does not say for how long the price of a seat is")


def _nobodys(draft: Draft) -> None:
    """Amounts beside which nobody is named: added up they would be revenue of no customer."""
    name = next((column for column in ("mrr", "amount") if draft.has(column)), None)
    if name is not None:
        rows = (draft.data["customer"].isna() & draft.data[name].fillna(0).ne(0)).to_numpy()
        fix = "Name the customer in each row, filled down where a name stands for several, or delete a row of sums."
        ask(draft, "", draft.report.mapped[name], rows, "has an amount and no customer{more}", fix)


def _no_trials(draft: Draft) -> None:
    """Leave out who only tries the product, as a status says: neither a customer nor revenue yet."""
    if draft.report.table not in ("customers", "contracts", "subscriptions"):
        return
    for place, heading in enumerate(draft.table.headings):
        if plain(heading or "") in _ENDED:
            trials = draft.cells(place).where(lambda cell: plain(str(cell)) in _TRIALS)
            if trials.any():
                draft.keep(pd.Series(~trials, index=draft.data.index), "trials, which pay nothing yet")


def _discount_shares(draft: Draft) -> None:
    """Discounts that are shares of the amount, as their cells or the heading say, as money."""
    priced = next((column for column in ("amount", "mrr") if draft.has(column)), None)
    if priced is None or not draft.has("discount") or "discount" not in draft.report.mapped:
        return
    heading = draft.report.mapped["discount"]
    cells = draft.cells(draft.table.headings.index(heading)).cells
    shares = draft.data["discount"]
    in_cells = any(isinstance(cell, str) and "%" in cell for cell in cells)
    if not (in_cells or _SHARE.search(heading)):
        rows = shares.gt(0) & shares.lt(1)
        if rows.any() and not shares.gt(1).any():
            fix = f'Call the column "{heading} %" if they are shares, or "{heading} amount" if they are money.'
            if not _MONEY.search(heading):
                ask(draft, "discount", heading, rows.to_numpy(), "is {cell}, a share or an amount{more}", fix)
        return
    if not in_cells and shares.gt(1).any():
        shares = shares / 100
    if shares.gt(1).any():
        raise draft.refusal(f"{heading!r} takes off more than there is to pay", "Give shares of 100 % at most.")
    draft.data["discount"] = draft.data[priced] * shares
    draft.report.notes.append(f"{heading!r} is a share of the amount.")


def _below_nothing(draft: Draft) -> None:
    """Recurring revenue is never negative: such a row is a refund, a credit or a discount of another row."""
    name = next((column for column in ("mrr", "amount", "arr") if draft.has(column)), None)
    if name is not None:
        fix = "Take a discount off the amount it belongs to; leave refunds and credits out."
        ask(draft, name, draft.report.mapped[name], (draft.data[name] < 0).to_numpy(), "is {cell}{more}", fix)


def _ended_some_day(draft: Draft) -> None:
    """Rows whose status says that they ended, beside no day on which: neither customers nor lost in a month."""
    for place, heading in enumerate(draft.table.headings):
        words = _ENDED.get(plain(heading or ""))
        if words is None:
            continue
        rows = draft.cells(place).series(lambda cell: str(cell).strip().lower()).isin(words).to_numpy()
        _end_by_its_status(draft, rows)
        if draft.has("end"):
            rows = rows & draft.data["end"].isna().to_numpy()
        column = "end" if draft.has("end") else "start"
        fix = "Fill in the day on which it ended, or delete the row."
        ask(draft, column, heading, rows, "is {cell!r} and has no end{more}", fix)


def _ended_before_it_began(draft: Draft) -> None:
    """Ends before the start of the same row; the day before it ends a term of no day, where ends are the last paid."""
    if draft.has("start") and draft.has("end") and "end" in draft.report.mapped:
        day = pd.Timedelta(days=1)
        rows = (draft.data["end"].dt.normalize() < draft.data["start"].dt.normalize() - day).to_numpy()
        fix = "Correct one of the two, or delete the row."
        ask(draft, "end", draft.report.mapped["end"], rows, "is {cell}, before its start{more}", fix)
        draft.data["end"] = draft.data["end"].mask(rows)


def _ended_at_nothing(draft: Draft) -> None:
    """What somebody pays now is nothing once they left, and says nothing of what they paid: those months wait.

    Where others pay nothing and have not left, nothing is a price like any other.
    """
    name = next((column for column in ("amount", "mrr", "arr") if draft.has(column)), None)
    if name is None or not draft.has("end"):
        return
    nothing = draft.data[name].eq(0)
    if nothing.any() and draft.data["end"][nothing].notna().all() and draft.data[name].gt(0).any():
        fix = "Fill in what was paid until the end."
        what = "is {cell} beside an end, so what was paid before is unknown{more}"
        ask(draft, name, draft.report.mapped[name], nothing.to_numpy(), what, fix)


def _end_by_its_status(draft: Draft, ended: NDArray[np.bool_]) -> None:
    """The end of those whose status says so, where the day of the status is all that tells when."""
    place = next((at for at, heading in enumerate(draft.table.headings) if plain(heading or "") in _CHANGED), None)
    if draft.has("end") or place is None or not ended.any():
        return  # a column State may stand before the status, and say nothing
    heading = draft.table.headings[place]
    days = read_column(draft.cells(place), "day", draft.table.at(heading), draft.said, draft.data.index)
    draft.asked += [Wait.of_question("end", question) for question in days.questions]
    draft.data["end"] = days.values.where(ended)
    draft.report.mapped["end"] = heading
    draft.report.notes.append(f"{heading!r} is the end of those whose status says that they ended.")


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
    cells = draft.table.coded(place)
    words = {text for cell in cells.cells if (text := str(cell).strip())}
    if words and len(words) <= 12 and all(months_in(word) and not word.isdigit() for word in words):
        draft.data["interval_months"] = cells.series(lambda cell: months_in(str(cell)) if cell else None).astype(float)
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
    fix = "Fill it in: 0 if nothing was paid."
    ask(
        draft, name, draft.report.mapped[name], blank, "has no amount{more}, so what that customer paid is unknown", fix
    )

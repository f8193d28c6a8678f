"""Tables of several files put together: what would count twice is refused, what is missing is computed."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import date, datetime, timezone
from typing import Any

import numpy as np
import pandas as pd

from csmetrics_core.errors import MetricError
from csmetrics_core.files.copies import settle_copies
from csmetrics_core.files.deriving import day_after, days_of, last_month, stays
from csmetrics_core.files.grids import UnreadableFile
from csmetrics_core.files.headings import plain
from csmetrics_core.files.report import ReadTable, Report, TableReport, Wait
from csmetrics_core.files.saying import Place, Question, Remedy, Said
from csmetrics_core.files.standard import STANDARD
from csmetrics_core.reductions.terms import how_ends_are_meant
from csmetrics_core.tables.contracts import contract_months

Tables = dict[str, pd.DataFrame]
# Tables in which two products describe the same things: both together would count twice.
_ONCE = ("customers", "contracts", "subscriptions", "payments")
_NO_END = "no column says when customers left, so nobody can be counted as lost: churn needs an end date"


def combine(parts: Sequence[ReadTable], report: Report, said: Said) -> Tables:
    """One table of each kind, of what several files and sheets hold."""
    by_table: dict[str, list[ReadTable]] = {}
    for part in parts:
        rival = next((other for other in report.read if _are_rivals(other, part.report)), None)
        if rival is not None:
            problem = (
                f"{part.report.place} holds {part.table}, and {rival.place} ({rival.recognised}) tells about the same"
            )
            report.refused[part.report.place] = UnreadableFile(
                problem, "Both would count twice: leave one of them out."
            )
            continue
        by_table.setdefault(part.table, []).append(part)
        report.read.append(part.report)
    return {table: _stacked(table, same, report, said) for table, same in by_table.items()}


def _are_rivals(one: TableReport, other: TableReport) -> bool:
    """Whether two files tell about the same money or customers, each in its own way."""
    if one.table == other.table:
        alike = (one.product, one.what) == (other.product, other.what) or not (one.product or other.product)
        return one.table in _ONCE and not alike
    return {one.table, other.table} == {"contracts", "subscriptions"} and one.product != other.product


def _stacked(table: str, parts: Sequence[ReadTable], report: Report, said: Said) -> pd.DataFrame:
    """The rows of all parts, none of them twice; what waits keeps the place of its rows."""
    settled = settle_copies(parts, said)
    report.notes += settled.notes
    for refused, error in settled.refused:
        report.refused[refused.place] = error
        report.read.remove(refused)
    used = [part for part in parts if part.report in report.read]
    waits = list(settled.waits)
    lengths = [len(frame) for frame in settled.parts]
    for at, (part, kept) in enumerate(zip(used, settled.kept, strict=True)):
        for wait in part.report.waits:
            waits.append(wait if wait.rows is None else wait._replace(rows=_padded(wait.rows[kept], at, lengths)))
    if waits:
        report.waits.setdefault(table, []).extend(waits)
    if len(used) > 1:
        counts = ", ".join(
            f"{part.report.place} ({count:,})" for part, count in zip(used, lengths, strict=True) if count
        )
        report.notes.append(f"{table}: put together from {counts}.")
    frames = [frame for frame in settled.parts if len(frame)] or settled.parts[:1]
    stacked = pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0].reset_index(drop=True)
    order = [name for name in STANDARD[table].columns.split() if name in stacked]
    return stacked[[*order, *(name for name in stacked if name not in order)]]


def _padded(rows: Any, at: int, lengths: Sequence[int]) -> Any:
    """A mask of one part as one of all parts."""
    return np.concatenate(
        [rows if place == at else np.zeros(length, dtype=bool) for place, length in enumerate(lengths)]
    )


def settle_ends(tables: Tables, report: Report, said: Said) -> None:
    """Whether the end of contracts and stays is the last day paid; it becomes the first day no longer paid."""
    known = None
    for name in ("contracts", "customers"):
        frame = tables.get(name)
        if frame is None or "end" not in frame or any(one.ends_known for one in report.read if one.table == name):
            continue
        reading = said.ends or known or _reading(name, frame, report)
        known = known or (reading if name == "contracts" else None)
        if reading == "last-day":
            frame["end"] = frame["end"] + pd.Timedelta(days=1)


def _reading(name: str, frame: pd.DataFrame, report: Report) -> str:
    """What the ends of a table mean, noted or asked."""
    dated = frame[frame["start"].notna() & frame["customer"].notna()]
    products = dated["plan"].tolist() if "plan" in dated else [None] * len(dated)
    found = how_ends_are_meant(dated["customer"].tolist(), products, days_of(dated["start"]), days_of(dated["end"]))
    if name == "customers":  # the days on which people leave say nothing by their distance from the first
        after, on = found.day_after, found.same_day
        reading = "last_day" if after and after / (after + on) >= 0.8 else "mixed" if after > 0.2 * (after + on) else ""
    else:
        reading = found.reading
    if reading == "mixed":
        remedies = (Remedy("ends", "last-day", "the end is still paid"), Remedy("ends", "first-unpaid", "it is not"))
        question = Question(Place(name, "", "end"), found.note, (), remedies)
        report.waits.setdefault(name, []).append(Wait.of_question("end", question))
    elif reading == "last_day":
        report.notes.append(f"{name}: {found.note}.")
        return "last-day"
    return "first-unpaid"


def derive_tables(tables: Tables, report: Report, said: Said) -> None:
    """Months and stays from contracts, events from sessions, where no file holds them."""
    if "sessions" in tables and "events" not in tables:
        begins = {"session_start": "timestamp"}
        events = [name for name in ("user", "customer", "session_start") if name in tables["sessions"]]
        tables["events"] = tables["sessions"][events].rename(columns=begins)
        report.derived["events"] = "sessions: one where each begins"
        waits = [w._replace(column=begins.get(w.column, w.column)) for w in report.waits.get("sessions", ())]
        report.waits.setdefault("events", []).extend(waits)
    contracts = tables.get("contracts")
    if contracts is None:
        for table in {"subscriptions", "customers"} - tables.keys() if "contracts" in report.waits else ():
            waits = [wait._replace(column="", rows=None) for wait in report.waits["contracts"]]
            report.waits.setdefault(table, []).extend(waits)
        if "subscriptions" not in tables and (paying := _paying_list(tables, report, said)) is not None:
            tables["subscriptions"] = _months(paying, "customers", report, said)
        _check_ends(tables, report)
        return
    asked = [wait for wait in report.waits.get("contracts", ()) if wait.column == "amount" and wait.rows is None]
    if "subscriptions" not in tables and asked:
        report.waits.setdefault("subscriptions", []).extend(wait._replace(column="") for wait in asked)
    elif "subscriptions" not in tables:
        try:
            tables["subscriptions"] = _months(contracts, "contracts", report, said)
        except MetricError as error:
            report.refused["contracts"] = error
            for table in {"subscriptions", "customers"} - tables.keys():
                report.waits.setdefault(table, []).append(Wait("", f"contracts: {error.problem}", error.fix))
            return
    customers = tables.get("customers")
    if customers is None or "start" not in customers:
        spans = stays(contracts)
        if "end" not in contracts:
            spans = spans.drop(columns="end")
        if customers is not None:
            spans = _described(report, spans, customers)
        tables["customers"] = spans[[name for name in STANDARD["customers"].columns.split() if name in spans]]
        report.derived["customers"] = "contracts: each customer's unbroken stretches of paid subscriptions"
        for wait in report.waits.get("contracts", ()):
            report.waits.setdefault("customers", []).append(wait._replace(column="", rows=None))
    _check_ends(tables, report)


def _paying_list(tables: Tables, report: Report, said: Said) -> pd.DataFrame | None:
    """A customer list that says what each pays, as contracts; what waits for the price is a wait for the amount."""
    customers = tables.get("customers")
    if customers is None or "start" not in customers:
        return None
    price = next((column for column in ("mrr", "arr") if column in customers and customers[column].notna().any()), None)
    if price is None:
        return None
    waits = report.waits.get("customers", [])
    waits[:] = [wait._replace(column="amount") if wait.column == price else wait for wait in waits]
    for one in report.read if price not in said.columns else ():
        heading = one.mapped.get(price, "") if one.table == "customers" else ""
        if plain(heading) == plain("Annual Revenue"):
            ways = (Remedy("columns", f"{price}={heading}", "it is what they pay a year"),)
            place = Place(one.file, one.sheet, heading)
            question = Question(place, "may be what they earn, not what they pay", (), ways)
            report.waits.setdefault("subscriptions", []).append(Wait.of_question("", question))
            return None
    report.notes.append(f"customers: {price.upper()} beside a start is what each pays from then on.")
    dated = customers[[column for column in ("customer", "plan", "start", "end") if column in customers]]
    return dated.assign(amount=customers[price], interval_months=1.0 if price == "mrr" else 12.0)


def _check_ends(tables: Tables, report: Report) -> None:
    """A list without ends cannot tell who left; it is used for nothing that needs to know."""
    customers = tables.get("customers")
    if customers is None or "end" in customers or "start" not in customers:
        return
    own = "subscriptions" in tables and "subscriptions" not in report.derived
    if not own:
        for table in ("customers", "subscriptions"):
            report.waits.setdefault(table, []).append(Wait("end", _NO_END))


def _months(contracts: pd.DataFrame, table: str, report: Report, said: Said) -> pd.DataFrame:
    """Revenue at each month's end; where an amount is unknown, so is that of the months it would be paid in.

    Args:
        contracts: customer, start, amount, interval_months, and end where it is known.
        table: the standard table they are or were made of.
        report: has that table's waits, and takes those of the months.
        said: what the user said.
    """
    reports = [one for one in report.read if one.table == table]
    latest = max(reports, key=lambda one: one.until or date.min)
    last = last_month(_last_seen(contracts, table, latest.until), latest.place, said.as_of, latest.notes)
    as_of = day_after(last)
    unknown, waits = _unknown_amounts(contracts, table, report)
    notes: list[str] = []
    months = contract_months(contracts[~unknown], as_of=as_of, notes=notes)
    report.notes += [f"{table}: {note}." for note in notes if note.startswith("rows left out")]
    if unknown.any():
        more = contract_months(contracts[unknown].assign(amount=1.0, discount=0.0), as_of=as_of)
        more = more[more["mrr"] > 0].assign(mrr=np.nan)
        rows = np.arange(len(months) + len(more)) >= len(months)
        months = pd.concat([months, more], ignore_index=True)
        waits = [wait._replace(column="mrr", rows=rows) for wait in waits]
    else:
        waits = [wait._replace(column="" if wait.column != "amount" else "mrr", rows=None) for wait in waits]
    report.waits.setdefault("subscriptions", []).extend(waits)
    if contracts["customer"].dropna().is_unique:
        report.notes.append(f"{table}: each customer has one price, so net retention holds no change of prices.")
    report.derived["subscriptions"] = f"{table}, at each month's end up to {np.datetime64(last, 'M')}"
    dated: pd.DataFrame = months.astype({"month": "datetime64[us]"})
    return dated


def _last_seen(contracts: pd.DataFrame, table: str, until: date | None) -> date | None:
    """The last day a list tells about; the end of a customer, or where few have one, is a day on which one left."""
    ends = contracts["end"].dropna() if "end" in contracts else contracts["start"].iloc[:0]
    today = np.datetime64(datetime.now(timezone.utc).date(), "D")
    left = ends.to_numpy().astype("datetime64[D]")
    are_days = table == "customers" or 2 * len(ends) < len(contracts)
    seen: list[date] = left[left <= today].tolist() if are_days else []
    return max([*seen, *([until] if until else [])], default=None)


def _unknown_amounts(contracts: pd.DataFrame, table: str, report: Report) -> tuple[Any, list[Wait]]:
    """Contracts whose amount is not known, and what their months wait for."""
    needed = {"", *contracts.columns} - {"plan"}
    waits = [wait for wait in report.waits.get(table, ()) if wait.column in needed]
    unknown = np.zeros(len(contracts), dtype=bool)
    if any(wait.column != "amount" or wait.rows is None for wait in waits):
        return unknown, waits
    blank = contracts["amount"].isna().to_numpy()
    for wait in waits:
        unknown |= wait.rows
    if (blank & ~unknown).any():
        who = contracts["customer"][blank & ~unknown].iloc[0]
        waits.append(
            Wait("amount", f"{table}: {int((blank & ~unknown).sum()):,} have no amount, the first is of {who}")
        )
    return unknown | blank, waits


def _described(report: Report, spans: pd.DataFrame, customers: pd.DataFrame) -> pd.DataFrame:
    """Stays with what a customer list says about their customers, if the two name them alike."""
    extra = customers[[name for name in customers if name == "customer" or name not in spans]]
    extra = extra.drop_duplicates("customer")
    known = int(spans["customer"].isin(extra["customer"]).sum())
    if not known:
        report.notes.append("The customer list and the contracts name no customer alike; the list is not used.")
        return spans
    report.notes.append(f"The customer list describes {known:,} of {len(spans):,} stays.")
    return spans.merge(extra, on="customer", how="left")


def note_strangers(tables: Tables, report: Report) -> None:
    """Say where tables name customers that the customer list does not."""
    if "customers" not in tables:
        return
    known = set(tables["customers"]["customer"].dropna())
    for name, table in tables.items():
        if name not in (*_ONCE[:3], "features") and "customer" in table:
            named = set(table["customer"].dropna())
            strangers = len(named - known)
            if strangers:
                report.notes.append(f"{name}: {strangers:,} of {len(named):,} customers are not among customers.")


def spelt_alike(tables: Tables) -> dict[str, str]:
    """Names of customers and users that differ in case, accents and blanks alone -> the first of their spellings."""
    first: dict[tuple[str, str], str] = {}
    found: dict[str, str] = {}
    for frame in tables.values():
        for column in ("customer", "user"):
            names = frame[column].unique().tolist() if column in frame else ()
            for name in (name for name in names if name == name and name is not None):
                same = first.setdefault((column, _folded(name)), name)
                if same != name:
                    found[name] = same
    return found


def _folded(name: str) -> str:
    if name.isascii():
        return " ".join(name.lower().split())
    parts = unicodedata.normalize("NFKD", str(name)).casefold()
    return " ".join("".join(sign for sign in parts if not unicodedata.combining(sign)).split())


def with_one_spelling(tables: Tables, spellings: dict[str, str]) -> Tables:
    """Tables in which names that are spelt alike are the same."""
    return {
        table: frame.assign(
            **{column: frame[column].replace(spellings) for column in ("customer", "user") if column in frame}
        )
        for table, frame in tables.items()
    }

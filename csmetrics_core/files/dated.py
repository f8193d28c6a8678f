"""Months that stand only in the name of a sheet or file: they date its rows, or make it a snapshot."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import pandas as pd

from csmetrics_core.files.headings import plain
from csmetrics_core.files.report import TableReport
from csmetrics_core.files.saying import Said
from csmetrics_core.files.standard import columns_found
from csmetrics_core.files.table import Table

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january januar janvier enero", "feb february februar fevrier febrero",
            "mar march maerz märz mars marzo",
            "apr april avril abril", "may mai mayo", "jun june juni juin junio", "jul july juli juillet julio",
            "aug august aout août agosto", "sep sept september septembre septiembre",
            "oct october okt oktober octobre octubre", "nov november novembre noviembre",
            "dec december dez dezember decembre décembre diciembre",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip
_NAME = "|".join(sorted(_MONTHS, key=len, reverse=True))
_YEAR_FIRST = re.compile(r"(?<!\d)(?P<year>20\d\d)[-_. ]?M?(?P<month>0[1-9]|1[0-2])(?:[-_. ]?[0-3]\d)?(?!\d)")
_YEAR_LAST = re.compile(r"(?<!\d)(?P<month>0?[1-9]|1[0-2])[-_. ](?P<year>20\d\d)(?!\d)")
_NAMED = re.compile(rf"(?<![^\W\d_])(?P<name>{_NAME})[-_. ']*(?P<year>(?:20)?\d\d)(?!\d)", re.IGNORECASE)
_NAMED_LAST = re.compile(rf"(?<!\d)(?P<year>20\d\d)[-_. ]*(?P<name>{_NAME})(?![^\W\d_])", re.IGNORECASE)
_ONLY_NAME = re.compile(rf"(?<![^\W\d_])(?P<name>{_NAME})(?![^\W\d_])", re.IGNORECASE)
_YEAR = re.compile(r"(?<!\d)20\d\d(?!\d)")
_DATES = frozenset(("month", "date", "opened", "timestamp", "started", "due", "end"))
#: Standard table -> the column that a month in a name fills.
_FILLS = {"subscriptions": "month", "costs": "month", "funnel": "month", "responses": "date", "tickets": "opened"}
#: What such a table must have beside, and of what one column is enough.
_NEEDS = {
    "subscriptions": {"customer"}, "costs": {"amount", "purpose"}, "funnel": {"conversions", "opportunities"},
    "responses": set(), "tickets": {"contacts"},
}  # fmt: skip
_ONE_OF = {"subscriptions": {"mrr", "amount", "arr"}, "responses": {"nps", "csat", "ces", "comment"}}


@dataclass
class Dated:
    """Tables whose names have been looked at.

    Args:
        tables: those to read on.
        snapshots: months and customer lists, in the order of months.
        notes: what the reader must know.
    """

    tables: list[Table] = field(default_factory=list)
    snapshots: list[tuple[pd.Timestamp, Table]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def month_in_name(table: Table) -> pd.Timestamp | None:
    """The month that the name of a table's sheet or file says."""
    stem = table.file.rsplit(".", 1)[0]
    for name in filter(None, (table.sheet or table.name, stem)):
        for form in (_YEAR_FIRST, _NAMED_LAST, _NAMED, _YEAR_LAST):
            if found := form.search(name):
                parts = found.groupdict()
                year = int(parts["year"]) + (2000 if len(parts["year"]) == 2 else 0)
                return pd.Timestamp(year, int(parts.get("month") or _MONTHS[parts["name"].lower()]), 1)
    only, year_of_file = _ONLY_NAME.search(table.sheet or ""), _YEAR.search(stem)
    if only and year_of_file:
        return pd.Timestamp(int(year_of_file[0]), _MONTHS[only["name"].lower()], 1)
    return None


def date_by_names(tables: list[Table], said: Said) -> Dated:
    """Give tables without dates the month in their names; customer lists of several months become snapshots."""
    dated = Dated()
    months = {id(table): month_in_name(table) for table in tables}
    alike: dict[tuple[str, ...], list[Table]] = {}
    for table in tables:
        if months[id(table)] is not None:
            alike.setdefault(tuple(sorted(map(plain, table.headings))), []).append(table)
    for table in tables:
        month = months[id(table)]
        same = alike.get(tuple(sorted(map(plain, table.headings))), [])
        several = len({months[id(one)] for one in same}) > 1
        if month is None:
            dated.tables.append(table)
        elif several and _is_customer_list(table, said):
            _snapshot(dated, table, month, [months[id(one)] for one in same], said)
        else:
            dated.tables.append(_filled(dated, table, month, several, said))
    dated.snapshots.sort(key=lambda one: one[0])
    return dated


def _is_customer_list(table: Table, said: Said) -> bool:
    """Whether a table tells who the customers are and neither what they paid nor when anything happened."""
    if "customer" not in columns_found("customers", table, said):
        return False
    money = columns_found("subscriptions", table, said) & {"mrr", "amount", "arr", "month"}
    other = columns_found("responses", table, said) & {"nps", "csat", "ces", "comment", "date"}
    use = columns_found("events", table, said) & {"timestamp", "user"} | columns_found("tickets", table, said) & {
        "contacts"
    }
    listed = "start" in columns_found("customers", table, said)
    return not money and not (use - {"timestamp"}) and (listed or not (other | use))


def _snapshot(dated: Dated, table: Table, month: pd.Timestamp, months: list[pd.Timestamp | None], said: Said) -> None:
    """A list that says when customers ended needs no snapshots: the latest says all."""
    if "end" not in columns_found("customers", table, said):
        dated.snapshots.append((month, table))
        return
    latest = max(one for one in months if one is not None)
    if month == latest:
        dated.tables.append(table)
    else:
        dated.notes.append(f"{table.place}: a later list of customers ({latest:%Y-%m}) is used instead.")


def _filled(dated: Dated, table: Table, month: pd.Timestamp, several: bool, said: Said) -> Table:
    """The table with the month of its name as a column, where it has no dates of its own."""
    for name, column in _FILLS.items():
        found = columns_found(name, table, said)
        if name == "subscriptions":
            fits = "customer" in found and bool(found & {"mrr", "amount", "arr"})
            dates = {"month", "date", "timestamp"} if several else _DATES | {"start"}
        else:
            needs = {
                "costs": {"amount", "purpose"},
                "funnel": {"conversions", "opportunities"},
                "tickets": {"contacts"},
            }
            asks = {"nps", "csat", "ces", "comment"}
            fits = needs.get(name, set()) <= found and (name != "responses" or bool(found & asks))
            dates = set(_DATES)
        known = {date for one in (*_FILLS, "customers", "payments") for date in columns_found(one, table, said) & dates}
        if fits and not known:
            dated.notes.append(f"{table.place}: its rows are of {month:%Y-%m}, as its name says.")
            return _with_column(table, column, month)
    return table


def _with_column(table: Table, heading: str, month: pd.Timestamp) -> Table:
    cell = month.date() if table.typed else f"{month:%Y-%m-%d}"
    rows = [[*row[: len(table.headings)], *[None] * (len(table.headings) - len(row)), cell] for row in table.rows]
    return Table(
        table.file, table.sheet, (*table.headings, heading), rows, table.numbers, (*table.raw, heading),
        (*table.wordings, "") if table.wordings else (), table.name, table.typed, table.left_out, table.notes,
    )  # fmt: skip


def snapshot_report(table: Table) -> TableReport:
    """The report of a customer list of one month."""
    return TableReport(table.file, table.sheet, table.name, "", "customer list of one month", "customers")

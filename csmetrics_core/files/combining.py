"""Tables of several files put together: what would count twice is refused, what is missing is computed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pandas as pd

from csmetrics_core.errors import MetricError
from csmetrics_core.readers.months import day_after, last_month, stays
from csmetrics_core.readers.own import STANDARD
from csmetrics_core.readers.report import How, ReadTable, Report, UnreadableFile
from csmetrics_core.tables.contracts import contract_months

# Tables in which two products describe the same things: both together would count twice.
_ONCE = ("customers", "contracts", "subscriptions", "payments")
_IDENTITY = {
    "tickets": ["ticket"],
    "contracts": ["subscription", "start", "kind"],
    "subscriptions": ["customer", "subscription", "month"],
}


@dataclass
class Folder:
    """What was read from a folder or a workbook.

    Args:
        tables: standard table -> its rows.
        reports: one a file or sheet that was read.
        refused: file or sheet -> why it was not.
        derived: table -> what it was computed from.
        notes: what else the reader must know.
    """

    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    reports: list[Report] = field(default_factory=list)
    refused: dict[str, MetricError] = field(default_factory=dict)
    derived: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def scales(self) -> dict[str, int]:
        """Question -> highest answer, where the products document one."""
        return {name: top for report in self.reports for name, top in report.scales.items()}

    def __str__(self) -> str:
        parts = [str(report) for report in self.reports]
        parts += [f"{place}\n  refused: {error}" for place, error in self.refused.items()]
        parts += [f"{table}\n  derived: {how}" for table, how in self.derived.items()]
        return "\n".join([*parts, *(f"note: {note}" for note in self.notes)])


def add_table(folder: Folder, found: ReadTable) -> None:
    """Put a table to those of the same name, unless both tell about the same things."""
    table, frame, report = found
    if (other := next((other for other in folder.reports if _are_rivals(other, report)), None)) is not None:
        problem = f"{report.place} holds {table}, and {other.place} ({other.recognised}) tells about the same"
        folder.refused[report.place] = UnreadableFile(problem, "Both would count twice: leave one of them out.")
        return
    before = [other for other in folder.reports if other.table == table]
    if before:
        old = folder.tables[table]
        both = pd.concat([old, frame], ignore_index=True)
        fresh = both[~both.duplicated() | (both.index < len(old))]
        keys = [key for key in _IDENTITY.get(table, []) if key in fresh]
        clashes = fresh[keys].iloc[len(old) :].merge(old[keys].drop_duplicates(), on=keys) if keys else fresh.iloc[:0]
        if len(clashes):
            problem = f"{report.place} tells about {len(clashes):,} {table} otherwise than {before[0].place} does"
            folder.refused[report.place] = UnreadableFile(problem, "Leave the older of the two exports out.")
            return
        if len(fresh) < len(both):
            twice = len(both) - len(fresh)
            folder.notes.append(f"{report.place}: {twice:,} rows are in {before[0].place} too; counted once.")
        frame = fresh.reset_index(drop=True)
    folder.tables[table] = frame
    folder.reports.append(report)


def _are_rivals(one: Report, other: Report) -> bool:
    """Whether two files tell about the same money or customers, each in its own way."""
    if one.table == other.table:
        return one.table in _ONCE and (one.product, one.what) != (other.product, other.what)
    return {one.table, other.table} == {"contracts", "subscriptions"} and one.product != other.product


def derive_tables(folder: Folder, how: How) -> None:
    """Months and stays from contracts, where no file holds them."""
    contracts = folder.tables.get("contracts")
    if contracts is None:
        return
    reports = [report for report in folder.reports if report.table == "contracts"]
    latest = max(reports, key=lambda report: report.until or date.min)
    if "subscriptions" not in folder.tables:
        last = last_month(latest, how)
        notes: list[str] = []
        months = contract_months(contracts, as_of=day_after(last), notes=notes)
        folder.notes += [f"contracts: {note}." for note in notes if note.startswith("rows left out")]
        folder.tables["subscriptions"] = months.astype({"month": "datetime64[us]"})
        folder.derived["subscriptions"] = f"contracts, at each month's end up to {np.datetime64(last, 'M')}"
    customers = folder.tables.get("customers")
    if customers is None or not {"start", "end"} <= set(customers.columns):
        spans = stays(contracts)
        if customers is not None:
            spans = _described(folder, spans, customers)
        folder.tables["customers"] = spans[[name for name in STANDARD["customers"].columns.split() if name in spans]]
        folder.derived["customers"] = "contracts: each customer's unbroken stretches of paid subscriptions"


def _described(folder: Folder, spans: pd.DataFrame, customers: pd.DataFrame) -> pd.DataFrame:
    """Stays with what a customer list says about their customers, if the two name them alike."""
    extra = customers[[name for name in customers if name == "customer" or name not in spans]]
    extra = extra.drop_duplicates("customer")
    known = int(spans["customer"].isin(extra["customer"]).sum())
    if not known:
        folder.notes.append("The customer list and the contracts name no customer alike; the list is not used.")
        return spans
    folder.notes.append(f"The customer list describes {known:,} of {len(spans):,} stays.")
    return spans.merge(extra, on="customer", how="left")


def note_strangers(folder: Folder) -> None:
    """Say where tables name customers that the customer list does not."""
    if "customers" not in folder.tables:
        return
    known = set(folder.tables["customers"]["customer"].dropna())
    for name, table in folder.tables.items():
        if name not in (*_ONCE[:3], "features") and "customer" in table:
            named = set(table["customer"].dropna())
            strangers = len(named - known)
            if strangers:
                folder.notes.append(f"{name}: {strangers:,} of {len(named):,} customers are not among customers.")

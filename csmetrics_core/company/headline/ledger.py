"""The revenue ledger of a company: its bridge by class, live and contracted, and whether the rates move it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from csmetrics_core.company.company import Company, Missing
from csmetrics_core.files.headings import find_heading
from csmetrics_core.maths.periods import first_day
from csmetrics_core.reductions.terms import EndIs
from csmetrics_core.tables import arr_balances, arr_bridge
from csmetrics_core.tables.schema import look_for

_LINE = ("customer", "start", "end", "amount")
_NOT_SIGNED = "needs a column signed, the day each contract was signed"


@dataclass(frozen=True)
class Ledger:
    """What became of recurring revenue a year, month by month.

    Args:
        source: which rows it was made of.
        table: the columns of `arr_bridge` with detail, live.
        contracted: closing by the month, from the day signed to the day of notice; nothing where no day is known.
        rates: whether exchange rates move it.
        notes: what else the reader must know.
    """

    source: str
    table: Mapping[str, NDArray[Any]]
    contracted: Mapping[int, float] | None
    rates: str
    notes: tuple[str, ...]

    @property
    def months(self) -> NDArray[np.int64]:
        """Its months, counted from January 1970."""
        return self.table["month"].astype("datetime64[M]").astype(np.int64)

    @property
    def missing(self) -> str:
        """Why nothing is contracted beside live."""
        return "" if self.contracted is not None else _NOT_SIGNED

    def classes(self) -> dict[str, NDArray[np.float64]]:
        """The classes in which anything moved, signed, by name."""
        found = {name.removeprefix("change_"): v for name, v in self.table.items() if name.startswith("change_")}
        return {name: values for name, values in found.items() if np.abs(values).sum() > 0}


def ledger_of(company: Company, month: int, *, grace_days: int = 0, end_is: EndIs = "auto") -> Ledger:
    """The ledger of a company's contract lines, or where it has none of its months of revenue.

    Args:
        company: its tables.
        month: the last month, counted from January 1970.
        grace_days: how long a term that is over counts as an open renewal; of contract lines.
        end_is: whether the ends of contract lines are still paid for.

    Raises:
        Missing: no table tells who pays how much when.
        MetricError: the amounts or the ends can be meant in several ways.
    """
    as_of = _day_after(month)
    notes: list[str] = []
    name = next((n for n, heads in company.headings.items() if all(find_heading(c, heads) for c in _LINE)), None)
    if name is None:
        frame = _months(company, month)
        told = arr_bridge(frame, detail=True, as_of=as_of, notes=notes)
        table = company.table("subscriptions").table
        return Ledger(f"12 times the months of {table}", _arrays(told), None, _rates(company, table), tuple(notes))
    company.check("contracts")
    lines = company.frame(name)
    how: dict[str, Any] = {"grace_days": grace_days, "end_is": end_is, "as_of": as_of}
    balances = arr_balances(lines, notes=notes, **how)
    bridge = _arrays(arr_bridge(balances, detail=True, as_of=as_of))
    contracted = None
    if look_for("signed", dict.fromkeys(company.headings[name])):
        signed = _arrays(arr_bridge(arr_balances(lines, basis="contracted", **how), as_of=as_of))
        contracted = dict(zip(_numbers(signed["month"]), map(float, signed["closing"]), strict=True))
    return Ledger(f"the contract lines of {name}", bridge, contracted, _rates(company, name), tuple(notes))


def _day_after(month: int) -> date:
    day: date = first_day(np.array([month + 1]), "month").astype("datetime64[D]")[0].item()
    return day


def _numbers(months: NDArray[Any]) -> list[int]:
    found: list[int] = months.astype("datetime64[M]").astype(np.int64).tolist()
    return found


def _arrays(frame: Any) -> dict[str, NDArray[Any]]:
    found = {str(name): frame[name].to_numpy() for name in frame.columns}
    return {**found, "month": found["month"].astype("datetime64[D]")}


def _months(company: Company, month: int) -> Any:
    """The months of revenue as balances a year, with the products and quantities there are."""
    from pandas import DataFrame

    when = company.months("subscriptions")
    if when is None:
        raise Missing("needs contract lines with customer, start, end and amount, or subscriptions with a month")
    paid = company.paid()
    rows = (when <= month) & np.isfinite(paid)
    frame = DataFrame(
        {
            "customer": company.take("subscriptions", "customer", rows),
            "month": when[rows].astype("datetime64[M]").astype("datetime64[s]"),
            "arr": np.round(12 * paid[rows], 2),
        }
    )
    for column in ("plan", "quantity"):
        if (cells := company.named_cells("subscriptions", column)) is not None:
            frame[column] = [cell for cell, keep in zip(cells, rows, strict=True) if keep]
    return frame


def _rates(company: Company, table: str) -> str:
    """Whether the bridge is in constant currency: said in every case."""
    heading = find_heading("currency", company.headings[table])
    if heading is None:
        return (
            f"{table} names no currency. Amounts brought to one currency at each month's rates are not in constant "
            "currency: what exchange moved is in expansion and contraction then."
        )
    found = sorted({cell for cell in company.frame(table)[heading] if isinstance(cell, str) and cell})
    return f"All amounts are in {' and '.join(found) or 'one currency'}: exchange moves nothing here."

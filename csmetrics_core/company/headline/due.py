"""What a company's tables say of renewals: whose come up when, and how often such contracts were renewed before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from csmetrics_core.company.company import Company, Missing, select
from csmetrics_core.declaration.catalog import lookup
from csmetrics_core.evaluate import evaluate
from csmetrics_core.explain import Explained, explained
from csmetrics_core.intake.cells import read
from csmetrics_core.intake.elements import pad
from csmetrics_core.maths.periods import first_day

Floats = NDArray[np.float64]
NEEDS = "needs a table of renewals with customer, arr, due; or customers with arr and an end that lies ahead"
#: Fewer decided renewals than this tell no chance; with as many for each call, every call has its own.
LEAST_DECIDED = 30
_RED, _WELL = 0.0, 100.0  # a band is no score: all the calendar asks is whether it is red


@dataclass(frozen=True)
class Renewals:
    """Contracts that come up for renewal, one a row.

    Args:
        days: the day each falls due, as a number; NaN where it is no day.
        renewed: 1 renewed, 0 lost, NaN where it is not decided.
        lapses: a day that is past is over, and nobody says what became of it.
        calls: what the owner expects, if the table says.
        bands: the health of each, if the table says.
    """

    customers: Any
    days: Floats
    arr: Any
    renewed: Floats
    lapses: bool = False
    calls: Sequence[str] | None = None
    bands: Sequence[str] | None = None

    def open(self, today: float) -> NDArray[np.bool_]:
        """What was still to come on a day, and what fell due before and is not decided yet."""
        ahead: NDArray[np.bool_] = self.days >= today
        return ahead if self.lapses else ahead | ((self.days < today) & np.isnan(self.renewed))

    def chances(self, today: float) -> tuple[list[float] | None, str]:
        """The share renewed among those decided before a day, of the same call where enough were, and words for it."""
        decided = (self.days < today) & ~np.isnan(self.renewed)
        count = int(decided.sum())
        if count < LEAST_DECIDED:
            least = f"that takes {LEAST_DECIDED} decided renewals, and the table holds {count}"
            return None, f"What is at risk is blank: {least}."
        calls = np.array(self.calls or [""] * self.days.size)
        chance = np.full(self.days.size, self.renewed[decided].mean())
        told = [f"{self.renewed[decided].sum():.0f} of {count} renewals decided before"]
        for call in sorted(set(calls[decided].tolist()) - {""}):
            alike = decided & (calls == call)
            if alike.sum() >= LEAST_DECIDED:
                chance[calls == call] = self.renewed[alike].mean()
                told.append(f"of those called {call!r} {self.renewed[alike].sum():.0f} of {alike.sum()}")
        return chance.tolist(), f"The chance to renew is the share renewed: {', '.join(told)}."


def renewals_of(company: Company) -> Renewals | None:
    """The renewals of a company's own table of them, or the ends of its customers; nothing where no table tells them.

    Raises:
        Missing: a question about the table is open.
    """
    return company.once("renewals", make=partial(_renewals, company))  # type: ignore[no-any-return]


def _renewals(company: Company) -> Renewals | None:
    for needed, part in ((("customer", "arr", "due"), "renewals"), (("customer", "arr", "end"), "customers")):
        found = company.cells_of(needed, ("renewed", "call", "health_band"))
        if found is None:
            continue
        for column in needed:
            company.check(part, column)
        days, lapses = _column(found[needed[-1]], needed[-1], "day"), part == "customers"
        decided = "renewed" in found and not lapses
        renewed = _column(found["renewed"], "renewed", "flag") if decided else np.full(days.size, np.nan)
        calls, bands = (None if name not in found else _words(found[name]) for name in ("call", "health_band"))
        return Renewals(found["customer"], days, found["arr"], renewed, lapses, calls, bands)
    return None


def _column(cells: Any, name: str, reading: Any) -> Floats:
    found = read(cells, name, reading)
    pad(found, len(cells))
    return np.asarray(found.values, dtype=float)


def _words(cells: Sequence[Any]) -> list[str]:
    return [cell.strip().casefold() if isinstance(cell, str) else "" for cell in cells]


def calendar_of(company: Company, month: int, *, months: int = 12) -> Explained:
    """The renewal calendar of a company from the day after a month on.

    Args:
        company: its tables.
        month: the last month that is over, counted from January 1970.
        months: to show.

    Raises:
        Missing: no table says when contracts come up.
        MetricError: cells cannot be read.
    """
    found = renewals_of(company)
    today = float(first_day(np.array([month + 1]), "month")[0])
    if found is None or not (rows := found.open(today)).any():
        raise Missing(NEEDS if found is None else "has no renewals ahead")
    chances, words = found.chances(today)
    health = None if found.bands is None else [_RED if band == "red" else _WELL for band in found.bands]
    arguments: Mapping[str, Any] = {
        "customers": select(found.customers, rows),
        "renews_on": found.days[rows].astype(np.int64).astype("datetime64[D]"),
        "arr": select(found.arr, rows),
        "as_of": np.datetime64(int(today), "D"),
        "chance": None if chances is None else select(chances, rows),
        "health": None if health is None else select(health, rows),
        "months": months,
    }
    told = explained(evaluate(lookup("renewal_calendar"), (), arguments))
    return replace(told, notes=(*told.notes, words))

"""Which contracts come up for renewal when, and what of it is at risk."""

import datetime
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from csmetrics_core.declaration.catalog import lookup, metric
from csmetrics_core.declaration.kinds import Amount, Day, Id, Number
from csmetrics_core.declaration.spec import COUNT, FRACTION, MONEY, TEXT, Aligned, Category, Column, Each, Example
from csmetrics_core.intake.prepared import Coded
from csmetrics_core.maths.periods import first_day, index_of
from csmetrics_core.maths.verdicts import number
from csmetrics_core.metrics.health import health_band
from csmetrics_core.models.renewing import amount_renewed
from csmetrics_core.reductions.money import from_cents, to_cents
from csmetrics_core.results import Table

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_RED = lookup(health_band).argument("amber").default
_LARGE = 0.2
_CONFIDENCE = 0.8


@metric(
    title="Renewal calendar",
    category=Category.RETENTION,
    columns=(
        Column("month", TEXT, "overdue, then months from the one of as_of"),
        Column("customers", COUNT, "whose renewal falls due"),
        Column("due", MONEY, "ARR that comes up for renewal"),
        Column("expected", MONEY, "ARR expected to renew; blank where a chance is not known"),
        Column("at_risk", MONEY, "ARR expected to be lost"),
        Column("flagged", MONEY, "ARR due of customers whose health is red; blank without health"),
        Column("low", MONEY, "renewed ARR: nine times in ten it is at least this"),
        Column("high", MONEY, "renewed ARR: nine times in ten it is at most this"),
        Column("largest_share", FRACTION, "of the largest customer in what is due"),
    ),
    formula="due = Σ ARR; expected = Σ ARR × chance; at risk = Σ ARR × (1 − chance)",
    convention=(
        "What fell due before as_of and is still in the list is overdue, shown apart. Each contract renews in full or "
        f"not at all, on its own. A health score is no chance: it only flags, below {_RED}."
    ),
    no_native="its band comes from all ways in which the renewals may turn out",
    source=(
        "Gainsight community, Implementing renewal forecasting; ClientSuccess help, Renewal Health; "
        "the band is exact to 15 contracts due, then of 4,000 draws with a fixed seed"
    ),
    example=Example(
        customers=["A", "B", "C", "D"],
        renews_on=[
            datetime.date(2026, 9, 30), datetime.date(2026, 9, 15), datetime.date(2026, 9, 20),
            datetime.date(2026, 8, 31),
        ],
        arr=[1200, 2400, 600, 300],
        as_of=datetime.date(2026, 9, 1),
        chance=[0.8, 0.92, 0.8, 0.5],
        health=[80, 45, 90, 70],
        months=2,
        result={
            "month": ["overdue", "2026-09", "2026-10"],
            "customers": [1, 3, 0],
            "due": [300.0, 4200.0, 0.0],
            "expected": [150.0, 3648.0, 0.0],
            "at_risk": [150.0, 552.0, 0.0],
            "flagged": [0.0, 2400.0, 0.0],
            "low": [0.0, 2400.0, 0.0],
            "high": [300.0, 4200.0, 0.0],
            "largest_share": [1.0, 0.571429, float("nan")],
        },
    ),
)  # fmt: skip
def renewal_calendar(
    customers: Annotated[Aligned, Id()],
    renews_on: Annotated[Aligned, Day()],
    arr: Annotated[Aligned, Amount()],
    as_of: Annotated[Each, Day()],
    chance: Annotated[Aligned, Number(0, 1, hint="Type 90 % as 0.9.", blanks=True)] = None,
    health: Annotated[Aligned, Number(0, 100, hint="Health scores run from 0 to 100.", blanks=True)] = None,
    months: Annotated[Each, Number(1, 120, whole=True, hint="Give whole months, such as 12.")] = 12,
) -> Table:
    """What comes up for renewal month by month, what of it is expected to renew, and what is at risk.

    Args:
        customers: Whose contract it is, one contract a row.
        renews_on: The day it comes up for renewal.
        arr: Its annual recurring revenue.
        as_of: Today, or the day the list is for.
        chance: That it is renewed, such as 0.9; blank where not known.
        health: The customer's health score, to flag the red ones.
        months: Months to show, the one of as_of first.
    """
    today, length = int(as_of), int(months)
    month = index_of(renews_on, "month") - int(index_of(np.array([today]), "month")[0])
    row = np.where(renews_on < today, 0, month + 1)
    cents = to_cents(arr, "arr")
    rows = [_row(row == at, customers, cents, chance, health) for at in range(length + 1)]
    first = first_day(np.arange(length) + index_of(np.array([today]), "month"), "month")
    names = ["overdue", *(str(day)[:7] for day in first.astype("datetime64[D]"))]
    shown = row <= length
    columns = {"month": names, **{name: np.array([r[name] for r in rows]) for name in rows[0]}}
    return Table(columns, tuple(_notes(shown, customers, cents, chance)))


def _row(here: NDArray[np.bool_], customers: Coded, cents: Floats, chance: Any, health: Any) -> dict[str, Any]:
    """One month of the calendar."""
    due, codes = cents[here], customers.codes[here]
    total, nothing = float(due.sum()), float("nan")
    by_customer = np.bincount(codes, due) if codes.size else np.zeros(1)
    known = chance is not None and not np.isnan(chance[here]).any()
    expected = float((due * chance[here]).sum()) if known else nothing
    low, high = amount_renewed(due, chance[here], _CONFIDENCE) if known else (nothing, nothing)
    money = {
        "due": total, "expected": expected, "at_risk": total - expected,
        "flagged": nothing if health is None else float(due[health[here] < _RED].sum()), "low": low, "high": high,
    }  # fmt: skip
    return {
        "customers": np.unique(codes).size,
        **{name: float(from_cents(np.array(amount))) for name, amount in money.items()},
        "largest_share": float(by_customer.max()) / total if total else nothing,
    }


def _notes(shown: NDArray[np.bool_], customers: Coded, cents: Floats, chance: Any) -> list[str]:
    """The calendar in a sentence, and what is not in it."""
    if not shown.any():
        return [f"None of the {shown.size} renewals falls into these months."]
    whole = _row(shown, customers, cents, chance, None)
    text = f"{_counted(int(shown.sum()))} of {_money(whole['due'])} fall{'' if shown.sum() > 1 else 's'} due"
    if whole["expected"] == whole["expected"]:
        band = f"{_CONFIDENCE:.0%}: {_money(whole['low'])} to {_money(whole['high'])}".replace("%", " %")
        text += f"; {_money(whole['expected'])} are expected to renew ({band}), {_money(whole['at_risk'])} is at risk"
    notes = [f"{text}."]
    if whole["largest_share"] > _LARGE:
        notes[0] += f" One customer is {100 * whole['largest_share']:.0f} % of it."
    if chance is not None and (unknown := int(np.isnan(chance[shown]).sum())):
        notes.append(f"{_counted(unknown)} without a chance: what is expected is blank where they fall due.")
    if later := int(np.count_nonzero(~shown)):
        notes.append(f"{_counted(later)} later than the last month shown.")
    return notes


def _counted(renewals: int) -> str:
    return "1 renewal" if renewals == 1 else f"{renewals:,} renewals"


def _money(amount: float) -> str:
    return number(round(amount) if abs(amount) >= 1000 else round(amount, 2))

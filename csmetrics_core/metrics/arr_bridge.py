"""The bridge of recurring revenue in cells: from one month to the next, from balances."""

import datetime
from typing import Annotated, Literal

from csmetrics_core.declaration.catalog import metric
from csmetrics_core.declaration.kinds import Amount, Day, Id, Number
from csmetrics_core.declaration.spec import DATE, MONEY, Aligned, Category, Column, Example
from csmetrics_core.reductions.ledger_arrays import (
    bridge_table,
)
from csmetrics_core.reductions.ledger_cells import balances_of
from csmetrics_core.results import Table

_JANUARY, _FEBRUARY = (datetime.date(2026, month, 1) for month in (1, 2))
_SOURCE = "ChartMogul help centre, MRR Movements; renewals open as in ClientSuccess and Gainsight"


@metric(
    title="ARR bridge",
    category=Category.REVENUE,
    columns=(
        Column("month", DATE, "first day of the month"),
        Column("opening", MONEY, "the month before's closing; in the first month its own"),
        Column("new", MONEY, "customers never seen before"),
        Column("expansion", MONEY, "customers whose changes add up to more"),
        Column("contraction", MONEY, "customers whose changes add up to less, as a positive amount"),
        Column("churned", MONEY, "customers who are gone, as a positive amount"),
        Column("reactivation", MONEY, "customers who are back"),
        Column("fx", MONEY, "what exchange rates did; in cells there is one currency, so 0"),
        Column("transfer", MONEY, "between customers that were merged; 0 in cells and in total"),
        Column("closing", MONEY, "all customers"),
        Column("open_renewal", MONEY, "the part of closing whose term is over; 0 for balances in cells"),
        Column("change_{n}", MONEY, "with detail: each class of the ledger, signed"),
    ),
    formula="closing = opening + new + expansion + reactivation + fx + transfer − contraction − churned",
    convention=(
        "By customer: swapping one product for another is no contraction. The first month is the opening balance. "
        "Products and quantities give finer classes and never change the columns."
    ),
    no_native="it gives a table; mrr_movements has a form in dynamic arrays",
    source=_SOURCE,
    example=Example(
        customers=["A", "B", "A"],
        months=[_JANUARY, _JANUARY, _FEBRUARY],
        arr=[100, 50, 120],
        result={
            "month": ["2026-01-01", "2026-02-01"],
            "opening": [150.0, 150.0],
            "new": [0.0, 0.0],
            "expansion": [0.0, 20.0],
            "contraction": [0.0, 0.0],
            "churned": [0.0, 50.0],
            "reactivation": [0.0, 0.0],
            "fx": [0.0, 0.0],
            "transfer": [0.0, 0.0],
            "closing": [150.0, 120.0],
            "open_renewal": [0.0, 0.0],
        },
    ),
)
def arr_bridge(
    customers: Annotated[Aligned, Id()],
    months: Annotated[Aligned, Day()],
    arr: Annotated[Aligned, Amount(signed=True)],
    products: Annotated[Aligned, Id(blanks=True)] = None,
    quantities: Annotated[Aligned, Number(0.0, blanks=True)] = None,
    detail: Literal["no", "yes"] = "no",
) -> Table:
    """How recurring revenue went from one month to the next, to the cent.

    Args:
        customers: Who pays, one a row.
        months: Any day of the month the row is for.
        arr: What is paid a year (or a month: the bridge is in the same unit).
        products: What is paid for.
        quantities: How many, such as seats.
        detail: Whether the classes of the ledger are shown too.
    """
    return Table(bridge_table(balances_of(customers, months, arr, products, quantities), detail=detail == "yes"))

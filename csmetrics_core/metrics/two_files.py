"""Two lists of what customers pay, compared one by one."""

from fractions import Fraction
from typing import Annotated

from csmetrics_core.declaration.catalog import metric
from csmetrics_core.declaration.kinds import Amount, Id
from csmetrics_core.declaration.spec import MONEY, TEXT, Aligned, Category, Column, Example, Group
from csmetrics_core.intake.prepared import Coded
from csmetrics_core.reductions.compare import Line, Lines, Reading, compared, customer_columns
from csmetrics_core.results import Table


@metric(
    title="ARR compared",
    category=Category.REVENUE,
    columns=(
        Column("customer", TEXT, "who"),
        Column("left", MONEY, "what the left list says"),
        Column("right", MONEY, "what the right list says"),
        Column("difference", MONEY, "right less left"),
        Column("rules", TEXT, "what explains it, with its amount"),
        Column("unexplained", MONEY, "what nothing explains"),
        Column("matched_by", TEXT, "id, or name where ids differ"),
    ),
    formula="left + rules + unexplained = right, customer by customer",
    convention=(
        "Names match without case, accents, punctuation and legal form where unique on both sides. Two lists of "
        "amounts show who is missing, repeated rows, intervals misread and rounding; dates, trials, discounts, "
        "quantities and exchange rates are for Python: tables.arr_compare, and csmetrics compare."
    ),
    no_native="it gives a table of customers matched by name",
    source="own; ways in which billing and CRM systems read one contract differently",
    example=Example(
        customers_left=["Acme Inc", "B"],
        arr_left=[3600, 500],
        customers_right=["ACME", "B"],
        arr_right=[300, 530],
        result={
            "customer": ["Acme Inc", "B"],
            "left": [3600.0, 500.0],
            "right": [300.0, 530.0],
            "difference": [-3300.0, 30.0],
            "rules": ["interval misread, x 1/12: -3,300.00", ""],
            "unexplained": [0.0, 30.0],
            "matched_by": ["name", "id"],
        },
    ),
)
def arr_compare(
    customers_left: Annotated[Aligned, Id(), Group("left")],
    arr_left: Annotated[Aligned, Amount(), Group("left")],
    customers_right: Annotated[Aligned, Id(), Group("right")],
    arr_right: Annotated[Aligned, Amount(), Group("right")],
) -> Table:
    """What two lists say each customer pays, and what explains the difference.

    Args:
        customers_left: Who pays, by the left list, such as billing; one a row.
        arr_left: What each pays a year.
        customers_right: Who pays, by the right list, such as the CRM; one a row.
        arr_right: What each pays a year.
    """
    left, right = _lines(customers_left, arr_left.tolist()), _lines(customers_right, arr_right.tolist())
    rows, notes = compared(left, right, Reading(), Reading(), 0)
    return Table(customer_columns(rows), notes)


def _lines(customers: Coded, arr: list[float]) -> dict[object, Lines]:
    found: dict[object, list[Line]] = {}
    for code, amount in zip(customers.codes.tolist(), arr, strict=True):
        found.setdefault(customers.labels[code], []).append(Line(None, None, Fraction(repr(amount)), Fraction(12)))
    return {name: tuple(lines) for name, lines in found.items()}

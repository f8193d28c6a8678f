"""Usage beside recurring revenue: what it would be worth a year."""

import datetime
from typing import Annotated

import numpy as np

from csmetrics_core.declaration.catalog import metric
from csmetrics_core.declaration.kinds import Amount, Day
from csmetrics_core.declaration.spec import MONEY, Aligned, Category, Column, Example
from csmetrics_core.maths.periods import index_of
from csmetrics_core.reductions.money import from_cents, to_cents
from csmetrics_core.results import Table

_NAN = float("nan")


@metric(
    title="Usage as ARR",
    category=Category.REVENUE,
    columns=(
        Column("last_month_x12", MONEY, "the last month × 12"),
        Column("last_quarter_x4", MONEY, "the last three months × 4"),
        Column("trailing_year", MONEY, "the last twelve months"),
    ),
    formula="last month × 12; last three months × 4; last twelve months",
    convention="Beside ARR, never in it: usage above a committed minimum does not recur. Months without a row are 0.",
    no_native="it gives a table; each of the three is a sum of months",
    dynamic="""
        LET(places,YEAR(months)*12+MONTH(months), age,MAX(places)-places, reach,MAX(age)+1,
            cents,INT(amounts*100+0.5),
            latest,LAMBDA(many,times,IF(reach<many,"",times*SUM(cents*(age<many))/100)),
            table(HSTACK(latest(1,12),latest(3,4),latest(12,1))))
    """,
    source="Ordway, usage-based ARR",
    example=Example(
        amounts=[80, 90, 100, 100, 110, 120, 120, 130, 140, 150, 180, 210],
        months=[datetime.date(2025, month, 1) for month in range(1, 13)],
        result={"last_month_x12": [2520.0], "last_quarter_x4": [2160.0], "trailing_year": [1530.0]},
    ),
)
def usage_arr(amounts: Annotated[Aligned, Amount(signed=True)], months: Annotated[Aligned, Day()]) -> Table:
    """What usage would be worth a year, by three customs side by side.

    Args:
        amounts: Usage billed, one a row.
        months: Any day of the month it is for.
    """
    month, cents = index_of(months, "month"), to_cents(amounts, "amounts")
    age = int(month.max()) - month
    reach = int(age.max()) + 1

    def of_last(count: int, times: int) -> np.ndarray:
        known = reach >= count
        return from_cents(np.array([times * cents[age < count].sum()])) if known else np.array([_NAN])

    columns = {"last_month_x12": of_last(1, 12), "last_quarter_x4": of_last(3, 4), "trailing_year": of_last(12, 1)}
    return Table(columns)

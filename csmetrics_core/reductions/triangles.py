"""Activity of customers -> the share of each cohort that is still active at each age."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from csmetrics_core.errors import OutOfScale
from csmetrics_core.maths.periods import Period, as_dates, first_day
from csmetrics_core.reductions.flows import divide

Ints = NDArray[np.int64]
_MOST_CELLS = 4_000_000


def cohort_counts(customers: Ints, periods: Ints) -> dict[str, Ints]:
    """Stage 1 of cohort retention: how many customers of each cohort are active in each later period.

    Args:
        customers: numbers of the customers, one a row.
        periods: number of the period each row falls in.

    Returns:
        cohort, period and value, one row for each pair that occurs.
    """
    first = int(periods.min())
    span = int(periods.max()) - first + 1
    key = np.unique(customers * span + (periods - first))
    who, when = key // span, key % span
    begins = np.concatenate([[True], who[1:] != who[:-1]])
    cohort = when[begins][np.cumsum(begins) - 1]
    pair, number = np.unique(cohort * span + when, return_counts=True)
    return {"cohort": pair // span + first, "period": pair % span + first, "value": number}


def triangle(
    counts: Mapping[str, NDArray],
    period: Period,
    last: int | None = None,
    bases: Callable[[Ints, int], NDArray] | None = None,
) -> dict[str, NDArray]:
    """Stage 2 of cohort retention: a row a cohort, a column an age; ages not reached yet are blank.

    Args:
        counts: cohort, period and value, as `cohort_counts` gives them.
        period: the length of a period.
        last: the last period reached; by default the latest seen.
        bases: from the cohorts and the number of ages, what each cell is divided by; by default the cell at age 0.

    Raises:
        OutOfScale: more cells than a table should have.
    """
    last = int(counts["period"].max()) if last is None else last
    cohorts, row = np.unique(counts["cohort"], return_inverse=True)
    ages = last - int(cohorts[0]) + 1
    if cohorts.size * ages > _MOST_CELLS:
        problem = f"the table would have {cohorts.size:,} rows and {ages:,} columns"
        raise OutOfScale(problem, "Choose a longer period, or fewer dates.", argument="period")
    value = np.zeros((cohorts.size, ages), dtype=np.asarray(counts["value"]).dtype)
    np.add.at(value, (row, counts["period"] - counts["cohort"]), counts["value"])
    base = np.broadcast_to(value[:, :1], value.shape) if bases is None else bases(cohorts, ages)
    share = divide(value, base)
    share[np.arange(ages) > (last - cohorts)[:, None]] = np.nan
    by_age = {f"age_{age}": share[:, age] for age in range(ages)}
    return {"cohort": as_dates(first_day(cohorts, period)), "size": value[:, 0], **by_age}

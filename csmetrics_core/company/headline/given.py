"""What a headline metric's call is made of, and what the tables cannot say."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from csmetrics_core.company.company import Company, Mask, Missing, select
from csmetrics_core.company.judging import ByCustomer
from csmetrics_core.declaration.spec import Unit


@dataclass(frozen=True)
class Assumptions:
    """What the tables cannot say; every one of them is shown beside the numbers it makes.

    Args:
        csat_scale, ces_scale: the highest answer each question allows.
        ces_easy: which end of the effort scale means easy, "high" or "low".
        gross_margin: of recurring revenue; without it, 1 − delivery costs ÷ MRR where costs have a purpose.
        churn_months: months whose churn is pooled for the lifetime value.
        retention_months: how far back net retention looks.
        timeout_minutes: the break that ends a session.
        health_range: input of the health score -> the values that score 0 and 100.
    """

    csat_scale: int = 5
    ces_scale: int = 7
    ces_easy: str = "high"
    gross_margin: float | None = None
    churn_months: int = 6
    retention_months: int = 12
    timeout_minutes: float = 30
    health_range: Mapping[str, tuple[float, float]] = field(
        default_factory=lambda: MappingProxyType(
            {"frequency": (0, 20), "breadth": (0, 1), "depth": (0, 1), "growth": (-0.5, 0.5)}
        )
    )


@dataclass(frozen=True)
class Call:
    """One call of a headline metric.

    Args:
        arguments: by name, cells as they came where they are a range.
        basis: what they were taken from, for a person.
        n: observations, where the metric itself cannot know.
        averaged: the metric gives one value a row, and the headline is their mean.
        unrated: why a value is 0 where nothing could be told of its row; where all are, there is no figure.
        unit: where the arguments fix the unit.
        labels, columns: the names of the rows and columns of a block.
        owners: the customer or user of each row, where a metric's rows may be of the same ones again.
        by_customer: the figure as a sum over customers, where its arguments do not tell.
        rows: the metric and the arguments of the rows that were counted, where the call has only their counts.
    """

    arguments: Mapping[str, Any]
    basis: str
    n: int | None = None
    averaged: bool = False
    unrated: str = ""
    unit: Unit | None = None
    labels: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    owners: Any = None
    by_customer: ByCustomer | None = None
    rows: tuple[str, Mapping[str, Any]] | None = None


def of_month(what: str, month: int | None) -> str:
    """What a figure rests on: the rows of the month, or all rows where no table has dates."""
    return what if month is None else f"{what} of the month"


def dated(company: Company, month: int | None, part: str) -> int:
    """The month, for a metric that has no meaning without one."""
    if part != "customers" or not company.has("subscriptions"):
        company.table(part)
    if month is None:
        raise Missing("needs dates: no table has any")
    return month


def owners_of(company: Company, part: str, rows: Mask) -> Any:
    """The customer of each of some rows; nothing where the table does not say."""
    cells = company.named_cells(part, "customer")
    return None if cells is None else select(cells, rows)

"""A made-up software company with all the tables a metric needs: realistic, seeded, messy on purpose."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from math import inf
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np

from csmetrics_core.errors import off_scale
from csmetrics_core.samples.business import business_tables
from csmetrics_core.samples.columns import Table, stream
from csmetrics_core.samples.lives import live
from csmetrics_core.samples.mess import make_messy, put_off_scale
from csmetrics_core.samples.sales import sales_tables
from csmetrics_core.samples.usage import usage_tables
from csmetrics_core.samples.voice import voice_tables

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SAMPLE_NOTE", "SampleCompany", "sample_company"]

_LAST_SEED = 2**32 - 1
SAMPLE_NOTE = "Sample data: this company, its accounts and all its figures are made up."


@dataclass(frozen=True, repr=False, eq=False)
class SampleCompany:
    """The tables of the sample company, each a pandas DataFrame.

    customers: one row a paid period, so a customer who paused and came back has two; ``end`` is the first
        unpaid day, blank while active; ``arr`` is the latest, for a past customer the last one.
    contracts: what was agreed: one row for each unbroken run of one price, with trials and one-time fees;
        ``amount`` is the list price of one interval, ``discount`` what is taken off it.
    subscriptions: one row a subscription and month, as it stood at the month's end; ``amount`` is what one
        billing interval costs after discount, ``mrr`` that amount a month.
    payments: what was billed for contracts (invoice, set-up fee, refund); refunds are negative.
    orders: services and credits bought when needed, outside any contract.
    surveys: how many people were asked, by month, survey and segment.
    responses: one row a response; a question that was not asked or not answered is blank.
    tickets: one row a support ticket, with its flags.
    events: one row a use of a feature, in the last days up to the company's last day; UTC.
    licences: seats bought and seats given to a person, for accounts that paid in the time of the events.
    features: what the product can do, and whether a healthy account should use it.
    onboarding: newcomers, when they first got value and when they finished onboarding; blank if not yet.
    costs: one row a month and category, with what the money is for.
    funnel: one row a month, from visitors to new customers, with trials and users of the free plan.
    renewals: annual contracts due in the last and the next twelve months; ``expected_arr`` is the owner's
        forecast; ``renewed`` and ``renewed_arr`` are blank until decided.
    """

    customers: pd.DataFrame
    contracts: pd.DataFrame
    subscriptions: pd.DataFrame
    payments: pd.DataFrame
    orders: pd.DataFrame
    surveys: pd.DataFrame
    responses: pd.DataFrame
    tickets: pd.DataFrame
    events: pd.DataFrame
    licences: pd.DataFrame
    features: pd.DataFrame
    onboarding: pd.DataFrame
    costs: pd.DataFrame
    funnel: pd.DataFrame
    renewals: pd.DataFrame

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """All tables by name, in a fixed order."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def __repr__(self) -> str:
        sizes = (f"{name} {len(table):,}" for name, table in self.tables.items())
        return f"SampleCompany, rows: {', '.join(sizes)}. {SAMPLE_NOTE}"


def sample_company(
    customers: int = 400,
    months: int = 24,
    seed: int = 1,
    *,
    end: str = "2026-09-30",
    messy: bool = True,
    off_scale: bool = False,
    event_days: int = 120,
) -> SampleCompany:
    """Make up a subscription company; the same arguments give the same tables, bit for bit.

    Args:
        customers: how many customers ever appear, those who left included; at least 1.
        months: months of history, the one that contains ``end`` being the last; at least 1.
        seed: another number, another company; 0 to 4294967295.
        end: last day of the data, as YYYY-MM-DD.
        messy: put in what real exports contain: blanks, text among scores, rows imported twice, personal
            data, markup and text that looks like a formula. Pauses, returns, refunds, discounts and second
            subscriptions are business, not mess, and always there.
        off_scale: put one answer of 11 among the NPS scores, which every metric on them refuses.
        event_days: days of usage events, ``end`` being the last; at least 1. A day has some 500 rows for
            400 customers.

    Returns:
        A SampleCompany, its tables as attributes and in ``tables``.

    Raises:
        OutOfScale: customers, months, event_days or seed is no whole number within its bounds, or ``end`` no date.

    Examples:
        >>> company = sample_company(customers=50, months=12)
        >>> company.customers["customer"].nunique()
        50
        >>> list(company.tables)[:3]
        ['customers', 'contracts', 'subscriptions']
    """
    for name, value in (("customers", customers), ("months", months), ("event_days", event_days)):
        _refuse(name, value, 1, inf, "a whole number of 1 or more")
    _refuse("seed", seed, 0, _LAST_SEED, f"a whole number from 0 to {_LAST_SEED}")
    import pandas as pd

    lives = live(customers, months, seed, _day(end))
    columns = business_tables(lives, seed) | sales_tables(lives, seed) | voice_tables(lives, seed)
    columns |= usage_tables(lives, seed, event_days)
    tables = {name: pd.DataFrame(_in_microseconds(table)) for name, table in columns.items()}
    if messy:
        make_messy(tables, stream(seed, "mess"))
    if off_scale:
        put_off_scale(tables["responses"])
    return SampleCompany(**tables)


def _refuse(name: str, value: Any, least: int, most: float, expected: str) -> None:
    """Refuse a size or a seed that is no whole number within its bounds."""
    if isinstance(value, bool) or not isinstance(value, Integral) or not least <= int(value) <= most:
        refused = off_scale(name, None, value, expected, "Correct it, or leave it out.")
        refused.metric = "sample_company"
        raise refused


def _day(end: str) -> np.datetime64:
    try:
        return np.datetime64(date.fromisoformat(end), "D")
    except (TypeError, ValueError):
        refused = off_scale("end", None, end, "a date as YYYY-MM-DD", "Give a day such as 2026-09-30.")
        refused.metric = "sample_company"
        raise refused from None


def _in_microseconds(table: Table) -> Table:
    """Give dates the one resolution that every engine reads as its ordinary timestamp."""
    return {
        name: column.astype("datetime64[us]") if column.dtype.kind == "M" else column for name, column in table.items()
    }

"""How far a file reaches, and who was a customer when."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from csmetrics_core.periods import as_dates, first_day
from csmetrics_core.readers.report import How, Report, UnreadableFile

_OPEN = 2**31
_RECURRING = ("recurring", "subscription", "paid", "")


def last_month(report: Report, how: How) -> int:
    """The last month that is over as far as a file tells, as a month number."""
    until = how.as_of or report.until
    if until is None:
        raise UnreadableFile(f"{report.place} does not say how far it reaches", "Say How(as_of=...).")
    month = int(np.datetime64(until, "M").astype(np.int64))
    if until == day_after(month) - timedelta(days=1):
        return month
    if how.as_of is None:
        report.notes.append(
            f"The last date is {until}: months are taken up to {np.datetime64(month - 1, 'M')}. "
            'If the export was made later, say How(as_of="YYYY-MM-DD").'
        )
    return month - 1


def day_after(month: int) -> date:
    """The first day after a month."""
    day: date = as_dates(first_day(np.array([month + 1]), "month"))[0].item()
    return day


def stays(contracts: pd.DataFrame) -> pd.DataFrame:
    """Who was a paying customer when: the runs of each customer that overlap or touch, joined.

    Returns:
        customer, start, end (the first unpaid day, blank while a customer), arr of the last run: one row a stay.
    """
    kind = contracts["kind"].fillna("") if "kind" in contracts else pd.Series("", index=contracts.index)
    paying = kind.str.lower().isin(_RECURRING) & _paid(contracts).gt(0) & contracts["start"].notna()
    runs = contracts[paying].assign(until=lambda frame: _days(frame["end"]), since=lambda frame: _days(frame["start"]))
    runs = runs[runs["until"] > runs["since"]].sort_values(["customer", "since"], kind="stable")
    reached = runs.groupby("customer")["until"].cummax().groupby(runs["customer"]).shift(fill_value=-_OPEN)
    stay = (runs["since"] > reached).cumsum()
    runs["arr"] = 12 * _paid(runs) / runs["interval_months"]
    joined = runs.groupby(stay).agg(customer=("customer", "first"), since=("since", "first"), until=("until", "max"))
    open_arr = runs[runs["until"].eq(runs.groupby(stay)["until"].transform("max"))].groupby(stay)["arr"].sum()
    until = joined["until"].mask(joined["until"].eq(_OPEN))
    return pd.DataFrame(
        {
            "customer": joined["customer"],
            "start": as_dates(joined["since"].to_numpy()).astype("datetime64[us]"),
            "end": pd.to_datetime(until, unit="D").astype("datetime64[us]"),
            "arr": open_arr.round(2),
        }
    ).reset_index(drop=True)


def _paid(runs: pd.DataFrame) -> pd.Series:
    """The price of one interval after discount; no discount is stated where there is none."""
    return runs["amount"] - runs["discount"].fillna(0) if "discount" in runs else runs["amount"]


def _days(moments: pd.Series) -> np.ndarray:
    """Days since 1970; a blank is a day that has not come."""
    days = moments.to_numpy().astype("datetime64[D]")
    return np.where(np.isnat(days), _OPEN, days.astype(np.int64))

"""Tables computed from others: how far a file reaches, months and stays of contracts, stays of snapshots."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from csmetrics_core.files.grids import UnreadableFile
from csmetrics_core.intake.cells import OPEN_ENDED
from csmetrics_core.maths.periods import as_dates, first_day

_RECURRING = ("recurring", "subscription", "paid", "")


def last_month(until: date | None, place: str, as_of: date | None, notes: list[str]) -> int:
    """The last month that is over as far as a file tells, as a month number.

    Args:
        until: the last day it tells about.
        place: what it is called.
        as_of: the day it was made, if the user said so.
        notes: takes a word where the last month is left out.

    Raises:
        UnreadableFile: it does not tell.
    """
    known = as_of or until
    if known is None:
        raise UnreadableFile(f"{place} does not say how far it reaches", "Say the day it was made (as of).")
    month = int(np.datetime64(known, "M").astype(np.int64))
    if known == day_after(month) - timedelta(days=1):
        return month
    if as_of is None:
        notes.append(
            f"The last date is {known}: months are taken up to {np.datetime64(month - 1, 'M')}. "
            "If the export was made later, say the day (as of)."
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
    ends = contracts["end"] if "end" in contracts else pd.Series(pd.NaT, index=contracts.index)
    runs = contracts[paying].assign(until=days_of(ends[paying]), since=days_of(contracts["start"][paying]))
    runs = runs[runs["until"] > runs["since"]].sort_values(["customer", "since"], kind="stable")
    reached = runs.groupby("customer")["until"].cummax().groupby(runs["customer"]).shift(fill_value=-OPEN_ENDED)
    stay = (runs["since"] > reached).cumsum()
    runs["arr"] = 12 * _paid(runs) / runs["interval_months"] if "interval_months" in runs else np.nan
    joined = runs.groupby(stay).agg(customer=("customer", "first"), since=("since", "first"), until=("until", "max"))
    open_arr = runs[runs["until"].eq(runs.groupby(stay)["until"].transform("max"))].groupby(stay)["arr"].sum()
    until = joined["until"].mask(joined["until"].eq(OPEN_ENDED))
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


def days_of(moments: pd.Series) -> np.ndarray:
    """Days since 1970; a blank is a day that has not come."""
    days = moments.to_numpy().astype("datetime64[D]")
    return np.where(np.isnat(days), OPEN_ENDED, days.astype(np.int64))


def stays_of_snapshots(lists: list[tuple[pd.Timestamp, pd.DataFrame]]) -> pd.DataFrame:
    """Who was a customer when, from customer lists of several months.

    Args:
        lists: the first day of a month, and the customers at its end; in the order of months.

    Returns:
        customer, start, end: a stay begins in the month of the first list that names the customer, or on the day the
        list says; it ends with the month of the first list that does not.
    """
    rows: list[tuple[object, pd.Timestamp, pd.Timestamp | None]] = []
    running: dict[object, pd.Timestamp] = {}
    for month, customers in lists:
        close = month + pd.offsets.MonthEnd(0)
        starts = customers["start"] if "start" in customers else pd.Series(pd.NaT, index=customers.index)
        there = dict(zip(customers["customer"], starts, strict=True))
        for customer in [customer for customer in running if customer not in there]:
            rows.append((customer, running.pop(customer), close))
        for customer, start in there.items():
            if customer == customer and customer is not None:
                running.setdefault(customer, month if pd.isna(start) or start > close else start)
    rows += [(customer, start, None) for customer, start in running.items()]
    frame = pd.DataFrame(rows, columns=["customer", "start", "end"])
    return frame.astype({"start": "datetime64[us]", "end": "datetime64[us]"})

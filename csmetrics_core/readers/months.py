"""From contracts to months: what each subscription pays at each month's end, and who was a customer when."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from csmetrics_core.money import from_cents, to_cents
from csmetrics_core.periods import as_dates, first_day, index_of
from csmetrics_core.readers.report import How, Report, UnreadableFile

_OPEN = 2**31


def last_month(report: Report, how: How) -> int:
    """The last month that is over as far as a file tells, as a month number."""
    until = how.as_of or report.until
    if until is None:
        raise UnreadableFile(f"{report.place} does not say how far it reaches", "Say How(as_of=...).")
    month = int(np.datetime64(until, "M").astype(np.int64))
    if until == _last_day(month):
        return month
    if how.as_of is None:
        report.notes.append(
            f"The last date is {until}: months are taken up to {np.datetime64(month - 1, 'M')}. "
            'If the export was made later, say How(as_of="YYYY-MM-DD").'
        )
    return month - 1


def _last_day(month: int) -> date:
    day: date = np.datetime64(int(first_day(np.array([month + 1]), "month")[0]) - 1, "D").item()
    return day


def monthly(contracts: pd.DataFrame, last: int) -> pd.DataFrame:
    """Recurring revenue by subscription and month, as it stands at each month's end.

    Args:
        contracts: one row an unbroken run of one price: customer, kind, start, end (the first unpaid day, blank while
            it runs), interval_months, amount (of one interval), and where known subscription, plan and discount.
        last: the last month, as a month number.

    Returns:
        customer, subscription, month, plan, interval_months, amount (after discount), mrr: one row a month.

    Source: amount ÷ months in its interval, trials and one-time charges left out: SaaS Metrics Standards Board, MRR.
    """
    runs = contracts[contracts["kind"].eq("recurring") & contracts["start"].notna()]
    paid = _paid(runs)
    start = index_of(_days(runs["start"]), "month")
    ends = _days(runs["end"])
    # Whoever leaves on the first of a month did not pay at the end of it.
    stop = np.minimum(np.where(ends == _OPEN, last + 1, index_of(np.minimum(ends, 10**6), "month")), last + 1)
    length = np.maximum(stop - start, 0)
    rows = np.repeat(np.arange(len(runs)), length)
    month = start[rows] + np.arange(rows.size) - np.repeat(np.cumsum(length) - length, length)
    columns = [name for name in ("customer", "subscription", "plan") if name in runs]
    table = runs[columns].iloc[rows].reset_index(drop=True)
    table.insert(len(columns[:2]), "month", as_dates(first_day(month, "month")).astype("datetime64[us]"))
    table["interval_months"] = runs["interval_months"].to_numpy()[rows]
    table["amount"] = paid.to_numpy()[rows]
    cents = to_cents((paid / runs["interval_months"]).to_numpy(float), "mrr")
    table["mrr"] = from_cents(cents)[rows]
    return table[table["mrr"] > 0].sort_values(["month", "customer"], kind="stable", ignore_index=True)


def stays(contracts: pd.DataFrame) -> pd.DataFrame:
    """Who was a paying customer when: the runs of each customer that overlap or touch, joined.

    Returns:
        customer, start, end (the first unpaid day, blank while a customer), arr of the last run: one row a stay.
    """
    paying = contracts["kind"].eq("recurring") & _paid(contracts).gt(0) & contracts["start"].notna()
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

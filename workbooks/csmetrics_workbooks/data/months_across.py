"""Recurring revenue as people keep it: a row a customer, months across."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

#: Months the revenue table leaves blank for what is to come.
COMING_MONTHS = 6


def month_headers(months: "pd.DatetimeIndex", coming: int = COMING_MONTHS) -> list[str]:
    """Consecutive months as the revenue table heads them, with room for those to come."""
    import pandas as pd

    last = months.max() + pd.DateOffset(months=coming)
    return [m.strftime("%Y-%m") for m in pd.date_range(months.min(), last, freq="MS")]


def revenue_across(long: "pd.DataFrame", coming: int = COMING_MONTHS) -> "pd.DataFrame":
    """One row a customer, months across, from columns Customer, Segment, Month and MRR; rows of one month add up."""
    import pandas as pd

    month = pd.to_datetime(long["Month"]).dt.to_period("M").dt.to_timestamp()
    whole = long.assign(Month=month, cents=(pd.to_numeric(long["MRR"], errors="coerce") * 100).round())
    wide = whole.pivot_table(index="Customer", columns="Month", values="cents", aggfunc="sum") / 100
    wide = wide.where(wide != 0)
    headers = month_headers(pd.DatetimeIndex(month.dropna()), coming)
    wide.columns = pd.DatetimeIndex(wide.columns).strftime("%Y-%m")
    wide = wide.reindex(columns=headers)
    last = whole.dropna(subset=["Segment"]).drop_duplicates("Customer", keep="last").set_index("Customer")["Segment"]
    wide.insert(0, "Segment", last.reindex(wide.index))
    return wide.reset_index()

"""Months as numbers and dates as cells keep them."""

import numpy as np

from csmetrics_workbooks.kit.terms import Term


def _first_day(number: int) -> int:
    year, month = divmod(number - 1, 12)
    return int((np.datetime64(f"{year:04d}-{month + 1:02d}-01") - np.datetime64("1899-12-30")).astype(int))


def month_start(number: Term) -> Term:
    """First day of a month given as year × 12 + month."""
    text = number.text
    return Term(f"DATE(INT(({text}-1)/12),MOD({text}-1,12)+1,1)", _first_day(int(number.value)))


def month_end(number: Term) -> Term:
    """Last day of a month given as year × 12 + month."""
    text = number.text
    return Term(f"(DATE(INT(({text})/12),MOD({text},12)+1,1)-1)", _first_day(int(number.value) + 1) - 1)

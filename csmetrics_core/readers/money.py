"""Money of an export: one currency a table, or rates to bring all to one."""

from __future__ import annotations

import re

import pandas as pd

from csmetrics_core.readers.exports import Draft
from csmetrics_core.reductions.terms import INTERVALS


def one_currency(draft: Draft, *amounts: str) -> None:
    """Bring amounts to one currency, and name it.

    Raises:
        UnreadableFile: several currencies and no rates, or a currency without one.
    """
    if not draft.has("currency"):
        return
    codes = draft.data["currency"].str.upper()
    found = sorted(codes.dropna().unique())
    draft.data = draft.data.assign(currency=codes)
    if len(found) < 2 and not draft.how.rates:
        return
    rates = {code.upper(): rate for code, rate in (draft.how.rates or {}).items()}
    if not rates:
        shown = ", ".join(f"{code} ({int((codes == code).sum()):,} rows)" for code in found)
        fix = f'Give a rate for each, such as How(rates={{"{found[0]}": 1, "{found[1]}": ...}}), or split the file.'
        raise draft.refusal(f"amounts are in several currencies: {shown}", fix)
    base = [code for code, rate in rates.items() if rate == 1]
    absent = [code for code in found if code not in rates]
    if len(base) != 1 or absent:
        need = f"a rate for {', '.join(absent)}" if absent else "one currency whose rate is 1"
        raise draft.refusal(f"the rates given lack {need}", "Rates say what one unit is worth in that currency.")
    factor = codes.map(rates)
    converted = {name: draft.data[name] * factor for name in amounts if name in draft.data}
    draft.data = draft.data.assign(**converted, currency=base[0])
    draft.report.notes.append(f"Amounts converted to {base[0]} at the rates given.")


def interval_months(draft: Draft, name: str = "interval", count: str = "interval_count") -> pd.Series:
    """Months in the billing interval of each row; "month", "3 months", "yearly" and a count beside it are understood.

    Raises:
        UnreadableFile: words that are no interval.
    """
    words = draft.data[name]
    months = {word: _months(word) for word in words.dropna().unique()}
    unknown = [word for word, value in months.items() if value is None]
    if unknown:
        fix = "Expected day, week, month, quarter or year, or a number of them."
        raise draft.refusal(f"{draft.report.mapped[name]} is {unknown[0]!r}", fix)
    found = words.map(months).astype(float)
    return found * draft.data[count].fillna(1) if draft.has(count) else found


def _months(word: str) -> float | None:
    found = re.fullmatch(r"(?:every\s+)?(\d+)?\s*(.*?)", word.strip().lower())
    unit = found[2] if found else ""
    months = INTERVALS.get(unit) or INTERVALS.get(unit.removesuffix("s"))
    return int(found[1] or 1) * months if found and months else None

"""Money of an export: one currency a table, or rates to bring all to one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from csmetrics_core.errors import show
from csmetrics_core.files.currencies import currency_of_heading, multiple_of_heading
from csmetrics_core.files.exports import Draft
from csmetrics_core.files.grids import UnreadableFile
from csmetrics_core.files.saying import Remedy
from csmetrics_core.files.words import months_in

RATES_SAY = "Rates say what one unit is worth in that currency."


def one_currency(draft: Draft, *amounts: str) -> None:
    """Bring amounts to whole units of one currency, and name it.

    Raises:
        UnreadableFile: several currencies and no rates, or a currency without one.
    """
    _in_whole_units(draft, amounts)
    if not draft.has("currency"):
        _currency_of_cells(draft, amounts)
    if not draft.has("currency"):
        return
    codes = draft.data["currency"].str.upper()
    found = sorted(codes.dropna().unique())
    draft.data = draft.data.assign(currency=codes)
    if draft.said.own_currencies or (len(found) < 2 and not draft.said.rates):
        draft.report.currency = found[0] if len(found) == 1 else ""
        return
    rates = {code.upper(): rate for code, rate in (draft.said.rates or {}).items()}
    if not rates:
        shown = ", ".join(f"{code} ({_rows(int((codes == code).sum()))})" for code in found)
        remedies = [Remedy("rates", code, f"what one {code} is worth") for code in found]
        problem = f"{draft.report.place}: amounts are in several currencies: {shown}"
        raise UnreadableFile(problem, "Give a rate for each, 1 for the one to count in, or split the file.", remedies)
    try:
        base = base_of(rates, found)
    except ValueError as lacking:
        raise draft.refusal(str(lacking), RATES_SAY) from None
    factor = codes.map(rates)
    converted = {name: draft.data[name] * factor for name in amounts if name in draft.data}
    draft.data = draft.data.assign(**converted, currency=base)
    draft.report.currency = base
    draft.report.notes.append(f"Amounts converted to {base} at the rates given.")


def base_of(rates: Mapping[str, float], found: Iterable[str]) -> str:
    """The currency that rates bring those found to.

    Raises:
        ValueError: the rates lack one of them, or one whose rate is 1.
    """
    base = [code for code, rate in rates.items() if rate == 1]
    absent = [code for code in found if code not in rates]
    if len(base) != 1 or absent:
        need = f"a rate for {', '.join(absent)}" if absent else "one currency whose rate is 1"
        raise ValueError(f"the rates given lack {need}")
    return base[0]


def _in_whole_units(draft: Draft, amounts: tuple[str, ...]) -> None:
    """Amounts whose heading, or a text above the table, says thousands or millions, multiplied."""
    for name in amounts:
        said = next((words for words in _words_about(draft, name) if multiple_of_heading(words) > 1), None)
        if said and name in draft.data:
            multiple = multiple_of_heading(said)
            draft.data[name] = (draft.data[name] * multiple).round(6)
            words = "thousands" if multiple == 1000 else "millions"
            draft.report.notes.append(f"{show(said)} says {words}: amounts were multiplied by {multiple:,}.")


def _words_about(draft: Draft, name: str) -> list[str]:
    """What says in which unit an amount is: its heading, what stands below that, and the texts above the table."""
    headings, mapped = draft.table.headings, draft.report.mapped.get(name, "")
    own = [draft.table.asks(headings.index(mapped))] if mapped in headings else []
    return [*own, *draft.table.titles]


def _currency_of_cells(draft: Draft, amounts: tuple[str, ...]) -> None:
    """The signs and codes beside amounts: a column where they are not all the same or rates are given, else said."""
    for name in amounts:
        column = draft.columns.get(name)
        if column is None or column.currency is None:
            named = filter(None, map(currency_of_heading, _words_about(draft, name)))
            draft.report.currency = draft.report.currency or next(named, "")
            continue
        if column.currency.nunique() > 1 or draft.said.rates or draft.said.own_currencies:
            codes = column.currency.reindex(draft.data.index)
            draft.data["currency"] = pd.Series(codes.to_numpy(), codes.index, dtype="str")  # astype would spell a blank
            return
        draft.report.currency = next(iter(column.currency.dropna()), "")


def interval_months(draft: Draft, name: str = "interval", count: str = "interval_count") -> pd.Series:
    """Months in the billing interval of each row; "month", "3 months", "yearly" and a count beside it are understood.

    Raises:
        UnreadableFile: words that are no interval.
    """
    words = draft.data[name]
    months = {word: months_in(str(word)) for word in words.dropna().unique()}
    unknown = [word for word, value in months.items() if value is None]
    if unknown:
        fix = "Expected day, week, month, quarter or year, or a number of them."
        raise draft.refusal(f"{draft.report.mapped[name]} is {unknown[0]!r}", fix)
    found = words.map(months).astype(float)
    return found * draft.data[count].fillna(1) if draft.has(count) else found


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"

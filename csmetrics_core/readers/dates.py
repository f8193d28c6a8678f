"""Dates as people's exports write them: the order of day and month is decided by the whole column, or asked for."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd

from csmetrics_core.readers.place import Place

_CLOCK = r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?"
_GAP = "[\\s\u00a0\u202f]"  # pandas with PyArrow's strings takes only plain spaces for \s
_TIME = rf"(?:[T,]?\s*{_CLOCK}{_GAP}*(?P<half>[AaPp]\.?{_GAP}?[Mm]\.?|午前|午後)?)?"
_ZONE = r"\s*(?P<zone>Z|UTC|(?:GMT|UTC)?[+-]\d{1,2}:?(?:\d{2})?|GMT|[A-Z]{3,5})?"
_LETTERS = r"(?!UTC|GMT)[A-Z]{3,5}"  # EST, CET: what they mean in hours differs by country
_YEAR_FIRST = rf"(?P<year>\d{{4}})[-/.](?P<month>\d{{1,2}})[-/.](?P<day>\d{{1,2}}){_TIME}{_ZONE}"
_NUMBERS = rf"(?P<a>\d{{1,2}})(?P<sign>[-/.])(?P<b>\d{{1,2}})[-/.](?P<c>\d{{4}}|\d{{2}}){_TIME}{_ZONE}"
_DAY_NAMED = rf"(?P<day>\d{{1,2}})[-\s](?P<name>[A-Za-z]{{3,9}})\.?[-\s](?P<year>\d{{4}}){_TIME}{_ZONE}"
_MONTH_NAMED = rf"(?P<name>[A-Za-z]{{3,9}})\.?\s(?P<day>\d{{1,2}}),?\s(?P<year>\d{{4}}){_TIME}{_ZONE}"
_MONTHS = {name: number for number, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}
_FORMS = "2026-03-31, 31/03/2026, 03/31/2026, 31.03.2026 or 31 Mar 2026"
_ISO = {10: "%Y-%m-%d", 16: "%Y-%m-%d %H:%M", 19: "%Y-%m-%d %H:%M:%S"}
_SERIAL = (20_000, 80_000)  # 1954 to 2119, as spreadsheets count days
_EXCEL_EPOCH = pd.Timestamp("1899-12-30")


def read_moments(cells: pd.Series, place: Place, order: str | None = None) -> pd.Series:
    """Read a column of dates, with or without times.

    Args:
        cells: as they came: text, or dates from a workbook.
        place: where, for messages.
        order: "dmy", "mdy" or "ymd", where the column itself does not tell.

    Returns:
        Moments without a zone, those with an offset in UTC; missing where a cell is blank.

    Raises:
        UnreadableFile: two readings are possible, or a cell is no date.
    """
    if not place.in_workbook:
        return _read_text(cells, place, order)
    values = pd.Series(pd.NaT, index=cells.index, dtype="datetime64[us]")
    kinds = cells.map(_kind_of)
    typed: dict[str, Callable[[pd.Series], pd.Series]] = {"date": pd.to_datetime}
    typed["number"] = lambda found: _serials(found, place)
    typed["text"] = lambda found: _read_text(found, place, order)
    for kind, convert in typed.items():
        if len(found := cells[kinds == kind]):
            values[found.index] = convert(found).astype("datetime64[us]")
    return values


def read_days(cells: pd.Series, place: Place, order: str | None = None) -> pd.Series:
    """Read a column of dates, leaving times of day away."""
    days: pd.Series = read_moments(cells, place, order).dt.normalize().astype("datetime64[us]")
    return days


def read_epochs(cells: pd.Series, place: Place, order: str | None = None) -> pd.Series:
    """Read a column that a product documents as seconds since 1970; an edited file may hold dates instead."""
    text = cells.astype(str).str.strip()
    seconds = text.str.fullmatch(r"\d{9,10}(?:\.0)?")
    if not seconds[text.ne("") & cells.notna()].all():
        return read_moments(cells, place, order)
    return pd.to_datetime(pd.to_numeric(text.where(seconds)), unit="s").astype("datetime64[us]")


def _kind_of(cell: Any) -> str:
    if cell is None or cell is pd.NaT:
        return ""
    if isinstance(cell, str):
        return "text"
    if isinstance(cell, (datetime, date)):
        return "date"
    return "number" if isinstance(cell, (int, float)) and not isinstance(cell, bool) and cell == cell else ""


def _serials(numbers: pd.Series, place: Place) -> pd.Series:
    """Days as a spreadsheet counts them, in a cell that was not formatted as a date."""
    days = numbers.astype(float)
    wrong = ~days.between(*_SERIAL)
    if wrong.any():
        raise place.refusal_at(numbers[wrong], "a date")
    place.report.notes.append(f"{place.heading}: {len(days):,} plain numbers were read as spreadsheet dates.")
    return _EXCEL_EPOCH + pd.to_timedelta((days * 86_400).round(), unit="s")


def _read_text(cells: pd.Series, place: Place, order: str | None) -> pd.Series:
    """Dates as text: the form that ISO dates commonly have at once, any other cell by cell."""
    text = cells.dropna().astype(str).str.strip()
    text = text[text.ne("")]
    values = pd.Series(pd.NaT, index=cells.index, dtype="datetime64[us]")
    if len(text):
        quick = _read_iso(text)
        if quick is None:
            # Each distinct cell is looked at once; what it says holds for all like it.
            distinct = text.drop_duplicates()
            parsed = _parse(distinct, place, order)
            quick = text.map(pd.Series(parsed.to_numpy(), index=distinct.to_numpy()))
        values[text.index] = quick.astype("datetime64[us]")
    return values


def _read_iso(text: pd.Series) -> pd.Series | None:
    form = _ISO.get(len(text.iloc[0]))
    try:
        return pd.to_datetime(text, format=form, exact=True) if form else None
    except ValueError:
        return None


def _parse(text: pd.Series, place: Place, order: str | None) -> pd.Series:
    first = text.iloc[0]
    forms = (_YEAR_FIRST, _NUMBERS, _DAY_NAMED, _MONTH_NAMED)
    form = next((form for form in forms if re.fullmatch(form, first)), _YEAR_FIRST)
    wrong = ~text.str.fullmatch(form)
    if wrong.any():
        raise place.refusal_at(text[wrong], f"a date, written like the others of the column ({_FORMS})")
    parts = text.str.extract(f"^{form}$")
    if form == _NUMBERS:
        parts = parts.join(_ordered(parts, text, place, order))
    elif "name" in parts:
        parts["month"] = parts["name"].str[:3].str.lower().map(_MONTHS)
        if parts["month"].isna().any():
            raise place.refusal_at(text[parts["month"].isna()], f"an English month name, or {_FORMS}")
    return _assembled(parts, text, place)


def _ordered(parts: pd.DataFrame, text: pd.Series, place: Place, order: str | None) -> pd.DataFrame:
    """Year, month and day of dates written as three numbers."""
    columns = parts[["a", "b", "c"]].astype(int)
    order = _order(columns, parts, text, place, order)
    named = columns.set_axis([{"d": "day", "m": "month", "y": "year"}[letter] for letter in order], axis=1)
    short = named["year"] < 100
    named.loc[short, "year"] += 2000
    return named


def _order(columns: pd.DataFrame, parts: pd.DataFrame, text: pd.Series, place: Place, said: str | None) -> str:
    """The order the column itself shows; what the user said counts only where it shows none."""
    day_first, month_first = columns["a"].gt(12), columns["b"].gt(12)
    short = parts["c"].str.len().eq(2)
    if short.any() and said is None:
        fix = 'Export years in full, or say How(dates="dmy"), How(dates="mdy") or How(dates="ymd").'
        raise place.refusal(f"{place.quote(text[short])}, a year of two digits", fix)
    if said == "ymd" and short.all():
        return "ymd"
    if day_first.any() and month_first.any():
        found = f"{place.quote(text[day_first])}, but {place.quote(text[month_first])}"
        raise place.refusal(f"writes dates in two orders: {found}", "Bring the column into one order.")
    if day_first.any() or month_first.any():
        return "dmy" if day_first.any() else "mdy"
    if columns["a"].eq(columns["b"]).all() or parts["sign"].eq(".").all():
        return "dmy"  # no locale writes month.day.year with dots
    if said in ("dmy", "mdy"):
        return said
    unclear = text[columns["a"].ne(columns["b"])]
    fix = 'No day of the column is above 12: say How(dates="dmy") for day first or How(dates="mdy") for month first.'
    raise place.refusal(f"{place.quote(unclear)}, which can be read in two ways", fix)


def _assembled(parts: pd.DataFrame, text: pd.Series, place: Place) -> pd.Series:
    numbers = {name: pd.to_numeric(parts[name]).fillna(0).astype(int) for name in ("hour", "minute", "second")}
    if parts["half"].notna().any():
        afternoon = parts["half"].str.lower().str.startswith(("p", "午後"), na=False)
        numbers["hour"] = numbers["hour"].where(parts["half"].isna(), numbers["hour"] % 12 + 12 * afternoon)
    numbers |= {name: pd.to_numeric(parts[name]).astype(int) for name in ("year", "month", "day")}
    moments = pd.to_datetime(pd.DataFrame(numbers), errors="coerce")
    if moments.isna().any():
        raise place.refusal_at(text[moments.isna()], "a date that exists")
    zones = parts["zone"]
    if zones.notna().any() and zones.isna().any():
        raise place.refusal(f"only some times say their zone: {place.quote(text[zones.isna()])}", "Give all or none.")
    if zones.isna().all():
        return moments.astype("datetime64[us]")
    if (named := zones.str.fullmatch(_LETTERS)).any():
        if not named.all():
            raise place.refusal(f"names zones in two ways: {place.quote(text[~named])}", "Give all in one way.")
        place.report.notes.append(f"{place.heading}: times stay in the zone they name; {place.quote(text)}.")
        return moments.astype("datetime64[us]")
    if (offsets := _offsets(zones)).any():
        place.report.notes.append(f"{place.heading}: times were taken to UTC; {place.quote(text)}.")
    return (moments - offsets).astype("datetime64[us]")


def _offsets(zones: pd.Series) -> pd.Series:
    """How far each zone is ahead of UTC."""
    found = zones.str.extract(r"(?P<sign>[+-])(?P<hours>\d{1,2}):?(?P<minutes>\d{2})?")
    minutes = pd.to_numeric(found["hours"]).fillna(0) * 60 + pd.to_numeric(found["minutes"]).fillna(0)
    return pd.to_timedelta(np.where(found["sign"] == "-", -minutes, minutes), unit="min").to_series(index=zones.index)

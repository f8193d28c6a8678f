"""Numbers as people's exports write them: the decimal sign is decided by the whole column, or asked for."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from csmetrics_core.readers.place import Place

# The signs and codes that may stand at a number, and by which currencies are told apart.
_CURRENCY = r"[$€£¥₹₽₺₩₫฿₪₴₱]|(?<![A-Za-z])[A-Z]{3}(?![A-Za-z])"
_SPACES = "[\\s\u00a0\u2009\u202f'’]"  # pandas with PyArrow's strings takes only plain spaces for \s
_DIGIT = re.compile(r"\d")


def read_numbers(cells: pd.Series, place: Place, decimal: str | None = None) -> pd.Series:
    """Read a column of numbers.

    Args:
        cells: as they came: text, or numbers from a workbook.
        place: where, for messages and for counting what is no number.
        decimal: "." or ",", where the column itself does not tell.

    Returns:
        Floats; missing where a cell is blank or holds words without a digit, which the report counts.

    Raises:
        UnreadableFile: two readings are possible, signs contradict each other, or currencies are mixed.
    """
    typed = cells.map(_is_number).astype(bool) if place.in_workbook else pd.Series(False, index=cells.index)
    values = pd.Series(np.nan, index=cells.index, dtype=float)
    values[typed] = cells[typed].astype(float)
    text = cells[~typed].dropna().astype(str).str.strip()
    text = text[text.ne("")]
    # Each distinct cell is looked at once; what it says holds for all like it.
    distinct = text.drop_duplicates()
    words = ~distinct.str.contains(_DIGIT)
    count = int(text.isin(distinct[words]).sum())
    place.report.leave_out(f"cells of {place.heading} that hold words instead of a number", count)
    if len(numbers := distinct[~words]):
        parsed = _parse(_bare(numbers, place), place, decimal)
        values[text.index] = text.map(pd.Series(parsed.to_numpy(), index=numbers.to_numpy()))
    return values


def _is_number(cell: object) -> bool:
    return isinstance(cell, (int, float)) and not isinstance(cell, bool)


def _bare(text: pd.Series, place: Place) -> pd.Series:
    """Numbers without currency and spaces, a negative always written with a hyphen."""
    signs = text.str.extract(f"({_CURRENCY})", expand=False).dropna().unique()
    if len(signs) > 1:
        found = " and ".join(sorted(map(str, signs))[:3])
        raise place.refusal(f"mixes amounts in {found}", "Split the file by currency, or convert it first.")
    bare = text.str.replace(_CURRENCY, "", regex=True).str.replace(_SPACES, "", regex=True).str.replace("−", "-")
    return bare.str.replace(r"^\((.+)\)$", r"-\1", regex=True)


def _parse(text: pd.Series, place: Place, decimal: str | None) -> pd.Series:
    decimal = _decimal(text, place, decimal)
    group = "," if decimal == "." else "."
    form = rf"[-+]?(?:\d+|\d{{1,3}}(?:\{group}\d{{3}})+)?(?:\{decimal}\d+)?(?:[eE][-+]?\d+)?"
    wrong = ~text.str.fullmatch(form)
    if wrong.any():
        raise place.refusal_at(text[wrong], f"a number with {decimal!r} as its decimal sign")
    plain = text.str.replace(group, "", regex=False).str.replace(decimal, ".", regex=False)
    return pd.to_numeric(plain, errors="raise").astype(float)


def _decimal(text: pd.Series, place: Place, said: str | None) -> str:
    """The decimal sign every number agrees with; what the user said counts only where they show none."""
    dots, commas = text.str.count(r"\."), text.str.count(",")
    last_is_dot = text.str.rfind(".") > text.str.rfind(",")
    unclear = (dots + commas).eq(1) & text.str.fullmatch(r"[-+]?[1-9]\d{0,2}[.,]\d{3}")
    single = (dots + commas).eq(1) & ~unclear
    both = dots.gt(0) & commas.gt(0)
    says_dot = ((single | both) & last_is_dot) | (commas.gt(1) & dots.eq(0))
    says_comma = ((single | both) & ~last_is_dot) | (dots.gt(1) & commas.eq(0))
    if says_dot.any() and says_comma.any():
        first, second = place.quote(text[says_dot]), place.quote(text[says_comma])
        raise place.refusal(f"writes numbers in two ways: {first}, but {second}", "Bring the column into one form.")
    if says_dot.any() or says_comma.any():
        return "," if says_comma.any() else "."
    if unclear.any() and said is None:
        problem = f"{place.quote(text[unclear])} can be a whole number in thousands or have three decimals"
        fix = 'Nothing in the column decides: say How(decimal=".") or How(decimal=",").'
        raise place.refusal(problem, fix)
    return said or "."

"""Numbers as people write them: the decimal sign is decided by the whole column, or asked for."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Set
from math import isfinite

import numpy as np

from csmetrics_core.files.columnar import Mask
from csmetrics_core.files.currencies import WRITTEN, currency_of
from csmetrics_core.files.distinct import Distinct, Outcome, State, is_error, is_nothing, is_number, trimmed
from csmetrics_core.files.saying import Note, Question, Remedy

_BLANKS = re.compile(r"[\s'’ʼ`´]+")
_SIMPLE = re.compile(r"([$€£]?)(-?\d[\d.,]*)")
_CURRENCY = r"(?:(?:[A-Za-zČŁčł]{1,4}\.?)?[$€£¥￥₹₽₺₩₫฿₪₴₱₦₡₲₸]?)"
_AMOUNT = re.compile(
    rf"(?P<before>{_CURRENCY})(?P<number>[-+]?[\d.,]*\d[\d.,]*(?:[eE][-+]?\d+)?)(?P<after>%|{_CURRENCY})"
)
# 1.2k, $3.4M, 1,2 Mio. EUR: a number in thousands, millions or billions of what it counts.
_SCALED = re.compile(
    r"(?P<head>.*\d)\s?(?P<sign>k|K|Tsd\.?|tsd\.?|m|M|mn|MM|[Mm]io\.?|bn|B|[Mm]rd\.?)(?![^\W\d_])(?P<tail>[^\d]*)"
)
_TIMES = {"k": 1e3, "tsd": 1e3, "m": 1e6, "mn": 1e6, "mm": 1e6, "mio": 1e6, "bn": 1e9, "b": 1e9, "mrd": 1e9}
# In groups of two (India) or three; a number that may be either way is told by what stands around it in the column.
_UNCLEAR = re.compile(r"[-+]?[1-9]\d{0,2}[.,]\d{3}")
_IN_GROUPS = {sign: re.compile(rf"[-+]?\d{{1,3}}(?:\{sign}\d{{2,3}})*\{sign}\d{{3}}") for sign in ".,"}
_THREE_DECIMALS = frozenset("BHD IQD JOD KWD LYD OMR TND".split())  # currencies of a thousand parts
_GROUP_BLANKS = re.compile(r"\d{1,3}(?:[\s'’ʼ`´]\d{3})+(?!\d)")


def read_numbers(column: Distinct, money: bool = True) -> Outcome:
    """Read the distinct cells of a column of numbers; cells that are none are unread."""
    if (quick := _plain(column)) is not None:
        return quick
    values, states = np.full(len(column), np.nan), np.full(len(column), State.UNREAD, np.int8)
    outcome = Outcome(values, states, "a number")
    bare: dict[int, str] = {}
    units: list[str | None] = [None] * len(column)
    percents, times = np.zeros(len(column), dtype=bool), np.ones(len(column))
    for at, cell in enumerate(column.cells):
        if is_number(cell):
            values[at], states[at] = float(cell), State.READ if np.isfinite(float(cell)) else State.UNREAD
        elif isinstance(cell, str):
            text = trimmed(cell)
            if (found := bare_number(text)) is not None:
                bare[at], units[at], percents[at] = found
            elif (scaled := _scaled(text)) is not None:
                (bare[at], units[at], percents[at]), times[at] = scaled
            elif is_nothing(text) and not is_error(text):
                states[at] = State.BLANK
    if bare:
        _decide(column, outcome, bare, {at for at in bare if units[at] and units[at] not in _THREE_DECIMALS})
    _percents(column, outcome, percents)
    if (rounded := times > 1).any():
        outcome.values = outcome.values * times
        outcome.notes.append(column.note("k is read as thousand, m and mio as million: rounded amounts", rounded))
    _units(column, outcome, units, money)
    return outcome


def _plain(column: Distinct) -> Outcome | None:
    """Numbers as programs write them, at once; None where any cell wants a look, or the decimal sign is not clear."""
    cells = [cell for cell in column.cells if cell != ""]
    kinds = set(map(type, cells))
    if not kinds or not (kinds == {str} or kinds <= {int, float}):
        return None
    try:
        values = np.array(cells, dtype=object).astype(float)
    except (ValueError, TypeError, OverflowError):
        return None
    pointed = [cell for cell in cells if "." in cell] if kinds == {str} else []
    if pointed and all(_UNCLEAR.fullmatch(cell.strip()) for cell in pointed):
        return None
    if not np.isfinite(values).all() or (kinds == {str} and any("_" in cell for cell in cells)):
        return None
    shows = {"decimal": "."} if pointed else {}
    filled = np.array([cell != "" for cell in column.cells], dtype=bool)
    spread, states = np.full(len(filled), np.nan), np.where(filled, State.READ, State.BLANK).astype(np.int8)
    spread[filled] = values
    return Outcome(spread, states, "a number", shows=shows)


def bare_number(text: str) -> tuple[str, str | None, bool] | None:
    """Digits, signs and points alone, the currency as written, and whether it is a percentage; None if it is no number.

    Example:
        >>> bare_number("($ 1,200.50)")
        ('-1,200.50', '$', False)
    """
    if found := _SIMPLE.fullmatch(text):
        return found[2], WRITTEN.get(found[1], found[1]) or None, False
    text = unicodedata.normalize("NFKC", text).replace("−", "-").replace("–", "-").replace("\u2044", "/")
    negative = (text.startswith("(") and text.endswith(")")) or ("(" in text[:5] and text.endswith(")"))
    if negative:
        text = text.replace("(", "", 1)[:-1]
    if not _grouped_by_blanks(text):
        return None
    text = _BLANKS.sub("", text)
    if text.endswith("-"):
        text, negative = text[:-1], True
    if len(text) > 1 and text[0] in "-+" and not text[1].isdigit():
        negative, text = negative or text[0] == "-", text[1:]
    found = _AMOUNT.fullmatch(text)
    if found is None or (found["before"] and found["after"] not in ("", found["before"])):
        return None
    number, percent = found["number"], found["after"] == "%"
    unit = currency_of(found["before"] or ("" if percent else found["after"]))
    if unit is None or (negative and number[0] in "-+"):
        return None
    return ("-" + number if negative else number), unit or None, percent


def _scaled(text: str) -> tuple[tuple[str, str | None, bool], float] | None:
    """A number that says in which thousands it is, and how many of them are one; None for anything else."""
    found = _SCALED.fullmatch(text)
    bare = bare_number(found["head"] + found["tail"]) if found else None
    return None if found is None or bare is None or bare[2] else (bare, _TIMES[found["sign"].lower().rstrip(".")])


def _grouped_by_blanks(text: str) -> bool:
    """Whether blanks between digits part thousands: "1 200" is a number, "12 5" and "5 6 7" are none."""
    digits = re.findall(r"\d[\d\s'’ʼ`´]*\d|\d", text)
    return all(not _BLANKS.search(run) or _GROUP_BLANKS.fullmatch(run) for run in digits)


def _decide(column: Distinct, outcome: Outcome, bare: dict[int, str], money: Set[int]) -> None:
    """Read numbers as text, with the decimal sign that every one of them agrees with.

    Beside a currency a comma before three digits parts thousands: $1,050 is no amount of three decimals.
    """
    shown: dict[str, list[int]] = {".": [], ",": [], "?": [], "": []}
    for at, text in bare.items():
        sign = decimal_of(text)
        shown["." if sign == "?" and "," in text and at in money else sign].append(at)
    dot, comma, unclear = shown["."], shown[","], shown["?"]
    said = column.about("decimal")
    if dot and comma and said is None:
        cells = column.quote(dot) + column.quote(comma)
        mend = "Bring the column into one form."
        outcome.questions.append(Question(column.place, "numbers are written in two ways", cells, (), mend))
        return
    decimal = said if (dot and comma) or not (dot or comma) else "." if dot else ","
    if decimal is None and unclear:
        problem = "can be whole numbers in thousands, or have three decimals"
        ways = (Remedy("decimal", ".", "the point is the decimal sign"), Remedy("decimal", ",", "the comma is"))
        outcome.questions.append(Question(column.place, problem, column.quote(unclear), ways))
        for at, text in bare.items():
            if at not in unclear:
                outcome.values[at], outcome.states[at] = float(text), State.READ
        return
    if dot or comma:
        outcome.shows["decimal"] = str(decimal)
    for at, text in bare.items():
        if (value := parse_number(text, decimal or ".")) is not None:
            outcome.values[at], outcome.states[at] = value, State.READ
    outcome.expected = f"a number with {decimal!r} as its decimal sign" if decimal else "a number"


def decimal_of(text: str) -> str:
    """The decimal sign a bare number shows: "." or ",", "?" where it can be read in two ways, "" where it shows none.

    Example:
        >>> [decimal_of(text) for text in ("1,200.50", "1.200.500", "0,5", "1,050", "1050")]
        ['.', ',', ',', '?', '']
    """
    dots, commas = text.count("."), text.count(",")
    if not dots and not commas:
        return ""
    if dots and commas:
        return "." if text.rfind(".") > text.rfind(",") else ","
    if dots + commas > 1:
        return "," if dots else "."
    if _UNCLEAR.fullmatch(text):
        return "?"
    return "." if dots else ","


def parse_number(text: str, decimal: str) -> float | None:
    """A bare number with this decimal sign; None where its thousands do not stand where they should."""
    group = "," if decimal == "." else "."
    whole, sign, rest = text.partition(decimal)
    if group in whole and not _IN_GROUPS[group].fullmatch(whole):
        return None
    if group in rest or decimal in rest:
        return None
    try:
        value = float(whole.replace(group, "") + ("." + rest if sign else ""))
    except ValueError:
        return None
    return value if isfinite(value) else None


def _percents(column: Distinct, outcome: Outcome, percents: Mask) -> None:
    """A column of percentages is shares; percentages among other numbers are not what those are."""
    if not percents.any():
        return
    others = (outcome.states == State.READ) & ~percents
    if others.any():
        outcome.states[percents] = State.UNREAD
        outcome.expected = "a number like the others of the column, not a percentage"
    else:
        outcome.values = outcome.values / 100
        outcome.notes.append(column.note("percentages were read as fractions, 5% as 0.05"))


def _units(column: Distinct, outcome: Outcome, units: list[str | None], money: bool) -> None:
    found = sorted({unit for unit in units if unit})
    if not found:
        return
    outcome.units = units
    if money and len(found) > 1:
        first = column.quote([units.index(unit) for unit in found[:2]], most=2)
        outcome.notes.append(Note(column.place, f"amounts are in several currencies: {', '.join(found)}", first))

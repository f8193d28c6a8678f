"""A term is what a cell says together with what it comes to, so that a formula and its cached value have one source.

Values follow the spreadsheet: numbers, text, True and False, None for a blank cell, `CellError` for an error;
a column or another array is a NumPy array.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

import numpy as np

from csmetrics_core.declaration.spec import Unit

_EPOCH = date(1899, 12, 30)


class CellError(str):
    """An error value such as #N/A."""


@dataclass(frozen=True, eq=False)
class Term:
    """Spreadsheet text and its value.

    Args:
        text: the formula without its equals sign.
        value: what it comes to.
        array: whether the formula works on whole ranges, so that it must be entered as an array formula.
    """

    text: str
    value: Any
    array: bool = False

    @cached_property
    def numbers(self) -> np.ndarray:
        """The numbers of a column, NaN elsewhere; text and booleans are no numbers."""
        if self.value.dtype != object:
            return np.asarray(self.value, dtype=float)
        return np.array([v if type(v) in (float, int) else np.nan for v in self.value], dtype=float)

    @cached_property
    def folded(self) -> np.ndarray:
        """A column with its texts in lower case, as comparisons take them."""
        return np.array([v.lower() if isinstance(v, str) else v for v in self.value], dtype=object)

    def __add__(self, other: Any) -> "Term":
        return _combine("+", np.add, self, other)

    def __sub__(self, other: Any) -> "Term":
        return _combine("-", np.subtract, self, other)

    def __mul__(self, other: Any) -> "Term":
        return _combine("*", np.multiply, self, other)

    def __truediv__(self, other: Any) -> "Term":
        return _combine("/", _divide, self, other)

    def __pow__(self, other: Any) -> "Term":
        return _combine("^", np.power, self, other)

    def eq(self, other: Any) -> "Term":
        """Equal, as a spreadsheet compares: text without regard to case."""
        return _combine("=", _equal, self, other, arithmetic=False)

    def gt(self, other: Any) -> "Term":
        """Greater, between numbers."""
        return _combine(">", np.greater, self, other)

    def ge(self, other: Any) -> "Term":
        """Greater or equal, between numbers."""
        return _combine(">=", np.greater_equal, self, other)

    def lt(self, other: Any) -> "Term":
        """Less, between numbers."""
        return _combine("<", np.less, self, other)

    def joined(self, *others: Any) -> "Term":
        """Text, one after the other."""
        parts = [self, *map(term, others)]
        value = next((p.value for p in parts if isinstance(p.value, CellError)), None)
        return Term("&".join(p.text for p in parts), value or "".join(_as_text(p.value) for p in parts))


def term(value: Any) -> Term:
    """A term, from one or from a literal."""
    if isinstance(value, Term):
        return value
    if isinstance(value, str):
        return Term('"' + value.replace('"', '""') + '"', value)
    if isinstance(value, bool):
        return Term("TRUE" if value else "FALSE", value)
    return Term(f"{value:.15g}", value)


def serial(day: date | datetime) -> float:
    """The number a spreadsheet keeps a date as."""
    if isinstance(day, datetime):
        seconds = day.hour * 3600 + day.minute * 60 + day.second
        return (day.date() - _EPOCH).days + round(seconds / 86400, 10)
    return (day - _EPOCH).days


def month_number(serial_day: Any) -> Any:
    """Year × 12 + month of serial dates; NaN stays NaN."""
    days = np.asarray(serial_day, dtype=float)
    known = np.isfinite(days) & (days >= 61) & (days < 2_958_466)
    whole = np.where(known, days, 61).astype(np.int64)
    months = (whole.astype("datetime64[D]") - np.timedelta64(25569, "D")).astype("datetime64[M]").astype(np.int64)
    return np.where(known, months + 1970 * 12 + 1, np.nan)


def when(test: Any, yes: Any, no: Any) -> Term:
    """IF; on arrays element by element."""
    asked, a, b = term(test), term(yes), term(no)
    text = f"IF({asked.text},{a.text},{b.text})"
    is_array = asked.array or a.array or b.array
    if isinstance(asked.value, CellError):
        return Term(text, asked.value, is_array)
    if isinstance(asked.value, np.ndarray):
        return Term(text, np.where(asked.value.astype(bool), a.value, b.value), is_array)
    return Term(text, a.value if asked.value else b.value, is_array)


def total(of: Term) -> Term:
    """SUM of an array of numbers."""
    if isinstance(of.value, CellError):
        return Term(f"SUM({of.text})", of.value, True)
    return Term(f"SUM({of.text})", float(np.round(np.sum(of.value), 9)), True)


def largest(*of: Any) -> Term:
    """MAX of single numbers."""
    return _reduced("MAX", max, of)


def smallest(*of: Any) -> Term:
    """MIN of single numbers."""
    return _reduced("MIN", min, of)


def _reduced(name: str, function: Callable[..., Any], of: tuple[Any, ...]) -> Term:
    parts = [term(one) for one in of]
    bad = _not_a_number(parts)
    text = f"{name}({','.join(p.text for p in parts)})"
    return Term(text, bad or function(p.value for p in parts), any(p.array for p in parts))


def apply(name: str, function: Callable[..., Any], *of: Any) -> Term:
    """A spreadsheet function of single values beside the Python function that does the same."""
    parts = [term(one) for one in of]
    bad = _not_a_number(parts)
    text = f"{name}({','.join(p.text for p in parts)})"
    return Term(text, bad or function(*(p.value for p in parts)), any(p.array for p in parts))


def _not_a_number(parts: list[Term]) -> CellError | None:
    """The error a numeric function gives for the first argument that is no number."""
    values = (_number(p.value) for p in parts)
    return next((v for v in values if isinstance(v, CellError)), None)


def is_number(of: Term) -> Term:
    """Whether a single value is a number."""
    return Term(f"ISNUMBER({of.text})", _is_number(of.value), of.array)


def both(*tests: Term) -> Term:
    """AND of single truths."""
    bad = next((t.value for t in tests if isinstance(t.value, CellError)), None)
    value = bad or all(t.value for t in tests)
    return Term(f"AND({','.join(t.text for t in tests)})", value, any(t.array for t in tests))


def either(*tests: Term) -> Term:
    """OR of single truths."""
    bad = next((t.value for t in tests if isinstance(t.value, CellError)), None)
    value = bad or any(t.value for t in tests)
    return Term(f"OR({','.join(t.text for t in tests)})", value, any(t.array for t in tests))


def change(now: Term, before: Term, unit: Unit) -> Term:
    """now − before where both are numbers, else an empty text; shares move by percentage points."""
    known, moved = both(is_number(now), is_number(before)), f"{now.text}-{before.text}"
    if not unit.is_share:
        return Term(f'IF({known.text},{moved},"")', now.value - before.value if known.value else "", known.array)
    value = 100 * (now.value - before.value) if known.value else ""
    return Term(f'IF({known.text},100*({moved}),"")', value, known.array)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool | np.bool_)


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return f"{value:.15g}" if _is_number(value) else str(value)


def _number(value: Any) -> Any:
    if value is None:
        return 0.0
    if isinstance(value, np.ndarray):
        return value
    if isinstance(value, bool) or _is_number(value):
        return float(value)
    return CellError("#VALUE!") if not isinstance(value, CellError) else value


def _divide(a: Any, b: Any) -> Any:
    if not isinstance(b, np.ndarray) and b == 0:
        return CellError("#DIV/0!")
    return np.divide(a, b)


def _equal(a: Any, b: Any) -> Any:
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return np.equal(_folded(a), _folded(b))
    if a is None or b is None:
        return (a or b or 0) in (0, "")
    if isinstance(a, str) and isinstance(b, str):
        return a.lower() == b.lower()
    return type(a) is type(b) and a == b if isinstance(a, bool | str) or isinstance(b, bool | str) else a == b


def _folded(value: Any) -> Any:
    if isinstance(value, np.ndarray) and value.dtype == object:
        return np.array([v.lower() if isinstance(v, str) else v for v in value], dtype=object)
    return value.lower() if isinstance(value, str) else value


def _combine(sign: str, function: Callable[[Any, Any], Any], left: Any, right: Any, arithmetic: bool = True) -> Term:
    a, b = term(left), term(right)
    text = f"({a.text}{sign}{b.text})"
    values = [_number(x.value) if arithmetic else x.value for x in (a, b)]
    bad = next((v for v in values if isinstance(v, CellError)), None)
    if bad is not None:
        return Term(text, bad, a.array or b.array)
    value = function(*values)
    if isinstance(value, np.generic):
        value = value.item()
    return Term(text, value, a.array or b.array)

"""Two files about the same revenue: which rule explains each customer's difference, to the cent."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from fractions import Fraction
from itertools import combinations
from math import floor
from typing import Any

import numpy as np

_LEGAL = frozenset(
    "ab ag as bv co company corp corporation gmbh inc incorporated kg limited llc llp ltd nv oy oyj plc pte pty sa "
    "sarl sas spa srl".split()
)
_ROUNDING = 6  # cents a line


@dataclass(frozen=True)
class Line:
    """One line of a file: days since 1970-01-01, None where a date is missing."""

    start: int | None
    end: int | None
    amount: Fraction
    months: Fraction
    kind: str = ""
    discount: Fraction = Fraction(0)
    quantity: Fraction | None = None
    currency: str = ""


@dataclass(frozen=True)
class Reading:
    """How one side reads its lines; the rules are other ways to read them."""

    last_day: bool = False
    counts: frozenset[str] = frozenset()
    list_price: bool = False
    each: bool = False
    factor: Fraction = Fraction(1)
    rates: Mapping[str, Fraction] = field(default_factory=dict)


Lines = tuple[Line, ...]
Rule = Callable[[Lines, Lines, Reading, Reading], tuple[Lines, Reading]]
TRIALS = frozenset(("trial", "free"))
ONE_OFF = frozenset(("one-time", "one time", "one-off", "setup", "set-up", "fee", "credit", "refund"))
_RECURRING = frozenset(("recurring", "subscription", "paid", "minimum", "commitment", ""))


def worth(lines: Lines, reading: Reading, at: int) -> int:
    """Annual cents of a customer's lines at the end of a day."""
    return sum(_cents(line, reading) for line in lines if _counts(line, reading, at))


def _counts(line: Line, reading: Reading, at: int) -> bool:
    if line.kind not in _RECURRING and line.kind not in reading.counts:
        return False
    ends = None if line.end is None else line.end + reading.last_day
    return (line.start is None or line.start <= at) and (ends is None or ends > at)


def _cents(line: Line, reading: Reading) -> int:
    amount = line.amount * (line.quantity if reading.each and line.quantity is not None else 1)
    amount -= 0 if reading.list_price else line.discount
    rate = reading.rates.get(line.currency, Fraction(1))
    return floor(amount * 12 / line.months * reading.factor * rate * 100 + Fraction(1, 2))


def _once(lines: Lines, other: Lines, reading: Reading, theirs: Reading) -> tuple[Lines, Reading]:
    return tuple(dict.fromkeys(lines)), reading


def _dated(which: str) -> Rule:
    def rule(lines: Lines, other: Lines, reading: Reading, theirs: Reading) -> tuple[Lines, Reading]:
        if len(lines) != len(other):
            return lines, reading
        pairs = zip(lines, other, strict=True)
        return tuple(replace(line, **{which: getattr(same, which)}) for line, same in pairs), reading

    return rule


def _read(change: Callable[[Reading, Reading], Reading]) -> Rule:
    return lambda lines, _, reading, theirs: (lines, change(reading, theirs))


def _times(factor: Fraction) -> Rule:
    return _read(lambda mine, _: replace(mine, factor=factor))


RULES: tuple[tuple[str, Rule], ...] = (
    ("duplicate rows", _once),
    ("end date inclusive", _read(lambda mine, _: replace(mine, last_day=not mine.last_day))),
    ("start date", _dated("start")),
    ("end date", _dated("end")),
    ("trial counted", _read(lambda mine, _: replace(mine, counts=mine.counts | TRIALS))),
    ("one-off or credit counted", _read(lambda mine, _: replace(mine, counts=mine.counts | ONE_OFF))),
    ("discount left out", _read(lambda mine, _: replace(mine, list_price=True))),
    ("quantity", _read(lambda mine, _: replace(mine, each=not mine.each))),
    ("exchange rate", _read(lambda mine, theirs: replace(mine, rates=theirs.rates))),
    *((f"interval misread, x {factor}", _times(Fraction(factor))) for factor in ("12", "1/12", "4", "1/4", "3", "1/3")),
)  # fmt: skip


def explained(left: Lines, right: Lines, mine: Reading, theirs: Reading, at: int) -> list[tuple[str, int]]:
    """The fewest rules, the first in order, that make one side the other; nothing where none do.

    Source: own; each rule is a way in which two systems are known to read one contract differently.
    """
    a, b = worth(left, mine, at), worth(right, theirs, at)
    if a == b:
        return []
    if not left or not right:
        return [("only in left" if left else "only in right", b - a)]
    for name, rule in RULES:
        if worth(*rule(left, right, mine, theirs), at) == b:
            return [(name, b - a)]
    for name, rule in RULES:  # it is the right side that reads otherwise; dates that differ are the left's above
        if name not in ("start date", "end date") and worth(*rule(right, left, theirs, mine), at) == a:
            return [(name, b - a)]
    pair = next(_pairs(left, right, mine, theirs, (a, b, at)), None)
    pair = pair or next(([(n, -v) for n, v in p] for p in _pairs(right, left, theirs, mine, (b, a, at))), None)
    if pair:
        return pair
    return [("rounding", b - a)] if abs(b - a) <= _ROUNDING * max(len(left), len(right)) else []


def _pairs(
    lines: Lines, other: Lines, mine: Reading, theirs: Reading, values: tuple[int, int, int]
) -> Iterator[list[tuple[str, int]]]:
    """Two rules, one after the other, that make the lines worth what the other side's are."""
    a, b, at = values
    for (first, rule), (second, another) in combinations(RULES, 2):
        once, reading = rule(lines, other, mine, theirs)
        between = worth(once, reading, at)
        if between != a and worth(*another(once, other, reading, theirs), at) == b:
            yield [(first, between - a), (second, b - between)]


def plain_name(name: Any) -> str:
    """A name without case, accents, punctuation and legal form.

    Example:
        >>> plain_name("Société Générale, S.A."), plain_name("ACME  Inc")
        ('societe generale', 'acme')
    """
    letters = unicodedata.normalize("NFKD", str(name)).casefold()
    letters = "".join(c for c in letters if not unicodedata.combining(c)).replace(".", "")
    words = re.sub(r"[\W_]+", " ", letters).split()
    while len(words) > 1 and words[-1] in _LEGAL:
        words.pop()
    return " ".join(words)


def matched(left: Sequence[Any], right: Sequence[Any]) -> list[tuple[Any, Any, str]]:
    """Customers of both sides in pairs: by their own id, then by name where that is unique on both sides."""
    found = [(name, name, "id") for name in left if name in set(right)]
    rest = [[name for name in side if name not in other] for side, other in ((left, set(right)), (right, set(left)))]
    plain: list[dict[str, list[Any]]] = [{}, {}]
    for side, names in zip(plain, rest, strict=True):
        for name in names:
            side.setdefault(plain_name(name), []).append(name)
    for name in list(plain[0]):
        if name and len(plain[0][name]) == len(plain[1].get(name, ())) == 1:
            found.append((plain[0].pop(name)[0], plain[1].pop(name)[0], "name"))
    found += [(name, None, "") for names in plain[0].values() for name in names]
    return found + [(None, name, "") for names in plain[1].values() for name in names]


def near(pairs: Sequence[tuple[Any, Any, str]]) -> list[tuple[Any, Any]]:
    """Names only on one side that are spelt nearly as one only on the other."""
    right = {plain_name(name): name for mine, name, _ in pairs if mine is None}
    found = []
    for name, other, _ in pairs:
        if other is None and (close := get_close_matches(plain_name(name), right, n=1, cutoff=0.85)):
            found.append((name, right[close[0]]))
    return found


def compared(
    left: Mapping[Any, Lines], right: Mapping[Any, Lines], mine: Reading, theirs: Reading, at: int
) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    """Each customer's difference by rule, largest first, and what the reader must know."""
    pairs, rows = matched(list(left), list(right)), []
    for a, b, how in pairs:
        lines, other = left.get(a, ()), right.get(b, ())
        rules = explained(lines, other, mine, theirs, at)
        values = worth(lines, mine, at), worth(other, theirs, at)
        rows.append({
            "customer": b if a is None else a, "left": values[0] / 100, "right": values[1] / 100,
            "difference": (values[1] - values[0]) / 100, "rules": [(name, cents / 100) for name, cents in rules],
            "unexplained": (values[1] - values[0] - sum(cents for _, cents in rules)) / 100, "matched_by": how,
        })  # fmt: skip
    notes = tuple(f"{a!r} and {b!r} are spelt nearly alike and were not matched" for a, b in near(pairs))
    rows.sort(key=lambda row: (-abs(row["difference"]), str(row["customer"])))
    return rows, notes


def waterfall(rows: Sequence[Mapping[str, Any]]) -> list[tuple[str, float]]:
    """From the left total to the right one: a step a rule, in the order of customers, then what is unexplained."""
    steps: dict[str, float] = {}
    for row in sorted(rows, key=lambda row: str(row["customer"])):
        for name, amount in row["rules"]:
            steps[name] = round(steps.get(name, 0.0) + amount, 2)
    left, right, rest = (round(sum(row[name] for row in rows), 2) for name in ("left", "right", "unexplained"))
    return [("left total", left), *steps.items(), ("unexplained", rest), ("right total", right)]


def customer_columns(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Compared customers as columns; rules as words with their amounts."""
    shown = ["; ".join(f"{name}: {amount:,.2f}" for name, amount in row["rules"]) for row in rows]
    columns: dict[str, Any] = {"customer": [row["customer"] for row in rows]}
    for name in ("left", "right", "difference"):
        columns[name] = np.array([row[name] for row in rows], float)
    columns |= {"rules": shown, "unexplained": np.array([row["unexplained"] for row in rows], float)}
    return columns | {"matched_by": [row["matched_by"] for row in rows]}

"""What a metric's body returns: the parts of a number, not the number."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

Interval = Callable[[float], tuple[float, float]]


class Refusal(NamedTuple):
    """Input without an answer, checked after a zero denominator and before dividing.

    It is impossible (an off-scale error), or `undefined`: too little is known (a no-data error).
    """

    when: Any  # a truth value, or an array of them in a broadcast
    argument: str
    got: Any
    expected: str
    fix: str
    undefined: bool = False


@dataclass(slots=True)
class Ratio:
    """numerator ÷ denominator × scale; in a broadcast the parts are arrays.

    Args:
        numerator, denominator, scale: the parts.
        base: what the denominator is, for the message when it is 0.
        n: how many observations stand behind it, where that is not simply the cells used.
        interval: gives low and high for a confidence level, where the metric is an estimate.
        refusals: what cannot happen; the first that holds becomes the error.
        notes: what the reader must know beside the number.
        beside: the same metric under other conventions, by name, for explain.
        terms: what the numerator is the sum of, for explain.
    """

    numerator: Any
    denominator: Any = 1.0
    scale: float = 1.0
    base: str = "the base"
    n: int | None = None
    interval: Interval | None = None
    refusals: tuple[Refusal, ...] = ()
    notes: tuple[str, ...] = ()
    beside: Mapping[str, float] | None = None
    terms: tuple[float, ...] = ()


class Pair(NamedTuple):
    """An interval: low and high."""

    low: float
    high: float


@dataclass(slots=True)
class Table:
    """A small table: column name to values of equal length; NaN or None is a value that does not exist.

    Args:
        columns: the values.
        notes: what the reader must know beside them.
        empty: why there is no row, where there may be none.
    """

    columns: dict[str, Any]
    notes: tuple[str, ...] = ()
    empty: str = "No row: nothing that was given belongs in this table."


@dataclass(slots=True)
class Words:
    """A word for each element, such as a band."""

    values: Any
    refusals: tuple[Refusal, ...] = ()

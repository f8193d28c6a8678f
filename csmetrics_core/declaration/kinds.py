"""What a value must be. A kind knows its check, its words, and a value it must refuse."""

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any, ClassVar, Literal

import numpy as np

Reading = Literal["number", "day", "month", "moment", "id", "text", "flag", "choice", "raw"]
DATED = frozenset(("day", "month", "moment"))  # the readings of dates
_FEW = 1000  # so many cells are compared as bytes sooner than NumPy reduces them to one answer
LARGEST = 1.7976931348623157e308  # a floating-point number can be no larger
_FIRST_DAY = -25567  # 1900-01-01, in days since 1970
_END_DAY = 2932897  # the day after 9999-12-31


@dataclass(frozen=True)
class Kind:
    """A kind of value; the subclasses say what is good."""

    reading: ClassVar[Reading] = "raw"

    @property
    def expected(self) -> str:
        """What an error says was expected."""
        return "a value"

    @property
    def fix(self) -> str:
        """How to mend a refused value."""
        return "Correct the cell."

    @property
    def scale(self) -> str:
        """A sentence for the help text; nothing where the argument's own help suffices."""
        return ""

    @property
    def bad(self) -> Any:
        """A value that must be refused."""
        return None

    @property
    def is_date(self) -> bool:
        """Whether it is a date of some sort."""
        return self.reading in DATED

    def resolved(self, given: dict[str, Any]) -> "Kind":
        """The same kind once the arguments it depends on are known."""
        return self

    def accepts(self, values: np.ndarray) -> bool:
        """Whether every value of an array is good."""
        return True

    def refused(self, values: np.ndarray) -> np.ndarray:
        """Which values of an array are bad."""
        return np.zeros(values.shape, dtype=bool)

    @property
    def keeps_blanks(self) -> bool:
        """Whether a blank is meant: its row is kept, with NaN, or the code -1, in its place."""
        return False

    @cached_property
    def members(self) -> frozenset[int]:
        """All good values, where they are few whole numbers."""
        return frozenset()

    def compact(self, values: np.ndarray) -> np.ndarray | None:
        """The values in a cheaper form if all are good and there is one."""
        return None


@dataclass(frozen=True)
class Number(Kind):
    """A number between two bounds, both allowed.

    Args:
        low, high: the bounds; `high` may name another argument that holds it.
        whole: only whole numbers.
        above: the lower bound itself is not allowed.
        hint: how to mend a refused value.
        blanks: a blank is meant.
        words: what is expected, where the bounds do not say it well.
    """

    reading: ClassVar[Reading] = "number"
    low: float = -LARGEST
    high: float | str = LARGEST
    whole: bool = False
    above: bool = False
    hint: str = "Correct the cell."
    blanks: bool = False
    words: str = ""

    @property
    def keeps_blanks(self) -> bool:
        return self.blanks

    @property
    def top(self) -> float:
        """The upper bound; the largest number there is while another argument holds it."""
        return LARGEST if isinstance(self.high, str) else self.high

    def resolved(self, given: dict[str, Any]) -> "Number":
        return _with_top(self, float(given[self.high])) if isinstance(self.high, str) else self

    @property
    def expected(self) -> str:
        if self.words:
            return self.words
        noun = "a whole number" if self.whole else "a number"
        if isinstance(self.high, str) or (self.high < LARGEST and self.low > -LARGEST):
            high = self.high if isinstance(self.high, str) else f"{self.high:g}"
            return (
                f"{noun} above {self.low:g} and up to {high}" if self.above else f"{noun} from {self.low:g} to {high}"
            )
        if self.high < LARGEST:
            return f"{noun} of at most {self.high:g}"
        if self.low > -LARGEST:
            return f"{noun} above {self.low:g}" if self.above else f"{noun} of {self.low:g} or more"
        return noun if self.whole else "a finite number"

    @property
    def fix(self) -> str:
        return self.hint

    @property
    def scale(self) -> str:
        expected = self.expected
        return "" if expected == "a finite number" else f"{expected[0].upper()}{expected[1:]}."

    @property
    def bad(self) -> float:
        if self.low > -LARGEST:
            return self.low - 1
        return self.top + 1 if self.top < LARGEST else float("inf")

    def accepts(self, values: np.ndarray) -> bool:
        if not values.size:
            return True
        lowest = values.min()
        inside = (lowest > self.low if self.above else lowest >= self.low) and values.max() <= self.top
        return bool(inside) and (not self.whole or bool((np.rint(values) == values).all()))

    def refused(self, values: np.ndarray) -> np.ndarray:
        bad: np.ndarray = ~((values > self.low if self.above else values >= self.low) & (values <= self.top))
        return bad | (np.rint(values) != values) if self.whole else bad

    @cached_property
    def members(self) -> frozenset[int]:
        return _members(self.low, self.top) if self.whole else frozenset()

    @cached_property
    def _member_bytes(self) -> bytes:
        return np.array(sorted(self.members), np.int8).tobytes()

    def compact(self, values: np.ndarray) -> np.ndarray | None:
        """Whole numbers on a short scale in one byte each if all are good; far cheaper to check and count.

        A missing, fractional or large value changes when it is squeezed, so comparing back finds it.
        """
        if not (values.size and self.members):
            return None
        small = values.astype(np.int8)
        if values.size <= _FEW:
            unchanged = small.astype(values.dtype).tobytes() == values.tobytes()
            return small if unchanged and not small.tobytes().translate(None, self._member_bytes) else None
        good = (small == values).all() and small.min() >= self.low and small.max() <= self.top
        return small if good else None


@lru_cache
def _members(low: float, high: float) -> frozenset[int]:
    return frozenset(range(int(low), int(high) + 1)) if low >= -128 and high <= 127 else frozenset()


@lru_cache
def _with_top(kind: Number, high: float) -> Number:
    return replace(kind, high=high)


def Whole(low: float, high: float | str) -> Number:
    """A whole number on a scale, as survey answers are: `Whole(0, 10)`."""
    return Number(low, high, whole=True, hint="Remove it or rescale the answers.")


def Amount(*, signed: bool = False, hint: str = "Correct the cell.") -> Number:
    """Money or another quantity, 0 or more; `signed` takes negatives too."""
    return Number(-LARGEST if signed else 0.0, hint=hint)


def Count(*, low: float = 0.0, blanks: bool = False) -> Number:
    """A whole number of things; with `blanks` a blank is meant, and says that it is not known."""
    return Number(low, whole=True, hint="Count whole things.", blanks=blanks)


def Share(*, high: float = 1.0) -> Number:
    """A fraction of a whole: 0.05 for 5 %."""
    return Number(0.0, high, hint="Type 5 % as 0.05.")


def Level() -> Number:
    """A confidence level, strictly between 0 and 1."""
    words = "a number above 0 and below 1"
    return Number(0.0, 1 - 1e-9, above=True, hint="Type 95 % as 0.95.", words=words)


@dataclass(frozen=True)
class Day(Kind):
    """A calendar day: a date, or a spreadsheet's serial number.

    Args:
        open_ended: a blank is meant, and says that it has not happened yet.
    """

    reading: ClassVar[Reading] = "day"
    open_ended: bool = False
    ticks: ClassVar[int] = 1  # a day

    @property
    def keeps_blanks(self) -> bool:
        return self.open_ended

    def accepts(self, values: np.ndarray) -> bool:
        return not values.size or bool(values.min() >= _FIRST_DAY * self.ticks and values.max() < _END_DAY * self.ticks)

    def refused(self, values: np.ndarray) -> np.ndarray:
        return np.asarray(~((values >= _FIRST_DAY * self.ticks) & (values < _END_DAY * self.ticks)))

    @property
    def expected(self) -> str:
        return "a date from 1900 to 9999"

    @property
    def fix(self) -> str:
        return "Enter a real date, not text or another number."

    @property
    def scale(self) -> str:
        return f"Dates{'; blank means not yet' * self.open_ended}; a zoned time counts in UTC."

    @property
    def bad(self) -> float:
        return -1.0


@dataclass(frozen=True)
class Month(Day):
    """A month: any day of it, a pandas Period, or text that names it, such as 2026-01 or Jan 2026."""

    reading: ClassVar[Reading] = "month"

    @property
    def expected(self) -> str:
        return "a month: a date in it, or text such as 2026-01"

    @property
    def fix(self) -> str:
        return "Enter a date, or text such as 2026-01 or Jan 2026."

    @property
    def scale(self) -> str:
        return "Dates, or text such as 2026-01."


@dataclass(frozen=True)
class Moment(Day):
    """A date with its time of day, read to the millisecond; a zoned one is taken in UTC."""

    reading: ClassVar[Reading] = "moment"
    ticks: ClassVar[int] = 86_400_000

    @property
    def expected(self) -> str:
        return "a date and time from 1900 to 9999"

    @property
    def scale(self) -> str:
        return "Dates with time of day, a zoned one in UTC."


@dataclass(frozen=True)
class Id(Kind):
    """Names a thing: text or a number, compared exactly.

    Args:
        blanks: a blank is meant, and says that there is no such thing.
    """

    reading: ClassVar[Reading] = "id"
    blanks: bool = False
    words: str = ""

    @property
    def keeps_blanks(self) -> bool:
        return self.blanks

    @property
    def expected(self) -> str:
        return "an identifier"

    @property
    def bad(self) -> bool:
        return True


@dataclass(frozen=True)
class Text(Kind):
    """Words, kept as they are."""

    reading: ClassVar[Reading] = "text"

    @property
    def expected(self) -> str:
        return "text"

    @property
    def bad(self) -> bool:
        return True


@dataclass(frozen=True)
class Flag(Kind):
    """Yes or no: TRUE/FALSE, 1/0, yes/no."""

    reading: ClassVar[Reading] = "flag"

    def accepts(self, values: np.ndarray) -> bool:
        return not self.refused(values).any()

    def refused(self, values: np.ndarray) -> np.ndarray:
        return np.asarray((values != 0) & (values != 1))

    @property
    def expected(self) -> str:
        return "TRUE or FALSE"

    @property
    def fix(self) -> str:
        return "Use TRUE/FALSE, 1/0 or yes/no."

    @property
    def scale(self) -> str:
        return "TRUE/FALSE, 1/0 or yes/no."

    @property
    def bad(self) -> float:
        return 2.0


@dataclass(frozen=True)
class OneOf(Kind):
    """One of a few words."""

    reading: ClassVar[Reading] = "choice"
    choices: tuple[str, ...] = ()

    @property
    def expected(self) -> str:
        return "one of " + ", ".join(f'"{c}"' for c in self.choices)

    @property
    def scale(self) -> str:
        return f"{self.expected[0].upper()}{self.expected[1:]}."

    @property
    def bad(self) -> str:
        return "something else"

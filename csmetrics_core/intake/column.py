"""One argument read into an array, and what was dropped on the way."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Drops:
    """What a range held that is no value: where and why. Trailing blank rows do not count."""

    where: list[int] = field(default_factory=list)
    why: list[str] = field(default_factory=list)

    def add(self, position: int, reason: str) -> None:
        """Note one dropped cell."""
        self.where.append(position)
        self.why.append(reason)

    def counts(self) -> dict[str, int]:
        """How many cells were dropped for each reason."""
        return {reason: self.why.count(reason) for reason in dict.fromkeys(self.why)}

    def first(self, reason: str, most: int = 5) -> list[int]:
        """The first raw positions dropped for a reason."""
        return [p for p, w in zip(self.where, self.why, strict=True) if w == reason][:most]


@dataclass(slots=True)
class Read:
    """One argument as an array: numbers with NaN, codes with -1, or texts with None where nothing is."""

    values: Any
    length: int  # rows as given, trailing blanks included
    drops: Drops
    labels: Any  # what the codes stand for; for numbers the raw cells, to quote in an error

"""What is said about files, both ways: what the user said, and what we note and ask, as values that a door spells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, NamedTuple

from csmetrics_core.errors import show
from csmetrics_core.files.headings import plain

DateOrder = Literal["dmy", "mdy", "ymd"]
Decimal = Literal[".", ","]

#: What holds of every file, or of some, each called by its file, its sheet, its heading, or "Sheet!Heading".
About = Mapping[str, str]
EVERYWHERE = ""


@dataclass(frozen=True)
class Place:
    """One column of one table, and how its file numbers the rows.

    Args:
        file, sheet: where it stands; sheet is empty for a text file, both are for a frame without a name.
        heading: of the column.
        rows: the number of each row as the file, or a spreadsheet that opens it, shows it.
    """

    file: str = ""
    sheet: str = ""
    heading: str = ""
    rows: Sequence[int] = range(2, 2**62)

    @property
    def table(self) -> str:
        """The file, and the sheet where there is one."""
        return ", sheet ".join(filter(None, (self.file, self.sheet)))

    def __str__(self) -> str:
        column = f"column {self.heading!r}" if self.heading else ""
        return ", ".join(filter(None, (self.table, column)))

    def names(self) -> list[str]:
        """What a user may call it, the closest first: Sheet!Heading, the heading, the sheet, the file, everywhere."""
        stem = self.file.rsplit(".", 1)[0]
        tables = [name for name in (self.sheet, self.file, stem) if name]
        exact = [f"{table}!{self.heading}" for table in tables if self.heading]
        return [*exact, *filter(None, (self.heading, *tables)), EVERYWHERE]


class Cell(NamedTuple):
    """A cell as it stands: the row as its file numbers it, and what is in it."""

    row: int
    text: Any

    def __str__(self) -> str:
        return f"row {self.row} is {show(self.text)}"


@dataclass(frozen=True)
class Note:
    """Something the reader must know about a column that was read.

    Args:
        place: where.
        text: what became of the cells.
        cells: the first of them.
        count: how many there are; 0 where it is true of the whole column.
    """

    place: Place
    text: str
    cells: tuple[Cell, ...] = ()
    count: int = 0

    def __str__(self) -> str:
        many = f" ({self.count:,})" if self.count else ""
        return f"{self.place}: {self.text}{many}{'; ' + str(self.cells[0]) if self.cells else ''}"


class Remedy(NamedTuple):
    """One answer to a question: the field of `Said` it sets, the value to set, and what it means."""

    option: str
    value: str
    means: str


@dataclass(frozen=True)
class Question:
    """What a column does not tell by itself; no cell of it that depends on the answer is read before.

    Args:
        place: where.
        problem: what is not clear.
        cells: those that show it.
        remedies: the answers; empty where only the file itself can be mended.
        mend: how, where the file itself must be.
    """

    place: Place
    problem: str
    cells: tuple[Cell, ...] = ()
    remedies: tuple[Remedy, ...] = ()
    mend: str = ""

    def __str__(self) -> str:
        found = ", but ".join(map(str, self.cells))
        return f"{self.place}: {self.problem}{': ' + found if found else ''}"


@dataclass(frozen=True)
class Unread:
    """Cells that hold something that is not what their column holds: every figure that needs their rows waits.

    Args:
        place: where.
        expected: what they were to be.
        cells: the first of them.
        count: how many there are.
    """

    place: Place
    expected: str
    cells: tuple[Cell, ...]
    count: int

    def __str__(self) -> str:
        more = f" (and {self.count - 1:,} more)" if self.count > 1 else ""
        return f"{self.place}: {self.cells[0]}{more}; expected {self.expected}"


@dataclass(frozen=True)
class Said:
    """What the user said; each is needed only where a question asks for it, or to say what a file cannot.

    A field of `About` is either one value, which holds everywhere, or a mapping of names to values, such as
    {"clients.csv": "dmy", "Sheet1!Booked": "mdy"}; the closest name wins.

    Args:
        table: of a file or sheet, the standard table it holds, such as "payments".
        sheet: which sheet of a workbook.
        columns: standard column -> heading, or "Sheet!Heading", such as {"nps": "Question 3"}.
        dates: the order of day, month and year in dates that can be read in two ways: dmy, mdy or ymd.
        decimal: the decimal sign of numbers that can be read in two ways: "." or ",".
        encoding, delimiter: of text files, such as "cp1250" and ";".
        rates: currency -> what one unit of it is worth in the currency whose rate is 1.
        own_currencies: amounts stay in their own currencies, with these beside, as rates by month are applied later.
        amounts: whether amounts with a quantity are for "each", to be multiplied, or for "all"; whether whole numbers
            are "cents" or "currency".
        billed: the billing interval of amounts beside which none is read: "month", "quarter" or "year"; of deals also
            "term", the whole of it.
        as_of: the day the export was made, where the file does not tell how far it reaches.
        names: whether names that differ only in case or accents are the "same" customer, or two "apart".
        totals: whether rows that look like sums of others are to "keep", or to "drop".
        ends: whether an end is the "last-day" paid, or the "first-unpaid" day.
        copies: whether rows that are told twice with other cells "keep" counting, or to "drop" but for the first.
    """

    table: str | About | None = None
    sheet: str | About | None = None
    columns: About = field(default_factory=dict)
    dates: DateOrder | About | None = None
    decimal: Decimal | About | None = None
    encoding: str | About | None = None
    delimiter: str | About | None = None
    rates: Mapping[str, float] | None = None
    own_currencies: bool = False
    amounts: str | About | None = None
    billed: str | About | None = None
    as_of: date | None = None
    names: Literal["same", "apart"] | None = None
    totals: str | About | None = None
    ends: str | About | None = None
    copies: str | About | None = None

    def about(self, option: str, place: Place) -> str | None:
        """What was said about one column or table, the closest name first.

        Example:
            >>> Said(dates={"": "mdy", "clients.csv": "dmy"}).about("dates", Place("clients.csv", "", "Joined"))
            'dmy'
        """
        value: Any = getattr(self, option)
        if value is None or isinstance(value, str):
            return value
        known = {plain_name(name): answer for name, answer in value.items()}
        return next((known[key] for name in place.names() if (key := plain_name(name)) in known), None)


def plain_name(name: str) -> str:
    """A name of a place without case, spaces and signs, but for the mark between sheet and heading."""
    return "!".join(map(plain, name.split("!")))

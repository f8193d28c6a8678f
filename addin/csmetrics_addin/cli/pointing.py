"""Cells people point at in a file, read by the kind of the argument they are for, as every other door reads them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from csmetrics_addin.cli.places import Places, Range, Under
from csmetrics_addin.cli.terminal import BAD_DATA, Problem, plain
from csmetrics_core.declaration.kinds import Number, Text

if TYPE_CHECKING:
    from pandas import Series

    from csmetrics_core.declaration.spec import Argument
    from csmetrics_core.files.columns import Column, Kind

_ANY_ROW = range(1, 2**62)
_TOP_OF_NPS = 10  # whole numbers up to it, or up to the top of a scale, are answers
_KINDS: "dict[str, Kind]" = {"day": "day", "month": "month", "moment": "moment", "id": "identifier", "flag": "flag"}


@dataclass(frozen=True)
class Cells:
    """Cells somebody pointed at: one value, a column, or rows of a block.

    Args:
        values: a single value for a single cell, else a list, of lists where it is a block.
        where: the sheet or table.
        rows: the row of the sheet each stands in, counted from 1.
        top: the highest answer of the scale whose words were read; None where the cells held numbers.
    """

    values: Any
    where: str = ""
    rows: Sequence[int] = _ANY_ROW
    top: int | None = None

    @property
    def is_column(self) -> bool:
        """Whether it is one column, so that a position is a row."""
        return isinstance(self.values, list) and not (self.values and isinstance(self.values[0], list))


class Asked(NamedTuple):
    """Cells to read.

    Args:
        reference: where they stand, as a person writes it.
        kind: what they hold.
        is_strict: whether a cell that holds something else is refused here; else it is left to the metric.
    """

    reference: str
    kind: "Kind"
    is_strict: bool = True


def asked(argument: "Argument", reference: str) -> Asked:
    """The cells of an argument, by the kind of its values."""
    return Asked(reference, _kind(argument), argument.is_range)


def _kind(argument: "Argument") -> "Kind":
    kind = argument.kind
    if isinstance(kind, Number):
        is_rating = kind.whole and argument.is_range and isinstance(kind.high, str)
        is_score = kind.whole and argument.is_range and kind.high == _TOP_OF_NPS
        return "rating" if is_rating else "score" if is_score else "amount"
    if isinstance(kind, Text):
        return "comment" if argument.name == "comments" else "label"
    return _KINDS.get(kind.reading, "label")


class Book(Places):
    """A file in which people point at cells; `notes` takes what the reader must know about those asked for."""

    converted = False  # whether rates brought any of the cells to one currency

    def cells(self, reference: str, kind: "Kind" = "label") -> Cells:
        """The cells a person points at, read as what they hold.

        Raises:
            Problem: there is no such sheet, table or heading, or they cannot be read.
        """
        return self.read({"cells": Asked(reference, kind)})["cells"]

    def read(self, wanted: Mapping[str, Asked]) -> dict[str, Cells]:
        """The cells of several arguments; columns of one table are read together, without rows that sum up others.

        Raises:
            Problem: there is no such sheet, table or heading, or they cannot be read.
        """
        found = {name: self.pointed(one.reference.strip()) for name, one in wanted.items()}
        under: dict[int, dict[str, Under]] = defaultdict(dict)
        cells: dict[str, Cells] = {}
        for name, place in found.items():
            if isinstance(place, Range):
                cells[name] = self._of_range(place, wanted[name])
            else:
                under[id(place.table)][name] = place
        for columns in under.values():
            cells |= self.of_table(columns, wanted)
        return {name: cells[name] for name in wanted}

    def of_table(self, columns: Mapping[str, Under], asked: Mapping[str, Asked]) -> dict[str, Cells]:
        """Columns of one table, without rows that sum up others.

        Raises:
            Problem: they cannot be read.
        """
        from csmetrics_core.files.exports import typed
        from csmetrics_core.files.grids import is_filled

        whole = next(iter(columns.values())).table
        for place in columns.values():
            is_blank = not any(map(is_filled, whole.column(place.column)))
            self.tell_pending(whole.sheet, self.rows_of(whole), {whole.columns[place.column]}, is_blank)
        wanted = {name: (place.column, asked[name].kind) for name, place in columns.items()}
        table, read, waits = typed(whole, wanted, self.said)
        for wait in waits:
            raise self.question(wait.problem, wait.fix, wait.remedies)
        for note in (*table.left_out, *table.notes):
            self.note(f"{plain(table.place)}: {note}")
        return {
            name: Cells(
                self._values(column, table.column(columns[name].column).tolist(), asked[name]),
                columns[name].where,
                table.numbers.tolist(),
                _top(column),
            )
            for name, column in read.items()
        }

    def _of_range(self, place: Range, asked: Asked) -> Cells:
        from csmetrics_core.files.columns import read_column
        from csmetrics_core.files.saying import Place

        count = len(place.columns[0])
        rows = range(place.first_row, place.first_row + count)
        at = Place(place.grid.file, place.grid.sheet, place.text, rows)
        columns = [read_column(cells, asked.kind, at, self.said) for cells in place.columns]
        values = [self._values(read, cells, asked) for read, cells in zip(columns, place.columns, strict=True)]
        if len(values) > 1:
            return Cells([list(row) for row in zip(*values, strict=True)], place.grid.name, rows)
        return Cells(values[0][0] if place.is_one and count else values[0], place.grid.name, rows, _top(columns[0]))

    def _values(self, column: "Column", cells: list[Any], asked: Asked) -> list[Any]:
        """What was read of a column; an error of a spreadsheet and a word among numbers are left to the metric.

        Raises:
            Problem: it can be read in two ways, or a cell holds something else.
        """
        from csmetrics_core.files.distinct import is_error

        for asks in column.questions:
            raise self.question(str(asks), asks.mend, asks.remedies)
        if asked.is_strict and any(bad and not is_error(cell) for bad, cell in zip(column.unread, cells, strict=True)):
            raise Problem("; ".join(map(str, column.refused)), self._mend(asked.kind), code=BAD_DATA)
        amounts = self._in_one_currency(column)
        for note in column.notes:
            self.note(str(note))
        keeps_words = asked.kind in ("amount", "number", "score", "rating")
        kept = column.unread | column.words | (column.blank if keeps_words else False)
        return [
            (None if cell == "" else cell) if as_it_stands else _plain_value(value)
            for value, cell, as_it_stands in zip(amounts, cells, kept, strict=True)
        ]

    def _in_one_currency(self, column: "Column") -> "Series":
        """The values of a column; those with a currency beside them at the rates given.

        Raises:
            Problem: there are several currencies, and the rates do not bring them to one.
        """
        from csmetrics_core.files.money import RATES_SAY, base_of

        if column.currency is None:
            return column.values
        found = column.currency.value_counts()
        rates = self.said.rates
        if not rates:
            if len(found) < 2:
                return column.values
            shown = ", ".join(f"{code} ({count:,} rows)" for code, count in found.items())
            fix = "Give a --rate for each, as --rate EUR=1.1, and 1 for the one to count in."
            raise Problem(f"{column.place}: amounts are in several currencies: {shown}", fix, code=BAD_DATA)
        try:
            base = base_of(rates, map(str, found.index))
        except ValueError as lacking:
            raise Problem(f"{column.place}: {lacking}", RATES_SAY, code=BAD_DATA) from None
        bare = column.values.notna() & column.currency.isna()
        if bare.any():
            problem = f"{column.place}: {int(bare.sum()):,} amounts have no currency beside them, others have"
            raise Problem(problem, "Write it beside each, as in 100 EUR.", code=BAD_DATA)
        self.converted = True
        self.note(f"{column.place}: amounts converted to {base} at the rates given.")
        return column.values * column.currency.map(rates)

    def _mend(self, kind: "Kind") -> str:
        """How a cell that cannot be read is mended, or what can be said about its column."""
        if kind in ("day", "month", "moment"):
            order = f"{self.dates} dmy, mdy or ymd"
            return f"Write it as 2026-09-30, clear it, or say {order} if that is the order of its day, month and year."
        if kind == "amount":
            return 'Write the number alone, clear the cell, or say --decimal "," or --decimal . for its decimal sign.'
        return "Correct the cell, or clear it."


def _top(column: "Column") -> int | None:
    """The highest answer of the scale whose words were read."""
    return int(column.shows["top"]) if "top" in column.shows else None


def _plain_value(value: Any) -> Any:
    """A value as Python's own; a missing one is None, and midnight a day."""
    if value is None or value != value:
        return None
    if hasattr(value, "to_pydatetime"):
        value = value.to_pydatetime()
        return value.date() if value.time() == value.min.time() else value
    return value

"""Data sheets: what columns they have, and the Excel tables that hold them with their helper columns."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from csmetrics_core.declaration.spec import DATE, MOMENT, TEXT, Unit
from csmetrics_workbooks.kit.terms import Term, month_number, serial, term

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Field:
    """A column of a data sheet.

    Args:
        header: as people read it.
        unit: what it holds; TEXT, DATE or a number.
        help: what to put there.
        also: other names under which exports know it.
        required: whether the workbook is of no use without it.
        low, high: the scale, where a cell off it is refused.
        width: of the column.
    """

    header: str
    unit: Unit
    help: str = ""
    also: tuple[str, ...] = ()
    required: bool = False
    low: float | None = None
    high: float | None = None
    width: float = 12

    @property
    def is_date(self) -> bool:
        """Whether it holds days or moments."""
        return self.unit in (DATE, MOMENT)


@dataclass(frozen=True)
class Sheet:
    """A data sheet: one Excel table. Its name is the table's, unless that is a function's as well.

    Where its dates lie ahead they do not tell how far the data reach.
    """

    name: str
    about: str
    fields: tuple[Field, ...]
    months_across: bool = False
    called: str = ""
    ahead: bool = False

    def field(self, header: str) -> Field:
        """Look up a column."""
        return next(f for f in self.fields if f.header == header)


@dataclass
class Helper:
    """A computed column of a table: one formula for every row."""

    header: str
    formula: str
    values: np.ndarray
    unit: Unit
    array: bool = False


@dataclass
class Table:
    """A data sheet's table in one workbook.

    Args:
        sheet: what it should hold.
        headers: its columns; more than the sheet declares where months stand across.
        cells: the values by header, dates as serial numbers, None for blank.
        helpers: computed columns after them.
    """

    sheet: Sheet
    headers: list[str]
    cells: dict[str, np.ndarray]
    helpers: list[Helper] = field(default_factory=list)
    _columns: dict[str, Term] = field(default_factory=dict)

    @classmethod
    def of(cls, sheet: Sheet, frame: "pd.DataFrame") -> "Table":
        """From a frame whose columns carry the sheet's headers; one of fewer than two rows gets blank ones.

        A table of one row is taken for a single cell by some programs.
        """
        cells = {str(name): as_cells(frame[name]) for name in frame.columns}
        blank = np.full(max(2 - len(frame), 0), None, dtype=object)
        if blank.size:
            cells = {name: np.concatenate([column.astype(object), blank]) for name, column in cells.items()}
        return cls(sheet, list(cells), cells)

    @property
    def name(self) -> str:
        """Of the page it stands on."""
        return self.sheet.name

    @property
    def called(self) -> str:
        """What formulas call it."""
        return self.sheet.called or self.sheet.name

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return len(next(iter(self.cells.values())))

    def column(self, header: str) -> Term:
        """A column as a range."""
        if header not in self._columns:
            helper = next((h.values for h in self.helpers if h.header == header), None)
            values = self.cells[header] if helper is None else helper
            self._columns[header] = Term(f"{self.called}[{header}]", values, True)
        return self._columns[header]

    def here(self, header: str) -> str:
        """A column's cell in the same row, for the formula of a helper."""
        return f"{self.called}[[#This Row],[{header}]]"

    def numbers(self, header: str) -> Term:
        """A column's numbers, anything else as 0: for sums of products."""
        return amounts(self.column(header))

    def add(
        self, header: str, formula: str, values: Sequence[Any] | np.ndarray, unit: Unit, array: bool = False
    ) -> Term:
        """Add a computed column."""
        column = np.empty(self.rows, dtype=object)
        column[:] = values.tolist() if isinstance(values, np.ndarray) else list(values)
        self.helpers.append(Helper(header, formula, column, unit, array))
        return self.column(header)


def as_cells(column: Any) -> np.ndarray:
    """A frame's column as a spreadsheet holds it: floats, texts, booleans, serial dates and None."""
    if getattr(column.dtype, "kind", "O") in "iufb":
        values = column.to_numpy()
        if values.dtype.kind == "b":
            return np.asarray(values, dtype=object)
        known = values.astype(float)
        cells: np.ndarray = known.astype(object)
        cells[~np.isfinite(known)] = None
        return cells
    if getattr(column.dtype, "kind", "O") == "M":
        moments = column.to_numpy().astype("datetime64[ms]")
        days = moments.astype(np.int64) / 86_400_000 + 25569
        cells = np.where(days == np.floor(days), np.floor(days), np.round(days, 9)).astype(object)
        cells[np.isnat(moments)] = None
        return cells
    cells = column.to_numpy(dtype=object, copy=True)
    cells[column.isna().to_numpy()] = None
    if not set(map(type, cells)) <= {str, type(None)}:
        cells[:] = [_cell(value) for value in cells]
    return cells


def _cell(value: Any) -> Any:
    if value is None or value != value:
        return None
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, date | datetime):
        return serial(value)
    if isinstance(value, bool | str):
        return value
    return float(value)


def as_numbers(cells: np.ndarray) -> np.ndarray:
    """The numbers of a column, NaN elsewhere; text and booleans are no numbers."""
    return Term("", cells).numbers


def amounts(column: Term) -> Term:
    """A range's numbers, anything else as 0; ISNUMBER is not elementwise in every program."""
    return Term(f'IF(({column.text}<9E307)*({column.text}<>""),{column.text},0)', np.nan_to_num(column.numbers), True)


def numbers_of(table: Table, header: str) -> Term:
    """A computed column that holds numbers in every row, for sums of products."""
    column = table.column(header)
    return Term(column.text, column.value.astype(float), True)


def _matches(column: Term, sign: str, wanted: Any) -> np.ndarray:
    if isinstance(wanted, str):
        return np.asarray(column.folded == wanted.lower())
    numbers = column.numbers
    with np.errstate(invalid="ignore"):
        compare = {
            "=": np.equal,
            ">": np.greater,
            ">=": np.greater_equal,
            "<": np.less,
            "<=": np.less_equal,
        }[sign]
        return np.asarray(compare(numbers, np.nan if wanted is None else float(wanted)) & ~np.isnan(numbers))


Condition = tuple[Term, str, Any]


def _criteria(conditions: Sequence[Condition]) -> tuple[str, np.ndarray]:
    words, rows = [], None
    for column, sign, wanted in conditions:
        asked = term(wanted)
        literal = not isinstance(wanted, Term)
        if sign == "=":
            words.append(f"{column.text},{asked.text}")
        else:
            words.append(f'{column.text},"{sign}{asked.text}"' if literal else f'{column.text},"{sign}"&{asked.text}')
        hit = _matches(column, sign, asked.value)
        rows = hit if rows is None else rows & hit
    return ",".join(words), np.asarray(rows)


def countifs(*conditions: Condition) -> Term:
    """COUNTIFS: how many rows meet every condition, each a column, a sign and what it is compared with."""
    words, rows = _criteria(conditions)
    return Term(f"COUNTIFS({words})", int(rows.sum()))


def sumifs(column: Term, *conditions: Condition) -> Term:
    """SUMIFS: the numbers of a column in the rows that meet every condition."""
    words, rows = _criteria(conditions)
    return Term(f"SUMIFS({column.text},{words})", float(np.round(np.nansum(column.numbers[rows]), 9)))


def months_of(table: Table, header: str) -> np.ndarray:
    """Year × 12 + month of a date column, NaN where there is no date."""
    return np.asarray(month_number(as_numbers(table.cells[header])))


def month_key(header: str) -> int | None:
    """Year × 12 + month of a header such as 2026-09."""
    year, _, month = header.partition("-")
    is_month = len(year) == 4 and len(month) == 2 and (year + month).isdigit() and 1 <= int(month) <= 12
    return int(year) * 12 + int(month) if is_month else None


def is_text(unit: Unit) -> bool:
    """Whether a column holds words."""
    return unit is TEXT

"""A frame of any kind behind one small face: its columns, what they could be used for, and some of their rows."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from importlib.util import find_spec
from itertools import zip_longest
from typing import Any, TypeVar

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from csmetrics_core.declaration.kinds import Kind, Number
from csmetrics_core.errors import WrongKind, WrongShape
from csmetrics_core.intake.cells import read
from csmetrics_core.intake.column import Drops
from csmetrics_core.intake.spans import is_over, reach
from csmetrics_core.maths.periods import index_of

Rows = NDArray[np.int64] | slice | None
_Made = TypeVar("_Made")
BLANK = "(blank)"
#: Marks a row whose date is missing.
NO_MONTH = np.iinfo(np.int32).min
_LOOKED_AT = 1000
#: How a frame of another library becomes one of pandas or Polars: the panel does it once, and so does its code.
_FETCHED = {
    "polars": "collect", "duckdb": "df", "pyarrow": "to_pandas", "ibis": "to_pandas", "pyspark": "toPandas",
    "pyspark[connect]": "toPandas", "sqlframe": "toPandas", "dask": "compute",
}  # fmt: skip
_MOST_SEGMENTS = 50
_NESTED = (list, tuple, dict, set, np.ndarray)
_GIVE = "Give a pandas or Polars frame; read_table(path) makes one of a file."


class Frame:
    """A pandas or Polars frame, or one of another library that Narwhals knows, fetched into one of them.

    Args:
        native: the frame.
        name: what the code calls it.
        origin: Python source that makes it, where a notebook does not hold it already.

    Raises:
        WrongKind: it is no frame.
        WrongShape: two columns have one name.
    """

    def __init__(self, native: Any, name: str = "df", origin: str = "") -> None:
        try:
            table = nw.from_native(native)
        except TypeError:
            problem = f"data is a {type(native).__name__}"
            raise WrongKind(problem, _GIVE, argument="data") from None
        except nw.exceptions.DuplicateError:
            raise _twice(list(native.columns)) from None
        fetch = _FETCHED.get(table.implementation.value, "collect")
        if isinstance(table, nw.LazyFrame) or fetch == _FETCHED["pyarrow"]:
            held = re.sub(r"\W+", "_", name).strip("_") + "_rows"
            native, origin = getattr(native, fetch)(), f"{origin}\n{held} = {name}.{fetch}()".lstrip()
            table, name = nw.from_native(native, eager_only=True), held
        self.table = table
        self.native = native
        self.name = name
        self.origin = origin
        labels = list(self.table.columns)
        # A heading that cannot be seen is shown as a spreadsheet would name it.
        names = [str(label) if str(label).strip() else f"Column{i + 1}" for i, label in enumerate(labels)]
        if len(set(names)) < len(names):
            raise _twice(names)
        self.labels: dict[str, Any] = dict(zip(names, labels, strict=True))
        self._places = {text: place for place, text in enumerate(names)}
        self._kept: dict[tuple[str, str], Any] = {}

    def __len__(self) -> int:
        return len(self.table)

    def __bool__(self) -> bool:
        return True  # one without rows is a frame too

    def __iter__(self) -> Iterator[str]:
        return iter(self.labels)

    def __contains__(self, column: object) -> bool:
        return column in self.labels

    @cached_property
    def kind(self) -> str:
        """The library it comes from, such as pandas."""
        return self.table.implementation.value if hasattr(self.table.implementation, "value") else "pandas"

    def column(self, name: str, rows: Rows = None) -> Any:
        """A column, or some of its rows, as the library's own Series."""
        return self.series(name, rows).to_native()

    def series(self, name: str, rows: Rows = None) -> Any:
        """A column, or some of its rows, as Narwhals sees it."""
        series = self.table[:, self._places[name]]  # a heading can be a number, which would mean a row
        return series if rows is None else series[rows]

    def place(self, name: str) -> int:
        """Where a column stands, from 0."""
        return self._places[name]

    def block(self, names: tuple[str, ...], rows: Rows = None) -> list[list[Any]]:
        """Columns side by side, as rows of cells."""
        cells = [self.series(name, rows).to_list() for name in names]
        return [list(row) for row in zip(*cells, strict=True)]

    def rows(self, rows: Rows) -> Any:
        """Some rows, as a frame of the library."""
        return self.native if rows is None else self.table[rows].to_native()

    def sample(self, name: str) -> list[Any]:
        """Cells that are there, from all over a column."""

        def make() -> list[Any]:
            series = self.series(name)
            if len(series) > _LOOKED_AT:
                series = series[np.linspace(0, len(series) - 1, _LOOKED_AT).astype(np.int64)]
            return [value for value in series.to_list() if not _is_blank(value)]

        return self._once("sample", name, make)

    def fitting(self, kind: Kind) -> list[str]:
        """The columns that could hold values of a kind."""
        return [name for name in self if _fits(kind, self._is_date(name), self.sample(name))]

    def dates(self) -> list[str]:
        """The columns that hold dates."""
        return [name for name in self if self._is_date(name)]

    def dates_as_text(self) -> list[str]:
        """The columns of text that most likely are meant as dates."""
        return [name for name in self if _mostly_true(map(looks_like_a_date, self.sample(name)))]

    def segments(self) -> list[str]:
        """The columns that put rows into a few groups."""
        return [name for name in self if self._groups(name)]

    def values(self, name: str) -> list[str]:
        """The groups of a column, as text."""
        return self._coded(name)[1]

    def in_segment(self, name: str, value: str) -> NDArray[np.bool_]:
        """Which rows belong to a group."""
        codes, labels = self._coded(name)
        return np.asarray(codes == labels.index(value))

    def months(self, name: str) -> NDArray[np.int64]:
        """The month of each row, counted from January 1970; NO_MONTH where there is no date."""

        def make() -> NDArray[np.int64]:
            days = read(self.column(name), name, "day").values
            known = ~np.isnan(days)
            if known.all():
                return index_of(days.astype(np.int64), "month")
            months = np.full(len(self), NO_MONTH, dtype=np.int64)
            months[: days.size][known] = index_of(days[known].astype(np.int64), "month")
            return months

        return self._once("months", name, make)

    def is_over(self, name: str, end: int) -> bool:
        """Whether the dates of a column reach to the end of a month, counted from January 1970, and it has come."""

        def make() -> tuple[int, int]:
            days = read(self.column(name), name, "day").values
            return reach(np.unique(days[~np.isnan(days)].astype(np.int64)))

        return is_over(self._once("reach", name, make), end)

    def last_day(self, name: str) -> int:
        """The last day of a column of dates, counted from January 1970."""
        return int(np.nanmax(read(self.column(name), name, "day").values))

    def by_month(self, name: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The rows in the order of their months, and those months."""

        def make() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
            months = self.months(name)
            order = np.argsort(months.astype(np.int32), kind="stable")
            return order, months[order]

        return self._once("by month", name, make)

    def numbered(self, name: str) -> NDArray[np.int64] | None:
        """A number for each thing of a column, cheaper to tell apart than its text; None where some are blank."""
        if self._holds_flags(name):  # no thing is called yes or no: the metric says so
            return None
        codes, labels = self._coded(name)
        return None if BLANK in labels else codes

    def _coded(self, name: str) -> tuple[NDArray[np.int64], list[str]]:
        """The group of each row by number, and the names of the groups; a blank is a group of its own."""

        def make() -> tuple[NDArray[np.int64], list[str]]:
            column = self.series(name).to_list() if self._holds_flags(name) else self.column(name)
            found = self._told_apart(name, _quickly_numbered(column))
            codes = np.full(len(self), -1, dtype=np.int64)
            called = [str(label) for label in found.labels]
            labels = list(dict.fromkeys(called))  # 1 and "1" are one name on the screen
            place = np.array([*map(labels.index, called), -1])  # the last is a blank's
            codes[: len(found.values)] = place[found.values] if len(labels) < len(called) else found.values
            if (codes < 0).any():
                codes[codes < 0] = len(labels)
                labels.append(BLANK)
            return codes, labels

        return self._once("coded", name, make)

    def cells(self, name: str, value: str) -> list[Any]:
        """The different cells that make a group; missing ones are none."""

        def make() -> dict[str, list[Any]]:
            distinct = [getattr(c, "item", lambda c=c: c)() for c in self.series(name).unique().to_list()]
            distinct = [cell for cell in distinct if not _is_missing(cell)]
            found = self._told_apart(name, distinct)
            labels = [*map(str, found.labels), BLANK]
            groups: dict[str, list[Any]] = {}
            for cell, code in zip_longest(distinct, found.values.tolist(), fillvalue=-1):
                groups.setdefault(labels[code], []).append(cell)
            return groups

        return list(self._once("cells", name, make).get(value, []))

    def _told_apart(self, name: str, cells: Any) -> Any:
        """Cells by the group they belong to; yes and no are groups too, although no metric takes them for things."""
        if self._holds_flags(name):
            cells = [str(bool(cell)) if isinstance(cell, bool | np.bool_) else cell for cell in cells]
        return read(cells, name, "id")

    def _holds_flags(self, name: str) -> bool:
        cells = self.sample(name)
        return bool(cells) and all(isinstance(cell, bool | np.bool_) for cell in cells)

    def _groups(self, name: str) -> bool:
        cells = self.sample(name)
        if any(isinstance(cell, _NESTED) for cell in cells):
            return False
        if not cells or self._is_date(name) or any(isinstance(c, float) and not c.is_integer() for c in cells):
            return False
        distinct = len(set(map(str, cells)))
        return distinct <= min(_MOST_SEGMENTS, max(2, len(cells) // 2))

    def _is_date(self, name: str) -> bool:
        def make() -> bool:
            if self.series(name).dtype.is_temporal():
                return True
            cells = self.sample(name)
            return bool(cells) and 2 * sum(hasattr(cell, "toordinal") for cell in cells) > len(cells)

        return bool(self._once("is date", name, make))

    def _once(self, what: str, name: str, make: Callable[[], _Made]) -> _Made:
        if (what, name) not in self._kept:
            self._kept[what, name] = make()
        kept: _Made = self._kept[what, name]
        return kept


def looks_like_a_date(cell: Any) -> bool:
    """Whether a cell is text that begins with an ISO date."""
    return isinstance(cell, str) and bool(re.match(r"\d{4}-\d{2}-\d{2}([ T]|$)", cell))


def _twice(names: list[Any]) -> WrongShape:
    name = Counter(map(str, names)).most_common(1)[0][0]
    return WrongShape(f"two columns are called {name!r}", "Rename one of them.", argument="data")


def short(name: str, longest: int = 60) -> str:
    """A name, not longer than its place is wide."""
    return name if len(name) <= longest else name[: longest - 1] + "…"


def _quickly_numbered(column: Any) -> Any:
    """A Polars column of text in the form whose distinct values are found fastest."""
    if type(column).__module__.startswith("polars") and hasattr(column, "to_pandas"):
        import polars as pl

        if column.dtype == pl.String and find_spec("pyarrow"):
            import pandas as pd

            # From a NumPy array: of a series, pandas before 3 would spell a blank "None".
            return pd.Series(column.to_arrow().to_pandas().to_numpy(), dtype="str")
    return column.to_list() if hasattr(column, "to_list") and str(column.dtype) == "object" else column


def _is_missing(value: Any) -> bool:
    return value is None or type(value).__name__ == "NAType" or bool(value != value)


def _is_blank(value: Any) -> bool:
    if isinstance(value, str):
        return not value.strip()
    return not isinstance(value, _NESTED) and _is_missing(value)


def _fits(kind: Kind, is_date: bool, cells: list[Any]) -> bool:
    """Whether most of the cells are what a kind asks for."""
    if not cells or kind.reading == "raw" or is_date or kind.is_date:
        return is_date and kind.is_date
    if kind.reading == "text":
        return 2 * sum(isinstance(cell, str) for cell in cells) > len(cells)
    found = read(cells, "", kind.reading)
    if _mostly(found.drops, cells):
        return False
    if kind.reading == "id":
        return not any(isinstance(cell, float) and not cell.is_integer() for cell in cells)
    numbers = found.values[~np.isnan(found.values)]
    known = kind if not isinstance(kind, Number) or not isinstance(kind.high, str) else Number(kind.low)
    return bool(2 * int(known.refused(numbers).sum()) <= numbers.size)


def _mostly_true(found: Iterable[bool]) -> bool:
    found = list(found)
    return 2 * sum(found) > len(found)


def _mostly(drops: Drops, cells: list[Any]) -> bool:
    return 2 * len(drops.where) > len(cells)

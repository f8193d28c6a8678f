"""What callers hand over, made ready: any engine's frame, and pandas columns whose type says too little."""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, time, timedelta
from decimal import Decimal
from numbers import Number
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import narwhals as nw
from narwhals.exceptions import DuplicateError

from csmetrics_core.errors import (
    CELL_ERRORS,
    ErrorInCell,
    MetricError,
    WrongCall,
    WrongKind,
    WrongShape,
    show,
    stored_as_text,
    wrong_kind,
)
from csmetrics_core.intake.conversions import CONVERT, NUMBER_AS_TEXT

_ENGINES = ("_duckdb", "duckdb", "ibis", "narwhals", "polars", "py4j", "pyarrow", "pyspark", "sqlglot")


# What engines write where they lack something.
_LACKS = {
    "room": ("no space", "disk", "temp_directory", "offload", "could not write"),
    "memory": ("memory",),
    "text": ("csv", "sniffing"),
    "a plain name": ("qualified name",),  # DuckDB before 2, of a name with a quotation mark
}
_FIXES = {
    "": "Check that the files are whole and that the engine can read them by itself.",
    "text": "Check that the files are whole and that the engine can read them by itself.",
    "room": "Give a folder with more room for what does not fit in memory.",
    "memory": "Give the engine more memory, or a folder with room to spill.",
    "a plain name": "Rename the column.",
}


class EngineFailed(MetricError):
    """The engine could not read the table, or had no room for it.

    Args:
        lacks: "room" on the disk, "memory", a readable "text" file or "a plain name"; empty where nothing tells.
    """

    def __init__(self, problem: str, fix: str = "", lacks: str = "") -> None:
        super().__init__(problem, fix)
        self.lacks = lacks


class Mixed(nw.Object):
    """The type of a column of dates that also holds something else, or dates that do not go together."""

    __slots__ = ("_stranger",)

    def __init__(self, stranger: Any) -> None:
        self._stranger = stranger

    def __repr__(self) -> str:
        return "dates of several kinds" if self._stranger is None else f"dates beside {show(self._stranger)}"


def no_rows() -> WrongShape:
    """The error for a table without rows."""
    return WrongShape("the table is empty", "Give at least one row.")


def engine_failed(error: Exception) -> EngineFailed | None:
    """An engine's own error as one of ours, or None where it is none of an engine."""
    if type(error).__module__.split(".")[0] not in _ENGINES:
        return None
    lines = str(error).strip().splitlines() or [type(error).__name__]
    # Spark's first line only says where in its own code it was; the last cause is what happened.
    words = next((line for line in reversed(lines) if "SparkException" in line), lines[0]).strip()[:300]
    if "CSV" in words:
        words = f"{words.rstrip('.')}, {_csv_details(lines)}"
    lacks = next((what for what, signs in _LACKS.items() if any(sign in words.lower() for sign in signs)), "")
    return EngineFailed(f"the engine failed: {words.rstrip('.')}", _FIXES[lacks], lacks)


@contextmanager
def engine_heard() -> Iterator[None]:
    """An engine's own error, raised meanwhile, becomes one of ours."""
    try:
        yield
    except Exception as error:
        if (failed := engine_failed(error)) is None:
            raise
        raise failed from error


def _csv_details(lines: Sequence[str]) -> str:
    """What DuckDB says further down about a text file it cannot read: the file, and what is wrong with the line."""
    wrong = next((line for line in lines if line.startswith(("Error when conv", "Expected", "Invalid unicode"))), "")
    file = next((line.partition("=")[2].strip() for line in lines if line.strip().startswith("file =")), "")
    return ", ".join(filter(None, (file, wrong.strip()))) or "no table"


def wrapped(frame: Any) -> nw.DataFrame | nw.LazyFrame:
    """A frame of any engine; a pandas frame gets types that say what its columns hold.

    Raises:
        WrongCall: no frame that Narwhals reads.
        WrongShape: two columns have one name.
    """
    try:
        found: nw.DataFrame | nw.LazyFrame = nw.from_native(frame)
        if found.implementation is nw.Implementation.PANDAS:
            found = nw.from_native(readable(frame))
        found.collect_schema()
    except TypeError:
        problem = f"{type(frame).__name__} is no table"
        raise WrongCall(problem, "Give a pandas, Polars, PyArrow, DuckDB, PySpark or Ibis table.") from None
    except DuplicateError as error:
        twice = " ".join(str(error).split())
        raise WrongShape(f"two columns have the same name: {twice}", "Rename one of them.") from None
    except Exception as error:
        if (failed := engine_failed(error)) is None:
            raise
        raise failed from error
    return found


def readable(frame: Any) -> Any:
    """A pandas frame with text for column names and columns of the types they would have in a file."""
    import pandas

    if not all(isinstance(name, str) for name in frame.columns):
        names = [" ".join(map(str, name)) if isinstance(name, tuple) else str(name) for name in frame.columns]
        frame = frame.set_axis(names, axis="columns")
    changed = {}
    for name, kind in frame.dtypes.items():
        column = frame[name]
        if isinstance(kind, pandas.ArrowDtype) and kind.kind not in "biuf":
            changed[name] = column = pandas.Series(column.array.__arrow_array__().to_pandas().array, column.index)
        if isinstance(column.dtype, pandas.DatetimeTZDtype):
            changed[name] = column.dt.tz_convert("UTC")  # the same moments; Narwhals does not know every zone
        elif isinstance(column.dtype, pandas.PeriodDtype):
            changed[name] = column.dt.to_timestamp()
        elif column.dtype.kind == "O":
            changed[name] = _from_objects(column)
    return frame.assign(**changed) if changed else frame


def _from_objects(column: Any) -> Any:
    """A column of Python values as dates or numbers, where all of them are that."""
    import pandas

    first = _first(column) if column.dtype.kind == "O" else None
    wanted = {date: date, Decimal: (Decimal, int, float)}
    if isinstance(first, pandas.Period):
        return _from_periods(column)
    kinds = next((kinds for kind, kinds in wanted.items() if isinstance(first, kind)), None)
    if kinds is None or _stranger(column, kinds) is not None:
        return column
    try:
        return pandas.to_datetime(column) if kinds is date else column.astype("float64")
    except (TypeError, ValueError):  # days beyond the calendar, times of several zones
        return column


def _from_periods(column: Any) -> Any:
    """Periods among Python values, as their first day."""
    import pandas

    if _stranger(column, pandas.Period) is not None:
        return column
    return column.map(lambda one: one.to_timestamp(), na_action="ignore").astype("datetime64[s]")


def _stranger(column: Any, kinds: Any) -> Any:
    """The first value that is none of some kinds; None where there is none."""
    return next((value for value in column[column.notna()] if not isinstance(value, kinds)), None)


def numbers_only(frame: Any, name: str) -> Any:
    """A pandas frame without the words in a column of scores.

    Raises:
        ErrorInCell: a cell holds a spreadsheet's error.
        WrongKind: a cell among numbers holds one as text, as in a range.
    """
    cells = frame[name]
    failed = cells.isin(CELL_ERRORS).to_numpy()
    if failed.any():
        place = int(failed.argmax())
        raise ErrorInCell(cells.array[place], name, place)
    typed = cells.map(lambda cell: isinstance(cell, str) and CONVERT["number"](cell) == NUMBER_AS_TEXT).to_numpy(bool)
    if typed.any():
        place = int(typed.argmax())
        raise stored_as_text(name, place, cells.array[place], int(typed.sum()))
    is_number = cells.map(lambda cell: isinstance(cell, Number) and not isinstance(cell, bool))
    return frame.assign(**{name: cells.where(is_number).astype("float64")})


def _first(column: Any) -> Any:
    """The first value that is there; None where all are blank."""
    known = column.notna().to_numpy()
    return column.array[int(known.argmax())] if known.any() else None


def schema_of(frame: nw.DataFrame | nw.LazyFrame) -> dict[str, Any]:
    """The columns and their types; pandas columns of objects are looked into."""
    schema: dict[str, Any] = dict(frame.collect_schema())
    if frame.implementation is nw.Implementation.PANDAS:
        native = frame.to_native()
        for name in [n for n, kind in native.dtypes.items() if kind.kind == "O"]:
            first = _first(native[name])
            if first is None:
                schema[name] = nw.Unknown()
            elif isinstance(first, date):
                schema[name] = Mixed(_stranger(native[name], date))
            elif isinstance(first, time | timedelta | bytes):
                schema[name] = nw.Binary() if isinstance(first, bytes) else nw.Time()
            elif not isinstance(first, Hashable):
                schema[name] = nw.List(nw.Unknown)
    return schema


def is_empty(frame: nw.DataFrame | nw.LazyFrame) -> bool:
    """Whether a table has no rows; asked only of one that is refused."""
    with engine_heard():
        rows = frame.head(1)
        return len(rows.collect() if isinstance(rows, nw.LazyFrame) else rows) == 0


def known_time_zone(name: str) -> str:
    """A time zone's name, after a look whether there is such a zone."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        if name != "UTC":
            raise wrong_kind("time_zone", None, name, "the name of a zone, such as 'Europe/Berlin'") from None
    return name


def one_of(argument: str, given: Any, choices: Sequence[str]) -> None:
    """Refuse a word that is none of the choices."""
    if given not in choices:
        raise wrong_kind(argument, None, given, f"one of {', '.join(choices)}")


def names_of(argument: str, given: Any) -> tuple[str, ...]:
    """Names of columns; one alone may be given as it is."""
    names = (given,) if isinstance(given, str) else () if given is None else given
    if isinstance(names, dict) or not isinstance(names, Iterable) or not all(isinstance(name, str) for name in names):
        raise wrong_kind(argument, None, given, "names of columns", f"Give a list, such as {argument}=['segment'].")
    return tuple(dict.fromkeys(names))


def values_like(argument: str, given: Any, is_text: bool) -> list[Any]:
    """Values to be looked up in a column, of the kind the column holds."""
    if isinstance(given, str | bytes):
        raise WrongKind(f"{argument} is one text", f"Give a list: {argument}=[{given!r}].", argument=argument)
    values = list(given)
    for place, value in enumerate(values):
        if isinstance(value, str) is not is_text:
            raise wrong_kind(
                argument, place, value, "text, as in the column" if is_text else "a number, as in the column"
            )
    return values


def only(frame: Any, names: Sequence[str]) -> Any:
    """Some columns of a frame of any engine."""
    return nw.to_native(nw.from_native(frame).select(*names))

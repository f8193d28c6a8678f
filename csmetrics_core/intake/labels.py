"""Labels of rows: columns of one call are paired by them, and a result keeps them and the caller's own kind."""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import NoneType
from typing import Any

import numpy as np

from csmetrics_core.declaration.spec import Argument, Metric, Role
from csmetrics_core.errors import WrongShape

#: What carries neither labels nor columns, and makes results NumPy arrays and pandas frames.
PLAIN = frozenset((list, tuple, str, int, float, bool, NoneType, np.ndarray))
_BY_POSITION = "Give columns of one frame, or .to_numpy() of each to pair them by position."


@dataclass(slots=True)
class Host:
    """What the caller gave, for the result to be like it.

    Args:
        package: "pandas", "polars" or "pyarrow".
        index: the labels of the rows of a broadcast, where there are any.
    """

    package: str
    index: Any = None
    is_column: bool = False  # whether what makes one result an element is a column of that package

    def column(self, values: np.ndarray, name: str) -> Any:
        """One result an element, as a column of the caller's kind; a value that does not exist is missing in it."""
        if not self.is_column or values.ndim != 1:
            return values
        if self.package == "pandas":
            return sys.modules["pandas"].Series(values, index=self.index, name=name)
        if self.package == "polars":
            return sys.modules["polars"].Series(name, nulls(values))
        return sys.modules["pyarrow"].array(values, from_pandas=True)


def small_frame(package: str, columns: Mapping[str, Any]) -> Any:
    """A small result as a frame of a kind; a value that does not exist is missing in it."""
    if package == "polars":
        import polars

        return polars.DataFrame({name: nulls(values) for name, values in columns.items()})
    if package == "pyarrow":
        import pyarrow

        return pyarrow.table({name: pyarrow.array(values, from_pandas=True) for name, values in columns.items()})
    import pandas

    return pandas.DataFrame(dict(columns))


def nulls(values: Any) -> Any:
    """Numbers with None for NaN, for a package that tells them apart."""
    if isinstance(values, np.ndarray) and values.dtype.kind == "f":
        return [None if value != value else value for value in values.tolist()]
    return values


def by_label(metric: Metric, given: dict[str, Any]) -> Host | None:
    """Pair what belongs together by its labels, in place; say what kind the result takes.

    Raises:
        WrongShape: labels that differ or come twice, or several columns given as one range.
    """
    roles = metric.roles
    for argument in (*roles.reduced, *roles.aligned, *roles.each, *roles.per_column):
        given[argument.name] = _one_column(argument, given[argument.name])
    index = _paired(given, [a.name for a in roles.each])
    for group in {a.group: None for a in roles.aligned}:
        _paired(given, [a.name for a in roles.aligned if a.group == group])
    if roles.block:
        index = _of_block(given, roles.block[0].name, [a.name for a in roles.per_column])
    if metric.rest and any(a.kind.reading == "id" for a in roles.raw):
        _paired_with_the_rest(metric, given)
    each = [given[a.name] for a in (*roles.each, *roles.block) if _package(given[a.name])]
    kinds = filter(None, map(_package, (*each, *given.values())))
    package = next(kinds, "")
    return Host(package, index, bool(each)) if package else None


def _package(value: Any) -> str:
    """The package a column or frame is of; nothing for any other value."""
    package = type(value).__module__.partition(".")[0]
    return package if package in ("pandas", "polars", "pyarrow") and hasattr(value, "__len__") else ""


def _one_column(argument: Argument, value: Any) -> Any:
    """A frame of one column as that column; one of several is refused with their names."""
    if type(value) in PLAIN or (names := columns_of(value)) is None:
        return value
    if len(names) == 1 and (package := _package(value)):
        return value.iloc[:, 0] if package == "pandas" else value[names[0]]
    problem = f"{argument.name} is a table with the columns {', '.join(map(str, names))}"
    fix = "Give one of its columns, or the whole table to the function of this name in csmetrics_core.tables."
    raise WrongShape(problem, fix, argument=argument.name)


def columns_of(value: Any) -> list[Any] | None:
    """The names of a table's columns; None for what is no table."""
    if hasattr(value, "collect_schema"):  # Polars, whose lazy frames warn when asked otherwise
        return list(value.collect_schema().names())
    names = getattr(value, "column_names", None)
    names = getattr(value, "columns", None) if names is None else names
    return None if names is None or callable(names) else list(names)


def _labels(value: Any) -> Any:
    """The labels of a pandas Series or frame; None for anything else."""
    return value.index if hasattr(value, "reindex") and hasattr(value, "iloc") else None


def _paired(given: dict[str, Any], names: Iterable[str]) -> Any:
    """Bring columns into the order of the first one that has labels, which are given back."""
    labelled = {name: labels for name in names if (labels := _labels(given.get(name))) is not None}
    if not labelled:
        return None
    told = {name: labels for name, labels in labelled.items() if not _only_counts(labels)}
    if any(_is_reordered_count(labels) for labels in told.values()):
        told = labelled  # a column of the same frame was sorted
    first, wanted = next(iter((told or labelled).items()))
    for name, labels in told.items():
        if name != first:
            _refuse_unpaired(first, wanted, name, labels)
            given[name] = given[name] if labels.equals(wanted) else given[name].reindex(wanted)
    return wanted


def _only_counts(labels: Any) -> bool:
    """Whether labels are nothing but 0, 1, 2 and so on, which every frame has at first."""
    return bool(labels.equals(sys.modules["pandas"].RangeIndex(len(labels))))


def _is_reordered_count(labels: Any) -> bool:
    return labels.dtype.kind == "i" and labels.is_unique and _only_counts(labels.sort_values())


def _refuse_unpaired(first: str, wanted: Any, name: str, labels: Any) -> None:
    """Labels that come twice, or are there in one column only, pair nothing."""
    for which, ones in ((first, wanted), (name, labels)):
        if not ones.is_unique:
            twice = ones[ones.duplicated()][0]
            problem = (
                f"{which} has the label {twice!r} more than once, which pairs no row of {first} with one of {name}"
            )
            raise WrongShape(problem, _BY_POSITION, argument=which)
    for here, there, ones, others in ((first, name, wanted, labels), (name, first, labels, wanted)):
        alone = ones[~ones.isin(others)]
        if len(alone):
            problem = f"{first} and {name} have different labels: {alone[0]!r} is in {here}, not in {there}"
            raise WrongShape(problem, _BY_POSITION, argument=name)


def _of_block(given: dict[str, Any], block: str, per_column: Iterable[str]) -> Any:
    """The labels of a block's rows; what is said of its columns is put into their order."""
    frame = given[block]
    if _package(frame) == "pyarrow":
        given[block] = frame.to_pandas()
    names = columns_of(frame) if _labels(frame) is not None else None
    if names is not None:
        columns = sys.modules["pandas"].Series(names, index=names)
        for name in per_column:
            _paired(both := {block: columns, name: given[name]}, (block, name))
            given[name] = both[name]
    return _labels(frame)


def _paired_with_the_rest(metric: Metric, given: dict[str, Any]) -> None:
    """What a call is grouped by, and the arguments of the call that is grouped, are columns of one table."""
    rest = {f"argument {place + 1}": value for place, value in enumerate(given[metric.rest])}
    for argument in metric.arguments:
        if argument.role is Role.RAW and argument.kind.reading == "id":
            both = {argument.name: given[argument.name], **rest}
            _paired(both, both)
            given[argument.name] = both.pop(argument.name)
            given[metric.rest] = tuple(both.values())

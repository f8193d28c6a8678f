"""Dates that stand as text in a frame in memory, read by the rules of files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import narwhals as nw

from csmetrics_core.errors import WrongKind
from csmetrics_core.tables.schema import Role, exactly, look_for

if TYPE_CHECKING:
    from csmetrics_core.files.columns import Column, Kind

_FIX = "Convert the column to dates first, such as pandas.to_datetime(column, dayfirst=True)."


def with_dates(
    table: nw.DataFrame | nw.LazyFrame, roles: Sequence[Role], given: Mapping[str, str | None]
) -> nw.DataFrame | nw.LazyFrame:
    """A table whose columns of dates are dates; a plan of an engine stays as it is, which knows no rows yet.

    Args:
        table: any.
        roles: what is read from it.
        given: role -> column named by the caller.

    Raises:
        WrongKind: text that is no date, or can be read in two ways.
    """
    if isinstance(table, nw.LazyFrame):
        return table
    for role in roles:
        named = given.get(role.name)
        column = exactly(named, table.schema) if named is not None else look_for(role.name, table.schema)
        if role.holds not in ("date", "moment") or column is None or table.schema[column] != nw.String:
            continue
        read = _read(table, column, "month" if role.name == "month" else "day" if role.holds == "date" else "moment")
        if read.unread.any() and named is None and not role.needed:
            continue
        for problem in (*map(str, read.questions), *map(str, read.refused)):
            raise WrongKind(problem, _FIX, argument=role.name)
        backend = table.implementation
        dates = nw.new_series(column, read.values.to_numpy(), nw.Datetime("us"), backend=backend)
        table = table.with_columns(dates)
    return table


def _read(table: nw.DataFrame, column: str, kind: Kind) -> Column:
    from csmetrics_core.files.columns import read_column
    from csmetrics_core.files.saying import Place, Said

    return read_column(table[column].to_list(), kind, Place(heading=column, rows=range(1, len(table) + 1)), Said())

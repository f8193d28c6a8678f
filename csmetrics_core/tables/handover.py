"""Tables in memory handed to DuckDB and Spark, whose older versions want more than the new ones."""

from functools import cache
from typing import Any
from weakref import finalize


def in_duckdb(native: Any, in_pandas: bool, time_zone: str) -> Any:
    """A pandas frame or an Arrow table as a relation of DuckDB that reads moments in a time zone."""
    import duckdb

    connection = duckdb.connect()
    connection.execute(f"SET TimeZone = '{time_zone}'")
    return _living(connection.from_df(native) if in_pandas else connection.from_arrow(native), connection, native)


@cache
def _results() -> Any:
    """Where small results of DuckDB live: a new connection takes longer than most of them."""
    import duckdb

    return duckdb.connect()


def result_in_duckdb(table: Any) -> Any:
    """A small Arrow table as a relation of DuckDB."""
    connection = _results().cursor()
    return _living(connection.from_arrow(table), connection, table)


def _living(relation: Any, connection: Any, data: Any) -> Any:
    """A relation of DuckDB, whose connection lives as long as the data it reads: before 1.5 none keeps its own."""
    finalize(data, _let_go, connection).atexit = False
    return relation


def _let_go(_connection: Any) -> None:
    """Nothing more needs the connection."""


def in_spark(session: Any, table: Any) -> Any:
    """A small Arrow table as a frame of Spark, which before 4 takes none: as rows with their types."""
    if not session.version.startswith("3."):
        return session.createDataFrame(table)
    from pyspark.sql.pandas.types import from_arrow_schema

    rows = list(zip(*table.to_pydict().values(), strict=True))
    return session.createDataFrame(rows, from_arrow_schema(table.schema, prefer_timestamp_ntz=True))

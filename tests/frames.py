"""The same table on every engine, and any engine's result as plain columns."""

import os
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow as pa

ENGINES = ("pandas", "pandas by DuckDB", "Polars", "Polars lazy", "PyArrow", "DuckDB", "Ibis", "PySpark")


@lru_cache(maxsize=1)
def spark_session() -> Any:
    import warnings

    from pyspark.sql import SparkSession

    warnings.simplefilter("ignore")
    os.environ["PYSPARK_PYTHON"] = sys.executable
    builder = SparkSession.builder.master("local[2,3]").appName("csmetrics tests")
    for name, value in {
        "spark.ui.enabled": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "2",
        "spark.driver.memory": "1g",
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1",  # no plan here runs long enough to be optimized
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.log.level": "ERROR",
        "spark.sql.warehouse.dir": "/nonexistent",
    }.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


#: Before 1.5 a relation of DuckDB does not keep its connection.
_CONNECTIONS: deque[Any] = deque(maxlen=50)


def duckdb_connection() -> Any:
    """A connection with a clock of its own, which outlives what is read through it."""
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    _CONNECTIONS.append(connection)
    return connection


def on_engine(engine: str, table: pa.Table) -> Any:
    """A table as the frame of an engine."""
    if engine.startswith("pandas"):
        return table.to_pandas()
    if engine.startswith("Polars"):
        import polars as pl

        return pl.from_arrow(table).lazy() if engine.endswith("lazy") else pl.from_arrow(table)
    if engine == "DuckDB":
        return duckdb_connection().from_arrow(table)
    if engine == "Ibis":
        import ibis

        return ibis.memtable(table)
    return _in_spark(table) if engine == "PySpark" else table


def _in_spark(table: pa.Table) -> Any:
    """A frame of Spark, which before 4 takes no Arrow table: from rows, with moments on its session's clock."""
    if not spark_session().version.startswith("3."):
        return spark_session().createDataFrame(table)
    from pyspark.sql.pandas.types import from_arrow_schema

    kinds = [pa.timestamp("us", "UTC") if pa.types.is_timestamp(kind) else kind for kind in table.schema.types]
    typed = table.cast(pa.schema(list(zip(table.column_names, kinds, strict=True))))
    rows = list(zip(*typed.to_pydict().values(), strict=True))
    return spark_session().createDataFrame(rows, from_arrow_schema(typed.schema))


@contextmanager
def small_frames_go(engine: str) -> Iterator[None]:
    """Send small pandas frames through DuckDB as well, where that is what is tested."""
    from csmetrics_core.tables import engine as tables_engine

    before = tables_engine.SMALL
    tables_engine.SMALL = 0 if engine == "pandas by DuckDB" else before
    try:
        yield
    finally:
        tables_engine.SMALL = before


def plain(frame: Any) -> dict[str, list]:
    """Any result as columns of plain values; what is missing is None, dates are dates or datetimes."""
    if isinstance(frame, pd.DataFrame):  # whose older versions give moments as numbers otherwise
        return {str(name): [_value(v) for v in frame[name].tolist()] for name in frame}
    wrapped = nw.from_native(frame)
    columns = (wrapped.collect() if isinstance(wrapped, nw.LazyFrame) else wrapped).to_dict(as_series=False)
    return {name: [_value(v) for v in values] for name, values in columns.items()}


def plain_columns(columns: pd.DataFrame) -> dict[str, list]:
    """The result of an array function in the same form."""
    return {name: [_value(v) for v in columns[name].tolist()] for name in columns}


def _value(value: Any) -> Any:
    if value is None or value != value or value is pd.NaT:
        return None
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, pd.Timestamp):
        value = value.to_pydatetime()
    if hasattr(value, "hour"):
        return value.replace(tzinfo=None).isoformat().removesuffix("T00:00:00")
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else value

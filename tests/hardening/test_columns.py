"""Columns of every kind an engine knows, where words, numbers or dates belong: computed or refused, never a crash."""

import datetime as dt

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from csmetrics_core import nps, tables
from csmetrics_core.errors import MetricError

KIND = "Columns of strange kinds: structs, lists, dictionaries, maps, empty names"

CELLS = {
    "struct": pa.array([{"a": 10}, {"a": 2}, {"a": 10}]),
    "list": pa.array([[10], [2], [10]]),
    "fixed list": pa.array([[10], [2], [10]], pa.list_(pa.int64(), 1)),
    "map": pa.array([[("a", 10)], [("b", 2)], [("a", 10)]], type=pa.map_(pa.string(), pa.int64())),
    "binary": pa.array([b"10", b"2", b"10"]),
    "time": pa.array([dt.time(1), dt.time(2), dt.time(1)]),
    "duration": pa.array([dt.timedelta(1)] * 3),
}
PLAIN = {
    "dictionary": pa.array(["a", "b", "a"]).dictionary_encode(),
    "large": pa.array(["a", "b", "a"], pa.large_string()),
    "view": pa.array(["a", "b", "a"], pa.string_view()),
    "empty": pa.array(["", "b", ""]),
    "decimal": pa.array([1, 2, 1]).cast(pa.decimal128(25, 2)),
    "bool": pa.array([True, False, True]),
    "day": pa.array([dt.date(2026, 9, 1), dt.date(2026, 9, 2), dt.date(2026, 9, 1)]),
}
ENGINES = {
    "PyArrow": lambda table: table,
    "pandas": lambda table: table.to_pandas(),
    "pandas on Arrow": lambda table: table.to_pandas(types_mapper=pd.ArrowDtype),
    "Polars": pl.from_arrow,
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", CELLS)
def test_cells_of_several_parts_are_refused_as_answers_and_as_groups(kind, engine):
    as_group = pa.table({"nps": [10, 9, 9], "segment": CELLS[kind]})
    as_answer = pa.table({"nps": CELLS[kind], "segment": ["a", "b", "a"]})
    for table in (as_group, as_answer):
        with pytest.raises(MetricError, match=r"expected|nothing"):
            tables.survey(ENGINES[engine](table), "nps", ["segment"])


@pytest.mark.parametrize("kind", sorted(CELLS.keys() - {"binary"}))  # bytes of digits read as the number they spell
def test_in_a_call_such_a_column_gives_no_number(kind):
    column = CELLS[kind]
    for given in (column, pa.chunked_array([column]), pa.table({"x": column}).to_pandas()["x"], pl.from_arrow(column)):
        with pytest.raises(MetricError, match="nothing to use"):
            nps(given)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", PLAIN)
def test_other_kinds_are_groups_as_any(kind, engine):
    table = ENGINES[engine](pa.table({"nps": [10, 0, 9], "segment": PLAIN[kind]}))
    made = tables.survey(table, "nps", ["segment"])
    by = dict(zip(_column(made, "segment"), _column(made, "value"), strict=True))
    assert sorted(by.values()) == [-100.0, 100.0]


def _column(frame, name: str) -> list:
    column = frame[name]
    return column.to_pylist() if hasattr(column, "to_pylist") else column.to_list()


@pytest.mark.parametrize("engine", ENGINES)
def test_a_group_without_a_name_stands_beside_the_others(engine):
    table = pa.table({"nps": [10, 9, 0, 3], "segment": ["", "X", None, "Y"]})
    made = tables.survey(ENGINES[engine](table), "nps", ["segment"])
    assert [name or "" for name in _column(made, "segment") if name == name][:3] == ["", "X", "Y"]
    assert _column(made, "value") == [100.0, 100.0, -100.0, -100.0]

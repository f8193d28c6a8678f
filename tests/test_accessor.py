"""`df.csm.nps("Score", by=...)` is the function over tables; names, columns and help are those of it."""

import inspect
import subprocess
import sys
from inspect import signature

import pandas as pd
import polars as pl
import pytest

import csmetrics_core.accessor
from csmetrics_core import tables
from csmetrics_core.errors import WrongCall

FRAME = pd.DataFrame(
    {"Score": [10, 9, 0, 8], "Segment": ["A", "A", "B", "B"], "on": pd.to_datetime(["2026-01-05"] * 4)}
)


@pytest.mark.parametrize(
    "frame", [FRAME, pl.from_pandas(FRAME), pl.from_pandas(FRAME).lazy()], ids=["pandas", "Polars", "lazy"]
)
def test_a_metric_is_a_method_of_the_frame(frame):
    found = frame.csm.nps("Score", by=["Segment", "month"])
    names = found.collect_schema().names() if hasattr(found, "collect_schema") else list(found)
    assert names == ["Segment", "month", "value", "n", "low", "high", "dropped"]
    assert list(found["value"]) == list(frame.csm["Score"].nps(by=["Segment", "month"])["value"]) == [100, -50]


def test_names_columns_and_help_are_completed():
    assert dir(FRAME.csm) == dir(tables)
    assert FRAME.csm._ipython_key_completions_() == ["Score", "Segment", "on"]
    assert inspect.getdoc(FRAME.csm.nps) == inspect.getdoc(tables.nps)
    assert [*signature(FRAME.csm.nps).parameters] == [*signature(tables.nps).parameters][1:]
    assert [*signature(FRAME.csm["Score"].nps).parameters] == [*signature(tables.nps).parameters][2:]
    assert "Score, Segment, on" in repr(FRAME.csm)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("npss", "Did you mean nps"),
        ("csm_by", "over a table csm_by is called by"),
        ("csm_version", "it is about the catalogue, not about rows"),
    ],
)
def test_what_is_no_method_says_what_may_be_meant(name, words):
    with pytest.raises(AttributeError, match=words):
        getattr(FRAME.csm, name)
    assert not hasattr(FRAME.csm, "_anything")


def test_packages_loaded_later_have_it_and_none_is_loaded_for_it():
    code = (
        "import csmetrics_core.accessor, sys; print('pandas' in sys.modules, 'polars' in sys.modules);"
        "import pandas, polars; print(pandas.DataFrame({'s': [9]}).csm.nps('s').value[0]);"
        "print(polars.DataFrame({'s': [9]}).csm.nps('s')['value'][0])"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False", "100.0", "100.0"]


def test_the_panels_bring_it():
    code = "import csmetrics_panels, pandas; print(hasattr(pandas.DataFrame, 'csm'))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"
    assert csmetrics_core.accessor.NAME == "csm"


def test_the_first_value_by_place_is_the_metrics_first_argument():
    tickets = pd.DataFrame({"Contacts": [1, 2, 1, 1], "Channel": ["mail", "mail", "chat", "chat"]})
    found = tickets.csm.fcr_from_contacts("Contacts", by=["Channel"])
    assert found[["Channel", "value", "n"]].values.tolist() == [["chat", 1.0, 2], ["mail", 0.5, 2]]


def test_groups_given_twice_are_refused():
    paid = pd.DataFrame({"customer": ["a"], "month": ["2026-01"], "arr": [12], "plan": ["P"]})
    with pytest.raises(WrongCall, match="by is given twice"):
        paid.csm.arr_bridge(["plan"], by=["plan"])

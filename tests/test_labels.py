"""Rows are paired by their labels where they have them; a result keeps labels and the caller's kind."""

import random

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import csmetrics_core as csm
from csmetrics_core.declaration.catalog import CATALOG
from csmetrics_core.declaration.spec import Role
from csmetrics_core.errors import MetricError, WrongCall, WrongShape
from csmetrics_core.evaluate import evaluate

SCORES = pd.Series([10, 0, 9], index=["a", "b", "c"])


def paired_arguments(declared):
    """The arguments of the example that belong together row by row."""
    given = declared.examples[0].arguments
    names = [a.name for a in declared.arguments if a.role in (Role.ALIGNED, Role.EACH) and a.name in given]
    names = [n for n in names if isinstance(given[n], list)]
    groups = {declared.argument(n).group for n in names}
    return [[n for n in names if declared.argument(n).group == group] for group in groups]


@pytest.mark.parametrize("declared", CATALOG.values(), ids=lambda m: m.name)
def test_the_order_of_labelled_rows_does_not_matter(declared):
    given = dict(declared.examples[0].arguments)
    together = [names for names in paired_arguments(declared) if len(names) > 1]
    if not together:
        pytest.skip("nothing is paired")
    for names in together:
        labels = [f"row {i}" for i in range(len(given[names[0]]))]
        for name in names:
            shuffled = labels if name == names[0] else random.Random(name).sample(labels, len(labels))
            given[name] = pd.Series(given[name], index=labels, dtype=object).reindex(shuffled)
    expected, found = evaluate(declared, (), declared.examples[0].arguments), evaluate(declared, (), given)
    if isinstance(expected.value, dict):
        assert str(found.value) == str(expected.value)
    else:
        assert found.value == pytest.approx(expected.value, rel=1e-15)


def test_other_labels_and_repeated_ones_are_refused():
    with pytest.raises(WrongShape, match=r"scores and weights have different labels: 'c' is in scores, not in weights"):
        csm.nps(SCORES, pd.Series([1, 5, 1], index=["a", "b", "d"]))
    with pytest.raises(WrongShape, match="weights has the label 'b' more than once"):
        csm.nps(SCORES, pd.Series([1, 5, 1], index=["a", "b", "b"]))
    twice = pd.Series([10, 0, 9], index=["a", "a", "b"])
    with pytest.raises(WrongShape, match="scores has the label 'a' more than once"):
        csm.nps(twice, twice)
    assert csm.nps(twice) == pytest.approx(100 / 3)  # alone it pairs nothing


def test_a_count_of_rows_is_no_label():
    weights = pd.Series([1, 5, 1])
    assert csm.nps(SCORES, weights) == csm.nps(SCORES.to_numpy(), [1, 5, 1]) == pytest.approx(-300 / 7)
    # Sorted, the count tells where each row was: the column of the same frame is found again.
    assert csm.nps(pd.Series([10, 0, 9]), weights.sort_values()) == pytest.approx(-300 / 7)


def test_results_keep_labels_and_kind():
    lost, opening = pd.Series({"x": 1, "y": 2}), pd.Series({"y": 10, "x": 100})
    rates = csm.churn_rate(lost, opening)
    assert rates.to_dict() == {"x": 0.01, "y": 0.2}
    assert rates.name == "churn_rate"
    assert csm.health_band(pd.Series([10, 90], index=["A", "B"])).to_dict() == {"A": "red", "B": "green"}
    assert csm.churn_rate(pl.Series([1, 2]), pl.Series([100, 0])).to_list() == [0.01, None]
    assert csm.churn_rate(pa.array([1, 2]), [100, 0]).to_pylist() == [0.01, None]
    assert isinstance(csm.churn_rate([1, 2], [100, 10]), np.ndarray)
    assert isinstance(csm.nps_counts(pl.Series([9, 10])), pl.DataFrame)
    assert isinstance(csm.nps_counts(pa.array([9, 10, None])), pa.Table)


def test_a_block_is_met_by_its_column_names():
    block = pd.DataFrame({"breadth": [0.1, 0.9], "depth": [0.4, 0.5]}, index=["A", "B"])
    scores = csm.health_score(block, pd.Series({"depth": 1, "breadth": 3}))
    assert scores.round(3).to_dict() == {"A": 0.175, "B": 0.8}
    with pytest.raises(WrongShape, match="'depth' is in values, not in weights"):
        csm.health_score(block, pd.Series({"width": 1, "breadth": 3}))


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame, pl.LazyFrame, pa.table])
def test_a_frame_of_several_columns_is_no_range(frame):
    with pytest.raises(WrongShape, match="scores is a table with the columns id, score"):
        csm.nps(frame({"id": [1, 2], "score": [9, 10]}))


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame, pa.table])
def test_a_frame_of_one_column_is_that_column(frame):
    assert csm.nps(frame({"score": [9, 10, 0, 0]})) == 0


@pytest.mark.parametrize(
    "months",
    [
        pd.Series(pd.period_range("2026-01", periods=2, freq="M")),
        pd.period_range("2026-01", periods=2, freq="M"),
        list(pd.period_range("2026-01", periods=2, freq="M")),
        ["2026-01", "Feb 2026"],
        ["2026/1", "2026-02-28"],
        pl.Series(["January 2026", "2026-02"]),
        pd.to_datetime(pd.Series(["2026-01-31", "2026-02-01"])),
    ],
    ids=lambda months: f"{type(months).__name__} {months[0]}",
)
def test_a_month_is_read_however_it_is_written(months):
    moved = pd.DataFrame(evaluate(CATALOG["mrr_movements"], (["A", "A"], months, [100, 120])).value)
    assert moved["month"].astype(str).tolist() == ["2026-01-01", "2026-02-01"]
    assert moved["expansion"].tolist() == [0, 20]


def test_text_that_is_no_month_is_dropped_and_counted():
    told = csm.explain("mrr_movements", ["A", "A"], ["2026-01", "2026-13"], [100, 120])
    assert told.dropped == (("months", "text", 1, (1,)),)


def test_groups_are_paired_by_label_and_arguments_named():
    groups = pd.Series(["p", "q", "p"], index=["c", "a", "b"])
    assert (
        csm.csm_by("nps", groups, SCORES)["value"].tolist()
        == csm.csm_by("nps", ["q", "p", "p"], [10, 0, 9])["value"].tolist()
    )
    named = csm.csm_by("nps", groups=["A", "B", "A"], weights=[1, 2, 3], scores=[10, 9, 0])
    assert named["value"].tolist() == [-50, 100, 0]
    with pytest.raises(WrongCall, match=r"score is no argument. The arguments of nps are scores, \[weights\]"):
        csm.csm_by("nps", ["A"], score=[1])


@pytest.mark.parametrize("metric", ["nps", "churn_rate"])
def test_refusals_stay_in_the_family(metric):
    with pytest.raises(MetricError):
        getattr(csm, metric)(pd.DataFrame())

"""Reconciling a reported figure in a notebook, and what stands in for the functions that tell about others."""

from html import unescape

import pandas as pd
import pytest
from csmetrics_panels import panel

from csmetrics_core import MetricError, lookup, reconcile
from csmetrics_core.conventions import CONVENTIONS


def test_a_reported_figure_finds_its_convention_and_the_code_says_the_same() -> None:
    shown = panel("csm_reconcile", metric="churn_rate", reported="1.5%", lost=18, opening=1126, new_customers=85)
    wanted = reconcile("churn_rate", "1.5%", lost=18, opening=1126, new_customers=85)
    assert shown.found.reproduced_by == wanted.reproduced_by
    assert wanted.summary in unescape(shown._card.value)
    assert "percentage points</td>" in shown._card.value
    assert shown._formula.text == '=CSM_RECONCILE("CHURN_RATE","1.5%",18,1126,85)'
    names: dict = {}
    *lines, call = shown.code.split("\n")
    exec("\n".join([*lines, f"result = {call}"]), names)
    assert names["result"].summary == wanted.summary
    assert shown.value["convention"].tolist() == [line.convention for line in wanted.lines]


def test_figure_arguments_and_metric_can_be_changed_on_the_form() -> None:
    shown = panel("csm_reconcile")
    assert "Type the figure reported." in shown._card.value
    shown._reported.value = "7.5%"
    assert "Choose the metric's arguments" in shown._card.value.replace("&#x27;", "'")
    shown.inner.choose(lost=18, opening=240)
    assert "csmetrics" in shown.found.reproduced_by
    shown._reported.value = "lots"
    assert "reported is 'lots'" in unescape(shown._card.value)
    assert shown.value is None
    assert shown._code.text == ""
    shown._choice.value = "csat"
    assert shown.inner.metric.name == "csat"


@pytest.mark.parametrize("name", list(CONVENTIONS))
def test_every_metric_with_conventions_can_be_reconciled(name: str) -> None:
    metric = lookup(name)
    given = metric.examples[0].arguments
    columns = {k: v for k, v in given.items() if metric.argument(k).is_range}
    typed = {k: k if k in columns else v for k, v in given.items()}
    shown = panel("csm_reconcile", pd.DataFrame(columns) if columns else None, metric=name, reported="50", **typed)
    assert repr(shown.found.lines) == repr(reconcile(name, "50", **given).lines)  # NaN equals no NaN


def test_ranges_are_those_of_the_rows_chosen() -> None:
    frame = pd.DataFrame({"rating": [5, 5, 1, 1], "who": ["a", "a", "b", "b"]})
    shown = panel(
        "csm_reconcile", frame, metric="csat", reported="100", ratings="rating", segment_by="who", segment="a"
    )
    assert "csmetrics" in shown.found.reproduced_by


def test_functions_about_another_metric_say_what_to_open_instead() -> None:
    with pytest.raises(MetricError, match='choose "segment by"'):
        panel("csm_by")
    with pytest.raises(MetricError, match="its card tells the value"):
        panel("csm_explain")
    with pytest.raises(MetricError, match="one with recorded conventions"):
        panel("csm_reconcile", metric="nps")


def test_benchmarks_of_all_metrics_or_of_one() -> None:
    shown = panel("csm_benchmarks")
    everything = len(shown.value)
    shown.choose(metric="fcr")
    assert 0 < len(shown.value) < everything
    assert shown.code.endswith("csm_benchmarks(metric='fcr')")

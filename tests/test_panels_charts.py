"""Charts follow a metric's traits; both drawings show the same and treat text as text."""

import sys

import numpy as np
import pandas as pd
import pytest
from csmetrics_panels import panel
from csmetrics_panels.screen.charts import Chart, Heat, Series, waterfall
from csmetrics_panels.screen.draw import ChartView, draw
from csmetrics_panels.screen.images import image, save_image
from test_panels_panel import example_data

from csmetrics_core import CATALOG, MetricError
from csmetrics_core.declaration.spec import COUNT, FRACTION, MONEY
from csmetrics_core.palette import BAD, CAUTION, GOOD


def test_answers_on_a_short_scale_are_counted() -> None:
    chart = panel("nps", data={"score": [10, 10, 9, 0, None]}).chart
    assert dict(zip(chart.series[0].x, chart.series[0].y, strict=True))["10"] == 2
    assert sum(chart.series[0].y) == 4
    assert len(chart.series[0].x) == 11


def test_a_table_with_as_many_columns_as_needed_is_a_heat_map_with_blanks_left_blank() -> None:
    months = pd.to_datetime(["2026-01-01", "2026-02-01", "2026-03-01", "2026-02-01"])
    chart = panel(
        "cohort_retention", data={"customer": ["a", "a", "a", "b"], "date": months}, customers="customer", dates="date"
    ).chart
    assert isinstance(chart, Heat)
    assert chart.rows == ("2026-01", "2026-02")
    assert np.isnan(chart.values[1, 2])
    assert chart.values[0, 2] == 1.0


def test_flows_have_the_sign_the_formula_gives_them() -> None:
    frame = {
        "customer": ["a", "b", "a"],
        "month": pd.to_datetime(["2026-01-01", "2026-01-01", "2026-02-01"]),
        "mrr": [100.0, 50.0, 80.0],
    }
    chart = panel("mrr_movements", data=frame, customers="customer", months="month", mrr="mrr").chart
    signs = {series.name: series.y[1] for series in chart.series}
    assert (signs["churned"], signs["contraction"]) == (-50.0, -20.0)
    assert chart.stacked


def test_calibration_shows_churn_over_the_score_with_its_interval() -> None:
    data = {"score": [20, 35, 45, 55, 60, 70, 80, 85, 90, 95], "left": [1, 1, 0, 1, 0, 0, 0, 0, 0, 0]}
    chart = panel("health_calibration", data=data, scores="score", churned="left", groups=2).chart
    (rate,) = chart.series
    assert (rate.name, list(rate.x), list(rate.y)) == ("churn rate", ["43.0", "84.0"], [0.6, 0.0])
    assert rate.low == pytest.approx([0.230724, 0], abs=1e-6)
    assert rate.high == pytest.approx([0.882379, 0.434482], abs=1e-6)
    assert chart.unit is FRACTION


def test_bands_keep_their_colours() -> None:
    chart = panel("health_band", data={"score": [10, 60, 90, 95]}, score="score").chart
    found = dict(zip(chart.series[0].x, chart.series[0].colours, strict=True))
    assert found == {"red": BAD, "amber": CAUTION, "green": GOOD}


def test_a_waterfall_ends_where_the_flows_lead() -> None:
    chart = waterfall(
        "MRR", [("opening", 100, "total"), ("new", 30, "up"), ("churned", 20, "down"), ("closing", 110, "total")], MONEY
    )
    bars = chart.series[0]
    assert bars.base == [0.0, 100.0, 110.0, 0.0]
    assert bars.base[2] == bars.y[3]


SHAPES = (
    "nps", "nps_counts", "nps_interval", "csat", "churn_rate", "churn_conventions", "health_score",
    "health_contributions", "mrr_movements", "retention_by_month", "cohort_retention", "funnel", "stickiness_by_day",
)  # fmt: skip


@pytest.mark.parametrize("name", SHAPES)
def test_charts_are_drawn_both_ways(name: str) -> None:
    frame, choices = example_data(CATALOG[name])
    chart = panel(name, data=frame if len(frame.columns) else None, **choices).chart
    assert draw(chart).data
    assert image(chart, "svg", 4, 3).startswith(b"<?xml")


def test_text_in_charts_is_text() -> None:
    evil = "<b>$x^2$</b><script>"
    chart = Chart(evil, (Series(evil, [evil, "b"], [1, 2], "bar"), Series("other", [evil, "b"], [1, 2], "line")), COUNT)
    figure = draw(chart)
    assert "<" not in figure.layout.title.text
    assert all("<" not in str(label) for trace in figure.data for label in [trace.name, *trace.x])
    svg = image(chart, "svg").decode()
    assert "&lt;script&gt;" in svg
    assert "<script>" not in svg


def test_a_missing_value_is_a_gap_and_not_a_zero() -> None:
    chart = Chart("t", (Series("s", ["a", "b", "c"], [1.0, float("nan"), None]),), FRACTION)
    assert list(draw(chart).data[0].y) == [1.0, None, None]


def test_a_view_draws_again_in_place_and_tells_what_was_clicked() -> None:
    view, clicked = ChartView(), []
    view.on_click(clicked.append)
    view.show(Chart("one", (Series("s", ["red", "green"], [1, 2], "bar"),), COUNT))
    first = view.figure
    view.show(Chart("two", (Series("s", ["a<b", "c"], [3, 4], "bar"),), COUNT))
    assert view.figure is first
    assert first.layout.title.text == "two"
    points = type("Points", (), {"point_inds": [0]})
    view._click(first.data[0], points, None)
    assert clicked == ["a<b"]
    view.show(None)
    assert view.layout.display == "none"


def test_the_drawing_library_goes_to_the_page_once() -> None:
    chart = Chart("t", (Series("s", ["a"], [1], "bar"),), COUNT)
    views = [ChartView(), ChartView()]
    for view in views:
        view.show(chart)
    (first, figure), (second, _) = (view.children for view in views)
    assert first is second
    assert len(first.program) > 1_000_000 > 1_000 > len(figure._esm)
    assert figure.get_state()["_widget_data"][0]["x"] == ["a"]
    first.close()
    views[0].show(None)
    again = ChartView()
    again.show(chart)
    assert again.children[0].comm is not None


def test_pictures_are_the_same_each_time_and_of_two_kinds(tmp_path) -> None:
    chart = Chart("t", (Series("s", ["a"], [1], "bar"),), COUNT, lines=((0.5, "half"),))
    assert image(chart, "svg") == image(chart, "svg")
    assert save_image(chart, tmp_path / "c.png").stat().st_size > 1000
    with pytest.raises(MetricError, match="png or svg"):
        save_image(chart, tmp_path / "c.pdf")


def test_rows_of_one_date_stay_apart() -> None:
    days = pd.to_datetime(["2026-01-01", "2026-01-01", "2026-02-01"])
    frame = pd.DataFrame({"day": days, "lost": [1, 2, 3], "opening": [10, 10, 10]})
    chart = panel("churn_rate", data=frame, lost="lost", opening="opening", dated_by="day").chart
    assert list(chart.series[0].x) == ["2026-01-01", "2026-01-01 (2)", "2026-02-01"]


def test_a_page_opened_later_shows_what_is_drawn_by_then() -> None:
    """Plotly sends changes to pages that are open; one that opens later once showed the first chart."""
    shown = panel("nps", data={"score": [10, 10, 0], "group": ["a", "a", "b"]})
    shown.choose(segment_by="group", segment="b")
    figure = shown._figure.figure
    (bars,) = figure.get_state()["_widget_data"]
    assert sum(bars["y"]) == 1
    assert list(bars["y"]) == list(figure.data[0].y)
    assert figure.get_state()["_widget_layout"]["title"] == figure.layout.title.to_plotly_json()


def test_choices_to_start_with_are_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[object] = []
    module = sys.modules["csmetrics_panels.metric.panel"]
    compute = module.compute
    monkeypatch.setattr(module, "compute", lambda *given: counted.append(given) or compute(*given))
    panel("nps", data={"score": [10, 0], "group": ["a", "b"]}, segment_by="group", segment="a")
    assert len(counted) == 1

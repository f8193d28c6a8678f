"""Panels and dashboards as tables and pictures: all that is shown, nothing that runs."""

import re
from html import escape

import pandas as pd
import pytest
from csmetrics_panels import DASHBOARDS, as_stills, dashboard, panel
from csmetrics_panels.dashboards.blocks import Across, Figures, Grid, Picture
from csmetrics_panels.export import page_file

from csmetrics_core.samples import sample_company

EVIL = "<script>document.title='owned'</script>"


@pytest.fixture(scope="module")
def company():
    return sample_company(customers=60, months=30, event_days=70)


def flat(blocks):
    return [one for block in blocks for one in (flat(block.blocks) if isinstance(block, Across) else [block])]


@pytest.mark.parametrize("name", DASHBOARDS)
def test_a_dashboards_page_holds_its_figures_tables_and_charts(company, name):
    board = dashboard(name, company)
    page, blocks = board.page(), flat(board.blocks)
    figures = [one for block in blocks if isinstance(block, Figures) for one in block.items]
    assert [one.value for one in figures if escape(one.value) not in page] == []
    charts = [block.chart for block in blocks if isinstance(block, Picture) and block.chart]
    assert page.count("data:image/png;base64,") == len(charts)
    grids = [block for block in blocks if isinstance(block, Grid)]
    assert [grid.caption for grid in grids if escape(grid.caption) not in page] == []
    assert "Sample data" not in page or board.data.is_sample


def test_a_panels_page_tells_value_interval_and_rows_left_out():
    shown = panel("nps", data={"score": [10, 9, None, 0]}).page()
    rows = dict(re.findall(r"<th[^>]*>(.*?)</th><td[^>]*>(.*?)</td>", shown))
    assert rows["value"] == "33.3"
    assert rows["n"] == "3"
    assert rows["dropped from scores"].startswith("1 blank")


def test_nothing_in_the_data_becomes_markup():
    frame = pd.DataFrame({"score": [10, 0], EVIL: [EVIL, "b"]})
    assert "<script" not in panel("nps", data=frame, scores="score", segment_by=EVIL, segment=EVIL).page()


def test_before_something_is_chosen_the_page_says_what_to_choose():
    assert "Choose" in panel("nps").page()


def test_a_reconciliation_holds_every_convention():
    shown = panel("csm_reconcile", metric="churn_rate", reported="2.5%", lost=8, opening=302)
    assert all(escape(line.convention) in shown.page() for line in shown.found.lines)


def test_marimo_is_given_the_page_and_where_it_can_be_clicked():
    kind, page = panel("nps", data={"score": [10, 9, 8, 6]})._mime_()
    assert kind == "text/html"
    assert "25.0" in page
    assert "open it in Jupyter" in page


def test_outside_a_notebook_nothing_can_be_shown():
    with pytest.raises(RuntimeError, match="no notebook runs here"):
        as_stills()


def test_on_a_dark_page_the_pictures_are_dark_too_and_wide_tables_scroll(company):
    board = dashboard("revenue_retention", company)
    page = board.page()
    assert page.count('class="csm-still"') == page.count("<img") >= 2
    assert ".csm-still { filter: invert(0.9) hue-rotate(180deg); }" in page
    assert page.count('<div style="overflow-x:auto"><table') == page.count("<table") >= 2
    whole = page_file("revenue", board)[1]()[2].decode()
    assert 'content="light dark"' in whole
    assert "@media (prefers-color-scheme: dark) { .csm-still" in whole


def test_a_unit_in_a_title_is_not_said_again(company):
    figures = [block for block in flat(dashboard("unit_economics", company).blocks) if isinstance(block, Figures)]
    tiles = {figure.title: figure for block in figures for figure in block.items}
    assert tiles["CAC payback, months"].value.replace(".", "", 1).isdecimal()
    assert "months" not in tiles["Customer lifetime, months"].change

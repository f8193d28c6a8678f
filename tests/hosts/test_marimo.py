"""marimo, driven in Chromium: functions and frames live, panels as tables and pictures that follow its own controls."""

import pytest
from jupyter_driver import Watch, chromium, expect, marimo_server, needs_browser
from playwright.sync_api import expect as expected

pytestmark = [pytest.mark.host, pytest.mark.slow]
_NOTEBOOK = """
import marimo

app = marimo.App()


@app.cell
def _():
    import marimo as mo
    import pandas as pd
    import csmetrics_core.accessor
    from csmetrics_core import explain, nps
    from csmetrics_panels import dashboard, panel
    answers = pd.DataFrame({"Score": [10, 9, 9, 0, 8, 7], "Segment": ["SMB", "SMB", "SMB", "<b>ENT", "<b>ENT", "SMB"]})
    return answers, dashboard, explain, mo, nps, panel


@app.cell
def _(mo):
    segment = mo.ui.dropdown(["SMB", "<b>ENT"], value="SMB")
    segment
    return (segment,)


@app.cell
def _(answers, panel, segment):
    panel("nps", data=answers, scores="Score", segment_by="Segment", segment=segment.value)
    return


@app.cell
def _(answers):
    answers.csm.nps("Score", by=["Segment"])
    return


@app.cell
def _(answers, explain):
    explain("csat", answers["Score"] / 2, scale_max=5)
    return


@app.cell
def _(dashboard):
    dashboard("usage")
    return


if __name__ == "__main__":
    app.run()
"""


def test_a_panel_is_shown_and_follows_what_is_chosen_beside_it(tmp_path):
    needs_browser()
    file = tmp_path / "answers.py"
    file.write_text(_NOTEBOOK)
    with marimo_server(file) as address, chromium() as browser:
        page = browser.new_page()
        page.goto(address)
        watch = page.watch = Watch(page, address)
        expect(page, "Net Promoter Score")
        expect(page, "75.0")  # of SMB: three promoters and a passive
        page.get_by_role("combobox").select_option("<b>ENT")
        expect(page, "−50.0")  # of ENT: one detractor, one passive
        expect(page, "Shown as it stands")
        expect(page, "Product usage")
        assert "not supported" not in page.locator("body").inner_text()
        pictures = page.locator("img[alt=chart]")
        expected(pictures.first).to_be_visible()
        assert pictures.evaluate_all("all => all.every(one => one.naturalWidth > 400)")
        assert not watch.outside

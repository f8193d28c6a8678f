"""`csmetrics panel FILE` in a real browser: the dashboards over the file, and no request leaves the machine."""

import pytest
from jupyter_driver import STUMBLES, Watch, chromium, command_server, needs_browser

from csmetrics_core import nps

pytestmark = [pytest.mark.host, pytest.mark.slow, STUMBLES]


def test_the_command_opens_the_dashboards_over_a_file(tmp_path) -> None:
    needs_browser()
    (tmp_path / "responses.csv").write_text("date,nps\n2026-09-01,10\n2026-09-02,9\n2026-09-03,0\n")
    with command_server(tmp_path / "responses.csv") as address, chromium() as browser:
        page = browser.new_page(viewport={"width": 1500, "height": 1200})
        watch = Watch(page, address.partition("?")[0])
        page.goto(address, timeout=90_000)
        page.wait_for_selector(".csm", timeout=120_000)
        wanted = f"{nps([10, 9, 0]):.1f}"
        page.wait_for_function("text => document.body.innerText.includes(text)", arg=wanted, timeout=60_000)
        page.get_by_label("dashboard", exact=True).select_option("Voice of the customer")
        page.wait_for_selector("text=NPS, one vote a response", timeout=60_000)
        watch.check()

"""Panels and dashboards in a real JupyterLab and a real Voila, driven as a person drives them."""

import os
import re
from html import escape

import openpyxl
import pandas as pd
import pytest
from csmetrics_panels import DASHBOARDS, dashboard
from csmetrics_panels.dashboards.blocks import Figures
from jupyter_driver import (
    STUMBLES,
    Watch,
    chromium,
    expect,
    leave,
    needs_browser,
    open_notebook,
    server,
    write_notebook,
)
from playwright.sync_api import expect as playwright_expect

from csmetrics_core import nps
from csmetrics_core.samples import sample_company

pytestmark = [pytest.mark.host, pytest.mark.slow, STUMBLES]
playwright_expect.set_options(timeout=30_000)
EVIL = "<img src=x onerror=document.title='owned'>"
MESSY = (
    f"score,{EVIL},date\n10,<script>document.title='owned'</script>,2026-01-02\n"
    + "9,b,2026-01-03\n,b,\nn/a!,b,2026-02-01\n0,c,2026-02-02\n10,c,2026-02-03\n"
)
LONG = """import pandas as pd
from csmetrics_panels import panel
few = pd.DataFrame({"comment": ["the export is slow", "great support, thank you", "the price is too high"] * 20})
panel("feedback_themes", {"few": few, "many": pd.concat([few] * 2000)}, comments="comment")"""
SHOTS = os.environ.get("CSMETRICS_SHOTS")


@pytest.fixture(scope="module")
def notebooks(tmp_path_factory):
    needs_browser()
    folder = tmp_path_factory.mktemp("notebooks")
    (folder / "messy.csv").write_text(MESSY)
    load = "from csmetrics_core.samples import sample_company\nresponses = sample_company().responses"
    write_notebook(
        folder / "panel.ipynb", [f'{load}\nfrom csmetrics_panels import panel\npanel("nps", data=responses)']
    )
    rate = 'from csmetrics_panels import panel\npanel("churn_rate")'
    write_notebook(folder / "rate.ipynb", [rate])
    write_notebook(folder / "long.ipynb", [LONG])
    for name in DASHBOARDS:
        write_notebook(folder / f"{name}.ipynb", [f'from csmetrics_panels import dashboard\ndashboard("{name}")'])
    return folder


@pytest.fixture(scope="module", params=["lab", "voila"])
def served(request, notebooks):
    """A server and a browser with one page, which all tests open their notebooks in; `anew` takes another page."""
    with server(request.param, notebooks) as address, chromium() as browser:
        context = browser.new_context(viewport={"width": 1500, "height": 1200}, accept_downloads=True)
        context.set_default_timeout(30_000)
        context.new_page()

        def opened(name: str, *, anew: bool, keep_kernel: bool):
            [page] = context.pages
            leave(request.param, address, page, keep_kernel=keep_kernel)
            if anew:
                page.close()
                page = context.new_page()
            page.set_viewport_size({"width": 1500, "height": 1200})
            watch = Watch(page, address)
            open_notebook(request.param, address, page, name)
            shot = f"{SHOTS}/{request.param}-{name}"
            page.keep = lambda step: page.screenshot(path=f"{shot}-{step}.png") if SHOTS else None
            return page, watch

        yield opened


@pytest.fixture
def host(served, request):
    """`host(name)` opens a notebook and gives its page and what it asked for; after a stumble on a new page."""
    stumbled = getattr(request.node, "execution_count", 1) > 1

    def opened(name: str, *, again: bool = False):
        return served(name, anew=again or stumbled, keep_kernel=again)

    return opened


def has_value(page, label: str, value: object) -> None:
    playwright_expect(page.get_by_label(label, exact=True)).to_have_value(value)


def test_a_panel_follows_its_form(host) -> None:
    responses = sample_company().responses
    page, watch = host("panel")
    expect(page, f"{nps(responses['nps']):.1f} points")
    page.wait_for_selector(".js-plotly-plot .bars path")
    page.keep("start")
    page.get_by_label("accounts", exact=True).select_option("customer")
    expect(page, f"{nps(responses['nps'], accounts=responses['customer']):.1f} points")
    page.get_by_label("accounts", exact=True).select_option("none")
    page.get_by_label("segment by", exact=True).select_option("segment")
    page.get_by_label("segment", exact=True).select_option("SMB")
    smb = responses[responses["segment"] == "SMB"]
    expect(page, f"{nps(smb['nps']):.1f} points")
    page.get_by_label("date", exact=True).select_option("date")
    page.get_by_label("period", exact=True).select_option("quarter")
    last = smb[smb["date"] >= "2026-07-01"]
    expect(page, f"{nps(last['nps']):.1f} points")
    expect(page, "2026 Q3")
    has_value(page, "Python", re.compile(re.escape("rows = responses[(responses['segment'] == 'SMB')")))
    playwright_expect(page.get_by_label("Excel, plain functions", exact=True)).to_be_hidden()  # it has none
    page.keep("quarter")
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV of the result").click()
    table = pd.read_csv(download.value.path())
    assert table["value"].iloc[-1] == pytest.approx(nps(last["nps"]))
    watch.check()


def test_a_messy_upload_is_read_and_its_text_stays_text(host, notebooks) -> None:
    page, watch = host("panel")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Upload a file").click()
    chooser.value.set_files(notebooks / "messy.csv")
    expect(page, f"{nps([10, 9, 0, 10]):.1f} points")
    expect(page, "1 text (row 4)")
    page.get_by_label("segment by", exact=True).select_option(EVIL)
    expect(page, "by segment")
    page.get_by_label("segment", exact=True).select_option("<script>document.title='owned'</script>")
    expect(page, "100.0 points")
    page.keep("messy")
    assert page.title() != "owned"
    assert escape(EVIL) not in page.get_by_label("Python", exact=True).input_value()
    watch.check()


def test_a_file_larger_than_a_message_of_the_server_arrives_whole(host, notebooks) -> None:
    """A notebook server drops the connection on a message of more than 10 MiB, and nothing on the page says why."""
    row = "10,{}\n".format("x" * 1000)
    (notebooks / "large.csv").write_text("score,comment\n" + 12_000 * row + "0,last\n")
    page, watch = host("panel")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Upload a file").click()
    chooser.value.set_files(notebooks / "large.csv")
    expect(page, "100 × (12,000 − 1) ÷ 12,001")
    page.keep("large-file")
    watch.check()


def test_nothing_is_cut_off_or_unreadable_on_any_page(host) -> None:
    page, watch = host("panel")
    page.evaluate(_THEME, "JupyterLab Dark")
    for width in (800, 1400):
        page.set_viewport_size({"width": width, "height": 1100})
        page.wait_for_timeout(1500)
        page.keep(f"dark-{width}")
        root = page.locator(".csm-panel").bounding_box()
        for part in (".csm .card", ".js-plotly-plot .main-svg", ".csm-code textarea"):
            box = page.locator(part).first.bounding_box()
            assert box["x"] + box["width"] <= root["x"] + root["width"] + 1, part
            assert box["width"] > 340, part
        faint = page.evaluate(_FAINT)
        assert faint == []
    page.evaluate(_THEME, "JupyterLab Light")
    watch.check()


_THEME = """theme => {
    const name = "apputils:change-theme", commands = window.jupyterapp?.commands;
    return commands?.hasCommand(name) ? commands.execute(name, { theme }) : null;
}"""  # Voila has one theme
#: Texts of a panel that stand out from what is behind them by less than 4 to 1.
_FAINT = """() => {
    const parse = (colour) => colour.match(/[\\d.]+/g).map(Number);
    const over = ([r, g, b, a = 1], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a)];
    const light = (rgb) => rgb.map((v) => v / 255).map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const behind = (e) => {
        const layers = [];
        for (; e; e = e.parentElement) layers.push(parse(getComputedStyle(e).backgroundColor));
        return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255]);
    };
    return [...document.querySelectorAll(".csm-panel :is(h2, div, dt, dd, b, label, span, textarea, button, select)")]
        .filter((e) => e.offsetParent && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
        .filter((e) => !e.closest("svg")).map((e) => {
            const below = behind(e), ink = over(parse(getComputedStyle(e).color), below);
            const [low, high] = [light(below), light(ink)].sort((a, b) => a - b);
            return [(high + 0.05) / (low + 0.05), e.textContent.slice(0, 40)];
        }).filter(([contrast]) => contrast < 4);
}"""


def test_typing_shows_the_errors_own_words_and_then_the_number(host) -> None:
    page, watch = host("rate")
    expect(page, "Choose lost, opening.")
    page.get_by_label("lost", exact=True).fill("12")
    page.get_by_label("opening", exact=True).fill("10")
    expect(page, "No value: #NUM!")
    page.keep("wrong")
    page.get_by_label("opening", exact=True).fill("240")
    expect(page, "5.0%")
    has_value(page, "Excel, with the add-in", "=CHURN_RATE(12,240)")
    watch.check()


def test_long_work_is_shown_and_stopped_and_its_late_answer_is_not_wanted(host) -> None:
    """The themes of 120,000 comments are one call of some seconds that nothing can break off; it must not show."""
    page, watch = host("long")
    before = page.locator(".csm .card").inner_text()
    assert "slow" in before
    page.get_by_label("data", exact=True).select_option("many")
    cancel = page.get_by_role("button", name="Cancel", exact=True)
    cancel.wait_for()
    page.keep("working")
    cancel.click()
    expect(page, "Cancelled; the result shown is of the choices before.")
    playwright_expect(cancel).to_be_hidden()
    page.wait_for_timeout(8000)  # by now the answer has come
    assert page.locator(".csm .card").inner_text() == before
    page.keep("cancelled")
    page.get_by_label("data", exact=True).select_option("few")
    page.get_by_label("themes", exact=True).fill("1")
    playwright_expect(page.locator(".csm .card tbody tr")).to_have_count(1)
    watch.check()


@pytest.mark.parametrize("name", list(DASHBOARDS))
def test_every_dashboard_page_opens_and_follows_the_segment(host, name: str) -> None:
    page, watch = host(name)
    here = dashboard(name)
    for tab in [p.title for p in here._pages]:
        page.get_by_role("tab", name=tab, exact=True).click()
        for figure in shown(here.choose(page=tab)):
            expect(page, figure)
        page.wait_for_selector(".csm-screen:visible > *")
        page.wait_for_timeout(500)
        page.keep(tab.lower().replace(" ", "-"))
    page.get_by_label("segment", exact=True).select_option("SMB")
    for figure in shown(here.choose(segment="SMB")):
        expect(page, figure)
    watch.check()


def test_the_workbook_of_the_screen_recalculates_to_the_number_of_the_core(host, libreoffice, tmp_path) -> None:
    page, watch = host("voice_of_customer")
    page.get_by_label("period", exact=True).select_option("quarter")
    page.get_by_label("segment", exact=True).select_option("SMB")
    responses = sample_company().responses
    chosen = responses[(responses["segment"] == "SMB") & (responses["date"] >= "2026-07-01")]
    expect(page, f"{nps(chosen['nps']):.1f}")
    files: list = []
    page.on("download", lambda file: files.append(file))  # noqa: PLW0108 - Playwright cannot take a builtin
    page.get_by_role("button", name="Workbook with live formulas").click()
    said = page.locator(".csm-download span").first
    playwright_expect(said).to_have_text("voice_of_customer.xlsx is in the browser's downloads")
    for _ in range(100):
        page.wait_for_timeout(0 if files else 200)
    path = tmp_path / "voice.xlsx"
    files[0].save_as(path)
    sheet = openpyxl.load_workbook(libreoffice(path), data_only=True)["Voice"]
    cells = {row[0].value: row for row in sheet.iter_rows() if row[0].value}
    assert cells["Net Promoter Score"][2].value == pytest.approx(nps(chosen["nps"]))
    errors = [cell.coordinate for row in sheet.iter_rows() for cell in row if cell.data_type == "e"]
    assert errors == []
    watch.check()


def test_a_notebook_opened_again_in_the_same_kernel_works_as_before(host) -> None:
    """Every chart once brought the drawing library with it; a kernel with a dozen of them then left dead buttons."""
    page, _ = host("scorecard")
    for tab in [p.title for p in dashboard("scorecard")._pages]:
        page.get_by_role("tab", name=tab, exact=True).click()
        page.wait_for_selector(".csm-screen:visible > *")
    page, watch = host("scorecard", again=True)
    expect(page, shown(dashboard("scorecard"))[0])
    page.get_by_role("tab", name="Behind the numbers", exact=True).click()
    expect(page, "What stands behind each number")
    page.get_by_role("button", name="Tables of this page as CSV").click()
    playwright_expect(page.locator(".csm-download span").nth(1)).to_contain_text("downloads")
    watch.check()


def shown(board) -> list[str]:
    return [item.value for block in board.blocks if isinstance(block, Figures) for item in block.items]


def test_sliders_and_bands_answer_to_the_keyboard_and_to_clicks(host) -> None:
    page, watch = host("unit_economics")
    page.get_by_role("tab", name="What if").click()
    expect(page, "Annual churn")
    here = dashboard("unit_economics", page="What if")
    has_value(page, "gross margin", f"{here._sliders['gross_margin'].value:.3f}")
    slider = page.get_by_label("gross margin", exact=True)
    start = float(slider.input_value())
    slider.focus()
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    assert float(slider.input_value()) == pytest.approx(start - 0.003)
    here._sliders["gross_margin"].value = float(slider.input_value())
    for figure in shown(here):
        expect(page, figure)
    page.keep("what-if")
    watch.check()
    page, watch = host("health_score")
    page.wait_for_selector(".js-plotly-plot .bars path")
    expect(page, "Accounts in red")
    bar = page.locator(".js-plotly-plot .bars .point path").nth(2)
    bar.scroll_into_view_if_needed()
    page.wait_for_timeout(1500)  # the chart takes the width of its place
    box = bar.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page, "Accounts in green")
    page.get_by_label("weight of growth", exact=True).focus()
    page.keyboard.press("Home")
    board = dashboard("health_score")
    board._weights["growth"].value = 0
    expect(page, shown(board)[0])
    page.keep("weights")
    watch.check()


@pytest.mark.parametrize(("name", "root"), [("panel", ".csm-panel"), ("health_score", ".csm-board")])
def test_the_keyboard_reaches_every_control_and_every_input_has_a_name(host, name: str, root: str) -> None:
    page, _ = host(name)
    page.wait_for_selector(".js-plotly-plot")
    shown = (
        "root => [...document.querySelectorAll('input, select, textarea, button')].filter(e => e.closest(root)"
        " && e.offsetParent && e.type !== 'file' && getComputedStyle(e).visibility === 'visible')"
    )
    nameless = page.evaluate(
        f"""root => ({shown})(root).filter(e => e.tagName !== 'BUTTON' && !e.labels?.length
            && !e.getAttribute('aria-label')).map(e => e.outerHTML.slice(0, 120))""",
        root,
    )
    assert nameless == []
    wanted = page.evaluate(f"root => ({shown})(root).length", root)
    page.evaluate(f"root => ({shown})(root)[0].focus()", root)
    seen = set()
    for _ in range(wanted + 25):
        seen.add(
            page.evaluate(
                f"""root => {{ const e = document.activeElement;
                return ({shown})(root).includes(e) ? e.outerHTML : '' }}""",
                root,
            )
        )
        page.keyboard.press("Tab")
    assert len(seen - {""}) >= wanted

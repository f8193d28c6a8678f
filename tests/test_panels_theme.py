"""Cards, charts and buttons follow the page's theme, and nothing on a dark page is too faint to be seen."""

import re

import pytest
from csmetrics_panels.dashboards.blocks import Figure, Figures, Screen
from csmetrics_panels.screen import browser, card, theme
from csmetrics_panels.screen.charts import Chart, Series
from csmetrics_panels.screen.draw import draw

from csmetrics_core import palette
from csmetrics_core.declaration.spec import MONEY, TEXT

_DARK_PAPER = "#212121"  # --jp-layout-color1 of JupyterLab Dark


def contrast(one: str, other: str) -> float:
    """As the Web Content Accessibility Guidelines 2.1 define it."""

    def light(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [v / 12.92 if v <= 0.03928 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
        return sum(v * weight for v, weight in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))

    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_of_black_on_white_is_twenty_one() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)


def test_data_stand_out_three_to_one_on_a_dark_page() -> None:
    """What the guidelines ask of graphics, for every colour a chart is drawn in."""
    drawn = (palette.ACCENT, palette.MUTED, palette.GOOD, palette.CAUTION, palette.BAD, *palette.SERIES,
             *palette.SERIES_MORE)  # fmt: skip
    for colour in drawn:
        assert contrast(theme.ON_DARK.get(colour, colour), _DARK_PAPER) >= 3, colour


def test_a_chart_is_lit_by_the_colours_it_was_drawn_in() -> None:
    assert "[style*='fill: rgb(31, 78, 121)'] { fill: #5B9BD5 !important; }" in theme.CHARTS
    assert palette.ACCENT == "#1F4E79"
    assert browser.Fitter._css == theme.CHARTS


def test_verdicts_stand_out_as_text_on_both_pages_and_by_their_sign() -> None:
    light, dark = (
        dict(re.findall(r"(--csm-(?:better|worse)): (#\w+)", part)) for part in theme.STYLE.split(theme.DARK)
    )
    for name in ("--csm-better", "--csm-worse"):
        assert contrast(light[name], palette.PAPER) >= 4.5
        assert contrast(dark[name], _DARK_PAPER) >= 4.5
    screen = Screen()
    screen.show([Figures([Figure("NDR", "101 %", change="+1.2 pp better", tone="better")])])
    assert "<span class='better'>▲ +1.2 pp better</span>" in screen.children[0].value


def test_nothing_on_a_card_has_a_colour_of_its_own() -> None:
    for text in (card.STYLE.replace(theme.STYLE, ""), browser.CSS):
        bare = re.sub(r"var\([^)]*\)", "", text)
        assert not re.findall(r"#[0-9A-Fa-f]{6}", bare)


def test_long_text_is_cut_and_whole_when_pointed_at() -> None:
    words = "We moved <b>everything</b> to another tool. " * 8
    table = card.table(["comment"], [[words, "short"]], [TEXT])
    assert f"title='{words.replace('<', '&lt;').replace('>', '&gt;')}'" in table
    assert "<td class='short'>short</td>" in table
    assert table.count("everything") < 2 * words.count("everything")


def test_long_labels_of_a_chart_are_cut_and_whole_when_pointed_at() -> None:
    name = "Gesellschaft für angewandte Kundenzufriedenheit und Treue"
    drawn = draw(Chart("ARR", (Series("ARR", [name, "B"], [1.0, 2.0], "bar"),), MONEY))
    assert list(drawn.layout.xaxis.tickvals) == [name, "B"]
    assert list(drawn.layout.xaxis.ticktext) == [f"{name[:35]}…", "B"]
    assert list(drawn.data[0].x) == [name, "B"]

"""The board pack: its figures are the scorecard's, nothing runs off the paper, the same files give the same bytes."""

import re
import warnings
from pathlib import Path

import pandas as pd
import pytest
from csmetrics_addin.cli.app import app
from csmetrics_addin.pack.pages import Pack, draw
from csmetrics_addin.pack.paper import SIZES, Paper, cut, printable, style
from typer.testing import CliRunner

from csmetrics_core.declaration.spec import MONEY
from csmetrics_core.files import read_company
from csmetrics_core.samples import sample_company
from csmetrics_core.scorecard import scorecard_of


def drawn(tables, company="Acme", size="a4", currency="USD"):
    """A pack of tables, as the pages that would be written."""
    reading = read_company(tables)
    pack = Pack(reading, scorecard_of(reading), company, currency)
    with style():
        paper = Paper(size, "foot")
        draw(pack, paper)
    return pack, paper


def texts(figure):
    return [text for one in (figure, *figure.axes) for text in one.findobj(match=lambda a: hasattr(a, "get_text"))]


def said(paper):
    return [text.get_text() for figure in paper._pages for text in texts(figure) if text.get_text()]


@pytest.fixture(scope="module")
def sample():
    return drawn(sample_company().tables)


def test_every_headline_figure_stands_on_a_page_as_the_scorecard_gives_it(sample):
    pack, paper = sample
    tiles = [text.get_text() for text in texts(paper._pages[1])]
    for line in pack.card.lines:
        large = line.unit is MONEY and line.value >= 1000
        shown = f"{line.value:,.0f}" if large else line.unit.text(line.value)
        assert shown in tiles, line.title
        assert any(tile.replace("\n", " ") == line.title for tile in tiles), line.title


def test_the_bridge_closes_on_the_months_revenue(sample):
    pack, paper = sample
    assert f"{pack.card['mrr'].value:,.0f}" in [text.get_text() for text in texts(paper._pages[2])]
    assert any(text.startswith("MRR rose by 1,528") for text in said(paper))


@pytest.mark.parametrize("size", SIZES)
def test_nothing_runs_off_the_paper(size):
    names = {"C-0356": "顧客" * 80, "C-0394": "$a$ " * 60, "C-0194": "=1+1 <b>" * 30}
    tables = dict(sample_company().tables)
    tables["subscriptions"] = tables["subscriptions"].assign(
        customer=tables["subscriptions"]["customer"].replace(names)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a letter the font lacks would be drawn as a box
        _, paper = drawn(tables, "A company of " + "long " * 40, size)
        for number, figure in enumerate(paper._pages, 1):
            from matplotlib.backends.backend_agg import FigureCanvasAgg

            canvas = FigureCanvasAgg(figure)
            width, height = figure.bbox.size
            with style():
                canvas.draw()
                renderer = canvas.get_renderer()
                for text in texts(figure):
                    if text.get_text().strip() and text.get_visible():
                        box = text.get_window_extent(renderer)
                        inside = box.x0 >= -1 and box.y0 >= -1 and box.x1 <= width + 1 and box.y1 <= height + 1
                        assert inside or text.get_text() not in said(paper), (number, text.get_text())


def test_a_company_of_answers_alone_says_what_the_other_pages_need():
    answers = pd.DataFrame(
        {"date": pd.to_datetime(["2026-08-03", "2026-09-04", "2026-09-30"]), "nps": [10.0, 9.0, 3.0]}
    )
    _, paper = drawn({"responses": answers}, "", currency="")
    words = said(paper)
    assert sum(text.startswith("Not shown: needs a table of subscriptions") for text in words) == 2
    assert "Customer success" in words


def test_letters_the_font_lacks_and_line_ends_are_shown_as_such():
    assert printable("顧\n客 A") == "\N{REPLACEMENT CHARACTER} \N{REPLACEMENT CHARACTER} A"
    assert cut("abcdef", 4) == "ab…"


def test_the_command_writes_the_same_bytes_twice_and_replaces_nothing_unasked(tmp_path):
    (tmp_path / "answers.csv").write_text("date,nps\n2026-08-03,10\n2026-09-04,9\n2026-09-30,3\n")
    words = ["pack", str(tmp_path / "answers.csv"), "--company", "Acme", "--paper", "letter", "--out"]
    for name in ("one.pdf", "two.pdf"):
        result = CliRunner().invoke(app, [*words, str(tmp_path / name)])
        assert result.exit_code == 0, result.output
    assert (tmp_path / "one.pdf").read_bytes() == (tmp_path / "two.pdf").read_bytes()
    again = CliRunner().invoke(app, [*words, str(tmp_path / "one.pdf")])
    assert again.exit_code == 2
    assert "is there already" in again.output


def test_nothing_to_show_is_one_sentence(tmp_path):
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    result = CliRunner().invoke(app, ["pack", str(tmp_path / "x.csv"), "--out", str(tmp_path / "x.pdf")])
    assert result.exit_code == 3
    assert not (tmp_path / "x.pdf").exists()


def test_the_pictures_of_the_readme_are_small_described_and_load_nothing():
    root = Path(__file__).parent.parent
    shown = re.findall(r'<img src="([^"]+)"[^>]* alt="([^"]{40,})"', (root / "README.md").read_text(encoding="utf-8"))
    assert {Path(path).name for path, _ in shown} == {path.name for path in (root / "workbooks" / "pictures").iterdir()}
    for path, _ in shown:
        assert (root / path).stat().st_size < 100_000
    drawing = (root / "workbooks" / "pictures" / "terminal.svg").read_text(encoding="utf-8")
    assert not re.search(r"url\(|href=|@import|<script", drawing.replace("url(#", ""))

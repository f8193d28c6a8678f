"""The first pages at a glance: tiles say what the table says, charts draw numbers, the waterfall's steps add up."""

import re
import zipfile
from pathlib import Path

import pytest
from csmetrics_workbooks.build import TEMPLATES, build, recipe
from csmetrics_workbooks.data.userdata import map_company
from openpyxl.utils import range_boundaries
from openpyxl.utils.cell import coordinate_to_tuple
from workbook_cells import read

COMMITTED = Path(__file__).parents[1] / "workbooks"
TILES = {
    ("scorecard", "Scorecard"): {
        "Recurring revenue a month": "Monthly recurring revenue",
        "Net retention": "Net dollar retention",
        "Customer churn": "Customer churn rate",
        "NPS": "Net Promoter Score",
    },
    ("revenue_retention", "Retention"): {
        "Recurring revenue a month": "Monthly recurring revenue at end",
        "Net retention": "Net dollar retention, 12 months",
        "Gross retention": "Gross revenue retention, 12 months",
        "Customer churn": "Customer churn of the period, by dates",
    },
}


def page_of(name, sheet):
    """Cells of a sheet by row and column, as cached."""
    cells = read(COMMITTED / f"{name}.xlsx", values=True)
    return {coordinate_to_tuple(cell): value for (at, cell), value in cells.items() if at == sheet}


@pytest.mark.parametrize(("name", "sheet"), TILES)
def test_a_tile_says_what_its_row_in_the_table_says(name, sheet):
    cells = page_of(name, sheet)
    where = {value: at for at, value in cells.items() if isinstance(value, str)}
    change = next(at for at, value in cells.items() if value == "Change")[1]
    value = next(at for at, v in cells.items() if v == "Value")[1]
    for title, row in TILES[name, sheet].items():
        line, column = where[title]
        table = where[row][0]
        assert cells[line + 1, column] == cells[table, value]
        assert cells[line + 2, column] == cells[table, change]
        assert cells[line + 3, column] in {"better", "worse", "no clear change", "not judged", "rose", "fell", "stayed"}


def test_the_interval_of_a_tile_is_the_tables_and_growth_is_over_a_year():
    cells = page_of("scorecard", "Scorecard")
    texts = {value for value in cells.values() if isinstance(value, str)}
    [nps] = [row for (row, column), value in cells.items() if value == "Net Promoter Score"]
    assert f"interval {cells[nps, 4]:.1f}".rstrip("0").rstrip(".") + f" to {cells[nps, 5]:.1f}" in texts
    board = page_of("scorecard", "Board")
    [mrr] = [row for (row, column), value in board.items() if column == 1 and str(value).endswith("recurring revenue")]
    assert f"growth in a year {100 * (board[mrr, 10] / board[mrr, 6] - 1):.1f}%" in texts


def drawn_by(path, kind="c:"):
    """What the values of each chart's series hold: (reference, cells); of the charts that have an element."""
    cells = read(path, values=True)
    with zipfile.ZipFile(path) as parts:
        names = [part for part in parts.namelist() if re.match(r"xl/charts/chart\d+\.xml", part)]
        charts = [parts.read(part).decode() for part in names]
    for chart in charts:
        for ref in re.findall(r"<c:val><c:numRef><c:f>([^<]+)</c:f>", chart) if f"<{kind}" in chart else ():
            sheet, _, area = ref.replace("&apos;", "'").rpartition("!")
            left, top, right, bottom = range_boundaries(area.replace("$", ""))
            yield (
                ref,
                [
                    value
                    for (at, cell), value in cells.items()
                    if at == sheet.strip("'")
                    and top <= coordinate_to_tuple(cell)[0] <= bottom
                    and left <= coordinate_to_tuple(cell)[1] <= right
                ],
            )


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_chart_draws_cells_that_hold_numbers(name):
    drawn = list(drawn_by(COMMITTED / f"{name}.xlsx"))
    assert drawn
    for ref, held in drawn:
        assert sum(isinstance(value, int | float) for value in held) > 1, ref


def test_a_line_is_drawn_from_figures_alone(tmp_path):
    """A retention that is not known yet was drawn as 0 %, and a quarter nobody answered as an NPS of 0."""
    months = b"Customer;2026-01;2026-02;2026-03;2026-04;2026-05;2026-06;2026-07;2026-08;2026-09\nA;1;1;1;1;1;1;1;1;1\n"
    answers = b"NPS;Date\n10;2026-02-03\n3;2026-09-30\n"
    for name, content in (("revenue_retention", months), ("scorecard", months), ("voice_of_customer", answers)):
        mapped, _ = map_company(recipe(name), {"own.csv": content})
        build(name, tmp_path / f"{name}.xlsx", data=mapped.frames, note="own")
        lines = [held for _, held in drawn_by(tmp_path / f"{name}.xlsx", "c:lineChart")]
        assert lines
        assert all(isinstance(value, int | float) or value == "#N/A" for held in lines for value in held)
        assert any("#N/A" in held for held in lines)
        with zipfile.ZipFile(tmp_path / f"{name}.xlsx") as parts:
            charts = [parts.read(p).decode() for p in parts.namelist() if p.startswith("xl/charts/chart")]
        assert all('dispBlanksAs val="span"' in chart for chart in charts)


def test_the_waterfall_stands_on_a_cut_and_its_steps_lead_from_opening_to_closing():
    work, page = page_of("revenue_retention", "Workings"), page_of("revenue_retention", "Retention")
    [(top, _)] = [at for at, value in work.items() if value == "Waterfall"]
    cut = work[top + 8, 2]
    bars = [[work[top + step, column] for column in (2, 3, 4, 5, 6)] for step in range(1, 8)]
    opening, *moves, closing = bars
    assert cut == 37000
    assert opening[1] + cut == pytest.approx(work[top + 1, 6])
    level = opening[1]
    for base, _, gain, loss, _ in moves:
        assert base == pytest.approx(level if gain or not loss else level - loss)
        level += gain - loss
    assert closing[1] == pytest.approx(level)
    steps = {value: page[at[0], 2] for at, value in page.items() if at[1] == 1 and value in ("New", "Churned")}
    assert work[top + 2, 1] == f"New\n{steps['New']:,.0f}"
    assert work[top + 6, 1] == f"Churned\n−{-steps['Churned']:,.0f}"  # with a minus, not a hyphen

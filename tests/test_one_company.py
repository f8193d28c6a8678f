"""One company, every door: what is called the same is the same figure, to the last digit."""

import io
import math
from datetime import date
from functools import cache

import openpyxl
import pandas as pd
import pytest
from csmetrics_panels import dashboard
from csmetrics_panels.dashboards.blocks import Figures
from csmetrics_panels.dashboards.workbook_data import workbook
from csmetrics_workbooks.build import build, recipe
from csmetrics_workbooks.data.userdata import map_company
from csmetrics_workbooks.kit.book import Choices

from csmetrics_core.files import read_company
from csmetrics_core.samples import sample_company
from csmetrics_core.scorecard import scorecard_of

SEEDS = (1, 2, 3)
MEASURED = "Revenue a customer in the period"
APART = {"Customer health score", "Customer lifetime value", "Stickiness"}  # composed otherwise, and called so


@cache
def board(seed):
    company = sample_company(customers=80, months=20, seed=seed, event_days=70, messy=seed != 2)
    made = dashboard("scorecard", dict(company.tables))
    made.choose(end="2026-09", span="month")
    return made


def shown(content):
    """Title -> value, on the first page of a scorecard workbook."""
    sheet = openpyxl.load_workbook(io.BytesIO(content), data_only=True)["Scorecard"]
    return {row[0].value: row[2].value for row in sheet.iter_rows(min_row=10) if row[1].value}


def from_files(seed, segment):
    """The workbook that `csmetrics workbook new` writes of the same tables."""
    mapped, _ = map_company(recipe("scorecard"), dict(board(seed).data.reading("").tables))
    held = io.BytesIO()
    build("scorecard", held, data=mapped.frames, note="x", choices=Choices(date(2026, 9, 1), segment or "All", "month"))
    return shown(held.getvalue())


def exported(seed, segment):
    """The workbook that the dashboard hands over."""
    made = board(seed)
    made.choose(segment=segment)
    return shown(workbook(made)[0])


@pytest.mark.slow
@pytest.mark.parametrize("door", [from_files, exported], ids=lambda door: door.__name__)
@pytest.mark.parametrize("segment", ["", "SMB"])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_figure_is_the_same_behind_every_door(seed, segment, door):
    card = scorecard_of(board(seed).data.reading(segment), month="2026-09")
    figures = door(seed, segment)
    same = [line for line in card.lines if line.title in figures and line.value is not None]
    for line in same:
        if segment and figures[line.title] == "no data":
            assert line.metric.name in ("conversion_rate", "crc")  # known for the whole company only
            continue
        assert math.isclose(figures[line.title], line.value, rel_tol=1e-12), line.title
    assert len(same) >= 12
    assert {title.partition(",")[0] for title in figures.keys() - {line.title for line in card.lines}} >= APART


def test_the_first_month_has_no_average_of_customers_behind_any_door():
    """Nobody knows who paid the month before: the template had 150 a customer of two, and unit economics 0."""
    paid = {"customer": ["a", "b"], "month": pd.to_datetime(["2026-09-01"] * 2), "mrr": [100.0, 50.0]}
    tables = {"subscriptions": pd.DataFrame(paid)}
    line = scorecard_of(read_company(tables))["arpu"]
    assert line.value is None
    pages = {"scorecard": ("Scorecard", 2, line.title), "unit_economics": ("Economics", 1, MEASURED)}
    for template, (page, column, title) in pages.items():
        mapped, _ = map_company(recipe(template), tables)
        sheets = recipe(template).sheets
        data = {sheet.name: mapped.frames.get(sheet.name, make().head(0)) for sheet, make in sheets.items()}
        held = io.BytesIO()
        build(template, held, data=data, note="x", choices=Choices(date(2026, 9, 1), "All", "month"))
        book = openpyxl.load_workbook(held, data_only=True)
        assert [row[column].value for row in book[page].iter_rows() if row[0].value == title] == ["no data"]
    board = dashboard("unit_economics", tables)
    board.choose(end="2026-09", span="month")
    figures = [one for block in board.blocks if isinstance(block, Figures) for one in block.items]
    [figure] = [one for one in figures if one.title == MEASURED]
    assert figure.missing.startswith("needs subscriptions of 2026-08")

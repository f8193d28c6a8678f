"""Workbooks from the screen, recalculated by a real LibreOffice without any add-in, against what the screen showed."""

from pathlib import Path

import numpy as np
import openpyxl
import pytest
from csmetrics_panels import dashboard, panel
from csmetrics_panels.dashboards.workbook_data import workbook
from csmetrics_panels.metric.metric_workbook import workbook as metric_workbook

from csmetrics_core.samples import sample_company

pytestmark = [pytest.mark.host, pytest.mark.slow]


def test_a_panels_workbook_recalculates_to_the_number_of_the_panel(libreoffice, tmp_path: Path) -> None:
    responses = sample_company().responses
    rows = {"segment_by": "segment", "segment": "SMB", "dated_by": "date", "span": "quarter"}
    panels = {
        "nps": panel("nps", data=responses, **rows),
        "csat": panel("csat", data=responses, ratings="csat", **rows),
        "ces": panel("ces", data=responses, ratings="ces", scale_max=7, easy="high", **rows),
        "churn_rate": panel("churn_rate", lost=12, opening=240, new_customers=30, basis="average"),
        "ndr": panel("ndr", opening=1000, expansion=120, contraction=30, churned=50),
    }
    for name, shown in panels.items():
        (tmp_path / f"{name}.xlsx").write_bytes(metric_workbook(shown.outcome))
    first, *others = (tmp_path / f"{name}.xlsx" for name in panels)
    folder = libreoffice(first, *others).parent
    for name, shown in panels.items():
        sheet = openpyxl.load_workbook(folder / f"{name}.xlsx", data_only=True)["Result"]
        assert sheet["B5"].value == pytest.approx(shown.value, rel=1e-9), name


def test_weights_of_the_screen_give_the_bands_of_the_screen(libreoffice, tmp_path: Path) -> None:
    board = dashboard("health_score", sample_company(customers=120, months=30, event_days=70))
    board._weights["growth"].value = 0
    board._weights["depth"].value = 5
    board._edges["green"].value = 60
    accounts = board.scored(board.view)
    path = tmp_path / "health.xlsx"
    path.write_bytes(workbook(board)[0])
    sheet = openpyxl.load_workbook(libreoffice(path), data_only=True)["Health"]
    cells = {row[0].value: row for row in sheet.iter_rows(max_row=30) if row[0].value}
    for band in ("red", "amber", "green"):
        assert cells[band][1].value == accounts.bands.count(band)
    assert cells["all"][5].value == pytest.approx(np.nanmean(accounts.scores))

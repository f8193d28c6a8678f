"""What is on the screen goes out: the template workbook with these data and choices, CSV whose text stays text."""

import io
import threading

import numpy as np
import openpyxl
import pandas as pd
import pytest
from csmetrics_panels import DASHBOARDS, dashboard, panel
from csmetrics_panels.dashboards.workbook_data import workbook
from csmetrics_panels.export import csv_bytes, dashboard_files
from csmetrics_panels.metric.metric_workbook import workbook as metric_workbook
from csmetrics_panels.screen.browser import Download
from csmetrics_panels.screen.work import Worker
from test_panels_panel import METRICS, example_data

from csmetrics_core import MetricError, nps
from csmetrics_core.declaration.catalog import Metric
from csmetrics_core.declaration.spec import POINTS
from csmetrics_core.samples import SampleCompany, sample_company

pytestmark = pytest.mark.filterwarnings("ignore:Sparkline:UserWarning:openpyxl")


@pytest.fixture(scope="module")
def company() -> SampleCompany:
    return sample_company(customers=60, months=30, event_days=70)


def opened(content: bytes, *, values: bool = True) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(content), data_only=values)


@pytest.mark.parametrize("name", list(DASHBOARDS))
def test_every_dashboard_writes_its_template_with_live_formulas(company: SampleCompany, name: str) -> None:
    content, said = workbook(dashboard(name, company, segment="SMB", span="quarter"))
    book = opened(content, values=False)
    formulas = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    assert len(formulas) > 50
    assert said == ""


def test_the_workbook_shows_the_choices_and_the_number_of_the_screen(company: SampleCompany) -> None:
    board = dashboard("voice_of_customer", company, segment="SMB", span="quarter", end="2026-06")
    sheet = opened(workbook(board)[0])["Voice"]
    r = company.responses
    chosen = r[(r["segment"] == "SMB") & (r["date"] >= "2026-04-01") & (r["date"] < "2026-07-01")]
    choices = {row[0].value: row for row in sheet.iter_rows(max_row=12) if row[0].value}
    cells = {row[0].value: row for row in sheet.iter_rows() if row[0].value}
    assert cells["Net Promoter Score"][2].value == pytest.approx(nps(chosen["nps"]))
    assert {"SMB", "quarter"} <= {cell.value for cell in choices["Segment"]}


def test_tables_that_are_not_there_leave_their_sheet_empty_and_that_is_said(company: SampleCompany) -> None:
    board = dashboard("voice_of_customer", {"responses": company.responses})
    content, said = workbook(board)
    assert said == "Left empty, for want of data: Tickets, Invited."
    assert opened(content)["Responses"].max_row > 100
    with pytest.raises(MetricError, match="none of the workbook's sheets"):
        workbook(dashboard("voice_of_customer", {"other": pd.DataFrame({"a": [1]})}))


def test_payloads_in_the_data_are_text_in_the_workbook() -> None:
    payload = '=HYPERLINK("http://example.com","x")'
    frame = pd.DataFrame(
        {"date": pd.to_datetime(["2026-09-01"] * 3), "nps": [10, 0, 9], "comment": [payload, "+1", "@x"]}
    )
    book = opened(workbook(dashboard("voice_of_customer", {"responses": frame}))[0], values=False)
    cells = [cell for row in book["Responses"].iter_rows() for cell in row if cell.value == payload]
    assert [cell.data_type for cell in cells] == ["s"]


def test_csv_keeps_text_text_and_blanks_blank() -> None:
    table = {"a": ["=1+1", "x", None], "b": [1.5, float("nan"), 2], "=c": [True, "-2", "ok"]}
    lines = csv_bytes(table).decode("utf-8-sig").splitlines()
    assert lines == ["a,b,'=c", "'=1+1,1.5,True", "x,,-2", ",2,ok"]


def test_the_files_of_a_page(company: SampleCompany) -> None:
    board = dashboard("revenue_retention", company)
    files = dict(dashboard_files(board))
    assert files["Workbook with live formulas"]()[2].startswith(b"PK")
    assert files["Tables of this page as CSV"]()[2].decode("utf-8-sig").startswith("month,opening,new")
    assert files["First chart as PNG"]()[2].startswith(b"\x89PNG")
    board.choose(page="Cohorts")
    with pytest.raises(MetricError, match="no table"):
        files["Tables of this page as CSV"]()


def test_a_file_that_cannot_be_made_is_said_beside_the_button() -> None:
    shown = panel("nps", data={"score": [11]})
    button = shown._files.children[0]
    sent: list = []
    button.send = lambda content, buffers=None: sent.append((content, buffers))
    button._asked(None, {"wanted": True}, None)
    assert "there is no result yet" in button.said
    assert not button.busy
    assert sent == []
    shown = panel("nps", data={"score": [10]})
    button = shown._files.children[0]
    button.send = lambda content, buffers=None: sent.append((content, buffers))
    button._asked(None, {"wanted": True}, None)
    assert sent[-1][0]["filename"] == "nps.xlsx"


NUMBERS = [m for m in METRICS if m.gives == "number"]


@pytest.mark.parametrize("metric", NUMBERS, ids=lambda m: m.name)
def test_every_metric_with_one_number_has_a_workbook_that_holds_it(metric: Metric) -> None:
    frame, choices = example_data(metric)
    shown = panel(metric.name, data=frame if len(frame.columns) else None, **choices)
    if np.ndim(shown.value) or metric.roles.block:
        with pytest.raises(MetricError, match=r"one result a row|columns side by side"):
            metric_workbook(shown.outcome)
        return
    content = metric_workbook(shown.outcome)
    result = opened(content)["Result"]
    assert result["B5"].value == pytest.approx(shown.value)
    formula = opened(content, values=False)["Result"]["B5"].value.text
    assert formula.startswith(f"=IF(addin_on,{metric.excel_name}(")
    said = {row[0].value: row[1].value for row in result.iter_rows() if row[0].value}
    assert (said.get("convention", ""), said["source"]) == (metric.convention, metric.source)


def test_the_workbook_of_a_panel_holds_the_rows_chosen_and_what_the_card_says(company: SampleCompany) -> None:
    shown = panel("nps", data=company.responses, segment_by="segment", segment="SMB", dated_by="date", span="quarter")
    book = opened(metric_workbook(shown.outcome))
    rows = [row for row in book["Data"].iter_rows(min_row=6, values_only=True) if row[0] is not None]
    assert len(rows) == len(shown.data)
    assert {row[2] for row in rows} == {"SMB"}
    source = company.responses.iloc[int(rows[0][0]) - 1]
    assert (source["segment"], str(source["date"])[:10]) == ("SMB", str(rows[0][3])[:10])
    said = {row[0].value: row[1].value for row in book["Result"].iter_rows() if row[0].value}
    assert said["n used"] == f"{shown.outcome.told.n}"
    assert said["rows"] == "segment = SMB, 2026 Q3"
    low, high = shown.outcome.told.interval
    assert said["95% interval"] == POINTS.between(low, high).removesuffix(" points")


def test_payloads_stay_text_in_the_workbook_of_a_panel() -> None:
    payload = '=HYPERLINK("http://example.com","x")'
    frame = pd.DataFrame({payload: [10, 9, payload], "who": ["@x", payload, payload]})
    shown = panel("nps", data=frame, scores=payload, segment_by="who", segment=payload)
    book = opened(metric_workbook(shown.outcome), values=False)
    cells = [cell for name in ("Data", "Result") for row in book[name].iter_rows() for cell in row]
    assert {cell.data_type for cell in cells if payload in str(cell.value)} == {"s"}


def test_what_is_no_single_number_is_refused_in_words(company: SampleCompany) -> None:
    with pytest.raises(MetricError, match="gives a table, and this workbook holds one number"):
        metric_workbook(panel("nps_counts", data={"scores": [10, 9]}).outcome)
    with pytest.raises(MetricError, match="there is no result yet"):
        metric_workbook(panel("churn_rate").outcome)
    many = pd.DataFrame({"score": np.full(200_001, 9)})
    with pytest.raises(MetricError, match="200,001 rows count, and the workbook takes 200,000"):
        metric_workbook(panel("nps", data=many).outcome)


def test_a_file_is_made_beside_the_screen_and_can_be_cancelled() -> None:
    began, go_on, sent = threading.Event(), threading.Event(), []

    def make() -> tuple[str, str, bytes]:
        began.set()
        go_on.wait(30)
        return "x.csv", "text/csv", b"x"

    button = Download("Make", make)
    button._worker = Worker(True)
    button.send = lambda *message: sent.append(message)
    button._asked(None, {"wanted": True}, None)
    assert began.wait(30)
    assert (button.busy, button.said) == (True, "Making the file…")
    button._asked(None, {"wanted": False}, None)
    assert (button.busy, button.said) == (False, "Cancelled")
    go_on.set()
    button._worker.wait(30)
    assert sent == []
    button._asked(None, {"wanted": True}, None)
    button._worker.wait(30)
    assert sent == [({"filename": "x.csv", "type": "text/csv"}, [b"x"])]
    assert not button.busy

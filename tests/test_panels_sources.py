"""Data of every kind come in as they are, and what cannot come in is refused in words."""

import datetime
import io
import math
import re
import threading
import types
from collections.abc import Callable
from html import unescape
from pathlib import Path

import openpyxl
import pandas as pd
import polars as pl
import pytest
from csmetrics_panels import dashboard, dashboards, panel, read_table
from csmetrics_panels.data import reading, sources
from csmetrics_panels.data.frames import BLANK, NO_MONTH, Frame

from csmetrics_core import MetricError, nps
from csmetrics_core.declaration.kinds import Amount, Day, Flag, Id, Text, Whole
from csmetrics_core.files import read_company

MESSY = """Score;Segment;When;Note
10;SMB;2026-01-31;fine
9;SMB;2026-02-01;
;Mid;2026-02-03;=1+1
ten;Mid;;x
0;Mid;2026-02-09;<b>
"""


def test_an_uploaded_csv_keeps_what_is_no_number() -> None:
    (source,) = sources.of_file("my scores.csv", MESSY.encode("utf-8-sig"))
    frame = source.load()
    assert frame.name == "my_scores"
    assert frame.series("Score").to_list()[:2] == [10, 9]
    assert frame.series("Score").to_list()[3] == "ten"
    assert frame.series("Note").to_list()[2] == "=1+1"
    shown = panel("nps", data=frame, scores="Score")
    assert shown.value == pytest.approx(nps([10, 9, 0]))
    assert ("scores", "text", 1, (3,)) in shown.outcome.told.dropped
    assert ("scores", "blank", 1, (2,)) in shown.outcome.told.dropped
    assert shown.code.startswith("from csmetrics_core import nps\n\nfrom csmetrics_panels import read_table")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_csv_of_any_program(encoding: str, delimiter: str) -> None:
    text = f"Größe{delimiter}score\ná{delimiter}10\né{delimiter}0\n"
    (source,) = sources.of_file("x.csv", text.encode(encoding))
    frame = source.load()
    assert list(frame) == ["Größe", "score"]
    assert frame.series("Größe").to_list() == ["á", "é"]


def test_workbooks_give_a_choice_a_sheet_and_parquet_keeps_its_types(tmp_path) -> None:
    held = io.BytesIO()
    with pd.ExcelWriter(held) as book:
        pd.DataFrame({"score": [10, 0, "n/a"]}).to_excel(book, sheet_name="NPS", index=False)
        pd.DataFrame({"x": [1]}).to_excel(book, sheet_name="Other sheet", index=False)
    first, second = sources.of_file("book.xlsx", held.getvalue())
    assert (first.label, second.label) == ("book.xlsx: NPS", "book.xlsx: Other sheet")
    assert first.load().series("score").to_list() == [10, 0, "n/a"]
    path = tmp_path / "book.xlsx"
    path.write_bytes(held.getvalue())
    assert read_table(path, sheet="Other sheet")["x"].tolist() == [1]
    with pytest.raises(MetricError, match="no sheet 'Nope'"):
        read_table(path, sheet="Nope")
    day = pd.DataFrame({"day": pd.to_datetime(["2026-01-01"]), "score": [7]})
    (parquet,) = sources.of_file("d.parquet", day.to_parquet())
    assert parquet.load().dates() == ["day"]


def saved(*rows: list[object]) -> bytes:
    """A workbook as openpyxl writes it: formulas without values."""
    book, held = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(held)
    return held.getvalue()


def test_error_cells_are_passed_on_and_formulas_never_calculated_refused() -> None:
    (source,) = sources.of_file("a.xlsx", saved(["score", "who"], [10, "Ada"], ["#N/A", None], [0, "n/a"]))
    frame = source.load()
    assert frame.series("score").to_list() == [10, "#N/A", 0]
    assert [cell for cell in frame.series("who").to_list() if cell == cell] == ["Ada", "n/a"]
    with pytest.raises(MetricError, match=r"scores\[1\] holds the error #N/A"):
        nps(frame.series("score"))
    with pytest.raises(MetricError, match="the formula in Sheet!A3 was never calculated") as refused:
        sources.of_file("a.xlsx", saved(["score"], [10], ["=9+1"]))
    assert "save it" in refused.value.fix


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("run.exe", b"MZ", "Save it as one of these"),
        ("a.xlsx", b"this is no workbook", "cannot be opened"),
        ("a.parquet", b"PAR1 cut short", "cannot be read as a Parquet file"),
        ("a.csv", b"", "is empty"),
        ("a.csv", b"a,b\n", "holds no rows"),
    ],
)
def test_files_that_cannot_be_taken_are_refused_with_a_remedy(name: str, content: bytes, words: str) -> None:
    with pytest.raises(MetricError, match=words) as refused:
        sources.of_file(name, content)
    assert refused.value.fix


def test_a_file_comes_in_parts_and_is_whole_again() -> None:
    shown, content = panel("nps", data={"score": [10, 0]}), b"score\n10\n9\n0\n"
    told: list[object] = []
    shown._upload.send = told.append
    shown._upload._told(None, {"step": "begin"}, [])
    for at in range(0, len(content), 5):
        shown._upload._told(None, {"step": "part", "name": "s.csv"}, [memoryview(content[at : at + 5])])
    assert shown.value == 0
    shown._upload._told(None, {"step": "end"}, [])
    assert shown.value == pytest.approx(nps([10, 9, 0]))
    assert told == [{"taken": True}] * (2 + math.ceil(len(content) / 5))  # the browser sends the next part after each


@pytest.mark.parametrize("make", [lambda: panel("nps", {"score": [10, 0]}), lambda: dashboard("voice_of_customer")])
def test_a_file_too_large_is_refused_before_it_is_sent(make: Callable) -> None:
    shown = make()
    sizes = [["small.csv", 10], ["big.csv", reading.LARGEST_UPLOAD + 2**20]]
    shown._upload._told(None, {"step": "too large", "sizes": sizes}, [])
    said = (shown._refused if hasattr(shown, "_refused") else shown._said).value
    assert "big.csv has 101 MB, and an upload takes 100 MB. Read it in the notebook with read_table(path)" in said
    with pytest.raises(MetricError, match="an upload takes 100 MB"):
        reading.check_upload(dict(sizes))


def test_an_upload_is_read_beside_the_screen_and_can_be_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    began, go_on = threading.Event(), threading.Event()
    real = sources.read_tables

    def slow(*given: object) -> object:
        began.set()
        go_on.wait(30)
        return real(*given)

    monkeypatch.setattr(sources, "read_tables", slow)
    shown = type(panel("nps"))("nps", {"score": [10, 0]}, background=True)
    shown._upload.take({"s.csv": b"score\n10\n"})
    assert began.wait(30)
    assert "Reading s.csv" in shown._refused.value
    shown._cancel.click()
    assert "Cancelled" in shown._refused.value
    go_on.set()
    assert shown.value == 0
    shown._upload.take({"s.csv": b"score\n10\n"})
    assert shown.value == 100  # the file is read, and then the metric is worked out


def test_a_refused_upload_leaves_the_panel_as_it_was() -> None:
    shown = panel("nps", data={"score": [10, 0]})
    shown._upload.take({"x.exe": b"MZ"})
    assert "x.exe is no" in shown._refused.value
    assert shown.value == 0
    shown._upload.take({"s.csv": b"score\n10\n10\n"})
    assert shown._refused.value == ""
    assert shown.value == 100


def test_the_sample_company_and_the_notebooks_frames_are_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    space = {
        "mine": pd.DataFrame({"score": [10]}),
        "_hidden": pd.DataFrame(),
        "number": 3,
        "pl_frame": pl.DataFrame({"score": [0]}),
    }
    monkeypatch.setattr(sources, "_notebook_names", lambda: space)
    shown = panel("nps")
    labels = [label for label, _ in shown._source.options]
    assert labels[:3] == ["choose the data", "mine (notebook)", "pl_frame (notebook)"]
    assert "sample: responses" in labels
    shown._source.value = dict(shown._source.options)["pl_frame (notebook)"]
    assert shown.value == -100
    assert "nps(scores=pl_frame['score'])" in shown.code
    shown._source.value = dict(shown._source.options)["sample: responses"]
    names: dict = {}
    *lines, call = shown.code.split("\n")
    exec("\n".join([*lines, f"result = {call}"]), names)
    assert names["result"] == shown.value


def test_excel_is_offered_only_where_it_is() -> None:
    assert sources.excel_selection() == []
    book = types.SimpleNamespace(load=lambda index: pd.DataFrame({"score": [10, 9]}))
    assert panel("nps", data=sources.from_excel(book)).value == 100
    with pytest.raises(MetricError, match="holds no table"):
        sources.from_excel(types.SimpleNamespace(load=lambda index: 5.0))


@pytest.mark.parametrize("bad", [5, "text", [1, 2], {1, 2}])
def test_what_is_no_frame_is_refused(bad: object) -> None:
    with pytest.raises(MetricError, match=r"(?i)give a pandas or Polars frame"):
        panel("nps", data=bad)


def test_two_columns_of_one_name_are_refused() -> None:
    frame = pd.DataFrame([[1, 2]], columns=["a", "a"])
    with pytest.raises(MetricError, match="two columns are called 'a'"):
        panel("nps", data=frame)


FRAME = pd.DataFrame(
    {
        "score": [10, "ten", 9, None],
        "amount": [1.5, 2.5, 1000.0, 3.0],
        "day": [datetime.date(2026, 1, 1), None, datetime.date(2026, 2, 1), datetime.date(2026, 2, 2)],
        "who": ["a", "b", None, "b"],
        "yes": [True, False, True, True],
    }
)


@pytest.mark.parametrize(
    ("kind", "columns"),
    [
        (Whole(0, 10), ["score"]),
        (Amount(), ["score", "amount"]),
        (Day(), ["day"]),
        (Id(), ["score", "who"]),
        (Text(), ["who"]),
        (Flag(), ["yes"]),
    ],
    ids=lambda v: type(v).__name__,
)
def test_columns_fit_by_what_most_of_their_cells_are(kind: object, columns: list[str]) -> None:
    assert Frame(FRAME).fitting(kind) == columns


def test_segments_and_months_keep_blanks_apart() -> None:
    frame = Frame(FRAME)
    assert frame.values("who") == ["a", "b", BLANK]
    assert frame.in_segment("who", BLANK).tolist() == [False, False, True, False]
    months = frame.months("day")
    assert months.tolist() == [672, NO_MONTH, 673, 673]
    assert Frame(pl.from_pandas(FRAME[["who"]])).values("who") == ["a", "b", BLANK]


EXPORTS = Path(__file__).parent / "data" / "exports"


def test_an_export_goes_through_its_reader_and_the_panel_tells_what_it_did(monkeypatch: pytest.MonkeyPatch) -> None:
    """The file's second row is headings too, and says so to the reader alone."""
    name = "surveymonkey_responses.csv"
    shown = panel("nps")
    shown._upload.take({name: (EXPORTS / name).read_bytes()})
    read = read_company(EXPORTS / name).tables["responses"]
    assert shown.value == pytest.approx(nps(read["nps"]))
    assert shown.outcome.told.n == 4
    assert "SurveyMonkey individual responses, 5 of 5 rows" in shown._refused.value
    assert "was taken for nps by its wording" in shown._refused.value
    monkeypatch.chdir(EXPORTS)
    names: dict = {}
    *lines, call = shown.code.split("\n")
    exec("\n".join([*lines, f"result = {call}"]), names)
    assert names["result"] == shown.value
    shown._show_busy(True)
    assert "was taken for nps" in shown._refused.value  # work that lasts does not take it away
    shown._source.value = dict(shown._source.options)["sample: responses"]
    assert shown._refused.value == ""


def test_an_export_that_leaves_a_choice_is_refused_with_the_way_to_make_it() -> None:
    text = (EXPORTS / "surveymonkey_responses.csv").read_text()
    ambiguous = re.sub(r"\d\d/\d\d/2026", "09/03/2026", text)
    shown = panel("nps")
    shown._upload.take({"survey.csv": ambiguous.encode()})
    said = unescape(shown._refused.value)
    assert "dates='dmy' if day first" in said
    assert "read_company(path, Said(...)).tables" in said


def test_exports_uploaded_together_complete_each_other_and_bring_their_scales(tmp_path) -> None:
    answers = (EXPORTS / "delighted_responses.csv").read_text()
    (tmp_path / "answers.csv").write_text(answers.replace(",ces7,6,", ",ces,4,"))
    (tmp_path / "subscriptions.csv").write_bytes((EXPORTS / "stripe_subscriptions.csv").read_bytes())
    board = dashboard("voice_of_customer")
    board._upload.take({path.name: path.read_bytes() for path in sorted(tmp_path.iterdir())})
    reading = read_company(tmp_path)
    assert {"responses", "contracts", "subscriptions"} <= set(board.data.frames)
    assert board.data.frames["subscriptions"].native.equals(reading.tables["subscriptions"])
    assert "Stripe subscriptions" in board._said.value
    assert "answers to surveys of another type" in board._said.value
    assert board.data.given.ces_scale == reading.report.scales["ces"] == 5
    board.choose(page="CSAT and effort", span="trailing 12")
    figures = [item for block in board.blocks if hasattr(block, "items") for item in block.items]
    assert next(item.value for item in figures if item.title == "Customer Effort Score") == "100.0"


def test_a_path_and_what_was_read_already_are_taken_alike() -> None:
    path = EXPORTS / "zendesk_tickets.csv"
    by_path, read = dashboard("voice_of_customer", path), dashboard("voice_of_customer", read_company(path))
    assert "Zendesk" in by_path._said.value
    assert by_path._said.value == read._said.value
    every = dashboards(path)
    every._choice.value = "voice_of_customer"
    assert "Zendesk" in every.dashboard._said.value


def test_a_file_by_its_path_is_read_with_what_it_cannot_say(tmp_path: Path) -> None:
    path = tmp_path / "answers.csv"
    path.write_text("Date;NPS\n01/02/2025;9\n03/02/2025;10\n04/03/2025;3\n")
    shown = panel("nps", str(path), scores="NPS", dates="dmy", dated_by="Date", span="month", end="2025-02")
    assert shown.value == 100
    assert f"read_table({str(path)!r}, dates='dmy')" in shown.code

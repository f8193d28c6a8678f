"""The same small files through the doors of the entrance: the right figures, or a question, and never two answers."""

import json
import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from csmetrics_panels import dashboard, dashboards
from csmetrics_workbooks.build import recipe
from csmetrics_workbooks.data.userdata import map_company

from csmetrics_core import nps
from csmetrics_core.errors import MetricError
from csmetrics_core.files import Said, open_sources, read_company
from csmetrics_core.scorecard import Scorecard, scorecard_of

CASES = Path(__file__).parent / "data" / "cases"
EVERY = json.loads((CASES / "cases.json").read_text("utf-8"))
_OPTIONS = {"--month": "end", "--as-of": "as_of"}


def given(case: dict) -> tuple[dict[str, Path], str | None, dict[str, Any]]:
    """The files of a case by name, the month it asks for, and what its user says."""
    options = dict(zip(case["options"][::2], case["options"][1::2], strict=True))
    said = {"as_of": pd.Timestamp(options["--as-of"]).date()} if "--as-of" in options else {}
    return {Path(name).name: CASES / name for name in case["files"]}, options.get("--month"), said


def by_board(tables: Any, month: str | None, said: dict[str, Any]) -> Scorecard:
    board = dashboard("scorecard", tables, **said)
    return of_board(board, month)


def of_board(board: Any, month: str | None) -> Scorecard:
    if month is not None and month in dict(board._end.options):
        board.choose(end=month)
    reading = board.data.reading("")
    if month is not None and month not in dict(board._end.options):
        return scorecard_of(reading, month=month)
    return board._card(board.view)


def files(case: dict) -> Scorecard:
    paths, month, said = given(case)
    return scorecard_of(read_company(paths, Said(**said)), month=month)


def by_path(case: dict, folder: Path) -> Scorecard:
    paths, month, said = given(case)
    for name, path in paths.items():
        (folder / name).write_bytes(path.read_bytes())
    return by_board(folder if len(paths) > 1 else folder / next(iter(paths)), month, said)


def by_upload(case: dict, folder: Path) -> Scorecard:
    paths, month, said = given(case)
    board = dashboard("scorecard", **said)
    board._upload.take({name: path.read_bytes() for name, path in paths.items()})
    if board.data.is_sample:
        raise MetricError(board._said.value)
    return of_board(board, month)


def by_frames(case: dict, folder: Path) -> Scorecard:
    paths, month, said = given(case)
    frames = {}
    for grid in open_sources(paths).grids:
        if grid.rows[0] and all(cell not in (None, "") for cell in grid.rows[0]):
            frames[grid.name] = pd.DataFrame(grid.rows[1:], columns=grid.rows[0])
    if not frames:
        pytest.skip("no frame begins with a title")
    return by_board(frames, month, said)


@pytest.mark.parametrize("door", [files, by_path, by_upload, by_frames], ids=lambda door: door.__name__)
@pytest.mark.parametrize("case", EVERY, ids=lambda case: Path(case["files"][0]).name)
def test_every_door_gives_the_right_figure_or_asks(case: dict, door: Any, tmp_path: Path) -> None:
    try:
        card = door(case) if door is files else door(case, tmp_path)
    except MetricError:
        card = None
    for metric, right in case["right"].items():
        line = None if card is None else card[metric]
        value = None if line is None else line.value
        if value is None and (case["may_ask_instead"] or right is None):
            continue
        assert right is not None, (metric, value, case["why"])
        assert value is not None, (metric, card and card[metric].missing, case["why"])
        assert math.isclose(value, right, abs_tol=1e-3), (metric, value, case["why"])
        assert line.n == case.get("n", {}).get(metric, line.n)


def test_what_a_file_cannot_say_is_said_to_dashboards_and_stands_in_their_code(tmp_path: Path) -> None:
    (tmp_path / "nps.csv").write_text("Gave;When\n10;02/03/2025\n0;03/03/2025\n9;04/03/2025\n")
    asked = dashboard("scorecard", tmp_path / "nps.csv", columns={"nps": "Gave", "date": "When"})
    assert asked.data.read.report.waits or not asked.data.frames
    said = {"columns": {"nps": "Gave", "date": "When"}, "dates": "dmy"}
    board = dashboards(tmp_path / "nps.csv", **said).dashboard
    assert board._card(board.view)["nps"].value == pytest.approx(100 / 3)
    assert "dates='dmy'" in board.code


@pytest.mark.parametrize("case", EVERY, ids=lambda case: Path(case["files"][0]).name)
def test_the_data_sheets_of_a_workbook_hold_what_the_other_doors_count(case: dict) -> None:
    """The figures that a data sheet gives by hand: answers, and what is paid in the month asked for."""
    paths, month, said = given(case)
    mapped, reading = map_company(recipe("scorecard"), paths, Said(**said))
    waits = reading.report.waits.get("subscriptions") or reading.report.waits.get("responses") or reading.spellings
    if waits:
        assert case["may_ask_instead"] or None in case["right"].values()
        return
    answers, revenue = mapped.frames["Responses"], mapped.frames["Revenue"]
    if case["right"].get("nps") is not None and month is None:
        assert nps(answers["NPS"]) == pytest.approx(case["right"]["nps"])
    if case["right"].get("mrr") is not None:
        months = [name for name in revenue if name[:2] == "20" and revenue[name].notna().any()]
        assert revenue[month or months[-1]].sum() == pytest.approx(case["right"]["mrr"])

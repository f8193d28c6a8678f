"""Figures stay on the screen, however narrow it is and however long a name: names are cut, and whole in --json."""

import csv
import json
from pathlib import Path

import pytest
from csmetrics_addin.cli.app import app
from typer.testing import CliRunner

from csmetrics_core.declaration.spec import POINTS

KIND = "Figures that vanish from a narrow screen"

NAMES = {
    "73 letters": "x" * 73,
    "a word a line": "a" * 300 + " b",
    "wide letters": "顧客" * 60,
    "with blanks": "a long name of a customer " * 8,
    "an address": "https://example.com/" + "path/" * 30,
    "signs": "\u200b" * 90 + "ok",
    "short": "A",
}


def shown_at(folder: Path, width: int, *words: str) -> str:
    """What a command shows on a screen so wide."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        environment = {"COLUMNS": str(width), "NO_COLOR": "1", "TERM": "dumb"}
        return CliRunner(env=environment).invoke(app, words).stdout


@pytest.fixture(params=NAMES)
def survey(request, tmp_path) -> tuple[Path, str]:
    """Answers of two groups, one with an awkward name."""
    with (tmp_path / "s.csv").open("w", newline="", encoding="utf-8") as held:
        rows = [("2026-09-01", n, NAMES[request.param] if n % 2 else "Other") for n in (10, 9, 9, 8, 7, 3, 2, 10)]
        csv.writer(held).writerows([("date", "nps", "segment"), *rows])
    return tmp_path, NAMES[request.param].strip(" \u200b")  # files are read without blanks around a name


@pytest.mark.parametrize("width", [40, 60, 80])
def test_value_n_and_interval_of_every_group_are_seen(width, survey):
    folder, name = survey
    words = ["compute", "NPS", "s.csv", "--scores", "nps", "--by", "segment"]
    found = json.loads(shown_at(folder, 80, *words, "--json"))["groups"]
    shown = shown_at(folder, width, *words)
    assert name in [row["group"] for row in found]
    for row in found:
        for figure in ("value", "low", "high"):
            assert POINTS.text(row[figure]) in shown, (figure, shown)
    assert max(map(len, shown.splitlines())) <= width
    assert shown.index("value") < len(shown) // 2


@pytest.mark.parametrize("width", [40, 80])
def test_a_report_shows_its_figures(width, survey):
    folder, _ = survey
    words = ["report", "s.csv", "--by", "segment"]
    shown = shown_at(folder, width, *words)
    for row in json.loads(shown_at(folder, 80, *words, "--json"))[0]["rows"]:
        assert POINTS.text(row["value"]) in shown, shown
        assert POINTS.text(row["low"]) in shown, shown

"""The one entrance: files people have, behind every door, give the right figure or the question that settles it."""

import json
from pathlib import Path

import pandas as pd
import pytest
from csmetrics_addin.cli import app
from typer.testing import CliRunner

from csmetrics_core.files import read_company

CASES = Path(__file__).parent / "data" / "cases"
LISTED = json.loads((CASES / "cases.json").read_text(encoding="utf-8"))


def figures(*words):
    """Metric -> value and n, as the command gives them."""
    shown = CliRunner().invoke(app, ["scorecard", *map(str, words), "--json"])
    assert shown.exit_code in (0, 3), shown.output
    data = json.loads(shown.stdout)
    return {one["metric"]: (one["value"], one["n"]) for one in data["metrics"]}


def check(case, found):
    for metric, right in case["right"].items():
        value, n = found.get(metric, (None, None))
        if value is None and (right is None or case["may_ask_instead"]):
            continue
        assert value == pytest.approx(right, abs=1e-3), (metric, case["why"])
        assert n == case.get("n", {}).get(metric, n), (metric, case["why"])


@pytest.mark.parametrize("case", LISTED, ids=lambda case: case["files"][0])
def test_files_people_have(case, tmp_path):
    paths = [CASES / name for name in case["files"]]
    check(case, figures(*paths, *case["options"]))
    for path in paths:
        (tmp_path / path.name).write_bytes(path.read_bytes())
    check(case, figures(tmp_path, *case["options"]))
    given = {path.name: path.read_bytes() for path in paths}
    by_path, by_bytes = read_company(paths), read_company(given)
    assert by_path.tables.keys() == by_bytes.tables.keys()
    for name, frame in by_path.tables.items():
        pd.testing.assert_frame_equal(frame, by_bytes.tables[name])

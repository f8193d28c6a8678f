"""What a notebook shows: a refusal in one line, an object in a line or a card, types an editor understands."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from csmetrics_core import explain, reconcile
from csmetrics_core.scorecard import scorecard


def test_a_refusal_is_one_line_and_tb_shows_the_frames(capsys):
    shell = InteractiveShell.instance()
    shell.run_cell("from csmetrics_core import nps; nps([11])")
    sentence = (
        "OutOfScale: nps: scores[0] is 11; expected a whole number from 0 to 10. Remove it or rescale the answers."
    )
    assert capsys.readouterr().out.splitlines() == [sentence]
    shell.run_line_magic("tb", "")
    frames = capsys.readouterr().out
    assert "catalog.py" in frames
    assert sentence in frames


def test_objects_are_a_line_and_cards_escape_what_they_show():
    assert repr(explain("nps", [10, 9, 8, 6])) == "<NPS 25.0 (-44.2 to 72.7), n 4>"
    assert repr(explain("churn_rate", [1, 3], [10, 20])) == "<CHURN_RATE 10.0%, 15.0%>"
    assert repr(reconcile("churn_rate", "2.6%", lost=8, opening=302)).startswith(
        "<CHURN_RATE reported 2.6%: csmetrics g"
    )
    card = scorecard({"<b>": {"Score": [10, 9, 8, 6]}})
    assert repr(card) == "<Scorecard without dates: 1 of 16 metrics>"
    assert "Net Promoter Score: 25.0" in str(card)
    assert "<td>Net Promoter Score</td><td>25.0</td>" in card._repr_html_()


@pytest.mark.parametrize("package", ["csmetrics_core", "csmetrics_addin", "csmetrics_workbooks", "csmetrics_panels"])
def test_the_packages_say_that_they_are_typed(package):
    assert (Path(find_spec(package).origin).parent / "py.typed").exists()


@pytest.mark.slow
def test_types_are_floats_for_single_values_and_columns_for_columns(tmp_path):
    calls = {
        "churn_rate(3, 100)": "float",
        "churn_rate(pd.Series([3]), 100)": "Series[Any]",
        "churn_rate([3, 5], [120, 125])": "ndarray",
        "nps([9])": "float",
        "nps_counts([9])": "DataFrame",
        "nps_interval([9])": "tuple[float, float]",
        "health_band(3)": "str",
    }
    lines = [
        "import pandas as pd",
        f"from csmetrics_core import {', '.join(call.partition('(')[0] for call in calls)}",
        *(f"reveal_type({call})" for call in calls),
    ]
    (tmp_path / "asked.py").write_text("\n".join(lines))
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "asked.py"], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    revealed = [line for line in done.stdout.splitlines() if "Revealed" in line]
    assert len(revealed) == len(calls), done.stdout
    for words, line in zip(calls.values(), revealed, strict=True):
        assert words in line

"""What a notebook shows: a refusal in one line, an object in a line or a card, types an editor understands."""

import subprocess
import sys
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from xml.etree import ElementTree

import pytest
from csmetrics_addin.cli.app import app
from IPython.core.interactiveshell import InteractiveShell
from pandas import DataFrame
from typer.testing import CliRunner

from csmetrics_core import explain, reconcile
from csmetrics_core.declaration.catalog import lookup
from csmetrics_core.declaration.spec import COUNT, DATE, FRACTION, MONEY, POINTS, TEXT
from csmetrics_core.files import read_company
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
    assert repr(explain("nps", [10, 9, 8, 6])) == "<NPS 25.0 (−44.2 to 72.7), n 4>"
    assert repr(explain("churn_rate", [1, 3], [10, 20])) == "<CHURN_RATE 10.0%, 15.0%>"
    assert repr(reconcile("churn_rate", "2.6%", lost=8, opening=302)).startswith(
        "<CHURN_RATE reported 2.6%: csmetrics g"
    )
    card = scorecard({"<b>": {"Score": [10, 9, 8, 6]}})
    assert repr(card) == "<Scorecard without dates: 1 of 16 metrics>"
    assert "Net Promoter Score: 25.0" in str(card)
    cells = cells_of(card._repr_html_())
    assert cells[0] == ["metric", "value", "change", "verdict", "95 % interval", "n"]
    assert ["Net Promoter Score", "25.0", "", "", "−44.2 to 72.7", "4"] in cells
    assert repr(card["nps"]) == "<Net Promoter Score: 25.0 (−44.2 to 72.7), n 4>"
    assert ["95 % interval", "−44.2 to 72.7"] in cells_of(card["nps"]._repr_html_())
    assert repr(card["mrr"]).startswith("<Monthly recurring revenue: needs a table of subscriptions")


def cells_of(markup):
    """The rows of text a browser would show, which also says that the markup is whole."""
    root = ElementTree.fromstring(f"<div>{markup}</div>")
    return [["".join(cell.itertext()) for cell in row] for row in root.iter("tr")]


EVIL = "<script>alert(1)</script>&"


def test_every_text_in_a_card_is_text():
    days = [date(2026, 1, day) for day in (1, 3, 4, 1)]
    usage = explain("usage_by_account", [EVIL, EVIL, EVIL, "B"], list("uuvw"), days, list("eses"), [4, 4, 4, 2], days=2)
    assert EVIL in [row[0] for row in cells_of(usage._repr_html_())]
    frame = {"Score": [10, 9, 8, 6], "Comment": [EVIL] * 4}
    shown = [usage, scorecard({EVIL: frame}), explain("health_band", [30, 60])]
    shown += [reconcile("churn_rate", "2.6%", lost=8, opening=302), *shown[1].lines]
    for one in shown:
        assert "<script" not in one._repr_html_()
        assert cells_of(one._repr_html_())
        assert len(repr(one)) < 300
        assert "\n" not in repr(one)


def test_a_name_is_shown_whole():
    assert TEXT.text("Trent & Tate Trading Ltd") == "Trent & Tate Trading Ltd"
    assert DATE.text("2026-01-31T00:00:00.000") == "2026-01-31 00:00:00"


def test_the_card_of_a_table_holds_its_rows():
    cells = cells_of(explain("nps_counts", [10, 9, 8, 6])._repr_html_())
    assert cells[-2:] == [["promoters", "passives", "detractors", "responses"], ["2", "1", "1", "4"]]


def test_a_reconciliation_says_whose_convention_and_how_far_off():
    found = reconcile("churn_rate", "2.6%", lost=8, opening=302)
    cells = cells_of(found._repr_html_())
    assert cells[0] == ["convention", "formula", "used by", "value", "gap", "verdict"]
    assert cells[1] == ["csmetrics", "lost ÷ opening customers", "as called", "2.649%", "+0.049 percentage points",
                        "reproduces it"]  # fmt: skip
    assert repr(found.lines[0]) == "<csmetrics: 0.0264901, reproduces it>"


def test_what_stands_behind_the_objects_is_a_line_too():
    assert repr(lookup("nps")) == "<Metric nps: Net Promoter Score>"
    reading = read_company(
        {"responses": DataFrame({"Customer": ["secret", "b"], "Date": ["2026-01-01"] * 2, "NPS": [10, 9]})}
    )
    assert repr(reading) == "<Reading of responses 2>"
    assert "secret" not in repr(reading.report)


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


def test_figures_have_a_minus_sign_and_their_unit_wherever_they_are_text():
    assert [POINTS.text(value) for value in (-44.2, -0.04, 0.0, float("nan"))] == ["−44.2", "0.0", "0.0", ""]
    assert [FRACTION.change(-0.021), MONEY.change(-1234.5), COUNT.change(3)] == ["−2.1 pp", "−1,234.50", "+3"]
    assert str(explain("cac_payback", 1200, 100, 0.8)).splitlines()[1] == "value: 15.0 months"
    done = CliRunner().invoke(app, ["compute", "nps", "--scores", "10,9,8,6"])
    assert "−44.2" in done.output
    assert "-44.2" not in done.output


def test_accounts_of_differing_weights_are_told():
    told = explain("nps", [10, 0, 9], weights=[1, 3, 2], accounts=["A", "A", "B"])
    assert told.value == pytest.approx(50)
    assert told.notes == ("Accounts whose answers have different weights: 1; each weighs their mean.",)
    assert explain("nps", [10, 0, 9], weights=[1, 1, 2], accounts=["A", "A", "B"]).notes == ()


def test_a_column_of_months_is_shown_as_months():
    movements = explain("mrr_movements", ["A", "A"], ["2026-08", "2026-09"], [10, 20])
    assert [row[0] for row in cells_of(movements._repr_html_()) if row[0].startswith("2026")] == ["2026-08", "2026-09"]
    assert DATE.of(["2026-08-01"]) is DATE

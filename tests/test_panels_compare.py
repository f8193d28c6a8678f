"""Two files compared on a page: the same figures as on the command line, a bar opens its customers."""

import json

import pandas as pd
import pytest
from csmetrics_addin.cli.app import app
from csmetrics_panels import compare, dashboards
from csmetrics_panels.dashboards.blocks import Figures, Grid, Picture, Words
from typer.testing import CliRunner

from csmetrics_core import MetricError

# A: the same. B: only billing knows it. C: CRM took the monthly amount for a yearly one. D: nobody knows why.
BILLING = [("A", 100, "month"), ("B", 50, "month"), ("C", 30, "month"), ("D", 1000, "year")]
CRM = [("A", 1200, "year"), ("C", 30, "year"), ("D", 1234.5, "year")]


def lines(rows: list[tuple]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["customer", "amount", "interval"])
    return frame.assign(start=pd.Timestamp("2026-01-01"), end=pd.Timestamp("2027-01-01"))


@pytest.fixture
def files(tmp_path):
    paths = tmp_path / "billing.csv", tmp_path / "crm.csv"
    for path, rows in zip(paths, (BILLING, CRM), strict=True):
        lines(rows).to_csv(path, index=False)
    return paths


def panel(*sides: object, **choices: object) -> object:
    return compare(*sides, **({"as_of": "2026-06-30", "ends": "first_unpaid"} | choices))


def shown(board: object) -> dict:
    """What stands on the screen, drawn again."""
    seen: dict = {}
    board._screen.show = lambda blocks: seen.update(blocks=blocks)
    board._show()
    return seen


def test_each_difference_has_its_rule_and_the_rest_is_unexplained() -> None:
    board = panel(lines(BILLING), lines(CRM))
    rules = dict(zip(board.value["customer"], board.value["rules"], strict=True))
    assert rules == {"A": "", "B": "only in left: -600.00", "C": "interval misread, x 1/12: -330.00", "D": ""}
    assert list(board.steps["amount"]) == [3160.0, -600.0, -330.0, 234.5, 2464.5]
    figures = next(b for b in shown(board)["blocks"] if isinstance(b, Figures))
    assert [(one.title, one.value) for one in figures.items] == [
        ("Left ARR", "3,160.00"), ("Right ARR", "2,464.50"), ("Difference", "−695.50"), ("Unexplained", "234.50"),
    ]  # fmt: skip
    assert figures.items[2].detail == "3 of 4 customers differ"


def test_the_command_line_says_the_same(files) -> None:
    board = panel(*files)
    told = CliRunner().invoke(
        app, ["compare", *map(str, files), "--as-of", "2026-06-30", "--ends", "first-unpaid", "--json"]
    )
    answer = json.loads(told.stdout)
    assert told.exit_code == 1
    assert answer["customers"] == board.value.to_dict("records")
    assert answer["steps"] == board.steps.to_dict("records")
    assert (
        board.code.splitlines()[-1]
        == f"compare({str(files[0])!r}, {str(files[1])!r}, as_of='2026-06-30', ends='first_unpaid')"
    )


def test_a_bar_opens_its_customers_and_so_does_the_list() -> None:
    board = panel(lines(BILLING), lines(CRM))
    blocks = shown(board)["blocks"]
    picture = next(b for b in blocks if isinstance(b, Picture))
    assert list(picture.chart.series[0].x) == [
        "left total", "only in left", "interval misread, x 1/12", "unexplained", "right total",
    ]  # fmt: skip
    assert next(b for b in blocks if isinstance(b, Grid)).columns["customer"] == ["B", "C", "D"]
    for bar, who in (("interval misread, x 1/12", ["C"]), ("unexplained", ["D"]), ("left total", ["B", "C", "D"])):
        picture.clicked(bar)
        assert next(b for b in shown(board)["blocks"] if isinstance(b, Grid)).columns["customer"] == who


def test_uploads_take_the_place_of_what_was_given(files) -> None:
    board = compare(as_of="2026-06-30", ends="first_unpaid")
    assert board.value is None
    for side, path in zip(("left", "right"), files, strict=True):
        board._taker(side)({path.name: path.read_bytes()})
    assert list(board.steps["amount"]) == [3160.0, -600.0, -330.0, 234.5, 2464.5]
    figures = next(b for b in shown(board)["blocks"] if isinstance(b, Figures))
    assert [one.detail for one in figures.items[:2]] == ["billing.csv", "crm.csv"]
    assert "compare('billing.csv', 'crm.csv', as_of='2026-06-30'" in board.code
    name, kind, content = board._csv()
    assert (name, kind) == ("compare.csv", "text/csv")
    assert content.decode("utf-8-sig").splitlines()[0] == "customer,left,right,difference,rules,unexplained,matched_by"


def said(board: object) -> str:
    return "".join(getattr(widget, "value", "") for widget in board._screen.children)


def test_what_is_lacking_or_wrong_is_said() -> None:
    assert "give Left file, such as billing and Right file, such as CRM and the day" in said(compare())
    assert "a day such as 2026-09-30" in said(panel(lines(BILLING), lines(CRM), as_of="June"))
    assert "there is no nowhere.csv" in said(panel("nowhere.csv", lines(CRM)))
    with pytest.raises(MetricError, match="ends"):
        panel(lines(BILLING), lines(CRM), ends="never")


def test_files_alike_say_that_nobody_differs_and_every_page_offers_it() -> None:
    blocks = shown(panel(lines(BILLING), lines(BILLING)))["blocks"]
    assert any(isinstance(b, Words) and b.text == "No customer differs." for b in blocks)
    every = dashboards({"subscriptions": pd.DataFrame({"customer": ["A"], "month": ["2026-01-01"], "mrr": [1.0]})})
    every._choice.value = "compare"
    assert "Nothing to compare yet" in said(every._place.children[0])


def test_a_page_that_stands_still_holds_the_outcome() -> None:
    page = panel(lines(BILLING), lines(CRM)).page()
    assert "as of 2026-06-30" in page
    assert "interval misread, x 1/12: -330.00" in page
    assert page.count("data:image/png") == 1
    every = dashboards({"subscriptions": pd.DataFrame({"customer": ["A"], "month": ["2026-01-01"], "mrr": [1.0]})})
    every._choice.value = "compare"
    assert "Two files compared" in every.page()

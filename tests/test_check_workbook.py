"""The workbook that proves itself, and the workbook of LAMBDA names, in engines that recalculate them."""

from datetime import date, datetime

import openpyxl
import pytest
from csmetrics_addin.cli.app import app
from csmetrics_addin.hosts import lambdas
from csmetrics_workbooks.checkbook import write_checkbook
from csmetrics_workbooks.example_calls import all_calls
from csmetrics_workbooks.function_book import write_function_book
from lambda_cases import LAMBDAS, in_formulon
from openpyxl.utils.datetime import to_excel
from test_lambdas import IRONCALC_LACKS
from typer.testing import CliRunner

from csmetrics_core.declaration.catalog import CATALOG
from csmetrics_core.declaration.dynamic import lambda_names, stored

_LACKING = set().union(*IRONCALC_LACKS.values())


@pytest.fixture(scope="module")
def checked(tmp_path_factory):
    path = tmp_path_factory.mktemp("check") / "check.xlsx"
    write_checkbook(str(path), "lambda", lambda_names())
    return path


def counts(book_or_engine) -> tuple[str, str]:
    return book_or_engine(2, 0), book_or_engine(3, 0)


def near(declared, seen) -> bool:
    return declared == seen or abs(declared - seen) <= 1e-6 * (1 + abs(declared))


def number(value):
    return to_excel(value) if isinstance(value, datetime | date) else value


def test_formulon_finds_every_lambda_right(checked):
    calls = all_calls(LAMBDAS)
    examples = sum(not call.refused for call in calls)
    assert counts(in_formulon(checked)) == (
        f"{examples} of {examples} examples right",
        f"{len(calls) - examples} of {len(calls) - examples} refusals refused as they should be",
    )


def test_ironcalc_fails_only_what_it_cannot_run(checked):
    import ironcalc

    model = ironcalc.load_from_xlsx(str(checked), "en", "UTC")
    model.evaluate()
    rows = range(2, len(all_calls(LAMBDAS)) + 2)
    failed = {model.get_cell_value(1, row, 1) for row in rows if model.get_cell_value(1, row, 3) != "PASS"}
    assert failed == {name.upper() for name in _LACKING}
    assert "examples right" in model.get_cell_value(0, 3, 1)


def test_a_wrong_function_is_found_and_named(tmp_path):
    names = lambda_names() | {"NPS": stored("LAMBDA(scores,[weights],[accounts],SUM(scores))")}
    write_checkbook(str(path := tmp_path / "check.xlsx"), "lambda", names)
    cell = in_formulon(path)
    assert cell(9, 1) == "1.5 and 1,000"
    said = cell(2, 0)
    right, of = (int(word) for word in said.split(" examples")[0].split(" of "))
    assert of - right == len(CATALOG["nps"].examples)
    assert cell(13, 0) == "NPS, example"
    assert "failed: NPS, example" in cell(25, 0)


def test_nothing_is_said_to_be_right_before_a_program_calculated(checked):
    book = openpyxl.load_workbook(checked, data_only=True)
    assert book["Check"]["A3"].value == "not calculated"
    assert {row[2] for row in book["Calls"].iter_rows(min_row=2, values_only=True)} == {"not calculated"}


def test_every_function_has_an_example_and_its_refusals():
    calls = all_calls()
    assert {call.metric.name for call in calls if not call.refused} == set(CATALOG) - {"csm_version"}
    assert sum(call.refused for call in calls) > 130


def test_the_workbook_of_functions_shows_each_with_a_live_example(tmp_path):
    write_function_book(str(path := tmp_path / "functions.xlsx"))
    cell = in_formulon(path, sheet=1)
    page = openpyxl.load_workbook(path, data_only=True)["Functions"]
    rows = list(page.iter_rows(min_row=2, values_only=True))
    assert [row[0] for row in rows] == sorted(metric.excel_name for metric in CATALOG.values())
    live = [(row, cell(place, 4)) for place, row in enumerate(rows, 1) if row[4] is not None]
    assert len(live) == len(LAMBDAS)
    wrong = [(row[0], row[4], seen) for row, seen in live if not near(number(row[4]), seen)]
    assert wrong == []
    assert all(row[3].startswith("needs an add-in: ") for row in rows if row[4] is None)
    # What is stored is what the core computes, not the rounded result its documentation shows.
    assert CliRunner().invoke(app, ["audit", str(path)]).exit_code == 0


@pytest.mark.parametrize("separator", [",", ";"])
def test_the_text_for_excel_labs_holds_every_function_in_the_separators_of_its_locale(separator):
    text = lambdas.module(separator)
    for name in LAMBDAS:
        assert f"\n{CATALOG[name].excel_name} = LAMBDA({CATALOG[name].arguments[0].name.split('_given')[0]}" in text
    assert "0.5" in text if separator == "," else "0,5" in text
    assert "_xl" not in text

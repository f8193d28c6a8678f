"""xlwings' own engine for Excel on Office.js calls our functions with what Excel sends."""

import pytest
from csmetrics_addin.cells import SHOWN_ERRORS
from csmetrics_addin.slots import description, slots
from examples import CASES, assert_cells, code_of, expected, given, serial, with_bad_value
from officejs_excel import OfficeJs, shown

from csmetrics_core import CATALOG


@pytest.fixture(scope="module")
def excel():
    excel = OfficeJs()
    yield excel
    excel.stop()


def error(code: str) -> dict:
    """An error cell as Excel sends it."""
    return {"type": "Error", "errorType": code, "basicValue": code, "basicType": "Error"}


def as_sent(value):
    """A blank cell arrives as an empty text."""
    return [["" if cell is None else cell for cell in row] for row in value] if isinstance(value, list) else value


def test_excel_learns_every_function_with_its_help_and_choices(excel):
    meta = excel.meta()
    told = {function["name"]: function for function in meta["functions"]}
    choices = {enum["id"]: [value["name"] for value in enum["values"]] for enum in meta["enums"]}
    assert sorted(told) == sorted(metric.excel_name for metric in CATALOG.values())
    for metric in CATALOG.values():
        function = told[metric.excel_name]
        assert function["description"] == description(metric)
        assert function["result"] == {"dimensionality": "matrix", "type": "any"}
        for parameter, slot in zip(function["parameters"], slots(metric), strict=True):
            assert (parameter["name"], parameter["description"]) == (slot.name, slot.shown_help)
            assert parameter.get("optional", False) is not slot.required
            assert choices.get(parameter.get("customEnumId"), []) == list(slot.choices)


@pytest.mark.parametrize(("metric", "example"), CASES)
def test_every_example_called_as_excel_calls(excel, metric, example):
    answer = excel.call(metric.name, *map(as_sent, given(metric, example)))
    assert_cells(shown(answer), [["" if cell is None else cell for cell in row] for row in expected(metric, example)])


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (("nps", [[""], [None], [""]]), "#N/A"),
        (("nps", ""), "#N/A"),
        (("nps", None), "#N/A"),
        (("nps", [["n/a"], [True]]), "#N/A"),
        (("churn_rate", 5, 0), "#DIV/0!"),
        (("nps", [[10], [11]]), "#NUM!"),
        (("nps", [[10], [7.5]]), "#NUM!"),
        (("churn_rate", 5, 3), "#NUM!"),
        (("churn_rate", "x", 3), "#VALUE!"),
        (("churn_rate", True, 3), "#VALUE!"),
        (("ces", [[1], [2]], 7, "easy"), "#VALUE!"),
        (("nps", [[10], [9]], [[1], [2], [3]]), "#VALUE!"),
        (("csm_explain", "NSP", [[1], [2]]), "#NAME?"),
        (("nps", [[10], [error("#REF!")]]), "#REF!"),
        (("nps", error("#NAME?")), "#NAME?"),
        (("nps", [[10], [error("#SPILL!")]]), "#VALUE!"),
        (("nps", [[10], [error("#BUSY!")]]), "#VALUE!"),
    ],
)
def test_undefined_and_refused_input_give_real_errors(excel, call, code):
    assert shown(excel.call(*call)) == [[code]]


def bad_calls():
    """Every argument of every metric with a value its kind refuses."""
    for metric in CATALOG.values():
        for argument in metric.arguments:
            if argument.kind.bad not in (None, float("inf")) and not argument.variadic:
                yield pytest.param(metric, argument, id=f"{metric.name}-{argument.name}")


@pytest.mark.parametrize(("metric", "argument"), list(bad_calls()))
def test_a_bad_value_gives_the_error_the_metric_has_for_it(excel, metric, argument):
    values = with_bad_value(metric, argument)
    answer = shown(excel.call(metric.name, *values))
    code = code_of(metric, values)
    if code:
        assert answer == [[code]]
    assert all(cell in SHOWN_ERRORS for row in answer for cell in row if str(cell).startswith("#"))


def test_blanks_booleans_and_text_among_numbers_drop_out(excel):
    assert excel.call("nps", [[10], [""], [None], [True], ["late"], [9], [8], [6]]) == [[25.0]]


def test_an_omitted_argument_takes_its_default_and_so_does_a_blank_cell(excel):
    ratings = [[5], [4], [4], [2]]
    for left_out in ((), (None,), ("",)):
        assert excel.call("csat", ratings, *left_out) == [[75.0]]
    assert excel.call("csat", ratings, None, 5) == [[25.0]]


def test_a_row_of_single_values_gives_a_row_and_a_column_a_column(excel):
    row = excel.call("churn_rate", [[5, 1, 3, "x", ""]], [[100, 0, 2, 10, 10]])
    assert shown(row) == [[0.05, "#DIV/0!", "#NUM!", "#VALUE!", "#N/A"]]
    column = excel.call("churn_rate", [[5], [1]], [[100], [10]])
    assert column == [[0.05], [0.1]]


def test_a_row_of_scores_is_one_range(excel):
    assert excel.call("nps", [[10, 9, 8, 6]]) == [[25.0]]


def test_a_block_gives_one_score_a_row(excel):
    assert excel.call("health_score", [[0, 50], [60, ""]]) == [[25.0], [60.0]]


def test_whole_columns_are_read_to_their_last_value(excel):
    blank = [[""]] * 1_048_570
    assert excel.call("nps", [[10], [9], [8], [6], *blank]) == [[25.0]]


def test_dates_arrive_as_serial_numbers_and_leave_as_dates(excel):
    months = [[serial("2026-01-01")], [serial("2026-02-01")]]
    answer = excel.call("mrr_movements", [["a"], ["a"]], months, [[10], [12]])
    first = answer[1][0]
    assert first == {"type": "FormattedNumber", "basicValue": serial("2026-01-01"), "numberFormat": "m/d/yyyy"}


def test_what_users_wrote_comes_back_as_text(excel):
    answer = excel.call("csm_by", "nps", [['=HYPERLINK("x")'], ["<b>"]], [[10], [9]])
    assert [row[0] for row in answer[1:3]] == ["<b>", '=HYPERLINK("x")']


def test_the_reason_reaches_the_cell(excel):
    told = dict(excel.call("csm_explain", "NPS", [[10], [9], [11]]))
    assert told["value"] == "none; its cell shows #NUM!"
    assert told["why"].startswith("scores, row 3, is 11; expected a whole number from 0 to 10.")
    assert dict(excel.call("csm_explain", "NPS"))["argument scores"].startswith("Answers to")
    assert "stored as text" in dict(excel.call("csm_explain", "NPS", [["10"], ["9"]]))["why"]
    assert "#REF!" in dict(excel.call("csm_explain", "NPS", [[10], [error("#REF!")]]))["why"]
    assert "recorded for NPS" in shown(excel.call("csm_benchmarks", "NPS"))[1][0]
    assert shown(excel.call("csm_benchmarks", "NPS"))[1][1:] == ["#N/A"] * 3


def test_no_error_of_python_reaches_a_cell(excel):
    assert shown(excel.call("nps", [[10], [1e308]])) == [["#NUM!"]]
    assert shown(excel.call("arr", [[1e308], [1e308]], 1)) == [["#NUM!"]]

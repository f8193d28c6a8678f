"""Spreadsheet values become what the core reads, and results become cells, for every runtime."""

from datetime import date, datetime

import numpy as np
import pytest
from csmetrics_addin import functions
from csmetrics_addin.cells import Runtime, answer, arguments, for_calc, for_excel
from csmetrics_addin.slots import MOST_VARIADIC, slots
from csmetrics_addin.spelling import as_typed, for_office_js, functions_in

from csmetrics_core import CATALOG, lookup
from csmetrics_core.errors import CELL_ERRORS

NPS, CHURN, MOVEMENTS = lookup("nps"), lookup("churn_rate"), lookup("mrr_movements")


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ([[[7]]], [7]),
        ([[[7, 8, 9]]], [[7, 8, 9]]),
        ([[7, 8, 9]], [[7, 8, 9]]),
        ([((7.0,), (8.0,))], [((7.0,), (8.0,))]),
        ([None], [None]),
    ],
)
def test_one_cell_is_a_value_and_one_row_a_flat_list(sent, read):
    assert arguments(NPS, sent, Runtime.OFFICE_JS) == read


def test_a_row_of_single_values_keeps_its_shape():
    assert arguments(CHURN, [[5, 1], [[100], [10]]], Runtime.OFFICE_JS) == [[[5, 1]], [[100], [10]]]


@pytest.mark.parametrize(
    ("cell", "read"),
    [
        ({"type": "Error", "basicValue": "#DIV/0!"}, "#DIV/0!"),
        ({"type": "Error", "basicValue": "#FIELD!"}, "#VALUE!"),
        ({"type": "FormattedNumber", "basicValue": 9, "numberFormat": "0"}, 9),
        ({"type": "Entity", "text": "stock"}, None),
    ],
)
def test_objects_of_office_js_become_plain_cells(cell, read):
    assert arguments(NPS, [[[10], [cell]]], Runtime.OFFICE_JS) == [[[10], [read]]]
    assert arguments(NPS, [cell], Runtime.OFFICE_JS) == [read]


def test_null_of_newer_pyodide_is_blank():
    null = type("JsNull", (), {})()
    assert answer(NPS, [[[10], [null], [9]]], Runtime.OFFICE_JS) == [[100.0]]


@pytest.mark.parametrize(
    ("number", "code"),
    [(2000, "#NULL!"), (2007, "#DIV/0!"), (2015, "#VALUE!"), (2023, "#REF!"), (2029, "#NAME?"), (2036, "#NUM!"),
     (2042, "#N/A"), (2045, "#VALUE!"), (2050, "#VALUE!")],
)  # fmt: skip
def test_whole_numbers_over_com_are_errors(number, code):
    assert answer(NPS, [((10.0,), (number - 2000 - 2146826288,))], Runtime.COM) == [[code]]


def test_a_whole_number_elsewhere_is_a_number():
    assert answer(NPS, [[[10], [9]]], Runtime.CALC) == [[100.0]]


def test_dates_are_shifted_by_the_date_system_and_amounts_are_not():
    read = arguments(MOVEMENTS, [[["a"]] * 2, [[45000], [45031.0]], [[100], [200]]], Runtime.COM, 1462)
    assert read == [[["a"]] * 2, [[46462], [46493.0]], [[100], [200]]]


def test_dates_handed_on_to_another_metric_are_shifted_too():
    explain = lookup("csm_explain")
    read = arguments(explain, ["MRR_MOVEMENTS", [["a"]] * 2, [[45000], [True]], [[1], [2]], None], Runtime.CALC, 1462)
    assert read == ["MRR_MOVEMENTS", [["a"]] * 2, [[46462], [True]], [[1], [2]]]


def test_whole_columns_of_single_values_end_where_the_last_value_is():
    blank = [[""]] * 1_048_575
    rows = answer(CHURN, [[[5], *blank], [[100], [10], *blank[1:]]], Runtime.OFFICE_JS)
    assert rows == [[0.05], ["#N/A"]]


def test_a_table_without_rows_shows_its_header_why_and_an_error(monkeypatch):
    empty = {"month": np.array([], dtype="datetime64[D]"), "new": np.array([])}
    why = "No row: nothing that was given belongs in this table."
    assert grid_of(MOVEMENTS, empty, monkeypatch) == [["month", "new"], [why, "#N/A"]]


def test_published_figures_that_do_not_exist_are_said_to_be_missing():
    header, row = answer(lookup("csm_benchmarks"), ["NPS"], Runtime.CALC)
    assert header == ["function", "published", "source", "as_of"]
    assert row[0].startswith("No published figure with a source is recorded for NPS; there is one for CAC_PAYBACK")
    assert row[1:] == ["#N/A"] * 3


def test_dates_blanks_and_infinity_in_a_table(monkeypatch):
    columns = {
        "month": np.array(["2026-01-01", "NaT"], dtype="datetime64[D]"),
        "at": np.array(["2026-01-01T09:30", "NaT"], dtype="datetime64[ns]"),
        "value": np.array([1.5, np.nan]),
        "far": [float("inf"), None],
        "words": ["x" * 40_000, ""],
        "yes": [True, np.float64(2)],
    }
    first, second = grid_of(MOVEMENTS, columns, monkeypatch)[1:]
    assert first[:4] == [date(2026, 1, 1), datetime(2026, 1, 1, 9, 30), 1.5, "#NUM!"]
    assert (len(first[4]), first[5]) == (32_767, True)
    assert second == [None, None, None, None, "", 2.0]


def grid_of(metric, columns, monkeypatch):
    """What a metric that gives these columns shows."""
    from csmetrics_addin import cells

    from csmetrics_core.evaluate import Evaluation
    from csmetrics_core.intake.prepared import Prepared
    from csmetrics_core.results import Table

    made = Evaluation(metric, columns, Prepared({}), Table(columns), {})
    monkeypatch.setattr(cells, "evaluate", lambda *_: made)
    return answer(metric, [], Runtime.CALC)


def test_a_blank_cell_for_a_word_counts_as_left_out_in_calc():
    ces, ratings = lookup("ces"), [[7], [6], [5], [2]]
    assert answer(ces, [ratings, 7, 0.0], Runtime.CALC) == answer(ces, [ratings, 7], Runtime.CALC) == [[75.0]]
    assert answer(ces, [ratings, 7, 0], Runtime.OFFICE_JS) == [["#VALUE!"]]


def test_a_blank_cell_for_a_comment_or_a_day_is_blank_in_calc():
    comment, users = lookup("sentiment"), [[["a"], ["b"]], [[46023.0], [46023.0]]]
    assert answer(comment, [((0.0,),)], Runtime.CALC) == [["#N/A"]], "no comment is no neutral comment"
    assert answer(lookup("dau"), [*users, ((0.0,),)], Runtime.CALC) == [["#N/A"]]
    assert answer(lookup("dau"), [*users, 46023.0], Runtime.CALC) == [[2]]
    assert answer(CHURN, [((0.0,),), 100.0], Runtime.CALC) == [[0.0]], "among amounts it is a number"


def test_calc_gets_numbers_and_texts_only():
    rows = [[None, "x", "#N/A", date(2026, 1, 1), datetime(2026, 1, 1, 12), True, 3]]
    shown = for_calc(rows, date(1899, 12, 30), {"#N/A": -1.0})
    assert shown == (("", "x", -1.0, 46023.0, 46023.5, 1.0, 3.0),)
    assert for_calc([[date(1904, 1, 2)]], date(1904, 1, 1), {}) == ((1.0,),)


def test_excel_gets_one_value_or_rows():
    assert for_excel([[5]]) == 5
    assert for_excel([[5, 6]]) == [[5, 6]]


def test_an_error_only_newer_excel_knows_is_shown_as_one_all_know():
    for code in CELL_ERRORS:
        shown = answer(NPS, [[[10], [{"type": "Error", "basicValue": code}]]], Runtime.OFFICE_JS)[0][0]
        assert shown == (code if code not in ("#SPILL!", "#CALC!", "#GETTING_DATA") else "#VALUE!")


def test_every_metric_has_a_function_with_its_arguments():
    assert functions.__all__ == sorted(CATALOG)
    for metric in CATALOG.values():
        function = getattr(functions, metric.name)
        assert function.__name__ == metric.name
        assert function is not metric.function
        offered = [argument for argument in metric.arguments if not argument.variadic]
        assert len(slots(metric)) == len(offered) + (MOST_VARIADIC if len(offered) < len(metric.arguments) else 0)


def test_functions_take_names_as_well():
    assert functions.csat(satisfied_from=5, ratings=[[5], [4]]) == 50.0
    assert functions.churn_rate(lost=5, opening=100) == 0.05


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("=NPS(A1:A9)", "=_xldudf_NPS(A1:A9)"),
        ("=if(addin_on,nps(T[score]),1)", "=if(addin_on,_xldudf_NPS(T[score]),1)"),
        ("=MY_NPS(A1)+NPS.X(1)+NPS+NPS_COUNTS(A1)", "=MY_NPS(A1)+NPS.X(1)+NPS+_xldudf_NPS_COUNTS(A1)"),
        ('="NPS("&"say ""NPS(""!"&NPS(A1)', '="NPS("&"say ""NPS(""!"&_xldudf_NPS(A1)'),
        ("='my NPS(x)'!A1", "='my NPS(x)'!A1"),
        ("=_xldudf_NPS(A1)", "=_xldudf_NPS(A1)"),
        ("=SUM(T[[NPS(0-10)]])+NPS(T[@[NPS(0-10)]])", "=SUM(T[[NPS(0-10)]])+_xldudf_NPS(T[@[NPS(0-10)]])"),
        ("=NPS(T['#1])+CSAT(T['#2])", "=_xldudf_NPS(T['#1])+_xldudf_CSAT(T['#2])"),
        ("=NPS(T[[a'[b']]])+CES(T[\"])+NPS(T[\"])", "=_xldudf_NPS(T[[a'[b']]])+_xldudf_CES(T[\"])+_xldudf_NPS(T[\"])"),
        ("=NPS('[My book.xlsx]it''s NPS(x)'!A1)", "=_xldudf_NPS('[My book.xlsx]it''s NPS(x)'!A1)"),
    ],
)
def test_spelling_changes_calls_of_ours_and_nothing_else(typed, stored):
    assert for_office_js(typed) == stored
    assert as_typed(stored).casefold() == typed.replace("_xldudf_", "").casefold()


def test_functions_in_a_formula():
    assert functions_in('=IF(addin_on,NPS(A1),"CSAT(")+nps(B1)+CES(A1,7)') == ["NPS", "CES"]

"""Bad input: an error of our family that names the place and the remedy, or a correct number. Never a warning."""

import re
from datetime import date, datetime, timezone
from decimal import Decimal
from fractions import Fraction
from itertools import product

import numpy as np
import pandas as pd
import polars as pl
import pytest

import csmetrics_core as csm
from csmetrics_core.declaration.catalog import CATALOG
from csmetrics_core.declaration.spec import Role
from csmetrics_core.errors import (
    ErrorInCell,
    MetricError,
    NoData,
    OutOfScale,
    WrongCall,
    WrongKind,
    WrongShape,
    ZeroDenominator,
)
from csmetrics_core.evaluate import evaluate
from csmetrics_core.explain import explain

ARGUMENTS = [
    pytest.param(declared, argument, id=f"{name}-{argument.name}")
    for name, declared in sorted(CATALOG.items())
    for argument in declared.arguments
    if argument.role is not Role.RAW
]


def example_of(declared, argument):
    """An example that gives the argument, or the first one."""
    return next((e for e in declared.examples if argument.name in e.arguments), declared.examples[0]).arguments


def spoiled(declared, argument, cell):
    """The example with one cell of the argument replaced: a single value, or the last cell of a range."""
    call = dict(example_of(declared, argument))
    value = call.get(argument.name)
    if argument.is_range and isinstance(value, list) and value and not isinstance(value[0], list):
        call[argument.name] = [*value[:-1], cell]
    elif argument.is_range and argument.role in (Role.ALIGNED, Role.BLOCK):
        rows = next((len(v) for v in call.values() if isinstance(v, list)), 1)
        call[argument.name] = [cell] * rows
    else:
        call[argument.name] = [cell] if argument.role is Role.REDUCED else cell
    return call


def counted_or_refused(declared, call) -> str:
    """A cell that names nothing drops out of a range: what is said of it, be it a count or a refusal."""
    try:
        return str(explain(declared.name, **call).dropped)
    except MetricError as error:
        return str(error)


@pytest.mark.parametrize(("declared", "argument"), ARGUMENTS)
def test_every_argument_refuses_the_bad_value_of_its_kind(declared, argument):
    call = spoiled(declared, argument, argument.kind.bad)
    if argument.kind.reading in ("id", "text") and argument.is_range:
        assert argument.name in counted_or_refused(declared, call) or argument.role is Role.PER_COLUMN
        return
    with pytest.raises(MetricError) as caught:
        evaluate(declared, (), call)
    message = str(caught.value)
    assert message.startswith(f"{declared.name}: ")
    assert argument.name in message
    assert "expected" in message or "missing" in message
    assert caught.value.fix
    assert caught.value.code.startswith("#")


@pytest.mark.parametrize(("declared", "argument"), ARGUMENTS)
@pytest.mark.parametrize(
    "cell", [None, "", "n/a", float("nan"), float("inf"), -float("inf"), 1e308, -1, 7.5, True, "#REF!", 10**400]
)
def test_no_cell_breaks_the_house(declared, argument, cell):
    try:
        value, fix = evaluate(declared, (), spoiled(declared, argument, cell)).value, "not needed"
    except MetricError as refused:
        value, fix = None, refused.fix
    assert fix
    assert not isinstance(value, float) or np.isfinite(value)


@pytest.mark.parametrize("cells", [[], [None, None], ["a", "b"], [True], [float("nan")]])
def test_nothing_usable_is_no_data(cells):
    with pytest.raises(NoData) as caught:
        csm.nps(cells)
    assert caught.value.code == "#N/A"


def test_the_message_teaches():
    with pytest.raises(OutOfScale) as caught:
        csm.nps([9, 10, 8, 11])
    assert str(caught.value) == (
        "nps: scores[3] is 11; expected a whole number from 0 to 10. Remove it or rescale the answers."
    )
    assert (caught.value.argument, caught.value.position, caught.value.code) == ("scores", 3, "#NUM!")


@pytest.mark.parametrize("score", [11, -1, 7.5])
def test_positions_are_raw_even_after_blanks_and_in_rows(score):
    with pytest.raises(OutOfScale) as caught:
        csm.nps([[9], [None], ["x"], [score], [10]])
    assert caught.value.position == 3


def test_an_error_cell_is_passed_on_as_it_is():
    with pytest.raises(ErrorInCell) as caught:
        csm.nps([9, "#DIV/0!", 10])
    assert caught.value.code == "#DIV/0!"
    assert csm.nps([9, "see #DIV/0!"]) == 100


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: csm.churn_rate(5, 0), ZeroDenominator),
        (lambda: csm.churn_rate(11, 10), OutOfScale),
        (lambda: csm.churn_rate(5, 0, 0, "opening_plus_new"), ZeroDenominator),
        (lambda: csm.churn_rate(5, 10, basis="average"), WrongKind),
        (lambda: csm.churn_rate(5, 10, 2, "typo"), WrongKind),
        (lambda: csm.churn_rate(-1, 10), OutOfScale),
        (lambda: csm.churn_rate("five", 10), WrongKind),
        (lambda: csm.churn_rate(None, 10), NoData),
        (lambda: csm.churn_rate(5), WrongCall),
        (lambda: csm.churn_rate(5, 10, lost=5), WrongCall),
        (lambda: csm.churn_rate(5, 10, 1, "opening", 3), WrongCall),
        (lambda: csm.churn_rate([1, 2], [10, 20, 30]), WrongShape),
        (lambda: csm.crc([1, 2], [[[1]]]), WrongKind),
        (lambda: csm.crc([1, 2], [1, [2, 3]]), WrongKind),
        (lambda: csm.mrr([1, 2, 3], [1, 2]), WrongShape),
        (lambda: csm.saas_quick_ratio(10, 0, 0, 0), ZeroDenominator),
        (lambda: csm.clv(100, 0.8, 0), ZeroDenominator),
        (lambda: csm.clv(100, 0.8, 0, 0.01), ZeroDenominator),
        (lambda: csm.cac_payback(100, 50, 0), ZeroDenominator),
        (lambda: csm.csat([1, 2, 3], 3), OutOfScale),
        (lambda: csm.ces([1, 2, 2], 2), OutOfScale),
        (lambda: csm.ces_interval([1, 2, 3], 3, "low"), OutOfScale),
        (lambda: csm.grr(100, 60, 50), OutOfScale),
        (lambda: csm.allowed_churn(100, 0, 0, 1.2), OutOfScale),
        (lambda: csm.health_score([50, None, None]), NoData),
        (lambda: csm.health_score([50, 60], [0, 0]), OutOfScale),
        (lambda: csm.health_score([50, 60], worst=[0, 5], best=[100, 5]), OutOfScale),
        (lambda: csm.health_band(60, 80, 75), OutOfScale),
        (lambda: csm.stickiness([50, 60], 40), OutOfScale),
        (lambda: csm.mrr([1e308, 1e308]), OutOfScale),
        (lambda: csm.nps([9, 9], [1e308, 1e308]), OutOfScale),
        (lambda: csm.crc([1e308, 1e308], 2), OutOfScale),
        (lambda: csm.avg_session_duration([1e308, 1e308]), OutOfScale),
        (lambda: csm.nps({1, 2}), WrongKind),
        (lambda: csm.nps([[9], 10]), WrongKind),
        (lambda: csm.funnel([10, 20]), OutOfScale),
        (lambda: csm.conversion_interval(0, 0), ZeroDenominator),
        (lambda: csm.conversion_interval([1, 2], [3, 4]), WrongShape),
        (lambda: csm.rate_change([1, 2], 2, 3, 4), WrongShape),
        (lambda: csm.churn_conventions([1, 2], [10, 20]), WrongShape),
        (lambda: csm.retention_forecast([0, 0, 0]), ZeroDenominator),
        (lambda: csm.retention_forecast([100, 80, 70], 1e9), OutOfScale),
        (lambda: csm.clv_forecast(["A", "A"], [46000, 46010], [1, 1], 1, 1e12), OutOfScale),
    ],
)
def test_each_refusal_has_its_class(call, error):
    with pytest.raises(error) as caught:
        call()
    assert type(caught.value) is error


def test_zero_denominator_wins_over_an_impossible_numerator():
    with pytest.raises(ZeroDenominator):
        csm.fcr(5, 0)
    with pytest.raises(ZeroDenominator):
        csm.ndr(0, 0, 5, 5)


def test_in_a_broadcast_the_other_elements_stand_and_reasons_can_be_asked_for():
    told = explain("churn_rate", [1, 5, 3, None, "x"], [10, 0, 2, 5, 5])
    assert told.value[0] == 0.1
    assert np.isnan(told.value[1:]).all()
    assert {p: e.code for p, e in told.failures.items()} == {1: "#DIV/0!", 2: "#NUM!", 3: "#N/A", 4: "#VALUE!"}
    assert "lost[4] is 'x'" in str(told.failures[4])


def test_drops_are_counted_by_reason_with_their_first_positions():
    cells = [9, None, "n/a", True, date(2026, 1, 1), "late", 10, *[""] * 7]
    told = explain("nps", cells)
    assert told.n == 2
    assert told.dropped == (
        ("scores", "blank", 1, (1,)),
        ("scores", "text", 2, (2, 5)),
        ("scores", "boolean", 1, (3,)),
        ("scores", "date", 1, (4,)),
    )


@pytest.mark.parametrize("text", ["10", "1,050", "9 ", "$5", "5 %", "(3.50)", "1.234.567,89", "1,00,000"])
def test_a_number_stored_as_text_is_refused_with_its_row(text):
    """Left out, it would give another number: 950 in January and "1,050" in February was a customer lost."""
    calls = {
        "scores": lambda: csm.nps([10, text, 9]),
        "amounts": lambda: csm.mrr([100.0, text, 5.0], [1, 1, 1]),
        "mrr": lambda: csm.mrr_movements(["A", "A"], ["2025-01", "2025-02"], [950, text]),
        "contacts": lambda: csm.fcr_from_contacts([1, text, 1]),
    }
    for argument, call in calls.items():
        with pytest.raises(WrongKind, match=rf"{argument}\[1\] is {re.escape(repr(text))}, stored as text"):
            call()


def test_a_bad_row_drops_out_of_all_aligned_ranges():
    told = explain("mrr", [100, 200, "x", 300], [1, None, 1, 12])
    assert (told.value, told.n) == (125.0, 2)


@pytest.mark.parametrize(
    "cells",
    [
        [[10.0], [9.0], [8.0], [6.0]],
        ((10, 9), (8, 6)),
        (10, 9, 8, 6),
        np.array([10, 9, 8, 6]),
        np.array([[10, 9], [8, 6]], dtype=np.float32),
        np.array([10, 9, 8, 6, None], dtype=object),
        pd.Series([10, 9, 8, 6, None]),
        pd.Series([10, 9, 8, 6, None], dtype="Int64"),
        pl.Series([10, 9, 8, 6, None]),
        [Decimal(10), Fraction(9), np.float64(8), np.int8(6)],
        [10, 9, 8, 6, pd.NA, pd.NaT, np.nan, None, "  "],
    ],
    ids=lambda cells: type(cells).__name__,
)
def test_whatever_a_host_gives_is_read_alike(cells):
    assert csm.nps(cells) == 25.0


@pytest.mark.parametrize(
    "day",
    [
        date(2026, 1, 4),
        datetime(2026, 1, 4, 23, 59),
        datetime(2026, 1, 4, 5, tzinfo=timezone.utc),
        pd.Timestamp("2026-01-04"),
        np.datetime64("2026-01-04"),
        46026,
        46026.75,
    ],
)
def test_dates_are_read_alike(day):
    users = ["A", "B", "A"]
    assert csm.dau(users, [day, day, date(2026, 1, 5)], day) == 2


def test_serials_before_the_missing_leap_day_and_before_1900():
    assert csm.dau(["A"], [1], date(1900, 1, 1)) == 1
    assert csm.dau(["A"], [61], date(1900, 3, 1)) == 1
    for early in (0, -5, date(1850, 1, 1)):
        with pytest.raises(OutOfScale, match="1900"):
            csm.dau(["A"], [early], date(2026, 1, 1))


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: csm.dau(["A"], ["2026-01-04"], 46026), "dates holds nothing to use (1 text dropped)"),
        (lambda: csm.mrr([100, 200], [None, None]), "intervals holds nothing to use (2 blank dropped)"),
        (lambda: csm.mrr([100, 200], ["monthly", "annual"]), "intervals holds nothing to use (2 text dropped)"),
        (lambda: csm.arr(["x"], [12]), "amounts holds nothing to use (1 text dropped)"),
        (lambda: csm.mrr([None, None], [1, 1]), "amounts holds nothing to use (2 blank dropped)"),
        (
            lambda: csm.mrr([100, None], [None, 1]),
            "no row has a value in each of amounts, intervals (dropped: amounts 1 blank, intervals 1 blank)",
        ),
        (lambda: csm.dau([], [], 46026), "users is empty"),
    ],
)
def test_ranges_without_a_usable_row_name_the_one_to_blame(call, told):
    with pytest.raises(NoData) as caught:
        call()
    assert told in str(caught.value)


def test_recurring_revenue_is_0_only_where_nothing_is_typed():
    assert csm.mrr([], []) == csm.mrr([None], [None]) == csm.arr([[None]] * 3, [[None]] * 3) == 0


def test_large_numbers_are_numbers_and_larger_ones_are_said_to_be():
    assert csm.mrr_growth_rate(1e308, 1.7e308) == pytest.approx(0.7)
    with pytest.raises(OutOfScale, match="the result is too large"):
        csm.clv(1e308, 1, 0.5)
    with pytest.raises(OutOfScale, match="arpa is 1e400; expected a number a spreadsheet can hold"):
        csm.clv(10**400, 1, 0.5)


@pytest.mark.parametrize(
    ("call", "fix"),
    [
        (lambda: csm.ndr(100, 0, 0, -5), "Type a loss as a positive amount."),
        (lambda: csm.crc([-5], 1), "Type costs as positive amounts."),
        (lambda: csm.mrr([-5]), "leave refunds out"),
        (lambda: csm.avg_session_duration([-5]), "nothing ends before it starts"),
        (lambda: csm.arpa(-5, 1), "Correct the cell."),
    ],
)
def test_a_negative_amount_is_mended_as_its_argument_asks(call, fix):
    with pytest.raises(OutOfScale) as caught:
        call()
    assert fix in caught.value.fix


def test_trailing_blank_rows_are_not_counted_as_dropped():
    assert explain("nps", [[9], [None], [10]] + [[None]] * 1000).dropped == (("scores", "blank", 1, (1,)),)


@pytest.mark.parametrize("shape", [list, lambda cells: [[c] for c in cells], lambda cells: tuple((c,) for c in cells)])
@pytest.mark.parametrize("blank_tail", [0, 1, 3000])
def test_a_long_column_is_read_alike_in_every_shape(shape, blank_tail):
    cells = [*[10, 9.0, 8, 6] * 500, None, "n/a", True, float("nan"), *[None] * blank_tail]
    told = explain("nps", shape(cells))
    assert (told.value, told.n) == (25.0, 2000)
    assert told.dropped[:3] == (
        ("scores", "blank", 2, (2000, 2003)),
        ("scores", "text", 1, (2001,)),
        ("scores", "boolean", 1, (2002,)),
    )
    for bad, message in ((11, r"scores\[2000\] is 11"), (10**400, r"scores\[2000\] is 1e400"), ("#N/A", "#N/A")):
        cells[2000] = bad
        with pytest.raises(MetricError, match=message):
            csm.nps(shape(cells))


def test_a_long_column_with_a_row_of_two_cells_or_none():
    assert csm.nps([[9]] * 2000 + [[0, 0]] * 500 + [[]]) == pytest.approx(100 * (2000 - 1000) / 3000)
    assert csm.nps([[9]] * 2000 + [[None]] * 2000) == 100
    with pytest.raises(MetricError, match="mixes rows and single values"):
        csm.nps([[9]] * 2000 + [9])


BAD_FLOATS = (7.5, 11.0, -1.0, 265.0, -247.0, 1e300, float("inf"), float("nan"))


@pytest.mark.parametrize(("given", "bad"), [*product([list, np.array], BAD_FLOATS), (list, True), (list, 10**400)])
@pytest.mark.parametrize("size", [4, 1000, 1004, 600_000])
@pytest.mark.parametrize("place", [0, -1])
def test_one_bad_cell_is_found_among_few_and_many(given, size, place, bad):
    scores = [10.0, 9.0, 8.0, 6.0] * (size // 4)
    scores[place] = bad
    if bad is True or bad != bad:
        assert explain("nps", given(scores)).n == size - 1
        return
    with pytest.raises(OutOfScale, match=rf"scores\[{place % size}\]"):
        csm.nps(given(scores))


def test_a_number_too_long_is_told_from_one_that_is_only_long():
    with pytest.raises(OutOfScale, match=r"amounts\[1\] is 1e400"):
        csm.mrr([10**308, 10**400, 1])


def test_a_zero_may_have_a_sign():
    assert csm.nps([-0.0, 10.0, 10.0, 10.0]) == csm.nps(np.array([-0.0, 10.0, 10.0, 10.0])) == 50


def test_booleans_and_numbers_are_different_customers():
    told = csm.nps([10, 0], accounts=[1, 1.0])
    assert told == 0
    assert explain("nps", [10, 0], accounts=[1, True]).n == 1


def test_identifiers_of_any_kind_stand_side_by_side():
    names = [date(2026, 1, 2), "A", 10, 9.5, date(2026, 1, 1)]
    found = csm.feature_adoption(["u"] * 5, names)["feature"].tolist()
    assert found == [9.5, 10, date(2026, 1, 1), date(2026, 1, 2), "A"]
    told = explain("nps", [10, 0, 9], accounts=[{"B": 1}, "C", "D"])
    assert told.dropped == (("accounts", "object", 1, (0,)),)


def test_the_callers_arrays_are_left_alone():
    lost, new = np.array([1.0, -2.0, np.nan]), np.array([np.nan, 2.0, 3.0])
    weights = np.array([1.0, np.nan])
    csm.churn_rate(lost, [10, 10, 10], new)
    csm.health_score([50, 60], weights)
    csm.nps_responses_needed([5, 5, 5], confidence=(levels := np.array([0.9, np.nan, 95])))
    assert np.array_equal(lost, [1.0, -2.0, np.nan], equal_nan=True)
    assert np.array_equal(new, [np.nan, 2.0, 3.0], equal_nan=True)
    assert np.array_equal(weights, [1.0, np.nan], equal_nan=True)
    assert np.array_equal(levels, [0.9, np.nan, 95], equal_nan=True)


def test_no_elements_give_no_results():
    assert csm.nps_responses_needed([], confidence=[]).shape == csm.churn_rate([], []).shape == (0,)


def test_a_bad_level_among_good_ones_fails_alone():
    told = explain("nps_responses_needed", [5, 5], confidence=[95, 0.95])
    assert told.value[1] == 1537
    assert told.failures[0].code == "#NUM!"


def test_boolean_arrays_are_flags_and_never_scores():
    assert csm.fcr_from_contacts([1, 1], np.array([True, False])) == 1.0
    assert csm.median_lifetime([1.0, 2.0, 3.0], np.array([True, True, True])) == 2.0
    with pytest.raises(NoData, match="2 boolean"):
        csm.nps(np.array([True, False]))

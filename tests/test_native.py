"""Native formulas against Python: the same value on good data, the same error on bad data, in a real engine."""

import random
import re

import ironcalc
import pytest
import xlsxwriter
from native_cases import NATIVE, agree, bad_calls, good_calls, larger_calls, lay_out, python

from csmetrics_core.declaration.catalog import CATALOG
from csmetrics_core.declaration.native import ERRORS
from csmetrics_core.declaration.spec import Metric, Role


def test_no_form_holds_a_number_excel_refuses():
    """Excel repairs a file whose formula holds a number above 9.99999999999999E+307, and drops the formula."""
    forms = [CATALOG[name].native for name in NATIVE] + list(ERRORS.values())
    numbers = [float(number) for form in forms for number in re.findall(r"\d+(?:\.\d+)?(?:[eE][+-]?\d+)?", str(form))]
    assert max(numbers) <= 9.99999999999999e307
    assert float(ERRORS["NUM"].split("*")[0]) * 10 == float("inf")


def compute(metric: Metric, calls: list[dict], where: list | None, folder) -> list:
    """Write each call into a sheet and let IronCalc compute the native form."""
    path = folder / f"{metric.name}.xlsx"
    book = xlsxwriter.Workbook(path)
    sheet, top, tops = book.add_worksheet("calls"), 0, []
    for call in calls:
        tops.append(top)
        top = lay_out(sheet, top, metric, call, where)
    book.close()
    model = ironcalc.load_from_xlsx(str(path), "en", "UTC")
    model.evaluate()
    return [model.get_cell_value(0, top + 1, 1) for top in tops]


@pytest.mark.parametrize("name", NATIVE)
def test_native_equals_python(name, tmp_path):
    metric = CATALOG[name]
    rng = random.Random(name)
    calls = good_calls(metric) + larger_calls(metric, rng) + bad_calls(metric)
    assert calls
    differing = [
        (call, "python", mine, "native", theirs)
        for call, theirs in zip(calls, compute(metric, calls, None, tmp_path), strict=True)
        if not agree(mine := python(metric, call), theirs)
    ]
    assert not differing, differing[:5]


RESTRICTED = sorted(
    name for name in NATIVE if any(a.role in (Role.REDUCED, Role.ALIGNED) for a in CATALOG[name].arguments)
)


@pytest.mark.parametrize("name", RESTRICTED)
def test_native_restricted_to_rows_equals_python_on_those_rows(name, tmp_path):
    metric, rng = CATALOG[name], random.Random(name)
    where = [rng.choice([1, 0]) for _ in range(40)]
    call = dict(good_calls(metric)[0])
    for argument in metric.arguments:
        if argument.is_range and argument.name in call:
            pool = [*call[argument.name], None]
            call[argument.name] = [rng.choice(pool) for _ in range(40)]
    inside = {
        n: [cell for cell, keep in zip(v, where, strict=True) if keep] if isinstance(v, list) else v
        for n, v in call.items()
    }
    [theirs] = compute(metric, [call], where, tmp_path)
    assert agree(python(metric, inside), theirs)


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("ces", {"ratings": [1, 2, 3], "scale_max": 3}),
        ("ces", {"ratings": [1, 2, 3], "scale_max": 3, "easy_from": 3}),
        ("ces", {"ratings": [1, 2, 3, 4], "scale_max": 4, "easy": "low"}),
        ("mrr", {"amounts": [100, 200], "intervals": ["monthly", "annual"]}),
        ("mrr", {"amounts": [100, 200], "intervals": [None, None]}),
        ("arr", {"amounts": [100, None], "intervals": [None, 1]}),
        ("mrr", {"amounts": [None, None], "intervals": [1, 1]}),
        ("mrr", {"amounts": [None, None], "intervals": [None, None]}),
        ("clv", {"arpa": 100, "gross_margin": 0.8, "churn": 0, "discount_per_period": 0.01}),
        ("clv", {"arpa": 100, "gross_margin": 0.8, "churn": 0, "discount_per_period": 0.01, "horizon": 12}),
        ("clv", {"arpa": 100, "gross_margin": 0.8, "churn": 0, "horizon": 12}),
    ],
)
def test_native_equals_python_where_the_line_is_thin(name, call, tmp_path):
    [theirs] = compute(CATALOG[name], [call], None, tmp_path)
    assert agree(python(CATALOG[name], call), theirs)


def test_every_metric_has_a_native_form_or_says_why():
    assert all(bool(m.native) != bool(m.no_native) for m in CATALOG.values())

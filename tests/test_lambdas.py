"""Functions as LAMBDA names of Excel 365: their grammar, and their results in two engines that know LAMBDA."""

import re

import pytest
from lambda_cases import (
    LAMBDAS,
    agrees,
    example_calls,
    in_formulon,
    in_ironcalc,
    spoiled_calls,
    wanted,
    write_calls,
)

from csmetrics_core.declaration import reserved
from csmetrics_core.declaration.catalog import CATALOG
from csmetrics_core.declaration.dynamic import LONGEST, lambda_form, stored, why_no_lambda, with_semicolons

#: Metrics whose form IronCalc cannot run, by what it lacks; formulon runs them all.
IRONCALC_LACKS = {
    "INDEX with several rows": {"funnel", "mean_lifetime", "mrr_movements", "retention_by_month", "sessions"},
    "XMATCH with several values": {"cohort_retention", "feature_adoption", "nps", "retention_by_customer"},
    "ISNUMBER of an array": {"health_contributions", "health_score"},
}
_LACKING = set().union(*IRONCALC_LACKS.values())
#: A feature only met in rows that drop out is listed with no users by the add-in, and not listed here.
_DIFFERS = {"feature_adoption": "users"}


def test_most_functions_are_lambdas_and_the_others_say_why_not():
    assert len(LAMBDAS) >= 70
    assert all(bool(lambda_form(m)) != bool(why_no_lambda(m)) for m in CATALOG.values())


@pytest.mark.parametrize("name", LAMBDAS)
def test_names_within_a_form_are_names_excel_takes(name):
    """No name is R or C, looks like a cell, or is a function of Excel's or ours, which some programs would call."""
    form = lambda_form(CATALOG[name])
    assert len(form) <= LONGEST
    signs = re.sub(r'"[^"]*"', "", form)
    assert signs.count("(") == signs.count(")")
    words = set(re.findall(r"(?<![\w.\"])[a-z_]\w*", signs))
    parameters = set(CATALOG[name].names)
    assert not {w for w in words if re.fullmatch(r"[rc]|[a-z]{1,3}\d+|r\d*c\d*", w)}
    taken = {w for w in words - parameters if w.upper() in reserved.BUILT_IN or w in CATALOG}
    assert not taken


def test_examples_give_what_python_gives_in_formulon(tmp_path):
    calls = example_calls()
    lines = write_calls(path := tmp_path / "lambdas.xlsx", calls)
    cell = in_formulon(path)
    wrong = [(m.name, c) for (m, c), line in zip(calls, lines, strict=True) if not agrees(cell, wanted(m, c), line)]
    assert wrong == []


def test_examples_give_what_python_gives_in_ironcalc(tmp_path):
    calls = example_calls()
    lines = write_calls(path := tmp_path / "lambdas.xlsx", calls)
    cell = in_ironcalc(path)
    wrong = {m.name for (m, c), line in zip(calls, lines, strict=True) if not agrees(cell, wanted(m, c), line)}
    assert wrong == _LACKING


@pytest.mark.slow
@pytest.mark.parametrize("name", [n for n in LAMBDAS if n != "stickiness_by_day"])  # decades of days: out of memory
def test_spoiled_cells_are_refused_as_python_refuses_them(name, tmp_path):
    calls = [c for c in spoiled_calls(CATALOG[name]) if not (name in _DIFFERS and None in c[1][_DIFFERS[name]])]
    lines = write_calls(path := tmp_path / "lambdas.xlsx", calls, [name])
    cell = in_formulon(path)
    assert not [c for (m, c), line in zip(calls, lines, strict=True) if not agrees(cell, wanted(m, c), line)]


def test_a_file_marks_new_functions_and_local_names():
    assert stored('LAMBDA(a,[b],SORT(FILTER(a,b>SUM(a)))&"[b]")') == (
        "_xlfn.LAMBDA(_xlpm.a,_xlop.b,_xlfn._xlws.SORT(_xlfn._xlws.FILTER(_xlpm.a,_xlpm.b>SUM(_xlpm.a)))" + '&"[b]")'
    )


def test_locales_with_a_decimal_comma_type_semicolons():
    assert with_semicolons('IF(a>=0.5,"1,5",1E-3)') == 'IF(a>=0,5;"1,5";1E-3)'


@pytest.mark.parametrize("call", [("nps", {"scores": [9, "10"]}), ("mrr", {"amounts": [100, "1,050"]}),
                                  ("nps_interval", {"scores": [9, " 8 "]})])  # fmt: skip
def test_a_number_typed_as_text_is_refused(call, tmp_path):
    name, arguments = call
    lines = write_calls(path := tmp_path / "lambdas.xlsx", [(CATALOG[name], arguments)], [name])
    assert wanted(CATALOG[name], arguments) == [["#VALUE!"]]
    assert in_formulon(path)(lines[0], 0) == in_ironcalc(path)(lines[0], 0) == "#VALUE!"


def test_a_date_typed_as_text_is_refused_and_no_row_is_lost(tmp_path):
    call = {"customers": ["A", "A"], "months": ["2026-01-01", "2026-02-01"], "mrr": [100, 50]}
    lines = write_calls(path := tmp_path / "lambdas.xlsx", [(CATALOG["mrr_movements"], call)], ["mrr_movements"])
    assert in_formulon(path)(lines[0], 0) == "#VALUE!"

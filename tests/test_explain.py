"""Why this number: for every metric the explanation holds its parts, reads well, and tells nothing personal."""

import re

import numpy as np
import pandas as pd
import pytest

import csmetrics_core as csm
from csmetrics_core.declaration.catalog import CATALOG
from csmetrics_core.declaration.spec import Role, with_minus
from csmetrics_core.errors import ErrorInCell, OutOfScale, WrongKind

ABOUT = ("csm_explain", "csm_weighted", "csm_by", "csm_change", "csm_why", "csm_reconcile", "csm_benchmarks")
NUMBERS = [m.name for m in CATALOG.values() if m.gives == "number"]


def told(name):
    metric = CATALOG[name]
    return csm.explain(name, **metric.examples[0].arguments)


@pytest.mark.parametrize("name", [name for name in CATALOG if name not in ABOUT])
def test_every_metric_is_explained(name):
    metric, rows = CATALOG[name], dict(told(name).texts())
    assert rows["metric"] == metric.title
    assert rows["value"]
    assert rows["formula"] == metric.formula
    assert rows["source"] == metric.source
    assert rows.get("convention", "") == metric.convention
    assert ("unit" in rows) == (metric.gives != "table")
    assert not any(re.search(r"\bnan\b|\barray\(|np\.|<", text) for text in rows.values() if text != metric.formula)


@pytest.mark.parametrize("name", NUMBERS)
def test_the_numbers_are_put_into_the_formula(name):
    metric, found = CATALOG[name], told(name)
    for argument in metric.arguments:
        given = metric.examples[0].arguments.get(argument.name)
        single = isinstance(given, int | float) and not isinstance(given, bool)
        if not argument.is_range and (single or argument.role is Role.CHOICE) and not np.ndim(found.value):
            shown = with_minus(f"{given:,.10g}") if single else str(given or argument.default)
            assert f"{argument.name} = {shown}" in found.working
    if found.working and " ÷ " in found.working and not np.ndim(found.value):
        above, below = re.search(r"([−\d.,e+-]+|\([\d − ]+\)) ÷ ([−\d.,e+-]+) = ", found.working).groups()
        numerator = sum(found.terms) if found.terms else float(above.replace(",", "").replace("−", "-"))
        divided = found.scale * numerator / float(below.replace(",", "").replace("−", "-"))
        assert divided == pytest.approx(found.value, rel=1e-8)


def test_messy_cells_are_told_by_reason_and_place():
    found = csm.explain("nps", [10, 9, None, "n/a", 6, True, "", 8, 7])
    rows = found.texts()
    assert ("dropped from scores", "2 blank (rows 3, 7)") in rows
    assert ("dropped from scores", "1 text (row 4)") in rows
    assert ("dropped from scores", "1 boolean (row 6)") in rows
    assert ("n", "5") in rows
    assert ("working", "100 × (2 − 1) ÷ 5 = 20") in rows
    many = csm.explain("nps", [10, *[None] * 3000, 9])
    assert dict(many.texts())["dropped from scores"].endswith(", ...)")
    assert "3000 blank (rows 2, 3" in dict(many.texts())["dropped from scores"]


def test_the_choice_of_a_convention_is_told():
    rows = dict(csm.explain("churn_rate", 18, 1126, 85, "opening_plus_new").texts())
    assert rows["working"].startswith(
        "lost = 18, opening = 1,126, new_customers = 85, basis = opening_plus_new: 18 ÷ 1,211"
    )
    assert (rows["numerator"], rows["denominator"]) == ("18", "1,211")


def test_what_people_wrote_is_not_repeated():
    found = csm.explain("sentiment", "I love it, write to jane@example.com")
    assert "example.com" not in str(found)
    assert "example.com" not in found._repr_html_()


def test_an_interval_stays_within_what_can_be():
    low, high = csm.explain("avg_session_duration", [10, 0, 30]).interval
    assert low == 0
    assert high > 50


def test_a_broadcast_reads_as_values():
    rows = dict(csm.explain("churn_rate", [1, 5, None], [10, 0, 5]).texts())
    assert rows["value"] == "10.0%, none, none"
    assert "opening is 0" in rows["element 2 has no value"]
    long = dict(csm.explain("churn_rate", [1] * 30, [10] * 30).texts())
    assert long["value"].endswith("... (30 values)")


def test_a_metric_may_have_an_argument_called_metric():
    assert csm.explain("csm_benchmarks", metric="fcr").value["function"] == ["FCR"]


@pytest.mark.parametrize("level", [0, 1, 95, "95%", None, True, float("nan")])
def test_a_level_of_confidence_is_checked(level):
    with pytest.raises(OutOfScale, match="confidence is"):
        csm.explain("nps", [10, 9, 0], confidence=level)
    with pytest.raises(csm.MetricError, match="confidence is"):
        csm.explain("nps_interval", [10, 9, 0], confidence="x" if level is None else level)


def test_groups_named_by_long_numbers_stay_apart():
    table = csm.csm_by("nps", [1234567.0, 1234568.0, 0.1234567, 0.1234568, 3.0], [10, 0, 9, 5, 7])
    assert table["group"].tolist() == ["0.1234567", "0.1234568", "3", "1234567", "1234568", "All"]
    assert table["value"].tolist() == [100, -100, 0, 100, -100, 0]


def test_what_holds_of_one_element_is_not_told_of_all():
    days = [46026, 46027, 46040]
    found = csm.explain("mau", ["A", "B", "B"], [46026, 46027, 46040], days)
    assert found.value.tolist() == [1, 2, 2]
    assert (found.n, found.notes) == (None, ())
    alone = csm.explain("mau", ["A", "B", "B"], [46026, 46027, 46040], 46027)
    assert alone.n == 2
    assert alone.notes == ("the window of 30 days begins before the first date, 2026-01-04",)


def test_what_is_left_out_of_a_block_is_told_by_cell():
    rows = dict(csm.explain("health_score", [[80, 50, 60], [None, 70, 20]]).rows())
    assert rows["dropped from values"] == "1 blank (cell 4)"


@pytest.mark.parametrize("name", NUMBERS)
def test_every_cell_of_an_explanation_is_one_a_spreadsheet_takes(name):
    metric = CATALOG[name]
    for example in metric.examples:
        given = [example.arguments.get(a.name) for a in metric.arguments]
        table = csm.csm_explain(name, *given)
        assert {type(cell) for cell in table["value"]} <= {str, int, float}, table


@pytest.mark.parametrize(
    ("call", "code", "why"),
    [
        (("nps", [[10], [9], [8], [11]]), "#NUM!",
         "scores, row 4, is 11; expected a whole number from 0 to 10. Remove it or rescale the answers."),
        (("nps", [10, "#REF!"]), "#REF!",
         "scores, row 2, holds the error #REF!. Mend that cell, or leave it out of the range."),
        (("churn_rate", 5, 0), "#DIV/0!",
         "opening is 0, so there is nothing to divide by. Undefined is not 0: leave it blank."),
        (("nps", ["10", "9"]), "#VALUE!",
         "scores, row 1, is '10', stored as text, not as a number (and 1 more). Turn the texts into numbers; in a "
         "spreadsheet select them and take Data, Text to Columns, Finish."),
        (("nps", [10], [1], [2], [3]), "#VALUE!",
         "takes 3 arguments, 4 were given. Call it as nps(scores, [weights], [accounts])."),
        (("health_score", [[80, 50], [None, 2]], 1, -1e999), "#NUM!", None),
        (("csm_explain", "nps"), "#VALUE!", "csm_explain cannot be asked about itself. Name the metric itself."),
    ],
)  # fmt: skip
def test_a_refused_call_is_explained_by_its_reason_and_row(call, code, why):
    table = csm.csm_explain(*call)
    rows = dict(zip(table["item"], table["value"], strict=True))
    assert rows["metric"] == CATALOG[call[0]].title
    assert rows["value"] == f"none; its cell shows {code}"
    assert why in (None, rows["why"])
    assert rows["formula"] == CATALOG[call[0]].formula
    assert not any(str(cell).startswith("#") for cell in table["value"]), "no cell of it is an error itself"


@pytest.mark.parametrize("name", CATALOG)
def test_a_name_alone_gives_the_card_of_the_metric(name):
    metric, table = CATALOG[name], csm.csm_explain(name)
    rows = dict(zip(table["item"], table["value"], strict=True))
    assert (rows["metric"], rows["formula"], rows["source"]) == (metric.title, metric.formula, metric.source)
    for argument in metric.arguments:
        assert rows[f"{'' if argument.required else 'optional '}argument {argument.name}"] == argument.help


@pytest.mark.parametrize(
    ("text", "is_number"),
    [("10", True), ("1,050", True), ("1.234.567,89", True), ("$5", True), ("5 %", True), ("(3.50)", True),
     ("late", False), ("01.02.2026", False), ("2026-01-02", False), ("10 - Very likely", False), ("10.0.0.1", False)],
)  # fmt: skip
def test_a_number_stored_as_text_is_named_as_that(text, is_number):
    if is_number:
        with pytest.raises(WrongKind, match=r"amounts\[1\] is .*, stored as text, not as a number"):
            csm.explain("mrr", [5.0, text])
    else:
        assert dict(csm.explain("mrr", [5.0, text]).rows())["dropped from amounts"] == "1 text (row 2)"


def test_a_group_that_is_refused_names_the_row_of_the_whole_range():
    flags = csm.csm_by("nps", ["a", "a", "b", "b"], [10, 9, 8, 11])["flag"].tolist()
    assert flags[1].startswith("#NUM! scores, row 4, is 11;")


def test_a_day_is_told_as_a_date():
    found = csm.explain("dau", ["A", "B"], [46026, 46026], 46026)
    assert found.working == "day = 2026-01-04: 2"


def test_groups_are_told_apart_whatever_they_are_called():
    scores = [10, 0, 0, 9]
    table = csm.csm_by("nps", ["All", 10, 2, 10], scores)
    assert table["group"].tolist() == ["2", "10", "All", "All groups"]
    assert table["value"].tolist() == [-100, 0, 100, 0]
    days = [pd.Timestamp("2026-01-31"), pd.NaT, pd.NA, " "]
    assert csm.csm_by("nps", days, scores)["group"].tolist() == ["(blank)", "2026-01-31", "All"]
    rows = [[group] for group in ("a", "b", None, "")], [[9], [0], [None], [""]]
    assert csm.csm_by("nps", *rows)["group"].tolist() == ["a", "b", "All"]
    with pytest.raises(ErrorInCell, match=r"groups\[1\] holds the error #REF!"):
        csm.csm_by("nps", ["A", "#REF!", "A", "A"], scores)

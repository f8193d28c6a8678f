"""The catalogue: every metric is fully declared, documented by a runnable example, and under its exact name."""

import doctest
import inspect
from typing import Annotated

import pytest

import csmetrics_core
from csmetrics_core.declaration.catalog import CATALOG, alias, headline_metrics, lookup, metric
from csmetrics_core.declaration.kinds import Count
from csmetrics_core.declaration.spec import COUNT, Category, Each, Example
from csmetrics_core.errors import MetricError, UnknownMetric
from csmetrics_core.evaluate import evaluate
from csmetrics_core.results import Ratio

BASE = {
    "title": "Things",
    "category": Category.USAGE,
    "unit": COUNT,
    "bounds": (0, 10),
    "formula": "things",
    "source": "counting",
    "native": "{things}",
    "example": Example(things=1, result=1.0),
}


def declare(name="thing_count", doc=None, **traits):
    """Declare a small metric, spoiled as asked; it is taken out of the catalogue again if it gets in."""

    def body(things: Annotated[Each, Count()]) -> Ratio:
        return Ratio(things)

    body.__name__ = name
    body.__doc__ = "Counts things.\n\nArgs:\n    things: Number of things.\n" if doc is None else doc
    try:
        return metric(**{**BASE, **traits})(body)
    finally:
        CATALOG.pop(name, None)


def test_a_full_declaration_is_accepted_and_callable():
    assert declare()(3) == 3.0


@pytest.mark.parametrize("trait", ["title", "formula", "source"])
def test_a_missing_trait_is_refused_by_name(trait):
    with pytest.raises(TypeError, match=f"thing_count lacks {trait}"):
        declare(**{trait: ""})


@pytest.mark.parametrize(
    ("traits", "message"),
    [
        ({"unit": None}, "unit and bounds"),
        ({"bounds": None}, "unit and bounds"),
        ({"native": ""}, "either native or no_native"),
        ({"no_native": "because"}, "either native or no_native"),
        ({"doc": ""}, "lacks summary"),
        ({"doc": "Counts."}, "help of things"),
        ({"doc": "Counts.\n\nArgs:\n    things: " + "long " * 60}, "over 255"),
        ({"name": "abc1"}, "cell reference"),
        ({"name": "r1c1"}, "cell reference"),
        ({"name": "rc"}, "cell reference"),
        ({"name": "rate"}, "built-in"),
        ({"name": "duration"}, "built-in"),
        ({"name": "groupby"}, "built-in"),
        ({"example": ()}, "lacks examples"),
        ({"name": "next"}, "VBA keyword"),
        ({"name": "nps"}, "declared twice"),
    ],
)
def test_half_declared_or_clashing_metrics_are_refused(traits, message):
    kept = CATALOG.get(traits.get("name", ""))
    try:
        with pytest.raises(TypeError, match=message):
            declare(**traits)
    finally:
        if kept:
            CATALOG[kept.name] = kept


def test_another_name_is_a_metric_of_its_own_with_the_same_numbers():
    first, second = CATALOG["ndr"], CATALOG["nrr"]
    assert (second.title, second.arguments, second.native) == ("Net revenue retention", first.arguments, first.native)
    assert csmetrics_core.nrr(100, 20, 5, 10) == csmetrics_core.ndr(100, 20, 5, 10) == 1.05
    with pytest.raises(MetricError, match=r"^nrr: opening"):
        csmetrics_core.nrr(-1, 20, 5, 10)
    with pytest.raises(TypeError, match="declared twice"):
        alias(csmetrics_core.ndr, "nrr")


def test_required_after_optional_is_refused():
    def late_count(first: Annotated[Each, Count()] = 1, *, second: Annotated[Each, Count()]) -> Ratio:
        """Counts.

        Args:
            first: One.
            second: Two.
        """
        return Ratio(first + second)

    with pytest.raises(TypeError, match="required second comes after"):
        metric(**BASE)(late_count)


def test_table_without_columns_is_refused():
    from csmetrics_core.results import Table

    def table_count(things: Annotated[Each, Count()]) -> Table:
        """Counts.

        Args:
            things: Things.
        """
        return Table({"n": [things]})

    with pytest.raises(TypeError, match="lacks columns"):
        metric(**BASE)(table_count)


@pytest.mark.parametrize("name", sorted(CATALOG))
def test_docstring_example_runs(name):
    found = doctest.DocTestParser().get_doctest(CATALOG[name].function.__doc__, vars(csmetrics_core), name, None, 0)
    assert found.examples
    assert doctest.DocTestRunner().run(found).failed == 0


@pytest.mark.parametrize("name", sorted(CATALOG))
def test_declaration_reaches_every_door(name):
    declared = CATALOG[name]
    assert getattr(csmetrics_core, name) is declared.function
    by_name = [a.name for a in (*declared.arguments, *declared.keyword_only)]
    assert list(inspect.signature(declared.function).parameters) == by_name
    assert all(0 < len(a.help) <= 255 for a in declared.arguments)
    assert len(declared.summary) <= 255


def test_all_lists_exactly_the_catalogue():
    others = {"CATALOG", "MetricError", "UndefinedMetric", "Explained", "explain", "lookup", "__version__"}
    others |= {"Reconciliation", "reconcile"}
    assert set(csmetrics_core.__all__) - others == set(CATALOG)
    assert list(csmetrics_core.__all__) == sorted(csmetrics_core.__all__)


def test_the_sixteen_are_there_in_order():
    assert [m.headline for m in headline_metrics()] == list(range(1, 17))


def test_lookup_takes_either_spelling_and_suggests():
    assert lookup("NPS") is lookup("nps") is lookup(csmetrics_core.nps)
    with pytest.raises(UnknownMetric, match="Did you mean churn_rate"):
        lookup("churn_rat")


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("Net Promoter Score", "nps"),
        ("customer churn", "churn_rate"),
        ("chrun", "churn_rate"),
        ("Cohort", "cohort_retention"),
        ("lifetime value", "clv"),
        ("average revenue per user", "arpu"),
        ("net revenue retention", "nrr"),
    ],
)
def test_what_people_call_a_metric_suggests_it(asked, meant):
    with pytest.raises(UnknownMetric, match=rf"Did you mean .*\b{meant}\b"):
        lookup(asked)


@pytest.mark.parametrize("name", sorted(n for n, m in CATALOG.items() if m.gives == "table"))
def test_tables_give_the_columns_they_declare(name):
    declared = CATALOG[name]
    example = declared.examples[0].arguments
    rest = [a.name for a in declared.arguments if a.variadic]
    args = [v for n, v in example.items() if n not in rest] + [v for n in rest for v in example.get(n, ())]
    columns = list(evaluate(declared, args if rest else (), {} if rest else example).value)
    repeated = [c.name.split("{")[0] for c in declared.columns if "{" in c.name]
    plain = [c for c in columns if not any(c.startswith(r) for r in repeated)]
    assert plain == [c.name for c in declared.columns if "{" not in c.name]

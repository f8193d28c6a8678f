"""The types editors see, from the catalogue: a float for single values, an array or Series for ranges.

Decorators cannot say that; overloads can. `python -m csmetrics_core.declaration.reference` writes them.
"""

from collections.abc import Iterator

from csmetrics_core.declaration.catalog import CATALOG
from csmetrics_core.declaration.spec import Argument, Metric, Role

_HEAD = """# Written from the catalogue by `make reference`: do not edit by hand.
# mypy: disable-error-code="overload-overlap"
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame, Series
"""
_CORE = """
from csmetrics_core.declaration.catalog import CATALOG as CATALOG
from csmetrics_core.declaration.catalog import lookup as lookup
from csmetrics_core.errors import MetricError as MetricError
from csmetrics_core.errors import UndefinedMetric as UndefinedMetric
from csmetrics_core.explain import Explained as Explained
from csmetrics_core.explain import explain as explain
from csmetrics_core.conventions.reconcile import Reconciliation as Reconciliation
from csmetrics_core.conventions.reconcile import reconcile as reconcile

__version__: str
__all__: list[str]
_One = float | int | str | date | np.generic | None
_Range = Any
"""
_GIVES = {"pair": "tuple[float, float]", "table": "DataFrame"}
_SINGLE = {"number": "float", "words": "str"}
_SEVERAL = {"number": "NDArray[np.float64]", "words": "NDArray[np.object_]"}


def core() -> str:
    """The stub of csmetrics_core."""
    lines = (line for name in sorted(CATALOG) for line in _of(CATALOG[name]))
    return "\n".join((_HEAD + _CORE, *lines, ""))


def _of(metric: Metric) -> Iterator[str]:
    """One function; where single values may be ranges, one signature for each."""
    if metric.gives in _GIVES or not metric.roles.each:
        several = _SEVERAL.get(metric.gives, "") if metric.roles.block else ""
        gives = _GIVES.get(metric.gives) or _SINGLE[metric.gives]
        yield f"def {metric.name}({_parameters(metric, '_One')}) -> {'Any' if several else gives}: ..."
        return
    for one, gives in (
        ("_One", _SINGLE[metric.gives]),
        ("_One | Series[Any]", "Series[Any]"),
        ("_Range", _SEVERAL[metric.gives]),
    ):
        yield "@overload"
        yield f"def {metric.name}({_parameters(metric, one)}) -> {gives}: ..."


def _parameters(metric: Metric, each: str) -> str:
    words = [_parameter(a, each) for a in metric.arguments]
    named = [_parameter(a, each) for a in metric.keyword_only]
    passed_on = ["**of_the_metric: Any"] if metric.rest else []
    return ", ".join([*words, *(["*"] if named and not metric.rest else []), *named, *passed_on])


def _parameter(argument: Argument, each: str) -> str:
    if argument.variadic:
        return f"*{argument.name}: Any"
    if argument.choices:
        kind = f"Literal[{', '.join(map(repr, argument.choices))}]"
    else:
        kind = each if argument.role is Role.EACH else "_Range"
    return f"{argument.name}: {kind}{'' if argument.required else ' = ...'}"

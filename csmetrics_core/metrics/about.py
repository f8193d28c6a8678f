"""About the catalogue itself: which metrics there are, why a number is what it is, and a metric by group."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import numpy as np

from csmetrics_core.declaration.catalog import CATALOG, lookup, metric
from csmetrics_core.declaration.kinds import Text
from csmetrics_core.declaration.spec import TEXT, Category, Column, Example, Metric, Raw
from csmetrics_core.errors import MetricError, WrongKind, off_scale
from csmetrics_core.evaluate import evaluate
from csmetrics_core.explain import card, explained, refused
from csmetrics_core.results import Table, Words
from csmetrics_core.version import __version__

MetricName = Annotated[Raw, Text()]

#: Below this many observations even the adjusted intervals are not relied on.
SMALL_N = 10
_OURS = "csmetrics"


@metric(
    title="Version",
    category=Category.ABOUT,
    unit=TEXT,
    formula="the version installed",
    no_native="it tells whether the add-in is there",
    source=_OURS,
    example=Example(result=f"csmetrics {__version__}"),
)
def csm_version() -> Words:
    """The version of csmetrics that computes these cells."""
    return Words(f"csmetrics {__version__}")


_CATEGORIES = Literal[
    "all", "survey", "revenue", "retention", "value", "conversion", "support", "usage", "health", "feedback", "about"
]


@metric(
    title="Metrics",
    category=Category.ABOUT,
    columns=(
        Column("function", TEXT, "the name to type"),
        Column("title", TEXT, "its name in the field"),
        Column("category", TEXT, "the subject"),
        Column("unit", TEXT, "of the result"),
        Column("arguments", TEXT, "optional ones in brackets"),
        Column("formula", TEXT, "in words and signs"),
    ),
    formula="the catalogue",
    no_native="it gives a table",
    source=_OURS,
    example=Example(
        category="support",
        result={
            "function": ["FCR", "FCR_FROM_CONTACTS"],
            "title": ["First contact resolution", "First contact resolution from tickets"],
            "category": ["Support", "Support"],
            "unit": ["fraction", "fraction"],
            "arguments": [
                "first_contact, contacts, [unresolvable]",
                "contacts, [resolved], [reopened], [transferred], [abandoned]",
            ],
            "formula": [
                "resolved on first contact ÷ (contacts − unresolvable)",
                "tickets resolved with one contact, not reopened, not transferred ÷ tickets resolved",
            ],
        },
    ),
)
def csm_metrics(category: _CATEGORIES = "all") -> Table:
    """The catalogue, or one category of it, as a table.

    Args:
        category: Which subject to list.
    """
    chosen = [m for m in CATALOG.values() if category in ("all", m.category.value.lower())]
    chosen.sort(key=lambda m: (list(Category).index(m.category), m.name))
    return Table(
        {
            "function": [m.excel_name for m in chosen],
            "title": [m.title for m in chosen],
            "category": [m.category.value for m in chosen],
            "unit": ["table" if m.gives == "table" else m.unit.name for m in chosen],
            "arguments": [signature_text(m) for m in chosen],
            "formula": [m.formula for m in chosen],
        }
    )


def signature_text(declared: Metric) -> str:
    """The arguments as help shows them, optional ones in brackets."""
    return ", ".join(a.name if a.required else f"[{a.name}]" for a in declared.arguments)


def asked_about(name: Any) -> Metric:
    """The metric a function is asked about; one that asks about metrics itself is refused."""
    declared = lookup(single_cell(name))
    if declared.rest:
        raise about_itself(declared)
    return declared


def about_itself(declared: Metric) -> WrongKind:
    """The error for a function about metrics where a metric is meant."""
    return WrongKind(f"{declared.name} cannot be asked about itself", "Name the metric itself.", argument="metric")


def single_cell(value: Any) -> Any:
    """The value of a range of one cell."""
    while isinstance(value, list | tuple) and len(value) == 1:
        value = value[0]
    return value


@metric(
    title="Explain",
    category=Category.ABOUT,
    columns=(Column("item", TEXT, "what is told"), Column("value", TEXT, "a number or words")),
    formula="value, interval, n, dropped cells, parts, convention, formula and source of a call",
    no_native="it gives a table",
    source=_OURS,
    example=Example(
        metric="rule_of_40",
        arguments=(0.5, -0.25),
        result={
            "item": ["metric", "value", "unit", "working", "formula", "convention", "source", "published figure"],
            "value": [
                "Rule of 40",
                0.25,
                "fraction",
                "growth = 0.5, margin = −0.25: 0.25",
                "growth + margin",
                "Growth year on year; EBITDA or free cash flow margin of the same year. 0.4 meets the rule.",
                "Brad Feld, The rule of 40 % for a healthy SaaS company (2015)",
                "40 % or more meets the rule (Brad Feld, The rule of 40 % (2015), as read in November 2026)",
            ],
        },
    ),
)  # fmt: skip
def csm_explain(metric: MetricName, *arguments: Raw) -> Table:
    """Why a number is what it is, or why there is none: parts, dropped cells, convention, interval, source.

    Args:
        metric: The name of the metric, such as "NPS". Alone, it tells what the metric is and takes.
        arguments: Its arguments, as in the call itself.
    """
    declared, given = lookup(single_cell(metric)), trimmed(arguments)
    rows: Sequence[tuple[str, Any]]
    if not given and declared.arguments:
        rows = card(declared)
    else:
        try:
            if declared.name == "csm_explain":
                raise about_itself(declared)
            rows = explained(evaluate(declared, given)).rows()
        except MetricError as refusal:  # the reason is what was asked for
            rows = refused(declared, refusal)
    return Table({"item": [item for item, _ in rows], "value": [_cell(value) for _, value in rows]})


def trimmed(arguments: Sequence[Any]) -> list[Any]:
    """Arguments without the omitted ones at the end."""
    given = list(arguments)
    while given and given[-1] is None:
        given.pop()
    return given


def _cell(value: Any) -> Any:
    """One cell's worth: an array is named, not spilled into a cell."""
    if isinstance(value, np.ndarray) and value.ndim:
        return f"{value.size} values"
    if isinstance(value, tuple):
        return " to ".join(f"{v:.6g}" for v in value)
    return value.item() if isinstance(value, np.generic | np.ndarray) else value


def least_size(hide_below: Any) -> float:
    """How many observations a group needs to be shown.

    Raises:
        OutOfScale: it is no number of 0 or more.
    """
    if isinstance(hide_below, bool) or not isinstance(hide_below, int | float) or not hide_below >= 0:
        raise off_scale("hide_below", None, hide_below, "a number of observations", "Leave it out to show all groups.")
    return float(hide_below)

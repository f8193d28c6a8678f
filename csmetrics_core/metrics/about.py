"""About the catalogue itself: which metrics there are, why a number is what it is, and a metric by group."""

from collections.abc import Sequence
from numbers import Real
from typing import Annotated, Any, Literal

import numpy as np

from csmetrics_core.catalog import CATALOG, lookup, metric
from csmetrics_core.conversions import not_a_number, number_text
from csmetrics_core.errors import CELL_ERRORS, ErrorInCell, MetricError, WrongKind, WrongShape
from csmetrics_core.evaluate import evaluate
from csmetrics_core.explain import card, explained, refused
from csmetrics_core.flattening import every_row, shape_of
from csmetrics_core.kinds import Id, Text
from csmetrics_core.results import Table, Words
from csmetrics_core.spec import COUNT, RATIO, TEXT, Category, Column, Example, Metric, Raw
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
                "growth = 0.5, margin = -0.25: 0.25",
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


@metric(
    title="By group",
    category=Category.ABOUT,
    columns=(
        Column("group", TEXT, "the group; the last row, All, is the pooled total"),
        Column("value", RATIO, "in the metric's unit"),
        Column("n", COUNT, "observations used"),
        Column("low", RATIO, "lower bound at 95 %"),
        Column("high", RATIO, "upper bound at 95 %"),
        Column("flag", TEXT, "small n, or why there is no value"),
    ),
    formula="the metric of each group's rows, and of all rows pooled",
    convention=f"Groups under {SMALL_N} observations are flagged. The total is pooled, never a mean of the groups.",
    no_native="it gives a table",
    source=_OURS,
    example=Example(
        metric="nps",
        groups=["A", "A", "B", "B"],
        arguments=([10, 9, 8, 6],),
        result={
            "group": ["A", "B", "All"],
            "value": [100.0, -50.0, 25.0],
            "n": [2, 2, 4],
            "low": [-24.410989, -79.448651, -44.159769],
            "high": [100.0, 39.448651, 72.731197],
            "flag": ["n below 10", "n below 10", "n below 10"],
        },
    ),
)
def csm_by(metric: MetricName, groups: Annotated[Raw, Id()], *arguments: Raw) -> Table:
    """A metric for every group, with n and interval, and the pooled total.

    Args:
        metric: The name of the metric, such as "NPS".
        groups: The group of each row, such as the segment column.
        arguments: The metric's arguments; ranges as long as groups are split by it.
    """
    declared, given = asked_about(metric), trimmed(arguments)
    if declared.gives != "number":
        problem = f"{declared.name} gives a {declared.gives}"
        raise WrongKind(problem, "Name a metric that gives a number.", argument="metric")
    cells = every_row(groups, "groups")
    labels = [_label(value, row) for row, value in enumerate(cells)]
    columns = [every_row(a, "arguments") if shape_of(a) is not None else a for a in given]
    split = [
        len(labels) == len(c) if s is not None else False for c, s in zip(columns, map(shape_of, given), strict=True)
    ]
    if not any(split):
        raise WrongShape(f"groups has {len(labels)} rows and no range is as long", "Select the same rows in each.")
    labels = labels[: _used_rows([cells, *(c for c, s in zip(columns, split, strict=True) if s)])]
    columns = [c[: len(labels)] if s else c for c, s in zip(columns, split, strict=True)]
    names, places = _grouped(labels)
    rows = []
    total = "All" if "All" not in names else "All groups"
    for name, keep in [*zip(names, places, strict=True), (total, np.arange(len(labels)))]:
        part = [_select(c, keep) if s else c for c, s in zip(columns, split, strict=True)]
        rows.append((name, *_measure(declared, part, keep)))
    heads = ("group", "value", "n", "low", "high", "flag")
    return Table({name: list(column) for name, column in zip(heads, zip(*rows, strict=True), strict=True)})


def _grouped(labels: Sequence[str]) -> tuple[list[str], list[np.ndarray]]:
    """The groups in their order, and the rows of each."""
    names = sorted(set(labels), key=_place)
    number = {name: place for place, name in enumerate(names)}
    codes = np.fromiter(map(number.__getitem__, labels), np.int64, len(labels))
    ends = np.cumsum(np.bincount(codes, minlength=len(names)))[:-1]
    return names, np.split(np.argsort(codes, kind="stable"), ends) if names else []


def _used_rows(columns: Sequence[Any]) -> int:
    """How many rows there are up to the last that holds something: a whole column ends in blank ones."""
    rows = range(len(columns[0]), 0, -1)
    return next((row for row in rows if not all(_is_blank(column[row - 1]) for column in columns)), 0)


def _is_blank(value: Any) -> bool:
    reason = not_a_number(value)
    return reason == "blank" or (reason is None and value != value)


def _label(value: Any, row: int) -> str:
    """What a group is called; a day without its midnight."""
    if (reason := not_a_number(value)) in CELL_ERRORS:
        raise ErrorInCell(str(reason), "groups", row)
    if _is_blank(value):
        return "(blank)"
    return number_text(value) if isinstance(value, Real) else str(value).removesuffix(" 00:00:00")


def _place(label: str) -> tuple[bool, float, str]:
    """Numbers first and by size, then words."""
    number = float(label) if label.removeprefix("-").replace(".", "", 1).isdecimal() else float("nan")
    return (False, number, label) if number == number else (True, 0.0, label)


def _select(column: Any, rows: np.ndarray) -> Any:
    return column[rows] if isinstance(column, np.ndarray) else [column[row] for row in rows.tolist()]


def _measure(declared: Metric, arguments: list[Any], kept: np.ndarray) -> tuple[float, int | None, float, float, str]:
    """One group: value, n, low, high, and what is to be said of it; `kept` tells where its rows stood."""
    nan = float("nan")
    try:
        done = explained(evaluate(declared, arguments))
    except MetricError as error:
        at = error.position if error.position is None or error.position >= len(kept) else int(kept[error.position])
        return nan, 0, nan, nan, f"{error.code} {error.sentence(at=at)}"
    if isinstance(done.value, np.ndarray):
        raise WrongShape(f"{declared.name} gives one result a row", "Name a metric that reduces a range.")
    low, high = done.interval or (nan, nan)
    small = done.n is not None and done.n < SMALL_N
    return done.value, done.n, low, high, f"n below {SMALL_N}" if small else ""

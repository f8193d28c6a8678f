"""Survey results weighted to the customers: who answered is repaired, group by group."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from csmetrics_core.declaration.catalog import metric
from csmetrics_core.declaration.kinds import Id
from csmetrics_core.declaration.spec import RATIO, Category, Column, Example, Metric, Raw, Sample
from csmetrics_core.errors import NoData, OutOfScale, WrongKind, WrongShape, off_scale
from csmetrics_core.intake.flattening import every_row, shape_of
from csmetrics_core.intake.grouping import Labels, labels_of
from csmetrics_core.maths.decomposition import summed
from csmetrics_core.maths.inference import ALPHA, Floats, Spread, cell_variance, t_quantile
from csmetrics_core.maths.verdicts import in_words, number, spoken_name
from csmetrics_core.metrics.about import MetricName, asked_about, trimmed
from csmetrics_core.metrics.why import group_columns
from csmetrics_core.results import Table
from csmetrics_core.rows import rows_of

WARNING = "Weights repair who answered among these groups, not that within them those who answered may feel otherwise."
_ROUNDS, _SETTLED = 100, 1e-10
_FEW, _HEAVY, _COSTLY = 5, 5.0, 2.0
_SPREADS: dict[Sample, Spread] = {Sample.SHARE: "share", Sample.VOTES: "votes"}


@dataclass(frozen=True)
class Weights:
    """How answers are weighted.

    Args:
        codes: the cell of each answer: its group, or its pair of groups.
        n: answers in each cell.
        share: what each cell weighs among all.
        names: of the cells.
    """

    codes: NDArray[np.int64]
    n: Floats
    share: Floats
    names: list[str]

    @property
    def each(self) -> Floats:
        """The weight of one answer of each cell, 1 on average."""
        weight: Floats = np.divide(self.share * self.n.sum(), self.n, out=np.zeros(self.n.size), where=self.n > 0)
        return weight

    @property
    def design_effect(self) -> float:
        """How much wider unequal weights make a mean's interval, squared (Kish)."""
        weight = self.each
        return float(self.n.sum() * (self.n * weight**2).sum() / (self.n * weight).sum() ** 2)


def _margins(population: Any, wanted: int) -> list[dict[str, float]]:
    """The share of each group, for one margin or two.

    Raises:
        WrongShape: population has other columns.
        MetricError: a share is none, or negative.
    """
    if isinstance(population, Mapping):
        population = [[name, share] for name, share in population.items()]
    shape = shape_of(population) or ()
    columns = 2 if wanted == 1 else 3
    if len(shape) != 2 or shape[1] != columns:
        expected = "name, share" if wanted == 1 else "margin, name, share"
        problem = f"population has {' × '.join(map(str, shape)) or 'no'} cells; expected the columns {expected}"
        raise WrongShape(problem, "Give one row a group; shares may be counts.", argument="population")
    cells = np.array(every_row(population, "population"), dtype=object).reshape(shape)
    names = labels_of(list(cells[:, -2]), "population")
    which = (
        labels_of(list(cells[:, 0]), "population") if wanted > 1 else Labels(np.zeros(shape[0], np.int64), [""], [""])
    )
    order = list(dict.fromkeys(which.codes.tolist()))
    if len(order) != wanted:
        problem = f"population has {len(order)} margins and groups has {wanted} columns"
        raise WrongShape(problem, "Name the margins in the order of the columns of groups.", argument="population")
    found: list[dict[str, float]] = [{} for _ in order]
    for row, (code, margin) in enumerate(zip(names.codes.tolist(), which.codes.tolist(), strict=True)):
        share = cells[row, -1]
        if isinstance(share, bool) or not isinstance(share, int | float | np.number) or not 0 <= share < float("inf"):
            fix = "Give each group's share or number of customers."
            raise off_scale("population", row, share, "a share or a count of 0 or more", fix)
        margin_shares = found[order.index(margin)]
        name = names.names[code]
        margin_shares[name] = margin_shares.get(name, 0.0) + float(share)
    for shares in found:
        if not sum(shares.values()):
            raise off_scale("population", None, 0, "at least one group above 0", "Give the share of each group.")
    return [{name: share / sum(shares.values()) for name, share in shares.items()} for shares in found]


def _refuse_unlisted(labels: Labels, shares: Mapping[str, float]) -> None:
    for code, name in enumerate(labels.names):
        if not shares.get(name):
            position = int(np.flatnonzero(labels.codes == code)[0])
            problem = f"groups[{position}] is {name!r}, which population does not list"
            fix = "List its share, or leave its answers out."
            raise WrongKind(problem, fix, argument="groups", position=position)
    for name, share in shares.items():
        if share and name not in labels.names:
            problem = f"nobody of {name} ({100 * share:.3g} % of customers) answered"
            raise NoData(problem, "Merge it with a neighbour, or weight without it and say so.", argument="groups")


def weights_of(groups: Any, population: Any, length: int, kept: NDArray[np.int64] | None = None) -> Weights:
    """The weight of each cell of answers.

    Args:
        groups: one column of groups, or two.
        population: name and share of each; or margin, name and share.
        length: how many answers there are.
        kept: which of them count; all where not given.
    """
    columns = group_columns(groups, length)
    margins = _margins(population, len(columns))
    if kept is not None:
        columns = [
            labels_of([labels.names[code] for code in labels.codes[kept].tolist()], "groups") for labels in columns
        ]
    for labels, shares in zip(columns, margins, strict=True):
        _refuse_unlisted(labels, shares)
    wanted = [
        np.array([shares[name] for name in labels.names]) for labels, shares in zip(columns, margins, strict=True)
    ]
    first = columns[0]
    if len(columns) == 1:
        n = np.bincount(first.codes, minlength=len(first.names)).astype(float)
        return Weights(first.codes, n, wanted[0], first.names)
    size = len(columns[1].names)
    codes = first.codes * size + columns[1].codes
    n = np.bincount(codes, minlength=len(first.names) * size).astype(float)
    names = [f"{one} / {other}" for one in first.names for other in columns[1].names]
    return Weights(codes, n, raked(n.reshape(-1, size) / n.sum(), wanted[0], wanted[1]).ravel(), names)


def raked(table: Floats, rows: Floats, columns: Floats) -> Floats:
    """A table of shares brought to both margins in turn, keeping its odds ratios.

    Raises:
        OutOfScale: it does not settle.

    Source: Deming and Stephan (1940), iterative proportional fitting.
    """
    for _ in range(_ROUNDS):
        table = table * (rows / table.sum(axis=1))[:, None]
        table = table * (columns / table.sum(axis=0))
        if np.abs(table.sum(axis=1) - rows).max() < _SETTLED:
            return table
    problem = f"raking does not settle in {_ROUNDS} rounds: too many pairs of groups have no answers"
    raise OutOfScale(problem, "Merge small groups, or weight by one column.", argument="groups")


@metric(
    title="Response weights",
    category=Category.ABOUT,
    columns=(Column("weight", RATIO, "of the answer in this row, 1 on average"),),
    formula="share of customers in the group ÷ share of answers in it; two columns by raking",
    convention=WARNING,
    no_native="it gives a table",
    source="post-stratification (Kish 1965); raking, Deming and Stephan (1940)",
    example=Example(
        groups=["A", "A", "A", "B"], population=[["A", 0.5], ["B", 0.5]],
        result={"weight": [0.666667, 0.666667, 0.666667, 2.0]},
    ),
)  # fmt: skip
def response_weights(groups: Annotated[Raw, Id()], population: Raw) -> Table:
    """What each answer must weigh so that the groups count as they do among the customers.

    Args:
        groups: The group of each answer; two columns are raked to two margins.
        population: Name and share, or number of customers, of each group; for two columns margin, name and share.
    """
    shape = shape_of(groups) or ()
    length = shape[1] if len(shape) == 2 and shape[0] == 2 and shape[1] != 2 else (shape[0] if shape else 1)
    found = weights_of(groups, population, length)
    return Table({"weight": found.each[found.codes].tolist()}, (*_flags(found), WARNING))


def _flags(found: Weights) -> tuple[str, ...]:
    """What makes weighted results shaky."""
    few = [name for name, n in zip(found.names, found.n.tolist(), strict=True) if 0 < n < _FEW]
    heavy = float(found.each.max())
    notes = [f"fewer than {_FEW} answers: {', '.join(few)}"] if few else []
    notes += [f"the largest weight is {heavy:.3g}"] if heavy > _HEAVY else []
    notes += [f"the design effect is {found.design_effect:.3g}"] if found.design_effect > _COSTLY else []
    return tuple(notes)


@metric(
    title="Weighted survey result",
    category=Category.ABOUT,
    columns=(
        Column("value", RATIO, "weighted to the customers, in the metric's unit"),
        Column("low", RATIO, "lower bound at 95 %"),
        Column("high", RATIO, "upper bound at 95 %"),
        Column("unweighted", RATIO, "as answered"),
        Column("design_effect", RATIO, "how unequal the weights are (Kish); not in the interval"),
        Column("effective_n", RATIO, "answers ÷ design effect"),
        Column("largest_weight", RATIO, "of one answer"),
    ),
    formula="Σ share of customers × result of the group; variance Σ share² × variance ÷ answers, Student's t",
    convention=f"For NPS, CSAT and CES. {WARNING}",
    no_native="it gives a table",
    source="stratified estimation, Kish (1965), Survey Sampling; Satterthwaite's degrees of freedom",
    example=Example(
        metric="nps",
        groups=["A"] * 6 + ["B"] * 2,
        population=[["A", 0.5], ["B", 0.5]],
        arguments=([10, 9, 9, 8, 7, 0, 0, 6],),
        result={
            "value": [-33.333333],
            "low": [-100.0],
            "high": [38.293166],
            "unweighted": [0.0],
            "design_effect": [1.333333],
            "effective_n": [6.0],
            "largest_weight": [2.0],
        },
    ),
)
def csm_weighted(metric: MetricName, groups: Annotated[Raw, Id()], population: Raw, *arguments: Raw) -> Table:
    """A survey result weighted to the customers, with the interval of a stratified sample, beside the unweighted one.

    Args:
        metric: "NPS", "CSAT" or "CES".
        groups: The group of each answer; two columns are raked to two margins.
        population: Name and share, or number of customers, of each group; for two columns margin, name and share.
        arguments: The metric's arguments; ranges as long as groups hold one answer each.
    """
    declared, given = asked_about(metric), trimmed(arguments)
    if declared.sample not in _SPREADS:
        raise WrongKind(f"{declared.name} is no share or score of answers", "Name NPS, CSAT or CES.", argument="metric")
    lengths = [shape[0] for a in given if (shape := shape_of(a))]
    if not lengths:
        raise WrongShape(f"{declared.name} needs its answers", "Give the range of answers.", argument="arguments")
    rows = rows_of(declared, given, lengths[0])
    found = weights_of(groups, population, lengths[0], rows.kept)
    return _weighted(declared, rows.x, rows.scale, found)


def _weighted(declared: Metric, x: Floats, scale: float, found: Weights) -> Table:
    size = found.n.size
    s, q = summed(found.codes, x, size), summed(found.codes, x * x, size)
    there = found.n > 0
    n, s, q, share = (part[there] for part in (found.n, s, q, found.share))
    value, plain = scale * float(share @ (s / n)), scale * float(s.sum() / n.sum())
    terms = share**2 * cell_variance(n, s, q, _SPREADS[declared.sample]) / n
    df = terms.sum() ** 2 / (terms**2 / (n + 2)).sum()
    reach = scale * float(t_quantile(df, 1 - ALPHA)) * float(np.sqrt(terms.sum()))
    least, most = declared.limits({})
    low, high = float(max(value - reach, least)), float(min(value + reach, most))
    effect = found.design_effect
    ends = f"{in_words(declared, plain)} as answered and {in_words(declared, float(round(value)))} weighted"
    reached = " to ".join(number(round(bound)) for bound in (low, high))
    words = f"{spoken_name(declared)} is {ends} to the customers ({reached}). {WARNING}"
    columns = {
        "value": value, "low": low, "high": high, "unweighted": plain, "design_effect": effect,
        "effective_n": float(found.n.sum()) / effect, "largest_weight": float(found.each.max()),
    }  # fmt: skip
    return Table({name: [number] for name, number in columns.items()}, (words, *_flags(found)))

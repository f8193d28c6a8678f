"""A metric for every group, with its interval, and whether the group differs from all others."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb, fsum
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from csmetrics_core.declaration.catalog import metric
from csmetrics_core.declaration.kinds import Id
from csmetrics_core.declaration.spec import (
    COUNT,
    PROBABILITY,
    RATIO,
    TEXT,
    Category,
    Column,
    Example,
    Metric,
    Raw,
    Sample,
)
from csmetrics_core.errors import MetricError, WrongKind, WrongShape
from csmetrics_core.evaluate import evaluate
from csmetrics_core.explain import explained
from csmetrics_core.intake.flattening import every_row, shape_of
from csmetrics_core.intake.grouping import Labels, labels_of, used_rows
from csmetrics_core.maths import inference
from csmetrics_core.maths.decomposition import summed
from csmetrics_core.maths.inference import Floats, Tested, cell_variance, holm, shrunk
from csmetrics_core.maths.intervals import FEWEST_CHANGED, critical_value, fitted_degrees, wilson
from csmetrics_core.metrics.about import SMALL_N, MetricName, asked_about, least_size, trimmed
from csmetrics_core.results import Table
from csmetrics_core.rows import Rows, rows_of

HIGHER, LOWER, NO_CLEAR_DIFFERENCE, TOO_FEW = "higher", "lower", "no clear difference", "too few"
_SHARES = (Sample.SHARE, Sample.COUNTED, Sample.LOST)
_NAN = float("nan")
_TESTS = ("against_rest", "rest_low", "rest_high", "p_holm", "verdict", "shrunk")


@dataclass(frozen=True)
class Units:
    """What is counted in each group: answers, or customers.

    Args:
        codes: the group of each.
        size: how many groups there are.
        x, y: what each adds.
        sample: what chance there is in them.
        scale: of the metric.
    """

    codes: NDArray[np.int64]
    size: int
    x: Floats
    y: Floats
    sample: Sample
    scale: float

    def total(self, values: Floats) -> Floats:
        """Values added up in each group."""
        return summed(self.codes, values, self.size)

    @property
    def is_by_customer(self) -> bool:
        return self.sample in (Sample.CUSTOMERS, Sample.TOTAL)


def _units(rows: Rows, codes: NDArray[np.int64], size: int, who: NDArray[np.int64] | None) -> Units:
    """Rows as they are; or customers, where the same ones come more than once."""
    sample = rows.metric.sample
    if who is None or np.unique(who).size == who.size or sample is Sample.LOST:
        return Units(codes, size, rows.x, rows.y, sample, rows.scale)
    pairs, place = np.unique(codes * (int(who.max()) + 1) + who, return_inverse=True)
    x, y = (summed(place, part, pairs.size) for part in (rows.x, rows.y))
    sample = sample if sample is Sample.TOTAL else Sample.CUSTOMERS
    return Units(pairs // (int(who.max()) + 1), size, x, y, sample, rows.scale)


@dataclass(frozen=True)
class Moments:
    """Sums behind the spread between customers, of each group; e is what one adds beyond the overall ratio."""

    overall: float
    x: Floats
    y: Floats
    powers: dict[tuple[int, int], Floats]
    n: Floats
    changed: int

    def around(self, ratio: Floats, rest: bool) -> tuple[Floats, Floats]:
        """Σ(x − ratio·y)² and Σ(x − ratio·y)⁴ over a group, or over all others; 0 is their mean."""
        apart = ratio - self.overall
        return self._power(2, apart, rest), self._power(4, apart, rest)

    def _power(self, order: int, apart: Floats, rest: bool) -> Floats:
        total = np.zeros(apart.shape)
        for j in range(order + 1):
            sums = self.powers[order - j, j]
            total += comb(order, j) * (-apart) ** j * (sums.sum() - sums if rest else sums)
        return np.maximum(total, 0.0)


def _moments(units: Units) -> Moments:
    overall = float(units.x.sum() / units.y.sum())
    largest = float(np.abs(units.y).max()) or 1.0
    e, y = (units.x - overall * units.y) / largest, units.y / largest
    powers = {(order - j, j): units.total(e ** (order - j) * y**j) for order in (2, 4) for j in range(order + 1)}
    ones = np.ones(units.x.size)
    changed = int(np.count_nonzero(~np.isclose(units.x, units.y, rtol=1e-12, atol=0.0)))
    return Moments(overall, units.total(units.x / largest), units.total(y), powers, units.total(ones), changed)


def _intervals(units: Units, n: Floats, s: Floats, value: Floats) -> tuple[Floats, Floats]:
    """Low and high of each group's own value, in parts."""
    if units.sample in _SHARES:
        low, high = wilson(s, n, 1 - inference.ALPHA)
        return (low, high) if (s <= n).all() else (np.full(n.shape, np.nan),) * 2
    if units.sample is Sample.VOTES:
        q = units.total(units.x**2)
        centre, error = s / (n + 3), np.sqrt(cell_variance(n, s, q, "votes") / (n + 3))
        reach = critical_value(1 - inference.ALPHA) * error
        return np.maximum(centre - reach, -1), np.minimum(centre + reach, 1)
    if units.sample is Sample.MEAN:
        squares = units.total((units.x - value[units.codes]) ** 2)
        error = np.sqrt(np.where(n > 1, squares / np.maximum(n - 1, 1) / n, np.nan))
        reach = inference.t_quantile(np.maximum(n - 1, 1), 1 - inference.ALPHA) * error
        return value - reach, value + reach
    if units.sample is Sample.TOTAL:
        return np.full(n.shape, np.nan), np.full(n.shape, np.nan)
    m = _moments(units)
    squares, fourths = m.around(value, rest=False)
    error = np.sqrt(m.n / np.maximum(m.n - 1, 1) * squares) / m.y
    df = fitted_degrees(np.maximum(m.n, 2), np.where(squares > 0, squares, 1), np.where(squares > 0, fourths, 1))
    known = (m.n >= SMALL_N) & (m.changed >= FEWEST_CHANGED)
    reach = np.where(known, inference.t_quantile(df, 1 - inference.ALPHA) * error, np.nan)
    return value - reach, value + reach


def _against_rest(units: Units, n: Floats, s: Floats, enough: NDArray[np.bool_]) -> Tested:
    """Each group that has enough less all others, in parts."""
    rest_n, rest_s = n.sum() - n, s.sum() - s
    if units.sample in _SHARES:
        if (np.r_[n, s] != np.rint(np.r_[n, s])).any() or (s > n).any():
            nothing = np.full(n.shape, np.nan)
            return inference.by_error(s / n - rest_s / rest_n, 0.0, nothing, np.full(n.shape, np.inf), "no counts")
        counts = (part[enough] for part in (rest_s, rest_n, s, n))
        return _spread_out(inference.shares(*counts), enough)
    if units.sample in (Sample.VOTES, Sample.MEAN):
        middle = float(units.x.mean()) if units.sample is Sample.MEAN else 0.0  # so that squares do not cancel
        s, q = units.total(units.x - middle), units.total((units.x - middle) ** 2)
        test = inference.votes if units.sample is Sample.VOTES else inference.means
        return test(rest_n, s.sum() - s, q.sum() - q, n, s, q)
    m = _moments(units)
    rest_x, rest_y = m.x.sum() - m.x, m.y.sum() - m.y
    own, others = m.x / m.y, rest_x / rest_y
    squares, fourths = (
        here / m.y**order + there / rest_y**order
        for order, here, there in zip((2, 4), m.around(own, rest=False), m.around(others, rest=True), strict=True)
    )
    customers = float(m.n.sum())
    error = np.sqrt(customers / (customers - 1) * squares) if customers > 1 else np.full(n.shape, np.nan)
    if m.changed < FEWEST_CHANGED or units.sample is Sample.TOTAL:
        error = np.full(n.shape, np.nan)
    df = fitted_degrees(customers, np.where(squares > 0, squares, 1), np.where(squares > 0, fourths, 1))
    return inference.by_error(own - others, own - others, error, df, "by customer, t")


def _spread_out(tested: Tested, chosen: NDArray[np.bool_]) -> Tested:
    """Tests of some groups at the places of these groups."""

    def placed(values: Any) -> Any:
        everywhere = np.full(chosen.shape, np.nan)
        everywhere[chosen] = values
        return everywhere

    numbers = {name: placed(getattr(tested, name)) for name in ("change", "low", "high", "p", "df")}
    return Tested(**numbers, method="")


def _shrunk(units: Units, n: Floats, s: Floats) -> Floats:
    """Each group's value drawn towards the overall one by how little is known of it."""
    overall, value = float(s.sum() / n.sum()), s / n
    if units.sample in _SHARES:
        variance = overall * (1 - overall) / n
    elif units.is_by_customer:
        m = _moments(units)
        variance = m.n / np.maximum(m.n - 1, 1) * m.around(value, rest=False)[0] / m.y**2
    else:
        spread = cell_variance(n, s, units.total(units.x**2), "votes" if units.sample is Sample.VOTES else "mean")
        variance = float((n * spread).sum() / n.sum()) / n
    return shrunk(value, overall, variance)[0]


def _tests(units: Units, n: Floats, s: Floats, observed: Floats) -> dict[str, list[Any]]:
    """The columns that compare each group with all others."""
    size = n.size
    blank: dict[str, list[Any]] = {name: [""] * size if name == "verdict" else [_NAN] * size for name in _TESTS}
    if size < 2 or units.sample is Sample.TOTAL or (n <= 0).any():
        return blank
    enough = observed >= SMALL_N
    tested = _against_rest(units, n, s, enough).scaled(units.scale)
    p = holm(np.where(enough, tested.p, np.nan))
    clear = tested.clear(p)
    words = np.where(clear, np.where(tested.change > 0, HIGHER, LOWER), NO_CLEAR_DIFFERENCE)
    numbers = (tested.change, tested.low, tested.high, p)
    shown = [np.where(enough, number, np.nan).tolist() for number in numbers]
    verdicts = np.where(enough, words, TOO_FEW).tolist()
    return dict(zip(_TESTS, (*shown, verdicts, (units.scale * _shrunk(units, n, s)).tolist()), strict=True))


def _fsums(values: Floats, order: NDArray[np.int64], ends: NDArray[np.int64]) -> Floats:
    """The exact sum of each group, whatever the order of its rows."""
    cells = values[order].tolist()
    return np.array(
        [fsum(cells[start:end]) for start, end in zip([0, *ends[:-1].tolist()], ends.tolist(), strict=True)]
    )


def _grouped(labels: Labels, length: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    codes = labels.codes[:length]
    return np.argsort(codes, kind="stable"), np.cumsum(np.bincount(codes, minlength=len(labels.names)))


def _split_arguments(given: Sequence[Any], length: int) -> tuple[list[Any], list[bool]]:
    """The arguments with their ranges flat, and which of them have one cell a row."""
    columns = [every_row(a, "arguments") if shape_of(a) is not None else a for a in given]
    split = [s is not None and len(c) == length for c, s in zip(columns, map(shape_of, given), strict=True)]
    if not any(split):
        raise WrongShape(f"groups has {length} rows and no range is as long", "Select the same rows in each.")
    return columns, split


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
        Column("against_rest", RATIO, "the group less all others"),
        Column("rest_low", RATIO, "lower bound of that"),
        Column("rest_high", RATIO, "upper bound of that"),
        Column("p_holm", PROBABILITY, "adjusted for the groups tested"),
        Column("verdict", TEXT, "higher, lower, no clear difference or too few"),
        Column("shrunk", RATIO, "drawn towards all by how little is known: for ranking only"),
    ),
    formula="the metric of each group's rows, and of all rows pooled; columns of amounts and counts are added up first",
    convention=(
        f"Groups under {SMALL_N} observations are flagged and not tested. The total is pooled, never a mean of the "
        "groups. Each group is compared with all others, adjusted (Holm) for the groups tested; money by customer."
    ),
    no_native="it gives a table",
    source="Newcombe (1998); Welch (1947); Holm (1979); DerSimonian and Laird (1986)",
    example=Example(
        metric="churn_rate",
        groups=["A", "B"],
        arguments=([10, 3], [40, 60]),
        result={
            "group": ["A", "B", "All"],
            "value": [0.25, 0.05, 0.13],
            "n": [40, 60, 100],
            "low": [0.141871, 0.01715, 0.077572],
            "high": [0.40194, 0.137005, 0.209804],
            "flag": ["", "", ""],
            "against_rest": [0.2, -0.2, _NAN],
            "rest_low": [0.061213, -0.35545, _NAN],
            "rest_high": [0.35545, -0.061213, _NAN],
            "p_holm": [0.009844, 0.009844, _NAN],
            "verdict": ["higher", "lower", ""],
            "shrunk": [0.233426, 0.057722, _NAN],
        },
    ),
)
def csm_by(
    metric: MetricName,
    groups: Annotated[Raw, Id()],
    *arguments: Raw,
    customers: Annotated[Raw, Id()] = None,
    hide_below: Raw = None,
) -> Table:
    """A metric for every group, with n and interval, the pooled total, and whether a group differs from the others.

    Args:
        metric: The name of the metric, such as "NPS".
        groups: The group of each row, such as the segment column.
        arguments: The metric's arguments; ranges as long as groups are split by it.
        customers: Whose row it is, where the same customers come more than once.
        hide_below: Blanks groups with fewer observations, and a second one where only one would be blank.
    """
    declared, given = asked_about(metric), trimmed(arguments)
    if declared.gives != "number":
        problem = f"{declared.name} gives a {declared.gives}"
        raise WrongKind(problem, "Name a metric that gives a number.", argument="metric")
    cells = every_row(groups, "groups")
    columns, split = _split_arguments(given, len(cells))
    length = used_rows([cells, *(c for c, s in zip(columns, split, strict=True) if s)])
    columns = [c[:length] if s else c for c, s in zip(columns, split, strict=True)]
    labels = labels_of(cells[:length], "groups")
    who = None if customers is None else labels_of(every_row(customers, "customers")[:length], "customers").codes
    table = _at_once(declared, columns, labels, who) or _one_by_one(declared, columns, split, labels)
    return Table(_hidden(table, hide_below))


def _at_once(
    declared: Metric, columns: list[Any], labels: Labels, who: NDArray[np.int64] | None
) -> dict[str, list[Any]] | None:
    """All groups in one pass over the rows; None where the metric is no sum over them, or a row is refused."""
    if declared.sample is Sample.NONE:
        return None
    try:
        rows = rows_of(declared, columns, labels.codes.size)
        whole = explained(evaluate(declared, columns)) if not rows.summed and not _is_element(declared) else None
    except MetricError:
        return None
    whole_answers = rows.summed or bool(((rows.y == 0) | (rows.y == 1)).all())
    codes = labels.codes[rows.kept]
    size = len(labels.names)
    if not whole_answers or np.unique(codes).size < size:
        return None
    units = _units(rows, codes, size, None if who is None else who[rows.kept])
    return _table(declared, rows, units, codes, labels, whole)


def _is_element(declared: Metric) -> bool:
    return declared.elementwise or bool(declared.roles.block)


@np.errstate(all="ignore")
def _table(
    declared: Metric, rows: Rows, units: Units, codes: NDArray[np.int64], labels: Labels, whole: Any
) -> dict[str, list[Any]]:
    size = len(labels.names)
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(np.bincount(codes, minlength=size))
    everything = np.ones(codes.size, dtype=bool)
    s, n = (_fsums(part, order, ends) for part in (rows.x, rows.y))
    observed = n if not units.is_by_customer else summed(units.codes, np.ones(units.codes.size), size)
    flags = [f"n below {SMALL_N}" if count < SMALL_N else "" for count in (*observed.tolist(), float(observed.sum()))]
    if rows.summed:
        sums = {name: _fsums(column, order, ends) for name, column in rows.columns.items()}
        done = evaluate(declared, (), {**rows.given, **sums})
        value = np.atleast_1d(np.asarray(done.value, dtype=float))
        for position, failure in done.failures.items():
            flags[position] = f"{failure.code} {failure.problem}"
        total = rows.value(everything)
    elif declared.sample is Sample.TOTAL:
        value, total = rows.scale * s, rows.value(everything)
    else:
        value, total = rows.scale * s / n, rows.value(everything) if whole is None else whole.value
    low, high = _intervals(units, n, s, s / n)
    one = Units(np.zeros(units.codes.size, dtype=np.int64), 1, units.x, units.y, units.sample, units.scale)
    all_low, all_high = _intervals(one, n.sum(keepdims=True), s.sum(keepdims=True), (s.sum() / n.sum()).reshape(1))
    least, most = declared.limits(rows.given)
    bounds = [np.clip(rows.scale * np.r_[a, b], least, most).tolist() for a, b in ((low, all_low), (high, all_high))]
    tests = {
        name: [*column, "" if name == "verdict" else _NAN] for name, column in _tests(units, n, s, observed).items()
    }
    return {
        "group": [*labels.names, _total_name(labels.names)],
        "value": [*value.tolist(), total],
        "n": [int(count) for count in (*observed.tolist(), float(observed.sum()))],
        "low": bounds[0],
        "high": bounds[1],
        "flag": flags,
        **tests,
    }


def _total_name(names: Sequence[str]) -> str:
    return "All" if "All" not in names else "All groups"


def _one_by_one(declared: Metric, columns: list[Any], split: list[bool], labels: Labels) -> dict[str, list[Any]]:
    """Each group by a call of its own: a metric that is no sum over rows, or rows of which some are refused."""
    order, ends = _grouped(labels, labels.codes.size)
    places = np.split(order, ends[:-1])
    measured = []
    for name, keep in [*zip(labels.names, places, strict=True), (_total_name(labels.names), np.sort(order))]:
        part = [_select(c, keep) if s else c for c, s in zip(columns, split, strict=True)]
        measured.append((name, *_measure(declared, part, keep)))
    heads = ("group", "value", "n", "low", "high", "flag")
    table = {head: list(column) for head, column in zip(heads, zip(*measured, strict=True), strict=True)}
    return table | {name: [("" if name == "verdict" else _NAN)] * len(measured) for name in _TESTS}


def _select(column: Any, rows: NDArray[np.int64]) -> Any:
    return column[rows] if isinstance(column, np.ndarray) else [column[row] for row in rows.tolist()]


def _measure(
    declared: Metric, arguments: list[Any], kept: NDArray[np.int64]
) -> tuple[float, int | None, float, float, str]:
    """One group: value, n, low, high, and what is to be said of it; `kept` tells where its rows stood."""
    try:
        done = explained(evaluate(declared, arguments))
    except MetricError as error:
        at = error.position if error.position is None or error.position >= len(kept) else int(kept[error.position])
        return _NAN, 0, _NAN, _NAN, f"{error.code} {error.sentence(at=at)}"
    if isinstance(done.value, np.ndarray):
        raise WrongShape(f"{declared.name} gives one result a row", "Name a metric that reduces a range.")
    low, high = done.interval or (_NAN, _NAN)
    small = done.n is not None and done.n < SMALL_N
    return done.value, done.n, low, high, f"n below {SMALL_N}" if small else ""


def _hidden(table: dict[str, list[Any]], hide_below: Any) -> dict[str, list[Any]]:
    """Small groups blanked; a single one could be had by subtraction, so the next smallest goes with it."""
    if hide_below is None:
        return table
    least = least_size(hide_below)
    sizes = [(count or 0, place) for place, count in enumerate(table["n"][:-1])]
    small = sorted(place for count, place in sizes if count < least)
    if len(small) == 1:
        small += [place for _, place in sorted(sizes) if place not in small][:1]
    for place in small:
        for name, column in table.items():
            if name != "group":
                column[place] = "" if name == "verdict" else None if name == "n" else _NAN
        table["flag"][place] = "hidden"
    return table

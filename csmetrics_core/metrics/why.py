"""Why a metric moved: how much of it is mix, how much the segments' own ratios, and which segments."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from csmetrics_core.declaration.catalog import metric
from csmetrics_core.declaration.kinds import Id
from csmetrics_core.declaration.spec import FRACTION, PROBABILITY, RATIO, TEXT, Category, Column, Example, Raw, Sample
from csmetrics_core.errors import WrongKind, WrongShape
from csmetrics_core.intake.flattening import shape_of
from csmetrics_core.intake.grouping import Labels, labels_of
from csmetrics_core.maths import inference
from csmetrics_core.maths.decomposition import Split, Sums, errors, split, summed, tested_by_customer
from csmetrics_core.maths.inference import Floats, Spread, Tested, holm
from csmetrics_core.metrics.about import SMALL_N, MetricName, asked_about, least_size
from csmetrics_core.metrics.moved import Compared, Period, compared
from csmetrics_core.metrics.why_words import why_sentence
from csmetrics_core.reductions.hiding import together
from csmetrics_core.results import Table

_SPREADS: dict[Sample, Spread] = {
    Sample.SHARE: "share", Sample.COUNTED: "share", Sample.LOST: "share", Sample.VOTES: "votes", Sample.MEAN: "mean",
}  # fmt: skip
#: Bars of a waterfall between start and end; what is smaller becomes one.
MOST_BARS = 5
COLUMNS = (
    Column("step", TEXT, "change, total, segment, customer, within (a segment, by customer) or waterfall"),
    Column("part", TEXT, "mix, rate; in a waterfall also start, rest and end"),
    Column("group", TEXT, "the segment"),
    Column("share_before", FRACTION, "its share of what the metric is divided by"),
    Column("share_after", FRACTION, "the same after"),
    Column("before", RATIO, "the metric in it, in its unit"),
    Column("after", RATIO, "the same after"),
    Column("effect", RATIO, "what it adds to the change"),
    Column("low", RATIO, "lower bound of the effect at 95 %"),
    Column("high", RATIO, "upper bound of the effect at 95 %"),
    Column("p_holm", PROBABILITY, "adjusted for the segments tested"),
    Column("note", TEXT, "the sentence, within noise, few, new or gone"),
    Column("from", RATIO, "where its bar begins"),
    Column("to", RATIO, "where its bar ends"),
    Column("period_before", TEXT, "the earlier period"),
    Column("period_after", TEXT, "the later period"),
)
_BLANK: dict[str, Any] = {column.name: "" if column.unit is TEXT else float("nan") for column in COLUMNS}


@dataclass(frozen=True)
class Account:
    """Why a metric moved.

    Args:
        found: the two periods compared.
        names: the segments.
        outer: the split over them, in the metric's unit divided by its scale.
        totals: the sums of mix and rate effects with intervals, by part.
        rates: the rate effect of each segment with its interval and p-value.
        p_holm: adjusted for the segments tested; NaN where one is not.
        inner: the same again inside each segment, times its mean share, where a second column is given.
    """

    found: Compared
    names: list[str]
    outer: Split
    totals: dict[str, Tested]
    rates: Tested
    p_holm: Floats
    inner: list[tuple[str, Split, float]] = field(default_factory=list)
    inner_names: list[str] = field(default_factory=list)

    @property
    def scale(self) -> float:
        """From parts to the metric's unit."""
        return self.found.rows.scale

    def effects(self) -> list[tuple[str, str, float]]:
        """Part, segment and effect of everything that adds up to the change."""
        rows = [("mix", name, effect) for name, effect in zip(self.names, self.outer.mix.tolist(), strict=True)]
        if not self.inner:
            rows += [("rate", name, effect) for name, effect in zip(self.names, self.outer.rate.tolist(), strict=True)]
        for name, inner, weight in self.inner:
            for part, effects in (("inner mix", inner.mix), ("rate", inner.rate)):
                each = zip(self.inner_names, effects.tolist(), strict=True)
                rows += [(part, f"{name} / {one}", weight * effect) for one, effect in each if effect]
        return [(part, name, self.scale * effect) for part, name, effect in rows]


def account(found: Compared, columns: Sequence[Labels]) -> Account:
    """Split the change between two periods over one column of segments, or over a second one inside the first."""
    rows = found.rows
    sample = rows.metric.sample
    if sample in (Sample.TOTAL, Sample.NONE):
        fix = "mrr_why accounts for money." if sample is Sample.TOTAL else "Name a metric that is a ratio over rows."
        raise WrongKind(f"{rows.metric.name} has no rates to split", fix, argument="metric")
    codes = [labels.codes[rows.kept] for labels in columns]
    outer, sums = _split(found, codes[0], len(columns[0].names))
    totals, rates = _judged(found, codes[0], outer, sums)
    few = _fewest(found, codes[0], outer) < SMALL_N
    tested = np.where(few | ~outer.both, np.nan, rates.p)
    made = Account(found, columns[0].names, outer, totals, rates, holm(tested))
    if len(columns) == 1:
        return made
    return _nested(made, codes, columns[1].names)


def _fewest(found: Compared, codes: NDArray[np.int64], outer: Split) -> Floats:
    """Observations in each segment, in the period that has fewer: what is counted, or rows."""
    if found.rows.metric.sample in _SPREADS:
        return np.fmin(outer.n0, outer.n1)
    size = outer.n0.size
    return np.asarray(np.bincount(codes + size * found.second, minlength=2 * size).reshape(2, size).min(axis=0), float)


def _split(found: Compared, codes: NDArray[np.int64], size: int) -> tuple[Split, Any]:
    rows = found.rows
    cells = codes + size * found.second
    n, s = (summed(cells, part, 2 * size).reshape(2, size) for part in (rows.y, rows.x))
    squares = rows.metric.sample in (Sample.VOTES, Sample.MEAN)
    q = summed(cells, rows.x * rows.x, 2 * size).reshape(2, size) if squares else s
    return split(n[0], s[0], n[1], s[1]), ((s[0], q[0]), (s[1], q[1]))


def _judged(found: Compared, codes: NDArray[np.int64], outer: Split, sums: Any) -> tuple[dict[str, Tested], Tested]:
    """The two sums and each segment's rate effect, with intervals."""
    rows, who = found.rows, found.who
    sample, scale = rows.metric.sample, found.rows.scale
    repeats = who is not None and np.unique(who).size < who.size and sample is not Sample.LOST
    if repeats or sample is Sample.CUSTOMERS:
        owners = np.arange(rows.x.size) if who is None else np.unique(who, return_inverse=True)[1]
        by_mix, by_rate, each = tested_by_customer(outer, Sums(rows.x, rows.y, codes, found.second, owners))
        gathered = {f.name: np.array([getattr(one, f.name) for one in each]) for f in fields(Tested)}
        return {"mix": by_mix.scaled(scale), "rate": by_rate.scaled(scale)}, Tested(**gathered).scaled(scale)
    spread, counted = _SPREADS[sample], sample in (Sample.COUNTED, Sample.LOST)
    known = errors(outer, sums, spread, counted)
    method = "linearised, everybody counted" if counted else "linearised"
    effects = {"mix": (float(outer.mix.sum()), known.mix), "rate": (float(outer.rate.sum()), known.rate)}
    totals = {
        part: inference.by_error(effect, effect, error, np.inf, method).scaled(scale).first()
        for part, (effect, error) in effects.items()
    }
    endless = np.full(outer.rate.size, np.inf)
    return totals, inference.by_error(outer.rate, outer.rate, known.rates, endless, method).scaled(scale)


def _nested(made: Account, codes: Sequence[NDArray[np.int64]], inner_names: list[str]) -> Account:
    """Each segment's own ratio split again inside it; one that is new or gone is mix altogether."""
    size, inner = len(inner_names), []
    both, bar = made.outer.both, (made.outer.w0 + made.outer.w1) / 2
    full, _ = _split(made.found, codes[0] * size + codes[1], len(made.names) * size)
    for k, name in enumerate(made.names):
        if both[k]:
            part = slice(k * size, (k + 1) * size)
            sums = [(n[part], (n * r)[part]) for n, r in ((full.n0, full.r0), (full.n1, full.r1))]
            inner.append((name, split(*sums[0], *sums[1]), float(bar[k])))
    return replace(made, inner=inner, inner_names=inner_names)


def table_rows(made: Account) -> Iterator[dict[str, Any]]:
    """The account as rows: the change, the totals, the segments, and a waterfall."""
    found, scale, change = made.found, made.scale, made.found.tested
    yield {
        "step": "change", "part": "change", "group": "All", "share_before": 1.0, "share_after": 1.0,
        "before": found.before, "after": found.after, "effect": change.change, "low": change.low, "high": change.high,
        "p_holm": change.p, "note": why_sentence(made),
    }  # fmt: skip
    yield from _total_rows(made)
    for k, name in enumerate(made.names):
        outer = made.outer
        shared = {
            "step": "segment", "group": name, "share_before": outer.w0[k], "share_after": outer.w1[k],
            "before": scale * outer.r0[k] if outer.n0[k] else np.nan,
            "after": scale * outer.r1[k] if outer.n1[k] else np.nan,
        }  # fmt: skip
        gone = "" if outer.both[k] else "new" if outer.n1[k] else "gone"
        yield {**shared, "part": "mix", "effect": scale * outer.mix[k], "note": gone}
        if not made.inner:
            yield {
                **shared, "part": "rate", "effect": scale * outer.rate[k], "low": made.rates.low[k],
                "high": made.rates.high[k], "p_holm": made.p_holm[k], "note": gone or _noise(made, k),
            }  # fmt: skip
    for part, name, effect in made.effects() if made.inner else ():
        if part != "mix":
            yield {"step": "segment", "part": part, "group": name, "effect": effect}
    yield from waterfall(found.before, found.after, made.effects(), "parts")


def _noise(made: Account, k: int) -> str:
    """Whether a segment's rate effect may be chance."""
    if np.isnan(made.p_holm[k]):
        method = str(made.rates.method[k])
        return method if method.startswith("only") else "few"
    one = Tested(*(np.asarray(getattr(made.rates, f.name))[k] for f in fields(Tested)))
    return "" if one.clear(made.p_holm[k]) else "within noise"


def _total_rows(made: Account) -> Iterator[dict[str, Any]]:
    if not made.inner:
        for part, total in made.totals.items():
            noise = "" if total.low > 0 or total.high < 0 else "within noise"
            ends = {"effect": total.change, "low": total.low, "high": total.high}
            yield {"step": "total", "part": part, **ends, "note": noise}
        return
    mix = made.totals["mix"]
    yield {"step": "total", "part": "mix", "effect": mix.change, "low": mix.low, "high": mix.high, "note": "outer"}
    for part in ("inner mix", "rate"):
        effect = float(sum(effect for name, _, effect in made.effects() if name == part))
        yield {"step": "total", "part": part, "effect": effect, "note": "the order of the two columns matters"}


def waterfall(
    before: float, after: float, effects: Sequence[tuple[str, str, float]], noun: str, most: int = MOST_BARS
) -> Iterator[dict[str, Any]]:
    """Start, the largest effects, the rest, end: each bar begins where the one before ends."""
    bar: dict[str, Any] = {"step": "waterfall"}
    yield {**bar, "part": "start", "group": "before", "effect": before, "from": 0.0, "to": before}
    ordered = sorted((e for e in effects if e[2]), key=lambda e: (-abs(round(e[2], 12)), e[1], e[0]))
    at = before
    for place, (part, name, effect) in enumerate(ordered[:most]):
        end = after if place + 1 == len(ordered) else at + effect
        yield {**bar, "part": part, "group": name, "effect": effect, "from": at, "to": end}
        at = end
    if len(ordered) > most:
        name = rest_of(len(ordered) - most, noun)
        yield {**bar, "part": "rest", "group": name, "effect": after - at, "from": at, "to": after}
    yield {**bar, "part": "end", "group": "after", "effect": after, "from": 0.0, "to": after}


def rest_of(count: int, noun: str) -> str:
    """What is left after the largest.

    Example:
        >>> rest_of(1, "parts"), rest_of(3, "customers")
        ('the other part', 'the rest of 3 customers')
    """
    return f"the other {noun.removesuffix('s')}" if count == 1 else f"the rest of {count} {noun}"


def as_table(rows: Iterator[dict[str, Any]], periods: tuple[str, str], notes: tuple[str, ...]) -> Table:
    """Rows as columns, blank where a row says nothing."""
    names = {"period_before": periods[0], "period_after": periods[1]}
    filled = [{**_BLANK, **row, **names} for row in rows]
    return Table({column.name: [_unsigned_zero(row[column.name]) for row in filled] for column in COLUMNS}, notes)


def _unsigned_zero(cell: Any) -> Any:
    return 0.0 if isinstance(cell, float) and cell == 0 else cell


def group_columns(groups: Any, length: int) -> list[Labels]:
    """One column of segments, or two, the outer first.

    Raises:
        WrongShape: there are more, or they have another number of rows.
    """
    shape = shape_of(groups) or ()
    if len(shape) == 2 and shape[1] == 2 and shape[0] == length:
        cells = groups.iloc if hasattr(groups, "iloc") else np.asarray(groups, dtype=object)
        columns = [cells[:, place] for place in (0, 1)]
    elif len(shape) == 2 and shape[0] == 2 and shape[1] == length:
        columns = list(groups)
    else:
        columns = [groups]
    found = [labels_of(column, "groups") for column in columns]
    for labels in found:
        if labels.codes.size != length:
            problem = f"groups has {labels.codes.size} cells and periods has {length} rows"
            raise WrongShape(problem, "Give one column of segments, or two, as long as the periods.", argument="groups")
    return found


_N = float("nan")
_NOTE = (
    "CSAT went from 50 % to 100 % (+50 points, no clear change: -27 to 91). That may be chance, and so may its parts: "
    "rates within the segments 50 (-55 to 155, within noise), mix 0 (-49 to 49, within noise)."
)
_EXAMPLE: dict[str, Any] = {
    "step": ["change", *["total"] * 2, *["segment"] * 4, *["waterfall"] * 3],
    "part": ["change", "mix", "rate", "mix", "rate", "mix", "rate", "start", "rate", "end"],
    "group": ["All", "", "", "A", "A", "B", "B", "before", "B", "after"],
    "share_before": [1.0, _N, _N, 0.5, 0.5, 0.5, 0.5, _N, _N, _N],
    "share_after": [1.0, _N, _N, 0.5, 0.5, 0.5, 0.5, _N, _N, _N],
    "before": [50.0, _N, _N, 100.0, 100.0, 0.0, 0.0, _N, _N, _N],
    "after": [100.0, _N, _N, 100.0, 100.0, 100.0, 100.0, _N, _N, _N],
    "effect": [50.0, 0.0, 50.0, 0.0, 0.0, 0.0, 50.0, 50.0, 50.0, 100.0],
    "low": [-27.257279, -48.9991, -54.582441, _N, -65.332133, _N, -31.665166, _N, _N, _N],
    "high": [90.546879, 48.9991, 154.582441, _N, 65.332133, _N, 131.665166, _N, _N, _N],
    "p_holm": [1.0, *[_N] * 9],
    "note": [_NOTE, "within noise", "within noise", "", "few", "", "few", "", "", ""],
    "from": [*[_N] * 7, 0.0, 50.0, 0.0],
    "to": [*[_N] * 7, 50.0, 100.0, 100.0],
    "period_before": ["1"] * 10,
    "period_after": ["2"] * 10,
}


@metric(
    title="Why it moved",
    category=Category.ABOUT,
    columns=COLUMNS,
    formula="mix = change of share × (mean ratio − mean total); rate = mean share × change of ratio",
    convention=(
        "Midpoint form: the parts add up to the change, and swapping the periods turns their signs. A segment that is "
        "new or gone is mix altogether. Mix has no verdict; rates are adjusted (Holm) for the segments tested."
    ),
    no_native="it gives a table",
    source="Kitagawa (1955), Components of a difference between two rates; Das Gupta (1978)",
    example=Example(
        metric="csat",
        periods=[1, 1, 2, 2],
        groups=["A", "B", "A", "B"],
        before=None,
        after=None,
        customers=None,
        arguments=([5, 1, 5, 5],),
        result=_EXAMPLE,
    ),
)
def csm_why(
    metric: MetricName,
    periods: Period,
    groups: Annotated[Raw, Id()],
    before: Raw = None,
    after: Raw = None,
    customers: Period = None,
    *arguments: Raw,
    hide_below: Raw = None,
) -> Table:
    """Why a metric moved between two periods: mix and rates by segment, with intervals, in words and as a waterfall.

    Args:
        metric: The name of the metric, such as "NPS".
        periods: The period of each row: a date, a month such as 2026-08, a number or a word.
        groups: The segment of each row; two columns are split one inside the other, the outer first.
        before: The earlier period; blank where periods holds exactly two dates, months, quarters or numbers.
        after: The later period; blank like before.
        customers: Whose row it is, where the same customers come more than once.
        arguments: The metric's arguments; ranges as long as periods hold one row each.
        hide_below: Segments with fewer observations in a period are told together, as one segment.
    """
    found = compared(asked_about(metric), periods, before, after, customers, arguments)
    columns = group_columns(groups, found.length)
    hidden: tuple[str, ...] = ()
    if hide_below is not None:
        columns, hidden = together(found.rows, found.second, columns, least_size(hide_below))
    made = account(found, columns)
    return as_table(table_rows(made), found.names, (why_sentence(made), *hidden))

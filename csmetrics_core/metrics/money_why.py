"""Why recurring revenue and net retention moved: by kind of movement, by customer, by price and volume."""

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray

from csmetrics_core.catalog import CATALOG, metric
from csmetrics_core.decomposition import split, summed
from csmetrics_core.errors import NoData, WrongKind, ZeroDenominator
from csmetrics_core.grouping import BLANK
from csmetrics_core.inference import Floats, Tested, by_customer
from csmetrics_core.kinds import Amount, Id, Month, Number
from csmetrics_core.metrics.why import COLUMNS, as_table, waterfall
from csmetrics_core.periods import index_of
from csmetrics_core.prepared import Coded
from csmetrics_core.reductions.money import to_cents
from csmetrics_core.results import Table
from csmetrics_core.spec import TEXT, Aligned, Category, Each, Example, Metric
from csmetrics_core.verdicts import NO_CLEAR_CHANGE, number, sentence, verdict

#: What customers do, in the order a sentence tells it.
CLASSES = ("new", "expansion", "reactivation", "contraction", "churned")
_LARGE = 0.5  # of all movement: a customer beyond is named first
Top = Annotated[Each, Number(1, 1000, whole=True, hint="Give a number of customers, such as 5.")]
_MONTHS = [datetime.date(2026, 1, 1)] * 2 + [datetime.date(2026, 2, 1)] * 2


_N = float("nan")
_MRR_NOTE = (
    "A alone is more than half of all movement; without it: no clear change. "
    "MRR rose by 10, from 150 to 160: expansion 20, contraction -10. Largest: A +20, B -10."
)
_NDR_NOTE = (
    "B alone is more than half of all movement; without it: no clear change. NDR went from 110 % to 77.3 %: no clear "
    "change; only 2 customers changed; 5 are needed. In points: expansion -10, contraction -22.7. "
    "Largest: B -22.7, A -10. That may be chance, and so may its parts."
)


def _shown(note: str, months: tuple[str, str], **columns: list[Any]) -> dict[str, list[Any]]:
    """The columns of an example that say something, with all others blank."""
    rows = len(columns["step"])
    blank = {c.name: [""] * rows if c.unit is TEXT else [_N] * rows for c in COLUMNS}
    periods = {"period_before": [months[0]] * rows, "period_after": [months[1]] * rows}
    return {**blank, **columns, "note": [note, *[""] * (rows - 1)], **periods}


def month_name(month: int) -> str:
    """A month number as 2026-08."""
    return str(np.datetime64(month, "M"))


def _month(day: float) -> int:
    return int(index_of(np.array([int(day)]), "month")[0])


def _cents(customers: Coded, months: NDArray[np.int64], mrr: Floats, month: int) -> Floats:
    """What each customer pays in a month, in cents."""
    now = months == month
    if not now.any():
        raise NoData(f"months has no rows of {month_name(month)}", "Choose a month that has.", argument="months")
    return np.rint(summed(customers.codes[now], to_cents(mrr[now], "mrr"), len(customers.labels)))


def movements(then: Floats, now: Floats, seen: NDArray[np.bool_]) -> dict[str, Floats]:
    """What each customer adds to each kind of movement, signed; together they are what changed.

    Args:
        then, now: cents of each customer.
        seen: who had paid before the earlier month.
    """
    change, stayed = now - then, (then > 0) & (now > 0)
    came = (then <= 0) & (now > 0)
    return {
        "new": np.where(came & ~seen, change, 0.0),
        "expansion": np.where(stayed, np.maximum(change, 0.0), 0.0),
        "reactivation": np.where(came & seen, change, 0.0),
        "contraction": np.where(stayed, np.minimum(change, 0.0), 0.0),
        "churned": np.where((then > 0) & (now <= 0), change, 0.0),
    }


@dataclass(frozen=True)
class Moved:
    """A change by customer.

    Args:
        metric: what moved.
        names: the customers.
        before, after: the figure.
        effects: what each customer adds to the change.
        classes: the same by kind of movement.
        tested: the change, judged by customer.
        without: the change and its verdict without the customer who did more than half of it all, where there is one.
    """

    metric: Metric
    names: list[str]
    before: float
    after: float
    effects: Floats
    classes: Mapping[str, float]
    tested: Tested
    without: tuple[str, str] | None

    @property
    def order(self) -> list[int]:
        """Customers who did anything, the largest first, ties by name."""
        who = np.flatnonzero(self.effects).tolist()
        return sorted(who, key=lambda k: (-abs(round(float(self.effects[k]), 12)), self.names[k]))

    def kind(self, k: int, by_class: Mapping[str, Floats]) -> str:
        """What a customer did."""
        return next(name for name in CLASSES if by_class[name][k])


def _without_largest(declared: Metric, names: list[str], added: Floats, effects: Floats) -> tuple[str, str] | None:
    """The customer behind more than half of all movement, and the verdict without it."""
    size = np.abs(effects)
    k = int(size.argmax())
    if not size.sum() or size[k] <= _LARGE * size.sum() or np.count_nonzero(size) < 2:
        return None
    rest = np.delete(added, k)
    tested = by_customer(rest, float(rest.sum()), int(np.count_nonzero(np.delete(effects, k)))).first()
    return names[k], verdict(declared.better, tested)


def _rows(moved: Moved, by_class: Mapping[str, Floats], top: int, words: str) -> Iterator[dict[str, Any]]:
    """The change, its kinds, the customers and a waterfall."""
    tested = moved.tested
    yield {
        "step": "change", "part": "change", "group": "All", "before": moved.before, "after": moved.after,
        "effect": tested.change, "low": tested.low, "high": tested.high, "p_holm": tested.p, "note": words,
    }  # fmt: skip
    for name in CLASSES:
        if name in moved.classes:
            yield {"step": "total", "part": name, "effect": moved.classes[name]}
    order = moved.order
    for k in order[:top]:
        yield {
            "step": "customer",
            "part": moved.kind(k, by_class),
            "group": moved.names[k],
            "effect": float(moved.effects[k]),
        }
    if len(order) > top:
        rest = float(moved.effects[order[top:]].sum())
        yield {"step": "customer", "part": "rest", "group": f"the rest of {len(order) - top} customers", "effect": rest}
    bars = [(moved.kind(k, by_class), moved.names[k], float(moved.effects[k])) for k in order]
    yield from waterfall(moved.before, moved.after, bars, "customers", top)


def _largest(moved: Moved, top: int, unit: float = 1.0) -> str:
    order = moved.order
    named = ", ".join(f"{moved.names[k]} {number(unit * float(moved.effects[k]), True)}" for k in order[:top])
    if not named:
        return ""
    rest = number(unit * float(moved.effects[order[top:]].sum()), True)
    others = f"; the other {len(order) - top} customers {rest}" if len(order) > top else ""
    return f" Largest: {named}{others}."


def _named_first(moved: Moved) -> str:
    if not moved.without:
        return ""
    who, said = moved.without
    return f"{who} alone is more than half of all movement; without it: {said}. "


@metric(
    title="Why MRR moved",
    category=Category.REVENUE,
    columns=COLUMNS,
    formula="MRR after − before = new + expansion + reactivation − contraction − churned = the sum over customers",
    convention=(
        "The amount is a fact; its interval is the usual spread between customers. Price and volume: change of price × "
        "quantity after, change of quantity × price before; or both at midpoints. What is new or given up is no price."
    ),
    no_native="it gives a table",
    source="the five movements of ChartMogul's help centre; price-volume-mix, as finance departments reckon it",
    example=Example(
        customers=["A", "B", "A", "B"],
        months=_MONTHS,
        mrr=[100, 50, 120, 40],
        before=datetime.date(2026, 1, 1),
        after=datetime.date(2026, 2, 1),
        result=_shown(
            _MRR_NOTE,
            ("2026-01", "2026-02"),
            step=["change", *["total"] * 5, *["customer"] * 2, *["waterfall"] * 4],
            part=["change", *CLASSES, "expansion", "contraction", "start", "expansion", "contraction", "end"],
            group=["All", *[""] * 5, "A", "B", "before", "A", "B", "after"],
            before=[150.0, *[_N] * 11],
            after=[160.0, *[_N] * 11],
            effect=[10.0, 0.0, 20.0, 0.0, -10.0, 0.0, 20.0, -10.0, 150.0, 20.0, -10.0, 160.0],
            **{"from": [*[_N] * 8, 0.0, 150.0, 170.0, 0.0], "to": [*[_N] * 8, 150.0, 170.0, 160.0, 160.0]},
        ),
    ),
)
def mrr_why(
    customers: Annotated[Aligned, Id()],
    months: Annotated[Aligned, Month()],
    mrr: Annotated[Aligned, Amount(signed=True)],
    before: Annotated[Each, Month()],
    after: Annotated[Each, Month()],
    groups: Annotated[Aligned, Id(blanks=True)] = None,
    products: Annotated[Aligned, Id(blanks=True)] = None,
    quantities: Annotated[Aligned, Amount()] = None,
    price_base: Literal["opening", "midpoint"] = "opening",
    top: Top = 5,
) -> Table:
    """Why recurring revenue moved between two months, to the cent: movements, customers, price and volume.

    Args:
        customers: Who pays, one a row.
        months: Any day of the month the row is for.
        mrr: Monthly recurring revenue; rows of one customer and month are added up.
        before: The earlier month.
        after: The later month.
        groups: The segment or plan of each row.
        products: What is paid for, with quantities.
        quantities: How many seats or pieces the amount is for.
        price_base: Where price and volume meet: at opening prices, or at the midpoint of both.
        top: How many customers are named.
    """
    index, (first, last) = index_of(months, "month"), (_month(before), _month(after))
    _refuse_same(first, last)
    then, now = (_cents(customers, index, mrr, month) for month in (first, last))
    earlier = summed(customers.codes[index < first], mrr[index < first], len(customers.labels)) > 0
    by_class = movements(then, now, earlier)
    effects = (now - then) / 100
    declared = CATALOG["mrr"]
    here = (then != 0) | (now != 0)  # who pays in neither month is no customer of this change
    tested = by_customer(effects[here], float((now - then).sum()) / 100, int(np.count_nonzero(effects))).first()
    names = [str(one) for one in customers.labels]
    moved = Moved(
        declared, names, float(then.sum()) / 100, float(now.sum()) / 100, effects,
        {name: float(part.sum()) / 100 for name, part in by_class.items()}, tested,
        _without_largest(declared, names, effects, effects),
    )  # fmt: skip
    extra = [*_by_group(groups, index, mrr, first, last), *_priced(
        customers, groups, products, quantities, index, mrr, (first, last), price_base
    )]  # fmt: skip
    words = _mrr_sentence(moved, extra, int(top))
    rows = [*_rows(moved, by_class, int(top), words)]
    place = next(k for k, row in enumerate(rows) if row["step"] == "waterfall")
    return as_table(iter([*rows[:place], *extra, *rows[place:]]), (month_name(first), month_name(last)), (words,))


def _refuse_same(first: int, last: int) -> None:
    if first == last:
        raise WrongKind(f"before and after are both {month_name(first)}", "Name two months.", argument="after")


def _mrr_sentence(moved: Moved, extra: Sequence[Mapping[str, Any]], top: int) -> str:
    change = moved.tested.change
    verb = "rose" if change > 0 else "fell" if change < 0 else "stayed"
    ends = f", from {number(moved.before)} to {number(moved.after)}"
    start = f"MRR {verb} by {number(abs(change))}{ends}" if change else f"MRR stayed at {number(moved.after)}"
    parts = [f"{name} {number(moved.classes[name])}" for name in CLASSES if moved.classes[name]]
    words = f"{_named_first(moved)}{start}: {', '.join(parts)}." if parts else f"{start}."
    words += _largest(moved, top)
    priced = [row for row in extra if row["step"] == "total"]
    if priced:
        words += " By price and volume: " + ", ".join(f"{row['part']} {number(row['effect'])}" for row in priced) + "."
    if any(row["part"] == "mix" for row in priced):
        words += " Upgrades hide in price."
    return words


def _by_group(
    groups: Coded | None, index: NDArray[np.int64], mrr: Floats, first: int, last: int
) -> Iterator[dict[str, Any]]:
    """What each segment pays before and after."""
    if groups is None:
        return
    names = [*map(str, groups.labels), BLANK]
    cents = [
        np.rint(summed(groups.codes[index == m] % len(names), to_cents(mrr[index == m], "mrr"), len(names)))
        for m in (first, last)
    ]
    for k, name in enumerate(names):
        then, now = (float(side[k]) / 100 for side in cents)
        if then or now:
            yield {
                "step": "segment",
                "part": "change",
                "group": name,
                "before": then,
                "after": now,
                "effect": now - then,
            }


def _priced(
    customers: Coded,
    groups: Coded | None,
    products: Coded | None,
    quantities: Floats | None,
    index: NDArray[np.int64],
    mrr: Floats,
    months: tuple[int, int],
    price_base: str,
) -> Iterator[dict[str, Any]]:
    """Price and volume, from quantities where they are given, else from customers and what they pay on average."""
    if quantities is not None:
        yield from _price_and_volume(customers, products, quantities, index, mrr, months, price_base)
    elif groups is not None:
        yield from _arpa_and_customers(customers, groups, index, mrr, months)


def _price_and_volume(
    customers: Coded,
    products: Coded | None,
    quantities: Floats,
    index: NDArray[np.int64],
    mrr: Floats,
    months: tuple[int, int],
    price_base: str,
) -> Iterator[dict[str, Any]]:
    what = np.zeros(index.size, dtype=np.int64) if products is None else products.codes + 1
    _, pair = np.unique(customers.codes * (int(what.max()) + 1) + what, return_inverse=True)
    size = int(pair.max()) + 1
    (q0, m0), (q1, m1) = (
        (summed(pair[index == m], quantities[index == m], size), summed(pair[index == m], mrr[index == m], size))
        for m in months
    )
    both = (q0 > 0) & (q1 > 0)
    p0, p1 = (np.divide(m, q, out=np.zeros(size), where=q > 0) for m, q in ((m0, q0), (m1, q1)))
    midpoint = price_base == "midpoint"
    price = np.where(both, (p1 - p0) * ((q0 + q1) / 2 if midpoint else q1), 0.0).sum()
    volume = np.where(both, (q1 - q0) * ((p0 + p1) / 2 if midpoint else p0), 0.0).sum()
    note = f"at {'midpoints' if midpoint else 'opening prices'}"
    yield {"step": "total", "part": "new products", "effect": float(m1[~both].sum())}
    yield {"step": "total", "part": "products given up", "effect": -float(m0[~both].sum())}
    yield {"step": "total", "part": "volume", "effect": float(volume), "note": note}
    yield {"step": "total", "part": "price", "effect": float(price), "note": note}


def _arpa_and_customers(
    customers: Coded, groups: Coded, index: NDArray[np.int64], mrr: Floats, months: tuple[int, int]
) -> Iterator[dict[str, Any]]:
    """ΔN × mean ARPA, then mean N × (mix, price) of ARPA over the segments."""
    size = len(groups.labels) + 1
    code = groups.codes % size
    counted, paid = [], []
    for month in months:
        here = (index == month) & (mrr > 0)
        pairs = np.unique(np.column_stack([customers.codes[here], code[here]]), axis=0)
        counted.append(np.bincount(pairs[:, 1], minlength=size).astype(float))
        paid.append(summed(code[index == month], mrr[index == month], size))
    if not (counted[0].sum() and counted[1].sum()):
        return
    found = split(counted[0], paid[0], counted[1], paid[1])
    n0, n1 = counted[0].sum(), counted[1].sum()
    yield {
        "step": "total",
        "part": "volume",
        "effect": float((n1 - n0) * (found.total0 + found.total1) / 2),
        "note": "customers",
    }
    mean = (n0 + n1) / 2
    yield {"step": "total", "part": "mix", "effect": float(mean * found.mix.sum()), "note": "of segments"}
    yield {
        "step": "total",
        "part": "price",
        "effect": float(mean * found.rate.sum()),
        "note": "what a customer pays; upgrades hide in it",
    }
    for name, effect, there in zip(
        [*map(str, groups.labels), BLANK], (mean * found.rate).tolist(), (found.n0 + found.n1) > 0, strict=True
    ):
        if there:
            yield {"step": "segment", "part": "price", "group": name, "effect": effect}


@metric(
    title="Why NDR moved",
    category=Category.REVENUE,
    columns=COLUMNS,
    formula="change of (expansion − contraction − churned) ÷ opening; by customer: gain ÷ opening, after less before",
    convention="Each month's cohort is those who paid `horizon` months before; newcomers are left out of each.",
    no_native="it gives a table",
    source="net retention of the cohort of `horizon` months before, as in 10-K filings, split by customer",
    example=Example(
        customers=["A", "B", "A", "B", "A", "B"],
        months=[*_MONTHS, datetime.date(2026, 3, 1), datetime.date(2026, 3, 1)],
        mrr=[100, 100, 120, 100, 120, 50],
        before=datetime.date(2026, 2, 1),
        after=datetime.date(2026, 3, 1),
        horizon=1,
        result=_shown(
            _NDR_NOTE,
            ("2026-02", "2026-03"),
            step=["change", *["total"] * 3, *["customer"] * 2, *["waterfall"] * 4],
            part=[
                "change",
                "expansion",
                "contraction",
                "churned",
                "contraction",
                "expansion",
                "start",
                "contraction",
                "expansion",
                "end",
            ],
            group=["All", *[""] * 3, "B", "A", "before", "B", "A", "after"],
            before=[1.1, *[_N] * 9],
            after=[0.772727, *[_N] * 9],
            effect=[-0.327273, -0.1, -0.227273, 0.0, -0.227273, -0.1, 1.1, -0.227273, -0.1, 0.772727],
            **{"from": [*[_N] * 6, 0.0, 1.1, 0.872727, 0.0], "to": [*[_N] * 6, 1.1, 0.872727, 0.772727, 0.772727]},
        ),
    ),
)
def ndr_why(
    customers: Annotated[Aligned, Id()],
    months: Annotated[Aligned, Month()],
    mrr: Annotated[Aligned, Amount(signed=True)],
    before: Annotated[Each, Month()],
    after: Annotated[Each, Month()],
    horizon: Annotated[Each, Number(1, 1200, whole=True, hint="Give a number of months, such as 12.")] = 12,
    top: Top = 5,
) -> Table:
    """Why net dollar retention moved between two months: expansion, contraction, churn, and by customer.

    Args:
        customers: Who pays, one a row.
        months: Any day of the month the row is for.
        mrr: Monthly recurring revenue; rows of one customer and month are added up.
        before: The earlier month.
        after: The later month.
        horizon: How many months back each month's cohort is taken.
        top: How many customers are named.
    """
    index, (first, last) = index_of(months, "month"), (_month(before), _month(after))
    _refuse_same(first, last)
    sides = [_retained(customers, index, mrr, month, int(horizon)) for month in (first, last)]
    (gain0, base0, class0), (gain1, base1, class1) = sides
    effects = gain1 / base1.sum() - gain0 / base0.sum()
    ratios = [1 + float(gain.sum() / base.sum()) for gain, base in ((gain0, base0), (gain1, base1))]
    added = [(gain - (ratio - 1) * base) / base.sum() for ratio, (gain, base, _) in zip(ratios, sides, strict=True)]
    by_class = {name: class1[name] / base1.sum() - class0[name] / base0.sum() for name in class1}
    own = [np.divide(gain, base, out=np.zeros(gain.size), where=base > 0) for gain, base, _ in sides]
    changed = ((base0 > 0) != (base1 > 0)) | ~np.isclose(own[0], own[1], rtol=1e-12, atol=0.0)
    declared, names = CATALOG["ndr"], [str(one) for one in customers.labels]
    here = (base0 > 0) | (base1 > 0)  # who is of neither cohort is no customer of this change
    tested = by_customer((added[1] - added[0])[here], ratios[1] - ratios[0], int(changed.sum())).first()
    moved = Moved(
        declared, names, ratios[0], ratios[1], effects, {name: float(part.sum()) for name, part in by_class.items()},
        tested, _without_largest(declared, names, added[1] - added[0], effects),
    )  # fmt: skip
    everything = {name: by_class.get(name, np.zeros(effects.size)) for name in CLASSES}
    largest = {
        name: np.where(np.abs(part) == np.max(np.abs([*by_class.values()]), axis=0), part, 0.0)
        for name, part in everything.items()
    }
    told = ", ".join(f"{name} {number(100 * moved.classes[name], True)}" for name in CLASSES if moved.classes.get(name))
    said = verdict(declared.better, tested)
    words = _named_first(moved) + sentence(declared, ratios[0], ratios[1], tested, said)
    words += f" In points: {told}.{_largest(moved, int(top), 100)}" if told else ""
    doubt = " That may be chance, and so may its parts." if said == NO_CLEAR_CHANGE else ""
    rows = _rows(moved, largest, int(top), words + doubt)
    return as_table(rows, (month_name(first), month_name(last)), (words + doubt,))


def _retained(
    customers: Coded, index: NDArray[np.int64], mrr: Floats, month: int, horizon: int
) -> tuple[Floats, Floats, dict[str, Floats]]:
    """What each customer of a cohort gained or lost since, what they paid then, and the same by kind."""
    then, now = (_cents(customers, index, mrr, m) for m in (month - horizon, month))
    if not then.sum():
        problem = f"nobody paid in {month_name(month - horizon)}, {horizon} months before {month_name(month)}"
        raise ZeroDenominator(problem, "Choose a later month or a shorter horizon.")
    by_class = movements(then, now, np.ones(then.size, dtype=bool))
    kept = {name: np.where(then > 0, by_class[name], 0.0) for name in ("expansion", "contraction", "churned")}
    return sum(kept.values(), np.zeros(then.size)), then, kept

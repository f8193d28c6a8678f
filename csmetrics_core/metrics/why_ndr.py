"""Why net dollar retention moved: by kind of movement, by customer, by segment and customer within it."""

import datetime
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from csmetrics_core.declaration.catalog import CATALOG, metric
from csmetrics_core.declaration.kinds import Amount, Id, Month, Number
from csmetrics_core.declaration.spec import Aligned, Category, Each, Example
from csmetrics_core.errors import ZeroDenominator
from csmetrics_core.intake.grouping import BLANK, Labels, place_of
from csmetrics_core.intake.prepared import Coded
from csmetrics_core.maths.decomposition import summed
from csmetrics_core.maths.inference import Floats, by_customer
from csmetrics_core.maths.periods import index_of
from csmetrics_core.maths.verdicts import NO_CLEAR_CHANGE, number, sentence, verdict
from csmetrics_core.metrics.moved import Compared
from csmetrics_core.metrics.why import COLUMNS, Account, account, as_table, table_rows
from csmetrics_core.metrics.why_money import (
    CLASSES,
    EXAMPLE_MONTHS,
    NONE,
    Moved,
    Top,
    cents_in,
    customer_rows,
    example_table,
    largest,
    main_kinds,
    month_name,
    month_of,
    movement_rows,
    movements,
    named_first,
    refuse_same,
    without_largest,
)
from csmetrics_core.metrics.why_words import segments_sentence
from csmetrics_core.reductions.money import to_cents
from csmetrics_core.results import Table
from csmetrics_core.rows import Rows

#: What each customer of a cohort gained, what it paid at the start, and the gain by kind of movement.
Cohort = tuple[Floats, Floats, dict[str, Floats]]
_NOTE = (
    "B alone is more than half of all movement; without it: no clear change. NDR went from 110 % to 77.3 %: no clear "
    "change; only 2 customers changed; 5 are needed. In points: expansion -10, contraction -22.7. "
    "Largest: B -22.7, A -10. That may be chance, and so may its parts."
)


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
        months=[*EXAMPLE_MONTHS, datetime.date(2026, 3, 1), datetime.date(2026, 3, 1)],
        mrr=[100, 100, 120, 100, 120, 50],
        before=datetime.date(2026, 2, 1),
        after=datetime.date(2026, 3, 1),
        horizon=1,
        result=example_table(
            _NOTE,
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
            before=[1.1, *[NONE] * 9],
            after=[0.772727, *[NONE] * 9],
            effect=[-0.327273, -0.1, -0.227273, 0.0, -0.227273, -0.1, 1.1, -0.227273, -0.1, 0.772727],
            **{"from": [*[NONE] * 6, 0.0, 1.1, 0.872727, 0.0], "to": [*[NONE] * 6, 1.1, 0.872727, 0.772727, 0.772727]},
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
    groups: Annotated[Aligned, Id(blanks=True)] = None,
) -> Table:
    """Why net dollar retention moved between two months: by movement, by customer, by segment and customer in it.

    Args:
        customers: Who pays, one a row.
        months: Any day of the month the row is for.
        mrr: Monthly recurring revenue; rows of one customer and month are added up.
        before: The earlier month.
        after: The later month.
        horizon: How many months back each month's cohort is taken.
        top: How many customers are named.
        groups: The segment or plan of each row; a customer counts where it paid most when its cohort was taken.
    """
    index, (first, last) = index_of(months, "month"), (month_of(before), month_of(after))
    refuse_same(first, last)
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
        tested, without_largest(declared, names, added[1] - added[0], effects),
    )  # fmt: skip
    told = ", ".join(f"{name} {number(100 * moved.classes[name], True)}" for name in CLASSES if moved.classes.get(name))
    said = verdict(declared.better, tested)
    words = named_first(moved) + sentence(declared, ratios[0], ratios[1], tested, said)
    words += f" In points: {told}.{largest(moved, int(top), 100)}" if told else ""
    extra: list[dict[str, Any]] = []
    if groups is not None:
        opened = [_opening_segment(customers, groups, index, mrr, month - int(horizon)) for month in (first, last)]
        made = _by_segment(moved, sides, opened, _names(groups), (month_name(first), month_name(last)))
        words += f" {segments_sentence(made)}"
        extra = [*_segment_rows(made), *_within(made, sides, opened, names, int(top))]
    doubt = " That may be chance, and so may its parts." if said == NO_CLEAR_CHANGE else ""
    rows = [*movement_rows(moved, main_kinds(by_class), int(top), words + doubt)]
    place = next(k for k, row in enumerate(rows) if row["step"] == "waterfall")
    return as_table(
        iter([*rows[:place], *extra, *rows[place:]]), (month_name(first), month_name(last)), (words + doubt,)
    )


def _retained(customers: Coded, index: NDArray[np.int64], mrr: Floats, month: int, horizon: int) -> Cohort:
    """What each customer of a cohort gained or lost since, what they paid then, and the same by kind."""
    then, now = (cents_in(customers, index, mrr, m) for m in (month - horizon, month))
    if not then.sum():
        problem = f"nobody paid in {month_name(month - horizon)}, {horizon} months before {month_name(month)}"
        raise ZeroDenominator(problem, "Choose a later month or a shorter horizon.")
    by_class = movements(then, now, np.ones(then.size, dtype=bool))
    kept = {name: np.where(then > 0, by_class[name], 0.0) for name in ("expansion", "contraction", "churned")}
    return sum(kept.values(), np.zeros(then.size)), then, kept


def _names(groups: Coded) -> list[str]:
    return [*map(str, groups.labels), BLANK]


def _opening_segment(
    customers: Coded, groups: Coded, index: NDArray[np.int64], mrr: Floats, month: int
) -> NDArray[np.int64]:
    """Where each customer paid most in a month, of equal segments the first by name; -1 if it paid nothing."""
    here, names = index == month, _names(groups)
    order = np.array(sorted(range(len(names)), key=lambda k: place_of(names[k])))
    rank = np.argsort(order)
    pairs, at = np.unique(
        customers.codes[here] * len(names) + rank[groups.codes[here] % len(names)], return_inverse=True
    )
    who, segment = pairs // len(names), pairs % len(names)
    paid = np.rint(summed(at, to_cents(mrr[here], "mrr"), pairs.size))
    largest_last = np.lexsort((-segment, paid, who))
    found = np.full(len(customers.labels), -1)
    found[who[largest_last]] = order[segment[largest_last]]
    return found


def _by_segment(
    moved: Moved,
    sides: Sequence[Cohort],
    opened: Sequence[NDArray[np.int64]],
    names: list[str],
    months: tuple[str, str],
) -> Account:
    """The account over segments of what customers of the two cohorts paid at the start and what they pay now."""
    x, y, codes, who = [], [], [], []
    for (gain, base, _), segment in zip(sides, opened, strict=True):
        there = np.flatnonzero(base)
        x.append((base + gain)[there])
        y.append(base[there])
        codes.append(segment[there])
        who.append(there)
    second = np.repeat([False, True], [part.size for part in x])
    size = second.size
    rows = Rows(moved.metric, {}, np.arange(size), {}, np.concatenate(x), np.concatenate(y), 1.0)
    found = Compared(rows, second, months, np.concatenate(who), moved.before, moved.after, moved.tested, size)
    return account(found, [Labels(np.concatenate(codes), names, [*names])])


def _segment_rows(made: Account) -> Iterator[dict[str, Any]]:
    """Mix and rates, in all and of each segment that a cohort has."""
    there = {name for k, name in enumerate(made.names) if made.outer.n0[k] or made.outer.n1[k]}
    for row in table_rows(made):
        if row["step"] == "total" or (row["step"] == "segment" and row["group"] in there):
            yield row


def _within(
    made: Account, sides: Sequence[Cohort], opened: Sequence[NDArray[np.int64]], customers: list[str], top: int
) -> Iterator[dict[str, Any]]:
    """The rate effect of each segment by customer: change of gain ÷ the segment's opening, × its mean share."""
    outer = made.outer
    for k in np.flatnonzero(outer.both).tolist():
        weights = [
            np.where(segment == k, (outer.w0[k] + outer.w1[k]) / 2 / n[k], 0.0)
            for n, segment in zip((outer.n0, outer.n1), opened, strict=True)
        ]
        by_class = {name: weights[1] * sides[1][2][name] - weights[0] * sides[0][2][name] for name in sides[0][2]}
        effects, kinds = sum(by_class.values(), np.zeros(len(customers))), main_kinds(by_class)
        yield from customer_rows(effects, kinds, customers, top, "within", f"{made.names[k]} / ")

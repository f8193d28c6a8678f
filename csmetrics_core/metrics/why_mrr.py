"""Why recurring revenue moved: by kind of movement, customer and segment, by price and volume."""

import datetime
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray

from csmetrics_core.declaration.catalog import CATALOG, metric
from csmetrics_core.declaration.kinds import Amount, Id, Month
from csmetrics_core.declaration.spec import Aligned, Category, Each, Example
from csmetrics_core.intake.grouping import BLANK
from csmetrics_core.intake.prepared import Coded
from csmetrics_core.maths.decomposition import summed
from csmetrics_core.maths.inference import Floats, by_customer
from csmetrics_core.maths.periods import index_of
from csmetrics_core.maths.verdicts import number
from csmetrics_core.metrics.why import COLUMNS, as_table
from csmetrics_core.metrics.why_money import (
    CLASSES,
    EXAMPLE_MONTHS,
    NONE,
    Moved,
    Top,
    cents_in,
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
from csmetrics_core.metrics.why_price import price_rows
from csmetrics_core.reductions.money import to_cents
from csmetrics_core.results import Table

_NOTE = (
    "A alone is more than half of all movement; without it: no clear change. "
    "MRR rose by 10, from 150 to 160: expansion 20, contraction -10. Largest: A +20, B -10."
)


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
        months=EXAMPLE_MONTHS,
        mrr=[100, 50, 120, 40],
        before=datetime.date(2026, 1, 1),
        after=datetime.date(2026, 2, 1),
        result=example_table(
            _NOTE,
            ("2026-01", "2026-02"),
            step=["change", *["total"] * 5, *["customer"] * 2, *["waterfall"] * 4],
            part=["change", *CLASSES, "expansion", "contraction", "start", "expansion", "contraction", "end"],
            group=["All", *[""] * 5, "A", "B", "before", "A", "B", "after"],
            before=[150.0, *[NONE] * 11],
            after=[160.0, *[NONE] * 11],
            effect=[10.0, 0.0, 20.0, 0.0, -10.0, 0.0, 20.0, -10.0, 150.0, 20.0, -10.0, 160.0],
            **{"from": [*[NONE] * 8, 0.0, 150.0, 170.0, 0.0], "to": [*[NONE] * 8, 150.0, 170.0, 160.0, 160.0]},
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
    index, (first, last) = index_of(months, "month"), (month_of(before), month_of(after))
    refuse_same(first, last)
    then, now = (cents_in(customers, index, mrr, month) for month in (first, last))
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
        without_largest(declared, names, effects, effects),
    )  # fmt: skip
    extra = [*_by_group(groups, index, mrr, first, last), *price_rows(
        customers, groups, products, quantities, index, mrr, (first, last), price_base
    )]  # fmt: skip
    words = _sentence(moved, extra, int(top))
    rows = [*movement_rows(moved, main_kinds(by_class), int(top), words)]
    place = next(k for k, row in enumerate(rows) if row["step"] == "waterfall")
    return as_table(iter([*rows[:place], *extra, *rows[place:]]), (month_name(first), month_name(last)), (words,))


def _sentence(moved: Moved, extra: Sequence[Mapping[str, Any]], top: int) -> str:
    change = moved.tested.change
    verb = "rose" if change > 0 else "fell" if change < 0 else "stayed"
    ends = f", from {number(moved.before)} to {number(moved.after)}"
    start = f"MRR {verb} by {number(abs(change))}{ends}" if change else f"MRR stayed at {number(moved.after)}"
    parts = [f"{name} {number(moved.classes[name])}" for name in CLASSES if moved.classes[name]]
    words = f"{named_first(moved)}{start}: {', '.join(parts)}." if parts else f"{start}."
    words += largest(moved, top)
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

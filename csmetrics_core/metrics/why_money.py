"""What the accounts of money share: who paid what in a month, kinds of movement, and a change by customer."""

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from csmetrics_core.declaration.kinds import Number
from csmetrics_core.declaration.spec import TEXT, Each, Metric
from csmetrics_core.errors import NoData, WrongKind
from csmetrics_core.intake.prepared import Coded
from csmetrics_core.maths.decomposition import summed
from csmetrics_core.maths.inference import Floats, Tested, by_customer
from csmetrics_core.maths.periods import index_of
from csmetrics_core.maths.verdicts import number, verdict
from csmetrics_core.metrics.why import COLUMNS, rest_of, waterfall
from csmetrics_core.reductions.flows import below_zero
from csmetrics_core.reductions.money import to_cents

#: What customers do, in the order a sentence tells it.
CLASSES = ("new", "expansion", "reactivation", "contraction", "churned")
_LARGE = 0.5  # of all movement: a customer beyond is named first
Top = Annotated[Each, Number(1, 1000, whole=True, hint="Give a number of customers, such as 5.")]
EXAMPLE_MONTHS = [datetime.date(2026, 1, 1)] * 2 + [datetime.date(2026, 2, 1)] * 2
NONE = float("nan")


def example_table(note: str, months: tuple[str, str], **columns: list[Any]) -> dict[str, list[Any]]:
    """The columns of an example that say something, with all others blank."""
    rows = len(columns["step"])
    blank = {c.name: [""] * rows if c.unit is TEXT else [NONE] * rows for c in COLUMNS}
    periods = {"period_before": [months[0]] * rows, "period_after": [months[1]] * rows}
    return {**blank, **columns, "note": [note, *[""] * (rows - 1)], **periods}


def month_name(month: int) -> str:
    """A month number as 2026-08."""
    return str(np.datetime64(month, "M"))


def month_of(day: float) -> int:
    return int(index_of(np.array([int(day)]), "month")[0])


def cents_in(customers: Coded, months: NDArray[np.int64], mrr: Floats, month: int) -> Floats:
    """What each customer pays in a month, in cents.

    Raises:
        NoData: nobody does.
        OutOfScale: a customer pays less than nothing, which is no movement of any kind.
    """
    now = months == month
    if not now.any():
        raise NoData(f"months has no rows of {month_name(month)}", "Choose a month that has.", argument="months")
    cents = np.rint(summed(customers.codes[now], to_cents(mrr[now], "mrr"), len(customers.labels)))
    least = int(cents.argmin())
    if cents[least] < 0:
        raise below_zero("mrr", f"{customers.labels[least]!r} in {month_name(month)}", float(cents[least]))
    return cents


def refuse_same(first: int, last: int) -> None:
    if first == last:
        raise WrongKind(f"before and after are both {month_name(first)}", "Name two months.", argument="after")


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
        return by_size(self.effects, self.names)


def by_size(effects: Floats, names: list[str]) -> list[int]:
    """Where effects are, the largest first, ties by name."""
    return sorted(np.flatnonzero(effects).tolist(), key=lambda k: (-abs(round(float(effects[k]), 12)), names[k]))


def main_kinds(by_class: Mapping[str, Floats]) -> NDArray[np.str_]:
    """What each customer did, or did most."""
    most: NDArray[np.int64] = np.abs([*by_class.values()]).argmax(axis=0)
    return np.array([*by_class])[most]


def without_largest(declared: Metric, names: list[str], added: Floats, effects: Floats) -> tuple[str, str] | None:
    """The customer behind more than half of all movement, and the verdict without it."""
    size = np.abs(effects)
    k = int(size.argmax())
    if not size.sum() or size[k] <= _LARGE * size.sum() or np.count_nonzero(size) < 2:
        return None
    rest = np.delete(added, k)
    tested = by_customer(rest, float(rest.sum()), int(np.count_nonzero(np.delete(effects, k)))).first()
    return names[k], verdict(declared.better, tested)


def movement_rows(moved: Moved, kinds: NDArray[np.str_], top: int, words: str) -> Iterator[dict[str, Any]]:
    """The change, its kinds, the customers and a waterfall."""
    tested = moved.tested
    yield {
        "step": "change", "part": "change", "group": "All", "before": moved.before, "after": moved.after,
        "effect": tested.change, "low": tested.low, "high": tested.high, "p_holm": tested.p, "note": words,
    }  # fmt: skip
    for name in CLASSES:
        if name in moved.classes:
            yield {"step": "total", "part": name, "effect": moved.classes[name]}
    yield from customer_rows(moved.effects, kinds, moved.names, top)
    bars = [(str(kinds[k]), moved.names[k], float(moved.effects[k])) for k in moved.order]
    yield from waterfall(moved.before, moved.after, bars, "customers", top)


def customer_rows(
    effects: Floats, kinds: NDArray[np.str_], names: list[str], top: int, step: str = "customer", inside: str = ""
) -> Iterator[dict[str, Any]]:
    """The largest effects with their customers, and the rest."""
    order = by_size(effects, names)
    for k in order[:top]:
        yield {"step": step, "part": str(kinds[k]), "group": f"{inside}{names[k]}", "effect": float(effects[k])}
    if len(order) > top:
        group = f"{inside}{rest_of(len(order) - top, 'customers')}"
        yield {"step": step, "part": "rest", "group": group, "effect": float(effects[order[top:]].sum())}


def largest(moved: Moved, top: int, unit: float = 1.0) -> str:
    order = moved.order
    named = ", ".join(f"{moved.names[k]} {number(unit * float(moved.effects[k]), True)}" for k in order[:top])
    if not named:
        return ""
    rest = number(unit * float(moved.effects[order[top:]].sum()), True)
    left = len(order) - top
    others = "" if left <= 0 else f"; the other {'customer' if left == 1 else f'{left} customers'} {rest}"
    return f" Largest: {named}{others}."


def named_first(moved: Moved) -> str:
    if not moved.without:
        return ""
    who, said = moved.without
    return f"{who} alone is more than half of all movement; without it: {said}. "

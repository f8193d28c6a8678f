"""The revenue ledger: what each change of a balance is called, and the bridge from month to month.

A row is what a customer pays for a product in one month. What happened to it is told twice over: `arrivals`, in its own
month, against the month before, and `departures`, in the month after, if it is gone by then. Both are written once, for
arrays and for the lazy plans of `csmetrics_core.tables`, which differ only in how they pick one of two values.

Amounts are whole cents. A row holds, beside its own amount `now`: `then` and `then_next`, the month before at its own
and at this month's exchange rates; `in_then` and `in_next`, the same for what a dated merge brought in.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from csmetrics_core.reductions.flows import month_column
from csmetrics_core.reductions.money import from_cents

Ints = NDArray[np.int64]
#: All classes in the order in which the rows of a month and product chain.
CLASSES = (
    "transfer_out", "transfer_in", "new", "reactivation", "fx", "correction", "contracted_step", "upsell",
    "contraction_quantity", "price_increase", "contraction_price", "expansion", "contraction", "cross_sell",
    "product_dropped", "churn", "lapsed",
)  # fmt: skip
#: Those that net out within a customer and month, to expansion or contraction.
INNER = CLASSES[5:15]
_COLUMN = {
    "transfer_out": "transfer", "transfer_in": "transfer", "churn": "churned", "lapsed": "churned",
    "new": "new", "reactivation": "reactivation", "fx": "fx",
}  # fmt: skip
#: What one row adds to the bridge in its own month, and in the month after.
ARRIVING = ("closing", "open", "new", "reactivation", "fx", "transfer", "up", "down", "entered")
LEAVING = ("churned", "fx", "transfer", "up", "down", "left")


class Algebra(NamedTuple):
    """How a kind of column picks one of two values, and rounds down."""

    pick: Callable[[Any, Any, Any], Any]
    floor: Callable[[Any], Any]


ARRAYS = Algebra(np.where, np.floor)


def opened(row: Mapping[str, Any], over: Algebra) -> dict[str, Any]:
    """What the classes of a row are made of: the part by quantity, and what neither correction nor step explains.

    Args:
        row: now and then_next; where there is such a thing, in_next, corrected, step, and quantity, quantity_then and
            step_quantity.
        over: arrays, or a plan.
    """
    base = row["then_next"]
    for part in ("in_next", "corrected", "step"):
        base = base + row[part] if part in row else base
    rest = row["now"] - base
    if "quantity" not in row:
        return {"rest": rest}
    before = row["quantity_then"] + row["step_quantity"] if "step_quantity" in row else row["quantity_then"]
    known = (row["quantity_then"] > 0) & (before > 0) & (row["quantity"] >= 0)
    quantity = base * (row["quantity"] - before) / over.pick(known, before, 1.0)
    return {"rest": rest, "by_quantity": over.floor(quantity + 0.5), "known": over.pick(known, 1, 0)}


def arrivals(row: Mapping[str, Any], over: Algebra) -> dict[str, Any]:
    """The classes of a row in its own month.

    Args:
        row: as for `opened`, with what that gives, and conditions: `was` (the customer paid the month before), `seen`
            (or ever before), `held` (the product was there the month before).
        over: arrays, or a plan.
    """
    pick, rest = over.pick, row["rest"]

    def changed(amount: Any) -> Any:
        return pick(row["was"] & row["held"], amount, 0.0)

    def split(amount: Any, rise: str, fall: str) -> dict[str, Any]:
        return {rise: changed(pick(amount > 0, amount, 0.0)), fall: changed(pick(amount < 0, amount, 0.0))}

    classes = {
        "new": pick(row["was"], 0.0, pick(row["seen"], 0.0, row["now"])),
        "reactivation": pick(row["was"], 0.0, pick(row["seen"], row["now"], 0.0)),
        "cross_sell": pick(row["was"], pick(row["held"], 0.0, row["now"]), 0.0),
    }
    later, before = row["then_next"], row["then"]
    if "in_then" in row:
        classes["transfer_in"] = row["in_then"]
        later, before = later + row["in_next"], before + row["in_then"]
    if later is not before:
        classes["fx"] = changed(later - before)
    for name, part in (("correction", "corrected"), ("contracted_step", "step")):
        if part in row:
            classes[name] = changed(row[part])
    if "known" in row:
        known, quantity = row["known"] == 1, pick(row["known"] == 1, row["by_quantity"], 0.0)
        classes |= split(quantity, "upsell", "contraction_quantity")
        classes |= split(pick(known, rest - quantity, 0.0), "price_increase", "contraction_price")
        rest = pick(known, 0.0, rest)
    classes |= split(rest, "expansion", "contraction")
    return {name: classes[name] for name in CLASSES if name in classes}


def departures(row: Mapping[str, Any], over: Algebra) -> dict[str, Any]:
    """The classes of a row in the month after, where it is gone by then.

    Args:
        row: `now` and `next`, the same at next month's rates; where a merge brings something in at the start of next
            month, `in_then` and `in_next`; conditions: `gone` (the product is no longer there), `stays` (the customer
            is); where there are such things, `lapses` (all lines of the customer lapsed) and `moves` (a merge takes
            the customer away).
        over: arrays, or a plan.
    """
    pick, here, later = over.pick, row["now"], row["next"]
    classes = {}
    if "in_then" in row:
        classes["transfer_in"] = pick(row["gone"], row["in_then"], 0.0)
        here, later = here + row["in_then"], later + row["in_next"]

    def kept(amount: Any) -> Any:
        return pick(row["gone"], pick(row["stays"], amount, 0.0), 0.0)

    lost = pick(row["gone"], pick(row["stays"], 0.0, -here), 0.0)
    if later is not here:
        classes["fx"] = kept(later - here)
    classes["product_dropped"] = kept(-later)
    if "moves" in row:
        classes["transfer_out"], lost = pick(row["moves"], lost, 0.0), pick(row["moves"], 0.0, lost)
    if "lapses" in row:
        classes["lapsed"], lost = pick(row["lapses"], lost, 0.0), pick(row["lapses"], 0.0, lost)
    classes["churn"] = lost
    return {name: classes[name] for name in CLASSES if name in classes}


def column_of(movement: str, rises: bool) -> str:
    """The bridge's column of a class; `rises`: the customer's net in that month is 0 or more."""
    return _COLUMN.get(movement) or ("expansion" if rises else "contraction")


def totals(classes: Mapping[str, Any], rises: Any, over: Algebra) -> dict[str, Any]:
    """What a row adds to the bridge's columns; `rises`: the net of its customer and month is 0 or more."""
    inner = sum(classes[name] for name in INNER if name in classes)
    out = {"up": over.pick(rises, inner, 0.0), "down": over.pick(rises, 0.0, inner)}
    for name, amount in classes.items():
        if name in _COLUMN:
            out[_COLUMN[name]] = out.get(_COLUMN[name], 0.0) + amount
    return out


def grid(place: Ints, values: Mapping[str, NDArray], group: Ints, groups: int, months: int) -> dict[str, NDArray]:
    """Sums by month and group as one block each, 0 where there is none; `after_` sums stand in the month after."""
    found = {}
    for name, amounts in values.items():
        month = place + 1 if name.startswith("after_") else place
        real = (month >= 0) & (month < months)
        block = np.bincount(month[real] * groups + group[real], np.asarray(amounts, float)[real], months * groups)
        found[name] = block.reshape(months, groups)
    return found


def bridge(sums: Mapping[str, NDArray], *, sliced: bool = False, detail: bool = False) -> dict[str, NDArray]:
    """Stage 2 of the bridge: cents by month and group, from opening to closing; losses are positive.

    Args:
        sums: the blocks of `grid`, named as in ARRIVING, and as in LEAVING after `after_`; classes after `class_` and
            `after_class_`. Where a row is all of a customer, `kept` (what those still there paid the month before) may
            stand for all that leaves.
        sliced: by a group, with what entered and left it.
        detail: the classes too, signed, as `change_` and their name.
    """
    nothing = np.zeros_like(sums["closing"])

    def moved(name: str) -> NDArray:
        amount = sums.get(name, nothing) + sums.get(f"after_{name}", nothing)
        return np.concatenate([nothing[:1], amount[1:]])

    closing = sums["closing"]
    opening = np.concatenate([closing[:1], closing[:-1]])
    if "kept" in sums:
        sums = {**sums, "churned": sums["kept"] - opening}
    columns = {
        "opening": opening, "new": moved("new"), "expansion": moved("up"), "contraction": -moved("down"),
        "churned": -moved("churned"), "reactivation": moved("reactivation"), "fx": moved("fx"),
        "transfer": moved("transfer"),
    }  # fmt: skip
    if sliced:
        columns |= {"entered": moved("entered"), "left": -moved("left")}
    losses = ("contraction", "churned", "left")
    total = sum(-amount if name in losses else amount for name, amount in columns.items())
    if (total - closing).any():
        raise ArithmeticError("the movements do not add up to the closing balance")
    columns |= {"closing": closing, "open_renewal": sums.get("open", nothing)}
    if detail:
        columns |= {f"change_{name}": moved(f"class_{name}") for name in CLASSES}
    return {name: np.asarray(values) + 0.0 for name, values in columns.items()}


def bridge_columns(first: int, labels: Mapping[str, Sequence[Any]], blocks: Mapping[str, NDArray]) -> dict[str, Any]:
    """The bridge as a table: a row a month and group, in that order.

    Args:
        first: number of the first month.
        labels: column -> the name of each group; nothing where there is one.
        blocks: cents by month and group.
    """
    months, groups = blocks["closing"].shape
    columns: dict[str, Any] = {"month": np.repeat(month_column(first, months), groups)}
    for name, of_group in labels.items():
        columns[name] = list(of_group) * months
    return columns | {name: from_cents(block.ravel()) for name, block in blocks.items()}

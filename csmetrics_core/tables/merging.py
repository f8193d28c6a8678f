"""Several records of one customer made one: throughout, or from the month in which one takes another over."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import narwhals as nw
import numpy as np

from csmetrics_core.errors import WrongShape, show, wrong_kind
from csmetrics_core.maths.periods import index_of
from csmetrics_core.tables.engine import Source

#: What `arr_balances` knows of a balance beside its amount. Money, but for the three that count.
EXTRAS = (
    "arr_at_next_rates", "correction", "correction_at_next_rates", "contracted_step", "contracted_step_quantity",
    "open_renewal", "lapses", "free_month",
)  # fmt: skip
#: What a customer starts a month with because it took another one over at its start.
BROUGHT = ("in_arr", "in_next", "in_quantity")


def merged(source: Source, merge: Mapping[Any, Any]) -> Source:
    """Rows of customer, month and arr under the customers they belong to.

    Args:
        source: balances.
        merge: {old: new} relabels history; {old: (new, month)} moves what there is at the start of that month.
    """
    plain, dated = _merges(merge)
    rows, customer, month = source.rows, nw.col("customer"), nw.col("month")
    for old, new in plain.items():
        rows = rows.with_columns(customer=nw.when(customer == old).then(nw.lit(new)).otherwise(customer))
    if dated:
        rows = rows.with_columns(moves=nw.lit(0), **{name: nw.lit(0.0) for name in BROUGHT})
    for old, new, since in dated:
        moves = (customer == old) & (month == since - 1)
        brought = rows.filter(moves).with_columns(_as_brought(source, new))
        rows = rows.with_columns(
            moves=nw.when(moves).then(nw.lit(1)).otherwise(nw.col("moves")),
            customer=nw.when((customer == old) & (month >= since)).then(nw.lit(new)).otherwise(customer),
        )
        rows = nw.concat([rows, brought.select(*rows.collect_schema().names())], how="vertical")
    return replace(source, rows=rows, roles=source.roles | ({"moves", *BROUGHT} if dated else set()))


def _as_brought(source: Source, new: Any) -> list[nw.Expr]:
    """A row of the customer taken over, as something its new one starts the next month with."""
    value = nw.col("arr").fill_null(0.0)
    later = nw.col("arr_at_next_rates").fill_null(0.0) if "arr_at_next_rates" in source.roles else value
    amounts = {"in_arr": value, "in_next": later}
    if "quantity" in source.roles:
        amounts |= {"in_quantity": nw.col("quantity"), "quantity": nw.lit(0.0)}
    amounts |= {name: nw.lit(0.0) for name in (*EXTRAS, "arr") if name in source.roles}
    brought = [value.alias(name) for name, value in amounts.items()]
    return [nw.lit(new).alias("customer"), nw.lit(0).alias("moves"), *brought]


def _merges(merge: Mapping[Any, Any]) -> tuple[dict[Any, Any], list[tuple[Any, Any, int]]]:
    """Plain merges with chains followed to their end, and dated ones by month."""
    plain: dict[Any, Any] = {}
    dated: list[tuple[Any, Any, int]] = []
    for old, new in merge.items():
        if isinstance(new, tuple | list):
            dated.append((old, new[0], _month_number(new[1] if len(new) == 2 else None)))
        else:
            plain[old] = new
    return {old: _end_of(plain, old) for old in plain}, sorted(dated, key=lambda one: (one[2], str(one[0])))


def _end_of(plain: Mapping[Any, Any], old: Any) -> Any:
    """The record that a chain of merges leads to."""
    seen, kept = {old}, plain[old]
    while kept in plain:
        if kept in seen:
            problem = f"merge leads from {show(old)} back to itself"
            raise WrongShape(problem, "Name the record to keep.", argument="merge")
        seen.add(kept)
        kept = plain[kept]
    return kept


def _month_number(value: Any) -> int:
    try:
        day = np.datetime64(str(value)[:10], "D")
    except ValueError:
        fix = 'Give {old: (new, "2026-02")}, or {old: new} to merge the whole history.'
        raise wrong_kind("merge", None, value, "a month", fix) from None
    return int(index_of(np.array([day.astype(np.int64)]), "month")[0])

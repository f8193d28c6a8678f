"""The revenue ledger over tables: every change of a balance, and the bridge from month to month."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import narwhals as nw
import numpy as np

from csmetrics_core.errors import WrongCall
from csmetrics_core.reductions.ledger import (
    CLASSES,
    Algebra,
    arrivals,
    bridge,
    bridge_columns,
    column_of,
    departures,
    grid,
    opened,
    totals,
)
from csmetrics_core.tables.balance_rows import (
    Rows,
    balance_rows,
    customers_beside,
    neighbours,
    open_balances,
    real_months,
)
from csmetrics_core.tables.engine import NEVER, collected, like, month_date, one_if, plan_like
from csmetrics_core.tables.frames import names_of
from csmetrics_core.tables.monthly import unpivoted

_RESERVED = frozenset(
    "month opening new expansion contraction churned reactivation fx transfer entered left closing open_renewal "
    "customer movement column amount".split()
)


def _pick(condition: Any, then: Any, otherwise: Any) -> nw.Expr:
    return nw.when(condition).then(_value(then)).otherwise(_value(otherwise))


def _value(value: Any) -> nw.Expr:
    return value if isinstance(value, nw.Expr) else nw.lit(value)


_NAMES = ("opening", *CLASSES)
_AFTER = 100  # what the code of a class in the month after is larger by
PLAN = Algebra(_pick, lambda value: value.floor())


def arr_bridge(
    frame: Any,
    by: Sequence[str] = (),
    *,
    detail: bool = False,
    customer: str | None = None,
    month: str | None = None,
    arr: str | None = None,
    product: str | None = None,
    quantity: str | None = None,
    merge: Mapping[Any, Any] | None = None,
    as_of: date | None = None,
    time_zone: str = "UTC",
    notes: list[str] | None = None,
) -> Any:
    """How recurring revenue went from one month to the next, to the cent, by any grouping.

    Args:
        frame: balances: one row a customer and month, or a customer, month and product, as `arr_balances` gives them or
            as they come; or one row a customer with the months across.
        by: columns to slice by. What a customer (or its product) moves from one slice to another has left the one and
            entered the other.
        detail: the classes of the ledger too, signed, each a column that begins with change_.
        customer, month, arr, product, quantity: names of the columns; looked for where not given. `arr` is what is paid
            a year, or a month: the bridge is in the same unit.
        merge: {old: new} for two records of one customer; {old: (new, month)} where one took the other over.
        as_of: the day the data were taken: the table runs up to the last month over by then. Where not given, up to
            the last month seen that is over today.
        time_zone: the zone whose months count, for dates with a zone.
        notes: a list that takes what the reader must know.

    Returns:
        A frame of the caller's own kind: month, the columns of `by`, opening, new, expansion, contraction, churned,
        reactivation, fx, transfer, closing, open_renewal (the part of closing not renewed yet); by slices also entered
        and left before closing. Losses are positive amounts.

    Raises:
        MetricError: a column is missing or of another type, or a balance is below 0.

    Examples:
        >>> import pandas
        >>> frame = pandas.DataFrame({"customer": ["A", "B"], "2026-01": [100, 50], "2026-02": [120, None]})
        >>> arr_bridge(frame, as_of=date(2026, 3, 1))["churned"].tolist()
        [0.0, 50.0]

    Source: ChartMogul help centre, MRR Movements: net by customer, currency changes and merges apart.
    """
    by = names_of("by", by)
    refuse_taken(by)
    given = {"customer": customer, "month": month, "arr": arr, "product": product, "quantity": quantity}
    source = open_balances(frame, given, by, time_zone, notes, merge)
    rows = balance_rows(source, by, finer=detail or bool(by))
    counted = collected(bridge_plan(rows, detail))
    first, months = real_months(rows, counted, as_of)
    return like(source.native, bridge_table(rows, counted, first, months, detail))


def arr_ledger(
    frame: Any,
    by: Sequence[str] = (),
    *,
    customer: str | None = None,
    month: str | None = None,
    arr: str | None = None,
    product: str | None = None,
    quantity: str | None = None,
    merge: Mapping[Any, Any] | None = None,
    as_of: date | None = None,
    time_zone: str = "UTC",
    notes: list[str] | None = None,
) -> Any:
    """Every change of what a customer pays for a product, each with its class; a balance is the sum so far.

    Args:
        frame: balances, as for `arr_bridge`.
        by: columns to carry along, such as a segment; a change has the value of its own month, a loss the one before.
        customer, month, arr, product, quantity: names of the columns; looked for where not given.
        merge: {old: new} for two records of one customer; {old: (new, month)} where one took the other over.
        as_of: the day the data were taken: nothing after the last month over by then. Where not given, up to the
            last month seen that is over today.
        time_zone: the zone whose months count, for dates with a zone.
        notes: a list that takes what the reader must know.

    Returns:
        A plan of the caller's own engine, or a frame where that has no plans: month, customer, product, the columns of
        `by`, opening, movement, column, amount (signed), closing; a row only where something moves.

    Raises:
        MetricError: a column is missing or of another type, or a balance is below 0.

    Examples:
        >>> import pandas
        >>> frame = pandas.DataFrame({"customer": ["A", "A"], "month": ["2026-01-01", "2026-02-01"], "arr": [100, 120]})
        >>> ledger = arr_ledger(frame.astype({"month": "datetime64[s]"}), as_of=date(2026, 3, 1))
        >>> ledger["movement"].tolist()
        ['opening', 'expansion']

    Source: ChartMogul help centre, MRR Movements.
    """
    by = names_of("by", by)
    refuse_taken(by)
    given = {"customer": customer, "month": month, "arr": arr, "product": product, "quantity": quantity}
    source = open_balances(frame, given, by, time_zone, notes, merge)
    rows = balance_rows(source, by, finer=True)
    places = collected(rows.plan.group_by("place").agg(*rows.checks, closing=nw.col("cents").sum()))
    first, months = real_months(rows, places, as_of)
    return plan_like(source.native, _ledger_plan(rows, first, months))


def refuse_taken(by: Sequence[str], also: Sequence[str] = ()) -> None:
    """No column to slice by may be called like one of the result."""
    if taken := sorted({*_RESERVED, *also}.intersection(by) - {"product"}):
        raise WrongCall(f"by names {taken[0]!r}, which is a column of the result too", "Rename that column first.")


def _told(rows: Rows) -> tuple[nw.LazyFrame, dict[str, Any], dict[str, Any]]:
    """The plan with each row beside its neighbours, and the classes of its own month and of the month after."""
    plan = customers_beside(rows, neighbours(rows))
    there = rows.arriving()
    parts = opened(there, PLAN)
    plan = plan.with_columns(**{f"of_{name}": value for name, value in parts.items()})
    there |= {name: nw.col(f"of_{name}") for name in parts}
    return plan, arrivals(there, PLAN), departures(rows.leaving(), PLAN)


def _net(rows: Rows) -> tuple[nw.Expr, nw.Expr]:
    """Whether the customer's net is 0 or more: in the row's month, and in the month after."""
    rates = rows.has("next") or rows.has("fx")
    then = nw.col("customer_then_next" if rates else "customer_then")
    later = nw.col("customer_next" if rows.has("next") else "customer_cents")
    if rows.has("in_cents"):
        # A customer that was there, or that takes over another one's place.
        then, later = then + nw.col("customer_in_next_before"), later + nw.col("customer_in_next")
    return nw.col("customer_cents") >= then, nw.col("customer_cents_after") >= later


def bridge_plan(rows: Rows, detail: bool) -> nw.LazyFrame:
    """Stage 1 of the bridge: what each month and slice gains and loses."""
    plan, there, later = _told(rows)
    rises, rises_after = _net(rows)
    parts: dict[str, Any] = {"closing": nw.col("cents")}
    parts |= totals(there, rises, PLAN)
    if rows.by or detail or rows.has("in_cents"):
        parts |= {f"after_{name}": value for name, value in totals(later, rises_after, PLAN).items()}
    else:  # whoever is not kept has churned: nothing reads the row after, and engines leave out what nothing reads
        parts["kept"] = _pick(rows.arriving()["held"], nw.col("then"), 0.0)
    if rows.has("open_renewal"):
        parts["open"] = nw.col("open_renewal")
    if rows.by:
        parts |= _moved_between(rows)
    if detail:
        parts |= {f"class_{name}": value for name, value in there.items()}
        parts |= {f"after_class_{name}": value for name, value in later.items()}
    plan = plan.with_columns(**{f"sum_{name}": value for name, value in parts.items()})
    sums = [nw.col(f"sum_{name}").sum().alias(name) for name in parts]
    return plan.group_by("place", *rows.by).agg(*sums, *rows.checks)


def _moved_between(rows: Rows) -> dict[str, nw.Expr]:
    """What came from another slice in the row's month, and what goes to another in the month after."""

    def differs(name: str, other: str) -> nw.Expr:
        here, there = nw.col(name), nw.col(f"{name}_{other}")
        blanks = one_if(here.is_null()) + one_if(there.is_null())
        return one_if(one_if(here == there) + one_if(blanks == 2) == 0)

    def moved(other: str) -> nw.Expr:
        counts = [differs(name, other) for name in rows.traits]
        return sum(counts[1:], counts[0]) > 0

    if not rows.traits:
        return {}
    held, stays = rows.arriving()["held"], rows.held_after()
    return {
        "entered": _pick(held, _pick(moved("then"), nw.col("then"), 0.0), 0.0),
        "after_left": _pick(stays, _pick(moved("after"), -nw.col("cents"), 0.0), 0.0),
    }


def bridge_table(rows: Rows, counted: Mapping[str, Any], first: int, months: int, detail: bool) -> dict[str, Any]:
    """Stage 2: the small result as a table."""
    names = [name for name in counted if name not in {"place", "rows", "pairs", "conflicts", *rows.by}]
    blocks, labels, _ = grouped(rows, counted, names, first, months)
    return bridge_columns(first, labels, bridge(blocks, sliced=bool(rows.by), detail=detail))


def grouped(
    rows: Rows, counted: Mapping[str, Any], names: Sequence[str], first: int, months: int
) -> tuple[dict[str, np.ndarray], dict[str, list[Any]], int]:
    """A small result as one block of months by slices for each sum, the names of the slices, and how many there are."""
    place = np.asarray(counted["place"]) - first
    inside = np.flatnonzero((place >= 0) & (place < months))
    columns = [counted[name] for name in rows.by]
    keys = [tuple(_plain(column[row]) for column in columns) for row in inside.tolist()]
    known = sorted(set(keys), key=slice_order)
    number = {key: place for place, key in enumerate(known)}
    group = np.array([number[key] for key in keys], np.int64)
    values = {name: np.asarray(counted[name], float)[inside] for name in names}
    labels = {name: [key[i] for key in known] for i, name in enumerate(rows.by)}
    return grid(place[inside], values, group, len(known), months), labels, len(known)


def _plain(value: Any) -> Any:
    value = value.item() if isinstance(value, np.generic) else value
    return None if value is None or value != value else value


def slice_order(key: tuple[Any, ...]) -> list[Any]:
    """Slices sort by value: numbers, then text, then what is missing."""
    return [(value is None, isinstance(value, str), 0 if value is None else value) for value in key]


def _ledger_plan(rows: Rows, first: int, months: int) -> nw.LazyFrame:
    """Every class of every row as a row of its own, in the order in which they chain."""
    plan, there, later = _told(rows)
    rises, rises_after = _net(rows)
    opens = nw.col("place") == first
    amounts = {_code(name): _pick(opens, 0.0, value) for name, value in there.items()}
    amounts[_code("opening")] = _pick(opens, nw.col("cents"), 0.0)
    amounts |= {_code(name, _AFTER): value for name, value in later.items()}
    keys = (*rows.keys, *rows.traits)
    plan = plan.filter(nw.col("place") < NEVER // 2)
    plan = plan.with_columns(**amounts, up=one_if(rises), up_after=one_if(rises_after))
    index = (*keys, "place", "up", "up_after")
    long = unpivoted(plan.select(*index, *amounts), list(amounts), index, "code", "amount")
    long = long.filter(nw.col("amount") != 0.0).with_columns(code=nw.col("code").str.slice(1).cast(nw.Int64))
    long = long.with_columns(
        month=nw.col("place") + nw.col("code") // _AFTER,
        order=nw.col("code") % _AFTER,
        rises=_pick(nw.col("code") >= _AFTER, nw.col("up_after"), nw.col("up")) == 1,
    ).filter(nw.col("month") < first + months)
    chain = nw.col("amount").cum_sum().over(*rows.keys, order_by=("month", "order"))
    long = long.with_columns(closing=chain, product=nw.col("product") if "product" in rows.keys else nw.lit(""))
    return _as_columns(long.sort("month", "customer", "product", "order"), rows)


def _code(name: str, after: int = 0) -> str:
    """A class as the name of a column whose number sorts as the classes chain."""
    return f"c{_NAMES.index(name) + after}"


def _as_columns(long: nw.LazyFrame, rows: Rows) -> nw.LazyFrame:
    """The ledger as people read it: months as dates, classes and columns as words, money in units."""
    number, order, rises = nw.col("month"), nw.col("order"), nw.col("rises")
    movement, column = nw.lit(_NAMES[0]), nw.lit(_NAMES[0])
    for place, name in enumerate(_NAMES[1:], 1):
        up, down = column_of(name, rises=True), column_of(name, rises=False)
        movement = nw.when(order == place).then(nw.lit(name)).otherwise(movement)
        value = nw.lit(up) if up == down else nw.when(rises).then(nw.lit(up)).otherwise(nw.lit(down))
        column = nw.when(order == place).then(value).otherwise(column)
    opening, amount, closing = nw.col("closing") - nw.col("amount"), nw.col("amount"), nw.col("closing")
    return long.select(
        month_date(number, long).alias("month"), "customer", "product", *rows.traits,
        (opening / 100).alias("opening"), movement.alias("movement"), column.alias("column"),
        (amount / 100).alias("amount"), (closing / 100).alias("closing"),
    )  # fmt: skip

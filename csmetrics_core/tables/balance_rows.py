"""Balances as plans read them: one row a customer (and product) and month, beside the months around it.

The place of a row is its month where something is paid. Everything else comes after all months, so that a look at the
row before or after needs no filter: 0 at NEVER + month, what cannot be used at one of the places after that.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import narwhals as nw
import numpy as np

from csmetrics_core.errors import OutOfScale, WrongShape, show
from csmetrics_core.maths.periods import as_dates, first_day
from csmetrics_core.reductions.flows import below_zero, repeats_note
from csmetrics_core.reductions.money import LARGEST_CENTS, refuse_inexact_total
from csmetrics_core.tables.engine import NEVER, UNKNOWN, Source, collected, last_complete, one_if
from csmetrics_core.tables.merging import BROUGHT, EXTRAS, merged
from csmetrics_core.tables.monthly import open_months
from csmetrics_core.tables.rates import month_text
from csmetrics_core.tables.schema import Role

_ZERO = NEVER // 2
_BELOW_ZERO, _BLANK_VALUE, _BLANK_CUSTOMER = 2 * NEVER, 3 * NEVER, 4 * NEVER


@dataclass(frozen=True)
class Rows:
    """A plan of one row a key and month.

    Args:
        plan: customer, perhaps product, place, cents and what else is known.
        source: the table it comes from.
        keys: customer, or customer and product.
        by: the columns to slice by; the product among them is part of the key.
        names: the further columns there are.
        value: the role of the amounts.
    """

    plan: nw.LazyFrame
    source: Source
    keys: tuple[str, ...]
    by: tuple[str, ...]
    names: frozenset[str]
    value: str

    def has(self, name: str) -> bool:
        """Whether the plan holds a column."""
        return name in self.names

    @property
    def traits(self) -> tuple[str, ...]:
        """The slices that are no part of the key: a key can move from one to another."""
        return tuple(name for name in self.by if name not in self.keys)

    @property
    def checks(self) -> list[nw.Expr]:
        """What every reduction adds up to find what is wrong with the rows."""
        conflicts = [nw.col("conflicts").sum()] if self.traits else []
        return [nw.col("rows").sum(), nw.len().alias("pairs"), *conflicts]

    def arriving(self) -> dict[str, Any]:
        """Each row against the month before, as `arrivals` reads it."""
        held = nw.col("before") == nw.col("place") - 1
        row: dict[str, Any] = {"now": nw.col("cents"), "then": nw.col("then")}
        row["then_next"] = nw.col("then_next") if self.has("next") or self.has("fx") else row["then"]
        if self.has("in_cents"):
            held &= nw.col("present") == 1
            for name in ("in_then", "in_next"):
                row[name] = nw.when(held).then(nw.col(f"{name}_before")).otherwise(nw.lit(0.0))
        if self.has("correction"):
            row["corrected"] = nw.col("correction") - nw.col("correction_then")
        if self.has("contracted_step"):
            row["step"] = nw.col("contracted_step")
        if self.has("quantity"):
            row |= {"quantity": nw.col("quantity"), "quantity_then": nw.col("quantity_then")}
            if self.has("contracted_step_quantity"):
                row["step_quantity"] = nw.col("contracted_step_quantity")
        was = nw.col("customer_before") == nw.col("place") - 1
        return row | {"held": held, "was": was, "seen": ~nw.col("customer_before").is_null()}

    def leaving(self) -> dict[str, Any]:
        """Each row against the month after, as `departures` reads it."""
        row: dict[str, Any] = {"now": nw.col("cents")}
        row["next"] = nw.col("next") if self.has("next") else row["now"]
        stays = nw.col("customer_after") == nw.col("place") + 1
        if self.has("in_cents"):
            row |= {"in_then": nw.col("in_cents"), "in_next": nw.col("in_next"), "moves": nw.col("moves") == 1}
            stays &= nw.col("customer_present_after") == 1
        if self.has("lapses"):
            row["lapses"] = nw.col("customer_lapses") == 1
        real = nw.col("place") < _ZERO
        return row | {"stays": stays, "gone": real & (one_if(self.held_after()) == 0)}

    def held_after(self) -> nw.Expr:
        """Whether the product is still there in the month after."""
        held = nw.col("after") == nw.col("place") + 1
        return held & (nw.col("present_after") == 1) if self.has("in_cents") else held


def open_balances(
    frame: Any,
    given: Mapping[str, str | None],
    by: Sequence[str],
    time_zone: str,
    notes: list[str] | None,
    merge: Mapping[Any, Any] | None = None,
) -> Source:
    """Long rows of customer, month number and arr, with product, quantity, slices and what `arr_balances` adds."""
    found = [Role("product", "id", needed="product" in by), Role("quantity", "number", needed=False)]
    found += [Role(name, "number", needed=False) for name in EXTRAS]
    found += [Role("currency", "id", needed=False), Role("local_arr", "number", needed=False)]
    found += [Role(name, "any") for name in by if name != "product"]
    named = {**{name: name for name in by if name != "product"}, **given}
    source = open_months(frame, named, time_zone, notes, value="arr", more=found)
    if "product" in source.texts:
        source.rows = source.rows.with_columns(nw.col("product").fill_null(""))
    return merged(source, merge) if merge else source


def balance_rows(source: Source, by: Sequence[str] = (), *, finer: bool = False, apart: Sequence[str] = ()) -> Rows:
    """One row a key and month, in cents; by product where that is known and `finer` is asked for; `apart` by more."""
    keys = ("customer", *(("product",) if finer and "product" in source.roles else ()), *apart)
    traits = tuple(name for name in by if name not in keys)
    value = "mrr" if "mrr" in source.roles else "arr"
    rows = source.rows.with_columns(
        _cents(value).alias("cents"),
        nw.when(nw.col(value).is_null()).then(nw.lit(UNKNOWN)).otherwise(nw.col("month")).alias("month"),
    )
    sums, names = _sums(source, keys, traits, finer)
    if sums:
        rows = rows.with_columns(**{name: expr for name, (expr, _) in sums.items()})
    plan = rows.group_by(*keys, "month").agg(
        nw.col("cents").sum(), nw.len().alias("rows"), *(agg for _, agg in sums.values())
    )
    if traits:
        differ = [one_if(nw.col(name) != nw.col(f"{name}_most")) for name in traits]
        plan = plan.with_columns(conflicts=sum(differ[1:], differ[0]))
    if "quantity" in names:
        quantity = nw.when(nw.col("quantity_known") == 1).then(nw.col("quantity"))
        plan = plan.with_columns(quantity=quantity)
    place = _place(source, names)
    # DuckDB adds up floats faster than whole numbers, and these are exact; it sorts short numbers faster.
    plan = plan.with_columns(nw.col("rows").cast(nw.Float64), place=place.cast(nw.Int32))
    if "in_cents" in names:
        plan = plan.with_columns(present=one_if((nw.col("cents") > 0) | (nw.col("free_month") == 1)))
    return Rows(plan, source, keys, tuple(by), frozenset(names), value)


def _cents(column: str) -> nw.Expr:
    value = nw.col(column)
    exact = nw.when(value.abs() > LARGEST_CENTS / 100).then(nw.lit(2.0 * LARGEST_CENTS)).otherwise(value)
    return (exact * 100 + 0.5).floor()


def _sums(
    source: Source, keys: Sequence[str], traits: Iterable[str], finer: bool
) -> tuple[dict[str, tuple[nw.Expr, nw.Expr]], set[str]]:
    """Further columns: how each row is read, and how rows of one key and month are put together."""
    found: dict[str, tuple[nw.Expr, nw.Expr]] = {}
    short = {"arr_at_next_rates": "next", "in_arr": "in_cents"}

    def add(name: str, value: nw.Expr, agg: str = "sum") -> None:
        found[name] = (value, getattr(nw.col(name), agg)())

    for name in ("arr_at_next_rates", "open_renewal", "fx", *(EXTRAS[1:5] if finer else ()), *BROUGHT):
        if name in source.roles:
            value = nw.col(name).fill_null(0.0)
            add(short.get(name, name), value if "quantity" in name else (value * 100 + 0.5).floor())
    if "later" in source.roles:
        # Half a cent is rounded up though the product of amount and rate may be a hair below it.
        add("later", (nw.col("later") * 100 + 0.5 + 1e-7).floor())
        add("unrated", nw.col("unrated"))
    if "currency" in keys:
        add("local_arr", nw.col("local_arr").fill_null(0.0))
    if finer and "quantity" in source.roles:
        add("quantity_known", one_if(~nw.col("quantity").is_null()), "min")
        add("quantity", nw.col("quantity").fill_null(0.0))
    if "lapses" in source.roles:
        add("lapses", nw.col("lapses").fill_null(0.0), "min")
    for name in ("free_month", "moves"):
        if name in source.roles or (name == "free_month" and "in_arr" in source.roles):
            add(name, nw.col(name).fill_null(0.0) if name in source.roles else nw.lit(0.0), "max")
    for name in traits:
        found[name] = (nw.col(name), nw.col(name).min())
        found[f"{name}_most"] = (nw.col(name), nw.col(f"{name}_most").max())
    return found, set(found)


def _place(source: Source, names: set[str]) -> nw.Expr:
    cents, month = nw.col("cents"), nw.col("month")
    there = cents > 0
    for name in ("free_month", "in_cents"):
        there = there | (nw.col(name) > 0) if name in names else there
    place = nw.when(there).then(month).otherwise(month + NEVER)
    for number, bad in enumerate((cents < 0, month == UNKNOWN, source.known("customer") == 0), 2):
        place = nw.when(bad).then(nw.lit(number * NEVER)).otherwise(place)
    return place


def neighbours(rows: Rows) -> nw.LazyFrame:
    """Each row beside its key's row before and after."""
    before = {"before": "place", "then": "cents"}
    after = {"after": "place", "cents_after": "cents"}
    for column, name in (("next", "then_next"), ("quantity", "quantity_then"), ("in_cents", "in_then_before")):
        before |= {name: column} if rows.has(column) else {}
    if rows.has("in_cents"):
        before |= {"in_next_before": "in_next"}
        after |= {"present_after": "present"}
    if rows.has("correction"):
        later = "correction_at_next_rates" if rows.has("correction_at_next_rates") else "correction"
        before |= {"correction_then": later}
    for name in rows.traits:
        before |= {f"{name}_then": name}
        after |= {f"{name}_after": name}
    if rows.keys != ("customer",):
        del after["cents_after"]
    plan = _shifted(rows.plan, rows.keys, before, after)
    if rows.has("fx"):  # what rates did since the month before, given beside the amount
        plan = plan.with_columns(then_next=nw.col("then") + nw.col("fx"))
    if rows.has("quantity") and rows.has("in_quantity"):
        more = plan_shift("in_quantity", rows.keys)
        plan = plan.with_columns(quantity_then=nw.col("quantity_then") + more)
    return plan


def plan_shift(column: str, keys: Sequence[str]) -> nw.Expr:
    """The value of a column in the key's row before."""
    return nw.col(column).shift(1).over(*keys, order_by="place")


def _shifted(
    plan: nw.LazyFrame, keys: Sequence[str], before: Mapping[str, str], after: Mapping[str, str]
) -> nw.LazyFrame:
    steps = ((before, 1), (after, -1))
    return plan.with_columns(
        **{
            name: nw.col(column).shift(by).over(*keys, order_by="place")
            for wanted, by in steps
            for name, column in wanted.items()
        }
    )


def customers_beside(rows: Rows, plan: nw.LazyFrame) -> nw.LazyFrame:
    """What is told of each row's customer beside it: the one join, where rows are finer than customers."""
    sums = ["cents", *(name for name in ("next", "in_cents", "in_next") if rows.has(name))]
    before = {"customer_before": "place", "customer_then": "cents"}
    after = {"customer_after": "place", "customer_cents_after": "cents"}
    if rows.has("next"):
        before |= {"customer_then_next": "next"}
    if rows.has("in_cents"):
        before |= {"customer_in_next_before": "in_next"}
        after |= {"customer_present_after": "present"}
    if rows.keys == ("customer",):
        same = {"customer_before": "before", "customer_then": "then", "customer_after": "after"}
        same |= {"customer_cents_after": "cents_after", "customer_then_next": "then_next"}
        same |= {"customer_in_next_before": "in_next_before", "customer_present_after": "present_after"}
        wanted = {*before, *after, *({"customer_then_next"} if rows.has("fx") else ())}
        columns = {f"customer_{name}": nw.col(name) for name in (*sums, "lapses") if name in sums or rows.has(name)}
        return plan.with_columns(**columns, **{name: nw.col(column) for name, column in same.items() if name in wanted})
    aggregates = [nw.col(name).sum() for name in sums]
    if rows.has("in_cents"):
        aggregates.append(nw.col("present").max())
    if rows.has("lapses"):
        aggregates.append(nw.col("lapses").min())
    customers = _shifted(rows.plan.group_by("customer", "place").agg(*aggregates), ("customer",), before, after)
    own = [nw.col(name).alias(f"customer_{name}") for name in (*sums, *(["lapses"] if rows.has("lapses") else []))]
    customers = customers.select("customer", "place", *before, *after, *own)
    return plan.join(customers, on=["customer", "place"], how="left")


def real_months(rows: Rows, counted: Mapping[str, Any], as_of: date | None) -> tuple[int, int]:
    """The first month and how many there are, after refusing and noting what is wrong with the rows."""
    source, place, count = rows.source, np.asarray(counted["place"]), np.asarray(counted["rows"], float)
    if (place == _BELOW_ZERO).any():
        _refuse_below_zero(rows)
    if rows.traits and np.asarray(counted["conflicts"], float)[place < NEVER // 2].any():
        _refuse_conflict(rows)
    source.dropped(int(count[place == _BLANK_CUSTOMER].sum()), "a blank customer")
    source.dropped(int(count[place == _BLANK_VALUE].sum()), f"a blank month or {rows.value}")
    good = place < _BELOW_ZERO - NEVER // 2
    if not good.any():
        raise source.nothing(f"the table holds no row with customer, month and {rows.value}")
    amounts = np.asarray(counted["closing"], dtype=float)
    refuse_inexact_total(float(amounts[good].max()), rows.value)
    if rows.keys != ("customer",) or "product" not in source.roles:
        repeated = int((count - np.asarray(counted["pairs"]))[good].sum())
        source.notes.extend(repeats_note(repeated, f"{', '.join(rows.keys)} and month"))
    month = place[good] - np.where(place[good] >= _ZERO, NEVER, 0)
    return span_of(source, int(month.min()), int(month.max()), as_of)


def span_of(source: Source, first: int, last: int, as_of: date | None) -> tuple[int, int]:
    """The first month and how many there are up to the last one over by a day: that of the data, or the one given."""
    end = last_complete(as_of, "month")
    if first >= end:
        day = as_dates(first_day(np.array([end]), "month"))[0]
        raise WrongShape(f"no month of the table is over by {day}", "Give as_of, the day the data were taken.")
    if last >= end:
        source.note(f"months left out because they are not over: {last - end + 1}")
    return first, (end if as_of is not None else min(last + 1, end)) - first


def _refuse_below_zero(rows: Rows) -> None:
    """Name a customer and month that is below 0; the same one on every engine."""
    plan = rows.plan.filter(nw.col("cents") < 0, nw.col("month") != UNKNOWN, ~nw.col("customer").is_null())
    found = collected(plan.select(*rows.keys, "month", "cents").sort("month", *rows.keys).head(1))
    who = " for ".join(repr(found[name][0]) for name in rows.keys)
    raise below_zero(rows.value, f"{who} in {month_text(int(found['month'][0]))}", float(found["cents"][0]))


def _refuse_conflict(rows: Rows) -> None:
    """Name a customer that is in two slices at once; the same one on every engine."""
    plan = rows.plan.filter(nw.col("conflicts") > 0, nw.col("place") < NEVER // 2)
    both = [part for name in rows.traits for part in (name, f"{name}_most")]
    found = collected(plan.select(*rows.keys, "month", *both).sort("month", *rows.keys).head(1))
    name = next(n for n in rows.traits if found[n][0] != found[f"{n}_most"][0])
    who = " for ".join(repr(found[key][0]) for key in rows.keys)
    problem = (
        f"customer {who} has two values of {name} in {month_text(int(found['month'][0]))}: "
        f"{show(found[name][0])} and {show(found[f'{name}_most'][0])}"
    )
    fix = f"Give one a customer, product and month; if {name} is what is sold, say product={name!r}."
    raise OutOfScale(problem, fix, argument="by")

"""Balances: what each customer pays for each product at the end of each month, from contract lines or month tables."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timezone
from typing import Any

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from csmetrics_core.errors import Named, WrongCall, WrongKind, WrongShape
from csmetrics_core.maths.periods import as_dates, first_day
from csmetrics_core.reductions.contract_lines import Cells, Lines, Rate, Terms, line_cells
from csmetrics_core.reductions.money import from_cents
from csmetrics_core.reductions.terms import EndIs
from csmetrics_core.tables.engine import Source, collected, last_complete, like, month_date, open_table, plan_like
from csmetrics_core.tables.frames import names_of, schema_of, wrapped
from csmetrics_core.tables.lines import ROLES, ReadLines, read_lines
from csmetrics_core.tables.monthly import open_months
from csmetrics_core.tables.rates import Rates, no_rate, open_rates, with_rate
from csmetrics_core.tables.schema import KEYWORDS, Role, look_for

_ROLE_OF = {keyword: role for role, keyword in KEYWORDS.items()}


def arr_balances(
    frame: Any,
    by: Sequence[str] = (),
    *,
    end_is: EndIs = "auto",
    unit: str = "year",
    grace_days: int = 0,
    lapse_churn: str = "at_grace",
    basis: str = "live",
    amendments: str = "difference",
    overlap: str = "replace",
    discounts: str = "as_billed",
    rates: Any = None,
    steps: Any = None,
    as_of: date | None = None,
    time_zone: str = "UTC",
    notes: list[str] | None = None,
    **columns: str | None,
) -> Any:
    """What each customer pays for each product at the end of each month, from contract lines.

    A line counts at a month's end if it has started and its first unpaid day is later. Trials, one-time and usage
    lines are left out, and said so. Contract lines are read into memory, up to 50 million lines times months; a table
    that has months already, with `rates`, stays where it is.

    Args:
        frame: one row a contract line; or one row a customer and month, whose amounts are then put into one currency.
        by: columns to carry along, such as a segment.
        end_is: "last_day", the end is still paid for; "first_unpaid", it is not; "auto" finds out from lines that
            follow on each other, and asks where that is not clear.
        unit: amounts a "year" or a "month"; each line is rounded to the cent once. A month table keeps its own.
        grace_days: how long a term that is over, with no notice and not terminated, counts as an open renewal. Any line
            of the customer that starts by then renews it.
        lapse_churn: "at_grace" has a term not renewed lapse at the end of the grace, "backdated" at its own end.
        basis: "live" from the start, "contracted" from the day signed up to the day of notice.
        amendments: whether a line that amends another states the "difference" or the new "total".
        overlap: whether a line that renews another one "replace"s it from its start, or the two "sum" up.
        discounts: "as_billed" while in force, or "spread" evenly over the term, free months too.
        rates: a table of currency, month and rate, what 1 of the currency is worth; needed for several currencies.
        steps: a table of contract, start, amount and perhaps quantity: changes agreed in a line from the outset.
        as_of: the day the data were taken; nothing after the last month over by then. Today, where not given.
        time_zone: the zone whose days count, for dates with a zone.
        notes: a list that takes what the reader must know.
        columns: customers, starts, ends, amount, interval, products, quantities, currency, discount, discount_end,
            kind, contract, signed, notice, terminated, renews, amends, free_months: names of the columns, looked for
            where not given; of a month table customers, months, arr, products, quantities, correction, currency.

    Returns:
        A frame of the caller's own kind: customer, product, the columns of `by`, month, arr, and what the ledger needs
        beside: quantity, contracted_step, contracted_step_quantity, open_renewal, lapses, free_month; with rates one
        row a line, with currency, local_arr and arr_at_next_rates. It is what the other functions of the ledger take.

    Raises:
        MetricError: a column is missing, an amount is negative, a word is not known, ends could be meant either way,
            currencies are mixed without rates, or a rate is missing.

    Examples:
        >>> import pandas
        >>> rows = {"customer": ["A"], "start": ["2025-11-20"], "end": ["2026-02-03"], "amount": [1200]}
        >>> frame = pandas.DataFrame(rows | {"interval": ["annual"]})
        >>> frame = frame.astype({"start": "datetime64[s]", "end": "datetime64[s]"})
        >>> arr_balances(frame, as_of=date(2026, 3, 1))["arr"].tolist()
        [1200.0, 1200.0, 1200.0, 0.0]

    Source: net of discounts, trials and one-time fees excluded: ChartMogul, Stripe and Recurly; ends and amendments:
    Salesforce and SaaSGrid; open renewals: ClientSuccess and Gainsight.
    """
    by = names_of("by", by)
    columns = {_ROLE_OF.get(name, name): column for name, column in columns.items()}
    schema = schema_of(wrapped(frame))
    if columns.get("start") is None and look_for("start", schema) is None and steps is None:
        return balances_of_months(frame, by, columns, rates, time_zone, notes)
    terms = Terms(grace_days, lapse_churn, basis, amendments, overlap, discounts, unit)  # type: ignore[arg-type]
    _refuse_unknown(columns, {role.name for role in ROLES})
    roles = (*ROLES, *(Role(name, "any") for name in by if name != "product"))
    given = {**columns, **{name: name for name in by if name != "product"}}
    source = open_table(frame, roles, given, time_zone=time_zone, notes=notes)
    read = read_lines(source, end_is, tuple(name for name in by if name != "product"), steps)
    table = None if rates is None else open_rates(rates, time_zone)
    if table is None:
        refuse_mixed(read.lines.currencies or ())
    day = np.datetime64(as_of or datetime.now(timezone.utc).date(), "D").astype(np.int64)
    cells = line_cells(read.lines, terms, int(day), None if table is None else rate_of(table))
    product = "product" in source.roles
    return like(frame, _balances(read, cells, last_complete(as_of, "month") - 1, product=product, rated=bool(table)))


def _refuse_unknown(columns: Mapping[str, str | None], known: set[str]) -> None:
    if unknown := sorted(columns.keys() - known):
        words = ", ".join(sorted(KEYWORDS.get(name, name) for name in known))
        raise WrongCall(f"{unknown[0]} is no argument", f"The columns are {words}.", argument=unknown[0])


def refuse_mixed(currencies: Sequence[str]) -> None:
    """Amounts in different currencies need rates."""
    found = sorted({c or "blank" for c in currencies})
    if len(found) > 1:
        problem = f"the amounts are in different currencies: {', '.join(found)}"
        fix = "Give rates, a table with currency, month and rate."
        raise WrongKind(problem, fix, argument="currency").saying(Named("rates", "rates", "FILE"))


def rate_of(rates: Rates) -> Rate:
    """Look rates up, refusing one that is missing."""

    def rate(currency: str, month: int) -> float:
        found = rates.get((currency, month))
        if found is None:
            raise no_rate(currency, month)
        return found

    return rate


def _balances(read: ReadLines, cells: Cells, last: int, *, product: bool, rated: bool) -> dict[str, Any]:
    """Cells as rows of customer, product and month; with rates one a line."""
    lines = read.lines
    group, rows = _groups(lines, cells, read.along, rated)
    first = np.unique(group, return_index=True)[1]

    def total(values: NDArray) -> NDArray:
        return np.bincount(group, values, rows)

    line, month = cells.line[first], cells.month[first]
    known = total(np.isnan(cells.quantity)) == 0
    columns: dict[str, Any] = {
        "customer": [read.customers[code] for code in lines.customers[line]],
        **({"product": [read.products[code] for code in lines.products[line]]} if product else {}),
        **{name: [values[row] for row in line.tolist()] for name, values in read.along.items()},
        "month": as_dates(first_day(month, "month")),
        "arr": from_cents(total(cells.cents)),
    }
    if not np.isnan(lines.quantities).all():
        columns["quantity"] = np.where(known, total(np.nan_to_num(cells.quantity)), np.nan)
    columns |= {
        "contracted_step": from_cents(total(cells.step)),
        "contracted_step_quantity": total(cells.step_quantity),
        "open_renewal": from_cents(total(np.where(cells.open, cells.cents, 0.0))),
        "lapses": (total(~cells.lapses) == 0).astype(float),
        "free_month": (total(cells.cents) == 0).astype(float),
    }
    if rated:
        columns |= {
            "currency": [(lines.currencies or ())[row] for row in line.tolist()],
            "local_arr": cells.local[first],
            "arr_at_next_rates": from_cents(total(cells.next)),
        }
    return _ending_at(columns, month, last)


def _groups(lines: Lines, cells: Cells, along: Mapping[str, list[Any]], rated: bool) -> tuple[NDArray, int]:
    """The number of the balance each cell belongs to, in the order of customer, product and month."""
    traits = [_codes(values)[cells.line] for values in along.values()]
    own = [cells.line] if rated else []
    keys = (*own, cells.month, *traits, lines.products[cells.line], lines.customers[cells.line])
    order = np.lexsort(keys)
    fresh = np.zeros(order.size, bool)
    for key in keys:
        ordered = key[order]
        fresh[1:] |= ordered[1:] != ordered[:-1]
    group = np.empty(order.size, np.int64)
    group[order] = np.cumsum(fresh)
    return group, int(fresh.sum()) + (order.size > 0)


def _codes(values: Sequence[Any]) -> NDArray:
    number: dict[Any, int] = {}
    return np.array([number.setdefault(value, len(number)) for value in values], np.int64)


def _ending_at(columns: dict[str, Any], month: NDArray, last: int) -> dict[str, Any]:
    """With a row of 0 in the last month, where nobody pays in it: so that the table says up to when it is known."""
    if not month.size:
        raise WrongShape("no line pays in a month that is over", "Give as_of, the day the data were taken.")
    if month.max() == last:
        return columns
    row = int(month.argmax())
    ended: dict[str, Any] = {}
    for name, values in columns.items():
        kept = name in ("customer", "product", "currency") or isinstance(values, list)
        value = as_dates(first_day(np.array([last]), "month")) if name == "month" else [values[row] if kept else 0.0]
        ended[name] = [*values, *value] if isinstance(values, list) else np.concatenate([values, value])
    return ended


def balances_of_months(
    frame: Any,
    by: Sequence[str],
    columns: Mapping[str, str | None],
    rates: Any,
    time_zone: str,
    notes: list[str] | None,
) -> Any:
    """A month table with its amounts in one currency; a plan, as it may be long.

    Args:
        frame: one row a customer and month.
        by: columns to carry along.
        columns: role -> the column named by the caller.
        rates: a table of currency, month and rate.
        time_zone: the zone whose months count.
        notes: a list that takes what the reader must know.
    """
    more = [Role("product", "id", "product" in by), Role("quantity", "number", False)]
    more += [Role("correction", "number", False), Role("currency", "id", rates is not None)]
    more += [Role(name, "any") for name in by if name != "product"]
    _refuse_unknown(columns, {"customer", "month", "arr", *(role.name for role in more)})
    given = {**columns, **{name: name for name in by if name != "product"}}
    source = open_months(frame, given, time_zone, notes, value="arr", more=more)
    names = ["arr", *(role.name for role in more if role.name in source.roles)]
    if rates is not None:
        names += _in_one_currency(source, open_rates(rates, time_zone))
    month = month_date(nw.col("month"), source.rows).alias("month")
    return plan_like(frame, source.rows.select("customer", month, *names))


def _in_one_currency(source: Source, rates: Rates) -> list[str]:
    """Put the amounts of a month table into one currency; the names of the columns that come to it."""
    money = [name for name in ("arr", "correction") if name in source.roles]
    source.rows = source.rows.with_columns(**{f"local_{name}": nw.col(name) for name in money})
    now = with_rate(source, rates, 0)
    missing = collected(
        now.filter(nw.col("unrated") == 1).select("currency", "month").sort("month", "currency").head(1)
    )
    if len(missing["currency"]):
        raise no_rate(missing["currency"][0], int(missing["month"][0]))
    source.rows = now.with_columns(**{name: nw.col(f"local_{name}") * nw.col("rate") for name in money})
    source.rows = source.rows.drop("rate", "later", "unrated")
    after, known = with_rate(source, rates, 1), ~nw.col("rate").is_null()
    later = {
        f"{name}_at_next_rates": nw.when(known).then(nw.col(f"local_{name}") * nw.col("rate")).otherwise(nw.col(name))
        for name in money
    }
    source.rows = after.with_columns(**later)
    return ["local_arr", *later]


def months_of_revenue(
    frame: Any,
    given: Mapping[str, str | None],
    rates: Any,
    time_zone: str,
    notes: list[str] | None,
) -> Any:
    """Months of revenue in several currencies as balances in one; nothing where there is one currency.

    Args:
        frame: one row a customer and month.
        given: customer, month, mrr and currency: the columns named by the caller, if any.
        rates: a table of currency, month and rate; None where there is none.
        time_zone: the zone whose months count.
        notes: a list that takes what the reader must know.

    Raises:
        WrongKind: the amounts are in several currencies, and no rates are given.
    """
    schema = schema_of(wrapped(frame))
    currency = given.get("currency") or look_for("currency", schema)
    if rates is None:
        if currency in schema and "local_arr" not in schema:
            name = nw.col(str(currency))
            found = collected(nw.from_native(frame).lazy().select(least=name.min(), most=name.max()))
            refuse_mixed([*map(str, filter(None, (*found["least"], *found["most"])))])
        return None
    columns = {
        "arr": given.get("mrr") or look_for("mrr", schema),
        "customer": given.get("customer"),
        "month": given.get("month") or look_for("month", schema) or look_for("date", schema),
        "currency": currency,
    }
    return balances_of_months(frame, (), columns, rates, time_zone, notes)

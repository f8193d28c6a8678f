"""Two tables of contract lines compared customer by customer."""

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Any

import numpy as np

from csmetrics_core.errors import wrong_kind
from csmetrics_core.intake.cells import OPEN_ENDED
from csmetrics_core.reductions.compare import Line, Lines, Reading, compared, customer_columns, waterfall
from csmetrics_core.reductions.terms import EndIs, first_unpaid_days, months_of
from csmetrics_core.tables.engine import Source, like, open_table
from csmetrics_core.tables.lines import ROLES, cells_of, refuse_backwards, usable
from csmetrics_core.tables.rates import open_rates


def arr_compare(
    left: Any,
    right: Any,
    as_of: date,
    *,
    end_is: EndIs = "auto",
    rates: Any = None,
    rates_right: Any = None,
    steps: bool = False,
    time_zone: str = "UTC",
    notes: list[str] | None = None,
) -> Any:
    """Annual recurring revenue of two files on a day, and which rule explains each customer's difference.

    Args:
        left, right: one row a contract line, such as billing and CRM; the columns are looked for as in `arr_balances`.
        as_of: the day at whose end both are valued.
        end_is: what ends mean; "auto" finds out for each file.
        rates: a table of currency, month and rate, or {currency: rate}; one currency where not given.
        rates_right: the same for the right file, where it uses others.
        steps: the waterfall from the left total to the right one, instead of the customers.
        time_zone: the zone whose days count, for dates with a zone.
        notes: a list that takes what the reader must know.

    Returns:
        A frame of the left file's kind: customer, left, right, difference, rules, unexplained, matched_by, the largest
        difference first; with `steps`: step, amount. Left + rules + unexplained = right, to the cent.

    Raises:
        MetricError: a column is missing, or ends could be meant either way.

    Examples:
        >>> import pandas
        >>> rows = {"customer": ["A"], "start": ["2026-01-01"], "end": ["2027-01-01"], "amount": [300]}
        >>> sides = [pandas.DataFrame(rows | {"interval": [word]}) for word in ("month", "year")]
        >>> sides = [side.astype({"start": "datetime64[s]", "end": "datetime64[s]"}) for side in sides]
        >>> arr_compare(*sides, date(2026, 3, 31), end_is="first_unpaid")["rules"].tolist()
        ['interval misread, x 1/12: -3,300.00']

    Source: own; the rules are the ways in which billing and CRM systems read one contract differently.
    """
    if not isinstance(as_of, date):
        raise wrong_kind("as_of", None, as_of, "a date", "Give datetime.date(2026, 1, 31).")
    at = int(np.datetime64(as_of, "D").astype(np.int64))
    said: list[str] = [] if notes is None else notes
    sides = []
    for frame, given in ((left, rates), (right, rates if rates_right is None else rates_right)):
        source = open_table(frame, ROLES, {}, time_zone=time_zone, notes=said)
        lines, last_day = _customers(source, end_is, at)
        sides.append((lines, Reading(last_day=last_day, rates=_rates(given, at, time_zone))))
    (mine, reading), (theirs, other) = sides
    rows, more = compared(mine, theirs, reading, other, at)
    said.extend(more)
    if steps:
        names, amounts = zip(*waterfall(rows), strict=True)
        return like(left, {"step": list(names), "amount": np.array(amounts, float)})
    return like(left, customer_columns(rows))


def _customers(source: Source, end_is: EndIs, at: int) -> tuple[dict[Any, Lines], bool]:
    """The lines of each customer, in order of their dates, all kinds of them; and whether ends are last days."""
    found = usable(source, cells_of(source, ()))
    starts, ends = found["start"].astype(np.int64), found["end"].astype(np.int64)
    refuse_backwards(found, starts, ends)
    who = found["customer"].tolist()
    unpaid, note = first_unpaid_days(who, found["product"].tolist(), starts, ends, end_is)
    if note:
        source.note(note)
    months = months_of(found["interval"].tolist(), who, starts, unpaid)
    lines: dict[Any, list[Line]] = {}
    for row, name in enumerate(who):
        discounted = int(found["discount_end"][row]) > at
        quantity = found["quantity"][row]
        lines.setdefault(name, []).append(
            Line(
                int(starts[row]), None if ends[row] >= OPEN_ENDED else int(ends[row]), _exact(found["amount"][row]),
                months[row], str(found["kind"][row] or "").strip().lower(),
                _exact(found["discount"][row] or 0) if discounted else Fraction(0),
                None if quantity is None else _exact(quantity), str(found["currency"][row] or "").strip(),
            )
        )  # fmt: skip
    return {name: tuple(of) for name, of in lines.items()}, bool((unpaid != ends).any())


def _exact(value: Any) -> Fraction:
    return Fraction(repr(float(value)))


def _rates(given: Any, at: int, time_zone: str) -> dict[str, Fraction]:
    """What each currency is worth in the month of a day."""
    if given is None:
        return {}
    if isinstance(given, Mapping):
        return {str(currency): _exact(rate) for currency, rate in given.items()}
    month = int(np.datetime64(at, "D").astype("datetime64[M]").astype(np.int64))
    table = open_rates(given, time_zone)
    return {currency: _exact(rate) for (currency, when), rate in table.items() if when == month}

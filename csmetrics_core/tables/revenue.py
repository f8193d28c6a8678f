"""Recurring revenue over tables: MRR movements and retention, from the ledger."""

from datetime import date
from typing import Any

from csmetrics_core.errors import off_scale
from csmetrics_core.reductions.retained import FATES, looking_back
from csmetrics_core.tables.arr_retention import arr_retention, fates_plan
from csmetrics_core.tables.balance_rows import balance_rows, real_months
from csmetrics_core.tables.balances import months_of_revenue
from csmetrics_core.tables.engine import collected, like
from csmetrics_core.tables.frames import only
from csmetrics_core.tables.ledger import arr_bridge, bridge_plan, bridge_table, grouped
from csmetrics_core.tables.monthly import open_months
from csmetrics_core.tables.schema import Role

_COLUMNS = ("month", "opening", "new", "expansion", "contraction", "churned", "reactivation")
_RETENTION = ("month", "opening", "expansion", "contraction", "churned", "ndr", "grr", "logo_retention")


def mrr_movements(
    frame: Any,
    *,
    customer: str | None = None,
    month: str | None = None,
    mrr: str | None = None,
    fx: str | None = None,
    currency: str | None = None,
    rates: Any = None,
    as_of: date | None = None,
    time_zone: str = "UTC",
    notes: list[str] | None = None,
) -> Any:
    """How recurring revenue went from one month to the next, to the cent.

    Args:
        frame: one row a customer and month, or one row a customer with the months across.
        customer, month, mrr: names of the columns; looked for where not given.
        fx: the part of `mrr` that only came from a change of exchange rates, as `contract_months` gives it.
        currency: the name of the column of currencies; looked for where not given.
        rates: a table of currency, month and rate, for amounts in several currencies: each month is at its own rates,
            and what they did is fx.
        as_of: the day the data were taken: the table runs up to the last month over by then, though nobody may pay in
            it. Where not given, up to the last month seen that is over today.
        time_zone: the zone whose months count, for dates with a zone.
        notes: a list that takes what the reader must know.

    Returns:
        A frame of the caller's own kind: month, opening, new, expansion, contraction, churned,
        reactivation, closing; with fx before closing where that is given.

    Raises:
        MetricError: a column is missing or of another type, a customer's month is below 0, there are several
            currencies and no rates, or a rate is missing.

    Examples:
        >>> import pandas
        >>> from datetime import date
        >>> rows = {"customer": ["A", "A"], "month": [date(2026, 1, 1), date(2026, 2, 1)], "mrr": [100.0, 120.0]}
        >>> frame = pandas.DataFrame(rows).astype({"month": "datetime64[s]"})
        >>> mrr_movements(frame, as_of=date(2026, 3, 1))["expansion"].tolist()
        [0.0, 20.0]

    Source: the five movements of ChartMogul's help centre, MRR movements.
    """
    named = {"customer": customer, "month": month, "mrr": mrr, "currency": currency}
    balances = months_of_revenue(frame, named, rates, time_zone, notes)
    if balances is not None:
        return only(arr_bridge(balances, as_of=as_of, time_zone=time_zone, notes=notes), (*_COLUMNS, "fx", "closing"))
    given = {"customer": customer, "month": month, "mrr": mrr, "fx": fx}
    more = (Role("fx", "number"),) if fx else ()
    source = open_months(frame, given, time_zone, notes, more=more)
    rows = balance_rows(source)
    counted = collected(bridge_plan(rows, detail=False))
    first, months = real_months(rows, counted, as_of)
    columns = bridge_table(rows, counted, first, months, detail=False)
    return like(source.native, {name: columns[name] for name in (*_COLUMNS, *(("fx",) if fx else ()), "closing")})


def retention(
    frame: Any,
    horizon_months: int = 12,
    *,
    customer: str | None = None,
    month: str | None = None,
    mrr: str | None = None,
    currency: str | None = None,
    rates: Any = None,
    as_of: date | None = None,
    time_zone: str = "UTC",
    notes: list[str] | None = None,
) -> Any:
    """Net and gross revenue retention and logo retention, month by month.

    Args:
        frame: one row a customer and month, or one row a customer with the months across.
        horizon_months: how many months back the opening cohort is taken.
        customer, month, mrr, currency: names of the columns; looked for where not given.
        rates: a table of currency, month and rate, for amounts in several currencies: both ends are valued at the
            later month's rates, so that exchange moves nothing.
        as_of: the day the data were taken: the table runs up to the last month over by then, though nobody may pay in
            it. Where not given, up to the last month seen that is over today.
        time_zone: the zone whose months count, for dates with a zone.
        notes: a list that takes what the reader must know.

    Returns:
        A frame of the caller's own kind: month, opening, expansion, contraction, churned, ndr, grr,
        logo_retention; missing for the first months.

    Raises:
        MetricError: a column is missing or of another type, a customer's month is below 0, there are several
            currencies and no rates, or a rate is missing.

    Examples:
        >>> import pandas
        >>> frame = pandas.DataFrame({"customer": ["A", "B"], "2026-01": [100, 50], "2026-02": [120, None]})
        >>> retention(frame, 1, as_of=date(2026, 3, 1))["ndr"].round(3).tolist()
        [nan, 0.8]

    Source: SaaS Metrics Standards Board (gross retention).
    """
    if not (isinstance(horizon_months, int) and 1 <= horizon_months <= 1200):
        raise off_scale("horizon_months", None, horizon_months, "a whole number from 1 to 1200", "Give months.")
    named = {"customer": customer, "month": month, "mrr": mrr, "currency": currency}
    balances = months_of_revenue(frame, named, rates, time_zone, notes)
    if balances is not None:
        found = arr_retention(balances, horizon_months, rates=rates, as_of=as_of, time_zone=time_zone, notes=notes)
        return only(found, _RETENTION)
    source = open_months(frame, {"customer": customer, "month": month, "mrr": mrr}, time_zone, notes)
    rows = balance_rows(source)
    counted = collected(fates_plan(rows, horizon_months, names=FATES))
    first, months = real_months(rows, counted, as_of)
    blocks, _, _ = grouped(rows, counted, FATES, first, months)
    fates = {name: block.ravel() for name, block in blocks.items()}
    return like(source.native, looking_back(first, fates, horizon_months))

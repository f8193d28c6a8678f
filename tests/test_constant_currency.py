"""Retention and cohorts in constant currency: exchange moves nothing, in cells as in tables of every engine."""

from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from frames import ENGINES, on_engine, plain

import csmetrics_core as csm
from csmetrics_core import tables
from csmetrics_core.errors import NoData, WrongCall, WrongKind

AS_OF = date(2026, 7, 1)
MONTHS = pd.date_range("2026-01-01", periods=6, freq="MS")
#: What a euro is worth: it doubles in April.
EURO = [1.0, 1.0, 1.0, 2.0, 2.0, 2.0]
RATES = pd.DataFrame(
    {
        "currency": ["EUR"] * 6 + ["USD"] * 6,
        "month": [*MONTHS, *MONTHS],
        "rate": [*EURO, *[1.0] * 6],
    }
)


def company():
    """Two customers in euros, one of whom pays more from March on, and two in dollars, one of whom leaves in May."""
    paid = {
        ("A", "EUR"): [100] * 2 + [110] * 4, ("B", "EUR"): [50] * 6, ("C", "USD"): [40] * 6,
        ("D", "USD"): [10] * 4 + [0] * 2,
    }  # fmt: skip
    rows = [
        (who, currency, month, float(amount))
        for (who, currency), amounts in paid.items()
        for month, amount in zip(MONTHS, amounts, strict=True)
    ]
    return pd.DataFrame(rows, columns=["customer", "currency", "month", "mrr"]).astype({"month": "datetime64[s]"})


def fast(engines):
    return [pytest.param(e, marks=[pytest.mark.host, pytest.mark.slow] if e == "PySpark" else ()) for e in engines]


@pytest.mark.parametrize("engine", fast(ENGINES))
def test_a_euro_that_doubles_is_no_retention(engine):
    """Against three months before: euros are worth double, and A pays 10 % more in them."""
    frame = on_engine(engine, pa.Table.from_pandas(company(), preserve_index=False))
    result = plain(tables.retention_by_month(frame, horizon=3, rates=RATES, as_of=AS_OF))
    # April against January: 2 × 150 + 50 then, 2 × 160 + 50 now.
    assert (result["opening"][3], result["ndr"][3]) == (350.0, pytest.approx(370 / 350))
    # June against March: D left in May.
    assert (result["opening"][5], result["churned"][5], result["ndr"][5]) == (370.0, 10.0, pytest.approx(360 / 370))
    flows = plain(tables.mrr_movements(frame, rates=RATES, as_of=AS_OF))
    assert (flows["fx"][3], flows["expansion"]) == (160.0, [0, 0, 10, 0, 0, 0])
    cohorts = plain(tables.cohort_retention(frame, "month", "mrr", rates=RATES, as_of=AS_OF))
    assert cohorts["size"] == [200.0]
    assert cohorts["age_5"] == [pytest.approx(360 / 350)]


@pytest.mark.parametrize("call", [tables.mrr_movements, tables.retention_by_month])
def test_several_currencies_are_not_added_up(call):
    with pytest.raises(WrongKind, match="different currencies: EUR, USD"):
        call(company(), as_of=AS_OF)


def test_cohorts_by_money_refuse_currencies_and_take_rates_by_month_alone():
    with pytest.raises(WrongKind, match="different currencies"):
        tables.cohort_retention(company(), "month", "mrr", as_of=AS_OF)
    with pytest.raises(WrongCall, match="period='month'"):
        tables.cohort_retention(company(), "quarter", "mrr", rates=RATES)


def in_cells(frame):
    """Customers, months, amounts at each month's rates, and at those of three months later."""
    rate = {(c, m): r for c, m, r in zip(RATES["currency"], RATES["month"], RATES["rate"], strict=True)}
    later = frame["month"] + pd.DateOffset(months=3)
    now = [
        amount * rate[currency, month]
        for amount, currency, month in zip(frame["mrr"], frame["currency"], frame["month"], strict=True)
    ]
    then = [
        amount * rate[currency, month] if (currency, month) in rate else None
        for amount, currency, month in zip(frame["mrr"], frame["currency"], later, strict=True)
    ]
    return list(frame["customer"]), [day.date() for day in frame["month"]], now, then


def test_cells_give_what_tables_give():
    frame = company()
    who, months, now, then = in_cells(frame)
    cells = csm.retention_by_month(who, months, now, 3, then)
    wanted = tables.retention_by_month(frame, horizon=3, rates=RATES, as_of=AS_OF)
    for name in wanted.columns[1:]:
        assert cells[name].tolist() == pytest.approx(wanted[name].tolist(), nan_ok=True, abs=1e-12), name
    table = csm.arr_retention(who, months, now, 3, revalued=then)
    for name in ("opening", "ndr", "grr", "logo_retention"):
        assert table[name].tolist() == pytest.approx(wanted[name].tolist(), nan_ok=True, abs=1e-12), name
    # As reported the doubled euro is expansion.
    assert csm.retention_by_month(who, months, now, 3)["ndr"].iloc[3] == pytest.approx(370 / 200)


def test_a_blank_where_it_is_looked_back_at_is_refused_with_its_month():
    who, months, now, then = in_cells(company())
    then[1] = None
    with pytest.raises(NoData, match="revalued is blank for a customer of 2026-02, which is looked back at 3 months"):
        csm.retention_by_month(who, months, now, 3, then)


@pytest.mark.parametrize("seed", range(20))
def test_of_one_currency_rates_leave_every_rate_of_retention(seed):
    """Rates that are halves and doubles are exact in cents, so that nothing but exchange differs."""
    draws = np.random.default_rng(seed)
    size = int(draws.integers(5, 60))
    frame = pd.DataFrame(
        {
            "customer": draws.choice(list("ABCDEFG"), size),
            "currency": "EUR",
            "month": MONTHS[draws.integers(0, 6, size)].astype("datetime64[s]"),
            "mrr": draws.integers(0, 9, size) * 4.0,
        }
    )
    rates = pd.DataFrame({"currency": "EUR", "month": MONTHS, "rate": draws.choice([0.5, 1.0, 2.0], 6)})
    plain_, rated = (
        tables.retention_by_month(frame, horizon=2, as_of=AS_OF, **more) for more in ({}, {"rates": rates})
    )
    for name in ("ndr", "grr", "logo_retention"):
        assert rated[name].tolist() == pytest.approx(plain_[name].tolist(), nan_ok=True, abs=1e-12)
    cohorts, rated = (
        tables.cohort_retention(frame, "month", "mrr", as_of=AS_OF, **more) for more in ({}, {"rates": rates})
    )
    for name in cohorts.columns[2:]:
        assert rated[name].tolist() == pytest.approx(cohorts[name].tolist(), nan_ok=True, abs=1e-12)

"""Every table metric on every engine gives what the array function gives, on data as messy as exports are."""

import warnings
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from frames import ENGINES, on_engine, plain, plain_columns, small_frames_go

import csmetrics_core as core
from csmetrics_core import tables
from csmetrics_core.errors import MetricError

#: The day after the data end: tables run up to the day the data were taken.
AS_OF = date(2025, 9, 1)


@pytest.fixture(params=[pytest.param(e, marks=pytest.mark.host) if e == "PySpark" else e for e in ENGINES])
def engine(request: pytest.FixtureRequest) -> Any:
    with small_frames_go(request.param), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PySpark warns of pandas 3
        yield request.param


def revenue() -> pa.Table:
    """Rows in no order, with repeats, zeros, credits, pauses, blanks of every kind."""
    rng = np.random.default_rng(7)
    size = 900
    customer = [f"C{i}" for i in rng.integers(0, 40, size)]
    month = [
        date(2024 + m // 12, m % 12 + 1, 1 + int(d))
        for m, d in zip(rng.integers(0, 20, size), rng.integers(0, 28, size), strict=True)
    ]
    mrr = [float(v) for v in np.round(rng.gamma(2, 60, size), 3)]
    for i in range(0, size, 11):
        mrr[i] = 0.0
    rows = list(zip(customer, month, mrr, strict=True))
    rows += [
        (None, month[0], 5.0),
        ("", month[1], 5.0),
        ("  ", month[2], 5.0),
        ("C1", None, 5.0),
        ("C2", month[3], None),
    ]
    rows += [
        ("C3", date(2025, 3, 1), float("nan")),
        ("credit", date(2025, 3, 1), 50.0),
        ("credit", date(2025, 3, 9), -20.5),
    ]
    rows += [("gone", date(2024, 5, 1), 10.0), ("gone", date(2024, 6, 1), 0.0), ("gone", date(2024, 8, 1), 12.0)]
    columns = [list(column) for column in zip(*rows, strict=True)]
    return pa.table(
        {"Customer ID": columns[0], "Month": pa.array(columns[1], pa.date32()), "MRR": pa.array(columns[2])}
    )


def events() -> pa.Table:
    rng = np.random.default_rng(11)
    size = 1500
    user = [f"u{i}" for i in rng.integers(0, 30, size)]
    start = datetime(2025, 1, 1)
    moment = [start + timedelta(minutes=int(m), milliseconds=int(m) % 1000) for m in rng.integers(0, 100 * 1440, size)]
    moment = [m if i % 3 else m.replace(microsecond=0) for i, m in enumerate(moment)]
    feature = [["Export", "Search", "Alerts", None, ""][i] for i in rng.integers(0, 5, size)]
    account = [f"A{int(u[1:]) % 7}" for u in user]
    licensed = [None if i % 9 == 0 else float(5 + int(a[1:])) for i, a in enumerate(account)]
    user[5], user[6], moment[7] = None, "", None
    account[8] = None
    return pa.table(
        {
            "user": user, "timestamp": pa.array(moment, pa.timestamp("us")), "feature": feature,
            "account": account, "licensed": pa.array(licensed, pa.float64()),
        }
    )  # fmt: skip


def stays() -> pa.Table:
    rng = np.random.default_rng(3)
    rows = []
    for _ in range(160):
        start = date(2024, 1, 1) + timedelta(days=int(rng.integers(0, 500)))
        length = int(rng.integers(0, 200))
        rows.append((f"C{rng.integers(0, 45)}", start, None if length > 150 else start + timedelta(days=length)))
    rows += [rows[0], (None, date(2024, 1, 1), None), ("", date(2024, 1, 1), None), ("C1", None, date(2025, 1, 1))]
    columns = [list(column) for column in zip(*rows, strict=True)]
    return pa.table(
        {"customer": columns[0], "start": pa.array(columns[1], pa.date32()), "end": pa.array(columns[2], pa.date32())}
    )


def lists(table: pa.Table) -> list[list]:
    return [column.to_pylist() for column in table.columns]


def same(result: Any, expected: Any) -> None:
    """Whole numbers, money and dates are equal; a ratio may differ in the last digits only."""
    got, wanted = plain(result), plain_columns(expected)
    assert list(got) == list(wanted)
    for name, values in wanted.items():
        if _ratios(name):
            assert _filled(got[name]) == pytest.approx(_filled(values), rel=1e-12, nan_ok=True), name
        else:
            assert got[name] == values, name


def _filled(values: list) -> list[float]:
    return [float("nan") if value is None else value for value in values]


def _ratios(name: str) -> bool:
    return name in ("ndr", "grr", "logo_retention", "churn", "retention", "stickiness", "seconds") or name.startswith(
        "age_"
    )


def test_movements(engine: str) -> None:
    notes: list[str] = []
    result = tables.mrr_movements(on_engine(engine, revenue()), as_of=AS_OF, notes=notes)
    same(result, core.mrr_movements(*lists(revenue())))
    assert "rows left out because of a blank customer: 3" in notes
    assert "rows left out because of a blank month or mrr: 3" in notes
    assert any("repeat a customer and month" in note for note in notes)


@pytest.mark.parametrize("horizon", [1, 3, 12])
def test_retention(engine: str, horizon: int) -> None:
    result = tables.retention_by_month(on_engine(engine, revenue()), horizon, as_of=AS_OF)
    same(result, core.retention_by_month(*lists(revenue()), horizon))


def test_wide_months_are_the_same_as_long_ones(engine: str) -> None:
    wide = pa.table(
        {"customer": ["A", "B", "C"], "2025-01": [10, 20, None], "2025-02": [12, None, 5], "Mar 2025": [12, 0, 7]}
    )
    months = [date(2025, 1, 1), date(2025, 2, 1), date(2025, 3, 1)]
    long = [
        (c, m, v)
        for c, values in zip("ABC", ([10, 12, 12], [20, 0, 0], [0, 5, 7]), strict=True)
        for m, v in zip(months, values, strict=True)
    ]
    notes: list[str] = []
    result = tables.mrr_movements(on_engine(engine, wide), as_of=date(2025, 4, 1), notes=notes)
    same(result, core.mrr_movements(*[list(c) for c in zip(*long, strict=True)]))
    assert any("3 months across" in note for note in notes)


@pytest.mark.parametrize("period", ["month", "quarter", "week"])
def test_customer_movements(engine: str, period: str) -> None:
    notes: list[str] = []
    result = tables.customer_movements(on_engine(engine, stays()), period, notes=notes)
    same(result, core.customer_movements(*lists(stays()), period))
    assert "rows left out because of a blank customer or start: 3" in notes


@pytest.mark.parametrize("period", ["day", "week", "month", "quarter", "year"])
def test_cohorts_by_customers(engine: str, period: str) -> None:
    table = revenue().select(["Customer ID", "Month"]).slice(0, 300)
    result = tables.cohort_retention(on_engine(engine, table), period)
    same(result, core.cohort_retention(*lists(table), period))


def test_cohorts_by_money(engine: str) -> None:
    result = plain(tables.cohort_retention(on_engine(engine, revenue()), value="mrr", as_of=AS_OF))
    paid: dict[tuple[str, int], int] = {}
    for customer, month, mrr in zip(*lists(revenue()), strict=True):
        if customer and customer.strip() and month and mrr is not None and mrr == mrr:
            key = customer, (month.year - 2024) * 12 + month.month - 1
            paid[key] = paid.get(key, 0) + int(np.floor(mrr * 100 + 0.5))
    paid = {key: cents for key, cents in paid.items() if cents}
    first = {c: min(m for who, m in paid if who == c) for c, _ in paid}
    assert result["size"] == [
        sum(cents for (c, m), cents in paid.items() if first[c] == m == cohort) / 100
        for cohort in sorted(set(first.values()))
    ]
    for row, cohort in enumerate(sorted(set(first.values()))):
        base = sum(cents for (c, m), cents in paid.items() if first[c] == m == cohort)
        for age in range(20):
            share = sum(cents for (c, m), cents in paid.items() if first[c] == cohort and m == cohort + age) / base
            assert result[f"age_{age}"][row] == (None if cohort + age > 19 else pytest.approx(share, rel=1e-12))


def test_active_users_and_stickiness(engine: str) -> None:
    notes: list[str] = []
    users, moments, *_ = lists(events())
    as_of = max(moment for moment in moments if moment).date() + timedelta(days=1)
    result = tables.active_users(on_engine(engine, events()), as_of=as_of, notes=notes)
    same(result, core.stickiness_by_day(users, moments))
    assert "rows left out because of a blank user: 2" in notes
    assert "rows left out because of a blank date: 1" in notes
    fortnight = tables.active_users(on_engine(engine, events()), [14], as_of=as_of)
    assert plain(fortnight)["active_14"] == plain_columns(core.active_users(users, moments, 14))["active"]


@pytest.mark.parametrize("timeout", [30, 0.5, 600])
def test_sessions(engine: str, timeout: float) -> None:
    users, moments, *_ = lists(events())
    result = tables.sessions(on_engine(engine, events()), timeout)
    same(result, core.sessions(users, moments, timeout))


@pytest.mark.parametrize("eligible", [None, [f"u{i}" for i in range(0, 40, 2)]])
def test_adoption(engine: str, eligible: list | None) -> None:
    users, _, features, *_ = lists(events())
    result = tables.feature_adoption(on_engine(engine, events()), eligible=eligible)
    same(result, core.feature_adoption(users, features, eligible))


@pytest.mark.parametrize("keys", [None, ["Export", "Search", "Never used"]])
def test_usage_by_account(engine: str, keys: list | None) -> None:
    users, moments, features, accounts, licensed = lists(events())
    result = tables.usage_by_account(on_engine(engine, events()), key_features=keys)
    same(result, core.usage_by_account(accounts, users, moments, features, licensed, keys))


def answers() -> pa.Table:
    rng = np.random.default_rng(2)
    score = [None if i % 13 == 0 else int(s) for i, s in enumerate(rng.integers(0, 11, 400))]
    return pa.table(
        {
            "segment": [["SMB", "Enterprise", None][i] for i in rng.integers(0, 3, 400)],
            "month": [int(m) for m in rng.integers(1, 4, 400)],
            "NPS Score": score,
            "csat": [None if s is None else 1 + s % 5 for s in score],
        }
    )


@pytest.mark.parametrize(("metric", "column"), [("nps", "NPS Score"), ("csat", "csat"), ("csat_mean", "csat")])
def test_survey_by_groups(engine: str, metric: str, column: str) -> None:
    result = plain(tables.survey(on_engine(engine, answers()), metric, by=["segment", "month"]))
    rows = answers().to_pylist()
    assert len(result["value"]) == 9
    for segment, month, value, n, low, high, dropped in zip(*result.values(), strict=True):
        scores = [row[column] for row in rows if row["segment"] == segment and row["month"] == month]
        known = [s for s in scores if s is not None]
        explained = core.explain(metric, known)
        assert value == pytest.approx(explained.value, rel=1e-12)
        assert (n, dropped) == (len(known), len(scores) - len(known))
        assert low < value < high


def test_first_contact_resolution_by_channel(engine: str) -> None:
    rng = np.random.default_rng(4)
    size = 200
    flags = {name: [bool(v) for v in rng.integers(0, 2, size)] for name in ("resolved", "reopened", "abandoned")}
    contacts = [None if i % 17 == 0 else int(c) for i, c in enumerate(rng.integers(1, 4, size))]
    channel = ["mail" if i % 2 else "phone" for i in range(size)]
    table = pa.table({"contacts": contacts, **flags, "channel": channel})
    result = plain(tables.fcr_from_contacts(on_engine(engine, table), by=["channel"]))
    for name, value, dropped in zip(result["channel"], result["value"], result["dropped"], strict=True):
        rows = [i for i in range(size) if channel[i] == name]
        columns = [[contacts[i] for i in rows], *([flags[f][i] for i in rows] for f in ("resolved", "reopened"))]
        expected = core.fcr_from_contacts(*columns, None, [flags["abandoned"][i] for i in rows])
        assert value == expected
        assert dropped == sum(contacts[i] is None for i in rows)


def test_funnel_follows_the_order_of_events(engine: str) -> None:
    steps = ["visit", "trial", "paid"]
    at = [datetime(2025, 1, day) for day in (1, 2, 3, 5, 4, 1, 2, 9)]
    users = ["A", "A", "A", "B", "B", "B", "C", None]
    what = ["visit", "trial", "paid", "visit", "trial", "paid", "trial", "visit"]
    table = pa.table({"user": users, "step": what, "timestamp": pa.array(at, pa.timestamp("us"))})
    assert plain(tables.funnel(on_engine(engine, table), steps))["count"] == [2, 1, 1]
    any_order = table.select(["user", "step"])
    assert plain(tables.funnel(on_engine(engine, any_order), steps))["count"] == [2, 2, 2]


def test_a_funnel_counts_what_is_within_its_window(engine: str) -> None:
    """A takes nine days, or four from its second visit; B's paid is too late; C does all at one moment."""
    at = [datetime(2025, 1, day) for day in (1, 6, 8, 10, 1, 2, 20, 3, 3, 3)]
    users, what = list("AAAABBBCCC"), ["visit", "visit", "trial", "paid"] + ["visit", "trial", "paid"] * 2
    table = pa.table({"user": users, "step": what, "timestamp": pa.array(at, pa.timestamp("us"))})
    for days, reached in ((4, [3, 3, 2]), (3.9, [3, 3, 1]), (30, [3, 3, 3]), (0.5, [3, 1, 1])):
        found = plain(tables.funnel(on_engine(engine, table), ["visit", "trial", "paid"], within_days=days))
        assert found["count"] == reached, days
    with pytest.raises(MetricError, match="within_days is 0; expected days above 0"):
        tables.funnel(on_engine(engine, table), ["visit"], within_days=0)
    with pytest.raises(MetricError, match="no column says when an event was"):
        tables.funnel(on_engine(engine, table.select(["user", "step"])), ["visit"], within_days=1)


def test_a_week_starts_on_monday_or_is_a_sunday_week(engine: str) -> None:
    days = [date(2025, 1, 4), date(2025, 1, 5), date(2025, 1, 6), date(1969, 12, 28)]
    table = pa.table({"nps": [10, 9, 0, 10], "date": pa.array(days, pa.date32())})
    mondays = plain(tables.nps(on_engine(engine, table), each="week"))
    assert [str(day)[:10] for day in mondays["week"]] == ["1969-12-22", "2024-12-30", "2025-01-06"]
    sundays = plain(tables.nps(on_engine(engine, table), each="sunday week"))
    assert [str(day)[:10] for day in sundays["sunday week"]] == ["1969-12-28", "2024-12-29", "2025-01-05"]
    assert sundays["value"] == [100, 100, 0]


def test_health_of_each_account(engine: str) -> None:
    block = {"breadth": [0.9, 0.1, None, None], "tickets": [0.0, 9.0, 2.0, None], "logins": [20.0, 3.0, 15.0, 9.0]}
    table = pa.table({"account": ["D", "B", "C", "A"], **block})
    marks = [2, 1, 1], [0, 10, 0], [1, 0, 25]
    result = plain(tables.health_score(on_engine(engine, table), list(block), *marks))
    lines = {"breadth": (0, 1), "tickets": (10, 0), "logins": (0, 25)}
    assert plain(tables.health_score(on_engine(engine, table), lines, [2, 1, 1])) == result
    with pytest.warns(DeprecationWarning, match=r"now given by weights="):
        before = tables.health_score(on_engine(engine, table), lines | {"breadth": (0, 1, 2)})
    assert plain(before) == result
    expected = core.health_score([list(row) for row in zip(*block.values(), strict=True)], *marks)
    by_account = dict(zip(["D", "B", "C", "A"], [None if v != v else v for v in expected.tolist()], strict=True))
    assert result["account"] == ["A", "B", "C", "D"]
    assert result["score"] == [by_account[a] for a in "ABCD"]
    assert result["band"] == [None, "red", "amber", "green"]


def test_contracts_become_months_that_add_up_with_rates_apart(engine: str) -> None:
    contracts = pa.table(
        {
            "customer": ["A", "A", "B", "C", "D"],
            "start": pa.array(
                [date(2025, 1, 10), date(2025, 2, 1), date(2025, 1, 1), date(2025, 1, 1), date(2025, 2, 20)],
                pa.date32(),
            ),
            "end": pa.array([date(2025, 3, 10), None, None, date(2025, 2, 1), date(2025, 2, 25)], pa.date32()),
            "amount": [100.0, 1200.0, 50.0, 999.0, 10.0],
            "interval": ["month", "annual", "month", "month", "month"],
            "currency": ["EUR", "USD", "EUR", "USD", "USD"],
            "discount": [10.0, 0.0, None, 0.0, 0.0],
            "kind": ["recurring", "recurring", "recurring", "one-time", "recurring"],
        }
    )
    months = [date(2025, m, 1) for m in (1, 2, 3)]
    rates = pa.table(
        {
            "currency": ["EUR"] * 3 + ["USD"] * 3,
            "month": pa.array(months * 2, pa.date32()),
            "rate": [1.0, 1.1, 1.21, 1.0, 1.0, 1.0],
        }
    )
    long = tables.contract_months(on_engine(engine, contracts), rates=on_engine(engine, rates), as_of=date(2025, 4, 1))
    bridge = plain(tables.mrr_movements(long, fx="fx", as_of=date(2025, 4, 1)))
    # January: A 90, B 50. February: A 99 + 100, B 55. March: A only 100, B 60.50; D came and went inside February.
    assert bridge["closing"] == [140, 254, 160.5]
    assert bridge["fx"] == [0, 14, 15.4]
    assert bridge["expansion"] == [0, 100, 0]
    assert bridge["contraction"] == [0, 0, 108.9]
    assert bridge["new"] == bridge["churned"] == [0, 0, 0]


def test_results_come_back_as_the_callers_own_kind(engine: str) -> None:
    frame = on_engine(engine, revenue())
    kind = {"Polars lazy": "DataFrame"}.get(engine, type(frame).__name__)
    assert type(tables.mrr_movements(frame, as_of=AS_OF)).__name__ == kind
    given = on_engine(engine, events())
    assert type(tables.sessions(given)).__name__ == type(given).__name__


def test_periods_in_which_nothing_happens_show_up_to_the_day_the_data_were_taken(engine: str) -> None:
    """A customer who stopped, and a user who went away, are seen to be gone."""
    paid = pa.table({"customer": ["A"], "month": pa.array([date(2025, 1, 1)], pa.date32()), "mrr": [10.0]})
    as_of = date(2025, 4, 1)
    bridge = plain(tables.mrr_movements(on_engine(engine, paid), as_of=as_of))
    assert (bridge["closing"], bridge["churned"]) == ([10, 0, 0], [0, 10, 0])
    assert plain(tables.retention(on_engine(engine, paid), 1, as_of=as_of))["ndr"] == [None, 0, None]
    cohorts = plain(tables.cohort_retention(on_engine(engine, paid), date="month", as_of=as_of))
    assert [cohorts[f"age_{age}"] for age in range(3)] == [[1], [0], [0]]
    used = pa.table({"user": ["u"], "date": pa.array([date(2025, 1, 1)], pa.date32())})
    assert plain(tables.active_users(on_engine(engine, used), [1], as_of=date(2025, 1, 4)))["dau"] == [1, 0, 0]


def test_customer_movements_stop_at_as_of(engine: str) -> None:
    """An end that is agreed for later is not one yet, and a start to come no customer."""
    stays = pa.table(
        {
            "customer": ["A", "B", "C"],
            "start": pa.array([date(2025, 1, 5), date(2025, 1, 9), date(2025, 4, 1)], pa.date32()),
            "end": pa.array([date(2025, 12, 31), date(2025, 2, 3), None], pa.date32()),
        }
    )
    result = plain(tables.customer_movements(on_engine(engine, stays), as_of=date(2025, 4, 1)))
    assert result["period"] == ["2025-01-01", "2025-02-01", "2025-03-01"]
    assert (result["churned"], result["closing"]) == ([0, 1, 0], [2, 1, 1])

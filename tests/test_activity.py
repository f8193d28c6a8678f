"""Active users, sessions, adoption and usage by account, against loops that could not be plainer."""

import random as randomness
from datetime import date, datetime, timedelta
from math import isnan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csmetrics_core import (
    MetricError,
    active_users,
    dau,
    feature_adoption,
    mau,
    sessions,
    stickiness_by_day,
    usage_by_account,
    wau,
)
from csmetrics_core.declaration.catalog import lookup
from csmetrics_core.evaluate import evaluate

START = date(2026, 1, 1)
events = st.lists(st.tuples(st.sampled_from("ABCD"), st.integers(0, 70)), min_size=1, max_size=60)


def day(offset: int) -> date:
    return START + timedelta(days=offset)


def in_window(rows: list, last: int, window: int) -> int:
    return len({who for who, offset in rows if last - window < offset <= last})


@given(events, st.integers(1, 40))
@settings(max_examples=150)
def test_active_users_equal_a_loop_over_days(rows: list, window: int) -> None:
    result = active_users([who for who, _ in rows], [day(offset) for _, offset in rows], window)
    first, last = min(o for _, o in rows), max(o for _, o in rows)
    assert [stamp.date() for stamp in result["date"]] == [day(offset) for offset in range(first, last + 1)]
    for offset, active in zip(range(first, last + 1), result["active"].tolist(), strict=True):
        assert isnan(active) if offset - first < window - 1 else active == in_window(rows, offset, window)


@given(events, st.randoms())
def test_stickiness_equals_a_loop_and_knows_no_order(rows: list, random: randomness.Random) -> None:
    result = stickiness_by_day([who for who, _ in rows], [day(offset) for _, offset in rows])
    first = min(o for _, o in rows)
    for row in result.to_dict("records"):
        offset = (row["date"].date() - START).days
        assert row["dau"] == in_window(rows, offset, 1)
        assert isnan(row["wau"]) if offset - first < 6 else row["wau"] == in_window(rows, offset, 7)
        if offset - first < 29:
            assert isnan(row["mau"])
            assert isnan(row["stickiness"])
        else:
            month = in_window(rows, offset, 30)
            mean = sum(in_window(rows, o, 1) for o in range(offset - 29, offset + 1)) / 30
            assert row["mau"] == month
            assert row["stickiness"] == pytest.approx(mean / month if month else 0)
    random.shuffle(rows)
    assert result.equals(stickiness_by_day([who for who, _ in rows], [day(offset) for _, offset in rows]))


def test_a_day_gives_whole_numbers_and_a_range_one_each() -> None:
    users, dates = ["A", "B", "A", "C"], [day(0), day(0), day(5), day(29)]
    assert dau(users, dates, day(0)) == 2
    assert wau(users, dates, day(6)) == 2
    assert mau(users, dates, day(29)) == 3
    assert dau(users, dates, [day(0), day(1), day(5)]).tolist() == [2, 0, 1]


def test_a_window_the_dates_do_not_cover_is_said_and_one_outside_them_is_no_data() -> None:
    done = evaluate(lookup("mau"), (["A"], [day(0)], day(3)))
    assert done.value == 1
    assert any("begins before the first date" in note for note in done.parts.notes)
    assert any("ends after the last date" in note for note in done.parts.notes)
    for outside in (day(-1), day(30)):
        with pytest.raises(MetricError, match="the dates run from 2026-01-01 to 2026-01-01") as refused:
            mau(["A"], [day(0)], outside)
        assert refused.value.code == "#N/A"


moments = st.lists(st.tuples(st.sampled_from("AB"), st.integers(0, 20_000)), min_size=1, max_size=60)


@given(moments, st.integers(1, 60), st.randoms())
@settings(max_examples=120)
def test_sessions_equal_a_plain_loop(rows: list, timeout: int, random: randomness.Random) -> None:
    start = datetime(2026, 1, 1, 22)
    result = sessions([w for w, _ in rows], [start + timedelta(seconds=s) for _, s in rows], timeout)
    expected = []
    for who in sorted({w for w, _ in rows}):
        times = sorted(s for w, s in rows if w == who)
        current = [times[0]]
        for moment in times[1:]:
            if moment - current[-1] > timeout * 60:
                expected.append((who, current))
                current = []
            current.append(moment)
        expected.append((who, current))
    got = result.to_dict("records")
    assert len(got) == len(expected)
    for row, (who, times) in zip(got, expected, strict=True):
        assert row["user"] == who
        assert row["start"].to_pydatetime() == start + timedelta(seconds=times[0])
        assert row["end"].to_pydatetime() == start + timedelta(seconds=times[-1])
        assert (row["seconds"], row["events"]) == (times[-1] - times[0], len(times))
    random.shuffle(rows)
    assert result.equals(sessions([w for w, _ in rows], [start + timedelta(seconds=s) for _, s in rows], timeout))


def test_a_break_of_exactly_the_timeout_and_midnight_do_not_end_a_session() -> None:
    times = [datetime(2026, 1, 1, 23, 45), datetime(2026, 1, 2, 0, 15), datetime(2026, 1, 2, 0, 45, 1)]
    result = sessions(["A"] * 3, times)
    assert result["events"].tolist() == [2, 1]
    assert result["seconds"].tolist() == [1800.0, 0.0]


def test_adoption_counts_users_once_and_uses_every_time() -> None:
    users = ["A", "A", "B", "C", "C", "C"]
    features = ["Export", "Export", "Export", "Search", "Search", "Export"]
    result = feature_adoption(users, features).to_dict("list")
    assert result["feature"] == ["Export", "Search"]
    assert result["users"] == [3, 1]
    assert result["breadth"] == [1, 1 / 3]
    assert result["uses_per_user"] == [4 / 3, 2]


def test_adoption_of_eligible_users_leaves_the_others_out_and_says_so() -> None:
    metric = lookup("feature_adoption")
    done = evaluate(metric, (["A", "B", "Z"], ["Export", "Search", "Search"], ["A", "B", "C", "D"]))
    assert done.value["breadth"].tolist() == [0.25, 0.25]
    assert done.parts.notes == ("users left out because they are not among the eligible ones: 1",)
    nobody = feature_adoption(["Z"], ["Search"], ["A"])
    assert nobody["users"].tolist() == [0]
    assert isnan(nobody["uses_per_user"][0])


def test_usage_by_account_takes_the_last_thirty_days_and_compares_the_thirty_before() -> None:
    rows = [
        # account, user, day, feature, licensed
        ("A", "u", 0, "Search", 5), ("A", "u", 31, "Export", 5), ("A", "u", 31, None, 5), ("A", "u", 40, "Export", 8),
        ("A", "v", 59, "Search", 10), ("B", "w", 20, "Export", None), ("C", "x", 59, None, 0),
    ]  # fmt: skip
    accounts, users, offsets, features, licensed = (list(column) for column in zip(*rows, strict=True))
    dates = [day(offset) for offset in offsets]
    result = usage_by_account(accounts, users, dates, features, licensed, ["Export", "Alerts"]).to_dict("records")
    a, b, c = result
    assert a["frequency"] == 1.5  # u on two days, v on one
    assert a["breadth"] == 0.2  # two of the ten licensed last
    assert a["depth"] == 0.5
    assert a["growth"] == 1.0
    assert isnan(b["frequency"])
    assert isnan(b["breadth"])
    assert (b["depth"], b["growth"]) == (0, -1)
    assert isnan(c["breadth"])
    assert isnan(c["growth"])


def test_growth_is_blank_where_the_dates_do_not_reach_back_and_says_so() -> None:
    done = evaluate(lookup("usage_by_account"), (["A", "A"], ["u", "u"], [day(0), day(58)]))
    assert np.isnan(done.value["growth"]).all()
    assert np.isnan(done.value["breadth"]).all()
    assert np.isnan(done.value["depth"]).all()
    assert any("do not cover the window before" in note for note in done.parts.notes)


def test_an_event_of_no_feature_still_counts_as_activity() -> None:
    result = usage_by_account(["A", "A"], ["u", "v"], [day(0), day(0)], ["Export", None])
    assert result["frequency"].tolist() == [1]
    assert result["depth"].tolist() == [1]
    more = usage_by_account(["A", "A"], ["u", "v"], [day(0), day(0)], ["Export", None], [2, None])
    assert more["breadth"].tolist() == [1]

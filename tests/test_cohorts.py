"""Customers gained and lost, and cohorts, against loops that could not be plainer."""

import random as randomness
from datetime import date, timedelta
from math import isnan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csmetrics_core import MetricError, cohort_retention, customer_movements
from csmetrics_core.declaration.catalog import lookup
from csmetrics_core.evaluate import evaluate

START = date(2025, 1, 1)
stays = st.lists(
    st.tuples(st.sampled_from("ABC"), st.integers(0, 250), st.none() | st.integers(0, 120)), min_size=1, max_size=14
)


def spell_columns(rows: list) -> tuple[list, list, list]:
    starts = [START + timedelta(days=start) for _, start, _ in rows]
    ends = [None if length is None else START + timedelta(days=start + length) for _, start, length in rows]
    return [who for who, _, _ in rows], starts, ends


def month_starts(first: date, last: date) -> list[date]:
    months = [first.replace(day=1)]
    while (months[-1] + timedelta(days=32)).replace(day=1) <= last:
        months.append((months[-1] + timedelta(days=32)).replace(day=1))
    return months


@given(stays)
@settings(max_examples=150)
def test_customers_are_counted_on_the_last_day_of_each_month(rows: list) -> None:
    who, starts, ends = spell_columns(rows)
    latest = max(starts + [end for end in ends if end])

    def active(customer: str, day: date) -> bool:
        return any(
            w == customer and s <= day and (e is None or day < e) for w, s, e in zip(who, starts, ends, strict=True)
        )

    result = customer_movements(who, starts, ends)
    months = month_starts(min(starts), latest)
    assert [day.date() for day in result["period"]] == months
    customers = sorted(set(who))
    for row, month in zip(result.to_dict("records"), months, strict=True):
        last_day = (month + timedelta(days=32)).replace(day=1) - timedelta(days=1)
        before, after = month - timedelta(days=1), last_day
        opening = [c for c in customers if active(c, before)]
        closing = [c for c in customers if active(c, after)]
        came = [c for c in closing if c not in opening]
        real = [(w, s) for w, s, e in zip(who, starts, ends, strict=True) if e is None or e > s]
        fresh = [c for c in came if not any(w == c and s < month for w, s in real)]
        assert row["opening"] == len(opening)
        assert row["new"] == len(fresh)
        assert row["reactivation"] == len(came) - len(fresh)
        if latest < last_day:
            assert month == months[-1]
            assert all(isnan(row[name]) for name in ("churned", "closing", "churn", "retention"))
            continue
        lost = [c for c in opening if c not in closing]
        assert (row["churned"], row["closing"]) == (len(lost), len(closing))
        assert row["opening"] + row["new"] + row["reactivation"] - row["churned"] == row["closing"]
        if opening:
            assert row["churn"] == len(lost) / len(opening)
            assert row["retention"] == 1 - row["churn"]
        else:
            assert isnan(row["churn"])


@given(stays, st.randoms())
def test_the_order_of_stays_does_not_matter(rows: list, random: randomness.Random) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)
    assert customer_movements(*spell_columns(rows)).equals(customer_movements(*spell_columns(shuffled)))


def test_touching_and_overlapping_stays_are_one() -> None:
    starts = [date(2025, 1, 5), date(2025, 2, 10), date(2025, 3, 1), date(2025, 4, 30)]
    ends = [date(2025, 2, 10), date(2025, 3, 20), date(2025, 4, 1), None]
    result = customer_movements(["A", "A", "A", "B"], starts, ends)
    assert result["new"].tolist() == [1, 0, 0, 1]
    assert result["churned"].tolist() == [0, 0, 0, 1]  # the first day no longer a customer is in April
    assert result["reactivation"].sum() == 0


def test_who_comes_and_goes_inside_a_month_is_only_counted_in_the_note() -> None:
    starts = [date(2025, 1, 5), date(2025, 1, 8), date(2025, 3, 2)]
    ends = [None, date(2025, 1, 20), date(2025, 3, 31)]
    done = evaluate(lookup("customer_movements"), (["A", "B", "B"], starts, ends))
    assert done.value["new"].tolist() == [1, 0, 0]
    assert done.value["churned"].tolist() == [0, 0, 0]
    assert any("2 stays began and ended inside one month" in note for note in done.parts.notes)


def test_the_last_month_is_blank_until_it_is_over() -> None:
    open_month = customer_movements(["A", "B"], [date(2025, 1, 1), date(2025, 1, 2)], [None, date(2025, 2, 27)])
    assert open_month["opening"].tolist() == [0, 2]
    assert open_month[["churned", "closing", "churn", "retention"]].iloc[-1].isna().all()
    whole = customer_movements(["A", "B"], [date(2025, 1, 1), date(2025, 1, 2)], [None, date(2025, 2, 28)])
    assert whole["churned"].tolist() == [0, 1]
    assert whole["churn"].tolist()[1:] == [0.5]


@pytest.mark.parametrize(
    ("period", "first", "rows"), [("week", date(2024, 12, 30), 9), ("quarter", START, 1), ("year", START, 1)]
)
def test_other_periods(period: str, first: date, rows: int) -> None:
    result = customer_movements(["A", "B"], [START, date(2025, 3, 1)], [None, None], period)
    assert result["period"].iloc[0].date() == first
    assert len(result) == rows


def test_an_end_before_its_start_is_refused_where_it_stands_in_the_range() -> None:
    with pytest.raises(
        MetricError, match=r"ends\[2\] is '2025-01-01'; expected a day on or after its start, 2025-02-01"
    ):
        customer_movements(
            ["A", None, "B"], [START, START, date(2025, 2, 1)], [None, date(2025, 3, 1), date(2025, 1, 1)]
        )


activity = st.lists(st.tuples(st.sampled_from("ABCDE"), st.integers(0, 200)), min_size=1, max_size=50)


@given(activity, st.sampled_from(["day", "week", "month", "quarter"]))
@settings(max_examples=120)
def test_cohorts_equal_a_plain_loop(rows: list, period: str) -> None:
    def index(offset: int) -> int:
        day = START + timedelta(days=offset)
        months = (day.year - 2025) * 12 + day.month - 1
        return {"day": offset, "week": (offset + 2) // 7, "month": months, "quarter": months // 3}[period]

    seen: dict[str, set[int]] = {}
    for who, offset in rows:
        seen.setdefault(who, set()).add(index(offset))
    last = max(max(periods) for periods in seen.values())
    result = cohort_retention([who for who, _ in rows], [START + timedelta(days=d) for _, d in rows], period)
    cohorts = sorted({min(periods) for periods in seen.values()})
    assert len(result) == len(cohorts)
    assert list(result.columns) == ["cohort", "size", *[f"age_{age}" for age in range(last - cohorts[0] + 1)]]
    for row, cohort in zip(result.to_dict("records"), cohorts, strict=True):
        members = [periods for periods in seen.values() if min(periods) == cohort]
        assert row["size"] == len(members)
        assert row["age_0"] == 1
        for age in range(last - cohorts[0] + 1):
            expected = sum(cohort + age in periods for periods in members) / len(members)
            assert isnan(row[f"age_{age}"]) if cohort + age > last else row[f"age_{age}"] == expected


def test_a_gap_is_not_hidden_and_comes_back() -> None:
    days = [date(2025, 1, 3), date(2025, 3, 9), date(2025, 4, 1)]
    result = cohort_retention(["A", "A", "B"], days)
    assert result.loc[0, ["age_0", "age_1", "age_2", "age_3"]].tolist() == [1, 0, 1, 0]
    assert result.loc[1, "age_0"] == 1
    assert result.loc[1, ["age_1", "age_2", "age_3"]].isna().all()


def test_a_table_nobody_could_read_is_refused() -> None:
    days = [date(1950, 1, 1) + timedelta(days=7 * i) for i in range(3_000)]
    with pytest.raises(MetricError, match="Choose a longer period"):
        cohort_retention(list(range(3_000)), days, "day")

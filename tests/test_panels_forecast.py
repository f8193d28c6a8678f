"""The page Forecast says what the core says, of the months and the input chosen, and why where it cannot."""

import datetime

import numpy as np
import pandas as pd
import pytest
from csmetrics_panels import dashboard
from csmetrics_panels.dashboards.blocks import Across, Figures, Grid, Picture, Words

import csmetrics_core as csm
from csmetrics_core import MetricError, explain
from csmetrics_core.company.company import Company
from csmetrics_core.company.headline.due import calendar_of
from csmetrics_core.samples import SampleCompany, sample_company


@pytest.fixture(scope="module")
def company() -> SampleCompany:
    return sample_company(customers=150, months=24, seed=3, end="2026-09-30", event_days=2)


def flat(blocks: object) -> list:
    return [one for block in blocks for one in (flat(block.blocks) if isinstance(block, Across) else [block])]


def forecast_page(tables: object, **choices: object) -> object:
    return dashboard("revenue_retention", tables, page="Forecast", **choices)


def figures(board: object) -> dict[str, str]:
    found = [block for block in flat(board.blocks) if isinstance(block, Figures)]
    return {item.title: item.value for block in found for item in block.items}


def words(board: object) -> list[str]:
    return [block.text for block in flat(board.blocks) if isinstance(block, Words)]


def grid(board: object, caption: str) -> dict:
    return next(block.columns for block in flat(board.blocks) if isinstance(block, Grid) and caption in block.caption)


def chart(board: object, title: str) -> object:
    charts = [block.chart for block in flat(board.blocks) if isinstance(block, Picture)]
    return next(one for one in charts if one.title == title)


def forecast(table: pd.DataFrame, **options: object) -> object:
    return explain(
        "arr_forecast", table["customer"], table["month"], table["mrr"], table["segment"],
        terms=table["interval_months"], **options,
    )  # fmt: skip


def test_the_forecast_is_the_cores_with_the_users_new_business_on_top(company: SampleCompany) -> None:
    board = forecast_page(company, horizon=6, new_arr_a_month=5000)
    told = forecast(company.subscriptions, horizon=6, new_arr_a_month=5000)
    shown = grid(board, "ARR month by month")
    for name, cells in shown.items():
        np.testing.assert_array_equal(cells, told.value[name])
    assert {"month", "contracted", "base", "new", "arr", "low", "high", "mape", "rival_mape"} <= shown.keys()
    assert shown["arr"][-1] == shown["base"][-1] + 30_000
    assert words(board)[0] == told.notes[0]
    assert figures(board)["ARR expected in 2027-03"] == f"{told.value['arr'][-1]:,.2f}"
    assert figures(board)["Contracted in 2026-10"] == f"{told.value['contracted'][1]:,.2f}"


def test_the_error_of_the_past_stands_beside_the_naive_rival(company: SampleCompany) -> None:
    told = forecast(company.subscriptions, horizon=6)
    board = forecast_page(company, horizon=6)
    tile = next(item for b in flat(board.blocks) if isinstance(b, Figures) for item in b.items if "Error" in item.title)
    assert tile.title == "Error 6 months ahead"
    assert tile.value == f"{told.value['mape'][-1]:.1%}"
    assert tile.detail == f"{told.value['rival'][-1]}: {told.value['rival_mape'][-1]:.1%}"
    assert told.notes[1] in words(board)


def test_a_horizon_that_cannot_be_tried_is_told_with_the_longest_that_can(company: SampleCompany) -> None:
    board = forecast_page(company)
    assert len(grid(board, "ARR month by month")["month"]) == 13
    assert "mape" not in grid(board, "ARR month by month")
    shorter = forecast(company.subscriptions, horizon=6).notes[1]
    assert f"Tried 6 months ahead: {shorter}" in words(board)
    assert figures(board)["Error 6 months ahead"] != "–"


def test_the_chart_goes_on_where_the_past_ends(company: SampleCompany) -> None:
    drawn = {series.name: series for series in chart(forecast_page(company, horizon=6), "ARR ahead").series}
    table = company.subscriptions
    september = table.loc[table["month"] == "2026-09-01", "mrr"].sum()
    place = list(drawn["ARR"].x).index("2026-09")
    assert drawn["ARR"].y[place] == pytest.approx(12 * september)
    assert drawn["expected"].y[place] == pytest.approx(12 * september)
    assert np.isnan(drawn["ARR"].y[place + 1])
    assert drawn["80 % band"].low[-1] < drawn["expected"].y[-1] < drawn["80 % band"].high[-1]
    assert list(drawn["contracted, not yet due"].x) == list(drawn["ARR"].x)


def test_a_goal_is_solved_with_what_the_forecast_expects_of_customers_there(company: SampleCompany) -> None:
    board = forecast_page(company, horizon=6, target=1_500_000, within=10)
    base = forecast(company.subscriptions, horizon=6).value["base"]
    rate = (base[-1] / base[0]) ** (1 / 6) - 1
    given = {"churn": max(-rate, 0), "expansion": max(rate, 0)}
    needed = csm.arr_goal(base[0], 1_500_000, 10, **given)
    assert figures(board)["New ARR a month for the goal"] == f"{needed:,.2f}"
    reached = base[0]
    for _ in range(10):
        reached = reached * (1 + rate) + needed
    assert reached == pytest.approx(1_500_000)


def test_a_goal_reached_without_new_business_is_said(company: SampleCompany) -> None:
    board = forecast_page(company, horizon=6, target=1)
    assert any("No goal: target is 1" in text and "without new business" in text for text in words(board))


RENEWALS = pd.DataFrame(
    {
        "customer": [f"C{k}" for k in range(43)],
        "arr": [1200.0] * 40 + [1200.0, 2400.0, 600.0],
        "due": pd.to_datetime(["2026-05-01"] * 40 + ["2026-10-20", "2026-11-05", "2026-08-31"]),
        "renewed": [True] * 30 + [False] * 10 + [None] * 3,
        "health_band": ["green"] * 41 + ["red", "amber"],
    }
)


def test_renewals_due_are_at_risk_as_such_were_lost_before() -> None:
    months = pd.date_range("2026-08-01", "2026-09-01", freq="MS").repeat(2)
    tables = {"subscriptions": pd.DataFrame({"customer": ["A", "B"] * 2, "month": months, "mrr": 1.0}),
              "renewals": RENEWALS}  # fmt: skip
    board = forecast_page(tables)
    calendar = grid(board, "comes up for renewal")
    # 30 of 40 were renewed; one fell due in August and is not decided.
    assert calendar["month"][:3] == ["overdue", "2026-10", "2026-11"]
    assert calendar["due"][:3] == [600.0, 1200.0, 2400.0]
    assert calendar["at_risk"][:3] == [150.0, 300.0, 600.0]
    assert calendar["flagged"][:3] == [0.0, 0.0, 2400.0]
    assert figures(board)["ARR due in 12 months"] == "4,200.00"
    assert figures(board)["ARR at risk by past renewals"] == "1,050.00"
    assert figures(board)["ARR due in red health"] == "2,400.00"
    assert "The chance to renew is the share renewed: 30 of 40 renewals decided before." in words(board)
    assert any(text.startswith("No forecast: months covers 2 months; a forecast needs 13") for text in words(board))


def test_a_call_that_was_decided_often_enough_has_its_own_chance() -> None:
    called = RENEWALS.assign(call=["renew"] * 20 + ["at risk"] * 20 + ["Renew", "at risk", None])
    more = pd.concat([called, called.iloc[:20].assign(due=pd.Timestamp("2026-06-01"))])  # "renew": 40 of 40
    told = calendar_of(Company({"renewals": more}), 2026 * 12 + 9 - 1 - 1970 * 12)
    assert told.value["at_risk"][:3].tolist() == pytest.approx([600 / 6, 0.0, 2400 / 6])
    assert "50 of 60 renewals decided before, of those called 'renew' 40 of 40." in told.notes[-1]


def test_few_decided_renewals_leave_the_risk_blank() -> None:
    told = calendar_of(Company({"renewals": RENEWALS.iloc[20:]}), 2026 * 12 + 9 - 1 - 1970 * 12)
    assert np.isnan(told.value["at_risk"][1])
    assert told.value["due"][1] == 1200.0
    assert told.notes[-1] == "What is at risk is blank: that takes 30 decided renewals, and the table holds 20."


def test_ends_that_lie_ahead_stand_in_for_a_table_of_renewals() -> None:
    customers = pd.DataFrame(
        {"customer": ["A", "B", "C"], "arr": [100.0, 200.0, 400.0], "start": datetime.date(2025, 1, 1),
         "end": [datetime.date(2026, 8, 1), datetime.date(2026, 11, 30), None]}
    )  # fmt: skip
    told = calendar_of(Company({"customers": customers}), 2026 * 12 + 9 - 1 - 1970 * 12)
    assert told.value["due"][:3].tolist() == [0.0, 0.0, 200.0]  # what ended in August is over


def test_without_ends_and_with_few_months_each_part_says_what_it_needs() -> None:
    months = pd.date_range("2026-01-01", "2026-09-01", freq="MS")
    tables = {"subscriptions": pd.DataFrame({"customer": "A", "month": months, "mrr": 1.0})}
    said = words(forecast_page(tables))
    assert "No forecast: months covers 9 months; a forecast needs 13. Give a longer history." in said
    assert any(
        text.startswith("No renewal calendar: needs a table of renewals with customer, arr, due") for text in said
    )


@pytest.mark.parametrize(("choice", "value"), [("target", -1), ("within", 0), ("new_arr_a_month", "much")])
def test_inputs_that_are_none_are_refused(company: SampleCompany, choice: str, value: object) -> None:
    with pytest.raises(MetricError, match=choice):
        forecast_page(company, **{choice: value})


def test_an_earlier_month_is_forecast_from_what_was_known_then(company: SampleCompany) -> None:
    board = forecast_page(company, horizon=3, end="2026-06")
    known = company.subscriptions[company.subscriptions["month"] <= "2026-06-30"]
    assert grid(board, "ARR month by month")["high"] == list(forecast(known, horizon=3).value["high"])
    assert board.code.endswith("horizon=3)")

"""The page Ledger says what the core's bridge says, by class, and never leaves the currency unsaid."""

import datetime

import numpy as np
import pandas as pd
import pytest
from csmetrics_panels import dashboard
from csmetrics_panels.dashboards.blocks import Across, Figures, Grid, Picture, Words

from csmetrics_core import tables
from csmetrics_core.samples import SampleCompany, sample_company


@pytest.fixture(scope="module")
def company() -> SampleCompany:
    return sample_company(customers=150, months=18, seed=3, end="2026-09-30", event_days=2)


def flat(blocks: object) -> list:
    return [one for block in blocks for one in (flat(block.blocks) if isinstance(block, Across) else [block])]


def figures(board: object) -> dict[str, object]:
    return {item.title: item for b in flat(board.blocks) if isinstance(b, Figures) for item in b.items}


def words(board: object) -> str:
    return "\n".join(block.text for block in flat(board.blocks) if isinstance(block, Words))


def grid(board: object, caption: str) -> dict:
    return next(block.columns for block in flat(board.blocks) if isinstance(block, Grid) and caption in block.caption)


def day(text: str) -> object:
    return pd.Timestamp(text) if text else pd.NaT


def lines(*rows: tuple) -> pd.DataFrame:
    """Contract lines: customer, plan, first day, first unpaid day, amount a month, currency."""
    names = ["customer", "plan", "start", "end", "amount", "currency"]
    frame = pd.DataFrame(rows, columns=names).assign(interval_months=1)
    return frame.assign(start=frame["start"].map(day), end=pd.to_datetime(frame["end"].map(day)))


LINES = lines(
    ("A", "Base", "2026-01-01", "", 100.0, "EUR"),
    ("B", "Base", "2026-01-15", "2026-03-15", 50.0, "EUR"),
    ("A", "Add-on", "2026-03-01", "", 20.0, "EUR"),
)
MONTHS = pd.DataFrame(
    {"customer": ["A", "A", "A", "B", "B"], "mrr": [100.0, 100.0, 120.0, 50.0, 50.0],
     "month": pd.to_datetime(["2026-01-01", "2026-02-01", "2026-03-01", "2026-01-01", "2026-02-01"])}
)  # fmt: skip


def ledger_page(contracts: pd.DataFrame | None = LINES, **choices: object) -> object:
    given = {"subscriptions": MONTHS} | ({} if contracts is None else {"contracts": contracts})
    return dashboard("revenue_retention", given, page="Ledger", **choices)


def test_the_bridge_and_its_classes_of_lines_counted_by_hand() -> None:
    board = ledger_page()
    bridge, classes = grid(board, "ARR bridge"), grid(board, "By class")
    assert bridge["closing"] == [1440.0, 1800.0, 1800.0]
    assert bridge["expansion"][0] == 240.0
    assert bridge["churned"][0] == 600.0
    assert classes == {"month": ["2026-03", "2026-02", "2026-01"], "churn": [-600.0, 0.0, 0.0],
                       "cross_sell": [240.0, 0.0, 0.0]}  # fmt: skip
    assert figures(board)["Live ARR"].value == "1,440.00"
    assert figures(board)["Live ARR"].detail == "from 1,800.00"
    assert "All amounts are in EUR: exchange moves nothing here." in words(board)


def test_the_bridge_is_the_cores_to_the_last_digit(company: SampleCompany) -> None:
    board = dashboard("revenue_retention", company, page="Ledger", grace_days=30)
    as_of = datetime.date(2026, 10, 1)
    balances = tables.arr_balances(company.contracts, as_of=as_of, grace_days=30)
    wanted = tables.arr_bridge(balances, detail=True, as_of=as_of).iloc[::-1]
    shown, classes = grid(board, "ARR bridge"), grid(board, "By class")
    for name in set(shown) - {"month"}:
        np.testing.assert_array_equal(shown[name], wanted[name][: len(shown[name])])
    for name in set(classes) - {"month"}:
        np.testing.assert_array_equal(classes[name], wanted[f"change_{name}"][: len(classes[name])])
    assert {"lapsed", "cross_sell"} <= classes.keys()
    assert figures(board)["Open renewals"].value == f"{wanted['open_renewal'].iloc[0]:,.2f}"
    assert wanted["open_renewal"].max() > 0


def test_bars_are_stacked_gains_upwards_and_losses_downwards() -> None:
    board = ledger_page()
    first, second = (b.chart for b in flat(board.blocks) if isinstance(b, Picture) and b.chart.stacked)
    assert {series.name: series.y[-1] for series in first.series} == {"expansion": 240.0, "churned": -600.0}
    assert {series.name: series.y[-1] for series in second.series} == {"cross sell": 240.0, "churn": -600.0}
    assert first.series[0].x[-1] == "2026-03"


def test_an_open_renewal_is_apart_and_no_loss_yet() -> None:
    board = ledger_page(grace_days=30)
    assert figures(board)["Open renewals"].value == "600.00"
    assert figures(board)["Open renewals"].detail == "live without them: 1,440.00"
    assert figures(board)["ARR churned"].value == "0.00"
    assert board.code.endswith("grace_days=30)")


def test_what_is_signed_and_not_live_stands_beside_it() -> None:
    signed = pd.concat([LINES, lines(("C", "Base", "2026-05-01", "", 100.0, "EUR"))], ignore_index=True)
    signed["signed"] = pd.to_datetime(["2026-01-01", "2026-01-15", "2026-03-01", "2026-02-10"])
    tile = figures(ledger_page(signed))["Contracted ARR"]
    assert tile.value == "2,640.00"
    assert tile.detail == "1,200.00 beyond what is live"
    assert figures(ledger_page())["Contracted ARR"].missing == "needs a column signed, the day each contract was signed"


def test_months_of_revenue_stand_in_and_say_that_exchange_may_be_in_them() -> None:
    board = ledger_page(None)
    assert grid(board, "ARR bridge")["closing"] == [1440.0, 1800.0, 1800.0]
    assert words(board).startswith("ARR of 12 times the months of subscriptions")
    assert "subscriptions names no currency" in words(board)
    assert "not in constant currency" in words(board)


def test_amounts_brought_to_one_currency_at_one_rate_are_said_to_be_in_it() -> None:
    board = ledger_page(LINES.assign(currency=["EUR", "USD", "EUR"]), rates={"EUR": 1, "USD": 0.9})
    assert grid(board, "ARR bridge")["churned"][0] == 540.0
    assert "All amounts are in EUR: exchange moves nothing here." in words(board)


def test_several_currencies_without_rates_are_refused_and_months_of_revenue_stand_in() -> None:
    board = ledger_page(LINES.assign(currency=["EUR", "USD", "EUR"]))
    assert "amounts are in several currencies: EUR (2 rows), USD (1 row)" in board._said.value
    assert words(board).startswith("ARR of 12 times the months of subscriptions")


def test_classes_have_colours_of_their_own() -> None:
    pictures = [b.chart for b in flat(ledger_page().blocks) if isinstance(b, Picture)]
    for chart in pictures:
        colours = [series.colour for series in chart.series]
        assert len(set(colours)) == len(colours)

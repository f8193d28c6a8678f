"""A tile opens its why, and a bar of the account the customers behind it."""

import pandas as pd
import pytest
from csmetrics_panels import dashboard
from csmetrics_panels.dashboards.blocks import Across, Figures, Grid, Picture, Words
from csmetrics_panels.screen.tiles import Tiles

from csmetrics_core.company.company import Company
from csmetrics_core.company.headline.why import why_of
from csmetrics_core.samples import SampleCompany, sample_company


@pytest.fixture(scope="module")
def company() -> SampleCompany:
    return sample_company(customers=150, months=18, seed=3, end="2026-09-30", event_days=40)


def flat(blocks: object) -> list:
    return [one for block in blocks for one in (flat(block.blocks) if isinstance(block, Across) else [block])]


def behind(board: object) -> Grid:
    return next(b for b in flat(board.blocks) if isinstance(b, Grid) and b.caption.startswith("Behind"))


def tiles(board: object) -> Tiles:
    return next(widget for screen in board._screens for widget in screen.children if isinstance(widget, Tiles))


def press(board: object, title: str) -> None:
    """Press the button of a tile, as the browser tells it."""
    places = [tile["title"] for tile in tiles(board).tiles]
    tiles(board)._handle_custom_msg({"opened": places.index(title)}, [])


def test_a_tile_opens_the_page_that_says_why_with_its_headline(company: SampleCompany) -> None:
    board = dashboard("scorecard", company)
    press(board, "Net Promoter Score")
    assert board.choices()["page"] == "Why it moved"
    assert board.choices()["why"] == "nps"
    month = Company(company.tables).current
    assert flat(board.blocks)[0].text == why_of(Company(company.tables), "nps", month).sentence
    press(board, "Stickiness, trailing 30 days")
    assert any("It is made of users by day" in b.text for b in flat(board.blocks) if isinstance(b, Words))


def test_tiles_say_what_the_figures_say_and_hold_text_only(company: SampleCompany) -> None:
    board = dashboard("scorecard", company)
    figures = next(block for block in board.blocks if isinstance(block, Figures))
    for tile, figure in zip(tiles(board).tiles, figures.items, strict=True):
        assert (tile["title"], tile["value"]) == (figure.title, figure.value)
        assert tile["change"].lstrip("▲▼ ") == figure.change
    assert "innerHTML" not in Tiles._esm


def test_a_click_on_a_bar_lists_the_customers_behind_it(company: SampleCompany) -> None:
    board = dashboard("revenue_retention", company, page="What moved")
    picture = next(b for b in flat(board.blocks) if isinstance(b, Picture))
    labels = list(picture.chart.series[0].x)
    rest = next(label for label in labels if label.startswith("the rest of"))
    picture.clicked(rest)
    shown = behind(board).columns
    named = {label.split(", ")[0] for label in labels if ", " in label}
    paid = company.subscriptions.pivot_table(index="customer", columns="month", values="mrr", aggfunc="sum").fillna(0)
    then, now = (paid[pd.Timestamp(day)].round(2) for day in ("2026-08-01", "2026-09-01"))
    moved = set(paid.index[then != now]) - named
    assert set(shown["customer"]) == moved
    assert rest == f"the rest of {len(moved)} customers"
    for who, before, after in zip(shown["customer"], shown["2026-08"], shown["2026-09"], strict=True):
        assert before == pytest.approx(then[who])
        assert after == pytest.approx(now[who])
    change = sum(shown["2026-09"]) - sum(shown["2026-08"])
    bars = dict(zip(labels, picture.chart.series[0].y, strict=True))
    assert abs(change) == pytest.approx(bars[rest])


def test_a_bar_of_one_customer_shows_that_one_and_another_page_none(company: SampleCompany) -> None:
    board = dashboard("scorecard", company, page="Why it moved")
    picture = next(b for b in flat(board.blocks) if isinstance(b, Picture))
    label = picture.chart.series[0].x[1]
    picture.clicked(label)
    assert behind(board).columns["customer"] == [label.split(", ")[0]]
    assert behind(board).caption.endswith("MRR of 1 customer")
    board.choose(why="nps")
    assert not any(b.caption.startswith("Behind") for b in flat(board.blocks) if isinstance(b, Grid))
    picture.clicked("no such bar")
    assert not any(b.caption.startswith("Behind") for b in flat(board.blocks) if isinstance(b, Grid))


def test_the_ends_of_retention_show_the_cohorts(company: SampleCompany) -> None:
    month = Company(company.tables).current
    why = why_of(Company(company.tables), "ndr", month)
    paid = company.subscriptions.pivot_table(index="customer", columns="month", values="mrr", aggfunc="sum").fillna(0)
    cohort = paid[pd.Timestamp("2025-09-01")]
    after = why.behind("after")
    assert set(after["customer"]) == set(cohort.index[cohort > 0])
    assert sum(after["2026-09"]) / sum(after["2025-09"]) == pytest.approx(why.rows("waterfall", "effect")["effect"][-1])


def test_behind_a_segment_are_its_answers_in_both_months() -> None:
    rows = [("A", "S", "2026-08-05", 9), ("B", "S", "2026-08-06", 3), ("C", "L", "2026-08-07", 10),
            ("A", "S", "2026-09-05", 2), ("B", "S", "2026-09-06", None), ("C", "L", "2026-09-07", 10)]  # fmt: skip
    responses = pd.DataFrame(rows, columns=["customer", "segment", "date", "nps"])
    responses["date"] = pd.to_datetime(responses["date"])
    why = why_of(Company({"responses": responses}), "nps", 2026 * 12 + 8 - 1970 * 12)
    found = why.behind("S, rate")
    assert found["customer"] == ["A", "B", "A"]  # the blank answer is none
    assert found["period"] == ["2026-08", "2026-08", "2026-09"]
    assert found["scores"] == [9.0, 3.0, 2.0]
    assert why.behind("before")["customer"] == ["A", "B", "C"]


def test_the_same_in_the_voice_of_the_customer(company: SampleCompany) -> None:
    board = dashboard("voice_of_customer", company, page="What moved", span="quarter")
    picture = next(b for b in flat(board.blocks) if isinstance(b, Picture))
    label = next(name for name in picture.chart.series[0].x if name.endswith(", rate"))
    picture.clicked(label)
    shown, segment = behind(board).columns, label.removesuffix(", rate")
    r = company.responses
    quarter = r["date"].dt.to_period("Q").astype(str)
    chosen = r[quarter.isin(["2026Q2", "2026Q3"]) & (r["segment"] == segment) & r["nps"].notna()]
    assert set(shown["segment"]) == {segment}
    assert sorted(shown["customer"]) == sorted(chosen["customer"])

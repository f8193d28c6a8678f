"""Dashboards say what the core says, of the rows chosen, and say what is missing where they cannot."""

import datetime
import re
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from csmetrics_panels import DASHBOARDS, dashboard
from csmetrics_panels.dashboards.blocks import Across, Figures, Grid, Picture, Words
from csmetrics_panels.data import sources as panel_sources

from csmetrics_core import CATALOG, MetricError, churn_rate, explain, ndr, nps
from csmetrics_core.samples import SampleCompany, sample_company
from csmetrics_core.scorecard import scorecard


@pytest.fixture(scope="module")
def company() -> SampleCompany:
    return sample_company(customers=150, months=18, seed=3, end="2026-09-30", event_days=120)


def flat(blocks: object) -> list:
    return [one for block in blocks for one in (flat(block.blocks) if isinstance(block, Across) else [block])]


def figures(board: object) -> dict[str, str]:
    return {
        item.title: item.value for block in flat(board.blocks) if isinstance(block, Figures) for item in block.items
    }


def grid(board: object, words: str) -> dict:
    return next(b.columns for b in flat(board.blocks) if isinstance(b, Grid) and words in b.caption)


PAGES = [
    (name, page.title) for name, kind in DASHBOARDS.items() for page in kind({"x": pd.DataFrame({"a": [1]})}).pages()
]


@pytest.mark.parametrize(("name", "page"), PAGES)
def test_every_page_shows_something_on_the_sample_company(company: SampleCompany, name: str, page: str) -> None:
    board = dashboard(name, company, page=page)
    assert not [b.text for b in flat(board.blocks) if isinstance(b, Words) and b.empty]
    assert any(isinstance(b, Figures | Grid | Picture) for b in flat(board.blocks))


@pytest.mark.parametrize(("name", "page"), PAGES)
@pytest.mark.parametrize(
    "choices", [{"segment": "SMB"}, {"span": "quarter"}, {"span": "trailing 12"}, {"end": "2025-04"}]
)
def test_no_choice_breaks_a_page(company: SampleCompany, name: str, page: str, choices: dict) -> None:
    board = dashboard(name, company, page=page, **choices)
    for block in flat(board.blocks):
        if isinstance(block, Words):
            assert "Error" not in block.text.split(":")[0]
        if isinstance(block, Grid):
            assert len({len(c) for c in block.columns.values()}) == 1


@pytest.mark.parametrize(("name", "page"), PAGES)
def test_without_tables_a_page_says_what_it_needs(name: str, page: str) -> None:
    board = dashboard(name, {"other": pd.DataFrame({"a": [1, 2]})}, page=page)
    texts = [b.text for b in flat(board.blocks) if isinstance(b, Words)]
    missing = [item.missing for b in flat(board.blocks) if isinstance(b, Figures) for item in b.items]
    assert any("needs" in text for text in [*texts, *missing]) or "no history" in " ".join(texts) or name == "scorecard"


def test_the_scorecard_is_the_cores(company: SampleCompany) -> None:
    board = dashboard("scorecard", company)
    wanted = {
        line.title: line.unit.text(line.value) for line in scorecard(company.tables).lines if line.value is not None
    }
    assert {k: v for k, v in figures(board).items() if v != "–"} == wanted
    smb = {name: t[t["segment"] == "SMB"] if "segment" in t else t for name, t in company.tables.items()}
    board.choose(segment="SMB")
    assert figures(board)["Net Promoter Score"] == f"{nps(september(smb['responses'])):.1f}"


def september(responses: pd.DataFrame) -> pd.Series:
    return responses.loc[responses["date"].dt.strftime("%Y-%m") == "2026-09", "nps"]


def test_tables_without_a_segment_follow_their_customers(company: SampleCompany) -> None:
    board = dashboard("usage", company, segment="SMB")
    segment = company.customers.set_index("customer")["segment"].to_dict()
    events = company.events[company.events["customer"].map(segment) == "SMB"]
    day = events["timestamp"].dt.date == datetime.date(2026, 9, 30)
    assert figures(board)["Daily active users"] == f"{events[day]['user'].nunique():,}"
    assert board.data.unsplit() == ["features", "costs", "funnel"]
    assert "Not split by segment: features, costs, funnel" in board._said.value


def test_the_bridge_reconciles_and_retention_is_the_cores(company: SampleCompany) -> None:
    board = dashboard("revenue_retention", company, span="quarter")
    bars = next(b.chart for b in flat(board.blocks) if isinstance(b, Picture)).series[0]
    opening, new, expansion, back, contraction, churned, closing = bars.y
    assert opening + new + expansion + back - contraction - churned == pytest.approx(closing)
    months = company.subscriptions["month"].dt.strftime("%Y-%m")
    assert closing == pytest.approx(company.subscriptions.loc[months == "2026-09", "mrr"].sum())
    assert opening == pytest.approx(company.subscriptions.loc[months == "2026-06", "mrr"].sum())
    board.choose(page="Retention", span="month")
    line = scorecard(company.tables)["ndr"]
    assert figures(board)["Net revenue retention"] == f"{ndr(**line.arguments):.1%}"
    assert line.value == pytest.approx(ndr(**line.arguments))


def test_churn_counts_customers_who_no_longer_pay(company: SampleCompany) -> None:
    board = dashboard("revenue_retention", company, page="Churn", span="quarter")
    paid = {m: paying(company, day) for m, day in (("june", "2026-06-30"), ("september", "2026-09-30"))}
    lost = len(paid["june"] - paid["september"])
    assert figures(board)["Customer churn rate"] == f"{churn_rate(lost, len(paid['june'])):.1%}"
    assert figures(board)["Customers churned"] == str(lost)
    assert figures(board)["Customers won"] == str(len(paid["september"] - paid["june"]))


def paying(company: SampleCompany, day: str) -> set:
    table, when = company.customers, pd.Timestamp(day)
    here = (table["start"] <= when) & (table["end"].isna() | (table["end"] > when))
    return set(table.loc[here, "customer"])


def test_voice_of_customer_weighs_and_compares(company: SampleCompany) -> None:
    board = dashboard("voice_of_customer", company, span="quarter")
    r = company.responses
    quarter = r["date"].dt.to_period("Q").astype(str)
    now, before = r[quarter == "2026Q3"], r[quarter == "2026Q2"]
    shown = figures(board)
    assert shown["NPS, one vote a response"] == f"{nps(now['nps']):.1f}"
    assert shown["NPS, one vote an account"] == f"{nps(now['nps'], accounts=now['customer']):.1f}"
    assert shown["NPS, weighted by ARR"] == f"{nps(now['nps'], weights=now['arr']):.1f}"
    words = next(b.text for b in flat(board.blocks) if isinstance(b, Words))
    both = pd.concat([before, now])
    periods = ["2026Q2"] * len(before) + ["2026Q3"] * len(now)
    told = explain("csm_change", "nps", periods, "2026Q2", "2026Q3", list(both["customer"]), list(both["nps"]))
    assert told.notes == (words,)


def test_comments_are_those_of_the_band_with_personal_data_masked(company: SampleCompany) -> None:
    board = dashboard("voice_of_customer", company, page="Comments", span="trailing 12")
    quotes = grid(board, "comments of detractors")
    assert set(quotes["score"]) <= {str(i) for i in range(7)}
    assert not any("@" in text for text in quotes["comment"])
    html = next(w.value for w in board._screens[-1].children if "most negative" in getattr(w, "value", ""))
    assert "<script" not in html
    board._band.value = "all"
    assert len(grid(board, "comments of all")["comment"]) > len(quotes["comment"])


def test_weights_move_scores_bands_and_the_back_test(company: SampleCompany) -> None:
    board = dashboard("health_score", company)
    even = grid(board, "Accounts in red")
    backtest = grid(board, "Back-test")
    assert list(backtest["band"])[:3] == ["red", "amber", "green"]
    board._weights["growth"].value = 0
    board._weights["frequency"].value = 5
    assert grid(board, "Accounts in red") != even
    scores = CATALOG["health_score"].function
    reds = grid(board, "Accounts in red")
    row = [reds[name][0] for name in ("frequency", "breadth", "depth", "growth")]
    row = [None if v != v else v for v in row]
    assert reds["score"][0] == pytest.approx(
        scores([row], weights=[5, 3, 2, 0], worst=[0, 0, 0, -0.5], best=[12, 0.8, 0.8, 0.5])
    )
    for slider in board._weights.values():
        slider.value = 0
    assert "at least one weight above 0" in " ".join(b.text for b in flat(board.blocks) if isinstance(b, Words))


def test_a_click_on_a_band_lists_its_accounts_with_arr_and_renewal(company: SampleCompany) -> None:
    board = dashboard("health_score", company)
    picture = next(b for b in flat(board.blocks) if isinstance(b, Picture))
    picture.clicked("green")
    board._edges["green"].value = 60
    shown = grid(board, "Accounts in green")
    assert {"account", "score", "arr", "renewal"} <= set(shown)
    assert all(score >= 60 for score in shown["score"])
    arr = company.customers.drop_duplicates("customer", keep="last").set_index("customer")["arr"]
    assert shown["arr"][0] == pytest.approx(arr[shown["account"][0]])
    assert any(day and day > "2026-09-30" for day in shown["renewal"])


_CLV = "Customer lifetime value, discounted, within the horizon"


def test_what_if_starts_where_the_company_stands_and_follows_the_sliders(company: SampleCompany) -> None:
    board = dashboard("unit_economics", company)
    today = figures(board)
    board.choose(page="What if")
    assert figures(board)[_CLV] == today[_CLV]
    board.what_if(arpa=100, gross_margin=0.8, churn=0.02, cac=1200, discount=0.01, horizon=60)
    shown = figures(board)
    months = sum(0.98**month / 1.01**month for month in range(60))
    assert shown[_CLV] == f"{80 * months:,.2f}"
    assert (shown["LTV:CAC ratio"], shown["CAC payback"]) == (f"{80 * months / 1200:.2f}", "15.0 months")
    assert board._sliders["churn"].shown == "2.00%"


def test_polars_tables_give_the_same_numbers(company: SampleCompany) -> None:
    names = ["customer", "month", "mrr", "segment"]
    frames = {"subscriptions": company.subscriptions[names]}
    board = dashboard("revenue_retention", frames)
    other = dashboard("revenue_retention", {k: pl.from_pandas(v) for k, v in frames.items()})
    assert figures(board) == figures(other)
    assert figures(board.choose(segment="SMB")) == figures(other.choose(segment="SMB"))


def test_own_tables_replace_the_sample_and_user_text_stays_text() -> None:
    board = dashboard("voice_of_customer")
    assert "made up" in board._said.value
    evil = "<script>alert(1)</script>"
    csv = f"date,nps,segment,comment\n2026-09-01,0,{evil},{evil}\n2026-09-02,10,b,Great\n"
    board._upload.take({"responses.csv": csv.encode()})
    assert figures(board)["NPS, one vote a response"] == "0.0"
    board.choose(page="Comments")
    assert all("<script" not in getattr(w, "value", "") for w in board._screens[-1].children)
    board.choose(segment=evil, page="NPS")
    assert figures(board)["NPS, one vote a response"] == "−100.0"
    board._upload.take({"x.doc": b"x"})
    assert "x.doc is no" in board._said.value
    assert figures(board)["NPS, one vote a response"] == "−100.0"


@pytest.mark.parametrize(
    ("name", "choices"),
    [
        ("unit_economics", {"page": "What if", "churn": 0.031, "cac": 50_000.0}),
        ("unit_economics", {"page": "What if", "segment": "SMB", "horizon": 24}),
        ("health_score", {"growth": 0, "frequency": 4.5, "green": 80, "band": "amber"}),
        ("voice_of_customer", {"page": "Comments", "band": "promoters", "span": "trailing 12"}),
    ],
)
def test_sliders_lists_and_the_page_are_in_the_code(company: SampleCompany, name: str, choices: dict) -> None:
    board = dashboard(name, company.tables, **choices)
    names: dict = {"tables": company.tables}
    exec(board.code.replace("\ndashboard(", "\nagain = dashboard("), names)
    assert names["again"].choices() == board.choices()
    assert figures(names["again"]) == figures(board)
    grids = [[str(b) for b in flat(one.blocks) if isinstance(b, Grid)] for one in (names["again"], board)]
    assert grids[0] == grids[1]
    for key, value in choices.items():
        assert board.choices()[key] == value


def test_one_slider_moved_leaves_the_others_where_the_company_stands(company: SampleCompany) -> None:
    stands = dashboard("unit_economics", company, page="What if").knobs
    board = dashboard("unit_economics", company).what_if(churn=0.05)
    assert {name: s.value for name, s in board.knobs.items() if name != "churn"} == {
        name: s.value for name, s in stands.items() if name != "churn"
    }


def test_reset_puts_the_sliders_back_where_the_segment_stands(company: SampleCompany) -> None:
    board = dashboard("unit_economics", company, page="What if").what_if(churn=0.05, arpa=1)
    board.choose(segment="SMB")
    assert board.knobs["arpa"].value == 1
    board._back.click()
    fresh = dashboard("unit_economics", company, page="What if", segment="SMB")
    assert figures(board) == figures(fresh)
    assert "churn" not in board.choices()
    health = dashboard("health_score", company)
    before = figures(health)
    health.choose(growth=0, green=90)
    assert figures(health) != before
    health._back.click()
    assert figures(health) == before
    assert health.typed == dashboard("health_score", company).typed


def test_tables_without_dates_say_so_in_the_list_of_months() -> None:
    board = dashboard("voice_of_customer", {"responses": {"nps": [10, 9, 0]}})
    assert (board._end.label, board.end) == ("no dates", None)
    assert "end" not in board.choices()
    assert figures(board)["NPS, one vote a response"] == f"{nps([10, 9, 0]):.1f}"


def test_what_cannot_be_chosen_on_a_dashboard_is_refused_by_name(company: SampleCompany) -> None:
    board = dashboard("health_score", company)
    for choices, words in (
        ({"page": "Nope"}, "page is 'Nope'; expected one of Scores and back-test"),
        ({"weight": 1}, "no choice called 'weight'. There are segment, span, end, page, frequency"),
        ({"growth": "much"}, "growth is 'much'; expected a number from 0"),
        ({"growth": -1}, "growth is -1; expected a number from 0"),
        ({"band": "blue"}, "band is 'blue'; expected one of red, amber, green"),
    ):
        with pytest.raises(MetricError, match=re.escape(words)):
            board.choose(**choices)


def test_the_code_names_a_file_and_says_what_it_cannot_name(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    tables = {"responses": pd.DataFrame({"date": ["2026-09-01"], "nps": [10]})}
    tables["responses"].to_csv(tmp_path / "responses.csv", index=False)
    by_path = dashboard("voice_of_customer", tmp_path / "responses.csv")
    assert f"dashboard('voice_of_customer', {str(tmp_path / 'responses.csv')!r}, span=" in by_path.code
    monkeypatch.setattr(panel_sources, "_notebook_names", lambda: {"mine": tables, "tables": 3})
    assert "dashboard('voice_of_customer', mine, span=" in dashboard("voice_of_customer", tables).code
    other = dashboard("voice_of_customer", dict(tables)).code
    assert "# tables_given: the data given to this panel\ndashboard('voice_of_customer', tables_given," in other


def test_the_code_makes_the_same_dashboard_again(company: SampleCompany) -> None:
    board = dashboard("voice_of_customer", company.tables, segment="SMB", span="quarter")
    names: dict = {"tables": company.tables}
    exec(board.code.replace("\ndashboard(", "\nagain = dashboard("), names)
    assert figures(names["again"]) == figures(board)


def test_unknown_names_and_choices_are_refused() -> None:
    with pytest.raises(MetricError, match="expected one of scorecard"):
        dashboard("nope")
    with pytest.raises(MetricError, match="segment is 'Mars'"):
        dashboard("scorecard", segment="Mars")
    with pytest.raises(MetricError, match="Give a path, the bytes of a file, a frame"):
        dashboard("scorecard", {"a": 3})
    with pytest.raises(MetricError, match="there is no"):
        dashboard("scorecard", "nowhere/at/all")


def test_tables_from_a_folder(tmp_path, company: SampleCompany) -> None:
    company.responses.to_csv(tmp_path / "responses.csv", index=False)
    company.tickets.to_parquet(tmp_path / "tickets.parquet")
    board = dashboard("voice_of_customer", tmp_path)
    assert figures(board) == figures(dashboard("voice_of_customer", company))
    assert np.isfinite(board.view.end)


def _read_it_so(shown: Any, heading: str, meaning: str) -> None:
    """Say on the form what a column is."""
    forms = [row.children[1] for row in shown._questions.children if hasattr(row.children[1], "children")]
    form = next(form for form in forms if heading in dict(form.children[0].options))
    form.children[0].value, form.children[1].value = heading, meaning
    form.children[2].click()


def test_what_a_file_leaves_open_is_answered_on_the_page() -> None:
    rows = b"Who;Since when;Gone\nA;01/02/2024;\nB;02/03/2024;04/03/2025\nC;05/03/2024;\n"
    shown = dashboard("scorecard", {"file.csv": rows}, background=False)
    assert "Nothing to show yet" in str(shown.blocks) or not shown.data.frames
    for heading, meaning in (("Who", "customer"), ("Since when", "start")):
        _read_it_so(shown, heading, meaning)
    asked = shown._questions.children[0].children[1]
    assert [button.description for button in asked.children] == ["Day first", "Month first"]
    asked.children[0].click()
    assert "columns={'customer': 'Who', 'start': 'Since when'}, dates='dmy'" in shown.code
    unused = shown._questions.children[-1]
    assert unused.titles == ("Columns that were not used",)
    form = unused.children[0].children[0].children[1]
    form.children[0].value, form.children[1].value = "Gone", "end"
    form.children[2].click()
    assert "'end': 'Gone'" in shown.code
    assert shown._python.text == shown.code
    assert shown.data.read.tables["customers"]["end"].notna().sum() == 1
    assert shown._questions.layout.display == "none"


def test_rates_are_asked_for_and_taken() -> None:
    rows = b"Customer,Month,MRR,Currency\nA,2025-02,100,EUR\nB,2025-02,110,USD\n"
    shown = dashboard("scorecard", {"mrr.csv": rows}, background=False)
    euro, dollar, use = shown._questions.children[0].children[1].children
    use.click()  # without a rate for each nothing happens
    euro.value, dollar.value = 1, 0.9
    use.click()
    assert shown.data.read.tables["subscriptions"]["mrr"].sum() == pytest.approx(199)
    assert "rates={'EUR': 1.0, 'USD': 0.9}" in shown.code

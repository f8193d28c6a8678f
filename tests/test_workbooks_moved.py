"""The pages What moved: plain formulas give the account and the words the core gives, for every choice and edge."""

from datetime import date

import pandas as pd
import pytest
from csmetrics_workbooks.build import build, recipe
from csmetrics_workbooks.data import sources
from csmetrics_workbooks.data.companydata import revenue_of
from csmetrics_workbooks.kit.book import Choices
from workbook_cells import by_formulon, by_ironcalc, differences, errors, formulas, read

import csmetrics_core as core
from csmetrics_core.samples import sample_company

PAGE = "What moved"
LENGTHS = {"month": 1, "quarter": 3, "trailing 12": 12}


def revenue_data(frame):
    """The data of a revenue workbook that knows nothing but revenue."""
    made = {s.name: make().head(0) for s, make in recipe("revenue_retention").sheets.items()}
    return {**made, "Revenue": frame}


def revenue(months, **customers):
    """Revenue of some customers, by name; a row a customer."""
    rows = [
        {"Customer": name, "Segment": "A", **dict(zip(months, paid, strict=True))} for name, paid in customers.items()
    ]
    return pd.DataFrame(rows, columns=["Customer", "Segment", *months])


def page_of(path, engines):
    """Cells of the page as cached, once every engine agrees with them."""
    cells = read(path, values=True)
    texts = formulas(path)
    for engine in engines:
        computed = engine(path, texts)
        assert errors(computed) == {}
        assert differences(path, computed) == []
    return {cell: value for (sheet, cell), value in cells.items() if sheet == PAGE}


def account(rows, last, back, segment):
    """The core's account of the rows of a segment."""
    rows = rows if segment == "All" else rows[rows["segment"] == segment]
    before = (pd.Timestamp(last) - pd.DateOffset(months=back)).date()
    return core.mrr_why(rows["customer"], rows["month"], rows["mrr"], before, last, rows["segment"])


@pytest.mark.parametrize(
    ("last", "period", "segment"),
    [
        (date(2026, 9, 1), "quarter", "All"),
        (date(2026, 9, 1), "month", "Enterprise"),
        (date(2026, 8, 1), "month", "All"),
        (date(2026, 3, 1), "trailing 12", "SMB"),
        (date(2025, 12, 1), "quarter", "Mid-market"),
        (date(2025, 7, 1), "trailing 12", "All"),
    ],
)
@pytest.mark.parametrize("seed", [None, 5])
def test_the_page_tells_what_mrr_why_tells(tmp_path, seed, last, period, segment):
    company = sources.sample() if seed is None else sample_company(customers=60, months=40, event_days=30, seed=seed)
    path = tmp_path / "own.xlsx"
    # Not the months the template adds, nor those it leaves out: the core sees what the sheet holds.
    data = revenue_data(revenue_of(company.tables, 0))
    build("revenue_retention", path, data=data, choices=Choices(last, segment, period))
    cells = page_of(path, (by_ironcalc,) if seed and period == "month" else ())
    table = account(company.subscriptions, last, LENGTHS[period], segment)
    assert cells["A4"] == table["note"][0]
    named = table[(table["step"] == "customer") & (table["part"] != "rest")]
    assert [cells.get(f"A{37 + k}") for k in range(5)] == [*named["group"], *[None] * (5 - len(named))]
    assert [cells[f"E{37 + k}"] for k in range(len(named))] == pytest.approx(named["effect"].tolist())
    assert [cells[f"B{37 + k}"] for k in range(len(named))] == named["part"].tolist()
    shown = {cells[f"A{row}"]: cells[f"E{row}"] for row in range(46, 59) if f"A{row}" in cells}
    changes = table[(table["step"] == "segment") & (table["part"] == "change")]
    assert shown == pytest.approx(dict(zip(changes["group"], changes["effect"], strict=True)))
    priced = table[(table["step"] == "total") & table["part"].isin(["volume", "mix", "price"])]
    assert [cells[f"H{46 + k}"] for k in range(3)] == pytest.approx(priced["effect"].tolist())


MONTHS = ("2026-07", "2026-08", "2026-09")
MONTH = Choices(date(2026, 9, 1), "All", "month")


def sentence(tmp_path, frame, choices=MONTH):
    """What the page says of such revenue, in every engine."""
    path = tmp_path / "edge.xlsx"
    build("revenue_retention", path, data=revenue_data(frame), choices=choices)
    return page_of(path, (by_ironcalc, by_formulon))["A4"]


def test_a_month_in_which_nothing_moved(tmp_path):
    said = sentence(tmp_path, revenue(MONTHS, Ada=(10, 10, 10), Bob=(5, 5, 5)))
    assert said == "MRR stayed at 15. By price and volume: volume 0, mix 0, price 0. Upgrades hide in price."


def test_one_customer(tmp_path):
    said = sentence(tmp_path, revenue(MONTHS, Ada=(10, 10, 12.5)))
    assert said.startswith("MRR rose by 2.5, from 10 to 12.5: expansion 2.5. Largest: Ada +2.5. By price")


def test_one_customer_that_is_the_first_or_the_last_there(tmp_path):
    """Without a customer before or after nobody can tell price from volume."""
    assert sentence(tmp_path, revenue(MONTHS, Ada=(None, None, 10))) == (
        "MRR rose by 10, from 0 to 10: new 10. Largest: Ada +10."
    )
    assert sentence(tmp_path, revenue(MONTHS, Ada=(10, 10, None))) == (
        "MRR fell by 10, from 10 to 0: churned -10. Largest: Ada -10."
    )


def test_who_comes_back_is_not_new(tmp_path):
    said = sentence(tmp_path, revenue(MONTHS, Ada=(10, None, 8), Bob=(None, None, 3), Cem=(1, 1, 1)))
    assert "new 3, reactivation 8. Largest: Ada +8, Bob +3." in said


def test_no_rows_and_no_such_month(tmp_path):
    assert sentence(tmp_path, revenue(MONTHS)) == "No account: nobody pays in 2026-08 or in 2026-09."
    beyond = Choices(date(2026, 7, 1), "All", "month")
    assert sentence(tmp_path, revenue(MONTHS, Ada=(1, 1, 1)), beyond) == (
        "No account: Revenue has no column for 2026-06 or for 2026-07."
    )


@pytest.mark.parametrize("others", [(3, 3), (20, -20), (2, 1)])
def test_a_customer_above_half_of_all_movement_is_named_first_with_the_verdict_without_it(tmp_path, others):
    """Ties by name, twelve others that moved: the spread between them decides, as in the core."""
    up, down = others
    paid = {f"c{k:02d}": (100, 100, 100 + (up if k % 3 else down) + k / 10) for k in range(12)}
    paid |= {f"d{k}": (50, 50, 50) for k in range(6)}
    paid["whale"] = (5000, 5000, 4000)
    frame = revenue(MONTHS, **paid)
    long = frame.melt(["Customer", "Segment"], var_name="month", value_name="mrr")
    table = core.mrr_why(
        long["Customer"],
        pd.to_datetime(long["month"]),
        long["mrr"],
        date(2026, 8, 1),
        date(2026, 9, 1),
        long["Segment"],
    )
    assert table["note"][0].startswith("whale alone is more than half of all movement; without it: ")
    assert sentence(tmp_path, frame) == table["note"][0]


def test_customers_that_moved_alike_stand_by_name(tmp_path):
    paid = dict.fromkeys(("zoe", "bea", "mia", "ann", "lea", "eva", "kim"), (5, 5, None))
    said = sentence(tmp_path, revenue(MONTHS, **paid))
    assert "Largest: ann -5, bea -5, eva -5, kim -5, lea -5; the other 2 customers -10." in said


def test_customers_of_no_segment_are_a_segment(tmp_path):
    frame = revenue(MONTHS, Ada=(1, 10, 12), Bob=(1, 20, 15)).assign(Segment=["A", None])
    path = tmp_path / "blank.xlsx"
    build("revenue_retention", path, data=revenue_data(frame), choices=MONTH)
    cells = page_of(path, (by_ironcalc, by_formulon))
    assert [(cells[f"A{row}"], cells[f"B{row}"], cells[f"E{row}"]) for row in (46, 47)] == [
        ("A", "1 to 1", 2),
        ("(blank)", "1 to 1", -5),
    ]


def voice_data(rows):
    """The data of a voice workbook from rows of period (1 before, 2 now), segment and score."""
    made = {s.name: make().head(0) for s, make in recipe("voice_of_customer").sheets.items()}
    frame = pd.DataFrame(rows, columns=["period", "Segment", "NPS"])
    frame["Date"] = frame["period"].map({1: pd.Timestamp("2026-08-10"), 2: pd.Timestamp("2026-09-10")})
    columns = made["Responses"].columns
    return {**made, "Responses": frame.reindex(columns=columns).astype(object)}, frame


def votes(period, segment, promoters, passives, detractors):
    return [
        (period, segment, score) for score, n in ((10, promoters), (8, passives), (3, detractors)) for _ in range(n)
    ]


def why_nps(frame):
    rows = frame[frame["NPS"].notna()]
    return core.csm_why("nps", rows["period"].tolist(), rows["Segment"].tolist(), 1, 2, None, rows["NPS"].tolist())


def voice_page(path, engines=(by_ironcalc, by_formulon)):
    cells = page_of(path, engines)
    rows = {cells[f"A{row}"]: row for row in range(23, 36) if cells.get(f"A{row}")}
    return cells["A4"], {name: [cells.get(f"{column}{row}") for column in "GHIJK"] for name, row in rows.items()}


@pytest.mark.parametrize(
    ("last", "period", "segment"),
    [
        (date(2026, 9, 1), "quarter", "All"),
        (date(2026, 6, 1), "trailing 12", "All"),
        (date(2026, 3, 1), "quarter", "SMB"),
        (date(2026, 7, 1), "month", "All"),
    ],
)
def test_the_voice_page_tells_what_csm_why_tells(tmp_path, last, period, segment):
    path = tmp_path / "voice.xlsx"
    build("voice_of_customer", path, choices=Choices(last, segment, period))
    said, shown = voice_page(path, ())
    frame = sources.sample_responses()
    ahead = (last.year * 12 + last.month - frame["Date"].dt.year * 12 - frame["Date"].dt.month) // LENGTHS[period]
    frame = frame.assign(period=ahead.map({1: 1, 0: 2}))
    frame = frame[frame["period"].notna() & ((frame["Segment"] == segment) | (segment == "All"))]
    table = why_nps(frame)
    assert said == table["note"][0]
    check_segments(table, shown)


def check_segments(table, shown):
    mix, rate = (
        table[(table["step"] == "segment") & (table["part"] == part)].set_index("group") for part in ("mix", "rate")
    )
    assert set(shown) == set(mix.index)
    for name, (its_mix, its_rate, low, high, reading) in shown.items():
        assert (its_mix, its_rate) == pytest.approx((mix["effect"][name], rate["effect"][name]), abs=1e-9)
        if rate["low"][name] == rate["low"][name]:
            assert (low, high) == pytest.approx((rate["low"][name], rate["high"][name]), abs=1e-9)
        else:
            assert (low, high) in {("", ""), (None, None)}
        assert (reading or "") == rate["note"][name]


CASES = {
    "clear, most in one": votes(1, "A", 30, 40, 30) + votes(1, "B", 40, 30, 30) + votes(2, "A", 85, 10, 5)
    + votes(2, "B", 42, 30, 28),
    "mix alone": votes(1, "A", 80, 10, 10) + votes(1, "B", 10, 10, 80) + votes(2, "A", 8, 1, 1)
    + votes(2, "B", 20, 20, 160),
    "every segment rose, the total fell": votes(1, "A", 160, 20, 20) + votes(1, "B", 10, 10, 30)
    + votes(2, "A", 43, 4, 3) + votes(2, "B", 60, 50, 90),
    "one gone, one new": votes(1, "A", 20, 10, 10) + votes(1, "B", 5, 5, 40) + votes(2, "A", 21, 9, 10)
    + votes(2, "C", 40, 5, 5),
    "few": votes(1, "A", 2, 1, 1) + votes(2, "A", 1, 1, 3),
    "nothing moved": votes(1, "A", 10, 5, 5) + votes(2, "A", 10, 5, 5),
    "no listed segment": votes(1, "A", 10, 5, 5) + votes(2, "A", 10, 5, 5) + votes(1, None, 3, 4, 9)
    + votes(2, None, 9, 4, 3),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_planted_moves_of_nps_are_told_as_the_core_tells_them(tmp_path, case):
    data, frame = voice_data(CASES[case])
    path = tmp_path / "planted.xlsx"
    build("voice_of_customer", path, data=data, choices=MONTH)
    said, shown = voice_page(path)
    table = why_nps(frame)
    assert said == table["note"][0]
    check_segments(table, shown)


def test_a_period_without_answers_has_no_account(tmp_path):
    data, _ = voice_data(votes(2, "A", 3, 2, 1))
    build("voice_of_customer", tmp_path / "one.xlsx", data=data, choices=MONTH)
    said, _ = voice_page(tmp_path / "one.xlsx")
    assert said == "No account: nobody answered in this period, or in the one before."


AHEAD = "ARR ahead"


def ahead_page(path, engines=()):
    cells = read(path, values=True)
    texts = formulas(path)
    for engine in engines:
        computed = engine(path, texts)
        assert errors(computed) == {}
        assert differences(path, computed) == []
    return {cell: value for (sheet, cell), value in cells.items() if sheet == AHEAD}


@pytest.mark.parametrize(
    ("last", "segment"), [(date(2026, 9, 1), "All"), (date(2026, 9, 1), "SMB"), (date(2026, 12, 1), "All")]
)
def test_the_renewals_ahead_are_those_of_renewal_calendar(tmp_path, last, segment):
    path = tmp_path / "ahead.xlsx"
    build("revenue_retention", path, choices=Choices(last, segment, "quarter"))
    cells = ahead_page(path)
    rows = sources.sample_renewals()
    rows = rows[(rows["Segment"] == segment) | (segment == "All")]
    share = rows["Call"].map({"renew": 1.0, "at risk": 0.5, "churn": 0.0}).fillna(0.9)
    own = pd.to_numeric(rows["Expected ARR"]) / rows["ARR"]
    chance = own.fillna(share).clip(upper=1)
    as_of = (pd.Timestamp(last) + pd.DateOffset(months=1)).date()
    table = core.renewal_calendar(rows["Account"], rows["Due"], rows["ARR"], as_of, chance)
    assert table["due"].sum() > 0
    for row, told in zip(range(29, 42), table.to_dict("records"), strict=True):
        assert cells[f"C{row}"] == pytest.approx(told["due"])
        assert (cells[f"D{row}"], cells[f"E{row}"]) == pytest.approx((told["expected"], told["at_risk"]), abs=0.01)
    assert cells["C42"] == pytest.approx(table["due"].sum())


def test_the_goal_is_that_of_arr_goal_and_the_assumptions_lead_to_it(tmp_path):
    path = tmp_path / "goal.xlsx"
    build("revenue_retention", path, choices=Choices(date(2026, 9, 1), "All", "month"))
    cells = ahead_page(path, (by_ironcalc,))
    arr, lost, added, new = (cells[f"B{row}"] for row in range(5, 9))
    assert arr == pytest.approx(12 * read(path, values=True)["Bridge", "H28"])
    target = arr * 1.15
    assert cells["G8"] == pytest.approx(core.arr_goal(arr, target, 12, lost, added))
    assert cells["G9"] == pytest.approx(core.arr_goal(arr, target, 12, None, added, new))
    step = arr
    for row in range(30, 42):
        step = step * (1 - lost + added) + new
        assert cells[f"H{row}"] == pytest.approx(step)


def test_nothing_is_ahead_of_nothing(tmp_path):
    build("revenue_retention", tmp_path / "none.xlsx", data=revenue_data(revenue(MONTHS)), choices=MONTH)
    cells = ahead_page(tmp_path / "none.xlsx", (by_ironcalc, by_formulon))
    assert (cells["B5"], cells["C42"], cells.get("G8", ""), cells.get("G9", "")) == (0, 0, "", "")

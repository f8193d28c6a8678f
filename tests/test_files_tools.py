"""Exports of tools and lists kept by hand, through the doors: the right figure or a question, never two answers."""

from datetime import date, time, timedelta

import pytest
from csmetrics_panels.data.reading import add_upload
from csmetrics_workbooks.build import build, recipe
from csmetrics_workbooks.data.userdata import map_company
from csmetrics_workbooks.kit.book import Choices
from files_of_tools import CASES
from files_people_have import CASES as PEOPLE
from workbook_cells import read

from csmetrics_core.errors import MetricError
from csmetrics_core.files import Said, read_company
from csmetrics_core.files.columns import read_column
from csmetrics_core.files.saying import Place
from csmetrics_core.scorecard import scorecard_of


def by_files(case):
    return read_company(case.files, Said(**(case.said or {})))


def by_upload(case):
    try:
        return add_upload(None, case.files, Said(**(case.said or {}))).reading
    except MetricError:
        return None  # nothing of it can be read, as it says


@pytest.mark.parametrize("door", [by_files, by_upload], ids=lambda door: door.__name__)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_files_of_tools(case, door):
    reading = door(case)
    card = None if reading is None else scorecard_of(reading, month=case.month)
    for metric, right in case.right.items():
        line = None if card is None else card[metric]
        if (line is None or line.value is None) and (right is None or case.ask):
            continue
        assert line is not None
        assert line.value == pytest.approx(right, abs=1e-3), line.missing
        assert line.n == (case.n or {}).get(metric, line.n)


@pytest.mark.parametrize(
    ("cell", "heading", "minutes"),
    [
        ("00:12:30", "Session duration", 12.5),
        ("1 day, 00:30:00", "Duration", 1470),
        ("12m 30s", "Time spent", 12.5),
        ("750 s", "Duration", 12.5),
        ("1 Std 5 Min", "Dauer", 65),
        ("PT12M30S", "Duration", 12.5),
        (750, "duration_seconds", 12.5),
        ("12,5", "Dauer (min)", 12.5),
        (750_000, "Duration (ms)", 12.5),
        (timedelta(minutes=12.5), "Duration", 12.5),
        (time(0, 12, 30), "Duration", 12.5),
        ("12:30", "Duration (mm:ss)", 12.5),
        ("12:30", "Duration (hh:mm)", 750),
        (750, "Duration", None),
        ("12:30", "Duration", None),  # minutes and seconds, or hours and minutes
        ("soon", "Duration (s)", None),
    ],
)
def test_durations_are_minutes(cell, heading, minutes):
    column = read_column([cell], "duration", Place(heading=heading), Said())
    if minutes is None:
        assert column.unread.all()
        assert column.questions or column.refused
    else:
        assert column.values.tolist() == pytest.approx([minutes])


def test_minutes_and_seconds_are_told_by_a_cell_beyond_the_hours_of_a_day():
    assert read_column(["12:30", "45:00"], "duration", Place(heading="x"), Said()).values.tolist() == [12.5, 45]


def test_a_session_that_ends_before_it_begins_keeps_its_month_waiting():
    text = b"User,Session start,Session end\na,2025-03-01 10:00,2025-03-01 09:00\nb,2025-03-31 10:00,2025-03-31 10:30\n"
    line = scorecard_of(read_company({"s.csv": text}))["avg_session_duration"]
    assert line.value is None
    assert "row 2 is 2025-03-01 09:00, before its start" in line.missing


def test_sessions_tell_who_was_active():
    rows = [f"u{user},2025-{month:02}-{day:02} 10:00,10" for month in (2, 3) for day in range(1, 29) for user in (1, 2)]
    text = "\n".join(["User,Session start,Duration (min)", *rows, "u1,2025-03-31 10:00,10"])
    card = scorecard_of(read_company({"s.csv": text.encode()}))
    assert (card["avg_session_duration"].value, card["avg_session_duration"].n) == (10, 57)
    # The 30 days to 31 March hold 27 with both users, one with one of them, and two without anybody.
    assert card["stickiness"].value == pytest.approx((27 * 2 + 1) / 30 / 2)


@pytest.mark.parametrize(
    ("heading", "rows", "mrr"),
    [
        ("Customer,Start,Seats,Price per seat per month", "A,2025-01-01,10,5", 50),
        ("Customer,Start,Licences,Annual price per seat", "A,2025-01-01,10,120", 100),
        ("Customer,Start,Users,Price/user/month (EUR)", "A,2025-01-01,10,5.50", 55),
        ("Kunde,Beginn,Lizenzen,Preis pro Lizenz", "A,01.01.2025,10,5", None),
        ("Customer,Start,Seats,Price per seat,MRR", "A,2025-01-01,10,5,45", 45),  # what is told is not computed
    ],
)
def test_seats_times_the_price_of_one(heading, rows, mrr):
    reading = read_company({"list.csv": f"{heading}\n{rows}\n".encode()}, Said(as_of=date(2025, 3, 31)))
    line = scorecard_of(reading)["mrr"]
    assert line.value == mrr
    if mrr is None:
        assert {way.option for way in line.remedies} == {"billed"}


@pytest.mark.parametrize(
    ("rows", "mrr"),
    [
        ("A,2025-02,100;,2025-03,110;B,2025-02,50;,2025-03,50", 160),
        ("A,2025-02,100;,2025-03,110;B,2025-02,50;,2025-03,50;Total,,310", 160),
        ("A,2025-02,100;,2025-03,110;A Total,,210;B,2025-02,50;,2025-03,50;B Total,,100", 160),
        ("A,2025-02,100;,2025-03,110;B,2025-03,50;C,2025-03,50", None),  # one name was forgotten, as it seems
        ("A,2025-03,100;,2025-03,70;B,2025-03,50;,2025-03,20", None),  # twice the same month is no one's history
        (",2025-02,100;,2025-03,110;B,2025-02,50;,2025-03,50", None),
    ],
)
def test_names_that_stand_once_for_the_rows_below(rows, mrr):
    text = "Customer,Month,MRR\n" + rows.replace(";", "\n")
    line = scorecard_of(read_company({"m.csv": text.encode()}))["mrr"]
    assert line.value == mrr
    if mrr is None:
        assert "has an amount and no customer" in line.missing


def test_what_is_paid_after_leaving_says_nothing_of_before():
    rows = "A,2024-01-01,,100;B,2024-01-01,2025-03-10,0;C,2024-01-01,,50"

    def card(text, **said):
        content = "Customer,Start,End,Current MRR\n" + text.replace(";", "\n")
        return scorecard_of(read_company({"list.csv": content.encode()}, Said(as_of=date(2025, 4, 1), **said)))

    found = card(rows)
    assert (found["mrr"].value, found["churn_rate"].value) == (150, pytest.approx(1 / 3))
    assert found["ndr"].value is None
    assert "row 3 is 0 beside an end" in found["ndr"].missing
    free = card(rows + ";D,2024-01-01,,0")  # nothing is a price here
    assert free["ndr"].value == 1


SAME = ("sheet a month mrr", "two tables stacked in one sheet", "google forms de", "names filled down csv",
        "total across col & row", "sessions start end", "emoji feedback col")  # fmt: skip
TITLES = {
    "mrr": "Monthly recurring revenue", "churn_rate": "Customer churn rate", "nps": "Net Promoter Score",
    "csat": "Customer Satisfaction Score", "avg_session_duration": "Average session duration",
}  # fmt: skip


@pytest.mark.parametrize("case", [case for case in (*CASES, *PEOPLE) if case.name in SAME], ids=lambda case: case.name)
def test_the_cells_of_a_workbook_are_the_scorecard(case, tmp_path):
    mapped, reading = map_company(recipe("scorecard"), case.files, Said(**(case.said or {})))
    card = scorecard_of(reading)
    month = Choices(date.fromisoformat(f"{card.month}-01"), period="month")
    build("scorecard", tmp_path / "own.xlsx", data=mapped.frames, note="own", choices=month)
    cells = {at: value for (page, at), value in read(tmp_path / "own.xlsx", values=True).items() if page == "Scorecard"}
    rows = {value: at[1:] for at, value in cells.items() if at.startswith("A")}
    told = {name: cells[f"C{rows[title]}"] for name, title in TITLES.items()}
    assert {name for name, value in told.items() if isinstance(value, float)} >= case.right.keys() & TITLES.keys()
    for name, value in told.items():
        assert (value if isinstance(value, float) else None) == pytest.approx(card[name].value), name

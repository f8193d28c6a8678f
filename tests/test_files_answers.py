"""Answers in words, amounts in thousands, and tables of figures that were counted already."""

from datetime import date

import pytest
from csmetrics_panels import panel, read_table

from csmetrics_core.company.headline import Assumptions
from csmetrics_core.files import Said, read_company
from csmetrics_core.files.answer_words import scale_of_words
from csmetrics_core.files.columns import read_column
from csmetrics_core.files.saying import Place
from csmetrics_core.scorecard import scorecard_of


def figure(text: str, metric: str) -> tuple[float | None, int | None]:
    line = scorecard_of(read_company({"answers.csv": text.encode()}))[metric]
    return line.value, line.n


@pytest.mark.parametrize(
    ("heading", "answers", "metric", "value"),
    [
        ("How satisfied are you with us?", "Very satisfied;Satisfied;Neutral;Very dissatisfied", "csat", 50),
        ("Rating", "Good;Bad;Good;Offered", "csat", 200 / 3),  # one was asked and has not answered
        ("Satisfaction", "Great;Okay;Not good;Great", "csat", 50),
        ("Satisfaction", "👍;👎;👍;👍", "csat", 75),
        ("Overall satisfaction", "Excellent;Very good;Good;Fair", "csat", 50),  # good is the third of five
        ("Wie zufrieden sind Sie?", "Sehr zufrieden;Zufrieden;Eher unzufrieden;Sehr unzufrieden", "csat", 50),
        ("The company made it easy for me", "Strongly agree;Agree;Disagree;Neutral", "ces", 50),
        ("It was easy", "Strongly agree;Agree;Somewhat agree;Neither agree nor disagree", "ces", 75),  # of seven
        ("How easy or difficult was it?", "Very easy;Difficult;Easy;Very difficult", "ces", 50),
        ("How difficult was it?", "Very easy;Difficult;Easy;Very difficult", "ces", 50),  # the words say which end
    ],
)
def test_answers_in_words_are_numbers_of_their_scale(heading, answers, metric, value):
    text = "\n".join([f"Id,{heading}", *(f"{k},{answer}" for k, answer in enumerate(answers.split(";")))])
    found, n = figure(text, metric)
    assert found == pytest.approx(value)
    assert n == sum(answer != "Offered" for answer in answers.split(";"))


@pytest.mark.parametrize(
    "words",
    [
        ["Good"],  # the best of two, or the third of five
        ["Good", "Excellent"],
        ["Neutral"],  # the third of five, or the fourth of seven
        ["Satisfied", "Somewhat satisfied"],  # one step twice
        ["Green", "Red"],
        ["Agree", "Satisfied"],
        [],
    ],
)
def test_words_that_do_not_tell_their_scale_are_no_numbers(words):
    assert scale_of_words(words) is None


def test_a_word_among_numbers_stays_a_missing_answer():
    assert figure("Date,CSAT\n2026-08-01,Good\n2026-08-02,4\n2026-08-03,2\n", "csat") == (50, 2)


def test_the_report_tells_which_word_is_which_number():
    reading = read_company({"answers.csv": b"Date,Satisfaction\n2026-08-01,Satisfied\n2026-08-02,Very dissatisfied\n"})
    (table,) = reading.report.read
    assert "'Satisfied' 4, 'Very dissatisfied' 1" in " ".join(table.notes)
    assert table.scales == {"csat": 5}


@pytest.mark.parametrize(
    ("cell", "value"),
    [("1.2k", 1200), ("$3.4K", 3400), ("1,2 Mio. EUR", 1.2e6), ("(1.5m)", -1.5e6), ("2 bn", 2e9), ("12.5 k€", 12500),
     ("4 Tsd.", 4000)],
)  # fmt: skip
def test_amounts_in_thousands_and_millions(cell, value):
    column = read_column([cell], "amount", Place(heading="MRR"), Said())
    assert column.values.tolist() == [pytest.approx(value)]
    assert "rounded" in str(column.notes[0])


@pytest.mark.parametrize("cell", ["5 min", "3 months", "12mo", "k", "m 5", "5 km", "10k%"])
def test_words_that_begin_as_thousands_do_are_no_amounts(cell):
    assert read_column([cell], "amount", Place(heading="MRR"), Said()).values.isna().all()


@pytest.mark.parametrize(
    ("headings", "metric", "columns"),
    [
        ("Month,Promoters,Passives,Detractors", "nps_from_counts", "Promoters, Passives, Detractors"),
        ("Date,DAU,WAU,MAU", "stickiness", "DAU, MAU"),
        ("Month,Opening MRR,New,Expansion,Contraction,Churn,Closing MRR", "ndr", "Opening MRR, Expansion"),
    ],
)
def test_a_table_of_counted_figures_is_told_what_is_computed_of_it(headings, metric, columns):
    row = ",".join(["2026-08-01", *("5" for _ in headings.split(",")[1:])])
    (told,) = read_company({"counted.csv": f"{headings}\n{row}\n".encode()}).report.not_understood
    assert f"what {metric} is computed of ({columns}" in str(told)


@pytest.mark.parametrize("headings", ["Account,Health Score,Date", "device_id,user_id,first_seen,last_seen"])
def test_what_tables_of_every_kind_have_makes_none_of_them_near(headings):
    row = ",".join("1" for _ in headings.split(","))
    (told,) = read_company({"table.csv": f"{headings}\n{row}\n".encode()}).report.not_understood
    assert "it lacks" not in str(told)


def test_members_join_and_leave():
    rows = "Mitglied;Beitritt;Austritt;Monatsbeitrag\nA;01.02.2025;;50,00\nB;15.03.2025;20.08.2026;30,00\n"
    said = Said(as_of=date(2026, 9, 1))
    card = scorecard_of(read_company({"mitglieder.csv": rows.encode()}, said), month="2026-08")
    assert card["churn_rate"].value == 0.5
    assert card["mrr"].value == 50


def test_words_are_no_answers_to_the_question_from_0_to_10():
    assert figure("Id,NPS\n1,Good\n2,Bad\n", "nps") == (None, None)


def test_a_word_is_the_same_number_in_each_of_several_files():
    """In March nobody chose a step that begins with somewhat: the scale is the one of February all the same."""
    heading = b"Date,It was easy\n"
    february = heading + b"2026-02-01,Strongly agree\n2026-02-02,Somewhat agree\n2026-02-03,Disagree\n"
    march = heading + b"2026-03-01,Agree\n2026-03-02,Disagree\n2026-03-03,Neutral\n2026-03-04,Strongly agree\n"
    reading = read_company({"february.csv": february, "march.csv": march})
    assert reading.tables["responses"]["ces"].tolist() == [7, 5, 2, 6, 2, 4, 7]
    assert reading.report.scales == {"ces": 7}
    assert scorecard_of(reading, month="2026-02")["ces"].value == pytest.approx(200 / 3)
    assert scorecard_of(reading, month="2026-03")["ces"].value == 50


WORDS = "Date,How satisfied are you with us?\n" + "".join(
    f"2026-08-{day:02},{word}\n"
    for day, word in enumerate(["Very satisfied", "Satisfied", "Neutral", "Dissatisfied"], 1)
)


def test_words_of_one_scale_are_not_counted_on_another():
    reading = read_company({"answers.csv": WORDS.encode()})
    assert scorecard_of(reading)["csat"].value == 50
    assert scorecard_of(reading, assumptions=Assumptions(csat_scale=5))["csat"].value == 50
    line = scorecard_of(reading, assumptions=Assumptions(csat_scale=7))["csat"]
    assert line.value is None
    assert "words of a scale to 5, and 7 was said" in line.missing


def test_files_that_tell_two_scales_of_one_question_wait():
    five, seven = b"Date,CSAT (1-5)\n2026-08-01,5\n2026-08-31,4\n", b"Date,CSAT (1-7)\n2026-08-01,5\n2026-08-31,4\n"
    line = scorecard_of(read_company({"a.csv": five, "b.csv": seven}))["csat"]
    assert line.value is None
    assert "to 5 in a.csv and to 7 in b.csv" in line.missing
    both = scorecard_of(
        read_company({"a.csv": five, "b.csv": five.replace(b"08-01", b"08-02").replace(b"08-31", b"08-30")})
    )["csat"]
    assert (both.value, both.n) == (100, 4)


def test_a_frame_of_a_file_holds_words_as_numbers_where_its_heading_asks_for_a_rating(tmp_path):
    (tmp_path / "answers.csv").write_text(WORDS.replace("\n", ",Good\n").replace("us?,Good", "us?,Priority"))
    frame = read_table(tmp_path / "answers.csv")
    assert frame.iloc[:, 1].tolist() == [5, 4, 3, 2]
    assert frame["Priority"].tolist() == ["Good"] * 4
    shown = panel("csat", frame, ratings=frame.columns[1])
    assert shown.value == 50
    wrong = panel("csat", frame, ratings=frame.columns[1], scale_max=7)
    assert "words of a scale to 5, and scale_max is 7" in str(wrong.outcome.error)


@pytest.mark.parametrize("comments", ["Great", "Great;Good", "👍;nice tool"])
def test_short_comments_are_no_ratings(comments):
    text = "Date,NPS,Comment\n" + "".join(
        f"2026-08-{day:02},9,{one}\n" for day, one in enumerate(comments.split(";"), 1)
    )
    card = scorecard_of(read_company({"answers.csv": text.encode()}))
    assert card["csat"].value is None
    assert card["sentiment"].value > 0

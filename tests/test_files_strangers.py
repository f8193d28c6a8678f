"""Small files as people have them: what each must give, and what must be asked."""

import io
from datetime import date

import openpyxl
import pytest
from csmetrics_workbooks.build import build, recipe
from csmetrics_workbooks.data.userdata import map_company

from csmetrics_core.files import Said, read_company
from csmetrics_core.scorecard import scorecard_of


def card(*texts, **said):
    """The scorecard of files given as "name: first line; second line"."""
    files = {}
    for text in texts:
        name, _, lines = text.partition(": ")
        files[name] = lines.replace("; ", "\n").encode()
    return scorecard_of(read_company(files, Said(**said)))


def test_a_subtotal_named_under_segment_is_no_revenue():
    rows = "SMB,A,2025-03,100; SMB,B,2025-03,50; SMB Total,,2025-03,150; Ent,C,2025-03,500; Ent Total,,2025-03,500"
    found = card(f"mrr.csv: Segment,Customer,Month,MRR; {rows}; Grand Total,,2025-03,650")
    assert (found["mrr"].value, found["mrr"].n) == (650, 3)


def test_a_plan_called_total_beside_a_customer_is_a_plan():
    found = card("mrr.csv: Plan,Customer,Month,MRR; Total,A,2025-03,100; Max,B,2025-03,50")
    assert found["mrr"].value == 150


def test_an_amount_of_nobody_is_asked_about_with_its_row():
    found = card("mrr.csv: Customer,Month,MRR; A,2025-03,100; ,2025-03,70; B,2025-03,50")
    assert found["mrr"].value is None
    assert "row 3 has an amount and no customer" in found["mrr"].missing


def test_months_named_by_files_alone_are_months_whatever_stands_beside_the_amount():
    for heading, worth in (("Start,MRR", 1), ("Start,ARR", 12), ("Start,End,MRR", 1)):
        blank = "," if "End" in heading else ""
        a, b = (f"{who},2024-01-01,{blank}{amount * worth}" for who, amount in (("A", 100), ("B", 50)))
        found = card(*(f"customers_2025-{rows}" for rows in (
            f"02.csv: Customer,{heading}; {a}; {b}", f"03.csv: Customer,{heading}; {a}")))  # fmt: skip
        assert (found.month, found["mrr"].value, found["churn_rate"].value) == ("2025-03", 100, 0.5), heading


def test_a_price_in_a_customer_list_is_used_where_the_interval_is_said():
    rows = "A,2024-01-01,,1200,yearly; B,2024-02-01,2025-03-10,100,monthly"
    day = date(2025, 3, 31)
    found = card(f"customers.csv: Customer,Start,End,Price,Billed; {rows}", as_of=day)
    assert (found["mrr"].value, found["churn_rate"].value) == (100, 0.5)
    revenue = "customers.csv: Customer,Start,End,Revenue; A,2024-01-01,,1200; B,2024-02-01,2025-03-10,120"
    asked = card(revenue, as_of=day)["mrr"]
    assert asked.value is None
    assert {remedy.value for remedy in asked.remedies} == {"month", "quarter", "year"}
    assert card(revenue, as_of=day, billed="year")["mrr"].value == 100


def test_tickets_that_say_only_whether_the_first_contact_solved_them():
    found = card(
        "t.csv: Ticket,Created,First contact resolved; "
        "1,2025-03-01,Yes; 2,2025-03-31,No; 3,2025-03-31,Yes; 4,2025-03-31,"
    )
    assert (found["fcr"].value, found["fcr"].n) == (pytest.approx(2 / 3), 3)
    monthly = read_company({"support.csv": b"Month,Resolved,First contact resolution\n2025-03,10,7\n"})
    assert "tickets" not in monthly.tables


def test_a_name_beside_a_start_is_the_customer():
    found = card("x.csv: Name,Start,End; A,2024-01-01,; B,2024-02-01,2025-03-31", ends="first-unpaid")
    assert (found.month, found["churn_rate"].value) == ("2025-03", 0.5)


def test_sessions_of_one_event_each_have_no_known_length():
    found = card("logins.csv: user_id,login_time; 1,2025-03-01 10:00; 2,2025-03-02 11:00; 1,2025-03-31 10:00")
    assert found["avg_session_duration"].value is None
    assert "no length of a session is known" in found["avg_session_duration"].missing


def test_answers_are_read_though_a_product_would_export_more():
    found = card(
        "d.csv: Score,Comment,Created At,Email; "
        "10,great,2025-03-01,a@x.com; 0,bad,2025-03-31,b@x.com; 9,,2025-03-31,c@x.com"
    )
    assert found["nps"].value == pytest.approx(100 / 3)


@pytest.mark.parametrize(
    ("heading", "word"), [("Status", "Cancelled"), ("Account status", "inactive"), ("Active", "No")]
)
def test_a_status_that_says_ended_without_a_day_keeps_figures_waiting(heading, word):
    rows = f"A,2024-01-01,,100,{word}; B,2024-01-01,2025-02-10,50,x; C,2024-01-01,,50,x"
    for name in ("subs.csv", "customers.csv"):
        found = card(f"{name}: Customer,Start,End,MRR,{heading}; {rows}", as_of=date(2025, 3, 31))
        assert (found["mrr"].value, found["churn_rate"].value) == (None, None)
        assert f"row 2 is '{word}' and has no end" in found["churn_rate"].missing


def test_a_status_beside_an_end_says_no_more_than_the_end():
    rows = "A,2024-01-01,2025-02-10,100,cancelled; B,2024-01-01,,50,active"
    found = card(f"subs.csv: Customer,Start,End,MRR,Status; {rows}", as_of=date(2025, 2, 28))
    assert (found["mrr"].value, found["churn_rate"].value) == (50, 0.5)


def test_what_a_customer_earns_a_year_is_not_taken_for_what_it_pays():
    accounts = "accounts.csv: Account ID,Customer Since,Annual Revenue; 1,2024-01-01,90000000; 2,2024-01-01,50000"
    asked = card(accounts, as_of=date(2025, 3, 31))["mrr"]
    assert asked.value is None
    assert "may be what they earn" in asked.missing
    said = card(accounts, as_of=date(2025, 3, 31), columns={"arr": "Annual Revenue"})
    assert said["mrr"].value == pytest.approx(90_050_000 / 12, abs=0.01)


def test_previews_of_a_survey_are_no_answers():
    found = card(
        "q.csv: EndDate,Response Type,How likely are you to recommend us?; 2025-03-01,IP Address,10; "
        "2025-03-31,IP Address,2; 2025-03-31,Survey Preview,2"
    )
    assert (found["nps"].value, found["nps"].n) == (0, 2)


def test_headings_as_a_database_spells_them():
    rows = "s1,c1,active,pro,100,2024-01-01,,USD; s2,c2,cancelled,pro,50,2024-01-01,2025-03-05,USD"
    found = card(
        f"subs.csv: subscription_id,customer_id,status,plan_id,mrr,started_at,cancelled_at,currency; {rows}",
        as_of=date(2025, 3, 31),
    )
    assert (found["mrr"].value, found["churn_rate"].value) == (100, 0.5)


def test_a_sheet_that_somebody_filled_already_is_taken_whole():
    """Of a month's operations a funnel was read, and the support and cost columns were left."""
    heads = "Month,Resolved tickets,First contact resolutions,Opportunities,Won,Retention cost"
    mapped, _ = map_company(recipe("scorecard"), {"ops.csv": f"{heads}\n2025-02,100,70,20,5,1000\n".encode()})
    found = mapped.frames["Operations"].iloc[0]
    assert found[["Resolved", "First contact", "Conversions", "Retention cost"]].tolist() == [100, 70, 5, 1000]


def test_a_list_of_customers_reaches_to_the_last_who_left():
    text = b"Customer,Start,End,MRR\nA,2024-01-01,,100\nB,2024-02-01,2025-03-10,50\n"
    mapped, _ = map_company(recipe("unit_economics"), {"customers.csv": text})
    assert mapped.frames["Revenue"]["2025-02"].sum() == 150


@pytest.mark.parametrize("form", ["{} MRR", "MRR {}", "Revenue - {}", "{} (MRR)"])
def test_months_across_may_name_what_they_hold(form):
    heads = ",".join(form.format(month) for month in ("Jan-25", "Feb-25"))
    found = card(f"x.csv: Customer,{heads},Users Jan-25,Users Feb-25; A,100,100,5,6; B,50,,1,")
    assert (found["mrr"].value, found["churn_rate"].value) == (100, 0.5)


def test_a_ticket_without_the_day_it_was_closed_is_open():
    rows = "1,2025-03-01,2025-03-01,1; 2,2025-03-02,,4; 3,2025-03-31,2025-04-05,2"
    found = card(f"t.csv: Case Number,Opened Date,Closed Date,Touches; {rows}")
    assert (found["fcr"].value, found["fcr"].n) == (0.5, 2)


@pytest.mark.parametrize("heading", ["Q: NPS (0-10)", "Q3 - NPS", "Relationship NPS score"])
def test_a_question_may_be_called_by_the_name_of_its_metric(heading):
    found = card(
        f"n.csv: Respondent,Account,{heading},NPS group,Answered; 1,A,9,Promoter,2025-03-03; 2,B,6,x,2025-03-31"
    )
    assert (found["nps"].value, found["nps"].n) == (0, 2)


def test_the_day_of_a_status_is_the_end_of_who_left():
    rows = "A,2024-01-10,Active,2024-01-10,100; B,2024-02-01,Churned,2025-03-05,50; C,2024-02-01,Churned,,70"
    heads = "Customer,Start,Status,Status date,MRR"
    states = "A,2024-01-10,Ohio,Active,2024-01-10,100; B,2024-02-01,Utah,Churned,2025-03-05,50"
    beside = card(f"x.csv: {heads.replace('Status,', 'State,Status,', 1)}; {states}", as_of=date(2025, 3, 31))
    assert beside["churn_rate"].value == 0.5
    found = card(f"x.csv: {heads}; {rows.rpartition('; ')[0]}", as_of=date(2025, 3, 31))
    assert (found["mrr"].value, found["churn_rate"].value) == (100, 0.5)
    assert (
        "row 4 is 'Churned' and has no end" in card(f"x.csv: {heads}; {rows}", as_of=date(2025, 3, 31))["mrr"].missing
    )


def test_an_answer_off_the_scale_is_named_as_the_file_numbers_it_and_only_its_month_waits():
    answers = "answers.csv: Date,Customer,NPS; 2026-08-01,A,10; 2026-08-02,B,11; 2026-09-05,C,9; 2026-10-01,D,9"
    files = {"answers.csv": answers.partition(": ")[2].replace("; ", "\n").encode()}
    reading = read_company(files, Said())
    asked = scorecard_of(reading, month="2026-08")["nps"]
    assert asked.value is None
    assert "answers.csv, column 'NPS': row 3 is 11; an answer is a whole number from 0 to 10" in asked.missing
    assert scorecard_of(reading, month="2026-09")["nps"].value == 100


def test_headings_that_may_be_days_above_no_row_are_no_fault_of_ours():
    reading = read_company({"answers.csv": b"date,nps,09-03,0,,-3.250000.0"}, Said())
    assert "nothing below it" in str(reading.report.refused["answers.csv"])


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("Month,Acme,Beta; 2025-01,100,200; 2025-02,100,200", "turn the table round"),
        ("Row Labels,Jan-25,Feb-25; Acme,100,100; Beta,200,200", "customer=Row Labels"),
        ("Customer,Q1 2025,Q2 2025; Acme,100,100", "Quarters are no months"),
        ("Customer,Quarter,MRR; Acme,Q1 2025,100; Acme,Q2 2025,100", "Quarters are no months"),
    ],
)
def test_revenue_that_stands_otherwise_says_what_is_lacking(rows, said):
    report = read_company({"mrr.csv": rows.replace("; ", "\n").encode()}).report
    assert said in str(report.not_understood[0])


def test_an_answer_off_its_scale_says_how_the_heading_tells_another():
    rows = "2025-01-03,4,A; 2025-01-04,7,B; 2025-01-31,5,A"
    assert 'as in "csat (1-10)"' in card(f"answers.csv: Date,CSAT,Customer; {rows}")["csat"].missing
    assert card(f"answers.csv: Date,CSAT (1-7),Customer; {rows}")["csat"].n == 3


def test_months_across_keep_segments_and_leave_their_totals_out():
    rows = "SMB,A,100,100; SMB,B,50,; SMB Total,,150,100; Ent,C,500,500; Ent Total,,500,500; Grand Total,,650,600"
    found = read_company({"mrr.csv": f"Segment,Customer,Jan-25,Feb-25; {rows}".replace("; ", "\n").encode()})
    by_segment = found.tables["subscriptions"].groupby("segment")["mrr"].sum()
    assert by_segment.to_dict() == {"SMB": 250, "Ent": 1000}


def test_a_refund_among_revenue_is_named_with_its_row_and_only_its_month_waits():
    rows = "A,2025-02,100; A,2025-03,100; A,2025-03,-100; B,2025-02,50; B,2025-03,50"
    found = card(f"mrr.csv: Customer,Month,MRR; {rows}")
    assert "row 4 is -100" in found["mrr"].missing
    rows = "A,2025-02,100; A,2025-02,-100; A,2025-03,100; B,2025-02,50; B,2025-03,50"
    assert card(f"mrr.csv: Customer,Month,MRR; {rows}")["mrr"].value == 150


def test_answers_that_are_words_or_stars():
    rows = "2025-03-01,{},A; 2025-03-02,{},B; 2025-03-31,{},C"
    words = card(f"csat.csv: Date,CSAT,Customer; {rows.format('Fine', 'Slow', 'Fine')}")
    assert "the answers are words, such as 'Fine'" in words["csat"].missing
    stars = card(f"csat.csv: Date,Rating,Customer; {rows.format('★★★★★', '★★☆☆☆', '★★★★')}")
    assert stars["csat"].value == pytest.approx(200 / 3)


def test_a_total_contract_value_is_for_its_term():
    rows = "A,2024-04-01,2026-03-31,2400; B,2024-05-01,2025-04-30,600"
    found = card(f"c.csv: Account Name,Contract Start,Contract End,TCV; {rows}", as_of=date(2025, 3, 31))
    assert found["mrr"].value == 150


def book(rows, *merged):
    """A workbook of one sheet, some of its cells merged."""
    made, held = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        made.active.append(row)
    for cells in merged:
        made.active.merge_cells(cells)
    made.save(held)
    return {"book.xlsx": held.getvalue()}


def test_a_name_in_merged_cells_is_that_of_each_row_and_an_amount_is_there_once():
    rows = [["Customer", "Month", "MRR"], ["A", date(2025, 1, 1), 100], [None, date(2025, 2, 1), 100],
            ["B", date(2025, 1, 1), 50], [None, date(2025, 2, 1), 60]]  # fmt: skip
    found = scorecard_of(read_company(book(rows, "A2:A3", "A4:A5")))
    assert (found["mrr"].value, found["mrr"].n) == (160, 2)
    rows = [
        ["Customer", "Product", "Month", "MRR"],
        ["A", "x", date(2025, 1, 1), 100],
        [None, "y", date(2025, 1, 1), None],
    ]
    table = read_company(book(rows, "A2:A3", "D2:D3")).tables["subscriptions"]
    assert table["mrr"].sum() == 100


def test_rows_without_a_name_that_equal_the_one_above_are_no_sums():
    """Of names that stand once for several rows; row 3 was taken for the sum of row 2, and its revenue was gone."""
    found = read_company({"mrr.csv": b"Customer,Month,MRR\nA,2025-01,100\n,2025-02,100\nB,2025-01,50\n,2025-02,50\n"})
    assert not found.report.read[0].rows_left_out
    assert found.tables["subscriptions"].groupby("month")["mrr"].sum().tolist() == [150, 150]


def test_years_above_months_with_the_other_headings_beside_the_years():
    rows = [["Recurring revenue"], ["Client", "Plan", 2024, None, 2025], [None, None, "Nov", "Dec", "Jan"],
            ["A", "Pro", 100, 100, 110], ["B", "Basic", 50, 50, None], ["Total", None, 150, 150, 110]]  # fmt: skip
    table = read_company(book(rows, "C2:D2")).tables["subscriptions"]
    assert table.groupby("month")["mrr"].sum().tolist() == [150, 150, 110]
    assert set(table["plan"]) == {"Pro", "Basic"}


@pytest.mark.parametrize(
    ("table", "rows"),
    [
        ("renewals", "Account,Renewal date,ARR,Likelihood; A,2025-06-30,12000,0.8; B,2025-09-30,6000,0.5"),
        ("tickets", "Ticket #,Opened,Closed,# of touches; 1,2025-03-01,2025-03-02,1; 2,2025-03-05,,3"),
        ("events", "distinct_id,account,event,occurred_at; u1,A,login,2025-03-01; u2,A,export,2025-03-31"),
        ("responses", "Submitted,Account,NPS; 2025-03-01,A,10; 2025-03-31,B,7"),
    ],
)
def test_headings_people_use(table, rows):
    found = read_company({"file.csv": rows.replace("; ", "\n").encode()})
    assert list(found.tables) == [table]
    assert not found.report.waits
    assert {"customer", "date", "due", "contacts", "user"} & set(found.tables[table])


def test_one_column_of_scores_of_several_surveys_is_told_apart_by_another():
    """NPS was taken over the answers to CSAT as well."""
    rows = "2025-03-01,A,NPS,9; 2025-03-01,A,CSAT,4; 2025-03-31,B,NPS,10; 2025-03-31,B,CSAT,5; 2025-03-31,B,Exit,1"
    found = card(f"s.csv: Date,Account,Metric,Score; {rows}")
    assert (found["nps"].value, found["nps"].n) == (100, 2)
    assert (found["csat"].value, found["csat"].n) == (100, 2)
    rows = "2025-03-01,Relationship NPS,9,A; 2025-03-31,Transactional NPS,3,B"
    assert card(f"s.csv: Date,Survey,Score,Account; {rows}")["nps"].value == 0
    rows = "2025-03-01,Satisfied,9,A; 2025-03-31,Unsatisfied,3,B"  # what the answer shows is no survey's name
    assert card(f"s.csv: Date,Type,Score,Account; {rows}")["nps"].value == 0


@pytest.mark.parametrize(
    ("heading", "discounts", "mrr"),
    [
        ("Discount %", ("10%", "0%"), 290),
        ("Discount %", ("10", "0"), 290),
        ("Discount", ("10%", ""), 290),
        ("Discount %", ("0.1", "0"), 290),
        ("Discount", ("10", "0"), 290),
        ("Discount amount", ("0.5", "0"), 299.5),
    ],
)
def test_a_discount_in_percent_is_a_share_of_the_amount(heading, discounts, mrr):
    """10 % of 100 was taken for 0.10."""
    first, second = discounts
    rows = f"A,2024-01-01,,100,{first},monthly; B,2024-02-01,2025-12-31,200,{second},monthly"
    found = card(f"c.csv: Customer,Start date,End date,Price,{heading},Billing; {rows}", as_of=date(2025, 1, 31))
    assert found["mrr"].value == pytest.approx(mrr)


def test_a_discount_that_may_be_a_share_is_asked_about():
    rows = "A,2024-01-01,,100,0.1,monthly; B,2024-02-01,2025-12-31,200,0,monthly"
    found = card(f"c.csv: Customer,Start date,End date,Price,Discount,Billing; {rows}", as_of=date(2025, 1, 31))
    assert found["mrr"].value is None
    assert "row 2 is 0.1, a share or an amount" in found["mrr"].missing


def test_who_only_tries_the_product_is_no_customer_and_no_revenue():
    rows = "A,2024-01-01,,100,active; B,2025-01-02,,50,trialing; C,2025-01-02,,70,Free trial"
    reading = read_company({"c.csv": f"Customer,Start,End,MRR,Status; {rows}".replace("; ", "\n").encode()},
                           Said(as_of=date(2025, 1, 31)))  # fmt: skip
    assert scorecard_of(reading)["mrr"].value == 100
    assert reading.tables["customers"]["customer"].tolist() == ["A"]
    assert "trials, which pay nothing yet (2)" in str(reading.report)


def test_recommending_on_another_scale_is_no_nps():
    """On 1 to 5 nobody can be a promoter by the rule of 0 to 10: it said -100."""
    rows = "2025-03-01,5; 2025-03-02,1; 2025-03-31,4"
    found = card(f"n.csv: Date,How likely are you to recommend us? (1-5); {rows}")
    assert found["nps"].value is None
    assert "it is asked from 1 to 5" in found["nps"].missing
    assert card(f"n.csv: Date,How likely are you to recommend us? (1-10); {rows}")["nps"].n == 3


def test_a_question_of_difficulty_waits_until_its_direction_is_said():
    """The most difficult answer was counted as easy."""
    heading, rows = "How difficult was it to solve your issue? (1-7)", "2025-03-01,7; 2025-03-02,1; 2025-03-31,5"
    found = card(f"n.csv: Date,{heading}; {rows}")
    assert found["ces"].value is None
    assert "whether its highest answer means easy is not said" in found["ces"].missing
    assert card(f"n.csv: Date,{heading}; {rows}", columns={"ces": heading})["ces"].value == pytest.approx(200 / 3)
    easy = "How easy or difficult was it? (1-7)"
    assert card(f"n.csv: Date,{easy}; {rows}")["ces"].value == pytest.approx(200 / 3)


def test_conversations_are_no_list_of_customers():
    rows = "1,2025-03-01 10:00,5,A; 2,2025-03-31 10:00,2,A"
    head = "Conversation ID,Started at (UTC),Conversation rating,Company name"
    found = read_company({"c.csv": f"{head}; {rows}".replace("; ", "\n").encode()})
    assert list(found.tables) == ["responses"]
    assert found.tables["responses"]["csat"].tolist() == [5, 2]


def test_months_that_lie_ahead_are_a_plan_and_not_looked_at():
    this = date.today().replace(day=1)
    ahead, past = this.replace(year=this.year + 1), this.replace(year=this.year - 1)
    rows = "; ".join(f"{who},{month:%Y-%m},{worth}" for who, month, worth in (
        ("A", past, 100), ("B", past, 50), ("A", this, 110), ("A", ahead, 500)))  # fmt: skip
    found = card(f"mrr.csv: Customer,Month,MRR; {rows}")
    assert (found.month, found["mrr"].value) == (f"{this:%Y-%m}", 110)
    assert "lie ahead" in found.notes[0]
    files = {"mrr.csv": f"Customer,Month,MRR; {rows}".replace("; ", "\n").encode()}
    mapped, _ = map_company(recipe("revenue_retention"), files)
    made = build("revenue_retention", io.BytesIO(), data=mapped.frames)
    assert made.choices.as_of == this


def test_an_end_before_its_start_is_named_with_its_row():
    rows = "A,2024-01-01,2023-06-30,100; B,2024-02-01,,50; C,2024-02-01,2025-01-31,50"
    found = card(f"c.csv: Customer,Start,End,MRR; {rows}", as_of=date(2025, 3, 31))
    assert "c.csv, column 'End': row 2 is 2023-06-30, before its start" in found["mrr"].missing


def test_costs_by_day_are_costs_of_its_month():
    rows = "2025-02-28,Retention,10000; 2025-03-05,Retention,4000; 2025-03-31,Retention,6000"
    table = read_company({"costs.csv": f"Date,Category,Amount; {rows}".replace("; ", "\n").encode()}).tables["costs"]
    assert table.groupby("month")["amount"].sum().tolist() == [10000, 10000]


def test_comments_in_another_language_are_not_rated_neutral():
    rows = "03/03/2025,Rossi,9,Molto bene; 13/03/2025,Bianchi,3,Troppo caro; 31/03/2025,Verdi,10,"
    found = card(f"s.csv: Data,Cliente,NPS,Commento; {rows}")
    assert found["sentiment"].value is None
    assert "all 2 comments hold no word of the English list" in found["sentiment"].missing
    files = {"s.csv": f"Data,Cliente,NPS,Commento; {rows}".replace("; ", "\n").encode()}
    mapped, _ = map_company(recipe("voice_of_customer"), files)
    assert mapped.frames["Responses"]["Sentiment"].isna().all()
    rows = "03/03/2025,Rossi,9,Molto bene; 13/03/2025,Bianchi,3,Troppo caro; 31/03/2025,Verdi,10,great"
    mixed = card(f"s.csv: Data,Cliente,NPS,Commento; {rows}")["sentiment"]
    assert mixed.value > 0
    assert "2 of 3 comments hold no word" in mixed.notes[0]

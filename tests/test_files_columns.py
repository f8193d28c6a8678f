"""Typing: one column of cells as people write them, decided once from the whole column."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from csmetrics_core.files.columns import Asked, Column, Kind, read_column, read_columns
from csmetrics_core.files.identifiers import spellings
from csmetrics_core.files.months import month_headings
from csmetrics_core.files.saying import Place, Said
from csmetrics_core.files.totals import is_total_name

HERE = Place("clients.csv", "", "Cells")


def column(cells: object, kind: Kind, **said: object) -> Column:
    return read_column(cells, kind, HERE, Said(**said))


def values(cells: object, kind: Kind, **said: object) -> list:
    """What was read, None for what is missing; nothing may be unread or asked."""
    read = column(cells, kind, **said)
    assert (read.refused, read.questions) == ((), ())
    return [None if pd.isna(value) else value for value in read.values]


def asked(cells: object, kind: Kind) -> str:
    """The one question, in words; no cell that depends on it is read."""
    read = column(cells, kind)
    (question,) = read.questions
    assert read.unread.any()
    assert read.values[read.unread].isna().all()
    return f"{question} {[way.value for way in question.remedies]}"


def unread(cells: object, kind: Kind) -> str:
    (refused,) = column(cells, kind).refused
    return str(refused)


@pytest.mark.parametrize(
    ("cells", "right"),
    [
        (["$1,200.50", "$300"], [1200.5, 300]),
        (["1.200,50 €", "€ 300"], [1200.5, 300]),
        (["1 200,50", "1\u202f200,50", "1\u00a0200", "1\u2009200"], [1200.5, 1200.5, 1200, 1200]),
        (["CHF 1'200.50", "1’300.00 CHF"], [1200.5, 1300]),
        (["(310)", "($310.5)", "$(310)", "310-", "-$310", "$-310", "−310"], [-310, -310.5] + [-310] * 5),
        (["1,050", "1,234,567"], [1050, 1234567]),
        (["1.050", "0,5"], [1050, 0.5]),
        (["1,050", "7.25"], [1050, 7.25]),
        (["12,34,567.5", "1,00,000"], [1234567.5, 100000]),
        (["US$ 5", "USD 6", "7 usd"], [5, 6, 7]),
        (["R$ 5,50", "R$ 1.000"], [5.5, 1000]),
        (["5", "", " ", "n/a", "-", "NULL", "none", None, float("nan")], [5] + [None] * 8),
        (["1.5e3", "2"], [1500, 2]),
        ([".5", "5.", "$.25", '="7"'], [0.5, 5, 0.25, 7]),
        (["\ufeff12", "１２"], [12, 12]),
        ([1, 2.5, Decimal("3.25"), np.float32(4), np.int64(5), "6"], [1, 2.5, 3.25, 4, 5, 6]),
        (pd.array([1, None], dtype="Int64"), [1, None]),
    ],
)
def test_amounts_are_read_as_people_write_them(cells: object, right: list) -> None:
    assert values(cells, "amount") == right


def test_a_column_of_percentages_is_shares() -> None:
    assert values(["5%", "12,5 %"], "number") == [0.05, 0.125]
    assert "row 2 is '5%'" in unread(["5%", "7"], "number")


@pytest.mark.parametrize(
    "cell", ["soon", "5 PCS", "1 2", "#DIV/0!", "1,05,0", True, dt.date(2025, 1, 1), "5/6", "1e999"]
)
def test_what_is_no_amount_is_unread_with_its_row(cell: object) -> None:
    assert "row 3 is" in unread(["7.5", cell, "8"], "amount")


def test_the_decimal_sign_is_asked_where_no_cell_tells_it() -> None:
    assert "row 3 is '1,050' ['.', ',']" in asked(["950", "1,050", "310"], "amount")
    assert values(["950", "1,050"], "amount", decimal=".") == [950, 1050]
    assert values(["950", "1,050"], "amount", decimal={"Clients": ","}) == [950, 1.05]
    assert "row 2 is '1,200.50', but row 3 is '1.200,50'" in asked(["1,200.50", "1.200,50"], "amount")


def test_currencies_are_told_apart() -> None:
    read = column(["$5", "€ 6", "7 EUR", "8"], "amount")
    assert read.currency.fillna("").tolist() == ["$", "EUR", "EUR", ""]
    assert "several currencies" in str(read.notes[0])
    assert column(["5", "6"], "amount").currency is None


DAY = dt.datetime(2025, 3, 25)


@pytest.mark.parametrize(
    "cells",
    [
        ["25/03/2025"], ["03/25/2025"], ["25.03.2025"], ["25.3.25", "25. 3. 2025"], ["2025/3/25"], ["20250325"],
        ["25 Mar 2025", "25th March 2025", "March 25, 2025", "25-Mar-25", "Tue, 25 Mar 2025", "25. März 2025"],
        ["2025-03-25T00:00:00+02:00", "2025-03-25T00:00:00Z"], ["45741"], [45741, 45741.0], ["25 de marzo de 2025"],
        [dt.date(2025, 3, 25), dt.datetime(2025, 3, 25, 7), np.datetime64("2025-03-25")], ["2025年3月25日"],
        [pd.Timestamp("2025-03-25", tz="Europe/Berlin")], ["3/25/2025 1:05 PM"], ["25/03/25"],
    ],
)  # fmt: skip
def test_days_are_read_as_people_write_them(cells: list) -> None:
    assert values(cells, "day") == [DAY] * len(cells)


def test_one_day_settles_the_order_of_the_column() -> None:
    assert values(["1/11/2021", "25/12/2021"], "day") == [dt.datetime(2021, 11, 1), dt.datetime(2021, 12, 25)]
    assert values(["1/11/21", "12/25/21"], "day") == [dt.datetime(2021, 1, 11), dt.datetime(2021, 12, 25)]
    assert "['dmy', 'mdy']" in asked(["1/11/2021", "2/12/2021"], "day")
    assert values(["1/11/2021"], "day", dates={"clients": "mdy"}) == [dt.datetime(2021, 1, 11)]
    assert "row 2 is '25/1/2021', but row 4 is '1/25/2021' []" in asked(["25/1/2021", "1/2/2021", "1/25/2021"], "day")


def test_dates_that_a_spreadsheet_turned_round_are_asked_about() -> None:
    turned = [dt.datetime(2021, 4, 3), "25/04/2021"]  # 3 April was typed 04/03... as 03/04 it became 4 March
    assert "turned day and month round" in asked(turned, "day")
    assert values(turned, "day", dates="dmy") == [dt.datetime(2021, 4, 3), dt.datetime(2021, 4, 25)]


def test_days_that_are_none() -> None:
    cells = ["2025-03-25", "9999-12-31", "n/a", "0000-00-00", "present", "", None, "0001-01-01"]
    assert values(cells, "day") == [DAY] + [None] * 7
    assert "row 3 is '30/02/2025'" in unread(["25/03/2025", "30/02/2025"], "day")
    for cell in ("soon", "today", "1-Mar", "2025"):
        assert f"row 2 is {cell!r}" in unread([cell], "day")


def test_moments_with_an_offset_are_in_utc() -> None:
    assert values(["2025-03-25T01:30:00+02:00"], "moment") == [dt.datetime(2025, 3, 24, 23, 30)]
    assert values(["Wed Mar 05 10:00:00 UTC 2025"], "moment") == [dt.datetime(2025, 3, 5, 10)]
    assert "a zone" in unread(["2025-03-25T01:30:00Z", "2025-03-25 01:30"], "moment")


def test_seconds_since_1970_only_where_documented_or_said() -> None:
    assert values(["1742860800", 1742860800000], "epoch") == [DAY, DAY]
    assert "['epoch']" in asked(["1742860800"], "day")
    assert values(["1742860800"], "day", dates="epoch") == [DAY]


@pytest.mark.parametrize(
    "cell",
    [
        "2025-03", "Mar 2025", "March 2025", "03/2025", "3/2025", "2025/03", "202503", 202503, "Mar-25", "2025M03",
        "2025-M03", "Mar'25", "2025-03-31", "3/31/2025", "31/3/2025", "45717", 45717.0, "März 2025", "2025年3月",
        dt.date(2025, 3, 31), "Mar. 25", "2025 March", "mar 2025", "03-2025", "03.2025",
    ],
)  # fmt: skip
def test_months_are_read_as_people_write_them(cell: object) -> None:
    assert values([cell], "month") == [dt.datetime(2025, 3, 1)]


def test_months_named_by_their_first_or_last_day_tell_the_order() -> None:
    february = [dt.datetime(2025, 2, 1), dt.datetime(2025, 3, 1)]
    assert values(["01/02/2025", "01/03/2025"], "month") == february
    assert values(["2/1/2025", "3/1/2025"], "month") == february
    assert "['dmy', 'mdy']" in asked(["01/02/2025"], "month")
    assert values(["02/25", "03/25"], "month") == february
    assert "two ways" in asked(["01/02"], "month")


def test_headings_that_are_months() -> None:
    heads = ["Customer", "Nov-23", "2023-12", "2024", "Q1 2024", dt.datetime(2024, 1, 31), "Total", None, 7, "May"]
    found = month_headings(heads, Place(), Said())
    assert found.months == {1: dt.date(2023, 11, 1), 2: dt.date(2023, 12, 1), 5: dt.date(2024, 1, 1)}


def test_answers_are_numbers_with_or_without_their_label() -> None:
    cells = ["10 - Very likely", "9", "8/10", "Likely (7)", 3, "n/a", "", "7.0", "4 stars", "10: yes"]
    assert values(cells, "score") == [10, 9, 8, 7, 3, None, None, 7, 4, 10]


def test_a_word_is_a_missing_answer_and_an_error_is_no_answer() -> None:
    read = column(["10", "very likely", "7-8", True, "10/10/2025", "3 or 4"], "score")
    assert read.values.dropna().tolist() == [10]
    assert (read.words.sum(), read.unread.sum()) == (5, 0)
    assert "#REF!" in unread(["10", "#REF!"], "score")


def test_flags_ticks_and_states() -> None:
    assert values(["Yes", "no", "TRUE", 0, True, "1.0", "ja", ""], "flag") == [
        True,
        False,
        True,
        False,
        True,
        True,
        True,
        None,
    ]
    assert values(["x", "", None], "flag") == [True, False, False]
    assert "maybe" in unread(["yes", "maybe"], "flag")
    assert values(["Solved", "open", "In Progress", "Closed"], "status") == [True, False, False, True]


def test_identifiers_are_text_as_typed() -> None:
    cells = [
        "007",
        7,
        7.0,
        "1e3",
        "12345678901234567890",
        "NA",
        "none",
        " Beta\u00a0",
        "\u200bAcme",
        2**70,
        Decimal("7.0"),
    ]
    right = ["007", "7", "7", "1e3", "12345678901234567890", "NA", "none", "Beta", "Acme", str(2**70), "7"]
    assert values(cells, "identifier") == right
    assert values(["Zu\u0308rich", '="007"', float("inf")], "identifier") == ["Zürich", "007", "inf"]
    assert values([7.0, None], "identifier") == ["7", None]
    assert "15 digits" in str(column([1234567890123456789.0], "identifier").notes[0])
    assert "#N/A" in unread(["7", "#N/A"], "identifier")


def test_na_is_a_region_but_no_comment() -> None:
    assert values(["NA", "EMEA", "", "n/a"], "label") == ["NA", "EMEA", None, "n/a"]
    assert values(["NA", "n/a", "none", "-", "great"], "comment") == [None] * 4 + ["great"]


def test_intervals_are_months() -> None:
    cells = ["monthly", "3 months", "annual", "12", 1, "quarterly", "every 2 years", ""]
    assert values(cells, "interval") == [1, 3, 12, 12, 1, 3, 24, None]
    assert "soon" in unread(["monthly", "soon"], "interval")


def test_names_that_differ_in_case_or_accents_alone() -> None:
    found = spellings(["Acme", "ACME", "Café", "Cafe", "Beta", "Acme  Inc", "Acme Inc"])
    assert found.groups == (("ACME", "Acme"), ("Acme  Inc", "Acme Inc"), ("Cafe", "Café"))
    assert found.same["Acme"] == found.same["ACME"]
    assert "Beta" not in found.same


def test_a_column_that_does_not_tell_takes_what_the_others_of_its_table_show() -> None:
    def of(kind: Kind, *cells: str) -> Asked:
        return Asked(list(cells), kind, HERE)

    read = read_columns({"start": of("day", "1/2/2025"), "end": of("day", "25/2/2025")}, Said())
    assert read["start"].values.tolist() == [dt.datetime(2025, 2, 1)]
    assert "'dmy'" in str(read["start"].notes[-1])
    read = read_columns({"one": of("amount", "1,050"), "two": of("amount", "7.5")}, Said())
    assert read["one"].values.tolist() == [1050]

    three = {"a": of("day", "1/2/2025"), "b": of("day", "25/2/2025"), "c": of("day", "2/25/2025")}
    assert read_columns(three, Said())["a"].questions


def test_rows_are_numbered_as_the_file_has_them() -> None:
    read = read_column(["1", "x"], "amount", Place("a.xlsx", "May", "MRR", rows=[7, 12]), Said())
    assert str(read.refused[0]).startswith("a.xlsx, sheet May, column 'MRR': row 12 is 'x'")
    assert read.values.index.tolist() == [0, 1]
    kept = read_column(pd.Series(["1", "2"], index=[5, 9]), "amount", HERE, Said())
    assert kept.values.index.tolist() == [5, 9]


@pytest.mark.parametrize(
    ("form", "shows"),
    [
        ("%Y-%m-%d", {}), ("%Y-%m-%d %H:%M:%S", {}), ("%Y-%m-%dT%H:%M:%SZ", {}), ("%Y-%m-%dT%H:%M:%S.%fZ", {}),
        ("%d/%m/%Y %H:%M", {"dates": "dmy"}), ("%m/%d/%Y %I:%M %p", {"dates": "mdy"}),
        ("%d.%m.%Y %H:%M:%S", {"dates": "dmy"}),
    ],
)  # fmt: skip
def test_long_columns_of_one_form_are_read_as_their_cells_are(form: str, shows: dict) -> None:
    moments = pd.date_range("2023-01-01 10:05", periods=3000, freq="7h7min").floor("min")
    cells = [*moments.strftime(form), ""]
    read = column(pd.Series(cells, dtype="str"), "moment")
    right = moments.normalize() if form == "%Y-%m-%d" else moments
    assert (read.values[:-1] == right).all()
    assert pd.isna(read.values.iloc[-1])
    assert (dict(read.shows).get("dates", ""), read.unread.any()) == (shows.get("dates", ""), False)
    assert column([*cells, "soon"], "moment").values[:-2].tolist() == right.tolist()


def test_a_long_column_that_does_not_tell_its_order_is_asked_about() -> None:
    cells = [f"{day}/{month}/{year}" for year in range(2000, 2020) for month in range(1, 13) for day in range(1, 13)]
    assert "['dmy', 'mdy']" in asked(cells, "day")


def test_cells_of_one_kind_are_read_at_once_and_blank_ones_stay_blank() -> None:
    for cells in (["1.5", "", "20", "1.5"], [1.5, "", 20, 1.5], [1.5, None, 20, 1.5]):
        amounts = read_column(cells, "amount", Place(heading="MRR"), Said())
        assert amounts.values.tolist() == pytest.approx([1.5, np.nan, 20, 1.5], nan_ok=True)
        assert amounts.blank.tolist() == [False, True, False, False]
        assert not amounts.unread.any()
    mixed = read_column([True, 1, 1.0, "1"], "identifier", Place(), Said())
    assert mixed.values.tolist() == ["TRUE", "1", "1", "1"]
    infinite = read_column([1.5, float("inf")], "amount", Place(), Said())
    assert infinite.unread.tolist() == [False, True]


def test_real_days_and_moments_are_read_at_once_and_zones_are_kept_in_mind() -> None:
    noon = dt.datetime(2026, 3, 1, 12)
    moments = read_column([noon, dt.date(2026, 3, 2), noon], "moment", Place(), Said())
    assert moments.values.tolist() == [pd.Timestamp(noon), pd.Timestamp(2026, 3, 2), pd.Timestamp(noon)]
    east = noon.replace(tzinfo=dt.timezone(dt.timedelta(hours=2)))
    assert read_column([east], "moment", Place(), Said()).values.tolist() == [pd.Timestamp(2026, 3, 1, 10)]
    never = read_column([noon, dt.date(9999, 12, 31)], "day", Place(), Said())
    assert never.values.isna().tolist() == [False, True]


def test_words_that_sums_are_called_by_are_told_whatever_their_case() -> None:
    called = ["TOTAL", " total: ", "North Total", "Grand total MRR", "i alt", "Średnia", "Σumme", "Totally Inc", "Sun"]
    assert [is_total_name(cell) for cell in called] == [True] * 6 + [False] * 3

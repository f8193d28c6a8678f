"""The command `csmetrics`: what it prints, how it points into files, and how it fails."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
import xlsxwriter
from csmetrics_addin.cli.app import app
from csmetrics_addin.cli.commands.compute import flag
from csmetrics_addin.cli.pointing import Book
from csmetrics_addin.cli.terminal import Problem
from typer.testing import CliRunner

from csmetrics_core import CATALOG, nps
from csmetrics_core.declaration.spec import Category
from csmetrics_core.files.plain import plain_tables

SCORES = [10, 9, "n/a", 7, None, 3, 10]
SEGMENTS = ["SMB", "SMB", "SMB", "[red]Big[/red]", "SMB", "[red]Big[/red]", "=1+1"]
NPS = nps([s for s in SCORES if isinstance(s, int)])


@pytest.fixture
def run():
    """Run the command as a terminal of 80 columns would show it."""
    runner = CliRunner(env={"COLUMNS": "80", "NO_COLOR": "1", "TERM": "dumb"})

    def call(*words):
        return runner.invoke(app, [str(word) for word in words])

    return call


@pytest.fixture
def workbook(tmp_path):
    """A sheet with a title above its headings, one with two Excel tables, and one with an error cell."""
    path = tmp_path / "answers.xlsx"
    book = xlsxwriter.Workbook(path, {"strings_to_formulas": False})
    sheet = book.add_worksheet("Responses")
    sheet.write_string(0, 0, "Spring survey")
    sheet.write_row(2, 0, ["Score", "Segment", "Answered on"])
    for row, (score, segment) in enumerate(zip(SCORES, SEGMENTS, strict=True), 3):
        for column, value in enumerate((score, segment)):
            if value is not None:
                sheet.write(row, column, value)
        sheet.write_datetime(row, 2, date(2026, 5, row), book.add_format({"num_format": "yyyy-mm-dd"}))
    both = book.add_worksheet("Two tables")
    both.add_table(0, 0, 3, 0, {"name": "First", "columns": [{"header": "Score"}], "data": [[10], [9], [0]]})
    both.add_table(0, 2, 2, 2, {"name": "Second", "columns": [{"header": "Rating"}], "data": [[5], [1]]})
    book.close()
    return path


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "answers.csv"
    lines = ["Score;Segment;Day"] + [
        f"{'' if s is None else s};{g};2026-05-0{i}" for i, (s, g) in enumerate(zip(SCORES, SEGMENTS, strict=True), 1)
    ]
    path.write_text("\ufeff" + "\n".join(lines), encoding="utf-8")
    return path


def value(result):
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)["value"]


def test_list_by_category(run):
    shown = run("list", "--category", "Survey").stdout
    assert "NPS_INTERVAL" in shown
    assert "CHURN_RATE" not in shown
    everything = run("list").stdout
    assert all(metric.excel_name in everything for metric in CATALOG.values())


def test_explain_tells_all_of_a_metric(run):
    shown = run("explain", "NPS").stdout
    for words in (
        "100 × (promoters − detractors)",
        "=NPS(scores, [weights], [accounts])",
        "Bain",
        "COUNTIFS(",
        "optional",
    ):
        assert words in shown


@pytest.mark.parametrize("name", sorted(CATALOG))
def test_explain_and_help_of_every_metric(run, name):
    assert run("explain", name).exit_code == 0
    if CATALOG[name].category is not Category.ABOUT:
        shown = run("compute", name, "--help").stdout
        assert all(flag(argument) in shown for argument in CATALOG[name].arguments)


def test_no_argument_is_called_like_an_option_of_the_command():
    taken = {
        "--by",
        "--json",
        "--level",
        "--help",
        "--date-order",
        "--decimal",
        "--encoding",
        "--delimiter",
        "--totals",
    }
    assert not taken & {flag(a) for metric in CATALOG.values() for a in metric.arguments}


@pytest.mark.parametrize(
    "reference",
    [
        "Responses!Score", "responses!score", "'Responses'!Score", "Responses[Score]",
        "Responses!A4:A10", "Responses!$A$4:$A$10", "Responses!A:A",
    ],
)  # fmt: skip
def test_ways_to_point_at_a_column(run, workbook, reference):
    assert value(run("compute", "NPS", workbook, "--scores", reference, "--json")) == pytest.approx(NPS)


def test_excel_tables_sharing_a_sheet_are_told_apart(run, workbook):
    assert value(run("compute", "nps", workbook, "--scores", "First[Score]", "--json")) == pytest.approx(100 / 3)
    assert value(run("compute", "csat", workbook, "--ratings", "Second!Rating", "--json")) == 50
    assert value(run("compute", "csat", workbook, "--ratings", "Rating", "--scale-max", "7", "--json")) == 0


def test_one_cell_is_one_value(run, workbook):
    assert value(run("compute", "arpa", workbook, "--mrr", "Responses!A4", "--customers", "5", "--json")) == 2


def test_what_was_left_out_is_named_with_its_rows_in_the_sheet(run, workbook):
    shown = run("compute", "nps", workbook, "--scores", "Responses!Score").stdout
    assert "1 text (row 6)" in shown
    assert "1 blank (row 8)" in shown
    assert "low (95%)" in shown
    answer = json.loads(run("compute", "churn_rate", "--lost", "5", "--opening", "100", "--json").stdout)
    assert answer["working"] == "lost = 5, opening = 100, basis = opening: 5 ÷ 100 = 0.05"
    assert answer["source"].startswith("ChartMogul")


def test_csv_with_semicolons_a_byte_order_mark_and_dates(run, table):
    assert value(run("compute", "nps", table, "--scores", "Score", "--json")) == pytest.approx(NPS)
    cells = plain_tables(table)["answers"]
    assert cells["Day"][0] == pd.Timestamp(2026, 5, 1)
    assert [cell if cell == cell else None for cell in cells["Score"]] == SCORES


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_text_files_of_every_encoding_hold_the_same(tmp_path, encoding):
    path = tmp_path / "cells.csv"
    path.write_bytes('sep=;\r\nName;Preis\r\n"Müller; Söhne";"1,5"\r\n\r\nB;2\r\n'.encode(encoding))
    cells = plain_tables(path)["cells"]
    assert cells["Name"].tolist() == ["Müller; Söhne", "B"]
    assert cells["Preis"].tolist() == [1.5, 2.0]
    assert Book(path).cells("cells!B4", "amount").values == 2.0


def test_sheets_are_named_as_formulas_name_them_and_need_no_name_where_there_is_one(run, tmp_path):
    path = tmp_path / "quoted.xlsx"
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet('Bob\'s "data"').write_column("A1", ["Score", *SCORES])
    for cells in ("'Bob''s \"data\"'!A2:A8", "A2:A8", "$A$2:$A$8", "A:A", "Score"):
        assert value(run("compute", "nps", path, "--scores", cells, "--json")) == pytest.approx(NPS)
    for cells in ("A0", "'Bob''s'!A2:A8"):
        result = run("compute", "nps", path, "--scores", cells)
        assert (result.exit_code, "has no" in result.stderr) == (2, True)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["compute", "churn_rate", "--lost", "five", "--opening", "3"], 3, "lost is 'five'"),
        (["compute", "nps", ".", "--scores", "Score"], 2, "is a folder"),
        (["scorecard", "FILE", "--month", "soon"], 2, "--month"),
        (["scorecard", "FILE", "--ces-easy", "maybe"], 2, "high or low"),
        (["scorecard", "FILE", "--csat-scale", "0"], 2, "--csat-scale"),
        (["scorecard", "FILE", "--encoding", "latin-99"], 3, "there is no encoding"),
        (["scorecard", "RAGGED"], 3, "Correct the row."),
        (["compute", "nps", "RAGGED", "--scores", "Score"], 3, "Correct the row."),
    ],
)
def test_what_was_typed_wrong_is_2_and_what_the_file_has_wrong_is_3(run, table, tmp_path, words, code, said):
    (tmp_path / "ragged.csv").write_text("Score,Day\n1,2\n3,4,5\n6,7\n")
    files = {"FILE": table, "RAGGED": tmp_path / "ragged.csv"}
    result = run(*(files.get(word, word) for word in words))
    shown = " ".join(result.stderr.split())
    assert (result.exit_code, said in shown, "How(" in shown) == (code, True, False), shown


def test_cells_are_counted_from_the_corner_of_the_sheet(tmp_path):
    path = tmp_path / "corner.xlsx"
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet().write_column("C3", ["Score", 10, 9])
    assert Book(path).cells("Sheet1!C5", "amount").values == 9
    assert Book(path).cells("Sheet1!Score").rows[0] == 4


def test_groups(run, workbook):
    result = run("compute", "nps", workbook, "--scores", "Responses!Score", "--by", "Responses!Segment", "--json")
    groups = {row["group"]: row["n"] for row in json.loads(result.stdout)["groups"]}
    assert groups == {"SMB": 2, "[red]Big[/red]": 2, "=1+1": 1, "All": 5}
    shown = run("compute", "nps", workbook, "--scores", "Responses!Score", "--by", "Responses!Segment").stdout
    assert "[red]Big[/red]" in shown  # markup in data is text
    assert "n below 10" in shown


def test_values_without_a_file(run):
    assert value(run("compute", "churn_rate", "--lost", "5", "--opening", "100", "--json")) == 0.05
    assert value(run("compute", "nps", "--scores", "10, 9,8,6", "--json")) == 25
    assert value(run("compute", "CHURN-RATE", "--lost", "5,x", "--opening", "100,100", "--json")) == [0.05, None]
    nothing = run("compute", "churn_rate", "--lost", "x,y", "--opening", "100")
    assert (nothing.exit_code, "lost, row 2, is 'y'" in nothing.stdout) == (3, True)
    assert value(run("compute", "health_band", "--score", "80", "--json")) == "green"
    assert value(
        run("compute", "ces", "--ratings", "1,2,5", "--scale-max", "5", "--easy", "low", "--json")
    ) == pytest.approx(200 / 3)
    assert value(run("compute", "nps_interval", "--scores", "10,9,8,6", "--json")) == pytest.approx(
        [-44.159769, 72.731197]
    )


def test_a_table_is_printed_with_its_units(run):
    shown = run("compute", "churn_conventions", "--lost", "10", "--opening", "200", "--new-customers", "50").stdout
    assert "5.0%" in shown
    assert "opening_plus_new" in shown


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["lsit"], 2, "Did you mean 'list'?"),
        (["explain", "NSP"], 2, "Did you mean nps"),
        (["compute", "churn", "--lost", "1"], 2, "there is no metric called 'churn'"),
        (["list", "--category", "surveys"], 2, "Did you mean survey?"),
        (["compute", "nps"], 2, "--scores is missing"),
        (["compute", "nps", "--scores", "Sheet!Score"], 2, "points into a file"),
        (["compute", "nps", "--scores", "9", "--by", "x"], 2, "--by needs a file"),
        (["compute", "nps", "--scors", "9"], 2, "--scores"),
        (["compute", "csm_by"], 2, "tells about metrics"),
        (["compute", "nps", "--scores", "11"], 3, "expected a whole number from 0 to 10"),
        (["compute", "nps", "--scores", "n/a"], 3, "holds nothing to use"),
        (["compute", "churn_rate", "--lost", "5", "--opening", "0"], 3, "opening is 0"),
        (["compute", "ces", "--ratings", "5", "--scale-max", "7", "--easy", "lwo"], 3, 'expected one of "high", "low"'),
        (["scorecard", "nowhere.xlsx"], 2, "there is no file nowhere.xlsx"),
    ],
)
def test_a_problem_is_a_sentence_and_an_exit_code(run, words, code, said):
    result = run(*words)
    assert result.exit_code == code
    assert said in " ".join(result.stderr.split())
    assert not result.stdout
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("Responses!Scor", "Responses has no column Scor. Did you mean Score?"),
        ("Response!Score", "has no sheet or table Response. Did you mean Responses?"),
        ("Ratings", "has no column Ratings. Did you mean Rating"),
        ("Score", "Score is a heading in 2 tables"),
    ],
)
def test_unknown_names_suggest_the_nearest(run, workbook, reference, said):
    result = run("compute", "nps", workbook, "--scores", reference)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())


def test_a_refused_cell_is_named_by_its_row_in_the_sheet(run, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("Score\n10\n11\n")
    result = run("compute", "nps", path, "--scores", "Score")
    assert result.exit_code == 3
    assert "scores[1] is 11" in result.stderr
    assert "row 3 of a" in " ".join(result.stderr.split())


def test_an_error_cell_is_an_error_not_a_blank(run, tmp_path):
    path = tmp_path / "e.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Answers")
        sheet.write_column(0, 0, ["Score", 10, 9])
        sheet.write_formula(3, 0, "=NA()", None, "#N/A")
    result = run("compute", "nps", path, "--scores", "Score")
    assert result.exit_code == 3
    assert "#N/A" in result.stderr


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("broken.xlsx", b"PK\x03\x04 cut short", "cannot be opened"),
        ("empty.csv", b"", "is empty"),
        ("picture.png", b"\x89PNG", "not a table this package reads"),
        ("ragged.csv", b"a,b\n1,2\n3,4,5\n6,7\n", "row 3 has 3 cells, the heading row 2"),
        ("open.csv", b'a,b\n1,"2\n3,4\n', "a quotation mark is never closed"),
        ("binary.csv", b"\xff\xfe\x00", "ends within a character"),
    ],
)
def test_files_that_cannot_be_read(run, tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    result = run("scorecard", tmp_path / name)
    assert result.exit_code == 3
    assert said in " ".join(result.stderr.split())


def test_a_scorecard_of_a_survey_export(run, table):
    shown = run("scorecard", table)
    assert shown.exit_code == 0
    assert "Net Promoter Score" in shown.stdout
    assert "nps = 'Score'" in shown.stdout
    assert "needs a table of tickets with contacts" in " ".join(shown.stdout.split())
    assert max(map(len, shown.stdout.splitlines())) <= 80
    as_json = json.loads(run("scorecard", table, "--json").stdout)
    assert next(m for m in as_json["metrics"] if m["metric"] == "nps")["value"] == pytest.approx(NPS)


def test_several_files_make_one_company(run, tmp_path):
    (tmp_path / "subscriptions.csv").write_text("Customer,Month,MRR\nA,2026-01-01,100\nA,2026-02-01,120\n")
    (tmp_path / "tickets.csv").write_text("Contacts,Opened\n1,2026-02-03\n2,2026-02-28\n")
    result = run("scorecard", tmp_path / "subscriptions.csv", tmp_path / "tickets.csv", "--json")
    found = {m["metric"]: m["value"] for m in json.loads(result.stdout)["metrics"]}
    assert (found["mrr"], found["fcr"]) == (120, 0.5)


def test_a_file_without_a_known_table_is_bad_data(run, tmp_path):
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    result = run("scorecard", tmp_path / "x.csv")
    assert result.exit_code == 3
    assert "no metric could be computed" in result.stderr


def test_text_from_a_file_cannot_drive_the_terminal(run, tmp_path):
    (tmp_path / "x.csv").write_text("Score,Group\n10,\x1b[2Jgone\n9,\x1b[2Jgone\n")
    result = run("compute", "nps", tmp_path / "x.csv", "--scores", "Score", "--by", "Group")
    assert "\x1b" not in result.stdout
    assert "[2Jgone" in result.stdout


def process(*words, **environment):
    """The command in a process of its own, its output in a pipe."""
    return subprocess.run(
        [sys.executable, "-c", "from csmetrics_addin.cli.app import main; main()", *words],
        capture_output=True, env={**os.environ, **environment}, check=False, timeout=120,
    )  # fmt: skip


def test_a_pipe_gets_no_colour_and_80_columns(table):
    done = process("compute", "nps", str(table), "--scores", "Score", PYTHONIOENCODING="utf-8")
    assert done.returncode == 0
    assert b"\x1b" not in done.stdout
    assert max(len(line) for line in done.stdout.decode().splitlines()) <= 80


def test_an_old_code_page_is_no_reason_to_stop():
    done = process("explain", "nps", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.skipif(sys.platform != "linux", reason="looks into the process as Linux shows it")
@pytest.mark.parametrize("moment", ["loading", "working"])
def test_breaking_off_is_a_sentence_whenever_it_comes(tmp_path, moment):
    words = [sys.executable, "-m", "csmetrics_addin", "demo", "--out", str(tmp_path / "demo")]
    begun = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    loaded = Path(f"/proc/{begun.pid}/maps")
    while not ((tmp_path / "demo").exists() or (moment == "loading" and "numpy" in loaded.read_text())):
        time.sleep(0.001)
    begun.send_signal(signal.SIGINT)
    _, said = begun.communicate(timeout=60)
    assert said == b"Broken off.\n"
    assert begun.returncode in (130, -signal.SIGINT)  # a shell shows 130 for both


def test_errors_go_to_stderr_with_their_code():
    done = process("compute", "nps", "--scores", "11")
    assert (done.returncode, done.stdout) == (3, b"")
    assert b"nps: scores[0] is 11" in done.stderr


def test_list_loads_nothing_it_does_not_need():
    words = "import sys; from csmetrics_addin.cli.app import app; app(['list'], standalone_mode=False); "
    heavy = "print([m for m in ('pandas', 'scipy', 'openpyxl', 'xlsxwriter', 'xlwings') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", words + heavy], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_version(run):
    from csmetrics_core.version import __version__

    assert run("--version").stdout.strip() == f"csmetrics {__version__}"


@pytest.fixture
def uncalculated(tmp_path):
    """A workbook as a program writes it that calculates nothing: formulas without values among typed cells."""

    def write(rows, name="made.xlsx"):
        book = openpyxl.Workbook()
        book.active.title = "Responses"
        for row in rows:
            book.active.append(row)
        book.save(tmp_path / name)
        return tmp_path / name

    return write


def test_formulas_that_were_never_calculated_are_counted_and_the_first_is_named(run, uncalculated):
    path = uncalculated(
        [["Score", "Segment", "Other"], [10, "A", "=1"], ["=9+0", "A", 1], [3, "B", 1], ["=A2", "B", 1]]
    )
    words = "made.xlsx: 2 formulas were never calculated and count as blank; the first is Responses!A3. Open the file"
    for asked in (["--scores", "Score"], ["--scores", "A2:A5"], ["--scores", "Score", "--by", "Segment"]):
        assert words in " ".join(run("compute", "nps", path, *asked).stdout.split())
    assert "never" not in run("compute", "nps", path, "--scores", "A2").stdout
    told = json.loads(run("compute", "nps", path, "--scores", "Score", "--json").stdout)
    assert (told["value"], told["n"], words in told["notes"][0]) == (0.0, 2, True)
    for command in ("scorecard", "report"):
        shown = " ".join(run(command, path).stdout.split())
        assert "3 formulas were never calculated and count as blank; the first is Responses!C2" in shown
        assert "3 formulas were never" in run(command, path, "--json").stdout


def test_where_nothing_but_such_formulas_is_left_there_is_no_answer(run, uncalculated):
    path = uncalculated([["Score", "Segment"], ["=10", "A"], ["=9", "B"]])
    for words in (["compute", "nps", path, "--scores", "Score"], ["scorecard", path], ["report", path]):
        result = run(*words)
        assert result.exit_code == 3, words
        assert "2 formulas were never calculated" in " ".join(result.output.split())
    assert run("compute", "nps", path, "--scores", "A2").exit_code == 3
    headings = uncalculated([["=1", "=2"], ["=3", "=4"]], "headings.xlsx")
    result = run("compute", "nps", headings, "--scores", "Score")
    assert result.exit_code == 3
    assert "4 formulas were never calculated" in result.stderr


def test_formulas_that_give_empty_text_were_calculated(run, tmp_path):
    path = tmp_path / "x.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Answers")
        sheet.write_column(0, 0, ["Score", 10, 9])
        sheet.write_formula(3, 0, '=IF(1,"",1)', None, "")
        sheet.write_formula(4, 0, "=5+5", None, 10)
    told = json.loads(run("compute", "nps", path, "--scores", "Score", "--json").stdout)
    assert (told["n"], told["notes"]) == (3, [])


def test_columns_that_share_a_heading_are_told_apart_or_named(run, tmp_path):
    (tmp_path / "x.csv").write_text("Score,Score,Segment\n10,1,A\n9,2,B\n")
    result = run("compute", "nps", tmp_path / "x.csv", "--scores", "Score")
    assert result.exit_code == 2
    assert 'x has 2 columns called Score. Rename one, or point at the cells of one: "x!A2:A3".' in result.stderr
    assert value(run("compute", "nps", tmp_path / "x.csv", "--scores", "x!B2:B3", "--json")) == -100
    shown = " ".join(run("scorecard", tmp_path / "x.csv").stdout.split())
    assert "2 columns are called 'Score', of which the first was read." in shown


@pytest.mark.parametrize("command", [["compute", "nps", "--scores", "Score"], ["scorecard"], ["report"]])
@pytest.mark.parametrize("rows", [[], [["Score", "Segment"]]])
def test_a_workbook_without_a_table_is_bad_data_and_says_so(run, uncalculated, command, rows):
    result = run(command[0], *command[1:2], uncalculated(rows), *command[2:])
    assert result.exit_code == 3
    said = ("holds no table", "no metric could be computed", "nothing below it")
    assert any(words in result.stderr for words in said)


def test_a_scorecard_is_read_as_it_was_said(run, tmp_path):
    rows = ["customer;month;Our fee", "A;01/02/2026;1,5", "A;01/03/2026;2,5"]
    (tmp_path / "mrr.csv").write_text("\n".join(rows) + "\n")
    words = ["--column", "mrr=Our fee", "--dates", "dmy", "--as-of", "2026-04-01", "--json"]
    card = json.loads(run("scorecard", tmp_path / "mrr.csv", *words).stdout)
    assert card["month"] == "2026-03"
    assert next(line["value"] for line in card["metrics"] if line["metric"] == "mrr") == 2.5
    result = run("scorecard", tmp_path / "mrr.csv", "--column", "mrr=Nothing")
    assert result.exit_code == 3
    assert "has no column 'Nothing'" in " ".join(result.output.split())


def test_a_scorecard_says_which_dates_it_could_not_read(run, tmp_path):
    (tmp_path / "mrr.csv").write_text("customer,month,mrr\nA,2026-01-01,10\nB,01/01/2026,10\nC,01/02/2026,10\n")
    shown = " ".join(run("scorecard", tmp_path / "mrr.csv").stdout.split())
    assert "column 'month'" in shown
    assert "dates were read day first" in shown


def test_a_scorecard_names_headings_that_are_spelt_nearly_right(run, tmp_path):
    (tmp_path / "mrr.csv").write_text("Costumer,Mounth,MRR\nA,2026-01-01,10\n")
    result = run("scorecard", tmp_path / "mrr.csv")
    assert result.exit_code == 3
    shown = " ".join(result.stdout.split())
    assert "mrr.csv: the headings are not recognised (Costumer, Mounth, MRR)." in shown
    assert "it lacks customer, " in shown


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_a_report_reads_text_as_other_commands_do(run, tmp_path, encoding):
    rows = ["Account;Segment;month;mrr", "A;Süd;2026-01-01;1,5", "A;Süd;2026-02-01;12,5"]
    (tmp_path / "x.csv").write_text("\n".join(rows) + "\n", encoding=encoding)
    bridge = json.loads(run("report", tmp_path / "x.csv", "--as-of", "2026-03-01", "--json").stdout)[0]
    assert [row["closing"] for row in bridge["rows"]] == [1.5, 12.5]


@pytest.mark.parametrize(
    ("dates", "words", "closing"),
    [
        (["05/01/2026", "06/02/2026"], [], None),
        (["01/01/2026", "01/02/2026"], [], [10, 20]),  # months are dated by their first or last day
        (["01/01/2026", "01/02/2026"], ["--dates", "dmy"], [10, 20]),
        (["01/01/2026", "01/02/2026"], ["--dates", "mdy"], [30, 0]),  # nobody pays up to the day asked for
        (["31/01/2026", "01/02/2026"], [], [10, 20]),
        (["01/31/2026", "02/01/2026"], [], [10, 20]),
        (["01.01.2026", "01.02.2026"], [], [10, 20]),
        (["2026-01-01", "2026-02-01"], [], [10, 20]),
    ],
)
def test_a_report_asks_which_number_of_a_date_is_the_day(run, tmp_path, dates, words, closing):
    rows = [f"A,{day},{amount}" for day, amount in zip(dates, (10, 20), strict=True)]
    (tmp_path / "x.csv").write_text("\n".join(["customer,month,mrr", *rows]) + "\n")
    result = run("report", tmp_path / "x.csv", "--as-of", "2026-03-01", "--json", *words)
    if closing is None:
        assert result.exit_code == 3
        (part,) = json.loads(result.stdout)[:1]
        assert "column 'month': dates can be read in two ways" in part["problem"]
        assert "Say --dates dmy if day first, or --dates mdy if month first." in part["problem"]
    else:
        assert [row["closing"] for row in json.loads(result.stdout)[0]["rows"]] == closing


@pytest.mark.parametrize(
    ("content", "words", "code", "said"),
    [
        ("", [], 3, "x.csv is empty"),
        ("customer,month,mrr\n", [], 3, "has a heading row and nothing below it"),
        ("customer,month,mrr\nA,2026-01-01,5\nA,2026-02-01\nB,2026-01-01,3\n", [], 3, "row 3 has 2 cells"),
        ("customer,month,mrr\nA,soon,5\n", [], 3, "column 'month': row 2 is 'soon'; expected a date"),
        ("costumer,mounth,mmr\nA,2026-01-01,5\n", [], 3, "Name them as a report needs them: customer, month, mrr;"),
        ("nps\n10\n#N/A\n", [], 3, "column 'nps': row 3 is '#N/A'; expected an answer"),
        ("nps\ngood\nbad\n", [], 3, "the answers are words, such as 'good'"),
        ("nps\n10\n", ["--time-zone", "Mars"], 2, "--time-zone Mars is no zone"),
        ("nps\n10\n", ["--dates", "x"], 2, "--dates is x. Say dmy or mdy"),
    ],
)
def test_a_report_that_cannot_be_says_why(run, tmp_path, content, words, code, said):
    (tmp_path / "x.csv").write_text(content)
    result = run("report", tmp_path / "x.csv", *words)
    assert result.exit_code == code
    assert said in " ".join(result.output.split())


def test_a_line_a_report_cannot_read_is_named_with_its_file(run, tmp_path):
    good = "customer,month,mrr\n" + "A,2026-01-01,5\n" * 30_000
    for name, last in (("a.csv", ""), ("b.csv", "A,soon,6\n")):
        (tmp_path / name).write_text(good + last)
    result = run("report", tmp_path)
    assert result.exit_code == 3
    assert "b.csv, column 'month': row 30002 is 'soon'" in " ".join(result.output.split())


def test_a_book_says_what_it_cannot_find(workbook):
    with pytest.raises(Problem, match=r"There are|Did you mean"):
        Book(workbook).cells("Nothing!Like")


def test_headings_without_rows_are_no_data(run, tmp_path):
    (tmp_path / "x.csv").write_text("Score\n")
    result = run("compute", "nps", tmp_path / "x.csv", "--scores", "Score")
    assert result.exit_code == 3
    assert "scores is empty" in result.stderr


def test_a_wide_table_goes_on_below_and_no_number_is_cut(run, tmp_path):
    rows = [f"C{i},2025-{m:02}-01,{1000 * i + m}.5" for i in range(1, 20) for m in range(1, 13)]
    (tmp_path / "s.csv").write_text("\n".join(["customer,month,mrr", *rows]))
    words = ["--customers", "customer", "--months", "month", "--mrr", "mrr"]
    shown = run("compute", "mrr_movements", tmp_path / "s.csv", *words).stdout
    table = json.loads(run("compute", "mrr_movements", tmp_path / "s.csv", *words, "--json").stdout)["value"]
    assert max(map(len, shown.splitlines())) <= 80
    assert f"{table[-1]['closing']:,.2f}" in shown
    assert shown.count("2025-12") == 2

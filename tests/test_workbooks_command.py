"""`csmetrics workbook` as a person runs it."""

import errno
import os
import signal
import subprocess
import sys
import time
from datetime import date

import openpyxl
import pandas as pd
import pytest
from csmetrics_addin.cli.app import app
from csmetrics_workbooks.build import TEMPLATES, build, recipe
from csmetrics_workbooks.data.userdata import map_company
from typer.testing import CliRunner
from workbook_cells import read


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def long_revenue():
    months = pd.date_range("2025-01-01", "2026-03-01", freq="MS")
    rows = [
        (f"C{i}", m.date().isoformat(), 100.0 + i) for i in range(5) for m in months if not (i == 4 and m.month > 10)
    ]
    return pd.DataFrame(rows, columns=["Account name", "Billing month", "MRR"])


def test_list_names_every_template():
    said = run("workbook", "list").output
    assert all(name in said for name in TEMPLATES)


def test_new_maps_columns_reports_and_never_overwrites(tmp_path):
    frame = pd.DataFrame(
        {"Responded at": ["2026-09-01", "2026-09-02"], "Likelihood to recommend": [10, 3], "Colour": ["a", "b"]}
    )
    frame.to_csv(tmp_path / "survey.csv", index=False)
    made = run("workbook", "new", "voice_of_customer", "--data", tmp_path / "survey.csv", "--out", tmp_path / "v.xlsx")
    assert made.exit_code == 0, made.output
    assert "matched" in made.output
    assert "missing" in made.output
    cells = read(tmp_path / "v.xlsx", values=True)
    assert [cells["Responses", f"E{row}"] for row in (6, 7)] == [10, 3]
    again = run("workbook", "new", "voice_of_customer", "--out", tmp_path / "v.xlsx")
    assert again.exit_code == 2
    assert "--force" in again.output
    assert run("workbook", "new", "voice_of_customer", "--out", tmp_path / "v.xlsx", "--force").exit_code == 0


def test_unknown_template_suggests_the_nearest(tmp_path):
    result = run("workbook", "new", "score_card", "--out", tmp_path / "x.xlsx")
    assert result.exit_code == 2
    assert "scorecard" in result.output


def test_files_that_fit_nothing_are_bad_data(tmp_path):
    pd.DataFrame({"Colour": ["a"]}).to_csv(tmp_path / "c.csv", index=False)
    result = run("workbook", "new", "usage", "--data", tmp_path / "c.csv", "--out", tmp_path / "u.xlsx")
    assert result.exit_code == 3
    assert not (tmp_path / "u.xlsx").exists()


def test_misspelt_columns_and_broken_tables_are_answered_with_what_is_needed(tmp_path):
    (tmp_path / "mis.csv").write_text("Dte,NSP\n2026-09-01,10\n")
    (tmp_path / "x.parquet").write_text("no")
    for name, said in (("mis.csv", "Responses needs Date"), ("x.parquet", "cannot be read as a Parquet file")):
        result = run("workbook", "new", "voice_of_customer", "--data", tmp_path / name, "--out", tmp_path / "v.xlsx")
        assert (result.exit_code, said in " ".join(result.stderr.split())) == (3, True), result.output
    assert not (tmp_path / "v.xlsx").exists()


@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet"])
def test_revenue_long_and_months_across_give_the_same_workbook(tmp_path, kind):
    long = long_revenue()
    wide = long.pivot(index="Account name", columns="Billing month", values="MRR").reset_index()
    for name, frame in (("long", long), ("wide", wide)):
        path = tmp_path / f"{name}.{kind}"
        write = {"csv": frame.to_csv, "xlsx": frame.to_excel, "parquet": frame.to_parquet}[kind]
        write(path, index=False)
        result = run("workbook", "new", "unit_economics", "--data", path, "--out", tmp_path / f"{name}.out.xlsx")
        assert result.exit_code == 0, result.output
    first, second = (read(tmp_path / f"{name}.out.xlsx", values=True) for name in ("long", "wide"))
    figures = {at: value for at, value in first.items() if at[0] in ("Economics", "Revenue")}
    ours = {at: value for at, value in second.items() if at[0] in ("Economics", "Revenue")}
    assert {at for at in figures if figures[at] != ours.get(at)} <= {("Revenue", "A3")}


def test_a_date_that_can_be_read_in_two_ways_is_asked_about_and_the_answer_settles_it(tmp_path):
    rows = "A,05/02/2026,10\nA,2026-03-01,12\nA,2026-04,13\nA,46143,14\n"
    (tmp_path / "mrr.csv").write_text("customer,month,mrr\n" + rows)
    words = ["workbook", "new", "revenue_retention", "--data", str(tmp_path / "mrr.csv"), "--out"]
    done = run(*words, tmp_path / "x.xlsx")
    assert done.exit_code == 3
    assert "row 2 is '05/02/2026'" in done.output
    assert "--dates dmy" in done.output
    assert not (tmp_path / "x.xlsx").exists()
    assert run(*words, tmp_path / "x.xlsx", "--dates", "dmy").exit_code == 0
    cells = read(tmp_path / "x.xlsx", values=True)
    assert [cells["Revenue", f"{column}6"] for column in "CDEF"] == [10, 12, 13, 14]


def test_formulas_that_were_never_calculated_are_said_or_refused(tmp_path):
    book = openpyxl.Workbook()
    for row in (["Customer", "Month", "MRR"], ["A", date(2026, 1, 1), "=5+5"], ["B", date(2026, 1, 1), 7]):
        book.active.append(row)
    book.save(tmp_path / "mrr.xlsx")
    words = ["workbook", "new", "revenue_retention", "--data", str(tmp_path / "mrr.xlsx"), "--out"]
    done = run(*words, tmp_path / "x.xlsx")
    assert done.exit_code == 3
    assert "the formula in Sheet!C2 was never calculated and counts as blank" in " ".join(done.output.split())
    book.active.delete_rows(3)
    book.save(tmp_path / "mrr.xlsx")
    done = run(*words, tmp_path / "y.xlsx")
    assert done.exit_code == 3
    assert "never calculated" in done.output


def test_a_column_named_nearly_right_is_guessed():
    frame = pd.DataFrame({"Dates": ["2026-09-01"], "Minutess": [3.0], "Account": ["A"]})
    mapped, _ = map_company(recipe("usage"), {"sessions": frame})
    assert {c.header: c.how for c in mapped.columns if c.sheet == "Sessions"}["Minutes"] == "guessed"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--out", "none/x.xlsx"], "there is no folder"),
        (["--out", "."], "is a folder"),
        (["--out", "x.pdf"], "does not end in .xlsx"),
        (["--out", "x.xlsx", "--data", "none.csv"], "there is no file"),
        (["--out", "own.xlsx", "--data", "own.xlsx", "--force"], "is one of the files with your data"),
        (["--out", "x.xlsx", "--host", "lotus"], "Use excel, lite or lambda"),
    ],
)
def test_places_that_cannot_be_written_are_said_before_work_begins(tmp_path, monkeypatch, words, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.xlsx").write_bytes(b"mine")
    result = run("workbook", "new", "usage", *words)
    assert (result.exit_code, said in " ".join(result.stderr.split())) == (2, True), result.output
    assert [path.name for path in tmp_path.iterdir()] == ["own.xlsx"]
    assert (tmp_path / "own.xlsx").read_bytes() == b"mine"


def test_a_disk_that_takes_no_more_is_said_and_leaves_nothing(tmp_path, monkeypatch):
    from csmetrics_workbooks import build
    from xlsxwriter.exceptions import FileCreateError

    def full(template, out, **given):
        out.write(b"PK half a workbook")
        raise FileCreateError(OSError(errno.ENOSPC, "No space left on device"))

    monkeypatch.setattr(build, "build", full)
    (tmp_path / "x.xlsx").write_bytes(b"the one before")
    result = run("workbook", "new", "usage", "--out", tmp_path / "x.xlsx", "--force")
    assert (result.exit_code, "(the disk is full)" in " ".join(result.stderr.split())) == (3, True), result.output
    assert [path.name for path in tmp_path.iterdir()] == ["x.xlsx"]
    assert (tmp_path / "x.xlsx").read_bytes() == b"the one before"


COMMAND = [sys.executable, "-m", "csmetrics_addin", "workbook", "new", "usage", "--out"]


def test_breaking_off_leaves_no_half_written_workbook(tmp_path):
    begun = subprocess.Popen([*COMMAND, str(tmp_path / "x.xlsx")], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while not list(tmp_path.iterdir()) and begun.poll() is None:
        time.sleep(0.01)
    begun.send_signal(signal.SIGINT)
    _, said = begun.communicate(timeout=60)
    assert begun.returncode != 0
    assert b"Traceback" not in said
    assert list(tmp_path.iterdir()) == []


def on_a_terminal(words, environment):
    """What a person sees: the command's stderr on a pseudo-terminal of 80 columns."""
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    begun = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=theirs, env=environment)
    os.close(theirs)
    seen = b""
    with open(ours, "rb", buffering=0) as screen:
        try:
            while some := screen.read(4096):
                seen += some
        except OSError:  # how Linux says that the other end is closed
            pass
    begun.communicate(timeout=60)
    assert begun.returncode == 0
    return seen.decode()


def test_a_terminal_shows_how_far_each_step_is_and_a_pipe_nothing(tmp_path):
    rows = pd.DataFrame({"Date": ["2026-09-01"] * 5000, "Minutes": 3.0, "Account": "A", "User": "u"})
    rows.to_csv(tmp_path / "sessions.csv", index=False)
    words = [*COMMAND, str(tmp_path / "x.xlsx"), "--force", "--data", str(tmp_path / "sessions.csv")]
    environment = {name: value for name, value in os.environ.items() if name != "CI"}
    environment |= {"TERM": "xterm", "COLUMNS": "80"}
    seen = on_a_terminal(words, environment)
    for said in ("Reading", "Matching", "Building", "Saving", "sessions.csv", "done", "%"):
        assert said in seen
    assert on_a_terminal(words, environment | {"CI": "true"}) == ""
    piped = subprocess.run(words, capture_output=True, env=environment | {"FORCE_COLOR": "1"}, check=True)
    assert piped.stderr == b""


def test_building_is_told_page_by_page_and_saving_row_by_row(tmp_path):
    told = []
    build("usage", tmp_path / "x.xlsx", heard=lambda *how_far: told.append(how_far))
    pages = [page for step, page, _, _ in told if step == "Building"]
    assert pages.count("Usage") == 1
    assert set(pages) == {sheet for sheet, _ in read(tmp_path / "x.xlsx", values=True)}
    for step in ("Building", "Saving"):
        shares = [done / of for what, _, done, of in told if what == step]
        assert shares == sorted(shares)
        assert 0 <= shares[0] < shares[-1] < 1
    assert told[-1] == ("Compressing", "", 0, 0)


def test_sample_sheets_have_the_headers_their_declaration_names():
    for name in TEMPLATES:
        for sheet, make in recipe(name).sheets.items():
            assert [f.header for f in sheet.fields] == list(make().columns)[: len(sheet.fields)]


def test_yes_and_no_of_a_text_file_become_truths_and_other_words_are_refused(tmp_path):
    words = {
        "contacts": [1, 1, 1, 2],
        "resolved": ["True", "yes", "Y", "perhaps"],
        "reopened": ["False", "no", "", "n"],
    }
    pd.DataFrame({"opened": ["2026-09-01"] * 4, **words}).to_csv(tmp_path / "Tickets.csv", index=False)
    words = ["workbook", "new", "voice_of_customer", "--data", tmp_path / "Tickets.csv", "--out", tmp_path / "v.xlsx"]
    asked = run(*words)
    assert asked.exit_code == 3
    assert "row 5 is 'perhaps'" in asked.output
    text = (tmp_path / "Tickets.csv").read_text()
    (tmp_path / "Tickets.csv").write_text(text.replace("perhaps", "n"))
    assert run(*words).exit_code == 0
    cells = read(tmp_path / "v.xlsx", values=True)
    assert [cells["Tickets", f"E{row}"] for row in range(6, 10)] == [True, True, True, False]
    assert [cells.get(("Tickets", f"F{row}")) for row in range(6, 10)] == [False, False, None, False]


def test_a_workbook_without_comments_passes_its_audit(tmp_path):
    pd.DataFrame({"Date": ["2026-09-01"] * 3, "NPS": [9, 3, 10]}).to_csv(tmp_path / "survey.csv", index=False)
    run("workbook", "new", "voice_of_customer", "--data", tmp_path / "survey.csv", "--out", tmp_path / "v.xlsx")
    assert run("audit", tmp_path / "v.xlsx").exit_code == 0
    themes = [
        v for (page, cell), v in read(tmp_path / "v.xlsx", values=True).items() if page == "Comments" and cell[0] == "F"
    ]
    assert themes[-1] == "no data"
    assert "#N/A" not in themes


def test_the_page_start_tells_what_the_terminal_told(tmp_path):
    (tmp_path / "mrr.csv").write_text("Customer,2026-08,2026-09\nA,100,100\nB,50,0\nTotal,150,100\n")
    out = tmp_path / "own.xlsx"
    given = ["--data", str(tmp_path / "mrr.csv"), "--out", str(out)]
    shown = CliRunner().invoke(app, ["workbook", "new", "scorecard", *given])
    assert shown.exit_code == 0, shown.output
    cells = [v for (page, at), v in read(out, values=True).items() if page == "Start" and at.startswith("B")]
    told = "mrr.csv, left out: sums and averages of other rows: row 4 ('Total', '150', '100')"
    assert told in cells
    assert told in " ".join(shown.output.split())

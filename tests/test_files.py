"""The one entrance: files people have, behind every door, give the right figure or the question that settles it."""

import io
import json
import zipfile
from pathlib import Path

import pandas as pd
import pytest
import xlsxwriter
from csmetrics_addin.cli.app import app
from files_people_have import CASES
from typer.testing import CliRunner

from csmetrics_core.files import Said, budget, read_company
from csmetrics_core.samples import sample_company
from csmetrics_core.scorecard import scorecard_of

GIVEN = Path(__file__).parent / "data" / "cases"
LISTED = json.loads((GIVEN / "cases.json").read_text(encoding="utf-8"))


def figures(*words):
    """Metric -> value and n, as the command gives them."""
    shown = CliRunner().invoke(app, ["scorecard", *map(str, words), "--json"])
    assert shown.exit_code in (0, 3), shown.output
    data = json.loads(shown.stdout)
    return {one["metric"]: (one["value"], one["n"]) for one in data["metrics"]}


def check(case, found):
    for metric, right in case["right"].items():
        value, n = found.get(metric, (None, None))
        if value is None and (right is None or case["may_ask_instead"]):
            continue
        assert value == pytest.approx(right, abs=1e-3), (metric, case["why"])
        assert n == case.get("n", {}).get(metric, n), (metric, case["why"])


@pytest.mark.parametrize("case", LISTED, ids=lambda case: case["files"][0])
def test_files_people_have(case, tmp_path):
    paths = [GIVEN / name for name in case["files"]]
    check(case, figures(*paths, *case["options"]))
    for path in paths:
        (tmp_path / path.name).write_bytes(path.read_bytes())
    check(case, figures(tmp_path, *case["options"]))
    given = {path.name: path.read_bytes() for path in paths}
    by_path, by_bytes = read_company(paths), read_company(given)
    assert by_path.tables.keys() == by_bytes.tables.keys()
    for name, frame in by_path.tables.items():
        pd.testing.assert_frame_equal(frame, by_bytes.tables[name])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_kinds_of_files(case):
    reading = read_company(case.files, Said(**(case.said or {})))
    card = scorecard_of(reading, month=case.month)
    for metric, right in case.right.items():
        line = card[metric]
        if line.value is None and (right is None or case.ask):
            assert line.missing
            continue
        assert line.value == pytest.approx(right, abs=1e-3), line.missing
        assert line.n == (case.n or {}).get(metric, line.n)


@pytest.mark.parametrize(
    ("option", "value", "file", "metric", "figure"),
    [
        (
            "totals",
            "keep",
            b"customer,month,mrr\nTotal,2025-01-31,120\nB,2025-01-31,200\nC,2025-01-31,70\n",
            "mrr",
            390,
        ),
        (
            "totals",
            "drop",
            b"customer,month,mrr\nTotal,2025-01-31,120\nB,2025-01-31,200\nC,2025-01-31,70\n",
            "mrr",
            270,
        ),
        ("names", "same", b"customer,month,mrr\nAcme,2025-02-01,9\nACME,2025-03-01,9\n", "churn_rate", 0),
        ("names", "apart", b"customer,month,mrr\nAcme,2025-02-01,9\nACME,2025-03-01,9\n", "churn_rate", 1),
        ("decimal", ".", b'customer,month,mrr\nA,2025-02-01,"1,050"\n', "mrr", 1050),
        ("decimal", ",", b'customer,month,mrr\nA,2025-02-01,"1,050"\n', "mrr", 1.05),
        ("dates", "dmy", b"date,nps\n01/02/2025,9\n02/02/2025,3\n", "nps", 0),
        ("billed", "year", b"customer,month,price,Payment term\nA,2025-01-31,1200,net 30\n", "mrr", 100),
    ],
)
def test_an_answer_settles_what_was_asked(option, value, file, metric, figure):
    asked = scorecard_of(read_company({"file.csv": file}))[metric]
    assert (asked.value, (option, value) in [(way.option, way.value) for way in asked.remedies]) == (None, True)
    settled = scorecard_of(read_company({"file.csv": file}, Said(**{option: value})))
    assert settled[metric].value == pytest.approx(figure)


def test_rows_told_twice_count_as_the_user_says():
    files = {
        "north.csv": b"Date,NPS\n2025-03-01,10\n2025-03-31,9\n",
        "south.csv": b"Date,NPS\n2025-03-01,10\n2025-03-30,2\n",
    }
    asked = scorecard_of(read_company(files))["nps"]
    assert "south.csv: 1 row is in north.csv too" in asked.missing
    counted = {word: scorecard_of(read_company(files, Said(copies=word)))["nps"].n for word in ("keep", "drop")}
    assert counted == {"keep": 4, "drop": 3}


def test_a_file_that_cannot_be_read_keeps_its_table_waiting():
    files = {
        "north.csv": b"Response ID,Date,NPS\n1,2025-03-31,10\n",
        "south.csv": b"Response ID,Date,NPS\n2,yesterday,10\n",
    }
    line = scorecard_of(read_company(files))["nps"]
    assert line.value is None
    assert "south.csv, column 'Date': row 2 is 'yesterday'; expected a date" in line.missing


@pytest.fixture(scope="module")
def company():
    return sample_company(40, 8)


def _csv(folder, tables, **how):
    folder.mkdir()
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False, **how)
    return folder


def _workbook(path, tables):
    with pd.ExcelWriter(path, engine="xlsxwriter") as writer:
        for name, table in tables.items():
            table.to_excel(writer, sheet_name=name, index=False)
    return path


def _parquet(folder, tables):
    folder.mkdir()
    for name, table in tables.items():
        words = {column: table[column].astype("str") for column in ("nps", "csat", "ces") if column in table}
        table.assign(**words).to_parquet(folder / f"{name}.parquet")
    return folder


def test_the_sample_company_has_the_same_figures_from_every_kind_of_file(company, tmp_path):
    tables = company.tables
    sources = [
        tables,
        _workbook(tmp_path / "company.xlsx", tables),
        _csv(tmp_path / "us", tables, date_format="%m/%d/%Y %H:%M:%S"),
        _csv(tmp_path / "de", tables, sep=";", decimal=",", date_format="%d.%m.%Y %H:%M:%S"),
        _csv(tmp_path / "iso", tables, sep="\t"),
        _parquet(tmp_path / "parquet", tables),
    ]
    cards = [scorecard_of(read_company(source)) for source in sources]
    values = [[line.value for line in card.lines] for card in cards]
    assert sum(value is not None for value in values[0]) == 15  # a year of subscriptions is not there
    assert all(value == values[0] for value in values[1:])


# -- files that would stop the machine -----------------------------------------------------------------------------


def _made(write):
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        sheet = book.add_worksheet("mrr")
        for row, cells in enumerate([["customer", "month", "mrr"], ["A", "2025-01-31", 100]]):
            sheet.write_row(row, 0, cells)
        write(sheet)
    return content.getvalue()


def _padded(content, after):
    """A workbook with 200,000 blanks in its sheet, which some patterns take minutes to go over."""
    parts, changed = zipfile.ZipFile(io.BytesIO(content)), io.BytesIO()
    with parts, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as target:
        for name in parts.namelist():
            text = parts.read(name)
            target.writestr(name, text.replace(after, after + b" " * 200_000) if "sheet1" in name else text)
    return changed.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("far.xlsx", _made(lambda sheet: sheet.write(1048575, 16383, 1)), "a cell as far as XFD1048576"),
        ("tall.xlsx", _made(lambda sheet: sheet.write(1048575, 25, 1)), "20,000,000 are read at once"),
        ("wide.csv", ",".join("a" * 100_000).encode() + b"\n1\n", "100,000 columns, and 16,384 are read at most"),
        ("zero.csv", b"\0" * 2**20, "holds nothing that can be read"),
        ("cell.csv", b'a,b\n"' + b"x," * 600_000 + b'",2\n', "a cell has more than 1,048,576 characters"),
        ("page.xls", b"<html><table></table></html>", "is a web page called a workbook"),
    ],
)
def test_a_file_beyond_the_budget_is_refused_with_the_way_round(name, content, words):
    refused = read_company({name: content}).report.refused[name]
    assert words in refused.problem
    assert refused.fix


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("after.xlsx", _padded(_made(lambda sheet: sheet.write_formula(1, 3, "=1+1")), b"</f>")),
        ("before.xlsx", _padded(_made(lambda sheet: sheet.write_formula(1, 3, "=1+1")), b'<c r="D2">')),
        ("long.csv", b"customer,month,mrr,note\nA,2025-01-31,100," + b"x" * 131_073 + b"\n"),
        ("one_zero.csv", b"customer,month,mrr,note\nA,2025-01-31,100,\0\n"),
    ],
)
def test_odd_files_are_read(name, content):
    assert scorecard_of(read_company({name: content}))["mrr"].value == 100


def test_a_workbook_that_unpacks_to_too_much_is_refused(monkeypatch):
    monkeypatch.setattr(budget, "MOST_BYTES", 2**20)
    content = _padded(_made(lambda sheet: None), b"<sheetData>")
    for _ in range(3):
        content = _padded(_padded(content, b"<sheetData>"), b"<sheetData>")
    refused = read_company({"bomb.xlsx": content}).report.refused["bomb.xlsx"]
    assert "bomb.xlsx unpacks to 1 MB, and 1 MB are read at once" in refused.problem


@pytest.mark.parametrize(("heading", "figure"), [("Satisfaction", 200 / 3), ("Note", None)])
def test_an_answer_with_its_label_is_no_heading(tmp_path, heading, figure):
    """Under a heading nobody knows, the first answer that holds a known word was taken for the heading, and lost."""
    file = tmp_path / "answers.csv"
    file.write_text(f"{heading}\n5 - Very satisfied\n4 - Satisfied\n1 - Not satisfied\n")
    assert scorecard_of(read_company(file))["csat"].value == (None if figure is None else pytest.approx(figure))

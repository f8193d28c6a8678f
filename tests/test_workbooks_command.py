"""`csmetrics workbook` as a person runs it."""

import pandas as pd
import pytest
from csmetrics_addin.cli import app
from csmetrics_workbooks.build import TEMPLATES, recipe
from csmetrics_workbooks.userdata import map_tables
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


@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet"])
def test_revenue_long_and_months_across_give_the_same_workbook(tmp_path, kind):
    long = long_revenue()
    wide = long.pivot(index="Account name", columns="Billing month", values="MRR").reset_index()
    said = []
    for name, frame in (("long", long), ("wide", wide)):
        path = tmp_path / f"{name}.{kind}"
        write = {"csv": frame.to_csv, "xlsx": frame.to_excel, "parquet": frame.to_parquet}[kind]
        write(path, index=False)
        result = run("workbook", "new", "unit_economics", "--data", path, "--out", tmp_path / f"{name}.out.xlsx")
        assert result.exit_code == 0, result.output
        said.append(result.output)
    assert "long form" in said[0]
    assert "months across" in said[1]
    first, second = (read(tmp_path / f"{name}.out.xlsx", values=True) for name in ("long", "wide"))
    figures = {at: value for at, value in first.items() if at[0] in ("Economics", "Revenue")}
    ours = {at: value for at, value in second.items() if at[0] in ("Economics", "Revenue")}
    assert {at for at in figures if figures[at] != ours.get(at)} <= {("Revenue", "A3")}


def test_repeated_rows_of_a_customer_and_month_are_added_up_and_said():
    long = long_revenue()
    mapped = map_tables(recipe("revenue_retention"), {"export": pd.concat([long, long.head(1)])})
    assert mapped.frames["Revenue"].iloc[0]["2025-01"] == 200.0
    assert any("1 rows repeat" in note for note in mapped.notes)


def test_a_column_named_nearly_right_is_guessed():
    frame = pd.DataFrame({"Dates": ["2026-09-01"], "Minutess": [3.0], "Account": ["A"]})
    mapped = map_tables(recipe("usage"), {"sessions": frame})
    assert {c.header: c.how for c in mapped.columns if c.sheet == "Sessions"}["Minutes"] == "guessed"


def test_sample_sheets_have_the_headers_their_declaration_names():
    for name in TEMPLATES:
        for sheet, make in recipe(name).sheets.items():
            assert [f.header for f in sheet.fields] == list(make().columns)[: len(sheet.fields)]

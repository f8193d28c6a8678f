"""The templates in a real LibreOffice, without the add-in and with it: every formula comes to what the core cached."""

import shutil
import sys
import tempfile
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from calc_office import Calc, available, profile_with_addin
from csmetrics_addin.cli.app import app
from csmetrics_addin.hosts.lite import carrying
from csmetrics_workbooks.build import TEMPLATES, build, recipe
from csmetrics_workbooks.kit.book import Choices
from csmetrics_workbooks.kit.formulas import Host
from recalculate import recalculator
from typer.testing import CliRunner

import csmetrics_core as core

sys.path.insert(0, str(Path(__file__).parents[1]))
from excel.hostile import SEGMENTS, renamed
from workbook_cells import NEEDS_ADDIN, differences, errors, formulas, read

pytestmark = pytest.mark.host
#: What a fresh build comes to, as another test asserts.
COMMITTED = Path(__file__).parents[2] / "workbooks"

KINDS = {
    "excel": lambda name: {},
    "lite": lambda name: {"host": Host.LITE},
    "a segment": lambda name: {"choices": Choices(date(2026, 8, 1), "SMB", "month")},
    "before the data begin": lambda name: {"choices": Choices(date(2024, 3, 1), "All", "trailing 12")},
    "dirt": lambda name: {"data": each(name, soiled), "note": "dirty", "choices": Choices(date(2026, 9, 1))},
    "hostile names": lambda name: {
        "data": renamed(name, SEGMENTS[0])[1],
        "choices": Choices(date(2026, 9, 1), "Acme*"),
    },
    "empty": lambda name: {"data": each(name, lambda sheet, frame: frame.head(0)), "note": "empty"},
}


#: A Lite workbook has the cells of the others, as another test asserts; one shows that it opens.
CASES = [(kind, name) for kind in KINDS for name in TEMPLATES if kind != "lite" or name == "health_score"]


def each(name, change):
    return {sheet.name: change(sheet, make()) for sheet, make in recipe(name).sheets.items()}


@pytest.fixture(scope="module")
def recalculated(libreoffice, tmp_path_factory):
    """A template of one kind, and what LibreOffice makes of it; all templates of a kind are opened together."""

    @cache
    def of_kind(kind):
        folder = tmp_path_factory.mktemp("templates")
        paths = [folder / f"{name}.xlsx" for one, name in CASES if one == kind]
        for path in paths:
            if kind == "excel":
                shutil.copy(COMMITTED / path.name, path)
            else:
                build(path.stem, path, **KINDS[kind](path.stem))
            if kind == "lite":
                path.write_bytes(carrying(path))
        return folder, libreoffice(*paths).parent

    return lambda kind, name: [folder / f"{name}.xlsx" for folder in of_kind(kind)]


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_every_formula_comes_to_the_cached_value(recalculated, name, kind):
    path, result = recalculated(kind, name)
    computed = read(result, values=True)
    assert len(formulas(path)) > 1000 or kind == "empty"
    assert differences(path, computed) == []
    assert errors({at: computed.get(at) for at in formulas(path)}) == {} or kind == "dirt"  # a name may be "#N/A"


def soiled(sheet, frame):
    """Blanks and text among the numbers, and rows pasted below; Calc takes TRUE for 1, so that is "
    "IronCalc's to test."""
    frame = pd.concat([frame, frame.tail(5)], ignore_index=True).astype(object)
    numbers = [f.header for f in sheet.fields if f.low is not None] or list(frame.columns[-10:-8])
    for place, header in enumerate(numbers):
        for offset, dirt in enumerate((None, "n/a")):
            frame.loc[len(frame) - 2 - 3 * offset - place % 3, header] = dirt
    return frame


@pytest.mark.parametrize("name", TEMPLATES)
def test_empty_tables_say_no_data(recalculated, name):
    computed = read(recalculated("empty", name)[1], values=True)
    assert name == "health_score" or "no data" in {
        str(v) for (sheet, _), v in computed.items() if sheet == recipe(name).dashboard
    }


@pytest.fixture
def calc(tmp_path):
    """A LibreOffice to type into."""
    if not available():
        pytest.skip("needs LibreOffice with Python: install libreoffice-calc and python3-uno")
    office = Calc(tmp_path / "profile")
    yield office
    office.stop()


def seen(calc, page, label, column):
    """What stands in the row of a label."""
    calc.turn_to(name=page)
    row = next(row for row in range(1, 90) if calc.cell(cell=f"A{row}") == label)
    return calc.cell(cell=f"{column}{row}")


def test_pasted_rows_count_once_they_stand_inside_the_table(calc, tmp_path):
    """Calc's tables do not grow over rows pasted below them: the checks say so, and inserted rows are counted."""
    path, pasted = Path(shutil.copy(COMMITTED / "voice_of_customer.xlsx", tmp_path)), 200
    frame = each("voice_of_customer", lambda sheet, frame: frame)["Responses"]
    scores = frame.loc[frame["Date"] >= "2026-07-01", "NPS"].tolist()
    rows = [[46275, "New", "SMB", 1000, score % 11, 5, 7, "", ""] for score in range(pasted)]
    calc.open(url=path.as_uri())
    calc.turn_to(name="Responses")
    last = calc.last_row_of(table="Responses")
    calc.put(column=0, row=last + 1, rows=rows)
    calc.recalculate()
    assert seen(calc, "Voice", "Net Promoter Score", "C") == pytest.approx(core.nps(scores))
    assert seen(calc, "Checks", OUTSIDE, "C") == pasted
    assert seen(calc, "Checks", OUTSIDE, "B") == "look"

    calc.open(url=path.as_uri())
    calc.turn_to(name="Responses")
    calc.insert_rows(row=last, count=pasted)
    calc.put(column=0, row=last, rows=rows)
    calc.recalculate()
    assert calc.last_row_of(table="Responses") == last + pasted
    assert seen(calc, "Checks", OUTSIDE, "C") == pasted  # their computed columns are still blank
    calc.turn_to(name="Responses")
    computed = calc.last_column_of(table="Responses") - len(rows[0]) + 1
    calc.fill_down(column=len(rows[0]), row=last - 1, width=computed, height=pasted + 1)
    calc.recalculate()
    assert seen(calc, "Voice", "Net Promoter Score", "C") == pytest.approx(core.nps(scores + [r[4] for r in rows]))
    assert seen(calc, "Checks", OUTSIDE, "B") == "ok"


OUTSIDE = "Responses: rows below the table, or without its computed columns"


def test_calc_takes_true_among_scores_for_one(libreoffice, tmp_path):
    """The core leaves TRUE out; Calc's own COUNTIF counts it as 1, and no formula there can tell them apart."""
    frames = each("voice_of_customer", lambda sheet, frame: frame.astype(object))
    recent = frames["Responses"].index[frames["Responses"]["Date"] >= pd.Timestamp("2026-07-01")]
    frames["Responses"].loc[recent[0], "NPS"] = True
    path = tmp_path / "voice_of_customer.xlsx"
    build("voice_of_customer", path, data=frames, note="with TRUE")
    scores = frames["Responses"].loc[recent, "NPS"].tolist()
    assert read(path, values=True)["Voice", "C28"] == pytest.approx(core.nps(scores))
    as_one = [1.0 if score is True else score for score in scores]
    assert read(libreoffice(path), values=True)["Voice", "C28"] == pytest.approx(core.nps(as_one))


def test_a_hundred_thousand_rows_come_to_what_the_core_computes(libreoffice, tmp_path):
    rng, rows = np.random.default_rng(7), 100_000
    frame = pd.DataFrame(
        {
            "Date": pd.Timestamp("2025-06-01") + pd.to_timedelta(rng.integers(0, 480, rows), unit="D"),
            "Segment": rng.choice(["SMB", "Mid-market", "Enterprise"], rows),
            "Minutes": rng.gamma(2, 4, rows).round(1),
        }
    )
    frame.to_parquet(tmp_path / "Sessions.parquet")
    path, sheets = tmp_path / "large.xlsx", ("Usage", "Checks", "Workings")
    words = ["workbook", "new", "usage", "--data", tmp_path / "Sessions.parquet", "--out", path]
    assert CliRunner().invoke(app, list(map(str, words))).exit_code == 0
    computed = read(libreoffice(path), values=True, sheets=sheets)
    assert differences(path, computed, sheets=sheets) == []
    quarter = frame["Date"].between("2026-06-01", "2026-08-31")  # September is not over on the last day seen
    expected = core.avg_session_duration(frame.loc[quarter, "Minutes"].tolist())
    assert computed["Usage", "B33"] == pytest.approx(expected)


@pytest.fixture(scope="module")
def with_addin():
    """Recalculates a workbook in a LibreOffice that has our add-in."""
    if not available():
        pytest.skip("needs LibreOffice with Python: install libreoffice-calc and python3-uno")
    with tempfile.TemporaryDirectory(prefix="csmetrics-office-") as folder:
        yield recalculator(profile_with_addin(Path(folder)))


@pytest.fixture(scope="module")
def all_with_addin(with_addin, tmp_path_factory):
    """Every template as it is committed, and what LibreOffice with our add-in makes of it; it is started once."""
    folder = tmp_path_factory.mktemp("with_addin")
    paths = [Path(shutil.copy(COMMITTED / f"{name}.xlsx", folder)) for name in TEMPLATES]
    return folder, with_addin(*paths).parent


@pytest.mark.parametrize("name", TEMPLATES)
def test_with_the_addin_every_formula_comes_to_the_same(all_with_addin, name):
    path, result = (folder / f"{name}.xlsx" for folder in all_with_addin)
    computed = read(result, values=True)
    assert computed["Lists", "E5"] is True
    assert NEEDS_ADDIN not in computed.values()
    # Whether the add-in is there is what these two pages tell.
    assert [d for d in differences(path, computed) if d[0][0] not in ("Start", "Lists")] == []


def test_a_score_off_its_scale_shows_the_same_error_in_both_forms(libreoffice, with_addin, tmp_path):
    frames = each("voice_of_customer", lambda sheet, frame: frame)
    responses = frames["Responses"]
    row = responses.index[responses["Date"] >= pd.Timestamp("2026-07-01")][0]
    responses.loc[row, "NPS"] = 11
    path = tmp_path / "voice_of_customer.xlsx"
    build("voice_of_customer", path, data=frames, note="with 11")
    first_data_row = 6
    for recalculate in (libreoffice, with_addin):
        computed = read(recalculate(path), values=True, sheets=("Voice", "Checks"))
        assert computed["Voice", "C28"] == "#NUM!"
        [named] = [at for at, v in computed.items() if v == "Responses: NPS answers off the scale"]
        assert computed["Checks", named[1].replace("A", "D")] == first_data_row + responses.index.get_loc(row)


def test_a_segment_typed_below_the_last_can_be_chosen(libreoffice, tmp_path):
    path = Path(shutil.copy(COMMITTED / "usage.xlsx", tmp_path))
    book = openpyxl.load_workbook(path)
    book["Lists"]["A8"] = "New"
    book["Lists"]["H1"], book["Lists"]["H2"] = "=ROWS(segment_options)", "=INDEX(segment_options,4)"
    book["Lists"]["B5"] = date(2027, 2, 1)
    book["Lists"]["H3"] = "=INDEX(month_list,3)"
    book.save(path)
    cells = read(libreoffice(path), values=True)
    assert (cells["Lists", "H1"], cells["Lists", "H2"]) == (4, "New")
    assert cells["Lists", "B7"].date() == date(2026, 12, 1)
    assert cells["Lists", "H3"] in (46357, cells["Lists", "B7"])

"""The templates in a real LibreOffice, without the add-in and with it: every formula comes to what the core cached."""

import sys
import tempfile
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from calc_office import available, office_for
from csmetrics_addin.hosts import extension
from csmetrics_addin.hosts import libreoffice as libreoffice_host
from csmetrics_workbooks.book import Choices
from csmetrics_workbooks.build import TEMPLATES, build, recipe
from recalculate import recalculator

sys.path.insert(0, str(Path(__file__).parents[1]))
from workbook_cells import NEEDS_ADDIN, differences, errors, formulas, read

pytestmark = pytest.mark.host


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_formula_comes_to_the_cached_value(libreoffice, tmp_path, name):
    path = tmp_path / f"{name}.xlsx"
    build(name, path)
    computed = read(libreoffice(path), values=True)
    assert len(formulas(path)) > 1000
    assert differences(path, computed) == []
    assert errors(computed) == {}


@pytest.mark.parametrize("name", TEMPLATES)
@pytest.mark.parametrize(
    "choices",
    [Choices(date(2026, 8, 1), "SMB", "month"), Choices(date(2024, 3, 1), "All", "trailing 12")],
    ids=["segment", "before the data begin"],
)
def test_other_choices_come_to_the_cached_value_too(libreoffice, tmp_path, name, choices):
    path = tmp_path / f"{name}.xlsx"
    build(name, path, choices=choices)
    computed = read(libreoffice(path), values=True)
    assert differences(path, computed) == []
    assert errors(computed) == {}


@pytest.mark.parametrize("name", TEMPLATES)
def test_pasted_dirt_comes_to_the_cached_value(libreoffice, tmp_path, name):
    frames = {sheet.name: soiled(sheet, make()) for sheet, make in recipe(name).sheets.items()}
    path = tmp_path / f"{name}.xlsx"
    build(name, path, data=frames, note="dirty", choices=Choices(date(2026, 9, 1)))
    assert differences(path, read(libreoffice(path), values=True)) == []


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
def test_empty_tables_say_no_data(libreoffice, tmp_path, name):
    frames = {sheet.name: make().head(0) for sheet, make in recipe(name).sheets.items()}
    path = tmp_path / f"{name}.xlsx"
    build(name, path, data=frames, note="empty")
    computed = read(libreoffice(path), values=True)
    assert differences(path, computed) == []
    assert errors(computed) == {}
    assert name == "health_score" or "no data" in {
        str(v) for (sheet, _), v in computed.items() if sheet == recipe(name).dashboard
    }


@pytest.fixture(scope="module")
def with_addin():
    """Recalculates a workbook in a LibreOffice that has our add-in."""
    if not available():
        pytest.skip("needs LibreOffice with Python: install libreoffice-calc and python3-uno")
    with tempfile.TemporaryDirectory(prefix="csmetrics-office-") as folder:
        home = Path(folder)
        office, profile = office_for(home), home / "profile"
        profile.mkdir()
        profile.chmod(0o777)
        libreoffice_host.add(office, extension.build(home / "csmetrics.oxt", libreoffice_host.own_packages()), profile)
        yield recalculator(profile)


@pytest.mark.parametrize("name", TEMPLATES)
def test_with_the_addin_every_formula_comes_to_the_same(with_addin, tmp_path, name):
    path = tmp_path / f"{name}.xlsx"
    build(name, path)
    computed = read(with_addin(path), values=True)
    assert computed["Lists", "E5"] is True
    assert NEEDS_ADDIN not in computed.values()
    # Whether the add-in is there is what these two pages tell.
    assert [d for d in differences(path, computed) if d[0][0] not in ("Start", "Lists")] == []

"""The templates in a real LibreOffice, without the add-in and with it: every formula comes to what the core cached."""

import sys
import tempfile
from datetime import date
from functools import cache
from pathlib import Path

import pandas as pd
import pytest
from calc_office import available, office_for
from csmetrics_addin.hosts import extension
from csmetrics_addin.hosts import libreoffice as libreoffice_host
from csmetrics_workbooks.book import Choices
from csmetrics_workbooks.build import TEMPLATES, build, recipe
from csmetrics_workbooks.formulas import Host
from recalculate import recalculator

sys.path.insert(0, str(Path(__file__).parents[1]))
from workbook_cells import NEEDS_ADDIN, differences, errors, formulas, read

pytestmark = pytest.mark.host


KINDS = {
    "excel": lambda name: {},
    "lite": lambda name: {"host": Host.LITE},
    "a segment": lambda name: {"choices": Choices(date(2026, 8, 1), "SMB", "month")},
    "before the data begin": lambda name: {"choices": Choices(date(2024, 3, 1), "All", "trailing 12")},
    "dirt": lambda name: {"data": each(name, soiled), "note": "dirty", "choices": Choices(date(2026, 9, 1))},
    "empty": lambda name: {"data": each(name, lambda sheet, frame: frame.head(0)), "note": "empty"},
}


def each(name, change):
    return {sheet.name: change(sheet, make()) for sheet, make in recipe(name).sheets.items()}


@pytest.fixture(scope="module")
def recalculated(libreoffice, tmp_path_factory):
    """A template of one kind, and what LibreOffice makes of it; all templates of a kind are opened together."""

    @cache
    def of_kind(kind):
        folder = tmp_path_factory.mktemp("templates")
        paths = [folder / f"{name}.xlsx" for name in TEMPLATES]
        for path in paths:
            build(path.stem, path, **KINDS[kind](path.stem))
        return folder, libreoffice(*paths).parent

    return lambda kind, name: [folder / f"{name}.xlsx" for folder in of_kind(kind)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", TEMPLATES)
def test_every_formula_comes_to_the_cached_value(recalculated, name, kind):
    path, result = recalculated(kind, name)
    computed = read(result, values=True)
    assert len(formulas(path)) > 1000 or kind == "empty"
    assert differences(path, computed) == []
    assert errors(computed) == {} or kind == "dirt"


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

"""Names are names: whatever customers, users, features and segments are called, the figures are the same."""

from datetime import date

import pytest
from csmetrics_workbooks.book import Choices
from csmetrics_workbooks.build import TEMPLATES, build, recipe
from excel.hostile import PLAIN, SEGMENTS, renamed
from excel.rules import faults
from workbook_cells import NEEDS_ADDIN, by_formulon, by_ironcalc, differences, errors, formulas, read, whole

#: Segments are named on these pages in the order of their sizes, features in that of their users.
UNTOLD = {"Lists", "Start", "Method"}


def figures(path, name):
    """Every number of the pages people read; to the add-in a text #N/A is the error, and it refuses it."""
    data = {sheet.name for sheet in recipe(name).sheets}
    cells, texts = read(path, values=True), formulas(path)
    return {
        at: v
        for at, v in cells.items()
        if at[0] not in data | UNTOLD and type(v) in (int, float) and NEEDS_ADDIN not in whole(texts, at)
    }


def both(folder, name, segments):
    plain, hostile = renamed(name, segments)
    when = date(2026, 9, 1)
    paths = folder / "plain.xlsx", folder / "hostile.xlsx"
    build(name, paths[0], data=plain, note="plain", choices=Choices(when, PLAIN[0]))
    build(name, paths[1], data=hostile, note="hostile", choices=Choices(when, segments[0]))
    return paths


@pytest.mark.slow
@pytest.mark.parametrize("name", TEMPLATES)
def test_hostile_names_give_the_figures_of_plain_ones(tmp_path, name):
    for segments in SEGMENTS:
        plain, hostile = both(tmp_path, name, segments)
        shown, expected = figures(hostile, name), figures(plain, name)
        expected.pop(("Voice", "H29"), None)
        assert {at: shown.get(at) for at in expected} == pytest.approx(expected), segments
        assert faults(hostile) == []


@pytest.mark.slow
@pytest.mark.parametrize("engine", [by_ironcalc, by_formulon])
@pytest.mark.parametrize("name", TEMPLATES)
def test_every_engine_computes_the_same_whatever_the_names(tmp_path, name, engine):
    _, hostile = both(tmp_path, name, SEGMENTS[0])
    computed = engine(hostile, formulas(hostile))
    assert differences(hostile, computed) == []
    assert errors(computed) == {}

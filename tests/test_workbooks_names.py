"""Names are names: whatever customers, users, features and segments are called, the figures are the same."""

from datetime import date
from functools import cache

import pytest
from csmetrics_workbooks.build import TEMPLATES, build, recipe
from csmetrics_workbooks.kit.book import Choices
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


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A template with plain names, and the same with hostile ones; each is built once."""
    folder, when = tmp_path_factory.mktemp("names"), date(2026, 9, 1)

    def write(name, kind, data, segment):
        path = folder / f"{name} {kind}.xlsx"
        if not path.exists():
            build(name, path, data=data, note=kind, choices=Choices(when, segment))
        return path

    @cache
    def both(name, at):
        plain, hostile = renamed(name, SEGMENTS[at])
        return (
            write(name, "plain", plain, PLAIN[0]),
            write(name, f"hostile {at}", hostile, SEGMENTS[at][0]),
        )

    return both


@pytest.mark.slow
@pytest.mark.parametrize("name", TEMPLATES)
def test_hostile_names_give_the_figures_of_plain_ones(built, name):
    for at, segments in enumerate(SEGMENTS):
        plain, hostile = built(name, at)
        shown, expected = figures(hostile, name), figures(plain, name)
        expected.pop(("Voice", "H29"), None)
        assert {at: shown.get(at) for at in expected} == pytest.approx(expected), segments
        assert faults(hostile) == []


@pytest.mark.slow
@pytest.mark.parametrize("engine", [by_ironcalc, by_formulon])
@pytest.mark.parametrize("name", TEMPLATES)
def test_every_engine_computes_the_same_whatever_the_names(built, name, engine):
    _, hostile = built(name, 0)
    computed = engine(hostile, formulas(hostile))
    assert differences(hostile, computed) == []
    assert errors(computed) == {}

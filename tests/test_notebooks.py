"""Every notebook runs from top to bottom in a kernel of its own, and keeps what its cells showed."""

import re
from base64 import b64decode
from io import BytesIO
from pathlib import Path

import nbformat
import pytest
from PIL import Image

from tests.stories import NOTEBOOKS, run

_NUMBER = re.compile(r"\d+(?:,\d{3})*\.\d+%?|\d+,\d{3}")  # a figure: with decimals, or of thousands
_BY_NAME = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def test_there_is_a_quick_start_and_one_for_each_subject() -> None:
    from csmetrics_core.declaration.spec import Category

    subjects = {category.value.lower() for category in Category} - {"about"}
    assert {path.stem for path in NOTEBOOKS} == {"quick_start", *subjects}


@_BY_NAME
def test_a_notebook_is_short_and_keeps_no_widget(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert notebook.cells[0].cell_type == "markdown"
    assert len(notebook.cells) <= 16
    assert "widgets" not in notebook.metadata
    kinds = {kind for output in _outputs(notebook) for kind in output.get("data", {})}
    assert kinds <= {"text/plain", "text/html", "image/png"}
    assert path.stat().st_size < 300_000


@_BY_NAME
def test_the_figures_a_notebook_tells_of_stand_in_its_cells(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    shown = " ".join([*_texts(notebook), *(cell.source for cell in notebook.cells if cell.cell_type == "code")])
    said = " ".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert [one for one in _NUMBER.findall(said) if one not in shown and one.replace(",", "") not in shown] == []


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
@_BY_NAME
def test_a_notebook_runs_and_shows_what_it_keeps(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CONFIG", "DATA", "RUNTIME"):
        monkeypatch.setenv(f"JUPYTER_{name}_DIR", str(tmp_path / name))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    kept, now = nbformat.read(path, as_version=4), run(path, str(tmp_path))
    assert _texts(now) == _texts(kept), "run: make notebooks"
    assert _sizes(now) == _sizes(kept), "run: make notebooks"
    assert not [o for o in _outputs(now) if o.output_type == "error" or o.get("name") == "stderr"]


def _outputs(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [output for cell in notebook.cells for output in cell.get("outputs", ())]


def _texts(notebook: nbformat.NotebookNode) -> list[str]:
    held = [output.get("data", {}) | {"text": output.get("text", "")} for output in _outputs(notebook)]
    return [str(one[kind]) for one in held for kind in ("text/html", "text/plain", "text") if one.get(kind)]


def _sizes(notebook: nbformat.NotebookNode) -> list[tuple[int, int]]:
    """Of the pictures; their bytes differ with the fonts and the version of what draws them."""
    pictures = [o.data["image/png"] for o in _outputs(notebook) if "image/png" in o.get("data", {})]
    return [Image.open(BytesIO(b64decode(one))).size for one in pictures]

"""The notebooks, run from top to bottom, with what their cells show kept in them: `make notebooks`.

Panels and dashboards stand there as tables and pictures, without a widget's state, so that a page that shows notebooks
shows them. The same sample company gives the same outputs every time.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbformat
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))
# For the run alone: who opens the notebook wants widgets.
_FIRST = "from csmetrics_panels import as_stills\nas_stills()"


def run(path: Path, folder: str) -> Any:
    """A notebook with its outputs as they are kept."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.insert(0, nbformat.v4.new_code_cell(_FIRST))
    NotebookClient(notebook, timeout=120, kernel_name="python3", record_timing=False).execute(cwd=folder)
    del notebook.cells[0]
    for number, cell in enumerate((cell for cell in notebook.cells if cell.cell_type == "code"), start=1):
        cell.execution_count = number
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = number
    notebook.metadata.pop("widgets", None)
    notebook.metadata["language_info"] = {"name": "python"}
    return notebook


def main(paths: list[Path]) -> None:
    with TemporaryDirectory() as folder:
        for path in paths:
            path.write_text(nbformat.writes(run(path, folder)) + "\n", encoding="utf-8")
            print(path.name)


if __name__ == "__main__":
    main([Path(name) for name in sys.argv[1:]] or NOTEBOOKS)

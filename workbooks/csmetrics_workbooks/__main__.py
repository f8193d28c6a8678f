"""`python -m csmetrics_workbooks FOLDER` writes every template into a folder: how the committed ones are made."""

import sys
from pathlib import Path

from csmetrics_workbooks.build import TEMPLATES, build

if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    for name in TEMPLATES:
        build(name, folder / f"{name}.xlsx")
        print(folder / f"{name}.xlsx")

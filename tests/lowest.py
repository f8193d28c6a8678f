"""`make test-lowest`: the quick tests with exactly the lowest version of everything pyproject.toml names.

A company's Python is often a year or two old; a lower bound nobody ran is a promise. Warnings of old parts are theirs.
"""

import re
import subprocess
import sys
import tomllib
import venv
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
HERE = ROOT / "build" / "lowest"
EXTRAS = ("engines", "excel", "feedback", "jupyter", "spark")
#: Parts of the extra jupyter that only start a server or a kernel: no quick test does.
LEFT_OUT = ("voila", "ipykernel")
TOOLS = "pytest pytest-xdist pytest-rerunfailures hypothesis formulon ironcalc"
#: Files whose tests need neither an office, a browser nor mypy; those of Spark need Java.
QUICK = (
    "accessor activity arr_ahead bad_input by catalog cli cohorts compare files files_columns files_dialects "
    "files_months files_products files_same files_units forecast intervals labels ledger money_why movements outliers "
    "panels_panel panels_sources published questions scorecard tables tables_every tables_strangers terms weights why"
)


def pins(extras: Sequence[str] = EXTRAS) -> list[str]:
    """Each requirement at its lower bound, with those of some extras.

    Example:
        >>> [pin for pin in pins() if pin.startswith(("numpy", "duckdb"))]
        ['numpy==1.26', 'duckdb==1.3']
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needs = [*project["dependencies"], *(one for extra in extras for one in project["optional-dependencies"][extra])]
    found = [re.match(r"(?P<name>[\w.-]+(?:\[[\w,]+\])?)>=(?P<lowest>[\d.]+)", need) for need in needs]
    return [f"{one['name']}=={one['lowest']}" for one in found if one and one["name"] not in LEFT_OUT]


def main() -> int:
    """Install the lowest versions and run the quick tests; the code of pytest."""
    python = HERE / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    if not python.exists():
        venv.create(HERE, with_pip=True)
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*install, *pins(), *TOOLS.split()], cwd=ROOT, check=True)
    subprocess.run([*install, "--no-deps", "--editable", "."], cwd=ROOT, check=True)
    files = [f"tests/test_{name}.py" for name in QUICK.split()]
    own = ["-o", "addopts=-q --strict-markers", "-o", "filterwarnings=ignore", "-p", "no:cacheprovider", "-n", "2"]
    return subprocess.run([python, "-m", "pytest", *own, *files], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())

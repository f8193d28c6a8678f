"""`make test-installs`: the wheel in a bare environment, for each extra, by each Python from 3.11 that is there.

Each gets the newest version of everything, and the lowest that pyproject.toml names where that Python has it, and then
has to give a number. Extras may be named: `python -m tests.installs engines spark`; PYTHONS names further Pythons.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.lowest import pins

ROOT = Path(__file__).parent.parent
_TABLE = "from csmetrics_core import tables; import pyarrow as pa; t = pa.table({'Score': [10, 9, 8, 6]}); "
_NPS = "assert float(nw.from_native(tables.nps({frame}, 'Score')).lazy().collect()['value'][0]) == 25"
#: Extra -> what must run once it is installed; the empty one is the package alone.
PROBES = {
    "": "from csmetrics_core import nps; assert nps([10, 9, 8, 6]) == 25",
    "excel": "from csmetrics_addin.hosts import classic; from pathlib import Path; "
    "assert classic.build(Path('x.xlam')).stat().st_size > 20000",
    "jupyter": "import pandas, voila; from csmetrics_panels import panel; "
    "panel('nps', data=pandas.DataFrame({'Score': [10, 9, 8, 6]}))",
    "feedback": "from csmetrics_core import feedback_themes; "
    "assert len(feedback_themes(['slow reports', 'slow support', 'great price', 'fair price'] * 3, 2)) > 1",
    "engines": _TABLE + "import duckdb, ibis, polars, narwhals as nw; c = duckdb.connect(); "
    + "; ".join(_NPS.format(frame=frame) for frame in ("t", "polars.from_arrow(t)", "c.from_arrow(t)",
                                                       "ibis.memtable(t)")),
    "spark": _TABLE + "import narwhals as nw; from pyspark.sql import SparkSession; "
    "s = SparkSession.builder.master('local[1]').getOrCreate(); f = s.createDataFrame([(10,), (9,), (8,), (6,)], "
    "['Score']); " + _NPS.format(frame="f"),
}  # fmt: skip


def pythons() -> Iterator[str]:
    """Every Python from 3.11 on that can make an environment."""
    named = [*os.environ.get("PYTHONS", "").split(), *(shutil.which(f"python3.{minor}") for minor in range(11, 15))]
    for python in filter(None, named):
        if not subprocess.run([python, "-c", "import ensurepip, venv"], capture_output=True, check=False).returncode:
            yield python


def tried(python: str, wheel: Path, extra: str, lowest: bool) -> str:
    """What came of one installation: right, or the last line of what went wrong."""
    with tempfile.TemporaryDirectory(prefix="csmetrics-") as folder:
        subprocess.run([python, "-m", "venv", folder], check=True)
        inside = str(Path(folder) / ("Scripts" if sys.platform == "win32" else "bin") / "python")
        what = [f"{wheel}[{extra}]" if extra else str(wheel), *(pins([extra] if extra else []) if lowest else [])]
        install = [inside, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--prefer-binary", *what]
        for command in (install, [inside, "-c", PROBES[extra]]):
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
            if done.returncode:
                return ([line for line in done.stderr.splitlines() if line.strip()] or ["it failed"])[-1]
    return "right"


def main(words: list[str]) -> int:
    """Try every Python with every extra; how many were wrong."""
    out = ROOT / "build" / "wheel"
    shutil.rmtree(out, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)], cwd=ROOT, check=True)
    (wheel,) = out.glob("*.whl")
    wrong = 0
    for python in pythons():
        for extra in words or PROBES:
            for lowest in (False, True):
                said = tried(python, wheel, extra, lowest)
                wrong += said != "right"
                name = f"{Path(python).name} {extra or 'alone'}, {'lowest' if lowest else 'newest'}"
                print(f"{name}: {said}", flush=True)
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

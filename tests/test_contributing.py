"""A metric added as CONTRIBUTING.md says, in one file, is there at every door."""

import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import csmetrics_core

ROOT = Path(csmetrics_core.__file__).parent
DOORS = """
import pandas as pd
import csmetrics_core as csm
import csmetrics_core.accessor
from csmetrics_addin import functions
from csmetrics_core import tables
from csmetrics_core.declaration import stubs
from csmetrics_core.declaration.reference import page

assert csm.__file__.startswith({folder!r})
assert csm.win_back_rate(8, 10) == csm.explain("WIN_BACK_RATE", 8, 10).value == 0.8
assert functions.win_back_rate([[8.0]], [[10.0]]) in (0.8, [[0.8]])
frame = pd.DataFrame({{"renewed": [3, 5], "due": [5, 5], "plan": ["a", "b"]}})
assert tables.win_back_rate(frame, by="plan")["value"].tolist() == [0.6, 1.0]
assert frame.csm.win_back_rate("renewed", "due")["value"].tolist() == [0.8]
assert "win_back_rate" in dir(frame.csm) and "win_back_rate" in csm.__all__
assert "### WIN_BACK_RATE" in page() and "def win_back_rate" in stubs.core()
"""


def test_a_metric_in_one_file_is_at_every_door(tmp_path):
    guide = (ROOT.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
    declaration = textwrap.dedent(re.search(r"   ```python\n(.*?)   ```", guide, re.DOTALL)[1])
    shutil.copytree(ROOT, tmp_path / "csmetrics_core", ignore=shutil.ignore_patterns("__pycache__"))
    subject = tmp_path / "csmetrics_core" / "metrics" / "retention.py"
    with subject.open("a", encoding="utf-8") as file:
        file.write("\n\n" + declaration.replace("renewal_rate", "win_back_rate"))
    script = DOORS.format(folder=str(tmp_path))
    elsewhere = dict(os.environ, PYTHONPATH=str(tmp_path))
    done = subprocess.run(
        [sys.executable, "-c", script], env=elsewhere, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr

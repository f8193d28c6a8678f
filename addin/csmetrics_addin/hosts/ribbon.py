"""What the buttons of the Excel add-in ask Python for: words to show, and new workbooks."""

import os
import sys
from pathlib import Path
from textwrap import shorten

from csmetrics_addin.hosts.programs import run
from csmetrics_core import CATALOG
from csmetrics_core.version import __version__


def about() -> str:
    """The version and every check that failed, for a message box."""
    from csmetrics_addin.hosts import doctor

    wrong = [check for check in doctor.checks() if check.good is False]
    lines = [f"csmetrics {__version__}, {len(CATALOG)} functions", sys.executable, ""]
    lines += [f"{check.host}: {check.found}. To mend it, run: {check.mend}" for check in wrong]
    return "\n".join(lines if wrong else [*lines, "All is well."])


def templates() -> str:
    """The templates there are, short enough for the box that asks for one."""
    from csmetrics_workbooks.build import TEMPLATES, recipe

    return "\n".join(f"{name}: {shorten(recipe(name).about, 110)}" for name in TEMPLATES)


def new_workbook(name: str) -> str:
    """Make a workbook from a template, under a name not taken yet in the user's documents.

    Returns:
        Its path.
    """
    documents = Path(os.environ.get("USERPROFILE", Path.home())) / "Documents"
    folder = documents if documents.is_dir() else Path.home()
    tried = [folder / f"{name}{'' if n == 1 else f' {n}'}.xlsx" for n in range(1, 1000)]
    path = next(candidate for candidate in tried if not candidate.exists())
    _command("workbook", "new", name, "--out", str(path))
    return str(path)


def _command(*words: str) -> str:
    """Run the csmetrics command; what it says against it becomes the message box."""
    python = Path(sys.executable).with_name("python.exe")  # Excel's Python has no console to write to
    program = str(python) if python.is_file() else sys.executable
    done = run([program, "-P", "-m", "csmetrics_addin", *words])
    if done.returncode:
        raise OSError(done.stderr.strip() or f"csmetrics {' '.join(words)} failed")
    return done.stdout.strip()

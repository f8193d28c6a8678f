"""Running other programs: none of them finds code, settings or libraries in the folder somebody happens to be in."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

_LONGEST_WAIT = 300  # seconds
#: How Python is started: with -m or -c it would otherwise import first of all what lies in its folder.
PYTHON = (sys.executable, "-P")
_FOLDERS = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "JUPYTER_PATH", "JUPYTER_CONFIG_PATH")


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a program without a window of its own, in an empty folder, and hear what it says.

    Raises:
        OSError: where there is no such program, or it does not come to an end.
    """
    with TemporaryDirectory(prefix="csmetrics-") as folder:
        Path(folder).chmod(0o755)  # the program may run as somebody else
        try:
            return subprocess.run(
                command,
                capture_output=True,
                text=True,
                errors="replace",
                stdin=subprocess.DEVNULL,
                timeout=_LONGEST_WAIT,
                check=False,
                cwd=folder,
                env=environment(),
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),  # there on Windows only
            )
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"{command[0]} did not answer in {_LONGEST_WAIT} seconds") from None


def environment() -> dict[str, str]:
    """The environment less everything that means "the folder I am in": an empty or relative folder of a search path."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONSTARTUP"}
    for name in _FOLDERS:
        if name in kept:
            kept[name] = os.pathsep.join(filter(os.path.isabs, kept[name].split(os.pathsep)))
            if not kept[name]:
                del kept[name]
    return {**kept, "PYTHONSAFEPATH": "1"}


def find(name: str) -> str | None:
    """Where a program is, looked for in absolute folders only; Windows would try the current one first."""
    for folder in filter(os.path.isabs, os.environ.get("PATH", os.defpath).split(os.pathsep)):
        found = shutil.which(os.path.join(folder, name))
        if found:
            return found
    return None

"""The command run as its user runs it, for the tests that attack it."""

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

START = 120  # seconds a server may take on a busy machine


def csmetrics(*words: object, cwd: Path, **settings: str) -> subprocess.CompletedProcess[bytes]:
    """The command as its user runs it, in a folder."""
    return subprocess.run(
        [SCRIPT, *map(str, words)], cwd=cwd, env=surroundings(**settings), capture_output=True, check=False, timeout=300
    )


#: The script pip made, as a person calls it.
SCRIPT = str(Path(sys.executable).with_name("csmetrics"))


def surroundings(**settings: str) -> dict[str, str]:
    return {**os.environ, "COLUMNS": "80", "NO_COLOR": "1", "PYTHONWARNINGS": "default", **settings}


@contextmanager
def page(cwd: Path, *words: object, command: Sequence[str] = (SCRIPT,), **settings: str) -> Iterator["Page"]:
    """`csmetrics panel`, once it has said its address."""
    log = cwd / "said.txt"
    with log.open("w") as held:
        told = [*command, "panel", *map(str, words), "--no-browser"]
        process = subprocess.Popen(
            told, cwd=cwd, env=surroundings(**settings), stdin=subprocess.DEVNULL, stdout=held, stderr=held
        )
    try:
        yield Page(process, log)
    finally:
        process.kill()
        process.wait()


class Page:
    """A running panel."""

    def __init__(self, process: subprocess.Popen, log: Path) -> None:
        self.process, self.log = process, log

    def address(self) -> str:
        end = time.monotonic() + START
        while time.monotonic() < end and self.process.poll() is None:
            found = [word for word in self.log.read_text().split() if word.startswith("http://")]
            if found:
                return found[0]
            time.sleep(0.1)
        raise AssertionError(self.log.read_text())

    def read(self) -> str:
        """The page, for which a kernel runs the notebook."""
        return urllib.request.urlopen(self.address(), timeout=START).read().decode()


def gone(test, seconds: float = 20) -> bool:
    """Whether something ends within a while."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not test():
            return True
        time.sleep(0.1)
    return False

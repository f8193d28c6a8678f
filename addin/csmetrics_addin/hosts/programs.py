"""Running other programs."""

import subprocess


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a program without a window of its own, and hear what it says.

    Raises:
        OSError: where there is no such program.
    """
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=300,
        check=False,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),  # there on Windows only
    )

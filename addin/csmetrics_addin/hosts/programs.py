"""Running other programs."""

import subprocess

_LONGEST_WAIT = 300  # seconds


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a program without a window of its own, and hear what it says.

    Raises:
        OSError: where there is no such program, or it does not come to an end.
    """
    try:
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=_LONGEST_WAIT,
            check=False,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),  # there on Windows only
        )
    except subprocess.TimeoutExpired:
        raise TimeoutError(f"{command[0]} did not answer in {_LONGEST_WAIT} seconds") from None

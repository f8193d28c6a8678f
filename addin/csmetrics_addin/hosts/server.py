"""Python as Excel for Windows calls it: xlwings' server, ended where a call hangs or the package was replaced.

Excel cannot leave a call that does not come back, and xlwings' library starts a server anew only once the old one has
ended. So this one ends itself; the add-in's Visual Basic asks again, or shows an error and finds a new server at the
next call.
"""

import faulthandler
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from csmetrics_core import version

#: A call may take so many seconds; the environment variable sets another limit.
CALL_SECONDS = 120.0
LIMIT_VARIABLE = "CSMETRICS_CALL_SECONDS"
#: Where what a call hung in is written: lines of code, nothing of the data.
LOG = Path(tempfile.gettempdir()) / "csmetrics-hung.log"
_INSTALLED = Path(version.__file__)


def serve(clsid: str) -> None:
    """Serve until Excel ends, or this server has to.

    Args:
        clsid: the identifier Excel looks for.
    """
    from xlwings import com_server

    with LOG.open("w") as log:
        limits = {"log": log, "installed": _changed_at(), "seconds": call_seconds()}
        # What a server makes an object of is looked up by this name.
        com_server.XLPython = type("Server", (Watched, com_server.XLPython), limits)  # type: ignore[misc,assignment]
        com_server.serve(clsid)


def call_seconds() -> float:
    """How long a call may take."""
    try:
        return max(1.0, float(os.environ[LIMIT_VARIABLE]))
    except (KeyError, ValueError):
        return CALL_SECONDS


class Watched:
    """Every call of a function with a watchdog beside it; the calls themselves are xlwings'."""

    log: TextIO
    installed: int
    seconds: float

    def CallUDF(self, *given: Any) -> Any:
        """A function called by a cell."""
        if _changed_at() not in (self.installed, 0):
            os._exit(0)  # what is loaded must not be mixed with what is installed now
        with _watchdog(self.seconds, self.log):
            return super().CallUDF(*given)  # type: ignore[misc]


def _changed_at() -> int:
    """When the package was installed; 0 while it is being replaced."""
    try:
        return _INSTALLED.stat().st_mtime_ns
    except OSError:
        return 0


@contextmanager
def _watchdog(seconds: float, log: TextIO) -> Iterator[None]:
    """End this process where what is within takes longer; it needs no turn of the interpreter, which may be stuck."""
    faulthandler.dump_traceback_later(seconds, exit=True, file=log)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()

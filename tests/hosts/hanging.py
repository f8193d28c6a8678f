"""Functions that are no good neighbours, for the tests of the server Excel for Windows speaks to."""

import re
import time

from xlwings import func


@func
def hang():
    """Never comes back, in C and with the interpreter's lock held."""
    return bool(re.match("(a+)+$", "a" * 60 + "b"))


@func
def slow(seconds):
    """Takes its time."""
    time.sleep(seconds)
    return seconds

"""How a formula that calls us is spelled in each host."""

import re
from collections.abc import Callable
from functools import lru_cache

from csmetrics_core import CATALOG

#: What Excel puts before the name of a function on Office.js in a file.
OFFICE_JS_PREFIX = "_xldudf_"


@lru_cache(maxsize=1)
def _calls() -> re.Pattern[str]:
    """A call of ours; what stands in quotes or brackets is text, the name of a sheet or of a column, and no call."""
    names = "|".join(sorted((metric.excel_name for metric in CATALOG.values()), key=len, reverse=True))
    prefix = f"(?:{OFFICE_JS_PREFIX})?"
    name = (
        r"""("[^"]*"|'[^']*'|\[(?:'.|[^]['])*\])"""  # in brackets, a quote stands before a sign that is meant as it is
    )
    return re.compile(rf"""{name}|(?<![\w.]){prefix}({names})(?=\()""", re.IGNORECASE)


def functions_in(formula: str) -> list[str]:
    """The functions of ours a formula calls."""
    return list(dict.fromkeys(found[2].upper() for found in _calls().finditer(formula) if found[2]))


def for_office_js(formula: str) -> str:
    """The formula as a file with Office.js functions holds it."""
    return _respelled(formula, lambda name: OFFICE_JS_PREFIX + name)


def as_typed(formula: str) -> str:
    """The formula as a person types it."""
    return _respelled(formula, lambda name: name)


def _respelled(formula: str, spell: Callable[[str], str]) -> str:
    return _calls().sub(lambda found: found[1] or spell(found[2].upper()), formula)

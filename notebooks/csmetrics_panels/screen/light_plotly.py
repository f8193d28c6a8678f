"""Plotly without nbformat, which it loads for the version number alone and which takes longer than all else here.

nbformat checks notebooks with jsonschema, which builds a grammar of web addresses when it is imported. Plotly asks for
nbformat's version when it shows a figure by itself, and gets it then.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import Any


class _Later(ModuleType):
    """Stands for a module until something of it is wanted."""

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module(self.__name__), name)


def load_plotly() -> None:
    """Import Plotly with its notion of nbformat put off; nothing else sees the stand-in."""
    if "nbformat" in sys.modules:
        return
    sys.modules["nbformat"] = _Later("nbformat")
    try:
        from plotly.graph_objects import FigureWidget  # noqa: F401 - what asks for the version
    finally:
        del sys.modules["nbformat"]


load_plotly()

"""`df.csm.nps("Score", by=["Segment", "month"])`: the functions over tables as methods of pandas and Polars frames.

Importing this registers the accessor with the packages that are loaded, and with the others when they are: none of
them is loaded for it.
"""

import sys
from collections.abc import Callable, Sequence
from functools import wraps
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from inspect import signature
from types import ModuleType
from typing import Any

from csmetrics_core.declaration.catalog import lookup
from csmetrics_core.errors import UnknownMetric
from csmetrics_core.intake.labels import columns_of

NAME = "csm"
_PACKAGES = ("pandas", "polars")


class Metrics:
    """The metrics over one table: its columns are named, nothing is looped over.

    `df.csm["Score"].nps()` completes the names of the columns, and is `df.csm.nps("Score")`.
    """

    def __init__(self, frame: Any, columns: Sequence[str] = ()) -> None:
        self._frame = frame
        self._columns = tuple(columns)

    def __getitem__(self, columns: str | Sequence[str]) -> "Metrics":
        """The same table, with the first arguments named."""
        return Metrics(self._frame, [columns] if isinstance(columns, str) else columns)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        from csmetrics_core import tables

        if name.startswith("_") or name not in tables.__all__:
            raise AttributeError(_no_such(name))
        return _method(getattr(tables, name), self._frame, self._columns)

    def __dir__(self) -> list[str]:
        """The functions, and nothing else."""
        from csmetrics_core import tables

        return list(tables.__all__)

    def __repr__(self) -> str:
        names = ", ".join(map(str, columns_of(self._frame) or ()))
        return f'<metrics over the columns {names}; try .{NAME}.nps("..."), help(df.{NAME}.nps)>'

    def _ipython_key_completions_(self) -> list[str]:
        return [name for name in columns_of(self._frame) or () if isinstance(name, str)]


def _no_such(name: str) -> str:
    """Why there is no such method, with the nearest names."""
    from csmetrics_core import tables
    from csmetrics_core.tables.declared import why_not

    if (short := name.removeprefix("csm_")) in tables.__all__:
        return f"over a table {name} is called {short}"
    try:
        found = lookup(name)
        return f"{found.name} is no method of a table: {why_not(found)}; call csmetrics_core.{found.name}"
    except UnknownMetric as unknown:
        return str(unknown)


def _method(function: Callable[..., Any], frame: Any, columns: Sequence[str]) -> Callable[..., Any]:
    """A function over tables with its table given; its help is the same."""

    @wraps(function)
    def method(*args: Any, **kwargs: Any) -> Any:
        return function(frame, *columns, *args, **kwargs)

    shown = signature(function)
    left = list(shown.parameters.values())[1 + len(columns) :]
    method.__signature__ = shown.replace(parameters=left)  # type: ignore[attr-defined]
    return method


def register(package: ModuleType) -> None:
    """Give the frames of a package the accessor, once."""
    if hasattr(package.DataFrame, NAME):
        return
    if package.__name__ == "pandas":
        package.api.extensions.register_dataframe_accessor(NAME)(Metrics)
    else:
        package.api.register_dataframe_namespace(NAME)(Metrics)
        package.api.register_lazyframe_namespace(NAME)(Metrics)


class _WhenLoaded(MetaPathFinder):
    """Waits for a package to be imported and registers the accessor with it."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if name not in _PACKAGES or (spec := PathFinder.find_spec(name, path)) is None or spec.loader is None:
            return None
        execute = spec.loader.exec_module

        def executed(module: ModuleType) -> None:
            execute(module)
            register(module)

        spec.loader.exec_module = executed  # type: ignore[method-assign]
        return spec


for _name in _PACKAGES:
    if _name in sys.modules:
        register(sys.modules[_name])
if not any(isinstance(_finder, _WhenLoaded) for _finder in sys.meta_path):
    sys.meta_path.insert(0, _WhenLoaded())

"""Dashboards over a company's tables, each in a file of its own, mirroring the template workbooks."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import Any


class _Dashboards(Mapping[str, Any]):
    """Every dashboard by the name of its file and of the template workbook it mirrors, imported when it is opened.

    A panel of one metric needs none of them, and they take as long to import as all else here.
    """

    _names = ("scorecard", "revenue_retention", "voice_of_customer", "health_score", "usage", "unit_economics")

    def __getitem__(self, name: str) -> Any:
        if name not in self._names:
            raise KeyError(name)
        return _kind(name)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


@cache
def _kind(name: str) -> Any:
    """The dashboard that a file of this folder declares."""
    module = import_module(f"{__name__}.{name}")
    return next(kind for kind in vars(module).values() if getattr(kind, "name", "") == name)


DASHBOARDS = _Dashboards()

__all__ = ["DASHBOARDS"]

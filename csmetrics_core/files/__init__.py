"""The one entrance: whatever a person has becomes a company's tables, with one report of what was read as what."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from csmetrics_core.files.grids import Grid, UnreadableFile
from csmetrics_core.files.saying import Note, Place, Question, Remedy, Said

if TYPE_CHECKING:
    from csmetrics_core.files.opening import Opened, open_sources
    from csmetrics_core.files.reading import Reading, read_company
    from csmetrics_core.files.report import Report, TableReport, Wait

__all__ = [
    "Grid", "Note", "Opened", "Place", "Question", "Reading", "Remedy", "Report", "Said", "TableReport",
    "UnreadableFile", "Wait", "open_sources", "read_company",
]  # fmt: skip

#: Where the names stand that bring pandas along; who only looks at a file's size need not wait for it.
_LATER = {
    "opening": ("Opened", "open_sources"),
    "reading": ("Reading", "read_company"),
    "report": ("Report", "TableReport", "Wait"),
}


def __getattr__(name: str) -> Any:
    for module, names in _LATER.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

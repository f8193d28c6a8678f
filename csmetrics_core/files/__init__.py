"""The one entrance: whatever a person has becomes a company's tables, with one report of what was read as what."""

from csmetrics_core.files.grids import Grid, UnreadableFile
from csmetrics_core.files.opening import Opened, open_sources
from csmetrics_core.files.reading import Reading, read_company
from csmetrics_core.files.report import Report, TableReport, Wait
from csmetrics_core.files.saying import Note, Place, Question, Remedy, Said

__all__ = [
    "Grid", "Note", "Opened", "Place", "Question", "Reading", "Remedy", "Report", "Said", "TableReport",
    "UnreadableFile", "Wait", "open_sources", "read_company",
]  # fmt: skip

"""Export files people already have -> the tables of the sample company, with a report of what was recognised."""

from csmetrics_core.readers.combining import Folder
from csmetrics_core.readers.folder import is_export, read_file, read_folder
from csmetrics_core.readers.report import How, ReadTable, Report, UnreadableFile

__all__ = ["Folder", "How", "ReadTable", "Report", "UnreadableFile", "is_export", "read_file", "read_folder"]

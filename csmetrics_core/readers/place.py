"""Where a column stands, for messages a person can act on."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from csmetrics_core.errors import show
from csmetrics_core.readers.report import Report, UnreadableFile


@dataclass(frozen=True)
class Place:
    """One column of one file.

    Args:
        report: of the file.
        heading: of the column.
        first_row: the row number, as a spreadsheet counts, of the first row of data.
        in_workbook: whether cells have types of their own.
    """

    report: Report
    heading: str
    first_row: int = 2
    in_workbook: bool = False

    def row(self, index: int) -> int:
        """The row a spreadsheet would show."""
        return int(index) + self.first_row

    def quote(self, cells: pd.Series) -> str:
        """The first of some cells, with its row."""
        return f"row {self.row(cells.index[0])} is {show(cells.iloc[0])}"

    def refusal(self, problem: str, fix: str) -> UnreadableFile:
        """The error for the column."""
        return UnreadableFile(f"{self.report.place}, column {self.heading!r}: {problem}", fix, argument=self.heading)

    def refusal_at(self, wrong: pd.Series, expected: str, fix: str = "Correct the cell.") -> UnreadableFile:
        """The error for the first of some wrong cells."""
        more = f" (and {wrong.nunique() - 1:,} others)" if wrong.nunique() > 1 else ""
        error = self.refusal(f"{self.quote(wrong)}; expected {expected}{more}", fix)
        error.position = int(wrong.index[0])
        return error

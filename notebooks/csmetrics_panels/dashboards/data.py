"""A company's tables for a dashboard: recognised by their headings, split by segment, one month at a time."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from csmetrics_core.company import Company
from csmetrics_core.headings import find_heading, plain
from csmetrics_core.headline import Assumptions
from csmetrics_panels.frames import NO_MONTH, Frame
from csmetrics_panels.reading import Files, read_path

#: Tables of a company beside those a scorecard knows: part -> the columns that tell it.
MORE_PARTS: dict[str, tuple[str, ...]] = {"renewals": ("customer", "arr", "due")}


class Data:
    """Tables by name.

    Args:
        tables: pandas or Polars frames, or columns, by name; a sample company, a file or a folder, read already or
            by its path; by default the sample company.

    Raises:
        MetricError: they are no tables.
    """

    def __init__(self, tables: Any = None) -> None:
        self.is_sample = tables is None or type(tables).__name__ == "SampleCompany"
        files = _files(tables)
        self.frames = {str(name): _frame(str(name), value) for name, value in files.tables.items()}
        self.folder = files.folder
        self._split: dict[str, tuple[dict[str, Frame], Company]] = {}

    @property
    def given(self) -> Assumptions:
        """What the tables cannot say: the scales of the questions, where an export documents them."""
        scales = self.folder.scales if self.folder else {}
        return Assumptions(csat_scale=scales.get("csat", 5), ces_scale=scales.get("ces", 7))

    @cached_property
    def segments(self) -> list[str]:
        """The segments there are, from every table that has them."""
        found = [frame.values(name) for frame in self.frames.values() if (name := find_heading("segment", frame))]
        return sorted({value for values in found for value in values})

    @property
    def whole(self) -> Company:
        """The company with all its segments."""
        return self.split("")[1]

    def split(self, segment: str) -> tuple[dict[str, Frame], Company]:
        """The tables of one segment, or of all."""
        if segment not in self._split:
            frames = (
                {name: self._rows(frame, segment) for name, frame in self.frames.items()} if segment else self.frames
            )
            company = Company({name: frame.native for name, frame in frames.items()})
            self._split[segment] = frames, company
        return self._split[segment]

    def unsplit(self) -> list[str]:
        """Tables that know neither segments nor customers, and stay whole."""
        return [name for name, frame in self.frames.items() if not self._can_split(frame)]

    def months(self) -> list[int]:
        """The months there are, the latest first."""
        company, found = self.whole, set()
        for part in company.matched:
            months = company.months(part)
            if months is not None:
                found |= set(np.unique(months[months > NO_MONTH]).tolist())
        return sorted((month for month in found if month <= (company.current or 0)), reverse=True)

    def _can_split(self, frame: Frame) -> bool:
        return bool(find_heading("segment", frame) or (find_heading("customer", frame) and self.segment_of))

    def _rows(self, frame: Frame, segment: str) -> Frame:
        if own := find_heading("segment", frame):
            keep = frame.in_segment(own, segment) if segment in frame.values(own) else np.zeros(len(frame), dtype=bool)
        elif (who := find_heading("customer", frame)) and self.segment_of:
            cells = frame.series(who).to_list()
            keep = np.fromiter((self.segment_of.get(cell) == segment for cell in cells), bool, len(cells))
        else:
            return frame
        return Frame(frame.rows(np.flatnonzero(keep)), frame.name)

    @cached_property
    def segment_of(self) -> dict[Any, str]:
        """Customer -> segment, from the tables that hold both; the customers' own table wins."""
        found: dict[Any, str] = {}
        for frame in sorted(self.frames.values(), key=lambda f: plain(f.name) in ("customers", "accounts")):
            who, segment = find_heading("customer", frame), find_heading("segment", frame)
            if who and segment:
                cells = map(str, frame.series(segment).to_list())
                found.update(zip(frame.series(who).to_list(), cells, strict=True))
        return found


def find_part(frames: Mapping[str, Frame], part: str) -> tuple[Frame, dict[str, str]] | None:
    """A table of MORE_PARTS with the headings of its columns, if there is one."""
    for frame in frames.values():
        headings = {column: heading for column in MORE_PARTS[part] if (heading := find_heading(column, frame))}
        if len(headings) == len(MORE_PARTS[part]):
            return frame, headings
    return None


def _files(tables: Any) -> Files:
    if tables is None:
        from csmetrics_core.samples import sample_company

        tables = sample_company()
    if isinstance(tables, str | Path):
        return read_path(Path(tables))
    if isinstance(tables, Files):
        return tables
    from csmetrics_core.readers import Folder

    named = getattr(tables, "tables", tables)
    folder = tables if isinstance(tables, Folder) else None
    return Files(named if isinstance(named, Mapping) else {"data": named}, folder)


def _frame(name: str, value: Any) -> Frame:
    """A frame as it is, or columns by name as one."""
    if isinstance(value, Mapping):
        import pandas as pd

        value = pd.DataFrame(dict(value))
    return value if isinstance(value, Frame) else Frame(value, name)

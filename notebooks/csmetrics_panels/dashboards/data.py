"""A company's tables for a dashboard: recognised by their headings, split by segment, one month at a time."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from csmetrics_core.company.company import Company
from csmetrics_core.company.headline import Assumptions
from csmetrics_core.files.headings import find_heading
from csmetrics_panels.data.frames import NO_MONTH, Frame
from csmetrics_panels.data.reading import Files, read_given

if TYPE_CHECKING:
    from csmetrics_core.files import Reading, Said, Wait

#: Tables of a company beside those a scorecard knows: part -> the columns that tell it.
MORE_PARTS: dict[str, tuple[str, ...]] = {"renewals": ("customer", "arr", "due")}


class Data:
    """Tables by name.

    Args:
        tables: pandas or Polars frames, or columns, by name; a sample company, a file or a folder, read already or
            by its path; by default the sample company.
        said: what the user said about them.

    Raises:
        MetricError: they are no tables.
    """

    def __init__(self, tables: Any = None, said: "Said | None" = None) -> None:
        self.is_sample = tables is None or type(tables).__name__ == "SampleCompany"
        self.files = _files(tables, said)
        self.frames = {str(name): _frame(str(name), value) for name, value in self.files.tables.items()}
        self.read = self.files.reading
        self._split: dict[str, tuple[dict[str, Frame], Company]] = {}
        self._waits: dict[str, dict[str, list[Wait]]] = {}

    @property
    def given(self) -> Assumptions:
        """What the tables cannot say: the scales of the questions, where an export documents them."""
        scales = self.read.report.scales if self.read else {}
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
            frames, waits = dict(self.frames), dict(self.read.report.waits) if self.read else {}
            for name, frame in self.frames.items() if segment else ():
                if (kept := self._kept(frame, segment)) is not None:
                    frames[name] = Frame(frame.rows(kept), frame.name)
                    waits[name] = [one if one.rows is None else one._replace(rows=one.rows[kept])
                                   for one in waits.get(name, ())]  # fmt: skip
            self._waits[segment] = waits
            tables = {name: frame.native for name, frame in frames.items()}
            company = Company(tables, self._with_names(waits, frames), self.read.as_of if self.read else None)
            self._split[segment] = frames, company
        return self._split[segment]

    def reading(self, segment: str) -> "Reading | None":
        """What was read, of one segment or of all; None of the sample company, whose tables were made."""
        if self.read is None:
            return None
        frames, _ = self.split(segment)
        report = replace(self.read.report, waits=self._waits[segment])
        return replace(self.read, tables={name: frame.native for name, frame in frames.items()}, report=report)

    def _with_names(self, waits: "dict[str, list[Wait]]", frames: Mapping[str, Frame]) -> "dict[str, list[Wait]]":
        """Everything that tells customers apart waits where nobody said whether names spelt alike are the same."""
        if self.read is None or not self.read.spellings:
            return waits
        from csmetrics_core.files import Remedy, Wait

        name, first = next(iter(self.read.spellings.items()))
        remedies = (Remedy("names", "same", "they are the same"), Remedy("names", "apart", "they are two"))
        asked = Wait("customer", f"{name!r} and {first!r} differ in case or accents alone", "", remedies)
        return {table: [*waits.get(table, ()), asked] for table in {*waits, *frames}}

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

    def _kept(self, frame: Frame, segment: str) -> Any:
        """The rows of a segment; None where a table cannot be split."""
        if own := find_heading("segment", frame):
            keep = frame.in_segment(own, segment) if segment in frame.values(own) else np.zeros(len(frame), dtype=bool)
        elif (who := find_heading("customer", frame)) and self.segment_of:
            cells = frame.series(who).to_list()
            keep = np.fromiter((self.segment_of.get(cell) == segment for cell in cells), bool, len(cells))
        else:
            return None
        return np.flatnonzero(keep)

    @cached_property
    def segment_of(self) -> dict[Any, str]:
        """Customer -> segment, as the company tells it; nothing where only plans are known."""
        company = self.whole
        if company.segment_column != "segment":
            return {}
        return {who: str(segment) for who, segment in company.segment_of.items() if segment is not None}


def find_part(frames: Mapping[str, Frame], part: str) -> tuple[Frame, dict[str, str]] | None:
    """A table of MORE_PARTS with the headings of its columns, if there is one."""
    for frame in frames.values():
        headings = {column: heading for column in MORE_PARTS[part] if (heading := find_heading(column, frame))}
        if len(headings) == len(MORE_PARTS[part]):
            return frame, headings
    return None


def _files(tables: Any, said: "Said | None") -> Files:
    if isinstance(tables, Files):
        return tables
    if tables is None:
        from csmetrics_core.samples import sample_company

        tables = sample_company()
    if type(tables).__name__ == "SampleCompany":
        return Files(tables.tables)
    from csmetrics_core.files import Reading

    if isinstance(tables, Reading):
        return Files(tables.tables, tables)
    return read_given(_natives(tables), said)


def _natives(tables: Any) -> Any:
    """Frames of ours as those of their libraries."""
    if isinstance(tables, Frame):
        return tables.native
    if isinstance(tables, Mapping):
        return {name: value.native if isinstance(value, Frame) else value for name, value in tables.items()}
    return tables


def _frame(name: str, value: Any) -> Frame:
    """A frame as it is, or columns by name as one."""
    if isinstance(value, Mapping):
        import pandas as pd

        value = pd.DataFrame(dict(value))
    return value if isinstance(value, Frame) else Frame(value, name)

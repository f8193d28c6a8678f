"""Where data come from: a frame passed in, the notebook's own, an uploaded file, the sample company, Excel."""

import importlib.util
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cache
from keyword import iskeyword
from pathlib import Path
from typing import TYPE_CHECKING, Any

from csmetrics_core.errors import NoData, WrongShape
from csmetrics_panels.data.frames import Frame
from csmetrics_panels.data.reading import read_tables, words_of

if TYPE_CHECKING:
    from csmetrics_core.files import Reading, Said


@dataclass(frozen=True)
class Source:
    """One choice of data: what a person reads, how it is fetched, and what was read if it came of an export."""

    label: str
    load: Callable[[], Frame]
    reading: "Reading | None" = None


def given(data: Any, said: "Said | None" = None) -> list[Source]:
    """What somebody passed in: a frame, several by name, or a file or folder with what it cannot say about itself."""
    if data is None:
        return []
    if isinstance(data, str | Path):
        return of_file(str(data), Path(data), said)
    if isinstance(data, Frame):
        return [Source(data.name, lambda: data)]
    if isinstance(data, Mapping) and data and all(_is_frame(value) for value in data.values()):
        return [_held(str(name), value, *called(value, str(name))) for name, value in data.items()]
    if isinstance(data, Mapping):
        data = _columns(data)
    frame = Frame(data, *called(data, "df"))
    return [Source("data", lambda: frame)]


def _columns(data: Mapping[Any, Any]) -> Any:
    """Columns by name as a frame."""
    import pandas as pd

    columns = {name: list(values) for name, values in data.items()}
    if len({len(cells) for cells in columns.values()}) > 1:
        lengths = ", ".join(f"{name} {len(cells)}" for name, cells in columns.items())
        problem = f"the columns of data differ in length: {lengths}"
        raise WrongShape(problem, "Give as many cells in each.", argument="data")
    return pd.DataFrame(columns)


def notebook_frames() -> list[Source]:
    """The frames the notebook's user has made, by name."""
    space = _notebook_names()
    frames = ((name, value) for name, value in space.items() if not name.startswith("_") and _is_frame(value))
    return [_held(f"{name} (notebook)", value, name) for name, value in sorted(frames, key=lambda pair: pair[0])]


def samples() -> list[Source]:
    """The tables of the sample company."""
    from csmetrics_core.samples import SampleCompany

    def load(table: str) -> Callable[[], Frame]:
        origin = f"from csmetrics_core.samples import sample_company\n{table} = sample_company().{table}"
        return lambda: Frame(getattr(_sample(), table), table, origin)

    return [Source(f"sample: {table}", load(table)) for table in SampleCompany.__dataclass_fields__]


@cache
def _sample() -> Any:
    from csmetrics_core.samples import sample_company

    return sample_company()


def excel_selection() -> list[Source]:
    """What is selected in Excel, on a machine where Excel runs; nothing elsewhere."""
    if sys.platform not in ("win32", "darwin") or importlib.util.find_spec("xlwings") is None:
        return []
    import xlwings

    if not xlwings.apps:
        return []
    return [Source("selection in Excel", lambda: from_excel(xlwings))]


def from_excel(xlwings: Any) -> Frame:
    """The current selection, its first row being the headings.

    Raises:
        NoData: there is no table there.
    """
    frame = xlwings.load(index=False)
    if not _is_frame(frame) or not len(frame):
        raise NoData("the selection in Excel holds no table", "Select a table with its headings.", argument="data")
    return Frame(frame, "selection", "import xlwings as xw\nselection = xw.load(index=False)")


def of_file(name: str, content: Path | bytes, said: "Said | None" = None) -> list[Source]:
    """The tables of a file, uploaded or by its path, or of a folder.

    Raises:
        OutOfScale: it is too large, or of a kind not read here.
        MetricError: it cannot be read as what its name says, or an export not without guessing.
    """
    files = read_tables(name, content, said)
    words = "".join(f", {word}={value!r}" for word, value in words_of(said).items()) if said else ""
    many, stem = len(files.tables) > 1, _identifier(Path(name).stem)
    sources = []
    for table, frame in files.tables.items():
        label = f"{name}: {table}" if many else name
        variable = _identifier(table) if many else stem
        if files.reading:
            how = f", Said({words.removeprefix(', ')})" if words else ""
            needs = "Said, read_company" if words else "read_company"
            call = f"read_company({name!r}{how}).tables[{table!r}]"
            origin = f"from csmetrics_core.files import {needs}\n{variable} = {call}"
        else:
            call = f"read_table({name!r}, sheet={table!r}{words})" if many else f"read_table({name!r}{words})"
            origin = f"from csmetrics_panels import read_table\n{variable} = {call}"
        sources.append(replace(_held(label, frame, variable, origin), reading=files.reading))
    return sources


def _held(label: str, frame: Any, name: str, origin: str = "") -> Source:
    kept: list[Frame] = []

    def load() -> Frame:
        if not kept:
            kept.append(Frame(frame, name, origin))
        return kept[0]

    return Source(label, load)


def _is_frame(value: Any) -> bool:
    return type(value).__name__ in ("DataFrame", "LazyFrame", "DuckDBPyRelation") and hasattr(type(value), "columns")


def _identifier(text: str) -> str:
    name = re.sub(r"\W+", "_", text).strip("_").lower()
    return name if name.isidentifier() and not iskeyword(name) else f"data_{name}".rstrip("_")


def _notebook_names() -> dict[str, Any]:
    if "IPython" not in sys.modules:
        return {}
    from IPython import get_ipython

    shell = get_ipython()
    return dict(shell.user_ns) if shell else {}


def called(data: Any, wanted: str) -> tuple[str, str]:
    """What the code calls somebody's data; where the notebook has no name for them, a line says what is meant."""
    known = _notebook_names()
    if known.get(wanted) is data:
        return wanted, ""
    if held := next(_paths_to(data, known), ""):
        return held, ""
    name = _identifier(wanted)
    while name in known:  # it means something else there
        name = f"{name}_given"
    return name, f"# {name}: the data given to this panel" if known else ""


def _paths_to(data: Any, known: Mapping[str, Any]) -> Iterator[str]:
    """How the notebook reaches an object: by a name, an entry of a dictionary, or an attribute of a plain object."""
    mine = {name: value for name, value in known.items() if not name.startswith("_")}
    yield from (name for name, value in mine.items() if value is data)
    for name, value in mine.items():
        if isinstance(value, Mapping):
            yield from (f"{name}[{key!r}]" for key, held in value.items() if held is data and isinstance(key, str))
        elif is_dataclass(value) and not isinstance(value, type):
            yield from (f"{name}.{one.name}" for one in fields(value) if getattr(value, one.name) is data)

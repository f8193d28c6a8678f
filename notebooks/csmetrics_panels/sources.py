"""Where data come from: a frame passed in, the notebook's own, an uploaded file, the sample company, Excel."""

import csv
import importlib.util
import io
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from csmetrics_core.errors import MetricError, NoData, OutOfScale, WrongKind
from csmetrics_panels.frames import Frame

#: A notebook server takes messages of 10 MiB, and a file travels in one.
LARGEST_UPLOAD = 9 * 2**20
ENDINGS = (".csv", ".tsv", ".txt", ".xlsx", ".parquet")
_FEW = 1000


@dataclass(frozen=True)
class Source:
    """One choice of data: what a person reads, and how it is fetched."""

    label: str
    load: Callable[[], Frame]


def given(data: Any) -> list[Source]:
    """The frames somebody passed in: one, or several by name."""
    if data is None:
        return []
    if isinstance(data, Frame):
        return [Source(data.name, lambda: data)]
    if isinstance(data, Mapping) and all(_is_frame(value) for value in data.values()):
        return [_held(str(name), value, str(name)) for name, value in data.items()]
    if isinstance(data, Mapping):
        import pandas as pd

        data = pd.DataFrame({name: list(values) for name, values in data.items()})
    frame = Frame(data, _name_in_notebook(data) or "df")
    return [Source("data", lambda: frame)]


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


def uploaded(name: str, content: bytes) -> list[Source]:
    """The tables of an uploaded file.

    Raises:
        OutOfScale: it is too large, or of a kind not read here.
        WrongKind: it cannot be read as what its name says.
    """
    if len(content) > LARGEST_UPLOAD:
        size, most = len(content) / 2**20, LARGEST_UPLOAD / 2**20
        fix = "Read it in the notebook with read_table(path) and choose it there."
        raise OutOfScale(f"{name} has {size:,.0f} MB, and an upload takes {most:.0f} MB", fix, argument="file")
    tables = read_tables(name, content)
    stem = _identifier(Path(name).stem)
    sources = []
    for sheet, frame in tables.items():
        label = name if len(tables) == 1 else f"{name}: {sheet}"
        call = f"read_table({name!r})" if len(tables) == 1 else f"read_table({name!r}, sheet={sheet!r})"
        variable = stem if len(tables) == 1 else _identifier(sheet)
        origin = f"from csmetrics_panels import read_table\n{variable} = {call}"
        sources.append(_held(label, frame, variable, origin))
    return sources


def read_table(path: str | Path, sheet: str | None = None) -> Any:
    """Read a CSV, XLSX or Parquet file as an upload is read: cell by cell, guessing nothing.

    Args:
        path: the file.
        sheet: which sheet of a workbook; by default the first.

    Returns:
        A pandas DataFrame. A column of text most of whose cells are numbers, or ISO dates, keeps the others as text.

    Raises:
        MetricError: the file is of another kind, or is not what its name says.
    """
    path = Path(path)
    tables = read_tables(path.name, path.read_bytes())
    if sheet is not None and sheet not in tables:
        raise WrongKind(f"{path.name} has no sheet {sheet!r}", f"It has {', '.join(tables)}.", argument="sheet")
    return tables[sheet] if sheet is not None else next(iter(tables.values()))


def read_tables(name: str, content: bytes) -> dict[str, Any]:
    """The tables of a file by sheet; those of a file without sheets have no name.

    Raises:
        MetricError: it is of another kind, or not what its name says.
    """
    ending = Path(name).suffix.lower()
    if ending not in ENDINGS:
        raise OutOfScale(f"{name} is no {', '.join(ENDINGS)}", "Save it as one of these.", argument="file")
    try:
        tables = _READERS.get(ending, _read_csv)(content)
    except MetricError:
        raise
    except ImportError:
        fix = "Install pyarrow, or save the file as CSV."
        raise WrongKind(f"reading {ending} needs a library that is not here", fix, argument="file") from None
    except Exception as error:  # readers of three libraries fail in their own ways
        said = " ".join(str(error).split())[:160]
        problem = f"{name} cannot be read as {ending} ({said})"
        raise WrongKind(problem, "Open it where it came from and save it again.", argument="file") from None
    tables = {sheet: frame for sheet, frame in tables.items() if len(frame.columns) and len(frame)}
    if not tables:
        raise NoData(f"{name} holds no rows", "Choose a file with headings and rows.", argument="file")
    return tables


def _read_csv(content: bytes) -> dict[str, Any]:
    import pandas as pd

    text = _decoded(content)
    lines = text[:65536].splitlines()
    try:
        delimiter = csv.Sniffer().sniff("\n".join(lines[:50]), ",;\t|").delimiter
    except csv.Error:
        delimiter = ","
    frame = pd.read_csv(io.StringIO(text), sep=delimiter, dtype=object, keep_default_na=False, na_values=[""])
    return {"": frame.apply(_typed)}


def _decoded(content: bytes) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _typed(column: Any) -> Any:
    """Cells of text that are numbers or ISO dates as such, in a column where most are; the others stay as they are."""
    import pandas as pd

    known = column.notna()
    numbers = pd.to_numeric(column, errors="coerce")
    if known.any() and 2 * numbers.notna().sum() > known.sum():
        return _where_known(numbers, column)
    head = column[known].head(_FEW)
    if not len(head) or 2 * head.map(_looks_like_a_date).sum() <= len(head):
        return column
    dates = pd.to_datetime(column, errors="coerce", format="ISO8601")
    return _where_known(dates, column)


def _where_known(read: Any, column: Any) -> Any:
    """What could be read; the cells that could not, as they are."""
    found = read.notna()
    return read if found.sum() == column.notna().sum() else read.astype(object).where(found, column)


def _looks_like_a_date(cell: Any) -> bool:
    return isinstance(cell, str) and bool(re.match(r"\d{4}-\d{2}-\d{2}([ T]|$)", cell))


def _read_workbook(content: bytes) -> dict[str, Any]:
    import pandas as pd

    book = io.BytesIO(content)
    return dict(pd.read_excel(book, sheet_name=None, engine="calamine", keep_default_na=False, na_values=[""]))


def _read_parquet(content: bytes) -> dict[str, Any]:
    import pandas as pd

    return {"": pd.read_parquet(io.BytesIO(content))}


_READERS: dict[str, Callable[[bytes], dict[str, Any]]] = {".xlsx": _read_workbook, ".parquet": _read_parquet}


def _held(label: str, frame: Any, name: str, origin: str = "") -> Source:
    kept: list[Frame] = []

    def load() -> Frame:
        if not kept:
            kept.append(Frame(frame, name, origin))
        return kept[0]

    return Source(label, load)


def _is_frame(value: Any) -> bool:
    return type(value).__name__ in ("DataFrame", "LazyFrame") and hasattr(value, "columns")


def _identifier(text: str) -> str:
    name = re.sub(r"\W+", "_", text).strip("_").lower()
    return name if name.isidentifier() else f"data_{name}".rstrip("_")


def _notebook_names() -> dict[str, Any]:
    if "IPython" not in sys.modules:
        return {}
    from IPython import get_ipython

    shell = get_ipython()
    return dict(shell.user_ns) if shell else {}


def _name_in_notebook(data: Any) -> str:
    return next((name for name, value in _notebook_names().items() if value is data and not name.startswith("_")), "")

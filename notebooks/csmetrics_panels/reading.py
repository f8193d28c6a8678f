"""Files of tables: a product's export goes through its reader; any other is read cell by cell, guessing nothing."""

import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from csmetrics_core.errors import MetricError, NoData, OutOfScale, WrongKind

if TYPE_CHECKING:
    from csmetrics_core.readers import Folder

#: Bytes of one file. It travels in parts and is held in memory; larger ones are read where they lie.
LARGEST_UPLOAD = 100 * 2**20
ENDINGS = (".csv", ".tsv", ".txt", ".xlsx", ".parquet")
_FEW = 1000
_ONLY_BLANKS: Mapping[str, Any] = {"keep_default_na": False, "na_values": [""]}  # pandas: "n/a" is a word


@dataclass(frozen=True)
class Files:
    """The tables of some files.

    Args:
        tables: frames by name.
        folder: what the readers recognised, left out and guessed; None where no file is a product's export.
    """

    tables: Mapping[str, Any]
    folder: "Folder | None" = None


def read_path(path: Path) -> Files:
    """The tables of a file, or of all files of a folder, named by sheet or file.

    Raises:
        MetricError: there is nothing to read.
    """
    files = sorted(p for p in path.iterdir() if p.suffix.lower() in ENDINGS) if path.is_dir() else [path]
    if not files or not all(file.is_file() for file in files):
        problem = f"{path} holds no table" if path.exists() else f"there is no {path}"
        raise WrongKind(problem, f"Give a file or a folder of {', '.join(ENDINGS)}.", argument="tables")
    return read_files(files)


def read_upload(files: Mapping[str, bytes]) -> Files:
    """The tables of uploaded files, by the files' names.

    Raises:
        OutOfScale: one is too large, or of a kind not read here.
        MetricError: one cannot be read as what its name says, or an export not without guessing.
    """
    check_upload({name: len(content) for name, content in files.items()})
    with TemporaryDirectory() as folder:
        paths = [Path(folder) / Path(name).name for name in files]
        for path, content in zip(paths, files.values(), strict=True):
            path.write_bytes(content)
        return read_files(paths)


def check_upload(sizes: Mapping[str, int]) -> None:
    """Refuse files that are not for uploading, by their names and bytes.

    Raises:
        OutOfScale: one is too large, or of a kind not read here.
    """
    for name, size in sizes.items():
        _check_ending(name)
        if size > LARGEST_UPLOAD:
            problem = f"{name} has {size / 2**20:,.0f} MB, and an upload takes {LARGEST_UPLOAD / 2**20:.0f} MB"
            fix = "Read it in the notebook with read_table(path), or start with `csmetrics panel FILE`."
            raise OutOfScale(problem, fix, argument="file")


def read_files(paths: Sequence[Path]) -> Files:
    """The tables of some files; exports of products are put together, as they complete one another.

    Raises:
        MetricError: one cannot be read.
    """
    exports = [path for path in paths if _is_export(path)]
    tables: dict[str, Any] = {}
    for path in paths:
        if path not in exports:
            found = read_tables(path.name, path.read_bytes())
            tables |= {name or path.stem: table for name, table in found.items()}
    if not exports:
        return Files(tables)
    from csmetrics_core.readers import read_folder

    folder = read_folder(exports)
    if not folder.tables and folder.refused:
        error = next(iter(folder.refused.values()))
        if "How(" in error.fix:
            error.fix += " It is said in a notebook: pass read_folder(path, How(...)).tables."
        raise error
    return Files(tables | folder.tables, folder)


def _is_export(path: Path) -> bool:
    """Whether a product exported it; the one list of products is the readers' own."""
    from csmetrics_core.readers import UnreadableFile, is_export

    try:
        return path.suffix.lower() != ".parquet" and is_export(path)
    except UnreadableFile:
        return False  # no product's export; reading it cell by cell says what is wrong with it


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
    ending = _check_ending(name)
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


def _check_ending(name: str) -> str:
    ending = Path(name).suffix.lower()
    if ending not in ENDINGS:
        raise OutOfScale(f"{name} is no {', '.join(ENDINGS)}", "Save it as one of these.", argument="file")
    return ending


def _read_csv(content: bytes) -> dict[str, Any]:
    import pandas as pd

    text = _decoded(content)
    lines = text[:65536].splitlines()
    try:
        delimiter = csv.Sniffer().sniff("\n".join(lines[:50]), ",;\t|").delimiter
    except csv.Error:
        delimiter = ","
    frame = pd.read_csv(io.StringIO(text), sep=delimiter, dtype=object, **_ONLY_BLANKS)
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
    if not len(head) or 2 * head.map(looks_like_a_date).sum() <= len(head):
        return column
    dates = pd.to_datetime(column, errors="coerce", format="ISO8601")
    return _where_known(dates, column)


def _where_known(read: Any, column: Any) -> Any:
    """What could be read; the cells that could not, as they are."""
    found = read.notna()
    return read if found.sum() == column.notna().sum() else read.astype(object).where(found, column)


def looks_like_a_date(cell: Any) -> bool:
    """Whether a cell is text that begins with an ISO date."""
    return isinstance(cell, str) and bool(re.match(r"\d{4}-\d{2}-\d{2}([ T]|$)", cell))


def _read_workbook(content: bytes) -> dict[str, Any]:
    import pandas as pd

    from csmetrics_core.readers.formulas import MEND, look_into, pending_words

    book = io.BytesIO(content)
    unsaid = look_into(book)
    for sheet, places in unsaid.pending.items():
        raise WrongKind(pending_words(sheet, places), MEND, argument="file")
    if unsaid.errors:
        return _with_errors(book)
    return dict(pd.read_excel(book, sheet_name=None, engine="calamine", **_ONLY_BLANKS))


def _with_errors(book: io.BytesIO) -> dict[str, Any]:
    """The sheets of a workbook, its error cells as text for a metric to pass on: pandas reads them as blank."""
    import openpyxl
    from pandas.io.parsers import TextParser

    sheets = openpyxl.load_workbook(book, read_only=True, data_only=True).worksheets
    rows = {sheet.title: [list(row) for row in sheet.iter_rows(values_only=True)] for sheet in sheets}
    return {title: TextParser(cells, header=0, **_ONLY_BLANKS).read() for title, cells in rows.items() if cells}


def _read_parquet(content: bytes) -> dict[str, Any]:
    import pandas as pd

    return {"": pd.read_parquet(io.BytesIO(content))}


_READERS: dict[str, Callable[[bytes], dict[str, Any]]] = {".xlsx": _read_workbook, ".parquet": _read_parquet}

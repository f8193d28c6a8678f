"""Files as frames of an engine: DuckDB or Spark read them piece by piece, workbooks and odd text cell by cell."""

import os
import re
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from csmetrics_addin.files import Tables
from csmetrics_addin.terminal import BAD_DATA, Problem, plain
from csmetrics_core.tables.frames import EngineFailed, engine_failed, readable

#: Endings of text files and of Parquet files, and those that are read cell by cell.
TEXT = (".csv", ".tsv", ".txt", ".gz")
PARQUET = (".parquet", ".pq")
WORKBOOKS = (".xlsx", ".xlsm")
#: Up to so many bytes a text file that DuckDB may misread is read cell by cell.
_SMALL_TEXT = 100 * 2**20
_TWO_WAYS = re.compile("%[dm]([/-])%[dm]")


class Table(NamedTuple):
    """A table to compute from.

    Args:
        name: of the sheet, or of the first file.
        frame: of any engine.
        connection: DuckDB's, which tells how far it is; None for others.
    """

    name: str
    frame: Any
    connection: Any = None


def by_cells(path: Path, notes: list[str]) -> list[Table]:
    """Every table of a workbook, or a text file, as a pandas frame; `notes` takes what to know about it."""
    import pandas

    found = []
    book = Tables(path)
    tables = book.tables()
    notes += book.notes
    if not tables:
        raise book.without_table()
    for name, columns in tables.items():
        series = {heading: pandas.Series(cells, dtype=object) for heading, cells in columns.items()}
        found.append(Table(name, readable(pandas.DataFrame(series).replace({"": None}).infer_objects())))
    return found


def by_duckdb(
    paths: Sequence[Path], time_zone: str, memory: str, spill: Path | None, dates: str | None, notes: list[str]
) -> list[Table]:
    """Files as one relation that DuckDB reads piece by piece; one of text that it may misread cell by cell.

    Args:
        paths: the files, all of one kind.
        time_zone: the zone whose days count.
        memory: the most memory DuckDB may take, such as 3GB.
        spill: the folder for what does not fit in memory.
        dates: "dmy" or "mdy", for dates that can be read in two ways.
        notes: takes what to know about the files.
    """
    is_text = paths[0].suffix.lower() in TEXT
    alone = len(paths) == 1 and paths[0].suffix.lower() != ".gz" and paths[0].stat().st_size <= _SMALL_TEXT
    encoding, delimiter = _how_written(paths[0]) if is_text and paths[0].suffix.lower() != ".gz" else ("utf-8", "")
    if alone and is_text and (not encoding.startswith("utf-8") or delimiter == ";"):
        return by_cells(paths[0], notes)  # in another encoding, or with decimal commas
    try:
        import duckdb
    except ModuleNotFoundError:
        raise Problem("reports need DuckDB", "Install it: pip install 'csmetrics[engines]'.") from None
    connection = duckdb.connect()
    connection.execute("SET enable_progress_bar = true")  # without it DuckDB does not say how far it is
    connection.execute("SET enable_progress_bar_print = false")
    settings = {"TimeZone": time_zone, "temp_directory": str(spill or Path(tempfile.gettempdir()) / "csmetrics")}
    if memory:
        settings["memory_limit"] = memory.strip()
    names = [str(path) for path in paths]
    try:
        for name, value in settings.items():
            connection.execute(f"SET {name} = ?", [value])
        relation = (
            _text(connection, names, delimiter, dates)
            if is_text
            else connection.read_parquet(names, union_by_name=True)
        )
    except duckdb.Error as error:
        if is_text and alone:
            return by_cells(paths[0], notes)  # which reads it, or says which row is wrong
        raise unreadable(engine_failed(error) or EngineFailed(str(error))) from None
    return [Table(paths[0].name, relation, connection)]


def _how_written(path: Path) -> tuple[str, str]:
    """The encoding and the delimiter of a text file; blank where they cannot be told."""
    from csmetrics_core.readers import How, UnreadableFile
    from csmetrics_core.readers.text_files import how_written

    try:
        return how_written(path, How()) if path.stat().st_size else ("", "")
    except UnreadableFile:
        return "", ""


def _text(connection: Any, names: list[str], delimiter: str, dates: str | None) -> Any:
    """Text files as a relation.

    Raises:
        Problem: dates can be read in two ways.
    """

    known = {"sep": delimiter} if delimiter else {}

    def read(**formats: str) -> Any:
        return connection.read_csv(names, union_by_name=True, header=True, **known, **formats)

    # DuckDB takes the day for the first number where both orders would do.
    asked = f"FROM sniff_csv(?{', delim = ?' if delimiter else ''})"
    sniffed = connection.execute(f"SELECT DateFormat, TimestampFormat {asked}", [names[0], *known.values()])
    (guessed,) = sniffed.fetchall()
    formats = {
        name: form
        for name, form in zip(("date_format", "timestamp_format"), guessed, strict=True)
        if form and _TWO_WAYS.match(form)
    }
    if not formats:
        return read()
    day_first = {name: _TWO_WAYS.sub(r"%d\1%m", form) for name, form in formats.items()}
    month_first = {name: _TWO_WAYS.sub(r"%m\1%d", form) for name, form in formats.items()}
    if dates:
        return read(**(day_first if dates == "dmy" else month_first))
    if read(**day_first).types == read(**month_first).types:
        fix = "No day is above 12: say --dates dmy for day first or --dates mdy for month first."
        raise Problem(f"{plain(Path(names[0]).name)} writes dates that can be read in two ways", fix, code=BAD_DATA)
    return read(**formats)


def by_spark(paths: Sequence[Path], time_zone: str, master: str) -> list[Table]:
    """The files as a Spark frame; a cluster must see them under the same path."""
    try:
        from pyspark.sql import SparkSession
    except ModuleNotFoundError:
        raise Problem("--engine spark needs PySpark and Java", "Install it: pip install 'csmetrics[spark]'.") from None
    warnings.filterwarnings("ignore", category=FutureWarning, module="pyspark")
    os.environ["PYTHONSAFEPATH"] = "1"  # Spark's workers are started in the current folder and import nothing from it
    builder = SparkSession.builder.master(master).appName("csmetrics report")
    settings = {"sql.session.timeZone": time_zone, "log.level": "ERROR", "ui.showConsoleProgress": "false"}
    for name, value in settings.items():
        builder = builder.config(f"spark.{name}", value)
    session = builder.getOrCreate()
    names = [str(p.resolve()) for p in paths]
    if paths[0].suffix.lower() in PARQUET:
        return [Table(paths[0].name, session.read.parquet(*names))]
    separator = "\t" if paths[0].suffix.lower() == ".tsv" else ","
    return [Table(paths[0].name, session.read.csv(names, header=True, inferSchema=True, sep=separator))]


def unreadable(failed: EngineFailed) -> Problem:
    """An engine's own error as one sentence."""
    fix = failed.fix
    if "CSV" in failed.problem or "sniffing" in failed.problem:
        fix = "The files must be UTF-8, with as many cells in each row as the first has."
    if "folder" in fix:
        fix = "Give a folder with room with --spill" + (", or more with --memory." if "memory" in fix else ".")
    return Problem(plain(failed.problem), fix, code=BAD_DATA)

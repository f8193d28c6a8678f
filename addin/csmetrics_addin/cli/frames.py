"""Files as frames: read by the one entrance, or, larger ones, piece by piece by DuckDB or Spark."""

import os
import re
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from glob import escape
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from csmetrics_addin.cli import entrance
from csmetrics_addin.cli.terminal import BAD_DATA, Problem, plain
from csmetrics_core.errors import MetricError
from csmetrics_core.tables.frames import EngineFailed, engine_failed, readable

#: Endings of text files, of Parquet files, and of workbooks.
TEXT = (".csv", ".tsv", ".txt", ".gz")
PARQUET = (".parquet", ".pq")
WORKBOOKS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
#: Up to so many bytes text is read at once.
_SMALL_TEXT = 100 * 2**20
_HEAD = 2**18
# What `csmetrics_core.files.csv_text` writes before a text that a spreadsheet would compute.
_MARKED = "'^''+\\s*[=+\\-@＝＋－＠\\t\\r\\n]'"
_TWO_WAYS = re.compile("%[dm]([/-])%[dm]")


RatesFile = Annotated[
    Path | None, typer.Option("--rates", help="File of currency, month and rate.", show_default=False)
]


class Table(NamedTuple):
    """A table to compute from.

    Args:
        name: of the sheet, or of the first file.
        frame: of any engine.
        connection: DuckDB's, which tells how far it is; None for others.
        waits: what keeps columns from being used.
        notes: what else the reader must know.
    """

    name: str
    frame: Any
    connection: Any = None
    waits: tuple[Any, ...] = ()
    notes: tuple[str, ...] = ()


def by_entrance(paths: Sequence[Path], said: Any) -> list[Table]:
    """Every table of files as a pandas frame, read as every other command reads files."""
    from csmetrics_core.files.typed import typed_tables

    try:
        found = typed_tables(list(paths), said)
    except MetricError as error:
        raise Problem(error.problem, entrance.fix_of(error), code=BAD_DATA) from error
    return [
        Table(name, readable(frame.replace({"": None}).infer_objects()), None, waits, notes)
        for name, frame, waits, notes in found
    ]


def one_table(path: Path, told: Any, notes: list[str]) -> Any:
    """The one table of a file.

    Raises:
        Problem: there is none or several, or a part of it cannot be used.
    """
    entrance.must_be_file(path)
    tables = by_entrance([path], told)
    if len(tables) > 1:
        names = ", ".join(plain(table.name) for table in tables)
        raise Problem(f"{plain(path.name)} holds several tables: {names}", "Give a file with one.")
    (table,) = tables
    for wait in table.waits:
        raise Problem(wait.problem, entrance.fix_of(wait), code=BAD_DATA)
    notes += [f"{plain(path.name)}: {note}" for note in table.notes]
    return table.frame


def rates_of(path: Path | None, said: Any, notes: list[str]) -> Any:
    """The table of currency, month and rate of a file, where one is named."""
    return None if path is None else one_table(path, said, notes)


def fit_in_memory(paths: Sequence[Path]) -> bool:
    """Whether files are read at once; text and Parquet of more than that go through an engine."""
    kinds = {path.suffix.lower() for path in paths}
    if kinds & {".gz", *PARQUET}:
        return False
    return bool(kinds - set(TEXT)) or sum(path.stat().st_size for path in paths) <= _SMALL_TEXT


def by_duckdb(
    paths: Sequence[Path], time_zone: str, memory: str, spill: Path | None, dates: str | None
) -> Iterator[Table]:
    """Files as one relation that DuckDB reads piece by piece; what does not fit in memory goes to a folder of our own.

    Args:
        paths: the files, all of one kind.
        time_zone: the zone whose days count.
        memory: the most memory DuckDB may take, such as 3GB.
        spill: the folder for what does not fit in memory.
        dates: "dmy" or "mdy", for dates that can be read in two ways.
    """
    try:
        import duckdb
    except ModuleNotFoundError:
        raise Problem("reports need DuckDB", "Install it: pip install 'csmetrics[engines]'.") from None
    connection = duckdb.connect()
    connection.execute("SET enable_progress_bar = true")  # without it DuckDB does not say how far it is
    connection.execute("SET enable_progress_bar_print = false")
    with tempfile.TemporaryDirectory(prefix="csmetrics-", dir=spill) as folder:
        settings = {"TimeZone": time_zone, "temp_directory": folder}
        if memory:
            settings["memory_limit"] = memory.strip()
        names = [escape(str(path)) for path in paths]  # DuckDB takes a name for a pattern
        try:
            for name, value in settings.items():
                connection.execute(f"SET {name} = ?", [value])
            relation = (
                connection.read_parquet(names, union_by_name=True)
                if paths[0].suffix.lower() in PARQUET
                else _unmarked(_text(connection, names, _delimiter(paths[0]), dates))
            )
        except duckdb.Error as error:
            raise unreadable(engine_failed(error) or EngineFailed(str(error))) from None
        yield Table(paths[0].name, relation, connection)
        connection.close()


def _delimiter(path: Path) -> str:
    """The delimiter of a text file, by its first lines; blank where DuckDB is to find it."""
    from csmetrics_core.files import Said, UnreadableFile
    from csmetrics_core.files.text import delimiter_of

    if path.suffix.lower() == ".gz":
        return ""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    try:
        return delimiter_of(path.name, head, Said())
    except UnreadableFile as error:
        raise Problem(error.problem, entrance.fix_of(error), code=BAD_DATA) from None


def _unmarked(relation: Any) -> Any:
    """Text without the sign that keeps spreadsheets from computing it."""
    columns = []
    for name, kind in zip(relation.columns, relation.types, strict=True):
        quoted = '"' + name.replace('"', '""') + '"'
        bare = f"CASE WHEN regexp_matches({quoted}, {_MARKED}) THEN substr({quoted}, 2) ELSE {quoted} END AS {quoted}"
        columns.append(bare if str(kind) == "VARCHAR" else quoted)
    return relation.project(", ".join(columns))


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


_ENGINE_LACKS = {
    "text": "The files must be UTF-8, with as many cells in each row as the first has.",
    "room": "Give a folder with room with --spill, or more memory with --memory.",
    "memory": "Give a folder with room with --spill, or more with --memory.",
}


def unreadable(failed: EngineFailed) -> Problem:
    """An engine's own error as one sentence."""
    return Problem(plain(failed.problem), _ENGINE_LACKS.get(failed.lacks, failed.fix), code=BAD_DATA)

"""What somebody gives a panel or a dashboard: files, uploads and frames, read by the one entrance."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from csmetrics_core.errors import MetricError, OutOfScale, WrongCall, WrongKind

if TYPE_CHECKING:
    from csmetrics_core.files import Reading, Remedy, Said

#: Bytes of one file. It travels in parts and is held in memory; larger ones are read where they lie.
LARGEST_UPLOAD = 100 * 2**20
ENDINGS = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".parquet", ".pq")


@dataclass(frozen=True)
class Files:
    """A company's tables, and what they were read from.

    Args:
        tables: frames by name.
        reading: what was recognised, left out and asked; None where the tables were made, as the sample is.
        given: the files and frames, so that others can be added to them.
    """

    tables: Mapping[str, Any]
    reading: "Reading | None" = None
    given: Any = None


def read_given(given: Any, said: "Said | None" = None) -> Files:
    """A company's tables from a path, the bytes of files by name, or frames.

    Raises:
        MetricError: nothing of it can be read.
    """
    from csmetrics_core.files import read_company

    if isinstance(given, str | Path) and not Path(given).exists():
        raise WrongKind(f"there is no {given}", "Check the path.", argument="tables")
    reading = read_company(given, said)
    if not reading.tables:
        for error in reading.report.refused.values():
            if not getattr(error, "remedies", ()):  # what can be answered is asked on the page
                raise _spelled(error) if isinstance(error, MetricError) else error
    return Files(reading.tables, reading, given)


def _spelled(error: MetricError) -> MetricError:
    error.fix = " ".join(filter(None, (error.fix, spelt(getattr(error, "remedies", ())))))
    return error


def spelt(remedies: "Iterable[Remedy]") -> str:
    """The answers to a question as arguments of `dashboard` and `panel`."""
    ways = [f"{way.option}={way.value!r} if {way.means}" for way in remedies if way.option != "rates"]
    if rates := ", ".join(f"{way.value!r}: ..." for way in remedies if way.option == "rates"):
        ways.append(f"rates={{{rates}}}, what one of each is worth")
    return f"Say {', or '.join(ways)}." if ways else ""


def add_upload(before: Files | None, files: Mapping[str, bytes], said: "Said | None" = None) -> Files:
    """The tables of uploaded files, together with those that were there.

    Raises:
        MetricError: one is too large or of another kind, or nothing of them can be read.
    """
    check_upload({name: len(content) for name, content in files.items()})
    known = _by_name(before.given) if before and before.reading else {}
    return read_given(known | dict(files), said)


def _by_name(given: Any) -> dict[str, Any]:
    if isinstance(given, Mapping):
        return dict(given)
    return {Path(given).name: given} if isinstance(given, str | Path) else {"data": given}


def check_upload(sizes: Mapping[str, int]) -> None:
    """Refuse files that are not for uploading, by their names and bytes.

    Raises:
        OutOfScale: one is too large, or of a kind not read here.
    """
    for name, size in sizes.items():
        if Path(name).suffix.lower() not in ENDINGS:
            raise OutOfScale(f"{name} is no {', '.join(ENDINGS)}", "Save it as one of these.", argument="file")
        if size > LARGEST_UPLOAD:
            problem = f"{name} has {size / 2**20:,.0f} MB, and an upload takes {LARGEST_UPLOAD / 2**20:.0f} MB"
            fix = "Read it in the notebook with read_table(path), or start with `csmetrics panel FILE`."
            raise OutOfScale(problem, fix, argument="file")


def said_of(choices: dict[str, Any], but: Container[str] = ()) -> "Said | None":
    """What the user says about files among other choices, taken out of them; some names mean something else."""
    from csmetrics_core.files import Said

    names = {field.name for field in fields(Said) if field.name not in but} & choices.keys()
    return Said(**{name: choices.pop(name) for name in sorted(names)}) if names else None


def open_questions(reading: "Reading") -> "dict[str, tuple[tuple[Remedy, ...], str]]":
    """Problem -> what settles it, and the table it is about where that is known."""
    from csmetrics_core.files import Remedy

    asked: dict[str, tuple[tuple[Remedy, ...], str]] = {}
    for place, error in reading.report.refused.items():
        asked[error.problem] = (getattr(error, "remedies", ()), place.rpartition(", sheet ")[2])
    for wait in (wait for waits in reading.report.waits.values() for wait in waits):
        asked.setdefault(wait.problem, (wait.remedies, ""))
    for name, first in reading.spellings.items():
        ways = (Remedy("names", "same", "they are the same"), Remedy("names", "apart", "they are two"))
        asked[f"{name!r} and {first!r} differ in case or accents alone"] = (ways, "")
    return {
        problem: (ways, place)
        for problem, (ways, place) in asked.items()
        if any(is_whole(way) or way.option == "rates" for way in ways)
    }


def is_whole(way: "Remedy") -> bool:
    """Whether an answer says all there is to say: no heading is to be put in, no rate."""
    return way.option != "rates" and not way.value.endswith("=Heading")


def with_answer(said: "Said", way: "Remedy", place: str) -> "Said":
    """What was said, and one answer more."""
    if way.option == "columns":
        column, _, heading = way.value.partition("=")
        return replace(said, columns={**said.columns, column: heading})
    if way.option == "table" and place:
        before = said.table if isinstance(said.table, dict) else {}
        return replace(said, table={**before, place: way.value})
    answer: dict[str, Any] = {way.option: way.value}
    return replace(said, **answer)


def words_of(said: "Said") -> dict[str, Any]:
    """What was said, as arguments of `dashboard`."""
    return {field.name: value for field in fields(said) if (value := getattr(said, field.name))}


def read_table(path: str | Path, sheet: str | None = None, **said: Any) -> Any:
    """Read a file as an upload is read: any table of it, each column as what most of its cells are.

    Args:
        path: the file.
        sheet: which sheet of a workbook; by default the first.
        said: what the file cannot say about itself, as `dates="dmy"` or `decimal=","`.

    Returns:
        A pandas DataFrame. A column most of whose cells are numbers or dates keeps the others as they stand.

    Raises:
        MetricError: the file is of another kind, or is not what its name says.
    """
    from csmetrics_core.files.plain import plain_tables

    about = said_of(said)
    if said:
        raise WrongCall(f"there is no {next(iter(said))!r} to say about a file", "Such as dates=, decimal=, encoding=.")
    tables = plain_tables(Path(path), about)
    if sheet is not None and sheet not in tables:
        fix = f"It has {', '.join(tables)}."
        raise WrongKind(f"{Path(path).name} has no sheet {sheet!r}", fix, argument="sheet")
    return tables[sheet] if sheet is not None else next(iter(tables.values()))


def read_tables(name: str, content: Path | bytes, said: "Said | None" = None) -> Files:
    """The tables of a file for one metric: a product's export as its reader makes them, any other as it is.

    Raises:
        MetricError: it is of another kind, not what its name says, or an export not without guessing.
    """
    from csmetrics_core.files import read_company
    from csmetrics_core.files.plain import plain_tables

    if isinstance(content, Path):
        if not content.exists():
            raise WrongKind(f"there is no {name}", "Check the path, or give a pandas or Polars frame.", argument="data")
        source: Any = content
    else:
        check_upload({name: len(content)})
        source = {name: content}
    reading = read_company(source, said)
    if not reading.report.refused and not any(one.product for one in reading.report.read):
        return Files(plain_tables(source, said))
    for wait in (wait for waits in reading.report.waits.values() for wait in waits):
        fix = f"{wait.fix} {spelt(wait.remedies)} It is said in a notebook: read_company(path, Said(...)).tables."
        raise WrongKind(wait.problem, " ".join(fix.split()), argument="file")
    for error in reading.report.refused.values():
        raise error
    return Files(reading.tables, reading)

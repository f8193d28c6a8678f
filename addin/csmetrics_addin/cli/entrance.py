"""The one entrance on the command line: the options files may need, and what to say about them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from functools import wraps
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from csmetrics_addin.cli.terminal import BAD_DATA, Problem, facts, nearest, plain, screen, styled

if TYPE_CHECKING:
    from csmetrics_core.files import Reading, Remedy, Report, Said, TableReport

_WHICH = "; FILE=, SHEET= or HEADING= before it for one; repeat"
Dates = Annotated[
    list[str] | None,
    typer.Option("--dates", metavar="dmy|mdy|ymd|epoch", help=f"The order of ambiguous dates{_WHICH}."),
]
#: The same, for a command that has dates of another sort.
DateOrder = Annotated[
    list[str] | None,
    typer.Option("--date-order", metavar="dmy|mdy|ymd|epoch", help=f"The order of ambiguous dates{_WHICH}."),
]
Decimal = Annotated[
    list[str] | None, typer.Option("--decimal", metavar=".|,", help=f"The decimal sign of ambiguous numbers{_WHICH}.")
]
Encoding = Annotated[
    list[str] | None,
    typer.Option("--encoding", metavar="NAME", help="Of text files, such as cp1250; FILE=NAME for one."),
]
Delimiter = Annotated[
    list[str] | None, typer.Option("--delimiter", metavar="SIGN", help=f"Of text files, such as ;{_WHICH}.")
]
Amounts = Annotated[
    str | None, typer.Option(metavar="each|all", help="What an amount beside a quantity is the price of.")
]
Billed = Annotated[
    list[str] | None,
    typer.Option("--billed", metavar="month|quarter|year|term", help=f"What amounts are paid for{_WHICH}."),
]
Rates = Annotated[
    list[str] | None, typer.Option("--rate", metavar="EUR=1.1", help="What one unit of a currency is worth; repeat.")
]
Columns = Annotated[
    list[str] | None,
    typer.Option("--column", metavar="NPS=HEADING", help="Which Heading or Sheet!Heading holds a column; repeat."),
]
Tables = Annotated[
    list[str] | None, typer.Option("--table", metavar="FILE=TABLE", help="Which table a file or sheet holds; repeat.")
]
AsOf = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="The day the exports were made.")
]
Names = Annotated[str | None, typer.Option(metavar="same|apart", help="Names that differ in case or accents alone.")]
Totals = Annotated[str | None, typer.Option(metavar="keep|drop", help="Rows that may sum up others.")]
Ends = Annotated[str | None, typer.Option(metavar="last-day|first-unpaid", help="What the end of a contract is.")]
Copies = Annotated[str | None, typer.Option(metavar="keep|drop", help="Rows that may be told twice.")]

#: What any command that reads a company's files takes, in the order its help lists them.
_READING: dict[str, Any] = {
    "dates": Dates, "decimal": Decimal, "encoding": Encoding, "delimiter": Delimiter, "amounts": Amounts,
    "billed": Billed, "rate": Rates, "column": Columns, "table": Tables, "as_of": AsOf, "names": Names,
    "totals": Totals, "ends": Ends, "copies": Copies,
}  # fmt: skip

# A leading zero keeps a number text.
_NUMBER = re.compile(r"[+-]?(0|[1-9]\d*)?(\.\d+)?([eE][+-]?\d+)?")
_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?)?")
_WORDS = {
    "dates": ("dmy", "mdy", "ymd", "epoch"),
    "decimal": (".", ","),
    "amounts": ("each", "all", "cents", "currency"),
    "names": ("same", "apart"),
    "totals": ("keep", "drop"),
    "ends": ("last-day", "first-unpaid"),
    "copies": ("keep", "drop"),
}
#: What a remedy sets -> the option of the command, and how its value is written.
_OPTIONS = {"rates": "--rate {}=RATE", "columns": "--column {!r}", "table": "--table {}"}


def reads_files(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that files may need; it takes what was said with them as `said`."""
    hints = get_type_hints(command, include_extras=True)
    own = [one.replace(annotation=hints[name]) for name, one in signature(command).parameters.items() if name != "said"]
    only = Parameter.KEYWORD_ONLY
    options = [Parameter(name, only, default=None, annotation=kind) for name, kind in _READING.items()]

    @wraps(command)
    def run(**given: Any) -> None:
        words = {name: given.pop(name) for name in _READING}
        command(**given, said=said(**words))

    run.__signature__ = Signature([*own, *options])  # type: ignore[attr-defined]
    run.__annotations__ = {one.name: one.annotation for one in (*own, *options)}
    return run


def said(
    *,
    rate: list[str] | None = None,
    column: list[str] | None = None,
    as_of: datetime | None = None,
    own_currencies: bool = False,
    **given: Any,
) -> Said:
    """What the user said about the files.

    Args:
        rate, column: as typed, NAME=VALUE.
        as_of: the day the files were made.
        own_currencies: rates by month are applied later.
        given: the other options by name, as typed.

    Raises:
        Problem: a word that is no choice, or a rate that is no number.
    """
    from csmetrics_core.files import Said

    chosen: dict[str, Any] = {}
    for name, words in given.items():
        if words is not None:
            chosen[name] = _about(name, [words] if isinstance(words, str) else words)
    day: date | None = as_of.date() if as_of else None
    try:
        worth = {code.strip().upper(): float(number) for code, number in _pairs("--rate", rate)}
    except ValueError:
        raise Problem("--rate is not CODE=NUMBER", "Write --rate EUR=1.1 --rate USD=1.") from None
    named = {name.strip().lower(): heading.strip() for name, heading in _pairs("--column", column)}
    return Said(**chosen, rates=worth or None, own_currencies=own_currencies, columns=named, as_of=day)


def _about(name: str, words: Sequence[str]) -> Any:
    """One answer for everything, or answers by file, sheet or heading."""
    answers: dict[str, str] = {}
    for word in words:
        where, sign, value = word.rpartition("=")
        value = value.strip()
        if name in _WORDS and value not in _WORDS[name]:
            raise Problem(f"--{name} is {plain(word)}", f"Say {' or '.join(_WORDS[name])}.")
        answers[where.strip() if sign else ""] = value
    return answers[""] if list(answers) == [""] else answers


def _pairs(option: str, given: Sequence[str] | None) -> Iterator[tuple[str, str]]:
    for text in given or ():
        name, sign, rest = text.partition("=")
        if not sign:
            raise Problem(f"{option} {plain(text)} has no =", f"Write {option} NAME=VALUE.")
        yield name, rest


def read_files(files: Sequence[Path], said: Said) -> Reading:
    """A company's tables from files and folders.

    Raises:
        Problem: one is not there, or the only file cannot be read.
    """
    from csmetrics_core.files import UnreadableFile, read_company

    for file in files:
        if not file.exists():
            beside = [one.name for one in file.parent.iterdir()] if file.parent.is_dir() else []
            raise Problem(f"there is no file {plain(file)}", nearest(file.name, beside, "Check the path."))
    try:
        reading = read_company(list(files), said)
    except UnreadableFile as error:
        raise Problem(error.problem, fix_of(error), code=BAD_DATA) from error
    refused = reading.report.refused
    if not reading.tables and len(refused) == 1 and not reading.report.not_understood:
        only = next(iter(refused.values()))
        raise Problem(getattr(only, "problem", str(only)), fix_of(only), code=BAD_DATA) from only
    return reading


def fix_of(error: Any) -> str:
    """How what went wrong is mended, with the options of the command."""
    return " ".join(filter(None, (getattr(error, "fix", ""), spelt(getattr(error, "remedies", ())))))


def as_option(name: str, value: str) -> str:
    """An argument and its value as an option of the command."""
    return f"--{name} {value}"


def spelt(remedies: Iterable[Remedy], dates: str = "--dates") -> str:
    """The answers to a question as options of the command; `dates` is what it calls the order of dates."""
    ways = [f"{option(way) if way.option != 'dates' else f'{dates} {way.value}'} if {way.means}" for way in remedies]
    return f"Say {', or '.join(ways)}." if ways else ""


def option(way: Remedy) -> str:
    return _OPTIONS.get(way.option, f"--{way.option} {{}}").format(way.value)


def show_report(report: Report) -> None:
    """Print what was read, what was refused and why, what was not understood, and what to know."""
    terminal = screen()
    if report.refused:
        terminal.print(styled("Not read", "bold"))
        words = [
            (place, " ".join(filter(None, (_problem(error), fix_of(error))))) for place, error in report.refused.items()
        ]
        terminal.print(facts(words))
        terminal.print()
    if report.not_understood:
        terminal.print(styled("Not understood", "bold"))
        for one in report.not_understood:
            terminal.print(styled(str(one)))
        terminal.print(
            styled("Say --column FIELD=HEADING where a heading is not recognised, such as --column end=Gone.", "dim")
        )
        terminal.print()
    if report.read:
        terminal.print(styled("Read", "bold"))
    for table in report.read:
        terminal.print(styled(f"{table.place}: {table.recognised}, {table.rows:,} rows"))
        terminal.print(facts([("  " + item, text) for item, text in table.remarks()]))
    for name, how in report.derived.items():
        terminal.print(styled(f"{name}: computed from {how}"))
    for note in report.notes:
        terminal.print(styled(f"Note: {note}"))


def _words(error: Exception) -> str:
    return " ".join(filter(None, (_problem(error), fix_of(error))))


def _problem(error: Exception) -> str:
    return f"{getattr(error, 'problem', str(error)).rstrip('.')}."


def report_data(report: Report) -> dict[str, Any]:
    """The report as JSON."""
    return {
        "read": [_table_data(table) for table in report.read],
        "refused": {place: _words(error) for place, error in report.refused.items()},
        "not_understood": [
            {"place": one.place, "headings": one.headings, "lacks": one.lacks} for one in report.not_understood
        ],
        "waits": [
            {"table": name, "column": wait.column, "problem": wait.problem, "fix": wait.fix,
             "answers": [{"option": option(way), "means": way.means} for way in wait.remedies]}
            for name, waits in report.waits.items() for wait in waits
        ],
        "derived": report.derived,
        "notes": report.notes,
    }  # fmt: skip


def _table_data(table: TableReport) -> dict[str, Any]:
    return {
        "file": table.file, "sheet": table.sheet, "product": table.product, "what": table.what, "table": table.table,
        "rows": table.rows, "kept": table.kept, "mapped": table.mapped, "guessed": table.guessed,
        "missing": table.missing, "left_out": table.left_out, "rows_left_out": list(map(str, table.rows_left_out)),
        "not_read": table.ignored, "scales": table.scales, "notes": table.notes,
    }  # fmt: skip


def must_be_file(path: Path) -> None:
    """Refuse a path where no file is.

    Raises:
        Problem: it is a folder, or nothing.
    """
    if path.is_dir():
        raise Problem(f"{plain(path)} is a folder", "Name a file in it.")
    if not path.is_file():
        beside = [one.name for one in path.parent.iterdir()] if path.parent.is_dir() else []
        raise Problem(f"there is no file {plain(path)}", nearest(path.name, beside, "Check the path."))


def typed_value(text: str) -> Any:
    """What was typed as a value: a number, a date, a word, or None for nothing."""
    text = text.strip()
    if not text:
        return None
    if _NUMBER.fullmatch(text) and any(sign.isdigit() for sign in text):
        return float(text)
    if not _ISO_DATE.fullmatch(text):
        return text
    try:
        return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
    except ValueError:
        return text

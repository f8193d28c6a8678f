"""Folders and export files on the command line: the options they may need, and what to say about them."""

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from csmetrics_addin.terminal import Problem, facts, plain, screen, styled

if TYPE_CHECKING:
    from csmetrics_core.readers import Folder, How

Dates = Annotated[
    str | None, typer.Option(metavar="dmy|mdy|ymd", help="The order of dates that can be read in two ways.")
]
Decimal = Annotated[str | None, typer.Option(metavar=".|,", help="The decimal sign of ambiguous numbers.")]
Encoding = Annotated[str | None, typer.Option(metavar="NAME", help="Of text files, such as cp1250.")]
Amounts = Annotated[
    str | None, typer.Option(metavar="each|all", help="What an amount beside a quantity is the price of.")
]
Rates = Annotated[
    list[str] | None, typer.Option("--rate", metavar="EUR=1.1", help="What one unit of a currency is worth; repeat.")
]
Columns = Annotated[
    list[str] | None, typer.Option("--column", metavar="NPS=HEADING", help="Which heading holds a column; repeat.")
]
AsOf = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day the exports were made.")]

#: What a reader calls a choice -> the option of the command.
_OPTIONS = {"rates": "--rate CODE=RATE", "columns": "--column NAME=HEADING", "as_of": "--as-of YYYY-MM-DD"}


def choices(
    dates: str | None,
    decimal: str | None,
    encoding: str | None,
    amounts: str | None,
    rates: list[str] | None,
    columns: list[str] | None,
    as_of: datetime | None,
) -> "How":
    """What the user said about the files.

    Raises:
        Problem: a word that is no choice, or a rate that is no number.
    """
    from csmetrics_core.readers import How

    for name, given, known in (
        ("--dates", dates, ("dmy", "mdy", "ymd")),
        ("--decimal", decimal, (".", ",")),
        ("--amounts", amounts, ("each", "all")),
    ):
        if given is not None and given not in known:
            raise Problem(f"{name} is {plain(given)}", f"Say {' or '.join(known)}.")
    day: date | None = as_of.date() if as_of else None
    try:
        worth = {code.strip(): float(rate) for code, rate in _pairs("--rate", rates)}
    except ValueError:
        raise Problem("--rate is not CODE=NUMBER", "Write --rate EUR=1.1 --rate USD=1.") from None
    chosen: dict[str, Any] = {"dates": dates, "decimal": decimal, "encoding": encoding, "amounts": amounts}
    named = {name.strip().lower(): heading.strip() for name, heading in _pairs("--column", columns)}
    return How(**chosen, rates=worth or None, columns=named, as_of=day)


def _pairs(option: str, given: Sequence[str] | None) -> Iterator[tuple[str, str]]:
    for text in given or ():
        name, sign, rest = text.partition("=")
        if not sign:
            raise Problem(f"{option} {plain(text)} has no =", f"Write {option} NAME=VALUE.")
        yield name, rest


def are_exports(paths: Sequence[Path]) -> list[Path]:
    """Those of some paths that are folders, or files a product exported."""
    from csmetrics_core.readers import UnreadableFile, is_export

    found = []
    for path in paths:
        try:
            if path.is_dir() or (path.is_file() and is_export(path)):
                found.append(path)
        except UnreadableFile:
            continue  # no product's export; the command says what is wrong with the file
    return found


def in_options(text: str) -> str:
    """A message of a reader in the words of the command: How(dates="dmy") is --dates dmy."""
    text = re.sub(r"How\((rates|columns|as_of)=.*?\)(?=[\s,.;]|$)", lambda found: _OPTIONS[found[1]], text)
    return re.sub(r"How\((\w+)=\"([^\"]*)\"\)", r"--\1 \2", text)


def show_folder(folder: "Folder") -> None:
    """Print what was read, what was refused and why, and what to know."""
    terminal = screen()
    if folder.refused:
        terminal.print(styled("Not read", "bold"))
        terminal.print(facts([(place, in_options(str(error))) for place, error in folder.refused.items()]))
        terminal.print()
    terminal.print(styled("Read", "bold"))
    for report in folder.reports:
        terminal.print(styled(f"{report.place}: {report.recognised}, {report.rows:,} rows"))
        terminal.print(facts([(f"  {item}", in_options(text)) for item, text in report.remarks()]))
    for table, how in folder.derived.items():
        terminal.print(styled(f"{table}: computed from {how}"))
    for note in folder.notes:
        terminal.print(styled(f"Note: {note}"))


def folder_data(folder: "Folder") -> dict[str, Any]:
    """The same for a program."""
    read = [
        {
            "file": report.file, "sheet": report.sheet, "product": report.product, "what": report.what,
            "table": report.table, "rows": report.rows, "kept": report.kept, "mapped": report.mapped,
            "guessed": report.guessed, "missing": report.missing, "left_out": report.left_out,
            "not_used": report.unused, "not_read": report.ignored, "notes": report.notes,
        }
        for report in folder.reports
    ]  # fmt: skip
    refused = {place: str(error) for place, error in folder.refused.items()}
    return {"read": read, "refused": refused, "computed": folder.derived, "notes": folder.notes}

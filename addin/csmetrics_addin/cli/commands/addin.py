"""`csmetrics addin`: build, install, remove and check the spreadsheet add-ins."""

import hashlib
import sys
from enum import StrEnum
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.text import Text

from csmetrics_addin.cli.terminal import BAD_DATA, Problem, screen, styled, working
from csmetrics_addin.hosts import classic, doctor, extension, lambdas, libreoffice, lite
from csmetrics_addin.writing import whole_file

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Put the functions into Excel or LibreOffice, and check them.",
)
#: How a check is marked: its sign, its colour, and what its command does.
_MARKS = {
    True: ("ok   ", "green", ""),
    False: ("wrong", "red", "to mend it, run"),
    None: ("-    ", "dim", "to have it, run"),
}


class Host(StrEnum):
    """The spreadsheets the functions run in."""

    EXCEL = "excel"
    LITE = "lite"
    LIBREOFFICE = "libreoffice"


class Built(StrEnum):
    """What a file can be built for: the spreadsheets, and Excel Labs, which makes names of a text."""

    EXCEL = "excel"
    LITE = "lite"
    LIBREOFFICE = "libreoffice"
    EXCEL_LABS = "excel-labs"


class Checked(StrEnum):
    """How the functions got into the program that opens the check."""

    EXCEL = "excel"
    LITE = "lite"
    LAMBDA = "lambda"
    LIBREOFFICE = "libreoffice"


Which = Annotated[Host | None, typer.Option("--host", help="Which spreadsheet; by default the one of this system.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")]


def _usual_host() -> Host:
    return Host.EXCEL if sys.platform == "win32" else Host.LIBREOFFICE


@app.command()
def build(
    host: Annotated[Built, typer.Option(help="Which spreadsheet to build for.")] = Built.EXCEL,
    out: Annotated[Path, typer.Option(help="The folder to write to.", file_okay=False)] = Path("dist"),
    workbook: Annotated[
        Path | None, typer.Option(help="With --host lite: the workbook that is to carry the functions.", dir_okay=False)
    ] = None,
) -> None:
    """Write the add-in as a file, on any system."""
    if host is Built.EXCEL_LABS:
        modules = lambdas.build(out)
        where = "In Excel Labs choose Advanced Formula Environment, Modules, and paste one."
        said = f"Wrote {modules[0]}, and {modules[1]} for locales with a decimal comma. {where}"
        screen().print(styled(said), soft_wrap=True)
        return
    with working(f"Building for {doctor.HOSTS[host]}"):
        made = _built(Host(host), out, workbook)
    screen().print(styled(f"Wrote {made} ({made.stat().st_size // 1024} KB)."), soft_wrap=True)


def _built(host: Host, out: Path, workbook: Path | None) -> Path:
    if host is Host.EXCEL:
        try:
            return classic.build(out / classic.ADDIN_NAME)
        except ImportError as missing:
            raise Problem(f"{missing.name} is not installed", 'Run: pip install "csmetrics[excel]"') from None
    if host is Host.LIBREOFFICE:
        return extension.build(out / extension.EXTENSION_NAME)
    if workbook is None or not workbook.is_file():
        fix = "With --host lite, name an .xlsx with --workbook; csmetrics workbook new makes one."
        raise Problem("there is no workbook to carry the functions", fix)
    if workbook.resolve() == (out / workbook.name).resolve():
        raise Problem("the workbook would replace itself", "Name another folder with --out.")
    try:
        return lite.carry(workbook, out / workbook.name)
    except ValueError as refused:
        raise Problem(str(refused), "csmetrics workbook new makes one that can be used.", code=BAD_DATA) from refused


@app.command()
def bundle(
    out: Annotated[Path, typer.Option(help="The folder to write to.", file_okay=False)] = Path("dist"),
    pieces: Annotated[
        Path | None,
        typer.Option(help="A folder to keep the fetched pieces in, and to take them from.", file_okay=False),
    ] = None,
) -> None:
    """Write a zip for Excel on Windows that brings its own Python: to unpack and double-click."""
    from csmetrics_addin.hosts import bundle as bundled

    with TemporaryDirectory() as fresh, working("Fetching and packing"):
        try:
            made = bundled.build(out / bundled.FILE_NAME, pieces or Path(fresh))
        except ImportError as missing:
            raise Problem(f"{missing.name} is not installed", 'Run: pip install "csmetrics[excel]"') from None
        except ValueError as other:
            raise Problem(str(other), "Install that version with pip, so that add-in and library fit.") from None
    digest = hashlib.sha256(made.read_bytes()).hexdigest()
    screen().print(styled(f"Wrote {made} ({made.stat().st_size / 1e6:.1f} MB), SHA-256 {digest}."), soft_wrap=True)


@app.command()
def check(
    out: Annotated[Path, typer.Option(help="Where to write it.", dir_okay=False)] = Path("check.xlsx"),
    host: Annotated[Checked, typer.Option(help="How the functions got into your spreadsheet program.")] = Checked.EXCEL,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")] = False,
) -> None:
    """Write a workbook that tests every function where it is opened, and counts what is right."""
    from csmetrics_workbooks.checkbook import write_checkbook

    from csmetrics_addin.cli.commands.workbook import check_target
    from csmetrics_core.declaration.dynamic import lambda_names

    check_target(out, [], force)
    with whole_file(out, replace=force) as part, working("Writing"):
        packed = BytesIO()
        count = write_checkbook(packed, host.value, lambda_names() if host is Checked.LAMBDA else None)
        part.write_bytes(packed.getbuffer())
        if host is Checked.LITE:
            lite.carry(part, part)
    said = f"Wrote {out} with {count} calls. Open it, enable editing, and read the first page."
    screen().print(styled(said), soft_wrap=True)


@app.command()
def install(host: Which = None, dry_run: DryRun = False) -> None:
    """Put the add-in where the spreadsheet looks for it; doing it twice does no harm."""
    chosen = host or _usual_host()
    if chosen is Host.EXCEL:
        _refuse_without_windows(dry_run)
        _say(classic.install(classic.Places.of_this_user(), dry_run=dry_run))
    elif chosen is Host.LIBREOFFICE:
        _say(libreoffice.install(_office(), dry_run=dry_run))
    else:
        screen().print(
            "Nothing to install from here: in Excel choose Home, Add-ins, and add xlwings Lite from the store. "
            "Workbooks made with csmetrics workbook new --host lite bring the functions with them."
        )


@app.command()
def uninstall(host: Which = None, dry_run: DryRun = False) -> None:
    """Take the add-in away again."""
    chosen = host or _usual_host()
    if chosen is Host.EXCEL:
        _refuse_without_windows(dry_run)
        _say(classic.uninstall(classic.Places.of_this_user(), dry_run=dry_run))
    elif chosen is Host.LIBREOFFICE:
        _say(libreoffice.uninstall(_office(), dry_run=dry_run))
    else:
        screen().print(
            "Nothing to remove from here: in Excel choose Home, Add-ins, My Add-ins, and remove xlwings Lite."
        )


def _refuse_without_windows(dry_run: bool) -> None:
    if sys.platform != "win32" and not dry_run:
        fix = "Use xlwings Lite in Excel (csmetrics workbook new --host lite), or LibreOffice (--host libreoffice)."
        raise Problem("the classic Excel add-in runs on Windows only", fix)


def _office() -> libreoffice.Office:
    office = libreoffice.Office.found()
    if office is None:
        raise Problem("LibreOffice is not on this computer", "Install LibreOffice 7.4 or later first.", code=BAD_DATA)
    return office


def _say(sentences: list[str]) -> None:
    for sentence in sentences:
        screen().print(styled(sentence), soft_wrap=True)


@app.command("doctor")
def diagnose() -> None:
    """Check what each spreadsheet needs on this computer and say how to mend what is wrong."""
    terminal, shown = screen(), ""
    with working("Looking"):
        found = list(doctor.checks())
    for check in found:
        if check.host != shown:
            terminal.print()
            terminal.print(styled(check.host, "bold"))
            shown = check.host
        mark, style, remedy = _MARKS[check.good]
        line = Text.assemble("  ", (mark, style), " ", styled(f"{check.what:<14}", "dim"), styled(check.found))
        terminal.print(line, soft_wrap=True)
        if check.mend and not check.good:
            terminal.print(Text.assemble(f"        {remedy}: ", styled(check.mend, "bold")), soft_wrap=True)
    wrong = sum(check.good is False for check in found)
    terminal.print()
    terminal.print(f"{wrong} to mend." if wrong else "All is well.")
    raise typer.Exit(1 if wrong else 0)

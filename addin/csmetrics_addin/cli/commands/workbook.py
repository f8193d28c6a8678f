"""`csmetrics workbook`: the template workbooks, and copies of them with one's own data."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from csmetrics_addin.cli import entrance
from csmetrics_addin.cli.entrance import (
    must_be_file,
)
from csmetrics_addin.cli.printing import Company, Currency, PaperSize, check_paper
from csmetrics_addin.cli.terminal import BAD_DATA, Problem, grid, nearest, plain, progress, screen
from csmetrics_addin.writing import whole_file

if TYPE_CHECKING:
    from csmetrics_workbooks.data.userdata import Mapped
    from csmetrics_workbooks.kit.letterhead import Letterhead

    from csmetrics_core.files import Reading, Said

app = typer.Typer(no_args_is_help=True, help="Template workbooks: list them, or build one with your own data.")


@app.command("list")
def list_templates() -> None:
    """The templates and what each is for."""
    from csmetrics_workbooks.build import TEMPLATES, recipe

    rows = [(name, recipe(name).about, ", ".join(s.name for s in recipe(name).sheets)) for name in TEMPLATES]
    screen().print(grid((("template", "left"), ("what it shows", "left"), ("data sheets", "left")), rows))
    screen().print("\nBuild one with your data:  csmetrics workbook new TEMPLATE --data FILE", soft_wrap=True)


@app.command("new")
@entrance.reads_files
def new(
    template: Annotated[str, typer.Argument(help="Which one; see csmetrics workbook list.", show_default=False)],
    data: Annotated[
        list[Path] | None,
        typer.Option("--data", help="Your tables: .xlsx, .csv or .parquet; several times for several files."),
    ] = None,
    host: Annotated[
        str,
        typer.Option(
            metavar="excel|lite|lambda",
            help="lite: it carries its own functions for xlwings Lite; lambda: as names of Excel 365, no add-in.",
        ),
    ] = "excel",
    out: Annotated[Path | None, typer.Option(help="Where to write it; by default TEMPLATE.xlsx here.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")] = False,
    company: Company = "",
    currency: Currency = "",
    paper: PaperSize = "a4",
    *,
    said: Any = None,
) -> None:
    """Build a template workbook, with your own data or with the sample company.

    Columns are found by their headings; what was matched, guessed or missing is said before the file is written.
    Revenue may be long (customer, month, MRR) or have one row a customer and months across.
    """
    from csmetrics_workbooks.build import TEMPLATES
    from csmetrics_workbooks.kit.formulas import Host
    from csmetrics_workbooks.kit.letterhead import SAMPLE_COMPANY, Letterhead

    check_paper(paper)
    if template not in TEMPLATES:
        raise Problem(f"there is no template {plain(template)}", nearest(template, TEMPLATES))
    if host not in [h.value for h in Host]:
        raise Problem(f"there is no host {plain(host)}", "Use excel, lite or lambda.")
    target = out or Path(f"{template}.xlsx")
    check_target(target, data or [], force)
    mapped, found = _mapped(template, data, said) if data else (None, "")
    letterhead = Letterhead(company.strip(), currency.strip() or found, paper)
    if mapped:
        letterhead = replace(letterhead, read=tuple(map(plain, mapped.notes)))
    elif not company:
        letterhead = replace(letterhead, company=SAMPLE_COMPANY)
    _write(template, target, host, mapped, data or [], force, letterhead)
    screen().print(f"Wrote {plain(target)}. Open it, and read the pages Start and Checks first.", soft_wrap=True)


@app.command("functions")
def functions(
    out: Annotated[Path | None, typer.Option(help="Where to write it; by default functions.xlsx here.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")] = False,
) -> None:
    """Write the functions as LAMBDA names of Excel 365 and 2024: a workbook in which =NPS( works without an add-in."""
    from csmetrics_workbooks.function_book import write_function_book

    target = out or Path("functions.xlsx")
    check_target(target, [], force)
    packed = BytesIO()
    count = write_function_book(packed)
    with whole_file(target, replace=force) as part:
        part.write_bytes(packed.getbuffer())
    screen().print(f"Wrote {plain(target)} with {count} functions. Open it, and read the page Start.", soft_wrap=True)


def check_target(target: Path, data: list[Path], force: bool) -> None:
    """Whether the workbook can be written where it is wanted; asked before anything takes time."""
    name = plain(target)
    if target.is_dir():
        raise Problem(f"{name} is a folder", f"Name a file in it: --out {plain(target / 'workbook.xlsx')}")
    if target.suffix.lower() != ".xlsx":
        raise Problem(f"{name} does not end in .xlsx", "Spreadsheet programs would not open it.")
    if any(target.resolve() == path.resolve() for path in data):
        raise Problem(f"{name} is one of the files with your data", "Give another name with --out.")
    if target.exists() and not force:
        raise Problem(f"{name} is there already", "Give another name with --out, or --force to replace it.")
    if not target.parent.is_dir():
        raise Problem(f"there is no folder {plain(target.parent)}", "Make it first, or give another name with --out.")


def _mapped(template: str, files: list[Path], said: "Said") -> "tuple[Mapped, str]":
    """The data sheets of a template, filled from files, and their currency, after saying what was found for what.

    Raises:
        Problem: a file cannot be read, or lacks what the template cannot be without.
    """
    for path in files:
        if not path.is_dir():
            must_be_file(path)
    with progress() as hear:
        hear("Reading", files[0].name, 0, 0)
        from csmetrics_workbooks.build import recipe
        from csmetrics_workbooks.data.userdata import map_company

        from csmetrics_core.errors import MetricError

        try:
            mapped, reading = map_company(recipe(template), {path.name: path for path in files}, said)
        except MetricError as error:
            fix = " ".join(filter(None, (error.fix, entrance.spelt(getattr(error, "remedies", ())))))
            raise Problem(error.problem, fix, code=BAD_DATA) from error
        hear("Matching", f"{sum(map(len, mapped.frames.values())):,} rows", 0, 0)
    _report(mapped)
    _refuse_waiting(reading, [sheet.name for sheet in recipe(template).sheets])
    missing = [f"{one.sheet}: {one.header}" for one in mapped.columns if one.needed and one.how == "missing"]
    if missing or not mapped.columns:
        names = ", ".join(missing) or "any data sheet of this template"
        needed = {
            sheet.name: ", ".join(f.header for f in sheet.fields if f.required) for sheet in recipe(template).sheets
        }
        wanted = "; ".join(f"{sheet} needs {headers}" for sheet, headers in needed.items() if headers)
        raise Problem(
            f"nothing was found for {names}", f"Name the columns as the data sheets do: {wanted}.", code=BAD_DATA
        )
    if all(mapped.frames[sheet].empty for sheet in {one.sheet for one in mapped.columns}):
        raise Problem("no row is left to put into the workbook", "See above why they are left out.", code=BAD_DATA)
    return mapped, reading.currency


def _refuse_waiting(reading: "Reading", sheets: list[str]) -> None:
    """A workbook shows figures at once, so that nothing of what it holds may wait for an answer.

    Raises:
        Problem: something does.
    """
    from csmetrics_workbooks.data.companydata import MADE_OF, is_without_ends

    tables = {table for sheet in sheets for table in MADE_OF.get(sheet, ())}
    for wait in (wait for table in sorted(tables) for wait in reading.report.waits.get(table, ())):
        if is_without_ends(wait):
            screen().print(plain(f"{wait.problem[0].upper()}{wait.problem[1:]}."), soft_wrap=True)
            continue
        fix = " ".join(filter(None, (wait.fix, entrance.spelt(wait.remedies))))
        raise Problem(wait.problem, fix, code=BAD_DATA)
    for name, first in reading.spellings.items():
        fix = "Say --names same if they are the same, or --names apart if they are two."
        raise Problem(f"{plain(name)} and {plain(first)} differ in case or accents alone", fix, code=BAD_DATA)


def _write(
    template: str,
    target: Path,
    host: str,
    mapped: "Mapped | None",
    files: list[Path],
    force: bool,
    letterhead: "Letterhead",
) -> None:
    from csmetrics_workbooks.build import REMOVE_NOTE, build
    from csmetrics_workbooks.kit.formulas import Host

    note = f"Your data: {', '.join(plain(path.name) for path in files)}." if mapped else REMOVE_NOTE
    with progress() as hear, whole_file(target, replace=force) as part:
        packed = BytesIO()
        data = mapped.frames if mapped else None
        build(template, packed, host=Host(host), data=data, heard=hear, letterhead=letterhead, note=note)
        part.write_bytes(_carrying(packed) if host == Host.LITE.value else packed.getbuffer())


def _carrying(packed: BytesIO) -> bytes:
    """The workbook with the functions within it, as xlwings Lite reads them."""
    from csmetrics_addin.hosts.lite import carrying

    return carrying(packed)


def _report(mapped: "Mapped") -> None:
    rows = [(one.sheet, one.header, one.how, plain(one.heading)) for one in mapped.columns]
    if rows:
        columns = (("data sheet", "left"), ("column", "left"), ("", "left"), ("in your file", "left"))
        screen().print(grid(columns, rows))
    for note in mapped.notes:
        screen().print(plain(note), soft_wrap=True)

"""`csmetrics workbook`: the template workbooks, and copies of them with one's own data."""

from pathlib import Path
from typing import Annotated

import typer

from csmetrics_addin.files import Book
from csmetrics_addin.terminal import BAD_DATA, Problem, grid, nearest, plain, screen, working

app = typer.Typer(no_args_is_help=True, help="Template workbooks: list them, or build one with your own data.")


@app.command("list")
def list_templates() -> None:
    """The templates and what each is for."""
    from csmetrics_workbooks.build import TEMPLATES, recipe

    rows = [(name, recipe(name).about, ", ".join(s.name for s in recipe(name).sheets)) for name in TEMPLATES]
    screen().print(grid((("template", "left"), ("what it shows", "left"), ("data sheets", "left")), rows))
    screen().print("\nBuild one with your data:  csmetrics workbook new TEMPLATE --data FILE", soft_wrap=True)


@app.command("new")
def new(
    template: Annotated[str, typer.Argument(help="Which one; see csmetrics workbook list.", show_default=False)],
    data: Annotated[
        list[Path] | None,
        typer.Option("--data", help="Your tables: .xlsx, .csv or .parquet; several times for several files."),
    ] = None,
    host: Annotated[
        str, typer.Option(metavar="excel|lite", help="lite: the workbook carries its own functions for xlwings Lite.")
    ] = "excel",
    out: Annotated[Path | None, typer.Option(help="Where to write it; by default TEMPLATE.xlsx here.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")] = False,
) -> None:
    """Build a template workbook, with your own data or with the sample company.

    Columns are found by their headings; what was matched, guessed or missing is said before the file is written.
    Revenue may be long (customer, month, MRR) or have one row a customer and months across.
    """
    from csmetrics_workbooks.build import TEMPLATES
    from csmetrics_workbooks.formulas import Host

    if template not in TEMPLATES:
        raise Problem(f"there is no template {plain(template)}", nearest(template, TEMPLATES))
    if host not in [h.value for h in Host]:
        raise Problem(f"there is no host {plain(host)}", "Use excel or lite.")
    target = out or Path(f"{template}.xlsx")
    if target.exists() and not force:
        raise Problem(f"{target} is there already", "Give another name with --out, or --force to replace it.")
    if not target.parent.is_dir():
        raise Problem(f"there is no folder {target.parent}")
    _build(template, target, Host(host), data or [])
    screen().print(f"Wrote {target}. Open it, and read the pages Start and Checks first.", soft_wrap=True)


def _build(template: str, target: Path, host: object, files: list[Path]) -> None:
    from csmetrics_workbooks.build import build, recipe
    from csmetrics_workbooks.formulas import Host
    from csmetrics_workbooks.userdata import map_tables, read_tables

    chosen = Host(host)
    with working("Reading...") as step:
        if not files:
            step("Building from the sample company...")
            build(template, target, host=chosen)
            return
        for path in files:
            if not path.is_file():
                raise Problem(f"there is no file {path}")
        tables = read_tables(files, Book)
        rows = sum(map(len, tables.values()))
        step(f"Matching columns of {rows:,} rows...")
        mapped = map_tables(recipe(template), tables)
    _report(mapped)
    missing = [one for one in mapped.columns if one.needed and one.how == "missing"]
    if missing or not mapped.columns:
        names = ", ".join(f"{one.sheet}: {one.header}" for one in missing) or "any data sheet of this template"
        raise Problem(f"nothing was found for {names}", "Name the columns as on the data sheets.", code=BAD_DATA)
    with working(f"Writing {rows:,} rows..."):
        note = f"Your data: {', '.join(plain(path.name) for path in files)}."
        build(template, target, host=chosen, data=mapped.frames, note=note)


def _report(mapped: object) -> None:
    from csmetrics_workbooks.userdata import Mapped

    assert isinstance(mapped, Mapped)
    rows = [(one.sheet, one.header, one.how, plain(one.heading)) for one in mapped.columns]
    if rows:
        columns = (("data sheet", "left"), ("column", "left"), ("", "left"), ("in your file", "left"))
        screen().print(grid(columns, rows))
    for note in mapped.notes:
        screen().print(plain(note), soft_wrap=True)

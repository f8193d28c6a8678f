"""`csmetrics demo`: a sample company in a workbook, its scorecard, and the same scorecard as a workbook."""

from collections.abc import Callable
from datetime import date
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from csmetrics_addin.cli.commands.scorecard import show
from csmetrics_addin.cli.terminal import screen, styled, working
from csmetrics_core.scorecard import scorecard_of

if TYPE_CHECKING:
    import pandas as pd

app = typer.Typer()


@app.command()
def demo(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the two workbooks.")] = Path("csmetrics-demo"),
) -> None:
    """Write a sample company to a workbook, compute its scorecard from that file, and write the scorecard template."""
    from csmetrics_addin.cells_out import refuse_others
    from csmetrics_core.files import read_company

    company, template = out / "sample-company.xlsx", out / "scorecard.xlsx"
    refuse_others(company, template)
    out.mkdir(parents=True, exist_ok=True)
    terminal = screen()
    with working("Making up a company...") as step:
        write_company(company, step)
        step(f"Reading {company.name} back...")
        reading = read_company(company)
        card = scorecard_of(reading, progress=lambda title: step(f"{title}..."))
        step(f"Writing {template.name}...")
        write_template(template, company, date.fromisoformat(f"{card.month}-01"))
    rows = sum(table.rows for table in reading.report.read)
    terminal.print(styled("A made-up software company, its tables as messy as real ones", "bold"))
    terminal.print(styled(f"{company}: {len(reading.report.read)} tables, {rows:,} rows, read back from disk."))
    terminal.print()
    show(card)
    for note in reading.report.notes:
        terminal.print(styled(f"Note: {note}"))
    terminal.print()
    _say_what_next(company, template)


def write_company(path: Path, step: Callable[[str], None]) -> None:
    """Write the sample company, one Excel table a sheet."""
    from csmetrics_addin.cells_out import new_workbook
    from csmetrics_core.samples import SAMPLE_NOTE, sample_company

    tables = sample_company().tables
    with new_workbook(path) as book:
        book.add_worksheet("About").write_string(0, 0, SAMPLE_NOTE)
        for name, table in tables.items():
            step(f"Writing {name}, {len(table):,} rows...")
            _write_table(book, name, table)


def write_template(path: Path, company: Path, month: date) -> None:
    """Write the scorecard template filled from the sample company's file, as it stands in a month."""
    from csmetrics_workbooks.build import REMOVE_NOTE, build, recipe
    from csmetrics_workbooks.data.userdata import map_company
    from csmetrics_workbooks.kit.book import ALL, Choices
    from csmetrics_workbooks.kit.letterhead import SAMPLE_COMPANY, Letterhead

    from csmetrics_addin.writing import whole_file

    mapped, _ = map_company(recipe("scorecard"), company)
    shown, head = Choices(month, ALL, "month"), Letterhead(SAMPLE_COMPANY)
    with whole_file(path) as part:
        packed = BytesIO()
        build("scorecard", packed, data=mapped.frames, note=REMOVE_NOTE, choices=shown, letterhead=head)
        part.write_bytes(packed.getbuffer())


def _write_table(book: object, name: str, table: "pd.DataFrame") -> None:
    from csmetrics_addin.cells_out import put_column
    from csmetrics_core import CATALOG

    sheet = book.add_worksheet(name)  # type: ignore[attr-defined]
    headings = [{"header": heading} for heading in table.columns]
    called = (
        f"{name.capitalize()}_rows" if name.upper() in {m.excel_name for m in CATALOG.values()} else name.capitalize()
    )
    sheet.add_table(0, 0, len(table), len(headings) - 1, {"name": called, "columns": headings})
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(headings) - 1, 14)
    for place, heading in enumerate(table.columns):
        column = table[heading]
        style = None
        if column.dtype.kind == "M":
            has_time = bool((column.dropna().dt.normalize() != column.dropna()).any())
            style = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss" if has_time else "yyyy-mm-dd"})  # type: ignore[attr-defined]
        put_column(sheet, 1, place, column.tolist(), style)


def _say_what_next(company: Path, template: Path) -> None:
    terminal = screen()
    terminal.print(styled("Next", "bold"))
    steps = [
        (f"open {template}", "the same sixteen numbers as formulas that work with and without the add-in"),
        ("csmetrics scorecard YOUR.xlsx", "your own tables; headings are recognised in the usual synonyms"),
        (f'csmetrics compute NPS {company} --scores "responses!nps" --by "responses!segment"', "one metric by group"),
        ("csmetrics explain NPS", "what a metric is, and how to call it; csmetrics list shows them all"),
    ]
    if find_spec("csmetrics_addin.cli.commands.addin"):
        steps.append(("csmetrics addin --help", "=NPS(...) in Excel and LibreOffice"))
    for command, why in steps:
        terminal.print(Text.assemble(("  " + command, "bold cyan")), soft_wrap=True)
        terminal.print(styled(f"      {why}"))

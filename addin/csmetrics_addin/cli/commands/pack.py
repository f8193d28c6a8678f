"""`csmetrics pack FILE`: the board pack, a PDF of a company's figures."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from csmetrics_addin.cli import entrance
from csmetrics_addin.cli.printing import Company, Currency, PaperSize, check_paper
from csmetrics_addin.cli.terminal import BAD_DATA, Problem, plain, screen, styled, working

app = typer.Typer()
_HISTORY = 12


@app.command("pack")
@entrance.reads_files
def pack_of_files(
    files: Annotated[
        list[Path],
        typer.Argument(help="A workbook, CSV files, one a table, or a folder of exports.", show_default=False),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The PDF to write.")] = Path("pack.pdf"),
    company: Company = "",
    currency: Currency = "",
    paper: PaperSize = "a4",
    month: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m"], metavar="YYYY-MM", help="The month; by default the last one that is over."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    *,
    said: Any = None,
) -> None:
    """Write a board pack: cover, headlines, revenue, retention, voice, what moved and why, definitions, checks.

    It needs neither an office program nor a browser; the same files give the same bytes. What cannot be computed says
    what it needs, and the last page names what was left out, guessed or asked.
    """
    check_paper(paper)
    if out.exists() and not force:
        raise Problem(f"{plain(out)} is there already", "Give another name with --out, or say --force.")
    try:
        import matplotlib  # noqa: F401
    except ModuleNotFoundError:
        raise Problem("a pack is drawn by matplotlib", "Install it: pip install 'csmetrics[jupyter]'.") from None
    from csmetrics_addin.pack.pages import Pack, draw
    from csmetrics_addin.pack.paper import Paper, style
    from csmetrics_addin.writing import whole_file
    from csmetrics_core.scorecard import scorecard_of
    from csmetrics_core.version import __version__

    with working("Reading...") as step:
        reading = entrance.read_files(files, said)
        at = f"{month:%Y-%m}" if month else None
        card = scorecard_of(reading, month=at, months=_HISTORY, progress=lambda title: step(f"{title}..."))
        if not any(line.value is not None for line in card.lines):
            raise Problem("no metric could be computed", "csmetrics scorecard says what each needs.", code=BAD_DATA)
        step("Drawing...")
        made = Pack(reading, card, company.strip(), currency.strip() or reading.currency)
        foot = ", ".join(filter(None, (made.company, made.month, made.currency, f"csmetrics {__version__}")))
        with style(), whole_file(out, replace=force) as part:
            sheets = Paper(paper, foot)
            draw(made, sheets)
            sheets.save(part, f"{made.company or 'Customer success'}, {made.month}")
    screen().print(styled(f"{out}: {made.month}, {sum(line.value is not None for line in card.lines)} figures."))

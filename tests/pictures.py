"""Pictures of what a person sees: those of the README, and with --all every page in colour and in grey.

`make pictures` writes the README's into workbooks/pictures; `make contact-sheet` writes every page of every template
and of the board pack into contact-sheet/, which git ignores.
"""

import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from csmetrics_workbooks.build import TEMPLATES
from PIL import Image
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).parent.parent
PICTURES, SHEETS = ROOT / "workbooks" / "pictures", ROOT / "contact-sheet"
COMMAND = str(Path(sys.executable).with_name("csmetrics"))
_SHADES = 48  # enough for pages of few colours, and small files
#: Picture -> the document it is a page of, the page, and how much of its height is shown.
README = {"headlines": ("pack", 2, 1), "revenue": ("pack", 3, 1), "scorecard-template": ("scorecard", 1, 0.9)}


def main(every: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        documents = _documents(Path(folder), TEMPLATES if every else ("scorecard",))
        if every:
            _contact_sheets(documents)
        else:
            _for_readme(documents, Path(folder))


def _documents(folder: Path, templates: tuple[str, ...]) -> dict[str, Path]:
    """Templates and the pack of the sample company as PDF files."""
    _run(COMMAND, "demo", "--out", folder / "demo")
    company = folder / "demo" / "sample-company.xlsx"
    _run(COMMAND, "pack", company, "--company", "Sample company", "--out", folder / "pack.pdf")
    for name in templates:
        office = ("soffice", f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless")
        _run(*office, "--convert-to", "pdf", "--outdir", folder, ROOT / "workbooks" / f"{name}.xlsx")
    return {name: folder / f"{name}.pdf" for name in ("pack", *templates)}


def _for_readme(documents: dict[str, Path], folder: Path) -> None:
    PICTURES.mkdir(exist_ok=True)
    for name, (document, page, height) in README.items():
        picture = _pages(documents[document], 90, page)[0]
        picture.crop((0, 0, picture.width, round(height * picture.height))).quantize(_SHADES).save(
            PICTURES / f"{name}.png", optimize=True
        )
    company = folder / "demo" / "sample-company.xlsx"
    (PICTURES / "terminal.svg").write_text(_terminal("csmetrics scorecard company.xlsx", company), encoding="utf-8")


def _terminal(title: str, company: Path) -> str:
    """What the command shows, its first lines, as a drawing that loads nothing."""
    shown = _run(COMMAND, "scorecard", company, COLUMNS="80", FORCE_COLOR="1", TERM="xterm-256color")
    console = Console(record=True, width=80, file=io.StringIO())
    console.print(Text("\n").join(Text.from_ansi(shown).split("\n")[:21]))
    plain = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    return console.export_svg(title=title, code_format=plain, unique_id="scorecard")


def _contact_sheets(documents: dict[str, Path]) -> None:
    """Every page of a document beside each other, in colour and in grey."""
    shutil.rmtree(SHEETS, ignore_errors=True)
    SHEETS.mkdir()
    for name, path in documents.items():
        pages = _pages(path, 60)
        width, height = max(page.width for page in pages), max(page.height for page in pages)
        across = min(3, len(pages))
        sheet = Image.new("RGB", (width * across, height * -(-len(pages) // across)), "white")
        for number, page in enumerate(pages):
            sheet.paste(page, (number % across * width, number // across * height))
        sheet.save(SHEETS / f"{name}.png")
        sheet.convert("L").save(SHEETS / f"{name}-grey.png")


def _pages(path: Path, dots: int, page: int | None = None) -> list[Image.Image]:
    """Pages of a PDF file as pictures."""
    with tempfile.TemporaryDirectory() as folder:
        only = ("-f", page, "-l", page) if page else ()
        _run("pdftoppm", "-r", dots, *only, "-png", path, Path(folder) / "page")
        return [Image.open(io.BytesIO(one.read_bytes())).convert("RGB") for one in sorted(Path(folder).iterdir())]


def _run(*words: object, **settings: str) -> str:
    done = subprocess.run(
        list(map(str, words)), check=True, capture_output=True, text=True, env={**os.environ, **settings}
    )
    return done.stdout


if __name__ == "__main__":
    main("--all" in sys.argv)

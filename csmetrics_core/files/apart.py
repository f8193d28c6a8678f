"""A workbook's cells by calamine; old and rare kinds of file in a process of their own, with bounds on memory and time.

Run as a script it is that process. What a broken file can make of a reader written in Rust, a panic or memory without
end, cannot be caught by who called it.
"""

# The process needs nothing of ours, which would take longer to import than most files to read.
import io
import os
import pickle
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

if __name__ == "__main__":
    sys.path.append(sys.argv[1])  # where calamine stands, which whoever starts the process knows

import python_calamine

MOST_MEMORY, MOST_SECONDS = 6 * 2**30, 120
#: Of one sheet, counted as the rectangle from its first to its last cell.
MOST_CELLS = 20_000_000


class Cells(NamedTuple):
    """What a workbook holds.

    Args:
        names: of its worksheets.
        sheets: of each that was asked for: its name, its rows, and the first row and column with a value.
        tables: of .xlsx files, each Excel table: its name, its sheet, headings, first place and last place.
    """

    names: list[str]
    sheets: list[tuple[str, list[list[Any]], int, int]]
    tables: list[tuple[str, str, list[str], tuple[int, int] | None, tuple[int, int] | None]]


def cells(content: Any, only: str | None, *, with_tables: bool = False) -> Cells:
    """The cells of a workbook's sheets, or of one of them.

    Args:
        content: the path of a file, or an open one.
        only: a sheet's name.
        with_tables: whether the file tells of Excel tables.
    """
    with python_calamine.load_workbook(content, load_tables=with_tables) as book:
        kind = python_calamine.SheetTypeEnum.WorkSheet
        names = [sheet.name for sheet in book.sheets_metadata if sheet.typ is kind]
        known = [(name, book.get_table_by_name(name)) for name in (book.table_names if with_tables else None) or ()]
        tables = [(name, one.sheet, list(one.columns or ()), one.start, one.end) for name, one in known]
        sheets = []
        for name in names:
            if only in (None, name):
                sheet = book.get_sheet_by_name(name)
                if sheet.height * sheet.width > MOST_CELLS:
                    raise ValueError(f"sheet {name} holds more than {MOST_CELLS:,} cells")
                sheets.append((name, sheet.to_python(), *(sheet.start or (0, 0))))
    return Cells(names, sheets, tables)


def cells_apart(content: Path | io.BytesIO, only: str | None, *, with_tables: bool = False) -> Cells:
    """The same, read in a process of its own.

    Raises:
        CalamineError, PasswordError, ZipError: as in this process.
        ValueError: it took too much memory or time, or lost its way.
    """
    given = content.read() if isinstance(content, io.BytesIO) else b""
    path = "" if isinstance(content, io.BytesIO) else str(content.resolve())
    packages = str(Path(python_calamine.__file__).parent.parent)
    try:
        done = subprocess.run(
            [sys.executable, "-P", __file__, packages, path, "tables" * with_tables, *([only] if only else [])],
            input=given, capture_output=True, check=False, timeout=MOST_SECONDS, cwd=tempfile.gettempdir(),
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise ValueError(f"reading it takes more than {MOST_SECONDS} seconds") from None
    if done.returncode or not done.stdout:
        raise ValueError("its parts contradict each other")
    fault, found = pickle.loads(done.stdout)  # our own process wrote it
    if fault:
        raise getattr(python_calamine, fault, ValueError)(found)
    return Cells(*found)


def _main(packages: str, path: str, tables: str, only: str | None = None) -> None:
    said: tuple[str, Any]
    try:
        said = "", tuple(cells(path or io.BytesIO(sys.stdin.buffer.read()), only, with_tables=bool(tables)))
    except (python_calamine.CalamineError, OSError, ValueError, KeyError) as error:
        said = type(error).__name__, str(error)
    sys.stdout.buffer.write(pickle.dumps(said))


def _bounded() -> None:
    """Ask the system to end this process rather than give it all there is; Windows gives no more than it has."""
    if os.name != "nt":
        import resource

        for what, most in ((resource.RLIMIT_AS, MOST_MEMORY), (resource.RLIMIT_CPU, MOST_SECONDS)):
            resource.setrlimit(what, (most, resource.getrlimit(what)[1]))


if __name__ == "__main__":
    _bounded()
    _main(*sys.argv[1:])

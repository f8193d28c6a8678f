"""Whatever a person has, opened as grids of cells: paths, folders, uploaded bytes, frames, or a mapping of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from csmetrics_core.errors import MetricError, WrongKind
from csmetrics_core.files.budget import check_bytes
from csmetrics_core.files.frames import frame_grid, is_frame, read_parquet
from csmetrics_core.files.grids import Grid, UnreadableFile
from csmetrics_core.files.saying import Place, Said
from csmetrics_core.files.text import read_text
from csmetrics_core.files.workbooks import read_workbook

#: Endings of the files that are read.
TEXT_ENDINGS = frozenset((".csv", ".tsv", ".txt"))
WORKBOOK_ENDINGS = frozenset((".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"))
PARQUET_ENDINGS = frozenset((".parquet", ".pq"))
ENDINGS = TEXT_ENDINGS | WORKBOOK_ENDINGS | PARQUET_ENDINGS


@dataclass
class Opened:
    """What was opened.

    Args:
        grids: one a sheet, text file or frame.
        refused: file -> why it was not opened.
    """

    grids: list[Grid] = field(default_factory=list)
    refused: dict[str, MetricError] = field(default_factory=dict)


def open_sources(source: Any, said: Said | None = None) -> Opened:
    """Open files, folders, uploads and frames as cells, without asking what they mean.

    Args:
        source: a path of a file or folder; a frame; several of these; or a mapping of names to paths, to the bytes of
            files, or to frames. What was opened already is taken as it is.
        said: what the files cannot say about themselves, such as their encoding.

    Returns:
        The cells, and the files that could not be opened, each with its reason. Of a folder the files in it are
        opened and not those of folders in it.

    Raises:
        UnreadableFile: a path leads nowhere, or a folder holds nothing to read.

    Example:
        >>> open_sources({"answers.csv": b"Score;Date\\n9;2026-08-31\\n"}).grids[0].rows
        [['Score', 'Date'], ['9', '2026-08-31']]
    """
    if isinstance(source, Opened):
        return source
    opened = Opened()
    for name, one in _named(source):
        try:
            opened.grids += _open(name, one, said or Said())
        except UnreadableFile as error:
            opened.refused[name] = error
    return opened


def open_file(name: str, content: Path | bytes, said: Said) -> list[Grid]:
    """The sheets of one file.

    Raises:
        UnreadableFile: it is empty, cut, locked, too large or of another kind.
    """
    ending = Path(name).suffix.lower()
    if ending not in ENDINGS:
        raise UnreadableFile(f"{name} is not a table this package reads", f"Save it as one of {_endings()}.")
    if isinstance(content, Path) and not content.is_file():
        raise UnreadableFile(f"there is no file {name}", "Check the path.")
    size = content.stat().st_size if isinstance(content, Path) else len(content)
    if not size:
        raise UnreadableFile(f"{name} is empty", "Export it again.")
    check_bytes(name, size)
    if ending in WORKBOOK_ENDINGS:
        return read_workbook(name, content, said.about("sheet", Place(name)))
    if ending in PARQUET_ENDINGS:
        return [frame_grid(read_parquet(name, content), name)]
    return [read_text(name, content.read_bytes() if isinstance(content, Path) else content, said)]


def _open(name: str, one: Any, said: Said) -> list[Grid]:
    return open_file(name, one, said) if isinstance(one, Path | bytes) else [frame_grid(one, sheet=name)]


def _named(source: Any) -> Iterator[tuple[str, Any]]:
    """Each file or frame with what it is called."""
    if isinstance(source, str | Path):
        for path in _files(Path(source)):
            yield path.name, path
    elif is_frame(source):
        yield "table", source
    elif isinstance(source, Mapping):
        for name, one in source.items():
            if isinstance(one, str | Path):
                yield from ((path.name, path) for path in _files(Path(one)))
            else:
                yield str(name), _content(str(name), one)
    elif isinstance(source, Sequence) and not isinstance(source, bytes):
        for one in source:
            yield from _named(one)
    else:
        problem = f"{type(source).__name__} is nothing tables are read from"
        raise WrongKind(problem, "Give a path, a frame, or a mapping of names to paths, bytes or frames.")


def _content(name: str, one: Any) -> Any:
    if isinstance(one, bytes | bytearray | memoryview):
        return bytes(one)
    if is_frame(one):
        return one
    problem = f"{name} is a {type(one).__name__}"
    raise WrongKind(problem, "Give a path, the bytes of a file, a frame, or a mapping of headings to cells.")


def _files(root: Path) -> list[Path]:
    if not root.is_dir():
        return [root]
    readable = [file for file in sorted(root.iterdir()) if file.suffix.lower() in ENDINGS and file.name[0] not in ".~"]
    if not readable:
        raise UnreadableFile(f"{root.name} holds no file that can be read", f"Endings read: {_endings()}.")
    return readable


def _endings() -> str:
    return ", ".join(sorted(ENDINGS))

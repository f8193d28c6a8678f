"""Classic xlwings on Windows: the add-in workbook csmetrics.xlam, and its place on the disk."""

import os
import re
import struct
import sys
import zipfile
from contextlib import suppress
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

from csmetrics_addin.hosts import vba
from csmetrics_addin.writing import write_whole
from csmetrics_core.version import __version__

ADDIN_NAME = "csmetrics.xlam"
PROJECT = "csmetrics"
_SOURCE = "quickstart_addin_ribbon.xlam"
#: Visual Basic reads text files in Windows' own code page.
CONFIGURATION_ENCODING = "mbcs" if os.name == "nt" else "utf-8"
_FIXED_TIME = (2020, 1, 1, 0, 0, 0)  # the same build is the same file
_PROJECT_NAME = 4  # the record of a project's directory that holds its name
#: What Python runs, started by itself: within cmd.exe /K, as xlwings has it, a server that ended would never be
#: started again. Nothing is imported from the folder Excel happens to be in.
_SERVE = "-B -P -c \"from csmetrics_addin.hosts.server import serve; serve('$(CLSID)')\""
_COMMAND = re.compile(r"Function XLPyCommand\(\)\r?\n.*?\r?\nEnd Function", re.DOTALL)
_TRUSTING = ('If source = "" Or source = "sheet" Then', 'If source = "" Or source = "directory" Then')


def build(target: Path) -> Path:
    """Write the add-in workbook; it belongs to the version of xlwings installed, whose library it calls by name.

    Raises:
        ImportError: where xlwings or pyOpenVBA is missing.
        ValueError: where the result is not a sound Visual Basic project.
    """
    from pyopenvba import ExcelFile

    with TemporaryDirectory() as folder:
        half_made, made = Path(folder) / f"half-{ADDIN_NAME}", Path(folder) / ADDIN_NAME
        with ExcelFile(str(files("xlwings") / _SOURCE)) as book:
            project = book.vba_project()
            book.set_module("xlwings", _own_project(book.get_module("xlwings")))
            book.set_module("ThisWorkbook", book.get_module("ThisWorkbook").rstrip() + vba.on_open())
            project.delete_module("RibbonMyAddin")
            for name, text in vba.modules().items():
                project.add_module(name, text)
            book.save(str(half_made))
        _with_own_parts(half_made, made)
        with ExcelFile(str(made)) as book:
            problems = book.validate()
            if problems or book.vba_project().name != PROJECT:
                raise ValueError(f"{ADDIN_NAME} is not sound: {'; '.join(problems) or 'its project is not ours'}")
        write_whole(target, made.read_bytes())
    return target


def _own_project(source: str) -> str:
    """xlwings' module with our project name; a workbook does not get to choose which program Python is."""
    text = _replaced(source, 'PROJECT_NAME As String = "myaddin"', f'PROJECT_NAME As String = "{PROJECT}"')
    for layer in _TRUSTING:
        text = _replaced(text, layer, layer.replace('source = "" Or ', ""))
    if len(_COMMAND.findall(text)) != 1:
        raise ValueError("this version of xlwings is not known: it has another XLPyCommand")
    text = _COMMAND.sub(lambda _: vba.command(_SERVE), text)
    first = '#Const App = "Microsoft Excel" \'Adjust when using outside of Excel'
    return _replaced(text, first, f"{first}\r\nOption Private Module")


def _replaced(text: str, old: str, new: str) -> str:
    if text.count(old) != 1:
        raise ValueError(f"this version of xlwings is not known: {old!r} is there {text.count(old)} times")
    return text.replace(old, new)


def _with_own_parts(source: Path, target: Path) -> None:
    """Our ribbon and names, nothing of the computer the original was saved on, and fixed times."""
    ribbon = (files("csmetrics_addin.hosts") / "data" / "ribbon.xml").read_text(encoding="utf-8")
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "customUI/customUI.xml":
                data = ribbon.encode()
            elif name == "xl/vbaProject.bin":
                data = _with_own_project_name(data)
            elif name == "xl/workbook.xml":
                data = re.sub(rb"<mc:AlternateContent.*?</mc:AlternateContent>", b"", data, flags=re.DOTALL)
                data = data.replace(b"_myaddin.conf", f"_{PROJECT}.conf".encode())
            elif name == "docProps/core.xml":
                data = re.sub(rb"(<dc:creator>|<cp:lastModifiedBy>)[^<]*", rb"\1" + PROJECT.encode(), data)
                data = data.replace(b"<dc:title />", f"<dc:title>{PROJECT} {__version__}</dc:title>".encode())
            new.writestr(zipfile.ZipInfo(name, _FIXED_TIME), data, zipfile.ZIP_DEFLATED)


def _with_own_project_name(binary: bytes) -> bytes:
    """The name the Visual Basic editor shows; it stands in the list of the project and in its directory."""
    from pyopenvba.cfb import CFB
    from pyopenvba.vba import compress, decompress

    project, old, new = CFB.from_bytes(binary), b"MyAddin", PROJECT.encode()
    directory = decompress(project.get_stream_in_storage("VBA", "dir"), stream_name="VBA/dir")
    named = [struct.pack("<HI", _PROJECT_NAME, len(name)) + name for name in (old, new)]
    project.write_stream_in_storage("VBA", "dir", compress(directory.replace(*named)))
    project.write_stream("PROJECT", project.get_stream("PROJECT").replace(b'Name="%b"' % old, b'Name="%b"' % new))
    made: bytes = project.to_bytes()
    return made


def command(interpreter: str, restarts: int = 0) -> str:
    """The command line that starts our Python, another for each start."""
    return f'"{interpreter}" {_SERVE} {restarts}'


@dataclass(frozen=True)
class Places:
    """Where the pieces lie on this computer."""

    addin: Path
    configuration: Path

    @classmethod
    def of_this_user(cls) -> "Places":
        """Where Excel looks for add-ins, and where the add-in looks for its configuration."""
        home = Path(os.environ.get("USERPROFILE", Path.home()))
        roaming = Path(os.environ.get("APPDATA", home / "AppData" / "Roaming"))
        start = roaming / "Microsoft" / "Excel" / "XLSTART"
        return cls(start / ADDIN_NAME, home / f".{PROJECT}" / f"{PROJECT}.conf")


def configuration(interpreter: str = sys.executable) -> str:
    """The settings the add-in reads: which Python, and that folders of workbooks are no place to import from."""
    settings = {
        "INTERPRETER_WIN": interpreter,
        "UDF MODULES": "csmetrics_addin.functions",
        "ADD_WORKBOOK_TO_PYTHONPATH": "False",
    }
    return "".join(f'"{name}","{value}"\r\n' for name, value in settings.items())


def install(places: Places, *, dry_run: bool = False) -> list[str]:
    """Put the add-in and its configuration in place; doing it twice changes nothing more.

    Returns:
        What was done, or would be, a sentence each.
    """
    with TemporaryDirectory() as folder:
        built = build(Path(folder) / ADDIN_NAME).read_bytes()
    wanted = {places.configuration: configuration().encode(CONFIGURATION_ENCODING), places.addin: built}
    before = {path: path.read_bytes() if path.is_file() else None for path in wanted}
    try:
        said = [_put(path, content, dry_run) for path, content in wanted.items()]
    except OSError:
        _undo(before)
        raise
    return said if dry_run else [*said, "Restart Excel: the functions and the csmetrics tab are there."]


def _put(path: Path, content: bytes, dry_run: bool) -> str:
    if path.is_file() and path.read_bytes() == content:
        return f"{path} is up to date."
    verb = "replace" if path.exists() else "write"
    if dry_run:
        return f"Would {verb} {path}."
    write_whole(path, content)
    return f"{'Replaced' if verb == 'replace' else 'Wrote'} {path}."


def _undo(before: dict[Path, bytes | None]) -> None:
    """Both files as they were: one without the other would answer nothing."""
    for path, content in before.items():
        with suppress(OSError):
            if content is None:
                path.unlink(missing_ok=True)
            elif path.read_bytes() != content:
                write_whole(path, content)


def uninstall(places: Places, *, dry_run: bool = False) -> list[str]:
    """Take the add-in and its configuration away.

    Returns:
        What was done, or would be, a sentence each.
    """
    done = []
    for path in (places.addin, places.configuration):
        if not path.exists():
            done.append(f"{path} is not there.")
        elif dry_run:
            done.append(f"Would remove {path}.")
        else:
            path.unlink()
            done.append(f"Removed {path}.")
    if not dry_run:
        with suppress(OSError):  # others may have put something into it
            places.configuration.parent.rmdir()
    return done

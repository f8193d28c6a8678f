"""What each host needs on this computer, whether it is there, and the one command that mends it."""

import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from csmetrics_addin.hosts import classic, extension, libreoffice, lite
from csmetrics_core import CATALOG
from csmetrics_core.version import __version__

HOSTS = {"excel": "Excel for Windows", "lite": "Excel with xlwings Lite", "libreoffice": "LibreOffice Calc"}
#: Microsoft Defender's rule "Block all Office applications from creating child processes".
CHILD_PROCESSES = "d4f940ab-401b-4efc-aadc-ad5f3c50688a"
_POLICIES = r"SOFTWARE\Policies\Microsoft\Windows Defender"
_DLL = re.compile(r'"(xlwings(?:32|64)-[\w.]+\.dll)"')


@dataclass(frozen=True)
class Check:
    """One thing looked at.

    Args:
        host: what it matters for.
        what: what was looked at.
        good: whether it is as it should be; None where the host is not in use on this computer.
        found: what was found, in words.
        mend: the command that mends it, or brings it.
    """

    host: str
    what: str
    good: bool | None
    found: str
    mend: str = ""


def checks() -> Iterator[Check]:
    """Look at everything, one after the other."""
    yield Check("csmetrics", "version", True, f"{__version__}, {len(CATALOG)} functions")
    enough = sys.version_info >= (3, 11)
    yield Check("csmetrics", "Python", enough, f"{sys.version.split()[0]} at {sys.executable}")
    yield from _excel() if sys.platform == "win32" else _no_excel()
    yield from _lite()
    yield from _libreoffice()


def _no_excel() -> Iterator[Check]:
    here = "macOS: use xlwings Lite" if sys.platform == "darwin" else "this system: use LibreOffice"
    yield Check(HOSTS["excel"], "system", None, f"the Windows add-in does not run on {here}")


def _excel() -> Iterator[Check]:
    host, places = HOSTS["excel"], classic.Places.of_this_user()
    yield _package(host, "xlwings", 'pip install "csmetrics[excel]"')
    yield _package(host, "pywin32", "pip install pywin32")
    yield from installed_addin(places, Path(sys.prefix))
    yield may_start_python(_defender_rules())


def _defender_rules() -> dict[str, str]:
    """The rules for Office that a policy sets on this computer, with their values; whoever set them."""
    if sys.platform != "win32":
        return {}
    import winreg

    found: dict[str, str] = {}
    with suppress(OSError):  # by group policy, each rule is a value
        key = winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, rf"{_POLICIES}\Windows Defender Exploit Guard\ASR\Rules")
        for place in range(winreg.QueryInfoKey(key)[1]):
            name, value, _ = winreg.EnumValue(key, place)
            found[name.strip("{}").lower()] = str(value)
    with suppress(OSError):  # by device management, all rules are one value
        key = winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, rf"{_POLICIES}\Policy Manager")
        for rule in str(winreg.QueryValueEx(key, "ASRRules")[0]).split("|"):
            name, _, value = rule.partition("=")
            found[name.strip("{} ").lower()] = value.strip()
    return found


def may_start_python(rules: Mapping[str, str]) -> Check:
    """Whether Excel may start Python, which is a program beside it."""
    host, value = HOSTS["excel"], rules.get(CHILD_PROCESSES, "0")
    if value == "1":
        found = (
            "Microsoft Defender's rule against child processes of Office stops Excel from starting Python. "
            "Ask whoever looks after this computer to exclude Excel from it, or take a workbook that needs no Python"
        )
        return Check(host, "Defender", False, found, "csmetrics workbook new scorecard --host lite")
    words = {
        "2": "Defender writes down that Excel starts Python, and lets it",
        "6": "Defender asks, and may be told yes",
    }
    return Check(host, "Defender", True, words.get(value, "no policy seen that stops Excel from starting Python"))


def installed_addin(places: classic.Places, python: Path) -> Iterator[Check]:
    """Look at the add-in where it lies, the library it calls and its configuration.

    Args:
        places: where add-in and configuration should be.
        python: the folder of the Python that is to answer, beside which xlwings puts its library.
    """
    host, again = HOSTS["excel"], "csmetrics addin install"
    if not places.addin.is_file():
        yield Check(host, "add-in", False, f"not at {places.addin}", again)
        return
    yield Check(host, "add-in", True, str(places.addin))
    wanted = dll_names(places.addin)
    present = [name for name in wanted if (python / name).is_file() or (python / "Scripts" / name).is_file()]
    if present:
        yield Check(host, "library", True, f"{', '.join(present)} beside Python")
    else:
        fits = any(_version_of("xlwings") in name for name in wanted)
        found = f"the add-in calls {' or '.join(wanted)}, which is not beside Python"
        yield Check(host, "library", False, found, "pip install --force-reinstall xlwings" if fits else again)
    yield _configured(places.configuration)


def _configured(path: Path) -> Check:
    host, again = HOSTS["excel"], "csmetrics addin install"
    if not path.is_file():
        return Check(host, "configuration", False, f"not at {path}", again)
    named = re.search(
        r'"INTERPRETER_WIN","([^"]*)"', path.read_text(encoding=classic.CONFIGURATION_ENCODING, errors="replace")
    )
    interpreter = named[1] if named else ""
    if not Path(interpreter).is_file():
        return Check(host, "configuration", False, f"{path} names a Python that is not there: {interpreter}", again)
    return Check(host, "configuration", True, f"{path} names {interpreter}")


def dll_names(addin: Path) -> list[str]:
    """The libraries of xlwings an add-in workbook calls; their names carry a version."""
    from pyopenvba import ExcelFile

    with ExcelFile(str(addin)) as book:
        return sorted(set(_DLL.findall(book.get_module("xlwings"))))


def _lite() -> Iterator[Check]:
    host = HOSTS["lite"]
    size = len(lite.main_code()) // 1024
    yield Check(host, "workbooks", True, f"carry the functions themselves ({size} KB); only the free add-in is needed")


def _libreoffice() -> Iterator[Check]:
    host, office = HOSTS["libreoffice"], libreoffice.Office.found()
    if office is None:
        yield Check(host, "program", None, "LibreOffice is not on this computer")
        return
    yield Check(host, "program", True, office.unopkg[-1])
    python = office.ask_python("import sys, uno; print(sys.version.split()[0], 'at', sys.executable)")
    if not python:
        mend = "apt-get install python3-uno" if sys.platform == "linux" else "install LibreOffice with its Python"
        yield Check(host, "Python", False, "LibreOffice has no Python it can use", mend)
        return
    yield Check(host, "Python", True, python)
    try:
        in_use = libreoffice.is_installed(office)
    except OSError as refused:
        yield Check(host, "extension", False, str(refused))
        return
    missing = office.missing(libreoffice.usable_packages(office))
    if missing:
        mend = " ".join(libreoffice.fetch_command(office))
        found = f"its Python cannot import {', '.join(missing)}"
        yield Check(host, "packages", False if in_use else None, found, mend)
    else:
        yield Check(host, "packages", True, "all found")
    if in_use:
        yield Check(host, "extension", True, f"{extension.EXTENSION_NAME} is installed")
    else:
        mend = "csmetrics addin install --host libreoffice"
        yield Check(host, "extension", None, f"{extension.EXTENSION_NAME} is not installed", mend)


def _version_of(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _package(host: str, package: str, mend: str) -> Check:
    found = _version_of(package)
    return Check(host, package, bool(found), found or "not installed", mend)

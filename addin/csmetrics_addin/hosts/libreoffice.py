"""LibreOffice Calc: finding it, and putting our extension into it."""

import os
import re
import shutil
import sys
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from csmetrics_addin.hosts import wheel
from csmetrics_addin.hosts.extension import EXTENSION_NAME, IDENTIFIER, build
from csmetrics_addin.hosts.programs import PYTHON, find, run
from csmetrics_addin.writing import write_whole
from csmetrics_core.version import __version__

_USUAL_PLACES = (
    "/usr/lib/libreoffice/program/unopkg",
    "/Applications/LibreOffice.app/Contents/MacOS/unopkg",
    f"{os.environ.get('PROGRAMFILES', '')}/LibreOffice/program/unopkg.com",
)


#: How its program tells of a failure that it does not count as one.
_FAILED = re.compile(r"bad_alloc|terminate called|^ERROR|Exception", re.MULTILINE)


def own_packages() -> tuple[str, ...]:
    """The folders this Python imports the needed packages from."""
    found = [find_spec(module) for module in wheel.REQUIREMENTS.values()]
    folders = [Path(spec.origin).parent.parent for spec in found if spec is not None and spec.origin]
    return tuple(dict.fromkeys(str(folder) for folder in folders))


@dataclass(frozen=True)
class Office:
    """A LibreOffice on this computer: its program that adds extensions, and its Python."""

    unopkg: tuple[str, ...]
    python: tuple[str, ...]

    @classmethod
    def found(cls) -> "Office | None":
        """The LibreOffice on this computer, if there is one."""
        unopkg = find("unopkg") or next(filter(_is_file, _USUAL_PLACES), None)
        if unopkg is None:
            return None
        program = Path(unopkg).resolve().parent
        bundled = (program / "python.exe", program / "python", program.parent / "Resources" / "python")
        python = next(filter(_is_file, map(str, bundled)), None) or shutil.which("python3", path="/usr/bin")
        return cls((unopkg,), (python or "python3",))

    def ask_python(self, code: str) -> str:
        """Run some lines in LibreOffice's Python and give what they print; nothing where they fail."""
        try:
            done = run([*self.python, "-c", code])
        except OSError:  # no such program
            return ""
        return done.stdout.strip() if done.returncode == 0 else ""

    def missing(self, folders: tuple[str, ...]) -> list[str]:
        """The packages LibreOffice's Python cannot import, given folders to look in beside its own."""
        tried = (
            f"import sys, importlib\nsys.path[:0] = {list(folders)!r}\n"
            f"for package, module in {wheel.REQUIREMENTS!r}.items():\n"
            "    try: importlib.import_module(module)\n    except ImportError: print(package)\nprint('done')"
        )
        answer = self.ask_python(tried).split()
        return answer[:-1] if answer else list(wheel.REQUIREMENTS)


def _is_file(path: str) -> bool:
    return Path(path).is_file()


def packages_folder() -> Path:
    """Where packages for LibreOffice's own Python go when this Python's do not fit it."""
    home = Path(os.environ.get("APPDATA", Path.home() / ".local" / "share"))
    return home / "csmetrics" / "libreoffice"


def kept_extension() -> Path:
    """Where a copy stands of the extension that LibreOffice took last, to be given back where a newer one fails."""
    return packages_folder().with_name(EXTENSION_NAME)


def usable_packages(office: Office) -> tuple[str, ...]:
    """Folders whose packages fit LibreOffice's Python: this one's, if both are one version, and the one kept for it."""
    version = office.ask_python("import sys; print(*sys.version_info[:2])")
    ours = own_packages() if version == "{} {}".format(*sys.version_info[:2]) else ()
    return (*ours, str(packages_folder()))


def fetch_command(office: Office) -> list[str]:
    """The command that gets the packages LibreOffice's Python needs, without needing pip there."""
    version = office.ask_python("import sys; print('{}.{}'.format(*sys.version_info[:2]))") or "3.11"
    folder = str(packages_folder())
    wanted = [*PYTHON, "-m", "pip", "install", "--upgrade", "--only-binary=:all:", "--python-version", version]
    return [*wanted, "--target", folder, *wheel.REQUIREMENTS]


def install(office: Office, profile: Path | None = None, *, dry_run: bool = False) -> list[str]:
    """Put the extension into LibreOffice, replacing an older one.

    Args:
        office: which LibreOffice.
        profile: the folder of another user profile than the usual one.
        dry_run: only say what would be done.

    Returns:
        What was done, or would be, a sentence each.

    Raises:
        OSError: with LibreOffice's own words, where it refuses, or says nothing and has done nothing.
    """
    folders = usable_packages(office)
    said = [f"LibreOffice will import packages from {', '.join(folders)}."]
    if missing := office.missing(folders):
        said.append(f"Its Python still lacks {', '.join(missing)}: run csmetrics addin doctor.")
    if dry_run:
        return [*said, f"Would add {EXTENSION_NAME} with {office.unopkg[-1]}."]
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # LibreOffice may run as somebody else
        extension = build(Path(folder) / EXTENSION_NAME, folders)
        add(office, extension, profile, before=None if profile else kept_extension())
        if not profile:
            kept_extension().parent.mkdir(parents=True, exist_ok=True)
            write_whole(kept_extension(), extension.read_bytes())
    return [*said, f"Added {EXTENSION_NAME} {__version__}. Restart LibreOffice."]


def add(office: Office, extension: Path, profile: Path | None = None, before: Path | None = None) -> None:
    """Give LibreOffice an extension file, and see that it has it: its program may fail and say nothing of it.

    Args:
        office, extension, profile: which one, the file, and the folder of another user profile than the usual one.
        before: a copy of the version it has, which a failing program may take away before it adds the newer one.

    Raises:
        OSError: it has not; an extension half added is taken out again, and the one before given back.
    """
    was_there = is_installed(office, profile)
    said = ""
    try:
        said = _unopkg(office, profile, "add", "--force", str(extension))
        if is_installed(office, profile):
            return
        raise OSError(f"LibreOffice has not taken the extension: {said.strip() or 'it said nothing'}")
    except OSError as error:
        if not was_there:
            with suppress(OSError):
                _unopkg(office, profile, "remove", IDENTIFIER)
        elif not _given_back(office, profile, before):
            gone = "The version it had is gone too: install it again once LibreOffice works."
            raise OSError(f"{error}. {gone}") from error
        raise


def _given_back(office: Office, profile: Path | None, before: Path | None) -> bool:
    """Whether LibreOffice still has the version before, or takes it again."""
    with suppress(OSError):
        if is_installed(office, profile):
            return True
        if before is not None and before.is_file():
            _unopkg(office, profile, "add", "--force", str(before))
        return is_installed(office, profile)
    return False


def uninstall(office: Office, profile: Path | None = None, *, dry_run: bool = False) -> list[str]:
    """Take the extension out of LibreOffice."""
    if not is_installed(office, profile):
        return [f"{EXTENSION_NAME} is not installed."]
    if dry_run:
        return [f"Would remove {EXTENSION_NAME}."]
    _unopkg(office, profile, "remove", IDENTIFIER)
    if not profile:
        kept_extension().unlink(missing_ok=True)
    return [f"Removed {EXTENSION_NAME}. Restart LibreOffice."]


def is_installed(office: Office, profile: Path | None = None) -> bool:
    """Whether LibreOffice has the extension."""
    return IDENTIFIER in _unopkg(office, profile, "list")


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _unopkg(office: Office, profile: Path | None, *words: str) -> str:
    where = [f"-env:UserInstallation={profile.resolve().as_uri()}"] if profile else []
    # LibreOffice lets the administrator of a computer install for all its users only.
    shared = ["--shared"] if office.unopkg[0] == find("unopkg") and _is_root() else []
    command = [*office.unopkg, words[0], *shared, *where, *words[1:]]
    done = run(command)
    if done.returncode or _FAILED.search(done.stderr):
        why = (done.stderr or done.stdout).strip() or f"it ended with {done.returncode}"
        raise OSError(f"LibreOffice refused: {why}")
    return done.stdout

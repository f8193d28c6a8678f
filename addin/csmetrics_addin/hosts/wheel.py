"""The package's own wheel, made from the installed files: hosts carry it, so that nothing must be published first."""

import base64
import hashlib
import io
import zipfile
from importlib.resources import files
from importlib.resources.abc import Traversable

from csmetrics_core.version import __version__

#: What the functions themselves import, package and module; everything else of csmetrics serves other doors.
REQUIREMENTS = {
    "docstring-parser": "docstring_parser",
    "numpy": "numpy",
    "pandas": "pandas",
    "scikit-learn": "sklearn",
    "scipy": "scipy",
    "vaderSentiment": "vaderSentiment",
}
_LEFT_OUT = ("__pycache__", "accessor.py", "company", "files", "samples", "scorecard.py", "tables")
_OF_THE_ADDIN = ("__init__.py", "cells.py", "functions.py", "lite_scripts.py", "slots.py", "spelling.py")
_FIXED_TIME = (2020, 1, 1, 0, 0, 0)
_INFO = f"csmetrics-{__version__}.dist-info"


def file_name() -> str:
    """The wheel's name, as the standard has it."""
    return f"csmetrics-{__version__}-py3-none-any.whl"


def build() -> bytes:
    """The functions as a pure wheel; Python imports from it as it is."""
    contents = dict(_files(files("csmetrics_core"), "csmetrics_core"))
    contents |= {f"csmetrics_addin/{name}": (files("csmetrics_addin") / name).read_bytes() for name in _OF_THE_ADDIN}
    requires = "".join(f"Requires-Dist: {name}\n" for name in REQUIREMENTS)
    contents[f"{_INFO}/METADATA"] = (
        f"Metadata-Version: 2.1\nName: csmetrics\nVersion: {__version__}\nRequires-Python: >=3.11\n{requires}"
    ).encode()
    contents[f"{_INFO}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: csmetrics\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    record = "".join(f"{name},sha256={_digest(data)},{len(data)}\n" for name, data in contents.items())
    contents[f"{_INFO}/RECORD"] = f"{record}{_INFO}/RECORD,,\n".encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data in contents.items():
            archive.writestr(zipfile.ZipInfo(name, _FIXED_TIME), data, zipfile.ZIP_DEFLATED, 9)
    return packed.getvalue()


def _files(folder: Traversable, path: str) -> list[tuple[str, bytes]]:
    found = []
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if entry.name in _LEFT_OUT:
            continue
        name = f"{path}/{entry.name}"
        if entry.is_dir():
            found += _files(entry, name)
        elif entry.name.endswith((".py", ".typed", ".json", ".txt")):
            found.append((name, entry.read_bytes()))
    return found


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()

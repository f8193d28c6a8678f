"""A workbook opened, recalculated and saved by a real LibreOffice without any add-in."""

import subprocess
from collections.abc import Callable
from pathlib import Path

_RECALCULATE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema"
           xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse">
<value>0</value></prop></item>
</oor:items>
"""


def always_recalculate(profile: Path) -> None:
    """Set up a profile that computes every formula of a file anew; cached values are not trusted."""
    registry = profile / "user" / "registrymodifications.xcu"
    registry.parent.mkdir(parents=True, exist_ok=True)
    registry.write_text(_RECALCULATE)


def recalculator(profile: Path) -> Callable[..., Path]:
    """A function that converts a workbook, every formula computed anew."""
    always_recalculate(profile)

    def convert(path: Path, to: str = "xlsx") -> Path:
        folder = path.parent / "recalculated"
        command = ["soffice", f"-env:UserInstallation=file://{profile}", "--headless", "--norestore"]
        done = subprocess.run(
            [*command, "--convert-to", to, "--outdir", str(folder), str(path)],
            capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        made = folder / f"{path.stem}.{to}"
        assert made.exists(), done.stderr
        return made

    return convert

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
    """A function that converts workbooks, every formula computed anew.

    It gives the result of the first; those of the others, all handed over at once because starting the program
    takes longer than most workbooks, stand beside it.
    """
    always_recalculate(profile)

    def convert(path: Path, *others: Path, to: str = "xlsx") -> Path:
        folder = path.parent / "recalculated"
        command = ["soffice", f"-env:UserInstallation=file://{profile}", "--headless", "--norestore"]
        done = subprocess.run(
            [*command, "--convert-to", to, "--outdir", str(folder), str(path), *map(str, others)],
            capture_output=True, text=True, timeout=300 + 60 * len(others), check=False,
        )  # fmt: skip
        results = [folder / f"{one.stem}.{to}" for one in (path, *others)]
        assert all(result.exists() for result in results), done.stderr
        return results[0]

    return convert

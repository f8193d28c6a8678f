"""A real LibreOffice in a profile of its own, with our extension in it."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from csmetrics_addin.hosts import extension, libreoffice
from recalculate import always_recalculate

_NOBODY = "65534"


def available() -> bool:
    """Whether there is a LibreOffice that Python can drive."""
    office = libreoffice.Office.found()
    return office is not None and bool(office.ask_python("import uno; print('yes')"))


def office_for(folder: Path) -> libreoffice.Office:
    """LibreOffice lets root install for everybody only: root installs as nobody, into a folder open to all."""
    office = libreoffice.Office.found()
    assert office is not None
    if os.geteuid() or not shutil.which("setpriv"):
        return office
    folder.chmod(0o777)
    person = ("setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups", "env", f"HOME={folder}")
    return libreoffice.Office((*person, *office.unopkg), office.python)


def profile_with_addin(home: Path) -> Path:
    """A LibreOffice profile that has our extension."""
    office, profile = office_for(home), home / "profile"
    profile.mkdir()
    profile.chmod(0o777)
    libreoffice.add(office, extension.build(home / "csmetrics.oxt", _packages(office, home)), profile)
    return profile


def _packages(office: libreoffice.Office, home: Path) -> tuple[str, ...]:
    """Where LibreOffice's Python finds packages: its own where ours are of another version, got as `doctor` says."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(libreoffice, "packages_folder", lambda: home / "packages")
        folders = libreoffice.usable_packages(office)
        if office.missing(folders):
            subprocess.run(libreoffice.fetch_command(office), check=True, stdout=subprocess.DEVNULL)
        assert not office.missing(folders)
    return folders


class Calc:
    """Speaks to the driver, which runs in LibreOffice's own Python."""

    def __init__(self, profile: Path) -> None:
        driver = Path(__file__).with_name("calc_driver.py")
        always_recalculate(profile)
        office = libreoffice.Office.found()
        assert office is not None
        pipe = f"csmetrics{os.getpid()}{abs(hash(str(profile))) % 10_000}"
        self.process = subprocess.Popen(
            [*office.python, str(driver), str(profile), pipe], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __getattr__(self, job: str):
        def ask(**arguments):
            self.process.stdin.write(json.dumps({"do": job, **arguments}) + "\n")
            self.process.stdin.flush()
            said = json.loads(self.process.stdout.readline())
            assert "failed" not in said, said
            return said["answer"]

        return ask

    def stop(self) -> None:
        """End LibreOffice."""
        self.close()
        self.process.stdin.close()
        self.process.wait(30)
        self.process.stdout.close()


def address(column: int, row: int) -> str:
    """A cell's address from its position, both counted from 0."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"${letters}${row + 1}"

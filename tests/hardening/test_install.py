"""`csmetrics addin install` tells the truth: where LibreOffice fails, it says so and leaves nothing half done."""

import sys
from pathlib import Path

import pytest
from csmetrics_addin.hosts import extension, libreoffice

KIND = "Installing into a LibreOffice that fails"

#: A program that adds extensions as LibreOffice's does: what it has is a file, what it is asked a log.
OFFICE = """
import pathlib, sys
fault, folder, job = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
has, log = folder / "has", folder / "log"
log.write_text((log.read_text() if log.exists() else "") + job + " ")
if job == "list":
    print("All deployed user extensions:\\n" + (has.read_text() if has.exists() else "<none>"))
elif job == "remove":
    has.unlink(missing_ok=True)
elif fault == "says and goes on":
    print("std::bad_alloc", file=sys.stderr)
elif fault == "half done":
    has.write_text("Identifier: org.csmetrics.calc")
    print("ERROR: (com.sun.star.uno.RuntimeException) something", file=sys.stderr)
elif fault == "loses the older" and pathlib.Path(sys.argv[-1]).read_bytes() != b"older":
    has.unlink()
    print("std::bad_alloc", file=sys.stderr)
elif fault == "ends badly":
    sys.exit(1)
elif fault == "killed":
    import os
    os.kill(os.getpid(), 6)
elif fault != "silent":
    has.write_text("Identifier: org.csmetrics.calc")
"""


def office(fault: str, folder: Path) -> libreoffice.Office:
    return libreoffice.Office((sys.executable, "-c", OFFICE, fault, str(folder)), (sys.executable,))


@pytest.fixture(autouse=True)
def small_extension(monkeypatch, tmp_path):
    monkeypatch.setattr(libreoffice, "build", lambda target, packages: _written(target, b"newer"))
    monkeypatch.setattr(libreoffice, "packages_folder", lambda: tmp_path / "home" / "libreoffice")


def _written(target: Path, content: bytes) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    return target


FAULTS = {"says and goes on": "bad_alloc", "half done": "RuntimeException", "ends badly": "ended with 1",
          "killed": "ended with -6", "silent": "it said nothing"}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_failure_is_said_and_undone(fault, tmp_path):
    with pytest.raises(OSError, match=FAULTS[fault]):
        libreoffice.install(office(fault, tmp_path))
    assert not (tmp_path / "has").exists()
    assert (tmp_path / "log").read_text().split()[-1] == "remove"


def test_what_was_there_before_is_not_taken_away(tmp_path):
    (tmp_path / "has").write_text("Identifier: org.csmetrics.calc")
    with pytest.raises(OSError, match="bad_alloc"):
        libreoffice.install(office("says and goes on", tmp_path))
    assert (tmp_path / "has").exists()


def test_the_version_before_is_given_back_where_the_newer_one_fails(tmp_path):
    (tmp_path / "has").write_text("Identifier: org.csmetrics.calc")
    _written(libreoffice.kept_extension(), b"older")
    with pytest.raises(OSError, match=r"bad_alloc\Z"):
        libreoffice.install(office("loses the older", tmp_path))
    assert (tmp_path / "has").exists()
    assert libreoffice.kept_extension().read_bytes() == b"older"


def test_a_version_that_cannot_be_given_back_is_said_to_be_gone(tmp_path):
    (tmp_path / "has").write_text("Identifier: org.csmetrics.calc")
    with pytest.raises(OSError, match="The version it had is gone too: install it again"):
        libreoffice.install(office("loses the older", tmp_path))


def test_what_was_installed_is_kept_until_it_is_taken_out(tmp_path):
    libreoffice.install(office("none", tmp_path))
    assert libreoffice.kept_extension().read_bytes() == b"newer"
    libreoffice.uninstall(office("none", tmp_path))
    assert not libreoffice.kept_extension().exists()


def test_one_that_works_is_believed(tmp_path):
    said = libreoffice.install(office("none", tmp_path))
    assert said[-1].startswith(f"Added {extension.EXTENSION_NAME}")
    assert libreoffice.is_installed(office("none", tmp_path))

"""The command in an odd world: no home, a locale without signs, nobody who reads, names that are no text."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

KIND = "An odd world: no home, other locales, nobody who reads, names that are no text"
pytestmark = pytest.mark.skipif(os.name == "nt", reason="asks a POSIX shell")
_COMMAND = f'"{Path(sys.executable).with_name("csmetrics")}"'


def shell(line, folder, **changed):
    """A line of shell with our command as $C; None takes a variable away."""
    world = {name: value for name, value in {**os.environ, **changed}.items() if value is not None}
    words = ["bash", "-c", line.replace("$C", _COMMAND)]
    return subprocess.run(words, cwd=folder, env=world, capture_output=True, check=False)


@pytest.fixture
def answers(tmp_path):
    (tmp_path / "a.csv").write_text("score\n10\n9\n3\n")
    return tmp_path


@pytest.mark.parametrize(
    "world",
    [
        {"HOME": None, "USER": None, "LANG": None},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"},
        {"LC_ALL": "tr_TR.UTF-8"},
        {"LC_ALL": "no_such_place", "TERM": "dumb", "COLUMNS": "1"},
    ],
)
def test_no_home_and_odd_locales_change_no_figure(answers, world):
    done = shell("$C compute nps a.csv --scores score --json", answers, **world)
    said = [line for line in done.stderr.splitlines() if not line.startswith(b"bash: warning")]  # the shell's own
    assert (done.returncode, said) == (0, [])
    assert b"33.3" in done.stdout


@pytest.mark.parametrize(
    "line",
    ["$C list | head -1", "$C list >&-", "$C list >&- 2>&-", "$C list > /dev/full", "$C explain nps 2>&1 | true"],
)
def test_a_reader_who_leaves_is_met_without_a_traceback(answers, line):
    done = shell(line, answers)
    assert b"Traceback" not in done.stderr + done.stdout
    assert b"Exception ignored" not in done.stderr


@pytest.mark.skipif(sys.platform == "darwin", reason="its file systems take UTF-8 names only")
def test_a_file_whose_name_is_no_text_is_read_and_named(answers):
    os.rename(answers / "a.csv", os.fsencode(answers) + b"/a\xff.csv")
    done = shell(r"$C scorecard $'a\xff.csv'", answers)
    assert done.returncode == 0
    assert b"33.3" in done.stdout
    done = shell(r"$C audit $'a\xff.csv'", answers)
    assert (done.returncode, b"Traceback" in done.stderr) == (3, False)
    assert b"is no .xlsx workbook" in done.stderr

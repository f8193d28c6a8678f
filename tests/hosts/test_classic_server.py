"""The server Excel for Windows speaks to, in a process of its own: it ends itself where it has to, and only there."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from csmetrics_addin.hosts import server

SERVER = """
import re, sys, time
from pathlib import Path
from csmetrics_addin.hosts import server

class Engine:
    def CallUDF(self, name):
        if name == "hang":  # in C, and with the interpreter's lock held all the time
            re.match("(a+)+$", "a" * 60 + "b")
        time.sleep(float(name))
        return "answer"

class Server(server.Watched, Engine):
    log, seconds = open(sys.argv[1], "w"), server.call_seconds()

server._INSTALLED = Path(sys.argv[2])
Server.installed = server._changed_at()
for line in sys.stdin:
    print(Server().CallUDF(line.strip()), flush=True)
"""


@pytest.fixture
def running(tmp_path):
    (tmp_path / "version.py").touch()
    environment = {**os.environ, server.LIMIT_VARIABLE: "1"}
    started = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(tmp_path / "hung.log"), str(tmp_path / "version.py")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip

    def ask(name):
        started.stdin.write(f"{name}\n")
        started.stdin.flush()
        return started.stdout.readline().strip() or started.wait(30)

    yield ask, tmp_path
    started.kill()
    started.communicate()


def test_a_call_that_hangs_ends_the_server_and_leaves_where_it_hung(running):
    ask, folder = running
    assert ask("0") == "answer"
    assert ask("hang") == 1, "the process is gone, with an exit code of its own"
    log = (folder / "hung.log").read_text()
    assert "CallUDF" in log
    assert "Timeout" in log


def test_calls_that_come_back_leave_no_watchdog_behind(running):
    ask, _ = running
    assert [ask("0.6"), ask("0.6"), ask("0.6")] == ["answer"] * 3


def test_a_package_replaced_beneath_it_ends_the_server_before_anything_is_computed(running):
    ask, folder = running
    (folder / "version.py").unlink()
    assert ask("0") == "answer", "while pip is at work, what is loaded goes on"
    (folder / "version.py").touch()
    os.utime(folder / "version.py", ns=(1, 1))
    assert ask("0") == 0


@pytest.mark.parametrize(("said", "seconds"), [("300", 300), ("0", 1), ("x", 120), ("", 120)])
def test_how_long_a_call_may_take_can_be_said(monkeypatch, said, seconds):
    monkeypatch.setenv(server.LIMIT_VARIABLE, said)
    assert server.call_seconds() == seconds


def test_the_log_lies_where_temporary_files_do():
    assert server.LOG.is_absolute()
    assert server.LOG.name == "csmetrics-hung.log"
    assert isinstance(server.LOG, Path)

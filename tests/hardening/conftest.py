"""Each module here tries one kind of attack or fault, its KIND; what was tried and held goes to HARDENING.md."""

import os
import platform
from collections import defaultdict
from datetime import date
from pathlib import Path

import pytest

_FOLDER = Path(__file__).parent.parent
_HEAD = """# What was tried against csmetrics, and held

Made by `make hardening` from the tests in `hardening/`; each line is one module of them, a try one attack or fault.

| kind | tries | held |
|---|---:|---:|
"""
_SOAK_HEAD = """# Load that lasts

Made by `make soak` on {day}, on {cores} cores of {machine}, Python {python}: threads, calls, dashboards opened and
closed, clicks, kills and spoilt files. What each asserts stands in `hardening/test_soak.py` and `test_fuzz.py`.

| test | tries | held | seconds |
|---|---:|---:|---:|
"""


def pytest_addoption(parser):
    parser.addoption("--write-hardening", action="store_true", help="write tests/HARDENING.md from this run")
    parser.addoption("--soak", action="store_true", help="ask for all of what lasts, and write tests/SOAK.md")


@pytest.fixture
def soak(request):
    """Whether all of a load is asked for, which takes an hour, or the share that every run has."""
    return request.config.getoption("soak", False)


@pytest.fixture
def tries(record_property):
    """Tells how many things a test tries, where it is more than one."""
    return lambda count: record_property("tries", count)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    kind = getattr(item.module, "KIND", "")
    if kind and report.when == "call":
        report.user_properties.append(("kind", kind))
    return report


class _Counts:
    """Tries and those held, of each kind and each test, and the seconds a test took."""

    def __init__(self) -> None:
        self.kinds = defaultdict(lambda: [0, 0])
        self.tests = {}

    def pytest_runtest_logreport(self, report):
        told = dict(report.user_properties)
        if report.when == "call" and "kind" in told and not report.skipped:
            tried = told.get("tries", 1)
            held = tried if report.passed else 0
            self.kinds[told["kind"]][0] += tried
            self.kinds[told["kind"]][1] += held
            self.tests[report.nodeid.split("::")[1]] = (tried, held, report.duration)

    def pytest_sessionfinish(self, session):
        if self.kinds and session.config.getoption("write_hardening", False):
            rows = [f"| {kind} | {tried:,} | {held:,} |\n" for kind, (tried, held) in sorted(self.kinds.items())]
            (_FOLDER / "HARDENING.md").write_text(_HEAD + "".join(rows), encoding="utf-8")
        if self.tests and session.config.getoption("soak", False):
            head = _SOAK_HEAD.format(
                day=date.today(), cores=os.cpu_count(), machine=platform.machine(), python=platform.python_version()
            )
            rows = [
                f"| {name.removeprefix('test_').replace('_', ' ')} | {tried:,} | {held:,} | {seconds:,.0f} |\n"
                for name, (tried, held, seconds) in self.tests.items()
            ]
            (_FOLDER / "SOAK.md").write_text(head + "".join(rows), encoding="utf-8")


def pytest_configure(config):
    config.pluginmanager.register(_Counts())

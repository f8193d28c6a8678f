"""Each module here tries one kind of attack or fault, its KIND; what was tried and held goes to HARDENING.md."""

from collections import defaultdict
from pathlib import Path

import pytest

_PAGE = Path(__file__).parent.parent / "HARDENING.md"
_HEAD = """# What was tried against csmetrics, and held

Made by `make hardening` from the tests in `hardening/`; each line is one module of them, a try one attack or fault.

| kind | tries | held |
|---|---:|---:|
"""


def pytest_addoption(parser):
    parser.addoption("--write-hardening", action="store_true", help="write tests/HARDENING.md from this run")


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
    """Tries and those held, a kind each."""

    def __init__(self) -> None:
        self.counts = defaultdict(lambda: [0, 0])

    def pytest_runtest_logreport(self, report):
        told = dict(report.user_properties)
        if report.when == "call" and "kind" in told and not report.skipped:
            count = self.counts[told["kind"]]
            count[0] += told.get("tries", 1)
            count[1] += told.get("tries", 1) if report.passed else 0

    def pytest_sessionfinish(self, session):
        rows = [f"| {kind} | {tried:,} | {held:,} |\n" for kind, (tried, held) in sorted(self.counts.items())]
        if rows and session.config.getoption("write_hardening", False):
            _PAGE.write_text(_HEAD + "".join(rows), encoding="utf-8")


def pytest_configure(config):
    config.pluginmanager.register(_Counts())

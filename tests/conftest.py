"""Shared by all tests."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings

# A busy machine is no failure; laws are checked for their truth, not their speed.
settings.register_profile("steady", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("steady")


def pytest_configure(config):
    """LibreOffice in a world of its own: a profile does not hide what is installed for all users of a machine."""
    world = TemporaryDirectory(prefix="csmetrics-shared-")
    Path(world.name).chmod(0o755)  # some tests run it as nobody
    os.environ["UNO_SHARED_PACKAGES_CACHE"] = Path(world.name).as_uri()
    config.add_cleanup(world.cleanup)


@pytest.fixture
def in_ci() -> bool:
    """Whether nothing may be skipped for want of a program."""
    return os.environ.get("CI") == "true"

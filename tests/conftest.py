"""Shared by all tests."""

import os

import pytest
from hypothesis import settings

# A busy machine is no failure; laws are checked for their truth, not their speed.
settings.register_profile("steady", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("steady")


@pytest.fixture
def in_ci() -> bool:
    """Whether nothing may be skipped for want of a program."""
    return os.environ.get("CI") == "true"

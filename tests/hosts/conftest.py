"""Assertions the tests of the hosts share should explain themselves."""

import os
import shutil

import pytest
from recalculate import recalculator

pytest.register_assert_rewrite("examples")


@pytest.fixture(scope="session")
def libreoffice(tmp_path_factory):
    """Recalculates a workbook with no add-in: `libreoffice(path)` gives the path of the result."""
    if not shutil.which("soffice"):
        assert os.environ.get("CI") != "true", "LibreOffice is missing"
        pytest.skip("needs LibreOffice: install libreoffice-calc")
    return recalculator(tmp_path_factory.mktemp("libreoffice"))

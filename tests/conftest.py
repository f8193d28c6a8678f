"""Shared by all tests."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings

# A busy machine is no failure; laws are checked for their truth, not their speed.
settings.register_profile("steady", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("steady")


HERE = Path(__file__).parent


def pytest_configure(config):
    """LibreOffice in a world of its own: a profile does not hide what is installed for all users of a machine."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # a hundred programs begun here would each compile us anew
    world = TemporaryDirectory(prefix="csmetrics-shared-")
    Path(world.name).chmod(0o755)  # some tests run it as nobody
    os.environ["UNO_SHARED_PACKAGES_CACHE"] = Path(world.name).as_uri()
    config.add_cleanup(world.cleanup)


#: Begun first, the longest before all: one begun last would run alone when the others are done.
LONGEST = (
    "hosts/test_jupyter.py hosts/test_workbooks_libreoffice.py test_workbooks_build.py test_ledger.py test_tables.py "
    "hardening/test_page.py test_workbooks_names.py test_excel_gate.py hardening/test_folder_code.py "
    "hardening/test_soak.py hardening/test_writing.py test_tables_every.py test_tables_faults.py "
    "test_workbooks_person.py"
).split()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    rank = {HERE / name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.path, len(rank)))


@pytest.fixture
def in_ci() -> bool:
    """Whether nothing may be skipped for want of a program."""
    return os.environ.get("CI") == "true"

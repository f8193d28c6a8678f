"""The written pages follow the catalogue."""

from csmetrics_core import CATALOG
from csmetrics_core.declaration.reference import PAGE, README, page, readme


def test_the_reference_is_fresh():
    assert PAGE.read_text(encoding="utf-8") == page(), "run make reference"


def test_the_readme_table_is_fresh():
    assert README.read_text(encoding="utf-8") == readme(), "run make reference"


def test_every_metric_has_its_entry():
    assert all(f"### {m.excel_name}\n" in page() for m in CATALOG.values())

"""The demo's dashboard, recalculated by a real LibreOffice that has no add-in."""

import re
import warnings
import zipfile

import openpyxl
import pytest
from csmetrics_addin.cli.app import app
from typer.testing import CliRunner


@pytest.mark.host
def test_the_dashboard_recalculates_to_the_values_it_was_written_with(libreoffice, tmp_path):
    assert CliRunner().invoke(app, ["demo", "--out", str(tmp_path)]).exit_code == 0
    written = cells(tmp_path / "dashboard.xlsx")
    blank = tmp_path / "without-values.xlsx"
    with zipfile.ZipFile(tmp_path / "dashboard.xlsx") as parts, zipfile.ZipFile(blank, "w") as copy:
        for name in parts.namelist():  # the cached numbers go, so that what comes back was computed
            copy.writestr(name, re.sub(rb"(</f>)<v>[-\d.eE]+</v>", rb"\1<v>0</v>", parts.read(name)))
    found = cells(libreoffice(blank))
    assert len(written) > 3000
    errors = {place: value for place, value in found.items() if isinstance(value, str) and value.startswith("#")}
    assert errors == {}
    for place, value in written.items():
        assert found[place] == (pytest.approx(value, rel=1e-9) if isinstance(value, float) else value), place


def cells(path):
    """Sheet, row and column -> value."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl does not know sparklines
        book = openpyxl.load_workbook(path, data_only=True)
    return {
        (sheet.title, cell.coordinate): cell.value
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if cell.value is not None
    }

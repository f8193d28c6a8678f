"""Native formulas in a real LibreOffice: on good, random and spoiled data the value or the error Python gives."""

import random

import openpyxl
import xlsxwriter
from native_cases import NATIVE, agree, bad_calls, good_calls, larger_calls, lay_out, python

from csmetrics_core.declaration.catalog import CATALOG


def holds_boolean(call):
    """Calc takes TRUE for the number 1, as its own COUNT does: no formula can tell them apart."""
    return any(True in v if isinstance(v, list) else v is True for v in call.values())


def test_libreoffice_agrees_with_python(tmp_path, libreoffice):
    source = tmp_path / "native.xlsx"
    book = xlsxwriter.Workbook(source)
    cases = []
    for name in NATIVE:
        metric, rng = CATALOG[name], random.Random(name)
        sheet, top = book.add_worksheet(name[:31]), 0
        for call in [*good_calls(metric), *larger_calls(metric, rng)[:4], *bad_calls(metric)]:
            if not holds_boolean(call):
                cases.append((metric, call, top))
                top = lay_out(sheet, top, metric, call)
    book.close()
    result = openpyxl.load_workbook(libreoffice(source), data_only=True)
    differing = [
        (metric.name, call, python(metric, call), found)
        for metric, call, top in cases
        if not agree(python(metric, call), found := result[metric.name[:31]].cell(top + 1, 1).value)
    ]
    assert len(cases) > 500
    assert not differing, differing[:8]

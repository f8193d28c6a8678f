"""Exports of tools and lists kept by hand, through the doors: the right figure or a question, never two answers."""

import pytest
from csmetrics_panels.data.reading import add_upload
from files_of_tools import CASES

from csmetrics_core.errors import MetricError
from csmetrics_core.files import Said, read_company
from csmetrics_core.scorecard import scorecard_of


def by_files(case):
    return read_company(case.files, Said(**(case.said or {})))


def by_upload(case):
    try:
        return add_upload(None, case.files, Said(**(case.said or {}))).reading
    except MetricError:
        return None  # nothing of it can be read, as it says


@pytest.mark.parametrize("door", [by_files, by_upload], ids=lambda door: door.__name__)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_files_of_tools(case, door):
    reading = door(case)
    card = None if reading is None else scorecard_of(reading, month=case.month)
    for metric, right in case.right.items():
        line = None if card is None else card[metric]
        if (line is None or line.value is None) and (right is None or case.ask):
            continue
        assert line is not None
        assert line.value == pytest.approx(right, abs=1e-3), line.missing
        assert line.n == (case.n or {}).get(metric, line.n)

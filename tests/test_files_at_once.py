"""Text cut at once, as large files are, gives the same tables, report and places as text cut row by row."""

import sys

import numpy as np
import pandas as pd
import pytest
from dialects import companies, dialects, write
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from csmetrics_core.files import Reading, Said, cutting, read_company
from csmetrics_core.files.columnar import Columns
from csmetrics_core.files.text import read_text

_HEAD = "Customer,Month,Plan,MRR\n"
_BODY = "Acme,2026-01-01,Pro,10.5\nBeta,2026-01-01,,20\nAcme,2026-02-01,Pro,11\n"
#: What a fast cutter would read otherwise than a strict one, or what must not be lost by reading columns.
TEXTS = {
    "plain": _HEAD + _BODY,
    "no last line end": (_HEAD + _BODY)[:-1],
    "windows line ends": (_HEAD + _BODY).replace("\n", "\r\n"),
    "old mac line ends": (_HEAD + _BODY).replace("\n", "\r"),
    "one old mac line end": (_HEAD + _BODY).replace("\nBeta", "\rBeta"),
    "quoted": _HEAD + '"Acme, ""the"" best",2026-01-01,"Pro",10\n"Line\nend",2026-01-01,"",20\n',
    "quoted windows line end": _HEAD + '"A\r\nB",2026-01-01,Pro,10\r\n"C",2026-01-01,"",20\r\n',
    "inches": _HEAD + 'Acme 5" Ltd,2026-01-01,Pro,10\nBeta,2026-01-01,"Pro",20\n',
    "text after a quote": _HEAD + '"Acme" Ltd,2026-01-01,Pro,10\n',
    "blank before a quote": _HEAD + 'Acme,2026-01-01, "Pro",10\nBeta,2026-01-01,Pro,20\n',
    "quote never closed": _HEAD + 'Acme,2026-01-01,"Pro,10\nBeta,2026-01-01,Pro,20\n',
    "short row": _HEAD + "Acme,2026-01-01,Pro,10\nBeta,2026-01-01\nAcme,2026-02-01,Pro,11\n",
    "long row": _HEAD + "Acme,2026-01-01,Pro,10\nBeta,2026-01-01,Pro,20,1\nAcme,2026-02-01,Pro,11\n",
    "short and long": _HEAD + "Acme,2026-01-01,Pro\nBeta,2026-01-01,Pro,20,\nAcme,2026-02-01,Pro,11\n",
    "cut": (_HEAD + _BODY)[:-8],
    "blank rows between": _HEAD + "Acme,2026-01-01,Pro,10\n\nBeta,2026-01-01,Pro,20\n\n\n",
    "rows of delimiters": _HEAD + "Acme,2026-01-01,Pro,10\n,,,\nBeta,2026-01-01,Pro,20\n,,,\n",
    "blank rows at the end": _HEAD + _BODY + "\n\n\r\n",
    "title lines": "Revenue,,,\n,,,\n" + _HEAD + _BODY,
    "headings again": _HEAD + _BODY + _HEAD + _BODY.replace("2026", "2025"),
    "total": _HEAD + _BODY + "Total,,,41.5\n",
    "total by month": _HEAD + _BODY + "Sum,2026-01-01,,30.5\nBeta,2026-02-01,,9\n",
    "perhaps a total": "Customer,Start,MRR,Seats\nA,2026-01-01,10,1\nB,2026-01-02,20,2\nC,2026-01-03,30,3\n"
    "D,2026-01-04,60,6\nE,2026-01-04,120,12\n",
    "remark below": _HEAD + _BODY + ",,,\nExported on 2 March,,,\n",
    "exact copies": _HEAD + _BODY + _BODY,
    "a column without a heading": _HEAD.replace("Plan", "") + _BODY,
    "a blank column": "Customer,Month,,MRR\nAcme,2026-01-01,,10\nBeta,2026-01-01,,20\n",
    "two tables beside": "Customer,Month,MRR,,Date,NPS,Comment\nAcme,2026-01-01,10,,2026-01-03,9,fine\n"
    "Beta,2026-01-01,20,,,,\nAcme,2026-02-01,30,,2026-02-03,2,slow\n",
    "two tables below": _HEAD + _BODY + ",,,\nDate,NPS,Comment,\n2026-01-03,9,fine,\n2026-02-03,2,slow,\n",
    "marked texts": _HEAD + "'=1+1,2026-01-01,Pro,10\n=1+1,2026-02-01,Pro,10\n'tis,2026-01-01,Pro,20\n",
    "marked copies": _HEAD + "'=1+1,2026-01-01,Pro,10\n=1+1,2026-01-01,Pro,10\n",
    "one column": "NPS\n9\n3\n\n10\n",
    "unread cells": _HEAD + _BODY + "Acme,soon,Pro,many\nBeta,2026-02-01,Pro,few\n",
    "both decimals": _HEAD + 'Acme,2026-01-01,Pro,"1,5"\nBeta,2026-01-01,Pro,1.5\n',
    "two orders": _HEAD + "Acme,31/01/2026,Pro,1\nBeta,01/31/2026,Pro,2\n",
    "unsaid order": _HEAD + "Acme,01/02/2026,Pro,1\nBeta,03/04/2026,Pro,2\n",
    "said delimiter": "sep=;\nCustomer;Month;MRR\nAcme;2026-01-01;10\n",
    "zero bytes": _HEAD + _BODY.replace("Beta", "Be\0ta"),
    "names of blanks": _HEAD + " Acme ,2026-01-01,Pro,10\nAcme\u00a0,2026-02-01,\u200bPro,10\nNA,2026-02-01,-,20\n",
    "other line ends": _HEAD + "Ac\u2028me,2026-01-01,P\x0bro,10\nBe\x85ta,2026-01-01,\x1c,20\n",
    "year and month": "Customer,Year,Month,MRR\nA,2026,1,10\nB,2026,2,20\n",
    "months across": "Customer,Jan 2026,Feb 2026\nA,10,\nB,,20\n",
    "ids told twice": "Response ID,Date,NPS\n1,2026-01-01,9\n1,2026-01-01,9\n2,2026-01-01,9\n2,2026-01-01,8\n",
    "all blank": "Customer,Month,MRR\n,,\n,,\n",
    "headings alone": "Customer,Month,MRR\n",
    "numbers alone": "1,2\n3,4\n",
}  # fmt: skip


@pytest.fixture(params=["pyarrow", "pandas"])
def cutter(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Files of any size are cut at once, by PyArrow or as where it is not installed."""
    monkeypatch.setattr(cutting, "FEWEST_BYTES", 0)
    if request.param == "pandas":
        monkeypatch.setitem(sys.modules, "pyarrow.csv", None)
        monkeypatch.delattr("pyarrow.csv", raising=False)
    return str(request.param)


def row_by_row(files: dict[str, bytes], said: Said | None = None) -> Reading:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cutting, "FEWEST_BYTES", sys.maxsize)
        return read_company(files, said)


def assert_same(found: Reading, right: Reading) -> None:
    """The same tables, words and waiting rows, to the last cell and kind."""
    assert str(found.report) == str(right.report)
    assert list(found.tables) == list(right.tables)
    for name, frame in right.tables.items():
        assert_frame_equal(found.tables[name], frame)
    assert found.spellings == right.spellings
    assert found.report.waits.keys() == right.report.waits.keys()
    for table, waits in right.report.waits.items():
        for one, other in zip(found.report.waits[table], waits, strict=True):
            assert one[:-1] == other[:-1]
            assert (one.rows is None) == (other.rows is None)
            assert one.rows is None or np.array_equal(one.rows, other.rows)


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_cut_at_once_is_read_as_row_by_row(name: str, cutter: str) -> None:
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        files = {"table.csv": TEXTS[name].encode(encoding)}
        assert_same(read_company(files), row_by_row(files))


@settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_every_dialect_cut_at_once_is_read_as_row_by_row(cutter: str, data: st.DataObject) -> None:
    how = data.draw(dialects().filter(lambda one: one.kind == "csv"))
    files = write(data.draw(companies(settled=how.settled)), how)
    assert_same(read_company(files), row_by_row(files))


@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.text(alphabet="ab\",;\n\r' \t0=é", max_size=40))
def test_any_signs_are_cut_as_row_by_row_or_left_to_it(cutter: str, text: str) -> None:
    head = "a,b;c,d\n" + text
    cut = cutting.cut_at_once(head, ",")
    if cut is not None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(cutting, "FEWEST_BYTES", sys.maxsize)
            grid = read_text("t.csv", head.encode(), Said(delimiter=","))
        rows = [row or [""] * len(grid.rows[0]) for row in grid.rows]
        while len(rows) > len(cut) and not any(rows[-1]):
            rows.pop()
        assert list(cut) == rows


@pytest.mark.parametrize("name", ["plain", "quoted", "windows line ends", "title lines", "total", "marked texts"])
def test_what_programs_write_is_cut_at_once(name: str, cutter: str) -> None:
    assert isinstance(cutting.cut_at_once(TEXTS[name], ","), Columns)


@pytest.mark.parametrize(
    "name", ["short row", "long row", "short and long", "inches", "text after a quote", "quote never closed"]
)
def test_what_is_not_clear_is_left_to_a_strict_reader(name: str, cutter: str) -> None:
    assert cutting.cut_at_once(TEXTS[name], ",") is None


def test_small_files_are_cut_row_by_row() -> None:
    assert cutting.cut_at_once(TEXTS["plain"], ",") is None


def test_columns_are_rows_too(cutter: str) -> None:
    columns = cutting.cut_at_once("a,b\n1,x\n2,\n1,x\n", ",")
    assert columns is not None
    assert [len(columns), columns[-1], columns[1:3]] == [4, ["1", "x"], [["1", "x"], ["2", ""]]]
    assert columns.repeated().tolist() == [False, False, False, True]
    assert columns.take(np.array([2, 3]), [1]).filled().tolist() == [False, True]
    with pytest.raises(IndexError):
        columns[4]


def test_rows_of_many_columns_are_compared_whole(cutter: str) -> None:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(rng.integers(0, 400, (500, 12)))  # 400 to the power of 12 rows are more than a number holds
    text = pd.concat([frame, frame.iloc[[7]]]).to_csv(index=False)
    columns = cutting.cut_at_once(text, ",")
    assert columns is not None
    assert np.flatnonzero(columns.repeated()).tolist() == [501]

"""The workbook that proves itself: every example and refusal of the functions as a live formula beside its value."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import IO, Any

from csmetrics_addin.cells_out import put
from xlsxwriter import Workbook
from xlsxwriter.utility import xl_range, xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from csmetrics_core.palette import MUTED
from csmetrics_core.version import __version__
from csmetrics_workbooks.example_calls import ExampleCall, all_calls, lay_out
from csmetrics_workbooks.kit.style import BETTER, WORSE, Looks

_ERRORS = {"#DIV/0!": 2, "#VALUE!": 3, "#NUM!": 6, "#N/A": 7}  # as ERROR.TYPE numbers them
_NOT_YET = "not calculated"
_TO_DO = (
    "Enable editing if the program asks, and let it calculate: Ctrl+Alt+F9 in Excel, Ctrl+Shift+F9 in LibreOffice. "
    "Each call stands on the page Calls."
)
_FAILED_SHOWN = 10
_OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


def write_checkbook(target: str | IO[bytes], host: str, names: Mapping[str, str] | None = None) -> int:
    """Write the workbook that checks the functions in the program that opens it.

    Args:
        target: where to.
        host: how the functions got there, for the report: excel, lite, lambda or libreoffice.
        names: with LAMBDA names the formulas to define, by name; then only these functions are checked.

    Returns:
        How many calls it holds.
    """
    calls = all_calls(None if names is None else [name.lower() for name in names])
    with Workbook(target, _OPTIONS) as book:
        book.set_properties({"title": "csmetrics check", "author": "csmetrics", "created": datetime(2026, 1, 1)})
        looks = Looks(book)
        sheets = {name: book.add_worksheet(name) for name in ("Check", "Calls", "Live", "Examples")}
        for name, formula in (names or {}).items():
            book.define_name(name, f"={formula}")
        _calls(sheets, looks, calls)
        _front(sheets["Check"], looks, host, calls)
    return len(calls)


def _calls(sheets: Mapping[str, Worksheet], looks: Looks, calls: Sequence[ExampleCall]) -> None:
    """A line a call, and its live cells beside what they must show."""
    page = sheets["Calls"]
    for column, (heading, width) in enumerate(
        (("Function", 24), ("What", 34), ("Result", 14), ("Failed so far", 12), ("Call", 70))
    ):
        page.write_string(0, column, heading, looks.column(right=column == 3))
        page.set_column(column, column, width)
    page.freeze_panes(1, 1)
    top = free = 0
    for row, call in enumerate(calls, 1):
        formula, free = lay_out(sheets["Examples"], free, call)
        right = _live(sheets["Live"], top, formula, call)
        page.write_string(row, 0, call.metric.excel_name, looks(bold=True))
        page.write_string(row, 1, call.about, looks())
        verdict = f'IF(ISERROR(SUM({right})),"FAIL",IF(SUM({right})={_size(call)},"PASS","FAIL"))'
        page.write_formula(row, 2, f"={verdict}", looks(bold=True), _NOT_YET)
        page.write_formula(row, 3, f'=COUNTIF(C$2:C{row + 1},"FAIL")', looks(font_color=MUTED, align="right"), 0)
        page.write_string(row, 4, f"={formula}", looks(font_color=MUTED))
        top += len(call.shows) + 1
    last = len(calls)
    for word, colour in (("PASS", BETTER), ("FAIL", WORSE)):
        rule = {"type": "cell", "criteria": "==", "value": f'"{word}"', "format": looks(font_color=colour, bold=True)}
        page.conditional_format(1, 2, last, 2, rule)


def _size(call: ExampleCall) -> int:
    return sum(len(row) for row in call.shows)


def _live(sheet: Worksheet, top: int, formula: str, call: ExampleCall) -> str:
    """The call, what it must show, and 1 where they agree, side by side; give the place of the last block."""
    height, width = len(call.shows), len(call.shows[0])
    sheet.write_array_formula(top, 0, top + height - 1, width - 1, f"{{={formula}}}", None, "")
    for r, row in enumerate(call.shows):
        for c, cell in enumerate(row):
            wanted, judge = width + 1 + c, 2 * (width + 1) + c
            put(sheet, top + r, wanted, cell)
            live, must = (xl_rowcol_to_cell(top + r, column) for column in (c, wanted))
            sheet.write_formula(top + r, judge, f"={_agrees(live, must, cell)}", None, "")
    first = 2 * (width + 1)
    return f"Live!{xl_range(top, first, top + height - 1, first + width - 1)}"


def _agrees(live: str, must: str, cell: Any) -> str:
    """1 where a live cell shows what it must."""
    if cell in _ERRORS:
        return f'IF(ISERROR({live}),IF(ERROR.TYPE({live})={_ERRORS[cell]},1,0),IF({live}="{cell}",1,0))'
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        near = f"IF(ABS({live}-{must})<=0.000001*(1+ABS({must})),1,0)"
        return f"IF(ISNUMBER({live}),{near},0)"
    # EXACT, as LibreOffice finds text of an array formula equal to nothing.
    return f"IF(ISERROR({live}),0,IF(EXACT({live},{must}),1,0))"


def _front(page: Worksheet, looks: Looks, host: str, calls: Sequence[ExampleCall]) -> None:
    """The counts, what failed, and a text to send."""
    page.hide_gridlines(2)
    page.set_column(0, 0, 30)
    page.set_column(1, 1, 96)
    page.write_string(0, 0, "csmetrics check", looks.title())
    page.set_row(0, 30)
    examples = sum(not call.refused for call in calls)
    page.write_formula(2, 0, f"={_count('examples', 2, examples, 'right')}", looks.heading(), _NOT_YET)
    page.write_formula(
        3, 0, f"={_count('refusals', 2 + examples, len(calls) - examples, 'refused as they should be')}",
        looks.heading(), _NOT_YET,
    )  # fmt: skip
    for row in (2, 3):
        page.set_row(row, 20)
    page.write_string(4, 0, _TO_DO, looks())
    facts = [
        ("Version", f'"{__version__}"'),
        ("Functions by", f'"{host}"'),
        ("Program", 'IF(ISERROR(INFO("release")),"not told",INFO("system")&" "&INFO("release"))'),
        ("Separators", '3/2&" and "&IFERROR(FIXED(1000,0),"not told")'),
        ("Time", 'TEXT(NOW(),"yyyy-mm-dd hh:mm")'),
    ]
    for row, (label, formula) in enumerate(facts, 6):
        page.write_string(row, 0, label, looks(font_color=MUTED))
        page.write_formula(row, 1, f"={formula}", looks(), _NOT_YET)
    top = 6 + len(facts) + 1
    page.write_string(top, 0, "What failed, the first ten", looks.heading())
    for place in range(1, _FAILED_SHOWN + 1):
        found = f"MATCH({place},Calls!$D$2:$D${len(calls) + 1},0)"
        line = f'INDEX(Calls!$A$2:$A${len(calls) + 1},{found})&", "&INDEX(Calls!$B$2:$B${len(calls) + 1},{found})'
        page.write_formula(top + place, 0, f'=IF(ISNUMBER({found}),{line},"")', looks(font_color=WORSE), "")
    bottom = top + _FAILED_SHOWN + 2
    page.write_string(bottom, 0, "Send this line to support", looks.heading())
    said = '&"; "&'.join(["A3", "A4", *(f'A{row}&" "&B{row}' for row in range(7, 7 + len(facts)))])
    failed = "".join(f'&IF(A{row}="","","; failed: "&A{row})' for row in range(top + 2, top + 2 + _FAILED_SHOWN))
    page.write_formula(bottom + 1, 0, f"={said}{failed}", looks(), _NOT_YET)
    page.set_landscape()
    page.fit_to_pages(1, 1)


def _count(what: str, first: int, of: int, words: str) -> str:
    """How many of some calls passed, as a sentence."""
    place = f"Calls!$C${first}:$C${first + of - 1}"
    return f'COUNTIF({place},"PASS")&" of {of} {what} {words}"'

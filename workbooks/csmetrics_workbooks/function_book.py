"""The functions without an add-in: a workbook whose names are LAMBDAs, with a page that lists them and shows each."""

from dataclasses import replace
from datetime import datetime
from typing import IO

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from csmetrics_core.declaration.catalog import CATALOG
from csmetrics_core.declaration.dynamic import lambda_names, why_no_lambda
from csmetrics_core.declaration.spec import DATE, MOMENT, Metric
from csmetrics_core.palette import MUTED
from csmetrics_core.version import __version__
from csmetrics_workbooks.example_calls import ExampleCall, computed_rows, example_calls, lay_out
from csmetrics_workbooks.kit.style import Looks, number_format

_STEPS = (
    "Needs Excel 365, Excel for the web, or Excel 2024. Nothing is installed: the functions are names in this file.",
    "If a yellow bar asks, choose Enable Editing: until then names show #NAME?.",
    "Type =NPS( and the arguments appear. Ranges may be table columns, or what FILTER gives: "
    "=NPS(FILTER(Responses[NPS],Responses[Segment]=A2)).",
    "To have them in a workbook of yours, move or copy its sheets into this one, or copy the sheet Functions into it: "
    "the names come along.",
    "A refusal is an error: #N/A no data, #DIV/0! a zero below the line, #NUM! off the scale, #VALUE! the wrong kind "
    "or a number typed as text.",
    "Names that differ only in capitals are one customer here, as everywhere in Excel; the add-ins keep them apart.",
    "Never use it together with xlwings Lite in one workbook: a name hides the function of an add-in.",
)
_COLUMNS = (("Function", 25), ("What it gives", 62), ("Arguments", 46), ("An example", 58), ("gives", 16))


def write_function_book(target: str | IO[bytes]) -> int:
    """Write the workbook of functions.

    Args:
        target: where to.

    Returns:
        How many functions it holds.
    """
    names = lambda_names()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with Workbook(target, options) as book:
        book.set_properties({"title": "csmetrics functions", "author": "csmetrics", "created": datetime(2026, 1, 1)})
        looks = Looks(book)
        start, listed, data = (book.add_worksheet(name) for name in ("Start", "Functions", "Data"))
        for name, formula in names.items():
            book.define_name(name, f"={formula}")
        _start(start, looks, len(names))
        _list(listed, data, looks)
    return len(names)


def _start(page: Worksheet, looks: Looks, count: int) -> None:
    page.hide_gridlines(2)
    page.set_column(0, 0, 100)
    page.write_string(0, 0, "csmetrics functions", looks.title())
    page.set_row(0, 30)
    page.write_string(1, 0, f"Version {__version__}, {count} functions that need no add-in.", looks(font_color=MUTED))
    for row, words in enumerate(_STEPS, 3):
        page.write_string(row, 0, words, looks(text_wrap=True, valign="top"))
        page.set_row(row, 32)
    page.set_landscape()
    page.fit_to_pages(1, 1)


def _list(page: Worksheet, data: Worksheet, looks: Looks) -> None:
    """A line a function, with a live example."""
    for column, (heading, width) in enumerate(_COLUMNS):
        page.write_string(0, column, heading, looks.column(right=column == 4))
        page.set_column(column, column, width)
    page.freeze_panes(1, 1)
    free = 0
    for row, metric in enumerate(sorted(CATALOG.values(), key=lambda m: m.name), 1):
        wrapped = looks(text_wrap=True, valign="top")
        page.write_string(row, 0, metric.excel_name, looks(bold=True, valign="top"))
        page.write_string(row, 1, metric.summary, wrapped)
        page.write_string(row, 2, _arguments(metric), looks(text_wrap=True, valign="top", font_color=MUTED))
        if why := why_no_lambda(metric):
            page.write_string(row, 3, f"needs an add-in: {why}", looks(font_color=MUTED, italic=True, valign="top"))
            continue
        declared = next(iter(example_calls(metric)))
        call = replace(declared, shows=computed_rows(declared))
        formula, free = lay_out(data, free, call)
        page.write_string(row, 3, f"={formula}", wrapped)
        shown, value, look = _first(metric, call, formula)
        page.write_dynamic_array_formula(row, 4, row, 4, f"={shown}", looks(num_format=look, valign="top"), value)
        lengths = ((metric.summary, 58), (_arguments(metric), 44), (formula, 54))
        page.set_row(row, 15 * max(-(-len(text) // wide) for text, wide in lengths))
    page.set_landscape()
    page.fit_to_pages(1, 0)
    page.repeat_rows(0)


def _arguments(metric: Metric) -> str:
    return ", ".join(a.name if a.required else f"[{a.name}]" for a in metric.arguments)


def _first(metric: Metric, call: ExampleCall, formula: str) -> tuple[str, object, str]:
    """The example in one cell: its value, the low end of a pair, the last value of a table's first row."""
    if metric.gives == "table":
        column = next(i for i, value in enumerate(call.shows[1]) if value != "" and not isinstance(value, str))
        unit = metric.columns[min(column, len(metric.columns) - 1)].unit
        return f"INDEX({formula},2,{column + 1})", call.shows[1][column], unit.number_format
    if metric.gives == "pair":
        return f"INDEX({formula},1)", call.shows[0][0], metric.unit.number_format
    look = metric.unit.number_format if metric.unit in (DATE, MOMENT) else number_format(metric.unit)
    return formula, call.shows[0][0], look

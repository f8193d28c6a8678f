"""The cells behind a dashboard: values and ranges by name, and rows of their own for metrics of one value a row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from csmetrics_addin.cells_out import put, put_column
from csmetrics_core.declaration.native import spell
from csmetrics_core.palette import INK, LINE, MUTED, PALE
from csmetrics_core.scorecard import Line, Scorecard

_PASTE_ROWS = 1000  # a range is at least this long, so that other data can be pasted over it
_FIRST_ROW = 6  # of the sheet with one value a row; above it are the weights and marks


@dataclass(frozen=True)
class Styles:
    """Formats of the workbook, with its font."""

    book: Workbook

    def __call__(self, **traits: Any) -> Format:
        return self.book.add_format({"font_name": "Calibri", "font_size": 11, "font_color": INK, **traits})


def formula(line: Line, references: Mapping[str, str], otherwise: str = "NA()") -> str:
    """A cell's formula: the add-in's function where it is there, else the metric in plain Excel functions."""
    names = line.metric.names
    given = [references.get(name, "") for name in names]
    while given and not given[-1]:
        given.pop()
    native = spell(line.metric, references)
    return f"=IF(addin_on,{line.metric.excel_name}({','.join(given)}),{native or otherwise})"


def write_inputs(book: Workbook, sheet: Worksheet, style: Styles, card: Scorecard) -> dict[str, str]:
    """Single values in a list, ranges in columns, each with a name of its own; gives the formulas that use them."""
    title, heading_style, note = style(bold=True, font_size=14), head(style), style(font_color=MUTED)
    sheet.write_string(0, 0, "What the scorecard is computed from", title)
    sheet.write_string(1, 0, "Type or paste over the numbers: each formula reads these cells by name.", note)
    # In a cell, as Refresh enters the formulas of cells anew and never those of names.
    sheet.write_string(2, 0, "Add-in active", note)
    sheet.write_formula(2, 2, "=NOT(ISERROR(CSM_VERSION()))", style(align="right"), False)
    book.define_name("addin_on", "=Inputs!$C$3")
    for place, heading in enumerate(("Metric", "Input", "Value")):
        sheet.write_string(3, place, heading, head(style, right=heading == "Value"))
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 1, 20)
    sheet.set_column(2, 2, 14)
    row, column, formulas = 4, 4, {}
    for line in card.lines:
        references = {}
        for name, value in (line.arguments or {}).items() if not line.averaged else ():
            reference = references[name] = f"{line.metric.name}_{name}"
            if line.metric.argument(name).is_range:
                sheet.write_string(3, column, f"{line.metric.excel_name}: {name}", heading_style)
                sheet.set_column(column, column, 18)
                put_column(sheet, 4, column, list(value))
                _define(book, reference, "Inputs", 4, column, max(len(value), _PASTE_ROWS))
                column += 1
            else:
                sheet.write_string(row, 0, line.title)
                sheet.write_string(row, 1, name.replace("_", " "))
                parts = isinstance(value, float) and value % 1 != 0
                put(sheet, row, 2, value, style(num_format="#,##0.00##" if parts else "#,##0", align="right"))
                _define(book, reference, "Inputs", row, 2, 1)
                row += 1
        if references:
            formulas[line.metric.name] = formula(line, references)
    sheet.freeze_panes(4, 0)
    return formulas


def write_rows(book: Workbook, sheet: Worksheet, style: Styles, card: Scorecard) -> dict[str, str]:
    """Metrics with one value a row: the rows, a formula in each, and the mean of them for the scorecard."""
    sheet.write_string(0, 0, "One value a row; the scorecard shows the mean", style(bold=True, font_size=14))
    column, formulas = 0, {}
    for line in card.lines:
        if line.averaged and line.arguments:
            column, formulas[line.metric.name] = _write_block(book, sheet, style, line, column)
    sheet.freeze_panes(_FIRST_ROW, 0)
    return formulas


def _write_block(book: Workbook, sheet: Worksheet, style: Styles, line: Line, left: int) -> tuple[int, str]:
    """One such metric from column `left` on; gives the next free column and the formula of its mean."""
    arguments = dict(line.arguments or {})
    name = next(a for a in line.metric.names if a in arguments)
    values = np.atleast_1d(line.metric.function(**arguments))
    known = ~np.isnan(values)
    cells = np.asarray(arguments.pop(name), dtype=object)[known]
    columns = cells.T if cells.ndim == 2 else cells[None, :]
    labels = np.array(line.labels, dtype=object)[known] if line.labels else None
    first = left if labels is None else left + 1
    end = first + len(columns)
    sheet.write_string(2, left, line.title, style(bold=True))
    headings = [*([] if labels is None else ["account"]), *(line.columns or (name,)), line.metric.excel_name]
    for place, heading in enumerate(headings, left):
        sheet.write_string(_FIRST_ROW - 1, place, heading, head(style))
        sheet.set_column(place, place, 60 if heading == name else 13)
    put_column(sheet, _FIRST_ROW, left, () if labels is None else labels.tolist())
    for place, column in enumerate(columns, first):
        put_column(sheet, _FIRST_ROW, place, column.tolist(), style(num_format="0.00"))
    references = _write_marks(book, sheet, style, line, arguments, first)
    number = style(num_format=line.unit.number_format)
    for row, value in enumerate(values[known].tolist(), _FIRST_ROW):
        here = area(row, first, row, end - 1) if len(columns) > 1 else xl_rowcol_to_cell(row, first, col_abs=True)
        # Without a plain form the value computed when the file was written stands in.
        text = formula(line, {name: here, **references}, repr(value))
        sheet.write_array_formula(row, end, row, end, text, number, value)
    _define(book, f"{line.metric.name}_values", "Rows", _FIRST_ROW, end, int(known.sum()))
    return end + 2, f"=AVERAGE({line.metric.name}_values)"


def _write_marks(
    book: Workbook, sheet: Worksheet, style: Styles, line: Line, arguments: Mapping[str, Sequence[Any]], first: int
) -> dict[str, str]:
    """The other arguments of such a metric, one value a column, above its rows."""
    muted, references = style(font_color=MUTED), {}
    for row, (argument, values) in enumerate(arguments.items(), 3):
        sheet.write_string(row, first - 1, argument, muted)
        for along, value in enumerate(values):
            put(sheet, row, first + along, value, muted)
        references[argument] = f"{line.metric.name}_{argument}"
        book.define_name(references[argument], f"=Rows!{area(row, first, row, first + len(values) - 1)}")
    return references


def head(style: Styles, right: bool = False) -> Format:
    return style(bold=True, bg_color=PALE, bottom=1, bottom_color=LINE, align="right" if right else "left")


def area(top: int, left: int, bottom: int, right: int) -> str:
    return f"${xl_col_to_name(left)}${top + 1}:${xl_col_to_name(right)}${bottom + 1}"


def _define(book: Workbook, name: str, sheet: str, row: int, column: int, rows: int) -> None:
    cells = area(row, column, row + rows - 1, column)
    book.define_name(name, f"={sheet}!{cells if rows > 1 else cells.split(':')[0]}")

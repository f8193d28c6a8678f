"""A first dashboard: the scorecard as formulas that use the add-in where it is there, and plain Excel where not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from csmetrics_addin.cells_out import new_workbook, put, put_column
from csmetrics_core.native import spell
from csmetrics_core.palette import ACCENT, ACCENT_SOFT, INK, LINE, MUTED, PALE, PAPER, STATUS
from csmetrics_core.scorecard import Line, Scorecard
from csmetrics_core.spec import FRACTION, Better

_TOP = 4  # row of the headings of the scorecard, from 0
_PASTE_ROWS = 1000  # a range is at least this long, so that other data can be pasted over it
_COLUMNS = (
    ("Metric", 29), ("Value", 13), ("Target", 13), ("Against target", 15), ("Month before", 13), ("Change", 13),
    ("  Trend", 18), ("n", 8), ("  Computed from", 62),
)  # fmt: skip


@dataclass(frozen=True)
class Styles:
    """The formats of the workbook, each made once."""

    book: Workbook

    def __call__(self, **traits: Any) -> Format:
        return self.book.add_format({"font_name": "Calibri", "font_size": 11, "font_color": INK, **traits})


def write_dashboard(path: Path, card: Scorecard, targets: Mapping[str, float]) -> None:
    """Write the dashboard workbook.

    Args:
        path: a file of ours there is replaced.
        card: with as many months of history as the trend is to show.
        targets: metric -> target, in the metric's unit.
    """
    with new_workbook(path) as book:
        style = Styles(book)
        sheets = {name: book.add_worksheet(name) for name in ("Scorecard", "Inputs", "Rows", "History")}
        book.define_name("addin_on", "=NOT(ISERROR(CSM_VERSION()))")
        formulas = _write_inputs(book, sheets["Inputs"], style, card)
        formulas |= _write_rows(book, sheets["Rows"], style, card)
        _write_history(sheets["History"], style, card)
        _write_scorecard(sheets["Scorecard"], style, card, targets, formulas)
        _add_chart(book, sheets["Scorecard"], card)


def formula(line: Line, references: Mapping[str, str], otherwise: str = "NA()") -> str:
    """A cell's formula: the add-in's function where it is there, else the metric in plain Excel functions."""
    names = line.metric.names
    given = [references.get(name, "") for name in names]
    while given and not given[-1]:
        given.pop()
    native = spell(line.metric, references)
    return f"=IF(addin_on,{line.metric.excel_name}({','.join(given)}),{native or otherwise})"


def _write_inputs(book: Workbook, sheet: Worksheet, style: Styles, card: Scorecard) -> dict[str, str]:
    """Single values in a list, ranges in columns, each with a name of its own; gives the formulas that use them."""
    title, head, note = style(bold=True, font_size=14), _head(style), style(font_color=MUTED)
    sheet.write_string(0, 0, "What the scorecard is computed from", title)
    sheet.write_string(1, 0, "Type or paste over the numbers: each formula reads these cells by name.", note)
    for place, heading in enumerate(("Metric", "Input", "Value")):
        sheet.write_string(3, place, heading, head)
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 1, 20)
    sheet.set_column(2, 2, 14)
    row, column, formulas = 4, 4, {}
    for line in card.lines:
        references = {}
        for name, value in (line.arguments or {}).items() if not line.averaged else ():
            reference = references[name] = f"{line.metric.name}_{name}"
            if line.metric.argument(name).is_range:
                sheet.write_string(3, column, f"{line.metric.excel_name}: {name}", head)
                sheet.set_column(column, column, 18)
                put_column(sheet, 4, column, list(value))
                _define(book, reference, "Inputs", 4, column, max(len(value), _PASTE_ROWS))
                column += 1
            else:
                sheet.write_string(row, 0, line.metric.title)
                sheet.write_string(row, 1, name.replace("_", " "))
                put(sheet, row, 2, value)
                _define(book, reference, "Inputs", row, 2, 1)
                row += 1
        if references:
            formulas[line.metric.name] = formula(line, references)
    sheet.freeze_panes(4, 0)
    return formulas


def _write_rows(book: Workbook, sheet: Worksheet, style: Styles, card: Scorecard) -> dict[str, str]:
    """Metrics with one value a row: the rows, a formula in each, and the mean of them for the scorecard."""
    sheet.write_string(0, 0, "One value a row; the scorecard shows the mean", style(bold=True, font_size=14))
    column, formulas = 0, {}
    for line in card.lines:
        if line.averaged and line.arguments:
            column, formulas[line.metric.name] = _write_block(book, sheet, style, line, column)
    sheet.freeze_panes(6, 0)
    return formulas


def _write_block(book: Workbook, sheet: Worksheet, style: Styles, line: Line, left: int) -> tuple[int, str]:
    """One such metric from column `left` on; gives the next free column and the formula of its mean."""
    arguments = dict(line.arguments or {})
    name = next(a for a in line.metric.names if a in arguments)
    scores, known = _scores(line)
    block = [[cell for cell, good in zip(row, known, strict=True) if good] for row in _as_columns(arguments.pop(name))]
    head, muted = _head(style), style(font_color=MUTED)
    sheet.write_string(2, left, line.metric.title, style(bold=True))
    labels = [text for text, good in zip(line.labels, known, strict=True) if good] if line.labels else []
    first = left + bool(labels)
    headings = [*(["account"] if labels else []), *_headings(line, len(block)), line.metric.excel_name]
    for place, heading in enumerate(headings):
        sheet.write_string(5, left + place, heading, head)
        is_text = heading == name
        sheet.set_column(left + place, left + place, 60 if is_text else 13)
    put_column(sheet, 6, left, labels)
    references = {}
    for place, (argument, values) in enumerate(arguments.items()):
        sheet.write_string(3 + place, left, argument, muted)
        for along, value in enumerate(values):
            put(sheet, 3 + place, first + along, value, muted)
        references[argument] = f"{line.metric.name}_{argument}"
        area = _area(3 + place, first, 3 + place, first + len(values) - 1)
        book.define_name(references[argument], f"=Rows!{area}")
    for place, values in enumerate(block):
        put_column(sheet, 6, first + place, values, style(num_format="0.00"))
    end = first + len(block)
    for row, score in enumerate(scores, 6):
        here = f"{xl_rowcol_to_cell(row, first, col_abs=True)}:{xl_rowcol_to_cell(row, end - 1, col_abs=True)}"
        cell = here if len(block) > 1 else xl_rowcol_to_cell(row, first, col_abs=True)
        # Without a plain form the value computed when the file was written stands in.
        text = formula(line, {name: cell, **references}, repr(float(score)))
        sheet.write_array_formula(row, end, row, end, text, style(num_format=line.unit.number_format), score)
    _define(book, f"{line.metric.name}_values", "Rows", 6, end, len(scores))
    return end + 2, f"=AVERAGE({line.metric.name}_values)"


def _scores(line: Line) -> tuple[list[float], list[bool]]:
    """The value of each row that has one, and which rows those are."""
    values = np.asarray(line.metric.function(**(line.arguments or {})))
    known = ~np.isnan(values)
    return values[known].tolist(), known.tolist()


def _as_columns(values: Any) -> list[Sequence[Any]]:
    return list(values.T.tolist()) if isinstance(values, np.ndarray) and values.ndim == 2 else [list(values)]


def _headings(line: Line, width: int) -> list[str]:
    """The names of a block's columns stand in the basis, in their order."""
    return list(line.columns) if line.columns else ["comments"] * width


def _write_history(sheet: Worksheet, style: Styles, card: Scorecard) -> None:
    head = _head(style)
    sheet.write_string(0, 0, "Month", head)
    sheet.set_column(0, 0, 10)
    sheet.set_column(1, len(card.lines), 14)
    for row, (month, _) in enumerate(card.lines[0].history, 1):
        sheet.write_string(row, 0, month)
    for place, line in enumerate(card.lines):
        sheet.write_string(0, place + 1, line.metric.title, style(bold=True, text_wrap=True, bg_color=PALE))
        number = style(num_format=line.unit.number_format)
        *before, (_, now) = line.history or ((None, None),)
        put_column(sheet, 1, place + 1, [value for _, value in before], number)
        if now is not None:
            last = len(line.history)
            sheet.write_formula(last, place + 1, f"=Scorecard!$B${_TOP + 2 + place}", number, now)
    sheet.freeze_panes(1, 1)


def _write_scorecard(
    sheet: Worksheet, style: Styles, card: Scorecard, targets: Mapping[str, float], formulas: Mapping[str, str]
) -> None:
    sheet.hide_gridlines(2)
    sheet.write_string(0, 0, f"Customer success scorecard, {card.month}", style(bold=True, font_size=18))
    said = (
        '=IF(addin_on,"Computed by the csmetrics add-in.","Computed by plain Excel formulas, as the add-in is not '
        'there; comment sentiment keeps the value it was written with.")'
    )
    shown = said.split('"')[3]
    sheet.write_formula(1, 0, said, style(font_color=MUTED), shown)
    sheet.write_string(
        2, 0, "Targets are examples: type over them. Inputs are on the next sheet.", style(font_color=MUTED)
    )
    for place, (heading, width) in enumerate(_COLUMNS):
        sheet.write_string(_TOP, place, heading, _head(style, right=0 < place < 6 or heading == "n"))
        sheet.set_column(place, place, width)
    for place, line in enumerate(card.lines):
        _write_line(sheet, style, line, place, targets.get(line.metric.name), formulas)
    last = _TOP + len(card.lines)
    for word, (colour, soft) in (("on target", STATUS["met"]), ("off target", STATUS["missed"])):
        painted = style(font_color=colour, bg_color=soft)
        rule = {"type": "cell", "criteria": "==", "value": f'"{word}"', "format": painted}
        sheet.conditional_format(_TOP + 1, 3, last, 3, rule)
    sheet.freeze_panes(_TOP + 1, 1)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 1)


def _write_line(
    sheet: Worksheet, style: Styles, line: Line, place: int, target: float | None, formulas: Mapping[str, str]
) -> None:
    row, rule = _TOP + 1 + place, {"bottom": 1, "bottom_color": LINE, "valign": "vcenter"}
    sheet.set_row(row, 21)
    cell = {name: f"{letter}{row + 1}" for name, letter in zip(("value", "target", "", "before"), "BCDE", strict=True)}
    number = style(num_format=line.unit.number_format, **rule)
    sheet.write_string(row, 0, line.metric.title, style(bold=True, **rule))
    for column in range(1, len(_COLUMNS)):
        sheet.write_blank(row, column, None, style(**rule))
    sheet.write_string(row, 8, line.missing or line.basis, style(font_color=MUTED, font_size=10, indent=1, **rule))
    if line.value is None:
        return
    bold = style(bold=True, num_format=line.unit.number_format, **rule)
    sheet.write_array_formula(row, 1, row, 1, formulas[line.metric.name], bold, line.value)
    put(sheet, row, 2, target, style(num_format=line.unit.number_format, font_color=ACCENT, **rule))
    if target is not None:
        sign = "<=" if line.metric.better is Better.LOWER else ">="
        met = line.value <= target if sign == "<=" else line.value >= target
        text = f'=IF({cell["target"]}="","",IF({cell["value"]}{sign}{cell["target"]},"on target","off target"))'
        sheet.write_formula(row, 3, text, style(align="right", **rule), "on target" if met else "off target")
    put(sheet, row, 4, line.previous, number)
    if line.change is not None:
        points = line.unit is FRACTION
        plain = '0.0" pp"' if points else line.unit.number_format
        text = f"=({cell['value']}-{cell['before']})*100" if points else f"={cell['value']}-{cell['before']}"
        change = style(num_format=f"+{plain};-{plain};{plain}", align="right", **rule)
        sheet.write_formula(row, 5, text, change, line.change * (100 if points else 1))
    trend = f"History!{_area(1, place + 1, len(line.history), place + 1)}"
    # Bars, as LibreOffice leaves lines out when it prints.
    look = {"type": "column", "series_color": ACCENT_SOFT, "last_point": True, "last_color": ACCENT}
    sheet.add_sparkline(row, 6, {"range": trend, **look})
    put(sheet, row, 7, line.n, style(num_format="#,##0", **rule))


def _add_chart(book: Workbook, sheet: Worksheet, card: Scorecard) -> None:
    """Recurring revenue by month, below the table."""
    place = next(i for i, line in enumerate(card.lines) if line.metric.name == "mrr")
    line = card.lines[place]
    if line.value is None or len(line.history) < 2:
        return
    last = len(line.history)
    chart = book.add_chart({"type": "column"})
    chart.add_series({
        "name": line.metric.title,
        "categories": ["History", 1, 0, last, 0],
        "values": ["History", 1, place + 1, last, place + 1],
        "fill": {"color": ACCENT},
        "gap": 60,
    })  # fmt: skip
    chart.set_title({"name": line.metric.title, "overlay": False, "name_font": {"size": 12, "color": INK}})
    chart.set_legend({"none": True})
    chart.set_y_axis({
        "num_format": "#,##0", "min": 0, "line": {"none": True}, "num_font": {"color": MUTED},
        "major_gridlines": {"visible": True, "line": {"color": LINE}},
    })  # fmt: skip
    chart.set_x_axis({"num_font": {"color": MUTED}, "line": {"color": LINE}})
    chart.set_chartarea({"border": {"none": True}, "fill": {"color": PAPER}})
    chart.set_size({"width": 1000, "height": 280})
    sheet.insert_chart(_TOP + len(card.lines) + 2, 0, chart, {"description": "Monthly recurring revenue by month"})


def _head(style: Styles, right: bool = False) -> Format:
    return style(bold=True, bg_color=PALE, bottom=1, bottom_color=LINE, align="right" if right else "left")


def _area(top: int, left: int, bottom: int, right: int) -> str:
    return f"${xl_col_to_name(left)}${top + 1}:${xl_col_to_name(right)}${bottom + 1}"


def _define(book: Workbook, name: str, sheet: str, row: int, column: int, rows: int) -> None:
    area = _area(row, column, row + rows - 1, column)
    book.define_name(name, f"={sheet}!{area if rows > 1 else area.split(':')[0]}")

"""A first dashboard: the scorecard as formulas that use the add-in where it is there, and plain Excel where not."""

from collections.abc import Mapping
from pathlib import Path

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from csmetrics_addin.cells_out import new_workbook, put, put_column
from csmetrics_addin.dashboard_inputs import Styles, area, head, write_inputs, write_rows
from csmetrics_core.declaration.spec import Better
from csmetrics_core.palette import ACCENT, ACCENT_SOFT, INK, LINE, MUTED, PALE, PAPER, STATUS
from csmetrics_core.scorecard import Line, Scorecard

_TOP = 4  # row of the headings of the scorecard, from 0
_MONTHS = "By month"  # Excel keeps the name History for itself
_COLUMNS = (
    ("Metric", 29), ("Value", 13), ("Target", 13), ("Against target", 15), ("Month before", 13), ("Change", 13),
    ("  Trend", 18), ("n", 8), ("  Computed from", 62),
)  # fmt: skip


def write_dashboard(path: Path, card: Scorecard, targets: Mapping[str, float]) -> None:
    """Write the dashboard workbook.

    Args:
        path: a file of ours there is replaced.
        card: with as many months of history as the trend is to show.
        targets: metric -> target, in the metric's unit.
    """
    with new_workbook(path) as book:
        style = Styles(book)
        sheets = {name: book.add_worksheet(name) for name in ("Scorecard", "Inputs", "Rows", _MONTHS)}
        for sheet in sheets.values():
            sheet.set_landscape()
            sheet.fit_to_pages(1, 0)
        formulas = write_inputs(book, sheets["Inputs"], style, card)
        formulas |= write_rows(book, sheets["Rows"], style, card)
        _write_history(sheets[_MONTHS], style, card)
        _write_scorecard(sheets["Scorecard"], style, card, targets, formulas)
        _add_chart(book, sheets["Scorecard"], card)


def _write_history(sheet: Worksheet, style: Styles, card: Scorecard) -> None:
    bold = head(style)
    sheet.write_string(0, 0, "Month", bold)
    sheet.set_column(0, 0, 10)
    sheet.set_column(1, len(card.lines), 14)
    for row, (month, _) in enumerate(card.lines[0].history, 1):
        sheet.write_string(row, 0, month)
    for place, line in enumerate(card.lines):
        sheet.write_string(0, place + 1, line.title, style(bold=True, text_wrap=True, bg_color=PALE))
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
        sheet.write_string(_TOP, place, heading, head(style, right=0 < place < 6 or heading == "n"))
        sheet.set_column(place, place, width)
    for place, line in enumerate(card.lines):
        _write_line(sheet, style, line, place, targets.get(line.metric.name), formulas)
    last = _TOP + len(card.lines)
    for word, (colour, soft) in (("on target", STATUS["met"]), ("off target", STATUS["missed"])):
        painted = style(font_color=colour, bg_color=soft)
        rule = {"type": "cell", "criteria": "==", "value": f'"{word}"', "format": painted}
        sheet.conditional_format(_TOP + 1, 3, last, 3, rule)
    sheet.freeze_panes(_TOP + 1, 1)
    sheet.fit_to_pages(1, 1)


def _write_line(
    sheet: Worksheet, style: Styles, line: Line, place: int, target: float | None, formulas: Mapping[str, str]
) -> None:
    row, rule = _TOP + 1 + place, {"bottom": 1, "bottom_color": LINE, "valign": "vcenter"}
    sheet.set_row(row, 21)
    cell = {name: f"{letter}{row + 1}" for name, letter in zip(("value", "target", "", "before"), "BCDE", strict=True)}
    number = style(num_format=line.unit.number_format, **rule)
    sheet.write_string(row, 0, line.title, style(bold=True, **rule))
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
        points = line.unit.is_share
        plain = '0.0" pp"' if points else line.unit.number_format
        text = f"=({cell['value']}-{cell['before']})*100" if points else f"={cell['value']}-{cell['before']}"
        change = style(num_format=f"+{plain};-{plain};{plain}", align="right", **rule)
        sheet.write_formula(row, 5, text, change, line.change * (100 if points else 1))
    trend = f"'{_MONTHS}'!{area(1, place + 1, len(line.history), place + 1)}"
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
        "name": line.title,
        "categories": [_MONTHS, 1, 0, last, 0],
        "values": [_MONTHS, 1, place + 1, last, place + 1],
        "fill": {"color": ACCENT},
        "gap": 60,
    })  # fmt: skip
    chart.set_title({"name": line.title, "overlay": False, "name_font": {"size": 12, "color": INK}})
    chart.set_legend({"none": True})
    chart.set_y_axis({
        "num_format": "#,##0", "min": 0, "line": {"none": True}, "num_font": {"color": MUTED},
        "major_gridlines": {"visible": True, "line": {"color": LINE}},
    })  # fmt: skip
    chart.set_x_axis({"num_font": {"color": MUTED}, "line": {"color": LINE}})
    chart.set_chartarea({"border": {"none": True}, "fill": {"color": PAPER}})
    chart.set_size({"width": 1000, "height": 280})
    sheet.insert_chart(_TOP + len(card.lines) + 2, 0, chart, {"description": "Monthly recurring revenue by month"})

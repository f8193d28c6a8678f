"""What a panel or a dashboard hands over: tables as CSV, charts as pictures, dashboards as workbooks."""

import csv
import io
from collections.abc import Callable, Mapping
from html import escape
from typing import Any

import numpy as np

from csmetrics_core.errors import NoData
from csmetrics_core.files.csv_text import harmless
from csmetrics_core.intake.spans import span_text
from csmetrics_panels.metric.compute import Outcome
from csmetrics_panels.screen.images import image
from csmetrics_panels.screen.still import on_dark

#: The file's name, its media type, its bytes.
File = tuple[str, str, bytes]
_OWN = {"period", "value", "n", "low", "high", "unfinished"}
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def panel_files(panel: Any) -> list[tuple[str, Callable[[], File]]]:
    """The files a panel offers: words for the button, and what makes the file."""
    name = panel.metric.name

    def book() -> File:
        from csmetrics_panels.metric.metric_workbook import workbook

        return f"{name}.xlsx", _XLSX, workbook(panel.outcome)

    return [
        ("Workbook with a live formula", book),
        ("CSV of the result", lambda: (f"{name}.csv", "text/csv", csv_bytes(result_table(panel.outcome)))),
        ("Chart as PNG", lambda: (f"{name}.png", "image/png", _picture(panel, "png"))),
        ("Chart as SVG", lambda: (f"{name}.svg", "image/svg+xml", _picture(panel, "svg"))),
        page_file(name, panel),
    ]


def result_table(outcome: Outcome | None) -> dict[str, Any]:
    """A result as columns: its table, the value of each row, its series, or the value with what stands behind it.

    Raises:
        NoData: there is none.
    """
    if outcome is None or (outcome.told is None and not outcome.trend):
        raise NoData("there is no result yet", "Choose what the card asks for.")
    if outcome.trend or outcome.groups:
        return _series_table(outcome)
    told: Any = outcome.told
    if told.metric.gives == "table":
        return dict(told.value)
    if np.ndim(told.value):
        labels = outcome.labels or outcome.row_numbers
        return {"row": labels, told.metric.name: list(np.ravel(told.value))}
    rows = told.rows()
    return {"item": [item for item, _ in rows], "value": [value for _, value in rows]}


def _series_table(outcome: Outcome) -> dict[str, Any]:
    """The periods drawn, then the segments; a period without a row is left out, as it is a gap in the drawing."""
    periods = [point for point in outcome.trend if point.rows != 0]
    points, request = [*periods, *outcome.groups], outcome.request
    columns: dict[str, Any] = {}
    if outcome.trend:
        own = span_text(request.span, request.end) if request.end is not None else ""
        columns["period"] = [point.label for point in periods] + [own] * len(outcome.groups)
    if outcome.groups:
        by = request.segment_by if request.segment_by not in _OWN else f"{request.segment_by} (segment)"
        columns[by] = [None] * len(periods) + [point.label for point in outcome.groups]
    columns |= {name: [getattr(point, name) for point in points] for name in ("value", "n", "low", "high")}
    if any(point.unfinished for point in points):
        columns["unfinished"] = [point.unfinished for point in points]
    return columns


def page_file(name: str, shown: Any) -> tuple[str, Callable[[], File]]:
    """What is shown as one file that anybody can open."""
    start = (
        f'<!doctype html><meta charset="utf-8"><meta name="color-scheme" content="light dark"><title>{escape(name)}'
        f"</title><style>@media (prefers-color-scheme: dark) {{ {on_dark('')} }}</style>"
        '<body style="font-family:sans-serif">'
    )
    return "Page as HTML", lambda: (f"{name}.html", "text/html", (start + shown.page()).encode())


def _picture(panel: Any, kind: str) -> bytes:
    if panel.chart is None:
        raise NoData("there is no chart", "Choose what the card asks for.")
    return image(panel.chart, kind)


def csv_bytes(table: Mapping[str, Any]) -> bytes:
    """Columns as a CSV file that Excel opens as it is; text that looks like a formula stays text."""
    held = io.StringIO(newline="")
    writer = csv.writer(held)
    writer.writerow(map(_cell, table))
    for row in zip(*table.values(), strict=True):
        writer.writerow(map(_cell, row))
    return held.getvalue().encode("utf-8-sig")


def _cell(value: Any) -> Any:
    if value is None or value != value:
        return ""
    if isinstance(value, str):
        return harmless(value)
    if isinstance(value, np.integer | np.floating | int | float):
        return value.item() if isinstance(value, np.generic) else value
    return str(value)[:19]


def dashboard_files(dashboard: Any) -> list[tuple[str, Callable[[], File]]]:
    """The files a dashboard offers: the page in front as CSV and pictures."""
    from csmetrics_panels.dashboards.blocks import Across, Grid, Picture

    def flat(blocks: Any) -> list[Any]:
        return [one for block in blocks for one in (flat(block.blocks) if isinstance(block, Across) else [block])]

    def tables() -> File:
        grids = [block for block in flat(dashboard.blocks) if isinstance(block, Grid)]
        if not grids:
            raise NoData("this page has no table", "Open a page that has one.")
        content = b"\r\n".join(csv_bytes(grid.columns) for grid in grids)
        return f"{dashboard.name}.csv", "text/csv", content

    def chart() -> File:
        charts = [block.chart for block in flat(dashboard.blocks) if isinstance(block, Picture) and block.chart]
        if not charts:
            raise NoData("this page has no chart", "Open a page that has one.")
        return f"{dashboard.name}.png", "image/png", image(charts[0])

    def book() -> File:
        from csmetrics_panels.dashboards.workbook_data import workbook

        content, said = workbook(dashboard)
        dashboard.tell(said)
        return f"{dashboard.name}.xlsx", _XLSX, content

    return [
        ("Workbook with live formulas", book),
        ("Tables of this page as CSV", tables),
        ("First chart as PNG", chart),
        page_file(dashboard.name, dashboard),
    ]

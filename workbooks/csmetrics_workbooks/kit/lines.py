"""Line charts of pages: up to three lines, told apart by colour and by dash."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from csmetrics_core.palette import ACCENT, SERIES
from csmetrics_workbooks.kit.book import Book
from csmetrics_workbooks.kit.sheet import axis, legend

_LOOKS = ((ACCENT, "solid"), (SERIES[1], "dash"), (SERIES[2], "round_dot"))


class Line(NamedTuple):
    """One line: its name, and where its days and values stand, as XlsxWriter takes them."""

    name: str
    days: Any
    values: Any


def line_chart(
    book: Book,
    lines: Sequence[Line],
    dates: str,
    numbers: str,
    *,
    across: Mapping[str, Any] | None = None,
    up: Mapping[str, Any] | None = None,
    width: float = 2.25,
    marked: bool = False,
) -> Any:
    """A chart of lines over days.

    Args:
        lines: at most three.
        dates, numbers: formats of the axes.
        across, up: what else the axes are told.
        width: of the lines, in points.
        marked: each value has a dot.
    """
    chart = book.chart("line")
    for line, (colour, dash) in zip(lines, _LOOKS, strict=False):
        dot = {"type": "circle", "size": 5, "fill": {"color": colour}, "border": {"color": colour}}
        chart.add_series(
            {
                "name": line.name,
                "categories": line.days,
                "values": line.values,
                "line": {"color": colour, "width": width, "dash_type": dash},
                **({"marker": dot} if marked else {}),
            }
        )
    chart.set_legend(legend())
    chart.set_x_axis({**axis(dates), "text_axis": True, **(across or {})})
    chart.set_y_axis({**axis(numbers, lines=True), **(up or {})})
    return chart

"""Charts drawn by Plotly for the screen; no request leaves the machine."""

from collections.abc import Callable
from html import escape, unescape
from typing import Any

import ipywidgets as widgets
import numpy as np
import plotly.graph_objects as go

from csmetrics_core.declaration.spec import COUNT, Unit
from csmetrics_core.palette import ACCENT_SOFT, HEAT, INK, LINE, MUTED, PAPER
from csmetrics_panels.data.frames import short
from csmetrics_panels.screen.charts import Chart, Heat, Series
from csmetrics_panels.screen.shared_plotly import Figure, library

_TICKS = {"fraction": ".1~%", "money": ",.0f", "count": ",.0f"}
_MOST_NAMED, _LONGEST_LABEL = 40, 36
#: Units named beside a number that does not tell them.
_SAID = ("points", "scale points", "seconds")
_CONFIG = {"displaylogo": False, "displayModeBar": False, "responsive": True}


class ChartView(widgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """A place on the screen for one chart at a time; no chart, no place."""

    def __init__(self, height: int = 340) -> None:
        super().__init__(layout={"display": "none", "width": "100%"})
        self.height = height
        self.figure: Any = None
        self._clicked: Callable[[str], None] | None = None

    def show(self, chart: Chart | Heat | None) -> None:
        """Draw a chart in place of what is there."""
        if chart is None:
            self.layout.display = "none"
            return
        drawn = draw(chart, self.height)
        self.layout.display = ""
        if self.figure is None:
            self.figure = Figure(drawn, _CONFIG)
            self.children = (library(), self.figure)
        else:
            with self.figure.batch_update():
                self.figure.data = ()
                self.figure.add_traces(drawn.data)
                self.figure.layout = drawn.layout
            self.figure.keep()
        for trace in self.figure.data if self._clicked else ():
            trace.on_click(self._click)

    def on_click(self, call: Callable[[str], None]) -> None:
        """Call with the label of a bar that is clicked."""
        self._clicked = call

    def _click(self, trace: Any, points: Any, _: Any) -> None:
        if self._clicked and points.point_inds:
            labels = trace.y if trace.orientation == "h" else trace.x
            self._clicked(unescape(str(labels[points.point_inds[0]])))


def draw(chart: Chart | Heat, height: int | None = 340) -> Any:
    """A chart as a Plotly figure."""
    if isinstance(chart, Heat):
        return _heat(chart, height)
    figure = go.Figure(layout=_layout(chart.title, chart.note, height))
    for series in chart.series:
        _add(figure, series, chart)
    value, label = ("x", "y") if chart.across else ("y", "x")
    figure.update_layout({f"{value}axis": {**_axis(chart.unit, _most(chart)), **_range(chart)}})
    figure.update_layout(
        {f"{label}axis": {"type": "category", "automargin": True, "showgrid": False, **_thinned(chart)}}
    )
    if chart.across:
        figure.update_layout(yaxis={"autorange": "reversed"})
    figure.update_layout(barmode="relative" if chart.stacked else "group", showlegend=len(chart.series) > 1)
    if len(chart.series) > 1:
        figure.update_layout(margin={"b": 46})
    for at, words in chart.lines:
        line = {"line_dash": "dash", "line_color": MUTED, "annotation_text": shown(words)}
        figure.add_vline(at, **line) if chart.across else figure.add_hline(at, **line)
    return figure


def shown(text: object) -> str:
    """Text as text: Plotly would read markup in labels."""
    return escape(str(text), quote=False)


def with_unit(unit: Unit, value: object) -> str:
    """A value with its unit, where the number alone does not tell it."""
    text = unit.text(value)
    return f"{text} {unit.name}" if text and unit.name in _SAID else text


def _layout(title: str, note: str, height: int | None) -> dict[str, Any]:
    subtitle = {"subtitle": {"text": shown(note), "font": {"size": 12, "color": MUTED}}} if note else {}
    return {
        "title": {"text": shown(title), "x": 0, "xanchor": "left", "pad": {"l": 10}, "font": {"size": 15}, **subtitle},
        "height": height,
        "margin": {"l": 10, "r": 20, "t": 64 if note else 46, "b": 10},
        "font": {"family": "system-ui, Segoe UI, Helvetica, Arial, sans-serif", "size": 12, "color": INK},
        "paper_bgcolor": PAPER,
        "plot_bgcolor": PAPER,
        "legend": {"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom"},
        "autosize": True,
        "hovermode": "closest",
        "template": None,
    }


def _axis(unit: Unit, most: float) -> dict[str, Any]:
    axis = {"gridcolor": LINE, "zerolinecolor": MUTED, "automargin": True}
    if unit is COUNT and most < 8:
        axis["dtick"] = 1
    return {**axis, "tickformat": _TICKS[unit.name]} if unit.name in _TICKS else axis


def _most(chart: Chart) -> float:
    return max((y for series in chart.series for y in series.y if y is not None and y == y), default=0.0)


def _thinned(chart: Chart) -> dict[str, Any]:
    """Labels that would run into each other: some of them, slanted; long ones cut, and whole when pointed at."""
    labels = [str(label) for label in chart.series[0].x] if chart.series else []
    slanted = {} if chart.across or sum(map(len, labels)) < 60 else {"tickangle": -40}
    if len(labels) <= _MOST_NAMED and any(len(label) > _LONGEST_LABEL for label in labels):
        cut = [shown(short(label, _LONGEST_LABEL)) for label in labels]
        return {"tickmode": "array", "tickvals": list(map(shown, labels)), "ticktext": cut, **slanted}
    return {"nticks": 12, **slanted} if slanted else {}


def _range(chart: Chart) -> dict[str, Any]:
    return {"range": list(chart.bounds)} if chart.bounds else {}


def _add(figure: Any, series: Series, chart: Chart) -> None:
    labels = [shown(x) for x in series.x]
    values = [None if y is None or y != y else float(y) for y in series.y]
    texts = ["" if v is None else shown(chart.unit.text(v)) for v in values]
    place = {"x": values, "y": labels} if chart.across else {"x": labels, "y": values}
    common = {
        "name": shown(series.name),
        "customdata": _told(series, chart.unit),
        "hovertemplate": _hover(chart),
        **place,
    }
    if series.kind == "bar":
        colour = list(series.colours) if series.colours else series.colour
        base = {} if series.base is None else {"base": list(series.base)}
        few = len(chart.series) == 1 and len(values) <= 14
        figure.add_bar(
            marker_color=colour,
            text=texts if few else None,
            textposition="auto" if series.base is None else "outside",
            textangle=0,
            cliponaxis=False,
            orientation="h" if chart.across else "v",
            **base,
            **common,
        )
        return
    if series.kind == "band":
        _add_band(figure, series, labels, common)
        return
    whiskers = _whiskers(series, values)
    side = {"error_x" if chart.across else "error_y": whiskers} if whiskers else {}
    mode = "markers" if series.kind == "dots" else "lines+markers" if len(values) <= 40 else "lines"
    size = 9 if series.kind == "dots" else 6
    marker: dict[str, Any] = {"size": size, "color": series.colour}
    if series.hollow and any(series.hollow):
        mode = mode if "markers" in mode else f"{mode}+markers"
        marker |= {
            "symbol": ["circle-open" if hollow else "circle" for hollow in series.hollow],
            "size": [size + 4 if hollow else size for hollow in series.hollow],
        }
    figure.add_scatter(mode=mode, line_color=series.colour, marker=marker, **side, **common)


def _add_band(figure: Any, series: Series, labels: list[str], common: dict[str, Any]) -> None:
    """The area between the ends, as two lines that are not seen."""
    ends = [[None if y != y else float(y) for y in side or ()] for side in (series.high, series.low)]
    unseen: dict[str, Any] = {"mode": "lines", "line": {"width": 0, "color": series.colour}, "hoverinfo": "skip"}
    figure.add_scatter(x=labels, y=ends[0], showlegend=False, **unseen)
    figure.add_scatter(x=labels, y=ends[1], fill="tonexty", name=common["name"], **unseen)


def _told(series: Series, unit: Unit) -> list[str]:
    """What a mark says when it is pointed at: value and unit, interval, n."""
    told = []
    for i, value in enumerate(series.y):
        low, high = (None if ends is None else ends[i] for ends in (series.low, series.high))
        bounds = [unit.text(bound) or "not known" for bound in (low, high)]
        known = (low is not None and low == low) or (high is not None and high == high)
        n = series.n[i] if series.n is not None else None
        parts = [with_unit(unit, value), f"interval {' to '.join(bounds)}" if known else "", f"n = {n:,}" if n else ""]
        told.append(shown("\n".join(filter(None, parts))).replace("\n", "<br>"))
    return told


def _hover(chart: Chart) -> str:
    return f"%{{{'y' if chart.across else 'x'}}}<br>%{{customdata}}<extra>%{{fullData.name}}</extra>"


def _whiskers(series: Series, values: list[float | None]) -> dict[str, Any] | None:
    if series.low is None or series.high is None:
        return None
    up, down = [], []
    for value, low, high in zip(values, series.low, series.high, strict=True):
        known = value is not None and low == low
        up.append(high - value if known and value is not None else 0)
        down.append(value - low if known and value is not None else 0)
    return {"type": "data", "array": up, "arrayminus": down, "color": ACCENT_SOFT, "thickness": 2, "width": 4}


def _heat(chart: Heat, height: int | None) -> Any:
    values = np.asarray(chart.values, dtype=float)
    sizes = [f"<br>n = {n:,.0f}" for n in chart.n] or [""] * len(chart.rows)
    said = [[f"{with_unit(chart.unit, v)}{n}" for v in row] for row, n in zip(values.tolist(), sizes, strict=True)]
    texts = [[chart.unit.text(v) for v in row] for row in values.tolist()]
    scale = [[i / (len(HEAT) - 1), colour] for i, colour in enumerate(HEAT)]
    rows, columns = list(map(shown, chart.rows)), list(map(shown, chart.columns))
    small = values.shape[1] <= 13
    figure = go.Figure(layout=_layout(chart.title, chart.note, max(height or 0, 90 + 20 * len(rows))))
    figure.add_heatmap(
        z=[[None if v != v else v for v in row] for row in values.tolist()],
        x=columns,
        y=rows,
        text=texts,
        texttemplate="%{text}" if small else None,
        customdata=said,
        hovertemplate="%{y}, age %{x}: %{customdata}<extra></extra>",
        colorscale=scale,
        showscale=not small,
        xgap=1,
        ygap=1,
    )
    figure.update_layout(
        xaxis={"type": "category", "side": "top", "showgrid": False, "automargin": True},
        yaxis={"type": "category", "autorange": "reversed", "showgrid": False, "automargin": True},
    )
    figure.update_layout(margin={"t": 90 if chart.note else 70})
    return figure

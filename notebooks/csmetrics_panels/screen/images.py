"""Charts drawn by Matplotlib for files: PNG and SVG without a browser."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from csmetrics_addin.writing import write_whole

from csmetrics_core.errors import OutOfScale
from csmetrics_core.palette import ACCENT_SOFT, HEAT, INK, LINE, MUTED, PAPER
from csmetrics_panels.screen.charts import Chart, Heat, Series

FORMATS = ("png", "svg")


def save_image(chart: Chart | Heat, path: str | Path) -> Path:
    """Write a chart to a PNG or SVG file.

    Raises:
        OutOfScale: the file is to be something else.
    """
    path = Path(path)
    write_whole(path, image(chart, path.suffix.lstrip(".").lower()))
    return path


def image(chart: Chart | Heat, kind: str = "png", width: float = 8.0, height: float = 4.2, dots: int = 160) -> bytes:
    """A chart as the bytes of a PNG or SVG picture.

    Args:
        chart: the chart.
        kind: png or svg.
        width, height: in inches.
        dots: of a PNG, an inch.

    Raises:
        OutOfScale: another kind of picture.
    """
    if kind not in FORMATS:
        raise OutOfScale(f"the picture is to be {kind!r}", f"Choose {' or '.join(FORMATS)}.", argument="kind")
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    style: dict[Any, Any] = {  # names that only the newest matplotlib types
        "font.family": "sans-serif",
        "font.size": 10,
        "text.color": INK,
        "axes.labelcolor": INK,
        "svg.fonttype": "none",
        "svg.hashsalt": "csmetrics",
    }
    with rc_context({**style, "text.parse_math": False}):
        figure = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        axes.set_title(_plain(chart.title), loc="left", fontsize=12, pad=20 if chart.note else 6)
        if chart.note:
            axes.annotate(
                _plain(chart.note), (0, 1), (0, 7),
                xycoords="axes fraction", textcoords="offset points", color=MUTED, fontsize=9,
            )  # fmt: skip
        _heat(axes, chart) if isinstance(chart, Heat) else _chart(axes, chart)
        held = BytesIO()
        metadata = {"Date": None} if kind == "svg" else {"Software": None}
        figure.savefig(held, format=kind, dpi=dots, metadata=metadata)
    return held.getvalue()


def _plain(text: object) -> str:
    return " ".join(str(text).split())


def _chart(axes: Any, chart: Chart) -> None:
    from matplotlib.ticker import FuncFormatter

    stacked = _stacked(chart.series) if chart.stacked else chart.series
    axes.use_sticky_edges = not chart.stacked  # the uppermost bar is not cut
    for position, series in enumerate(stacked):
        _draw(axes, series, chart, position)
    labels = [_plain(x) for x in chart.series[0].x]
    places = np.arange(len(labels))
    step = 1 if chart.across else max(1, len(labels) // 14)
    axis = axes.yaxis if chart.across else axes.xaxis
    axis.set_ticks(places[::step], labels[::step])
    if not chart.across and sum(map(len, labels[::step])) > 70:
        axes.set_xticks(axes.get_xticks(), labels[::step], rotation=40, ha="right", rotation_mode="anchor")
    values = axes.xaxis if chart.across else axes.yaxis
    values.set_major_formatter(FuncFormatter(lambda v, _: chart.unit.text(v)))
    values.grid(visible=True, color=LINE)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    if chart.bounds:
        (axes.set_xlim if chart.across else axes.set_ylim)(*chart.bounds)
    if chart.across:
        axes.invert_yaxis()
    for at, words in chart.lines:
        (axes.axvline if chart.across else axes.axhline)(at, color=MUTED, linestyle="--", label=_plain(words))
    if len(chart.series) > 1 or chart.lines:
        axes.figure.legend(frameon=False, ncols=4, loc="outside lower center")


def _stacked(series: tuple[Series, ...]) -> list[Series]:
    """Bars on top of each other: what is above 0 upwards, what is below downwards."""
    up, down = np.zeros(len(series[0].y)), np.zeros(len(series[0].y))
    placed = []
    for one in series:
        values = np.nan_to_num(np.asarray(one.y, dtype=float))
        placed.append(replace(one, base=np.where(values >= 0, up, down).tolist()))
        up, down = up + np.maximum(values, 0), down + np.minimum(values, 0)
    return placed


def _draw(axes: Any, series: Series, chart: Chart, position: int) -> None:
    values = np.array([np.nan if y is None else y for y in series.y], dtype=float)
    places = np.arange(len(values), dtype=float)
    if series.kind == "bar":
        share = 1 if chart.stacked else len(chart.series)
        width = 0.8 / share
        places = places + (0 if chart.stacked else (position - (share - 1) / 2) * width)
        base = 0 if series.base is None else np.asarray(series.base, dtype=float)
        colour = list(series.colours) if series.colours else series.colour
        drawn = axes.barh if chart.across else axes.bar
        start = {"left": base} if chart.across else {"bottom": base}
        drawn(places, values, width, color=colour, label=_plain(series.name), **start)
        return
    if series.kind == "band":
        axes.fill_between(places, series.low, series.high, color=series.colour, linewidth=0, label=_plain(series.name))
        return
    marker = "o" if len(values) <= 40 else ""
    line = "none" if series.kind == "dots" else "-"
    if series.low is not None and series.high is not None:
        low, high = np.asarray(series.low, dtype=float), np.asarray(series.high, dtype=float)
        (axes.hlines if chart.across else axes.vlines)(places, low, high, color=ACCENT_SOFT, linewidth=3)
    pair = (values, places) if chart.across else (places, values)
    axes.plot(*pair, linestyle=line, marker=marker, color=series.colour, label=_plain(series.name))
    if series.hollow and any(series.hollow):
        unfinished = np.asarray(series.hollow)
        axes.plot(*(part[unfinished] for part in pair), "o", color=series.colour, markerfacecolor=PAPER, zorder=3)


def _heat(axes: Any, chart: Heat) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    values = np.ma.masked_invalid(np.asarray(chart.values, dtype=float))
    axes.imshow(values, cmap=LinearSegmentedColormap.from_list("heat", HEAT), aspect="auto")
    axes.set_xticks(range(len(chart.columns)), [_plain(c) for c in chart.columns])
    axes.set_yticks(range(len(chart.rows)), [_plain(r) for r in chart.rows])
    for row, column in np.argwhere(~np.ma.getmaskarray(values)) if values.shape[1] <= 13 else ():
        value = float(values[row, column])
        axes.text(column, row, chart.unit.text(value), ha="center", va="center", fontsize=7, color=INK)

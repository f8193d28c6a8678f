"""What a page of a dashboard is made of, and the screen that shows it: figures, charts, tables, sentences."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import ipywidgets as widgets

from csmetrics_core.company.company import Missing
from csmetrics_core.declaration.spec import Unit
from csmetrics_core.errors import MetricError
from csmetrics_core.explain import Explained
from csmetrics_core.markup import html_table
from csmetrics_panels.dashboards.view import Told, unit_text
from csmetrics_panels.data.reading import spelt
from csmetrics_panels.screen import card
from csmetrics_panels.screen.charts import Chart, Heat
from csmetrics_panels.screen.draw import ChartView
from csmetrics_panels.screen.images import image
from csmetrics_panels.screen.still import Part
from csmetrics_panels.screen.tiles import Tiles

_STILL_HEIGHT = 3.6  # inches, between tables
_STILL_DOTS = 100  # an inch
_SIGNS = {"better": "▲ ", "worse": "▼ "}


@dataclass(frozen=True)
class Figure:
    """One number with its name and what to know about it."""

    title: str
    value: str
    detail: str = ""
    change: str = ""
    tone: str = ""
    missing: str = ""


@dataclass(frozen=True)
class Figures:
    """Numbers beside each other; with `opened` each has a button, and it is called with the number's place."""

    items: Sequence[Figure]
    opened: Callable[[int], Any] | None = None
    verb: str = ""


@dataclass(frozen=True)
class Picture:
    """A chart; `clicked` is called with the label of a bar."""

    chart: Chart | Heat | None
    clicked: Callable[[str], None] | None = None


@dataclass(frozen=True)
class Grid:
    """A table."""

    columns: Mapping[str, Sequence[Any]]
    units: Sequence[Unit | None]
    caption: str


@dataclass(frozen=True)
class Words:
    """A sentence; an empty page says so in a box."""

    text: str
    empty: bool = False


@dataclass(frozen=True)
class Across:
    """Blocks side by side."""

    blocks: Sequence["Block"]


Block = Figures | Picture | Grid | Words | Across


def attempted(what: str, build: Callable[[], Sequence[Block]]) -> Sequence[Block]:
    """Blocks of a part of a page; or, where there are none, a sentence that says why, so that the others stay."""
    try:
        return build()
    except Missing as lacking:
        words = " ".join(filter(None, (f"No {what}: {str(lacking).rstrip('.')}.", spelt(lacking.remedies))))
    except MetricError as error:
        error.metric = ""
        words = f"No {what}: {error}"
    return [Words(words, empty=True)]


def told_grid(told: Explained, caption: str) -> Grid:
    """The table a metric gave, with its units, without columns that are blank throughout."""
    units = {column.name: column.unit for column in told.metric.columns}
    columns = {name: list(values) for name, values in told.value.items()}
    filled = {name: cells for name, cells in columns.items() if any(c is not None and c == c for c in cells)}
    return Grid(filled, [units[name] for name in filled], caption)


def figure(told: Told, title: str = "") -> Figure:
    """A metric as a figure."""
    metric = told.metric
    if told.told is None:
        return Figure(title or metric.title, "–", missing=told.missing)
    interval = told.told.interval
    parts = [metric.unit.between(*interval)] if interval else []
    parts += [f"n = {told.told.n:,}"] if interval and told.told.n is not None else []
    parts += [f"{count:,} {reason} left out" for _, reason, count, _ in told.told.dropped if reason != "blank"]
    change = told.change_text and f"{told.change_text} {told.verdict_words}".strip()
    value, detail = _less_unit(title, unit_text(metric.unit, told.value)), _less_unit(title, ", ".join(parts))
    return Figure(title or metric.title, value, detail, _less_unit(title, change), told.verdict)


def _less_unit(title: str, text: str) -> str:
    """A figure without the word for its unit that its title says already; a period is a month on a dashboard."""
    return re.sub(r" (months|periods)\b", "", text) if "months" in title else text


class Screen(widgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """Shows blocks one under the other; what is there is redrawn, not built anew."""

    children: tuple[Any, ...]

    def show(self, blocks: Sequence[Block]) -> None:
        """Show these blocks in place of those before."""
        self.children = tuple(_placed(block, self.children, i) for i, block in enumerate(blocks))
        self.add_class("csm-screen")


def _placed(block: Block, there: Sequence[Any], position: int) -> Any:
    """The widget of a block; one of the same kind at the same place is used again."""
    old = there[position] if position < len(there) else None
    if isinstance(block, Across):
        return _across(block, old)
    if isinstance(block, Picture):
        view = old if isinstance(old, ChartView) else ChartView()
        if block.clicked:
            view.on_click(block.clicked)
        view.show(block.chart)
        return view
    if isinstance(block, Figures) and block.opened:
        tiles = old if isinstance(old, Tiles) else Tiles()
        tiles.opened, tiles.verb, tiles.tiles = block.opened, block.verb, list(map(_tile, block.items))
        return tiles
    page = old if isinstance(old, widgets.HTML) else widgets.HTML()
    page.value = _html(block)
    return page


def _across(block: Across, old: Any) -> Any:
    box = old if isinstance(old, widgets.HBox) else widgets.HBox(layout={"flex_flow": "row wrap", "width": "100%"})
    inner = [_placed(one, box.children, i) for i, one in enumerate(block.blocks)]
    for widget in inner:
        widget.layout.flex = "1 1 420px"
        widget.layout.width = "auto"
        widget.layout.min_width = "320px"
    box.children = tuple(inner)
    return box


def _html(block: Figures | Grid | Words) -> str:
    if isinstance(block, Figures):
        return card.wrap(f"<div class='kpis' role='status'>{''.join(map(_figure_html, block.items))}</div>")
    if isinstance(block, Grid):
        return card.wrap(card.table(list(block.columns), list(block.columns.values()), block.units, block.caption))
    return card.wrap(f"<div class='{'empty' if block.empty else 'quiet'}' role='status'>{escape(block.text)}</div>")


def _tile(item: Figure) -> dict[str, Any]:
    sign, tone = _SIGNS.get(item.tone, ""), item.tone if item.tone in _SIGNS else ""
    details = [text for text in (item.detail, item.missing) if text]
    change = f"{sign}{item.change}" if item.change else ""
    return {"title": item.title, "value": item.value, "change": change, "tone": tone, "details": details}


def _figure_html(item: Figure) -> str:
    sign, tone = _SIGNS.get(item.tone, ""), item.tone if item.tone in _SIGNS else ""
    change = f"<span class='{tone}'>{sign}{escape(item.change)}</span>" if item.change else ""
    details = "".join(f"<span>{escape(text)}</span>" for text in (item.detail, item.missing) if text)
    return f"<div class='kpi'><span>{escape(item.title)}</span><b>{escape(item.value)}</b>{change}{details}</div>"


def still_parts(blocks: Sequence[Block]) -> Iterator[Part]:
    """The same blocks as tables and pictures."""
    for block in blocks:
        if isinstance(block, Across):
            yield from still_parts(block.blocks)
        elif isinstance(block, Picture):
            if block.chart is not None:
                yield image(block.chart, height=_STILL_HEIGHT, dots=_STILL_DOTS)
        elif isinstance(block, Figures):
            rows = [(one.title, one.value, one.change, one.detail or one.missing) for one in block.items]
            yield html_table(rows, ("", "value", "change", ""), numbers=(1,))
        elif isinstance(block, Grid):
            yield card.still_table(list(block.columns), list(block.columns.values()), block.units, block.caption)
        else:
            yield f"<p>{escape(block.text)}</p>"

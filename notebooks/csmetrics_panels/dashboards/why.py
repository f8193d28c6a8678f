"""What moved, as blocks of a page: the sentence, a waterfall, and who or which segment it was."""

from collections.abc import Sequence
from typing import Any, Literal

from csmetrics_core.headline.why import Why
from csmetrics_core.spec import FRACTION, TEXT, Unit
from csmetrics_panels.charts import Chart, waterfall
from csmetrics_panels.dashboards.blocks import Block, Grid, Picture, Words

_HEADINGS = {
    "part": "what",
    "share_before": "share before",
    "share_after": "share after",
    "effect": "adds",
}


def why_blocks(why: Why, title: str) -> Sequence[Block]:
    """The account of a change."""
    before, after = (str(why.table[name][0]) for name in ("period_before", "period_after"))
    caption = f"{title} by {why.by}, {before} to {after}"
    return [Words(why.sentence), Picture(_waterfall(why, caption)), _grid(why, caption)]


def _waterfall(why: Why, title: str) -> Chart:
    bars = why.rows("waterfall", "part", "group", "effect")
    steps: list[tuple[str, float, Literal["total", "up", "down"]]] = []
    for part, group, effect in zip(bars["part"], bars["group"], bars["effect"], strict=True):
        if part in ("start", "end"):
            steps.append((group, effect, "total"))
        else:
            name = group if part == "rest" else f"{group}, {part}"
            steps.append((name, abs(effect), "up" if effect > 0 else "down"))
    return waterfall(title, steps, why.metric.unit)


def _grid(why: Why, caption: str) -> Grid:
    """Segments with what they were, or customers with what they did."""
    unit = why.metric.unit
    names: dict[str, Unit | None]
    if why.by == "customer":
        names = {"group": TEXT, "part": TEXT, "effect": unit}
    else:
        names = {"group": TEXT, "part": TEXT, "share_before": FRACTION, "share_after": FRACTION, "before": unit,
                 "after": unit, "effect": unit, "low": unit, "high": unit, "note": TEXT}  # fmt: skip
    rows: dict[str, list[Any]] = why.rows("customer" if why.by == "customer" else "segment", *names)
    headings = {**_HEADINGS, "group": why.by}
    return Grid({headings.get(name, name): cells for name, cells in rows.items()}, list(names.values()), caption)

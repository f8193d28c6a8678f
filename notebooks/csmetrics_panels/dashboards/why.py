"""What moved, as blocks of a page: the sentence, a waterfall, and who or which segment it was."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Literal

from csmetrics_core.company.headline.why import Why
from csmetrics_core.declaration.spec import FRACTION, MONEY, TEXT, Unit
from csmetrics_panels.dashboards.blocks import Block, Grid, Picture, Words
from csmetrics_panels.metric.form import dropdown
from csmetrics_panels.screen.charts import Chart, waterfall

_NOBODY = ("click a bar, or choose one", "")
_HEADINGS = {
    "part": "what",
    "share_before": "share before",
    "share_after": "share after",
    "effect": "adds",
}


class WhyBlocks:
    """The account of a change, and on demand the customers behind a step of it: a click on its bar, or the list.

    Args:
        changed: called when another step is chosen.
        quietly: within it nothing is told to `changed`.
        name: what moved, where a page has several accounts.
    """

    def __init__(
        self, changed: Callable[[], Any], quietly: Callable[[], AbstractContextManager[None]], name: str = ""
    ) -> None:
        self._quietly = quietly
        self.choice = dropdown(f"behind {name}".strip(), [_NOBODY], "Whose customers are listed below the account")
        self.choice.layout.width = "460px"
        self.choice.observe(lambda _: changed(), "value")

    def __call__(self, why: Why, title: str) -> Sequence[Block]:
        before, after = (str(why.table[name][0]) for name in ("period_before", "period_after"))
        caption = f"{title} by {why.by}, {before} to {after}"
        bars = why.bars()
        with self._quietly():
            chosen = self.choice.value
            self.choice.options = [_NOBODY, *((bar, bar) for bar in bars)]
            self.choice.value = chosen = chosen if chosen in bars else ""
        picture = Picture(_waterfall(why, caption), self._clicked)
        account: list[Block] = [Words(why.sentence), picture, _grid(why, caption)]
        return [*account, _behind(why, title, chosen)] if chosen else account

    def _clicked(self, bar: str) -> None:
        if bar in dict(self.choice.options):
            self.choice.value = bar


def _behind(why: Why, title: str, bar: str) -> Block:
    columns = why.behind(bar)
    if not any(columns.values()):
        return Words(f"Nobody is behind {bar}.", empty=True)
    months = [] if why.by == "segment" else [name for name in columns if name != "customer"]
    units = [MONEY if name in months else TEXT for name in columns]
    count = len(next(iter(columns.values())))
    what = f"MRR of {count:,} customer" if months else f"{count:,} row"
    return Grid(dict(columns), units, f"Behind {title}, {bar}: {what}{'s' * (count != 1)}")


def _waterfall(why: Why, title: str) -> Chart:
    rows = why.rows("waterfall", "part", "effect")
    steps: list[tuple[str, float, Literal["total", "up", "down"]]] = []
    for name, part, effect in zip(why.bars(), rows["part"], rows["effect"], strict=True):
        way: Literal["up", "down"] = "up" if effect > 0 else "down"
        steps.append((name, effect, "total") if part in ("start", "end") else (name, abs(effect), way))
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

"""The sixteen headline metrics: value, interval, change, and how they moved."""

from collections.abc import Sequence
from typing import Any

from csmetrics_core.company.company import Missing, month_text
from csmetrics_core.company.headline.why import why_of
from csmetrics_core.declaration.catalog import headline_metrics
from csmetrics_core.declaration.spec import TEXT
from csmetrics_core.palette import ACCENT
from csmetrics_core.scorecard import Line, Scorecard, scorecard, scorecard_of
from csmetrics_panels.dashboards.blocks import Block, Figure, Figures, Grid, Picture, Words
from csmetrics_panels.dashboards.dashboard import Dashboard, Page
from csmetrics_panels.dashboards.view import View
from csmetrics_panels.dashboards.why import WhyBlocks
from csmetrics_panels.data.reading import spelt
from csmetrics_panels.metric.form import dropdown
from csmetrics_panels.screen.charts import Chart, Series

_MONTHS = 13


class ScorecardDashboard(Dashboard):
    """The sixteen headline metrics of a month, against the month, quarter or year before."""

    name = "scorecard"
    title = "Scorecard"
    question = "How are we doing, and is it better than a month, a quarter or a year ago?"

    def pages(self) -> Sequence[Page]:
        self._metric = dropdown("metric", [("all", "")])
        self._metric.layout.width = "420px"
        self._metric.observe(lambda _: self.refresh(), "value")
        titles = [(metric.title, metric.name) for metric in headline_metrics()]
        self._why = dropdown("why", sorted(titles, key=lambda one: one[1] != "mrr"), "Whose change is explained")
        self._why.layout.width = "420px"
        self._why.observe(lambda _: self.refresh(), "value")
        self._behind = WhyBlocks(self.refresh, self._together)
        return [
            Page("Sixteen metrics", self._figures),
            Page("Why it moved", self._account, [self._why, self._behind.choice]),
            Page("History", self._history, [self._metric]),
            Page("Behind the numbers", self._table),
        ]

    @property
    def knobs(self) -> dict[str, Any]:
        return {"why": self._why}

    def _card(self, view: View) -> Scorecard:
        def make() -> Scorecard:
            options: dict[str, Any] = {
                "month": None if view.end is None else month_text(view.end), "months": _MONTHS, "against": view.length,
                "assumptions": view.given, "progress": lambda _: view.job.step(),
            }  # fmt: skip
            if (reading := self.data.reading(view.segment)) is not None:
                return scorecard_of(reading, **options)
            return scorecard({name: frame.native for name, frame in view.frames.items()}, **options)

        kept: Scorecard = view.company.once("scorecard", view.end, view.length, make=make)
        return kept

    def _figures(self, view: View) -> Sequence[Block]:
        card = self._card(view)
        ago = {1: "a month ago", 3: "3 months ago", 12: "a year ago"}[view.length]
        among = max((line.among for line in card.lines), default=0)
        rule = f" Two samples are compared; verdicts allow for {among} metrics judged together." if among > 1 else ""
        words = f"{card.month or 'All rows'}, compared with {ago}. ▲ better, ▼ worse.{rule}"
        names = [line.metric.name for line in card.lines]
        tiles = Figures(
            [_figure(line) for line in card.lines], lambda place: self._explain(names[place]), "why it moved"
        )
        return [Words(words), tiles, *map(Words, card.notes)]

    def _explain(self, metric: str) -> None:
        """Open the page that says why a headline moved."""
        self.choose(page="Why it moved", why=metric)

    def _account(self, view: View) -> Sequence[Block]:
        line = self._card(view)[self._why.value]
        if line.value is None:
            raise Missing(line.missing, line.remedies)
        options: dict[str, Any] = {"against": view.length, "assumptions": view.given}
        return self._behind(why_of(view.company, line.metric.name, view.end, **options), line.title)

    def _history(self, view: View) -> Sequence[Block]:
        lines = [line for line in self._card(view).lines if any(value is not None for _, value in line.history)]
        if not lines:
            return [Words("No table has dates, so there is no history.", empty=True)]
        with self._together():
            chosen = self._metric.value
            self._metric.options = [(line.title, line.metric.name) for line in lines]
            names = [line.metric.name for line in lines]
            self._metric.value = chosen if chosen in names else names[0]
        line = next(line for line in lines if line.metric.name == self._metric.value)
        months, values = [m for m, _ in line.history], [v for _, v in line.history]
        series = Series(line.title, months, values, "line", ACCENT)
        return [Picture(Chart(line.title, (series,), line.unit))]

    def _table(self, view: View) -> Sequence[Block]:
        lines = self._card(view).lines
        columns = {
            "metric": [line.title for line in lines],
            "value": ["" if line.value is None else line.unit.text(line.value) for line in lines],
            "n": ["" if line.n is None else f"{line.n:,}" for line in lines],
            "basis": [line.basis or line.missing for line in lines],
            "notes": ["; ".join(line.notes) for line in lines],
            "formula": [line.metric.formula for line in lines],
            "convention": [line.metric.convention for line in lines],
        }
        return [Grid(columns, [TEXT] * len(columns), "What stands behind each number")]


def _figure(line: Line) -> Figure:
    if line.value is None:
        return Figure(line.title, "–", missing=" ".join(filter(None, (line.missing, spelt(line.remedies)))))
    parts = [line.unit.between(*line.interval)] if line.interval else []
    parts += [f"n = {line.n:,}"] if line.n is not None else []
    if line.tested is None:
        return Figure(line.title, line.unit.text(line.value), ", ".join(parts))
    words = f"{line.unit.change(line.tested.change)} {line.verdict_words}".strip()
    parts += [line.verdict_note] if line.verdict_note else []
    return Figure(line.title, line.unit.text(line.value), ", ".join(parts), words, line.verdict)

"""All dashboards on one page, made when they are opened."""

from collections.abc import Sequence
from typing import Any

import ipywidgets as widgets

from csmetrics_core.errors import MetricError
from csmetrics_panels.comparing import ComparePanel
from csmetrics_panels.dashboards import DASHBOARDS
from csmetrics_panels.dashboards.dashboard import Dashboard
from csmetrics_panels.metric.form import dropdown
from csmetrics_panels.screen import card
from csmetrics_panels.screen.closing import Closing
from csmetrics_panels.screen.still import Part, Still

_COMPARED = "compare"  # has no tables of its own kind, and takes two files


class EveryDashboard(Closing, Still, widgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """A list of the dashboards and the one chosen; own tables uploaded in one are there in the next."""

    def __init__(self, tables: Any = None, **said: Any) -> None:
        self._tables, self._said = tables, said
        self._made: dict[str, Dashboard] = {}
        self._compared: ComparePanel | None = None
        titles = [*((kind.title, name) for name, kind in DASHBOARDS.items()), ("Two files compared", _COMPARED)]
        self._choice = dropdown("dashboard", titles)
        self._choice.layout.width = "420px"
        self._place = widgets.VBox(layout={"width": "100%"})
        super().__init__([self._choice, self._place])
        self._choice.observe(lambda _: self._open(), "value")
        self._open()

    @property
    def dashboard(self) -> Dashboard:
        """The dashboard in front."""
        return self._made[self._choice.value]

    def parts(self) -> Sequence[Part]:
        """What the dashboard in front shows."""
        front = self._place.children[0]
        return front.parts() if isinstance(front, Still) else []

    def _open(self) -> None:
        name = self._choice.value
        if name == _COMPARED:
            self._compared = self._compared or ComparePanel()
            self._place.children = (self._compared,)
            return
        try:
            if name not in self._made:
                self._made[name] = DASHBOARDS[name](self._tables, **self._said)
                self._made[name].when_used = self._use
        except MetricError as error:
            self._place.children = (widgets.HTML(card.refusal(error)),)
            return
        self._place.children = (self._made[name],)

    def _use(self, tables: Any) -> None:
        """Own tables came into one dashboard: the others are made anew with them."""
        self._tables = tables
        for name in self._made.keys() - {self._choice.value}:
            self._made.pop(name).close()

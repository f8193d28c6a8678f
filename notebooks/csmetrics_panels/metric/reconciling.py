"""Which documented convention gives a figure somebody reported: the answer above the panel of the metric itself."""

from typing import Any

import ipywidgets as widgets

from csmetrics_core.conventions import CONVENTIONS
from csmetrics_core.conventions.reconcile import Reconciliation, reconcile
from csmetrics_core.declaration.catalog import lookup
from csmetrics_core.errors import MetricError, NoData, wrong_kind
from csmetrics_panels import export
from csmetrics_panels.metric.compute import arguments_of
from csmetrics_panels.metric.excel_code import excel_formula
from csmetrics_panels.metric.form import dropdown
from csmetrics_panels.metric.panel import MetricPanel
from csmetrics_panels.metric.python_code import python_code
from csmetrics_panels.metric.rows import display
from csmetrics_panels.screen import card
from csmetrics_panels.screen.browser import Code, Download
from csmetrics_panels.screen.closing import Closing
from csmetrics_panels.screen.still import Part, Still, heading

_DECLARED = lookup("csm_reconcile")


class ReconcilePanel(Closing, Still, widgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """A metric, the figure reported for it, and every convention beside it. See `panel`."""

    def __init__(
        self, data: Any = None, *, metric: Any = "churn_rate", reported: str = "", background: bool | None = None,
        **choices: Any,
    ) -> None:  # fmt: skip
        self.metric = _DECLARED
        self._data, self._background = data, background
        self._found: Reconciliation | None = None
        names = [(lookup(name).title, name) for name in CONVENTIONS]
        self._choice = dropdown("metric", names, _DECLARED.argument("metric").help)
        self._reported = widgets.Text(
            description="reported", placeholder="such as 2.5%", tooltip=_DECLARED.argument("reported").help,
            style={"description_width": "130px"},
        )  # fmt: skip
        for control in (self._choice, self._reported):
            control.layout.width = "360px"
        self._card, self._code = widgets.HTML(), Code(label="Python, reconciled")
        self._formula = Code(label="Excel, reconciled")
        self._file = Download("CSV of the conventions", self._csv)
        self._place = widgets.VBox()
        above = [widgets.HTML(card.heading(_DECLARED)), self._choice, self._reported, self._card]
        super().__init__([*above, self._code, self._formula, self._file, self._place])
        self.add_class("csm-panel")
        name = lookup(metric).name
        if name not in CONVENTIONS:
            raise wrong_kind("metric", None, name, f"one with recorded conventions: {', '.join(CONVENTIONS)}")
        self._choice.value, self._reported.value = name, str(reported)
        self._open(**choices)
        self._choice.observe(lambda _: self._open(), "value")
        self._reported.observe(lambda _: self._answer(), "value")

    def parts(self) -> list[Part]:
        """The answer above every convention; before there is one, the metric's own panel."""
        found = self.found
        head = heading(_DECLARED.title, lookup(self._choice.value).title)
        return [head + found._repr_html_()] if found else [head + self._card.value, *self.inner.parts()]

    @property
    def value(self) -> Any:
        """Every convention as a row; None while something is still to be chosen."""
        from pandas import DataFrame

        return None if self.found is None else DataFrame(self.found.columns())

    @property
    def found(self) -> Reconciliation | None:
        """The answer, as `reconcile` gives it."""
        self.inner.outcome  # noqa: B018 - waits for what is being worked out
        return self._found

    @property
    def code(self) -> str:
        """The same call as Python."""
        return python_code(self.inner.request, self.inner.frame, self._reported.value.strip())

    def _open(self, **choices: Any) -> None:
        """Show the panel of the metric chosen."""
        self.inner = MetricPanel(self._choice.value, self._data, background=self._background)
        self.inner.when_shown = self._answer
        self._place.children = (self.inner,)
        if choices:
            self.inner.choose(**choices)
        self._answer()

    def _answer(self) -> None:
        self._found, reported, outcome = None, self._reported.value.strip(), self.inner.outcome
        try:
            if not reported:
                example = f"2.5% for {lookup(self._choice.value).title}"
                self._card.value = card.missing_card("Type the figure reported.", example)
            elif outcome is None:
                self._card.value = card.note("Choose the metric's arguments below.")
            else:
                self._found = reconcile(self._choice.value, reported, **arguments_of(outcome))
                self._card.value = _answered(self._found)
        except MetricError as error:
            self._card.value = card.refusal(error)
        known = self._found is not None
        display(self._file, known)
        self._code.text = self.code if known else ""
        self._formula.text = excel_formula(self.inner.request, self.inner.frame, reported) if known else ""

    def _csv(self) -> export.File:
        if self.found is None:
            raise NoData("there is no result yet", "Choose what the card asks for.")
        return "csm_reconcile.csv", "text/csv", export.csv_bytes(self.found.columns())


def _answered(found: Reconciliation) -> str:
    """The answer as a card: what gives the figure, then every convention."""
    columns = {
        "convention": [line.convention for line in found.lines],
        "value": [found.shown(line.value) for line in found.lines],
        "gap": [found.shown_gap(line.gap) for line in found.lines],
        "": [line.verdict for line in found.lines],
        "formula": [line.formula for line in found.lines],
        "used by": [line.used_by for line in found.lines],
    }
    return card.answer(found.summary, card.table(list(columns), list(columns.values()), [None] * len(columns)))

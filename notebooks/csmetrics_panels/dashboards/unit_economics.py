"""What a customer brings and costs, and what would happen if."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from csmetrics_workbooks.pages.economics import MEASURES, MONTHLY
from csmetrics_workbooks.recipes.unit_economics import ASSUMED

from csmetrics_core.company.company import Missing
from csmetrics_core.company.headline import CALLS
from csmetrics_core.company.headline.labels import label
from csmetrics_core.declaration.spec import COUNT, FRACTION, MONEY, Unit
from csmetrics_core.errors import MetricError
from csmetrics_core.palette import ACCENT
from csmetrics_panels.dashboards.blocks import Across, Block, Figures, Picture, Words, figure
from csmetrics_panels.dashboards.dashboard import Dashboard, Page
from csmetrics_panels.dashboards.economics import Economics, worth_of
from csmetrics_panels.dashboards.paying import paying
from csmetrics_panels.dashboards.view import Told, View
from csmetrics_panels.metric.form import TYPING
from csmetrics_panels.screen.browser import Slider
from csmetrics_panels.screen.charts import Chart, Series

_WHAT_IF: dict[str, tuple[str, Unit, float, float]] = {
    "arpa": ("MRR of an account", MONEY, 0.0, 2000.0),
    "gross_margin": ("gross margin", FRACTION, 0.05, 1.0),
    "churn": ("monthly churn", MONTHLY, 0.001, 0.15),
    "cac": ("cost of a new customer", MONEY, 0.0, 20000.0),
    "discount": ("discount a month", MONTHLY, 0.0, 0.03),
    "horizon": ("horizon, months", COUNT, 12.0, 240.0),
    "target_ndr": ("target NDR, 12 months", FRACTION, 0.8, 1.3),
}


class UnitEconomicsDashboard(Dashboard):
    """ARPA, lifetime value, acquisition and retention cost, payback, with what-if sliders."""

    name = "unit_economics"
    title = "Unit economics"
    question = "What does a customer bring, what does one cost to win and to keep, and what if that changed?"

    def pages(self) -> Sequence[Page]:
        self._sliders = {
            name: Slider(
                label=label,
                low=low,
                high=high,
                step=_step(low, high),
                value=low,
                shown=unit.text(low),
                help=f"{unit.text(low)} to {unit.text(high)}",
            )
            for name, (label, unit, low, high) in _WHAT_IF.items()
        }
        self._touched = False
        for name, slider in self._sliders.items():
            slider.observe(lambda _, n=name: self._slid(n), "value")
        return [Page("Today", self._today), Page("What if", self._what_if, [*self._sliders.values(), self._back])]

    def _slid(self, name: str) -> None:
        slider = self._sliders[name]
        slider.shown = _WHAT_IF[name][1].text(slider.value)
        if not self._quiet:
            self._touched = True
            self.refresh(TYPING)

    def what_if(self, **values: float) -> "UnitEconomicsDashboard":
        """Move the sliders: arpa, gross_margin, churn, cac, discount, horizon, target_ndr."""
        self.choose(**values)
        return self

    @property
    def knobs(self) -> dict[str, Slider]:
        return self._sliders

    def turned(self) -> dict[str, Any]:
        return {name: slider.value for name, slider in self._sliders.items()} if self._touched else {}

    def turn(self, name: str, slider: Slider, value: Any) -> None:
        if not self._touched:
            with suppress(Missing, MetricError):  # then the others stay where they are
                self._start_from(self.view)
            self._touched = True
        super().turn(name, slider, value)

    def reset(self) -> None:
        self._touched = False
        self.refresh()

    @property
    def typed(self) -> dict[str, Any]:
        return {"target": self._sliders["target_ndr"].value} if self._touched else {}

    def _economics(self, view: View) -> Economics:
        return Economics(view, paying(view, self.data.whole))

    def _today(self, view: View) -> Sequence[Block]:
        economics = self._economics(view)
        told = economics.measures()
        arpa = view.trend("arpa", lambda back: economics.call("arpa", back))
        lines = Series("ARPA", [p.label for p in arpa], [p.value for p in arpa], "line", ACCENT)
        return [
            Figures([figure(one, label) for (_, label), one in zip(MEASURES, told, strict=True)]),
            Picture(Chart("MRR of an account", (lines,), MONEY) if arpa else None),
            Words(
                "Churn a month is the constant rate that gives the churn of the last twelve months. Lifetime value "
                "uses the margin left after delivery costs, a discount and a horizon: see the page What if."
            ),
        ]

    def _what_if(self, view: View) -> Sequence[Block]:
        if not self._touched:
            self._start_from(view)
        values = {name: slider.value for name, slider in self._sliders.items()}
        told = _derived(view, values)
        step = max(1, round(values["churn"] * 2000 / 40)) / 1000
        churns = np.round(np.arange(1, 41) * step, 3)
        worth = view.result("clv", **{**worth_of(values), "churn": churns.tolist()})
        line = Series("lifetime value", [FRACTION.text(c) for c in churns], np.asarray(worth).tolist(), "line", ACCENT)
        clv, *others = told
        blocks: list[Block] = [Figures([figure(clv, label("clv", "discounted")), *map(figure, others)])]
        charts: list[Block] = [Picture(Chart("Lifetime value if monthly churn were", (line,), MONEY))]
        charts.append(self._allowed(view, values["target_ndr"]))
        return [*blocks, Across(charts)]

    def _allowed(self, view: View, target: float) -> Block:
        """What may be lost in a year while the target still holds."""
        try:
            flows = dict(CALLS["ndr"](view.company, view.end, view.given).arguments)
            churned = flows.pop("churned")
            allowed = float(view.result("allowed_churn", **flows, target_ndr=target))
        except (Missing, MetricError) as error:
            return Words(f"No allowance: {error}", empty=True)
        bars = Series("MRR", ["churned in 12 months", "allowed by the target"], [churned, allowed], "bar")
        return Picture(Chart(f"Churned MRR that still meets {FRACTION.text(target)} NDR", (bars,), MONEY))

    def _start_from(self, view: View) -> None:
        """Put the sliders where the company stands."""
        economics = self._economics(view)
        found = {name: economics.call("clv", 0)[name] for name in ("arpa", "gross_margin", "churn")}
        found |= {"discount": ASSUMED["discount"], "horizon": ASSUMED["horizon"], "target_ndr": ASSUMED["target"]}
        try:
            found["cac"] = economics.value("cac", 0)
        except (Missing, MetricError):
            found["cac"] = 0.0
        with self._together():
            for name, value in found.items():
                slider = self._sliders[name]
                slider.high = max(slider.high, float(f"{value * 1.5:.1g}"))
                slider.step = _step(slider.low, slider.high)
                slider.value = float(value)
                slider.shown = _WHAT_IF[name][1].text(value)


def _step(low: float, high: float) -> float:
    return 0.001 if high - low < 5 else 1.0


def _derived(view: View, values: dict[str, float]) -> list[Told]:
    clv = view.tell("clv", lambda _: worth_of(values), compare=False)
    worth = clv.value

    def ratio(_: int) -> dict[str, Any]:
        if worth is None:
            raise Missing(clv.missing)
        return {"clv": worth, "cac": values["cac"]}

    payback = {"cac": values["cac"], "arpa": values["arpa"], "gross_margin": values["gross_margin"]}
    return [
        clv,
        view.tell("ltv_cac", ratio, compare=False),
        view.tell("cac_payback", lambda _: payback, compare=False),
        view.tell("annual_churn", lambda _: {"monthly_churn": values["churn"]}, compare=False),
        view.tell("customer_lifetime", lambda _: {"churn": values["churn"]}, compare=False),
    ]

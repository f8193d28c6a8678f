"""What comes next, as blocks of a page: revenue ahead with its band, the renewals due, and what a goal takes."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import ipywidgets as widgets
import numpy as np

from csmetrics_core.company.company import Missing, month_text
from csmetrics_core.company.headline.ahead import forecast_of, tried_of
from csmetrics_core.company.headline.due import calendar_of
from csmetrics_core.declaration.catalog import lookup
from csmetrics_core.declaration.spec import FRACTION, MONEY
from csmetrics_core.evaluate import evaluate
from csmetrics_core.explain import Explained, explained
from csmetrics_core.palette import ACCENT, ACCENT_SOFT, BAD, LINE
from csmetrics_panels.dashboards.blocks import (
    Across,
    Block,
    Figure,
    Figures,
    Picture,
    Words,
    attempted,
    told_grid,
)
from csmetrics_panels.dashboards.view import View
from csmetrics_panels.metric.form import dropdown, number_box
from csmetrics_panels.screen.charts import Chart, Series

_PAST = 24


class Ahead:
    """The page Forecast: what can be set on it, and its blocks.

    Args:
        changed: called when something was set.
    """

    def __init__(self, changed: Any) -> None:
        self._horizon = dropdown(
            "months ahead", [("12, or half the history", 0), *((str(m), m) for m in (3, 6, 12, 18, 24, 36))]
        )
        self._terms = dropdown(
            "contracts run",
            [("as long as is paid at a time", 0), *((f"{m} months", m) for m in (1, 3, 6, 12, 24, 36))],
            "Within its term a contract is owed; it can be lost when it comes up",
        )
        self._new = number_box("new ARR a month", "Your own figure of new business, 0 or more")
        self._target = number_box("target ARR", "The ARR you want to reach; 0 asks nothing")
        self._within = number_box("reached in months", "From the month shown on", low=1, high=600, value=12)
        self.knobs: Mapping[str, Any] = {
            "horizon": self._horizon, "terms": self._terms, "new_arr_a_month": self._new, "target": self._target,
            "within": self._within,
        }  # fmt: skip
        for knob in self.knobs.values():
            knob.observe(lambda _: changed(), "value")
        self.controls = [widgets.HBox(list(self.knobs.values()), layout={"flex_flow": "row wrap"})]

    def blocks(self, view: View) -> Sequence[Block]:
        """Revenue ahead, the goal, the renewals due; each stands where another cannot be told."""
        if view.end is None:
            raise Missing("needs dates, to tell what lies ahead")
        return [
            *attempted("forecast", partial(self._forecast, view)),
            *attempted("renewal calendar", partial(_calendar, view)),
        ]

    def _told(self, view: View, make: Any, **options: Any) -> Explained | None:
        terms = self._terms.value or None
        view.job.step()
        told: Explained | None = view.company.once(
            make.__name__, view.end, terms, *options.values(),
            make=lambda: make(view.company, view.end, terms=terms, **options),
        )  # fmt: skip
        return told

    def _forecast(self, view: View) -> Sequence[Block]:
        new = float(self._new.value)
        told = self._told(view, forecast_of, horizon=self._horizon.value or None, new_arr_a_month=new)
        assert told is not None
        tested = told if np.isfinite(told.value["mape"][-1]) else self._told(view, tried_of)
        sentence, *notes = told.notes
        return [
            Words(sentence),
            Figures(_figures(told.value, tested)),
            Picture(_chart(view, told.value)),
            *map(Words, [*_trial(tested, told), *notes]),
            *attempted("goal", partial(self._goal, view, told.value)),
            told_grid(told, "ARR month by month"),
        ]

    def _goal(self, view: View, ahead: Mapping[str, Any]) -> Sequence[Block]:
        target, months = float(self._target.value), int(self._within.value)
        if not target:
            return [Words("Set a target ARR, and this says what new business reaches it.")]
        now, then = float(ahead["base"][0]), float(ahead["base"][-1])
        rate = (then / now) ** (1 / (len(ahead["base"]) - 1)) - 1
        rates = {"churn": max(-rate, 0.0), "expansion": max(rate, 0.0)}
        told = explained(evaluate(lookup("arr_goal"), (), {"arr": now, "target": target, "months": months, **rates}))
        by = month_text((view.end or 0) + months)
        figure = Figure("New ARR a month for the goal", MONEY.text(told.value), f"{MONEY.text(target)} by {by}")
        net = f"{FRACTION.text(rate)} a month net is what the forecast above expects of today's customers."
        return [Figures([figure]), Words(f"{told.notes[0]} {net}")]


def _figures(ahead: Mapping[str, Any], tested: Explained | None) -> list[Figure]:
    months = [str(day)[:7] for day in ahead["month"]]
    band = f"{MONEY.text(ahead['low'][-1])} to {MONEY.text(ahead['high'][-1])}"
    found = [
        Figure(f"ARR in {months[0]}", MONEY.text(ahead["arr"][0])),
        Figure(f"ARR expected in {months[-1]}", MONEY.text(ahead["arr"][-1]), f"80 %: {band}"),
        Figure(f"Contracted in {months[1]}", MONEY.text(ahead["contracted"][1]), "of today's customers, not yet due"),
    ]
    if tested is None:
        return [*found, Figure("Error in the past", "–", missing="too few months to try it")]
    table = tested.value
    rival = f"{table['rival'][-1]}: {FRACTION.text(table['rival_mape'][-1])}"
    title = f"Error {len(table['month']) - 1} months ahead"
    return [*found, Figure(title, FRACTION.text(table["mape"][-1]), rival)]


def _trial(tested: Explained | None, told: Explained) -> list[str]:
    """The outcome of a shorter forecast that could be tried, where the one shown could not."""
    if tested is None or tested is told:
        return []
    return [f"Tried {len(tested.value['month']) - 1} months ahead: {tested.notes[1]}"]


def _chart(view: View, ahead: Mapping[str, Any]) -> Chart:
    """What was and what is expected, on one axis."""
    past = _yearly(view)
    months = [*past, *(str(day)[:7] for day in ahead["month"][1:])]
    gap = [float("nan")] * (len(past) - 1)

    def after(name: str) -> list[float]:
        return [*gap, *map(float, ahead[name])]

    owed = [*gap, float("nan"), *map(float, ahead["contracted"][1:])]
    series = [
        Series("contracted, not yet due", months, owed, "bar", LINE),
        Series("80 % band", months, after("arr"), "band", ACCENT_SOFT, after("low"), after("high")),
        Series("ARR", months, [*past.values(), *[float("nan")] * (len(months) - len(past))], "line", ACCENT),
        Series("expected", months, after("arr"), "line", ACCENT, hollow=[True] * len(months)),
    ]
    return Chart("ARR ahead", tuple(series), MONEY)


def _yearly(view: View) -> dict[str, float]:
    """ARR month by month up to the one shown."""
    months, paid, end = view.company.months("subscriptions"), np.nan_to_num(view.company.paid()), view.end or 0
    assert months is not None
    first = max(end - _PAST + 1, int(months[months > 0].min()))
    rows = (months >= first) & (months <= end)
    sums = np.bincount(months[rows] - first, paid[rows], end - first + 1)
    return {month_text(first + place): 12 * float(value) for place, value in enumerate(sums)}


def _calendar(view: View) -> Sequence[Block]:
    """What comes up for renewal by month, and what of it is expected to be lost."""
    told = view.company.once("calendar", view.end, make=lambda: calendar_of(view.company, view.end or 0))
    table = told.value
    known = np.isfinite(table["at_risk"][table["due"] > 0]).all()
    months, due = list(table["month"]), list(map(float, table["due"]))
    bars = [Series("due", months, due, "bar", ACCENT)]
    if known:
        rest = [Series("expected by past renewals", months, list(map(float, table["expected"])), "bar", ACCENT)]
        bars = [*rest, Series("at risk by past renewals", months, list(map(float, table["at_risk"])), "bar", BAD)]
    at_risk = MONEY.text(float(np.sum(table["at_risk"]))) if known else "–"
    figures = [
        Figure("ARR due in 12 months", MONEY.text(sum(due)), f"overdue of it: {MONEY.text(due[0])}"),
        Figure("ARR at risk by past renewals", at_risk, missing="" if known else "no chance to renew is known"),
    ]
    if np.isfinite(table["flagged"]).all():
        figures.append(Figure("ARR due in red health", MONEY.text(float(np.sum(table["flagged"])))))
    return [
        Figures(figures),
        Across(
            [
                Picture(Chart("Renewal calendar", tuple(bars), MONEY, stacked=True)),
                told_grid(told, "ARR that comes up for renewal"),
            ]
        ),
        *map(Words, told.notes),
    ]

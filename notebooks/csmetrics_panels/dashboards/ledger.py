"""The revenue ledger as blocks of a page: classes stacked by month, open renewals apart, contracted beside live."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ipywidgets as widgets
import numpy as np

from csmetrics_core.company.company import Missing, month_text
from csmetrics_core.company.headline.ledger import Ledger, ledger_of
from csmetrics_core.declaration.catalog import lookup
from csmetrics_core.declaration.spec import MONEY
from csmetrics_core.palette import ACCENT, CAUTION, MUTED
from csmetrics_panels.dashboards.blocks import Across, Block, Figure, Figures, Grid, Picture, Words
from csmetrics_panels.dashboards.view import View
from csmetrics_panels.metric.form import dropdown
from csmetrics_panels.screen.charts import Chart, Series, flows_chart, stacked_chart

_MONTHS = 24
_BRIDGE = ("opening", "new", "expansion", "reactivation", "contraction", "churned", "fx", "transfer", "closing")
#: Classes that say no more than a column of the bridge does, in its order.
_PLAIN = ("new", "expansion", "contraction", "churn", "reactivation")


class LedgerPage:
    """The page Ledger: how contract lines are read, and its blocks.

    Args:
        changed: called when that was changed.
    """

    def __init__(self, changed: Callable[[], Any]) -> None:
        self._grace = dropdown(
            "grace for renewals", [("none", 0), *((f"{days} days", days) for days in (15, 30, 60, 90))],
            "How long a term that is over counts as an open renewal, and not as a loss",
        )  # fmt: skip
        ends = [("as lines that follow tell", "auto"), ("the last day paid", "last_day"),
                ("the first day unpaid", "first_unpaid")]  # fmt: skip
        self._ends = dropdown("ends are", ends, "Whether the end of a contract line is still paid for")
        self.knobs: Mapping[str, Any] = {"grace_days": self._grace, "end_is": self._ends}
        for knob in self.knobs.values():
            knob.observe(lambda _: changed(), "value")
        self.controls = [widgets.HBox(list(self.knobs.values()), layout={"flex_flow": "row wrap"})]

    def blocks(self, view: View) -> Sequence[Block]:
        """The ledger of the span, and of the months up to it."""
        if view.end is None:
            raise Missing("needs dates, to tell the opening from the end of a period")
        end, how = view.end, {"grace_days": self._grace.value, "end_is": self._ends.value}
        view.job.step()
        ledger: Ledger = view.company.once(
            "ledger", end, *how.values(), make=lambda: ledger_of(view.company, end, **how)
        )
        here = np.flatnonzero(ledger.months <= end)
        if not here.size or ledger.months[here[-1]] != end:
            raise Missing(f"has no recurring revenue up to {month_text(end)}")
        shown = {name: values[here][-_MONTHS:] for name, values in ledger.table.items()}
        table = {name: shown[name] for name in ("month", *_BRIDGE, "open_renewal")}
        months = [str(day)[:7] for day in shown["month"]]
        moved = ledger.classes()
        names = sorted(moved, key=lambda name: _PLAIN.index(name) if name in _PLAIN else len(_PLAIN))
        classes = {name: moved[name][here][-_MONTHS:].tolist() for name in names}
        pictures = [Picture(flows_chart(lookup("arr_bridge"), table, "Movements of ARR by month"))]
        if set(classes) - set(_PLAIN):
            pictures.append(Picture(stacked_chart("The same by class of the ledger", months, classes, MONEY)))
        units = {column.name: column.unit for column in lookup("arr_bridge").columns}
        latest = {name: list(values)[::-1] for name, values in table.items()}
        return [
            Words(f"ARR of {ledger.source}, by customer: swapping one product for another is no contraction."),
            Figures(_figures(ledger, shown, view)),
            Words(ledger.rates),
            Across(pictures),
            Picture(_levels(ledger, shown, months)),
            Grid(latest, [units[name] for name in latest], "ARR bridge, the latest month first"),
            Grid(
                _by_class(months, classes),
                [units["month"], *[MONEY] * len(classes)],
                "By class, signed, the latest first",
            ),
            *map(Words, ledger.notes),
        ]


def _figures(ledger: Ledger, shown: Mapping[str, Any], view: View) -> list[Figure]:
    """Live, contracted and open at the end, and what the span brought."""
    closing, still_open = float(shown["closing"][-1]), float(shown["open_renewal"][-1])
    span = min(view.length, len(shown["closing"]))
    opening = float(shown["opening"][-span])
    live = Figure("Live ARR", MONEY.text(closing), f"from {MONEY.text(opening)}")
    if ledger.contracted is None:
        signed = Figure("Contracted ARR", "–", missing=ledger.missing)
    else:
        amount = ledger.contracted.get(view.end or 0, 0.0)
        signed = Figure("Contracted ARR", MONEY.text(amount), f"{MONEY.text(amount - closing)} beyond what is live")
    waiting = Figure("Open renewals", MONEY.text(still_open), f"live without them: {MONEY.text(closing - still_open)}")
    moved = {name: float(np.sum(shown[name][-span:])) for name in ("new", "expansion", "contraction", "churned")}
    return [live, signed, waiting, *(Figure(f"ARR {name}", MONEY.text(v)) for name, v in moved.items())]


def _levels(ledger: Ledger, shown: Mapping[str, Any], months: list[str]) -> Chart:
    """Live ARR beside what is contracted, and without what is open."""
    lines = [Series("live", months, shown["closing"].tolist(), "line", ACCENT)]
    if ledger.contracted is not None:
        numbers = shown["month"].astype("datetime64[M]").astype(np.int64).tolist()
        amounts = [ledger.contracted.get(month, float("nan")) for month in numbers]
        lines.append(Series("contracted", months, amounts, "line", CAUTION))
    if shown["open_renewal"].any():
        lines.append(Series("live, without open renewals", months, (shown["closing"] - shown["open_renewal"]).tolist(),
                            "line", MUTED))  # fmt: skip
    return Chart("ARR at the end of each month", tuple(lines), MONEY)


def _by_class(months: list[str], classes: Mapping[str, Any]) -> dict[str, list[Any]]:
    return {"month": months[::-1], **{name: list(values)[::-1] for name, values in classes.items()}}

"""How much the product is used: active users, features, sessions, seats."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from csmetrics_core.company.company import Missing, last_day
from csmetrics_core.company.headline import CALLS, Call
from csmetrics_core.declaration.catalog import lookup
from csmetrics_core.declaration.spec import COUNT, FRACTION
from csmetrics_core.palette import SERIES
from csmetrics_panels.dashboards.blocks import Across, Block, Figure, Figures, Grid, Picture, figure
from csmetrics_panels.dashboards.dashboard import Dashboard, Page
from csmetrics_panels.dashboards.view import View
from csmetrics_panels.screen.charts import Chart, Series, table_chart


class UsageDashboard(Dashboard):
    """Active users and stickiness, adoption of features, length of sessions, use of licences."""

    name = "usage"
    title = "Product usage"
    question = "Who uses the product, how often, what of it, and how many of the seats?"

    def pages(self) -> Sequence[Page]:
        return [
            Page("Active users", self._active),
            Page("Features", self._features),
            Page("Sessions", self._sessions),
            Page("Licences", self._licences),
        ]

    def _active(self, view: View) -> Sequence[Block]:
        table = view.table("stickiness_by_day", users=_all(view, "user"), dates=_all(view, "timestamp"))
        days = np.asarray(table["date"]).astype(np.int64)
        first, last = _days(view, days)
        inside = (days >= first) & (days <= last)
        if not inside.any():
            raise Missing(f"there are no events of {view.words()}")
        labels = [str(d) for d in np.asarray(table["date"])[inside]]
        lines = tuple(
            Series(name.upper(), labels, np.asarray(table[name], dtype=float)[inside].tolist(), "line", colour)
            for name, colour in zip(("dau", "wau", "mau"), SERIES, strict=False)
        )
        ratio = Series("stickiness", labels, np.asarray(table["stickiness"], dtype=float)[inside].tolist())
        end = np.flatnonzero(inside)[-1]
        figures = [
            Figure(title, unit.text(float(table[name][end])) or "–", f"on {labels[-1]}")
            for name, title, unit in (
                ("dau", "Daily active users", COUNT),
                ("wau", "Weekly active users", COUNT),
                ("mau", "Monthly active users", COUNT),
                ("stickiness", "Stickiness", FRACTION),
            )
        ]
        return [
            Figures(figures),
            Across(
                [
                    Picture(Chart("Users active in 1, 7 and 30 days", lines, COUNT)),
                    Picture(Chart("Stickiness: mean daily users ÷ monthly users", (ratio,), FRACTION)),
                ]
            ),
        ]

    def _features(self, view: View) -> Sequence[Block]:
        table = view.table(
            "feature_adoption", users=view.take("events", "user"), features=view.take("events", "feature")
        )
        units = {c.name: c.unit for c in lookup("feature_adoption").columns}
        return [
            Picture(table_chart(lookup("feature_adoption"), table, "Share of the active users who use a feature")),
            Grid(table, [units[name] for name in table], f"Features, {view.words()}"),
        ]

    def _sessions(self, view: View) -> Sequence[Block]:
        table = view.table("sessions", users=view.take("events", "user"), timestamps=view.take("events", "timestamp"))
        minutes = np.asarray(table["seconds"], dtype=float) / 60
        told = view.tell("avg_session_duration", lambda _: {"durations": minutes}, compare=False)
        edges = [0, 1, 2, 5, 10, 15, 30, 60, np.inf]
        counts, _ = np.histogram(minutes, bins=edges)
        names = ["under 1", "1 to 2", "2 to 5", "5 to 10", "10 to 15", "15 to 30", "30 to 60", "over 60"]
        chart = Chart("Sessions by length in minutes", (Series("sessions", names, counts.tolist(), "bar"),), COUNT)
        zero = float((minutes == 0).mean()) if minutes.size else float("nan")
        return [
            Figures(
                [
                    figure(told, "Average session, minutes"),
                    Figure("Median session, minutes", f"{np.median(minutes):.1f}"),
                    Figure("Sessions of one event", FRACTION.text(zero), "0 minutes long; they count"),
                ]
            ),
            Picture(chart),
        ]

    def _licences(self, view: View) -> Sequence[Block]:
        def call(back: int) -> Call:
            end = None if view.end is None else view.end - back * view.length
            return CALLS["product_usage_rate"](view.company, end, view.given)

        told = view.tell(
            "product_usage_rate",
            lambda back: dict(call(back).arguments),
            behind=lambda back: {"by_customer": call(back).by_customer},
        )
        seats = _by_account(view)
        chart = Series("accounts", seats["labels"], seats["counts"], "bar")
        return [
            Figures([figure(told)]),
            Picture(Chart("Accounts by share of seats used in the last 30 days", (chart,), COUNT)),
            Grid(seats["table"], seats["units"], "Accounts, the least used seats first"),
        ]


def _all(view: View, column: str) -> Any:
    return view.company.cells("events", column)


def _days(view: View, days: Any) -> tuple[int, int]:
    if view.end is None:
        return int(days.min()), int(days.max())
    return last_day(view.end - view.length) + 1, last_day(view.end)


def _by_account(view: View) -> dict[str, Any]:
    """Seats used by account: users active in the month ÷ seats."""
    accounts, users = view.take("events", "customer"), view.take("events", "user")
    dates = view.take("events", "timestamp")
    bought = dict(
        zip(view.company.cells("licences", "customer"), view.company.cells("licences", "licensed"), strict=True)
    )
    table = view.table(
        "usage_by_account", accounts=accounts, users=users, dates=dates, licensed=[bought.get(a) for a in accounts]
    )
    breadth = np.asarray(table["breadth"], dtype=float)
    edges = [0, 0.25, 0.5, 0.75, 1.0, np.inf]
    counts, _ = np.histogram(breadth[~np.isnan(breadth)], bins=edges)
    order = np.argsort(np.where(np.isnan(breadth), np.inf, breadth))
    declared = lookup("usage_by_account")
    table = {name: table[name] for name in ("account", "frequency", "breadth")}
    return {
        "labels": ["under 25 %", "25 to 50 %", "50 to 75 %", "75 to 100 %", "100 % and over"],
        "counts": counts.tolist(),
        "table": {name: [values[i] for i in order] for name, values in table.items()},
        "units": [next(c.unit for c in declared.columns if c.name == name) for name in table],
    }

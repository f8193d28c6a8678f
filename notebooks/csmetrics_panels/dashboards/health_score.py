"""Which accounts are in danger: a weighted score one can change, who is in which band, and whether it told churn."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from csmetrics_workbooks.pages.scoring import AMBER, GREEN, INPUTS, SCALE
from numpy.typing import NDArray

from csmetrics_core.company.company import Missing
from csmetrics_core.declaration.catalog import lookup
from csmetrics_core.declaration.spec import COUNT, DATE, MONEY, POINTS, TEXT
from csmetrics_core.errors import MetricError
from csmetrics_panels.dashboards.accounts import DAYS, account_facts, usage_before, who_left
from csmetrics_panels.dashboards.blocks import Across, Block, Figure, Figures, Grid, Picture, Words
from csmetrics_panels.dashboards.dashboard import Dashboard, Page
from csmetrics_panels.dashboards.view import View
from csmetrics_panels.metric.form import TYPING, dropdown
from csmetrics_panels.screen.browser import Slider
from csmetrics_panels.screen.charts import BAND_COLOURS, Chart, Series, table_chart

BANDS = ("red", "amber", "green")
_INPUTS = tuple(name.lower() for name in INPUTS)
_WORST, _BEST = list(SCALE["Scores 0 at"]), list(SCALE["Scores 100 at"])
_GROUPS = 5


@dataclass(frozen=True)
class Accounts:
    """Accounts with what they scored; NaN is too little known."""

    names: list[Any]
    inputs: NDArray[np.float64]
    scores: NDArray[np.float64]
    bands: list[str | None]


class HealthDashboard(Dashboard):
    """A weighted health score with editable weights and thresholds, its bands, and its back-test."""

    name = "health_score"
    title = "Customer health"
    question = "Which accounts need a call, what drives their score, and did the score foresee churn before?"

    def pages(self) -> Sequence[Page]:
        weights = dict(zip(_INPUTS, SCALE["Weight"], strict=True))
        self._weights = {name: _slider(f"weight of {name}", 0, 5, 0.5, weight) for name, weight in weights.items()}
        edges = {"amber": AMBER, "green": GREEN}
        self._edges = {name: _slider(f"{name} from", 0, 100, 1, edge) for name, edge in edges.items()}
        for slider in (*self._weights.values(), *self._edges.values()):
            slider.observe(lambda change: self._slid(change.owner), "value")
        self._band = dropdown("accounts in band", [(band, band) for band in BANDS], "As a click on a bar")
        self._band.layout.width = "300px"
        self._band.observe(lambda _: self.refresh(), "value")
        self._account = dropdown("account", [("", "")])
        self._account.layout.width = "420px"
        self._account.observe(lambda _: self.refresh(), "value")
        sliders = [*self._weights.values(), *self._edges.values()]
        return [
            Page("Scores and back-test", self._scores, [*sliders, self._back, self._band]),
            Page("What drives a score", self._drivers, [self._account]),
        ]

    @property
    def weights(self) -> dict[str, float]:
        """The weight of each input."""
        return {name: slider.value for name, slider in self._weights.items()}

    @property
    def knobs(self) -> dict[str, Any]:
        return {**self._weights, **self._edges, "band": self._band}

    @property
    def typed(self) -> dict[str, Any]:
        edges = {name: slider.value for name, slider in self._edges.items()}
        return {"Weight": tuple(self.weights.values()), **edges}

    def _slid(self, slider: Slider) -> None:
        slider.shown = f"{slider.value:g}"
        self.refresh(TYPING)

    def scored(self, view: View, back_days: int = 0) -> Accounts:
        """The accounts' scores, as of the end of the span or so many days before."""
        usage = usage_before(view, back_days)
        inputs = np.column_stack([np.asarray(usage[name], dtype=float) for name in _INPUTS])
        scores = view.result(
            "health_score", values=inputs.tolist(), weights=list(self.weights.values()), worst=_WORST, best=_BEST
        )
        scores = np.atleast_1d(np.asarray(scores, dtype=float)).ravel()
        edges = {name: slider.value for name, slider in self._edges.items()}
        bands = view.result("health_band", score=[None if s != s else s for s in scores], **edges)
        return Accounts(list(usage["account"]), inputs, scores, list(np.ravel(bands)))

    def _scores(self, view: View) -> Sequence[Block]:
        accounts = self.scored(view)
        facts = account_facts(view, accounts.names)
        counts = [accounts.bands.count(band) for band in BANDS]
        colours = [BAND_COLOURS[band] for band in BANDS]
        series = Series("accounts", list(BANDS), counts, "bar", colours=colours)
        known = accounts.scores[~np.isnan(accounts.scores)]
        if not known.size:
            raise Missing("no account has inputs for half of the weight")
        arr = [sum(facts["arr"][i] or 0 for i, b in enumerate(accounts.bands) if b == band) for band in BANDS]
        figures = [Figure("Mean health", POINTS.text(float(known.mean())), f"{known.size:,} accounts")]
        figures += [
            Figure(f"ARR in {band}", MONEY.text(money), f"{count:,} accounts")
            for band, money, count in zip(BANDS, arr, counts, strict=True)
        ]
        chart = Chart("Accounts by band: click a bar to list them", (series,), COUNT)
        backtest, *calibration = self._backtest(view)
        return [
            Figures(figures),
            Across([Picture(chart, self._clicked), backtest]),
            self._members(accounts, facts),
            *calibration,
        ]

    def _clicked(self, band: str) -> None:
        if band in BANDS:
            self._band.value = band

    def _members(self, accounts: Accounts, facts: dict[str, list[Any]]) -> Block:
        band = self._band.value
        rows = [i for i, b in enumerate(accounts.bands) if b == band]
        if not rows:
            return Words(f"No account is in the {band} band.", empty=True)
        rows.sort(key=lambda i: accounts.scores[i])
        columns = {"account": [accounts.names[i] for i in rows], "score": [accounts.scores[i] for i in rows]}
        columns |= {name: [facts[name][i] for i in rows] for name in facts}
        columns |= {name: [accounts.inputs[i, place] for i in rows] for place, name in enumerate(_INPUTS)}
        usage = {c.name: c.unit for c in lookup("usage_by_account").columns}
        units = [TEXT, POINTS, TEXT, TEXT, MONEY, DATE, *(usage[name] for name in _INPUTS)]
        return Grid(columns, units, f"Accounts in {band}, the lowest score first")

    def _backtest(self, view: View) -> list[Block]:
        """Scores of 30 days before, against who left since: by band, and from the lowest to the highest."""
        try:
            before = self.scored(view, DAYS)
            left = who_left(view, before.names)
            edges = {name: slider.value for name, slider in self._edges.items()}
            scores = [None if s != s else float(s) for s in before.scores]
            table = view.table("health_backtest", scores=scores, churned=left, **edges)
            fifths = view.table("health_calibration", scores=scores, churned=left, groups=_GROUPS)
        except (Missing, MetricError) as error:
            words = error.sentence() if isinstance(error, MetricError) else str(error)
            return [Words(f"No back-test with these weights: {words}", empty=True)]
        units = {c.name: c.unit for c in lookup("health_backtest").columns}
        names = [n for n in ("band", "customers", "churned", "churn_rate", "lift") if n in table]
        area, low, high = (next((v for v in table[n] if v == v), float("nan")) for n in ("auc", "auc_low", "auc_high"))
        words = (
            f"Back-test: scores {DAYS} days earlier against who left since. AUC {area:.2f} ({low:.2f} to {high:.2f})"
        )
        chart = table_chart(
            lookup("health_calibration"), fifths, "Calibration: churn rate by mean score, fifths of the accounts"
        )
        return [Grid({n: table[n] for n in names}, [units[n] for n in names], words), Picture(chart)]

    def _drivers(self, view: View) -> Sequence[Block]:
        accounts = self.scored(view)
        with self._together():
            chosen = self._account.value
            order = np.argsort(np.where(np.isnan(accounts.scores), np.inf, accounts.scores)).tolist()
            self._account.options = [
                (f"{accounts.names[i]}: {POINTS.text(accounts.scores[i]) or 'unknown'}", str(accounts.names[i]))
                for i in order
            ]
            names = [value for _, value in self._account.options]
            self._account.value = chosen if chosen in names else names[0]
        row = [str(name) for name in accounts.names].index(self._account.value)
        values = [None if v != v else float(v) for v in accounts.inputs[row]]
        table = view.table(
            "health_contributions",
            values=values,
            weights=list(self.weights.values()),
            worst=_WORST,
            best=_BEST,
            labels=list(_INPUTS),
        )
        series = (
            Series("points", list(table["input"]), np.asarray(table["points"], dtype=float).tolist(), "bar"),
            Series(
                "possible", list(table["input"]), np.asarray(table["possible"], dtype=float).tolist(), "bar", "#A0AEC0"
            ),
        )
        units = {c.name: c.unit for c in lookup("health_contributions").columns}
        return [
            Picture(Chart(f"What drives the score of {self._account.value}", series, POINTS, across=True)),
            Grid(table, [units[n] for n in table], "Points each input gives"),
        ]


def _slider(label: str, low: float, high: float, step: float, value: float) -> Slider:
    return Slider(
        label=label, low=low, high=high, step=step, value=value, shown=f"{value:g}", help=f"{low:g} to {high:g}"
    )

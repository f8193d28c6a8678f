"""Recurring revenue: what came in and went out, what stayed, and what is due."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from csmetrics_core.company.company import Missing
from csmetrics_core.company.headline.why import why_money
from csmetrics_core.declaration.catalog import lookup
from csmetrics_core.declaration.spec import COUNT, FRACTION, MONEY, TEXT
from csmetrics_core.palette import ACCENT, SERIES
from csmetrics_panels.dashboards.blocks import Across, Block, Figure, Figures, Grid, Picture, Words, attempted, figure
from csmetrics_panels.dashboards.dashboard import Dashboard, Page
from csmetrics_panels.dashboards.data import find_part
from csmetrics_panels.dashboards.forecast import Ahead
from csmetrics_panels.dashboards.ledger import LedgerPage
from csmetrics_panels.dashboards.paying import Paying, paying
from csmetrics_panels.dashboards.view import Arguments, View
from csmetrics_panels.dashboards.why import WhyBlocks
from csmetrics_panels.screen.charts import Chart, Series, flows_chart, table_chart, trend_chart, waterfall

_FLOWS = ("new", "expansion", "reactivation", "contraction", "churned")
_NO_LONGER = (
    "A customer that left adds where it was of the earlier cohort and is not of this one: its loss no longer counts."
)
_RATES = ("ndr", "grr", "logo_retention")


class RevenueDashboard(Dashboard):
    """MRR movements, net and gross retention, cohorts, customers and renewals."""

    name = "revenue_retention"
    title = "Revenue and retention"
    question = "What did recurring revenue gain and lose, how much of last year's is still here, and what is due?"

    def pages(self) -> Sequence[Page]:
        self._ahead, self._ledger = Ahead(self.refresh), LedgerPage(self.refresh)
        self._why_mrr, self._why_ndr = (WhyBlocks(self.refresh, self._together, name) for name in ("MRR", "NDR"))
        return [
            Page("MRR bridge", self._bridge),
            Page("Ledger", self._ledger.blocks, self._ledger.controls),
            Page("What moved", self._moved, [self._why_mrr.choice, self._why_ndr.choice]),
            Page("Retention", self._retention),
            Page("Cohorts", self._cohorts),
            Page("Churn", self._churn),
            Page("Renewals", self._renewals),
            Page("Forecast", self._ahead.blocks, self._ahead.controls),
        ]

    @property
    def knobs(self) -> Mapping[str, Any]:
        return {**self._ledger.knobs, **self._ahead.knobs}

    def _bridge(self, view: View) -> Sequence[Block]:
        table = _movements(view)
        now, before = _flows(table, view, 0), _flows(table, view, 1)
        if now is None:
            raise Missing(f"there are no subscriptions of {view.words()}")
        who = paying(view, self.data.whole)
        losses = ("opening", "contraction", "churned")
        rates = [
            view.tell("net_mrr_churn_rate", _fate(view, who, *losses, "expansion")),
            view.tell("mrr_churn_rate", _fate(view, who, *losses)),
            view.tell("saas_quick_ratio", lambda back: _quick(now, before, back)),
            view.tell("mrr_growth_rate", _from(now, before, "opening", "closing")),
        ]
        ways = [("opening", now["opening"], "total")]
        ways += [(name, now[name], "down" if name in ("contraction", "churned") else "up") for name in _FLOWS]
        steps = waterfall(f"MRR, {view.words()}", [*ways, ("closing", now["closing"], "total")], MONEY)  # type: ignore[list-item]
        closing = Figure("MRR at the end", MONEY.text(now["closing"]), f"from {MONEY.text(now['opening'])}")
        return [
            Figures([closing, *map(figure, rates)]),
            Across([Picture(steps), Picture(flows_chart(lookup("mrr_movements"), table, "Movements by month"))]),
            _grid("mrr_movements", table, "MRR movements, the latest first"),
        ]

    def _moved(self, view: View) -> Sequence[Block]:
        if view.end is None:
            raise Missing("needs dates, to tell the opening from the end of a period")
        then = view.end - view.length
        money = self._why_mrr(why_money(view.company, "mrr", then, view.end), "MRR")
        kept = attempted("account of net revenue retention", partial(self._kept_why, view, then))
        return [*money, *kept]

    def _kept_why(self, view: View, then: int) -> Sequence[Block]:
        why = why_money(view.company, "ndr", then, view.end or 0)
        return [*self._why_ndr(why, "Net revenue retention"), Words(_NO_LONGER)]

    def _retention(self, view: View) -> Sequence[Block]:
        table = view.table("retention_by_month", **_paid(view), horizon=12)
        row = _row(table["month"], view.end)
        figures = [Figure(name, "–", missing="needs subscriptions of 12 months before") for name in _RATES]
        if row is not None and table["opening"][row] == table["opening"][row]:
            titles = ("Net revenue retention", "Gross revenue retention", "Logo retention")
            earlier = row - view.length
            figures = [
                Figure(title, FRACTION.text(table[name][row]), "12 months", _points(table[name], row, earlier))
                for title, name in zip(titles, _RATES, strict=True)
            ]
        months = [str(m)[:7] for m in table["month"]]
        known = ~np.isnan(np.asarray(table["ndr"], dtype=float))
        lines = tuple(
            Series(name.replace("_", " "), _kept(months, known), _kept(table[name], known), "line", colour)
            for name, colour in zip(_RATES, SERIES, strict=False)
        )
        chart = Chart("Retention of the customers of 12 months before", lines, FRACTION, lines=((1.0, "100 %"),))
        return [
            Figures(figures),
            Picture(chart if known.any() else None),
            _grid("retention_by_month", table, "Month by month, the latest first"),
        ]

    def _cohorts(self, view: View) -> Sequence[Block]:
        paid = _paid(view)
        rows = np.asarray(view.company.paid()) > 0
        customers = [c for c, keep in zip(paid["customers"], rows, strict=True) if keep]
        dates = np.asarray(paid["months"])[rows]
        table = view.table("cohort_retention", customers=customers, dates=dates)
        return [
            Picture(
                table_chart(lookup("cohort_retention"), table, "Share of each month's new customers who still pay")
            ),
            Words("Each row is the customers who first paid in that month; the column is how many months later."),
        ]

    def _churn(self, view: View) -> Sequence[Block]:
        counts = _customers(view, 0)
        told = view.tell("churn_rate", lambda back: {n: _customers(view, back)[n] for n in ("lost", "opening")})
        conventions = view.table("churn_conventions", **counts)
        points = view.trend("churn_rate", lambda back: {n: _customers(view, back)[n] for n in ("lost", "opening")})
        return [
            Figures(
                [
                    figure(told),
                    Figure("Customers churned", COUNT.text(counts["lost"]), f"of {counts['opening']:,}"),
                    Figure("Customers won", COUNT.text(counts["new_customers"])),
                ]
            ),
            Across(
                [
                    Picture(trend_chart(lookup("churn_rate"), points) if points else None),
                    _grid("churn_conventions", conventions, "The same period by every convention", turned=False),
                ]
            ),
        ]

    def _renewals(self, view: View) -> Sequence[Block]:
        found = find_part(view.frames, "renewals")
        if found is None:
            raise Missing("needs a table of renewals with customer, arr, due")
        frame, names = found
        rows = frame.series(names["due"]).to_list()
        arr = np.array([float(v) if v == v and v is not None else 0.0 for v in frame.series(names["arr"]).to_list()])
        today = np.datetime64((view.end or 0) + 1, "M")
        due = np.array(
            [np.datetime64(str(d)[:10], "D") if d == d and d is not None else np.datetime64("NaT") for d in rows]
        )
        open_now = due >= today
        quarters = np.array([_quarter(d) for d in due])
        names_of = sorted(set(quarters[open_now].tolist()))
        sums = [float(arr[open_now & (quarters == q)].sum()) for q in names_of]
        bars = Series("ARR due", names_of, sums, "bar", ACCENT)
        at_risk = _at_risk(frame, len(rows)) & open_now
        top = sorted(np.flatnonzero(open_now).tolist(), key=lambda i: -arr[i])[:10]
        shown = [
            c
            for c in frame
            if c in (names["customer"], "owner", "segment", "health_band", "call", "reason", "next_step")
        ]
        grid: dict[str, Any] = {column: [frame.series(column).to_list()[i] for i in top] for column in shown}
        grid |= {"arr": [arr[i] for i in top], "due": [str(due[i]) for i in top]}
        units = [TEXT] * len(shown) + [MONEY, TEXT]
        return [
            Figures(
                [
                    Figure(
                        "ARR due after the month",
                        MONEY.text(float(arr[open_now].sum())),
                        f"{int(open_now.sum())} accounts",
                    ),
                    Figure(
                        "of it called at risk or lost",
                        MONEY.text(float(arr[at_risk].sum())),
                        f"{int(at_risk.sum())} accounts",
                    ),
                ]
            ),
            Picture(Chart("ARR due by quarter", (bars,), MONEY) if names_of else None),
            Grid(grid, units, "The ten largest renewals ahead") if top else Words("No renewal is ahead.", empty=True),
        ]


def _paid(view: View) -> dict[str, Any]:
    cells = view.company.cells
    return {
        "customers": cells("subscriptions", "customer"),
        "months": cells("subscriptions", "month"),
        "mrr": view.company.paid(),
    }


def _customers(view: View, back: int) -> dict[str, int]:
    """Who paid before a span, who of them no longer does at its end, and who pays then and did not before."""
    if view.end is None:
        raise Missing("needs dates, to tell the opening from the end of a period")
    end = view.end - back * view.length
    opening, closing = view.company.customers_on(end - view.length), view.company.customers_on(end)
    return {"lost": len(opening - closing), "opening": len(opening), "new_customers": len(closing - opening)}


def _movements(view: View) -> dict[str, Any]:
    return view.table("mrr_movements", **_paid(view))


def _row(months: Any, end: int | None) -> int | None:
    """Where a month stands in a table by month."""
    found = np.flatnonzero(np.asarray(months).astype("datetime64[M]").astype(np.int64) == end)
    return int(found[0]) if found.size else None


def _flows(table: dict[str, Any], view: View, back: int) -> dict[str, float] | None:
    """Opening, flows and closing of a span."""
    last = _row(table["month"], None if view.end is None else view.end - back * view.length)
    if last is None or last + 1 < view.length:
        return None
    first = last - view.length + 1
    summed = {name: float(np.sum(np.asarray(table[name], dtype=float)[first : last + 1])) for name in _FLOWS}
    return {"opening": float(table["opening"][first]), **summed, "closing": float(table["closing"][last])}


def _from(now: dict[str, float], before: dict[str, float] | None, *names: str) -> Any:
    """A call's arguments from the flows of a span."""

    def arguments(back: int) -> dict[str, float]:
        flows = before if back else now
        if flows is None:
            raise Missing("there is no span before")
        return {name: flows[name] for name in names}

    return arguments


def _fate(view: View, who: Paying, *names: str) -> Arguments:
    """A call's arguments from what the customers at the start of a span paid then and pay at its end."""

    def arguments(back: int) -> dict[str, float]:
        end = (view.end or 0) - back * view.length
        if end - view.length < who.first:
            raise Missing("needs subscriptions of the month before the span")
        found = who.fate(end - view.length, end)
        return {name: found[name] for name in names}

    return arguments


def _quick(now: dict[str, float], before: dict[str, float] | None, back: int) -> dict[str, float]:
    names = ("new", "expansion", "contraction", "churned", "reactivation")
    found = _from(now, before, *names)(back)
    return {"new_mrr": found.pop("new"), **found}


def _kept(values: Any, known: Any) -> list[Any]:
    return [value for value, keep in zip(values, known, strict=True) if keep]


def _points(values: Any, row: int, earlier: int) -> str:
    if earlier < 0 or values[earlier] != values[earlier]:
        return ""
    return FRACTION.change(values[row] - values[earlier])


def _grid(metric: str, table: dict[str, Any], caption: str, *, turned: bool = True) -> Grid:
    units = {column.name: column.unit for column in lookup(metric).columns}
    step = -1 if turned else 1
    return Grid({name: list(values)[::step] for name, values in table.items()}, [units[n] for n in table], caption)


def _quarter(day: np.datetime64) -> str:
    if np.isnat(day):
        return ""
    month = int(day.astype("datetime64[M]").astype(np.int64))
    return f"{1970 + month // 12} Q{month % 12 // 3 + 1}"


def _at_risk(frame: Any, size: int) -> Any:
    if "call" not in frame:
        return np.zeros(size, dtype=bool)
    calls = frame.series("call").to_list()
    return np.array([isinstance(c, str) and c.casefold() in ("at risk", "churn", "lost", "will churn") for c in calls])

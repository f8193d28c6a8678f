"""Jupyter panels and dashboards over the catalogue: `panel("nps", data=df)`, `dashboard("scorecard", tables)`."""

from typing import TYPE_CHECKING, Any

import csmetrics_core.accessor  # noqa: F401 - df.csm
import csmetrics_panels.screen.light_plotly  # noqa: F401 - before anything that draws
from csmetrics_core.declaration.catalog import lookup
from csmetrics_core.errors import WrongKind, wrong_kind
from csmetrics_panels.comparing import ComparePanel
from csmetrics_panels.dashboards import DASHBOARDS
from csmetrics_panels.data.reading import read_table
from csmetrics_panels.metric.panel import MetricPanel
from csmetrics_panels.metric.reconciling import ReconcilePanel
from csmetrics_panels.screen.still import as_stills

if TYPE_CHECKING:
    from csmetrics_panels.dashboards.dashboard import Dashboard
    from csmetrics_panels.dashboards.every import EveryDashboard

__all__ = [
    "DASHBOARDS", "ComparePanel", "MetricPanel", "ReconcilePanel", "as_stills", "compare", "dashboard",
    "dashboards", "panel", "read_table",
]  # fmt: skip


def panel(name: Any = None, data: Any = None, **choices: Any) -> Any:
    """Open a metric as a live instrument.

    Args:
        name: the metric, or its name, such as "nps".
        data: a pandas or Polars frame, several by name, columns by name, or a file or folder; without any, the
            notebook's frames and the sample company can be chosen.
        choices: what to start with: a column or a value for an argument, and `segment_by`, `segment`,
            `dated_by`, `span` ("month", "quarter", "trailing 12") and `end` (such as "2026-09") for the rows. For
            "csm_reconcile" also `metric` and the figure `reported` for it, such as "2.5%"; and what a file cannot say
            about itself: `dates="dmy"`, `decimal=","` and the like.

    Returns:
        A MetricPanel, whose `.value`, `.table`, `.code` and `.data` take its state back; for "csm_reconcile"
            a ReconcilePanel.

    Raises:
        MetricError: there is no such metric, the data are no frame, or a choice cannot be made.

    Example:
        >>> panel("nps", data={"score": [10, 9, 8, 6]}).value
        25.0
    """
    if not isinstance(name, str) and not hasattr(name, "__name__"):
        problem = "no metric is named" if name is None else f"the metric is a {type(name).__name__}"
        fix = 'Name it first, such as panel("nps", data=df); csm_metrics() lists all.'
        raise WrongKind(problem, fix, argument="name")
    if lookup(name).name == "csm_reconcile":
        return ReconcilePanel(data, **choices)
    return MetricPanel(name, data, **choices)


def dashboard(name: str, tables: Any = None, **choices: Any) -> "Dashboard":
    """Open a dashboard.

    Args:
        name: scorecard, revenue_retention, voice_of_customer, health_score, usage or unit_economics.
        tables: pandas or Polars frames by name, a sample company, a file or a folder; by default the sample company.
        choices: `segment`, `span` ("month", "quarter", "trailing 12"), `end` (such as "2026-09") and `page`; in
            unit_economics the sliders (`churn=0.02`), in health_score weights and thresholds (`growth=0`, `green=80`)
            and the `band` listed, in voice_of_customer the `band` whose comments are read; and what files cannot say
            about themselves: `columns={"end": "Gone"}`, `dates="dmy"`, `decimal=","`, `names="same"` and the like.

    Returns:
        The dashboard; `.blocks` is what its front page shows, `.code` makes it again.

    Raises:
        MetricError: there is no such dashboard or choice, or the tables are none.

    Example:
        >>> dashboard("scorecard", {"responses": {"Score": [10, 9, 8, 6]}}).title
        'Scorecard'
    """
    if name not in DASHBOARDS:
        raise wrong_kind("name", None, name, f"one of {', '.join(DASHBOARDS)}")
    opened: Dashboard = DASHBOARDS[name](tables, **choices)
    return opened


def dashboards(tables: Any = None, **said: Any) -> "EveryDashboard":
    """All dashboards on one page, each under its name, over the same tables.

    Args:
        tables: as for `dashboard`.
        said: what files cannot say about themselves, as for `dashboard`.

    Returns:
        The page. A dashboard is computed when it is opened.
    """
    from csmetrics_panels.dashboards.every import EveryDashboard

    return EveryDashboard(tables, **said)


def compare(left: Any = None, right: Any = None, as_of: Any = "", **choices: Any) -> ComparePanel:
    """Compare the annual recurring revenue of two files, customer by customer, as `csmetrics compare` does.

    Args:
        left, right: contract lines, such as billing and CRM: a pandas or Polars frame, or a file; without them the
            panel takes uploads.
        as_of: the day at whose end both are valued, such as "2026-09-30".
        choices: `ends` ("auto", "last_day", "first_unpaid"), `rates` as `tables.arr_compare` takes them, and what files
            cannot say about themselves, such as `dates="dmy"`.

    Returns:
        The panel; `.value` holds the customers and `.steps` the waterfall.

    Raises:
        MetricError: a choice cannot be made.

    Example:
        >>> lines = {"customer": ["A"], "start": ["2026-01-01"], "end": ["2027-01-01"], "amount": [300]}
        >>> import pandas
        >>> sides = [pandas.DataFrame(lines | {"interval": [word]}) for word in ("month", "year")]
        >>> sides = [side.astype({"start": "datetime64[s]", "end": "datetime64[s]"}) for side in sides]
        >>> compare(*sides, "2026-03-31", ends="first_unpaid").value["rules"].tolist()
        ['interval misread, x 1/12: -3,300.00']
    """
    return ComparePanel(left, right, as_of, **choices)

"""Jupyter panels and dashboards over the catalogue: `panel("nps", data=df)`, `dashboard("scorecard", tables)`."""

from typing import Any

from csmetrics_core.errors import wrong_kind
from csmetrics_panels.dashboards import DASHBOARDS, Dashboard
from csmetrics_panels.dashboards.every import EveryDashboard
from csmetrics_panels.panel import MetricPanel, panel
from csmetrics_panels.reading import read_table

__all__ = ["DASHBOARDS", "Dashboard", "MetricPanel", "dashboard", "dashboards", "panel", "read_table"]


def dashboard(name: str, tables: Any = None, **choices: Any) -> Dashboard:
    """Open a dashboard.

    Args:
        name: scorecard, revenue_retention, voice_of_customer, health_score, usage or unit_economics.
        tables: pandas or Polars frames by name, a sample company, a file or a folder; by default the sample company.
        choices: `segment`, `span` ("month", "quarter", "trailing 12"), `end` (such as "2026-09") and `page`.

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
    return DASHBOARDS[name](tables, **choices)


def dashboards(tables: Any = None) -> EveryDashboard:
    """All dashboards on one page, each under its name, over the same tables.

    Args:
        tables: as for `dashboard`.

    Returns:
        The page. A dashboard is computed when it is opened.
    """
    return EveryDashboard(tables)

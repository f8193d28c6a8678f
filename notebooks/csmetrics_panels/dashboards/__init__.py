"""Dashboards over a company's tables, each in a file of its own, mirroring the template workbooks."""

from csmetrics_panels.dashboards.dashboard import Dashboard
from csmetrics_panels.dashboards.health_score import HealthDashboard
from csmetrics_panels.dashboards.revenue_retention import RevenueDashboard
from csmetrics_panels.dashboards.scorecard import ScorecardDashboard
from csmetrics_panels.dashboards.unit_economics import UnitEconomicsDashboard
from csmetrics_panels.dashboards.usage import UsageDashboard
from csmetrics_panels.dashboards.voice_of_customer import VoiceDashboard

#: Every dashboard by the name of the template workbook it mirrors.
DASHBOARDS: dict[str, type[Dashboard]] = {
    kind.name: kind
    for kind in (
        ScorecardDashboard,
        RevenueDashboard,
        VoiceDashboard,
        HealthDashboard,
        UsageDashboard,
        UnitEconomicsDashboard,
    )
}

__all__ = ["DASHBOARDS", "Dashboard"]

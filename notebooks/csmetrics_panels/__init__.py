"""Jupyter panels and dashboards over the catalogue: `panel("nps", data=df)`."""

from csmetrics_panels.panel import MetricPanel, panel
from csmetrics_panels.sources import read_table

__all__ = ["MetricPanel", "panel", "read_table"]

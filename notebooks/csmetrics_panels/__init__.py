"""Jupyter panels and dashboards over the catalogue."""

"""What headline figures are called: two figures of one metric that are composed differently have two labels."""

from csmetrics_core.declaration.catalog import CATALOG

#: Metric -> how it is composed -> what its label says of that; metrics composed in one way have their title alone.
VARIANTS: dict[str, dict[str, str]] = {
    "clv": {
        "pooled": "churn pooled over {months} months",
        "period": "churn of the period",
        "discounted": "discounted, within the horizon",
    },
    "health_score": {"usage": "from 30 days of usage", "monthly": "from monthly figures"},
    "stickiness": {"trailing": "trailing 30 days", "monthly": "calendar month"},
}


def label(metric: str, variant: str, months: int | None = None) -> str:
    """The label of a figure.

    Args:
        metric: its name in the catalogue.
        variant: how it is composed, of VARIANTS.
        months: how many, where the variant counts them.

    Example:
        >>> label("clv", "pooled", 6)
        'Customer lifetime value, churn pooled over 6 months'
    """
    return f"{CATALOG[metric].title}, {VARIANTS[metric][variant].format(months=months)}"


#: How a scorecard composes the metrics that can be composed in several ways.
_OF_SCORECARD = {"clv": "pooled", "health_score": "usage", "stickiness": "trailing"}


def scorecard_title(metric: str, churn_months: int) -> str:
    """What a scorecard calls a metric.

    Args:
        metric: its name in the catalogue.
        churn_months: months whose churn is pooled for the lifetime value.
    """
    variant = _OF_SCORECARD.get(metric)
    return CATALOG[metric].title if variant is None else label(metric, variant, churn_months)
